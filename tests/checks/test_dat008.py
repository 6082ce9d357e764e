"""DAT008: which number of a small unit is printed."""

import pandas as pd
import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status
from kinerja_lab.evidence.design_results import DesignResults, SmallUnits

ABSENT = NotApplicable("too_few_areas", n=3, least=6)


def found(make, printed):
    small = ABSENT
    if printed:
        rows = pd.DataFrame({"unit": [f"rahasia-{place}" for place in range(len(printed))], "printed": printed})
        small = SmallUnits(rows=rows, widest=5.805, level=0.95, by_agency=False, between=make.estimate(9.0, 4.0, 14.0),
                           mse_formula="g1", unit="index_100")
    design = DesignResults(effects=ABSENT, strata=1, clusters=9, lonely=0, weighted=True, plan=ABSENT, small=small)
    return make.replace(make.results(make.survey_results()), design=design)


@pytest.mark.parametrize(("printed", "status"), [
    (["direct"] * 4, Status.PASSED), (["direct"] * 3 + ["small_area"], Status.CONCERN),
    (["direct"] * 2 + ["synthetic"] * 2, Status.CONCERN), (["direct", "small_area", "synthetic"], Status.FAILED),
])
def test_counts_what_is_printed(make, printed, status):
    finding = make.judge("DAT008", make.indicator(), found(make, printed))
    assert finding.status is status
    assert "rahasia" not in make.said(finding)


def test_not_applicable(make):
    assert make.judge("DAT008", make.indicator(), found(make, [])).message.code == "not_applicable.too_few_areas"
