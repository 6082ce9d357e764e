"""The notebook of the instrument runs as it is stored, and its numbers are those of the report."""

import re
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "notebooks/04_validasi_instrumen.ipynb"


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The notebook after it ran in a real kernel."""
    folder = tmp_path_factory.mktemp("notebook")
    command = [sys.executable, "-m", "jupyter", "nbconvert", "--to", "notebook", "--execute", str(NOTEBOOK), "--output",
               "ran.ipynb", "--output-dir", str(folder), "--ExecutePreprocessor.timeout=300"]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return nbformat.read(folder / "ran.ipynb", as_version=4).cells


def said(cells):
    """All that the cells show, without pictures."""
    parts = []
    for cell in cells:
        for output in cell.get("outputs", ()):
            data = output.get("data", {})
            parts += [str(data.get(kind, "")) for kind in ("text/html", "text/plain")]
    return re.sub(r'src="data:[^"]*"', "", "\n".join(parts))


@pytest.mark.xdist_group("nbval")
def test_runs_as_shipped_and_gives_the_numbers_of_kota_kupang(ran):
    text = said(ran)
    assert "2359 respondents, 9 items" in text
    assert "0.047" in text, "r tabel for 1,764 complete sheets"
    assert re.search(r"0,92", text) and "hati-hati" in text, "reliable means, but places mean little"
    assert "MEA009" in text and "MEA012" in text
    pictures = sum("image/png" in output.get("data", {}) for cell in ran for output in cell.get("outputs", ()))
    assert pictures >= 6
