"""Estimates under a design against R survey 4.5 (and svy 0.35) on the California schools: values, errors, limits, n."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from kinerja_lab.estimation.domains import domain_difference, domain_means, domain_ratios, domain_totals
from kinerja_lab.estimation.one_off import design_independence, design_regression
from kinerja_lab.estimation.quantiles import quantiles
from kinerja_lab.estimation.replicates import jackknife, replicate_estimate
from kinerja_lab.estimation.sample import Sample
from kinerja_lab.estimation.sample_size import krejcie_morgan
from kinerja_lab.estimation.shares import domain_shares
from kinerja_lab.estimation.weighting import Margin, calibrate_weights, trim_weights

TIGHT = 1e-9
"""Tolerance of METHODS for R survey."""
DESIGNS = ("dstrat", "dstrat_nofpc", "dclus1", "dclus1_nofpc")


@pytest.fixture(scope="module")
def cases(shared):
    return json.loads((shared / "refs/calibration/survey/api_survey_4.5.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def schools(shared):
    folder = shared / "refs/calibration/data"
    strat, clus = (pd.read_csv(folder / f"{name}.csv") for name in ("apistrat", "apiclus1"))
    found = {}
    for name in DESIGNS:
        frame = strat if name.startswith("dstrat") else clus
        labels = {"strata": strat["stype"].to_numpy()} if frame is strat else {"clusters": clus["dnum"].to_numpy()}
        if not name.endswith("nofpc"):
            labels["population"] = frame["fpc"].to_numpy(dtype=float)
        found[name] = (frame, Sample(weights=frame["pw"].to_numpy(), **labels))
    return found


def limits(table):
    return table.frame[["low", "high"]].to_numpy()


@pytest.mark.parametrize("design", DESIGNS)
def test_mean_with_limits_n_and_design_effects(cases, schools, design):
    (frame, sample), expected = schools[design], cases[design]["svymean_api00"]
    found = domain_means(sample, frame["api00"].to_numpy(), level=0.95)
    row = found.table.estimates()[0]
    assert row.value == pytest.approx(expected["est"], rel=TIGHT)
    assert found.se[0] == pytest.approx(expected["se"], rel=TIGHT)
    np.testing.assert_allclose(limits(found.table), expected["ci_t"], rtol=TIGHT)
    assert (row.n, found.df[0]) == (len(frame), cases[design]["degf"])
    assert found.deff_without[0] == pytest.approx(expected["deff"], rel=TIGHT)
    assert found.deff[0] == pytest.approx(cases[design]["svymean_api00_deff_replace"], rel=TIGHT)


@pytest.mark.parametrize("design", DESIGNS)
def test_total_and_ratio(cases, schools, design):
    (frame, sample), expected = schools[design], cases[design]
    total = domain_totals(sample, frame["enroll"].to_numpy(), level=0.95)
    assert total.table.frame["value"][0] == pytest.approx(expected["svytotal_enroll"]["est"], rel=TIGHT)
    assert total.se[0] == pytest.approx(expected["svytotal_enroll"]["se"], rel=TIGHT)
    np.testing.assert_allclose(limits(total.table), expected["svytotal_enroll"]["ci_t"], rtol=TIGHT)
    assert total.deff_without[0] == pytest.approx(expected["svytotal_enroll"]["deff"], rel=TIGHT)
    ratio = domain_ratios(sample, frame["api.stu"].to_numpy(), frame["enroll"].to_numpy(), level=0.95)
    assert ratio.table.frame["value"][0] == pytest.approx(expected["svyratio"]["est"], rel=TIGHT)
    assert ratio.se[0] == pytest.approx(expected["svyratio"]["se"], rel=TIGHT)


@pytest.mark.parametrize("design", DESIGNS)
def test_domains(cases, schools, design):
    (frame, sample), expected = schools[design], cases[design]
    by = domain_means(sample, frame["api00"].to_numpy(), level=0.95, domains=frame["stype"].to_numpy())
    np.testing.assert_allclose(by.table.frame["value"], expected["svyby_mean_api00_by_stype"]["est"], rtol=TIGHT)
    np.testing.assert_allclose(by.se, expected["svyby_mean_api00_by_stype"]["se"], rtol=TIGHT)
    total = domain_totals(sample, frame["enroll"].to_numpy(), level=0.95, domains=frame["sch.wide"].to_numpy())
    np.testing.assert_allclose(total.se, expected["svyby_total_enroll_by_schwide"]["se"], rtol=TIGHT)
    values = np.where(frame["comp.imp"] == "Yes", frame["api00"], np.nan)
    part = domain_means(sample, values, level=0.95)
    assert part.se[0] == pytest.approx(expected["subset_mean_api00_compimpYes"]["se"], rel=TIGHT)


@pytest.mark.parametrize("design", DESIGNS)
@pytest.mark.parametrize("method", ["logit", "beta", "mean"])
def test_share(cases, schools, design, method):
    (frame, sample), expected = schools[design], cases[design][f"svyciprop_{method}"]
    found = domain_shares(sample, (frame["sch.wide"] == "Yes").to_numpy(dtype=float), level=0.95, method=method)
    assert found.table.frame["value"][0] == pytest.approx(expected["est"], rel=TIGHT)
    # svyciprop's logit comes from a regression that stops at 1e-8
    np.testing.assert_allclose(limits(found.table)[0], expected["ci"], rtol=2e-9 if method == "logit" else TIGHT)


@pytest.mark.parametrize("design", DESIGNS)
def test_quantiles(cases, schools, design):
    (frame, sample), expected = schools[design], cases[design]["svyquantile_default"]
    found = quantiles(sample, frame["api00"].to_numpy(), shares=(0.25, 0.5, 0.75), level=0.95)
    np.testing.assert_array_equal(found.frame["value"], expected["est"])
    np.testing.assert_array_equal(limits(found), expected["ci"])


@pytest.mark.parametrize(("ours", "theirs"), [("certainty", "certainty"), ("certainty", "remove"),
                                              ("centre", "adjust"), ("average", "average")])
def test_lonely_clusters(cases, schools, ours, theirs):
    frame = schools["dstrat"][0].copy()
    frame.loc[0, "stype"] = "X"
    sample = Sample(weights=frame["pw"].to_numpy(), strata=frame["stype"].to_numpy(), lonely=ours)
    expected = cases["lonely_psu"][theirs]
    mean = domain_means(sample, frame["api00"].to_numpy(), level=0.95)
    assert mean.se[0] == pytest.approx(expected["se_mean"], rel=TIGHT)
    assert mean.table.frame["note"][0] == "lonely_stratum"
    total = domain_totals(sample, frame["enroll"].to_numpy(), level=0.95)
    assert total.se[0] == pytest.approx(expected["se_total_enroll"], rel=TIGHT)


def test_the_old_version_centred_a_lonely_stratum_otherwise(shared, cases):
    old = json.loads((shared / "refs/calibration/survey/api_survey_4.1-1.json").read_text(encoding="utf-8"))
    assert old["lonely_psu"]["adjust"]["se_total_enroll"] == pytest.approx(117786.58, abs=0.01)
    assert cases["lonely_psu"]["adjust"]["se_total_enroll"] == pytest.approx(117318.59, abs=0.01)
    assert max(abs(a - b) for a, b in zip(old["trim"]["weights"], cases["trim"]["weights"], strict=True)) > 0.01


@pytest.mark.parametrize(("design", "case"), [("dclus1", "JK1_dclus1"), ("dstrat_nofpc", "JKn_dstrat_nofpc")])
def test_jackknife(cases, schools, design, case):
    frame, sample = schools[design]
    values = frame["api00"].to_numpy()
    found = replicate_estimate(lambda weights: weights @ values / weights.sum(), jackknife(sample), label="mean",
                               level=0.95, n=sample.n, unit="scale_points", centre="replicates")
    expected = cases["replicate"][case]
    half = stats.t.ppf(0.975, cases[design]["degf"]) * expected["se"]
    np.testing.assert_allclose([found.value, found.low, found.high],
                               [expected["est"], expected["est"] - half, expected["est"] + half], rtol=TIGHT)


TYPES = {"E": 4421.0, "H": 755.0, "M": 1018.0}
WIDE = {"No": 1072.0, "Yes": 5122.0}
CALIBRATIONS = {
    "linear_stype": (("stype",), {"distance": "linear"}, TIGHT),
    "poststratify_stype": (("stype",), {}, TIGHT),
    "linear_stype_api99": (("stype", "api99"), {"distance": "linear"}, TIGHT),
    "raking_stype_api99": (("stype", "api99"), {}, 1e-8),
    "logit_bounds_.5_2.5": (("stype", "api99"), {"distance": "logit", "bounds": (0.5, 2.5)}, 1e-8),
    "linear_bounds_.6_1.6": (("stype", "api99"), {"distance": "linear", "bounds": (0.6, 1.6)}, TIGHT),
    "rake_ipf_stype_schwide": (("stype", "sch.wide"), {}, 1e-4),
}
"""Margins, how, and the tolerance: R's iterations stop at 1e-7 (its rake at 1)."""


