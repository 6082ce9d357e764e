"""WRD004: does anybody know who is counted?"""

from kinerja_lab.core.options import Status
from kinerja_lab.io.wording_rules import load_wording_rules


def run(make, subject):
    return make.judge("WRD004", subject, make.replace(make.results(), wording=load_wording_rules()))


def test_fires(make):
    finding = run(make, make.indicator(name="Tingkat kepuasan", numerator="rata-rata nilai"))
    assert finding.status is Status.CONCERN
    assert "Tingkat kepuasan" in make.said(finding)


def test_stays_silent(make):
    subject = make.indicator(name="Tingkat kepuasan pasien RSUD", numerator="rata-rata nilai")
    assert run(make, subject).status is Status.PASSED


def test_not_applicable_without_rules(make):
    finding = make.judge("WRD004", make.indicator(name="Tingkat kepuasan", numerator="rata-rata nilai"), make.results())
    assert finding.message.code == "not_applicable.no_wording_rules"
