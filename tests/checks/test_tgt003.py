"""TGT003: does the realisation ever move?"""

from kinerja_lab.core.options import Status


def run(make, *values, unit="%"):
    rows = [(str(2020 + place), 90, value) for place, value in enumerate(values)]
    return make.judge("TGT003", make.indicator(series=make.series(*rows), unit=unit), make.results())


def test_fires_at_the_top_of_the_scale(make):
    finding = run(make, 100, 100, 100, 100, 100)
    assert finding.status is Status.FAILED and "100%" in make.said(finding)


def test_a_concern_at_another_value_or_another_unit(make):
    assert run(make, 85, 85, 85).status is Status.CONCERN
    assert run(make, 100, 100, 100, unit="orang").status is Status.CONCERN


def test_stays_silent_when_it_moves(make):
    assert run(make, 100, 100, 99.9).status is Status.PASSED


def test_not_applicable_with_few_periods(make):
    assert run(make, 100, 100).message.code == "not_applicable.too_few_periods"
