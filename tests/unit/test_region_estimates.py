"""All regions and periods from sums that the database makes: the same numbers as from every region's rows."""

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.estimation.region_estimates import BETWEEN, RowSums
from kinerja_lab.estimation.satisfaction import element_scores, index_change, satisfaction_index
from kinerja_lab.io.region_sums import region_sums, row_sums
from kinerja_lab.io.relations import open_table
from kinerja_lab.io.sources import open_source
from kinerja_lab.io.study import load_study
from kinerja_lab.io.study_values import TableSource
from tests.unit.conftest import INSTRUMENT, STUDY, outcome_frame, survey_frame

COLUMNS = ["value", "low", "high"]
REGIONS = ("53.71", "52.71", "62.71", "36.73")


def many_rows() -> pd.DataFrame:
    """Four regions with units, blanks, an element nobody answered, and one region of a single year."""
    rng = np.random.default_rng(5)
    n = 1200
    region, unit = rng.integers(0, 4, n), rng.integers(0, 7, n)
    year = np.where(region == 3, 2025, rng.choice([2024, 2025], n))
    skipped = (region == 2) & (year == 2024)
    return pd.DataFrame({
        "kota": np.array(REGIONS)[region], "tempat": [f"{r}{u}" for r, u in zip(region, unit, strict=True)],
        "tanggal": [f"{y}-{m:02d}-15" for y, m in zip(year, rng.integers(1, 13, n), strict=True)],
        "q1": np.where(rng.random(n) < 0.05, np.nan, rng.integers(1, 6, n)),
        "q2": np.where((rng.random(n) < 0.05) | skipped, np.nan, rng.integers(1, 6, n)),
        "bobot": np.exp(rng.normal(size=n)), "kelompok": np.where(unit < 3, "0101", "0102")})


DESIGNS = {
    "clusters": lambda text: text,
    "clusters in strata": lambda text: text.replace("extra: [kelompok]", "stratum: kelompok"),
    "one by one": lambda text: text.replace("  cluster: tempat\n", ""),
    "one by one in strata": lambda text: text.replace("cluster: tempat", "stratum: tempat"),
    "no weights": lambda text: text.replace("  cluster: tempat\n", "").replace("  weight: bobot\n", "").replace(
        "extra: [kelompok]", "extra: [kelompok, bobot]"),
}


@pytest.fixture(params=DESIGNS, scope="module")
def source(tmp_path_factory, request):
    places = "".join(f'  - {{code: "{code}", name: {name}, level: kota}}\n' for code, name in zip(
        REGIONS, ("Kota Kupang", "Kota Mataram", "Kota Palangka Raya", "Kota Serang"), strict=True))
    head, rest = STUDY.replace("KIND", "parquet").split("regions:\n", 1)
    folder = tmp_path_factory.mktemp("studies") / "mini"
    (folder / "data").mkdir(parents=True)
    (folder / "study.yml").write_text(DESIGNS[request.param](
        f"{head}regions:\n{places}periods{rest.split('periods', 1)[1]}"), encoding="utf-8")
    (folder / "instrument.yml").write_text(INSTRUMENT, encoding="utf-8")
    many_rows().to_parquet(folder / "data/survey.parquet")
    outcome_frame().to_parquet(folder / "data/outcomes.parquet")
    return open_source(load_study(folder))


def same(mine: pd.DataFrame, own: pd.DataFrame) -> None:
    np.testing.assert_allclose(mine[COLUMNS].to_numpy(float), own[COLUMNS].to_numpy(float), rtol=1e-12, atol=1e-12)
    for name in ("label", "n", "note", "unit", "method", "level"):
        assert mine[name].tolist() == own[name].tolist(), name


def test_index_and_elements_are_those_of_the_rows(source):
    found, rule = source.region_estimates(level=0.9), source.study.ruleset
    for period in ("2024", "2025"):
        survey = source.survey(period=period)
        for table, own in ((found.index, satisfaction_index(survey, ruleset=rule, level=0.9, by=("region",))),
                           (found.elements, element_scores(survey, ruleset=rule, level=0.9, by=("region",)))):
            rows = table.frame[table.frame["period"] == period]
            assert rows["region"].tolist() == own.frame["region"].tolist()
            same(rows, own.frame)
    assert "element_unanswered" in set(found.index.frame["note"])


def test_a_region_alone_has_the_same_numbers(source):
    found, rule = source.region_estimates(level=0.95), source.study.ruleset
    for code in REGIONS:
        own = satisfaction_index(source.survey(region=code, period="2025"), ruleset=rule, level=0.95)
        rows = found.index.frame
        same(rows[(rows["region"] == code) & (rows["period"] == "2025")], own.frame)


