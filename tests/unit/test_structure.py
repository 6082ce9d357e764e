"""Polychorics, confirmatory factors and the ladder: what can be checked by hand, and what must be refused."""

import numpy as np
import pytest
from scipy import stats

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.numeric.normal_tables import bivariate_normal
from kinerja_lab.psychometrics.common_answers import common_answers
from kinerja_lab.psychometrics.confirmatory_ordinal import bootstrap_loadings, confirm_ordinal
from kinerja_lab.psychometrics.design_sheets import DesignSheets, plain_sheets
from kinerja_lab.psychometrics.fit_measures import rmsea_limits
from kinerja_lab.psychometrics.invariance_ordinal import invariance_ladder
from kinerja_lab.psychometrics.polychoric import polychoric
from kinerja_lab.simulate.item_answers import count_sheets

STEPS = np.array([-1.4, -0.5, 0.8])


def sheets(n=1500, loadings=(0.8, 0.7, 0.75, 0.6), *, seed=1, shift=0.0, mean=0.0):
    """Sheets of one factor; ``shift`` moves the answers of the last item."""
    rng = np.random.default_rng(seed)
    loading = np.array(loadings)
    latent = mean + rng.normal(size=(n, 1))
    answers = latent * loading + rng.normal(size=(n, len(loading))) * np.sqrt(1 - loading**2)
    answers[:, -1] += shift
    answers = 1 + (answers[:, :, None] > STEPS).sum(axis=2)
    return count_sheets(answers, low=1, high=4, items=tuple("abcdefghi"[:len(loading)]))


def one(patterns, **changes):
    model = {"factors": {"F": patterns.items}, "level": 0.95} | changes
    return confirm_ordinal(polychoric(plain_sheets(patterns), level=0.95), **model)


@pytest.mark.parametrize("r", [-0.95, -0.3, 0.0, 0.6, 0.97])
def test_bivariate_normal_against_scipy(r):
    h, k = np.array([-1.3, 0.0, 2.1, 0.4]), np.array([0.7, 0.0, -1.8, 0.4])
    expected = [stats.multivariate_normal.cdf([a, b], cov=[[1, r], [r, 1]], abseps=1e-12, releps=1e-12)
                for a, b in zip(h, k, strict=True)]
    np.testing.assert_allclose(bivariate_normal(h, k, np.full(4, r)), expected, atol=1e-9)


def test_correlation_of_a_table_cut_at_the_medians():
    """Both items cut in the middle: the tetrachoric correlation is sin(pi/2 (4 p - 1)) with p the share low on both."""
    values = np.array([[1, 1], [1, 2], [2, 1], [2, 2]], dtype=np.int16)
    counts = np.array([40, 10, 10, 40])
    table = ResponsePatterns(items=("a", "b"), values=values, counts=counts, weights=counts.astype(float), low=1,
                             high=2)
    found = polychoric(plain_sheets(table), level=0.95)
    assert found.correlation[0, 1] == pytest.approx(np.sin(np.pi / 2 * (4 * 0.4 - 1)), abs=1e-9)
    assert found.thresholds[0][0] == pytest.approx(0.0, abs=1e-12) and found.empty_cells == 0 and found.n == 100


def test_a_category_nobody_used_is_no_threshold_and_empty_cells_are_counted():
    patterns = sheets(300)
    patterns = ResponsePatterns(items=patterns.items, values=np.where(patterns.values == 1, 2, patterns.values),
                                counts=patterns.counts, weights=patterns.weights, low=1, high=4)
    found = polychoric(plain_sheets(patterns), level=0.95)
    assert [len(cuts) for cuts in found.thresholds] == [2, 2, 2, 2] and found.empty_cells >= 0


@pytest.mark.parametrize(("values", "code"), [
    ([[1, 1], [2, 2], [3, 3], [4, 4]], "polychoric_edge"), ([[1, 2], [1, 3], [1, 4]], "constant_items"),
    ([[1], [2], [3]], "too_few_items")])
def test_refuses(values, code):
    values = np.array(values, dtype=np.int16)
    counts = np.full(len(values), 50)
    patterns = ResponsePatterns(items=tuple("ab")[:values.shape[1]], values=values, counts=counts,
                                weights=counts.astype(float), low=1, high=4)
    with pytest.raises(NotApplicable) as caught:
        polychoric(plain_sheets(patterns), level=0.95)
    assert caught.value.message.code.endswith(code)


