"""How far may the true value lie from the estimate? Closed-form intervals on arrays."""

import numpy as np
from scipy import special

from kinerja_lab.core.errors import KinerjaError

__all__ = ["binomial_exact", "byar", "fisher_z", "normal_quantile", "poisson_exact", "reach", "t_interval", "wilson"]


def _checked(level: float) -> float:
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    return float(level)


def normal_quantile(level: float) -> float:
    """Two-sided standard normal quantile.

    Parameters
    ----------
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    float
        The z with P(-z < Z < z) = level.

    Raises
    ------
    KinerjaError
        ``bad_level``.

    Examples
    --------
    >>> round(normal_quantile(0.95), 4)
    1.96
    """
    return float(special.ndtri((1 + _checked(level)) / 2))


def reach(level: float, *, df: float) -> float:
    """Standard errors to each side of an estimate: quantile of Student's t, of the normal where df is infinite.

    Parameters
    ----------
    level : float
        Confidence level, between 0 and 1.
    df : float
        Degrees of freedom of the standard error, above 0; infinite where it counts as known.

    Raises
    ------
    KinerjaError
        ``bad_level``.

    Examples
    --------
    >>> round(reach(0.95, df=10), 4), round(reach(0.95, df=np.inf), 4)
    (2.2281, 1.96)
    """
    return normal_quantile(level) if np.isinf(df) else float(special.stdtrit(df, (1 + _checked(level)) / 2))


