"""What can a panellist be asked, and what does he read about an indicator?"""

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["QUESTIONS", "Asked", "ItemSheet", "Kind"]


class Kind(StrEnum):
    """In which form a question is answered."""

    RATING = "rating"
    PERCENT = "percent"
    TEXT = "text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One question of a workshop, as the panellist answers it.

    Parameters
    ----------
    code : str
        Name of the question in the ``JudgePanel``.
    kind : Kind
        Form of the answer.
    low, high : int
        Ends of the answer as it is typed: 1 to 4, or 0 to 100 percent; 0 and 0 for a text.
    """

    code: str
    kind: Kind
    low: int = 0
    high: int = 0

    def holds(self, value: float) -> bool:
        """Whether a number is an answer to it: whole and between the ends."""
        return self.kind is not Kind.TEXT and self.low <= value <= self.high and float(value).is_integer()


QUESTIONS = {asked.code: asked for asked in (
    Asked(code="relevance", kind=Kind.RATING, low=1, high=4), Asked(code="clarity", kind=Kind.RATING, low=1, high=4),
    Asked(code="measurability", kind=Kind.RATING, low=1, high=4),
    Asked(code="angoff", kind=Kind.PERCENT, low=0, high=100), Asked(code="comment", kind=Kind.TEXT),
)}
"""Every question a round can ask, by code; ``angoff`` is typed in percent and becomes a probability in the panel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemSheet:
    """An indicator as the panel saw it; it stays so when the file is revised later.

    Parameters
    ----------
    code : str
        Code of the indicator.
    names : dict of str to str
        Its name by language.
    definition, evidence : dict of str to dict of str to str
        By language: field of the indicator and its text.
    """

    code: str
    names: dict[str, str]
    definition: dict[str, dict[str, str]]
    evidence: dict[str, dict[str, str]]
