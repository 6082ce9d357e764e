"""What does DIF change in the number that is published: index, grade and rank of every unit?"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import stats

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.numeric.intervals import normal_quantile

__all__ = ["ItemEffects", "PublishedChange", "published_change"]

_STEP = 1e-4
ALL_ITEMS = "*"
"""Stands for all flagged items together."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ItemEffects:
    """How differently groups answer the flagged items.

    Parameters
    ----------
    items : tuple of str
        The flagged items.
    groups : tuple of str
        Groups.
    value : array of float, shape (items, groups)
        Points of the answer scale by which a group answers higher than all groups together at equal score.
    covariance : array of float, shape (items, groups, groups)
        Of an item's effects.
    """

    items: tuple[str, ...]
    groups: tuple[str, ...]
    value: np.ndarray
    covariance: np.ndarray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PublishedChange:
    """What would be published if the flagged items worked alike in all groups.

    Parameters
    ----------
    change : EstimateTable
        By ``("item", "unit")``: ``change``, index without DIF minus index as published; item ``"*"`` for all flagged
        items together.
    units : pandas.DataFrame
        ``item, unit, index, without, grade, grade_without, rank, rank_without``.
    items : pandas.DataFrame
        One row an item and one for all: ``item, largest`` (change, in absolute value), ``grades`` and ``ranks`` (units
        whose letter or rank differs), ``units``.
    """

    change: EstimateTable
    units: pd.DataFrame
    items: pd.DataFrame


def published_change(
    means: np.ndarray, *, units: Sequence[str], items: Sequence[str], effects: ItemEffects, shares: np.ndarray,
    formula: Callable[[np.ndarray], np.ndarray], grade: Callable[[float], str], n: Sequence[int], level: float,
) -> PublishedChange:
    """Take the effects of the groups out of the units' item means and publish again.

    Parameters
    ----------
    means : array of float, shape (units, items)
        Weighted mean answer of each unit to each item, as the published number uses them; no NaN.
    units, items : sequence of str
        Names of rows and columns.
    effects : ItemEffects
        Effects of the flagged items.
    shares : array of float, shape (units, flagged items, groups)
        Weighted share of each group among the unit's answers to the item; may sum to less than 1 where respondents
        belong to no group (they are left as they are).
    formula : callable
        Takes means of shape (units, items), gives the published index, shape (units,).
    grade : callable
        Takes an index, gives its letter (empty where the rule has none).
    n : sequence of int
        Respondents of each unit.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    PublishedChange
        The interval of a change carries the uncertainty of the effects only: the sampling error of the unit's own mean
        is in both numbers and cancels.

    Raises
    ------
    KinerjaError
        ``lengths_differ``, ``means_missing``, ``bad_level``.
    NotApplicable
        ``no_flagged_items``.

    Notes
    -----
    Mean without DIF = mean - sum over groups of share times effect. The effects of an item sum to nothing over all
    respondents, so the level of the whole stays and only units move against each other. The covariance of effects of
    different items is taken as 0.

    Examples
    --------
    One item of two, one unit, all of whose respondents belong to a group that answers 0.4 points too high:

    >>> effects = ItemEffects(items=("a",), groups=("x", "y"), value=np.array([[0.4, -0.4]]),
    ...                       covariance=np.zeros((1, 2, 2)))
    >>> found = published_change(np.array([[3.0, 2.0]]), units=["u"], items=["a", "b"], effects=effects,
    ...                          shares=np.array([[[1.0, 0.0]]]), formula=lambda held: 25 * held.mean(axis=1),
    ...                          grade=lambda value: "B" if value >= 60 else "C", n=[90], level=0.95)
    >>> row = found.units.loc[0]
    >>> float(row["index"]), round(float(row["without"]), 6), row["grade"], row["grade_without"]
    (62.5, 57.5, 'B', 'C')
    """
    quantile = normal_quantile(level)
    if not effects.items:
        raise NotApplicable("no_flagged_items")
    _check(means, units, items, effects, shares)
    columns = [list(items).index(code) for code in effects.items]
    before = formula(means)
    rank = stats.rankdata(-before, method="min").astype(int)
    pieces, rows, leans = [], [], []
    for number, column in enumerate(columns):
        moved = means.copy()
        moved[:, column] -= shares[:, number] @ effects.value[number]
        leans.append(_lean(formula, means, column)[:, None] * -shares[:, number])
        variance = np.einsum("ug,gh,uh->u", leans[-1], effects.covariance[number], leans[-1])
        pieces.append((effects.items[number], formula(moved), variance))
    together = means.copy()
    for number, column in enumerate(columns):
        together[:, column] -= shares[:, number] @ effects.value[number]
    pieces.append((ALL_ITEMS, formula(together), sum(variance for _, _, variance in pieces)))
    tables = []
    for code, after, variance in pieces:
        half = quantile * np.sqrt(variance)
        change = after - before
        letters = [(grade(float(value)), grade(float(other))) for value, other in zip(before, after, strict=True)]
        rank_after = stats.rankdata(-after, method="min").astype(int)
        rows.append(pd.DataFrame({
            "item": code, "unit": list(units), "index": before, "without": after,
            "grade": [one for one, _ in letters], "grade_without": [two for _, two in letters], "rank": rank,
            "rank_without": rank_after}))
        tables.append(pd.DataFrame({
            "item": code, "unit": list(units), "label": "change", "value": change, "low": change - half,
            "high": change + half, "level": level, "n": list(n), "measured_in": "index_points",
            "note": np.where(np.isnan(half), "separated", ""),
            "method": "item means without the effects of groups, delta method"}))
    table = pd.concat(rows, ignore_index=True)
    return PublishedChange(change=EstimateTable(frame=pd.concat(tables, ignore_index=True), groups=("item", "unit")),
                           units=table, items=_by_item(table))


def _check(means, units, items, effects: ItemEffects, shares) -> None:
    if means.shape != (len(units), len(items)):
        raise KinerjaError("lengths_differ", first=means.shape[0], second=len(units))
    if shares.shape != (len(units), len(effects.items), len(effects.groups)):
        raise KinerjaError("lengths_differ", first=shares.shape[0], second=len(units))
    if np.isnan(means).any() or np.isnan(shares).any() or np.isnan(effects.value).any():
        raise KinerjaError("means_missing", n=int(np.isnan(means).any(axis=1).sum()))


def _lean(formula, means: np.ndarray, column: int) -> np.ndarray:
    up, down = means.copy(), means.copy()
    up[:, column] += _STEP
    down[:, column] -= _STEP
    return (formula(up) - formula(down)) / (2 * _STEP)


def _by_item(table: pd.DataFrame) -> pd.DataFrame:
    rows = []
    for code, own in table.groupby("item", sort=False):
        gap = (own["without"] - own["index"]).abs()
        rows.append({"item": code, "largest": float(gap.max()), "units": len(own),
                     "grades": int((own["grade"] != own["grade_without"]).sum()),
                     "ranks": int((own["rank"] != own["rank_without"]).sum())})
    return pd.DataFrame(rows)
