"""``kinerja sampel`` gives each rule its own name and number, and refuses everything it cannot read at once."""

import re
from functools import partial

import pytest

from kinerja_lab.cli.sampel_request import SampelRequest, wishes_of
from kinerja_lab.core.errors import InputFaults, NotApplicable
from kinerja_lab.io.sources import open_source
from kinerja_lab.io.study import load_study, studies_root
from kinerja_lab.report.analyse import _survey_results, setting_of
from kinerja_lab.report.analyse_design import design_results
from kinerja_lab.report.sample_plan import sample_basis


@pytest.fixture
def kinerja(kinerja):
    """``kinerja("--lang", "en")`` is ``kinerja sampel --lang en``."""
    return partial(kinerja, "sampel")


def cells(out: str, start: str) -> list[str]:
    line = next(line for line in out.splitlines() if line.startswith(start))
    return re.split(r"\s{2,}", line.strip())


def test_three_rules_each_under_its_own_name(kinerja):
    code, out, err = kinerja("--population", "444.661")
    assert (code, err) == (0, "")
    assert cells(out, "Krejcie-Morgan")[1:4] == ["384", "384", "95%"]
    assert cells(out, "Slovin")[1:4] == ["400", "400", "–"]
    assert cells(out, "Cochran")[1:4] == ["384", "384", "95%"]
    assert "hanya menjanjikan satu persentase" in out and "--sd" in out
    assert cells(kinerja("--population", "900")[1], "Krejcie-Morgan")[1] == "269"


def test_slovin_has_no_number_without_the_users(kinerja):
    out = kinerja("--sd", "10")[1]
    assert cells(out, "Slovin")[1:4] == ["–", "–", "–"] and "tanpa banyaknya pengguna" in out
    assert cells(out, "Krejcie-Morgan")[1] == "384" and "tidak diketahui" in out


def test_an_index_two_periods_and_two_units_by_hand(kinerja):
    """(1.96 * 10 / 1)^2 = 384.1 and twice ((1.96 + 0.8416) * 10 / 2)^2 = 392.4; a design effect of 2 doubles both."""
    out = kinerja("--sd", "10", "--precision", "1", "--difference", "2", "--response", "50")[1]
    assert cells(out, "       ± 1") == ["± 1", "385", "770"]
    assert cells(out, "             2") == ["2", "393", "786", "393", "786"]
    out = kinerja("--sd", "10", "--precision", "1", "--difference", "2", "--deff", "2")[1]
    assert cells(out, "       ± 1") == ["± 1", "769", "769"]
    assert cells(out, "             2") == ["2", "785", "785", "393", "393"]
    assert cells(out, "Cochran, efek rancangan")[1] == "769"


def test_answers_until_the_letter_is_sure(kinerja):
    """B ends at 88.305: an index of 87.305 with spread 10 needs (1.2816 * 10)^2 = 164.2 answers for 90 %."""
    assert "165 jawaban" in kinerja("--sd", "10", "--index", "87,305")[1]
    assert "begitu dekat dengan batas huruf" in kinerja("--sd", "10", "--index", "88,305")[1]
    assert "--index 82" in kinerja("--sd", "10")[1]


def test_answers_spread_over_units(kinerja):
    out = kinerja("--units", "Puskesmas A=900; Puskesmas B=100", "--total", "100", "--least", "20")[1]
    assert cells(out, "Puskesmas A")[1:] == ["900", "80", "–", "80"]
    assert cells(out, "Puskesmas B")[1:] == ["100", "20", "–", "20"]
    out = kinerja("--units", "A=900; B=100", "--sd", "10", "--total", "100", "--least", "0")[1]
    assert cells(out, "A  ")[1:4] == ["900", "90", "± 2,1"], "1.96 * 10 / sqrt(90) = 2.07"
    assert "kurang dari jumlah minimum" in kinerja("--units", "A=900; B=100", "--total", "10", "--least", "10")[1]
    assert "melebihi banyaknya orang" in kinerja("--units", "A=9; B=10", "--total", "100")[1]


