"""Where on the scale does the instrument measure, and how well?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.numeric.category_curves import point_slopes
from kinerja_lab.numeric.intervals import normal_quantile
from kinerja_lab.numeric.quadrature import normal_grid
from kinerja_lab.psychometrics.irt_model import IrtModel

__all__ = ["InformationCurves", "answer_curves", "information", "marginal_reliability", "reliability_at"]

_STEP = 1e-5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InformationCurves:
    """Information along the scale.

    Parameters
    ----------
    at : array of float, shape (points,)
        Points of the scale.
    items : array of float, shape (items, points)
        Information of each item.
    test : EstimateTable
        By ``("at",)``: their sum.
    expected : array of float, shape (points,)
        Expected sum of answers, on the answer scale.
    """

    at: np.ndarray
    items: np.ndarray
    test: EstimateTable
    expected: np.ndarray


def information(model: IrtModel, *, at: np.ndarray, level: float, group: str = "") -> InformationCurves:
    """Information of each item and of all together.

    Parameters
    ----------
    model : IrtModel
        The fitted model.
    at : array of float, shape (points,)
        Points of the scale.
    level : float
        Confidence level, between 0 and 1.
    group : str
        The group whose curves are taken.

    Returns
    -------
    InformationCurves
        The interval of the sum is symmetric on the logarithm.

    Notes
    -----
    I_j(t) = sum over answers of P'^2 / P; the standard error of a score at t is 1/sqrt(I(t)). Interval by the delta
    method over the item parameters.

    References
    ----------
    Samejima, F. (1969). Psychometrika Monograph 17, chapter 6.
    """
    at, place = np.asarray(at, dtype=float), model.place(group)
    plain = np.column_stack([model.slopes[place], model.intercepts[place]])
    items = _items(model, plain, at)
    total = items.sum(axis=0)
    lean = _lean(plain, lambda moved: np.log(_items(model, moved, at).sum(axis=0))) @ model.jacobian[place]
    half = normal_quantile(level) * np.sqrt(np.einsum("tp,pq,tq->t", lean, model.covariance, lean))
    p, _, _ = point_slopes(model.model.kind, plain[:, 0], plain[:, 1:], model.sizes, at)
    answers = np.zeros(p.shape[:2])
    for item, held in enumerate(model.levels):
        answers[item, :len(held)] = held
    test = EstimateTable(groups=("at",), frame=pd.DataFrame({
        "at": at, "label": "information", "value": total, "low": total * np.exp(-half), "high": total * np.exp(half),
        "level": level, "n": model.n, "method": "expected information, delta method", "unit": "information",
        "note": np.where(np.isnan(half), "weights_need_units", "")}))
    return InformationCurves(at=at, items=items, test=test, expected=np.einsum("jck,jc->k", p, answers))


def answer_curves(model: IrtModel, *, at: np.ndarray, group: str = "") -> pd.DataFrame:
    """Probability of every answer along the scale.

    Parameters
    ----------
    model : IrtModel
        The fitted model.
    at : array of float, shape (points,)
        Points of the scale.
    group : str
        The group whose curves are taken.

    Returns
    -------
    pandas.DataFrame
        ``item, answer, at, p``: for pictures; the parameters carry the intervals.
    """
    at, place = np.asarray(at, dtype=float), model.place(group)
    p, _, _ = point_slopes(model.model.kind, model.slopes[place], model.intercepts[place], model.sizes, at)
    rows = [pd.DataFrame({"item": code, "answer": answer, "at": at, "p": p[item, number]})
            for item, (code, held) in enumerate(zip(model.items, model.levels, strict=True))
            for number, answer in enumerate(held)]
    return pd.concat(rows, ignore_index=True)


def marginal_reliability(model: IrtModel, *, level: float, group: str = "") -> Estimate:
    """Reliability of scores in a group, averaged over its spread on the scale.

    Parameters
    ----------
    model : IrtModel
        The fitted model.
    level : float
        Confidence level, between 0 and 1.
    group : str
        The group.

    Returns
    -------
    Estimate
        ``label`` is ``"marginal_reliability"``, interval on the logit scale.

    Notes
    -----
    integral of I / (I + 1) over the standard normal, with I on the scale on which the group has spread 1. R mirt's
    ``marginal_rxx`` forgets that step for Rasch models with a free variance and prints .978 where .42 is right.

    References
    ----------
    Green, B. F., Bock, R. D., Humphreys, L. G., Linn, R. L., Reckase, M. D. (1984). Journal of Educational Measurement
    21, 347-360.
    """
    nodes, weights = normal_grid(model.nodes)
    plain, place = model.standard(group), model.place(group)

    def share(moved: np.ndarray) -> np.ndarray:
        held = _items(model, moved, nodes).sum(axis=0)
        value = weights @ (held / (held + 1))
        return np.log(value / (1 - value))[None]

    logit = float(share(plain)[0])
    lean = _lean(plain, share) @ model.chain[place]
    half = normal_quantile(level) * float(np.sqrt((lean @ model.covariance @ lean.T)[0, 0]))
    low, value, high = (1 / (1 + np.exp(-(logit + side * half))) if side else 1 / (1 + np.exp(-logit))
                        for side in (-1, 0, 1))
    return Estimate(label="marginal_reliability", value=value, low=low, high=high, level=level, n=model.n,
                    method="mean of I/(I+1), delta method", unit="coefficient",
                    note="weights_need_units" if np.isnan(half) else "")


def reliability_at(model: IrtModel, *, at: np.ndarray, group: str = "") -> np.ndarray:
    """Reliability of a score at points of the scale.

    Parameters
    ----------
    model : IrtModel
        The fitted model.
    at : array of float, shape (points,)
        Points of the scale.
    group : str
        The group whose spread the errors are compared with.

    Returns
    -------
    array of float, shape (points,)
        I / (I + 1) with I on the scale on which the group has spread 1, 0 to 1.
    """
    place = model.place(group)
    held = _items(model, model.standard(group), (np.asarray(at) - model.mean[place]) / model.sd[place]).sum(axis=0)
    return held / (held + 1)


def _items(model: IrtModel, plain: np.ndarray, at: np.ndarray) -> np.ndarray:
    p, first, _ = point_slopes(model.model.kind, plain[:, 0], plain[:, 1:], model.sizes, at)
    return (first**2 / np.where(p > 0, p, 1.0)).sum(axis=1)


def _lean(plain: np.ndarray, function) -> np.ndarray:
    """Derivatives of a function of slopes and intercepts, shape (values, items * answers); 0 where there is no step."""
    columns = []
    for cell in np.ndindex(plain.shape):
        if np.isnan(plain[cell]):
            columns.append(None)
            continue
        up, down = plain.copy(), plain.copy()
        up[cell] += _STEP
        down[cell] -= _STEP
        columns.append((function(up) - function(down)) / (2 * _STEP))
    empty = np.zeros_like(next(column for column in columns if column is not None))
    return np.stack([empty if column is None else column for column in columns], axis=-1)
