"""What does a workshop file say: rounds, who has answered, and the panel that the methods read?"""

import json
import sqlite3
from dataclasses import dataclass
from pathlib import Path

from kinerja_lab.core.panel import PANEL_COLUMNS, JudgePanel, Question
from kinerja_lab.workshop.questions import QUESTIONS, Asked, ItemSheet, Kind
from kinerja_lab.workshop.schema import reading

__all__ = ["JudgeProgress", "RoundStatus", "Snapshot", "own_answers", "read_panel", "snapshot"]

LATEST = ("SELECT a.round, a.judge, a.item, a.question, a.value, a.text, a.seq FROM answer a JOIN (SELECT max(seq) seq "
          "FROM answer {where} GROUP BY round, judge, item, question) USING (seq) ORDER BY a.seq")
"""The newest record of each cell; ``where`` narrows the cells."""
OwnAnswers = dict[tuple[str, str], tuple[float | None, str, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundStatus:
    """Where a round stands.

    Parameters
    ----------
    number : int
        From 1.
    questions : tuple of Asked
        What is asked.
    state : str
        ``"planned"``, ``"open"`` or ``"closed"``.
    shown : bool
        Whether the panel sees what all answered.
    ever_shown : bool
        Whether it ever did; such a round is not opened again.
    """

    number: int
    questions: tuple[Asked, ...]
    state: str
    shown: bool
    ever_shown: bool

    @property
    def required(self) -> tuple[Asked, ...]:
        """Questions that want a number."""
        return tuple(asked for asked in self.questions if asked.kind is not Kind.TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class JudgeProgress:
    """How far a panellist is.

    Parameters
    ----------
    id : int
        Number in the file.
    alias, name : str
        What results call him, and who he is.
    answered : dict of int to int
        Numbers given, by round.
    link : str
        ``"none"``, ``"waiting"``, ``"used"``, ``"expired"`` or ``"revoked"``: state of his newest link.
    """

    id: int
    alias: str
    name: str
    answered: dict[int, int]
    link: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """A workshop at one moment.

    Parameters
    ----------
    id, name, study, lang : str
        As the plan said.
    anonymous : bool
        Whether results carry numbers instead of names.
    items : tuple of ItemSheet
        Indicators as the panel sees them.
    rounds : tuple of RoundStatus
        In order.
    judges : tuple of JudgeProgress
        In the order of the list of names.
    records : int
        Answers appended so far, replaced ones too.
    """

    id: str
    name: str
    study: str
    lang: str
    anonymous: bool
    items: tuple[ItemSheet, ...]
    rounds: tuple[RoundStatus, ...]
    judges: tuple[JudgeProgress, ...]
    records: int

    @property
    def current(self) -> RoundStatus | None:
        """The open round, else the last one that was held; None before the first."""
        held = [status for status in self.rounds if status.state != "planned"]
        return next((status for status in held if status.state == "open"), held[-1] if held else None)

    def round(self, number: int) -> RoundStatus:
        """The round of a number from 1."""
        return self.rounds[number - 1]


def snapshot(db: sqlite3.Connection, *, now: float) -> Snapshot:
    """The workshop as it stands.

    Parameters
    ----------
    db : sqlite3.Connection
        Any connection to the file.
    now : float
        Seconds since 1970, for links that have expired.
    """
    meta = dict(db.execute("SELECT key, value FROM meta"))
    return Snapshot(
        id=meta["id"], name=meta["name"], study=meta["study"], lang=meta["lang"], anonymous=meta["anonymous"] == "1",
        items=tuple(ItemSheet(**json.loads(content))
                    for (content,) in db.execute("SELECT content FROM item ORDER BY position")),
        rounds=round_statuses(db), judges=_progress(db, now),
        records=db.execute("SELECT count(*) FROM answer").fetchone()[0],
    )


def round_statuses(db: sqlite3.Connection) -> tuple[RoundStatus, ...]:
    """Every round, from the acts recorded.

    Parameters
    ----------
    db : sqlite3.Connection
        Any connection to the file.
    """
    acts = list(db.execute("SELECT round, kind FROM act ORDER BY seq"))
    found = []
    for number, codes in db.execute("SELECT number, questions FROM round ORDER BY number"):
        own = [kind for round_, kind in acts if round_ == number]
        moves = [kind for kind in own if kind in ("open", "close")]
        views = [kind for kind in own if kind in ("show", "hide")]
        state = {"open": "open", "close": "closed"}[moves[-1]] if moves else "planned"
        found.append(RoundStatus(number=number, questions=tuple(QUESTIONS[code] for code in json.loads(codes)),
                                 state=state, shown=views[-1:] == ["show"], ever_shown="show" in views))
    return tuple(found)


def own_answers(db: sqlite3.Connection, *, judge: int, round: int) -> OwnAnswers:
    """A panellist's newest answers in a round: (item, question) to number, text and record number.

    Parameters
    ----------
    db : sqlite3.Connection
        Any connection to the file.
    judge : int
        Number of the panellist.
    round : int
        The round.
    """
    rows = db.execute(LATEST.format(where="WHERE judge = ? AND round = ?"), (judge, round))
    return {(item, question): (value, text, seq) for _, _, item, question, value, text, seq in rows}


def read_panel(path: Path | str) -> JudgePanel:
    """The panel's newest answers; judges are called by their numbers, never by name.

    Parameters
    ----------
    path : pathlib.Path or str
        The workshop file; the workshop may be running.

    Returns
    -------
    JudgePanel
        Probabilities (``angoff``) from 0 to 1. A comment on an item stands in the row of the round's first question.

    Raises
    ------
    KinerjaError
        ``workshop_not_a_file``, ``workshop_newer_version``, ``workshop_busy`` or ``workshop_damaged``.
    """
    with reading(Path(path)) as db:
        return panel_of(db)


def panel_of(db: sqlite3.Connection) -> JudgePanel:
    """The panel's newest answers, read through an open connection.

    Parameters
    ----------
    db : sqlite3.Connection
        Any connection to the file.
    """
    import pandas as pd

    rounds = round_statuses(db)
    first = {status.number: status.required[0].code for status in rounds}
    aliases = dict(db.execute("SELECT id, alias FROM judge"))
    cells: dict[tuple[str, str, str, int], list] = {}
    for round_, judge, item, question, value, text, _ in db.execute(LATEST.format(where="")):
        comment = QUESTIONS[question].kind is Kind.TEXT
        code = first[round_] if comment else question
        cell = cells.setdefault((aliases[judge], item, code, round_), [float("nan"), ""])
        if comment:
            cell[1] = text
        else:
            cell[0] = value / 100 if QUESTIONS[question].kind is Kind.PERCENT else value
    rows = [(*key, *cell) for key, cell in sorted(cells.items()) if cell[1] or cell[0] == cell[0]]
    asked = dict.fromkeys(question for status in rounds for question in status.required)
    return JudgePanel(
        frame=pd.DataFrame(rows, columns=list(PANEL_COLUMNS)), questions=tuple(panel_question(item) for item in asked),
        judges=tuple(sorted(aliases.values())),
        items=tuple(code for (code,) in db.execute("SELECT code FROM item ORDER BY position")),
    )


def panel_question(asked: Asked) -> Question:
    """The scale on which a question's answers stand in the panel.

    Parameters
    ----------
    asked : Asked
        A question that wants a number.
    """
    if asked.kind is Kind.PERCENT:
        return Question(code=asked.code, low=0, high=1, whole=False)
    return Question(code=asked.code, low=asked.low, high=asked.high)


def _progress(db: sqlite3.Connection, now: float) -> tuple[JudgeProgress, ...]:
    text = tuple(code for code, asked in QUESTIONS.items() if asked.kind is Kind.TEXT)
    marks = ", ".join("?" * len(text))
    counts: dict[int, dict[int, int]] = {}
    rows = db.execute("SELECT judge, round, count(*) FROM (SELECT DISTINCT judge, round, item, question FROM answer "
                      f"WHERE question NOT IN ({marks})) GROUP BY judge, round", text)
    for judge, round_, n in rows:
        counts.setdefault(judge, {})[round_] = n
    links = {judge: _link_state(expires, revoked, door, now) for judge, expires, revoked, door in db.execute(
        "SELECT judge, expires, revoked, door FROM link ORDER BY made")}
    return tuple(JudgeProgress(id=number, alias=alias, name=name, answered=counts.get(number, {}),
                               link=links.get(number, "none"))
                 for number, alias, name in db.execute("SELECT id, alias, name FROM judge ORDER BY id"))


def _link_state(expires: float, revoked: int, door: bytes | None, now: float) -> str:
    if revoked:
        return "revoked"
    if door is not None:
        return "used"
    return "expired" if now >= expires else "waiting"
