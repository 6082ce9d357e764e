"""What do means and covariances of the items say, and how sure are they under clusters and weights?"""

from dataclasses import dataclass

import numpy as np
from scipy import sparse

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.numeric.moment_structure import GroupMoments, group_moments
from kinerja_lab.numeric.moments import correlation_of
from kinerja_lab.psychometrics.design_sheets import LEAST_CLUSTERS, DesignSheets
from kinerja_lab.psychometrics.sheets import require_complete, require_spread

__all__ = ["ItemMoments", "answer_moments", "item_moments"]

_SINGULAR = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ItemMoments:
    """Means and covariances of items taken as numbers.

    Parameters
    ----------
    items : tuple of str
        Item codes.
    moments : GroupMoments
        Means, covariances, and how they vary from respondent to respondent (or from cluster to cluster).
    clusters : int
        Clusters; 0 where each respondent stands alone.
    weighted : bool
        Whether respondents have unequal weights.
    """

    items: tuple[str, ...]
    moments: GroupMoments
    clusters: int
    weighted: bool

    @property
    def n(self) -> int:
        """Respondents."""
        return self.moments.n

    @property
    def df(self) -> float:
        """Degrees of freedom of the errors: clusters minus one; infinite where respondents stand alone."""
        return self.clusters - 1.0 if self.clusters else np.inf


def item_moments(sheets: DesignSheets) -> ItemMoments:
    """Moments of answer sheets, answers taken as numbers.

    Parameters
    ----------
    sheets : DesignSheets
        Complete sheets; with ``totals`` errors are those of clusters, else of independent respondents.

    Raises
    ------
    KinerjaError
        ``patterns_incomplete``.
    NotApplicable
        ``too_few_items``, ``too_few_sheets`` (not more respondents than items), ``constant_items``,
        ``all_items_constant``, ``instrument_collinear`` or ``too_few_clusters`` (fewer than ten).

    Notes
    -----
    Weights are made to sum to the number of respondents (lavaan's and Mplus' normalisation).
    """
    patterns = sheets.patterns
    require_complete(patterns)
    clusters = 0 if sheets.totals is None else sheets.clusters
    moments = _moments(patterns.values.astype(float), patterns.weights, squares=sheets.squares, n=patterns.n,
                       totals=sheets.totals, clusters=clusters)
    scale = patterns.n / patterns.weights.sum()
    return ItemMoments(
        items=patterns.items, moments=moments, clusters=clusters,
        weighted=not np.allclose(sheets.squares * scale**2, patterns.counts, rtol=1e-9))


def answer_moments(
    answers: np.ndarray, *, items: tuple[str, ...], weights: np.ndarray | None = None,
    clusters: np.ndarray | None = None,
) -> ItemMoments:
    """Moments of measured answers, one row a respondent.

    Parameters
    ----------
    answers : numpy.ndarray, shape (n, items)
        Complete answers on any scale.
    items : tuple of str
        Item codes.
    weights : numpy.ndarray, shape (n,), optional
        Positive weights; without them all count alike.
    clusters : numpy.ndarray, shape (n,), optional
        Cluster of each respondent; without it each stands alone.

    Raises
    ------
    KinerjaError
        ``scores_not_finite``, ``lengths_differ`` or ``factor_weights``.
    NotApplicable
        As ``item_moments``.
    """
    answers = np.asarray(answers, dtype=float)
    n = len(answers)
    weights = np.ones(n) if weights is None else np.asarray(weights, dtype=float)
    for other in (weights, weights if clusters is None else clusters):
        if len(other) != n:
            raise KinerjaError("lengths_differ", first=n, second=len(other))
    if answers.ndim != 2 or answers.shape[1] != len(items):
        raise KinerjaError("lengths_differ", first=len(items), second=answers.shape[-1])
    if not np.isfinite(answers).all():
        raise KinerjaError("scores_not_finite", n=int((~np.isfinite(answers)).any(axis=1).sum()))
    if not (np.isfinite(weights).all() and (weights > 0).all()):
        raise KinerjaError("factor_weights", n=int((~(weights > 0) | ~np.isfinite(weights)).sum()))
    if len(items) < 2:
        raise NotApplicable("too_few_items", n=len(items), least=2)
    if n:
        require_spread(answers, items)
    totals, count = None, 0
    if clusters is not None:
        names, code = np.unique(np.asarray(clusters).astype(str), return_inverse=True)
        count = len(names)
        totals = sparse.csr_array((weights, (code.ravel(), np.arange(n))), shape=(count, n))
    moments = _moments(answers, weights, squares=weights**2, n=n, totals=totals, clusters=count)
    return ItemMoments(items=tuple(items), moments=moments, clusters=count,
                       weighted=not np.allclose(weights, weights[0], rtol=1e-9))


def _moments(rows, weights, *, squares, n: int, totals, clusters: int) -> GroupMoments:
    if n <= rows.shape[1]:
        raise NotApplicable("too_few_sheets", n=n, least=rows.shape[1] + 1)
    if totals is not None and clusters < LEAST_CLUSTERS:
        raise NotApplicable("too_few_clusters", n=clusters, least=LEAST_CLUSTERS)
    moments = group_moments(rows, weights, squares=squares, n=n, totals=totals)
    if np.linalg.eigvalsh(correlation_of(moments.covariance))[0] <= _SINGULAR:
        raise NotApplicable("instrument_collinear")
    return moments
