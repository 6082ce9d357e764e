"""How do counts depend on known columns? Binomial and Poisson regression by iterated least squares."""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, special

from kinerja_lab.core.errors import KinerjaError, NotApplicable

__all__ = ["FAMILIES", "CountFit", "fit_counts", "separable"]

FAMILIES = ("binomial", "poisson")
STEPS = 60
STOP = 1e-12
LARGE = 15.0
"""A linear predictor beyond this is as good as 0 or 1: the sign of a coefficient without an end."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CountFit:
    """A fitted regression of counts.

    Parameters
    ----------
    coefficients : numpy.ndarray, shape (columns,)
        On the logit (binomial) or log (Poisson) scale.
    covariance : numpy.ndarray, shape (columns, columns)
        Inverse information, under chance alone.
    fitted : numpy.ndarray, shape (rows,)
        Fitted events.
    deviance, pearson : float
        Deviance, and sum of squared Pearson residuals.
    df : int
        Rows minus columns.
    steps : int
        Iterations used.
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    fitted: np.ndarray
    deviance: float
    pearson: float
    df: int
    steps: int

    @property
    def dispersion(self) -> float:
        """Pearson's statistic over its degrees of freedom; 1 under chance alone, NaN where no degree is left."""
        return self.pearson / self.df if self.df > 0 else float("nan")


def fit_counts(
    columns: np.ndarray, events: np.ndarray, exposure: np.ndarray, *, family: str, offset: np.ndarray | None = None,
) -> CountFit:
    """Maximum likelihood of a regression of events of a denominator (binomial) or against an exposure (Poisson).

    Parameters
    ----------
    columns : numpy.ndarray, shape (rows, columns)
        Finite; a column of ones is the intercept.
    events, exposure : numpy.ndarray, shape (rows,)
        Events at least 0, exposure above 0; binomial: events at most the exposure (the denominator).
    family : str
        ``"binomial"`` (logit) or ``"poisson"`` (log, with log(exposure) as offset).
    offset : numpy.ndarray or None, shape (rows,)
        Added to the linear predictor as it is.

    Returns
    -------
    CountFit

    Raises
    ------
    KinerjaError
        ``unknown_option`` or ``glm_bad_counts``.
    NotApplicable
        ``glm_collinear``, ``glm_one_outcome`` (no event, or nothing but events), ``glm_separated`` or
        ``glm_not_converged``.

    Notes
    -----
    Newton's step on the canonical link, halved while the deviance grows. Separation is looked for where a linear
    predictor runs away, by a linear program (``separable``): then the maximum does not exist, and the numbers that a
    program prints depend on when it stopped.

    References
    ----------
    McCullagh, P., Nelder, J. A. (1989). Generalized linear models, 2nd ed., section 2.5. Chapman and Hall.

    Examples
    --------
    >>> fit = fit_counts(np.ones((2, 1)), np.array([1.0, 2.0]), np.array([4.0, 8.0]), family="binomial")
    >>> round(float(special.expit(fit.coefficients[0])), 6), round(fit.deviance, 6)
    (0.25, 0.0)
    """
    columns, events, exposure, extra = _checked(columns, events, exposure, family, offset)
    binomial = family == "binomial"
    base = extra if binomial else extra + np.log(exposure)
    beta = _start(columns, events, exposure, base, binomial)
    deviance = _deviance(events, _mean(columns @ beta + base, exposure, binomial), exposure, binomial)
    for step in range(1, STEPS + 1):
        predictor = columns @ beta + base
        mean = _mean(predictor, exposure, binomial)
        weight = mean * (1 - mean / exposure) if binomial else mean
        information = columns.T @ (weight[:, None] * columns)
        if not np.isfinite(information).all() or np.linalg.cond(information) > 1e14:
            break
        change = np.linalg.solve(information, columns.T @ (events - mean))
        beta, after = _halved(beta, change, deviance, columns, events, exposure, base, binomial)
        done = abs(after - deviance) <= STOP * (abs(after) + 1) and np.abs(change).max() <= 1e-7 * (
            1 + np.abs(beta).max())
        deviance = after
        if done:
            return _finish(beta, columns, events, exposure, base, binomial, deviance, step)
    if separable(columns, events, exposure, family=family):
        raise NotApplicable("glm_separated")
    raise NotApplicable("glm_not_converged", steps=STEPS)


