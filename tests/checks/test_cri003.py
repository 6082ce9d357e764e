"""CRI003: fires, stays silent, is not applicable."""

from kinerja_lab.calibration.gain import PredictiveGain
from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.evidence.calibration_results import CalibrationResults, ClaimLook

NONE = NotApplicable("no_interval")


def found(make, survey=NONE, **changes):
    values = {"case_mix": (), "claims": (), "cuts": (), "risk": NONE, "unit_answers": NONE}
    return make.replace(make.results(survey), calibration=CalibrationResults(**{**values, **changes}))


def claims(make, low, value, high, *, q=0.001, n=57):
    gain = PredictiveGain(gain=make.estimate(value, low, high, n=n), base_error=2.0, full_error=1.5, p=0.001,
                          left_out="unit")
    return (ClaimLook(indicator="ikm", criterion="waktu_tunggu", sign=-1, parts=NONE, slope=NONE, gain=gain, gain_q=q,
                      drift=NONE),)


def subject(make):
    return make.indicator(criteria=(make.Criterion(measure="waktu_tunggu", sign=-1),))


def test_fires_when_the_forecast_is_no_better(make):
    finding = make.judge("CRI003", subject(make), found(make, claims=claims(make, -0.2, -0.1, 0.0)))
    assert finding.status.value == "failed" and finding.numbers["gain_1"] == -0.1


def test_few_units_cannot_show_that_there_is_none(make):
    finding = make.judge("CRI003", subject(make), found(make, claims=claims(make, -0.2, -0.1, 0.0, n=24)))
    assert finding.status.value == "concern"


def test_silent_when_it_helps_and_only_after_the_number_of_looks(make):
    good = claims(make, 0.1, 0.4, 0.6)
    assert make.judge("CRI003", subject(make), found(make, claims=good)).status.value == "passed"
    many = claims(make, 0.1, 0.4, 0.6, q=0.2)
    assert make.judge("CRI003", subject(make), found(make, claims=many)).status.value == "concern"


def test_not_applicable_without_claims(make):
    assert make.judge("CRI003", subject(make), found(make)).status.value == "not_applicable"
    assert make.judge("CRI003", make.indicator(), found(make)).status.value == "not_applicable"
    assert make.judge("CRI003", subject(make), make.results()).status.value == "not_applicable"
