"""What is left of a unit's score after strict raters, hard cases and chance are allowed for, step by step?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import MEASURED_IN, Estimate, EstimateTable
from kinerja_lab.numeric.intervals import normal_quantile
from kinerja_lab.numeric.unsure_spread import known_error_moments

__all__ = ["STEPS", "AdjustedScores", "adjusted_scores", "between_variance", "drawn_in", "rater_adjusted_scores"]

STEPS = ("rater", "case_mix", "shrinkage")
LEAST_UNITS = 3
SHIFT = 0.10
"""A unit's rank has moved when it moved by more than this share of the list (as for raters)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AdjustedScores:
    """One adjusted score a unit, with the effect of every step.

    Parameters
    ----------
    units : EstimateTable
        Groups ``("unit",)``, labels ``"raw"``, the steps that were taken (effects in points, which have no interval of
        their own: ``step_no_interval``) and ``"adjusted"``. Raw plus the effects is the adjusted score.
    steps : tuple of str
        The steps taken, in order, out of ``STEPS``.
    moved : Estimate
        Share of units whose rank moves by more than a tenth of the list between raw and adjusted.
    tau2 : float
        Variance between units beyond their standard errors, after raters and cases.
    mean : float
        What units are drawn towards.
    method : str
        The conventions used.
    """

    units: EstimateTable
    steps: tuple[str, ...]
    moved: Estimate
    tau2: float
    mean: float
    method: str


def adjusted_scores(
    values: np.ndarray, se: np.ndarray, *, units: np.ndarray, level: float, raters: EstimateTable | None = None,
    expected: np.ndarray | None = None, n: np.ndarray | None = None, unit: str = "scale_points",
    limits: tuple[np.ndarray, np.ndarray] | None = None, bounds: tuple[float, float] | None = None,
) -> AdjustedScores:
    """Raw score, less the leniency of its raters, less what its cases make expected, drawn in by what it is worth.

    Parameters
    ----------
    values, se : numpy.ndarray, shape (units,)
        Scores and their positive standard errors.
    units : numpy.ndarray, shape (units,)
        Names, each once.
    level : float
        Confidence level, between 0 and 1.
    raters : EstimateTable or None
        As ``RaterEffects.units``: groups ``("unit",)``, labels ``"raw"`` and ``"adjusted_fixed"``; the step is their
        difference and the standard error becomes that of ``"adjusted_fixed"``. None leaves the step out.
    expected : numpy.ndarray or None, shape (units,)
        Score that the unit's cases make expected; the step is the mean of these minus the unit's own.
    n : numpy.ndarray or None, shape (units,)
        Cases behind each score; 0 where not given.
    unit : str
        Unit code of the scores.
    limits : tuple of numpy.ndarray or None, each of shape (units,)
        Limits of the raw scores where they are not value plus and minus z standard errors (Wilson's, for instance).
    bounds : tuple of float or None
        Ends of the scale: intervals are cut there, and an adjusted score beyond them is no answer.

    Returns
    -------
    AdjustedScores

    Raises
    ------
    KinerjaError
        ``lengths_differ``, ``scores_not_finite``, ``ranking_bad_se``, ``units_repeated``, ``rater_units_differ`` or
        ``bad_level``.
    NotApplicable
        ``too_few_units``, ``adjusted_outside_scale``, or ``raters_unconnected`` when raters of different groups of
        units have nobody in common.

    Notes
    -----
    Drawing in: B = tau2 / (tau2 + s^2), mean + B (score - mean); tau2 by Paule and Mandel. The interval holds the doubt
    about tau2 and the mean (``numeric.unsure_spread``); it takes raters and expectations as known.

    References
    ----------
    Paule, R. C., Mandel, J. (1982). Consensus values and weighting factors. Journal of Research of the National Bureau
    of Standards 87, 377-385.
    Efron, B., Morris, C. (1975). Data analysis using Stein's estimator and its generalizations. JASA 70, 311-319.

    Examples
    --------
    >>> import numpy as np
    >>> found = adjusted_scores(np.array([70.0, 80.0, 90.0]), np.array([1.0, 1.0, 1.0]), units=np.array(list("abc")),
    ...                         level=0.95, expected=np.array([75.0, 80.0, 85.0]))
    >>> found.steps, round(found.tau2, 2)
    (('case_mix', 'shrinkage'), 24.0)
    """
    z = normal_quantile(level)
    values, se, names = _checked(values, se, units, expected)
    effects: dict[str, np.ndarray] = {}
    if raters is not None:
        effects["rater"], se = _rater_step(raters, names, z)
    if expected is not None:
        own = np.asarray(expected, dtype=float)
        effects["case_mix"] = own.mean() - own
    before = values + sum(effects.values(), np.zeros(len(values)))
    final, sd, tau2, mean = drawn_in(before, se)
    effects["shrinkage"] = final - before
    raw_se = np.asarray(se if raters is None else _raw_se(raters, names, z), dtype=float)
    low, high = (values - z * raw_se, values + z * raw_se) if limits is None else limits
    method = "Paule-Mandel tau2, empirical Bayes"
    common = {"level": level, "n": np.zeros(len(names), dtype=np.int64) if n is None else np.asarray(n, dtype=np.int64),
              "method": method, MEASURED_IN: unit}
    first = {"value": values, "low": low, "high": high, "note": np.where(np.isnan(low), "no_variation", "")}
    last = {"value": final, "low": final - z * sd, "high": final + z * sd, "note": ""}
    return AdjustedScores(units=_stacked(names, first, effects, last, common, bounds), steps=tuple(effects),
                          moved=_moved(values, final, level), tau2=tau2, mean=mean, method=method)


