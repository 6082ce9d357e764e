"""How much of the variation lies between groups, cases and columns? Cases in groups, crossed with columns.

Each case has a value in every column. Turning the columns by an orthogonal matrix splits the likelihood into a one-way
layout of the cases' means and one of the contrasts between columns, so that restricted maximum likelihood costs a few
sums over groups however many cases there are.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg, optimize

from kinerja_lab.numeric.mixed import OneWay, one_way, reml_ratio

__all__ = ["NAMES", "NestedCrossed", "NestedFit", "anova_components", "ml_ratio", "nested_crossed", "reml_components"]

NAMES = ("group", "case", "column", "group x column", "residual")
_SPAN = (-25.0, 12.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NestedCrossed:
    """Sufficient statistics of cases in groups, crossed with columns.

    Parameters
    ----------
    means : OneWay
        The cases' means over columns, times the root of the number of columns.
    contrasts : numpy.ndarray, shape (groups, columns - 1)
        Group means of orthonormal contrasts between the columns.
    within : float
        Sum of squares of all contrasts around the group means.
    columns : int
        Columns, at least 2.
    """

    means: OneWay
    contrasts: np.ndarray
    within: float
    columns: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NestedFit:
    """Variance components in the order of ``NAMES``.

    Parameters
    ----------
    components : numpy.ndarray, shape (5,)
        Variances.
    covariance : numpy.ndarray, shape (5, 5)
        Of their logarithms, from the curvature of the restricted likelihood; NaN in the rows of components that are 0.
    deviance : float
        Minus twice the restricted log likelihood.
    """

    components: np.ndarray
    covariance: np.ndarray
    deviance: float


def ml_ratio(layout: OneWay) -> float:
    """Between over within variance by maximum likelihood, at least 0.

    Parameters
    ----------
    layout : OneWay
        With a positive sum of squares within.

    Notes
    -----
    As ``mixed.reml_ratio``, but the uncertainty of the mean is not counted: the ratio is a little lower.

    References
    ----------
    Searle, S. R., Casella, G., McCulloch, C. E. (1992). Variance components, chapter 6. Wiley.
    """
    def deviance(log_ratio: float) -> float:
        ratio = np.exp(log_ratio)
        heavy = layout.sizes / (1 + layout.sizes * ratio)
        mean = heavy @ layout.means / heavy.sum()
        squares = layout.within + heavy @ (layout.means - mean) ** 2
        return float(np.log1p(layout.sizes * ratio).sum() + layout.n * np.log(squares))

    return _profile(deviance)


def _profile(deviance) -> float:
    """The ratio with the smallest deviance of its logarithm; 0 where it falls towards minus infinity."""
    grid = np.linspace(*_SPAN, 75)
    values = [deviance(point) for point in grid]
    best = int(np.argmin(values))
    if best == 0:
        return 0.0
    span = (grid[best - 1], grid[min(best + 1, len(grid) - 1)])
    found = optimize.minimize_scalar(deviance, bounds=span, method="bounded", options={"xatol": 1e-10})
    return 0.0 if values[0] <= found.fun else float(np.exp(found.x))


def nested_crossed(values: np.ndarray, codes: np.ndarray, *, count: int) -> NestedCrossed:
    """Sufficient statistics of a complete table.

    Parameters
    ----------
    values : numpy.ndarray, shape (n, columns)
        Finite, one row a case.
    codes : numpy.ndarray of int, shape (n,)
        Group of each case, each of 0 to ``count`` - 1 at least once.
    count : int
        Groups.

    Returns
    -------
    NestedCrossed
    """
    columns = values.shape[1]
    turn = linalg.helmert(columns, full=True)
    # shifting first keeps the digits when all values are far from zero
    shift = values.mean()
    centred = (values - shift) @ turn.T
    means = one_way(centred[:, 0], codes, count=count)
    sums = np.stack([np.bincount(codes, weights=column, minlength=count) for column in centred[:, 1:].T], axis=1)
    contrasts = sums / means.sizes[:, None]
    total = float((centred[:, 1:] ** 2).sum())
    within = max(total - float(means.sizes @ (contrasts**2).sum(axis=1)), 0.0)
    return NestedCrossed(means=means, contrasts=contrasts, within=within, columns=columns)


def anova_components(layout: NestedCrossed) -> np.ndarray:
    """Variance components from mean squares, in the order of ``NAMES``; they may be below 0.

    Parameters
    ----------
    layout : NestedCrossed
        With at least two groups and more cases than groups.

    Returns
    -------
    numpy.ndarray, shape (5,)

    Notes
    -----
    Henderson's method 1: with n0 the size of a balanced layout with the same expected mean squares.

    References
    ----------
    Henderson, C. R. (1953). Estimation of variance and covariance components. Biometrics 9, 226-252.
    Brennan, R. L. (2001). Generalizability theory, section 7.1. Springer.
    """
    means, k = layout.means, layout.columns
    n, groups, size = means.n, means.groups, means.size_zero
    residual = layout.within / ((k - 1) * (n - groups))
    grand = means.sizes @ layout.contrasts / n
    between = float((means.sizes @ (layout.contrasts - grand) ** 2).sum()) / ((k - 1) * (groups - 1))
    meeting = (between - residual) / size
    average = float((grand**2).sum()) / (k - 1)
    column = average - meeting * float((means.sizes**2).sum()) / n**2 - residual / n
    case = (means.mean_square_within - residual) / k
    group = ((means.mean_square_between - means.mean_square_within) / size - meeting) / k
    return np.array([group, case, column, meeting, residual])


def reml_components(layout: NestedCrossed) -> NestedFit:
    """Variance components by restricted maximum likelihood, none below 0.

    Parameters
    ----------
    layout : NestedCrossed
        With some residual variation.

    Returns
    -------
    NestedFit

    Notes
    -----
    The restricted likelihood is that of a one-way layout of the means (between: k group + meeting; within: k case +
    residual) times that of k - 1 one-way layouts of the contrasts (between: meeting; within: residual; their common
    mean: column). Where the parts agree with non-negative components each is solved alone; else all together.

    References
    ----------
    Searle, S. R., Casella, G., McCulloch, C. E. (1992). Variance components, chapter 6. Wiley.
    """
    free = _separate(layout)
    components = free if (free >= 0).all() else _together(layout, free)
    return NestedFit(components=components, covariance=_log_covariance(layout, components),
                     deviance=_deviance(components, layout))


def _separate(layout: NestedCrossed) -> np.ndarray:
    """The two parts alone; group and case may come out below 0."""
    means, k = layout.means, layout.columns
    ratio = reml_ratio(means) if means.within > 0 else np.inf
    heavy = means.sizes / (1 + means.sizes * ratio)
    centre = heavy @ means.means / heavy.sum()
    within = (means.within + float(heavy @ (means.means - centre) ** 2)) / (means.n - 1)
    meeting, column, residual = _contrasts(layout)
    return np.array([(ratio * within - meeting) / k, (within - residual) / k, column, meeting, residual])


def _contrasts(layout: NestedCrossed) -> tuple[float, float, float]:
    """Meeting, column and residual from the contrasts alone; column is solved in closed form, or is 0."""
    sizes, replicates, n = layout.means.sizes, layout.columns - 1, layout.means.n

    def parts(ratio: float, *, shared: bool) -> tuple[float, float, float]:
        heavy = sizes / (1 + sizes * ratio)
        centre = heavy @ layout.contrasts / heavy.sum() if shared else np.zeros(replicates)
        squares = layout.within + float((heavy @ (layout.contrasts - centre) ** 2).sum())
        return squares, float(heavy.sum()), float((centre**2).sum()) / replicates

    def deviance(log_ratio: float, *, shared: bool) -> float:
        ratio = np.exp(log_ratio)
        squares, heavy, centre = parts(ratio, shared=shared)
        value = replicates * (np.log1p(sizes * ratio).sum() + (n - shared) * np.log(squares))
        return value + replicates * np.log(heavy * centre) if shared and centre > 0 else value

    ratio = _profile(lambda point: deviance(point, shared=True))
    squares, heavy, centre = parts(ratio, shared=True)
    residual = squares / (replicates * (n - 1))
    column = centre - residual / heavy
    if column <= 0:
        ratio = _profile(lambda point: deviance(point, shared=False))
        residual, column = parts(ratio, shared=False)[0] / (replicates * n), 0.0
    return ratio * residual, column, residual


def _deviance(components: np.ndarray, layout: NestedCrossed) -> float:
    group, case, column, meeting, residual = components
    means, k = layout.means, layout.columns
    between, within = k * group + meeting, k * case + residual
    spread = between + within / means.sizes
    heavy = 1 / spread
    centre = heavy @ means.means / heavy.sum()
    first = ((means.n - means.groups) * np.log(within) + np.log(spread).sum() + np.log(heavy.sum())
             + means.within / within + heavy @ (means.means - centre) ** 2)
    apart = meeting + residual / means.sizes
    heavy = 1 / apart
    centre = heavy @ layout.contrasts / heavy.sum()
    second = ((k - 1) * ((means.n - means.groups) * np.log(residual) + np.log(apart).sum()
                         + np.log1p(column * heavy.sum()))
              + layout.within / residual + (heavy @ (layout.contrasts - centre) ** 2).sum()
              + (centre**2).sum() / (1 / heavy.sum() + column))
    sizes = k * np.log(means.sizes).sum()
    return float(first + second + sizes + (means.n * k - 1) * np.log(2 * np.pi) + np.log(k))


def _together(layout: NestedCrossed, start: np.ndarray) -> np.ndarray:
    """All components at once, each at least 0."""
    scale = start[4]
    first = np.maximum(start / scale, 1e-3)
    first[4] = 1.0
    found = optimize.minimize(
        lambda point: _deviance(np.maximum(point, [0, 0, 0, 0, 1e-8]) * scale, layout), first, method="L-BFGS-B",
        bounds=[(0.0, None)] * 4 + [(1e-6, None)], options={"ftol": 1e-15, "gtol": 1e-8, "maxiter": 1000})
    return np.where(found.x < 1e-7, 0.0, found.x) * scale


def _log_covariance(layout: NestedCrossed, components: np.ndarray) -> np.ndarray:
    """Inverse of half the curvature of the deviance in the logarithms; NaN for components at 0."""
    free = np.flatnonzero(components > 0)
    covariance = np.full((5, 5), np.nan)
    step, count = 1e-3, len(free)

    def at(move: np.ndarray) -> float:
        moved = components.copy()
        moved[free] *= np.exp(move)
        return _deviance(moved, layout)

    curve = np.empty((count, count))
    middle = at(np.zeros(count))
    for row in range(count):
        for column in range(row + 1):
            one, two = np.eye(count)[row] * step, np.eye(count)[column] * step
            if row == column:
                value = (at(one) - 2 * middle + at(-one)) / step**2
            else:
                value = (at(one + two) - at(one - two) - at(two - one) + at(-one - two)) / (4 * step**2)
            curve[row, column] = curve[column, row] = value
    if np.linalg.eigvalsh(curve)[0] > 0:
        covariance[np.ix_(free, free)] = 2 * np.linalg.inv(curve)
    return covariance
