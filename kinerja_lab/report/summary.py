"""Every estimate of every region in one table, for those who calculate further."""

import io
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from kinerja_lab.core.estimate import FIXED_COLUMNS
from kinerja_lab.io.dictionary_xlsx import DANGEROUS

__all__ = ["estimates_frame", "parquet_bytes", "xlsx_bytes"]

_NUMBERS = ("value", "low", "high", "level", "n")
_FIRST = ("region", "region_name", "section")
_SHEET = "estimates"
_SHEET_ROWS = 1_048_575


def estimates_frame(results: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
    """Estimates of all regions in long form.

    Parameters
    ----------
    results : sequence of mapping
        Contents of the regions' ``result.json``.

    Returns
    -------
    pandas.DataFrame
        ``region, region_name, section``, the group columns, then the fixed columns; unrounded, NaN where there is no
        number.
    """
    rows = [{"section": "", **row, "region": result["region"]["code"], "region_name": result["region"]["name"]}
            for result in results for row in result["estimates"]]
    names = list(dict.fromkeys(name for row in rows for name in row))
    groups = [name for name in names if name not in (*_FIRST, *FIXED_COLUMNS)]
    frame = pd.DataFrame(rows, columns=[*_FIRST, *groups, *FIXED_COLUMNS])
    for name in frame.columns:
        if name in _NUMBERS:
            frame[name] = pd.to_numeric(frame[name])
        else:
            frame[name] = [None if value is None or value != value else str(value) for value in frame[name]]
    return frame


def parquet_bytes(frame: pd.DataFrame) -> bytes:
    """The table as a Parquet file."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def xlsx_bytes(frame: pd.DataFrame) -> bytes:
    """The table as a workbook. Text is written as text: a unit named ``=HYPERLINK(...)`` never becomes a formula, and
    carries the mark by which spreadsheets keep it a text when it is edited.

    Rows beyond what a worksheet can hold go to further sheets.
    """
    import xlsxwriter

    buffer = io.BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
                                        "strings_to_numbers": False})
    head, quoted = book.add_format({"bold": True, "bottom": 1}), book.add_format({"quote_prefix": True})
    for number, start in enumerate(range(0, max(1, len(frame)), _SHEET_ROWS), start=1):
        sheet = book.add_worksheet(_SHEET if number == 1 else f"{_SHEET}_{number}")
        part = frame.iloc[start:start + _SHEET_ROWS]
        for column, name in enumerate(frame.columns):
            sheet.write_string(0, column, name, head)
            for row, value in enumerate(part[name], start=1):
                if isinstance(value, str):
                    sheet.write_string(row, column, value, quoted if value.startswith(DANGEROUS) else None)
                elif value is not None and value == value:
                    sheet.write_number(row, column, float(value))
        sheet.freeze_panes(1, 0)
        sheet.autofilter(0, 0, len(part), len(frame.columns) - 1)
    book.close()
    return buffer.getvalue()
