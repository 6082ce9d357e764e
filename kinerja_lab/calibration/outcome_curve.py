"""Which outcome goes with which score? A line, a bent line or steps, with the interval at every score."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from kinerja_lab.calibration.criterion import LEAST_REGIONS, LEAST_UNITS
from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.numeric.cluster_regression import cluster_regression
from kinerja_lab.numeric.grouped_logit import grouped_logit

__all__ = ["SHAPES", "OutcomeCurve", "outcome_curve", "share_curve"]

Shape = Literal["line", "spline"]
SHAPES = ("line", "spline")
KNOTS = (0.05, 0.35, 0.65, 0.95)
"""Quantiles of the scores at which a spline may bend (Harrell 2015, table 2.3)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OutcomeCurve:
    """Outcome as a function of the score.

    Parameters
    ----------
    shape : str
        ``"line"`` or ``"spline"`` (natural cubic, four knots).
    share : bool
        Whether the outcome is a share of events (log-odds scale) or a plain value.
    knots : tuple of float
        Where a spline may bend; empty for a line.
    coef : numpy.ndarray, shape (p,)
        Coefficients of the standardised columns.
    covariance : numpy.ndarray, shape (p, p)
        Of the coefficients.
    df : float
        Degrees of freedom of the interval.
    span : tuple of float
        Smallest and largest score seen: outside it nothing is said.
    centre, spread : float
        What scores are standardised with.
    level : float
        Confidence level.
    n, clusters : int
        Units, and clusters of the errors.
    method : str
        Curve and errors in the field's terms.
    unit : str
        Unit code of the outcome.
    """

    shape: str
    share: bool
    knots: tuple[float, ...]
    coef: np.ndarray
    covariance: np.ndarray
    df: float
    span: tuple[float, float]
    centre: float
    spread: float
    level: float
    n: int
    clusters: int
    method: str
    unit: str

    def line(self, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Linear predictor and its standard error at scores."""
        columns = _columns(scores, self.knots, self.centre, self.spread)
        return columns @ self.coef, np.sqrt(np.einsum("ij,jk,ik->i", columns, self.covariance, columns))

    def band(self, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Outcome and both ends of its interval (pointwise) at scores; NaN outside the scores seen."""
        scores = np.asarray(scores, dtype=float)
        middle, se = self.line(scores)
        reach = special.stdtrit(self.df, (1 + self.level) / 2) * se
        inside = (scores >= self.span[0] - 1e-9) & (scores <= self.span[1] + 1e-9)
        parts = (middle, middle - reach, middle + reach)
        return tuple(np.where(inside, special.expit(part) if self.share else part, np.nan) for part in parts)

    def at(self, scores: np.ndarray) -> EstimateTable:
        """Groups ``("score",)``: the outcome at each score; outside the scores seen ``outside_scores``.

        Parameters
        ----------
        scores : array of float
            Scores of the indicator.
        """
        scores = np.atleast_1d(np.asarray(scores, dtype=float))
        values = zip(*self.band(scores), strict=True)
        return EstimateTable.from_estimates(
            [Estimate(label="outcome", value=float(value), low=float(low), high=float(high), level=self.level, n=self.n,
                      method=self.method, unit=self.unit, note="" if np.isfinite(value) else "outside_scores")
             for value, low, high in values], groups=("score",), keys=[(float(score),) for score in scores])


def outcome_curve(
    scores: np.ndarray, outcome: np.ndarray, *, level: float, shape: Shape = "line", regions: np.ndarray | None = None,
    unit: str = "",
) -> OutcomeCurve:
    """Mean outcome (minutes, points) as a function of the score.

    Parameters
    ----------
    scores, outcome : numpy.ndarray, shape (units,)
        Finite numbers, one a unit.
    level : float
        Confidence level, between 0 and 1.
    shape : {"line", "spline"}
        Straight, or a natural cubic spline with four knots.
    regions : array, shape (units,), optional
        Regions are the clusters of the errors where there are eight or more; else every unit is one.
    unit : str
        Unit code of the outcome.

    Returns
    -------
    OutcomeCurve

    Raises
    ------
    KinerjaError
        ``lengths_differ``, ``scores_not_finite``, ``curve_shape`` or ``bad_level``.
    NotApplicable
        ``too_few_common_units``, ``constant_side`` or ``columns_not_independent``.

    Notes
    -----
    Least squares with CR2 errors; the interval uses the smallest Satterthwaite degrees of freedom of the coefficients.

    References
    ----------
    Harrell, F. E. (2015). Regression Modeling Strategies, 2nd ed., section 2.4.
    """
    scores, outcome = _checked(scores, outcome, level=level, shape=shape)
    clusters, what = _clusters(regions, len(scores))
    knots, centre, spread = _frame(scores, shape)
    fit = cluster_regression(_columns(scores, knots, centre, spread), outcome, clusters=clusters)
    if fit is None:
        raise NotApplicable("columns_not_independent")
    return OutcomeCurve(
        shape=shape, share=False, knots=knots, coef=fit.coef, covariance=fit.cr2, df=float(np.nanmin(fit.df)),
        span=(float(scores.min()), float(scores.max())), centre=centre, spread=spread, level=level, n=len(scores),
        clusters=fit.clusters, method=f"least squares ({shape}), CR2 with {fit.clusters} {what} as clusters", unit=unit)


def share_curve(
    scores: np.ndarray, events: np.ndarray, trials: np.ndarray, *, level: float, shape: Shape = "line",
    regions: np.ndarray | None = None,
) -> OutcomeCurve:
    """Share of events as a function of the score.

    Parameters
    ----------
    scores : numpy.ndarray, shape (units,)
        Finite scores.
    events, trials : numpy.ndarray, shape (units,)
        Counts, ``0 <= events <= trials``; units without trials are left out. For single cases ``trials`` is 1.
    level : float
        Confidence level, between 0 and 1.
    shape : {"line", "spline"}
        Logistic curve, or with a natural cubic spline in the score.
    regions : array, shape (units,), optional
        As for ``outcome_curve``.

    Returns
    -------
    OutcomeCurve
        Values are shares, 0 to 1.

    Raises
    ------
    KinerjaError
        ``lengths_differ``, ``scores_not_finite``, ``events_of_trials``, ``curve_shape`` or ``bad_level``.
    NotApplicable
        ``too_few_common_units``, ``constant_side`` (all or none of the trials are events, or all scores are equal) or
        ``glm_separated`` (a score parts events from the rest).

    Notes
    -----
    Maximum likelihood. Clusters (regions, or units) give the errors, so counts that vary more than chance are allowed
    for; t with clusters - columns degrees of freedom.

    References
    ----------
    McCullagh, P., Nelder, J. A. (1989). Generalized Linear Models, 2nd ed., chapter 4.
    """
    events, trials = (np.asarray(part, dtype=float) for part in (events, trials))
    if not (np.isfinite(events) & np.isfinite(trials) & (events >= 0) & (events <= trials)).all():
        raise KinerjaError("events_of_trials", n=int((~((events >= 0) & (events <= trials))).sum()))
    if not len(scores) == len(events) == len(trials):
        raise KinerjaError("lengths_differ", first=len(scores), second=len(events))
    some = trials > 0
    regions = None if regions is None else np.asarray(regions)[some]
    scores, _ = _checked(np.asarray(scores, dtype=float)[some], None, level=level, shape=shape)
    events, trials = events[some], trials[some]
    if not 0 < events.sum() < trials.sum():
        raise NotApplicable("constant_side", side="outcome")
    clusters, what = _clusters(regions, len(scores))
    knots, centre, spread = _frame(scores, shape)
    fit = grouped_logit(_columns(scores, knots, centre, spread), events, trials, clusters=clusters)
    return OutcomeCurve(
        shape=shape, share=True, knots=knots, coef=fit.coef, covariance=fit.robust, df=fit.clusters - len(fit.coef),
        span=(float(scores.min()), float(scores.max())), centre=centre, spread=spread, level=level, n=len(scores),
        clusters=fit.clusters, method=f"logistic ({shape}), {fit.clusters} {what} as clusters", unit="share")


def _checked(scores, outcome, *, level: float, shape: str) -> tuple[np.ndarray, np.ndarray | None]:
    if shape not in SHAPES:
        raise KinerjaError("curve_shape", value=str(shape), choices=", ".join(SHAPES))
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    parts = [np.asarray(part, dtype=float) for part in (scores, outcome) if part is not None]
    if len({len(part) for part in parts}) > 1:
        raise KinerjaError("lengths_differ", first=len(parts[0]), second=len(parts[1]))
    bad = sum(int((~np.isfinite(part)).sum()) for part in parts)
    if bad:
        raise KinerjaError("scores_not_finite", n=bad)
    if len(parts[0]) < LEAST_UNITS:
        raise NotApplicable("too_few_common_units", n=len(parts[0]), least=LEAST_UNITS)
    for side, part in zip(("indicator", "outcome"), parts, strict=False):
        if np.ptp(part) <= 1e-12 * (1 + np.abs(part).max()):
            raise NotApplicable("constant_side", side=side)
    return parts[0], parts[1] if len(parts) > 1 else None


def _clusters(regions: np.ndarray | None, n: int) -> tuple[np.ndarray, str]:
    if regions is not None:
        codes = np.unique(np.asarray(regions).astype(str), return_inverse=True)[1].ravel()
        if codes.max() + 1 >= LEAST_REGIONS:
            return codes, "regions"
    return np.arange(n), "units"


def _frame(scores: np.ndarray, shape: str) -> tuple[tuple[float, ...], float, float]:
    knots = tuple(float(value) for value in np.quantile(scores, KNOTS)) if shape == "spline" else ()
    if knots and len(set(knots)) < len(knots):
        raise NotApplicable("columns_not_independent")
    return knots, float(scores.mean()), float(scores.std())


def _columns(scores: np.ndarray, knots: tuple[float, ...], centre: float, spread: float) -> np.ndarray:
    """Constant, standardised score and, with knots, the columns of a natural cubic spline (straight at the ends)."""
    scores = np.asarray(scores, dtype=float)
    columns = [np.ones(len(scores)), (scores - centre) / spread]
    if knots:
        last, before, width = knots[-1], knots[-2], knots[-1] - knots[0]
        for knot in knots[:-2]:
            first, second, third = (np.maximum(scores - place, 0) ** 3 for place in (knot, before, last))
            bent = first - (second * (last - knot) - third * (before - knot)) / (last - before)
            columns.append(bent / width**2 / spread)
    return np.column_stack(columns)
