"""MEA007: do the claimed factors fit the answers?"""

import numpy as np
import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status
from kinerja_lab.evidence.structure_results import StructureResults
from kinerja_lab.psychometrics.confirmatory_ordinal import confirm_ordinal
from kinerja_lab.psychometrics.design_sheets import plain_sheets
from kinerja_lab.psychometrics.polychoric import polychoric
from kinerja_lab.simulate.item_answers import count_sheets

STEPS = np.array([-1.2, -0.4, 0.8])
ITEMS = ("waktu", "biaya", "sarana", "lain")


def model(twin, *, n, items=ITEMS):
    """One factor; the first two items share more than it, by a correlation of their errors."""
    rng = np.random.default_rng(2)
    error = rng.normal(size=(n, len(items)))
    error[:, 1] = twin * error[:, 0] + np.sqrt(1 - twin**2) * error[:, 1]
    answers = 0.7 * rng.normal(size=(n, 1)) + np.sqrt(0.51) * error
    sheets = count_sheets(1 + (answers[:, :, None] > STEPS).sum(axis=2), low=1, high=4, items=items)
    return confirm_ordinal(polychoric(plain_sheets(sheets), level=0.95), factors={"F": items}, level=0.95)


def judge(make, found):
    structure = found if isinstance(found, NotApplicable) else StructureResults(
        model=found, invariance=NotApplicable("invariance_groups", n=1, most=12), column="agency")
    return make.judge("MEA007", make.indicator(), make.replace(make.results(make.survey_results()),
                                                               structure=structure))


@pytest.mark.parametrize(("twin", "n", "status"), [(0.0, 3000, Status.PASSED), (0.0, 200, Status.CONCERN),
                                                   (0.7, 3000, Status.FAILED)])
def test_the_interval_of_rmsea_decides(make, twin, n, status):
    finding = judge(make, model(twin, n=n))
    assert finding.status is status
    assert {"cfi_plain", "cfi_scaled", "cfi_robust", "rmsea_robust", "srmr"} <= set(finding.numbers)


def test_names_a_pair_that_departs(make):
    assert "Waktu" in make.said(judge(make, model(0.5, n=3000, items=(*ITEMS, "sikap", "produk"))))


def test_not_applicable(make):
    assert judge(make, NotApplicable("rows_are_units")).status is Status.NOT_APPLICABLE
    three = judge(make, model(0.0, n=500, items=ITEMS[:3]))
    assert three.message.code == "not_applicable.model_saturated"
    assert make.judge("MEA007", make.outcome_indicator(), make.results(make.survey_results())).status is (
        Status.NOT_APPLICABLE)
