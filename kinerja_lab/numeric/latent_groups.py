"""Which parameters make rows of categories in one or many groups most probable, when the scale behind them is unseen?

The curves of a group are linear in the free parameters (equal slopes, shared steps, variables built of two facets and
values held fixed are all designs), seen through the group's own mean and spread on the scale.
"""

from dataclasses import dataclass

import numpy as np

from kinerja_lab.numeric.category_curves import CategoryCurves, category_curves, curvature
from kinerja_lab.numeric.latent_rows import Expectation, RowTable, expectation, observed_information
from kinerja_lab.numeric.quadrature import normal_grid
from kinerja_lab.numeric.quasi_newton import climb

__all__ = ["GroupFit", "GroupLayout", "fit_groups", "group_curves", "group_expectations", "standard_derivatives"]

_NEWTON_STEPS = 12
_NEAR = 1e-7
"""A Newton step that gains less moves no parameter by more than 0.0005 of its standard error."""
_RIDGE = 1e-8


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupLayout:
    """What is to be fitted.

    Parameters
    ----------
    kind : str
        ``category_curves.GRADED`` or ``ADJACENT``.
    sizes : array of int, shape (variables,)
        Categories of each variable.
    tables : tuple of RowTable
        One a group.
    design : tuple of array of float, shape (variables * categories, parameters)
        One a group: slope and intercepts of each variable as linear functions of the parameters.
    offset : tuple of array of float, shape (variables * categories,)
        One a group: what is added to them.
    free_mean, free_spread : tuple of bool
        One a group: whether its mean and the logarithm of its standard deviation are parameters too; else 0 and 1.
    """

    kind: str
    sizes: np.ndarray
    tables: tuple[RowTable, ...]
    design: tuple[np.ndarray, ...]
    offset: tuple[np.ndarray, ...]
    free_mean: tuple[bool, ...]
    free_spread: tuple[bool, ...]

    @property
    def parameters(self) -> int:
        """Free parameters, those of the groups included."""
        return self.design[0].shape[1] + sum(self.free_mean) + sum(self.free_spread)

    def places(self, group: int) -> tuple[int | None, int | None]:
        """Where a group's mean and log standard deviation stand among the parameters; None where fixed."""
        place = self.design[0].shape[1]
        found: tuple[int | None, int | None] = (None, None)
        for number in range(group + 1):
            mean = place if self.free_mean[number] else None
            place += self.free_mean[number]
            spread = place if self.free_spread[number] else None
            place += self.free_spread[number]
            found = (mean, spread)
        return found

    def distribution(self, point: np.ndarray, group: int) -> tuple[float, float]:
        """Mean and standard deviation of a group at a point."""
        mean, spread = self.places(group)
        return (0.0 if mean is None else float(point[mean])), (1.0 if spread is None else float(np.exp(point[spread])))

    def plain(self, point: np.ndarray, group: int) -> np.ndarray:
        """Slopes and intercepts of a group on the common scale, shape (variables, categories)."""
        flat = self.design[group] @ point[:self.design[0].shape[1]] + self.offset[group]
        return flat.reshape(len(self.sizes), -1)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupFit:
    """The top of the likelihood.

    Parameters
    ----------
    point : array of float, shape (parameters,)
        The free parameters.
    information : array of float, shape (parameters, parameters)
        Minus the second derivatives at the top.
    scores : tuple of array of float, shape (rows, parameters)
        One a group: derivatives of each row's log probability.
    log_likelihood : float
        At the top.
    steps : int
        Steps taken.
    gain : float
        What one more Newton step would gain.
    done : bool
        Whether ``gain`` fell below the tolerance at a point where the information is positive definite.
    """

    point: np.ndarray
    information: np.ndarray
    scores: tuple[np.ndarray, ...]
    log_likelihood: float
    steps: int
    gain: float
    done: bool


def group_curves(layout: GroupLayout, point: np.ndarray, *, nodes: np.ndarray) -> tuple[CategoryCurves, ...] | None:
    """Curves of every group at points of its own standardised scale; None where there is no such model.

    Parameters
    ----------
    layout : GroupLayout
        What is fitted.
    point : array of float
        The parameters.
    nodes : array of float, shape (points,)
        Points of the standard normal scale.
    """
    out = []
    for group in range(len(layout.tables)):
        plain, (mean, spread) = layout.plain(point, group), layout.distribution(point, group)
        curves = category_curves(layout.kind, plain[:, 0] * spread, plain[:, 1:] + plain[:, :1] * mean, layout.sizes,
                                 nodes)
        if curves is None:
            return None
        out.append(curves)
    return tuple(out)


def group_expectations(layout: GroupLayout, point: np.ndarray, *, nodes: int) -> tuple[Expectation, ...]:
    """What the rows of every group say at a point; see ``latent_rows.expectation``."""
    places, weights = normal_grid(nodes)
    return tuple(expectation(table, curves, weights)
                 for table, curves in zip(layout.tables, group_curves(layout, point, nodes=places), strict=True))


