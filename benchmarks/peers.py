"""How long do R's packages take for the same question on the same data? Shared by the benchmarks of the methods.

Where ``Rscript`` is on the path, a script sees the tables as data frames and times single calls with ``took(name,
expression)``: R's start, the loading of packages and the reading of the tables are not in it. Without R, or without the
package, there is no time and the benchmark says so. Both sides run on one core; ratios are of CPU seconds, since other
work on the machine lengthens the elapsed ones.
"""

import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter, process_time

import numpy as np

__all__ = ["NO_R", "Timed", "ask_r", "ratio", "timed"]

NO_R = "R is not here: beside the plain way only"
_PRELUDE = """
options(warn = -1, digits = 15, mc.cores = 1)
took <- function(name, call, times = 1) {
  best <- c(Inf, Inf)
  for (k in seq_len(times)) {
    t <- system.time(.last <<- call())
    best <- pmin(best, c(t[[3]], t[[1]] + t[[2]] + t[[4]] + t[[5]]))  # its children's seconds too
  }
  cat("took", name, best, "\\n")
}
said <- function(name, values) cat("said", name, as.numeric(values), "\\n")
have <- function(package) {
  found <- suppressMessages(suppressWarnings(require(package, character.only = TRUE, quietly = TRUE)))
  if (found) cat("with", package, as.character(packageVersion(package)), "\\n")
  found
}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """Shortest elapsed and CPU seconds of a few calls."""

    elapsed: float
    cpu: float


@dataclass(frozen=True, slots=True, kw_only=True)
class FromR:
    """What R's packages took and said.

    Parameters
    ----------
    took : dict of str to Timed
        By call.
    said : dict of str to array
        Numbers to compare.
    versions : dict of str to str
        By package.
    """

    took: dict[str, Timed] = field(default_factory=dict)
    said: dict[str, np.ndarray] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)


def timed(call: Callable[[], object], *, times: int = 3) -> tuple[Timed, object]:
    """Shortest of some calls, and what the last gave."""
    elapsed, cpu, result = np.inf, np.inf, None
    for _ in range(times):
        start, used = perf_counter(), process_time()
        result = call()
        elapsed, cpu = min(elapsed, perf_counter() - start), min(cpu, process_time() - used)
    return Timed(elapsed=elapsed, cpu=cpu), result


def ask_r(script: str, *, tables: Mapping[str, Mapping[str, np.ndarray]]) -> FromR | None:
    """Run a script; None where there is no R.

    Parameters
    ----------
    script : str
        R; ``took("name", function() call)`` times a call, ``said("name", numbers)`` hands numbers back, and
        ``have("package")`` loads a package or says that it is not there.
    tables : mapping of str to mapping of str to array
        Columns of each data frame, whole or decimal numbers.
    """
    if shutil.which("Rscript") is None:
        return None
    with TemporaryDirectory() as folder:
        lines = [_PRELUDE]
        for name, columns in tables.items():
            path = Path(folder) / f"{name}.csv"
            held = np.column_stack(list(columns.values()))
            whole = all(np.issubdtype(np.asarray(column).dtype, np.integer) for column in columns.values())
            np.savetxt(path, held, fmt="%d" if whole else "%.17g", delimiter=",", header=",".join(columns), comments="")
            lines.append(f'{name} <- read.csv("{path}")')
        file = Path(folder) / "peer.R"
        file.write_text("\n".join([*lines, script]), encoding="utf-8")
        done = subprocess.run(["Rscript", "--vanilla", file], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the peer failed: {done.stderr.strip()[-2000:]}")
    out = FromR()
    for line in done.stdout.splitlines():
        match line.split():
            case ["took", name, elapsed, cpu]:
                out.took[name] = Timed(elapsed=float(elapsed), cpu=float(cpu))
            case ["said", name, *numbers]:
                out.said[name] = np.array([float(number) for number in numbers])
            case ["with", package, version]:
                out.versions[package] = version
    return out


def ratio(peer: FromR | None, name: str, *ours: Timed) -> str:
    """A cell of a printed table: the peer's CPU seconds and how many times ours (summed) they are."""
    if peer is None or name not in peer.took:
        return f"{'-':>17}"
    theirs = peer.took[name]
    return f"{theirs.cpu:9.2f} {theirs.cpu / sum(own.cpu for own in ours):6.0f}x"
