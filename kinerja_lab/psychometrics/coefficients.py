"""Which coefficient of reliability is meant? Each as a function of a covariance matrix, under its own name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.numeric.factoring import Factoring, factor_matrix, factor_nearby, squared_multiple
from kinerja_lab.numeric.lower_bounds import MOST_SPLIT, all_splits, greatest_lower_bound
from kinerja_lab.numeric.moments import correlation_of
from kinerja_lab.numeric.rotation import rotate, schmid_leiman

__all__ = [
    "BOUNDS", "SPLIT_BOUNDS", "SchmidLeiman", "alpha_of", "checked_factors", "hierarchy", "one_factor_omega", "solved",
    "splits_allowed", "total_omega",
]

_ZERO = 1e-12


def alpha_of(covariance: np.ndarray) -> float:
    """Cronbach's alpha of a covariance matrix; standardised alpha of a correlation matrix.

    Parameters
    ----------
    covariance : numpy.ndarray, shape (k, k)
        Of at least two items.

    Returns
    -------
    float
        NaN where the sum does not vary.

    Examples
    --------
    >>> round(alpha_of(np.array([[1.0, 0.5], [0.5, 1.0]])), 4)
    0.6667
    """
    k, own, total = len(covariance), np.trace(covariance), covariance.sum()
    return np.nan if total <= _ZERO * own else float(k / (k - 1) * (1 - own / total))


def _lambda1(covariance: np.ndarray) -> float:
    return 1 - float(np.trace(covariance) / covariance.sum())


def _off_squares(covariance: np.ndarray) -> np.ndarray:
    return (covariance**2).sum(axis=0) - np.diag(covariance) ** 2


def _lambda2(covariance: np.ndarray) -> float:
    k = len(covariance)
    return _lambda1(covariance) + float(np.sqrt(k / (k - 1) * _off_squares(covariance).sum()) / covariance.sum())


def _lambda4(covariance: np.ndarray) -> float:
    return float(all_splits(covariance).guttman.max())


def _lambda5(covariance: np.ndarray) -> float:
    return _lambda1(covariance) + float(2 * np.sqrt(_off_squares(covariance).max()) / covariance.sum())


def _lambda6(covariance: np.ndarray) -> float:
    unexplained = (1 - squared_multiple(correlation_of(covariance))) * np.diag(covariance)
    return 1 - float(unexplained.sum() / covariance.sum())


def _glb(covariance: np.ndarray) -> float:
    return greatest_lower_bound(covariance)[0]


def _beta(covariance: np.ndarray) -> float:
    return float(all_splits(covariance).guttman.min())


def _mean_split(covariance: np.ndarray) -> float:
    return float(all_splits(covariance).guttman.mean())


BOUNDS: Mapping[str, Callable[[np.ndarray], float]] = MappingProxyType({
    "lambda1": _lambda1, "lambda2": _lambda2, "lambda3": alpha_of, "lambda4": _lambda4, "lambda5": _lambda5,
    "lambda6": _lambda6, "glb": _glb, "split_worst": _beta, "split_mean": _mean_split,
})
"""Guttman's lambdas, the greatest lower bound, and the worst and the mean split into halves (Guttman's formula)."""

SPLIT_BOUNDS = ("lambda4", "split_worst", "split_mean")
"""Those that try every split, so only up to ``numeric.lower_bounds.MOST_SPLIT`` items."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SchmidLeiman:
    """A general factor and group factors.

    Parameters
    ----------
    loadings : numpy.ndarray, shape (k, 1 + factors)
        General loadings, then those of the group factors.
    omega_total, omega_hierarchical : float
        Share of the variance of the sum of standardised items that all factors, or the general one alone, hold.
    common_share : float
        Share of the common variance that the general factor holds (ECV).
    factors : int
        Group factors.
    """

    loadings: np.ndarray
    omega_total: float
    omega_hierarchical: float
    common_share: float
    factors: int


def checked_factors(correlation: np.ndarray, *, factors: int) -> None:
    """Refuse more factors than the items can carry, and matrices without an inverse.

    Parameters
    ----------
    correlation : numpy.ndarray, shape (k, k)
        Correlations.
    factors : int
        Factors wanted.

    Raises
    ------
    KinerjaError
        ``instrument_bad_factors``.
    NotApplicable
        ``instrument_too_many_factors`` or ``instrument_collinear``.
    """
    k = len(correlation)
    if factors < 1:
        raise KinerjaError("instrument_bad_factors", value=factors)
    if (k - factors) ** 2 < k + factors:
        raise NotApplicable("instrument_too_many_factors", factors=factors, items=k)
    if np.linalg.eigvalsh(correlation)[0] < 1e-8:
        raise NotApplicable("instrument_collinear")


def solved(found: Factoring) -> Factoring:
    """The factoring, or an error that says how far it came.

    Parameters
    ----------
    found : Factoring
        From ``numeric.factoring``.

    Raises
    ------
    NotApplicable
        ``instrument_not_converged``.
    """
    if not found.converged:
        raise NotApplicable("instrument_not_converged", slope=found.slope)
    return found