def test_incomplete_sheets_and_bad_levels_are_misuse():
    patterns = sheets(200)
    values = patterns.values.copy()
    values[0, 0] = -1
    broken = ResponsePatterns(items=patterns.items, values=values, counts=patterns.counts, weights=patterns.weights,
                              low=1, high=4)
    with pytest.raises(KinerjaError, match="patterns_incomplete"):
        plain_sheets(broken)
    with pytest.raises(KinerjaError, match="bad_level"):
        polychoric(plain_sheets(patterns), level=1.0)


def test_few_clusters_are_refused():
    patterns = sheets(200)
    totals = np.zeros((3, len(patterns.counts)))
    totals[np.arange(len(patterns.counts)) % 3, np.arange(len(patterns.counts))] = patterns.weights
    with pytest.raises(NotApplicable) as caught:
        polychoric(DesignSheets(patterns=patterns, squares=patterns.weights, totals=totals), level=0.95)
    assert caught.value.message.code.endswith("too_few_clusters")


def test_every_respondent_a_cluster_gives_the_errors_of_independence():
    patterns = sheets(120)
    place = np.repeat(np.arange(len(patterns.counts)), patterns.counts)
    totals = np.zeros((len(place), len(patterns.counts)))
    totals[np.arange(len(place)), place] = 1.0
    plain = polychoric(plain_sheets(patterns), level=0.95)
    alone = polychoric(DesignSheets(patterns=patterns, squares=patterns.weights, totals=totals), level=0.95)
    np.testing.assert_allclose(alone.covariance, plain.covariance, rtol=1e-10, atol=1e-14)


def test_factor_model_finds_its_loadings_and_three_families_agree_where_it_holds():
    model = one(sheets(6000))
    np.testing.assert_allclose(model.matrix[:, 0], [0.8, 0.7, 0.75, 0.6], atol=0.04)
    assert model.test.p > 0.01
    value = model.fit.frame.set_index(["family", "label"])["value"]
    assert min(value[family, "cfi"] for family in ("plain", "scaled", "robust")) > 0.995


def test_two_factors_and_bifactor():
    rng = np.random.default_rng(6)
    both = rng.multivariate_normal([0, 0], [[1, 0.4], [0.4, 1]], size=3000)
    answers = np.repeat(both, 3, axis=1) * 0.75 + rng.normal(size=(3000, 6)) * np.sqrt(1 - 0.75**2)
    patterns = count_sheets(1 + (answers[:, :, None] > STEPS).sum(axis=2), low=1, high=4, items=tuple("abcdef"))
    split = {"X": ("a", "b", "c"), "Y": ("d", "e", "f")}
    model = one(patterns, factors=split)
    row = model.correlations.frame.iloc[0]
    assert row["low"] < 0.4 < row["high"] and model.test.df == 8
    assert one(patterns).test.p < 1e-6  # one factor is refuted


def test_a_bifactor_model_finds_the_general_factor():
    rng = np.random.default_rng(7)
    general, special = rng.normal(size=(4000, 1)), np.repeat(rng.normal(size=(4000, 2)), 4, axis=1)
    answers = 0.7 * general + 0.4 * special + rng.normal(size=(4000, 8)) * np.sqrt(1 - 0.49 - 0.16)
    patterns = count_sheets(1 + (answers[:, :, None] > STEPS).sum(axis=2), low=1, high=4, items=tuple("abcdefgh"))
    model = one(patterns, factors={"X": tuple("abcd"), "Y": tuple("efgh")}, general="G")
    assert model.factors == ("G", "X", "Y") and model.test.df == 12 and len(model.correlations) == 0
    own = model.loadings.frame[model.loadings.frame["factor"] == "G"]
    assert ((own["low"] < 0.75) & (own["high"] > 0.65)).all()


@pytest.mark.parametrize(("factors", "code"), [({"F": ("a", "b")}, "factor_items"), ({"F": ("a", "b", "c", "z")},
                                                                                    "factor_items")])
def test_factors_must_fit_the_items(factors, code):
    with pytest.raises(KinerjaError, match=code):
        one(sheets(300, loadings=(0.8, 0.7, 0.6)), factors=factors)


