"""Do the tables that a study names exist, with the columns it names?"""

from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from kinerja_lab.core.errors import InputFault, InputFaults, closest
from kinerja_lab.core.message import Message
from kinerja_lab.core.outcome import OUTCOME_COLUMNS
from kinerja_lab.core.survey import SURVEY_COLUMNS
from kinerja_lab.io.definitions import inside
from kinerja_lab.io.places import external_folder
from kinerja_lab.io.relations import column_names, scan
from kinerja_lab.io.rulesets import match_elements
from kinerja_lab.io.specs import InstrumentSpec, StudySpec, TableSpec
from kinerja_lab.io.study_values import TableSource
from kinerja_lab.io.yaml_text import YamlText

__all__ = ["DESIGN_COLUMNS", "distinct_values", "table_faults", "table_source"]

DESIGN_COLUMNS = ("weight", "stratum", "cluster", "rater")
OPTIONAL = ("value", "events", "denominator", "expected")
CANONICAL = {"survey": ("date", *SURVEY_COLUMNS), "outcomes": OUTCOME_COLUMNS, "units": ("unit", "name")}
"""Canonical columns of each table of a study."""


def table_source(spec: TableSpec | None, folder: Path, name: str) -> TableSource | None:
    """Where a table stands, before its columns are checked.

    Parameters
    ----------
    spec : TableSpec or None
        As ``study.yml`` says.
    folder : pathlib.Path
        The study's folder.
    name : str
        ``"survey"``, ``"outcomes"`` or ``"units"``.
    """
    if spec is None:
        return None
    path = None
    if spec.external:
        path = inside(external_folder(folder), spec.external)
    elif spec.file:
        path = inside(folder, spec.file)
    design = {column: getattr(spec, column) for column in DESIGN_COLUMNS if getattr(spec, column)}
    return TableSource(
        path=path, address=spec.address, address_env=spec.address_env, table=spec.table,
        columns={**spec.columns, **design}, constants=dict(spec.constants), items=dict(spec.items),
        extra=tuple(spec.extra), external=bool(spec.external),
        name=f"{folder.name}/{spec.file or spec.external or spec.table}",
    )


def table_faults(
    spec: StudySpec, text: YamlText, sources: dict[str, TableSource | None], instrument: InstrumentSpec | None,
) -> list[InputFault]:
    """Faults in where the tables stand and in their columns; fills in the columns that have their canonical name.

    Parameters
    ----------
    spec, text : StudySpec, YamlText
        ``study.yml``.
    sources : dict
        The tables; an entry whose columns were found is replaced by one with all of them named.
    instrument : InstrumentSpec or None
        The questionnaire, for the item columns.
    """
    faults = []
    for key, source in sources.items():
        if source is None:
            continue
        found = _place_faults(getattr(spec, key), source, text, key)
        faults += found
        if found or (source.external and not source.path.is_file()):
            continue  # an absent external table is no fault of the study; opening it says how to get it
        try:
            names = column_names(source)
        except InputFaults as error:
            faults += error.faults
            continue
        items = [item.code for item in instrument.items] if key == "survey" and instrument is not None else []
        sources[key], found = _resolve(source, names, items, text, key, spec.ruleset)
        faults += found
    return faults


def _place_faults(spec: TableSpec, source: TableSource, text: YamlText, key: str) -> list[InputFault]:
    given = [name for name in ("file", "external", "address", "address_env") if getattr(spec, name)]
    if len(given) != 1:
        return [text.fault("one_source", (key,), value=", ".join(given),
                           choices="file, external, address, address_env")]
    where = (key, given[0])
    if given[0] in ("file", "external"):
        if source.path is None:
            return [text.fault("file_outside", where, value=getattr(spec, given[0]))]
        if source.path.suffix.lower() not in (".parquet", ".csv"):
            return [text.fault("table_format", where, value=source.path.name)]
        if given[0] == "file" and not source.path.is_file():
            return [text.fault("file_missing", where, file=spec.file)]
        return []
    faults = []
    if not spec.table:
        faults.append(text.fault("missing_key", (key,), key="table"))
    if spec.address:
        try:
            address = urlsplit(spec.address)
            password = address.password is not None or "password=" in address.query.lower()
        except ValueError:
            return [*faults, text.fault("address_form", where)]
        if address.scheme not in ("postgres", "postgresql"):
            faults.append(text.fault("address_form", where))
        if password:  # the value is not echoed: it holds the password
            faults.append(text.fault("password_in_file", where))
    return faults


