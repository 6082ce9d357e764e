"""Which items go together? Exploratory factors: minres or maximum likelihood, turned so that each can be named."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, stats

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.hypothesis import HypothesisTest
from kinerja_lab.core.message import Message
from kinerja_lab.numeric.factoring import METHODS, Factoring, factor_matrix
from kinerja_lab.numeric.rotation import rotate
from kinerja_lab.psychometrics.coefficients import checked_factors, solved

__all__ = ["ExploratoryFactors", "explore"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExploratoryFactors:
    """Factors of a correlation matrix.

    Parameters
    ----------
    loadings : EstimateTable
        Group ``factor`` (``"F1"``, ...), label the item; without intervals (``instrument_rotation_no_interval``).
    communality : EstimateTable
        Label the item: share of its variance that the factors hold.
    correlation : numpy.ndarray, shape (factors, factors)
        Of the factors.
    pattern : numpy.ndarray, shape (items, factors)
        The loadings as a matrix.
    fit : HypothesisTest or NotApplicable
        Chi-square of the model; the reason where there are no degrees of freedom.
    rmsea : Estimate or NotApplicable
        With its 90 % interval.
    residual : float
        Root mean square of the residual correlations.
    heywood : bool
        Whether a uniqueness stopped at its floor: the solution is then not to be read.
    method, rotation : str
        As chosen.
    """

    loadings: EstimateTable
    communality: EstimateTable
    correlation: np.ndarray
    pattern: np.ndarray
    fit: HypothesisTest | NotApplicable
    rmsea: Estimate | NotApplicable
    residual: float
    heywood: bool
    method: str
    rotation: str


def explore(
    correlation: np.ndarray, *, items: tuple[str, ...], n: int, factors: int, level: float, method: str = "minres",
    rotation: str = "oblimin",
) -> ExploratoryFactors:
    """Exploratory factors of Pearson or polychoric correlations.

    Parameters
    ----------
    correlation : numpy.ndarray, shape (k, k)
        Positive definite.
    items : tuple of str
        Item codes.
    n : int
        Respondents, more than k.
    factors : int
        Factors; ``dimensionality.parallel_analysis`` says how many.
    level : float
        Confidence level that stands in the rows, between 0 and 1.
    method : str
        ``"minres"`` or ``"ml"``.
    rotation : str
        ``"none"``, ``"varimax"``, ``"oblimin"``, ``"promax"`` or ``"bifactor"``.

    Returns
    -------
    ExploratoryFactors

    Raises
    ------
    KinerjaError
        ``unknown_option``, ``lengths_differ`` or ``instrument_bad_factors``.
    NotApplicable
        ``instrument_too_many_factors``, ``instrument_collinear``, ``instrument_fewer_than_items``,
        ``instrument_not_converged`` or ``instrument_rotation_not_converged``.

    Notes
    -----
    Chi-square is Bartlett's (n - 1 - (2k + 5)/6 - 2 factors/3) times the maximum-likelihood discrepancy; with
    polychoric correlations it is too large and only orders models (a confirmatory model has the right one). RMSEA with
    a 90 % interval from the noncentral chi-square.

    References
    ----------
    Harman, H. H. (1976). Modern factor analysis, 3rd ed. University of Chicago Press.
    Steiger, J. H. (1990). Structural model evaluation and modification. Multivariate Behavioral Research 25, 173-180.
    """
    if method not in METHODS:
        raise KinerjaError("unknown_option", name="method", value=str(method), choices=", ".join(METHODS), nearest="-")
    if len(items) != len(correlation):
        raise KinerjaError("lengths_differ", first=len(correlation), second=len(items))
    checked_factors(correlation, factors=factors)
    if n <= len(items):
        raise NotApplicable("instrument_fewer_than_items", n=n, items=len(items))
    found = solved(factor_matrix(correlation, factors=factors, method=method))
    turned = rotate(found.loadings, rotation=rotation)
    if not turned.converged:
        raise NotApplicable("instrument_rotation_not_converged", rotation=rotation)
    how = f"{method}, {factors} factors, {rotation}"
    bare = {"low": np.nan, "high": np.nan, "level": level, "n": n, "method": how,
            "note": "instrument_rotation_no_interval"}
    rows = [{"factor": f"F{place + 1}", "label": code, "value": turned.loadings[row, place], "unit": "correlation",
             **bare} for place in range(factors) for row, code in enumerate(items)]
    communality = [{"label": code, "value": 1 - float(unique), "unit": "share", **bare}
                   for code, unique in zip(items, found.uniqueness, strict=True)]
    fit = _fit(found, n=n, k=len(items), factors=factors)
    return ExploratoryFactors(
        loadings=EstimateTable(frame=pd.DataFrame(rows), groups=("factor",)),
        communality=EstimateTable(frame=pd.DataFrame(communality)), correlation=turned.correlation,
        pattern=turned.loadings, fit=fit, rmsea=_rmsea(fit), residual=found.residual, heywood=found.heywood,
        method=method, rotation=rotation)


def _fit(found: Factoring, *, n: int, k: int, factors: int) -> HypothesisTest | NotApplicable:
    df = ((k - factors) ** 2 - k - factors) // 2
    if df == 0:
        return NotApplicable("instrument_no_freedom", factors=factors, items=k)
    statistic = (n - 1 - (2 * k + 5) / 6 - 2 * factors / 3) * found.objective
    return HypothesisTest(statistic=statistic, df=df, p=float(stats.chi2.sf(statistic, df)), n=n, distribution="chi2",
                          null=Message("null.instrument_factors", {"factors": factors}),
                          method="likelihood ratio with Bartlett's correction")


def _rmsea(fit: HypothesisTest | NotApplicable, level: float = 0.90) -> Estimate | NotApplicable:
    if isinstance(fit, NotApplicable):
        return fit
    scale = fit.df * (fit.n - 1)

    def limit(share: float) -> float:
        if stats.chi2.cdf(fit.statistic, fit.df) <= share:
            return 0.0
        top = max(fit.statistic * 4, 100.0)
        return float(optimize.brentq(lambda shift: stats.ncx2.cdf(fit.statistic, fit.df, shift) - share, 1e-9, top))

    value = max(fit.statistic - fit.df, 0.0)
    tail = (1 - level) / 2
    low, high = (float(np.sqrt(limit(share) / scale)) for share in (1 - tail, tail))
    point = float(np.sqrt(value / scale))
    return Estimate(label="rmsea", value=point, low=min(low, point), high=max(high, point), level=level, n=fit.n,
                    method="noncentral chi-square", unit="coefficient")
