"""What went wrong in a region's notebook, in words that its owner can act on?"""

import re
from string import Formatter

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.report.engine import NotebookFailure
from kinerja_lab.report.jobs import FAILED, Job, JobFailure
from kinerja_lab.text.catalogue import Catalogue, catalogue

__all__ = ["explain_failure"]

_CODED = re.compile(r"((?:error|not_applicable|fault)\.\w+)\((.*)\)", re.DOTALL)
_OWN_NAMES = ("KinerjaError", "NotApplicable", "InputFaults")
_MOST = 600


def explain_failure(job: Job, failure: NotebookFailure | KinerjaError, *, lang: str) -> JobFailure:
    """A failure as a record for the index page and the summary on screen.

    Parameters
    ----------
    job : Job
        The job that failed.
    failure : NotebookFailure or KinerjaError
        From the engine, or from reading the results.
    lang : str
        ``"id"`` or ``"en"``.
    """
    words = catalogue(lang)
    if isinstance(failure, KinerjaError):
        error, cell, kind = " ".join(words.error(failure)), None, "results"
    elif failure.name in ("timeout", "kernel_died", "kernel_start"):
        error, cell, kind = words.text(f"failure.{failure.name}", detail=failure.text), failure.cell, failure.name
    elif failure.name in _OWN_NAMES:
        error, cell, kind = _sentences(failure.text, words), failure.cell, "input"
    else:
        error, cell, kind = f"{failure.name}: {failure.text}", failure.cell, "exception"
    cure = words.text(f"cure.{kind}", notebook=f"{FAILED}/{job.label}.ipynb", cell=str(cell or "-"))
    return JobFailure(region=job.region, name=job.name, cell=cell, error=error.strip()[:_MOST], cure=cure)


def _sentences(text: str, words: Catalogue) -> str:
    """Sentences of the codes that a kernel could send only as text, ``error.code(name=value, ...)``, a line each."""
    return " ".join(_sentence(line, words) for line in text.splitlines() if line.strip())


def _sentence(line: str, words: Catalogue) -> str:
    found = _CODED.search(line)
    if found is None or not words.has(found[1]):
        return line
    names = [name for _, name, _, _ in Formatter().parse(words.template(found[1])) if name]
    values = {name: _value(name, found[2]) for name in names}
    before, after = line[:found.start()].strip(), line[found.end():].strip()
    return " ".join(part for part in (before, words.text(found[1], **values), after) if part)


def _value(name: str, inside: str) -> str:
    found = re.search(rf"(?:^|, ){re.escape(name)}=(.*?)(?=, \w+=|$)", inside, re.DOTALL)
    return found[1] if found else "?"
