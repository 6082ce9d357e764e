"""Do the answers follow the factors the instrument claims? Confirmatory factors of ordinal items (DWLS, WLSMV)."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.core.hypothesis import HypothesisTest
from kinerja_lab.core.message import Message
from kinerja_lab.numeric.intervals import reach
from kinerja_lab.numeric.weighted_structure import StructureFit, adjusted_chi2, fit_structure, parameter_covariance
from kinerja_lab.psychometrics.design_sheets import DesignSheets
from kinerja_lab.psychometrics.factor_layout import named_factors
from kinerja_lab.psychometrics.fit_measures import Chi2, fit_measures
from kinerja_lab.psychometrics.polychoric import Polychoric, polychoric

__all__ = ["OrdinalFactors", "bootstrap_loadings", "confirm_ordinal"]

_HEYWOOD = 1 - 1e-6
_FLAT = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OrdinalFactors:
    """A confirmed (or refuted) factor model of ordinal items.

    Parameters
    ----------
    factors : tuple of str
        Factor names.
    items : tuple of str
        Item codes.
    loadings : EstimateTable
        By ``factor`` and ``item``: standardised loadings.
    correlations : EstimateTable
        By ``factor`` and ``other``; empty with one factor.
    matrix : numpy.ndarray, shape (items, factors)
        The loadings.
    test : HypothesisTest
        Exact fit, mean- and variance-adjusted chi-square.
    fit : EstimateTable
        CFI, TLI, RMSEA by family, and SRMR.
    residuals : pandas.DataFrame
        ``item, other, residual``: polychoric minus implied correlations.
    source : Polychoric
        What it was fitted to.
    """

    factors: tuple[str, ...]
    items: tuple[str, ...]
    loadings: EstimateTable
    correlations: EstimateTable
    matrix: np.ndarray
    test: HypothesisTest
    fit: EstimateTable
    residuals: pd.DataFrame
    source: Polychoric


def confirm_ordinal(
    source: Polychoric, *, factors: Mapping[str, tuple[str, ...]], level: float, general: str = "",
) -> OrdinalFactors:
    """Fit named factors to polychoric correlations.

    Parameters
    ----------
    source : Polychoric
        Correlations and their covariance matrix under the design; errors and fit follow that design (clusters,
        weights).
    factors : mapping of str to tuple of str
        Items of each factor; factors correlate.
    level : float
        Confidence level, between 0 and 1.
    general : str
        Name of a factor of all items that correlates with none of the others, which then do not correlate either (a
        bifactor model); empty for none.

    Returns
    -------
    OrdinalFactors

    Raises
    ------
    KinerjaError
        ``bad_level``, ``factor_name_twice``, or ``factor_items`` when a factor names an item that is not there or an
        item has no factor.
    NotApplicable
        ``factor_not_identified``, ``factor_not_converged`` (how far it came) or ``factor_heywood``.

    Notes
    -----
    Diagonally weighted least squares on the correlations (weights: one over their variances as independent); errors by
    the sandwich; the test scaled and shifted (WLSMV). Fit in three families: plain, scaled, and robust after Savalei
    (2021), where the maximum likelihood discrepancy is taken at these estimates.

    References
    ----------
    Muthen, B., du Toit, S., Spisic, D. (1997). Robust inference using weighted least squares and quadratic estimating
    equations in latent variable modeling with categorical and continuous outcomes. Technical report.
    Asparouhov, T., Muthen, B. (2010). Simple second order chi-square correction. Mplus technical appendix.
    """
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    layout = _Layout(source.items, factors, general)
    places = source.places
    observed = source.correlation[layout.pairs]
    weights = 1 / np.diag(source.independent)[places]
    covariance = source.covariance[np.ix_(places, places)]
    fit = fit_structure(layout.implied, observed=observed, weights=weights, start=layout.start(source.correlation))
    _refuse(fit, layout)
    variance = np.diag(parameter_covariance(fit, weights=weights, covariance=covariance))
    if not (variance > 0).all():
        raise NotApplicable("factor_not_identified", factors=", ".join(layout.names))
    spread = np.sqrt(variance)
    half = reach(level, df=source.df)
    matrix, between = layout.split(fit.point)
    rows = {"n": source.n, "level": level, "unit": "correlation", "note": "",
            "method": "DWLS, sandwich over " + ("respondents" if np.isinf(source.df) else "clusters")}
    loadings = pd.DataFrame([{"factor": layout.names[f], "item": source.items[i], "label": "loading", **rows}
                             for i, f in layout.free])
    cut = len(layout.free)
    loadings["value"] = fit.point[:cut]
    correlations = pd.DataFrame([{"factor": layout.names[a], "other": layout.names[b], "label": "correlation", **rows}
                                 for a, b in layout.crossed], columns=["factor", "other", "label", *rows])
    correlations["value"] = fit.point[cut:]
    for table, error in ((loadings, spread[:cut]), (correlations, spread[cut:])):
        table["low"], table["high"] = table["value"] - half * error, table["value"] + half * error
    test, measures = _fit(fit, layout, source, weights, covariance, matrix, between)
    return OrdinalFactors(
        factors=layout.names, items=source.items, matrix=matrix, test=test, fit=measures, source=source,
        loadings=EstimateTable(frame=loadings, groups=("factor", "item")),
        correlations=EstimateTable(frame=correlations, groups=("factor", "other")),
        residuals=pd.DataFrame({"item": [source.items[i] for i in layout.pairs[0]],
                                "other": [source.items[j] for j in layout.pairs[1]], "residual": fit.residual}))


def bootstrap_loadings(
    sheets: DesignSheets, *, factors: Mapping[str, tuple[str, ...]], level: float, draws: int,
    rng: np.random.Generator,
) -> EstimateTable:
    """Loadings with intervals that hold also where the model fits badly.

    Parameters
    ----------
    sheets : DesignSheets
        Complete sheets; whole clusters are drawn where there are clusters, else respondents.
    factors : mapping of str to tuple of str
        Items of each factor.
    level : float
        Confidence level, between 0 and 1.
    draws : int
        Bootstrap samples, at least 50.
    rng : numpy.random.Generator
        Source of the draws.

    Returns
    -------
    EstimateTable
        As ``OrdinalFactors.loadings``; normal intervals with the bootstrap's standard error. Draws in which a category
        vanishes or the fit fails are drawn again (at most ten times as many draws in all).

    Raises
    ------
    KinerjaError
        ``bad_draws``, or as ``confirm_ordinal``.
    NotApplicable
        As ``confirm_ordinal``; ``bootstrap_failed`` when too few draws give a result.

    Notes
    -----
    The sandwich of a fitted model takes its weights and its slopes as if the model were true. Where it fits badly, its
    errors are too small (``docs/methods/confirmatory_ordinal.md`` has the measured case).

    References
    ----------
    Davison, A. C., Hinkley, D. V. (1997). Bootstrap methods and their application, section 3.8. Cambridge.
    """
    if draws < 50:
        raise KinerjaError("bad_draws", n=draws, least=50)
    first = confirm_ordinal(polychoric(sheets, level=level), factors=factors, level=level)
    found: list[np.ndarray] = []
    for _ in range(10 * draws):
        if len(found) == draws:
            break
        try:
            again = confirm_ordinal(polychoric(_redrawn(sheets, rng), level=level), factors=factors, level=level)
        except NotApplicable:
            continue
        found.append(again.loadings.frame["value"].to_numpy())
    if len(found) < draws:
        raise NotApplicable("bootstrap_failed", n=len(found), draws=draws)
    frame = first.loadings.to_frame()
    half = special.ndtri((1 + level) / 2) * np.std(found, axis=0, ddof=1)
    frame["low"], frame["high"] = frame["value"] - half, frame["value"] + half
    frame["method"] = f"DWLS, bootstrap of {'respondents' if sheets.totals is None else 'clusters'}, {draws} draws"
    return EstimateTable(frame=frame, groups=("factor", "item"))


def _redrawn(sheets: DesignSheets, rng: np.random.Generator) -> DesignSheets:
    patterns = sheets.patterns
    if sheets.totals is None:
        times = rng.multinomial(patterns.n, patterns.counts / patterns.n)
        scale = np.divide(times, patterns.counts)
        keep = times > 0
        new = replace(patterns, values=patterns.values[keep], counts=times[keep],
                      weights=(patterns.weights * scale)[keep])
        return DesignSheets(patterns=new, squares=(sheets.squares * scale)[keep])
    size = sheets.totals.shape[0]
    totals = sheets.totals[rng.integers(0, size, size)]
    weights = np.asarray(totals.sum(axis=0)).ravel()
    keep = weights > 0
    counts = np.maximum(np.rint(patterns.counts * weights / patterns.weights)[keep].astype(np.int64), 1)
    new = replace(patterns, values=patterns.values[keep], counts=counts, weights=weights[keep])
    return DesignSheets(patterns=new, squares=sheets.squares[keep], totals=totals[:, np.flatnonzero(keep)])


class _Layout:
    """Which parameter is which loading or factor correlation."""

    def __init__(self, items: tuple[str, ...], factors: Mapping[str, tuple[str, ...]], general: str) -> None:
        found = named_factors(items, factors, general=general)
        self.items, self.names, self.general = items, found.names, general
        self.free, self.crossed = found.free, found.crossed
        self.pairs = np.tril_indices(len(items), -1)

    def split(self, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Loadings and factor correlations, of one point or of many."""
        matrix = np.zeros((*point.shape[:-1], len(self.items), len(self.names)), dtype=point.dtype)
        between = np.zeros((*point.shape[:-1], len(self.names), len(self.names)), dtype=point.dtype)
        between[..., range(len(self.names)), range(len(self.names))] = 1.0
        for place, (item, factor) in enumerate(self.free):
            matrix[..., item, factor] = point[..., place]
        for place, (a, b) in enumerate(self.crossed):
            between[..., a, b] = between[..., b, a] = point[..., len(self.free) + place]
        return matrix, between

    def implied(self, point: np.ndarray) -> np.ndarray:
        """Implied correlations of the pairs."""
        matrix, between = self.split(point)
        return (matrix @ between @ matrix.swapaxes(-1, -2))[..., self.pairs[0], self.pairs[1]]

    def start(self, correlation: np.ndarray) -> np.ndarray:
        """Centroid loadings of each factor's own items, factors moderately correlated."""
        out = []
        for factor in range(len(self.names)):
            own = [item for item, f in self.free if f == factor]
            block = correlation[np.ix_(own, own)]
            sums = (block.sum(axis=0) - 1) / max(len(own) - 1, 1)
            out.extend(np.sign(sums) * np.sqrt(np.clip(np.abs(sums), 0.05, 0.8)) * (0.6 if self.general else 1.0))
        return np.array([*out, *[0.5] * len(self.crossed)])


