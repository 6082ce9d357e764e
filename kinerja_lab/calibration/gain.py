"""Does knowing the indicator help to foretell the outcome of units that were not looked at?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.calibration.criterion import LEAST_REGIONS
from kinerja_lab.calibration.unit_rows import unit_rows
from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.numeric.intervals import t_interval

__all__ = ["PredictiveGain", "predictive_gain"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PredictiveGain:
    """What an indicator adds to the forecast of an outcome.

    Parameters
    ----------
    gain : Estimate
        Share of the squared error of the base line that the indicator takes away in units left out of the fit; below 0
        when it makes forecasts worse.
    base_error, full_error : float
        Root mean squared error in units left out, without and with the indicator, in the unit of the outcome.
    p : float
        One-sided, of no gain.
    left_out : str
        ``"region"`` or ``"unit"``: what was left out at a time.
    """

    gain: Estimate
    base_error: float
    full_error: float
    p: float
    left_out: str


def predictive_gain(frame: pd.DataFrame, *, level: float, case_mix: Sequence[str] = ()) -> PredictiveGain:
    """Cross-validated gain over the base line.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a unit: ``unit, region, indicator, outcome`` and the case-mix columns; rows without a value are left
        out.
    level : float
        Confidence level, between 0 and 1.
    case_mix : sequence of str
        Columns of numbers that the base line knows; without any, the base line is the mean.

    Returns
    -------
    PredictiveGain

    Raises
    ------
    KinerjaError
        ``missing_columns``, ``units_repeated`` or ``bad_level``.
    NotApplicable
        ``too_few_common_units``, ``constant_side``, ``columns_not_independent`` or ``gain_hangs_on_one``.

    Notes
    -----
    Least squares on ranks is not used: the forecast is in the outcome's own unit. With eight regions or more whole
    regions are left out, else single units; the errors of the left-out follow in closed form,
    e_g + X_g M (I - X_g' X_g M)^-1 X_g' e_g, so nothing is fitted twice. gain = 1 - sum of squares with / without the
    indicator; its error is that of a ratio of sums over what was left out, t with one degree of freedom less. It leaves
    out that the fits share their data, so read an interval that barely leaves 0 as open.

    References
    ----------
    Stone, M. (1974). Cross-validatory choice and assessment of statistical predictions. Journal of the Royal
    Statistical Society B 36, 111-147. Cook, R. D., Weisberg, S. (1982). Residuals and Influence in Regression, ch. 3.6.
    """
    x, y, mix, region = unit_rows(frame, case_mix=case_mix)
    by_region = int(region.max()) + 1 >= LEAST_REGIONS
    codes = region if by_region else np.arange(len(x))
    base = _left_out_squares(np.column_stack([np.ones(len(x)), mix]), y, codes)
    full = _left_out_squares(np.column_stack([np.ones(len(x)), mix, x]), y, codes)
    groups = len(base)
    ratio = full.sum() / base.sum()
    se = float(np.sqrt(groups / (groups - 1) * ((full - ratio * base) ** 2).sum()) / base.sum())
    low, high = t_interval(1 - ratio, se, groups - 1, level=level)
    p = float(special.stdtr(groups - 1, -(1 - ratio) / se)) if se > 0 else float(ratio >= 1)
    what = "region" if by_region else "unit"
    gain = Estimate(label="gain", value=float(1 - ratio), low=float(low), high=float(high), level=level, n=len(x),
                    method=f"least squares, one {what} left out at a time ({groups})", unit="share")
    errors = [float(np.sqrt(squares.sum() / len(x))) for squares in (base, full)]
    return PredictiveGain(gain=gain, base_error=errors[0], full_error=errors[1], p=p, left_out=what)


def _left_out_squares(design: np.ndarray, response: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Sum of squared errors of each group when it is left out of the fit."""
    turned, triangle = np.linalg.qr(design)
    if len(design) <= design.shape[1] or np.abs(np.diag(triangle)).min() <= 1e-10 * np.abs(np.diag(triangle)).max():
        raise NotApplicable("columns_not_independent")
    residual = response - turned @ (turned.T @ response)
    count, p = int(codes.max()) + 1, design.shape[1]
    cross, scores = np.zeros((count, p, p)), np.zeros((count, p))
    np.add.at(cross, codes, turned[:, :, None] * turned[:, None, :])
    np.add.at(scores, codes, turned * residual[:, None])
    gap = np.eye(p) - cross
    if np.linalg.eigvalsh(gap).min() <= 1e-9:
        raise NotApplicable("gain_hangs_on_one")
    lift = np.linalg.solve(gap, scores[:, :, None])[:, :, 0]
    return np.bincount(codes, weights=(residual + (turned * lift[codes]).sum(axis=1)) ** 2, minlength=count)
