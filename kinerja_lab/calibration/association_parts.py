"""Where does an association live: between regions or within them, beyond case mix, and how large without noise?"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.calibration.criterion import LEAST_REGIONS
from kinerja_lab.calibration.unit_rows import need_columns, need_once, unit_rows
from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.numeric.cluster_regression import cluster_regression
from kinerja_lab.numeric.intervals import fisher_z, t_interval

__all__ = ["association_parts", "association_slope", "corrected_association", "lagged_pairs"]

LEAST_MEANS = 5
"""Regions below which a correlation of region means has no useful interval."""

Statistic = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], float]


def association_parts(
    frame: pd.DataFrame, *, level: float, case_mix: Sequence[str] = (), ranked: bool = False,
) -> EstimateTable:
    """One association taken apart.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a unit: ``unit, region, indicator, outcome`` and the case-mix columns; rows without a value are left
        out.
    level : float
        Confidence level, between 0 and 1.
    case_mix : sequence of str
        Columns of numbers that are held constant in ``"beyond_case_mix"``.
    ranked : bool
        Correlate ranks (over all units) instead of values.

    Returns
    -------
    EstimateTable
        Labels ``"all_units"``, ``"within_regions"`` (units against the mean of their region), ``"regions_weighted"``
        and ``"between_regions"`` (means of regions, with and without their sizes as weights) and ``"beyond_case_mix"``
        (what is left beyond case mix; ``no_case_mix`` without such columns). ``n`` is units, or regions for the two
        between.

    Raises
    ------
    KinerjaError
        ``missing_columns``, ``units_repeated`` or ``bad_level``.
    NotApplicable
        ``too_few_common_units`` or ``constant_side``.

    Notes
    -----
    With eight regions or more the interval of total, within, partial and weighted between is a jackknife over regions
    on z = atanh(r), t with regions - 1 degrees of freedom. With fewer, Fisher's z with n less one for every case-mix
    column (and, within, for every region after the first). ``"between_regions"``: Fisher's z on regions.

    References
    ----------
    Snijders, T. A. B., Bosker, R. J. (2012). Multilevel Analysis, 2nd ed., section 3.6.
    Efron, B., Stein, C. (1981). The jackknife estimate of variance. Annals of Statistics 9, 586-596.
    """
    x, y, mix, region = unit_rows(frame, case_mix=case_mix)
    if ranked:
        x, y = (pd.Series(values).rank().to_numpy() for values in (x, y))
    regions = int(region.max()) + 1
    kind = "Spearman" if ranked else "Pearson"
    parts: list[tuple[str, Statistic, int]] = [
        ("all_units", _total, len(x)), ("within_regions", _within, len(x) - regions + 1), ("beyond_case_mix", _partial,
                                                                              len(x) - mix.shape[1])]
    rows = []
    for label, statistic, effective in parts:
        if label == "beyond_case_mix" and not mix.shape[1]:
            rows.append(_bare("beyond_case_mix", len(x), level, kind, "no_case_mix"))
        else:
            rows.append(_part(label, statistic, (x, y, mix, region), effective, level, kind))
    rows[2:2] = _between(x, y, region, level, kind)
    return EstimateTable.from_estimates(rows)


def corrected_association(association: Estimate, *, reliabilities: Sequence[Estimate]) -> Estimate:
    """An association freed from the noise of its sides.

    Parameters
    ----------
    association : Estimate
        A correlation.
    reliabilities : sequence of Estimate
        Reliability of the indicator, of the outcome, or of both, each 0 to 1 with its interval.

    Returns
    -------
    Estimate
        Label ``"without_noise"``. Above 1 the correction has no answer (NaN, ``correction_above_one``); where an end of
        a reliability is not above 0, no interval (``reliability_reaches_zero``). Ends are cut at -1 and 1.

    Raises
    ------
    NotApplicable
        ``no_reliability`` when a reliability is not above 0 or there is none.

    Notes
    -----
    r / sqrt(product of reliabilities). The interval joins the parts by squares of their arms on the log scale of the
    reliabilities (MOVER), as for independent estimates.

    References
    ----------
    Spearman, C. (1904). The proof and measurement of association between two things. American Journal of Psychology
    15, 72-101. Zou, G. Y., Donner, A. (2008). Construction of confidence limits about effect measures. Statistics in
    Medicine 27, 1693-1702.

    Examples
    --------
    >>> r = Estimate(label="all_units", value=0.3, low=0.1, high=0.5, n=90, method="Pearson", unit="correlation")
    >>> rel = Estimate(label="reliability", value=0.64, low=0.5, high=0.8, n=90, method="-", unit="share")
    >>> round(corrected_association(r, reliabilities=[rel]).value, 4)
    0.375
    """
    values = [item.value for item in reliabilities]
    if not values or not all(value > 0 for value in values):
        raise NotApplicable("no_reliability")
    stretch = 1 / float(np.sqrt(np.prod(values)))
    value = association.value * stretch
    made = replace(association, label="without_noise", value=value, low=np.nan, high=np.nan, note="association_bare",
                   method=f"{association.method}, corrected for attenuation")
    if not abs(value) <= 1:
        return replace(made, value=np.nan, note="correction_above_one" if abs(value) > 1 else "association_bare")
    ends = [(item.low, item.high) for item in reliabilities]
    if not association.has_interval:
        return replace(made, note=association.note)
    if not all(low > 0 for low, _ in ends):
        return replace(made, note="reliability_reaches_zero")
    smaller, larger = (float(np.sqrt(sum(np.log(item.value / end) ** 2 for item, end in zip(
        reliabilities, side, strict=True)))) / 2 for side in ([high for _, high in ends], [low for low, _ in ends]))
    shrink, grow = stretch * (1 - np.exp(-smaller)), stretch * (np.exp(larger) - 1)
    towards, away = (shrink, grow) if value >= 0 else (grow, shrink)
    low = value - np.hypot(stretch * (association.value - association.low), association.value * towards)
    high = value + np.hypot(stretch * (association.high - association.value), association.value * away)
    return replace(made, low=float(max(low, -1.0)), high=float(min(high, 1.0)), note="")


def association_slope(frame: pd.DataFrame, *, level: float, case_mix: Sequence[str] = ()) -> EstimateTable:
    """How much more outcome goes with one more point of the indicator, at equal case mix.

    Parameters
    ----------
    frame : pandas.DataFrame
        As for ``association_parts``.
    level : float
        Confidence level, between 0 and 1.
    case_mix : sequence of str
        Columns of numbers held constant.

    Returns
    -------
    EstimateTable
        A row a coefficient: ``"indicator"``, then the case-mix columns. Regions are clusters where there are eight or
        more, else every unit is one.

    Raises
    ------
    KinerjaError
        ``missing_columns``, ``units_repeated`` or ``bad_level``.
    NotApplicable
        ``too_few_common_units``, ``constant_side`` or ``columns_not_independent``.

    Notes
    -----
    Least squares with CR2 errors and Satterthwaite degrees of freedom (``numeric.cluster_regression``).

    References
    ----------
    Bell, R. M., McCaffrey, D. F. (2002). Bias reduction in standard errors for linear regression with multi-stage
    samples. Survey Methodology 28, 169-181.
    """
    x, y, mix, region = unit_rows(frame, case_mix=case_mix)
    many = int(region.max()) + 1 >= LEAST_REGIONS
    clusters = region if many else np.arange(len(x))
    fit = cluster_regression(np.column_stack([np.ones(len(x)), x, mix]), y, clusters=clusters)
    if fit is None:
        raise NotApplicable("columns_not_independent")
    low, high = t_interval(fit.coef, np.sqrt(np.diag(fit.cr2)), fit.df, level=level)
    method = f"least squares, CR2 with {fit.clusters} {'regions' if many else 'units'} as clusters, Satterthwaite"
    return EstimateTable.from_estimates(
        Estimate(label=label, value=float(fit.coef[place]), low=float(low[place]), high=float(high[place]), level=level,
                 n=len(x), method=method, unit="slope", note="" if np.isfinite(low[place]) else "no_variation")
        for place, label in enumerate(("indicator", *case_mix), start=1))


def lagged_pairs(indicator: pd.DataFrame, outcome: pd.DataFrame, *, before: str, now: str) -> pd.DataFrame:
    """Indicator of one period beside the outcome of a later one, for ``association_parts``.

    Parameters
    ----------
    indicator, outcome : pandas.DataFrame
        ``unit, region, period, value``, one row a unit and period.
    before, now : str
        Period of the indicator, and of the outcome; ``before`` comes earlier.

    Returns
    -------
    pandas.DataFrame
        ``unit, region, indicator, outcome, outcome_before``; give ``case_mix=("outcome_before",)`` to ask whether the
        indicator foretells a change of the outcome, not its level only. The last column is NaN where it is not known.

    Raises
    ------
    KinerjaError
        ``missing_columns``, ``units_repeated`` or ``periods_in_order``.
    """
    if not before < now:
        raise KinerjaError("periods_in_order", before=before, now=now)
    parts = []
    for source, period, name in ((indicator, before, "indicator"), (outcome, now, "outcome"),
                                 (outcome, before, "outcome_before")):
        need_columns(source, ("unit", "region", "period", "value"))
        part = source[source["period"].astype(str) == period]
        need_once(part)
        parts.append(part.rename(columns={"value": name}))
    left, middle, right = parts
    both = left[["unit", "region", "indicator"]].merge(middle[["unit", "outcome"]], on="unit")
    return both.merge(right[["unit", "outcome_before"]], on="unit", how="left")


def _bare(label: str, n: int, level: float, kind: str, note: str) -> Estimate:
    return Estimate(label=label, value=np.nan, low=np.nan, high=np.nan, level=level, n=n, method=kind,
                    unit="correlation", note=note)


def _pearson(x: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> float:
    heavy = np.ones(len(x)) if weights is None else weights
    x, y = x - np.average(x, weights=heavy), y - np.average(y, weights=heavy)
    size = np.sqrt((heavy * x * x).sum() * (heavy * y * y).sum())
    return float((heavy * x * y).sum() / size) if size > 1e-300 else np.nan


def _total(x, y, mix, region) -> float:
    return _pearson(x, y)


def _means(values: np.ndarray, region: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    sizes = np.bincount(region)
    return np.bincount(region, weights=values)[sizes > 0] / sizes[sizes > 0], sizes[sizes > 0]


def _within(x, y, mix, region) -> float:
    codes = np.unique(region, return_inverse=True)[1]
    x, y = (values - _means(values, codes)[0][codes] for values in (x, y))
    return _pearson(x, y) if max(np.abs(x).max(), np.abs(y).max()) > 1e-12 else np.nan


def _weighted(x, y, mix, region) -> float:
    (x, sizes), (y, _) = _means(x, region), _means(y, region)
    return _pearson(x, y, sizes)


def _partial(x, y, mix, region) -> float:
    design = np.column_stack([np.ones(len(x)), mix])
    parts = np.column_stack([x, y])
    left = parts - design @ np.linalg.lstsq(design, parts, rcond=None)[0]
    if (left**2).sum(axis=0).min() <= 1e-20 * (parts**2).sum(axis=0).max():
        return np.nan
    return _pearson(left[:, 0], left[:, 1])


def _part(label, statistic: Statistic, data, effective: int, level: float, kind: str) -> Estimate:
    x, region = data[0], data[3]
    regions, value = int(region.max()) + 1, statistic(*data)
    if np.isnan(value):
        return _bare(label, len(x), level, kind, "no_variation")
    if regions >= LEAST_REGIONS:
        low, high, method = (*_jackknife(statistic, data, value, level), f"{kind}, jackknife over {regions} regions")
    else:
        ends = fisher_z(value, effective, level=level, variance_factor=1 + value**2 / 2 if kind == "Spearman" else 1.0)
        low, high, method = float(ends[0]), float(ends[1]), f"{kind}, Fisher z"
    note = "" if np.isfinite(low) else "perfect_agreement" if abs(value) > 1 - 1e-12 else "too_few_units_left"
    return Estimate(label=label, value=value, low=low, high=high, level=level, n=len(x), method=method,
                    unit="correlation", note=note)


def _jackknife(statistic: Statistic, data, value: float, level: float) -> tuple[float, float]:
    region = data[3]
    regions = int(region.max()) + 1
    without = np.array([statistic(*(part[region != left] for part in data)) for left in range(regions)])
    if abs(value) >= 1 - 1e-12 or not (np.abs(without) < 1).all():
        return np.nan, np.nan
    z = np.arctanh(without)
    reach = special.stdtrit(regions - 1, (1 + level) / 2) * np.sqrt((regions - 1) / regions * ((z - z.mean())**2).sum())
    return float(np.tanh(np.arctanh(value) - reach)), float(np.tanh(np.arctanh(value) + reach))


def _between(x, y, region, level: float, kind: str) -> list[Estimate]:
    regions = int(region.max()) + 1
    if regions < LEAST_MEANS:
        return [_bare(label, regions, level, kind, "few_region_means")
                for label in ("regions_weighted", "between_regions")]
    (mean_x, _), (mean_y, _) = _means(x, region), _means(y, region)
    weighted = _part("regions_weighted", _weighted, (x, y, x[:, None], region), regions, level, kind)
    weighted = replace(weighted, n=regions)
    value = _pearson(mean_x, mean_y)
    if np.isnan(value):
        return [weighted, _bare("between_regions", regions, level, kind, "no_variation")]
    low, high = fisher_z(value, regions, level=level)
    note = "" if np.isfinite(low) else "perfect_agreement"
    plain = Estimate(label="between_regions", value=value, low=float(low), high=float(high), level=level, n=regions,
                     method=f"{kind} of region means, Fisher z", unit="correlation", note=note)
    return [weighted, plain]
