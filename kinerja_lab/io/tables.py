"""How does a table that somebody sends become a survey? CSV, Excel, Parquet or SPSS, with every bad cell listed."""

from collections.abc import Collection, Mapping
from pathlib import Path

import pandas as pd

from kinerja_lab.core.errors import InputFault, InputFaults, closest
from kinerja_lab.core.instrument import Instrument
from kinerja_lab.core.message import Message
from kinerja_lab.core.survey import SURVEY_COLUMNS, Design, SurveyData
from kinerja_lab.io.cells import numbers_where_safe
from kinerja_lab.io.faults import row_faults
from kinerja_lab.io.personal import personal_data_faults
from kinerja_lab.io.rulesets import load_ruleset, match_elements

__all__ = ["FORMATS", "read_survey", "read_table"]

FORMATS = (".csv", ".xlsx", ".parquet", ".sav")
DESIGN = ("weight", "stratum", "cluster", "rater")


def read_table(path: Path, *, text: Collection[str] = ()) -> pd.DataFrame:
    """Read a table as it stands.

    Parameters
    ----------
    path : pathlib.Path
        ``.csv`` (comma or semicolon, UTF-8), ``.xlsx`` (first sheet), ``.parquet`` or ``.sav`` (SPSS, codes not
        labels).
    text : collection of str
        Columns whose cells are codes, never numbers: 52.70 must not become 52.7, nor 0101 become 101.

    Raises
    ------
    InputFaults
        ``file_missing``, ``table_format``, ``table_unreadable`` or ``table_empty``.
    """
    path = Path(path)
    if not path.is_file():
        raise InputFaults([_fault("file_missing", path, file=path.name)])
    readers = dict(zip(FORMATS, (_csv, _excel, _parquet, _spss), strict=True))
    if path.suffix.lower() not in readers:
        raise InputFaults([_fault("table_format", path)])
    try:
        frame = readers[path.suffix.lower()](path, text)
    except Exception as error:  # each library has its own errors; all of them mean that the file is no such table
        raise InputFaults([_fault("table_unreadable", path, kind=type(error).__name__)]) from error
    frame.columns = [str(name).strip() for name in frame.columns]
    if frame.empty:
        raise InputFaults([_fault("table_empty", path)])
    return frame


def read_survey(
    path: Path, *, instrument: Instrument, columns: Mapping[str, str], items: Mapping[str, str] | None = None,
    design: Mapping[str, str] | None = None,
) -> SurveyData:
    """Read answers of respondents and check every cell.

    Parameters
    ----------
    path : pathlib.Path
        See ``read_table``.
    instrument : Instrument
        Items and scale.
    columns : mapping of str to str
        ``region, agency, unit, period`` to the table's columns.
    items : mapping of str to str or None
        Item code to column; None matches by the item codes, else by the names of the ruleset's elements.
    design : mapping of str to str or None
        ``weight``, ``stratum``, ``cluster`` to the table's columns.

    Raises
    ------
    InputFaults
        All of them, with row (the header is row 1), column, value and cure.
    """
    path, design = Path(path), dict(design or {})
    codes = [*columns.values(), *(column for name, column in design.items() if name != "weight")]
    frame = read_table(path, text=codes)
    faults = list(personal_data_faults(frame, file=path.name))
    named = {**columns, **design}
    faults += [_fault("column_unnamed", path, column=name, choices=", ".join(frame.columns))
               for name in SURVEY_COLUMNS if name not in columns]
    try:
        mapped = dict(items) if items is not None else _item_columns(frame, instrument, path)
    except InputFaults as error:
        raise InputFaults([*faults, *error.faults]) from None
    faults += [_fault("column_missing", path, column=column, value=column, table=path.name,
                      nearest=closest(column, list(frame.columns)) or "-", choices=", ".join(frame.columns))
               for column in (*named.values(), *mapped.values()) if column not in frame.columns]
    faults += [_fault("item_unmapped", path, item=code) for code in instrument.item_codes if code not in mapped]
    if not any(fault.message.code in ("fault.column_missing", "fault.item_unmapped", "fault.column_unnamed")
               for fault in faults):
        faults += _cell_faults(frame, instrument, mapped, named, path)
    if faults:
        raise InputFaults(faults)
    out = pd.DataFrame({name: frame[columns[name]].astype(str) for name in SURVEY_COLUMNS})
    for code in instrument.item_codes:
        out[code] = pd.to_numeric(frame[mapped[code]])
    for name, column in design.items():
        out[name] = pd.to_numeric(frame[column]) if name == "weight" else frame[column].astype(str)
    named_design = {name: name for name in design if name in ("weight", "stratum", "cluster")}
    return SurveyData(frame=out.astype(dict.fromkeys(instrument.item_codes, float)), instrument=instrument,
                      design=Design(**named_design))


