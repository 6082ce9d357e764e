"""How do the minutes become a document (berita acara) that people can read, correct by hand and sign?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date as Date
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from babel.dates import format_date

from kinerja_lab.core.indicator import Revision
from kinerja_lab.core.message import Message
from kinerja_lab.io.dictionary_words import printable
from kinerja_lab.io.whole_files import write_whole
from kinerja_lab.panels.minutes import Minutes
from kinerja_lab.text.catalogue import Catalogue, catalogue
from kinerja_lab.text.numbers import date_text
from kinerja_lab.workshop.tables import TextTable, text_table

if TYPE_CHECKING:
    from docx.document import Document

__all__ = ["MinutesPaper", "write_minutes"]

_ORDER = ("cuts", "items", "outlook", "scale", "aiken", "medians", "change", "impact", "consistency", "answers",
          "judges", "components")
"""Tables that are printed, what decides first."""
_COLUMNS = {"outlook": ("item", "n", "points", "kept", "flips", "more_needed"),
            "judges": ("judge", "cut", "value"), "components": ("cut", "label", "value", "interval", "n", "note"),
            "items": ("item", "i_cvi", "interval", "n", "modified_kappa", "median", "lower", "upper", "index",
                      "verdict"),
            "change": ("item", "n", "median_before", "median_after", "verdict"),
            "cuts": ("band", "error", "value", "interval", "n", "note")}
_CALLED = {"cuts": "band", "impact": "band", "aiken": "item"}
"""What the labels of a table of estimates stand for."""
_WEIGHTS = {"item": 3.6, "label": 3.0, "interval": 2.0, "note": 3.0, "verdict": 1.8, "error": 2.6, "band": 2.6,
            "question": 2.6, "n": 1.0, "kept": 1.9, "points": 1.7, "flips": 1.6, "more_needed": 1.9,
            "modified_kappa": 1.9, "i_cvi": 1.5, "median_before": 1.7, "median_after": 1.7}
_WEIGHT = 1.3
"""How wide a column is against the others."""
_BLANK = "…" * 20


@dataclass(frozen=True, slots=True, kw_only=True)
class MinutesPaper:
    """What stands around the minutes: heading, people who sign, and changes that followed.

    Parameters
    ----------
    title : str
        What the meeting was about.
    date : datetime.date
        Day of the meeting.
    place : str
        Where; a line to fill in when empty.
    number : str
        Number of the letter; a line to fill in when empty.
    signers : sequence of (str, str)
        Name and office of those who sign; an empty name is a line to fill in.
    revisions : mapping of str to Revision
        Indicator (name) and the change recorded in its file.
    names : mapping of str to str
        Names of items by code.
    remark : str
        Stands in bold under the heading, e.g. that the data are synthetic.
    """

    title: str
    date: Date
    place: str = ""
    number: str = ""
    signers: Sequence[tuple[str, str]] = ()
    revisions: Mapping[str, Revision] | None = None
    names: Mapping[str, str] | None = None
    remark: str = ""


def write_minutes(path: Path, record: Minutes, *, paper: MinutesPaper, lang: str) -> None:
    """Write the minutes as a Word document.

    Parameters
    ----------
    path : pathlib.Path
        File to write (``.docx``); it appears whole or not at all.
    record : Minutes
        What ``panels.minutes`` or ``panels.item_minutes`` made.
    paper : MinutesPaper
        Heading, signatures, changes.
    lang : str
        ``"id"`` or ``"en"``.

    Notes
    -----
    Every statement and every convention of the record is printed; what was not examined is among them.
    """
    import docx
    from docx.shared import Cm, Pt

    words = catalogue(lang)
    document = docx.Document()
    document.core_properties.title = printable(paper.title)
    document.core_properties.author = ""
    document.styles["Normal"].font.size = Pt(10.5)
    for section in document.sections:
        section.left_margin = section.right_margin = Cm(2.2)
        section.top_margin = section.bottom_margin = Cm(2)
    _opening(document, paper, words)
    _heading(document, words, "course")
    for statement in record.statements:
        _line(document, words.sentence(_renamed(statement, paper)), "List Number")
    _heading(document, words, "conventions")
    document.add_paragraph(words.text("minutes_paper.conventions_note"))
    for convention in record.conventions:
        _line(document, words.sentence(convention), "List Bullet")
    if paper.revisions:
        _revisions(document, paper, words)
    _heading(document, words, "tables")
    for key in _ORDER:
        if key in record.tables and len(record.tables[key]):
            frame = _flat(record.tables[key]).rename(columns={"label": _CALLED.get(key, "label")})
            _table(document, text_table(frame, lang=lang, columns=_columns(key, frame),
                                        names={"item": dict(paper.names or {})},
                                        caption=words.text(f"minutes_table.{key}")))
    _signatures(document, paper, words)
    out = BytesIO()
    document.save(out)
    write_whole(Path(path), out.getvalue())


def _opening(document: "Document", paper: MinutesPaper, words: Catalogue) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH

    title = document.add_heading(words.text("minutes_paper.heading"), level=0)
    title.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for text in (paper.title, words.text("minutes_paper.number", number=paper.number or _BLANK)):
        document.add_paragraph(printable(text)).alignment = WD_ALIGN_PARAGRAPH.CENTER
    if paper.remark:
        document.add_paragraph().add_run(printable(paper.remark)).bold = True
    day = format_date(paper.date, format="EEEE", locale=words.lang)
    document.add_paragraph(printable(words.text("minutes_paper.opening", day=day, date=paper.date, title=paper.title,
                                                place=printable(paper.place) or _BLANK)))


def _renamed(statement: Message, paper: MinutesPaper) -> Message:
    """Codes of items in a statement become their names."""
    listed = statement.params.get("names")
    if not isinstance(listed, str) or not paper.names:
        return statement
    shown = "; ".join(paper.names.get(code, code) for code in listed.split(", "))
    return Message(statement.code, {**statement.params, "names": printable(shown)})


def _revisions(document: "Document", paper: MinutesPaper, words: Catalogue) -> None:
    _heading(document, words, "revisions")
    for name, record in paper.revisions.items():
        fields = ", ".join(words.text(f"indicator_field.{field}") for field in record.changed)
        key = "revision_breaks" if record.breaks_series else "revision"
        _line(document, words.text(f"minutes_paper.{key}", name=name, fields=fields, by=record.by, reason=record.reason,
                                   date=date_text(record.on, lang=words.lang)), "List Bullet")


def _heading(document: "Document", words: Catalogue, key: str) -> None:
    document.add_heading(words.text(f"minutes_paper.{key}"), level=1)


def _line(document: "Document", text: str, style: str) -> None:
    document.add_paragraph(printable(text), style=style)


def _flat(frame: pd.DataFrame) -> pd.DataFrame:
    """One row an item where there are two measures of each: the index with its interval, kappa beside it."""
    labels = set(frame["label"]) if "label" in frame else set()
    if labels == {"median", "disagreement_index"}:  # the index stands in the table of verdicts
        return frame[frame["label"] == "median"].drop(columns="label")
    if labels != {"i_cvi", "modified_kappa"}:
        return frame
    kappa = frame.loc[frame["label"] == "modified_kappa", ["item", "value"]].rename(columns={"value": "modified_kappa"})
    index = frame[frame["label"] == "i_cvi"].drop(columns="label").assign(unit="coefficient")
    return index.merge(kappa, on="item").rename(columns={"value": "i_cvi"})


def _columns(key: str, frame: pd.DataFrame) -> list[str] | None:
    wanted = _COLUMNS.get(key)
    if wanted is None:
        return None
    kept = [name for name in wanted if name in frame.columns or (name == "interval" and "low" in frame.columns)]
    return [name for name in kept if name != "note" or frame["note"].astype(bool).any()]


def _table(document: "Document", table: TextTable) -> None:
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt

    section = document.sections[0]
    width = section.page_width - section.left_margin - section.right_margin
    weights = [_WEIGHTS.get(name, _WEIGHT) for name in table.columns]
    widths = [int(width * weight / sum(weights)) for weight in weights]
    caption = document.add_paragraph()
    caption.paragraph_format.keep_with_next = True
    caption.paragraph_format.space_before = Pt(10)
    caption.add_run(table.caption).bold = True
    made = document.add_table(rows=1 + len(table.rows), cols=len(table.head), style="Table Grid")
    made.autofit = False
    for column, wide in zip(made.columns, widths, strict=True):
        column.width = wide
    for place, texts in enumerate((table.head, *table.rows)):
        _keep_whole(made.rows[place])
        for cell, text, numeric, wide in zip(made.rows[place].cells, texts, table.numeric, widths, strict=True):
            cell.width = wide
            paragraph = cell.paragraphs[0]
            paragraph.paragraph_format.space_after = Pt(0)
            run = paragraph.add_run(printable(text))
            run.bold, run.font.size = place == 0, Pt(9)
            if numeric:
                paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _repeat_head(made.rows[0])


def _repeat_head(row) -> None:
    """The heading stands again on each page that the table runs over."""
    _mark(row, "w:tblHeader")


def _keep_whole(row) -> None:
    """A row never stands half on one page and half on the next."""
    _mark(row, "w:cantSplit")


def _mark(row, name: str) -> None:
    from docx.oxml import OxmlElement
    from docx.oxml.ns import qn

    mark = OxmlElement(name)
    mark.set(qn("w:val"), "true")
    row._tr.get_or_add_trPr().append(mark)


def _signatures(document: "Document", paper: MinutesPaper, words: Catalogue) -> None:
    from docx.shared import Cm

    _heading(document, words, "signatures")
    closing = document.add_paragraph(words.text("minutes_paper.closing"))
    closing.paragraph_format.keep_with_next = True
    signers = paper.signers or (("", ""),) * 3
    table = document.add_table(rows=1 + len(signers), cols=3, style="Table Grid")
    for cell, key in zip(table.rows[0].cells, ("name", "office", "signature"), strict=True):
        cell.paragraphs[0].add_run(words.text(f"minutes_paper.{key}")).bold = True
    for row, (name, office) in zip(table.rows[1:], signers, strict=True):
        row.height = Cm(1.1)
        row.cells[0].text, row.cells[1].text = printable(name), printable(office)
    _repeat_head(table.rows[0])
    for row in table.rows[:-1]:  # a signature never stands alone on a page
        for cell in row.cells:
            cell.paragraphs[0].paragraph_format.keep_with_next = True
