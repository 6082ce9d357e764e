"""What may each true value be when all are measured with known errors? Drawn towards their mean, with its own error."""

from dataclasses import dataclass

import numpy as np

from kinerja_lab.numeric.known_errors import between_variance, weighted_fit
from kinerja_lab.numeric.unsure_spread import known_error_moments

__all__ = ["NormalMeans", "normal_means"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NormalMeans:
    """A normal spread of true values behind noisy ones.

    Parameters
    ----------
    mean, mean_variance : float
        Mean of the true values and its variance.
    spread, spread_variance : float
        Variance of the true values, at least 0, and the variance of that estimate (inverse information).
    posterior, posterior_variance : numpy.ndarray, shape (units,)
        Each true value drawn towards the mean, and the expected squared distance of the true value from that, averaged
        over mean and spread.
    """

    mean: float
    mean_variance: float
    spread: float
    spread_variance: float
    posterior: np.ndarray
    posterior_variance: np.ndarray


def normal_means(values: np.ndarray, se: np.ndarray) -> NormalMeans:
    """REML for value = true + error with error variances known.

    Parameters
    ----------
    values, se : numpy.ndarray, shape (units,)
        Measured values and their standard errors, all above 0; at least three units.

    Notes
    -----
    The values drawn in take the likeliest spread; what is said about their doubt does not take it as known
    (``unsure_spread``).

    References
    ----------
    Morris, C. N. (1983). Parametric empirical Bayes inference. JASA 78, 47-55, section 5.

    Examples
    --------
    >>> found = normal_means(np.array([1.0, 2.0, 3.0]), np.full(3, 2.0))
    >>> found.spread, found.posterior.tolist()
    (0.0, [2.0, 2.0, 2.0])
    """
    noise, constant = se**2, np.ones((len(values), 1))
    between = between_variance(values, constant, noise, method="REML")
    coefficient, inverse, rest = weighted_fit(values, constant, 1 / (between.value + noise))
    posterior = coefficient[0] + between.value / (between.value + noise) * rest
    middle, variance = known_error_moments(values, constant, noise)
    return NormalMeans(
        mean=float(coefficient[0]), mean_variance=float(inverse[0, 0]), spread=between.value,
        spread_variance=between.variance, posterior=posterior, posterior_variance=variance + (middle - posterior) ** 2)
