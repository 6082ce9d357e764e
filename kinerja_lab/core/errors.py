"""What can go wrong, in a form that can be explained to the user in his language.

Three kinds and no more: an ``InputFault`` is one thing wrong in what the user gave (``InputFaults`` carries all of
them at once), a ``NotApplicable`` says that a method has no answer here and why, a ``KinerjaError`` is anything else
that a user can act on. Anything that is not one of these is a bug of ours.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from kinerja_lab.core.message import Message

__all__ = ["InputFault", "InputFaults", "KinerjaError", "NotApplicable", "closest"]


class KinerjaError(Exception):
    """An error the user can act on.

    Parameters
    ----------
    code : str
        Name under ``[error]`` of the text catalogues; the catalogue gives what happened and the cure.
    **params
        Values for the sentence.
    """

    section = "error"

    def __init__(self, code: str, /, **params: object) -> None:
        self.message = Message(f"{self.section}.{code}", params)
        super().__init__(str(self.message))

    def __reduce__(self):
        return (_rebuild, (type(self), self.message.code.split(".", 1)[1], dict(self.message.params)))


class NotApplicable(KinerjaError):
    """A method has no answer for this data; the reason is a code under ``[not_applicable]``.

    It is raised by methods and stored, as a value, wherever a result would have stood.
    """

    section = "not_applicable"


def _rebuild(kind: type, code: str, params: dict) -> KinerjaError:
    return kind(code, **params)


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFault:
    """One fault in what the user gave.

    Parameters
    ----------
    message : Message
        Code under ``[fault]``, with the values of the sentence (what is wrong, and the cure).
    file : str
        File as the user knows it; empty when the value did not come from a file.
    line : int or None
        Line of a text file, 1-based, or row of a table (the header is row 1).
    column : str
        Column or key.
    value : str
        The value as read, echoed back (masked where it is personal data).
    """

    message: Message
    file: str = ""
    line: int | None = None
    column: str = ""
    value: str = ""

    def __str__(self) -> str:
        where = ":".join(part for part in (self.file, str(self.line or ""), self.column) if part)
        return f"{where} {self.message} [{self.value}]"


class InputFaults(KinerjaError):
    """Every fault found in the user's input, never only the first."""

    def __init__(self, faults: Iterable[InputFault]) -> None:
        self.faults: tuple[InputFault, ...] = tuple(faults)
        if not self.faults:
            raise ValueError("InputFaults needs at least one fault")
        super().__init__("input_faults", n=len(self.faults))

    def __str__(self) -> str:
        return "\n".join(str(fault) for fault in self.faults)

    def __reduce__(self):
        return (InputFaults, (self.faults,))


def closest(word: str, choices: Sequence[str]) -> str:
    """The choice that the user probably meant, or an empty string.

    Parameters
    ----------
    word : str
        What was typed.
    choices : sequence of str
        What would have been accepted.
    """
    plain = {choice.casefold(): choice for choice in reversed(choices)}
    found = get_close_matches(word.casefold(), list(plain), n=1, cutoff=0.6)
    return plain[found[0]] if found else ""
