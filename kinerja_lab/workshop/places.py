"""Where does a study's workshop live on this computer?"""

import re
from pathlib import Path

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.io.study_values import Study
from kinerja_lab.workshop.plan import item_sheet
from kinerja_lab.workshop.questions import ItemSheet

__all__ = ["find_workshop", "study_sheets", "workshop_file"]

_FOLDER = "lokakarya"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")


def workshop_file(study_folder: Path, name: str) -> Path:
    """The file of a workshop beside its study; git ignores the folder, for it holds names of people.

    Parameters
    ----------
    study_folder : pathlib.Path
        Folder of ``study.yml``.
    name : str
        Lower-case letters, digits and hyphens.

    Raises
    ------
    KinerjaError
        ``workshop_file_name``.
    """
    if not _NAME.fullmatch(name):
        raise KinerjaError("workshop_file_name", value=name)
    return study_folder / _FOLDER / f"{name}.db"


def find_workshop(study_folder: Path, name: str) -> Path:
    """The file of a workshop that exists.

    Parameters
    ----------
    study_folder : pathlib.Path
        Folder of ``study.yml``.
    name : str
        Name of the workshop.

    Raises
    ------
    KinerjaError
        ``workshop_none_in_study`` with those that are there.
    """
    path = workshop_file(study_folder, name)
    if not path.is_file():
        there = sorted(other.stem for other in path.parent.glob("*.db")) if path.parent.is_dir() else []
        raise KinerjaError("workshop_none_in_study", study=study_folder.name, name=name,
                           choices=", ".join(there) or "-")
    return path


def study_sheets(study: Study, *, codes: tuple[str, ...]) -> tuple[ItemSheet, ...]:
    """What the panel reads about a study's indicators.

    Parameters
    ----------
    study : Study
        The study.
    codes : tuple of str
        Indicators, in the order in which they are shown; all when empty.

    Raises
    ------
    KinerjaError
        ``workshop_no_indicator`` naming those that the study has not.
    """
    known = {indicator.code: indicator for indicator in study.indicators}
    missing = [code for code in codes if code not in known]
    if missing:
        raise KinerjaError("workshop_no_indicator", study=study.code, missing=", ".join(missing),
                           choices=", ".join(known))
    return tuple(item_sheet(known[code]) for code in codes or known)
