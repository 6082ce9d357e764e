"""Bad indicator files are refused with file, line, key, value and cure; nothing in them is ever run or unfolded."""

import pytest

from kinerja_lab.core.errors import InputFaults
from kinerja_lab.io.indicator_files import check_file, check_folder, read_folder, revise
from kinerja_lab.text.catalogue import LANGUAGES, catalogue

SOUND = {
    "code": "tepat_waktu", "name": "Persentase berkas tepat waktu", "name_en": "Share of files on time",
    "question": "Berapa persen?", "why": "Waktu warga berharga.", "numerator": "berkas tepat waktu",
    "denominator": "berkas lengkap", "unit": '"%"', "polarity": "maximise", "level": "output", "source": "register",
    "formula": "100 * tepat / lengkap",
    "components": "[{column: tepat, unit: berkas}, {column: lengkap, unit: berkas}]",
    "owner": "Dinas A", "checker": "Inspektorat",
}


def write(folder, *, file="tepat_waktu.yml", tail="", **changes):
    path = folder / file
    lines = "".join(f"{key}: {value}\n" for key, value in {**SOUND, **changes}.items() if value is not None)
    path.write_text(lines + tail, encoding="utf-8")
    return path


def faults_of(path):
    found = check_file(path)
    for lang in LANGUAGES:
        assert all(catalogue(lang).fault(fault) for fault in found)
    return found


def codes(path):
    return [fault.message.code.removeprefix("fault.") for fault in faults_of(path)]


def test_the_sound_file_is_sound(tmp_path):
    assert codes(write(tmp_path)) == []


def test_an_unknown_key_is_answered_with_the_nearest(tmp_path):
    path = write(tmp_path, tail="polaritas: maximise\nformulla: a\n")
    found = faults_of(path)
    assert [(f.message.params["key"], f.line) for f in found] == [("polaritas", 16), ("formulla", 17)]
    assert found[1].message.params["nearest"] == "formula"


@pytest.mark.parametrize(("change", "code"), [
    ({"baseline": "tinggi"}, "expected_number"), ({"survey": "ya"}, "expected_bool"),
    ({"baseline_year": "2024.5"}, "expected_whole"),
    ({"series": "5"}, "expected_list"), ({"rule": "linear"}, "expected_mapping"),
    ({"reviewed": "besok"}, "expected_date"),
    ({"polarity": "''"}, "empty_choice"), ({"polarity": "maximize"}, "unknown_choice"),
    ({"kind": "persentase"}, "unknown_choice"),
    ({"confidence": "sure"}, "unknown_choice"), ({"owner": None}, "missing_key"), ({"name": "123"}, "needs_quotes"),
    ({"code": "Tepat Waktu"}, "bad_indicator_code"), ({"targets": "[{period: '2025-Q1', low: 1.0}]"}, "bad_form"),
    ({"targets": "[{period: '2025', low: 9.0, high: 1.0}]"}, "target_ends"),
    ({"series": "[{period: '2025', realisation: 9.0}]"}, "series_no_target"),
    ({"series": "[{period: '2025', target: 80.0}]", "targets": "[{period: '2025', low: 80.0, high: 90.0}]"},
     "series_other_target"),
    ({"targets": "[{period: '2025', low: 1.0}, {period: '2025', low: 2.0}]"}, "target_twice"),
    ({"stable_range": "[9.0, 1.0]", "polarity": "stabilise"}, "indicator_wrong"),
    ({"kind": "count"}, "kind_unit"), ({"kind": "percentage", "unit_aggregation": "sum"}, "sum_of_shares"),
    ({"unit_aggregation": "recompute", "formula": '""', "components": "[]"}, "recompute_formula"),
    ({"confidence": "high"}, "source_needed"), ({"formula": '""'}, "components_alone"),
    ({"components": "[{column: tepat, unit: berkas}]"}, "component_missing"),
    ({"components": "[{column: tepat, unit: orang}, {column: lengkap, unit: berkas}]"}, "unit_percent"),
    ({"components": "[{column: tepat}, {column: lengkap, unit: berkas}]"}, "unit_missing"),
    ({"formula": "tepat / lengkap"}, "unit_factor"),
    ({"components": "[{column: tepat, unit: berkas}, {column: lengkap, unit: berkas}, {column: lain}]"},
     "component_unused"),
    ({"components": "[{column: tepat, unit: b}, {column: tepat, unit: b}, {column: lengkap, unit: b}]"},
     "component_twice"),
])
def test_wrong_types_and_contradictions_are_named(tmp_path, change, code):
    found = faults_of(write(tmp_path, **change))
    assert code in [fault.message.code.removeprefix("fault.") for fault in found]
    assert all(fault.file == "tepat_waktu.yml" and fault.line for fault in found)


