"""MEA013: do elements work alike in groups that are equally satisfied?"""

import numpy as np
import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status
from kinerja_lab.evidence.irt_results import FairnessResults, GroupLook
from kinerja_lab.psychometrics.dif import logistic_dif
from kinerja_lab.simulate.item_answers import count_sheets, simulate_graded

STEPS = np.array([[-2.0, -0.8, 1.0], [-1.8, -0.5, 1.2], [-2.2, -1.0, 0.6]])


def look(shift, *, n):
    """Women answer the second element lower by a shift of its thresholds."""
    moved, rng = STEPS.copy(), np.random.default_rng(3)
    moved[1] += shift
    groups = {name: count_sheets(simulate_graded(rng.normal(size=n), slopes=np.full(3, 1.8), thresholds=steps, rng=rng),
                                 low=1, high=4, items=("waktu", "biaya", "sarana"))
              for name, steps in (("L", STEPS), ("P", moved))}
    return GroupLook(column="sex", dif=logistic_dif(groups, level=0.95), published=NotApplicable("no_flagged_items"))


def fairness(*looks):
    reason = NotApplicable("too_few_items", n=1, least=3)
    return FairnessResults(looks=looks, scale_width=3.0, model=reason, information=reason, reliability=reason,
                           measured=reason, above=reason, scores=reason)


def judge(make, found):
    results = make.replace(make.results(make.survey_results()), fairness=found)
    return make.judge("MEA013", make.indicator(), results)


@pytest.mark.parametrize(("shift", "n", "status"), [(0.0, 800, Status.PASSED), (0.35, 800, Status.PASSED),
                                                    (0.9, 300, Status.CONCERN), (1.6, 2000, Status.FAILED)])
def test_the_interval_decides(make, shift, n, status):
    assert judge(make, fairness(look(shift, n=n))).status is status


def test_names_the_element_the_division_and_the_size(make):
    finding = judge(make, fairness(look(1.6, n=2000), look(0.0, n=800)))
    sentence = make.said(finding)
    assert "jenis kelamin: Biaya/Tarif" in sentence and "0,20" in sentence and finding.numbers["largest"] > 0.2
    assert "Waktu" not in sentence


def test_not_applicable(make):
    assert judge(make, NotApplicable("rows_are_units")).status is Status.NOT_APPLICABLE
    small = GroupLook(column="sex", dif=NotApplicable("too_few_groups", n=1, least=50),
                      published=NotApplicable("too_few_groups", n=1, least=50))
    finding = judge(make, fairness(small))
    assert finding.message.code == "not_applicable.too_few_groups"
    assert judge(make, fairness()).message.code == "not_applicable.no_groups"
    assert make.judge("MEA013", make.outcome_indicator(), make.results(make.survey_results())).status is (
        Status.NOT_APPLICABLE)
