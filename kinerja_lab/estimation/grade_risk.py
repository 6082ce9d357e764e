"""How likely is the printed letter wrong, at which cut, and how many more answers would settle it?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import MEASURED_IN, Estimate, EstimateTable
from kinerja_lab.core.ruleset import Ruleset

__all__ = ["GradeRisk", "grade_risk", "unit_grade_risk"]

MOST = 1_000_000
"""More answers than this are not a plan."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GradeRisk:
    """What can go wrong with one printed letter.

    Parameters
    ----------
    printed : str
        Code of the band that the rule prints.
    wrong : Estimate
        Probability that the true index has another letter.
    cuts : EstimateTable
        One row a cut, labelled with the band that begins there: probability that the true index lies on the other side
        of that cut than the printed one.
    answers : Estimate
        Answers in all, of the same design, after which the printed letter would be right with probability ``sure`` if
        the index stayed; 0 more where it is so already. ``unit`` is ``"respondents"``; NaN where the index stands so
        near a cut that no survey settles it (``at_the_cut``).
    more : int or None
        Answers beyond those at hand; None where no number suffices.
    sure : float
        Probability asked for.
    """

    printed: str
    wrong: Estimate
    cuts: EstimateTable
    answers: Estimate
    more: int | None
    sure: float


def grade_risk(index: Estimate, *, ruleset: Ruleset, sure: float = 0.90) -> GradeRisk:
    """Risk of the printed letter, and the answers that it would take.

    Parameters
    ----------
    index : Estimate
        The index with its interval; clusters and weights are in the interval already, so the design effect is kept.
    ruleset : Ruleset
        The rule with the bands.
    sure : float
        Probability asked for, above 0.5 and below 1.

    Returns
    -------
    GradeRisk

    Raises
    ------
    KinerjaError
        ``share_value``.
    NotApplicable
        ``no_grades`` when the rule has no bands, ``grade_without_interval`` when the index has no interval.

    Notes
    -----
    Normal around the estimate as in ``grade_probabilities``; the standard error falls with the root of the number of
    answers. The probability of the printed band then only rises, so bisection finds the number. It is a plan, not a
    promise: the next sample has another mean.

    Examples
    --------
    >>> from kinerja_lab.core.ruleset import Band
    >>> rule = Ruleset(code="r", title="R", source="-", confidence="high",
    ...                bands=(Band(code="B", name="B", lower=0.0), Band(code="A", name="A", lower=50.005)))
    >>> index = Estimate(label="index", value=51.0, low=49.04, high=52.96, n=100, method="t")
    >>> risk = grade_risk(index, ruleset=rule)
    >>> risk.printed, round(risk.wrong.value, 3), risk.more
    ('A', 0.159, 65)
    """
    if not 0.5 < sure < 1:
        raise KinerjaError("share_value", value=str(sure))
    if not ruleset.bands:
        raise NotApplicable("no_grades", ruleset=ruleset.title)
    if not index.has_interval:
        raise NotApplicable("grade_without_interval")
    edges = _edges(ruleset)
    se = max(index.value - index.low, index.high - index.value) / special.ndtri((1 + index.level) / 2)
    value, error = np.array([index.value]), np.array([se])
    place = int(np.searchsorted(edges, index.value, side="right"))
    crossed = special.ndtr(-np.abs(edges - index.value) / se) if se > 0 else np.zeros(len(edges))
    rows = [_chance(band.code, float(share), index) for band, share in zip(ruleset.bands[1:], crossed, strict=True)]
    answers = float(_answers(value, error, np.array([index.n]), edges, sure)[0])
    wanted = Estimate(label="answers", value=answers, low=np.nan, high=np.nan, level=index.level, n=index.n,
                      method=f"same design, printed letter right with {sure:.0%}", unit="respondents",
                      note="planned_number" if np.isfinite(answers) else "at_the_cut")
    return GradeRisk(printed=ruleset.bands[place].code,
                     wrong=_chance("wrong", float(1 - _right(value, error, edges)[0]), index),
                     cuts=EstimateTable.from_estimates(rows), answers=wanted, sure=sure,
                     more=max(int(answers) - index.n, 0) if np.isfinite(answers) else None)


