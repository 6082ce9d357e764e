"""MEA004: can the survey tell units apart?"""

import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status


@pytest.mark.parametrize(("ends", "status"), [
    ((0.40, 0.10, 0.60), Status.FAILED), ((0.75, 0.60, 0.85), Status.CONCERN), ((0.85, 0.70, 0.92), Status.PASSED),
])
def test_the_interval_decides(make, ends, status):
    found = make.results(make.survey_results(unit_reliability=make.unit_reliability(*ends)))
    assert make.judge("MEA004", make.indicator(), found).status is status


def test_says_how_many_respondents_are_needed(make):
    found = make.results(make.survey_results(
        unit_reliability=make.unit_reliability(0.4, 0.1, 0.6, needed=(34.0, 15.0, float("inf")))))
    finding = make.judge("MEA004", make.indicator(), found)
    assert finding.numbers["needed"] == 34
    assert "34" in make.said(finding) and "∞" in make.said(finding)


def test_says_so_when_the_number_needed_is_unknown(make):
    found = make.results(make.survey_results(
        unit_reliability=make.unit_reliability(0.0, 0.0, 0.3, needed=(float("nan"),))))
    assert "tidak dapat diperkirakan" in make.said(make.judge("MEA004", make.indicator(), found))


def test_not_applicable(make):
    found = make.results(make.survey_results(unit_reliability=NotApplicable("no_interval")))
    assert make.judge("MEA004", make.indicator(), found).status is Status.NOT_APPLICABLE
    finding = make.judge("MEA004", make.outcome_indicator(), make.results(make.survey_results()))
    assert finding.message.code == "not_applicable.not_survey_indicator"
