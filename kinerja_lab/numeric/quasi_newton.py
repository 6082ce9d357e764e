"""Where is a smooth function highest, and how sure is it that this is the top?"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

__all__ = ["Climb", "climb"]

Function = Callable[[np.ndarray], tuple[float, np.ndarray] | None]

_ARMIJO = 1e-4
_HALVINGS = 30


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Climb:
    """Where a climb ended.

    Parameters
    ----------
    point, gradient : array of float
        The last point and the slope there.
    value : float
        The function there.
    steps : int
        Steps taken.
    gain : float
        What the next step would have gained by the quadratic model; small at the top.
    done : bool
        Whether ``gain`` fell below the tolerance.
    """

    point: np.ndarray
    gradient: np.ndarray
    value: float
    steps: int
    gain: float
    done: bool


def climb(function: Function, start: np.ndarray, *, information: np.ndarray, tolerance: float, most: int) -> Climb:
    """Climb to a top with the BFGS rule.

    Parameters
    ----------
    function : callable
        Takes a point, gives the value and its gradient; None where the function does not exist.
    start : array of float
        Where to begin; the function must exist there.
    information : array of float
        First guess of minus the second derivatives, positive definite (complete-data information makes the first step
        an EM step).
    tolerance : float
        Ends when half the squared Newton length falls below it.
    most : int
        Steps at most.

    References
    ----------
    Lange, K. (1995). A quasi-Newton acceleration of the EM algorithm. Statistica Sinica 5, 1-18.
    Nocedal, J., Wright, S. J. (2006). Numerical optimization, 2nd ed., eq. 6.17. Springer.
    """
    value, gradient = function(start)
    point, inverse = np.asarray(start, dtype=float), np.linalg.inv(information)
    gain, steps = np.inf, 0
    for steps in range(1, most + 1):
        move = inverse @ gradient
        gain = 0.5 * float(gradient @ move)
        if gain < tolerance:
            return Climb(point=point, gradient=gradient, value=value, steps=steps, gain=max(gain, 0.0), done=True)
        found = _along(function, point, move, value, 2 * gain)
        if found is None:
            break
        step, (value, after) = found
        slope_change = gradient - after
        point, gradient = point + step, after
        inverse = _updated(inverse, step, slope_change)
    return Climb(point=point, gradient=gradient, value=value, steps=steps, gain=gain, done=False)


def _along(function: Function, point: np.ndarray, move: np.ndarray, value: float, rise: float):
    """The first of the halved steps that gains enough."""
    share = 1.0
    for _ in range(_HALVINGS):
        found = function(point + share * move)
        if found is not None and np.isfinite(found[0]) and found[0] >= value + _ARMIJO * share * rise:
            return share * move, found
        share /= 2
    return None


def _updated(inverse: np.ndarray, step: np.ndarray, change: np.ndarray) -> np.ndarray:
    curve = float(step @ change)
    if curve <= 1e-12 * float(np.linalg.norm(step) * np.linalg.norm(change)):
        return inverse
    bent = inverse @ change
    scale = (curve + float(change @ bent)) / curve**2
    return inverse + scale * np.outer(step, step) - (np.outer(bent, step) + np.outer(step, bent)) / curve
