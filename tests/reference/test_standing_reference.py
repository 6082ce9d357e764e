"""Profiling against R: lme4, spdep, csranks, qicharts2, qcc, the COUNT data set and the published pared mean."""

import json

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.options import Polarity
from kinerja_lab.numeric.glm import fit_counts
from kinerja_lab.profiling.benchmark import achievable_benchmark
from kinerja_lab.profiling.charts import individuals_chart, proportion_chart, rate_chart
from kinerja_lab.profiling.limits import exact_limits
from kinerja_lab.profiling.ranking import rank_units
from kinerja_lab.profiling.shrinkage import shrink_means, shrink_rates, shrink_shares
from kinerja_lab.profiling.small_shifts import cusum_chart, ewma_chart


@pytest.fixture(scope="module")
def cases(shared):
    return shared / "refs/calibration"


def read(path):
    return json.loads(path.read_text(encoding="utf-8"))


def shrunken(found):
    frame = found.units.frame
    return frame.loc[frame["label"] == "shrunken", "value"].to_numpy()


def test_random_intercept_against_lme4(cases):
    data, peer = pd.read_csv(cases / "shrinkage/sleepstudy.csv"), read(cases / "shrinkage/lme4_blups.json")["sleep_int"]
    found = shrink_means(data["Reaction"].to_numpy(), data["Subject"].to_numpy(), level=0.95)
    between, within = peer["varcorr"]["vcov"]
    assert found.mean == pytest.approx(peer["fixef"]["(Intercept)"], abs=1e-9)
    assert found.weight == pytest.approx(within / between, rel=1e-6)
    assert shrunken(found) == pytest.approx(peer["coef"]["(Intercept)"], abs=1e-5)
    assert found.reliability.frame["value"].to_numpy() == pytest.approx(peer["reliability"], abs=1e-6)
    # lme4's conditional variance leaves out that of the mean and the doubt about both variances
    least = np.array(peer["condvar"]) + (1 - np.array(peer["reliability"])) ** 2 * peer["se_fixef"] ** 2
    assert ((found.posterior_sd**2 > least) & (found.posterior_sd**2 < 1.15 * least)).all()
    assert found.units.frame["n"].eq(10).all()


@pytest.mark.parametrize("kind", ["binomial", "poisson"])
def test_marshall_against_spdep(cases, kind):
    peer = read(cases / "profiling/eb_marshall.json")
    if kind == "binomial":
        found = shrink_shares(np.array(peer["n"]), np.array(peer["d"]), units=np.array(peer["groups_binomial"]),
                              level=0.95, way="marshall")
    else:
        data = pd.read_csv(cases / "profiling/medpar_with_expected.csv", dtype={"provnum": str})
        summed = data.groupby("provnum").agg(events=("los", "sum"), expected=("prds", "sum"))
        # the peer was given expected counts with two decimals
        found = shrink_rates(summed["events"].to_numpy(), summed["expected"].round(2).to_numpy(),
                             units=summed.index.to_numpy(), level=0.95, way="marshall")
        assert found.mean == pytest.approx(peer[kind]["params"]["b"], abs=1e-12)
        assert found.mean / found.weight == pytest.approx(peer[kind]["params"]["a"], rel=1e-10)
    assert shrunken(found) == pytest.approx(peer[kind]["est"], abs=1e-12)
    assert found.volume.note == "moments_no_interval"


def test_poisson_regression_gives_the_expected_counts_of_the_published_data(cases):
    data = pd.read_csv(cases / "profiling/medpar_with_expected.csv")
    columns = ["hmo", "died", "age80", "type2", "type3"]
    design = np.column_stack([np.ones(len(data)), data[columns]]).astype(float)
    fit = fit_counts(design, data["los"].to_numpy(), np.ones(len(data)), family="poisson")
    assert fit.fitted == pytest.approx(data["prds"].to_numpy(), abs=1e-7)


def test_regressions_against_statsmodels():
    import statsmodels.api as sm

    rng = np.random.default_rng(11)
    x = np.column_stack([np.ones(80), rng.normal(size=(80, 2))])
    n = rng.integers(5, 60, 80)
    y = rng.binomial(n, 1 / (1 + np.exp(-(0.3 + 0.8 * x[:, 1] - 0.4 * x[:, 2]))))
    peer = sm.GLM(np.column_stack([y, n - y]), x, family=sm.families.Binomial()).fit(tol=1e-12)
    fit = fit_counts(x, y, n, family="binomial")
    assert fit.coefficients == pytest.approx(peer.params, abs=1e-8)
    assert fit.covariance == pytest.approx(peer.cov_params(), abs=1e-8)
    assert (fit.deviance, fit.pearson, fit.df) == (pytest.approx(peer.deviance), pytest.approx(peer.pearson_chi2), 77)
    count = rng.poisson(n * np.exp(-1 + 0.5 * x[:, 1]))
    peer = sm.GLM(count, x, family=sm.families.Poisson(), exposure=n).fit(tol=1e-12)
    fit = fit_counts(x, count, n, family="poisson")
    assert fit.coefficients == pytest.approx(peer.params, abs=1e-8)
    assert fit.deviance == pytest.approx(peer.deviance)


