"""Funnels: ratios, limits, flags only beyond both chance and ordinary variation, reasons for no answer."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.options import MeasureKind, Polarity
from kinerja_lab.core.outcome import Measure
from kinerja_lab.numeric.overdispersion import consistent_factor, paule_mandel_variance
from kinerja_lab.profiling.funnel import flags_together, funnel
from kinerja_lab.profiling.funnel_rules import PUBLISHED, FunnelRules, house_rules
from kinerja_lab.profiling.limits import exact_limits, exact_z, mixture_z, overdispersed_limits


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


def rules(**changes):
    given = {"scale": "log", "ends": "keep", "overdispersion": "additive", "estimator": "dersimonian_laird",
             "exact": False}
    return FunnelRules(**{**given, **changes})


def test_multiplicative_limits_by_hand():
    """Scores +-2 at E = 100 on the root scale: phi is 4, so two standard errors become 4 / (2 sqrt 100)."""
    events = np.array([121.0, 81] * 4)
    found = funnel(table(events, [1000.0] * 8, 100.0), measure=measure(), level=0.95,
                   rules=rules(scale="root", overdispersion="multiplicative"))
    assert found.phi == pytest.approx(4) and found.factor == pytest.approx(4) and found.tau2_limits == 0
    np.testing.assert_allclose(np.abs(found.z), 1)
    near = found.limits.iloc[(found.limits["expected"] - 100).abs().argmin()]
    z = stats.norm.ppf(0.975)
    assert near["high_95"] == pytest.approx((1 + z * 2 / (2 * np.sqrt(near["expected"]))) ** 2)
    assert near["low_95"] == pytest.approx((1 - z * 2 / (2 * np.sqrt(near["expected"]))) ** 2)


def test_a_factor_below_one_never_narrows_the_limits():
    found = funnel(table([100.0] * 8, [1000.0] * 8, 100.0), measure=measure(), level=0.95,
                   rules=PUBLISHED["spiegelhalter_2005"])
    assert found.phi == 0 and found.factor == 1


def test_the_additive_estimators_agree_on_equal_units_without_trimming():
    """Equal errors: DerSimonian-Laird around the target has N - 1 below, Paule-Mandel N."""
    events = np.array([121.0, 81, 144, 64, 100, 100])
    frame = table(events, [1000.0] * 6, 100.0)
    z2 = ((np.sqrt(events / 100) - 1) * 20) ** 2
    moments = funnel(frame, measure=measure(), level=0.95, rules=rules(scale="root"))
    assert moments.tau2_limits == pytest.approx((z2.sum() - 5) / (5 * 400))
    paule = funnel(frame, measure=measure(), level=0.95, rules=rules(scale="root", estimator="paule_mandel"))
    assert paule.tau2_limits == pytest.approx((z2.mean() - 1) / 400)
    assert paule_mandel_variance(np.array([0.1, -0.1]), np.array([1.0, 1.0])) == 0


def test_the_consistent_factor_is_right_for_normal_scores_and_stands_far_off_units():
    z = stats.norm.ppf((np.arange(4000) + 0.5) / 4000) * 1.5
    assert consistent_factor(z, share=0.1) == pytest.approx(2.25, rel=0.01)
    far = np.concatenate([z, [60.0] * 40])
    assert consistent_factor(far, share=0.1) == pytest.approx(2.25, rel=0.06) and (far @ far / len(far)) > 30
    assert consistent_factor(z / 3, share=0.1) == pytest.approx(1)


def test_chance_alone_flags_more():
    rng = np.random.default_rng(12)
    frame = table(rng.poisson(500 * np.exp(rng.normal(0, 0.3, 40))).astype(float), [2000.0] * 40)
    counts = {kind: len(funnel(frame, measure=measure(), level=0.95, rules=rules(overdispersion=kind)).flags)
              for kind in ("additive", "multiplicative", "none")}
    assert counts["none"] > 10 > counts["additive"] and counts["multiplicative"] < 10


def test_the_house_convention_is_the_default():
    frame = table([3.0, 9, 40, 100, 5], [30.0, 90, 400, 1100, 70])
    for kind in (MeasureKind.RATE, MeasureKind.PROPORTION):
        plain = funnel(frame, measure=measure(kind), level=0.95)
        named = funnel(frame, measure=measure(kind), level=0.95, rules=house_rules(kind))
        assert plain.tau2_limits == named.tau2_limits and plain.rules == named.rules
        assert plain.method == named.method == house_rules(kind).described()


@pytest.mark.parametrize(("changes", "code"), [
    ({"scale": "logit"}, "unknown_option"), ({"ends": "cut"}, "unknown_option"), ({"share": 0.5}, "bad_share"),
    ({"share": 0.0}, "bad_share"), ({"estimator": "reml"}, "unknown_option")])
def test_unknown_conventions_are_refused(changes, code):
    with pytest.raises(KinerjaError, match=code):
        rules(**changes)


@pytest.mark.parametrize(("kind", "scale"), [(MeasureKind.RATE, "arcsine"), (MeasureKind.PROPORTION, "log")])
def test_a_scale_that_does_not_suit_the_measure(kind, scale):
    with pytest.raises(KinerjaError, match="funnel_scale"):
        funnel(table([3.0, 9, 4, 10, 5], [30.0, 90, 40, 110, 70]), measure=measure(kind), level=0.95,
               rules=rules(scale=scale))


def test_the_tail_of_units_that_vary_is_that_of_the_mixture():
    """By a million draws; without variation it is the exact tail."""
    rng = np.random.default_rng(7)
    means = 20 * np.exp(0.2 * rng.normal(size=1_000_000))
    counts = rng.poisson(means)
    events = np.array([6.0, 12.0, 36.0])
    found = stats.norm.cdf(-np.abs(mixture_z(events, np.full(3, 20.0), n=None, tau2=0.04)))
    seen = [(counts <= 6).mean(), (counts <= 12).mean(), (counts >= 36).mean()]
    np.testing.assert_allclose(found, seen, rtol=0.05)
    naive = stats.norm.cdf(np.log(6 / 20) / np.sqrt(1 / 20 + 0.04))
    assert found[0] > 10 * naive
    shares = np.sin(np.clip(np.arcsin(np.sqrt(0.1)) + 0.05 * rng.normal(size=1_000_000), 0, None)) ** 2
    trials = rng.binomial(50, shares)
    tail = stats.norm.sf(mixture_z(np.array([13.0]), np.array([5.0]), n=np.array([50.0]), tau2=0.0025))
    np.testing.assert_allclose(tail, (trials >= 13).mean(), rtol=0.05)
    np.testing.assert_array_equal(mixture_z(events, np.full(3, 20.0), n=None, tau2=0),
                                  exact_z(events, np.full(3, 20.0), n=None))


def test_p_values_are_those_of_the_scores_and_q_counts_all_units():
    rng = np.random.default_rng(9)
    events = rng.binomial(400, 0.25, 40).astype(float)
    events[3] = 190
    found = funnel(table(events, [400.0] * 40), measure=measure(MeasureKind.PROPORTION), level=0.95)
    scores = mixture_z(events, found.expected, n=np.full(40, 400.0), tau2=found.tau2_limits)
    np.testing.assert_allclose(found.p, 2 * stats.t.sf(np.abs(scores), 39))
    np.testing.assert_allclose(found.q, stats.false_discovery_control(found.p))
    assert found.looks == 40 and [flag[0] for flag in found.kept_flags(0.05)] == ["u003"]


def test_flags_of_several_measures_are_counted_together():
    """One score of 3.1 is a flag; among 5 units it holds, among 505 it does not."""
    quiet = table([100.0] * 500, [1000.0] * 500, 100.0)
    events = np.array([100.0, 100, 100, 100, 0])
    events[4] = np.ceil(100 * np.exp(3.12 / 10))
    few = table(events, [1000.0] * 5, 100.0)
    chance = rules(overdispersion="none")
    alone, crowd = (funnel(frame, measure=measure(), level=0.95, rules=chance) for frame in (few, quiet))
    assert [flag[0] for flag in alone.flags] == ["u004"] == [flag[0] for flag in alone.kept_flags(0.05)]
    reason = NotApplicable("no_funnel")
    both = flags_together({"a": alone, "b": reason, "c": crowd})
    assert both["b"] is reason and list(both) == ["a", "b", "c"]
    assert both["a"].looks == both["c"].looks == 505 and both["a"].flags == alone.flags
    assert both["a"].kept_flags(0.05) == ()
    np.testing.assert_allclose(np.concatenate([both["a"].q, both["c"].q]),
                               stats.false_discovery_control(np.concatenate([alone.p, crowd.p])))
    assert flags_together({"b": reason}) == {"b": reason}
