"""DEF005: attendance, hours and activities are not performance."""

import pytest

from kinerja_lab.core.options import IndicatorLevel, Status


@pytest.mark.parametrize(("name", "level", "status"), [
    ("Tingkat kehadiran pegawai", IndicatorLevel.OUTCOME, Status.FAILED),
    ("Jumlah rapat koordinasi", IndicatorLevel.IMPACT, Status.FAILED),
    ("Serapan anggaran", IndicatorLevel.OUTCOME, Status.FAILED),
    ("Kehadiran ASN", IndicatorLevel.OUTPUT, Status.CONCERN),
    ("Staff attendance", IndicatorLevel.OUTCOME, Status.FAILED),
    ("Indeks disiplin pegawai", IndicatorLevel.OUTCOME, Status.FAILED),
])
def test_fires_when_busyness_is_presented_as_a_result(make, name, level, status):
    subject = make.outcome_indicator(name=name, numerator="hari", level=level)
    assert make.judge("DEF005", subject, make.results()).status is status


def test_fires_when_the_formula_holds_it(make):
    subject = make.outcome_indicator(name="Pelayanan prima", numerator="jumlah pelatihan", level=IndicatorLevel.OUTCOME)
    assert make.judge("DEF005", subject, make.results()).status is Status.FAILED


@pytest.mark.parametrize(("name", "level"), [
    ("Tingkat kehadiran pegawai", IndicatorLevel.PROCESS),
    ("Jumlah rapat", IndicatorLevel.INPUT),
    ("Tingkat kehadiran siswa", IndicatorLevel.OUTCOME),
    ("Waktu tunggu", IndicatorLevel.OUTCOME),
])
def test_silent_when_named_for_what_it_is_or_about_citizens(make, name, level):
    subject = make.outcome_indicator(name=name, numerator="hari hadir", level=level)
    assert make.judge("DEF005", subject, make.results()).status is Status.PASSED


def test_applies_to_every_indicator_and_needs_no_results(make):
    assert make.judge("DEF005", make.indicator(), make.results(make.ABSENT)).status is Status.PASSED
