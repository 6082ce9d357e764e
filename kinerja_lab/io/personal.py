"""Does a table hold what identifies a person? NIK, NIP, telephone numbers and e-mail addresses stop a study."""

import re
from datetime import date

import pandas as pd

from kinerja_lab.core.errors import InputFault
from kinerja_lab.io.faults import CAP, row_faults

__all__ = ["mask", "personal_data_faults", "scan_personal_data"]

# RE2 knows no look-around: the database keeps whatever could hold a match, the exact rules below decide.
_SUSPECT = r"[0-9](?:[ .()/-]{0,3}[0-9]){8,}|[^ @]@[^ @]+\."
_DIGITS = re.compile(r"(?<![0-9])[0-9](?:[ .-]?[0-9]){15,17}(?![0-9])")
_PHONE = re.compile(r"(?<![0-9])(?:\+? ?62|0)[ .()-]{0,2}8[0-9](?:[ .()-]{0,2}[0-9]){6,10}(?![0-9])"
                    r"|\+62[ .()-]?[0-9](?:[ .-]?[0-9]){6,11}(?![0-9])")
# A landline is an area code in use and five to eight digits; brackets, a mark between the two, or a word before them
# must say that it is one, for a code may have the same digits.
_AREA = r"0(?:21|22|24|31|61|2[3-9][0-9]|3[2-8][0-9]|4[0-8][0-9]|5[1-6][0-9]|6[2-5][0-9]|7[0-7][0-9]|9[0-8][0-9])"
_REST = r"(?!(?:19|20)[0-9]{2}[ .-])[2-9][0-9]{2,3}[ .-]?[0-9]{2,4}(?![0-9])"
_LANDLINE = re.compile(rf"\({_AREA}\)[ .-]{{0,2}}[1-9][0-9]{{2,3}}[ .-]?[0-9]{{2,4}}(?![0-9])"
                       rf"|(?<![0-9.,/-]){_AREA}(?: ?- ?|[ .]){_REST}(?![ .,/-]?[0-9])"
                       r"|\b(?:telp|telepon|telpon|tlp|tel|phone|fax|faks|faksimile|kontak|hubungi|call|wa|whatsapp)"
                       rf"\b[^0-9(]{{0,12}}\(?{_AREA}\)?[ .-]{{0,2}}[1-9][0-9]{{2,3}}[ .-]?[0-9]{{2,4}}(?![0-9])",
                       re.IGNORECASE)
_BARE_LANDLINE = re.compile(rf"{_AREA}[2-9][0-9]{{4,7}}")
_PHONE_NAME = re.compile(r"telp|telepon|telpon|phone|faks|kontak|contact|whatsapp"
                         r"|(?:^|[ _.])(?:tel|tlp|fax|wa|hp)(?:$|[ _.])", re.IGNORECASE)
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}")
_WHOLE = re.compile(r"TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT|UTINYINT|USMALLINT|UINTEGER|UBIGINT|UHUGEINT")
_REAL = re.compile(r"DOUBLE|FLOAT|DECIMAL.*")
_NEVER = re.compile(r"DATE|TIME.*|TIMESTAMP.*|BOOLEAN|INTERVAL")
_PHONE_COLUMN_SHARE = 0.9
_PHONE_SAMPLE = 500


def personal_data_faults(frame: pd.DataFrame, *, file: str) -> tuple[InputFault, ...]:
    """Cells of a table that hold personal numbers or addresses.

    Parameters
    ----------
    frame : pandas.DataFrame
        Any table; every column that is not a date or a truth value is looked at.
    file : str
        How faults call it.

    Returns
    -------
    tuple of InputFault
        One a cell (capped, with the count of the rest); the value is masked.
    """
    import duckdb

    with duckdb.connect() as connection:
        plain = frame.copy(deep=False)
        plain.columns = [str(name) for name in frame.columns]
        for name in plain.columns[[str(kind) in ("object", "category") for kind in plain.dtypes]]:
            plain[name] = plain[name].map(str, na_action="ignore").astype("str")
        connection.register("given", plain)
        rows = "(SELECT *, 1 + row_number() OVER () AS row_ FROM given)"
        return tuple(scan_personal_data(connection, rows, file=file))


def scan_personal_data(connection, rows: str, *, file: str) -> list[InputFault]:
    """The same for a table of a DuckDB connection.

    Parameters
    ----------
    connection : duckdb.DuckDBPyConnection
        Where the table is.
    rows : str
        What stands after ``FROM``; column ``row_`` is the row of the file.
    file : str
        How faults call the table.

    Notes
    -----
    The database looks at the distinct values and keeps the few that could match; only these are examined one by one.
    """
    faults = []
    for name, kind, *_ in connection.sql(f"DESCRIBE SELECT * FROM {rows}").fetchall():
        if name == "row_" or _NEVER.fullmatch(kind):
            continue
        column = '"' + name.replace('"', '""') + '"'
        if _WHOLE.fullmatch(kind) or _REAL.fullmatch(kind):
            found = _in_numbers(connection, rows, column)
        else:
            found = _in_texts(connection, rows, column)
        for what, values in found.items():
            faults += _cells(connection, rows, column, what, values, file)
    return faults


