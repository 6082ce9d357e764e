"""One adjusted score: steps that add up, raters of separate groups, expectations not to be used, hidden units."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.calibration.rater_changes import rater_changes
from kinerja_lab.calibration.raters import adjust_for_raters
from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import MEASURED_IN, Estimate, EstimateTable
from kinerja_lab.core.options import MeasureKind, Polarity
from kinerja_lab.core.outcome import Measure
from kinerja_lab.evidence.standing_results import AdjustedLook, CaseMixLook, StandingResults, UnitStanding
from kinerja_lab.profiling.adjusted import adjusted_scores, rater_adjusted_scores
from kinerja_lab.profiling.case_mix import Calibration
from kinerja_lab.report.analyse_adjusted import adjusted_looks
from kinerja_lab.report.sections_adjusted import adjusted_estimates, chosen_look

SHARE = Measure(code="tepat", name="Tepat waktu", kind=MeasureKind.PROPORTION, unit="%", polarity=Polarity.MAXIMISE,
                scale=100.0)
NONE = NotApplicable("no_units")


def ratings(*, apart):
    """Six units of eight raters each, one rater two points milder; two separate groups of units and raters if apart."""
    rng = np.random.default_rng(11)
    unit, rater = np.repeat(np.arange(6), 8), np.tile(np.arange(8), 6)
    mild = np.where(rater == 0, 2.0, 0.0)
    seen = ~((rater == 0) & (unit >= 3))  # the mild rater sees half of the units
    if apart:
        rater = rater + 100 * (unit % 2)
    scores = 10 + 0.5 * unit + mild + rng.normal(0, 0.3, len(unit))
    return scores[seen], unit[seen], rater[seen]


@pytest.mark.parametrize("apart", [False, True])
def test_the_steps_of_raters_are_their_mean_severity_and_add_up_to_the_prediction(apart):
    scores, unit, rater = ratings(apart=apart)
    found = adjust_for_raters(scores, unit, rater, level=0.95)
    severity = found.severity.frame.set_index("label")["value"]
    own = pd.Series(severity.loc[rater].to_numpy()).groupby(unit).mean()
    steps = rater_adjusted_scores(found.units, mean=found.mean, tau2=found.components.row("unit").value)
    wide = steps.units.frame.pivot(index="unit", columns="label", values="value")
    assert steps.steps == ("rater", "shrinkage")
    assert wide["rater"].to_numpy() == pytest.approx(own.to_numpy(), abs=1e-12)
    assert wide[["raw", "rater", "shrinkage"]].sum(axis=1).to_numpy() == pytest.approx(wide["adjusted"].to_numpy())
    # Henderson: effect = n / (n + residual / unit variance) x (rater-free mean - mean)
    ratio = found.components.row("residual").value / found.components.row("unit").value
    n = pd.Series(unit).groupby(unit).size().to_numpy()
    free = (wide["raw"] + wide["rater"]).to_numpy()
    assert found.mean + n / (n + ratio) * (free - found.mean) == pytest.approx(wide["adjusted"].to_numpy(), abs=1e-8)
    step = wide["rater"].to_numpy()
    assert step[3] > step[1] and step[4] > step[2], "who was not rated by the mild rater gains on who was"


def test_the_model_has_an_answer_where_units_share_no_rater_and_least_squares_has_none():
    found = adjust_for_raters(*ratings(apart=True), level=0.95)
    with pytest.raises(NotApplicable) as error:
        rater_changes(found)
    assert error.value.message.code == "not_applicable.raters_not_connected"
    changes = rater_changes(found, way="mixed_model")
    assert len(changes.units) == 6 and changes.largest.value == pytest.approx(changes.units["change"].abs().max())
    assert changes.typical.value == pytest.approx(changes.units["change"].abs().median())
    assert changes.typical.note == "changes_no_interval"
    with pytest.raises(KinerjaError) as error:
        rater_changes(found, way="mixed")
    assert error.value.message.params["nearest"] == "mixed_model"


def test_limits_are_those_given_and_end_with_the_scale():
    raw, se = np.array([2.0, 50.0, 99.0]), np.full(3, 2.0)
    found = adjusted_scores(raw, se, units=np.array(list("abc")), level=0.95, bounds=(0.0, 100.0),
                            limits=(raw - 1.5, raw + 4.0)).units.frame
    rows = found[found["label"] == "raw"]
    assert rows["low"].tolist() == [0.5, 48.5, 97.5] and rows["high"].tolist() == [6.0, 54.0, 100.0]
    rows = found[found["label"] == "adjusted"]
    assert rows["high"].max() == 100.0 and rows["low"].min() == 0.0


def test_a_score_beyond_the_scale_is_no_answer():
    raw = np.array([98.0, 50.0, 60.0])
    with pytest.raises(NotApplicable) as error:
        adjusted_scores(raw, np.full(3, 0.1), units=np.array(list("abc")), level=0.95, bounds=(0.0, 100.0),
                        expected=np.array([40.0, 60.0, 60.0]))
    assert error.value.message.code == "not_applicable.adjusted_outside_scale"


def table_of(units, labels):
    rows = [{"unit": unit, "label": label, "value": 3.0, "low": 2.0, "high": 4.0, "level": 0.95, "n": 9, "method": "m",
             MEASURED_IN: "scale_points", "note": ""} for label in labels for unit in units]
    return EstimateTable(groups=("unit",), frame=pd.DataFrame(rows))


def test_raters_refuse_few_units_and_a_table_without_the_step():
    with pytest.raises(NotApplicable):
        rater_adjusted_scores(table_of("ab", ("raw", "rater_free", "adjusted")), mean=3.0, tau2=1.0)
    with pytest.raises(KinerjaError) as error:
        rater_adjusted_scores(table_of("abc", ("raw", "adjusted")), mean=3.0, tau2=1.0)
    assert error.value.message.code == "error.rater_units_differ"


# in the report

def slope(low, value, high):
    one = Estimate(label="slope", value=value, low=low, high=high, n=4, method="m")
    return Calibration(slope=one, level_ratio=one, groups=EstimateTable.from_estimates([one]))


def standing(case_mix=NONE, hidden=frozenset()):
    events, size = np.array([30.0, 45.0, 70.0, 88.0]), np.full(4, 100.0)
    frame = pd.DataFrame({"unit": list("abcd"), "label": "unit_rate", "value": events, "low": events - 9,
                          "high": events + 9, "level": 0.95, "n": 100, "method": "m", MEASURED_IN: "%", "note": ""})
    table = pd.DataFrame({"unit": list("abcd"), "events": events, "denominator": size,
                          "expected": [40.0, 50.0, 70.0, 80.0]})
    return table, UnitStanding(
        code="tepat", polarity=Polarity.MAXIMISE, rates=EstimateTable(groups=("unit",), frame=frame), ranking=NONE,
        fifths=NONE, shrunken=NONE, benchmark=NONE, case_mix=case_mix, dispersion=2.0, method="m", hidden=hidden)


def looked(table, look):
    return adjusted_looks(NONE, measures=(SHARE,), by_unit={"tepat": table}, looks={"tepat": look}, level=0.95)


@pytest.mark.parametrize(("ends", "cases", "steps"), [
    ((0.6, 1.0, 1.4), "allowed", ("case_mix", "shrinkage")), ((-0.5, 0.9, 2.0), "unproven", ("case_mix", "shrinkage")),
    ((0.1, 0.4, 0.8), "contradicted", ("shrinkage",)), ((1.2, 2.0, 3.0), "contradicted", ("shrinkage",))])
def test_expectations_are_used_only_while_nothing_contradicts_them(ends, cases, steps):
    mix = CaseMixLook(calibration=slope(*ends), moved=slope(*ends).slope, source="given", explained=0.1, method="m")
    found = looked(*standing(mix))["tepat"]
    assert (found.cases, found.scores.steps) == (cases, steps)


def test_the_step_of_cases_is_the_mean_expectation_less_the_own_one():
    found = looked(*standing())["tepat"]
    assert found.cases == "unproven"
    wide = found.scores.units.frame.pivot(index="unit", columns="label", values="value")
    assert wide["case_mix"].tolist() == pytest.approx([20.0, 10.0, -10.0, -20.0])
    frame = found.scores.units.frame
    raw = frame[frame["label"] == "raw"]
    assert raw["low"].tolist() == [21.0, 36.0, 61.0, 79.0]
    # the error is that under the expectation, widened by the variation within units
    kept = (wide["adjusted"] - found.scores.mean) / (wide["raw"] + wide["case_mix"] - found.scores.mean)
    variance = 1e4 * 2.0 * np.array([0.4 * 0.6, 0.25, 0.21, 0.16]) / 100
    assert kept.to_numpy() == pytest.approx(found.scores.tau2 / (found.scores.tau2 + variance))


def test_without_expectations_or_with_impossible_ones_there_is_no_look_or_a_reason():
    table, look = standing()
    assert looked(table.assign(expected=np.nan), look) == {}
    found = looked(table.assign(expected=[100.0, 50.0, 60.0, 70.0]), look)["tepat"]
    assert isinstance(found, NotApplicable) and found.message.code == "not_applicable.expected_at_the_end"


def test_trusted_expectations_are_shown_first_and_hidden_units_are_not_written():
    look = looked(*standing(hidden=frozenset("a")))["tepat"]
    trusted = replace(look, code="lain", cases="allowed")
    found = StandingResults(survey=NONE, adjusted={"tepat": look, "lain": trusted})
    assert chosen_look(found) is trusted and chosen_look(found, "tepat") is look
    assert chosen_look(found, "tidak_ada").message.code == "not_applicable.adjusted_nothing_known"
    written = dict(adjusted_estimates(found))
    assert set(written["standing.lain.adjusted"].frame["unit"]) == set("bcd")
    assert {"standing.tepat.adjusted.moved", "standing.lain.adjusted.moved"} < set(written)
    assert "standing.tepat.adjusted" not in written
    assert isinstance(look, AdjustedLook) and look.scores.moved.n == 4
