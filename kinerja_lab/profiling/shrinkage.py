"""What is the best guess for each unit, given the others, and how many cases does a unit need to be told apart?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import MEASURED_IN, Estimate, EstimateTable
from kinerja_lab.numeric.conjugate import (
    Spread,
    marshall_binomial,
    marshall_poisson,
    spread_of_rates,
    spread_of_shares,
)
from kinerja_lab.numeric.intervals import binomial_exact, normal_quantile, poisson_exact, t_interval
from kinerja_lab.numeric.mixed import one_way, ratio_interval, reml_ratio
from kinerja_lab.numeric.unsure_spread import one_way_moments, rate_moments, share_moments

__all__ = ["Shrunken", "shrink_means", "shrink_rates", "shrink_shares"]

TARGET = 0.70
"""Reliability from which a unit's number is said to be its own (house convention, as for the survey)."""
LEAST_UNITS = 3
WAYS = ("likelihood", "marshall")
_TINY = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Shrunken:
    """Units drawn towards the mean of all, each by what its own number is worth.

    Parameters
    ----------
    units : EstimateTable
        Groups ``("unit",)``, labels ``"raw"`` and ``"shrunken"``; ``n`` is the denominator.
    reliability : EstimateTable
        Groups ``("unit",)``, label ``"reliability"``: share of the variance of the unit's number that is not chance
        (signal to noise); ``shrunken = mean + reliability x (raw - mean)``.
    volume : Estimate
        Cases (or expected events) that a unit needs for a reliability of 0.70. Infinite where units do not differ
        beyond chance.
    mean : float
        Mean of the true values.
    weight : float
        Cases the mean of all counts for beside a unit's own; infinite where units do not differ beyond chance.
    posterior_sd : numpy.ndarray, shape (units,)
        Root of the expected squared distance of each unit's true value from its shrunken one, the doubt about the
        spread between units included.
    dispersion : float
        How much counts were thinned for variation beyond chance within units; 1 is none.
    method : str
        The conventions used.
    """

    units: EstimateTable
    reliability: EstimateTable
    volume: Estimate
    mean: float
    weight: float
    posterior_sd: np.ndarray
    dispersion: float
    method: str


def shrink_shares(
    events: np.ndarray, n: np.ndarray, *, units: np.ndarray, level: float, dispersion: float = 1.0,
    way: str = "likelihood",
) -> Shrunken:
    """Shares of units drawn towards their mean: empirical Bayes with a beta distribution of true shares.

    Parameters
    ----------
    events, n : numpy.ndarray, shape (units,)
        Events and denominators, 0 <= events <= n, n > 0.
    units : numpy.ndarray, shape (units,)
        Names, each once.
    level : float
        Confidence level, between 0 and 1.
    dispersion : float
        Variance within units over that of chance, at least 1: counts are divided by it.
    way : str
        ``"likelihood"`` (beta-binomial) or ``"marshall"`` (moments; no limits for the volume).

    Returns
    -------
    Shrunken

    Raises
    ------
    KinerjaError
        ``shrink_bad_counts``, ``units_repeated``, ``unknown_option``, ``bad_dispersion`` or ``bad_level``.
    NotApplicable
        ``too_few_units``, ``rates_no_events`` or ``rates_all_events``.

    Notes
    -----
    Reliability n / (n + weight); for 0.70, n = weight x 0.7 / 0.3. Intervals of shrunken values: equal tails of the
    beta distribution with the shrunken value as mean and, as variance, the expected squared distance from it when
    mean and weight are averaged over (``numeric.unsure_spread``). Empirical Bayes takes both as known, which makes
    intervals too narrow: with 8 units they held 85 % instead of 95 %.

    References
    ----------
    Adams, J. L. (2009). The reliability of provider profiling: a tutorial. RAND TR-653.
    Martuzzi, M., Elliott, P. (1996). Empirical Bayes estimation of small area prevalence of non-rare conditions.
    Statistics in Medicine 15, 1867-1873.

    Examples
    --------
    >>> import numpy as np
    >>> found = shrink_shares(np.array([2.0, 50.0, 9.0]), np.array([10.0, 100.0, 10.0]), units=np.array(list("abc")),
    ...                       level=0.95)
    >>> bool(0.2 < found.units.frame.query("unit == 'a' and label == 'shrunken'")["value"].iloc[0] < found.mean)
    True
    """
    events, n, names = _checked(events, n, units, level, dispersion, way, shares=True)
    thin, size = events / dispersion, n / dispersion
    if way == "marshall":
        mean, variance = marshall_binomial(thin, size)
        weight = (mean * (1 - mean) - variance) / variance if variance > 0 else np.inf
        spread = Spread(mean=mean, weight=max(weight, 0.0), low=np.nan, high=np.nan)
    else:
        spread = spread_of_shares(thin, size, level=level)
    shrunk, reliability = _drawn(spread, thin / size, size)
    sd = _distance(share_moments(thin, size), shrunk)
    tail, centre = (1 - level) / 2, np.clip(shrunk, _TINY, 1 - _TINY)
    whole = np.maximum(centre * (1 - centre) / sd**2 - 1, _TINY)
    low, high = (special.betaincinv(centre * whole, (1 - centre) * whole, place) for place in (tail, 1 - tail))
    # what was not thinned is the unit's own interval only without dispersion
    own = binomial_exact(thin, size, level=level)
    method = {"likelihood": "beta-binomial, maximum likelihood", "marshall": "moments (Martuzzi-Elliott)"}[way]
    return _result(names, events / n, own, shrunk, (low, high), reliability, sd, size, n, spread, dispersion, level,
                   method, "share")


