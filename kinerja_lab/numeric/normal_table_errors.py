"""How sure are the limits and correlations of normal variables behind ordinal ones? Influence of every distinct row.

An estimate moves by the sum over cases of weight times influence. The influence depends on the answers alone, so it is
computed once a distinct row; what differs between designs is only how rows are summed: independent cases, weighted
cases, or totals of clusters.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg, sparse, special

from kinerja_lab.numeric.normal_tables import (
    cell_probabilities,
    margin_totals,
    normal_cuts,
    pair_tables,
    table_correlations,
)

__all__ = ["TableInfluence", "TableMoves", "cluster_covariance", "row_covariance", "table_influence", "table_moves"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TableMoves:
    """Limits and correlations, and how a case moves them.

    Parameters
    ----------
    limits : tuple of numpy.ndarray
        By variable: rising limits between its categories.
    correlation : numpy.ndarray, shape (k, k)
        Two-step maximum likelihood.
    margins : tuple of numpy.ndarray, shape (size, size - 1)
        By variable: by how much a case of weight 1 in each category moves each limit.
    pairs : numpy.ndarray, shape (pairs, most, most)
        By how much a case in each cell moves the correlation; 0 in empty cells.
    empty : int
        Cells of the two-way tables that hold nobody.
    edge : numpy.ndarray of bool, shape (pairs,)
        Correlations that stand at their edge, so that a case moves them without end.
    """

    limits: tuple[np.ndarray, ...]
    correlation: np.ndarray
    margins: tuple[np.ndarray, ...]
    pairs: np.ndarray
    empty: int
    edge: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TableInfluence:
    """How each distinct row moves limits and correlations.

    Parameters
    ----------
    moves : TableMoves
        The estimates.
    influence : numpy.ndarray, shape (rows, limits of all variables + pairs)
        By how much a case of weight 1 moves each estimate; limits variable by variable, then pairs of the lower
        triangle row by row.
    """

    moves: TableMoves
    influence: np.ndarray


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
    moves = table_moves(margin_totals(codes, weights, sizes=sizes), pair_tables(codes, weights, sizes=sizes),
                        sizes=sizes)
    starts = np.concatenate([[0], np.cumsum([size - 1 for size in sizes])])
    columns = np.ascontiguousarray(codes.T, dtype=np.intp)  # a variable a run of memory: each is read many times
    influence = np.empty((starts[-1] + len(moves.pairs), len(codes)))
    for j, margin in enumerate(moves.margins):
        for place, own in enumerate(margin.T):
            np.take(own, columns[j], out=influence[starts[j] + place])
    for pair, (one, two) in enumerate(zip(*np.tril_indices(len(sizes), -1), strict=True)):
        np.take(moves.pairs[pair].ravel(), columns[one] * max(sizes) + columns[two], out=influence[starts[-1] + pair])
    return TableInfluence(moves=moves, influence=influence.T)


def table_moves(totals: np.ndarray, tables: np.ndarray, *, sizes: tuple[int, ...]) -> TableMoves:
    """Two-step estimates, and by how much a case moves them by the cells it is in; see ``table_influence``.

    Parameters
    ----------
    totals : numpy.ndarray, shape (k, most)
        How often each category occurs, from ``normal_tables.margin_totals``.
    tables : numpy.ndarray, shape (pairs, most, most)
        How often each pair of categories does, from ``normal_tables.pair_tables``.
    sizes : tuple of int
        Categories of each variable, at least 2 each.
    """
    cuts = normal_cuts(totals, sizes=sizes)
    left, right = np.tril_indices(len(sizes), -1)
    found = table_correlations(tables, cuts)
    correlation = np.eye(len(sizes))
    correlation[left, right] = correlation[right, left] = found
    margins = np.zeros((len(sizes), max(sizes), max(sizes) - 1))
    for j, size in enumerate(sizes):
        margins[j, :size, :size - 1] = _margin_influence(totals[j, :size], cuts[j])
    own = _pair_influence(tables, cuts[left], cuts[right], found, margins[left], margins[right])
    inside = np.arange(max(sizes)) < np.array(sizes)[:, None]
    inside = inside[left][:, :, None] & inside[right][:, None, :]
    return TableMoves(
        limits=tuple(cuts[j, 1:size].copy() for j, size in enumerate(sizes)), correlation=correlation,
        margins=tuple(margins[j, :size, :size - 1] for j, size in enumerate(sizes)),
        pairs=np.where(tables > 0, own, 0.0), empty=int((inside & (tables == 0)).sum()),
        edge=~(np.isfinite(own) | (tables <= 0)).all(axis=(1, 2)))


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


def _margin_influence(total: np.ndarray, cuts: np.ndarray) -> np.ndarray:
    """Influence on the limits of one variable by category, shape (size, size - 1)."""
    size = len(total)
    share, density = total / total.sum(), _density(cuts[1:size])
    score = np.zeros((size, size - 1))
    below, above = np.arange(size - 1), np.arange(1, size)
    score[below, below] = density / share[:-1]
    score[above, below] = -density / share[1:]
    information = score.T @ (score * total[:, None])
    return score @ np.linalg.inv(information)


def _pair_influence(tables: np.ndarray, first: np.ndarray, second: np.ndarray, r: np.ndarray, row_margins: np.ndarray,
                    column_margins: np.ndarray) -> np.ndarray:
    """Influence on every correlation by cell of its two-way table; beyond a variable's categories of no meaning."""
    probability, slope = cell_probabilities(first[:, :, None], second[:, None, :], r)
    with np.errstate(all="ignore"):  # a correlation at its edge has no influence; the caller refuses
        score = slope / probability
        information = (tables * score**2).sum(axis=(1, 2))
        weighted = tables * score / probability
        crossed = _limit_pull(weighted, first, second, r)
        turned = _limit_pull(weighted.transpose(0, 2, 1), second, first, r)
        moved = (row_margins @ crossed[:, :, None]) + (column_margins @ turned[:, :, None]).transpose(0, 2, 1)
        return (score - moved) / information[:, None, None]


def _limit_pull(weighted: np.ndarray, first: np.ndarray, second: np.ndarray, r: np.ndarray) -> np.ndarray:
    """Sum over cells of their weight times the slope of their probability in each limit of the row variable.

    A limit gives to the cells above it what it takes from those below: density there times the share of each column.
    """
    inner, outer = np.clip(first[:, 1:-1, None], -40, 40), np.clip(second[:, None, :], -40, 40)
    given = np.diff(special.ndtr((outer - r[:, None, None] * inner) / np.sqrt(1 - r**2)[:, None, None]), axis=2)
    return -(np.diff(weighted, axis=1) * _density(inner) * given).sum(axis=2)


def _density(x: np.ndarray) -> np.ndarray:
    return np.exp(-x**2 / 2) / np.sqrt(2 * np.pi)
