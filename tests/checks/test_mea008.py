"""MEA008: do elements mean the same in all groups, and what does it change in the index?"""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.core.options import Status
from kinerja_lab.evidence.structure_results import AlignedLook, StructureResults
from kinerja_lab.psychometrics.design_sheets import plain_sheets
from kinerja_lab.psychometrics.invariance_ordinal import invariance_ladder
from kinerja_lab.simulate.item_answers import count_sheets

STEPS = np.array([-1.2, -0.4, 0.8])
ITEMS = ("waktu", "biaya", "sarana", "lain", "sikap")


def ladder(shift, *, n):
    """The second group answers the first items higher by a shift at equal satisfaction."""
    groups = {}
    for seed, (name, moved) in enumerate((("dinkes", 0.0), ("disdik", shift)), start=11):
        rng = np.random.default_rng(seed)
        answers = 0.75 * rng.normal(size=(n, 1)) + np.sqrt(1 - 0.75**2) * rng.normal(size=(n, len(ITEMS)))
        answers[:, 0] += moved
        groups[name] = plain_sheets(count_sheets(1 + (answers[:, :, None] > STEPS).sum(axis=2), low=1, high=4,
                                                 items=ITEMS))
    return invariance_ladder(groups, level=0.95)


def judge(make, found):
    structure = StructureResults(model=NotApplicable("too_few_items", n=2, least=4), invariance=found, column="agency")
    return make.judge("MEA008", make.indicator(), make.replace(make.results(make.survey_results()),
                                                               structure=structure))


@pytest.mark.parametrize(("shift", "n", "status"), [(0.0, 2000, Status.PASSED), (0.25, 700, Status.CONCERN),
                                                    (0.9, 2500, Status.FAILED)])
def test_the_interval_in_index_points_decides(make, shift, n, status):
    finding = judge(make, ladder(shift, n=n))
    assert finding.status is status and finding.numbers["groups"] == 2
    assert "menurut dinas (2 kelompok" in make.said(finding)


def test_names_the_item_and_the_size(make):
    finding = judge(make, ladder(0.9, n=2500))
    assert "Waktu" in make.said(finding) and finding.numbers["largest"] > 1.0


def many(gaps, *, share=0.0, half=0.2):
    """Fourteen groups on one scale, whose plain values lie off by these points."""
    gaps = np.array([*gaps, *[0.0] * (14 - len(gaps))])
    names = [f"d{place}" for place in range(14)]
    points = pd.DataFrame({"group": names, "label": "difference", "value": gaps, "low": gaps - half,
                           "high": gaps + half, "level": 0.95, "n": 200, "method": "alignment",
                           "unit": "index_points", "note": ""})
    part = pd.DataFrame([{"label": "all", "value": share, "low": np.nan, "high": np.nan, "level": 0.95, "n": 140,
                          "method": "alignment", "unit": "share", "note": "alignment_count"}])
    result = SimpleNamespace(groups=tuple(names), points=EstimateTable(frame=points, groups=("group",)),
                             share=EstimateTable(frame=part))
    return AlignedLook(result=result, columns=("region", "agency"), q=dict.fromkeys(names, 1.0))


@pytest.mark.parametrize(("gaps", "share", "status"), [
    ([0.3, -0.5], 0.0, Status.PASSED), ([0.9], 0.0, Status.CONCERN), ([0.0, -1.6], 0.1, Status.FAILED),
    ([0.0], 0.3, Status.CONCERN)])
def test_many_groups_are_judged_on_one_scale(make, gaps, share, status):
    structure = StructureResults(model=NotApplicable("too_few_items", n=2, least=4), column="agency",
                                 invariance=NotApplicable("invariance_groups", n=14, most=12),
                                 aligned=many(gaps, share=share))
    finding = make.judge("MEA008", make.indicator(), make.replace(make.results(make.survey_results()),
                                                                  structure=structure))
    assert finding.status is status and finding.numbers["groups"] == 14
    assert "menurut wilayah dan dinas (14 kelompok" in make.said(finding)
    assert ("25%" in make.said(finding)) == (share > 0.25)


def test_not_applicable(make):
    assert judge(make, NotApplicable("invariance_groups", n=1, most=12)).status is Status.NOT_APPLICABLE
    assert make.judge("MEA008", make.outcome_indicator(), make.results(make.survey_results())).status is (
        Status.NOT_APPLICABLE)
