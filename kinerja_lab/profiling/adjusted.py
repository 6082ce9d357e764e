"""What is left of a unit's score after strict raters, hard cases and chance are allowed for, step by step?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import MEASURED_IN, Estimate, EstimateTable
from kinerja_lab.numeric.intervals import normal_quantile

__all__ = ["STEPS", "AdjustedScores", "adjusted_scores", "between_variance", "drawn_in"]

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

    Returns
    -------
    AdjustedScores

    Raises
    ------
    KinerjaError
        ``lengths_differ``, ``scores_not_finite``, ``ranking_bad_se``, ``units_repeated``, ``rater_units_differ`` or
        ``bad_level``.
    NotApplicable
        ``too_few_units``, or ``raters_unconnected`` when raters of different groups of units have nobody in common.

    Notes
    -----
    Drawing in: B = tau2 / (tau2 + s^2), mean + B (score - mean), variance B s^2 + (1 - B)^2 Var(mean); tau2 by Paule
    and Mandel. The interval takes raters, expectations and tau2 as known.

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
    method = "Paule-Mandel tau2, empirical Bayes"
    whole = np.zeros(len(names), dtype=np.int64) if n is None else np.asarray(n, dtype=np.int64)

    def rows(label, value, reach, note=""):
        return pd.DataFrame({"unit": names, "label": label, "value": value, "low": value - reach,
                             "high": value + reach, "level": level, "n": whole, "method": method, MEASURED_IN: unit,
                             "note": note})

    raw_se = np.asarray(se if raters is None else _raw_se(raters, names, z), dtype=float)
    parts = [rows("raw", values, z * raw_se, np.where(np.isnan(raw_se), "no_variation", ""))]
    parts += [rows(step, effect, np.nan, "step_no_interval") for step, effect in effects.items()]
    parts.append(rows("adjusted", final, z * sd))
    return AdjustedScores(
        units=EstimateTable(groups=("unit",), frame=pd.concat(parts, ignore_index=True)), steps=tuple(effects),
        moved=_moved(values, final, level), tau2=tau2, mean=mean, method=method)


def drawn_in(values: np.ndarray, se: np.ndarray) -> tuple[np.ndarray, np.ndarray, float, float]:
    """Estimates drawn towards their mean, with standard deviations, tau2 and the mean.

    Parameters
    ----------
    values, se : numpy.ndarray, shape (units,)
        Finite estimates and positive standard errors.

    Returns
    -------
    tuple
        Drawn-in values, their standard deviations, variance between units, mean.
    """
    tau2 = between_variance(values, se)
    weight = 1 / (tau2 + se**2)
    mean = float(weight @ values / weight.sum())
    kept = tau2 / (tau2 + se**2)
    return (mean + kept * (values - mean), np.sqrt(kept * se**2 + (1 - kept) ** 2 / weight.sum()), tau2, mean)


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
