"""Profiling on numbers that can be checked by hand, and on input that must be refused."""

import numpy as np
import pandas as pd
import pytest
from scipy import optimize, special, stats

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import MEASURED_IN, EstimateTable
from kinerja_lab.core.options import MeasureKind, Polarity
from kinerja_lab.core.outcome import Measure
from kinerja_lab.numeric.conjugate import spread_of_rates, spread_of_shares
from kinerja_lab.numeric.glm import fit_counts, separable
from kinerja_lab.numeric.intervals import byar, poisson_exact, wilson
from kinerja_lab.numeric.rank_distance import largest_differences, own_limits
from kinerja_lab.profiling.adjusted import adjusted_scores
from kinerja_lab.profiling.benchmark import achievable_benchmark
from kinerja_lab.profiling.case_mix import case_mix, expected_calibration
from kinerja_lab.profiling.ranking import fifth_chances, rank_units
from kinerja_lab.profiling.shrinkage import shrink_means, shrink_rates, shrink_shares
from kinerja_lab.profiling.standardise import direct_rates, indirect_ratios, unit_rates

UP, DOWN = Polarity.MAXIMISE, Polarity.MINIMISE
SHARE = Measure(code="tepat", name="Tepat waktu", kind=MeasureKind.PROPORTION, unit="%", polarity=UP, scale=100.0)
RATE = Measure(code="jatuh", name="Jatuh", kind=MeasureKind.RATE, unit="per 1000", polarity=DOWN, scale=1000.0)


def code_of(error):
    return error.value.message.code.split(".", 1)[1]


def units(n):
    return np.array([f"u{place}" for place in range(n)])


# rates and standardisation

def test_rates_have_wilson_or_exact_limits():
    table = pd.DataFrame({"unit": ["a", "b"], "events": [8, 0], "denominator": [10, 5]})
    found = unit_rates(table, measure=SHARE, level=0.95).frame
    low, high = wilson(np.array([8, 0]), np.array([10, 5]), level=0.95)
    assert found["value"].tolist() == [80.0, 0.0]
    assert found["low"].to_numpy() == pytest.approx(100 * low) and found["high"].to_numpy() == pytest.approx(100 * high)
    assert found["n"].tolist() == [10, 5]
    found = unit_rates(table, measure=RATE, level=0.95).frame
    low, high = poisson_exact(np.array([8, 0]), level=0.95)
    assert found["high"].to_numpy() == pytest.approx(1000 * high / [10, 5])
    # variation within units widens: as if there were a quarter of the cases
    wide = unit_rates(table, measure=SHARE, level=0.95, dispersion=4.0).frame
    low, _ = wilson(np.array([2.0]), np.array([2.5]), level=0.95)
    assert wide["low"].iloc[0] == pytest.approx(100 * low[0])


def test_indirect_ratio_and_byar():
    table = pd.DataFrame({"unit": ["a", "b"], "events": [20, 3], "expected": [10.0, 6.0]})
    found = indirect_ratios(table, level=0.95).frame
    assert found["value"].tolist() == [2.0, 0.5]
    assert found["low"].iloc[0] == pytest.approx(20 * (1 - 1 / 180 - 1.959964 / (3 * np.sqrt(20))) ** 3 / 10, rel=1e-6)
    # below ten events the limits are exact
    assert found["low"].iloc[1] == pytest.approx(poisson_exact(np.array(3), level=0.95)[0] / 6)
    near, sure = byar(np.array([50.0]), level=0.95), poisson_exact(np.array([50.0]), level=0.95)
    assert near[0] == pytest.approx(sure[0], rel=2e-3) and near[1] == pytest.approx(sure[1], rel=2e-3)


def test_direct_standardisation_by_hand():
    table = pd.DataFrame({"unit": ["a", "a", "b", "b"], "age": ["muda", "tua"] * 2, "events": [5, 20, 10, 0],
                          "denominator": [100, 100, 100, 0]})
    standard = pd.Series({"muda": 3.0, "tua": 1.0})
    found = direct_rates(table, standard=standard, strata=["age"], level=0.95, scale=100).frame.set_index("unit")
    assert found.loc["a", "value"] == pytest.approx(100 * (3 * 0.05 + 1 * 0.20) / 4)
    variance = (9 * 5 / 100**2 + 1 * 20 / 100**2) / 16
    low, _ = byar(np.array([25.0]), level=0.95)
    assert found.loc["a", "low"] == pytest.approx(100 * (0.0875 + np.sqrt(variance / 25) * (low[0] - 25)))
    assert np.isnan(found.loc["b", "value"]) and found.loc["b", "note"] == "stratum_empty"