def rater_adjusted_scores(
    raters: EstimateTable, *, mean: float, tau2: float, bounds: tuple[float, float] | None = None,
) -> AdjustedScores:
    """Raw mean, less what strict and mild raters give, drawn in: the steps of a model of crossed units and raters.

    Parameters
    ----------
    raters : EstimateTable
        As ``RaterEffects.units``: groups ``("unit",)``, labels ``"raw"``, ``"rater_free"`` and ``"adjusted"``.
    mean : float
        Grand mean of the model.
    tau2 : float
        Variance between units of the model, 0 or more.
    bounds : tuple of float or None
        Ends of the scale: intervals are cut there, and an adjusted score beyond them is no answer.

    Returns
    -------
    AdjustedScores
        The adjusted score is the prediction of the model itself, with its interval.

    Raises
    ------
    KinerjaError
        ``rater_units_differ`` when a label lacks a unit.
    NotApplicable
        ``too_few_units`` or ``adjusted_outside_scale``.

    Notes
    -----
    Henderson's equation of a unit: n (rater-free mean - mean - effect) = effect x residual / tau2. So raw mean, rater
    step and drawing in add up to the prediction exactly, whether or not units are connected through raters; raters of
    separate groups of units are taken to come from one population.

    References
    ----------
    Robinson, G. K. (1991). That BLUP is a good thing. Statistical Science 6, 15-32.

    Examples
    --------
    >>> import pandas as pd
    >>> from kinerja_lab.core.estimate import EstimateTable
    >>> rows = pd.DataFrame([{"unit": unit, "label": label, "value": value, "low": value - 1, "high": value + 1,
    ...     "level": 0.95, "n": 8, "method": "m", "measured_in": "scale_points", "note": ""}
    ...     for label, values in {"raw": (2.0, 3.0, 5.0), "rater_free": (2.5, 3.0, 4.5),
    ...                           "adjusted": (2.7, 3.1, 4.2)}.items() for unit, value in zip("abc", values)])
    >>> found = rater_adjusted_scores(EstimateTable(groups=("unit",), frame=rows), mean=3.3, tau2=0.5)
    >>> found.units.frame.query("unit == 'c'")["value"].round(2).tolist()
    [5.0, -0.5, -0.3, 4.2]
    """
    frame = raters.frame
    names = frame.loc[frame["label"] == "raw", "unit"].astype(str).to_numpy()
    if len(names) < LEAST_UNITS:
        raise NotApplicable("too_few_units", n=len(names), least=LEAST_UNITS)
    raw, free, final = (_rows_of(raters, label, names) for label in ("raw", "rater_free", "adjusted"))
    values, freed, ends = (rows["value"].to_numpy(dtype=float) for rows in (raw, free, final))
    effects = {"rater": freed - values, "shrinkage": ends - freed}
    first, last = ({name: rows[name].to_numpy() for name in ("value", "low", "high", "note")} for rows in (raw, final))
    level, method = float(final["level"].iloc[0]), str(final["method"].iloc[0])
    common = {"level": level, "n": raw["n"].to_numpy(), "method": method,
              MEASURED_IN: str(raw[MEASURED_IN].iloc[0])}
    return AdjustedScores(units=_stacked(names, first, effects, last, common, bounds), steps=tuple(effects),
                          moved=_moved(values, ends, level), tau2=tau2, mean=mean, method=method)


def _stacked(
    names: np.ndarray, first: dict, effects: dict[str, np.ndarray], last: dict, common: dict,
    bounds: tuple[float, float] | None,
) -> EstimateTable:
    """Raw scores, the effect of every step, adjusted scores; limits cut at the ends of the scale."""
    least, most = bounds or (-np.inf, np.inf)
    outside = (last["value"] < least) | (last["value"] > most)
    if outside.any():
        raise NotApplicable("adjusted_outside_scale", n=int(outside.sum()))
    first, last = ({**end, "low": np.maximum(end["low"], np.minimum(least, end["value"])),
                    "high": np.minimum(end["high"], np.maximum(most, end["value"]))} for end in (first, last))
    steps = [(step, {"value": effect, "low": np.nan, "high": np.nan, "note": "step_no_interval"})
             for step, effect in effects.items()]
    parts = [pd.DataFrame({"unit": names, "label": label, **columns, **common})
             for label, columns in (("raw", first), *steps, ("adjusted", last))]
    return EstimateTable(groups=("unit",), frame=pd.concat(parts, ignore_index=True))


