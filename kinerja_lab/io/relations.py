"""How is a table opened without being read? DuckDB over Parquet or CSV, or PostgreSQL, as an ibis table."""

import atexit
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING

import pandas as pd

from kinerja_lab.core.errors import InputFault, InputFaults, KinerjaError
from kinerja_lab.core.message import Message
from kinerja_lab.io.study_values import TableSource

if TYPE_CHECKING:
    import duckdb

__all__ = ["column_names", "fetch", "open_table", "quiet", "scan"]


@contextmanager
def quiet() -> Iterator[None]:
    """Silence one warning of a peer: ibis 12 still calls a method that DuckDB 2 has renamed."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="fetch_arrow_table", category=DeprecationWarning)
        yield


def fetch(expression) -> pd.DataFrame:
    """The rows of a lazy expression; text stays text, a missing number is NaN.

    Parameters
    ----------
    expression : ibis.expr.types.Table
        What is asked of the database.
    """
    with quiet():
        return expression.to_pyarrow().to_pandas()


def open_table(source: TableSource):
    """The table as a lazy ibis expression; nothing but its schema is read.

    Parameters
    ----------
    source : TableSource
        A file or a database table.

    Returns
    -------
    ibis.expr.types.Table

    Raises
    ------
    InputFaults
        ``table_unreadable`` when a file is no valid table.
    KinerjaError
        ``database_unreachable``; ``study_data_absent`` when the file is not there.
    """
    import ibis

    if source.path is None:
        return _open_database(source)
    if not source.path.is_file():
        raise KinerjaError("study_data_absent", study=source.name.split("/")[0])
    backend = ibis.duckdb.connect()
    backend.raw_sql("SET enable_progress_bar_print = false")  # a long question must not write into the page
    try:
        with quiet():
            if source.path.suffix.lower() == ".csv":
                return backend.read_csv(source.path, all_varchar=True)  # 52.70 must not become 52.7
            return backend.read_parquet(source.path)
    except Exception as error:  # every reader has its own kind of error; all of them mean that the file is no table
        raise _unreadable(source, error) from error


def scan(source: TableSource) -> "tuple[duckdb.DuckDBPyConnection, str]":
    """A DuckDB connection and the SQL that stands for the table's rows in it, for questions about every row.

    Parameters
    ----------
    source : TableSource
        A file, or a database table (whose rows are then fetched once).

    Returns
    -------
    tuple
        Connection, and what to write after ``FROM``. Column ``row_`` is the row of the file, the header being row 1.

    Raises
    ------
    InputFaults
        ``table_unreadable``.
    """
    import duckdb

    connection = duckdb.connect()
    if source.path is None:
        with quiet():
            connection.register("fetched", open_table(source).to_pyarrow())
        return connection, "(SELECT *, 1 + row_number() OVER () AS row_ FROM fetched)"
    name = str(source.path).replace("'", "''")
    if source.path.suffix.lower() == ".csv":
        sql = f"(SELECT *, 1 + row_number() OVER () AS row_ FROM read_csv('{name}', all_varchar=true))"
    else:
        sql = (f"(SELECT * EXCLUDE (file_row_number), 2 + file_row_number AS row_ "
               f"FROM read_parquet('{name}', file_row_number=true))")
    try:
        connection.sql(f"SELECT count(*) FROM {sql}").fetchall()
    except duckdb.Error as error:
        raise _unreadable(source, error) from error
    return connection, sql


def _open_database(source: TableSource):
    address = os.environ.get(source.address_env, "") if source.address_env else source.address
    schema, _, name = source.table.rpartition(".")
    try:
        return _connection(address, os.getpid()).table(name, database=schema or None)
    except Exception as error:  # the driver's message may hold the address; it is not passed on
        raise KinerjaError("database_unreachable", table=source.table, kind=type(error).__name__) from None


def column_names(source: TableSource) -> list[str]:
    """Column names of a table.

    Parameters
    ----------
    source : TableSource
        A file or a database table.

    Raises
    ------
    InputFaults
        ``table_unreadable``.
    """
    if source.path is not None and source.path.suffix.lower() == ".parquet":
        from pyarrow.parquet import read_schema

        try:
            return list(read_schema(source.path).names)
        except Exception as error:  # pyarrow raises OSError, ArrowInvalid and others for one and the same thing
            raise _unreadable(source, error) from error
    with quiet():
        return list(open_table(source).columns)


@cache
def _connection(address: str, process: int):
    """One connection an address and process (a forked process must not use its parent's), closed when it ends."""
    import ibis

    backend = ibis.connect(address)
    atexit.register(backend.disconnect)
    return backend


def _unreadable(source: TableSource, error: Exception) -> InputFaults:
    fault = InputFault(message=Message("fault.table_unreadable", {"kind": type(error).__name__}), file=source.name)
    return InputFaults([fault])

