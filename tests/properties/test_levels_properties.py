"""What must hold whatever the answers: names, order and origin of the scale change nothing."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinerja_lab.numeric.scale_alignment import GroupLines, find_alignment
from kinerja_lab.numeric.two_level_moments import deviance, first_guess, two_level_table

SEEDS = st.integers(0, 10_000)


def table_of(rows):
    means = np.array([own.mean(axis=0) for own in rows])
    products = np.array([(own - own.mean(axis=0)).T @ (own - own.mean(axis=0)) for own in rows])
    return two_level_table(np.array([float(len(own)) for own in rows]), means, products)


@settings(max_examples=20)
@given(SEEDS, st.integers(2, 5), st.integers(6, 12))
def test_order_of_groups_and_origin_change_no_likelihood(seed, k, groups):
    rng = np.random.default_rng(seed)
    rows = [rng.normal(size=(int(size), k)) for size in rng.integers(1, 7, size=groups)]
    rows[0] = rng.normal(size=(k + 8, k))
    table, mean = table_of(rows), rng.normal(size=k)
    within, between = np.eye(k) + 0.2, 0.5 * np.eye(k)
    value = deviance(table, mean, within, between)
    shuffled = [rows[place] for place in rng.permutation(groups)]
    assert deviance(table_of(shuffled), mean, within, between) == pytest.approx(value, rel=1e-10)
    moved = table_of([own + 3.0 for own in rows])
    assert deviance(moved, mean + 3.0, within, between) == pytest.approx(value, rel=1e-8)
    for own, again in zip(first_guess(table), first_guess(moved), strict=True):
        np.testing.assert_allclose(own, again, atol=1e-8)


@settings(max_examples=6)
@given(SEEDS, st.integers(3, 5))
def test_order_of_groups_and_a_shift_of_an_item_move_no_mean(seed, groups):
    rng = np.random.default_rng(seed)
    slopes = rng.uniform(0.5, 1.2, size=5) + 0.05 * rng.normal(size=(groups, 5))
    locations = rng.normal(size=5) + 0.3 * rng.normal(size=(groups, 1)) * slopes + 0.05 * rng.normal(size=(groups, 5))
    sizes = rng.integers(100, 400, size=groups)
    weights = np.sqrt(np.outer(sizes, sizes).astype(float))
    np.fill_diagonal(weights, 0)
    lines = GroupLines(slopes=slopes, locations=locations, owner=np.arange(5), weights=weights, epsilon=0.01)
    found = find_alignment(lines, fixed=0, starts=1, rng=np.random.default_rng(1))
    order = rng.permutation(groups)
    turned = replace(lines, slopes=slopes[order], locations=locations[order], weights=weights[np.ix_(order, order)])
    again = find_alignment(turned, fixed=int(np.flatnonzero(order == 0)[0]), starts=1, rng=np.random.default_rng(1))
    assert again.value == pytest.approx(found.value, rel=1e-6)
    np.testing.assert_allclose(again.origins, found.origins[order], atol=1e-4)
    higher = replace(lines, locations=locations + np.array([5.0, 0, 0, 0, 0]))
    shifted = find_alignment(higher, fixed=0, starts=1, rng=np.random.default_rng(1))
    np.testing.assert_allclose(shifted.origins, found.origins, atol=1e-4)
