"""Would two people read this indicator alike, and does its wording name a result?"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from kinerja_lab.core.indicator import Indicator
from kinerja_lab.core.message import Message
from kinerja_lab.core.options import IndicatorLevel, Status
from kinerja_lab.drafting.wording_rules import Pattern, RuleKind, WordingRule, WordingRules, find, tokens

__all__ = ["Draft", "WordingHit", "check_wording", "judge_rule", "wording_params"]

_THRESHOLD = re.compile(r"[<>≤≥]\s*=?\s*-?\d|\b(?:di bawah|di atas|kurang dari|lebih dari|paling lambat|maksimal"
                        r"|minimal)\s+-?\d", re.IGNORECASE)
_TIMES = re.compile(r"[×x*]\s*(1[0.,]*0)\b", re.IGNORECASE)
_REMARK = re.compile(r"\s*\([^()]*\)\s*")
_PERCENT = ("%", "persen", "percent")


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """The words of an indicator, finished or not: what a form holds while somebody types.

    Parameters
    ----------
    name, numerator, denominator, unit, source, frequency : str
        As written; empty where nothing was written yet.
    level : IndicatorLevel
        Place in the results chain.
    survey : bool
        Whether the value is the index of a survey.

    Notes
    -----
    A numerator or denominator wholly in parentheses ("(rumus tidak tercantum)") is a remark, not a formula, and is
    taken as empty.
    """

    name: str
    numerator: str = ""
    denominator: str = ""
    unit: str = ""
    level: IndicatorLevel = IndicatorLevel.OUTCOME
    source: str = ""
    frequency: str = ""
    survey: bool = False

    def __post_init__(self) -> None:
        for name in ("numerator", "denominator"):
            if _REMARK.fullmatch(getattr(self, name)):
                object.__setattr__(self, name, "")

    @classmethod
    def of(cls, indicator: Indicator) -> "Draft":
        """The words of a finished indicator."""
        return cls(name=indicator.name, numerator=indicator.numerator, denominator=indicator.denominator,
                   unit=indicator.unit, level=indicator.level, source=indicator.source, frequency=indicator.frequency,
                   survey=indicator.survey)

    @property
    def formula(self) -> str:
        """Numerator and denominator as one text."""
        return f"{self.numerator} / {self.denominator}" if self.denominator else self.numerator

    @property
    def is_percent(self) -> bool:
        """Whether the unit is a percentage."""
        return self.unit.strip().casefold() in _PERCENT


@dataclass(frozen=True, slots=True, kw_only=True)
class WordingHit:
    """One rule that fired.

    Parameters
    ----------
    code : str
        Code of the rule.
    status : Status
        Concern or failed.
    word : str
        The words at which it fired, lower case; empty when something is missing.
    message, advice : Message
        The sentence and the cure, with a better wording as example.
    """

    code: str
    status: Status
    word: str
    message: Message
    advice: Message


def check_wording(draft: Draft, *, rules: WordingRules) -> tuple[WordingHit, ...]:
    """Every rule that fires, in the order of the rules.

    Parameters
    ----------
    draft : Draft
        The words judged.
    rules : WordingRules
        As ``io.wording_rules.load_wording_rules`` gives them.
    """
    hits = (judge_rule(draft, rule=rule) for rule in rules.rules)
    return tuple(hit for hit in hits if hit is not None)


def judge_rule(draft: Draft, *, rule: WordingRule) -> WordingHit | None:
    """What one rule says of a draft; ``None`` where it has nothing to say.

    Parameters
    ----------
    draft : Draft
        The words judged.
    rule : WordingRule
        The rule.

    Notes
    -----
    A word list and the morphology of affixes decide, no language model: the same words always get the same answer, and
    the answer names the words that caused it.
    """
    if draft.level not in (*rule.failed_at, *rule.concern_at):
        return None
    word = _JUDGES[rule.kind](draft, rule)
    if word is None:
        return None
    failed = draft.level in rule.failed_at
    if rule.failed_when_first:
        failed = failed and " ".join(tokens(draft.name)).startswith(word)
    status = Status.FAILED if failed else Status.CONCERN
    params = {**wording_params(draft), "word": word, "before": rule.before, "after": rule.after}
    return WordingHit(code=rule.code, status=status, word=word,
                      message=Message(f"finding.{rule.code}.{status.value}", params),
                      advice=Message(f"advice.{rule.code}.text", params))


def wording_params(draft: Draft) -> dict[str, object]:
    """What a sentence about wording may name.

    Parameters
    ----------
    draft : Draft
        The words judged.
    """
    return {"name": draft.name, "unit": draft.unit or "-", "formula": draft.formula or "-",
            "source": draft.source or "-", "level": Message(f"finding_part.level_{draft.level.value}")}


def _by_pattern(draft: Draft, rule: WordingRule) -> str | None:
    if rule.silent_with_threshold and _THRESHOLD.search(draft.formula):
        return None
    for name in rule.fields:
        text = tokens(getattr(draft, name))
        if not _any(rule.unless, text):
            word = _any(rule.patterns, text)
            if word:
                return word
    return None


def _any(patterns: tuple[Pattern, ...], text: tuple[str, ...]) -> str:
    return next((word for pattern in patterns if (word := find(pattern, text))), "")


def _two_things(draft: Draft, rule: WordingRule) -> str | None:
    """A conjunction in the name that belongs to no pair that is spoken of as one thing."""
    name = " ".join(tokens(draft.name))
    for pair in rule.words("pairs"):
        name = name.replace(pair, " ")
    text = tokens(name)
    for place, word in enumerate(text):
        if word in rule.words("joins") and 0 < place < len(text) - 1:
            return " ".join(text[place - 1:place + 2])
    return None


def _no_population(draft: Draft, rule: WordingRule) -> str | None:
    """Nothing is left of name and formula when the words that fit every indicator are taken away."""
    text = tokens(f"{draft.name} {draft.formula}")
    generic = set(rule.words("generic"))
    left = [word for word in text if word not in generic and not any(half in generic for half in word.split("-"))
            and not word[0].isdigit() and word[0].isalnum() and len(word) > 1 and not _any(rule.patterns, (word,))]
    return None if left else draft.name.casefold()


def _no_period(draft: Draft, rule: WordingRule) -> str | None:
    """No frequency, and no word of time that is more than an age or a limit ("7-15 tahun", "24 jam")."""
    if draft.frequency.strip():
        return None
    text = tokens(f"{draft.name} {draft.formula}")
    for place, word in enumerate(text):
        if word in rule.words("periods") and not (place and text[place - 1][0].isdigit()):
            return None
    return ""


def _unit_fit(draft: Draft, rule: WordingRule) -> str | None:
    """First word of the name, factor of the formula and unit must tell the same story."""
    text, unit = tokens(draft.name), draft.unit.strip().casefold()
    if not text or not unit:
        return None
    times = [re.sub(r"\D", "", found) for found in _TIMES.findall(draft.formula)]
    share, whole = text[0] in rule.words("shares"), text[0] in rule.words("not_shares")
    if draft.is_percent:
        mean = text[0] in rule.words("means") and any(word in rule.words("durations") for word in text)
        if whole or mean or (text[0] in rule.words("ratios") and not times):
            return f"{text[0]} – {draft.unit}"
        if any(factor != "100" for factor in times):
            return f"× {times[-1]} – {draft.unit}"
        prose = draft.numerator and not draft.denominator and "/" not in draft.numerator and not draft.survey
        return f"{draft.numerator} – {draft.unit}" if prose else None
    if share:
        return f"{text[0]} – {draft.unit}"
    if "100" in times and unit in rule.words("measured_units"):
        return f"× 100 – {draft.unit}"
    return None


def _above_hundred(draft: Draft, rule: WordingRule) -> str | None:
    """A percentage whose numerator is no part of its denominator."""
    if not draft.is_percent:
        return None
    in_name = _any(rule.patterns, tokens(draft.name))
    if in_name:
        return in_name
    for text, list_name in ((draft.denominator, "open_denominators"), (draft.numerator, "open_numerators")):
        words = " ".join(tokens(text))
        for phrase in rule.words(list_name):
            if re.search(rf"\b{re.escape(phrase)}\b", words):
                return phrase
    return None


def _no_source(draft: Draft, rule: WordingRule) -> str | None:
    """Empty, a dash, an office without a file, or only words that name no file."""
    text = tokens(draft.source)
    if not text or all(word in rule.words("nameless") for word in text):
        return draft.source.strip()
    return draft.source.strip() if text[0] in rule.words("offices") else None


_JUDGES: Mapping[RuleKind, Callable[[Draft, WordingRule], str | None]] = MappingProxyType({
    RuleKind.PATTERN: _by_pattern, RuleKind.TWO_THINGS: _two_things, RuleKind.POPULATION: _no_population,
    RuleKind.PERIOD: _no_period, RuleKind.UNIT_FIT: _unit_fit, RuleKind.ABOVE_HUNDRED: _above_hundred,
    RuleKind.SOURCE: _no_source,
})
