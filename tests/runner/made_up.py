"""A study of four made-up regions with a notebook of a few cells: all that the runner needs."""

import json
from dataclasses import replace
from pathlib import Path

from kinerja_lab.report.jobs import Job, content_key
from kinerja_lab.report.plan import Place, StudyPlan

PARAMETERS = "study = ''\nregion = ''\nperiod = ''\nlanguage = 'id'\nlevel = 0.95\n"
EMIT = """
from IPython.display import HTML, display
display(HTML("<h1>Wilayah " + region + "</h1><p>Nilai 88,25</p>"))
row = {"label": "index", "value": 88.25, "low": 86.5, "high": 90.0, "level": level, "n": 400, "method": "linearised",
       "unit": "index_100", "note": ""}
bare = {**row, "label": "=1+1", "value": float("nan"), "low": float("nan"), "high": float("nan"), "note": "suppressed"}
display({"application/vnd.kinerja.results+json": {
    "schema": 1, "study": study, "region": {"code": region, "name": "Kota " + region}, "period": period,
    "language": language, "level": level, "fingerprints": {"data": "x"}, "headline": row,
    "verdicts": {"passed": 3, "concern": 1, "failed": 1, "not_applicable": 0, "not_run": 0}, "findings": [],
    "estimates": [row, bare]}}, raw=True)
"""
REGIONS = ("0101", "1e3", "NaN", "53.71")


def write_notebook(path: Path, *cells: str, parameters: str = PARAMETERS) -> Path:
    """A notebook with a parameters cell, an explanation and the code cells given."""
    code = [{"cell_type": "code", "source": source, "metadata": {}, "outputs": [], "execution_count": None}
            for source in (parameters, *cells)]
    if parameters:
        code[0]["metadata"] = {"tags": ["parameters"]}
    text = {"cell_type": "markdown", "source": "# Penjelasan untuk pengembang", "metadata": {}}
    cells_with_ids = [{**cell, "id": f"sel-{number}"} for number, cell in enumerate([text, *code])]
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    content = {"cells": cells_with_ids, "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}},
               "nbformat": 4, "nbformat_minor": 5}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def make_jobs(root: Path, notebook: Path, regions: tuple[str, ...] = REGIONS, *, data: str = "1") -> tuple[Job, ...]:
    """A job a region; ``data`` stands for the fingerprint of the region's rows."""
    jobs = []
    for region in regions:
        values = {"study": "coba", "region": region, "period": "2025", "language": "id", "level": 0.9}
        key = content_key(notebook=notebook, parameters=values, fingerprints={"slice": data})
        jobs.append(Job(region=region, name=f"Kota {region}", notebook=notebook, parameters=values, key=key, root=root))
    return tuple(jobs)


def fixed_keys(jobs: tuple[Job, ...]) -> tuple[Job, ...]:
    """The same jobs with keys that stay the same while someone edits the package during the test."""
    return tuple(replace(job, key=f"kunci-{job.region}") for job in jobs)


def make_plan(root: Path, jobs: tuple[Job, ...]) -> StudyPlan:
    """The plan whose index page lists the jobs' regions."""
    places = tuple(Place(code=job.region, name=job.name, folder=job.label) for job in jobs)
    return StudyPlan(study="coba", title="Studi coba", language="id", period="2025", root=root, places=places,
                     jobs=jobs, note="Sumber: dibuat untuk uji.", synthetic=True)


def processes_below(driver: int) -> set[int]:
    """Processes below a process."""
    found: set[int] = set()
    parents = {int(path.name): _parent(path) for path in Path("/proc").iterdir() if path.name.isdigit()}
    new = {driver}
    while new:
        new = {pid for pid, parent in parents.items() if parent in new} - found
        found |= new
    return found


def _parent(path: Path) -> int:
    try:
        return int((path / "stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


def is_running(pid: int) -> bool:
    """Whether a process runs; one that has ended and waits to be collected does not."""
    try:
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] not in ("Z", "X")
    except OSError:
        return False
