"""Item response models against R mirt 1.45.1 and TAM 4.3.25: parameters, errors, scores, fit, and the traps."""

import json

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.numeric.intervals import normal_quantile
from kinerja_lab.psychometrics.irt import item_response
from kinerja_lab.psychometrics.irt_facets import facet_model
from kinerja_lab.psychometrics.irt_information import information, marginal_reliability
from kinerja_lab.psychometrics.irt_item_fit import item_fit, mean_squares
from kinerja_lab.psychometrics.irt_model_fit import local_dependence, model_fit, person_fit
from kinerja_lab.psychometrics.irt_scores import empirical_reliability, person_scores

ITEMS = {
    "science4": (["Comfort", "Work", "Future", "Benefit"], 1, 4),
    "bfi_A": (["A1", "A2", "A3", "A4", "A5"], 1, 6),
    "erm_pcmdat2": (["I1", "I2", "I3", "I4"], 0, 2),
    "lead11": ([f"LEAD{number:02d}" for number in range(1, 12)], 1, 5),
}
MODELS = {"graded": "graded", "gpcm": "generalised_partial_credit", "Rasch": "partial_credit"}
Z = normal_quantile(0.95)


def sheets(frame, low, high, weights=None):
    values = frame.to_numpy(dtype=float)
    values = np.where(np.isnan(values), -1, values).astype(np.int16)
    distinct, where, counts = np.unique(values, axis=0, return_inverse=True, return_counts=True)
    heavy = np.bincount(where.ravel(), weights=np.ones(len(values)) if weights is None else weights)
    return ResponsePatterns(items=tuple(frame.columns), values=distinct, counts=counts, weights=heavy, low=low,
                            high=high)


def rows_of(patterns, frame, first=10):
    return [int(np.flatnonzero((patterns.values == row).all(axis=1))[0])
            for row in frame.fillna(-1).to_numpy(dtype=int)[:first]]


@pytest.fixture(scope="module")
def cases(shared):
    folder, made = shared / "refs/validation", {}

    def get(name):
        if name not in made:
            content = json.loads((folder / f"cases/irt_{name}.json").read_text(encoding="utf-8"))
            items, low, high = ITEMS[name]
            frame = pd.read_csv(folder / content["data"])[items]
            made[name] = (frame, sheets(frame, low, high), {
                result["numbers"]["itemtype"]: result["numbers"] for result in content["results"]
                if result["peer"] == "mirt"}, {result["peer"]: result["numbers"] for result in content["results"]})
        return made[name]

    return get


@pytest.fixture(scope="module")
def fitted(cases):
    made = {}

    def get(name, kind):
        if (name, kind) not in made:
            made[name, kind] = item_response(cases(name)[1], model=MODELS[kind], level=0.95)
        return made[name, kind]

    return get


@pytest.mark.parametrize("kind", ["graded", "gpcm", "Rasch"])
@pytest.mark.parametrize("name", ["science4", "bfi_A", "erm_pcmdat2", "lead11"])
def test_log_likelihood_and_parameters(cases, fitted, name, kind):
    peer, found = cases(name)[2][kind], fitted(name, kind)
    # above the peer is allowed: it stops a little early (5e-3 on lead11)
    assert peer["logLik"] - 1e-3 < found.log_likelihood < peer["logLik"] + 1e-2
    assert found.free == peer["npar"] and found.n == peer["n"]
    wanted = np.array(peer["IRT_parameters"]["values"], dtype=float)
    assert np.column_stack([found.slopes[0], found.thresholds()]) == pytest.approx(wanted, abs=5e-4, nan_ok=True)
    # mirt stops a little early on erm_pcmdat2, where TAM has our likelihood
    assert found.sd[0] ** 2 == pytest.approx(peer["latent_var"], abs=1e-3 if name == "erm_pcmdat2" else 5e-4)
    assert found.aic == pytest.approx(peer["AIC"], abs=0.02) and found.bic == pytest.approx(peer["BIC"], abs=0.02)


@pytest.mark.parametrize("name", ["science4", "bfi_A", "erm_pcmdat2", "lead11"])
def test_graded_intervals_are_those_of_the_peers_standard_errors(cases, fitted, name):
    peer, table = cases(name)[2]["graded"], fitted(name, "graded").parameters
    wanted = np.array([list(errors.values()) for errors in peer["se"].values()], dtype=float)
    frame = table.frame
    value, se = frame["value"].to_numpy(), wanted.ravel()
    held = (frame["note"] == "").to_numpy()
    assert held.sum() > 0.8 * len(frame)
    assert frame["low"].to_numpy()[held] == pytest.approx((value - Z * se)[held], abs=2e-3)
    assert frame["high"].to_numpy()[held] == pytest.approx((value + Z * se)[held], abs=2e-3)
    assert (frame["n"] == peer["n"]).all()


