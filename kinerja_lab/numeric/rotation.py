"""How are factors turned so that each can be named? Gradient projection, and the rotations built on it."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from kinerja_lab.core.errors import KinerjaError

__all__ = ["ROTATIONS", "Rotation", "rotate", "schmid_leiman"]

ROTATIONS = ("none", "varimax", "oblimin", "promax", "bifactor")
_STEPS = 1000
_STARTS = 3
_TURNED = 1e-7
_NEARLY = 1e-4
"""Slope below which a step that rounding no longer lets improve counts as the end."""

Criterion = Callable[[np.ndarray], tuple[float, np.ndarray]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rotation:
    """Rotated factors.

    Parameters
    ----------
    loadings : numpy.ndarray, shape (k, factors)
        Pattern loadings; columns by falling share (the general factor first where there is one).
    correlation : numpy.ndarray, shape (factors, factors)
        Correlations of the factors.
    converged : bool
        Whether the search ended at a stationary point.
    """

    loadings: np.ndarray
    correlation: np.ndarray
    converged: bool


def rotate(loadings: np.ndarray, *, rotation: str) -> Rotation:
    """Turn factors.

    Parameters
    ----------
    loadings : numpy.ndarray, shape (k, factors)
        Unrotated.
    rotation : str
        ``"none"``, ``"varimax"`` (with Kaiser's normalisation), ``"oblimin"`` (direct quartimin, without), ``"promax"``
        (power 4 on varimax, both with Kaiser's normalisation) or ``"bifactor"`` (orthogonal, one general factor).

    Returns
    -------
    Rotation

    Raises
    ------
    KinerjaError
        ``unknown_option``.

    References
    ----------
    Bernaards, C. A., Jennrich, R. I. (2005). Gradient projection algorithms and software for arbitrary rotation
    criteria in factor analysis. Educational and Psychological Measurement 65, 676-696.
    Hendrickson, A. E., White, P. O. (1964). Promax. British Journal of Statistical Psychology 17, 65-70.
    Jennrich, R. I., Bentler, P. M. (2011). Exploratory bi-factor analysis. Psychometrika 76, 537-549.
    """
    if rotation not in ROTATIONS:
        raise KinerjaError("unknown_option", name="rotation", value=str(rotation), choices=", ".join(ROTATIONS),
                           nearest="-")
    factors = loadings.shape[1]
    if factors == 1 or rotation == "none":
        return Rotation(loadings=loadings, correlation=np.eye(factors), converged=True)
    if rotation == "oblimin":
        start, _, _ = _best(loadings, _varimax_criterion)
        turned, correlation, converged = _oblique(start, _quartimin)
    elif rotation == "bifactor":
        turned, _, converged = _best(loadings, _bifactor_criterion)
        correlation = np.eye(factors)
    else:
        size = _lengths(loadings)
        turned, _, converged = _best(loadings / size, _varimax_criterion)
        correlation = np.eye(factors)
        if rotation == "promax":
            turned, correlation = _promax(turned)
        turned = turned * size
    return _ordered(turned, correlation, converged, keep_first=rotation == "bifactor")


def schmid_leiman(loadings: np.ndarray, *, correlation: np.ndarray, general: np.ndarray) -> np.ndarray:
    """One general factor and group factors that are free of it, from correlated factors.

    Parameters
    ----------
    loadings : numpy.ndarray, shape (k, factors)
        Pattern loadings of correlated factors.
    correlation : numpy.ndarray, shape (factors, factors)
        Their correlations.
    general : numpy.ndarray, shape (factors,)
        Loadings of the factors on the general one.

    Returns
    -------
    numpy.ndarray, shape (k, 1 + factors)
        General loadings, then those of the group factors.

    References
    ----------
    Schmid, J., Leiman, J. M. (1957). The development of hierarchical factor solutions. Psychometrika 22, 53-61.
    """
    if len(general) != len(correlation):
        raise KinerjaError("lengths_differ", first=len(general), second=len(correlation))
    own = np.sqrt(np.maximum(1 - general**2, 0))
    return np.column_stack([loadings @ general, loadings * own])


def _ordered(loadings: np.ndarray, correlation: np.ndarray, converged: bool, *, keep_first: bool) -> Rotation:
    share = np.diag(correlation @ loadings.T @ loadings).copy()
    if keep_first:
        share[0] = np.inf
    order = np.argsort(-share, kind="stable")
    sign = np.where(loadings.sum(axis=0) < 0, -1.0, 1.0)[order]
    return Rotation(loadings=loadings[:, order] * sign, correlation=correlation[np.ix_(order, order)] * np.outer(
        sign, sign), converged=converged)


def _lengths(loadings: np.ndarray) -> np.ndarray:
    """Kaiser's normalisation: the length of each row, 1 where it is zero."""
    size = np.sqrt((loadings**2).sum(axis=1, keepdims=True))
    return np.where(size == 0, 1.0, size)


def _promax(loadings: np.ndarray, power: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Least squares towards the loadings raised to a power."""
    aim = loadings * np.abs(loadings) ** (power - 1)
    turn = np.linalg.lstsq(loadings, aim, rcond=None)[0]
    turn = turn * np.sqrt(np.diag(np.linalg.inv(turn.T @ turn)))
    inverse = np.linalg.inv(turn)
    return loadings @ turn, inverse @ inverse.T


def _quartimin(loadings: np.ndarray) -> tuple[float, np.ndarray]:
    squares = loadings**2
    others = squares.sum(axis=1, keepdims=True) - squares
    return float((squares * others).sum() / 4), loadings * others


def _varimax_criterion(loadings: np.ndarray) -> tuple[float, np.ndarray]:
    squares = loadings**2
    centred = squares - squares.mean(axis=0)
    return float(-(centred**2).sum() / 4), -loadings * centred


def _bifactor_criterion(loadings: np.ndarray) -> tuple[float, np.ndarray]:
    """Quartimin of all columns but the first."""
    value, slope = _quartimin(loadings[:, 1:])
    return value, np.column_stack([np.zeros(len(loadings)), slope])


def _best(loadings: np.ndarray, criterion: Criterion) -> tuple[np.ndarray, float, bool]:
    """The best of a few fixed starts: criteria have local minima, and the unrotated start may be a saddle."""
    factors = loadings.shape[1]
    tries = []
    for turn in range(_STARTS):
        angle = turn * np.pi / 8
        start = np.eye(factors)
        for axis in range(1, factors):
            plane = np.eye(factors)
            plane[[0, 0, axis, axis], [0, axis, 0, axis]] = np.cos(angle), -np.sin(angle), np.sin(angle), np.cos(angle)
            start = start @ plane
        tries.append(_orthogonal(loadings, criterion, start=start))
    return min(tries, key=lambda found: found[1])


def _orthogonal(
    loadings: np.ndarray, criterion: Criterion, *, start: np.ndarray,
) -> tuple[np.ndarray, float, bool]:
    """Gradient projection onto orthogonal matrices."""
    turn, step = start, 1.0
    value, slope = criterion(loadings @ turn)
    slope = loadings.T @ slope
    for _ in range(_STEPS):
        middle = turn.T @ slope
        away = slope - turn @ (middle + middle.T) / 2
        size = float(np.sqrt((away**2).sum()))
        if size < _TURNED:
            return loadings @ turn, value, True
        step *= 2
        for _ in range(30):
            left, _, right = np.linalg.svd(turn - step * away)
            new = left @ right
            new_value, new_slope = criterion(loadings @ new)
            if new_value < value - step * size**2 / 2:
                break
            step /= 2
        else:
            return loadings @ turn, value, size < _NEARLY
        turn, value, slope = new, new_value, loadings.T @ new_slope
    return loadings @ turn, value, False


def _oblique(loadings: np.ndarray, criterion: Criterion) -> tuple[np.ndarray, np.ndarray, bool]:
    """Gradient projection onto matrices with columns of length one."""
    turn = np.eye(loadings.shape[1])
    step = 1.0
    inverse = np.linalg.inv(turn)
    turned = loadings @ inverse.T
    value, slope = criterion(turned)
    slope = -(turned.T @ slope @ inverse).T
    for _ in range(_STEPS):
        away = slope - turn * (turn * slope).sum(axis=0)
        size = float(np.sqrt((away**2).sum()))
        if size < _TURNED:
            return turned, turn.T @ turn, True
        step *= 2
        for _ in range(30):
            new = turn - step * away
            new = new / np.sqrt((new**2).sum(axis=0))
            inverse = np.linalg.inv(new)
            turned = loadings @ inverse.T
            new_value, new_slope = criterion(turned)
            if new_value < value - step * size**2 / 2:
                break
            step /= 2
        else:
            return loadings @ np.linalg.inv(turn).T, turn.T @ turn, size < _NEARLY
        turn, value = new, new_value
        slope = -(turned.T @ new_slope @ inverse).T
    return turned, turn.T @ turn, False
