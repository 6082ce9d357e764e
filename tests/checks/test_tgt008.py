"""TGT008: fires, stays silent, is not applicable."""

import numpy as np

from kinerja_lab.calibration.attainable import chance_to_reach, quantile_targets
from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.evidence.calibration_results import CalibrationResults, TargetLook

NONE = NotApplicable("no_interval")


def found(make, survey=NONE, **changes):
    values = {"case_mix": (), "claims": (), "cuts": (), "risk": NONE, "unit_answers": NONE}
    return make.replace(make.results(survey), calibration=CalibrationResults(**{**values, **changes}))


def look(make, target):
    rows = [make.estimate(value, value - 1, value + 1, n=50, unit="index_100") for value in np.linspace(70, 85, 40)]
    table = EstimateTable.from_estimates(rows, groups=("agency", "unit"),
                                         keys=[("a", f"u{place}") for place in range(len(rows))])
    polarity = make.indicator().polarity
    return {"ikm": TargetLook(target=target, period="2025", trend=NONE, options=quantile_targets(
        table, polarity=polarity), chances=chance_to_reach(table, target=target, polarity=polarity))}


def judged(make, target):
    return make.judge("TGT008", make.indicator(), found(make, targets=look(make, target)))


def test_fires_when_nearly_nobody_can_reach_it(make):
    finding = judged(make, 92.0)
    assert finding.status.value == "failed" and finding.numbers["share"] == 0


def test_a_target_that_asks_for_nothing_is_a_concern(make):
    assert judged(make, 60.0).status.value == "concern"


def test_silent_in_between(make):
    finding = judged(make, 77.5)
    assert finding.status.value == "passed" and finding.numbers["share"] == 0.5


def test_not_applicable_without_a_target(make):
    assert make.judge("TGT008", make.indicator(), found(make)).status.value == "not_applicable"
