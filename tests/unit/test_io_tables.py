"""A table that somebody sends is read in four formats, and every bad cell is listed."""

import numpy as np
import pandas as pd
import pyreadstat
import pytest

from kinerja_lab.core.errors import InputFaults
from kinerja_lab.core.instrument import Instrument, Item
from kinerja_lab.io.rulesets import load_ruleset
from kinerja_lab.io.tables import FORMATS, read_survey, read_table

CODES = [element.code for element in load_ruleset("skm-2017").elements]
INSTRUMENT = Instrument(code="skm", title="SKM", items=tuple(Item(code=code, text=code) for code in CODES),
                        low=1, high=4, ruleset="skm-2017")
COLUMNS = {"region": "wilayah", "agency": "opd", "unit": "unit", "period": "tahun"}


def frame(n=4):
    rows = pd.DataFrame({code: [1 + (position + row) % 4 for row in range(n)] for position, code in enumerate(CODES)})
    return rows.assign(wilayah="52.70", opd="dinkes", unit=[f"0{row}" for row in range(n)], tahun="2025", bobot=1.5)


def write(rows, path):
    if path.suffix == ".csv":
        rows.to_csv(path, index=False)
    elif path.suffix == ".xlsx":
        rows.to_excel(path, index=False)
    elif path.suffix == ".parquet":
        rows.to_parquet(path, index=False)
    else:
        pyreadstat.write_sav(rows, str(path))
    return path


def faults_of(path, **options):
    with pytest.raises(InputFaults) as caught:
        read_survey(path, instrument=INSTRUMENT, columns=COLUMNS, **options)
    return [(f.message.code.split(".")[1], f.column, f.line, f.value) for f in caught.value.faults]


@pytest.mark.parametrize("suffix", FORMATS)
def test_every_format_gives_the_same_survey(tmp_path, suffix):
    path = write(frame(), tmp_path / f"skm{suffix}")
    survey = read_survey(path, instrument=INSTRUMENT, columns=COLUMNS, design={"weight": "bobot"})
    np.testing.assert_array_equal(survey.answers(), frame()[CODES].to_numpy(dtype=float))
    assert survey.frame["region"].tolist() == ["52.70"] * 4
    assert survey.frame["unit"].tolist() == ["00", "01", "02", "03"]
    assert survey.weights().tolist() == [1.5] * 4


def test_a_semicolon_file_with_decimal_commas(tmp_path):
    path = tmp_path / "skm.csv"
    frame().to_csv(path, index=False, sep=";", decimal=",")
    survey = read_survey(path, instrument=INSTRUMENT, columns=COLUMNS, design={"weight": "bobot"})
    assert survey.weights().tolist() == [1.5] * 4
    assert survey.frame["region"].tolist() == ["52.70"] * 4


def test_elements_are_matched_by_name(tmp_path):
    names = {element.code: element.name for element in load_ruleset("skm-2017").elements}
    path = write(frame().rename(columns=names), tmp_path / "skm.xlsx")
    np.testing.assert_array_equal(read_survey(path, instrument=INSTRUMENT, columns=COLUMNS).answers(),
                                  frame()[CODES].to_numpy(dtype=float))


def test_numbered_columns_are_refused_until_somebody_says_which_is_which(tmp_path):
    numbered = {code: f"U{position}" for position, code in enumerate(CODES, start=1)}
    path = write(frame().rename(columns=numbered), tmp_path / "skm.csv")
    assert [fault[0] for fault in faults_of(path)] == ["ambiguous_element", "ambiguous_element"]
    swapped = {**numbered, "pengaduan": "U9", "sarana": "U8"}
    survey = read_survey(path, instrument=INSTRUMENT, columns=COLUMNS, items=swapped)
    assert survey.frame["sarana"].tolist() == frame()["pengaduan"].tolist()


@pytest.mark.parametrize("suffix", [".csv", ".xlsx"])
def test_every_bad_cell_is_listed_with_its_row(tmp_path, suffix):
    rows = frame(6).astype(object)
    rows.loc[0, "waktu"] = 5
    rows.loc[1, "waktu"] = "baik"
    rows.loc[2, "biaya"] = 2.5
    rows.loc[3, "sarana"] = None
    rows.loc[4, "unit"] = None
    rows.loc[5, "bobot"] = 0
    found = faults_of(write(rows, tmp_path / f"skm{suffix}"), design={"weight": "bobot"})
    assert sorted(found) == sorted([
        ("answer_off_scale", "waktu", 0 + 2, "5"), ("answer_off_scale", "waktu", 1 + 2, "baik"),
        ("answer_off_scale", "biaya", 2 + 2, "2.5"), ("cell_empty", "unit", 4 + 2, ""),
        ("weight_not_positive", "bobot", 5 + 2, "0"),
    ])


def test_a_thousand_bad_cells_are_counted_not_printed(tmp_path):
    rows = frame(1000)
    rows["waktu"] = 9
    found = faults_of(write(rows, tmp_path / "skm.parquet"))
    assert len(found) == 50 + 1
    assert found[-1][0] == "more_rows"


def test_missing_columns_and_personal_data_come_together(tmp_path):
    rows = frame().rename(columns={"opd": "dinas"}).assign(nik="5271034107900001")
    codes = [fault[0] for fault in faults_of(write(rows, tmp_path / "skm.csv"))]
    assert codes.count("personal_nik") == 4
    assert "column_missing" in codes


@pytest.mark.parametrize(("name", "content", "code"), [
    ("a.parquet", b"PAR1xxxx", "table_unreadable"), ("a.xlsx", b"PK rusak", "table_unreadable"),
    ("a.sav", b"$FL2 rusak", "table_unreadable"), ("a.csv", b"\xff\xfe\x00", "table_unreadable"),
    ("a.csv", b"a,b\n", "table_empty"), ("a.doc", b"x", "table_format"),
])
def test_a_file_that_is_no_table_is_called_that(tmp_path, name, content, code):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputFaults) as caught:
        read_table(tmp_path / name)
    assert [fault.message.code for fault in caught.value.faults] == [f"fault.{code}"]


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(InputFaults, match="file_missing"):
        read_table(tmp_path / "tidak-ada.csv")
