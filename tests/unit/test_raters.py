"""Severity of raters: against a dense likelihood written out, both ways round, and reasons for no answer."""

import numpy as np
import pytest
from scipy import optimize

from kinerja_lab.calibration.raters import adjust_for_raters
from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.numeric.twoway import crossed_fixed, crossed_random, two_way


def ratings(seed=5, units=14, raters=9, n=160, spread=(1.0, 0.7, 0.5)):
    rng = np.random.default_rng(seed)
    unit, rater = rng.integers(0, units, n), rng.integers(0, raters, n)
    unit[:units], rater[:raters] = np.arange(units), np.arange(raters)
    effects = rng.normal(0, spread[0], units), rng.normal(0, spread[1], raters)
    return 70 + effects[0][unit] + effects[1][rater] + rng.normal(0, spread[2], n), unit, rater


def dense_reml(scores, unit, rater):
    """Variances, mean, effects and errors of prediction from the full covariance matrix."""
    parts = [(codes[:, None] == np.arange(codes.max() + 1)).astype(float) for codes in (unit, rater)]
    one = np.ones((len(scores), 1))

    def pieces(log_variance):
        variance = np.exp(log_variance)
        v = sum(s * z @ z.T for s, z in zip(variance, parts, strict=False)) + variance[2] * np.eye(len(scores))
        inverse = np.linalg.inv(v)
        information = float((one.T @ inverse @ one)[0, 0])
        mean = float((one.T @ inverse @ scores)[0]) / information
        return variance, inverse, information, mean, np.linalg.slogdet(v)[1]

    def deviance(log_variance):
        _, inverse, information, mean, determinant = pieces(log_variance)
        return determinant + np.log(information) + (scores - mean) @ inverse @ (scores - mean)

    best = optimize.minimize(deviance, np.zeros(3), method="Nelder-Mead",
                             options={"xatol": 1e-9, "fatol": 1e-12, "maxiter": 4000}).x
    variance, inverse, information, mean, _ = pieces(best)
    effects = [s * z.T @ inverse @ (scores - mean) for s, z in zip(variance, parts, strict=False)]
    z, s = parts[0], variance[0]
    p = inverse - inverse @ one @ one.T @ inverse / information
    error = s * np.eye(z.shape[1]) - s * s * z.T @ p @ z
    carry = 1 - s * (z.T @ inverse @ one).ravel()
    level = s - s * s * np.diag(z.T @ inverse @ z) + carry**2 / information
    return variance, mean, effects, np.sqrt(np.diag(error)), np.sqrt(level)


@pytest.mark.parametrize("swap", [False, True])
def test_equals_the_dense_likelihood(swap):
    scores, unit, rater = ratings()
    first, second = (rater, unit) if swap else (unit, rater)
    variance, mean, effects, errors, levels = dense_reml(scores, first, second)
    found = crossed_random(two_way(scores, first, second))
    assert (*found.variances, found.residual) == pytest.approx(tuple(variance), rel=1e-4)
    assert found.mean == pytest.approx(mean, abs=1e-5)
    for side in (0, 1):
        np.testing.assert_allclose(found.effects[side], effects[side], atol=1e-4)
    np.testing.assert_allclose(found.effect_se[0], errors, rtol=1e-4)
    np.testing.assert_allclose(found.level_se[0], levels, rtol=1e-4)


@pytest.mark.parametrize("swap", [False, True])
def test_fixed_effects_equal_dense_least_squares(swap):
    scores, unit, rater = ratings(seed=6)
    first, second = (rater, unit) if swap else (unit, rater)
    sizes = first.max() + 1, second.max() + 1
    contrast = np.vstack([np.eye(sizes[1] - 1), -np.ones(sizes[1] - 1)])
    design = np.hstack([np.eye(sizes[0])[first], contrast[second]])
    coefficients, rest, _, _ = np.linalg.lstsq(design, scores, rcond=None)
    df = len(scores) - sum(sizes) + 1
    covariance = rest[0] / df * np.linalg.inv(design.T @ design)
    found = crossed_fixed(two_way(scores, first, second))
    np.testing.assert_allclose(found.levels, coefficients[:sizes[0]], rtol=1e-10)
    np.testing.assert_allclose(found.se, np.sqrt(np.diag(covariance))[:sizes[0]], rtol=1e-8)
    assert found.df == df


