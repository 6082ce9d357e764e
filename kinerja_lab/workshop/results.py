"""What do the answers say so far: agreement per item, and drift since the round before?"""

import numpy as np

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.panel import JudgePanel
from kinerja_lab.numeric.intervals import t_interval
from kinerja_lab.panels.agreement import agreement
from kinerja_lab.panels.content_validity import item_validity, scale_validity
from kinerja_lab.panels.delphi import DelphiChange, StoppingRule, delphi_change
from kinerja_lab.workshop.questions import Asked, Kind

__all__ = ["RELEVANT", "drift", "item_estimates", "overall"]

RELEVANT = 3
"""Lowest rating of 1 to 4 that counts in favour of an item."""


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
