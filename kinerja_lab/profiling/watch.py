"""Which units had a month that ordinary variation does not explain, when many units are watched at once?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.options import MeasureKind
from kinerja_lab.numeric.false_discovery import q_values

__all__ = ["Watch", "watch_units", "within_dispersion"]

RATE = 0.05
"""False discovery rate among the months named."""
LEAST_POINTS = 6
"""Months of its own that a unit needs before one of them can stand out (house convention)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Watch:
    """Months of many units against each unit's own level.

    Parameters
    ----------
    points : pandas.DataFrame
        ``unit, period, value, centre, z, p, q, judged``, sorted; q over all judged points of all units.
    flagged : pandas.DataFrame
        The judged points with q below ``rate``, with ``side`` (``"high"`` or ``"low"``), the strongest first.
    dispersion : float
        Variance of a unit's ordinary months over that of chance (counts), or its square root in the unit of the values
        (means).
    units_left_out : int
        Units with too few months.
    rate : float
        False discovery rate.
    method : str
        The conventions used.
    """

    points: pd.DataFrame
    flagged: pd.DataFrame
    dispersion: float
    units_left_out: int
    rate: float
    method: str


def watch_units(
    table: pd.DataFrame, *, kind: MeasureKind, base: np.ndarray | None = None, rate: float = RATE,
) -> Watch:
    """Every month of every unit against the unit's own base line, with the false discovery rate controlled over all.

    Parameters
    ----------
    table : pandas.DataFrame
        ``unit, period`` and, for proportions and rates, ``events, denominator``; for means, ``value``. Rows without a
        value are left out; one row a unit and period.
    kind : MeasureKind
        What the numbers are.
    base : numpy.ndarray of bool or None, shape (rows,)
        Rows that set a unit's level and the ordinary variation; the others are judged. None: all rows do both.
    rate : float
        False discovery rate, between 0 and 1.

    Returns
    -------
    Watch

    Raises
    ------
    KinerjaError
        ``missing_columns``, ``duplicate_unit_period``, ``rates_bad_counts``, ``lengths_differ`` or ``bad_share``.
    NotApplicable
        ``watch_few_points`` or ``chart_flat``.

    Notes
    -----
    z = (value - unit's level) / sqrt(variation x (1 + its share of the base line)), minus instead of plus where the
    point is part of the base line; the variation is pooled over units, never below chance, so that twelve months
    of one unit need not tell what an ordinary month is. Two-sided p by Student's t with its degrees of freedom;
    Benjamini and Hochberg over all judged points.

    References
    ----------
    Laney, D. B. (2002). Improved control charts for attributes. Quality Engineering 14, 531-537.
    Jones, H. E., Ohlssen, D. I., Spiegelhalter, D. J. (2008). Use of the false discovery rate when comparing multiple
    health care providers. Journal of Clinical Epidemiology 61, 232-240.
    """
    if not 0 < rate < 1:
        raise KinerjaError("bad_share", value=rate)
    rows = _rows(table, kind, base)
    rows, left_out = _enough(rows)
    codes = np.unique(rows["_code"], return_inverse=True)[1].ravel()
    heavy, value, used = (rows[name].to_numpy() for name in ("_size", "_value", "_base"))
    count = int(codes.max()) + 1
    total = np.bincount(codes, weights=heavy * used, minlength=count)
    centre = np.bincount(codes, weights=heavy * used * value, minlength=count) / total
    variance, df = _ordinary(rows, codes, centre, kind)
    spread = _chance(centre[codes], heavy, kind) * variance
    share = heavy / total[codes]
    factor = np.where(used, 1 - share, 1 + share)
    usable = (spread > 0) & (factor > 1e-9)
    z = np.where(usable, (value - centre[codes]) / np.sqrt(np.where(usable, spread * factor, 1.0)), 0.0)
    # a judged point that leaves a base line of all or nothing is not explained by it
    p = 2 * special.stdtr(df, -np.abs(z))
    judged = np.ones(len(rows), dtype=bool) if base is None else ~used
    q = np.full(len(rows), np.nan)
    q[judged] = q_values(p[judged])
    points = pd.DataFrame({"unit": rows["unit"], "period": rows["period"], "value": value, "centre": centre[codes],
                           "z": z, "p": p, "q": q, "judged": judged})
    flagged = points[judged & (q < rate)].sort_values(["p", "unit", "period"], kind="stable")
    flagged = flagged.assign(side=np.where(flagged["z"] > 0, "high", "low"))
    line = "each unit's own earlier months" if base is not None else "each unit's own months"
    return Watch(points=points, flagged=flagged.reset_index(drop=True), units_left_out=left_out, rate=rate,
                 dispersion=float(variance if kind is not MeasureKind.MEAN else np.sqrt(variance)),
                 method=f"{line}, variation pooled over units, Student's t with {df} df, Benjamini-Hochberg {rate:.0%}")


