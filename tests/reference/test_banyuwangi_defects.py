"""The dossier of a real plan lists its documented defects, with row and value; the page says which it cannot find."""

import re

import pytest

from kinerja_lab.core.options import Status
from kinerja_lab.io.study import load_study
from kinerja_lab.report.session import prepare
from kinerja_lab.text.catalogue import catalogue

FIRED = (Status.FAILED, Status.CONCERN)
FOUND = [
    (1, "TGT007", "Persentase kejadian kecelakaan", ("3,2 → 3,7 → 4 → 4,2 → 4,6 → 5",)),
    (1, "TGT007", "V/C Ratio Jalan Kab/Kota", ("0,325", "0,372 → 0,385")),
    (1, "ACH004", "V/C Ratio Jalan Kab/Kota", ("2020", "2024")),
    (2, "TGT001", "Persentase kejadian kecelakaan", ("2,8", "Tabel 2.1", "1,7", "Tabel 3.4")),
    (2, "TGT001", "Indeks Kepuasan Layanan Perhubungan", ("81,92", "93,7", "target 2025", "90", "93,8")),
    (4, "TGT002", "SPM Pelayanan Ibu Hamil", ("2024", "65,93")),
    (5, "ACH003", "Indeks Kepuasan Masyarakat", ("2024", "85,00", "91,05")),
    (7, "TGT004", "Indeks Kepuasan Masyarakat", ("indeks 25-100", "indeks 0-100")),
    (9, "ACH006", "Hipertensi dalam pengendalian", ("2024", "248,0%")),
    (11, "ACH001", "Angka Kematian Bayi", ("2024", "6,37", "7,84")),
    (11, "ACH001", "Angka Kematian Ibu", ("2022", "31,15", "29,37")),
    (12, "TGT005", "Indeks Kepuasan Layanan Perhubungan", ("93.8-93.8",)),
    (12, "TGT005", "Rasio Konektivitas Kabupaten", ("0.818:0.818",)),
]
NOT_FOUND = (3, 6, 8, 10)


@pytest.fixture(scope="module")
def findings(shared):
    report = prepare(study="renstra-banyuwangi", region="35.10", period="2024", language="id", level=0.95,
                     today="2026-01-31")
    return {(finding.code, dossier.indicator.name): finding
            for dossier in report.dossiers for finding in dossier.findings}


@pytest.mark.parametrize(("lang", "parts"), [
    ("id", ("menemukan 8 ", "Yang tidak ditemukan 4:")), ("en", ("finds 8 ", "Not found are 4:"))])
def test_the_report_itself_says_how_many_kinds_it_does_not_find(shared, root, lang, parts):
    limits = load_study(root / "data/studies/renstra-banyuwangi").limits[lang]
    assert all(part in limits for part in parts)
    assert len({number for number, *_ in FOUND}) == 8 and len(NOT_FOUND) == 4


@pytest.mark.parametrize(("number", "code", "name", "parts"), FOUND)
def test_a_documented_defect_is_found_with_row_and_value(findings, number, code, name, parts):
    finding = findings[code, name]
    assert finding.status in FIRED
    sentence = catalogue("id").sentence(finding.message)
    assert [part for part in parts if part not in sentence] == []


def test_eleven_of_twelve_overwritten_rows_contradict_themselves(findings):
    fired = {name for (code, name), finding in findings.items() if code == "TGT002" and finding.status in FIRED}
    assert len(fired) == 12 - 1
    assert findings["TGT002", "SPM Terduga Tuberkulosis"].status is Status.PASSED


def test_a_table_without_definitions_is_not_blamed_for_them(findings):
    reasons = {finding.message.code for (code, _), finding in findings.items() if code in ("DEF002", "DEF003")}
    assert reasons == {"not_applicable.plan_table_has_no_definition"}


def test_the_page_says_of_each_defect_whether_it_is_found(root):
    page = (root / "docs/methods/achievement.md").read_text(encoding="utf-8")
    rows = {int(number): rest for number, rest in re.findall(r"^\| (\d+) \|(.*)$", page, flags=re.M)}
    assert sorted(rows) == list(range(1, 13))
    assert {number for number, rest in rows.items() if "| not found |" in rest} == set(NOT_FOUND)
    for number, code, _, _ in FOUND:
        assert code in rows[number]
