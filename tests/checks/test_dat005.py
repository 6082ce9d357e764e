"""DAT005: months without data and zeros that were never reported."""

import numpy as np
import pytest

from kinerja_lab.core.options import MeasureKind, Status

MONTHS = [f"2025-{month:02d}" for month in range(1, 13)]


def minutes(make, **changed):
    """Twelve months of two units around 20 minutes; ``changed`` gives other values for unit u1 by month."""
    rows = [(unit, month, 20.0 + (position % 3), np.nan, 50.0) for unit in ("u1", "u2")
            for position, month in enumerate(MONTHS)]
    rows = [(*row[:2], changed.get(f"m{MONTHS.index(row[1]) + 1}", row[2]) if row[0] == "u1" else row[2], *row[3:])
            for row in rows]
    return make.results(outcomes=make.outcomes(rows))


def events(make, first, *, rate=0.5, denominator=40, kind=MeasureKind.PROPORTION):
    rows = [("u1", month, 0.0, first if position == 0 else round(rate * denominator), denominator)
            for position, month in enumerate(MONTHS)]
    rows = [(*row[:2], row[3] / row[4], *row[3:]) for row in rows]
    return make.results(outcomes=make.outcomes(rows, kind=kind))


def test_fires_on_a_zero_mean_among_means_far_from_zero_and_names_it(make):
    finding = make.judge("DAT005", make.outcome_indicator(), minutes(make, m4=0.0))
    assert finding.status is Status.FAILED and finding.numbers["zeros"] == 1
    assert "u1 pada 2025-04" in make.said(finding)


@pytest.mark.parametrize("kind", [MeasureKind.PROPORTION, MeasureKind.RATE])
def test_fires_on_no_events_where_half_would_be_usual(make, kind):
    # 0.5 ** 40 and exp(-20) are far below 0.01 / 12.
    assert make.judge("DAT005", make.outcome_indicator(), events(make, 0, kind=kind)).status is Status.FAILED


@pytest.mark.parametrize("kind", [MeasureKind.PROPORTION, MeasureKind.RATE])
def test_silent_on_no_events_that_chance_explains(make, kind):
    # One event in forty is usual: none has a chance of about 0.37.
    found = events(make, 0, rate=1 / 40, kind=kind)
    assert make.judge("DAT005", make.outcome_indicator(), found).status is Status.PASSED


def test_silent_where_zero_is_among_the_usual_values(make):
    rows = [("u1", month, value, np.nan, 50.0) for month, value in zip(MONTHS, [0, 1, 3, 0, 2, 6, 1, 0, 4, 1, 2, 5],
                                                                       strict=True)]
    found = make.results(outcomes=make.outcomes([(u, m, float(v), e, d) for u, m, v, e, d in rows]))
    assert make.judge("DAT005", make.outcome_indicator(), found).status is Status.PASSED


def test_missing_months_are_counted_whether_empty_or_absent(make):
    assert make.judge("DAT005", make.outcome_indicator(), minutes(make, m1=np.nan)).status is Status.PASSED  # 1 / 24
    assert make.judge("DAT005", make.outcome_indicator(), minutes(make, m1=np.nan, m2=np.nan)).status is Status.CONCERN
    many = {f"m{month}": np.nan for month in range(1, 6)}
    assert make.judge("DAT005", make.outcome_indicator(), minutes(make, **many)).status is Status.FAILED  # 5 / 24
    whole = minutes(make)
    frame = whole.outcomes.frame.drop(index=[0, 1])
    found = make.replace(whole, outcomes=make.replace(whole.outcomes, frame=frame))
    finding = make.judge("DAT005", make.outcome_indicator(), found)
    assert finding.status is Status.CONCERN and finding.numbers["gaps"] == 2


def test_a_unit_of_zeros_only_is_not_judged(make):
    rows = [("u1", month, 0.0, 0.0, 40.0) for month in MONTHS]
    found = make.results(outcomes=make.outcomes(rows, kind=MeasureKind.PROPORTION))
    assert make.judge("DAT005", make.outcome_indicator(), found).status is Status.PASSED


def test_not_applicable(make):
    assert make.judge("DAT005", make.indicator(), minutes(make)).message.code == "not_applicable.not_outcome_indicator"
    finding = make.judge("DAT005", make.outcome_indicator(), make.results())
    assert finding.status is Status.NOT_APPLICABLE
    for rows in ([], [("u1", "2025-01", np.nan, np.nan, np.nan)]):
        found = make.results(outcomes=make.outcomes(rows))
        assert make.judge("DAT005", make.outcome_indicator(), found).message.code == "not_applicable.no_outcome_rows"
