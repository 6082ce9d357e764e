"""Item response models: what can be checked by hand, and what must be refused."""

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.instrument import Instrument, Item
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.core.survey import SurveyData
from kinerja_lab.numeric.category_curves import ADJACENT, GRADED, category_curves, point_slopes
from kinerja_lab.numeric.latent_rows import expectation, observed_information, row_table
from kinerja_lab.numeric.quadrature import normal_grid
from kinerja_lab.numeric.quasi_newton import climb
from kinerja_lab.psychometrics.irt import item_response
from kinerja_lab.psychometrics.irt_facets import facet_model
from kinerja_lab.psychometrics.irt_information import answer_curves, information, reliability_at
from kinerja_lab.psychometrics.irt_item_fit import item_fit
from kinerja_lab.psychometrics.irt_linking import link_scales
from kinerja_lab.psychometrics.irt_model_fit import model_fit
from kinerja_lab.psychometrics.irt_scores import person_scores
from kinerja_lab.psychometrics.irt_sheets import patterns_by
from kinerja_lab.simulate.item_answers import count_sheets, simulate_graded

SLOPES = np.array([1.2, 1.8, 0.9, 1.5, 2.1])
STEPS = np.array([[-2.0, -0.8, 1.0], [-1.8, -0.5, 1.2], [-2.2, -1.0, 0.6], [-1.5, -0.2, 1.4], [-1.9, -0.7, 0.9]])


def draw(n, *, seed=7, slopes=SLOPES, steps=STEPS, mean=0.0, sd=1.0):
    rng = np.random.default_rng(seed)
    return simulate_graded(rng.normal(mean, sd, n), slopes=slopes, thresholds=steps, rng=rng)


def sheets(values, *, weights=None, items=None):
    values = np.asarray(values)
    names = items or tuple(f"i{number}" for number in range(values.shape[1]))
    return count_sheets(values, low=1, high=4, weights=weights, items=names)


@pytest.fixture(scope="module")
def answers():
    return draw(600)


@pytest.fixture(scope="module")
def fitted(answers):
    return item_response(sheets(answers), model="graded", level=0.95)


def reason(call):
    with pytest.raises(KinerjaError) as caught:
        call()
    return caught.value.message


@pytest.mark.parametrize("kind", [GRADED, ADJACENT])
def test_derivatives_are_right(kind):
    """Gradient, exact information and slopes by the scale against differences."""
    rng, sizes = np.random.default_rng(1), np.array([4, 4, 3, 4, 2])
    nodes, weights = normal_grid(31)
    start = np.column_stack([[1.0, 1.5, -0.8, 2.0, 0.7], np.tile([3.0, 1.0, -1.5], (5, 1))])
    table = row_table(rng.integers(-1, 100, (60, 5)) % (sizes + 1) - 1, rng.random(60) * 3, categories=4)

    def look(point):
        curves = category_curves(kind, point.reshape(5, 4)[:, 0], point.reshape(5, 4)[:, 1:], sizes, nodes)
        found = expectation(table, curves, weights)
        return found.log_likelihood, np.einsum("jck,jckq->jq", found.counts, curves.change).ravel(), curves, found

    value, gradient, curves, found = look(start.ravel())
    information_, scores = observed_information(kind, table, curves, found, nodes)
    assert curves.p.sum(axis=1) == pytest.approx(1)
    assert (scores * table.weights[:, None]).sum(axis=0) == pytest.approx(gradient)
    step = 1e-5 * np.eye(20)
    ends = [(look(start.ravel() + one), look(start.ravel() - one)) for one in step]
    assert [(up[0] - down[0]) / 2e-5 for up, down in ends] == pytest.approx(gradient, abs=1e-6)
    assert -np.array([(up[1] - down[1]) / 2e-5 for up, down in ends]) == pytest.approx(information_, abs=1e-6)
    p, first, _ = point_slopes(kind, start[:, 0], start[:, 1:], sizes, nodes)
    up, down = (point_slopes(kind, start[:, 0], start[:, 1:], sizes, nodes + shift)[0] for shift in (1e-5, -1e-5))
    assert (up - down) / 2e-5 == pytest.approx(first, abs=1e-8)


