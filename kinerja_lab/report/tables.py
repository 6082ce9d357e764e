"""How does a table of numbers become HTML that an official can read and that no name can break?"""

from collections.abc import Mapping, Sequence
from datetime import date
from html import escape
from math import isnan
from numbers import Integral, Real

import pandas as pd

from kinerja_lab.core.estimate import MEASURED_IN, Estimate, EstimateTable
from kinerja_lab.core.message import Message
from kinerja_lab.report.disclosure import SUPPRESSED
from kinerja_lab.text.catalogue import Catalogue, catalogue
from kinerja_lab.text.numbers import MISSING_MARK, date_text, number

__all__ = ["CHANCE", "chance_text", "estimate_spec", "table_html"]

_LONG = 15
_SPECS = {"index_100": ".2f", "scale_1_4": ".2f", "scale_points": ".2f", "percent": ".1f", "share": ".1%",
          "probability": ".1%", "correlation": ".2f", "coefficient": ".3f", "ratio": ".2f", "respondents": ".0f"}
_CHANCES = ("p", "q", "gain_q")
CHANCE = "chance"
"""The format of a probability that is not certain, as ``chance_text`` writes it."""
_SMALLEST = 0.001
_LABEL_SECTIONS = ("element", "label")


def estimate_spec(unit: str) -> str:
    """The format of a value in a unit, e.g. ``".1%"`` for a share."""
    return _SPECS.get(unit, ".2f")


def chance_text(p: float, *, words: Catalogue, spec: str = ".0%") -> str:
    """A probability, but never "100%" or "0%" for what is not certain."""
    if p > 0.99:
        return words.text("screen.certain", p=number(0.99, lang=words.lang, spec=".0%"))
    if p < 0.01:
        return words.text("screen.unlikely", p=number(0.01, lang=words.lang, spec=".0%"))
    return number(p, lang=words.lang, spec=spec)


def table_html(
    table: EstimateTable | pd.DataFrame, *, lang: str, columns: Sequence[str] | None = None, caption: str = "",
    names: Mapping[str, Mapping[str, str]] | None = None, headers: Mapping[str, str] | None = None,
    specs: Mapping[str, str] | None = None,
) -> str:
    """A table as HTML; everything in it is escaped, numbers are written as the language writes them.

    Parameters
    ----------
    table : EstimateTable or pandas.DataFrame
        Rows to show, unrounded.
    lang : str
        ``"id"`` or ``"en"``.
    columns : sequence of str or None
        Columns in order; ``"interval"`` stands for low and high. Default: for estimates the groups, ``label`` (when it
        differs between rows or there is no group), ``value``, ``interval``, ``n`` and ``note`` (when a row has one);
        for a frame all columns.
    caption : str
        What the table shows.
    names : mapping of str to (mapping of str to str) or None
        Words for codes, by column, e.g. ``{"unit": {"5371-PKM-03": "Puskesmas Sikumana"}}``.
    headers : mapping of str to str or None
        Headers that the catalogue does not have.
    specs : mapping of str to str or None
        Number formats by column (``"chance"`` for a probability); a column of estimates takes its format from the unit
        of the row.

    Returns
    -------
    str
        A ``table``; with more than 15 rows inside ``details``.

    Raises
    ------
    KeyError
        When ``columns`` names a column that the table does not have.

    Examples
    --------
    >>> import pandas as pd
    >>> text = table_html(pd.DataFrame({"unit": ["<b>"], "value": [0.5]}), lang="id")
    >>> "&lt;b&gt;" in text, "0,50" in text
    (True, True)
    """
    words = catalogue(lang)
    frame = table.frame if isinstance(table, EstimateTable) else table
    shown = list(columns) if columns is not None else _default_columns(table)
    absent = [name for name in shown if name not in frame.columns and name != "interval"]
    if absent:
        raise KeyError(", ".join(absent))
    estimates = isinstance(table, EstimateTable)
    kinds = {name: _class(frame, name) for name in shown}
    head = "".join(f'<th scope="col"{kinds[name]}>{escape(_header(name, frame, headers, words))}</th>'
                   for name in shown)
    body = "".join(
        "<tr>" + "".join(
            _cell(_text(row, name, words=words, names=names or {}, specs=specs or {}, estimates=estimates),
                  kind=kinds[name], first=place == 0)
            for place, name in enumerate(shown)) + "</tr>"
        for row in frame.to_dict("records")
    )
    title = f"<caption>{escape(caption)}</caption>" if caption else ""
    html = (f'<div class="scroll"><table class="numbers">{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody>'
            "</table></div>")
    if len(frame) <= _LONG:
        return html
    summary = words.text("table.long", caption=caption or words.text("table.no_caption"), n=len(frame))
    return f"<details><summary>{escape(summary)}</summary>{html}</details>"


