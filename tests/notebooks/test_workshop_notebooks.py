"""The workshop notebooks run from the first cell to the last, and a number out of each is the one that was found."""

import os
import re
import subprocess
import sys
from pathlib import Path

import docx
import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("02_lokakarya_validitas_isi.ipynb", "03_lokakarya_standar.ipynb")


def run(name, tmp_path, monkeypatch):
    """Run the cells of a notebook in order, as an ordinary script, and give back what they named."""
    monkeypatch.chdir(ROOT / "notebooks")
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    held = {"display": lambda *shown: None}
    for number, cell in enumerate(nbformat.read(ROOT / "notebooks" / name, as_version=4).cells):
        if cell.cell_type == "code":
            exec(compile(cell.source, f"{name}[{number}]", "exec"), held)
    return held


def paragraphs(path):
    return "\n".join(paragraph.text for paragraph in docx.Document(str(path)).paragraphs)


def test_content_validity_from_the_workshop_to_a_revised_file(tmp_path, monkeypatch):
    held = run(NAMES[0], tmp_path, monkeypatch)
    support = held["dukungan"].frame.query("label == 'i_cvi'").set_index("item")["value"]
    assert support["kia"] == pytest.approx(7 / 9) and support["pks_opd"] == pytest.approx(5 / 9)
    firm = held["kokoh"].set_index("item")
    assert list(firm.index[firm["flips"]]) == ["kia"] and list(firm.index[~firm["kept"]]) == ["kia", "pks_opd"]
    assert held["revisi"].changed == ("definition",) and "0,22" in held["revisi"].reason
    text = paragraphs(held["latihan"].folder / "berita_acara.docx")
    assert "LATIHAN" in text and "Butir yang dipertahankan menurut aturan di bawah: 5 dari 7." in text
    assert "0,22" in text  # the change of the file stands in the minutes
    assert (ROOT / "data/library/indicators/dukcapil/ikd_aktif.yml").read_text(encoding="utf-8").count("revisions") == 0


def test_a_standard_from_the_workshop_to_its_file_and_minutes(tmp_path, monkeypatch):
    held = run(NAMES[1], tmp_path, monkeypatch)
    (cut,) = held["standar"].cuts
    assert (cut.value, cut.low, cut.high) == pytest.approx((65.4286, 62.9469, 67.9102), abs=5e-5)
    assert cut.n == 63 and held["terbaca_sama"]
    assert held["dampak"].row("Memadai").value == pytest.approx(0.45)
    text = paragraphs(held["latihan"].folder / "berita_acara_standar.docx")
    assert "65,43 (selang 95%: 62,95 sampai 67,91)" in text and "Angoff termodifikasi" in text
    assert "belum diperiksa" not in text


@pytest.mark.parametrize("name", NAMES)
def test_the_start_page_names_the_notebook(name):
    start = nbformat.read(ROOT / "notebooks/00_mulai.ipynb", as_version=4).cells[0].source
    assert f"]({name})" in start


@pytest.mark.slow
def test_they_run_as_shipped_in_a_real_kernel(tmp_path):
    files = [str(ROOT / "notebooks" / name) for name in NAMES]
    done = subprocess.run([sys.executable, "-m", "pytest", "--nbval-lax", "-q", "-p", "no:cacheprovider", "-c",
                           "/dev/null", *files], capture_output=True, text=True, cwd=ROOT, check=False,
                          env={**os.environ, "TMPDIR": str(tmp_path)})
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert re.search(r"\b20 passed", done.stdout)
