"""What do all regions say in all periods, and what changed, from sums that a database made?

Where a design has clusters, sums by cluster are enough (``cluster_totals``). Where respondents were drawn one by one,
their scores depend on the region's means: the database then sums scores and their squares in a second pass
(``RowSums``). Either way every region is a sample of its own, as for ``satisfaction_index``.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import EstimateTable, fixed_columns
from kinerja_lab.estimation.cluster_totals import (
    METHOD,
    ClusterTotals,
    TotalsEstimates,
    estimate_columns,
    estimates_table,
    index_from_totals,
    index_scores,
    means_from_totals,
)
from kinerja_lab.numeric.linearisation import DomainVariance, domain_plan

__all__ = ["BETWEEN", "RegionEstimates", "RowSums", "region_estimates"]

BETWEEN = "\x1f"
"""Stands between period and region in the name of a domain."""

GROUPS = ("period", "region")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RowSums:
    """Sums by domain and stratum of respondents that were drawn one by one.

    Parameters
    ----------
    domains : numpy.ndarray, shape (rows,)
        Domain (period and region) of each row.
    strata : numpy.ndarray, shape (rows,)
        Stratum; with its domain it occurs once.
    items : tuple of str
        Names of the columns of ``weight`` to ``answers``.
    weight, product, answers : numpy.ndarray, shape (rows, items)
        As in ``ClusterTotals``.
    respondents : numpy.ndarray of int, shape (rows,)
        How many gave at least one answer.
    total, square : numpy.ndarray, shape (rows, items + 1)
        Sums of the respondents' linearised scores of each item's mean and, last, of the mean of these means; and of
        the squares of these scores.

    Raises
    ------
    KinerjaError
        ``lengths_differ`` or ``cluster_repeated``.
    """

    domains: np.ndarray
    strata: np.ndarray
    items: tuple[str, ...]
    weight: np.ndarray
    product: np.ndarray
    answers: np.ndarray
    respondents: np.ndarray
    total: np.ndarray
    square: np.ndarray

    def __post_init__(self) -> None:
        rows, k = len(self.domains), len(self.items)
        wide = {name: getattr(self, name).shape for name in ("weight", "product", "answers", "total", "square")}
        for name, shape in wide.items():
            if shape != (rows, k + (name in ("total", "square"))):
                raise KinerjaError("lengths_differ", first=rows, second=len(getattr(self, name)))
        if not len(self.strata) == len(self.respondents) == rows:
            raise KinerjaError("lengths_differ", first=rows, second=len(self.strata))
        repeated = pd.DataFrame({"d": self.domains, "s": self.strata}).duplicated()
        if repeated.any():
            raise KinerjaError("cluster_repeated", cluster=str(np.asarray(self.strata)[repeated.to_numpy()][0]))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RegionEstimates:
    """Index and elements of every region and period, and changes between periods.

    Parameters
    ----------
    index, elements : EstimateTable
        By ``("period", "region")``.
    changes : EstimateTable or NotApplicable
        By ``("period", "region")``, label ``"change"``: index of the period less that of the period before it;
        ``no_previous_period`` where there is one period only.
    p : numpy.ndarray, shape (rows of changes,)
        Two-sided p-value of no change; NaN where the change has no interval.
    """

    index: EstimateTable
    elements: EstimateTable
    changes: EstimateTable | NotApplicable
    p: np.ndarray


def region_estimates(
    sums: ClusterTotals | RowSums, *, level: float, factor: float, scale: tuple[float, float], item_unit: str,
    index_unit: str,
) -> RegionEstimates:
    """Estimates of all regions and periods at once.

    Parameters
    ----------
    sums : ClusterTotals or RowSums
        Domains are period and region with ``BETWEEN`` between them.
    level : float
        Confidence level, between 0 and 1.
    factor : float
        What the mean of element means is multiplied with (25 for the SKM).
    scale : tuple of float
        Ends of the answer scale.
    item_unit, index_unit : str
        Units of the means and of the index.

    Returns
    -------
    RegionEstimates

    Raises
    ------
    KinerjaError
        ``bad_level``.
    NotApplicable
        ``empty_sample``.

    Notes
    -----
    Numbers are those of ``element_scores``, ``satisfaction_index`` and ``index_change`` of every region by itself. A
    change takes both periods as domains of one design: clusters met in both bring their covariance; without clusters
    the samples are independent and strata are taken within a period.

    References
    ----------
    Wolter, K. M. (2007). Introduction to variance estimation, 2nd ed., chapter 6. Springer.
    """
    ends = (factor * scale[0], factor * scale[1])
    if isinstance(sums, ClusterTotals):
        means = means_from_totals(sums, level=level, ends=scale, whole=False, unit=item_unit)
        index = index_from_totals(sums, level=level, factor=factor, ends=ends, whole=False, unit=index_unit)
    else:
        means, index = _from_rows(sums, level=level, factor=factor, scale=scale, units=(item_unit, index_unit))
    found = _split(index.table)
    changes, p = _changes(sums, found, level=level, factor=factor, unit=index_unit, width=ends[1] - ends[0])
    return RegionEstimates(index=found, elements=_split(means.table), changes=changes, p=p)


def _split(table: EstimateTable) -> EstimateTable:
    """Period and region from the names of the domains."""
    parts = table.frame["region"].str.split(BETWEEN, n=1, expand=True)
    frame = table.frame.assign(period=parts[0], region=parts[1])
    return EstimateTable(frame=frame[[*GROUPS, *fixed_columns(GROUPS)]], groups=GROUPS)


def _from_rows(sums: RowSums, *, level: float, factor: float, scale, units) -> tuple[TotalsEstimates, TotalsEstimates]:
    if not len(sums.domains):
        raise NotApplicable("empty_sample")
    codes, names = pd.factorize(np.asarray(sums.domains), sort=True)
    plan = domain_plan(codes, count=len(names), strata=pd.factorize(sums.strata, use_na_sentinel=False)[0])
    place = plan.cell_of  # every row is one stratum of its domain: put the sums in the order of the plan's strata

    def spread(present: np.ndarray, column: int, share: float) -> DomainVariance:
        return plan.from_sums(*(np.bincount(place, weights=item, minlength=len(plan.domain_of)) for item in (
            present, share * sums.total[:, column], share**2 * sums.square[:, column])))

    def added(values: np.ndarray) -> np.ndarray:
        return np.bincount(codes, weights=values, minlength=len(names))

    pieces, value = [], np.zeros(len(names))
    for item, code in enumerate(sums.items):
        under, over = added(sums.weight[:, item]), added(sums.product[:, item])
        mean = np.where(under > 0, over / np.where(under > 0, under, 1.0), np.nan)
        value = value + mean
        pieces.append((code, mean, spread(sums.answers[:, item], item, 1.0), added(sums.answers[:, item])))
    index = [("index", factor / len(sums.items) * value, spread(sums.respondents, -1, factor),
              added(sums.respondents))]
    ends = (factor * scale[0], factor * scale[1])
    return (estimates_table(pieces, names, level=level, ends=scale, unit=units[0]),
            estimates_table(index, names, level=level, ends=ends, unit=units[1]))


def _changes(sums, index: EstimateTable, *, level: float, factor: float, unit: str, width: float):
    periods = sorted(set(index.frame["period"]))
    if len(periods) < 2:
        return NotApplicable("no_previous_period"), np.zeros(0)
    cells = _clusters(sums, factor) if isinstance(sums, ClusterTotals) else _strata(sums, factor)
    tables, p = [], []
    for before, after in zip(periods[:-1], periods[1:], strict=True):
        own = cells[cells["period"].isin((before, after))]
        sign = np.where(own["period"] == after, 1.0, -1.0)
        frame, chance = _change(own.assign(total=sign * own["total"]), index, (before, after),
                                clustered=isinstance(sums, ClusterTotals), level=level, unit=unit, width=width)
        tables.append(frame)
        p.append(chance)
    frame = pd.concat(tables, ignore_index=True)
    return EstimateTable(frame=frame[[*GROUPS, *fixed_columns(GROUPS)]], groups=GROUPS), np.concatenate(p)


def _named(domains: np.ndarray) -> pd.DataFrame:
    parts = pd.Series(np.asarray(domains).astype(str)).str.split(BETWEEN, n=1, expand=True)
    return pd.DataFrame({"period": parts[0], "region": parts[1]})


def _clusters(totals: ClusterTotals, factor: float) -> pd.DataFrame:
    """Every cluster with what it adds to the error of its domain's index."""
    codes, names = pd.factorize(np.asarray(totals.domains), sort=True)
    _, scores = index_scores(totals, codes=codes, count=len(names), factor=factor)
    return _named(totals.domains).assign(stratum=totals.strata, cluster=totals.clusters, total=scores,
                                         present=totals.respondents > 0)


