"""How much do true values differ when each is measured with a known error? Regression with one unknown variance."""

from dataclasses import dataclass

import numpy as np

from kinerja_lab.core.errors import KinerjaError

__all__ = ["VARIANCE_METHODS", "Between", "between_variance", "weighted_fit"]

VARIANCE_METHODS = ("REML", "ML", "FH")
"""Restricted likelihood, likelihood, and the moment equation of Fay and Herriot."""

_STEPS = 200


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Between:
    """The variance of true values around the regression.

    Parameters
    ----------
    value : float
        At least 0.
    variance : float
        Large-sample variance of the estimate, as the method's mean squared errors use it.
    steps : int
        Iterations.
    converged : bool
        Whether the equation is solved (or its solution lies at 0).
    """

    value: float
    variance: float
    steps: int
    converged: bool


def weighted_fit(y: np.ndarray, x: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weighted least squares.

    Parameters
    ----------
    y : numpy.ndarray, shape (m,)
    x : numpy.ndarray, shape (m, p)
        Full rank.
    weights : numpy.ndarray, shape (m,)
        Positive.

    Returns
    -------
    coefficients : numpy.ndarray, shape (p,)
    inverse : numpy.ndarray, shape (p, p)
        Inverse of x'Wx.
    residuals : numpy.ndarray, shape (m,)
    """
    root = np.sqrt(weights)
    q, r = np.linalg.qr(x * root[:, None])
    inner = np.linalg.solve(r, np.eye(r.shape[0]))
    coefficients = inner @ (q.T @ (root * y))
    return coefficients, inner @ inner.T, y - x @ coefficients


def between_variance(
    y: np.ndarray, x: np.ndarray, errors: np.ndarray, *, method: str = "REML", tolerance: float = 1e-12,
) -> Between:
    """The variance of true values around the regression.

    Parameters
    ----------
    y : numpy.ndarray, shape (m,)
        Measured values.
    x : numpy.ndarray, shape (m, p)
        Full rank, p below m.
    errors : numpy.ndarray, shape (m,)
        Known error variances, positive.
    method : str
        One of ``VARIANCE_METHODS``.
    tolerance : float
        Greatest last step, as a share of the mean error variance.

    Returns
    -------
    Between

    Raises
    ------
    KinerjaError
        ``unknown_option``.

    Notes
    -----
    Fisher scoring, halved towards 0 where a step would cross it. REML: score y'PPy - tr P, information tr PP / 2; ML:
    r'V^-2 r - tr V^-1, information tr V^-2 / 2; FH: r'V^-1 r = m - p. The large-sample variance is 2 / sum of 1/(A+D)^2
    for REML and ML, and 2 m / (sum of 1/(A+D))^2 for FH.

    References
    ----------
    Rao, J. N. K., Molina, I. (2015). Small area estimation, 2nd ed., sections 6.1.2 and 6.2. Wiley.
    """
    if method not in VARIANCE_METHODS:
        raise KinerjaError("unknown_option", name="method", value=str(method), choices=", ".join(VARIANCE_METHODS),
                           nearest="-")
    scale = float(errors.mean())
    value, steps, converged = float(np.median(errors)), 0, False
    while steps < _STEPS and not converged:
        steps += 1
        score, information = _score(y, x, errors, value, method)
        move = score / information
        after = value + move
        if after <= 0:
            at_zero = _score(y, x, errors, 0.0, method)[0] <= 0
            after = 0.0 if at_zero else value / 2
            converged = at_zero
        converged = converged or abs(after - value) <= tolerance * scale
        value = after
    sharp = 1 / (value + errors)
    variance = 2 * len(y) / sharp.sum() ** 2 if method == "FH" else 2 / (sharp**2).sum()
    return Between(value=value, variance=float(variance), steps=steps, converged=converged)


def _score(y, x, errors, value: float, method: str) -> tuple[float, float]:
    sharp = 1 / (value + errors)
    _, inverse, rest = weighted_fit(y, x, sharp)
    if method == "FH":
        return float(sharp @ rest**2 - (len(y) - x.shape[1])), float(sharp**2 @ rest**2)
    pull = sharp**2 @ rest**2
    if method == "ML":
        return float(pull - sharp.sum()) / 2, float((sharp**2).sum()) / 2
    second = inverse @ ((x * (sharp**2)[:, None]).T @ x)
    third = inverse @ ((x * (sharp**3)[:, None]).T @ x)
    trace = sharp.sum() - np.trace(second)
    square = (sharp**2).sum() - 2 * np.trace(third) + np.trace(second @ second)
    return float(pull - trace) / 2, float(square) / 2
