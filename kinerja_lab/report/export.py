"""What does the reader open: one page without code, that needs no network, no script and no Jupyter."""

import hashlib
import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from threading import Lock
from typing import Any

from kinerja_lab import __version__
from kinerja_lab.report.files import json_text, publish_folder
from kinerja_lab.report.jobs import DONE_FILE, INDEX_PAGE, NOTEBOOK_FILE, RESULT_FILE, Job
from kinerja_lab.report.payload import read_results
from kinerja_lab.text.catalogue import catalogue

__all__ = ["page_html", "publish_report", "stylesheet"]

_LOCK = Lock()


@cache
def stylesheet() -> str:
    """The style of reports and index pages."""
    return files("kinerja_lab.report").joinpath("template", "gaya.css").read_text(encoding="utf-8")


@cache
def _exporter() -> Any:
    """nbconvert's exporter with our template; made once, because compiling the template is the cost."""
    from nbconvert import HTMLExporter

    folder = Path(str(files("kinerja_lab.report").joinpath("template")))
    return HTMLExporter(template_name="wilayah", extra_template_basedirs=[str(folder)], exclude_anchor_links=True,
                        preprocessors=[], default_preprocessors=[])


def page_html(notebook_json: str, *, title: str, lang: str) -> str:
    """An executed notebook as a page.

    Parameters
    ----------
    notebook_json : str
        Executed notebook.
    title : str
        Title of the page, plain text.
    lang : str
        ``"id"`` or ``"en"``.
    """
    import nbformat

    words = catalogue(lang)
    notebook = nbformat.reads(notebook_json, as_version=4)
    resources = {
        "lang": lang, "title": title, "css": stylesheet(), "version": __version__,
        "words": {"skip": words.text("page.skip"), "back": words.text("page.back")},
        "footer": words.text("page.footer", version=__version__),
    }
    with _LOCK:
        body, _ = _exporter().from_notebook_node(notebook, resources=resources)
    return body


def publish_report(job: Job, notebook_json: str) -> dict[str, Any]:
    """Put the report of a job in its place, whole, and forget an earlier failure.

    Parameters
    ----------
    job : Job
        The job.
    notebook_json : str
        Its executed notebook.

    Returns
    -------
    dict
        The results.

    Raises
    ------
    KinerjaError
        When the results are missing, malformed or another region's; nothing is written then.
    """
    results = read_results(json.loads(notebook_json), expected=job.parameters)
    title = " – ".join(part for part in (results["region"]["name"], results["study"], results["period"]) if part)
    page = page_html(notebook_json, title=title, lang=results["language"])
    content = {INDEX_PAGE: page, NOTEBOOK_FILE: notebook_json, RESULT_FILE: json_text(results)}
    hashes = {name: hashlib.sha256(text.encode("utf-8")).hexdigest() for name, text in content.items()}
    done = json_text({"key": job.key, "files": hashes})
    publish_folder(job.target, {**content, DONE_FILE: done}, root=job.root)
    for record in (job.failure_record, job.failure_record.with_suffix(".ipynb")):
        record.unlink(missing_ok=True)
    return results
