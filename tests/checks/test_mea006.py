"""MEA006: does the questionnaire measure no more things than it claims?"""

from types import SimpleNamespace

import numpy as np
import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status


def judge(make, factors, components):
    parallel = SimpleNamespace(n_factors=factors, components=np.array(components), n=900, draws=100)
    results = make.replace(make.results(make.survey_results()), instrument=SimpleNamespace(parallel=parallel))
    return make.judge("MEA006", make.indicator(), results)


@pytest.mark.parametrize(("factors", "components", "status"), [
    (1, [4.0, 0.6, 0.4], Status.PASSED), (2, [4.0, 1.0, 0.4], Status.CONCERN), (2, [2.4, 1.4, 0.4], Status.FAILED)])
def test_more_than_claimed_matters_less_where_the_first_is_clear(make, factors, components, status):
    finding = judge(make, factors, components)
    assert finding.status is status and finding.numbers["factors"] == factors
    assert "900 lembar" in make.said(finding)


def test_not_applicable(make):
    results = make.replace(make.results(make.survey_results()), instrument=SimpleNamespace(
        parallel=NotApplicable("too_few_items", n=1, least=3)))
    assert make.judge("MEA006", make.indicator(), results).status is Status.NOT_APPLICABLE
    assert make.judge("MEA006", make.outcome_indicator(), make.results(make.survey_results())).status is (
        Status.NOT_APPLICABLE)
