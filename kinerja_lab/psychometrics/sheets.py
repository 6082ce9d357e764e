"""Which answer sheets can a coefficient rest on? Complete sheets of items that vary, and their moments."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.patterns import MISSING, ResponsePatterns
from kinerja_lab.numeric.moments import Moments, cluster_moments, row_moments

__all__ = [
    "LEAST_ITEMS", "LEAST_RESPONDENTS", "OrdinalCodes", "clustered", "covariance", "ordinal_codes", "pattern_moments",
    "require_complete", "require_spread",
]

LEAST_ITEMS = 2
LEAST_RESPONDENTS = 3


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrdinalCodes:
    """Answers as places among the categories that were used.

    Parameters
    ----------
    codes : numpy.ndarray of int, shape (patterns, items)
        0 for the lowest answer used.
    scores : tuple of numpy.ndarray
        The answers behind the codes.
    thresholds : tuple of numpy.ndarray
        Normal quantiles of the shares below each used answer but the lowest.
    """

    codes: np.ndarray
    scores: tuple[np.ndarray, ...]
    thresholds: tuple[np.ndarray, ...]


def require_complete(patterns: ResponsePatterns, *, least: int = LEAST_ITEMS) -> None:
    """Refuse sheets from which no covariance matrix can be made.

    Parameters
    ----------
    patterns : ResponsePatterns
        Sheets.
    least : int
        Items needed.

    Raises
    ------
    KinerjaError
        ``patterns_incomplete``.
    NotApplicable
        ``too_few_items``, ``too_few_sheets``, ``constant_items`` or ``all_items_constant``.
    """
    if (patterns.values == MISSING).any():
        n = int(patterns.counts[(patterns.values == MISSING).any(axis=1)].sum())
        raise KinerjaError("patterns_incomplete", n=n)
    if len(patterns.items) < least:
        raise NotApplicable("too_few_items", n=len(patterns.items), least=least)
    if patterns.n < LEAST_RESPONDENTS:
        raise NotApplicable("too_few_sheets", n=patterns.n, least=LEAST_RESPONDENTS)
    require_spread(patterns.values, patterns.items)


def require_spread(values: np.ndarray, items: tuple[str, ...]) -> None:
    """Refuse items in which nobody differs.

    Parameters
    ----------
    values : numpy.ndarray, shape (rows, items)
        Complete answers, at least one row.
    items : tuple of str
        Item codes.

    Raises
    ------
    NotApplicable
        ``constant_items`` or ``all_items_constant``.
    """
    flat = values.min(axis=0) == values.max(axis=0)
    names = [code for code, alike in zip(items, flat, strict=True) if alike]
    if flat.all():
        raise NotApplicable("all_items_constant", items=", ".join(names))
    if flat.any():
        raise NotApplicable("constant_items", items=", ".join(names))


def ordinal_codes(patterns: ResponsePatterns) -> OrdinalCodes:
    """Codes, answers and thresholds of complete sheets; an answer that nobody gave is no category.

    Parameters
    ----------
    patterns : ResponsePatterns
        Complete sheets of items that vary.

    Returns
    -------
    OrdinalCodes

    Raises
    ------
    KinerjaError, NotApplicable
        As ``require_complete``.

    Notes
    -----
    Thresholds are weighted; they are those of the first step of two-step polychoric correlations.

    References
    ----------
    Olsson, U. (1979). Maximum likelihood estimation of the polychoric correlation coefficient. Psychometrika 44,
    443-460.
    """
    require_complete(patterns)
    codes, scores, thresholds = [], [], []
    for column in patterns.values.T:
        used, place = np.unique(column, return_inverse=True)
        share = np.bincount(place.ravel(), weights=patterns.weights) / patterns.weights.sum()
        codes.append(place.ravel())
        scores.append(used.astype(float))
        thresholds.append(special.ndtri(np.minimum(np.cumsum(share)[:-1], 1 - 1e-15)))
    return OrdinalCodes(codes=np.stack(codes, axis=1), scores=tuple(scores), thresholds=tuple(thresholds))


def covariance(patterns: ResponsePatterns, *, least: int = LEAST_ITEMS) -> np.ndarray:
    """Weighted covariance matrix (divided by n) of complete sheets whose items all vary.

    Parameters
    ----------
    patterns : ResponsePatterns
        Complete sheets.
    least : int
        Items needed.

    Returns
    -------
    numpy.ndarray, shape (items, items)

    Raises
    ------
    KinerjaError, NotApplicable
        As ``require_complete``.
    """
    require_complete(patterns, least=least)
    share = patterns.weights / patterns.weights.sum()
    values = patterns.values.astype(float)
    centred = values - share @ values
    return (centred * share[:, None]).T @ centred


def pattern_moments(patterns: ResponsePatterns, *, least: int = LEAST_ITEMS) -> Moments:
    """Covariance matrix of complete sheets and how sure it is, respondents independent of each other.

    Parameters
    ----------
    patterns : ResponsePatterns
        Complete sheets. With unequal weights ``n`` is still the number of sheets: limits are then a little too narrow.
    least : int
        Items needed.

    Returns
    -------
    Moments

    Raises
    ------
    KinerjaError, NotApplicable
        As ``require_complete``.
    """
    require_complete(patterns, least=least)
    return row_moments(patterns.values.astype(float), patterns.weights, n=patterns.n)


def clustered(answers: np.ndarray, *, clusters: np.ndarray, items: tuple[str, ...]) -> Moments:
    """Covariance matrix of answers and how sure it is, respondents of one cluster alike.

    Parameters
    ----------
    answers : numpy.ndarray, shape (n, items)
        Complete answers.
    clusters : numpy.ndarray, shape (n,)
        Cluster of each respondent.
    items : tuple of str
        Item codes.

    Returns
    -------
    Moments

    Raises
    ------
    KinerjaError
        ``scores_not_finite`` or ``lengths_differ``.
    NotApplicable
        ``too_few_items``, ``too_few_sheets``, ``too_few_units``, ``constant_items`` or ``all_items_constant``.
    """
    answers = np.asarray(answers, dtype=float)
    if len(answers) != len(clusters):
        raise KinerjaError("lengths_differ", first=len(answers), second=len(clusters))
    if not np.isfinite(answers).all():
        raise KinerjaError("scores_not_finite", n=int((~np.isfinite(answers)).any(axis=1).sum()))
    if len(items) < LEAST_ITEMS:
        raise NotApplicable("too_few_items", n=len(items), least=LEAST_ITEMS)
    if len(answers) < LEAST_RESPONDENTS:
        raise NotApplicable("too_few_sheets", n=len(answers), least=LEAST_RESPONDENTS)
    require_spread(answers, items)
    names, codes = np.unique(np.asarray(clusters).astype(str), return_inverse=True)
    if len(names) < 2:
        raise NotApplicable("too_few_units", n=len(names), least=2)
    return cluster_moments(answers, codes.ravel(), count=len(names))
