"""Reliability of unit means against lme4 1.1.31 and multilevel 2.7 on 49 companies of unequal size."""

import json

import pandas as pd
import pytest

from kinerja_lab.numeric.mixed import one_way, reml_ratio
from kinerja_lab.psychometrics.unit_reliability import unit_reliability


@pytest.fixture(scope="module")
def case(shared):
    folder = shared / "refs/validation"
    content = json.loads((folder / "cases/unit_reliability_lq2002.json").read_text(encoding="utf-8"))
    frame = pd.read_csv(folder / content["data"])
    scores = frame[[f"LEAD{item:02d}" for item in range(1, 12)]].mean(axis=1).to_numpy()
    return scores, frame["COMPID"].to_numpy(), content["results"][0]["numbers"]


def test_anova(case):
    scores, units, numbers = case
    codes, names = pd.factorize(units, sort=True)
    layout = one_way(scores, codes, count=len(names))
    assert layout.mean_square_between == pytest.approx(numbers["MSB"], rel=1e-10)
    assert layout.mean_square_within == pytest.approx(numbers["MSW"], rel=1e-10)
    assert layout.size_zero == pytest.approx(numbers["n0"], rel=1e-12)
    found = unit_reliability(scores, units, level=0.95)
    assert found.icc1.value == pytest.approx(numbers["ICC1_anova_n0"], rel=1e-10)
    assert (found.units, found.n) == (numbers["units"], numbers["n"])
    assert 1 - 1 / (layout.mean_square_between / layout.mean_square_within) == pytest.approx(numbers["ICC2_anova"])


def test_reml(case):
    """lme4 stops its optimiser near 1e-6."""
    scores, units, numbers = case
    found = unit_reliability(scores, units, level=0.95, components="reml")
    assert found.icc1.value == pytest.approx(numbers["ICC1_reml"], rel=1e-5)
    assert found.icc1.low < numbers["ICC1_reml"] < found.icc1.high
    table = found.by_unit.frame.set_index("label")
    for unit, value in numbers["unit_reliability"].items():
        assert table.loc[int(unit), "value"] == pytest.approx(value, rel=1e-5)
    for label in ("0.70", "0.80"):
        exact = numbers[f"n_needed_for_{label}"]
        assert found.needed.row(label).value == int(exact) + 1
    n = numbers["n_harmonic"]
    ratio = numbers["tau2_reml"] / numbers["sigma2_reml"]
    assert found.reliability.value == pytest.approx(n * ratio / (1 + n * ratio), rel=1e-5)


def test_reml_ratio_is_the_ratio_of_the_components(case):
    scores, units, numbers = case
    codes, names = pd.factorize(units)
    ratio = reml_ratio(one_way(scores, codes, count=len(names)))
    assert ratio == pytest.approx(numbers["tau2_reml"] / numbers["sigma2_reml"], rel=1e-5)
