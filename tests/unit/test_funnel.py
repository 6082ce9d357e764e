"""Funnels: ratios, limits, flags only beyond both chance and ordinary variation, reasons for no answer."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.options import MeasureKind, Polarity
from kinerja_lab.core.outcome import Measure
from kinerja_lab.profiling.funnel import funnel
from kinerja_lab.profiling.limits import exact_limits, overdispersed_limits


def measure(kind=MeasureKind.RATE):
    return Measure(code="m", name="m", kind=kind, unit="%", polarity=Polarity.MINIMISE)


def table(events, denominator, expected=np.nan):
    units = [f"u{number:03d}" for number in range(len(events))]
    return pd.DataFrame({"region": "r", "agency": "a", "unit": units, "value": 0.0, "events": events,
                         "denominator": denominator, "expected": expected, "n": 12})


def test_ratio_with_exact_limits_of_a_rate():
    found = funnel(table([12.0] * 5 + [6], [100.0] * 6, 10.0), measure=measure(), level=0.95)
    first = found.units.frame.iloc[0]
    assert (first["value"], first["n"], first["label"]) == (1.2, 100, "ratio")
    assert first["low"] == pytest.approx(stats.chi2.ppf(0.025, 24) / 2 / 10)
    assert first["high"] == pytest.approx(stats.chi2.ppf(0.975, 26) / 2 / 10)
    assert found.units.groups == ("agency", "unit")


def test_ratio_of_a_proportion_is_binomial():
    found = funnel(table([90.0] * 5 + [95], [100.0] * 6), measure=measure(MeasureKind.PROPORTION), level=0.95)
    pooled = 545 / 600
    row = found.units.frame.iloc[5]
    assert row["value"] == pytest.approx(0.95 / pooled)
    assert row["high"] == pytest.approx(stats.beta.ppf(0.975, 96, 5) / pooled)
    np.testing.assert_allclose(found.expected, 100 * pooled)


def test_expected_is_pooled_only_where_none_is_given():
    for given, total in ((np.nan, 50), (20.0, 100)):
        found = funnel(table([8.0, 12, 9, 11, 10], [10.0] * 5, given), measure=measure(), level=0.95)
        assert found.expected.sum() == pytest.approx(total)


def test_under_chance_alone_there_is_no_extra_variance_and_no_flag():
    rng = np.random.default_rng(4)
    found = funnel(table(rng.poisson(50, 60).astype(float), [500.0] * 60, 50.0), measure=measure(), level=0.95)
    assert found.tau2 < 0.005 and found.tau2_limits < 0.005 and found.phi < 1.5
    assert found.flags == ()


@pytest.mark.parametrize("kind", [MeasureKind.RATE, MeasureKind.PROPORTION])
def test_planted_units_are_flagged_on_their_side(kind):
    rng = np.random.default_rng(9)
    events = rng.binomial(400, 0.25, 40).astype(float)
    events[3], events[17] = 190, 25
    found = funnel(table(events, [400.0] * 40), measure=measure(kind), level=0.95)
    assert [(unit, side) for unit, side, _ in found.flags] == [("u003", "high"), ("u017", "low")]


def test_a_small_unit_is_not_accused_by_the_logarithm():
    """3 events where 10 were expected: log z is -3.8, yet chance gives 3 or fewer in 1 of 97 units."""
    events = np.array([10.0] * 19 + [3])
    found = funnel(table(events, [100.0] * 20, 10.0), measure=measure(), level=0.95)
    assert found.tau2_limits == 0 and np.log(0.3) * np.sqrt(10) < -3.09
    assert stats.poisson.cdf(3, 10) > 0.001 and found.flags == ()


def test_ordinary_variation_between_units_is_no_reason_for_a_flag():
    rng = np.random.default_rng(12)
    events = rng.poisson(2000 * np.exp(rng.normal(0, 0.25, 80))).astype(float)
    found = funnel(table(events, [2000.0] * 80), measure=measure(), level=0.95)
    assert np.sqrt(found.tau2_limits) == pytest.approx(0.25, abs=0.06)
    assert np.sqrt(found.tau2) < 0.2, "trimming loses a part"
    naive = np.abs(np.log(events / events.mean()) * np.sqrt(events.mean())) > 3.09
    assert naive.sum() > 40 and len(found.flags) <= 3


def test_flags_agree_with_the_limits():
    rng = np.random.default_rng(2)
    expected = rng.uniform(2, 300, 100)
    events = rng.poisson(expected * np.exp(rng.normal(0, 0.3, 100))).astype(float)
    events[:4] = [0, 40, 0, 2]
    found = funnel(table(events, expected * 10, expected), measure=measure(), level=0.95)
    low, high = overdispersed_limits(expected, level=0.998, tau2=found.tau2_limits, share=None)
    sharp = exact_limits(expected, level=0.998, share=None)
    ratio = events / expected
    outside = ((ratio < np.minimum(low, sharp[0])) | (ratio > np.maximum(high, sharp[1]))) & (events > 0)
    flagged = np.isin([f"u{number:03d}" for number in range(100)], [flag[0] for flag in found.flags])
    np.testing.assert_array_equal(flagged[events > 0], outside[events > 0])


def test_exact_limits_flag_counts_with_the_stated_tails():
    expected = np.array([0.5, 3.0, 8.0, 40.0])
    low, high = exact_limits(expected, level=0.95, share=None)
    for mean, below, above in zip(expected, low * expected, high * expected, strict=True):
        for count in range(100):
            assert (count < below - 1e-9) == (stats.poisson.cdf(count, mean) < 0.025 - 1e-12)
            assert (count > above + 1e-9) == (stats.poisson.sf(count - 1, mean) < 0.025 - 1e-12)


def test_the_grid_has_ordered_limits():
    frame = funnel(table([3.0, 9, 40, 100, 5], [30.0, 90, 400, 1100, 70]), measure=measure(), level=0.95).limits
    assert frame.columns.tolist() == ["expected", "low_95", "high_95", "low_998", "high_998"]
    assert (frame["low_998"] <= frame["low_95"]).all() and (frame["high_95"] <= frame["high_998"]).all()
    assert ((frame["low_95"] <= 1) & (frame["high_95"] >= 1)).all()


def test_units_without_a_denominator_are_left_out():
    found = funnel(table([3.0, 9, 4, 10, 5, 0], [30.0, 90, 40, 110, 70, 0]), measure=measure(), level=0.95)
    assert len(found.units) == len(found.expected) == 5


@pytest.mark.parametrize(("frame", "kind", "code"), [
    (table([1.0] * 9, [9.0] * 9), MeasureKind.MEAN, "funnel_needs_counts"),
    (table([1.0] * 4, [9.0] * 4), MeasureKind.RATE, "funnel_too_few_units"),
    (table([1.0] * 6, [0.0] * 6), MeasureKind.RATE, "funnel_too_few_units"),
    (table([0.0] * 6, [9.0] * 6), MeasureKind.RATE, "funnel_no_events"),
    (table([9.0] * 6, [9.0] * 6), MeasureKind.PROPORTION, "funnel_all_events"),
    (table([1.0] * 6, [9.0] * 6, [1, 2, 3, np.nan, 1, 1]), MeasureKind.RATE, "funnel_partly_expected"),
])
def test_no_answer_with_a_reason(frame, kind, code):
    with pytest.raises(NotApplicable, match=code):
        funnel(frame, measure=measure(kind), level=0.95)


def test_impossible_counts_are_refused_by_name():
    with pytest.raises(KinerjaError) as caught:
        funnel(table([1.0, 2, 3, 4, 12], [9.0] * 5), measure=measure(MeasureKind.PROPORTION), level=0.95)
    assert caught.value.message.params["unit"] == "u004"


def test_equal_units():
    found = funnel(table([5.0] * 8, [50.0] * 8), measure=measure(), level=0.95)
    assert found.tau2 == 0 and found.flags == () and found.phi == pytest.approx(0)
