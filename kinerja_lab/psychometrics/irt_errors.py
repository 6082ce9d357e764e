"""How sure are item parameters when respondents come in service units? Scores are summed over units."""

from collections.abc import Mapping

import numpy as np

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.patterns import MISSING, ResponsePatterns
from kinerja_lab.psychometrics.irt_sheets import PreparedSheets

__all__ = ["cluster_covariance"]

LEAST_CLUSTERS = 10
"""Units below which errors over units are not printed (house convention)."""


def cluster_covariance(bread: np.ndarray, *, scores: tuple[np.ndarray, ...], prepared: PreparedSheets, clusters,
                       ) -> tuple[np.ndarray, float]:
    """Sandwich covariance of scores summed over units.

    Parameters
    ----------
    bread : array of float, shape (parameters, parameters)
        Inverse of the information.
    scores : tuple of array of float, shape (sheets, parameters)
        One a group: scores of each distinct sheet.
    prepared : PreparedSheets
        The sheets the scores belong to.
    clusters : mapping of str to ResponsePatterns, or of str to such a mapping
        Sheets by unit, or by group and unit.

    Returns
    -------
    covariance : array of float, shape (parameters, parameters)
        bread (G/(G-1) sum_g u_g u_g') bread, u_g the weighted scores of unit g.
    df : float
        Units minus 1.

    Raises
    ------
    KinerjaError
        ``clusters_differ`` when the units do not hold the same sheets.
    NotApplicable
        ``too_few_clusters``.

    References
    ----------
    Binder, D. A. (1983). On the variances of asymptotically normal estimators from complex surveys. International
    Statistical Review 51, 279-292.
    """
    nested = clusters if all(isinstance(own, Mapping) for own in clusters.values()) else {prepared.groups[0]: clusters}
    if set(nested) != set(prepared.groups):
        raise KinerjaError("clusters_differ", what=", ".join(sorted(set(nested) ^ set(prepared.groups))))
    totals: dict[str, np.ndarray] = {}
    for place, group in enumerate(prepared.groups):
        known = {row.tobytes(): number for number, row in enumerate(np.ascontiguousarray(prepared.values[place]))}
        weight = 0.0
        for unit, own in nested[group].items():
            rows, weights = _rows(own, known, prepared)
            weight += weights.sum()
            totals[unit] = totals.get(unit, 0.0) + weights @ scores[place][rows]
        if abs(weight - prepared.weights[place].sum()) > 1e-6 * weight:
            raise KinerjaError("clusters_differ", what=group or "-")
    if len(totals) < LEAST_CLUSTERS:
        raise NotApplicable("too_few_clusters", n=len(totals), least=LEAST_CLUSTERS)
    sums = np.stack(list(totals.values()))
    sums = sums - sums.mean(axis=0)
    meat = len(sums) / (len(sums) - 1) * sums.T @ sums
    return bread @ meat @ bread, float(len(sums) - 1)


def _rows(own: ResponsePatterns, known: dict[bytes, int], prepared: PreparedSheets) -> tuple[np.ndarray, np.ndarray]:
    """Which distinct sheets a unit has, and with which weights."""
    if own.items != prepared.items:
        raise KinerjaError("clusters_differ", what=", ".join(own.items))
    number = np.full((len(own.items), own.high + 1), -2, dtype=np.int16)
    for item, held in enumerate(prepared.levels):
        number[item, list(held)] = np.arange(len(held))
    kept = (own.values != MISSING).any(axis=1)
    values = np.where(own.values[kept] == MISSING, -1, number[np.arange(len(own.items)), np.maximum(
        own.values[kept], 0)]).astype(prepared.values[0].dtype)
    rows = [known.get(row.tobytes(), -1) for row in np.ascontiguousarray(values)]
    if -1 in rows:
        raise KinerjaError("clusters_differ", what=", ".join(map(str, values[rows.index(-1)])))
    return np.array(rows, dtype=int), own.weights[kept]
