"""Which reports does a study ask for, and what does each of them depend on?"""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from kinerja_lab.core.errors import InputFault, InputFaults, KinerjaError, closest
from kinerja_lab.core.message import Message
from kinerja_lab.io.sources import StudySource
from kinerja_lab.io.study import Study
from kinerja_lab.report.files import folder_name
from kinerja_lab.report.jobs import FAILED, Job, content_key
from kinerja_lab.report.parameters import ALL_REGIONS, parse_parameters, select_regions

__all__ = ["SUMMARY_FOLDER", "Place", "StudyPlan", "notebook_path", "plan_study", "study_root"]

SUMMARY_FOLDER = "ringkasan"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A region of the index page and the folder of its report."""

    code: str
    name: str
    folder: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyPlan:
    """The reports of one study.

    Parameters
    ----------
    study, title, language, period : str
        What is reported, and in which language.
    root : Path
        Folder of the study's reports.
    places : tuple of Place
        Every region of the study, also those not asked for this time: the index page lists them all.
    jobs : tuple of Job
        Reports asked for; the summary of all regions is the last.
    note : str
        Line for the index page: the source, or that the data are made up.
    synthetic : bool
        Whether the data are made up.
    """

    study: str
    title: str
    language: str
    period: str
    root: Path
    places: tuple[Place, ...]
    jobs: tuple[Job, ...]
    note: str = ""
    synthetic: bool = False


def plan_study(
    study: Study, source: StudySource, *, regions: Sequence[str], period: str, language: str, level: float, today: date,
    out: Path,
) -> StudyPlan:
    """The jobs of a study.

    Parameters
    ----------
    study : Study
        As loaded.
    source : StudySource
        Its opened source; gives the fingerprint of each region's rows.
    regions : sequence of str
        Codes asked for, ``ALL_REGIONS`` among them for the summary; empty means everything.
    period : str
        Empty means the last one of the study.
    language : str
        ``"id"`` or ``"en"``.
    level : float
        Confidence level.
    today : datetime.date
        Decides whether an indicator's review is overdue. A report is redone when that answer changes, not every day.
    out : Path
        Folder of all reports.

    Returns
    -------
    StudyPlan

    Raises
    ------
    InputFaults
        ``report_region_unknown``, ``report_period_unknown`` or a fault of a parameter, all at once.
    KinerjaError
        ``notebook_absent`` when the study names a notebook that is not there.
    """
    codes = [region.code for region in study.regions]
    wanted = _all_faults(
        lambda: select_regions(regions, known=[*codes, ALL_REGIONS]),
        lambda: _check_period(period, study.periods),
        lambda: parse_parameters({"study": study.code, "region": "-", "period": period, "language": language,
                                  "level": level, "today": today.isoformat()}),
    )[0]
    chosen = period or (study.periods[-1] if study.periods else "")
    root = study_root(out, study.code)
    specs = {**study.fingerprints(), "reviews": _reviews(study, today)}
    slices = {code: source.slice_fingerprint(code) for code in codes}
    places = tuple(Place(code=region.code, name=region.name, folder=_own_folder(region.code))
                   for region in study.regions)

    def job(code: str, name: str, folder: str, notebook: str, data: Mapping[str, str]) -> Job:
        path = notebook_path(notebook)
        values = {"study": study.code, "region": code, "period": chosen, "language": language, "level": level,
                  "today": today.isoformat()}
        parameters = parse_parameters(values).model_dump()
        lasting = {name: value for name, value in parameters.items() if name != "today"}
        key = content_key(notebook=path, parameters=lasting, fingerprints={**specs, **data})
        return Job(region=code, name=name, notebook=path, parameters=parameters, key=key, root=root, folder=folder)

    jobs = [job(place.code, place.name, place.folder, study.plan.notebook, {"slice": slices[place.code]})
            for place in places if place.code in wanted]
    if study.plan.summary and ALL_REGIONS in wanted:
        every = {f"slice.{code}": digest for code, digest in slices.items()}
        jobs.append(job(ALL_REGIONS, study.title[language], SUMMARY_FOLDER, study.plan.summary, every))
    return StudyPlan(
        study=study.code, title=study.title[language], language=language, period=chosen, root=root, places=places,
        jobs=tuple(jobs), synthetic=study.synthetic,
        note=" ".join(text for text in (study.note.get(language, ""), study.source_note.get(language, "")) if text),
    )


def study_root(out: Path, code: str) -> Path:
    """Folder of a study's reports.

    Parameters
    ----------
    out : Path
        Folder of all reports of a language.
    code : str
        Code of the study.
    """
    return out / folder_name(code)


def notebook_path(name: str) -> Path:
    """The file of a template notebook.

    Looked for in ``KINERJA_NOTEBOOKS``, then in ``notebooks/templates`` here or above, then in the project's own.

    Parameters
    ----------
    name : str
        With or without ``.ipynb``.

    Raises
    ------
    KinerjaError
        ``notebook_absent``.
    """
    file = name if name.endswith(".ipynb") else f"{name}.ipynb"
    here, package = Path.cwd(), Path(__file__).resolve().parents[2]
    folders = [folder / "notebooks" / "templates" for folder in (here, *here.parents, package)]
    if os.environ.get("KINERJA_NOTEBOOKS"):
        folders.insert(0, Path(os.environ["KINERJA_NOTEBOOKS"]))
    for folder in folders:
        if (folder / file).is_file():
            return folder / file
    raise KinerjaError("notebook_absent", notebook=file, folders=str(folders[0]))


def _reviews(study: Study, today: date) -> str:
    """All that a report's checks ask of the date: which reviews are overdue, and which are dated in the future."""
    return ",".join(f"{item.code}:{item.next_review is not None and item.next_review < today}"
                    f":{item.reviewed is not None and item.reviewed > today}" for item in study.indicators)


def _check_period(period: str, periods: Sequence[str]) -> None:
    if period and period not in periods:
        raise InputFaults([InputFault(message=Message("fault.report_period_unknown", {
            "period": period, "nearest": closest(period, periods) or "-", "choices": ", ".join(periods) or "-"}))])


def _all_faults(*checks):
    faults, answers = [], []
    for check in checks:
        try:
            answers.append(check())
        except InputFaults as found:
            faults += found.faults
    if faults:
        raise InputFaults(faults)
    return answers


def _own_folder(code: str) -> str:
    name = folder_name(code)
    return f"wilayah-{name}" if name in (FAILED, SUMMARY_FOLDER) else name
