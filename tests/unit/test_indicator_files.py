"""An indicator file is checked as a whole, changed one field at a time, and never loses its history."""

import json
import shutil
import subprocess
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from kinerja_lab.core.errors import InputFaults, KinerjaError
from kinerja_lab.core.indicator import Confidence, PeriodTarget, Realisation
from kinerja_lab.core.options import Polarity
from kinerja_lab.drafting.formula import parse_formula
from kinerja_lab.drafting.revision import SeriesEffect, diff_indicators
from kinerja_lab.io.dictionary_words import DictionaryWords, manual_rows
from kinerja_lab.io.indicator_fields import FIELD_ORDER
from kinerja_lab.io.indicator_files import (
    check_file,
    check_folder,
    read_folder,
    read_indicator,
    retire,
    revise,
    write_field,
)
from kinerja_lab.io.indicator_history import history
from kinerja_lab.io.indicator_new import begin_file, indicator_schema, new_indicator, required_fields, write_schema
from kinerja_lab.text.catalogue import LANGUAGES, catalogue

HELP = {field: catalogue("id").text(f"indicator_help.{field}") for field in FIELD_ORDER}
FILE = """\
# kepala berkas
code: ktp_el   # kode
name: "Cakupan perekaman KTP-el"
name_en: ID card coverage

# mengapa
question: >
  Berapa persen penduduk
  sudah merekam?

why: |
  # ini isi, bukan komentar
  Hak dasar.

numerator: penduduk sudah rekam
denominator: wajib KTP
unit: "%"  # satuan
polarity: maximise
level: output
source: SIAK
formula: 100 * rekam / wajib
components:
- column: rekam   # satu
  unit: jiwa
- column: wajib
  unit: jiwa
# sebelum pemilik
owner: Dinas Dukcapil
checker: Inspektorat
"""
ACT = {"by": "Dinas Dukcapil", "reason": "satuan diperjelas agar seragam", "on": date(2026, 1, 2)}


