"""Do events come as often as they were foretold? Curve, slope, scores and the repair that is needed."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.hypothesis import HypothesisTest
from kinerja_lab.core.message import Message
from kinerja_lab.numeric.grouped_logit import grouped_logit
from kinerja_lab.numeric.intervals import normal_quantile, wilson

__all__ = ["ProbabilityCalibration", "probability_calibration"]

LEAST = 100
"""Cases below which calibration is not judged (METHODS part B, section 6)."""
LEAST_EVENTS = 10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ProbabilityCalibration:
    """How good foretold probabilities were.

    Parameters
    ----------
    curve : EstimateTable
        Groups ``("foretold",)`` (mean probability of the class): share of events, Wilson, one row a class with cases.
    summary : EstimateTable
        ``"calibration_intercept"`` (at slope 1: above 0, events are more frequent than foretold),
        ``"calibration_slope"`` (below 1: foretold probabilities are too extreme), ``"brier"``, ``"reliability"``,
        ``"resolution"``, ``"uncertainty"`` (Murphy's parts of the class-wise Brier score) and ``"ece"`` (mean gap
        between foretold and seen).
    spiegelhalter : HypothesisTest
        Of the foretold probabilities being right.
    repair : str
        The least that mends it: ``"none"``, ``"intercept"`` or ``"slope"`` (intercept and slope together).
    steps : tuple of HypothesisTest
        Likelihood ratio tests that chose the repair, in order.
    n : int
        Cases.
    """

    curve: EstimateTable
    summary: EstimateTable
    spiegelhalter: HypothesisTest
    repair: str
    steps: tuple[HypothesisTest, ...]
    n: int


def probability_calibration(
    foretold: np.ndarray, events: np.ndarray, *, level: float, classes: int = 10,
) -> ProbabilityCalibration:
    """Calibration of foretold probabilities of single cases.

    Parameters
    ----------
    foretold : numpy.ndarray, shape (n,)
        Probabilities, above 0 and below 1.
    events : numpy.ndarray, shape (n,)
        0 or 1.
    level : float
        Confidence level, between 0 and 1.
    classes : int
        Classes of equal width on 0 to 1, at least 2.

    Returns
    -------
    ProbabilityCalibration

    Raises
    ------
    KinerjaError
        ``lengths_differ``, ``foretold_value``, ``events_of_trials``, ``bad_level`` or ``foretold_classes``.
    NotApplicable
        ``too_few_cases`` (fewer than 100, or fewer than ten events or non-events) or ``glm_separated``.

    Notes
    -----
    Slope and intercept: Cox's regression of events on the log-odds foretold, Wald. Repair: closed test of Vergouwe and
    others: intercept and slope together (2 df), then the slope given the intercept (1 df). Brier: normal interval of a
    mean. ECE: sum over classes of share x |foretold - seen|; it cannot be 0 by chance alone, so its interval is what
    remains over all class gaps in their joint confidence ellipsoid: the lower end is 0 unless the classes together
    reject. It covers at least as often as it says.

    References
    ----------
    Cox, D. R. (1958). Two further applications of a model for binary regression. Biometrika 45, 562-565.
    Murphy, A. H. (1973). A new vector partition of the probability score. Journal of Applied Meteorology 12, 595-600.
    Spiegelhalter, D. J. (1986). Probabilistic prediction in patient management. Statistics in Medicine 5, 421-433.
    Vergouwe, Y. et al. (2017). A closed testing procedure to select an appropriate method for updating prediction
    models. Statistics in Medicine 36, 4529-4539.
    """
    foretold, events = np.asarray(foretold, dtype=float), np.asarray(events, dtype=float)
    _check(foretold, events, level, classes)
    n, z = len(events), normal_quantile(level)
    odds, ones = special.logit(foretold), np.ones(n)
    own = grouped_logit(ones[:, None], events, ones, offset=odds)
    full = grouped_logit(np.column_stack([ones, odds]), events, ones)
    asis = float(2 * (np.logaddexp(0, odds) - events * odds).sum())
    repair, steps = _repair(asis, own.deviance, full.deviance, n, 1 - level)
    size, mean, seen = _classes(foretold, events, classes)
    low, high = wilson(seen * size, size, level=level)
    curve = EstimateTable.from_estimates(
        [Estimate(label="events", value=float(s), low=float(a), high=float(b), level=level, n=int(k), method="Wilson",
                  unit="share") for s, a, b, k in zip(seen, low, high, size, strict=True)],
        groups=("foretold",), keys=[(float(value),) for value in mean])
    squares = (foretold - events) ** 2
    brier, reach = squares.mean(), z * squares.std(ddof=1) / np.sqrt(n)
    wald = [("calibration_intercept", own.coef[0], own.model[0, 0]),
            ("calibration_slope", full.coef[1], full.model[1, 1])]
    rows = [_row(label, value, value - z * np.sqrt(v), value + z * np.sqrt(v), level, n, "Cox, Wald", "log_odds")
            for label, value, v in wald]
    rows.append(_row("brier", brier, max(brier - reach, 0), brier + reach, level, n, "mean, normal", "probability"))
    share, base = size / n, events.mean()
    for label, value in (("reliability", (share * (mean - seen) ** 2).sum()),
                         ("resolution", (share * (seen - base) ** 2).sum()), ("uncertainty", base * (1 - base))):
        rows.append(Estimate(label=label, value=float(value), low=np.nan, high=np.nan, level=level, n=n,
                             method=f"Murphy, {classes} classes", unit="probability", note="score_part"))
    rows.append(_ece(size, mean, seen, level, classes))
    return ProbabilityCalibration(curve=curve, summary=EstimateTable.from_estimates(rows), repair=repair, steps=steps,
                                  spiegelhalter=_spiegelhalter(foretold, events), n=n)


def _row(label, value, low, high, level, n, method, unit) -> Estimate:
    return Estimate(label=label, value=float(value), low=float(low), high=float(high), level=level, n=n, method=method,
                    unit=unit)


def _classes(foretold, events, classes: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    place = np.clip(np.searchsorted(np.linspace(0, 1, classes + 1)[1:-1], foretold, side="right"), 0, classes - 1)
    size = np.bincount(place, minlength=classes)
    used = size > 0
    return size[used], *(np.bincount(place, weights=part, minlength=classes)[used] / size[used]
                         for part in (foretold, events))


def _ece(size, mean, seen, level: float, classes: int) -> Estimate:
    """Least and largest mean gap among all class gaps inside the confidence ellipsoid."""
    n, share, gap = int(size.sum()), size / size.sum(), np.abs(mean - seen)
    own = (seen * size + 0.5) * ((1 - seen) * size + 0.5) / (size + 1) ** 2 / size
    # a small class without a single miss looks surer than it is
    variance = np.maximum(own, mean * (1 - mean) / size)
    radius = float(special.chdtri(len(size), 1 - level))
    high = float((share * gap).sum() + np.sqrt(radius * (share**2 * variance).sum()))

    def shrunk(step: float) -> np.ndarray:
        return np.maximum(gap - step * share * variance, 0.0)

    if (gap**2 / variance).sum() <= radius:
        low = 0.0
    else:
        bottom, top = 0.0, float((gap / (share * variance)).max())
        for _ in range(100):
            middle = (bottom + top) / 2
            if ((gap - shrunk(middle)) ** 2 / variance).sum() < radius:
                bottom = middle
            else:
                top = middle
        low = float((share * shrunk(bottom)).sum())
    return Estimate(label="ece", value=float((share * gap).sum()), low=low, high=min(high, 1.0), level=level, n=n,
                    method=f"{classes} classes of equal width, projected ellipsoid", unit="share")


def _repair(asis: float, own: float, full: float, n: int, alpha: float) -> tuple[str, tuple[HypothesisTest, ...]]:
    tests = [HypothesisTest(
        statistic=max(start - end, 0.0), df=df, p=float(special.chdtrc(df, max(start - end, 0.0))),
        null=Message(f"null.{name}"), distribution="chi2", method="likelihood ratio", n=n)
        for name, start, end, df in (("foretold_right", asis, full, 2), ("slope_one", own, full, 1))]
    if tests[0].p > alpha:
        return "none", (tests[0],)
    return ("intercept" if tests[1].p > alpha else "slope"), tuple(tests)


def _spiegelhalter(foretold, events) -> HypothesisTest:
    spread = ((1 - 2 * foretold) ** 2 * foretold * (1 - foretold)).sum()
    if spread <= 0:
        raise NotApplicable("constant_side", side="indicator")
    z = float(((events - foretold) * (1 - 2 * foretold)).sum() / np.sqrt(spread))
    return HypothesisTest(statistic=z, df=float("nan"), p=float(2 * special.ndtr(-abs(z))), distribution="normal",
                          null=Message("null.foretold_right"), method="Spiegelhalter z", n=len(events))


def _check(foretold, events, level, classes) -> None:
    if len(foretold) != len(events):
        raise KinerjaError("lengths_differ", first=len(foretold), second=len(events))
    bad = ~((foretold > 0) & (foretold < 1))
    if bad.any():
        raise KinerjaError("foretold_value", value=str(foretold[bad][0]), n=int(bad.sum()))
    if not np.isin(events, (0, 1)).all():
        raise KinerjaError("events_of_trials", n=int((~np.isin(events, (0, 1))).sum()))
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    if classes < 2:
        raise KinerjaError("foretold_classes", value=int(classes))
    few = min(int(events.sum()), int((1 - events).sum()))
    if len(events) < LEAST or few < LEAST_EVENTS:
        raise NotApplicable("too_few_cases", n=len(events), few=few, least=LEAST, least_events=LEAST_EVENTS)