@pytest.mark.parametrize("case", CALIBRATIONS)
def test_calibration_weights_and_errors_after_it(cases, schools, case):
    frame, sample = schools["dclus1"]
    columns, how, tolerance = CALIBRATIONS[case]
    totals = {"stype": TYPES, "sch.wide": WIDE, "api99": 3914069.0}
    found = calibrate_weights(sample, [Margin(name=name, values=frame[name].to_numpy(), totals=totals[name])
                                       for name in columns], **how)
    expected = cases["calibration_dclus1"][case]
    np.testing.assert_allclose(found.sample.weights, expected["weights"], rtol=tolerance)
    np.testing.assert_allclose(found.margins["after"], found.margins["wanted"], rtol=TIGHT)
    mean = domain_means(found.sample, frame["api00"].to_numpy(), level=0.95)
    assert mean.table.frame["value"][0] == pytest.approx(expected["mean_api00"], rel=tolerance)
    assert mean.se[0] == pytest.approx(expected["se_mean_api00"], rel=tolerance)
    total = domain_totals(found.sample, frame["enroll"].to_numpy(), level=0.95)
    assert total.se[0] == pytest.approx(expected["se_total_enroll"], rel=tolerance)


def test_trimming(cases):
    weights = np.array(cases["calibration_dclus1"]["linear_stype_api99"]["weights"])
    found = trim_weights(weights, lower=20, upper=45)
    np.testing.assert_allclose(found.weights, cases["trim"]["weights"], rtol=TIGHT)


