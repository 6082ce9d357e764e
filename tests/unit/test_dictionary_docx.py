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


def tables(path) -> list[dict[str, str]]:
    return [{row.cells[0].text: row.cells[1].text for row in table.rows} for table in docx.Document(path).tables]


def test_every_indicator_has_its_table_with_the_headings_of_a_manual(tmp_path, library):
    write_dictionary_docx(tmp_path / "kamus.docx", library, words=ID)
    found = tables(tmp_path / "kamus.docx")
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


def test_headings_name_each_indicator(tmp_path, library):
    write_dictionary_docx(tmp_path / "kamus.docx", library, words=ID)
    said = [p.text for p in docx.Document(tmp_path / "kamus.docx").paragraphs if p.style.name == "Heading 1"]
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
