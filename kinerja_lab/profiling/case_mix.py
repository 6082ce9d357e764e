"""What was to be expected of a unit with the cases it had, and can that expectation be trusted? Case-mix models."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.options import MeasureKind
from kinerja_lab.numeric.glm import CountFit, fit_counts
from kinerja_lab.numeric.intervals import normal_quantile, t_interval

__all__ = ["Calibration", "CaseMix", "case_mix", "expected_calibration"]

LEAST_UNITS = 20
UNITS_A_COLUMN = 10
"""House convention: ten units for every column of the model, and never fewer than twenty."""
GROUPS = 5
_FAMILY = {MeasureKind.PROPORTION: "binomial", MeasureKind.RATE: "poisson"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibration:
    """Whether expected counts come true.

    Parameters
    ----------
    slope : Estimate
        Slope of the outcome on the expected log-odds (log for rates): 1 is right, below 1 the expectations differ too
        much between units, above 1 too little; units as clusters.
    level_ratio : Estimate
        All observed over all expected events.
    groups : EstimateTable
        Label ``"1"`` (lowest expectation) to ``"5"``: observed over expected events of a fifth of the units, with an
        interval that allows for variation between units; ``n`` is the number of units.
    """

    slope: Estimate
    level_ratio: Estimate
    groups: EstimateTable


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CaseMix:
    """A model of what cases make expected.

    Parameters
    ----------
    coefficients : EstimateTable
        Label is the column: change of the log-odds (log rate) for one standard deviation of it; units as clusters.
    units : pandas.DataFrame
        ``unit, events, denominator, expected, expected_held_out``, one row a unit, sorted; the last from models that
        did not see the unit.
    calibration : Calibration
        Of the held-out expectations.
    explained : float
        Share of the deviance that the columns explain in units the model did not see; may be below 0.
    dispersion : float
        Pearson's statistic over its degrees of freedom; 1 under chance alone.
    method : str
        The conventions used.
    """

    coefficients: EstimateTable
    units: pd.DataFrame
    calibration: Calibration
    explained: float
    dispersion: float
    method: str


def case_mix(
    table: pd.DataFrame, *, kind: MeasureKind, columns: Sequence[str], level: float, rng: np.random.Generator,
    folds: int = 10,
) -> CaseMix:
    """Logistic (proportions) or Poisson (rates) regression of events on case columns, cross-validated by units.

    Parameters
    ----------
    table : pandas.DataFrame
        ``unit, events, denominator`` and the columns; one or more rows a unit (its groups of cases).
    kind : MeasureKind
        ``proportion`` or ``rate``.
    columns : sequence of str
        Numeric columns that describe cases, never what the unit did with them.
    level : float
        Confidence level, between 0 and 1.
    rng : numpy.random.Generator
        Deals units to folds.
    folds : int
        Parts of the cross-validation, at least 2.

    Returns
    -------
    CaseMix

    Raises
    ------
    KinerjaError
        ``missing_columns``, ``rates_bad_counts``, ``bad_folds`` or ``bad_level``.
    NotApplicable
        ``funnel_needs_counts``, ``case_mix_no_columns``, ``case_mix_missing``, ``case_mix_constant``,
        ``case_mix_few_units``, ``glm_separated``, ``glm_one_outcome``, ``glm_collinear`` or ``glm_not_converged``.

    Notes
    -----
    Errors of coefficients are sandwiches over units with G/(G - 1) and t with G - 1 degrees of freedom, so that
    variation beyond chance is in them. Expected events of a unit come from the model of all units; they add up to the
    events. Their calibration is judged on held-out units only.

    References
    ----------
    Iezzoni, L. I. (2013). Risk adjustment for measuring health care outcomes, 4th ed., chapters 11-12. Health
    Administration Press.
    Cox, D. R. (1958). Two further applications of a model for binary regression. Biometrika 45, 562-565.
    """
    normal_quantile(level)
    rows, codes, names = _rows(table, kind, columns)
    if folds < 2:
        raise KinerjaError("bad_folds", value=folds)
    family = _FAMILY[kind]
    least = max(LEAST_UNITS, UNITS_A_COLUMN * len(columns))
    if len(names) < least:
        raise NotApplicable("case_mix_few_units", n=len(names), least=least, columns=len(columns))
    raw = rows[list(columns)].to_numpy(dtype=float)
    spread = raw.std(axis=0)
    flat = spread <= 1e-12 * (1 + np.abs(raw).max(axis=0))
    if flat.any():
        raise NotApplicable("case_mix_constant", column=str(np.array(columns)[flat][0]))
    design = np.column_stack([np.ones(len(rows)), (raw - raw.mean(axis=0)) / spread])
    events, size = rows["events"].to_numpy(), rows["denominator"].to_numpy()
    fit = fit_counts(design, events, size, family=family)
    folds = min(folds, len(names))
    fold = np.empty(len(names), dtype=np.int64)
    fold[rng.permutation(len(names))] = np.arange(len(names)) % folds
    held_out, plain = _held_out(design, events, size, family, fold[codes], folds)
    explained = 1 - _deviance(events, held_out, size, family) / _deviance(events, plain, size, family)
    summed = {name: np.bincount(codes, weights=values) for name, values in (
        ("events", events), ("denominator", size), ("expected", fit.fitted), ("expected_held_out", held_out))}
    units = pd.DataFrame({"unit": names, **summed})
    model = "logistic" if family == "binomial" else "Poisson"
    method = f"{model} regression, sandwich errors over {len(names)} units, {folds}-fold cross-validation by units"
    return CaseMix(
        coefficients=_coefficients(fit, design, events, codes, columns, level, method), units=units,
        calibration=expected_calibration(
            units.rename(columns={"expected": "_", "expected_held_out": "expected"}), kind=kind, level=level),
        explained=float(explained), dispersion=fit.dispersion, method=method)


def expected_calibration(table: pd.DataFrame, *, kind: MeasureKind, level: float) -> Calibration:
    """Whether expected counts, wherever they come from, agree with what happened.

    Parameters
    ----------
    table : pandas.DataFrame
        One row a unit: ``unit, events, denominator, expected``; expected above 0 and, for proportions, below the
        denominator.
    kind : MeasureKind
        ``proportion`` or ``rate``.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    Calibration

    Raises
    ------
    KinerjaError
        ``missing_columns``, ``rates_bad_counts`` or ``bad_level``.
    NotApplicable
        ``funnel_needs_counts``, ``case_mix_few_units``, ``expected_constant`` (nothing varies with the cases) or those
        of the regression.

    References
    ----------
    Cox, D. R. (1958). Biometrika 45, 562-565. Van Calster, B. et al. (2019). Calibration: the Achilles heel of
    predictive analytics. BMC Medicine 17, 230.
    """
    normal_quantile(level)
    rows, _, names = _rows(table, kind, ("expected",), count_columns=False)
    if len(names) < LEAST_UNITS:
        raise NotApplicable("case_mix_few_units", n=len(names), least=LEAST_UNITS, columns=1)
    events, size, expected = (rows[name].to_numpy(dtype=float) for name in ("events", "denominator", "expected"))
    bad = ~(expected > 0) | ((kind is MeasureKind.PROPORTION) & (expected >= size))
    if bad.any():
        raise KinerjaError("rates_bad_counts", n=int(bad.sum()), unit=str(rows["unit"].to_numpy()[bad][0]))
    link = special.logit(expected / size) if kind is MeasureKind.PROPORTION else np.log(expected / size)
    if link.std() <= 1e-6:
        raise NotApplicable("expected_constant")
    design = np.column_stack([np.ones(len(rows)), link - link.mean()])
    fit = fit_counts(design, events, size, family=_FAMILY[kind])
    codes = np.arange(len(rows))
    covariance = _sandwich(fit, design, events, codes)
    df = len(rows) - 1
    low, high = t_interval(fit.coefficients[1], np.sqrt(covariance[1, 1]), df, level=level)
    slope = Estimate(label="slope", value=float(fit.coefficients[1]), low=float(low), high=float(high), level=level,
                     n=len(rows), method="regression on the expected log-odds (log), units as clusters",
                     unit="coefficient")
    group = np.minimum(np.argsort(np.argsort(link, kind="stable"), kind="stable") * GROUPS // len(rows), GROUPS - 1)
    parts = [_ratio(str(place + 1), events[group == place], expected[group == place], level)
             for place in range(GROUPS)]
    return Calibration(slope=slope, level_ratio=_ratio("level_ratio", events, expected, level),
                       groups=EstimateTable.from_estimates(parts))


def _rows(table: pd.DataFrame, kind: MeasureKind, columns: Sequence[str], *, count_columns: bool = True):
    """Sound rows, the unit of each and the units' names, sorted."""
    if kind is MeasureKind.MEAN:
        raise NotApplicable("funnel_needs_counts", measure="-")
    if not len(columns):
        raise NotApplicable("case_mix_no_columns")
    missing = [name for name in ("unit", "events", "denominator", *columns) if name not in table.columns]
    if missing:
        raise KinerjaError("missing_columns", columns=", ".join(missing))
    rows = table.reset_index(drop=True)
    events, size = (rows[name].to_numpy(dtype=float) for name in ("events", "denominator"))
    bad = ~(np.isfinite(events) & (events >= 0) & np.isfinite(size) & (size > 0))
    bad |= (kind is MeasureKind.PROPORTION) & (events > size)
    if bad.any():
        raise KinerjaError("rates_bad_counts", n=int(bad.sum()), unit=str(rows["unit"].to_numpy()[bad][0]))
    empty = ~np.isfinite(rows[list(columns)].to_numpy(dtype=float)).all(axis=1)
    if empty.any():
        raise NotApplicable("case_mix_missing", n=int(empty.sum()))
    codes, names = pd.factorize(rows["unit"].astype(str), sort=True)
    if not count_columns and len(names) != len(rows):
        raise KinerjaError("units_repeated", unit=str(rows.loc[rows["unit"].duplicated(), "unit"].iloc[0]))
    return rows.assign(events=events, denominator=size), codes, np.asarray(names)


