"""TGT006: does a zero mean "not reported"?"""

from kinerja_lab.core.options import Polarity, Status


def run(make, *values, polarity=Polarity.MAXIMISE):
    rows = [(str(2020 + place), 90, value) for place, value in enumerate(values)]
    return make.judge("TGT006", make.indicator(series=make.series(*rows), polarity=polarity), make.results())


def test_fires(make):
    finding = run(make, 80, 82, 0, 85)
    assert finding.status is Status.FAILED
    assert "2022" in make.said(finding) and "80,00 sampai 85,00" in make.said(finding)


def test_a_concern_where_zero_may_be_success(make):
    assert run(make, 8, 9, 0, 8, polarity=Polarity.MINIMISE).status is Status.CONCERN


def test_stays_silent_on_the_way_down_and_without_zeros(make):
    assert run(make, 8, 4, 1, 0, polarity=Polarity.MINIMISE).status is Status.PASSED
    assert run(make, 80, 82, 83, 85).status is Status.PASSED


def test_not_applicable_with_few_periods(make):
    assert run(make, 80, 0, 85).message.code == "not_applicable.too_few_periods"
