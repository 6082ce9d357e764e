"""Which few factors reproduce a correlation matrix? Minimum residuals and maximum likelihood."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import optimize

__all__ = ["METHODS", "Factoring", "factor_matrix", "factor_nearby", "squared_multiple"]

METHODS = ("minres", "ml")
FLOOR = 0.005
"""Smallest uniqueness: below it the solution is a Heywood case."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Factoring:
    """Unrotated factors.

    Parameters
    ----------
    loadings : numpy.ndarray, shape (k, factors)
        Columns by falling share; each sums to a positive number.
    uniqueness : numpy.ndarray, shape (k,)
        One minus communality.
    objective : float
        Maximum-likelihood discrepancy of the model and the matrix, whatever the method.
    residual : float
        Root mean square of the residual correlations.
    converged : bool
        Whether the search ended at a stationary point.
    slope : float
        Largest slope left where it ended.
    heywood : bool
        Whether a uniqueness stopped at its floor.
    """

    loadings: np.ndarray
    uniqueness: np.ndarray
    objective: float
    residual: float
    converged: bool
    slope: float
    heywood: bool


def squared_multiple(correlation: np.ndarray) -> np.ndarray:
    """Squared multiple correlation of each variable with the others; 1 where the matrix is singular.

    Parameters
    ----------
    correlation : numpy.ndarray, shape (k, k)
        Correlations.

    Examples
    --------
    >>> squared_multiple(np.array([[1.0, 0.6], [0.6, 1.0]])).round(4).tolist()
    [0.36, 0.36]
    """
    if np.linalg.eigvalsh(correlation)[0] < 1e-10:
        return np.ones(len(correlation))
    return 1 - 1 / np.diag(np.linalg.inv(correlation))


def factor_matrix(
    correlation: np.ndarray, *, factors: int, method: str, start: np.ndarray | None = None,
) -> Factoring:
    """Factors of a correlation matrix.

    Parameters
    ----------
    correlation : numpy.ndarray, shape (k, k)
        Positive definite for ``"ml"``.
    factors : int
        At least 1 and fewer than k.
    method : str
        ``"minres"`` (unweighted least squares of the off-diagonal) or ``"ml"``.
    start : numpy.ndarray or None, shape (k,)
        Uniquenesses to start from; one minus the squared multiple correlations where None.

    Returns
    -------
    Factoring

    Notes
    -----
    Both search the uniquenesses only, by L-BFGS-B with the exact slope; the loadings follow from the eigenvectors:
    minres of R - Psi; ML of Psi^-1/2 R Psi^-1/2.

    References
    ----------
    Harman, H. H., Jones, W. H. (1966). Factor analysis by minimizing residuals (minres). Psychometrika 31, 351-368.
    Joreskog, K. G. (1967). Some contributions to maximum likelihood factor analysis. Psychometrika 32, 443-482.
    """
    if start is None:
        start = np.clip(1 - squared_multiple(correlation), 0.05, 0.95)
    found = optimize.minimize(
        _RULES[method], start, args=(correlation, factors), jac=True, method="L-BFGS-B",
        bounds=[(FLOOR, 1.0)] * len(start), options={"ftol": 1e-15, "gtol": 1e-9, "maxiter": 1000, "maxcor": 30})
    uniqueness, slope = found.x, np.asarray(found.jac)
    free = ((uniqueness > FLOOR) | (slope < 0)) & ((uniqueness < 1) | (slope > 0))
    steepest = float(np.abs(slope[free]).max(initial=0.0))
    loadings = _loadings(correlation, uniqueness, factors, method)
    if method == "minres":
        uniqueness = 1 - (loadings**2).sum(axis=1)
    rest = correlation - loadings @ loadings.T
    off = rest[np.triu_indices(len(rest), 1)]
    return Factoring(loadings=loadings, uniqueness=uniqueness, objective=_discrepancy(correlation, loadings),
                     residual=float(np.sqrt((off**2).mean())), converged=steepest < 1e-5, slope=steepest,
                     heywood=bool((found.x <= FLOOR * (1 + 1e-9)).any()))