def hierarchy(correlation: np.ndarray, *, factors: int) -> SchmidLeiman:
    """A general factor and group factors by Schmid and Leiman's transformation.

    Parameters
    ----------
    correlation : numpy.ndarray, shape (k, k)
        Positive definite.
    factors : int
        Group factors: 1 (no group factors), 2 (both load the root of their correlation on the general factor) or more.

    Returns
    -------
    SchmidLeiman

    Raises
    ------
    KinerjaError
        ``instrument_bad_factors``.
    NotApplicable
        ``instrument_not_converged``,
        ``instrument_too_many_factors``, ``instrument_collinear``, or ``instrument_heywood`` (a factor that explains an
        item, or the general factor a group factor, wholly: the split has no meaning).

    Notes
    -----
    Minres, oblimin, one factor of the factors' correlations. omega total = 1 - sum of uniquenesses / sum of R; omega
    hierarchical = (sum of general loadings)^2 / sum of R. Items are never turned round (psych does so by itself).

    References
    ----------
    McDonald, R. P. (1999). Test theory: a unified treatment, chapter 6. Erlbaum.
    Zinbarg, R. E., Revelle, W., Yovel, I., Li, W. (2005). Cronbach's alpha, Revelle's beta, and McDonald's omega_h.
    Psychometrika 70, 123-133.
    """
    checked_factors(correlation, factors=factors)
    first = solved(factor_matrix(correlation, factors=factors, method="minres"))
    if first.heywood:
        raise NotApplicable("instrument_heywood", factors=factors)
    if factors == 1:
        loadings = np.column_stack([first.loadings, np.zeros(len(correlation))])
    else:
        turned = rotate(first.loadings, rotation="oblimin")
        if not turned.converged:
            raise NotApplicable("instrument_rotation_not_converged", rotation="oblimin")
        general = _second_order(turned.correlation)
        loadings = schmid_leiman(turned.loadings, correlation=np.eye(factors), general=general)
    squares, total = loadings**2, correlation.sum()
    return SchmidLeiman(
        loadings=loadings, omega_total=float(1 - (1 - squares.sum(axis=1)).sum() / total),
        omega_hierarchical=float(loadings[:, 0].sum() ** 2 / total),
        common_share=float(squares[:, 0].sum() / squares.sum()), factors=factors)


def _second_order(correlation: np.ndarray) -> np.ndarray:
    """Loadings of correlated factors on one general factor."""
    if len(correlation) == 2:
        r = correlation[0, 1]
        if r < 0:
            raise NotApplicable("instrument_factors_opposed", r=float(r))
        return np.full(2, np.sqrt(r))
    found = solved(factor_matrix(correlation, factors=1, method="minres"))
    if found.heywood:
        raise NotApplicable("instrument_heywood", factors=len(correlation))
    return found.loadings[:, 0]


def one_factor_omega(covariance: np.ndarray, *, implied: bool) -> Callable[[np.ndarray], float]:
    """McDonald's omega of one factor by maximum likelihood, at this covariance matrix and very near to it.

    Parameters
    ----------
    covariance : numpy.ndarray, shape (k, k)
        Positive definite.
    implied : bool
        Whether the sum of loadings, squared, is divided by the variance that the model implies; else by the observed
        one. They differ where one factor does not fit, and the result must say which it is.

    Returns
    -------
    callable
        Takes a covariance matrix that differs very little (a step of a numerical slope), gives omega.

    Raises
    ------
    NotApplicable
        ``instrument_not_converged``,
        ``instrument_too_many_factors`` or ``instrument_collinear``.

    References
    ----------
    McDonald, R. P. (1999). Test theory: a unified treatment, equation 6.20. Erlbaum.
    """
    correlation = correlation_of(covariance)
    checked_factors(correlation, factors=1)
    near = factor_nearby(correlation, solved(factor_matrix(correlation, factors=1, method="ml")), method="ml")

    def omega(other: np.ndarray) -> float:
        loadings, uniqueness = near(correlation_of(other))
        sd = np.sqrt(np.diag(other))
        common = float((sd * loadings[:, 0]).sum() ** 2)
        return common / (common + float((sd**2 * uniqueness).sum()) if implied else float(other.sum()))

    return omega


def total_omega(covariance: np.ndarray, *, factors: int) -> Callable[[np.ndarray], float]:
    """Omega total of standardised items by several minres factors, at this covariance matrix and very near to it.

    Parameters
    ----------
    covariance : numpy.ndarray, shape (k, k)
        Positive definite.
    factors : int
        Factors.

    Returns
    -------
    callable
        As ``one_factor_omega``.

    Raises
    ------
    KinerjaError
        ``instrument_bad_factors``.
    NotApplicable
        ``instrument_not_converged``,
        ``instrument_too_many_factors``, ``instrument_collinear`` or ``instrument_heywood``.

    Notes
    -----
    1 - sum of uniquenesses / sum of R; no rotation changes it.
    """
    correlation = correlation_of(covariance)
    checked_factors(correlation, factors=factors)
    found = solved(factor_matrix(correlation, factors=factors, method="minres"))
    if found.heywood:
        raise NotApplicable("instrument_heywood", factors=factors)
    near = factor_nearby(correlation, found, method="minres")

    def omega(other: np.ndarray) -> float:
        matrix = correlation_of(other)
        loadings, _ = near(matrix)
        return float(1 - (1 - (loadings**2).sum(axis=1)).sum() / matrix.sum())

    return omega


def splits_allowed(items: int) -> None:
    """Refuse to try every split of too many items.

    Parameters
    ----------
    items : int
        Items of the scale.

    Raises
    ------
    NotApplicable
        ``instrument_too_many_splits``.
    """
    if items > MOST_SPLIT:
        raise NotApplicable("instrument_too_many_splits", items=items, most=MOST_SPLIT)
