"""STD001: fires, stays silent, is not applicable."""

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.estimation.grade_risk import unit_grade_risk
from kinerja_lab.evidence.calibration_results import CalibrationResults

NONE = NotApplicable("no_interval")


def found(make, survey=NONE, **changes):
    values = {"case_mix": (), "claims": (), "cuts": (), "risk": NONE, "unit_answers": NONE}
    return make.replace(make.results(survey), calibration=CalibrationResults(**{**values, **changes}))


def answers(make, values, half=3.0):
    rows = [make.estimate(value, value - half, value + half, n=50, unit="index_100") for value in values]
    table = EstimateTable.from_estimates(rows, groups=("agency", "unit"),
                                         keys=[("a", f"u{place}") for place in range(len(rows))])
    return unit_grade_risk(table, ruleset=make.RULE)


def judged(make, values, half=3.0):
    return make.judge("STD001", make.indicator(), found(
        make, make.survey_results(), unit_answers=answers(make, values, half)))


def test_fires_when_most_letters_may_be_wrong(make):
    finding = judged(make, [76.0, 77.0, 88.0, 82.0])
    assert finding.status.value == "failed" and finding.numbers["unsure"] == 3


def test_one_unit_is_a_concern(make):
    assert judged(make, [77.0, 82.0, 82.0, 70.0]).status.value == "concern"


def test_a_unit_on_the_cut_is_never_settled(make):
    assert "tidak memutuskan" in make.said(judged(make, [76.605, 82.0, 82.0]))


def test_silent_when_all_are_sure(make):
    assert judged(make, [82.0, 70.0, 94.0]).status.value == "passed"


def test_not_applicable_without_intervals(make):
    finding = make.judge("STD001", make.indicator(), found(make, make.survey_results()))
    assert finding.status.value == "not_applicable"