def _strata(sums: RowSums, factor: float) -> pd.DataFrame:
    """Every stratum of every period and region: respondents, and sums of their scores and squares."""
    return _named(sums.domains).assign(stratum=sums.strata, present=sums.respondents, total=factor * sums.total[:, -1],
                                       square=factor**2 * sums.square[:, -1])


def _change(cells: pd.DataFrame, index: EstimateTable, pair: tuple[str, str], *, clustered: bool, level: float,
            unit: str, width: float) -> tuple[pd.DataFrame, np.ndarray]:
    if clustered:  # a cluster met in both periods has one total
        cells = cells.groupby(["region", "stratum", "cluster"], as_index=False, dropna=False, sort=False).agg(
            total=("total", "sum"), present=("present", "any"))
    codes, names = pd.factorize(cells["region"], sort=True)
    label = ["stratum"] if clustered else ["stratum", "period"]
    strata = cells.groupby(label, dropna=False, sort=False).ngroup().to_numpy()
    clusters = pd.factorize(cells["cluster"], use_na_sentinel=False)[0] if clustered else None
    plan = domain_plan(codes, count=len(names), strata=strata, clusters=clusters)
    if clustered:
        spread = plan.variances(cells["total"].to_numpy(), present=cells["present"].to_numpy())
    else:
        spread = plan.from_sums(*(np.bincount(plan.cell_of, weights=cells[name], minlength=len(plan.domain_of))
                                  for name in ("present", "total", "square")))
    sides = [index.frame[index.frame["period"] == period].set_index("region").reindex(names) for period in pair]
    value = (sides[1]["value"] - sides[0]["value"]).to_numpy()
    sizes = np.vstack([side["n"].fillna(0).to_numpy(dtype=float) for side in sides])
    columns, se = estimate_columns(value, spread, sizes.sum(axis=0), level=level, ends=(-width, width))
    absent = (sizes == 0).any(axis=0)
    alone = (sizes.min(axis=0) < 2) & np.isfinite(value)
    note = np.where(absent, "one_period_only", np.where(alone, "too_few_respondents", columns["note"]))
    bare = absent | alone
    frame = pd.DataFrame({"period": pair[1], "region": names, "label": "change", **columns, "method": METHOD,
                          "unit": unit, "note": note})
    frame.loc[bare, ["low", "high"]] = np.nan
    held = frame["low"].notna().to_numpy() & (se > 0)
    t = np.where(held, np.abs(value) / np.where(held, se, 1.0), np.nan)
    return frame, np.where(held, 2 * special.stdtr(np.maximum(spread.df, 1), -t), np.nan)
