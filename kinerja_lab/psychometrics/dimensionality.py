"""How many things do the items measure? Parallel analysis, Velicer's MAP, and whether there is anything to factor."""

from dataclasses import dataclass

import numpy as np
from scipy import special, stats

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.hypothesis import HypothesisTest
from kinerja_lab.core.message import Message
from kinerja_lab.numeric.factoring import factor_matrix

__all__ = [
    "ParallelAnalysis", "PartialCorrelations", "bartlett", "kmo", "normal_information", "parallel_analysis",
    "partial_average",
]

LEAST_DRAWS = 100
LARGEST_ERROR = 0.08
"""Standard error of a polychoric correlation by chance above which it is no longer nearly normal."""
_ROUNDS = 60


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ParallelAnalysis:
    """Eigenvalues seen against those of chance.

    Parameters
    ----------
    components, factors : numpy.ndarray, shape (k,)
        Eigenvalues of the correlation matrix, and of the matrix with the communalities of one factor on its diagonal.
    chance_components, chance_factors : numpy.ndarray, shape (k,)
        The quantile of the same where items are unrelated.
    n_components, n_factors : int
        How many stand above chance before the first that does not.
    quantile : float
        Which quantile of chance.
    draws : int
        Made-up matrices.
    seed : str
        Entropy of the generator, to repeat the draws.
    kind : str
        ``"pearson"`` or ``"polychoric"``.
    n : int
        Respondents.
    """

    components: np.ndarray
    factors: np.ndarray
    chance_components: np.ndarray
    chance_factors: np.ndarray
    n_components: int
    n_factors: int
    quantile: float
    draws: int
    seed: str
    kind: str
    n: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PartialCorrelations:
    """Velicer's minimum average partial.

    Parameters
    ----------
    averages : numpy.ndarray
        Mean squared partial correlation after 0, 1, 2, ... components are taken out.
    components : int
        How many are taken out where it is smallest, at least 1 (as psych counts).
    nothing_shared : bool
        Whether it is smaller still with none taken out: then the items hardly share anything.
    """

    averages: np.ndarray
    components: int
    nothing_shared: bool


def parallel_analysis(
    correlation: np.ndarray, *, n: int, draws: int, rng: np.random.Generator, quantile: float = 0.95,
    information: np.ndarray | None = None,
) -> ParallelAnalysis:
    """Components and factors that stand above chance.

    Parameters
    ----------
    correlation : numpy.ndarray, shape (k, k)
        Pearson, or polychoric with ``information``.
    n : int
        Respondents, more than k.
    draws : int
        Made-up matrices, at least 100.
    rng : numpy.random.Generator
        Source of the draws.
    quantile : float
        Of chance, between 0 and 1.
    information : numpy.ndarray or None, shape (k,)
        Share of the normal information that each item's categories keep (``normal_information``): polychoric
        correlations vary more by chance than Pearson's, by 1 / root of the product.

    Returns
    -------
    ParallelAnalysis

    Raises
    ------
    KinerjaError
        ``instrument_few_draws``, ``instrument_bad_quantile`` or ``instrument_bad_correlation``.
    NotApplicable
        ``too_few_items`` (fewer than three), ``instrument_fewer_than_items``, or ``instrument_chance_unknown`` when
        answers are so few or so lopsided that chance polychoric correlations are not nearly normal.

    Notes
    -----
    Chance matrices of Pearson correlations are drawn from their exact distribution under normality (Wishart, by
    Bartlett's decomposition), so a draw costs the same for a district and the nation. Under independence a polychoric
    correlation is nearly normal with variance 1 / (n I_j I_k), pairs unrelated: the same draws, stretched.

    References
    ----------
    Horn, J. L. (1965). A rationale and test for the number of factors in factor analysis. Psychometrika 30, 179-185.
    Garrido, L. E., Abad, F. J., Ponsoda, V. (2013). A new look at Horn's parallel analysis with ordinal variables.
    Psychological Methods 18, 454-474.
    """
    _check(correlation, least=3)
    k = len(correlation)
    if draws < LEAST_DRAWS:
        raise KinerjaError("instrument_few_draws", value=draws, least=LEAST_DRAWS)
    if not 0 < quantile < 1:
        raise KinerjaError("instrument_bad_quantile", value=str(quantile))
    if n <= k:
        raise NotApplicable("instrument_fewer_than_items", n=n, items=k)
    chance = _unrelated(k, n, draws, rng)
    if information is not None:
        error = float(1 / np.sqrt(n) / np.min(information))
        if error > LARGEST_ERROR:
            raise NotApplicable("instrument_chance_unknown", error=error, most=LARGEST_ERROR)
        stretch = 1 / np.sqrt(np.outer(information, information))
        np.fill_diagonal(stretch, 1.0)
        chance = np.clip(chance * stretch, -1, 1)
    chance_components = np.quantile(np.linalg.eigvalsh(chance)[:, ::-1], quantile, axis=0)
    chance_factors = np.quantile(_one_factor_eigenvalues(chance), quantile, axis=0)
    components = np.linalg.eigvalsh(correlation)[::-1]
    one = factor_matrix(correlation, factors=1, method="minres")
    factors = np.linalg.eigvalsh(correlation - np.diag(one.uniqueness))[::-1]
    return ParallelAnalysis(
        components=components, factors=factors, chance_components=chance_components, chance_factors=chance_factors,
        n_components=_above(components, chance_components), n_factors=_above(factors, chance_factors),
        quantile=quantile, draws=draws, seed=str(rng.bit_generator.seed_seq.entropy),
        kind="pearson" if information is None else "polychoric", n=n)


