"""What does the facilitator see while the panel answers: who, agreement, heat map, drift, comments?"""

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan

import pandas as pd

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.panel import JudgePanel
from kinerja_lab.workshop.questions import Asked, Kind
from kinerja_lab.workshop.reading import JudgeProgress, RoundStatus, Snapshot, panel_of, snapshot
from kinerja_lab.workshop.results import drift, item_estimates, overall

__all__ = ["LEVEL", "HeatRow", "Overview", "QuestionView", "look", "progress_word", "write_number"]

LEVEL = 0.95


@dataclass(frozen=True, slots=True, kw_only=True)
class HeatRow:
    """One judge's answers in the order of the items, as typed; None where there is none."""

    judge: str
    values: tuple[int | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionView:
    """What is known about one question of a round.

    Parameters
    ----------
    asked : Asked
        The question.
    estimates : mapping of str to Estimate
        Agreement by item; items without an answer are absent.
    reason : NotApplicable or None
        Why there are no estimates.
    whole : tuple of Estimate or NotApplicable
        Coefficients of the whole instrument.
    heat : tuple of HeatRow
        Judge by item; empty while an anonymous round is open.
    drift : mapping of str to dict
        By item: ``changed`` (an Estimate), ``before``, ``after`` (medians as typed) and ``verdict``.
    drift_reason : NotApplicable or None
        Why there is no drift although an earlier round asked the same.
    """

    asked: Asked
    estimates: Mapping[str, Estimate]
    reason: NotApplicable | None
    whole: tuple[Estimate | NotApplicable, ...]
    heat: tuple[HeatRow, ...]
    drift: Mapping[str, dict[str, object]]
    drift_reason: NotApplicable | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """A workshop as the facilitator sees it.

    Parameters
    ----------
    found : Snapshot
        Rounds and progress.
    status : RoundStatus or None
        The round looked at; None before the first.
    questions : tuple of QuestionView
        Its questions that want a number.
    comments : tuple of (str, str)
        Item and comment of the round, without who wrote it.
    """

    found: Snapshot
    status: RoundStatus | None
    questions: tuple[QuestionView, ...]
    comments: tuple[tuple[str, str], ...]


def look(db: sqlite3.Connection, *, round: int | None, now: float, level: float = LEVEL) -> Overview:
    """Everything the facilitator's page and board show, of one moment.

    Parameters
    ----------
    db : sqlite3.Connection
        Connection that only reads.
    round : int or None
        Round to look at; the current one by default.
    now : float
        Seconds since 1970.
    level : float
        Confidence level, between 0 and 1.
    """
    found = snapshot(db, now=now)
    status = found.current if round is None or not 1 <= round <= len(found.rounds) else found.round(round)
    if status is None:
        return Overview(found=found, status=None, questions=(), comments=())
    panel = panel_of(db)
    words = panel.comments()
    words = words[words["round"] == status.number]
    return Overview(
        found=found, status=status,
        questions=tuple(_question(panel, asked, found, status, level) for asked in status.required),
        comments=tuple(zip(words["item"], words["comment"], strict=True)),
    )


def progress_word(judge: JudgeProgress, *, status: RoundStatus | None, items: int) -> str:
    """``"none"``, ``"begun"`` or ``"done"`` in a round.

    Parameters
    ----------
    judge : JudgeProgress
        The panellist.
    status : RoundStatus or None
        The round.
    items : int
        Indicators.
    """
    given = judge.answered.get(status.number, 0) if status else 0
    if not given:
        return "none"
    return "done" if given >= items * len(status.required) else "begun"


def write_number(asked: Asked, value: float) -> str:
    """Format for a number of this question, for ``text.numbers``.

    Parameters
    ----------
    asked : Asked
        The question.
    value : float
        The number.
    """
    return ".0%" if asked.kind is Kind.PERCENT else ("d" if not isnan(value) and float(value).is_integer() else ".1f")


def _question(panel: JudgePanel, asked: Asked, found: Snapshot, status: RoundStatus, level: float) -> QuestionView:
    table = item_estimates(panel, asked=asked, round=status.number, level=level)
    moved = drift(panel, asked=asked, round=status.number, level=level)
    hidden = found.anonymous and status.state == "open"
    return QuestionView(
        asked=asked,
        estimates={row.label: row for row in table.estimates()} if isinstance(table, EstimateTable) else {},
        reason=table if isinstance(table, NotApplicable) else None,
        whole=overall(panel, asked=asked, round=status.number, level=level),
        heat=() if hidden else _heat(panel, asked, found, status.number),
        drift={} if moved is None or isinstance(moved, NotApplicable) else _drift_rows(moved.items, moved.spread),
        drift_reason=moved if isinstance(moved, NotApplicable) else None,
    )


def _drift_rows(items: EstimateTable, spread: pd.DataFrame) -> dict[str, dict[str, object]]:
    frame = items.to_frame()
    changed = EstimateTable(frame=frame[frame["label"] == "changed"].assign(label=lambda table: table["item"]))
    return {row["item"]: {"changed": changed.row(row["item"]), "before": row["median_before"],
                          "after": row["median_after"], "verdict": row["verdict"], "n": int(row["n"])}
            for _, row in spread.iterrows()}


def _heat(panel: JudgePanel, asked: Asked, found: Snapshot, number: int) -> tuple[HeatRow, ...]:
    held = panel.frame[(panel.frame["question"] == asked.code) & (panel.frame["round"] == number)]
    scale = 100 if asked.kind is Kind.PERCENT else 1
    table = {(row.judge, row.item): round(row.value * scale) for row in held.itertuples() if row.value == row.value}
    names = {judge.alias: judge.alias if found.anonymous else f"{judge.alias} {judge.name}" for judge in found.judges}
    return tuple(HeatRow(judge=names[alias], values=tuple(table.get((alias, item)) for item in panel.items))
                 for alias in panel.judges)
