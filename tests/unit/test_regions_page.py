"""The page of all regions: what is computed, what is hidden, what is said, and what a unit is called there."""

import re

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.ruleset import Band, Ruleset
from kinerja_lab.estimation.region_estimates import RegionEstimates
from kinerja_lab.evidence.results import Setting
from kinerja_lab.io.sources import open_source
from kinerja_lab.io.study import load_study, studies_root
from kinerja_lab.numeric.false_discovery import q_values
from kinerja_lab.report import sections_regions
from kinerja_lab.report.analyse_regions import regions_results
from kinerja_lab.report.unit_names import region_names, with_regions

RULE = Ruleset(code="r", title="R", source="-", confidence="high", index_factor=25, decimals=2,
               bands=(Band(code="B", name="Baik", lower=25.0), Band(code="A", name="Sangat baik", lower=80.0)))


class FewRegions:
    """A source of made-up regions: name, index before and now, half an interval, respondents before and now."""

    def __init__(self, rows, *, periods=("2024", "2025"), p=None):
        self.rows, self.periods, self.p = rows, periods, p
        self.study = type("Study", (), {"ruleset": RULE})()

    def region_estimates(self, *, level):
        def row(region, period, value, half, n, label="index"):
            return {"period": period, "region": region, "label": label, "value": value, "low": value - half,
                    "high": value + half, "level": level, "n": n, "method": "m", "unit": "index_100", "note": ""}

        index, changes = [], []
        for region, before, now, half, n_before, n_now in self.rows:
            for period, value, n in zip(self.periods, (before, now), (n_before, n_now), strict=True):
                index.append(row(region, period, value, half, n))
            changes.append(row(region, self.periods[1], now - before, 1.4 * half, n_before + n_now, "change"))
        groups = ("period", "region")
        tables = [EstimateTable(frame=pd.DataFrame(rows), groups=groups) for rows in (index, changes)]
        p = np.array(self.p if self.p is not None else [0.5] * len(changes))
        return RegionEstimates(index=tables[0], elements=tables[0], changes=tables[1], p=p)


def setting(**changes) -> Setting:
    values = {"study": "s", "region": "semua", "region_name": "S", "region_word": "wilayah", "unit_word": "unit",
              "period": "2025", "previous": "2024", "level": 0.95, "suppress_below": 10, **changes}
    return Setting(**values)


@pytest.fixture
def five():
    return FewRegions([("a", 70.0, 90.0, 1.0, 50, 50), ("b", 70.0, 71.0, 1.0, 50, 50), ("c", 70.0, 60.0, 1.0, 50, 50),
                       ("d", 70.0, 71.0, 1.0, 50, 4), ("e", 70.0, 72.0, 1.0, 3, 50)], p=[1e-6, 0.04, 1e-6, 0.5, 0.2])


def test_small_regions_are_hidden_with_what_would_give_them_away(five):
    found = regions_results(five, setting=setting())
    hidden = set(found.index.frame.loc[found.index.frame["note"] == "suppressed", "region"])
    assert "d" in hidden and len(hidden) == 2 == found.hidden, "one alone could be computed back from the total"
    assert not hidden & set(found.elements.frame["region"]) and not hidden & set(found.changes.frame["region"])
    assert "e" not in set(found.changes.frame["region"]), "too few answers in the year before"
    ranked = set(found.ranking.ranks.frame["unit"])
    assert ranked == {"a", "b", "c", "e"} - hidden


def test_changes_are_sure_only_over_all_looks(five):
    found = regions_results(five, setting=setting(suppress_below=1))
    assert found.q == pytest.approx(dict(zip("abcde", q_values(np.array([1e-6, 0.04, 1e-6, 0.5, 0.2])), strict=True)))
    assert found.moved(rate=0.05) == (("a",), ("c",)), "b alone has p = 0.04, but five regions were looked at"
    assert found.moved(rate=0.1) == (("a", "b"), ("c",))


def test_tiers_do_not_tell_apart_what_overlaps(five):
    ranking = regions_results(five, setting=setting(suppress_below=1)).ranking
    tiers = dict(zip(ranking.ranks.frame["unit"], ranking.tiers, strict=True))
    assert tiers["a"] == 1 and tiers["b"] == tiers["d"] == tiers["e"] == 2 and tiers["c"] == 3


def test_one_region_and_one_period_have_reasons():
    alone = FewRegions([("a", 70.0, 71.0, 1.0, 50, 50)])
    assert regions_results(alone, setting=setting(region="a")).message.code == "not_applicable.one_region_page"
    found = regions_results(alone, setting=setting(previous=""))
    assert isinstance(found.changes, NotApplicable) and isinstance(found.ranking, NotApplicable)
    assert regions_results(alone, setting=setting(previous="2020")).changes.message.code.endswith("no_previous_period")
    assert regions_results(alone, setting=setting(period="2019")).message.code == "not_applicable.no_rows"


@pytest.fixture(scope="module")
def shipped():
    study = load_study(studies_root() / "layanan-publik")
    source = open_source(study)
    found = regions_results(source, setting=setting(region="semua"))
    results = type("Results", (), {"regions": found, "setting": setting()})()
    return type("Report", (), {"study": study, "results": results, "language": "id"})()


def cells(html: str) -> list[list[str]]:
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", html)]


def test_the_table_holds_every_number_with_its_interval(shipped):
    head, *rows = cells(sections_regions._table(shipped, shipped.results.regions))
    assert head[:4] == ["Wilayah", "Indeks", "Selang 95%", "Banyaknya data"]
    assert [row[0] for row in rows] == ["Kota Palangka Raya", "Kota Mataram", "Kota Kupang", "Kota Serang"]
    assert rows[2][1:4] == ["78,31", "77,70 sampai 78,92", "2.359"]
    assert all(row[4] == "B lebih dari 99%" for row in rows)
    assert rows[3][7].startswith("+0,95 (0,08 sampai 1,82)") and rows[3][8] == "belum pasti"


def test_sentences_count_what_changed_and_name_no_rank(shipped):
    lines = list(sections_regions._sentences(shipped, shipped.results.regions))
    assert "2 jenjang" in lines[0] and "tidak satu pun" in lines[1] and len(lines) == 2


def test_numbers_for_machines(shipped):
    found = dict(sections_regions.regions_estimates(shipped))
    assert {"regions.index", "regions.elements", "regions.grades", "regions.changes", "regions.changes_q",
            "regions.ranks", "regions.separable"} == set(found)
    assert len(found["regions.elements"]) == 36
    assert all(isinstance(table, Estimate | EstimateTable) for table in found.values())


def test_units_of_several_regions_carry_their_region(shipped):
    homes = pd.DataFrame({"unit": ["5371-SKL-20", "5271-SKL-20", "x", "y", "y", "31"],
                          "region": ["53.71", "52.71", "53.71", "53.71", "52.71", "62.71"]})
    names = {"5371-SKL-20": "Sekolah 20", "5271-SKL-20": "Sekolah 20", "x": "RSUD Kota Kupang"}
    found = with_regions(names, study=shipped.study, homes=[homes, NotApplicable("no_outcomes")], unit_word="unit")
    assert found["5371-SKL-20"] == "Sekolah 20 (Kota Kupang)"
    assert found["5271-SKL-20"] == "Sekolah 20 (Kota Mataram)", "the city that a kecamatan shows"
    assert found["31"] == "unit 31 (Kota Palangka Raya)"
    assert found["x"] == "RSUD Kota Kupang" and "y" not in found
    assert region_names(shipped.study)["52.71"] == "Kota Mataram"
    assert with_regions(names, study=shipped.study, homes=[], unit_word="unit") == names
