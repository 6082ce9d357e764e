"""Original files that the project does not contain become tables, and a study without them says how to get them."""

import math
import shutil

import pandas as pd
import pytest

from kinerja_lab.core.errors import InputFaults, KinerjaError
from kinerja_lab.core.options import IndicatorLevel, Polarity
from kinerja_lab.io import places
from kinerja_lab.io.checks import check_study
from kinerja_lab.io.cms import import_cms_vbp
from kinerja_lab.io.sources import open_source
from kinerja_lab.io.study import load_study
from kinerja_lab.text.catalogue import LANGUAGES, catalogue

FILES = {
    "hospitals.csv": ("hospital_id,name,city,state,county,type,ownership,emergency_services\n"
                      "010001,A,X,AL,C,Acute,Government - State,Yes\n"
                      "020002,B,Y,AK,C,Acute,Voluntary non-profit - Church,No\n"),
    "survey_dimensions.csv": ("hospital_id,dimension,achievement_points,improvement_points\n" + "".join(
        f"{unit},{name},{points},1\n" for unit, points in (("010001", 3), ("020002", "")) for name in (
            "nurse_communication", "doctor_communication", "staff_responsiveness", "pain_management",
            "medicine_communication", "clean_quiet_environment", "discharge_information", "overall_rating"))),
    "outcomes.csv": "hospital_id,measure,value\n010001,survival_30_hf,0.88\n010001,mspb_ratio,0.98\n020002,psi_90,\n",
    "readmissions.csv": ("hospital_id,measure,discharges,readmissions,predicted_pct,expected_pct,excess_ratio\n"
                         "010001,readm_30_hf,200,40,21.0,19.0,1.1053\n020002,readm_30_hf,,,18.0,20.0,0.9\n"),
}


@pytest.fixture
def originals(tmp_path, monkeypatch):
    """Small original files where KINERJA_DATA points, and a copy of the study away from the project."""
    home = tmp_path / "asli" / "cms-vbp-2015"
    home.mkdir(parents=True)
    for name, text in FILES.items():
        (home / name).write_text(text, encoding="utf-8")
    monkeypatch.setenv("KINERJA_DATA", str(tmp_path / "asli"))
    folder = tmp_path / "data" / "studies" / "cms-vbp-2015"
    shutil.copytree(places.project_root() / "data" / "studies" / "cms-vbp-2015", folder)
    return home, folder


def test_hospitals_become_a_survey_and_outcomes(originals):
    _, folder = originals
    study = load_study(folder)
    check_study(study)
    source = open_source(study)
    survey = source.survey(region="AL", period="2015").frame
    assert survey[["unit", "agency", "period"]].iloc[0].tolist() == ["010001", "pemerintah", "2015"]
    assert (survey[list(study.instrument.item_codes)] == 3).all(axis=None)
    outcomes = source.outcomes(region="AL").frame.set_index("measure")
    assert outcomes.loc["readm_30_hf", ["events", "denominator", "expected", "value"]].tolist() == [
        40, 200, 200 * 19.0 / 100, 100 * 40 / 200]
    assert outcomes.loc["excess_30_hf", "value"] == 1.1053
    assert outcomes.loc["survival_30_hf", "value"] == 100 * 0.88
    assert outcomes.loc["mspb_ratio", "value"] == 0.98


def test_withheld_counts_stay_absent_and_unanswered_hospitals_stay(originals):
    _, folder = originals
    source = open_source(load_study(folder))
    outcomes = source.outcomes(region="AK").frame
    assert outcomes["measure"].tolist() == ["excess_30_hf"]  # no count, no psi_90: nothing is made up
    survey = source.survey(region="AK")
    assert survey.n == 1
    assert survey.frame["agency"].tolist() == ["nirlaba"]
    assert math.isnan(survey.answers().sum())


def test_changed_originals_are_imported_anew_and_unchanged_ones_are_not(originals):
    home, folder = originals
    load_study(folder)
    table = places.external_folder(folder) / "outcomes.parquet"
    made = table.stat().st_mtime_ns
    load_study(folder)
    assert table.stat().st_mtime_ns == made
    text = (home / "readmissions.csv").read_text(encoding="utf-8").replace("1.1053", "1.2")
    (home / "readmissions.csv").write_text(text + "\n", encoding="utf-8")
    load_study(folder)
    assert 1.2 in pd.read_parquet(table)["value"].tolist()


def test_absent_originals_are_an_error_with_the_cure(originals, monkeypatch, tmp_path):
    _, folder = originals
    monkeypatch.setenv("KINERJA_DATA", str(tmp_path / "kosong"))
    monkeypatch.setattr(places, "project_root", lambda: tmp_path / "lain")
    study = load_study(folder)
    assert len(study.regions) == 50
    for attempt in (open_source, check_study):
        with pytest.raises(KinerjaError) as caught:
            attempt(study)
        assert caught.value.message.code == "error.study_data_absent"
    for lang in LANGUAGES:
        assert "KINERJA_DATA" in catalogue(lang).error(caught.value)[0]


