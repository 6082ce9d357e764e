"""What stands where a result would have stood? The reason, as a value in the results and as a line in the report."""

from collections.abc import Callable
from html import escape
from typing import TypeVar

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.text.catalogue import catalogue

__all__ = ["or_reason", "reason_html"]

Answer = TypeVar("Answer")


def or_reason(answer: Callable[[], Answer]) -> Answer | NotApplicable:
    """The answer, or the reason why there is none: a report can always ask, and never meets ``None``."""
    try:
        return answer()
    except NotApplicable as reason:
        return reason


def reason_html(reason: NotApplicable, *, lang: str, section: str = "", head: str = "") -> str:
    """The reason as a paragraph, after the name of the section it stands for (or ``head``, where that is given)."""
    words = catalogue(lang)
    name = head or (words.name("section", section) if section else "")
    shown = f"<strong>{escape(name)}:</strong> " if name else ""
    return f'<p class="status-na">{shown}{escape(words.sentence(reason.message))}</p>'