INJECTIONS = [
    "__import__('os').system('touch berhasil')", "().__class__.__bases__", "tepat.__class__.__mro__",
    "tepat.real / lengkap", "9**9**9**9 * tepat", "(lambda: tepat)()", "sum(x for x in tepat)", "[tepat]", "{tepat}",
    "f'{tepat}' == tepat", "(tepat := 5)", "exec('tepat')", "eval(tepat)", "open('x')", "tepat if lengkap else 0",
    "tepat[0]", "tepat @ lengkap", "tepat; import os", "import os", "not tepat", "sum(*tepat)", "sum(part=tepat)",
    "'%s' % tepat", "tepat\\x00", "await tepat", "`tepat`", "tepat | lengkap", "~tepat", "yield tepat",
    "sum(tepat)(lengkap)", "1_000 * tepat", "print(tepat)",
]


@pytest.mark.parametrize("formula", INJECTIONS)
def test_no_program_gets_in_by_the_formula(tmp_path, monkeypatch, formula):
    monkeypatch.chdir(tmp_path)
    quoted = "'" + formula.replace("'", "''") + "'"
    found = faults_of(write(tmp_path, formula=quoted))
    assert found
    assert all(f.message.code.startswith("fault.formula_") for f in found if f.column == "formula")
    assert any(f.column == "formula" and f.line == 12 for f in found)
    assert [path.name for path in tmp_path.iterdir()] == ["tepat_waktu.yml"]


@pytest.mark.parametrize("tail", [
    "concept: &a [x]\n", "concept: *a\n", "concept: !!python/object/apply:os.system ['touch berhasil']\n",
    "concept: !sandi x\n", "a: &a [x, x]\nb: &b [*a, *a]\nc: &c [*b, *b]\nd: [*c, *c]\n",
    "concept: [[[[[[[[[[[[[[[[[[[[[[[[x]]]]]]]]]]]]]]]]]]]]]]]]\n", "concept: x\nconcept: y\n", "concept: [x\n"])
def test_yaml_bombs_tags_and_repeated_keys(tmp_path, monkeypatch, tail):
    monkeypatch.chdir(tmp_path)
    found = faults_of(write(tmp_path, tail=tail))
    assert {fault.message.code for fault in found} <= {
        "fault.yaml_anchor", "fault.yaml_tag", "fault.yaml_deep", "fault.repeated_key", "fault.yaml_syntax"}
    assert found
    assert [path.name for path in tmp_path.iterdir()] == ["tepat_waktu.yml"]


def test_a_bomb_of_references_gives_a_short_list(tmp_path):
    path = write(tmp_path, tail="b: &b 1\na: [" + "*b," * 2000 + "1]\n")
    assert len(faults_of(path)) == 30


def test_no_file_is_passed_over_for_its_ending(tmp_path):
    write(tmp_path, file="a.yml")
    write(tmp_path, file="b.yaml")
    write(tmp_path, file="c.YML", survey="ya")
    assert {(f.file, f.message.code) for f in check_folder(tmp_path)} == {
        ("b.yaml", "fault.indicator_twice"), ("c.YML", "fault.expected_bool")}


def test_a_code_in_two_files_is_named_with_the_first(tmp_path):
    write(tmp_path, file="a.yml")
    write(tmp_path, file="b.yml")
    found = check_folder(tmp_path)
    named = [(f.message.code, f.file, f.message.params["first"]) for f in found]
    assert named == [("fault.indicator_twice", "b.yml", "a.yml")]
    with pytest.raises(InputFaults):
        read_folder(tmp_path)


def test_faults_of_all_files_come_together(tmp_path):
    write(tmp_path, file="a.yml", polarity="naik", survey="ya")
    write(tmp_path, file="b.yml", formula="tepat **2")
    assert {(f.file, f.column) for f in check_folder(tmp_path)} == {
        ("a.yml", "polarity"), ("a.yml", "survey"), ("b.yml", "formula")}


def test_an_empty_folder_and_a_missing_file(tmp_path):
    assert [f.message.code for f in check_folder(tmp_path)] == ["fault.no_indicators"]
    assert codes(tmp_path / "tidak_ada.yml") == ["file_missing"]


def test_a_bad_file_is_not_revised(tmp_path):
    from datetime import date

    path = write(tmp_path, polarity="naik")
    before = path.read_bytes()
    with pytest.raises(InputFaults):
        revise(path, {"polarity": "maximise"}, by="Dinas A", reason="memperbaiki arah indikator", on=date(2026, 1, 1))
    assert path.read_bytes() == before
