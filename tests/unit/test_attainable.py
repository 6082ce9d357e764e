"""How many units stand at each of several targets: chances, the law of their count, the benchmark beside the others."""

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from kinerja_lab.calibration.attainable import _count_limits, chance_to_reach, quantile_targets, reach_shares
from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import MEASURED_IN, Estimate, EstimateTable
from kinerja_lab.core.options import Polarity


def units(values, se, *, level=0.95):
    reach = stats.norm.ppf((1 + level) / 2) * np.asarray(se, dtype=float)
    frame = pd.DataFrame({"agency": "a", "unit": [f"u{place}" for place in range(len(values))], "label": "m",
                          "value": values, "low": values - reach, "high": values + reach, "level": level, "n": 50,
                          "method": "t", "note": ""})
    frame[MEASURED_IN] = "percent"
    return EstimateTable(frame=frame, groups=("agency", "unit"))


@pytest.fixture
def spread():
    rng = np.random.default_rng(3)
    return units(rng.normal(70, 6, 30), rng.uniform(1, 4, 30))


def test_the_share_is_the_mean_of_the_chances_of_units(spread):
    for polarity in (Polarity.MAXIMISE, Polarity.MINIMISE):
        found = reach_shares(spread, targets={"target": 72.0, "best_units": 75.0, "none": np.nan}, polarity=polarity)
        assert found.frame["label"].tolist() == ["target", "best_units"]
        for row in found.estimates():
            chances = chance_to_reach(spread, target={"target": 72.0, "best_units": 75.0}[row.label],
                                      polarity=polarity).frame
            true = chances.loc[chances["label"] == "reach_true", "value"]
            assert row.value == pytest.approx(true.mean()) and row.low <= row.value <= row.high and row.n == 30


def test_the_count_of_equal_chances_is_binomial():
    for chance in (0.03, 0.4, 0.97):
        low, high = _count_limits(np.full(40, chance), 0.95)
        assert (low, high) == (stats.binom.ppf(0.025, 40, chance), stats.binom.ppf(0.975, 40, chance))


def test_the_count_of_unequal_chances_by_all_outcomes():
    chances = np.array([0.1, 0.5, 0.9, 0.7])
    mass = np.zeros(5)
    for outcome in itertools.product((0, 1), repeat=4):
        mass[sum(outcome)] += np.prod(np.where(outcome, chances, 1 - chances))
    low, high = _count_limits(chances, 0.8)
    assert low == np.argmax(np.cumsum(mass) >= 0.1) and high == np.argmax(np.cumsum(mass) >= 0.9)


def test_many_units_agree_with_the_exact_law():
    chances = np.random.default_rng(8).uniform(0.1, 0.9, 201)
    rough = _count_limits(chances, 0.95)
    mass = np.ones(1)
    for one in chances:
        mass = np.convolve(mass, (1 - one, one))
    exact = [np.searchsorted(np.cumsum(mass), tail) for tail in (0.025, 0.975)]
    np.testing.assert_allclose(rough, exact, atol=1)
    assert _count_limits(np.zeros(300), 0.95) == (0.0, 0.0) and _count_limits(np.ones(300), 0.95) == (300.0, 300.0)


def test_certain_units():
    found = reach_shares(units(np.array([10.0] * 4 + [90.0] * 4), np.full(8, 0.01)), targets={"target": 50.0},
                         polarity=Polarity.MAXIMISE).row("target")
    assert (found.value, found.low, found.high) == pytest.approx((0.5, 0.5, 0.5))


def test_a_benchmark_stands_beside_the_quantiles(spread):
    known = Estimate(label="benchmark", value=81.0, low=np.nan, high=np.nan, n=9, method="pared mean", unit="percent",
                     note="benchmark_chosen")
    found = quantile_targets(spread, polarity=Polarity.MAXIMISE, benchmark=known)
    assert found.frame["label"].tolist() == ["best_units", "best_units_true", "benchmark"]
    assert found.row("benchmark").value == 81.0 and found.row("benchmark").note == "benchmark_chosen"


def test_no_answer_with_a_reason(spread):
    with pytest.raises(NotApplicable, match="polarity_stabilise"):
        reach_shares(spread, targets={"target": 1.0}, polarity=Polarity.STABILISE)
    with pytest.raises(NotApplicable, match="too_few_units"):
        reach_shares(units(np.arange(7.0), np.ones(7)), targets={"target": 1.0}, polarity=Polarity.MAXIMISE)
