"""Between which limits do units lie by chance and ordinary variation? The curves of a funnel plot."""

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.numeric.intervals import normal_quantile
from kinerja_lab.numeric.overdispersion import binomial_tails, poisson_tails
from kinerja_lab.numeric.quadrature import normal_grid

__all__ = ["LEVELS", "exact_limits", "exact_z", "limits_frame", "mixture_z", "overdispersed_limits", "wider_limits"]

LEVELS = {"95": 0.95, "998": 0.998}
"""About two and three standard deviations: a warning, and an alarm."""

GRID = 200
NODES = 61
SPAN = 0.5, 1.1
"""The grid runs from half the smallest to a little above the largest expected count."""


def overdispersed_limits(
    expected: np.ndarray, *, level: float, tau2: float, share: np.ndarray | None, factor: float = 1.0,
    root: bool = False,
) -> tuple[np.ndarray, np.ndarray]:
    """Limits of observed over expected with the variance between units added to chance, or chance multiplied.

    Parameters
    ----------
    expected : numpy.ndarray
        Positive expected counts.
    level : float
        Share of units inside, between 0 and 1.
    tau2 : float
        Variance between units on the scale of the scores.
    share : numpy.ndarray or None
        Expected proportion for events of a denominator (arcsine scale); None for counts (log scale).
    factor : float
        What the variance of chance is multiplied with.
    root : bool
        Counts on the scale of the root instead of the logarithm.

    Returns
    -------
    tuple of numpy.ndarray
        Lower and upper limit of the ratio.

    Notes
    -----
    Counts: exp(-+ z sqrt(f/E + tau2)); root: (1 -+ z sqrt(f/4E + tau2))^2, from 0. Proportions: sin(asin sqrt p -+ z
    sqrt(f/4n + tau2))^2 / p with n = E / p.

    References
    ----------
    Spiegelhalter, D. J. (2005). Funnel plots for comparing institutional performance. Statistics in Medicine 24,
    1185-1202.
    """
    z = normal_quantile(level)
    if share is None and root:
        half = z * np.sqrt(factor / (4 * expected) + tau2)
        return np.clip(1 - half, 0, None) ** 2, (1 + half) ** 2
    if share is None:
        half = z * np.sqrt(factor / expected + tau2)
        return np.exp(-half), np.exp(half)
    half = z * np.sqrt(factor * share / (4 * expected) + tau2)
    angle = np.arcsin(np.sqrt(share))
    low, high = np.clip(angle - half, 0, None), np.clip(angle + half, None, np.pi / 2)
    return np.sin(low) ** 2 / share, np.sin(high) ** 2 / share


