"""What does one expert get to see between two rounds: his own answers against the group's, without anyone's name."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.panel import JudgePanel

__all__ = ["Feedback", "feedback"]

LEAST_ANSWERS = 4
"""With fewer answers the group's numbers would tell what a colleague said."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Feedback:
    """One expert's sheet for one question and round.

    Parameters
    ----------
    judge, question : str
        Whose sheet, and on what.
    round : int
        The round it looks back on.
    items : pandas.DataFrame
        ``item, own, previous, n, median, lower, upper, lowest, highest, place, hidden``; quartiles of the group with
        the expert himself in it; ``previous`` is his answer in the round before; ``place`` is ``"below"``,
        ``"within"`` or ``"above"`` the quartiles, empty where he did not answer. With fewer than ``LEAST_ANSWERS``
        answers ``hidden`` is true and the group's numbers are NaN.
    counts : pandas.DataFrame
        ``item, answer, n`` for rating scales, without hidden items; empty for probabilities.
    comments : pandas.DataFrame
        ``item, comment``: the comments of all, in alphabetical order so that the order tells nothing.
    unanswered : tuple of str
        Items he did not answer.
    """

    judge: str
    question: str
    round: int
    items: pd.DataFrame
    counts: pd.DataFrame
    comments: pd.DataFrame
    unanswered: tuple[str, ...]


def feedback(panel: JudgePanel, *, judge: str, question: str, round: int, least: int = LEAST_ANSWERS) -> Feedback:
    """The feedback sheet of one expert after one round.

    Parameters
    ----------
    panel : JudgePanel
        All answers.
    judge : str
        Whose sheet.
    question : str
        Code of the question.
    round : int
        The round.
    least : int
        Fewest answers to an item for which the group's numbers are shown; at least 3.

    Returns
    -------
    Feedback
        Values only; the words come from the catalogue.

    Raises
    ------
    KinerjaError
        ``not_in_panel``, ``no_such_question``, ``no_such_round`` or ``feedback_least``.

    Notes
    -----
    Quartiles by linear interpolation (type 7).

    References
    ----------
    Dalkey, N., Helmer, O. (1963). An experimental application of the Delphi method to the use of experts. Management
    Science 9, 458-467 (controlled, anonymous feedback).
    """
    if judge not in panel.judges:
        raise KinerjaError("not_in_panel", names=judge)
    if least < 3:
        raise KinerjaError("feedback_least", value=str(least))
    asked = panel.of(question, round)
    values, row = asked.matrix(), panel.judges.index(judge)
    earlier = [number for number in panel.rounds if number < round]
    before = np.full(len(panel.items), np.nan)
    if earlier and ((panel.frame["question"] == question) & (panel.frame["round"] == earlier[-1])).any():
        before = panel.of(question, earlier[-1]).matrix()[row]
    rows, counts = [], []
    for column, item in enumerate(panel.items):
        group = values[~np.isnan(values[:, column]), column]
        own, hidden = values[row, column], len(group) < least
        rows.append({"item": item, "own": own, "previous": before[column], "n": len(group),
                     **_group(group, own, hidden), "hidden": hidden})
        if not hidden:
            counts += [{"item": item, "answer": answer, "n": int((group == answer).sum())}
                       for answer in asked.questions[0].points]
    said = asked.comments()[["item", "comment"]].sort_values(["item", "comment"], kind="stable").reset_index(drop=True)
    return Feedback(
        judge=judge, question=question, round=round, items=pd.DataFrame(rows), comments=said,
        counts=pd.DataFrame(counts, columns=["item", "answer", "n"]),
        unanswered=tuple(item for item, own in zip(panel.items, values[row], strict=True) if np.isnan(own)),
    )


def _group(group: np.ndarray, own: float, hidden: bool) -> dict[str, object]:
    if hidden:
        return {"median": np.nan, "lower": np.nan, "upper": np.nan, "lowest": np.nan, "highest": np.nan, "place": ""}
    lower, median, upper = (float(value) for value in np.percentile(group, (25, 50, 75)))
    place = "" if np.isnan(own) else "below" if own < lower - 1e-12 else "above" if own > upper + 1e-12 else "within"
    return {"median": median, "lower": lower, "upper": upper, "lowest": float(group.min()),
            "highest": float(group.max()), "place": place}
