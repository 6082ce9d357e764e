"""What may each true value be when the spread of the true values is itself unsure?

Drawing units towards their mean takes the spread between units as known. With few units, or with errors larger than the
differences, that is far too sure of itself. Here the spread is averaged over: every variance between units counts alike
beforehand, and the data say how likely each is.
"""

from collections.abc import Callable

import numpy as np
from scipy import special

from kinerja_lab.numeric.mixed import OneWay

__all__ = ["known_error_moments", "one_way_moments", "rate_moments", "share_moments"]

_STEP = 0.5
"""Of the first grid, on the log scale."""
_FINE, _ENOUGH = 41, 15
"""Points of a finer grid, and how many of a grid must count before it is fine enough."""
_REACH = 14.0
"""Fall of the log density beyond which the rest is left out."""
_PROPER = 3
"""Units beyond the coefficients from which every variance may count alike; with fewer, every share of noise does."""

Moments = tuple[np.ndarray, np.ndarray]


def known_error_moments(y: np.ndarray, x: np.ndarray, errors: np.ndarray, *, at: np.ndarray | None = None) -> Moments:
    """Mean and variance of true values measured with known errors, around a regression.

    Parameters
    ----------
    y : numpy.ndarray, shape (m,)
        Measured values.
    x : numpy.ndarray, shape (m, p)
        Full rank, p below m.
    errors : numpy.ndarray, shape (m,)
        Known error variances, positive.
    at : numpy.ndarray or None, shape (k, p)
        Rows of further units that were not measured; their moments follow those of the m units.

    Returns
    -------
    tuple of numpy.ndarray

    Notes
    -----
    Restricted likelihood of the variance A between units, times a flat density of A, on a grid of log A; at each A the
    usual best prediction with the variance of the coefficients; then the mean and variance over the grid. With fewer
    than three units to spare the flat density has no end, and A has density 1/(A + D)^2 (every share of noise alike).

    References
    ----------
    Morris, C. N. (1983). Parametric empirical Bayes inference: theory and applications. JASA 78, 47-55, section 5.
    Datta, G. S., Rao, J. N. K., Smith, D. D. (2005). On measuring the variability of small area estimators under a
    basic area level model. Biometrika 92, 183-196.

    Examples
    --------
    >>> mean, variance = known_error_moments(np.array([1.0, 2.0, 3.0, 4.0, 5.0]), np.ones((5, 1)), np.full(5, 2.5))
    >>> bool(np.isclose(mean[2], 3.0)), bool(0.5 < variance[2] < 2.5)
    (True, True)
    """
    scale = float(np.log(1 / np.mean(1 / errors)))
    p = x.shape[1]
    spare, squares = len(y) - p, _squares(x)

    def fit(log_values: np.ndarray):
        weight = 1 / (np.exp(log_values)[:, None] + errors)
        cross = (weight @ squares).reshape(-1, p, p)
        inverse = np.linalg.inv(cross)
        slopes = np.einsum("gjk,gk->gj", inverse, (weight * y) @ x)
        return weight, cross, inverse, slopes, y - slopes @ x.T

    def density(log_values: np.ndarray) -> np.ndarray:
        weight, cross, _, _, rest = fit(log_values)
        found = np.log(weight).sum(axis=1) - np.linalg.slogdet(cross)[1] - (weight * rest**2).sum(axis=1)
        return found / 2 + log_values - (0 if spare >= _PROPER else 2 * np.logaddexp(log_values, scale))

    top = max(float(errors.max()), float(y.var()))
    points, chance = _weighted(density, float(np.log(errors.min())) - 14, float(np.log(top)) + 12)
    weight, _, inverse, slopes, rest = fit(points)
    between = np.exp(points)[:, None]
    keep = between * weight
    middle = slopes @ x.T + keep * rest
    spread = keep * errors + (1 - keep) ** 2 * (inverse.reshape(-1, p * p) @ squares.T)
    if at is not None and len(at):
        middle = np.hstack([middle, slopes @ at.T])
        spread = np.hstack([spread, between + inverse.reshape(-1, p * p) @ _squares(at).T])
    return _moments(chance, middle, spread)


def one_way_moments(layout: OneWay) -> Moments:
    """Mean and variance of true group means.

    Parameters
    ----------
    layout : OneWay
        Three groups or more, with a positive sum of squares within.

    Returns
    -------
    tuple of numpy.ndarray

    Notes
    -----
    As ``known_error_moments``, over the ratio of the variance between to that within (flat), with the variance within
    averaged too: S / (n - 3) at each ratio, S the weighted sum of squares.
    """
    n, sizes = layout.n, layout.sizes
    scale = float(-np.log(sizes.mean()))

    def fit(log_ratios: np.ndarray):
        heavy = sizes / (1 + sizes * np.exp(log_ratios)[:, None])
        total = heavy.sum(axis=1, keepdims=True)
        mean = heavy @ layout.means[:, None] / total
        rest = layout.means - mean
        return total, mean, rest, layout.within + (heavy * rest**2).sum(axis=1, keepdims=True)

    def density(log_ratios: np.ndarray) -> np.ndarray:
        total, _, _, squares = fit(log_ratios)
        spread = np.log1p(sizes * np.exp(log_ratios)[:, None]).sum(axis=1)
        found = -(spread + np.log(total[:, 0]) + (n - 1) * np.log(squares[:, 0])) / 2
        few = layout.groups - 1 < _PROPER
        return found + log_ratios - (2 * np.logaddexp(log_ratios, scale) if few else 0)

    top = max(1 / float(sizes.min()), float(layout.means.var() / layout.mean_square_within))
    points, chance = _weighted(density, float(-np.log(sizes.max())) - 14, float(np.log(top)) + 12)
    total, mean, rest, squares = fit(points)
    keep = sizes * np.exp(points)[:, None] / (1 + sizes * np.exp(points)[:, None])
    within = squares / (n - 3)
    return _moments(chance, mean + keep * rest, within * (keep / sizes + (1 - keep) ** 2 / total))


