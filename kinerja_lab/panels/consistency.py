"""Would the same unit land in the same band again? Decision accuracy and consistency of one score."""

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.standard import Standard

__all__ = ["Consistency", "LivingstonLewisFit", "effective_length", "livingston_lewis", "subkoviak"]

MODELS = ("4P", "2P")
_SPAN = (0.01, 0.999)
_LOOKS = 21
_REACH, _NODES = 3.3, 161


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Consistency:
    """How well and how steadily units are put into bands.

    Parameters
    ----------
    indices : EstimateTable
        Labels ``"accuracy"`` (share in the band of the true score), ``"false_up"`` and ``"false_down"`` (put higher or
        lower than that), ``"consistency"`` (same band on a second, parallel measurement) and ``"kappa"`` (the last
        beyond chance). A method that says nothing about true scores has only the last two.
    confusion : numpy.ndarray or None, shape (bands, bands)
        Shares by true band (rows) and observed band (columns).
    repeat : numpy.ndarray, shape (bands, bands)
        Shares by the bands of two measurements.
    method : str
        Name of the method and of the model used.
    """

    indices: EstimateTable
    confusion: np.ndarray | None
    repeat: np.ndarray
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LivingstonLewisFit:
    """True scores as a beta distribution between ``low`` and ``high``, and the length of a test that has as much error.

    Parameters
    ----------
    a, b : float
        Shapes.
    low, high : float
        Ends, as shares of the scale.
    length : float
        Effective test length.
    """

    a: float
    b: float
    low: float
    high: float
    length: float


def effective_length(scores: np.ndarray, *, reliability: float, low: float, high: float) -> float:
    """Number of equal yes/no items that would measure as well.

    Parameters
    ----------
    scores : numpy.ndarray, shape (n,)
        Finite scores that vary.
    reliability : float
        Between 0 and 1, both excluded.
    low, high : float
        Ends of the scale.

    Returns
    -------
    float

    Notes
    -----
    ((mean - low)(high - mean) - r s^2) / (s^2 (1 - r)), s^2 with n - 1.

    References
    ----------
    Livingston, S. A., Lewis, C. (1995). Estimating the consistency and accuracy of classifications based on test
    scores. Journal of Educational Measurement 32, 179-197.
    """
    mean, variance = scores.mean(), scores.var(ddof=1)
    return float(((mean - low) * (high - mean) - reliability * variance) / (variance * (1 - reliability)))


def livingston_lewis(
    scores: np.ndarray, *, standard: Standard, reliability: Estimate, model: str, level: float,
) -> Consistency:
    """Accuracy and consistency from scores and their reliability.

    Parameters
    ----------
    scores : numpy.ndarray, shape (units,)
        Scores between the ends of the standard's scale; at least ten.
    standard : Standard
        Cuts and scale.
    reliability : Estimate
        Reliability of the scores, between 0 and 1.
    model : str
        ``"4P"`` (beta with free ends; falls back on the other, and says so, where the moments allow none) or ``"2P"``.
    level : float
        Confidence level to be printed; it must be that of the reliability's interval.

    Returns
    -------
    Consistency
        The limits are the lowest and highest values within the reliability's interval; the error of the score
        distribution is not in them. Without such an interval: ``reliability_no_interval``.

    Raises
    ------
    KinerjaError
        ``consistency_model``, ``consistency_level``, ``score_not_finite``, ``scores_off_scale`` or
        ``consistency_reliability``.
    NotApplicable
        ``consistency_too_few``, ``panel_scores_constant`` or ``consistency_no_fit`` (the reliability does not go with
        the spread of the scores).

    Notes
    -----
    True scores beta, fitted by factorial moments at the effective length; observed scores binomial with that length,
    rounded; so is the cut on that length (the nearest number of items, halves up). A score on the cut is above it.

    References
    ----------
    Livingston, S. A., Lewis, C. (1995). Estimating the consistency and accuracy of classifications based on test
    scores. Journal of Educational Measurement 32, 179-197.
    Hanson, B. A. (1991). Method of moments estimates for the four-parameter beta compound binomial model. ACT Research
    Report 91-5.
    """
    if model not in MODELS:
        raise KinerjaError("consistency_model", value=str(model), choices=", ".join(MODELS))
    plan = standard.plan
    scores = _checked(scores, plan.low, plan.high, reliability, level)
    places = (standard.values - plan.low) / (plan.high - plan.low)

    def at(value: float) -> tuple[dict[str, float], np.ndarray, np.ndarray, str]:
        fit, used = _fit(scores, value, plan.low, plan.high, model)
        confusion, repeat = _tables(fit, places)
        return _summary(confusion, repeat), confusion, repeat, used

    found, confusion, repeat, used = at(reliability.value)
    method = f"Livingston-Lewis, {used}"
    return Consistency(indices=_with_ends(found, lambda value: at(value)[0], reliability, method, len(scores), level),
                       confusion=confusion, repeat=repeat, method=method)