@pytest.mark.parametrize(("rows", "code"), [
    ({"unit": ["a"], "events": [11], "denominator": [10]}, "rates_bad_counts"),
    ({"unit": ["a"], "events": [-1], "denominator": [10]}, "rates_bad_counts"),
    ({"unit": ["a"], "events": [1], "denominator": [0]}, "rates_bad_counts"),
    ({"unit": ["a", "a"], "events": [1, 1], "denominator": [10, 10]}, "units_repeated"),
    ({"unit": [], "events": [], "denominator": []}, "no_units"),
])
def test_rates_refuse(rows, code):
    with pytest.raises(KinerjaError) as error:
        unit_rates(pd.DataFrame(rows), measure=SHARE, level=0.95)
    assert code_of(error) == code


def test_direct_rates_refuse_double_and_unknown_strata():
    table = pd.DataFrame({"unit": ["a", "a"], "age": ["x", "x"], "events": [1, 1], "denominator": [5, 5]})
    with pytest.raises(KinerjaError) as error:
        direct_rates(table, standard=pd.Series({"x": 1.0}), strata=["age"], level=0.95)
    assert code_of(error) == "duplicate_stratum"
    with pytest.raises(KinerjaError) as error:
        direct_rates(table.iloc[:1], standard=pd.Series({"y": 1.0}), strata=["age"], level=0.95)
    assert code_of(error) == "standard_bad"


# shrinkage and volume

def test_beta_binomial_is_the_maximum_of_the_likelihood():
    rng = np.random.default_rng(3)
    n = rng.integers(10, 80, 40).astype(float)
    x = rng.binomial(n.astype(int), rng.beta(8, 4, 40)).astype(float)
    found = spread_of_shares(x, n, level=0.95)

    def deviance(p):
        mean, weight = special.expit(p[0]), np.exp(p[1])
        return -stats.betabinom.logpmf(x, n, mean * weight, (1 - mean) * weight).sum()

    best = optimize.minimize(deviance, [0.0, 2.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11})
    assert (found.mean, found.weight) == (pytest.approx(special.expit(best.x[0]), rel=1e-5),
                                          pytest.approx(np.exp(best.x[1]), rel=1e-4))
    for end in (found.low, found.high):
        inner = optimize.minimize_scalar(lambda m, e=end: deviance([m, np.log(e)]), bounds=(-3, 3), method="bounded")
        assert 2 * (inner.fun - best.fun) == pytest.approx(stats.chi2.ppf(0.95, 1), abs=1e-3)


def test_gamma_poisson_is_the_maximum_of_the_likelihood():
    rng = np.random.default_rng(4)
    expected = rng.uniform(2, 30, 60)
    x = rng.poisson(expected * rng.gamma(5, 1 / 5, 60)).astype(float)
    found = spread_of_rates(x, expected, level=0.95)

    def deviance(p):
        shape, rate = np.exp(p[0] + p[1]), np.exp(p[1])
        return -stats.nbinom.logpmf(x, shape, rate / (rate + expected)).sum()

    best = optimize.minimize(deviance, [0.0, 1.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-11})
    assert (found.mean, found.weight) == (pytest.approx(np.exp(best.x[0]), rel=1e-4),
                                          pytest.approx(np.exp(best.x[1]), rel=1e-4))
    assert found.low < found.weight < found.high


def test_volume_is_where_reliability_is_seven_tenths():
    rng = np.random.default_rng(5)
    n = np.full(50, 60.0)
    found = shrink_shares(rng.binomial(60, rng.beta(12, 8, 50)), n, units=units(50), level=0.95)
    assert found.volume.value / (found.volume.value + found.weight) == pytest.approx(0.70)
    assert found.volume.low < found.volume.value < found.volume.high
    frame = found.units.frame.set_index(["unit", "label"])["value"].unstack()
    kept = found.reliability.frame["value"].iloc[0]
    assert frame["shrunken"].to_numpy() == pytest.approx(
        found.mean + kept * (frame["raw"].to_numpy() - found.mean))


