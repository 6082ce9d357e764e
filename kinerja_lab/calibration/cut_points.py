"""Which score parts good units from others best, how sure is that place, and what does it do to units?"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.numeric.intervals import wilson

__all__ = ["RULES", "DataCut", "consequences", "data_cut"]

Rule = Literal["youden", "cost", "sensitivity"]
RULES = ("youden", "cost", "sensitivity")
LEAST_EACH = 10
"""Units of either kind below which no cut is drawn from data (house convention)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DataCut:
    """A cut found from outcomes of units.

    Parameters
    ----------
    cut : Estimate
        Units at or above it are called good. Percentile interval of resampled regions or units.
    rule : str
        ``"youden"``, ``"cost"`` or ``"sensitivity"``.
    consequences : EstimateTable
        At this cut, see ``consequences``.
    draws : int
        Resamples.
    """

    cut: Estimate
    rule: str
    consequences: EstimateTable
    draws: int


def data_cut(
    scores: np.ndarray, good: np.ndarray, *, level: float, rng: np.random.Generator, rule: Rule = "youden",
    cost_ratio: float = 1.0, sensitivity: float = 0.9, regions: np.ndarray | None = None, draws: int = 1000,
) -> DataCut:
    """The cut that a rule draws from scores and outcomes.

    Parameters
    ----------
    scores : numpy.ndarray, shape (units,)
        Finite scores; more is better.
    good : numpy.ndarray of bool, shape (units,)
        Whether the outcome of the unit is as wanted.
    level : float
        Confidence level, between 0 and 1.
    rng : numpy.random.Generator
        Source of randomness of the interval.
    rule : {"youden", "cost", "sensitivity"}
        Largest sensitivity + specificity - 1; smallest cost; highest cut that still calls the given share of good units
        good.
    cost_ratio : float
        For ``"cost"``: how many good units wrongly called bad weigh as much as one bad unit wrongly called good.
    sensitivity : float
        For ``"sensitivity"``: share of good units that must be called good, between 0 and 1.
    regions : array, shape (units,), optional
        Resampled as a whole; without it units are.
    draws : int
        Resamples, at least 100.

    Returns
    -------
    DataCut

    Raises
    ------
    KinerjaError
        ``lengths_differ``, ``scores_not_finite``, ``cut_rule``, ``cut_cost``, ``target_value``, ``few_resamples`` or
        ``bad_level``.
    NotApplicable
        ``too_few_each`` (fewer than ten units of a kind) or ``cut_does_not_part`` (the rule calls all units the same).

    Notes
    -----
    Candidates stand half-way between neighbouring scores; of equally good ones the middle one is taken. Scores are
    counted once into a table of region by distinct score; a resample is a row of multinomial counts times that table,
    so all resamples are one matrix product. The Youden cut moves slowly with the data (cube-root rate), so its
    percentile interval is a guide; ``anchored_cut`` has an exact one.

    References
    ----------
    Youden, W. J. (1950). Index for rating diagnostic tests. Cancer 3, 32-35.
    Metz, C. E. (1978). Basic principles of ROC analysis. Seminars in Nuclear Medicine 8, 283-298.

    Examples
    --------
    >>> scores = np.concatenate([np.arange(60, 80), np.arange(70, 90)]).astype(float)
    >>> found = data_cut(scores, np.arange(40) >= 20, level=0.95, rng=np.random.default_rng(1), draws=100)
    >>> found.cut.value
    74.5
    """
    scores, good = np.asarray(scores, dtype=float), np.asarray(good, dtype=bool)
    _check(scores, good, level, rule, cost_ratio, sensitivity, draws)
    places, codes = np.unique(scores, return_inverse=True)
    candidates = (places[1:] + places[:-1]) / 2
    if len(candidates) == 0:
        raise NotApplicable("cut_does_not_part")
    tables = _tables(codes, good, len(places), regions)
    groups = len(tables[0])
    times = np.vstack([np.ones(groups), rng.multinomial(groups, np.full(groups, 1 / groups), size=draws)])
    above = [np.cumsum((times @ table)[:, ::-1], axis=1)[:, ::-1] for table in tables]
    chosen = _chosen(*above, rule, cost_ratio, sensitivity)
    if chosen[0] < 0:
        raise NotApplicable("cut_does_not_part")
    value, usable = candidates[chosen[0]], chosen[1:][chosen[1:] >= 0]
    low, high = np.quantile(candidates[usable], [(1 - level) / 2, (1 + level) / 2])
    what = "units" if groups == len(scores) else "regions"
    cut = Estimate(label=rule, value=float(value), low=float(min(low, value)), high=float(max(high, value)),
                   level=level, n=len(scores), unit="score",
                   method=f"{rule}, percentiles of {len(usable)} resamples of {groups} {what}")
    return DataCut(cut=cut, rule=rule, consequences=consequences(scores, good, cut=float(value), level=level),
                   draws=draws)


