"""Notebook 06 runs as it is stored, and what it shows is what was planted and what the report says."""

import re
from pathlib import Path

import nbformat
import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.estimation.satisfaction import satisfaction_index
from kinerja_lab.report.outcome_cut import outcome_cut, show_outcome_cut
from kinerja_lab.report.outcome_table import outcome_table

NOTEBOOK = Path(__file__).resolve().parents[2] / "notebooks/06_kalibrasi_luaran.ipynb"
OUTCOMES = ("pengaduan_selesai", "waktu_tunggu", "skor_inovasi")

pytestmark = pytest.mark.xdist_group("kota_kupang")


@pytest.fixture(scope="module")
def ran(prepared_once):
    """The names of the notebook, and everything its cells show."""
    space, shown = {}, []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("IPython.display.display", lambda *these, **_: shown.extend(
            one.get("text/html", "") if isinstance(one, dict) else one.data for one in these))
        for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
            if cell.cell_type == "code":
                *body, last = cell.source.split("\n")
                exec(compile("\n".join(body), str(NOTEBOOK), "exec"), space)
                if re.match(r"\w+ = ", last):
                    exec(last, space)
                else:
                    shown.append(eval(last, space).data)
    return space, re.sub(r'src="[^"]*"', "", " ".join(shown))


def test_the_true_outcomes_are_found_and_the_planted_noise_is_not(ran):
    frame = outcome_table("layanan-publik", measures=OUTCOMES)
    held = frame.assign(held=frame["q"] <= 0.05).groupby("criterion")["held"].agg(["sum", "size"])
    assert (held["size"] == 9).all()
    assert held.loc["skor_inovasi", "sum"] <= 1
    assert held.loc["pengaduan_selesai", "sum"] >= 7 and held.loc["waktu_tunggu", "sum"] >= 7
    assert "Pengaduan selesai ditangani" in ran[1] and "Skor inovasi" in ran[1]


def test_the_cut_is_that_of_the_report_and_its_index_that_of_the_survey(ran):
    space, shown = ran
    look, report = space["batas"], space["laporan"]
    assert look in report.results.calibration.cuts and look.target == 72.0
    assert 75 < look.cut.low < look.cut.value < look.cut.high < 82
    survey = report.results.survey
    index = satisfaction_index(survey.survey, ruleset=survey.ruleset, level=0.95, by=("agency", "unit")).frame
    given = look.points.set_index("unit")["indicator"]
    assert given.to_numpy() == pytest.approx(index.set_index("unit").loc[given.index, "value"].to_numpy())
    written = f"pada indeks {look.cut.value:.2f} (selang 95%".replace(".", ",")
    assert written in shown and "Batas mutu B menurut aturan ada di 76,61" in shown


def test_what_data_say_about_the_bar_is_shown_in_words(ran):
    space, shown = ran
    text = re.sub(r"<[^>]+>", " ", shown)
    assert len(space["kisah"].points) == 228
    assert "dari 228 unit sudah mencapai target" in text
    for word in ("youden", "sensitivity", "specificity", "all_units", "called_good", "criterion"):
        assert word not in text, word
    assert not re.search(r"\bnan\b|None", text)


def test_an_outcome_without_a_claim_has_a_reason(ran, monkeypatch):
    report, shown = ran[0]["laporan"], []
    found = outcome_cut(report, measure="indeks_disiplin")
    assert isinstance(found, NotApplicable) and found.message.code == "not_applicable.cut_not_claimed"
    monkeypatch.setattr("IPython.display.display", lambda one: shown.append(one.data))
    assert isinstance(show_outcome_cut(report, measure="indeks_disiplin"), NotApplicable)
    assert "tidak menyebut luaran itu" in shown[0]


def test_the_start_page_names_the_notebook():
    assert f"]({NOTEBOOK.name})" in nbformat.read(NOTEBOOK.parent / "00_mulai.ipynb", as_version=4).cells[0].source
