"""Do items taken as numbers mean the same everywhere? A ladder that stops, sets items free, and says what it costs."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.numeric.intervals import reach
from kinerja_lab.numeric.moment_errors import Inference, inference, whitened
from kinerja_lab.numeric.moment_structure import MomentFit, fit_moments, residuals_of, weights_of
from kinerja_lab.numeric.weighted_structure import AdjustedChi2, difference_chi2, slopes
from kinerja_lab.psychometrics.confirmatory import ERRORS, chi2_families, refuse_impossible
from kinerja_lab.psychometrics.factor_layout import LADDER, FactorLayout, FactorParts, named_factors
from kinerja_lab.psychometrics.fit_measures import fit_measures
from kinerja_lab.psychometrics.item_moments import ItemMoments
from kinerja_lab.psychometrics.ladder import LadderStep, climb, effect_table, empty_table

__all__ = ["MeasuredInvariance", "measured_ladder"]

MOST_GROUPS = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeasuredInvariance:
    """Where the ladder ended and what the freed items do.

    Parameters
    ----------
    groups, items, factors : tuple of str
        The first group is the reference (the largest).
    steps : tuple of LadderStep
        Those that were climbed.
    reached : str
        The last step that holds.
    effects : EstimateTable
        By ``group`` and ``item``: what a freed item adds to the group's index because it works differently there, in
        index points; row ``all`` sums them. Empty where the intercepts' step was not reached.
    means : EstimateTable
        By ``group``, ``factor`` and ``version`` (``freed``, ``ignored``): factor mean in standard deviations of the
        reference group, with the freed items and with every difference ignored.
    dmacs : pandas.DataFrame
        ``group, item, dmacs``: the distance between the two lines in standard deviations of the item.
    parts : FactorParts
        Parameters of the last step that holds.
    """

    groups: tuple[str, ...]
    items: tuple[str, ...]
    factors: tuple[str, ...]
    steps: tuple[LadderStep, ...]
    reached: str
    effects: EstimateTable
    means: EstimateTable
    dmacs: pd.DataFrame
    parts: FactorParts


def measured_ladder(
    sources: Mapping[str, ItemMoments], *, factors: Mapping[str, tuple[str, ...]], level: float, factor: float = 25.0,
    alpha: float = 0.05, last: str = "intercepts", errors: str = "satorra_bentler",
) -> MeasuredInvariance:
    """Climb from "same factors" to "same loadings" and "same intercepts", and stop where it ceases to hold.

    Parameters
    ----------
    sources : mapping of str to ItemMoments
        Moments of each group, 2 to 12 groups, on the same items; errors follow their design.
    factors : mapping of str to tuple of str
        Items of each factor; factors correlate.
    level : float
        Confidence level of the intervals, between 0 and 1.
    factor : float
        What turns a mean answer into the published index (25 for the SKM).
    alpha : float
        A step whose difference test has a smaller p does not hold as it is.
    last : str
        The last step to try, of ``factor_layout.LADDER``.
    errors : str
        ``"satorra_bentler"`` (any distribution, weights and clusters) or ``"normal"`` (independent respondents of equal
        weight whose answers are normal).

    Returns
    -------
    MeasuredInvariance

    Raises
    ------
    KinerjaError
        ``bad_level``, ``ladder_last``, ``groups_differ``, ``factor_errors``, ``factor_errors_design`` or as
        ``named_factors``.
    NotApplicable
        ``invariance_groups`` (how many there are), or as ``confirmatory``.

    Notes
    -----
    Where a step fails, the item whose release gains most (score test) is set free until the rest holds, as long as each
    factor keeps two items in common; an item with a free loading has a free intercept too. Tests are differences of
    nested fits, scaled and shifted (Satorra 2000), or plain ones with ``"normal"``. The effect of an item is what its
    own loading and intercept make of the group's factor means minus what the reference's would, times ``factor`` over
    the number of items; its interval is by the delta method.

    References
    ----------
    Meredith, W. (1993). Measurement invariance, factor analysis and factorial invariance. Psychometrika 58, 525-543.
    Byrne, B. M., Shavelson, R. J., Muthen, B. (1989). Testing for the equivalence of factor covariance and mean
    structures: the issue of partial measurement invariance. Psychological Bulletin 105, 456-466.
    Satorra, A. (2000). Scaled and adjusted restricted tests in multi-sample analysis of moment structures. In
    Innovations in multivariate statistical analysis, 233-247. Kluwer.
    Nye, C. D., Drasgow, F. (2011). Effect size indices for analyses of measurement equivalence. Journal of Applied
    Psychology 96, 966-980.
    """
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    if errors not in ("normal", "satorra_bentler"):
        raise KinerjaError("factor_errors", value=errors, choices="normal, satorra_bentler")
    if last not in LADDER:
        raise KinerjaError("ladder_last", value=last, choices=", ".join(LADDER))
    if not 2 <= len(sources) <= MOST_GROUPS:
        raise NotApplicable("invariance_groups", n=len(sources), most=MOST_GROUPS)
    data = _Data(dict(sorted(sources.items(), key=lambda pair: -pair[1].n)), factors=factors,
                 errors=errors)
    model = FactorLayout(data.items, factors, groups=len(sources))
    fit, freed = data.fit(model, data.start(model)), frozenset()
    steps = [LadderStep(step="configural", test=None, freed=(), holds=True, **data.describe(model, fit))]
    for step in LADDER[1:LADDER.index(last) + 1]:
        climbed = climb(data, model, fit, step=step, freed=freed, alpha=alpha)
        steps.append(climbed[0])
        if not climbed[0].holds:
            break
        model, fit, freed = climbed[1:]
    own = model.parts(fit.point)
    return MeasuredInvariance(
        groups=tuple(data.groups), items=data.items, factors=model.named, steps=tuple(steps), reached=model.step,
        effects=_effects(data, model, fit, level=level, factor=factor), dmacs=_dmacs(data, model, own),
        means=_means(data, model, fit, level=level), parts=own)


class _Data:
    """Observed moments of every group, and how a model is fitted to them."""

    def __init__(self, groups: Mapping[str, ItemMoments], *, factors: Mapping[str, tuple[str, ...]],
                 errors: str) -> None:
        first = next(iter(groups.values()))
        if any(own.items != first.items for own in groups.values()):
            raise KinerjaError("groups_differ")
        if errors == "normal" and any(own.clusters or own.weighted for own in groups.values()):
            raise KinerjaError("factor_errors_design")
        self.groups, self.items, self.errors = groups, first.items, errors
        self.free = named_factors(self.items, factors, general="").free
        self.moments = [own.moments for own in groups.values()]
        self.n = sum(own.n for own in groups.values())
        self.df = min(own.df for own in groups.values())
        self.method = ("likelihood ratio" if errors == "normal" else
                       "scaled and shifted difference (Satorra 2000)")

    def start(self, model: FactorLayout) -> np.ndarray:
        """Each group fitted alone: together they are the first step."""
        alone = FactorLayout(model.items, model.factors)
        parts = [alone.parts(self._fit(alone, alone.start([own]), [own]).point) for own in self.moments]
        return model.point_of(FactorParts(**{name: np.concatenate([getattr(own, name) for own in parts])
                                             for name in FactorParts.__dataclass_fields__}))

    def fit(self, model: FactorLayout, start: np.ndarray) -> MomentFit:
        """Fit a step, or refuse."""
        return self._fit(model, start, self.moments)

    def _fit(self, model: FactorLayout, start: np.ndarray, moments: list) -> MomentFit:
        found = fit_moments(model, moments, start=start)
        refuse_impossible(found, model, moments)
        return found

    def narrow(self, model: FactorLayout, fit: MomentFit, *, step: str, freed):
        """The next step, from where the one before ended."""
        narrow, own = model.at(step, freed), model.parts(fit.point)
        between = own.between.copy()
        if step == "loadings" and model.step == "configural":  # what the loadings no longer differ by, the factors do
            for item_factor in range(len(model.named)):
                sums = np.abs(own.loadings[:, :, item_factor]).sum(axis=1)
                between[:, item_factor, :] *= (sums / sums[0])[:, None]
                between[:, :, item_factor] *= (sums / sums[0])[:, None]
        start = narrow.point_of(FactorParts(
            loadings=own.loadings, intercepts=own.intercepts, residuals=own.residuals, between=between,
            upper=own.upper, means=own.means))
        return narrow, self.fit(narrow, start)

    def difference(self, wide: FactorLayout, wide_fit: MomentFit, narrow: FactorLayout,
                   narrow_fit: MomentFit) -> AdjustedChi2:
        """What a restriction costs."""
        if self.errors == "normal":
            cost, df = max(narrow_fit.chi2 - wide_fit.chi2, 0.0), len(wide_fit.point) - len(narrow_fit.point)
            return AdjustedChi2(plain=cost, adjusted=cost, df=df, factor=1.0, shift=0.0, mean=1.0)
        one, covariance = whitened(wide, self.moments, wide_fit, at=wide_fit, through=wide)
        two, _ = whitened(narrow, self.moments, narrow_fit, at=wide_fit, through=wide)
        return difference_chi2(one, two, weights=np.ones(len(covariance)), covariance=covariance)

    def may_free(self, step: str, freed: frozenset[tuple[str, int]]) -> list[int]:
        """Items not free yet whose factors keep two others in common."""
        opened = {item for name, item in freed if name == step or (step, name) == ("intercepts", "loadings")}
        closed = [item for item in range(len(self.items)) if item not in opened]
        if step == "residuals":
            return closed
        return [item for item in closed if min(
            sum(other != item and other in closed for other, f in self.free if f == factor)
            for own, factor in self.free if own == item) >= 2]

    def gain(self, model: FactorLayout, fit: MomentFit, *, step: str, item: int) -> float:
        """Score test of setting an item free, for each parameter that it frees."""
        wide = model.at(step, model.freed | {(step, item)})
        jacobian = wide.slopes(wide.point_of(model.parts(fit.point)))
        size = len(jacobian) // len(self.moments)
        gradient, inner = np.zeros(jacobian.shape[1]), np.zeros((jacobian.shape[1],) * 2)
        implied = model.implied(fit.point)
        parts = zip(self.moments, weights_of(implied[1]), residuals_of(self.moments, implied), strict=True)
        for place, (own, weight, residual) in enumerate(parts):
            part = jacobian[place * size:(place + 1) * size]
            gradient += part.T @ weight @ residual * own.n
            inner += part.T @ weight @ part * own.n
        found = gradient @ np.linalg.lstsq(inner, gradient, rcond=1e-10)[0]
        return float(found) / max(jacobian.shape[1] - len(fit.point), 1)

    def describe(self, model: FactorLayout, fit: MomentFit) -> dict:
        """Chi-square and measures of fit of a step."""
        mean = self.inference(model, fit).mean
        df = len(fit.jacobian) - len(fit.point)
        statistics = chi2_families(model, self.moments, fit, errors=self.errors, mean=mean)
        chi2 = AdjustedChi2(plain=fit.chi2, adjusted=fit.chi2 / mean, df=df, factor=mean, shift=0.0, mean=mean)
        srmr = sum(own.n / self.n * self._misfit(own, mean, covariance) for own, mean, covariance in
                   zip(self.moments, *model.implied(fit.point), strict=True))
        return {"chi2": chi2, "fit": fit_measures(statistics, srmr=srmr, n=self.n, estimator=ERRORS[self.errors],
                                                  cases=self.n / len(self.moments), stretched=True)}

    def inference(self, model: FactorLayout, fit: MomentFit) -> Inference:
        """Covariance matrix of the parameters of a step, and the mean of its chi-square."""
        return inference(model, self.moments, fit, kind=self.errors)

    def _misfit(self, own, mean: np.ndarray, covariance: np.ndarray) -> float:
        """Root mean square of the residual means and correlations of a group."""
        scale = np.sqrt(np.diag(own.covariance))
        residual = ((own.covariance - covariance) / scale[:, None] / scale)[np.tril_indices(len(scale))]
        return float(np.sqrt(np.mean(np.concatenate([(own.mean - mean) / scale, residual]) ** 2)))


def _freed_items(model: FactorLayout) -> list[int]:
    return sorted({item for step, item in model.freed if step != "residuals"})


def _effects(data: _Data, model: FactorLayout, fit: MomentFit, *, level: float, factor: float) -> EstimateTable:
    free = _freed_items(model)
    if not free or LADDER.index(model.step) < LADDER.index("intercepts"):
        return empty_table(("group", "item"))

    def moved(point: np.ndarray) -> np.ndarray:
        parts = factor / len(data.items) * _differences(model.parts(point))[..., free]
        both = np.concatenate([parts, parts.sum(axis=-1, keepdims=True)], axis=-1)
        return both.reshape(*both.shape[:-2], -1)
    centre, slope = moved(fit.point), slopes(moved, fit.point)
    spread = data.inference(model, fit).covariance
    error = np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", slope, spread, slope), 0.0)) * reach(level, df=data.df)
    return effect_table(centre, error, sizes={name: own.n for name, own in data.groups.items()}, level=level,
                        items=tuple(data.items[i] for i in free))


def _differences(own: FactorParts) -> np.ndarray:
    """What each group's own lines make of its factor means minus what the reference's would."""
    steep = own.loadings[..., 1:, :, :] - own.loadings[..., :1, :, :]
    return own.intercepts[..., 1:, :] - own.intercepts[..., :1, :] + (steep @ own.means[..., 1:, :, None])[..., 0]


def _dmacs(data: _Data, model: FactorLayout, own: FactorParts) -> pd.DataFrame:
    deviation = np.sqrt(np.diag(data.moments[0].covariance))
    apart, rows = _differences(own), []
    for place, name in enumerate(list(data.groups)[1:], 1):
        steep = own.loadings[place] - own.loadings[0]
        square = apart[place - 1] ** 2 + np.einsum("if,fg,ig->i", steep, own.between[place], steep)
        rows += [{"group": name, "item": data.items[item], "dmacs": float(np.sqrt(square[item]) / deviation[item])}
                 for item in _freed_items(model)]
    return pd.DataFrame(rows, columns=["group", "item", "dmacs"])


def _means(data: _Data, model: FactorLayout, fit: MomentFit, *, level: float) -> EstimateTable:
    keys, rows = ("group", "factor", "version"), []
    if LADDER.index(model.step) < LADDER.index("intercepts"):
        return empty_table(keys)
    ignored = data.narrow(model, fit, step=model.step, freed=frozenset()) if model.freed else (model, fit)
    for version, (own, found) in (("freed", (model, fit)), ("ignored", ignored)):
        error = np.sqrt(np.diag(data.inference(own, found).covariance)) * reach(level, df=data.df)
        rows += [{"group": next(iter(data.groups)), "factor": name, "version": version, "value": 0.0, "low": np.nan,
                  "high": np.nan, "note": "reference_group"} for name in own.named]
        rows += [{"group": list(data.groups)[group], "factor": own.named[row], "version": version, "note": "",
                  "value": float(found.point[place]), "low": float(found.point[place] - error[place]),
                  "high": float(found.point[place] + error[place])}
                 for place, (kind, group, row, _) in enumerate(own.names) if kind == "mean"]
    frame = pd.DataFrame(rows).assign(label="factor_mean", level=level, unit="normal_scale",
                                      method=f"{ERRORS[data.errors]}, same intercepts")
    frame["n"] = [data.groups[name].n for name in frame["group"]]
    return EstimateTable(frame=frame, groups=keys)
