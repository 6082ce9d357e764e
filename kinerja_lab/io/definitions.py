"""Are the questionnaire and the indicators well-defined, and do they fit the study and the rule they name?"""

from pathlib import Path

from kinerja_lab.core.errors import InputFault, InputFaults, closest
from kinerja_lab.core.indicator import Indicator
from kinerja_lab.core.instrument import Instrument, Item
from kinerja_lab.core.ruleset import Ruleset
from kinerja_lab.io.indicator_values import as_indicator
from kinerja_lab.io.specs import IndicatorSpec, InstrumentSpec, StudySpec, read_spec
from kinerja_lab.io.yaml_text import YamlText, read_yaml, yaml_files

__all__ = [
    "Definition", "agency_faults", "as_instrument", "definition_faults", "inside", "read_indicators", "read_instrument",
]

Definition = tuple[IndicatorSpec, YamlText, Indicator]
"""An indicator's model, its file and the value made of them."""


def read_instrument(
    folder: Path, file: str, study: YamlText,
) -> tuple[InstrumentSpec | None, YamlText | None, list[InputFault]]:
    """The questionnaire that a study names.

    Parameters
    ----------
    folder : pathlib.Path
        The study's folder.
    file : str
        Name as ``study.yml`` gives it; empty when there is none.
    study : YamlText
        ``study.yml``, for the line of a wrong name.
    """
    if not file:
        return None, None, []
    path = inside(folder, file)
    if path is None:
        return None, None, [study.fault("file_outside", ("instrument",), value=file)]
    if not path.is_file():
        return None, None, [study.fault("file_missing", ("instrument",), file=file)]
    try:
        text = read_yaml(path, name=f"{folder.name}/{file}")
    except InputFaults as error:
        return None, None, list(error.faults)
    spec, faults = read_spec(InstrumentSpec, text)
    if spec is not None:
        faults = _instrument_faults(spec, text)
    return spec, text, faults


def _instrument_faults(spec: InstrumentSpec, text: YamlText) -> list[InputFault]:
    faults = []
    if spec.low >= spec.high:
        faults.append(text.fault("scale_ends", ("high",), value=spec.high, low=spec.low))
    seen: set[str] = set()
    for position, item in enumerate(spec.items):
        if item.code in seen:
            faults.append(text.fault("item_twice", ("items", position, "code"), value=item.code))
        seen.add(item.code)
        if item.options and len(item.options) != spec.high - spec.low + 1:
            faults.append(text.fault("item_options", ("items", position, "options"), value=len(item.options),
                                     wanted=spec.high - spec.low + 1, item=item.code))
    return faults


def as_instrument(spec: InstrumentSpec | None) -> Instrument | None:
    """The questionnaire as a value.

    Parameters
    ----------
    spec : InstrumentSpec or None
        A model without faults.
    """
    if spec is None:
        return None
    items = tuple(Item(code=item.code, text=item.text, text_en=item.text_en, options=tuple(item.options),
                       reverse=item.reverse, subscale=item.subscale) for item in spec.items)
    return Instrument(code=spec.code, title=spec.title, title_en=spec.title_en, items=items, low=spec.low,
                      high=spec.high, ruleset=spec.ruleset)


def read_indicators(folder: Path, name: str, study: YamlText) -> tuple[list[Definition], list[InputFault]]:
    """All indicator files of a study, in the order of their names.

    Parameters
    ----------
    folder : pathlib.Path
        The study's folder.
    name : str
        Folder of the indicator files as ``study.yml`` gives it; empty when there is none.
    study : YamlText
        ``study.yml``.
    """
    if not name:
        return [], []
    place = inside(folder, name)
    if place is None:
        return [], [study.fault("file_outside", ("indicators",), value=name)]
    files = yaml_files(place)
    if not files:
        return [], [study.fault("no_indicators", ("indicators",), value=name)]
    out, faults = [], []
    for path in files:
        try:
            text = read_yaml(path, name=f"{folder.name}/{name}/{path.name}")
        except InputFaults as error:
            faults += error.faults
            continue
        spec, found = read_spec(IndicatorSpec, text)
        if spec is None:
            faults += found
            continue
        indicator, found = as_indicator(spec, text)
        faults += found
        if indicator is not None:
            out.append((spec, text, indicator))
    return out, faults


