"""How sure is a covariance matrix, and any coefficient computed from it? Moments of rows, and the delta method.

Everything is a function of distinct rows and their weights, or of totals per cluster: the cost does not grow with cases
once rows are counted.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import special

from kinerja_lab.core.errors import KinerjaError

__all__ = ["Moments", "cluster_moments", "coefficient_interval", "correlation_of", "row_moments"]

_STEP = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moments:
    """A covariance matrix and how sure it is.

    Parameters
    ----------
    covariance : numpy.ndarray, shape (k, k)
        Divided by n, not n - 1.
    error : numpy.ndarray, shape (k (k + 1) / 2, k (k + 1) / 2)
        Covariance matrix of its lower triangle, row by row.
    n : int
        Cases.
    df : float
        Degrees of freedom of the error: cases or clusters, minus one.
    """

    covariance: np.ndarray
    error: np.ndarray
    n: int
    df: float


def row_moments(rows: np.ndarray, weights: np.ndarray, *, n: int) -> Moments:
    """Moments of distinct rows, cases independent of each other.

    Parameters
    ----------
    rows : numpy.ndarray, shape (distinct, k)
        Finite values.
    weights : numpy.ndarray, shape (distinct,)
        How often each row occurs, positive.
    n : int
        Cases, at least 2.

    Returns
    -------
    Moments

    Notes
    -----
    error = E[(d - s)(d - s)'] / n, d the products of deviations of one case and s their mean: no distribution is
    assumed.

    References
    ----------
    Browne, M. W. (1984). Asymptotically distribution-free methods for the analysis of covariance structures. British
    Journal of Mathematical and Statistical Psychology 37, 62-83, equation 2.6.
    """
    share = weights / weights.sum()
    covariance, off = _products(rows, share)
    return Moments(covariance=covariance, error=(off * share[:, None]).T @ off / n, n=n, df=float(n - 1))


def cluster_moments(rows: np.ndarray, clusters: np.ndarray, *, count: int) -> Moments:
    """Moments of cases that come in clusters.

    Parameters
    ----------
    rows : numpy.ndarray, shape (n, k)
        Finite values, one row a case.
    clusters : numpy.ndarray of int, shape (n,)
        Cluster of each case, 0 to ``count`` - 1.
    count : int
        Clusters, at least 2.

    Returns
    -------
    Moments

    Notes
    -----
    The deviations of a cluster's cases are added up before they are squared: C/(C - 1) sum of t_c t_c' / n^2.

    References
    ----------
    Binder, D. A. (1983). On the variances of asymptotically normal estimators from complex surveys. International
    Statistical Review 51, 279-292.
    """
    n = len(rows)
    covariance, off = _products(rows, np.full(n, 1 / n))
    totals = np.stack([np.bincount(clusters, weights=column, minlength=count) for column in off.T], axis=1)
    error = totals.T @ totals * (count / (count - 1)) / n**2
    return Moments(covariance=covariance, error=error, n=n, df=float(count - 1))


def _products(rows: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    centred = rows - share @ rows
    left, right = np.tril_indices(rows.shape[1])
    products = centred[:, left] * centred[:, right]
    mean = share @ products
    covariance = np.empty((rows.shape[1],) * 2)
    covariance[left, right] = covariance[right, left] = mean
    return covariance, products - mean


def correlation_of(covariance: np.ndarray) -> np.ndarray:
    """Correlation matrix of a covariance matrix with a positive diagonal, ones on the diagonal exactly.

    Parameters
    ----------
    covariance : numpy.ndarray, shape (k, k)
        Symmetric.
    """
    scale = 1 / np.sqrt(np.diag(covariance))
    correlation = covariance * scale[:, None] * scale
    np.fill_diagonal(correlation, 1.0)
    return correlation


def coefficient_interval(
    coefficient: Callable[[np.ndarray], float], moments: Moments, *, level: float, scale: str = "complement",
) -> tuple[float, float, float]:
    """A coefficient of the covariance matrix with its limits.

    Parameters
    ----------
    coefficient : callable
        Takes a covariance matrix, gives a number.
    moments : Moments
        From ``row_moments`` or ``cluster_moments``.
    level : float
        Confidence level, between 0 and 1.
    scale : str
        ``"complement"`` for a number of at most 1 (limits on -log(1 - value)), ``"log"`` for a positive one.

    Returns
    -------
    value, low, high : float
        Limits NaN at the end of the scale and where the coefficient has no slope.

    Raises
    ------
    KinerjaError
        ``bad_level``.

    Notes
    -----
    Delta method; -log(1 - value) is the scale on which alpha's sampling distribution is nearly normal. Slopes by
    central differences; Student's t with the degrees of freedom of the moments.

    References
    ----------
    Maydeu-Olivares, A., Coffman, D. L., Hartmann, W. M. (2007). Asymptotically distribution-free interval estimation of
    coefficient alpha. Psychological Methods 12, 157-176.
    """
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    covariance = moments.covariance
    value = float(coefficient(covariance))
    slope = _slope(coefficient, covariance)
    variance = float(slope @ moments.error @ slope)
    size = value if scale == "log" else 1 - value
    if not (np.isfinite(variance) and variance >= 0 and size > 1e-12):
        return value, np.nan, np.nan
    half = float(special.stdtrit(moments.df, (1 + level) / 2)) * np.sqrt(variance) / size
    ends = size * float(np.exp(-half)), size * float(np.exp(half))
    return (value, *ends) if scale == "log" else (value, 1 - ends[1], 1 - ends[0])


def _slope(coefficient: Callable[[np.ndarray], float], covariance: np.ndarray) -> np.ndarray:
    scale = np.sqrt(np.diag(covariance))
    slopes = []
    for left, right in zip(*np.tril_indices(len(covariance)), strict=True):
        step = _STEP * scale[left] * scale[right]
        ends = []
        for sign in (1, -1):
            moved = covariance.copy()
            moved[left, right] += sign * step
            moved[right, left] = moved[left, right]
            ends.append(float(coefficient(moved)))
        slopes.append((ends[0] - ends[1]) / (2 * step))
    return np.array(slopes)
