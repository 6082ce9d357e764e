"""Where does an association live: between regions or within them, beyond case mix, and how large without noise?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.calibration.criterion import LEAST_REGIONS
from kinerja_lab.calibration.unit_rows import need_columns, need_once, unit_rows
from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.numeric.cluster_regression import cluster_regression
from kinerja_lab.numeric.intervals import normal_quantile, t_interval
from kinerja_lab.numeric.left_out import LeftOut, left_out_correlations

__all__ = ["PartLook", "association_parts", "association_slope", "corrected_association", "lagged_pairs", "part_looks"]

LEAST_MEANS = 5
"""Regions below which a correlation of region means has no useful interval."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartLook:
    """One part of an association.

    Parameters
    ----------
    estimate : Estimate
        A correlation with its interval.
    p : float
        Two-sided, of no association, from the statistic behind the interval; NaN where there is none.
    """

    estimate: Estimate
    p: float


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
    return EstimateTable.from_estimates([look.estimate for look in part_looks(
        frame, level=level, case_mix=case_mix, ranked=ranked)])


def part_looks(
    frame: pd.DataFrame, *, level: float, case_mix: Sequence[str] = (), ranked: bool = False,
) -> tuple[PartLook, ...]:
    """The parts of ``association_parts`` with their p-values, for many looks at once.

    Parameters
    ----------
    frame, level, case_mix, ranked
        As for ``association_parts``.

    Returns
    -------
    tuple of PartLook
        In the order of the labels there.

    Raises
    ------
    KinerjaError, NotApplicable
        As ``association_parts``.
    """
    quantile = normal_quantile(level)
    x, y, mix, region = unit_rows(frame, case_mix=case_mix)
    if ranked:
        x, y = (pd.Series(values).rank().to_numpy() for values in (x, y))
    n, regions = len(x), int(region.max()) + 1
    kind = "Spearman" if ranked else "Pearson"
    without = left_out_correlations(x, y, mix, codes=region) if regions >= LEAST_REGIONS else None
    make = _Maker(n=n, regions=regions, kind=kind, level=level, quantile=quantile, without=without)
    looks = [make.part("all_units", _pearson(x, y), effective=n, left="total"),
             make.part("within_regions", _within(x, y, region), effective=n - regions + 1, left="within")]
    if regions < LEAST_MEANS:
        looks += [make.bare(label, regions, "few_region_means") for label in ("regions_weighted", "between_regions")]
    else:
        (mean_x, sizes), (mean_y, _) = _means(x, region), _means(y, region)
        weighted = make.part("regions_weighted", _pearson(mean_x, mean_y, sizes), effective=regions, left="means")
        looks += [replace(weighted, estimate=replace(weighted.estimate, n=regions)),
                  make.plain("between_regions", _pearson(mean_x, mean_y), effective=regions, n=regions,
                             method=f"{kind} of region means, Fisher z", few="perfect_agreement")]
    if mix.shape[1]:
        looks.append(make.part("beyond_case_mix", _partial(x, y, mix), effective=n - mix.shape[1], left="partial"))
    else:
        looks.append(make.bare("beyond_case_mix", n, "no_case_mix"))
    return tuple(looks)


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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Maker:
    """What all parts of one association share."""

    n: int
    regions: int
    kind: str
    level: float
    quantile: float
    without: LeftOut | None

    def part(self, label: str, value: float, *, effective: int, left: str) -> PartLook:
        """By the jackknife over regions where there are enough of them, else by Fisher's z."""
        if np.isnan(value):
            return self.bare(label, self.n, "no_variation")
        if self.without is not None:
            return self._jackknife(label, value, getattr(self.without, left))
        factor = 1 + value**2 / 2 if self.kind == "Spearman" else 1.0
        return self.plain(label, value, effective=effective, n=self.n, factor=factor, method=f"{self.kind}, Fisher z")

    def plain(self, label: str, value: float, *, effective: int, n: int, method: str, factor: float = 1.0,
              few: str = "too_few_units_left") -> PartLook:
        """Fisher's z."""
        if np.isnan(value):
            return self.bare(label, n, "no_variation")
        if abs(value) > 1 - 1e-12 or effective <= 3:
            note = "perfect_agreement" if abs(value) > 1 - 1e-12 else few
            return self._look(label, value, np.nan, np.inf, n=n, method=method, note=note)
        return self._look(label, value, float(np.sqrt(factor / (effective - 3))), np.inf, n=n, method=method)

    def bare(self, label: str, n: int, note: str) -> PartLook:
        """No answer, with its reason."""
        return PartLook(p=np.nan, estimate=Estimate(
            label=label, value=np.nan, low=np.nan, high=np.nan, level=self.level, n=n, method=self.kind,
            unit="correlation", note=note))

    def _jackknife(self, label: str, value: float, without: np.ndarray) -> PartLook:
        regions, perfect = self.regions, abs(value) >= 1 - 1e-12
        method = f"{self.kind}, jackknife over {regions} regions"
        if perfect or np.isnan(without).any():
            return self._look(label, value, np.nan, regions - 1, n=self.n, method=method,
                              note="perfect_agreement" if perfect else "too_few_units_left")
        z = np.arctanh(without)
        se = float(np.sqrt((regions - 1) / regions * ((z - z.mean()) ** 2).sum()))
        return self._look(label, value, se, regions - 1, n=self.n, method=method)

    def _look(self, label: str, value: float, se: float, df: float, *, n: int, method: str, note: str = "") -> PartLook:
        low = high = p = np.nan
        if not note:
            z = np.arctanh(value)
            reach = (self.quantile if np.isinf(df) else float(special.stdtrit(df, (1 + self.level) / 2))) * se
            low, high = float(np.tanh(z - reach)), float(np.tanh(z + reach))
            p = _two_sided(z, se, df)
        return PartLook(p=p, estimate=Estimate(label=label, value=value, low=low, high=high, level=self.level, n=n,
                                               method=method, unit="correlation", note=note))


def _two_sided(z: float, se: float, df: float) -> float:
    if se <= 0:
        return 1.0 if z == 0 else 0.0
    return float(2 * (special.ndtr(-abs(z) / se) if np.isinf(df) else special.stdtr(df, -abs(z) / se)))


def _pearson(x: np.ndarray, y: np.ndarray, weights: np.ndarray | None = None) -> float:
    heavy = np.ones(len(x)) if weights is None else weights
    x, y = x - np.average(x, weights=heavy), y - np.average(y, weights=heavy)
    size = np.sqrt((heavy * x * x).sum() * (heavy * y * y).sum())
    return float((heavy * x * y).sum() / size) if size > 1e-300 else np.nan


def _means(values: np.ndarray, region: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    sizes = np.bincount(region)
    return np.bincount(region, weights=values) / sizes, sizes


def _within(x, y, region) -> float:
    x, y = (values - _means(values, region)[0][region] for values in (x, y))
    return _pearson(x, y) if max(np.abs(x).max(), np.abs(y).max()) > 1e-12 else np.nan


def _partial(x, y, mix) -> float:
    design = np.column_stack([np.ones(len(x)), mix])
    parts = np.column_stack([x, y])
    left = parts - design @ np.linalg.lstsq(design, parts, rcond=None)[0]
    if (left**2).sum(axis=0).min() <= 1e-20 * (parts**2).sum(axis=0).max():
        return np.nan
    return _pearson(left[:, 0], left[:, 1])
