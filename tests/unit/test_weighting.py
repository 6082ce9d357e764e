"""Weights: fitted to margins, carrying those who did not answer, trimmed."""

import numpy as np
import pytest

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.estimation.sample import Sample
from kinerja_lab.estimation.weighting import (
    Margin,
    calibrate_weights,
    nonresponse_weights,
    trim_weights,
    weighting_effect,
)
from kinerja_lab.text.catalogue import catalogue

SEX = np.array(["L", "L", "L", "P"])


def margin(totals=None, values=SEX, name="jenis kelamin"):
    return Margin(name=name, values=values, totals={"L": 50.0, "P": 50.0} if totals is None else totals)


def code(raised):
    for lang in ("id", "en"):
        assert "{" not in catalogue(lang).sentence(raised.value.message)
    return raised.value.message.code.split(".")[1]


def test_post_stratification_divides_each_total_over_its_respondents():
    found = calibrate_weights(Sample(weights=np.ones(4)), [margin()])
    np.testing.assert_allclose(found.sample.weights, [50 / 3, 50 / 3, 50 / 3, 50])
    assert found.weighting_effect_before == 1
    assert found.weighting_effect_after == pytest.approx(4 * (3 * (50 / 3) ** 2 + 2500) / 100**2)


def test_nothing_changes_where_the_margins_hold_already():
    found = calibrate_weights(Sample(weights=np.full(4, 25.0)), [margin({"L": 75.0, "P": 25.0})])
    np.testing.assert_allclose(found.factors, 1)
    assert found.steps == 0


@pytest.mark.parametrize("distance", ["linear", "logit", "raking"])
def test_bounds_hold(distance):
    rng = np.random.default_rng(5)
    x, sex = rng.normal(10, 2, 200), rng.choice(["L", "P"], 200)
    drawn = Sample(weights=rng.uniform(1, 3, 200))
    total = drawn.weights.sum()
    found = calibrate_weights(drawn, [margin({"L": 0.55 * total, "P": 0.45 * total}, values=sex),
                                      margin(10.1 * total, values=x, name="usia")], distance=distance,
                              bounds=(0.5, 2.0))
    assert found.factors.min() >= 0.5 - 1e-9 and found.factors.max() <= 2.0 + 1e-9
    np.testing.assert_allclose(found.margins["after"], found.margins["wanted"])


def test_infeasible_margins_are_named_with_how_far_off_they_stay():
    with pytest.raises(NotApplicable) as raised:
        calibrate_weights(Sample(weights=np.full(4, 25.0)), [margin()], bounds=(0.8, 1.5))
    assert code(raised) == "margins_infeasible"
    params = raised.value.message.params
    assert (params["margin"], params["category"], params["wanted"]) == ("jenis kelamin", "P", 50.0)
    assert params["reached"] == pytest.approx(37.5) and params["miss"] == pytest.approx(-12.5)


@pytest.mark.parametrize(("margins", "expected"), [
    ([], "no_margins"),
    ([margin(values=np.array(["L", "L", None, "P"], dtype=object))], "margin_value_missing"),
    ([margin({"L": 50.0, "Perempuan": 50.0})], "margin_category_unknown"),
    ([margin({"L": 50.0, "P": 40.0, "X": 10.0})], "margin_category_empty"),
    ([margin(), margin({"a": 60.0, "b": 60.0}, values=np.array(list("abab")), name="usia")], "margins_disagree"),
    ([margin({"L": 50.0, "P": -1.0})], "bad_margin_total"),
    ([margin(values=SEX[:3])], "lengths_differ"),
])
def test_margins_that_make_no_sense(margins, expected):
    with pytest.raises(KinerjaError) as raised:
        calibrate_weights(Sample(weights=np.ones(4)), margins)
    assert code(raised) == expected


def test_bounds_and_distance_are_checked():
    for how, expected in (({"bounds": (1.2, 2.0)}, "bad_bounds"), ({"distance": "logit"}, "bad_bounds"),
                          ({"distance": "chi2"}, "unknown_option")):
        with pytest.raises(KinerjaError) as raised:
            calibrate_weights(Sample(weights=np.ones(4)), [margin()], **how)
        assert code(raised) == expected


def test_linear_weights_below_zero_are_refused():
    x = np.array([1.0, 2.0, 3.0, 30.0])
    with pytest.raises(NotApplicable) as raised:
        calibrate_weights(Sample(weights=np.ones(4)), [margin({"all": 4.0}, values=np.array(["all"] * 4)),
                                                       margin(4.0, values=x, name="usia")], distance="linear")
    assert code(raised) == "negative_weights"


def test_those_who_answered_carry_their_class():
    found = nonresponse_weights(np.array([1.0, 1.0, 2.0, 3.0, 3.0]), np.array([1, 0, 1, 1, 0], dtype=bool),
                                np.array(["a", "a", "a", "b", "b"]), level=0.95)
    np.testing.assert_allclose(found.weights, [4 / 3, 8 / 3, 6])
    assert found.classes["rate"].tolist() == [0.75, 0.5]
    assert ((found.classes["low"] < found.classes["rate"]) & (found.classes["rate"] < found.classes["high"])).all()


def test_a_class_without_answers_is_named():
    with pytest.raises(NotApplicable) as raised:
        nonresponse_weights(np.ones(3), np.array([1, 1, 0], dtype=bool), np.array(["a", "a", "lansia"]), level=0.95)
    assert code(raised) == "class_too_few_answers" and raised.value.message.params["name"] == "lansia"
    with pytest.raises(KinerjaError):
        nonresponse_weights(np.array([1.0, -1.0]), np.ones(2, dtype=bool), np.array(["a", "a"]), level=0.95)


def test_trimming_once_and_until_nothing_lies_beyond():
    weights = np.array([1.0, 2.9, 2.9, 8.0])
    once, strict = (trim_weights(weights, upper=4.0, strict=strict) for strict in (False, True))
    assert once.weights.max() > 4.0 and once.rounds == 1
    assert strict.weights.max() <= 4.0 and strict.rounds > 1
    assert once.weights.sum() == pytest.approx(strict.weights.sum()) == pytest.approx(weights.sum())


def test_trimming_refuses_limits_that_cannot_hold():
    for how, expected in (({"upper": 1.5}, "trimming_impossible"), ({"lower": 3.0, "upper": 2.0}, "bad_limits"),
                          ({"lower": 3.0, "upper": 6.0}, "trimming_impossible")):
        weights = [1.0, 9.0] if how.get("upper") == 6.0 else [1.0, 1.0, 4.0]
        with pytest.raises(KinerjaError) as raised:
            trim_weights(weights, **how)
        assert code(raised) == expected


def test_weighting_effect():
    assert weighting_effect([2.0, 2.0, 2.0]) == 1
    with pytest.raises(KinerjaError):
        weighting_effect([])
