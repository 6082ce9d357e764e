"""Has the indicator stopped working since last year, and which repair would be enough?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.calibration.criterion import LEAST_REGIONS, LEAST_UNITS
from kinerja_lab.calibration.unit_rows import need_columns, need_once
from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.numeric.false_discovery import q_values

__all__ = ["Drift", "drift", "judged_together"]

MOST_AT_ONCE = 600
"""Units up to which all groups are left out at once; above, one after the other, to spare memory."""
LABELS = ("rank_before", "rank_now", "rank_change", "level_shift", "slope_change")
CHANGES = LABELS[2:]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Drift:
    """Two periods of one claim.

    Parameters
    ----------
    table : EstimateTable
        ``"rank_before"``, ``"rank_now"`` (Spearman), ``"rank_change"`` (now less before), ``"level_shift"`` (mean
        outcome now less what last period's line foretells at the same indicator values, in the outcome's unit) and
        ``"slope_change"`` (outcome a point of the indicator, now less before).
    repair : str
        ``"none"``, ``"intercept"`` (the line has moved up or down), ``"slope"`` (it has turned; fit it anew) or
        ``"stopped"`` (the association was there, has become weaker and what is left may be nothing). A change counts
        where its ``q`` is at most one less the level.
    sign : int
        Direction that was claimed.
    p, q : tuple of float
        p-value of each change (``CHANGES``) against none, and the smallest false discovery rate at which it still
        counts: among the three of this claim, or among those of all claims after ``judged_together``.
    """

    table: EstimateTable
    repair: str
    sign: int
    p: tuple[float, ...]
    q: tuple[float, ...]


def drift(before: pd.DataFrame, now: pd.DataFrame, *, sign: int, level: float) -> Drift:
    """Compare an association, its level and its slope between two periods.

    Parameters
    ----------
    before, now : pandas.DataFrame
        ``unit, region, indicator, outcome``, one row a unit; rows without a value are left out. Units that occur in
        both are the same units.
    sign : int
        +1 or -1: direction that the indicator claims.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    Drift

    Raises
    ------
    KinerjaError
        ``missing_columns``, ``units_repeated``, ``criterion_sign`` or ``bad_level``.
    NotApplicable
        ``too_few_common_units`` (fewer than eight in a period), ``constant_side`` or ``association_unstable``.

    Notes
    -----
    Jackknife over regions where there are eight or more, else over units; what is left out is left out of both periods,
    so that the dependence of the two periods is in the interval. t with one degree of freedom less. Intervals are those
    of one look; whether a change counts is decided by q-values (Benjamini, Hochberg 1995), because three are looked at.

    References
    ----------
    Efron, B., Stein, C. (1981). The jackknife estimate of variance. Annals of Statistics 9, 586-596.
    Steyerberg, E. W. (2019). Clinical Prediction Models, 2nd ed., chapter 20.
    """
    if sign not in (-1, 1):
        raise KinerjaError("criterion_sign", measure="outcome", value=sign)
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    parts = [_rows(frame) for frame in (before, now)]
    both = pd.concat(parts)
    by_region = both["region"].nunique() >= LEAST_REGIONS
    key = "region" if by_region else "unit"
    groups = pd.factorize(both[key])[0]
    codes = [groups[:len(parts[0])], groups[len(parts[0]):]]
    columns = [part[["indicator", "outcome"]].to_numpy(dtype=float) for part in parts]
    whole = _statistics(*columns)
    count = int(groups.max()) + 1
    without = _left_out(columns, codes, count)
    if not np.isfinite(without).all():
        raise NotApplicable("association_unstable")
    se = np.sqrt((count - 1) / count * ((without - without.mean(axis=0)) ** 2).sum(axis=0))
    reach = special.stdtrit(count - 1, (1 + level) / 2) * se
    method = f"jackknife over {count} {'regions' if by_region else 'units'}, t"
    units = ("correlation", "correlation", "correlation", "outcome", "slope")
    sizes = (len(parts[0]), len(parts[1]), *[min(map(len, parts))] * 3)
    rows = [Estimate(label=label, value=float(value), low=float(value - arm), high=float(value + arm), level=level, n=n,
                     method=method, unit=unit)
            for label, value, arm, unit, n in zip(LABELS, whole, reach, units, sizes, strict=True)]
    rows[:2] = [_bounded(row, spread, count) for row, spread in zip(rows[:2], se, strict=False)]
    p = 2 * special.stdtr(count - 1, -np.abs(whole[2:]) / np.maximum(se[2:], 1e-300))
    found = Drift(table=EstimateTable.from_estimates(rows), repair="none", sign=sign, p=tuple(p.tolist()), q=())
    return judged_together([found])[0]


def judged_together(claims: Sequence[Drift]) -> tuple[Drift, ...]:
    """Decide anew which changes count when many claims are looked at: the false discovery rate is that of all of them.

    Parameters
    ----------
    claims : sequence of Drift
        Every claim of one report; may be empty.

    Returns
    -------
    tuple of Drift
        In the order given, with ``q`` and ``repair`` over all looks.

    References
    ----------
    Benjamini, Y., Hochberg, Y. (1995). Controlling the false discovery rate. JRSS B 57, 289-300.
    """
    if not claims:
        return ()
    q = q_values(np.array([claim.p for claim in claims]).ravel()).reshape(len(claims), -1)
    return tuple(replace(claim, q=tuple(own.tolist()), repair=_repair(claim, own))
                 for claim, own in zip(claims, q, strict=True))


def _rows(frame: pd.DataFrame) -> pd.DataFrame:
    need_columns(frame, ("unit", "region", "indicator", "outcome"))
    need_once(frame)
    sides = {side: frame[side].to_numpy(dtype=float) for side in ("indicator", "outcome")}
    kept = ~np.isnan(sides["indicator"]) & ~np.isnan(sides["outcome"])
    if kept.sum() < LEAST_UNITS:
        raise NotApplicable("too_few_common_units", n=int(kept.sum()), least=LEAST_UNITS)
    sides = {side: values[kept] for side, values in sides.items()}
    for side, values in sides.items():
        if np.ptp(values) <= 1e-12 * (1 + np.abs(values).max()):
            raise NotApplicable("constant_side", side=side)
    return pd.DataFrame({**{name: frame[name].to_numpy()[kept].astype(str) for name in ("unit", "region")}, **sides})


def _statistics(before: np.ndarray, now: np.ndarray) -> np.ndarray:
    ranks, slopes, lines = [], [], []
    for part in (before, now):
        ranks.append(_slope(np.column_stack([_mean_ranks(side) for side in part.T]), correlate=True))
        slopes.append(_slope(part))
        lines.append(part.mean(axis=0))
    shift = lines[1][1] - (lines[0][1] + slopes[0] * (lines[1][0] - lines[0][0]))
    return np.array([*ranks, ranks[1] - ranks[0], shift, slopes[1] - slopes[0]])


def _left_out(columns: list[np.ndarray], codes: list[np.ndarray], count: int) -> np.ndarray:
    """``_statistics`` without each group in turn, one row a group."""
    if max(map(len, columns)) > MOST_AT_ONCE:
        return np.array([_statistics(*(part[own != left] for part, own in zip(columns, codes, strict=True)))
                         for left in range(count)])
    ranks, slopes, lines = [], [], []
    for part, own in zip(columns, codes, strict=True):
        gone = (own == np.arange(count)[:, None]).astype(float)
        kept = 1 - gone
        # rank = 1/2 + values below + half of the equal ones; a group that leaves takes its share of both along
        below = [(side[:, None] < side) + 0.5 * (side[:, None] == side) for side in part.T]
        ranked = [0.5 + table.sum(axis=0) - gone @ table for table in below]
        ranks.append(_slopes(*ranked, kept, correlate=True))
        slopes.append(_slopes(part[:, 0], part[:, 1], kept))
        lines.append(kept @ part / kept.sum(axis=1)[:, None])
    shift = lines[1][:, 1] - (lines[0][:, 1] + slopes[0] * (lines[1][:, 0] - lines[0][:, 0]))
    return np.column_stack([*ranks, ranks[1] - ranks[0], shift, slopes[1] - slopes[0]])


def _slopes(x: np.ndarray, y: np.ndarray, kept: np.ndarray, *, correlate: bool = False) -> np.ndarray:
    n = kept.sum(axis=1)[:, None]
    flat = [1e-20 * (kept * side * side).sum(axis=1) for side in (x, y)]
    x, y = (kept * (side - (kept * side).sum(axis=1)[:, None] / n) for side in (x, y))
    first, second = (x * x).sum(axis=1), (y * y).sum(axis=1)
    varies = (first > flat[0]) & ((second > flat[1]) | (not correlate))
    size = np.where(varies, np.sqrt(first * second) if correlate else first, 1.0)
    return np.where(varies, (x * y).sum(axis=1) / size, np.nan)


def _mean_ranks(values: np.ndarray) -> np.ndarray:
    _, codes, sizes = np.unique(values, return_inverse=True, return_counts=True)
    return (np.cumsum(sizes) - (sizes - 1) / 2)[codes]


def _slope(part: np.ndarray, *, correlate: bool = False) -> float:
    x, y = (part - part.mean(axis=0)).T
    size = np.sqrt((x @ x) * (y @ y)) if correlate else x @ x
    return float(x @ y / size) if size > 1e-300 else np.nan


def _bounded(row: Estimate, se: float, count: int) -> Estimate:
    """A correlation's interval on the scale of atanh, so that it stays inside -1 and 1."""
    if abs(row.value) >= 1 - 1e-12:
        return Estimate(label=row.label, value=row.value, low=np.nan, high=np.nan, level=row.level, n=row.n,
                        method=row.method, unit=row.unit, note="perfect_agreement")
    reach = special.stdtrit(count - 1, (1 + row.level) / 2) * se / (1 - row.value**2)
    low, high = (float(np.tanh(np.arctanh(row.value) + side * reach)) for side in (-1, 1))
    return Estimate(label=row.label, value=row.value, low=low, high=high, level=row.level, n=row.n, method=row.method,
                    unit=row.unit)


def _repair(claim: Drift, q: np.ndarray) -> str:
    before, now, change = claim.table.estimates()[:3]
    weakened, moved, turned = q <= 1 - change.level
    was_there, is_there = (_claimed(row, claim.sign) for row in (before, now))
    if weakened and change.value * claim.sign < 0 and was_there and not is_there:
        return "stopped"
    return "slope" if turned else "intercept" if moved else "none"


def _claimed(row: Estimate, sign: int) -> bool:
    """Whether the association goes the claimed way for certain; without an interval the value decides."""
    end = row.low if sign > 0 else row.high
    return bool((row.value if np.isnan(end) else end) * sign > 0)