def test_faults_of_the_originals_are_all_named(originals, tmp_path):
    home, _ = originals
    (home / "outcomes.csv").unlink()
    (home / "readmissions.csv").write_text("hospital_id,measure\n", encoding="utf-8")
    with pytest.raises(InputFaults) as caught:
        import_cms_vbp(home, tmp_path / "out")
    found = {(fault.file, fault.column) for fault in caught.value.faults}
    assert found == {("outcomes.csv", ""), *(("readmissions.csv", name) for name in (
        "discharges", "readmissions", "expected_pct", "excess_ratio"))}
    assert not (tmp_path / "out").exists()


def test_a_measure_of_an_unknown_hospital_is_refused(originals, tmp_path):
    home, _ = originals
    with (home / "outcomes.csv").open("a", encoding="utf-8") as stream:
        stream.write("999999,psi_90,0.5\n")
    with pytest.raises(InputFaults) as caught:
        import_cms_vbp(home, tmp_path / "out")
    assert [(f.message.code, f.value) for f in caught.value.faults] == [("fault.unknown_unit", "999999")]


def test_the_real_hospitals(shared, root):
    study = load_study(root / "data" / "studies" / "cms-vbp-2015")
    source = open_source(study)
    survey, outcomes = source.survey(), source.outcomes()
    assert (survey.n, survey.frame["region"].nunique()) == (3_057, 50)
    assert sum(source.survey(region=region.code).n for region in study.regions) == 3_057
    assert int((~pd.isna(survey.answers())).sum()) == 24_200
    counts = outcomes.frame.groupby("measure")["value"].count()
    assert (counts["readm_30_hf"], counts["excess_30_hf"], counts["mspb_ratio"]) == (2_687, 2_858, 3_050)
    original = pd.read_csv(shared / "data/cms-vbp-2015/readmissions.csv", dtype={"hospital_id": str})
    counted = original.dropna(subset=["discharges"])
    assert outcomes.frame["events"].sum() == counted["readmissions"].sum()
    expected = (counted["discharges"] * counted["expected_pct"] / 100).sum()
    assert outcomes.frame["expected"].sum() == pytest.approx(expected, rel=1e-12)
    check_study(study)


def test_the_real_plan_has_27_indicators_with_their_series_and_one_that_only_the_text_names(shared, root):
    study = load_study(root / "data" / "studies" / "renstra-banyuwangi")
    assert len(study.indicators) == 27 + 1
    assert [item.name for item in study.indicators if not item.series] == ["Persentase kejadian kecelakaan"]
    assert all(item.table_only for item in study.indicators)
    assert sum(len(indicator.series) for indicator in study.indicators) == 121
    by_name = {indicator.name: indicator for indicator in study.indicators}
    deaths = by_name["Angka Kematian Ibu"]
    assert deaths.polarity is Polarity.MINIMISE
    assert deaths.owner == "Dinas Kesehatan"
    assert by_name["SPM Balita"].level is IndicatorLevel.OUTPUT
    assert (by_name["Umur Harapan Hidup"].series[0].target, by_name["Umur Harapan Hidup"].series[0].printed) == (
        70.54, 100.16)
    assert len({indicator.code for indicator in study.indicators}) == 27 + 1


@pytest.mark.parametrize(("old", "new", "code", "line"), [
    ("naik,2020", "nai,2020", "unknown_choice", 2), ("70.54", "tujuh", "not_a_number", 2),
    ("70.54", "inf", "not_a_number", 2), ("Dinkes,Umur", "Dinas,Umur", "unknown_choice", 2),
    (",2021,", ",2020,", "plan_row_twice", 3), (",tahun,naik,2021", ",bulan,naik,2021", "plan_row_differs", 3),
    (",2020,70.54", ",20,70.54", "bad_form", 2), (",70.54,", ",,", "empty_value", 2),
])
def test_faults_of_a_plan_table_are_named_by_row(root, tmp_path, monkeypatch, old, new, code, line):
    home = tmp_path / "renstra-banyuwangi"
    home.mkdir()
    text = ("opd,indikator,satuan,polaritas,tahun,target,realisasi,rasio_laporan\n"
            "Dinkes,Umur Harapan Hidup,tahun,naik,2020,70.54,70.65,100.16\n"
            "Dinkes,Umur Harapan Hidup,tahun,naik,2021,70.63,,\n")
    assert old in text
    (home / "capaian_2020_2024.csv").write_text(text.replace(old, new, 1), encoding="utf-8")
    monkeypatch.setenv("KINERJA_DATA", str(tmp_path))
    with pytest.raises(InputFaults) as caught:
        load_study(root / "data" / "studies" / "renstra-banyuwangi")
    assert (f"fault.{code}", line) in {(fault.message.code, fault.line) for fault in caught.value.faults}


def without_statements(root, tmp_path):
    """The shipped study without its printed numbers, which name indicators that a small table does not have."""
    text = (root / "data/studies/renstra-banyuwangi/study.yml").read_text(encoding="utf-8")
    folder = tmp_path / "studies" / "renstra-banyuwangi"
    folder.mkdir(parents=True)
    (folder / "study.yml").write_text(text.replace("statements: statements.csv\n", ""), encoding="utf-8")
    return folder


