"""Which parameters are shared between groups at a step of the ladder? One factor of ordinal items in several groups."""

from dataclasses import dataclass, field

import numpy as np

__all__ = ["STEPS", "GroupCurves", "GroupModel"]

STEPS = ("configural", "thresholds", "loadings", "intercepts", "residuals")
"""From nothing shared to everything shared (Wu and Estabrook 2016)."""

_VARIANCES = ("residuals", "variance")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupCurves:
    """Parameters of one group as curves: answer above c where loading * factor + intercept + error exceeds threshold c.

    Parameters
    ----------
    thresholds : tuple of numpy.ndarray
        By item.
    loadings, intercepts, residuals : numpy.ndarray, shape (items,)
        ``residuals`` are variances.
    mean, variance : float
        Of the factor.
    """

    thresholds: tuple[np.ndarray, ...]
    loadings: np.ndarray
    intercepts: np.ndarray
    residuals: np.ndarray
    mean: float
    variance: float


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupModel:
    """A step of the ladder with the items it sets free.

    Parameters
    ----------
    sizes : tuple of int
        Thresholds of each item, at least 2.
    groups : int
        Groups; the first is the reference.
    step : str
        One of ``STEPS``.
    freed : frozenset of (str, int)
        Step and item whose parameters of that step differ between groups all the same.

    Notes
    -----
    The reference has factor mean 0 and variance 1, intercepts 0 and residual variances 1. Where an item's thresholds
    are shared, its intercepts and residual variances are free in the other groups until their own step; the factor's
    variance becomes free with shared loadings, its mean with shared intercepts. Variances are searched by their
    logarithm, so that the search never leaves what is possible.

    References
    ----------
    Wu, H., Estabrook, R. (2016). Identification of confirmatory factor analysis models of different levels of
    invariance for ordered categorical outcomes. Psychometrika 81, 1014-1045.
    """

    sizes: tuple[int, ...]
    groups: int
    step: str
    freed: frozenset[tuple[str, int]] = field(default_factory=frozenset)

    def shared(self, kind: str, item: int) -> bool:
        """Whether an item's parameters of a kind (a step) are the same in all groups."""
        reached = STEPS.index(self.step) >= STEPS.index(kind)
        return reached and (kind, item) not in self.freed and ("thresholds", item) not in self.freed

    def names(self) -> list[tuple[str, int, int, int]]:
        """Free parameters: kind, group, item, number of the threshold (-1 where it does not apply)."""
        out = []
        for item, size in enumerate(self.sizes):
            same = self.shared("thresholds", item)
            for group in range(1 if same else self.groups):
                out += [("thresholds", group, item, place) for place in range(size)]
            for group in range(1 if self.shared("loadings", item) else self.groups):
                out.append(("loadings", group, item, -1))
            for group in range(1, self.groups):
                if same and not self.shared("intercepts", item):
                    out.append(("intercepts", group, item, -1))
                if same and not self.shared("residuals", item):
                    out.append(("residuals", group, item, -1))
        for group in range(1, self.groups):
            if STEPS.index(self.step) >= STEPS.index("loadings"):
                out.append(("variance", group, -1, -1))
            if STEPS.index(self.step) >= STEPS.index("intercepts"):
                out.append(("mean", group, -1, -1))
        return out

    def curves(self, point: np.ndarray) -> list[dict[str, np.ndarray]]:
        """Parameters of each group, of one point or of many (parameters on the last axis)."""
        k, most, lead = len(self.sizes), max(self.sizes), point.shape[:-1]
        out = [{"thresholds": np.zeros((*lead, k, most), dtype=point.dtype),
                "loadings": np.zeros((*lead, k), dtype=point.dtype),
                "intercepts": np.zeros((*lead, k), dtype=point.dtype),
                "residuals": np.ones((*lead, k), dtype=point.dtype),
                "variance": np.ones(lead, dtype=point.dtype), "mean": np.zeros(lead, dtype=point.dtype)}
               for _ in range(self.groups)]
        for place, (kind, group, item, number) in enumerate(self.names()):
            value = np.exp(point[..., place]) if kind in _VARIANCES else point[..., place]
            if kind in ("variance", "mean"):
                out[group][kind] = value
                continue
            where = (..., item, number) if kind == "thresholds" else (..., item)
            held_by_all = kind in ("thresholds", "loadings") and self.shared(kind, item)
            for own in out if held_by_all else [out[group]]:
                own[kind][where] = value
        return out

    def implied(self, point: np.ndarray) -> np.ndarray:
        """Standardised thresholds and correlations, group by group, of one point or of many."""
        left, right = np.tril_indices(len(self.sizes), -1)
        parts = []
        for own in self.curves(point):
            loadings, variance, mean = own["loadings"], own["variance"][..., None], own["mean"][..., None]
            spread = np.sqrt(loadings**2 * variance + own["residuals"])
            away = (own["thresholds"] - (own["intercepts"] + loadings * mean)[..., None]) / spread[..., None]
            parts += [away[..., item, :size] for item, size in enumerate(self.sizes)]
            steep = loadings / spread
            parts.append(steep[..., left] * steep[..., right] * variance)
        return np.concatenate(parts, axis=-1)

    def group_curves(self, point: np.ndarray) -> tuple[GroupCurves, ...]:
        """One point as values for readers."""
        return tuple(GroupCurves(
            thresholds=tuple(own["thresholds"][item, :size] for item, size in enumerate(self.sizes)),
            loadings=own["loadings"], intercepts=own["intercepts"], residuals=own["residuals"],
            mean=float(own["mean"]), variance=float(own["variance"])) for own in self.curves(point))

    def point_of(self, curves: tuple[GroupCurves, ...]) -> np.ndarray:
        """The parameters of this step nearest to given curves: a first guess, exact where the curves obey the step."""
        out = []
        for kind, group, item, number in self.names():
            own = curves[group]
            if kind in ("mean", "variance"):
                value = getattr(own, kind)
            elif kind == "thresholds":
                value = own.thresholds[item][number]
            else:
                value = getattr(own, kind)[item]
            out.append(np.log(value) if kind in _VARIANCES else value)
        return np.array(out)
