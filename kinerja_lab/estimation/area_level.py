"""What is an area's number when it has few answers? Its own number and what like areas have, each as far as it is sure.

Fay and Herriot's area-level model: a direct number with a known error, and a regression that says where areas like this
one usually are.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.numeric.intervals import normal_quantile
from kinerja_lab.numeric.known_errors import VARIANCE_METHODS, Between, between_variance, weighted_fit
from kinerja_lab.numeric.unsure_spread import known_error_moments

__all__ = ["MSE_FORMULAS", "AreaEstimates", "area_estimates", "benchmarked"]

MSE_FORMULAS = {"REML": "g1 + g2 + 2 g3 (Datta-Lahiri)", "ML": "g1 + g2 + 2 g3 - bias (Datta-Lahiri)",
                "FH": "g1 + g2 + 2 g3 - bias (Datta-Rao-Smith)"}
"""Formula of the mean squared error by method; printed in the report."""

LEAST_SPARE = 5
"""Areas beyond the number of coefficients below which a variance between areas is not worth estimating."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AreaEstimates:
    """Small-area estimates of a model with known errors.

    Parameters
    ----------
    areas : EstimateTable
        By ``("area",)``, label ``"small_area"``. An area without a direct number has the regression's alone
        (``synthetic``).
    direct : numpy.ndarray, shape (areas,)
        Direct numbers as given; NaN where there is none.
    synthetic : numpy.ndarray, shape (areas,)
        What the regression alone says.
    own_share : numpy.ndarray, shape (areas,)
        Share of the direct number in the estimate (gamma), 0 to 1.
    mse : numpy.ndarray, shape (areas,)
        Mean squared error by the formula named; the limits do not rest on it.
    spread : numpy.ndarray, shape (areas,)
        Root of the expected squared distance of the true value from the estimate, averaged over A; the limits lie a
        normal quantile times this away.
    between : Estimate
        Variance of true values around the regression.
    coefficients : EstimateTable
        Of the regression, by ``label``.
    method, mse_formula : str
        Conventions that are printed.
    """

    areas: EstimateTable
    direct: np.ndarray
    synthetic: np.ndarray
    own_share: np.ndarray
    mse: np.ndarray
    spread: np.ndarray
    between: Estimate
    coefficients: EstimateTable
    method: str
    mse_formula: str


