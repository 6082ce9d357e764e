"""Continuous factors against lavaan: the shared cases (0.6-14 and 0.6-20), and more of 0.6-14 beside this file.

``confirmatory_lavaan.R`` made ``confirmatory_lavaan.json``.
"""

import json
from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy import special

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.psychometrics.confirmatory import confirmatory
from kinerja_lab.psychometrics.design_sheets import plain_sheets
from kinerja_lab.psychometrics.invariance import measured_ladder
from kinerja_lab.psychometrics.item_moments import answer_moments, item_moments

HOLZINGER = {"visual": ("x1", "x2", "x3"), "textual": ("x4", "x5", "x6"), "speed": ("x7", "x8", "x9")}
ITEMS = tuple(item for own in HOLZINGER.values() for item in own)
LEAD = tuple(f"LEAD{k:02d}" for k in range(1, 12))
BIFACTOR = {"A": ("A2", "A3", "A4", "A5"), "E": ("E3", "E4", "E5"), "C": ("C1", "C2", "C3")}
KIND = {"=~": "loading", "~1": "intercept", "~~": "residual"}


@pytest.fixture(scope="module")
def lavaan():
    return json.loads(Path(__file__).with_name("confirmatory_lavaan.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def pupils(shared):
    return pd.read_csv(shared / "refs/validation/data/holzinger1939.csv")


def case(shared, name):
    return json.loads((shared / f"refs/validation/cases/{name}.json").read_text(encoding="utf-8"))["results"]


@pytest.fixture(scope="module")
def model_of(pupils):
    """The model of one case of ``confirmatory_lavaan.R``, fitted once."""
    return cache(lambda name: case_model(pupils, name))


def case_model(pupils, name):
    design = {"cluster": {"clusters": (pupils["school"] + pupils["ageyr"].astype(str)).to_numpy()},
              "weights": {"weights": 0.5 + (np.arange(1, len(pupils) + 1) % 7) / 4}}.get(name, {})
    errors = {"ML": "normal", "MLM": "satorra_bentler", "cluster": "huber_white_means",
              "weights": "huber_white_means"}.get(name.removeprefix("second_"), "huber_white")
    source = answer_moments(pupils[list(ITEMS)].to_numpy(), items=ITEMS, **design)
    above = "g" if name.startswith("second") else ""
    return confirmatory(source, factors=HOLZINGER, level=0.95, above=above, errors=errors)


def reach(model):
    return special.ndtri(0.975) if np.isinf(model.source.df) else special.stdtrit(model.source.df, 0.975)


def agrees(row, theirs, model, *, error, value="est"):
    """Value and both ends of the interval, 1e-4 of a standard error and 1e-4 of its size, and n."""
    assert row["value"] == pytest.approx(theirs[value], abs=max(1e-4 * theirs["se"], 1e-7) + error)
    half = reach(model) * theirs["se"]
    assert row["low"] == pytest.approx(theirs[value] - half, abs=2e-4 * half + error)
    assert row["high"] == pytest.approx(theirs[value] + half, abs=2e-4 * half + error)
    assert row["n"] == model.source.n


@pytest.mark.parametrize("name", ["ML", "MLM", "MLR", "cluster", "weights"])
def test_loadings_raw_and_standardised(model_of, lavaan, name):
    model, theirs = model_of(name), lavaan[name]
    raw = model.raw.frame.set_index(["kind", "item"])
    standard = model.loadings.frame.set_index(["factor", "item"])
    between = model.correlations.frame.set_index(["factor", "other"])
    assert theirs["n"] == 301
    for row in theirs["raw"]:
        if row["op"] in ("=~", "~1") and row["rhs"] + row["lhs"] and row.get("se"):
            agrees(raw.loc[(KIND[row["op"]], row["rhs"] or row["lhs"])], row, model, error=3e-6)
        elif row["op"] == "~~" and row["lhs"] in ITEMS:
            agrees(raw.loc[("residual", row["lhs"])], row, model, error=5e-6)
        elif row["op"] == "~~" and row["lhs"] != row["rhs"]:
            agrees(between.loc[(row["rhs"], row["lhs"])], row, model, error=3e-6)
    for row in theirs["standard"]:
        if row["op"] == "=~":
            agrees(standard.loc[(row["lhs"], row["rhs"])], row, model, error=3e-6, value="est.std")


@pytest.mark.parametrize("name", ["ML", "MLM", "MLR", "cluster", "weights", "second_ML", "second_MLR"])
def test_test_and_three_families_of_fit(model_of, lavaan, name):
    model, fit = model_of(name), lavaan[name]["fit"]
    table = model.fit.frame.set_index(["family", "label"])
    value = table["value"]
    assert value["plain", "chi2"] == pytest.approx(fit["chisq"], rel=1e-6)
    assert model.test.df == fit["df"]
    families = [("plain", "")] if name.endswith("ML") else [("plain", ""), ("scaled", ".scaled"), ("robust", ".robust")]
    if len(families) == 3:
        assert model.test.statistic == pytest.approx(fit["chisq.scaled"], rel=1e-5)
        assert value["scaled", "chi2"] == model.test.statistic
    for family, ending in families:
        for label in ("cfi", "tli", "rmsea"):
            assert value[family, label] == pytest.approx(fit[label + ending], abs=2e-6)
        if family != "scaled":  # lavaan's interval of the scaled one is of the unscaled chi-square with df times c
            for end, theirs in (("low", "lower"), ("high", "upper")):
                assert table.loc[(family, "rmsea"), end] == pytest.approx(
                    fit[f"rmsea.ci.{theirs}{ending}"], abs=2e-6)
            assert table.loc[(family, "rmsea"), "level"] == 0.90
    # with means in the model lavaan divides by their number too
    means = np.sqrt(45 / 54) if name in ("cluster", "weights") else 1.0
    assert value["all", "srmr"] * means == pytest.approx(fit["srmr"], abs=1e-6)


def test_shared_case_with_a_marker_item(shared, model_of):
    """lavaan's default fixes the first loading: ratios of ours, with errors by the delta method."""
    for result in case(shared, "cfa_holzinger"):
        name = {"cfa(HS, data)  ML": "ML", "cfa(HS, data, estimator='MLR')": "MLR",
                "cfa(HS, data, estimator='MLM')": "MLM"}.get(result["call"])
        if name is None:
            continue
        model, numbers = model_of(name), result["numbers"]
        assert model.test.statistic == pytest.approx(numbers["fit"].get("chisq.scaled", numbers["fit"]["chisq"]),
                                                     rel=1e-5)
        where = {ITEMS[row]: place for place, (kind, _, row, _) in enumerate(model.names) if kind == "loading"}
        for row in numbers["parameters"]:
            if row["op"] == "=~" and row["se"]:
                own, first = where[row["rhs"]], where[HOLZINGER[row["lhs"]][0]]
                ratio = model.point[own] / model.point[first]
                slope = np.zeros(len(model.point))
                slope[own], slope[first] = 1 / model.point[first], -ratio / model.point[first]
                assert ratio == pytest.approx(row["est"], rel=1e-4)
                assert np.sqrt(slope @ model.spread @ slope) == pytest.approx(row["se"], rel=1e-4)


@pytest.mark.parametrize("name", ["MLR", "cluster", "weights"])
def test_reliability_of_a_factor(model_of, lavaan, name):
    """lavaan defines omega as a parameter; its interval is symmetric, ours is not, its error is the same."""
    model = model_of(name)
    table = model.reliability.frame.set_index("factor")
    for row in lavaan[name]["raw"]:
        if row["op"] == ":=":
            own = table.loc[row["lhs"].removesuffix("_omega")]
            assert own["value"] == pytest.approx(row["est"], abs=2e-6)
            half = reach(model) * row["se"] / (1 - row["est"])
            assert own["low"] == pytest.approx(1 - (1 - row["est"]) * np.exp(half), abs=1e-4)
            assert own["high"] == pytest.approx(1 - (1 - row["est"]) * np.exp(-half), abs=1e-4)
            assert own["n"] == 301


@pytest.mark.parametrize("name", ["second_ML", "second_MLR"])
def test_second_order_factor(model_of, lavaan, name):
    model = model_of(name)
    table = model.upper.frame.set_index("factor")
    for row in lavaan[name]["standard"]:
        if row["op"] == "=~" and row["lhs"] == "g":
            agrees(table.loc[row["rhs"]], row, model, error=2e-5, value="est.std")


def test_bifactor(shared, lavaan):
    frame = pd.read_csv(shared / "refs/validation/data/bfi.csv")
    items = tuple(item for own in BIFACTOR.values() for item in own)
    frame = frame[list(items)].dropna().astype(np.int16)
    values, counts = np.unique(frame.to_numpy(), axis=0, return_counts=True)
    patterns = ResponsePatterns(items=items, values=values, counts=counts, weights=counts.astype(float), low=1, high=6)
    model = confirmatory(item_moments(plain_sheets(patterns)), factors=BIFACTOR, level=0.95, general="g")
    theirs = lavaan["bifactor_MLR"]
    assert (model.test.n, model.test.df) == (theirs["n"], theirs["fit"]["df"])
    assert model.test.statistic == pytest.approx(theirs["fit"]["chisq.scaled"], rel=1e-4)
    table = model.loadings.frame.set_index(["factor", "item"])
    for row in theirs["standard"]:
        if row["op"] == "=~":
            own = table.loc[(row["lhs"], row["rhs"])]
            turn = np.sign(own["value"] * row["est.std"])
            assert own["value"] * turn == pytest.approx(row["est.std"], abs=2e-4)
            assert (own["high"] - own["low"]) / 2 / reach(model) == pytest.approx(row["se"], rel=2e-3)


@pytest.mark.parametrize(("call", "weighted", "clustered"), [
    ("cfa(estimator='MLR')", False, False), ("cfa(estimator='MLR', sampling.weights='w')", True, False),
    ("cfa(estimator='MLR', cluster='COMPID')", False, True), ("cfa(MLR, cluster, weights)", True, True)])
def test_soldiers_in_companies_with_weights(shared, call, weighted, clustered):
    """lavaan 0.6-14 and 0.6-20; under clusters they count the free means in the test (docs/methods/confirmatory.md)."""
    frame = pd.read_csv(shared / "refs/validation/data/lq2002.csv")
    weights = 0.5 + (np.arange(1, len(frame) + 1) % 7) / 4 if weighted else None
    clusters = frame["COMPID"].to_numpy() if clustered else None
    source = answer_moments(frame[list(LEAD)].to_numpy(), items=LEAD, weights=weights, clusters=clusters)
    errors = "huber_white_means" if clustered else "huber_white"
    model = confirmatory(source, factors={"F": LEAD}, level=0.95, errors=errors)
    for version in ("survey_cfa_lead11", "survey_cfa_lead11_lavaan_new"):
        numbers = next(result["numbers"] for result in case(shared, version) if result["call"] == call)
        fit, value = numbers["fit"], model.fit.frame.set_index(["family", "label"])["value"]
        assert value["plain", "chi2"] == pytest.approx(fit["chisq"], rel=1e-6)
        assert model.test.statistic == pytest.approx(fit["chisq.scaled"], rel=1e-5)
        assert (model.test.n, model.test.df, source.df) == (2042, 44, 48.0 if clustered else np.inf)
        for family, ending in (("plain", ""), ("scaled", ".scaled"), ("robust", ".robust")):
            for label in ("cfi", "tli", "rmsea"):
                assert value[family, label] == pytest.approx(fit[label + ending], abs=1e-5)
        raw = model.raw.frame.set_index(["kind", "item"])
        for row in numbers["parameters"]:
            agrees(raw.loc[("loading", row["rhs"])], row, model, error=2e-6)


def ladder_sources(frame, column, items):
    return {str(name): answer_moments(own[list(items)].to_numpy(float), items=items)
            for name, own in frame.groupby(column)}


@pytest.mark.parametrize("name", ["invariance_holzinger_school", "invariance_bfi_A_gender"])
def test_normal_ladder(shared, pupils, name):
    """Every step, as if each held (alpha next to nothing)."""
    numbers = case(shared, name)[0]["numbers"]
    if name.startswith("invariance_bfi"):
        items = tuple(f"A{k}" for k in range(1, 6))
        frame = pd.read_csv(shared / "refs/validation/data/bfi.csv")[[*items, "gender"]].dropna()
        sources, factors = ladder_sources(frame, "gender", items), {"A": items}
    else:
        sources, factors = ladder_sources(pupils, "school", ITEMS), HOLZINGER
    found = measured_ladder(sources, factors=factors, level=0.95, alpha=1e-300, last="residuals", errors="normal")
    lrt = numbers["lrt"]
    for place, (step, theirs) in enumerate(zip(found.steps, ("configural", "metric", "scalar", "strict"), strict=True)):
        expected = numbers[theirs]
        assert (step.chi2.plain, step.chi2.df) == (pytest.approx(expected["chisq"], rel=1e-6), expected["df"])
        value = step.fit.frame.set_index("label")["value"]
        for label in ("cfi", "tli", "rmsea", "srmr"):
            assert value[label] == pytest.approx(expected[label], abs=1e-6)
        if place:
            assert step.test.statistic == pytest.approx(lrt["chisq_diff"][place], rel=1e-4)
            assert (step.test.df, step.test.p) == (lrt["df_diff"][place], pytest.approx(lrt["p"][place], rel=1e-3))


def test_factor_means_of_the_second_group(shared, pupils):
    """lavaan's are in units of the marker item: times its loading."""
    found = measured_ladder(ladder_sources(pupils, "school", ITEMS), factors=HOLZINGER, level=0.95, alpha=1e-300,
                            errors="normal")
    theirs = case(shared, "invariance_holzinger_school")[0]["numbers"]["scalar_latent_means_group2"]
    turn = 1 if found.groups[0] == "Pasteur" else -1
    means = found.means.frame.set_index(["group", "factor", "version"])["value"]
    for place, (name, items) in enumerate(HOLZINGER.items()):
        marker = found.parts.loadings[0, ITEMS.index(items[0]), place]
        assert means[found.groups[1], name, "freed"] * marker * turn == pytest.approx(theirs[name], abs=1e-5)


def test_robust_ladder_and_difference_tests(pupils, lavaan):
    found = measured_ladder(ladder_sources(pupils, "school", ITEMS), factors=HOLZINGER, level=0.95, alpha=1e-300,
                            last="residuals")
    for place, step in enumerate(found.steps):
        expected = lavaan["ladder"][step.step]
        value = step.fit.frame.set_index(["family", "label"])["value"]
        assert step.chi2.adjusted == pytest.approx(expected["chisq.scaled"], rel=1e-5)
        for ours, theirs in ((("scaled", "cfi"), "cfi.scaled"), (("scaled", "rmsea"), "rmsea.scaled"),
                             (("robust", "cfi"), "cfi.robust"), (("all", "srmr"), "srmr")):
            assert value[ours] == pytest.approx(expected[theirs], abs=1e-5)
        if place:  # lavaan takes the unrestricted moments for the weights, ours are those of the wider model
            assert step.test.statistic == pytest.approx(lavaan["ladder_difference"]["chisq"][place], rel=5e-3)
            assert step.test.df == lavaan["ladder_difference"]["df"][place]


def test_the_two_items_set_free_are_those_of_the_literature(pupils, lavaan):
    """x3 and x7 have intercepts of their own (lavaan's tutorial); means, errors and effects as with group.partial."""
    found = measured_ladder(ladder_sources(pupils, "school", ITEMS), factors=HOLZINGER, level=0.95)
    step = found.steps[-1]
    assert (step.step, set(step.freed), step.holds, found.groups) == ("intercepts", {"x3", "x7"}, True,
                                                                     ("Pasteur", "Grant-White"))
    assert step.chi2.plain == pytest.approx(lavaan["partial"]["fit"]["chisq"], rel=1e-6)
    assert step.chi2.adjusted == pytest.approx(lavaan["partial"]["fit"]["chisq.scaled"], rel=1e-5)
    means = found.means.frame.set_index(["group", "factor", "version"])
    first = {row["lhs"]: row["est"] for row in lavaan["partial"]["reference"]}
    for row in lavaan["partial"]["parameters"]:
        if row["op"] == "~1" and row["lhs"] in HOLZINGER:
            own = means.loc[("Grant-White", row["lhs"], "freed")]
            assert own["value"] == pytest.approx(row["est"], abs=1e-5)
            assert (own["high"] - own["low"]) / 2 / special.ndtri(0.975) == pytest.approx(row["se"], rel=1e-4)
            assert own["n"] == 145
        elif row["op"] == "~1" and row["lhs"] in step.freed:
            effect = found.effects.frame.set_index("item").loc[row["lhs"], "value"]
            assert effect == pytest.approx((row["est"] - first[row["lhs"]]) * 25 / 9, abs=1e-5)


def test_bifactor_of_three_by_three_is_refused(pupils):
    """Nine items carry no general factor beside three: lavaan reports a negative residual variance for x1 there."""
    source = answer_moments(pupils[list(ITEMS)].to_numpy(), items=ITEMS)
    with pytest.raises(NotApplicable) as caught:
        confirmatory(source, factors=HOLZINGER, level=0.95, general="g")
    assert caught.value.message.code.endswith("factor_heywood")
