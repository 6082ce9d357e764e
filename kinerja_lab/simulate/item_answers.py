"""Which answer sheets would respondents give if every item's curves and everybody's place on the scale were known?"""

import numpy as np

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.numeric.latent_rows import distinct_rows

__all__ = ["count_sheets", "simulate_graded", "simulate_partial_credit"]


def simulate_graded(places: np.ndarray, *, slopes: np.ndarray, thresholds: np.ndarray, rng: np.random.Generator,
                    low: int = 1) -> np.ndarray:
    """Answers under the graded response model.

    Parameters
    ----------
    places : array of float, shape (n,)
        Where each respondent stands.
    slopes : array of float, shape (items,)
        Slopes.
    thresholds : array of float, shape (items, steps)
        Rising along each row.
    rng : numpy.random.Generator
        Source of randomness.
    low : int
        The lowest answer.

    Returns
    -------
    array of int, shape (n, items)

    References
    ----------
    Samejima, F. (1969). Estimation of latent ability using a response pattern of graded scores. Psychometrika Monograph
    17.
    """
    thresholds = np.asarray(thresholds, dtype=float)
    if not (np.diff(thresholds, axis=1) > 0).all():
        raise KinerjaError("thresholds_fall")
    logits = np.asarray(slopes)[:, None] * (np.asarray(places)[:, None, None] - thresholds)
    return low + (rng.random((len(places), len(thresholds), 1)) < 1 / (1 + np.exp(-logits))).sum(axis=2)


def simulate_partial_credit(places: np.ndarray, *, slopes: np.ndarray, thresholds: np.ndarray,
                            rng: np.random.Generator, low: int = 1) -> np.ndarray:
    """Answers under the (generalised) partial credit model.

    Parameters
    ----------
    places : array of float, shape (n,)
        Where each respondent stands.
    slopes : array of float, shape (items,)
        Slopes.
    thresholds : array of float, shape (items, steps)
        Where two neighbouring answers are equally likely; in any order.
    rng : numpy.random.Generator
        Source of randomness.
    low : int
        The lowest answer.

    Returns
    -------
    array of int, shape (n, items)

    References
    ----------
    Muraki, E. (1992). Applied Psychological Measurement 16, 159-176.
    """
    thresholds = np.asarray(thresholds, dtype=float)
    steps = np.asarray(slopes)[:, None] * (np.asarray(places)[:, None, None] - thresholds)
    logits = np.concatenate([np.zeros((*steps.shape[:2], 1)), np.cumsum(steps, axis=2)], axis=2)
    p = np.exp(logits - logits.max(axis=2, keepdims=True))
    p /= p.sum(axis=2, keepdims=True)
    return low + (rng.random((*steps.shape[:2], 1)) > np.cumsum(p, axis=2)[:, :, :-1]).sum(axis=2)


def count_sheets(values: np.ndarray, *, low: int, high: int, weights: np.ndarray | None = None,
                 items: tuple[str, ...] | None = None) -> ResponsePatterns:
    """Count distinct answer sheets.

    Parameters
    ----------
    values : array of int, shape (n, items)
        Answers, ``MISSING`` (-1) for none.
    low, high : int
        Ends of the answer scale.
    weights : array of float, shape (n,), or None
        Weights of respondents; 1 by default.
    items : tuple of str or None
        Item codes; ``i1``, ``i2`` and so on by default.

    Examples
    --------
    >>> sheets = count_sheets(np.array([[1, 2], [1, 2], [2, -1]]), low=1, high=2)
    >>> sheets.counts.tolist(), sheets.items
    ([2, 1], ('i1', 'i2'))
    """
    values = np.asarray(values, dtype=np.int16)
    distinct, where = distinct_rows(values, categories=high + 1)
    counts = np.bincount(where, minlength=len(distinct))
    return ResponsePatterns(
        items=items or tuple(f"i{number + 1}" for number in range(values.shape[1])), values=distinct,
        counts=counts, low=low, high=high,
        weights=counts.astype(float) if weights is None else np.bincount(where, weights=weights))
