"""Estimates under a design: cases that can be checked by hand, and what they refuse."""

import numpy as np
import pytest

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.estimation.domains import domain_difference, domain_means, domain_ratios, domain_totals
from kinerja_lab.estimation.quantiles import quantiles
from kinerja_lab.estimation.replicates import balanced_halves, bootstrap, jackknife, replicate_estimate
from kinerja_lab.estimation.sample import Sample
from kinerja_lab.estimation.shares import domain_shares
from kinerja_lab.numeric.intervals import binomial_exact
from kinerja_lab.numeric.linearisation import domain_variances, stratified_cluster_variance


def sample(n=6, **parts):
    return Sample(weights=np.ones(n), **parts)


def code(raised):
    return raised.value.message.code


def test_mean_of_a_simple_random_sample_with_finite_population():
    found = domain_means(sample(4, population=np.full(4, 8.0)), np.array([1.0, 2.0, 3.0, 6.0]), level=0.95)
    variance = (4 + 1 + 0 + 9) / 3 / 4
    assert found.table.frame["value"][0] == 3.0
    assert found.se[0] == pytest.approx(np.sqrt(variance * (1 - 4 / 8)))
    assert found.deff[0] == pytest.approx(0.5)


def test_a_census_has_no_error_and_says_no_interval():
    found = domain_means(sample(3, population=np.full(3, 3.0)), np.array([1.0, 2.0, 4.0]), level=0.95)
    assert found.se[0] == 0 and found.table.frame["note"][0] == "no_variation"


def test_total_of_equal_weights_is_n_times_the_mean():
    values = np.array([1.0, 2.0, 4.0, 5.0])
    drawn = Sample(weights=np.full(4, 10.0))
    total, mean = (function(drawn, values, level=0.9) for function in (domain_totals, domain_means))
    assert total.table.frame["value"][0] == 120
    assert total.se[0] == pytest.approx(40 * mean.se[0])


def test_a_ratio_to_itself_does_not_vary():
    values = np.array([1.0, 2.0, 4.0])
    found = domain_ratios(sample(3), values, values, level=0.95).table
    assert found.frame["value"][0] == 1 and found.frame["note"][0] == "no_variation"


def test_a_zero_denominator_has_no_ratio():
    found = domain_ratios(sample(4), np.ones(4), np.array([1.0, 2.0, 0.0, 0.0]), level=0.95,
                          domains=np.array(["a", "a", "b", "b"])).table
    assert found.frame["note"].tolist()[1] == "zero_denominator" and np.isnan(found.frame["value"][1])


def test_missing_answers_are_outside_and_an_unanswered_domain_has_no_value():
    values = np.array([1.0, np.nan, 3.0, np.nan, np.nan, np.nan])
    found = domain_means(sample(), values, level=0.95, domains=np.array(list("aaabbb"))).table.frame
    assert found["value"][0] == 2.0 and found["n"].tolist() == [2, 0]
    assert found["note"].tolist() == ["", "no_answers"]


def test_a_domain_of_one_and_of_one_cluster():
    domains = np.array(["a", "b", "b", "c", "c", "c"])
    clusters = np.array([1, 2, 2, 3, 4, 5])
    found = domain_means(sample(clusters=clusters), np.arange(6.0), level=0.95, domains=domains).table.frame
    assert found["note"].tolist() == ["too_few_respondents", "one_cluster", ""]


def test_difference_of_two_strata_adds_their_variances():
    values = np.array([1.0, 2.0, 3.0, 10.0, 12.0, 14.0])
    first = np.arange(6) < 3
    found = domain_difference(sample(strata=np.repeat([0, 1], 3)), values, first=first, second=~first, level=0.95)
    assert found.value == -10.0
    half = (found.high - found.low) / 2 / 2.7764451
    assert half == pytest.approx(np.sqrt(1 / 3 + 4 / 3), rel=1e-6)


def test_clusters_in_both_domains_share_their_error():
    rng = np.random.default_rng(4)
    cluster = np.repeat(np.arange(30), 2)
    values = rng.normal(size=30)[cluster] * 5 + rng.normal(size=60) * 0.1
    first = np.arange(60) % 2 == 0
    together = domain_difference(sample(60, clusters=cluster), values, first=first, second=~first, level=0.95)
    apart = domain_difference(sample(60), values, first=first, second=~first, level=0.95)
    assert together.high - together.low < 0.1 * (apart.high - apart.low)


