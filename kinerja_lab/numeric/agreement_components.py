"""How much do rows, columns and layers contribute? Mean squares and variance components of crossed complete tables."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy import special

__all__ = ["CrossedSquares", "crossed_components", "crossed_mean_squares", "difference_interval",
           "three_way_components"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CrossedSquares:
    """Mean squares of a complete two-way table with one value a cell.

    Parameters
    ----------
    rows, columns, residual : float
        Mean squares.
    columns_within : float
        Sum of squares within columns.
    df : tuple of int
        Degrees of freedom of rows, columns and residual.
    """

    rows: float
    columns: float
    residual: float
    columns_within: float
    df: tuple[int, int, int]


def crossed_mean_squares(table: np.ndarray) -> CrossedSquares:
    """Mean squares of rows, columns and what is left.

    Parameters
    ----------
    table : numpy.ndarray, shape (rows, columns)
        Complete, at least two of each.

    Returns
    -------
    CrossedSquares

    Examples
    --------
    Rows differ by 2, columns by 4, nothing is left:

    >>> found = crossed_mean_squares(np.array([[0.0, 4.0], [2.0, 6.0]]))
    >>> found.rows, found.columns, found.residual
    (4.0, 16.0, 0.0)
    """
    r, c = table.shape
    centred = table - table.mean()
    row, column = centred.mean(axis=1), centred.mean(axis=0)
    left = centred - row[:, None] - column[None, :]
    df = (r - 1, c - 1, (r - 1) * (c - 1))
    return CrossedSquares(
        rows=float(c * (row**2).sum() / df[0]), columns=float(r * (column**2).sum() / df[1]),
        residual=float((left**2).sum() / df[2]), columns_within=float(((centred - column) ** 2).sum()), df=df,
    )


def crossed_components(squares: CrossedSquares) -> tuple[float, float, float]:
    """Variance components of rows, columns and residual; below 0 where a factor differs less than chance.

    Parameters
    ----------
    squares : CrossedSquares
        Of a complete table.

    Returns
    -------
    tuple of float

    References
    ----------
    Brennan, R. L. (2001). Generalizability theory, chapter 3. Springer.
    """
    rows, columns, residual = squares.rows, squares.columns, squares.residual
    return (rows - residual) / (squares.df[1] + 1), (columns - residual) / (squares.df[0] + 1), residual


def difference_interval(
    first: float, second: float, df: tuple[int, int], *, level: float, divisor: float,
) -> tuple[float, float]:
    """Interval of (first - second) / divisor, where both are independent mean squares.

    Parameters
    ----------
    first, second : float
        Mean squares, not negative.
    df : tuple of int
        Their degrees of freedom.
    level : float
        Confidence level, between 0 and 1.
    divisor : float
        What the difference is divided by, positive.

    Returns
    -------
    tuple of float
        Limits; may be negative.

    References
    ----------
    Ting, N., Burdick, R. K., Graybill, F. A., Jeyaratnam, S., Lu, T.-F. C. (1990). Confidence intervals on linear
    combinations of variance components that are unrestricted in sign. Journal of Statistical Computation and Simulation
    35, 135-143.
    """
    tail = (1 - level) / 2

    def limit(upper: bool) -> float:
        # quantiles that bound the first mean square on the side asked for, and the second on the other
        near, far = (tail, 1 - tail) if upper else (1 - tail, tail)
        own = df[0] / special.chdtri(df[0], 1 - near)
        other = df[1] / special.chdtri(df[1], 1 - far)
        ratio = special.fdtri(df[0], df[1], near)
        g, h = 1 - own, other - 1
        cross = ((ratio - 1) ** 2 - (g * ratio) ** 2 - h**2) / ratio
        return float(np.sqrt(max((g * first) ** 2 + (h * second) ** 2 + cross * first * second, 0.0)))

    gap = first - second
    return (gap - limit(False)) / divisor, (gap + limit(True)) / divisor


def three_way_components(table: np.ndarray, *, names: Sequence[str]) -> dict[tuple[str, ...], float]:
    """Variance components of a complete three-way table with one value a cell.

    Parameters
    ----------
    table : numpy.ndarray, shape (a, b, c)
        Complete, at least two of each.
    names : sequence of str
        Names of the three factors.

    Returns
    -------
    dict of tuple of str to float
        By the factors that a component belongs to; the one with all three is the residual. Components may be negative.

    Notes
    -----
    Expected mean squares of the random model, solved from the highest interaction down.

    References
    ----------
    Brennan, R. L. (2001). Generalizability theory, chapter 4 (p x i x h). Springer.
    """
    sizes = table.shape
    axes = range(3)
    subsets = [subset for size in (3, 2, 1) for subset in combinations(axes, size)]
    means = {subset: table.mean(axis=tuple(axis for axis in axes if axis not in subset), keepdims=True)
             for subset in [*subsets, ()]}
    squares = {}
    for subset in subsets:
        effect = sum((-1) ** (len(subset) - size) * means[inner] for size in range(len(subset) + 1)
                     for inner in combinations(subset, size))
        repeats = np.prod([sizes[axis] for axis in axes if axis not in subset])
        freedom = np.prod([sizes[axis] - 1 for axis in subset])
        squares[subset] = float(repeats * (effect**2).sum() / freedom)
    components: dict[tuple[int, ...], float] = {}
    for subset in subsets:
        repeats = np.prod([sizes[axis] for axis in axes if axis not in subset])
        above = sum((-1) ** (len(bigger) - len(subset)) * squares[bigger] for bigger in subsets
                    if set(subset) <= set(bigger))
        components[subset] = float(above / repeats)
    return {tuple(names[axis] for axis in subset): value for subset, value in components.items()}
