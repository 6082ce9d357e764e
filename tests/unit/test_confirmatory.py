"""Continuous factors and their ladder: what can be checked by hand, and what must be refused."""

import numpy as np
import pytest

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.numeric.moment_structure import fit_moments, independence, triangle
from kinerja_lab.numeric.weighted_structure import slopes
from kinerja_lab.psychometrics.confirmatory import confirmatory
from kinerja_lab.psychometrics.design_sheets import DesignSheets, plain_sheets
from kinerja_lab.psychometrics.factor_layout import FactorLayout
from kinerja_lab.psychometrics.invariance import measured_ladder
from kinerja_lab.psychometrics.item_moments import answer_moments, item_moments
from kinerja_lab.psychometrics.reliability_factor import omega_one_factor
from kinerja_lab.simulate.item_answers import count_sheets

ITEMS = tuple("abcdefghi")
TRIPLES = {"X": ITEMS[:3], "Y": ITEMS[3:6], "Z": ITEMS[6:]}


def exact(covariance, n=400, *, seed=1):
    """Rows whose covariance matrix (divided by n) is exactly the given one."""
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n, len(covariance)))
    rows -= rows.mean(axis=0)
    rows = rows @ np.linalg.inv(np.linalg.cholesky(rows.T @ rows / n)).T
    return rows @ np.linalg.cholesky(covariance).T + 3.0


def three_factors(between):
    loadings = np.kron(np.eye(3), np.array([[0.8], [0.7], [0.6]]))
    covariance = loadings @ between @ loadings.T
    np.fill_diagonal(covariance, 1.0)
    return covariance


def fitted(rows, factors, **changes):
    source = answer_moments(rows, items=ITEMS[:rows.shape[1]])
    return confirmatory(source, **({"factors": factors, "level": 0.95} | changes))


def reason(call):
    with pytest.raises(NotApplicable) as caught:
        call()
    return caught.value.message


def test_three_items_by_hand():
    """One factor and three items: each loading squared is a product of two covariances over the third."""
    covariance = np.array([[1.0, 0.42, 0.48], [0.42, 1.0, 0.56], [0.48, 0.56, 1.0]])
    model = fitted(exact(covariance), {"F": ITEMS[:3]})
    np.testing.assert_allclose(model.matrix[:, 0], [np.sqrt(0.42 * 0.48 / 0.56), np.sqrt(0.42 * 0.56 / 0.48),
                                                    np.sqrt(0.48 * 0.56 / 0.42)], atol=1e-6)
    assert (model.test.df, model.test.statistic) == (0, pytest.approx(0, abs=1e-8))
    assert (model.fit.frame.set_index("label").loc[["cfi", "tli", "rmsea"], "note"] == "saturated").all()
    omega = model.reliability.frame.set_index("factor")["value"]["F"]
    assert omega == pytest.approx(2.1**2 / (2.1**2 + 3 - 0.36 - 0.49 - 0.64), abs=1e-6)


def test_intercepts_are_the_means_with_the_error_of_a_mean():
    model = fitted(exact(np.eye(4) * 0.5 + 0.5), {"F": ITEMS[:4]}, errors="normal")
    own = model.raw.frame.query("kind == 'intercept'")
    np.testing.assert_allclose(own["value"], 3.0, atol=1e-9)
    np.testing.assert_allclose(own["high"] - own["value"], 1.959963985 / np.sqrt(400), rtol=1e-8)


def test_a_second_order_factor_over_three_factors_only_says_the_same_in_other_words():
    between = np.array([[1.0, 0.5, 0.4], [0.5, 1.0, 0.3], [0.4, 0.3, 1.0]])
    rows = exact(three_factors(between)) + np.random.default_rng(3).normal(size=(400, 9)) * 0.3
    flat, high = fitted(rows, TRIPLES), fitted(rows, TRIPLES, above="G")
    assert (high.test.df, high.test.statistic) == (flat.test.df, pytest.approx(flat.test.statistic, rel=1e-6))
    np.testing.assert_allclose(high.matrix, flat.matrix, atol=1e-6)
    upper = high.upper.frame.set_index("factor")["value"]
    for _, row in flat.correlations.frame.iterrows():
        assert upper[row["factor"]] * upper[row["other"]] == pytest.approx(row["value"], abs=1e-6)


