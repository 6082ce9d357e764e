"""What did the room answer, shown so that nobody learns what a single other one said?"""

import sqlite3
from dataclasses import dataclass

import numpy as np

from kinerja_lab.workshop.questions import Asked, Kind
from kinerja_lab.workshop.reading import LATEST

__all__ = ["LEAST_SHOWN", "CellFeedback", "room_feedback"]

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
