"""What do the answers say so far: agreement per item, drift since the round before, and the room's distribution?"""

import sqlite3
from dataclasses import dataclass

import numpy as np

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.panel import JudgePanel
from kinerja_lab.numeric.intervals import t_interval
from kinerja_lab.panels.agreement import agreement
from kinerja_lab.panels.content_validity import item_validity, scale_validity
from kinerja_lab.panels.delphi import DelphiChange, StoppingRule, delphi_change
from kinerja_lab.workshop.plan import Asked, Kind
from kinerja_lab.workshop.reading import LATEST

__all__ = ["LEAST_SHOWN", "RELEVANT", "CellFeedback", "drift", "item_estimates", "overall", "room_feedback"]

RELEVANT = 3
"""Lowest rating of 1 to 4 that counts in favour of an item."""
LEAST_SHOWN = 3
"""A distribution of fewer answers would tell a panellist what a single other one answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CellFeedback:
    """What the room answered to one question about one item.

    Parameters
    ----------
    counts : tuple of int
        Answers by point of the scale; for percentages by tenths, the last holding 90 to 100.
    n : int
        Answers.
    median, lower, upper : float
        Median and quartiles as typed (linear interpolation); NaN where fewer than ``LEAST_SHOWN`` answered.
    own : float or None
        The panellist's own answer.
    """

    counts: tuple[int, ...]
    n: int
    median: float
    lower: float
    upper: float
    own: float | None = None

    @property
    def shown(self) -> bool:
        """Whether enough answered for a distribution to hide who said what."""
        return self.n >= LEAST_SHOWN


def room_feedback(
    db: sqlite3.Connection, *, round: int, questions: tuple[Asked, ...], judge: int | None,
) -> dict[tuple[str, str], CellFeedback]:
    """The distribution of the answers to each question about each item.

    Parameters
    ----------
    db : sqlite3.Connection
        Any connection to the file.
    round : int
        The round.
    questions : tuple of Asked
        Its questions that want a number.
    judge : int or None
        Panellist whose own answer stands beside; None for the room's screen.
    """
    scales = {asked.code: asked for asked in questions}
    values: dict[tuple[str, str], list[float]] = {}
    own: dict[tuple[str, str], float] = {}
    for _, who, item, question, value, _, _ in db.execute(LATEST.format(where="WHERE round = ?"), (round,)):
        if question in scales:
            values.setdefault((item, question), []).append(value)
            if who == judge:
                own[item, question] = value
    return {cell: _cell_feedback(np.array(found), scales[cell[1]], own.get(cell)) for cell, found in values.items()}


def _cell_feedback(values: np.ndarray, asked: Asked, own: float | None) -> CellFeedback:
    if asked.kind is Kind.PERCENT:
        places, bins = np.minimum(values // 10, 9).astype(int), 10
    else:
        places, bins = (values - asked.low).astype(int), asked.high - asked.low + 1
    lower, median, upper = (np.percentile(values, (25, 50, 75)) if len(values) >= LEAST_SHOWN else [np.nan] * 3)
    return CellFeedback(counts=tuple(int(n) for n in np.bincount(places, minlength=bins)), n=len(values),
                        median=float(median), lower=float(lower), upper=float(upper), own=own)


def item_estimates(panel: JudgePanel, *, asked: Asked, round: int, level: float) -> EstimateTable | NotApplicable:
    """Agreement on each item that somebody has answered.

    Parameters
    ----------
    panel : JudgePanel
        The panel so far.
    asked : Asked
        Question that wants a number.
    round : int
        The round.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable or NotApplicable
        Label is the item. Ratings: the share of experts who answered 3 or 4 (I-CVI, score interval). Probabilities: the
        mean with Student's t over experts. The reason where there are not yet two experts.
    """
    try:
        held = _answered(panel, asked.code, round)
        if asked.kind is Kind.PERCENT:
            return _means(held, level)
        frame = item_validity(held, relevant=RELEVANT, level=level).to_frame()
    except NotApplicable as reason:
        return reason
    rows = frame[frame["label"] == "i_cvi"].assign(label=lambda table: table["item"]).drop(columns="item")
    return EstimateTable(frame=rows)


def overall(panel: JudgePanel, *, asked: Asked, round: int, level: float) -> tuple[Estimate | NotApplicable, ...]:
    """The whole instrument at a glance: S-CVI/Ave and Gwet's AC2 (ordinal) for ratings; nothing for probabilities.

    Parameters
    ----------
    panel : JudgePanel
        The panel so far.
    asked : Asked
        Question that wants a number.
    round : int
        The round.
    level : float
        Confidence level, between 0 and 1.
    """
    if asked.kind is Kind.PERCENT:
        return ()
    found: list[Estimate | NotApplicable] = []
    for take in (lambda held: scale_validity(held, relevant=RELEVANT, level=level).row("s_cvi_ave"),
                 lambda held: agreement(held, weights="ordinal", level=level).row("gwet_ac")):
        try:
            found.append(take(_answered(panel, asked.code, round)))
        except NotApplicable as reason:
            found.append(reason)
    return tuple(found)


def drift(panel: JudgePanel, *, asked: Asked, round: int, level: float) -> DelphiChange | NotApplicable | None:
    """What moved since the last round that asked the same; None where no earlier round did.

    Parameters
    ----------
    panel : JudgePanel
        The panel so far.
    asked : Asked
        Question that wants a number.
    round : int
        The later round.
    level : float
        Confidence level, between 0 and 1.
    """
    held = panel.frame[(panel.frame["question"] == asked.code) & panel.frame["value"].notna()]
    before = [number for number in sorted(set(held["round"])) if number < round]
    if not before or round not in set(held["round"]):
        return None
    width = 1.0 if asked.kind is Kind.RATING else 0.1
    try:
        return delphi_change(panel, question=asked.code, before=before[-1], after=round,
                             rule=StoppingRule(consensus_width=width), level=level)
    except NotApplicable as reason:
        return reason


def _answered(panel: JudgePanel, question: str, round: int) -> JudgePanel:
    held = panel.frame[(panel.frame["question"] == question) & (panel.frame["round"] == round)
                       & panel.frame["value"].notna()]
    items = tuple(item for item in panel.items if item in set(held["item"]))
    if not items:
        raise NotApplicable("workshop_nothing_answered")
    return panel.of(question, round).only(items=items)


def _means(panel: JudgePanel, level: float) -> EstimateTable:
    table = panel.matrix()
    rows = []
    for column, item in enumerate(panel.items):
        values = table[~np.isnan(table[:, column]), column]
        error = values.std(ddof=1) / np.sqrt(len(values)) if len(values) > 1 else 0.0
        low, high, note = np.nan, np.nan, "workshop_one_answer" if len(values) < 2 else "workshop_same_answers"
        if error > 0:
            low, high = (float(np.clip(end, 0, 1)) for end in t_interval(values.mean(), error, len(values) - 1,
                                                                         level=level))
            note = ""
        rows.append(Estimate(label=item, value=float(values.mean()), low=low, high=high, level=level, n=len(values),
                             method="mean, Student t over judges", unit="probability", note=note))
    return EstimateTable.from_estimates(rows)
