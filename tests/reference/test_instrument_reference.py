"""Reliability, units and dimensions against psych, lavaan, semTools, lme4, multilevel, gtheory (R) and Brennan."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtr
from scipy.stats import multivariate_normal

from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.numeric.lower_bounds import all_splits
from kinerja_lab.numeric.moments import correlation_of
from kinerja_lab.numeric.nested import nested_crossed, reml_components
from kinerja_lab.psychometrics.coefficients import BOUNDS, alpha_of, hierarchy, one_factor_omega
from kinerja_lab.psychometrics.dimensionality import (
    bartlett,
    kmo,
    normal_information,
    parallel_analysis,
    partial_average,
)
from kinerja_lab.psychometrics.exploratory import explore
from kinerja_lab.psychometrics.gstudy import d_study, g_study, g_study_units, needed
from kinerja_lab.psychometrics.reliability_bounds import lower_bounds, split_halves
from kinerja_lab.psychometrics.reliability_factor import categorical_omega, omega, omega_one_factor, ordinal_alpha
from kinerja_lab.psychometrics.reliability_intervals import alpha_clustered, alpha_standardised
from kinerja_lab.psychometrics.unit_icc import spearman_brown, unit_icc
from kinerja_lab.psychometrics.unit_reliability import unit_reliability
from kinerja_lab.psychometrics.within_between import within_between

LEAD = tuple(f"LEAD{item:02d}" for item in range(1, 12))
PSYCH = {"lambda1", "lambda2", "lambda3", "lambda5", "lambda6"}


def numbers(content, *words):
    """The numbers of the first result whose call holds all words."""
    return next(result["numbers"] for result in content["results"] if all(word in result["call"] for word in words))


def load(shared, name):
    folder = shared / "refs/validation"
    content = json.loads((folder / f"cases/{name}.json").read_text(encoding="utf-8"))
    return content, pd.read_csv(folder / content["data"])


def sheets(frame, *, low, high):
    values, counts = np.unique(frame.to_numpy(), axis=0, return_counts=True)
    return ResponsePatterns(items=tuple(frame.columns), values=values.astype(np.int16), counts=counts,
                            weights=counts.astype(float), low=low, high=high)


def scale(shared, name):
    """A scale as psych saw it: complete cases; C4 and C5 turned as psych's omega does by itself."""
    content, frame = load(shared, f"reliability_{name}")
    if name == "holzinger9":
        frame = frame[[f"x{item}" for item in range(1, 10)]]
    elif name == "bfi_C":
        frame = frame[[f"C{item}" for item in range(1, 6)]].dropna()
        frame = frame.assign(C4=7 - frame["C4"], C5=7 - frame["C5"])
    covariance = np.cov(frame.to_numpy(dtype=float).T, bias=True)
    return SimpleNamespace(name=name, content=content, covariance=covariance, correlation=correlation_of(covariance),
                           patterns=sheets(frame, low=1, high=4) if name.startswith("science") else None)


@pytest.fixture(params=["science7", "science4", "holzinger9"])
def case(request, shared):
    return scale(shared, request.param)


@pytest.fixture(params=["science7", "science4"])
def answered(request, shared):
    """A scale with answer sheets."""
    return scale(shared, request.param)


@pytest.fixture(scope="module")
def units(shared):
    frame = pd.read_csv(shared / "refs/validation/data/lq2002.csv")
    return frame[list(LEAD)].to_numpy(dtype=float), frame["COMPID"].to_numpy(), frame


def test_guttman_on_correlations(case):
    peer = numbers(case.content, "psych::guttman")
    for name in PSYCH:
        assert BOUNDS[name](case.correlation) == pytest.approx(peer[name], abs=1e-10)


