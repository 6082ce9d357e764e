"""DEF004: the name is neutral."""

import pytest

from kinerja_lab.core.options import Status


@pytest.mark.parametrize(("name", "status"), [
    ("Meningkatnya kepuasan masyarakat", Status.FAILED),
    ("Menurunnya angka kecelakaan", Status.FAILED),
    ("Pengurangan kemacetan", Status.FAILED),
    ("PENINGKATAN keselamatan", Status.FAILED),
    ("Persentase penurunan waktu antrian", Status.CONCERN),
    ("Reduction of waiting time", Status.FAILED),
])
def test_fires_on_a_direction_word(make, name, status):
    finding = make.judge("DEF004", make.indicator(name=name), make.results())
    assert finding.status is status


@pytest.mark.parametrize("name", [
    "Waktu tunggu rawat jalan", "Indeks kepuasan masyarakat", "Laju pertumbuhan penduduk", "Angka kematian ibu",
    "Persentase perbaikan jalan selesai", "Rute naik bus",
])
def test_silent_on_a_neutral_name(make, name):
    assert make.judge("DEF004", make.indicator(name=name), make.results()).status is Status.PASSED


def test_applies_to_every_indicator_and_needs_no_results(make):
    assert make.judge("DEF004", make.outcome_indicator(), make.results(make.ABSENT)).status is Status.PASSED
