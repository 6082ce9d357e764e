"""How does each group answer by its own measure? One factor a group, and how sure its loadings and levels are."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.numeric.factoring import factor_matrix
from kinerja_lab.numeric.moments import correlation_of
from kinerja_lab.psychometrics.coefficients import checked_factors, solved
from kinerja_lab.psychometrics.design_sheets import LEAST_CLUSTERS, DesignSheets
from kinerja_lab.psychometrics.sheets import require_complete

__all__ = ["GroupParameters", "group_parameters"]

_TINY = 1e-30


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupParameters:
    """Loadings and levels of every group, each on its own factor of mean 0 and variance 1.

    Parameters
    ----------
    groups, items : tuple of str
        Names of groups (at least two) and item codes (at least two).
    loadings : numpy.ndarray, shape (groups, items)
        Loadings.
    levels : numpy.ndarray, shape (groups, places)
        Intercepts; or minus thresholds, several an item.
    owner : tuple of int
        Item of each level, in the order of ``items``.
    sizes : numpy.ndarray, shape (groups,)
        Respondents of each group.
    covariance : numpy.ndarray or None, shape (groups, items + places, items + places)
        Covariance matrix of loadings and levels of each group; None where unknown.
    df : float
        Degrees of freedom of these errors: clusters minus one of the group that has fewest; infinite for independent
        respondents.

    Raises
    ------
    KinerjaError
        ``alignment_shapes``.
    """

    groups: tuple[str, ...]
    items: tuple[str, ...]
    loadings: np.ndarray
    levels: np.ndarray
    owner: tuple[int, ...]
    sizes: np.ndarray
    covariance: np.ndarray | None = None
    df: float = np.inf

    def __post_init__(self) -> None:
        groups, items, places = len(self.groups), len(self.items), len(self.owner)
        width = items + places
        fits = (groups >= 2 and items >= 2 and self.loadings.shape == (groups, items)
                and self.levels.shape == (groups, places) and set(self.owner) <= set(range(items))
                and self.sizes.shape == (groups,) and (self.sizes > 0).all()
                and (self.covariance is None or self.covariance.shape == (groups, width, width)))
        numbers = [self.loadings, self.levels, *([] if self.covariance is None else [self.covariance])]
        if not (fits and all(np.isfinite(part).all() for part in numbers)):
            raise KinerjaError("alignment_shapes", groups=groups, items=items, places=places)


def group_parameters(sheets: Mapping[str, DesignSheets]) -> tuple[GroupParameters, dict[str, NotApplicable]]:
    """One factor by maximum likelihood in each group, answers as numbers.

    Parameters
    ----------
    sheets : mapping of str to DesignSheets
        Complete sheets of each group on the same items; errors follow their design.

    Returns
    -------
    parameters : GroupParameters
        Of the groups in which one factor could be fitted.
    left_out : dict of str to NotApplicable
        The others, and why.

    Raises
    ------
    KinerjaError
        ``groups_differ``, or as ``psychometrics.sheets.require_complete``.
    NotApplicable
        ``alignment_few_groups`` when fewer than two are left; ``too_few_clusters`` when a group has units, but fewer
        than ten.

    Notes
    -----
    Loadings minimise log|S| + tr(C S^-1), S = l l' + T, of the group's own covariance matrix C; the level of an item is
    its mean. Each sheet pulls the loadings by the implicit function theorem (observed second derivatives, so the errors
    hold also where one factor fits badly and answers are not normal); pulls are squared over respondents, or over units
    where the sheets have them.

    References
    ----------
    Yuan, K.-H., Bentler, P. M. (2000). Three likelihood-based methods for mean and covariance structure analysis with
    nonnormal missing data. Sociological Methodology 30, 165-200.
    """
    items = next(iter(sheets.values())).patterns.items if sheets else ()
    for name, own in sheets.items():
        if own.patterns.items != items:
            raise KinerjaError("groups_differ", group=name)
        if own.totals is not None and own.clusters < LEAST_CLUSTERS:
            raise NotApplicable("too_few_clusters", n=own.clusters, least=LEAST_CLUSTERS)
    found, left_out = {}, {}
    for name, own in sheets.items():
        try:
            found[name] = _group(own)
        except NotApplicable as reason:
            left_out[name] = reason
    if len(found) < 2:
        raise NotApplicable("alignment_few_groups", n=len(found), least=2)
    return GroupParameters(
        groups=tuple(found), items=items, loadings=np.array([own[0] for own in found.values()]),
        levels=np.array([own[1] for own in found.values()]), owner=tuple(range(len(items))),
        sizes=np.array([float(sheets[name].patterns.n) for name in found]),
        covariance=np.array([own[2] for own in found.values()]), df=min(own[3] for own in found.values())), left_out


def _group(sheets: DesignSheets) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Loadings, means, their covariance matrix and its degrees of freedom."""
    patterns = sheets.patterns
    require_complete(patterns)
    share, values = patterns.weights / patterns.weights.sum(), patterns.values.astype(float)
    mean = share @ values
    away = values - mean
    covariance = (away * share[:, None]).T @ away
    correlation = correlation_of(covariance)
    checked_factors(correlation, factors=1)
    fit = solved(factor_matrix(correlation, factors=1, method="ml"))
    if fit.heywood:
        raise NotApplicable("instrument_heywood", factors=1)
    scale = np.sqrt(np.diag(covariance))
    loadings, rest = fit.loadings[:, 0] * scale, fit.uniqueness * scale**2
    pull = np.concatenate([_pull(away, covariance, loadings, rest), away], axis=1)
    total = patterns.weights.sum()
    if sheets.totals is not None:
        sums = sheets.totals @ pull / total
        sums = sums - sums.mean(axis=0)
        spread, df = sums.T @ sums * sheets.clusters / (sheets.clusters - 1), float(sheets.clusters - 1)
    else:
        spread, df = (pull * sheets.squares[:, None]).T @ pull / total**2, np.inf
    return loadings, mean, spread, df


def _pull(away: np.ndarray, covariance: np.ndarray, loadings: np.ndarray, rest: np.ndarray) -> np.ndarray:
    """What each sheet adds to the loadings, before it is divided by the sum of weights."""
    k, point = len(loadings), np.concatenate([loadings, rest])
    curvature = np.imag(_slope(point + 1j * _TINY * np.eye(2 * k), covariance)) / _TINY
    inverse = np.linalg.inv(np.outer(loadings, loadings) + np.diag(rest))
    turned = away @ inverse
    middle = inverse @ covariance @ inverse
    to_loading = turned * (turned @ loadings)[:, None] - middle @ loadings
    to_rest = turned**2 - np.diag(middle)
    return np.linalg.solve(curvature, np.concatenate([2 * to_loading, to_rest], axis=1).T).T[:, :k]


def _slope(point: np.ndarray, covariance: np.ndarray) -> np.ndarray:
    """Slope of the discrepancy in loadings and residual variances, of many points."""
    k = len(covariance)
    loadings, rest = point[..., :k], point[..., k:]
    inverse = np.linalg.inv(loadings[..., :, None] * loadings[..., None, :] + rest[..., None] * np.eye(k))
    away = inverse - inverse @ covariance @ inverse
    return np.concatenate([2 * (away @ loadings[..., None])[..., 0], np.diagonal(away, axis1=-2, axis2=-1)], axis=-1)
