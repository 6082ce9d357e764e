"""``kinerja doctor``: what is missing or broken on this machine, and what is the cure?"""

import importlib
import os
import re
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path
from shutil import which

from kinerja_lab.cli.console import say, words
from kinerja_lab.core.errors import KinerjaError

__all__ = ["Remark", "examine_machine", "package_faults"]

OLDEST_PYTHON = (3, 11)
_CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True, slots=True, kw_only=True)
class Remark:
    """One thing looked at: ``state`` is ``ok``, ``optional`` (missing, but only some things need it) or ``broken``."""

    code: str
    state: str
    detail: str = ""


def examine_machine(*, lang: str) -> int:
    """Look at everything and say it in plain words; 1 when something that reports need is broken.

    Parameters
    ----------
    lang : str
        ``"id"`` or ``"en"``.
    """
    text, broken = words(lang), 0
    for remark in _remarks(lang):
        say(f"{text.text('doctor.' + remark.state):<12} {text.text('doctor.name.' + remark.code)}"
            + (f": {remark.detail}" if remark.detail else ""))
        if remark.state != "ok":
            say(f"{'':<12} {text.text('doctor.cure.' + remark.code)}")
        broken += remark.state == "broken"
    say(text.text("doctor.verdict_broken", n=broken) if broken else text.text("doctor.verdict_ok"))
    return 1 if broken else 0


def package_faults(requirements: list[str]) -> list[str]:
    """Requirements that are not met here, in words.

    Parameters
    ----------
    requirements : list of str
        As in ``pyproject.toml``; those of extras are left out.
    """
    faults = []
    for line in requirements:
        if "extra ==" in line:
            continue
        name, oldest = re.match(r"([A-Za-z0-9._-]+)(?:\[[^\]]*\])?(?:>=([0-9.]+))?", line).groups()
        try:
            found = version(name)
        except PackageNotFoundError:
            faults.append(f"{name} (–)")
            continue
        if oldest and _numbers(found) < _numbers(oldest):
            faults.append(f"{name} {found} < {oldest}")
    return faults


def _numbers(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", text)[:3])


def _remarks(lang: str) -> Iterator[Remark]:
    running = ".".join(map(str, sys.version_info[:3]))
    yield Remark(code="python", state="ok" if sys.version_info >= OLDEST_PYTHON else "broken", detail=running)
    faults = package_faults(requires("kinerja_lab") or [])
    yield Remark(code="packages", state="broken" if faults else "ok", detail=", ".join(faults))
    yield _tried("duckdb", _read_parquet)
    yield _tried("pictures", _draw)
    yield _tried("writing", _write)
    fork, detail = _fork()
    yield Remark(code="fork", state="ok" if fork else "optional", detail=detail)
    yield _tried("kernel", lambda: _run_kernel("fork" if fork else "kernel"))
    yield from _studies(lang)
    chromium = os.environ.get("CHROMIUM") or next(filter(None, map(which, _CHROMIUM)), "")
    yield Remark(code="chromium", state="ok" if chromium else "optional", detail=chromium)
    postgres = which("psql") or ""
    yield Remark(code="postgres", state="ok" if postgres else "optional", detail=postgres)


def _tried(code: str, action: Callable[[], str]) -> Remark:
    """An action that either works or says why not; whatever it raises is an answer here."""
    try:
        return Remark(code=code, state="ok", detail=action())
    except Exception as error:  # the doctor's task is to report any failure of the machine
        return Remark(code=code, state="broken", detail=f"{type(error).__name__}: {error}")


def _read_parquet() -> str:
    import duckdb

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "coba.parquet"
        duckdb.sql("select 1 as a union all select 2").write_parquet(str(file))
        rows = duckdb.sql(f"select count(*) from '{file}'").fetchall()[0][0]
    if rows != 2:
        raise OSError(f"{rows} != 2")
    return f"DuckDB {duckdb.__version__}"


def _draw() -> str:
    import io

    matplotlib = importlib.import_module("matplotlib")
    matplotlib.use("agg")
    figure = importlib.import_module("matplotlib.figure").Figure(figsize=(1, 1))
    figure.text(0.5, 0.5, "Aa")
    figure.savefig(io.BytesIO(), format="png")
    return f"Matplotlib {matplotlib.__version__}"


def _write() -> str:
    """The place where reports go must take a file."""
    folder = next(place for place in (Path("reports"), Path.cwd()) if place.is_dir())
    with tempfile.NamedTemporaryFile(dir=folder, prefix=".coba-"):
        return str(folder.resolve())


def _fork() -> tuple[bool, str]:
    from kinerja_lab.report.engine import Engine

    with Engine("fork") as engine:
        engine.start()
        return engine.kind == "fork", engine.fallback


def _run_kernel(kind: str) -> str:
    import nbformat

    from kinerja_lab.report.engine import Engine, NotebookFailure

    notebook = nbformat.v4.new_notebook(cells=[
        nbformat.v4.new_code_cell("region = ''", metadata={"tags": ["parameters"]}),
        nbformat.v4.new_code_cell("import kinerja_lab\nprint(region)"),
    ])
    with tempfile.TemporaryDirectory() as folder, Engine(kind) as engine:
        file = Path(folder) / "coba.ipynb"
        nbformat.write(notebook, file)
        engine.start()
        done = engine.execute(file, parameters={"region": "0101"}, timeout=60)
    if isinstance(done, NotebookFailure):
        raise OSError(f"{done.name} {done.text}")
    if "0101" not in done:
        raise OSError("0101")
    return kind


def _studies(lang: str) -> Iterator[Remark]:
    from kinerja_lab.io.study import find_studies, load_study, studies_root

    try:
        folders = find_studies(studies_root())
    except KinerjaError as error:
        yield Remark(code="studies", state="broken", detail=words(lang).sentence(error.message))
        return
    yield Remark(code="studies", state="ok" if folders else "broken", detail=", ".join(each.name for each in folders))
    for folder in folders:
        try:
            study = load_study(folder)
            yield Remark(code="study", state="ok", detail=f"{study.code} ({len(study.regions)})")
        except KinerjaError as error:
            absent = error.message.code == "error.study_data_absent"
            yield Remark(code="study_absent" if absent else "study", state="optional" if absent else "broken",
                         detail=f"{folder.name}. {words(lang).sentence(error.message)}")