def area_estimates(
    direct: np.ndarray, errors: np.ndarray, *, areas: np.ndarray, n: np.ndarray, level: float,
    covariates: np.ndarray | None = None, names: tuple[str, ...] = (), method: str = "REML", unit: str = "scale_points",
) -> AreaEstimates:
    """Best predictions of areas from their direct numbers and a regression.

    Parameters
    ----------
    direct : numpy.ndarray of float, shape (m,)
        Direct numbers; NaN where an area has none that may be used.
    errors : numpy.ndarray of float, shape (m,)
        Variances of the direct numbers, taken as known: smooth them first where areas are small. Positive where there
        is a direct number.
    areas : numpy.ndarray, shape (m,)
        Names, none twice.
    n : numpy.ndarray of int, shape (m,)
        Respondents of each area.
    level : float
        Confidence level, between 0 and 1.
    covariates : numpy.ndarray of float or None, shape (m, p)
        Known for every area, without the constant, which is always there.
    names : tuple of str
        Names of the covariates.
    method : str
        ``"REML"``, ``"ML"`` or ``"FH"`` (moments).
    unit : str
        Unit of the numbers.

    Returns
    -------
    AreaEstimates

    Raises
    ------
    KinerjaError
        ``lengths_differ``, ``areas_repeated``, ``bad_errors``, ``scores_not_finite``, ``unknown_option``.
    NotApplicable
        ``too_few_areas``, ``columns_collinear`` or ``area_model_unsolved``.

    Notes
    -----
    gamma = A/(A + D); estimate gamma y + (1 - gamma) x'b. MSE: g1 = gamma D, g2 = (1 - gamma)^2 x'Vx, g3 = D^2/(A+D)^3
    var A, put together as ``MSE_FORMULAS`` says; without a direct number A + x'Vx. Where A is estimated as 0 every area
    gets the regression's number and the MSE keeps only what the doubt about b and A brings: the note
    ``no_area_variation`` says so. Limits: normal, from the expected squared distance averaged over A
    (``numeric.unsure_spread``), since limits from the MSE are too narrow where errors are larger than the differences.

    References
    ----------
    Fay, R. E., Herriot, R. A. (1979). Estimates of income for small places. JASA 74, 269-277.
    Rao, J. N. K., Molina, I. (2015). Small area estimation, 2nd ed., chapter 6 (6.2.9-6.2.14). Wiley.
    Datta, G. S., Rao, J. N. K., Smith, D. D. (2005). On measuring the variability of small area estimators under a
    basic area level model. Biometrika 92, 183-196.
    """
    direct, errors, x, labels = _checked(direct, errors, areas, n, covariates, names, method)
    known = ~np.isnan(direct)
    if known.sum() < x.shape[1] + LEAST_SPARE:
        raise NotApplicable("too_few_areas", n=int(known.sum()), least=x.shape[1] + LEAST_SPARE)
    if np.linalg.matrix_rank(x[known]) < x.shape[1]:
        raise NotApplicable("columns_collinear")
    found = between_variance(direct[known], x[known], errors[known], method=method)
    if not found.converged:
        raise NotApplicable("area_model_unsolved")
    sharp = 1 / (found.value + errors[known])
    slopes, inverse, _ = weighted_fit(direct[known], x[known], sharp)
    synthetic = x @ slopes
    held = np.where(known, errors, 1.0)
    gamma = np.where(known, found.value / (found.value + held), 0.0)
    value = np.where(known, gamma * np.nan_to_num(direct) + (1 - gamma) * synthetic, synthetic)
    mse = np.where(known, _mse(x, inverse, held, found, method, sharp, x[known]),
                   found.value + np.einsum("ij,jk,ik->i", x, inverse, x))
    note = np.where(~known, "synthetic", "no_area_variation" if found.value == 0 else "")
    spread = _spread(direct, x, errors, known, value)
    half = normal_quantile(level) * spread
    table = EstimateTable(frame=pd.DataFrame({
        "area": np.asarray(areas), "label": "small_area", "value": value, "low": value - half, "high": value + half,
        "level": level, "n": np.asarray(n, dtype=int), "method": f"Fay-Herriot, {method}", "unit": unit, "note": note,
    }), groups=("area",))
    return AreaEstimates(
        areas=table, direct=direct, synthetic=synthetic, own_share=gamma, mse=mse, spread=spread,
        between=_between(found, int(known.sum()), level, method), method=method, mse_formula=MSE_FORMULAS[method],
        coefficients=_coefficients(slopes, inverse, labels, int(known.sum()), level, unit),
    )


def benchmarked(estimates: AreaEstimates, *, shares: np.ndarray, target: float) -> AreaEstimates:
    """Move all areas by the same amount so that their weighted sum is a number known better.

    Parameters
    ----------
    estimates : AreaEstimates
        Before.
    shares : numpy.ndarray of float, shape (areas,)
        Share of each area in the whole; they add up to 1.
    target : float
        Direct number of the whole.

    Returns
    -------
    AreaEstimates
        Limits move along; the squared move is added to the mean squared error and shows in wider limits.

    Raises
    ------
    KinerjaError
        ``lengths_differ`` or ``bad_shares``.

    Notes
    -----
    Difference benchmarking: estimate + (target - sum of shares times estimates).

    References
    ----------
    Rao, J. N. K., Molina, I. (2015). Small area estimation, 2nd ed., section 6.4.6. Wiley.
    """
    shares = np.asarray(shares, dtype=float)
    if shares.shape != estimates.mse.shape:
        raise KinerjaError("lengths_differ", first=len(estimates.mse), second=len(shares))
    if (shares < 0).any() or abs(shares.sum() - 1) > 1e-9 or not np.isfinite(target):
        raise KinerjaError("bad_shares", value=f"{shares.sum():.6g}")
    frame = estimates.areas.frame.copy()
    move = target - float(shares @ frame["value"].to_numpy())
    spread = np.hypot(estimates.spread, move)
    half = special.ndtri((1 + frame["level"].to_numpy()) / 2) * spread
    frame["value"] += move
    frame["low"], frame["high"] = frame["value"] - half, frame["value"] + half
    frame["method"] += ", benchmarked"
    return replace(estimates, areas=EstimateTable(frame=frame, groups=("area",)), mse=estimates.mse + move**2,
                   spread=spread)