def shrink_rates(
    events: np.ndarray, expected: np.ndarray, *, units: np.ndarray, level: float, dispersion: float = 1.0,
    way: str = "likelihood",
) -> Shrunken:
    """Ratios of observed over expected (or rates) drawn towards their mean: empirical Bayes with a gamma distribution.

    Parameters
    ----------
    events, expected : numpy.ndarray, shape (units,)
        Events at least 0, expected events (or exposure) above 0.
    units : numpy.ndarray, shape (units,)
        Names, each once.
    level, dispersion, way
        As for ``shrink_shares`` (``"marshall"``: Marshall's global moments).

    Returns
    -------
    Shrunken

    Raises
    ------
    KinerjaError
        As ``shrink_shares``.
    NotApplicable
        ``too_few_units`` or ``rates_no_events``.

    Notes
    -----
    Reliability E / (E + weight); intervals as for ``shrink_shares``, of a gamma distribution.

    References
    ----------
    Clayton, D., Kaldor, J. (1987). Biometrics 43, 671-681. Marshall, R. J. (1991). Applied Statistics 40, 283-294.
    """
    events, expected, names = _checked(events, expected, units, level, dispersion, way, shares=False)
    thin, size = events / dispersion, expected / dispersion
    if way == "marshall":
        mean, variance = marshall_poisson(thin, size)
        spread = Spread(mean=mean, weight=mean / variance if variance > 0 else np.inf, low=np.nan, high=np.nan)
    else:
        spread = spread_of_rates(thin, size, level=level)
    shrunk, reliability = _drawn(spread, thin / size, size)
    sd = _distance(rate_moments(thin, size), shrunk)
    tail, centre = (1 - level) / 2, np.maximum(shrunk, _TINY)
    low, high = (special.gammaincinv((centre / sd) ** 2, place) * sd**2 / centre for place in (tail, 1 - tail))
    own = tuple(limit / size for limit in poisson_exact(thin, level=level))
    method = {"likelihood": "gamma-Poisson, maximum likelihood", "marshall": "moments (Marshall)"}[way]
    return _result(names, events / expected, own, shrunk, (low, high), reliability, sd, size, expected, spread,
                   dispersion, level, method, "ratio")


def shrink_means(values: np.ndarray, units: np.ndarray, *, level: float, unit: str = "") -> Shrunken:
    """Means of units drawn towards the mean of all: random intercept by REML from sizes, means and sums of squares.

    Parameters
    ----------
    values : numpy.ndarray of float, shape (rows,)
        One finite value a row (respondent, month).
    units : numpy.ndarray, shape (rows,)
        Unit of each row.
    level : float
        Confidence level, between 0 and 1.
    unit : str
        Unit code of the values.

    Returns
    -------
    Shrunken
        ``weight`` is the variance within over that between units, in rows.

    Raises
    ------
    KinerjaError
        ``lengths_differ``, ``scores_not_finite`` or ``bad_level``.
    NotApplicable
        ``too_few_units``, ``one_value_each`` or ``scores_constant``.

    Notes
    -----
    The cost after one pass over the rows depends on the units alone. Shrunken values are lme4's. Their intervals hold
    the doubt about both variances and the overall mean (``numeric.unsure_spread.one_way_moments``), which lme4's
    conditional variances leave out.

    References
    ----------
    Robinson, G. K. (1991). That BLUP is a good thing. Statistical Science 6, 15-32.
    """
    z = normal_quantile(level)
    values, labels = np.asarray(values, dtype=float), np.asarray(units)
    if len(values) != len(labels):
        raise KinerjaError("lengths_differ", first=len(values), second=len(labels))
    if not np.isfinite(values).all():
        raise KinerjaError("scores_not_finite", n=int((~np.isfinite(values)).sum()))
    codes, names = pd.factorize(labels, sort=True)
    if len(names) < LEAST_UNITS:
        raise NotApplicable("too_few_units", n=len(names), least=LEAST_UNITS)
    if len(names) == len(values):
        raise NotApplicable("one_value_each", n=len(names))
    layout = one_way(values, codes, count=len(names))
    if layout.within <= 1e-20 * max(float((values**2).sum()), 1.0):
        raise NotApplicable("scores_constant")
    ratio = reml_ratio(layout)
    heavy = layout.sizes / (1 + layout.sizes * ratio)
    mean = float(heavy @ layout.means / heavy.sum())
    reliability = layout.sizes * ratio / (1 + layout.sizes * ratio)
    shrunk = mean + reliability * (layout.means - mean)
    sd = _distance(one_way_moments(layout), shrunk)
    low, high = ratio_interval(layout, level=level)
    low, high = min(low, ratio), max(high, ratio)
    spread = Spread(mean=mean, weight=1 / ratio if ratio > 0 else np.inf, low=1 / high if high > 0 else np.inf,
                    high=1 / low if low > 0 else np.inf)
    own = t_interval(layout.means, np.sqrt(layout.mean_square_within / layout.sizes),
                     np.full(len(names), layout.n - layout.groups), level=level)
    return _result(np.asarray(names).astype(str), layout.means, own, shrunk, (shrunk - z * sd, shrunk + z * sd),
                   reliability, sd, layout.sizes, layout.sizes, spread, 1.0, level, "random intercept, REML", unit)