def test_a_second_order_factor_found_exactly():
    upper = np.array([0.9, 0.8, 0.7])
    between = np.outer(upper, upper)
    np.fill_diagonal(between, 1.0)
    model = fitted(exact(three_factors(between)), TRIPLES, above="G")
    np.testing.assert_allclose(model.upper.frame["value"], upper, atol=1e-6)
    assert model.test.statistic == pytest.approx(0, abs=1e-7)
    total = three_factors(between).sum()
    general = model.reliability.frame.set_index("factor")["value"]["G"]
    assert general == pytest.approx((2.1 * upper.sum()) ** 2 / total, abs=1e-6)


def test_a_bifactor_model_found_exactly():
    general, own = np.full(9, 0.6), np.kron(np.eye(3), np.array([[0.5], [0.4], [0.3]]))
    covariance = np.outer(general, general) + own @ own.T
    np.fill_diagonal(covariance, 1.0)
    model = fitted(exact(covariance), TRIPLES, general="G")
    np.testing.assert_allclose(model.matrix[:, 0], general, atol=1e-4)
    assert (model.test.df, len(model.correlations)) == (18, 0)
    omega = model.reliability.frame.set_index("factor")["value"]
    assert omega["G"] == pytest.approx(5.4**2 / covariance.sum(), abs=1e-4)
    assert omega["all"] == pytest.approx((5.4**2 + 3 * 1.2**2) / covariance.sum(), abs=1e-4)


def test_one_factor_omega_is_that_of_the_reliability_folder():
    rng = np.random.default_rng(5)
    latent = rng.normal(size=(900, 1)) + rng.normal(size=(900, 5))
    patterns = count_sheets(1 + (latent[:, :, None] > [-1.2, 0.1, 1.4]).sum(axis=2), low=1, high=4, items=ITEMS[:5])
    model = confirmatory(item_moments(plain_sheets(patterns)), factors={"F": ITEMS[:5]}, level=0.95)
    ours = model.reliability.frame.set_index("factor").loc["F"]
    theirs = omega_one_factor(patterns, level=0.95).row("omega_implied")
    assert ours["value"] == pytest.approx(theirs.value, abs=1e-6)
    assert ours["low"] == pytest.approx(theirs.low, abs=4e-3) and ours["n"] == theirs.n


def test_patterns_say_the_same_as_rows_and_weights_of_two_as_rows_written_twice():
    rng = np.random.default_rng(6)
    latent = rng.normal(size=(300, 1)) + rng.normal(size=(300, 4))
    rows = 1 + (latent[:, :, None] > [-1.0, 0.2, 1.1]).sum(axis=2)
    rows[0] = 1  # every item uses its lowest answer
    patterns = count_sheets(rows, low=1, high=4, items=ITEMS[:4])
    one = confirmatory(item_moments(plain_sheets(patterns)), factors={"F": ITEMS[:4]}, level=0.95)
    two = fitted(rows.astype(float), {"F": ITEMS[:4]})
    np.testing.assert_allclose(one.spread, two.spread, rtol=1e-6, atol=1e-12)
    weights = rng.integers(1, 4, size=300).astype(float)
    source = answer_moments(rows.astype(float), items=ITEMS[:4], weights=weights)
    weighted = confirmatory(source, factors={"F": ITEMS[:4]}, level=0.95)
    written = fitted(np.repeat(rows, weights.astype(int), axis=0).astype(float), {"F": ITEMS[:4]})
    np.testing.assert_allclose(weighted.matrix, written.matrix, atol=1e-6)
    assert weighted.test.n == 300


def test_every_respondent_a_cluster_gives_the_errors_of_independence():
    rows = exact(np.eye(4) * 0.5 + 0.5, n=200) + np.random.default_rng(2).normal(size=(200, 4)) * 0.1
    alone = answer_moments(rows, items=ITEMS[:4], clusters=np.arange(200))
    one = confirmatory(alone, factors={"F": ITEMS[:4]}, level=0.95)
    two = fitted(rows, {"F": ITEMS[:4]})
    np.testing.assert_allclose(one.spread, two.spread * 200 / 199, rtol=1e-8)
    assert (one.source.clusters, one.source.df, two.source.df) == (200, 199.0, np.inf)


@pytest.mark.parametrize(("apart", "shown"), [(0.5, True), (1.2, False)])
def test_what_independence_cannot_be_scaled_by_is_not_divided_by(apart, shown):
    """Between units that differ much in level the mean of independence's chi-square comes out negative."""
    rng = np.random.default_rng(4)
    unit = np.repeat(np.arange(40), 20)
    rows = rng.normal(size=(40, 1))[unit] * apart + rng.normal(size=(800, 1)) + rng.normal(size=(800, 4)) * 0.5
    source = answer_moments(rows, items=ITEMS[:4], clusters=unit)
    table = confirmatory(source, factors={"F": ITEMS[:4]}, level=0.95).fit.frame.set_index(["family", "label"])
    for family in ("scaled", "robust"):
        assert np.isfinite(table.loc[(family, "cfi"), "value"]) == shown
        assert (table.loc[(family, "tli"), "note"] == "fit_no_base") != shown
        assert np.isfinite(table.loc[(family, "rmsea"), "high"])