def test_difference_refuses_overlap_and_emptiness():
    values, some = np.arange(6.0), np.arange(6) < 3
    with pytest.raises(KinerjaError) as raised:
        domain_difference(sample(), values, first=some, second=np.ones(6, dtype=bool), level=0.95)
    assert code(raised) == "error.domains_overlap"
    with pytest.raises(NotApplicable) as raised:
        domain_difference(sample(), values, first=some, second=np.zeros(6, dtype=bool), level=0.95)
    assert code(raised) == "not_applicable.empty_domain"


@pytest.mark.parametrize("weights", [[1.0, -1.0], [1.0, 0.0], [1.0, np.nan], [1.0, np.inf]])
def test_weights_must_be_positive(weights):
    with pytest.raises(KinerjaError) as raised:
        Sample(weights=np.array(weights))
    assert code(raised) == "error.bad_weights"


def test_lonely_strata_fail_unless_told_otherwise():
    strata = np.array([0, 0, 0, 1])
    values = np.array([1.0, 2.0, 4.0, 9.0])
    with pytest.raises(NotApplicable) as raised:
        domain_means(sample(4, strata=strata), values, level=0.95)
    assert raised.value.message.params["n"] == 1
    errors = {lonely: domain_means(sample(4, strata=strata, lonely=lonely), values, level=0.95).se[0]
              for lonely in ("certainty", "centre", "average")}
    assert errors["certainty"] < errors["centre"]
    assert errors["average"] == pytest.approx(np.sqrt(2) * errors["certainty"])


def test_a_stratum_taken_whole_is_not_lonely():
    strata = np.array([0, 0, 0, 1])
    found = domain_means(sample(4, strata=strata, population=np.array([9.0, 9.0, 9.0, 1.0])),
                         np.array([1.0, 2.0, 4.0, 9.0]), level=0.95)
    assert found.table.frame["note"][0] == ""


def test_population_smaller_than_the_sample_is_refused():
    for population in (np.full(4, 3.0), np.array([9.0, 9.0, 8.0, 9.0])):
        with pytest.raises(KinerjaError) as raised:
            domain_means(sample(4, population=population), np.arange(4.0), level=0.95)
        assert code(raised) == "error.population_too_small"


def test_lengths_emptiness_and_infinities():
    with pytest.raises(KinerjaError):
        domain_means(sample(4), np.arange(3.0), level=0.95)
    with pytest.raises(NotApplicable):
        domain_means(sample(0), np.zeros(0), level=0.95)
    with pytest.raises(KinerjaError):
        domain_means(sample(2), np.array([1.0, np.inf]), level=0.95)
    with pytest.raises(KinerjaError):
        Sample(weights=np.ones(3), strata=np.ones(2))
    with pytest.raises(KinerjaError) as raised:
        Sample(weights=np.ones(3), lonely="adjust")
    assert code(raised) == "error.unknown_option"


@pytest.mark.parametrize("method", ["logit", "wilson", "beta", "mean"])
def test_a_share_of_none_counts_clusters(method):
    clusters = np.repeat(np.arange(10), 5)
    found = domain_shares(sample(50, clusters=clusters), np.zeros(50), level=0.95, method=method).table.estimates()[0]
    low, high = binomial_exact(0, 10, level=0.95)
    assert (found.value, found.low, found.note) == (0.0, 0.0, "share_at_edge")
    assert found.high == pytest.approx(float(high)) and float(low) == 0.0


def test_shares_stay_between_none_and_all():
    events = np.r_[np.ones(1), np.zeros(19)]
    for method in ("logit", "wilson", "beta", "mean"):
        found = domain_shares(sample(20), events, level=0.99, method=method).table.estimates()[0]
        assert 0 <= found.low < found.value < found.high <= 1


def test_shares_refuse_other_numbers_and_methods():
    with pytest.raises(KinerjaError) as raised:
        domain_shares(sample(3), np.array([0.0, 1.0, 2.0]), level=0.95)
    assert code(raised) == "error.events_not_binary"
    with pytest.raises(KinerjaError):
        domain_shares(sample(3), np.array([0.0, 1.0, 1.0]), level=0.95, method="wald")


