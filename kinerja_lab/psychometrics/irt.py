"""How does each item work along the scale? Item response models by marginal maximum likelihood on answer patterns."""

from collections.abc import Mapping

import numpy as np
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.options import as_option
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.numeric.intervals import normal_quantile
from kinerja_lab.numeric.latent_groups import GroupFit, GroupLayout, fit_groups, standard_derivatives
from kinerja_lab.numeric.latent_rows import row_table
from kinerja_lab.psychometrics.irt_design import ItemDesign, item_design
from kinerja_lab.psychometrics.irt_errors import cluster_covariance
from kinerja_lab.psychometrics.irt_model import IrtModel, ItemModel
from kinerja_lab.psychometrics.irt_sheets import PreparedSheets, Sheets, prepare_sheets, start_values
from kinerja_lab.psychometrics.irt_tables import distribution_table, parameter_table

__all__ = ["item_response"]

LONGEST_SLOPE = 15.0
"""A slope per standard deviation beyond this has no end in the data: the likelihood still rises (house convention)."""

Clusters = Mapping[str, ResponsePatterns] | Mapping[str, Mapping[str, ResponsePatterns]]


def item_response(
    sheets: Sheets, *, model: ItemModel | str, level: float, free: tuple[str, ...] = (),
    anchors: IrtModel | None = None, clusters: Clusters | None = None, one_population: bool = False, nodes: int = 61,
    most: int = 500,
) -> IrtModel:
    """Fit an item response model.

    Parameters
    ----------
    sheets : ResponsePatterns or mapping of str to ResponsePatterns
        Sheets, incomplete ones too (a missing answer says nothing). With several groups the items work alike in all of
        them, but for those in ``free``; the first group has mean 0 (and spread 1 where slopes are free).
    model : ItemModel or str
        Which model.
    level : float
        Confidence level, between 0 and 1.
    free : tuple of str
        Items with parameters of their own in every group.
    anchors : IrtModel or None
        A model whose item parameters are held fixed (items by name); every group's mean and spread is then free.
    clusters : mapping or None
        The same sheets by sampling unit, ``{unit: patterns}`` or ``{group: {unit: patterns}}``: errors are then those
        of scores summed over units.
    one_population : bool
        Whether the respondents of all groups together have mean 0 and spread 1; without it every group after the first
        has its own.
    nodes : int
        Points of the integration grid, at least 15; 61 is right to some 1e-3 in the log likelihood, 121 to 1e-6.
    most : int
        Steps at most.

    Returns
    -------
    IrtModel
        With unequal weights and no ``clusters`` there are no intervals (note ``weights_need_units``).

    Raises
    ------
    KinerjaError
        ``unknown_option``, ``no_such_answer_item``, ``rasch_needs_two``, ``groups_differ``, ``bad_level``.
    NotApplicable
        ``too_few_items``, ``constant_items``, ``all_items_constant``, ``irt_few_sheets``, ``irt_too_rich``,
        ``items_identical``, ``irt_group_answer``, ``irt_no_top`` (no convergence, with how far it came) or
        ``irt_endless_slope``.

    Notes
    -----
    max sum over patterns of weight * log integral prod_j P_j(x_j | t) phi(t) dt. Slopes may be negative and nothing is
    boxed in. Errors from the exact observed information.

    References
    ----------
    Bock, R. D., Aitkin, M. (1981). Marginal maximum likelihood estimation of item parameters: application of an EM
    algorithm. Psychometrika 46, 443-459. Louis, T. A. (1982). JRSS B 44, 226-233.
    """
    model, _ = as_option(ItemModel, model), normal_quantile(level)
    prepared = prepare_sheets(sheets, least_items=2 if model.equal_slopes else 3)
    _check(prepared, model, free)
    start = start_values(prepared, kind=model.kind)
    design = item_design(prepared, model=model, free=free, anchors=anchors, start=start)
    layout = _layout(prepared, model, design, one_population=one_population)
    if prepared.n <= layout.parameters:
        raise NotApplicable("irt_too_rich", n=prepared.n, parameters=layout.parameters)
    fit = fit_groups(layout, start=_start(layout, design), nodes=nodes, most=most)
    _check_top(fit, layout, prepared.items)
    covariance, df, note = _covariance(fit, prepared, clusters)
    return _model(fit, layout, prepared, model=model, covariance=covariance, df=df, note=note, level=level,
                  nodes=nodes, anchored=anchors is not None)


def _check(prepared: PreparedSheets, model: ItemModel, free: tuple[str, ...]) -> None:
    unknown = [code for code in free if code not in prepared.items]
    if unknown:
        raise KinerjaError("no_such_answer_item", items=", ".join(unknown), choices=", ".join(prepared.items))
    if model is ItemModel.RASCH and (prepared.sizes > 2).any():
        raise KinerjaError("rasch_needs_two", items=", ".join(
            code for code, size in zip(prepared.items, prepared.sizes, strict=True) if size > 2))
    if model is ItemModel.RATING_SCALE and np.ptp(prepared.sizes):
        raise NotApplicable("rating_scale_uneven", items=", ".join(
            code for code, size in zip(prepared.items, prepared.sizes, strict=True) if size < prepared.sizes.max()))
    for code in free:
        place = prepared.items.index(code)
        for group, values in zip(prepared.groups, prepared.values, strict=True):
            if len(np.unique(values[:, place][values[:, place] >= 0])) < prepared.sizes[place]:
                raise NotApplicable("irt_group_answer", item=code, group=group)


