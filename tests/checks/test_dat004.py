"""DAT004: enough respondents for the region and its units."""

import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status


def sized(make, n, sizes):
    return make.results(make.survey_results(index=make.estimate(80.0, 78.0, 82.0, n=n), units=make.by_unit(sizes)))


@pytest.mark.parametrize(("n", "sizes", "status"), [
    (8, {"u1": 8}, Status.FAILED),
    (40, {"u1": 30, "u2": 5, "u3": 5}, Status.FAILED),
    (29, {"u1": 15, "u2": 14}, Status.CONCERN),
    (80, {"u1": 71, "u2": 9}, Status.CONCERN),
    (30, {"u1": 10, "u2": 20}, Status.PASSED),
])
def test_counts_sheets_and_small_units(make, n, sizes, status):
    assert make.judge("DAT004", make.indicator(), sized(make, n, sizes)).status is status


def test_small_units_are_counted_and_never_named(make):
    finding = make.judge("DAT004", make.indicator(), sized(make, 80, {"besar": 71, "kecil": 9}))
    assert finding.numbers["small_units"] == 1
    assert "kecil" not in make.said(finding).split()


def test_one_sheet_a_unit_is_allowed_where_the_study_says_so(make):
    found = make.replace(sized(make, 60, {"u1": 1, "u2": 1}), setting=make.replace(make.SETTING, suppress_below=1))
    assert make.judge("DAT004", make.indicator(), found).status is Status.PASSED


def test_units_without_results_do_not_stop_it(make):
    found = make.results(make.survey_results(units=NotApplicable("no_index")))
    assert make.judge("DAT004", make.indicator(), found).status is Status.PASSED


def test_not_applicable(make):
    finding = make.judge("DAT004", make.outcome_indicator(), make.results(make.survey_results()))
    assert finding.message.code == "not_applicable.not_survey_indicator"
