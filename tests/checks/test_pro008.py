"""PRO008: months that stand out; named only where the unit may be named."""

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import MeasureKind, Polarity, Status
from kinerja_lab.evidence.standing_results import StandingResults
from kinerja_lab.profiling.watch import watch_units


def found(make, *, jump=None, hidden=frozenset(), polarity=Polarity.MAXIMISE):
    rng = np.random.default_rng(4)
    rows = pd.DataFrame([(f"u{unit}", f"2025-{month:02d}", float(rng.binomial(200, 0.5)), 200.0)
                         for unit in range(8) for month in range(1, 13)],
                        columns=["unit", "period", "events", "denominator"])
    if jump is not None:
        rows.loc[5, "events"] = jump
    outcomes = make.outcomes([("u0", "2025", 1.0, 1.0, 9.0)], kind=MeasureKind.PROPORTION, polarity=polarity)
    return make.replace(make.results(outcomes=outcomes), standing=StandingResults(
        survey=NotApplicable("no_units"),
        measures={"waktu_tunggu": make.unit_standing(code="waktu_tunggu", hidden=hidden)},
        watches={"waktu_tunggu": watch_units(rows, kind=MeasureKind.PROPORTION)}))


def test_fires_on_the_worse_side_and_names_the_unit(make):
    finding = make.judge("PRO008", make.outcome_indicator(), found(make, jump=0.0))
    assert finding.status is Status.FAILED and finding.numbers["worse"] == 1
    assert "u0" in make.said(finding)
    assert make.judge("PRO008", make.outcome_indicator(), found(make, jump=200.0)).status is Status.CONCERN


def test_a_hidden_unit_is_counted_but_not_named(make):
    finding = make.judge("PRO008", make.outcome_indicator(), found(make, jump=0.0, hidden=frozenset({"u0"})))
    assert finding.status is Status.FAILED and "u0" not in make.said(finding)


def test_silent(make):
    assert make.judge("PRO008", make.outcome_indicator(), found(make)).status is Status.PASSED


def test_not_applicable(make):
    none = make.replace(found(make), standing=StandingResults(survey=NotApplicable("no_units")))
    assert make.judge("PRO008", make.outcome_indicator(), none).message.code == "not_applicable.no_months"


def test_a_measure_that_should_stay_in_a_range_has_no_worse_side(make):
    finding = make.judge("PRO008", make.outcome_indicator(), found(make, jump=0.0, polarity=Polarity.STABILISE))
    assert finding.message.code == "not_applicable.polarity_stabilise"
