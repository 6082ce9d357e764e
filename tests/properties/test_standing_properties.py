"""What holds for any units: order and scale change nothing; the less a number is worth the more it is drawn in."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special

from kinerja_lab.core.options import MeasureKind, Polarity
from kinerja_lab.numeric.intervals import binomial_exact, byar, poisson_exact, wilson
from kinerja_lab.profiling.adjusted import adjusted_scores, drawn_in
from kinerja_lab.profiling.case_mix import case_mix
from kinerja_lab.profiling.limits import exact_limits, overdispersed_limits
from kinerja_lab.profiling.ranking import fifth_chances, rank_units
from kinerja_lab.profiling.shrinkage import shrink_means, shrink_rates, shrink_shares
from kinerja_lab.profiling.standardise import indirect_ratios

FEW = settings(max_examples=15, deadline=None)
SEEDS = st.integers(0, 10_000)


def units_of(seed, count=12):
    rng = np.random.default_rng(seed)
    se = rng.uniform(0.3, 2, count)
    return rng.normal(75, 1.5, count) + se * rng.normal(size=count), se, rng


def ranked(values, se, polarity=Polarity.MAXIMISE, level=0.9, own=True, draws=400):
    return rank_units(values, se, units=np.arange(len(values)), polarity=polarity, level=level, draws=draws, own=own,
                      rng=np.random.default_rng(1))


def limits_of(found, label="rank"):
    frame = found.ranks.frame
    return frame.loc[frame["label"] == label, ["low", "value", "high"]].to_numpy()


@FEW
@given(SEEDS, st.floats(0.1, 30), st.floats(-200, 200))
def test_ranks_do_not_depend_on_the_unit_of_measurement_and_turn_with_the_sign(seed, scale, shift):
    values, se, _ = units_of(seed)
    first, moved = ranked(values, se), ranked(shift + scale * values, scale * se)
    turned = ranked(-values, se, polarity=Polarity.MINIMISE)
    for other in (moved, turned):
        np.testing.assert_array_equal(limits_of(first), limits_of(other))
        np.testing.assert_array_equal(first.tiers, other.tiers)


@FEW
@given(SEEDS)
def test_the_order_of_units_leaves_ranks_tiers_and_chances_with_their_units(seed):
    values, se, rng = units_of(seed)
    order, names = rng.permutation(len(values)), np.arange(len(values)).astype(str)
    options = {"polarity": Polarity.MAXIMISE, "level": 0.9, "draws": 300}
    first, second = (rank_units(values[at], se[at], units=names[at], rng=np.random.default_rng(1), **options)
                     for at in (np.arange(12), order))
    assert first.limit == second.limit
    np.testing.assert_array_equal(first.tiers[order], second.tiers)
    for label in ("rank", "rank_own"):
        np.testing.assert_array_equal(limits_of(first, label)[order], limits_of(second, label))
    chances = [fifth_chances(values[at], se[at], units=names[at], rng=np.random.default_rng(1), **options).frame
               for at in (np.arange(12), order)]
    chances = [frame.sort_values(["label", "unit"])["value"].to_numpy() for frame in chances]
    np.testing.assert_array_equal(*chances)


@FEW
@given(SEEDS)
def test_rank_intervals_of_a_higher_level_hold_those_of_a_lower(seed):
    values, se, _ = units_of(seed)
    low, high = ranked(values, se, level=0.6), ranked(values, se, level=0.95)
    for label in ("rank", "rank_own"):
        inner, outer = limits_of(low, label), limits_of(high, label)
        assert (outer[:, 0] <= inner[:, 0]).all() and (outer[:, 2] >= inner[:, 2]).all()
    # the interval of one unit alone is never wider than that of all at once without stepping down
    together = rank_units(values, se, units=np.arange(12), polarity=Polarity.MAXIMISE, level=0.95, draws=4000,
                          stepdown=False, rng=np.random.default_rng(1))
    alone = limits_of(together, "rank_own")
    assert (limits_of(together)[:, 0] <= alone[:, 0]).all() and (limits_of(together)[:, 2] >= alone[:, 2]).all()


def shrunken(found):
    frame = found.units.frame
    return (frame.loc[frame["label"] == label, "value"].to_numpy() for label in ("raw", "shrunken"))


@FEW
@given(SEEDS, st.sampled_from(["shares", "rates", "means"]))
def test_shrunken_lies_between_raw_and_mean_and_small_units_move_further(seed, kind):
    rng = np.random.default_rng(seed)
    size = rng.integers(3, 90, 12)
    if kind == "means":
        codes = np.repeat(np.arange(12), size)
        found = shrink_means(rng.normal(0, 0.4, 12)[codes] + rng.normal(size=len(codes)), codes, level=0.95)
    elif kind == "shares":
        events = rng.binomial(size, rng.beta(2, 6, 12))
        found = shrink_shares(np.r_[events[:-1], 1], np.r_[size[:-1], 3], units=np.arange(12), level=0.95)
        size = np.r_[size[:-1], 3]
    else:
        events = rng.poisson(size * rng.gamma(4, 0.25, 12))
        found = shrink_rates(np.r_[events[:-1], 2], size.astype(float), units=np.arange(12), level=0.95)
    raw, drawn = shrunken(found)
    low, high = np.minimum(raw, found.mean), np.maximum(raw, found.mean)
    assert ((low - 1e-9 <= drawn) & (drawn <= high + 1e-9)).all()
    kept = found.reliability.frame["value"].to_numpy()[np.argsort(size, kind="stable")]
    assert (np.diff(kept) >= -1e-12).all() and (found.posterior_sd > 0).all()
    assert found.units.frame[["low", "high"]].notna().all().all()


@FEW
@given(SEEDS, st.floats(1.5, 20))
def test_a_wider_error_is_drawn_in_more(seed, times):
    """All errors wider by the same factor, values the same."""
    values, se, _ = units_of(seed)
    near, _, _, mean = drawn_in(values, se)
    far, _, _, other = drawn_in(values, times * se)
    kept = [np.abs(drawn - centre) for drawn, centre in ((near, mean), (far, other))]
    assert (kept[1] / np.maximum(np.abs(values - other), 1e-12) <= kept[0] / np.maximum(np.abs(values - mean), 1e-12)
            + 1e-9).all()


@FEW
@given(SEEDS, st.floats(0.5, 40), st.floats(-100, 100))
def test_drawn_in_values_move_with_the_scale(seed, scale, shift):
    values, se, _ = units_of(seed)
    first, second = drawn_in(values, se), drawn_in(shift + scale * values, scale * se)
    np.testing.assert_allclose(second[0], shift + scale * first[0], rtol=1e-6, atol=1e-6)
    np.testing.assert_allclose(second[1], scale * first[1], rtol=1e-6)


@FEW
@given(SEEDS)
def test_adjusted_is_raw_plus_the_effects(seed):
    values, se, rng = units_of(seed)
    found = adjusted_scores(values, se, units=np.arange(12), level=0.95, expected=rng.normal(75, 2, 12))
    frame = found.units.frame
    parts = {label: frame.loc[frame["label"] == label, "value"].to_numpy() for label in frame["label"].unique()}
    effects = sum(parts[step] for step in found.steps)
    np.testing.assert_allclose(parts["raw"] + effects, parts["adjusted"], atol=1e-9)


@settings(max_examples=8, deadline=None)
@given(SEEDS, st.sampled_from([MeasureKind.RATE, MeasureKind.PROPORTION]))
def test_expected_events_of_a_model_sum_to_those_observed(seed, kind):
    """Indirect standardisation to the own total: all units together stand at 1."""
    rng = np.random.default_rng(seed)
    size, age = rng.integers(80, 300, 30).astype(float), rng.normal(0, 1, 30)
    chance = special.expit(-1.5 + 0.5 * age)
    events = (rng.binomial(size.astype(int), chance) if kind is MeasureKind.PROPORTION else
              rng.poisson(size * chance)).astype(float)
    table = pd.DataFrame({"unit": np.arange(30).astype(str), "events": events, "denominator": size, "age": age})
    found = case_mix(table, kind=kind, columns=("age",), level=0.95, rng=np.random.default_rng(1))
    assert found.units["expected"].sum() == pytest.approx(events.sum(), rel=1e-7)
    merged = table.merge(found.units[["unit", "expected"]], on="unit")
    ratios = indirect_ratios(merged, level=0.95).frame
    assert (ratios["value"].to_numpy() @ merged["expected"].to_numpy()) == pytest.approx(events.sum(), rel=1e-7)


@FEW
@given(st.floats(0.0, 0.2), st.sampled_from([None, 0.02, 0.3, 0.7]), st.sampled_from([0.9, 0.95, 0.998]))
def test_funnel_limits_close_in_as_volume_grows(tau2, share, level):
    """The normal curves at every step; the exact ones too, but for the steps of single counts of a binomial."""
    expected = np.geomspace(0.5, 500, 120)
    shares = None if share is None else np.full(120, share)
    low, high = overdispersed_limits(expected, level=level, tau2=tau2, share=shares)
    assert (np.diff(low) >= -1e-12).all() and (np.diff(high) <= 1e-12).all()
    assert (low <= 1).all() and (high >= 1).all()
    wide = overdispersed_limits(expected, level=level, tau2=tau2 + 0.05, share=shares)
    assert (wide[0] <= low).all() and (wide[1] >= high).all()
    if share is None:
        low, high = exact_limits(expected, level=level, share=None)
        assert (low[-1] >= low[:-1] - 1e-9).all() and (high[-1] <= high[:-1] + 1e-9).all() and (low <= high).all()


def coverage_of_counts(limits, mean):
    """Exact chance that the limits of a Poisson count hold its mean."""
    counts = np.arange(int(mean + 12 * np.sqrt(mean) + 40))
    low, high = limits(counts.astype(float))
    chance = np.exp(special.xlogy(counts, mean) - mean - special.gammaln(counts + 1))
    return float(chance[(low <= mean) & (mean <= high)].sum())


def coverage_of_shares(limits, n, share):
    """Exact chance that the limits of a binomial count hold its share."""
    counts = np.arange(n + 1)
    low, high = limits(counts.astype(float), np.full(n + 1, float(n)))
    chance = np.exp(special.gammaln(n + 1) - special.gammaln(counts + 1) - special.gammaln(n - counts + 1)
                    + special.xlogy(counts, share) + special.xlog1py(n - counts, -share))
    return float(chance[(low <= share) & (share <= high)].sum())


def test_how_often_limits_of_counts_hold_by_adding_up_every_count():
    """No simulation: exact limits never below 95 %, Byar's near it, normal ones far below where events are few."""
    means = np.geomspace(0.5, 60, 150)
    exact, near, normal = (np.array([coverage_of_counts(limits, mean) for mean in means]) for limits in (
        lambda x: poisson_exact(x, level=0.95), lambda x: byar(x, level=0.95),
        lambda x: (x - 1.96 * np.sqrt(x), x + 1.96 * np.sqrt(x))))
    few = means < 10
    assert exact.min() >= 0.95 - 1e-9
    assert near[~few].min() >= 0.945 and 0.95 <= near[~few].mean() <= 0.965
    assert normal[few].mean() < 0.88


@pytest.mark.parametrize("n", [15, 60, 250])
def test_how_often_limits_of_shares_hold_by_adding_up_every_count(n):
    """Clopper-Pearson never below 95 %, Wilson 95 % on average, normal limits below for small shares."""
    shares = np.linspace(0.5 / n, 0.5, 80)
    def plain(x, k):
        half = 1.96 * np.sqrt(x / k * (1 - x / k) / k)
        return x / k - half, x / k + half

    exact, score, normal = (np.array([coverage_of_shares(limits, n, share) for share in shares]) for limits in (
        lambda x, k: binomial_exact(x, k, level=0.95), lambda x, k: wilson(x, k, level=0.95), plain))
    assert exact.min() >= 0.95 - 1e-9
    assert 0.945 <= score.mean() <= 0.965 and score.min() >= 0.83
    assert normal.mean() < score.mean() - 0.01 and normal.min() < 0.5
