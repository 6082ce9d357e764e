"""MEA015: where on the scale does the questionnaire measure at all?"""

import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status
from kinerja_lab.evidence.irt_results import FairnessResults


def fairness(make, measured, *, above=(0.3, 0.25, 0.35)):
    reason = NotApplicable("too_few_items", n=1, least=3)
    return FairnessResults(
        looks=(), scale_width=3.0, model=reason, information=reason, scores=reason,
        reliability=make.estimate(0.8, 0.7, 0.9, unit="coefficient"), measured=make.estimate(*measured),
        above=make.estimate(*above))


def judge(make, found):
    return make.judge("MEA015", make.indicator(), make.replace(make.results(make.survey_results()), fairness=found))


@pytest.mark.parametrize(("measured", "status"), [
    ((0.9, 0.85, 0.95), Status.PASSED), ((0.5, 0.45, 0.55), Status.CONCERN), ((0.3, 0.25, 0.35), Status.FAILED)])
def test_the_interval_decides(make, measured, status):
    assert judge(make, fairness(make, measured)).status is status


def test_says_how_many_stand_at_the_ceiling(make):
    finding = judge(make, fairness(make, (0.3, 0.25, 0.35), above=(0.62, 0.58, 0.66)))
    assert "62%" in make.said(finding) and finding.numbers["above"] == 0.62


def test_not_applicable(make):
    found = fairness(make, (0.9, 0.85, 0.95))
    bare = make.replace(found, measured=NotApplicable("irt_few_sheets", n=50, least=100))
    assert judge(make, bare).message.code == "not_applicable.irt_few_sheets"
    assert make.judge("MEA015", make.outcome_indicator(), make.results(make.survey_results())).status is (
        Status.NOT_APPLICABLE)
