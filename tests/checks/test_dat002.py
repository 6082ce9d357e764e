"""DAT002: sheets with the same answer throughout."""

import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status


@pytest.mark.parametrize(("ends", "status"), [
    ((0.60, 0.52, 0.68), Status.FAILED), ((0.55, 0.49, 0.61), Status.CONCERN), ((0.30, 0.25, 0.35), Status.CONCERN),
    ((0.18, 0.12, 0.25), Status.CONCERN), ((0.15, 0.11, 0.20), Status.PASSED),
])
def test_the_interval_decides(make, ends, status):
    found = make.results(make.survey_results(straightlining=make.estimate(*ends)))
    assert make.judge("DAT002", make.indicator(), found).status is status


def test_not_applicable_where_the_share_has_no_answer(make):
    for nothing in (NotApplicable("no_interval"), make.estimate(0.1), make.estimate(float("nan"))):
        found = make.results(make.survey_results(straightlining=nothing))
        assert make.judge("DAT002", make.indicator(), found).status is Status.NOT_APPLICABLE
    finding = make.judge("DAT002", make.outcome_indicator(), make.results(make.survey_results()))
    assert finding.message.code == "not_applicable.not_survey_indicator"