def exact_limits(expected: np.ndarray, *, level: float, share: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Limits of observed over expected under chance alone, from the exact distribution.

    Parameters
    ----------
    expected : numpy.ndarray
        Positive expected counts.
    level : float
        Share inside, between 0 and 1.
    share : numpy.ndarray or None
        Expected proportion for events of a denominator (binomial); None for counts (Poisson).

    Returns
    -------
    tuple of numpy.ndarray
        A count lies below the lower limit when a count as low has a chance below half of 1 - level, and likewise above.

    Notes
    -----
    Interpolated between counts as in Spiegelhalter (2005, appendix A.1.1); the upper limit uses P(X >= x), not P(X >
    x), so that neither side flags a count that chance reaches more often than stated.

    References
    ----------
    Spiegelhalter, D. J. (2005). Funnel plots for comparing institutional performance. Statistics in Medicine 24,
    1185-1202.
    """
    tail = (1 - level) / 2
    expected = np.asarray(expected, dtype=float)
    n = None if share is None else expected / share
    top = np.full(expected.shape, np.inf) if n is None else n
    edge = _smallest(lambda x: _tails(x, expected, n, share)[0] >= tail, expected, top)
    here = _tails(edge, expected, n, share)[0]
    before = np.where(edge > 0, _tails(np.maximum(edge - 1, 0), expected, n, share)[0], 0.0)
    low = edge - (here - tail) / np.where(here > before, here - before, 1.0)
    edge = _smallest(lambda x: _tails(x, expected, n, share)[1] <= tail, expected, top + 1)
    here = _tails(np.minimum(edge, top), expected, n, share)[1] * (edge <= top)
    before = _tails(np.maximum(edge - 1, 0), expected, n, share)[1]
    high = edge - (tail - here) / np.where(before > here, before - here, 1.0)
    return np.maximum(low, 0.0) / expected, high / expected


def _tails(x, expected, n, share):
    return poisson_tails(x, expected) if n is None else binomial_tails(np.minimum(x, n), n, share)


def _smallest(holds, expected: np.ndarray, top: np.ndarray) -> np.ndarray:
    """Smallest whole count at which a monotone condition holds, by bisection for all units at once."""
    low = np.full(expected.shape, -1.0)
    high = np.minimum(np.ceil(expected + 40 * np.sqrt(expected) + 60), np.ceil(top))
    while (high - low > 1).any():
        middle = np.floor((low + high) / 2)
        good = holds(np.maximum(middle, 0)) & (middle >= 0)
        open_ = high - low > 1
        high = np.where(open_ & good, middle, high)
        low = np.where(open_ & ~good, middle, low)
    return high


def limits_frame(
    expected: np.ndarray, *, tau2: float, share: float | None, factor: float = 1.0, root: bool = False,
    exact: bool = True,
) -> pd.DataFrame:
    """Limits on a grid of expected counts: the wider of chance alone and chance with ordinary variation.

    Parameters
    ----------
    expected : numpy.ndarray
        Expected counts of the units.
    tau2 : float
        Variance between units.
    share : float or None
        Pooled expected proportion; None for counts.
    factor, root
        As for ``overdispersed_limits``.
    exact : bool
        Never inside the exact limits; otherwise ``overdispersed_limits`` as they are.

    Returns
    -------
    pandas.DataFrame
        Columns ``expected, low_95, high_95, low_998, high_998``; ratios of observed over expected.

    Notes
    -----
    See ``overdispersed_limits`` and ``exact_limits``.
    """
    grid = np.geomspace(SPAN[0] * expected.min(), SPAN[1] * expected.max(), GRID)
    frame = pd.DataFrame({"expected": grid})
    for name, level in LEVELS.items():
        frame[f"low_{name}"], frame[f"high_{name}"] = wider_limits(
            grid, level=level, tau2=tau2, share=share, factor=factor, root=root, exact=exact)
    return frame


def wider_limits(
    expected, *, level: float, tau2: float, share, factor: float = 1.0, root: bool = False, exact: bool = True,
) -> tuple[np.ndarray, np.ndarray]:
    """The wider of ``overdispersed_limits`` and ``exact_limits`` on either side.

    Parameters
    ----------
    expected, level, tau2, share, factor, root
        As there.
    exact : bool
        Otherwise ``overdispersed_limits`` alone.

    Returns
    -------
    tuple of numpy.ndarray
    """
    share = None if share is None else np.broadcast_to(np.asarray(share, dtype=float), np.shape(expected))
    first = overdispersed_limits(expected, level=level, tau2=tau2, share=share, factor=factor, root=root)
    if not exact:
        return first
    second = exact_limits(expected, level=level, share=share)
    return np.minimum(first[0], second[0]), np.maximum(first[1], second[1])


def exact_z(events: np.ndarray, expected: np.ndarray, *, n: np.ndarray | None) -> np.ndarray:
    """Normal score of the exact tail on the side where the unit lies.

    Parameters
    ----------
    events, expected : numpy.ndarray
        Counts and expected counts.
    n : numpy.ndarray or None
        Trials (binomial); None for Poisson.

    Returns
    -------
    numpy.ndarray
        Negative below expected; 0 where the tail is a half or more.
    """
    low, high = poisson_tails(events, expected) if n is None else binomial_tails(events, n, expected / n)
    below = events < expected
    return np.where(below, np.minimum(special.ndtri(np.where(below, low, 0.5)), 0.0),
                    np.maximum(-special.ndtri(np.where(below, 0.5, high)), 0.0))


def mixture_z(
    events: np.ndarray, expected: np.ndarray, *, n: np.ndarray | None, tau2: float, root: bool = False,
) -> np.ndarray:
    """Normal score of the tail on the side where the unit lies, when units vary around what is expected of them.

    Parameters
    ----------
    events, expected, n
        As for ``exact_z``.
    tau2 : float
        Variance between units on the scale of the scores; with 0 this is ``exact_z``.
    root : bool
        Counts on the scale of the root instead of the logarithm.

    Returns
    -------
    numpy.ndarray
        Negative below expected; 0 where the tail is a half or more.

    Notes
    -----
    Counts are Poisson (or binomial) around a mean of E exp(tau v), E (1 + tau v)^2 or n sin(asin sqrt(E/n) + tau v)^2
    with v standard normal. For small expected counts the lower tail of this law is far heavier than that of a normal
    logarithm.
    """
    if tau2 <= 0:
        return exact_z(events, expected, n=n)
    nodes, weights = normal_grid(NODES)
    moved = np.sqrt(tau2) * nodes
    x, mean = events[:, None], expected[:, None]
    if n is not None:
        angle = np.clip(np.arcsin(np.sqrt(mean / n[:, None])) + moved, 1e-9, np.pi / 2 - 1e-9)
        low, high = binomial_tails(x, n[:, None], np.sin(angle) ** 2)
    else:
        grown = np.maximum(1 + moved, 1e-6) ** 2 if root else np.exp(moved)
        low, high = poisson_tails(np.broadcast_to(x, (len(events), NODES)), mean * grown)
    tail = np.where(events < expected, low @ weights, high @ weights)
    score = np.minimum(special.ndtri(np.clip(tail, 1e-300, 0.5)), 0.0)
    return np.where(events < expected, score, -score)
