"""Design-based variances against the textbook formula, and the three answers to a lonely stratum."""

import numpy as np
import pytest

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.numeric.linearisation import domain_variances, stratified_cluster_variance


def textbook(scores, strata, clusters):
    """sum_h n_h/(n_h-1) sum_c (t_hc - mean_h)^2, by loops."""
    total = 0.0
    for stratum in set(strata):
        inside = [key for key in dict.fromkeys(zip(strata, clusters, strict=True)) if key[0] == stratum]
        sums = np.array([sum(s for s, h, c in zip(scores, strata, clusters, strict=True) if (h, c) == key)
                         for key in inside])
        total += len(sums) / (len(sums) - 1) * ((sums - sums.mean()) ** 2).sum()
    return total


@pytest.fixture
def sample():
    rng = np.random.default_rng(3)
    return rng.normal(size=60), rng.integers(0, 3, 60), rng.integers(0, 5, 60)


def test_equals_the_textbook_formula(sample):
    scores, strata, clusters = sample
    covariance, df = stratified_cluster_variance(scores[:, None], strata=strata, clusters=clusters)
    assert covariance[0, 0] == pytest.approx(textbook(scores, strata, clusters), rel=1e-12)
    assert df == 15 - 3


def test_one_domain_equals_the_covariance_matrix(sample):
    scores, strata, clusters = sample
    found = domain_variances(scores, domains=np.zeros(60, dtype=int), count=1, strata=strata, clusters=clusters)
    covariance, df = stratified_cluster_variance(scores[:, None], strata=strata, clusters=clusters)
    assert found.variance[0] == pytest.approx(covariance[0, 0], rel=1e-12)
    assert found.df[0] == df


def test_a_domain_alone_equals_the_domain_beside_others(sample):
    scores, strata, clusters = sample
    domains = np.arange(60) % 4
    together = domain_variances(scores, domains=domains, count=4, strata=strata, clusters=clusters)
    for domain in range(4):
        mask = domains == domain
        alone = domain_variances(scores[mask], domains=np.zeros(mask.sum(), dtype=int), count=1, strata=strata[mask],
                                 clusters=clusters[mask])
        assert alone.variance[0] == pytest.approx(together.variance[domain], rel=1e-12)
        assert alone.df[0] == together.df[domain]


def test_covariance_of_two_scores_is_not_lost():
    scores = np.column_stack([[1.0, -1.0, 2.0, -2.0], [2.0, -2.0, 4.0, -4.0]])
    covariance, _ = stratified_cluster_variance(scores)
    assert covariance[0, 1] == pytest.approx(2 * covariance[0, 0])


def test_weights_multiply_scores():
    scores, weights = np.array([[1.0], [2.0], [4.0]]), np.array([3.0, 1.0, 2.0])
    assert stratified_cluster_variance(scores, weights=weights)[0] == pytest.approx(
        stratified_cluster_variance(scores * weights[:, None])[0])


def test_lonely_strata():
    scores, strata = np.array([1.0, -1.0, 3.0]), np.array(["a", "a", "b"])
    with pytest.raises(NotApplicable, match="lonely_strata"):
        stratified_cluster_variance(scores[:, None], strata=strata)
    pair = 2 * (1 + 1)
    certainty, _ = stratified_cluster_variance(scores[:, None], strata=strata, lonely="certainty")
    centre, _ = stratified_cluster_variance(scores[:, None], strata=strata, lonely="centre")
    assert certainty[0, 0] == pytest.approx(pair)
    assert centre[0, 0] == pytest.approx(pair + (3 - 1) ** 2)
    with pytest.raises(NotApplicable, match="lonely_strata"):
        domain_variances(scores, domains=np.zeros(3, dtype=int), count=1, strata=strata, lonely="fail")
    assert domain_variances(scores, domains=np.zeros(3, dtype=int), count=1, strata=strata).lonely[0] == 1


def test_unknown_lonely_rule():
    with pytest.raises(KinerjaError, match="unknown_option"):
        stratified_cluster_variance(np.ones((3, 1)), lonely="guess")