def test_partial_credit_errors_but_for_the_first_threshold(cases, fitted):
    """mirt's error of a GPCM b1 (1.11 for Comfort) is not reproduced; slopes and all later thresholds are to 1e-4."""
    peer, frame = cases("science4")[2]["gpcm"], fitted("science4", "gpcm").parameters.frame
    se = ((frame["high"] - frame["low"]) / (2 * Z)).to_numpy().reshape(4, 4)
    wanted = np.array([list(errors.values()) for errors in peer["se"].values()], dtype=float)
    assert se[:, [0, 2, 3]] == pytest.approx(wanted[:, [0, 2, 3]], abs=1e-4)
    assert (wanted[:, 1] > 1.1 * se[:, 1]).all()


def test_trap_1_partial_credit_frees_the_variance(fitted):
    """With slope 1 AND variance 1 fixed the likelihood would be another one; here the variance is a parameter."""
    found = fitted("bfi_A", "Rasch")
    assert found.sd[0] < 0.6 and found.distribution.row("sd").has_interval


def test_trap_2_a_reversed_item_keeps_its_negative_slope(cases, fitted):
    found = fitted("bfi_A", "graded")
    assert found.slopes[0, 0] < -0.5 and found.slopes[0, 1:].min() > 0.5
    assert found.log_likelihood == pytest.approx(cases("bfi_A")[2]["graded"]["logLik"], abs=1e-3)


def test_trap_2_thresholds_have_no_box(fitted):
    assert fitted("science4", "graded").thresholds()[0, 0] < -4.6


def test_trap_3_nodes(cases):
    """21 points are off by more than 0.01 where 61 and 121 agree to 1e-4."""
    patterns = cases("lead11")[1]
    few, usual, many = (item_response(patterns, model="graded", level=0.95, nodes=nodes).log_likelihood
                        for nodes in (21, 61, 121))
    assert abs(usual - many) < 1e-4 and abs(few - many) > 0.01


def test_trap_5_reliability_of_rasch_with_free_variance(cases, fitted):
    """mirt prints .978 for bfi A; the scores' own reliability is .42, and so is ours."""
    patterns, peer, found = cases("bfi_A")[1], cases("bfi_A")[2]["Rasch"], fitted("bfi_A", "Rasch")
    ours = marginal_reliability(found, level=0.95)
    assert peer["marginal_rxx"] > 0.97 and ours.low < 0.42 < ours.high
    assert empirical_reliability(found, patterns, level=0.95).value == pytest.approx(peer["empirical_rxx_EAP"],
                                                                                    abs=1e-4)


def test_marginal_reliability_of_the_graded_model(cases, fitted):
    for name in ("science4", "bfi_A", "lead11"):
        ours = marginal_reliability(fitted(name, "graded"), level=0.95)
        assert ours.value == pytest.approx(cases(name)[2]["graded"]["marginal_rxx"], abs=1e-5)


def test_trap_6_not_the_worse_optimum_of_ltm(fitted):
    assert fitted("lead11", "graded").log_likelihood > -27933 > -28033.91


def test_trap_7_marginal_is_not_conditional_likelihood(cases, fitted):
    conditional = cases("science4")[3]["eRm"]["cond_logLik"]
    assert fitted("science4", "Rasch").log_likelihood == pytest.approx(-1619.2741, abs=1e-3)
    assert abs(fitted("science4", "Rasch").log_likelihood - conditional) > 800


@pytest.mark.parametrize("kind", ["graded", "gpcm", "Rasch"])
def test_scores_and_information(cases, fitted, kind):
    frame, patterns, peers, _ = cases("science4")
    found, peer, rows = fitted("science4", kind), peers[kind], rows_of(patterns, frame)
    eap = person_scores(found, patterns, method="eap", level=0.95).frame.iloc[rows]
    assert eap["value"].to_numpy() == pytest.approx(peer["EAP_first10"], abs=1e-4)
    assert (eap["high"] - eap["low"]).to_numpy() / (2 * Z) == pytest.approx(peer["EAP_SE_first10"], abs=1e-4)
    wle = person_scores(found, patterns, method="wle", level=0.95).frame.iloc[rows]
    assert wle["value"].to_numpy() == pytest.approx(peer["WLE_first10"], abs=1e-4)
    curves = information(found, at=np.array(peer["theta_grid"]), level=0.95)
    assert curves.test.frame["value"].to_numpy() == pytest.approx(peer["test_information"], abs=2e-4)
    assert curves.expected == pytest.approx(peer["expected_test_score"], abs=2e-4)
    for place, name in enumerate(found.items):
        assert curves.items[place] == pytest.approx(peer["item_information"][name], abs=2e-4)


