"""Reliability of unit means: balanced textbook values, exact limits, reasons for no answer."""

import numpy as np
import pytest
from scipy import stats

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.numeric.mixed import anova_ratio, one_way, ratio_interval, reml_ratio
from kinerja_lab.psychometrics.unit_reliability import unit_reliability

RNG = np.random.default_rng(8)
UNITS = np.repeat(np.arange(12), 15)
SCORES = RNG.normal(0, 0.5, 12)[UNITS] + RNG.normal(0, 1, 180)


def mean_squares(scores, units):
    groups = [scores[units == unit] for unit in np.unique(units)]
    f = stats.f_oneway(*groups).statistic
    return f, len(groups), len(groups[0])


def test_balanced_icc_and_its_f_interval():
    f, k, m = mean_squares(SCORES, UNITS)
    found = unit_reliability(SCORES, UNITS, level=0.95)
    low, high = (f / stats.f.ppf(q, k - 1, k * (m - 1)) for q in (0.975, 0.025))
    assert found.icc1.value == pytest.approx((f - 1) / (f + m - 1), rel=1e-10)
    assert found.icc1.low == pytest.approx((low - 1) / (low + m - 1), rel=1e-8)
    assert found.icc1.high == pytest.approx((high - 1) / (high + m - 1), rel=1e-8)
    assert found.reliability.value == pytest.approx(1 - 1 / f, rel=1e-10), "ICC(2) in a balanced layout"
    assert (found.units, found.n) == (12, 180)


def test_balanced_reml_equals_anova():
    layout = one_way(SCORES, UNITS, count=12)
    assert reml_ratio(layout) == pytest.approx(anova_ratio(layout), rel=1e-8)


def test_needed_is_rounded_up_and_reaches_the_target():
    found = unit_reliability(SCORES, UNITS, level=0.95)
    ratio = found.icc1.value / (1 - found.icc1.value)
    for label in ("0.70", "0.80"):
        m = found.needed.row(label).value
        assert m == np.ceil(m)
        assert m * ratio / (1 + m * ratio) >= float(label) > (m - 1) * ratio / (1 + (m - 1) * ratio)


def test_wald_limits_solve_their_equation_when_sizes_differ():
    sizes = RNG.integers(2, 40, 15)
    units = np.repeat(np.arange(15), sizes)
    scores = RNG.normal(0, 0.6, 15)[units] + RNG.normal(size=len(units))
    layout = one_way(scores, units, count=15)
    for limit, quantile in zip(ratio_interval(layout, level=0.9), (0.95, 0.05), strict=True):
        heavy = sizes / (1 + sizes * limit)
        mean = np.average(layout.means, weights=heavy)
        f = (heavy * (layout.means - mean) ** 2).sum() / 14 / layout.mean_square_within
        assert f == pytest.approx(stats.f.ppf(quantile, 14, sizes.sum() - 15), rel=1e-8)


def test_a_large_shift_does_not_cost_digits():
    near, far = (unit_reliability(SCORES + shift, UNITS, level=0.95).icc1.value for shift in (0, 1e7))
    assert far == pytest.approx(near, abs=1e-7)


def test_units_that_do_not_differ():
    scores = np.tile([1.0, 2.0, 3.0], 4)
    found = unit_reliability(scores, np.repeat(np.arange(4), 3), level=0.95)
    assert found.icc1.value < 0 and found.reliability.value == 0
    assert found.needed.row("0.70").note == "no_unit_differences"
    assert found.separable.value == 0


def test_an_uncertain_difference_may_need_any_number_of_respondents():
    scores = np.array([1.0, 2, 3, 2, 3, 3.5])
    found = unit_reliability(scores, np.repeat([0, 1], 3), level=0.95)
    assert found.icc1.value > 0 > found.icc1.low
    assert np.isfinite(found.needed.row("0.70").value) and np.isinf(found.needed.row("0.70").high)


def test_separable_pairs_by_holm():
    """Means 0, 1, 10 of 50 each: t = 5, 50, 45, all far beyond the Holm bounds."""
    units = np.repeat([0, 1, 2], 50)
    noise = np.tile(np.repeat([-1.0, 1.0], 25), 3)
    assert unit_reliability(np.array([0.0, 1, 10])[units] + noise, units, level=0.95).separable.value == 1
    found = unit_reliability(np.array([0.0, 0.1, 10])[units] + noise, units, level=0.95).separable
    assert found.value == pytest.approx(2 / 3) and found.n == 3 and found.note == "pairs_no_interval"


def test_holm_steps_down_from_the_smallest_p():
    """Six units at 0, 0.45, 0.9 ...: neighbours differ without an adjustment, and not with it."""
    units = np.repeat(np.arange(6), 40)
    scores = 0.45 * units + np.tile(np.repeat([-0.9, 0.9], 20), 6)
    n, sigma2 = 240, 40 * 6 * 0.81 / 234
    p = sorted(2 * stats.t.sf(0.45 * (second - first) / np.sqrt(sigma2 / 20), n - 6)
               for first in range(6) for second in range(first + 1, 6))
    held = 0
    while held < 15 and p[held] * (15 - held) <= 0.05:
        held += 1
    plain, bonferroni = sum(value <= 0.05 for value in p), sum(15 * value <= 0.05 for value in p)
    assert bonferroni <= held < plain
    assert unit_reliability(scores, units, level=0.95).separable.value == pytest.approx(held / 15)


def test_perfect_agreement_within_units():
    found = unit_reliability(np.repeat([1.0, 2.0, 4.0], 5), np.repeat([0, 1, 2], 5), level=0.95)
    assert found.icc1.value == 1 and found.icc1.note == "perfect_agreement" and not found.icc1.has_interval
    assert found.needed.row("0.80").value == 1
    assert set(found.by_unit.frame["value"]) == {1.0} and found.separable.value == 1


@pytest.mark.parametrize(("scores", "units", "code"), [
    ([1.0, 2, 3], ["a", "a", "a"], "too_few_units"),
    ([1.0, 2, 3], ["a", "b", "c"], "one_respondent_each"),
    ([2.0, 2, 2, 2], ["a", "a", "b", "b"], "scores_constant"),
    ([], [], "too_few_units"),
])
def test_no_answer_with_a_reason(scores, units, code):
    with pytest.raises(NotApplicable, match=code):
        unit_reliability(np.array(scores), np.array(units), level=0.95)


@pytest.mark.parametrize(("change", "code"), [
    ({"scores": np.append(SCORES[:-1], np.nan)}, "scores_not_finite"), ({"units": UNITS[:-1]}, "lengths_differ"),
    ({"level": 1.0}, "bad_level"), ({"components": "bayes"}, "unknown_option"),
])
def test_bad_input_is_refused(change, code):
    options = {"scores": SCORES, "units": UNITS, "level": 0.95} | change
    with pytest.raises(KinerjaError, match=code):
        unit_reliability(options.pop("scores"), options.pop("units"), **options)