def test_what_is_not_identified_or_impossible_is_refused():
    with pytest.raises(NotApplicable) as caught:
        one(sheets(300, loadings=(0.8, 0.7)))
    assert caught.value.message.code.endswith("factor_not_identified")
    rng = np.random.default_rng(3)
    base = rng.normal(size=(400, 1)) * 0.95 + rng.normal(size=(400, 3)) * 0.3
    base[:, 2] = -0.3 * base[:, 0] + rng.normal(size=400)  # no single factor makes r12 .9, r13 and r23 so unlike
    base[:, 1] += 0.8 * base[:, 2]
    patterns = count_sheets(1 + (base[:, :, None] > STEPS).sum(axis=2), low=1, high=4, items=("a", "b", "c"))
    with pytest.raises(NotApplicable) as caught:
        one(patterns)
    assert caught.value.message.code.split(".")[-1] in ("factor_heywood", "factor_not_converged")


def test_bootstrap_of_loadings_is_near_the_sandwich_where_the_model_holds():
    patterns = sheets(800)
    found = bootstrap_loadings(plain_sheets(patterns), factors={"F": patterns.items}, level=0.95, draws=60,
                               rng=np.random.default_rng(2))
    sandwich = one(patterns).loadings.frame
    ratio = (found.frame["high"] - found.frame["low"]) / (sandwich["high"] - sandwich["low"])
    assert 0.6 < ratio.mean() < 1.5
    with pytest.raises(KinerjaError, match="bad_draws"):
        bootstrap_loadings(plain_sheets(patterns), factors={"F": patterns.items}, level=0.95, draws=10,
                           rng=np.random.default_rng(2))


def test_rmsea_limits_turn_the_noncentral_distribution_around():
    low, high = rmsea_limits(60.0, df=20, n=301, level=0.90)
    for end, tail in ((low, 0.95), (high, 0.05)):
        assert stats.ncx2.cdf(60.0, 20, end**2 * 20 * 300) == pytest.approx(tail, abs=1e-8)


def test_rare_answers_are_counted_with_the_next_and_said():
    values = np.array([[1], [2], [3], [4]], dtype=np.int16)
    def group(counts):
        counts = np.array(counts)
        return DesignSheets(squares=counts.astype(float), patterns=ResponsePatterns(
            items=("a",), values=values, counts=counts, weights=counts.astype(float), low=1, high=4))
    out, merged = common_answers({"x": group([40, 40, 40, 40]), "y": group([2, 30, 60, 3])})
    assert merged == (("a", 1, 2), ("a", 4, 3))
    assert out["x"].patterns.values.ravel().tolist() == [2, 2, 3, 3]
    with pytest.raises(NotApplicable):
        common_answers({"x": group([40, 40, 40, 40]), "y": group([1, 1, 1, 90])})


def test_ladder_holds_where_nothing_differs_and_finds_the_shifted_item():
    same = {name: plain_sheets(sheets(1500, seed=seed, mean=mean))
            for name, seed, mean in (("x", 3, 0.0), ("y", 4, 0.4))}
    ladder = invariance_ladder(same, level=0.95)
    assert ladder.reached == "intercepts" and not any(step.freed for step in ladder.steps) and not len(ladder.effects)
    mean = ladder.means.frame.set_index(["group", "version"]).loc[("y" if ladder.groups[0] == "x" else "x", "freed")]
    assert mean["low"] < (0.4 if ladder.groups[0] == "x" else -0.4) < mean["high"]
    moved = {"x": plain_sheets(sheets(2001, seed=1)), "y": plain_sheets(sheets(2000, seed=2, shift=0.7))}
    ladder = invariance_ladder(moved, level=0.95)
    freed = [step.freed for step in ladder.steps if step.freed]
    assert freed[0][0] == "d" and ladder.reached == "intercepts"  # the moved item is the first to be set free
    own = ladder.effects.frame.set_index(["group", "item"])
    assert own.loc[("y", "d"), "low"] > 0.5
    versions = ladder.means.frame.set_index(["group", "version"])["value"]
    assert abs(versions["y", "freed"]) < abs(versions["y", "ignored"])  # ignored, the shift looks like quality
    assert ladder.dmacs.set_index("item")["dmacs"]["d"] > 0.3


def test_ladder_refuses_one_group_and_groups_of_other_items():
    with pytest.raises(NotApplicable) as caught:
        invariance_ladder({"x": plain_sheets(sheets(300))}, level=0.95)
    assert caught.value.message.code.endswith("invariance_groups")
    with pytest.raises(KinerjaError, match="groups_differ"):
        invariance_ladder({"x": plain_sheets(sheets(300)), "y": plain_sheets(sheets(300, loadings=(0.8, 0.7, 0.6)))},
                          level=0.95)