def _held_out(design, events, size, family: str, fold: np.ndarray, folds: int) -> tuple[np.ndarray, np.ndarray]:
    """Expected events of every row from a model that did not see its fold, and from the mean rate of the others."""
    found, plain = np.empty(len(events)), np.empty(len(events))
    for place in range(folds):
        away = fold == place
        kept = ~away
        fit = fit_counts(design[kept], events[kept], size[kept], family=family)
        predictor = design[away] @ fit.coefficients
        found[away] = size[away] * (special.expit(predictor) if family == "binomial" else np.exp(predictor))
        plain[away] = size[away] * events[kept].sum() / size[kept].sum()
    return found, plain


def _deviance(events, mean, size, family: str) -> float:
    if family == "binomial":
        return float(2 * (special.rel_entr(events, mean) + special.rel_entr(size - events, size - mean)).sum())
    return float(2 * (special.rel_entr(events, mean) - events + mean).sum())


def _sandwich(fit: CountFit, design, events, codes) -> np.ndarray:
    """Covariance of coefficients with units as clusters."""
    residual = (events - fit.fitted)[:, None] * design
    groups = int(codes.max()) + 1
    scores = np.column_stack([np.bincount(codes, weights=column, minlength=groups) for column in residual.T])
    return fit.covariance @ (scores.T @ scores * groups / (groups - 1)) @ fit.covariance


