"""Which steps fit best when more score never means less outcome? Isotonic regression with a bootstrap band."""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import isotonic_regression

from kinerja_lab.calibration.criterion import LEAST_UNITS
from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable

__all__ = ["RisingSteps", "rising_steps"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RisingSteps:
    """A monotone map from score to outcome.

    Parameters
    ----------
    scores : numpy.ndarray, shape (k,)
        Distinct scores, rising.
    values : numpy.ndarray, shape (k,)
        Outcome at each; between two scores the straight line, outside the first or last value.
    draws : numpy.ndarray, shape (draws, k)
        The same from resampled regions (or units).
    rising : bool
        Whether outcomes rise with the score.
    level : float
        Confidence level.
    n : int
        Units.
    method : str
        Curve and band in the field's terms.
    unit : str
        Unit code of the outcome.
    """

    scores: np.ndarray
    values: np.ndarray
    draws: np.ndarray
    rising: bool
    level: float
    n: int
    method: str
    unit: str

    def predict(self, scores: np.ndarray) -> np.ndarray:
        """Outcome at scores, without an interval."""
        return np.interp(np.asarray(scores, dtype=float), self.scores, self.values)

    def at(self, scores: np.ndarray) -> EstimateTable:
        """Groups ``("score",)``: the outcome at each score, percentile band.

        Parameters
        ----------
        scores : array of float
            Scores of the indicator.
        """
        scores = np.atleast_1d(np.asarray(scores, dtype=float))
        value = self.predict(scores)
        spread = np.array([np.interp(scores, self.scores, draw) for draw in self.draws])
        low, high = np.quantile(spread, [(1 - self.level) / 2, (1 + self.level) / 2], axis=0)
        return EstimateTable.from_estimates(
            [Estimate(label="outcome", value=float(v), low=float(min(a, v)), high=float(max(b, v)), level=self.level,
                      n=self.n, method=self.method, unit=self.unit) for v, a, b in zip(value, low, high, strict=True)],
            groups=("score",), keys=[(float(score),) for score in scores])


def rising_steps(
    scores: np.ndarray, outcome: np.ndarray, *, level: float, rng: np.random.Generator, rising: bool = True,
    weights: np.ndarray | None = None, regions: np.ndarray | None = None, draws: int = 200, unit: str = "",
) -> RisingSteps:
    """Isotonic regression of outcome on score.

    Parameters
    ----------
    scores, outcome : numpy.ndarray, shape (units,)
        Finite numbers; for shares the share of each unit with its trials as ``weights``.
    level : float
        Confidence level, between 0 and 1.
    rng : numpy.random.Generator
        Source of randomness of the band.
    rising : bool
        False where more score should mean less outcome.
    weights : numpy.ndarray, shape (units,), optional
        Positive weights.
    regions : array, shape (units,), optional
        Resampled as a whole; without it units are.
    draws : int
        Resamples, at least 50.
    unit : str
        Unit code of the outcome.

    Returns
    -------
    RisingSteps

    Raises
    ------
    KinerjaError
        ``lengths_differ``, ``scores_not_finite``, ``steps_weights``, ``few_resamples`` or ``bad_level``.
    NotApplicable
        ``too_few_common_units`` or ``constant_side``.

    Notes
    -----
    Pool adjacent violators on the mean of each distinct score. The percentile band is a guide: the bootstrap of a
    monotone fit is not exact (Kosorok 2008), and where outcomes are flat it is too narrow.

    References
    ----------
    Barlow, R. E., Bartholomew, D. J., Bremner, J. M., Brunk, H. D. (1972). Statistical Inference under Order
    Restrictions, ch. 1. Kosorok, M. R. (2008). Bootstrapping the Grenander estimator. IMS Collections 1, 282-292.

    Examples
    --------
    >>> steps = rising_steps(np.arange(9.0), np.array([1, 3, 2, 4, 3.5, 3.5, 6, 5, 7.0]), level=0.95,
    ...                      rng=np.random.default_rng(1))
    >>> [round(float(value), 3) for value in steps.values[:4]]
    [1.0, 2.5, 2.5, 3.667]
    """
    scores, outcome = np.asarray(scores, dtype=float), np.asarray(outcome, dtype=float)
    heavy = np.ones(len(scores)) if weights is None else np.asarray(weights, dtype=float)
    _check(scores, outcome, heavy, level, draws)
    places, codes = np.unique(scores, return_inverse=True)
    sign = 1.0 if rising else -1.0
    groups = np.arange(len(scores)) if regions is None else np.unique(
        np.asarray(regions).astype(str), return_inverse=True)[1].ravel()
    count = int(groups.max()) + 1
    if count < 2:
        groups, count = np.arange(len(scores)), len(scores)
    fits = np.empty((draws + 1, len(places)))
    times = np.vstack([np.ones(count), rng.multinomial(count, np.full(count, 1 / count), size=draws)])
    for place, chosen in enumerate(times):
        weight = heavy * chosen[groups]
        total = np.bincount(codes, weights=weight, minlength=len(places))
        seen = total > 0
        mean = np.bincount(codes, weights=weight * outcome, minlength=len(places))[seen] / total[seen]
        fit = sign * isotonic_regression(sign * mean, weights=total[seen]).x
        fits[place] = np.interp(places, places[seen], fit)
    what = "units" if count == len(scores) else "regions"
    return RisingSteps(scores=places, values=fits[0], draws=fits[1:], rising=rising, level=level, n=len(scores),
                       method=f"isotonic, {draws} resamples of {count} {what}", unit=unit)


def _check(scores, outcome, heavy, level: float, draws: int) -> None:
    if not len(scores) == len(outcome) == len(heavy):
        raise KinerjaError("lengths_differ", first=len(scores), second=min(len(outcome), len(heavy)))
    bad = int((~np.isfinite(scores) | ~np.isfinite(outcome)).sum())
    if bad:
        raise KinerjaError("scores_not_finite", n=bad)
    if not (np.isfinite(heavy) & (heavy > 0)).all():
        raise KinerjaError("steps_weights", n=int((~(heavy > 0)).sum()))
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    if draws < 50:
        raise KinerjaError("few_resamples", value=int(draws), least=50)
    if len(scores) < LEAST_UNITS:
        raise NotApplicable("too_few_common_units", n=len(scores), least=LEAST_UNITS)
    for side, values in (("indicator", scores), ("outcome", outcome)):
        if np.ptp(values) <= 1e-12 * (1 + np.abs(values).max()):
            raise NotApplicable("constant_side", side=side)
