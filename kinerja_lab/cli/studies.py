"""``kinerja check``, ``simulate`` and ``import``: is a study in order, and where do its tables come from?"""

import shutil
from collections.abc import Callable
from pathlib import Path

from kinerja_lab.cli.console import say, words
from kinerja_lab.core.errors import KinerjaError, closest
from kinerja_lab.io.checks import check_study
from kinerja_lab.io.places import data_home, external_folder
from kinerja_lab.io.study import load_study, studies_root

__all__ = ["check_one", "import_source", "simulate_study"]

SYNTHETIC = "layanan-publik"


def check_one(name: str, *, lang: str) -> int:
    """Load a study and look through its tables; every fault of it is raised at once."""
    study = load_study(studies_root() / name)
    check_study(study)
    say(words(lang).text("cli.study_good", study=study.code, regions=len(study.regions),
                         indicators=len(study.indicators)))
    return 0


def simulate_study(
    seed: int | None, *, folder: Path | None, lang: str, regions: int | None = None, units: int | None = None,
    respondents: float | None = None,
) -> int:
    """Make the synthetic study's tables from a seed; the shipped one where none is given, with four cities or more."""
    from kinerja_lab.io.simulated import SHIPPED_SEED, SimulatedSize, write_simulated_study

    chosen, size = SHIPPED_SEED if seed is None else seed, None
    if regions is not None:
        if folder is None:
            raise KinerjaError("cli_simulate_needs_out")
        size = SimulatedSize(regions=regions, most_units=units, **({} if respondents is None else {
            "respondents": respondents}))
    elif units is not None or respondents is not None:
        raise KinerjaError("cli_simulate_needs_regions")
    written = write_simulated_study(folder or studies_root() / SYNTHETIC, chosen, size=size)
    say(words(lang).text("cli.simulated", seed=str(chosen), folder=str(written)))
    return 0


def import_source(name: str, *, folder: Path | None, lang: str) -> int:
    """Turn the original files of a study into its tables."""
    if name not in _SOURCES:
        raise KinerjaError("cli_unknown_import", value=name, choices=", ".join(_SOURCES),
                           nearest=closest(name, list(_SOURCES)) or "-")
    study, importer = _SOURCES[name]
    source = folder or data_home(study)
    if source is None or not source.is_dir():
        raise KinerjaError("cli_no_originals", source=name, folder=str(source or "KINERJA_DATA"))
    target = external_folder(studies_root() / study)
    importer(source, target)
    say(words(lang).text("cli.imported", source=name, folder=str(target)))
    return 0


def _cms(source: Path, target: Path) -> None:
    from kinerja_lab.io.cms import import_cms_vbp

    import_cms_vbp(source, target)


def _renstra(source: Path, target: Path) -> None:
    """The plan's table is read as it is; it only has to be where the study looks for it."""
    tables = sorted(source.glob("*.csv"))
    if not tables:
        raise KinerjaError("cli_no_originals", source="renstra", folder=str(source))
    target.mkdir(parents=True, exist_ok=True)
    for table in tables:
        if table.resolve().parent != target.resolve():
            shutil.copy2(table, target / table.name)


_SOURCES: dict[str, tuple[str, Callable[[Path, Path], None]]] = {
    "cms-vbp": ("cms-vbp-2015", _cms), "renstra": ("renstra-banyuwangi", _renstra),
}
