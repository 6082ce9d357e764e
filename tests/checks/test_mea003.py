"""MEA003: is there room at the top?"""

import pytest

from kinerja_lab.core.options import Status


@pytest.mark.parametrize(("sarana", "status"), [
    ((0.90, 0.85, 0.94), Status.FAILED), ((0.84, 0.78, 0.88), Status.CONCERN), ((0.45, 0.38, 0.52), Status.CONCERN),
    ((0.40, 0.30, 0.50), Status.PASSED),
])
def test_the_interval_decides(make, sarana, status):
    rows = {"waktu": (0.3, 0.2, 0.4), "sarana": sarana}
    found = make.results(make.survey_results(ceiling=make.table(rows)))
    assert make.judge("MEA003", make.indicator(), found).status is status


def test_an_element_in_which_nobody_differs_is_left_to_dat003(make):
    rows = {"waktu": (0.3, 0.2, 0.4), "biaya": (1.0, 0.98, 1.0)}
    found = make.results(make.survey_results(ceiling=make.table(rows), constant_items=("biaya",)))
    assert make.judge("MEA003", make.indicator(), found).status is Status.PASSED


def test_not_applicable(make):
    found = make.results(make.survey_results(constant_items=("waktu", "biaya", "sarana")))
    assert make.judge("MEA003", make.indicator(), found).message.code == "not_applicable.all_items_constant"
    found = make.results(make.survey_results(ceiling=make.table({})))
    assert make.judge("MEA003", make.indicator(), found).message.code == "not_applicable.no_interval"
    finding = make.judge("MEA003", make.outcome_indicator(), make.results(make.survey_results()))
    assert finding.message.code == "not_applicable.not_survey_indicator"