def test_variation_within_units_asks_for_more_cases():
    rng = np.random.default_rng(6)
    x, n = rng.binomial(200, rng.beta(12, 8, 50)), np.full(50, 200.0)
    plain = shrink_shares(x, n, units=units(50), level=0.95)
    wide = shrink_shares(x, n, units=units(50), level=0.95, dispersion=2.0)
    assert wide.volume.value > plain.volume.value
    assert (wide.reliability.frame["value"] < plain.reliability.frame["value"]).all()


def test_units_that_do_not_differ_have_no_volume():
    found = shrink_shares(np.full(10, 30), np.full(10, 60.0), units=units(10), level=0.95)
    assert np.isinf(found.volume.value) and found.volume.note == "no_unit_differences"
    assert (found.reliability.frame["value"] == 0).all()
    assert found.units.frame.query("label == 'shrunken'")["value"].to_numpy() == pytest.approx(np.full(10, 0.5))


@pytest.mark.parametrize(("events", "n", "code"), [
    ([5, 5, 11], [10, 10, 10], "shrink_bad_counts"), ([0, 0, 0], [10, 10, 10], "rates_no_events"),
    ([10, 10, 10], [10, 10, 10], "rates_all_events"), ([1, 2], [10, 10], "too_few_units"),
    ([1, 2, np.nan], [10, 10, 10], "shrink_bad_counts"),
])
def test_shrinkage_refuses(events, n, code):
    with pytest.raises(KinerjaError) as error:
        shrink_shares(np.array(events), np.array(n), units=units(len(n)), level=0.95)
    assert code_of(error) == code


def test_shrinkage_refuses_a_dispersion_below_one_and_a_unit_twice():
    three = np.array([1, 2, 3]), np.array([9, 9, 9])
    with pytest.raises(KinerjaError) as error:
        shrink_rates(*three, units=units(3), level=0.95, dispersion=0.5)
    assert code_of(error) == "bad_dispersion"
    with pytest.raises(KinerjaError) as error:
        shrink_rates(*three, units=np.array(["a", "b", "a"]), level=0.95)
    assert code_of(error) == "units_repeated"


@pytest.mark.parametrize(("values", "groups", "code"), [
    ([1.0, 2.0, 3.0], ["a", "b", "c"], "one_value_each"), ([1.0] * 6, list("aabbcc"), "scores_constant"),
    ([1.0, 2.0, np.nan, 1.0], list("aabc"), "scores_not_finite"), ([1.0, 2.0], list("ab"), "too_few_units")])
def test_means_refuse(values, groups, code):
    with pytest.raises(KinerjaError) as error:
        shrink_means(np.array(values), np.array(groups), level=0.95)
    assert code_of(error) == code


# ranks, tiers, fifths

def test_all_pairs_agree_with_the_pruned_search():
    rng = np.random.default_rng(7)
    se, draws = rng.uniform(0.2, 3, 30), rng.standard_normal((300, 30))
    spread = np.sqrt(se[:, None] ** 2 + se**2)
    gap = (se * draws)[:, :, None] - (se * draws)[:, None, :]
    plain = (gap / spread).max(axis=(1, 2))
    assert largest_differences(se, draws=draws) == pytest.approx(plain, abs=1e-12)
    allowed = rng.random((30, 30)) < 0.2
    kept = np.where(allowed & ~np.eye(30, dtype=bool), gap / spread, -np.inf).max(axis=(1, 2))
    assert largest_differences(se, draws=draws, allowed=allowed) == pytest.approx(kept, abs=1e-12)


def test_limits_of_one_unit_alone():
    # two equal errors: one comparison, the ordinary normal quantile
    assert own_limits(np.array([1.0, 1.0]), level=0.95) == pytest.approx([1.959964] * 2, abs=2e-3)
    # a unit measured without error against many: independent differences
    sure = own_limits(np.array([1e-6, *np.ones(9)]), level=0.95)[0]
    assert sure == pytest.approx(stats.norm.ppf((1 + 0.95 ** (1 / 9)) / 2), abs=5e-3)