def _item_columns(frame: pd.DataFrame, instrument: Instrument, path: Path) -> dict[str, str]:
    if all(code in frame.columns for code in instrument.item_codes):
        return {code: code for code in instrument.item_codes}
    if not load_ruleset(instrument.ruleset).elements:
        return {code: code for code in instrument.item_codes if code in frame.columns}
    return dict(match_elements(frame.columns, ruleset=instrument.ruleset, file=path.name))


def _cell_faults(
    frame: pd.DataFrame, instrument: Instrument, items: Mapping[str, str], named: Mapping[str, str], path: Path,
) -> list[InputFault]:
    """Cells that break the schema; pandera finds all of them in one pass (lazy)."""
    import pandera.pandas as pa
    from pandera.errors import SchemaErrors

    low, high = instrument.low, instrument.high
    answer = pa.Check(lambda cells: _is_answer(cells, low, high), name="answer_off_scale", ignore_na=False)
    filled = pa.Check(lambda cells: cells.notna() & (cells.astype(str).str.strip() != ""), name="cell_empty",
                      ignore_na=False)
    positive = pa.Check(lambda cells: _number(cells).gt(0) & _number(cells).lt(float("inf")),
                        name="weight_not_positive", ignore_na=False)
    wanted = {column: pa.Column(nullable=True, checks=answer) for column in items.values()}
    wanted |= {named[name]: pa.Column(nullable=True, checks=filled) for name in (*SURVEY_COLUMNS, *DESIGN[1:])
               if name in named}
    if "weight" in named:
        wanted[named["weight"]] = pa.Column(nullable=True, checks=positive)
    try:
        pa.DataFrameSchema(wanted).validate(frame.reset_index(drop=True), lazy=True)
    except SchemaErrors as error:
        cases = error.failure_cases.sort_values("index", kind="stable")
        faults: list[InputFault] = []
        for (code, column), rows in cases.groupby(["check", "column"], sort=True):
            params = {"low": low, "high": high} if code == "answer_off_scale" else {}
            listed = [(int(index) + 2, _echo(value))
                      for index, value in zip(rows["index"], rows["failure_case"], strict=True)]
            faults += row_faults(str(code), listed, total=len(listed), file=path.name, column=str(column), **params)
        return faults
    return []


def _echo(value: object) -> str:
    """A cell as its owner wrote it: a column of numbers with a gap is read as 0.0 where 0 was typed."""
    if pd.isna(value):
        return ""
    return f"{value:g}" if isinstance(value, float) else str(value)


def _number(cells: pd.Series) -> pd.Series:
    return pd.to_numeric(cells, errors="coerce").astype(float)


def _is_answer(cells: pd.Series, low: int, high: int) -> pd.Series:
    blank = cells.isna() | (cells.astype(str).str.strip() == "")
    number = _number(cells)
    return blank | (number.ge(low) & number.le(high) & number.eq(number.round()))


def _csv(path: Path, text: Collection[str]) -> pd.DataFrame:
    with path.open(encoding="utf-8-sig") as stream:
        first = stream.readline()
    separator = ";" if first.count(";") > first.count(",") else ","
    raw = pd.read_csv(path, sep=separator, dtype=str, encoding="utf-8-sig", keep_default_na=False, na_values=[""],
                      skip_blank_lines=False)
    decimal = "," if separator == ";" else "."
    return raw.apply(lambda column: column if column.name in text else numbers_where_safe(column, decimal=decimal))


def _excel(path: Path, text: Collection[str]) -> pd.DataFrame:
    return pd.read_excel(path, engine="openpyxl", dtype=dict.fromkeys(text, str))


def _parquet(path: Path, text: Collection[str]) -> pd.DataFrame:
    return pd.read_parquet(path)


def _spss(path: Path, text: Collection[str]) -> pd.DataFrame:
    import pyreadstat

    return pyreadstat.read_sav(str(path))[0]


def _fault(code: str, path: Path, *, value: str = "", **params: object) -> InputFault:
    return InputFault(message=Message(f"fault.{code}", params), file=path.name, value=value)
