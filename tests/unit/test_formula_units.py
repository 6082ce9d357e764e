"""Like is added to like, and the unit that is printed is the unit that is computed."""

import pytest

from kinerja_lab.core.errors import InputFaults
from kinerja_lab.drafting.formula import parse_formula
from kinerja_lab.drafting.formula_units import measure_units, unit_faults, unit_text
from kinerja_lab.text.catalogue import LANGUAGES, catalogue

UNITS = {"dilayani": "orang", "sasaran": "Orang", "dokumen": "dokumen", "menit": "menit", "meninggal": "korban",
         "penduduk": "jiwa", "volume": "smp/jam", "kapasitas": "smp / jam", "hari": "hari", "tt": "tempat tidur",
         "rawat": "tempat tidur*hari", "hadir": "%"}


def faults(text, *, unit, rate="", row_unit=""):
    found = unit_faults(parse_formula(text), units=UNITS, unit=unit, rate=rate, row_unit=row_unit)
    for lang in LANGUAGES:
        assert all(catalogue(lang).fault(fault) for fault in found)
    return [fault.message.code.removeprefix("fault.") for fault in found]


@pytest.mark.parametrize(("text", "unit"), [
    ("dilayani / sasaran", "1"), ("meninggal / penduduk", "korban/jiwa"), ("mean(menit)", "menit"),
    ("rawat / sum(tt * hari)", "1"), ("100 - 100 * dilayani / sasaran", "1"), ("dilayani - 0", "orang"),
    ("count(where(menit <= 60))", "pasien"), ("sum(where(menit <= 60, dilayani, sasaran))", "orang"),
    ("dilayani / (sasaran * menit)", "1/menit"), ("100 - mean(hadir)", "%")])
def test_units_are_measured(text, unit):
    assert measure_units(parse_formula(text), units=UNITS, row_unit="pasien") == unit


@pytest.mark.parametrize(("text", "code"), [
    ("dilayani + dokumen", "unit_add"), ("dilayani - 5", "unit_add"), ("sum(dilayani + menit)", "unit_add"),
    ("count(where(dilayani > dokumen))", "unit_compare"), ("lain / sasaran", "unit_missing")])
def test_unlike_things_are_refused(text, code):
    with pytest.raises(InputFaults) as caught:
        measure_units(parse_formula(text), units=UNITS, row_unit="pasien")
    assert f"fault.{code}" in [fault.message.code for fault in caught.value.faults]


def test_persons_plus_documents_names_both():
    with pytest.raises(InputFaults) as caught:
        measure_units(parse_formula("dilayani + dokumen"), units=UNITS)
    assert dict(caught.value.faults[0].message.params) == {"left": "orang", "right": "dokumen"}


@pytest.mark.parametrize(("text", "kwargs", "expected"), [
    ("100 * dilayani / sasaran", {"unit": "%"}, []),
    ("100 * (1 - dilayani / sasaran)", {"unit": "persen"}, []),
    ("dilayani / sasaran", {"unit": "%"}, ["unit_factor"]),
    ("(dilayani + sasaran) / sasaran", {"unit": "%"}, ["unit_factor"]),
    ("100 * dilayani / dokumen", {"unit": "%"}, ["unit_percent"]),
    ("100 * dilayani / dokumen", {"unit": "%", "rate": "orang/dokumen"}, []),
    ("100000 * meninggal / penduduk", {"unit": "per 100.000 penduduk", "rate": "korban/jiwa"}, []),
    ("100000 * meninggal / penduduk", {"unit": "per 100.000 penduduk", "rate": "korban/orang"}, ["unit_rate"]),
    ("100000 * meninggal / penduduk", {"unit": "per 100.000 penduduk"}, ["unit_differs"]),
    ("volume / kapasitas", {"unit": "rasio"}, []),
    ("volume / menit", {"unit": "rasio"}, ["unit_differs"]),
    ("mean(hadir)", {"unit": "%"}, []),
    ("100 * count(where(menit <= 60)) / count()", {"unit": "%", "row_unit": "pasien"}, []),
    ("100 * count(where(menit <= 60)) / count()", {"unit": "%"}, ["unit_rows"]),
])
def test_the_printed_unit_fits(text, kwargs, expected):
    assert faults(text, **kwargs) == expected


def test_units_in_one_notation():
    assert unit_text("Smp /  Jam") == unit_text("smp/jam") == "smp/jam"
    assert unit_text("pasien*hari/hari") == "pasien"
    assert unit_text("persen") == unit_text("%")
