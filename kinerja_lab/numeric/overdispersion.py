"""Do units vary more than chance alone allows? Transformed scores, trimming, and the variance between units."""

import numpy as np
from scipy import optimize, special

__all__ = [
    "additive_variance", "arcsine_scores", "binomial_tails", "consistent_factor", "consistent_variance", "dispersion",
    "log_ratio_scores", "paule_mandel_variance", "poisson_tails", "root_ratio_scores", "trimmed", "winsorised",
]


def log_ratio_scores(events: np.ndarray, expected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Logarithm of observed over expected and its standard error under chance.

    Parameters
    ----------
    events, expected : numpy.ndarray, shape (units,)
        Counts and positive expected counts.

    Returns
    -------
    tuple of numpy.ndarray
        log(O/E) and 1/sqrt(E); with no event a half is added to both first.

    References
    ----------
    Spiegelhalter, D. J. (2005). Funnel plots for comparing institutional performance. Statistics in Medicine 24,
    1185-1202, appendix A.
    """
    none = events <= 0
    observed, mean = np.where(none, 0.5, events), np.where(none, expected + 0.5, expected)
    return np.log(observed / mean), 1 / np.sqrt(expected)


def root_ratio_scores(events: np.ndarray, expected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Root of observed over expected, less 1, and its standard error under chance.

    Parameters
    ----------
    events, expected : numpy.ndarray, shape (units,)
        Counts and positive expected counts.

    Returns
    -------
    tuple of numpy.ndarray
        sqrt(O/E) - 1 and 1/(2 sqrt E).

    References
    ----------
    Spiegelhalter, D. J. (2005). Handling over-dispersion of performance indicators. Quality and Safety in Health Care
    14, 347-351.
    """
    return np.sqrt(events / expected) - 1, 1 / (2 * np.sqrt(expected))


def arcsine_scores(events: np.ndarray, n: np.ndarray, expected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Arcsine of the root of a proportion, minus that of its expected value, and its standard error under chance.

    Parameters
    ----------
    events, n, expected : numpy.ndarray, shape (units,)
        Events, trials and expected events.

    Returns
    -------
    tuple of numpy.ndarray
        asin sqrt(O/n) - asin sqrt(E/n) and 1/(2 sqrt n).

    References
    ----------
    Spiegelhalter, D. J. (2005). Funnel plots for comparing institutional performance. Statistics in Medicine 24,
    1185-1202, appendix A.
    """
    return np.arcsin(np.sqrt(events / n)) - np.arcsin(np.sqrt(expected / n)), 1 / (2 * np.sqrt(n))


def trimmed(z: np.ndarray, *, share: float, tie: np.ndarray) -> np.ndarray:
    """Which scores remain when a share at either end is left out.

    Parameters
    ----------
    z : numpy.ndarray, shape (units,)
        Scores.
    share : float
        Share at either end, e.g. 0.1.
    tie : numpy.ndarray, shape (units,)
        Settles the order of equal scores, so that the order of rows does not.

    Returns
    -------
    numpy.ndarray of bool

    Notes
    -----
    With ranks r = 1..N the part floor(r / share / (N + 1)) is the first or the last of 1/share parts.

    References
    ----------
    NHS Digital. Summary Hospital-level Mortality Indicator (SHMI): indicator specification, overdispersion.
    """
    ranks = np.empty(len(z), dtype=np.int64)
    ranks[np.lexsort((tie, z))] = np.arange(1, len(z) + 1)
    parts = round(1 / share)
    part = ranks * parts // (len(z) + 1)
    return (part > 0) & (part < parts - 1)


def winsorised(z: np.ndarray, *, share: float) -> np.ndarray:
    """Scores drawn in to the quantiles at either end.

    Parameters
    ----------
    z : numpy.ndarray, shape (units,)
        Scores.
    share : float
        Share at either end, e.g. 0.1.

    Returns
    -------
    numpy.ndarray
        Same order; quantiles by linear interpolation.

    References
    ----------
    Spiegelhalter, D. J. (2005). Handling over-dispersion of performance indicators. Quality and Safety in Health Care
    14, 347-351.
    """
    return np.clip(z, *np.quantile(z, [share, 1 - share]))


def dispersion(z: np.ndarray) -> float:
    """Mean square of scores: 1 when units differ by chance alone.

    Parameters
    ----------
    z : numpy.ndarray
        Scores.

    References
    ----------
    Spiegelhalter, D. J. (2005). Handling over-dispersion of performance indicators. Quality and Safety in Health Care
    14, 347-351.
    """
    return float(z @ z / len(z))


def additive_variance(z: np.ndarray, se: np.ndarray) -> float:
    """Variance between units beyond chance (additive random effects), at least 0.

    Parameters
    ----------
    z, se : numpy.ndarray, shape (units,)
        Scores and standard errors under chance.

    Notes
    -----
    (N phi - (N - 1)) / (sum w - sum w^2 / sum w) with w = 1/se^2; 0 where chance explains all.

    References
    ----------
    DerSimonian, R., Laird, N. (1986). Meta-analysis in clinical trials. Controlled Clinical Trials 7, 177-188.
    """
    weight = 1 / se**2
    excess = len(z) * dispersion(z) - (len(z) - 1)
    room = weight.sum() - (weight**2).sum() / weight.sum()
    return max(float(excess / room), 0.0) if room > 0 else 0.0


def consistent_variance(scores: np.ndarray, se: np.ndarray, *, share: float) -> float:
    """Variance between units beyond chance, robust to a few far-off units and right when there are none; at least 0.

    Trimming and winsorising leave out what belongs to the variance: of normal scores with 10 % trimmed at either end 44
    % of the variance remains, winsorised 68 %. Limits drawn from such a variance flag many units that vary as units do.

    Parameters
    ----------
    scores, se : numpy.ndarray, shape (units,)
        Differences from the target and their standard errors under chance.
    share : float
        Share at either end beyond which a score counts no more than the normal quantile there.

    Returns
    -------
    float

    Notes
    -----
    The variance at which the mean of min(z, k)^2, with z = score / sqrt(se^2 + variance), is what it is for normal
    scores: (1 - 2a) - 2 k phi(k) + 2 a k^2 with a the share and k its normal quantile.

    References
    ----------
    Huber, P. J. (1964). Robust estimation of a location parameter. Annals of Mathematical Statistics 35, 73-101
    (proposal 2).
    Paule, R. C., Mandel, J. (1982). Consensus values and weighting factors. Journal of Research of the National Bureau
    of Standards 87, 377-385.
    """
    bound, normal = _bounded_square(share)

    def excess(variance: float) -> float:
        return float(np.minimum(scores**2 / (se**2 + variance), bound * bound).mean() - normal)

    if excess(0.0) <= 0:
        return 0.0
    return float(optimize.brentq(excess, 0.0, float((scores**2).sum() / normal + 1.0), xtol=1e-14))


def _bounded_square(share: float) -> tuple[float, float]:
    """The normal quantile k of a share at either end, and the mean of min(z, k)^2 of normal scores."""
    bound = float(special.ndtri(1 - share))
    density = np.exp(-bound * bound / 2) / np.sqrt(2 * np.pi)
    return bound, 1 - 2 * share - 2 * bound * density + 2 * share * bound * bound


def consistent_factor(z: np.ndarray, *, share: float) -> float:
    """Variance of scores, robust to a few far-off units and right when there are none; at least 1.

    Parameters
    ----------
    z : numpy.ndarray, shape (units,)
        Scores.
    share : float
        As for ``consistent_variance``, with which it shares the equation.

    References
    ----------
    Huber, P. J. (1964). Robust estimation of a location parameter. Annals of Mathematical Statistics 35, 73-101
    (proposal 2).
    """
    return 1 + consistent_variance(z, np.ones(len(z)), share=share)


def paule_mandel_variance(scores: np.ndarray, se: np.ndarray) -> float:
    """Variance between units at which the mean square of scores around the target is 1; at least 0.

    Parameters
    ----------
    scores, se : numpy.ndarray, shape (units,)
        Differences from the target and their standard errors under chance.

    References
    ----------
    Paule, R. C., Mandel, J. (1982). Consensus values and weighting factors. Journal of Research of the National Bureau
    of Standards 87, 377-385.
    """
    def excess(variance: float) -> float:
        return float((scores**2 / (se**2 + variance)).mean() - 1)

    if excess(0.0) <= 0:
        return 0.0
    return float(optimize.brentq(excess, 0.0, float((scores**2).mean() + 1e-12), xtol=1e-14))


def poisson_tails(events: np.ndarray, expected: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Chance of a Poisson count this low or lower, and this high or higher.

    Parameters
    ----------
    events, expected : numpy.ndarray
        Counts (at least 0) and positive means.

    Returns
    -------
    tuple of numpy.ndarray
        P(X <= events) and P(X >= events).
    """
    some = events > 0
    return special.gammaincc(events + 1, expected), np.where(
        some, special.gammainc(np.where(some, events, 1.0), expected), 1.0)


def binomial_tails(events: np.ndarray, n: np.ndarray, share: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Chance of a binomial count this low or lower, and this high or higher.

    Parameters
    ----------
    events, n, share : numpy.ndarray
        Counts, trials and expected shares, between 0 and 1.

    Returns
    -------
    tuple of numpy.ndarray
        P(X <= events) and P(X >= events).
    """
    events, n, share = np.broadcast_arrays(events, n, share)
    some, spare = events > 0, events < n
    low = np.where(spare, special.betainc(np.where(spare, n - events, 1.0), events + 1, 1 - share), 1.0)
    return low, np.where(some, special.betainc(np.where(some, events, 1.0), n - events + 1, share), 1.0)