def test_sheets_with_clusters_say_the_same_as_rows_with_clusters():
    rng = np.random.default_rng(8)
    unit = np.repeat(np.arange(20), 15)
    latent = rng.normal(size=(20, 1))[unit] * 0.7 + rng.normal(size=(300, 1)) + rng.normal(size=(300, 4))
    rows = 1 + (latent[:, :, None] > [-1.0, 0.2, 1.1]).sum(axis=2)
    values, place, counts = np.unique(rows, axis=0, return_inverse=True, return_counts=True)
    totals = np.zeros((20, len(values)))
    np.add.at(totals, (unit, place.ravel()), 1.0)
    patterns = ResponsePatterns(items=ITEMS[:4], values=values.astype(np.int16), counts=counts,
                                weights=counts.astype(float), low=1, high=4)
    sheets = DesignSheets(patterns=patterns, squares=counts.astype(float), totals=totals)
    one = confirmatory(item_moments(sheets), factors={"F": ITEMS[:4]}, level=0.95)
    two = confirmatory(answer_moments(rows.astype(float), items=ITEMS[:4], clusters=unit),
                       factors={"F": ITEMS[:4]}, level=0.95)
    np.testing.assert_allclose(one.spread, two.spread, rtol=1e-6, atol=1e-12)
    assert one.test.statistic == pytest.approx(two.test.statistic, rel=1e-8)


@pytest.mark.parametrize("changes", [
    {}, {"above": "G"}, {"general": "G"}, {"groups": 3}, {"groups": 3, "step": "loadings"},
    {"groups": 2, "step": "intercepts", "freed": frozenset({("loadings", 1)})}, {"groups": 2, "step": "residuals"}])
def test_slopes_of_the_model_are_those_of_complex_steps(changes):
    layout = FactorLayout(ITEMS, TRIPLES | {"Z": (*ITEMS[6:], "a")}, **changes)

    def flat(point):
        mean, covariance = layout.implied(point)
        both = np.concatenate([mean, covariance[(..., *triangle(9))]], axis=-1)
        return both.reshape(*both.shape[:-2], -1)
    point = np.random.default_rng(1).normal(size=len(layout.names))
    np.testing.assert_allclose(layout.slopes(point), slopes(flat, point), atol=1e-12)
    np.testing.assert_allclose(layout.point_of(layout.parts(point)), point)


def test_independence_is_minus_n_times_the_log_determinant_of_the_correlations():
    covariance = np.array([[4.0, 1.0], [1.0, 1.0]])
    source = answer_moments(exact(covariance), items=ITEMS[:2])
    assert independence([source.moments])[0].chi2 == pytest.approx(-400 * np.log(1 - 0.25), rel=1e-9)


@pytest.mark.parametrize(("rows", "code"), [
    (np.ones((30, 3)), "all_items_constant"), (np.arange(9.0).reshape(3, 3) % 4, "too_few_sheets"),
    (np.repeat(np.arange(30.0)[:, None], 3, axis=1), "instrument_collinear"),
    (np.column_stack([np.arange(30.0), np.arange(30.0)[::-1] ** 2, np.ones(30)]), "constant_items"),
    (np.arange(30.0)[:, None], "too_few_items"), (np.zeros((0, 3)), "too_few_sheets")])
def test_moments_are_refused(rows, code):
    message = reason(lambda: answer_moments(rows, items=ITEMS[:rows.shape[1]]))
    assert message.code == f"not_applicable.{code}"


def test_few_clusters_are_refused():
    rows = exact(np.eye(3) * 0.5 + 0.5, n=90)
    message = reason(lambda: answer_moments(rows, items=ITEMS[:3], clusters=np.arange(90) % 9))
    assert message.code.endswith("too_few_clusters") and dict(message.params)["n"] == 9


@pytest.mark.parametrize(("changes", "code"), [
    ({"answers": np.full((30, 3), np.nan)}, "scores_not_finite"), ({"weights": np.zeros(30)}, "factor_weights"),
    ({"weights": np.ones(29)}, "lengths_differ"), ({"clusters": np.ones(29)}, "lengths_differ"),
    ({"items": ("a", "b")}, "lengths_differ"), ({"weights": np.full(30, np.nan)}, "factor_weights")])
