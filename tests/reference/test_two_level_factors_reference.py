"""Two-level factors against lavaan 0.6-14 and semTools 0.5-6 (R), on the leadership data of 49 companies."""

import json

import numpy as np
import pandas as pd
import pytest
from scipy import sparse, stats

from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.psychometrics.design_sheets import DesignSheets
from kinerja_lab.psychometrics.two_level_factors import two_level_factors

LEAD = tuple(f"LEAD{place:02d}" for place in range(1, 12))
FOUR = ("LEAD01", "LEAD03", "LEAD05", "LEAD11")
SIX = ("TSIG01", "TSIG02", "TSIG03", "HOSTIL01", "HOSTIL02", "HOSTIL03")

# lavaan 0.6-14: cfa("level: 1 W =~ LEAD01+LEAD03+LEAD05+LEAD11; level: 2 B =~ (same)", cluster = "COMPID",
# std.lv = TRUE), estimator ML and MLR: estimate, standard error (ML), standard error (MLR).
FOUR_LOADINGS = {
    ("within", "LEAD01"): (0.60529117, 0.02484307, 0.02436610),
    ("within", "LEAD03"): (0.90982787, 0.02373397, 0.02423179),
    ("within", "LEAD05"): (0.78768773, 0.02276686, 0.01601487),
    ("within", "LEAD11"): (0.82676330, 0.02401100, 0.02268018),
    ("between", "LEAD01"): (0.27645035, 0.04581649, 0.03643098),
    ("between", "LEAD03"): (0.37828651, 0.05677631, 0.05186871),
    ("between", "LEAD05"): (0.32001898, 0.05616884, 0.04680353),
    ("between", "LEAD11"): (0.33323055, 0.05171232, 0.05298658)}
FOUR_STANDARD = {("within", "LEAD01"): (0.55360061, 0.01823256), ("within", "LEAD11"): (0.73349486, 0.01391781),
                 ("between", "LEAD03"): (0.94779636, 0.03354409), ("between", "LEAD05"): (0.86967444, 0.06113866)}
# The unrestricted model fitted as a model of its own (lavaan's own h1 stops 0.013 short of this likelihood), and the
# traces of inverse information times first-order information of both: the Yuan-Bentler factor is their difference / df.
FREE_LOG_LIKELIHOOD, FREE_TRACE = -11229.250635454, 26.82007
FOUR_LOG_LIKELIHOOD, FOUR_TRACE = -11236.667183529, 20.80622

# Two factors within, one between: estimate and standard error (ML, MLR).
SIX_WITHIN_CORRELATION = (-0.34452516, 0.02511289, 0.03165484)
SIX_RESIDUALS = {("within", "HOSTIL01"): (0.73759919, 0.04331097), ("between", "TSIG02"): (-0.00104846, 0.00243823),
                 ("between", "HOSTIL02"): (0.00607053, 0.00468001)}


@pytest.fixture(scope="module")
def data(shared):
    return pd.read_csv(shared / "refs/validation/data/lq2002.csv")


@pytest.fixture(scope="module")
def case(shared):
    content = json.loads((shared / "refs/validation/cases/multilevel_cfa_lq2002.json").read_text(encoding="utf-8"))
    return [result["numbers"] for result in content["results"]]


def company_sheets(data, items):
    values, place, counts = np.unique(data[list(items)].to_numpy(), axis=0, return_inverse=True, return_counts=True)
    names, code = np.unique(data["COMPID"], return_inverse=True)
    patterns = ResponsePatterns(items=items, values=values.astype(np.int16), counts=counts,
                                weights=counts.astype(float), low=0, high=5)
    totals = sparse.csr_array((np.ones(len(code)), (code, place.ravel())), shape=(len(names), len(values)))
    return DesignSheets(patterns=patterns, squares=counts.astype(float), totals=totals)


@pytest.fixture(scope="module")
def eleven(data):
    return two_level_factors(company_sheets(data, LEAD), within={"FW": LEAD}, between={"FB": LEAD}, level=0.95,
                             errors="observed")


@pytest.fixture(scope="module")
def four(data):
    sheets = company_sheets(data, FOUR)
    return {errors: two_level_factors(sheets, within={"W": FOUR}, between={"B": FOUR}, level=0.95, errors=errors)
            for errors in ("observed", "units")}


def errors_of(frame, reach):
    return (frame["high"] - frame["low"]) / 2 / reach


