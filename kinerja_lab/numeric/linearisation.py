"""How much would an estimate vary if the sample were drawn again? Taylor linearisation with strata and clusters.

Clusters are the ultimate clusters. Without ``population`` they are taken as drawn with replacement, which errs on the
careful side; with it the finite population correction of the first stage is applied. A domain is either a sample of its
own or, with ``whole``, a part of the sample as it was drawn: then the clusters without a member of it count as zeros.
"""

from dataclasses import dataclass

import numpy as np

from kinerja_lab.core.errors import KinerjaError, NotApplicable

__all__ = [
    "LONELY", "DomainPlan", "DomainVariance", "domain_plan", "domain_variances", "stratified_cluster_variance",
]

LONELY = ("fail", "centre", "certainty", "average")
"""What is done with a stratum of one cluster: refuse, take the deviation from the grand mean (R's ``adjust``), count
none, or count what the other strata count on average."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DomainVariance:
    """Variances of one linearised statistic in many domains.

    Parameters
    ----------
    variance : numpy.ndarray, shape (domains,)
        Variance of the domain's total score.
    clusters, strata, lonely : numpy.ndarray of int, shape (domains,)
        Clusters and strata met in the domain, and strata with a single cluster.
    """

    variance: np.ndarray
    clusters: np.ndarray
    strata: np.ndarray
    lonely: np.ndarray

    @property
    def df(self) -> np.ndarray:
        """Degrees of freedom: clusters minus strata."""
        return self.clusters - self.strata


def _codes(values: np.ndarray | None, n: int) -> tuple[np.ndarray, int]:
    """Integer codes of labels; one code for all where there are none."""
    if values is None:
        return np.zeros(n, dtype=np.int64), 1
    values = np.asarray(values)
    if values.dtype.kind in "iu" and n and values.min() >= 0 and values.max() < 4 * n + 1024:
        return values.astype(np.int64), int(values.max()) + 1
    found, codes = np.unique(values, return_inverse=True)
    return codes.ravel().astype(np.int64), len(found)


def _checked_lonely(lonely: str) -> None:
    if lonely not in LONELY:
        raise KinerjaError("unknown_option", name="lonely", value=str(lonely), choices=", ".join(LONELY), nearest="-")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DomainPlan:
    """Which rows form a cluster, and which clusters a stratum of a domain; made once for many statistics.

    Parameters
    ----------
    count : int
        Number of domains.
    cluster_of : numpy.ndarray of int or None, shape (rows,)
        Cluster of each row; None where each row is one.
    cell_of : numpy.ndarray of int, shape (clusters,)
        Stratum within domain of each cluster.
    domain_of : numpy.ndarray of int, shape (cells,)
        Domain of each such stratum.
    size_of : numpy.ndarray or None, shape (cells,)
        Clusters drawn in the stratum, with members of the domain or not; None where a domain is a sample of its own.
    kept_of : numpy.ndarray or None, shape (cells,)
        1 minus the sampled share of the stratum's clusters; None means 1.
    strata_n, lonely_n, cluster_n : int
        Strata, lonely strata and clusters of the whole sample; 0 where a domain is a sample of its own.
    """

    count: int
    cluster_of: np.ndarray | None
    cell_of: np.ndarray
    domain_of: np.ndarray
    size_of: np.ndarray | None = None
    kept_of: np.ndarray | None = None
    strata_n: int = 0
    lonely_n: int = 0
    cluster_n: int = 0

    def variances(
        self, scores: np.ndarray, *, present: np.ndarray | None = None, lonely: str = "centre",
    ) -> DomainVariance:
        """Variances of one statistic; see ``domain_variances``."""
        _checked_lonely(lonely)
        totals = np.asarray(scores, dtype=float)
        present = np.ones(len(totals), dtype=bool) if present is None else present
        if self.cluster_of is not None:
            clusters = len(self.cell_of)
            totals = np.bincount(self.cluster_of, weights=totals, minlength=clusters)
            present = np.bincount(self.cluster_of, weights=present, minlength=clusters) > 0
        return self.from_totals(totals, present=present, lonely=lonely)

    def from_totals(self, totals: np.ndarray, *, present: np.ndarray, lonely: str = "centre") -> DomainVariance:
        """Variances from scores that are summed by cluster already, in the order of ``cell_of``."""
        met, total, square = (np.bincount(self.cell_of, weights=item, minlength=len(self.domain_of))
                              for item in (present, totals, totals * totals))
        return self.from_sums(met, total, square, lonely=lonely)

    def from_sums(
        self, met: np.ndarray, total: np.ndarray, square: np.ndarray, *, lonely: str = "centre",
    ) -> DomainVariance:
        """Variances from what is summed by stratum of a domain already: clusters met, their scores and squares."""
        _checked_lonely(lonely)
        size = met if self.size_of is None else np.where(met > 0, self.size_of, 0.0)
        kept = np.ones(len(met)) if self.kept_of is None else self.kept_of
        several, single = size > 1, (size == 1) & (kept > 0)
        if lonely == "fail" and (single.any() or self.lonely_n):
            raise NotApplicable("lonely_strata", n=int(max(single.sum(), self.lonely_n)))
        safe = np.where(several, size, 2.0)
        part = np.where(several, kept * safe / (safe - 1) * np.maximum(square - total * total / safe, 0.0), 0.0)
        variance, clusters, strata, alone = (
            np.bincount(self.domain_of, weights=item, minlength=self.count) for item in (part, met, met > 0, single))
        if lonely == "centre":
            variance = variance + self._centred(total, clusters, single, kept)
        elif lonely == "average":
            strata_n, lonely_n = (strata, alone) if self.size_of is None else (self.strata_n, self.lonely_n)
            usable = strata_n - lonely_n
            variance = np.where(usable > 0, variance * strata_n / np.where(usable > 0, usable, 1), 0.0)
        clusters, strata, alone = (item.astype(np.int64) for item in (clusters, strata, alone))
        return DomainVariance(variance=variance, clusters=clusters, strata=strata, lonely=alone)

    def _centred(self, total: np.ndarray, clusters: np.ndarray, single: np.ndarray, kept: np.ndarray) -> np.ndarray:
        """Squared deviations of lonely clusters from the mean of all clusters (0 for linearised scores)."""
        domain_total = np.bincount(self.domain_of, weights=total, minlength=self.count)
        drawn = clusters if self.size_of is None else np.full(self.count, float(self.cluster_n))
        mean = domain_total / np.where(drawn > 0, drawn, 1.0)
        found = np.bincount(self.domain_of, weights=np.where(single, kept * (total - mean[self.domain_of]) ** 2, 0.0),
                            minlength=self.count)
        if self.size_of is None:
            return found
        met = np.bincount(self.domain_of, weights=single, minlength=self.count)
        return found + (self.lonely_n - met) * mean**2


def domain_plan(
    domains: np.ndarray, *, count: int, strata: np.ndarray | None = None, clusters: np.ndarray | None = None,
    population: np.ndarray | None = None, whole: bool = False,
) -> DomainPlan:
    """Sort rows into clusters, strata and domains.

    Parameters
    ----------
    domains : numpy.ndarray of int, shape (n,)
        Domain of each row, 0 to ``count`` - 1.
    count : int
        Number of domains.
    strata, clusters : numpy.ndarray or None, shape (n,)
        Labels; no strata means one, no clusters means that each row is one. Clusters are nested in strata.
    population : numpy.ndarray or None, shape (n,)
        Clusters that the row's stratum has in the population; None or infinity means no correction.
    whole : bool
        Whether a domain is a part of the whole sample (as in R survey) instead of a sample of its own.

    Returns
    -------
    DomainPlan

    Raises
    ------
    KinerjaError
        ``population_too_small`` when a stratum has more clusters in the sample than in the population, or differing
        entries.
    """
    n = len(domains)
    domains = np.asarray(domains, dtype=np.int64)
    cell_of, domain_of, stratum_of = domains, np.arange(count), np.zeros(count, dtype=np.int64)
    stratum, strata_n = _codes(strata, n)
    if strata is not None:
        cells, cell_of = _pairs(domains, stratum, strata_n)
        domain_of, stratum_of = cells // strata_n, cells % strata_n
    cluster_of = None
    cluster, cluster_n = (None, 0) if clusters is None else _codes(clusters, n)
    final = cell_of
    if cluster is not None:
        pairs, cluster_of = _pairs(cell_of, cluster, cluster_n)
        final = pairs // cluster_n
    if not whole and population is None:
        return DomainPlan(count=count, cluster_of=cluster_of, cell_of=final, domain_of=domain_of)
    drawn = _drawn(stratum, strata_n, cluster, cluster_n)
    kept = _kept(population, stratum, drawn)
    lonely_n = int(((drawn == 1) & (kept > 0)).sum())
    return DomainPlan(
        count=count, cluster_of=cluster_of, cell_of=final, domain_of=domain_of, kept_of=kept[stratum_of],
        size_of=drawn[stratum_of].astype(float) if whole else None, strata_n=int((drawn > 0).sum()) if whole else 0,
        lonely_n=lonely_n if whole else 0, cluster_n=int(drawn.sum()) if whole else 0,
    )


def _drawn(stratum: np.ndarray, strata_n: int, cluster: np.ndarray | None, cluster_n: int) -> np.ndarray:
    """Clusters drawn in each stratum."""
    if cluster is None:
        return np.bincount(stratum, minlength=strata_n)
    return np.bincount(_pairs(stratum, cluster, cluster_n)[0] // cluster_n, minlength=strata_n)


def _kept(population: np.ndarray | None, stratum: np.ndarray, drawn: np.ndarray) -> np.ndarray:
    """1 minus the sampled share of each stratum's clusters."""
    if population is None:
        return np.ones(len(drawn))
    size = np.full(len(drawn), np.inf)
    size[stratum] = population
    if not np.array_equal(size[stratum], np.asarray(population, dtype=float)) or (size < drawn).any():
        raise KinerjaError("population_too_small", n=int((size < drawn).sum()))
    return 1 - drawn / size


