"""Do the items measure the same thing among people as among units, and how reliable is each of the two?"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.core.hypothesis import HypothesisTest
from kinerja_lab.core.message import Message
from kinerja_lab.numeric.two_level_moments import TwoLevelTable
from kinerja_lab.psychometrics.design_sheets import DesignSheets
from kinerja_lab.psychometrics.fit_measures import Chi2, fit_measures
from kinerja_lab.psychometrics.two_level_model import (
    LevelForm,
    TwoLevelFit,
    error_matrix,
    fit_two_levels,
    misfit_trace,
)
from kinerja_lab.psychometrics.two_level_reliability import item_shares, level_reliability
from kinerja_lab.psychometrics.two_level_sheets import level_form, on_edge, settled, two_level_sheets

__all__ = ["ERRORS", "SIDES", "TwoLevelFactors", "side_fit", "two_level_factors"]

SIDES = ("within", "between")
"""Of respondents within a unit, and of units."""

ERRORS = ("units", "observed")
"""Sandwich over units, or the observed information alone (right only where answers are normal)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoLevelFactors:
    """Factors of respondents within units and of units.

    Parameters
    ----------
    items : tuple of str
        Item codes.
    loadings : EstimateTable
        By ``side`` (``within``, ``between``), ``factor`` and ``item``; labels ``loading`` (in answer points, factors of
        variance 1) and ``loading_standard``.
    correlations : EstimateTable
        By ``side``, ``factor`` and ``other``.
    residuals : EstimateTable
        By ``side`` and ``item``: residual variances; one between units may be a little below 0.
    icc : EstimateTable
        By ``item``: share of an answer's variance that lies between units.
    reliability : EstimateTable
        Labels as in ``level_reliability``.
    test : HypothesisTest
        Against both matrices left free.
    fit : EstimateTable
        By ``family``; CFI, TLI, RMSEA, and SRMR of each side.
    log_likelihood : float
        Of the model.
    parameters : int
        Free parameters.
    edge : bool
        Whether the free matrix between units lies at its edge (some mix of items does not differ between units at all):
        then there is no scaled test, and the p of the plain one is only approximate.
    units, n : int
        Units and respondents.
    """

    items: tuple[str, ...]
    loadings: EstimateTable
    correlations: EstimateTable
    residuals: EstimateTable
    icc: EstimateTable
    reliability: EstimateTable
    test: HypothesisTest
    fit: EstimateTable
    log_likelihood: float
    parameters: int
    edge: bool
    units: int
    n: int


