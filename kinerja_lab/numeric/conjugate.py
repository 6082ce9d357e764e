"""How much do shares or rates of groups differ beyond chance? Beta-binomial and gamma-Poisson from group totals."""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from kinerja_lab.numeric.intervals import normal_quantile

__all__ = ["Spread", "marshall_binomial", "marshall_poisson", "spread_of_rates", "spread_of_shares"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """The distribution of true shares or rates over groups.

    Parameters
    ----------
    mean : float
        Mean of the true values.
    weight : float
        What the prior counts for, in cases (shares) or in expected events (rates): reliability of a group with n cases
        is n / (n + weight). Infinite where groups do not differ beyond chance.
    low, high : float
        Limits of ``weight`` by profile likelihood; 0 or infinite where the likelihood has no end there.
    """

    mean: float
    weight: float
    low: float
    high: float


def spread_of_shares(events: np.ndarray, n: np.ndarray, *, level: float) -> Spread:
    """Beta-binomial by maximum likelihood.

    Parameters
    ----------
    events, n : numpy.ndarray, shape (groups,)
        Events and denominators; need not be whole (counts divided by an overdispersion factor).
    level : float
        Confidence level of the limits of the weight, between 0 and 1.

    Returns
    -------
    Spread
        ``weight`` is alpha + beta.

    Notes
    -----
    log L = sum ln B(a + x, b + n - x) - ln B(a, b) with a = mean x weight, b = (1 - mean) x weight.

    References
    ----------
    Griffiths, D. A. (1973). Maximum likelihood estimation for the beta-binomial distribution. Biometrics 29, 637-648.
    """
    total = events.sum() / n.sum()
    rest = n - events

    def value(mean: float, weight: float) -> float:
        a, b = mean * weight, (1 - mean) * weight
        return float(-(special.betaln(a + events, b + rest) - special.betaln(a, b)).sum())

    def slopes(mean: float, weight: float) -> tuple[float, float]:
        a, b = mean * weight, (1 - mean) * weight
        first = special.psi(a + events) - special.psi(a) - special.psi(b + rest) + special.psi(b)
        second = (special.zeta(2, a + events) - special.zeta(2, a)
                  + special.zeta(2, b + rest) - special.zeta(2, b))
        return weight * float(first.sum()), weight**2 * float(second.sum())

    limit = float(-(special.xlogy(events, total) + special.xlog1py(rest, -total)).sum())
    return _profiled(value, slopes, limit, middle=float(np.log(n.mean())), level=level, total=float(total), top=1.0)


def spread_of_rates(events: np.ndarray, expected: np.ndarray, *, level: float) -> Spread:
    """Gamma-Poisson by maximum likelihood.

    Parameters
    ----------
    events, expected : numpy.ndarray, shape (groups,)
        Events and positive expected events (or an exposure).
    level : float
        Confidence level of the limits of the weight, between 0 and 1.

    Returns
    -------
    Spread
        ``weight`` is the gamma's rate, in units of ``expected``.

    Notes
    -----
    log L = sum ln G(a + x) - ln G(a) + a ln(b / (b + E)) - x ln(b + E), with a = mean x weight and b = weight.

    References
    ----------
    Clayton, D., Kaldor, J. (1987). Empirical Bayes estimates of age-standardized relative risks for use in disease
    mapping. Biometrics 43, 671-681.
    """
    total = events.sum() / expected.sum()

    def value(mean: float, weight: float) -> float:
        shape = mean * weight
        return float(-(special.gammaln(shape + events) - special.gammaln(shape) - shape * np.log1p(expected / weight)
                       - events * np.log(weight + expected)).sum())

    def slopes(mean: float, weight: float) -> tuple[float, float]:
        shape = mean * weight
        first = special.psi(shape + events) - special.psi(shape) - np.log1p(expected / weight)
        second = special.zeta(2, shape + events) - special.zeta(2, shape)
        return weight * float(first.sum()), weight**2 * float(second.sum())

    # x ln(total E) - E total, without the x ln E that ``value`` leaves out too
    limit = float(-(special.xlogy(events, total) - expected * total).sum())
    return _profiled(value, slopes, limit, middle=float(np.log(expected.mean())), level=level, total=float(total),
                     top=np.inf)


def _profiled(value, slopes, limit: float, *, middle: float, level: float, total: float, top: float) -> Spread:
    """Maximum and profile limits over the log weight; the mean is solved anew at each."""
    memory: dict[float, tuple[float, float]] = {}

    def at(log_weight: float) -> tuple[float, float]:
        if log_weight not in memory:
            weight = float(np.exp(log_weight))
            nearest = min(memory, key=lambda known: abs(known - log_weight), default=None)
            mean = _mean(slopes, weight, total if nearest is None else memory[nearest][1], top)
            memory[log_weight] = (value(mean, weight), mean)
        return memory[log_weight]

    grid = [float(point) for point in np.linspace(middle - 9, middle + 10, 20)]
    levels = np.array([at(point)[0] for point in grid])
    best = int(np.argmin(levels))
    allowance = normal_quantile(level) ** 2 / 2
    if limit <= levels[best] + 1e-7:
        inside = np.flatnonzero(levels > limit + allowance)
        low = 0.0
        if len(inside):
            low = float(np.exp(_crossing(at, limit + allowance, grid[inside[-1]], grid[min(inside[-1] + 1, 19)])))
        return Spread(mean=total, weight=np.inf, low=low, high=np.inf)
    span = (grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)])
    found = optimize.minimize_scalar(lambda point: at(float(point))[0], bounds=span, method="bounded",
                                     options={"xatol": 1e-6})
    peak, edge = float(found.x), float(found.fun) + allowance
    outside = levels > edge
    below, above = (np.flatnonzero(outside & side) for side in (np.array(grid) < peak, np.array(grid) > peak))
    low = float(np.exp(_crossing(at, edge, grid[below[-1]], peak))) if len(below) else 0.0
    high = float(np.exp(_crossing(at, edge, peak, grid[above[0]]))) if len(above) and limit > edge else np.inf
    return Spread(mean=at(peak)[1], weight=float(np.exp(peak)), low=low, high=high)


