"""Which numbers does a plan print, and in which places? A table of statements, checked row by row."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from kinerja_lab.core.errors import InputFault, InputFaults, KinerjaError, closest
from kinerja_lab.core.indicator import Indicator
from kinerja_lab.core.message import Message
from kinerja_lab.drafting.targets import Quantity, Statement, path_of, statements_of, value_of

__all__ = ["STATEMENT_COLUMNS", "read_statements", "statement_faults"]

STATEMENT_COLUMNS = ("indicator", "agency", "quantity", "period", "text", "place")
"""Columns of a table of statements; ``text`` holds the number exactly as printed, or a row of
targets with ``;`` between them."""


def read_statements(path: Path) -> tuple[Statement, ...]:
    """Statements from a CSV file.

    Parameters
    ----------
    path : pathlib.Path
        Comma or semicolon separated, UTF-8, with ``STATEMENT_COLUMNS``.

    Raises
    ------
    InputFaults
        ``file_missing``, ``statements_unreadable``, ``statements_columns``, ``unknown_choice``, ``statement_number``,
        ``statement_ambiguous`` or ``empty_value``: all of them at once.
    """
    name = path.name
    if not path.is_file():
        raise InputFaults([InputFault(message=Message("fault.file_missing", {"file": name}), file=name)])
    try:
        frame = pd.read_csv(path, dtype=str, sep=None, engine="python", keep_default_na=False, encoding="utf-8-sig")
    except (ValueError, pd.errors.ParserError, UnicodeDecodeError) as error:
        raise InputFaults([InputFault(message=Message("fault.statements_unreadable"), file=name)]) from error
    if sorted(frame.columns) != sorted(STATEMENT_COLUMNS):
        params = {"columns": ", ".join(STATEMENT_COLUMNS)}
        raise InputFaults([InputFault(message=Message("fault.statements_columns", params), file=name, line=1,
                                      value=", ".join(map(str, frame.columns)))])
    rows = frame.to_dict("records")
    faults = [fault for line, row in enumerate(rows, start=2) for fault in _row_faults(row, name, line)]
    if faults:
        raise InputFaults(faults)
    return tuple(Statement(indicator=row["indicator"].strip(), agency=row["agency"].strip(),
                           quantity=Quantity(row["quantity"].strip()), period=row["period"].strip(),
                           text=row["text"].strip(), place=row["place"].strip()) for row in rows)


def statement_faults(
    statements: Sequence[Statement], *, indicators: Sequence[Indicator], agencies: Sequence[str], file: str,
) -> list[InputFault]:
    """Rows that concern nothing the study has: a misspelt name would hide the contradiction it states.

    Parameters
    ----------
    statements : sequence of Statement
        All rows of the table, in its order.
    indicators : sequence of Indicator
        Those of the study.
    agencies : sequence of str
        Agency codes of the study.
    file : str
        The table, for the faults.

    Returns
    -------
    list of InputFault
        ``unknown_choice`` for an agency, ``statement_indicator`` for an indicator.
    """
    meant = {id(item) for indicator in indicators for item in statements_of(statements, indicator=indicator)}
    names = [name for indicator in indicators for name in (indicator.code, indicator.name)]
    faults = []
    for line, item in enumerate(statements, start=2):
        if item.agency and item.agency not in agencies:
            params = {"choices": ", ".join(agencies) or "-", "nearest": closest(item.agency, agencies) or "-"}
            faults.append(InputFault(message=Message("fault.unknown_choice", params), file=file, line=line,
                                     column="agency", value=item.agency))
        elif id(item) not in meant:
            params = {"nearest": closest(item.indicator, names) or "-"}
            faults.append(InputFault(message=Message("fault.statement_indicator", params), file=file, line=line,
                                     column="indicator", value=item.indicator))
    return faults


def _row_faults(row: dict[str, str], file: str, line: int) -> list[InputFault]:
    out = []
    for column in ("indicator", "place"):
        if not row[column].strip():
            out.append(InputFault(message=Message("fault.empty_value"), file=file, line=line, column=column))
    choices = [item.value for item in Quantity]
    if row["quantity"].strip() not in choices:
        params = {"choices": ", ".join(choices), "nearest": closest(row["quantity"], choices) or "-"}
        out.append(InputFault(message=Message("fault.unknown_choice", params), file=file, line=line, column="quantity",
                              value=row["quantity"]))
    try:
        (path_of if row["quantity"].strip() == Quantity.TARGET_PATH else value_of)(row["text"])
    except KinerjaError as error:
        ambiguous = error.message.code == "error.stated_number_ambiguous"
        code = "fault.statement_ambiguous" if ambiguous else "fault.statement_number"
        out.append(InputFault(message=Message(code), file=file, line=line, column="text", value=row["text"]))
    return out
