"""How sure are correlations behind ordinal tables, at a cost that no longer grows with the distinct rows?

A row is a pair of halves: its first variables and its last. By how much it moves an estimate depends on one half, or on
one category of each; so the sums over rows are sums over the table of halves, which is full long before the rows are
all there (at most 4^5 by 4^4 cells of nine variables with four categories).
"""

from dataclasses import dataclass

import numpy as np

from kinerja_lab.numeric.latent_rows import distinct_rows
from kinerja_lab.numeric.normal_table_errors import TableMoves, row_covariance, table_influence, table_moves

__all__ = ["table_covariance"]

_FULL_ENOUGH = 10
_MOST_CELLS = 2e7


def table_covariance(codes: np.ndarray, weights: np.ndarray, squares: np.ndarray, *, sizes: tuple[int, ...],
                     ) -> tuple[TableMoves, np.ndarray]:
    """Two-step estimates and their covariance matrix, cases independent of each other.

    Parameters
    ----------
    codes : numpy.ndarray of int, shape (rows, k)
        Category of each variable, from 0; every category occurs.
    weights : numpy.ndarray, shape (rows,)
        Sum of the weights of the cases with that row.
    squares : numpy.ndarray, shape (rows,)
        Sum of their squared weights.
    sizes : tuple of int
        Categories of each variable, at least 2 each.

    Returns
    -------
    TableMoves
        The estimates.
    numpy.ndarray, shape (estimates, estimates)
        What ``row_covariance`` gives for the influence of every row, in the same order.

    Notes
    -----
    With C the squares by left and right half, and the influence of a pair across the halves written as h(r)' A(l), h
    the categories of the right half: the sum of influence times influence across is the sum over l of A(l)' D(l) A(l),
    where D(l) is row l of C times the products of the categories of the right halves.
    """
    halves = _halves(codes, weights, squares, sizes)
    if halves is None:
        found = table_influence(codes, weights, sizes=sizes)
        return found.moves, row_covariance(found.influence, squares)
    moves = table_moves(*halves.tables(), sizes=sizes)
    left, right = halves.blocks(moves)
    own = [halves.counts.sum(axis=1), halves.counts.sum(axis=0)]
    across = halves.across(moves)
    hot = halves.hot(1)
    size = left.shape[1] + right.shape[1] + across.shape[2]
    out = np.zeros((size, size))
    one, two, both = np.split(np.arange(size), np.cumsum([left.shape[1], right.shape[1]]))
    out[np.ix_(one, one)] = left.T @ (left * own[0][:, None])
    out[np.ix_(two, two)] = right.T @ (right * own[1][:, None])
    out[np.ix_(one, two)] = left.T @ (halves.counts @ right)
    seen = (halves.counts @ hot)[:, None] @ across
    out[np.ix_(one, both)] = left.T @ seen[:, 0]
    seen = (halves.counts.T @ halves.hot(0))[:, None] @ halves.turned(moves)
    out[np.ix_(two, both)] = right.T @ seen[:, 0]
    first, second = np.triu_indices(hot.shape[1])
    both_hot = halves.counts @ (hot[:, first] * hot[:, second])
    place = np.zeros(2 * hot.shape[1:], dtype=int)
    place[first, second] = place[second, first] = np.arange(len(first))
    dense = both_hot.take(place.ravel(), axis=1).reshape(len(left), *place.shape)
    out[np.ix_(both, both)] = across.reshape(-1, len(both)).T @ (dense @ across).reshape(-1, len(both))
    out = np.triu(out) + np.triu(out, 1).T
    place = np.argsort(halves.order)
    return moves, out[np.ix_(place, place)]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Halves:
    """Distinct left and right halves, how often each pair of them occurs, and its sum of squared weights."""

    parts: tuple[np.ndarray, np.ndarray]
    weights: np.ndarray
    counts: np.ndarray
    sizes: tuple[int, ...]

    @property
    def cut(self) -> int:
        return self.parts[0].shape[1]

    def side(self, pair: tuple[int, int]) -> int:
        """0 and 1: both variables left or right; 2: one of each (the first is the right one)."""
        return 2 if pair[1] < self.cut <= pair[0] else int(pair[1] >= self.cut)

    @property
    def pairs(self) -> list[tuple[int, tuple[int, int]]]:
        return list(enumerate(zip(*(side.tolist() for side in np.tril_indices(len(self.sizes), -1)), strict=True)))

    @property
    def order(self) -> np.ndarray:
        """Where each estimate, laid out left, right and across, stands among all."""
        starts = np.concatenate([[0], np.cumsum([size - 1 for size in self.sizes])])
        limits = [np.arange(starts[0], starts[self.cut]), np.arange(starts[self.cut], starts[-1]), np.arange(0)]
        held = [np.array([starts[-1] + number for number, pair in self.pairs if self.side(pair) == side], dtype=int)
                for side in range(3)]
        return np.concatenate([part for side in range(3) for part in (limits[side], held[side])])

    def tables(self) -> tuple[np.ndarray, np.ndarray]:
        """Margins and two-way tables, as ``margin_totals`` and ``pair_tables`` give them."""
        k, most = len(self.sizes), max(self.sizes)
        left, right = self.hot(0), self.hot(1)
        joint = np.zeros((k * most, k * most))
        edge = left.shape[1]
        joint[:edge, :edge] = left.T @ (left * self.weights.sum(axis=1)[:, None])
        joint[edge:, edge:] = right.T @ (right * self.weights.sum(axis=0)[:, None])
        joint[edge:, :edge] = right.T @ (self.weights.T @ left)
        one, two = np.tril_indices(k, -1)
        return np.diag(joint).reshape(k, most), joint.reshape(k, most, k, most)[one, :, two]

    def blocks(self, moves: TableMoves) -> list[np.ndarray]:
        """Influence of each half on the estimates that it alone moves."""
        out = []
        for side, part in enumerate(self.parts):
            first = self.cut * side
            columns = [moves.margins[first + place][part[:, place]] for place in range(part.shape[1])]
            columns += [moves.pairs[number][part[:, one - first], part[:, two - first], None]
                        for number, (one, two) in self.pairs if self.side((one, two)) == side]
            out.append(np.concatenate(columns, axis=1))
        return out

    def hot(self, side: int) -> np.ndarray:
        """Which categories each half has, shape (halves, variables * most)."""
        most, part = max(self.sizes), self.parts[side]
        out = np.zeros((len(part), part.shape[1] * most))
        out[np.arange(len(part))[:, None], np.arange(part.shape[1]) * most + part] = 1.0
        return out

    def across(self, moves: TableMoves) -> np.ndarray:
        """Influence on the pairs across, by left half and category of the right: (left, right categories, pairs)."""
        return self._across(moves, 0)

    def turned(self, moves: TableMoves) -> np.ndarray:
        """The same by right half and category of the left."""
        return self._across(moves, 1)

    def _across(self, moves: TableMoves, side: int) -> np.ndarray:
        most, part, other = max(self.sizes), self.parts[side], self.parts[1 - side].shape[1]
        crossed = [(number, pair) for number, pair in self.pairs if self.side(pair) == 2]
        out = np.zeros((len(part), other * most, len(crossed)))
        for place, (number, (one, two)) in enumerate(crossed):
            table = moves.pairs[number].T if side == 0 else moves.pairs[number]  # rows: categories of this side
            mine, theirs = (two, one - self.cut) if side == 0 else (one - self.cut, two)
            out[:, theirs * most:(theirs + 1) * most, place] = table[part[:, mine]]
        return out


def _halves(codes: np.ndarray, weights: np.ndarray, squares: np.ndarray, sizes: tuple[int, ...]) -> _Halves | None:
    """The halves, where their table is small beside the rows; None where it is not."""
    k, most = len(sizes), max(sizes)
    cut = (k + 1) // 2
    if k < 4 or len(codes) < most**2:
        return None
    (left, one), (right, two) = (distinct_rows(part, categories=most) for part in (codes[:, :cut], codes[:, cut:]))
    wide = max(len(left), len(right)) * cut * most * cut * (k - cut)
    if len(left) * len(right) > _FULL_ENOUGH * len(codes) or wide > _MOST_CELLS:
        return None
    place, shape = one * len(right) + two, (len(left), len(right))
    counts, sums = (np.bincount(place, weights=held, minlength=len(left) * len(right)).reshape(shape)
                    for held in (squares, weights))
    return _Halves(parts=(left, right), counts=counts, weights=sums, sizes=sizes)
