"""Do answers taken as numbers follow the claimed factors? Maximum likelihood, with errors that know the design."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.core.hypothesis import HypothesisTest
from kinerja_lab.core.message import Message
from kinerja_lab.numeric.intervals import reach
from kinerja_lab.numeric.moment_errors import Inference, inference
from kinerja_lab.numeric.moment_structure import GroupMoments, Model, MomentFit, fit_moments, independence
from kinerja_lab.numeric.moments import correlation_of
from kinerja_lab.numeric.weighted_structure import slopes
from kinerja_lab.psychometrics.factor_layout import FactorLayout
from kinerja_lab.psychometrics.fit_measures import Chi2, fit_measures
from kinerja_lab.psychometrics.item_moments import ItemMoments

__all__ = ["ERRORS", "FactorModel", "chi2_families", "confirmatory", "refuse_impossible"]

ERRORS = {"normal": "ML", "satorra_bentler": "MLM", "huber_white": "MLR", "huber_white_means": "MLR"}
"""Kinds of errors and test, with the names other programs give them."""

_FLAT = 1e-10
_LEAST_MEAN = 0.25  # house convention: answers of any shape have more; below it the two traces nearly cancel
_HEYWOOD = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FactorModel:
    """A confirmed (or refuted) factor model of items taken as numbers.

    Parameters
    ----------
    factors, items : tuple of str
        Factor names and item codes.
    loadings : EstimateTable
        By ``factor`` and ``item``: standardised loadings.
    raw : EstimateTable
        By ``kind`` (``loading``, ``intercept``, ``residual``), ``item`` and ``factor``: in units of the answers, for
        factors of variance one.
    correlations : EstimateTable
        By ``factor`` and ``other``; implied ones where a factor stands above; empty with one factor and for bifactor.
    upper : EstimateTable
        By ``factor``: loadings on the factor above; empty without one.
    reliability : EstimateTable
        By ``factor``: share of the variance of the sum of the factor's items that the factor holds; ``all``: that all
        factors hold of the sum of all items.
    matrix : numpy.ndarray, shape (items, factors)
        Standardised loadings.
    test : HypothesisTest
        Exact fit.
    fit : EstimateTable
        CFI, TLI, RMSEA by family, and SRMR.
    residuals : pandas.DataFrame
        ``item, other, residual``: observed minus implied correlations.
    names : tuple of (str, int, int, int)
        Kind, group, row and column of each parameter.
    point, spread : numpy.ndarray
        Parameters and their covariance matrix.
    source : ItemMoments
        What it was fitted to.
    """

    factors: tuple[str, ...]
    items: tuple[str, ...]
    loadings: EstimateTable
    raw: EstimateTable
    correlations: EstimateTable
    upper: EstimateTable
    reliability: EstimateTable
    matrix: np.ndarray
    test: HypothesisTest
    fit: EstimateTable
    residuals: pd.DataFrame
    names: tuple[tuple[str, int, int, int], ...]
    point: np.ndarray
    spread: np.ndarray
    source: ItemMoments


def confirmatory(
    source: ItemMoments, *, factors: Mapping[str, tuple[str, ...]], level: float, general: str = "", above: str = "",
    errors: str = "huber_white",
) -> FactorModel:
    """Fit named factors to means and covariances.

    Parameters
    ----------
    source : ItemMoments
        Means and covariances with their design (weights, clusters).
    factors : mapping of str to tuple of str
        Items of each factor; factors correlate.
    level : float
        Confidence level, between 0 and 1.
    general : str
        Name of a factor of all items that correlates with none of the others, which then do not correlate either
        (bifactor); empty for none.
    above : str
        Name of a factor behind the factors (second order), of which there must be three; empty for none.
    errors : str
        One of ``ERRORS``: ``"huber_white"`` (MLR; between clusters where there are clusters), ``"huber_white_means"``
        (the same errors; its test counts the free means too, as other programs do under clusters),
        ``"satorra_bentler"`` (MLM) or ``"normal"`` (ML; independent respondents of equal weight only).

    Returns
    -------
    FactorModel

    Raises
    ------
    KinerjaError
        ``bad_level``, ``factor_errors``, ``factor_errors_design``, ``factor_items``, ``factor_name_twice`` or
        ``factor_above_and_general``.
    NotApplicable
        ``factor_not_identified``, ``factor_above_few``, ``factor_not_converged`` (how far it came),
        ``factor_heywood`` or ``factor_no_mean`` (the chi-square cannot be scaled).

    Notes
    -----
    Minimises log|Sigma| + tr(S Sigma^-1), S divided by n, by Fisher scoring; chi-square is n times the minimum minus
    that of unrestricted moments. Fit in three families: plain; scaled (chi-square over its mean factor); and robust,
    where the plain chi-square is measured from the mean it has under the design. A factor model does not see the sign
    of a factor: it points where most of its items point.

    References
    ----------
    Joreskog, K. G. (1969). A general approach to confirmatory maximum likelihood factor analysis. Psychometrika 34,
    183-202.
    Satorra, A., Bentler, P. M. (1994). Corrections to test statistics and standard errors in covariance structure
    analysis. In Latent variables analysis, 399-419. Sage.
    Muthen, B., Satorra, A. (1995). Complex sample data in structural equation modeling. Sociological Methodology 25,
    267-316.
    Brosseau-Liard, P. E., Savalei, V. (2014). Adjusting incremental fit indices for nonnormality. Multivariate
    Behavioral Research 49, 460-470.
    """
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    if errors not in ERRORS:
        raise KinerjaError("factor_errors", value=errors, choices=", ".join(ERRORS))
    if errors == "normal" and (source.clusters or source.weighted):
        raise KinerjaError("factor_errors_design")
    layout = FactorLayout(source.items, factors, general=general, above=above)
    groups = [source.moments]
    fit = fit_moments(layout, groups, start=layout.start(groups))
    refuse_impossible(fit, layout, groups)
    found = _inference(layout, groups, fit, errors)
    if not (found.at_top and (np.diag(found.covariance) > 0).all()):
        raise NotApplicable("factor_not_identified", factors=", ".join(layout.named))
    tables = _Tables(layout, fit.point, found.covariance, source=source, level=level, errors=errors)
    test, measures, residuals = _fit(layout, fit, source, errors=errors, mean=found.mean)
    return FactorModel(
        factors=layout.named, items=source.items, loadings=tables.loadings(), raw=tables.raw(),
        correlations=tables.correlations(), upper=tables.upper(), reliability=tables.reliability(),
        matrix=layout.standard(fit.point)[0], test=test, fit=measures, residuals=residuals,
        names=tuple(layout.names), point=fit.point, spread=found.covariance, source=source)


def refuse_impossible(fit: MomentFit, layout: FactorLayout, groups: list[GroupMoments]) -> None:
    """Raise where a fit has no readable answer.

    Parameters
    ----------
    fit : MomentFit
        The fit.
    layout : FactorLayout
        Its model.
    groups : list of GroupMoments
        What it was fitted to.

    Raises
    ------
    NotApplicable
        ``factor_not_converged``, ``factor_not_identified`` or ``factor_heywood``.
    """
    scale = np.sqrt(np.diag(fit.information))
    flat = scale.min() <= 0 or np.linalg.eigvalsh(fit.information / scale[:, None] / scale)[0] < _FLAT
    if flat and fit.converged:
        raise NotApplicable("factor_not_identified", factors=", ".join(layout.named))
    own = layout.parts(fit.point)
    for place, group in enumerate(groups):
        share = own.residuals[place] / np.diag(group.covariance)
        if share.min() <= _HEYWOOD:
            raise NotApplicable("factor_heywood", item=layout.items[int(np.argmin(share))])
        if np.diag(own.between[place]).min() <= 0 or np.abs(own.upper[place]).max() >= 1 or np.linalg.eigvalsh(
                correlation_of(own.between[place]))[0] <= 1e-8:
            raise NotApplicable("factor_heywood", item=", ".join(layout.named))
    if not fit.converged:
        raise NotApplicable("factor_not_converged", steps=fit.steps, slope=fit.slope)


class _Tables:
    """Parameters and functions of them, with intervals."""

    def __init__(self, layout: FactorLayout, point, spread, *, source: ItemMoments, level: float, errors: str) -> None:
        self.layout, self.point, self.spread = layout, point, spread
        self.reach = reach(level, df=source.df)
        over = {"normal": "expected information", "satorra_bentler": "expected information, sandwich"}.get(
            errors, "sandwich")
        design = " over clusters" if source.clusters else ""
        self.fixed = {"level": level, "n": source.n, "method": f"{ERRORS[errors]}, {over}{design}", "note": ""}

    def _table(self, keys: list[tuple[str, ...]], groups: tuple[str, ...], label: str, unit: str, function=None,
               places: list[int] | None = None) -> EstimateTable:
        """Symmetric intervals of parameters at places, or of a function of all parameters."""
        if function is None:
            value, error = self.point[places], np.sqrt(np.diag(self.spread)[places])
        else:
            value, error = self._moved(function)
        frame = pd.DataFrame(keys, columns=list(groups)).assign(label=label, unit=unit, **self.fixed)
        frame["value"], frame["low"], frame["high"] = value, value - self.reach * error, value + self.reach * error
        return EstimateTable(frame=frame, groups=groups)

    def _moved(self, function) -> tuple[np.ndarray, np.ndarray]:
        slope = slopes(function, self.point)
        return function(self.point), np.sqrt(np.maximum(np.einsum("ij,jk,ik->i", slope, self.spread, slope), 0.0))

    def loadings(self) -> EstimateTable:
        rows, columns = np.array(self.layout.free).T
        keys = [(self.layout.named[f], self.layout.items[i]) for i, f in self.layout.free]
        return self._table(keys, ("factor", "item"), "loading", "correlation",
                           lambda point: self.layout.standard(point)[..., 0, rows, columns])

    def raw(self) -> EstimateTable:
        places = [p for p, name in enumerate(self.layout.names) if name[0] in ("loading", "intercept", "residual")]
        keys = [(self.layout.names[p][0], self.layout.items[self.layout.names[p][2]],
                 self.layout.named[self.layout.names[p][3]] if self.layout.names[p][0] == "loading" else "")
                for p in places]
        frame = self._table(keys, ("kind", "item", "factor"), "raw", "scale_points", places=places).to_frame()
        frame.loc[frame["kind"] == "residual", "unit"] = "variance"
        frame["label"] = frame["kind"]
        return EstimateTable(frame=frame, groups=("kind", "item", "factor"))

    def correlations(self) -> EstimateTable:
        named, crossed = self.layout.named, self.layout.crossed
        keys = [(named[a], named[b]) for a, b in crossed]
        rows, columns = [a for a, _ in crossed], [b for _, b in crossed]
        return self._table(keys, ("factor", "other"), "correlation", "correlation",
                           lambda point: self.layout.parts(point).between[..., 0, rows, columns])

    def upper(self) -> EstimateTable:
        places = [p for p, name in enumerate(self.layout.names) if name[0] == "upper"]
        return self._table([(self.layout.named[self.layout.names[p][2]],) for p in places], ("factor",), "upper",
                           "correlation", places=places)

    def reliability(self) -> EstimateTable:
        """Omega: limits made where one minus the value is near normal, on the logarithm."""
        layout = self.layout
        items = [[i for i, f in layout.free if f == factor] for factor in range(len(layout.named))]
        keys = [*layout.named, *([layout.above] if layout.above else []), "all"]

        def shares(point: np.ndarray) -> np.ndarray:
            own, covariance = layout.parts(point), layout.implied(point)[1][..., 0, :, :]
            loadings, between = own.loadings[..., 0, :, :], own.between[..., 0, :, :]
            whole = covariance.sum(axis=(-1, -2))
            out = [loadings[..., some, factor].sum(axis=-1) ** 2 * between[..., factor, factor]
                   / covariance[..., some, :][..., some].sum(axis=(-1, -2)) for factor, some in enumerate(items)]
            sums = loadings.sum(axis=-2)
            if layout.above:
                out.append((sums * own.upper[..., 0, :]).sum(axis=-1) ** 2 / whole)
            out.append(1 - own.residuals[..., 0, :].sum(axis=-1) / whole)
            return np.stack(out, axis=-1)
        value, error = self._moved(shares)
        bend = np.exp(self.reach * error / (1 - value))
        frame = pd.DataFrame({"factor": keys}).assign(
            label="omega_implied", unit="coefficient", value=value, low=1 - (1 - value) * bend,
            high=1 - (1 - value) / bend, **self.fixed)
        loadings = layout.parts(self.point).loadings[0]
        turned = [bool((loadings[some, factor] < 0).any()) for factor, some in enumerate(items)]
        bad = [*turned, *[any(turned)] * (len(keys) - len(turned))]
        frame.loc[bad, ["value", "low", "high"]] = np.nan
        frame.loc[bad, "note"] = "omega_opposed"
        return EstimateTable(frame=frame, groups=("factor",))


def _inference(model: Model, groups: Sequence[GroupMoments], fit: MomentFit, errors: str) -> Inference:
    return inference(model, groups, fit, kind=errors.removesuffix("_means"), means=errors.endswith("_means"))


def chi2_families(model: Model, groups: Sequence[GroupMoments], fit: MomentFit, *, errors: str,
                  mean: float) -> dict[str, Chi2]:
    """Chi-square of a model and of independence, as it is, scaled, and measured from its mean.

    Parameters
    ----------
    model : Model
        The model.
    groups : sequence of GroupMoments
        What it was fitted to.
    fit : MomentFit
        Its fit.
    errors : str
        One of ``ERRORS``.
    mean : float
        Mean of the chi-square over its degrees of freedom.

    Raises
    ------
    NotApplicable
        ``factor_no_mean`` where that mean is too small to divide by. Where that of independence is, its statistics are
        NaN.
    """
    base, nothing = independence(groups)
    df, base_df = (len(own.jacobian) - len(own.point) for own in (fit, base))
    plain = Chi2(value=fit.chi2, mean=df, df=df, base=base.chi2, base_mean=base_df, base_df=base_df)
    if errors == "normal" or not df:
        return {"plain": plain}
    if mean < _LEAST_MEAN:
        raise NotApplicable("factor_no_mean", mean=mean, least=_LEAST_MEAN)
    base_mean = _inference(nothing, groups, base, errors).mean
    if base_mean < _LEAST_MEAN:  # independence is far from true, and its mean far from what it would be
        base, base_mean = replace(base, chi2=np.nan), np.nan
    return {"plain": plain,
            "scaled": replace(plain, value=fit.chi2 / mean, base=base.chi2 / base_mean),
            "robust": replace(plain, mean=mean * df, base_mean=base_mean * base_df)}


def _fit(layout: FactorLayout, fit: MomentFit, source: ItemMoments, *, errors: str, mean: float):
    statistics = chi2_families(layout, [source.moments], fit, errors=errors, mean=mean)
    df, statistic = statistics["plain"].df, statistics.get("scaled", statistics["plain"]).value
    design = ", clusters" if source.clusters else ", respondents"
    test = HypothesisTest(
        statistic=statistic, df=float(df), p=float(special.chdtrc(df, statistic)) if df else 1.0, n=source.n,
        distribution="chi2", null=Message("null.factor_model"), method=ERRORS[errors] + design)
    scale = np.sqrt(np.diag(source.moments.covariance))
    residual = (source.moments.covariance - layout.implied(fit.point)[1][0]) / scale[:, None] / scale
    srmr = float(np.sqrt(np.mean(residual[np.tril_indices(len(scale))] ** 2)))
    left, right = np.tril_indices(len(scale), -1)
    residuals = pd.DataFrame({"item": [source.items[i] for i in left], "other": [source.items[j] for j in right],
                              "residual": residual[left, right]})
    measures = fit_measures(statistics, srmr=srmr, n=source.n, estimator=ERRORS[errors], cases=source.n,
                            stretched=True)
    return test, measures, residuals