def test_two_curves_by_hand():
    """At the threshold half reach the step; partial credit answers are equally likely where neighbours cross."""
    sizes = np.array([3])
    graded = category_curves(GRADED, np.array([2.0]), np.array([[2.0, -1.0]]), sizes, np.array([-1.0, 0.5])).p[0]
    assert graded[0, 0] == pytest.approx(0.5) and graded[2, 1] == pytest.approx(0.5)
    adjacent = category_curves(ADJACENT, np.array([2.0]), np.array([[2.0, -1.0]]), sizes, np.array([-1.0, 0.5])).p[0]
    assert adjacent[0, 0] == pytest.approx(adjacent[1, 0]) and adjacent[1, 1] == pytest.approx(adjacent[2, 1])


def test_steps_that_do_not_fall_are_no_model():
    assert category_curves(GRADED, np.ones(1), np.array([[0.0, 1.0]]), np.array([3]), np.zeros(1)) is None


def test_few_and_full_halves_give_the_same(answers):
    from dataclasses import replace

    values = sheets(answers).values - 1
    nodes, weights = normal_grid(31)
    curves = category_curves(GRADED, SLOPES, -SLOPES[:, None] * STEPS, np.full(5, 4), nodes)
    table = row_table(values, np.ones(len(values)), categories=4)
    one, two = (expectation(replace(table, full=full), curves, weights) for full in (True, False))
    assert one.log_likelihood == pytest.approx(two.log_likelihood, abs=1e-9)
    assert one.counts == pytest.approx(two.counts)


def test_known_parameters_are_found(fitted):
    frame = fitted.parameters.frame
    truth = np.column_stack([SLOPES, STEPS]).ravel()
    distance = (frame["value"] - truth) / ((frame["high"] - frame["low"]) / 3.92)
    assert distance.abs().max() < 3.5 and frame["value"].corr(pd.Series(truth)) > 0.98


def test_a_missing_answer_says_nothing(answers):
    """A sheet with one missing answer more than none changes nothing but the count."""
    whole = item_response(sheets(answers), model="graded", level=0.95)
    empty = np.vstack([answers, np.full((40, 5), -1)])
    found = item_response(sheets(empty), model="graded", level=0.95)
    assert found.log_likelihood == pytest.approx(whole.log_likelihood) and found.n == 600


def test_sixty_percent_missing_still_has_honest_intervals():
    values = draw(1500, seed=3)
    gone = np.random.default_rng(5).random(values.shape) < 0.6
    found = item_response(sheets(np.where(gone, -1, values)), model="graded", level=0.95)
    full = item_response(sheets(values), model="graded", level=0.95)
    width, narrow = ((table.frame["high"] - table.frame["low"]).median() for table in (found.parameters,
                                                                                      full.parameters))
    assert width > 1.4 * narrow and found.n < 1500


def test_an_answer_never_given_has_no_category_and_is_said(answers):
    found = item_response(sheets(np.where(answers == 1, 2, answers)), model="graded", level=0.95)
    assert found.unused == tuple((f"i{number}", 1) for number in range(5))
    assert set(found.sizes) == {3} and found.levels[0] == (2, 3, 4)
    assert np.isfinite(found.parameters.frame["value"]).all()
    assert reason(lambda: person_scores(found, sheets(answers), method="eap", level=0.95)).code == (
        "error.answer_without_category")


def test_weights_that_double_everybody_change_no_interval(answers, fitted):
    heavy = item_response(sheets(answers, weights=np.full(600, 2.0)), model="graded", level=0.95)
    assert heavy.log_likelihood == pytest.approx(2 * fitted.log_likelihood)
    for name in ("value", "low", "high"):
        assert heavy.parameters.frame[name].to_numpy() == pytest.approx(fitted.parameters.frame[name].to_numpy(),
                                                                        abs=1e-4)


def test_every_respondent_a_cluster_is_near_the_plain_error(answers, fitted):
    clusters = {str(number): sheets(row[None]) for number, row in enumerate(answers)}
    robust = item_response(sheets(answers), model="graded", level=0.95, clusters=clusters)
    ratio = (robust.parameters.frame["high"] - robust.parameters.frame["low"]) / (
        fitted.parameters.frame["high"] - fitted.parameters.frame["low"])
    assert ratio.min() > 0.8 and ratio.max() < 1.25


