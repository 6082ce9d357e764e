"""Have these very tables been looked over before, without a fault? Then a run need not look at every row again."""

import hashlib
from pathlib import Path

from kinerja_lab.io.checks import check_study
from kinerja_lab.io.study import Study
from kinerja_lab.io.whole_files import write_whole
from kinerja_lab.report.files import file_sha256
from kinerja_lab.report.jobs import package_fingerprint

__all__ = ["look_over", "note_looked_over"]

MARK = ".diperiksa"


def look_over(study: Study, *, root: Path) -> None:
    """Check every row of a study's tables, unless the same files passed the same checks before.

    Parameters
    ----------
    study : Study
        As loaded.
    root : Path
        Folder of its reports, where ``note_looked_over`` left its mark. Nothing is written here.

    Raises
    ------
    InputFaults
        As ``io.checks.check_study``. Tables of a database are looked at every time.
    """
    state = _state(study)
    mark = root / MARK
    if state and mark.is_file() and mark.read_text(encoding="utf-8") == state:
        return
    check_study(study)


def note_looked_over(study: Study, *, root: Path) -> None:
    """Remember that the study's tables passed; called when the run writes anyway."""
    if state := _state(study):
        write_whole(root / MARK, state)


def _state(study: Study) -> str:
    """Hash of the tables' bytes, the specs and the checks themselves; empty when a table is not a file."""
    tables = [source for source in (study.survey, study.outcomes) if source is not None]
    if any(source.path is None for source in tables):
        return ""
    digest = hashlib.sha256(package_fingerprint().encode())
    for name, value in sorted(study.fingerprints().items()):
        digest.update(f"{name} {value}\n".encode())
    for path in (*(source.path for source in tables), *study.external_files):
        digest.update(f"{path.name} {file_sha256(path)}\n".encode())
    return digest.hexdigest()
