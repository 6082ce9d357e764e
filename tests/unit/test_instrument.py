"""Items, reliability, units and dimensions: numbers that can be checked by hand, and what bad input gets."""

import numpy as np
import pytest

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.core.patterns import MISSING, ResponsePatterns
from kinerja_lab.numeric.analogous import analogous_components
from kinerja_lab.numeric.factoring import factor_matrix, factor_nearby, squared_multiple
from kinerja_lab.numeric.lower_bounds import all_splits, greatest_lower_bound
from kinerja_lab.numeric.moments import cluster_moments, coefficient_interval, correlation_of, row_moments
from kinerja_lab.numeric.nested import anova_components, nested_crossed, reml_components
from kinerja_lab.numeric.normal_tables import bivariate_normal
from kinerja_lab.numeric.rotation import rotate
from kinerja_lab.psychometrics.coefficients import BOUNDS, alpha_of, hierarchy, total_omega
from kinerja_lab.psychometrics.dimensionality import (
    bartlett,
    kmo,
    normal_information,
    parallel_analysis,
    partial_average,
)
from kinerja_lab.psychometrics.exploratory import explore
from kinerja_lab.psychometrics.gstudy import UNIT_DESIGN, d_study, g_study, g_study_units, needed
from kinerja_lab.psychometrics.item_validity import item_validity, r_table
from kinerja_lab.psychometrics.items_careless import copied_sheets, guttman_errors, long_runs, misfitting_sheets
from kinerja_lab.psychometrics.items_profile import (
    answer_shares,
    constant_codes,
    difficulty,
    floor_share,
    missing_and_score,
    missing_patterns,
)
from kinerja_lab.psychometrics.ordinal_factor import ordinal_model
from kinerja_lab.psychometrics.reliability import alpha
from kinerja_lab.psychometrics.reliability_bounds import lower_bounds, measurement_error, split_halves
from kinerja_lab.psychometrics.reliability_choices import KINDS, reliability_choices
from kinerja_lab.psychometrics.reliability_factor import categorical_omega, omega, omega_one_factor, ordinal_alpha
from kinerja_lab.psychometrics.reliability_intervals import alpha_clustered, alpha_standardised, bootstrap
from kinerja_lab.psychometrics.sheets import pattern_moments
from kinerja_lab.psychometrics.unit_card import SCALE, unit_card
from kinerja_lab.psychometrics.unit_icc import spearman_brown, unit_icc
from kinerja_lab.psychometrics.within_between import within_between


def patterns(values, counts=None, *, high=4, weights=None):
    values = np.asarray(values, dtype=np.int16)
    counts = np.ones(len(values), dtype=np.int64) if counts is None else np.asarray(counts, dtype=np.int64)
    return ResponsePatterns(items=tuple(f"q{item}" for item in range(values.shape[1])), values=values, counts=counts,
                            weights=counts.astype(float) if weights is None else np.asarray(weights, dtype=float),
                            low=1, high=high)


def drawn(n=300, k=6, loading=0.7, *, seed=1, cuts=(-1.2, -0.3, 0.8)):
    rng = np.random.default_rng(seed)
    latent = rng.standard_normal((n, 1)) * loading + rng.standard_normal((n, k)) * np.sqrt(1 - loading**2)
    return (np.searchsorted(cuts, latent) + 1).astype(np.int16)


def counted(answers, *, high=4):
    values, counts = np.unique(answers, axis=0, return_counts=True)
    return patterns(values, counts, high=high)


ONE = counted(drawn())
ALL_ON_SHEETS = {
    "standardised": lambda p: alpha_standardised(p, level=0.95), "bounds": lambda p: lower_bounds(p, level=0.95),
    "splits": lambda p: split_halves(p, level=0.95), "error": lambda p: measurement_error(p, level=0.95),
    "omega": lambda p: omega(p, factors=1, level=0.95), "one factor": lambda p: omega_one_factor(p, level=0.95),
    "validity": lambda p: item_validity(p, level=0.95), "guttman": guttman_errors,
    "choices": lambda p: reliability_choices(p, factors=(2,), level=0.95, ordinal=NotApplicable("too_few_items", n=1,
                                                                                                 least=2)),
    "bootstrap": lambda p: bootstrap(p, coefficient=alpha_of, label="alpha", draws=100, level=0.95,
                                     rng=np.random.default_rng(1)),
    "misfit": lambda p: misfitting_sheets(p, loadings=np.full(len(p.items), 0.5), draws=1000, level=0.95,
                                          rng=np.random.default_rng(1)),
}


