"""Which ICC is meant? ICC(1) and ICC(k) of units under every convention, side by side."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.numeric.mixed import OneWay, anova_ratio, ratio_interval, reml_ratio
from kinerja_lab.numeric.nested import ml_ratio
from kinerja_lab.psychometrics.unit_reliability import unit_layout

__all__ = ["spearman_brown", "unit_icc"]


def unit_icc(scores: np.ndarray, *, units: np.ndarray, level: float) -> EstimateTable:
    """ICC(1) and ICC(k) of units under the conventions in use.

    Parameters
    ----------
    scores : numpy.ndarray of float, shape (n,)
        One finite score a respondent.
    units : numpy.ndarray, shape (n,)
        Unit of each respondent.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable
        ``icc1_anova`` (mean squares with n0: the one used here), ``icc1_mean_size`` (with the mean size, as
        multilevel's ICC1), ``icc1_reml``, ``icc1_ml``; ``icck_f`` (1 - 1/F: multilevel's ICC2, CAHPS' interunit
        reliability), ``icck_harmonic`` (REML, a unit of the harmonic mean size), ``icck_average`` (REML, mean of the
        units' own reliabilities). ``n`` counts the respondents.

    Raises
    ------
    KinerjaError
        ``scores_not_finite``, ``lengths_differ`` or ``bad_level``.
    NotApplicable
        ``too_few_units``, ``one_respondent_each`` or ``scores_constant``.

    Notes
    -----
    All carry Wald's exact limits of the variance ratio over, widened where a convention's own value lies outside. With
    equal sizes the three of the first kind agree; with unequal ones they differ, and a number without its convention
    cannot be checked.

    References
    ----------
    Bliese, P. D. (2000). Within-group agreement, non-independence, and reliability. In Klein, Kozlowski (eds.),
    Multilevel theory, research, and methods in organizations, 349-381. Jossey-Bass.
    """
    _, layout = unit_layout(scores, units, level)
    if layout.within <= 1e-20 * max(float(layout.sizes @ (layout.means - layout.means.mean()) ** 2), 1.0):
        raise NotApplicable("no_residual_variation")
    low, high = ratio_interval(layout, level=level)
    anova, reml = anova_ratio(layout), reml_ratio(layout)
    harmonic = layout.groups / float((1 / layout.sizes).sum())
    rows = [
        _row("icc1_anova", _single(1.0), anova, "mean squares, n0"),
        _row("icc1_mean_size", _single(1.0), anova * layout.size_zero / (layout.n / layout.groups),
             "mean squares, mean size"),
        _row("icc1_reml", _single(1.0), reml, "REML"), _row("icc1_ml", _single(1.0), ml_ratio(layout), "ML"),
        _row("icck_f", _single(layout.size_zero), anova, "1 - 1/F"),
        _row("icck_harmonic", _single(harmonic), reml, f"REML, {harmonic:.1f} respondents (harmonic mean)"),
        _row("icck_average", _averaged(layout), reml, "REML, mean over units"),
    ]
    return EstimateTable(frame=pd.DataFrame([
        {"label": label, "value": transform(ratio), "low": min(transform(low), transform(ratio)),
         "high": max(transform(high), transform(ratio)), "level": level, "n": layout.n, "unit": "coefficient",
         "method": f"{method}, exact F limits", "note": ""} for label, transform, ratio, method in rows]))


def spearman_brown(reliability: Estimate, *, factor: float) -> Estimate:
    """Reliability of a mean over ``factor`` times as many respondents or items.

    Parameters
    ----------
    reliability : Estimate
        Of one respondent (ICC(1)), or of the mean of today's number.
    factor : float
        How many times as many, above 0.

    Returns
    -------
    Estimate
        Limits carry over; a negative value is stepped from 0, as a variance cannot be below 0.

    Raises
    ------
    KinerjaError
        ``instrument_bad_factor``.

    Notes
    -----
    m r / (1 + (m - 1) r).

    References
    ----------
    Spearman, C. (1910). Correlation calculated from faulty data. British Journal of Psychology 3, 271-295.

    Examples
    --------
    >>> one = Estimate(label="icc1", value=0.1, low=0.05, high=0.2, n=100, method="REML")
    >>> round(spearman_brown(one, factor=9).value, 4)
    0.5
    """
    if not factor > 0:
        raise KinerjaError("instrument_bad_factor", value=str(factor))

    def step(value: float) -> float:
        value = max(value, 0.0)
        return float("nan") if np.isnan(value) else factor * value / (1 + (factor - 1) * value)

    return Estimate(label=reliability.label, value=step(reliability.value), low=step(reliability.low),
                    high=step(reliability.high), level=reliability.level, n=reliability.n, unit=reliability.unit,
                    method=f"{reliability.method}; Spearman-Brown x {factor:g}", note=reliability.note)


def _row(label: str, transform: Callable[[float], float], ratio: float, method: str) -> tuple:
    return label, transform, ratio, method


def _single(size: float) -> Callable[[float], float]:
    return lambda ratio: size * ratio / (1 + size * ratio)


def _averaged(layout: OneWay) -> Callable[[float], float]:
    return lambda ratio: float((layout.sizes * max(ratio, 0) / (1 + layout.sizes * max(ratio, 0))).mean())