def test_tiers_follow_the_longest_chain():
    values, se = np.array([100.0, 60.0, 59.0, 20.0, 1.0]), np.full(5, 2.0)
    found = rank_units(values, se, units=units(5), polarity=UP, level=0.95, rng=np.random.default_rng(1))
    assert found.tiers.tolist() == [1, 2, 2, 3, 4] and found.tier_count == 4
    assert found.alike("u1") == ("u2",) and found.alike("u0") == ()
    rows = found.ranks.frame.query("label == 'rank'")
    assert rows["value"].tolist() == [1, 2, 3, 4, 5]
    assert rows["low"].tolist() == [1, 2, 2, 4, 5] and rows["high"].tolist() == [1, 3, 3, 4, 5]
    assert found.separable.value == pytest.approx(9 / 10)
    back = rank_units(values, se, units=units(5), polarity=DOWN, level=0.95, rng=np.random.default_rng(1))
    assert back.tiers.tolist() == [4, 3, 3, 2, 1]


def test_units_alike_are_one_tier():
    found = rank_units(np.full(6, 3.0), np.ones(6), units=units(6), polarity=UP, level=0.95,
                       rng=np.random.default_rng(1))
    assert found.tier_count == 1 and found.separable.value == 0
    assert (found.ranks.frame["low"] == 1).all() and (found.ranks.frame["high"] == 6).all()


@pytest.mark.parametrize(("values", "se", "code"), [
    ([1.0, 2.0], [1.0, 0.0], "ranking_bad_se"), ([1.0, np.nan], [1.0, 1.0], "scores_not_finite"),
    ([1.0], [1.0], "too_few_units"), ([1.0, 2.0], [1.0], "lengths_differ")])
def test_ranking_refuses(values, se, code):
    with pytest.raises(KinerjaError) as error:
        rank_units(np.array(values), np.array(se), units=units(len(values)), polarity=UP, level=0.95,
                   rng=np.random.default_rng(1))
    assert code_of(error) == code


def test_ranking_refuses_where_neither_way_is_better():
    with pytest.raises(NotApplicable):
        rank_units(np.array([1.0, 2.0]), np.ones(2), units=units(2), polarity=Polarity.STABILISE, level=0.95,
                   rng=np.random.default_rng(1))


def test_fifths_of_sure_and_of_equal_units():
    rng = np.random.default_rng(2)
    sure = fifth_chances(np.arange(10.0), np.full(10, 0.01), units=units(10), polarity=UP, level=0.95, rng=rng)
    best = sure.frame.query("label == 'best_fifth'")["value"].to_numpy()
    assert best.tolist() == [0.0] * 8 + [1.0] * 2
    alike = fifth_chances(np.zeros(10), np.ones(10), units=units(10), polarity=DOWN, level=0.95, rng=rng, draws=8000)
    assert alike.frame["value"].to_numpy() == pytest.approx(np.full(20, 0.2), abs=0.02)
    assert alike.frame.groupby("label")["value"].sum().tolist() == pytest.approx([2.0, 2.0])


# benchmark, case mix, waterfall

def test_benchmark_for_what_should_be_low():
    found = achievable_benchmark(np.array([1, 50, 30]), np.array([100, 100, 100]), units=units(3), polarity=DOWN)
    assert found.units == ("u0",) and found.benchmark.value == pytest.approx(0.01)
    with pytest.raises(NotApplicable):
        achievable_benchmark(np.array([5, 5]), np.array([10, 10]), units=units(2), polarity=UP)


def test_separation_is_named():
    x = np.column_stack([np.ones(6), [0, 0, 0, 1, 1, 1]]).astype(float)
    none = np.array([0.0, 0, 0, 3, 4, 5])
    assert separable(x, none, np.full(6, 9.0), family="binomial")
    for family in ("binomial", "poisson"):
        with pytest.raises(NotApplicable) as error:
            fit_counts(x, none, np.full(6, 9.0), family=family)
        assert code_of(error) == "glm_separated"
    assert not separable(x, none + 1, np.full(6, 9.0), family="binomial")
    with pytest.raises(NotApplicable) as error:
        fit_counts(x, np.zeros(6), np.full(6, 9.0), family="binomial")
    assert code_of(error) == "glm_one_outcome"
    with pytest.raises(NotApplicable) as error:
        fit_counts(np.column_stack([x, x[:, 1]]), none + 1, np.full(6, 9.0), family="binomial")
    assert code_of(error) == "glm_collinear"
    with pytest.raises(KinerjaError) as error:
        fit_counts(x, np.full(6, 10.0), np.full(6, 9.0), family="binomial")
    assert code_of(error) == "glm_bad_counts"


