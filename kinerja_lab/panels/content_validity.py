"""Do the experts find that the items belong here? CVR, I-CVI, S-CVI, modified kappa and Aiken's V."""

from dataclasses import dataclass
from functools import cache
from itertools import accumulate

import numpy as np
import pandas as pd
from scipy import stats

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.panel import JudgePanel
from kinerja_lab.numeric.intervals import normal_quantile, wilson
from kinerja_lab.panels.reading import Ratings, on_scale, read_ratings, whole_scale

__all__ = ["CriticalCvr", "aiken_p", "aiken_v", "content_validity_ratio", "critical_cvr", "item_validity",
           "scale_validity"]

LEAST_POINTS, MOST_POINTS = 3, 7


@dataclass(frozen=True, slots=True, kw_only=True)
class CriticalCvr:
    """Fewest experts who must call an item essential.

    Parameters
    ----------
    n : int
        Experts.
    least : int
        Fewest who must call it essential.
    cvr : float
        The ratio that they give.
    p : float
        Probability of so many or more when each tosses a fair coin; at most ``alpha``.
    alpha : float
        One-sided error allowed.
    """

    n: int
    least: int
    cvr: float
    p: float
    alpha: float


def critical_cvr(n: int, *, alpha: float) -> CriticalCvr:
    """Critical value of Lawshe's ratio by the exact binomial distribution.

    Parameters
    ----------
    n : int
        Experts, at least 1.
    alpha : float
        One-sided error allowed, between 0 and 1 (0.05 in Ayre and Scally's table).

    Returns
    -------
    CriticalCvr

    Raises
    ------
    KinerjaError
        ``panel_bad_alpha``.
    NotApplicable
        ``cvr_panel_too_small``: not even all n together are beyond chance.

    Notes
    -----
    The least k with P(X >= k) <= alpha, X binomial (n, 1/2); the ratio is (k - n/2) / (n/2). The table printed by
    Lawshe (1975) is not this test (it has 0.62 for ten experts, where the test needs nine of ten).

    References
    ----------
    Ayre, C., Scally, A. J. (2014). Critical values for Lawshe's content validity ratio. Measurement and Evaluation in
    Counseling and Development 47, 79-86, table 2.

    Examples
    --------
    P(X >= 7) of 8 is (8 + 1)/256:

    >>> found = critical_cvr(8, alpha=0.05)
    >>> found.least, found.cvr, found.p == 9 / 256
    (7, 0.75, True)
    """
    _check_alpha(alpha)
    found = _critical(int(n), float(alpha))
    if found is None:
        raise NotApplicable("cvr_panel_too_small", n=n, alpha=float(alpha), p=0.5**n)
    return found


@cache
def _critical(n: int, alpha: float) -> CriticalCvr | None:
    tail = stats.binom.sf(np.arange(n + 1) - 1, n, 0.5)
    enough = np.flatnonzero(tail <= alpha * (1 + 1e-12))
    if not len(enough):
        return None
    least = int(enough[0])
    return CriticalCvr(n=n, least=least, cvr=(least - n / 2) / (n / 2), p=float(tail[least]), alpha=alpha)


def content_validity_ratio(
    panel: JudgePanel, *, essential: float, alpha: float, level: float,
) -> tuple[EstimateTable, pd.DataFrame]:
    """Lawshe's content validity ratio of each item, with its exact test.

    Parameters
    ----------
    panel : JudgePanel
        One question and round, at least two judges.
    essential : float
        Lowest rating that says "essential", on the question's scale.
    alpha : float
        One-sided error allowed, between 0 and 1.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable
        Label is the item, -1 to 1; the interval is twice that of the share, less one.
    pandas.DataFrame
        ``item, n, essential, critical, p, kept``: experts, how many said essential, how many the exact test needs (NaN
        where even all would not do), its p-value, and whether the item passes.

    Raises
    ------
    KinerjaError
        ``panel_not_single``, ``panel_threshold_off_scale``, ``panel_bad_alpha`` or ``bad_level``.
    NotApplicable
        ``panel_too_few_judges`` or ``panel_items_unrated``.

    Notes
    -----
    (k - n/2) / (n/2). Each item counts only the experts who rated it.

    References
    ----------
    Lawshe, C. H. (1975). A quantitative approach to content validity. Personnel Psychology 28, 563-575.
    Ayre, C., Scally, A. J. (2014). Critical values for Lawshe's content validity ratio. Measurement and Evaluation in
    Counseling and Development 47, 79-86.
    """
    ratings = read_ratings(panel)
    _check_alpha(alpha)
    said, n = _favourable(ratings, on_scale(essential, ratings.question, name="essential"))
    low, high = wilson(said, n, level=level)
    rows, needed = [], []
    for count in n:
        try:
            needed.append(float(critical_cvr(int(count), alpha=alpha).least))
        except NotApplicable:
            needed.append(np.nan)
    p = stats.binom.sf(said - 1, n, 0.5)
    rows = _table(ratings, 2 * said / n - 1, 2 * low - 1, 2 * high - 1, n, level, "Lawshe CVR, Wilson", "coefficient")
    decisions = pd.DataFrame({"item": ratings.items, "n": n, "essential": said, "critical": needed, "p": p,
                              "kept": said >= np.nan_to_num(needed, nan=np.inf)})
    return rows, decisions


