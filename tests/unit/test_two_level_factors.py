"""Two levels: the likelihood equals the plain normal one, slopes are slopes, and bad data get a reason."""

import numpy as np
import pytest
from scipy import sparse, stats

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.numeric.two_level_moments import (
    best_mean,
    deviance,
    group_slopes,
    matrix_slopes,
    two_level_table,
)
from kinerja_lab.psychometrics.design_sheets import DesignSheets, plain_sheets
from kinerja_lab.psychometrics.two_level_factors import side_fit, two_level_factors
from kinerja_lab.psychometrics.two_level_sheets import two_level_sheets

ITEMS = tuple("abcd")
ONE = {"F": ITEMS}


def unit_sheets(values, unit, *, weights=None, items=ITEMS):
    """Sheets of answers with the unit of each row."""
    weights = np.ones(len(values)) if weights is None else weights
    distinct, place, counts = np.unique(values, axis=0, return_inverse=True, return_counts=True)
    place = place.ravel()
    patterns = ResponsePatterns(items=items, values=distinct.astype(np.int16), counts=counts,
                                weights=np.bincount(place, weights=weights), low=0, high=9)
    totals = sparse.csr_array((weights, (unit, place)), shape=(unit.max() + 1, len(distinct)))
    return DesignSheets(patterns=patterns, squares=np.bincount(place, weights=weights**2), totals=totals)