def test_a_study_gives_the_numbers_of_its_report(kinerja):
    study = load_study(studies_root() / "layanan-publik")
    source = open_source(study)
    setting = setting_of(study, region="53.71", period="2025", language="id", level=0.95)
    found = design_results(_survey_results(study, source, "53.71", setting), setting=setting).plan
    basis = sample_basis(study, source, region="53.71", period="2025", level=0.95)
    assert (basis.sd, basis.deff, basis.population) == pytest.approx((found.sd.value, found.deff, found.population))
    assert basis.within < basis.sd and len(basis.groups) == len(basis.indices) == 57 and basis.hidden == 0
    code, out, _ = kinerja("layanan-publik", "--region", "53.71")
    assert code == 0 and "Kota Kupang, 2025" in out
    size = int(found.sizes.set_index("rule").loc["mean", "answers"])
    assert cells(out, "       ± 1")[1] == str(size)
    rows = [cells(out, name) for name in ("Sekolah 1 ", "Instalasi RSUD 8")]
    assert all(re.fullmatch(r"[ABCD]: [\d.]+", row[-1]) for row in rows)


def test_all_regions_are_spread_over_regions(kinerja):
    out = kinerja("layanan-publik", "--region", "semua", "--total", "1.000", "--lang", "en")[1]
    regions = [cells(out, f"Kota {name}") for name in ("Serang", "Mataram", "Kupang", "Palangka Raya")]
    assert sum(int(row[2]) for row in regions) == 1000
    assert "Users of the service: 1,522,157" in out


def test_a_study_without_respondents_says_why(kinerja, shared):
    code, out, err = kinerja("cms-vbp-2015", "--region", "AL")
    assert code == 2 and out == "" and "bukan lembar jawaban" in err


@pytest.mark.parametrize(("words", "part"), [
    ((), "--population"), (("tidak-ada",), "tidak-ada"), (("layanan-publik", "--region", "53.7"), "53.71"),
    (("layanan-publik", "--period", "2020"), "2024, 2025"), (("--sd", "10", "--sd"), "sd"),
    (("renstra-banyuwangi",), "survei"),
])
def test_what_cannot_be_is_refused_without_a_traceback(kinerja, shared, words, part):
    code, out, err = kinerja(*words)
    assert code == 2 and out == "" and part in err and "Traceback" not in err


def test_every_fault_is_said_at_once():
    request = SampelRequest(
        population="x", margin="0,05", sd="-3", power="120", units="a=3;a=4", region="1", level="1.234",
        response="0,6", total="1,5", least="-1", deff="0", index="100,5", difference="1-2", precision="nan", sure="50")
    with pytest.raises(InputFaults) as raised:
        wishes_of(request)
    found = {fault.column: fault.message.code.split(".")[1] for fault in raised.value.faults}
    assert found == {
        "--population": "sampel_whole", "--margin": "sampel_percent", "--sd": "sampel_between",
        "--power": "sampel_between", "--units": "sampel_unit_twice", "--region": "sampel_needs_study",
        "--level": "sampel_number", "--response": "sampel_percent", "--total": "sampel_whole",
        "--least": "sampel_whole", "--deff": "sampel_between", "--index": "sampel_between",
        "--difference": "sampel_number", "--precision": "sampel_number", "--sure": "sampel_between"}


@pytest.mark.parametrize(("typed", "value"), [
    ("444.661", 444661), ("444,661", 444661), ("444661", 444661), ("1 200", 1200), ("12", 12)])
def test_people_are_read_as_indonesians_and_as_english_write_them(typed, value):
    assert wishes_of(SampelRequest(population=typed)).population == value


def test_percentages_and_shares():
    found = wishes_of(SampelRequest(margin="2,5%", level="0,99", power="90", sure="95", response="60%"))
    assert (found.margin, found.level, found.power, found.sure, found.response) == (0.025, 0.99, 0.9, 0.95, 0.6)
    assert wishes_of(SampelRequest(margin="0,5")).margin == 0.005


def test_a_survey_of_one_answer_each_has_no_plan(mini_study):
    study = load_study(mini_study(change=lambda frame: frame.insert(0, "x", frame.pop("tempat")) or
                                  frame.insert(0, "tempat", [f"u{place}" for place in range(len(frame))])))
    with pytest.raises(NotApplicable) as raised:
        sample_basis(study, open_source(study), region="53.71", period="2025", level=0.95)
    assert raised.value.message.code == "not_applicable.one_respondent_each"
