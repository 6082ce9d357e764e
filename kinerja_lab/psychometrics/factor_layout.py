"""Which parameter is which loading, factor correlation or level? Factors of items taken as numbers, in all groups."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.numeric.moment_structure import GroupMoments, triangle
from kinerja_lab.numeric.moments import correlation_of

__all__ = ["LADDER", "FactorLayout", "FactorParts", "NamedFactors", "named_factors"]

LADDER = ("configural", "loadings", "intercepts", "residuals")
"""From nothing shared to everything shared; also known as configural, metric, scalar and strict."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedFactors:
    """Factors of items, as places.

    Parameters
    ----------
    names : tuple of str
        Factor names; the general one, where there is one, first.
    free : tuple of (int, int)
        Item and factor of each loading.
    crossed : tuple of (int, int)
        Pairs of factors that correlate.
    """

    names: tuple[str, ...]
    free: tuple[tuple[int, int], ...]
    crossed: tuple[tuple[int, int], ...]


def named_factors(items: tuple[str, ...], factors: Mapping[str, tuple[str, ...]], *, general: str) -> NamedFactors:
    """Places of factors and items, or what is wrong with them.

    Parameters
    ----------
    items : tuple of str
        Item codes.
    factors : mapping of str to tuple of str
        Items of each factor.
    general : str
        Name of a factor of all items, or empty.

    Raises
    ------
    KinerjaError
        ``factor_items`` or ``factor_name_twice``.
    NotApplicable
        ``factor_not_identified``.
    """
    unknown = [code for own in factors.values() for code in own if code not in items]
    bare = [code for code in items if not general and not any(code in own for own in factors.values())]
    if unknown or bare:
        raise KinerjaError("factor_items", unknown=", ".join(unknown) or "-", bare=", ".join(bare) or "-")
    if general in factors:
        raise KinerjaError("factor_name_twice", name=general)
    named = ({general: items} if general else {}) | dict(factors)
    free = [(items.index(code), f) for f, own in enumerate(named.values()) for code in dict.fromkeys(own)]
    crossed = [] if general else [(a, b) for a in range(len(named)) for b in range(a)]
    # two items alone identify a factor only through its correlations with other factors
    least = 3 if len(named) == 1 or general else 2
    small = [name for f, name in enumerate(named) if sum(own == f for _, own in free) < least]
    if small or len(free) + len(crossed) > len(items) * (len(items) - 1) // 2:
        raise NotApplicable("factor_not_identified", factors=", ".join(small) or ", ".join(named))
    return NamedFactors(names=tuple(named), free=tuple(free), crossed=tuple(crossed))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FactorParts:
    """Parameters as matrices, of one point or of many (leading axes), group by group.

    Parameters
    ----------
    loadings : numpy.ndarray, shape (.., groups, items, factors)
        In units of the answers for a factor of variance one in the reference group.
    intercepts, residuals : numpy.ndarray, shape (.., groups, items)
        Answers expected at factor zero, and variances that the factors leave.
    between : numpy.ndarray, shape (.., groups, factors, factors)
        Covariances of the factors.
    upper : numpy.ndarray, shape (.., groups, factors)
        Loadings of the factors on the one above; zero without one.
    means : numpy.ndarray, shape (.., groups, factors)
        Means of the factors.
    """

    loadings: np.ndarray
    intercepts: np.ndarray
    residuals: np.ndarray
    between: np.ndarray
    upper: np.ndarray
    means: np.ndarray


