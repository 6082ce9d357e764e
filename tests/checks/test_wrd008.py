"""WRD008: is an output presented as a result?"""

from kinerja_lab.core.options import IndicatorLevel, Status
from kinerja_lab.io.wording_rules import load_wording_rules


def run(make, subject):
    return make.judge("WRD008", subject, make.replace(make.results(), wording=load_wording_rules()))


def test_fires(make):
    finding = run(make, make.indicator(name="Jumlah sertifikat yang diterbitkan"))
    assert finding.status is Status.FAILED
    assert "jumlah sertifikat" in make.said(finding)


def test_stays_silent(make):
    assert run(make, make.indicator(name="Warga yang tanahnya tidak lagi disengketakan")).status is Status.PASSED


def test_another_level_is_not_judged(make):
    subject = make.indicator(level=IndicatorLevel("output"), name="Jumlah sertifikat yang diterbitkan")
    assert run(make, subject).message.code == "not_applicable.wording_level"


def test_not_applicable_without_rules(make):
    finding = make.judge("WRD008", make.indicator(name="Jumlah sertifikat yang diterbitkan"), make.results())
    assert finding.message.code == "not_applicable.no_wording_rules"
