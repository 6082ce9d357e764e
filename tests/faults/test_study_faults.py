"""Every fault of a study is found, all at once, with file, line, value and cure; nothing is loaded from a bad study."""

import shutil

import pandas as pd
import pytest

from kinerja_lab.core.errors import InputFaults, KinerjaError
from kinerja_lab.io.privacy import check_study
from kinerja_lab.io.sources import open_source
from kinerja_lab.io.study import load_study
from kinerja_lab.text.catalogue import LANGUAGES, catalogue


@pytest.fixture
def study(root, tmp_path):
    """A copy of the shipped study that a test may spoil."""
    folder = tmp_path / "layanan-publik"
    shutil.copytree(root / "data" / "studies" / "layanan-publik", folder)
    return folder


def spoil(folder, old, new, *, file="study.yml"):
    path = folder / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return 1 + text[: text.index(old)].count("\n")


def faults_of(folder):
    with pytest.raises(InputFaults) as caught:
        load_study(folder)
    for lang in LANGUAGES:  # every fault has a sentence in both languages
        assert len(catalogue(lang).error(caught.value)) == 1 + len(caught.value.faults)
    return caught.value.faults


def only(folder, code):
    (fault,) = faults_of(folder)
    assert fault.message.code == f"fault.{code}"
    return fault


def test_the_study_as_shipped_has_no_fault(study):
    check_study(load_study(study))


@pytest.mark.parametrize(("old", "new", "code"), [
    ("synthetic: true", "synthetic: ya", "expected_bool"),
    ("suppress_below: 10", "suppress_below: 10.5", "expected_whole"),
    ("suppress_below: 10", "suppress_below: 0", "out_of_range"),
    ("suppress_below: 10", "suppress_below: 2", "suppress_reason"),
    ('periods: ["2024", "2025"]', "periods: [2024, 2025]", "needs_quotes"),
    ('periods: ["2024", "2025"]', 'periods: ["2025", "2024"]', "periods_order"),
    ('periods: ["2024", "2025"]', 'periods: "2024"', "expected_list"),
    ("ruleset: skm-2017", "ruleset: skm-2071", "unknown_choice"),
    ("instrument: instrument.yml", "instrument: ../x.yml", "file_outside"),
    ("instrument: instrument.yml", "instrument: instrumen.yml", "file_missing"),
    ("indicators: indicators", "indicators: indikator", "no_indicators"),
    ("kind: proportion", "kind: proporsi", "unknown_choice"),
    ("agencies: [disdik]", "agencies: [disdk]", "unknown_choice"),
    ("scheme: kemendagri", "scheme: bps", "unknown_choice"),
    ("code: layanan-publik", "code: layanan", "study_code"),
    ("  weight: weight", "  weight: bobot", "column_missing"),
    ("  stratum: unit", "  stratum: unt", "column_missing"),
    ("file: data/survey.parquet", "file: data/survei.parquet", "file_missing"),
    ("file: data/survey.parquet", "file: data/survey.xls", "table_format"),
    ("file: data/survey.parquet", "file: ../../survey.parquet", "file_outside"),
    ("code: \"62.71\"", "code: 62.71", "needs_quotes"),
    ("code: \"62.71\"", "code: \"6271\"", "region_scheme_mixed"),
    ("code: \"62.71\"", "code: \"62.99\"", "region_unknown"),
    ("code: \"53.71\"", "code: \"53.01\"", "region_name"),
    ("code: \"62.71\"", "code: \"53.71\"", "region_twice"),
    (', shows: "52.71"}', "}", "region_needs_shows"),
    ("measures:\n", "measures: &m\n", "yaml_anchor"),
    ("synthetic: true", "synthetic: !!python/object:os.system true", "yaml_tag"),
    ("synthetic: true", "synthetic: true\nsynthetic: false", "repeated_key"),
])
def test_one_fault_is_named_with_its_line(study, old, new, code):
    line = spoil(study, old, new)
    lines = {fault.line for fault in faults_of(study) if fault.message.code == f"fault.{code}"}
    assert any(abs(found - line) <= 2 for found in lines), (lines, line)


def test_an_unknown_key_names_the_key_that_was_meant(study):
    line = spoil(study, "suppress_below: 10", "supress_below: 10")
    fault = only(study, "unknown_key")
    assert (fault.file, fault.line, fault.column) == ("layanan-publik/study.yml", line, "supress_below")
    assert fault.message.params["nearest"] == "suppress_below"
    assert "suppress_below" in catalogue("id").fault(fault)


