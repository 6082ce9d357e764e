"""How much of the variation belongs to each effect of any random design? Henderson's method 1, one pass an effect."""

from collections.abc import Sequence

import numpy as np

__all__ = ["analogous_components"]


def analogous_components(values: np.ndarray, effects: Sequence[np.ndarray]) -> np.ndarray | None:
    """Variance components of random effects from sums of squared totals.

    Parameters
    ----------
    values : numpy.ndarray, shape (n,)
        Finite values.
    effects : sequence of numpy.ndarray of int, each shape (factors, n)
        Levels of the factors of each effect; the last effect may have one level a row (the residual).

    Returns
    -------
    numpy.ndarray or None
        One component an effect, which may be below 0; None where two effects cannot be told apart.

    Notes
    -----
    T(a) = sum over levels of a of (total^2 / size); its expectation is n mean^2 + sum over effects b of
    k(a, b) variance(b), with k(a, b) = sum over levels of a of (sum over levels of b of n_ab^2) / n_a. The equations,
    with that of the grand mean, are solved for the variances.

    References
    ----------
    Henderson, C. R. (1953). Estimation of variance and covariance components. Biometrics 9, 226-252.
    Searle, S. R., Casella, G., McCulloch, C. E. (1992). Variance components, section 5.3. Wiley.
    """
    n = len(values)
    centred = values - values.mean()
    codes = [_joined(effect) for effect in effects]
    everything = np.zeros(n, dtype=np.int64)
    totals, loads = [], []
    for own in (everything, *codes):
        size = np.bincount(own)
        totals.append(float((np.bincount(own, weights=centred) ** 2 / size).sum()))
        loads.append([_load(own, size, other) for other in codes])
    loads, totals = np.array(loads), np.array(totals)
    system, sums = loads[1:] - loads[0], totals[1:] - totals[0]
    scale = np.abs(system).max(axis=1, keepdims=True)
    if (scale == 0).any() or np.linalg.cond(system / scale) > 1e10:
        return None
    return np.linalg.solve(system, sums)


def _joined(effect: np.ndarray) -> np.ndarray:
    """One code for each combination of levels that occurs."""
    code = np.zeros(effect.shape[1], dtype=np.int64)
    for factor in effect:
        code = np.unique(code * (int(factor.max()) + 1) + factor, return_inverse=True)[1].ravel()
    return code


def _load(own: np.ndarray, size: np.ndarray, other: np.ndarray) -> float:
    pair, count = np.unique(own * (int(other.max()) + 1) + other, return_counts=True)
    return float((count.astype(float) ** 2 / size[pair // (int(other.max()) + 1)]).sum())
