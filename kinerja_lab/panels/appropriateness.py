"""Is the item appropriate, and do the experts disagree? The RAND/UCLA appropriateness method."""

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.panel import JudgePanel
from kinerja_lab.panels.reading import read_ratings, whole_scale

__all__ = ["MANUAL_RULE", "PERCENTILE_TYPES", "appropriateness"]

MANUAL_RULE = (30, 70)
"""Percentiles of the method's manual; some programs take 10 and 90, which finds far more disagreement."""
PERCENTILE_TYPES = {"interpolated": "linear", "weibull": "weibull", "hazen": "hazen", "observed": "inverted_cdf"}
_SYMMETRIC, _ASYMMETRY = 2.35, 1.5
_LOW_THIRD, _HIGH_THIRD = 3.5, 6.5


def appropriateness(
    panel: JudgePanel, *, percentiles: tuple[float, float] = MANUAL_RULE, percentile_type: str = "interpolated",
    level: float,
) -> tuple[EstimateTable, pd.DataFrame]:
    """Median, spread and disagreement of each item, and what follows.

    Parameters
    ----------
    panel : JudgePanel
        One question and round on a scale of 3 to 9 points, at least three judges.
    percentiles : tuple of float
        Lower and upper percentile of the spread, 0 to 100, symmetric about 50; 30 and 70 in the manual.
    percentile_type : str
        ``"interpolated"`` (type 7), ``"weibull"``, ``"hazen"`` or ``"observed"``.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable
        Groups ``("item",)``; labels ``"median"`` (exact order-statistic interval; ``panel_too_few_for_median`` where
        the panel is too small for the level) and ``"disagreement_index"`` (no interval: ``disagreement_no_interval``).
    pandas.DataFrame
        ``item, n, median, lower, upper, ipr, centre, ipras, index, disagreement, verdict``; the spread in points of the
        question's scale, ``ipras`` too; ``verdict`` is ``"appropriate"``, ``"uncertain"`` or ``"inappropriate"``.

    Raises
    ------
    KinerjaError
        ``panel_not_single``, ``panel_scale_points``, ``panel_bad_percentiles``, ``panel_unknown_percentile_type`` or
        ``bad_level``.
    NotApplicable
        ``panel_too_few_judges`` or ``panel_items_unrated``.

    Notes
    -----
    IPRAS = 2.35 + 1.5 |5 - centre of the spread|, on 1 to 9; index = IPR / IPRAS; disagreement where it exceeds 1. A
    median on the border of two thirds (3.5, 6.5) belongs to the upper; with disagreement the item is uncertain. Other
    scales are stretched to 1-9 first: that is this package's convention, the constants were made for nine points.

    References
    ----------
    Fitch, K., Bernstein, S. J., Aguilar, M. D., et al. (2001). The RAND/UCLA appropriateness method user's manual.
    RAND.

    Examples
    --------
    Fifteen ratings 4 5 6 7 7 7 7 7 8 8 8 8 8 9 9 have IPR 1 and centre 7.5, so IPRAS = 2.35 + 1.5 x 2.5 = 6.1.
    """
    ratings = read_ratings(panel, least_judges=3)
    points = whole_scale(ratings, least=3, most=9)
    lower, upper = percentiles
    if not (0 <= lower < 50 and abs(lower + upper - 100) < 1e-9):
        raise KinerjaError("panel_bad_percentiles", lower=str(lower), upper=str(upper))
    if percentile_type not in PERCENTILE_TYPES:
        raise KinerjaError("panel_unknown_percentile_type", value=str(percentile_type),
                           choices=", ".join(PERCENTILE_TYPES))
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    stretch = 8 / (points - 1)
    rows, keys, verdicts = [], [], []
    for column, item in enumerate(ratings.items):
        own = np.sort(ratings.values[:, column][~np.isnan(ratings.values[:, column])])
        found = _spread(own, ratings.question.low, stretch, percentiles, PERCENTILE_TYPES[percentile_type])
        verdicts.append({"item": item, "n": len(own), **found})
        rows += [_median(own, level), Estimate(
            label="disagreement_index", value=found["index"], low=np.nan, high=np.nan, level=level, n=len(own),
            method=f"IPR/IPRAS, percentiles {lower:g} and {upper:g}, {percentile_type}", unit="ratio",
            note="disagreement_no_interval")]
        keys += [(item,)] * 2
    return EstimateTable.from_estimates(rows, groups=("item",), keys=keys), pd.DataFrame(verdicts)


def _spread(own: np.ndarray, low: float, stretch: float, percentiles, kind: str) -> dict[str, object]:
    median = float(np.median(own))
    lower, upper = (float(value) for value in np.percentile(own, percentiles, method=kind))
    width, centre = upper - lower, (lower + upper) / 2
    on_nine = 1 + (centre - low) * stretch
    allowed = (_SYMMETRIC + _ASYMMETRY * abs(5 - on_nine)) / stretch
    index = width / allowed
    # the border of disagreement and of a third are settled to ten decimals, so that noise decides nothing
    disagreement = bool(round(index, 10) > 1)
    place = round(1 + (median - low) * stretch, 10)
    third = "appropriate" if place >= _HIGH_THIRD else "uncertain" if place >= _LOW_THIRD else "inappropriate"
    return {"median": median, "lower": lower, "upper": upper, "ipr": width, "centre": centre, "ipras": allowed,
            "index": index, "disagreement": disagreement, "verdict": "uncertain" if disagreement else third}


def _median(own: np.ndarray, level: float) -> Estimate:
    """Order statistics that hold the median with at least the level asked for."""
    n = len(own)
    reach = [depth for depth in range(1, n // 2 + 1) if 1 - 2 * special.bdtr(depth - 1, n, 0.5) >= level]
    common = {"label": "median", "value": float(np.median(own)), "level": level, "n": n,
              "method": "median, order statistics", "unit": "scale_points"}
    if not reach:
        return Estimate(low=np.nan, high=np.nan, note="panel_too_few_for_median", **common)
    return Estimate(low=float(own[reach[-1] - 1]), high=float(own[n - reach[-1]]), **common)