def _checked(events, n, units, level, dispersion, way, *, shares: bool):
    normal_quantile(level)
    events, n, names = np.asarray(events, dtype=float), np.asarray(n, dtype=float), np.asarray(units).astype(str)
    if way not in WAYS:
        raise KinerjaError("unknown_option", name="way", value=str(way), choices=", ".join(WAYS), nearest="-")
    if not dispersion >= 1:
        raise KinerjaError("bad_dispersion", value=float(dispersion))
    if not len(events) == len(n) == len(names):
        raise KinerjaError("lengths_differ", first=len(events), second=min(len(n), len(names)))
    bad = ~(np.isfinite(events) & np.isfinite(n) & (events >= 0) & (n > 0)) | (shares & (events > n))
    if bad.any():
        raise KinerjaError("shrink_bad_counts", n=int(bad.sum()), unit=str(names[bad][0]))
    again = pd.Series(names).duplicated()
    if again.any():
        raise KinerjaError("units_repeated", unit=str(names[again][0]))
    if len(names) < LEAST_UNITS:
        raise NotApplicable("too_few_units", n=len(names), least=LEAST_UNITS)
    if events.sum() <= 0:
        raise NotApplicable("rates_no_events")
    if shares and (events >= n).all():
        raise NotApplicable("rates_all_events")
    return events, n, names


def _drawn(spread: Spread, raw: np.ndarray, size: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shrunken values, and what share of its own number each unit keeps."""
    kept = size / (size + spread.weight) if np.isfinite(spread.weight) else np.zeros(len(raw))
    return spread.mean + kept * (raw - spread.mean), kept


def _distance(moments: tuple[np.ndarray, np.ndarray], shrunk: np.ndarray) -> np.ndarray:
    """Root of the expected squared distance of true values from the shrunken ones."""
    mean, variance = moments
    return np.sqrt(variance + (mean - shrunk) ** 2)


def _result(names, raw, own, shrunk, ends, reliability, sd, size, n, spread, dispersion, level, method,
            unit) -> Shrunken:
    """Put together; ``size`` counts in thinned cases, ``n`` in cases."""
    if dispersion > 1:
        method += f"; counts divided by {dispersion:.3f} (variation within units)"
    whole = np.round(n).astype(np.int64)

    def rows(labels, value, low, high, measured):
        times = len(labels)
        return pd.DataFrame({
            "unit": np.tile(names, times), "label": np.repeat(labels, len(names)), "value": value,
            "low": np.minimum(low, value), "high": np.maximum(high, value), "level": level,
            "n": np.tile(whole, times), "method": method, MEASURED_IN: measured, "note": ""})

    limits = [size / (size + weight) if np.isfinite(weight) else 0 * size for weight in (spread.high, spread.low)]
    trusted = rows(("reliability",), reliability, *limits, "coefficient")
    if np.isnan(spread.low):
        trusted[["low", "high"]], trusted["note"] = np.nan, "moments_no_interval"
    factor = TARGET / (1 - TARGET) * dispersion
    bare = np.isnan(spread.low)
    note = "moments_no_interval" if bare else "" if np.isfinite(spread.weight) else "no_unit_differences"
    volume = Estimate(
        label="volume", value=factor * spread.weight, low=np.nan if note else factor * spread.low,
        high=np.nan if note else factor * spread.high, level=level, n=len(names), method=method, unit="cases",
        note=note)
    return Shrunken(
        units=EstimateTable(groups=("unit",), frame=rows(
            ("raw", "shrunken"), np.concatenate([raw, shrunk]),
            *(np.concatenate(pair) for pair in zip(own, ends, strict=True)), unit)),
        reliability=EstimateTable(groups=("unit",), frame=trusted), volume=volume, mean=spread.mean,
        weight=spread.weight, posterior_sd=sd, dispersion=dispersion, method=method)
