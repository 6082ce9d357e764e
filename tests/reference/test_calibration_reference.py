"""Calibration against the numbers of R (sandwich, clubSandwich, psych) and scikit-learn."""

import json

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.calibration.association_parts import association_parts, association_slope, corrected_association
from kinerja_lab.calibration.probability_calibration import probability_calibration
from kinerja_lab.calibration.rising_steps import rising_steps
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.numeric.cluster_regression import cluster_regression


@pytest.fixture(scope="module")
def lq2002(shared):
    frame = pd.read_csv(shared / "refs/validation/data/lq2002.csv")
    lead = frame[[f"LEAD{item:02d}" for item in range(1, 12)]].mean(axis=1)
    return pd.DataFrame({"unit": np.arange(len(frame)), "region": frame["COMPID"], "indicator": lead,
                         "outcome": frame["HOSTILE"], "TSIG": frame["TSIG"]})


@pytest.fixture(scope="module")
def expected(shared):
    return json.loads((shared / "refs/validation/cases/criterion_lq2002.json").read_text(encoding="utf-8"))["results"]


def test_cluster_errors_equal_sandwich_and_clubsandwich(lq2002, expected):
    numbers = expected[3]["numbers"]
    design = np.column_stack([np.ones(len(lq2002)), lq2002["indicator"], lq2002["TSIG"]])
    fit = cluster_regression(design, lq2002["outcome"].to_numpy(), clusters=pd.factorize(lq2002["region"])[0])
    assert fit.coef == pytest.approx(list(numbers["coef"].values()), abs=1e-10)
    assert np.sqrt(np.diag(fit.cr0)) == pytest.approx(numbers["se_CR0"], abs=1e-10)
    assert np.sqrt(np.diag(fit.cr2)) == pytest.approx(numbers["se_CR2"], abs=1e-10)
    assert fit.df == pytest.approx(numbers["satterthwaite_df"], abs=1e-9)
    assert (fit.n, fit.clusters) == (2042, 49)


def test_slope_interval_is_the_satterthwaite_one(lq2002, expected):
    from scipy import stats

    numbers = expected[3]["numbers"]
    row = association_slope(lq2002, level=0.95, case_mix=("TSIG",)).row("indicator")
    reach = stats.t.ppf(0.975, numbers["satterthwaite_df"][1]) * numbers["se_CR2"][1]
    value = numbers["coef"]["LEADSUM"]
    assert (row.value, row.low, row.high) == pytest.approx((value, value - reach, value + reach), abs=1e-9)
    assert row.n == 2042


@pytest.mark.parametrize(("place", "outcome"), [(0, "outcome"), (1, "TSIG")])
def test_within_and_between_equal_psych(lq2002, expected, place, outcome):
    numbers = expected[place]["numbers"]
    frame = lq2002.assign(outcome=lq2002[outcome])
    parts = association_parts(frame, level=0.95)
    for label, key in (("all_units", "r_total"), ("within_regions", "r_within"),
                       ("regions_weighted", "r_between_weighted"), ("between_regions", "r_between_unweighted")):
        assert parts.row(label).value == pytest.approx(numbers[key], abs=1e-10)
    between = parts.row("between_regions")
    assert (between.low, between.high) == pytest.approx(numbers["r_between_unweighted_ci95"], abs=1e-10)
    assert (between.n, parts.row("all_units").n) == (numbers["units"], numbers["n"])


def test_correction_for_noise_equals_the_peer(lq2002, expected):
    numbers = expected[0]["numbers"]
    between = association_parts(lq2002, level=0.95).row("between_regions")
    reliabilities = [Estimate(label="icc2", value=numbers[key], low=0.6, high=0.9, n=49, method="ICC2", unit="share")
                     for key in ("ICC2_x", "ICC2_y")]
    assert corrected_association(between, reliabilities=reliabilities).value == pytest.approx(
        numbers["disattenuated_between"], abs=1e-10)


@pytest.fixture(scope="module")
def probcal(shared):
    folder = shared / "refs/calibration/probcal"
    return pd.read_csv(folder / "scores.csv"), json.loads(
        (folder / "sklearn_calibration.json").read_text(encoding="utf-8")), json.loads(
        (folder / "pava.json").read_text(encoding="utf-8"))


def test_probability_scores_equal_scikit_learn(probcal):
    scores, peer, _ = probcal
    raw = peer["metrics"]["raw"]
    found = probability_calibration(scores["score"], scores["y"], level=0.95)
    for label, value in (("brier", raw["brier"]), ("ece", raw["ece10_uniform"]),
                         ("calibration_slope", raw["cox_intercept_slope"][1]),
                         *((name, raw["murphy10"][name]) for name in ("reliability", "resolution", "uncertainty"))):
        tolerance = 1e-6 if label == "calibration_slope" else 1e-10
        assert found.summary.row(label).value == pytest.approx(value, abs=tolerance)
    assert found.spiegelhalter.statistic == pytest.approx(raw["spiegelhalter_z"], abs=1e-9)
    assert found.curve.frame["value"].tolist() == pytest.approx(raw["calibration_curve"][0])
    assert found.curve.frame["foretold"].tolist() == pytest.approx(raw["calibration_curve"][1])
    assert found.curve.frame["n"].tolist() == [size for size, _, _ in raw["bins"]]


def test_slope_and_intercept_intervals_equal_statsmodels(probcal):
    import statsmodels.api as sm
    from scipy import special

    scores, _, _ = probcal
    odds = special.logit(scores["score"].to_numpy())
    found = probability_calibration(scores["score"], scores["y"], level=0.95).summary
    full = sm.GLM(scores["y"], sm.add_constant(odds), family=sm.families.Binomial()).fit(tol=1e-12)
    own = sm.GLM(scores["y"], np.ones(len(odds)), family=sm.families.Binomial(), offset=odds).fit(tol=1e-12)
    for label, peer in (("calibration_slope", full.conf_int().to_numpy()[1]),
                        ("calibration_intercept", np.asarray(own.conf_int())[0])):
        row = found.row(label)
        assert (row.low, row.high) == pytest.approx(tuple(peer), abs=1e-6)


def test_isotonic_equals_scikit_learn(probcal):
    scores, peer, pava = probcal
    rng = np.random.default_rng(1)
    found = rising_steps(np.arange(9.0), np.array(pava["y"]), weights=np.array(pava["w"]), level=0.95, rng=rng,
                         draws=50)
    assert found.values == pytest.approx(pava["fit"], abs=1e-10)
    whole = rising_steps(scores["score"].to_numpy(), scores["y"].to_numpy(float), level=0.95, rng=rng, draws=50)
    assert whole.predict(np.array(peer["isotonic"]["x_thresholds"])) == pytest.approx(
        peer["isotonic"]["y_thresholds"], abs=1e-10)
