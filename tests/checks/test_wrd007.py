"""WRD007: can a percentage pass 100?"""

from kinerja_lab.core.options import Status
from kinerja_lab.io.wording_rules import load_wording_rules


def run(make, subject):
    return make.judge("WRD007", subject, make.replace(make.results(), wording=load_wording_rules()))


def test_fires(make):
    finding = run(
        make, make.indicator(numerator="ibu dilayani", denominator="sasaran ibu × 100", unit="%", survey=False)
    )
    assert finding.status is Status.CONCERN
    assert "sasaran" in make.said(finding)


def test_stays_silent(make):
    subject = make.indicator(numerator="ibu terdata yang dilayani", denominator="ibu terdata × 100", unit="%",
                             survey=False)
    assert run(make, subject).status is Status.PASSED


def test_not_applicable_without_rules(make):
    finding = make.judge(
        "WRD007",
        make.indicator(numerator="ibu dilayani", denominator="sasaran ibu × 100", unit="%", survey=False),
        make.results(),
    )
    assert finding.message.code == "not_applicable.no_wording_rules"
