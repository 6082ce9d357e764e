"""How probable is each ordered category at a point of a continuous scale, and how does that change with a parameter?

Every variable has a slope ``a`` and one intercept a step. ``graded``: P(category >= m) = logistic(a t + d_m), the
intercepts falling. ``adjacent``: log P(m)/P(m-1) = a t + d_m. Arrays are padded to the longest variable; ``sizes`` says
how many categories each really has.
"""

from dataclasses import dataclass

import numpy as np
from scipy import special

__all__ = ["ADJACENT", "GRADED", "CategoryCurves", "category_curves", "curvature", "point_slopes"]

GRADED, ADJACENT = "graded", "adjacent"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CategoryCurves:
    """Curves of all variables at all points.

    Parameters
    ----------
    log_p : array of float, shape (variables, categories, points)
        Logarithms of the probabilities; 0 where a variable has no such category.
    change : array of float, shape (variables, categories, points, categories)
        Derivatives of ``log_p`` by the variable's slope (first) and intercepts.
    parts : tuple of array
        What ``curvature`` needs again.
    """

    log_p: np.ndarray
    change: np.ndarray
    parts: tuple[np.ndarray, ...]

    @property
    def p(self) -> np.ndarray:
        """The probabilities; 0 where a variable has no such category."""
        return np.where(self.parts[0], np.exp(self.log_p), 0.0)


def category_curves(kind: str, slopes: np.ndarray, intercepts: np.ndarray, sizes: np.ndarray, nodes: np.ndarray,
                    ) -> CategoryCurves | None:
    """Curves and their derivatives by the parameters.

    Parameters
    ----------
    kind : str
        ``GRADED`` or ``ADJACENT``.
    slopes : array of float, shape (variables,)
        Any sign.
    intercepts : array of float, shape (variables, categories - 1)
        One a step; what lies beyond a variable's size is not read.
    sizes : array of int, shape (variables,)
        Categories of each variable, at least 2.
    nodes : array of float, shape (points,)
        Where on the scale.

    Returns
    -------
    CategoryCurves or None
        None where graded intercepts do not fall: no such model exists.

    Notes
    -----
    Graded: P = s(x) s(-y) (1 - e^-(x-y)) with x and y the two logits of the category and s the logistic function; no
    difference of two numbers near 1 is taken, so that the far tails keep their digits.

    References
    ----------
    Samejima, F. (1969). Estimation of latent ability using a response pattern of graded scores. Psychometrika Monograph
    17. Muraki, E. (1992). A generalized partial credit model. Applied Psychological Measurement 16, 159-176.
    """
    steps = np.arange(1, intercepts.shape[1] + 1)
    inside = steps[None, :] < sizes[:, None]
    held = np.arange(intercepts.shape[1] + 1)[None, :] < sizes[:, None]
    if kind == GRADED:
        return _graded(slopes, np.where(inside, intercepts, -np.inf), held, nodes)
    return _adjacent(slopes, np.where(inside, intercepts, 0.0), inside, held, nodes)


def curvature(kind: str, curves: CategoryCurves, counts: np.ndarray, nodes: np.ndarray) -> np.ndarray:
    """Second derivatives of sum(counts * log_p) by the parameters of each variable.

    Parameters
    ----------
    kind : str
        As for ``category_curves``.
    curves : CategoryCurves
        From ``category_curves``.
    counts : array of float, shape (variables, categories, points)
        Counts.
    nodes : array of float, shape (points,)
        The points.

    Returns
    -------
    array of float, shape (variables, categories, categories)
        Symmetric; zero rows for parameters a variable does not have.
    """
    variables, categories, _ = counts.shape
    out = np.zeros((variables, categories, categories))
    if kind == ADJACENT:
        (_, features, mean), total = curves.parts, counts.sum(axis=1)
        second = np.einsum("jckq,jckr,jck->jkqr", features, features, curves.p)
        spread = second - mean[:, :, :, None] * mean[:, :, None, :]
        return -np.einsum("jkqr,jk->jqr", spread, total)
    _, bend, gap, _ = curves.parts
    # bend[j, m] = s(1 - s) at the logit of step m (0 at both ends); a category lies between steps c and c + 1
    out[:, 0, 0] = -((bend[:, :-1] + bend[:, 1:]) * counts * nodes**2).sum(axis=(1, 2))
    beside = counts[:, 1:] + counts[:, :-1]
    out[:, 0, 1:] = out[:, 1:, 0] = -(bend[:, 1:-1] * beside * nodes).sum(axis=2)
    totals, steps = counts.sum(axis=2), np.arange(1, categories)
    out[:, steps, steps] = -(bend[:, 1:-1] * beside).sum(axis=2) - gap[:, 1:] * totals[:, 1:] - gap[:, :-1] * totals[
        :, :-1]
    cross = gap[:, 1:-1] * totals[:, 1:-1]
    out[:, steps[:-1], steps[1:]] = out[:, steps[1:], steps[:-1]] = cross
    return out