def fit_groups(layout: GroupLayout, *, start: np.ndarray, nodes: int, tolerance: float = 1e-10, most: int = 500,
               ) -> GroupFit:
    """Climb to the top of the marginal likelihood and take the exact information there.

    Parameters
    ----------
    layout : GroupLayout
        What is to be fitted.
    start : array of float, shape (parameters,)
        Where to begin; a model must exist there.
    nodes : int
        Points of the scale.
    tolerance : float
        Largest gain of the next Newton step that ends the climb.
    most : int
        Quasi-Newton steps at most.

    Notes
    -----
    Expected counts as in EM; instead of a full M step a quasi-Newton step whose first metric is the complete-data
    information, then Newton steps with the observed information.
    """
    places, weights = normal_grid(nodes)

    def value(point: np.ndarray):
        curves = group_curves(layout, point, nodes=places)
        if curves is None:
            return None
        total, gradient = 0.0, np.zeros(layout.parameters)
        for group, (table, own) in enumerate(zip(layout.tables, curves, strict=True)):
            found = expectation(table, own, weights)
            total += found.log_likelihood
            gradient += standard_derivatives(layout, point, group).T @ _gradient(found, own)
        return (total, gradient) if np.isfinite(total) else None

    first = _complete_information(layout, start, places, weights)
    climbed = climb(value, start, information=first, tolerance=max(tolerance, 2e-8), most=most)
    point, level, steps, gain, done = climbed.point, climbed.value, climbed.steps, climbed.gain, False
    information, scores, gradient = _information(layout, point, places, weights)
    for _ in range(_NEWTON_STEPS):
        move = _newton(information, gradient)
        if move is None:
            break
        gain = 0.5 * float(gradient @ move)
        if gain < tolerance:
            done = True
            break
        share = _shorten(value, point, move, level)
        if share is None:
            break
        point, steps, near = point + share * move, steps + 1, gain < _NEAR
        level, gradient = value(point)
        after = 0.5 * float(gradient @ _newton(information, gradient))
        if near and after < tolerance:  # so near that the information of the last point is that of this one
            gain, done = after, True
            break
        information, scores, gradient = _information(layout, point, places, weights)
    return GroupFit(point=point, information=information, scores=scores, log_likelihood=level, steps=steps, gain=gain,
                    done=done)


def _gradient(found: Expectation, curves: CategoryCurves) -> np.ndarray:
    return np.einsum("jck,jckq->jq", found.counts, curves.change).ravel()


def standard_derivatives(layout: GroupLayout, point: np.ndarray, group: int) -> np.ndarray:
    """Derivatives of a group's slopes and intercepts on its own standardised scale by all parameters."""
    design, (mean, spread) = layout.design[group], layout.distribution(point, group)
    variables, categories = len(layout.sizes), layout.tables[group].shape[1]
    cube = design.reshape(variables, categories, design.shape[1])
    out = np.zeros((variables, categories, layout.parameters))
    out[:, :1, :cube.shape[2]] = spread * cube[:, :1]
    out[:, 1:, :cube.shape[2]] = cube[:, 1:] + mean * cube[:, :1]
    slopes = layout.plain(point, group)[:, 0]
    at_mean, at_spread = layout.places(group)
    if at_mean is not None:
        out[:, 1:, at_mean] = slopes[:, None]
    if at_spread is not None:
        out[:, 0, at_spread] = slopes * spread
    return out.reshape(variables * categories, -1)


def _complete_information(layout, point, places, weights) -> np.ndarray:
    total = np.zeros((layout.parameters, layout.parameters))
    for group, curves in enumerate(group_curves(layout, point, nodes=places)):
        counts = expectation(layout.tables[group], curves, weights).counts
        blocks = curvature(layout.kind, curves, counts, places)
        chain = standard_derivatives(layout, point, group).reshape(len(layout.sizes), -1, layout.parameters)
        total -= np.einsum("jqp,jqr,jrs->ps", chain, blocks, chain, optimize=True)
    return total + (_RIDGE + 1e-6 * np.diag(total)) * np.eye(len(total))


def _information(layout, point, places, weights):
    """Minus second derivatives, scores of the rows by group and the gradient, all by the free parameters."""
    total, gradient, scores = np.zeros((layout.parameters,) * 2), np.zeros(layout.parameters), []
    for group, curves in enumerate(group_curves(layout, point, nodes=places)):
        table = layout.tables[group]
        found = expectation(table, curves, weights)
        inner, rows = observed_information(layout.kind, table, curves, found, places)
        chain, slope = standard_derivatives(layout, point, group), _gradient(found, curves)
        total += chain.T @ inner @ chain - _bend(layout, point, group, slope)
        gradient += chain.T @ slope
        scores.append(rows @ chain)
    return total, tuple(scores), gradient


def _bend(layout: GroupLayout, point: np.ndarray, group: int, slope: np.ndarray) -> np.ndarray:
    """Second derivatives that come from the products of slopes with the group's mean and spread."""
    out = np.zeros((layout.parameters,) * 2)
    cube = layout.design[group].reshape(len(layout.sizes), layout.tables[group].shape[1], layout.design[group].shape[1])
    parts, (_, spread) = slope.reshape(len(layout.sizes), -1), layout.distribution(point, group)
    at_mean, at_spread = layout.places(group)
    free = cube.shape[2]
    if at_mean is not None:
        out[at_mean, :free] = out[:free, at_mean] = parts[:, 1:].sum(axis=1) @ cube[:, 0]
    if at_spread is not None:
        out[at_spread, :free] = out[:free, at_spread] = spread * (parts[:, 0] @ cube[:, 0])
        out[at_spread, at_spread] = spread * (parts[:, 0] @ layout.plain(point, group)[:, 0])
    return out


def _newton(information: np.ndarray, gradient: np.ndarray) -> np.ndarray | None:
    try:
        factor = np.linalg.cholesky(information)
    except np.linalg.LinAlgError:
        return None
    return np.linalg.solve(factor.T, np.linalg.solve(factor, gradient))


def _shorten(value, point: np.ndarray, move: np.ndarray, level: float) -> float | None:
    share = 1.0
    while share > 1e-4:
        found = value(point + share * move)
        if found is not None and found[0] >= level - 1e-9 * abs(level):
            return share
        share /= 2
    return None
