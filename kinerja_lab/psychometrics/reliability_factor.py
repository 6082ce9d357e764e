"""How much of a sum do the common factors hold? Omega total, omega hierarchical, and omega of ordinal answers."""

from collections.abc import Sequence

import numpy as np
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.numeric.moments import correlation_of
from kinerja_lab.psychometrics.coefficients import alpha_of, hierarchy, one_factor_omega, total_omega
from kinerja_lab.psychometrics.reliability_bounds import coefficient_estimate, require_sum
from kinerja_lab.psychometrics.sheets import pattern_moments

__all__ = ["categorical_omega", "omega", "omega_one_factor", "ordinal_alpha"]

_NODES = 61


def omega_one_factor(patterns: ResponsePatterns, *, level: float) -> EstimateTable:
    """McDonald's omega of one factor, over the observed and over the implied variance of the sum.

    Parameters
    ----------
    patterns : ResponsePatterns
        Complete sheets of at least three items that vary.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable
        Labels ``"omega_observed"`` and ``"omega_implied"``. A large difference says that one factor does not fit.

    Raises
    ------
    KinerjaError
        ``patterns_incomplete`` or ``bad_level``.
    NotApplicable
        ``instrument_not_converged``,
        ``too_few_items``, ``too_few_sheets``, ``constant_items``, ``all_items_constant``, ``items_cancel`` or
        ``instrument_collinear``.

    Notes
    -----
    (sum of loadings)^2 / variance of the sum, loadings by maximum likelihood on the covariance matrix. Limits by the
    distribution-free delta method through the stationarity of the fit.

    References
    ----------
    McDonald, R. P. (1999). Test theory: a unified treatment, equation 6.20. Erlbaum.
    """
    moments = pattern_moments(patterns, least=3)
    require_sum(moments)
    return EstimateTable.from_estimates([
        coefficient_estimate(
            moments, label=label, coefficient=one_factor_omega(moments.covariance, implied=implied), level=level,
            method=f"omega, one ML factor, {over} variance")
        for label, implied, over in (("omega_observed", False, "observed"), ("omega_implied", True, "implied"))])


def omega(patterns: ResponsePatterns, *, factors: int, level: float) -> EstimateTable:
    """Omega total and omega hierarchical of standardised items.

    Parameters
    ----------
    patterns : ResponsePatterns
        Complete sheets of items that vary.
    factors : int
        Group factors, at least 1; the result depends on it, so it must be said.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable
        Labels ``"omega_total"``, ``"omega_hierarchical"`` and ``"common_share"`` (ECV). The last two have no interval
        (``instrument_rotation_no_interval``); ``reliability_intervals.bootstrap`` gives one.

    Raises
    ------
    KinerjaError
        ``patterns_incomplete``, ``bad_level`` or ``instrument_bad_factors``.
    NotApplicable
        ``instrument_not_converged``, ``instrument_rotation_not_converged``,
        ``too_few_items``, ``too_few_sheets``, ``constant_items``, ``all_items_constant``, ``items_cancel``,
        ``instrument_too_many_factors``, ``instrument_collinear``, ``instrument_heywood`` or
        ``instrument_factors_opposed``.

    Notes
    -----
    Minres, oblimin, Schmid-Leiman, as psych's ``omega`` but without turning items round.

    References
    ----------
    Zinbarg, R. E., Revelle, W., Yovel, I., Li, W. (2005). Cronbach's alpha, Revelle's beta, and McDonald's omega_h.
    Psychometrika 70, 123-133.
    """
    moments = pattern_moments(patterns, least=3)
    require_sum(moments)
    found = hierarchy(correlation_of(moments.covariance), factors=factors)
    method = f"minres, {factors} group factors, oblimin, Schmid-Leiman"
    bare = {"low": np.nan, "high": np.nan, "level": level, "n": moments.n, "method": method, "unit": "coefficient",
            "note": "instrument_rotation_no_interval"}
    return EstimateTable.from_estimates([
        coefficient_estimate(moments, label="omega_total", coefficient=total_omega(moments.covariance, factors=factors),
                             level=level, method=f"omega total, {factors} minres factors"),
        Estimate(label="omega_hierarchical", value=found.omega_hierarchical, **bare),
        Estimate(label="common_share", value=found.common_share, **bare),
    ])


