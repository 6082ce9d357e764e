"""What is asked of the panel, about which indicators, in which rounds?"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from kinerja_lab.core.errors import InputFault, InputFaults, KinerjaError, closest
from kinerja_lab.core.indicator import Indicator
from kinerja_lab.core.message import Message
from kinerja_lab.io.dictionary_words import DictionaryWords, indicator_cells
from kinerja_lab.text.catalogue import LANGUAGES, catalogue

__all__ = ["QUESTIONS", "Asked", "ItemSheet", "Kind", "WorkshopPlan", "item_sheet", "round_questions"]

DEFINITION_FIELDS = ("question", "why", "objective", "concept", "definition", "numerator", "denominator", "formula",
                     "unit", "polarity", "interpretation")
EVIDENCE_FIELDS = ("level", "source", "method", "frequency", "baseline", "series", "targets", "evidence",
                   "definition_source")
_NAME_LENGTH = 120


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


def item_sheet(indicator: Indicator) -> ItemSheet:
    """What a panellist reads about an indicator, in both languages.

    Parameters
    ----------
    indicator : Indicator
        As its file says it.
    """
    definition, evidence = {}, {}
    for lang in LANGUAGES:
        words = DictionaryWords(text=catalogue(lang).text, decimal_mark="," if lang == "id" else ".")
        cells = indicator_cells(indicator, words=words)
        definition[lang] = {name: cells[name] for name in DEFINITION_FIELDS if cells[name]}
        evidence[lang] = {name: cells[name] for name in EVIDENCE_FIELDS if cells[name]}
    return ItemSheet(code=indicator.code, names={"id": indicator.name, "en": indicator.name_en or indicator.name},
                     definition=definition, evidence=evidence)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkshopPlan:
    """What is settled before a workshop opens.

    Parameters
    ----------
    name : str
        How pages and minutes call it.
    study : str
        Code of the study.
    items : tuple of ItemSheet
        Indicators, in the order in which they are shown.
    rounds : tuple of tuple of str
        Questions of each round.
    judges : tuple of str
        Names of the panellists; only the facilitator sees them.
    anonymous : bool
        Whether results and exports carry numbers that were dealt at random instead of names.
    hours : float
        How long a link may wait for its first use, and how long one stays signed in.
    lang : str
        Language of the pages until the panellist chooses another.

    Raises
    ------
    InputFaults
        Every fault: ``workshop_no_items``, ``workshop_item_twice``, ``workshop_no_rounds``, ``workshop_no_questions``,
        ``workshop_unknown_question``, ``workshop_question_twice``, ``workshop_no_judges``, ``workshop_judge_name``,
        ``workshop_judge_twice``, ``workshop_name``, ``workshop_hours``.
    """

    name: str
    study: str
    items: tuple[ItemSheet, ...]
    rounds: tuple[tuple[str, ...], ...]
    judges: tuple[str, ...]
    anonymous: bool = False
    hours: float = 72.0
    lang: str = "id"

    def __post_init__(self) -> None:
        catalogue(self.lang)
        faults = [*_item_faults(self), *_round_faults(self.rounds), *_judge_faults(self.judges)]
        if not 0 < len(self.name.strip()) <= _NAME_LENGTH:
            faults.append(_fault("workshop_name", "name", self.name, most=_NAME_LENGTH))
        if not 0 < self.hours <= 24 * 90:
            faults.append(_fault("workshop_hours", "hours", str(self.hours), most=24 * 90))
        if faults:
            raise InputFaults(faults)


def round_questions(words: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Rounds as they are typed, e.g. ``["relevance,clarity", "angoff"]``, as question codes.

    Parameters
    ----------
    words : sequence of str
        One text a round, questions separated by commas.

    Examples
    --------
    >>> round_questions(["relevance, clarity", "angoff"])
    (('relevance', 'clarity'), ('angoff',))
    """
    return tuple(tuple(part.strip() for part in word.split(",") if part.strip()) for word in words)


def asked(code: str) -> Asked:
    """The question of a code.

    Raises
    ------
    KinerjaError
        ``workshop_no_such_question``.
    """
    if code not in QUESTIONS:
        raise KinerjaError("workshop_no_such_question", value=code, choices=", ".join(QUESTIONS),
                           nearest=closest(code, list(QUESTIONS)) or "-")
    return QUESTIONS[code]


def _fault(code: str, column: str, value: str, **params: object) -> InputFault:
    return InputFault(message=Message(f"fault.{code}", params), column=column, value=value)


def _item_faults(plan: WorkshopPlan) -> list[InputFault]:
    codes = [item.code for item in plan.items]
    if not codes:
        return [_fault("workshop_no_items", "indicators", "")]
    return [_fault("workshop_item_twice", "indicators", code) for code in dict.fromkeys(codes) if codes.count(code) > 1]


def _round_faults(rounds: tuple[tuple[str, ...], ...]) -> list[InputFault]:
    faults = [] if rounds else [_fault("workshop_no_rounds", "round", "")]
    for number, codes in enumerate(rounds, start=1):
        if not any(code in QUESTIONS and QUESTIONS[code].kind is not Kind.TEXT for code in codes):
            faults.append(_fault("workshop_no_questions", "round", ",".join(codes), round=str(number)))
        faults += [_fault("workshop_unknown_question", "round", code, choices=", ".join(QUESTIONS),
                          nearest=closest(code, list(QUESTIONS)) or "-") for code in codes if code not in QUESTIONS]
        faults += [_fault("workshop_question_twice", "round", code, round=str(number))
                   for code in dict.fromkeys(codes) if codes.count(code) > 1]
    return faults


def _judge_faults(judges: tuple[str, ...]) -> list[InputFault]:
    if not judges:
        return [_fault("workshop_no_judges", "judge", "")]
    plain = [name.strip().casefold() for name in judges]
    faults = [_fault("workshop_judge_name", "judge", name, most=_NAME_LENGTH) for name in judges
              if not 0 < len(name.strip()) <= _NAME_LENGTH]
    return faults + [_fault("workshop_judge_twice", "judge", name) for place, name in enumerate(judges)
                     if plain[place] and plain[place] in plain[:place]]