def answers(rng, *, units=30, each=12, share=0.2, k=4):
    """Whole answers of one factor in units of unequal size."""
    sizes = rng.integers(each // 2, each * 2, size=units)
    unit = np.repeat(np.arange(units), sizes)
    low, high = rng.normal(size=len(unit)), rng.normal(size=units)
    noise = rng.normal(size=(len(unit), k)) + 0.5 * rng.normal(size=(units, k))[unit] * np.sqrt(share / 0.2)
    points = 5 + low[:, None] + 2 * np.sqrt(share) * high[unit, None] + noise
    return np.clip(np.rint(points), 0, 9).astype(int), unit


@pytest.fixture(scope="module")
def sheets():
    return unit_sheets(*answers(np.random.default_rng(1)))


@pytest.fixture(scope="module")
def found(sheets):
    return two_level_factors(sheets, within=ONE, between=ONE, level=0.9)


def small_table():
    rng = np.random.default_rng(3)
    rows = [rng.normal(size=(size, 2)) for size in (1, 3, 3, 4)]
    means = np.array([own.mean(axis=0) for own in rows])
    products = np.array([(own - own.mean(axis=0)).T @ (own - own.mean(axis=0)) for own in rows])
    return rows, two_level_table(np.array([1.0, 3.0, 3.0, 4.0]), means, products)


WITHIN, BETWEEN, MEAN = np.array([[1.2, 0.3], [0.3, 0.8]]), np.array([[0.5, 0.1], [0.1, 0.2]]), np.array([0.1, -0.2])


def test_deviance_is_that_of_the_whole_normal_vector_of_each_group():
    rows, table = small_table()
    plain = 0.0
    for own in rows:
        size = len(own)
        whole = np.kron(np.eye(size), WITHIN) + np.kron(np.ones((size, size)), BETWEEN)
        plain += stats.multivariate_normal(np.tile(MEAN, size), whole).logpdf(own.ravel())
    assert deviance(table, MEAN, WITHIN, BETWEEN) == pytest.approx(-2 * plain, rel=1e-12)
    assert deviance(table, MEAN, WITHIN, -BETWEEN * 10) == np.inf


def test_slopes_are_slopes_and_groups_sum_to_the_whole():
    _, table = small_table()
    whole, parts = matrix_slopes(table, MEAN, WITHIN, BETWEEN), group_slopes(table, MEAN, WITHIN, BETWEEN)
    for own, each in zip(whole, parts, strict=True):
        np.testing.assert_allclose(each.sum(axis=0), own, atol=1e-10)
    step = np.array([[1e-5, 0.0], [0.0, 0.0]])
    moved = [deviance(table, MEAN, WITHIN, BETWEEN + sign * step) for sign in (1, -1)]
    assert whole[2][0, 0] == pytest.approx((moved[0] - moved[1]) / 2e-5, rel=1e-6)
    best = best_mean(table, WITHIN, BETWEEN)
    np.testing.assert_allclose(matrix_slopes(table, best, WITHIN, BETWEEN)[0], 0, atol=1e-10)


def test_unit_sums_come_from_distinct_sheets():
    values, unit = answers(np.random.default_rng(2), units=12)
    table = two_level_sheets(unit_sheets(values, unit))
    centred = values - values.mean(axis=0)
    for place in (0, 7):
        own = centred[unit == place]
        np.testing.assert_allclose(table.means[place], own.mean(axis=0), atol=1e-12)
        np.testing.assert_allclose(table.products[place], (own - own.mean(axis=0)).T @ (own - own.mean(axis=0)),
                                   atol=1e-9)


def test_every_number_has_its_interval_and_n(found, sheets):
    for table in (found.loadings, found.residuals, found.icc, found.reliability):
        assert (table.frame["note"] == "").all() and table.frame["low"].notna().all()
        assert (table.frame["n"] == sheets.patterns.n).all() and (table.frame["level"] == 0.9).all()
    assert len(found.loadings) == 16 and not len(found.correlations)
    assert found.test.df == 4 and found.parameters == 20 and found.units == 30
    assert (found.loadings.frame["value"] > 0).all()


def test_omega_of_the_unit_mean_is_the_product_of_its_parts(found):
    value = {row.label: row.value for row in found.reliability.estimates()}
    assert value["omega_between"] == pytest.approx(value["omega_between_latent"] * value["mean_of_unit"], rel=1e-12)


def test_equal_weights_change_nothing_and_unequal_ones_are_refused(sheets, found):
    values, unit = answers(np.random.default_rng(1))
    three = unit_sheets(values, unit, weights=np.full(len(unit), 3.0))
    same = two_level_factors(three, within=ONE, between=ONE, level=0.9)
    assert same.log_likelihood == pytest.approx(found.log_likelihood, rel=1e-10)
    weights = np.ones(len(unit))
    weights[0] = 2.0
    with pytest.raises(NotApplicable, match="levels_weights"):
        two_level_factors(unit_sheets(values, unit, weights=weights), within=ONE, between=ONE, level=0.9)


def test_free_between_has_no_loadings_of_units_and_says_so(sheets):
    found = two_level_factors(sheets, within=ONE, between=None, level=0.95, errors="observed")
    assert set(found.loadings.frame["side"]) == {"within"} and found.test.df == 2
    notes = {row.label: row.note for row in found.reliability.estimates()}
    assert notes["omega_between"] == "levels_no_factor" and notes["mean_of_unit"] == ""


def test_two_factors_within_correlate(sheets):
    found = two_level_factors(sheets, within={"A": ("a", "b"), "B": ("c", "d")}, between=ONE, level=0.95)
    row = found.correlations.frame.iloc[0]
    assert (row["side"], row["factor"], row["other"]) == ("within", "B", "A")
    assert row["high"] > 0.95  # one factor made the answers


def test_fit_of_each_side(sheets):
    found = side_fit(sheets, within=ONE, between=ONE)
    frame = found.frame.set_index(["side", "label"])
    assert frame.loc[("between", "rmsea"), "n"] == 30
    assert frame.loc[("within", "rmsea"), "n"] == sheets.patterns.n - 30
    assert (frame["value"].notna()).all()


@pytest.mark.parametrize(("change", "code"), [
    ({"level": 1.5}, "bad_level"), ({"errors": "naive"}, "unknown_option"),
    ({"within": {"F": ("a", "b", "c")}}, "factor_items"), ({"between": {"F": (*ITEMS, "z")}}, "factor_items"),
    ({"within": {"F": ("a", "b", "c"), "G": ("d",)}}, "factor_not_identified")])
def test_misuse_is_refused(sheets, change, code):
    with pytest.raises(KinerjaError, match=code):
        two_level_factors(sheets, **{"within": ONE, "between": ONE, "level": 0.95, **change})


def spoiled(kind):
    values, unit = answers(np.random.default_rng(5))
    if kind == "too_few_units":
        return unit_sheets(values, unit % 6)
    if kind == "one_respondent_each":
        return unit_sheets(values, np.arange(len(unit)))
    if kind == "too_few_sheets":
        return unit_sheets(values[:14], np.minimum(np.arange(14), 11))
    if kind == "levels_flat":
        values[:, 1] = unit % 5
    if kind == "instrument_collinear":
        values[:, 1] = values[:, 0]
    if kind == "constant_items":
        values[:, 2] = 3
    return unit_sheets(values, unit)


@pytest.mark.parametrize("kind", ["too_few_units", "one_respondent_each", "too_few_sheets", "levels_flat",
                                  "instrument_collinear", "constant_items"])
def test_bad_data_get_a_reason(kind):
    with pytest.raises(NotApplicable, match=kind):
        two_level_factors(spoiled(kind), within=ONE, between=ONE, level=0.95)


def test_units_must_be_known(sheets):
    with pytest.raises(KinerjaError, match="levels_units_missing"):
        two_level_factors(plain_sheets(sheets.patterns), within=ONE, between=ONE, level=0.95)


def test_a_residual_variance_clearly_below_zero_is_refused():
    """Among units a goes with b and c at .85, b with c at .50 only: one factor would explain 145 % of a."""
    rng = np.random.default_rng(9)
    unit = np.repeat(np.arange(150), 20)
    root = np.linalg.cholesky(np.array([[1, 0.85, 0.85], [0.85, 1, 0.5], [0.85, 0.5, 1]]))
    high = 1.5 * rng.normal(size=(150, 3)) @ root.T
    values = 5 + high[unit] + 0.6 * rng.normal(size=(len(unit), 1)) + 0.6 * rng.normal(size=(len(unit), 3))
    sheets = unit_sheets(np.clip(np.rint(values), 0, 9).astype(int), unit, items=("a", "b", "c"))
    factors = {"F": ("a", "b", "c")}
    with pytest.raises(NotApplicable, match="levels_negative") as caught:
        two_level_factors(sheets, within=factors, between=factors, level=0.95)
    assert caught.value.message.params["items"] == "a"
    assert two_level_factors(sheets, within=factors, between=None, level=0.95).units == 150