def separable(columns: np.ndarray, events: np.ndarray, exposure: np.ndarray, *, family: str) -> bool:
    """Whether a combination of the columns divides the rows with events from those without, so that no maximum exists.

    Parameters
    ----------
    columns, events, exposure, family
        As for ``fit_counts``.

    Returns
    -------
    bool

    Notes
    -----
    A direction b with x'b >= 0 on rows with only events, <= 0 on rows without any and = 0 on the others, not 0
    everywhere; found by a linear program (Poisson: rows with events must have x'b = 0).

    References
    ----------
    Albert, A., Anderson, J. A. (1984). On the existence of maximum likelihood estimates in logistic regression models.
    Biometrika 71, 1-10.
    """
    none = events <= 0
    every = events >= exposure if family == "binomial" else np.zeros(len(events), dtype=bool)
    sign = np.where(every, 1.0, -1.0)[none | every, None] * columns[none | every]
    fixed = columns[~(none | every)]
    if not len(sign):
        return False
    sign, fixed = np.unique(sign, axis=0), np.unique(fixed, axis=0)
    found = optimize.linprog(-sign.sum(axis=0), A_ub=-sign, b_ub=np.zeros(len(sign)),
                             A_eq=fixed if len(fixed) else None, b_eq=np.zeros(len(fixed)) if len(fixed) else None,
                             bounds=(-1, 1), method="highs")
    return bool(found.status == 0 and -found.fun > 1e-7)


def _checked(columns, events, exposure, family, offset):
    columns, events, exposure = (np.asarray(item, dtype=float) for item in (columns, events, exposure))
    if family not in FAMILIES:
        raise KinerjaError("unknown_option", name="family", value=str(family), choices=", ".join(FAMILIES), nearest="-")
    bad = ~(np.isfinite(columns).all(axis=1) & np.isfinite(events) & (events >= 0) & (exposure > 0)
            & np.isfinite(exposure))
    if family == "binomial":
        bad |= events > exposure
    if bad.any():
        raise KinerjaError("glm_bad_counts", n=int(bad.sum()))
    if len(events) < columns.shape[1] or np.linalg.matrix_rank(columns) < columns.shape[1]:
        raise NotApplicable("glm_collinear", columns=columns.shape[1], n=len(events))
    if events.sum() <= 0 or (family == "binomial" and (events >= exposure).all()):
        raise NotApplicable("glm_one_outcome")
    return columns, events, exposure, np.zeros(len(events)) if offset is None else np.asarray(offset, dtype=float)


def _start(columns, events, exposure, base, binomial: bool) -> np.ndarray:
    """Least squares on the scale of the link, from counts drawn a little towards the middle."""
    share = (events + 0.5) / (exposure + 1) if binomial else (events + 0.1)
    link = special.logit(share) if binomial else np.log(share)
    weight = np.sqrt(exposure if binomial else events + 0.1)
    return np.linalg.lstsq(weight[:, None] * columns, weight * (link - base), rcond=None)[0]


def _mean(predictor: np.ndarray, exposure: np.ndarray, binomial: bool) -> np.ndarray:
    return exposure * special.expit(predictor) if binomial else np.exp(np.minimum(predictor, 700.0))


def _deviance(events, mean, exposure, binomial: bool) -> float:
    if binomial:
        rest = exposure - events
        return float(2 * (special.rel_entr(events, mean) + special.rel_entr(rest, exposure - mean)).sum())
    return float(2 * (special.rel_entr(events, mean) - events + mean).sum())


def _halved(beta, change, deviance, columns, events, exposure, base, binomial):
    """The step, halved until the deviance does not grow."""
    for half in range(30):
        tried = beta + change / 2**half
        after = _deviance(events, _mean(columns @ tried + base, exposure, binomial), exposure, binomial)
        if np.isfinite(after) and after <= deviance * (1 + 1e-10) + 1e-10:
            return tried, after
    return beta, deviance


def _finish(beta, columns, events, exposure, base, binomial, deviance, steps) -> CountFit:
    predictor = columns @ beta + base
    mean = _mean(predictor, exposure, binomial)
    if (np.abs(columns @ beta) > LARGE).any() and separable(
            columns, events, exposure, family="binomial" if binomial else "poisson"):
        raise NotApplicable("glm_separated")
    variance = mean * (1 - mean / exposure) if binomial else mean
    covariance = np.linalg.inv(columns.T @ (variance[:, None] * columns))
    positive = variance > 0
    pearson = float(((events - mean)[positive] ** 2 / variance[positive]).sum())
    return CountFit(coefficients=beta, covariance=covariance, fitted=mean, deviance=deviance, pearson=pearson,
                    df=len(events) - columns.shape[1], steps=steps)
