"""The widgets of the notebooks: findings follow what is typed, a file is written, a dossier is shown."""

import re
from datetime import date
from pathlib import Path

import nbformat
import pytest

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.io.indicator_files import read_indicator
from kinerja_lab.report.forms import FORM_FIELDS, draft_form
from kinerja_lab.report.picker import indicator_picker
from kinerja_lab.text.catalogue import catalogue

ROOT = Path(__file__).resolve().parents[2]
TODAY = date(2026, 11, 2)
GOOD = {
    "code": "akta_lahir", "name": "Persentase akta kelahiran yang terbit paling lama 24 jam sejak berkas lengkap",
    "name_en": "Share of birth certificates issued within 24 hours", "question": "Apakah akta terbit tepat waktu?",
    "why": "Tanpa akta anak tidak dapat mendaftar sekolah.", "unit": "%",
    "numerator": "akta kelahiran yang terbit paling lama 24 jam", "denominator": "akta kelahiran dengan berkas lengkap",
    "formula": "100 * tepat / lengkap", "components": "tepat = akta; terbit paling lama 24 jam\nlengkap = akta",
    "source": "SIAK, tabel penerbitan akta", "frequency": "bulanan", "baseline": "81,5", "baseline_year": "2025",
    "owner": "Dinas Kependudukan dan Pencatatan Sipil", "checker": "Inspektorat",
    "reviewed": date(2026, 1, 5), "next_review": date(2027, 1, 5),
}


@pytest.fixture
def form(tmp_path):
    return draft_form(folder=tmp_path / "indikator", today=TODAY)


def write(form, **values):
    for key, value in values.items():
        form.fields[key].value = value


def flagged(form):
    """Codes of the findings that ask for work."""
    return set(re.findall(r"\(([A-Z]{3}\d{3})\)", form.checks.value))


def test_nothing_is_judged_before_there_is_a_name(form):
    assert flagged(form) == set()
    assert catalogue("id").text("forms.empty") in form.checks.value
    assert form.button.disabled


def test_findings_follow_the_words_while_they_are_typed(form):
    write(form, name="Meningkatnya kepuasan pasien RSUD")
    assert "DEF004" in flagged(form) and "&quot;meningkatnya&quot;" in form.checks.value
    write(form, name="Indeks kepuasan pasien RSUD")
    assert "DEF004" not in flagged(form)
    write(form, name="Jumlah rapat koordinasi pelayanan")
    assert {"WRD001", "DEF001"} <= flagged(form)
    write(form, level="process")
    assert "WRD001" not in flagged(form), "an activity is an honest process indicator"


def test_what_is_said_of_the_words_typed_comes_before_what_is_not_written_yet(form):
    write(form, name="Meningkatnya kepuasan pasien RSUD")
    order = re.findall(r"\(([A-Z]{3}\d{3})\)", form.checks.value)
    assert order.index("DEF004") < min(order.index(code) for code in ("DEF002", "DEF003", "WRD005", "WRD009"))


def test_findings_follow_dates_and_numbers(form):
    write(form, name=GOOD["name"], next_review=date(2026, 11, 1), reviewed=date(2025, 1, 1))
    assert {"DEF002", "DEF003"} <= flagged(form)
    write(form, next_review=date(2027, 1, 1), baseline="81,5", baseline_year="2025")
    assert not {"DEF002", "DEF003"} & flagged(form)


def test_a_good_draft_has_no_finding_and_becomes_a_file(form, tmp_path):
    write(form, **GOOD)
    assert flagged(form) == set()
    assert not form.button.disabled and catalogue("id").text("forms.ready") in form.faults.value
    form.button.click()
    path = tmp_path / "indikator" / "akta_lahir.yml"
    assert str(path) in form.message.value
    made = read_indicator(path)
    assert (made.baseline, made.baseline_year, made.reviewed) == (81.5, 2025, date(2026, 1, 5))
    assert [(item.column, item.unit, item.meaning) for item in made.components] == [
        ("tepat", "akta", "terbit paling lama 24 jam"), ("lengkap", "akta", "")]


def test_a_file_that_is_there_is_not_written_over(form, tmp_path):
    write(form, **GOOD)
    form.button.click()
    path = tmp_path / "indikator" / "akta_lahir.yml"
    before = path.read_bytes()
    write(form, why="Alasan lain.")
    form.button.click()
    assert "akta_lahir.yml" in form.message.value and "<strong>" in form.message.value
    assert path.read_bytes() == before


