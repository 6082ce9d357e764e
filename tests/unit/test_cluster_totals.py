"""All regions from sums by cluster, made by DuckDB: the same as from the rows."""

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.instrument import Instrument, Item
from kinerja_lab.core.ruleset import Element, Ruleset
from kinerja_lab.core.survey import Design, SurveyData
from kinerja_lab.estimation.cluster_totals import ClusterTotals, index_from_totals, means_from_totals
from kinerja_lab.estimation.domains import domain_means
from kinerja_lab.estimation.sample import Sample
from kinerja_lab.estimation.satisfaction import satisfaction_index
from kinerja_lab.io.cluster_totals import cluster_totals
from kinerja_lab.io.relations import open_table
from kinerja_lab.io.study_values import TableSource

ITEMS = ("u1", "u2", "u3")


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(1)
    n = 3000
    cluster = rng.integers(0, 120, n)
    frame = pd.DataFrame(rng.integers(1, 5, (n, 3)).astype(float), columns=list(ITEMS))
    frame[rng.random((n, 3)) < 0.05] = np.nan
    return frame.assign(psu=cluster, region=[f"{value:02d}" for value in cluster // 10], stratum=cluster // 40,
                        w=np.exp(rng.normal(size=n)))


def opened(frame, folder, name="rows"):
    path = folder / f"{name}.parquet"
    frame.to_parquet(path)
    return open_table(TableSource(name="test/rows", path=path, columns={}))


@pytest.fixture(scope="module")
def table(rows, tmp_path_factory):
    return opened(rows, tmp_path_factory.mktemp("totals"))


def totals_of(table, **changes):
    how = {"domain": "region", "items": ITEMS, "cluster": "psu", "weight": "w", "stratum": "stratum", **changes}
    return cluster_totals(table, **how)


def test_means_equal_those_from_the_rows(rows, table):
    found = means_from_totals(totals_of(table), level=0.95, ends=(1, 4))
    sample = Sample(weights=rows["w"].to_numpy(), strata=rows["stratum"].to_numpy(), clusters=rows["psu"].to_numpy(),
                    lonely="centre")
    for place, item in enumerate(ITEMS):
        own = domain_means(sample, rows[item].to_numpy(), level=0.95, domains=rows["region"].to_numpy())
        mine = found.table.frame.iloc[place::3]
        np.testing.assert_allclose(mine["value"], own.table.frame["value"], rtol=1e-12)
        np.testing.assert_allclose(found.se[place::3], own.se, rtol=1e-12)
        np.testing.assert_allclose(mine[["low", "high"]], own.table.frame[["low", "high"]], rtol=1e-12)
        assert mine["n"].tolist() == own.table.frame["n"].tolist()
        assert found.df[place::3].tolist() == own.df.tolist()


@pytest.mark.parametrize("reverse", [False, True])
def test_index_equals_the_satisfaction_index(rows, table, reverse):
    frame = rows.assign(agency="a", unit="u", period="2025")
    items = tuple(Item(code=code, text=code, reverse=reverse and code == "u2") for code in ITEMS)
    instrument = Instrument(code="i", title="I", low=1, high=4, items=items, ruleset="r")
    rule = Ruleset(code="r", title="R", source="-", confidence="high", index_factor=25, scale_low=1, scale_high=4,
                   elements=tuple(Element(code=code, name=code) for code in ITEMS))
    survey = SurveyData(frame=frame, instrument=instrument, design=Design(weight="w", stratum="stratum", cluster="psu"))
    own = satisfaction_index(survey, ruleset=rule, level=0.95, by=("region",)).frame
    found = index_from_totals(totals_of(table, turned={"u2": 5.0} if reverse else None), level=0.95, factor=25.0,
                              ends=(25, 100), whole=False).table.frame
    for column in ("value", "low", "high"):
        np.testing.assert_allclose(found[column], own[column], rtol=1e-12)
    assert found["n"].tolist() == own["n"].tolist() and found["region"].tolist() == own["region"].tolist()


def test_only_one_row_a_cluster_leaves_the_database(rows, table):
    assert len(totals_of(table).domains) == rows.groupby(["region", "psu"]).ngroups


def test_a_region_that_skipped_an_item_has_no_index(rows, tmp_path):
    frame = rows.copy()
    frame.loc[frame["region"] == "03", "u2"] = np.nan
    found = index_from_totals(totals_of(opened(frame, tmp_path)), level=0.95, factor=25.0, ends=(25, 100)).table.frame
    skipped = found[found["region"] == "03"].iloc[0]
    assert np.isnan(skipped["value"]) and skipped["note"] == "element_unanswered"
    assert found["value"].notna().sum() == len(found) - 1


def test_refusals(rows, table, tmp_path):
    with pytest.raises(KinerjaError) as raised:
        totals_of(table, cluster="kota")
    assert raised.value.message.code == "error.missing_columns"
    for place, weight in enumerate((-1.0, 0.0, np.nan)):
        with pytest.raises(KinerjaError) as raised:
            totals_of(opened(rows.assign(w=rows["w"].where(rows.index != 7, weight)), tmp_path, f"bad{place}"))
        assert raised.value.message.code == "error.bad_weights"
        assert raised.value.message.params["n"] == 1
    with pytest.raises(NotApplicable):
        totals_of(opened(rows.head(0), tmp_path, "empty"))


def test_a_cluster_given_twice_is_refused():
    ones = np.ones((2, 1))
    with pytest.raises(KinerjaError) as raised:
        ClusterTotals(domains=np.array(["a", "a"]), strata=np.zeros(2), clusters=np.zeros(2), items=("x",), weight=ones,
                      product=ones, answers=ones.astype(int), respondents=np.ones(2, dtype=int))
    assert raised.value.message.code == "error.cluster_repeated"
