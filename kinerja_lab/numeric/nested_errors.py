"""How much do groups differ once covariates are taken into account? Random intercepts with a regression, by REML.

Everything is a function of group sizes, group means and cross products within groups, so that the cost of a step grows
with groups, not with rows.
"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize

__all__ = ["NestedFit", "NestedSums", "nested_fit", "nested_sums"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NestedSums:
    """Sufficient statistics of rows in groups.

    Parameters
    ----------
    sizes : numpy.ndarray, shape (groups,)
        Rows of each group, positive.
    x_means : numpy.ndarray, shape (groups, p)
    y_means : numpy.ndarray, shape (groups,)
    xx, xy, yy : numpy.ndarray and float
        Cross products around the group means, summed over groups.
    """

    sizes: np.ndarray
    x_means: np.ndarray
    y_means: np.ndarray
    xx: np.ndarray
    xy: np.ndarray
    yy: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NestedFit:
    """Estimates of the model.

    Parameters
    ----------
    between, within : float
        Variances of the intercepts and of the rows.
    coefficients : numpy.ndarray, shape (p,)
    inverse : numpy.ndarray, shape (p, p)
        Covariance matrix of the coefficients.
    components : numpy.ndarray, shape (2, 2)
        Large-sample covariance matrix of ``between`` and ``within``.
    """

    between: float
    within: float
    coefficients: np.ndarray
    inverse: np.ndarray
    components: np.ndarray


def nested_sums(y: np.ndarray, x: np.ndarray, codes: np.ndarray, *, count: int) -> NestedSums:
    """Count rows into sufficient statistics.

    Parameters
    ----------
    y : numpy.ndarray, shape (n,)
        Finite.
    x : numpy.ndarray, shape (n, p)
        Finite, with the constant.
    codes : numpy.ndarray of int, shape (n,)
        Group of each row, each of 0 to ``count`` - 1 at least once.
    count : int
        Groups.
    """
    sizes = np.bincount(codes, minlength=count).astype(float)
    x_means = np.column_stack([np.bincount(codes, weights=column, minlength=count) / sizes for column in x.T])
    y_means = np.bincount(codes, weights=y, minlength=count) / sizes
    x_left, y_left = x - x_means[codes], y - y_means[codes]
    return NestedSums(sizes=sizes, x_means=x_means, y_means=y_means, xx=x_left.T @ x_left, xy=x_left.T @ y_left,
                      yy=float(y_left @ y_left))


def nested_fit(sums: NestedSums) -> NestedFit:
    """Variances and coefficients by restricted maximum likelihood.

    Parameters
    ----------
    sums : NestedSums
        With some spread within groups and full rank.

    Notes
    -----
    The likelihood is profiled over the ratio of the variances: coefficients and the variance within have a closed form
    at each ratio. The covariance matrix of the variances is the inverse of the expected information without the term
    for the coefficients (1/2 of sum n (n-1 terms), Rao and Molina 7.1.4), as Prasad and Rao use it.

    References
    ----------
    Battese, G. E., Harter, R. M., Fuller, W. A. (1988). An error-components model for prediction of county crop areas.
    JASA 83, 28-36.
    Rao, J. N. K., Molina, I. (2015). Small area estimation, 2nd ed., section 7.1. Wiley.
    """
    def deviance(log_ratio: float) -> float:
        return _profile(sums, np.exp(log_ratio))[0]

    grid = np.linspace(-20, 12, 65)
    best = int(np.argmin([deviance(point) for point in grid]))
    ratio = 0.0
    if best > 0 or _profile(sums, 0.0)[0] > deviance(grid[0]):
        span = (grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)])
        ratio = float(np.exp(optimize.minimize_scalar(deviance, bounds=span, method="bounded",
                                                      options={"xatol": 1e-10}).x))
    _, within, coefficients, cross = _profile(sums, ratio)
    between = ratio * within
    return NestedFit(between=between, within=within, coefficients=coefficients, inverse=within * np.linalg.inv(cross),
                     components=_component_errors(sums.sizes, between, within))


def _profile(sums: NestedSums, ratio: float):
    heavy = sums.sizes / (1 + sums.sizes * ratio)
    cross = sums.xx + (sums.x_means * heavy[:, None]).T @ sums.x_means
    right = sums.xy + sums.x_means.T @ (heavy * sums.y_means)
    coefficients = np.linalg.solve(cross, right)
    left = sums.y_means - sums.x_means @ coefficients
    squares = sums.yy - 2 * coefficients @ sums.xy + coefficients @ sums.xx @ coefficients + heavy @ left**2
    df = sums.sizes.sum() - len(coefficients)
    value = np.log1p(sums.sizes * ratio).sum() + np.linalg.slogdet(cross)[1] + df * np.log(squares)
    return float(value), float(squares / df), coefficients, cross


def _component_errors(sizes: np.ndarray, between: float, within: float) -> np.ndarray:
    alpha = within + sizes * between
    both = (sizes**2 / alpha**2).sum() / 2
    mixed = (sizes / alpha**2).sum() / 2
    inner = ((sizes - 1) / within**2 + 1 / alpha**2).sum() / 2
    return np.linalg.inv(np.array([[both, mixed], [mixed, inner]]))
