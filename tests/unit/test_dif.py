"""DIF: planted differences are found, others are not, and what it changes in the published number is right."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.instrument import Instrument, Item
from kinerja_lab.core.survey import Design, SurveyData
from kinerja_lab.numeric.false_discovery import q_values
from kinerja_lab.numeric.ordinal_logit import ordinal_logit
from kinerja_lab.psychometrics.dif import logistic_dif
from kinerja_lab.psychometrics.dif_counts import group_sheets, matched_counts
from kinerja_lab.psychometrics.dif_irt import irt_dif
from kinerja_lab.psychometrics.dif_mantel import mantel_dif
from kinerja_lab.psychometrics.dif_published import ALL_ITEMS, ItemEffects, published_change
from kinerja_lab.psychometrics.dif_trait import merge_rare_answers, trait_scores
from kinerja_lab.report import analyse_irt
from kinerja_lab.simulate.item_answers import count_sheets, simulate_graded

SLOPES = np.array([1.2, 1.8, 0.9, 1.5, 2.1])
STEPS = np.array([[-2.0, -0.8, 1.0], [-1.8, -0.5, 1.2], [-2.2, -1.0, 0.6], [-1.5, -0.2, 1.4], [-1.9, -0.7, 0.9]])


def draw(n, *, seed=7, steps=STEPS, mean=0.0):
    rng = np.random.default_rng(seed)
    return simulate_graded(rng.normal(mean, 1.0, n), slopes=SLOPES, thresholds=steps, rng=rng)


def sheets(values):
    return count_sheets(values, low=1, high=4, items=tuple(f"i{number}" for number in range(5)))


def reason(call):
    with pytest.raises(KinerjaError) as caught:
        call()
    return caught.value.message


def groups_with(shift, *, n=1500, item=2, mean=0.0):
    moved = STEPS.copy()
    moved[item] += shift
    return {"a": sheets(draw(n, seed=1)), "b": sheets(draw(n, seed=2, steps=moved, mean=mean))}


@pytest.fixture(scope="module")
def planted():
    return groups_with(0.5)


def test_the_planted_item_is_found_and_no_other(planted):
    for match in ("total", "rest"):
        found = logistic_dif(planted, level=0.95, match=match)
        assert found.flagged == ("i2",)
        assert found.anchors == ("i0", "i1", "i3", "i4") and found.rounds == 2
    effects = found.effects.frame.set_index(["item", "group"])
    assert effects.loc[("i2", "b"), "high"] < 0 < effects.loc[("i2", "a"), "low"]
    assert effects.loc[("i2", "a"), "value"] == pytest.approx(-effects.loc[("i2", "b"), "value"])
    assert mantel_dif(planted, level=0.95).tests.set_index("item")["q"].idxmin() == "i2"
    freed = irt_dif(planted, model="graded", level=0.95)
    assert freed.tests.set_index("item")["q"].idxmin() == "i2"
    row = freed.effects.frame.set_index("item").loc["i2"]
    assert row["high"] < -0.1


def test_a_difference_in_level_alone_is_no_dif():
    """The sum of five items is a rough match, so a test may flag one; the effect stays too small to matter."""
    for mean in (0.0, -0.6):
        found = logistic_dif(groups_with(0.0, mean=mean), level=0.95)
        assert (found.tests["size"] == "negligible").all() and found.effects.frame["value"].abs().max() < 0.06
        assert mean or found.flagged == ()
    apart = irt_dif(groups_with(0.0, mean=-0.6), model="graded", level=0.95).tests
    assert apart["q"].min() > 0.05


def test_one_very_different_item_does_not_drag_the_others_along():
    """All items look different until the one that is has left the score."""
    held = groups_with(2.5)
    assert len(logistic_dif(held, level=0.95, purify=False).flagged) > 1
    assert logistic_dif(held, level=0.95).flagged == ("i2",)


def test_many_groups_at_once():
    held = {f"g{number:02d}": sheets(draw(200, seed=number)) for number in range(20)}
    moved = STEPS.copy()
    moved[1] -= 1.0
    held["g07"] = sheets(draw(200, seed=70, steps=moved))
    found = logistic_dif(held, level=0.95)
    assert found.flagged == ("i1",) and (found.tests["df_uniform"] == 19).all()
    own = found.effects.frame[found.effects.frame["item"] == "i1"].set_index("group")
    assert own["value"].idxmax() == "g07" and own.loc["g07", "low"] > 0
    shares = own["n"] / own["n"].sum()
    assert (own["value"] * shares).sum() == pytest.approx(0, abs=1e-9)


@pytest.fixture(scope="module")
def fifty():
    """Fifty groups of 120; in one of them one item is harder."""
    moved = STEPS.copy()
    moved[3] += 1.5
    return {f"g{number:02d}": sheets(draw(120, seed=100 + number, steps=moved if number == 31 else STEPS))
            for number in range(50)}


@pytest.mark.parametrize("match", ["total", "trait"])
def test_fifty_groups_at_once(fifty, match):
    found = logistic_dif(fifty, level=0.95, match=match, least_answers=1)
    assert found.flagged == ("i3",) and found.rounds == 2 and found.settled and found.n == 6000
    assert set(found.tests["df_uniform"]) == {49} and set(found.tests["df"]) == {98}
    own = found.effects.frame[found.effects.frame["item"] == "i3"].set_index("group")
    assert own["value"].idxmin() == "g31" and own.loc["g31", "high"] < 0
    assert (own["value"] * own["n"]).sum() == pytest.approx(0, abs=1e-6)
    assert len(found.log_odds.frame) == 5 * 49


def test_many_columns_give_what_few_columns_give():
    """From eleven groups on the columns are kept sparse; the numbers are those of the dense way."""
    rng = np.random.default_rng(5)
    cells, group = rng.poisson(8.0, size=(60, 4)).astype(float) + 1, np.tile(np.arange(12), 5)
    dense = np.column_stack([np.repeat(np.linspace(-1, 1, 5), 12), np.eye(12)[group, 1:]])
    one, two = ordinal_logit(cells, dense), ordinal_logit(cells, sparse.csr_array(dense))
    assert two.log_likelihood == pytest.approx(one.log_likelihood, abs=1e-8)
    assert two.slopes == pytest.approx(one.slopes, abs=1e-6) and two.steps == pytest.approx(one.steps, abs=1e-6)
    assert two.covariance == pytest.approx(one.covariance, abs=1e-8)


def test_rare_answers_are_joined_to_the_one_below():
    """Answer 1 is given by nobody in b, so it joins 2; 4 is given twice in a, so it joins 3."""
    values = {"a": np.repeat([[1, 1, 1], [2, 2, 2], [3, 3, 3], [4, 3, 4]], [20, 30, 40, 2], axis=0),
              "b": np.repeat([[2, 1, 1], [3, 2, 2], [4, 3, 4]], [30, 40, 10], axis=0)}
    held = group_sheets({name: count_sheets(own, low=1, high=4) for name, own in values.items()})
    merged, worth, joined = merge_rare_answers(held, least=5)
    assert merged.values[held.group == 0].tolist() == [[0, 0, 0], [0, 1, 1], [1, 2, 1], [1, 2, 1]]
    assert worth[0].tolist() == pytest.approx([(20 + 60 + 60) / 80, (120 + 120 + 8 + 40) / 92])
    assert worth[1].tolist() == [1.0, 2.0, 3.0]
    again, _, _ = merge_rare_answers(held, least=1)
    assert joined.all()
    assert again.values[held.group == 0][:, 2].tolist() == [0, 1, 1, 2]
    assert reason(lambda: merge_rare_answers(held, least=60)).code == "not_applicable.dif_rare_answers"


def test_match_by_trait_finds_the_planted_item_and_sums_find_others_too():
    """Where groups differ in level the sum is a rough match: an item that works alike looks different."""
    held = groups_with(0.5, mean=-0.3)
    for once in (False, True):
        found = logistic_dif(held, level=0.95, match="trait", at_once=once)
        assert found.flagged == ("i2",) and found.anchors == ("i0", "i1", "i3", "i4") and found.settled
    row = found.effects.frame.set_index(["item", "group"]).loc[("i2", "b")]
    assert row["high"] < 0
    unpurified = logistic_dif(held, level=0.95, match="trait", purify=False)
    assert unpurified.rounds == 1 and unpurified.anchors == ("i0", "i1", "i2", "i3", "i4") and unpurified.settled
    apart = groups_with(0.0, mean=-0.8)
    by_sum = logistic_dif(apart, level=0.95, purify=False).tests
    by_trait = logistic_dif(apart, level=0.95, purify=False, match="trait").tests
    assert by_trait["chi2_uniform"].sum() < 0.5 * by_sum["chi2_uniform"].sum()


def test_an_item_with_one_answer_in_a_group_stays_out_of_the_match_and_is_still_looked_at(planted):
    values = np.repeat(planted["b"].values, planted["b"].counts, axis=0)
    values[:, 4] = 4
    found = logistic_dif({"a": planted["a"], "b": sheets(values)}, level=0.95, match="trait")
    assert set(found.flagged) == {"i2", "i4"} and found.anchors == ("i0", "i1", "i3")
    assert found.tests.set_index("item").loc["i4", "note"] == "separated"
    assert found.effects.frame.set_index(["item", "group"]).loc[("i4", "b"), "low"] > 0.3


def test_any_test_flags_more_than_the_false_discovery_rate():
    held = groups_with(0.0)
    plain = logistic_dif(held, level=0.95, purify=False).tests
    any_test = logistic_dif(held, level=0.95, purify=False, criterion="any_test", rate=0.5).tests
    least = plain[["p", "p_uniform", "p_nonuniform"]].min(axis=1)
    assert (any_test["flagged"] == (least <= 0.5)).all() and any_test["flagged"].any()
    assert not plain["flagged"].any()


def test_trait_scores_are_on_one_scale(planted):
    merged, _, _ = merge_rare_answers(group_sheets(planted), least=1)
    alike, own = trait_scores(merged, own=()), trait_scores(merged, own=(2,))
    for score in (alike, own):
        mean = score @ merged.counts / merged.n
        assert abs(mean) < 0.02 and 0.6 < (score**2 @ merged.counts / merged.n) < 1.0
    assert np.corrcoef(alike, own)[0, 1] > 0.999
    gap = alike - own  # the harder item counted against the second group until it had curves of its own
    means = [np.average(gap[merged.group == group], weights=merged.counts[merged.group == group]) for group in (0, 1)]
    assert means[0] > 0.01 and means[1] < -0.01


def test_a_group_with_one_answer_is_a_finding_with_an_honest_interval(planted):
    values = np.repeat(planted["b"].values, planted["b"].counts, axis=0)
    values[:, 2] = 4
    found = logistic_dif({"a": planted["a"], "b": sheets(values)}, level=0.95)
    row = found.effects.frame[found.effects.frame["item"] == "i2"].iloc[1]
    odds = found.log_odds.frame.set_index("item").loc["i2"]
    assert "i2" in found.flagged and odds["note"] == "separated" and np.isnan(odds["value"])
    # at least the rule of three: 3 of 1500 might have answered 1, half of which counts against the mean of both groups
    assert row["low"] > 0.3 and row["high"] - row["value"] >= 0.5 * 3 * 3 / 1500
    assert found.tests.set_index("item").loc["i2", "note"] == "separated"


def test_small_groups_are_left_out_and_named(planted):
    found = logistic_dif({**planted, "c": sheets(draw(30))}, level=0.95)
    assert found.groups == ("a", "b") and found.left_out == (("c", 30),)


@pytest.mark.parametrize(("call", "code"), [
    (lambda held: logistic_dif({"a": held["a"]}, level=0.95), "not_applicable.too_few_groups"),
    (lambda held: logistic_dif({"a": held["a"], "b": sheets(draw(20))}, level=0.95), "not_applicable.too_few_groups"),
    (lambda held: logistic_dif({name: own.only(("i0", "i1")) for name, own in held.items()}, level=0.95),
     "not_applicable.too_few_items"),
    (lambda held: logistic_dif(held, level=0.95, match="score"), "error.unknown_option"),
    (lambda held: logistic_dif(held, level=0.95, rate=0.0), "error.bad_level"),
    (lambda held: logistic_dif(held, level=0.95, criterion="R2"), "error.unknown_option"),
    (lambda held: logistic_dif(held, level=0.95, match="trait", least_answers=5000),
     "not_applicable.dif_rare_answers"),
    (lambda held: logistic_dif({**held, "c": held["a"].only(("i0", "i1", "i2"))}, level=0.95), "error.groups_differ"),
    (lambda held: logistic_dif({"a": sheets(np.full((80, 5), 3)), "b": sheets(np.full((80, 5), 3))}, level=0.95),
     "not_applicable.all_items_constant"),
    (lambda held: mantel_dif({**held, "c": held["a"]}, level=0.95), "error.two_groups_only"),
    (lambda held: irt_dif(held, model="partial_credit", level=0.95), "error.equal_slopes_here"),
    (lambda held: irt_dif({"a": held["a"]}, model="graded", level=0.95), "not_applicable.too_few_groups"),
])
def test_refusals(planted, call, code):
    assert reason(lambda: call(planted)).code == code


def test_all_items_different_leaves_nothing_to_hold_on_to():
    values = draw(800, seed=3)
    half = np.where(np.arange(5) < 3, np.minimum(values + 1, 4), np.maximum(values - 1, 1))
    found = reason(lambda: logistic_dif({"a": sheets(draw(800, seed=4)), "b": sheets(half)}, level=0.95))
    assert found.code == "not_applicable.dif_no_anchor"


def test_an_answer_that_one_group_never_gives_keeps_its_row_with_the_reason(planted):
    values = np.repeat(planted["b"].values, planted["b"].counts, axis=0)
    values[:, 0] = np.maximum(values[:, 0], 2)
    found = irt_dif({"a": planted["a"], "b": sheets(values)}, model="graded", level=0.95, items=("i0", "i1"))
    assert found.tests.set_index("item")["note"].to_dict() == {"i0": "irt_group_answer", "i1": ""}


def test_counts_add_up(planted):
    held = group_sheets(planted)
    counts = matched_counts(held, item=1, score=held.values.sum(axis=1))
    assert counts.table.sum() == 3000 == held.n
    assert counts.table.sum(axis=(0, 2)).tolist() == [1500, 1500]


def test_proportional_odds_by_hand():
    """Log odds ratio log(1.5) with the error of a 2 x 2 table."""
    counts = np.array([[30.0, 40.0], [10.0, 20.0]])
    fit = ordinal_logit(counts, np.array([[0.0], [1.0]]))
    assert fit.slopes[0] == pytest.approx(np.log(1.5))
    assert fit.covariance[1, 1] == pytest.approx((1 / counts).sum())
    assert fit.log_likelihood == pytest.approx(
        30 * np.log(3 / 7) + 40 * np.log(4 / 7) + 10 * np.log(1 / 3) + 20 * np.log(2 / 3))
    apart = ordinal_logit(np.array([[30.0, 0.0], [0.0, 20.0]]), np.array([[0.0], [1.0]]))
    assert apart.endless.all() and apart.log_likelihood == pytest.approx(0, abs=1e-6)


def test_q_values_leave_out_what_was_not_tested():
    assert q_values(np.array([0.01, np.nan, 0.03])) == pytest.approx([0.02, np.nan, 0.03], nan_ok=True)


def published(effects, **changes):
    values = {"units": ["u", "v"], "items": ["a", "b"], "effects": effects, "n": [90, 80], "level": 0.95,
              "shares": np.array([[[1.0, 0.0]], [[0.0, 1.0]]]), "formula": lambda means: 25 * means.mean(axis=1),
              "grade": lambda value: "B" if value >= 60 else "C"}
    return published_change(np.array([[3.0, 2.0], [2.6, 2.1]]), **{**values, **changes})


def test_index_grade_and_rank_without_dif():
    """u: (3.0 - 0.4 + 2) * 12.5 = 57.5; v: (2.6 + 0.4 + 2.1) * 12.5 = 63.75: letters and ranks change places."""
    effects = ItemEffects(items=("a",), groups=("x", "y"), value=np.array([[0.4, -0.4]]),
                          covariance=np.array([[[0.01, -0.01], [-0.01, 0.01]]]))
    found = published(effects)
    own = found.units[found.units["item"] == ALL_ITEMS].set_index("unit")
    assert own["index"].tolist() == [62.5, 58.75] and own["without"].tolist() == pytest.approx([57.5, 63.75])
    assert own["grade_without"].tolist() == ["C", "B"] and own["rank_without"].tolist() == [2, 1]
    row = found.change.frame.iloc[0]
    assert (row["low"], row["high"]) == pytest.approx((-5 - 1.96 * 1.25, -5 + 1.96 * 1.25), abs=1e-3)
    assert found.items.set_index("item").loc["a", ["grades", "ranks"]].tolist() == [2, 2]


def test_what_published_change_refuses():
    effects = ItemEffects(items=("a",), groups=("x", "y"), value=np.array([[0.4, -0.4]]),
                          covariance=np.zeros((1, 2, 2)))
    none = ItemEffects(items=(), groups=(), value=np.zeros((0, 0)), covariance=np.zeros((0, 0, 0)))
    assert reason(lambda: published(none)).code == "not_applicable.no_flagged_items"
    assert reason(lambda: published(effects, units=["u"])).code == "error.lengths_differ"
    assert reason(lambda: published(effects, shares=np.full((2, 1, 2), np.nan))).code == "error.means_missing"
    unknown = ItemEffects(items=("a",), groups=("x", "y"), value=np.array([[0.4, -0.4]]),
                          covariance=np.full((1, 2, 2), np.nan))
    assert set(published(unknown).change.frame["note"]) == {"separated"}


def test_tests_frame_has_the_documented_columns(planted):
    found = logistic_dif(planted, level=0.95)
    wanted = {"item", "chi2_uniform", "p_nonuniform", "q", "r2_nagelkerke", "r2_mcfadden", "size", "flagged", "note"}
    assert wanted <= set(found.tests.columns)
    assert isinstance(found.tests, pd.DataFrame) and found.dropped == 0


def test_the_report_matches_many_groups_by_trait():
    """Ten regions by the sum of answers, eleven by their place on the scale."""
    codes = tuple(f"i{number}" for number in range(5))
    for regions, match in ((10, "total"), (11, "trait")):
        frame = pd.DataFrame(draw(60 * regions), columns=list(codes)).astype(float)
        frame = frame.assign(region=np.arange(len(frame)) % regions, agency="a", unit="u", period="2025")
        survey = SurveyData(frame=frame, design=Design(), instrument=Instrument(
            code="i", title="I", low=1, high=4, ruleset="r", items=tuple(Item(code=code, text=code) for code in codes)))
        found = analyse_irt._dif(survey, "region", codes, 0.95)
        assert (found.match, len(found.groups)) == (match, regions)
