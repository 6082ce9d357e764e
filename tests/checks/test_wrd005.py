"""WRD005: is the period stated?"""

from kinerja_lab.core.options import Status
from kinerja_lab.io.wording_rules import load_wording_rules


def run(make, subject):
    return make.judge("WRD005", subject, make.replace(make.results(), wording=load_wording_rules()))


def test_fires(make):
    finding = run(make, make.indicator(name="Jumlah kebakaran", numerator="kebakaran", frequency=""))
    assert finding.status is Status.CONCERN
    assert "Jumlah kebakaran" in make.said(finding)


def test_stays_silent(make):
    subject = make.indicator(name="Jumlah kebakaran", numerator="kebakaran selama setahun", frequency="")
    assert run(make, subject).status is Status.PASSED


def test_not_applicable_without_rules(make):
    finding = make.judge(
        "WRD005", make.indicator(name="Jumlah kebakaran", numerator="kebakaran", frequency=""), make.results()
    )
    assert finding.message.code == "not_applicable.no_wording_rules"
