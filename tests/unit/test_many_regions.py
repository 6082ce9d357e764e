"""A study of all 514 districts: definitions, index page and page of all regions stay readable and small."""

import re

import pytest

from kinerja_lab.cli.app import main
from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.io.simulated import MOST_REGIONS, SimulatedSize, write_simulated_study
from kinerja_lab.io.sources import open_source
from kinerja_lab.io.study import load_study
from kinerja_lab.plot.style import row_axes
from kinerja_lab.plot.survey import region_forest
from kinerja_lab.report import sections_regions
from kinerja_lab.report.analyse import setting_of
from kinerja_lab.report.analyse_regions import regions_results
from kinerja_lab.report.index import REGION_LIMIT, _picture
from kinerja_lab.report.parameters import ALL_REGIONS
from kinerja_lab.report.unit_names import region_names
from kinerja_lab.text.catalogue import catalogue


@pytest.fixture(scope="module")
def country(tmp_path_factory):
    """Study, source, setting and results of all districts."""
    folder = write_simulated_study(tmp_path_factory.mktemp("studies") / "nasional", 1,
                                   size=SimulatedSize(regions=MOST_REGIONS, most_units=1, respondents=4))
    study = load_study(folder)
    source = open_source(study)
    setting = setting_of(study, region=ALL_REGIONS, period="2025", language="id", level=0.95)
    return study, source, setting, regions_results(source, setting=setting)


def test_every_district_is_listed_under_its_own_code(country):
    study, source, _, found = country
    assert len(study.regions) == len(found.index) == len(source.data_regions()) == MOST_REGIONS
    assert study.region("53.71").name == "Kota Kupang" and study.title["en"] == "Public services of 514 districts"
    assert study.synthetic and "514 kabupaten/kota" in study.title["id"]


def test_one_table_holds_all_and_stays_small(country):
    study, _, setting, found = country
    report = type("Report", (), {"study": study, "language": "id", "results": type(
        "Results", (), {"regions": found, "setting": setting})()})()
    html = sections_regions._table(report, found)
    assert len(re.findall("<tr>", html)) == MOST_REGIONS + 1 and html.startswith("<details>")
    assert len(html) < 400_000
    shown = found.index.frame["value"].notna().sum()
    assert shown + found.hidden == MOST_REGIONS and shown > 400
    lines = " ".join(sections_regions._sentences(report, found))
    assert f"{len(found.ranking.tiers)} wilayah" in lines


def test_false_changes_are_rare_although_many_are_looked_at(country):
    """The units really changed by 0.1 on average, so that risers must outnumber fallers by far among the sure ones."""
    rose, fell = country[3].moved(rate=0.05)
    assert len(fell) <= 0.2 * max(len(rose), 5)


def test_pictures_show_the_ends_and_say_so(country):
    study, _, _, found = country
    axes = region_forest(found.index, lang="id", names=region_names(study), axes=row_axes(60), limit=60)
    written = " ".join(text.get_text() for text in axes.texts)
    shown = int(found.index.frame["value"].notna().sum())
    assert f"{shown - 60} wilayah di tengah tidak digambar" in written and len(axes.get_yticks()) == 60
    heads = [{"region": {"name": row.region}, "level": 0.95, "headline": {
        "label": "index", "unit": "index_100", "value": row.value, "low": row.low, "high": row.high}}
        for row in found.index.frame.dropna(subset=["value"]).itertuples()]
    picture = _picture(heads, "id", catalogue("id"))
    assert picture["svg"].count("<circle") == REGION_LIMIT and str(shown - REGION_LIMIT) in picture["note"]
    assert _picture(heads[:5], "id", catalogue("id"))["note"] == ""


@pytest.mark.parametrize("size", [{"regions": 1}, {"regions": 515}, {"regions": 4, "respondents": 1.0},
                                  {"regions": 4, "most_units": 25}])
def test_impossible_sizes_are_refused_before_anything_is_written(tmp_path, size):
    with pytest.raises(KinerjaError, match="number_out_of_range"):
        write_simulated_study(tmp_path / "x", 1, size=SimulatedSize(**size))
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(("words", "part"), [
    (("--regions", "50"), "--out"), (("--units", "2"), "--regions"), (("--regions", "600", "--out", "x"), "514")])
def test_the_command_says_what_is_missing(monkeypatch, capsys, tmp_path, words, part):
    monkeypatch.setattr("signal.signal", lambda *args: None)
    monkeypatch.chdir(tmp_path)
    assert main(["simulate", *words]) == 2
    assert part in capsys.readouterr().err and not list(tmp_path.iterdir())
