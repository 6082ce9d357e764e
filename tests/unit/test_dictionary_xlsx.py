"""A kamus goes out as text that no spreadsheet can run, and comes in with every doubtful cell named."""

from dataclasses import replace
from datetime import date
from zipfile import ZipFile

import openpyxl
import pytest
from openpyxl.utils import get_column_letter

from kinerja_lab.core.errors import InputFaults, KinerjaError
from kinerja_lab.core.indicator import PeriodTarget, Realisation, Retirement, Revision
from kinerja_lab.io.dictionary_import import read_dictionary, write_imported
from kinerja_lab.io.dictionary_mapping import own_mapping, read_mapping
from kinerja_lab.io.dictionary_words import DictionaryWords, indicator_cells, plain_number
from kinerja_lab.io.dictionary_xlsx import DANGEROUS, write_dictionary_xlsx
from kinerja_lab.io.indicator_fields import FIELD_ORDER
from kinerja_lab.io.indicator_files import read_folder
from kinerja_lab.text.catalogue import LANGUAGES, catalogue

WORDS = {"id": DictionaryWords(text=catalogue("id").text, decimal_mark=","),
         "en": DictionaryWords(text=catalogue("en").text, decimal_mark=".")}
HELP = {field: catalogue("id").text(f"indicator_help.{field}") for field in FIELD_ORDER}
HEAD = ["No", "Sasaran", "Indikator Kinerja", "Satuan", "Formulasi", "Arah", "Sumber Data", "Penanggung Jawab"]


@pytest.fixture(scope="module")
def library(root):
    return read_folder(root / "data/library/indicators")


@pytest.fixture(scope="module")
def mapping(root):
    return read_mapping(root / "data/library/pemetaan-sakip.yml")


def sakip(path, *, change=None):
    """A table as in a Renstra: title, two heading rows, goals merged downwards, a line of column numbers."""
    book = openpyxl.Workbook()
    page = book.active
    page["A1"] = "Tabel 4.5 Indikator Kinerja Utama"
    page.merge_cells("A1:K1")
    for column, heading in enumerate(HEAD, start=1):
        page.cell(3, column, heading)
        page.merge_cells(start_row=3, end_row=4, start_column=column, end_column=column)
    page["I3"], page["I4"], page["J4"], page["K3"], page["K4"] = "Target", "2025", "2026", "Realisasi", "2025"
    page.merge_cells("I3:J3")
    for column in range(1, 12):
        page.cell(5, column, f"({column})")
    page["B6"] = "Meningkatnya mutu layanan"
    page.merge_cells("B6:B7")
    rows = [["1", None, "IKM", "Indeks", "survei", "Naik", "SKM", "Dinas A", 85, "86,5", 84.25],
            ["2", None, "Waktu tunggu (menit)", "menit", "median", "turun", "SIMRS", "Dinas A", "60-85", 50, None],
            ["3", "Tertib arsip", "Arsip tertata", "%", "tertata / semua", "Naik", "arsip", "Dinas B", 0.9, None, None]]
    for row, values in enumerate(rows, start=6):
        for column, value in enumerate(values, start=1):
            if value is not None:
                page.cell(row, column, value)
    page["I8"].number_format = "0%"
    if change:
        change(page)
    book.save(path)
    return path


def faults(path, mapping):
    with pytest.raises(InputFaults) as caught:
        read_dictionary(path, mapping)
    for lang in LANGUAGES:
        assert all(catalogue(lang).fault(fault) for fault in caught.value.faults)
    return [(f.message.code.removeprefix("fault."), f.line, f.column, f.value) for f in caught.value.faults]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_kamus_written_is_read_back_with_every_field_a_cell_can_hold(tmp_path, library, lang):
    file = tmp_path / "kamus.xlsx"
    write_dictionary_xlsx(file, library, words=WORDS[lang])
    found = read_dictionary(file, own_mapping(WORDS[lang]))
    assert [item.indicator.code for item in found] == [item.code for item in library]
    for item, indicator in zip(found, library, strict=True):
        # Survey index, outcome link and acts are no cells of a kamus; a remembered source was replaced by a warning.
        assert replace(item.indicator, survey=indicator.survey, definition_source=indicator.definition_source,
                       ) == replace(indicator, baseline=item.indicator.baseline)