@pytest.mark.parametrize("stepdown", [False, True])
def test_rank_sets_against_csranks(cases, stepdown):
    data = pd.read_csv(cases / "profiling/rank514.csv")
    peer = pd.read_csv(cases / f"profiling/rank514_csranks_stepdown_{str(stepdown).upper()}.csv")
    found = rank_units(data["x"].to_numpy(), data["se"].to_numpy(), units=np.arange(514), polarity=Polarity.MAXIMISE,
                       level=0.95, rng=np.random.default_rng(1), draws=4000, stepdown=stepdown, own=False)
    rows = found.ranks.frame
    assert rows["value"].tolist() == peer["rank"].tolist()
    # both are Monte Carlo: the limit of 1000 draws moves single ends by a few places of 514
    for ours, theirs in (("low", "L"), ("high", "U")):
        gap = np.abs(rows[ours] - peer[theirs])
        assert gap.max() <= 12 and gap.mean() <= 3
    assert abs((rows["high"] - rows["low"]).median() - (peer["U"] - peer["L"]).median()) <= 5


@pytest.mark.parametrize(("case", "adjusted"), [("adjusted", True), ("unadjusted_rank", False)])
def test_pared_mean(cases, case, adjusted):
    data, peer = pd.read_csv(cases / "profiling/abc_units.csv"), read(cases / "profiling/abc.json")[case]
    found = achievable_benchmark(data["num"].to_numpy(), data["den"].to_numpy(), units=data["unit"].to_numpy(),
                                 polarity=Polarity.MAXIMISE, adjusted=adjusted)
    assert found.benchmark.value == pytest.approx(peer["benchmark"], abs=1e-12)
    assert found.units == tuple(str(unit) for unit in peer["units"])
    assert found.benchmark.n == data["den"].iloc[peer["units"]].sum()
    if adjusted:
        assert found.adjusted_share == pytest.approx(peer["apf"], abs=1e-12)
        assert found.overall == pytest.approx(peer["pooled"], abs=1e-12)


def charts(data):
    events, n, periods = (data[name].to_numpy() for name in ("x", "n", "t"))
    stretched = {"periods": periods, "prime": True, "screened": True}
    return {"p": proportion_chart(events, n, periods=periods), "pp": proportion_chart(events, n, **stretched),
            "u": rate_chart(events, n, periods=periods), "up": rate_chart(events, n, **stretched),
            "c": rate_chart(events, np.ones(len(n)), periods=periods),
            "i": individuals_chart(data["xmr"].to_numpy(), periods=periods)}


@pytest.mark.parametrize("kind", ["p", "pp", "u", "up", "c", "i"])
def test_charts_against_qicharts2(cases, kind):
    found = charts(pd.read_csv(cases / "spc/spc.csv"))[kind]
    peer = read(cases / "spc/spc_qicharts2.json")[kind]
    for ours, theirs in (("value", "y"), ("centre", "cl"), ("low", "lcl"), ("high", "ucl")):
        assert found.points[ours].to_numpy() == pytest.approx(np.array(peer[theirs], dtype=float), abs=1e-10)
    beyond = {place for signal in found.signals if signal.rule == "beyond_limits" for place in signal.places}
    assert beyond == set(np.flatnonzero(peer["sigma.signal"]).tolist())
    runs = [signal.rule for signal in found.signals if signal.rule in ("long_run", "few_crossings")]
    assert bool(runs) == peer["runs.signal"][0]


def test_charts_against_qcc(cases):
    peer = read(cases / "spc/spc_qcc.json")
    juice = pd.read_csv(cases / "spc/orangejuice.csv").query("trial")
    found = proportion_chart(juice["D"].to_numpy(), juice["size"].to_numpy(), periods=np.arange(len(juice)))
    assert found.points[["low", "high"]].to_numpy() == pytest.approx(np.array(peer["orangejuice_p"]["limits"]))
    boards = pd.read_csv(cases / "spc/circuit.csv").query("trial")
    found = rate_chart(boards["x"].to_numpy(), boards["size"].to_numpy(), periods=np.arange(len(boards)))
    assert found.points[["low", "high"]].iloc[0].tolist() == pytest.approx(peer["circuit_u"]["limits"][0])
    rings = pd.read_csv(cases / "spc/pistonrings.csv")
    found = individuals_chart(rings["diameter"].to_numpy()[:25], periods=np.arange(25), screened=False)
    assert found.points[["low", "high"]].iloc[0].tolist() == pytest.approx(peer["xbar_one"]["limits"][0], abs=1e-9)
    means = rings.groupby("sample")["diameter"].mean().to_numpy()[:25]
    known = {"periods": np.arange(25), "centre": peer["pistonrings_xbar"]["center"],
             "sd": peer["pistonrings_xbar"]["std.dev"] / np.sqrt(5)}
    points = ewma_chart(means, **known).points
    assert points["value"].to_numpy() == pytest.approx(peer["ewma"]["y"], abs=1e-10)
    assert points[["low", "high"]].to_numpy() == pytest.approx(np.array(peer["ewma"]["limits"]), abs=1e-10)
    points = cusum_chart(means, **known).points
    assert points["up"].to_numpy() == pytest.approx(peer["cusum"]["pos"], abs=1e-9)
    assert points["down"].to_numpy() == pytest.approx(peer["cusum"]["neg"], abs=1e-9)


def test_exact_funnel_limits_lower_ends(cases):
    peer = read(cases / "profiling/funnel_exact_limits.json")
    n = np.array(peer["n"], dtype=float)
    for theta in ("0.12", "0.85"):
        theirs = np.array(peer[f"theta_{theta[1:]}"])
        for level, column in ((0.998, 0), (0.95, 1)):
            low, _ = exact_limits(n * float(theta), level=level, share=np.full(len(n), float(theta)))
            # the published interpolation may go below 0, where no share is
            assert low * float(theta) == pytest.approx(np.maximum(theirs[:, column], 0), abs=1e-9)
