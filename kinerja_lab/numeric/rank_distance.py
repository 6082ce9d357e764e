"""How far apart must two of many estimates lie before their order is sure? Largest standardised differences."""

import numpy as np
from scipy import special

__all__ = ["largest_differences", "order_limit", "own_limits"]

_FIRST = 8
"""Values tried at either end before the rest is ruled out."""
_NODES = 32
_CLASSES = 48


def largest_differences(se: np.ndarray, *, draws: np.ndarray, allowed: np.ndarray | None = None) -> np.ndarray:
    """Largest standardised difference of any two estimates, for every draw of their errors.

    Parameters
    ----------
    se : numpy.ndarray, shape (k,)
        Positive standard errors of independent estimates.
    draws : numpy.ndarray, shape (times, k)
        Standard normal errors.
    allowed : numpy.ndarray of bool or None, shape (k, k)
        Ordered pairs (upper, lower) that count; None means all.

    Returns
    -------
    numpy.ndarray, shape (times,)
        max of (s_j g_j - s_k g_k) / sqrt(s_j^2 + s_k^2); minus infinity where no pair counts.

    Notes
    -----
    Exact, but not by trying all pairs: the difference of a pair is at most sqrt(g_j^2 + g_k^2) (Cauchy and Schwarz), so
    that after a first try with the values at either end nearly all others are ruled out.
    """
    times, k = draws.shape
    few = min(_FIRST, k)
    ends = np.argpartition(draws, (few - 1, k - few), axis=1)
    bottom, top = ends[:, :few], ends[:, k - few:]
    found = _differences(se, draws, top, bottom, allowed).reshape(times, -1).max(axis=1)
    highest, lowest = (np.take_along_axis(draws, side, axis=1) for side in (top, bottom))
    # a pair with an error on the wrong side of 0 reaches no further than its other error alone
    room = np.where(found > 0, found, 0.0) ** 2
    upper = np.maximum(draws, 0) ** 2 >= (room - np.minimum(lowest.min(axis=1), 0.0) ** 2)[:, None]
    lower = np.minimum(draws, 0) ** 2 >= (room - np.maximum(highest.max(axis=1), 0.0) ** 2)[:, None]
    for time in np.flatnonzero((upper.sum(axis=1) > few) | (lower.sum(axis=1) > few)):
        gap = _differences(se, draws[[time]], np.flatnonzero(upper[time])[None], np.flatnonzero(lower[time])[None],
                           allowed)
        if gap.size:
            found[time] = max(found[time], gap.max())
    return found


def _differences(se, draws, upper, lower, allowed) -> np.ndarray:
    """Standardised differences of every pair of an upper and a lower place, by draw."""
    rows = np.arange(len(draws))[:, None]
    high, low = (se[places] * draws[rows, places] for places in (upper, lower))
    spread = np.sqrt(se[upper][:, :, None] ** 2 + se[lower][:, None, :] ** 2)
    gap = (high[:, :, None] - low[:, None, :]) / spread
    counted = upper[:, :, None] != lower[:, None, :]
    if allowed is not None:
        counted &= allowed[upper[:, :, None], lower[:, None, :]]
    return np.where(counted, gap, -np.inf)


def order_limit(values: np.ndarray, se: np.ndarray, *, level: float, draws: np.ndarray, stepdown: bool) -> float:
    """The standardised difference from which all orders are called at once.

    Parameters
    ----------
    values, se : numpy.ndarray, shape (k,)
        Independent estimates with positive standard errors, k at least 2.
    level : float
        Chance that no order is called wrongly, between 0 and 1.
    draws : numpy.ndarray, shape (times, k)
        Standard normal errors.
    stepdown : bool
        Whether pairs whose order is sure are set aside and the limit is found again among the others.

    Returns
    -------
    float

    References
    ----------
    Romano, J. P., Wolf, M. (2005). Exact and approximate stepdown methods for multiple hypothesis testing. JASA 100,
    94-108.
    """
    limit = float(np.quantile(largest_differences(se, draws=draws), level, method="inverted_cdf"))
    if not stepdown:
        return limit
    gap = (values[:, None] - values) / np.sqrt(se[:, None] ** 2 + se**2)
    while True:
        allowed = gap <= limit
        after = float(np.quantile(largest_differences(se, draws=draws, allowed=allowed), level, method="inverted_cdf"))
        if after >= limit or (gap > after).sum() == (~allowed).sum():
            return min(after, limit)
        limit = after