def test_no_text_becomes_a_formula(tmp_path, library):
    evil = [replace(library[0], why=f"{sign}cmd|' /C calc'!A0", definition=f"{sign}1+1") for sign in DANGEROUS]
    write_dictionary_xlsx(tmp_path / "k.xlsx", evil, words=WORDS["id"])
    with ZipFile(tmp_path / "k.xlsx") as packed:
        sheet = packed.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet and "<f " not in sheet
        assert 'quotePrefix="1"' in packed.read("xl/styles.xml").decode()
    page = openpyxl.load_workbook(tmp_path / "k.xlsx").active
    assert {cell.data_type for row in page.iter_rows() for cell in row if cell.value is not None} == {"s"}
    column = FIELD_ORDER.index("why") + 1
    for row, sign in enumerate(DANGEROUS, start=2):
        cell = page.cell(row, column)
        assert cell.quotePrefix
        assert str(cell.value).replace("_x000D_", "\r").startswith(sign)
    assert not page.cell(2, FIELD_ORDER.index("code") + 1).quotePrefix


def test_numbers_keep_their_decimals_and_the_rest_is_said_in_words(library):
    indicator = replace(
        library[0], baseline=0.325, series=(Realisation(period="2024", target=93.8, realisation=float("nan")),),
        targets=(PeriodTarget(period="2025-TW1", low=60.0, high=85.5),
                 PeriodTarget(period="2025-TW2", low=7.0, high=7.0)),
        revisions=(Revision(on=date(2025, 1, 2), by="Dinas", reason="rumus baru", breaks_series=True),),
        retired=Retirement(on=date(2026, 1, 2), by="Dinas", reason="diganti"))
    cells = indicator_cells(indicator, words=WORDS["id"])
    ranged = replace(indicator, series=(Realisation(period="2025", target=float("nan"), realisation=92.0),),
                     targets=(PeriodTarget(period="2025", low=80.0, high=90.0),))
    assert indicator_cells(ranged, words=WORDS["id"])["series"] == "2025: target 80 sampai 90, realisasi 92"
    assert cells["baseline"] == "0,325"
    assert cells["series"] == "2024: target 93,8, realisasi -"
    assert cells["targets"] == "2025-TW1: 60 sampai 85,5; 2025-TW2: 7"
    assert cells["revisions"] == "2025-01-02, Dinas: rumus baru (deret terputus)"
    assert "2026-01-02" in cells["retired"] and "diganti" in cells["retired"]
    assert indicator_cells(indicator, words=WORDS["en"])["baseline"] == "0.325"
    assert plain_number(100000.0, decimal_mark=",") == "100000"
    assert plain_number(float("nan"), decimal_mark=",") == ""


def test_a_sakip_table_with_merged_headings_and_goals(tmp_path, mapping):
    found = read_dictionary(sakip(tmp_path / "iku.xlsx"), mapping)
    assert [item.values["objective"] for item in found] == ["Meningkatnya mutu layanan"] * 2 + ["Tertib arsip"]
    assert [item.values["code"] for item in found] == ["ikm", "waktu_tunggu_menit", "arsip_tertata"]
    assert [item.values["polarity"] for item in found] == ["maximise", "minimise", "maximise"]
    assert found[0].values["series"] == [{"period": "2025", "target": 85.0, "realisation": 84.25},
                                         {"period": "2026", "target": 86.5}]
    assert found[1].values["targets"] == [{"period": "2025", "low": 60.0, "high": 85.0}]
    ranged = read_dictionary(sakip(tmp_path / "rentang.xlsx", change=put("K7", 90)), mapping)[1]
    assert ranged.values["series"] == [{"period": "2025", "realisation": 90.0}, {"period": "2026", "target": 50.0}]
    assert ranged.values["targets"] == [{"period": "2025", "low": 60.0, "high": 85.0}]
    # 0.9 shown as 90 % means 90 where the unit is %.
    assert found[2].values["series"] == [{"period": "2025", "target": 90.0}]
    assert found[0].missing == ("name_en", "question", "why") and found[0].indicator is None