def cases(slope=1.5, n=60, seed=8):
    rng = np.random.default_rng(seed)
    hard, size = rng.random(n), rng.integers(50, 200, n)
    chance = special.expit(0.5 - slope * (hard - 0.5) + 0.2 * rng.standard_normal(n))
    return pd.DataFrame({"unit": units(n), "events": rng.binomial(size, chance), "denominator": size, "hard": hard})


def test_case_mix_finds_what_cases_do():
    found = case_mix(cases(), kind=MeasureKind.PROPORTION, columns=["hard"], level=0.95, rng=np.random.default_rng(1))
    row = found.coefficients.row("hard")
    assert row.high < 0 and row.n == 60
    assert found.explained > 0.4
    assert found.calibration.slope.low < 1 < found.calibration.slope.high
    assert found.units["expected"].sum() == pytest.approx(found.units["events"].sum())
    assert found.calibration.groups.frame["n"].sum() == 60
    nothing = case_mix(cases(0.0), kind=MeasureKind.PROPORTION, columns=["hard"], level=0.95,
                       rng=np.random.default_rng(1))
    assert nothing.explained < 0.1


def test_wrong_expectations_are_seen():
    table = cases(0.0).assign(expected=lambda rows: rows["denominator"] * special.expit(1.5 * (rows["hard"] - 0.5)))
    slope = expected_calibration(table, kind=MeasureKind.PROPORTION, level=0.95).slope
    assert slope.high < 0.5


@pytest.mark.parametrize(("change", "code"), [
    (lambda t: t.assign(hard=0.3), "case_mix_constant"), (lambda t: t.head(12), "case_mix_few_units"),
    (lambda t: t.assign(hard=t["hard"].where(t.index > 2)), "case_mix_missing"),
    (lambda t: t.assign(events=t["denominator"] + 1), "rates_bad_counts"),
    (lambda t: t.assign(events=np.where(t["hard"] > 0.5, t["denominator"], 0)), "glm_separated"),
    (lambda t: t.assign(events=0), "glm_one_outcome")])
def test_case_mix_refuses(change, code):
    with pytest.raises(KinerjaError) as error:
        case_mix(change(cases()), kind=MeasureKind.PROPORTION, columns=["hard"], level=0.95,
                 rng=np.random.default_rng(1))
    assert code_of(error) == code


def rater_table(raw, fair, half=1.0):
    names = units(len(raw))
    frame = pd.concat([pd.DataFrame({
        "unit": names, "label": label, "value": value, "low": np.array(value) - half, "high": np.array(value) + half,
        "level": 0.95, "n": 3, "method": "m", MEASURED_IN: "scale_points", "note": ""})
        for label, value in (("raw", raw), ("adjusted_fixed", fair))], ignore_index=True)
    return EstimateTable(groups=("unit",), frame=frame)


def test_waterfall_adds_up():
    raw, fair = np.array([70.0, 80.0, 95.0, 60.0]), np.array([75.0, 80.0, 90.0, 60.0])
    found = adjusted_scores(raw, np.full(4, 0.5), units=units(4), level=0.95, raters=rater_table(raw, fair),
                            expected=np.array([70.0, 80.0, 80.0, 70.0]))
    wide = found.units.frame.pivot(index="unit", columns="label", values="value")
    assert wide["rater"].tolist() == [5.0, 0.0, -5.0, 0.0]
    assert wide["case_mix"].tolist() == [5.0, -5.0, -5.0, 5.0]
    steps = wide[["raw", "rater", "case_mix", "shrinkage"]].sum(axis=1)
    assert steps.to_numpy() == pytest.approx(wide["adjusted"].to_numpy())
    assert found.steps == ("rater", "case_mix", "shrinkage")
    before = np.array([80.0, 75.0, 85.0, 65.0])
    assert found.tau2 == pytest.approx(before.var(ddof=1) - (1 / 1.959964) ** 2, rel=1e-5)


def test_waterfall_refuses_raters_of_other_units():
    raw = np.array([70.0, 80.0, 95.0])
    with pytest.raises(KinerjaError) as error:
        adjusted_scores(raw, np.ones(3), units=np.array(["x", "u1", "u2"]), level=0.95, raters=rater_table(raw, raw))
    assert code_of(error) == "rater_units_differ"
