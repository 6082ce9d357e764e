"""Where are the studies and the data that the project does not contain?"""

import os
from pathlib import Path

from kinerja_lab.core.errors import KinerjaError

__all__ = ["data_home", "external_folder", "find_studies", "project_root", "studies_root"]


def project_root() -> Path:
    """The folder that holds the package."""
    return Path(__file__).resolve().parents[2]


def studies_root() -> Path:
    """The folder of the studies.

    ``KINERJA_STUDIES`` where it is set; else ``data/studies`` in the current folder or the nearest above it; else the
    project's own.

    Raises
    ------
    KinerjaError
        ``no_studies_folder`` when there is none.
    """
    named = os.environ.get("KINERJA_STUDIES", "")
    if named:
        if not Path(named).is_dir():
            raise KinerjaError("no_studies_folder", value=named)
        return Path(named)
    here = Path.cwd()
    for folder in (here, *here.parents, project_root()):
        if (folder / "data" / "studies").is_dir():
            return folder / "data" / "studies"
    raise KinerjaError("no_studies_folder", value="data/studies")


def find_studies(root: Path) -> tuple[Path, ...]:
    """Folders below ``root`` that hold a ``study.yml``, in alphabetical order.

    Parameters
    ----------
    root : pathlib.Path
        E.g. ``studies_root()``.
    """
    return tuple(sorted(path.parent for path in root.glob("*/study.yml")))


def data_home(name: str) -> Path | None:
    """The folder of original files with a name, or None when they are not on this machine.

    Looked for where ``KINERJA_DATA`` points, if it is set; else in ``shared/data`` beside the project, then in the
    project's ``data/external``.

    Parameters
    ----------
    name : str
        Folder name, e.g. ``"cms-vbp-2015"``.
    """
    named = os.environ.get("KINERJA_DATA", "")
    beside = (project_root().parent / "shared" / "data", project_root() / "data" / "external")
    homes = (Path(named),) if named else beside
    return next((home / name for home in homes if (home / name).is_dir()), None)


def external_folder(study_folder: Path) -> Path:
    """Where the tables made from a study's original files are kept; git ignores it.

    Parameters
    ----------
    study_folder : pathlib.Path
        ``<root>/studies/<study>``; the result is ``<root>/external/<study>``.
    """
    return study_folder.resolve().parent.parent / "external" / study_folder.name
