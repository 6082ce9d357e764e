"""How much of the ratings belongs to the items and not to who rated? The six intraclass correlations."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.panel import JudgePanel
from kinerja_lab.numeric.agreement_components import crossed_mean_squares
from kinerja_lab.numeric.intervals import normal_quantile
from kinerja_lab.numeric.mixed import anova_ratio, one_way, ratio_interval
from kinerja_lab.numeric.twoway import crossed_random, two_way
from kinerja_lab.panels.reading import Ratings, read_ratings

__all__ = ["intraclass"]

_TINY = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class _Squares:
    """Mean squares of items, judges, residual, and within items; k judges, n items."""

    items: float
    judges: float
    rest: float
    within: float
    k: int
    n: int


def intraclass(panel: JudgePanel, *, level: float) -> EstimateTable:
    """Intraclass correlations of one rating and of the panel's mean.

    Parameters
    ----------
    panel : JudgePanel
        One question and round, at least two judges and two items; missing ratings are allowed.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable
        Labels ``"ICC(1,1)"``, ``"ICC(A,1)"``, ``"ICC(C,1)"`` (one rating: one-way, absolute agreement, consistency) and
        ``"ICC(1,k)"``, ``"ICC(A,k)"``, ``"ICC(C,k)"`` (mean of the k judges). Shrout and Fleiss call them ICC(1,1),
        (2,1), (3,1), (1,k), (2,k), (3,k). ``n`` counts items. With missing ratings k is the harmonic mean of the
        ratings an item got.

    Raises
    ------
    KinerjaError
        ``panel_not_single`` or ``bad_level``.
    NotApplicable
        ``panel_too_few_judges``, ``panel_too_few_items``, ``panel_items_unrated``, ``panel_constant``,
        ``panel_full_agreement`` or ``panel_additive`` (no disagreement, or only a constant one: no interval exists),
        ``panel_items_alike`` (all items have the same mean), ``panel_not_connected`` or ``panel_too_few_ratings``.

    Notes
    -----
    Complete ratings: mean squares; exact F limits (approximate by Satterthwaite for absolute agreement), as in McGraw
    and Wong's table 7. An average form can lie below -1, even without limit, when the items differ less than chance.
    Missing ratings: variance components by REML, limits on the logit scale by the delta method; the one-way forms from
    the unbalanced mean squares with Wald's exact limits; average forms by Spearman-Brown.

    References
    ----------
    Shrout, P. E., Fleiss, J. L. (1979). Intraclass correlations: uses in assessing rater reliability. Psychological
    Bulletin 86, 420-428.
    McGraw, K. O., Wong, S. P. (1996). Forming inferences about some intraclass correlation coefficients. Psychological
    Methods 1, 30-46, tables 4 and 7.
    """
    z = normal_quantile(level)
    ratings = read_ratings(panel, least_items=2)
    given = ratings.values[~np.isnan(ratings.values)]
    if np.ptp(given) == 0:
        raise NotApplicable("panel_constant", n=len(given))
    if not ratings.complete:
        return _unbalanced(ratings, z, level)
    squares = _squares(ratings.values)
    spread = np.ptp(given) ** 2
    if squares.within <= _TINY * spread:
        raise NotApplicable("panel_full_agreement", n=squares.n)
    if squares.rest <= _TINY * spread:
        raise NotApplicable("panel_additive", n=len(given))
    if squares.items <= _TINY * spread:
        raise NotApplicable("panel_items_alike", n=squares.n)
    rows = []
    for label, value, ends, method in _forms(squares, (1 - level) / 2):
        low, high = sorted(map(float, ends))
        rows.append(Estimate(label=label, value=float(value), low=min(low, value), high=max(high, value), level=level,
                             n=squares.n, method=method, unit="coefficient"))
    return EstimateTable.from_estimates(rows)


def _squares(values: np.ndarray) -> _Squares:
    found = crossed_mean_squares(values)
    k, n = values.shape
    within = (found.columns_within) / (n * (k - 1))
    return _Squares(items=found.columns, judges=found.rows, rest=found.residual, within=within, k=k, n=n)


def _forms(squares: _Squares, tail: float):
    """The six forms: label, value, limits, method."""
    s, k, n = squares, squares.k, squares.n
    whole = {"one": s.items / s.within, "two": s.items / s.rest}
    df = {"one": (n - 1, n * (k - 1)), "two": (n - 1, (n - 1) * (k - 1))}
    for name, kind in (("one", "1"), ("two", "C")):
        ends = [whole[name] / special.fdtri(*df[name], 1 - tail), whole[name] / special.fdtri(*df[name], tail)]
        ratios = (whole[name], *ends)
        single, average = [(f - 1) / (f + k - 1) for f in ratios], [1 - 1 / f for f in ratios]
        yield f"ICC({kind},1)", single[0], single[1:], "mean squares, F"
        yield f"ICC({kind},k)", average[0], average[1:], "mean squares, F"
    for label, form in (("ICC(A,1)", k), ("ICC(A,k)", 1)):
        value = (s.items - s.rest) / (s.items + (form - 1) * s.rest + form * (s.judges - s.rest) / n)
        yield label, value, _absolute_limits(s, value, tail, average=form == 1), "mean squares, F by Satterthwaite"


def _absolute_limits(s: _Squares, value: float, tail: float, *, average: bool) -> tuple[float, float]:
    """McGraw and Wong's limits for absolute agreement, single or average."""
    k, n = s.k, s.n
    a = (value if average else k * value) / (n * (1 - value))
    b = 1 + value * (n - 1) / (n * (1 - value)) if average else 1 + k * value * (n - 1) / (n * (1 - value))
    spread = (a * s.judges) ** 2 / (k - 1) + (b * s.rest) ** 2 / ((n - 1) * (k - 1))
    df = max((a * s.judges + b * s.rest) ** 2 / spread, 1e-6)
    upper, lower = special.fdtri(n - 1, df, 1 - tail), special.fdtri(df, n - 1, 1 - tail)
    if average:
        low = n * (s.items - upper * s.rest) / (upper * (s.judges - s.rest) + n * s.items)
        high = n * (lower * s.items - s.rest) / (s.judges - s.rest + n * lower * s.items)
    else:
        mix = k * s.judges + (k * n - k - n) * s.rest
        low = n * (s.items - upper * s.rest) / (upper * mix + n * s.items)
        high = n * (lower * s.items - s.rest) / (mix + n * lower * s.items)
    return low, high


