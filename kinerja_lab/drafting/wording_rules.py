"""How is a rule about wording written down, and where does its pattern stand in a text?"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.message import Words
from kinerja_lab.core.options import IndicatorLevel
from kinerja_lab.drafting.morphology import is_built_from

__all__ = ["Pattern", "RuleKind", "Word", "WordingRule", "WordingRules", "find", "parse_pattern", "tokens"]

_TOKEN = re.compile(r"[^\W_]+(?:[-.][^\W_]+)*|[/%,]")
_LONGEST_GAP = 3
_PREFIXES = ("", "me", "pe", "di", "ber", "ter", "per", "ke", "se")
_SUFFIXES = ("", "kan", "an", "i")


class RuleKind(StrEnum):
    """What decides: patterns alone, or a short piece of code that takes the rule's word lists."""

    PATTERN = "pattern"
    TWO_THINGS = "two_things"
    POPULATION = "population"
    PERIOD = "period"
    UNIT_FIT = "unit_fit"
    ABOVE_HUNDRED = "above_hundred"
    SOURCE = "source"


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One place of a pattern.

    Parameters
    ----------
    literals : tuple of str
        Words as they stand, one of which must be there.
    root, prefix, suffix : str
        A root and the affixes it must carry; an empty affix means any or none.
    any_word, gap : bool
        Any one word; up to three words.
    """

    literals: tuple[str, ...] = ()
    root: str = ""
    prefix: str = ""
    suffix: str = ""
    any_word: bool = False
    gap: bool = False

    def fits(self, token: str) -> bool:
        """Whether a word of a text stands in this place."""
        if self.any_word:
            return True
        if self.root:
            return is_built_from(token, self.root, prefix=self.prefix, suffix=self.suffix)
        return token in self.literals or any(half in self.literals for half in token.split("-"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Pattern:
    """A pattern, read.

    Parameters
    ----------
    text : str
        As written.
    words : tuple of Word
        Its places.
    at_start : bool
        Whether it must stand at the beginning of the text.
    """

    text: str
    words: tuple[Word, ...]
    at_start: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class WordingRule:
    """One rule about wording.

    Parameters
    ----------
    code : str
        Code of the check it belongs to, e.g. ``"WRD001"``.
    kind : RuleKind
        What decides.
    fields : tuple of str
        Fields of the draft that are read, in this order: ``name``, ``numerator``, ``denominator``, ``source``.
    patterns, unless : tuple of Pattern
        What fires, and what keeps it silent though a pattern stands there.
    failed_at, concern_at : tuple of IndicatorLevel
        Levels at which it counts as failed or as a concern; at other levels it is silent.
    failed_when_first : bool
        Whether it counts as failed only at the beginning of the text, and as a concern elsewhere.
    silent_with_threshold : bool
        Whether a limit in the formula ("di bawah 2.500 gram") settles what the word means.
    lists : mapping of str to tuple of str
        Word lists for the kinds that need code.
    before, after : Words
        An example and a better wording.
    """

    code: str
    kind: RuleKind
    fields: tuple[str, ...] = ("name",)
    patterns: tuple[Pattern, ...] = ()
    unless: tuple[Pattern, ...] = ()
    failed_at: tuple[IndicatorLevel, ...] = ()
    concern_at: tuple[IndicatorLevel, ...] = ()
    failed_when_first: bool = False
    silent_with_threshold: bool = False
    lists: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    before: Words
    after: Words

    def words(self, name: str) -> tuple[str, ...]:
        """A word list of the rule.

        Raises
        ------
        KinerjaError
            ``wording_list`` when the rule has no such list.
        """
        if name not in self.lists:
            raise KinerjaError("wording_list", rule=self.code, name=name)
        return self.lists[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class WordingRules:
    """All rules, with the version that a report names.

    Parameters
    ----------
    version : str
        Changes whenever a rule changes.
    rules : tuple of WordingRule
        One for each code.

    Raises
    ------
    KinerjaError
        ``wording_rule_twice``.
    """

    version: str
    rules: tuple[WordingRule, ...]

    def __post_init__(self) -> None:
        codes = [rule.code for rule in self.rules]
        twice = sorted({code for code in codes if codes.count(code) > 1})
        if twice:
            raise KinerjaError("wording_rule_twice", rules=", ".join(twice))

    def rule(self, code: str) -> WordingRule:
        """The rule of a code.

        Raises
        ------
        KinerjaError
            ``wording_rule_unknown``.
        """
        for rule in self.rules:
            if rule.code == code:
                return rule
        raise KinerjaError("wording_rule_unknown", value=code, choices=", ".join(rule.code for rule in self.rules))


def tokens(text: str) -> tuple[str, ...]:
    """Words of a text, lower case, hyphens kept; ``/``, ``%`` and the comma count as words.

    Parameters
    ----------
    text : str
        Any text.

    Examples
    --------
    >>> tokens("Persentase KTP-el (sudah/belum)")
    ('persentase', 'ktp-el', 'sudah', '/', 'belum')
    """
    return tuple(_TOKEN.findall(text.casefold()))


def parse_pattern(text: str) -> Pattern:
    """Read a pattern.

    Parameters
    ----------
    text : str
        Places separated by spaces: ``rapat`` that word, ``orang|warga`` one of them, ``~tingkat`` any word built on the
        root with an affix, ``pe~latih~an`` with that prefix and suffix, ``*`` any word, ``..`` up to three words, and
        ``^`` in front for the beginning of the text.

    Raises
    ------
    KinerjaError
        ``wording_pattern`` when it is empty, ends with a gap or names an unknown affix.

    Examples
    --------
    >>> find(parse_pattern("^ jumlah .. ~susun"), tokens("Jumlah dokumen yang disusun"))
    'jumlah dokumen yang disusun'
    """
    parts = text.casefold().split()
    at_start = parts[:1] == ["^"]
    words = tuple(_parse_word(part, text) for part in parts[at_start:])
    if not words or words[0].gap or words[-1].gap:
        raise KinerjaError("wording_pattern", pattern=text)
    return Pattern(text=text, words=words, at_start=at_start)


def _parse_word(part: str, text: str) -> Word:
    if part == "..":
        return Word(gap=True)
    if part == "*":
        return Word(any_word=True)
    if "~" not in part:
        return Word(literals=tuple(part.split("|")))
    prefix, root, *rest = part.split("~")
    suffix = rest[0] if rest else ""
    if not root or len(rest) > 1 or prefix not in _PREFIXES or suffix not in _SUFFIXES:
        raise KinerjaError("wording_pattern", pattern=text)
    return Word(root=root, prefix=prefix, suffix=suffix)


def find(pattern: Pattern, text: Sequence[str]) -> str:
    """The words at which a pattern stands first; empty where it does not.

    Parameters
    ----------
    pattern : Pattern
        What is looked for.
    text : sequence of str
        Words as ``tokens`` gives them.
    """
    for start in range(1 if pattern.at_start else len(text)):
        end = _end(pattern.words, text, start)
        if end is not None:
            return " ".join(text[start:end])
    return ""


def _end(words: Sequence[Word], text: Sequence[str], at: int) -> int | None:
    """Where a match that begins at a word ends."""
    if not words:
        return at
    if words[0].gap:
        ends = (_end(words[1:], text, at + skipped) for skipped in range(_LONGEST_GAP + 1))
        return next((end for end in ends if end is not None), None)
    if at >= len(text) or not words[0].fits(text[at]):
        return None
    return _end(words[1:], text, at + 1)