def two_level_factors(
    sheets: DesignSheets, *, within: Mapping[str, tuple[str, ...]],
    between: Mapping[str, tuple[str, ...]] | None, level: float, errors: str = "units",
) -> TwoLevelFactors:
    """Fit factors within units and between units at once, by full maximum likelihood.

    Parameters
    ----------
    sheets : DesignSheets
        Complete sheets with the unit of each respondent (``totals``) and equal weights; answers count as numbers.
    within : mapping of str to tuple of str
        Items of each factor of respondents; factors correlate.
    between : mapping of str to tuple of str, or None
        Items of each factor of units; None leaves the covariances of units free.
    level : float
        Confidence level, between 0 and 1.
    errors : str
        One of ``ERRORS``.

    Returns
    -------
    TwoLevelFactors

    Raises
    ------
    KinerjaError
        ``bad_level``, ``unknown_option``, ``levels_units_missing``, ``factor_items`` (an item without a factor, or a
        factor with an unknown item), or as ``psychometrics.sheets.require_complete``.
    NotApplicable
        ``levels_weights`` (weights that differ), ``too_few_units`` (fewer than ten, or not more than items),
        ``one_respondent_each``, ``too_few_sheets``, ``levels_flat`` (nobody differs from his unit on an item),
        ``instrument_collinear``, ``factor_not_identified``, ``factor_not_converged`` (how far it came),
        ``levels_negative`` (a residual variance clearly below 0) or ``factor_heywood``.

    Notes
    -----
    y = mean + u + e, u ~ N(0, L_B P_B L_B' + T_B) of the unit, e ~ N(0, L_W P_W L_W' + T_W) of the respondent. The
    likelihood is a function of sizes, means and cross-products of the units; ``log_likelihood``, ``loadings`` and
    errors are those of lavaan's two-level ``cfa`` (``observed``) and of its MLR (``units``). Intervals use Student's t
    with units - 1 degrees of freedom under ``units``, the normal distribution under ``observed``.

    References
    ----------
    Muthen, B. (1994). Multilevel covariance structure analysis. Sociological Methods and Research 22, 376-398.
    Yuan, K.-H., Bentler, P. M. (2007). Multilevel covariance structure analysis by fitting multiple single-level
    models. Sociological Methodology 37, 53-82.
    """
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    if errors not in ERRORS:
        raise KinerjaError("unknown_option", name="errors", value=str(errors), choices=", ".join(ERRORS), nearest="-")
    table, items = two_level_sheets(sheets), sheets.patterns.items
    forms = level_form(items, within), level_form(items, between)
    fit = settled(fit_two_levels(table, forms), items, (within, between or {}))
    try:
        spread = error_matrix(table, fit, robust=errors == "units")
    except np.linalg.LinAlgError:
        spread = np.full((1, 1), np.nan)
    if not (np.isfinite(spread).all() and (np.diag(spread)[:len(items) + forms[0].size] > 0).all()):
        raise NotApplicable("factor_not_identified", factors=", ".join([*within, *(between or ())]))
    free = _free(table, items)
    reach = special.stdtrit(table.groups - 1, (1 + level) / 2) if errors == "units" else special.ndtri((1 + level) / 2)
    rows = _Rows(fit, spread, items, (tuple(within), tuple(between or ())), reach=float(reach), level=level, n=table.n,
                 method=f"two-level ML, {'sandwich over units' if errors == 'units' else 'observed information'}")
    rows.refuse()
    edge, test, measures = _fit(table, fit, free, items)
    return TwoLevelFactors(
        items=items, loadings=rows.loadings(), correlations=rows.correlations(), residuals=rows.residuals(),
        icc=item_shares(table, free, items=items, level=level), fit=measures, test=test,
        reliability=level_reliability(table, fit, free, level=level),
        log_likelihood=-fit.deviance / 2, parameters=fit.parameters, edge=edge, units=table.groups, n=table.n)


def side_fit(
    sheets: DesignSheets, *, within: Mapping[str, tuple[str, ...]], between: Mapping[str, tuple[str, ...]],
) -> EstimateTable:
    """Fit of each side by itself: a good fit among many respondents can hide a bad one among few units.

    Parameters
    ----------
    sheets : DesignSheets
        As for ``two_level_factors``.
    within, between : mapping of str to tuple of str
        Items of each factor.

    Returns
    -------
    EstimateTable
        By ``side`` and ``family``: labels ``chi2``, ``cfi``, ``tli``, ``rmsea`` (with its 90 % interval), ``srmr``. The
        method says when the matrix that is left free lies at its edge.

    Raises
    ------
    KinerjaError, NotApplicable
        As ``two_level_factors``.

    Notes
    -----
    The other side's covariances are left free. RMSEA counts respondents minus units within, and units between.

    References
    ----------
    Ryu, E., West, S. G. (2009). Level-specific evaluation of model fit in multilevel structural equation modeling.
    Structural Equation Modeling 16, 583-601.
    """
    table, items = two_level_sheets(sheets), sheets.patterns.items
    free, none = _free(table, items), LevelForm(kind="unrestricted", items=len(items))
    alone, parts = LevelForm(kind="independent", items=len(items)), []
    for side, factors, cases in zip(SIDES, (within, between), (table.inside, table.groups), strict=True):
        forms, base = ([(own, none), (none, own)][SIDES.index(side)] for own in (level_form(items, factors), alone))
        fit = settled(fit_two_levels(table, forms), items, (within, between))
        bare = settled(fit_two_levels(table, base), items, (within, between))
        chi2 = Chi2(value=fit.deviance - free.deviance, mean=free.parameters - fit.parameters,
                    df=free.parameters - fit.parameters, base=bare.deviance - free.deviance,
                    base_mean=free.parameters - bare.parameters, base_df=free.parameters - bare.parameters)
        method = "two-level ML, other side free" + (" (at its edge)" if on_edge(free.between) else "")
        found = fit_measures({"plain": chi2}, srmr=_srmr(fit, free)[SIDES.index(side)], n=cases, cases=cases,
                             estimator=method)
        parts.append(found.frame.assign(side=side))
    return EstimateTable(frame=pd.concat(parts, ignore_index=True), groups=("side", "family"))


