"""What lies behind ordinal answers, if one factor does? Polychoric correlations, thresholds and loadings."""

from dataclasses import dataclass

import numpy as np

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.numeric.factoring import factor_matrix
from kinerja_lab.numeric.normal_tables import normal_correlations
from kinerja_lab.psychometrics.coefficients import checked_factors, solved
from kinerja_lab.psychometrics.sheets import ordinal_codes

__all__ = ["OrdinalModel", "ordinal_model"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrdinalModel:
    """One factor behind ordinal answers.

    Parameters
    ----------
    correlation : numpy.ndarray, shape (k, k)
        Polychoric correlations.
    loadings : numpy.ndarray, shape (k,)
        Standardised loadings of one factor.
    thresholds : tuple of numpy.ndarray
        Rising thresholds of each item.
    scores : tuple of numpy.ndarray
        Points of each item's categories.
    """

    correlation: np.ndarray
    loadings: np.ndarray
    thresholds: tuple[np.ndarray, ...]
    scores: tuple[np.ndarray, ...]


def ordinal_model(patterns: ResponsePatterns) -> OrdinalModel:
    """Polychoric correlations and one factor of ordinal answers.

    Parameters
    ----------
    patterns : ResponsePatterns
        Complete sheets of at least three items that vary.

    Returns
    -------
    OrdinalModel

    Raises
    ------
    KinerjaError
        ``patterns_incomplete``.
    NotApplicable
        ``instrument_not_converged``,
        ``too_few_items``, ``too_few_sheets``, ``constant_items``, ``all_items_constant``, ``instrument_collinear``
        (also where the correlations together are impossible), ``instrument_too_many_factors`` or
        ``instrument_heywood``.

    Notes
    -----
    Two-step maximum likelihood, weighted; one minres factor of the polychoric matrix. An answer that nobody gave is no
    category. Standard errors and confirmatory factors are not here.

    References
    ----------
    Olsson, U. (1979). Maximum likelihood estimation of the polychoric correlation coefficient. Psychometrika 44,
    443-460.
    """
    ordinal = ordinal_codes(patterns)
    sizes = tuple(len(points) for points in ordinal.scores)
    correlation = normal_correlations(ordinal.codes, patterns.weights, sizes=sizes)
    checked_factors(correlation, factors=1)
    found = solved(factor_matrix(correlation, factors=1, method="minres"))
    if found.heywood:
        raise NotApplicable("instrument_heywood", factors=1)
    return OrdinalModel(correlation=correlation, loadings=found.loadings[:, 0], thresholds=ordinal.thresholds,
                        scores=ordinal.scores)
