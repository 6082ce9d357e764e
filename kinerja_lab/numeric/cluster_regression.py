"""How sure is a regression line when rows come in clusters? Everything from one small matrix a cluster."""

from dataclasses import dataclass

import numpy as np

__all__ = ["ClusterFit", "cluster_regression"]

_FULL = 1 - 1e-9
"""Leverage from which a cluster alone decides a direction: there its residual says nothing and is left out."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClusterFit:
    """A least-squares fit with errors that allow any dependence inside clusters.

    Parameters
    ----------
    coef : numpy.ndarray, shape (p,)
        Coefficients.
    cr0, cr2 : numpy.ndarray, shape (p, p)
        Covariances: the plain sandwich, and the one freed from bias under equal independent errors.
    df : numpy.ndarray, shape (p,)
        Satterthwaite degrees of freedom of each coefficient under ``cr2``.
    n, clusters : int
        Rows and clusters.
    """

    coef: np.ndarray
    cr0: np.ndarray
    cr2: np.ndarray
    df: np.ndarray
    n: int
    clusters: int


def cluster_regression(design: np.ndarray, response: np.ndarray, *, clusters: np.ndarray) -> ClusterFit | None:
    """Least squares with CR0 and CR2 covariances.

    Parameters
    ----------
    design : numpy.ndarray, shape (n, p)
        Columns of the model, the constant among them.
    response : numpy.ndarray, shape (n,)
        Values.
    clusters : numpy.ndarray of int, shape (n,)
        Cluster of each row, 0, 1, ... without gaps.

    Returns
    -------
    ClusterFit or None
        None where the columns are not independent or there are no more rows than columns.

    Notes
    -----
    With M = (X'X)^-1 = L L' and B_g = X_g L, the CR2 adjustment (I - B_g B_g')^-1/2 acts on B_g as
    (I - B_g' B_g)^-1/2 from the right: only p x p matrices are needed, and the cost of the errors does not grow with
    the size of a cluster. The working model is equal, independent errors.

    References
    ----------
    Bell, R. M., McCaffrey, D. F. (2002). Bias reduction in standard errors for linear regression with multi-stage
    samples. Survey Methodology 28, 169-181. Pustejovsky, J. E., Tipton, E. (2018). Small-sample methods for
    cluster-robust variance estimation. Journal of Business & Economic Statistics 36, 672-683, eq. 6 and 11.
    """
    n, p = design.shape
    scale = np.sqrt((design**2).mean(axis=0))
    if n <= p or not (scale > 0).all():
        return None
    scaled = design / scale
    values, vectors = np.linalg.eigh(scaled.T @ scaled / n)
    if values.min() <= 1e-12 * values.max():
        return None
    root = vectors / np.sqrt(values * n)
    turned = scaled @ root
    inner = turned.T @ response
    residual = response - turned @ inner
    count = int(clusters.max()) + 1
    cross = np.zeros((count, p, p))
    scores = np.zeros((count, p))
    for column in range(p):
        scores[:, column] = np.bincount(clusters, weights=turned[:, column] * residual, minlength=count)
        for other in range(column + 1):
            cross[:, column, other] = np.bincount(
                clusters, weights=turned[:, column] * turned[:, other], minlength=count)
            cross[:, other, column] = cross[:, column, other]
    factor, leverage = _factors(cross)
    fair = np.einsum("gij,gj->gi", factor, scores)
    back = root / scale[:, None]
    return ClusterFit(
        coef=back @ inner, cr0=back @ (scores.T @ scores) @ back.T, cr2=back @ (fair.T @ fair) @ back.T,
        df=np.array([_satterthwaite(row, factor, leverage) for row in back]), n=n, clusters=count,
    )


def _factors(cross: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(I - S)^-1/2 of each cluster, and S itself without the directions that the cluster alone decides."""
    values, vectors = np.linalg.eigh(cross)
    usable = values < _FULL
    kept = np.where(usable, values, 0.0)
    back = np.where(usable, 1 / np.sqrt(1 - kept), 0.0)
    turn = np.swapaxes(vectors, 1, 2)
    return (vectors * back[:, None, :]) @ turn, (vectors * np.where(usable, values, 0.0)[:, None, :]) @ turn


def _satterthwaite(row: np.ndarray, factor: np.ndarray, leverage: np.ndarray) -> float:
    """(sum of eigenvalues)^2 / sum of squares of the quadratic form that CR2 is, from p x p pieces."""
    turned = factor @ row
    own = np.einsum("gi,gij,gj->g", turned, leverage, turned)
    shared = np.einsum("gij,gj->gi", leverage, turned)
    between = shared @ shared.T
    trace = own.sum() - np.trace(between)
    squares = (own**2).sum() - 2 * (own * np.diag(between)).sum() + (between**2).sum()
    return float(trace**2 / squares) if squares > 0 else float("nan")
