"""How strict is each rater, how hard each item, how good each object, on one scale? The many-facet Rasch model."""

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.core.options import as_option
from kinerja_lab.numeric.category_curves import ADJACENT
from kinerja_lab.numeric.intervals import normal_quantile
from kinerja_lab.numeric.latent_groups import GroupFit, GroupLayout, fit_groups, group_expectations
from kinerja_lab.numeric.latent_rows import posterior, row_table
from kinerja_lab.numeric.quadrature import normal_grid

__all__ = ["FacetModel", "FacetSteps", "facet_model"]

MOST_CELLS = 400
"""Item x rater pairs beyond which the information matrix is not built (house limit: memory and minutes)."""


class FacetSteps(StrEnum):
    """Whether the distances between answers are shared by all items, or each item has its own."""

    SHARED = "shared"
    BY_ITEM = "by_item"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FacetModel:
    """A fitted many-facet Rasch model.

    Parameters
    ----------
    items : EstimateTable
        ``label`` is the item: how hard it is to score high on it, in logits.
    raters : EstimateTable
        ``label`` is the rater: how strict, in logits; they sum to 0.
    steps : EstimateTable
        Distances between answers.
    objects : EstimateTable
        ``label`` is the object: expected place given its ratings (EAP), freed of who rated.
    spread : EstimateTable
        One row: standard deviation of objects.
    log_likelihood : float
        Marginal.
    free, n : int
        Free parameters, ratings.
    """

    items: EstimateTable
    raters: EstimateTable
    steps: EstimateTable
    objects: EstimateTable
    spread: EstimateTable
    log_likelihood: float
    free: int
    n: int


def facet_model(ratings: pd.DataFrame, *, level: float, steps: FacetSteps | str = FacetSteps.SHARED,
                own_top: bool = False, nodes: int = 61) -> FacetModel:
    """Fit items, raters and steps by marginal maximum likelihood.

    Parameters
    ----------
    ratings : pandas.DataFrame
        ``object, rater, item, answer``: one row a rating; answers are whole numbers.
    level : float
        Confidence level, between 0 and 1.
    steps : FacetSteps or str
        Shared by all items, or by item.
    own_top : bool
        Whether an item's scale ends at the highest answer it ever got (as R TAM has it); by default all items keep the
        whole scale, since an answer nobody gave could still have been given.
    nodes : int
        Points of the integration grid.

    Returns
    -------
    FacetModel
        Errors from the observed information.

    Raises
    ------
    KinerjaError
        ``missing_columns``, ``ratings_missing``, ``rated_twice``.
    NotApplicable
        ``too_few_raters``, ``raters_apart`` (no object links two raters), ``facets_too_many``, ``facet_answers``,
        ``irt_no_top``.

    Notes
    -----
    log P(answer m) / P(m - 1) = place - item - rater - step_m; places normal with mean 0 and free variance, raters sum
    to 0, shared steps sum to 0. Objects are independent given their places; answers of one object are independent given
    its place, which two raters who talk to each other are not.

    References
    ----------
    Linacre, J. M. (1989). Many-facet Rasch measurement. MESA Press. Facets uses joint maximum likelihood: its values
    spread wider than these.
    """
    steps, quantile = as_option(FacetSteps, steps), normal_quantile(level)
    codes = _codes(ratings)
    layout, start = _layout(codes, steps, own_top)
    fit = fit_groups(layout, start=start, nodes=nodes)
    if not fit.done:
        raise NotApplicable("irt_no_top", steps=fit.steps, log_likelihood=fit.log_likelihood, gain=float(fit.gain))
    return _result(codes, layout, fit, steps, level=level, quantile=quantile, nodes=nodes)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Codes:
    objects: np.ndarray
    raters: np.ndarray
    items: np.ndarray
    answers: np.ndarray
    object: np.ndarray
    rater: np.ndarray
    item: np.ndarray
    answer: np.ndarray


def _codes(ratings: pd.DataFrame) -> _Codes:
    wanted = ("object", "rater", "item", "answer")
    missing = [name for name in wanted if name not in ratings.columns]
    if missing:
        raise KinerjaError("missing_columns", columns=", ".join(missing))
    bare = int(ratings[list(wanted)].isna().any(axis=1).sum())
    if bare:
        raise KinerjaError("ratings_missing", n=bare)
    if ratings.duplicated(["object", "rater", "item"]).any():
        raise KinerjaError("rated_twice", n=int(ratings.duplicated(["object", "rater", "item"]).sum()))
    (objects, object_), (raters, rater), (items, item), (answers, answer) = (
        np.unique(ratings[name].to_numpy(), return_inverse=True) for name in wanted)
    if len(raters) < 2:
        raise NotApplicable("too_few_raters", n=len(raters), least=2)
    if len(answers) < 2:
        raise NotApplicable("scores_constant")
    if len(items) * len(raters) > MOST_CELLS:
        raise NotApplicable("facets_too_many", n=len(items) * len(raters), most=MOST_CELLS)
    _require_connected(object_.ravel(), rater.ravel(), len(raters))
    return _Codes(objects=objects, raters=raters, items=items, answers=answers, object=object_.ravel(),
                  rater=rater.ravel(), item=item.ravel(), answer=answer.ravel())


