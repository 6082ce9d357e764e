"""By which factors must rows be multiplied so that their sums meet given totals, while staying close to one?"""

from dataclasses import dataclass

import numpy as np
from scipy import optimize

from kinerja_lab.core.errors import KinerjaError

__all__ = ["DISTANCES", "Calibrated", "calibrate_factors", "worst_reachable"]

DISTANCES = ("linear", "raking", "logit")
"""Chi-square distance (cut at the bounds where there are any), exponential tilting, and the logit between bounds."""

_STEPS = 100


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calibrated:
    """Factors and how well they do.

    Parameters
    ----------
    factors : numpy.ndarray, shape (n,)
        What each weight is multiplied with.
    reached : numpy.ndarray, shape (k,)
        Totals after calibration.
    steps : int
        Newton steps taken.
    converged : bool
        Whether every total is met within the tolerance.
    """

    factors: np.ndarray
    reached: np.ndarray
    steps: int
    converged: bool


def calibrate_factors(
    x: np.ndarray, weights: np.ndarray, totals: np.ndarray, *, distance: str = "linear",
    bounds: tuple[float, float] | None = None, tolerance: float = 1e-10,
) -> Calibrated:
    """Factors g with sum of weights g x equal to the totals.

    Parameters
    ----------
    x : numpy.ndarray of float, shape (n, k)
        Auxiliary values.
    weights : numpy.ndarray of float, shape (n,)
        Positive.
    totals : numpy.ndarray of float, shape (k,)
        What the weighted sums must become.
    distance : str
        One of ``DISTANCES``; ``"logit"`` needs bounds.
    bounds : tuple of float or None
        Least and greatest factor, around 1.
    tolerance : float
        Greatest miss of a total, as a share of 1 plus its size.

    Returns
    -------
    Calibrated
        ``converged`` is False where the totals cannot be met; nothing is raised.

    Raises
    ------
    KinerjaError
        ``unknown_option`` or ``bad_bounds``.

    Notes
    -----
    g = F(x'lambda), lambda by Newton steps (halved while the miss grows) on sum of w F(x'lambda) x = totals. F is
    1 + u (cut at the bounds), exp(u), or (L(U-1) + U(1-L) exp(Au)) / (U-1 + (1-L) exp(Au)), A = (U-L)/((1-L)(U-1)).

    References
    ----------
    Deville, J.-C., Sarndal, C.-E. (1992). Calibration estimators in survey sampling. JASA 87, 376-382.
    """
    if distance not in DISTANCES:
        raise KinerjaError("unknown_option", name="distance", value=str(distance), choices=", ".join(DISTANCES),
                           nearest="-")
    if (bounds is None and distance == "logit") or (bounds is not None and not bounds[0] < 1 < bounds[1]):
        raise KinerjaError("bad_bounds", value=str(bounds))
    x, weights, totals = (np.asarray(item, dtype=float) for item in (x, weights, totals))
    scale = np.maximum(np.abs(weights @ np.abs(x)), np.finfo(float).tiny)
    scaled, goal = x / scale, totals / scale
    share = 1 / (1 + np.abs(totals)) * scale
    place = np.zeros(x.shape[1])
    factors, slope = _factors(scaled @ place, distance, bounds)
    miss = goal - weights * factors @ scaled
    steps = 0
    while np.abs(miss * share).max() > tolerance and steps < _STEPS:
        steps += 1
        jacobian = (scaled * (weights * slope)[:, None]).T @ scaled
        move = np.linalg.lstsq(jacobian, miss, rcond=1e-12)[0]
        moved = _halved(scaled, weights, goal, place, move, miss, distance, bounds)
        if moved is None:
            break
        place, factors, slope, miss = moved
    reached = weights * factors @ x
    return Calibrated(factors=factors, reached=reached, steps=steps,
                      converged=bool((np.abs(miss * share) <= tolerance).all()))


def worst_reachable(
    x: np.ndarray, weights: np.ndarray, totals: np.ndarray, *, bounds: tuple[float, float],
) -> np.ndarray:
    """How far each total stays from its goal when factors within bounds miss all of them as little as possible.

    Parameters
    ----------
    x, weights, totals
        As for ``calibrate_factors``.
    bounds : tuple of float
        Least and greatest factor; the greatest may be infinite.

    Returns
    -------
    numpy.ndarray, shape (k,)
        Reached minus wanted, in the unit of each total; zeros where the totals can be met.

    Notes
    -----
    Linear program: least sum of absolute misses, each as a share of the total's size.
    """
    x, weights, totals = (np.asarray(item, dtype=float) for item in (x, weights, totals))
    n, k = x.shape
    size = np.maximum(np.abs(totals), 1e-9 * max(np.abs(totals).max(), 1e-300))
    matrix = np.hstack([(x * weights[:, None]).T / size[:, None], np.eye(k), -np.eye(k)])
    cost = np.concatenate([np.zeros(n), np.ones(2 * k)])
    limits = [(bounds[0], None if np.isinf(bounds[1]) else bounds[1])] * n + [(0, None)] * (2 * k)
    found = optimize.linprog(cost, A_eq=matrix, b_eq=totals / size, bounds=limits, method="highs")
    if found.x is None:
        return np.full(k, np.nan)
    return (found.x[n + k:] - found.x[n:n + k]) * size


def _halved(x, weights, goal, place, move, miss, distance, bounds):
    """The Newton step, halved while it makes the miss larger; None where no part of it helps."""
    before = np.abs(miss).max()
    for _ in range(40):
        factors, slope = _factors(x @ (place + move), distance, bounds)
        after = goal - weights * factors @ x
        if np.isfinite(after).all() and np.abs(after).max() < before:
            return place + move, factors, slope, after
        move = move / 2
    return None


def _factors(u: np.ndarray, distance: str, bounds: tuple[float, float] | None) -> tuple[np.ndarray, np.ndarray]:
    if distance == "logit":
        low, high = bounds
        pace = (high - low) / ((1 - low) * (high - 1))
        grown = np.exp(np.clip(pace * u, -500, 500))
        bottom = high - 1 + (1 - low) * grown
        factors = (low * (high - 1) + high * (1 - low) * grown) / bottom
        return factors, pace * (factors - low) * (high - factors) / (high - low)
    if distance == "raking":
        factors = np.exp(np.clip(u, -500, 500))
        slope = factors
    else:
        factors, slope = 1 + u, np.ones(len(u))
    if bounds is None:
        return factors, slope
    inside = (factors > bounds[0]) & (factors < bounds[1])
    return np.clip(factors, *bounds), np.where(inside, slope, 0.0)
