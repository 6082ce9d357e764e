"""Where does each answer sheet stand on the scale, and how sure is that?"""

from enum import StrEnum

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.options import as_option
from kinerja_lab.core.patterns import MISSING, ResponsePatterns
from kinerja_lab.numeric.category_curves import category_curves, point_slopes
from kinerja_lab.numeric.intervals import normal_quantile
from kinerja_lab.numeric.latent_rows import expectation, posterior, row_table
from kinerja_lab.numeric.quadrature import normal_grid
from kinerja_lab.psychometrics.irt_model import IrtModel

__all__ = ["ScoreMethod", "empirical_reliability", "numbered_answers", "person_scores", "sheet_posterior"]

_REACH = 12.0
_CUTS = 60


class ScoreMethod(StrEnum):
    """Expected a posteriori, maximum a posteriori, or Warm's weighted likelihood."""

    EAP = "eap"
    MAP = "map"
    WLE = "wle"


def person_scores(model: IrtModel, patterns: ResponsePatterns, *, method: ScoreMethod | str, level: float,
                  group: str = "") -> EstimateTable:
    """Place of every distinct answer sheet on the scale.

    Parameters
    ----------
    model : IrtModel
        The fitted model.
    patterns : ResponsePatterns
        Sheets with the model's items; incomplete ones too.
    method : ScoreMethod or str
        EAP and MAP lean towards the group's mean, WLE does not.
    level : float
        Confidence level, between 0 and 1.
    group : str
        The group the sheets belong to.

    Returns
    -------
    EstimateTable
        By ``("sheet",)``, in the order of the patterns; ``n`` counts answers. ``no_answers`` for an empty sheet.

    Raises
    ------
    KinerjaError
        ``model_items_differ``, ``answer_without_category`` or ``unknown_option``.

    Notes
    -----
    EAP: mean and spread of the posterior. MAP: top of the posterior, error 1/sqrt(I + 1/sd^2). WLE: zero of
    l'(t) + J(t)/(2 I(t)), error 1/sqrt(I).

    References
    ----------
    Bock, R. D., Mislevy, R. J. (1982). Applied Psychological Measurement 6, 431-444. Warm, T. A. (1989). Weighted
    likelihood estimation of ability in item response theory. Psychometrika 54, 427-450.
    """
    method, quantile = as_option(ScoreMethod, method), normal_quantile(level)
    values = numbered_answers(model, patterns)
    given = (values >= 0).sum(axis=1)
    place = model.place(group)
    if method is ScoreMethod.EAP:
        points, share = sheet_posterior(model, patterns, group=group)
        value = share @ points
        se = np.sqrt(np.maximum(share @ points**2 - value**2, 0.0))
    else:
        value, se = _solve(model, values, place, warm=method is ScoreMethod.WLE)
    bare = given == 0
    value, se = np.where(bare, np.nan, value), np.where(bare, np.nan, se)
    return EstimateTable(groups=("sheet",), frame=pd.DataFrame({
        "sheet": np.arange(len(values)), "label": "score", "value": value, "low": value - quantile * se,
        "high": value + quantile * se, "level": level, "n": given, "method": f"{method.value.upper()}, normal",
        "unit": "logit", "note": np.where(bare, "no_answers", "")}))


def sheet_posterior(model: IrtModel, patterns: ResponsePatterns, *, group: str = "") -> tuple[np.ndarray, np.ndarray]:
    """How probable each point of the scale is, given a sheet.

    Parameters
    ----------
    model : IrtModel
        The fitted model.
    patterns : ResponsePatterns
        Sheets with the model's items.
    group : str
        The group the sheets belong to.

    Returns
    -------
    points : array of float, shape (nodes,)
        On the model's scale.
    share : array of float, shape (sheets, nodes)
        Each row sums to 1.
    """
    values = numbered_answers(model, patterns)
    nodes, weights = normal_grid(model.nodes)
    plain, place = model.standard(group), model.place(group)
    curves = category_curves(model.model.kind, plain[:, 0], plain[:, 1:], model.sizes, nodes)
    table = row_table(values, np.ones(len(values)), categories=plain.shape[1])
    return model.mean[place] + model.sd[place] * nodes, posterior(table, expectation(table, curves, weights))


