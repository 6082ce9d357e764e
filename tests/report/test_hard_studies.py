"""Odd but honest data still give reports; faulty data stop the run before anything is written."""

import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from kinerja_lab.text.catalogue import catalogue

pytestmark = pytest.mark.xdist_group("hard")
ROOT = Path(__file__).resolve().parents[2]
REGIONS = """regions:
  - {code: "53.71", name: Kota Kupang, level: kota}
  - {code: "53.01", name: Kabupaten Kupang, level: kabupaten}
  - {code: "62.71", name: Kota Palangka Raya, level: kota}
  - {code: "52.71", name: Kota Mataram, level: kota}
  - {code: "36.73", name: Kota Serang, level: kota}
periods"""


def copy_study(folder: Path) -> Path:
    """A copy of layanan-publik that may be spoilt."""
    target = folder / "studies" / "layanan-publik"
    shutil.copytree(ROOT / "data/studies/layanan-publik", target)
    return target


def run(*arguments, studies: Path, out: Path):
    from tests.report.conftest import kinerja

    return kinerja(*arguments, "--out", str(out), env={"KINERJA_STUDIES": str(studies)})


@pytest.fixture(scope="module")
def odd(tmp_path_factory):
    """One region each: as it is, one unit, an element nobody answered, everybody answers 4, no rows at all."""
    folder = tmp_path_factory.mktemp("odd")
    study = copy_study(folder)
    text = (study / "study.yml").read_text(encoding="utf-8")
    text = re.sub(r"regions:\n.*?periods", lambda _: REGIONS, text, flags=re.S)
    (study / "study.yml").write_text(text, encoding="utf-8")
    survey = pd.read_parquet(study / "data/survey.parquet")
    items = list(survey.columns[survey.columns.isin(
        ["persyaratan", "prosedur", "waktu", "biaya", "produk", "kompetensi", "perilaku", "pengaduan", "sarana"])])
    assert len(items) == 9
    one = survey[survey["unit"] == survey.loc[survey["region"] == "53.71", "unit"].iloc[0]].copy()
    one["region"], one["unit"] = "53.01", "5301-PKM-01"
    same = survey[survey["region"] == "52.71"].copy()
    same[items] = 4
    bare = survey[survey["region"] == "62.71"].copy()
    bare["waktu"] = pd.NA
    bare["waktu"] = bare["waktu"].astype(survey["waktu"].dtype)
    rows = [survey[survey["region"] == "53.71"], one, bare, same.astype(survey.dtypes.to_dict())]
    pd.concat(rows, ignore_index=True).to_parquet(study / "data/survey.parquet", index=False)
    outcomes = pd.read_parquet(study / "data/outcomes.parquet")
    outcomes[outcomes["region"].isin(["53.71", "62.71", "52.71"])].to_parquet(study / "data/outcomes.parquet")
    out = folder / "out"
    done = run("report", "layanan-publik", "--regions", "53.71,53.01,62.71,52.71,36.73", studies=folder / "studies",
               out=out)
    return done, out / "layanan-publik"


def result(out: Path, region: str) -> dict:
    return json.loads((out / region / "result.json").read_text(encoding="utf-8"))


def section(out: Path, region: str, name: str) -> list[dict]:
    return [row for row in result(out, region)["estimates"] if row["section"] == name]


def test_every_odd_region_has_a_report(odd):
    done, out = odd
    assert done.returncode == 0, done.stdout + done.stderr
    assert all((out / code / "index.html").is_file() for code in ("53.71", "53.01", "62.71", "52.71", "36.73"))


def test_one_unit_cannot_be_compared_and_the_report_says_so(odd):
    _, out = odd
    assert section(out, "53.01", "unit_reliability.reliability") == []
    finding = next(f for f in result(out, "53.01")["findings"] if f["code"] == "MEA004" and f["indicator"] == "ikm")
    assert finding["status"] == "not_applicable"