@pytest.mark.parametrize(("spoil", "code"), [
    (lambda values: values[:, :2], "too_few_items"),
    (lambda values: np.where(np.arange(5) == 2, 3, values), "constant_items"),
    (lambda values: np.full_like(values, 3), "all_items_constant"),
    (lambda values: values[:60], "irt_few_sheets"),
    (lambda values: np.where(np.arange(5) == 1, values[:, :1], values), "items_identical"),
    (lambda values: np.where(np.arange(5) == 1, 5 - values[:, :1], values), "items_identical"),
])
def test_what_no_model_fits(answers, spoil, code):
    found = reason(lambda: item_response(sheets(spoil(answers)), model="graded", level=0.95))
    assert found.code == f"not_applicable.{code}"


def test_fewer_sheets_than_numbers_to_estimate():
    values = np.random.default_rng(2).integers(1, 5, (110, 30))
    assert reason(lambda: item_response(sheets(values), model="graded", level=0.95)).code.endswith("irt_too_rich")


def test_not_converged_says_how_far_it_came(answers):
    found = reason(lambda: _stopped(answers))
    assert found.code == "not_applicable.irt_no_top"
    assert found.params["steps"] >= 1 and found.params["gain"] > 1e-6 and found.params["log_likelihood"] < 0


def _stopped(answers):
    from unittest.mock import patch

    with patch("kinerja_lab.numeric.latent_groups._NEWTON_STEPS", 1):
        item_response(sheets(answers), model="graded", level=0.95, most=1)


def test_near_twins_have_an_endless_slope_not_a_boxed_one():
    values = draw(400, seed=11)
    values[:, 1] = values[:, 0]
    values[:2, 1] = 5 - values[:2, 0]
    found = reason(lambda: item_response(sheets(values), model="graded", level=0.95))
    assert found.code in ("not_applicable.irt_endless_slope", "not_applicable.irt_no_top")


@pytest.mark.parametrize(("call", "code"), [
    (lambda held: item_response(held, model="grade", level=0.95), "error.unknown_option"),
    (lambda held: item_response(held, model="graded", level=1.2), "error.bad_level"),
    (lambda held: item_response(held, model="rasch", level=0.95), "error.rasch_needs_two"),
    (lambda held: item_response(held, model="graded", level=0.95, free=("x",)), "error.no_such_answer_item"),
    (lambda held: item_response(held, model="graded", level=0.95, nodes=5), "error.too_few_nodes"),
    (lambda held: item_response({}, model="graded", level=0.95), "not_applicable.no_groups"),
    (lambda held: item_response({"a": held, "b": held.only(("i0", "i1", "i2"))}, model="graded", level=0.95),
     "error.groups_differ"),
    (lambda held: item_response(held, model="graded", level=0.95, clusters={"u": held}),
     "not_applicable.too_few_clusters"),
    (lambda held: item_response(held, model="graded", level=0.95, clusters={
        str(number): held for number in range(12)}), "error.clusters_differ"),
    (lambda held: person_scores(item_response(held, model="graded", level=0.95), held.only(("i0", "i1", "i2")),
                                method="eap", level=0.95), "error.model_items_differ"),
])
def test_misuse_is_named(answers, call, code):
    assert reason(lambda: call(sheets(answers))).code == code


def test_zero_weights_never_reach_a_model(answers):
    assert reason(lambda: sheets(answers, weights=np.zeros(600))).code == "error.bad_patterns"


def test_rating_scale_is_partial_credit_with_shared_distances(answers):
    scale, free = (item_response(sheets(answers), model=model, level=0.95)
                   for model in ("rating_scale", "partial_credit"))
    distances = np.diff(scale.thresholds(), axis=1)
    assert np.ptp(distances, axis=0) == pytest.approx(0, abs=1e-9)
    assert scale.log_likelihood < free.log_likelihood and scale.free == 1 + 5 + 2 < free.free
    uneven = np.where((answers == 1) & (np.arange(5) == 0), 2, answers)
    assert reason(lambda: item_response(sheets(uneven), model="rating_scale", level=0.95)).code.endswith("uneven")