def test_every_split(case):
    """psych 2.2.9 tries only the first half of the splits when the number of items is odd; we try all of them."""
    peer = numbers(case.content, "psych::splitHalf")
    found = all_splits(case.correlation).guttman
    k = len(case.correlation)
    seen = found[:len(found) // 2] if k % 2 else found
    assert seen.max() == pytest.approx(peer["maxrb"], abs=1e-10)
    assert seen.min() == pytest.approx(peer["minrb"], abs=1e-10)
    assert found.max() >= peer["maxrb"] - 1e-10
    assert found.min() <= peer["minrb"] + 1e-10


def test_all_splits_of_holzinger_hold_more_than_psych_finds(shared):
    content, frame = load(shared, "reliability_holzinger9")
    found = all_splits(np.corrcoef(frame[[f"x{item}" for item in range(1, 10)]].to_numpy().T)).guttman
    peer = numbers(content, "psych::splitHalf")
    assert len(found) == 126
    assert found.max() > peer["maxrb"] + 0.005
    assert found.min() < peer["minrb"] - 0.03


def test_odd_even_split(answered):
    peer = numbers(answered.content, "odd-even")
    frame = split_halves(answered.patterns, level=0.95).frame
    odd_even = frame[frame["label"] == "split_odd_even"].set_index("formula")
    assert odd_even.loc["guttman", "value"] == pytest.approx(peer["guttman_rulon"], abs=1e-10)
    assert odd_even.loc["spearman_brown", "value"] == pytest.approx(peer["spearman_brown"], abs=1e-10)
    assert (odd_even["low"] < odd_even["value"]).all() and (odd_even["value"] < odd_even["high"]).all()
    assert set(odd_even["n"]) == {answered.patterns.n}


def test_standardised_alpha(answered):
    peer = numbers(answered.content, "psych::alpha(na.omit(x))")
    row = alpha_standardised(answered.patterns, level=0.95)
    assert (row.value, row.n) == (pytest.approx(peer["std_alpha"], abs=1e-10), peer["n"])
    assert row.low < row.value < row.high


@pytest.mark.parametrize(("name", "factors"), [
    ("science7", 1), ("science7", 2), ("science4", 1), ("holzinger9", 1), ("holzinger9", 3)])
def test_omega_of_schmid_and_leiman(shared, name, factors):
    """psych stops its optimisers near 1e-6; its two factors of science4 have df -1, which we refuse."""
    found = scale(shared, name)
    peer = numbers(found.content, "psych::omega", f"nfactors = {factors}")
    solution = hierarchy(found.correlation, factors=factors)
    assert solution.omega_total == pytest.approx(peer["omega_total"], abs=1e-4)
    assert solution.omega_hierarchical == pytest.approx(peer["omega_h"], abs=1e-4)


def test_turned_items(shared):
    """psych turns C4 and C5 in omega by itself and says so by a minus sign; we take them as given."""
    found = scale(shared, "bfi_C")
    peer = numbers(found.content, "nfactors = 1")
    assert alpha_of(found.correlation) == pytest.approx(peer["alpha"], abs=1e-10)
    assert hierarchy(found.correlation, factors=1).omega_total == pytest.approx(peer["omega_total"], abs=1e-4)


def test_omega_says_over_which_variance(case):
    peer = numbers(case.content, "ML, listwise")
    for implied, name in ((False, "omega_obs_var"), (True, "omega_model_var")):
        found = one_factor_omega(case.covariance, implied=implied)
        assert found(case.covariance) == pytest.approx(peer[name], abs=1e-5)


def test_omega_of_sheets(answered):
    peer = numbers(answered.content, "ML, listwise")
    table = omega_one_factor(answered.patterns, level=0.95)
    for label, name in (("omega_implied", "omega_model_var"), ("omega_observed", "omega_obs_var")):
        row = table.row(label)
        assert (row.value, row.n) == (pytest.approx(peer[name], abs=1e-5), peer["nobs"])
        assert row.low < row.value < row.high


@pytest.mark.parametrize(("name", "model"), [
    ("science4", "cfa_ordinal_science4"), ("science7", "cfa_ordinal_science7_1f")])
def test_categorical_omega(shared, name, model):
    """Green and Yang's sum of bivariate normal probabilities is the variance of the expected sum given the factor."""
    content, _ = load(shared, f"reliability_{name}")
    fitted, _ = load(shared, model)
    fit = fitted["results"][0]["numbers"]
    loads = [row for row in fit["parameters"] if row["op"] == "=~"]
    cuts = [np.array([row["est"] for row in fit["parameters"] if row["op"] == "|" and row["lhs"] == load["rhs"]])
            for load in loads]
    variance = polychoric_variance(np.array(fit["sample_polychoric"]["values"]), cuts)
    found = categorical_omega(np.array([row["est"] for row in loads]), thresholds=cuts, variance=variance, n=392,
                              level=0.95)
    peer = numbers(content, "ordered = TRUE")
    assert found.value == pytest.approx(peer["omega_ordinal_score_green_yang"], abs=1e-8)
    assert ordinal_alpha(np.array(fit["sample_polychoric"]["values"]), n=392, level=0.95).value == pytest.approx(
        peer["alpha_ordinal_latent_response"], abs=1e-8)


def polychoric_variance(correlation, cuts):
    """Variance of the sum of codes 0, 1, 2, ... that polychoric correlations and thresholds imply."""
    total = 0.0
    for first, a in enumerate(cuts):
        for second, b in enumerate(cuts):
            if first == second:
                share = np.diff(ndtr(np.concatenate([[-np.inf], a, [np.inf]])))
                codes = np.arange(len(share))
                total += share @ codes**2 - (share @ codes) ** 2
                continue
            r = correlation[first, second]
            both = [[1, r], [r, 1]]
            total += sum(multivariate_normal.cdf([x, y], cov=both) - ndtr(x) * ndtr(y) for x in a for y in b)
    return total


def test_lead11(units):
    """Numbers of METHODS: lambda 6 .917886 on correlations, worst of psych's splits .794228, odd-even .828080."""
    answers, companies, frame = units
    patterns = sheets(frame[list(LEAD)], low=1, high=5)
    table = lower_bounds(patterns, level=0.95, standardised=True)
    assert table.row("lambda6").value == pytest.approx(0.917886, abs=5e-7)
    assert table.row("split_worst").value == pytest.approx(0.794228, abs=5e-7)
    halves = split_halves(patterns, level=0.95).frame
    odd_even = halves[(halves["label"] == "split_odd_even") & (halves["formula"] == "spearman_brown")]
    assert odd_even["value"].item() == pytest.approx(0.828080, abs=5e-7)
    clustered = alpha_clustered(answers, clusters=companies, items=LEAD, level=0.95)
    assert (clustered.value, clustered.n) == (pytest.approx(0.902237, abs=5e-7), 2042)
    omegas = omega(patterns, factors=2, level=0.95)
    assert omegas.row("omega_total").low < omegas.row("omega_total").value < omegas.row("omega_total").high


def test_unit_icc_under_every_convention(units, shared):
    answers, companies, _ = units
    content, _ = load(shared, "unit_reliability_lq2002")
    peer = numbers(content, "lmer(LEADSUM")
    table = unit_icc(answers.mean(axis=1), units=companies, level=0.95)
    ml = peer["tau2_ml"] / (peer["tau2_ml"] + peer["sigma2_ml"])
    for label, value, within in (("icc1_anova", peer["ICC1_anova_n0"], 1e-10), ("icck_f", peer["ICC2_anova"], 1e-10),
                                 ("icc1_mean_size", peer["ICC1_anova_nbar"], 1e-10),
                                 ("icc1_reml", peer["ICC1_reml"], 1e-5), ("icc1_ml", ml, 1e-5),
                                 ("icck_average", peer["unit_reliability_mean"], 1e-5)):
        row = table.row(label)
        assert row.value == pytest.approx(value, rel=within), label
        assert (row.n, row.low < row.value < row.high) == (peer["n"], True)
    assert spearman_brown(table.row("icc1_anova"), factor=peer["n0"]).value == pytest.approx(peer["ICC2_anova"])


def test_g_study_of_units(units, shared):
    """lme4 stops near 1e-5; our restricted likelihood is not below its own."""
    answers, companies, _ = units
    content, _ = load(shared, "gtheory_units_lq2002")
    peer = content["results"][0]["numbers"]
    study = g_study_units(answers, units=companies, level=0.95)
    for label, name in (("unit", "unit"), ("unit:person", "id"), ("item", "item"), ("unit:item", "unit:item"),
                        ("unit:person:item", "Residual")):
        row = study.components.row(label)
        assert row.value == pytest.approx(peer["components"][name], rel=1e-4)
        assert row.low < row.value < row.high and row.n == 2042
    for count, value in peer["Erho2_n"].items():
        found = d_study(study, objects=("unit",), sizes={"person": int(count), "item": 11})
        assert found.relative.value == pytest.approx(value, abs=1e-5)
    for count, value in peer["Erho2_items"].items():
        found = d_study(study, objects=("unit",), sizes={"person": 30, "item": int(count)})
        assert found.relative.value == pytest.approx(value, abs=1e-5)
    harmonic = d_study(study, objects=("unit",), sizes=study.sizes)
    assert harmonic.relative.value == pytest.approx(peer["Erho2_unit_nharm_11items"], abs=1e-5)
    assert harmonic.absolute.value == pytest.approx(peer["Phi_unit_nharm_11items"], abs=1e-5)
    assert study.sizes["person"] == pytest.approx(peer["n_harmonic"])


def test_restricted_likelihood_equals_lme4(units, shared):
    answers, companies, _ = units
    content, _ = load(shared, "gtheory_units_lq2002")
    codes, names = pd.factorize(companies, sort=True)
    fit = reml_components(nested_crossed(answers, codes, count=len(names)))
    assert -fit.deviance / 2 == pytest.approx(content["results"][0]["numbers"]["loglik_reml"], abs=1e-6)


def test_g_study_of_brennan(shared):
    """Brennan (2001), table 3.2: .4731 .3252 .6475 .5596 2.3802 are printed; lme4 gives the same to 3e-4."""
    content, frame = load(shared, "gtheory_brennan_3_2")
    study = g_study(frame["Score"].to_numpy(dtype=float), level=0.95,
                    facets={"person": frame["Person"], "task": frame["Task"], "rater": frame["Rater"]},
                    design=(("person",), ("task",), ("task", "rater"), ("person", "task"), ("person", "task", "rater")))
    printed = [0.4731, 0.3252, 0.6475, 0.5596, 2.3802]
    assert study.components.frame["value"].tolist() == pytest.approx(printed, abs=5.1e-5)
    peer = content["results"][0]["numbers"]
    found = d_study(study, objects=("person",), sizes={"task": 3, "rater": 4})
    assert found.relative.value == pytest.approx(peer["generalizability"], abs=2e-4)
    assert found.absolute.value == pytest.approx(peer["dependability"], abs=2e-4)
    assert found.relative_error == pytest.approx(peer["var_error_rel"], abs=1e-4)
    assert found.absolute_error == pytest.approx(peer["var_error_abs"], abs=2e-4)


def test_respondents_needed(units, shared):
    """With the items fixed the G study asks for the respondents that the reliability of the unit means asks for."""
    answers, companies, _ = units
    study = g_study_units(answers, units=companies, level=0.95)
    count = needed(study, objects=("unit",), facet="person", sizes={"item": 11}, target=0.8, fixed=("item",))
    peer = numbers(load(shared, "unit_reliability_lq2002")[0], "lmer(LEADSUM")
    assert count == int(peer["n_needed_for_0.80"]) + 1
    own = unit_reliability(answers.mean(axis=1), companies, level=0.95, components="reml")
    assert own.needed.row("0.80").value == count


def test_within_and_between(units, shared):
    answers, companies, frame = units
    content, _ = load(shared, "criterion_lq2002")
    for other in ("HOSTILE", "TSIG"):
        peer = numbers(content, f"LEADSUM vs {other}")
        table = within_between(answers.mean(axis=1), frame[other].to_numpy(), units=companies, level=0.95)
        for label, name in (("total", "r_total"), ("within", "statsBy_rwg"), ("between_weighted", "statsBy_rbg"),
                            ("between_unweighted", "r_between_unweighted"), ("between_rank", "r_between_spearman"),
                            ("between_corrected", "disattenuated_between")):
            assert table.row(label).value == pytest.approx(peer[name], abs=1e-10), label
        row = table.row("between_unweighted")
        assert [row.low, row.high] == pytest.approx(peer["r_between_unweighted_ci95"], abs=1e-10)
        assert (row.n, table.row("within").n) == (peer["units"], peer["n"] - peer["units"] + 1)


@pytest.fixture(scope="module", params=["science7", "bfi25"])
def dimension(request, shared):
    content, frame = load(shared, f"dimension_{request.param}")
    solutions = numbers(content, "minres", "varimax")
    items = tuple(solutions["minres_none"]["loadings"]["rows"])
    answers = frame[list(items)].dropna().to_numpy(dtype=float)
    return SimpleNamespace(content=content, items=items, answers=answers, n=len(answers), solutions=solutions,
                           correlation=np.corrcoef(answers.T))


def test_adequacy_and_sphericity(dimension):
    peer = numbers(dimension.content, "KMO(cor(x))")
    table = kmo(dimension.correlation, items=dimension.items, n=dimension.n, level=0.95)
    assert table.row("kmo").value == pytest.approx(peer["KMO"], abs=1e-10)
    for item, value in peer["KMO_items"].items():
        assert table.row(item).value == pytest.approx(value, abs=1e-10)
    test = bartlett(dimension.correlation, n=dimension.n)
    assert test.statistic == pytest.approx(peer["bartlett_chisq"], rel=1e-10)
    assert (test.df, test.n) == (peer["bartlett_df"], dimension.n)
    assert test.p == pytest.approx(peer["bartlett_p"], abs=1e-12)


def test_minimum_average_partial(dimension):
    """psych counts from one component; with none the average is smaller still in science7 (Velicer's first step)."""
    peer = numbers(dimension.content, "MAP")
    found = partial_average(dimension.correlation)
    assert found.averages[1:1 + len(peer["map"])] == pytest.approx(np.array(peer["map"]), abs=1e-10)
    assert found.components == peer["map_nfactors"]
    polychoric = np.array(numbers(dimension.content, "lavCor(x, ordered")["rho"]["values"])
    assert partial_average(polychoric).components == peer["map_polychoric_nfactors"]


@pytest.mark.parametrize("kind", ["pearson", "polychoric"])
def test_parallel_analysis_decides_as_psych(dimension, kind):
    found = parallel(dimension, kind)
    peer = next(result["numbers"] for result in dimension.content["results"]
                if "fa.parallel" in result["call"] and ("cor='poly'" in result["call"]) == (kind == "polychoric"))
    assert (found.n_components, found.n_factors) == (peer["ncomp"], peer["nfact"])
    if kind == "pearson":
        assert found.components == pytest.approx(np.array(peer["pc_eigen"]), abs=1e-8)
        assert found.factors == pytest.approx(np.array(peer["fa_eigen"]), abs=1e-6)
    assert (found.kind, found.draws, found.seed, found.n) == (kind, 100, "5", dimension.n)


def parallel(dimension, kind):
    if kind == "pearson":
        return parallel_analysis(dimension.correlation, n=dimension.n, draws=100, rng=np.random.default_rng(5))
    rho = numbers(dimension.content, "lavCor(x, ordered")
    cuts = [np.array([value for name, value in rho["thresholds"].items() if name.startswith(f"{item}|")])
            for item in dimension.items]
    return parallel_analysis(np.array(rho["rho"]["values"]), n=dimension.n, draws=100, rng=np.random.default_rng(5),
                             information=np.array([normal_information(each) for each in cuts]))


@pytest.mark.parametrize(("name", "within"), [
    ("minres_none", 1e-4), ("minres_oblimin", 1e-4), ("ml_none", 1e-4), ("minres_varimax", 1e-3), ("ml_promax", 1e-3)])
def test_exploratory_factors(dimension, name, within):
    """R's varimax stops at 1e-5 of its criterion; ours goes on, so it and promax agree to 1e-3 only."""
    peer = dimension.solutions[name]
    found = explore(dimension.correlation, items=dimension.items, n=dimension.n, factors=peer["nfactors"], level=0.95,
                    method=peer["fm"], rotation=peer["rotate"])
    expected = np.array(peer["loadings"]["values"])
    order = np.abs(expected.T @ found.pattern).argmax(axis=1)
    assert sorted(order) == list(range(peer["nfactors"]))
    pattern = found.pattern[:, order]
    sign = np.sign((pattern * expected).sum(axis=0))
    assert np.abs(pattern * sign - expected).max() < within
    if peer.get("Phi"):
        turned = found.correlation[np.ix_(order, order)] * np.outer(sign, sign)
        assert np.abs(turned - np.array(peer["Phi"]["values"])).max() < within
    assert found.residual == pytest.approx(peer["rms"], abs=1e-6)
    assert found.fit.statistic == pytest.approx(peer["chi"], rel=1e-4)
    assert found.fit.df == peer["dof"]
    assert found.communality.frame["value"].to_numpy() == pytest.approx(
        np.array(list(peer["communality"].values())), abs=1e-4)


def test_our_varimax_is_not_worse_than_r(dimension):
    from kinerja_lab.numeric.rotation import _varimax_criterion, rotate

    plain = np.array(dimension.solutions["minres_none"]["loadings"]["values"])
    peer = np.array(dimension.solutions["minres_varimax"]["loadings"]["values"])
    length = np.sqrt((plain**2).sum(axis=1, keepdims=True))
    ours = rotate(plain, rotation="varimax").loadings
    assert _varimax_criterion(ours / length)[0] <= _varimax_criterion(peer / length)[0] + 1e-12


def test_disattenuated_correlation(shared):
    """Convergent validity (Holzinger): r .3136 over the root of both alphas is .4219."""
    content, frame = load(shared, "criterion_convergent_discriminant")
    peer = numbers(content, "disattenuated by alpha")
    visual, textual = (frame[names].to_numpy() for names in (["x1", "x2", "x3"], ["x4", "x5", "x6"]))
    alphas = [alpha_of(np.cov(part.T)) for part in (visual, textual)]
    assert alphas == pytest.approx([peer["alpha_visual"], peer["alpha_textual"]], abs=1e-10)
    r = np.corrcoef(visual.sum(axis=1), textual.sum(axis=1))[0, 1]
    assert r / np.sqrt(alphas[0] * alphas[1]) == pytest.approx(peer["r_disattenuated"], abs=1e-10)