@pytest.mark.parametrize(("key", "value", "field"), [
    ("formula", "__import__('os').system('x')", "formula"), ("formula", "100 * tepat / tidak_ada", "components"),
    ("baseline", "delapan puluh", "baseline"), ("code", "Akta Lahir", "code"), ("owner", "Inspektorat", "checker"),
    ("unit", "menit", "formula"),
])
def test_what_the_reader_of_files_would_refuse_is_said_and_cannot_be_saved(form, tmp_path, key, value, field):
    write(form, **GOOD)
    write(form, **{key: value})
    assert form.button.disabled
    assert f"<li>{catalogue('id').text(f'indicator_field.{field}')}: " in form.faults.value
    form.save()
    assert not (tmp_path / "indikator").exists()


def test_what_is_typed_is_shown_as_text_never_as_html(form):
    write(form, name="<script>alert(1)</script> jumlah rapat", why="<img src=x>")
    shown = form.checks.value + form.preview.value + form.faults.value
    assert "<script>" not in shown and "<img" not in shown and "&lt;script&gt;" in shown


def test_a_range_is_read_as_two_numbers(form):
    write(form, name="BOR", polarity="stabilise", stable_range="60-85")
    assert form.values()["stable_range"] == [60.0, 85.0]


def test_a_form_can_begin_from_the_library(tmp_path):
    started = draft_form(folder=tmp_path, start=ROOT / "data/library/indicators/rsud/bor.yml", today=TODAY)
    assert started.fields["code"].value == "" and started.fields["stable_range"].value == "60-85"
    assert started.button.disabled
    write(started, code="bor_kita")
    assert not started.button.disabled
    started.button.click()
    library, made = (read_indicator(path) for path in (ROOT / "data/library/indicators/rsud/bor.yml",
                                                       tmp_path / "bor_kita.yml"))
    assert (made.formula, made.components, made.stable_range) == (library.formula, library.components, (60.0, 85.0))


def test_the_form_asks_for_every_required_key_in_both_languages():
    from kinerja_lab.io.indicator_new import required_fields

    assert set(required_fields()) <= set(FORM_FIELDS)
    english = draft_form(language="en", today=TODAY)
    assert english.button.description == catalogue("en").text("forms.save")


def test_an_official_picks_an_indicator_and_gets_its_dossier(shared):
    picker = indicator_picker(study="renstra-banyuwangi", today=TODAY)
    assert picker.period.value == "2024" and picker.region.value == "35.10"
    assert ("Capaian kinerja dua dinas Kabupaten Banyuwangi 2020-2024", "renstra-banyuwangi") in picker.study.options
    assert "Uji indikator" in picker.dossier.value
    picker.indicator.value = next(code for name, code in picker.indicator.options if name == "Angka Kematian Bayi")
    picker.button.click()
    assert "Angka Kematian Bayi: Kabupaten Banyuwangi (35.10), 2024" in picker.dossier.value
    said = picker.dossier.value
    assert "2024: tercetak 6,37, dihitung ulang 7,84" in said
    assert said.index("<strong>Tidak terpenuhi: ") < said.index("<table")
    assert "Angka Kematian Ibu" not in picker.dossier.value
    picker.indicator.value = next(code for name, code in picker.indicator.options if "kecelakaan" in name)
    picker.button.click()
    assert "3,2 → 3,7" in picker.dossier.value


def test_the_choices_follow_the_study(shared):
    picker = indicator_picker(study="renstra-banyuwangi", today=TODAY)
    picker.study.value = "layanan-publik"
    assert [period for period, _ in picker.period.options][0] == "2025"
    assert ("Semua wilayah bersama", "semua") in picker.region.options
    assert {"ikm"} <= {code for _, code in picker.indicator.options}


def test_a_study_that_cannot_be_read_says_why(tmp_path, monkeypatch):
    (tmp_path / "rusak").mkdir()
    (tmp_path / "rusak" / "study.yml").write_text("code: rusak\n", encoding="utf-8")
    monkeypatch.setenv("KINERJA_STUDIES", str(tmp_path))
    picker = indicator_picker(today=TODAY)
    assert "rusak/study.yml" in picker.dossier.value and picker.indicator.options == ()
    picker.button.click()
    assert "rusak/study.yml" in picker.dossier.value
    with pytest.raises(KinerjaError, match="unknown_study"):
        indicator_picker(study="rusakk")


@pytest.mark.parametrize("name", ["01_susun_indikator.ipynb", "uji_indikator.ipynb"])
def test_the_start_page_names_the_notebook(name):
    start = nbformat.read(ROOT / "notebooks/00_mulai.ipynb", as_version=4).cells[0].source
    assert f"]({name})" in start
