"""How likely are rows of groups, when groups differ by one covariance matrix and rows within a group by another?

Everything is a function of each group's size, mean and cross-products: the cost of a step depends on the number of
distinct sizes, not on rows and not on groups.
"""

from dataclasses import dataclass

import numpy as np

__all__ = ["TwoLevelTable", "best_mean", "deviance", "first_guess", "group_slopes", "matrix_slopes", "scoring_weights",
           "two_level_table"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoLevelTable:
    """Sums that the likelihood needs.

    Parameters
    ----------
    sizes : numpy.ndarray, shape (groups,)
        Rows of each group, 1 or more.
    means : numpy.ndarray, shape (groups, k)
        Mean of each group.
    products : numpy.ndarray, shape (groups, k, k)
        Cross-products of deviations from the group's mean.
    pooled : numpy.ndarray, shape (k, k)
        Sum of ``products``.
    distinct, count : numpy.ndarray, shape (distinct sizes,)
        Each size that occurs, and by how many groups.
    sums, squares : numpy.ndarray, shape (distinct sizes, k) and (distinct sizes, k, k)
        Sum of the means of groups of that size, and of their outer products.
    """

    sizes: np.ndarray
    means: np.ndarray
    products: np.ndarray
    pooled: np.ndarray
    distinct: np.ndarray
    count: np.ndarray
    sums: np.ndarray
    squares: np.ndarray

    @property
    def n(self) -> int:
        """Rows."""
        return int(self.sizes.sum())

    @property
    def groups(self) -> int:
        """Groups."""
        return len(self.sizes)

    @property
    def inside(self) -> int:
        """Rows minus groups."""
        return self.n - self.groups


def two_level_table(sizes: np.ndarray, means: np.ndarray, products: np.ndarray) -> TwoLevelTable:
    """Sums by distinct size.

    Parameters
    ----------
    sizes, means, products : numpy.ndarray
        As in ``TwoLevelTable``.
    """
    distinct, place, count = np.unique(sizes, return_inverse=True, return_counts=True)
    place, k = place.ravel(), means.shape[1]
    sums, squares = np.zeros((len(distinct), k)), np.zeros((len(distinct), k, k))
    np.add.at(sums, place, means)
    np.add.at(squares, place, means[:, :, None] * means[:, None, :])
    return TwoLevelTable(sizes=sizes, means=means, products=products, pooled=products.sum(axis=0),
                         distinct=distinct.astype(float), count=count.astype(float), sums=sums, squares=squares)


def first_guess(table: TwoLevelTable) -> tuple[np.ndarray, np.ndarray]:
    """Covariance matrices within and between by mean squares; the second may have negative eigenvalues.

    Parameters
    ----------
    table : TwoLevelTable
        At least two groups, and more rows than groups.

    References
    ----------
    Searle, S. R., Casella, G., McCulloch, C. E. (1992). Variance components, section 3.6. Wiley.
    """
    within = table.pooled / table.inside
    grand = table.sizes @ table.means / table.n
    away = table.means - grand
    mean_square = (away * table.sizes[:, None]).T @ away / (table.groups - 1)
    size = (table.n - (table.sizes**2).sum() / table.n) / (table.groups - 1)
    return within, (mean_square - within) / size


def best_mean(table: TwoLevelTable, within: np.ndarray, between: np.ndarray) -> np.ndarray:
    """The most likely mean under given covariance matrices (generalised least squares)."""
    inverse = np.linalg.inv(_total(table, within, between))
    weight = np.einsum("d,dij->ij", table.distinct * table.count, inverse)
    return np.linalg.solve(weight, np.einsum("d,dij,dj->i", table.distinct, inverse, table.sums))


def deviance(table: TwoLevelTable, mean: np.ndarray, within: np.ndarray, between: np.ndarray) -> float:
    """Minus twice the log likelihood; infinite where the matrices are impossible.

    Parameters
    ----------
    table : TwoLevelTable
        The sums.
    mean : numpy.ndarray, shape (k,)
        Mean.
    within, between : numpy.ndarray, shape (k, k)
        Covariance matrices. ``between`` may have negative eigenvalues as long as ``within + size * between`` has none
        for any size that occurs.

    Notes
    -----
    N k log(2 pi) + (N - J) log|W| + tr(W^-1 P) + sum over sizes n of count log|W + n B| + n tr((W + n B)^-1 A), P the
    pooled cross-products and A those of group means about the mean.

    References
    ----------
    Muthen, B. (1990). Mean and covariance structure analysis of hierarchical data. UCLA Statistics Series 62.
    """
    total = _total(table, within, between)
    try:
        roots = np.linalg.cholesky(np.concatenate([within[None], total]))
    except np.linalg.LinAlgError:
        return np.inf
    logs = 2 * np.log(np.diagonal(roots, axis1=1, axis2=2)).sum(axis=1)
    spread = np.linalg.solve(total, _about(table, mean))
    return float(table.n * len(mean) * np.log(2 * np.pi) + table.inside * logs[0] + table.count @ logs[1:]
                 + np.trace(np.linalg.solve(within, table.pooled)) + np.trace(spread, axis1=1, axis2=2).sum())


def matrix_slopes(table: TwoLevelTable, mean: np.ndarray, within: np.ndarray, between: np.ndarray,
                  ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Slope of the deviance in the mean and in both matrices (each element by itself), of one point or of many.

    Parameters
    ----------
    table : TwoLevelTable
        The sums.
    mean, within, between : numpy.ndarray
        As for ``deviance``, with leading axes where there are many points; complex ones too.
    """
    own, inverse = np.linalg.inv(within), np.linalg.inv(_total(table, within, between))
    outer = table.count[:, None, None] * inverse - inverse @ _about(table, mean) @ inverse
    off = table.sums - table.count[:, None] * mean[..., None, :]
    to_mean = -2 * np.einsum("d,...dij,...dj->...i", table.distinct, inverse, off)
    to_within = table.inside * own - own @ table.pooled @ own + outer.sum(axis=-3)
    return to_mean, to_within, np.einsum("d,...dij->...ij", table.distinct, outer)


def group_slopes(table: TwoLevelTable, mean: np.ndarray, within: np.ndarray, between: np.ndarray,
                 ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The same slopes of each group's own part of the deviance, groups on the first axis."""
    own = np.linalg.inv(within)
    inverse = np.linalg.inv(_total(table, within, between))[np.searchsorted(table.distinct, table.sizes)]
    size = table.sizes[:, None, None]
    off = table.means - mean
    outer = inverse - inverse @ (size * off[:, :, None] * off[:, None, :]) @ inverse
    to_mean = -2 * table.sizes[:, None] * np.einsum("gij,gj->gi", inverse, off)
    return to_mean, (size - 1) * own - own @ table.products @ own + outer, size * outer


def scoring_weights(table: TwoLevelTable, within: np.ndarray, between: np.ndarray) -> np.ndarray:
    """Expected curvature of the deviance in the elements of both matrices, shape (2 k k, 2 k k).

    Notes
    -----
    Half of it is the Fisher information: 1/2 times the sum of count V^-1 (x) V^-1 over the matrices V that occur.
    """
    k = len(within)
    own, inverse = np.linalg.inv(within), np.linalg.inv(_total(table, within, between))

    def crossed(weights: np.ndarray) -> np.ndarray:
        return np.einsum("d,dij,dkl->ikjl", weights, inverse, inverse, optimize=True).reshape(k * k, k * k)
    alone = table.inside * np.einsum("ij,kl->ikjl", own, own).reshape(k * k, k * k) + crossed(table.count)
    mixed = crossed(table.count * table.distinct)
    return np.block([[alone, mixed], [mixed, crossed(table.count * table.distinct**2)]])


def _total(table: TwoLevelTable, within: np.ndarray, between: np.ndarray) -> np.ndarray:
    """Size times the covariance matrix of a group's mean, by distinct size."""
    return within[..., None, :, :] + table.distinct[:, None, None] * between[..., None, :, :]


def _about(table: TwoLevelTable, mean: np.ndarray) -> np.ndarray:
    """Size times the cross-products of group means about a mean, by distinct size."""
    cross = table.sums[:, :, None] * mean[..., None, None, :]
    square = mean[..., :, None] * mean[..., None, :]
    return table.distinct[:, None, None] * (
        table.squares - cross - cross.swapaxes(-1, -2) + table.count[:, None, None] * square[..., None, :, :])