def _free(table: TwoLevelTable, items: tuple[str, ...]) -> TwoLevelFit:
    """Both covariance matrices without a form."""
    form = LevelForm(kind="unrestricted", items=len(items))
    return settled(fit_two_levels(table, (form, form)), items, ({}, {}))


class _Rows:
    """Parameters with their intervals, as tables."""

    def __init__(self, fit: TwoLevelFit, spread: np.ndarray, items, names, *, reach: float, level: float, n: int,
                 method: str) -> None:
        self.fit, self.items, self.names, self.reach = fit, items, names, reach
        self.fixed = {"level": level, "n": n, "method": method, "note": ""}
        cut, last = len(items), len(items) + fit.forms[0].size
        self.spread = spread[cut:last, cut:last], spread[last:, last:]
        self.sides = [place for place, form in enumerate(fit.forms) if form.kind == "factors"]

    def loadings(self) -> EstimateTable:
        frames = []
        for place in self.sides:
            form = self.fit.forms[place]
            raw = pd.DataFrame([{"side": SIDES[place], "factor": self.names[place][f], "item": self.items[i],
                                 "label": "loading", "unit": "scale_points", **self.fixed} for i, f in form.free])
            where = [i for i, _ in form.free]

            def standard(points: np.ndarray, form=form, where=where) -> np.ndarray:
                size = np.diagonal(form.matrix(points), axis1=-2, axis2=-1)
                return points[..., :len(where)] / np.sqrt(size[..., where])

            def plain(points: np.ndarray, where=where) -> np.ndarray:
                return points[..., :len(where)]
            frames += [self._ends(raw, plain, place),
                       self._ends(raw.assign(label="loading_standard", unit="correlation"), standard, place)]
        return EstimateTable(frame=pd.concat(frames, ignore_index=True), groups=("side", "factor", "item"))

    def correlations(self) -> EstimateTable:
        columns = ["side", "factor", "other", "label", "unit", *self.fixed, "value", "low", "high"]
        frames = [pd.DataFrame(columns=columns)]
        for place in self.sides:
            form, names = self.fit.forms[place], self.names[place]
            first, last = len(form.free), len(form.free) + len(form.crossed)
            if form.crossed:
                frames.append(self._ends(pd.DataFrame(
                    [{"side": SIDES[place], "factor": names[a], "other": names[b], "label": "correlation",
                      "unit": "correlation", **self.fixed} for a, b in form.crossed]),
                    lambda points, first=first, last=last: points[..., first:last], place))
        frame = pd.concat(frames[1:], ignore_index=True) if len(frames) > 1 else frames[0]
        return EstimateTable(frame=frame, groups=("side", "factor", "other"))

    def residuals(self) -> EstimateTable:
        frames = [self._ends(pd.DataFrame({
            "side": SIDES[place], "item": self.items, "label": "residual_variance", "unit": "scale_points_squared",
            **self.fixed}), lambda points: points[..., -len(self.items):], place) for place in self.sides]
        return EstimateTable(frame=pd.concat(frames, ignore_index=True), groups=("side", "item"))

    def refuse(self) -> None:
        """Say why where the solution cannot be read."""
        frame = self.residuals().frame
        below = frame[(frame["high"] < 0) | ((frame["side"] == "within") & (frame["value"] <= 0))]
        if len(below):
            raise NotApplicable("levels_negative", items=", ".join(dict.fromkeys(below["item"])))
        for place in self.sides:
            form = self.fit.forms[place]
            _, between, _ = form.split(self.fit.points[place])
            if np.linalg.eigvalsh(between)[0] <= 1e-8:
                raise NotApplicable("factor_heywood", item=", ".join(self.names[place]))
            if not (np.diag(form.matrix(self.fit.points[place])) > 0).all():
                raise NotApplicable("levels_negative", items=", ".join(self.items))

    def _ends(self, frame: pd.DataFrame, function, place: int) -> pd.DataFrame:
        """Delta method by complex steps: exact to rounding."""
        point = self.fit.points[place]
        slope = np.imag(function(point + 1e-30j * np.eye(len(point)))).T / 1e-30
        half = self.reach * np.sqrt(np.maximum(np.diag(slope @ self.spread[place] @ slope.T), 0.0))
        value = function(point)
        return frame.assign(value=value, low=value - half, high=value + half)