def wilson(events: np.ndarray, n: np.ndarray, *, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Score interval of a proportion.

    Parameters
    ----------
    events : array of float
        Events, 0 <= events <= n.
    n : array of float
        Trials; NaN limits where 0.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper limits, shares of 1.

    Raises
    ------
    KinerjaError
        ``bad_level``.

    Notes
    -----
    (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n).

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. JASA 22, 209-212.

    Examples
    --------
    >>> low, high = wilson(0, 10, level=0.95)
    >>> float(low), round(float(high), 4)
    (0.0, 0.2775)
    """
    z = normal_quantile(level)
    events, n = np.broadcast_arrays(np.asarray(events, dtype=float), np.asarray(n, dtype=float))
    trials = np.where(n > 0, n, np.nan)
    share = events / trials
    centre = share + z * z / (2 * trials)
    half = z * np.sqrt(share * (1 - share) / trials + z * z / (4 * trials * trials))
    scale = 1 + z * z / trials
    # exact ends: at 0 or n events the formula gives 0 or 1 but for rounding
    low = np.where(events <= 0, 0 * share, np.clip((centre - half) / scale, 0, 1))
    high = np.where(events >= n, 0 * share + 1, np.clip((centre + half) / scale, 0, 1))
    return low, high


def fisher_z(
    r: np.ndarray, n: np.ndarray, *, level: float, variance_factor: np.ndarray | float = 1.0,
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of a correlation on the inverse hyperbolic tangent scale.

    Parameters
    ----------
    r : array of float
        Correlations, -1 to 1.
    n : array of float
        Cases.
    level : float
        Confidence level, between 0 and 1.
    variance_factor : array of float or float
        Multiplies 1/(n-3); 1 for Pearson, 1 + r^2/2 for Spearman (Bonett and Wright).

    Returns
    -------
    tuple of numpy.ndarray
        Limits; NaN where n <= 3 or r is -1 or 1 (no interval exists there).

    Raises
    ------
    KinerjaError
        ``bad_level``.

    Notes
    -----
    tanh(atanh(r) -+ z sqrt(factor / (n - 3))).

    References
    ----------
    Bonett, D. G., Wright, T. A. (2000). Sample size requirements for estimating Pearson, Kendall and Spearman
    correlations. Psychometrika 65, 23-28.
    """
    z = normal_quantile(level)
    r, n, factor = np.broadcast_arrays(*(np.asarray(item, dtype=float) for item in (r, n, variance_factor)))
    usable = (np.abs(r) < 1) & (n > 3)
    middle = np.arctanh(np.where(usable, r, 0.0))
    half = z * np.sqrt(factor / np.where(usable, n - 3, 1.0))
    return np.where(usable, np.tanh(middle - half), np.nan), np.where(usable, np.tanh(middle + half), np.nan)


def t_interval(
    value: np.ndarray, se: np.ndarray, df: np.ndarray, *, level: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Interval of an estimate by Student's t.

    Parameters
    ----------
    value, se : array of float
        Estimates and their standard errors.
    df : array of float
        Degrees of freedom; NaN limits where not positive.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper limits.

    Raises
    ------
    KinerjaError
        ``bad_level``.

    Examples
    --------
    >>> low, high = t_interval(0.0, 1.0, 10, level=0.95)
    >>> round(float(high), 3)
    2.228
    """
    value, se, df = np.broadcast_arrays(*(np.asarray(item, dtype=float) for item in (value, se, df)))
    usable = df > 0
    quantile = special.stdtrit(np.where(usable, df, 1.0), (1 + _checked(level)) / 2)
    half = np.where(usable, quantile * se, np.nan)
    return value - half, value + half


def poisson_exact(events: np.ndarray, *, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Exact limits of a Poisson mean.

    Parameters
    ----------
    events : array of float
        Counts, at least 0.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper limits of the mean.

    Raises
    ------
    KinerjaError
        ``bad_level``.

    References
    ----------
    Garwood, F. (1936). Fiducial limits for the Poisson distribution. Biometrika 28, 437-442.

    Examples
    --------
    >>> low, high = poisson_exact(0, level=0.95)
    >>> float(low), round(float(high), 3)
    (0.0, 3.689)
    """
    tail = (1 - _checked(level)) / 2
    events = np.asarray(events, dtype=float)
    low = np.where(events > 0, special.gammaincinv(np.where(events > 0, events, 1.0), tail), 0.0)
    return low, special.gammainccinv(events + 1, tail)


def byar(events: np.ndarray, *, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Byar's closed approximation of the exact limits of a Poisson mean.

    Parameters
    ----------
    events : array of float
        Counts, at least 0; good from about 10.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper limits of the mean.

    Raises
    ------
    KinerjaError
        ``bad_level``.

    Notes
    -----
    x (1 - 1/9x - z/(3 sqrt x))^3 and, with x + 1 for x, the same with plus.

    References
    ----------
    Breslow, N. E., Day, N. E. (1987). Statistical methods in cancer research II, p. 69. IARC.

    Examples
    --------
    >>> low, high = byar(10, level=0.95)
    >>> round(float(low), 3), round(float(high), 3)
    (4.787, 18.391)
    """
    z = normal_quantile(level)
    events = np.asarray(events, dtype=float)
    some = np.where(events > 0, events, 1.0)
    low = np.where(events > 0, some * np.maximum(1 - 1 / (9 * some) - z / (3 * np.sqrt(some)), 0.0) ** 3, 0.0)
    more = events + 1
    return low, more * (1 - 1 / (9 * more) + z / (3 * np.sqrt(more))) ** 3


def binomial_exact(events: np.ndarray, n: np.ndarray, *, level: float) -> tuple[np.ndarray, np.ndarray]:
    """Exact limits of a proportion.

    Parameters
    ----------
    events : array of float
        Events, 0 <= events <= n.
    n : array of float
        Trials, positive.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper limits, shares of 1.

    Raises
    ------
    KinerjaError
        ``bad_level``.

    References
    ----------
    Clopper, C. J., Pearson, E. S. (1934). The use of confidence or fiducial limits illustrated in the case of the
    binomial. Biometrika 26, 404-413.

    Examples
    --------
    >>> low, high = binomial_exact(0, 10, level=0.95)
    >>> float(low), round(float(high), 4)
    (0.0, 0.3085)
    """
    tail = (1 - _checked(level)) / 2
    events, n = np.broadcast_arrays(np.asarray(events, dtype=float), np.asarray(n, dtype=float))
    some, spare = events > 0, events < n
    low = np.where(some, special.betaincinv(np.where(some, events, 1.0), n - events + 1, tail), 0.0)
    high = np.where(spare, special.betaincinv(events + 1, np.where(spare, n - events, 1.0), 1 - tail), 1.0)
    return low, high