def normal_information(thresholds: np.ndarray) -> float:
    """Share of the information of a normal variable that its categories keep, for a correlation near 0.

    Parameters
    ----------
    thresholds : numpy.ndarray
        Rising thresholds.

    Notes
    -----
    Sum over categories of (density at the lower end - density at the upper end)^2 / probability.

    Examples
    --------
    Two halves keep 2/pi:

    >>> round(normal_information(np.array([0.0])), 4)
    0.6366
    """
    edges = np.concatenate([[-np.inf], thresholds, [np.inf]])
    density = np.exp(-np.minimum(edges**2, 1e4) / 2) / np.sqrt(2 * np.pi)
    return float((np.diff(density) ** 2 / np.diff(special.ndtr(edges))).sum())


def partial_average(correlation: np.ndarray) -> PartialCorrelations:
    """Velicer's minimum average partial correlation.

    Parameters
    ----------
    correlation : numpy.ndarray, shape (k, k)
        Pearson or polychoric.

    Returns
    -------
    PartialCorrelations

    Raises
    ------
    KinerjaError
        ``instrument_bad_correlation``.
    NotApplicable
        ``too_few_items`` (fewer than three) or ``instrument_collinear``.

    Notes
    -----
    Components are partialled out as long as every item keeps some variance.

    References
    ----------
    Velicer, W. F. (1976). Determining the number of components from the matrix of partial correlations. Psychometrika
    41, 321-327.
    """
    _check(correlation, least=3)
    values, vectors = np.linalg.eigh(correlation)
    loadings = vectors[:, ::-1] * np.sqrt(np.maximum(values[::-1], 0))
    off = ~np.eye(len(correlation), dtype=bool)
    averages = []
    for taken in range(len(correlation) - 1):
        rest = correlation - loadings[:, :taken] @ loadings[:, :taken].T
        if np.diag(rest).min() <= 1e-10:
            break
        scale = 1 / np.sqrt(np.diag(rest))
        averages.append(float(((rest * scale[:, None] * scale)[off] ** 2).mean()))
    if len(averages) < 2:
        raise NotApplicable("instrument_collinear")
    best = 1 + int(np.argmin(averages[1:]))
    return PartialCorrelations(averages=np.array(averages), components=best,
                               nothing_shared=averages[0] < averages[best])


def kmo(correlation: np.ndarray, *, items: tuple[str, ...], n: int, level: float) -> EstimateTable:
    """Kaiser-Meyer-Olkin measure of sampling adequacy, overall and per item.

    Parameters
    ----------
    correlation : numpy.ndarray, shape (k, k)
        Positive definite.
    items : tuple of str
        Item codes.
    n : int
        Respondents.
    level : float
        Confidence level that stands in the rows, between 0 and 1.

    Returns
    -------
    EstimateTable
        Labels ``"kmo"`` and the items; no intervals (``instrument_descriptive``).

    Raises
    ------
    KinerjaError
        ``instrument_bad_correlation`` or ``lengths_differ``.
    NotApplicable
        ``too_few_items`` or ``instrument_collinear``.

    Notes
    -----
    Sum of squared correlations over the same plus the sum of squared partial correlations.

    References
    ----------
    Kaiser, H. F., Rice, J. (1974). Little jiffy, mark IV. Educational and Psychological Measurement 34, 111-117.
    """
    _check(correlation, least=2)
    if len(items) != len(correlation):
        raise KinerjaError("lengths_differ", first=len(correlation), second=len(items))
    if np.linalg.eigvalsh(correlation)[0] < 1e-10:
        raise NotApplicable("instrument_collinear")
    inverse = np.linalg.inv(correlation)
    scale = 1 / np.sqrt(np.diag(inverse))
    off = 1 - np.eye(len(correlation))
    plain, partial = correlation**2 * off, (inverse * scale[:, None] * scale) ** 2 * off
    own = plain.sum(axis=0) / (plain.sum(axis=0) + partial.sum(axis=0))
    overall = plain.sum() / (plain.sum() + partial.sum())
    return EstimateTable.from_estimates([
        Estimate(label=label, value=float(value), low=np.nan, high=np.nan, level=level, n=n, unit="coefficient",
                 method="Kaiser-Meyer-Olkin", note="instrument_descriptive")
        for label, value in zip(("kmo", *items), (overall, *own), strict=True)])


