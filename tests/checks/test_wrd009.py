"""WRD009: can the source be found?"""

from kinerja_lab.core.options import Status
from kinerja_lab.io.wording_rules import load_wording_rules


def run(make, subject):
    return make.judge("WRD009", subject, make.replace(make.results(), wording=load_wording_rules()))


def test_fires(make):
    finding = run(make, make.indicator(source="Dinas terkait"))
    assert finding.status is Status.CONCERN
    assert "Dinas terkait" in make.said(finding)


def test_stays_silent(make):
    assert run(make, make.indicator(source="SIAK, tabel penerbitan akta")).status is Status.PASSED


def test_not_applicable_without_rules(make):
    finding = make.judge("WRD009", make.indicator(source="Dinas terkait"), make.results())
    assert finding.message.code == "not_applicable.no_wording_rules"
