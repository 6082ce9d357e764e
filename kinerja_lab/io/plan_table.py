"""Which indicators does a plan's table of targets and realisations hold?"""

from pathlib import Path

from kinerja_lab.core.errors import InputFault, InputFaults, KinerjaError, closest
from kinerja_lab.core.indicator import Indicator
from kinerja_lab.io.places import data_home
from kinerja_lab.io.renstra import named_indicators, read_plan_table
from kinerja_lab.io.specs import StudySpec
from kinerja_lab.io.yaml_text import YamlText

__all__ = ["plan_indicators"]


def plan_indicators(spec: StudySpec, text: YamlText, folder: Path) -> tuple[tuple[Indicator, ...], tuple[Path, ...]]:
    """Indicators of ``indicators_from``, and the file they came from.

    Parameters
    ----------
    spec, text : StudySpec, YamlText
        ``study.yml``.
    folder : pathlib.Path
        The study's folder; its name is looked for among the external data.

    Raises
    ------
    KinerjaError
        ``study_data_absent`` when the table is not on this machine.
    InputFaults
        Every fault of the table.
    """
    plan = spec.indicators_from
    if plan is None:
        return (), ()
    home = data_home(folder.name)
    if home is None or not (home / plan.external).is_file():
        raise KinerjaError("study_data_absent", study=spec.code)
    agencies = {code: words.id for code, words in spec.agencies.items()}
    listed = read_plan_table(home / plan.external, plan=plan, agencies=agencies)
    faults = _also_faults(spec, text, listed)
    if faults:
        raise InputFaults(faults)
    return (*listed, *named_indicators(plan, listed=listed, agencies=agencies)), (home / plan.external,)


def _also_faults(spec: StudySpec, text: YamlText, listed: tuple[Indicator, ...]) -> list[InputFault]:
    """Indicators named beside the table whose agency is unknown, or that stand twice."""
    faults, known = [], list(spec.agencies)
    taken = {(agency, item.name) for item in listed for agency in item.agencies}
    for place, item in enumerate(spec.indicators_from.also):
        path = ("indicators_from", "also", place)
        if item.agency not in known:
            faults.append(text.fault("unknown_choice", (*path, "agency"), value=item.agency, choices=", ".join(known),
                                     nearest=closest(item.agency, known) or "-"))
        if (item.agency, item.name) in taken:
            faults.append(text.fault("plan_named_twice", (*path, "name"), value=item.name))
        taken.add((item.agency, item.name))
    return faults
