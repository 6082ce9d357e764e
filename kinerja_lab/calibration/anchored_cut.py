"""At which score does the outcome cross what is wanted, and where does that stand beside another cut?"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from kinerja_lab.calibration.outcome_curve import OutcomeCurve
from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.numeric.intervals import wilson

__all__ = ["CutComparison", "against_cut", "anchored_cut"]

_GRID = 801


@dataclass(frozen=True, slots=True, kw_only=True)
class CutComparison:
    """A cut from outcomes beside another one.

    Parameters
    ----------
    difference : Estimate
        Other cut less anchored cut: above 0 the other one asks for more than the outcome does.
    between : Estimate
        Share of units whose score lies between the two cuts: their verdict hangs on which is used.
    stricter : bool
        Whether units between the two pass the anchored cut and fail the other.
    """

    difference: Estimate
    between: Estimate
    stricter: bool


def anchored_cut(curve: OutcomeCurve, *, target: float, label: str = "anchored") -> Estimate:
    """Score at which the expected outcome crosses a target.

    Parameters
    ----------
    curve : OutcomeCurve
        From ``outcome_curve`` or ``share_curve``.
    target : float
        In the unit of the curve (a share for ``share_curve``).
    label : str
        Label of the estimate.

    Returns
    -------
    Estimate
        The interval holds every score whose band holds the target (for a line: Fieller's). Where it reaches the
        smallest or largest score seen, that end is infinite: the data set no bound there.

    Raises
    ------
    KinerjaError
        ``target_value``.
    NotApplicable
        ``target_not_crossed`` (no score seen has that outcome) or ``target_crossed_often`` (a curve that turns).

    References
    ----------
    Fieller, E. C. (1954). Some problems in interval estimation. Journal of the Royal Statistical Society B 16, 175-185.
    """
    if not np.isfinite(target) or (curve.share and not 0 < target < 1):
        raise KinerjaError("target_value", value=str(target))
    grid = np.linspace(*curve.span, _GRID)
    value, low, high = curve.band(grid)

    def root(which: int, start: int) -> float:
        def gap(score: float) -> float:
            return float(curve.band(np.array([score]))[which][0] - target)
        return float(brentq(gap, grid[start], grid[start + 1], xtol=1e-12)) if gap(grid[start]) else float(grid[start])

    crossings = np.flatnonzero(np.diff(value >= target))
    if len(crossings) == 0:
        raise NotApplicable("target_not_crossed", target=target, low=float(value.min()), high=float(value.max()))
    if len(crossings) > 1:
        raise NotApplicable("target_crossed_often", target=target, n=len(crossings))
    cut = root(0, crossings[0])
    holds = (low <= target) & (target <= high)
    before, after = grid < cut, grid > cut
    ends = []
    for side, last in ((before, -1), (after, 0)):
        out = np.flatnonzero(side & ~holds)
        if len(out) == 0:
            ends.append(np.nan)
            continue
        place = int(out[last])
        start = place if side is before else place - 1
        which = 1 if (low[place] > target) else 2
        ends.append(root(which, start))
    left = -np.inf if np.isnan(ends[0]) else min(ends[0], cut)
    right = np.inf if np.isnan(ends[1]) else max(ends[1], cut)
    return Estimate(label=label, value=cut, low=left, high=right, level=curve.level, n=curve.n,
                    method=f"{curve.method}; inverted band", unit="score")


def against_cut(anchored: Estimate, *, other: Estimate | float, scores: np.ndarray) -> CutComparison:
    """A cut from outcomes beside a legal cut or a panel's.

    Parameters
    ----------
    anchored : Estimate
        From ``anchored_cut``.
    other : Estimate or float
        The panel's cut with its interval at the same level; a number for a cut that is fixed by law and has no error.
    scores : numpy.ndarray, shape (units,)
        Scores of all units.

    Returns
    -------
    CutComparison
        A panel's cut without an interval gives a difference without one (``cut_without_interval``).

    Raises
    ------
    KinerjaError
        ``cut_levels_differ`` or ``scores_not_finite``.

    Notes
    -----
    The arms of both intervals join by squares (MOVER), as for independent estimates.

    References
    ----------
    Zou, G. Y., Donner, A. (2008). Construction of confidence limits about effect measures. Statistics in Medicine 27,
    1693-1702.

    Examples
    --------
    >>> cut = Estimate(label="anchored", value=70.0, low=67.0, high=74.0, n=60, method="-", unit="score")
    >>> beside = against_cut(cut, other=76.61, scores=np.array([60.0, 72.0, 75.0, 80.0]))
    >>> round(beside.difference.low, 2), beside.between.value, beside.stricter
    (2.61, 0.5, True)
    """
    scores = np.asarray(scores, dtype=float)
    if not np.isfinite(scores).all():
        raise KinerjaError("scores_not_finite", n=int((~np.isfinite(scores)).sum()))
    value, low, high, note = float(other) if not isinstance(other, Estimate) else other.value, 0.0, 0.0, ""
    if isinstance(other, Estimate):
        if other.level != anchored.level:
            raise KinerjaError("cut_levels_differ", first=anchored.level, second=other.level)
        low, high = other.value - other.low, other.high - other.value
        note = "" if other.has_interval else "cut_without_interval"
    gap = value - anchored.value
    difference = Estimate(
        label="difference", value=gap, low=float(gap - np.hypot(low, anchored.high - anchored.value)),
        high=float(gap + np.hypot(high, anchored.value - anchored.low)), level=anchored.level, n=anchored.n,
        method="difference of two cuts, MOVER", unit="score", note=note)
    between = int(((scores >= min(value, anchored.value)) & (scores < max(value, anchored.value))).sum())
    ends = wilson(between, len(scores), level=anchored.level)
    share = Estimate(label="between", value=between / len(scores) if len(scores) else np.nan, low=float(ends[0]),
                     high=float(ends[1]), level=anchored.level, n=len(scores), method="Wilson", unit="share",
                     note="" if len(scores) else "no_answers")
    return CutComparison(difference=difference, between=share, stricter=gap > 0)
