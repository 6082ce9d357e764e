"""How reliable is a sum at least? Every split into halves, and the greatest lower bound, from a covariance matrix."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

__all__ = ["MOST_SPLIT", "Splits", "all_splits", "greatest_lower_bound"]

MOST_SPLIT = 20
"""Variables up to which every split is tried (92,378 of them)."""
_GAP = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Splits:
    """Every split of the variables into halves (sizes that differ by one where their number is odd).

    Parameters
    ----------
    sides : numpy.ndarray of bool, shape (splits, k)
        Which variables are in the first half.
    guttman : numpy.ndarray, shape (splits,)
        4 cov(A, B) / var(A + B).
    spearman_brown : numpy.ndarray, shape (splits,)
        2 r / (1 + r); NaN where a half does not vary.
    """

    sides: np.ndarray
    guttman: np.ndarray
    spearman_brown: np.ndarray


def all_splits(covariance: np.ndarray) -> Splits:
    """Both coefficients of every split.

    Parameters
    ----------
    covariance : numpy.ndarray, shape (k, k)
        At least two and at most ``MOST_SPLIT`` variables, with a sum that varies.

    Returns
    -------
    Splits

    References
    ----------
    Guttman, L. (1945). A basis for analyzing test-retest reliability. Psychometrika 10, 255-282, lambda 4.
    """
    k = len(covariance)
    half = k // 2
    chosen = np.array(list(combinations(range(k), half)))
    if k == 2 * half:
        chosen = chosen[chosen[:, 0] == 0]
    sides = np.zeros((len(chosen), k), dtype=bool)
    np.put_along_axis(sides, chosen, True, axis=1)
    first = sides.astype(float)
    own = ((first @ covariance) * first).sum(axis=1)
    with_total = first @ covariance.sum(axis=1)
    total = covariance.sum()
    between = with_total - own
    other = total - with_total - between
    usable = (own > 1e-12 * total) & (other > 1e-12 * total)
    r = np.where(usable, between / np.sqrt(np.where(usable, own * other, 1.0)), np.nan)
    with np.errstate(divide="ignore", invalid="ignore"):
        stepped = np.where(r > -1, 2 * r / (1 + r), np.nan)
    return Splits(sides=sides, guttman=4 * between / total, spearman_brown=stepped)


def greatest_lower_bound(covariance: np.ndarray) -> tuple[float, np.ndarray]:
    """The smallest reliability that the covariance matrix allows, whatever the true scores are.

    Parameters
    ----------
    covariance : numpy.ndarray, shape (k, k)
        Positive definite or semi-definite.

    Returns
    -------
    value : float
        1 - sum of error variances / variance of the sum.
    errors : numpy.ndarray, shape (k,)
        The error variances.

    Notes
    -----
    Error variances with the largest sum such that 0 <= error <= variance and covariance - diag(error) has no negative
    eigenvalue: a semidefinite programme, solved by Newton steps on its logarithmic barrier to a gap of 1e-9.

    References
    ----------
    Bentler, P. M., Woodward, J. A. (1980). Inequalities among lower bounds to reliability. Psychometrika 45, 249-267.
    Ten Berge, J. M. F., Socan, G. (2004). The greatest lower bound to the reliability of a test and the hypothesis of
    unidimensionality. Psychometrika 69, 613-625.
    """
    scale = 1 / np.sqrt(np.diag(covariance))
    correlation = covariance * scale[:, None] * scale
    weight = 1 / scale**2 / covariance.trace()
    smallest = np.linalg.eigvalsh(correlation)[0]
    k = len(covariance)
    if smallest < 1e-10:
        errors = np.zeros(k)
    else:
        errors, barrier = np.full(k, smallest / 2), 1.0
        while barrier * 2 * k > _GAP:
            barrier /= 5
            errors = _centre(correlation, weight, errors, barrier)
        errors = errors / scale**2
    return float(1 - errors.sum() / covariance.sum()), errors


def _centre(correlation: np.ndarray, weight: np.ndarray, errors: np.ndarray, barrier: float) -> np.ndarray:
    """Newton's method on weight @ errors + barrier (log det(R - diag) + sum log errors)."""
    for _ in range(50):
        inverse = np.linalg.inv(correlation - np.diag(errors))
        slope = weight / barrier - np.diag(inverse) + 1 / errors
        curve = inverse**2 + np.diag(1 / errors**2)
        step = np.linalg.solve(curve, slope)
        drop = float(slope @ step)
        if drop < 1e-10:
            break
        length = 1.0 if drop < 0.06 else 1 / (1 + np.sqrt(drop))
        errors = errors + length * step
    return errors
