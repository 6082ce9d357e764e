"""WRD001: does the name measure an activity of the office?"""

from kinerja_lab.core.options import IndicatorLevel, Status
from kinerja_lab.io.wording_rules import load_wording_rules


def run(make, subject):
    return make.judge("WRD001", subject, make.replace(make.results(), wording=load_wording_rules()))


def test_fires(make):
    finding = run(make, make.indicator(name="Jumlah rapat koordinasi kemiskinan"))
    assert finding.status is Status.FAILED
    assert "rapat" in make.said(finding)


def test_stays_silent(make):
    assert run(make, make.indicator(name="Angka kemiskinan penduduk kota")).status is Status.PASSED


def test_another_level_is_not_judged(make):
    subject = make.indicator(level=IndicatorLevel("process"), name="Jumlah rapat koordinasi kemiskinan")
    assert run(make, subject).message.code == "not_applicable.wording_level"


def test_not_applicable_without_rules(make):
    finding = make.judge("WRD001", make.indicator(name="Jumlah rapat koordinasi kemiskinan"), make.results())
    assert finding.message.code == "not_applicable.no_wording_rules"
