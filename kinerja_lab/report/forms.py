"""How does an official draft an indicator in a notebook, with the checks answering while he types?"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from kinerja_lab.core.errors import InputFault, KinerjaError
from kinerja_lab.core.finding import Finding
from kinerja_lab.core.options import IndicatorLevel, Polarity
from kinerja_lab.drafting.targets import value_of
from kinerja_lab.io.indicator_fields import FIELD_ORDER
from kinerja_lab.io.indicator_files import read_indicator
from kinerja_lab.io.indicator_new import required_fields
from kinerja_lab.io.wording_rules import load_wording_rules
from kinerja_lab.report.answers import answers_html
from kinerja_lab.report.drafts import draft_faults, draft_findings, draft_text, save_draft
from kinerja_lab.text.catalogue import Catalogue, catalogue

if TYPE_CHECKING:
    from ipywidgets import HTML, Button, VBox, Widget

__all__ = ["FORM_FIELDS", "DraftForm", "draft_form"]

FORM_FIELDS = (
    "code", "name", "name_en", "objective", "level", "question", "why", "definition", "unit", "polarity",
    "stable_range", "survey", "numerator", "denominator", "formula", "components", "source", "frequency", "baseline",
    "baseline_year", "owner", "checker", "reviewed", "next_review",
)
"""Keys of an indicator file that the form asks for, in its order; the others are added to the file by hand."""

_LONG = ("question", "why", "definition", "components")
_DATES = ("reviewed", "next_review")
_ABOUT = {"DEF002": ("reviewed", "next_review"), "DEF003": ("baseline",), "WRD005": ("frequency",),
          "WRD009": ("source",)}
"""What a check mainly looks at: while that is not written yet, what is said of the words typed comes first."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DraftForm:
    """A form on a page; showing it in a notebook shows its ``view``.

    Parameters
    ----------
    fields : mapping of str to Widget
        Input of each key of ``FORM_FIELDS``.
    checks, faults, preview, message : ipywidgets.HTML
        What the checks say, why it cannot be saved yet, the text of the file, what was written.
    button : ipywidgets.Button
        Saves.
    view : ipywidgets.VBox
        All of it.
    folder : pathlib.Path
        Where the file goes.
    language : str
        ``"id"`` or ``"en"``.
    today : datetime.date
        Review dates are compared with it.
    """

    fields: "Mapping[str, Widget]"
    checks: "HTML"
    faults: "HTML"
    preview: "HTML"
    message: "HTML"
    button: "Button"
    view: "VBox"
    folder: Path
    language: str
    today: date

    def values(self) -> dict[str, object]:
        """What is written so far, as the keys of an indicator file; what is empty is left out."""
        found = {key: _plain(key, widget.value) for key, widget in self.fields.items()}
        return {key: value for key, value in found.items() if value not in ("", None, False, [])}

    def refresh(self, change: object = None) -> None:
        """Judge what is written now."""
        words, values = catalogue(self.language), self.values()
        help_ = _help(words)
        findings = draft_findings(values, rules=load_wording_rules(), today=self.today,
                                  owner=words.text("indicator_field.owner"))
        self.checks.value = _checks_html(findings, words, values)
        faults = draft_faults(values, help=help_)
        self.faults.value = _faults_html(faults, words)
        self.button.disabled = bool(faults)
        self.preview.value = f"<pre>{escape(draft_text(values, help={}))}</pre>"
        self.message.value = ""

    def save(self, button: object = None) -> None:
        """Write the file, or say why not."""
        words = catalogue(self.language)
        try:
            path = save_draft(self.values(), folder=self.folder, help=_help(words))
        except KinerjaError as error:
            self.message.value = f"<p><strong>{escape(' '.join(words.error(error)))}</strong></p>"
        else:
            self.message.value = f"<p>{escape(words.text('forms.saved', file=str(path)))}</p>"

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self.view)


def draft_form(
    *, folder: str | Path = "indikator", language: str = "id", start: str | Path = "", today: date | None = None,
) -> DraftForm:
    """A form to draft an indicator; every change is judged at once, and a button writes the file.

    Parameters
    ----------
    folder : str or pathlib.Path
        Folder of the file, made when absent.
    language : str
        ``"id"`` or ``"en"``.
    start : str or pathlib.Path
        An indicator file from which the fields are filled. Its code is left out, for the new one is another indicator,
        and so is what the form does not ask for. Empty for an empty form.
    today : datetime.date or None
        Day on which review dates are judged; the day of the call when ``None``.
    """
    from ipywidgets import HTML, Accordion, Button, VBox

    words = catalogue(language)
    fields = {key: _field(key, words) for key in FORM_FIELDS}
    checks, faults, preview, message = (HTML() for _ in range(4))
    button = Button(description=words.text("forms.save"), button_style="primary", disabled=True)
    text = Accordion(children=[preview], titles=[words.text("forms.preview")])
    heading = HTML(f"<h3>{escape(words.text('forms.checks'))}</h3>")
    view = VBox([_side_by_side([*fields.values()], [heading, checks, faults]), button, message, text])
    form = DraftForm(fields=fields, checks=checks, faults=faults, preview=preview, message=message, button=button,
                     view=view, folder=Path(folder), language=language, today=today or date.today())
    if start:
        _fill(form, Path(start))
    for widget in fields.values():
        widget.observe(form.refresh, names="value")
    button.on_click(form.save)
    form.refresh()
    return form


