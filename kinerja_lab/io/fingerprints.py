"""Has anything changed in what a region's report reads? One hash a region, made where the rows are."""

from functools import reduce

from kinerja_lab.io.relations import fetch, open_table, scan
from kinerja_lab.io.study_values import TableSource

__all__ = ["region_hashes"]


def region_hashes(source: TableSource) -> dict[str, str]:
    """Region code to SHA-256 over the sorted MD5 of its rows; the order of the rows does not matter.

    Parameters
    ----------
    source : TableSource
        The table; only the columns that the study uses count.
    """
    if source.path is None:
        return _in_database(source)
    connection, rows = scan(source)
    cells = " || chr(31) || ".join(f"coalesce(CAST({_quoted(name)} AS VARCHAR), chr(2))" for name in _used(source))
    region = f"CAST({_quoted(source.columns['region'])} AS VARCHAR)" if "region" in source.columns else (
        "'" + source.constants["region"].replace("'", "''") + "'")
    answer = connection.sql(
        f"SELECT region, sha256(string_agg(row_hash, '' ORDER BY row_hash)) "
        f"FROM (SELECT {region} AS region, md5({cells}) AS row_hash FROM {rows}) GROUP BY region")
    return {str(code): digest for code, digest in answer.fetchall()}


def _in_database(source: TableSource) -> dict[str, str]:
    """The same through ibis, which has no digest for PostgreSQL: these are that database's own functions."""
    import ibis

    @ibis.udf.scalar.builtin
    def convert_to(text: str, encoding: str) -> bytes: ...

    @ibis.udf.scalar.builtin
    def sha256(data: bytes) -> bytes: ...

    @ibis.udf.scalar.builtin
    def encode(data: bytes, form: str) -> str: ...

    @ibis.udf.scalar.builtin
    def md5(text: str) -> str: ...

    def digest(text):
        return encode(sha256(convert_to(text, "UTF8")), "hex")

    table = open_table(source)
    cells = [table[name].cast("string").fill_null("\x02") for name in _used(source)]
    row = md5(reduce(lambda left, right: left + "\x1f" + right, cells))
    region = (table[source.columns["region"]].cast("string") if "region" in source.columns
              else ibis.literal(source.constants["region"]))
    rows = table.select(region=region, row=row)
    joined = rows.group_by("region").agg(text=rows["row"].group_concat(sep="", order_by=ibis.asc(rows["row"])))
    frame = fetch(joined.select(region=joined["region"], digest=digest(joined["text"])))
    return dict(zip(frame["region"].astype(str), frame["digest"], strict=True))


def _used(source: TableSource) -> list[str]:
    return sorted({*source.columns.values(), *source.items.values(), *source.extra})


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
