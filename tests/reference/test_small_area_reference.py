"""Small-area estimates against R sae 1.3 (Fay-Herriot) and statsmodels (unit-level)."""

import json

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.estimation.area_level import area_estimates
from kinerja_lab.estimation.unit_level import unit_level_estimates


@pytest.fixture(scope="module")
def folder(shared):
    return shared / "refs/calibration/sae"


@pytest.mark.parametrize("method", ["REML", "ML", "FH"])
def test_milk(folder, method):
    milk = pd.read_csv(folder / "milk.csv")
    expected = json.loads((folder / "fh_milk.json").read_text(encoding="utf-8"))[method]
    dummies = pd.get_dummies(milk["MajorArea"], drop_first=True).to_numpy(dtype=float)
    found = area_estimates(milk["yi"].to_numpy(), milk["SD"].to_numpy() ** 2, areas=milk["SmallArea"].to_numpy(),
                           n=milk["ni"].to_numpy(), level=0.95, covariates=dummies, names=("a", "b", "c"),
                           method=method)
    # sae stops its iterations at 1e-4, so that its variance is good to 1e-5
    assert found.between.value == pytest.approx(expected["refvar"], abs=1e-5)
    np.testing.assert_allclose(found.areas.frame["value"], expected["eblup"], atol=1e-6)
    np.testing.assert_allclose(found.mse, expected["mse"], atol=1e-6)
    np.testing.assert_allclose(found.coefficients.frame["value"], expected["beta"], atol=1e-6)
    se = np.array(expected["se_beta"])
    half = found.coefficients.frame["high"] - found.coefficients.frame["value"]
    np.testing.assert_allclose(half, 1.959963984540054 * se, atol=1e-5)
    # sae gives no limits; ours average over the variance between areas, and are seldom narrower than its errors say
    ratio = found.spread / np.sqrt(expected["mse"])
    assert ((ratio > 0.9) & (ratio < 1.25)).all()
    for end, sign in (("low", -1), ("high", 1)):
        np.testing.assert_allclose(found.areas.frame[end],
                                   found.areas.frame["value"] + sign * 1.959963984540054 * found.spread)
    assert found.areas.frame["n"].tolist() == milk["ni"].tolist()


def test_514_areas(folder):
    frame = pd.read_csv(folder / "fh514.csv")
    expected = json.loads((folder / "fh514.json").read_text(encoding="utf-8"))
    found = area_estimates(frame["y"].to_numpy(), frame["v"].to_numpy(), areas=np.arange(514), n=np.full(514, 1),
                           level=0.95, covariates=frame[["x1", "x2"]].to_numpy(), names=("x1", "x2"))
    assert found.between.value == pytest.approx(expected["refvar"], abs=1e-5)
    np.testing.assert_allclose(found.areas.frame["value"], expected["eblup"], atol=5e-6)
    np.testing.assert_allclose(found.mse, expected["mse"], atol=5e-6)
    np.testing.assert_allclose(found.coefficients.frame["value"], expected["beta"], atol=1e-6)


def test_direct_shares_of_provinces_as_sae_computes_them(folder):
    """``direct`` has N for the domain and the variance of a sample drawn with replacement by weight."""
    people = pd.read_csv(folder / "incomedata.csv")
    expected = json.loads((folder / "direct_income.json").read_text(encoding="utf-8"))["direct_poor"]
    sizes = pd.read_csv(folder / "sizeprov.csv").set_index("prov")["Nd"]
    weight, poor = people["weight"].to_numpy(), people["poor"].to_numpy(dtype=float)
    found = pd.Series(weight * poor).groupby(people["prov"]).sum() / sizes
    np.testing.assert_allclose(found.to_numpy(), expected["Direct"], rtol=1e-9)
    spread = pd.Series(weight * (weight - 1) * poor**2).groupby(people["prov"]).sum() / sizes**2
    np.testing.assert_allclose(np.sqrt(spread.to_numpy()), expected["SD"], rtol=1e-9)


def test_unit_level_predictions_equal_a_mixed_model():
    from statsmodels.regression.mixed_linear_model import MixedLM

    rng = np.random.default_rng(3)
    sizes = rng.integers(2, 15, 40)
    areas = np.repeat(np.arange(40), sizes)
    x = rng.normal(size=len(areas))
    y = 2 + 1.5 * x + rng.normal(0, 0.8, 40)[areas] + rng.normal(0, 1.2, len(areas))
    population = pd.DataFrame({"area": np.arange(40), "x": rng.normal(0, 0.1, 40)})
    found = unit_level_estimates(y, areas, population=population, level=0.95, covariates=x[:, None], names=("x",))
    model = MixedLM(y, np.column_stack([np.ones(len(x)), x]), groups=areas)
    peer = model.fit(reml=True, gtol=1e-9)
    intercepts = np.array([float(np.asarray(peer.random_effects[area])[0]) for area in range(40)])
    expected = peer.fe_params[0] + peer.fe_params[1] * population["x"] + intercepts
    assert found.within.value == pytest.approx(peer.scale, rel=1e-4)
    assert found.between.value == pytest.approx(float(peer.cov_re[0, 0]), rel=1e-3)
    np.testing.assert_allclose(found.areas.frame["value"], expected, atol=2e-4)
    assert found.areas.frame["n"].tolist() == sizes.tolist()