def _in_texts(connection, rows: str, column: str) -> dict[str, dict[str, str]]:
    """Kind of personal data to {cell as text: masked match}."""
    text = f"CAST({column} AS VARCHAR)"
    suspects = connection.execute(
        f"SELECT DISTINCT {text} FROM {rows} WHERE regexp_matches({text}, ?)", [_SUSPECT]).fetchall()
    found: dict[str, dict[str, str]] = {}
    for (cell,) in suspects:
        for what, match in _matches(cell):
            found.setdefault(what, {}).setdefault(cell, mask(match))
    if _PHONE_NAME.search(column.strip('"')):
        bare = [cell for (cell,) in suspects if _BARE_LANDLINE.fullmatch(cell.strip())]
        found.setdefault("phone", {}).update({cell: mask(cell) for cell in bare})
    _add_bare_phones(connection, rows, column, [cell for (cell,) in suspects], found)
    return found


def _in_numbers(connection, rows: str, column: str) -> dict[str, dict[str, str]]:
    """NIK and NIP by their digits."""
    whole = f"CAST(TRY_CAST({column} AS HUGEINT) AS VARCHAR)"
    suspects = connection.sql(
        f"SELECT DISTINCT {whole} AS cell FROM {rows} "
        f"WHERE {column} = floor({column}) AND {column} >= 8000000000 AND {column} < 1e18").fetchall()
    found: dict[str, dict[str, str]] = {}
    for (cell,) in suspects:
        if len(cell) in (16, 18):
            for what, match in _matches(cell):
                found.setdefault(what, {})[cell] = mask(match)
    _add_bare_phones(connection, rows, column, [cell for (cell,) in suspects], found)
    return found


def _add_bare_phones(
    connection, rows: str, column: str, cells: list[str], found: dict[str, dict[str, str]],
) -> None:
    """Telephone numbers that lost their zero look like any number: they count only where they fill the column."""
    like_phones = [cell for cell in cells if re.fullmatch(r"(?:62)?8[1-9][0-9]{7,10}", cell)]
    if not like_phones:
        return
    ((filled,),) = connection.sql(f"SELECT count(DISTINCT {column}) FROM {rows}").fetchall()
    sample = like_phones[:: max(1, len(like_phones) // _PHONE_SAMPLE)]
    share = sum(map(_is_mobile, sample)) / len(sample) * len(like_phones) / filled
    if share >= _PHONE_COLUMN_SHARE:
        found.setdefault("phone", {}).update({cell: mask(cell) for cell in like_phones if _is_mobile(cell)})


def _matches(cell: str) -> list[tuple[str, str]]:
    found = []
    for match in _DIGITS.findall(cell):
        digits = re.sub(r"[^0-9]", "", match)
        if len(digits) == 16 and _is_nik(digits):
            found.append(("nik", digits))
        elif len(digits) == 18 and _is_nip(digits):
            found.append(("nip", digits))
    rest = _DIGITS.sub(" ", cell)
    found += [("email", match) for match in _EMAIL.findall(rest)[:1]]
    phone = _PHONE.search(rest) or _LANDLINE.search(rest)
    return [*found, ("phone", phone[0])] if phone else found


def _is_nik(digits: str) -> bool:
    from lokal import is_valid_nik

    return is_valid_nik(digits)


def _is_mobile(digits: str) -> bool:
    """Whether an operator has such numbers: amounts of money that begin with an 8 mostly fall between the operators."""
    from lokal import parse_phone

    phone = parse_phone(digits if digits.startswith("62") else f"0{digits}")
    return phone.valid and phone.operator is not None


def _is_nip(digits: str) -> bool:
    """Date of birth, year and month of appointment, sex, serial number."""
    try:
        born = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
        appointed = date(int(digits[8:12]), int(digits[12:14]), 1)
    except ValueError:
        return False
    return digits[14] in "12" and born.year > 1900 and 14 < appointed.year - born.year < 66


def mask(value: str) -> str:
    """A value of which at most the first four and the last two characters are shown.

    Parameters
    ----------
    value : str
        Personal data.

    Examples
    --------
    >>> mask("5271034107900001")
    '5271**********01'
    >>> mask("budi@contoh.id")
    'b***********id'
    """
    if len(value) < 10:
        return "*" * len(value)
    first = 1 if "@" in value else 4
    return value[:first] + "*" * (len(value) - first - 2) + value[-2:]


def _cells(connection, rows: str, column: str, what: str, values: dict[str, str], file: str) -> list[InputFault]:
    text = f"CAST({column} AS VARCHAR)"
    whole = f"CAST(TRY_CAST({column} AS HUGEINT) AS VARCHAR)"
    connection.execute("CREATE OR REPLACE TEMP TABLE personal_ AS SELECT unnest(?::VARCHAR[]) AS cell", [list(values)])
    same = f"{text} IN (SELECT cell FROM personal_) OR {whole} IN (SELECT cell FROM personal_)"
    found = connection.execute(f"SELECT row_, {text}, {whole}, count(*) OVER () FROM {rows} WHERE {same} "
                               f"ORDER BY row_ LIMIT {CAP}").fetchall()
    total = found[0][3] if found else 0
    shown = [(row, values.get(cell) or values[number]) for row, cell, number, _ in found]
    return row_faults(f"personal_{what}", shown, total=total, file=file, column=column.strip('"').replace('""', '"'))
