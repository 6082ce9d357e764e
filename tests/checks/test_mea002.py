"""MEA002: does each element go with the others?"""

import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status


@pytest.mark.parametrize(("sarana", "status"), [
    ((0.10, -0.05, 0.25), Status.FAILED), ((-0.4, -0.5, -0.3), Status.FAILED), ((0.35, 0.25, 0.45), Status.CONCERN),
    ((0.40, 0.30, 0.50), Status.PASSED),
])
def test_the_interval_decides_and_the_element_is_named(make, sarana, status):
    rows = {"waktu": (0.6, 0.5, 0.7), "sarana": sarana}
    finding = make.judge("MEA002", make.indicator(), make.results(make.survey_results(item_rest=make.table(rows))))
    assert finding.status is status
    assert "Sarana" in make.said(finding)
    if status is not Status.PASSED:
        assert "Waktu" not in make.said(finding)


def test_a_row_without_a_number_is_left_out(make):
    rows = {"waktu": (0.6, 0.5, 0.7), "sarana": float("nan")}
    found = make.results(make.survey_results(item_rest=make.table(rows)))
    assert make.judge("MEA002", make.indicator(), found).status is Status.PASSED


def test_not_applicable(make):
    for nothing in (NotApplicable("no_interval"), make.table({}), make.table({"waktu": float("nan")})):
        found = make.results(make.survey_results(item_rest=nothing))
        assert make.judge("MEA002", make.indicator(), found).status is Status.NOT_APPLICABLE
    finding = make.judge("MEA002", make.outcome_indicator(), make.results(make.survey_results()))
    assert finding.message.code == "not_applicable.not_survey_indicator"
