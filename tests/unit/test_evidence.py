"""Every check answers once in every dossier, in both languages, with a manual page and a test file of its own."""

import pickle
import tomllib
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.finding import Dossier
from kinerja_lab.core.indicator import Criterion, Indicator, Realisation
from kinerja_lab.core.instrument import Instrument, Item
from kinerja_lab.core.message import Message, Words
from kinerja_lab.core.options import Family, IndicatorLevel, Polarity, Status
from kinerja_lab.core.ruleset import Element, Ruleset
from kinerja_lab.drafting.achievement import achievements
from kinerja_lab.evidence.check import Answer, Case, Check
from kinerja_lab.evidence.dossier import dossier_counts, examine
from kinerja_lab.evidence.reading import (
    at_least,
    at_most,
    better_by,
    element_words,
    listing,
    need,
    need_interval,
    need_rows,
    words,
    worst,
)
from kinerja_lab.evidence.registry import CHECKS, check_of
from kinerja_lab.evidence.results import RegionResults, Setting
from kinerja_lab.text.catalogue import LANGUAGES, catalogue

ROOT = Path(__file__).resolve().parents[2]
CODES = [check.code for check in CHECKS]
TODAY = date(2026, 11, 2)
NOTHING = NotApplicable("no_index")
PREFIX = {"DEF": Family.DEFINITION, "DAT": Family.DATA, "MEA": Family.MEASUREMENT, "CRI": Family.CRITERION,
          "PRO": Family.PROFILE, "ACH": Family.ACHIEVEMENT, "WRD": Family.DEFINITION, "TGT": Family.ACHIEVEMENT,
          "STD": Family.PROFILE}


def indicator(**changes) -> Indicator:
    values = {
        "code": "ikm", "name": "Indeks kepuasan masyarakat", "question": "q", "why": "w", "numerator": "indeks",
        "survey": True, "unit": "indeks", "polarity": Polarity.MAXIMISE, "level": IndicatorLevel.OUTCOME,
        "source": "survei", "owner": "Bagian Organisasi", "checker": "Inspektorat",
    }
    return Indicator(**{**values, **changes})


def results(**changes) -> RegionResults:
    setting = Setting(study="uji", region="53.71", region_name="Kota Kupang", region_word="kota", unit_word="unit",
                      period="2025", level=0.95, suppress_below=10)
    return RegionResults(**{"setting": setting, "survey": NOTHING, "outcomes": NOTHING, **changes})


def estimate(low: float, value: float, high: float) -> Estimate:
    return Estimate(label="x", value=value, low=low, high=high, n=9, method="test")


def test_codes_are_unique_and_stand_by_family_in_the_order_of_a_dossier():
    assert len(CODES) == len(set(CODES)) >= 20
    order = list(Family)
    assert [order.index(check.family) for check in CHECKS] == sorted(order.index(check.family) for check in CHECKS)
    assert all(PREFIX[check.code[:3]] is check.family and check.code[3:].isdigit() for check in CHECKS)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("code", CODES)
def test_every_code_has_its_words(code, lang):
    words_of = catalogue(lang)
    wanted = [f"check.{code}.name", f"advice.{code}.text",
              *(f"finding.{code}.{status}" for status in ("passed", "concern", "failed"))]
    assert [key for key in wanted if not words_of.has(key)] == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_words_are_left_over_for_a_check_that_is_gone(lang):
    files = [tomllib.loads(path.read_text(encoding="utf-8"))
             for path in (ROOT / f"kinerja_lab/text/{lang}").glob("*.toml")]
    for section in ("check", "finding", "advice"):
        worded = [code for sections in files for code in sections.get(section, ())]
        assert sorted(worded) == sorted(CODES)


@pytest.mark.parametrize("code", CODES)
def test_every_code_has_a_page_with_three_headings_and_a_test_file(code):
    page = (ROOT / f"docs/checks/{code}.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in page if line.startswith("## ")] == [
        "## Bagaimana ini dideteksi", "## Mengapa penting", "## Apa yang harus dilakukan"]
    assert page[0] == f"# {code}: {catalogue('id').text(f'check.{code}.name')}"
    assert (ROOT / f"tests/checks/test_{code.lower()}.py").is_file()


def test_the_index_of_pages_lists_every_code_and_no_page_is_an_orphan():
    pages = {path.stem for path in (ROOT / "docs/checks").glob("*.md")} - {"README"}
    assert pages == set(CODES)
    index = (ROOT / "docs/checks/README.md").read_text(encoding="utf-8")
    assert [code for code in CODES if f"[{code}]({code}.md)" not in index] == []


