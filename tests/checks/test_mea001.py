"""MEA001: do the elements measure one thing?"""

import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status


@pytest.mark.parametrize(("ends", "status"), [
    ((0.60, 0.50, 0.69), Status.FAILED), ((0.75, 0.69, 0.80), Status.CONCERN), ((0.66, 0.60, 0.70), Status.CONCERN),
    ((0.80, 0.70, 0.88), Status.PASSED),
])
def test_the_interval_decides(make, ends, status):
    finding = make.judge("MEA001", make.indicator(), make.results(make.survey_results(alpha=make.estimate(*ends))))
    assert finding.status is status
    assert finding.numbers["low"] == ends[1]


def test_writes_value_interval_and_bar_with_a_comma(make):
    finding = make.judge("MEA001", make.indicator(), make.results(make.survey_results()))
    assert "0,85" in make.said(finding) and "0,80" in make.said(finding) and "0,70" in make.said(finding)


def test_not_applicable(make):
    for nothing in (NotApplicable("no_interval"), make.estimate(0.9), make.estimate(float("nan"))):
        found = make.results(make.survey_results(alpha=nothing))
        assert make.judge("MEA001", make.indicator(), found).status is Status.NOT_APPLICABLE
    finding = make.judge("MEA001", make.outcome_indicator(), make.results(make.survey_results()))
    assert finding.message.code == "not_applicable.not_survey_indicator"
