"""DEF001: a count without a denominator is not an outcome."""

import pytest

from kinerja_lab.core.options import IndicatorLevel, Status


def count(make, **changes):
    return make.outcome_indicator(**{"name": "Jumlah pasien yang dilayani", "numerator": "pasien yang dilayani",
                                     "denominator": "", "unit": "orang", "level": IndicatorLevel.OUTCOME, **changes})


@pytest.mark.parametrize(("changes", "status"), [
    ({}, Status.FAILED),
    ({"level": IndicatorLevel.IMPACT}, Status.FAILED),
    ({"level": IndicatorLevel.OUTPUT}, Status.CONCERN),
    ({"name": "Pasien dilayani", "numerator": "pasien"}, Status.FAILED),
    ({"unit": "orang/tahun"}, Status.FAILED),
    ({"name": "Jumlah pasien per bulan", "unit": "orang"}, Status.FAILED),
])
def test_fires_on_a_bare_count(make, changes, status):
    finding = make.judge("DEF001", count(make, **changes), make.results())
    assert finding.status is status


@pytest.mark.parametrize("changes", [
    {"denominator": "sasaran"},
    {"numerator": "jumlah pasien dilayani / jumlah sasaran"},
    {"name": "Angka kematian ibu", "numerator": "jumlah kematian ibu", "unit": "per 100.000 KH"},
    {"name": "Persentase pasien", "numerator": "jumlah pasien tepat waktu", "unit": "%"},
    {"name": "Median waktu tunggu", "numerator": "median menit tunggu", "unit": "menit"},
    {"survey": True, "measure": "", "numerator": "jumlah nilai"},
])
def test_silent_when_something_divides(make, changes):
    assert make.judge("DEF001", count(make, **changes), make.results()).status is Status.PASSED


def test_applies_to_every_indicator_and_needs_no_results(make):
    found = make.results(make.ABSENT)
    assert make.judge("DEF001", make.indicator(), found).status is not Status.NOT_APPLICABLE