def _coefficients(fit, design, events, codes, columns, level, method) -> EstimateTable:
    se = np.sqrt(np.diag(_sandwich(fit, design, events, codes)))
    groups = int(codes.max()) + 1
    low, high = t_interval(fit.coefficients, se, np.full(len(se), groups - 1), level=level)
    return EstimateTable(frame=pd.DataFrame({
        "label": list(columns), "value": fit.coefficients[1:], "low": low[1:], "high": high[1:], "level": level,
        "n": groups, "method": method, "unit": "log_odds" if "logistic" in method else "log_rate", "note": ""}))


def _ratio(label: str, events: np.ndarray, expected: np.ndarray, level: float) -> Estimate:
    """Observed over expected with the variation between units in its interval, on the log scale."""
    total, sure = float(events.sum()), float(expected.sum())
    value, n = total / sure, len(events)
    square = float(((events - value * expected) ** 2).sum()) * n / (n - 1) if n > 1 else 0.0
    note = "no_events" if total <= 0 else "no_variation" if square <= 0 else ""
    half = 0.0
    if not note:
        half = float(t_interval(0.0, np.sqrt(square) / total, n - 1, level=level)[1])
    return Estimate(label=label, value=value, low=np.nan if note else value * np.exp(-half),
                    high=np.nan if note else value * np.exp(half), level=level, n=n,
                    method="observed / expected, units as clusters, log scale", unit="ratio", note=note)