def subkoviak(
    scores: np.ndarray, *, cut: int, items: int, reliability: Estimate, level: float,
) -> Consistency:
    """Consistency of a pass mark on a count of items, from one administration.

    Parameters
    ----------
    scores : numpy.ndarray, shape (units,)
        Whole numbers of items achieved, 0 to ``items``; at least ten units.
    cut : int
        Lowest number that passes, 1 to ``items``.
    items : int
        Items.
    reliability : Estimate
        KR-20, KR-21 or alpha of the count, between 0 and 1.
    level : float
        Confidence level to be printed; it must be that of the reliability's interval.

    Returns
    -------
    Consistency
        Labels ``"consistency"`` and ``"kappa"``; limits over the reliability's interval.

    Raises
    ------
    KinerjaError
        ``subkoviak_cut``, ``consistency_level``, ``score_not_finite``, ``scores_off_scale`` or
        ``consistency_reliability``.
    NotApplicable
        ``consistency_too_few`` or ``panel_scores_constant``.

    Notes
    -----
    Two scores as a bivariate normal with the reliability as correlation, cut at (cut - 1/2 - mean)/sd (Peng and
    Subkoviak's approximation, evaluated exactly by Owen's T instead of read from the tables).

    References
    ----------
    Peng, C.-Y. J., Subkoviak, M. J. (1980). A note on Huynh's normal approximation procedure for estimating
    criterion-referenced reliability. Journal of Educational Measurement 17, 359-368.
    Subkoviak, M. J. (1988). A practitioner's guide to computation and interpretation of reliability indices for mastery
    tests. Journal of Educational Measurement 25, 47-55.
    """
    if not 1 <= cut <= items:
        raise KinerjaError("subkoviak_cut", cut=str(cut), items=items)
    scores = _checked(scores, 0, items, reliability, level)
    z = float((cut - 0.5 - scores.mean()) / scores.std(ddof=1))

    def repeat_at(value: float) -> np.ndarray:
        below = float(special.ndtr(z))
        both = below - 2 * float(special.owens_t(z, np.sqrt((1 - value) / (1 + value))))
        return np.array([[both, below - both], [below - both, 1 - 2 * below + both]])

    repeat, method = repeat_at(reliability.value), "Subkoviak, bivariate normal"
    found = _summary(None, repeat)
    return Consistency(indices=_with_ends(found, lambda value: _summary(None, repeat_at(value)), reliability, method,
                                          len(scores), level), confusion=None, repeat=repeat, method=method)


def _checked(scores, low: float, high: float, reliability: Estimate, level: float) -> np.ndarray:
    scores = np.asarray(scores, dtype=float)
    if not np.isfinite(scores).all():
        raise KinerjaError("score_not_finite", value=str(scores[~np.isfinite(scores)][0]))
    if len(scores) < 10:
        raise NotApplicable("consistency_too_few", n=len(scores), least=10)
    if scores.min() < low or scores.max() > high:
        raise KinerjaError("scores_off_scale", lowest=float(scores.min()), highest=float(scores.max()), low=float(low),
                           high=float(high))
    if np.ptp(scores) == 0:
        raise NotApplicable("panel_scores_constant", n=len(scores))
    if not 0 < reliability.value < 1:
        raise KinerjaError("consistency_reliability", value=str(reliability.value))
    if reliability.has_interval and abs(reliability.level - level) > 1e-12:
        raise KinerjaError("consistency_level", level=str(level), reliability=str(reliability.level))
    return scores


def _fit(scores: np.ndarray, reliability: float, low: float, high: float, model: str) -> tuple[LivingstonLewisFit, str]:
    """Beta of the true scores by factorial moments, four parameters where they exist."""
    length = effective_length(scores, reliability=reliability, low=low, high=high)
    if length < 4:
        raise NotApplicable("consistency_no_fit", reliability=float(reliability), length=float(length))
    places = (scores - low) / (high - low) * length
    moments, product, ways = [], np.ones(len(scores)), 1.0
    for order in range(4):
        product, ways = product * (places - order), ways * (length - order)
        moments.append(float(product.mean() / ways))
    mean, variance = moments[0], moments[1] - moments[0] ** 2
    if variance <= 0:
        raise NotApplicable("consistency_no_fit", reliability=float(reliability), length=float(length))
    four = _four(mean, variance, moments, length) if model == "4P" else None
    if four is not None:
        return four, "four-parameter beta"
    total = mean * (1 - mean) / variance - 1
    if total <= 0:
        raise NotApplicable("consistency_no_fit", reliability=float(reliability), length=float(length))
    used = "two-parameter beta" if model == "2P" else "two-parameter beta (four did not fit)"
    return LivingstonLewisFit(a=mean * total, b=(1 - mean) * total, low=0.0, high=1.0, length=length), used


