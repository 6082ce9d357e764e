"""What must hold for any sample: order of rows, units of weight, margins met, money spread whole."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.estimation.allocation import allocation
from kinerja_lab.estimation.domains import domain_means
from kinerja_lab.estimation.sample import Sample
from kinerja_lab.estimation.weighting import Margin, calibrate_weights, trim_weights


@settings(max_examples=25)
@given(st.integers(0, 2**31), st.integers(8, 60), st.floats(0.01, 100))
def test_neither_the_order_of_rows_nor_the_unit_of_weights_matters(seed, n, scale):
    rng = np.random.default_rng(seed)
    values, weights = rng.integers(1, 5, n).astype(float), rng.uniform(0.5, 5, n)
    strata, clusters = rng.integers(0, 2, n), rng.integers(0, 6, n)
    order = rng.permutation(n)
    first, second = (
        domain_means(Sample(weights=weights[at] * by, strata=strata[at], clusters=clusters[at], lonely="centre"),
                     values[at], level=0.95) for at, by in ((np.arange(n), 1.0), (order, scale)))
    np.testing.assert_allclose(first.table.frame["value"], second.table.frame["value"], rtol=1e-10)
    np.testing.assert_allclose(first.se, second.se, rtol=1e-8, atol=1e-12)


@settings(max_examples=25)
@given(st.integers(0, 2**31), st.integers(20, 200))
def test_raking_meets_margins_that_some_weights_meet(seed, n):
    rng = np.random.default_rng(seed)
    sex, age = np.r_[["L", "P"], rng.choice(["L", "P"], n)], np.r_[["m", "t"], rng.choice(["m", "t"], n)]
    hidden = rng.uniform(1, 3, n + 2)
    margins = [Margin(name=name, values=values, totals={key: float(hidden[values == key].sum()) for key in set(values)})
               for name, values in (("sex", sex), ("age", age))]
    found = calibrate_weights(Sample(weights=np.ones(n + 2)), margins)
    np.testing.assert_allclose(found.margins["after"], found.margins["wanted"], rtol=1e-8)
    assert (found.sample.weights > 0).all()


@settings(max_examples=25)
@given(st.lists(st.floats(0.1, 50), min_size=2, max_size=30), st.floats(1.1, 5))
def test_trimming_keeps_the_sum_and_the_limit(weights, most):
    upper = most * float(np.mean(weights))
    try:
        found = trim_weights(weights, upper=upper)
    except NotApplicable:
        return
    np.testing.assert_allclose(found.weights.sum(), np.sum(weights))
    assert found.weights.max() <= upper * (1 + 1e-9)


@settings(max_examples=25)
@given(st.lists(st.integers(1, 1000), min_size=1, max_size=12), st.floats(0, 1))
def test_allocation_spends_exactly_what_there_is(sizes, share):
    total = max(int(share * sum(sizes)), 1)
    found = allocation({str(place): float(size) for place, size in enumerate(sizes)}, total=total)
    assert found["n"].sum() == total
    assert (found["n"] <= sizes).all()
