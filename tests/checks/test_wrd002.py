"""WRD002: does the name use a word without a measure?"""

from kinerja_lab.core.options import Status
from kinerja_lab.io.wording_rules import load_wording_rules


def run(make, subject):
    return make.judge("WRD002", subject, make.replace(make.results(), wording=load_wording_rules()))


def test_fires(make):
    finding = run(make, make.indicator(name="Optimalnya pelayanan KTP"))
    assert finding.status is Status.CONCERN
    assert "optimalnya" in make.said(finding)


def test_stays_silent(make):
    assert run(make, make.indicator(name="KTP yang terbit dalam sehari")).status is Status.PASSED


def test_not_applicable_without_rules(make):
    finding = make.judge("WRD002", make.indicator(name="Optimalnya pelayanan KTP"), make.results())
    assert finding.message.code == "not_applicable.no_wording_rules"
