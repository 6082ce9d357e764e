"""Real reports, made once by the command line, that the tests of this folder read."""

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Made:
    """Where the reports stand and what the command said."""

    folder: Path
    done: subprocess.CompletedProcess

    def page(self, study: str, region: str) -> str:
        return (self.folder / study / region / "index.html").read_text(encoding="utf-8")


def kinerja(*arguments: str, env: dict[str, str] | None = None, timeout: float = 600) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-m", "kinerja_lab", *arguments], capture_output=True, text=True,
                          cwd=ROOT, env={**os.environ, **(env or {})}, timeout=timeout, check=False)


@pytest.fixture(scope="session")
def made(tmp_path_factory) -> Made:
    """Two regions and the summary of layanan-publik in Indonesian."""
    folder = tmp_path_factory.mktemp("reports")
    done = kinerja("report", "layanan-publik", "--regions", "53.71,52.71.03,semua", "--out", str(folder), "--jobs", "2")
    assert done.returncode == 0, done.stdout + done.stderr
    return Made(folder, done)


@pytest.fixture(scope="session")
def made_english(made) -> Made:
    """One region in English, made after and beside the Indonesian one."""
    done = kinerja("report", "layanan-publik", "--regions", "53.71", "--lang", "en", "--out", str(made.folder))
    assert done.returncode == 0, done.stdout + done.stderr
    return Made(made.folder / "en", done)


@pytest.fixture(scope="session")
def lecturers(tmp_path_factory) -> Made:
    """One department of dosen-eth."""
    folder = tmp_path_factory.mktemp("reports_dosen")
    done = kinerja("report", "dosen-eth", "--regions", "1", "--out", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    return Made(folder, done)


@pytest.fixture(scope="session")
def hospitals(tmp_path_factory, shared) -> Made:
    """One state of cms-vbp-2015, and the document of renstra-banyuwangi."""
    folder = tmp_path_factory.mktemp("reports_real")
    done = kinerja("report", "cms-vbp-2015", "--regions", "DE", "--out", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    done = kinerja("report", "renstra-banyuwangi", "--out", str(folder))
    assert done.returncode == 0, done.stdout + done.stderr
    return Made(folder, done)
