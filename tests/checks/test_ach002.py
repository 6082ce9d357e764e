"""ACH002: is the realisation a copy of the target?"""

from kinerja_lab.core.options import Status

NAN = float("nan")


def run(make, *rows):
    return make.judge("ACH002", make.indicator(series=make.series(*rows)), make.results())


def test_fires_when_all_periods_coincide(make):
    finding = run(make, ("2022", 85, 85), ("2023", 86, 86), ("2024", 87.1, 87.1))
    assert finding.status is Status.FAILED
    assert "2022, 2023, 2024" in make.said(finding)


def test_a_concern_when_three_of_more_coincide(make):
    rows = [("2021", 80, 81), ("2022", 85, 85), ("2023", 86, 86), ("2024", 87, 87)]
    assert run(make, *rows).status is Status.CONCERN
    assert run(make, *rows[:-1]).status is Status.PASSED


def test_almost_equal_is_not_equal(make):
    assert run(make, ("2022", 85, 85.01), ("2023", 86, 86.01), ("2024", 87, 87.01)).status is Status.PASSED


def test_zero_equals_zero(make):
    assert run(make, ("2022", 0, 0), ("2023", 0, 0), ("2024", 0, 0)).status is Status.FAILED


def test_not_applicable(make):
    finding = run(make, ("2022", 85, 85), ("2023", 86, 86), ("2024", 87, NAN))
    assert finding.message.code == "not_applicable.too_few_periods"
    assert make.judge("ACH002", make.indicator(), make.results()).message.code == "not_applicable.no_series"
