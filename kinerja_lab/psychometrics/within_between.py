"""Is a correlation one of people or one of units? Within and between units, and the three things "between" can mean."""

import numpy as np
import pandas as pd
from scipy import stats

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.numeric.intervals import fisher_z

__all__ = ["within_between"]


def within_between(first: np.ndarray, second: np.ndarray, *, units: np.ndarray, level: float) -> EstimateTable:
    """Correlation of two scores among all respondents, within units and between units.

    Parameters
    ----------
    first, second : numpy.ndarray, shape (n,)
        Two finite scores a respondent.
    units : numpy.ndarray, shape (n,)
        Unit of each respondent.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable
        ``total``; ``within`` (deviations from the unit's means); ``between_weighted`` (unit means weighted by
        respondents: psych's statsBy), ``between_unweighted`` (every unit counts once: the one to read beside a league
        table), ``between_rank`` (Spearman of unit means), ``between_corrected`` (unweighted, divided by the root of
        both reliabilities 1 - 1/F; it may leave -1 to 1, and has no value where a reliability is not above 0).

    Raises
    ------
    KinerjaError
        ``scores_not_finite``, ``lengths_differ`` or ``bad_level``.
    NotApplicable
        ``too_few_units`` (fewer than four), ``one_respondent_each``, or ``constant_side``.

    Notes
    -----
    ``total`` mixes both and has no interval here (respondents of one unit are alike; ``instrument_mixed_levels``).
    ``within`` counts n - units + 1 cases, the between forms the units; Fisher's z, with Bonett and Wright's factor for
    ranks. The weighted and the corrected form have no interval (``instrument_between_no_interval``).

    References
    ----------
    Pedhazur, E. J. (1997). Multiple regression in behavioral research, 3rd ed., chapter 16. Harcourt.
    """
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    scores = np.stack([np.asarray(first, dtype=float), np.asarray(second, dtype=float)])
    if len(units) != scores.shape[1]:
        raise KinerjaError("lengths_differ", first=scores.shape[1], second=len(units))
    if not np.isfinite(scores).all():
        raise KinerjaError("scores_not_finite", n=int((~np.isfinite(scores)).any(axis=0).sum()))
    codes, names = pd.factorize(np.asarray(units), sort=True)
    n, groups = scores.shape[1], len(names)
    if groups < 4:
        raise NotApplicable("too_few_units", n=groups, least=4)
    if groups == n:
        raise NotApplicable("one_respondent_each", n=groups)
    sizes = np.bincount(codes).astype(float)
    means = np.stack([np.bincount(codes, weights=row) for row in scores]) / sizes
    inside = scores - means[:, codes]
    for side, parts in zip(("1", "2"), zip(scores, inside, means, strict=True), strict=True):
        if any(np.ptp(part) <= 1e-12 * (1 + np.abs(part).max()) for part in parts):
            raise NotApplicable("constant_side", side=side)
    plain = _r(means, np.ones(groups))
    # ten decimals are settled first, so that rounding does not break ties
    ranks = _r(np.stack([stats.rankdata(np.round(row, 10)) for row in means]), np.ones(groups))
    reliability = [_reliability(row, side, sizes) for row, side in zip(inside, means, strict=True)]
    usable = min(reliability) > 0
    corrected = plain / np.sqrt(reliability[0] * reliability[1]) if usable else np.nan
    between = "instrument_between_no_interval"
    return EstimateTable.from_estimates([
        _bare("total", _r(scores, np.ones(n)), n, "Pearson", level, "instrument_mixed_levels"),
        _row("within", _r(inside, np.ones(n)), n - groups + 1, "Pearson of deviations", level),
        _bare("between_weighted", _r(means, sizes), groups, "unit means weighted by respondents", level, between),
        _row("between_unweighted", plain, groups, "unit means", level),
        _row("between_rank", ranks, groups, "Spearman of unit means", level, factor=1 + ranks**2 / 2),
        _bare("between_corrected", corrected, groups, "unit means over the root of both reliabilities (1 - 1/F)", level,
              between if usable else "no_unit_differences"),
    ])


def _r(pair: np.ndarray, weights: np.ndarray) -> float:
    centred = pair - (pair @ weights / weights.sum())[:, None]
    cross = (centred * weights) @ centred.T
    return float(np.clip(cross[0, 1] / np.sqrt(cross[0, 0] * cross[1, 1]), -1, 1))


def _reliability(inside: np.ndarray, means: np.ndarray, sizes: np.ndarray) -> float:
    within = float(inside @ inside) / (len(inside) - len(sizes))
    grand = sizes @ means / sizes.sum()
    between = float(sizes @ (means - grand) ** 2) / (len(sizes) - 1)
    return 1 - within / between


def _row(label: str, r: float, n: int, method: str, level: float, factor: float = 1.0) -> Estimate:
    low, high = fisher_z(r, n, level=level, variance_factor=factor)
    if np.isnan(low):
        return _bare(label, r, n, method, level, "perfect_agreement" if abs(r) == 1 else "too_few_respondents")
    return Estimate(label=label, value=r, low=float(low), high=float(high), level=level, n=n, unit="correlation",
                    method=f"{method}, Fisher z")


def _bare(label: str, r: float, n: int, method: str, level: float, note: str) -> Estimate:
    return Estimate(label=label, value=r, low=np.nan, high=np.nan, level=level, n=n, method=method, unit="correlation",
                    note=note)
