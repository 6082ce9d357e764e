"""MEA014: does DIF reach the letter or the rank of a unit?"""

from types import SimpleNamespace

import numpy as np
import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status
from kinerja_lab.evidence.irt_results import FairnessResults, GroupLook
from kinerja_lab.psychometrics.dif_published import ItemEffects, published_change


def fairness(published):
    reason = NotApplicable("too_few_items", n=1, least=3)
    look = GroupLook(column="agency", dif=SimpleNamespace(), published=published)
    return FairnessResults(looks=(look,), scale_width=3.0, model=reason, information=reason, reliability=reason,
                           measured=reason, above=reason, scores=reason)


def change(make, effect, means, *, error=0.01):
    """Two agencies, half of the units each; the second element works differently by ``effect`` points."""
    count = len(means)
    shares = np.zeros((count, 1, 2))
    shares[:, 0, 0], shares[:, 0, 1] = np.arange(count) % 2 == 0, np.arange(count) % 2 == 1
    effects = ItemEffects(items=("biaya",), groups=("x", "y"), value=np.array([[effect, -effect]]),
                          covariance=error**2 * np.array([[[1.0, -1.0], [-1.0, 1.0]]]))
    return published_change(
        np.repeat(np.asarray(means, dtype=float)[:, None], 3, axis=1), units=[f"u{unit}" for unit in range(count)],
        items=["waktu", "biaya", "sarana"], effects=effects, shares=shares, n=[100] * count, level=0.95,
        formula=lambda held: 25 * held.mean(axis=1), grade=lambda value: make.RULE.band_of(value).code)


def judge(make, published):
    results = make.replace(make.results(make.survey_results()), fairness=fairness(published))
    return make.judge("MEA014", make.indicator(), results)


@pytest.mark.parametrize(("effect", "means", "status"), [
    (0.02, [3.2, 3.3, 3.4, 3.45], Status.PASSED),
    (0.1, [3.2, 3.21, 3.22, 3.23, 3.24, 3.25], Status.CONCERN),  # ranks change, the letter stays B
    (0.3, [3.10, 3.3, 3.4, 3.45], Status.FAILED),  # 77.5 becomes 75: from B to C at both ends
])
def test_the_interval_decides(make, effect, means, status):
    assert judge(make, change(make, effect, means)).status is status


def test_a_letter_that_changes_at_one_end_only_is_a_concern(make):
    finding = judge(make, change(make, 0.12, [3.10, 3.3, 3.4, 3.45], error=0.5))
    assert finding.status is Status.CONCERN and finding.numbers["grades"] == 1


def test_says_how_many_letters_and_places(make):
    finding = judge(make, change(make, 0.3, [3.10, 3.3, 3.4, 3.42]))
    assert "1 berubah huruf" in make.said(finding) and "menurut dinas" in make.said(finding)
    assert finding.numbers["largest"] == pytest.approx(25 * 0.3 / 3)


def test_silent_when_nothing_was_flagged(make):
    assert judge(make, NotApplicable("no_flagged_items")).status is Status.PASSED


def test_not_applicable(make):
    finding = judge(make, NotApplicable("too_few_units", n=1, least=2))
    assert finding.message.code == "not_applicable.too_few_units"
    results = make.replace(make.results(make.survey_results()), fairness=NotApplicable("rows_are_units"))
    assert make.judge("MEA014", make.indicator(), results).status is Status.NOT_APPLICABLE