def within_dispersion(table: pd.DataFrame, *, kind: MeasureKind) -> float:
    """How much a unit's own periods vary, over chance: Pearson's statistic around each unit's rate; at least 1.

    Parameters
    ----------
    table : pandas.DataFrame
        ``unit, period, events, denominator``; as for ``watch_units``.
    kind : MeasureKind
        ``proportion`` or ``rate``.

    Returns
    -------
    float
        1 where units have a single period each.

    Raises
    ------
    KinerjaError
        As ``watch_units``.
    NotApplicable
        ``funnel_needs_counts``.

    References
    ----------
    McCullagh, P., Nelder, J. A. (1989). Generalized linear models, 2nd ed., section 4.5. Chapman and Hall.
    """
    if kind is MeasureKind.MEAN:
        raise NotApplicable("funnel_needs_counts", measure="-")
    rows = _rows(table, kind, None)
    if not len(rows):
        return 1.0
    codes = np.unique(rows["_code"], return_inverse=True)[1].ravel()
    total = np.bincount(codes, weights=rows["_size"])
    centre = np.bincount(codes, weights=rows["_size"] * rows["_value"]) / total
    return _ordinary(rows, codes, centre, kind)[0]


def _rows(table: pd.DataFrame, kind: MeasureKind, base) -> pd.DataFrame:
    """Sound rows, sorted by unit and period: ``unit, period, _code, _size, _value, _base``."""
    counts = kind is not MeasureKind.MEAN
    wanted = ("unit", "period", *(("events", "denominator") if counts else ("value",)))
    missing = [name for name in wanted if name not in table.columns]
    if missing:
        raise KinerjaError("missing_columns", columns=", ".join(missing))
    if base is not None and len(base) != len(table):
        raise KinerjaError("lengths_differ", first=len(table), second=len(base))
    names = [table[name].to_numpy(dtype=object) for name in ("unit", "period")]
    (units, unit_names), (periods, period_names) = (pd.factorize(values, sort=True) for values in names)
    key = units.astype(np.int64) * max(len(period_names), 1) + periods
    if len(np.unique(key)) < len(key):
        again = pd.Series(key).duplicated()
        place = int(np.flatnonzero(again.to_numpy())[0])
        raise KinerjaError("duplicate_unit_period", unit=str(names[0][place]), period=str(names[1][place]), measure="-",
                           n=int(again.sum()))
    used = np.ones(len(table), dtype=bool) if base is None else np.asarray(base, dtype=bool)
    size, value = np.ones(len(table)), None
    if counts:
        size, events = (table[name].to_numpy(dtype=float) for name in ("denominator", "events"))
        kept = (size > 0) & ~np.isnan(events)
        bad = kept & ((events < 0) | ((kind is MeasureKind.PROPORTION) & (events > size)))
        if bad.any():
            raise KinerjaError("rates_bad_counts", n=int(bad.sum()), unit=str(names[0][bad][0]))
        value = events / np.where(kept, size, 1.0)
    else:
        value = table["value"].to_numpy(dtype=float)
        kept = ~np.isnan(value)
    order = np.argsort(key, kind="stable")
    order = order[kept[order]]
    return pd.DataFrame({"unit": np.asarray(unit_names, dtype=object)[units[order]],
                         "period": np.asarray(period_names, dtype=object)[periods[order]], "_code": units[order],
                         "_size": size[order], "_value": value[order], "_base": used[order]})


def _enough(rows: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Units with enough months in the base line, and how many have not."""
    code = rows["_code"].to_numpy()
    months = np.bincount(code, weights=rows["_base"].to_numpy()) if len(rows) else np.zeros(0)
    enough = months >= LEAST_POINTS
    if not enough.any():
        raise NotApplicable("watch_few_points", least=LEAST_POINTS)
    return rows[enough[code]].reset_index(drop=True), int((~enough[np.unique(code)]).sum())


def _chance(centre: np.ndarray, size: np.ndarray, kind: MeasureKind) -> np.ndarray:
    if kind is MeasureKind.MEAN:
        return np.ones(len(size))
    return (centre * (1 - centre) if kind is MeasureKind.PROPORTION else centre) / size


def _ordinary(rows: pd.DataFrame, codes: np.ndarray, centre: np.ndarray, kind: MeasureKind) -> tuple[float, int]:
    """Pooled variation of ordinary months (over chance, for counts) and its degrees of freedom."""
    used = rows["_base"].to_numpy()
    size, value = rows["_size"].to_numpy(), rows["_value"].to_numpy()
    chance = _chance(centre[codes], size, kind)
    kept = used & (chance > 0)
    df = int(kept.sum() - len(np.unique(codes[kept])))
    if df < 1:
        if kind is MeasureKind.MEAN:
            raise NotApplicable("chart_flat")
        return 1.0, 1
    variation = float(((value - centre[codes])[kept] ** 2 / chance[kept]).sum() / df)
    if kind is MeasureKind.MEAN:
        if variation <= 1e-20 * (1 + float(np.abs(value).max()) ** 2):
            raise NotApplicable("chart_flat")
        return variation, df
    return max(variation, 1.0), df
