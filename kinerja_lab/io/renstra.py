"""What did a plan promise and report? A table of targets and realisations becomes indicators with their series."""

import csv
import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from kinerja_lab.core.errors import InputFault, InputFaults, closest
from kinerja_lab.core.indicator import Indicator, Realisation
from kinerja_lab.core.message import Message
from kinerja_lab.io.specs import PlanTableSpec

__all__ = ["named_indicators", "read_plan_table"]

KEYS = ("agency", "name", "unit", "polarity", "period", "target", "realisation", "printed")


def read_plan_table(file: Path, *, plan: PlanTableSpec, agencies: Mapping[str, str]) -> tuple[Indicator, ...]:
    """Indicators of a table with one row an indicator and year.

    Parameters
    ----------
    file : pathlib.Path
        CSV file in UTF-8 with a decimal point; an empty cell is a value that was not reported.
    plan : PlanTableSpec
        What the columns and polarity words mean, and what the table does not say (formula, checker, source).
    agencies : mapping of str to str
        Agency code (as the table writes it) to name; the owner of its indicators.

    Returns
    -------
    tuple of Indicator
        In the order of the table. What the table does not state stays empty: a check says so.

    Raises
    ------
    InputFaults
        Every bad cell with its row.
    """
    rows, faults = _rows(file, plan)
    series: dict[tuple[str, str], list[Realisation]] = {}
    heads: dict[tuple[str, str], dict[str, str]] = {}
    for line, row in rows:
        found = _row_faults(row, line, file.name, plan, agencies)
        key = (row["agency"], row["name"])
        if key in series and any(entry.period == row["period"] for entry in series[key]):
            found.append(_fault("plan_row_twice", file.name, line, "period", row["period"], indicator=row["name"]))
        if key in heads and any(heads[key][name] != row[name] for name in ("unit", "polarity")):
            found.append(_fault("plan_row_differs", file.name, line, "unit", row["unit"], indicator=row["name"]))
        faults += found
        if found:
            continue
        heads.setdefault(key, row)
        series.setdefault(key, []).append(Realisation(
            period=row["period"], target=_number(row["target"]), realisation=_number(row["realisation"]),
            printed=_number(row["printed"])))
    if faults:
        raise InputFaults(faults)
    taken: set[str] = set()
    return tuple(_indicator(heads[key], tuple(sorted(entries, key=lambda entry: entry.period)), plan, agencies, taken)
                 for key, entries in series.items())


def named_indicators(
    plan: PlanTableSpec, *, listed: Sequence[Indicator], agencies: Mapping[str, str],
) -> tuple[Indicator, ...]:
    """Indicators that the plan names outside its table: without a series, but not passed over in silence.

    Parameters
    ----------
    plan : PlanTableSpec
        Its ``also`` names them.
    listed : sequence of Indicator
        Those of the table, whose codes are taken.
    agencies : mapping of str to str
        Agency code to name.
    """
    taken = {item.code for item in listed}
    return tuple(Indicator(
        code=_code(f"{item.agency} {item.name}", taken), name=item.name, question="", why="", numerator=plan.numerator,
        unit=item.unit, polarity=item.polarity, level=item.level, agencies=(item.agency,), source=plan.source,
        frequency=plan.frequency, owner=agencies[item.agency], checker=plan.checker, table_only=True,
    ) for item in plan.also)


def _rows(file: Path, plan: PlanTableSpec) -> tuple[list[tuple[int, dict[str, str]]], list[InputFault]]:
    with file.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        names = list(reader.fieldnames or [])
        faults = [_fault("column_missing", file.name, 1, column, column, table=file.name, choices=", ".join(names),
                         nearest=closest(column, names) or "-")
                  for column in plan.columns.values() if column not in names]
        faults += [_fault("column_unnamed", file.name, 1, key, "", column=key, choices=", ".join(names))
                   for key in KEYS if key not in plan.columns]
        if faults:
            raise InputFaults(faults)
        return [(reader.line_num, {key: (row[plan.columns[key]] or "").strip() for key in KEYS}) for row in reader], []


def _row_faults(
    row: dict[str, str], line: int, file: str, plan: PlanTableSpec, agencies: Mapping[str, str],
) -> list[InputFault]:
    faults = []
    for name in ("target", "realisation", "printed"):
        if row[name] and math.isnan(_number(row[name])):
            faults.append(_fault("not_a_number", file, line, name, row[name]))
    if not row["target"]:
        faults.append(_fault("empty_value", file, line, "target", ""))
    for name, choices in (("polarity", list(plan.polarity_words)), ("agency", list(agencies))):
        if row[name] not in choices:
            faults.append(_fault("unknown_choice", file, line, name, row[name], choices=", ".join(choices),
                                 nearest=closest(row[name], choices) or "-"))
    if not re.fullmatch(r"[0-9]{4}", row["period"]):
        faults.append(_fault("bad_form", file, line, "period", row["period"]))
    return faults


def _indicator(
    row: dict[str, str], series: tuple[Realisation, ...], plan: PlanTableSpec, agencies: Mapping[str, str],
    taken: set[str],
) -> Indicator:
    return Indicator(
        code=_code(f"{row['agency']} {row['name']}", taken), name=row["name"], question="", why="",
        numerator=plan.numerator, unit=row["unit"], polarity=plan.polarity_words[row["polarity"]],
        level=plan.levels.get(row["name"], plan.level), agencies=(row["agency"],), source=plan.source,
        frequency=plan.frequency, series=series, owner=agencies[row["agency"]], checker=plan.checker,
        table_only=True,
    )


def _code(name: str, taken: set[str]) -> str:
    base = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")[:36].rstrip("_")
    code, count = base, 1
    while code in taken:
        count += 1
        code = f"{base}_{count}"
    taken.add(code)
    return code


def _number(text: str) -> float:
    try:
        value = float(text) if text else math.nan
    except ValueError:
        return math.nan
    return value if math.isfinite(value) else math.nan


def _fault(code: str, file: str, line: int, column: str, value: str, **params: object) -> InputFault:
    return InputFault(message=Message(f"fault.{code}", params), file=file, line=line, column=column, value=value)
