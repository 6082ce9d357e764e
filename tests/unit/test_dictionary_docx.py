"""A kamus as a document: a manual IKU, one table an indicator, with the headings that officials know."""

from dataclasses import replace

import docx
import pytest

from kinerja_lab.io.dictionary_docx import write_dictionary_docx
from kinerja_lab.io.dictionary_words import DictionaryWords
from kinerja_lab.io.indicator_files import read_folder
from kinerja_lab.text.catalogue import catalogue

ID = DictionaryWords(text=catalogue("id").text, decimal_mark=",")


@pytest.fixture(scope="module")
def library(root):
    return read_folder(root / "data/library/indicators/rsud")


@pytest.fixture(scope="module")
def written(library, tmp_path_factory):
    path = tmp_path_factory.mktemp("kamus") / "kamus.docx"
    write_dictionary_docx(path, library, words=ID)
    return path


def tables(path) -> list[dict[str, str]]:
    return [{row.cells[0].text: row.cells[1].text for row in table.rows} for table in docx.Document(path).tables]


def test_every_indicator_has_its_table_with_the_headings_of_a_manual(written, library):
    found = tables(written)
    assert len(found) == len(library)
    headings = {"Kode", "Nama Indikator", "Definisi Operasional", "Formula", "Satuan", "Polarisasi", "Sumber Data",
                "Frekuensi Pelaporan", "Baseline", "Penanggung Jawab", "Bukti Dukung", "Konsolidasi Periode"}
    assert all(headings <= set(table) for table in found)
    bor = next(table for table in found if table["Kode"] == "bor")
    assert bor["Rentang Baik"] == "60 sampai 85"
    assert bor["Formula"] == "100 * hari_perawatan / sum(tempat_tidur * hari)"
    assert bor["Polarisasi"] == "stabilkan (baik dalam rentang)"
    assert bor["Baseline"] == "belum diisi"
    assert "Kaitan dengan Luaran" not in bor


def test_the_page_is_a4_and_no_row_is_torn(written):
    made = docx.Document(written)
    assert (round(made.sections[0].page_width.mm), round(made.sections[0].page_height.mm)) == (210, 297)
    rows = made.tables[0].rows
    assert all(row._tr.trPr is not None and row._tr.trPr.xpath("w:cantSplit") for row in rows)


def test_headings_name_each_indicator(written, library):
    said = [p.text for p in docx.Document(written).paragraphs if p.style.name == "Heading 1"]
    assert said == [f"Manual Indikator Kinerja: {item.name}" for item in library]


def test_signs_that_a_document_cannot_hold_are_left_out(tmp_path, library):
    odd = replace(library[0], why="=1+1\x07\x00 <b>&amp;\ud800 kata", name="A\x0bB")
    write_dictionary_docx(tmp_path / "kamus.docx", [odd], words=ID)
    table = tables(tmp_path / "kamus.docx")[0]
    assert table["Alasan Pemilihan Indikator"] == "=1+1 <b>&amp; kata"
    assert table["Nama Indikator"] == "AB"


def test_english_words(tmp_path, library):
    write_dictionary_docx(tmp_path / "k.docx", library[:1], words=DictionaryWords(text=catalogue("en").text,
                                                                               decimal_mark="."))
    assert "Operational definition" in tables(tmp_path / "k.docx")[0]
