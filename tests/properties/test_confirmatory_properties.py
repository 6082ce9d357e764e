"""What must hold of continuous factors whatever the data."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from kinerja_lab.psychometrics.confirmatory import confirmatory
from kinerja_lab.psychometrics.item_moments import answer_moments

ITEMS = tuple("abcdef")
FACTORS = {"X": ITEMS[:3], "Y": ITEMS[3:]}


def rows_of(seed, n=250):
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(n, 2)) @ np.array([[1.0, 0.5], [0.0, 0.8]])
    return np.repeat(factor, 3, axis=1) * [0.9, 0.8, 0.7, 0.9, 0.8, 0.7] + rng.normal(size=(n, 6)) * 0.7


def fitted(rows, **design):
    return confirmatory(answer_moments(rows, items=ITEMS, **design), factors=FACTORS, level=0.95)


@settings(max_examples=4)
@given(st.integers(0, 10**6), st.lists(st.floats(0.05, 20), min_size=6, max_size=6),
       st.lists(st.floats(-50, 50), min_size=6, max_size=6))
def test_units_and_origins_of_the_items_do_not_matter(seed, scale, move):
    rows = rows_of(seed)
    one, two = fitted(rows), fitted(rows * np.array(scale) + np.array(move))
    np.testing.assert_allclose(two.matrix, one.matrix, atol=1e-5)
    assert np.isclose(two.test.statistic, one.test.statistic, rtol=1e-4)
    for table in ("loadings", "correlations"):
        for end in ("low", "high"):
            np.testing.assert_allclose(getattr(two, table).frame[end], getattr(one, table).frame[end], atol=1e-4)


@settings(max_examples=4)
@given(st.integers(0, 10**6), st.floats(0.01, 100), st.integers(0, 10**6))
def test_weights_have_no_unit_and_clusters_no_order(seed, factor, order):
    rows, rng = rows_of(seed), np.random.default_rng(order)
    weights, clusters = rng.uniform(0.5, 2, size=250), np.arange(250) % 25
    one = fitted(rows, weights=weights, clusters=clusters)
    turn = rng.permutation(250)
    two = fitted(rows[turn], weights=weights[turn] * factor, clusters=100 - clusters[turn])
    np.testing.assert_allclose(two.spread, one.spread, rtol=1e-5, atol=1e-10)
    assert np.isclose(two.test.statistic, one.test.statistic, rtol=1e-6) and two.test.n == one.test.n == 250


@settings(max_examples=4)
@given(st.integers(0, 10**6))
def test_every_number_is_where_it_may_be(seed):
    model = fitted(rows_of(seed))
    assert model.test.statistic >= 0 and 0 <= model.test.p <= 1
    omega = model.reliability.frame
    assert ((omega["value"] > 0) & (omega["value"] < 1) & (omega["high"] < 1)).all()
    assert (np.linalg.eigvalsh(model.spread) > 0).all()
