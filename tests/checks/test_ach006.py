"""ACH006: is the achievement far above its target?"""

import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status


def run(make, *answers):
    years = (str(2020 + position) for position in range(len(answers)))
    subject = make.indicator(series=make.series(*((year, 1.0, 1.0) for year in years)))
    return make.judge("ACH006", subject, make.results(achievements={"ikm": answers}))


@pytest.mark.parametrize(("raw", "status"), [
    (100 * 62 / 25, Status.FAILED), (200.01, Status.FAILED), (200.0, Status.CONCERN), (150.5, Status.CONCERN),
    (150.0, Status.PASSED), (-50.0, Status.PASSED),
])
def test_the_ratio_before_the_cap_decides(make, raw, status):
    assert run(make, make.achieved("2024", min(raw, 100.0), raw=raw)).status is status


def test_lists_the_periods(make):
    finding = run(make, make.achieved("2023", 95.0), make.achieved("2024", 248.0))
    assert "2024: 248,0%" in make.said(finding) and "2023" not in make.said(finding)
    assert finding.numbers["largest_percent"] == 248


def test_an_undefined_period_is_left_out(make):
    assert run(make, NotApplicable("no_index"), make.achieved("2024", 99.0)).status is Status.PASSED


def test_not_applicable(make):
    assert run(make).message.code == "not_applicable.no_series"
    assert run(make, NotApplicable("no_index")).message.code == "not_applicable.no_achievements"