def _unbalanced(ratings: Ratings, z: float, level: float) -> EstimateTable:
    judges, items = np.nonzero(~np.isnan(ratings.values))
    scores = ratings.values[judges, items]
    n, k = ratings.values.shape[1], 1 / float(np.mean(1 / np.bincount(items)))
    if len(scores) <= n + ratings.values.shape[0]:
        raise NotApplicable("panel_too_few_ratings", n=len(scores), judges=ratings.values.shape[0], items=n)
    layout = two_way(scores, items, judges)
    if layout.pieces > 1:
        raise NotApplicable("panel_not_connected", n=layout.pieces)
    oneway = one_way(scores, items, count=n)
    spread = np.ptp(scores) ** 2
    if oneway.within <= _TINY * spread:
        raise NotApplicable("panel_full_agreement", n=n)
    if oneway.mean_square_between <= _TINY * spread:
        raise NotApplicable("panel_items_alike", n=n)
    random = crossed_random(layout)
    known = ~np.isnan(random.ratio_covariance).any()
    ratio = np.where(np.isnan(random.log_ratios), 0.0, np.exp(np.nan_to_num(random.log_ratios)))
    rows = []
    value, *ends = (share / (1 + share) for share in (anova_ratio(oneway), *ratio_interval(oneway, level=level)))
    if 1 + (k - 1) * value <= 0:
        raise NotApplicable("panel_items_below_chance", n=n)
    # With unequal numbers of ratings the mean squares may give a value beyond Wald's ends; these are widened to it.
    rows.append(("1", value, min(value, *ends), max(value, *ends), "", "one-way mean squares, Wald"))
    for kind, noise, slope in (("A", 1 + ratio[1], np.array([1.0, -ratio[1] / (1 + ratio[1])])),
                               ("C", 1.0, np.array([1.0, 0.0]))):
        value = ratio[0] / (ratio[0] + noise)
        if ratio[0] <= 0 or not (known or not np.isnan(random.ratio_covariance[0, 0])):
            rows.append((kind, value, np.nan, np.nan, "panel_variance_at_zero", "REML"))
            continue
        half = z * np.sqrt(slope @ np.nan_to_num(random.ratio_covariance) @ slope)
        odds = np.log(value / (1 - value))
        rows.append((kind, value, *(float(special.expit(odds + sign * half)) for sign in (-1, 1)), "", "REML, logit"))
    estimates = []
    for size, name in ((1.0, "1"), (k, "k")):
        for kind, value, low, high, note, method in rows:
            value, low, high = (_spearman_brown(share, size) for share in (value, low, high))
            estimates.append(Estimate(label=f"ICC({kind},{name})", value=float(value), low=float(low), high=float(high),
                                      level=level, n=n, method=method, unit="coefficient", note=note))
    return EstimateTable.from_estimates(estimates)


def _spearman_brown(share: float, size: float) -> float:
    if 1 + (size - 1) * share <= 0:
        raise KinerjaError("panel_reliability_undefined", value=float(share), k=float(size))
    return size * share / (1 + (size - 1) * share)
