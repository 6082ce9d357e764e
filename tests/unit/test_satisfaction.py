"""The index and its interval: formula, missing answers, groups, designs, change, grades, and bad input."""

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.core.instrument import Instrument, Item
from kinerja_lab.core.options import WeightMode
from kinerja_lab.core.ruleset import Band, Element, Ruleset
from kinerja_lab.core.survey import Design, SurveyData
from kinerja_lab.estimation.satisfaction import (
    constant_items,
    element_scores,
    grade_probabilities,
    grade_table,
    index_change,
    satisfaction_index,
)

LOWER = {"D": 25, "C": 65, "B": 76.61, "A": 88.31}
BANDS = tuple(Band(code=code, name=code, lower=lower) for code, lower in LOWER.items())


def rule(*codes, factor=25, low=1, high=4, bands=BANDS):
    return Ruleset(code="skm", title="SKM", source="test", confidence="high", scale_low=low, scale_high=high,
                   elements=tuple(Element(code=code, name=code) for code in codes), index_factor=factor, bands=bands)


def survey(answers, *, codes=None, low=1, high=4, design=None, reverse=(), **columns):
    answers = np.asarray(answers, dtype=float)
    codes = codes or [f"q{item}" for item in range(answers.shape[1])]
    frame = pd.DataFrame(answers, columns=codes).assign(region="r", agency="a", unit="u", period="2025")
    items = tuple(Item(code=code, text=code, reverse=code in reverse) for code in codes)
    return SurveyData(frame=frame.assign(**columns), design=design or Design(),
                      instrument=Instrument(code="i", title="i", items=items, low=low, high=high, ruleset="skm"))


def index(data, **options):
    return satisfaction_index(data, ruleset=options.pop("ruleset", rule(*data.instrument.item_codes)), level=0.95,
                              **options)


def test_index_and_interval_by_hand():
    found = index(survey([[4, 3], [3, 3], [2, 1]])).row("index")
    person = np.array([3.5, 3.0, 1.5])
    se = 25 * person.std(ddof=1) / np.sqrt(3)
    reach = 4.302652729911275 * se
    assert found.value == pytest.approx(25 * person.mean())
    assert found.low == 25 and found.value - reach < 25, "cut at the end of the scale"
    assert found.high == pytest.approx(min(25 * person.mean() + reach, 100))
    assert (found.n, found.unit) == (3, "index_100")


def test_each_element_has_its_own_n_and_mean():
    data = survey([[4, np.nan], [2, 3], [3, 1], [np.nan, np.nan]])
    table = element_scores(data, ruleset=rule("q0", "q1"), level=0.95)
    assert [row.value for row in table.estimates()] == [3.0, 2.0]
    assert [row.n for row in table.estimates()] == [3, 2]
    assert table.frame["unit"].unique().tolist() == ["scale_1_4"]
    found = index(data).row("index")
    assert found.value == pytest.approx(25 * (3 + 2) / 2), "not the mean of all answers, which is 2.6"
    assert found.n == 3


def test_missing_answers_variance_is_that_of_the_mean_of_ratios():
    answers = np.tile([[4, np.nan], [2, 3], [3, 1], [4, 4], [1, 2]], (4, 1))
    means, given = np.nanmean(answers, axis=0), ~np.isnan(answers)
    scores = (np.where(given, answers - means, 0) / given.sum(axis=0)).sum(axis=1) / 2
    se = 25 * np.sqrt(20 / 19 * (scores**2).sum())
    found = index(survey(answers)).row("index")
    assert found.high - found.value == pytest.approx(2.093024054408263 * se)


def test_elements_are_matched_by_name_not_position():
    data = survey([[4, 1], [4, 2]], codes=["sarana", "pengaduan"])
    table = element_scores(data, ruleset=rule("pengaduan", "sarana"), level=0.95)
    assert table.frame["label"].tolist() == ["pengaduan", "sarana"]
    assert table.row("sarana").value == 4


def test_other_elements_are_refused_with_the_nearest_name():
    with pytest.raises(KinerjaError) as caught:
        index(survey([[4, 1]], codes=["sarana", "pengaduann"]), ruleset=rule("pengaduan", "sarana"))
    assert caught.value.message.code == "error.elements_differ"
    assert caught.value.message.params["nearest"] == "pengaduann -> pengaduan"


def test_another_scale_is_refused():
    with pytest.raises(KinerjaError, match="scale_differs"):
        index(survey([[4, 1]], high=5))


def test_reversed_items_are_turned():
    assert index(survey([[1, 4], [1, 4]], reverse=("q0",))).row("index").value == 100


