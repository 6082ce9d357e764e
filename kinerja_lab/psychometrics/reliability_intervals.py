"""How sure is alpha when answers are not normal, or respondents of one unit answer alike? Bootstrap and clusters."""

from collections.abc import Callable

import numpy as np

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.numeric.moments import correlation_of
from kinerja_lab.psychometrics.coefficients import alpha_of
from kinerja_lab.psychometrics.reliability_bounds import coefficient_estimate, require_sum
from kinerja_lab.psychometrics.sheets import clustered, pattern_moments, require_complete

__all__ = ["alpha_clustered", "alpha_standardised", "bootstrap"]

LEAST_DRAWS = 100
_USABLE = 0.95
"""Share of draws that must give a number."""


def alpha_standardised(patterns: ResponsePatterns, *, level: float) -> Estimate:
    """Alpha of items brought to the same variance.

    Parameters
    ----------
    patterns : ResponsePatterns
        Complete sheets of at least two items that vary.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    Estimate

    Raises
    ------
    KinerjaError
        ``patterns_incomplete`` or ``bad_level``.
    NotApplicable
        ``too_few_items``, ``too_few_sheets``, ``constant_items``, ``all_items_constant`` or ``items_cancel``.

    Notes
    -----
    k r / (1 + (k - 1) r), r the mean correlation. It belongs to a sum of z scores, which nobody publishes; it is here
    because some programs print it as alpha. Limits by the distribution-free delta method.

    References
    ----------
    Falk, C. F., Savalei, V. (2011). The relationship between unstandardized and standardized alpha. Journal of
    Personality Assessment 93, 445-453.
    """
    moments = pattern_moments(patterns)
    require_sum(moments)
    return coefficient_estimate(moments, label="alpha_standardised", method="standardised alpha", level=level,
                                coefficient=lambda covariance: alpha_of(correlation_of(covariance)))


def alpha_clustered(answers: np.ndarray, *, clusters: np.ndarray, items: tuple[str, ...], level: float) -> Estimate:
    """Cronbach's alpha with limits that know that respondents of one unit answer alike.

    Parameters
    ----------
    answers : numpy.ndarray, shape (n, items)
        Complete answers, high is good in every item.
    clusters : numpy.ndarray, shape (n,)
        Unit of each respondent.
    items : tuple of str
        Item codes.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    Estimate
        ``n`` counts the respondents.

    Raises
    ------
    KinerjaError
        ``scores_not_finite``, ``lengths_differ`` or ``bad_level``.
    NotApplicable
        ``too_few_items``, ``too_few_sheets``, ``too_few_units``, ``constant_items``, ``all_items_constant`` or
        ``items_cancel``.

    Notes
    -----
    Distribution-free delta method on -log(1 - alpha) with deviations added up over each unit; Student's t with units
    minus one degrees of freedom. With few units (below about 20) the limits are somewhat too narrow.

    References
    ----------
    Maydeu-Olivares, A., Coffman, D. L., Hartmann, W. M. (2007). Asymptotically distribution-free interval estimation of
    coefficient alpha. Psychological Methods 12, 157-176.
    """
    moments = clustered(answers, clusters=clusters, items=items)
    require_sum(moments)
    return coefficient_estimate(moments, label="alpha", coefficient=alpha_of, method="Cronbach alpha", level=level)


def bootstrap(
    patterns: ResponsePatterns, *, coefficient: Callable[[np.ndarray], float], label: str, draws: int, level: float,
    rng: np.random.Generator,
) -> Estimate:
    """A coefficient of reliability with limits by the percentile bootstrap.

    Parameters
    ----------
    patterns : ResponsePatterns
        Complete sheets of at least two items that vary.
    coefficient : callable
        Takes a covariance matrix, gives a number, e.g. ``coefficients.alpha_of``; may raise ``NotApplicable``.
    label : str
        What it is called in tables.
    draws : int
        Samples, at least 100.
    level : float
        Confidence level, between 0 and 1.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    Estimate
        Without an interval (``instrument_draws_failed``) where more than 5 % of the samples give no number: a
        percentile of the rest would be a percentile of the easy samples.

    Raises
    ------
    KinerjaError
        ``patterns_incomplete``, ``bad_level`` or ``instrument_few_draws``.
    NotApplicable
        ``too_few_items``, ``too_few_sheets``, ``constant_items``, ``all_items_constant`` or that of the coefficient.

    Notes
    -----
    Respondents are drawn with replacement as counts of the distinct sheets, so a draw costs the same for a district and
    the nation.

    References
    ----------
    Efron, B., Tibshirani, R. J. (1993). An introduction to the bootstrap, chapter 13. Chapman and Hall.
    """
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    if draws < LEAST_DRAWS:
        raise KinerjaError("instrument_few_draws", value=draws, least=LEAST_DRAWS)
    require_complete(patterns)
    values = patterns.values.astype(float)
    centred = values - patterns.weights @ values / patterns.weights.sum()
    per_sheet = patterns.weights / patterns.counts
    value = float(coefficient(_covariance(centred, patterns.weights)))
    found = np.full(draws, np.nan)
    for draw in range(draws):
        counts = rng.multinomial(patterns.n, patterns.counts / patterns.n)
        found[draw] = _one(coefficient, _covariance(centred, counts * per_sheet))
    usable = found[np.isfinite(found)]
    note = "" if usable.size >= _USABLE * draws and np.isfinite(value) else "instrument_draws_failed"
    low, high = (np.nan, np.nan) if note else np.quantile(usable, [(1 - level) / 2, (1 + level) / 2])
    if not note and not low <= value <= high:
        low, high = min(low, value), max(high, value)
    return Estimate(label=label, value=value, low=float(low), high=float(high), level=level, n=patterns.n,
                    method=f"percentile bootstrap, {draws} draws of respondents", unit="coefficient", note=note)


def _one(coefficient: Callable[[np.ndarray], float], covariance: np.ndarray) -> float:
    if np.diag(covariance).min() <= 0:
        return np.nan
    try:
        return float(coefficient(covariance))
    except NotApplicable:
        return np.nan


def _covariance(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    share = weights / weights.sum()
    mean = share @ values
    return (values * share[:, None]).T @ values - np.outer(mean, mean)