def test_an_unknown_key_deep_inside_is_explained_too(study):
    line = spoil(study, "    polarity: maximise\n", "    polaritas: maximise\n    polarity: maximise\n")
    fault = only(study, "unknown_key")
    assert fault.line == line
    assert fault.message.params["nearest"] == "polarity"


def test_all_faults_of_all_files_come_at_once(study):
    spoil(study, "suppress_below: 10", "suppress_below: 2")
    spoil(study, "code: \"62.71\"", "code: \"6271\"")
    spoil(study, "level: outcome", "level: hasil", file="indicators/ikm.yml")
    spoil(study, "measure: nilai_ujian\n", "measure: nilai_ujan\n", file="indicators/nilai_ujian.yml")
    spoil(study, "code: sarana", "code: prasarana", file="instrument.yml")
    found = {(fault.file.rsplit("/", 1)[-1], fault.message.code.split(".")[1]) for fault in faults_of(study)}
    assert found == {
        ("study.yml", "suppress_reason"), ("study.yml", "region_scheme_mixed"), ("ikm.yml", "unknown_choice"),
        ("nilai_ujian.yml", "unknown_choice"), ("instrument.yml", "unknown_choice"),
        ("instrument.yml", "element_missing"),
    }


@pytest.mark.parametrize(("file", "old", "new", "code"), [
    ("instrument.yml", "high: 4", "high: 5", "instrument_scale"),
    ("instrument.yml", "[Buruk, Cukup, Baik, Sangat baik]", "[Buruk, Cukup, Baik]", "item_options"),
    ("instrument.yml", "code: sarana", "code: pengaduan", "item_twice"),
    ("instrument.yml", "ruleset: skm-2017", "ruleset: skm-2014", "instrument_ruleset"),
    ("indicators/ikm.yml", "sign: 1}", "sign: 2}", "unknown_choice"),
    ("indicators/ikm.yml", "checker: Inspektorat Daerah", "checker: Bagian Organisasi Sekretariat Daerah",
     "indicator_wrong"),
    ("indicators/ikm.yml", "polarity: maximise", "polarity: stabilise", "indicator_wrong"),
    ("indicators/ikm.yml", "code: ikm", "code: nilai_ujian", "indicator_twice"),
    ("indicators/ikm.yml", "survey: true", "survey: true\nmeasure: nilai_ujian", "survey_and_measure"),
    ("indicators/ikm.yml", "measure: waktu_tunggu", "measure: pengaduan_selesai", "criterion_twice"),
    ("indicators/nilai_ujian.yml", "measure: kehadiran_siswa", "measure: nilai_ujian", "criterion_itself"),
    ("indicators/ikm.yml", 'period: "2022"', 'period: "2021"', "periods_order"),
    ("indicators/ikm.yml", "reviewed: 2025-01-15", "reviewed: 2025-13-15", "yaml_value"),
    ("indicators/ikm.yml", "reviewed: 2025-01-15", 'reviewed: "kemarin"', "expected_date"),
    ("indicators/ikm.yml", "target: 76.0", "target: .inf", "bad_value"),
    ("indicators/ikm.yml", "owner: Bagian", "owner: [Bagian]\nunused: Bagian", "unknown_key"),
])
def test_faults_of_definitions(study, file, old, new, code):
    spoil(study, old, new, file=file)
    faults = faults_of(study)
    assert f"fault.{code}" in {fault.message.code for fault in faults}
    assert {fault.file for fault in faults} <= {f"layanan-publik/{file}", "layanan-publik/indicators/nilai_ujian.yml"}


@pytest.mark.parametrize(("address", "code"), [
    ("postgres://kinerja:rahasia@server/basis", "password_in_file"),
    ("postgres://server/basis?user=a&password=rahasia", "password_in_file"),
    ("mysql://server/basis", "address_form"),
])
def test_a_password_is_refused_and_not_echoed(study, address, code):
    spoil(study, "  file: data/survey.parquet", f"  address: {address}\n  table: survei")
    fault = only(study, code)
    assert "rahasia" not in str(fault)
    assert "rahasia" not in catalogue("id").fault(fault)


def test_an_unset_address_variable_is_named(study, monkeypatch):
    monkeypatch.delenv("BASIS_SKM", raising=False)
    spoil(study, "  file: data/survey.parquet", "  address_env: BASIS_SKM\n  table: survei")
    assert only(study, "address_env").value == "BASIS_SKM"


