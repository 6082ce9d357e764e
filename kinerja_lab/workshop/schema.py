"""What does the workshop's file look like, and how is it opened so that nothing acknowledged can be lost?"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from kinerja_lab.core.errors import KinerjaError

__all__ = ["APPLICATION", "SCHEMA", "as_user_error", "connect", "reading", "sql_faults"]

APPLICATION = 0x4B4C574B
"""``PRAGMA application_id`` of a workshop file: the letters KLWK."""
VERSION = 1

_KEPT = ("answer", "act")

SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE item (position INTEGER PRIMARY KEY, code TEXT NOT NULL UNIQUE, content TEXT NOT NULL);
CREATE TABLE round (number INTEGER PRIMARY KEY, questions TEXT NOT NULL);
CREATE TABLE judge (id INTEGER PRIMARY KEY, alias TEXT NOT NULL UNIQUE, name TEXT NOT NULL UNIQUE);
CREATE TABLE link (
  hash BLOB PRIMARY KEY, judge INTEGER NOT NULL REFERENCES judge(id), made REAL NOT NULL, expires REAL NOT NULL,
  revoked INTEGER NOT NULL DEFAULT 0, door BLOB
) WITHOUT ROWID;
CREATE TABLE session (
  hash BLOB PRIMARY KEY, judge INTEGER REFERENCES judge(id), made REAL NOT NULL, expires REAL NOT NULL,
  revoked INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
CREATE TABLE act (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, round INTEGER NOT NULL REFERENCES round(number),
  kind TEXT NOT NULL CHECK (kind IN ('open', 'close', 'show', 'hide')), at REAL NOT NULL
);
CREATE TABLE answer (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, round INTEGER NOT NULL REFERENCES round(number),
  judge INTEGER NOT NULL REFERENCES judge(id), item TEXT NOT NULL REFERENCES item(code), question TEXT NOT NULL,
  value REAL, text TEXT NOT NULL DEFAULT '', key TEXT NOT NULL, at REAL NOT NULL, UNIQUE (judge, key)
);
CREATE INDEX answer_cell ON answer (round, judge, item, question, seq);
""" + "".join(
    f"CREATE TRIGGER {table}_{event.lower()} BEFORE {event} ON {table} BEGIN "
    f"SELECT RAISE(ABORT, 'records are only added'); END;\n" for table in _KEPT for event in ("UPDATE", "DELETE"))
"""Tables; the triggers refuse to change or remove an answer or an act, whoever asks."""

_FULL, _BUSY, _LOCKED = sqlite3.SQLITE_FULL, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED


def connect(path: Path, *, wait_seconds: float) -> sqlite3.Connection:
    """Open a workshop file for writing: WAL, and every commit on the disk before it is acknowledged.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    wait_seconds : float
        How long to wait while another program holds the file.

    Raises
    ------
    KinerjaError
        ``workshop_not_a_file`` when it is no workshop file; ``workshop_newer_version``.
    """
    _check(path)
    with sql_faults():
        # one thread at a time uses the connection: the server's writer
        db = sqlite3.connect(path, timeout=wait_seconds, isolation_level=None, check_same_thread=False)
        settle(db)
    return db


def settle(db: sqlite3.Connection) -> None:
    """The settings on which the promise rests that an acknowledged answer survives a crash.

    Parameters
    ----------
    db : sqlite3.Connection
        Connection for writing.
    """
    for line in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "trusted_schema = OFF"):
        db.execute(f"PRAGMA {line}")


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that can only read, beside a running workshop.

    Parameters
    ----------
    path : pathlib.Path
        The workshop file.

    Raises
    ------
    KinerjaError
        As ``connect``.
    """
    _check(path)
    with sql_faults(), closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=5.0,
                                               isolation_level=None)) as db:
        db.execute("BEGIN")  # everything read inside belongs to one moment
        yield db


@contextmanager
def sql_faults() -> Iterator[None]:
    """Turn what SQLite says about the disk and about locks into an error that the user can act on."""
    try:
        yield
    except sqlite3.Error as error:
        raise as_user_error(error) from error


def as_user_error(error: sqlite3.Error) -> Exception:
    """The error for the user, or the same one where it is a fault of ours.

    Parameters
    ----------
    error : sqlite3.Error
        What SQLite raised.
    """
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code in (_BUSY, _LOCKED):
        return KinerjaError("workshop_busy")
    if code == _FULL:
        return KinerjaError("workshop_disk_full")
    if code in (sqlite3.SQLITE_IOERR, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_PERM):
        return KinerjaError("workshop_disk_fault", detail=str(error))
    if code in (sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB):
        return KinerjaError("workshop_damaged", detail=str(error))
    return error


def _check(path: Path) -> None:
    if not Path(path).is_file():
        raise KinerjaError("workshop_not_a_file", file=str(path))
    with sql_faults(), closing(sqlite3.connect(path, timeout=5.0)) as db:
        application, version = (db.execute(f"PRAGMA {name}").fetchone()[0]
                                for name in ("application_id", "user_version"))
    if application != APPLICATION:
        raise KinerjaError("workshop_not_a_file", file=str(path))
    if version != VERSION:
        raise KinerjaError("workshop_newer_version", file=str(path), version=str(version))