@pytest.fixture
def file(tmp_path) -> Path:
    path = tmp_path / "ktp_el.yml"
    path.write_text(FILE, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def library(root):
    return read_folder(root / "data/library/indicators")


def code_of(call) -> str:
    with pytest.raises(KinerjaError) as caught:
        call()
    for lang in LANGUAGES:
        assert catalogue(lang).error(caught.value)
    return caught.value.message.code.removeprefix("error.")


def changed_lines(path: Path) -> list[str]:
    """Lines of the file that were not in it before; each old line is used up once."""
    before = FILE.splitlines()
    fresh = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if line in before:
            before.remove(line)
        else:
            fresh.append(line)
    return fresh


def test_a_file_is_read_with_every_field(file):
    indicator = read_indicator(file)
    assert indicator.formula == "100 * rekam / wajib"
    assert [part.column for part in indicator.components] == ["rekam", "wajib"]
    assert check_file(file) == ()


def test_writing_one_field_touches_one_line_and_keeps_its_remark(file):
    write_field(file, "unit", "persen")
    assert changed_lines(file) == ["unit: persen  # satuan"]
    assert len(file.read_text(encoding="utf-8").splitlines()) == len(FILE.splitlines())


def test_a_new_field_stands_where_a_manual_has_it(file):
    write_field(file, "method", "sensus harian")
    lines = file.read_text(encoding="utf-8").splitlines()
    assert lines[lines.index("source: SIAK") + 1] == "method: sensus harian"


def test_a_block_text_is_replaced_whole_and_reads_back(file):
    write_field(file, "why", "Baris satu.\nBaris dua: = + - @ 'kutip' # pagar")
    assert read_indicator(file).why == "Baris satu.\nBaris dua: = + - @ 'kutip' # pagar"
    assert "numerator: penduduk sudah rekam" in file.read_text(encoding="utf-8")


def test_windows_line_ends_stay(file):
    file.write_bytes(FILE.replace("\n", "\r\n").encode())
    revise(file, {"unit": "persen"}, **ACT)
    raw = file.read_bytes()
    assert raw.count(b"\n") == raw.count(b"\r\n") > len(FILE.splitlines())
    assert read_indicator(file).revisions[0].by == "Dinas Dukcapil"


def test_a_revision_is_a_record_with_fields_and_reason(file):
    record = revise(file, {"denominator": "penduduk wajib KTP", "method": "sensus harian"}, **ACT)
    assert record.changed == ("denominator", "method")
    assert record.breaks_series
    again = revise(file, {"interpretation": "Hampir 100 di semua daerah."}, **{**ACT, "on": date(2026, 2, 2)})
    assert not again.breaks_series
    assert [item.on for item in read_indicator(file).revisions] == [date(2026, 1, 2), date(2026, 2, 2)]
    assert "# sebelum pemilik" in file.read_text(encoding="utf-8")


def test_a_change_that_makes_a_bad_file_writes_nothing(file):
    with pytest.raises(InputFaults) as caught:
        revise(file, {"formula": "100 * rekam / wajb"}, **ACT)
    codes = {fault.message.code for fault in caught.value.faults}
    assert codes == {"fault.component_unused", "fault.component_missing"}
    assert caught.value.faults[0].file == "ktp_el.yml"
    assert file.read_text(encoding="utf-8") == FILE
    assert list(file.parent.iterdir()) == [file]


def test_the_owner_cannot_become_his_own_checker(file):
    with pytest.raises(InputFaults) as caught:
        revise(file, {"checker": "DINAS dukcapil "}, **ACT)
    assert caught.value.faults[0].column == "checker"
    assert file.read_text(encoding="utf-8") == FILE


@pytest.mark.parametrize(("changes", "act", "code"), [
    ({"unit": "persen"}, {"reason": "ok"}, "revision_reason"),
    ({"unit": "persen"}, {"reason": "   "}, "revision_reason"),
    ({"unit": "persen"}, {"by": " "}, "revision_by"), ({"unit": "%"}, {}, "revision_nothing"),
    ({"unti": "persen"}, {}, "unknown_field"), ({"code": "lain"}, {}, "fixed_field"),
    ({"retired": {}}, {}, "fixed_field"),
])
def test_an_act_without_a_reason_an_office_or_a_change_is_refused(file, changes, act, code):
    assert code_of(lambda: revise(file, changes, **{**ACT, **act})) == code
    assert file.read_text(encoding="utf-8") == FILE


def test_acts_are_in_order_and_end_with_retirement(file):
    revise(file, {"unit": "persen"}, **ACT)
    assert code_of(lambda: revise(file, {"unit": "%"}, **{**ACT, "on": date(2025, 12, 31)})) == "revision_order"
    retire(file, by="Dinas Dukcapil", reason="diganti indikator yang lebih tajam", on=date(2026, 3, 1))
    assert read_indicator(file).retired.on == date(2026, 3, 1)
    assert code_of(lambda: revise(file, {"unit": "%"}, **{**ACT, "on": date(2026, 4, 1)})) == "revision_retired"
    assert [entry.changed for entry in history(file)] == [("unit",), ("retired",)]


def test_history_also_from_git(file):
    if shutil.which("git") is None:
        pytest.skip("needs git, which is not installed")
    revise(file, {"unit": "persen"}, **ACT)
    assert len(history(file, with_git=True)) == 1  # no repository here
    settings = ["-c", "user.name=Bagian Organisasi", "-c", "user.email=a@b", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "."], [*settings, "commit", "-q", "-m", "Berkas pertama"]):
        subprocess.run(["git", "-C", str(file.parent), *words], check=True)
    found = [entry for entry in history(file, with_git=True) if entry.origin == "git"]
    assert [(entry.by, entry.reason) for entry in found] == [("Bagian Organisasi", "Berkas pertama")]


@pytest.mark.parametrize(("field", "value", "effect"), [
    ("formula", "100*rekam/wajib", SeriesEffect.NONE), ("formula", "100 * wajib / rekam", SeriesEffect.BREAKS),
    ("unit", "persen", SeriesEffect.NONE), ("unit", "orang", SeriesEffect.BREAKS),
    ("denominator", "penduduk", SeriesEffect.BREAKS), ("denominator", "Wajib  KTP", SeriesEffect.NONE),
    ("polarity", Polarity.MINIMISE, SeriesEffect.BREAKS), ("source", "survei", SeriesEffect.BREAKS),
    ("method", "sensus", SeriesEffect.CHECK), ("definition", "baru", SeriesEffect.CHECK),
    ("owner", "Dinas lain", SeriesEffect.NONE), ("baseline", 90.0, SeriesEffect.CHECK),
])
def test_a_diff_says_which_series_break(file, field, value, effect):
    old = read_indicator(file)
    changes = diff_indicators(old, new=replace(old, **{field: value}))
    assert [(change.field, change.effect) for change in changes] == [(field, effect)]


