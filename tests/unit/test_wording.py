"""Do the rules about wording say what they should, and is the measured table the printed one?"""

import importlib.util
from pathlib import Path

import pytest

from kinerja_lab.core.errors import InputFaults, KinerjaError
from kinerja_lab.core.message import Words
from kinerja_lab.core.options import IndicatorLevel, Status
from kinerja_lab.drafting.wording import Draft, check_wording
from kinerja_lab.drafting.wording_rules import (
    RuleKind,
    WordingRule,
    WordingRules,
    find,
    parse_pattern,
    tokens,
)
from kinerja_lab.io.wording_rules import load_wording_rules, read_wording_rules
from kinerja_lab.text.catalogue import LANGUAGES, catalogue

ROOT = Path(__file__).resolve().parents[2]
RULES = load_wording_rules()
GOOD = Draft(
    name="Persentase pasien RSUD yang dilayani paling lama 60 menit",
    numerator="pasien yang dilayani <= 60 menit",
    denominator="pasien RSUD × 100",
    unit="%",
    source="SIMRS",
    frequency="bulanan",
)


@pytest.fixture(scope="module")
def bench():
    spec = importlib.util.spec_from_file_location("bench_wording", ROOT / "benchmarks" / "bench_wording.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def codes(**changes):
    words = {
        name: getattr(GOOD, name)
        for name in ("name", "numerator", "denominator", "unit", "source", "frequency", "level", "survey")
    }
    return {hit.code: hit for hit in check_wording(Draft(**{**words, **changes}), rules=RULES)}


def test_a_good_indicator_passes_every_rule():
    assert codes() == {}


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("DEF004", {"name": "Meningkatnya pasien RSUD yang dilayani tepat waktu"}),
        ("DEF005", {"name": "Tingkat kehadiran pegawai RSUD"}),
        ("WRD001", {"name": "Terlaksananya sosialisasi pencegahan stunting"}),
        ("WRD002", {"name": "Optimalnya pelayanan KTP", "numerator": "KTP yang terbit"}),
        ("WRD003", {"name": "Kelulusan siswa dan rata-rata nilai siswa"}),
        ("WRD004", {"name": "Tingkat kepuasan", "numerator": "nilai", "denominator": ""}),
        ("WRD005", {"frequency": ""}),
        ("WRD006", {"unit": "orang"}),
        ("WRD006", {"denominator": "pasien RSUD × 10.000"}),
        ("WRD007", {"denominator": "sasaran pasien × 100"}),
        ("WRD008", {"name": "Jumlah dokumen kesehatan yang disusun"}),
        ("WRD009", {"source": "Dinas Kesehatan"}),
        ("WRD009", {"source": ""}),
    ],
)
def test_a_rule_fires(code, changes):
    assert code in codes(**changes)


@pytest.mark.parametrize(
    ("code", "changes"),
    [
        ("DEF004", {"name": "Tingkat pasien RSUD yang dilayani tepat waktu"}),
        ("DEF004", {"name": "Persentase perbaikan jalan yang selesai"}),
        ("DEF005", {"name": "Tingkat kehadiran siswa SD"}),
        ("WRD001", {"name": "Persentase peserta pelatihan kerja yang diterima bekerja"}),
        ("WRD002", {"name": "Kualitas udara kota", "numerator": "hari dengan ISPU di bawah 51"}),
        ("WRD003", {"name": "Puskesmas dengan sarana dan prasarana sesuai standar"}),
        ("WRD005", {"frequency": "", "numerator": "pasien yang dilayani selama setahun"}),
        ("WRD006", {"name": "Rata-rata waktu tunggu pasien", "unit": "menit", "denominator": "pasien"}),
        ("WRD007", {"denominator": "estimasi pasien × 100", "unit": "indeks"}),
    ],
)
def test_a_rule_stays_silent(code, changes):
    assert code not in codes(**changes)


def test_an_age_or_a_time_limit_is_no_period():
    assert "WRD005" in codes(name="Angka partisipasi anak 7-15 tahun", numerator="siswa", frequency="")


def test_levels_decide_whether_an_activity_is_wrong():
    name = "Jumlah rapat koordinasi penanganan banjir"
    found = {level: codes(name=name, level=level).get("WRD001") for level in IndicatorLevel}
    assert found[IndicatorLevel.OUTCOME].status is Status.FAILED
    assert found[IndicatorLevel.OUTPUT].status is Status.CONCERN
    assert found[IndicatorLevel.PROCESS] is None and found[IndicatorLevel.INPUT] is None