def test_an_element_nobody_answered_is_never_averaged_away(odd):
    _, out = odd
    (index,) = section(out, "62.71", "index")
    assert index["value"] is None and index["note"] == "element_unanswered"
    assert result(out, "62.71")["headline"]["value"] is None
    page = (out / "62.71/index.html").read_text(encoding="utf-8")
    assert catalogue("id").text("note.element_unanswered") in page


def test_where_all_answer_alike_no_interval_of_width_zero_is_printed(odd):
    _, out = odd
    (index,) = section(out, "52.71", "index")
    assert (index["value"], index["low"], index["note"]) == (100.0, None, "no_variation")
    assert section(out, "52.71", "grades") == [] or all(r["value"] is None for r in section(out, "52.71", "grades"))


def test_a_region_without_rows_says_that_there_are_none(odd):
    _, out = odd
    assert result(out, "36.73")["headline"] is None
    assert result(out, "36.73")["estimates"] == []
    assert "Tidak ada satu angka" in (out / "36.73/index.html").read_text(encoding="utf-8")


def spoil_nik(study: Path) -> None:
    survey = pd.read_parquet(study / "data/survey.parquet")
    survey["service"] = survey["service"].astype(object)
    survey.loc[41, "service"] = "atas nama 3201014507900001"
    survey.to_parquet(study / "data/survey.parquet", index=False)


def spoil_column(study: Path) -> None:
    survey = pd.read_parquet(study / "data/survey.parquet")
    survey.drop(columns=["perilaku"]).to_parquet(study / "data/survey.parquet", index=False)


def spoil_parquet(study: Path) -> None:
    path = study / "data/survey.parquet"
    path.write_bytes(path.read_bytes()[:4000])


def spoil_key(study: Path) -> None:
    path = study / "study.yml"
    path.write_text(path.read_text(encoding="utf-8").replace("suppress_below:", "supress_below:"), encoding="utf-8")


def spoil_cells(study: Path) -> None:
    survey = pd.read_parquet(study / "data/survey.parquet")
    survey.loc[7, "waktu"] = 5
    survey.loc[8, "weight"] = -1.0
    survey.to_parquet(study / "data/survey.parquet", index=False)


@pytest.mark.parametrize(("spoil", "parts"), [
    (spoil_nik, ["43", "service"]), (spoil_column, ["perilaku"]), (spoil_parquet, ["survey.parquet"]),
    (spoil_key, ["supress_below", "suppress_below", "study.yml"]), (spoil_cells, ["9", "waktu", "10", "weight"]),
])
def test_a_faulty_study_stops_before_anything_is_written(tmp_path, spoil, parts):
    spoil(copy_study(tmp_path))
    done = run("report", "layanan-publik", studies=tmp_path / "studies", out=tmp_path / "out")
    said = done.stdout + done.stderr
    assert done.returncode == 2, said
    assert [part for part in parts if part not in said] == []
    assert "Traceback" not in said
    assert "3201014507900001" not in said
    assert not (tmp_path / "out" / "layanan-publik").exists()


def test_an_unknown_region_names_the_nearest_and_writes_nothing(tmp_path):
    done = run("report", "layanan-publik", "--regions", "53.17", studies=ROOT / "data/studies", out=tmp_path / "out")
    assert done.returncode == 2
    assert "53.71" in done.stdout + done.stderr
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").rglob("index.html"))


def test_absent_data_skip_the_study_with_a_line_that_says_how_to_get_it(tmp_path):
    studies = tmp_path / "data/studies"
    studies.mkdir(parents=True)
    shutil.copytree(ROOT / "data/studies/cms-vbp-2015", studies / "cms-vbp-2015")
    from tests.report.conftest import kinerja

    done = kinerja("report", "--out", str(tmp_path / "out"), env={
        "KINERJA_STUDIES": str(studies), "KINERJA_DATA": str(tmp_path / "nowhere")})
    said = done.stdout + done.stderr
    assert "cms-vbp-2015" in said and "KINERJA_DATA" in said
    assert "Traceback" not in said
