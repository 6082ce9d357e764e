"""Seconds per region of ``kinerja report`` against papermill's own command line, on the same regions in the same run.

The peer is what the manuals of both tools say: for each region ``papermill`` on the template, then ``nbconvert``.
Both sides run with one thread for linear algebra. CPU seconds (of the whole process tree) are the honest unit on a
busy machine; wall seconds are printed beside them.

    python benchmarks/bench_report.py [--study layanan-publik] [--regions 4] [--jobs 2]
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from kinerja_lab.io.study import load_study, studies_root
from kinerja_lab.report.plan import notebook_path

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def measured(*commands: list[str]) -> tuple[float, float]:
    """Wall and CPU seconds of commands run one after the other; a command that fails ends the benchmark."""
    begun, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    for command in commands:
        done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, check=False)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}\n{done.stdout}{done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.perf_counter() - begun, after.ru_utime + after.ru_stime - used.ru_utime - used.ru_stime


def plain_commands(folder: Path, *, study: str, region: str, period: str, notebook: Path) -> list[list[str]]:
    """What one would type for a region without kinerja; ``-r`` because ``-p`` turns the code 0101 into a number."""
    executed = folder / f"{region}.ipynb"
    values = {"study": study, "region": region, "period": period, "language": "id", "today": date.today().isoformat()}
    options = [part for name, value in values.items() for part in ("-r", name, value)]
    tool = Path(sys.executable).parent
    return [
        [str(tool / "papermill"), str(notebook), str(executed), *options, "--no-progress-bar", "-k", "python3"],
        [str(tool / "jupyter"), "nbconvert", "--to", "html", "--no-input", str(executed)],
    ]


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    options.add_argument("--study", default="layanan-publik")
    options.add_argument("--regions", type=int, default=4)
    options.add_argument("--jobs", type=int, default=2)
    chosen = options.parse_args()
    study = load_study(studies_root() / chosen.study)
    codes = [region.code for region in study.regions][: chosen.regions]
    period = study.periods[-1] if study.periods else ""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        command = [sys.executable, "-m", "kinerja_lab", "report", chosen.study, "--regions", ",".join(codes)]
        rows = {}
        for label, extra in (("kinerja report", ["--engine", "fork", "--jobs", str(chosen.jobs)]),
                             ("kinerja report, one at a time", ["--engine", "fork", "--jobs", "1"]),
                             ("kinerja report, ordinary kernels", ["--engine", "kernel", "--jobs", str(chosen.jobs)])):
            rows[label] = measured([*command, *extra, "--force", "--out", str(folder / "out")])
        rows["papermill + nbconvert, command lines"] = measured(*[
            each for code in codes for each in plain_commands(
                folder, study=study.code, region=code, period=period, notebook=notebook_path(study.plan.notebook))])
        rows["kinerja report, nothing changed"] = measured([*command, "--out", str(folder / "out")])
    base = rows["papermill + nbconvert, command lines"]
    print(f"{study.code}, {len(codes)} regions, seconds per region (start-up of the run included)")
    print(f"{'':40} {'wall':>8} {'CPU':>8} {'x wall':>8} {'x CPU':>8}")
    for label, (wall, cpu) in rows.items():
        print(f"{label:40} {wall / len(codes):8.2f} {cpu / len(codes):8.2f} {base[0] / wall:8.1f} {base[1] / cpu:8.1f}")


if __name__ == "__main__":
    main()
