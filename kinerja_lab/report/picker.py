"""How does an official choose one indicator, region and period, and get its dossier in a notebook?"""

from dataclasses import dataclass, field
from datetime import date
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING

from kinerja_lab.core.errors import InputFaults, KinerjaError
from kinerja_lab.io.places import find_studies, studies_root
from kinerja_lab.io.study import load_study
from kinerja_lab.io.study_values import Study
from kinerja_lab.io.yaml_text import read_yaml
from kinerja_lab.report.analyse import ALL_REGIONS
from kinerja_lab.report.answers import answers_html
from kinerja_lab.report.screens import findings_table
from kinerja_lab.report.session import Report, prepare
from kinerja_lab.text.catalogue import Catalogue, catalogue

if TYPE_CHECKING:
    from ipywidgets import HTML, Button, Dropdown, VBox

__all__ = ["IndicatorPicker", "indicator_picker"]

_FIELDS = ("study", "indicator", "region", "period")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IndicatorPicker:
    """Four choices and a button; showing it in a notebook shows its ``view``.

    Parameters
    ----------
    study, indicator, region, period : ipywidgets.Dropdown
        The choices; the last three follow the study.
    button : ipywidgets.Button
        Computes and shows the dossier.
    dossier : ipywidgets.HTML
        The dossier, or what is wrong.
    view : ipywidgets.VBox
        All of it.
    root : pathlib.Path
        Folder of studies.
    language : str
        ``"id"`` or ``"en"``.
    level : float
        Confidence level.
    today : datetime.date
        Review dates are compared with it.
    """

    study: "Dropdown"
    indicator: "Dropdown"
    region: "Dropdown"
    period: "Dropdown"
    button: "Button"
    dossier: "HTML"
    view: "VBox"
    root: Path
    language: str
    level: float
    today: date
    _computed: dict[tuple[str, str, str], Report] = field(default_factory=dict)

    def follow(self, change: object = None) -> None:
        """Offer the indicators, regions and periods of the study chosen, the last period first."""
        words = catalogue(self.language)
        try:
            study = load_study(self.root / self.study.value) if self.study.value else None
        except KinerjaError as error:
            for choice in (self.indicator, self.region, self.period):
                choice.options = ()
            self.dossier.value = _lines(words.error(error))
            return
        if study is not None:
            self._offer(study, words)
        key = "choose" if study is not None else "no_studies"
        self.dossier.value = _lines([words.text(f"forms.{key}", button=self.button.description)])

    def _offer(self, study: Study, words: Catalogue) -> None:
        english = self.language == "en"
        _fill(self.indicator, [((item.name_en if english else "") or item.name, item.code)
                               for item in study.indicators])
        _fill(self.region, [*((f"{region.name} ({region.code})", region.code) for region in study.regions),
                            (words.text("forms.all_regions"), ALL_REGIONS)])
        periods = reversed(study.periods or ("",))
        _fill(self.period, [(period or words.text("forms.no_period"), period) for period in periods])

    def examine(self, button: object = None) -> None:
        """Compute the region, once a choice, and show the indicator's dossier."""
        words = catalogue(self.language)
        if self.region.value is None or self.indicator.value is None:
            return
        self.dossier.value = _lines([words.text("forms.working", region=self.region.label)])
        try:
            report = self._report()
        except KinerjaError as error:
            self.dossier.value = _lines(words.error(error))
            return
        chosen = tuple(item for item in report.dossiers if item.indicator.code == self.indicator.value)
        title = words.text("forms.dossier", indicator=self.indicator.label, region=self.region.label,
                           period=self.period.label)
        said = "".join(answers_html(item.findings, words=words, good="nothing_to_do", not_judged="no_answer")
                       for item in chosen)
        self.dossier.value = f"<h3>{escape(title)}</h3>{said}{findings_table(chosen, lang=self.language)}"

    def _report(self) -> Report:
        key = (self.study.value, self.region.value, self.period.value)
        if key not in self._computed:
            self._computed[key] = prepare(study=key[0], region=key[1], period=key[2], language=self.language,
                                          level=self.level, today=self.today.isoformat())
        return self._computed[key]

    def _ipython_display_(self) -> None:
        from IPython.display import display

        display(self.view)


def indicator_picker(
    *, study: str = "", language: str = "id", level: float = 0.95, today: date | None = None,
) -> IndicatorPicker:
    """Widgets to choose study, indicator, region and period, and a button that shows the dossier.

    Parameters
    ----------
    study : str
        Study chosen at first; the first by name when empty.
    language : str
        ``"id"`` or ``"en"``.
    level : float
        Confidence level, 0.5 to below 1.
    today : datetime.date or None
        Day on which review dates are judged; the day of the call when ``None``.

    Raises
    ------
    KinerjaError
        ``unknown_study``.
    """
    from ipywidgets import HTML, Button, Dropdown, Layout, VBox

    words, root = catalogue(language), studies_root()
    names = [path.name for path in find_studies(root)]
    if study and study not in names:
        load_study(root / study)  # raises, with the nearest name
    layout, style = Layout(width="46em"), {"description_width": "8em"}
    choices = {name: Dropdown(description=words.text(f"forms.{name}"), layout=layout, style=style) for name in _FIELDS}
    choices["study"].options = [(_title(root / name, language), name) for name in names]
    button = Button(description=words.text("forms.examine"), button_style="primary")
    dossier = HTML()
    picker = IndicatorPicker(**choices, button=button, dossier=dossier, view=VBox([*choices.values(), button, dossier]),
                             root=root, language=language, level=level, today=today or date.today())
    if names:
        choices["study"].value = study or names[0]
    picker.follow()
    choices["study"].observe(picker.follow, names="value")
    button.on_click(picker.examine)
    return picker


def _title(folder: Path, language: str) -> str:
    """The study's title, or its folder's name where the file cannot be read; choosing it then says why."""
    try:
        return str(read_yaml(folder / "study.yml").data["title"][language])
    except (InputFaults, KeyError, TypeError):
        return folder.name


def _fill(choice: "Dropdown", options: list[tuple[str, str]]) -> None:
    """New options, the first of them chosen."""
    choice.options = options
    choice.value = options[0][1] if options else None


def _lines(lines: list[str]) -> str:
    return "".join(f"<p>{escape(line)}</p>" for line in lines)
