"""Has the level moved a little and stayed there? CUSUM and EWMA charts, which see what single points cannot."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError

__all__ = ["ShiftChart", "cusum_chart", "ewma_chart"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShiftChart:
    """A series gathered over time against its limits.

    Parameters
    ----------
    points : pandas.DataFrame
        ``period`` and, for ``"cusum"``, ``up, down`` (in standard deviations, down at most 0) with ``limit``; for
        ``"ewma"``, ``value, low, high``.
    flagged : tuple of str
        Periods beyond a limit.
    kind : str
        ``"cusum"`` or ``"ewma"``.
    method : str
        The conventions used.
    """

    points: pd.DataFrame
    flagged: tuple[str, ...]
    kind: str
    method: str


def cusum_chart(
    values: np.ndarray, *, periods: np.ndarray, centre: float, sd: np.ndarray, shift: float = 1.0, limit: float = 5.0,
) -> ShiftChart:
    """Tabular CUSUM, upward and downward.

    Parameters
    ----------
    values : numpy.ndarray, shape (points,)
        Finite values in time order.
    periods : numpy.ndarray, shape (points,)
        Names.
    centre : float
        Level under no change.
    sd : numpy.ndarray or float
        Positive standard deviation of each value under no change.
    shift : float
        Shift to be found, in standard deviations; half of it is the allowance k.
    limit : float
        Decision interval h, in standard deviations.

    Returns
    -------
    ShiftChart

    Raises
    ------
    KinerjaError
        ``scores_not_finite``, ``lengths_differ``, ``shift_bad_sd`` or ``shift_bad_constant``.

    Notes
    -----
    up = max(0, up + z - k), down = min(0, down + z + k). With k = 0.5 and h = 5 a false alarm comes about every 465
    points, a shift of one standard deviation is seen after about ten.

    References
    ----------
    Page, E. S. (1954). Continuous inspection schemes. Biometrika 41, 100-115.
    Montgomery, D. C. (2013). Introduction to statistical quality control, 7th ed., section 9.1. Wiley.
    """
    values, names, sd = _checked(values, periods, centre, sd)
    if not (shift > 0 and limit > 0):
        raise KinerjaError("shift_bad_constant", value=float(min(shift, limit)))
    z, allowance = (values - centre) / sd, shift / 2
    up, down = np.zeros(len(z)), np.zeros(len(z))
    high = low = 0.0
    for place, score in enumerate(z):
        high, low = max(0.0, high + score - allowance), min(0.0, low + score + allowance)
        up[place], down[place] = high, low
    out = (up > limit) | (down < -limit)
    return ShiftChart(points=pd.DataFrame({"period": names, "up": up, "down": down, "limit": limit}),
                      flagged=tuple(names[out].tolist()), kind="cusum",
                      method=f"CUSUM, k = {allowance:g}, h = {limit:g} standard deviations")


def ewma_chart(
    values: np.ndarray, *, periods: np.ndarray, centre: float, sd: np.ndarray, weight: float = 0.2,
    sigmas: float = 3.0,
) -> ShiftChart:
    """Exponentially weighted moving average with exact limits.

    Parameters
    ----------
    values, periods, centre, sd
        As for ``cusum_chart``.
    weight : float
        Weight of the newest value, above 0 up to 1.
    sigmas : float
        Distance of the limits in standard deviations.

    Returns
    -------
    ShiftChart

    Raises
    ------
    KinerjaError
        As ``cusum_chart``.

    Notes
    -----
    e_t = w x_t + (1 - w) e_(t-1), from the centre; Var(e_t) = w^2 s_t^2 + (1 - w)^2 Var(e_(t-1)).

    References
    ----------
    Roberts, S. W. (1959). Control chart tests based on geometric moving averages. Technometrics 1, 239-250.
    """
    values, names, sd = _checked(values, periods, centre, sd)
    if not (0 < weight <= 1 and sigmas > 0):
        raise KinerjaError("shift_bad_constant", value=float(weight))
    mean, variance = np.empty(len(values)), np.empty(len(values))
    level, spread = float(centre), 0.0
    for place, value in enumerate(values):
        level = weight * value + (1 - weight) * level
        spread = weight**2 * sd[place] ** 2 + (1 - weight) ** 2 * spread
        mean[place], variance[place] = level, spread
    reach = sigmas * np.sqrt(variance)
    out = np.abs(mean - centre) > reach
    return ShiftChart(points=pd.DataFrame({"period": names, "value": mean, "low": centre - reach,
                                           "high": centre + reach}),
                      flagged=tuple(names[out].tolist()), kind="ewma",
                      method=f"EWMA, weight {weight:g}, limits at {sigmas:g} standard deviations")


def _checked(values, periods, centre, sd) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    values, names = np.asarray(values, dtype=float), np.asarray(periods).astype(str)
    if len(values) != len(names):
        raise KinerjaError("lengths_differ", first=len(values), second=len(names))
    if not (np.isfinite(values).all() and np.isfinite(centre)):
        raise KinerjaError("scores_not_finite", n=int((~np.isfinite(values)).sum()))
    sd = np.broadcast_to(np.asarray(sd, dtype=float), values.shape)
    if not (np.isfinite(sd) & (sd > 0)).all():
        raise KinerjaError("shift_bad_sd", n=int((~(np.isfinite(sd) & (sd > 0))).sum()))
    return values, names, sd
