"""What is an area's mean when only some of its people were asked, but of all of them a covariate is known?

Battese, Harter and Fuller's unit-level model: people of an area share one random intercept.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.numeric.intervals import normal_quantile
from kinerja_lab.numeric.nested_errors import NestedFit, nested_fit, nested_sums

__all__ = ["UnitLevelEstimates", "unit_level_estimates"]

METHOD = "Battese-Harter-Fuller, REML"
LEAST_SPARE = 5


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnitLevelEstimates:
    """Small-area means of a unit-level model.

    Parameters
    ----------
    areas : EstimateTable
        By ``("area",)``, label ``"small_area"``, in the order of the population means. An area where nobody was asked
        has the regression's number alone (``synthetic``).
    own_share : numpy.ndarray, shape (areas,)
        Share of the area's own respondents in the estimate (gamma), 0 to 1.
    mse : numpy.ndarray, shape (areas,)
        Mean squared error.
    between, within : Estimate
        Variances of the areas' intercepts and of people within an area.
    coefficients : EstimateTable
        Of the regression.
    """

    areas: EstimateTable
    own_share: np.ndarray
    mse: np.ndarray
    between: Estimate
    within: Estimate
    coefficients: EstimateTable


def unit_level_estimates(
    values: np.ndarray, areas: np.ndarray, *, population: pd.DataFrame, level: float,
    covariates: np.ndarray | None = None, names: tuple[str, ...] = (), unit: str = "scale_points",
) -> UnitLevelEstimates:
    """Best predictions of area means from the people asked and the area's known covariate means.

    Parameters
    ----------
    values : numpy.ndarray of float, shape (n,)
        Finite values of the people asked.
    areas : numpy.ndarray, shape (n,)
        Area of each.
    population : pandas.DataFrame
        ``area``, the columns of ``names`` (population means of the covariates), one row an area; optionally ``size``,
        people of the area: then the people asked count as known and only the others are predicted.
    level : float
        Confidence level, between 0 and 1.
    covariates : numpy.ndarray of float or None, shape (n, p)
        Of the people asked, without the constant.
    names : tuple of str
        Names of the covariates.
    unit : str
        Unit of the values.

    Returns
    -------
    UnitLevelEstimates

    Raises
    ------
    KinerjaError
        ``lengths_differ``, ``scores_not_finite``, ``missing_columns``, ``areas_repeated``, ``area_without_population``
        or ``population_too_small``.
    NotApplicable
        ``too_few_areas``, ``columns_collinear``, ``scores_constant`` or ``one_respondent_each``.

    Notes
    -----
    xbar'b + gamma (ybar - x'b), gamma = v/(v + e/n). MSE g1 + g2 + 2 g3. Weights are not used: the model must hold for
    the people asked as for the others (the sample tells nothing beyond the covariates). Limits: normal.

    References
    ----------
    Battese, G. E., Harter, R. M., Fuller, W. A. (1988). An error-components model for prediction of county crop areas.
    JASA 83, 28-36.
    Prasad, N. G. N., Rao, J. N. K. (1990). The estimation of the mean squared error of small-area estimators. JASA 85,
    163-171.
    """
    values, x, labels = _checked(values, areas, covariates, names, population)
    codes, found_areas = pd.factorize(np.asarray(areas), sort=True)
    missing = sorted(set(map(str, found_areas)) - set(population["area"].astype(str)))
    if missing:
        raise KinerjaError("area_without_population", area=missing[0], n=len(missing))
    sums = nested_sums(values, x, codes, count=len(found_areas))
    _estimable(sums, x)
    fit = nested_fit(sums)
    place = pd.Series(np.arange(len(found_areas)), index=[str(area) for area in found_areas])
    rows = place.reindex(population["area"].astype(str)).to_numpy()
    asked = ~np.isnan(rows)
    at = np.where(asked, rows, 0).astype(int)
    n = np.where(asked, sums.sizes[at], 0.0)
    x_pop = np.column_stack([np.ones(len(population)), population[list(names)].to_numpy(dtype=float)])
    size = population["size"].to_numpy(dtype=float) if "size" in population else np.full(len(population), np.inf)
    if (size < n).any():
        raise KinerjaError("population_too_small", n=int((size < n).sum()))
    own = np.where(asked, fit.between / (fit.between + fit.within / np.where(n > 0, n, 1.0)), 0.0)
    seen = np.where(asked, n / size, 0.0)
    x_own, y_own = (np.where(asked if side.ndim == 1 else asked[:, None], side[at], 0.0)
                    for side in (sums.x_means, sums.y_means))
    rest = (1 - seen)[:, None]
    x_rest = np.where(rest > 0, (x_pop - seen[:, None] * x_own) / np.where(rest > 0, rest, 1.0), x_pop)
    predicted = x_rest @ fit.coefficients + own * (y_own - x_own @ fit.coefficients)
    value = seen * y_own + (1 - seen) * predicted
    mse = (1 - seen) ** 2 * _mse(fit, n, own, x_rest, x_own) + (1 - seen) * fit.within / size
    half = normal_quantile(level) * np.sqrt(mse)
    note = np.where(~asked, "synthetic", "no_area_variation" if fit.between == 0 else "")
    note = np.where(seen >= 1, "complete_list", note)
    table = EstimateTable(frame=pd.DataFrame({
        "area": population["area"].to_numpy(), "label": "small_area", "value": value, "low": value - half,
        "high": value + half, "level": level, "n": n.astype(int), "method": METHOD, "unit": unit, "note": note,
    }), groups=("area",))
    return UnitLevelEstimates(areas=table, own_share=own, mse=mse, **_parts(fit, labels, len(values), level, unit))


def _checked(values, areas, covariates, names, population):
    values = np.asarray(values, dtype=float)
    if len(areas) != len(values):
        raise KinerjaError("lengths_differ", first=len(values), second=len(areas))
    x = np.ones((len(values), 1))
    if covariates is not None:
        covariates = np.asarray(covariates, dtype=float)
        if covariates.shape != (len(values), len(names)):
            raise KinerjaError("lengths_differ", first=len(values), second=len(covariates))
        x = np.column_stack([x, covariates])
    absent = [name for name in ("area", *names) if name not in population.columns]
    if absent:
        raise KinerjaError("missing_columns", columns=", ".join(absent))
    odd = int((~np.isfinite(np.column_stack([values, x]))).any(axis=1).sum())
    odd += int((~np.isfinite(population[list(names)].to_numpy(dtype=float))).sum())
    if odd:
        raise KinerjaError("scores_not_finite", n=odd)
    repeated = population["area"].duplicated()
    if repeated.any():
        raise KinerjaError("areas_repeated", area=str(population["area"][repeated].iloc[0]))
    return values, x, ("constant", *(names if covariates is not None else ()))


def _estimable(sums, x) -> None:
    groups, p = len(sums.sizes), x.shape[1]
    if groups < p + LEAST_SPARE:
        raise NotApplicable("too_few_areas", n=groups, least=p + LEAST_SPARE)
    if (sums.sizes < 2).all():
        raise NotApplicable("one_respondent_each", n=groups)
    if np.linalg.matrix_rank(x) < p:
        raise NotApplicable("columns_collinear")
    if sums.yy <= 1e-12 * (1 + sums.sizes @ sums.y_means**2):
        raise NotApplicable("scores_constant")


def _mse(fit: NestedFit, n, own, x_rest, x_own) -> np.ndarray:
    safe = np.where(n > 0, n, 1.0)
    away = x_rest - own[:, None] * x_own
    first = np.where(n > 0, (1 - own) * fit.between, fit.between)
    second = np.einsum("ij,jk,ik->i", away, fit.inverse, away)
    slope = (fit.between + fit.within / safe) ** -3.0 / safe**2
    spread = (fit.within**2 * fit.components[0, 0] + fit.between**2 * fit.components[1, 1]
              - 2 * fit.between * fit.within * fit.components[0, 1])
    return first + second + np.where(n > 0, 2 * slope * spread, 0.0)


def _parts(fit: NestedFit, labels, n: int, level: float, unit: str) -> dict:
    z = normal_quantile(level)
    spread = np.sqrt(np.diag(fit.components))
    variances = {
        name: Estimate(label=f"{name}_variance", value=value, low=max(value - z * se, 0.0), high=value + z * se, n=n,
                       level=level, method="REML, Wald, cut at 0", unit="variance")
        for name, value, se in (("between", fit.between, spread[0]), ("within", fit.within, spread[1]))}
    half = z * np.sqrt(np.diag(fit.inverse))
    table = EstimateTable(frame=pd.DataFrame({
        "label": list(labels), "value": fit.coefficients, "low": fit.coefficients - half,
        "high": fit.coefficients + half, "level": level, "n": n, "method": METHOD, "unit": unit, "note": "",
    }))
    return {**variances, "coefficients": table}