def test_moments_of_bad_input_are_misuse(changes, code):
    given = {"answers": exact(np.eye(3), n=30), "items": ITEMS[:3]} | changes
    with pytest.raises(KinerjaError, match=code):
        answer_moments(given.pop("answers"), **given)


def test_incomplete_sheets_are_misuse():
    values = np.array([[1, 2, 3], [-1, 2, 3], [2, 1, 1], [3, 3, 2]], dtype=np.int16)
    counts = np.array([40, 60, 20, 30])
    sheets = DesignSheets(squares=counts.astype(float), patterns=ResponsePatterns(
        items=ITEMS[:3], values=values, counts=counts, weights=counts.astype(float), low=1, high=3))
    with pytest.raises(KinerjaError, match="patterns_incomplete"):
        item_moments(sheets)


@pytest.mark.parametrize(("changes", "code"), [
    ({"level": 1.0}, "bad_level"), ({"errors": "robust"}, "factor_errors"), ({"factors": {"F": ("a", "z")}},
     "factor_items"), ({"factors": {"F": ("a", "b")}}, "factor_items"), ({"general": "X"}, "factor_name_twice"),
    ({"above": "X"}, "factor_name_twice"), ({"above": "G", "general": "H"}, "factor_above_and_general")])
def test_misuse_of_the_model(changes, code):
    with pytest.raises(KinerjaError, match=code):
        fitted(exact(three_factors(np.eye(3) * 0.5 + 0.5)), **({"factors": TRIPLES} | changes))


def test_plain_errors_are_refused_where_they_do_not_hold():
    rows = exact(np.eye(4) * 0.5 + 0.5)
    for design in ({"weights": np.linspace(1, 2, 400)}, {"clusters": np.arange(400) % 20}):
        with pytest.raises(KinerjaError, match="factor_errors_design"):
            confirmatory(answer_moments(rows, items=ITEMS[:4], **design), factors={"F": ITEMS[:4]}, level=0.95,
                         errors="normal")
    source = answer_moments(rows, items=ITEMS[:4], weights=np.full(400, 2.5))
    assert confirmatory(source, factors={"F": ITEMS[:4]}, level=0.95, errors="normal").test.n == 400


def test_what_is_not_identified_is_refused():
    rows = exact(three_factors(np.eye(3)))
    assert reason(lambda: fitted(rows[:, :2], {"F": ITEMS[:2]})).code.endswith("factor_not_identified")
    message = reason(lambda: fitted(rows[:, :6], {"X": ITEMS[:3], "Y": ITEMS[3:6]}, above="G"))
    assert message.code.endswith("factor_above_few") and dict(message.params)["n"] == 2
    # two items of a factor that goes with nothing: their loadings cannot be told apart
    alone = np.eye(5)
    alone[:3, :3] += 0.5 - 0.5 * np.eye(3)
    alone[3, 4] = alone[4, 3] = 0.4
    code = reason(lambda: fitted(exact(alone), {"X": ITEMS[:3], "Y": ITEMS[3:5]})).code
    assert code.split(".")[1] in ("factor_not_identified", "factor_not_converged", "factor_heywood")


def test_impossible_answers_of_the_model_are_refused_by_the_name_of_the_item():
    covariance = np.array([[1.0, 0.7, 0.7], [0.7, 1.0, 0.2], [0.7, 0.2, 1.0]])  # loading of a: sqrt(.7 * .7 / .2) > 1
    message = reason(lambda: fitted(exact(covariance), {"F": ITEMS[:3]}))
    assert message.code.endswith("factor_heywood") and dict(message.params)["item"] == "a"


def test_a_search_that_is_cut_short_says_how_far_it_came():
    rows = exact(three_factors(np.eye(3) * 0.5 + 0.5))
    source, layout = answer_moments(rows, items=ITEMS), FactorLayout(ITEMS, TRIPLES)
    start = layout.start([source.moments])
    fit = fit_moments(layout, [source.moments], start=start * 0.8, most=1)
    assert (fit.steps, fit.converged) == (1, False) and fit.slope > 1e-5


def test_a_reversed_item_leaves_the_reliability_open():
    rows = exact(np.eye(4) * 0.5 + 0.5)
    rows[:, 3] *= -1
    model = fitted(rows, {"F": ITEMS[:4]})
    assert model.matrix[3, 0] < 0 < model.matrix[0, 0]
    assert set(model.reliability.frame["note"]) == {"omega_opposed"} and model.reliability.frame["value"].isna().all()