@pytest.mark.parametrize("design", ["dstrat", "dclus1"])
def test_regression_and_independence(cases, schools, design):
    (frame, sample), expected = schools[design], cases[design]
    columns = {name: frame[name].to_numpy() for name in ("ell", "meals", "mobility")}
    quantile = stats.t.ppf(0.975, expected["degf"] - 3)
    wide = (frame["sch.wide"] == "Yes").to_numpy(dtype=float)
    for outcome, family, tolerance in ((frame["api00"].to_numpy(), "gaussian", TIGHT), (wide, "binomial", 1e-4)):
        found = design_regression(sample, outcome, columns, level=0.95, family=family).frame
        peer = expected["svyglm_gaussian" if family == "gaussian" else "svyglm_quasibinomial"]
        value, se = np.array(peer["est"]), np.array(peer["se"])
        np.testing.assert_allclose(found["value"], value, rtol=TIGHT)
        half = quantile * se
        np.testing.assert_allclose(found["value"] - found["low"], half, rtol=tolerance)
        np.testing.assert_allclose(found["high"] - found["value"], half, rtol=tolerance)
        assert (found["n"] == sample.n).all()
    test = design_independence(sample, frame["sch.wide"].to_numpy(), frame["stype"].to_numpy())
    assert test.statistic == pytest.approx(expected["svychisq_F"]["F"], rel=TIGHT)
    assert test.p == pytest.approx(expected["svychisq_F"]["p"], rel=1e-8)


def test_a_difference_is_the_slope_of_a_regression_on_the_group(schools):
    frame, sample = schools["dclus1"]
    yes = (frame["comp.imp"] == "Yes").to_numpy()
    found = domain_difference(sample, frame["api00"].to_numpy(), first=yes, second=~yes, level=0.95)
    slope = design_regression(sample, frame["api00"].to_numpy(), {"yes": yes.astype(float)}, level=0.95).row("yes")
    se = (slope.high - slope.low) / 2 / stats.t.ppf(0.975, 13)
    assert found.value == pytest.approx(slope.value, rel=TIGHT)
    assert (found.high - found.low) / 2 / stats.t.ppf(0.975, 14) == pytest.approx(se, rel=TIGHT)


def test_table_of_krejcie_and_morgan(shared):
    table = json.loads((shared / "data/reference.json").read_text(encoding="utf-8"))["krejcie_morgan"]
    found = {size: krejcie_morgan(float(size)).answers for size in table}
    differing = {size: (found[size], printed) for size, printed in table.items() if found[size] != printed}
    assert differing == {"100000": (383, 384)}, "the one entry that the printed table rounds otherwise"
