"""Does the indicator go with the outcome it claims to go with? Association between units, with regions as clusters."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.numeric.intervals import normal_quantile

__all__ = ["CriterionResult", "association"]

LEAST_UNITS = 8
LEAST_REGIONS = 8
"""Below this many regions a spread between them cannot be estimated: units are compared within regions instead."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionResult:
    """One indicator held against one outcome.

    Parameters
    ----------
    indicator, criterion : str
        Codes.
    expected_sign : int
        +1 or -1, as the indicator claims.
    rank, linear : Estimate
        Spearman and Pearson correlation of units. A correlation of exactly -1 or 1 has no interval
        (``perfect_agreement``).
    p : float
        Two-sided, of no association, from the statistic of ``rank``'s interval.
    n, clusters : int
        Units and regions.
    method : str
        How regions entered.
    """

    indicator: str
    criterion: str
    expected_sign: int
    rank: Estimate
    linear: Estimate
    p: float
    n: int
    clusters: int
    method: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Route:
    """A correlation, its standard error on the atanh scale, degrees of freedom (inf: normal) and possible orders."""

    r: float
    se: float
    df: float
    name: str
    log_orders: float


def association(
    indicator: pd.DataFrame, outcome: pd.DataFrame, *, indicator_code: str, criterion: str, expected_sign: int,
    level: float,
) -> CriterionResult:
    """Correlation of an indicator and an outcome over the units that have both.

    Parameters
    ----------
    indicator, outcome : pandas.DataFrame
        Columns ``unit, region, value``; one row a unit. Joined on ``unit``; rows without a value are left out.
    indicator_code, criterion : str
        Names for the result.
    expected_sign : int
        +1 or -1, as the indicator claims.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    CriterionResult

    Raises
    ------
    KinerjaError
        ``missing_columns``, ``units_repeated``, ``criterion_sign`` or ``bad_level``.
    NotApplicable
        ``too_few_common_units`` (fewer than 8), ``constant_side`` or ``association_unstable`` (it hangs on one region).

    Notes
    -----
    On the scale z = atanh(r). One region: Bonett and Wright's (1 + r^2/2)/(n - 3) for ranks, 1/(n - 3) for values.
    Eight regions or more: leaving out one region at a time (jackknife), t with regions - 1 degrees of freedom. Between:
    ranks (values) centred within regions, n reduced by one for every region after the first; regions with a single such
    unit say nothing and are left out.

    References
    ----------
    Bonett, D. G., Wright, T. A. (2000). Sample size requirements for estimating Pearson, Kendall and Spearman
    correlations. Psychometrika 65, 23-28.
    Efron, B., Stein, C. (1981). The jackknife estimate of variance. Annals of Statistics 9, 586-596.
    """
    if expected_sign not in (-1, 1):
        raise KinerjaError("criterion_sign", measure=criterion, value=expected_sign)
    quantile = normal_quantile(level)
    x, y, region = _joined(indicator, outcome)
    regions = int(region.max()) + 1 if len(region) else 0
    if 1 < regions < LEAST_REGIONS:
        x, y, region, regions = _with_company(x, y, region)
    _enough(x, y)
    if regions == 1:
        route, method = _plain, "units of one region; Spearman with Bonett-Wright, Pearson with Fisher z"
    elif regions < LEAST_REGIONS:
        route, method = _within, f"units compared within {regions} regions; effective n = n - regions + 1"
    else:
        route, method = _jackknife, f"all units, clustered in {regions} regions by jackknife, t with {regions - 1} df"
    rank, linear = (route(x, y, region, ranked) for ranked in (True, False))
    estimates = [_estimate(item, len(x), level, quantile) for item in (rank, linear)]
    return CriterionResult(
        indicator=indicator_code, criterion=criterion, expected_sign=expected_sign, rank=estimates[0],
        linear=estimates[1], p=_p(rank), n=len(x), clusters=regions, method=method,
    )


