"""Do the items mean the same in every group? A ladder that stops, sets items free, and says what it costs in points."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.numeric.intervals import reach
from kinerja_lab.numeric.weighted_structure import (
    AdjustedChi2,
    StructureFit,
    adjusted_chi2,
    difference_chi2,
    fit_structure,
    parameter_covariance,
    slopes,
)
from kinerja_lab.psychometrics.common_answers import common_answers
from kinerja_lab.psychometrics.design_sheets import DesignSheets
from kinerja_lab.psychometrics.invariance_model import STEPS, GroupCurves, GroupModel
from kinerja_lab.psychometrics.ladder import LadderStep, climb, effect_table, empty_table
from kinerja_lab.psychometrics.polychoric import Polychoric, polychoric

__all__ = ["Invariance", "LadderStep", "invariance_ladder"]

MOST_GROUPS = 12
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(41)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Invariance:
    """Where the ladder ended and what the freed items do.

    Parameters
    ----------
    groups, items : tuple of str
        The first group is the reference (the largest).
    steps : tuple of LadderStep
        Those that were climbed.
    reached : str
        The last step that holds.
    effects : EstimateTable
        By ``group`` and ``item``: what a freed item adds to the group's index because it works differently there, in
        index points; row ``all`` sums them.
    means : EstimateTable
        By ``group`` and ``version`` (``freed``, ``ignored``): factor mean with the freed items and with every
        difference ignored; empty where the intercepts' step was not reached.
    dmacs : pandas.DataFrame
        ``group, item, dmacs``: the distance between the two curves in standard deviations of the item.
    merged : tuple of (str, int, int)
        Item, answer, and the answer it was counted with, where a group lacks it.
    curves : tuple of GroupCurves
        Of the last step that holds.
    """

    groups: tuple[str, ...]
    items: tuple[str, ...]
    steps: tuple[LadderStep, ...]
    reached: str
    effects: EstimateTable
    means: EstimateTable
    dmacs: pd.DataFrame
    merged: tuple[tuple[str, int, int], ...]
    curves: tuple[GroupCurves, ...]


def invariance_ladder(
    sheets: Mapping[str, DesignSheets], *, level: float, factor: float = 25.0, alpha: float = 0.05,
    last: str = "intercepts",
) -> Invariance:
    """Climb from "same factor" to "same thresholds, loadings and intercepts", and stop where it ceases to hold.

    Parameters
    ----------
    sheets : mapping of str to DesignSheets
        Complete sheets of each group, 2 to 12 groups, on the same items; errors follow their design.
    level : float
        Confidence level of the intervals, between 0 and 1.
    factor : float
        What turns a mean answer into the published index (25 for the SKM).
    alpha : float
        A step whose difference test has a smaller p does not hold as it is.
    last : str
        The last step to try, of ``STEPS``.

    Returns
    -------
    Invariance

    Raises
    ------
    KinerjaError
        ``bad_level``, ``ladder_last`` or ``groups_differ``.
    NotApplicable
        ``invariance_groups`` (how many there are), ``invariance_few_answers`` (an item with fewer than three answers
        that occur in every group), ``factor_not_converged``, or as ``polychoric``.

    Notes
    -----
    Where a step fails, the item whose release gains most (score test) is set free until the rest holds; when more than
    half of the items would have to be free, the ladder stops there. Tests are differences of nested fits, scaled and
    shifted (Satorra 2000). The effect of an item is the mean over the group's factor distribution of its expected
    answer under the group's own curve minus that under the reference's, times ``factor`` over the number of items; its
    interval is by the delta method.

    References
    ----------
    Wu, H., Estabrook, R. (2016). Identification of confirmatory factor analysis models of different levels of
    invariance for ordered categorical outcomes. Psychometrika 81, 1014-1045.
    Nye, C. D., Drasgow, F. (2011). Effect size indices for analyses of measurement equivalence. Journal of Applied
    Psychology 96, 966-980.
    """
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    if last not in STEPS:
        raise KinerjaError("ladder_last", value=last, choices=", ".join(STEPS))
    if not 2 <= len(sheets) <= MOST_GROUPS:
        raise NotApplicable("invariance_groups", n=len(sheets), most=MOST_GROUPS)
    ordered = dict(sorted(sheets.items(), key=lambda pair: -pair[1].patterns.n))
    common, merged = common_answers(ordered)
    data = _Data({name: polychoric(own, level=level) for name, own in common.items()})
    model = GroupModel(sizes=data.sizes, groups=len(common), step="configural")
    fit, steps, freed = data.fit(model, data.start(model)), [], frozenset()
    steps.append(LadderStep(step="configural", test=None, freed=(), holds=True, **data.describe(model, fit)))
    for step in STEPS[1:STEPS.index(last) + 1]:
        climbed = climb(data, model, fit, step=step, freed=freed, alpha=alpha)
        steps.append(climbed[0])
        if not climbed[0].holds:
            break
        model, fit, freed = climbed[1:]
    values = next(iter(common.values())).patterns
    return Invariance(
        groups=tuple(common), items=data.items, steps=tuple(steps), reached=model.step, merged=merged,
        effects=_effects(data, model, fit, level=level, factor=factor), dmacs=_dmacs(data, model, fit, values),
        means=_means(data, model, fit, level=level), curves=model.group_curves(fit.point))


class _Data:
    """Observed thresholds and correlations of every group, one below the other."""

    method = "scaled and shifted difference (Satorra 2000)"

    def __init__(self, groups: Mapping[str, Polychoric]) -> None:
        self.groups = groups
        first = next(iter(groups.values()))
        self.items, self.sizes = first.items, tuple(len(cuts) for cuts in first.thresholds)
        few = [item for item, size in zip(self.items, self.sizes, strict=True) if size < 2]
        if few:
            raise NotApplicable("invariance_few_answers", items=", ".join(few))
        pairs = np.tril_indices(len(self.items), -1)
        self.observed = np.concatenate([np.concatenate([*own.thresholds, own.correlation[pairs]])
                                        for own in groups.values()])
        self.weights = np.concatenate([1 / np.diag(own.independent) for own in groups.values()])
        self.n = sum(own.n for own in groups.values())
        self.df = min(own.df for own in groups.values())
        width = [len(own.covariance) for own in groups.values()]
        self.covariance = np.zeros((sum(width), sum(width)))
        place = 0
        for own, size in zip(groups.values(), width, strict=True):
            self.covariance[place:place + size, place:place + size] = own.covariance
            place += size

    def start(self, model: GroupModel) -> np.ndarray:
        """Centroid loadings and the observed thresholds."""
        curves = []
        for own in self.groups.values():
            sums = (own.correlation.sum(axis=0) - 1) / (len(self.items) - 1)
            steep = np.sign(sums) * np.sqrt(np.clip(np.abs(sums), 0.05, 0.8))
            spread = 1 / np.sqrt(1 - steep**2)
            ones = np.ones(len(self.items))
            curves.append(GroupCurves(
                thresholds=tuple(cuts * wide for cuts, wide in zip(own.thresholds, spread, strict=True)),
                loadings=steep * spread, intercepts=0 * ones, residuals=ones, mean=0.0, variance=1.0))
        return model.point_of(tuple(curves))

    def fit(self, model: GroupModel, start: np.ndarray) -> StructureFit:
        """Fit a step, or refuse."""
        found = fit_structure(model.implied, observed=self.observed, weights=self.weights, start=start)
        if not found.converged:
            raise NotApplicable("factor_not_converged", steps=found.steps, slope=found.slope)
        return found

    def chi2(self, fit: StructureFit) -> AdjustedChi2:
        """Fit of a step."""
        return adjusted_chi2(fit.distance, jacobian=fit.jacobian, weights=self.weights, covariance=self.covariance)

    def describe(self, model: GroupModel, fit: StructureFit) -> dict:
        """Fit of a step, for the ladder."""
        return {"chi2": self.chi2(fit)}

    def narrow(self, model: GroupModel, fit: StructureFit, *, step: str, freed):
        """The next step, from where the one before ended."""
        narrow = replace(model, step=step, freed=freed)
        return narrow, self.fit(narrow, narrow.point_of(model.group_curves(fit.point)))

    def difference(self, wide, wide_fit: StructureFit, narrow, narrow_fit: StructureFit) -> AdjustedChi2:
        """What a restriction costs."""
        return difference_chi2(wide_fit, narrow_fit, weights=self.weights, covariance=self.covariance)

    def may_free(self, step: str, freed: frozenset[tuple[str, int]]) -> list[int]:
        """Every item that is not free yet."""
        return [item for item in range(len(self.items)) if (step, item) not in freed]

    def gain(self, model: GroupModel, fit: StructureFit, *, step: str, item: int) -> float:
        """Score test of setting an item free, for each parameter that it frees."""
        wide = replace(model, freed=model.freed | {(step, item)})
        jacobian = slopes(wide.implied, wide.point_of(model.group_curves(fit.point)))
        gradient = jacobian.T @ (self.weights * fit.residual)
        found = gradient @ np.linalg.lstsq(jacobian.T @ (jacobian * self.weights[:, None]), gradient, rcond=1e-10)[0]
        return float(found) / max(jacobian.shape[1] - fit.jacobian.shape[1], 1)

    def spread(self, fit: StructureFit) -> np.ndarray:
        """Covariance matrix of its parameters."""
        return parameter_covariance(fit, weights=self.weights, covariance=self.covariance)


def _expected(own: dict, item: int, size: int, eta: np.ndarray) -> np.ndarray:
    """Expected number of thresholds passed at values of the factor."""
    root = np.sqrt(own["residuals"][item])
    above = own["loadings"][item] * eta[:, None] + own["intercepts"][item] - own["thresholds"][item, :size]
    return special.ndtr(above / root).sum(axis=1)


def _differences(model: GroupModel, point: np.ndarray) -> np.ndarray:
    """Mean difference of each item's expected answer from the reference's curve, shape (groups - 1, items)."""
    first, *others = model.curves(point)
    out = np.zeros((len(others), len(model.sizes)))
    for row, own in enumerate(others):
        eta = own["mean"] + np.sqrt(own["variance"]) * _NODES
        for item, size in enumerate(model.sizes):
            gap = _expected(own, item, size, eta) - _expected(first, item, size, eta)
            out[row, item] = gap @ _WEIGHTS / _WEIGHTS.sum()
    return out


def _freed_items(model: GroupModel) -> list[int]:
    return sorted({item for step, item in model.freed if step != "residuals"})


def _effects(data: _Data, model: GroupModel, fit: StructureFit, *, level: float, factor: float) -> EstimateTable:
    free, scale = _freed_items(model), factor / len(data.items)
    if not free or STEPS.index(model.step) < STEPS.index("intercepts"):
        return empty_table(("group", "item"))

    def moved(point: np.ndarray) -> np.ndarray:
        parts = scale * _differences(model, point)[:, free]
        return np.concatenate([parts, parts.sum(axis=1, keepdims=True)], axis=1).ravel()
    centre, step = moved(fit.point), 1e-5
    slope = np.array([(moved(fit.point + step * unit) - moved(fit.point - step * unit)) / (2 * step)
                      for unit in np.eye(len(fit.point))]).T
    error = np.sqrt(np.maximum(np.diag(slope @ data.spread(fit) @ slope.T), 0.0)) * reach(level, df=data.df)
    return effect_table(centre, error, sizes={name: own.n for name, own in data.groups.items()}, level=level,
                        items=tuple(data.items[i] for i in free))


def _dmacs(data: _Data, model: GroupModel, fit: StructureFit, values) -> pd.DataFrame:
    first, *others = model.curves(fit.point)
    rows = []
    spread = values.values.astype(float)
    share = values.weights / values.weights.sum()
    deviation = np.sqrt(share @ (spread - share @ spread) ** 2)
    for name, own in zip(list(data.groups)[1:], others, strict=True):
        eta = own["mean"] + np.sqrt(own["variance"]) * _NODES
        for item in _freed_items(model):
            size = model.sizes[item]
            gap = _expected(own, item, size, eta) - _expected(first, item, size, eta)
            rows.append({"group": name, "item": data.items[item],
                         "dmacs": float(np.sqrt(gap**2 @ _WEIGHTS / _WEIGHTS.sum()) / deviation[item])})
    return pd.DataFrame(rows, columns=["group", "item", "dmacs"])


def _means(data: _Data, model: GroupModel, fit: StructureFit, *, level: float) -> EstimateTable:
    if STEPS.index(model.step) < STEPS.index("intercepts"):
        return empty_table(("group", "version"))
    rows = []
    plain = replace(model, freed=frozenset())
    for version, own in (("freed", model), ("ignored", plain)):
        found = fit if version == "freed" else data.fit(own, own.point_of(model.group_curves(fit.point)))
        error = np.sqrt(np.diag(data.spread(found))) * reach(level, df=data.df)
        rows.append({"group": next(iter(data.groups)), "version": version, "value": 0.0, "low": np.nan,
                     "high": np.nan, "note": "reference_group"})
        for place, (kind, group, _, _) in enumerate(own.names()):
            if kind == "mean":
                value = float(found.point[place])
                rows.append({"group": list(data.groups)[group], "version": version, "value": value, "note": "",
                             "low": value - error[place], "high": value + error[place]})
    frame = pd.DataFrame(rows).assign(label="factor_mean", level=level, unit="normal_scale",
                                      method="WLSMV, Wu and Estabrook")
    frame["n"] = [data.groups[name].n for name in frame["group"]]
    return EstimateTable(frame=frame, groups=("group", "version"))