def test_a_direction_in_the_middle_is_only_a_concern():
    assert codes(name="Persentase penurunan emisi pasar")["DEF004"].status is Status.CONCERN
    assert codes(name="Menurunnya emisi pasar")["DEF004"].status is Status.FAILED


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_hit_has_words(lang):
    for hit in codes(name="Meningkatnya dan optimalnya sosialisasi", source="", frequency="").values():
        text = catalogue(lang).sentence(hit.message) + catalogue(lang).sentence(hit.advice)
        assert "{" not in text


def test_patterns():
    text = tokens("Jumlah dokumen rencana aksi yang disusun bersama")
    assert find(parse_pattern("jumlah .. disusun|dibuat"), text) == ""  # four words stand between
    assert find(parse_pattern("dokumen .. ~susun"), text) == "dokumen rencana aksi yang disusun"
    assert find(parse_pattern("^ dokumen"), text) == ""
    assert find(parse_pattern("rencana * yang"), text) == "rencana aksi yang"
    assert find(parse_pattern("rapat"), ()) == ""


@pytest.mark.parametrize("text", ["", "^", ".. rapat", "rapat ..", "xx~rapat", "~", "me~a~b~c"])
def test_a_bad_pattern_is_refused(text):
    with pytest.raises(KinerjaError, match="wording_pattern"):
        parse_pattern(text)


def test_codes_stand_once_and_lists_must_be_there():
    rule = WordingRule(
        code="WRD003",
        kind=RuleKind.TWO_THINGS,
        concern_at=(IndicatorLevel.OUTCOME,),
        before=Words(id="a"),
        after=Words(id="b"),
    )
    with pytest.raises(KinerjaError, match="wording_rule_twice"):
        WordingRules(version="1", rules=(rule, rule))
    with pytest.raises(KinerjaError, match="wording_list"):
        check_wording(Draft(name="a dan b"), rules=WordingRules(version="1", rules=(rule,)))
    with pytest.raises(KinerjaError, match="wording_rule_unknown"):
        RULES.rule("WRD999")


def test_a_file_of_rules_with_an_unknown_key_says_what_was_meant(tmp_path):
    file = tmp_path / "aturan.yml"
    file.write_text(
        "version: '1'\nrules:\n  - code: WRD001\n    kind: pattern\n    patern: [rapat]\n"
        "    before: {id: a, en: a}\n    after: {id: b, en: b}\n",
        encoding="utf-8",
    )
    with pytest.raises(InputFaults) as caught:
        read_wording_rules(file)
    [fault] = caught.value.faults
    assert fault.line == 5 and fault.message.params["nearest"] == "patterns"


def test_a_remark_instead_of_a_formula_is_no_formula():
    remark = {"numerator": "(rumus tidak tercantum dalam tabel sumber)", "denominator": ""}
    assert codes(**remark) == {}
    assert "WRD004" in codes(name="Cakupan pelayanan", **remark)
    assert "WRD006" in codes(numerator="evaluasi ketercapaian kinerja", denominator="")


def test_empty_words_are_no_error():
    assert {hit.code for hit in check_wording(Draft(name=""), rules=RULES)} >= {"WRD009"}


def test_the_labelled_set_is_large_enough_and_says_why(bench):
    rows = bench.labelled()
    known = {rule.code for rule in RULES.rules}
    assert len(rows) >= 120 and len({row["name"] for row in rows}) == len(rows)
    for row in rows:
        labels = row["labels"].split()
        assert set(labels) <= known, row["id"]
        reasons = [part.strip().split(": ", 1) for part in row["reason"].split(";") if part.strip()]
        assert [code for code, _ in reasons] == labels and all(len(reason) > 9 for _, reason in reasons), row["id"]


def test_the_printed_tables_are_the_measured_ones(bench):
    page = (ROOT / "docs" / "methods" / "wording.md").read_text(encoding="utf-8")
    for part, (_, file) in bench.PARTS.items():
        rows = [row for row in bench.labelled() if row["part"] in part]
        assert "\n".join(bench.table(rows, file=file)) in page, part
        assert f"{len(rows)} indikator" in page


def test_every_labelled_row_is_measured_once(bench):
    assert sorted(row["part"] for row in bench.labelled()) == sorted(
        row["part"] for row in bench.labelled() for part in bench.PARTS if row["part"] in part
    )


def test_the_rules_before_the_foreign_documents_are_kept_apart(bench):
    assert read_wording_rules(bench.BEFORE).version == "2026.1" != RULES.version