def _require_connected(object_: np.ndarray, rater: np.ndarray, count: int) -> None:
    met = np.zeros((object_.max() + 1, count))
    met[object_, rater] = 1.0
    beside = met.T @ met > 0
    reached = beside[0]
    for _ in range(count):
        reached = beside[reached].any(axis=0) | reached
    if not reached.all():
        raise NotApplicable("raters_apart", n=int((~reached).sum()))


def _layout(codes: _Codes, steps: FacetSteps, own_top: bool) -> tuple[GroupLayout, np.ndarray]:
    items, raters, answers = len(codes.items), len(codes.raters), len(codes.answers)
    variables = items * raters
    values = np.full((len(codes.objects), variables), -1, dtype=np.int16)
    values[codes.object, codes.item * raters + codes.rater] = codes.answer
    cube = []  # columns: common slope, items, raters (last is minus the others), steps
    shape = (items, raters, answers)
    slope = np.zeros(shape)
    slope[:, :, 0] = 1.0
    cube.append(slope)
    for item in range(items):
        column = np.zeros(shape)
        column[item, :, 1:] = -1.0
        cube.append(column)
    for rater in range(raters - 1):
        column = np.zeros(shape)
        column[:, rater, 1:], column[:, -1, 1:] = -1.0, 1.0
        cube.append(column)
    for which in ([slice(None)] if steps is FacetSteps.SHARED else range(items)):
        for step in range(1, answers - 1):
            column = np.zeros(shape)
            column[which, :, step], column[which, :, answers - 1] = -1.0, 1.0
            cube.append(column)
    design = np.stack([column.reshape(-1) for column in cube], axis=1)
    start = np.zeros(design.shape[1])
    start[0] = 1.0
    for item in range(items):
        own = np.bincount(codes.answer[codes.item == item], minlength=answers) + 0.5
        if steps is FacetSteps.BY_ITEM and (own < 1).any():
            raise NotApplicable("facet_answers", item=str(codes.items[item]))
        start[1 + item] = -np.log(own[1:] / own[:-1]).mean()
    sizes = np.full(variables, answers)
    if own_top:
        sizes = np.repeat([codes.answer[codes.item == item].max() + 1 for item in range(items)], raters)
    return GroupLayout(
        kind=ADJACENT, sizes=sizes, design=(design,), offset=(np.zeros(len(design)),),
        tables=(row_table(values, np.ones(len(values)), categories=answers),), free_mean=(False,),
        free_spread=(False,)), start


def _result(codes: _Codes, layout: GroupLayout, fit: GroupFit, steps: FacetSteps, *, level, quantile, nodes):
    covariance = np.linalg.inv(fit.information)
    items, raters, answers = len(codes.items), len(codes.raters), len(codes.answers)
    eye = np.eye(len(fit.point))
    by_item, by_rater = eye[1:1 + items], eye[1 + items:items + raters]
    by_step = eye[items + raters:]
    n, shared = len(codes.answer), {"level": level, "method": "many-facet Rasch, marginal maximum likelihood"}

    def table(labels, lean, sizes) -> EstimateTable:
        value = lean @ fit.point
        half = quantile * np.sqrt(np.einsum("ip,pq,iq->i", lean, covariance, lean))
        return EstimateTable(frame=pd.DataFrame({
            "label": [str(label) for label in labels], "value": value, "low": value - half, "high": value + half,
            "n": sizes, "unit": "logit", "note": "", **shared}))

    whole = np.vstack([by_rater, -by_rater.sum(axis=0)])
    own = by_step.reshape(-1, answers - 2, len(fit.point)) if answers > 2 else by_step[:0].reshape(0, 0, len(eye))
    rows = [row for part in own for row in (*part, -part.sum(axis=0))]
    names = [str(step) if steps is FacetSteps.SHARED else f"{codes.items[item]}.{step}"
             for item in range(len(own)) for step in codes.answers[1:]]
    scale = float(fit.point[0])
    half = quantile * float(np.sqrt(covariance[0, 0])) / scale
    spread = EstimateTable(frame=pd.DataFrame([{
        "label": "sd", "value": scale, "low": scale * np.exp(-half), "high": scale * np.exp(half), "n": n,
        "unit": "logit", "note": "", **shared}]))
    points, _ = normal_grid(nodes)
    share = posterior(layout.tables[0], group_expectations(layout, fit.point, nodes=nodes)[0])
    mean = share @ points
    se = scale * np.sqrt(share @ points**2 - mean**2)
    objects = EstimateTable(frame=pd.DataFrame({
        "label": [str(name) for name in codes.objects], "value": scale * mean, "low": scale * mean - quantile * se,
        "high": scale * mean + quantile * se, "n": np.bincount(codes.object), "unit": "logit", "note": "", **shared}))
    return FacetModel(
        items=table(codes.items, by_item, np.bincount(codes.item)), objects=objects, spread=spread,
        raters=table(codes.raters, whole, np.bincount(codes.rater)),
        steps=table(names, np.array(rows).reshape(-1, len(eye)), n), log_likelihood=fit.log_likelihood,
        free=layout.parameters, n=n)