def unit_grade_risk(index: EstimateTable, *, ruleset: Ruleset, sure: float = 0.90) -> EstimateTable:
    """The same for many units at once.

    Parameters
    ----------
    index : EstimateTable
        Indices with their intervals, one row a unit.
    ruleset : Ruleset
        The rule with the bands.
    sure : float
        Probability asked for, above 0.5 and below 1.

    Returns
    -------
    EstimateTable
        Two rows a unit, groups kept: ``"wrong"`` and ``"answers"`` as in ``GradeRisk``. A unit without an interval has
        neither (its own note, else ``grade_without_interval``).

    Raises
    ------
    KinerjaError
        ``share_value``.
    NotApplicable
        ``no_grades``.
    """
    if not 0.5 < sure < 1:
        raise KinerjaError("share_value", value=str(sure))
    if not ruleset.bands:
        raise NotApplicable("no_grades", ruleset=ruleset.title)
    frame, edges = index.frame, _edges(ruleset)
    value, low, high = (frame[name].to_numpy(dtype=float) for name in ("value", "low", "high"))
    error = np.maximum(value - low, high - value) / special.ndtri((1 + frame["level"].to_numpy(dtype=float)) / 2)
    known = np.isfinite(error) & (frame["n"].to_numpy() > 0)
    wrong, answers = np.full(len(frame), np.nan), np.full(len(frame), np.nan)
    if known.any():
        wrong[known] = 1 - _right(value[known], error[known], edges)
        answers[known] = _answers(value[known], error[known], frame["n"].to_numpy(dtype=int)[known], edges, sure)
    bare = np.where(frame["note"] == "", "grade_without_interval", frame["note"])
    parts = []
    for label, values, unit, note in (
            ("wrong", wrong, "probability", "probability_no_interval"),
            ("answers", answers, "respondents", np.where(np.isfinite(answers), "planned_number", "at_the_cut"))):
        part = frame[[*index.groups, "level", "n"]].assign(
            label=label, value=values, low=np.nan, high=np.nan, method="normal approximation around the estimate",
            note=np.where(known, note, bare))
        part[MEASURED_IN if "unit" in index.groups else "unit"] = unit
        parts.append(part)
    return EstimateTable(frame=pd.concat(parts).sort_index(kind="stable"), groups=index.groups)


def _edges(ruleset: Ruleset) -> np.ndarray:
    return np.array([band.lower for band in ruleset.bands[1:]]) - 0.5 * 10.0**-ruleset.decimals


def _right(value: np.ndarray, error: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """Probability of the printed band."""
    ends = np.concatenate([[-np.inf], edges, [np.inf]])
    place = np.searchsorted(edges, value, side="right")
    sharp = np.where(error > 0, error, 1.0)
    inside = special.ndtr((ends[place + 1] - value) / sharp) - special.ndtr((ends[place] - value) / sharp)
    return np.where(error > 0, inside, 1.0)


def _answers(value: np.ndarray, error: np.ndarray, n: np.ndarray, edges: np.ndarray, sure: float) -> np.ndarray:
    """Smallest number of answers that is enough, by bisection; NaN above ``MOST``."""
    def enough(count: np.ndarray) -> np.ndarray:
        return _right(value, error * np.sqrt(n / count), edges) >= sure

    short, plenty = n.astype(np.int64), np.full(len(n), MOST, dtype=np.int64)
    ready, never = enough(short), ~enough(plenty)
    while (plenty - short).max(initial=0) > 1:
        middle = (short + plenty) // 2
        good = enough(middle)
        short, plenty = np.where(good, short, middle), np.where(good, middle, plenty)
    return np.where(ready, n, np.where(never, np.nan, plenty)).astype(float)


def _chance(label: str, value: float, index: Estimate) -> Estimate:
    return Estimate(label=label, value=value, low=np.nan, high=np.nan, level=index.level, n=index.n,
                    method="normal approximation around the estimate", unit="probability",
                    note="probability_no_interval")