def test_severity_is_positive_for_the_strict_and_units_are_put_right():
    rng = np.random.default_rng(2)
    quality, strict = np.linspace(60, 80, 10), np.array([-8.0, 0, 0, 8])
    unit, rater = np.repeat(np.arange(10), 4), np.tile(np.arange(4), 10)
    keep = ~((unit == 0) & (rater == 3)) & ~((unit == 9) & (rater == 0))
    unit, rater = unit[keep], rater[keep]
    scores = quality[unit] - strict[rater] + rng.normal(0, 0.3, len(unit))
    found = adjust_for_raters(scores, unit, np.array(list("abcd"))[rater], level=0.95)
    assert found.severity.row("d").value == pytest.approx(8, abs=0.6) and found.severity.row("a").high < 0
    table = found.units.frame
    for label in ("adjusted", "adjusted_fixed"):
        np.testing.assert_allclose(table[table["label"] == label]["value"], quality, atol=0.6)
    raw = table[(table["unit"] == 0) & (table["label"] == "raw")]["value"].item()
    assert raw - quality[0] > 2, "the unit that the strict rater skipped looks better than it is"


def test_components_and_shares():
    found = adjust_for_raters(*ratings(units=40, raters=30, n=2000), level=0.95)
    assert found.shares.frame["value"].sum() == pytest.approx(1)
    truth = np.array([1.0, 0.49, 0.25])
    for label, variance in zip(("unit", "rater", "residual"), truth, strict=True):
        assert found.components.row(label).low < variance < found.components.row(label).high
        assert found.shares.row(label).low < variance / truth.sum() < found.shares.row(label).high
    assert found.rater_share == found.shares.row("rater")


def test_raters_who_do_not_differ():
    rng = np.random.default_rng(3)
    unit, rater = np.repeat(np.arange(20), 10), np.tile(np.arange(10), 20)
    noise = rng.normal(size=200)
    noise -= (np.bincount(rater, noise) / 20)[rater]
    found = adjust_for_raters(unit * 0.3 + noise, unit, rater, level=0.95)
    assert found.components.row("rater").value == 0 and found.components.row("rater").note == "variance_at_zero"
    assert found.rater_share.value == 0 and not found.rater_share.has_interval
    assert set(found.severity.frame["value"]) == {0.0} and found.rank_shift.value == 0
    assert found.components.row("unit").has_interval


def test_raters_who_share_no_unit_cannot_be_put_on_one_footing():
    rng = np.random.default_rng(1)
    unit = np.array([0, 1, 0, 1, 0, 1, 2, 3, 2, 3, 2, 3])
    rater = np.array([0, 0, 1, 1, 0, 1, 2, 2, 3, 3, 2, 3])
    found = adjust_for_raters(rng.normal(size=12), unit, rater, level=0.95).units.frame
    fixed = found[found["label"] == "adjusted_fixed"]
    assert fixed["value"].isna().all() and set(fixed["note"]) == {"not_connected"}


@pytest.mark.parametrize(("scores", "units", "raters", "code"), [
    ([1.0, 2, 3, 4, 5], [0] * 5, [0, 1, 0, 1, 1], "too_few_units"),
    ([1.0, 2, 3, 4, 5], [0, 1, 0, 1, 1], [0] * 5, "too_few_raters"),
    ([1.0, 2, 3, 4, 5], [0, 0, 1, 1, 1], [0, 0, 1, 1, 2], "raters_nested"),
    ([1.0, 2, 3, 4], [0, 0, 1, 1], [0, 1, 0, 1], "raters_not_repeated"),
    ([3.0] * 8, [0, 0, 1, 1] * 2, [0, 1, 0, 1] * 2, "scores_constant"),
])
def test_no_answer_with_a_reason(scores, units, raters, code):
    with pytest.raises(NotApplicable, match=code):
        adjust_for_raters(np.array(scores), np.array(units), np.array(raters), level=0.95)


def test_no_residual_at_all():
    """Scores that are exactly unit plus rater."""
    unit, rater = np.repeat(np.arange(5), 4), np.tile(np.arange(4), 5)
    with pytest.raises(NotApplicable, match="no_residual_variation"):
        adjust_for_raters(unit + 2.0 * rater, unit, rater, level=0.95)


def test_bad_input_is_refused():
    with pytest.raises(KinerjaError, match="scores_not_finite"):
        adjust_for_raters(np.array([1.0, np.nan]), np.array([0, 1]), np.array([0, 1]), level=0.95)
    with pytest.raises(KinerjaError, match="lengths_differ"):
        adjust_for_raters(np.array([1.0, 2.0]), np.array([0, 1]), np.array([0]), level=0.95)