def item_validity(panel: JudgePanel, *, relevant: float, level: float) -> EstimateTable:
    """Item-level content validity index and modified kappa.

    Parameters
    ----------
    panel : JudgePanel
        One question and round, at least two judges.
    relevant : float
        Lowest rating that counts as relevant (3 on a scale of 1 to 4).
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable
        Groups ``("item",)``, labels ``"i_cvi"`` (share of experts, 0 to 1) and ``"modified_kappa"``.

    Raises
    ------
    KinerjaError
        ``panel_not_single``, ``panel_threshold_off_scale`` or ``bad_level``.
    NotApplicable
        ``panel_too_few_judges`` or ``panel_items_unrated``.

    Notes
    -----
    I-CVI = A/n with a score interval. Modified kappa = (I-CVI - pc) / (1 - pc), pc = C(n, A) / 2^n, the chance of
    exactly this many; its limits hold pc at its observed value.

    References
    ----------
    Polit, D. F., Beck, C. T., Owen, S. V. (2007). Is the CVI an acceptable indicator of content validity? Research in
    Nursing and Health 30, 459-467 (the printed pc of 5 out of 5, .041, is a misprint of .031).
    """
    ratings = read_ratings(panel)
    agree, n = _favourable(ratings, on_scale(relevant, ratings.question, name="relevant"))
    share = agree / n
    low, high = wilson(agree, n, level=level)
    chance = stats.binom.pmf(agree, n, 0.5)
    kappa, kappa_low, kappa_high = ((item - chance) / (1 - chance) for item in (share, low, high))
    rows, keys = [], []
    for place, item in enumerate(ratings.items):
        common = {"level": level, "n": int(n[place])}
        rows.append(Estimate(label="i_cvi", value=share[place], low=low[place], high=high[place],
                             method="I-CVI, Wilson", unit="share", **common))
        rows.append(Estimate(label="modified_kappa", value=kappa[place], low=kappa_low[place], high=kappa_high[place],
                             method="modified kappa, Wilson", unit="coefficient", **common))
        keys += [(item,), (item,)]
    return EstimateTable.from_estimates(rows, groups=("item",), keys=keys)


def scale_validity(panel: JudgePanel, *, relevant: float, level: float) -> EstimateTable:
    """Scale-level content validity index: the average, and the share of items on which all agree.

    Parameters
    ----------
    panel : JudgePanel
        One question and round, at least two judges.
    relevant : float
        Lowest rating that counts as relevant.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable
        Labels ``"s_cvi_ave"`` and ``"s_cvi_ua"``. The second falls with every expert added, so it has no value in a
        population of experts and no interval (``universal_agreement_shrinks``).

    Raises
    ------
    KinerjaError
        ``panel_not_single``, ``panel_threshold_off_scale`` or ``bad_level``.
    NotApplicable
        ``panel_too_few_judges`` or ``panel_items_unrated``.

    Notes
    -----
    S-CVI/Ave is the mean of the I-CVIs. The experts are the sample, so its variance is the jackknife over experts; the
    limits are the score interval with the effective number p(1-p)/variance (shrunk by (z/t)^2, at least the number of
    experts and at most that of ratings). Where everyone finds everything relevant it is the number of experts.

    References
    ----------
    Polit, D. F., Beck, C. T. (2006). The content validity index: are you sure you know what's being reported? Research
    in Nursing and Health 29, 489-497.
    Korn, E. L., Graubard, B. I. (1998). Confidence intervals for proportions with small expected number of positive
    counts estimated from survey data. Survey Methodology 24, 193-201 (the effective number).
    """
    ratings = read_ratings(panel)
    bar = on_scale(relevant, ratings.question, name="relevant")
    agree, n = _favourable(ratings, bar)
    average = float((agree / n).mean())
    effective = _effective_number(ratings, bar, average, level)
    low, high = wilson(average * effective, effective, level=level)
    method = "S-CVI/Ave, score interval with jackknife over judges"
    return EstimateTable.from_estimates([
        Estimate(label="s_cvi_ave", value=average, low=float(low), high=float(high), level=level, n=ratings.n,
                 method=method, unit="share"),
        Estimate(label="s_cvi_ua", value=float((agree == n).mean()), low=np.nan, high=np.nan, level=level, n=ratings.n,
                 method="S-CVI/UA", unit="share", note="universal_agreement_shrinks"),
    ])


