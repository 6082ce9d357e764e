"""Which expert is lenient, which severe, and which one rates unlike the others?"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg, special, stats

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.panel import JudgePanel
from kinerja_lab.numeric.intervals import fisher_z, normal_quantile, t_interval
from kinerja_lab.numeric.twoway import CrossedRandom, crossed_random, two_way
from kinerja_lab.panels.reading import Ratings, read_ratings

__all__ = ["JudgeProfile", "judge_profile"]

LEAST_JUDGES, LEAST_ITEMS = 3, 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class JudgeProfile:
    """What each expert adds to a rating, and how he fits.

    Parameters
    ----------
    leniency : EstimateTable
        Groups ``("judge",)``; labels ``"leniency"`` (least squares: rating points above the average judge on the same
        items) and ``"leniency_shrunk"`` (mixed model: drawn towards 0 by how little judges differ).
    fit : EstimateTable
        Groups ``("judge",)``; labels ``"misfit"`` (mean square of what the item and the leniency leave unexplained,
        over that of all; 1 is usual) and ``"agreement_with_others"`` (correlation with the mean of the others).
    shares : EstimateTable
        Labels ``"item"``, ``"judge"``, ``"residual"``: parts of the variance of a rating, 0 to 1.
    outlying : tuple of tuple of str
        ``(judge, reason)``; reasons ``"lenient"``, ``"severe"``, ``"erratic"``, ``"opposed"``. A reason stands only
        where the interval, widened for the number of judges, is clear of the usual value.
    n : int
        Ratings.
    """

    leniency: EstimateTable
    fit: EstimateTable
    shares: EstimateTable
    outlying: tuple[tuple[str, str], ...]
    n: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Additive:
    """Least squares of item plus judge: effects of judges (sum zero), their errors, and residuals as a table."""

    effects: np.ndarray
    se: np.ndarray
    residuals: np.ndarray
    df: int
    leverage_left: np.ndarray


def judge_profile(panel: JudgePanel, *, level: float) -> JudgeProfile:
    """Leniency, fit and weight of each expert.

    Parameters
    ----------
    panel : JudgePanel
        One question and round, ratings or probabilities, at least three judges and three items; ratings may be missing.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    JudgeProfile

    Raises
    ------
    KinerjaError
        ``panel_not_single`` or ``bad_level``.
    NotApplicable
        ``panel_too_few_judges``, ``panel_too_few_items``, ``panel_items_unrated``, ``panel_constant``,
        ``panel_too_few_ratings``, ``panel_not_connected`` (two groups of judges share no item) or ``panel_additive``
        (nothing is left once items and judges are taken out).

    Notes
    -----
    rating = item + judge + residual. Leniency by least squares with t limits; the shrunk form is the predicted effect
    when judges are random (REML). Misfit limits are those of a mean square with the judge's degrees of freedom left
    (chi-square). Outlying: limits at 1 - (1 - level)/judges (Bonferroni).

    References
    ----------
    Searle, S. R. (1987). Linear models for unbalanced data, chapter 4. Wiley.
    Myford, C. M., Wolfe, E. W. (2003). Detecting and measuring rater effects using many-facet Rasch measurement: part
    I. Journal of Applied Measurement 4, 386-422 (the questions asked; here by a linear mixed model).
    """
    z = normal_quantile(level)
    ratings = read_ratings(panel, least_judges=LEAST_JUDGES, least_items=LEAST_ITEMS)
    judges, items = np.nonzero(~np.isnan(ratings.values))
    scores = ratings.values[judges, items]
    if np.ptp(scores) == 0:
        raise NotApplicable("panel_constant", n=len(scores))
    if len(scores) <= sum(ratings.values.shape):
        raise NotApplicable("panel_too_few_ratings", n=len(scores), judges=ratings.values.shape[0],
                            items=ratings.values.shape[1])
    layout = two_way(scores, items, judges)
    if layout.pieces > 1:
        raise NotApplicable("panel_not_connected", n=layout.pieces)
    additive = _additive(ratings.values)
    if np.nansum(additive.residuals**2) <= 1e-12 * np.ptp(scores) ** 2:
        raise NotApplicable("panel_additive", n=len(scores))
    random = crossed_random(layout)
    wide = 1 - (1 - level) / len(ratings.judges)
    fit, wide_fit = (_fit(ratings, additive, each) for each in (level, wide))
    return JudgeProfile(
        leniency=_leniency(ratings, additive, random, z, level), fit=fit, shares=_shares(random, level),
        outlying=_outlying(ratings, additive, wide_fit, wide), n=len(scores),
    )


def _additive(values: np.ndarray) -> _Additive:
    judges, items = values.shape
    rated = ~np.isnan(values)
    scores = np.where(rated, values, 0.0)
    by_judge, by_item = rated.sum(axis=1), rated.sum(axis=0)
    # items are absorbed (their block is diagonal); what the two factors share is pinned at judges that sum to zero
    share = rated / by_item
    pin = by_judge.mean() / judges
    inverse = linalg.inv(np.diag(by_judge.astype(float)) - share @ rated.T + pin) - 1 / (pin * judges**2)
    effects = inverse @ (scores.sum(axis=1) - share @ scores.sum(axis=0))
    places = scores.sum(axis=0) / by_item - effects @ share
    residuals = np.where(rated, values - effects[:, None] - places, np.nan)
    df = int(rated.sum()) - judges - items + 1
    pulled = inverse @ share
    leverage = 1 / by_item + np.diag(inverse)[:, None] - 2 * pulled + (share * pulled).sum(axis=0)
    sigma2 = np.nansum(residuals**2) / df
    return _Additive(effects=effects, se=np.sqrt(np.maximum(sigma2 * np.diag(inverse), 0.0)), residuals=residuals,
                     df=df, leverage_left=((1 - leverage) * rated).sum(axis=1))


def _leniency(ratings: Ratings, additive: _Additive, random: CrossedRandom, z: float, level: float) -> EstimateTable:
    low, high = t_interval(additive.effects, additive.se, additive.df, level=level)
    flat = np.isnan(random.log_ratios[1])
    counts = (~np.isnan(ratings.values)).sum(axis=1)
    rows, keys = [], []
    for place, judge in enumerate(ratings.judges):
        common = {"level": level, "n": int(counts[place]), "unit": "scale_points"}
        rows.append(Estimate(label="leniency", value=additive.effects[place], low=low[place], high=high[place],
                             method="item plus judge, least squares, t", **common))
        half = np.nan if flat else z * random.effect_se[1][place]
        value = 0.0 if flat else float(random.effects[1][place])
        rows.append(Estimate(label="leniency_shrunk", value=value, low=value - half, high=value + half,
                             method="crossed random effects, REML", note="panel_variance_at_zero" if flat else "",
                             **common))
        keys += [(judge,), (judge,)]
    return EstimateTable.from_estimates(rows, groups=("judge",), keys=keys)


def _fit(ratings: Ratings, additive: _Additive, level: float) -> EstimateTable:
    """Misfit and agreement with the others, per judge."""
    counts = (~np.isnan(ratings.values)).sum(axis=1)
    squares = np.nansum(additive.residuals**2, axis=1)
    usual = squares.sum() / additive.df
    tail = (1 - level) / 2
    rows, keys = [], []
    for place, judge in enumerate(ratings.judges):
        free = float(additive.leverage_left[place])
        common = {"level": level, "n": int(counts[place])}
        value = float(squares[place] / free / usual) if free > 1e-9 else np.nan
        ends = [value * free / stats.chi2.ppf(end, free) if free > 1e-9 else np.nan for end in (1 - tail, tail)]
        rows.append(Estimate(label="misfit", value=value, low=ends[0], high=ends[1], unit="ratio",
                             method="residual mean square, chi-square",
                             note="" if free > 1e-9 else "panel_too_few_shared", **common))
        rows.append(_with_others(ratings.values, place, common))
        keys += [(judge,), (judge,)]
    return EstimateTable.from_estimates(rows, groups=("judge",), keys=keys)


def _with_others(values: np.ndarray, place: int, common: dict) -> Estimate:
    others = np.delete(values, place, axis=0)
    rated = ~np.isnan(values[place]) & (~np.isnan(others)).any(axis=0)
    own, rest = values[place, rated], np.nanmean(others[:, rated], axis=0)
    common = {**common, "label": "agreement_with_others", "unit": "correlation", "n": int(rated.sum()),
              "method": "correlation with the mean of the others, Fisher z"}
    if rated.sum() < LEAST_ITEMS or np.ptp(own) == 0 or np.ptp(rest) == 0:
        note = "panel_judge_constant" if rated.sum() >= LEAST_ITEMS else "panel_too_few_shared"
        return Estimate(value=np.nan, low=np.nan, high=np.nan, note=note, **common)
    r = float(np.corrcoef(own, rest)[0, 1])
    if 1 - abs(r) < 1e-12 or rated.sum() <= 3:
        return Estimate(value=float(np.clip(r, -1, 1)), low=np.nan, high=np.nan, note="panel_too_few_shared"
                        if rated.sum() <= 3 else "panel_full_agreement", **common)
    low, high = fisher_z(r, rated.sum(), level=common["level"])
    return Estimate(value=r, low=float(low), high=float(high), **common)


def _shares(random: CrossedRandom, level: float) -> EstimateTable:
    """Parts of the variance; their error is that of two log ratios, by the delta method on the logit scale."""
    parts = np.array([*random.variances, random.residual])
    total = parts.sum()
    covariance, z = random.ratio_covariance, normal_quantile(level)
    ratio = np.where(np.isnan(random.log_ratios), 0.0, np.exp(np.nan_to_num(random.log_ratios)))
    slopes = [np.array([1.0, -ratio[1] / (1 + ratio[1])]), np.array([-ratio[0] / (1 + ratio[0]), 1.0]),
              np.array([-ratio[0], -ratio[1]]) / max(ratio.sum(), np.finfo(float).tiny)]
    rows = []
    for place, label in enumerate(("item", "judge", "residual")):
        share = float(parts[place] / total)
        known = not np.isnan(covariance[place, place]) if place < 2 else not np.isnan(covariance).all()
        if known and 0 < share < 1:
            half = z * np.sqrt(slopes[place] @ np.nan_to_num(covariance) @ slopes[place])
            odds = np.log(share / (1 - share))
            low, high = (float(special.expit(odds + sign * half)) for sign in (-1, 1))
            note = ""
        else:
            low, high, note = np.nan, np.nan, "panel_variance_at_zero"
        rows.append(Estimate(label=label, value=share, low=low, high=high, level=level, n=random.n,
                             method="crossed random effects, REML, logit scale", unit="share", note=note))
    return EstimateTable.from_estimates(rows)


def _outlying(ratings: Ratings, additive: _Additive, fit: EstimateTable, wide: float) -> tuple[tuple[str, str], ...]:
    low, high = t_interval(additive.effects, additive.se, additive.df, level=wide)
    table = fit.to_frame()
    misfit = table[table["label"] == "misfit"].set_index("judge")
    others = table[table["label"] == "agreement_with_others"].set_index("judge")
    found = []
    for place, judge in enumerate(ratings.judges):
        reasons = {"lenient": low[place] > 0, "severe": high[place] < 0, "erratic": misfit.loc[judge, "low"] > 1,
                   "opposed": others.loc[judge, "high"] < 0}
        found += [(judge, reason) for reason, holds in reasons.items() if holds]
    return tuple(found)
