"""Polychorics, WLSMV and its fit against lavaan 0.6-14 (R), plain and with sampling weights."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.psychometrics.confirmatory_ordinal import confirm_ordinal
from kinerja_lab.psychometrics.design_sheets import DesignSheets, plain_sheets
from kinerja_lab.psychometrics.polychoric import polychoric

MODELS = {
    "cfa_ordinal_science4": {"F": ("Comfort", "Work", "Future", "Benefit")},
    "cfa_ordinal_science7_2f": {"F1": ("Comfort", "Work", "Future", "Benefit"),
                                "F2": ("Environment", "Technology", "Industry")},
    "cfa_ordinal_bfi_ACE": {letter: tuple(f"{letter}{k}" for k in range(1, 6)) for letter in "ACE"},
}


def load(shared, case):
    folder = shared / "refs/validation"
    content = json.loads((folder / f"cases/{case}.json").read_text(encoding="utf-8"))
    return pd.read_csv(folder / content["data"].split(";")[0]), content["results"]


def weighted_sheets(frame, weights, clusters=None):
    """Sheets of rows with weights, and clusters where given."""
    values, place, counts = np.unique(frame.to_numpy(), axis=0, return_inverse=True, return_counts=True)
    place = place.ravel()
    patterns = ResponsePatterns(
        items=tuple(frame.columns), values=values.astype(np.int16), counts=counts,
        weights=np.bincount(place, weights=weights), low=int(values.min()), high=int(values.max()))
    totals = None
    if clusters is not None:
        names, code = np.unique(clusters, return_inverse=True)
        totals = sparse.csr_array((weights, (code, place)), shape=(len(names), len(values)))
    return DesignSheets(patterns=patterns, squares=np.bincount(place, weights=weights**2), totals=totals)


@pytest.fixture(params=MODELS)
def case(request, shared):
    frame, results = load(shared, request.param)
    factors = MODELS[request.param]
    numbers = next(result["numbers"] for result in results if "ordered=TRUE" in result["call"])
    frame = frame[[item for own in factors.values() for item in own]].dropna().astype(int)
    source = polychoric(plain_sheets(weighted_sheets(frame, np.ones(len(frame))).patterns), level=0.95)
    return source, confirm_ordinal(source, factors=factors, level=0.95), numbers


def test_thresholds_with_both_ends_and_n(case):
    source, _, numbers = case
    found = source.table.frame[source.table.frame["kind"] == "threshold"].set_index(["item", "other"])
    for row in numbers["parameters"]:
        if row["op"] == "|":
            own = found.loc[(row["lhs"], row["rhs"].removeprefix("t"))]
            assert own["value"] == pytest.approx(row["est"], abs=1e-8)
            assert own["low"] == pytest.approx(row["est"] - 1.959963985 * row["se"], abs=1e-6)
            assert own["high"] == pytest.approx(row["est"] + 1.959963985 * row["se"], abs=1e-6)
            assert own["n"] == numbers["nobs"]


def test_polychoric_matrix(case):
    source, _, numbers = case
    if "sample_polychoric" in numbers:
        np.testing.assert_allclose(source.correlation, numbers["sample_polychoric"]["values"], atol=1e-6)


def test_loadings_with_both_ends(case):
    _, model, numbers = case
    found = model.loadings.frame.set_index(["factor", "item"])
    turned = {row["lhs"]: np.sign(row["est"] * found.loc[(row["lhs"], row["rhs"]), "value"])
              for row in numbers["parameters"] if row["op"] == "=~"}  # a factor may point either way
    for row in numbers["parameters"]:
        if row["op"] == "=~":
            own = found.loc[(row["lhs"], row["rhs"])]
            assert own["value"] * turned[row["lhs"]] == pytest.approx(row["est"], abs=1e-5)
            assert (own["high"] - own["low"]) / 2 / 1.959963985 == pytest.approx(row["se"], abs=1e-5)


def test_chi2_and_three_families_of_fit(case):
    _, model, numbers = case
    fit = numbers["fit"]
    assert model.test.statistic == pytest.approx(fit["chisq.scaled"], rel=1e-5)
    assert model.test.df == fit["df"]
    table = model.fit.frame.set_index(["family", "label"])["value"]
    assert table["plain", "chi2"] == pytest.approx(fit["chisq"], rel=1e-5)
    for name in ("cfi", "tli", "rmsea"):
        assert table["plain", name] == pytest.approx(fit[name], abs=1e-5)
        assert table["scaled", name] == pytest.approx(fit[f"{name}.scaled"], abs=1e-5)
        if f"{name}.robust" in fit:
            assert table["robust", name] == pytest.approx(fit[f"{name}.robust"], abs=1e-4)
    assert table["all", "srmr"] == pytest.approx(fit["srmr"], abs=1e-6)
    row = model.fit.frame.set_index(["family", "label"]).loc[("plain", "rmsea")]
    assert row["low"] == pytest.approx(fit["rmsea.ci.lower"], abs=1e-5)
    assert row["high"] == pytest.approx(fit["rmsea.ci.upper"], abs=1e-5)


LEAD = tuple(f"LEAD{k:02d}" for k in range(1, 12))


@pytest.fixture
def soldiers(shared):
    frame, results = load(shared, "survey_cfa_lead11")
    weights = 0.5 + (np.arange(1, len(frame) + 1) % 7) / 4
    return frame, weights, results


def test_sampling_weights_as_lavaan(soldiers):
    frame, weights, results = soldiers
    call = "cfa(ordered=TRUE, sampling.weights='w')"
    numbers = next(result["numbers"] for result in results if result["call"] == call)
    source = polychoric(weighted_sheets(frame[list(LEAD)], weights * len(frame) / weights.sum()), level=0.95)
    model = confirm_ordinal(source, factors={"F": LEAD}, level=0.95)
    found = model.loadings.frame.set_index("item")
    for row in numbers["parameters"]:
        if row["op"] == "=~":
            own = found.loc[row["rhs"]]
            assert own["value"] == pytest.approx(row["est"], abs=1e-4)
            assert (own["high"] - own["low"]) / 2 / 1.959963985 == pytest.approx(row["se"], rel=2e-3)
    assert model.test.statistic == pytest.approx(numbers["fit"]["chisq.scaled"], rel=1e-3)


def test_clusters_move_thresholds_and_hardly_loadings(soldiers):
    """Whole companies drawn again say (case cluster_bootstrap_lead11): thresholds x1.51 on average."""
    frame, _, _ = soldiers
    ones = np.ones(len(frame))
    plain, clustered = (polychoric(weighted_sheets(frame[list(LEAD)], ones, clusters), level=0.95)
                        for clusters in (None, frame["COMPID"].to_numpy()))
    first = sum(len(cuts) for cuts in plain.thresholds)
    ratio = np.sqrt(np.diag(clustered.covariance) / np.diag(plain.covariance))[:first]
    assert np.mean(ratio) == pytest.approx(1.51, abs=0.06)
    assert (clustered.clusters, clustered.df, clustered.n) == (49, 48.0, len(frame))
    loading = [confirm_ordinal(source, factors={"F": LEAD}, level=0.95).loadings.frame for source in (plain, clustered)]
    width = [(own["high"] - own["low"]).to_numpy() for own in loading]
    assert 0.8 < np.median(width[1] / width[0]) < 1.3


def test_ordinal_ladder_as_semtools(shared):
    """Chi-square of every step and the differences between steps (Satorra 2000), bfi A by gender."""
    from kinerja_lab.numeric.weighted_structure import difference_chi2
    from kinerja_lab.psychometrics.invariance_model import STEPS, GroupModel
    from kinerja_lab.psychometrics.invariance_ordinal import _Data

    frame, results = load(shared, "invariance_bfi_A_gender")
    numbers = results[1]["numbers"]
    items = [f"A{k}" for k in range(1, 6)]
    frame = frame[[*items, "gender"]].dropna().astype(int)
    groups = {str(name): weighted_sheets(own[items], np.ones(len(own))) for name, own in frame.groupby("gender")}
    data = _Data({name: polychoric(own, level=0.95) for name, own in groups.items()})
    model = GroupModel(sizes=data.sizes, groups=2, step="configural")
    fit = data.fit(model, data.start(model))
    for place, (step, theirs) in enumerate(zip(STEPS, ("configural", "thresholds", "metric", "scalar", "strict"),
                                               strict=True)):
        narrow = GroupModel(sizes=data.sizes, groups=2, step=step)
        found = data.fit(narrow, narrow.point_of(model.group_curves(fit.point)))
        chi2 = data.chi2(found)
        assert (chi2.plain, chi2.df) == (pytest.approx(numbers[theirs]["chisq"], rel=1e-5), numbers[theirs]["df"])
        assert chi2.adjusted == pytest.approx(numbers[theirs]["chisq.scaled"], rel=1e-4)
        if place:
            cost = difference_chi2(fit, found, weights=data.weights, covariance=data.covariance)
            assert cost.df == numbers["lrt_satorra2000"]["df_diff"][place]
            assert cost.adjusted == pytest.approx(numbers["lrt_satorra2000"]["chisq_diff"][place], rel=2e-3)
        model, fit = narrow, found