def test_exclude_reweights_and_unknown_names_are_refused():
    data = survey([[4, 1], [4, 3]])
    assert index(data, exclude=("q0",)).row("index").value == 25 * 2
    with pytest.raises(KinerjaError, match="unknown_element"):
        index(data, exclude=("q9",))
    with pytest.raises(NotApplicable, match="no_elements_left"):
        index(data, exclude=("q0", "q1"))


def test_printed_weights_scale_value_and_interval_and_need_nine_elements():
    rng = np.random.default_rng(1)
    data = survey(rng.integers(2, 4, (40, 9)))
    exact = index(data).row("index")
    for mode, weight in ((WeightMode.PRINTED_2, 0.11), (WeightMode.PRINTED_3, 0.111)):
        printed = index(data, weight_mode=mode).row("index")
        for name in ("value", "low", "high"):
            assert getattr(printed, name) == pytest.approx(9 * weight * getattr(exact, name))
    with pytest.raises(KinerjaError, match="printed_weight"):
        index(survey([[4, 1], [4, 3]]), weight_mode=WeightMode.PRINTED_2)


def test_groups_equal_each_group_alone():
    rng = np.random.default_rng(5)
    data = survey(rng.integers(1, 5, (200, 3)), unit=rng.integers(0, 6, 200).astype(str),
                  agency=rng.integers(0, 2, 200).astype(str), s=rng.integers(0, 2, 200), c=rng.integers(0, 9, 200),
                  w=rng.uniform(0.5, 3, 200), design=Design(weight="w", stratum="s", cluster="c"))
    table = index(data, by=("agency", "unit")).frame
    assert table.columns.tolist()[:3] == ["agency", "unit", "label"]
    for row in table.itertuples():
        mask = (data.frame["agency"] == row.agency) & (data.frame["unit"] == row.unit)
        alone = index(data.where(mask)).row("index")
        assert (row.value, row.low, row.high, row.n) == pytest.approx((alone.value, alone.low, alone.high, alone.n))


def test_clusters_widen_the_interval_when_they_differ():
    rng = np.random.default_rng(7)
    shift = np.repeat(rng.integers(1, 4, 20), 10)
    data = survey(np.column_stack([shift, shift + rng.integers(0, 2, 200)]), c=np.repeat(np.arange(20), 10))
    simple, clustered = index(data).row("index"), index(
        SurveyData(frame=data.frame, instrument=data.instrument, design=Design(cluster="c"))).row("index")
    assert clustered.value == simple.value
    assert clustered.high - clustered.low > 2.5 * (simple.high - simple.low)


@pytest.mark.parametrize(("answers", "columns", "note", "value"), [
    ([[4, 3]], {}, "too_few_respondents", 87.5),
    ([[4, 3], [4, 3], [4, 3]], {}, "no_variation", 87.5),
    ([[4, np.nan], [3, np.nan]], {}, "element_unanswered", np.nan),
    ([[np.nan, np.nan]] * 3, {}, "element_unanswered", np.nan),
    ([[4, 3], [2, 3], [1, 1]], {"c": "one"}, "one_cluster", 25 * 7 / 3),
])
def test_without_an_interval_a_note_says_why(answers, columns, note, value):
    found = index(survey(answers, design=Design(cluster="c" if columns else ""), **columns)).row("index")
    assert found.note == note and not found.has_interval
    assert found.value == pytest.approx(value, nan_ok=True)


def test_an_empty_survey_has_no_index_and_no_groups():
    data = survey(np.zeros((0, 2)))
    assert index(data).row("index").note == "element_unanswered"
    assert len(index(data, by=("unit",))) == 0
    assert constant_items(data) == ()


def test_a_lonely_stratum_is_said_and_counted():
    data = survey([[4, 3], [2, 3], [1, 1]], s=["a", "a", "b"], design=Design(stratum="s"))
    found = index(data).row("index")
    assert found.note == "lonely_stratum" and found.has_interval


def test_a_scale_of_five_has_its_own_unit():
    data = survey([[5, 4], [3, 2]], high=5)
    found = index(data, ruleset=rule("q0", "q1", factor=1, high=5, bands=())).row("index")
    assert (found.value, found.unit) == (3.5, "scale_points")


def test_unknown_group_column():
    with pytest.raises(KinerjaError, match="missing_columns"):
        index(survey([[4, 3]]), by=("desa",))


def test_constant_items_ignore_missing_and_unanswered():
    data = survey([[4, 3, np.nan, 1], [4, np.nan, np.nan, 2], [np.nan, 3, np.nan, 1]])
    assert constant_items(data) == ("q0", "q1")


