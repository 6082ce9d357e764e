"""Where do many groups stand, when a few questions work differently in some of them? Alignment instead of a ladder."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.numeric.scale_alignment import (
    Alignment,
    GroupLines,
    aligned_lines,
    alignment_slopes,
    find_alignment,
    misfit,
)
from kinerja_lab.psychometrics.alignment_errors import AlignedErrors, same_in
from kinerja_lab.psychometrics.group_lines import GroupParameters

__all__ = ["EPSILON", "METHODS", "ORIGINS", "AlignedGroups", "align"]

METHODS = ("fixed", "free")
"""Whether the reference group's mean is held at 0, or every mean is free."""

ORIGINS = ("average", "reference")
"""What means are measured from."""

EPSILON = 0.01
"""Softens the corner of the simplicity function (Asparouhov and Muthen 2014)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AlignedGroups:
    """Groups on one scale.

    Parameters
    ----------
    groups, items : tuple of str
        Names of groups and items.
    means : EstimateTable
        By ``group``; labels ``mean`` and ``variance`` of the factor.
    lines : EstimateTable
        By ``kind`` (``loading``, ``level``), ``item``, ``step`` and ``group``: aligned parameters.
    differs : pandas.DataFrame
        ``kind, item, step, group, differs``: whether a group's parameter lies outside the set of groups that share it;
        empty without errors.
    share : EstimateTable
        Share of parameters that differ: labels ``loading``, ``level``, ``all``.
    items_table : EstimateTable
        By ``kind`` and ``item``: ``r2`` (how much of the difference between groups their means and variances explain;
        1 where the item is the same everywhere) and ``misfit_share`` (the item's part of what is left).
    points : EstimateTable or NotApplicable
        By ``group``, in index points from the average of the groups: ``plain`` (mean answer), ``aligned`` (what the
        factor alone would make of it) and ``difference`` (plain minus aligned: what items that work differently add).
    search : Alignment
        Where the search ended, and how many starts ended there.
    """

    groups: tuple[str, ...]
    items: tuple[str, ...]
    means: EstimateTable
    lines: EstimateTable
    differs: pd.DataFrame
    share: EstimateTable
    items_table: EstimateTable
    points: EstimateTable | NotApplicable
    search: Alignment


def align(
    parameters: GroupParameters, *, level: float, rng: np.random.Generator, method: str = "fixed", reference: int = 0,
    origin: str = "average", starts: int = 10, epsilon: float = EPSILON, factor: float | None = None,
) -> AlignedGroups:
    """Put many groups on one scale with as few large differences between their items as possible.

    Parameters
    ----------
    parameters : GroupParameters
        Loadings and levels of each group on its own factor.
    level : float
        Confidence level, between 0 and 1.
    rng : numpy.random.Generator
        Source of the starts.
    method : str
        One of ``METHODS``. ``"free"`` needs loadings that differ between groups: else nothing fixes the origin.
    reference : int
        The group whose mean is held at 0 (``"fixed"``), or that gives the scale (``origin="reference"``).
    origin : str
        One of ``ORIGINS``. ``"average"``: means from the average of the groups, in the geometric mean of their standard
        deviations; ``"reference"``: from the reference group, whose variance is 1.
    starts : int
        Starts of the search, at least 1.
    epsilon : float
        Of the simplicity function, above 0.
    factor : float or None
        What turns a mean answer into the published index (25 for the SKM); None: no ``points``.

    Returns
    -------
    AlignedGroups

    Raises
    ------
    KinerjaError
        ``bad_level``, ``unknown_option`` or ``alignment_setting``.
    NotApplicable
        ``alignment_unsettled`` where the simplicity function has no sharp lowest point.

    Notes
    -----
    With factor means a and standard deviations d (product 1), l = l0 / d and v = v0 - a l0 / d minimise the sum over
    items and pairs of groups of sqrt(n1 n2) (difference^2 + epsilon)^(1/4). Errors by the delta method through the
    lowest point (implicit function theorem). A parameter's set of groups that share it: groups joined by pairwise tests
    with p > .01, the largest such set; then those are added or removed whose distance from the set's average (weighted
    by respondents) has p above or below .001, until nothing changes.

    References
    ----------
    Asparouhov, T., Muthen, B. (2014). Multiple-group factor analysis alignment. Structural Equation Modeling 21,
    495-508.
    """
    _check(parameters, level, method, reference, origin, starts, epsilon)
    weights = np.sqrt(np.outer(parameters.sizes, parameters.sizes))
    np.fill_diagonal(weights, 0.0)
    lines = GroupLines(slopes=parameters.loadings, locations=parameters.levels, epsilon=epsilon, weights=weights,
                       owner=np.array(parameters.owner))
    fixed = reference if method == "fixed" else None
    found = find_alignment(lines, fixed=fixed, starts=starts, rng=rng)
    moved = alignment_slopes(lines, found, fixed=fixed)
    if moved is None or found.slope > 1e-4:
        raise NotApplicable("alignment_unsettled", slope=found.slope)
    errors = None if parameters.covariance is None else AlignedErrors(lines, found, moved, parameters.covariance)
    tail = (1 + level) / 2
    reach = float(special.ndtri(tail) if np.isinf(parameters.df) else special.stdtrit(parameters.df, tail))
    table = _Tables(parameters, lines, found, errors, level=level, reach=reach, method=f"alignment ({method})")
    differs = table.differs()
    return AlignedGroups(
        groups=parameters.groups, items=parameters.items, lines=table.lines_table(), differs=differs,
        means=table.means(origin, reference), share=table.share(differs), items_table=table.items(), search=found,
        points=table.points(factor))


def _check(parameters: GroupParameters, level: float, method: str, reference: int, origin: str, starts: int,
           epsilon: float) -> None:
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    for name, value, choices in (("method", method, METHODS), ("origin", origin, ORIGINS)):
        if value not in choices:
            raise KinerjaError("unknown_option", name=name, value=str(value), choices=", ".join(choices), nearest="-")
    for name, value, fine in (("reference", reference, 0 <= reference < len(parameters.groups)),
                              ("starts", starts, starts >= 1), ("epsilon", epsilon, epsilon > 0)):
        if not fine:
            raise KinerjaError("alignment_setting", name=name, value=str(value))


class _Tables:
    """What readers see of an alignment."""

    def __init__(self, parameters: GroupParameters, lines: GroupLines, found: Alignment, errors: AlignedErrors | None,
                 *, level: float, reach: float, method: str) -> None:
        self.parameters, self.lines, self.found, self.errors = parameters, lines, found, errors
        self.reach, self.fixed = reach, {"level": level, "method": method}
        self.slopes, self.levels = aligned_lines(lines, found.origins, found.log_units)
        seen: dict[int, int] = {}
        # a step's number within its item, and whether a column is a loading or a level
        self.columns = [("loading", place, 1) for place in range(len(parameters.items))]
        for owner in parameters.owner:
            seen[owner] = seen.get(owner, 0) + 1
            self.columns.append(("level", owner, seen[owner]))
        self.values = np.concatenate([self.slopes, self.levels], axis=1)

    def means(self, origin: str, reference: int) -> EstimateTable:
        groups = len(self.parameters.groups)
        shift, scale = self._frame(origin, reference)
        unit = np.exp(-scale @ self.found.log_units)
        mean = shift @ self.found.origins * unit
        slope_mean = np.concatenate([shift * unit, -mean[:, None] * scale], axis=1)
        slope_log = np.concatenate([np.zeros((groups, groups)), 2 * (np.eye(groups) - scale)], axis=1)
        log_variance = slope_log[:, groups:] @ self.found.log_units
        held = [place == reference and origin == "reference" for place in range(groups)]
        rows = self._rows("mean", mean, self._half(slope_mean), "normal_scale", held)
        half = self._half(slope_log)
        variance = self._rows("variance", np.exp(log_variance), half, "normal_scale", held)
        variance["low"], variance["high"] = (np.where(held, np.nan, np.exp(log_variance + sign * half))
                                             for sign in (-1, 1))
        return EstimateTable(frame=pd.concat([rows, variance], ignore_index=True), groups=("group",))

    def lines_table(self) -> EstimateTable:
        frames = []
        for place, (kind, item, step) in enumerate(self.columns):
            half = np.full(len(self.values), np.nan) if self.errors is None else self.reach * np.sqrt(
                np.maximum(np.diag(self.errors.column(place)), 0.0))
            frames.append(self._rows(kind, self.values[:, place], half, "scale_points", None).assign(
                kind=kind, item=self.parameters.items[item], step=step))
        return EstimateTable(frame=pd.concat(frames, ignore_index=True), groups=("kind", "item", "step", "group"))

    def differs(self) -> pd.DataFrame:
        if self.errors is None:
            return pd.DataFrame(columns=["kind", "item", "step", "group", "differs"])
        frames = []
        for place, (kind, item, step) in enumerate(self.columns):
            inside = same_in(self.values[:, place], self.errors.column(place), self.parameters.sizes)
            frames.append(pd.DataFrame({"kind": kind, "item": self.parameters.items[item], "step": step,
                                        "group": self.parameters.groups, "differs": ~inside}))
        return pd.concat(frames, ignore_index=True)

    def share(self, differs: pd.DataFrame) -> EstimateTable:
        rows = []
        for label in ("loading", "level", "all"):
            own = differs if label == "all" else differs[differs["kind"] == label]
            count = len(self.values) * sum(kind == label or label == "all" for kind, _, _ in self.columns)
            rows.append({"label": label, "value": float(own["differs"].mean()) if len(own) else np.nan, "low": np.nan,
                         "high": np.nan, "n": count, "unit": "share", **self.fixed,
                         "note": "alignment_count" if len(own) else "alignment_no_errors"})
        return EstimateTable(frame=pd.DataFrame(rows))

    def items(self) -> EstimateTable:
        left = np.concatenate(misfit(self.lines, self.found.origins, self.found.log_units))
        least = self.lines.weights.sum() / 2 * self.lines.epsilon**0.25  # what equal parameters cost
        left, rows = left - least, []
        for kind in ("loading", "level"):
            for item, name in enumerate(self.parameters.items):
                own = [place for place, (of, owner, _) in enumerate(self.columns) if (of, owner) == (kind, item)]
                if not own:
                    continue
                part = float(left[own].sum() / left.sum()) if left.sum() > 0 else np.nan
                for label, value in (("r2", self._explained(own)), ("misfit_share", part)):
                    rows.append({"kind": kind, "item": name, "label": label, "value": value, "low": np.nan,
                                 "high": np.nan, "n": len(self.values), "unit": "share", **self.fixed,
                                 "note": "alignment_no_interval" if np.isfinite(value) else "alignment_all_same"})
        return EstimateTable(frame=pd.DataFrame(rows), groups=("kind", "item"))

    def points(self, factor: float | None) -> EstimateTable | NotApplicable:
        groups, k = len(self.parameters.groups), len(self.parameters.items)
        if factor is None or self.parameters.owner != tuple(range(k)):
            return NotApplicable("alignment_no_points")
        centre, raw = np.eye(groups) - 1 / groups, self.parameters.levels.mean(axis=1)
        steep, origins = float(self.slopes.mean()), centre @ self.found.origins
        values = {"plain": factor * centre @ raw, "aligned": factor * steep * origins}
        pulls = {}
        if self.errors is not None:
            slope = np.concatenate([centre * steep, np.zeros((groups, groups))], axis=1)
            average = sum(self.errors.pull(place) for place in range(k)).sum(axis=0) / (k * groups)
            pulls = {"plain": factor * np.tensordot(centre, self.errors.plain(), axes=1),
                     "aligned": factor * (np.tensordot(slope, self.errors.moves, axes=1)
                                          + origins[:, None, None] * average)}
            pulls["difference"] = pulls["plain"] - pulls["aligned"]
        values["difference"] = values["plain"] - values["aligned"]
        frames = []
        for label, value in values.items():
            half = np.full(groups, np.nan) if not pulls else self.reach * np.sqrt((pulls[label] ** 2).sum(axis=(1, 2)))
            frames.append(self._rows(label, value, half, "index_points", None))
        return EstimateTable(frame=pd.concat(frames, ignore_index=True), groups=("group",))

    def _explained(self, own: list[int]) -> float:
        """How much of a parameter's variance between groups their means and variances explain."""
        raw = np.concatenate([self.lines.slopes, self.lines.locations], axis=1)[:, own]
        units, average = np.exp(self.found.log_units), self.values[:, own].mean(axis=0)
        kind, item, _ = self.columns[own[0]]
        made = units[:, None] * average if kind == "loading" else (
            average + (self.found.origins * self.slopes[:, item].mean())[:, None])
        total = float(((raw - raw.mean(axis=0)) ** 2).sum())
        away = raw - made
        return float("nan") if total <= 1e-14 * float((raw**2).sum()) else 1 - float(
            ((away - away.mean(axis=0)) ** 2).sum()) / total

    def _frame(self, origin: str, reference: int) -> tuple[np.ndarray, np.ndarray]:
        """What is subtracted from origins, and which log unit the scale is measured in."""
        groups = len(self.parameters.groups)
        if origin == "average":
            return np.eye(groups) - 1 / groups, np.zeros((groups, groups))
        one = np.zeros((groups, groups))
        one[:, reference] = 1.0
        return np.eye(groups) - one, one

    def _half(self, slope: np.ndarray) -> np.ndarray:
        """Half lengths of intervals of functions of origins and log units."""
        if self.errors is None:
            return np.full(len(slope), np.nan)
        return self.reach * np.sqrt((np.tensordot(slope, self.errors.moves, axes=1) ** 2).sum(axis=(1, 2)))

    def _rows(self, label: str, value: np.ndarray, half: np.ndarray, unit: str, held: list[bool] | None,
              ) -> pd.DataFrame:
        note = np.where(np.isnan(half), "alignment_no_errors", "").astype(object)
        half = np.array(half)
        if held is not None:
            half[held], note[held] = np.nan, "reference_group"
        return pd.DataFrame({"group": self.parameters.groups, "label": label, "value": value, "low": value - half,
                             "high": value + half, "n": self.parameters.sizes.astype(int), "unit": unit, "note": note,
                             **self.fixed})
