"""DAT007: what weights and clusters cost."""

import numpy as np
import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.options import Status
from kinerja_lab.evidence.design_results import DesignResults

ABSENT = NotApplicable("no_interval")


def found(make, deff, n, *, lonely=0, strata=10):
    rows = [Estimate(label=label, value=value, low=np.nan, high=np.nan, n=n, method="test", unit="ratio",
                     note="deff_no_interval")
            for label, value in (("design_effect", deff), ("weighting_effect", 1.2), ("effective_n", n / deff))]
    design = DesignResults(effects=EstimateTable.from_estimates(rows), strata=strata, clusters=50, lonely=lonely,
                           weighted=True, plan=ABSENT, small=ABSENT)
    return make.replace(make.results(make.survey_results()), design=design)


@pytest.mark.parametrize(("deff", "n", "lonely", "status"), [
    (1.4, 400, 0, Status.PASSED), (2.0, 400, 0, Status.PASSED), (2.1, 400, 0, Status.CONCERN),
    (1.4, 400, 1, Status.CONCERN), (1.4, 400, 6, Status.FAILED), (20.0, 400, 0, Status.FAILED),
    (1.0, 29, 0, Status.FAILED),
])
def test_effect_effective_answers_and_lonely_strata(make, deff, n, lonely, status):
    assert make.judge("DAT007", make.indicator(), found(make, deff, n, lonely=lonely)).status is status


def test_not_applicable(make):
    assert make.judge("DAT007", make.indicator(), make.results(make.survey_results())).status is Status.NOT_APPLICABLE