def bartlett(correlation: np.ndarray, *, n: int) -> HypothesisTest:
    """Bartlett's test that the items are unrelated.

    Parameters
    ----------
    correlation : numpy.ndarray, shape (k, k)
        Pearson correlations, positive definite.
    n : int
        Respondents, more than k.

    Returns
    -------
    HypothesisTest

    Raises
    ------
    KinerjaError
        ``instrument_bad_correlation``.
    NotApplicable
        ``too_few_items``, ``instrument_collinear`` or ``instrument_fewer_than_items``.

    Notes
    -----
    -(n - 1 - (2k + 5)/6) log|R| against chi-square with k(k - 1)/2 degrees of freedom. With hundreds of respondents it
    is nearly always significant; it says that there is something to factor, never that there is one factor.

    References
    ----------
    Bartlett, M. S. (1951). The effect of standardization on a chi-square approximation in factor analysis. Biometrika
    38, 337-344.
    """
    _check(correlation, least=2)
    k = len(correlation)
    if n <= k:
        raise NotApplicable("instrument_fewer_than_items", n=n, items=k)
    sign, size = np.linalg.slogdet(correlation)
    if sign <= 0 or np.linalg.eigvalsh(correlation)[0] < 1e-10:
        raise NotApplicable("instrument_collinear")
    statistic, df = -(n - 1 - (2 * k + 5) / 6) * float(size), k * (k - 1) / 2
    return HypothesisTest(statistic=statistic, df=df, p=float(stats.chi2.sf(statistic, df)), n=n,
                          null=Message("null.instrument_unrelated"), distribution="chi2",
                          method="Bartlett's test of sphericity")


def _check(correlation: np.ndarray, *, least: int) -> None:
    if len(correlation) < least:
        raise NotApplicable("too_few_items", n=len(correlation), least=least)
    fine = np.isfinite(correlation).all() and np.allclose(correlation, correlation.T) and np.allclose(
        np.diag(correlation), 1)
    if not fine:
        raise KinerjaError("instrument_bad_correlation")


def _above(seen: np.ndarray, chance: np.ndarray) -> int:
    above = seen > chance
    return int(len(seen) if above.all() else np.argmin(above))


def _unrelated(k: int, n: int, draws: int, rng: np.random.Generator) -> np.ndarray:
    """Correlation matrices of n unrelated normal cases: Bartlett's decomposition of a Wishart matrix."""
    factor = np.tril(rng.standard_normal((draws, k, k)), -1)
    for place in range(k):
        factor[:, place, place] = np.sqrt(rng.chisquare(n - 1 - place, size=draws))
    length = np.sqrt((factor**2).sum(axis=2, keepdims=True))
    factor = factor / length
    return factor @ factor.transpose(0, 2, 1)


def _one_factor_eigenvalues(matrices: np.ndarray) -> np.ndarray:
    """Eigenvalues with one factor's communalities on the diagonal: minres of many matrices by repeated eigenvectors."""
    place = np.arange(matrices.shape[1])
    reduced = matrices.copy()
    off = np.abs(matrices - np.eye(matrices.shape[1]))
    reduced[:, place, place] = off.max(axis=2)
    for _ in range(_ROUNDS):
        values, vectors = np.linalg.eigh(reduced)
        reduced[:, place, place] = np.clip(vectors[:, :, -1] ** 2 * np.maximum(values[:, -1:], 0), 0, 0.995)
    return np.linalg.eigvalsh(reduced)[:, ::-1]