def _side_by_side(fields: "list[Widget]", answers: "list[Widget]") -> "Widget":
    """Fields and answers next to each other, each with its own scroll bar: who types sees what is said of it."""
    from ipywidgets import Box, Layout, VBox

    panes = [VBox(fields, layout=Layout(flex="3 1 30em", max_height="72vh", overflow="auto")),
             VBox(answers, layout=Layout(flex="2 1 21em", max_height="72vh", overflow="auto", padding="0 0 0 1em"))]
    return Box(panes, layout=Layout(display="flex", flex_flow="row wrap", width="100%"))


def _field(key: str, words: Catalogue) -> "Widget":
    from ipywidgets import Checkbox, DatePicker, Dropdown, Layout, Text, Textarea

    mark = " *" if key in required_fields() else ""
    own = f"forms.{key}_help"
    common = {"description": words.text(f"indicator_field.{key}") + mark,
              "style": {"description_width": "15.5em"}, "layout": Layout(width="98%")}
    hint = words.text(own if words.has(own) else f"indicator_help.{key}")
    if key == "level":
        options = [(words.text(f"finding_part.level_{level.value}"), level.value) for level in IndicatorLevel]
        return Dropdown(options=options, value=IndicatorLevel.OUTCOME.value, tooltip=hint, **common)
    if key == "polarity":
        options = [(words.text(f"capaian.{option.value}"), option.value) for option in Polarity]
        return Dropdown(options=options, value=Polarity.MAXIMISE.value, tooltip=hint, **common)
    if key == "survey":
        return Checkbox(value=False, tooltip=hint, **common)
    if key in _DATES:
        return DatePicker(value=None, tooltip=hint, **common)
    kind = Textarea if key in _LONG else Text
    return kind(placeholder=hint, continuous_update=True, **common)


def _plain(key: str, value: object) -> object:
    """A field's value as a file holds it; what cannot be read stays text, and the file's own reader says so."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    if not text:
        return ""
    if key == "components":
        return [_component(line) for line in text.splitlines() if line.strip()]
    if key == "baseline_year" and text.isdecimal():
        return int(text)
    if key in ("baseline", "stable_range"):
        try:
            stated = value_of(text)
        except KinerjaError:
            return text
        return [stated.low, stated.high] if key == "stable_range" else stated.low
    return text


def _component(line: str) -> dict[str, str]:
    """"kolom = satuan; arti"; unit and meaning may be absent."""
    column, _, rest = line.partition("=")
    unit, _, meaning = rest.partition(";")
    return {"column": column.strip(), "unit": unit.strip(), "meaning": meaning.strip()}


def _fill(form: DraftForm, path: Path) -> None:
    """Put what an indicator file says into the fields."""
    given = read_indicator(path)
    for key in FORM_FIELDS:
        value = getattr(given, key)
        if key == "code" or value is None or value != value:
            continue
        if key == "components":
            value = "\n".join(f"{item.column} = {item.unit}; {item.meaning}".rstrip("; ") for item in value)
        elif key == "stable_range":
            value = f"{value[0]:g}-{value[1]:g}"
        elif key in ("baseline", "baseline_year"):
            value = str(value).removesuffix(".0")
        elif key in ("level", "polarity"):
            value = value.value
        form.fields[key].value = value


def _help(words: Catalogue) -> dict[str, str]:
    return {key: words.text(f"indicator_help.{key}") for key in FIELD_ORDER}


def _checks_html(findings: tuple[Finding, ...], words: Catalogue, values: Mapping[str, object]) -> str:
    """What the checks say; what is only about fields that are not written yet comes after the rest."""
    if not findings:
        return f"<p>{escape(words.text('forms.empty'))}</p>"
    later = [code for code, keys in _ABOUT.items() if not any(values.get(key) for key in keys)]
    return answers_html(findings, words=words, good="good", not_judged="not_judged", later=later)


def _faults_html(faults: tuple[InputFault, ...], words: Catalogue) -> str:
    if not faults:
        return f"<p>{escape(words.text('forms.ready'))}</p>"
    items = []
    for fault in faults:
        field = words.name("indicator_field", fault.column.split(".")[0].split("[")[0])
        line = words.text("forms.fault", field=field, what=words.sentence(fault.message)) if fault.column \
            else words.sentence(fault.message)
        items.append(f"<li>{escape(line)}</li>")
    head = f"<p>{escape(words.text('forms.faults', n=len(faults)))}</p>"
    return f'<div style="line-height:1.35">{head}<ul>{"".join(items)}</ul></div>'