@pytest.mark.parametrize("method", ALL_ON_SHEETS.values(), ids=ALL_ON_SHEETS)
@pytest.mark.parametrize(("sheets", "error", "code"), [
    (patterns([[1], [2], [3]]), NotApplicable, "too_few_items"),
    (patterns([[1, 2, 3], [2, 2, 1], [3, 2, 2], [4, 2, 2]]), NotApplicable, "constant_items"),
    (patterns([[2, 2, 2]], [50]), NotApplicable, "all_items_constant"),
    (patterns([[1, 2, 3], [2, 3, 1]]), NotApplicable, "too_few_sheets"),
    (patterns([[1, 2, MISSING], [2, 3, 1], [3, 3, 1]]), KinerjaError, "patterns_incomplete"),
])
def test_sheets_without_an_answer(method, sheets, error, code):
    with pytest.raises(error, match=code):
        method(sheets)


def test_bounds_of_two_items_by_hand():
    """Variances 1, covariance 0.5: total 3; lambda 2 = 1/3 + sqrt(2/1 x 0.5)/3; alpha 2/3."""
    matrix = np.array([[1.0, 0.5], [0.5, 1.0]])
    assert BOUNDS["lambda1"](matrix) == pytest.approx(1 / 3)
    assert BOUNDS["lambda2"](matrix) == pytest.approx((1 + 1) / 3)
    assert BOUNDS["lambda3"](matrix) == pytest.approx(2 / 3)
    assert BOUNDS["lambda4"](matrix) == pytest.approx(4 * 0.5 / 3)
    assert BOUNDS["lambda6"](matrix) == pytest.approx(1 - 2 * 0.75 / 3)
    assert greatest_lower_bound(matrix)[0] == pytest.approx(2 / 3, abs=1e-8), "errors 0.5 each leave a singular matrix"


def test_greatest_lower_bound_of_parallel_items_is_alpha():
    matrix = np.full((4, 4), 0.3) + np.diag(np.full(4, 0.7))
    value, errors = greatest_lower_bound(matrix)
    assert value == pytest.approx(alpha_of(matrix), abs=1e-7)
    assert errors == pytest.approx(0.7, abs=1e-6)


def test_perfectly_correlated_items_have_no_unexplained_part():
    assert greatest_lower_bound(np.ones((3, 3)))[0] == 1
    twins = patterns([[1, 1, 1], [2, 2, 2], [3, 3, 3], [4, 4, 4]], [5, 6, 7, 8])
    assert alpha(twins, level=0.95).note == "perfect_agreement"
    assert alpha_standardised(twins, level=0.95).note == "perfect_agreement"
    with pytest.raises(NotApplicable, match="instrument_collinear"):
        omega_one_factor(twins, level=0.95)


def test_items_that_cancel():
    away = patterns([[1, 4], [2, 3], [3, 2], [4, 1]], [3, 3, 3, 3])
    for method in (alpha_standardised, lower_bounds, split_halves, measurement_error):
        with pytest.raises(NotApplicable, match="items_cancel"):
            method(away, level=0.95)


