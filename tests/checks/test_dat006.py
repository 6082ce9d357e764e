"""DAT006: the sample against what the target promises."""

import pandas as pd
import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Status
from kinerja_lab.evidence.design_results import DesignResults, SizePlan

ABSENT = NotApplicable("no_interval")


def found(make, n, *, slovin=True):
    rules = [("krejcie_morgan", "share_5", 384), ("cochran", "share_5", 384), ("mean", "index_1", 800)]
    rules += [("slovin", "error_5", 400)] if slovin else []
    plan = SizePlan(n=n, population=400_000.0 if slovin else float("inf"), sd=make.estimate(10.0, unit="index_100"),
                    deff=1.0, margin=1.0, detectable=1.5, power=0.8, curve=pd.DataFrame(),
                    sizes=pd.DataFrame(rules, columns=["rule", "promise", "answers"]))
    design = DesignResults(effects=ABSENT, strata=1, clusters=n, lonely=0, weighted=True, plan=plan, small=ABSENT)
    return make.replace(make.results(make.survey_results()), design=design)


@pytest.mark.parametrize(("n", "step", "status"), [
    (393, 2.0, Status.PASSED),     # 2 ((1.96 + 0.84) 10 / 2)^2 = 392.4
    (392, 2.0, Status.CONCERN),    # enough for the table, not for the step
    (383, 2.0, Status.FAILED),
    (383, 8.0, Status.PASSED),     # a coarse step needs fewer than the table
])
def test_the_step_decides(make, n, step, status):
    subject = make.indicator(series=make.series(("2024", 80.0, 80.0), ("2025", 80.0 + step, 81.0)))
    finding = make.judge("DAT006", subject, found(make, n))
    assert finding.status is status
    assert finding.numbers["step"] == pytest.approx(step)


@pytest.mark.parametrize(("n", "status"), [(384, Status.PASSED), (383, Status.CONCERN)])
def test_without_a_step_the_table_decides(make, n, status):
    assert make.judge("DAT006", make.indicator(), found(make, n)).status is status


def test_names_each_rule_and_leaves_out_slovin_where_nobody_counted_the_users(make):
    assert "Slovin 400" in make.said(make.judge("DAT006", make.indicator(), found(make, 500)))
    finding = make.judge("DAT006", make.indicator(), found(make, 500, slovin=False))
    assert "Slovin" not in make.said(finding) and "Krejcie-Morgan 384" in make.said(finding)


def test_not_applicable(make):
    finding = make.judge("DAT006", make.outcome_indicator(), make.results(make.survey_results()))
    assert finding.message.code == "not_applicable.not_survey_indicator"
    finding = make.judge("DAT006", make.indicator(), make.results(make.survey_results()))
    assert finding.message.code == "not_applicable.design_not_computed"
