"""How is the made-up study written to disk? The tables and, beside them, the truth they were drawn from."""

import datetime
import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.standard import Standard, StandardPlan
from kinerja_lab.io.places import project_root
from kinerja_lab.io.standard_files import write_standard
from kinerja_lab.panels.angoff import angoff
from kinerja_lab.simulate.panels import simulate_angoff
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
    standard, panel_cut = _panel_standard(seed)
    (folder / "standards").mkdir(exist_ok=True)
    write_standard(folder / "standards" / "ikm.yml", standard, remark="Panel rekaan / made-up panel.")
    truth = {"seed": seed, **study.truth, "panel_cut_b": round(panel_cut, 6)}
    _replace(tables / "truth.json", (json.dumps(truth, indent=1, ensure_ascii=False) + "\n").encode("utf-8"))
    _copy_definitions(folder)
    return folder


def _panel_standard(seed: int) -> tuple[Standard, float]:
    """Twelve made-up experts say how a unit that just deserves a B does on each element; and what all such would say.

    The panel has a stream of its own, so that the tables stay what the seed makes them.
    """
    panel = simulate_angoff(judges=12, items=9, cut=0.70, judge_sd=0.05, item_sd=0.04, noise_sd=0.08,
                            rng=np.random.default_rng([seed, 12]))
    plan = StandardPlan(name="ikm", unit="index_100", low=25, high=100, bands=("C", "B"),
                        panel="panel rekaan dua belas ahli", date=datetime.date(2025, 11, 3))
    setting = angoff(panel.panel, questions=("angoff",), round=1, plan=plan, items="fixed")
    return setting.standard, float(plan.low + (plan.high - plan.low) * panel.items.mean())


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