def domain_variances(
    scores: np.ndarray, *, domains: np.ndarray, count: int, strata: np.ndarray | None = None,
    clusters: np.ndarray | None = None, present: np.ndarray | None = None, lonely: str = "centre",
    population: np.ndarray | None = None, whole: bool = False,
) -> DomainVariance:
    """Variance of the total score of each domain, all domains in one pass.

    Unless ``whole``, each domain is taken as a sample of its own: its clusters are those met in it. A domain then has
    the same variance whether it is analysed alone or beside the others.

    Parameters
    ----------
    scores : numpy.ndarray of float, shape (n,)
        Weighted linearised scores; 0 where the row does not take part.
    domains : numpy.ndarray of int, shape (n,)
        Domain of each row, 0 to ``count`` - 1.
    count : int
        Number of domains.
    strata, clusters : numpy.ndarray or None, shape (n,)
        Labels; no strata means one, no clusters means that each row is one. Clusters are nested in strata.
    present : numpy.ndarray of bool or None, shape (n,)
        Rows that take part; None means all.
    lonely : str
        ``"fail"``, ``"centre"``, ``"certainty"`` or ``"average"``.
    population : numpy.ndarray or None, shape (n,)
        Clusters that the row's stratum has in the population; None or infinity means no correction.
    whole : bool
        Whether a domain is a part of the whole sample (as in R survey) instead of a sample of its own.

    Returns
    -------
    DomainVariance
        One entry a domain.

    Raises
    ------
    NotApplicable
        ``lonely_strata`` under ``lonely="fail"``.
    KinerjaError
        ``unknown_option`` or ``population_too_small``.

    Notes
    -----
    sum over strata of (1 - f) n/(n-1) * (sum of squared cluster totals - (stratum total)^2 / n), f the sampled share of
    the stratum's clusters. A lonely stratum under ``centre`` counts the squared deviation of its total from the mean of
    all cluster totals, which is zero for linearised scores. ``whole`` takes n from the sample as drawn.

    References
    ----------
    Wolter, K. M. (2007). Introduction to variance estimation, 2nd ed., chapter 6. Springer.
    """
    plan = domain_plan(domains, count=count, strata=strata, clusters=clusters, population=population, whole=whole)
    return plan.variances(scores, present=present, lonely=lonely)


