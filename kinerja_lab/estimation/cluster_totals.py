"""What did every region say, all at once, from sums by cluster alone?

Means of elements, the index and their errors are functions of a few sums in each cluster. A database makes those sums
in one pass (``io.cluster_totals``); from there the cost depends on clusters, not on respondents.
"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import EstimateTable, fixed_columns
from kinerja_lab.numeric.intervals import t_interval
from kinerja_lab.numeric.linearisation import DomainPlan, DomainVariance, domain_plan

__all__ = ["ClusterTotals", "TotalsEstimates", "estimate_columns", "estimates_table", "index_from_totals",
           "index_scores", "means_from_totals"]

METHOD = "Taylor linearisation, t"
_FLAT = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClusterTotals:
    """Sums by domain and cluster.

    Parameters
    ----------
    domains : numpy.ndarray, shape (rows,)
        Domain (region) of each row.
    strata, clusters : numpy.ndarray, shape (rows,)
        Stratum, and cluster within it. A cluster may have rows in several domains; with its domain it occurs once.
    items : tuple of str
        Names of the columns below.
    weight : numpy.ndarray of float, shape (rows, items)
        Sum of weights of those who answered the item.
    product : numpy.ndarray of float, shape (rows, items)
        Sum of weight times answer.
    answers : numpy.ndarray of int, shape (rows, items)
        How many answered.
    respondents : numpy.ndarray of int, shape (rows,)
        How many gave at least one answer.

    Raises
    ------
    KinerjaError
        ``lengths_differ``, ``cluster_repeated`` or ``bad_weights``.
    """

    domains: np.ndarray
    strata: np.ndarray
    clusters: np.ndarray
    items: tuple[str, ...]
    weight: np.ndarray
    product: np.ndarray
    answers: np.ndarray
    respondents: np.ndarray

    def __post_init__(self) -> None:
        rows = len(self.domains)
        shape = (rows, len(self.items))
        for part in (self.weight, self.product, self.answers):
            if part.shape != shape:
                raise KinerjaError("lengths_differ", first=rows, second=len(part))
        if len(self.strata) != rows or len(self.clusters) != rows or len(self.respondents) != rows:
            raise KinerjaError("lengths_differ", first=rows, second=len(self.strata))
        if not (np.isfinite(self.weight) & ((self.weight > 0) == (self.answers > 0))).all():
            raise KinerjaError("bad_weights", n=int((~(self.weight > 0) & (self.answers > 0)).sum()))
        repeated = pd.DataFrame({"d": self.domains, "s": self.strata, "c": self.clusters}).duplicated()
        if repeated.any():
            raise KinerjaError("cluster_repeated", cluster=str(np.asarray(self.clusters)[repeated.to_numpy()][0]))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TotalsEstimates:
    """Estimates of all domains with their standard errors.

    Parameters
    ----------
    table : EstimateTable
        By ``("region",)``; labels of a region stand together.
    se : numpy.ndarray, shape (rows of the table,)
        Standard errors.
    df : numpy.ndarray of int, shape (rows of the table,)
        Clusters minus strata met in the region.
    """

    table: EstimateTable
    se: np.ndarray
    df: np.ndarray


def means_from_totals(
    totals: ClusterTotals, *, level: float, ends: tuple[float, float], whole: bool = True, lonely: str = "centre",
    unit: str = "scale_1_4",
) -> TotalsEstimates:
    """Mean of every item in every domain.

    Parameters
    ----------
    totals : ClusterTotals
        From ``io.cluster_totals``, for all domains together.
    level : float
        Confidence level, between 0 and 1.
    ends : tuple of float
        Ends of the answer scale; limits are cut there.
    whole : bool
        Whether a domain is a part of the sample as drawn (as R survey and svy have it); otherwise a sample of its own,
        as ``satisfaction_index`` has it.
    lonely : str
        What a stratum of one cluster does; see ``numeric.linearisation``.
    unit : str
        Unit of the means.

    Returns
    -------
    TotalsEstimates

    Raises
    ------
    KinerjaError
        ``bad_level`` or ``unknown_option``.
    NotApplicable
        ``empty_sample``; ``lonely_strata`` under ``lonely="fail"``.

    Notes
    -----
    The score of a cluster is (sum of w y - mean * sum of w) / sum of w in the domain: the same number that summing the
    scores of its respondents gives.

    References
    ----------
    Wolter, K. M. (2007). Introduction to variance estimation, 2nd ed., chapter 6. Springer.
    """
    codes, names, plan = _plan(totals, whole)
    pieces = []
    for item in range(len(totals.items)):
        mean, scores = _mean(totals, item, codes, len(names))
        spread = plan.from_totals(scores, present=totals.answers[:, item] > 0, lonely=lonely)
        n = np.bincount(codes, weights=totals.answers[:, item], minlength=len(names))
        pieces.append((totals.items[item], mean, spread, n))
    return estimates_table(pieces, names, level=level, ends=ends, unit=unit)


def index_from_totals(
    totals: ClusterTotals, *, level: float, factor: float, ends: tuple[float, float], whole: bool = True,
    lonely: str = "centre", unit: str = "index_100",
) -> TotalsEstimates:
    """The index of every domain: the mean of its element means, times a factor.

    Parameters
    ----------
    totals : ClusterTotals
        From ``io.cluster_totals``.
    level : float
        Confidence level, between 0 and 1.
    factor : float
        What the mean of means is multiplied with (25 for the SKM).
    ends : tuple of float
        Ends of the index; limits are cut there.
    whole : bool
        As for ``means_from_totals``.
    lonely : str
        As for ``means_from_totals``.
    unit : str
        Unit of the index.

    Returns
    -------
    TotalsEstimates
        The value is NaN, never a mean of fewer elements, where nobody in the domain answered an element.

    Raises
    ------
    KinerjaError
        As ``means_from_totals``.
    NotApplicable
        As ``means_from_totals``.

    Notes
    -----
    Scores of the elements are added before the variance is taken, so that the covariance of the elements is in it.

    References
    ----------
    Wolter, K. M. (2007). Introduction to variance estimation, 2nd ed., chapter 6. Springer.
    """
    codes, names, plan = _plan(totals, whole)
    value, scores = index_scores(totals, codes=codes, count=len(names), factor=factor)
    spread = plan.from_totals(scores, present=totals.respondents > 0, lonely=lonely)
    n = np.bincount(codes, weights=totals.respondents, minlength=len(names))
    return estimates_table([("index", value, spread, n)], names, level=level, ends=ends, unit=unit)


def index_scores(
    totals: ClusterTotals, *, codes: np.ndarray, count: int, factor: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Index of every domain, and what every cluster adds to its error.

    Parameters
    ----------
    totals : ClusterTotals
        From ``io.cluster_totals``.
    codes : numpy.ndarray of int, shape (rows,)
        Domain of each row, 0 to ``count`` - 1.
    count : int
        Number of domains.
    factor : float
        As for ``index_from_totals``.
    """
    value, scores = np.zeros(count), np.zeros(len(codes))
    for item in range(len(totals.items)):
        mean, part = _mean(totals, item, codes, count)
        value, scores = value + mean, scores + part
    share = factor / len(totals.items)
    return share * value, share * np.nan_to_num(scores)


