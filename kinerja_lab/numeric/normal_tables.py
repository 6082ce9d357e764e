"""Which normal correlation lies behind a table of two ordinal variables? Two-step maximum likelihood, all pairs."""

import numpy as np
from scipy import special

__all__ = [
    "bivariate_normal", "cell_probabilities", "margin_totals", "normal_correlations", "normal_cuts", "pair_tables",
    "table_correlations",
]

_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(48)
_ROUNDS = 100
_EDGE = 0.9999


def bivariate_normal(first: np.ndarray, second: np.ndarray, correlation: np.ndarray) -> np.ndarray:
    """Probability that two standard normal variables both lie below their limits.

    Parameters
    ----------
    first, second : numpy.ndarray
        Limits, finite or infinite.
    correlation : numpy.ndarray
        Between -1 and 1, both excluded; shapes are broadcast.

    Returns
    -------
    numpy.ndarray

    Notes
    -----
    Phi(h) Phi(k) + 1/(2 pi) times the integral over theta from 0 to arcsin r of exp(-(h^2 + k^2 - 2 h k sin theta) /
    (2 cos^2 theta)), by 48 Gauss-Legendre nodes.

    References
    ----------
    Drezner, Z., Wesolowsky, G. O. (1990). On the computation of the bivariate normal integral. Journal of Statistical
    Computation and Simulation 35, 101-107.

    Examples
    --------
    A quarter plus arcsin(r) / (2 pi) at the origin:

    >>> round(float(bivariate_normal(np.array(0.0), np.array(0.0), np.array(0.5))), 6)
    0.333333
    """
    first, second, correlation = np.broadcast_arrays(*(np.asarray(x, dtype=float) for x in (
        first, second, correlation)))
    h, k = np.clip(first, -40, 40), np.clip(second, -40, 40)
    angle = np.arcsin(correlation)
    theta = angle[..., None] * (_NODES + 1) / 2
    sine, cosine = np.sin(theta), np.cos(theta)
    exponent = (h**2 + k**2)[..., None] - 2 * (h * k)[..., None] * sine
    inside = np.exp(-exponent / (2 * cosine**2)) @ _WEIGHTS
    return special.ndtr(h) * special.ndtr(k) + angle / 2 * inside / (2 * np.pi)


def margin_totals(codes: np.ndarray, weights: np.ndarray, *, sizes: tuple[int, ...]) -> np.ndarray:
    """How often each category of each variable occurs, shape (k, most); 0 beyond the categories of a variable.

    Parameters
    ----------
    codes, weights, sizes
        As for ``normal_correlations``.
    """
    return np.stack([np.bincount(codes[:, j], weights=weights, minlength=max(sizes)) for j in range(len(sizes))])


def normal_cuts(totals: np.ndarray, *, sizes: tuple[int, ...]) -> np.ndarray:
    """Limits between the categories on the normal variable behind each ordinal one, from its margin.

    Parameters
    ----------
    totals : numpy.ndarray, shape (k, most)
        From ``margin_totals``; every category occurs.
    sizes : tuple of int
        Categories of each variable.

    Returns
    -------
    numpy.ndarray, shape (k, most + 1)
        First minus infinity; after the last limit of a variable plus infinity.
    """
    cuts = np.full((len(sizes), max(sizes) + 1), np.inf)
    cuts[:, 0] = -np.inf
    for place, size in enumerate(sizes):
        below = np.cumsum(totals[place, :size] / totals[place, :size].sum())[:-1]
        cuts[place, 1:size] = special.ndtri(below)
    return cuts


def normal_correlations(codes: np.ndarray, weights: np.ndarray, *, sizes: tuple[int, ...]) -> np.ndarray:
    """Two-step maximum likelihood correlations of the normal variables behind ordinal ones.

    Parameters
    ----------
    codes : numpy.ndarray of int, shape (rows, k)
        Category of each variable, from 0; every category occurs.
    weights : numpy.ndarray, shape (rows,)
        How often each row occurs.
    sizes : tuple of int
        Categories of each variable.

    Returns
    -------
    numpy.ndarray, shape (k, k)
        May be not positive definite. A correlation that the table pushes to 1 or -1 stops at 0.9999.

    Notes
    -----
    Thresholds from the margins, then each correlation alone by scoring with the slope of the cell probabilities (the
    bivariate density at the corners). No cell is changed, empty or not.

    References
    ----------
    Olsson, U. (1979). Maximum likelihood estimation of the polychoric correlation coefficient. Psychometrika 44,
    443-460.
    """
    cuts = normal_cuts(margin_totals(codes, weights, sizes=sizes), sizes=sizes)
    tables = pair_tables(codes, weights, sizes=sizes)
    left, right = np.tril_indices(len(sizes), -1)
    matrix = np.eye(len(sizes))
    matrix[left, right] = matrix[right, left] = table_correlations(tables, cuts)
    return matrix


