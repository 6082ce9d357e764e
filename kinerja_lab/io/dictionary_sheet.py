"""What stands in the table of a spreadsheet? Merged headings are read, everything doubtful is refused with its cell."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile, ZipFile

from kinerja_lab.core.errors import InputFault, InputFaults, closest
from kinerja_lab.core.message import Message

__all__ = ["Cell", "SheetTable", "read_sheet"]

MAX_BYTES = 10_000_000
MAX_UNPACKED = 200_000_000
MAX_ROWS = 5_000
MAX_COLUMNS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One cell.

    Parameters
    ----------
    value : object
        Text without spaces around it, number, date, boolean, or None.
    place : str
        E.g. ``"C5"``.
    percent : bool
        Whether it is shown as a percentage: 0.938 reads as 93.8.
    kind : str
        ``"value"``, ``"formula"`` or ``"error"``.
    """

    value: object
    place: str
    percent: bool = False
    kind: str = "value"


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetTable:
    """A table below its headings.

    Parameters
    ----------
    file : str
        File as the user knows it.
    headers : dict
        Heading -> columns (from 1) that carry it. Headings of several rows are joined by ``" / "``; a heading merged
        over several columns stands over each.
    rows : tuple
        Row number and its cells by column.
    merged : tuple
        Merged areas below the headings: first row, last row, first column, last column, name.
    """

    file: str
    headers: dict[str, tuple[int, ...]]
    rows: tuple[tuple[int, dict[int, Cell]], ...]
    merged: tuple[tuple[int, int, int, int, str], ...]

    def fault(self, code: str, *, row: int | None = None, column: str = "", value: object = "",
              **params: object) -> InputFault:
        """A fault in this table; ``code`` stands under ``[fault]``."""
        shown = "" if value is None else str(value)[:120]
        return InputFault(message=Message(f"fault.{code}", params), file=self.file, line=row, column=column,
                          value=shown)


def read_sheet(path: Path, *, sheet: str, header_row: int, header_rows: int) -> SheetTable:
    """Read one sheet of an XLSX file.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    sheet : str
        Name of the sheet; the first one when empty.
    header_row, header_rows : int
        First row of the headings (from 1), and how many rows they take.

    Raises
    ------
    InputFaults
        ``file_missing``, ``book_not_xlsx``, ``book_sheet_missing``, ``book_file_big``, ``book_sheet_big``,
        ``book_header_merged``.
    """
    book = _open(Path(path))
    name = Path(path).name
    if sheet and sheet not in book.sheetnames:
        raise _single(name, "book_sheet_missing", sheet=sheet, choices=", ".join(book.sheetnames),
                      nearest=closest(sheet, book.sheetnames) or "-")
    page = book[sheet] if sheet else book.worksheets[0]
    if page.max_row > MAX_ROWS or page.max_column > MAX_COLUMNS:
        raise _single(name, "book_sheet_big", rows=page.max_row, columns=page.max_column)
    last = header_row + header_rows - 1
    merged = [(area.min_row, area.max_row, area.min_col, area.max_col, str(area)) for area in page.merged_cells.ranges]
    across = [area for area in merged if area[0] <= last < area[1] and area[1] > last]
    if across:
        raise InputFaults([InputFault(message=Message("fault.book_header_merged", {"cells": area[4]}), file=name,
                                      line=area[0]) for area in across])
    headers = _headers(page, header_row, last, merged)
    rows = tuple((row, {cell.column: _cell(cell) for cell in line if cell.value is not None})
                 for row, line in enumerate(page.iter_rows(min_row=last + 1), start=last + 1))
    below = tuple(sorted(area for area in merged if area[0] > last))
    return SheetTable(file=name, headers=headers, rows=rows, merged=below)


def _open(path: Path):
    """The workbook, after its size was looked at: a small file may unpack into a very large one."""
    from openpyxl import load_workbook

    if not path.is_file():
        raise _single(path.name, "file_missing", file=path.name)
    raw = path.read_bytes()
    try:
        with ZipFile(BytesIO(raw)) as packed:
            size = sum(item.file_size for item in packed.infolist())
        if len(raw) > MAX_BYTES or size > MAX_UNPACKED:
            raise _single(path.name, "book_file_big", limit=MAX_BYTES, unpacked=MAX_UNPACKED)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # what openpyxl cannot keep (drop-down lists, pictures) is not read here
            return load_workbook(BytesIO(raw), data_only=False)
    except InputFaults:
        raise
    except (BadZipFile, KeyError, ValueError, TypeError, OSError, SyntaxError, AttributeError, IndexError) as error:
        # A damaged file fails somewhere deep in the reader; whatever it says, the file is no sound workbook.
        raise _single(path.name, "book_not_xlsx") from error


def _single(name: str, code: str, **params: object) -> InputFaults:
    return InputFaults([InputFault(message=Message(f"fault.{code}", params), file=name)])


def _cell(cell) -> Cell:
    kind = {"f": "formula", "e": "error"}.get(cell.data_type, "value")
    value = cell.value.strip() if isinstance(cell.value, str) else cell.value
    percent = "%" in str(cell.number_format) and isinstance(value, int | float) and not isinstance(value, bool)
    return Cell(value=None if value == "" else value, place=cell.coordinate, percent=percent, kind=kind)


def _headers(page, first: int, last: int, merged: Sequence[tuple]) -> dict[str, tuple[int, ...]]:
    found: dict[str, list[int]] = {}
    for column in range(1, page.max_column + 1):
        parts: list[str] = []
        for row in range(first, last + 1):
            area = next((a for a in merged if a[0] <= row <= a[1] and a[2] <= column <= a[3]), None)
            value = page.cell(*((area[0], area[2]) if area else (row, column))).value
            text = " ".join(str(value).split()) if value is not None else ""
            if text and (not parts or parts[-1] != text):
                parts.append(text)
        if parts:
            found.setdefault(" / ".join(parts), []).append(column)
    return {header: tuple(columns) for header, columns in found.items()}
