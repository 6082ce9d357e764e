"""What is said to a reader, before it is words: a code and its values.

``core`` and the methods never hold sentences. They say *which* message and with *which* values; ``kinerja_lab.text``
turns it into Indonesian or English.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

__all__ = ["Message", "Words"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A name that a study or a ruleset gives in both languages; a sentence takes the one of its catalogue.

    Parameters
    ----------
    id : str
        In Indonesian.
    en : str
        In English; the Indonesian name where it is empty.
    """

    id: str
    en: str = ""

    def of(self, lang: str) -> str:
        """The name in a language, ``"id"`` or ``"en"``."""
        return self.en or self.id if lang == "en" else self.id

    def __str__(self) -> str:
        return self.id


@dataclass(frozen=True, slots=True)
class Message:
    """A code of the text catalogues and the values its sentence names.

    Parameters
    ----------
    code : str
        Dotted key of the catalogue, e.g. ``"fault.unknown_key"`` or ``"finding.MEA001.concern"``.
    params : mapping of str to object
        Values for the placeholders: text, ``Words``, whole numbers, floats, dates, an ``Estimate`` or another message.
    """

    code: str
    params: Mapping[str, object] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "params", MappingProxyType(dict(self.params)))

    def __str__(self) -> str:
        inside = ", ".join(f"{key}={value!s}" for key, value in self.params.items())
        return f"{self.code}({inside})"

    def __reduce__(self):
        return (Message, (self.code, dict(self.params)))
