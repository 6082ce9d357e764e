"""How sure are the limits and correlations of normal variables behind ordinal ones? Influence of every distinct row.

An estimate moves by the sum over cases of weight times influence. The influence depends on the answers alone, so it is
computed once a distinct row; what differs between designs is only how rows are summed: independent cases, weighted
cases, or totals of clusters.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse, special

from kinerja_lab.numeric.normal_tables import cell_probabilities, normal_correlations, normal_cuts

__all__ = ["TableInfluence", "cluster_covariance", "row_covariance", "table_influence"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TableInfluence:
    """Limits, correlations, and how each distinct row moves them.

    Parameters
    ----------
    limits : tuple of numpy.ndarray
        By variable: rising limits between its categories.
    correlation : numpy.ndarray, shape (k, k)
        Two-step maximum likelihood.
    influence : numpy.ndarray, shape (rows, limits of all variables + pairs)
        By how much a case of weight 1 moves each estimate; limits variable by variable, then pairs of the lower
        triangle row by row.
    empty : int
        Cells of the two-way tables that hold nobody.
    """

    limits: tuple[np.ndarray, ...]
    correlation: np.ndarray
    influence: np.ndarray
    empty: int


def table_influence(codes: np.ndarray, weights: np.ndarray, *, sizes: tuple[int, ...]) -> TableInfluence:
    """Two-step estimates and the influence of every distinct row.

    Parameters
    ----------
    codes : numpy.ndarray of int, shape (rows, k)
        Category of each variable, from 0; every category occurs.
    weights : numpy.ndarray, shape (rows,)
        Sum of the weights of the cases with that row.
    sizes : tuple of int
        Categories of each variable, at least 2 each.

    Returns
    -------
    TableInfluence

    Notes
    -----
    Estimating equations of both steps stacked: scores of the margins for the limits, scores of each two-way table for
    its correlation. The influence is the scores times the inverse of their (block-triangular) information, the latter
    from products of scores as in Muthen (1984) and lavaan.

    References
    ----------
    Muthen, B. (1984). A general structural equation model with dichotomous, ordered categorical, and continuous latent
    variable indicators. Psychometrika 49, 115-132.
    Joreskog, K. G. (1994). On the estimation of polychoric correlations and their asymptotic covariance matrix.
    Psychometrika 59, 381-389.
    """
    weights = np.asarray(weights, dtype=float)
    cuts = normal_cuts(codes, weights, sizes=sizes)
    correlation = normal_correlations(codes, weights, sizes=sizes)
    starts = np.concatenate([[0], np.cumsum([size - 1 for size in sizes])])
    columns = np.ascontiguousarray(codes.T, dtype=np.intp)  # a variable a run of memory: each is read many times
    margins = [_margin_influence(columns[j], weights, cuts[j], size) for j, size in enumerate(sizes)]
    left, right = np.tril_indices(len(sizes), -1)
    influence = np.empty((starts[-1] + len(left), len(codes)))
    for j, margin in enumerate(margins):
        for place, own in enumerate(margin.T):
            np.take(own, columns[j], out=influence[starts[j] + place])
    empty = 0
    for pair, (one, two) in enumerate(zip(left, right, strict=True)):
        shape = sizes[one], sizes[two]
        cell = columns[one] * shape[1] + columns[two]
        table = np.bincount(cell, weights=weights, minlength=shape[0] * shape[1]).reshape(shape)
        own = _pair_influence(table, (cuts[one], cuts[two]), correlation[one, two], (margins[one], margins[two]))
        np.take(own.ravel(), cell, out=influence[starts[-1] + pair])
        empty += int((table == 0).sum())
    limits = tuple(cuts[j, 1:size].copy() for j, size in enumerate(sizes))
    return TableInfluence(limits=limits, correlation=correlation, influence=influence.T, empty=empty)


def row_covariance(influence: np.ndarray, squares: np.ndarray) -> np.ndarray:
    """Covariance matrix of the estimates, cases independent of each other.

    Parameters
    ----------
    influence : numpy.ndarray, shape (rows, estimates)
        From ``table_influence``.
    squares : numpy.ndarray, shape (rows,)
        Sum of squared weights of the cases with each row (their number where all weights are 1).
    """
    rows = influence.T * np.sqrt(squares)  # the layout of ``table_influence``: an estimate a run of memory
    upper = linalg.blas.dsyrk(1.0, rows.T, trans=1)
    return np.triu(upper) + np.triu(upper, 1).T


def cluster_covariance(influence: np.ndarray, totals: sparse.csr_array | np.ndarray) -> np.ndarray:
    """Covariance matrix of the estimates, cases of one cluster alike: the sandwich over clusters.

    Parameters
    ----------
    influence : numpy.ndarray, shape (rows, estimates)
        From ``table_influence``.
    totals : array or sparse array, shape (clusters, rows)
        Weight of each row in each cluster; at least two clusters.

    Notes
    -----
    C / (C - 1) times the sum over clusters of the outer product of their total influence, C the number of clusters.
    """
    moved = np.asarray(totals @ influence)
    clusters = len(moved)
    return clusters / (clusters - 1) * moved.T @ moved


def _margin_influence(codes: np.ndarray, weights: np.ndarray, cuts: np.ndarray, size: int) -> np.ndarray:
    """Influence on the limits of one variable by category, shape (size, size - 1)."""
    total = np.bincount(codes, weights=weights, minlength=size)
    share, density = total / total.sum(), _density(cuts[1:size])
    score = np.zeros((size, size - 1))
    below, above = np.arange(size - 1), np.arange(1, size)
    score[below, below] = density / share[:-1]
    score[above, below] = -density / share[1:]
    information = score.T @ (score * total[:, None])
    return score @ np.linalg.inv(information)


def _pair_influence(table: np.ndarray, cuts, r: float, margins) -> np.ndarray:
    """Influence on one correlation by cell of its two-way table."""
    first, second = cuts[0][:table.shape[0] + 1], cuts[1][:table.shape[1] + 1]
    probability, slope = (x[0] for x in cell_probabilities(first[None, :, None], second[None, None, :], np.array([r])))
    with np.errstate(all="ignore"):  # a correlation at its edge has no influence; the caller refuses
        score = slope / probability
        information = float((table * score**2).sum())
        weighted = table * score / probability
    crossed = (weighted[:, :, None] * _limit_slopes(first, second, r)).sum(axis=(0, 1))
    turned = (weighted[:, :, None] * _limit_slopes(second, first, r).transpose(1, 0, 2)).sum(axis=(0, 1))
    moved = (margins[0] @ crossed)[:, None] + (margins[1] @ turned)[None, :]
    return (score - moved) / information


def _limit_slopes(first: np.ndarray, second: np.ndarray, r: float) -> np.ndarray:
    """Slope of each cell's probability in each limit of the row variable, shape (rows, columns, rows - 1)."""
    inner = first[1:-1]
    given = np.diff(special.ndtr((np.clip(second, -40, 40)[None, :] - r * inner[:, None]) / np.sqrt(1 - r**2)), axis=1)
    flow = _density(inner)[:, None] * given
    out = np.zeros((len(first) - 1, len(second) - 1, len(inner)))
    place = np.arange(len(inner))
    out[place, :, place] = flow
    out[place + 1, :, place] = -flow
    return out


def _density(x: np.ndarray) -> np.ndarray:
    return np.exp(-x**2 / 2) / np.sqrt(2 * np.pi)