def test_likelihood_loadings_and_fit_of_eleven_items(eleven, case):
    numbers = case[0]
    assert eleven.log_likelihood == pytest.approx(numbers["logLik"], abs=1e-4)
    assert (eleven.n, eleven.units, eleven.test.df) == (2042, 49, 88)
    frame = eleven.loadings.frame
    raw = frame[frame["label"] == "loading"].set_index(["side", "item"])["value"]
    for side in ("within", "between"):
        for item, value in numbers[f"loadings_{side}"].items():
            assert raw[side, item] == pytest.approx(value, abs=1e-5)
    fit = eleven.fit.frame.set_index(["family", "label"])["value"]
    assert fit["plain", "chi2"] == pytest.approx(numbers["fit"]["chisq"], rel=1e-3)
    for name in ("cfi", "tli", "rmsea"):
        assert fit["plain", name] == pytest.approx(numbers["fit"][name], abs=1e-4)
    assert fit["all", "srmr_within"] == pytest.approx(numbers["fit"]["srmr_within"], abs=1e-4)
    # lavaan's free matrix between units is not at its top: it lies at its edge, which ours says
    assert fit["all", "srmr_between"] == pytest.approx(numbers["fit"]["srmr_between"], abs=1e-3)
    assert eleven.edge


def test_reliability_of_eleven_items(eleven, case):
    value = {row.label: row.value for row in eleven.reliability.estimates()}
    numbers = case[1]
    assert value["omega_within"] == pytest.approx(numbers["each"]["within.FW"], abs=1e-4)
    assert value["omega_between_latent"] == pytest.approx(numbers["each"]["COMPID.FB"], abs=1e-4)
    assert value["omega_between"] == pytest.approx(numbers["within_config"]["shared.FB.omega_B"], abs=1e-4)
    assert value["mean_of_unit"] == pytest.approx(numbers["within_config"]["shared.FB.IRR"], abs=1e-4)


def test_item_shares_of_eleven_items_are_near_those_by_mean_squares(eleven, case):
    value = eleven.icc.frame.set_index("item")["value"]
    for item, expected in case[2]["ICC1"].items():
        assert value[item] == pytest.approx(expected, abs=0.03)  # another estimator of the same thing


@pytest.mark.parametrize(("errors", "place"), [("observed", 1), ("units", 2)])
def test_loadings_with_both_ends(four, errors, place):
    reach = stats.norm.ppf(0.975) if errors == "observed" else stats.t.ppf(0.975, 48)
    frame = four[errors].loadings.frame
    raw = frame[frame["label"] == "loading"].set_index(["side", "item"])
    for key, numbers in FOUR_LOADINGS.items():
        assert raw.loc[key, "value"] == pytest.approx(numbers[0], abs=3e-6)
        assert raw.loc[key, "low"] == pytest.approx(numbers[0] - reach * numbers[place], abs=1e-5)
        assert raw.loc[key, "high"] == pytest.approx(numbers[0] + reach * numbers[place], abs=1e-5)
        assert raw.loc[key, "n"] == 2042
    if errors == "observed":
        standard = frame[frame["label"] == "loading_standard"].set_index(["side", "item"])
        for key, (value, error) in FOUR_STANDARD.items():
            assert standard.loc[key, "value"] == pytest.approx(value, abs=3e-6)
            assert errors_of(standard.loc[key], reach) == pytest.approx(error, abs=5e-6)


def test_test_against_the_free_model_and_its_scaling(four):
    found = four["units"]
    fit = found.fit.frame.set_index(["family", "label"])["value"]
    plain = 2 * (FREE_LOG_LIKELIHOOD - FOUR_LOG_LIKELIHOOD)
    assert found.log_likelihood == pytest.approx(FOUR_LOG_LIKELIHOOD, abs=1e-6)
    assert fit["plain", "chi2"] == pytest.approx(plain, abs=1e-5)
    assert found.test.statistic == pytest.approx(plain / ((FREE_TRACE - FOUR_TRACE) / 4), rel=1e-4)
    assert not found.edge


def test_two_factors_within_and_one_between(data):
    found = two_level_factors(company_sheets(data, SIX), within={"T": SIX[:3], "H": SIX[3:]}, between={"B": SIX},
                              level=0.95, errors="observed")
    assert found.log_likelihood == pytest.approx(-17747.080672363, abs=1e-6)
    row = found.correlations.frame.iloc[0]
    assert row["value"] == pytest.approx(SIX_WITHIN_CORRELATION[0], abs=1e-5)
    assert errors_of(row, stats.norm.ppf(0.975)) == pytest.approx(SIX_WITHIN_CORRELATION[1], abs=1e-5)
    residuals = found.residuals.frame.set_index(["side", "item"])
    for key, (value, error) in SIX_RESIDUALS.items():
        assert residuals.loc[key, "value"] == pytest.approx(value, abs=1e-5)
        assert errors_of(residuals.loc[key], stats.norm.ppf(0.975)) == pytest.approx(error, abs=1e-5)
