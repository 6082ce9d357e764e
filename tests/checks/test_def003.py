"""DEF003: a baseline with its year."""

from kinerja_lab.core.options import Status


def test_fires_without_a_baseline(make):
    subject = make.indicator(baseline=float("nan"), baseline_year=None)
    assert make.judge("DEF003", subject, make.results()).status is Status.FAILED


def test_a_year_alone_is_no_baseline(make):
    assert make.judge("DEF003", make.indicator(baseline=float("nan")), make.results()).status is Status.FAILED


def test_a_concern_without_a_year(make):
    assert make.judge("DEF003", make.indicator(baseline_year=None), make.results()).status is Status.CONCERN


def test_silent_with_both_and_writes_the_year_without_a_thousands_point(make):
    finding = make.judge("DEF003", make.indicator(baseline=0.0), make.results())
    assert finding.status is Status.PASSED
    assert "2023" in make.said(finding)


def test_applies_to_every_indicator_and_needs_no_results(make):
    assert make.judge("DEF003", make.outcome_indicator(), make.results(make.ABSENT)).status is Status.PASSED


def test_a_table_of_targets_is_not_blamed_for_what_it_has_no_place_for(make):
    subject = make.indicator(baseline=float("nan"), baseline_year=None, table_only=True)
    finding = make.judge("DEF003", subject, make.results())
    assert finding.message.code == "not_applicable.plan_table_has_no_definition"