def pair_tables(codes: np.ndarray, weights: np.ndarray, *, sizes: tuple[int, ...]) -> np.ndarray:
    """Two-way tables of all pairs.

    Parameters
    ----------
    codes : numpy.ndarray of int, shape (rows, k)
        Category of each variable, from 0.
    weights : numpy.ndarray, shape (rows,)
        How often each row occurs.
    sizes : tuple of int
        Categories of each variable.

    Returns
    -------
    numpy.ndarray, shape (pairs, most, most)
        Pairs of the lower triangle row by row; 0 beyond the categories of a variable.
    """
    most, (left, right) = max(sizes), np.tril_indices(len(sizes), -1)
    columns = np.ascontiguousarray(codes.T, dtype=np.intp)
    tables = np.empty((len(left), most, most))
    for pair, (one, two) in enumerate(zip(left, right, strict=True)):
        cell = columns[one] * most + columns[two]
        tables[pair] = np.bincount(cell, weights=weights, minlength=most * most).reshape(most, most)
    return tables


def table_correlations(tables: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Correlation behind each two-way table, given the limits; see ``normal_correlations``.

    Parameters
    ----------
    tables : numpy.ndarray, shape (pairs, most, most)
        From ``pair_tables``.
    cuts : numpy.ndarray, shape (k, most + 1)
        From ``normal_cuts``.

    Returns
    -------
    numpy.ndarray, shape (pairs,)
    """
    left, right = np.tril_indices(len(cuts), -1)
    shares = tables / tables.sum(axis=(1, 2), keepdims=True)
    return _scored(shares, cuts[left][:, :, None], cuts[right][:, None, :])


def _scored(tables: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    r = np.zeros(len(tables))
    for _ in range(_ROUNDS):
        probability, slope = cell_probabilities(first, second, r)
        ratio = slope / probability
        gain, information = (tables * ratio).sum(axis=(1, 2)), (slope * ratio).sum(axis=(1, 2))
        # scoring in arctanh keeps the search inside -1 to 1
        step = gain / np.maximum(information, 1e-12) / (1 - r**2)
        moved = np.clip(np.tanh(np.arctanh(r) + np.clip(step, -0.5, 0.5)), -_EDGE, _EDGE)
        if np.abs(moved - r).max(initial=0.0) < 1e-12:
            return moved
        r = moved
    return r


def cell_probabilities(first: np.ndarray, second: np.ndarray, r: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Probability of every cell of every table, and its slope in the correlation.

    Parameters
    ----------
    first : numpy.ndarray, shape (pairs, limits, 1)
        Limits of the row variable, minus infinity first and infinity last.
    second : numpy.ndarray, shape (pairs, 1, limits)
        Limits of the column variable, likewise.
    r : numpy.ndarray, shape (pairs,)
        Correlations, between -1 and 1.

    Returns
    -------
    probability, slope : numpy.ndarray, shape (pairs, limits - 1, limits - 1)
    """
    r = r[:, None, None]
    below = np.zeros(np.broadcast_shapes(first.shape, second.shape, r.shape))
    below[:, -1:], below[:, :, -1:] = special.ndtr(second), special.ndtr(first)  # the other variable has no limit there
    h, k = np.clip(first[:, 1:-1], -40, 40), np.clip(second[:, :, 1:-1], -40, 40)
    below[:, 1:-1, 1:-1] = bivariate_normal(h, k, r)
    density = np.zeros_like(below)
    rest = 1 - r**2
    density[:, 1:-1, 1:-1] = np.exp(-(h**2 + k**2 - 2 * r * h * k) / (2 * rest)) / (2 * np.pi * np.sqrt(rest))
    return (np.maximum(np.diff(np.diff(below, axis=1), axis=2), 1e-300), np.diff(np.diff(density, axis=1), axis=2))
