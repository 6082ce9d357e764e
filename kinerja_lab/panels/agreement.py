"""Do the experts give the same answers, beyond what chance would give? Percent, kappa, alpha and AC."""

from collections.abc import Callable
from itertools import combinations

import numpy as np

from kinerja_lab.core.errors import KinerjaError, NotApplicable, closest
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.panel import JudgePanel
from kinerja_lab.numeric.agreement_counts import (
    ChanceCorrected,
    brennan_prediger,
    distance_weights,
    fleiss,
    gwet,
    krippendorff,
    ordinal_distance_weights,
    plain_agreement,
)
from kinerja_lab.numeric.intervals import normal_quantile, t_interval
from kinerja_lab.panels.reading import Ratings, read_ratings

__all__ = ["METRICS", "WEIGHTS", "agreement", "cohen_kappa", "krippendorff_alpha"]

WEIGHTS = ("nominal", "linear", "quadratic", "ordinal")
METRICS = ("nominal", "ordinal", "interval", "ratio")
_SAME = 1e-12


def agreement(panel: JudgePanel, *, weights: str, level: float) -> EstimateTable:
    """Percent agreement and the chance-corrected coefficients of all experts together.

    Parameters
    ----------
    panel : JudgePanel
        One question and round on a rating scale, at least two judges and two items rated twice.
    weights : str
        ``"nominal"`` (same or not), ``"linear"``, ``"quadratic"`` or ``"ordinal"``.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable
        Labels ``"percent_agreement"``, ``"fleiss_kappa"``, ``"gwet_ac"`` (AC1 for nominal weights, else AC2),
        ``"brennan_prediger"`` and ``"krippendorff_alpha"`` with the same weights. Where all ratings are one value
        Fleiss and Krippendorff have no value (``panel_one_value``); where all agree there is no interval
        (``panel_full_agreement``).

    Raises
    ------
    KinerjaError
        ``panel_not_single``, ``panel_unknown_weights``, ``panel_needs_ratings`` or ``bad_level``.
    NotApplicable
        ``panel_too_few_judges``, ``panel_too_few_items``, ``panel_items_unrated`` or ``panel_no_pairs``.

    Notes
    -----
    Every category of the question's scale counts, used or not. Missing ratings are allowed. Intervals are Student's t
    over items (items less one), cut at -1 and 1 (percent: 0 and 1).

    References
    ----------
    Gwet, K. L. (2014). Handbook of inter-rater reliability, 4th ed., chapters 2-6. Advanced Analytics.
    """
    if weights not in WEIGHTS:
        raise KinerjaError("panel_unknown_weights", value=str(weights), choices=", ".join(WEIGHTS),
                           nearest=closest(str(weights), WEIGHTS) or "-")
    ratings = read_ratings(panel, least_items=2)
    categories = _categories(ratings)
    counts = _counts(ratings, categories)
    table = distance_weights(categories, kind=weights)
    one_value = _used(counts) < 2
    kinds: list[tuple[str, Callable, bool]] = [
        ("percent_agreement", plain_agreement, False), ("fleiss_kappa", fleiss, one_value),
        ("gwet_ac", gwet, False), ("brennan_prediger", brennan_prediger, False),
        ("krippendorff_alpha", krippendorff, _used(counts[counts.sum(axis=1) >= 2]) < 2),
    ]
    return EstimateTable.from_estimates(
        _estimate(label, None if undefined else method(counts, table), ratings, weights, level)
        for label, method, undefined in kinds)


