"""Where do answers live so that what was acknowledged is never lost, and nothing else is let in?"""

import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.workshop.questions import QUESTIONS, Kind
from kinerja_lab.workshop.records import Answer, Conflict, Saved, Visitor
from kinerja_lab.workshop.schema import connect, sql_faults
from kinerja_lab.workshop.tokens import digest, new_token

__all__ = ["LONGEST_COMMENT", "Store"]

LONGEST_COMMENT = 4000
LONGEST_KEY = 64


class Store:
    """A workshop file, opened for writing.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    clock : callable
        Seconds since 1970. It is asked once: later times come from ``ticks``, so that setting the computer's clock
        neither revives an expired link nor ends a session.
    ticks : callable
        A clock that never goes back.
    wait_seconds : float
        How long a save waits while another program holds the file.
    """

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time,
                 ticks: Callable[[], float] = time.monotonic, wait_seconds: float = 1.0) -> None:
        self.path = Path(path)
        self.db = connect(self.path, wait_seconds=wait_seconds)
        newest = self._one("SELECT max(at) FROM (SELECT max(at) at FROM answer UNION ALL SELECT max(at) FROM act "
                           "UNION ALL SELECT max(made) FROM link UNION ALL SELECT max(made) FROM session)") or 0.0
        self._start, self._ticks = max(clock(), newest), ticks
        self._first_tick = ticks()
        self.meta = dict(self.db.execute("SELECT key, value FROM meta"))
        self._asked = {number: tuple(json.loads(codes))
                       for number, codes in self.db.execute("SELECT number, questions FROM round")}
        self._items = {code for (code,) in self.db.execute("SELECT code FROM item")}

    def close(self) -> None:
        """Let go of the file."""
        self.db.close()

    def now(self) -> float:
        """Seconds since 1970; never earlier than anything recorded."""
        return self._start + (self._ticks() - self._first_tick)

    @property
    def lifetime(self) -> float:
        """Seconds for which a link waits and a session holds."""
        return float(self.meta["hours"]) * 3600

    def make_link(self, judge: int) -> str:
        """A new one-time token for a panellist; earlier links that nobody used end.

        Raises
        ------
        KinerjaError
            ``workshop_no_such_judge``.
        """
        token, now = new_token(), self.now()
        with self._writing():
            self._known(judge)
            self.db.execute("UPDATE link SET revoked = 1 WHERE judge = ?", (judge,))
            self.db.execute("INSERT INTO link (hash, judge, made, expires) VALUES (?, ?, ?, ?)",
                            (digest(token), judge, now, now + self.lifetime))
        return token

    def revoke(self, judge: int) -> None:
        """End every link and session of a panellist at once; his answers stay.

        Raises
        ------
        KinerjaError
            ``workshop_no_such_judge``.
        """
        with self._writing():
            self._known(judge)
            for table in ("link", "session"):
                self.db.execute(f"UPDATE {table} SET revoked = 1 WHERE judge = ?", (judge,))

    def redeem(self, token: str, *, door: str) -> str:
        """Turn a one-time token into a session.

        Parameters
        ----------
        token : str
            From the link.
        door : str
            Cookie of the browser that opened the link. The same browser may come again with the same link, because an
            answer of ours can be lost on the way; no other may.

        Raises
        ------
        KinerjaError
            ``workshop_link_unknown``, ``workshop_link_revoked``, ``workshop_link_expired`` or ``workshop_link_used``.
        """
        with self._writing():
            row = self.db.execute("SELECT judge, expires, revoked, door FROM link WHERE hash = ?",
                                  (digest(token),)).fetchone()
            if row is None:
                raise KinerjaError("workshop_link_unknown")
            judge, expires, revoked, used_by = row
            if revoked:
                raise KinerjaError("workshop_link_revoked")
            if self.now() >= expires:
                raise KinerjaError("workshop_link_expired")
            if not door or used_by not in (None, digest(door)):
                raise KinerjaError("workshop_link_used")
            self.db.execute("UPDATE link SET door = ? WHERE hash = ?", (digest(door), digest(token)))
            return self._new_session(judge)

    def enter(self, secret: str) -> str:
        """A session for who knows the facilitator's secret.

        Raises
        ------
        KinerjaError
            ``workshop_wrong_secret``.
        """
        with self._writing():
            if digest(secret).hex() != self._one("SELECT value FROM meta WHERE key = 'facilitator'"):
                raise KinerjaError("workshop_wrong_secret")
            return self._new_session(None)

    def renew_secret(self) -> str:
        """A new secret for the facilitator; the old one and its sessions end."""
        secret = new_token()
        with self._writing():
            self.db.execute("UPDATE meta SET value = ? WHERE key = 'facilitator'", (digest(secret).hex(),))
            self.db.execute("UPDATE session SET revoked = 1 WHERE judge IS NULL")
        return secret

    def leave(self, session: str) -> None:
        """End a session."""
        with self._writing():
            self.db.execute("UPDATE session SET revoked = 1 WHERE hash = ?", (digest(session),))

    def visitor(self, session: str) -> Visitor | None:
        """Who holds a session; None when nobody does any more."""
        with sql_faults():
            return self._visitor(session)

    def save(self, session: str, answer: Answer) -> Saved:
        """Append one answer; when this returns, it is on the disk.

        Parameters
        ----------
        session : str
            Session of the panellist, looked up in the same transaction: he writes his own answers and nobody else's.
        answer : Answer
            The tap.

        Raises
        ------
        Conflict
            The panellist answered elsewhere since (``base`` is not the newest record).
        KinerjaError
            ``workshop_signed_out``, ``workshop_round_closed``, ``workshop_bad_answer``, ``workshop_key_reused``,
            ``workshop_busy``, ``workshop_disk_full`` or ``workshop_disk_fault``.
        """
        with self._writing():
            visitor = self._visitor(session)
            if visitor is None or visitor.judge is None:
                raise KinerjaError("workshop_signed_out")
            repeated = self._repeated(visitor.judge, answer)
            if repeated is not None:
                return Saved(seq=repeated, repeated=True)
            self._check(answer)
            cell = (answer.round, visitor.judge, answer.item, answer.question)
            last = self.db.execute("SELECT seq, value, text FROM answer WHERE round = ? AND judge = ? AND item = ? AND "
                                   "question = ? ORDER BY seq DESC LIMIT 1", cell).fetchone()
            if last is not None and last[0] != answer.base:
                raise Conflict(seq=last[0], value=last[1], text=last[2])
            row = self.db.execute("INSERT INTO answer (round, judge, item, question, value, text, key, at) "
                                  "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                                  (*cell, answer.value, answer.text, answer.key, self.now()))
            return Saved(seq=row.lastrowid)

    def open_round(self, number: int) -> None:
        """Let answers to a round in.

        Raises
        ------
        KinerjaError
            ``workshop_no_such_round``, ``workshop_other_round_open``, ``workshop_round_order`` (an earlier
            round was never held, or a later one was) or ``workshop_round_shown`` (its answers were shown: reopening
            would measure the showing).
        """
        with self._writing():
            acts = self._acts(number)
            is_open = [other for other in self._asked if self._state(acts, other) == "open"]
            if is_open:
                raise KinerjaError("workshop_other_round_open", round=str(is_open[0]))
            held = {round_ for round_, kind in acts if kind == "close"}
            if any(other not in held for other in self._asked if other < number) or any(
                    other > number for other, _ in acts):
                raise KinerjaError("workshop_round_order", round=str(number))
            if (number, "show") in acts:
                raise KinerjaError("workshop_round_shown", round=str(number))
            self._act(number, "open")

    def close_round(self, number: int) -> Path:
        """Let no more answers to a round in, and copy the file; returns the copy.

        Raises
        ------
        KinerjaError
            ``workshop_no_such_round`` or ``workshop_round_not_open``.
        """
        with self._writing():
            if self._state(self._acts(number), number) != "open":
                raise KinerjaError("workshop_round_not_open", round=str(number))
            seq = self._act(number, "close")
        return self.backup(f"ronde-{number}-{seq}")

    def show_feedback(self, number: int, *, shown: bool) -> None:
        """Show the panel what all of them answered in a closed round, or hide it again.

        Raises
        ------
        KinerjaError
            ``workshop_no_such_round`` or ``workshop_round_not_closed``.
        """
        with self._writing():
            if self._state(self._acts(number), number) != "closed":
                raise KinerjaError("workshop_round_not_closed", round=str(number))
            self._act(number, "show" if shown else "hide")

    def backup(self, label: str) -> Path:
        """A whole, consistent copy beside the file, made while the workshop runs.

        Parameters
        ----------
        label : str
            Part of the copy's name.
        """
        folder = self.path.parent / "cadangan"
        target = folder / f"{self.path.stem}-{label}.db"
        beside = folder / f".{target.name}"
        with sql_faults():
            folder.mkdir(exist_ok=True, mode=0o700)
            os.close(os.open(beside, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
            try:
                with closing(sqlite3.connect(beside)) as copy:
                    self.db.backup(copy)
                beside.replace(target)
            finally:
                beside.unlink(missing_ok=True)
        return target

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with sql_faults():
            self.db.execute("BEGIN IMMEDIATE")
            try:
                yield
                self.db.execute("COMMIT")
            finally:
                if self.db.in_transaction:
                    self.db.execute("ROLLBACK")

    def _one(self, query: str, values: tuple = ()) -> object:
        row = self.db.execute(query, values).fetchone()
        return row[0] if row else None

    def _known(self, judge: int) -> None:
        if self._one("SELECT 1 FROM judge WHERE id = ?", (judge,)) is None:
            raise KinerjaError("workshop_no_such_judge", value=str(judge))

    def _new_session(self, judge: int | None) -> str:
        session, now = new_token(), self.now()
        self.db.execute("INSERT INTO session (hash, judge, made, expires) VALUES (?, ?, ?, ?)",
                        (digest(session), judge, now, now + self.lifetime))
        return session

    def _visitor(self, session: str) -> Visitor | None:
        row = self.db.execute("SELECT s.judge, s.expires, s.revoked, j.alias FROM session s LEFT JOIN judge j "
                              "ON j.id = s.judge WHERE s.hash = ?", (digest(session),)).fetchone() if session else None
        if row is None or row[2] or self.now() >= row[1]:
            return None
        return Visitor(judge=row[0], alias=row[3] or "")

    def _repeated(self, judge: int, answer: Answer) -> int | None:
        """The record of the same tap sent again; a round that closed meanwhile does not unmake it."""
        row = self.db.execute("SELECT seq, round, item, question, value, text FROM answer WHERE judge = ? AND key = ?",
                              (judge, answer.key)).fetchone()
        if row is None:
            return None
        if row[1:] != (answer.round, answer.item, answer.question, answer.value, answer.text):
            raise KinerjaError("workshop_key_reused")
        return row[0]

    def _check(self, answer: Answer) -> None:
        if self._state(self._acts(None), answer.round) != "open":
            raise KinerjaError("workshop_round_closed", round=str(answer.round))
        sound = (0 < len(answer.key) <= LONGEST_KEY and answer.item in self._items
                 and answer.question in self._asked[answer.round])
        if sound and QUESTIONS[answer.question].kind is Kind.TEXT:
            sound = answer.value is None and len(answer.text) <= LONGEST_COMMENT
        elif sound:
            sound = answer.value is not None and not answer.text and QUESTIONS[answer.question].holds(answer.value)
        if not sound:
            raise KinerjaError("workshop_bad_answer")

    def _acts(self, number: int | None) -> list[tuple[int, str]]:
        if number is not None and number not in self._asked:
            raise KinerjaError("workshop_no_such_round", value=str(number), choices=", ".join(map(str, self._asked)))
        return list(self.db.execute("SELECT round, kind FROM act ORDER BY seq"))

    @staticmethod
    def _state(acts: list[tuple[int, str]], number: int) -> str:
        kinds = [kind for round_, kind in acts if round_ == number and kind in ("open", "close")]
        return {"open": "open", "close": "closed"}[kinds[-1]] if kinds else "planned"

    def _act(self, number: int, kind: str) -> int:
        return self.db.execute("INSERT INTO act (round, kind, at) VALUES (?, ?, ?)",
                               (number, kind, self.now())).lastrowid