def test_a_dossier_has_each_check_once_even_where_nothing_is_known():
    dossier = examine(indicator(criteria=(Criterion(measure="m", sign=1),)), results(), today=TODAY,
                      fingerprints={"data": "abc"})
    assert [finding.code for finding in dossier.findings] == CODES
    assert dossier.registered == tuple(CODES)
    assert dossier.fingerprints == {"data": "abc"}
    for lang in LANGUAGES:
        assert all(catalogue(lang).sentence(finding.message) for finding in dossier.findings)
    reasons = {finding.code: finding.message.code for finding in dossier.findings
               if finding.status is Status.NOT_APPLICABLE}
    assert reasons["MEA001"] == "not_applicable.no_index"
    assert reasons["DAT005"] == "not_applicable.not_outcome_indicator"
    assert reasons["ACH001"] == "not_applicable.no_series"
    assert reasons["CRI001"] == "not_applicable.no_looks"


def test_survey_checks_do_not_apply_to_an_indicator_without_survey_value():
    subject = indicator(code="lulus", survey=False, numerator="lulus", denominator="peserta")
    dossier = examine(subject, results(), today=TODAY, fingerprints={})
    reasons = {finding.message.code for finding in dossier.findings if check_of(finding.code).scope == "survey"}
    assert reasons == {"not_applicable.not_survey_indicator"}


def test_findings_survive_a_pickle():
    series = (Realisation(period="2024", target=80.0, realisation=81.0), Realisation(period="2025", target=79.0,
                                                                                    realisation=82.0))
    dossier = examine(indicator(series=series), results(), today=TODAY, fingerprints={})
    again = pickle.loads(pickle.dumps(dossier.findings))
    for before, after in zip(dossier.findings, again, strict=True):
        assert catalogue("id").sentence(before.message) == catalogue("id").sentence(after.message)


def test_counts_hold_every_status_and_add_up():
    dossier = examine(indicator(), results(), today=TODAY, fingerprints={})
    counts = dossier_counts([dossier, dossier])
    assert list(counts) == [status.value for status in Status]
    assert sum(counts.values()) == 2 * len(CODES)
    assert counts["failed"] == 2 * dossier.count(Status.FAILED) > 0


def test_an_unexpected_error_is_not_hidden():
    def broken(case: Case) -> Answer:
        raise ZeroDivisionError

    check = Check(code="DEF999", family=Family.DEFINITION, scope="indicator", judge=broken)
    with pytest.raises(ZeroDivisionError):
        check.run(Case(indicator=indicator(), results=results(), today=TODAY))


def test_a_user_error_inside_a_check_is_not_taken_for_not_applicable():
    def broken(case: Case) -> Answer:
        raise KinerjaError("no_bands", ruleset="x")

    check = Check(code="DEF999", family=Family.DEFINITION, scope="indicator", judge=broken)
    with pytest.raises(KinerjaError):
        check.run(Case(indicator=indicator(), results=results(), today=TODAY))


def test_advice_comes_with_a_concern_or_a_failure_only():
    for status in (Status.PASSED, Status.CONCERN, Status.FAILED):
        check = Check(code="DEF003", family=Family.DEFINITION, scope="indicator",
                      judge=lambda case, status=status: Answer(status=status))
        finding = check.run(Case(indicator=indicator(), results=results(), today=TODAY))
        assert (finding.advice is not None) == (status is not Status.PASSED)


def test_an_incomplete_dossier_is_refused():
    dossier = examine(indicator(), results(), today=TODAY, fingerprints={})
    with pytest.raises(KinerjaError):
        Dossier(indicator=dossier.indicator, findings=dossier.findings[1:], registered=dossier.registered)


def test_an_unknown_check_names_the_nearest():
    with pytest.raises(KinerjaError) as caught:
        check_of("MEA01")
    assert str(caught.value.message.params["nearest"]).startswith("MEA")


def test_need_raises_a_new_reason_and_keeps_the_stored_one_clean():
    with pytest.raises(NotApplicable) as caught:
        need(NOTHING)
    assert caught.value is not NOTHING and caught.value.message == NOTHING.message
    assert NOTHING.__traceback__ is None
    assert need(3) == 3


def test_numbers_without_an_interval_cannot_decide():
    bare = Estimate(label="x", value=0.9, low=float("nan"), high=float("nan"), n=9, method="t", note="n")
    with pytest.raises(NotApplicable):
        need_interval(bare)
    table = EstimateTable.from_estimates([bare, estimate(0.1, 0.2, 0.3)])
    assert [row.value for row in need_rows(table)] == [0.2]
    with pytest.raises(NotApplicable):
        need_rows(EstimateTable.from_estimates([]))


