"""DAT003: elements in which nobody differs, and what the index is without them."""

from dataclasses import replace

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status


def constant(make, index, without, **changes):
    return make.results(make.survey_results(
        constant_items=("biaya",), index=make.estimate(index, index - 1, index + 1),
        index_varying=make.estimate(without, without - 1, without + 1), **changes))


def test_fails_when_the_grade_hangs_on_it(make):
    # Eight elements at 3.0 and a free one at 4.0: 25 * (8 * 3 + 4) / 9 = 77.78 is B, 25 * 3 = 75 is C.
    finding = make.judge("DAT003", make.indicator(), constant(make, 25 * (8 * 3 + 4) / 9, 75.0))
    assert finding.status is Status.FAILED
    text = make.said(finding)
    assert "77,78" in text and "mutu B" in text and "75,00" in text and "mutu C" in text and "Biaya/Tarif" in text
    assert finding.numbers["without"] == 75.0


def test_the_grades_compared_are_those_of_the_rounded_values(make):
    # 76.605 rounds half up to 76.61, the lower bound of B.
    assert make.judge("DAT003", make.indicator(), constant(make, 80.0, 76.605)).status is Status.CONCERN
    assert make.judge("DAT003", make.indicator(), constant(make, 80.0, 76.604)).status is Status.FAILED


def test_a_concern_when_the_grade_stays(make):
    assert make.judge("DAT003", make.indicator(), constant(make, 85.0, 84.0)).status is Status.CONCERN


def test_a_concern_where_the_rule_has_no_grades(make):
    rule = replace(make.RULE, bands=())
    assert make.judge("DAT003", make.indicator(), constant(make, 77.8, 75.0, ruleset=rule)).status is Status.CONCERN


def test_fails_when_nobody_differs_at_all(make):
    found = make.results(make.survey_results(
        constant_items=("waktu", "biaya", "sarana"), index_varying=NotApplicable("all_items_constant", items="-")))
    assert make.judge("DAT003", make.indicator(), found).status is Status.FAILED


def test_silent_when_every_element_varies(make):
    assert make.judge("DAT003", make.indicator(), make.results(make.survey_results())).status is Status.PASSED


def test_not_applicable(make):
    finding = make.judge("DAT003", make.outcome_indicator(), make.results(make.survey_results()))
    assert finding.message.code == "not_applicable.not_survey_indicator"
    found = make.results(make.survey_results(constant_items=("biaya",), index_varying=make.estimate(float("nan"))))
    assert make.judge("DAT003", make.indicator(), found).message.code == "not_applicable.no_index"
