"""ACH004: do targets move the way that is called better?"""

from kinerja_lab.core.indicator import PeriodTarget
from kinerja_lab.core.options import Polarity, Status

NAN = float("nan")


def run(make, *targets, polarity=Polarity.MINIMISE, **changes):
    rows = [(str(2020 + position), target, NAN) for position, target in enumerate(targets)]
    changes = {"baseline": NAN, "baseline_year": None, **changes}
    return make.judge("ACH004", make.indicator(series=make.series(*rows), polarity=polarity, **changes), make.results())


def test_fires_on_targets_that_get_worse(make):
    # Dishub: accidents, lower is better, targets 3.2 ... 5.
    finding = run(make, 3.2, 3.7, 4, 4.2, 4.6, 5)
    assert finding.status is Status.FAILED and finding.numbers["wrong_steps"] == 5
    assert "makin rendah makin baik" in make.said(finding)


def test_fires_when_the_first_target_is_already_worse_than_the_baseline(make):
    # V/C ratio: baseline 0.325, targets 0.372 and up to 0.385 later.
    assert run(make, 0.385, 0.372, baseline=0.325, baseline_year=2019).status is Status.FAILED
    assert run(make, 0.385, 0.372).status is Status.PASSED


def test_a_baseline_without_a_year_or_inside_the_series_is_not_on_the_path(make):
    assert run(make, 0.385, 0.372, baseline=0.325).status is Status.PASSED
    assert run(make, 0.385, 0.372, baseline=0.325, baseline_year=2020).status is Status.PASSED


def test_of_a_target_range_the_better_end_is_on_the_path(make):
    ranges = (PeriodTarget(period="2021", low=0.3, high=0.5),)
    assert run(make, 0.385, NAN, targets=ranges).status is Status.PASSED
    assert run(make, 0.385, NAN, targets=ranges, polarity=Polarity.MAXIMISE).status is Status.PASSED
    assert run(make, 0.2, NAN, targets=ranges).status is Status.FAILED


def test_a_concern_on_a_single_step_back(make):
    finding = run(make, 5, 4, 4.5, 3)
    assert finding.status is Status.CONCERN
    assert "2022" in make.said(finding)


def test_silent_on_steady_or_equal_targets(make):
    assert run(make, 5, 5, 4).status is Status.PASSED
    assert run(make, 80, 81, 82, polarity=Polarity.MAXIMISE).status is Status.PASSED
    assert run(make, 0.1 + 0.2, 0.3).status is Status.PASSED


def test_not_applicable(make):
    assert run(make, 5, NAN).message.code == "not_applicable.too_few_periods"
    finding = run(make, 70, 71, polarity=Polarity.STABILISE, stable_range=(60.0, 85.0))
    assert finding.message.code == "not_applicable.polarity_stabilise"
    assert run(make).message.code == "not_applicable.no_series"
