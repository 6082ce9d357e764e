"""PRO009: a unit is named as best or worst only where that is almost sure."""

import numpy as np
import pytest

from kinerja_lab.core.options import Polarity, Status
from kinerja_lab.evidence.standing_results import StandingResults
from kinerja_lab.profiling.ranking import fifth_chances


def found(make, means, sd, *, hidden=frozenset()):
    means = np.asarray(means, dtype=float)
    table = fifth_chances(means, np.full(len(means), sd), units=np.array([f"u{i}x" for i in range(len(means))]),
                          polarity=Polarity.MAXIMISE, level=0.95, rng=np.random.default_rng(1))
    return make.replace(make.results(make.survey_results()), standing=StandingResults(
        survey=make.unit_standing(fifths=table, hidden=hidden)))


@pytest.mark.parametrize(("means", "sd", "status"), [
    (np.arange(10) * 10.0, 0.5, Status.PASSED), ([*np.zeros(9), 50.0], 1.0, Status.CONCERN),
    (np.zeros(10), 1.0, Status.FAILED)])
def test_only_the_sure_are_counted(make, means, sd, status):
    assert make.judge("PRO009", make.indicator(), found(make, means, sd)).status is status


def test_a_hidden_unit_is_not_named(make):
    finding = make.judge("PRO009", make.indicator(), found(make, np.arange(10) * 10.0, 0.5, hidden=frozenset({"u9x"})))
    assert finding.numbers["best"] == 2
    assert "u9x" not in make.said(finding) and "u8x" in make.said(finding)


def test_not_applicable(make):
    few = make.replace(make.results(make.survey_results()), standing=StandingResults(survey=make.unit_standing()))
    assert make.judge("PRO009", make.indicator(), few).message.code == "not_applicable.no_units"
