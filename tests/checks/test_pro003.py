"""PRO003: is the change since the last period more than noise?"""

import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status


@pytest.mark.parametrize(("ends", "status"), [
    ((-2.0, -3.0, -1.0), Status.FAILED), ((0.02, -1.4, 1.5), Status.CONCERN), ((1.0, 0.0, 2.0), Status.CONCERN),
    ((2.0, 0.5, 3.5), Status.PASSED),
])
def test_the_interval_decides(make, ends, status):
    finding = make.judge("PRO003", make.indicator(), make.results(make.survey_results(change=make.estimate(*ends))))
    assert finding.status is status
    assert "2024" in make.said(finding) and "2025" in make.said(finding)


def test_not_applicable(make):
    for nothing in (NotApplicable("no_previous_period"), make.estimate(1.0)):
        found = make.results(make.survey_results(change=nothing))
        assert make.judge("PRO003", make.indicator(), found).status is Status.NOT_APPLICABLE
    finding = make.judge("PRO003", make.outcome_indicator(), make.results(make.survey_results()))
    assert finding.message.code == "not_applicable.not_survey_indicator"
