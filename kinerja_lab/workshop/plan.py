"""What is asked of the panel, about which indicators, in which rounds?"""

from collections.abc import Sequence
from dataclasses import dataclass

from kinerja_lab.core.errors import InputFault, InputFaults, closest
from kinerja_lab.core.indicator import Indicator
from kinerja_lab.core.message import Message
from kinerja_lab.io.dictionary_words import DictionaryWords, indicator_cells
from kinerja_lab.text.catalogue import LANGUAGES, catalogue
from kinerja_lab.workshop.questions import QUESTIONS, ItemSheet, Kind

__all__ = ["WorkshopPlan", "item_sheet", "round_questions"]

DEFINITION_FIELDS = ("question", "why", "objective", "concept", "definition", "numerator", "denominator", "formula",
                     "unit", "polarity", "interpretation")
EVIDENCE_FIELDS = ("level", "source", "method", "frequency", "baseline", "series", "targets", "evidence",
                   "definition_source")
_NAME_LENGTH = 120


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
