"""TGT001: is a number contradicted in another place?"""

import pytest

from kinerja_lab.core.options import Status
from kinerja_lab.drafting.targets import Quantity, Statement


def stated(text, place, *, quantity="baseline", period="2024"):
    return Statement(indicator="ikm", quantity=Quantity(quantity), period=period, text=text, place=place)


def run(make, *statements, **changes):
    return make.judge(
        "TGT001", make.indicator(code="ikm", **changes), make.replace(make.results(), statements=statements)
    )


def test_fires_for_two_baselines(make):
    finding = run(make, stated("2,8", "Tabel 2.1"), stated("1,7", "Tabel 3.4"))
    assert finding.status is Status.FAILED and finding.numbers["conflicts"] == 1
    assert "2,8 (Tabel 2.1), 1,7 (Tabel 3.4)" in make.said(finding)


@pytest.mark.parametrize(("baseline", "part"), [(81.92, "adalah target 2024"), (85.0, "berbeda dari realisasi 2024")])
def test_fires_when_the_baseline_is_not_the_realisation_of_its_year(make, baseline, part):
    finding = run(make, baseline=baseline, baseline_year=2024, series=make.series(("2024", 81.92, 93.7)))
    assert finding.status is Status.FAILED and part in make.said(finding)


def test_stays_silent(make):
    same = (stated("2,8", "Tabel 2.1"), stated("2.80", "Tabel 3.4"), stated("3", "Tabel 3.4", period="2025"))
    assert run(make, *same).status is Status.PASSED
    assert (
        run(make, baseline=93.7, baseline_year=2024, series=make.series(("2024", 81.92, 93.7))).status is Status.PASSED
    )


def test_not_applicable_when_a_number_stands_once(make):
    found = run(make, stated("2,8", "Tabel 2.1"), baseline=80.0, baseline_year=2019)
    assert found.message.code == "not_applicable.nothing_to_compare"
