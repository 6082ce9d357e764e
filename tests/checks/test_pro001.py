"""PRO001: units outside the limits, named only where they are large enough."""

import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Polarity, Status

SIZES = {"rsud_a": 400, "rsud_b": 300, "rsud_kecil": 9}


def flagged(make, *flags, polarity=Polarity.MINIMISE, q=0.001):
    rows = [(unit, "2025", 1.0, 1.0, float(n)) for unit, n in SIZES.items()]
    return make.results(outcomes=make.outcomes(rows, polarity=polarity),
                        funnels={"waktu_tunggu": make.funnel(flags, sizes=SIZES, polarity=polarity, q=q)})


@pytest.mark.parametrize(("flag", "polarity", "status"), [
    (("rsud_a", "high", 4.0), Polarity.MINIMISE, Status.FAILED),
    (("rsud_a", "low", -4.0), Polarity.MINIMISE, Status.CONCERN),
    (("rsud_a", "low", -4.0), Polarity.MAXIMISE, Status.FAILED),
    (("rsud_a", "high", 4.0), Polarity.MAXIMISE, Status.CONCERN),
    (("rsud_a", "high", 4.0), Polarity.STABILISE, Status.FAILED),
    (("rsud_a", "low", -4.0), Polarity.STABILISE, Status.FAILED),
])
def test_the_worse_side_fails_and_the_better_is_a_concern(make, flag, polarity, status):
    finding = make.judge("PRO001", make.outcome_indicator(), flagged(make, flag, polarity=polarity))
    assert finding.status is status
    assert "rsud_a" in make.said(finding)


def test_a_small_unit_is_counted_but_not_named(make):
    found = flagged(make, ("rsud_kecil", "high", 5.0), ("rsud_b", "high", 4.0))
    finding = make.judge("PRO001", make.outcome_indicator(), found)
    assert finding.numbers["worse"] == 2
    assert "rsud_kecil" not in make.said(finding) and "rsud_b" in make.said(finding)
    finding = make.judge("PRO001", make.outcome_indicator(), flagged(make, ("rsud_kecil", "high", 5.0)))
    assert finding.status is Status.FAILED and "rsud_kecil" not in make.said(finding)


def test_a_flag_that_does_not_hold_after_all_looks_is_a_question_not_a_verdict(make):
    found = flagged(make, ("rsud_a", "high", 3.2), ("rsud_kecil", "low", -3.2), q=0.3)
    finding = make.judge("PRO001", make.outcome_indicator(), found)
    assert finding.status is Status.CONCERN
    assert (finding.numbers["worse"], finding.numbers["worse_kept"], finding.numbers["looks"]) == (1, 0, 3)
    said = make.said(finding)
    assert "mungkin kebetulan: rsud_a." in said and "rsud_kecil" not in said
    assert "memeriksa 3 nilai unit: 2 di luar batas, 0 bertahan" in said and "Yang perlu diperiksa" not in said


def test_silent_without_flags(make):
    assert make.judge("PRO001", make.outcome_indicator(), flagged(make)).status is Status.PASSED


def test_not_applicable(make):
    found = flagged(make)
    assert make.judge("PRO001", make.indicator(), found).message.code == "not_applicable.not_outcome_indicator"
    none = make.replace(found, funnels={})
    assert make.judge("PRO001", make.outcome_indicator(), none).message.code == "not_applicable.no_funnel"
    reason = make.replace(found, funnels={"waktu_tunggu": NotApplicable("no_index")})
    assert make.judge("PRO001", make.outcome_indicator(), reason).message.code == "not_applicable.no_index"
