"""How do the odds of a higher category move with explaining columns, when cases are counted in cells?"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse, special

__all__ = ["OrdinalLogit", "ordinal_logit"]

_MOST = 60
_TOLERANCE = 1e-9
_ENDLESS = 100.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrdinalLogit:
    """A fitted proportional-odds model.

    Parameters
    ----------
    steps : array of float, shape (categories - 1,)
        Logit of reaching each step where all columns are 0.
    slopes : array of float, shape (columns,)
        Log odds ratio of a higher category for one more of a column.
    covariance : array of float
        Of steps and slopes, from the observed information; 0 for endless slopes.
    log_likelihood, null_log_likelihood : float
        Of the model, and of the one without columns.
    done : bool
        Whether the top was reached (in all directions but the endless ones).
    endless : array of bool, shape (columns,)
        Slopes that run to infinity, since their column separates categories perfectly: the log likelihood is right to
        1e-8 all the same.
    """

    steps: np.ndarray
    slopes: np.ndarray
    covariance: np.ndarray
    log_likelihood: float
    null_log_likelihood: float
    done: bool
    endless: np.ndarray


def ordinal_logit(counts: np.ndarray, columns: np.ndarray | sparse.csr_array, *, start: OrdinalLogit | None = None,
                  ) -> OrdinalLogit:
    """Fit P(category >= m) = logistic(step_m + columns @ slopes) to counts.

    Parameters
    ----------
    counts : array of float, shape (cells, categories)
        Cases of each cell in each category; every category must occur.
    columns : array or sparse array of float, shape (cells, columns)
        Explaining values of each cell; sparse where most of many columns are 0, as those of many groups.
    start : OrdinalLogit or None
        A model with the first of these columns: the climb begins at its top.

    Notes
    -----
    Newton steps with halving; the cost depends on cells, not on cases.

    References
    ----------
    McCullagh, P. (1980). Regression models for ordinal data. JRSS B 42, 109-142.

    Examples
    --------
    Two groups, two answers: the slope is the log odds ratio, log(30 * 20 / (10 * 40)).

    >>> fit = ordinal_logit(np.array([[30.0, 40.0], [10.0, 20.0]]), np.array([[0.0], [1.0]]))
    >>> round(float(fit.slopes[0]), 6) == round(float(np.log(1.5)), 6)
    True
    """
    shares = counts.sum(axis=0) / counts.sum()
    above = np.cumsum(shares[::-1])[::-1][1:]
    null = float((counts.sum(axis=0) * np.log(shares)).sum())
    point = np.concatenate([np.log(above / (1 - above)), np.zeros(columns.shape[1])])
    centre = np.zeros(columns.shape[1]) if sparse.issparse(columns) else columns.mean(axis=0)
    moved = columns if sparse.issparse(columns) else columns - centre  # better conditioned; moved back at the end
    if start is not None and start.done:
        slopes = np.append(start.slopes, np.zeros(columns.shape[1] - len(start.slopes)))
        point = np.concatenate([start.steps + centre @ slopes, slopes])
    level, gradient, information = _look(counts, moved, point)
    done = False
    for _ in range(_MOST):
        try:
            move = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            break
        gain = 0.5 * gradient @ move
        if gain < _TOLERANCE:
            last = _look(counts, moved, point + move)
            if last is not None and last[0] >= level:
                point, (level, gradient, information) = point + move, last
            done = True
            break
        share = 1.0
        while share > 1e-6:
            found = _look(counts, moved, point + share * move)
            if found is not None and found[0] >= level - 1e-12 * abs(level):
                break
            share /= 2
        else:
            break
        point = point + share * move
        level, gradient, information = found
    turn = np.eye(len(point))
    turn[:len(above), len(above):] = -centre
    point = turn @ point
    back = np.linalg.inv(turn)
    covariance, endless = _covariance(back.T @ information @ back)
    done = done and not endless[:len(above)].any()
    return OrdinalLogit(steps=point[:len(above)], slopes=point[len(above):], covariance=covariance,
                        log_likelihood=level, null_log_likelihood=null, done=done, endless=endless[len(above):])


def _covariance(information: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inverse without what runs to infinity (the likelihood is flat there, so its error is endless), and what does."""
    try:
        errors = np.diag(np.linalg.inv(information))
    except np.linalg.LinAlgError:
        errors = 1 / np.maximum(np.diag(information), 1e-300)
    endless = ~((errors > 0) & (errors < _ENDLESS**2))
    out = np.zeros_like(information)
    kept = np.flatnonzero(~endless)
    out[np.ix_(kept, kept)] = np.linalg.inv(information[np.ix_(kept, kept)])
    return out, endless


def _look(counts: np.ndarray, columns: np.ndarray, point: np.ndarray):
    """Log likelihood, gradient and observed information; None where the steps do not fall."""
    count = counts.shape[1] - 1
    drop = -np.diff(point[:count])
    if not (drop > 0).all():
        return None
    above = special.expit(point[:count] + (columns @ point[count:])[:, None])
    ends = np.ones((len(counts), 1))
    padded = np.concatenate([ends, above, 0 * ends], axis=1)
    drop = np.concatenate([[np.inf], drop, [np.inf]])
    rest = -np.expm1(-drop)
    pull = np.exp(-drop) / rest
    with np.errstate(divide="ignore", invalid="ignore"):  # nobody in a category without probability: 0 times infinity
        log_p = np.log(padded[:, :-1]) + np.log1p(-padded[:, 1:]) + np.log(rest)
        level = float(np.where(counts > 0, counts * log_p, 0.0).sum())
    if not np.isfinite(level):
        return None
    lean = counts[:, 1:] * (1 - above + pull[1:]) - counts[:, :-1] * (above + pull[:-1])
    bend = above * (1 - above) * (counts[:, 1:] + counts[:, :-1])
    gap = (pull / rest) * counts.sum(axis=0)
    steps = np.diag(bend.sum(axis=0) + gap[1:] + gap[:-1])
    beside = np.arange(count - 1)
    steps[beside, beside + 1] = steps[beside + 1, beside] = -gap[1:-1]
    cross, weight = columns.T @ bend, bend.sum(axis=1)
    if sparse.issparse(columns):
        inner = (columns.T @ sparse.diags_array(weight).dot(columns)).toarray()
    else:
        inner = (columns * weight[:, None]).T @ columns
    information = np.block([[steps, cross.T], [cross, inner]])
    gradient = np.concatenate([lean.sum(axis=0), columns.T @ lean.sum(axis=1)])
    return level, gradient, information