def aiken_v(panel: JudgePanel, *, level: float) -> tuple[EstimateTable, pd.DataFrame]:
    """Aiken's V of each item, with score interval and exact p-value.

    Parameters
    ----------
    panel : JudgePanel
        One question and round on a scale of 3 to 7 points, at least two judges.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable
        Label is the item, 0 to 1.
    pandas.DataFrame
        ``item, n, points, p``: ``points`` is the sum of ratings above the lowest, ``p`` the chance of this or more when
        every expert rates at random.

    Raises
    ------
    KinerjaError
        ``panel_not_single``, ``panel_scale_points`` or ``bad_level``.
    NotApplicable
        ``panel_too_few_judges`` or ``panel_items_unrated``.

    Notes
    -----
    V = S / (n (c - 1)). The interval is Penfield and Giacobbi's, which is the score interval of n (c - 1) trials.

    References
    ----------
    Aiken, L. R. (1985). Three coefficients for analyzing the reliability and validity of ratings. Educational and
    Psychological Measurement 45, 131-142.
    Penfield, R. D., Giacobbi, P. R. (2004). Applying a score confidence interval to Aiken's item content-relevance
    index. Measurement in Physical Education and Exercise Science 8, 213-225.
    """
    ratings = read_ratings(panel)
    points = whole_scale(ratings, least=LEAST_POINTS, most=MOST_POINTS)
    n = (~np.isnan(ratings.values)).sum(axis=0)
    total = np.nansum(ratings.values - ratings.question.low, axis=0)
    trials = n * (points - 1)
    low, high = wilson(total, trials, level=level)
    table = _table(ratings, total / trials, low, high, n, level, "Aiken V, score interval", "coefficient")
    p = [aiken_p(int(each), int(count), points=points) for each, count in zip(total, n, strict=True)]
    return table, pd.DataFrame({"item": ratings.items, "n": n, "points": total.astype(int), "p": p})


def aiken_p(total: int, n: int, *, points: int) -> float:
    """Chance of this sum or more when every rating is equally likely.

    Parameters
    ----------
    total : int
        Sum of the ratings above the lowest, 0 to n (points - 1).
    n : int
        Ratings, at least 1.
    points : int
        Points of the scale, at least 2.

    Returns
    -------
    float
        Exact right tail.

    Notes
    -----
    Convolution of n uniform distributions on ``points`` values, in whole numbers.

    References
    ----------
    Aiken, L. R. (1985). Three coefficients for analyzing the reliability and validity of ratings. Educational and
    Psychological Measurement 45, 131-142.

    Examples
    --------
    Two experts, seven points, both at the top: 1/49.

    >>> aiken_p(12, 2, points=7) == 1 / 49
    True
    """
    return _ways_from(n, points)[total] / points**n


@cache
def _ways_from(n: int, points: int) -> tuple[int, ...]:
    """In how many ways n ratings can sum to this or more, for every sum; whole numbers, so nothing is lost."""
    ways = [1]
    for _ in range(n):
        longer = [0] * (len(ways) + points - 1)
        for place, count in enumerate(ways):
            for step in range(points):
                longer[place + step] += count
        ways = longer
    return tuple(accumulate(reversed(ways)))[::-1]


def _check_alpha(alpha: float) -> None:
    if not 0 < alpha < 1:
        raise KinerjaError("panel_bad_alpha", value=str(alpha))


def _favourable(ratings: Ratings, bar: float) -> tuple[np.ndarray, np.ndarray]:
    """Ratings at or above the bar, and ratings, per item."""
    return (ratings.values >= bar).sum(axis=0), (~np.isnan(ratings.values)).sum(axis=0)


def _effective_number(ratings: Ratings, bar: float, average: float, level: float) -> float:
    """Independent ratings that would be as uncertain as these experts are."""
    judges = len(ratings.judges)
    means = []
    for left_out in range(judges):
        rest = np.delete(ratings.values, left_out, axis=0)
        given = (~np.isnan(rest)).sum(axis=0)
        rated = given > 0
        means.append(((rest >= bar).sum(axis=0)[rated] / given[rated]).mean())
    variance = (judges - 1) / judges * ((np.array(means) - np.mean(means)) ** 2).sum()
    spread = average * (1 - average)
    if spread <= 0 or variance <= 0:
        return float(judges)
    quantile = stats.t.ppf((1 + level) / 2, judges - 1)
    shrunk = spread / variance * (normal_quantile(level) / quantile) ** 2
    return float(np.clip(shrunk, judges, ratings.n))


def _table(ratings, value, low, high, n, level, method, unit) -> EstimateTable:
    return EstimateTable(frame=pd.DataFrame({
        "label": ratings.items, "value": value, "low": low, "high": high, "level": level, "n": n, "method": method,
        "unit": unit, "note": "",
    }))
