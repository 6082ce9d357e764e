"""TGT005: was a range typed as two equal numbers?"""

from kinerja_lab.core.options import Status
from kinerja_lab.drafting.targets import Quantity, Statement


def run(make, *texts):
    statements = tuple(Statement(indicator="ikm", quantity=Quantity.TARGET, period="2025", text=text, place="Tabel 4.1")
                       for text in texts)
    return make.judge("TGT005", make.indicator(code="ikm"), make.replace(make.results(), statements=statements))


def test_fires(make):
    finding = run(make, "93.8-93.8", "0.818:0.818", "80-90")
    assert finding.status is Status.CONCERN and finding.numbers["ranges"] == 2
    assert "93.8-93.8" in make.said(finding)


def test_stays_silent(make):
    assert run(make, "80-90", "93,8").status is Status.PASSED


def test_not_applicable_without_printed_numbers(make):
    assert run(make).message.code == "not_applicable.no_statements"
