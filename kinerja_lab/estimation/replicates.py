"""How much would any statistic vary, also one without a formula? Jackknife, balanced halves and bootstrap weights."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.linalg import hadamard

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.estimation.sample import Sample
from kinerja_lab.numeric.intervals import t_interval

__all__ = ["Replicates", "balanced_halves", "bootstrap", "jackknife", "replicate_estimate"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Replicates:
    """Weights of the replicates and what each of them counts.

    Parameters
    ----------
    weights : numpy.ndarray, shape (replicates, n)
        Weights of the respondents in each replicate.
    full : numpy.ndarray, shape (n,)
        Weights of the whole sample.
    scale : numpy.ndarray, shape (replicates,)
        What the squared deviation of each replicate is multiplied with.
    df : int
        Degrees of freedom: clusters minus strata.
    method : str
        Name that is printed.
    """

    weights: np.ndarray
    full: np.ndarray
    scale: np.ndarray
    df: int
    method: str


def jackknife(sample: Sample) -> Replicates:
    """Leave one cluster out at a time.

    Parameters
    ----------
    sample : Sample
        At least two clusters in every stratum. With a population the correction of the first stage is applied.

    Returns
    -------
    Replicates
        JK1 without strata, JKn with.

    Raises
    ------
    NotApplicable
        ``lonely_strata``: a stratum of one cluster has nothing left to stand in for it.

    Notes
    -----
    Without cluster c of stratum h the others of h weigh n_h/(n_h - 1); scale (1 - f_h)(n_h - 1)/n_h.

    References
    ----------
    Wolter, K. M. (2007). Introduction to variance estimation, 2nd ed., chapter 4. Springer.
    """
    frame = _clusters(sample)
    if (frame.size < 2).any():
        raise NotApplicable("lonely_strata", n=int((frame.size < 2).sum()))
    count = len(frame.stratum_of)
    grown = frame.size / (frame.size - 1)
    same = frame.stratum_of[:, None] == frame.stratum_of[None, :]
    factor = np.where(same, grown[frame.stratum_of][:, None], 1.0)
    np.fill_diagonal(factor, 0.0)
    scale = frame.kept[frame.stratum_of] / grown[frame.stratum_of]
    return Replicates(weights=factor[:, frame.cluster_of] * sample.weights, full=sample.weights, scale=scale,
                      df=count - len(frame.size), method="JK1" if len(frame.size) == 1 else "JKn")


def balanced_halves(sample: Sample, *, fay: float = 0.0) -> Replicates:
    """Half of each stratum's two clusters at a time, in a balanced set of halves.

    Parameters
    ----------
    sample : Sample
        Exactly two clusters in every stratum.
    fay : float
        0 takes halves (BRR); above 0 and below 1 the other half keeps that share of its weight (Fay).

    Returns
    -------
    Replicates

    Raises
    ------
    KinerjaError
        ``bad_fay``.
    NotApplicable
        ``not_paired`` when a stratum has not exactly two clusters.

    Notes
    -----
    Weights times 2 - fay or fay by the signs of a Hadamard matrix with at least one column more than strata; scale
    1/(R (1 - fay)^2).

    References
    ----------
    Wolter, K. M. (2007). Introduction to variance estimation, 2nd ed., chapter 3. Springer.
    Judkins, D. R. (1990). Fay's method for variance estimation. Journal of Official Statistics 6, 223-239.
    """
    if not 0 <= fay < 1:
        raise KinerjaError("bad_fay", value=str(fay))
    frame = _clusters(sample)
    if (frame.size != 2).any():
        raise NotApplicable("not_paired", n=int((frame.size != 2).sum()))
    strata = len(frame.size)
    signs = hadamard(1 << int(np.ceil(np.log2(strata + 1))))[:, 1:strata + 1]
    second = np.zeros(len(frame.stratum_of), dtype=bool)
    second[1:] = frame.stratum_of[1:] == frame.stratum_of[:-1]
    turned = np.where(second, -1.0, 1.0) * signs[:, frame.stratum_of]
    factor = 1 + (1 - fay) * turned
    scale = np.full(len(signs), 1 / (len(signs) * (1 - fay) ** 2))
    return Replicates(weights=factor[:, frame.cluster_of] * sample.weights, full=sample.weights, scale=scale,
                      df=strata, method="BRR" if fay == 0 else f"Fay BRR ({fay:g})")


def bootstrap(sample: Sample, *, replicates: int, rng: np.random.Generator) -> Replicates:
    """Draw n - 1 of the n clusters of each stratum anew, with replacement.

    Parameters
    ----------
    sample : Sample
        At least two clusters in every stratum.
    replicates : int
        At least 50.
    rng : numpy.random.Generator
        Draws the clusters.

    Returns
    -------
    Replicates

    Raises
    ------
    KinerjaError
        ``too_few_replicates``.
    NotApplicable
        ``lonely_strata``.

    Notes
    -----
    Weights times n_h/(n_h - 1) times how often the cluster was drawn in n_h - 1 draws; with a population the factor is
    moved towards 1 by the square root of 1 - f_h. Scale 1/R around the estimate of the whole sample.

    References
    ----------
    Rao, J. N. K., Wu, C. F. J. (1988). Resampling inference with complex survey data. JASA 83, 231-241.
    Rao, J. N. K., Wu, C. F. J., Yue, K. (1992). Some recent work on resampling methods for complex surveys. Survey
    Methodology 18, 209-217.
    """
    if replicates < 50:
        raise KinerjaError("too_few_replicates", n=replicates, least=50)
    frame = _clusters(sample)
    if (frame.size < 2).any():
        raise NotApplicable("lonely_strata", n=int((frame.size < 2).sum()))
    factor = np.empty((replicates, len(frame.stratum_of)))
    for stratum, size in enumerate(frame.size):
        drawn = rng.multinomial(int(size) - 1, np.full(int(size), 1 / size), size=replicates)
        factor[:, frame.stratum_of == stratum] = 1 + np.sqrt(frame.kept[stratum]) * (size / (size - 1) * drawn - 1)
    return Replicates(weights=factor[:, frame.cluster_of] * sample.weights, full=sample.weights,
                      scale=np.full(replicates, 1 / replicates), df=len(frame.stratum_of) - len(frame.size),
                      method="bootstrap (Rao-Wu)")


def replicate_estimate(
    statistic: Callable[[np.ndarray], float], replicates: Replicates, *, label: str, level: float, n: int, unit: str,
    centre: str = "estimate",
) -> Estimate:
    """A statistic with the interval that its replicates give.

    Parameters
    ----------
    statistic : callable
        Takes weights of the respondents and gives one number, e.g. an index, a raked mean or a ratio of medians.
    replicates : Replicates
        From ``jackknife``, ``balanced_halves`` or ``bootstrap``.
    label : str
        What is estimated.
    level : float
        Confidence level, between 0 and 1.
    n : int
        Respondents behind it.
    unit : str
        Unit code.
    centre : str
        Deviations from the estimate of the whole sample (``"estimate"``, never smaller) or from the mean of the
        replicates (``"replicates"``, as R survey does unless told ``mse=TRUE``).

    Returns
    -------
    Estimate
        Where the statistic is no number in some replicate there is no interval (``replicates_failed``): leaving those
        out would make it look surer than it is.

    Raises
    ------
    KinerjaError
        ``bad_level`` or ``unknown_option``.

    Notes
    -----
    sum of scale (replicate - centre)^2; t with clusters minus strata degrees of freedom.

    References
    ----------
    Wolter, K. M. (2007). Introduction to variance estimation, 2nd ed., chapters 3 to 5. Springer.
    """
    if centre not in ("estimate", "replicates"):
        raise KinerjaError("unknown_option", name="centre", value=str(centre), choices="estimate, replicates",
                           nearest="-")
    value = float(statistic(replicates.full))
    found = np.array([statistic(weights) for weights in replicates.weights], dtype=float)
    middle = value if centre == "estimate" else found.mean()
    se = float(np.sqrt((replicates.scale * (found - middle) ** 2).sum()))
    low, high = (float(end) for end in t_interval(value, se, replicates.df, level=level))
    note = ""
    if not np.isfinite(found).all() or not np.isfinite(value):
        note = "replicates_failed"
    elif se <= 1e-10 * (1 + abs(value)):
        note = "no_variation"
    return Estimate(label=label, value=value, low=np.nan if note else low, high=np.nan if note else high, level=level,
                    n=n, method=f"{replicates.method}, t", unit=unit, note=note)


@dataclass(frozen=True, slots=True, eq=False)
class _Clusters:
    cluster_of: np.ndarray
    stratum_of: np.ndarray
    size: np.ndarray
    kept: np.ndarray


def _clusters(sample: Sample) -> _Clusters:
    """Clusters sorted by stratum, and where each respondent's is."""
    if sample.n < 2:
        raise NotApplicable("empty_sample")
    stratum = np.zeros(sample.n, dtype=np.int64)
    if sample.strata is not None:
        stratum = np.unique(np.asarray(sample.strata), return_inverse=True)[1].ravel()
    inner = np.arange(sample.n)
    if sample.clusters is not None:
        inner = np.unique(np.asarray(sample.clusters), return_inverse=True)[1].ravel()
    pairs, cluster_of = np.unique(stratum * (int(inner.max()) + 1) + inner, return_inverse=True)
    stratum_of = pairs // (int(inner.max()) + 1)
    size = np.bincount(stratum_of).astype(float)
    kept = np.ones(len(size))
    if sample.population is not None:
        whole = np.full(len(size), np.inf)
        whole[stratum] = sample.population
        if (whole < size).any():
            raise KinerjaError("population_too_small", n=int((whole < size).sum()))
        kept = 1 - size / whole
    return _Clusters(cluster_of.ravel(), stratum_of, size, kept)
