"""Claims about uncertainty under a design, both ways: the right interval covers, the naive one does not."""

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.estimation.area_level import area_estimates
from kinerja_lab.estimation.domains import domain_means
from kinerja_lab.estimation.quantiles import quantiles
from kinerja_lab.estimation.replicates import balanced_halves, bootstrap, jackknife, replicate_estimate
from kinerja_lab.estimation.sample import Sample
from kinerja_lab.estimation.sample_size import sample_size_difference
from kinerja_lab.estimation.shares import domain_shares
from kinerja_lab.estimation.unit_level import unit_level_estimates
from kinerja_lab.estimation.weighting import Margin, calibrate_weights

pytestmark = pytest.mark.slow
RUNS = 2000


def covered(found, truth):
    row = found.table.estimates()[0]
    return row.low <= truth <= row.high


def test_clusters_must_be_known_to_the_interval():
    rng = np.random.default_rng(1)
    cluster = np.repeat(np.arange(40), 10)
    right = naive = 0
    for _ in range(RUNS):
        values = rng.normal(0, 0.6, 40)[cluster] + rng.normal(size=400)
        right += covered(domain_means(Sample(weights=np.ones(400), clusters=cluster), values, level=0.95), 0.0)
        naive += covered(domain_means(Sample(weights=np.ones(400)), values, level=0.95), 0.0)
    assert 0.93 <= right / RUNS <= 0.97
    assert naive / RUNS < 0.80


def test_a_finite_population_narrows_the_interval_rightly():
    rng = np.random.default_rng(2)
    people = rng.gamma(4, 1, 200)
    right = careful = 0
    for _ in range(RUNS):
        values = rng.choice(people, 100, replace=False)
        with_it = Sample(weights=np.full(100, 2.0), population=np.full(100, 200.0))
        right += covered(domain_means(with_it, values, level=0.95), people.mean())
        careful += covered(domain_means(Sample(weights=np.full(100, 2.0)), values, level=0.95), people.mean())
    assert 0.93 <= right / RUNS <= 0.97
    assert careful / RUNS > 0.985


@pytest.mark.parametrize("method", ["logit", "wilson", "beta"])
def test_small_shares_in_clusters(method):
    rng = np.random.default_rng(3)
    cluster = np.repeat(np.arange(50), 8)
    good = plain = 0
    for _ in range(RUNS):
        chance = rng.beta(0.05 * 20, 0.95 * 20, 50)[cluster]
        events = (rng.random(400) < chance).astype(float)
        sample = Sample(weights=np.ones(400), clusters=cluster)
        good += covered(domain_shares(sample, events, level=0.95, method=method), 0.05)
        plain += covered(domain_shares(Sample(weights=np.ones(400)), events, level=0.95, method="mean"), 0.05)
    assert 0.93 <= good / RUNS <= 0.985
    assert plain / RUNS < 0.92


def test_small_areas_cover_and_beat_the_direct_number():
    rng = np.random.default_rng(4)
    x, errors = rng.normal(size=(60, 1)), rng.uniform(2, 15, 60)
    inside = inside_bare = 0
    squares = np.zeros(2)
    runs = 400
    for _ in range(runs):
        truth = 75 + 3 * x[:, 0] + rng.normal(0, 3, 60)
        direct = truth + rng.normal(size=60) * np.sqrt(errors)
        found = area_estimates(direct, errors, areas=np.arange(60), n=np.ones(60), level=0.95, covariates=x,
                               names=("x",))
        frame = found.areas.frame
        inside += ((frame["low"] <= truth) & (truth <= frame["high"])).mean()
        half = 1.96 * np.sqrt(errors) * found.own_share  # the own number's error alone, as if the rest were certain
        inside_bare += (np.abs(frame["value"] - truth) <= half).mean()
        squares += [((frame["value"] - truth) ** 2).mean(), ((direct - truth) ** 2).mean()]
    assert 0.93 <= inside / runs <= 0.97
    assert inside_bare / runs < 0.90
    assert squares[0] < 0.7 * squares[1]


def test_the_planned_size_sees_the_change_as_often_as_promised():
    rng = np.random.default_rng(5)
    n = sample_size_difference(10.0, difference=3.0, level=0.95, power=0.8).answers
    first, second = rng.normal(80, 10, (RUNS, n)), rng.normal(83, 10, (RUNS, n))
    se = np.sqrt(first.var(axis=1, ddof=1) / n + second.var(axis=1, ddof=1) / n)
    seen = (second.mean(axis=1) - first.mean(axis=1) > 1.96 * se).mean()
    assert 0.77 <= seen <= 0.83
    few = n // 4
    se = np.sqrt(first[:, :few].var(axis=1, ddof=1) / few + second[:, :few].var(axis=1, ddof=1) / few)
    assert (second[:, :few].mean(axis=1) - first[:, :few].mean(axis=1) > 1.96 * se).mean() < 0.4