def drawn_in(values: np.ndarray, se: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Estimates drawn towards their mean, with standard deviations, tau2 and the mean.

    Parameters
    ----------
    values, se : numpy.ndarray, shape (units,)
        Finite estimates and positive standard errors.

    Returns
    -------
    tuple
        Drawn-in values, root of the expected squared distance of the true values from them (averaged over the variance
        between units), variance between units, mean.
    """
    tau2 = between_variance(values, se)
    weight = 1 / (tau2 + se**2)
    mean = float(weight @ values / weight.sum())
    kept = tau2 / (tau2 + se**2)
    drawn = mean + kept * (values - mean)
    middle, variance = known_error_moments(values, np.ones((len(values), 1)), se**2)
    return drawn, np.sqrt(variance + (middle - drawn) ** 2), tau2, mean


def between_variance(values: np.ndarray, se: np.ndarray) -> float:
    """Variance between units beyond their standard errors by Paule and Mandel, at least 0.

    Parameters
    ----------
    values, se : numpy.ndarray, shape (units,)
        Estimates and positive standard errors.

    Notes
    -----
    The tau2 at which sum (x - mean)^2 / (s^2 + tau2) is the number of units less one.

    Examples
    --------
    >>> import numpy as np
    >>> round(between_variance(np.array([-5.0, 0.0, 5.0]), np.array([1.0, 1.0, 1.0])), 6)
    24.0
    """
    def excess(tau2: float) -> float:
        weight = 1 / (se**2 + tau2)
        return float(weight @ (values - weight @ values / weight.sum()) ** 2 - (len(values) - 1))

    if excess(0.0) <= 0:
        return 0.0
    high = float(values.var(ddof=1))
    while excess(high) > 0:
        high *= 2
    return float(optimize.brentq(excess, 0.0, high, xtol=1e-14))


def _checked(values, se, units, expected):
    values, se, names = np.asarray(values, dtype=float), np.asarray(se, dtype=float), np.asarray(units).astype(str)
    sizes = {len(values), len(se), len(names)} | (set() if expected is None else {len(expected)})
    if len(sizes) > 1:
        raise KinerjaError("lengths_differ", first=len(values), second=min(sizes))
    if len(values) < LEAST_UNITS:
        raise NotApplicable("too_few_units", n=len(values), least=LEAST_UNITS)
    broken = ~np.isfinite(values) | (False if expected is None else ~np.isfinite(np.asarray(expected, dtype=float)))
    if broken.any():
        raise KinerjaError("scores_not_finite", n=int(broken.sum()))
    bad = ~(np.isfinite(se) & (se > 0))
    if bad.any():
        raise KinerjaError("ranking_bad_se", n=int(bad.sum()), unit=str(names[bad][0]))
    again = pd.Series(names).duplicated()
    if again.any():
        raise KinerjaError("units_repeated", unit=str(names[again][0]))
    return values, se, names


def _rows_of(raters: EstimateTable, label: str, names: np.ndarray) -> pd.DataFrame:
    found = raters.frame[raters.frame["label"] == label].assign(unit=lambda frame: frame["unit"].astype(str))
    absent = sorted(set(names) - set(found["unit"]))
    if absent:
        raise KinerjaError("rater_units_differ", n=len(absent), unit=absent[0])
    return found.set_index("unit").loc[names]


def _rater_step(raters: EstimateTable, names: np.ndarray, z: float) -> tuple[np.ndarray, np.ndarray]:
    """Effect of fair raters, and the standard error after it (a little wide: the limits are Student's)."""
    raw, fair = (_rows_of(raters, label, names) for label in ("raw", "adjusted_fixed"))
    if fair["value"].isna().any():
        raise NotApplicable("raters_unconnected")
    se = ((fair["high"] - fair["low"]) / (2 * z)).to_numpy(dtype=float)
    if not (np.isfinite(se) & (se > 0)).all():
        raise NotApplicable("raters_unconnected")
    return (fair["value"] - raw["value"]).to_numpy(dtype=float), se


def _raw_se(raters: EstimateTable, names: np.ndarray, z: float) -> np.ndarray:
    raw = _rows_of(raters, "raw", names)
    return ((raw["high"] - raw["low"]) / (2 * z)).to_numpy(dtype=float)


def _moved(raw: np.ndarray, final: np.ndarray, level: float) -> Estimate:
    ranks = [pd.Series(np.round(values, 12)).rank().to_numpy() for values in (raw, final)]
    share = float((np.abs(ranks[0] - ranks[1]) > SHIFT * len(raw)).mean())
    return Estimate(label="moved", value=share, low=np.nan, high=np.nan, level=level, n=len(raw), unit="share",
                    method="rank of raw against rank of adjusted score", note="ranks_no_interval")
