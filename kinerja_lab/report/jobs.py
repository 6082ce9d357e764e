"""What is one report, and has exactly this report been made before?"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from kinerja_lab.report.files import file_sha256, folder_name

__all__ = ["DONE_FILE", "FAILED", "INDEX_PAGE", "NOTEBOOK_FILE", "RESULT_FILE", "Job", "JobFailure", "JobOutcome",
           "content_key", "is_current", "notebook_cells", "package_fingerprint"]

INDEX_PAGE = "index.html"
NOTEBOOK_FILE = "notebook.ipynb"
RESULT_FILE = "result.json"
DONE_FILE = "done.json"
FAILED = "failed"
"""Folder of the records of regions that failed."""

_LIBRARIES = ("numpy", "pandas", "scipy", "statsmodels", "scikit-learn", "matplotlib", "duckdb", "ibis-framework",
              "pyarrow", "ipykernel", "papermill", "nbconvert")
_OWN_FILES = (".py", ".toml", ".yml", ".j2", ".css")


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One report to be made: independent of every other, and idempotent by its key.

    Parameters
    ----------
    region, name : str
        Code and name of the region.
    notebook : Path
        Template notebook.
    parameters : mapping
        Typed values, exactly the notebook's names.
    key : str
        Content key.
    root : Path
        Folder of the study's reports; the job writes only ``root/<folder>`` and ``root/failed/<folder>.*``.
    folder : str
        Name of its output folder; empty means the region code.
    """

    region: str
    name: str
    notebook: Path
    parameters: Mapping[str, object]
    key: str
    root: Path
    folder: str = ""

    @property
    def label(self) -> str:
        """Name of the output folder."""
        return self.folder or folder_name(self.region)

    @property
    def target(self) -> Path:
        """Where the report stands when it is complete."""
        return self.root / self.label

    @property
    def failure_record(self) -> Path:
        """Where its failure is recorded, if it failed."""
        return self.root / FAILED / f"{self.label}.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFailure:
    """Why there is no report: the cell, what happened and what to do, in the reader's language."""

    region: str
    name: str
    cell: int | None
    error: str
    cure: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOutcome:
    """How a job ended: ``"made"``, ``"kept"`` (nothing had changed) or ``"failed"``."""

    job: Job
    state: str
    seconds: float = 0.0
    failure: JobFailure | None = field(default=None)


def content_key(*, notebook: Path, parameters: Mapping[str, object], fingerprints: Mapping[str, str]) -> str:
    """Hash of everything a report depends on.

    Parameters
    ----------
    notebook : Path
        Its cells count; outputs and metadata do not.
    parameters : mapping
        Values passed to it.
    fingerprints : mapping of str to str
        Hashes of the data slice and of the study's specs.

    Returns
    -------
    str
        SHA-256 in hexadecimal; equal exactly when nothing changed: data, specs, notebook, parameters, this package's
        files and the versions of the libraries it computes with.
    """
    content = {"cells": notebook_cells(notebook), "parameters": dict(parameters), "fingerprints": dict(fingerprints),
               "package": package_fingerprint()}
    return hashlib.sha256(json.dumps(content, sort_keys=True, allow_nan=False).encode()).hexdigest()


def notebook_cells(notebook: Path) -> list[list[str]]:
    """Type and source of each cell."""
    cells = json.loads(notebook.read_text(encoding="utf-8"))["cells"]
    return [[cell["cell_type"], "".join(cell["source"])] for cell in cells]


@cache
def package_fingerprint() -> str:
    """Hash of the package's own files and of the versions of the libraries it computes with."""
    folder = Path(__file__).resolve().parents[1]
    digest = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.suffix in _OWN_FILES):
        digest.update(f"{path.relative_to(folder).as_posix()} {file_sha256(path)}\n".encode())
    for name in _LIBRARIES:
        digest.update(f"{name} {_version(name)}\n".encode())
    return digest.hexdigest()


def is_current(job: Job) -> bool:
    """Whether the job's report stands, whole, with this key, and its last run did not fail."""
    if job.failure_record.exists():
        return False
    try:
        done = json.loads((job.target / DONE_FILE).read_text(encoding="utf-8"))
        return done["key"] == job.key and all(
            file_sha256(job.target / name) == digest for name, digest in done["files"].items())
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "-"
