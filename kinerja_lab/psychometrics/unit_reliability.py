"""Can the survey tell units apart? Reliability of a unit's mean and the respondents that each unit needs."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.numeric.mixed import OneWay, anova_ratio, one_way, ratio_interval, reml_ratio

__all__ = ["UnitFigures", "UnitReliability", "unit_figures", "unit_layout", "unit_reliability"]

TARGETS = {"0.70": 0.70, "0.80": 0.80}
COMPONENTS = ("anova", "reml")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnitReliability:
    """Whether differences between units' means are more than chance.

    Parameters
    ----------
    icc1 : Estimate
        Share of the variance of one respondent's score that lies between units (ICC(1)); may be below 0.
    reliability : Estimate
        Reliability of the mean of a unit with the harmonic mean number of respondents.
    needed : EstimateTable
        Labels ``"0.70"`` and ``"0.80"``: respondents per unit for that reliability, rounded up; infinite where the
        limit of the interval says that units may not differ at all. NaN (``no_unit_differences``) when they do not seem
        to.
    by_unit : EstimateTable
        Label is the unit: reliability of its mean with the respondents it has.
    separable : Estimate
        Share of pairs of units whose means differ, Holm-adjusted over all pairs.
    units, n : int
        Units and respondents.
    """

    icc1: Estimate
    reliability: Estimate
    needed: EstimateTable
    by_unit: EstimateTable
    separable: Estimate
    units: int
    n: int


def unit_reliability(
    scores: np.ndarray, units: np.ndarray, *, level: float, components: str = "anova",
) -> UnitReliability:
    """Reliability of unit means from the scores of respondents.

    Parameters
    ----------
    scores : numpy.ndarray of float, shape (n,)
        One finite score a respondent.
    units : numpy.ndarray, shape (n,)
        Unit of each respondent.
    level : float
        Confidence level, between 0 and 1.
    components : str
        ``"anova"`` (mean squares with n0) or ``"reml"`` for the point estimates; the interval is the same exact one.

    Returns
    -------
    UnitReliability

    Raises
    ------
    KinerjaError
        ``scores_not_finite``, ``lengths_differ``, ``unknown_option`` or ``bad_level``.
    NotApplicable
        ``too_few_units`` (fewer than two), ``one_respondent_each`` or ``scores_constant``.

    Notes
    -----
    With ratio = between / within variance: ICC(1) = ratio / (1 + ratio); reliability of a mean of m respondents
    m ratio / (1 + m ratio); needed for R: R / (1 - R) / ratio. Limits carry over from Wald's exact interval of the
    ratio, which needs no equal sizes. A pair of units differs when the t test with the pooled variance says so after
    Holm.

    References
    ----------
    Bliese, P. D. (2000). Within-group agreement, non-independence, and reliability. In Klein, Kozlowski (eds.),
    Multilevel theory, research, and methods in organizations, 349-381. Jossey-Bass.
    Wald, A. (1940). A note on the analysis of variance with unequal class frequencies. Annals of Mathematical
    Statistics 11, 96-100.
    """
    if components not in COMPONENTS:
        raise KinerjaError("unknown_option", name="components", value=str(components), choices=", ".join(COMPONENTS),
                           nearest="-")
    names, layout = unit_layout(scores, units, level)
    found = _figures(layout, level, components)
    ratio, low, high, note = found.ratio
    return UnitReliability(
        icc1=found.icc1, reliability=found.reliability, needed=EstimateTable.from_estimates(found.needed),
        by_unit=_by_unit(names, layout, ratio, low, high, note, level, found.method),
        separable=found.separable, units=layout.groups, n=layout.n,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitFigures:
    """The same numbers without the row of each unit, for many scores of the same units.

    Parameters
    ----------
    icc1, reliability, separable : Estimate
        As in ``UnitReliability``.
    needed : tuple of Estimate
        Rows of ``UnitReliability.needed``.
    ratio : tuple
        Variance ratio, its limits, and why there are none.
    method : str
        How the ratio was estimated.
    """

    icc1: Estimate
    reliability: Estimate
    separable: Estimate
    needed: tuple[Estimate, ...]
    ratio: tuple[float, float, float, str]
    method: str


def unit_figures(scores: np.ndarray, units: np.ndarray, *, level: float) -> UnitFigures:
    """Reliability of unit means by mean squares, without the row of each unit.

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
    UnitFigures

    Raises
    ------
    KinerjaError, NotApplicable
        As ``unit_reliability``.
    """
    _, layout = unit_layout(scores, units, level)
    return _figures(layout, level, "anova")


def _figures(layout: OneWay, level: float, components: str) -> UnitFigures:
    ratio, low, high, note = _ratio(layout, level, components)
    typical = layout.groups / float((1 / layout.sizes).sum())
    method = f"one-way random effects ({components}), exact F"

    def estimate(label: str, transform, unit: str, how: str) -> Estimate:
        ends = (np.nan, np.nan) if note else (transform(low), transform(high))
        return Estimate(label=label, value=transform(ratio), low=ends[0], high=ends[1], level=level, n=layout.n,
                        method=how, unit=unit, note=note)

    return UnitFigures(
        icc1=estimate("icc1", _icc, "coefficient", method),
        reliability=estimate("reliability", lambda x: _mean_reliability(x, typical), "coefficient",
                             f"{method}; mean of {typical:.1f} respondents (harmonic mean)"),
        separable=_separable(layout, level), needed=tuple(_needed(ratio, low, high, note, level, layout.n, method)),
        ratio=(ratio, low, high, note), method=method)


def unit_layout(scores: np.ndarray, units: np.ndarray, level: float) -> tuple[np.ndarray, OneWay]:
    """Sizes and means of units, or the reason why they cannot be compared.

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
    names : numpy.ndarray
        Units in order.
    layout : OneWay
        Their sizes, means and the sum of squares within.

    Raises
    ------
    KinerjaError
        ``scores_not_finite``, ``lengths_differ`` or ``bad_level``.
    NotApplicable
        ``too_few_units``, ``one_respondent_each`` or ``scores_constant``.
    """
    scores, units = np.asarray(scores, dtype=float), np.asarray(units)
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    if len(scores) != len(units):
        raise KinerjaError("lengths_differ", first=len(scores), second=len(units))
    if not np.isfinite(scores).all():
        raise KinerjaError("scores_not_finite", n=int((~np.isfinite(scores)).sum()))
    codes, names = pd.factorize(units, sort=True)
    if len(names) < 2:
        raise NotApplicable("too_few_units", n=len(names), least=2)
    if len(names) == len(scores):
        raise NotApplicable("one_respondent_each", n=len(names))
    if scores.max() - scores.min() <= 1e-12 * (1 + np.abs(scores).max()):
        raise NotApplicable("scores_constant")
    return np.asarray(names), one_way(scores, codes, count=len(names))


def _ratio(layout: OneWay, level: float, components: str) -> tuple[float, float, float, str]:
    """Variance ratio, its limits and why there are none."""
    spread = float(layout.sizes @ (layout.means - layout.means.mean()) ** 2)
    if layout.within <= 1e-20 * max(spread, 1.0):
        return np.inf, np.nan, np.nan, "perfect_agreement"
    ratio = anova_ratio(layout) if components == "anova" else reml_ratio(layout)
    low, high = ratio_interval(layout, level=level)
    # with very unequal sizes a moment estimate may fall outside the exact interval: only ever widen
    return ratio, min(low, ratio), max(high, ratio), ""


def _icc(ratio: float) -> float:
    return 1.0 if np.isinf(ratio) else ratio / (1 + ratio)


def _mean_reliability(ratio: float, size: float) -> float:
    """A variance cannot be below 0, so a reliability neither."""
    ratio = max(ratio, 0.0)
    return 1.0 if np.isinf(ratio) else size * ratio / (1 + size * ratio)


def _respondents(target: float, ratio: float) -> float:
    if ratio <= 0:
        return np.inf
    # ten decimals are settled first, so that noise does not cost a respondent
    return max(float(np.ceil(np.round(target / (1 - target) / ratio, 10))), 1.0)


def _needed(ratio, low, high, note, level, n, method) -> list[Estimate]:
    rows = []
    for label, target in TARGETS.items():
        value, reason = (_respondents(target, ratio), note) if ratio > 0 else (np.nan, "no_unit_differences")
        ends = (np.nan, np.nan) if reason else (_respondents(target, high), _respondents(target, low))
        rows.append(Estimate(label=label, value=value, low=ends[0], high=ends[1], level=level, n=n, method=method,
                             unit="respondents", note=reason))
    return rows


def _by_unit(names, layout: OneWay, ratio, low, high, note, level, method) -> EstimateTable:
    def reliability(x: float) -> np.ndarray:
        return np.array([_mean_reliability(x, size) for size in layout.sizes])

    bare = np.full(layout.groups, np.nan)
    return EstimateTable(frame=pd.DataFrame({
        "label": names, "value": reliability(ratio), "low": bare if note else reliability(low),
        "high": bare if note else reliability(high), "level": level, "n": layout.sizes.astype(int), "method": method,
        "unit": "coefficient", "note": note,
    }))


def _separable(layout: OneWay, level: float) -> Estimate:
    """Holm over all pairs, one row of pairs at a time so that no index arrays are held."""
    groups, df = layout.groups, layout.n - layout.groups
    pairs = groups * (groups - 1) // 2
    variance = layout.mean_square_within
    distance = np.empty(pairs)
    at = 0
    for first in range(groups - 1):
        rest = slice(first + 1, None)
        spread = 1 / layout.sizes[first] + 1 / layout.sizes[rest]
        distance[at:at + groups - 1 - first] = np.abs(layout.means[first] - layout.means[rest]) / np.sqrt(spread)
        at += groups - 1 - first
    if variance > 0:
        p = np.sort(2 * special.stdtr(df, -distance / np.sqrt(variance)))
        held = p * np.arange(pairs, 0, -1) <= 1 - level
        share = float(pairs if held.all() else np.argmin(held)) / pairs
    else:
        share = float((distance > 0).mean())
    return Estimate(label="separable", value=share, low=np.nan, high=np.nan, level=level, n=pairs,
                    method="pairs of units, pooled t, Holm", unit="share", note="pairs_no_interval")
