"""Are the tables of a study whose data the project does not contain ready? Made from the original files, and kept."""

import hashlib
import json
import os
from pathlib import Path

from kinerja_lab.io import cms
from kinerja_lab.io.places import data_home, external_folder

__all__ = ["prepare_tables"]

IMPORTERS = {"cms-vbp-2015": cms.import_cms_vbp}
STAMP = "made_from.json"


def prepare_tables(folder: Path) -> bool:
    """Make a study's external tables from the original files, when these are on this machine.

    Parameters
    ----------
    folder : pathlib.Path
        The study's folder; its name says which importer.

    Returns
    -------
    bool
        Whether the tables are there and made from the files as they are now; False when there is no importer or the
        files are absent (tables made before are left alone).

    Notes
    -----
    Nothing is redone while names, sizes and times of the original files and the importer itself are as they were.
    """
    importer, home = IMPORTERS.get(folder.name), data_home(folder.name)
    target = external_folder(folder)
    if importer is None or home is None or not (home / next(iter(cms.FILES))).is_file():
        return False
    stamp = _stamp(home)
    kept = target / STAMP
    if kept.is_file() and kept.read_text(encoding="utf-8") == stamp:
        return True
    importer(home, target)
    aside = kept.with_name(f".{STAMP}.{os.getpid()}")
    aside.write_text(stamp, encoding="utf-8")
    aside.replace(kept)
    return True


def _stamp(home: Path) -> str:
    files = {path.name: [path.stat().st_size, path.stat().st_mtime_ns] for path in sorted(home.glob("*.csv"))}
    importer = hashlib.sha256(Path(cms.__file__).read_bytes()).hexdigest()
    return json.dumps({"files": files, "importer": importer}, sort_keys=True)