def _pairs(outer: np.ndarray, inner: np.ndarray, inner_n: int) -> tuple[np.ndarray, np.ndarray]:
    """Distinct (outer, inner) pairs as codes ``outer * inner_n + inner``, sorted, and where each row's pair is."""
    found, where = np.unique(outer.astype(np.int64) * inner_n + inner, return_inverse=True)
    return found, where.ravel()


def stratified_cluster_variance(
    scores: np.ndarray, *, weights: np.ndarray | None = None, strata: np.ndarray | None = None,
    clusters: np.ndarray | None = None, lonely: str = "fail", population: np.ndarray | None = None,
) -> tuple[np.ndarray, int]:
    """Covariance matrix of totals of linearised scores.

    Parameters
    ----------
    scores : numpy.ndarray of float, shape (n, k)
        Linearised scores; their (weighted) sums are the statistics.
    weights : numpy.ndarray or None, shape (n,)
        Multiply the scores; None means ones.
    strata, clusters : numpy.ndarray or None, shape (n,)
        Labels; no strata means one, no clusters means that each row is one. Clusters are nested in strata.
    lonely : str
        ``"fail"``, ``"centre"`` (deviation from the grand mean of cluster totals), ``"certainty"`` (counts none) or
        ``"average"`` (counts what the other strata count on average).
    population : numpy.ndarray or None, shape (n,)
        Clusters that the row's stratum has in the population; None or infinity means no correction.

    Returns
    -------
    covariance : numpy.ndarray, shape (k, k)
    df : int
        Clusters minus strata.

    Raises
    ------
    NotApplicable
        ``lonely_strata`` under ``lonely="fail"``.
    KinerjaError
        ``unknown_option`` or ``population_too_small``.

    Notes
    -----
    sum over strata h of (1 - f_h) n_h/(n_h-1) sum over clusters c of (t_hc - mean_h)(t_hc - mean_h)'.

    References
    ----------
    Wolter, K. M. (2007). Introduction to variance estimation, 2nd ed., chapter 6. Springer.

    Examples
    --------
    The variance of a mean is s^2/n; for 1, 2, 3 that is 1/3:

    >>> import numpy as np
    >>> covariance, df = stratified_cluster_variance(np.array([[-1.0], [0.0], [1.0]]) / 3)
    >>> round(float(covariance[0, 0]), 6), df
    (0.333333, 2)
    """
    _checked_lonely(lonely)
    scores = np.asarray(scores, dtype=float)
    n, k = scores.shape
    if weights is not None:
        scores = scores * np.asarray(weights, dtype=float)[:, None]
    stratum, strata_n = _codes(strata, n)
    if clusters is not None:
        cluster, cluster_n = _codes(clusters, n)
        pairs, row_of = _pairs(stratum, cluster, cluster_n)
        totals = np.column_stack([np.bincount(row_of, weights=scores[:, j], minlength=len(pairs)) for j in range(k)])
        stratum = pairs // cluster_n
    else:
        totals = scores
    size = np.bincount(stratum, minlength=strata_n).astype(float)
    kept = _kept(population, _codes(strata, n)[0], size)
    single = (size == 1) & (kept > 0)
    if lonely == "fail" and single.any():
        raise NotApplicable("lonely_strata", n=int(single.sum()))
    safe = np.maximum(size, 1.0)
    means = np.column_stack([np.bincount(stratum, weights=totals[:, j], minlength=strata_n) / safe for j in range(k)])
    if lonely == "centre":
        means[single] = totals.mean(axis=0)
    factor = kept * np.where(size > 1, size / np.where(size > 1, size - 1, 1.0), 1.0)
    centred = (totals - means[stratum]) * np.sqrt(factor[stratum])[:, None]
    strata_met = int((size > 0).sum())
    usable = strata_met - int(single.sum())
    spread = strata_met / usable if lonely == "average" and usable else 1.0
    return spread * (centred.T @ centred), len(totals) - strata_met
