"""What is a method called in the reader's language? Methods name their conventions in English, the field's terms."""

import re
from functools import cache

from kinerja_lab.text.catalogue import Catalogue, catalogue

__all__ = ["method_text"]

_SECTION = "method_phrase."
_POINT = re.compile(r"(?<=\d)\.(?=\d)")


def method_text(method: str, *, words: Catalogue) -> str:
    """The ``method`` of an estimate, with every phrase that the catalogues know put into the reader's language.

    Parameters
    ----------
    method : str
        As a method says it; what the catalogues do not know stays as it is (names of people, REML, XmR).
    words : Catalogue
        Of the report's language.

    Examples
    --------
    >>> method_text("Taylor linearisation, t", words=catalogue("id"))
    'linearisasi Taylor, t'
    """
    if words.lang == "en":
        return method
    pattern, keys = _phrases()
    return _POINT.sub(",", pattern.sub(lambda found: words.text(keys[found.group()]), method))


@cache
def _phrases() -> tuple[re.Pattern[str], dict[str, str]]:
    """Longest first, so that a part of a phrase never wins over the whole; only as whole words."""
    english = catalogue("en")
    keys = {english.template(key): key for key in english.keys if key.startswith(_SECTION)}
    return re.compile("|".join(_whole(text) for text in sorted(keys, key=len, reverse=True))), keys


def _whole(text: str) -> str:
    before = r"(?<!\w)" if text[0].isalnum() else ""
    return f"{before}{re.escape(text)}(?!\\w)"
