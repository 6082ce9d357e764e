"""Overdispersion and limits against FunnelPlotR 0.6.0 and Spiegelhalter's exact limits."""

import json

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.options import MeasureKind, Polarity
from kinerja_lab.core.outcome import Measure
from kinerja_lab.profiling.funnel import funnel
from kinerja_lab.profiling.funnel_rules import PUBLISHED
from kinerja_lab.profiling.limits import exact_limits, overdispersed_limits


@pytest.fixture(scope="module")
def folder(shared):
    return shared / "refs/calibration/profiling"


@pytest.fixture(scope="module")
def cases(folder):
    return json.loads((folder / "funnel_medpar.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def hospitals(folder):
    rows = pd.read_csv(folder / "medpar_with_expected.csv", dtype={"provnum": str})
    return rows.groupby("provnum", as_index=False).agg(los=("los", "sum"), died=("died", "sum"), n=("los", "size"),
                                                       expected=("prds", "sum"))


def made(hospitals, events, kind, expected, rules=None):
    table = pd.DataFrame({"agency": "h", "unit": hospitals["provnum"], "events": hospitals[events].astype(float),
                          "denominator": hospitals["n"].astype(float), "expected": expected})
    measure = Measure(code=events, name=events, kind=kind, unit="", polarity=Polarity.MINIMISE)
    return funnel(table, measure=measure, level=0.95, rules=rules)


@pytest.mark.parametrize(("key", "decimals"), [("SR_SHMI_noround", None), ("SR_SHMI", 2)])
def test_standardised_ratio(cases, hospitals, key, decimals):
    """FunnelPlotR rounds the expected counts to two decimals unless told not to; we never do."""
    expected = hospitals["expected"] if decimals is None else hospitals["expected"].round(decimals)
    found = made(hospitals, "los", MeasureKind.RATE, expected)
    assert found.phi == pytest.approx(cases[key]["phi"], rel=1e-10)
    assert found.tau2 == pytest.approx(cases[key]["tau2"], rel=1e-10)
    np.testing.assert_allclose(found.units.frame["value"], cases[key]["groups"]["rr"], rtol=0.02)


def test_proportion(cases, hospitals):
    found = made(hospitals, "died", MeasureKind.PROPORTION, np.nan)
    assert found.phi == pytest.approx(cases["PR"]["phi"], rel=1e-10)
    assert found.tau2 == pytest.approx(cases["PR"]["tau2"], rel=1e-10)
    ratio = np.array(cases["PR"]["groups"]["rr"]) / cases["PR"]["target"]
    np.testing.assert_allclose(found.units.frame["value"], ratio, rtol=1e-12)


@pytest.mark.parametrize(("level", "low", "high"), [(0.95, "odll95", "odul95"), (0.998, "odll998", "odul998")])
def test_overdispersed_limits(cases, level, low, high):
    """FunnelPlotR writes the quantiles as 1.96 and 3.09."""
    case = cases["SR_SHMI"]
    expected = case["limits_adjusted"]
    counts = np.array(expected["number_seq"], dtype=float)
    found = overdispersed_limits(counts, level=level, tau2=case["tau2"], share=None)
    np.testing.assert_allclose(found[0], expected[low], rtol=5e-4)
    np.testing.assert_allclose(found[1], expected[high], rtol=5e-4)


@pytest.mark.parametrize(("name", "share"), [("theta_.12", 0.12), ("theta_.85", 0.85), ("poisson", None)])
@pytest.mark.parametrize(("level", "columns"), [(0.95, (1, 2)), (0.998, (0, 3))])
def test_exact_limits(folder, name, share, level, columns):
    """Equal below; above, ours is one count further out, since we count P(X >= x) and the reference P(X > x)."""
    case = json.loads((folder / "funnel_exact_limits.json").read_text(encoding="utf-8"))
    n = np.array(case["poisson_E" if share is None else "n"], dtype=float)
    expected = n if share is None else n * share
    low, high = exact_limits(expected, level=level, share=None if share is None else np.full(len(n), share))
    reference = np.array(case[name])
    np.testing.assert_allclose(low * expected, np.maximum(reference[:, columns[0]], 0) * n, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(high * expected, reference[:, columns[1]] * n + 1, rtol=1e-9)


def within_grid(found, case, *, decimals):
    """Limits of a funnel against the reference's at its own counts, by interpolation on the fine grid of the funnel."""
    grid = found.limits
    counts = np.array(case["limits_adjusted"]["number_seq"], dtype=float)
    inside = (counts > grid["expected"].min()) & (counts < grid["expected"].max())
    assert inside.sum() >= 4
    for name, column in (("low_95", "odll95"), ("high_95", "odul95"), ("low_998", "odll998"), ("high_998", "odul998")):
        ours = np.interp(np.log(counts[inside]), np.log(grid["expected"]), grid[name])
        np.testing.assert_allclose(ours, decimals(np.array(case["limits_adjusted"][column])[inside]), rtol=2e-3,
                                   atol=1e-3)


def test_the_convention_of_shmi(cases, hospitals):
    """tau2 of the limits is the published one, and the expected counts are rounded by the convention itself."""
    found = made(hospitals, "los", MeasureKind.RATE, hospitals["expected"], PUBLISHED["shmi"])
    case = cases["SR_SHMI"]
    assert found.tau2_limits == pytest.approx(case["tau2"], rel=1e-10) == pytest.approx(found.tau2, rel=1e-10)
    assert found.phi == pytest.approx(case["phi"], rel=1e-10)
    within_grid(found, case, decimals=lambda limits: limits)
    outside = np.abs(np.array(case["groups"]["Y"])) / np.sqrt(np.array(case["groups"]["s"]) ** 2 + case["tau2"])
    flagged = {unit for unit, _, _ in found.flags}
    assert flagged == set(np.array(case["groups"]["group"])[outside > 3.0902])


def test_the_convention_of_cqc(cases, hospitals):
    """FunnelPlotR 0.6.0 gives these limits on the scale of the root; ours are squared, as ratios are."""
    found = made(hospitals, "los", MeasureKind.RATE, hospitals["expected"], PUBLISHED["cqc"])
    case = cases["SR_CQC"]
    assert found.phi == pytest.approx(case["phi"], rel=1e-10)
    assert found.tau2_limits == pytest.approx(case["tau2"], rel=1e-10) == pytest.approx(found.tau2, rel=1e-10)
    within_grid(found, case, decimals=np.square)
    z = (np.array(case["groups"]["Y"]) - 1) / np.sqrt(np.array(case["groups"]["s"]) ** 2 + case["tau2"])
    np.testing.assert_allclose(found.z, z, rtol=1e-9)


def test_the_convention_for_proportions(cases, hospitals):
    found = made(hospitals, "died", MeasureKind.PROPORTION, np.nan, PUBLISHED["arcsine"])
    case = cases["PR"]
    assert found.tau2_limits == pytest.approx(case["tau2"], rel=1e-10)
    counts = np.array(case["limits_adjusted"]["number_seq"], dtype=float)
    low, high = overdispersed_limits(counts * case["target"], level=0.95, tau2=case["tau2"],
                                     share=np.full(len(counts), case["target"]))
    np.testing.assert_allclose(low * case["target"], case["limits_adjusted"]["odll95"], rtol=5e-4)
    np.testing.assert_allclose(high * case["target"], case["limits_adjusted"]["odul95"], rtol=5e-4)


def test_the_conventions_differ_on_the_same_hospitals(hospitals):
    """What is at stake in naming them: how many of 54 hospitals are flagged."""
    flags = {name: len(made(hospitals, "los", MeasureKind.RATE, hospitals["expected"], rules).flags)
             for name, rules in PUBLISHED.items() if name != "arcsine"}
    flags["house"] = len(made(hospitals, "los", MeasureKind.RATE, hospitals["expected"]).flags)
    assert flags == {"shmi": 9, "cqc": 2, "spiegelhalter_2005": 2, "house": 1}
