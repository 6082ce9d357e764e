"""Which target can be reached, and with what chance? Units' values without their noise, now and next period."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import MEASURED_IN, Estimate, EstimateTable
from kinerja_lab.core.options import Polarity
from kinerja_lab.numeric.intervals import normal_quantile, t_interval
from kinerja_lab.numeric.normal_means import NormalMeans, normal_means

__all__ = ["chance_to_reach", "quantile_targets", "reach_shares", "trend_target"]

LEAST_UNITS = 8
LEAST_YEARS = 3
POWER = 0.80
MOST_EXACT = 200


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Units:
    """Rows of a table of units that have an interval, and their spread."""

    usable: np.ndarray
    values: np.ndarray
    se: np.ndarray
    level: float
    unit: str
    spread: NormalMeans


def quantile_targets(
    units: EstimateTable, *, polarity: Polarity, best: float = 0.2, benchmark: Estimate | None = None,
) -> EstimateTable:
    """What the best units reach, with and without their luck.

    Parameters
    ----------
    units : EstimateTable
        One row a unit, with intervals; rows without one are left out.
    polarity : Polarity
        Which way is better.
    best : float
        Share of the units that are at least as good, between 0 and 0.5.
    benchmark : Estimate, optional
        An achievable benchmark found elsewhere, shown beside them as it is.

    Returns
    -------
    EstimateTable
        ``"best_units"`` (of the measured values; interval by order statistics), ``"best_units_true"`` (of the true
        values, normal, with the noise taken out: always nearer to the mean; ``no_unit_differences`` where units do not
        differ beyond noise) and the benchmark where one was given.

    Raises
    ------
    KinerjaError
        ``share_value``.
    NotApplicable
        ``too_few_units`` or ``polarity_stabilise``.

    Notes
    -----
    True values: mean + z sqrt(spread), REML; delta method with the variances of both. The quantile of measured values
    is further out because luck is counted as merit; a target drawn from it cannot be reached by merit alone.

    References
    ----------
    Kiefe, C. I. et al. (1998). Identifying achievable benchmarks of care. International Journal for Quality in Health
    Care 10, 443-447. Louis, T. A. (1984). Estimating a population of parameter values. JASA 79, 393-398.
    """
    if not 0 < best < 0.5:
        raise KinerjaError("share_value", value=str(best))
    share = _better_side(polarity, best)
    found = _units(units)
    n, method = len(found.values), f"{share:.0%} quantile"
    ordered = np.sort(found.values)
    low, high = _order_limits(n, share, found.level)
    ends = float(ordered[low]) if low >= 0 else -np.inf, float(ordered[high]) if high < n else np.inf
    seen = float(np.quantile(ordered, share, method="median_unbiased"))
    rows = [Estimate(label="best_units", value=seen, low=min(ends[0], seen), high=max(ends[1], seen), level=found.level,
                     n=n, method=f"{method}, order statistics", unit=found.unit)]
    spread, z = found.spread, float(special.ndtri(share))
    tau = float(np.sqrt(spread.spread))
    value, bare = spread.mean + z * tau, spread.spread <= 0
    reach = np.nan if bare else normal_quantile(found.level) * np.sqrt(
        spread.mean_variance + z**2 * spread.spread_variance / (4 * spread.spread))
    rows.append(Estimate(label="best_units_true", value=value, low=value - reach, high=value + reach, n=n,
                         level=found.level, method=f"{method} of true values, normal REML", unit=found.unit,
                         note="no_unit_differences" if bare else ""))
    return EstimateTable.from_estimates(rows if benchmark is None else [*rows, benchmark])


def chance_to_reach(
    units: EstimateTable, *, target: float, polarity: Polarity, change: float = 0.0, change_sd: float = 0.0,
) -> EstimateTable:
    """Chance of each unit to stand at a target next period.

    Parameters
    ----------
    units : EstimateTable
        One row a unit, with intervals; groups are kept.
    target : float
        In the unit of the values.
    polarity : Polarity
        Which way is better; a value on the target reaches it.
    change, change_sd : float
        Mean change of true values to the next period, and its spread between units (at least 0).

    Returns
    -------
    EstimateTable
        Two rows a unit: ``"reach_true"`` (its true value reaches the target) and ``"reach_measured"`` (its next
        measured value does, with the same error as this time). Note ``probability_no_interval``; units without an
        interval have none (``grade_without_interval``).

    Raises
    ------
    KinerjaError
        ``target_value`` or ``change_spread``.
    NotApplicable
        ``too_few_units`` or ``polarity_stabilise``.

    Notes
    -----
    The true value is normal around the unit's value drawn towards the mean of all (REML), with the variance of that
    mean; the next measured value adds this time's error again. Standard errors are the longer arm of the interval over
    the normal quantile of its level.

    References
    ----------
    Morris, C. N. (1983). Parametric empirical Bayes inference. JASA 78, 47-55.
    """
    if not np.isfinite(target):
        raise KinerjaError("target_value", value=str(target))
    if not (np.isfinite(change) and change_sd >= 0):
        raise KinerjaError("change_spread", value=str(change_sd))
    sign = 1.0 if _better_side(polarity, 0.2) > 0.5 else -1.0
    found = _units(units)
    centre = found.spread.posterior + change
    true = found.spread.posterior_variance + change_sd**2
    value = np.full((len(found.usable), 2), np.nan)
    for column, variance in enumerate((true, true + found.se**2)):
        value[found.usable, column] = special.ndtr(sign * (centre - target) / np.sqrt(np.maximum(variance, 1e-300)))
    note = np.where(found.usable, "probability_no_interval", "grade_without_interval")
    kept = {name: units.frame[name].to_numpy().repeat(2) for name in (*units.groups, "level", "n")}
    return EstimateTable(groups=units.groups, frame=pd.DataFrame({
        **kept, "label": np.tile(["reach_true", "reach_measured"], len(note)), "value": value.ravel(), "low": np.nan,
        "high": np.nan, "method": "normal around the shrunken value", "note": note.repeat(2),
        MEASURED_IN if "unit" in units.groups else "unit": "probability"}))


def reach_shares(units: EstimateTable, *, targets: Mapping[str, float], polarity: Polarity) -> EstimateTable:
    """How many of the units would stand at each of several targets, as they are now.

    Parameters
    ----------
    units : EstimateTable
        One row a unit, with intervals; rows without one are left out.
    targets : mapping of str to float
        Targets by name; one that is not a number is left out.
    polarity : Polarity
        Which way is better; a value on the target reaches it.

    Returns
    -------
    EstimateTable
        A row a target under its name: the share of the units whose true value reaches it, the mean of their chances.
        The interval holds what the data leave open about each unit, for the target as it stands.

    Raises
    ------
    NotApplicable
        ``too_few_units`` or ``polarity_stabilise``.

    Notes
    -----
    Chances as in ``chance_to_reach``. The count of units is a sum of independent events with these chances
    (Poisson-binomial); its quantiles are exact up to 200 units, normal with continuity correction above.

    References
    ----------
    Hong, Y. (2013). On computing the distribution function for the Poisson binomial distribution. Computational
    Statistics & Data Analysis 59, 41-51.
    """
    sign = 1.0 if _better_side(polarity, 0.2) > 0.5 else -1.0
    found = _units(units)
    deviation, n = np.sqrt(np.maximum(found.spread.posterior_variance, 1e-300)), len(found.values)
    rows = []
    for name, target in targets.items():
        if np.isfinite(target):
            chance = special.ndtr(sign * (found.spread.posterior - target) / deviation)
            low, high = _count_limits(chance, found.level)
            rows.append(Estimate(label=name, value=float(chance.mean()), low=low / n, high=high / n, level=found.level,
                                 n=n, method="mean chance of units, Poisson-binomial", unit="share"))
    return EstimateTable.from_estimates(rows)


def _count_limits(chance: np.ndarray, level: float) -> tuple[float, float]:
    """Quantiles of how many of independent events happen."""
    tail = (1 - level) / 2
    if len(chance) > MOST_EXACT:
        middle, reach = chance.sum(), normal_quantile(level) * np.sqrt((chance * (1 - chance)).sum())
        return (float(max(np.floor(middle - reach + 0.5), 0)),
                float(min(np.ceil(middle + reach - 0.5), len(chance))))
    mass = np.ones(1)
    for one in chance:
        mass = np.convolve(mass, (1 - one, one))
    steps = np.cumsum(mass)
    return float(np.searchsorted(steps, tail)), float(min(np.searchsorted(steps, 1 - tail), len(chance)))


def trend_target(
    years: np.ndarray, values: np.ndarray, *, now: Estimate, polarity: Polarity, power: float = POWER,
) -> EstimateTable:
    """What the trend foretells for the next year, and the least target that a survey like this one can confirm.

    Parameters
    ----------
    years, values : numpy.ndarray, shape (years,)
        Values of earlier years and this one; missing ones are left out. At least three.
    now : Estimate
        This year's value with its interval.
    polarity : Polarity
        Which way is better.
    power : float
        Chance with which a real change of that size would be seen, between 0.5 and 1.

    Returns
    -------
    EstimateTable
        ``"trend_target"``: straight line, interval of a single next value; ``"detectable_target"``: now plus (minus)
        the smallest change that two surveys of this size tell from none, without an interval (``planned_number``).

    Raises
    ------
    KinerjaError
        ``lengths_differ`` or ``share_value``.
    NotApplicable
        ``too_few_periods``, ``no_interval`` or ``polarity_stabilise``.

    Notes
    -----
    Detectable change: (z_(1+level)/2 + z_power) sqrt(2) se.

    References
    ----------
    Draper, N. R., Smith, H. (1998). Applied Regression Analysis, 3rd ed., section 3.1. Cochran, W. G. (1977). Sampling
    Techniques, 3rd ed., section 4.

    Examples
    --------
    >>> now = Estimate(label="index", value=80.0, low=78.04, high=81.96, n=400, method="t", unit="index_100")
    >>> found = trend_target(np.array([2023, 2024, 2025]), np.array([78.0, 79.5, 80.0]), now=now,
    ...                      polarity=Polarity.MAXIMISE)
    >>> [round(float(found.row(label).value), 2) for label in ("trend_target", "detectable_target")]
    [81.17, 83.96]
    """
    years, values = np.asarray(years, dtype=float), np.asarray(values, dtype=float)
    if len(years) != len(values):
        raise KinerjaError("lengths_differ", first=len(years), second=len(values))
    if not 0.5 < power < 1:
        raise KinerjaError("share_value", value=str(power))
    sign = 1.0 if _better_side(polarity, 0.2) > 0.5 else -1.0
    if not now.has_interval:
        raise NotApplicable("no_interval")
    known = np.isfinite(years) & np.isfinite(values)
    years, values = years[known], values[known]
    n = len(np.unique(years))
    if n < LEAST_YEARS or n < len(years):
        raise NotApplicable("too_few_periods", n=n, needed=LEAST_YEARS)
    off = years - years.mean()
    slope, following = float(off @ values / (off @ off)), years.max() + 1 - years.mean()
    fitted = values.mean() + slope * off
    noise = float(((values - fitted) ** 2).sum() / (n - 2))
    value = float(values.mean() + slope * following)
    low, high = t_interval(value, np.sqrt(noise * (1 + 1 / n + following**2 / (off @ off))), n - 2, level=now.level)
    z = normal_quantile(now.level)
    se = max(now.value - now.low, now.high - now.value) / z
    least = now.value + sign * (z + float(special.ndtri(power))) * np.sqrt(2) * se
    return EstimateTable.from_estimates([
        Estimate(label="trend_target", value=value, low=float(low), high=float(high), level=now.level, n=n,
                 method="least squares, next value", unit=now.unit),
        Estimate(label="detectable_target", value=float(least), low=np.nan, high=np.nan, level=now.level, n=now.n,
                 method=f"two surveys of this size, power {power:.0%}", unit=now.unit, note="planned_number")])


def _better_side(polarity: Polarity, best: float) -> float:
    if polarity is Polarity.STABILISE:
        raise NotApplicable("polarity_stabilise")
    return 1 - best if polarity is Polarity.MAXIMISE else best


def _units(units: EstimateTable) -> _Units:
    frame = units.frame
    value, low, high = (frame[name].to_numpy(dtype=float) for name in ("value", "low", "high"))
    level = frame["level"].to_numpy(dtype=float)
    se = np.maximum(value - low, high - value) / special.ndtri((1 + level) / 2)
    usable = np.isfinite(value) & np.isfinite(se) & (se > 0)
    if usable.sum() < LEAST_UNITS:
        raise NotApplicable("too_few_units", n=int(usable.sum()), least=LEAST_UNITS)
    measured_in = frame[MEASURED_IN if MEASURED_IN in frame else "unit"]
    return _Units(usable=usable, values=value[usable], se=se[usable], level=float(level[usable][0]),
                  unit=str(measured_in[usable].iloc[0]), spread=normal_means(value[usable], se[usable]))


def _order_limits(n: int, share: float, level: float) -> tuple[int, int]:
    """Positions (from 0) of the order statistics that bound a quantile; -1 or n where none does."""
    steps = special.bdtr(np.arange(n), n, share)
    low = int(np.searchsorted(steps, (1 - level) / 2, side="right")) - 1
    high = int(np.searchsorted(steps, (1 + level) / 2, side="left")) + 1
    return low, high
