"""How sure are aligned parameters, and in which groups is a parameter the same?"""

import numpy as np
from scipy import special

from kinerja_lab.numeric.scale_alignment import Alignment, GroupLines, aligned_lines

__all__ = ["AlignedErrors", "same_in"]

JOINED, KEPT = 0.01, 0.001
"""p of the pairwise tests that join groups, and of the tests against the set's average (Asparouhov and Muthen 2014)."""

_ROUNDS = 50


class AlignedErrors:
    """Delta method through the alignment.

    Parameters
    ----------
    lines : GroupLines
        What was aligned.
    found : Alignment
        Where the search ended.
    moved : tuple of numpy.ndarray
        From ``alignment_slopes``.
    covariance : numpy.ndarray, shape (groups, lines + places, lines + places)
        Of each group's slopes and locations.

    Notes
    -----
    Everything is kept as a pull: the slope in every group's parameters times a root of their covariance matrix, so that
    a variance is a sum of squares.
    """

    def __init__(self, lines: GroupLines, found: Alignment, moved: tuple[np.ndarray, np.ndarray],
                 covariance: np.ndarray) -> None:
        self.lines, self.found = lines, found
        value, vector = np.linalg.eigh(covariance)
        self.roots = vector * np.sqrt(np.maximum(value, 0.0))[:, None, :]
        self.moves = np.einsum("tgp,gpq->tgq", np.concatenate(moved, axis=2), self.roots)
        self.slopes, _ = aligned_lines(lines, found.origins, found.log_units)

    def plain(self) -> np.ndarray:
        """Pull of each group's mean location, shape (groups, groups, parameters)."""
        groups, k = self.lines.slopes.shape
        out = np.zeros((groups, groups, self.roots.shape[2]))
        out[range(groups), range(groups)] = self.roots[:, k:].mean(axis=1)
        return out

    def pull(self, place: int) -> np.ndarray:
        """Pull of one aligned parameter in every group: slopes first, then locations."""
        groups, k = self.lines.slopes.shape
        item = place if place < k else int(self.lines.owner[place - k])
        shrink = np.exp(-self.found.log_units)
        out = -self.slopes[:, item, None, None] * self.moves[groups:]
        out[range(groups), range(groups)] += shrink[:, None] * self.roots[:, item]
        if place < k:
            return out
        out = -self.found.origins[:, None, None] * out - self.slopes[:, item, None, None] * self.moves[:groups]
        out[range(groups), range(groups)] += self.roots[:, place]
        return out

    def column(self, place: int) -> np.ndarray:
        """Covariance matrix of one aligned parameter over the groups."""
        flat = self.pull(place).reshape(len(self.slopes), -1)
        return flat @ flat.T


def same_in(values: np.ndarray, covariance: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """Groups that share a parameter.

    Parameters
    ----------
    values : numpy.ndarray, shape (groups,)
        The aligned parameter.
    covariance : numpy.ndarray, shape (groups, groups)
        Its covariance matrix.
    sizes : numpy.ndarray, shape (groups,)
        Respondents: weights of the average.

    Returns
    -------
    numpy.ndarray of bool
        Whether each group is in the set.

    References
    ----------
    Asparouhov, T., Muthen, B. (2014). Multiple-group factor analysis alignment. Structural Equation Modeling 21,
    495-508.

    Examples
    --------
    Three groups agree within their errors, the fourth is thirty of them away:

    >>> same_in(np.array([1.0, 1.01, 0.99, 2.0]), 0.001 * np.eye(4), np.full(4, 100.0)).tolist()
    [True, True, True, False]
    """
    variance = np.diag(covariance)
    spread = np.maximum(variance[:, None] + variance - 2 * covariance, 0.0)
    inside = _largest(_p(values[:, None] - values, spread) > JOINED)
    for _ in range(_ROUNDS):
        share = np.where(inside, sizes, 0.0) / sizes[inside].sum()
        away = np.eye(len(values)) - share
        after = _p(away @ values, np.maximum(np.einsum("gi,ij,gj->g", away, covariance, away), 0.0)) > KEPT
        if not after.any() or (after == inside).all():
            break
        inside = after
    return inside


def _p(away: np.ndarray, variance: np.ndarray) -> np.ndarray:
    # equal parameters have no error of their difference
    size = np.where(np.abs(away) <= 1e-12, 0.0, np.abs(away) / np.sqrt(np.maximum(variance, 1e-300)))
    return 2 * special.ndtr(-size)


def _largest(joined: np.ndarray) -> np.ndarray:
    """The largest set of groups connected by joins."""
    from scipy.sparse.csgraph import connected_components

    _, label = connected_components(joined, directed=False)
    return label == np.argmax(np.bincount(label))