def test_changes_are_those_of_two_surveys(source):
    found, rule = source.region_estimates(level=0.95), source.study.ruleset
    rows = found.changes.frame.assign(p=found.p).set_index("region")
    for code in ("53.71", "52.71"):
        own = index_change(*(source.survey(region=code, period=period) for period in ("2024", "2025")), ruleset=rule,
                           level=0.95)
        assert rows.loc[code, COLUMNS].to_numpy(float) == pytest.approx([own.value, own.low, own.high], abs=1e-12)
        assert (rows.loc[code, "n"], rows.loc[code, "note"]) == (own.n, own.note)
        excluded = own.low > 0 or own.high < 0
        assert (rows.loc[code, "p"] < 0.05) == excluded
    assert rows.loc["62.71", "note"] == "element_unanswered" and np.isnan(rows.loc["62.71", "p"])
    assert rows.loc["36.73", "note"] == "one_period_only" and np.isnan(rows.loc["36.73", "value"])


def test_p_values_agree_with_the_interval_at_its_edge(source):
    found = source.region_estimates(level=0.95)
    row = found.changes.frame.assign(p=found.p).dropna(subset=["p"]).iloc[0]
    again = source.region_estimates(level=1 - row["p"]).changes.frame.set_index("region").loc[row["region"]]
    assert min(abs(again["low"]), abs(again["high"])) < 1e-8, "the interval of level 1 - p ends at zero"


def test_only_sums_leave_the_database(source):
    table = source._survey_table(None, None)[1]
    study = source.study
    sums = region_sums(table, instrument=study.instrument, ruleset=study.ruleset, periods=study.periods)
    assert len(sums.domains) <= 4 * 2 * 7 < 1200
    assert {name.split(BETWEEN)[0] for name in sums.domains} == {"2024", "2025"}


def test_one_period_has_no_change(mini_study):
    folder = mini_study()
    rows = survey_frame()
    rows[rows["tanggal"].str.startswith("2025")].to_parquet(folder / "data/survey.parquet")
    source = open_source(load_study(folder))
    found = source.region_estimates(level=0.95)
    assert isinstance(found.changes, NotApplicable)
    assert set(found.index.frame["period"]) == {"2025"} and len(found.p) == 0


def test_csv_and_parquet_give_the_same(mini_study):
    tables = [open_source(load_study(mini_study(kind=kind))).region_estimates(level=0.95).index.frame
              for kind in ("csv", "parquet")]
    pd.testing.assert_frame_equal(*tables)


@pytest.mark.parametrize(("change", "code"), [
    ({"weight": -1.0}, "bad_weights"), ({"weight": 0.0}, "bad_weights"), ({"weight": np.inf}, "bad_weights")])
def test_bad_weights_are_refused(tmp_path, change, code):
    frame = pd.DataFrame({"region": ["a", "a", "b"], "x": [1.0, 2.0, 3.0], "weight": [1.0, 1.0, 1.0]})
    frame.loc[0, "weight"] = change["weight"]
    frame.to_parquet(tmp_path / "rows.parquet")
    table = open_table(TableSource(name="test/rows", path=tmp_path / "rows.parquet", columns={}))
    with pytest.raises(KinerjaError) as raised:
        row_sums(table, domain="region", items=("x",), weight="weight")
    assert raised.value.message.code == f"error.{code}"
    with pytest.raises(KinerjaError) as raised:
        row_sums(table, domain="daerah", items=("x",))
    assert raised.value.message.code == "error.missing_columns"


def test_an_empty_table_and_crooked_sums_are_refused(tmp_path):
    frame = pd.DataFrame({"region": pd.Series([], dtype=str), "x": pd.Series([], dtype=float)})
    frame.to_parquet(tmp_path / "no.parquet")
    table = open_table(TableSource(name="test/no", path=tmp_path / "no.parquet", columns={}))
    with pytest.raises(NotApplicable):
        row_sums(table, domain="region", items=("x",))
    one, two = np.ones((2, 1)), np.ones((2, 2))
    parts = {"items": ("x",), "weight": one, "product": one, "answers": one, "respondents": np.ones(2), "square": two}
    with pytest.raises(KinerjaError):
        RowSums(domains=np.array(["a", "a"]), strata=np.zeros(2), total=two, **parts)
    with pytest.raises(KinerjaError):
        RowSums(domains=np.array(["a", "b"]), strata=np.zeros(2), total=one, **parts)
