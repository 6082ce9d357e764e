"""DIF against R: lrm of rms 6.5.0, Mantel and mantelhaen.test, difR 5.1, mirt 1.45.1, lordif 0.4.2."""

import json

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.numeric.intervals import normal_quantile
from kinerja_lab.psychometrics.dif import logistic_dif
from kinerja_lab.psychometrics.dif_irt import irt_dif
from kinerja_lab.psychometrics.dif_mantel import mantel_dif

Z = normal_quantile(0.95)


def by_group(frame, items, column, low, high):
    out = {}
    for name, rows in frame.groupby(column):
        values, counts = np.unique(rows[items].to_numpy(dtype=np.int16), axis=0, return_counts=True)
        out[str(name)] = ResponsePatterns(items=tuple(items), values=values, counts=counts,
                                          weights=counts.astype(float), low=low, high=high)
    return out


@pytest.fixture(scope="module")
def bfi(shared):
    items = [f"A{number}" for number in range(1, 6)]
    frame = pd.read_csv(shared / "refs/validation/data/bfi.csv")[[*items, "gender"]].dropna()
    frame["A1"] = 7 - frame["A1"]
    return by_group(frame, items, "gender", 1, 6), numbers(shared, "dif_bfi_A_gender")


@pytest.fixture(scope="module")
def anxiety(shared):
    items = [f"R{number}" for number in range(1, 10)]
    frame = pd.read_csv(shared / "refs/validation/data/lordif_anxiety.csv")
    return by_group(frame, items, "age", 1, 5), numbers(shared, "dif_lordif_anxiety_age")


@pytest.fixture(scope="module")
def verbal(shared):
    frame = pd.read_csv(shared / "refs/validation/data/difr_verbal.csv")
    return by_group(frame, list(frame.columns[:24]), "Gender", 0, 1), numbers(shared, "dif_verbal_binary")


def row_of(table, **keys):
    """The one row of a table with these group values."""
    frame = table.frame
    for name, value in keys.items():
        frame = frame[frame[name] == value]
    (row,) = frame.itertuples()
    return row


def numbers(shared, case):
    text = (shared / f"refs/validation/cases/{case}.json").read_text(encoding="utf-8")
    return [result["numbers"] for result in json.loads(text)["results"]]


@pytest.mark.parametrize(("data", "place", "match"), [("bfi", 0, "total"), ("anxiety", 1, "total"),
                                                       ("anxiety", 2, "rest")])
def test_ordinal_logistic_regression(request, data, place, match):
    groups, peers = request.getfixturevalue(data)
    found = logistic_dif(groups, level=0.95, match=match, purify=False)
    tests = found.tests.set_index("item")
    for item, peer in peers[place].items():
        row, odds = tests.loc[item], row_of(found.log_odds, item=item, group=found.groups[1])
        assert found.n == peer["n"] and (row["df_uniform"], row["df"]) == (peer["df12"], peer["df13"])
        assert row["chi2_uniform"] == pytest.approx(peer["chi12"], abs=1e-4)
        assert row["chi2_nonuniform"] == pytest.approx(peer["chi23"], abs=1e-4)
        assert row["p"] == pytest.approx(peer["p13"], abs=1e-5)
        for name in ("nagelkerke", "mcfadden", "coxsnell"):
            change = peer[f"R2_{name}"][1] - peer[f"R2_{name}"][0]
            assert row[f"r2_{name}"] == pytest.approx(change, abs=1e-7), name
        assert odds.value == pytest.approx(peer["beta_group"], abs=1e-4)
        assert odds.low == pytest.approx(peer["beta_group"] - Z * peer["beta_group_se"], abs=2e-4)
        assert odds.high == pytest.approx(peer["beta_group"] + Z * peer["beta_group_se"], abs=2e-4)


@pytest.mark.parametrize(("data", "place"), [("bfi", 1), ("anxiety", 3)])
def test_mantel_and_mean_difference(request, data, place):
    groups, peers = request.getfixturevalue(data)
    found = mantel_dif(groups, level=0.95)
    tests = found.tests.set_index("item")
    for item, peer in peers[place].items():
        assert tests.loc[item, "mantel"] == pytest.approx(peer["mantel_chisq"], abs=1e-9)
        assert tests.loc[item, "p"] == pytest.approx(peer["mantel_p"], abs=1e-9)
        assert row_of(found.difference, item=item).value == pytest.approx(peer["smd"], abs=1e-10)
        assert row_of(found.standardised, item=item).value == pytest.approx(peer["smd_over_pooled_sd"], abs=1e-10)
        if "M2" in peer["gmh"]:
            assert tests.loc[item, "gmh"] == pytest.approx(peer["gmh"]["M2"], abs=1e-8)
            assert tests.loc[item, "gmh_df"] == peer["gmh"]["df"]


