"""May a run begin? Every table of a study is looked at, row by row, before anything is computed from it."""

from dataclasses import dataclass

from kinerja_lab.core.errors import InputFault, InputFaults, closest
from kinerja_lab.core.options import MeasureKind
from kinerja_lab.io.faults import CAP, row_faults
from kinerja_lab.io.personal import scan_personal_data
from kinerja_lab.io.relations import scan
from kinerja_lab.io.sources import open_source
from kinerja_lab.io.study_values import Study, TableSource

__all__ = ["check_study"]

_SLACK = 0.051
"""A printed value may be rounded to one decimal."""

_BPS = "[0-9]{4}|[0-9]{7}|[0-9]{10}"
"""Codes of districts and below as BPS writes them; those of Kemendagri have dots."""


def check_study(study: Study) -> None:
    """Look at every row of a study's tables.

    Parameters
    ----------
    study : Study
        From ``load_study``.

    Raises
    ------
    InputFaults
        All faults: personal data (NIK, NIP, telephone, e-mail; masked), region codes of BPS beside those of Kemendagri,
        answers off the scale, weights that are not positive, empty units or dates, unknown agencies and measures, two
        rows for one unit, period and measure, more events than cases, values that contradict their events and cases.
    KinerjaError
        ``study_data_absent`` when the tables are not on this machine.
    """
    open_source(study)
    faults: list[InputFault] = []
    own_faults = {"survey": _survey, "outcomes": _outcomes, "units": lambda table, study: []}
    for key, find in own_faults.items():
        source = getattr(study, key)
        if source is None:
            continue
        connection, rows = scan(source)
        with connection:
            faults += scan_personal_data(connection, rows, file=source.name)
            faults += find(_Table(connection=connection, rows=rows, source=source), study)
    for path in study.external_files:
        connection, rows = scan(TableSource(path=path, name=path.name))
        with connection:
            faults += scan_personal_data(connection, rows, file=path.name)
    if faults:
        raise InputFaults(faults)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Table:
    """A table and the questions asked of its rows."""

    connection: object
    rows: str
    source: TableSource

    def column(self, name: str) -> str:
        """SQL of a canonical column; NULL where the table has none."""
        given = self.source.columns.get(name)
        return '"' + given.replace('"', '""') + '"' if given else "NULL"

    def bad(self, code: str, condition: str, column: str, *, show: str = "", **params: object) -> list[InputFault]:
        """Faults of the rows for which a condition holds."""
        found = self.connection.sql(
            f"SELECT row_, coalesce(CAST({show or column} AS VARCHAR), ''), count(*) OVER () FROM {self.rows} "
            f"WHERE {condition} ORDER BY row_ LIMIT {CAP}").fetchall()
        return row_faults(code, [row[:2] for row in found], total=found[0][2] if found else 0, file=self.source.name,
                          column=column.strip('"').replace('""', '"'), **params)

    def empty(self, name: str) -> list[InputFault]:
        """Rows without a value in a canonical column."""
        if name not in self.source.columns:
            return []
        column = self.column(name)
        return self.bad("cell_empty", f"{column} IS NULL OR trim(CAST({column} AS VARCHAR)) = ''", column)

    def unknown(self, name: str, known: list[str]) -> list[InputFault]:
        """Codes that the study does not name, one fault a code with its first row."""
        if name not in self.source.columns:
            return []
        column = self.column(name)
        found = self.connection.sql(f"SELECT CAST({column} AS VARCHAR), min(row_) FROM {self.rows} "
                                    f"WHERE {column} IS NOT NULL GROUP BY 1 ORDER BY 2").fetchall()
        odd = [(row, code) for code, row in found if code not in known]
        return [fault for row, code in odd[:CAP] for fault in row_faults(
            "unknown_choice", [(row, code)], total=1, file=self.source.name, column=column.strip('"'),
            choices=", ".join(known) or "-", nearest=closest(code, known) or "-")]

    def other_scheme(self, scheme: str) -> list[InputFault]:
        """Region codes of BPS where the study has those of Kemendagri, one fault a code with its first row."""
        if scheme != "kemendagri" or "region" not in self.source.columns:
            return []
        column = self.column("region")
        code = f"CAST({column} AS VARCHAR)"
        found = self.connection.sql(
            f"SELECT min(row_), {code} FROM {self.rows} WHERE regexp_full_match({code}, '{_BPS}') "
            f"GROUP BY 2 ORDER BY 1 LIMIT {CAP}").fetchall()
        return [fault for row in found for fault in row_faults(
            "region_scheme_mixed", [row], total=1, file=self.source.name, column=column.strip('"'))]