def test_change_of_independent_samples_by_hand():
    before, after = survey([[2], [3], [4], [3]]), survey([[4], [3], [4]])
    found = index_change(before, after, ruleset=rule("q0"), level=0.95)
    variance = np.var([2, 3, 4, 3], ddof=1) / 4 + np.var([4, 3, 4], ddof=1) / 3
    assert found.value == pytest.approx(25 * (11 / 3 - 3))
    assert found.high - found.value == pytest.approx(2.5705818356363146 * 25 * np.sqrt(variance))
    assert found.n == 7


def test_clusters_in_both_periods_bring_their_covariance():
    rng = np.random.default_rng(11)
    level = np.repeat(rng.integers(1, 4, 25), 8)
    village, design = np.repeat(np.arange(25), 8), Design(cluster="c")
    parts = [survey((level + rng.integers(0, 2, 200))[:, None], c=village, design=design) for _ in range(2)]
    apart = SurveyData(frame=parts[1].frame.assign(c=parts[1].frame["c"] + 100), instrument=parts[1].instrument,
                       design=parts[1].design)
    shared = index_change(*parts, ruleset=rule("q0"), level=0.95)
    separate = index_change(parts[0], apart, ruleset=rule("q0"), level=0.95)
    assert shared.value == separate.value
    assert shared.high - shared.low < 0.4 * (separate.high - separate.low)


def test_change_needs_one_design_and_answers_in_both():
    with pytest.raises(KinerjaError, match="surveys_differ"):
        index_change(survey([[2], [3]]), survey([[2], [3]], c=[1, 2], design=Design(cluster="c")), ruleset=rule("q0"),
                     level=0.95)
    with pytest.raises(NotApplicable, match="change_unanswered"):
        index_change(survey([[2], [3]]), survey([[np.nan], [np.nan]]), ruleset=rule("q0"), level=0.95)
    assert index_change(survey([[2]]), survey([[2], [3]]), ruleset=rule("q0"), level=0.95).note == "too_few_respondents"


def estimate(value, half, **options):
    return Estimate(**{"label": "index", "value": value, "low": value - half, "high": value + half, "n": 100,
                       "method": "t"} | options)


def test_grades_sum_to_one_and_are_split_at_the_rounding_edge():
    edge = 88.31 - 0.005
    table = grade_probabilities(estimate(edge, 2.0), ruleset=rule("q0"))
    assert table.frame["label"].tolist() == list("DCBA")
    assert table.frame["value"].sum() == pytest.approx(1)
    assert table.row("A").value == pytest.approx(0.5)
    assert set(table.frame["note"]) == {"probability_no_interval"}


def test_grade_of_a_standard_error_above_the_edge():
    z = 1.959963984540054
    table = grade_probabilities(estimate(76.605 + 1.0, z), ruleset=rule("q0"))
    assert table.row("B").value + table.row("A").value == pytest.approx(0.8413447460685429)


def test_an_arm_cut_at_the_end_of_the_scale_does_not_make_the_grade_surer():
    whole = grade_probabilities(estimate(97.0, 10.0), ruleset=rule("q0")).row("A").value
    cut = grade_probabilities(estimate(97.0, 10.0, high=100.0), ruleset=rule("q0")).row("A").value
    assert cut == pytest.approx(whole)


def test_grades_need_bands_and_an_interval():
    with pytest.raises(NotApplicable, match="no_grades"):
        grade_probabilities(estimate(80, 1), ruleset=rule("q0", bands=()))
    bare = estimate(80, 1, low=float("nan"), high=float("nan"), note="no_variation")
    with pytest.raises(NotApplicable, match="grade_without_interval"):
        grade_probabilities(bare, ruleset=rule("q0"))


def test_grade_table_keeps_groups_and_leaves_bare_rows_empty():
    data = survey([[4, 3], [2, 3], [3, 3], [3, 3]], unit=["a", "a", "b", "b"])
    table = grade_table(index(data, by=("agency", "unit")), ruleset=rule("q0", "q1")).frame
    assert len(table) == 2 * 4
    first, second = table[table["unit"] == "a"], table[table["unit"] == "b"]
    assert first["value"].sum() == pytest.approx(1)
    assert second["value"].isna().all() and set(second["note"]) == {"grade_without_interval"}
    assert set(table["measured_in"]) == {"probability"}


def test_input_is_untouched():
    data = survey([[4, 3], [2, 1]], reverse=("q0",))
    before = data.frame.copy()
    index(data, by=("unit",))
    pd.testing.assert_frame_equal(data.frame, before)
