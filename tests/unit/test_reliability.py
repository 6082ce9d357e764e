"""Alpha and item analysis from patterns: formula, weights, refusals."""

import numpy as np
import pytest
from scipy import stats

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.patterns import MISSING, ResponsePatterns
from kinerja_lab.psychometrics.reliability import alpha, alpha_if_dropped, item_rest


def patterns(values, counts=None, weights=None, *, low=1, high=4):
    values = np.asarray(values, dtype=np.int16)
    counts = np.ones(len(values), dtype=np.int64) if counts is None else np.asarray(counts)
    return ResponsePatterns(items=tuple(f"q{item}" for item in range(values.shape[1])), values=values, counts=counts,
                            weights=counts.astype(float) if weights is None else np.asarray(weights, dtype=float),
                            low=low, high=high)


SHEETS = [[1, 2, 1], [2, 2, 3], [3, 4, 3], [4, 3, 4], [2, 1, 2]]


def test_alpha_by_its_formula():
    covariance = np.cov(np.array(SHEETS), rowvar=False)
    assert alpha(patterns(SHEETS), level=0.95).value == pytest.approx(
        3 / 2 * (1 - np.trace(covariance) / covariance.sum()), rel=1e-12)


def test_feldt_limits_by_the_f_distribution():
    found = alpha(patterns(SHEETS), level=0.9)
    ends = [1 - (1 - found.value) * stats.f.ppf(tail, 4, 4 * 2) for tail in (0.95, 0.05)]
    assert (found.low, found.high) == pytest.approx(tuple(ends)) and found.n == 5


def test_counts_stand_for_repeated_sheets():
    once, twice = patterns(SHEETS, [2, 1, 3, 1, 1]), patterns(np.repeat(SHEETS, [2, 1, 3, 1, 1], axis=0))
    assert alpha(once, level=0.9).low == pytest.approx(alpha(twice, level=0.9).low)
    np.testing.assert_allclose(item_rest(once, level=0.9).frame[["value", "low", "n"]],
                               item_rest(twice, level=0.9).frame[["value", "low", "n"]])


def test_weights_move_the_value_and_n_counts_sheets():
    weighted = alpha(patterns(SHEETS, weights=[5, 1, 1, 1, 1]), level=0.95)
    repeated = alpha(patterns(np.repeat(SHEETS, [5, 1, 1, 1, 1], axis=0)), level=0.95)
    assert weighted.value == pytest.approx(repeated.value)
    assert (weighted.n, repeated.n) == (5, 9)


def test_alpha_below_zero_is_told():
    assert alpha(patterns([[1, 4], [2, 3], [3, 1], [4, 2]]), level=0.95).value < 0


def test_alpha_if_dropped_is_alpha_without_the_item():
    table = alpha_if_dropped(patterns(SHEETS), level=0.95)
    for position, item in enumerate(("q0", "q1", "q2")):
        rest = alpha(patterns(np.delete(SHEETS, position, axis=1)), level=0.95)
        found = table.row(item)
        assert (found.value, found.low, found.high) == pytest.approx((rest.value, rest.low, rest.high))


@pytest.mark.parametrize(("values", "code"), [
    ([[1], [2], [3]], "too_few_items"),
    ([[1, 2], [2, 1]], "too_few_sheets"),
    (np.zeros((0, 2)), "too_few_sheets"),
    ([[1, 4], [2, 4], [3, 4]], "constant_items"),
    ([[3, 4], [3, 4], [3, 4]], "all_items_constant"),
])
@pytest.mark.parametrize("method", [alpha, item_rest])
def test_no_answer_with_a_reason(method, values, code):
    with pytest.raises(NotApplicable, match=code):
        method(patterns(values), level=0.95)


def test_constant_items_are_named():
    with pytest.raises(NotApplicable) as caught:
        alpha(patterns([[1, 4, 2], [2, 4, 1], [3, 4, 3]]), level=0.95)
    assert caught.value.message.params["items"] == "q1"


def test_incomplete_sheets_are_refused_and_counted():
    with pytest.raises(KinerjaError) as caught:
        alpha(patterns([[1, 2], [2, MISSING], [3, 4]], [5, 7, 5]), level=0.95)
    assert caught.value.message.params["n"] == 7


def test_items_that_cancel():
    with pytest.raises(NotApplicable, match="items_cancel"):
        alpha(patterns([[1, 4], [2, 3], [3, 2], [4, 1]]), level=0.95)
    table = item_rest(patterns([[1, 2, 3], [2, 1, 3], [3, 2, 2], [1, 3, 2]]), level=0.95)
    assert table.frame["note"].tolist() == ["", "", ""]
    cancelled = item_rest(patterns([[1, 1, 4], [2, 2, 3], [4, 3, 2]]), level=0.95).row("q0")
    assert np.isnan(cancelled.value) and cancelled.note == "items_cancel"


def test_perfect_agreement_has_no_interval():
    found = alpha(patterns([[1, 1], [2, 2], [4, 4]]), level=0.95)
    assert found.value == pytest.approx(1) and found.note == "perfect_agreement" and not found.has_interval
    assert set(item_rest(patterns([[1, 1], [2, 2], [4, 4], [3, 3]]), level=0.95).frame["note"]) == {"perfect_agreement"}


def test_three_sheets_have_no_interval_of_a_correlation():
    assert set(item_rest(patterns([[1, 2], [2, 4], [3, 3]]), level=0.95).frame["note"]) == {"too_few_respondents"}


def test_level():
    with pytest.raises(KinerjaError, match="bad_level"):
        alpha(patterns(SHEETS), level=95)
