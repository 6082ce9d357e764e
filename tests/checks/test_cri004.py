"""CRI004: fires, stays silent, is not applicable."""

from kinerja_lab.calibration.drift import Drift
from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.evidence.calibration_results import CalibrationResults, ClaimLook

NONE = NotApplicable("no_interval")


def found(make, survey=NONE, **changes):
    values = {"case_mix": (), "claims": (), "cuts": (), "risk": NONE, "unit_answers": NONE}
    return make.replace(make.results(survey), calibration=CalibrationResults(**{**values, **changes}))


def claims(make, repair):
    table = make.table({"rank_before": (0.6, 0.4, 0.8), "rank_now": (0.1, -0.2, 0.4), "rank_change": (-0.5, -0.8, -0.2),
                        "level_shift": (1.0, 0.5, 1.5), "slope_change": (-0.1, -0.2, 0.0)})
    drift = NONE if repair is None else Drift(table=table, repair=repair, sign=1, p=(.01,) * 3, q=(.01,) * 3)
    return (ClaimLook(indicator="ikm", criterion="waktu_tunggu", sign=1, parts=NONE, slope=NONE, gain=NONE,
                      gain_q=float("nan"), drift=drift),)


def subject(make):
    return make.indicator(criteria=(make.Criterion(measure="waktu_tunggu", sign=1),))


def test_fires_when_it_stopped_and_warns_when_it_moved(make):
    for repair, status in (("stopped", "failed"), ("slope", "concern"), ("intercept", "concern")):
        finding = make.judge("CRI004", subject(make), found(make, claims=claims(make, repair)))
        assert finding.status.value == status
    assert "0,60" in make.said(make.judge("CRI004", subject(make), found(make, claims=claims(make, "stopped"))))


def test_silent_when_nothing_changed(make):
    assert make.judge("CRI004", subject(make), found(make, claims=claims(make, "none"))).status.value == "passed"


def test_not_applicable_without_a_period_before(make):
    finding = make.judge("CRI004", subject(make), found(make, claims=claims(make, None)))
    assert finding.status.value == "not_applicable"