@pytest.mark.parametrize("name", ["science4", "lead11"])
def test_weighted_likelihood_scores_are_those_of_tam(cases, fitted, name):
    frame, patterns, _, peers = cases(name)
    wle = person_scores(fitted(name, "Rasch"), patterns, method="wle", level=0.95).frame.iloc[rows_of(patterns, frame)]
    assert wle["value"].to_numpy() == pytest.approx(peers["TAM"]["WLE_first10"], abs=5e-4)
    assert (wle["high"] - wle["low"]).to_numpy() / (2 * Z) == pytest.approx(peers["TAM"]["WLE_error_first10"],
                                                                           abs=5e-4)


@pytest.mark.parametrize("name", ["science4", "lead11"])
def test_infit_and_outfit_under_both_labels(cases, fitted, name):
    """Trap 17: at the EAP the mean squares are too small; over the posterior they are those of TAM."""
    _, patterns, peers, others = cases(name)
    at_eap = mean_squares(fitted(name, "graded"), patterns, at="eap")
    assert at_eap["infit"].to_numpy() == pytest.approx(peers["graded"]["infit_outfit"]["infit"], abs=1e-4)
    assert at_eap["outfit"].to_numpy() == pytest.approx(peers["graded"]["infit_outfit"]["outfit"], abs=1e-4)
    over = mean_squares(fitted(name, "Rasch"), patterns)
    assert over["infit"].to_numpy() == pytest.approx(others["TAM"]["msq_itemfit"]["Infit"], abs=1e-4)
    assert over["outfit"].to_numpy() == pytest.approx(others["TAM"]["msq_itemfit"]["Outfit"], abs=1e-4)
    if name == "science4":
        assert at_eap.set_index("item")["infit"]["Future"] < 0.65 < 0.9 < over.set_index("item")["infit"]["Future"]


@pytest.mark.parametrize("name", ["science4", "lead11"])
def test_whole_model_pairs_and_persons(cases, fitted, name):
    frame, patterns, peers, _ = cases(name)
    found, peer = fitted(name, "graded"), peers["graded"]
    fit = model_fit(found, patterns)
    assert fit.test.statistic == pytest.approx(peer["C2"]["M2"], rel=1e-5) and fit.test.df == peer["C2"]["df"]
    assert fit.test.n == len(frame) and fit.srmsr == pytest.approx(peer["C2"]["SRMSR"], abs=1e-5)
    assert fit.rmsea.value == pytest.approx(peer["C2"]["RMSEA"], abs=1e-5)
    # the ends: n - 1 here, n there
    assert (fit.rmsea.low, fit.rmsea.high) == pytest.approx((peer["C2"]["RMSEA_5"], peer["C2"]["RMSEA_95"]), rel=2e-3)
    items = list(found.items)
    wanted = np.array(peer["Q3"]["values"], dtype=float)
    for row in local_dependence(found, patterns).itertuples():
        assert row.q3 == pytest.approx(wanted[items.index(row.first), items.index(row.second)], abs=1e-5)
    lz = person_fit(found, patterns)["lz"].to_numpy()[rows_of(patterns, frame)]
    assert lz == pytest.approx(peer["personfit_first10"]["Zh"], abs=1e-4)


def test_item_fit_gives_the_verdict_of_the_peer(cases, fitted):
    """Cells are merged in another order, so only the verdict is held: no misfit in science4, A1 misfits when slopes are
    equal (its slope is negative)."""
    assert (item_fit(fitted("science4", "graded"), cases("science4")[1])["p"] > 0.05).all()
    frame = cases("bfi_A")[0].dropna()
    patterns = sheets(frame, 1, 6)
    equal = item_response(patterns, model="partial_credit", level=0.95)
    found = item_fit(equal, patterns).set_index("item")
    peer = dict(zip(cases("bfi_A")[2]["Rasch"]["S_X2"]["item"], cases("bfi_A")[2]["Rasch"]["S_X2"]["S_X2"],
                    strict=True))
    assert found["statistic"].idxmax() == "A1" and (found["p"] < 1e-6).all()
    assert found["statistic"].to_dict() == pytest.approx(peer, rel=0.1)