def ordinal_alpha(correlation: np.ndarray, *, n: int, level: float) -> Estimate:
    """Alpha of a polychoric correlation matrix: of the answers nobody gave, those behind the categories.

    Parameters
    ----------
    correlation : numpy.ndarray, shape (k, k)
        Polychoric correlations of at least two items.
    n : int
        Respondents.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    Estimate
        Without an interval (``instrument_latent_no_interval``).

    Raises
    ------
    KinerjaError
        ``bad_level`` or ``instrument_bad_correlation``.
    NotApplicable
        ``too_few_items`` or ``items_cancel``.

    Notes
    -----
    It is the reliability of a sum of continuous responses that are never observed, so it is higher than that of the
    printed score. For the printed score of ordinal items there is ``categorical_omega``.

    References
    ----------
    Zumbo, B. D., Gadermann, A. M., Zeisser, C. (2007). Ordinal versions of coefficients alpha and theta for Likert
    rating scales. Journal of Modern Applied Statistical Methods 6, 21-29.
    Chalmers, R. P. (2018). On misconceptions and the limited usefulness of ordinal alpha. Educational and Psychological
    Measurement 78, 1056-1071.
    """
    _require_correlation(correlation)
    value = alpha_of(correlation)
    if np.isnan(value):
        raise NotApplicable("items_cancel")
    return Estimate(label="alpha_ordinal", value=value, low=np.nan, high=np.nan, level=level, n=n,
                    method="alpha of polychoric correlations (latent responses)", unit="coefficient",
                    note="instrument_latent_no_interval")


def categorical_omega(
    loadings: np.ndarray, *, thresholds: Sequence[np.ndarray], variance: float, n: int, level: float,
    scores: Sequence[np.ndarray] | None = None,
) -> Estimate:
    """Reliability of the printed sum of ordinal items under one factor behind the categories.

    Parameters
    ----------
    loadings : numpy.ndarray, shape (k,)
        Standardised loadings of the latent responses, between -1 and 1.
    thresholds : sequence of numpy.ndarray
        Rising thresholds of each item, one fewer than its categories.
    variance : float
        Variance of the printed sum, positive: the observed one. NaN: the one that the model implies.
    n : int
        Respondents.
    level : float
        Confidence level, between 0 and 1.
    scores : sequence of numpy.ndarray or None
        Points of the categories of each item; 0, 1, 2, ... where None.

    Returns
    -------
    Estimate
        Without an interval (``instrument_latent_no_interval``).

    Raises
    ------
    KinerjaError
        ``lengths_differ``, ``instrument_bad_loading`` or ``bad_level``.
    NotApplicable
        ``too_few_items``.

    Notes
    -----
    Variance over the factor of the expected sum given the factor, divided by the variance of the sum: the same as Green
    and Yang's double sum of bivariate normal probabilities, but one integral over the factor (61 Gauss-Hermite nodes).

    References
    ----------
    Green, S. B., Yang, Y. (2009). Reliability of summed item scores using structural equation modeling. Psychometrika
    74, 155-167, equation 21.
    """
    loadings = np.asarray(loadings, dtype=float)
    if len(loadings) != len(thresholds):
        raise KinerjaError("lengths_differ", first=len(loadings), second=len(thresholds))
    if len(loadings) < 2:
        raise NotApplicable("too_few_items", n=len(loadings), least=2)
    if not (np.abs(loadings) < 1).all():
        raise KinerjaError("instrument_bad_loading", value=float(loadings[np.argmax(np.abs(loadings))]))
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES)
    weights = weights / weights.sum()
    expected, spread = np.zeros(_NODES), np.zeros(_NODES)
    for item, (loading, cuts) in enumerate(zip(loadings, thresholds, strict=True)):
        above = special.ndtr((loading * nodes[:, None] - np.asarray(cuts)) / np.sqrt(1 - loading**2))
        points = np.arange(len(cuts) + 1.0) if scores is None else np.asarray(scores[item], dtype=float)
        mean = points[0] + above @ np.diff(points)
        expected += mean
        spread += points[0] ** 2 + above @ np.diff(points**2) - mean**2
    common = float(weights @ expected**2 - (weights @ expected) ** 2)
    over = "implied" if np.isnan(variance) else "observed"
    total = common + float(weights @ spread) if np.isnan(variance) else variance
    return Estimate(label="omega_categorical", value=common / total, low=np.nan, high=np.nan, level=level, n=n,
                    method=f"categorical omega (Green and Yang), {over} variance", unit="coefficient",
                    note="instrument_latent_no_interval")


def _require_correlation(correlation: np.ndarray) -> None:
    if len(correlation) < 2:
        raise NotApplicable("too_few_items", n=len(correlation), least=2)
    fine = np.isfinite(correlation).all() and np.allclose(correlation, correlation.T) and np.allclose(
        np.diag(correlation), 1)
    if not fine:
        raise KinerjaError("instrument_bad_correlation")