def krippendorff_alpha(panel: JudgePanel, *, metric: str, level: float) -> Estimate:
    """Krippendorff's alpha, with missing ratings.

    Parameters
    ----------
    panel : JudgePanel
        One question and round, ratings or probabilities; at least two judges and two items rated twice.
    metric : str
        ``"nominal"``, ``"ordinal"``, ``"interval"`` or ``"ratio"`` (no negative values).
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    Estimate
        Unit ``"coefficient"``; ``n`` counts ratings. No interval where all agree (``panel_full_agreement``).

    Raises
    ------
    KinerjaError
        ``panel_not_single``, ``panel_unknown_metric``, ``panel_ratio_negative`` or ``bad_level``.
    NotApplicable
        ``panel_too_few_judges``, ``panel_too_few_items``, ``panel_items_unrated``, ``panel_no_pairs`` or
        ``panel_constant`` (all ratings are the same: agreement cannot be told from a worn-out scale).

    Notes
    -----
    1 - observed / expected disagreement; items with fewer than two ratings are passed over. Interval: Student's t over
    items with Gwet's standard error, cut at -1 and 1; the ordinal metric is held fixed in it.

    References
    ----------
    Krippendorff, K. (2004). Content analysis, 2nd ed., chapter 11. Sage.
    Gwet, K. L. (2014). Handbook of inter-rater reliability, 4th ed., chapter 5. Advanced Analytics.
    """
    if metric not in METRICS:
        raise KinerjaError("panel_unknown_metric", value=str(metric), choices=", ".join(METRICS),
                           nearest=closest(str(metric), METRICS) or "-")
    ratings = read_ratings(panel, least_items=2)
    if metric == "ratio" and ratings.question.low < 0:
        raise KinerjaError("panel_ratio_negative", question=ratings.question.code)
    categories = np.unique(ratings.values[~np.isnan(ratings.values)])
    if len(categories) < 2:
        raise NotApplicable("panel_constant", n=ratings.n)
    counts = _counts(ratings, categories)
    if _used(counts[counts.sum(axis=1) >= 2]) < 2:
        raise NotApplicable("panel_constant", n=int(counts.sum()))
    if metric == "ordinal":
        table = ordinal_distance_weights(counts)
    else:
        table = distance_weights(categories, kind="quadratic" if metric == "interval" else metric)
    return _estimate("krippendorff_alpha", krippendorff(counts, table), ratings, metric, level)


def cohen_kappa(panel: JudgePanel, *, weights: str, level: float) -> EstimateTable:
    """Cohen's kappa of each pair of experts, weighted if asked.

    Parameters
    ----------
    panel : JudgePanel
        One question and round on a rating scale; at least two judges and two items.
    weights : str
        ``"nominal"``, ``"linear"``, ``"quadratic"`` or ``"ordinal"``.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable
        Groups ``("first", "second")``, label ``"cohen_kappa"``; ``n`` counts the items both rated. Pairs with fewer
        than two have no value (``panel_too_few_shared``), pairs that used one category between them neither
        (``panel_one_value``); full agreement has no interval.

    Raises
    ------
    KinerjaError
        ``panel_not_single``, ``panel_unknown_weights``, ``panel_needs_ratings`` or ``bad_level``.
    NotApplicable
        ``panel_too_few_judges``, ``panel_too_few_items`` or ``panel_items_unrated``.

    Notes
    -----
    (po - pe) / (1 - pe); normal limits with the large-sample error under the alternative, cut at -1 and 1.

    References
    ----------
    Fleiss, J. L., Cohen, J., Everitt, B. S. (1969). Large sample standard errors of kappa and weighted kappa.
    Psychological Bulletin 72, 323-327, equation 9.
    """
    if weights not in WEIGHTS:
        raise KinerjaError("panel_unknown_weights", value=str(weights), choices=", ".join(WEIGHTS),
                           nearest=closest(str(weights), WEIGHTS) or "-")
    ratings = read_ratings(panel, least_items=2)
    categories = _categories(ratings)
    z = normal_quantile(level)
    table = distance_weights(categories, kind=weights)
    rows, keys = [], []
    for first, second in combinations(range(len(ratings.judges)), 2):
        pair = ratings.values[[first, second]]
        both = pair[:, ~np.isnan(pair).any(axis=0)]
        rows.append(_pair(both, categories, table, weights, z, level))
        keys.append((ratings.judges[first], ratings.judges[second]))
    return EstimateTable.from_estimates(rows, groups=("first", "second"), keys=keys)


