"""Which units lie outside what chance and ordinary variation explain? Funnel limits after overdispersion."""

from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import MEASURED_IN, EstimateTable
from kinerja_lab.core.options import MeasureKind, Polarity
from kinerja_lab.core.outcome import Measure
from kinerja_lab.numeric.intervals import binomial_exact, normal_quantile, poisson_exact
from kinerja_lab.numeric.overdispersion import (
    additive_variance,
    arcsine_scores,
    consistent_variance,
    dispersion,
    log_ratio_scores,
    trimmed,
    winsorised,
)
from kinerja_lab.profiling.limits import LEVELS, exact_z, limits_frame

__all__ = ["Funnel", "funnel"]

LEAST_UNITS = 5
TRIM = 0.10
_METHODS = {
    MeasureKind.RATE:
        "log(O/E); phi and tau2 as SHMI (10 % trimmed at either end); limits: additive variance corrected for the"
        " trimming, never inside exact Poisson limits",
    MeasureKind.PROPORTION:
        "arcsine; phi and tau2 10 % winsorised at either end; limits: additive variance corrected for the winsorising,"
        " never inside exact binomial limits",
}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Funnel:
    """Units against the limits of a funnel plot.

    Parameters
    ----------
    measure : str
        Code of the measure.
    polarity : Polarity
        Which way is better.
    target : float
        The ratio that a unit as expected has, 1.
    units : EstimateTable
        Groups ``("agency", "unit")``, label ``"ratio"``: observed over expected with its exact interval (without the
        variation between units); ``n`` is the denominator.
    limits : pandas.DataFrame
        ``expected, low_95, high_95, low_998, high_998`` on a grid.
    phi : float
        Mean square of the (trimmed or winsorised) scores; 1 under chance.
    tau2 : float
        Variance between units beyond chance, on the scale of the scores, as the published convention computes it.
    flags : tuple of (str, str, float)
        Unit, ``"high"`` or ``"low"``, and its score, for units outside the 99.8 % limits; sorted by unit.
    method : str
        The conventions used.
    expected : numpy.ndarray, shape (units,)
        Expected events of each row of ``units``: where the unit stands along the funnel.
    tau2_limits : float
        The variance between units that limits and flags use: ``tau2`` without the loss that trimming causes.
    """

    measure: str
    polarity: Polarity
    target: float
    units: EstimateTable
    limits: pd.DataFrame
    phi: float
    tau2: float
    flags: tuple[tuple[str, str, float], ...]
    method: str
    expected: np.ndarray = field(default_factory=lambda: np.zeros(0))
    tau2_limits: float = 0.0


