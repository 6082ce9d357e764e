"""Core values check themselves when they are made, never change, and survive pickling."""

import dataclasses
import pickle
from datetime import date

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.errors import InputFault, InputFaults, KinerjaError, NotApplicable, closest
from kinerja_lab.core.estimate import FIXED_COLUMNS, Estimate, EstimateTable
from kinerja_lab.core.finding import Dossier, Finding
from kinerja_lab.core.hypothesis import HypothesisTest
from kinerja_lab.core.indicator import Criterion, Indicator
from kinerja_lab.core.instrument import Instrument, Item
from kinerja_lab.core.message import Message
from kinerja_lab.core.options import Family, IndicatorLevel, MeasureKind, Polarity, Status, WeightMode, as_option
from kinerja_lab.core.outcome import OUTCOME_COLUMNS, Measure, OutcomeData
from kinerja_lab.core.patterns import MISSING, ResponsePatterns
from kinerja_lab.core.ruleset import Band, Ruleset
from kinerja_lab.core.survey import Design, SurveyData


def estimate(**changes) -> Estimate:
    return Estimate(**{"label": "x", "value": 2.0, "low": 1.0, "high": 3.0, "n": 5, "method": "m", **changes})


def indicator(**changes) -> Indicator:
    return Indicator(**{
        "code": "ikm", "name": "IKM", "question": "q", "why": "w", "numerator": "index", "unit": "indeks",
        "polarity": Polarity.MAXIMISE, "level": IndicatorLevel.OUTCOME, "source": "SKM", "owner": "Dinas",
        "checker": "Bappeda", **changes})


INSTRUMENT = Instrument(code="i", title="I", low=1, high=4, ruleset="r", items=(
    Item(code="a", text="A"), Item(code="b", text="B", reverse=True)))


def survey(rows, **changes) -> SurveyData:
    frame = pd.DataFrame(rows, columns=["a", "b"]).assign(region="r", agency="g", unit="u", period="2025")
    return SurveyData(frame=frame.assign(**changes.pop("columns", {})), instrument=INSTRUMENT, **changes)


def outcomes(**changes) -> OutcomeData:
    row = {"region": "r", "agency": "g", "unit": "u", "period": "2025-01", "measure": "m", "value": 50.0, "events": 5.0,
           "denominator": 10.0, "expected": np.nan}
    frame = pd.DataFrame([{**row, **change} for change in changes.pop("rows", [{}])])
    kind = changes.pop("kind", MeasureKind.PROPORTION)
    return OutcomeData(frame=frame, measures=(
        Measure(code="m", name="M", kind=kind, unit="%", polarity=Polarity.MAXIMISE, scale=100),))


class TestErrors:
    def test_message_is_frozen_and_pickles(self):
        message = Message("error.x", {"a": 1})
        with pytest.raises(TypeError):
            message.params["a"] = 2
        assert pickle.loads(pickle.dumps(message)) == message

    def test_codes_and_params_survive_pickling(self):
        for error in (KinerjaError("x", a=1), NotApplicable("y", b="c"),
                      InputFaults([InputFault(message=Message("fault.z"), line=3)])):
            again = pickle.loads(pickle.dumps(error))
            assert type(again) is type(error)
            assert again.message == error.message
        assert again.faults[0].line == 3

    def test_sections(self):
        assert KinerjaError("x").message.code == "error.x"
        assert NotApplicable("x").message.code == "not_applicable.x"

    def test_closest(self):
        assert closest("sorce", ["source", "unit"]) == "source"
        assert closest("zzz", ["source", "unit"]) == ""
        assert closest("INDIKATOR KINERJA", ["Indikator Kinerja", "Satuan"]) == "Indikator Kinerja"

    def test_unknown_option_names_choices_and_nearest(self):
        with pytest.raises(KinerjaError) as caught:
            as_option(Polarity, "maximize")
        assert caught.value.message.params["nearest"] == "maximise"
        assert as_option(WeightMode, "exact") is WeightMode.EXACT

    def test_option_matches_exactly_never_by_part(self):
        with pytest.raises(KinerjaError):
            as_option(Polarity, "")


