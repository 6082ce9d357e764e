"""Whatever ends a run, nothing half done stays, no kernel lives on, and the next run makes exactly what is missing."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from made_up import EMIT, REGIONS, fixed_keys, is_running, make_jobs, processes_below

from kinerja_lab.report.jobs import is_current

DRIVER = Path(__file__).with_name("driver.py")
SLOW = REGIONS[2:]
WAIT = f"""
import pathlib, time
if region in {SLOW!r}:
    (pathlib.Path(FLAG) / region).touch()
    while not (pathlib.Path(FLAG) / "go").exists():
        time.sleep(0.05)
"""

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at /proc")


def start(root: Path, book: Path, engine: str) -> subprocess.Popen:
    # A suite started in the background of a script ignores Ctrl-C, and so would every process below it.
    return subprocess.Popen([sys.executable, str(DRIVER), str(root), str(book), engine], stdout=subprocess.PIPE,
                            text=True, env={**os.environ, "OMP_NUM_THREADS": "1"},
                            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))


def until(condition, seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


@pytest.mark.parametrize(("number", "engine"), [
    (signal.SIGKILL, "fork"), (signal.SIGINT, "fork"), (signal.SIGKILL, "kernel"),
    pytest.param(signal.SIGINT, "kernel", marks=pytest.mark.slow),
    pytest.param(signal.SIGTERM, "fork", marks=pytest.mark.slow),
])
def test_stop_in_the_middle_then_resume(tmp_path, notebook, number, engine):
    root, flags = tmp_path / "out" / "coba", tmp_path / "tanda"
    flags.mkdir()
    book = notebook(EMIT, f"FLAG = {str(flags)!r}{WAIT}")
    jobs = fixed_keys(make_jobs(root, book))
    driver = start(root, book, engine)
    until(lambda: all((job.target / "done.json").exists() for job in jobs[:2])
          and all((flags / region).exists() for region in SLOW))
    below = processes_below(driver.pid)
    assert len(below) >= 2
    driver.send_signal(number)
    driver.communicate(timeout=30)
    assert driver.returncode == (-signal.SIGKILL if number == signal.SIGKILL else 130)
    until(lambda: not any(is_running(pid) for pid in below), 15)
    assert [is_current(job) for job in jobs] == [True, True, False, False]
    assert not any(job.target.exists() for job in jobs[2:])
    assert not (root / "failed").exists()
    if number != signal.SIGKILL:
        assert not (root / ".sedang-dibuat").exists()

    (flags / "go").touch()
    stamps = [(job.target / "done.json").stat().st_mtime_ns for job in jobs[:2]]
    again = start(root, book, engine)
    out, _ = again.communicate(timeout=90)
    assert json.loads(out) == {REGIONS[0]: "kept", REGIONS[1]: "kept", REGIONS[2]: "made", REGIONS[3]: "made"}
    assert [(job.target / "done.json").stat().st_mtime_ns for job in jobs[:2]] == stamps
    assert not (root / ".sedang-dibuat").exists()
