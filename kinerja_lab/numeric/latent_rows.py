"""What do distinct rows of categories, with their counts, say about curves over an unseen normal scale?

A row's probability is a sum over points of the scale of a product over its variables. Each row is split into two
halves; the distinct halves are few (at most 4^5 of five variables with four categories), so their products are computed
once, and the rows are pairs of them. Where most pairs occur everything becomes matrix products whose size no longer
depends on the number of rows.
"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from kinerja_lab.numeric.category_curves import CategoryCurves, curvature

__all__ = [
    "Expectation", "RowTable", "distinct_rows", "expectation", "observed_information", "posterior", "row_scores",
    "row_table",
]

_MOST_PLACES = 8
_FULL_ENOUGH = 24
"""Pairs of halves are laid out as a full table when there are at most this many times the rows."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowTable:
    """Distinct rows, split in two halves.

    Parameters
    ----------
    halves : tuple of scipy.sparse.csr_array
        Distinct left and right halves, shape (halves, variables * categories), 1 where the half has the category.
    place : tuple of array of int
        Which left and which right half each row has.
    weights : array of float, shape (rows,)
        How often each row occurs.
    shape : tuple of int
        Variables and categories.
    full : bool
        Whether pairs of halves are laid out as a full table.
    flat : array of int, shape (rows,)
        Where each row stands in the full table.
    """

    halves: tuple[sparse.csr_array, sparse.csr_array]
    place: tuple[np.ndarray, np.ndarray]
    weights: np.ndarray
    shape: tuple[int, int]
    full: bool
    flat: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Expectation:
    """What the rows say under given curves.

    Parameters
    ----------
    log_likelihood : float
        Sum over rows of weight times log probability.
    log_rows : array of float, shape (rows,)
        Log probability of each row.
    counts : array of float, shape (variables, categories, points)
        Expected counts: how often each category is held at each point of the scale.
    """

    log_likelihood: float
    log_rows: np.ndarray
    counts: np.ndarray
    _left: np.ndarray
    _right: np.ndarray
    _rows: np.ndarray
    _ratio: object


def row_table(values: np.ndarray, weights: np.ndarray, *, categories: int) -> RowTable:
    """Split distinct rows into halves.

    Parameters
    ----------
    values : array of int, shape (rows, variables)
        Category 0 .. categories - 1; negative where there is none.
    weights : array of float, shape (rows,)
        How often each row occurs; at least 0.
    categories : int
        Categories of the longest variable.
    """
    rows, variables = values.shape
    cut = (variables + 1) // 2
    halves, place = [], []
    for first, last in ((0, cut), (cut, variables)):
        part = np.ascontiguousarray(values[:, first:last])
        if part.shape[1]:
            distinct, where = distinct_rows(part, categories=categories)
        else:
            distinct, where = np.zeros((1, 0), dtype=values.dtype), np.zeros(rows, dtype=np.int64)
        halves.append(_indicators(distinct, first, variables, categories))
        place.append(where)
    full = halves[0].shape[0] * halves[1].shape[0] <= _FULL_ENOUGH * rows
    return RowTable(halves=tuple(halves), place=tuple(place), weights=np.asarray(weights, dtype=float), full=full,
                    shape=(variables, categories), flat=place[0] * halves[1].shape[0] + place[1])


def expectation(table: RowTable, curves: CategoryCurves, node_weights: np.ndarray) -> Expectation:
    """Probability of every row and the expected counts.

    Parameters
    ----------
    table : RowTable
        The rows.
    curves : CategoryCurves
        Curves at the points of the scale.
    node_weights : array of float, shape (points,)
        Weights of the points, summing to 1.
    """
    flat = curves.log_p.reshape(-1, curves.log_p.shape[2])
    parts, peaks = [], []
    for half in table.halves:
        logs = half @ flat
        peak = logs.max(axis=1)
        parts.append(np.exp(logs - peak[:, None]))
        peaks.append(peak)
    left, right = parts[0], parts[1] * node_weights
    first, second = table.place
    if table.full:
        rows = (left @ right.T).ravel().take(table.flat)
        ratio = np.bincount(table.flat, weights=table.weights / rows, minlength=len(left) * len(right))
        ratio = ratio.reshape(len(left), len(right))
    else:
        rows = np.einsum("pk,pk->p", left[first], right[second])
        ratio = sparse.csr_array((table.weights / rows, (first, second)), shape=(len(left), len(right)))
    log_rows = np.log(rows) + peaks[0][first] + peaks[1][second]
    held = (left * (ratio @ right), right * (ratio.T @ left))
    counts = sum(half.T @ part for half, part in zip(table.halves, held, strict=True))
    return Expectation(log_likelihood=float(table.weights @ log_rows), log_rows=log_rows,
                       counts=counts.reshape(curves.log_p.shape), _left=left, _right=right, _rows=rows, _ratio=ratio)


