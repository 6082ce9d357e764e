"""Closed-form intervals: hand-checked values, ends of the range, and no numpy warning on the way."""

import numpy as np
import pytest

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.numeric.intervals import binomial_exact, fisher_z, normal_quantile, poisson_exact, t_interval, wilson


def test_normal_quantile_of_95_percent():
    assert normal_quantile(0.95) == pytest.approx(1.959963984540054, abs=1e-12)


@pytest.mark.parametrize("level", [0, 1, -0.1, 1.5, float("nan")])
def test_a_level_outside_0_and_1_is_refused(level):
    with pytest.raises(KinerjaError, match="bad_level"):
        normal_quantile(level)


def test_wilson_meets_its_defining_equation():
    """Both limits solve |p - limit| = z sqrt(limit (1 - limit) / n)."""
    z = normal_quantile(0.90)
    for limit in wilson(7, 40, level=0.90):
        assert abs(7 / 40 - limit) == pytest.approx(z * np.sqrt(limit * (1 - limit) / 40), rel=1e-12)


def test_wilson_at_the_ends_and_without_cases():
    low, high = wilson(np.array([0, 5, 0]), np.array([5, 5, 0]), level=0.95)
    assert low[0] == 0 and 0 < high[0] < 1
    assert high[1] == 1 and 0 < low[1] < 1
    assert np.isnan(low[2]) and np.isnan(high[2])


def test_fisher_z_has_no_answer_at_one_nor_for_three_cases():
    low, high = fisher_z(np.array([1.0, -1.0, 0.2]), np.array([50, 50, 3]), level=0.95)
    assert np.isnan(low).all() and np.isnan(high).all()


def test_fisher_z_by_hand():
    low, high = fisher_z(0.5, 28, level=0.95)
    reach = 1.959963984540054 / 5
    assert low == pytest.approx(np.tanh(np.arctanh(0.5) - reach))
    assert high == pytest.approx(np.tanh(np.arctanh(0.5) + reach))


def test_t_interval_without_degrees_of_freedom_is_nan():
    low, high = t_interval(np.array([1.0, 1.0]), np.array([0.5, 0.5]), np.array([0, 10]), level=0.95)
    assert np.isnan(low[0]) and high[1] == pytest.approx(1 + 0.5 * 2.2281388519649385)


def test_poisson_limits_have_the_stated_tails():
    low, high = poisson_exact(3, level=0.95)
    below = sum(np.exp(-high) * high**k / f for k, f in enumerate((1, 1, 2, 6)))
    above = 1 - sum(np.exp(-low) * low**k / f for k, f in enumerate((1, 1, 2)))
    assert below == pytest.approx(0.025) and above == pytest.approx(0.025)


def test_binomial_limits_of_none_and_all():
    low, high = binomial_exact(np.array([0, 10]), 10, level=0.95)
    assert list(low) == [0, pytest.approx(0.025 ** (1 / 10))]
    assert list(high) == [pytest.approx(1 - 0.025 ** (1 / 10)), 1]