def _pair(
    both: np.ndarray, categories: np.ndarray, table: np.ndarray, weights: str, z: float, level: float,
) -> Estimate:
    n = both.shape[1]
    common = {"label": "cohen_kappa", "level": level, "n": n, "unit": "coefficient",
              "method": f"Cohen kappa, {weights} weights, Fleiss-Cohen-Everitt"}
    if n < 2:
        return Estimate(value=np.nan, low=np.nan, high=np.nan, note="panel_too_few_shared", **common)
    codes = np.searchsorted(categories, both)
    shares = np.zeros((len(categories),) * 2)
    np.add.at(shares, tuple(codes), 1 / n)
    row, column = shares.sum(axis=1), shares.sum(axis=0)
    expected = float(row @ table @ column)
    if 1 - expected < _SAME:
        return Estimate(value=np.nan, low=np.nan, high=np.nan, note="panel_one_value", **common)
    kappa = (float((shares * table).sum()) - expected) / (1 - expected)
    if 1 - kappa < _SAME:
        return Estimate(value=1.0, low=np.nan, high=np.nan, note="panel_full_agreement", **common)
    pull = (table @ column)[:, None] + (row @ table)[None, :]
    variance = ((shares * (table - pull * (1 - kappa)) ** 2).sum() - (kappa - expected * (1 - kappa)) ** 2)
    half = z * np.sqrt(max(float(variance), 0.0) / n) / (1 - expected)
    return Estimate(value=kappa, low=max(kappa - half, -1.0), high=min(kappa + half, 1.0), **common)


def _categories(ratings: Ratings) -> np.ndarray:
    points = ratings.question.points
    if not points:
        raise KinerjaError("panel_needs_ratings", question=ratings.question.code)
    return np.array(points)


def _used(counts: np.ndarray) -> int:
    """Categories that occur."""
    return int((counts.sum(axis=0) > 0).sum())


def _counts(ratings: Ratings, categories: np.ndarray) -> np.ndarray:
    """How often each item got each category, shape (items, categories)."""
    judges, items = np.nonzero(~np.isnan(ratings.values))
    counts = np.zeros((ratings.values.shape[1], len(categories)))
    np.add.at(counts, (items, np.searchsorted(categories, ratings.values[judges, items])), 1)
    if (counts.sum(axis=1) >= 2).sum() < 2:
        raise NotApplicable("panel_no_pairs", n=int((counts.sum(axis=1) >= 2).sum()), least=2)
    return counts


def _estimate(label: str, found: ChanceCorrected | None, ratings: Ratings, weights: str, level: float) -> Estimate:
    unit = "share" if label == "percent_agreement" else "coefficient"
    common = {"label": label, "level": level, "n": ratings.n, "unit": unit, "method": f"{_NAMES[label]}, {weights}, t"}
    if found is None:
        return Estimate(value=np.nan, low=np.nan, high=np.nan, note="panel_one_value", **common)
    if 1 - found.observed < _SAME:
        return Estimate(value=1.0, low=np.nan, high=np.nan, note="panel_full_agreement", **common)
    value, floor = float(found.value), 0.0 if unit == "share" else -1.0
    if not found.se > _SAME:
        return Estimate(value=value, low=np.nan, high=np.nan, note="panel_items_alike", **common)
    low, high = t_interval(value, found.se, found.rows - 1, level=level)
    return Estimate(value=value, low=min(max(float(low), floor), value), high=max(min(float(high), 1.0), value),
                    **common)


_NAMES = {"percent_agreement": "percent agreement", "fleiss_kappa": "Fleiss kappa", "gwet_ac": "Gwet AC",
          "brennan_prediger": "Brennan-Prediger", "krippendorff_alpha": "Krippendorff alpha"}