def posterior(table: RowTable, found: Expectation) -> np.ndarray:
    """How probable each point of the scale is, given a row.

    Parameters
    ----------
    table : RowTable
        The rows.
    found : Expectation
        From ``expectation``.

    Returns
    -------
    array of float, shape (rows, points)
        Each row sums to 1.
    """
    joint = found._left[table.place[0]] * found._right[table.place[1]]
    return joint / joint.sum(axis=1, keepdims=True)


def row_scores(table: RowTable, curves: CategoryCurves, found: Expectation) -> np.ndarray:
    """Derivatives of each row's log probability by the parameters of every variable.

    Parameters
    ----------
    table : RowTable
        The rows.
    curves : CategoryCurves
        Curves at the points of the scale.
    found : Expectation
        From ``expectation`` with the same curves.

    Returns
    -------
    array of float, shape (rows, variables * categories)
        Slope and intercepts of the first variable, then of the second, and so on.
    """
    categories = table.shape[1]
    padded = np.concatenate([curves.change, np.zeros_like(curves.change[:, :1])], axis=1).transpose(0, 1, 3, 2)
    out = np.zeros((len(table.weights), table.shape[0] * categories))
    for side, (own, other) in enumerate(((found._left, found._right), (found._right, found._left))):
        half, mine, theirs = table.halves[side], table.place[side], table.place[1 - side]
        used = np.unique(half.indices // categories)
        if not len(used):
            continue
        held = np.full((len(own), table.shape[0]), -1)  # the category of each variable, the empty last one for none
        held[np.repeat(np.arange(len(own)), np.diff(half.indptr)), half.indices // categories] = (
            half.indices % categories)
        place = slice(used[0] * categories, (used[-1] + 1) * categories)
        used, held = np.arange(used[0], used[-1] + 1), held[:, used[0]:used[-1] + 1]
        if table.full:
            order = np.argsort(mine, kind="stable")
            bounds = np.searchsorted(mine[order], np.arange(len(own) + 1)).tolist()
            theirs, part = theirs[order], np.empty((len(order), place.stop - place.start))
            for number in range(len(own)):
                rows = slice(bounds[number], bounds[number + 1])
                lean = padded[used, held[number]] * own[number]
                np.matmul(other.take(theirs[rows], axis=0), lean.reshape(-1, own.shape[1]).T, out=part[rows])
            out[order, place] = part
            continue
        for column, variable in enumerate(used):
            for parameter in range(categories):
                product = own * padded[variable, held[:, column], parameter]
                out[:, variable * categories + parameter] = np.einsum("pk,pk->p", product[mine], other[theirs])
    return out / found._rows[:, None]


def observed_information(kind: str, table: RowTable, curves: CategoryCurves, found: Expectation, nodes: np.ndarray,
                         ) -> tuple[np.ndarray, np.ndarray]:
    """Minus the second derivatives of the log likelihood by the parameters of all variables.

    Parameters
    ----------
    kind : str
        As for ``category_curves``.
    table : RowTable
        The rows.
    curves : CategoryCurves
        Curves at the points of the scale.
    found : Expectation
        From ``expectation`` with the same curves.
    nodes : array of float, shape (points,)
        The points.

    Returns
    -------
    information : array of float, shape (parameters, parameters)
        Exact, not the expected one.
    scores : array of float, shape (rows, parameters)
        From ``row_scores``.

    Notes
    -----
    Complete information minus what is missing: I = -E[d2 log L | rows] - E[S S' | rows] + sum of w s s', with S the
    score of a row at a point of the scale and s its mean over the points.

    References
    ----------
    Louis, T. A. (1982). Finding the observed information matrix when using the EM algorithm. JRSS B 44, 226-233.
    """
    variables, categories = table.shape
    scores = row_scores(table, curves, found)
    total = (scores * table.weights[:, None]).T @ scores
    blocks = curvature(kind, curves, found.counts, nodes)
    change = curves.change
    for variable in range(variables):
        block = slice(variable * categories, (variable + 1) * categories)
        own = np.einsum("ckq,ckr,ck->qr", change[variable], change[variable], found.counts[variable], optimize=True)
        total[block, block] -= blocks[variable] + own
    flat = change.reshape(variables * categories, -1, categories)
    left = [found._left * (found._ratio @ found._right), found._right * (found._ratio.T @ found._left)]
    pairs = [(0, 0, left[0]), (1, 1, left[1]), (0, 1, None)]
    for one, two, held in pairs:
        if held is None:
            joint = _across(table, found)
        else:
            joint = _within(table.halves[one], held)
        moment = _moment(flat, joint, table.halves[one], table.halves[two], categories)
        if held is None:
            moment = moment + moment.T
        else:
            _clear_blocks(moment, categories)
        total -= moment
    return total, scores


def _within(half, held: np.ndarray) -> np.ndarray:
    """Expected counts of every two categories of one half at each point, shape (points, columns, columns)."""
    columns = np.unique(half.indices)
    dense = half[:, columns].toarray()
    out = np.empty((held.shape[1], len(columns), len(columns)))
    turned = np.ascontiguousarray(dense.T)
    for point in range(held.shape[1]):
        np.matmul(turned * held[:, point], dense, out=out[point])
    return out


def _across(table: RowTable, found: Expectation) -> np.ndarray:
    columns = [np.unique(half.indices) for half in table.halves]
    right = table.halves[1][:, columns[1]].toarray()
    points = found._left.shape[1]
    out = np.empty((points, len(columns[0]), len(columns[1])))
    turned = np.ascontiguousarray(table.halves[0][:, columns[0]].toarray().T)
    for first in range(0, points, 16):
        some = range(first, min(first + 16, points))
        wide = np.concatenate([found._right[:, point, None] * right for point in some], axis=1)
        spread = found._ratio @ wide
        for place, point in enumerate(some):
            part = spread[:, place * len(columns[1]):(place + 1) * len(columns[1])]
            out[point] = (turned * found._left[:, point]) @ part
    return out


def _moment(flat: np.ndarray, joint: np.ndarray, one, two, categories: int) -> np.ndarray:
    """Sum over points and pairs of columns of joint counts times the two derivatives."""
    rows, columns = np.unique(one.indices), np.unique(two.indices)
    size = flat.shape[0]
    out = np.zeros((size, size))
    inner = np.einsum("kvu,ukr->kvur", joint, flat[columns], optimize=True)
    outer = np.einsum("vkq,kvur->vqur", flat[rows], inner, optimize=True)
    for place, row in enumerate(rows):
        start = row // categories * categories
        for other, column in enumerate(columns):
            stop = column // categories * categories
            out[start:start + categories, stop:stop + categories] += outer[place, :, other]
    return out


def _clear_blocks(matrix: np.ndarray, categories: int) -> None:
    for start in range(0, len(matrix), categories):
        matrix[start:start + categories, start:start + categories] = 0.0


def _indicators(part: np.ndarray, first: int, variables: int, categories: int):
    rows, columns = np.nonzero(part >= 0)
    place = (columns + first) * categories + part[rows, columns]
    return sparse.csr_array((np.ones(len(rows)), (rows, place)), shape=(len(part), variables * categories))


def distinct_rows(part: np.ndarray, *, categories: int) -> tuple[np.ndarray, np.ndarray]:
    """Distinct rows in order, and which of them each row is; whole numbers sort faster than rows.

    Parameters
    ----------
    part : array of int, shape (rows, variables)
        -1 or a category from 0 to ``categories - 1``.
    categories : int
        Categories.
    """
    if (categories + 1) ** part.shape[1] >= 2**62:
        distinct, where = np.unique(part, axis=0, return_inverse=True)
        return distinct, where.ravel()
    if not part.size:
        return part[:1], np.zeros(len(part), dtype=np.int64)
    digits, space = np.zeros(len(part), dtype=np.int64), 1
    for column in part.T:  # whole numbers in the order of the rows, each variable with its own range
        low = int(column.min())
        width = int(column.max()) - low + 1
        digits *= width
        digits += column
        digits -= low
        space *= width
    if space > _MOST_PLACES * len(part):
        _, first, where = np.unique(digits, return_index=True, return_inverse=True)
        return part[first], where.ravel()
    first = np.full(space, -1)  # so few rows are possible that each has a place of its own: nothing to sort
    first[digits[::-1]] = np.arange(len(part) - 1, -1, -1)
    held = first >= 0
    return part[first[held]], (np.cumsum(held) - 1)[digits]