def share_moments(events: np.ndarray, n: np.ndarray) -> Moments:
    """Mean and variance of true shares behind events of a denominator (beta-binomial).

    Parameters
    ----------
    events, n : numpy.ndarray, shape (groups,)
        Events, not all of them none or all, and denominators; need not be whole.

    Returns
    -------
    tuple of numpy.ndarray

    Notes
    -----
    Over the weight w of the mean of all, with the variance mean (1 - mean) / (w + 1) of true shares flat. At each w the
    mean is that of the units' shares, each by the inverse of its variance, and so is the mean's own variance.

    References
    ----------
    Christiansen, C. L., Morris, C. N. (1997). Hierarchical Poisson regression modeling. JASA 92, 618-632.
    """
    rest = n - events

    def value(mean, weight):
        a, b = mean * weight, (1 - mean) * weight
        return (special.betaln(a + events, b + rest) - special.betaln(a, b)).sum(axis=1)

    def average(weight):
        heavy = n * (weight + 1) / (weight + n)
        mean = heavy @ (events / n)[:, None] / heavy.sum(axis=1, keepdims=True)
        return mean, mean * (1 - mean) / heavy.sum(axis=1, keepdims=True)

    points, chance, mean, doubt = _over_weights(value, average, n, shift=1.0)
    whole = points + n
    middle = (mean * points + events) / whole
    return _moments(chance, middle, middle * (1 - middle) / (whole + 1) + (points / whole) ** 2 * doubt)


def rate_moments(events: np.ndarray, expected: np.ndarray) -> Moments:
    """Mean and variance of true ratios behind events and expected events (gamma-Poisson).

    Parameters
    ----------
    events, expected : numpy.ndarray, shape (groups,)
        Events, not all of them none, and positive expected events; need not be whole.

    Returns
    -------
    tuple of numpy.ndarray

    Notes
    -----
    As ``share_moments``, with the variance mean / w of true ratios flat.
    """
    def value(mean, weight):
        shape = mean * weight
        return (special.gammaln(shape + events) - special.gammaln(shape) - shape * np.log1p(expected / weight)
                - events * np.log(weight + expected)).sum(axis=1)

    def average(weight):
        heavy = expected * weight / (weight + expected)
        mean = heavy @ (events / expected)[:, None] / heavy.sum(axis=1, keepdims=True)
        return mean, mean / heavy.sum(axis=1, keepdims=True)

    points, chance, mean, doubt = _over_weights(value, average, expected, shift=0.0)
    whole = points + expected
    middle = (mean * points + events) / whole
    return _moments(chance, middle, middle / whole + (points / whole) ** 2 * doubt)


def _squares(x: np.ndarray) -> np.ndarray:
    """Products of every pair of columns, a row for each unit."""
    return (x[:, :, None] * x[:, None, :]).reshape(len(x), -1)


def _over_weights(value, average, size, *, shift: float):
    """Grid of weights with their chances, and the mean with its variance at each; all but chances with one column."""
    scale = float(np.log(size.mean()))

    def density(log_weights: np.ndarray) -> np.ndarray:
        weight = np.exp(log_weights)[:, None]
        mean, doubt = average(weight)
        found = value(mean, weight) + np.log(doubt[:, 0]) / 2 + log_weights - 2 * np.log(weight[:, 0] + shift)
        return found if len(size) > _PROPER else found + 2 * log_weights - 2 * np.logaddexp(log_weights, scale)

    points, chance = _weighted(density, float(np.log(size.min())) - 9, float(np.log(size.max())) + 14)
    weight = np.exp(points)[:, None]
    return weight, chance, *average(weight)


def _weighted(density: Callable[[np.ndarray], np.ndarray], low: float, high: float) -> Moments:
    """Points on the log scale where the density lives, and their chances."""
    points = np.linspace(low, high, int((high - low) / _STEP) + 2)
    for _ in range(6):
        levels = density(points)
        held = np.flatnonzero(levels > levels.max() - _REACH)
        if len(held) >= _ENOUGH:
            break
        points = np.linspace(points[max(held[0] - 1, 0)], points[min(held[-1] + 1, len(points) - 1)], _FINE)
    chance = np.exp(levels - levels.max())
    return points, chance / chance.sum()


def _moments(chance: np.ndarray, middle: np.ndarray, spread: np.ndarray) -> Moments:
    mean = chance @ middle
    return mean, chance @ (spread + (middle - mean) ** 2)