def _default_columns(table: EstimateTable | pd.DataFrame) -> list[str]:
    if not isinstance(table, EstimateTable):
        return [str(name) for name in table.columns]
    frame = table.frame
    label = ["label"] if not table.groups or frame["label"].nunique() > 1 else []
    note = ["note"] if (frame["note"] != "").any() else []
    return [*table.groups, *label, "value", "interval", "n", *note]


def _header(name: str, frame: pd.DataFrame, headers: Mapping[str, str] | None, words: Catalogue) -> str:
    if headers and name in headers:
        return headers[name]
    if name == "interval":
        levels = set(frame["level"].dropna())
        if len(levels) == 1:
            return words.text("column.interval", level=number(levels.pop(), lang=words.lang, spec=".0%"))
        return words.text("column.interval_mixed")
    return words.name("column", name)


def _class(frame: pd.DataFrame, name: str) -> str:
    numeric = name == "interval" or (name in frame and pd.api.types.is_numeric_dtype(frame[name])
                                     and not pd.api.types.is_bool_dtype(frame[name]))
    return ' class="number"' if numeric else ' class="text"'


def _cell(text: str, *, kind: str, first: bool) -> str:
    return f'<th scope="row"{kind}>{escape(text)}</th>' if first else f"<td{kind}>{escape(text)}</td>"


def _text(
    row: Mapping[str, object], name: str, *, words: Catalogue, names: Mapping[str, Mapping[str, str]],
    specs: Mapping[str, str], estimates: bool,
) -> str:
    """The words of one cell, not yet escaped."""
    spec = specs.get(name)
    if name == "interval":
        return _interval(row, spec or specs.get("value") or estimate_spec(_measured_in(row)), words)
    value = row[name]
    if name in names:
        return names[name].get(str(value), str(value))
    if estimates:
        if name == "n":
            return MISSING_MARK if row["note"] == SUPPRESSED else number(int(row["n"]), lang=words.lang, spec="d")
        if name == "value" and _measured_in(row) == "probability":
            return chance_text(float(row[name]), words=words, spec=spec or estimate_spec("probability"))
        if name in ("value", "low", "high"):
            return number(float(row[name]), lang=words.lang, spec=spec or estimate_spec(_measured_in(row)))
        if name == "level":
            return number(float(row[name]), lang=words.lang, spec=".0%")
        if name == (MEASURED_IN if MEASURED_IN in row else "unit"):
            return words.name("unit", str(value))
    if name == "note":
        return words.name("note", str(value)) if value else ""
    if name == "label":
        return _label(str(value), words)
    if name in _CHANCES and spec is None and isinstance(value, float) and value < _SMALLEST:
        return words.text("table.under", value=number(_SMALLEST, lang=words.lang, spec=".3f"))
    return _plain(value, spec=spec or (".3f" if name in _CHANCES else None), words=words)


def _measured_in(row: Mapping[str, object]) -> str:
    return str(row[MEASURED_IN] if MEASURED_IN in row else row.get("unit", ""))


def _interval(row: Mapping[str, object], spec: str, words: Catalogue) -> str:
    low, high = float(row["low"]), float(row["high"])
    if isnan(low) or isnan(high):
        return MISSING_MARK
    ends = (number(end, lang=words.lang, spec=spec) for end in (low, high))
    return words.text("table.interval", low=next(ends), high=next(ends))


def _label(code: str, words: Catalogue) -> str:
    for section in _LABEL_SECTIONS:
        if words.has(f"{section}.{code}"):
            return words.text(f"{section}.{code}")
    return code


def _plain(value: object, *, spec: str | None, words: Catalogue) -> str:
    if isinstance(value, Message):
        return words.sentence(value)
    if isinstance(value, Estimate):
        return _estimate(value, spec, words)
    if isinstance(value, bool):
        return words.text("number.true" if value else "number.false")
    if isinstance(value, Integral):
        return number(int(value), lang=words.lang, spec=spec or "d")
    if spec == CHANCE:
        return chance_text(float(value), words=words)
    if isinstance(value, Real):
        return number(float(value), lang=words.lang, spec=spec or ".2f")
    if isinstance(value, date):
        return date_text(value, lang=words.lang)
    return MISSING_MARK if value is None or value is pd.NA or value is pd.NaT else str(value)


def _estimate(value: Estimate, spec: str | None, words: Catalogue) -> str:
    spec = spec or estimate_spec(value.unit)
    text = number(value.value, lang=words.lang, spec=spec)
    if not value.has_interval:
        return f"{text} ({words.name('note', value.note)})"
    return words.text("number.interval", value=text, level=number(value.level, lang=words.lang, spec=".0%"),
                      low=number(value.low, lang=words.lang, spec=spec),
                      high=number(value.high, lang=words.lang, spec=spec))
