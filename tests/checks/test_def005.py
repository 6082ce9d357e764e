"""DEF005: attendance, hours and money spent are not performance."""

import pytest

from kinerja_lab.core.options import IndicatorLevel, Status
from kinerja_lab.io.wording_rules import load_wording_rules


def run(make, code="DEF005", **changes):
    return make.judge(code, make.outcome_indicator(**changes),
                      make.replace(make.results(), wording=load_wording_rules()))


@pytest.mark.parametrize(("name", "level", "status"), [
    ("Tingkat kehadiran pegawai", IndicatorLevel.OUTCOME, Status.FAILED),
    ("Kepatuhan jam masuk petugas loket", IndicatorLevel.IMPACT, Status.FAILED),
    ("Serapan anggaran", IndicatorLevel.OUTCOME, Status.FAILED),
    ("Kehadiran ASN", IndicatorLevel.OUTPUT, Status.CONCERN),
    ("Staff attendance", IndicatorLevel.OUTCOME, Status.FAILED),
    ("Indeks disiplin pegawai", IndicatorLevel.OUTCOME, Status.FAILED),
])
def test_fires_when_busyness_is_presented_as_a_result(make, name, level, status):
    assert run(make, name=name, numerator="hari", level=level).status is status


def test_fires_when_the_formula_holds_it(make):
    finding = run(make, name="Pelayanan prima", numerator="hari hadir apel pagi", level=IndicatorLevel.OUTCOME)
    assert finding.status is Status.FAILED


def test_activities_are_named_by_their_own_check(make):
    subject = {"name": "Jumlah rapat koordinasi", "numerator": "rapat", "level": IndicatorLevel.IMPACT}
    assert run(make, "WRD001", **subject).status is Status.FAILED
    assert run(make, **subject).status is Status.PASSED


@pytest.mark.parametrize(("name", "level"), [
    ("Tingkat kehadiran siswa", IndicatorLevel.OUTCOME), ("Waktu tunggu", IndicatorLevel.OUTCOME),
])
def test_silent_about_citizens(make, name, level):
    assert run(make, name=name, numerator="hari hadir", level=level).status is Status.PASSED


@pytest.mark.parametrize(("name", "level"), [
    ("Tingkat kehadiran pegawai", IndicatorLevel.PROCESS), ("Serapan anggaran", IndicatorLevel.INPUT),
])
def test_not_applicable_where_it_is_named_for_what_it_is(make, name, level):
    finding = run(make, name=name, numerator="hari hadir", level=level)
    assert finding.message.code == "not_applicable.wording_level"


def test_not_applicable_without_rules(make):
    finding = make.judge("DEF005", make.indicator(), make.results(make.ABSENT))
    assert finding.message.code == "not_applicable.no_wording_rules"
