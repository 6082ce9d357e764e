"""DEF002: a definition is reviewed in time."""

from datetime import date

import pytest

from kinerja_lab.core.options import Status


def test_fires_the_day_after_the_date_has_passed(make):
    subject = make.indicator(next_review=date(2026, 11, 1))
    finding = make.judge("DEF002", subject, make.results(), today=date(2026, 11, 2))
    assert finding.status is Status.FAILED
    assert finding.numbers["days_overdue"] == 1
    assert "1 November 2026" in make.said(finding)
    assert make.judge("DEF002", subject, make.results(), today=date(2026, 11, 1)).status is Status.PASSED


@pytest.mark.parametrize("changes", [
    {"reviewed": None, "next_review": None}, {"reviewed": None}, {"next_review": None},
    {"reviewed": date(2026, 12, 1)},
])
def test_a_concern_where_no_review_is_on_record(make, changes):
    assert make.judge("DEF002", make.indicator(**changes), make.results()).status is Status.CONCERN


def test_an_overdue_date_outweighs_a_missing_record(make):
    subject = make.indicator(reviewed=None, next_review=date(2020, 1, 1))
    assert make.judge("DEF002", subject, make.results()).status is Status.FAILED


def test_applies_to_every_indicator_and_needs_no_results(make):
    assert make.judge("DEF002", make.outcome_indicator(), make.results(make.ABSENT)).status is Status.PASSED


def test_a_table_of_targets_is_not_blamed_for_what_it_has_no_place_for(make):
    subject = make.indicator(reviewed=None, next_review=None, table_only=True)
    finding = make.judge("DEF002", subject, make.results())
    assert finding.message.code == "not_applicable.plan_table_has_no_definition"
