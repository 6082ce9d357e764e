"""Rater leniency against lm and lme4 1.1.31: 40 units, 8 raters, three ratings a unit."""

import json

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.calibration.rater_changes import rater_changes
from kinerja_lab.calibration.raters import adjust_for_raters
from kinerja_lab.numeric.twoway import crossed_fixed, two_way


@pytest.fixture(scope="module")
def case(shared):
    folder = shared / "refs/calibration/shrinkage"
    frame = pd.read_csv(folder / "rater_leniency.csv")
    columns = [frame[name].to_numpy() for name in ("score", "unit", "rater")]
    return columns, json.loads((folder / "rater_leniency.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def found(case):
    return adjust_for_raters(*case[0], level=0.95)


def values(found, label):
    frame = found.units.frame
    return frame[frame["label"] == label]["value"].to_numpy()


def test_fixed_effects(case, found):
    (scores, unit, rater), numbers = case
    np.testing.assert_allclose(values(found, "adjusted_fixed"), numbers["lm_unit_adjusted"], rtol=0, atol=1e-8)
    np.testing.assert_allclose(values(found, "raw"), numbers["raw_unit_mean"], rtol=0, atol=1e-8)
    fixed = crossed_fixed(two_way(scores, unit - 1, rater - 1))
    np.testing.assert_allclose(fixed.others, numbers["lm_rater_effect"], rtol=0, atol=1e-8)
    assert fixed.levels.mean() == pytest.approx(numbers["lm_grand"], abs=1e-8)


def test_variance_components(case, found):
    numbers = case[1]["lmer_varcorr"]
    for group, variance in zip(numbers["grp"], numbers["vcov"], strict=True):
        row = found.components.row(group.lower())
        assert row.value == pytest.approx(variance, rel=1e-5)
        assert row.low < variance < row.high and row.n == 120
    assert found.rater_share.value == pytest.approx(numbers["vcov"][1] / sum(numbers["vcov"]), rel=1e-5)


def test_predicted_effects(case, found):
    numbers = case[1]
    assert found.mean == pytest.approx(numbers["lmer_mu"], abs=1e-5)
    np.testing.assert_allclose(-found.severity.frame["value"], numbers["lmer_rater"], atol=1e-5)
    np.testing.assert_allclose(values(found, "adjusted") - numbers["lmer_mu"], numbers["lmer_unit"], atol=1e-5)


def test_a_unit_freed_from_its_raters(case, found):
    """Raw mean less the mean of the effects that lme4 predicts for the raters who rated the unit."""
    (scores, unit, rater), numbers = case
    given = pd.Series(np.asarray(numbers["lmer_rater"])[rater - 1]).groupby(unit).mean().to_numpy()
    free = np.asarray(numbers["raw_unit_mean"]) - given
    np.testing.assert_allclose(values(found, "rater_free"), free, rtol=0, atol=1e-5)
    changes = rater_changes(found, way="mixed_model")
    by_unit = changes.units.assign(unit=changes.units["unit"].astype(int)).sort_values("unit")["change"]
    np.testing.assert_allclose(by_unit, -given, rtol=0, atol=1e-5)
    assert changes.largest.n == 40 and changes.largest.value == pytest.approx(np.abs(given).max(), abs=1e-5)
