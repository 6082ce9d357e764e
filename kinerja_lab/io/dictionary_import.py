"""Which indicators stand in an existing kamus? One per row, with every doubtful cell named and nothing guessed."""

import datetime
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from kinerja_lab.core.errors import InputFault, InputFaults, KinerjaError, closest
from kinerja_lab.core.indicator import Indicator
from kinerja_lab.io.dictionary_mapping import CHOICES, DictionaryMapping
from kinerja_lab.io.dictionary_sheet import Cell, SheetTable, read_sheet
from kinerja_lab.io.indicator_fields import FIELD_ORDER
from kinerja_lab.io.indicator_new import required_fields
from kinerja_lab.io.indicator_text import new_text
from kinerja_lab.io.indicator_values import as_indicator
from kinerja_lab.io.specs import IndicatorSpec, read_spec
from kinerja_lab.io.whole_files import write_whole
from kinerja_lab.io.yaml_text import YamlText

__all__ = ["ImportedIndicator", "read_dictionary", "write_imported"]

_LISTS = ("disaggregation", "evidence")
_RANGE = re.compile(r"(-?[\d.,]+)\s*(?:-|–|:|s\.?d\.?|sampai|to)\s*(-?[\d.,]+)", re.IGNORECASE)
_COMPONENT = re.compile(r"(?P<column>[^\[\]=]+?)\s*(?:\[(?P<unit>[^\]]*)\])?\s*(?:=\s*(?P<meaning>.*))?")
_NEXT_COMPONENT = re.compile(r"\n|;(?=\s*[A-Za-z]\w*\s*\[)")
_NEXT_NAME = re.compile(r"[\n;]")
_THOUSANDS = re.compile(r"-?[1-9]\d{0,2}(\.\d{3})+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedIndicator:
    """One row of a kamus.

    Parameters
    ----------
    row : int
        Its row.
    values : mapping of str to object
        Fields as an indicator file holds them.
    missing : tuple of str
        Required fields that the table does not have; they are left for a person to fill in.
    indicator : Indicator or None
        The indicator, where nothing is missing.
    """

    row: int
    values: Mapping[str, object]
    missing: tuple[str, ...]
    indicator: Indicator | None


def read_dictionary(path: Path, mapping: DictionaryMapping) -> tuple[ImportedIndicator, ...]:
    """Read the indicators of a spreadsheet.

    Parameters
    ----------
    path : pathlib.Path
        XLSX file.
    mapping : DictionaryMapping
        Which column is which field.

    Returns
    -------
    tuple of ImportedIndicator
        One a row. Empty rows are left out, and so is a line of column numbers right below the headings; rows that hold
        nothing but ``fill_down`` columns (the goal lines of a SAKIP table) are read for the rows below them.

    Raises
    ------
    InputFaults
        Every fault with row, column, value and cure.
    """
    table = read_sheet(path, sheet=mapping.sheet, header_row=mapping.header_row, header_rows=mapping.header_rows)
    columns, faults = _columns(table, mapping)
    if faults:
        raise InputFaults(faults)
    faults = _merged_faults(table, columns, mapping)
    carried: dict[str, Cell] = {}
    found: list[ImportedIndicator] = []
    codes: dict[str, int] = {}
    for position, (row, cells) in enumerate(table.rows):
        if position == 0 and _numbering(cells):
            continue
        named = {heading: cells[column] for heading, column in columns.items()
                 if column in cells and cells[column].value is not None}
        carried.update({heading: cell for heading, cell in named.items() if heading in mapping.fill_down})
        if not set(named) - set(mapping.fill_down):
            continue
        reader = _Row(table, mapping, row, {**carried, **named})
        item = reader.read()
        faults += reader.faults
        code = str(item.values.get("code", ""))
        if code and code in codes:
            faults.append(table.fault("book_code_twice", row=row, value=code, indicator=code, first=codes[code]))
        codes.setdefault(code, row)
        found.append(item)
    if not found and not faults:
        faults.append(table.fault("book_no_rows"))
    if faults:
        raise InputFaults(faults)
    return tuple(found)


def write_imported(
    folder: Path, imported: tuple[ImportedIndicator, ...], *, help: Mapping[str, str], schema: str = "",
) -> tuple[Path, ...]:
    """Write one indicator file a row.

    Parameters
    ----------
    folder : pathlib.Path
        Folder, made when absent.
    imported : tuple of ImportedIndicator
        From ``read_dictionary``.
    help : mapping of str to str
        Key -> remark above it.
    schema : str
        Address of the JSON Schema.

    Raises
    ------
    KinerjaError
        ``file_exists``: nothing is overwritten, and then nothing is written at all.
    """
    folder = Path(folder)
    files = [folder / f"{item.values['code']}.yml" for item in imported]
    for file in files:
        if file.exists():
            raise KinerjaError("file_exists", file=file.name)
    folder.mkdir(parents=True, exist_ok=True)
    for file, item in zip(files, imported, strict=True):
        text = new_text(item.values, help=help, required=required_fields(), schema=schema)
        write_whole(file, text.encode("utf-8"))
    return tuple(files)


def _columns(table: SheetTable, mapping: DictionaryMapping) -> tuple[dict[str, int], list[InputFault]]:
    from openpyxl.utils import get_column_letter

    found, faults = {}, []
    for heading in dict.fromkeys([*mapping.columns, *mapping.targets, *mapping.realisations]):
        places = table.headers.get(heading, ())
        if not places:
            faults.append(table.fault("book_header_missing", row=mapping.header_row, header=heading,
                                      choices="; ".join(table.headers) or "-",
                                      nearest=closest(heading, tuple(table.headers)) or "-"))
        elif len(places) > 1:
            cells = ", ".join(f"{get_column_letter(place)}{mapping.header_row}" for place in places)
            faults.append(table.fault("book_header_twice", row=mapping.header_row, header=heading, cells=cells))
        else:
            found[heading] = places[0]
    return found, faults


def _numbering(cells: Mapping[int, Cell]) -> bool:
    """Whether a line only numbers the columns, as printed tables do: 1 2 3 or (1) (2) (3)."""
    said = [str(cells[column].value).strip(" ()") for column in sorted(cells) if cells[column].value is not None]
    return len(said) > 2 and all(re.fullmatch(r"\d{1,2}[a-z]?", part) for part in said)


def _merged_faults(table: SheetTable, columns: Mapping[str, int], mapping: DictionaryMapping) -> list[InputFault]:
    """Merged cells are read where the mapping says that a value holds for the rows below; elsewhere they hide holes."""
    faults = []
    for top, _, left, right, name in table.merged:
        touched = [heading for heading, column in columns.items() if left <= column <= right]
        if touched and not (left == right and touched[0] in mapping.fill_down):
            faults.append(table.fault("book_merged_cells", row=top, column=", ".join(touched), cells=name))
    return faults


class _Row:
    """Reads one row and collects its faults."""

    def __init__(self, table: SheetTable, mapping: DictionaryMapping, row: int, cells: Mapping[str, Cell]) -> None:
        self.table, self.mapping, self.row, self.cells = table, mapping, row, cells
        self.faults: list[InputFault] = []
        self.heading_of = {field: heading for heading, field in mapping.columns.items()}
        self.unit = ""

    def wrong(self, code: str, heading: str, cell: Cell | None = None, **params: object) -> None:
        place = f"{heading} ({cell.place})" if cell else heading
        value = cell.value if cell else ""
        self.faults.append(self.table.fault(code, row=self.row, column=place, value=value, **params))

    def read(self) -> ImportedIndicator:
        values: dict[str, object] = dict(self.mapping.constants)
        unit = self.cells.get(self.heading_of.get("unit", ""))
        self.unit = str(unit.value) if unit else self.mapping.constants.get("unit", "")
        for heading, field in self.mapping.columns.items():
            cell = self.cells.get(heading)
            if cell is not None and self._sound(heading, cell):
                value = self._field(field, heading, cell)
                if value is not None:
                    values[field] = value
        if not values.get("name"):
            self.wrong("book_cell_empty", self.heading_of.get("name", "name"), field="name")
        if "code" not in values and self.mapping.code_from_name and values.get("name"):
            values["code"] = _slug(str(values["name"]))
        if not values.get("code"):
            self.wrong("book_cell_empty", self.heading_of.get("code", "code"), field="code")
        self._years(values)
        values = {field: values[field] for field in FIELD_ORDER if field in values}
        missing = tuple(field for field in required_fields() if values.get(field, "") == "")
        return ImportedIndicator(row=self.row, values=values, missing=missing, indicator=self._checked(values, missing))

    def _sound(self, heading: str, cell: Cell) -> bool:
        if cell.kind != "value":
            self.wrong(f"book_{cell.kind}_cell", heading, cell)
        return cell.kind == "value"

    def _field(self, field: str, heading: str, cell: Cell) -> object:
        if field in CHOICES:
            return self._choice(field, heading, cell)
        if field in ("reviewed", "next_review"):
            return self._date(heading, cell)
        if field == "baseline":
            return self._number(heading, cell)
        if field == "baseline_year":
            year = str(int(cell.value)) if isinstance(cell.value, int | float) else str(cell.value)
            if re.fullmatch(r"[12]\d{3}", year):
                return int(year)
            return self.wrong("book_cell_year", heading, cell)
        if field == "stable_range":
            ends = self._ends(heading, cell)
            return None if ends is None else list(ends)
        if field in _LISTS:
            text = str(cell.value)
            return [part.strip() for part in text.split("\n" if "\n" in text else ";") if part.strip()]
        if field == "components":
            return self._components(heading, cell)
        if isinstance(cell.value, float) and cell.value.is_integer():
            return str(int(cell.value))
        return str(cell.value)

    def _choice(self, field: str, heading: str, cell: Cell) -> str | None:
        said = " ".join(str(cell.value).split())
        known = {word.casefold(): choice for word, choice in self.mapping.values.get(field, {}).items()}
        known |= {choice: choice for choice in CHOICES[field]}
        if said.casefold() in known:
            return known[said.casefold()]
        return self.wrong("book_cell_choice", heading, cell, found=said, field=field, choices=", ".join(known),
                          nearest=closest(said.casefold(), tuple(known)) or "-")

    def _date(self, heading: str, cell: Cell) -> datetime.date | None:
        if isinstance(cell.value, datetime.datetime):
            return cell.value.date()
        try:
            return datetime.date.fromisoformat(str(cell.value))
        except ValueError:
            return self.wrong("book_cell_date", heading, cell)

    def _number(self, heading: str, cell: Cell) -> float | None:
        if isinstance(cell.value, bool | datetime.date):
            return self.wrong("book_cell_number", heading, cell)
        if isinstance(cell.value, int | float):
            if not cell.percent:
                return float(cell.value)
            if self.unit.strip() not in ("%", "persen"):
                return self.wrong("book_cell_percent", heading, cell, unit=self.unit or "-")
            return float(Decimal(repr(cell.value)) * 100)
        return self._typed(str(cell.value), heading, cell)

    def _typed(self, text: str, heading: str, cell: Cell) -> float | None:
        """A number typed as text. 1.234 is refused unless the mapping says which mark is the decimal one."""
        text = text.replace(" ", "").replace("\u00a0", "")
        if self.unit.strip() == "%":
            text = text.removesuffix("%")
        mark = self.mapping.decimal_mark or ("," if "," in text else "")
        if not mark and _THOUSANDS.fullmatch(text):
            return self.wrong("book_cell_ambiguous", heading, cell)
        other = "," if mark == "." else "."
        grouped = re.fullmatch(rf"-?\d{{1,3}}(?:{re.escape(other)}\d{{3}})+(?:{re.escape(mark or other)}\d+)?", text)
        if mark and grouped:
            text = text.replace(other, "")
        if not re.fullmatch(rf"-?\d+(?:{re.escape(mark or '.')}\d+)?", text):
            return self.wrong("book_cell_number", heading, cell)
        return float(text.replace(mark, ".") if mark else text)

    def _ends(self, heading: str, cell: Cell) -> tuple[float, float] | None:
        """Two ends of a range, or one number as both."""
        found = _RANGE.fullmatch(str(cell.value)) if isinstance(cell.value, str) else None
        if found is None:
            one = self._number(heading, cell)
            return None if one is None else (one, one)
        low, high = (self._typed(part, heading, cell) for part in found.groups())
        if low is None or high is None:
            return None
        return (low, high) if low < high else self.wrong("book_cell_range", heading, cell)

    def _components(self, heading: str, cell: Cell) -> list[dict[str, str]] | None:
        out = []
        # A semicolon inside a meaning separates nothing; one before the next "column [unit]" does.
        sign = _NEXT_COMPONENT if "[" in str(cell.value) else _NEXT_NAME
        for part in filter(None, (part.strip() for part in sign.split(str(cell.value)))):
            found = _COMPONENT.fullmatch(part)
            if found is None:
                return self.wrong("book_cell_components", heading, cell)
            out.append({name: text or "" for name, text in found.groupdict().items()})
        return out

    def _years(self, values: dict[str, object]) -> None:
        """Targets and realisations by year; a range goes to ``targets``, its realisation stays in ``series``."""
        series: dict[str, dict[str, object]] = {}
        ranges, unread = [], set()
        for heading, year in self.mapping.targets.items():
            cell = self.cells.get(heading)
            if cell is None:
                continue
            ends = self._ends(heading, cell) if self._sound(heading, cell) else None
            if ends is None:
                unread.add(year)
                continue
            if isinstance(cell.value, str) and _RANGE.fullmatch(cell.value):
                ranges.append({"period": year, "low": ends[0], "high": ends[1]})
            else:
                series[year] = {"period": year, "target": ends[0]}
        for heading, year in self.mapping.realisations.items():
            cell = self.cells.get(heading)
            if cell is None or not self._sound(heading, cell):
                continue
            number = self._number(heading, cell)
            ranged = any(item["period"] == year for item in ranges)
            if number is not None and (year in series or ranged):
                series.setdefault(year, {"period": year})["realisation"] = number
            elif number is not None and year not in unread:
                self.wrong("book_no_target", heading, cell, year=year)
        if series:
            values["series"] = [series[year] for year in sorted(series)]
        if ranges:
            values["targets"] = sorted(ranges, key=lambda item: item["period"])

    def _checked(self, values: Mapping[str, object], missing: tuple[str, ...]) -> Indicator | None:
        """The indicator, and what its own rules say about the row; an unfinished row is only checked key by key."""
        if self.faults:
            return None
        text = YamlText(file=self.table.file, data=dict(values), lines={})
        spec, found = read_spec(IndicatorSpec, text)
        indicator = None
        if spec is not None:
            indicator, found = as_indicator(spec, text)
        for fault in found:
            field = fault.column.split(".")[0]
            if fault.message.code == "fault.missing_key" or (field in missing):
                continue
            heading = self.heading_of.get(field, field)
            self.wrong("book_cell_value", heading, self.cells.get(heading), field=field, reason=fault.message)
        return indicator if not missing and not self.faults else None


def _slug(name: str) -> str:
    code = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")
    code = code if code[:1].isalpha() else f"i_{code}"
    return code[:40].rstrip("_")
