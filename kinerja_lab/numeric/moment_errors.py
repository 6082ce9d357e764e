"""How sure are parameters fitted to means and covariances, and their test, whatever the distribution and the design?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from kinerja_lab.numeric.moment_structure import (
    GroupMoments,
    Model,
    MomentFit,
    normal_weight,
    residuals_of,
    score_of,
    triangle,
    weights_of,
)
from kinerja_lab.numeric.weighted_structure import StructureFit

__all__ = ["Inference", "inference", "observed_information", "whitened"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inference:
    """How sure the parameters are, and what the chi-square is on average under the model.

    Parameters
    ----------
    covariance : numpy.ndarray
        Covariance matrix of the parameters.
    mean : float
        Mean of the chi-square over its degrees of freedom where the model holds.
    at_top : bool
        Whether the information has no direction without a maximum; where it has, the covariance matrix means nothing.
    """

    covariance: np.ndarray
    mean: float
    at_top: bool = True


def observed_information(model: Model, groups: Sequence[GroupMoments], fit: MomentFit) -> np.ndarray:
    """Minus the slope of the score at the estimates, by central differences a thousandth of a standard error wide.

    Parameters
    ----------
    model, groups, fit
        As for ``inference``.
    """
    step = 1e-3 / np.sqrt(np.diag(fit.information))
    columns = [score_of(model, groups, fit.point - move)[0] - score_of(model, groups, fit.point + move)[0]
               for move in np.diag(step)] / (2 * step[:, None])
    return (columns + columns.T) / 2


def inference(model: Model, groups: Sequence[GroupMoments], fit: MomentFit, *, kind: str,
              means: bool = True) -> Inference:
    """Covariance matrix of the parameters, and the mean of the chi-square.

    Parameters
    ----------
    model : Model
        The model.
    groups : sequence of GroupMoments
        What it was fitted to.
    fit : MomentFit
        Its fit.
    kind : str
        ``"normal"`` (expected information; the chi-square as it is), ``"satorra_bentler"`` (sandwich with the expected
        information; mean of the chi-square by the trace of U Gamma) or ``"huber_white"`` (sandwich with the observed
        information; mean by the difference of two traces, as Mplus and lavaan do).
    means : bool
        Whether the two traces count the means. Where a model leaves them free they cannot misfit, but the difference is
        zero only where the model holds: between clusters that differ much in level it can even make the mean negative.

    References
    ----------
    Satorra, A., Bentler, P. M. (1994). Corrections to test statistics and standard errors in covariance structure
    analysis. In Latent variables analysis, 399-419. Sage.
    Yuan, K.-H., Bentler, P. M. (2000). Three likelihood-based methods for mean and covariance structure analysis with
    nonnormal missing data. Sociological Methodology 30, 165-200.
    """
    if kind == "normal":
        return Inference(covariance=np.linalg.inv(fit.information), mean=1.0)
    plain = kind == "satorra_bentler"
    information = fit.information if plain else observed_information(model, groups, fit)
    bread = np.linalg.inv(information)
    meat = _plain_meat(model, groups, fit) if plain else _meat(model, groups, fit)
    weights = (weights_of(model.implied(fit.point)[1]) if plain
               else [normal_weight(np.linalg.inv(own.covariance)) for own in groups])
    seen = sum(float((own.spread[1:, 1:] * weight).sum()) for own, weight in zip(groups, weights, strict=True))
    df = len(fit.jacobian) - len(fit.point)
    lost = float((bread * meat).sum())
    if not (plain or means):
        seen -= _means_part(groups, [own.covariance for own in groups])
        lost -= _means_part(groups, model.implied(fit.point)[1])
    scale = 1 / np.sqrt(np.diag(fit.information))
    return Inference(covariance=bread @ meat @ bread,
                     at_top=bool(np.linalg.eigvalsh(information * scale[:, None] * scale)[0] > 1e-10),
                     mean=(seen - lost) / df if df > 0 else 1.0)


def whitened(model: Model, groups: Sequence[GroupMoments], fit: MomentFit, *, at: MomentFit,
             through: Model) -> tuple[StructureFit, np.ndarray]:
    """A fit with statistics turned so that its weights are ones, for the difference test of nested fits.

    Parameters
    ----------
    model : Model
        The model of ``fit``.
    groups : sequence of GroupMoments
        What both were fitted to.
    fit : MomentFit
        The fit to turn.
    at, through
        The fit whose weights are used, and its model: the wider one.

    Returns
    -------
    StructureFit, numpy.ndarray
        For ``weighted_structure.difference_chi2`` with weights of one, and the covariance matrix of the statistics.
    """
    blocks = [np.linalg.cholesky(one * own.n)
              for own, one in zip(groups, weights_of(through.implied(at.point)[1]), strict=True)]
    size = len(blocks[0])
    jacobian = np.concatenate([block.T @ fit.jacobian[place * size:(place + 1) * size]
                               for place, block in enumerate(blocks)])
    residual = np.concatenate([block.T @ one for block, one in
                               zip(blocks, residuals_of(groups, model.implied(fit.point)), strict=True)])
    covariance = np.zeros((len(jacobian),) * 2)
    for place, (block, own) in enumerate(zip(blocks, groups, strict=True)):
        part = slice(place * size, (place + 1) * size)
        covariance[part, part] = block.T @ own.statistics_covariance @ block
    return StructureFit(point=fit.point, residual=residual, jacobian=jacobian, distance=fit.chi2, steps=fit.steps,
                        converged=fit.converged, slope=fit.slope), covariance


def _means_part(groups: Sequence[GroupMoments], covariances) -> float:
    """Trace of the means' spread and their information."""
    size = len(groups[0].mean) + 1
    return sum(float((own.spread[1:size, 1:size] * np.linalg.inv(covariance)).sum())
               for own, covariance in zip(groups, covariances, strict=True))


def _meat(model: Model, groups: Sequence[GroupMoments], fit: MomentFit) -> np.ndarray:
    """Sum of the products of the scores of cases (or clusters)."""
    size = len(fit.jacobian) // len(groups)
    out = np.zeros((len(fit.point),) * 2)
    implied = model.implied(fit.point)
    parts = zip(groups, weights_of(implied[1]), residuals_of(groups, implied), strict=True)
    for place, (own, weight, residual) in enumerate(parts):
        k = len(own.mean)
        left, right = triangle(k)
        turn = np.concatenate([residual[:, None], np.eye(size)], axis=1)  # a case's own statistics from its moments
        for row, (a, b) in enumerate(zip(left, right, strict=True)):
            turn[k + row, 1 + a] += residual[b]
            turn[k + row, 1 + b] += residual[a]
        slope = fit.jacobian[place * size:(place + 1) * size].T @ weight @ turn
        out += slope @ own.spread @ slope.T * own.n
    return out


def _plain_meat(model: Model, groups: Sequence[GroupMoments], fit: MomentFit) -> np.ndarray:
    """The same with the observed moments in place of those of the model."""
    size = len(fit.jacobian) // len(groups)
    out = np.zeros((len(fit.point),) * 2)
    for place, (own, weight) in enumerate(zip(groups, weights_of(model.implied(fit.point)[1]), strict=True)):
        block = weight @ fit.jacobian[place * size:(place + 1) * size]
        out += block.T @ own.spread[1:, 1:] @ block * own.n
    return out