def _checked(direct, errors, areas, n, covariates, names, method):
    direct, errors = np.asarray(direct, dtype=float), np.asarray(errors, dtype=float)
    if method not in VARIANCE_METHODS:
        raise KinerjaError("unknown_option", name="method", value=str(method), choices=", ".join(VARIANCE_METHODS),
                           nearest="-")
    for other in (errors, areas, n):
        if len(other) != len(direct):
            raise KinerjaError("lengths_differ", first=len(direct), second=len(other))
    repeated = pd.Series(np.asarray(areas)).duplicated()
    if repeated.any():
        raise KinerjaError("areas_repeated", area=str(np.asarray(areas)[repeated.to_numpy()][0]))
    known = ~np.isnan(direct)
    wrong = known & ~(np.isfinite(errors) & (errors > 0))
    if wrong.any():
        raise KinerjaError("bad_errors", n=int(wrong.sum()), area=str(np.asarray(areas)[wrong][0]))
    x = np.ones((len(direct), 1))
    if covariates is not None:
        covariates = np.asarray(covariates, dtype=float)
        if covariates.ndim != 2 or len(covariates) != len(direct) or len(names) != covariates.shape[1]:
            raise KinerjaError("lengths_differ", first=len(direct), second=len(covariates))
        x = np.column_stack([x, covariates])
    odd = int((~np.isfinite(x)).any(axis=1).sum() + np.isinf(direct).sum())
    if odd:
        raise KinerjaError("scores_not_finite", n=odd)
    return direct, errors, x, ("constant", *(names if covariates is not None else ()))


def _spread(direct, x, errors, known, value) -> np.ndarray:
    """Root of the expected squared distance of each area's true value from its estimate."""
    moments = known_error_moments(direct[known], x[known], errors[known], at=x[~known])
    mean, variance = np.empty(len(x)), np.empty(len(x))
    for whole, part in ((mean, moments[0]), (variance, moments[1])):
        whole[known], whole[~known] = part[:known.sum()], part[known.sum():]
    return np.sqrt(variance + (mean - value) ** 2)


def _mse(x, inverse, errors, found: Between, method: str, sharp, x_known) -> np.ndarray:
    away = errors / (found.value + errors)
    first = found.value * away
    second = away**2 * np.einsum("ij,jk,ik->i", x, inverse, x)
    third = errors**2 / (found.value + errors) ** 3 * found.variance
    bias = 0.0
    if method == "ML":
        bias = -np.trace(inverse @ ((x_known * (sharp**2)[:, None]).T @ x_known)) / (sharp**2).sum()
    elif method == "FH":
        bias = 2 * (len(sharp) * (sharp**2).sum() - sharp.sum() ** 2) / sharp.sum() ** 3
    return first + second + 2 * third - bias * away**2


def _between(found: Between, m: int, level: float, method: str) -> Estimate:
    half = normal_quantile(level) * np.sqrt(found.variance)
    return Estimate(label="between_areas", value=found.value, low=max(found.value - half, 0.0), high=found.value + half,
                    level=level, n=m, method=f"{method}, Wald, cut at 0", unit="variance")


def _coefficients(slopes, inverse, names, m: int, level: float, unit: str) -> EstimateTable:
    half = normal_quantile(level) * np.sqrt(np.diag(inverse))
    return EstimateTable(frame=pd.DataFrame({
        "label": list(names), "value": slopes, "low": slopes - half, "high": slopes + half, "level": level, "n": m,
        "method": "weighted least squares, normal", "unit": unit, "note": "",
    }))