def factor_nearby(
    correlation: np.ndarray, found: Factoring, *, method: str,
) -> Callable[[np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Factors of matrices that differ very little from one already solved, for slopes by differences.

    Parameters
    ----------
    correlation : numpy.ndarray, shape (k, k)
        The matrix that was solved.
    found : Factoring
        Its factors, converged.
    method : str
        As in ``factor_matrix``.

    Returns
    -------
    callable
        Takes a matrix, gives loadings and uniquenesses after one Newton step from those found: exact to the square of
        the difference. Uniquenesses at their floor stay there.
    """
    rule, factors = _RULES[method], found.loadings.shape[1]
    centre = np.clip(found.uniqueness, FLOOR, 1.0)
    free = centre > FLOOR * (1 + 1e-9)
    curve = np.zeros((len(centre), len(centre)))
    for column in np.flatnonzero(free):
        step = np.zeros(len(centre))
        step[column] = 1e-5
        curve[:, column] = (rule(centre + step, correlation, factors)[1]
                            - rule(centre - step, correlation, factors)[1]) / 2e-5
    curve = (curve + curve.T)[np.ix_(free, free)] / 2

    def near(other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        moved = centre.copy()
        moved[free] -= np.linalg.solve(curve, rule(centre, other, factors)[1][free])
        return _loadings(other, moved, factors, method), moved

    return near


def _eigen(matrix: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    values, vectors = np.linalg.eigh(matrix)
    return values[::-1], vectors[:, ::-1]


def _loadings(correlation: np.ndarray, uniqueness: np.ndarray, factors: int, method: str) -> np.ndarray:
    if method == "minres":
        values, vectors = _eigen(correlation - np.diag(uniqueness))
        loadings = vectors[:, :factors] * np.sqrt(np.maximum(values[:factors], 0))
    else:
        root = np.sqrt(uniqueness)
        values, vectors = _eigen(correlation / root[:, None] / root)
        loadings = root[:, None] * vectors[:, :factors] * np.sqrt(np.maximum(values[:factors] - 1, 0))
    return loadings * np.where(loadings.sum(axis=0) < 0, -1.0, 1.0)


def _minres(uniqueness: np.ndarray, correlation: np.ndarray, factors: int) -> tuple[float, np.ndarray]:
    """Half the sum of squared residuals, diagonal included: at the optimum the diagonal fits exactly."""
    values, vectors = _eigen(correlation - np.diag(uniqueness))
    kept = np.where(np.arange(len(values)) < factors, np.maximum(values, 0), 0.0)
    rest = values - kept
    return float(rest @ rest / 2), -(vectors**2 @ rest)


def _ml(uniqueness: np.ndarray, correlation: np.ndarray, factors: int) -> tuple[float, np.ndarray]:
    root = np.sqrt(uniqueness)
    values, vectors = _eigen(correlation / root[:, None] / root)
    tail = np.maximum(values[factors:], 1e-300)
    value = float((tail - np.log(tail) - 1).sum())
    slope = (vectors[:, factors:] ** 2) @ (1 - tail) / uniqueness
    return value, slope


def _discrepancy(correlation: np.ndarray, loadings: np.ndarray) -> float:
    """log|M| - log|R| + tr(R M^-1) - k of the model M."""
    model = loadings @ loadings.T
    np.fill_diagonal(model, np.diag(correlation))
    sign, size = np.linalg.slogdet(model)
    own_sign, own = np.linalg.slogdet(correlation)
    if sign <= 0 or own_sign <= 0:
        return np.nan
    return float(size - own + np.trace(np.linalg.solve(model, correlation)) - len(correlation))


_RULES = {"minres": _minres, "ml": _ml}