def test_groups_have_mean_and_spread_of_their_own():
    held = {"a": sheets(draw(900, seed=1)), "b": sheets(draw(900, seed=2, mean=0.5, sd=1.3))}
    found = item_response(held, model="graded", level=0.95)
    rows = found.distribution.frame.set_index(["group", "label"])
    assert rows.loc[("b", "mean"), "low"] < 0.5 < rows.loc[("b", "mean"), "high"]
    assert rows.loc[("b", "sd"), "low"] < 1.3 < rows.loc[("b", "sd"), "high"]
    assert rows.loc[("a", "mean"), "note"] == "scale_origin"
    assert found.thresholds("b") == pytest.approx(found.thresholds("a"))
    assert reason(lambda: found.thresholds("c")).code == "error.unknown_group"


def test_anchors_bring_the_second_year_onto_the_first_scale():
    first = item_response(sheets(draw(1500, seed=1)), model="graded", level=0.95)
    later = sheets(draw(1500, seed=2, mean=0.6, sd=0.8))
    fixed = item_response(later, model="graded", level=0.95, anchors=first)
    assert fixed.slopes == pytest.approx(first.slopes) and fixed.free == 2
    assert fixed.mean[0] == pytest.approx(0.6, abs=0.12) and fixed.sd[0] == pytest.approx(0.8, abs=0.08)
    for method in ("mean_sigma", "mean_mean", "haebara", "stocking_lord"):
        link = link_scales(item_response(later, model="graded", level=0.95), old=first, method=method, level=0.95)
        assert link.shift.low < 0.6 < link.shift.high and link.slope.low < 0.8 < link.slope.high, method
        assert len(link.gaps) == 5 and all(gap.has_interval for gap in link.gaps)
    lone = item_response(sheets(draw(300)[:, :3], items=("x", "y", "z")), model="graded", level=0.95)
    assert reason(lambda: link_scales(lone, old=first, method="haebara", level=0.95)).code.endswith("too_few_common")


def test_a_link_of_a_scale_with_itself_changes_nothing(fitted):
    for method in ("mean_sigma", "stocking_lord"):
        link = link_scales(fitted, old=fitted, method=method, level=0.95)
        assert (link.slope.value, link.shift.value) == pytest.approx((1, 0), abs=1e-6)


def test_scores_rise_with_answers_and_lean_to_the_mean(fitted):
    ends = sheets([[1] * 5, [2] * 5, [3] * 5, [4] * 5, [-1] * 5, [4, -1, -1, -1, -1]])
    tables = {method: person_scores(fitted, ends, method=method, level=0.95).frame for method in ("eap", "map", "wle")}
    full = [row for row, sheet in enumerate(ends.values) if -1 not in sheet]
    empty, short = (int(np.flatnonzero((ends.values == sheet).all(axis=1))[0])
                    for sheet in ([-1] * 5, [4, -1, -1, -1, -1]))
    for frame in tables.values():
        assert (np.diff(frame["value"].to_numpy()[full]) > 0).all()
        assert frame["note"][empty] == "no_answers" and np.isnan(frame["value"][empty])
        assert frame["n"][short] == 1
    top = full[-1]
    assert tables["eap"]["value"][top] < tables["wle"]["value"][top]
    assert tables["eap"]["value"][short] < tables["eap"]["value"][top]


def test_information_and_curves(fitted):
    at = np.linspace(-3, 3, 13)
    curves = information(fitted, at=at, level=0.95)
    assert curves.items.sum(axis=0) == pytest.approx(curves.test.frame["value"])
    assert (curves.test.frame["low"] < curves.test.frame["value"]).all()
    assert (np.diff(curves.expected) > 0).all() and 5 < curves.expected[0] < curves.expected[-1] < 20
    assert answer_curves(fitted, at=at).groupby(["item", "at"])["p"].sum().to_numpy() == pytest.approx(1)
    value = curves.test.frame["value"].to_numpy()
    assert reliability_at(fitted, at=at) == pytest.approx(value / (value + 1))


def test_fit_needs_complete_sheets_and_spare_moments(answers, fitted):
    gap = answers.copy()
    gap[0, 0] = -1
    assert reason(lambda: item_fit(fitted, sheets(gap))).code == "error.patterns_incomplete"
    assert reason(lambda: model_fit(fitted, sheets(gap))).code == "error.patterns_incomplete"
    three = item_response(sheets(answers[:, :3]), model="graded", level=0.95)
    assert reason(lambda: model_fit(three, sheets(answers[:, :3]))).code == "not_applicable.fit_without_df"


