"""PRO006: the interval of the least volume decides, not its estimate."""

import numpy as np
import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.core.options import MeasureKind, Status
from kinerja_lab.evidence.standing_results import StandingResults
from kinerja_lab.profiling.shrinkage import shrink_shares


def found(make, volume, sizes):
    sizes = np.array(sizes, dtype=float)
    units = np.array([f"u{i}" for i in range(len(sizes))])
    shares = np.linspace(0.2, 0.8, len(sizes))
    shrunken = shrink_shares(np.round(shares * sizes), sizes, units=units, level=0.95)
    value, low, high = volume
    note = "" if np.isfinite(value) else "no_unit_differences"
    estimate = Estimate(label="volume", value=value, low=np.nan if note else low, high=np.nan if note else high,
                        n=len(sizes), method="m", unit="cases", note=note)
    standing = make.unit_standing(code="waktu_tunggu", shrunken=make.replace(shrunken, volume=estimate))
    outcomes = make.outcomes([("u0", "2025", 1.0, 1.0, 9.0)], kind=MeasureKind.PROPORTION)
    return make.replace(make.results(outcomes=outcomes), standing=StandingResults(
        survey=NotApplicable("no_units"), measures={"waktu_tunggu": standing}))


@pytest.mark.parametrize(("volume", "status", "below"), [
    ((50.0, 30.0, 90.0), Status.PASSED, 0), ((110.0, 60.0, 200.0), Status.CONCERN, 1),
    ((500.0, 310.0, 900.0), Status.FAILED, 4)])
def test_the_interval_decides(make, volume, status, below):
    finding = make.judge("PRO006", make.outcome_indicator(), found(make, volume, [100, 200, 250, 300]))
    assert finding.status is status and finding.numbers["below"] == below


def test_the_survey_takes_the_reliability_of_the_survey(make):
    survey = make.survey_results(unit_reliability=make.unit_reliability(0.9, 0.8, 0.95, needed=(12.0, 8.0, 20.0)))
    results = make.replace(make.results(survey), standing=StandingResults(survey=make.unit_standing()))
    assert make.judge("PRO006", make.indicator(), results).status is Status.PASSED


def test_not_applicable_where_units_do_not_differ(make):
    finding = make.judge("PRO006", make.outcome_indicator(), found(make, (np.inf, 0, 0), [100, 200, 250, 300]))
    assert finding.message.code == "not_applicable.units_do_not_differ"
