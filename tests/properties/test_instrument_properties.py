"""What must hold for any answers: order of the bounds, invariance, components that add up."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.numeric.lower_bounds import all_splits, greatest_lower_bound
from kinerja_lab.numeric.moments import row_moments
from kinerja_lab.numeric.nested import anova_components, nested_crossed, reml_components
from kinerja_lab.psychometrics.coefficients import BOUNDS, alpha_of
from kinerja_lab.psychometrics.items_careless import guttman_errors
from kinerja_lab.psychometrics.reliability_intervals import alpha_standardised

ANSWERS = arrays(np.int16, st.tuples(st.integers(12, 40), st.integers(3, 6)), elements=st.integers(1, 4))


def usable(answers):
    covariance = np.cov(answers.T, bias=True)
    assume((np.diag(covariance) > 0).all() and covariance.sum() > 1e-6 and np.linalg.eigvalsh(covariance)[0] > 1e-4)
    return covariance


def counted(answers):
    values, counts = np.unique(answers, axis=0, return_counts=True)
    return ResponsePatterns(items=tuple(f"q{item}" for item in range(answers.shape[1])), values=values, counts=counts,
                            weights=counts.astype(float), low=1, high=4)


@settings(max_examples=25)
@given(ANSWERS)
def test_bounds_keep_their_order(answers):
    covariance = usable(answers)
    bounds = {name: function(covariance) for name, function in BOUNDS.items()}
    slack = 1e-7
    assert bounds["lambda1"] <= bounds["lambda3"] + slack or bounds["lambda1"] < 0
    assert bounds["lambda3"] <= bounds["lambda2"] + slack
    assert max(bounds["lambda4"], bounds["lambda2"], bounds["lambda6"]) <= bounds["glb"] + 1e-6
    assert bounds["split_worst"] <= bounds["split_mean"] + slack <= bounds["lambda4"] + 2 * slack
    assert bounds["glb"] <= 1 + slack


@settings(max_examples=20)
@given(ANSWERS)
def test_no_error_variance_is_impossible(answers):
    covariance = usable(answers)
    value, errors = greatest_lower_bound(covariance)
    assert (errors >= 0).all() and (errors <= np.diag(covariance) + 1e-9).all()
    assert np.linalg.eigvalsh(covariance - np.diag(errors))[0] > -1e-7
    assert value == pytest.approx(1 - errors.sum() / covariance.sum())


@settings(max_examples=20)
@given(ANSWERS, st.integers(2, 5))
def test_counting_sheets_twice_changes_no_number(answers, times):
    usable(answers)
    once = counted(answers)
    again = ResponsePatterns(items=once.items, values=once.values, counts=once.counts * times,
                             weights=once.weights * times, low=1, high=4)
    assert alpha_standardised(once, level=0.95).value == pytest.approx(alpha_standardised(again, level=0.95).value)
    rows, doubled = (row_moments(one.values.astype(float), one.weights, n=one.n) for one in (once, again))
    assert doubled.error == pytest.approx(rows.error / times)
    assert guttman_errors(once).tolist() == guttman_errors(again).tolist()


@settings(max_examples=20)
@given(ANSWERS, st.randoms(use_true_random=False))
def test_the_order_of_items_does_not_matter(answers, random):
    covariance = usable(answers)
    order = list(range(len(covariance)))
    random.shuffle(order)
    shuffled = covariance[np.ix_(order, order)]
    assert alpha_of(shuffled) == pytest.approx(alpha_of(covariance))
    assert all_splits(shuffled).guttman.max() == pytest.approx(all_splits(covariance).guttman.max())
    assert greatest_lower_bound(shuffled)[0] == pytest.approx(greatest_lower_bound(covariance)[0], abs=1e-7)


@settings(max_examples=15)
@given(st.integers(0, 10**6))
def test_components_follow_the_scale_and_ignore_the_level(seed):
    rng = np.random.default_rng(seed)
    codes = np.sort(rng.integers(0, 6, 60))
    codes = np.unique(codes, return_inverse=True)[1]
    assume(codes.max() >= 2)
    values = rng.standard_normal(6)[codes][:, None] + rng.standard_normal((60, 1)) + rng.standard_normal((60, 3))
    plain, moved = (nested_crossed(table, codes, count=codes.max() + 1) for table in (values, 3 * values + 100))
    assert anova_components(moved) == pytest.approx(9 * anova_components(plain), abs=1e-8)
    fit = reml_components(plain).components
    assert (fit >= 0).all()
    assert reml_components(moved).components == pytest.approx(9 * fit, rel=1e-4, abs=1e-4)
