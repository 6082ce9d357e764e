"""CRI005: fires, stays silent, is not applicable."""

import numpy as np
import pandas as pd

from kinerja_lab.calibration.gaming import heaping_at_target, on_target
from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.evidence.calibration_results import CalibrationResults, GamingLook

NONE = NotApplicable("no_interval")


def found(make, survey=NONE, **changes):
    values = {"case_mix": (), "claims": (), "cuts": (), "risk": NONE, "unit_answers": NONE}
    return make.replace(make.results(survey), calibration=CalibrationResults(**{**values, **changes}))


EMPTY = pd.DataFrame(columns=["unit", "period", "before", "after", "size"])


def look(heaping=NONE, same=NONE, digits=NONE, jumps=NONE):
    return {"ikm": GamingLook(heaping=heaping, on_target=same, digits=digits, jumps=jumps, months=0)}


def near(make, short, good):
    values = np.concatenate([np.full(short, 79.5), np.full(good, 80.5)])
    return heaping_at_target(values, target=80.0, polarity=make.indicator().polarity, level=0.95, width=1.0)


def test_fires_on_heaping_and_on_years_of_equality(make):
    finding = make.judge("CRI005", make.indicator(), found(make, gaming=look(near(make, 2, 18))))
    assert finding.status.value == "failed" and "90%" in make.said(finding)
    equal = on_target(np.arange(5.0), np.arange(5.0), level=0.95)
    assert make.judge("CRI005", make.indicator(), found(make, gaming=look(same=equal))).status.value == "failed"


def test_a_jump_is_a_concern_and_is_named(make):
    jump = pd.DataFrame({"unit": ["u1"], "period": ["2025-06"], "before": [50.0], "after": [95.0], "size": [20.0]})
    finding = make.judge("CRI005", make.indicator(), found(make, gaming=look(jumps=jump)))
    assert finding.status.value == "concern" and "2025-06" in make.said(finding)


def test_silent_on_ordinary_numbers(make):
    same = on_target(np.arange(5.0), np.array([0.0, 1.5, 2.5, 3.5, 4.5]), level=0.95)
    finding = make.judge("CRI005", make.indicator(), found(make, gaming=look(near(make, 9, 11), same, jumps=EMPTY)))
    assert finding.status.value == "passed" and finding.numbers["looked"] == 3


def test_not_applicable_without_numbers(make):
    assert make.judge("CRI005", make.indicator(), found(make, gaming=look())).status.value == "not_applicable"
    assert make.judge("CRI005", make.indicator(), found(make)).status.value == "not_applicable"