def test_a_number_that_was_there_and_changed_needs_a_look_a_new_year_does_not(file):
    first = Realisation(period="2024", target=90.0, realisation=float("nan"))
    old = replace(read_indicator(file), series=(first,))
    second = Realisation(period="2025", target=92.0, realisation=1.0)
    filled = replace(old, series=(replace(first, realisation=91.0), second))
    assert [change.effect for change in diff_indicators(old, new=filled)] == [SeriesEffect.NONE]
    moved = replace(old, series=(replace(first, target=80.0),))
    assert [change.effect for change in diff_indicators(old, new=moved)] == [SeriesEffect.CHECK]
    assert diff_indicators(old, new=replace(old, series=(replace(first),))) == ()


def test_a_range_target_has_ordered_ends():
    assert PeriodTarget(period="2025-TW1", low=60.0, high=60.0).high == 60
    assert code_of(lambda: PeriodTarget(period="2025", low=85.0, high=60.0)) == "target_range"


def test_a_new_file_names_what_is_still_to_be_filled_in(tmp_path):
    path = begin_file(tmp_path / "baru", "waktu_tunggu", help=HELP)
    faults = check_file(path)
    assert {fault.column for fault in faults} == set(required_fields()) - {"code"}
    lines = path.read_text(encoding="utf-8").splitlines()
    for fault in faults:
        assert lines[fault.line - 1].startswith(f"{fault.column}:")
    assert code_of(lambda: begin_file(tmp_path / "baru", "waktu_tunggu", help=HELP)) == "file_exists"
    assert code_of(lambda: begin_file(tmp_path, "../x", help=HELP)) == "indicator_code"
    assert all(f"# {line}" in lines for line in HELP["polarity"].splitlines())


def test_a_template_filled_in_is_sound(tmp_path):
    values = dict.fromkeys(required_fields(), "Contoh isi") | {
        "polarity": "maximise", "level": "output", "unit": "dokumen", "checker": "Inspektorat"}
    path = tmp_path / "contoh.yml"
    path.write_text(new_indicator("contoh", help=HELP, values=values), encoding="utf-8")
    assert check_file(path) == ()


def test_the_shipped_schema_is_the_one_the_code_makes(root, tmp_path):
    shipped = root / "data/library/indicator.schema.json"
    write_schema(tmp_path / "schema.json", help=HELP)
    assert shipped.read_text(encoding="utf-8") == (tmp_path / "schema.json").read_text(encoding="utf-8")
    schema = json.loads(shipped.read_text(encoding="utf-8"))
    assert list(schema["properties"]) == list(FIELD_ORDER)
    assert schema["additionalProperties"] is False
    assert all(schema["properties"][field]["description"] for field in FIELD_ORDER)
    assert schema == indicator_schema(HELP)


def test_the_library_is_large_and_covers_the_six_sectors(library, root):
    folder = root / "data/library/indicators"
    counts = {place.name: len(list(place.glob("*.yml"))) for place in folder.iterdir() if place.is_dir()}
    assert set(counts) == {"kesehatan", "pendidikan", "perhubungan", "dukcapil", "rsud", "pengaduan"}
    assert sum(counts.values()) == len(library) >= 40
    assert min(counts.values()) >= 5
    assert check_folder(folder) == ()


def test_every_library_indicator_computes_or_is_a_survey_and_says_where_it_comes_from(library):
    for indicator in library:
        assert indicator.survey != bool(indicator.formula), indicator.code
        if indicator.formula:
            parse_formula(indicator.formula)
        assert indicator.confidence is not None
        assert bool(indicator.definition_source) == (indicator.confidence is not Confidence.MEM), indicator.code
        # Somebody else's baseline, target or realisation must never be taken for one's own.
        assert indicator.baseline != indicator.baseline and indicator.series == () and indicator.targets == ()


def test_what_is_only_remembered_is_never_printed_as_a_citation(library):
    words = DictionaryWords(text=catalogue("id").text, decimal_mark=",")
    heading = catalogue("id").text("indicator_field.definition_source")
    warning = catalogue("id").text("dictionary.unchecked")
    remembered = [item for item in library if item.confidence is Confidence.MEM]
    assert remembered
    for indicator in remembered:
        cited = replace(indicator, definition_source="Peraturan 1/2000")
        rows = dict(manual_rows(cited, words=words))
        assert rows[heading] == warning
        assert "Peraturan 1/2000" not in str(rows)
