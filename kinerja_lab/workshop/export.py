"""How do the answers leave as a spreadsheet in which no comment can become a formula, and as slips with links?"""

import os
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.io.dictionary_words import printable
from kinerja_lab.io.dictionary_xlsx import DANGEROUS
from kinerja_lab.io.whole_files import write_whole
from kinerja_lab.text.catalogue import Catalogue, catalogue
from kinerja_lab.workshop.overview import LEVEL, QuestionView, look
from kinerja_lab.workshop.pages import page, qr_svg
from kinerja_lab.workshop.reading import Snapshot
from kinerja_lab.workshop.results import RELEVANT
from kinerja_lab.workshop.schema import reading
from kinerja_lab.workshop.store import Store

__all__ = ["Sheet", "export_xlsx", "workbook", "write_slips"]

_MAX_CELL = 32_767
Value = str | float | int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """One sheet: its name, headings and rows; text stays text, a number is a number, None an empty cell."""

    name: str
    head: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]


def export_xlsx(path: Path, *, to: Path, lang: str) -> None:
    """Write a workshop's answers as a spreadsheet.

    Parameters
    ----------
    path : pathlib.Path
        The workshop file; the workshop may be running.
    to : pathlib.Path
        File to write; it appears whole or not at all.
    lang : str
        ``"id"`` or ``"en"``.
    """
    write_whole(to, workbook(path, lang=lang))


def workbook(path: Path, *, lang: str) -> bytes:
    """The spreadsheet: answers, agreement, comments, every record, rounds and, unless anonymous, the panellists.

    Parameters
    ----------
    path : pathlib.Path
        The workshop file.
    lang : str
        ``"id"`` or ``"en"``.

    Notes
    -----
    An anonymous workshop's spreadsheet has no names and no times: times would tell who sat next to whom.
    """
    import xlsxwriter

    words = catalogue(lang)
    out = BytesIO()
    safe = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False,
            "nan_inf_to_errors": False}
    with xlsxwriter.Workbook(out, safe) as book:
        formats = {"head": book.add_format({"bold": True, "text_wrap": True, "valign": "top", "bottom": 1}),
                   "plain": book.add_format({"text_wrap": True, "valign": "top", "num_format": "@"}),
                   "quoted": book.add_format({"text_wrap": True, "valign": "top", "num_format": "@",
                                              "quote_prefix": True})}
        for sheet in _sheets(path, words):
            _write(book.add_worksheet(sheet.name[:31]), sheet, formats)
    return out.getvalue()


def _write(target, sheet: Sheet, formats: dict) -> None:
    for column, text in enumerate(sheet.head):
        target.write_string(0, column, printable(text), formats["head"])
        target.set_column(column, column, 18)
    for row, values in enumerate(sheet.rows, start=1):
        for column, value in enumerate(values):
            if isinstance(value, str):
                text = printable(value)[:_MAX_CELL]
                target.write_string(row, column, text, formats["quoted" if text.startswith(DANGEROUS) else "plain"])
            elif value is not None and value == value:
                target.write_number(row, column, value)
    target.freeze_panes(1, 0)