def test_weights_and_clusters(shared):
    folder = shared / "refs/validation"
    content = json.loads((folder / "cases/survey_irt_lead11.json").read_text(encoding="utf-8"))
    data = pd.read_csv(folder / "data/lq2002.csv")
    frame = data[ITEMS["lead11"][0]]
    weights = 0.5 + (np.arange(1, len(frame) + 1) % 7) / 4
    peer = content["results"][0]["numbers"]
    found = item_response(sheets(frame, 1, 5, weights), model="graded", level=0.95)
    assert found.log_likelihood == pytest.approx(peer["logLik"], abs=1e-3)
    wanted = np.array(peer["IRT_parameters"]["values"], dtype=float)
    assert np.column_stack([found.slopes[0], found.thresholds()]) == pytest.approx(wanted, abs=5e-4)
    assert (found.parameters.frame["note"] == "weights_need_units").all()
    units = {str(unit): sheets(frame.loc[rows], 1, 5, weights[rows])
             for unit, rows in data.groupby("COMPID").indices.items()}
    with_units = item_response(sheets(frame, 1, 5, weights), model="graded", level=0.95, clusters=units)
    assert with_units.parameters.frame["value"].to_numpy() == pytest.approx(found.parameters.frame["value"].to_numpy())
    assert (with_units.parameters.frame["note"] == "").all()
    tam = item_response(sheets(frame, 1, 5, weights), model="partial_credit", level=0.95)
    assert tam.sd[0] ** 2 == pytest.approx(content["results"][2]["numbers"]["variance"], abs=1e-3)


def test_clusters_matter_for_levels_hardly_for_slopes(shared):
    """METHODS A1: bootstrapping companies instead of persons widens thresholds by 1.5 on average, slopes not."""
    data = pd.read_csv(shared / "refs/validation/data/lq2002.csv")
    frame = data[ITEMS["lead11"][0]]
    plain = item_response(sheets(frame, 1, 5), model="graded", level=0.95).parameters.frame
    units = {str(unit): sheets(frame.loc[rows], 1, 5) for unit, rows in data.groupby("COMPID").indices.items()}
    robust = item_response(sheets(frame, 1, 5), model="graded", level=0.95, clusters=units).parameters.frame
    ratio = (robust["high"] - robust["low"]) / (plain["high"] - plain["low"])
    slope = plain["label"] == "slope"
    assert 1.3 < ratio[~slope].mean() < 1.9 and ratio[~slope].mean() > ratio[slope].mean()


def test_many_facet_rasch(shared):
    folder = shared / "refs/validation"
    peer = json.loads((folder / "cases/mfrm_tam_ex10.json").read_text(encoding="utf-8"))["results"][0]["numbers"]
    data = pd.read_csv(folder / "data/tam_ex10.csv")
    items = [name for name in data if name.startswith("I0")]
    long = data.melt(id_vars=["pid", "rater"], value_vars=items, var_name="item", value_name="answer")
    found = facet_model(long.rename(columns={"pid": "object"}).dropna(), level=0.95)
    assert found.log_likelihood == pytest.approx(peer["logLik"], abs=1e-2)
    assert found.spread.frame["value"][0] ** 2 == pytest.approx(peer["variance"], abs=1e-3)
    values = [*found.items.frame["value"], *found.raters.frame["value"]]
    assert values == pytest.approx(peer["xsi_facets"]["xsi"], abs=5e-4)


@pytest.mark.parametrize("own_top", [True, False])
def test_facets_with_sparse_answers(shared, own_top):
    """TAM lets an item's scale end at its highest answer; the whole scale (our default) is another, poorer model."""
    folder = shared / "refs/validation"
    peer = json.loads((folder / "cases/mfrm_guilford.json").read_text(encoding="utf-8"))["results"][0]["numbers"]
    data = pd.read_csv(folder / "data/guilford_creativity.csv")
    data.columns = ["rater", "object", *(f"t{number}" for number in range(1, 6))]
    long = data.melt(id_vars=["rater", "object"], var_name="item", value_name="answer")
    found = facet_model(long, level=0.95, nodes=121, own_top=own_top)
    if not own_top:
        assert found.log_likelihood < peer["logLik"] - 5
        return
    assert found.log_likelihood == pytest.approx(peer["logLik"], abs=1e-3)
    values = [*found.items.frame["value"], *found.steps.frame["value"], *found.raters.frame["value"]]
    assert values == pytest.approx(peer["xsi_facets"]["xsi"], abs=5e-4)