class FactorLayout:
    """Parameters of a factor model at a step of the ladder, with the items it sets free.

    Parameters
    ----------
    items : tuple of str
        Item codes.
    factors : mapping of str to tuple of str
        Items of each factor.
    general : str
        Name of a factor of all items (bifactor), or empty.
    above : str
        Name of a factor above the factors (second order), or empty.
    groups : int
        Groups; the first is the reference, where every factor has mean 0 and variance 1.
    step : str
        One of ``LADDER``.
    freed : frozenset of (str, int)
        Step and item whose parameter of that step differs between groups all the same. An item whose loading is free
        has a free intercept too.
    """

    def __init__(self, items: tuple[str, ...], factors: Mapping[str, tuple[str, ...]], *, general: str = "",
                 above: str = "", groups: int = 1, step: str = "configural",
                 freed: frozenset[tuple[str, int]] = frozenset()) -> None:
        if general and above:
            raise KinerjaError("factor_above_and_general", above=above, general=general)
        if above in factors:
            raise KinerjaError("factor_name_twice", name=above)
        self.items, self.factors, self.general, self.above = tuple(items), dict(factors), general, above
        self.groups, self.step, self.freed = groups, step, freed
        found = named_factors(self.items, factors, general=general)
        self.named, self.free, self.crossed = found.names, found.free, found.crossed
        if above and len(self.named) < 3:
            raise NotApplicable("factor_above_few", above=above, n=len(self.named), least=3)
        self.names: list[tuple[str, int, int, int]] = []
        self._places: dict[str, list[tuple[int, int, int, int]]] = {}
        self._list_parameters()
        self._index = {kind: np.array(own).T for kind, own in self._places.items()}

    def at(self, step: str, freed: frozenset[tuple[str, int]]) -> "FactorLayout":
        """The same factors at another step."""
        return FactorLayout(self.items, self.factors, general=self.general, above=self.above, groups=self.groups,
                            step=step, freed=freed)

    def shared(self, step: str, item: int) -> bool:
        """Whether an item's parameter of a step is the same in all groups."""
        reached = LADDER.index(self.step) >= LADDER.index(step)
        opened = (step, item) in self.freed or (step == "intercepts" and ("loadings", item) in self.freed)
        return reached and not opened

    def _add(self, kind: str, row: int, column: int, *, shared: bool, first: int = 0) -> None:
        own = self._places.setdefault(kind, [])
        for group in range(first, self.groups):
            if group == first or not shared:
                self.names.append((kind, group, row, column))
            own.append((len(self.names) - 1, group, row, column))

    def _list_parameters(self) -> None:
        for item, factor in self.free:
            self._add("loading", item, factor, shared=self.shared("loadings", item))
        for kind in ("intercept", "residual"):
            for item in range(len(self.items)):
                self._add(kind, item, -1, shared=self.shared(f"{kind}s", item))
        if self.above:
            for factor in range(len(self.named)):
                self._add("upper", factor, -1, shared=False)
        else:
            for a, b in self.crossed:
                self._add("between", a, b, shared=False)
        if self.groups > 1:
            for factor in range(len(self.named)):
                if LADDER.index(self.step) >= LADDER.index("loadings"):
                    self._add("variance", factor, -1, shared=False, first=1)
                if LADDER.index(self.step) >= LADDER.index("intercepts"):
                    self._add("mean", factor, -1, shared=False, first=1)

    def parts(self, point: np.ndarray) -> FactorParts:
        """Parameters as matrices."""
        lead, k, f = point.shape[:-1], len(self.items), len(self.named)
        loadings = np.zeros((*lead, self.groups, k, f), dtype=point.dtype)
        levels = {kind: np.zeros((*lead, self.groups, size), dtype=point.dtype)
                  for kind, size in (("intercept", k), ("residual", k), ("upper", f), ("mean", f))}
        between = np.zeros((*lead, self.groups, f, f), dtype=point.dtype)
        source, group, row, column = self._index["loading"]
        loadings[..., group, row, column] = point[..., source]
        for kind, own in levels.items():
            if kind in self._index:
                source, group, row, _ = self._index[kind]
                own[..., group, row] = point[..., source]
        if self.above:
            between += levels["upper"][..., :, None] * levels["upper"][..., None, :]
        between[..., range(f), range(f)] = 1.0
        if "between" in self._index:
            source, group, row, column = self._index["between"]
            between[..., group, row, column] = between[..., group, column, row] = point[..., source]
        if "variance" in self._index:
            source, group, row, _ = self._index["variance"]
            between[..., group, row, row] = point[..., source]
        return FactorParts(loadings=loadings, intercepts=levels["intercept"], residuals=levels["residual"],
                           between=between, upper=levels["upper"], means=levels["mean"])

    def implied(self, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Means and covariances of the items in every group."""
        own = self.parts(point)
        covariance = own.loadings @ own.between @ own.loadings.swapaxes(-1, -2)
        places = range(len(self.items))
        covariance[..., places, places] += own.residuals
        return own.intercepts + (own.loadings @ own.means[..., None])[..., 0], covariance

    def slopes(self, point: np.ndarray) -> np.ndarray:
        """Slope of means and lower triangles of covariances, group by group, shape (statistics, parameters)."""
        own, (left, right) = self.parts(point), triangle(len(self.items))
        k = len(self.items)
        out = np.zeros((self.groups, k + len(left), len(self.names)))
        crossed = own.loadings @ own.between
        source, group, row, column = self._index["loading"]
        out[group, row, source] += own.means[group, column]
        out[group, k:, source] += ((left == row[:, None]) * crossed[group[:, None], right, column[:, None]]
                                   + (right == row[:, None]) * crossed[group[:, None], left, column[:, None]])
        source, group, row, _ = self._index["intercept"]
        out[group, row, source] = 1.0
        source, group, row, _ = self._index["residual"]
        out[group, k:, source] = (left == row[:, None]) & (right == row[:, None])
        for kind in ("between", "variance", "upper", "mean"):
            for source, group, row, column in self._places.get(kind, ()):
                steep = own.loadings[group, :, row]
                if kind == "mean":
                    out[group, :k, source] = steep
                    continue
                other = own.loadings[group, :, column] if kind == "between" else steep / 2
                if kind == "upper":
                    pull = own.upper[group].copy()
                    pull[row] = 0.0
                    other = own.loadings[group] @ pull
                out[group, k:, source] = steep[left] * other[right] + steep[right] * other[left]
        return out.reshape(-1, len(self.names))

    def standard(self, point: np.ndarray) -> np.ndarray:
        """Standardised loadings, as ``FactorParts.loadings``."""
        own, (_, covariance) = self.parts(point), self.implied(point)
        factor = np.sqrt(np.diagonal(own.between, axis1=-2, axis2=-1))
        item = np.sqrt(np.diagonal(covariance, axis1=-2, axis2=-1))
        return own.loadings * factor[..., None, :] / item[..., None]

    def point_of(self, own: FactorParts) -> np.ndarray:
        """The parameters of this step nearest to given matrices: exact where those obey the step."""
        held = {"loading": own.loadings, "between": own.between, "intercept": own.intercepts,
                "residual": own.residuals, "upper": own.upper, "mean": own.means,
                "variance": np.diagonal(own.between, axis1=-2, axis2=-1)}
        return np.array([held[kind][group, row, column] if column >= 0 else held[kind][group, row]
                         for kind, group, row, column in self.names])

    def start(self, groups: Sequence[GroupMoments]) -> np.ndarray:
        """First guess: the first principal axis of each factor's own items."""
        k, f = len(self.items), len(self.named)
        parts = {"loadings": np.zeros((len(groups), k, f)), "between": np.zeros((len(groups), f, f)),
                 "upper": np.zeros((len(groups), f)), "residuals": np.zeros((len(groups), k))}
        for place, own in enumerate(groups):
            scale, correlation = np.sqrt(np.diag(own.covariance)), correlation_of(own.covariance)
            axes = np.zeros((k, f))
            for factor in range(f):
                items = [item for item, other in self.free if other == factor]
                value, vector = np.linalg.eigh(correlation[np.ix_(items, items)])
                lead = vector[:, -1] * (1.0 if vector[:, -1].sum() >= 0 else -1.0)
                axes[items, factor] = 0.8 * lead * np.sqrt(value[-1]) * (0.6 if self.general else 1.0)
            between = np.eye(f)
            if not self.general:
                between = 0.9 * correlation_of(axes.T @ correlation @ axes)
                np.fill_diagonal(between, 1.0)
            if self.above:
                value, vector = np.linalg.eigh(between)
                lead = vector[:, -1] * (1.0 if vector[:, -1].sum() >= 0 else -1.0)
                parts["upper"][place] = np.clip(lead * np.sqrt(value[-1]), -0.9, 0.9)
            common = np.einsum("if,fg,ig->i", axes, between, axes)
            axes *= np.sqrt(np.minimum(1.0, 0.85 / np.maximum(common, 1e-12)))[:, None]
            common = np.einsum("if,fg,ig->i", axes, between, axes)
            parts["loadings"][place], parts["between"][place] = axes * scale[:, None], between
            parts["residuals"][place] = (1 - common) * scale**2
        return self.point_of(FactorParts(intercepts=np.array([own.mean for own in groups]),
                                         means=np.zeros((len(groups), f)), **parts))
