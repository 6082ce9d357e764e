"""Only the rows asked for come back, under canonical names; counted answer sheets equal the rows'."""

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.io.sources import open_source
from kinerja_lab.io.study import load_study

KINDS = pytest.mark.parametrize("kind", ["parquet", "csv"])


@KINDS
def test_rows_of_a_region_and_year(mini_study, kind):
    survey = open_source(load_study(mini_study(kind=kind))).survey(region="53.71", period="2024")
    frame = survey.frame
    assert frame["unit"].tolist() == ["A", "A", "B", "B"]
    assert set(frame["period"]) == {"2024"}
    assert set(frame["region"]) == {"53.71"}
    assert set(frame["agency"]) == {"dinkes"}
    np.testing.assert_array_equal(np.sort(frame["ramah"]), [3, 5, 5, np.nan])
    assert survey.weights().sum() == 1 + 2 + 1 + 1
    assert (survey.design.weight, survey.design.stratum, survey.design.cluster) == ("weight", "", "cluster")
    assert set(frame["kelompok"]) == {"0101", "0102"}


@KINDS
def test_a_kecamatan_shows_its_city_and_says_so(mini_study, kind):
    study = load_study(mini_study(kind=kind))
    source = open_source(study)
    assert study.region("52.71.03").shown_name == "Kota Mataram"
    assert set(source.survey(region="52.71.03").frame["region"]) == {"52.71"}
    assert source.outcomes(region="52.71.03").frame["unit"].tolist() == ["C"]
    assert source.data_regions() == ("52.71", "53.71")


@KINDS
def test_no_region_means_all(mini_study, kind):
    assert open_source(load_study(mini_study(kind=kind))).survey().n == 9


@KINDS
@pytest.mark.parametrize("region", [None, "53.71", "52.71.03"])
@pytest.mark.parametrize("period", [None, "2024"])
def test_patterns_equal_the_rows(mini_study, kind, region, period):
    source = open_source(load_study(mini_study(kind=kind)))
    counted = source.patterns(region=region, period=period)
    rows = ResponsePatterns.from_survey(source.survey(region=region, period=period))
    np.testing.assert_array_equal(counted.values, rows.values)
    np.testing.assert_array_equal(counted.counts, rows.counts)
    np.testing.assert_allclose(counted.weights, rows.weights, rtol=1e-12)
    assert (counted.items, counted.low, counted.high) == (rows.items, rows.low, rows.high)


def test_a_reversed_item_is_turned_in_patterns(mini_study):
    counted = open_source(load_study(mini_study())).patterns(region="53.71", period="2024")
    assert [5, 6 - 1] in counted.values.tolist()


@KINDS
def test_months_belong_to_their_year_and_values_are_filled_in(mini_study, kind):
    source = open_source(load_study(mini_study(kind=kind)))
    year = source.outcomes(region="53.71", period="2025")
    assert year.frame["period"].tolist() == ["2025-01", "2025-01"]
    assert year.frame["value"].tolist() == [100 * 9 / 10, 100 * 4 / 8]
    assert year.frame["expected"].isna().all()
    assert source.outcomes(period="2025").frame["unit"].tolist() == ["C", "A", "B"]


@KINDS
def test_a_region_code_keeps_its_zeros(mini_study, kind):
    """52.70 read as a number would become 52.7 and silently be another region."""
    folder = mini_study(kind=kind, edit=lambda text: text.replace('"53.71", name: Kota Kupang',
                                                                       '"32.10", name: Majalengka'),
                        change=lambda frame: frame.__setitem__("kota", "32.10"),
                        change_outcomes=lambda frame: frame.__setitem__("region", "32.10"))
    source = open_source(load_study(folder))
    assert source.data_regions() == ("32.10",)
    assert source.survey(region="32.10").n == 9


@pytest.mark.parametrize(("region", "period"), [("53.71", "1999"), ("53.71", "20")])
def test_nothing_there_is_an_answer_with_a_reason(mini_study, region, period):
    source = open_source(load_study(mini_study()))
    for ask in (source.survey, source.patterns, source.outcomes):
        with pytest.raises(NotApplicable) as caught:
            ask(region=region, period=period)
        assert caught.value.message.code == "not_applicable.no_rows"


def test_an_item_nobody_answered_is_kept_as_missing(mini_study):
    def blank(frame):
        frame["q2"] = np.nan

    for kind in ("csv", "parquet"):
        survey = open_source(load_study(mini_study(kind=kind, change=blank))).survey(region="53.71")
        assert np.isnan(survey.answers()[:, 1]).all()
        assert survey.n == 6


def test_a_study_without_survey_says_so(mini_study):
    def edit(text):
        start, end = text.index("survey:"), text.index("outcomes:")
        return text[:start] + text[end:]

    study = load_study(mini_study(edit=edit))
    with pytest.raises(NotApplicable, match="no_survey"):
        open_source(study).survey()
    assert study.survey is None
    assert open_source(study).outcomes().frame.shape[0] == 4


@KINDS
def test_the_fingerprint_follows_the_rows_that_a_region_reads_and_nothing_else(mini_study, kind):
    before = open_source(load_study(mini_study(kind=kind)))
    kupang, mataram, all_ = (before.slice_fingerprint(code) for code in ("53.71", "52.71.03", None))
    assert kupang != mataram

    def reorder(frame):
        frame[:] = frame.iloc[::-1].to_numpy()

    again = open_source(load_study(mini_study(kind=kind, change=reorder)))
    assert again.slice_fingerprint("53.71") == kupang

    def edit_mataram(frame):
        frame.loc[8, "q1"] = 4

    changed = open_source(load_study(mini_study(kind=kind, change=edit_mataram)))
    assert changed.slice_fingerprint("53.71") == kupang
    assert changed.slice_fingerprint("52.71.03") != mataram
    assert changed.slice_fingerprint(None) != all_

    def edit_outcome(frame):
        frame.loc[0, "events"] = 7

    changed = open_source(load_study(mini_study(kind=kind, change_outcomes=edit_outcome)))
    assert changed.slice_fingerprint("53.71") != kupang
    assert changed.slice_fingerprint("52.71.03") == mataram


def test_the_fingerprint_of_an_unknown_region_is_an_error(mini_study):
    with pytest.raises(KinerjaError, match="unknown_region"):
        open_source(load_study(mini_study())).slice_fingerprint("53.01")


def test_a_table_that_vanishes_after_loading_is_reported(mini_study):
    folder = mini_study()
    study = load_study(folder)
    (folder / "data" / "survey.parquet").unlink()
    with pytest.raises(KinerjaError, match="study_data_absent"):
        open_source(study).survey()


def test_rows_come_in_one_order_whatever_the_file_s(mini_study):
    first = open_source(load_study(mini_study())).survey().frame

    def shuffle(frame):
        frame[:] = frame.sample(frac=1, random_state=3).to_numpy()

    second = open_source(load_study(mini_study(change=shuffle))).survey().frame
    pd.testing.assert_frame_equal(first, second, check_dtype=False)
