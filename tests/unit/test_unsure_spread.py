"""True values when the spread is unsure: equal to plain integration, and sane at either end."""

import numpy as np
import pytest
from scipy import stats

from kinerja_lab.numeric.mixed import one_way
from kinerja_lab.numeric.unsure_spread import known_error_moments, one_way_moments, rate_moments, share_moments

VALUES = np.array([70.0, 72.0, 75.0, 77.0, 80.0, 86.0])
ERRORS = np.array([9.0, 4.0, 16.0, 9.0, 4.0, 25.0])


def integrated(y, errors, between):
    """Mean and variance by adding up over a fine grid of the variance between units, flat."""
    parts = []
    for value in between:
        covariance = np.diag(errors + value)
        inverse = np.linalg.inv(covariance)
        ones = np.ones(len(y))
        weight = ones @ inverse @ ones
        mean = ones @ inverse @ y / weight
        rest = y - mean
        likelihood = np.exp(-rest @ inverse @ rest / 2) / np.sqrt(np.linalg.det(covariance) * weight)
        keep = value / (value + errors)
        parts.append((likelihood, mean + keep * rest, keep * errors + (1 - keep) ** 2 / weight))
    chance = np.array([part[0] for part in parts]) * np.gradient(between)
    chance /= chance.sum()
    middle, spread = (np.array([part[place] for part in parts]) for place in (1, 2))
    mean = chance @ middle
    return mean, chance @ (spread + (middle - mean) ** 2)


def test_known_errors_equal_plain_integration():
    mean, variance = known_error_moments(VALUES, np.ones((6, 1)), ERRORS)
    expected = integrated(VALUES, ERRORS, np.geomspace(1e-6, 1e6, 6000))
    np.testing.assert_allclose(mean, expected[0], rtol=2e-4)
    np.testing.assert_allclose(variance, expected[1], rtol=5e-3)


def test_small_errors_leave_values_alone_and_large_ones_join_them():
    mean, variance = known_error_moments(VALUES, np.ones((6, 1)), np.full(6, 1e-6))
    np.testing.assert_allclose(mean, VALUES, atol=1e-4)
    np.testing.assert_allclose(variance, 1e-6, rtol=0.01)
    mean, variance = known_error_moments(VALUES, np.ones((6, 1)), np.full(6, 1e4))
    assert np.ptp(mean) < np.ptp(VALUES) / 2 and (variance < 1e4).all()


def test_a_unit_that_was_not_measured_follows_the_regression():
    x = np.column_stack([np.ones(8), np.arange(8.0)])
    y = 3 + 2 * x[:, 1] + np.array([0.5, -0.5, 0.3, -0.2, 0.1, -0.4, 0.4, -0.2])
    mean, variance = known_error_moments(y, x, np.full(8, 0.1), at=np.array([[1.0, 20.0]]))
    assert len(mean) == 9 and mean[-1] == pytest.approx(43, abs=1)
    assert variance[-1] > variance[:-1].max()


def test_groups_of_equal_size_are_values_with_a_known_error_when_there_are_many_rows():
    rng = np.random.default_rng(1)
    codes = np.repeat(np.arange(8), 2000)
    values = rng.normal(0, 0.02, 8)[codes] + rng.normal(size=len(codes))
    layout = one_way(values, codes, count=8)
    mean, variance = one_way_moments(layout)
    other = known_error_moments(layout.means, np.ones((8, 1)), np.full(8, layout.mean_square_within / 2000))
    np.testing.assert_allclose(mean, other[0], atol=1e-4)
    np.testing.assert_allclose(variance, other[1], rtol=0.01)


def test_shares_and_rates_near_plain_integration_over_mean_and_weight():
    """The mean goes in by a normal approximation, so that a fifth of the standard deviation is allowed."""
    events, n = np.array([4.0, 9.0, 2.0, 14.0, 6.0, 5.0]), np.array([40.0, 50.0, 35.0, 60.0, 45.0, 30.0])
    means, weights = np.linspace(0.02, 0.5, 160), np.geomspace(0.5, 1e5, 300)
    parts = np.zeros((3, 6))
    for weight in weights:
        a, b = means[:, None] * weight, (1 - means[:, None]) * weight
        log = stats.betabinom.logpmf(events.astype(int), n.astype(int), a, b).sum(axis=1)
        chance = (np.exp(log + 100) * weight / (weight + 1) ** 2)[:, None]
        middle = (a + events) / (weight + n)
        parts += [(chance * item).sum(axis=0) for item in (
            np.ones_like(middle), middle, middle**2 + middle * (1 - middle) / (weight + n + 1))]
    expected, sd = parts[1] / parts[0], np.sqrt(parts[2] / parts[0] - (parts[1] / parts[0]) ** 2)
    mean, variance = share_moments(events, n)
    assert (np.abs(mean - expected) < 0.2 * sd).all()
    np.testing.assert_allclose(np.sqrt(variance), sd, rtol=0.10)
    # rare events: shares of many cases are rates
    rare = share_moments(events, 1000 * n)
    rate = rate_moments(events, 1000 * n)
    np.testing.assert_allclose(rare[0], rate[0], rtol=2e-3)
    np.testing.assert_allclose(rare[1], rate[1], rtol=1e-2)


def test_errors_of_very_different_size_do_not_hide_the_spread():
    """One value known almost exactly: the others are still drawn in by the spread that all show."""
    rng = np.random.default_rng(2)
    errors = np.r_[1e-10, np.full(39, 1.0)]
    y = 75 + 2 * rng.normal(size=40) + np.sqrt(errors) * rng.normal(size=40)
    mean, variance = known_error_moments(y, np.ones((40, 1)), errors)
    other = known_error_moments(y, np.ones((40, 1)), np.r_[0.01, errors[1:]])
    np.testing.assert_allclose(mean[1:], other[0][1:], atol=0.05)
    np.testing.assert_allclose(variance[1:], other[1][1:], rtol=0.05)
    assert mean[0] == pytest.approx(y[0], abs=1e-4)


def test_many_units_leave_a_spread_so_sure_that_the_first_grid_would_miss_it():
    rng = np.random.default_rng(3)
    y = 75 + rng.normal(size=20_000) * np.sqrt(1.0 + 3.0)
    mean, _ = known_error_moments(y, np.ones((20_000, 1)), np.full(20_000, 1.0))
    keep = 1 - 1 / y.var(ddof=1)
    np.testing.assert_allclose(mean, y.mean() + keep * (y - y.mean()), atol=2e-3)


@pytest.mark.parametrize("units", [3, 4])
def test_three_units_have_an_answer(units):
    y, ones = VALUES[:units], np.ones((units, 1))
    codes = np.repeat(np.arange(units), 4)
    layout = one_way(np.tile([0.0, 1.0, 2.0, 4.0], units) + codes, codes, count=units)
    for mean, variance in (known_error_moments(y, ones, ERRORS[:units]), one_way_moments(layout),
                           share_moments(np.array([1.0, 0, 4, 2])[:units], np.full(units, 9.0)),
                           rate_moments(np.array([1.0, 0, 4, 2])[:units], np.full(units, 2.0))):
        assert np.isfinite(mean).all() and (variance > 0).all() and np.isfinite(variance).all()
