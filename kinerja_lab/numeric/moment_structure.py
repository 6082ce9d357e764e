"""Which parameters make the observed means and covariances most likely? Normal likelihood in one or several groups.

What errors need of the cases is one matrix a group (how the products of deviations vary from case to case, or from
cluster to cluster; see ``moment_errors``), so nothing here grows with cases.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Protocol

import numpy as np

__all__ = ["GroupMoments", "Model", "MomentFit", "fit_moments", "group_moments", "independence", "normal_weight",
           "residuals_of", "score_of", "triangle", "weights_of"]


class Model(Protocol):
    """Means and covariances as a function of parameters."""

    def implied(self, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Means, shape (groups, k), and covariances, shape (groups, k, k)."""

    def slopes(self, point: np.ndarray) -> np.ndarray:
        """Slope of means and lower triangles of covariances, group by group, shape (statistics, parameters)."""


_DONE = 1e-13
_HALVINGS = 40


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupMoments:
    """What is observed in one group.

    Parameters
    ----------
    mean : numpy.ndarray, shape (k,)
        Weighted means.
    covariance : numpy.ndarray, shape (k, k)
        Weighted, divided by n.
    spread : numpy.ndarray, shape (1 + k + k (k + 1) / 2,) * 2
        Mean product of a case's own (1, deviations, products of deviations minus their mean) with itself; of the totals
        of clusters where cases come in clusters.
    n : int
        Cases.
    """

    mean: np.ndarray
    covariance: np.ndarray
    spread: np.ndarray
    n: int

    @property
    def statistics_covariance(self) -> np.ndarray:
        """Covariance matrix of the means and of the lower triangle of the covariance matrix."""
        return self.spread[1:, 1:] / self.n


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MomentFit:
    """Where the search ended.

    Parameters
    ----------
    point : numpy.ndarray
        Parameters.
    chi2 : float
        Likelihood ratio against unrestricted means and covariances.
    jacobian : numpy.ndarray, shape (statistics, parameters)
        Slope of the implied means and covariances, group by group.
    information : numpy.ndarray, shape (parameters, parameters)
        Expected information.
    steps : int
        Steps used.
    slope : float
        Length of the score that is left, in standard errors.
    converged : bool
        Whether that is next to nothing.
    """

    point: np.ndarray
    chi2: float
    jacobian: np.ndarray
    information: np.ndarray
    steps: int
    slope: float
    converged: bool


def group_moments(rows: np.ndarray, weights: np.ndarray, *, squares: np.ndarray, n: int, totals=None) -> GroupMoments:
    """Moments of distinct rows.

    Parameters
    ----------
    rows : numpy.ndarray, shape (distinct, k)
        Finite values.
    weights : numpy.ndarray, shape (distinct,)
        Weight of the cases with each row, positive.
    squares : numpy.ndarray, shape (distinct,)
        Their sum of squared weights.
    n : int
        Cases; weights are made to sum to it.
    totals : sparse array, shape (clusters, distinct), optional
        Weight of each row in each cluster.

    Notes
    -----
    Under clusters the products of totals are taken times C / (C - 1).
    """
    scale = n / weights.sum()
    left, right = triangle(rows.shape[1])
    columns = np.ascontiguousarray(rows.T, dtype=float)  # a variable's values side by side: several times faster
    mean = columns @ weights * scale / n
    cases = np.ones((1 + len(columns) + len(left), len(rows)))
    off, products = cases[1:1 + len(columns)], cases[1 + len(columns):]
    np.subtract(columns, mean[:, None], out=off)
    for own, a, b in zip(products, left, right, strict=True):
        np.multiply(off[a], off[b], out=own)
    middle = products @ weights * scale / n
    products -= middle[:, None]
    covariance = np.empty((len(columns),) * 2)
    covariance[left, right] = covariance[right, left] = middle
    if totals is None:
        cases *= np.sqrt(squares)
        spread = cases @ cases.T * (scale**2 / n)
    else:
        sums = np.asarray(totals @ cases.T) * scale
        spread = sums.T @ sums * (len(sums) / (len(sums) - 1) / n)
    return GroupMoments(mean=mean, covariance=covariance, spread=spread, n=n)


def fit_moments(model: Model, groups: Sequence[GroupMoments], *, start: np.ndarray, most: int = 300) -> MomentFit:
    """Maximum likelihood by Fisher scoring, each step halved until the likelihood rises.

    Parameters
    ----------
    model : Model
        What to fit.
    groups : sequence of GroupMoments
        Covariance matrices that have an inverse.
    start : numpy.ndarray
        First guess, with covariances that are possible.
    most : int
        Steps at most.

    Notes
    -----
    chi2 = sum over groups of n (log|Sigma| - log|S| + tr(S Sigma^-1) - k + d' Sigma^-1 d), d = mean minus implied mean.

    References
    ----------
    Lee, S. Y., Jennrich, R. I. (1979). A study of algorithms for covariance structure analysis with specific
    comparisons using factor analysis. Psychometrika 44, 99-113.
    """
    point, value = np.asarray(start, dtype=float), _chi2(model, groups, start)
    for count in range(most + 1):
        score, jacobian, information = score_of(model, groups, point)
        step = _solve(information, score)
        left = float(np.sqrt(max(score @ step, 0.0)))
        if left**2 <= _DONE or count == most or not np.isfinite(value):
            break
        for _ in range(_HALVINGS):
            trial = _chi2(model, groups, point + step)
            if trial <= value + 1e-12 * (1 + abs(value)):
                break
            step = step / 2
        else:
            break
        point, value = point + step, trial
    return MomentFit(point=point, chi2=float(max(value, 0.0)), jacobian=jacobian, information=information, steps=count,
                     slope=left, converged=bool(np.isfinite(value) and left <= 1e-5))


