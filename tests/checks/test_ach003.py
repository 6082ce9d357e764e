"""ACH003: is a target easier than what was reached before?"""

from kinerja_lab.core.indicator import PeriodTarget
from kinerja_lab.core.options import Polarity, Status

NAN = float("nan")


def run(make, *rows, polarity=Polarity.MAXIMISE, **changes):
    return make.judge("ACH003", make.indicator(series=make.series(*rows), polarity=polarity, **changes), make.results())


def test_fires_when_most_targets_are_soft_and_lists_them(make):
    finding = run(make, ("2023", 84.5, 91.05), ("2024", 85.0, 91.68))
    assert finding.status is Status.FAILED
    assert "2024: target 85,00, padahal sudah tercapai 91,05" in make.said(finding)


def test_a_concern_when_half_or_less_are_soft(make):
    rows = [("2022", 80, 81), ("2023", 82, 90), ("2024", 85, 86)]
    assert run(make, *rows).status is Status.CONCERN


def test_lower_is_better_is_read_the_other_way(make):
    assert run(make, ("2023", 20, 15), ("2024", 18, 14), polarity=Polarity.MINIMISE).status is Status.FAILED
    assert run(make, ("2023", 20, 15), ("2024", 14, 14), polarity=Polarity.MINIMISE).status is Status.PASSED


def test_a_period_without_realisation_does_not_hide_the_one_before(make):
    assert run(make, ("2022", 80, 90), ("2023", 91, NAN), ("2024", 85, 86)).numbers["soft"] == 1


def test_silent_when_targets_ask_for_at_least_what_was_reached(make):
    assert run(make, ("2023", 80, 82.5), ("2024", 82.5, 83)).status is Status.PASSED


def test_of_a_target_range_the_better_end_counts(make):
    rows = (("2023", 70, 77), ("2024", NAN, 79), ("2025", NAN, 85))
    ranges = (PeriodTarget(period="2024", low=70, high=76), PeriodTarget(period="2025", low=75, high=80))
    finding = run(make, *rows, targets=ranges)
    assert (finding.status, finding.numbers["soft"], finding.numbers["total"]) == (Status.CONCERN, 1, 2)
    assert "2024: ujung terbaik rentang target 76,00, padahal sudah tercapai 77,00" in make.said(finding)
    lower = run(make, *rows, targets=ranges, polarity=Polarity.MINIMISE)
    assert lower.numbers["soft"] == 0, "70 and 75 ask for less than 77 and 79, which is better here"


def test_not_applicable(make):
    assert run(make, ("2024", 80, 81)).message.code == "not_applicable.too_few_periods"
    finding = run(make, ("2023", 70, 71), ("2024", 72, 73), polarity=Polarity.STABILISE, stable_range=(60.0, 85.0))
    assert finding.message.code == "not_applicable.polarity_stabilise"
    assert run(make).message.code == "not_applicable.no_series"
