"""How does a table of a panel's numbers become text for a notebook and for the minutes, in the reader's words?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import isnan
from numbers import Integral, Real

import pandas as pd

from kinerja_lab.core.estimate import MEASURED_IN, EstimateTable
from kinerja_lab.text.catalogue import Catalogue, catalogue
from kinerja_lab.text.numbers import MISSING_MARK, number

__all__ = ["TextTable", "text_table"]

_SPECS = {"percent": ".1f", "share": ".0%", "probability": ".0%", "variance": ".4f"}
_MEASURES = ("value", "i_cvi", "modified_kappa", "index")
"""Columns that keep their decimals even where every number happens to be whole."""
_HIDDEN = ("level", "method", "unit", MEASURED_IN, "low", "high")
_WORDS = {"question": ("workshop_short",), "verdict": ("delphi_verdict", "appropriateness"), "error": ("panel_error",),
          "label": ("panel_label",), "note": ("note",), "reason": ("judge_reason",),
          "place": ("feedback_place",)}
"""Which sections of the catalogues name the codes of a column."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextTable:
    """A table whose cells are text; a notebook shows it, a document copies it.

    Parameters
    ----------
    caption : str
        What it shows; may be empty.
    head : tuple of str
        Headings.
    rows : tuple of tuple of str
        Cells.
    numeric : tuple of bool
        Which columns hold numbers.
    columns : tuple of str
        Codes of the columns.
    """

    caption: str
    columns: tuple[str, ...]
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: tuple[bool, ...]

    def _repr_html_(self) -> str:
        styles = [' style="text-align:right"' if numeric else ' style="text-align:left"' for numeric in self.numeric]
        head = "".join(f'<th scope="col"{style}>{escape(text)}</th>'
                       for text, style in zip(self.head, styles, strict=True))
        body = "".join("<tr>" + "".join(f"<td{style}>{escape(text)}</td>"
                                        for text, style in zip(row, styles, strict=True)) + "</tr>"
                       for row in self.rows)
        title = f"<caption>{escape(self.caption)}</caption>" if self.caption else ""
        return f"<table>{title}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def text_table(
    table: EstimateTable | pd.DataFrame, *, lang: str, caption: str = "", columns: Sequence[str] | None = None,
    names: Mapping[str, Mapping[str, str]] | None = None, labels: Sequence[str] | None = None,
) -> TextTable:
    """A table of a panel's numbers in a reader's words.

    Parameters
    ----------
    table : EstimateTable or pandas.DataFrame
        Unrounded rows; a frame with ``low`` and ``high`` is written as estimates are: value, then interval.
    lang : str
        ``"id"`` or ``"en"``.
    caption : str
        What it shows.
    columns : sequence of str or None
        Columns in order; ``"interval"`` stands for low and high. All that say something by default.
    names : mapping of str to (mapping of str to str) or None
        Words for codes, by column, e.g. ``{"item": {"kia": "Kepemilikan KIA"}}``.
    labels : sequence of str or None
        Only rows with these labels; all by default.

    Examples
    --------
    >>> import pandas as pd
    >>> text_table(pd.DataFrame({"item": ["a"], "n": [7]}), lang="id").rows
    (('a', '7'),)
    """
    words = catalogue(lang)
    frame = table.frame if isinstance(table, EstimateTable) else table
    if labels is not None:
        frame = frame[frame["label"].isin(labels)]
    shown = list(columns) if columns is not None else _says_something(frame)
    counts = {name for name in shown if name in frame and name not in _MEASURES and _whole(frame[name])}
    rows = tuple(tuple(_cell(row, name, words, names or {}, counts) for name in shown)
                 for row in frame.to_dict("records"))
    numeric = tuple(name == "interval" or (pd.api.types.is_numeric_dtype(frame[name])
                                           and not pd.api.types.is_bool_dtype(frame[name])) for name in shown)
    return TextTable(caption=caption, columns=tuple(shown), rows=rows, numeric=numeric,
                     head=tuple(_heading(name, frame, words) for name in shown))


def _whole(values: pd.Series) -> bool:
    """Whether a column of numbers holds whole ones only."""
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return False
    known = values.dropna()
    return bool((known == known.round()).all())


def _says_something(frame: pd.DataFrame) -> list[str]:
    offices = MEASURED_IN in frame.columns  # there "unit" is an office, not what the number is measured in
    shown = [name for name in frame.columns if name not in _HIDDEN or (name == "unit" and offices)]
    if "low" in frame.columns:
        shown.insert(shown.index("value") + 1, "interval")
    if "label" in shown and frame["label"].nunique() < 2 and len(shown) > shown.index("label") + 1 and (
            shown.index("label") > 0):
        shown.remove("label")
    if "note" in shown and not frame["note"].astype(bool).any():
        shown.remove("note")
    return shown


def _heading(name: str, frame: pd.DataFrame, words: Catalogue) -> str:
    if name == "interval":
        levels = set(frame["level"].dropna())
        return words.text("panel_column.interval", level=levels.pop() if len(levels) == 1 else float("nan"))
    return words.name("panel_column", name)


def _cell(row: Mapping[str, object], name: str, words: Catalogue, names: Mapping[str, Mapping[str, str]],
          counts: set[str]) -> str:
    spec = _SPECS.get(str(row.get(MEASURED_IN, row.get("unit", ""))), ".2f")
    if name == "interval":
        ends = (float(row["low"]), float(row["high"]))
        if any(isnan(end) for end in ends):
            return MISSING_MARK
        return words.text("panel_column.between", low=number(ends[0], lang=words.lang, spec=spec),
                          high=number(ends[1], lang=words.lang, spec=spec))
    value = row[name]
    if name in names:
        return names[name].get(str(value), str(value))
    if name in _WORDS:
        return next((words.text(f"{section}.{value}") for section in _WORDS[name] if words.has(f"{section}.{value}")),
                    str(value))
    if isinstance(value, bool):
        return words.text("number.true" if value else "number.false")
    if isinstance(value, Integral):
        return number(int(value), lang=words.lang, spec="d")
    if isinstance(value, Real):
        return number(float(value), lang=words.lang, spec="d" if name in counts else spec)
    return str(value)
