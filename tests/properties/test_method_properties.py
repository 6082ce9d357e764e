"""What must hold for any data: order does not matter, a copy is a weight, patterns are rows, bands have no holes."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kinerja_lab.calibration.criterion import association
from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.indicator import AchievementRule
from kinerja_lab.core.instrument import Instrument, Item
from kinerja_lab.core.options import CapRule, DownFormula, MeasureKind, Polarity, ZeroRule
from kinerja_lab.core.outcome import Measure
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.core.ruleset import Band, Element, Ruleset
from kinerja_lab.core.survey import Design, SurveyData
from kinerja_lab.drafting.achievement import achievement
from kinerja_lab.estimation.satisfaction import constant_items, grade_table, satisfaction_index
from kinerja_lab.numeric.false_discovery import q_values
from kinerja_lab.profiling.funnel import funnel
from kinerja_lab.psychometrics.reliability import alpha, item_rest
from kinerja_lab.psychometrics.unit_reliability import unit_reliability

QUICK = settings(max_examples=60, deadline=None, derandomize=True)
CODES = ("q0", "q1", "q2")
RULE = Ruleset(code="r", title="R", source="test", confidence="high", scale_low=1, scale_high=4, index_factor=25,
               elements=tuple(Element(code=code, name=code) for code in CODES),
               bands=tuple(Band(code=c, name=c, lower=b) for c, b in zip("DCBA", (25, 65, 76.61, 88.31), strict=True)))
INSTRUMENT = Instrument(code="i", title="i", items=tuple(Item(code=code, text=code) for code in CODES), low=1, high=4,
                        ruleset="r")


@st.composite
def surveys(draw):
    n = draw(st.integers(0, 25))
    answers = draw(arrays(float, (n, 3), elements=st.sampled_from([1.0, 2.0, 3.0, 4.0, np.nan])))
    labels = {name: draw(arrays(np.int64, n, elements=st.integers(0, 3))) for name in ("unit", "s", "c")}
    weights = draw(arrays(float, n, elements=st.sampled_from([0.5, 1.0, 2.0])))
    frame = pd.DataFrame(answers, columns=CODES).assign(region="r", agency="a", period="p", w=weights, **labels)
    design = Design(weight="w", stratum=draw(st.sampled_from(["", "s"])), cluster=draw(st.sampled_from(["", "c"])))
    return SurveyData(frame=frame, instrument=INSTRUMENT, design=design)


def numbers(table):
    return table.frame[["value", "low", "high", "n"]].to_numpy(dtype=float)


@given(surveys(), st.randoms(use_true_random=False))
@QUICK
def test_the_order_of_rows_changes_nothing(survey, random):
    order = list(range(survey.n))
    random.shuffle(order)
    frame = survey.frame.iloc[order].reset_index(drop=True)
    turned = SurveyData(frame=frame, instrument=INSTRUMENT, design=survey.design)
    first, second = (satisfaction_index(data, ruleset=RULE, level=0.95, by=("unit",)) for data in (survey, turned))
    np.testing.assert_allclose(numbers(first), numbers(second), rtol=1e-9)
    assert first.frame["note"].tolist() == second.frame["note"].tolist()


@given(surveys())
@QUICK
def test_any_survey_has_an_index_in_its_range_or_a_note(survey):
    table = satisfaction_index(survey, ruleset=RULE, level=0.95, by=("unit",)).frame
    known = table.dropna(subset=["value"])
    assert known["value"].between(25 - 1e-9, 100 + 1e-9).all()
    assert (table["note"] != "")[table["low"].isna()].all()
    assert set(constant_items(survey)) <= set(CODES)


@given(surveys())
@QUICK
def test_a_copy_of_a_respondent_is_a_double_weight(survey):
    twice = pd.concat([survey.frame, survey.frame.iloc[:1]])
    heavy = survey.frame.assign(w=survey.frame["w"] * (1 + (np.arange(survey.n) == 0)))
    surveys = (SurveyData(frame=frame, instrument=INSTRUMENT, design=survey.design) for frame in (twice, heavy))
    found = [satisfaction_index(data, ruleset=RULE, level=0.95).row("index").value for data in surveys]
    np.testing.assert_allclose(found[0], found[1], rtol=1e-12)


@given(surveys())
@QUICK
def test_grades_of_a_group_sum_to_one(survey):
    index = satisfaction_index(survey, ruleset=RULE, level=0.9, by=("unit",))
    sums = grade_table(index, ruleset=RULE).frame.groupby("unit")["value"].sum(min_count=4)
    expected = np.where(index.frame["low"].isna(), np.nan, 1.0)
    np.testing.assert_allclose(sums.to_numpy(dtype=float), expected)


@given(st.lists(st.tuples(*[st.integers(1, 4)] * 3), min_size=3, max_size=40))
@QUICK
def test_alpha_of_patterns_is_alpha_of_rows(rows):
    sheets = np.array(rows, dtype=float)
    frame = pd.DataFrame(sheets, columns=CODES).assign(region="r", agency="a", unit="u", period="p")
    patterns = ResponsePatterns.from_survey(SurveyData(frame=frame, instrument=INSTRUMENT))
    covariance = np.cov(sheets, rowvar=False)
    if (sheets.min(axis=0) == sheets.max(axis=0)).any() or covariance.sum() < 1e-9:
        with pytest.raises(NotApplicable):
            alpha(patterns, level=0.95)
        return
    found = alpha(patterns, level=0.95)
    assert found.value == pytest.approx(1.5 * (1 - np.trace(covariance) / covariance.sum()), abs=1e-9)
    assert found.n == len(rows) and (found.has_interval or found.note)
    assert len(item_rest(patterns, level=0.95)) == 3


@given(st.floats(0, 130, allow_nan=False))
@QUICK
def test_no_value_falls_between_bands(value):
    value = max(value, 25.0)
    rounded = RULE.round(value)
    band = RULE.band_of(value)
    above = [other.lower for other in RULE.bands if other.lower > band.lower]
    assert band.lower <= rounded and all(rounded < lower for lower in above)


@given(arrays(float, st.integers(4, 30), elements=st.integers(1, 5).map(float)), st.integers(2, 5),
       st.floats(-100, 100), st.floats(0.1, 10))
@QUICK
def test_shifting_and_scaling_scores_leaves_reliability_alone(scores, units, shift, scale):
    codes = np.arange(len(scores)) % units
    try:
        plain = unit_reliability(scores, codes, level=0.95)
    except NotApplicable as reason:
        with pytest.raises(NotApplicable, match=reason.message.code.split(".")[1]):
            unit_reliability(scale * scores + shift, codes, level=0.95)
        return
    moved = unit_reliability(scale * scores + shift, codes, level=0.95)
    for name in ("icc1", "reliability"):
        first, second = getattr(plain, name), getattr(moved, name)
        np.testing.assert_allclose([first.value, first.low, first.high], [second.value, second.low, second.high],
                                   atol=1e-6)


@given(arrays(float, st.tuples(st.just(2), st.integers(8, 40)), elements=st.integers(-5, 5).map(float)),
       st.integers(1, 12))
@QUICK
def test_an_association_is_symmetric_and_turns_its_sign(values, regions):
    x, y = values
    units = pd.DataFrame({"unit": np.arange(len(x)).astype(str), "region": (np.arange(len(x)) % regions).astype(str)})

    def run(first, second):
        try:
            return association(units.assign(value=first), units.assign(value=second), indicator_code="a", criterion="b",
                               expected_sign=1, level=0.95)
        except NotApplicable:
            return None

    found, swapped, turned = run(x, y), run(y, x), run(x, -y)
    assert (found is None) == (swapped is None) == (turned is None)
    if found is not None:
        assert found.rank.value == pytest.approx(swapped.rank.value, abs=1e-9)
        assert found.rank.value == pytest.approx(-turned.rank.value, abs=1e-9)
        assert 0 <= found.p <= 1 and found.p == pytest.approx(turned.p, abs=1e-9)


@given(arrays(float, st.integers(5, 30), elements=st.integers(0, 60).map(float)),
       st.sampled_from([MeasureKind.RATE, MeasureKind.PROPORTION]), st.integers(0, 1000))
@QUICK
def test_any_counts_make_a_funnel_or_a_reason(events, kind, seed):
    measure = Measure(code="m", name="m", kind=kind, unit="", polarity=Polarity.MINIMISE)
    denominator = np.random.default_rng(seed).integers(60, 90, len(events)).astype(float)
    table = pd.DataFrame({"agency": "a", "unit": np.arange(len(events)).astype(str), "events": events,
                          "denominator": denominator, "expected": np.nan})
    try:
        found = funnel(table, measure=measure, level=0.95)
    except NotApplicable:
        assert events.sum() == 0
        return
    again = funnel(table.iloc[::-1].reset_index(drop=True), measure=measure, level=0.95)
    assert found.tau2 >= 0 and found.tau2 == pytest.approx(again.tau2, abs=1e-12)
    assert [flag[:2] for flag in found.flags] == [flag[:2] for flag in again.flags]
    assert np.isfinite(found.limits.to_numpy()).all()


@given(arrays(float, st.integers(0, 30), elements=st.floats(0, 1)))
@QUICK
def test_q_values_are_never_below_p_and_keep_the_order(p):
    q = q_values(p)
    assert (q >= p - 1e-15).all() and (q <= 1).all()
    order = np.argsort(p, kind="stable")
    assert (np.diff(q[order]) >= -1e-15).all()


@given(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6), st.sampled_from([Polarity.MAXIMISE, Polarity.MINIMISE]),
       st.sampled_from(list(DownFormula)), st.sampled_from(list(CapRule)), st.sampled_from(list(ZeroRule)))
@QUICK
def test_an_achievement_is_a_number_under_its_cap_or_a_reason(target, realisation, polarity, down, cap, zero):
    rule = AchievementRule(down=down, cap=cap, zero=zero)
    try:
        found = achievement(target, realisation, polarity=polarity, rule=rule)
    except NotApplicable:
        return
    assert not np.isnan(found)
    if cap is not CapRule.NONE:
        assert found <= float(cap.value.removeprefix("cap_"))
