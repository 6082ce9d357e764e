"""STD002: fires, stays silent, is not applicable."""

import numpy as np
import pandas as pd

from kinerja_lab.calibration.anchored_cut import against_cut
from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.evidence.calibration_results import CalibrationResults, CutLook

NONE = NotApplicable("no_interval")


def found(make, survey=NONE, **changes):
    values = {"case_mix": (), "claims": (), "cuts": (), "risk": NONE, "unit_answers": NONE}
    return make.replace(make.results(survey), calibration=CalibrationResults(**{**values, **changes}))


def cuts(make, value, low, high):
    cut = make.estimate(value, low, high, n=57, unit="score")
    beside = against_cut(cut, other=76.61, scores=np.linspace(60, 95, 57))
    return (CutLook(indicator="ikm", criterion="waktu_tunggu", target=35.0, curve=NONE, shown_scale=1.0, cut=cut,
                    legal_band="B", legal_cut=76.61, beside=beside, points=pd.DataFrame()),)


def judged(make, value, low, high):
    return make.judge("STD002", make.indicator(), found(make, make.survey_results(), cuts=cuts(make, value, low, high)))


def test_fires_when_the_cuts_are_apart(make):
    finding = judged(make, 86.0, 83.0, 89.0)
    assert finding.status.value == "failed" and finding.numbers["difference_1"] == 76.61 - 86.0


def test_a_wide_interval_is_a_concern_also_without_an_end(make):
    assert judged(make, 80.0, 70.0, 90.0).status.value == "concern"
    assert judged(make, 80.0, 70.0, float("inf")).status.value == "concern"


def test_silent_when_they_agree(make):
    assert judged(make, 77.0, 75.0, 79.0).status.value == "passed"


def test_not_applicable_without_a_target_or_a_curve(make):
    assert make.judge("STD002", make.indicator(), found(make, make.survey_results())).status.value == "not_applicable"
    bare = tuple(make.replace(look, cut=NONE, beside=NONE) for look in cuts(make, 77.0, 75.0, 79.0))
    finding = make.judge("STD002", make.indicator(), found(make, make.survey_results(), cuts=bare))
    assert finding.status.value == "not_applicable"
