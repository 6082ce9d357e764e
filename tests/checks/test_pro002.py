"""PRO002: is the printed grade certain?"""

from dataclasses import replace

import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status


def graded(make, index, chances):
    return make.results(make.survey_results(index=make.estimate(index, index - 1, index + 1),
                                            grades=make.table(chances)))


@pytest.mark.parametrize(("chances", "status"), [
    ({"D": 0.0, "C": 0.55, "B": 0.45, "A": 0.0}, Status.FAILED),
    ({"D": 0.0, "C": 0.45, "B": 0.55, "A": 0.0}, Status.CONCERN),
    ({"D": 0.0, "C": 0.101, "B": 0.899, "A": 0.0}, Status.CONCERN),
    ({"D": 0.0, "C": 0.10, "B": 0.90, "A": 0.0}, Status.PASSED),
])
def test_the_probability_of_the_printed_letter_decides(make, chances, status):
    # 76.605 rounds to 76.61: the printed letter is B.
    finding = make.judge("PRO002", make.indicator(), graded(make, 76.605, chances))
    assert finding.status is status
    assert finding.numbers["probability"] == chances["B"]
    assert "B" in make.said(finding)


def test_names_the_likelier_rival(make):
    finding = make.judge("PRO002", make.indicator(), graded(make, 88.32, {"D": 0, "C": 0, "B": 0.4, "A": 0.6}))
    assert "mutu A hanya 60,0%" in make.said(finding) and "mutu B 40,0%" in make.said(finding)


def test_not_applicable(make):
    finding = make.judge("PRO002", make.outcome_indicator(), make.results(make.survey_results()))
    assert finding.message.code == "not_applicable.not_survey_indicator"
    for changes, code in (
        ({"grades": NotApplicable("no_grades", ruleset="x")}, "no_grades"),
        ({"ruleset": replace(make.RULE, bands=())}, "no_grades"),
        ({"index": make.estimate(float("nan"))}, "no_index"),
        ({"grades": make.table({"B": float("nan")})}, "no_interval"),
    ):
        found = make.results(make.survey_results(**changes))
        assert make.judge("PRO002", make.indicator(), found).message.code == f"not_applicable.{code}"
