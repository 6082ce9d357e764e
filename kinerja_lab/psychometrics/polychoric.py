"""How do the tendencies behind the answers go together? Polychoric correlations, with errors that know the design."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.numeric.intervals import reach
from kinerja_lab.numeric.normal_table_errors import cluster_covariance, table_influence
from kinerja_lab.numeric.normal_table_halves import table_covariance
from kinerja_lab.psychometrics.design_sheets import LEAST_CLUSTERS, DesignSheets

__all__ = ["Polychoric", "polychoric"]

_EDGE = 0.999


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Polychoric:
    """Thresholds and polychoric correlations.

    Parameters
    ----------
    items : tuple of str
        Item codes.
    thresholds : tuple of numpy.ndarray
        By item: rising limits between its used answers.
    correlation : numpy.ndarray, shape (k, k)
        Two-step maximum likelihood.
    covariance : numpy.ndarray
        Covariance matrix of thresholds (item by item) and correlations (lower triangle, row by row) under the design.
    independent : numpy.ndarray
        The same as if respondents were independent: what the weights of a DWLS fit are made of.
    n, clusters : int
        Respondents, and clusters (as many as respondents where each stands alone).
    df : float
        Degrees of freedom of the intervals: infinite, or clusters minus one.
    empty_cells : int
        Cells of the two-way tables that nobody is in; none is filled up.
    table : EstimateTable
        By ``kind`` (``threshold``, ``correlation``), ``item`` and ``other`` (the number of the threshold, or the other
        item).
    """

    items: tuple[str, ...]
    thresholds: tuple[np.ndarray, ...]
    correlation: np.ndarray
    covariance: np.ndarray
    independent: np.ndarray
    n: int
    clusters: int
    df: float
    empty_cells: int
    table: EstimateTable

    @property
    def places(self) -> np.ndarray:
        """Where the correlations stand in the covariance matrices."""
        first = sum(len(cuts) for cuts in self.thresholds)
        return np.arange(first, len(self.covariance))


def polychoric(sheets: DesignSheets, *, level: float) -> Polychoric:
    """Polychoric correlations of ordinal items.

    Parameters
    ----------
    sheets : DesignSheets
        Complete sheets; with ``totals`` the errors are those of clusters, else of independent respondents.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    Polychoric

    Raises
    ------
    KinerjaError
        ``bad_level``.
    NotApplicable
        ``polychoric_edge`` when two items answer alike so nearly that their correlation has no inside value;
        ``too_few_clusters`` below ten clusters.

    Notes
    -----
    Thresholds from the margins, each correlation from its two-way table; no cell is changed. Errors by the sandwich of
    both steps (Muthen 1984), times n / (n - 1); under clusters summed over clusters. Intervals of correlations are made
    in Fisher's z and turned back.

    References
    ----------
    Olsson, U. (1979). Maximum likelihood estimation of the polychoric correlation coefficient. Psychometrika 44,
    443-460.
    Muthen, B. (1984). A general structural equation model with dichotomous, ordered categorical, and continuous latent
    variable indicators. Psychometrika 49, 115-132.
    Binder, D. A. (1983). On the variances of asymptotically normal estimators from complex surveys. International
    Statistical Review 51, 279-292.
    """
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    patterns, clustered = sheets.patterns, sheets.totals is not None
    if clustered and sheets.clusters < LEAST_CLUSTERS:
        raise NotApplicable("too_few_clusters", n=sheets.clusters, least=LEAST_CLUSTERS)
    codes, sizes = _codes(patterns)
    found, raw = table_covariance(codes, patterns.weights, sheets.squares, sizes=sizes)
    off = found.correlation[np.tril_indices(len(sizes), -1)]
    edge = np.flatnonzero((np.abs(off) > _EDGE) | found.edge)
    if len(edge):
        one, two = (index[edge[0]] for index in np.tril_indices(len(sizes), -1))
        raise NotApplicable("polychoric_edge", first=patterns.items[one], second=patterns.items[two])
    covariance = independent = raw * patterns.n / (patterns.n - 1)
    if clustered:
        covariance = cluster_covariance(table_influence(codes, patterns.weights, sizes=sizes).influence, sheets.totals)
    df = sheets.clusters - 1.0 if clustered else np.inf
    table = _table(patterns.items, found.limits, off, covariance, df=df, level=level, n=patterns.n,
                   how="clusters" if clustered else "independent")
    return Polychoric(
        items=patterns.items, thresholds=found.limits, correlation=found.correlation, covariance=covariance,
        independent=independent, n=patterns.n, clusters=sheets.clusters, df=df, empty_cells=found.empty, table=table)


def _codes(patterns: ResponsePatterns) -> tuple[np.ndarray, tuple[int, ...]]:
    """Answers as places among those used, and how many are used of each item."""
    columns = np.ascontiguousarray(patterns.values.T, dtype=np.intp) - patterns.low
    sizes = []
    for column in columns:
        used = np.bincount(column, minlength=patterns.high - patterns.low + 1) > 0
        np.take(np.cumsum(used) - 1, column, out=column)
        sizes.append(int(used.sum()))
    return columns.T, tuple(sizes)


def _table(items, limits, off, covariance, *, df: float, level: float, n: int, how: str) -> EstimateTable:
    error = np.sqrt(np.diag(covariance))
    half = reach(level, df=df)
    left, right = np.tril_indices(len(items), -1)
    cuts = np.concatenate(limits)
    bend = half * error[len(cuts):] / (1 - off**2)
    frame = pd.DataFrame({
        "kind": ["threshold"] * len(cuts) + ["correlation"] * len(off),
        "item": [item for item, own in zip(items, limits, strict=True) for _ in own] + [items[j] for j in left],
        "other": [str(t + 1) for own in limits for t in range(len(own))] + [items[j] for j in right],
        "label": ["threshold"] * len(cuts) + ["correlation"] * len(off), "value": np.concatenate([cuts, off]),
        "low": np.concatenate([cuts - half * error[:len(cuts)], np.tanh(np.arctanh(off) - bend)]),
        "high": np.concatenate([cuts + half * error[:len(cuts)], np.tanh(np.arctanh(off) + bend)]),
        "level": level, "n": n, "method": f"two-step polychoric, {how}",
        "unit": ["normal_scale"] * len(cuts) + ["correlation"] * len(off), "note": "",
    })
    return EstimateTable(frame=frame, groups=("kind", "item", "other"))
