"""From a message code to a sentence, in Indonesian (default) or English."""

import re
import tomllib
from datetime import date
from functools import cache
from importlib.resources import files
from numbers import Integral, Real
from string import Formatter

from kinerja_lab.core.errors import InputFault, InputFaults, KinerjaError, closest
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.core.message import Message, Words
from kinerja_lab.text.numbers import date_text, number

__all__ = ["LANGUAGES", "Catalogue", "catalogue"]

LANGUAGES = ("id", "en")

_ABOUT_NEAREST = re.compile(r"(?:^|(?<=[.!?]))\s*[^.!?{}]*\{nearest\}[.?]")
"""The sentence that names the nearest choice; it is left out where none is near (``nearest`` is ``-``)."""


class Catalogue:
    """Sentences of one language; make it with ``catalogue(lang)``."""

    def __init__(self, lang: str, entries: dict[str, str]) -> None:
        self.lang = lang
        self._entries = entries
        self._formatter = _ReaderFormatter(self)

    @property
    def keys(self) -> frozenset[str]:
        """All dotted keys."""
        return frozenset(self._entries)

    def template(self, key: str) -> str:
        """The raw sentence of a key (for the tests that compare languages)."""
        return self._entries[key]

    def text(self, key: str, **params: object) -> str:
        """The sentence of a dotted key with its values filled in."""
        return self.sentence(Message(key, params))

    def sentence(self, message: Message) -> str:
        """The sentence of a message."""
        entry = self._entries[message.code]
        if message.params.get("nearest") == "-":
            entry = _ABOUT_NEAREST.sub("", entry)
        return self._formatter.vformat(entry, (), message.params)

    def has(self, key: str) -> bool:
        """Whether the catalogue has a key."""
        return key in self._entries

    def name(self, section: str, code: str) -> str:
        """The word for a code, e.g. ``name("unit", "index_100")``; the code itself where there is no entry."""
        return self._entries.get(f"{section}.{code}", code)

    def fault(self, fault: InputFault) -> str:
        """One input fault as one line: where, what, value, cure."""
        where = ", ".join(part for part in (
            fault.file,
            self.text("fault_where.line", line=str(fault.line)) if fault.line is not None else "",
            self.text("fault_where.column", column=fault.column) if fault.column else "",
        ) if part)
        what = self.sentence(fault.message)
        echo = " " + self.text("fault_where.value", value=fault.value) if fault.value else ""
        return f"{where}: {what}{echo}" if where else f"{what}{echo}"

    def error(self, error: KinerjaError) -> list[str]:
        """An error as lines for the user; every fault of ``InputFaults`` has its own."""
        if isinstance(error, InputFaults):
            return [self.sentence(error.message), *(f"  - {self.fault(fault)}" for fault in error.faults)]
        return [self.sentence(error.message)]


class _ReaderFormatter(Formatter):
    def __init__(self, owner: Catalogue) -> None:
        self._owner = owner

    def format_field(self, value: object, format_spec: str) -> str:
        lang = self._owner.lang
        if isinstance(value, Message):
            return self._owner.sentence(value)
        if isinstance(value, Words):
            return value.of(lang)
        if isinstance(value, Estimate):
            spec = format_spec or ".2f"
            text = number(value.value, lang=lang, spec=spec)
            if not value.has_interval:
                return text
            return self._owner.text(
                "number.interval", value=text, level=number(value.level, lang=lang, spec=".0%"),
                low=number(value.low, lang=lang, spec=spec), high=number(value.high, lang=lang, spec=spec),
            )
        if isinstance(value, bool):
            return self._owner.text("number.true" if value else "number.false")
        if isinstance(value, Integral):
            return number(int(value), lang=lang, spec=format_spec or "d")
        if isinstance(value, Real):
            return number(float(value), lang=lang, spec=format_spec or ".2f")
        if isinstance(value, date):
            return date_text(value, lang=lang)
        return str(value)


@cache
def catalogue(lang: str) -> Catalogue:
    """The catalogue of a language.

    Raises
    ------
    KinerjaError
        ``unknown_language``.
    """
    if lang not in LANGUAGES:
        raise KinerjaError("unknown_language", value=lang, choices=", ".join(LANGUAGES),
                           nearest=closest(lang, LANGUAGES) or "-")
    entries: dict[str, str] = {}
    for file in sorted(files("kinerja_lab.text").joinpath(lang).iterdir(), key=lambda item: item.name):
        if file.name.endswith(".toml"):
            _flatten(tomllib.loads(file.read_text(encoding="utf-8")), "", entries, file.name)
    return Catalogue(lang, entries)


def _flatten(table: dict, prefix: str, into: dict[str, str], source: str) -> None:
    for key, value in table.items():
        dotted = f"{prefix}{key}"
        if isinstance(value, dict):
            _flatten(value, f"{dotted}.", into, source)
        elif dotted in into:
            raise ValueError(f"{source}: the key {dotted} stands in two catalogue files")
        else:
            into[dotted] = value
