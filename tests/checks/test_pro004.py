"""PRO004: does the target promise a change that the survey can see?"""

from math import sqrt

import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status


def promised(make, before, after, **changes):
    subject = make.indicator(series=make.series(("2024", before, before), ("2025", after, after), ("2026", 99.0, 99.0)))
    return subject, make.results(make.survey_results(**changes))


def test_fires_when_the_step_is_finer_than_a_change_can_be_known(make):
    # Dinkes Banyuwangi: 91.7, 91.8, ...; the change is known to (3.5 - 0.5) / 2 = 1.5.
    finding = make.judge("PRO004", *promised(make, 91.7, 91.8))
    assert finding.status is Status.FAILED
    assert finding.numbers["half_width"] == (3.5 - 0.5) / 2
    assert finding.numbers["step"] == pytest.approx(0.1)


def test_a_concern_when_the_precision_is_only_expected(make):
    # The index is known to (84.3 - 82.3) / 2 = 1; two such surveys to sqrt(2).
    finding = make.judge("PRO004", *promised(make, 80.0, 81.0, change=NotApplicable("no_previous_period")))
    assert finding.status is Status.CONCERN
    assert finding.numbers["half_width"] == pytest.approx(sqrt(2) * (84.3 - 82.3) / 2)


def test_silent_when_the_step_is_large_enough_either_way(make):
    assert make.judge("PRO004", *promised(make, 80.0, 81.5)).status is Status.PASSED
    assert make.judge("PRO004", *promised(make, 81.5, 80.0)).status is Status.PASSED


def test_one_target_is_compared_with_the_baseline(make):
    subject = make.indicator(baseline=80.0, series=make.series(("2025", 80.2, 80.1)))
    finding = make.judge("PRO004", subject, make.results(make.survey_results()))
    assert finding.status is Status.FAILED and finding.numbers["step"] == pytest.approx(0.2)


def test_not_applicable(make):
    found = make.results(make.survey_results())
    assert make.judge("PRO004", *promised(make, 80.0, 80.0)).message.code == "not_applicable.no_target_step"
    assert make.judge("PRO004", make.indicator(), found).message.code == "not_applicable.no_target_step"
    finding = make.judge("PRO004", make.outcome_indicator(), found)
    assert finding.message.code == "not_applicable.not_survey_indicator"
    subject, found = promised(make, 80.0, 81.0, change=make.estimate(1.0), index=make.estimate(80.0))
    assert make.judge("PRO004", subject, found).message.code == "not_applicable.no_interval"