class TestEstimate:
    @pytest.mark.parametrize("bad", [
        {"low": 2.5}, {"high": 1.5}, {"low": float("nan")}, {"value": float("nan")}, {"level": 1.0}, {"level": 0.0}])
    def test_refuses(self, bad):
        with pytest.raises(KinerjaError):
            estimate(**bad)

    def test_no_interval_needs_a_note(self):
        nan = float("nan")
        bare = estimate(low=nan, high=nan, note="one_respondent")
        assert not bare.has_interval

    def test_frozen(self):
        with pytest.raises(dataclasses.FrozenInstanceError):
            estimate().value = 3

    def test_table_has_fixed_columns_and_returns_rows(self):
        table = EstimateTable.from_estimates([estimate(), estimate(label="y")], groups=("unit_code",),
                                             keys=[("p",), ("q",)])
        assert list(table.frame.columns) == ["unit_code", *FIXED_COLUMNS]
        assert table.row("y").label == "y"
        assert [e.label for e in table.estimates()] == ["x", "y"]

    def test_table_refuses_bare_row_and_wrong_interval(self):
        frame = estimate().to_frame()
        for change in ({"low": 2.5}, {"low": np.nan}):
            with pytest.raises(KinerjaError):
                EstimateTable(frame=frame.assign(**change))

    def test_row_must_be_unique(self):
        table = EstimateTable.from_estimates([estimate(), estimate()])
        with pytest.raises(KinerjaError):
            table.row("x")

    def test_table_does_not_share_the_callers_frame(self):
        frame = estimate().to_frame()
        table = EstimateTable(frame=frame)
        frame.loc[0, "value"] = 99.0
        assert table.row("x").value == 2.0


class TestRuleset:
    RULE = Ruleset(code="r", title="R", source="s", confidence="high", bands=tuple(
        Band(code=c, name=c, lower=low) for c, low in (("D", 25.0), ("C", 65.0), ("B", 76.61), ("A", 88.31))))

    @pytest.mark.parametrize(("value", "grade"), [
        (25.0, "D"), (64.99, "D"), (64.994999, "D"), (64.995, "C"), (65.0, "C"), (76.60, "C"), (76.604999, "C"),
        (76.605, "B"), (76.60499999999999, "B"), (76.61, "B"), (88.30, "B"), (88.305, "A"), (100.0, "A")])
    def test_no_hole_between_bands(self, value, grade):
        assert self.RULE.band_of(value).code == grade

    def test_a_unit_counts_as_good_from_the_upper_half_on(self):
        bands = tuple(Band(code=code, name=code, lower=float(place)) for place, code in enumerate("DCBA"))
        rule = {count: Ruleset(code="r", title="R", source="-", confidence="high", bands=bands[:count])
                for count in range(5)}
        assert [rule[count].good_band.code for count in (1, 2, 3, 4)] == ["D", "C", "C", "B"]
        with pytest.raises(KinerjaError):
            _ = rule[0].good_band

    def test_every_hundredth_has_a_band(self):
        assert all(self.RULE.band_of(25 + step / 1000).code in "DCBA" for step in range(0, 75001, 7))

    def test_below_the_scale_is_an_error(self):
        with pytest.raises(KinerjaError):
            self.RULE.band_of(24.99)

    def test_bands_must_increase(self):
        with pytest.raises(KinerjaError):
            dataclasses.replace(self.RULE, bands=(Band(code="a", name="", lower=2), Band(code="b", name="", lower=2)))

    def test_validity_years(self):
        rule = dataclasses.replace(self.RULE, valid_from=2014, valid_to=2016)
        assert [rule.holds_in(year) for year in (2013, 2014, 2016, 2017)] == [False, True, True, False]


class TestInstrumentAndIndicator:
    def test_duplicate_items_and_bad_scale(self):
        for change in ({"items": (Item(code="a", text=""), Item(code="a", text=""))}, {"low": 4}, {"items": ()}):
            with pytest.raises(KinerjaError):
                dataclasses.replace(INSTRUMENT, **change)

    def test_options_must_fit_the_scale(self):
        with pytest.raises(KinerjaError):
            dataclasses.replace(INSTRUMENT, items=(Item(code="a", text="", options=("x", "y")),))

    @pytest.mark.parametrize("bad", [
        {"code": "IKM 1"}, {"numerator": ""}, {"checker": " dinas "}, {"polarity": Polarity.STABILISE},
        {"polarity": Polarity.STABILISE, "stable_range": (85.0, 60.0)}])
    def test_indicator_refuses(self, bad):
        with pytest.raises(KinerjaError):
            indicator(**bad)

    def test_criterion_sign(self):
        with pytest.raises(KinerjaError):
            Criterion(measure="m", sign=0)