def _joined(indicator: pd.DataFrame, outcome: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    for frame in (indicator, outcome):
        missing = [name for name in ("unit", "region", "value") if name not in frame.columns]
        if missing:
            raise KinerjaError("missing_columns", columns=", ".join(missing))
        if frame["unit"].duplicated().any():
            raise KinerjaError("units_repeated", unit=str(frame.loc[frame["unit"].duplicated(), "unit"].iloc[0]))
    both = indicator[["unit", "region", "value"]].merge(outcome[["unit", "value"]], on="unit", suffixes=("_x", "_y"))
    both = both.dropna(subset=["value_x", "value_y"]).sort_values("unit")
    if len(both) < LEAST_UNITS:
        raise NotApplicable("too_few_common_units", n=len(both), least=LEAST_UNITS)
    return both["value_x"].to_numpy(float), both["value_y"].to_numpy(float), pd.factorize(both["region"])[0]


def _with_company(x, y, region):
    """Units of regions that have at least two."""
    keep = np.bincount(region)[region] > 1
    codes = np.unique(region[keep], return_inverse=True)[1].ravel()
    return x[keep], y[keep], codes, int(codes.max()) + 1 if len(codes) else 0


def _enough(x: np.ndarray, y: np.ndarray) -> None:
    if len(x) < LEAST_UNITS:
        raise NotApplicable("too_few_common_units", n=len(x), least=LEAST_UNITS)
    for side, values in (("indicator", x), ("outcome", y)):
        if values.max() - values.min() <= 1e-12 * (1 + np.abs(values).max()):
            raise NotApplicable("constant_side", side=side)


def _ranks(values: np.ndarray) -> np.ndarray:
    return pd.Series(values).rank().to_numpy()


def _correlation(x: np.ndarray, y: np.ndarray) -> float:
    """NaN where a side does not vary; exact at -1 and 1."""
    x, y = x - x.mean(), y - y.mean()
    size = np.sqrt((x @ x) * (y @ y))
    if size <= 1e-300:
        return np.nan
    r = float(x @ y / size)
    return float(np.sign(r)) if abs(r) > 1 - 1e-12 else r


def _plain(x, y, region, ranked: bool) -> _Route:
    return _fisher(_correlation(_ranks(x), _ranks(y)) if ranked else _correlation(x, y), len(x), ranked)


def _fisher(r: float, n: int, ranked: bool) -> _Route:
    factor = 1 + r * r / 2 if ranked else 1.0
    return _Route(r=r, se=float(np.sqrt(factor / (n - 3))), df=np.inf, name="Spearman" if ranked else "Pearson",
                  log_orders=float(special.gammaln(n + 1)))


def _within(x, y, region, ranked: bool) -> _Route:
    change: Callable = _ranks_within if ranked else _centred
    parts = [change(values, region) for values in (x, y)]
    regions, n = int(region.max()) + 1, len(x)
    for side, values in zip(("indicator", "outcome"), parts, strict=True):
        if np.abs(values).max() <= 1e-12:
            raise NotApplicable("constant_side", side=side)
    if n - regions + 1 <= 3:
        raise NotApplicable("too_few_common_units", n=n, least=regions + 3)
    found = _fisher(_correlation(*parts), n - regions + 1, ranked)
    return _Route(r=found.r, se=found.se, df=np.inf, name=f"{found.name} within regions",
                  log_orders=float(special.gammaln(np.bincount(region) + 1).sum()))


def _centred(values: np.ndarray, region: np.ndarray) -> np.ndarray:
    return values - (np.bincount(region, weights=values) / np.bincount(region))[region]


def _ranks_within(values: np.ndarray, region: np.ndarray) -> np.ndarray:
    """Ranks as shares of the region's list, so that a large region does not outweigh by its length alone."""
    ranks = pd.Series(values).groupby(region).rank().to_numpy()
    return _centred(ranks / (np.bincount(region)[region] + 1), region)


def _jackknife(x, y, region, ranked: bool) -> _Route:
    whole = _plain(x, y, region, ranked)
    name, regions = f"{whole.name}, regions as clusters", int(region.max()) + 1
    if abs(whole.r) == 1:
        return _Route(r=whole.r, se=0.0, df=regions - 1, name=name, log_orders=float(special.gammaln(regions + 1)))
    without = np.array([_plain(x[region != left], y[region != left], region, ranked).r for left in range(regions)])
    if not (np.abs(without) < 1).all():
        raise NotApplicable("association_unstable")
    z = np.arctanh(without)
    se = float(np.sqrt((regions - 1) / regions * ((z - z.mean()) ** 2).sum()))
    return _Route(r=whole.r, se=se, df=regions - 1, name=name, log_orders=whole.log_orders)


def _estimate(route: _Route, n: int, level: float, quantile: float) -> Estimate:
    perfect = abs(route.r) == 1
    reach = quantile if np.isinf(route.df) else float(special.stdtrit(route.df, (1 + level) / 2))
    middle = np.arctanh(0.0 if perfect else route.r)
    low, high = (np.nan if perfect else float(np.tanh(middle + sign * reach * route.se)) for sign in (-1, 1))
    return Estimate(label="association", value=route.r, low=low, high=high, level=level, n=n, method=route.name,
                    unit="correlation", note="perfect_agreement" if perfect else "")


def _p(route: _Route) -> float:
    if abs(route.r) == 1:
        # of all orders of the units (within regions; of whole regions) two agree so well
        return float(min(2 * np.exp(-route.log_orders), 1.0))
    if route.se <= 0:
        return 1.0 if route.r == 0 else 0.0
    statistic = -abs(np.arctanh(route.r) / route.se)
    return float(2 * (special.ndtr(statistic) if np.isinf(route.df) else special.stdtr(route.df, statistic)))
