"""Correlations behind ordinal tables: the table of halves gives what all rows give, and a 2 x 2 table is by hand."""

import numpy as np
import pytest
from scipy import special

from kinerja_lab.numeric import normal_table_halves
from kinerja_lab.numeric.latent_rows import distinct_rows
from kinerja_lab.numeric.normal_table_errors import row_covariance, table_influence
from kinerja_lab.numeric.normal_table_halves import table_covariance
from kinerja_lab.numeric.normal_tables import cell_probabilities, margin_totals, normal_cuts, pair_tables


def drawn(n, sizes, *, seed=1):
    """Distinct rows of one factor with their weights and squared weights."""
    rng = np.random.default_rng(seed)
    latent = rng.normal(size=(n, 1)) + rng.normal(size=(n, len(sizes)))
    codes = np.column_stack([np.digitize(latent[:, place], np.linspace(-1.2, 1.4, size - 1))
                             for place, size in enumerate(sizes)])
    rows, where = np.unique(codes, axis=0, return_inverse=True)
    own = rng.uniform(0.5, 2.0, n)
    return rows, np.bincount(where.ravel(), own), np.bincount(where.ravel(), own**2)


@pytest.mark.parametrize("sizes", [(4,) * 6, (2, 3, 4, 5, 3), (2, 2, 2, 2), (5, 2, 4, 3)])
def test_halves_give_what_rows_give(sizes):
    codes, weights, squares = drawn(6000, sizes)
    held = normal_table_halves._halves(codes, weights, squares, sizes)
    moves, covariance = table_covariance(codes, weights, squares, sizes=sizes)
    rows = table_influence(codes, weights, sizes=sizes)
    if sizes != (2, 2, 2, 2):
        assert held is not None
        totals, tables = held.tables()
        assert totals == pytest.approx(margin_totals(codes, weights, sizes=sizes))
        assert tables == pytest.approx(pair_tables(codes, weights, sizes=sizes))
    assert moves.correlation == pytest.approx(rows.moves.correlation, abs=1e-10)
    plain = row_covariance(rows.influence, squares)
    assert covariance == pytest.approx(plain, abs=1e-12 * np.abs(plain).max())
    assert np.linalg.eigvalsh(covariance)[0] > 0


def test_few_rows_go_row_by_row():
    codes, weights, squares = drawn(120, (4,) * 9)
    assert normal_table_halves._halves(codes, weights, squares, (4,) * 9) is None
    _, covariance = table_covariance(codes, weights, squares, sizes=(4,) * 9)
    rows = table_influence(codes, weights, sizes=(4,) * 9)
    assert covariance == pytest.approx(row_covariance(rows.influence, squares), abs=1e-14)


def test_two_by_two_by_hand():
    """Both cut at 0 and a third of the cases in each corner of agreement: r = sin(2 pi (1/3 - 1/4)) = 1/2."""
    codes, weights = np.array([[0, 0], [0, 1], [1, 0], [1, 1]]), np.array([20.0, 10.0, 10.0, 20.0])
    moves, covariance = table_covariance(codes, weights, weights, sizes=(2, 2))
    assert moves.correlation[0, 1] == pytest.approx(0.5)
    # the share p of one margin has variance p (1 - p) / n, its limit that over the squared density at 0
    assert covariance[0, 0] == pytest.approx(0.25 / 60 * 2 * np.pi)
    # r = sin(2 pi (p11 - 1/4)) where both limits are 0: slope 2 pi cos(pi / 6); they move it by nothing there
    assert covariance[2, 2] == pytest.approx((2 * np.pi * np.cos(np.pi / 6)) ** 2 * (2 / 3) * (1 / 3) / 4 / 60)


def test_an_empty_cell_moves_nothing_and_is_counted():
    codes, weights = np.array([[0, 0], [0, 1], [1, 1]]), np.array([20.0, 10.0, 20.0])
    moves, _ = table_covariance(codes, weights, weights, sizes=(2, 2))
    assert moves.empty == 1 and moves.pairs[0, 0, 1] == 0.0  # the pair is (second, first)


def test_cells_sum_to_one_whatever_the_number_of_categories():
    cuts = normal_cuts(np.array([[3.0, 2.0, 5.0, 0.0], [1.0, 1.0, 1.0, 1.0]]), sizes=(3, 4))
    assert cuts[0, 1:3] == pytest.approx(special.ndtri([0.3, 0.5])) and np.isinf(cuts[0, 3:]).all()
    p, slope = cell_probabilities(cuts[1:, :, None], cuts[:1, None, :], np.array([0.4]))
    assert p.sum() == pytest.approx(1.0) and slope.sum() == pytest.approx(0.0, abs=1e-12)
    assert p[0].sum(axis=1) == pytest.approx(0.25) and p[0].sum(axis=0)[:3] == pytest.approx([0.3, 0.2, 0.5])


@pytest.mark.parametrize(("rows", "variables", "low", "high"), [
    (500, 3, -1, 3), (500, 9, 1, 4), (40, 30, 0, 6), (7, 1, 2, 2), (300, 40, -1, 9)])
def test_distinct_rows_with_and_without_sorting(rows, variables, low, high):
    """Few possible rows have a place each, many are sorted, very many compared row by row."""
    values = np.random.default_rng(rows).integers(low, high + 1, (rows, variables)).astype(np.int16)
    distinct, where = distinct_rows(values, categories=high + 1)
    expected, place = np.unique(values, axis=0, return_inverse=True)
    assert (distinct == expected).all() and (where == place.ravel()).all() and distinct.dtype == np.int16