def test_what_was_imported_is_written_once_and_says_what_is_missing(tmp_path, mapping):
    from kinerja_lab.io.indicator_files import check_file

    found = read_dictionary(sakip(tmp_path / "iku.xlsx"), mapping)
    files = write_imported(tmp_path / "hasil", found, help=HELP)
    assert [file.name for file in files] == ["ikm.yml", "waktu_tunggu_menit.yml", "arsip_tertata.yml"]
    assert {fault.column for fault in check_file(files[0])} == {"name_en", "question", "why"}
    before = files[0].read_bytes()
    with pytest.raises(KinerjaError) as caught:
        write_imported(tmp_path / "hasil", found, help=HELP)
    assert caught.value.message.code == "error.file_exists"
    assert files[0].read_bytes() == before


def put(cell, value):
    return lambda page: page.__setitem__(cell, value)


@pytest.mark.parametrize(("change", "code", "line", "column"), [
    (put("I6", "=1+1"), "book_formula_cell", 6, "Target / 2025 (I6)"),
    (put("C6", '=HYPERLINK("x")'), "book_formula_cell", 6, "Indikator Kinerja (C6)"),
    (put("I6", "#DIV/0!"), "book_error_cell", 6, "Target / 2025 (I6)"),
    (put("I6", "tinggi"), "book_cell_number", 6, "Target / 2025 (I6)"),
    (put("I6", "1.2.3"), "book_cell_number", 6, "Target / 2025 (I6)"),
    (put("F6", "Maju"), "book_cell_choice", 6, "Arah (F6)"),
    (put("I7", "85-60"), "book_cell_range", 7, "Target / 2025 (I7)"),
    (put("I7", "93,8-93,8"), "book_cell_range", 7, "Target / 2025 (I7)"),
    (put("I6", None), "book_no_target", 6, "Realisasi / 2025 (K6)"),
    (put("C6", None), "book_cell_empty", 6, "Indikator Kinerja"),
    (put("C7", "ikm"), "book_code_twice", 7, ""),
    (put("D8", "orang"), "book_cell_percent", 8, "Target / 2025 (I8)"),
    (put("C3", "Indikator"), "book_header_missing", 3, ""),
    (put("D3", "Sasaran"), "book_header_twice", 3, ""),
    (lambda page: page.merge_cells("C6:C7"), "book_merged_cells", 6, "Indikator Kinerja"),
    (lambda page: page.merge_cells("B8:C8"), "book_merged_cells", 8, "Sasaran, Indikator Kinerja"),
    (lambda page: (page.unmerge_cells("C3:C4"), page.merge_cells("C3:C6")), "book_header_merged", 3, ""),
    (put("C6", "K" * 5000), "book_cell_value", 6, "Indikator Kinerja (C6)"),
    (lambda page: page.delete_rows(5, 10), "book_no_rows", None, ""),
])
def test_a_doubtful_cell_is_named_with_row_and_column(tmp_path, mapping, change, code, line, column):
    found = faults(sakip(tmp_path / "iku.xlsx", change=change), mapping)
    assert (code, line, column) in [fault[:3] for fault in found]


def test_all_faults_come_together(tmp_path, mapping):
    def change(page):
        page["F6"], page["I6"], page["J7"] = "Maju", "tinggi", "=A1"

    assert [fault[2] for fault in faults(sakip(tmp_path / "iku.xlsx", change=change), mapping)] == [
        "Arah (F6)", "Target / 2025 (I6)", "Target / 2026 (J7)"]