class TestSurveyAndPatterns:
    def test_answer_off_the_scale_or_not_whole(self):
        for bad in (5, 0, 2.5):
            with pytest.raises(KinerjaError):
                survey([[1, bad]])

    def test_weights_must_be_positive(self):
        for bad in (0.0, -1.0, np.nan, np.inf):
            with pytest.raises(KinerjaError):
                survey([[1, 2]], columns={"w": [bad]}, design=Design(weight="w"))

    def test_where_records_drops_only_with_a_reason(self):
        data = survey([[1, 2], [3, 4]])
        kept = data.where(np.array([True, False]), reason=Message("drop.x"))
        assert (kept.n, kept.drops[0].n, data.n) == (1, 1, 2)
        assert data.where(np.array([True, False])).drops == ()

    def test_patterns_count_and_reverse(self):
        patterns = ResponsePatterns.from_survey(survey([[1, 4], [1, 4], [2, np.nan]]))
        assert patterns.n == 3
        assert dict(zip(map(tuple, patterns.values.tolist()), patterns.counts.tolist(), strict=True)) == {
            (1, 1): 2, (2, MISSING): 1}

    def test_complete_and_only(self):
        patterns = ResponsePatterns.from_survey(survey([[1, 4], [1, 3], [2, np.nan]]))
        assert (patterns.complete().n, patterns.complete().dropped) == (2, 1)
        assert patterns.only(("a",)).counts.tolist() == [2, 1]

    def test_empty_survey_has_no_patterns(self):
        assert ResponsePatterns.from_survey(survey([])).n == 0

    def test_weights_are_summed_by_pattern(self):
        data = survey([[1, 4], [1, 4]], columns={"w": [0.5, 2.0]}, design=Design(weight="w"))
        assert ResponsePatterns.from_survey(data).weights.tolist() == [2.5]


class TestOutcomes:
    def test_refuses_duplicates_events_above_and_unknown(self):
        for rows in ([{}, {}], [{"events": 11.0}], [{"measure": "z"}]):
            with pytest.raises(KinerjaError):
                outcomes(rows=rows)

    def test_by_unit_sums_counts(self):
        data = outcomes(rows=[{}, {"period": "2025-02", "events": 1.0, "denominator": 30.0}])
        row = data.by_unit("m").iloc[0]
        assert (row["value"], row["n"]) == (pytest.approx(100 * 6 / 40), 2)
        assert np.isnan(row["expected"])

    def test_by_unit_weights_means_by_denominator(self):
        data = outcomes(kind=MeasureKind.MEAN, rows=[
            {"value": 10.0, "denominator": 1.0}, {"period": "2025-02", "value": 40.0, "denominator": 3.0}])
        assert data.by_unit("m")["value"].item() == pytest.approx((10 + 3 * 40) / 4)

    def test_frame_columns(self):
        with pytest.raises(KinerjaError):
            OutcomeData(frame=pd.DataFrame(columns=list(OUTCOME_COLUMNS[:-1])), measures=())


class TestFindingsAndTests:
    FINDING = Finding(code="A", family=Family.DATA, status=Status.PASSED, message=Message("m"))

    def test_dossier_cannot_be_silent_or_double(self):
        good = Dossier(indicator=indicator(), findings=(self.FINDING,), registered=("A",))
        assert good.count(Status.PASSED) == 1
        for findings, registered in (((), ("A",)), ((self.FINDING,) * 2, ("A",)), ((self.FINDING,), ("A", "B")),
                                     ((self.FINDING,), ())):
            with pytest.raises(KinerjaError):
                Dossier(indicator=indicator(), findings=findings, registered=registered)

    def test_finding_pickles(self):
        assert pickle.loads(pickle.dumps(self.FINDING)) == self.FINDING

    def test_hypothesis_test_p_in_range(self):
        with pytest.raises(KinerjaError):
            HypothesisTest(statistic=1, df=1, p=1.2, null=Message("null.x"), distribution="chi2", method="m", n=3)

    def test_every_value_prints_one_line(self):
        for value in (estimate(), self.FINDING, INSTRUMENT, indicator(next_review=date(2027, 1, 1)), TestRuleset.RULE,
                      survey([[1, 2]]), outcomes()):
            assert "\n" not in str(value)