@pytest.mark.parametrize(("areas", "times"), [(15, 3.0), (60, 1.0), (60, 3.0), (60, 6.0)])
def test_small_areas_cover_where_errors_are_larger_than_differences(areas, times):
    """Limits from the usual mean squared error fall below 93 % there; those that average over A do not."""
    rng = np.random.default_rng(6)
    x, errors = rng.normal(size=(areas, 1)), rng.uniform(0.3, 1.7, areas)
    between = errors.mean() / times
    inside = by_mse = known = 0.0
    runs = 6000 // areas
    for _ in range(runs):
        truth = 75 + x[:, 0] + rng.normal(0, np.sqrt(between), areas)
        direct = truth + rng.normal(size=areas) * np.sqrt(errors)
        found = area_estimates(direct, errors, areas=np.arange(areas), n=np.ones(areas), level=0.95, covariates=x,
                               names=("x",))
        frame = found.areas.frame
        inside += ((frame["low"] <= truth) & (truth <= frame["high"])).mean()
        away = np.abs(frame["value"] - truth)
        by_mse += (away <= 1.96 * np.sqrt(found.mse)).mean()
        known += (away <= 1.96 * np.sqrt(found.own_share * errors)).mean()
    print(f"{areas} areas, errors {times:g} times: averaged over A {inside / runs:.4f}, by the mean squared error "
          f"{by_mse / runs:.4f}, A as known {known / runs:.4f}")
    assert 0.935 <= inside / runs <= 0.985
    assert known < by_mse and (times <= 1 or known / runs < 0.90)


@pytest.mark.parametrize("times", [0.3, 1.0, 3.0])
def test_means_of_the_unit_level_model_cover(times):
    rng = np.random.default_rng(7)
    sizes = rng.integers(3, 15, 30)
    area = np.repeat(np.arange(30), sizes)
    within = np.sqrt(sizes.mean() * times)
    people = pd.DataFrame({"area": np.arange(30), "x": np.zeros(30)})
    inside = own = 0.0
    runs = 150
    for _ in range(runs):
        truth = 5 + rng.normal(size=30)
        x = rng.normal(size=len(area))
        values = truth[area] + 2 * x + rng.normal(0, within, len(area))
        found = unit_level_estimates(values, area, population=people, level=0.95, covariates=x[:, None], names=("x",))
        frame = found.areas.frame
        inside += ((frame["low"] <= truth) & (truth <= frame["high"])).mean()
        bare = 1.96 * np.sqrt((1 - found.own_share) * found.between.value)
        own += (np.abs(frame["value"] - truth) <= bare).mean()
    print(f"errors {times:g} times the differences: {inside / runs:.4f}, variances as known {own / runs:.4f}")
    assert 0.93 <= inside / runs <= 0.975 and own < inside


@pytest.mark.parametrize("how", ["jackknife", "halves", "bootstrap"])
def test_replicates_cover_a_ratio_under_strata_and_clusters(how):
    """Ten strata of two clusters; rows taken one by one do not cover."""
    rng = np.random.default_rng(8)
    cluster = np.repeat(np.arange(20), 15)
    stratum = cluster // 2
    runs, inside, naive = 400, 0, 0

    def ratio(weights, x, y):
        return float(weights @ y / (weights @ x))

    for _ in range(runs):
        shift = rng.normal(0, 0.5, 20)[cluster]
        x = np.exp(0.3 * rng.normal(size=300))
        y = 2 * x + shift + rng.normal(0, 1, 300)
        sample = Sample(weights=np.ones(300), strata=stratum, clusters=cluster)
        made = {"jackknife": lambda sample=sample: jackknife(sample),
                "halves": lambda sample=sample: balanced_halves(sample),
                "bootstrap": lambda sample=sample: bootstrap(sample, replicates=200, rng=rng)}[how]()
        found = replicate_estimate(lambda weights, x=x, y=y: ratio(weights, x, y), made, label="ratio", level=0.95,
                                   n=300, unit="ratio")
        inside += found.low <= 2 <= found.high
        plain = (y - found.value * x).std(ddof=1) / np.sqrt(300) / x.mean()
        naive += abs(found.value - 2) <= 1.96 * plain
    print(f"{how}: {inside / runs:.3f}, rows one by one {naive / runs:.3f}")
    assert 0.915 <= inside / runs <= 0.98 and naive / runs < 0.85


def test_quantiles_under_clusters_cover():
    rng = np.random.default_rng(9)
    cluster = np.repeat(np.arange(40), 10)
    runs, right, naive = 400, 0, 0
    for _ in range(runs):
        values = rng.normal(0, 0.6, 40)[cluster] + rng.normal(size=400)
        found, bare = (quantiles(Sample(weights=np.ones(400), clusters=where), values, shares=(0.5,),
                                 level=0.95).estimates()[0] for where in (cluster, None))
        right += found.low <= 0 <= found.high
        naive += bare.low <= 0 <= bare.high
    print(f"median {right / runs:.3f}, clusters forgotten {naive / runs:.3f}")
    assert 0.925 <= right / runs <= 0.98 and naive / runs < 0.85


def test_calibrated_weights_repair_who_answered():
    """Women answer twice as often and are happier: calibrated means cover, plain ones do not."""
    rng = np.random.default_rng(10)
    runs, right, plain = 400, 0, 0
    for _ in range(runs):
        sex = np.where(rng.uniform(size=300) < 2 / 3, "P", "L")
        values = np.where(sex == "P", 1.0, 0.0) + rng.normal(size=300)
        sample = Sample(weights=np.full(300, 10.0))
        fitted = calibrate_weights(sample, [Margin(name="sex", values=sex, totals={"P": 1500.0, "L": 1500.0})])
        right += covered(domain_means(fitted.sample, values, level=0.95), 0.5)
        plain += covered(domain_means(sample, values, level=0.95), 0.5)
    print(f"calibrated {right / runs:.3f}, plain {plain / runs:.3f}")
    assert 0.93 <= right / runs <= 0.985 and plain / runs < 0.4
