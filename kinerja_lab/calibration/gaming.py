"""Do the numbers look made to fit? Signals to ask about, never proof."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.calibration.unit_rows import need_columns
from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.core.hypothesis import HypothesisTest
from kinerja_lab.core.message import Message
from kinerja_lab.core.options import Polarity
from kinerja_lab.numeric.intervals import binomial_exact, wilson

__all__ = ["DigitPreference", "Heaping", "digit_preference", "heaping_at_target", "on_target", "sudden_jumps"]

LEAST_NEAR = 10
LEAST_DIGITS = 50
LEAST_PERIODS = 8
JUMP = 8.0
"""Robust standard deviations from which a change is a jump (house convention)."""
_SAME = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Heaping:
    """Units just on the good side of a target against those just short of it.

    Parameters
    ----------
    good_side : Estimate
        Share of the units near the target that stand on its good side; about one half where nobody looks at it.
    p : float
        One-sided, of no more than one half.
    width : float
        How near "near" is, in the unit of the indicator.
    """

    good_side: Estimate
    p: float
    width: float


@dataclass(frozen=True, slots=True, kw_only=True)
class DigitPreference:
    """Last digits of written numbers.

    Parameters
    ----------
    round_share : Estimate
        Share that ends in 0 or 5; one fifth where nobody rounds.
    uniform : HypothesisTest
        Of all ten digits being equally frequent.
    """

    round_share: Estimate
    uniform: HypothesisTest


def heaping_at_target(
    values: np.ndarray, *, target: float, polarity: Polarity, level: float, width: float | None = None,
) -> Heaping:
    """Caliper test at a target.

    Parameters
    ----------
    values : numpy.ndarray, shape (units,)
        Values of units; those that are not finite are left out.
    target : float
        Target in the same unit.
    polarity : Polarity
        Which side is good; a value on the target is.
    level : float
        Confidence level, between 0 and 1.
    width : float, optional
        Distance that counts as near; a fourth of the interquartile range where it is not given.

    Returns
    -------
    Heaping

    Raises
    ------
    KinerjaError
        ``target_value``, ``width_value`` or ``bad_level``.
    NotApplicable
        ``polarity_stabilise``, or ``too_few_near`` (fewer than ten units near the target).

    Notes
    -----
    Where the distribution of units is smooth, about as many lie just above as just below. Exact binomial. A
    distribution that is steep at the target leans to its higher side by itself; a narrow width keeps that small.

    References
    ----------
    Gerber, A., Malhotra, N. (2008). Do statistical reporting standards affect what is published? Quarterly Journal of
    Political Science 3, 313-326.
    """
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    if not np.isfinite(target):
        raise KinerjaError("target_value", value=str(target))
    if polarity is Polarity.STABILISE:
        raise NotApplicable("polarity_stabilise")
    if width is None:
        width = float(np.subtract(*np.quantile(values, [0.75, 0.25])) / 4) if len(values) else 0.0
    elif not width > 0:
        raise KinerjaError("width_value", value=str(width))
    gap = (values - target) * (1 if polarity is Polarity.MAXIMISE else -1)
    slack = _SAME * (1 + abs(target))
    good, short = int(((gap >= -slack) & (gap < width)).sum()), int(((gap < -slack) & (gap >= -width)).sum())
    if good + short < LEAST_NEAR:
        raise NotApplicable("too_few_near", n=good + short, least=LEAST_NEAR)
    low, high = binomial_exact(good, good + short, level=level)
    share = Estimate(label="good_side", value=good / (good + short), low=float(low), high=float(high), level=level,
                     n=good + short, method="caliper test, Clopper-Pearson", unit="share")
    return Heaping(good_side=share, p=float(special.bdtrc(good - 1, good + short, 0.5)) if good else 1.0, width=width)


def on_target(targets: np.ndarray, realisations: np.ndarray, *, level: float) -> Estimate:
    """Share of realisations that equal their target.

    Parameters
    ----------
    targets, realisations : numpy.ndarray, shape (entries,)
        In the same unit; entries where either is missing are left out.
    level : float
        Confidence level, between 0 and 1.

    Raises
    ------
    KinerjaError
        ``lengths_differ`` or ``bad_level``.
    NotApplicable
        ``nothing_to_compare``.

    Examples
    --------
    >>> on_target(np.array([70.0, 72.0]), np.array([70.0, 73.1]), level=0.95).value
    0.5
    """
    targets, realisations = np.asarray(targets, dtype=float), np.asarray(realisations, dtype=float)
    if len(targets) != len(realisations):
        raise KinerjaError("lengths_differ", first=len(targets), second=len(realisations))
    known = np.isfinite(targets) & np.isfinite(realisations)
    if not known.any():
        raise NotApplicable("nothing_to_compare")
    same = int((np.abs(targets - realisations)[known] <= _SAME * (1 + np.abs(targets[known]))).sum())
    low, high = wilson(same, known.sum(), level=level)
    return Estimate(label="on_target", value=same / int(known.sum()), low=float(low), high=float(high), level=level,
                    n=int(known.sum()), method="Wilson", unit="share")


def digit_preference(values: np.ndarray, *, decimals: int, level: float) -> DigitPreference:
    """Whether last digits are as frequent as chance makes them.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
        Numbers as written; those that are not finite are left out. Not for ratios of small counts, whose digits have
        a pattern of their own.
    decimals : int
        Decimals that were written, at least 0.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    DigitPreference

    Raises
    ------
    KinerjaError
        ``digits_decimals`` (negative, or values have more) or ``bad_level``.
    NotApplicable
        ``too_few_digits`` (fewer than fifty) or ``digits_not_free`` (values span fewer than five times ten last places,
        so that last digits are not free).

    References
    ----------
    Mosimann, J. E., Wiseman, C. V., Edelman, R. E. (1995). Data fabrication: can people generate random digits?
    Accountability in Research 4, 31-55.
    """
    values = np.asarray(values, dtype=float)
    values = values[np.isfinite(values)]
    places = np.abs(values) * 10.0**decimals if decimals >= 0 else values
    whole = np.round(places)
    if decimals < 0 or (np.abs(places - whole) > 1e-6 * (1 + places)).any():
        raise KinerjaError("digits_decimals", value=int(decimals))
    if len(values) < LEAST_DIGITS:
        raise NotApplicable("too_few_digits", n=len(values), least=LEAST_DIGITS)
    if np.ptp(whole) < 50:
        raise NotApplicable("digits_not_free")
    digits = np.bincount((whole % 10).astype(int), minlength=10)
    n = int(digits.sum())
    chi2 = float(((digits - n / 10) ** 2).sum() / (n / 10))
    low, high = wilson(digits[0] + digits[5], n, level=level)
    share = Estimate(label="round_share", value=float((digits[0] + digits[5]) / n), low=float(low), high=float(high),
                     level=level, n=n, method="Wilson", unit="share")
    return DigitPreference(round_share=share, uniform=HypothesisTest(
        statistic=chi2, df=9, p=float(special.chdtrc(9, chi2)), null=Message("null.digits_uniform"),
        distribution="chi2", method="chi-square of last digits", n=n))


def sudden_jumps(frame: pd.DataFrame, *, at_least: float = JUMP) -> pd.DataFrame:
    """Changes between neighbouring periods that stand far out of a unit's own.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``unit, period, value``, one row a unit and period; periods sort in time.
    at_least : float
        Robust standard deviations (1.4826 x median absolute deviation of the unit's changes), above 0.

    Returns
    -------
    pandas.DataFrame
        ``unit, period`` (of the value after the jump), ``before, after, size`` (robust standard deviations); largest
        first. Units with fewer than eight values, or whose changes do not vary, are not judged.

    Raises
    ------
    KinerjaError
        ``missing_columns``, ``unit_periods_repeated`` or ``width_value``.
    NotApplicable
        ``too_few_periods`` when no unit can be judged.
    """
    need_columns(frame, ("unit", "period", "value"))
    if not at_least > 0:
        raise KinerjaError("width_value", value=str(at_least))
    if frame.duplicated(["unit", "period"]).any():
        raise KinerjaError("unit_periods_repeated", n=int(frame.duplicated(["unit", "period"]).sum()))
    rows = frame.dropna(subset=["value"]).sort_values(["unit", "period"], ignore_index=True)
    value, unit = rows["value"].to_numpy(dtype=float), rows["unit"].to_numpy()
    starts = np.flatnonzero(np.concatenate([[True], unit[1:] != unit[:-1]])) if len(rows) else np.zeros(0, dtype=int)
    sizes = np.full(len(rows), np.nan)
    for first, after in zip(starts, [*starts[1:], len(rows)], strict=True):
        change = np.diff(value[first:after])
        off = np.abs(change - np.median(change)) if len(change) >= LEAST_PERIODS - 1 else np.zeros(0)
        spread = 1.4826 * np.median(off) if len(off) else 0.0
        if spread > 0:
            sizes[first + 1:after] = off / spread
    if np.isnan(sizes).all():
        most = int(np.diff([*starts, len(rows)]).max()) if len(rows) else 0
        raise NotApplicable("too_few_periods", n=most, needed=LEAST_PERIODS)
    found = rows.assign(before=rows["value"].shift(), after=value, size=sizes)
    found = found[found["size"] >= at_least].sort_values("size", ascending=False, kind="stable")
    return found[["unit", "period", "before", "after", "size"]].reset_index(drop=True)
