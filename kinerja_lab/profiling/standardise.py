"""What rate does a unit have, and what would it be with the cases that others have? Crude and standardised rates."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import MEASURED_IN, EstimateTable
from kinerja_lab.core.options import MeasureKind
from kinerja_lab.core.outcome import Measure
from kinerja_lab.numeric.intervals import binomial_exact, byar, normal_quantile, poisson_exact, wilson

__all__ = ["direct_rates", "indirect_ratios", "unit_rates"]

SHARE_WAYS = {"wilson": wilson, "exact": binomial_exact}
COUNT_WAYS = {"exact": poisson_exact, "byar": byar}
FEW = 10
"""Below so many events Byar's limits are replaced by exact ones, as the public-health profiles of England do."""


def unit_rates(
    table: pd.DataFrame, *, measure: Measure, level: float, interval: str = "", dispersion: float = 1.0,
) -> EstimateTable:
    """Share or rate of every unit with its interval.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a unit: ``unit, events, denominator``.
    measure : Measure
        A proportion or a rate; its ``scale`` multiplies.
    level : float
        Confidence level, between 0 and 1.
    interval : str
        Proportions: ``"wilson"`` (default) or ``"exact"`` (Clopper-Pearson); rates: ``"exact"`` (Garwood, default) or
        ``"byar"``.
    dispersion : float
        Variance over that of chance, at least 1: the interval is that of counts divided by it. 1 is chance alone.

    Returns
    -------
    EstimateTable
        Groups ``("unit",)``, label ``"unit_rate"``; ``n`` is the denominator.

    Raises
    ------
    KinerjaError
        ``missing_columns``, ``units_repeated``, ``rates_bad_counts``, ``unknown_option``, ``bad_dispersion`` or
        ``bad_level``.
    NotApplicable
        ``funnel_needs_counts`` (a mean) or ``no_units``.

    Examples
    --------
    >>> frame = pd.DataFrame({"unit": ["a"], "events": [0], "denominator": [10]})
    >>> share = Measure(code="x", name="x", kind=MeasureKind.PROPORTION, unit="%", polarity="maximise", scale=100)
    >>> found = unit_rates(frame, measure=share, level=0.95).row("unit_rate")
    >>> float(found.value), float(found.low), round(float(found.high), 2)
    (0.0, 0.0, 27.75)
    """
    if measure.kind is MeasureKind.MEAN:
        raise NotApplicable("funnel_needs_counts", measure=measure.words)
    shares = measure.kind is MeasureKind.PROPORTION
    rows = _counted(table, ("events", "denominator"), shares=shares)
    if not dispersion >= 1:
        raise KinerjaError("bad_dispersion", value=float(dispersion))
    events, size = rows["events"].to_numpy(), rows["denominator"].to_numpy()
    thin = events / dispersion
    if shares:
        way = _way(interval or "wilson", SHARE_WAYS)
        low, high = SHARE_WAYS[way](thin, size / dispersion, level=level)
        method = {"wilson": "Wilson", "exact": "exact binomial (Clopper-Pearson)"}[way]
    else:
        way = _way(interval or "exact", COUNT_WAYS)
        low, high = (limit / size * dispersion for limit in _count_limits(thin, way, level))
        method = _COUNT_NAMES[way]
    if dispersion > 1:
        method += f"; counts divided by {dispersion:.3f} (variation within units)"
    return EstimateTable(groups=("unit",), frame=pd.DataFrame({
        "unit": rows["unit"], "label": "unit_rate", "value": measure.scale * events / size, "low": measure.scale * low,
        "high": measure.scale * high, "level": level, "n": np.round(size).astype(np.int64), "method": method,
        MEASURED_IN: measure.unit, "note": ""}))


_COUNT_NAMES = {"exact": "exact Poisson (Garwood)", "byar": f"Byar, exact below {FEW} events"}


def indirect_ratios(table: pd.DataFrame, *, level: float, interval: str = "byar") -> EstimateTable:
    """Observed over expected events (indirect standardisation, SMR) of every unit.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a unit: ``unit, events, expected``; expected events from a reference or a case-mix model.
    level : float
        Confidence level, between 0 and 1.
    interval : str
        ``"byar"`` (exact below ten events) or ``"exact"`` (Garwood).

    Returns
    -------
    EstimateTable
        Groups ``("unit",)``, label ``"smr"``; ``n`` is the number of events. Two such ratios are not to be compared
        with each other: each holds the unit against the reference with the unit's own cases.

    Raises
    ------
    KinerjaError
        ``missing_columns``, ``units_repeated``, ``rates_bad_counts``, ``unknown_option`` or ``bad_level``.
    NotApplicable
        ``no_units``.

    References
    ----------
    Breslow, N. E., Day, N. E. (1987). Statistical methods in cancer research II, pp. 65-72. IARC.
    """
    way = _way(interval, COUNT_WAYS)
    rows = _counted(table, ("events", "expected"), shares=False)
    events, expected = rows["events"].to_numpy(), rows["expected"].to_numpy()
    low, high = (limit / expected for limit in _count_limits(events, way, level))
    return EstimateTable(groups=("unit",), frame=pd.DataFrame({
        "unit": rows["unit"], "label": "smr", "value": events / expected, "low": low, "high": high, "level": level,
        "n": np.round(events).astype(np.int64), "method": f"observed / expected, {_COUNT_NAMES[way]}",
        MEASURED_IN: "ratio", "note": ""}))