def test_patterns_by_group_are_those_of_the_subsets(answers):
    instrument = Instrument(code="x", title="X", low=1, high=4, ruleset="r", items=tuple(
        Item(code=f"i{number}", text="t", reverse=number == 1) for number in range(5)))
    frame = pd.DataFrame(answers.astype(float), columns=list(instrument.item_codes))
    frame.loc[3, "i2"] = np.nan
    for name in ("region", "agency", "unit", "period"):
        frame[name] = "a"
    frame["sex"] = np.where(np.arange(600) % 3 == 0, "L", "P")
    frame.loc[5, "sex"] = None
    survey = SurveyData(frame=frame, instrument=instrument)
    for name, own in patterns_by(survey, column="sex").items():
        wanted = ResponsePatterns.from_survey(survey.where((frame["sex"] == name).fillna(False)))
        assert (own.values == wanted.values).all() and (own.counts == wanted.counts).all()
    assert list(patterns_by(survey, column="sex", least=300)) == ["P"]
    assert reason(lambda: patterns_by(survey, column="channel")).code == "error.missing_columns"


def test_climb_finds_the_top_of_a_bowl_and_says_when_it_did_not():
    def bowl(point):
        return -float((point - 2) @ (point - 2)), -2 * (point - 2)

    done = climb(bowl, np.zeros(3), information=np.eye(3), tolerance=1e-12, most=50)
    assert done.done and done.point == pytest.approx(2)
    assert not climb(bowl, np.zeros(3), information=np.eye(3) * 1e3, tolerance=1e-12, most=1).done


@pytest.mark.parametrize(("change", "code"), [
    (lambda rows: rows.drop(columns="rater"), "error.missing_columns"),
    (lambda rows: rows.assign(answer=rows["answer"].where(rows.index > 0)), "error.ratings_missing"),
    (lambda rows: pd.concat([rows, rows.head(1)]), "error.rated_twice"),
    (lambda rows: rows.assign(rater="a").drop_duplicates(["object", "item"]), "not_applicable.too_few_raters"),
    (lambda rows: rows[(rows["rater"] == "a") == (rows["object"] < 10)], "not_applicable.raters_apart"),
    (lambda rows: rows.assign(answer=3), "not_applicable.scores_constant"),
])
def test_facets_refuse(change, code):
    rng = np.random.default_rng(4)
    rows = pd.DataFrame([(thing, rater, item) for thing in range(20) for rater in "ab" for item in "xyz"],
                        columns=["object", "rater", "item"])
    rows["answer"] = rng.integers(1, 4, len(rows)).astype(float)
    assert reason(lambda: facet_model(change(rows), level=0.95)).code == code


def test_a_strict_rater_is_found_and_objects_are_freed_of_him():
    rng = np.random.default_rng(8)
    place, strict = rng.normal(0, 1.5, 150), {"a": -0.7, "b": 0.0, "c": 0.7}
    rows = []
    for thing, where in enumerate(place):
        for rater in rng.choice(list(strict), 2, replace=False):
            for item, hard in (("x", -0.4), ("y", 0.0), ("z", 0.4)):
                logits = np.concatenate([[0], np.cumsum(where - hard - strict[rater] - np.array([-1.0, 1.0]))])
                p = np.exp(logits - logits.max())
                rows.append((thing, rater, item, int(rng.choice(3, p=p / p.sum()))))
    found = facet_model(pd.DataFrame(rows, columns=["object", "rater", "item", "answer"]), level=0.95)
    for rater, value in strict.items():
        row = found.raters.row(rater)
        assert row.low < value < row.high
    assert found.raters.frame["value"].sum() == pytest.approx(0)
    assert np.corrcoef(found.objects.frame["value"], place)[0, 1] > 0.85
    by_item = facet_model(pd.DataFrame(rows, columns=["object", "rater", "item", "answer"]), level=0.95,
                          steps="by_item")
    assert by_item.log_likelihood > found.log_likelihood and by_item.free == found.free + 2
    assert isinstance(NotApplicable("raters_apart", n=1), KinerjaError)