def test_items_with_two_answers(verbal):
    groups, (mantel, logistic, mean) = verbal
    found = mantel_dif(groups, level=0.95, continuity=True)
    assert found.tests["mantel"].to_numpy() == pytest.approx(mantel["MH"], abs=1e-9)
    odds = found.odds_ratio.frame
    assert odds["value"].to_numpy() == pytest.approx(mantel["alphaMH"], abs=1e-9)
    half = Z * np.sqrt(mantel["varLambda"])
    assert np.log(odds["low"]).to_numpy() == pytest.approx(np.log(mantel["alphaMH"]) - half, abs=1e-6)
    assert np.log(odds["high"]).to_numpy() == pytest.approx(np.log(mantel["alphaMH"]) + half, abs=1e-6)
    assert found.difference.frame["value"].to_numpy() == pytest.approx(mean["PDIF"], abs=1e-10)
    fitted = logistic_dif(groups, level=0.95, purify=False).tests
    assert fitted["chi2"].to_numpy() == pytest.approx(logistic["Logistik"], abs=1e-6)
    assert fitted["r2_nagelkerke_all"].to_numpy() == pytest.approx(logistic["deltaR2"], abs=1e-8)


def test_likelihood_ratio_of_multi_group_models(bfi):
    groups, (*_, peer) = bfi
    found = irt_dif(groups, model="graded", level=0.95, items=("A1", "A5"))
    assert found.constrained.log_likelihood == pytest.approx(peer["logLik_constrained"], abs=1e-3)
    assert found.constrained.mean[1] == pytest.approx(peer["latent_mean_group2"], abs=5e-4)
    assert found.constrained.sd[1] ** 2 == pytest.approx(peer["latent_var_group2"], abs=5e-4)
    for row in found.tests.itertuples():
        wanted = peer["drop_one_LRT"][row.item]
        assert (row.chi2, row.df) == (pytest.approx(wanted["chisq"], abs=1e-3), wanted["df"])
        assert row.log_likelihood == pytest.approx(wanted["logLik_free"], abs=1e-3)


def test_match_by_trait_as_lordif(shared):
    """Same rounds, same list; p-values within mirt's own stopping rule (1e-4 a parameter)."""
    items = [f"R{number}" for number in range(1, 30)]
    frame = pd.read_csv(shared / "refs/validation/data/lordif_anxiety.csv")
    peer = numbers(shared, "dif_lordif_anxiety_age")[0]
    found = logistic_dif(by_group(frame, items, "age", 1, 5), level=0.95, match="trait", at_once=True,
                         criterion="any_test", rate=0.01)
    assert list(found.flagged) == peer["flagged"] == ["R9", "R11", "R18", "R24"]
    assert found.rounds == peer["iterations"] == 3 and found.settled and found.n == 766
    assert set(found.anchors) == set(items) - set(peer["flagged"])
    stats, tests = peer["stats"], found.tests
    for ours, theirs in (("p_uniform", "chi12"), ("p", "chi13"), ("p_nonuniform", "chi23")):
        assert tests[ours].to_numpy() == pytest.approx(stats[theirs], abs=2e-3), theirs
        clear = np.array(stats[theirs]) < 0.01
        assert tests[ours].to_numpy()[clear] == pytest.approx(np.array(stats[theirs])[clear], abs=1.5e-4), theirs
    for name, peers in (("mcfadden", "McFadden"), ("nagelkerke", "Nagelkerke"), ("coxsnell", "CoxSnell")):
        assert tests[f"r2_{name}"].to_numpy() == pytest.approx(stats[f"pseudo12.{peers}"], abs=1e-4)
    assert tests["r2_nagelkerke_all"].to_numpy() == pytest.approx(stats["pseudo13.Nagelkerke"], abs=1e-4)
    assert tests["df_uniform"].tolist() == stats["df12"] and tests["df"].tolist() == stats["df13"]
