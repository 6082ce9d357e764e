"""WRD006: does the unit fit the formula?"""

from kinerja_lab.core.options import Status
from kinerja_lab.io.wording_rules import load_wording_rules


def run(make, subject):
    return make.judge("WRD006", subject, make.replace(make.results(), wording=load_wording_rules()))


def test_fires(make):
    finding = run(make, make.indicator(name="Persentase siswa lulus", unit="orang", survey=False))
    assert finding.status is Status.FAILED
    assert "orang" in make.said(finding)


def test_stays_silent(make):
    subject = make.indicator(name="Persentase siswa lulus", numerator="siswa lulus", denominator="siswa × 100",
                             unit="%", survey=False)
    assert run(make, subject).status is Status.PASSED


def test_not_applicable_without_rules(make):
    finding = make.judge(
        "WRD006", make.indicator(name="Persentase siswa lulus", unit="orang", survey=False), make.results()
    )
    assert finding.message.code == "not_applicable.no_wording_rules"
