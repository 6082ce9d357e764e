"""Which indicators does a plan's table of targets and realisations hold?"""

from pathlib import Path

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.indicator import Indicator
from kinerja_lab.io.places import data_home
from kinerja_lab.io.renstra import read_plan_table
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
    return read_plan_table(home / plan.external, plan=plan, agencies=agencies), (home / plan.external,)
