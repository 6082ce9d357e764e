"""Which months differ from the ordinary months? Shewhart charts: p, u, p', u', c and XmR, with named conventions."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.profiling.run_rules import RULES, Signal, signals_of

__all__ = ["CHARTS", "ControlChart", "individuals_chart", "proportion_chart", "rate_chart"]

CHARTS = ("p", "p'", "u", "u'", "c", "xmr")
LEAST_POINTS = 8
"""House convention: with fewer points in the base line the limits are guesses."""
D2 = 1.128
"""Mean range of two normal values as the tables of constants print it (exactly 2 / sqrt(pi)); all peers use it."""
D4 = 3.267
"""Upper limit of a moving range over the mean range, from the same tables."""
SIGMAS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ControlChart:
    """A series against the limits of ordinary variation.

    Parameters
    ----------
    points : pandas.DataFrame
        ``period, value, centre, low, high, n, base`` in the order given; low and high are three standard deviations
        away, ``base`` says whether the point helped to set the limits.
    signals : tuple of Signal
        Rules that fired, in the order of the rules.
    kind : str
        One of ``CHARTS``.
    sigma_z : float
        Variation of the standardised points over that of chance (p', u'); 1 where the chart takes chance alone, NaN for
        ``xmr``.
    rules : str
        Name of the set of rules.
    method : str
        The conventions used.
    """

    points: pd.DataFrame
    signals: tuple[Signal, ...]
    kind: str
    sigma_z: float
    rules: str
    method: str

    @property
    def flagged(self) -> tuple[str, ...]:
        """Periods of points that a rule names, each once, in order."""
        named = {place for signal in self.signals for place in signal.places}
        return tuple(str(self.points["period"].iloc[place]) for place in sorted(named))


def proportion_chart(
    events: np.ndarray, n: np.ndarray, *, periods: np.ndarray, rules: str = "anhoej", prime: bool = False,
    screened: bool = False, base: np.ndarray | None = None,
) -> ControlChart:
    """p chart of events of a denominator; p' (Laney) when months vary more than chance by nature.

    Parameters
    ----------
    events, n : numpy.ndarray, shape (points,)
        0 <= events <= n, n > 0.
    periods : numpy.ndarray, shape (points,)
        Names in time order, each once.
    rules : str
        ``"anhoej"``, ``"western_electric"``, ``"nelson"`` or ``"limits"``.
    prime : bool
        Whether the limits are stretched by the variation of the standardised points between neighbours.
    screened : bool
        p' only: leave out moving ranges above their own limit (as qicharts2 does; qcc and others do not).
    base : numpy.ndarray of bool or None, shape (points,)
        Points that set centre and limits (frozen for the others); None means all.

    Returns
    -------
    ControlChart

    Raises
    ------
    KinerjaError
        ``chart_bad_counts``, ``chart_periods``, ``lengths_differ`` or ``unknown_option``.
    NotApplicable
        ``chart_few_points`` (fewer than eight in the base line) or ``chart_flat``.

    Notes
    -----
    Centre: all events over all cases of the base line. Limits: centre -+ 3 sigma_z sqrt(p (1 - p) / n), inside 0..1.

    References
    ----------
    Shewhart, W. A. (1931). Economic control of quality of manufactured product. Van Nostrand.
    Laney, D. B. (2002). Improved control charts for attributes. Quality Engineering 14, 531-537.
    """
    events, n = _counts(events, n, periods, shares=True)
    return _attribute(events, n, periods, rules, base, prime, screened, kind="p")


def rate_chart(
    events: np.ndarray, exposure: np.ndarray, *, periods: np.ndarray, rules: str = "anhoej", prime: bool = False,
    screened: bool = False, base: np.ndarray | None = None,
) -> ControlChart:
    """u chart of events against an exposure; u' (Laney) when months vary more than chance by nature; c for equal sizes.

    Parameters
    ----------
    events, exposure : numpy.ndarray, shape (points,)
        Events at least 0, exposure above 0. Where all exposures are 1 this is the c chart.
    periods, rules, prime, screened, base
        As for ``proportion_chart``.

    Returns
    -------
    ControlChart

    Raises
    ------
    KinerjaError, NotApplicable
        As ``proportion_chart``.

    Notes
    -----
    Limits: centre -+ 3 sigma_z sqrt(u / n), at least 0.

    References
    ----------
    Laney, D. B. (2002). Improved control charts for attributes. Quality Engineering 14, 531-537.
    """
    events, exposure = _counts(events, exposure, periods, shares=False)
    kind = "c" if (exposure == 1).all() and not prime else "u"
    return _attribute(events, exposure, periods, rules, base, prime, screened, kind=kind)


def individuals_chart(
    values: np.ndarray, *, periods: np.ndarray, rules: str = "anhoej", screened: bool = True,
    base: np.ndarray | None = None,
) -> ControlChart:
    """XmR chart of single values: limits from the mean moving range.

    Parameters
    ----------
    values : numpy.ndarray, shape (points,)
        Finite values in time order.
    periods, rules, base
        As for ``proportion_chart``.
    screened : bool
        Leave out moving ranges above D4 = 3.27 times their mean, once (Nelson 1982; as qicharts2). Without it one jump
        widens the limits that should show it (qcc).

    Returns
    -------
    ControlChart

    Raises
    ------
    KinerjaError
        ``scores_not_finite``, ``chart_periods``, ``lengths_differ`` or ``unknown_option``.
    NotApplicable
        ``chart_few_points`` or ``chart_flat``.

    Notes
    -----
    Mean -+ 3 x mean moving range / 1.128.

    References
    ----------
    Nelson, L. S. (1982). Control charts for individual measurements. Journal of Quality Technology 14, 172-173.
    Wheeler, D. J. (2000). Understanding variation, 2nd ed. SPC Press.

    Examples
    --------
    >>> import numpy as np
    >>> found = individuals_chart(np.array([5.0, 7.0, 5.0, 7.0, 5.0, 7.0, 5.0, 7.0]), periods=np.arange(8))
    >>> found.points[["centre", "low", "high"]].iloc[0].round(2).tolist()
    [6.0, 0.68, 11.32]
    """
    values = np.asarray(values, dtype=float)
    if not np.isfinite(values).all():
        raise KinerjaError("scores_not_finite", n=int((~np.isfinite(values)).sum()))
    used = _base(values, periods, rules, base)
    centre = float(values[used].mean())
    step = _mean_range(values[used], screened)
    if step <= 1e-12 * (1 + abs(centre)):
        raise NotApplicable("chart_flat")
    reach = np.full(len(values), SIGMAS * step / D2)
    screen = "moving ranges above D4 x their mean left out" if screened else "all moving ranges kept"
    return _chart(values, np.full(len(values), centre), centre - reach, centre + reach, np.ones(len(values)), periods,
                  used, rules, kind="xmr", sigma_z=np.nan, method=f"XmR, {screen}")


def _attribute(events, n, periods, rules, base, prime, screened, *, kind) -> ControlChart:
    value = events / n
    used = _base(value, periods, rules, base)
    centre = float(events[used].sum() / n[used].sum())
    top = 1.0 if kind == "p" else np.inf
    if centre <= 0 or centre >= top:
        raise NotApplicable("chart_flat")
    sd = np.sqrt(centre * (1 - centre) / n) if kind == "p" else np.sqrt(centre / n)
    sigma_z = 1.0
    if prime:
        sigma_z = _mean_range(((value - centre) / sd)[used], screened) / D2
        if sigma_z <= 1e-12:
            raise NotApplicable("chart_flat")
        kind = f"{kind}'"
    reach = SIGMAS * sigma_z * sd
    screen = ", moving ranges above D4 x their mean left out" if screened else ", all moving ranges kept"
    method = f"{kind} chart{screen if prime else ', chance alone'}"
    return _chart(value, np.full(len(value), centre), np.maximum(centre - reach, 0.0),
                  np.minimum(centre + reach, top), n, periods, used, rules, kind=kind, sigma_z=sigma_z, method=method)


def _counts(events, n, periods, *, shares: bool) -> tuple[np.ndarray, np.ndarray]:
    events, n = np.asarray(events, dtype=float), np.asarray(n, dtype=float)
    if len(events) != len(n):
        raise KinerjaError("lengths_differ", first=len(events), second=len(n))
    bad = ~(np.isfinite(events) & np.isfinite(n) & (events >= 0) & (n > 0)) | (shares & (events > n))
    if bad.any():
        names = np.asarray(periods).astype(str)
        raise KinerjaError("chart_bad_counts", n=int(bad.sum()),
                           period=names[bad][0] if len(names) == len(bad) else "-")
    return events, n


def _base(values: np.ndarray, periods, rules: str, base) -> np.ndarray:
    names = np.asarray(periods).astype(str)
    if rules not in RULES:
        raise KinerjaError("unknown_option", name="rules", value=str(rules), choices=", ".join(RULES), nearest="-")
    if len(names) != len(values) or (base is not None and len(base) != len(values)):
        raise KinerjaError("lengths_differ", first=len(values), second=len(names))
    again = pd.Series(names).duplicated()
    if again.any():
        raise KinerjaError("chart_periods", period=str(names[again][0]), n=int(again.sum()))
    used = np.ones(len(values), dtype=bool) if base is None else np.asarray(base, dtype=bool)
    if used.sum() < LEAST_POINTS:
        raise NotApplicable("chart_few_points", n=int(used.sum()), least=LEAST_POINTS)
    return used


def _mean_range(values: np.ndarray, screened: bool) -> float:
    ranges = np.abs(np.diff(values))
    mean = float(ranges.mean())
    if screened:
        kept = ranges < D4 * mean if (ranges > 0).any() else ranges >= 0
        mean = float(ranges[kept].mean()) if kept.any() else mean
    return mean


def _chart(value, centre, low, high, n, periods, used, rules, *, kind, sigma_z, method) -> ControlChart:
    points = pd.DataFrame({"period": np.asarray(periods).astype(str), "value": value, "centre": centre, "low": low,
                           "high": high, "n": n, "base": used})
    return ControlChart(points=points, signals=signals_of(value, centre=centre, low=low, high=high, rules=rules),
                        kind=kind, sigma_z=float(sigma_z), rules=rules, method=method)
