"""How well does a factor model fit? The usual measures in three families, because they disagree when it matters."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import optimize, special

from kinerja_lab.core.estimate import EstimateTable

__all__ = ["FAMILIES", "Chi2", "fit_measures", "rmsea_limits"]

FAMILIES = ("plain", "scaled", "robust")
"""Of the distance itself; of the distance adjusted to chi-square; and of what a continuous version would show."""

RMSEA_LEVEL = 0.90
"""Level of the interval of RMSEA, by convention."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chi2:
    """A model's statistic and that of independence, with what each is on average where the model holds.

    Parameters
    ----------
    value, mean : float
        Statistic, and its mean under the model (``df`` unless it is a weighted sum of chi-squares).
    df : int
        Degrees of freedom.
    base, base_mean : float
        The same of independence; NaN where it cannot be compared with.
    base_df : int
        Degrees of freedom of independence.
    """

    value: float
    mean: float
    df: int
    base: float
    base_mean: float
    base_df: int


def fit_measures(statistics: dict[str, Chi2], *, srmr: float, n: int, estimator: str,
                 cases: float | None = None, stretched: bool = False) -> EstimateTable:
    """CFI, TLI and RMSEA by family, and SRMR.

    Parameters
    ----------
    statistics : dict of str to Chi2
        By family, of ``FAMILIES``.
    srmr : float
        Root mean square of the residual correlations, 0 or more.
    n : int
        Respondents.
    estimator : str
        Name of the estimator, for the method column.
    cases : float, optional
        What RMSEA divides by; n - 1 where not said. Maximum likelihood divides by n, over the number of groups.
    stretched : bool
        Whether the interval of the robust RMSEA is that of the scaled one times the root of ``mean / df``, as it is
        where the statistic is a likelihood ratio; otherwise it has none.

    Returns
    -------
    EstimateTable
        By ``family``; labels ``chi2``, ``cfi``, ``tli``, ``rmsea``, ``srmr``. Of these only RMSEA has an interval
        (90 %), and that of the family ``robust`` only where ``stretched``; a model without degrees of freedom has none
        of the measures (``saturated``); one without independence to compare with has no CFI and TLI (``fit_no_base``).

    Notes
    -----
    CFI = 1 - max(d, 0) / max(d, d0, 0), TLI = 1 - (d / df) / (d0 / df0), RMSEA = sqrt(max(d, 0) / (df cases)), d the
    statistic minus its mean.

    References
    ----------
    Bentler, P. M. (1990). Comparative fit indexes in structural models. Psychological Bulletin 107, 238-246.
    Brosseau-Liard, P. E., Savalei, V., Li, L. (2012). An investigation of the sample performance of two nonnormality
    corrections for RMSEA. Multivariate Behavioral Research 47, 904-930.
    Browne, M. W., Cudeck, R. (1993). Alternative ways of assessing model fit. In Testing structural equation models,
    136-162. Sage.
    Savalei, V. (2021). Improving fit indices in structural equation modeling with categorical data. Multivariate
    Behavioral Research 56, 390-407.
    """
    rows, cases = [], n - 1 if cases is None else cases
    for family, own in statistics.items():
        method = f"{estimator}, {family}"
        rows.append(_bare(family, "chi2", own.value, n, method, "chi2", "fit_no_interval"))
        if own.df <= 0:
            rows += [_bare(family, name, np.nan, n, method, "coefficient", "saturated")
                     for name in ("cfi", "tli", "rmsea")]
            continue
        away, base = own.value - own.mean, own.base - own.base_mean
        note = "fit_no_base" if np.isnan(base) else "fit_no_interval"
        top = max(away, 0.0 if np.isnan(base) else base, 0.0)
        cfi = np.nan if np.isnan(base) else 1.0 if top == 0 else 1 - max(away, 0.0) / top
        tli = 1 - (away / own.df) / (base / own.base_df) if base > 0 else np.nan
        rows.append(_bare(family, "cfi", cfi, n, method, "coefficient", note))
        rows.append(_bare(family, "tli", tli, n, method, "coefficient", note))
        rmsea = float(np.sqrt(max(away, 0.0) / (own.df * cases)))
        row = _bare(family, "rmsea", rmsea, n, method, "coefficient", "fit_no_interval")
        if family != "robust" or stretched:
            stretch = own.mean / own.df if family == "robust" else 1.0
            low, high = np.sqrt(stretch) * np.array(
                rmsea_limits(own.value / stretch, df=own.df, n=cases + 1, level=RMSEA_LEVEL))
            row.update(low=min(low, rmsea), high=max(high, rmsea), note="")
        rows.append(row)
    rows.append(_bare("all", "srmr", srmr, n, estimator, "coefficient", "fit_no_interval"))
    return EstimateTable(frame=pd.DataFrame(rows), groups=("family",))


def rmsea_limits(statistic: float, *, df: int, n: float, level: float) -> tuple[float, float]:
    """Interval of RMSEA from the noncentral chi-square distribution.

    Parameters
    ----------
    statistic : float
        Chi-square of the model.
    df : int
        Its degrees of freedom, at least 1.
    n : float
        Cases, at least 2; one more than what RMSEA divides by.
    level : float
        Confidence level, between 0 and 1.

    Examples
    --------
    Chi-square at its mean, so nothing beyond chance can be excluded from below:

    >>> rmsea_limits(10.0, df=10, n=101, level=0.90)[0]
    0.0
    """
    def limit(tail: float) -> float:
        if special.chdtr(df, statistic) <= tail:
            return 0.0
        top = max(4.0, 2 * statistic)
        while special.chndtr(statistic, df, top) > tail:
            top *= 2
        found = optimize.brentq(lambda away: special.chndtr(statistic, df, away) - tail, 0.0, top, xtol=1e-10)
        return float(np.sqrt(found / (df * (n - 1))))
    return limit((1 + level) / 2), limit((1 - level) / 2)


def _bare(family: str, label: str, value: float, n: int, method: str, unit: str, note: str) -> dict:
    return {"family": family, "label": label, "value": value, "low": np.nan, "high": np.nan, "level": RMSEA_LEVEL,
            "n": n, "method": method, "unit": unit, "note": note}
