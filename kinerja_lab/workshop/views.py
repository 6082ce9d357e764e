"""What stands on a panellist's screens, before it is HTML?"""

from collections.abc import Mapping
from dataclasses import dataclass

from kinerja_lab.workshop.feedback import CellFeedback
from kinerja_lab.workshop.questions import Asked, ItemSheet, Kind
from kinerja_lab.workshop.reading import RoundStatus, Snapshot

__all__ = ["Cell", "Screen", "Bar", "bars", "screens", "shown_answer"]

Own = Mapping[tuple[str, str], tuple[float | None, str, int]]
BAR_WIDTH = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One question about one indicator, with the panellist's newest answer.

    Parameters
    ----------
    asked : Asked
        The question.
    value : int or None
        The number as typed.
    text : str
        The comment.
    seq : int
        Number of the newest record, 0 when there is none.
    """

    asked: Asked
    value: int | None
    text: str
    seq: int

    @property
    def required(self) -> bool:
        """Whether it wants a number."""
        return self.asked.kind is not Kind.TEXT

    @property
    def points(self) -> tuple[int, ...]:
        """Answers to choose from, for a rating."""
        return tuple(range(self.asked.low, self.asked.high + 1)) if self.asked.kind is Kind.RATING else ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Screen:
    """One indicator on the panellist's screen.

    Parameters
    ----------
    place : int
        From 1.
    sheet : ItemSheet
        What he reads.
    cells : tuple of Cell
        What he is asked.
    """

    place: int
    sheet: ItemSheet
    cells: tuple[Cell, ...]

    @property
    def missing(self) -> int:
        """Questions that still want a number."""
        return sum(cell.required and cell.value is None for cell in self.cells)

    @property
    def state(self) -> str:
        """``"done"``, ``"begun"`` or ``"empty"``."""
        if not self.missing:
            return "done"
        return "begun" if any(cell.value is not None for cell in self.cells) else "empty"


def screens(found: Snapshot, *, status: RoundStatus, own: Own) -> tuple[Screen, ...]:
    """Every indicator of a round with a panellist's own answers.

    Parameters
    ----------
    found : Snapshot
        The workshop.
    status : RoundStatus
        The round.
    own : mapping
        As ``own_answers`` gives it.
    """
    made = []
    for place, sheet in enumerate(found.items, start=1):
        cells = []
        for asked in status.questions:
            value, text, seq = own.get((sheet.code, asked.code), (None, "", 0))
            cells.append(Cell(asked=asked, value=None if value is None else int(value), text=text, seq=seq))
        made.append(Screen(place=place, sheet=sheet, cells=tuple(cells)))
    return tuple(made)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One bar of a distribution: what it stands for, how many, how long (in ``BAR_WIDTH``), whether it is one's own."""

    label: str
    count: int
    width: int
    own: bool


def bars(cell: CellFeedback, *, asked: Asked) -> tuple[Bar, ...]:
    """A distribution as bars; the largest fills the width.

    Parameters
    ----------
    cell : CellFeedback
        The room's answers.
    asked : Asked
        The question.
    """
    most = max(cell.counts)
    if asked.kind is Kind.PERCENT:
        labels = [f"{10 * place}–{10 * place + 9}" for place in range(9)] + ["90–100"]
        place_of_own = None if cell.own is None else min(int(cell.own) // 10, 9)
    else:
        labels = [str(asked.low + place) for place in range(len(cell.counts))]
        place_of_own = None if cell.own is None else int(cell.own) - asked.low
    return tuple(Bar(label=label, count=count, width=round(BAR_WIDTH * count / most), own=place == place_of_own)
                 for place, (label, count) in enumerate(zip(labels, cell.counts, strict=True)))


def shown_answer(asked: Asked, value: float | None, text: str) -> str:
    """An answer as the panellist would write it.

    Parameters
    ----------
    asked : Asked
        The question.
    value : float or None
        The number as typed.
    text : str
        The comment.

    Examples
    --------
    >>> shown_answer(Asked(code="angoff", kind=Kind.PERCENT, low=0, high=100), 65.0, "")
    '65%'
    """
    if value is None:
        return text
    return f"{int(value)}%" if asked.kind is Kind.PERCENT else str(int(value))
