"""DEF004: the name is neutral."""

import pytest

from kinerja_lab.core.options import Status
from kinerja_lab.io.wording_rules import load_wording_rules


def run(make, name):
    return make.judge("DEF004", make.indicator(name=name), make.replace(make.results(), wording=load_wording_rules()))


@pytest.mark.parametrize(("name", "status"), [
    ("Meningkatnya kepuasan masyarakat", Status.FAILED),
    ("Menurunnya angka kecelakaan", Status.FAILED),
    ("Pengurangan kemacetan", Status.FAILED),
    ("PENINGKATAN keselamatan", Status.FAILED),
    ("Persentase penurunan waktu antrian", Status.CONCERN),
    ("Reduction of waiting time", Status.FAILED),
])
def test_fires_on_a_direction_word(make, name, status):
    assert run(make, name).status is status


@pytest.mark.parametrize("name", [
    "Waktu tunggu rawat jalan", "Indeks kepuasan masyarakat", "Laju pertumbuhan penduduk", "Angka kematian ibu",
    "Persentase perbaikan jalan selesai", "Rute naik bus",
])
def test_silent_on_a_neutral_name(make, name):
    assert run(make, name).status is Status.PASSED


def test_applies_to_every_indicator(make):
    found = make.replace(make.results(make.ABSENT), wording=load_wording_rules())
    assert make.judge("DEF004", make.outcome_indicator(), found).status is Status.PASSED


def test_not_applicable_without_rules(make):
    finding = make.judge("DEF004", make.indicator(name="Menurunnya angka kecelakaan"), make.results())
    assert finding.message.code == "not_applicable.no_wording_rules"