def _survey(table: _Table, study: Study) -> list[InputFault]:
    low, high = study.instrument.low, study.instrument.high
    faults = [fault for name in ("region", "unit", "agency", "date", "period") for fault in table.empty(name)]
    faults += table.other_scheme(study.scheme)
    faults += table.unknown("agency", list(study.agencies))
    for given in table.source.items.values():
        column = '"' + given.replace('"', '""') + '"'
        number = f"TRY_CAST({column} AS DOUBLE)"
        off = (f"{column} IS NOT NULL AND ({number} IS NULL OR {number} < {low} OR {number} > {high} "
               f"OR {number} <> floor({number})) AND NOT coalesce(isnan({number}), false)")
        faults += table.bad("answer_off_scale", off, column, low=low, high=high)
    if "weight" in table.source.columns:
        weight = table.column("weight")
        number = f"TRY_CAST({weight} AS DOUBLE)"
        faults += table.bad("weight_not_positive",
                            f"{number} IS NULL OR NOT isfinite({number}) OR {number} <= 0", weight)
    return faults + _dates(table)


def _dates(table: _Table) -> list[InputFault]:
    if "period" in table.source.columns or "date" not in table.source.columns:
        return []
    column = table.column("date")
    return table.bad("not_a_date", f"{column} IS NOT NULL AND TRY_CAST({column} AS DATE) IS NULL", column)


def _outcomes(table: _Table, study: Study) -> list[InputFault]:
    faults = [fault for name in ("region", "unit", "agency", "period", "measure") for fault in table.empty(name)]
    faults += table.other_scheme(study.scheme)
    faults += table.unknown("agency", list(study.agencies))
    faults += table.unknown("measure", [measure.code for measure in study.measures])
    period, unit, measure = (table.column(name) for name in ("period", "unit", "measure"))
    if "period" in table.source.columns:
        faults += table.bad("period_form", f"{period} IS NOT NULL AND NOT regexp_full_match(CAST({period} AS VARCHAR), "
                            "'[0-9]{4}(-(0[1-9]|1[0-2]))?')", period)
    first = f"min(row_) OVER (PARTITION BY {unit}, {period}, {measure})"
    doubled = _Table(connection=table.connection, source=table.source,
                     rows=f"(SELECT *, {first} AS first_ FROM {table.rows})")
    faults += doubled.bad("row_twice", "row_ > first_", unit, show=f"concat_ws(', ', {unit}, {period}, {measure})")
    for name in ("value", "events", "denominator", "expected"):
        if name in table.source.columns:
            column = table.column(name)
            no_number = f"{column} IS NOT NULL AND TRY_CAST({column} AS DOUBLE) IS NULL"
            faults += table.bad("not_a_number", no_number, column)
    return faults + _counts(table, study)


def _counts(table: _Table, study: Study) -> list[InputFault]:
    """Events, cases and values of shares and rates."""
    if not {"events", "denominator"} <= set(table.source.columns):
        return []
    events, cases, value = (f"TRY_CAST({table.column(name)} AS DOUBLE)" for name in ("events", "denominator", "value"))
    measure, named = table.column("measure"), table.column("events")
    known = {item.code: item for item in study.measures if item.kind is not MeasureKind.MEAN}
    shares = ", ".join(f"'{code}'" for code, item in known.items() if item.kind is MeasureKind.PROPORTION)
    faults = table.bad("events_negative", f"{events} < 0", named)
    faults += table.bad("denominator_not_positive",
                        f"{events} IS NOT NULL AND ({cases} IS NULL OR {cases} <= 0)",
                        table.column("denominator"))
    if shares:
        faults += table.bad("events_above_denominator", f"{measure} IN ({shares}) AND {events} > {cases}", named,
                            show=f"concat({events}, ' / ', {cases})")
    if known and "value" in table.source.columns:
        cases_of = " ".join(f"WHEN {measure} = '{code}' THEN {item.scale}" for code, item in known.items())
        scale = f"CASE {cases_of} END"
        own = f"{scale} * {events} / nullif({cases}, 0)"
        faults += table.bad("value_contradicts",
                            f"abs({value} - {own}) > greatest({_SLACK}, 0.001 * abs({own}))",
                            table.column("value"),
                            show=f"concat({value}, ' ; ', round({own}, 2))")
    return faults
