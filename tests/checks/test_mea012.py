"""MEA012: does the choice of formula decide whether the scale is reliable?"""

import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status


@pytest.mark.parametrize(("values", "status"), [
    ({"alpha": 0.8, "lambda6": 0.75}, Status.PASSED), ({"alpha": 0.72, "omega_observed": 0.55}, Status.CONCERN),
    ({"alpha": 0.6, "lambda6": 0.65}, Status.FAILED)])
def test_the_choice_decides_or_not(make, instrument, values, status):
    assert make.judge("MEA012", make.indicator(), instrument(choices=instrument.choices(values))).status is status


def test_names_the_most_different_formula(make, instrument):
    found = instrument(choices=instrument.choices({"alpha": 0.72, "omega_observed": 0.55, "lambda6": 0.71}))
    said = make.said(make.judge("MEA012", make.indicator(), found))
    assert "Omega satu faktor" in said and "0,55" in said


def test_a_formula_about_something_else_does_not_decide(make, instrument):
    found = instrument(choices=instrument.choices({"alpha": 0.8, "lambda6": 0.75}, other={"omega_hierarchical": 0.3}))
    finding = make.judge("MEA012", make.indicator(), found)
    assert (finding.status, finding.numbers["extreme"]) == (Status.PASSED, 0.3)


def test_not_applicable(make, instrument):
    found = instrument(choices=NotApplicable("items_cancel"))
    assert make.judge("MEA012", make.indicator(), found).status is Status.NOT_APPLICABLE
