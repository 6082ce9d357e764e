"""How much of a score belongs to the one who is rated, and how much to the rater? Crossed two-way effects.

Only counts and sums per level are kept. One side is absorbed (its block is diagonal), the smaller side is solved dense,
so that 70,000 ratings of 1,000 by 3,000 take seconds.
"""

from dataclasses import dataclass

import numpy as np
from scipy import linalg, optimize, sparse

__all__ = ["CrossedFixed", "CrossedRandom", "TwoWay", "crossed_fixed", "crossed_random", "two_way"]

_SPAN = (-23.0, 12.0)
"""Range of the logarithm of a variance ratio; the lower end stands for zero."""
_CHUNK = 2048
_SMALL = 4096
"""Up to so many cells a full table is faster than a sparse one: a panel of experts has some hundred."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoWay:
    """Sufficient statistics of a crossed layout; index 0 is the absorbed side, 1 the dense one.

    Parameters
    ----------
    cells : scipy.sparse.csr_array, shape (absorbed, dense)
        Cases in each cell.
    sizes, sums : tuple of two numpy.ndarray
        Cases and sum of centred values per level.
    centre : float
        What was subtracted from the values.
    squares : float
        Sum of squares of the centred values.
    n : int
        Cases.
    swapped : bool
        Whether the first factor given is the dense side.
    """

    cells: sparse.csr_array
    sizes: tuple[np.ndarray, np.ndarray]
    sums: tuple[np.ndarray, np.ndarray]
    centre: float
    squares: float
    n: int
    swapped: bool

    @property
    def pieces(self) -> int:
        """Connected parts; levels of different parts cannot be compared."""
        rows, columns = self.cells.shape
        graph = sparse.block_array([[None, self.cells], [sparse.csr_array((columns, rows)), None]])
        return int(sparse.csgraph.connected_components(graph, directed=False)[0])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CrossedRandom:
    """Random effects by REML; pairs hold the first factor, then the second.

    Parameters
    ----------
    mean, residual : float
        Grand mean and residual variance.
    variances : tuple of float
        Variance components.
    log_ratios : numpy.ndarray, shape (2,)
        Logarithms of component over residual variance; NaN where the component is zero.
    ratio_covariance : numpy.ndarray, shape (2, 2)
        Their covariance; NaN where the component is zero.
    residual_slope : numpy.ndarray, shape (2,)
        Change of the logarithm of the residual variance with the log ratios.
    effects, effect_se, level_se : tuple of two numpy.ndarray
        Predicted effects, their standard errors of prediction, and those of mean plus effect.
    n : int
        Cases.
    """

    mean: float
    residual: float
    variances: tuple[float, float]
    log_ratios: np.ndarray
    ratio_covariance: np.ndarray
    residual_slope: np.ndarray
    effects: tuple[np.ndarray, np.ndarray]
    effect_se: tuple[np.ndarray, np.ndarray]
    level_se: tuple[np.ndarray, np.ndarray]
    n: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CrossedFixed:
    """Least squares for the first factor, averaged over the levels of the second.

    Parameters
    ----------
    levels, se : numpy.ndarray
        Adjusted mean of each level of the first factor, and its standard error.
    others : numpy.ndarray
        Effects of the second factor, sum zero.
    df : int
        Residual degrees of freedom.
    """

    levels: np.ndarray
    se: np.ndarray
    others: np.ndarray
    df: int


def two_way(values: np.ndarray, first: np.ndarray, second: np.ndarray) -> TwoWay:
    """Counts and sums of values by two crossed factors.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
        Finite values.
    first, second : numpy.ndarray of int, shape (n,)
        Levels from 0, each used at least once.

    Returns
    -------
    TwoWay
    """
    swapped = first.max() < second.max()
    absorbed, dense = (second, first) if swapped else (first, second)
    shape = (int(absorbed.max()) + 1, int(dense.max()) + 1)
    cells = sparse.coo_array((np.ones(len(values)), (absorbed, dense)), shape=shape).tocsr()
    centre = float(values.mean())
    centred = values - centre
    pairs = [(np.bincount(codes, minlength=size).astype(float), np.bincount(codes, weights=centred, minlength=size))
             for codes, size in zip((absorbed, dense), shape, strict=True)]
    return TwoWay(cells=cells, sizes=tuple(pair[0] for pair in pairs), sums=tuple(pair[1] for pair in pairs),
                  centre=centre, squares=float(centred @ centred), n=len(values), swapped=bool(swapped))


class _Equations:
    """Mixed-model equations at given variance ratios, in effects scaled to variance one."""

    def __init__(self, layout: TwoWay, log_ratio: np.ndarray) -> None:
        self.layout = layout
        self.root = np.exp(np.asarray(log_ratio) / 2)
        self.diagonal = self.root[0] ** 2 * layout.sizes[0] + 1
        small = layout.cells.shape[0] * layout.cells.shape[1] <= _SMALL
        self.cross = self.root[0] * self.root[1] * (layout.cells.toarray() if small else layout.cells)
        product = _product_over(self.cross, np.sqrt(self.diagonal))
        schur = -(product if small else product.toarray())
        schur[np.diag_indices_from(schur)] += self.root[1] ** 2 * layout.sizes[1] + 1
        self.factor = linalg.cho_factor(schur, lower=True, overwrite_a=True, check_finite=False)
        ones, total = layout.sizes, layout.sums
        self.of_one, self.of_value = self._solve(ones), self._solve(total)
        self.information = layout.n - self._product(ones, self.of_one)
        self.mean = -self._product(ones, self.of_value) / self.information
        self.effects = [value - self.mean * one for value, one in zip(self.of_value, self.of_one, strict=True)]
        self.squares = layout.squares - self._product(total, self.of_value) - self.mean**2 * self.information

    def _solve(self, totals) -> list[np.ndarray]:
        left, right = (root * total for root, total in zip(self.root, totals, strict=True))
        dense = linalg.cho_solve(self.factor, right - self.cross.T @ (left / self.diagonal), check_finite=False)
        return [(left - self.cross @ dense) / self.diagonal, dense]

    def _product(self, totals, solved) -> float:
        return float(sum(root * (total @ part) for root, total, part in zip(self.root, totals, solved, strict=True)))

    def deviance(self) -> float:
        """Minus twice the restricted log likelihood, but for a constant."""
        determinant = np.log(self.diagonal).sum() + 2 * np.log(np.diag(self.factor[0])).sum()
        freedom = self.layout.n - 1
        return float(determinant + np.log(self.information) + freedom * np.log(self.squares / freedom))

    def inverse(self) -> np.ndarray:
        """Inverse of the dense block."""
        return linalg.cho_solve(self.factor, np.eye(len(self.factor[0])), check_finite=False)

    def slope(self) -> np.ndarray:
        """Derivative of the deviance with respect to the log ratios."""
        inverse = self.inverse()
        product = _product_over(self.cross, self.diagonal)
        if isinstance(product, np.ndarray):
            shared = (product * inverse).sum()
        else:
            product = product.tocoo()
            shared = product.data @ inverse[product.row, product.col]
        traces = (float((1 / self.diagonal).sum() + shared), float(np.trace(inverse)))
        return np.array([
            size.size - trace - (one @ one) / self.information
            - (self.layout.n - 1) * (effect @ effect) / self.squares
            for size, trace, one, effect in zip(self.layout.sizes, traces, self.of_one, self.effects, strict=True)
        ])

    def residual_slope(self) -> np.ndarray:
        """Derivative of the log residual variance with respect to the log ratios."""
        return np.array([-(effect @ effect) / self.squares for effect in self.effects])

    def error_diagonals(self) -> list[np.ndarray]:
        """Diagonals of the inverse of the equations, absorbed side first."""
        inverse = self.inverse()
        rows = []
        for start in range(0, len(self.diagonal), _CHUNK):
            part = self.cross[start:start + _CHUNK]
            joint = part * (part @ inverse) if isinstance(part, np.ndarray) else part.multiply(part @ inverse)
            rows.append(np.asarray(joint.sum(axis=1)).ravel())
        absorbed = 1 / self.diagonal + np.concatenate(rows) / self.diagonal**2
        return [absorbed, np.diag(inverse)]


def _product_over(cross: np.ndarray | sparse.csr_array, by: np.ndarray) -> np.ndarray | sparse.csr_array:
    """Cross products of the dense side, the rows of the absorbed side divided first."""
    scaled = cross / by[:, None] if isinstance(cross, np.ndarray) else sparse.diags_array(1 / by) @ cross
    return scaled.T @ scaled


def crossed_random(layout: TwoWay) -> CrossedRandom:
    """Variance components by REML and predicted effects of both factors.

    Parameters
    ----------
    layout : TwoWay
        With some residual variation.

    Returns
    -------
    CrossedRandom

    Notes
    -----
    y = mean + first + second + residual. The deviance is profiled over mean and residual variance and minimised over
    the logarithms of the two variance ratios with its exact derivative. Errors of prediction carry the mean's
    uncertainty, not that of the variances.

    References
    ----------
    Bates, D., Maechler, M., Bolker, B., Walker, S. (2015). Fitting linear mixed-effects models using lme4. Journal of
    Statistical Software 67(1), section 3.
    Henderson, C. R. (1975). Best linear unbiased estimation and prediction under a selection model. Biometrics 31,
    423-447.
    """
    def both(point: np.ndarray) -> tuple[float, np.ndarray]:
        equations = _Equations(layout, point)
        return equations.deviance(), equations.slope()

    found = optimize.minimize(both, np.array([-1.0, -1.0]), jac=True, method="L-BFGS-B", bounds=[_SPAN, _SPAN],
                              options={"ftol": 1e-15, "gtol": 1e-6})
    point = found.x
    inside = point > _SPAN[0] / 2
    point = np.where(inside, point, _SPAN[0])
    equations = _Equations(layout, point)
    residual = equations.squares / (layout.n - 1)
    errors = equations.error_diagonals()
    order = (1, 0) if layout.swapped else (0, 1)
    root = equations.root * inside
    effect_se = [np.sqrt(residual * root[side]**2 * (errors[side] + equations.of_one[side]**2 / equations.information))
                 for side in (0, 1)]
    level_se = [np.sqrt(residual * (root[side]**2 * errors[side]
                                    + (1 - root[side] * equations.of_one[side])**2 / equations.information))
                for side in (0, 1)]
    order = list(order)
    return CrossedRandom(
        mean=layout.centre + equations.mean, residual=residual,
        variances=tuple(float(residual * root[side]**2) for side in order),
        log_ratios=np.where(inside, point, np.nan)[order],
        ratio_covariance=_covariance(layout, point, inside)[np.ix_(order, order)],
        residual_slope=equations.residual_slope()[order], n=layout.n,
        effects=tuple(root[side] * equations.effects[side] for side in order),
        effect_se=tuple(effect_se[side] for side in order), level_se=tuple(level_se[side] for side in order),
    )


def _covariance(layout: TwoWay, point: np.ndarray, inside: np.ndarray) -> np.ndarray:
    """Inverse of half the curvature of the deviance, by differences of its exact derivative; NaN at zero."""
    step = 1e-3
    covariance = np.full((2, 2), np.nan)
    free = np.flatnonzero(inside)
    if not len(free):
        return covariance
    curvature = np.empty((len(free), len(free)))
    for column, axis in enumerate(free):
        move = np.zeros(2)
        move[axis] = step
        ahead, behind = (_Equations(layout, point + sign * move).slope()[free] for sign in (1, -1))
        curvature[:, column] = (ahead - behind) / (2 * step)
    curvature = (curvature + curvature.T) / 2
    if np.linalg.eigvalsh(curvature).min() > 0:
        covariance[np.ix_(free, free)] = 2 * np.linalg.inv(curvature)
    return covariance


def crossed_fixed(layout: TwoWay) -> CrossedFixed:
    """Adjusted means of the first factor: what each level would have had if all of the second had met it equally.

    Parameters
    ----------
    layout : TwoWay
        Connected (``pieces`` is 1).

    Returns
    -------
    CrossedFixed

    Notes
    -----
    Least squares of y on both factors, the second with effects that sum to zero.

    References
    ----------
    Searle, S. R. (1987). Linear models for unbalanced data, chapter 9. Wiley.
    """
    cells, (left, right), (left_sum, right_sum) = layout.cells, layout.sizes, layout.sums
    share = sparse.diags_array(1 / left) @ cells
    count = len(right)
    reduced = np.diag(right) - (cells.T @ share).toarray()
    # the constant that the two factors share is pinned at sum zero
    pinned = linalg.inv(reduced + right.mean() / count)
    generalised = pinned - 1 / (count * right.mean())
    dense = generalised @ (right_sum - cells.T @ (left_sum / left))
    absorbed = (left_sum - cells @ dense) / left
    df = layout.n - len(left) - count + 1
    rest = max(layout.squares - float(left_sum @ absorbed + right_sum @ dense), 0.0)
    sigma2 = rest / df if df > 0 else np.nan
    if layout.swapped:
        average = np.asarray(share.sum(axis=0)).ravel() / len(left)
        pulled = generalised @ average
        variance = np.diag(generalised) - 2 * pulled + average @ pulled + (1 / left).sum() / len(left) ** 2
        levels, others = dense + absorbed.mean(), absorbed - absorbed.mean()
    else:
        parts = (share[start:start + _CHUNK] for start in range(0, len(left), _CHUNK))
        variance = 1 / left + np.concatenate([
            np.asarray(part.multiply(part @ generalised).sum(axis=1)).ravel() for part in parts])
        levels, others = absorbed, dense
    return CrossedFixed(levels=layout.centre + levels, se=np.sqrt(np.maximum(sigma2 * variance, 0.0)), others=others,
                        df=df)
