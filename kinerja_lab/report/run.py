"""How are all reports made: in parallel, only what is missing, and with nothing half done however it ends?"""

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from threading import Event

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.io.whole_files import write_whole
from kinerja_lab.report.engine import Engine, NotebookFailure
from kinerja_lab.report.explain import explain_failure
from kinerja_lab.report.export import publish_report
from kinerja_lab.report.files import json_text, locked, remove_staging
from kinerja_lab.report.jobs import Job, JobFailure, JobOutcome, is_current
from kinerja_lab.report.parameters import check_names

__all__ = ["REGION_SECONDS", "run_jobs"]

REGION_SECONDS = 600.0
"""Time limit of one notebook where the user sets none."""


def run_jobs(
    jobs: Sequence[Job], *, engine: Engine, workers: int, lang: str, force: bool = False,
    timeout: float = REGION_SECONDS, on_start: Callable[[int, Engine], None] | None = None,
    on_outcome: Callable[[JobOutcome], None] | None = None,
) -> tuple[JobOutcome, ...]:
    """Make the reports of one study that are not there yet.

    Parameters
    ----------
    jobs : sequence of Job
        All with the same root.
    engine : Engine
        Started when there is something to do; the caller stops it, and may use it for several studies.
    workers : int
        Kernels at once.
    lang : str
        Language of the failure records.
    force : bool
        Make also what is there already.
    timeout : float
        Seconds for one notebook.
    on_start : callable
        Told how many reports will be made, and by which engine; not called when there is nothing to do.
    on_outcome : callable
        Told the outcome of each report as it ends, in the calling thread.

    Returns
    -------
    tuple of JobOutcome
        One for each job, in order.

    Raises
    ------
    InputFaults
        When a notebook's parameters are not those of its jobs; nothing has been run or written then.
    KinerjaError
        ``run_locked`` when another run works on the same folder.
    KeyboardInterrupt
        On Ctrl-C, after every kernel has ended and half-made work has been removed.
    """
    if not jobs:
        return ()
    root = jobs[0].root
    if not force and all(is_current(job) for job in jobs):
        return tuple(JobOutcome(job=job, state="kept") for job in jobs)
    for notebook, names in {job.notebook: tuple(job.parameters) for job in jobs}.items():
        check_names(notebook, names)
    with locked(root):
        remove_staging(root)
        waiting = [job for job in jobs if force or not is_current(job)]
        outcomes = {job.target: JobOutcome(job=job, state="kept") for job in jobs}
        engine.start()
        if on_start is not None:
            on_start(len(waiting), engine)
        for outcome in _all_outcomes(waiting, engine, workers=workers, timeout=timeout, lang=lang):
            outcomes[outcome.job.target] = outcome
            if on_outcome is not None:
                on_outcome(outcome)
        remove_staging(root)
    return tuple(outcomes[job.target] for job in jobs)


def _all_outcomes(jobs: Sequence[Job], engine: Engine, *, workers: int, timeout: float, lang: str):
    stopping = Event()
    pool = ThreadPoolExecutor(max_workers=max(1, workers), thread_name_prefix="kinerja")
    try:
        futures = [pool.submit(_make, job, engine, stopping, timeout, lang) for job in jobs]
        for future in as_completed(futures):
            yield future.result()
    except BaseException:
        # Ctrl-C, or a fault of ours: end the kernels first, so that the threads that wait for them end too.
        stopping.set()
        engine.stop()
        pool.shutdown(wait=True, cancel_futures=True)
        remove_staging(jobs[0].root)
        raise
    pool.shutdown()


def _make(job: Job, engine: Engine, stopping: Event, timeout: float, lang: str) -> JobOutcome:
    begun = time.monotonic()
    executed = engine.execute(job.notebook, parameters=dict(job.parameters), timeout=timeout)
    if stopping.is_set():
        return JobOutcome(job=job, state="kept")
    failure: JobFailure | None = None
    if isinstance(executed, NotebookFailure):
        failure = _record(job, executed, executed.notebook, lang)
    else:
        try:
            publish_report(job, executed)
        except KinerjaError as error:
            failure = _record(job, error, executed, lang)
    seconds = time.monotonic() - begun
    return JobOutcome(job=job, state="failed" if failure else "made", seconds=seconds, failure=failure)


def _record(job: Job, failure: NotebookFailure | KinerjaError, notebook: str, lang: str) -> JobFailure:
    """Write down a failure; an older report stays where it is, and the index page says that it is old."""
    told = explain_failure(job, failure, lang=lang)
    beside = job.failure_record.with_suffix(".ipynb")
    if notebook:
        write_whole(beside, notebook)
    else:
        beside.unlink(missing_ok=True)
    write_whole(job.failure_record, json_text({**asdict(told), "key": job.key}))
    return told
