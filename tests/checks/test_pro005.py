"""PRO005: tiers; the share of pairs of sure order decides."""

import numpy as np
import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Polarity, Status
from kinerja_lab.evidence.standing_results import StandingResults
from kinerja_lab.profiling.ranking import rank_units


def found(make, values, se=1.0):
    values = np.asarray(values, dtype=float)
    ranking = rank_units(values, np.full(len(values), se), units=np.array([f"u{i}" for i in range(len(values))]),
                         polarity=Polarity.MAXIMISE, level=0.95, rng=np.random.default_rng(1), own=False)
    return make.replace(make.results(make.survey_results()), standing=StandingResults(
        survey=make.unit_standing(ranking=ranking)))


@pytest.mark.parametrize(("values", "status", "tiers"), [
    (np.arange(8) * 20.0, Status.PASSED, 8), ([0.0, 0.1, 0.2, 0.3, 0.4, 12.0], Status.CONCERN, 2),
    (np.full(6, 80.0), Status.FAILED, 1)])
def test_sure_pairs_decide(make, values, status, tiers):
    finding = make.judge("PRO005", make.indicator(), found(make, values))
    assert finding.status is status
    assert finding.numbers["tiers"] == tiers


def test_not_applicable(make):
    nothing = make.results(make.survey_results())
    assert make.judge("PRO005", make.indicator(), nothing).message.code == "not_applicable.standing_not_computed"
    reason = make.replace(nothing, standing=StandingResults(survey=NotApplicable("no_units")))
    assert make.judge("PRO005", make.indicator(), reason).message.code == "not_applicable.no_units"
