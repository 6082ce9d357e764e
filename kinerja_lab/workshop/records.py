"""What travels between a panellist's tap and the store?"""

from dataclasses import dataclass

from kinerja_lab.core.errors import KinerjaError

__all__ = ["Answer", "Conflict", "Saved", "Visitor"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """One tap of a panellist, on its way into the store.

    Parameters
    ----------
    round : int
        Round he answers.
    item, question : str
        Codes.
    value : float or None
        The number as typed; None for a text.
    text : str
        The comment; empty for a number.
    key : str
        Made up by the sender once for this tap: the same key again is the same tap.
    base : int
        Number of the record that this one replaces as far as the sender knows; 0 when he knows of none.
    """

    round: int
    item: str
    question: str
    value: float | None = None
    text: str = ""
    key: str
    base: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Saved:
    """The acknowledgement: the record's number, and whether it was there already."""

    seq: int
    repeated: bool = False


class Conflict(KinerjaError):
    """Somebody signed in as the same panellist has answered since the sender last looked."""

    def __init__(self, *, seq: int, value: float | None, text: str) -> None:
        super().__init__("workshop_newer_answer")
        self.seq, self.value, self.text = seq, value, text


@dataclass(frozen=True, slots=True, kw_only=True)
class Visitor:
    """Who holds a session: a panellist by his number, or the facilitator (``judge`` is None)."""

    judge: int | None
    alias: str = ""
