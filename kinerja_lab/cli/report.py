"""``kinerja report``: which studies, how far is it, and what failed?"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from kinerja_lab.cli.console import say, say_error, words
from kinerja_lab.core.errors import InputFaults, KinerjaError
from kinerja_lab.io.sources import open_source
from kinerja_lab.io.study import Study, find_studies, load_study, studies_root
from kinerja_lab.report.engine import ENGINES, Engine
from kinerja_lab.report.index import write_front_page, write_index
from kinerja_lab.report.jobs import JobFailure, JobOutcome
from kinerja_lab.report.looked_over import look_over, note_looked_over
from kinerja_lab.report.plan import StudyPlan, plan_study, study_root
from kinerja_lab.report.run import run_jobs
from kinerja_lab.text.catalogue import LANGUAGES

__all__ = ["ReportRequest", "make_reports"]

_NAMED = 5
"""Regions named in one row of the table of failures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportRequest:
    """What was asked for at the command line."""

    studies: tuple[str, ...]
    regions: tuple[str, ...]
    period: str
    lang: str
    level: float
    jobs: int
    force: bool
    engine: str
    timeout: float
    today: date
    out: Path

    @property
    def folder(self) -> Path:
        """Where reports of this language stand: a report in English never takes the place of the Indonesian one."""
        return self.out if self.lang == LANGUAGES[0] else self.out / self.lang


def make_reports(request: ReportRequest) -> int:
    """Make the reports of the studies asked for; every study is checked before the first report is made.

    Parameters
    ----------
    request : ReportRequest
        From the command line.

    Returns
    -------
    int
        Exit code.
    """
    if request.engine not in ENGINES:
        raise KinerjaError("unknown_engine", value=request.engine, choices=", ".join(ENGINES))
    text = words(request.lang)
    plans, skipped, faulty = _all_plans(request)
    for name, line in skipped:
        say(text.text("cli.skipped", study=name, line=line))
    if faulty:
        return 2
    failed: list[JobOutcome] = []
    with Engine(request.engine) as engine:
        for study, plan in plans:
            outcomes = _run(plan, request, engine)
            note_looked_over(study, root=plan.root)
            write_index(plan)
            counts = {state: sum(each.state == state for each in outcomes) for state in ("made", "kept", "failed")}
            say(text.text("cli.study_done", study=plan.study, page=str(plan.root / "index.html"), **counts))
            failed += [each for each in outcomes if each.failure is not None]
    if plans or skipped:
        page = write_front_page(request.folder, skipped=skipped, lang=request.lang)
        say(text.text("cli.front_page", page=str(page)))
    if failed:
        _failure_table(failed, request.lang)
    return 1 if failed else 0


def _all_plans(request: ReportRequest) -> tuple[list[tuple[Study, StudyPlan]], list[tuple[str, str]], bool]:
    """Plans of the studies, those skipped because their data are not here, and whether any has faults."""
    text = words(request.lang)
    root = studies_root()
    folders = [root / name for name in request.studies] or list(find_studies(root))
    plans, skipped, faulty = [], [], False
    for folder in folders:
        try:
            study = load_study(folder)
            source = open_source(study)
            look_over(study, root=study_root(request.folder, study.code))
            plans.append((study, plan_study(study, source, regions=request.regions, period=request.period,
                                            language=request.lang, level=request.level, today=request.today,
                                            out=request.folder)))
        except InputFaults as error:
            say_error(error, lang=request.lang)
            faulty = True
        except KinerjaError as error:
            if error.message.code != "error.study_data_absent" or request.studies:
                say_error(error, lang=request.lang)
                faulty = True
            else:
                skipped.append((folder.name, text.sentence(error.message)))
    return plans, skipped, faulty


def _run(plan: StudyPlan, request: ReportRequest, engine: Engine) -> Sequence[JobOutcome]:
    watch = _Watch(plan, request.lang)
    with watch.progress or nullcontext():
        return run_jobs(plan.jobs, engine=engine, workers=request.jobs, lang=request.lang, force=request.force,
                        timeout=request.timeout, on_start=watch.start, on_outcome=watch.outcome)


class _Watch:
    """A progress bar where someone watches, plain lines where nobody does."""

    def __init__(self, plan: StudyPlan, lang: str) -> None:
        self._plan, self._text, self._failed, self._done, self._total = plan, words(lang), 0, 0, 0
        console = Console()
        self.progress = Progress(
            TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(),
            TextColumn(self._text.text("cli.bar_failed") + " {task.fields[failed]}"), TimeRemainingColumn(),
            console=console) if console.is_terminal else None
        self._task = None

    def start(self, total: int, engine: Engine) -> None:
        self._total = total
        if engine.fallback:
            self._say(self._text.text("cli.fallback", reason=engine.fallback))
        if self.progress is not None:
            self._task = self.progress.add_task(self._plan.study, total=total, failed=0)

    def outcome(self, outcome: JobOutcome) -> None:
        self._done += 1
        self._failed += outcome.state == "failed"
        if self.progress is not None:
            self.progress.update(self._task, completed=self._done, failed=self._failed)
        if self.progress is None or outcome.state == "failed":
            key = "cli.region_failed" if outcome.state == "failed" else "cli.region_made"
            self._say(self._text.text(key, done=self._done, total=self._total, study=self._plan.study,
                                      name=outcome.job.name, region=outcome.job.region, seconds=outcome.seconds))

    def _say(self, line: str) -> None:
        if self.progress is not None:
            self.progress.console.print(line, markup=False, highlight=False)
        else:
            say(line)


def _failure_table(failed: Sequence[JobOutcome], lang: str) -> None:
    """A row a cause: one fault of a shared file fails every region in the same words."""
    text = words(lang)
    causes: dict[tuple[int | None, str], list[JobFailure]] = {}
    for outcome in failed:
        causes.setdefault((outcome.failure.cell, outcome.failure.error), []).append(outcome.failure)
    table = Table(title=text.text("cli.failed_title", n=len(failed)), show_lines=True)
    for key in ("region", "cell", "error", "cure"):
        table.add_column(text.text(f"index_page.{key}"), overflow="fold")
    for (cell, error), failures in causes.items():
        names = ", ".join(f"{failure.name} ({failure.region})" for failure in failures[:_NAMED])
        if len(failures) > _NAMED:
            names = text.text("cli.and_others", names=names, n=len(failures) - _NAMED)
        table.add_row(*map(_plain, (names, str(cell or "–"), error, failures[0].cure)))
    Console(stderr=True).print(table)


def _plain(text: str) -> str:
    from rich.markup import escape

    return escape(text)
