"""How is the made-up study written to disk? The tables and, beside them, the truth they were drawn from."""

import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.io.places import project_root
from kinerja_lab.simulate.public_services import simulate_public_services

__all__ = ["SHIPPED_SEED", "write_simulated_study"]

SHIPPED_SEED = 20240817
"""Seed of the tables that the project ships."""

_ITEM_TYPE, _TEXT = "Int8", "string"


def write_simulated_study(folder: Path, seed: int = SHIPPED_SEED) -> Path:
    """Draw the study ``layanan-publik`` and write its tables and its truth.

    Parameters
    ----------
    folder : pathlib.Path
        The study's folder; made when absent. Where it has no ``study.yml``, the definitions of the shipped study are
        copied.
    seed : int
        Seed, 0 or above; the same seed gives the same values.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    KinerjaError
        ``bad_seed``.
    """
    if seed < 0:
        raise KinerjaError("bad_seed", value=str(seed))
    study = simulate_public_services(rng=np.random.default_rng(seed))
    folder = Path(folder)
    tables = folder / "data"
    tables.mkdir(parents=True, exist_ok=True)
    items = list(study.truth["items"])
    survey = study.survey.astype(dict.fromkeys(items, _ITEM_TYPE))
    survey["date"] = survey["date"].dt.date
    write_parquet(survey, tables / "survey.parquet")
    write_parquet(study.outcomes, tables / "outcomes.parquet")
    write_parquet(study.units, tables / "units.parquet")
    truth = json.dumps({"seed": seed, **study.truth}, indent=1, ensure_ascii=False) + "\n"
    _replace(tables / "truth.json", truth.encode("utf-8"))
    _copy_definitions(folder)
    return folder


def write_parquet(frame: pd.DataFrame, path: Path) -> None:
    """Write a table so that it appears whole or not at all.

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.
    path : pathlib.Path
        Target.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        frame.to_parquet(aside, index=False, compression="zstd")
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _replace(path: Path, content: bytes) -> None:
    aside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        aside.write_bytes(content)
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def _copy_definitions(folder: Path) -> None:
    shipped = project_root() / "data" / "studies" / "layanan-publik"
    if (folder / "study.yml").exists() or not (shipped / "study.yml").is_file():
        return
    shutil.copytree(shipped / "indicators", folder / "indicators", dirs_exist_ok=True)
    shutil.copy(shipped / "instrument.yml", folder / "instrument.yml")
    text = (shipped / "study.yml").read_text(encoding="utf-8")
    _replace(folder / "study.yml", re.sub(r"(?m)^code: .*$", f"code: {folder.name}", text, count=1).encode("utf-8"))