@pytest.mark.parametrize(("ends", "status"), [
    ((0.7, 0.8, 0.9), Status.PASSED), ((0.69, 0.8, 0.9), Status.CONCERN), ((0.5, 0.6, 0.7), Status.CONCERN),
    ((0.5, 0.6, 0.69), Status.FAILED)])
def test_at_least(ends, status):
    assert at_least(estimate(*ends), 0.7) is status


@pytest.mark.parametrize(("ends", "status"), [
    ((0.1, 0.15, 0.2), Status.PASSED), ((0.1, 0.15, 0.21), Status.CONCERN), ((0.3, 0.4, 0.5), Status.CONCERN),
    ((0.51, 0.6, 0.7), Status.FAILED)])
def test_at_most_with_two_limits(ends, status):
    assert at_most(estimate(*ends), 0.2, failed_above=0.5) is status
    assert at_most(estimate(0.21, 0.3, 0.4), 0.2) is Status.FAILED


def test_better_follows_the_polarity():
    assert better_by(3.0, than=2.0, polarity=Polarity.MAXIMISE) == 1.0
    assert better_by(3.0, than=2.0, polarity=Polarity.MINIMISE) == -1.0
    with pytest.raises(NotApplicable):
        better_by(3.0, than=2.0, polarity=Polarity.STABILISE)


def test_worst():
    assert worst([Status.PASSED, Status.FAILED, Status.CONCERN]) is Status.FAILED
    assert worst([]) is Status.PASSED


def test_long_lists_are_cut_with_a_count_in_the_language_of_the_reader():
    parts = [Message("finding_part.zero", {"unit": f"u{number}", "period": "2025-01"}) for number in range(8)]
    text = catalogue("id").sentence(listing(parts, most=2))
    assert text == "u0 pada 2025-01; u1 pada 2025-01; dan 6 lainnya"
    assert catalogue("en").sentence(listing(parts[:1])) == "u0 in 2025-01"
    assert listing([]) == ""
    assert catalogue("en").sentence(words(["a", "b", "c"], most=2)) == "a, b; and 1 more"


def test_elements_are_named_in_the_language_of_the_reader():
    rule = Ruleset(code="r", title="r", source="-", confidence="high",
                   elements=(Element(code="biaya", name="Biaya/Tarif", name_en="Fee"),))
    items = (Item(code="biaya", text="Apakah biayanya wajar?"), Item(code="perawat", text="Perawat", text_en="Nurses"),
             Item(code="panjang", text="x" * 61))
    instrument = Instrument(code="i", title="i", items=items, low=1, high=4, ruleset="r")
    survey = SimpleNamespace(ruleset=rule, survey=SimpleNamespace(instrument=instrument))
    names = element_words(["biaya", "perawat", "panjang"], survey=survey)
    assert names == Words(id="Biaya/Tarif, Perawat, panjang", en="Fee, Nurses, panjang")
    assert Words(id="saja").of("en") == "saja"


def test_the_defects_known_in_real_plans_are_found(shared):
    """Two agencies of one regency: the recomputed column of the table is the work of another hand."""
    table = pd.read_csv(shared / "data/renstra-banyuwangi/capaian_2020_2024.csv")
    wrong = 0
    subjects = {}
    for position, ((_, name), rows) in enumerate(table.groupby(["opd", "indikator"], sort=False)):
        polarity = Polarity.MINIMISE if rows["polaritas"].iloc[0] == "turun" else Polarity.MAXIMISE
        subject = indicator(
            code=f"renstra_{position}", name=name, survey=False, unit=rows["satuan"].iloc[0], polarity=polarity,
            series=tuple(Realisation(period=str(row.tahun), target=row.target, realisation=row.realisasi,
                                     printed=row.rasio_laporan) for row in rows.itertuples()))
        found = results(achievements={subject.code: achievements(subject)})
        dossier = examine(subject, found, today=TODAY, fingerprints={})
        subjects[name] = {finding.code: finding for finding in dossier.findings}
        wrong += subjects[name]["ACH001"].numbers["wrong"]
    assert wrong == (table["selisih"].abs() > 0.5).sum() > 10
    assert subjects["Angka Kematian Ibu"]["ACH001"].numbers["largest_difference"] == pytest.approx(
        31.15 - 100 * (2 * 95 - 162.1) / 95)
    highest = subjects["Hipertensi dalam pengendalian"]["ACH006"].numbers["largest_percent"]
    assert highest == pytest.approx(100 * 62 / 25)
