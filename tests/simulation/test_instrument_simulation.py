"""Intervals of reliability hold what they promise, also under units; the right number of factors is found."""

import numpy as np
import pytest
from scipy.stats import f

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.patterns import MISSING, ResponsePatterns
from kinerja_lab.psychometrics.coefficients import alpha_of
from kinerja_lab.psychometrics.dimensionality import normal_information, parallel_analysis
from kinerja_lab.psychometrics.gstudy import d_study, g_study_units
from kinerja_lab.psychometrics.items_careless import misfitting_sheets
from kinerja_lab.psychometrics.items_profile import missing_and_score
from kinerja_lab.psychometrics.ordinal_factor import ordinal_model
from kinerja_lab.psychometrics.reliability import alpha
from kinerja_lab.psychometrics.reliability_factor import omega_one_factor
from kinerja_lab.psychometrics.reliability_intervals import alpha_clustered, bootstrap

pytestmark = pytest.mark.slow
CUTS = np.array([-1.4, -0.6, 0.6])
ITEMS = tuple(f"q{item}" for item in range(6))


def sheets(answers, *, high=4):
    values, counts = np.unique(answers, axis=0, return_counts=True)
    return ResponsePatterns(items=tuple(f"q{item}" for item in range(answers.shape[1])), values=values.astype(np.int16),
                            counts=counts, weights=counts.astype(float), low=1, high=high)


def ordinal(latent):
    return np.searchsorted(CUTS, latent) + 1


def one_factor(rng, n, *, k=6, loading=0.6):
    return rng.standard_normal((n, 1)) * loading + rng.standard_normal((n, k)) * np.sqrt(1 - loading**2)


def held(intervals, truth):
    return np.mean([low <= truth <= high for low, high in intervals])


def test_alpha_over_units_covers_and_feldt_does_not():
    """Units differ a lot (ICC .5): alpha hangs on which units were drawn."""
    rng = np.random.default_rng(1)

    def draw(units, each):
        who = np.repeat(np.arange(units), each)
        between = rng.standard_normal((units, 1)) * 0.9
        return (between[who] + 0.5 * rng.standard_normal((units * each, 1))
                + rng.standard_normal((units * each, 6)) * 0.9), who

    truth = alpha_of(np.cov(draw(40000, 10)[0].T))
    good, naive = [], []
    for _ in range(400):
        answers, who = draw(40, 15)
        found = alpha_clustered(answers, clusters=who, items=ITEMS, level=0.95)
        good.append((found.low, found.high))
        n, k = answers.shape
        plain = alpha_of(np.cov(answers.T))
        naive.append(tuple(1 - (1 - plain) * f.ppf(end, n - 1, (n - 1) * (k - 1)) for end in (0.975, 0.025)))
    assert 0.92 <= held(good, truth) <= 0.975
    assert held(naive, truth) < 0.75


def test_intervals_of_ordinal_answers_cover():
    rng = np.random.default_rng(2)
    truth = sheets(ordinal(one_factor(rng, 400_000)))
    aims = {"bootstrap": alpha(truth, level=0.95).value, "feldt": alpha(truth, level=0.95).value,
            "omega": omega_one_factor(truth, level=0.95).row("omega_implied").value}
    intervals = {name: [] for name in aims}
    for _ in range(300):
        drawn = sheets(ordinal(one_factor(rng, 250)))
        found = {
            "feldt": alpha(drawn, level=0.95), "omega": omega_one_factor(drawn, level=0.95).row("omega_implied"),
            "bootstrap": bootstrap(drawn, coefficient=alpha_of, label="alpha", draws=300, level=0.95, rng=rng)}
        for name, row in found.items():
            intervals[name].append((row.low, row.high))
    for name, aim in aims.items():
        assert 0.915 <= held(intervals[name], aim) <= 0.98, name


def test_reliability_for_ranking_covers():
    rng = np.random.default_rng(3)
    unit, person, item, meeting, rest = 0.10, 0.40, 0.05, 0.03, 0.50
    units, each, k = 50, 20, 8
    truth = unit / (unit + person / each + meeting / k + rest / (each * k))
    intervals, values = [], []
    for _ in range(300):
        who = np.repeat(np.arange(units), each)
        answers = (np.sqrt(unit) * rng.standard_normal(units)[who, None] + np.sqrt(item) * rng.standard_normal(k)
                   + np.sqrt(person) * rng.standard_normal((units * each, 1))
                   + np.sqrt(meeting) * rng.standard_normal((units, k))[who]
                   + np.sqrt(rest) * rng.standard_normal((units * each, k)))
        study = g_study_units(answers, units=who, level=0.95)
        found = d_study(study, objects=("unit",), sizes={"person": each, "item": k}).relative
        intervals.append((found.low, found.high))
        values.append(study.components.frame["value"].to_numpy())
    assert 0.92 <= held(intervals, truth) <= 0.98
    assert np.mean(values, axis=0) == pytest.approx([unit, person, item, meeting, rest], rel=0.06)