def _mean(slopes, weight: float, start: float, top: float) -> float:
    """The mean at a given weight, by Newton's method inside (0, top)."""
    low, high, mean = 0.0, top, start
    for _ in range(60):
        first, second = slopes(mean, weight)
        low, high = (mean, high) if first > 0 else (low, mean)
        change = -first / second if second < 0 else 0.0
        after = mean + change
        if not low < after < high:
            after = (low + high) / 2 if np.isfinite(high) else 2 * mean
        if abs(after - mean) <= 1e-8 * mean:
            return after
        mean = after
    return mean


def _crossing(at, edge: float, left: float, right: float) -> float:
    if (at(left)[0] - edge) * (at(right)[0] - edge) > 0:
        return right
    return float(optimize.brentq(lambda point: at(float(point))[0] - edge, left, right, xtol=1e-6))


def marshall_poisson(events: np.ndarray, expected: np.ndarray) -> tuple[float, float]:
    """Mean and variance of true rates by moments.

    Parameters
    ----------
    events, expected : numpy.ndarray, shape (groups,)
        Events and positive expected events (or an exposure).

    Returns
    -------
    tuple of float
        Mean, and variance between groups, at least 0.

    Notes
    -----
    b = sum x / sum E; a = sum E (r - b)^2 / sum E - b / mean E.

    References
    ----------
    Marshall, R. J. (1991). Mapping disease and mortality rates using empirical Bayes estimators. Applied Statistics 40,
    283-294.
    """
    mean = events.sum() / expected.sum()
    square = (expected * (events / expected - mean) ** 2).sum() / expected.sum()
    return float(mean), max(float(square - mean / expected.mean()), 0.0)


def marshall_binomial(events: np.ndarray, n: np.ndarray) -> tuple[float, float]:
    """Mean and variance of true shares by moments.

    Parameters
    ----------
    events, n : numpy.ndarray, shape (groups,)
        Events and denominators.

    Returns
    -------
    tuple of float
        Mean, and variance between groups, at least 0.

    References
    ----------
    Martuzzi, M., Elliott, P. (1996). Empirical Bayes estimation of small area prevalence of non-rare conditions.
    Statistics in Medicine 15, 1867-1873.
    """
    mean = events.sum() / n.sum()
    square = (n * (events / n - mean) ** 2).sum() / n.sum()
    average = n.mean()
    return float(mean), max(float((average * square - mean * (1 - mean)) / (average - 1)), 0.0)
