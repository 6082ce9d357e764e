"""Claims about uncertainty under a design, both ways: the right interval covers, the naive one does not."""

import numpy as np
import pytest

from kinerja_lab.estimation.area_level import area_estimates
from kinerja_lab.estimation.domains import domain_means
from kinerja_lab.estimation.sample import Sample
from kinerja_lab.estimation.sample_size import sample_size_difference
from kinerja_lab.estimation.shares import domain_shares

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