def independence(groups: Sequence[GroupMoments]) -> tuple[MomentFit, Model]:
    """The model in which nothing goes together, and its fit in closed form.

    Parameters
    ----------
    groups : sequence of GroupMoments
        As for ``fit_moments``.
    """
    model = _Independence(groups=len(groups), size=len(groups[0].mean))
    start = np.concatenate([part for own in groups for part in (own.mean, np.diag(own.covariance))])
    return fit_moments(model, groups, start=start, most=0), model


@dataclass(frozen=True, slots=True, kw_only=True)
class _Independence:
    groups: int
    size: int

    def implied(self, point: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        parts = point.reshape(self.groups, 2, self.size)
        return parts[:, 0], parts[:, 1, :, None] * np.eye(self.size)

    def slopes(self, point: np.ndarray) -> np.ndarray:
        left, right = triangle(self.size)
        own = np.zeros((self.size + len(left), 2 * self.size))
        own[np.arange(self.size), np.arange(self.size)] = 1.0
        own[self.size + np.flatnonzero(left == right), self.size + left[left == right]] = 1.0
        return np.kron(np.eye(self.groups), own)


def normal_weight(inverse: np.ndarray) -> np.ndarray:
    """Information of one normal case about its means and the lower triangle of its covariance matrix.

    Parameters
    ----------
    inverse : numpy.ndarray, shape (k, k)
        Inverse of the covariance matrix.

    Examples
    --------
    One variable of variance 2: 1/2 for the mean, 1/(2 * 4) for the variance.

    >>> normal_weight(np.array([[0.5]])).tolist()
    [[0.5, 0.0], [0.0, 0.125]]
    """
    k = len(inverse)
    left, right = triangle(k)
    times = np.where(left == right, 1.0, 2.0)
    cross = inverse[np.ix_(left, left)] * inverse[np.ix_(right, right)]
    cross += inverse[np.ix_(left, right)] * inverse[np.ix_(right, left)]
    out = np.zeros((k + len(left),) * 2)
    out[:k, :k], out[k:, k:] = inverse, cross * times[:, None] * times / 4
    return out


@cache
def triangle(k: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of a lower triangle with its diagonal."""
    return np.tril_indices(k)


def _chi2(model: Model, groups: Sequence[GroupMoments], point: np.ndarray) -> float:
    total = 0.0
    for own, mean, covariance in zip(groups, *model.implied(point), strict=True):
        try:
            root = np.linalg.cholesky(covariance)
        except np.linalg.LinAlgError:
            return np.inf
        off = own.mean - mean
        seen = np.linalg.solve(root, np.linalg.solve(root, own.covariance + np.outer(off, off)).T)
        total += own.n * (2 * np.log(np.diag(root)).sum() + np.trace(seen)
                          - np.linalg.slogdet(own.covariance)[1] - len(mean))
    return float(total)


def residuals_of(groups: Sequence[GroupMoments], implied: tuple[np.ndarray, np.ndarray]) -> list[np.ndarray]:
    """Observed minus implied means, and products of deviations from the implied means minus implied covariances."""
    out = []
    for own, mean, covariance in zip(groups, *implied, strict=True):
        off = own.mean - mean
        left, right = triangle(len(off))
        out.append(np.concatenate([off, (own.covariance + np.outer(off, off) - covariance)[left, right]]))
    return out


def weights_of(covariances: np.ndarray) -> list[np.ndarray]:
    """Information of one case of each group about its means and covariances."""
    return [normal_weight(inverse) for inverse in np.linalg.inv(covariances)]


def score_of(model: Model, groups: Sequence[GroupMoments], point: np.ndarray):
    """Slope of the log likelihood, slope of the implied moments, and expected information."""
    jacobian, implied = model.slopes(point), model.implied(point)
    size = len(jacobian) // len(groups)
    score, information = np.zeros(len(point)), np.zeros((len(point),) * 2)
    for place, (own, weight, residual) in enumerate(zip(groups, weights_of(implied[1]), residuals_of(groups, implied),
                                                        strict=True)):
        part = jacobian[place * size:(place + 1) * size]
        weighted = part.T @ weight * own.n
        score += weighted @ residual
        information += weighted @ part
    return score, jacobian, information


def _solve(information: np.ndarray, score: np.ndarray) -> np.ndarray:
    scale = 1 / np.sqrt(np.maximum(np.diag(information), 1e-300))
    step = np.linalg.lstsq(information * scale[:, None] * scale, score * scale, rcond=1e-12)[0]
    return step * scale