def _sheets(path: Path, words: Catalogue) -> list[Sheet]:
    with reading(path) as db:
        now = datetime.now(tz=UTC).timestamp()
        found = look(db, round=None, now=now).found
        held = [look(db, round=status.number, now=now) for status in found.rounds if status.state != "planned"]
        records = _records(db)
        acts = list(db.execute("SELECT round, kind, at FROM act ORDER BY seq"))
    aliases = {judge.id: judge.alias for judge in found.judges}

    def head(*names: str) -> tuple[str, ...]:
        return tuple(words.text(f"workshop_column.{name}", level=LEVEL) for name in names)

    def sheet(name: str, columns: tuple[str, ...], rows: Sequence[tuple[Value, ...]]) -> Sheet:
        return Sheet(name=words.text(f"workshop_sheet.{name}"), head=head(*columns), rows=tuple(rows))

    newest = {record[1:5]: record for record in records}
    answers = sorted((round_, aliases[judge], item, question, value, text)
                     for _, round_, judge, item, question, value, text, _ in newest.values() if value is not None)
    comments = sorted((round_, item, text) for _, round_, _, item, _, value, text, _ in newest.values()
                      if value is None and text)
    columns = ("record", "round", "judge", "item", "question", "value", "comment")
    history = [(seq, round_, aliases[judge], item, question, value, text, *(() if found.anonymous else (_stamp(at),)))
               for seq, round_, judge, item, question, value, text, at in records]
    sheets = [
        sheet("answers", ("round", "judge", "item", "question", "value"), [row[:5] for row in answers]),
        sheet("agreement", ("round", "question", "item", "measure", "value", "low", "high", "n", "why"),
              [row for seen in held for view in seen.questions
               for row in _agreement(view, seen.status.number, found, words)]),
        sheet("comments", ("round", "item", "comment"), comments),
        sheet("records", columns if found.anonymous else (*columns, "time"), history),
        sheet("rounds", ("round", "act", "time"),
              [(number, words.text(f"workshop_act.{kind}"), _stamp(at)) for number, kind, at in acts]),
    ]
    if not found.anonymous:
        sheets.append(sheet("panel", ("judge", "name"), [(judge.alias, judge.name) for judge in found.judges]))
    return sheets


def _records(db: sqlite3.Connection) -> list[tuple]:
    return list(db.execute("SELECT seq, round, judge, item, question, value, text, at FROM answer ORDER BY seq"))


def _agreement(view: QuestionView, number: int, found: Snapshot, words: Catalogue) -> list[tuple[Value, ...]]:
    measure = words.text(f"workshop_measure.{view.asked.kind.value}", relevant=RELEVANT)
    if view.reason is not None:
        return [(number, view.asked.code, "", measure, None, None, None, None, words.sentence(view.reason.message))]
    rows = [_row(number, view, item.code, measure, view.estimates[item.code], words)
            for item in found.items if item.code in view.estimates]
    for label, value in zip(("s_cvi_ave", "gwet_ac"), view.whole, strict=False):
        rows.append(_row(number, view, "", words.text(f"workshop_measure.{label}"), value, words))
    return rows


def _row(number: int, view: QuestionView, item: str, measure: str, value: Estimate | NotApplicable,
         words: Catalogue) -> tuple[Value, ...]:
    if isinstance(value, NotApplicable):
        return (number, view.asked.code, item, measure, None, None, None, None, words.sentence(value.message))
    why = words.name("note", value.note) if value.note else ""
    return (number, view.asked.code, item, measure, value.value, value.low, value.high, value.n, why)


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, tz=UTC).isoformat(timespec="seconds")


def write_slips(store: Store, *, address: str, judges: Sequence[int], to: Path, lang: str) -> int:
    """Make new one-time links and write them as a page to print, one slip a panellist; returns how many.

    Parameters
    ----------
    store : Store
        The workshop.
    address : str
        Where panellists will reach the pages, e.g. ``http://192.168.1.5:8765``.
    judges : sequence of int
        Panellists by number.
    to : pathlib.Path
        HTML file to write, readable for the owner only: whoever reads it can sign in.
    lang : str
        ``"id"`` or ``"en"``.
    """
    from kinerja_lab.workshop.reading import snapshot

    names = {judge.id: judge.name for judge in snapshot(store.db, now=store.now()).judges}
    slips = []
    for judge in judges:
        link = f"{address.rstrip('/')}/t/{store.make_link(judge)}"
        slips.append((names[judge], link, qr_svg(link)))
    text = page("slip.html", lang=lang, slips=slips, workshop=store.meta["name"], hours=float(store.meta["hours"]))
    beside = to.with_name(f".{to.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w", encoding="utf-8") as file:
            file.write(text)  # never, not even for a moment, readable for others
        beside.replace(to)
    finally:
        beside.unlink(missing_ok=True)
    return len(slips)
