"""Notebook 06 runs, and what it shows is what was planted."""

from pathlib import Path

import nbformat

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks/06_kalibrasi_luaran.ipynb"


def test_the_true_outcomes_are_found_and_the_planted_noise_is_not():
    space = {}
    for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
        if cell.cell_type == "code":
            exec(compile(cell.source, str(NOTEBOOK), "exec"), space)
    held = space["bertahan"]["sum"].to_dict()
    assert held["skor_inovasi"] <= 1
    assert held["pengaduan_selesai"] >= 7 and held["waktu_tunggu"] >= 7
    assert (space["bertahan"]["size"] == 9).all()
    cut = space["batas"]
    assert 75 < cut.low < cut.value < cut.high < 82
    assert "anchored" in str(cut)