def _layout(prepared: PreparedSheets, model: ItemModel, design: ItemDesign, *, one_population: bool) -> GroupLayout:
    longest = int(prepared.sizes.max())
    tables = tuple(row_table(values, weights, categories=longest)
                   for values, weights in zip(prepared.values, prepared.weights, strict=True))
    loose = (np.arange(len(prepared.groups)) > (-1 if design.anchored else 0)) & (not one_population)
    return GroupLayout(kind=model.kind, sizes=prepared.sizes, tables=tables, design=design.matrix,
                       offset=design.offset, free_mean=tuple(loose.tolist()), free_spread=tuple(loose.tolist()))


def _start(layout: GroupLayout, design: ItemDesign) -> np.ndarray:
    return np.concatenate([design.start, np.zeros(layout.parameters - len(design.start))])


def _check_top(fit: GroupFit, layout: GroupLayout, items: tuple[str, ...]) -> None:
    for group in range(len(layout.tables)):
        steep = layout.plain(fit.point, group)[:, 0] * layout.distribution(fit.point, group)[1]
        if np.abs(steep).max() > LONGEST_SLOPE:
            place = int(np.abs(steep).argmax())
            raise NotApplicable("irt_endless_slope", item=items[place], slope=float(steep[place]),
                                most=LONGEST_SLOPE)
    if not fit.done:
        raise NotApplicable("irt_no_top", steps=fit.steps, log_likelihood=fit.log_likelihood, gain=float(fit.gain))


def _covariance(fit: GroupFit, prepared: PreparedSheets, clusters: Clusters | None):
    """Covariance of the free parameters, degrees of freedom (infinite without clusters) and why there is none."""
    bread = np.linalg.inv(fit.information)
    if clusters is not None:
        covariance, df = cluster_covariance(bread, scores=fit.scores, prepared=prepared, clusters=clusters)
        return covariance, df, ""
    if prepared.weighted:
        return np.full_like(bread, np.nan), np.inf, "weights_need_units"
    scale = np.concatenate(prepared.counts).sum() / np.concatenate(prepared.weights).sum()
    return bread / scale, np.inf, ""


def _model(fit: GroupFit, layout: GroupLayout, prepared: PreparedSheets, *, model: ItemModel, covariance, df, note,
           level, nodes, anchored) -> IrtModel:
    groups, longest = len(prepared.groups), int(prepared.sizes.max())
    plain = np.stack([layout.plain(fit.point, group) for group in range(groups)])
    spread = np.array([layout.distribution(fit.point, group) for group in range(groups)])
    jacobian = np.zeros((groups, len(prepared.items) * longest, layout.parameters))
    for group in range(groups):
        jacobian[group, :, :layout.design[group].shape[1]] = layout.design[group]
    scale = 1.0
    if model.equal_slopes and not anchored:  # the common slope becomes the spread of the scale
        scale = float(plain[0, 0, 0])
        plain[:, :, 0] = 1.0
        jacobian.reshape(groups, len(prepared.items), longest, -1)[:, :, 0] = 0.0
    held = np.arange(1, longest)[None, :] < prepared.sizes[:, None]
    plain[:, :, 1:] = np.where(held, plain[:, :, 1:], np.nan)
    quantile = normal_quantile(level) if np.isinf(df) else float(special.stdtrit(df, (1 + level) / 2))
    method = f"{model.value}, marginal maximum likelihood" + ("" if np.isinf(df) else ", errors over units")
    common = {"level": level, "n": prepared.n, "method": method}
    parameters = parameter_table(prepared, plain=plain, jacobian=jacobian, covariance=covariance, quantile=quantile,
                                 note=note, shared=not _differs(layout), **common)
    distribution = distribution_table(prepared.groups, layout=layout, point=fit.point, covariance=covariance,
                                      scale=scale, quantile=quantile, note=note,
                                      equal=model.equal_slopes and not anchored, **common)
    return IrtModel(
        model=model, items=prepared.items, levels=prepared.levels, unused=prepared.unused, groups=prepared.groups,
        slopes=plain[:, :, 0], intercepts=plain[:, :, 1:], mean=spread[:, 0] * scale, sd=spread[:, 1] * scale,
        parameters=parameters, distribution=distribution, covariance=covariance, jacobian=jacobian,
        chain=np.stack([standard_derivatives(layout, fit.point, group) for group in range(groups)]),
        log_likelihood=fit.log_likelihood, free=layout.parameters, n=prepared.n, steps=fit.steps, nodes=nodes,
        level=level)


def _differs(layout: GroupLayout) -> bool:
    return any(not np.array_equal(layout.design[0], other) for other in layout.design[1:])