def own_limits(se: np.ndarray, *, level: float) -> np.ndarray:
    """For each estimate alone: the standardised difference from all others that chance reaches with 1 - level.

    Parameters
    ----------
    se : numpy.ndarray, shape (k,)
        Positive standard errors of independent estimates, k at least 2.
    level : float
        Chance that no difference of this estimate is called wrongly, between 0 and 1.

    Returns
    -------
    numpy.ndarray, shape (k,)

    Notes
    -----
    Given its own error g, the differences from the others are independent: the chance that all stay within c is the
    mean over g of the product of Phi((s g + c d) / s_k) - Phi((s g - c d) / s_k), with d the error of the difference.
    The mean by Gauss and Hermite, c by false position; nothing is drawn. More than 48 different standard errors
    are gathered in 48 classes (equal steps of the logarithm) and the limit is interpolated between these: within 0.01.
    """
    log_se = np.log(se)
    if len(np.unique(se)) <= _CLASSES:
        kinds, place, counts = np.unique(se, return_inverse=True, return_counts=True)
        return _class_limits(kinds, counts.astype(float), level=level)[place.ravel()]
    step = np.ptp(log_se) / _CLASSES
    place = np.minimum(((log_se - log_se.min()) / step).astype(int), _CLASSES - 1)
    counts = np.bincount(place, minlength=_CLASSES)
    held = counts > 0
    kinds = np.exp(np.bincount(place, weights=log_se, minlength=_CLASSES)[held] / counts[held])
    return np.interp(log_se, np.log(kinds), _class_limits(kinds, counts[held].astype(float), level=level))


def _class_limits(kinds: np.ndarray, counts: np.ndarray, *, level: float) -> np.ndarray:
    """The limit of one estimate of each class of standard errors."""
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    nodes, weights = nodes[weights > 1e-12 * weights.sum()], weights[weights > 1e-12 * weights.sum()] / weights.sum()
    classes, total = len(kinds), counts.sum()
    distance = np.sqrt(kinds[:, None] ** 2 + kinds**2)
    # an estimate is not compared with itself
    others = counts - np.eye(classes)

    def short(limits: np.ndarray, rows: np.ndarray) -> np.ndarray:
        own = kinds[rows, None, None] * nodes[None, :, None]
        reach = (limits[:, None] * distance[rows])[:, None, :]
        each = special.ndtr((own + reach) / kinds) - special.ndtr((own - reach) / kinds)
        return weights @ np.exp((others[rows][:, None, :] * np.log(np.maximum(each, 1e-300))).sum(axis=2)).T - level

    rows = np.arange(classes)
    low = np.full(classes, float(special.ndtri((1 + level) / 2)))
    high = np.full(classes, float(special.ndtri(1 - (1 - level) / (2 * (total - 1)))) + 1e-9)
    at_low, at_high = short(low, rows), short(high, rows)
    for _ in range(40):
        here = rows[(high - low > 1e-4) & (at_low < 0) & (at_high > 0)]
        if not len(here):
            break
        share = np.clip(-at_low[here] / (at_high[here] - at_low[here]), 0.05, 0.95)
        middle = low[here] + share * (high[here] - low[here])
        value = short(middle, here)
        below = value < 0
        low[here[below]], at_low[here[below]] = middle[below], value[below]
        high[here[~below]], at_high[here[~below]] = middle[~below], value[~below]
    return np.where(at_low >= 0, low, high)
