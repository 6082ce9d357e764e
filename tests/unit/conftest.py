"""A study small enough to be read at a glance, as files on disk."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

STUDY = """\
code: mini
title: {id: Studi mini, en: Mini study}
note: {id: Data buatan, en: Made-up data}
synthetic: true
scheme: kemendagri
region_word: {id: wilayah, en: region}
unit_word: {id: unit, en: unit}
regions:
  - {code: "53.71", name: Kota Kupang, level: kota}
  - {code: "52.71.03", name: Cakranegara, level: kecamatan, shows: "52.71"}
periods: ["2024", "2025"]
ruleset: mean-1-5
instrument: instrument.yml
agencies:
  dinkes: {id: Dinas Kesehatan, en: Health office}
measures:
  - {code: tepat, name: Tepat waktu, name_en: On time, kind: proportion, unit: "%", scale: 100, polarity: maximise}
survey:
  file: data/survey.KIND
  columns: {region: kota, unit: tempat, date: tanggal}
  constants: {agency: dinkes}
  items: {ramah: q1, lambat: q2}
  weight: bobot
  cluster: tempat
  extra: [kelompok]
outcomes:
  file: data/outcomes.KIND
  constants: {agency: dinkes}
plan: {notebook: kalibrasi_wilayah}
source_note: {id: Buatan., en: Made up.}
"""

INSTRUMENT = """\
code: dua
title: Dua pertanyaan
title_en: Two questions
low: 1
high: 5
ruleset: mean-1-5
items:
  - {code: ramah, text: Petugas ramah}
  - {code: lambat, text: Pelayanan lambat, reverse: true}
"""


def survey_frame() -> pd.DataFrame:
    return pd.DataFrame({
        "kota": ["53.71"] * 6 + ["52.71"] * 3,
        "tempat": ["A", "A", "A", "B", "B", "B", "C", "C", "C"],
        "tanggal": ["2024-02-01", "2024-12-31", "2025-01-01"] * 3,
        "q1": [5, 5, 4, 3, None, 5, 1, 2, 3],
        "q2": [1, 1, 2, 5, 4, 1, None, 2, 3],
        "bobot": [1.0, 2.0, 1.5, 1.0, 1.0, 3.0, 1.0, 1.0, 1.0],
        "kelompok": ["0101", "0102", "0101", "0102", "0101", "0102", "0101", "0102", "0101"],
    })


def outcome_frame() -> pd.DataFrame:
    return pd.DataFrame({
        "region": ["53.71", "53.71", "53.71", "52.71"], "unit": ["A", "A", "B", "C"],
        "period": ["2024-05", "2025-01", "2025-01", "2025"], "measure": "tepat",
        "events": [8, 9, 4, 5], "denominator": [10, 10, 8, 5],
    })


def write(frame: pd.DataFrame, path: Path) -> None:
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path, index=False)


@pytest.fixture
def mini_study(tmp_path) -> Callable[..., Path]:
    """Write the mini study; ``change`` and ``change_outcomes`` may spoil its tables, ``edit`` its study.yml."""

    def make(*, kind: str = "parquet", change=None, change_outcomes=None, edit=None) -> Path:
        folder = tmp_path / "mini"
        (folder / "data").mkdir(parents=True, exist_ok=True)
        text = STUDY.replace("KIND", kind)
        (folder / "study.yml").write_text(edit(text) if edit else text, encoding="utf-8")
        (folder / "instrument.yml").write_text(INSTRUMENT, encoding="utf-8")
        survey, outcomes = survey_frame(), outcome_frame()
        for frame, spoil in ((survey, change), (outcomes, change_outcomes)):
            if spoil is not None:
                spoil(frame)
        write(survey, folder / "data" / f"survey.{kind}")
        write(outcomes, folder / "data" / f"outcomes.{kind}")
        return folder

    return make


@pytest.fixture
def kinerja(monkeypatch, capsys, tmp_path):
    """``kinerja("capaian", ...)`` gives exit code, standard output and standard error of the command line."""
    from kinerja_lab.cli.app import main

    monkeypatch.delenv("KINERJA_LANG", raising=False)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr("signal.signal", lambda *args: None)

    def run(*words: object) -> tuple[int, str, str]:
        code = main([str(word) for word in words])
        return code, *capsys.readouterr()

    return run