@pytest.mark.parametrize("factors", [0, 1, 2, 3])
def test_right_number_of_factors(factors):
    rng = np.random.default_rng(10 + factors)
    hits = 0
    for _ in range(60):
        n, each = 500, 4
        if factors == 0:
            latent = rng.standard_normal((n, 8))
        else:
            common = rng.standard_normal((n, factors)) * np.sqrt(0.8) + rng.standard_normal((n, 1)) * np.sqrt(0.2)
            latent = np.hstack([common[:, [place]] * 0.7 + rng.standard_normal((n, each)) * np.sqrt(0.51)
                                for place in range(factors)])
        answers = ordinal(latent)
        model_matrix, information = polychoric(sheets(answers))
        found = parallel_analysis(model_matrix, n=n, draws=100, rng=rng, information=information)
        hits += found.n_components == factors
    assert hits >= 0.88 * 60


def polychoric(drawn):
    from kinerja_lab.numeric.normal_tables import normal_correlations
    from kinerja_lab.psychometrics.sheets import ordinal_codes

    codes = ordinal_codes(drawn)
    matrix = normal_correlations(codes.codes, drawn.weights, sizes=tuple(len(points) for points in codes.scores))
    return matrix, np.array([normal_information(cuts) for cuts in codes.thresholds])


def test_without_the_stretch_polychoric_chance_is_underestimated():
    """Unrelated ordinal items: the first eigenvalue of the polychoric matrix exceeds Pearson's chance too often."""
    rng = np.random.default_rng(20)
    seen = {"stretched": 0, "plain": 0}
    for _ in range(60):
        matrix, information = polychoric(sheets((rng.standard_normal((2000, 8)) > 1.3) + 1, high=2))
        for name, own in (("stretched", information), ("plain", None)):
            found = parallel_analysis(matrix, n=2000, draws=100, rng=rng, information=own)
            seen[name] += found.n_components > 0
    assert seen["stretched"] <= 0.15 * 60
    assert seen["plain"] >= 0.5 * 60


def test_where_chance_is_not_known_it_is_not_guessed():
    rng = np.random.default_rng(21)
    matrix, information = polychoric(sheets((rng.standard_normal((300, 8)) > 1.3) + 1, high=2))
    with pytest.raises(NotApplicable, match="instrument_chance_unknown"):
        parallel_analysis(matrix, n=300, draws=100, rng=rng, information=information)


def test_careful_respondents_are_seldom_flagged_and_careless_ones_are():
    rng = np.random.default_rng(30)
    clean, caught = [], []
    for _ in range(20):
        careful = ordinal(one_factor(rng, 800, k=9, loading=0.75))
        drawn = sheets(careful)
        clean.append(misfitting_sheets(drawn, loadings=ordinal_model(drawn).loadings, draws=4000, level=0.95,
                                       rng=rng).share.value)
        mixed = sheets(np.vstack([careful, rng.integers(1, 5, size=(80, 9))]))
        caught.append(misfitting_sheets(mixed, loadings=ordinal_model(mixed).loadings, draws=4000, level=0.95,
                                        rng=rng).share.value)
    assert np.mean(clean) <= 0.02
    assert np.mean(caught) >= 0.04


def test_gaps_at_random_are_seldom_called_otherwise():
    rng = np.random.default_rng(40)
    false, found = 0, 0
    for _ in range(300):
        answers = ordinal(one_factor(rng, 400))
        blank = rng.random(answers.shape) < 0.05
        table = missing_and_score(sheets(np.where(blank, MISSING, answers)), level=0.95)
        frame = table.frame.dropna(subset=["low"])
        false += bool(((frame["low"] > 0) | (frame["high"] < 0)).any())
        angry = answers.mean(axis=1) < 2.6
        blank[:, 0] |= angry & (rng.random(400) < 0.4)
        row = missing_and_score(sheets(np.where(blank, MISSING, answers)), level=0.95).row("q0")
        found += row.high < 0
    assert false <= 0.08 * 300
    assert found >= 0.9 * 300