def _plan(totals: ClusterTotals, whole: bool) -> tuple[np.ndarray, np.ndarray, DomainPlan]:
    if not len(totals.domains):
        raise NotApplicable("empty_sample")
    codes, names = pd.factorize(np.asarray(totals.domains), sort=True)
    strata, clusters = (pd.factorize(np.asarray(labels), use_na_sentinel=False)[0]
                        for labels in (totals.strata, totals.clusters))
    plan = domain_plan(codes, count=len(names), strata=strata, clusters=clusters, whole=whole)
    # each row is one cluster of its domain: put the plan's clusters in the order of the rows
    return codes, np.asarray(names), replace(plan, cell_of=plan.cell_of[plan.cluster_of], cluster_of=None)


def _mean(totals: ClusterTotals, item: int, codes: np.ndarray, count: int) -> tuple[np.ndarray, np.ndarray]:
    weight, product = totals.weight[:, item], totals.product[:, item]
    under, over = (np.bincount(codes, weights=side, minlength=count) for side in (weight, product))
    mean = np.where(under > 0, over / np.where(under > 0, under, 1.0), np.nan)
    scores = (product - np.nan_to_num(mean)[codes] * weight) / np.where(under > 0, under, 1.0)[codes]
    return mean, scores


def estimates_table(pieces, names, *, level: float, ends, unit: str) -> TotalsEstimates:
    """Statistics of all domains as a table; labels of a region stand together.

    Parameters
    ----------
    pieces : list of (str, numpy.ndarray, DomainVariance, numpy.ndarray)
        Label, value by domain, its variance, and the answers behind it.
    names : numpy.ndarray, shape (domains,)
        Domains.
    level : float
        Confidence level.
    ends : tuple of float
        Ends of the scale.
    unit : str
        Unit of the values.
    """
    frames, errors, dfs = [], [], []
    for label, value, spread, n in pieces:
        columns, se = estimate_columns(value, spread, n, level=level, ends=ends)
        frames.append(pd.DataFrame({"region": names, "label": label, **columns, "method": METHOD, "unit": unit}))
        errors.append(se)
        dfs.append(spread.df)
    frame = pd.concat(frames, ignore_index=True)
    order = np.arange(len(frame)).reshape(len(pieces), -1).T.ravel()
    frame = frame.iloc[order][["region", *fixed_columns(("region",))]]
    return TotalsEstimates(table=EstimateTable(frame=frame, groups=("region",)), se=np.concatenate(errors)[order],
                           df=np.concatenate(dfs)[order])


def estimate_columns(value, spread: DomainVariance, n, *, level: float, ends) -> tuple[dict, np.ndarray]:
    """The columns of estimates with a note wherever there is no interval, and the standard errors.

    Parameters
    ----------
    value, n : numpy.ndarray, shape (domains,)
        Estimates and the answers behind them.
    spread : DomainVariance
        Their variances.
    level : float
        Confidence level.
    ends : tuple of float
        Ends of the scale.
    """
    se = np.sqrt(spread.variance)
    flat = se <= _FLAT * (1 + np.abs(np.nan_to_num(value)))
    note = np.select(
        [np.isnan(value), n < 2, (spread.clusters < 2) | (spread.df < 1), flat, spread.lonely > 0],
        ["element_unanswered", "too_few_respondents", "one_cluster", "no_variation", "lonely_stratum"], default="")
    bare = ~np.isin(note, ("", "lonely_stratum"))
    low, high = t_interval(value, se, np.where(bare, 1, spread.df), level=level)
    low, high = np.minimum(np.maximum(low, ends[0]), value), np.maximum(np.minimum(high, ends[1]), value)
    return {"value": value, "low": np.where(bare, np.nan, low), "high": np.where(bare, np.nan, high), "level": level,
            "n": n.astype(int), "note": note}, np.where(np.isnan(value), np.nan, se)
