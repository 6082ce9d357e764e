"""The rules are what the regulations say, and elements are found by name, never by position."""

import json
from itertools import pairwise

import pytest

from kinerja_lab.core.errors import InputFaults, KinerjaError
from kinerja_lab.io.rulesets import load_ruleset, match_elements, ruleset_codes

SKM = ("persyaratan", "prosedur", "waktu", "biaya", "produk", "kompetensi", "perilaku", "pengaduan", "sarana")


@pytest.mark.parametrize("code", ruleset_codes())
def test_every_ruleset_loads_names_its_source_and_is_no_legal_citation_from_memory(code):
    rule = load_ruleset(code)
    assert rule.code == code
    assert rule.source
    assert rule.confidence in ("high", "medium")
    assert all(band.name and band.name_en for band in rule.bands)


def test_the_skm_rule_agrees_with_the_reference_file(shared):
    reference = json.loads((shared / "data" / "reference.json").read_text(encoding="utf-8"))["skm"]
    rule = load_ruleset("skm-2017")
    assert [element.code for element in rule.elements] == list(SKM)
    assert [element.name for element in rule.elements] == [item["nama"] for item in reference["unsur"]]
    assert [(band.code, band.name, band.lower) for band in rule.bands] == [
        (item["mutu"], item["kinerja"], item["nik"][0]) for item in reference["mutu"]]
    for code in ("skm-2014", "skm-2004"):
        old = load_ruleset(code)
        assert [(band.code, band.lower) for band in old.bands] == [
            (name, lower) for name, lower, _ in reference["mutu_lama_16_2014_kep25_2004"]]


def test_the_achievement_scale_agrees_with_the_reference_file(shared):
    reference = json.loads((shared / "data" / "reference.json").read_text(encoding="utf-8"))["permendagri_86"]
    bands = load_ruleset("permendagri-86-2017").bands
    wanted = [(name, lower) for name, lower, _ in reversed(reference)]
    assert [(band.name, band.lower) for band in bands[1:]] == wanted[1:]


@pytest.mark.parametrize(("value", "grade"), [
    (25.0, "D"), (64.99, "D"), (64.994, "D"), (64.995, "C"), (65.0, "C"), (76.60, "C"), (76.605, "B"), (76.61, "B"),
    (88.30, "B"), (88.305, "A"), (88.31, "A"), (100.0, "A"),
])
def test_no_index_falls_between_two_grades(value, grade):
    assert load_ruleset("skm-2017").band_of(value).code == grade


def test_the_same_index_has_another_grade_under_the_old_rule():
    assert [load_ruleset(code).band_of(63).code for code in ("skm-2004", "skm-2017")] == ["B", "D"]
    assert [load_ruleset(code).band_of(82).code for code in ("skm-2014", "skm-2017")] == ["A", "B"]


def test_the_survey_rules_hold_one_after_the_other():
    rules = [load_ruleset(code) for code in ("skm-2004", "skm-2014", "skm-2017")]
    assert all(sum(rule.holds_in(year) for rule in rules) == 1 for year in range(2004, 2030))
    assert all(earlier.valid_to < later.valid_from for earlier, later in pairwise(rules))


@pytest.mark.parametrize(("code", "value", "band"), [
    ("akip-like", 85.0, "sangat_baik"), ("akip-like", 85.01, "memuaskan"), ("akip-like", 30.0, "kurang"),
    ("traffic-light", 69.99, "merah"), ("traffic-light", 70.0, "kuning"), ("traffic-light", 90.0, "kuning"),
    ("traffic-light", 90.01, "hijau"), ("permendagri-86-2017", 90.99, "tinggi"),
    ("permendagri-86-2017", 91.0, "sangat_tinggi"), ("permendagri-86-2017", -80.0, "sangat_rendah"),
])
def test_achievement_scales_have_no_holes(code, value, band):
    assert load_ruleset(code).band_of(value).code == band


def test_elements_are_found_by_code_name_or_alias():
    columns = ["id", "U1", "Kemudahan Prosedur", "WAKTU PENYELESAIAN", "U4", "Kesesuaian produk", "u6",
               "Perilaku Pelaksana", "Penanganan Pengaduan, Saran dan Masukan", "Sarana dan Prasarana"]
    assert match_elements(columns, ruleset="skm-2017") == dict(zip(SKM, columns[1:], strict=True))


def test_the_ninth_position_is_refused_because_it_has_two_meanings():
    with pytest.raises(InputFaults) as caught:
        match_elements([f"U{number}" for number in range(1, 10)], ruleset="skm-2017", file="skm.csv")
    assert [(fault.message.code, fault.column) for fault in caught.value.faults] == [
        ("fault.ambiguous_element", "U8"), ("fault.ambiguous_element", "U9")]


def test_missing_and_doubled_elements_are_all_named():
    with pytest.raises(InputFaults) as caught:
        match_elements(["Persyaratan", "U1", "waktu"], ruleset="skm-2017")
    codes = [fault.message.code for fault in caught.value.faults]
    assert codes.count("fault.element_twice") == 1
    assert codes.count("fault.element_missing") == 9 - 2


def test_an_unknown_rule_names_the_nearest():
    with pytest.raises(KinerjaError) as caught:
        load_ruleset("skm-2071")
    assert caught.value.message.params["nearest"] == "skm-2017"