SMALL_TABLE = ("opd,indikator,satuan,polaritas,tahun,target,realisasi,rasio_laporan\n"
               "Dishub,V/C Ratio Jalan Kab/Kota,rasio,turun,2024,0.372,0.325,112.63\n")
STATEMENTS = "indicator,agency,quantity,period,text,place\n"


@pytest.mark.parametrize(("rows", "code", "line"), [
    ('V/C Ratio Jalan Kab,Dishub,baseline,,"0,325",Tabel 1\n', "statement_indicator", 2),
    ('V/C Ratio Jalan Kab/Kota,Dishubb,baseline,,"0,325",Tabel 1\n', "unknown_choice", 2),
    ('V/C Ratio Jalan Kab/Kota,Dishub,baseline,,1.234,Tabel 1\n', "statement_ambiguous", 2),
    ('V/C Ratio Jalan Kab/Kota,Dishub,target,,"0,3; 0,4",Tabel 1\n', "statement_number", 2),
    ('V/C Ratio Jalan Kab/Kota,Dishub,target_path,,"0,3; naik",Tabel 1\n', "statement_number", 2),
])
def test_a_printed_number_that_would_never_be_compared_is_a_fault(root, tmp_path, monkeypatch, rows, code, line):
    (tmp_path / "renstra-banyuwangi").mkdir()
    (tmp_path / "renstra-banyuwangi" / "capaian_2020_2024.csv").write_text(SMALL_TABLE, encoding="utf-8")
    monkeypatch.setenv("KINERJA_DATA", str(tmp_path))
    folder = without_statements(root, tmp_path)
    with (folder / "study.yml").open("a", encoding="utf-8") as file:
        file.write("statements: statements.csv\n")
    with pytest.raises(InputFaults) as missing:
        load_study(folder)
    assert [fault.message.code for fault in missing.value.faults] == ["fault.file_missing"]
    (folder / "statements.csv").write_text(STATEMENTS + rows, encoding="utf-8")
    with pytest.raises(InputFaults) as caught:
        load_study(folder)
    assert [(fault.message.code, fault.line) for fault in caught.value.faults] == [(f"fault.{code}", line)]


def test_printed_numbers_are_part_of_the_fingerprint(root, tmp_path, monkeypatch):
    (tmp_path / "renstra-banyuwangi").mkdir()
    (tmp_path / "renstra-banyuwangi" / "capaian_2020_2024.csv").write_text(SMALL_TABLE, encoding="utf-8")
    monkeypatch.setenv("KINERJA_DATA", str(tmp_path))
    folder = without_statements(root, tmp_path)
    assert "statements" not in load_study(folder).fingerprints()
    with (folder / "study.yml").open("a", encoding="utf-8") as file:
        file.write("statements: statements.csv\n")
    prints = []
    for value in ("0,325", "0,326"):
        row = f'V/C Ratio Jalan Kab/Kota,Dishub,baseline,,"{value}",Tabel 1\n'
        (folder / "statements.csv").write_text(STATEMENTS + row, encoding="utf-8")
        study = load_study(folder)
        assert [item.text for item in study.statements] == [value]
        prints.append(study.fingerprints()["statements"])
    assert prints[0] != prints[1]


@pytest.mark.parametrize(("old", "new", "code"), [
    ("{agency: Dishub, name: Persentase", "{agency: Dishubb, name: Persentase", "unknown_choice"),
    ("name: Persentase kejadian kecelakaan", "name: V/C Ratio Jalan Kab/Kota", "plan_named_twice"),
])
def test_an_indicator_named_beside_the_table_is_checked(root, tmp_path, monkeypatch, old, new, code):
    (tmp_path / "renstra-banyuwangi").mkdir()
    (tmp_path / "renstra-banyuwangi" / "capaian_2020_2024.csv").write_text(SMALL_TABLE, encoding="utf-8")
    monkeypatch.setenv("KINERJA_DATA", str(tmp_path))
    folder = without_statements(root, tmp_path)
    text = (folder / "study.yml").read_text(encoding="utf-8")
    assert old in text
    (folder / "study.yml").write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(InputFaults) as caught:
        load_study(folder)
    (fault,) = caught.value.faults
    assert fault.message.code == f"fault.{code}" and fault.line


def test_an_empty_realisation_is_not_reported_rather_than_zero(root, tmp_path, monkeypatch):
    home = tmp_path / "renstra-banyuwangi"
    home.mkdir()
    (home / "capaian_2020_2024.csv").write_text(
        "opd,indikator,satuan,polaritas,tahun,target,realisasi,rasio_laporan\n"
        "Dinkes,Umur Harapan Hidup,tahun,naik,2021,70.63,,\n", encoding="utf-8")
    monkeypatch.setenv("KINERJA_DATA", str(tmp_path))
    indicator, _ = load_study(without_statements(root, tmp_path)).indicators
    assert math.isnan(indicator.series[0].realisation)
