"""How much would an estimate vary if the sample were drawn again? Taylor linearisation with strata and clusters.

Clusters are the ultimate clusters, taken as drawn with replacement; there is no finite population correction, which
errs on the careful side.
"""

from dataclasses import dataclass

import numpy as np

from kinerja_lab.core.errors import KinerjaError, NotApplicable

__all__ = [
    "LONELY", "DomainPlan", "DomainVariance", "domain_plan", "domain_variances", "stratified_cluster_variance",
]

LONELY = ("fail", "centre", "certainty")
"""What is done with a stratum of one cluster: refuse, take the deviation from the grand mean, or count none."""


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
    """

    count: int
    cluster_of: np.ndarray | None
    cell_of: np.ndarray
    domain_of: np.ndarray

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
        size, total, square = (np.bincount(self.cell_of, weights=item, minlength=len(self.domain_of))
                               for item in (present, totals, totals * totals))
        several, single = size > 1, size == 1
        if lonely == "fail" and single.any():
            raise NotApplicable("lonely_strata", n=int(single.sum()))
        safe = np.where(several, size, 2.0)
        part = np.where(several, safe / (safe - 1) * np.maximum(square - total * total / safe, 0.0), 0.0)
        if lonely == "centre":
            part = np.where(single, square, part)
        variance, *counts = (np.bincount(self.domain_of, weights=item, minlength=self.count)
                             for item in (part, size, size > 0, single))
        clusters, strata, alone = (item.astype(np.int64) for item in counts)
        return DomainVariance(variance=variance, clusters=clusters, strata=strata, lonely=alone)


def domain_plan(
    domains: np.ndarray, *, count: int, strata: np.ndarray | None = None, clusters: np.ndarray | None = None,
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

    Returns
    -------
    DomainPlan
    """
    n = len(domains)
    cell_of, domain_of = domains, np.arange(count)
    if strata is not None:
        stratum, strata_n = _codes(strata, n)
        cells, cell_of = _pairs(domains, stratum, strata_n)
        domain_of = cells // strata_n
    if clusters is None:
        return DomainPlan(count=count, cluster_of=None, cell_of=cell_of, domain_of=domain_of)
    cluster, cluster_n = _codes(clusters, n)
    pairs, cluster_of = _pairs(cell_of, cluster, cluster_n)
    return DomainPlan(count=count, cluster_of=cluster_of, cell_of=pairs // cluster_n, domain_of=domain_of)


def domain_variances(
    scores: np.ndarray, *, domains: np.ndarray, count: int, strata: np.ndarray | None = None,
    clusters: np.ndarray | None = None, present: np.ndarray | None = None, lonely: str = "centre",
) -> DomainVariance:
    """Variance of the total score of each domain, all domains in one pass.

    Each domain is taken as a sample of its own: its clusters are those met in it. A domain then has the same variance
    whether it is analysed alone or beside the others.

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
        ``"fail"``, ``"centre"`` or ``"certainty"``.

    Returns
    -------
    DomainVariance
        One entry a domain.

    Raises
    ------
    NotApplicable
        ``lonely_strata`` under ``lonely="fail"``.
    KinerjaError
        ``unknown_option``.

    Notes
    -----
    sum over strata of n/(n-1) * (sum of squared cluster totals - (stratum total)^2 / n). A lonely stratum under
    ``centre`` counts its squared total: the grand mean of linearised scores is zero.

    References
    ----------
    Wolter, K. M. (2007). Introduction to variance estimation, 2nd ed., chapter 6. Springer.
    """
    plan = domain_plan(domains, count=count, strata=strata, clusters=clusters)
    return plan.variances(scores, present=present, lonely=lonely)


def _pairs(outer: np.ndarray, inner: np.ndarray, inner_n: int) -> tuple[np.ndarray, np.ndarray]:
    """Distinct (outer, inner) pairs as codes ``outer * inner_n + inner``, sorted, and where each row's pair is."""
    found, where = np.unique(outer.astype(np.int64) * inner_n + inner, return_inverse=True)
    return found, where.ravel()


def stratified_cluster_variance(
    scores: np.ndarray, *, weights: np.ndarray | None = None, strata: np.ndarray | None = None,
    clusters: np.ndarray | None = None, lonely: str = "fail",
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
        ``"fail"``, ``"centre"`` (deviation from the grand mean of cluster totals) or ``"certainty"`` (counts none).

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
        ``unknown_option``.

    Notes
    -----
    sum over strata h of n_h/(n_h-1) sum over clusters c of (t_hc - mean_h)(t_hc - mean_h)'.

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
    if lonely == "fail" and (size == 1).any():
        raise NotApplicable("lonely_strata", n=int((size == 1).sum()))
    safe = np.maximum(size, 1.0)
    means = np.column_stack([np.bincount(stratum, weights=totals[:, j], minlength=strata_n) / safe for j in range(k)])
    if lonely == "centre":
        means[size == 1] = totals.mean(axis=0)
    factor = np.where(size > 1, size / np.where(size > 1, size - 1, 1.0), 1.0)
    centred = (totals - means[stratum]) * np.sqrt(factor[stratum])[:, None]
    return centred.T @ centred, len(totals) - int((size > 0).sum())