def _refuse(fit: StructureFit, layout: _Layout) -> None:
    if not fit.converged:
        raise NotApplicable("factor_not_converged", steps=fit.steps, slope=fit.slope)
    weighted = fit.jacobian / np.linalg.norm(fit.jacobian, axis=0)
    if np.linalg.svd(weighted, compute_uv=False)[-1] < _FLAT:
        raise NotApplicable("factor_not_identified", factors=", ".join(layout.names))
    matrix, between = layout.split(fit.point)
    common = np.einsum("if,fg,ig->i", matrix, between, matrix)
    worst = int(np.argmax(common))
    if common[worst] >= _HEYWOOD:
        raise NotApplicable("factor_heywood", item=layout.items[worst])
    if np.linalg.eigvalsh(between)[0] <= 1e-8:
        raise NotApplicable("factor_heywood", item=", ".join(layout.names))


def _fit(fit, layout, source, weights, covariance, matrix, between) -> tuple[HypothesisTest, EstimateTable]:
    observed, n = source.correlation[layout.pairs], source.n
    own = adjusted_chi2(fit.distance, jacobian=fit.jacobian, weights=weights, covariance=covariance)
    base = adjusted_chi2(float(weights @ observed**2), jacobian=np.zeros((len(observed), 0)), weights=weights,
                         covariance=covariance)
    statistics = {
        "plain": Chi2(value=own.plain, mean=own.df, df=own.df, base=base.plain, base_mean=base.df, base_df=base.df),
        "scaled": Chi2(value=own.adjusted, mean=own.df, df=own.df, base=base.adjusted, base_mean=base.df,
                       base_df=base.df)}
    if np.linalg.eigvalsh(source.correlation)[0] > 1e-8:
        implied = matrix @ between @ matrix.T
        np.fill_diagonal(implied, 1.0)
        weighted = fit.jacobian * weights[:, None]
        rest = np.eye(len(observed)) - fit.jacobian @ np.linalg.solve(fit.jacobian.T @ weighted, weighted.T)
        large = covariance * (n - 1)
        statistics["robust"] = Chi2(
            value=n * _discrepancy(source.correlation, implied), df=own.df, base_df=base.df,
            mean=float(np.trace(rest.T @ _normal_weight(implied, layout.pairs) @ rest @ large)),
            base=n * _discrepancy(source.correlation, np.eye(len(matrix))),
            base_mean=float(np.trace(_normal_weight(np.eye(len(matrix)), layout.pairs) @ large)))
    how = "clusters" if np.isfinite(source.df) else "respondents"
    p = float(special.chdtrc(own.df, own.adjusted)) if own.df else 1.0
    test = HypothesisTest(statistic=own.adjusted, df=float(own.df), p=p, n=n, distribution="chi2",
                          null=Message("null.factor_model"), method=f"WLSMV (scaled and shifted), {how}")
    places = len(matrix) * (len(matrix) + 1) / 2  # the diagonal counts, with residuals of zero, as in lavaan
    srmr = float(np.sqrt(np.sum(fit.residual**2) / places))
    return test, fit_measures(statistics, srmr=srmr, n=n, estimator="WLSMV")


def _discrepancy(correlation: np.ndarray, implied: np.ndarray) -> float:
    return float(np.linalg.slogdet(implied)[1] + np.trace(np.linalg.solve(implied, correlation))
                 - np.linalg.slogdet(correlation)[1] - len(correlation))


def _normal_weight(implied: np.ndarray, pairs: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Curvature of the discrepancy in the correlations."""
    inverse = np.linalg.inv(implied)
    one, two = pairs
    return (inverse[np.ix_(one, one)] * inverse[np.ix_(two, two)] + inverse[np.ix_(one, two)]
            * inverse[np.ix_(two, one)])