def empirical_reliability(model: IrtModel, patterns: ResponsePatterns, *, level: float, group: str = "") -> Estimate:
    """Reliability of EAP scores in these sheets.

    Parameters
    ----------
    model : IrtModel
        The fitted model.
    patterns : ResponsePatterns
        Sheets with the model's items.
    level : float
        Confidence level, between 0 and 1.
    group : str
        The group the sheets belong to.

    Returns
    -------
    Estimate
        ``label`` is ``"empirical_reliability"``; without an interval (``reliability_of_sheets``).

    Notes
    -----
    var(EAP) / (var(EAP) + mean posterior variance), over sheets with their weights. Holds whatever the spread of the
    group; the marginal reliability of ``irt_information`` is taken on the group's own scale for the same reason.
    """
    points, share = sheet_posterior(model, patterns, group=group)
    mean = share @ points
    spread = share @ points**2 - mean**2
    some = (patterns.values != MISSING).any(axis=1)
    weight = patterns.weights[some] / patterns.weights[some].sum()
    n = int(patterns.counts[some].sum())
    between = float(weight @ mean[some] ** 2 - (weight @ mean[some]) ** 2) * n / (n - 1)
    return Estimate(label="empirical_reliability", value=between / (between + float(weight @ spread[some])),
                    low=np.nan, high=np.nan, level=level, n=n, method="EAP", unit="coefficient",
                    note="reliability_of_sheets")


def numbered_answers(model: IrtModel, patterns: ResponsePatterns) -> np.ndarray:
    """Answers as numbers of the model's categories, -1 for none, shape (sheets, items).

    Parameters
    ----------
    model : IrtModel
        The fitted model.
    patterns : ResponsePatterns
        Sheets with the model's items.

    Raises
    ------
    KinerjaError
        ``model_items_differ``, or ``answer_without_category`` for an answer that did not occur when it was fitted.
    """
    if patterns.items != model.items:
        raise KinerjaError("model_items_differ", model=", ".join(model.items), sheets=", ".join(patterns.items))
    out = np.full(patterns.values.shape, -1, dtype=np.int16)
    for item, held in enumerate(model.levels):
        column = patterns.values[:, item]
        for number, answer in enumerate(held):
            out[column == answer, item] = number
        lost = (column != MISSING) & (out[:, item] < 0)
        if lost.any():
            raise KinerjaError("answer_without_category", item=model.items[item], answer=int(column[lost][0]))
    return out


def _solve(model: IrtModel, values: np.ndarray, place: int, *, warm: bool) -> tuple[np.ndarray, np.ndarray]:
    """Zero of the (weighted) score of each sheet by bisection: it cannot run away."""
    middle, spread = model.mean[place], model.sd[place]
    low = np.full(len(values), middle - _REACH * spread)
    high = np.full(len(values), middle + _REACH * spread)
    for _ in range(_CUTS):
        centre = (low + high) / 2
        slope, _ = _slope(model, values, place, centre, warm=warm)
        low, high = np.where(slope > 0, centre, low), np.where(slope > 0, high, centre)
    centre = (low + high) / 2
    _, information = _slope(model, values, place, centre, warm=warm)
    with np.errstate(divide="ignore"):
        return centre, 1 / np.sqrt(information)


def _slope(model: IrtModel, values: np.ndarray, place: int, at: np.ndarray, *, warm: bool):
    """Derivative that is zero at the score, and the information there."""
    p, first, second = point_slopes(model.model.kind, model.slopes[place], model.intercepts[place], model.sizes, at)
    safe = np.where(p > 0, p, 1.0)
    items = np.arange(values.shape[1])[None, :]
    sheets = np.arange(len(values))[:, None]
    given = values >= 0
    total = np.where(given, (first / safe)[items, np.maximum(values, 0), sheets], 0.0).sum(axis=1)
    information = np.where(given.T, (first**2 / safe).sum(axis=1), 0.0).sum(axis=0)
    if not warm:
        variance = model.sd[place] ** 2
        return total - (at - model.mean[place]) / variance, information + 1 / variance
    bend = np.where(given.T, (first * second / safe).sum(axis=1), 0.0).sum(axis=0)
    return total + bend / (2 * np.where(information > 0, information, 1.0)), information