def groups_of(shift=0.0, mean=0.4, steep=0.0, n=900):
    """Two groups of three triples; in the second the first item of X is moved, or has another loading."""
    out = {}
    for name, seed in (("x", 11), ("y", 12)):
        rng = np.random.default_rng(seed)
        size = n + (name == "x")
        factors = rng.normal(size=(size, 3)) @ np.linalg.cholesky(np.eye(3) * 0.6 + 0.4).T + mean * (name == "y")
        loadings = np.kron(np.eye(3), np.array([[0.8], [0.7], [0.6]]))
        loadings[0, 0] += steep * (name == "y")
        rows = 3 + factors @ loadings.T + rng.normal(size=(size, 9)) * 0.6
        rows[:, 0] += shift * (name == "y")
        out[name] = answer_moments(rows, items=ITEMS)
    return out


def test_ladder_holds_where_nothing_differs_and_finds_the_means():
    found = measured_ladder(groups_of(), factors=TRIPLES, level=0.95, last="residuals")
    assert found.reached == "residuals" and not any(step.freed for step in found.steps) and not len(found.effects)
    means = found.means.frame.query("group == 'y' and version == 'freed'")
    assert ((means["low"] < 0.4) & (means["high"] > 0.4)).all()


def test_ladder_finds_the_moved_item_and_its_effect_in_points():
    found = measured_ladder(groups_of(shift=0.5), factors=TRIPLES, level=0.95)
    assert found.steps[-1].freed == ("a",) and found.reached == "intercepts"
    effect = found.effects.frame.set_index("item")
    assert effect.loc["a", "low"] < 0.5 * 25 / 9 < effect.loc["a", "high"]
    assert effect.loc["all", "value"] == pytest.approx(effect.loc["a", "value"], abs=1e-10)
    assert found.dmacs.set_index("item").loc["a", "dmacs"] == pytest.approx(0.5, abs=0.1)  # item sd is 1
    means = found.means.frame.set_index(["group", "factor", "version"])["value"]
    assert means["y", "X", "ignored"] > means["y", "X", "freed"] + 0.1  # ignored, the shift looks like quality


def test_an_item_with_a_loading_of_its_own_has_an_intercept_of_its_own():
    found = measured_ladder(groups_of(steep=0.5), factors=TRIPLES, level=0.95)
    freed = {step.step: step.freed for step in found.steps}
    assert freed["loadings"] == ("a",) and "a" not in freed["intercepts"]
    assert set(found.effects.frame["item"]) == {"a", "all"}
    layout = FactorLayout(ITEMS, TRIPLES, groups=2, step="intercepts", freed=frozenset({("loadings", 0)}))
    assert not layout.shared("intercepts", 0) and layout.shared("intercepts", 1)


def test_ladder_stops_where_a_factor_would_keep_too_few_items_in_common():
    sources = {}
    for name, seed in (("x", 1), ("y", 2)):
        rng = np.random.default_rng(seed)
        rows = rng.normal(size=(600, 1)) + rng.normal(size=(600, 3)) * 0.6
        sources[name] = answer_moments(rows + np.array([0.0, 0.6, -0.6]) * (name == "y"), items=ITEMS[:3])
    found = measured_ladder(sources, factors={"F": ITEMS[:3]}, level=0.95)
    assert found.reached == "loadings" and not found.steps[-1].holds and len(found.steps[-1].freed) == 1
    assert not len(found.effects) and not len(found.means)


def test_ladder_refuses_what_it_cannot_compare():
    sources = groups_of(n=100)
    assert reason(lambda: measured_ladder({"x": sources["x"]}, factors=TRIPLES, level=0.95)).code.endswith(
        "invariance_groups")
    other = answer_moments(exact(np.eye(3) * 0.5 + 0.5), items=ITEMS[:3])
    with pytest.raises(KinerjaError, match="groups_differ"):
        measured_ladder(sources | {"z": other}, factors=TRIPLES, level=0.95)
    with pytest.raises(KinerjaError, match="factor_errors"):
        measured_ladder(sources, factors=TRIPLES, level=0.95, errors="huber_white")
    with pytest.raises(KinerjaError, match="bad_level"):
        measured_ladder(sources, factors=TRIPLES, level=0.0)
    with pytest.raises(KinerjaError, match="ladder_last"):
        measured_ladder(sources, factors=TRIPLES, level=0.95, last="metric")
