"""What holds for any answer sheets: turning, renumbering and repeating them changes only what it must."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kinerja_lab.numeric.category_curves import ADJACENT, GRADED, category_curves
from kinerja_lab.numeric.false_discovery import q_values
from kinerja_lab.psychometrics.dif import logistic_dif
from kinerja_lab.psychometrics.irt import item_response
from kinerja_lab.simulate.item_answers import count_sheets, simulate_graded


def sheets(values, *, times=1):
    return count_sheets(np.repeat(values, times, axis=0), low=1, high=4)


def drawn(seed, n=300, items=4):
    rng = np.random.default_rng(seed)
    hard = np.sort(rng.normal(0, 0.8, (items, 3)), axis=1) + [-1.0, 0.0, 1.0]
    return simulate_graded(rng.normal(size=n), slopes=rng.uniform(0.8, 2.0, items), thresholds=hard, rng=rng)


@given(kind=st.sampled_from([GRADED, ADJACENT]), slope=st.floats(-4, 4), data=st.data())
@settings(max_examples=30)
def test_probabilities_sum_to_one(kind, slope, data):
    drawn_steps = data.draw(st.lists(st.floats(-5, 5), min_size=2, max_size=4, unique_by=lambda x: round(x, 3)))
    steps = np.sort(drawn_steps)[::-1]
    p = category_curves(kind, np.array([slope]), steps[None], np.array([len(steps) + 1]), np.linspace(-6, 6, 25)).p
    assert np.allclose(p.sum(axis=1), 1) and (p >= 0).all()


@given(seed=st.integers(0, 1000))
@settings(max_examples=5)
def test_turning_all_answers_mirrors_the_scale(seed):
    values = drawn(seed)
    one, two = (item_response(sheets(held), model="graded", level=0.95) for held in (values, 5 - values))
    assert abs(one.log_likelihood - two.log_likelihood) < 1e-5
    assert np.allclose(one.slopes, two.slopes, atol=1e-3)
    assert np.allclose(one.thresholds(), -two.thresholds()[:, ::-1], atol=1e-2)


@given(seed=st.integers(0, 1000), times=st.integers(2, 50))
@settings(max_examples=5)
def test_everybody_twice_halves_the_variance(seed, times):
    values = drawn(seed)
    one, many = (item_response(sheets(values, times=often), model="graded", level=0.95).parameters.frame
                 for often in (1, times))
    assert np.allclose(one["value"], many["value"], atol=1e-3)
    held = one["note"] == ""
    ratio = ((one["high"] - one["low"]) / (many["high"] - many["low"]))[held]
    assert np.allclose(ratio, np.sqrt(times), rtol=1e-3)


@given(seed=st.integers(0, 1000))
@settings(max_examples=10)
def test_the_order_of_groups_and_items_does_not_matter(seed):
    held = {"a": sheets(drawn(seed)), "b": sheets(drawn(seed + 1))}
    one = logistic_dif(held, level=0.95, purify=False).tests.set_index("item")
    other = logistic_dif({"b": held["b"], "a": held["a"]}, level=0.95, purify=False).tests.set_index("item")
    assert np.allclose(one[["chi2", "chi2_uniform"]], other[["chi2", "chi2_uniform"]], atol=1e-5)


@given(p=st.lists(st.floats(0, 1), min_size=1, max_size=30))
@settings(max_examples=30)
def test_q_values_keep_order_and_never_fall_below_p(p):
    p = np.array(p)
    q = q_values(p)
    assert (q >= p - 1e-12).all() and (np.diff(q[np.argsort(p, kind="stable")]) >= -1e-12).all()
