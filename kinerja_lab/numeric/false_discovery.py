"""How many of the findings among many tests are chance? q-values of Benjamini and Hochberg."""

import numpy as np

from kinerja_lab.core.errors import KinerjaError

__all__ = ["q_values"]


def q_values(p: np.ndarray) -> np.ndarray:
    """Smallest false discovery rate at which each test is still a finding.

    Parameters
    ----------
    p : array of float
        p-values, 0 to 1; NaN where a test could not be done (it is not counted).

    Returns
    -------
    array of float
        In the order given, NaN where p is.

    Raises
    ------
    KinerjaError
        ``bad_p``.

    Notes
    -----
    q of the i-th smallest of m: the minimum over j >= i of m p_j / j.

    References
    ----------
    Benjamini, Y., Hochberg, Y. (1995). Controlling the false discovery rate. JRSS B 57, 289-300.

    Examples
    --------
    >>> [float(round(q, 3)) for q in q_values(np.array([0.01, 0.04, np.nan, 0.03]))]
    [0.03, 0.04, nan, 0.04]
    """
    p = np.asarray(p, dtype=float)
    wrong = (p < 0) | (p > 1)
    if wrong.any():
        raise KinerjaError("bad_p", value=str(p[wrong][0]))
    out = np.full(p.shape, np.nan)
    held = np.flatnonzero(~np.isnan(p))
    order = held[np.argsort(p[held], kind="stable")]
    scaled = p[order] * len(order) / np.arange(1, len(order) + 1)
    out[order] = np.minimum.accumulate(scaled[::-1])[::-1]
    return out