def point_slopes(kind: str, slopes: np.ndarray, intercepts: np.ndarray, sizes: np.ndarray, nodes: np.ndarray,
                 ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Probabilities with first and second derivatives by the point of the scale.

    Parameters
    ----------
    kind, slopes, intercepts, sizes, nodes
        As for ``category_curves``.

    Returns
    -------
    p, first, second : array of float, shape (variables, categories, points)
        Zero where a variable has no such category.
    """
    curves = category_curves(kind, slopes, intercepts, sizes, nodes)
    p, a = curves.p, slopes[:, None, None]
    if kind == ADJACENT:
        steps = np.arange(p.shape[1])[None, :, None]
        mean = (steps * p).sum(axis=1, keepdims=True)
        spread = (steps**2 * p).sum(axis=1, keepdims=True) - mean**2
        lean = steps - mean
        return p, a * p * lean, a * a * p * (lean**2 - spread)
    held, bend, _, above = curves.parts
    turn = bend * (1 - 2 * above)
    first, second = a * (bend[:, :-1] - bend[:, 1:]), a * a * (turn[:, :-1] - turn[:, 1:])
    return p, np.where(held, first, 0.0), np.where(held, second, 0.0)


def _above(slopes, intercepts, held, nodes) -> np.ndarray:
    """P(category >= m) for m = 0 .. categories."""
    inside = np.where(held[:, 1:], intercepts, -np.inf)
    logits = slopes[:, None, None] * nodes + inside[:, :, None]
    ends = np.ones((len(slopes), 1, len(nodes)))
    return np.concatenate([ends, special.expit(logits), 0 * ends], axis=1)


def _graded(slopes, intercepts, held, nodes) -> CategoryCurves | None:
    with np.errstate(invalid="ignore"):
        falls = np.diff(intercepts, axis=1)
    if not np.all((falls < 0) | ~held[:, 2:]):
        return None
    above = _above(slopes, intercepts, held, nodes)
    bend = above * (1 - above)
    drop = np.full((*held.shape,), np.inf)  # x - y of each category
    drop[:, 1:-1] = np.where(held[:, 2:], intercepts[:, :-1] - np.where(held[:, 2:], intercepts[:, 1:], 0.0), np.inf)
    rest = -np.expm1(-drop)
    logits = slopes[:, None, None] * nodes + np.where(held[:, 1:], intercepts, 0.0)[:, :, None]
    up, down = special.log_expit(logits), special.log_expit(-logits)
    last = ~np.append(held[:, 1:], np.zeros((len(held), 1), dtype=bool), axis=1)
    log_p = np.zeros((*held.shape, len(nodes)))
    log_p[:, 1:] += up
    log_p[:, :-1] += np.where(last[:, :-1, None], 0.0, down)
    log_p = np.where(held[:, :, None], log_p + np.log(rest)[:, :, None], 0.0)
    pull = np.exp(-drop) / rest
    change = np.zeros((*log_p.shape, held.shape[1]))
    change[..., 0] = nodes * (1 - above[:, :-1] - above[:, 1:])
    for step in range(1, held.shape[1]):
        change[:, step, :, step] = 1 - above[:, step] + pull[:, step, None]
        change[:, step - 1, :, step] = -above[:, step] - pull[:, step - 1, None]
    change *= held[:, :, None, None]
    return CategoryCurves(log_p=log_p, change=change, parts=(held[:, :, None], bend, pull / rest, above))


def _adjacent(slopes, intercepts, inside, held, nodes) -> CategoryCurves:
    categories = held.shape[1]
    steps = np.arange(categories)
    base = np.concatenate([np.zeros((len(slopes), 1)), np.cumsum(intercepts, axis=1)], axis=1)
    weight = slopes[:, None, None] * steps[None, :, None] * nodes + base[:, :, None]
    weight = np.where(held[:, :, None], weight, -np.inf)
    log_p = weight - special.logsumexp(weight, axis=1, keepdims=True)
    p = np.exp(log_p)
    features = np.zeros((len(slopes), categories, len(nodes), categories))
    features[..., 0] = steps[None, :, None] * nodes
    for step in range(1, categories):
        features[:, step:, :, step] = inside[:, None, step - 1, None]
    mean = np.einsum("jck,jckq->jkq", p, features)
    change = (features - mean[:, None]) * held[:, :, None, None]
    return CategoryCurves(log_p=np.where(held[:, :, None], log_p, 0.0), change=change,
                          parts=(held[:, :, None], features, mean))