def test_weighted_median_and_a_limit_beyond_the_sample():
    drawn = Sample(weights=np.array([1.0, 1.0, 1.0, 5.0]))
    found = quantiles(drawn, np.array([1.0, 2.0, 3.0, 4.0]), shares=(0.5, 0.99), level=0.95)
    assert found.frame["value"].tolist() == [4.0, 4.0]
    assert found.row("0.99").note in ("no_variation", "quantile_beyond_sample")
    with pytest.raises(KinerjaError):
        quantiles(drawn, np.arange(4.0), shares=(0.0,), level=0.95)
    with pytest.raises(NotApplicable):
        quantiles(drawn, np.full(4, np.nan), shares=(0.5,), level=0.95)


def mean_of(values):
    return lambda weights: weights @ values / weights.sum()


def test_jackknife_of_a_mean_is_the_plain_variance():
    values = np.array([1.0, 2.0, 3.0, 6.0])
    found = replicate_estimate(mean_of(values), jackknife(sample(4)), label="m", level=0.95, n=4, unit="scale_points")
    plain = domain_means(sample(4), values, level=0.95).table.estimates()[0]
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high))


@pytest.mark.parametrize("fay", [0.0, 0.5])
def test_balanced_halves_of_a_total_are_the_plain_variance(fay):
    rng = np.random.default_rng(1)
    strata, values = np.repeat(np.arange(5), 2), rng.normal(size=10)
    drawn = sample(10, strata=strata)
    found = replicate_estimate(lambda weights: weights @ values, balanced_halves(drawn, fay=fay), label="t", level=0.95,
                               n=10, unit="scale_points")
    plain = domain_totals(drawn, values, level=0.95).table.estimates()[0]
    assert (found.low, found.high) == pytest.approx((plain.low, plain.high))


def test_bootstrap_comes_near_the_plain_variance():
    rng = np.random.default_rng(2)
    values, strata = rng.normal(size=40), np.repeat([0, 1], 20)
    drawn = sample(40, strata=strata)
    found = replicate_estimate(mean_of(values), bootstrap(drawn, replicates=2000, rng=rng), label="m", level=0.95, n=40,
                               unit="scale_points")
    plain = domain_means(drawn, values, level=0.95).table.estimates()[0]
    assert found.high - found.low == pytest.approx(plain.high - plain.low, rel=0.08)


def test_replicates_refuse_what_they_cannot_do():
    lonely = sample(3, strata=np.array([0, 0, 1]))
    for make in (jackknife, balanced_halves, lambda s: bootstrap(s, replicates=100, rng=np.random.default_rng(0))):
        with pytest.raises(NotApplicable):
            make(lonely)
    with pytest.raises(KinerjaError):
        balanced_halves(sample(2), fay=1.0)
    with pytest.raises(KinerjaError):
        bootstrap(sample(4), replicates=10, rng=np.random.default_rng(0))


def test_a_statistic_that_fails_in_a_replicate_has_no_interval():
    found = replicate_estimate(lambda weights: np.nan if (weights == 0).any() else 1.0, jackknife(sample(4)), label="m",
                               level=0.95, n=4, unit="ratio")
    assert found.note == "replicates_failed" and np.isnan(found.low)


def test_whole_design_counts_clusters_without_members():
    scores = np.array([1.0, -1.0, 0.0, 0.0])
    own = domain_variances(scores, domains=np.array([0, 0, 1, 1]), count=2)
    whole = domain_variances(scores, domains=np.array([0, 0, 1, 1]), count=2, whole=True)
    assert own.variance[0] == pytest.approx(2 * 2)
    assert whole.variance[0] == pytest.approx(4 / 3 * 2)
    assert whole.df[0] == own.df[0] == 1


def test_lonely_average_in_the_matrix_too():
    scores, strata = np.array([[1.0], [-1.0], [5.0]]), np.array([0, 0, 1])
    certainty, _ = stratified_cluster_variance(scores, strata=strata, lonely="certainty")
    average, _ = stratified_cluster_variance(scores, strata=strata, lonely="average")
    assert average[0, 0] == pytest.approx(2 * certainty[0, 0])