def _four(mean: float, variance: float, raw: list[float], length: float) -> LivingstonLewisFit | None:
    skew = (raw[2] - 3 * mean * raw[1] + 2 * mean**3) / variance**1.5
    peak = (raw[3] - 4 * mean * raw[2] + 6 * mean**2 * raw[1] - 3 * mean**4) / variance**2
    bottom = 6 + 3 * skew**2 - 2 * peak
    if bottom <= 0:
        return None
    total = 6 * (peak - skew**2 - 1) / bottom
    root = (total + 2) ** 2 * skew**2 + 16 * (total + 1)
    if total <= 0 or root <= 0:
        return None
    tilt = (total + 2) * abs(skew) / np.sqrt(root)
    less, more = total / 2 * (1 - tilt), total / 2 * (1 + tilt)
    if less <= 0:
        return None
    a, b = (more, less) if skew < 0 else (less, more)
    width = np.sqrt(variance * root) / 2
    low = mean - width * a / total
    high = low + width
    if low < 0 or high > 1:
        return None
    return LivingstonLewisFit(a=float(a), b=float(b), low=float(low), high=float(high), length=length)


def _tables(fit: LivingstonLewisFit, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Shares by true and observed band, and by two observed bands."""
    trials = int(np.rint(fit.length))
    edges = np.concatenate([[0], np.floor(trials * places + 0.5 + 1e-9), [trials + 1]])
    inside = np.clip((places - fit.low) / (fit.high - fit.low), 0, 1)
    shares = np.concatenate([[0.0], special.betainc(fit.a, fit.b, inside), [1.0]])
    nodes, weights = _double_exponential()
    bands = len(places) + 1
    confusion, repeat = np.zeros((bands, bands)), np.zeros((bands, bands))
    for band in range(bands):
        width = shares[band + 1] - shares[band]
        if width <= 0:
            continue
        # in units of probability the beta's density drops out, however steep it is at its ends
        # (below 1e-14, which weighs nothing, scipy's inverse has holes)
        at = np.maximum(shares[band] + width * nodes, 1e-14)
        true = fit.low + (fit.high - fit.low) * special.betaincinv(fit.a, fit.b, at)
        below = stats.binom.cdf(edges[:, None] - 1, trials, true[None, :])
        seen = np.diff(below, axis=0)
        confusion[band] = width * seen @ weights
        repeat += width * (seen * weights) @ seen.T
    return confusion, repeat


def _double_exponential() -> tuple[np.ndarray, np.ndarray]:
    """Nodes and weights on 0 to 1 that do not mind a singular slope at the ends (Takahasi and Mori 1974)."""
    steps = np.linspace(-_REACH, _REACH, _NODES)
    bend = np.pi * np.sinh(steps)
    weights = np.pi * np.cosh(steps) * special.expit(bend) * special.expit(-bend)
    return special.expit(bend), weights / weights.sum()


def _summary(confusion: np.ndarray | None, repeat: np.ndarray) -> dict[str, float]:
    same, chance = float(np.trace(repeat)), float((repeat.sum(axis=1) ** 2).sum())
    kappa = (same - chance) / (1 - chance) if 1 - chance > 1e-12 else np.nan
    found = {"consistency": same, "kappa": kappa}
    if confusion is None:
        return found
    return {"accuracy": float(np.trace(confusion)), "false_up": float(np.triu(confusion, 1).sum()),
            "false_down": float(np.tril(confusion, -1).sum()), **found}


def _with_ends(found: dict[str, float], at, reliability: Estimate, method: str, n: int, level: float) -> EstimateTable:
    ends: list[dict[str, float]] = []
    if reliability.has_interval:
        # the test length is rounded, so the indices move in small steps: the ends alone could miss the value between
        for value in np.linspace(*np.clip([reliability.low, reliability.high], *_SPAN), _LOOKS):
            try:
                ends.append(at(float(value)))
            except NotApplicable:
                ends = []
                break
    rows = []
    for label, value in found.items():
        unit = "coefficient" if label == "kappa" else "share"
        common = {"label": label, "value": value, "level": level, "n": n, "unit": unit, "method": method}
        if np.isnan(value):
            rows.append(Estimate(low=np.nan, high=np.nan, note="one_band_only", **common))
        elif len(ends) < 2 or any(np.isnan(end[label]) for end in ends):
            note = "reliability_end_no_fit" if reliability.has_interval else "reliability_no_interval"
            rows.append(Estimate(low=np.nan, high=np.nan, note=note, **common))
        else:
            both = [end[label] for end in ends]
            rows.append(Estimate(low=min(*both, value), high=max(*both, value), **common))
    return EstimateTable.from_estimates(rows)