def consequences(scores: np.ndarray, good: np.ndarray, *, cut: float, level: float) -> EstimateTable:
    """What a cut does to the units at hand.

    Parameters
    ----------
    scores : numpy.ndarray, shape (units,)
        Finite scores.
    good : numpy.ndarray of bool, shape (units,)
        Whether the outcome of the unit is as wanted.
    cut : float
        Units at or above it are called good.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable
        Shares with Wilson intervals at this cut: ``"called_good"``, ``"sensitivity"`` (good units called good),
        ``"specificity"`` (others called so), ``"right_if_good"`` and ``"right_if_not"`` (verdicts that are right),
        ``"wrong"`` (units with a wrong verdict). A share of nobody is NaN with ``no_answers``.

    Raises
    ------
    KinerjaError
        ``lengths_differ``, ``scores_not_finite`` or ``bad_level``.
    """
    scores, good = np.asarray(scores, dtype=float), np.asarray(good, dtype=bool)
    _same_length(scores, good)
    called = scores >= cut
    counts = [("called_good", called.sum(), len(scores)), ("sensitivity", (called & good).sum(), good.sum()),
              ("specificity", (~called & ~good).sum(), (~good).sum()),
              ("right_if_good", (called & good).sum(), called.sum()),
              ("right_if_not", (~called & ~good).sum(), (~called).sum()),
              ("wrong", (called != good).sum(), len(scores))]
    rows = []
    for label, events, n in counts:
        low, high = wilson(events, n, level=level)
        rows.append(Estimate(label=label, value=events / n if n else np.nan, low=float(low), high=float(high),
                             level=level, n=int(n), method="Wilson", unit="share", note="" if n else "no_answers"))
    return EstimateTable.from_estimates(rows)


def _tables(codes, good, places: int, regions) -> tuple[np.ndarray, np.ndarray]:
    """Good and other units of each group at each distinct score."""
    groups = np.arange(len(codes)) if regions is None else np.unique(
        np.asarray(regions).astype(str), return_inverse=True)[1].ravel()
    if groups.max() == 0:
        groups = np.arange(len(codes))
    size = (int(groups.max()) + 1) * places
    key = groups * places + codes
    return tuple(np.bincount(key[kind], minlength=size).reshape(-1, places).astype(float) for kind in (good, ~good))


def _chosen(good_above: np.ndarray, other_above: np.ndarray, rule: str, cost: float, wanted: float) -> np.ndarray:
    """Number of the candidate in each resample, -1 where there is none."""
    total_good, total_other = good_above[:, :1], other_above[:, :1]
    with np.errstate(invalid="ignore", divide="ignore"):
        hit, false = good_above[:, 1:] / total_good, other_above[:, 1:] / total_other
    usable = (total_good[:, 0] > 0) & (total_other[:, 0] > 0)
    if rule == "sensitivity":
        enough = hit >= wanted - 1e-12
        last = enough.shape[1] - 1 - np.argmax(enough[:, ::-1], axis=1)
        return np.where(usable & enough.any(axis=1), last, -1)
    if rule == "youden":
        gain = hit - false
    else:
        gain = -(cost * other_above[:, 1:] + (total_good - good_above[:, 1:]))
    gain = np.where(usable[:, None], gain, -np.inf)
    best = gain.max(axis=1, keepdims=True)
    at = gain >= best - 1e-12
    middle = np.cumsum(at, axis=1) == (at.sum(axis=1, keepdims=True) + 1) // 2
    return np.where(usable, np.argmax(middle & at, axis=1), -1)


def _same_length(scores, good) -> None:
    if len(scores) != len(good):
        raise KinerjaError("lengths_differ", first=len(scores), second=len(good))
    if not np.isfinite(scores).all():
        raise KinerjaError("scores_not_finite", n=int((~np.isfinite(scores)).sum()))


def _check(scores, good, level, rule, cost_ratio, sensitivity, draws) -> None:
    _same_length(scores, good)
    if rule not in RULES:
        raise KinerjaError("cut_rule", value=str(rule), choices=", ".join(RULES))
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    if not (np.isfinite(cost_ratio) and cost_ratio > 0):
        raise KinerjaError("cut_cost", value=str(cost_ratio))
    if not 0 < sensitivity < 1:
        raise KinerjaError("target_value", value=str(sensitivity))
    if draws < 100:
        raise KinerjaError("few_resamples", value=int(draws), least=100)
    few = min(int(good.sum()), int((~good).sum()))
    if few < LEAST_EACH:
        raise NotApplicable("too_few_each", n=few, least=LEAST_EACH)