def test_splits_are_counted_once():
    for k, count in ((2, 1), (4, 3), (5, 10), (6, 10), (7, 35)):
        found = all_splits(np.full((k, k), 0.2) + 0.8 * np.eye(k))
        assert len(found.sides) == count
        assert set(found.sides.sum(axis=1)) == {k // 2}


def test_the_mean_of_all_even_splits_is_alpha():
    matrix = np.cov(drawn(k=6).T)
    assert all_splits(matrix).guttman.mean() == pytest.approx(alpha_of(matrix))


def test_too_many_items_to_split():
    many = counted(drawn(n=200, k=21))
    with pytest.raises(NotApplicable, match="instrument_too_many_splits"):
        split_halves(many, level=0.95)
    assert "lambda4" not in set(lower_bounds(many, level=0.95).frame["label"])


def test_measurement_error_by_hand():
    """Two items with variances 1 and covariance 0.5: sd of the mean sqrt(3)/2, times sqrt(1 - 2/3)."""
    sheets = patterns([[1, 2], [2, 1], [3, 2], [2, 3], [1, 1], [3, 3]], [1, 1, 1, 1, 2, 2])
    matrix = pattern_moments(sheets).covariance
    found = measurement_error(sheets, level=0.95)
    assert found.value == pytest.approx(np.sqrt(matrix.sum() * (1 - alpha_of(matrix))) / 2)
    assert found.low < found.value < found.high and found.unit == "scale_points"


def test_clusters_of_one_are_no_clusters():
    answers = drawn(n=120, k=4).astype(float)
    rows, alone = row_moments(answers, np.ones(120), n=120), cluster_moments(answers, np.arange(120), count=120)
    assert alone.error * 119 / 120 == pytest.approx(rows.error)
    assert alone.df == rows.df


def test_twins_double_the_error():
    answers = drawn(n=100, k=4).astype(float)
    once = row_moments(answers, np.ones(100), n=100)
    twins = cluster_moments(np.repeat(answers, 2, axis=0), np.repeat(np.arange(100), 2), count=100)
    assert twins.error == pytest.approx(once.error * 100 / 99)
    assert twins.covariance == pytest.approx(once.covariance)


def test_alpha_over_units():
    answers, units = drawn(n=200, k=5).astype(float), np.repeat(np.arange(20), 10)
    found = alpha_clustered(answers, clusters=units, items=ONE.items[:5], level=0.95)
    assert found.value == pytest.approx(alpha(counted(drawn(n=200, k=5)), level=0.95).value)
    assert "over clusters" in found.method
    with pytest.raises(NotApplicable, match="too_few_units"):
        alpha_clustered(answers, clusters=np.zeros(200), items=ONE.items[:5], level=0.95)
    with pytest.raises(KinerjaError, match="scores_not_finite"):
        alpha_clustered(np.where(answers == 4, np.nan, answers), clusters=units, items=ONE.items[:5], level=0.95)
    with pytest.raises(KinerjaError, match="lengths_differ"):
        alpha_clustered(answers, clusters=units[1:], items=ONE.items[:5], level=0.95)


def test_bootstrap_repeats_with_the_same_seed_and_needs_enough_draws():
    first, second = (bootstrap(ONE, coefficient=alpha_of, label="alpha", draws=200, level=0.95,
                               rng=np.random.default_rng(3)) for _ in range(2))
    assert (first.low, first.high) == (second.low, second.high)
    assert first.value == pytest.approx(alpha(ONE, level=0.95).value)
    with pytest.raises(KinerjaError, match="instrument_few_draws"):
        bootstrap(ONE, coefficient=alpha_of, label="alpha", draws=10, level=0.95, rng=np.random.default_rng(3))


def test_bootstrap_says_when_too_many_draws_fail():
    none = bootstrap(patterns([[1, 1], [2, 2], [1, 2]], [60, 1, 60]), coefficient=alpha_of, label="x", draws=200,
                     level=0.95, rng=np.random.default_rng(1))
    assert none.note == "instrument_draws_failed", "the only 2 on q0 is missed by one sample in three"


def test_parallel_factors_are_recovered_exactly():
    loadings = np.array([0.8, 0.7, 0.6, 0.5, 0.4])
    matrix = np.outer(loadings, loadings) + np.diag(1 - loadings**2)
    for method in ("minres", "ml"):
        found = factor_matrix(matrix, factors=1, method=method)
        assert found.converged and found.loadings[:, 0] == pytest.approx(loadings, abs=1e-6)
    assert squared_multiple(np.ones((2, 2))).tolist() == [1, 1]


@pytest.mark.parametrize("method", ["minres", "ml"])
def test_a_nearby_matrix_by_one_step(method):
    matrix = correlation_of(np.cov(drawn(k=5).T))
    moved = matrix.copy()
    moved[0, 1] = moved[1, 0] = matrix[0, 1] + 1e-4
    near = factor_nearby(matrix, factor_matrix(matrix, factors=1, method=method), method=method)
    exact = factor_matrix(moved, factors=1, method=method)
    assert near(moved)[0] == pytest.approx(exact.loadings, abs=1e-6)


def test_rotations_keep_what_the_factors_hold():
    plain = factor_matrix(correlation_of(np.cov(drawn(n=500, k=8, seed=4).T)), factors=3, method="minres").loadings
    for rotation in ("varimax", "oblimin", "promax", "bifactor", "none"):
        found = rotate(plain, rotation=rotation)
        assert found.loadings @ found.correlation @ found.loadings.T == pytest.approx(plain @ plain.T, abs=1e-7)
        assert np.diag(found.correlation) == pytest.approx(1)
    with pytest.raises(KinerjaError, match="unknown_option"):
        rotate(plain, rotation="quartimax")


def test_bifactor_finds_a_general_factor():
    truth = np.zeros((9, 4))
    truth[:, 0] = 0.6
    for group in range(3):
        truth[3 * group:3 * group + 3, group + 1] = 0.5
    turn = np.linalg.qr(np.random.default_rng(2).standard_normal((4, 4)))[0]
    found = rotate(truth @ turn, rotation="bifactor").loadings
    assert np.abs(found[:, 0]) == pytest.approx(0.6, abs=1e-4)
    assert np.sort(np.abs(found[:, 1:]), axis=1)[:, -1] == pytest.approx(0.5, abs=1e-4)


def test_hierarchy_by_hand():
    """Nine items in threes: general .6, group .5: omega h = (9 x .6)^2 / total, ECV = .36 / .61."""
    general, group = 0.6, 0.5
    matrix = np.full((9, 9), general**2)
    for start in range(0, 9, 3):
        matrix[start:start + 3, start:start + 3] += group**2
    np.fill_diagonal(matrix, 1)
    found = hierarchy(matrix, factors=3)
    assert found.omega_hierarchical == pytest.approx((9 * general) ** 2 / matrix.sum(), abs=1e-5)
    assert found.omega_total == pytest.approx(1 - 9 * (1 - general**2 - group**2) / matrix.sum(), abs=1e-5)
    assert found.common_share == pytest.approx(0.36 / 0.61, abs=1e-5)


@pytest.mark.parametrize(("factors", "error", "code"), [
    (0, KinerjaError, "instrument_bad_factors"), (4, NotApplicable, "instrument_too_many_factors")])
def test_number_of_factors(factors, error, code):
    matrix = correlation_of(np.cov(drawn(k=6).T))
    with pytest.raises(error, match=code):
        hierarchy(matrix, factors=factors)
    with pytest.raises(error, match=code):
        total_omega(matrix, factors=factors)


def test_opposed_factors_have_no_general_one():
    loadings = np.zeros((6, 2))
    loadings[:3, 0] = loadings[3:, 1] = 0.8
    matrix = loadings @ np.array([[1, -0.4], [-0.4, 1]]) @ loadings.T
    np.fill_diagonal(matrix, 1)
    with pytest.raises(NotApplicable, match="instrument_factors_opposed"):
        hierarchy(matrix, factors=2)


def test_categorical_omega_of_two_halves():
    """Two items cut at 0 with loading sqrt(.5): corr of answers 2/pi asin(.5) = 1/3, so 2 (1/3) / (1 + 1/3) = .5."""
    found = categorical_omega(np.sqrt([0.5, 0.5]), thresholds=[np.array([0.0])] * 2, variance=np.nan, n=100, level=0.95)
    assert found.value == pytest.approx(0.5, abs=1e-6)
    with pytest.raises(KinerjaError, match="instrument_bad_loading"):
        categorical_omega([0.5, 1.0], thresholds=[np.array([0.0])] * 2, variance=np.nan, n=9, level=0.95)
    with pytest.raises(KinerjaError, match="lengths_differ"):
        categorical_omega([0.5, 0.5], thresholds=[np.array([0.0])], variance=np.nan, n=9, level=0.95)


def test_bivariate_normal_by_hand():
    """At the origin 1/4 + arcsin(r) / (2 pi); far limits leave one variable."""
    assert bivariate_normal(0.0, 0.0, 0.5) == pytest.approx(1 / 3, abs=1e-12)
    assert bivariate_normal(np.array([1.0, np.inf]), np.array([np.inf, np.inf]), 0.3) == pytest.approx(
        [0.8413447460685429, 1.0], abs=1e-12)
    assert bivariate_normal(1.0, -0.5, 0.0) == pytest.approx(0.8413447460685429 * 0.3085375387259869, abs=1e-12)
    assert bivariate_normal(0.7, 0.2, -0.999) == pytest.approx(0.7580363477769270 + 0.5792597094391030 - 1, abs=1e-6)


def test_ordinal_model_finds_the_loadings_and_skips_unused_answers():
    sheets = counted(drawn(n=20000, k=5, loading=0.7))
    found = ordinal_model(sheets)
    assert found.loadings == pytest.approx(0.7, abs=0.03)
    assert found.thresholds[0] == pytest.approx([-1.2, -0.3, 0.8], abs=0.05)
    doubled = patterns(2 * sheets.values, sheets.counts, high=8)
    assert ordinal_model(doubled).correlation == pytest.approx(found.correlation)
    assert [points.tolist() for points in ordinal_model(doubled).scores][0] == [2, 4, 6, 8]
    with pytest.raises(NotApplicable, match="instrument_heywood"):
        ordinal_model(patterns([[1, 1, 1], [2, 2, 2], [3, 3, 3]], [5, 5, 5]))


def test_ordinal_alpha_refuses_what_is_no_correlation():
    with pytest.raises(KinerjaError, match="instrument_bad_correlation"):
        ordinal_alpha(np.array([[1.0, 0.2], [0.3, 1.0]]), n=10, level=0.95)
    assert ordinal_alpha(np.array([[1.0, 0.5], [0.5, 1.0]]), n=10, level=0.95).value == pytest.approx(2 / 3)


def test_choices_name_the_most_different_one():
    found = reliability_choices(ONE, factors=(3, 2), level=0.95, ordinal=ordinal_model(ONE))
    assert set(found.table.frame["label"]) | set(found.absent) == set(KINDS)
    assert found.table.frame["kind"].tolist() == [KINDS[label] for label in found.table.frame["label"]]
    own = found.table.frame[found.table.frame["kind"] == "sum"]["value"]
    assert (found.lowest.value, found.highest.value) == (own.min(), own.max())
    assert found.extreme.label in set(found.table.frame["label"])
    assert found.crosses(own.max()) and not found.crosses(own.min())
    without = reliability_choices(ONE, factors=(3, 2), level=0.95, ordinal=NotApplicable("instrument_collinear"))
    assert without.absent["alpha_ordinal"].message.code == "not_applicable.instrument_collinear"


def test_answer_shares_floor_and_difficulty_by_hand():
    sheets = patterns([[1, 4], [2, MISSING], [4, 4]], [2, 3, 5])
    shares = answer_shares(sheets, level=0.95).frame.set_index(["answer", "label"])["value"]
    assert (shares[1, "q0"], shares[3, "q0"], shares[4, "q1"]) == (0.2, 0.0, 1.0)
    assert floor_share(sheets, level=0.95).row("q0").value == 0.2
    table = difficulty(sheets, level=0.95)
    assert table.row("q0").value == pytest.approx((2 * 0 + 3 * 1 / 3 + 5 * 1) / 10)
    assert (table.row("q1").value, table.row("q1").note) == (1.0, "no_variation")
    assert constant_codes(sheets) == ("q1",)


def test_nobody_answered_an_item():
    sheets = patterns([[1, MISSING], [2, MISSING]], [4, 4])
    assert difficulty(sheets, level=0.95).row("q1").note == "no_answers"
    shares = answer_shares(sheets, level=0.95).frame
    assert set(shares.loc[shares["label"] == "q1", "note"]) == {"no_answers"}
    assert constant_codes(sheets) == ("q1",)


def test_missing_patterns_are_named():
    sheets = patterns([[1, 2, 3], [MISSING, 2, 3], [MISSING, 2, MISSING]], [6, 3, 1])
    table = missing_patterns(sheets, level=0.95)
    assert table.frame["label"].tolist() == ["complete", "q0", "q0+q2"]
    assert table.frame["value"].tolist() == [0.6, 0.3, 0.1]


def test_missing_and_score_by_hand():
    """Those who left q0 empty gave 1.5 on average to q1, the others 3.5."""
    sheets = patterns([[3, 3], [3, 4], [MISSING, 1], [MISSING, 2]], [10, 10, 10, 10])
    row = missing_and_score(sheets, level=0.95).row("q0")
    assert (row.value, row.n) == (-2, 40)
    assert row.low < -2 < row.high < 0
    half = 2.0243941639 * np.sqrt(2 * (20 * 0.25 / 19) / 20)
    assert row.high == pytest.approx(-2 + half), "t with 38 degrees of freedom"
    few = missing_and_score(patterns([[3, 3], [MISSING, 1]], [20, 4]), level=0.95)
    assert few.row("q0").note == "too_few_respondents"
    with pytest.raises(NotApplicable, match="instrument_nothing_missing"):
        missing_and_score(ONE, level=0.95)


def test_r_table_of_the_usual_tryouts():
    for n, value in ((30, 0.361), (20, 0.444), (100, 0.197), (3, 0.997)):
        assert r_table(n, alpha=0.05) == pytest.approx(value, abs=5e-4)
    with pytest.raises(KinerjaError, match="instrument_bad_r_table"):
        r_table(2, alpha=0.05)


def test_noise_passes_the_r_table():
    """Nine unrelated items with equal spread: r hitung is 1/3 though nothing is measured."""
    rng = np.random.default_rng(5)
    found = item_validity(counted(rng.integers(1, 5, size=(400, 9))), level=0.95)
    assert found.noise.frame["value"].mean() == pytest.approx(1 / 3, abs=0.02)
    assert found.critical < 0.1
    assert len(found.noise_passes) == 9 and len(found.passed) == 9


def test_long_runs_by_hand():
    sheets = patterns([[2, 2, 2, 1], [1, 2, 2, 3], [4, 4, 4, 4], [1, MISSING, 1, 1]], [3, 5, 2, 7])
    assert long_runs(sheets, at_least=3, level=0.95).value == (3 + 2) / 10
    assert long_runs(sheets, at_least=4, level=0.95).value == 2 / 10
    with pytest.raises(NotApplicable, match="too_few_items"):
        long_runs(patterns([[1], [2]]), at_least=2, level=0.95)
    for length in (1, 5):
        with pytest.raises(KinerjaError, match="instrument_bad_run"):
            long_runs(sheets, at_least=length, level=0.95)


def test_guttman_errors_by_hand():
    """q0 is easy (3 of 4 pass), q1 hard (1 of 4): only the sheet that passes q1 and fails q0 errs."""
    sheets = ResponsePatterns(items=("q0", "q1"), values=np.array([[0, 0], [1, 0], [1, 1], [0, 1]], dtype=np.int16),
                              counts=np.array([4, 10, 2, 1]), weights=np.array([4.0, 10, 2, 1]), low=0, high=1)
    assert guttman_errors(sheets).tolist() == [0, 0, 0, 1]


def test_careless_sheets_are_found_and_careful_ones_are_not():
    rng = np.random.default_rng(8)
    loadings = np.full(9, 0.8)
    careful = drawn(n=900, k=9, loading=0.8, seed=6)
    careless = rng.integers(1, 5, size=(300, 9))
    clean = misfitting_sheets(counted(careful), loadings=loadings, draws=4000, level=0.95, rng=np.random.default_rng(1))
    assert clean.share.low <= clean.expected + 0.005
    mixed = counted(np.vstack([careful, careless]))
    found = misfitting_sheets(mixed, loadings=loadings, draws=4000, level=0.95, rng=np.random.default_rng(1))
    assert found.share.low > 0.05
    assert found.judged <= mixed.n
    with pytest.raises(KinerjaError, match="lengths_differ"):
        misfitting_sheets(mixed, loadings=loadings[1:], draws=4000, level=0.95, rng=rng)


def test_a_low_total_is_not_strange():
    careful = drawn(n=900, k=6, loading=0.8, seed=6)
    angry = np.vstack([careful, np.ones((5, 6), dtype=int)])
    sheets = counted(angry)
    found = misfitting_sheets(sheets, loadings=np.full(6, 0.8), draws=4000, level=0.95, rng=np.random.default_rng(1))
    assert not found.flagged[(sheets.values == 1).all(axis=1)].any()


def test_copies_by_hand():
    """Unit a holds sheet 1 three times (3 pairs), unit b sheet 2 twice and sheet 1 once: (3 + 1) / (3 + 3)."""
    sheets = patterns([[1, 2], [2, 1], [3, 3]], [4, 2, 9])
    found = copied_sheets(sheets, by_unit=np.array([[3, 1], [0, 2], [4, 5]]), level=0.95)
    assert (found.within.value, found.within.n) == (4 / 6, 6)
    assert (found.between.value, found.between.n) == (3 / 9, 9)
    assert found.ratio == pytest.approx(2)
    with pytest.raises(KinerjaError, match="lengths_differ"):
        copied_sheets(sheets, by_unit=np.ones((3, 2), dtype=int), level=0.95)
    with pytest.raises(NotApplicable, match="instrument_all_straight"):
        copied_sheets(patterns([[1, 1], [2, 2], [3, 3]], [4, 4, 4]), by_unit=np.full((3, 2), 2), level=0.95)


def test_spearman_brown():
    one = Estimate(label="icc1", value=-0.1, low=-0.2, high=0.2, n=10, method="m")
    found = spearman_brown(one, factor=4)
    assert (found.value, found.low, found.high) == (0, 0, 0.5)
    with pytest.raises(KinerjaError, match="instrument_bad_factor"):
        spearman_brown(one, factor=0)


def test_icc_of_equal_sizes_does_not_depend_on_the_convention():
    rng = np.random.default_rng(2)
    units = np.repeat(np.arange(12), 8)
    scores = rng.standard_normal(12)[units] + rng.standard_normal(96)
    table = unit_icc(scores, units=units, level=0.95)
    assert table.row("icc1_anova").value == pytest.approx(table.row("icc1_mean_size").value)
    assert table.row("icc1_anova").value == pytest.approx(table.row("icc1_reml").value)
    assert table.row("icck_f").value == pytest.approx(table.row("icck_harmonic").value)
    assert table.row("icc1_ml").value < table.row("icc1_reml").value
    with pytest.raises(NotApplicable, match="no_residual_variation"):
        unit_icc(units.astype(float), units=units, level=0.95)


def test_g_study_of_a_balanced_table_is_the_anova():
    rng = np.random.default_rng(3)
    units = np.repeat(np.arange(10), 6)
    answers = (rng.standard_normal(10)[units, None] + rng.standard_normal((60, 1)) + rng.standard_normal(4)
               + rng.standard_normal((60, 4)) + 0.7 * rng.standard_normal((10, 4))[units])
    layout = nested_crossed(answers, units, count=10)
    long = analogous_components(answers.ravel(), [
        np.repeat(units, 4)[None], np.stack([np.repeat(units, 4), np.repeat(np.arange(60), 4)]),
        np.tile(np.arange(4), 60)[None], np.stack([np.repeat(units, 4), np.tile(np.arange(4), 60)]),
        np.stack([np.repeat(np.arange(60), 4), np.tile(np.arange(4), 60)])])
    assert anova_components(layout) == pytest.approx(long, abs=1e-10)
    assert (long > 0).all()
    assert reml_components(layout).components == pytest.approx(long, rel=1e-5), "REML equals ANOVA where balanced"


def test_g_study_with_a_component_at_zero():
    rng = np.random.default_rng(4)
    answers = rng.standard_normal((60, 4)) + rng.standard_normal((60, 1))
    study = g_study_units(answers, units=np.repeat(np.arange(6), 10), level=0.95)
    frame = study.components.frame.set_index("label")
    assert (frame["value"] >= 0).all()
    zero = frame[frame["value"] == 0]
    assert len(zero) and set(zero["note"]) == {"variance_at_zero"}
    with pytest.raises(NotApplicable, match="instrument_no_differences"):
        d_study(g_study_units(answers, units=np.repeat(np.arange(6), 10), level=0.95), objects=("unit",),
                sizes=study.sizes)


@pytest.mark.parametrize(("answers", "units", "error", "code"), [
    (np.ones((6, 3)), np.arange(6) // 2, NotApplicable, "no_residual_variation"),
    (np.ones((6, 1)), np.arange(6) // 2, NotApplicable, "too_few_items"),
    (np.ones((6, 3)), np.zeros(6), NotApplicable, "too_few_units"),
    (np.ones((6, 3)), np.arange(6), NotApplicable, "one_respondent_each"),
    (np.full((6, 3), np.nan), np.arange(6) // 2, KinerjaError, "scores_not_finite"),
    (np.ones((6, 3)), np.arange(5), KinerjaError, "lengths_differ"),
])
def test_g_study_refuses(answers, units, error, code):
    with pytest.raises(error, match=code):
        g_study_units(answers, units=units, level=0.95)


def test_d_study_by_hand():
    """unit 4, person 6, item 1, unit x item 2, rest 12: with 3 persons and 2 items 4 / (4 + 2 + 1 + 2)."""
    rng = np.random.default_rng(1)
    study = g_study_units(rng.standard_normal((40, 3)), units=np.arange(40) // 10, level=0.95)
    values = dict(zip(UNIT_DESIGN, (4.0, 6.0, 1.0, 2.0, 12.0), strict=True))
    frame = study.components.frame.assign(value=list(values.values()), low=np.nan, high=np.nan, note="variance_flat")
    table = type(study.components)(frame=frame)
    known = type(study)(components=table, design=UNIT_DESIGN, covariance=np.full((5, 5), np.nan), sizes=study.sizes)
    found = d_study(known, objects=("unit",), sizes={"person": 3, "item": 2})
    assert found.relative.value == pytest.approx(4 / (4 + 6 / 3 + 2 / 2 + 12 / 6))
    assert found.absolute.value == pytest.approx(4 / (4 + 2 + 1 + 2 + 1 / 2))
    fixed = d_study(known, objects=("unit",), sizes={"person": 3, "item": 2}, fixed=("item",))
    assert fixed.relative.value == fixed.absolute.value == pytest.approx(5 / (5 + 4))
    assert needed(known, objects=("unit",), facet="person", sizes={"item": 2}, target=0.5) == 4
    assert needed(known, objects=("unit",), facet="person", sizes={"item": 2}, target=0.9) == np.inf
    with pytest.raises(KinerjaError, match="instrument_sizes_missing"):
        d_study(known, objects=("unit",), sizes={"item": 2})
    with pytest.raises(KinerjaError, match="instrument_unknown_facet"):
        d_study(known, objects=("rater",), sizes={"item": 2})
    with pytest.raises(KinerjaError, match="instrument_bad_target"):
        needed(known, objects=("unit",), facet="person", sizes={"item": 2}, target=1.0)


def test_g_study_of_any_design_refuses_what_it_cannot_separate():
    codes = np.arange(12) // 2
    with pytest.raises(NotApplicable, match="instrument_design_confounded"):
        g_study(np.arange(12.0), facets={"a": codes, "b": codes, "c": np.arange(12)}, level=0.95,
                design=(("a",), ("b",), ("a", "c")))
    with pytest.raises(KinerjaError, match="instrument_unknown_facet"):
        g_study(np.arange(12.0), facets={"a": codes}, design=(("b",),), level=0.95)
    with pytest.raises(KinerjaError, match="instrument_design_repeats"):
        g_study(np.arange(12.0), facets={"a": codes, "c": np.arange(12)}, level=0.95,
                design=(("a", "c"), ("c", "a")))


def test_unit_card_leaves_out_what_does_not_vary():
    rng = np.random.default_rng(7)
    units = np.repeat(np.arange(8), 15)
    answers = np.column_stack([rng.integers(1, 5, 120) + units / 4, rng.integers(1, 5, 120), np.full(120, 3.0)])
    answers[0, 1] = np.nan
    card = unit_card(answers, units=units, items=("a", "b", "free"), level=0.95)
    assert card.reliability.frame["label"].tolist() == [SCALE, "a", "b"]
    assert list(card.absent) == ["free"]
    assert (card.smallest, card.typical, card.largest) == (15, pytest.approx(15), 15)
    assert card.needed.frame["target"].tolist() == ["0.70", "0.80"] * 3
    assert 0 <= card.enough(0.7) <= 8
    with pytest.raises(KinerjaError, match="lengths_differ"):
        unit_card(answers, units=units[1:], items=("a", "b", "free"), level=0.95)
    with pytest.raises(NotApplicable, match="too_few_sheets"):
        unit_card(np.full((4, 2), np.nan), units=np.arange(4), items=("a", "b"), level=0.95)


def test_within_and_between_can_point_in_opposite_directions():
    rng = np.random.default_rng(9)
    units = np.repeat(np.arange(30), 40)
    level, own = rng.standard_normal(30)[units], rng.standard_normal(1200)
    noise = 0.1 * rng.standard_normal(1200)
    table = within_between(level * 2 + own, level * 2 - own + noise, units=units, level=0.95)
    assert table.row("within").high < -0.9
    assert table.row("between_unweighted").low > 0.9
    assert table.row("total").note == "instrument_mixed_levels"
    with pytest.raises(NotApplicable, match="too_few_units"):
        within_between(own[:120], own[:120] ** 2, units=units[:120], level=0.95)
    with pytest.raises(NotApplicable, match="constant_side"):
        within_between(own, np.ones(1200), units=units, level=0.95)


def test_adequacy_by_hand():
    """Two items: the partial correlation is the correlation, so KMO is a half."""
    table = kmo(np.array([[1.0, 0.4], [0.4, 1.0]]), items=("a", "b"), n=50, level=0.95)
    assert table.frame["value"].tolist() == pytest.approx([0.5, 0.5, 0.5])
    with pytest.raises(NotApplicable, match="instrument_collinear"):
        kmo(np.ones((2, 2)), items=("a", "b"), n=50, level=0.95)


def test_dimensions_refuse():
    matrix = correlation_of(np.cov(drawn(k=6).T))
    rng = np.random.default_rng(1)
    with pytest.raises(NotApplicable, match="instrument_fewer_than_items"):
        parallel_analysis(matrix, n=6, draws=100, rng=rng)
    with pytest.raises(NotApplicable, match="instrument_fewer_than_items"):
        bartlett(matrix, n=5)
    with pytest.raises(NotApplicable, match="instrument_fewer_than_items"):
        explore(matrix, items=ONE.items, n=5, factors=1, level=0.95)
    with pytest.raises(KinerjaError, match="instrument_few_draws"):
        parallel_analysis(matrix, n=100, draws=10, rng=rng)
    with pytest.raises(KinerjaError, match="instrument_bad_quantile"):
        parallel_analysis(matrix, n=100, draws=100, rng=rng, quantile=1.0)
    with pytest.raises(NotApplicable, match="too_few_items"):
        partial_average(matrix[:2, :2])
    with pytest.raises(KinerjaError, match="instrument_bad_correlation"):
        partial_average(np.where(matrix == 1, 0.9, matrix))


def test_unrelated_items_have_no_factor():
    rng = np.random.default_rng(3)
    found = parallel_analysis(np.corrcoef(rng.standard_normal((500, 8)).T), n=500, draws=100, rng=rng)
    assert found.n_components == 0 and found.n_factors == 0


def test_one_factor_model_fits_and_has_no_freedom_with_three_items():
    matrix = correlation_of(np.cov(drawn(n=2000, k=3).T))
    found = explore(matrix, items=("a", "b", "c"), n=2000, factors=1, level=0.95, method="ml")
    assert isinstance(found.fit, NotApplicable) and isinstance(found.rmsea, NotApplicable)
    wide = explore(correlation_of(np.cov(drawn(n=2000, k=6).T)), items=ONE.items, n=2000, factors=1, level=0.95)
    assert wide.rmsea.low <= wide.rmsea.value <= wide.rmsea.high < 0.06
    assert wide.loadings.groups == ("factor",)


def test_normal_information_grows_with_categories():
    few, many = normal_information(np.array([0.0])), normal_information(np.linspace(-3, 3, 200))
    assert few == pytest.approx(2 / np.pi)
    assert few < normal_information(np.array([-1.0, 0.0, 1.0])) < many < 1


def test_interval_of_a_bad_level():
    with pytest.raises(KinerjaError, match="bad_level"):
        coefficient_interval(alpha_of, pattern_moments(ONE), level=1.0)


def test_weights_change_the_number():
    answers = drawn(n=60, k=4)
    values, counts = np.unique(answers, axis=0, return_counts=True)
    heavy = patterns(values, counts, weights=counts * np.where(values.sum(axis=1) > 11, 3.0, 1.0))
    assert alpha_standardised(heavy, level=0.95).value != alpha_standardised(patterns(values, counts), level=0.95).value
    tripled = patterns(values, counts, weights=counts * 3.0)
    assert alpha_standardised(tripled, level=0.95).low == pytest.approx(
        alpha_standardised(patterns(values, counts), level=0.95).low)
