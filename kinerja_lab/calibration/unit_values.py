"""What is each unit's outcome over its months, and how sure is it?"""

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.estimate import MEASURED_IN, EstimateTable
from kinerja_lab.core.options import MeasureKind
from kinerja_lab.core.outcome import OutcomeData
from kinerja_lab.numeric.intervals import t_interval, wilson

__all__ = ["unit_values"]

LEAST_PERIODS = 6


def unit_values(outcomes: OutcomeData, *, measure: str, level: float) -> EstimateTable:
    """Value of each unit with the interval that its own months give.

    Parameters
    ----------
    outcomes : OutcomeData
        Months (or other periods) of the units.
    measure : str
        Code of the measure.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable
        Groups ``("agency", "unit")``, label the measure. ``n`` is the cases behind the value where the measure has
        denominators, else the periods. With fewer than six periods a share has Wilson's interval, anything else none
        (``few_periods``).

    Raises
    ------
    KinerjaError
        ``unknown_measure`` or ``bad_level``.

    Notes
    -----
    Ratio of sums, R = sum w v / sum w with the denominators as weights; se^2 = m / (m - 1) sum (w (v - R))^2 / (sum
    w)^2 over m periods, t with m - 1 degrees of freedom: months that vary more than chance widen it.

    References
    ----------
    Cochran, W. G. (1977). Sampling Techniques, 3rd ed., section 6.4.
    """
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    known = outcomes.measure(measure)
    rows = outcomes.of(measure).dropna(subset=["value"])
    counted = rows["denominator"].notna().to_numpy() & (rows["denominator"].to_numpy(dtype=float) > 0)
    weight = np.where(counted, rows["denominator"].to_numpy(dtype=float), 1.0)
    keys = pd.MultiIndex.from_frame(rows[["agency", "unit"]].astype(str))
    codes, units = pd.factorize(keys, sort=True)
    count = len(units)
    value = rows["value"].to_numpy(dtype=float)
    total = np.bincount(codes, weights=weight, minlength=count)
    mean = np.bincount(codes, weights=weight * value, minlength=count) / total
    months = np.bincount(codes, minlength=count)
    squares = np.bincount(codes, weights=(weight * (value - mean[codes])) ** 2, minlength=count)
    se = np.sqrt(squares * months / np.maximum(months - 1, 1)) / total
    low, high = t_interval(mean, se, months - 1, level=level)
    few = months < LEAST_PERIODS
    low, high = np.where(few, np.nan, low), np.where(few, np.nan, high)
    method = np.full(count, "ratio over periods, t", dtype=object)
    if known.kind is MeasureKind.PROPORTION:
        events = np.bincount(codes, weights=np.nan_to_num(rows["events"].to_numpy(dtype=float)), minlength=count)
        ends = wilson(np.minimum(events, total), total, level=level)
        low, high = (np.where(few, known.scale * own, side) for own, side in zip(ends, (low, high), strict=True))
        low, high = np.minimum(np.maximum(low, 0.0), mean), np.maximum(np.minimum(high, known.scale), mean)
        method[few] = "Wilson"
    frame = pd.DataFrame(list(units), columns=["agency", "unit"]) if count else pd.DataFrame(
        columns=["agency", "unit"])
    frame = frame.assign(label=measure, value=mean, low=low, high=high, level=level, method=method, note=np.where(
        np.isfinite(low), "", "few_periods"), n=np.where(
        np.bincount(codes, weights=counted, minlength=count) > 0, np.round(total), months).astype(int))
    frame[MEASURED_IN] = known.unit
    return EstimateTable(frame=frame, groups=("agency", "unit"))
