"""Which parameters bring a model's statistics nearest to the observed ones, and how far is what remains beyond chance?

Diagonally weighted least squares with mean- and variance-adjusted statistics; the covariance matrix of the observed
statistics comes from outside, so independent cases, weights and clusters are all the same here.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize

__all__ = ["AdjustedChi2", "StructureFit", "adjusted_chi2", "difference_chi2", "fit_structure", "parameter_covariance",
           "slopes"]

Model = Callable[[np.ndarray], np.ndarray]

_TINY = 1e-30


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StructureFit:
    """Where the search ended.

    Parameters
    ----------
    point : numpy.ndarray
        Parameters.
    residual : numpy.ndarray
        Observed minus implied statistics.
    jacobian : numpy.ndarray, shape (statistics, parameters)
        Slope of the implied statistics.
    distance : float
        Sum of weight times squared residual.
    converged : bool
        Whether the search met its tolerance.
    steps : int
        Evaluations used.
    slope : float
        Largest slope of the distance that is left.
    """

    point: np.ndarray
    residual: np.ndarray
    jacobian: np.ndarray
    distance: float
    converged: bool
    steps: int
    slope: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AdjustedChi2:
    """A distance as chi-square, plain and adjusted.

    Parameters
    ----------
    plain : float
        The distance itself.
    adjusted : float
        ``plain / factor + shift``.
    df : int
        Statistics minus parameters.
    factor, shift : float
        Of the adjustment.
    mean : float
        Trace over df: what the plain statistic is on average under the model, over df.
    """

    plain: float
    adjusted: float
    df: int
    factor: float
    shift: float
    mean: float


def slopes(model: Model, point: np.ndarray) -> np.ndarray:
    """Slope of a model's statistics in its parameters by complex steps: exact to rounding.

    Parameters
    ----------
    model : callable
        From parameters (last axis) to statistics (last axis); takes many points at once, complex ones too.
    point : numpy.ndarray
        Where.

    References
    ----------
    Squire, W., Trapp, G. (1998). Using complex variables to estimate derivatives of real functions. SIAM Review 40,
    110-112.
    """
    return np.imag(model(point + 1j * _TINY * np.eye(len(point)))).T / _TINY


def fit_structure(model: Model, *, observed: np.ndarray, weights: np.ndarray, start: np.ndarray,
                  most: int = 400) -> StructureFit:
    """Weighted least squares.

    Parameters
    ----------
    model : callable
        As for ``slopes``.
    observed, weights : numpy.ndarray, shape (statistics,)
        Observed statistics and positive weights.
    start : numpy.ndarray
        First guess.
    most : int
        Evaluations at most.
    """
    root = np.sqrt(weights)
    found = optimize.least_squares(
        lambda point: root * (observed - model(point)), start, jac=lambda point: -root[:, None] * slopes(model, point),
        method="lm" if len(observed) >= len(start) else "trf", xtol=1e-13, ftol=1e-15, gtol=1e-13, max_nfev=most)
    jacobian = slopes(model, found.x)
    residual = observed - model(found.x)
    slope = float(np.abs(jacobian.T @ (weights * residual)).max()) if len(start) else 0.0
    scale = float(weights.max())
    return StructureFit(point=found.x, residual=residual, jacobian=jacobian, steps=int(found.nfev), slope=slope,
                        distance=float(weights @ residual**2), converged=bool(slope <= 1e-6 * max(scale, 1.0)))


def parameter_covariance(fit: StructureFit, *, weights: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Sandwich covariance matrix of the parameters.

    Parameters
    ----------
    fit : StructureFit
        The fit.
    weights : numpy.ndarray
        Its weights.
    covariance : numpy.ndarray
        Covariance matrix of the observed statistics under the design.
    """
    weighted = fit.jacobian * weights[:, None]
    bread = np.linalg.inv(fit.jacobian.T @ weighted)
    return bread @ (weighted.T @ covariance @ weighted) @ bread


def adjusted_chi2(distance: float, *, jacobian: np.ndarray, weights: np.ndarray,
                  covariance: np.ndarray) -> AdjustedChi2:
    """The distance scaled and shifted so that mean and variance are those of chi-square.

    Parameters
    ----------
    distance : float
        Weighted sum of squares, weights being one over the variances of the statistics.
    jacobian : numpy.ndarray, shape (statistics, parameters)
        Slope of the implied statistics; without columns for the model without parameters.
    weights : numpy.ndarray
        The weights.
    covariance : numpy.ndarray
        Covariance matrix of the observed statistics under the design.

    References
    ----------
    Asparouhov, T., Muthen, B. (2010). Simple second order chi-square correction. Mplus technical appendix.
    """
    weighted = jacobian * weights[:, None]
    rest = np.diag(weights)
    if jacobian.shape[1]:
        rest = rest - weighted @ np.linalg.solve(jacobian.T @ weighted, weighted.T)
    return _shifted(distance, rest @ covariance, len(weights) - jacobian.shape[1])


def difference_chi2(wide: StructureFit, narrow: StructureFit, *, weights: np.ndarray,
                    covariance: np.ndarray) -> AdjustedChi2:
    """Whether a restriction costs more than chance: the difference of two nested fits, scaled and shifted.

    Parameters
    ----------
    wide, narrow : StructureFit
        The model without and with the restriction.
    weights : numpy.ndarray
        Weights of both.
    covariance : numpy.ndarray
        Covariance matrix of the observed statistics under the design.

    Notes
    -----
    The restriction is read from the slopes of both fits (the directions of the wide model that the narrow one lacks).

    References
    ----------
    Satorra, A. (2000). Scaled and adjusted restricted tests in multi-sample analysis of moment structures. In
    Innovations in multivariate statistical analysis, 233-247. Kluwer.
    """
    weighted = wide.jacobian * weights[:, None]
    inner = wide.jacobian.T @ weighted
    spanned = np.linalg.solve(inner, weighted.T @ narrow.jacobian)
    left, size, _ = np.linalg.svd(spanned)
    rank = int((size > 1e-8 * size[0]).sum()) if len(size) else 0
    away = left[:, rank:].T  # directions of the wide model that the restriction forbids
    bread = np.linalg.inv(inner)
    middle = bread @ away.T @ np.linalg.solve(away @ bread @ away.T, away @ bread)
    return _shifted(narrow.distance - wide.distance, weighted @ middle @ weighted.T @ covariance, len(away))


def _shifted(distance: float, product: np.ndarray, df: int) -> AdjustedChi2:
    if df <= 0:
        return AdjustedChi2(plain=distance, adjusted=distance, df=df, factor=1.0, shift=0.0, mean=1.0)
    one, two = float(np.trace(product)), float((product * product.T).sum())
    a = np.sqrt(df / two)
    shift = df - np.sqrt(df * one**2 / two)
    return AdjustedChi2(plain=distance, adjusted=max(a * distance + shift, 0.0), df=df, factor=float(1 / a),
                        shift=float(shift), mean=one / df)