def _resolve(
    source: TableSource, names: list[str], items: list[str], text: YamlText, key: str, ruleset: str,
) -> tuple[TableSource, list[InputFault]]:
    canonical = CANONICAL[key]
    allowed = [*canonical, *DESIGN_COLUMNS] if key == "survey" else list(canonical)
    faults = [text.fault("unknown_key", (key, kind, name), key=name, choices=", ".join(allowed),
                         nearest=closest(name, allowed) or "-")
              for kind in ("columns", "constants") for name in getattr(source, kind) if name not in allowed]
    columns = {name: name for name in canonical if name in names and name not in source.constants} | source.columns
    if key == "survey" and "period" in source.columns:
        columns.setdefault("period", source.columns["period"])
    for name in canonical:
        given = name in columns or name in source.constants or name in (*OPTIONAL, "date")
        dated = name == "period" and "date" in columns
        if not given and not dated:
            faults.append(text.fault("column_unnamed", (key, "columns"), column=name, choices=", ".join(names)))
    mapped = source.items
    if items and not mapped:
        mapped, found = _match(items, names, ruleset, source.name)
        faults += found
    for name, column in [*columns.items(), *((f"items.{code}", column) for code, column in mapped.items()),
                         *((column, column) for column in source.extra)]:
        if column not in names:
            faults.append(text.fault("column_missing", (key, *_where(name, source)), value=column,
                                     table=source.name, nearest=closest(column, names) or "-",
                                     choices=", ".join(names)))
    faults += [text.fault("unknown_choice", (key, "items", code), value=code, choices=", ".join(items),
                          nearest=closest(code, items) or "-") for code in mapped if code not in items]
    faults += [text.fault("item_unmapped", (key, "items"), item=code) for code in items
               if mapped and code not in mapped]
    resolved = TableSource(path=source.path, address=source.address, address_env=source.address_env, table=source.table,
                           columns=columns, constants=source.constants, items={code: mapped[code] for code in items
                                                                               if code in mapped},
                           extra=source.extra, external=source.external, name=source.name)
    return resolved, faults


def _where(name: str, source: TableSource) -> tuple[str, ...]:
    if name.startswith("items."):
        return ("items", name.removeprefix("items."))
    if name in DESIGN_COLUMNS:
        return (name,)
    return ("columns", name) if name in source.columns else ("extra",)


def _match(items: list[str], names: list[str], ruleset: str, table: str) -> tuple[Mapping[str, str], list[InputFault]]:
    """Item columns that the study does not name: the item codes, else by the names of the rule's elements."""
    if all(item in names for item in items):
        return {item: item for item in items}, []
    try:
        found = match_elements(names, ruleset=ruleset, file=table)
    except InputFaults as error:
        return {}, list(error.faults)
    if not found:
        return {}, [InputFault(message=Message("fault.item_unmapped", {"item": item}), file=table) for item in items
                    if item not in names]
    return found, []


def distinct_values(source: TableSource, column: str) -> list[str]:
    """The distinct values of a canonical column, as text, in order (numbers by size).

    Parameters
    ----------
    source : TableSource
        The table, its columns found.
    column : str
        Canonical name.
    """
    connection, rows = scan(source)
    name = source.columns[column].replace('"', '""')
    found = connection.sql(f'SELECT DISTINCT "{name}" FROM {rows}').fetchall()
    values = [value for (value,) in found if value is not None]
    return sorted((str(value) for value in values), key=_natural)


def _natural(code: str) -> tuple[int, str]:
    """Codes that are numbers by size, the others by letter."""
    return (int(code), "") if code.isdecimal() else (0, code)