@pytest.mark.parametrize(("typed", "mark", "value"), [
    ("93,8", "", 93.8), ("93.8", "", 93.8), ("1.234,5", "", 1234.5), ("1.234", "", None), ("0.325", "", 0.325),
    ("1.234", ",", 1234.0), ("1.234", ".", 1.234), ("1,234.5", ".", 1234.5), ("12.34,5", "", None), ("-5", "", -5.0)])
def test_a_number_that_can_be_read_two_ways_is_refused(tmp_path, mapping, typed, mark, value):
    path = sakip(tmp_path / "iku.xlsx", change=put("J6", typed))
    chosen = mapping.model_copy(update={"decimal_mark": mark})
    if value is None:
        assert faults(path, chosen)[0][0] in ("book_cell_ambiguous", "book_cell_number")
    else:
        assert read_dictionary(path, chosen)[0].values["series"][1]["target"] == value


def test_what_is_no_workbook_is_refused(tmp_path, mapping):
    (tmp_path / "a.xlsx").write_text("bukan xlsx")
    (tmp_path / "b.xlsx").write_bytes(b"")
    with ZipFile(tmp_path / "c.xlsx", "w") as packed:
        packed.writestr("x.txt", "x")
    good = sakip(tmp_path / "d.xlsx").read_bytes()
    (tmp_path / "e.xlsx").write_bytes(good[: len(good) // 2])
    for name in ("a", "b", "c", "e"):
        assert faults(tmp_path / f"{name}.xlsx", mapping) == [("book_not_xlsx", None, "", "")]
    assert faults(tmp_path / "tidak_ada.xlsx", mapping)[0][0] == "file_missing"


def test_a_wrong_sheet_is_answered_with_those_there(tmp_path, mapping):
    path = sakip(tmp_path / "iku.xlsx")
    assert faults(path, mapping.model_copy(update={"sheet": "Shet"}))[0][0] == "book_sheet_missing"
    assert read_dictionary(path, mapping.model_copy(update={"sheet": "Sheet"}))


def test_a_workbook_that_unpacks_too_large_is_not_unpacked(tmp_path, mapping, monkeypatch):
    path = sakip(tmp_path / "iku.xlsx")
    monkeypatch.setattr("kinerja_lab.io.dictionary_sheet.MAX_UNPACKED", 1000)
    assert faults(path, mapping)[0][0] == "book_file_big"


def test_a_sheet_with_too_many_columns(tmp_path, mapping):
    path = sakip(tmp_path / "iku.xlsx", change=put(f"{get_column_letter(201)}1", "x"))
    assert faults(path, mapping)[0][0] == "book_sheet_big"


@pytest.mark.parametrize(("text", "code"), [
    ("columns: {Nama: nama}\n", "book_field"), ("columns: {A: name, B: name}\n", "book_field_twice"),
    ("columns: {A: name}\nkolom: x\n", "unknown_key"), ("columns: {A: name}\nheader_row: 0\n", "out_of_range"),
    ("columns: {A: name}\nvalues: {polarity: {Naik: up}}\n", "unknown_choice"),
    ("columns: {A: name}\nvalues: {unit: {x: y}}\n", "book_field"),
    ("columns: {A: name}\nfill_down: [B]\n", "unknown_choice"),
    ("columns: {A: name}\nconstants: {series: x}\n", "book_field"),
    ("columns: {}\n", "empty_value"), ("columns: {A: &x name, B: *x}\n", "yaml_anchor"),
])
def test_a_bad_mapping_file_is_refused_key_by_key(tmp_path, text, code):
    (tmp_path / "peta.yml").write_text(text)
    with pytest.raises(InputFaults) as caught:
        read_mapping(tmp_path / "peta.yml")
    assert f"fault.{code}" in [fault.message.code for fault in caught.value.faults]
    for lang in LANGUAGES:
        assert all(catalogue(lang).fault(fault) for fault in caught.value.faults)