def direct_rates(
    table: pd.DataFrame, *, standard: pd.Series, strata: Sequence[str], level: float, scale: float = 1.0,
) -> EstimateTable:
    """Rate of every unit if it had the cases of a standard population (direct standardisation).

    Parameters
    ----------
    table : pandas.DataFrame
        One row a unit and stratum: ``unit``, the columns of ``strata``, ``events, denominator``.
    standard : pandas.Series
        Positive size of each stratum in the standard, indexed by the stratum (a tuple where there are several columns).
    strata : sequence of str
        Columns that form a stratum.
    level : float
        Confidence level, between 0 and 1.
    scale : float
        What the rate is multiplied with.

    Returns
    -------
    EstimateTable
        Groups ``("unit",)``, label ``"dsr"``; ``n`` is the number of events. A unit without cases in a stratum of the
        standard has no rate (``stratum_empty``), one without events no interval (``no_events``).

    Raises
    ------
    KinerjaError
        ``missing_columns``, ``duplicate_stratum``, ``rates_bad_counts``, ``standard_bad`` or ``bad_level``.
    NotApplicable
        ``no_units``.

    Notes
    -----
    sum w x / n over sum w. Dobson's limits: rate + sqrt(Var(rate) / x) (limit of x - x), x all events of the unit, with
    Byar's limits of x (exact below ten events), Var(rate) = sum w^2 x / n^2 / (sum w)^2.

    References
    ----------
    Dobson, A. J., Kuulasmaa, K., Eberle, E., Scherer, J. (1991). Confidence intervals for weighted sums of Poisson
    parameters. Statistics in Medicine 10, 457-462.
    """
    normal_quantile(level)
    keys = ["unit", *strata]
    _need(table, (*keys, "events", "denominator"))
    if table.duplicated(keys).any():
        row = table[table.duplicated(keys)].iloc[0]
        raise KinerjaError("duplicate_stratum", unit=str(row["unit"]), n=int(table.duplicated(keys).sum()))
    weight = standard.astype(float)
    if not len(weight) or not (np.isfinite(weight) & (weight > 0)).all() or weight.index.has_duplicates:
        raise KinerjaError("standard_bad", n=len(weight))
    if not len(table):
        raise NotApplicable("no_units")
    _sane(table, "events", "denominator", shares=False, zero=True)
    rows = table.set_index(list(strata))
    unknown = ~rows.index.isin(weight.index)
    if unknown.any():
        raise KinerjaError("standard_bad", n=int(unknown.sum()))
    rows = rows.assign(_weight=weight.reindex(rows.index).to_numpy()).reset_index(drop=True)
    size = rows["denominator"].where(rows["denominator"] > 0)
    rows = rows.assign(_rate=rows["_weight"] * rows["events"] / size, _have=size.notna(),
                       _square=rows["_weight"] ** 2 * rows["events"] / size**2)
    found = rows.groupby("unit", sort=True)[["_rate", "_square", "events", "_have"]].sum()
    total, events = float(weight.sum()), found["events"].to_numpy(dtype=float)
    complete = found["_have"].to_numpy() == len(weight)
    value = np.where(complete, found["_rate"].to_numpy() / total, np.nan)
    some = np.where(events > 0, events, 1.0)
    spread = np.sqrt(found["_square"].to_numpy() / total**2 / some)
    limits = _count_limits(events, "byar", level)
    low, high = (np.where(complete & (events > 0), value + spread * (limit - events), np.nan) for limit in limits)
    note = np.select([~complete, events <= 0], ["stratum_empty", "no_events"], default="")
    return EstimateTable(groups=("unit",), frame=pd.DataFrame({
        "unit": found.index.to_numpy(), "label": "dsr", "value": scale * value, "low": scale * low,
        "high": scale * high, "level": level, "n": np.round(events).astype(np.int64),
        "method": f"direct standardisation, Dobson, {_COUNT_NAMES['byar']}", MEASURED_IN: "rate", "note": note}))


def _way(name: str, ways: dict) -> str:
    if name not in ways:
        raise KinerjaError("unknown_option", name="interval", value=str(name), choices=", ".join(ways), nearest="-")
    return name


def _count_limits(events: np.ndarray, way: str, level: float) -> tuple[np.ndarray, np.ndarray]:
    exact = poisson_exact(events, level=level)
    if way == "exact":
        return exact
    return tuple(np.where(events < FEW, sure, near) for sure, near in zip(exact, byar(events, level=level),
                                                                         strict=True))


def _need(table: pd.DataFrame, columns: Sequence[str]) -> None:
    missing = [name for name in columns if name not in table.columns]
    if missing:
        raise KinerjaError("missing_columns", columns=", ".join(missing))


def _counted(table: pd.DataFrame, columns: tuple[str, str], *, shares: bool) -> pd.DataFrame:
    """One sound row a unit."""
    _need(table, ("unit", *columns))
    rows = table[["unit", *columns]].astype(dict.fromkeys(columns, float)).reset_index(drop=True)
    if not len(rows):
        raise NotApplicable("no_units")
    if rows["unit"].duplicated().any():
        raise KinerjaError("units_repeated", unit=str(rows.loc[rows["unit"].duplicated(), "unit"].iloc[0]))
    _sane(rows, *columns, shares=shares, zero=False)
    return rows.assign(unit=rows["unit"].astype(str))


def _sane(rows: pd.DataFrame, events: str, size: str, *, shares: bool, zero: bool) -> None:
    count, of = rows[events].to_numpy(dtype=float), rows[size].to_numpy(dtype=float)
    bad = ~(np.isfinite(count) & (count >= 0) & np.isfinite(of) & ((of >= 0) if zero else (of > 0)))
    bad |= (count > of) if shares else (zero & (of <= 0) & (count > 0))
    if bad.any():
        raise KinerjaError("rates_bad_counts", n=int(bad.sum()), unit=str(rows["unit"].to_numpy()[bad][0]))
