"""Which factors within and between units are most likely, and how sure are they?"""

from dataclasses import dataclass

import numpy as np

from kinerja_lab.numeric.quasi_newton import climb
from kinerja_lab.numeric.two_level_moments import (
    TwoLevelTable,
    best_mean,
    deviance,
    first_guess,
    group_slopes,
    matrix_slopes,
    scoring_weights,
)

__all__ = ["FORMS", "LevelForm", "TwoLevelFit", "error_matrix", "fit_two_levels", "misfit_trace",
           "unit_influence"]

FORMS = ("factors", "independent", "unrestricted")
"""What the covariance matrix of a level may look like."""

_TINY = 1e-30
_CLOSE = 1e-9
_MOST = 400


@dataclass(frozen=True, slots=True, kw_only=True)
class LevelForm:
    """The covariance matrix of one level.

    Parameters
    ----------
    kind : str
        One of ``FORMS``.
    items : int
        Items.
    free : tuple of (int, int)
        Item and factor of each loading (``factors`` only).
    factors : int
        Factors, of variance 1, which correlate (``factors`` only).

    Notes
    -----
    Parameters in order: loadings, correlations of factors, residual variances; or variances; or the lower triangle of a
    root. A matrix without a form is kept possible by its root: with as few units of a size as there often are, the
    likelihood has no top otherwise.
    """

    kind: str
    items: int
    free: tuple[tuple[int, int], ...] = ()
    factors: int = 0

    @property
    def crossed(self) -> list[tuple[int, int]]:
        """Pairs of factors."""
        return [(a, b) for a in range(self.factors) for b in range(a)]

    @property
    def size(self) -> int:
        """Free parameters."""
        if self.kind == "unrestricted":
            return self.items * (self.items + 1) // 2
        return len(self.free) + len(self.crossed) + self.items

    def split(self, point: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Loadings, factor correlations and residual variances, of one point or of many."""
        lead, cut = point.shape[:-1], len(self.free)
        loadings = np.zeros((*lead, self.items, self.factors), dtype=point.dtype)
        between = np.zeros((*lead, self.factors, self.factors), dtype=point.dtype)
        between[..., range(self.factors), range(self.factors)] = 1.0
        for place, (item, factor) in enumerate(self.free):
            loadings[..., item, factor] = point[..., place]
        for place, (a, b) in enumerate(self.crossed):
            between[..., a, b] = between[..., b, a] = point[..., cut + place]
        return loadings, between, point[..., cut + len(self.crossed):]

    def root(self, point: np.ndarray) -> np.ndarray:
        """The lower triangle whose square the matrix is (``unrestricted`` only)."""
        left, right = np.tril_indices(self.items)
        out = np.zeros((*point.shape[:-1], self.items, self.items), dtype=point.dtype)
        out[..., left, right] = point
        return out

    def matrix(self, point: np.ndarray) -> np.ndarray:
        """The covariance matrix, of one point or of many."""
        if self.kind == "unrestricted":
            root = self.root(point)
            return root @ root.swapaxes(-1, -2)
        loadings, between, rest = self.split(point)
        return loadings @ between @ loadings.swapaxes(-1, -2) + rest[..., None] * np.eye(self.items)

    def pull(self, slope: np.ndarray, point: np.ndarray) -> np.ndarray:
        """Slopes in the parameters from the (symmetric) slopes in the matrix's elements, of one point or of many."""
        if self.kind == "unrestricted":
            left, right = np.tril_indices(self.items)
            return (2 * slope @ self.root(point))[..., left, right]
        loadings, between, _ = self.split(point)
        steep = 2 * slope @ loadings @ between
        cross = 2 * loadings.swapaxes(-1, -2) @ slope @ loadings
        parts = [steep[..., [i for i, _ in self.free], [f for _, f in self.free]],
                 cross[..., [a for a, _ in self.crossed], [b for _, b in self.crossed]],
                 np.diagonal(slope, axis1=-2, axis2=-1)]
        return np.concatenate([part.reshape(*slope.shape[:-2], -1) for part in parts], axis=-1)

    def directions(self, point: np.ndarray) -> np.ndarray:
        """Slope of the matrix's elements in the parameters, shape (items * items, parameters)."""
        steps = point + 1j * _TINY * np.eye(self.size)
        return (np.imag(self.matrix(steps)) / _TINY).reshape(self.size, -1).T

    def start(self, matrix: np.ndarray) -> np.ndarray:
        """Parameters near a covariance matrix that may itself be impossible."""
        scale = np.sqrt(np.maximum(np.diag(matrix), 1e-3 * np.abs(matrix).max()))
        if self.kind == "unrestricted":
            value, vector = np.linalg.eigh(matrix / scale[:, None] / scale)
            near = (vector * np.maximum(value, 0.05)) @ vector.T * scale[:, None] * scale
            return np.linalg.cholesky(near)[np.tril_indices(self.items)]
        correlation = matrix / scale[:, None] / scale
        steep = np.zeros(len(self.free))
        for factor in range(self.factors):
            places = [place for place, (_, f) in enumerate(self.free) if f == factor]
            own = [self.free[place][0] for place in places]
            block = correlation[np.ix_(own, own)]
            sums = (block.sum(axis=0) - np.diag(block)) / max(len(own) - 1, 1)
            steep[places] = np.sign(sums) * np.sqrt(np.clip(np.abs(sums), 0.05, 0.8))
        share = np.zeros(self.items)
        for (item, _), value in zip(self.free, steep, strict=True):
            share[item] += value**2
        items = [item for item, _ in self.free]
        return np.concatenate([steep * scale[items], np.full(len(self.crossed), 0.5),
                               np.maximum(1 - share, 0.1) * scale**2])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TwoLevelFit:
    """Where the search ended.

    Parameters
    ----------
    forms : tuple of LevelForm
        Within and between.
    mean : numpy.ndarray
        Mean of the items.
    points : tuple of numpy.ndarray
        Parameters within and between.
    deviance : float
        Minus twice the log likelihood.
    parameters : int
        Free parameters with the means.
    steps : int
        Steps taken.
    gain : float
        What another step would have gained; small at the end of a search that converged.
    converged : bool
        Whether it did.
    """

    forms: tuple[LevelForm, LevelForm]
    mean: np.ndarray
    points: tuple[np.ndarray, np.ndarray]
    deviance: float
    parameters: int
    steps: int
    gain: float
    converged: bool

    @property
    def within(self) -> np.ndarray:
        """Covariance matrix within units."""
        return self.forms[0].matrix(self.points[0])

    @property
    def between(self) -> np.ndarray:
        """Covariance matrix between units."""
        return self.forms[1].matrix(self.points[1])


def fit_two_levels(table: TwoLevelTable, forms: tuple[LevelForm, LevelForm]) -> TwoLevelFit:
    """Maximum likelihood by a quasi-Newton climb from the expected information; the mean is profiled out.

    Parameters
    ----------
    table : TwoLevelTable
        The sums.
    forms : tuple of LevelForm
        Within and between.

    Notes
    -----
    Residual variances are not bounded: one may come out negative, and the caller judges.

    References
    ----------
    Longford, N. T., Muthen, B. (1992). Factor analysis for clustered observations. Psychometrika 57, 581-597.
    """
    cut = forms[0].size
    start = np.concatenate([form.start(matrix) for form, matrix in zip(forms, first_guess(table), strict=True)])

    def likelihood(point: np.ndarray):
        parts = point[:cut], point[cut:]
        matrices = [form.matrix(part) for form, part in zip(forms, parts, strict=True)]
        mean = _mean(table, *matrices)
        value = np.inf if mean is None else deviance(table, mean, *matrices)
        if not np.isfinite(value):
            return None
        slopes = matrix_slopes(table, mean, *matrices)[1:]
        return -value / 2, -np.concatenate([form.pull(own, part) for form, own, part in
                                            zip(forms, slopes, parts, strict=True)]) / 2
    matrices = [form.matrix(part) for form, part in zip(forms, (start[:cut], start[cut:]), strict=True)]
    step = _block([form.directions(part) for form, part in zip(forms, (start[:cut], start[cut:]), strict=True)])
    information = step.T @ scoring_weights(table, *matrices) @ step / 2
    found = climb(likelihood, start, information=information, tolerance=_CLOSE, most=_MOST)
    points = found.point[:cut], found.point[cut:]
    mean = best_mean(table, *(form.matrix(part) for form, part in zip(forms, points, strict=True)))
    return TwoLevelFit(forms=forms, mean=mean, points=points, deviance=-2 * found.value, steps=found.steps,
                       gain=found.gain, converged=found.done, parameters=len(mean) + len(start))


def error_matrix(table: TwoLevelTable, fit: TwoLevelFit, *, robust: bool) -> np.ndarray:
    """Covariance matrix of mean and parameters: observed information, or its sandwich over units.

    Parameters
    ----------
    table : TwoLevelTable
        The sums.
    fit : TwoLevelFit
        The fit.
    robust : bool
        Whether to put the units' own scores between two inverses of the observed information.

    Raises
    ------
    numpy.linalg.LinAlgError
        Where the information has no inverse.
    """
    bread = np.linalg.inv(_curvature(table, fit) / 2)
    return bread @ _scores(table, fit) @ bread if robust else bread


def unit_influence(table: TwoLevelTable, fit: TwoLevelFit) -> np.ndarray:
    """What each unit adds to mean and parameters, shape (units, parameters): their squares sum to the sandwich.

    Parameters
    ----------
    table : TwoLevelTable
        The sums.
    fit : TwoLevelFit
        The fit.
    """
    return np.linalg.solve(_curvature(table, fit) / 2, _unit_scores(table, fit).T).T


def misfit_trace(table: TwoLevelTable, fit: TwoLevelFit) -> float:
    """Trace of inverse information times the units' squared scores: the number of parameters under the model.

    Parameters
    ----------
    table : TwoLevelTable
        The sums.
    fit : TwoLevelFit
        The fit.

    References
    ----------
    Yuan, K.-H., Bentler, P. M. (2000). Three likelihood-based methods for mean and covariance structure analysis with
    nonnormal missing data. Sociological Methodology 30, 165-200.
    """
    return float(np.trace(np.linalg.solve(_curvature(table, fit) / 2, _scores(table, fit))))


def _mean(table: TwoLevelTable, within: np.ndarray, between: np.ndarray) -> np.ndarray | None:
    try:
        return best_mean(table, within, between)
    except np.linalg.LinAlgError:
        return None


def _block(parts: list[np.ndarray]) -> np.ndarray:
    first, second = parts
    out = np.zeros((len(first) + len(second), first.shape[1] + second.shape[1]))
    out[:len(first), :first.shape[1]], out[len(first):, first.shape[1]:] = first, second
    return out


def _slope(table: TwoLevelTable, fit: TwoLevelFit, whole: np.ndarray) -> np.ndarray:
    """Slope of the deviance in mean and parameters, of one point or of many."""
    k, cut = len(fit.mean), len(fit.mean) + fit.forms[0].size
    mean, parts = whole[..., :k], (whole[..., k:cut], whole[..., cut:])
    matrices = [form.matrix(part) for form, part in zip(fit.forms, parts, strict=True)]
    to_mean, *others = matrix_slopes(table, mean, *matrices)
    return np.concatenate([to_mean, *(form.pull(own, part) for form, own, part in
                                      zip(fit.forms, others, parts, strict=True))], axis=-1)


def _curvature(table: TwoLevelTable, fit: TwoLevelFit) -> np.ndarray:
    whole = np.concatenate([fit.mean, *fit.points])
    found = np.imag(_slope(table, fit, whole + 1j * _TINY * np.eye(len(whole)))) / _TINY
    return (found + found.T) / 2


def _unit_scores(table: TwoLevelTable, fit: TwoLevelFit) -> np.ndarray:
    """Slope of each unit's own log likelihood in mean and parameters."""
    to_mean, *others = group_slopes(table, fit.mean, fit.within, fit.between)
    return -np.concatenate([to_mean, *(form.pull(part, np.broadcast_to(point, (table.groups, form.size))) for
                                       form, part, point in zip(fit.forms, others, fit.points, strict=True))],
                           axis=-1) / 2


def _scores(table: TwoLevelTable, fit: TwoLevelFit) -> np.ndarray:
    own = _unit_scores(table, fit)
    return own.T @ own
