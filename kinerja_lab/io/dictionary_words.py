"""How does each field of an indicator stand in a kamus: as which text?"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from math import isnan

from kinerja_lab.core.indicator import Confidence, Indicator, PeriodTarget
from kinerja_lab.io.indicator_fields import FIELD_ORDER

__all__ = ["DictionaryWords", "indicator_cells", "manual_rows", "plain_number", "printable"]

_OPTIONAL = frozenset({
    "name_en", "rate", "stable_range", "denominator", "row_unit", "survey", "measure", "agencies", "criteria",
    "ruleset", "retired", "confidence",
})
"""Fields that a manual leaves out when they are empty; the others it shows as not filled in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DictionaryWords:
    """The words of one language, handed in by the caller because this layer has none.

    Parameters
    ----------
    text : callable
        ``text(key, **params)`` gives the sentence of a key of the catalogues, e.g. ``text("indicator_field.code")``.
    decimal_mark : str
        ``","`` or ``"."``.
    """

    text: Callable[..., str]
    decimal_mark: str


def indicator_cells(indicator: Indicator, *, words: DictionaryWords) -> dict[str, str]:
    """Every field as text, in the order of a manual; an empty text where nothing is filled in.

    Parameters
    ----------
    indicator : Indicator
        The indicator.
    words : DictionaryWords
        Words of one language.

    Notes
    -----
    A definition that is only remembered (``confidence: mem``) is never given a source: a sentence says so instead.
    Numbers keep all their decimals and have no thousands mark, so that the table can be read back.
    """
    cells = {name: _cell(name, getattr(indicator, name), words) for name in FIELD_ORDER}
    cells["series"] = _series(indicator, words)
    if indicator.confidence is Confidence.MEM:
        cells["definition_source"] = words.text("dictionary.unchecked")
    return {name: printable(value) for name, value in cells.items()}


def manual_rows(indicator: Indicator, *, words: DictionaryWords) -> tuple[tuple[str, str], ...]:
    """Heading and text of each field of one indicator, as a manual IKU prints them.

    Parameters
    ----------
    indicator : Indicator
        The indicator.
    words : DictionaryWords
        Words of one language.
    """
    missing = words.text("dictionary.not_stated")
    cells = indicator_cells(indicator, words=words)
    if not indicator.survey:
        cells["survey"] = ""
    return tuple((words.text(f"indicator_field.{name}"), value or missing) for name, value in cells.items()
                 if value or name not in _OPTIONAL)


def plain_number(value: float, *, decimal_mark: str) -> str:
    """A number with every decimal it has and no thousands mark.

    Parameters
    ----------
    value : float
        NaN becomes an empty text.
    decimal_mark : str
        ``","`` or ``"."``.

    Examples
    --------
    >>> plain_number(0.325, decimal_mark=","), plain_number(100000.0, decimal_mark=",")
    ('0,325', '100000')
    """
    if isnan(value):
        return ""
    text = format(Decimal(repr(float(value))), "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return text.replace(".", decimal_mark)


def printable(text: str) -> str:
    """A text without control characters, which no office file can hold; line ends and tabs stay.

    Parameters
    ----------
    text : str
        Any text.
    """
    return "".join(sign for sign in text if sign in "\n\t\r" or (sign >= " " and not "\ud800" <= sign <= "\udfff"
                                                                   and sign not in "\x7f\ufffe\uffff"))


def _cell(name: str, value: object, words: DictionaryWords) -> str:
    if value is None:
        return ""
    if name == "survey":
        return words.text("dictionary.yes" if value else "dictionary.no")
    if isinstance(value, Enum):
        return words.text(f"indicator_option.{value.value}")
    if isinstance(value, float):
        return plain_number(value, decimal_mark=words.decimal_mark)
    if isinstance(value, date):
        return value.isoformat()
    if name in _WRITERS:
        return _WRITERS[name](value, words)
    if isinstance(value, tuple):
        return "\n".join(str(part) for part in value)
    return str(value)


def _number(value: float, words: DictionaryWords) -> str:
    return plain_number(value, decimal_mark=words.decimal_mark) or "-"


def _stable_range(value, words: DictionaryWords) -> str:
    return words.text("dictionary.range", low=_number(value[0], words), high=_number(value[1], words))


def _components(value, words: DictionaryWords) -> str:
    return "\n".join(f"{item.column} [{item.unit}] = {item.meaning}" for item in value)


def _series(indicator: Indicator, words: DictionaryWords) -> str:
    """A year whose target is a range has no number of its own: its range is written."""
    out = []
    for item in indicator.series:
        ends = indicator.target_range(item.period)
        target = _number(item.target, words) if ends is None else _stable_range(ends, words)
        out.append(words.text("dictionary.target", period=item.period, target=target,
                              realisation=_number(item.realisation, words)))
    return "; ".join(out)


def _targets(value, words: DictionaryWords) -> str:
    return "; ".join(_target(item, words) for item in value)


def _target(item: PeriodTarget, words: DictionaryWords) -> str:
    low, high = _number(item.low, words), _number(item.high, words)
    if low == high:
        return words.text("dictionary.target_single", period=item.period, low=low)
    return words.text("dictionary.target_range", period=item.period, low=low, high=high)


def _rule(value, words: DictionaryWords) -> str:
    down = "linear" if value.down.value == "linear" else "down_ratio"
    cap = "cap_none" if value.cap.value == "none" else value.cap.value
    return words.text("dictionary.rule", down=words.text(f"dictionary.{down}"), cap=words.text(f"dictionary.{cap}"),
                      zero=words.text(f"dictionary.zero_{value.zero.value}"))


def _criteria(value, words: DictionaryWords) -> str:
    return "; ".join(words.text("dictionary.criterion_up" if item.sign == 1 else "dictionary.criterion_down",
                                measure=item.measure) for item in value)


def _revisions(value, words: DictionaryWords) -> str:
    lines = []
    for item in value:
        line = words.text("dictionary.revision", on=item.on.isoformat(), by=item.by, reason=item.reason)
        lines.append(words.text("dictionary.broken", revision=line) if item.breaks_series else line)
    return "\n".join(lines)


def _retired(value, words: DictionaryWords) -> str:
    return words.text("dictionary.retired", on=value.on.isoformat(), by=value.by, reason=value.reason)


_WRITERS = {
    "stable_range": _stable_range, "components": _components, "targets": _targets, "rule": _rule,
    "criteria": _criteria, "revisions": _revisions, "retired": _retired,
}
