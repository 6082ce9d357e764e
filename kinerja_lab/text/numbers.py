"""How a number or a date is written: decimal comma in Indonesian, point in English."""

from datetime import date
from math import isinf, isnan

from babel.dates import format_date
from babel.numbers import format_decimal

__all__ = ["MISSING_MARK", "date_text", "number"]

MISSING_MARK = "–"
"""Printed where there is no number."""


def number(value: float, *, lang: str, spec: str = ".2f") -> str:
    """A number as text.

    Parameters
    ----------
    value : float
        NaN becomes ``MISSING_MARK``.
    lang : str
        ``"id"`` or ``"en"``.
    spec : str
        ``".<decimals>f"``, ``".<decimals>%"`` (of a share), or ``"d"``.

    Examples
    --------
    >>> number(1234.5, lang="id", spec=".1f")
    '1.234,5'
    >>> number(0.953, lang="id", spec=".0%")
    '95%'
    """
    if isnan(value):
        return MISSING_MARK
    if isinf(value):
        return "∞" if value > 0 else "-∞"
    percent = spec.endswith("%")
    decimals = 0 if spec == "d" else int(spec.strip(".f%") or 0)
    pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
    text = format_decimal(100 * value if percent else value, format=pattern, locale=lang)
    if text.strip("-0.,") == "" and text.startswith("-"):
        text = text[1:]  # no "-0,00"
    return text + ("%" if percent else "")


def date_text(value: date, *, lang: str) -> str:
    """A date in words, e.g. ``21 November 2026``."""
    return format_date(value, format="d MMMM y", locale=lang)
