"""How much of the variation lies between groups? One-way random effects from group sizes, means and sums of squares."""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

__all__ = ["OneWay", "anova_ratio", "one_way", "ratio_interval", "reml_ratio"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OneWay:
    """Sufficient statistics of a one-way layout.

    Parameters
    ----------
    sizes, means : numpy.ndarray, shape (groups,)
        Cases and mean of each group.
    within : float
        Sum of squares around the group means.
    """

    sizes: np.ndarray
    means: np.ndarray
    within: float

    @property
    def n(self) -> int:
        """Cases."""
        return int(self.sizes.sum())

    @property
    def groups(self) -> int:
        """Groups."""
        return len(self.sizes)

    @property
    def mean_square_within(self) -> float:
        """Sum of squares within over its degrees of freedom."""
        return self.within / (self.n - self.groups)

    @property
    def mean_square_between(self) -> float:
        """Sum of squares between over its degrees of freedom."""
        grand = self.sizes @ self.means / self.n
        return float(self.sizes @ (self.means - grand) ** 2 / (self.groups - 1))

    @property
    def size_zero(self) -> float:
        """The size n0 of a balanced layout with the same expected mean squares."""
        return float((self.n - (self.sizes**2).sum() / self.n) / (self.groups - 1))


def one_way(values: np.ndarray, codes: np.ndarray, *, count: int) -> OneWay:
    """Sufficient statistics of values in groups.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
        Finite values.
    codes : numpy.ndarray of int, shape (n,)
        Group of each value, each of 0 to ``count`` - 1 at least once.
    count : int
        Number of groups.

    Returns
    -------
    OneWay
    """
    sizes = np.bincount(codes, minlength=count).astype(float)
    # shifting first keeps the digits when all values are far from zero
    shift = float(values.mean())
    means = np.bincount(codes, weights=values - shift, minlength=count) / sizes
    within = float((((values - shift) - means[codes]) ** 2).sum())
    return OneWay(sizes=sizes, means=means + shift, within=within)


def anova_ratio(layout: OneWay) -> float:
    """Between over within variance by the mean squares; below 0 when the groups differ less than chance.

    Parameters
    ----------
    layout : OneWay
        With a positive sum of squares within.

    Notes
    -----
    (MSB - MSW) / (n0 MSW).

    References
    ----------
    Searle, S. R., Casella, G., McCulloch, C. E. (1992). Variance components, chapter 3. Wiley.
    """
    within = layout.mean_square_within
    return (layout.mean_square_between - within) / (layout.size_zero * within)


def reml_ratio(layout: OneWay) -> float:
    """Between over within variance by restricted maximum likelihood, at least 0.

    Parameters
    ----------
    layout : OneWay
        With a positive sum of squares within.

    Notes
    -----
    Profile of the restricted likelihood over the ratio; the within variance and the mean are solved in closed form.

    References
    ----------
    Searle, S. R., Casella, G., McCulloch, C. E. (1992). Variance components, chapter 6. Wiley.
    """
    grid = np.linspace(-20, 12, 65)
    levels = _deviances(layout, np.exp(grid))
    best = int(np.argmin(levels))
    if best == 0 and _deviance(layout, 0.0) <= levels[0]:
        return 0.0
    span = (grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)])
    # the slope's zero is sharper than the minimum: the deviance is flat there to half the digits
    left, right = (_slope(layout, np.exp(point)) for point in span)
    if left < 0 < right:
        return float(np.exp(optimize.brentq(lambda point: _slope(layout, np.exp(point)), *span, xtol=1e-13)))
    found = optimize.minimize_scalar(lambda point: _deviance(layout, np.exp(point)), bounds=span, method="bounded")
    return float(np.exp(found.x))


def _deviance(layout: OneWay, ratio: float) -> float:
    return float(_deviances(layout, np.array([ratio]))[0])


def _deviances(layout: OneWay, ratios: np.ndarray) -> np.ndarray:
    """Twice the negative restricted log likelihood, less a constant, at every ratio."""
    spread = layout.sizes * ratios[:, None]
    heavy = layout.sizes / (1 + spread)
    total = heavy.sum(axis=1)
    rest = layout.means - ((heavy @ layout.means) / total)[:, None]
    squares = layout.within + (heavy * rest**2).sum(axis=1)
    return np.log1p(spread).sum(axis=1) + np.log(total) + (layout.n - 1) * np.log(squares)


def _slope(layout: OneWay, ratio: float) -> float:
    """Derivative of the deviance with respect to the ratio."""
    heavy = layout.sizes / (1 + layout.sizes * ratio)
    mean = heavy @ layout.means / heavy.sum()
    squares = layout.within + heavy @ (layout.means - mean) ** 2
    return float(heavy.sum() - (heavy**2).sum() / heavy.sum()
                 - (layout.n - 1) * (heavy**2 @ (layout.means - mean) ** 2) / squares)


def ratio_interval(layout: OneWay, *, level: float) -> tuple[float, float]:
    """Exact interval of the between over within variance, balanced or not.

    Parameters
    ----------
    layout : OneWay
        With a positive sum of squares within.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    tuple of float
        Limits, at least -1/(largest size).

    Notes
    -----
    Wald's pivot: the weighted sum of squares of the means with weights n/(1 + n ratio), over (groups-1) MSW, has an F
    distribution at the true ratio and falls as the ratio grows; the limits are where it meets the quantiles of F.

    References
    ----------
    Wald, A. (1940). A note on the analysis of variance with unequal class frequencies. Annals of Mathematical
    Statistics 11, 96-100.
    """
    df = (layout.groups - 1, layout.n - layout.groups)
    floor = -1 / layout.sizes.max()

    def pivot(ratio: float) -> float:
        heavy = layout.sizes / (1 + layout.sizes * ratio)
        mean = heavy @ layout.means / heavy.sum()
        return float(heavy @ (layout.means - mean) ** 2 / df[0] / layout.mean_square_within)

    def solve(quantile: float) -> float:
        start = floor * (1 - 1e-9)
        if pivot(start) <= quantile:
            return floor
        stop = 1.0
        while pivot(stop) > quantile:
            stop *= 4
        return float(optimize.brentq(lambda ratio: pivot(ratio) - quantile, start, stop, xtol=1e-14))

    tail = (1 - level) / 2
    return solve(float(special.fdtri(*df, 1 - tail))), solve(float(special.fdtri(*df, tail)))
