"""What would each correlation be without one group? All groups at once from one small matrix a group."""

from dataclasses import dataclass

import numpy as np

__all__ = ["LeftOut", "left_out_correlations"]

_FLAT = 1e-12
_ALIKE = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LeftOut:
    """Correlations of two columns without each group; NaN where a side does not vary or the correlation is perfect.

    Parameters
    ----------
    total : numpy.ndarray, shape (groups,)
        Over all remaining rows.
    within : numpy.ndarray, shape (groups,)
        Of rows less the mean of their group.
    means : numpy.ndarray, shape (groups,)
        Of group means, weighted by their sizes.
    partial : numpy.ndarray, shape (groups,)
        Of what is left beyond the other columns; equal to ``total`` without such columns.
    """

    total: np.ndarray
    within: np.ndarray
    means: np.ndarray
    partial: np.ndarray


def left_out_correlations(x: np.ndarray, y: np.ndarray, others: np.ndarray, *, codes: np.ndarray) -> LeftOut:
    """Four correlations, each without one group after the other.

    Parameters
    ----------
    x, y : numpy.ndarray, shape (n,)
        Finite values.
    others : numpy.ndarray, shape (n, k)
        Columns that are held constant in ``partial``.
    codes : numpy.ndarray of int, shape (n,)
        Group of each row, 0, 1, ... without gaps; at least three groups.

    Notes
    -----
    Cross products around the grand mean are summed by group once; without a group its share is taken away. Columns that
    do not vary, or that follow from others, drop out of ``partial`` (pseudo-inverse).
    """
    columns = np.column_stack([x, y, others])
    columns = columns - columns.mean(axis=0)
    size = np.sqrt((columns**2).mean(axis=0))
    columns = columns / np.where(size > 0, size, 1.0)
    k, count = columns.shape[1], int(codes.max()) + 1
    n = np.bincount(codes, minlength=count).astype(float)
    sums = np.column_stack([np.bincount(codes, weights=column, minlength=count) for column in columns.T])
    cross = np.empty((count, k, k))
    for row in range(k):
        for column in range(row + 1):
            cross[:, row, column] = cross[:, column, row] = np.bincount(
                codes, weights=columns[:, row] * columns[:, column], minlength=count)
    inner = cross - sums[:, :, None] * sums[:, None, :] / n[:, None, None]
    rest, left = n.sum() - n, sums.sum(axis=0) - sums
    total = cross.sum(axis=0) - cross - left[:, :, None] * left[:, None, :] / rest[:, None, None]
    within = (inner.sum(axis=0) - inner)[:, :2, :2]
    scale = rest[:, None, None]
    beyond = _correlation(_beyond(total) / scale)
    return LeftOut(total=_correlation(total[:, :2, :2] / scale), within=_correlation(within / scale), partial=beyond,
                   means=_correlation((total[:, :2, :2] - within) / scale))


def _beyond(total: np.ndarray) -> np.ndarray:
    """Cross products of the first two columns less what the others explain."""
    if total.shape[1] == 2:
        return total
    held = total[:, 2:, 2:]
    size = np.sqrt(np.maximum(np.diagonal(held, axis1=1, axis2=2), 0))
    size = np.where(size > 0, size, 1.0)
    inverse = np.linalg.pinv(held / (size[:, :, None] * size[:, None, :]), rcond=_ALIKE, hermitian=True)
    across = total[:, :2, 2:] / size[:, None, :]
    return total[:, :2, :2] - across @ inverse @ np.swapaxes(across, 1, 2)


def _correlation(products: np.ndarray) -> np.ndarray:
    first, second = products[:, 0, 0], products[:, 1, 1]
    varies = (first > _FLAT) & (second > _FLAT)
    r = np.where(varies, products[:, 0, 1] / np.sqrt(np.where(varies, first * second, 1.0)), np.nan)
    return np.where(np.abs(r) < 1 - _FLAT, r, np.nan)
