"""How is a kamus written as a spreadsheet in which no text can become a formula?"""

from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from kinerja_lab.core.indicator import Indicator
from kinerja_lab.io.dictionary_words import DictionaryWords, indicator_cells, printable
from kinerja_lab.io.indicator_fields import FIELD_ORDER
from kinerja_lab.io.whole_files import write_whole

__all__ = ["DANGEROUS", "write_dictionary_xlsx"]

DANGEROUS = ("=", "+", "-", "@", "\t", "\r")
"""First characters that make a spreadsheet take a text for a formula when somebody edits or converts it."""

_MAX_CELL = 32_767
_WIDE_FIELDS = ("name", "question", "why", "concept", "definition", "interpretation", "numerator", "formula")
_WIDE = 45
_NARROW = 18


def write_dictionary_xlsx(path: Path, indicators: Sequence[Indicator], *, words: DictionaryWords) -> None:
    """Write one row an indicator and one column a field, text only.

    Parameters
    ----------
    path : pathlib.Path
        File to write; it appears whole or not at all.
    indicators : sequence of Indicator
        The indicators.
    words : DictionaryWords
        Words of one language.

    Notes
    -----
    Every cell is written as a string, numbers too. A text that begins with ``= + - @``, a tab or a carriage return also
    carries the mark by which spreadsheets keep it a text when it is edited.
    """
    import xlsxwriter

    out = BytesIO()
    safe = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    with xlsxwriter.Workbook(out, safe) as book:
        sheet = book.add_worksheet(words.text("dictionary.sheet")[:31])
        head = book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1})
        plain = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"})
        quoted = book.add_format({"text_wrap": True, "valign": "top", "num_format": "@", "quote_prefix": True})
        for column, name in enumerate(FIELD_ORDER):
            sheet.write_string(0, column, printable(words.text(f"indicator_field.{name}")), head)
            sheet.set_column(column, column, _WIDE if name in _WIDE_FIELDS else _NARROW)
        for row, indicator in enumerate(indicators, start=1):
            for column, value in enumerate(indicator_cells(indicator, words=words).values()):
                sheet.write_string(row, column, value[:_MAX_CELL], quoted if value.startswith(DANGEROUS) else plain)
        sheet.freeze_panes(1, 2)
        sheet.autofilter(0, 0, len(indicators), len(FIELD_ORDER) - 1)
    write_whole(path, out.getvalue())