def funnel(table: pd.DataFrame, *, measure: Measure, level: float) -> Funnel:
    """Ratios of observed over expected, funnel limits and the units outside them.

    Parameters
    ----------
    table : pandas.DataFrame
        As ``OutcomeData.by_unit`` gives it: ``agency, unit, events, denominator, expected``. Without any expected count
        it is the denominator times the pooled rate of this table.
    measure : Measure
        A proportion (binomial) or a rate (Poisson).
    level : float
        Confidence level of the units' intervals, between 0 and 1; the limits are always 95 and 99.8 %.

    Returns
    -------
    Funnel

    Raises
    ------
    NotApplicable
        ``funnel_needs_counts``, ``funnel_too_few_units``, ``funnel_partly_expected``, ``funnel_no_events`` or
        ``funnel_all_events``.
    KinerjaError
        ``funnel_bad_counts`` or ``bad_level``.

    Notes
    -----
    A unit is flagged when both its score with the variance between units, and the exact tail of chance alone, lie
    beyond 99.8 %; its ``z`` is the smaller of the two. Limits are the wider of the two, so a flag and the picture
    agree.

    References
    ----------
    Spiegelhalter, D. J. (2005). Funnel plots for comparing institutional performance. Statistics in Medicine 24,
    1185-1202.
    Spiegelhalter, D. J. (2005). Handling over-dispersion of performance indicators. Quality and Safety in Health Care
    14, 347-351.
    """
    if measure.kind is MeasureKind.MEAN:
        raise NotApplicable("funnel_needs_counts", measure=measure.words)
    rows, pooled = _counts(table, measure)
    events, expected, denominator = (rows[name].to_numpy() for name in ("events", "expected", "denominator"))
    proportion = measure.kind is MeasureKind.PROPORTION
    if proportion:
        scores, se = arcsine_scores(events, denominator, expected)
        kept_z, kept_se = winsorised(scores / se, share=TRIM), se
    else:
        scores, se = log_ratio_scores(events, expected)
        keep = trimmed(scores / se, share=TRIM, tie=expected)
        kept_z, kept_se = (scores / se)[keep], se[keep]
    between = consistent_variance(scores, se, share=TRIM)
    z = scores / np.sqrt(se**2 + between)
    exact = exact_z(events, expected, n=denominator if proportion else None)
    z = np.where(np.abs(exact) < np.abs(z), exact, z)
    alarm = normal_quantile(LEVELS["998"])
    flags = sorted((str(unit), "high" if score > 0 else "low", float(score))
                   for unit, score in zip(rows["unit"], z, strict=True) if abs(score) > alarm)
    return Funnel(
        measure=measure.code, polarity=measure.polarity, target=1.0, units=_units(rows, level, proportion),
        limits=limits_frame(expected, tau2=between, share=pooled if proportion else None), phi=dispersion(kept_z),
        tau2=additive_variance(kept_z, kept_se), flags=tuple(flags), method=_METHODS[measure.kind], expected=expected,
        tau2_limits=between,
    )


def _counts(table: pd.DataFrame, measure: Measure) -> tuple[pd.DataFrame, float]:
    """Units with a denominator and their expected counts, and the pooled expected rate."""
    rows = table[["agency", "unit", "events", "denominator", "expected"]].astype(
        {"events": float, "denominator": float, "expected": float})
    rows = rows[rows["denominator"] > 0].dropna(subset=["events"]).reset_index(drop=True)
    if len(rows) < LEAST_UNITS:
        raise NotApplicable("funnel_too_few_units", n=len(rows), least=LEAST_UNITS)
    known = rows["expected"].notna()
    if known.any() and not known.all():
        raise NotApplicable("funnel_partly_expected", n=int((~known).sum()))
    if not known.any():
        rows["expected"] = rows["denominator"] * rows["events"].sum() / rows["denominator"].sum()
    if rows["expected"].sum() <= 0 or (not known.any() and rows["events"].sum() <= 0):
        raise NotApplicable("funnel_no_events", measure=measure.words)
    pooled = float(rows["expected"].sum() / rows["denominator"].sum())
    proportion = measure.kind is MeasureKind.PROPORTION
    if proportion and pooled >= 1:
        raise NotApplicable("funnel_all_events", measure=measure.words)
    bad = (rows["expected"] <= 0) | (rows["events"] < 0)
    if proportion:
        bad |= (rows["expected"] >= rows["denominator"]) | (rows["events"] > rows["denominator"])
    if bad.any():
        raise KinerjaError("funnel_bad_counts", n=int(bad.sum()), unit=str(rows.loc[bad, "unit"].iloc[0]))
    return rows, pooled


def _units(rows: pd.DataFrame, level: float, proportion: bool) -> EstimateTable:
    events, expected, denominator = (rows[name].to_numpy() for name in ("events", "expected", "denominator"))
    if proportion:
        low, high = (limit * denominator / expected for limit in binomial_exact(events, denominator, level=level))
        method = "observed / expected, exact binomial"
    else:
        low, high = (limit / expected for limit in poisson_exact(events, level=level))
        method = "observed / expected, exact Poisson"
    return EstimateTable(groups=("agency", "unit"), frame=rows[["agency", "unit"]].assign(
        label="ratio", value=events / expected, low=low, high=high, level=level,
        n=np.round(denominator).astype(np.int64), method=method, note="", **{MEASURED_IN: "ratio"}))