def _fit(table: TwoLevelTable, fit: TwoLevelFit, free: TwoLevelFit, items: tuple[str, ...],
         ) -> tuple[bool, HypothesisTest, EstimateTable]:
    alone = LevelForm(kind="independent", items=len(items))
    bare = settled(fit_two_levels(table, (alone, alone)), items, ({}, {}))
    df, base_df = free.parameters - fit.parameters, free.parameters - bare.parameters
    value, base = max(fit.deviance - free.deviance, 0.0), bare.deviance - free.deviance
    statistics = {"plain": Chi2(value=value, mean=df, df=df, base=base, base_mean=base_df, base_df=base_df)}
    edge, method = on_edge(free.between), "two-level likelihood ratio"
    if edge:
        method += ", free matrix between units at its edge"
    elif df and fit.forms[1].kind == "factors":
        whole = misfit_trace(table, free)
        own, other = (whole - misfit_trace(table, fit)) / df, (whole - misfit_trace(table, bare)) / base_df
        if own > 0 and other > 0:
            statistics["scaled"] = Chi2(value=value / own, mean=df, df=df, base=base / other, base_mean=base_df,
                                        base_df=base_df)
            value, method = value / own, "two-level likelihood ratio, scaled over units (Yuan-Bentler)"
    inside, outside = _srmr(fit, free)
    # lavaan divides by N, not N - 1, when there are two levels
    frame = fit_measures(statistics, srmr=inside, n=table.n, cases=table.n, estimator="two-level ML").frame.copy()
    frame.loc[frame["label"] == "srmr", "label"] = "srmr_within"
    last = frame.iloc[[-1]].assign(label="srmr_between", value=outside)
    test = HypothesisTest(statistic=value, df=float(df), p=float(special.chdtrc(df, value)) if df else 1.0, n=table.n,
                          distribution="chi2", null=Message("null.factor_model"), method=method)
    return edge, test, EstimateTable(frame=pd.concat([frame, last], ignore_index=True), groups=("family",))


def _srmr(fit: TwoLevelFit, free: TwoLevelFit) -> tuple[float, float]:
    """Root mean square of the differences of correlations, within and between; the diagonal counts, as in lavaan."""
    out = []
    for own, seen in ((fit.within, free.within), (fit.between, free.between)):
        away = own / np.sqrt(np.outer(np.diag(own), np.diag(own))) - seen / np.sqrt(
            np.outer(np.diag(seen), np.diag(seen)))
        out.append(float(np.sqrt(np.mean(away[np.tril_indices(len(own))] ** 2))))
    return out[0], out[1]
