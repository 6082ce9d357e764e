"""What happened to an indicator, and who said why?"""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from shutil import which

from kinerja_lab.io.indicator_files import read_indicator

__all__ = ["HistoryEntry", "history"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HistoryEntry:
    """One entry of an indicator's history.

    Parameters
    ----------
    on : str
        Day, ``YYYY-MM-DD``.
    by : str
        Office, or the author of a git commit.
    reason : str
        Why.
    changed : tuple of str
        Fields, where the file records them.
    breaks_series : bool
        Whether values before and after cannot be compared.
    origin : str
        ``"file"`` or ``"git"``.
    """

    on: str
    by: str
    reason: str
    changed: tuple[str, ...] = ()
    breaks_series: bool = False
    origin: str = "file"


def history(path: Path, *, with_git: bool = False) -> tuple[HistoryEntry, ...]:
    """The recorded changes of an indicator file, the oldest first.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    with_git : bool
        Also the commits that touched the file, where git is installed and the file is in a repository.

    Raises
    ------
    InputFaults
        Faults of the file.
    """
    own = [HistoryEntry(on=item.on.isoformat(), by=item.by, reason=item.reason, changed=item.changed,
                        breaks_series=item.breaks_series) for item in read_indicator(path).revisions]
    return tuple(sorted([*own, *(_commits(Path(path)) if with_git else [])], key=lambda entry: entry.on))


def _commits(path: Path) -> list[HistoryEntry]:
    git = which("git")
    if git is None:
        return []
    done = subprocess.run(
        [git, "-C", str(path.resolve().parent), "log", "--follow", "--date=short", "--format=%ad%x09%an%x09%s", "--",
         path.name], capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode != 0:
        return []
    parts = [line.split("\t", 2) for line in done.stdout.splitlines() if line.count("\t") >= 2]
    return [HistoryEntry(on=on, by=by, reason=reason, origin="git") for on, by, reason in parts]
