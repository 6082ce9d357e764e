"""WRD003: does one indicator measure two things?"""

from kinerja_lab.core.options import Status
from kinerja_lab.io.wording_rules import load_wording_rules


def run(make, subject):
    return make.judge("WRD003", subject, make.replace(make.results(), wording=load_wording_rules()))


def test_fires(make):
    finding = run(make, make.indicator(name="Cakupan air minum layak dan sanitasi layak"))
    assert finding.status is Status.CONCERN
    assert "layak dan sanitasi" in make.said(finding)


def test_stays_silent(make):
    assert run(make, make.indicator(name="Puskesmas dengan sarana dan prasarana lengkap")).status is Status.PASSED


def test_not_applicable_without_rules(make):
    finding = make.judge("WRD003", make.indicator(name="Cakupan air minum layak dan sanitasi layak"), make.results())
    assert finding.message.code == "not_applicable.no_wording_rules"
