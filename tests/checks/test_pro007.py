"""PRO007: expectations must come true before they may change the picture."""

import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import MeasureKind, Status
from kinerja_lab.evidence.standing_results import CaseMixLook, StandingResults
from kinerja_lab.profiling.case_mix import Calibration


def found(make, slope, moved, *, source="given", explained=0.3):
    low, value, high = slope
    calibration = Calibration(slope=make.estimate(value, low, high, label="slope"),
                              level_ratio=make.estimate(1.0, 0.9, 1.1), groups=make.table({"1": (1.0, 0.9, 1.1)}))
    look = CaseMixLook(calibration=calibration, moved=make.estimate(moved, label="moved"), source=source,
                       explained=explained, method="m")
    outcomes = make.outcomes([("u0", "2025", 1.0, 1.0, 9.0)], kind=MeasureKind.PROPORTION)
    return make.replace(make.results(outcomes=outcomes), standing=StandingResults(
        survey=NotApplicable("no_units"),
        measures={"waktu_tunggu": make.unit_standing(code="waktu_tunggu", case_mix=look)}))


@pytest.mark.parametrize(("slope", "moved", "status"), [
    ((0.8, 1.0, 1.2), 0.05, Status.PASSED), ((0.8, 1.0, 1.2), 0.30, Status.CONCERN),
    ((-0.2, 0.6, 1.4), 0.05, Status.CONCERN), ((0.2, 0.5, 0.8), 0.05, Status.FAILED),
    ((1.2, 1.6, 2.0), 0.05, Status.FAILED)])
def test_calibration_first_then_the_picture(make, slope, moved, status):
    assert make.judge("PRO007", make.outcome_indicator(), found(make, slope, moved)).status is status


def test_columns_that_explain_nothing_pass(make):
    results = found(make, (-3.0, -1.0, 0.5), 0.2, source="model", explained=-0.05)
    assert make.judge("PRO007", make.outcome_indicator(), results).status is Status.PASSED


def test_not_applicable(make):
    results = found(make, (0.8, 1.0, 1.2), 0.05)
    assert make.judge("PRO007", make.indicator(), results).message.code == "not_applicable.not_outcome_indicator"
    none = make.replace(results, standing=StandingResults(
        survey=NotApplicable("no_units"), measures={"waktu_tunggu": make.unit_standing(code="waktu_tunggu")}))
    assert make.judge("PRO007", make.outcome_indicator(), none).message.code == "not_applicable.no_units"