def test_a_yaml_bomb_is_refused_before_it_is_built(study):
    bomb = "a: &a [x, x]\n" + "".join(f"{new}: &{new} [*{old}, *{old}]\n" for old, new in ["ab", "bc", "cd"])
    (study / "study.yml").write_text(bomb, encoding="utf-8")
    assert {fault.message.code for fault in faults_of(study)} == {"fault.yaml_anchor"}


@pytest.mark.parametrize("content", [b"", b"x", b"- a", b"a: [1", b"a: \xff", b"[" * 500, b"\x00"])
def test_a_file_that_is_no_study_never_gives_a_traceback(study, content):
    (study / "study.yml").write_bytes(content)
    assert faults_of(study)


def test_a_corrupt_parquet_file_is_called_that(study):
    (study / "data" / "survey.parquet").write_bytes(b"PAR1 not a table PAR1")
    fault = only(study, "table_unreadable")
    assert fault.file == "layanan-publik/data/survey.parquet"


def test_a_folder_without_study_names_the_nearest(root):
    with pytest.raises(KinerjaError) as caught:
        load_study(root / "data" / "studies" / "layanan-publk")
    assert caught.value.message.params["nearest"] == "layanan-publik"


@pytest.mark.parametrize("table", ["survey", "outcomes"])
def test_codes_of_bps_in_a_table_are_named_once_each(study, table):
    """5371 in the table and 53.71 in study.yml would give a report without rows; cutting digits is no cure."""
    path = study / "data" / f"{table}.parquet"
    frame = pd.read_parquet(path)
    first = int((frame["region"] == "53.71").to_numpy().argmax())
    frame["region"] = frame["region"].replace({"53.71": "5371"})
    frame.to_parquet(path)
    with pytest.raises(InputFaults) as caught:
        check_study(load_study(study))
    (fault,) = [one for one in caught.value.faults if one.message.code == "fault.region_scheme_mixed"]
    assert (fault.value, fault.column, fault.line) == ("5371", "region", first + 2)
    assert "BPS" in catalogue("id").fault(fault)


def test_an_unknown_region_names_the_nearest(study):
    loaded = load_study(study)
    for asked, meant in [("52.71.3", "52.71.03"), ("Kota Kupang", "53.71")]:
        with pytest.raises(KinerjaError) as caught:
            open_source(loaded).survey(region=asked)
        assert caught.value.message.code == "error.unknown_region"
        assert caught.value.message.params["nearest"] == meant


def rewrite(study, table, change):
    path = study / "data" / f"{table}.parquet"
    frame = pd.read_parquet(path)
    change(frame)
    frame.to_parquet(path, index=False)
    loaded = load_study(study)
    with pytest.raises(InputFaults) as caught:
        check_study(loaded)
    return caught.value.faults


def test_bad_cells_are_listed_by_row(study):
    def change(frame):
        frame.loc[3, "sarana"] = 7
        frame.loc[9, "weight"] = -1.0
        frame.loc[11, "agency"] = "dinkess"
        frame.loc[12, "unit"] = None

    found = {(f.message.code.split(".")[1], f.line, f.column) for f in rewrite(study, "survey", change)}
    assert found == {("answer_off_scale", 3 + 2, "sarana"), ("weight_not_positive", 9 + 2, "weight"),
                     ("unknown_choice", 11 + 2, "agency"), ("cell_empty", 12 + 2, "unit")}


def test_many_faults_of_one_kind_are_counted(study):
    faults = rewrite(study, "survey", lambda frame: frame.__setitem__("waktu", 9))
    assert len(faults) == 50 + 1
    assert faults[-1].message.params["n"] == 18_634 - 50


def test_contradictory_outcomes_are_listed(study):
    def change(frame):
        share = frame.index[frame["measure"] == "pengaduan_selesai"]
        frame.loc[share[0], "events"] = frame.loc[share[0], "denominator"] + 1
        frame.loc[share[1], "value"] += 5
        frame.loc[share[2], "period"] = frame.loc[share[3], "period"]
        frame.loc[share[5], "period"] = "Mei 2024"

    codes = [f.message.code.split(".")[1] for f in rewrite(study, "outcomes", change)]
    assert sorted(codes) == ["events_above_denominator", "period_form", "row_twice", "value_contradicts",
                             "value_contradicts"]