def definition_faults(
    spec: StudySpec, text: YamlText, ruleset: Ruleset | None, instrument: InstrumentSpec | None,
    instrument_text: YamlText | None, indicators: list[Definition],
) -> list[InputFault]:
    """Faults between the files: what one names and another does not have.

    Parameters
    ----------
    spec, text : StudySpec, YamlText
        ``study.yml``.
    ruleset : Ruleset or None
        The rule it names.
    instrument, instrument_text : InstrumentSpec, YamlText or None
        The questionnaire.
    indicators : list
        From ``read_indicators``.
    """
    faults = []
    if instrument is not None and ruleset is not None:
        faults += _rule_faults(instrument, instrument_text, ruleset)
    seen: dict[str, str] = {}
    for item, file, _ in indicators:
        if item.code in seen:
            faults.append(file.fault("indicator_twice", ("code",), value=item.code, first=seen[item.code]))
        seen.setdefault(item.code, file.file)
        faults += _indicator_faults(item, file, spec)
        faults += agency_faults(spec, file, item.agencies, ("agencies",))
    return faults


def _rule_faults(spec: InstrumentSpec, text: YamlText, ruleset: Ruleset) -> list[InputFault]:
    faults = []
    if spec.ruleset != ruleset.code:
        faults.append(text.fault("instrument_ruleset", ("ruleset",), value=spec.ruleset, ruleset=ruleset.code))
    if (spec.low, spec.high) != (ruleset.scale_low, ruleset.scale_high):
        faults.append(text.fault("instrument_scale", ("low",), value=f"{spec.low}-{spec.high}",
                                 wanted=f"{ruleset.scale_low:g}-{ruleset.scale_high:g}", ruleset=ruleset.code))
    elements = [element.code for element in ruleset.elements]
    if not elements:
        return faults
    items = [item.code for item in spec.items]
    for position, code in enumerate(items):
        if code not in elements:
            faults.append(text.fault("unknown_choice", ("items", position, "code"), value=code,
                                     choices=", ".join(elements), nearest=closest(code, elements) or "-"))
    for element in ruleset.elements:
        if element.code not in items:
            faults.append(text.fault("element_missing", ("items",), element=element.code, name=element.name))
    return faults


def _indicator_faults(item: IndicatorSpec, file: YamlText, spec: StudySpec) -> list[InputFault]:
    faults = []
    measures = [measure.code for measure in spec.measures]
    named = [(("criteria", position, "measure"), criterion.measure) for position, criterion in enumerate(item.criteria)]
    if item.measure:
        named.append((("measure",), item.measure))
    for path, code in named:
        if code not in measures:
            faults.append(file.fault("unknown_choice", path, value=code, choices=", ".join(measures) or "-",
                                     nearest=closest(code, measures) or "-"))
    if item.survey and item.measure:
        faults.append(file.fault("survey_and_measure", ("measure",), value=item.measure))
    if item.survey and spec.survey is None:
        faults.append(file.fault("needs_key", ("survey",), key="survey: true", needs="survey"))
    own = [criterion.measure for criterion in item.criteria]
    for position, code in enumerate(own):
        if code in own[:position]:
            faults.append(file.fault("criterion_twice", ("criteria", position, "measure"), value=code))
        if code and code == item.measure:
            faults.append(file.fault("criterion_itself", ("criteria", position, "measure"), value=code))
    periods = [entry.period for entry in item.series]
    if periods != sorted(set(periods)):
        faults.append(file.fault("periods_order", ("series",), value=", ".join(periods)))
    return faults


def agency_faults(
    spec: StudySpec, text: YamlText, agencies: list[str], path: tuple[str | int, ...],
) -> list[InputFault]:
    """Agency codes that the study does not name.

    Parameters
    ----------
    spec : StudySpec
        The study.
    text : YamlText
        File in which the codes stand.
    agencies : list of str
        The codes.
    path : tuple
        Where they stand.
    """
    known = list(spec.agencies)
    return [text.fault("unknown_choice", path, value=code, choices=", ".join(known) or "-",
                       nearest=closest(code, known) or "-") for code in agencies if code not in known]


def inside(folder: Path, name: str) -> Path | None:
    """A path below a folder; None when the name leads out of it.

    Parameters
    ----------
    folder : pathlib.Path
        The study's folder.
    name : str
        As a file of the study gives it.
    """
    path = (folder / name).resolve()
    return path if path.is_relative_to(folder.resolve()) and path != folder.resolve() else None
