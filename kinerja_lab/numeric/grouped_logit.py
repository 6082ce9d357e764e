"""How sure is a logistic curve when counts come in clusters? The fit of ``numeric.glm`` with a cluster sandwich."""

from dataclasses import dataclass

import numpy as np
from scipy import special

from kinerja_lab.numeric.glm import fit_counts

__all__ = ["LogitFit", "grouped_logit"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LogitFit:
    """A logistic curve with its covariances.

    Parameters
    ----------
    coef : numpy.ndarray, shape (p,)
        Coefficients on the log-odds scale.
    model, robust : numpy.ndarray, shape (p, p)
        Covariance if every trial were independent, and the cluster sandwich with the factor G / (G - 1).
    deviance : float
        Minus twice the log-likelihood, without the binomial coefficients.
    n, clusters : int
        Rows and clusters.
    """

    coef: np.ndarray
    model: np.ndarray
    robust: np.ndarray
    deviance: float
    n: int
    clusters: int


def grouped_logit(
    design: np.ndarray, events: np.ndarray, trials: np.ndarray, *, clusters: np.ndarray | None = None,
    offset: np.ndarray | None = None,
) -> LogitFit:
    """Maximum likelihood with errors that allow any dependence inside clusters.

    Parameters
    ----------
    design : numpy.ndarray, shape (n, p)
        Columns of the model, the constant among them.
    events, trials : numpy.ndarray, shape (n,)
        ``0 <= events <= trials``, ``trials > 0``.
    clusters : numpy.ndarray of int, shape (n,), optional
        Cluster of each row, 0, 1, ...; without it every row is one.
    offset : numpy.ndarray, shape (n,), optional
        Log-odds added with coefficient 1.

    Returns
    -------
    LogitFit

    Raises
    ------
    KinerjaError, NotApplicable
        What ``fit_counts`` raises: ``glm_separated`` for events and non-events parted by the columns.

    References
    ----------
    Liang, K.-Y., Zeger, S. L. (1986). Longitudinal data analysis using generalized linear models. Biometrika 73, 13-22.
    """
    fit = fit_counts(design, events, trials, family="binomial", offset=offset)
    line = design @ fit.coefficients + (0.0 if offset is None else offset)
    codes = np.arange(len(events)) if clusters is None else clusters
    count = int(codes.max()) + 1
    pieces = np.zeros((count, design.shape[1]))
    np.add.at(pieces, codes, design * (events - trials * special.expit(line))[:, None])
    meat = pieces.T @ pieces * (count / max(count - 1, 1))
    return LogitFit(
        coef=fit.coefficients, model=fit.covariance, robust=fit.covariance @ meat @ fit.covariance, n=len(events),
        clusters=count, deviance=float(2 * (trials * np.logaddexp(0, line) - events * line).sum()))
