"""MEA005: how much of a score is the rater?"""

import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status


@pytest.mark.parametrize(("ends", "status"), [
    ((0.26, 0.30, 0.35), Status.FAILED), ((0.20, 0.24, 0.28), Status.CONCERN), ((0.05, 0.09, 0.13), Status.CONCERN),
    ((0.02, 0.05, 0.10), Status.PASSED),
])
def test_the_interval_decides(make, ends, status):
    finding = make.judge("MEA005", make.indicator(), make.results(make.survey_results(raters=make.raters(*ends))))
    assert finding.status is status


def test_says_how_many_units_move(make):
    found = make.results(make.survey_results(raters=make.raters(0.26, 0.30, 0.35, moved=0.41)))
    finding = make.judge("MEA005", make.indicator(), found)
    assert "41% unit berpindah" in make.said(finding) and finding.numbers["moved"] == 0.41


def test_not_applicable(make):
    found = make.results(make.survey_results(raters=NotApplicable("raters_unknown")))
    assert make.judge("MEA005", make.indicator(), found).message.code == "not_applicable.raters_unknown"
    found = make.results(make.survey_results(raters=make.raters(None, float("nan"), None)))
    assert make.judge("MEA005", make.indicator(), found).message.code == "not_applicable.no_interval"
    finding = make.judge("MEA005", make.outcome_indicator(), make.results(make.survey_results()))
    assert finding.message.code == "not_applicable.not_survey_indicator"
