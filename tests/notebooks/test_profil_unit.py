"""Notebook 05 runs as it is stored, and its numbers are those that the raw file gives."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.report import unit_profile

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOK = ROOT / "notebooks/05_profil_unit.ipynb"
CODES = ("dokumen_tepat_waktu", "complex_share", "workload", "stated expectation", "logistic", "None", "nan")


pytestmark = pytest.mark.xdist_group("kota_kupang")


class Page(list):
    """What the cells showed, as HTML; pictures by their description."""

    def add(self, *shown, **_):
        self.extend(one.get("text/html", "") if isinstance(one, dict) else one.data for one in shown)

    @property
    def text(self):
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", re.sub(r'src="[^"]*"', "", " ".join(self))))


@pytest.fixture(scope="module")
def ran(prepared_once):
    """The names of the notebook and its page, cells run in order in this process."""
    page, space = Page(), {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("IPython.display.display", page.add)
        for cell in nbformat.read(NOTEBOOK, as_version=4).cells:
            if cell.cell_type == "code":
                exec(compile(cell.source, str(NOTEBOOK), "exec"), space)
    return space, page


@pytest.fixture(scope="module")
def raw():
    """Events, denominators and expectations of 2025 in Kota Kupang, summed over months, straight from the file."""
    frame = pd.read_parquet(ROOT / "data/studies/layanan-publik/data/outcomes.parquet")
    rows = frame[(frame["region"] == "53.71") & (frame["measure"] == "dokumen_tepat_waktu")
                 & frame["period"].str.startswith("2025")]
    return rows.groupby("unit")[["events", "denominator", "expected"]].sum()


def test_case_mix_is_judged_and_not_believed(ran):
    space, page = ran
    assert "Belum terbukti bahwa harapan menurut ragam kasus sesuai dengan kenyataan." in page.text
    model = space["model"]
    assert len(model.units) == 25 and model.explained < 0
    assert "Keterangan ragam kasus yang ada tidak menjelaskan perbedaan antarunit." in page.text
    assert "beban kerja" in page.text and "bagian kasus sulit" in page.text


def test_the_benchmark_is_the_pooled_share_of_the_best_tenth_of_all_cases(ran, raw):
    best = raw.assign(rank=(raw["events"] + 1) / (raw["denominator"] + 2)).sort_values("rank", ascending=False)
    held = best["denominator"].cumsum()
    taken = best[: int(np.searchsorted(held, 0.1 * raw["denominator"].sum())) + 1]
    share = 100 * taken["events"].sum() / taken["denominator"].sum()
    written = f"{share:.1f}%".replace(".", ",")
    assert f"Yang terbaik sudah mencapai {written}" in ran[1].text and written == "88,7%"


def test_the_adjusted_score_is_raw_plus_its_steps(ran, raw):
    scores = ran[0]["laporan"].results.standing.adjusted["dokumen_tepat_waktu"].scores
    wide = scores.units.frame.pivot(index="unit", columns="label", values="value")
    share = 100 * raw["expected"] / raw["denominator"]
    assert wide["raw"].to_numpy() == pytest.approx((100 * raw["events"] / raw["denominator"]).to_numpy())
    assert wide["case_mix"].to_numpy() == pytest.approx((share.mean() - share).to_numpy())
    assert wide[["raw", *scores.steps]].sum(axis=1).to_numpy() == pytest.approx(wide["adjusted"].to_numpy())
    assert "Seksi Perhubungan 6, dari 68,32% menjadi 75,59%" in ran[1].text
    assert "6 dari 25 unit layanan berpindah tempat" in ran[1].text


def test_an_official_reads_sentences_and_no_codes(ran):
    page = ran[1]
    assert "5 jenjang menurut Dokumen selesai tepat waktu" in page.text
    assert "Seperlima dari 25 unit adalah 5." in page.text and "Seksi Perhubungan 5 lebih dari 99%" in page.text
    assert "PRO007" in page.text and "Tidak berlaku untuk ukuran ini" in page.text
    assert "tidak satu pun menonjol" in page.text
    assert sum("<figure>" in one for one in page) == 7
    assert not [code for code in CODES if re.search(rf"(?<![\w]){code}(?![\w])", page.text)]


@pytest.mark.parametrize("measure", ["kecelakaan", "waktu_tunggu"])
def test_every_step_has_an_answer_or_a_reason_for_other_measures(ran, measure, monkeypatch):
    page, report = Page(), ran[0]["laporan"]
    monkeypatch.setattr("IPython.display.display", page.add)
    monkeypatch.setattr(unit_profile.show, "picture", lambda figure, *, alt, caption: page.append(alt + caption))
    for step in (unit_profile.case_mix, unit_profile.funnel, unit_profile.shrinkage, unit_profile.tiers,
                 unit_profile.fifths, unit_profile.benchmark, unit_profile.months, unit_profile.adjusted_score,
                 unit_profile.verdicts):
        before = len(page)
        step(report, measure=measure)
        assert len(page) > before, step.__name__
    assert ("kebetulan (penarikan ke rata-rata)" in page.text) == (measure == "kecelakaan")
    assert not re.search(r"\bnan\b|\binf\b|None|≥|100%", page.text)
    if measure == "waktu_tunggu":
        found = unit_profile.case_mix_held_out(report, measure=measure)
        assert isinstance(found, NotApplicable) and found.message.code == "not_applicable.funnel_needs_counts"


def test_a_hidden_unit_is_in_no_sentence_picture_or_table(ran, monkeypatch):
    """The unit that changes most is hidden: the next one is named, and the count of units stays."""
    page, report = Page(), ran[0]["laporan"]
    monkeypatch.setattr("IPython.display.display", page.add)
    drawn = []
    monkeypatch.setattr(unit_profile.show, "picture", lambda figure, **_: drawn.append(figure))
    found = report.results.standing
    look = replace(found.adjusted["dokumen_tepat_waktu"], hidden=frozenset({"5371-DHB-06"}))
    standing = replace(found, adjusted={**found.adjusted, "dokumen_tepat_waktu": look})
    unit_profile.adjusted_score(replace(report, results=replace(report.results, standing=standing)),
                                measure="dokumen_tepat_waktu")
    assert "Yang paling banyak berubah: Puskesmas 6, dari 90,51% menjadi 86,04%" in page.text
    assert "Seksi Perhubungan 6" not in page.text and "dari 25 unit layanan" in page.text
    assert "Seksi Perhubungan 6" not in [text.get_text() for text in drawn[0].axes[0].texts]


def test_a_measure_that_is_not_there_is_named_with_the_nearest_one(ran):
    with pytest.raises(KinerjaError) as error:
        unit_profile.tiers(ran[0]["laporan"], measure="dokumen_tepat")
    assert error.value.message.params["nearest"] == "dokumen_tepat_waktu"


def test_the_start_page_names_the_notebook():
    assert f"]({NOTEBOOK.name})" in nbformat.read(ROOT / "notebooks/00_mulai.ipynb", as_version=4).cells[0].source


@pytest.mark.slow
def test_runs_as_shipped_in_a_real_kernel():
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "-q", "-p", "no:cacheprovider", "-c", "/dev/null"]
    done = subprocess.run([*command, str(NOTEBOOK)], capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert re.search(r"\b11 passed", done.stdout)
