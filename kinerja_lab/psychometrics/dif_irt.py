"""Does an item need curves of its own in each group? Likelihood ratio tests between item response models."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.numeric.category_curves import category_curves
from kinerja_lab.numeric.false_discovery import q_values
from kinerja_lab.numeric.intervals import normal_quantile
from kinerja_lab.numeric.quadrature import normal_grid
from kinerja_lab.psychometrics.irt import item_response
from kinerja_lab.psychometrics.irt_model import IrtModel, ItemModel

__all__ = ["IrtDif", "irt_dif"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IrtDif:
    """DIF of every item by item response models.

    Parameters
    ----------
    tests : pandas.DataFrame
        ``item, chi2, df, p, q, log_likelihood, note``: the item free in every group against all items alike.
    effects : EstimateTable
        By ``("item", "group")``: ``difference``, points of the answer scale by which the group answers higher than the
        first group at the same place, averaged over where the group stands.
    constrained : IrtModel
        The model in which all items work alike, with mean and spread of each group.
    """

    tests: pd.DataFrame
    effects: EstimateTable
    constrained: IrtModel


def irt_dif(groups: Mapping[str, ResponsePatterns], *, model: ItemModel | str, level: float,
            items: tuple[str, ...] | None = None, nodes: int = 61) -> IrtDif:
    """Free one item at a time.

    Parameters
    ----------
    groups : mapping of str to ResponsePatterns
        Sheets by group, incomplete ones too; counted, not weighted (a likelihood ratio with weights has no chi-square
        distribution).
    model : ItemModel or str
        Which model; slopes must be free (graded or generalised partial credit).
    level : float
        Confidence level of the effects, between 0 and 1.
    items : tuple of str or None
        Items to look at; all by default.
    nodes : int
        Points of the integration grid; with 21, as one peer takes, the ratios are not to be trusted.

    Returns
    -------
    IrtDif
        An item that cannot be freed keeps its row, with the reason in ``note``.

    Raises
    ------
    KinerjaError
        ``equal_slopes_here`` and those of ``item_response``.
    NotApplicable
        ``too_few_groups`` and those of ``item_response`` for the constrained model.

    Notes
    -----
    chi2 = 2 (log L free - log L constrained) with (groups - 1) x (parameters of the item) degrees of freedom; all other
    items tie the groups together.

    References
    ----------
    Thissen, D., Steinberg, L., Wainer, H. (1993). Detection of differential item functioning using the parameters of
    item response models. In Holland & Wainer, Differential item functioning, chapter 4. Meade, A. W. (2010). Journal of
    Applied Psychology 95, 728-743 (expected score differences).
    """
    if len(groups) < 2:
        raise NotApplicable("too_few_groups", n=len(groups), least=1)
    if ItemModel(model).equal_slopes:
        raise KinerjaError("equal_slopes_here", model=ItemModel(model).value)
    plain = {name: _unweighted(own) for name, own in groups.items()}
    constrained = item_response(plain, model=model, level=level, nodes=nodes)
    rows, effects = [], []
    for code in constrained.items if items is None else items:
        try:
            freed = item_response(plain, model=model, level=level, free=(code,), nodes=nodes)
        except NotApplicable as reason:
            rows.append({"item": code, "note": reason.message.code.split(".", 1)[1]})
            continue
        chi2 = max(2 * (freed.log_likelihood - constrained.log_likelihood), 0.0)
        df = freed.free - constrained.free
        rows.append({"item": code, "chi2": chi2, "df": df, "p": float(special.chdtrc(df, chi2)),
                     "log_likelihood": freed.log_likelihood, "note": ""})
        effects.append(_effects(freed, code, normal_quantile(level)))
    tests = pd.DataFrame(rows, columns=["item", "chi2", "df", "p", "log_likelihood", "note"])
    tests.insert(4, "q", q_values(tests["p"].to_numpy(dtype=float)))
    if not effects:
        raise NotApplicable("dif_no_item_free", n=len(rows))
    return IrtDif(tests=tests, constrained=constrained, effects=EstimateTable(
        groups=("item", "group"), frame=pd.concat(effects, ignore_index=True).assign(
            level=level, method="expected answers of freed curves, delta method", unit="scale_points")))


def _unweighted(own: ResponsePatterns) -> ResponsePatterns:
    return ResponsePatterns(items=own.items, values=own.values, counts=own.counts, low=own.low, high=own.high,
                            weights=own.counts.astype(float), dropped=own.dropped)


def _effects(model: IrtModel, code: str, quantile: float) -> pd.DataFrame:
    """Expected answer of each group minus that of the first at the same places."""
    item = model.items.index(code)
    nodes, weights = normal_grid(model.nodes)
    answers, longest, rows = np.array(model.levels[item], dtype=float), model.intercepts.shape[2] + 1, []
    for group in range(1, len(model.groups)):
        at = model.mean[group] + model.sd[group] * nodes
        value, lean = 0.0, 0.0
        for place, sign in ((group, 1.0), (0, -1.0)):
            curves = category_curves(model.model.kind, model.slopes[place, item:item + 1],
                                     model.intercepts[place, item:item + 1], model.sizes[item:item + 1], at)
            p = curves.p[0, :len(answers)]
            value += sign * float(answers @ p @ weights)
            by_own = np.einsum("c,ck,ckq,k->q", answers, p, curves.change[0, :len(answers)], weights)
            lean = lean + sign * by_own @ model.jacobian[place, item * longest:(item + 1) * longest]
        half = quantile * float(np.sqrt(lean @ model.covariance @ lean))
        rows.append({"item": code, "group": model.groups[group], "label": "difference", "value": value,
                     "low": value - half, "high": value + half, "n": model.n, "note": ""})
    return pd.DataFrame(rows)
