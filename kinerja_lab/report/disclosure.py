"""Which numbers must stay hidden because too few people stand behind them?"""

from collections.abc import Collection
from dataclasses import replace

import numpy as np
import pandas as pd

from kinerja_lab.core.estimate import EstimateTable

__all__ = ["SUPPRESSED", "hidden_units", "mask_units", "suppress", "suppress_nested"]

SUPPRESSED = "suppressed"
"""The note of a hidden row."""


def suppress(table: EstimateTable, *, below: int) -> EstimateTable:
    """Hide rows that rest on too few cases, and what would give them away.

    Parameters
    ----------
    table : EstimateTable
        The last group column is the finest (a unit); the columns before it name what the rows add up to (an agency).
    below : int
        Rows with ``0 < n < below`` are hidden; 1 or less hides nothing.

    Returns
    -------
    EstimateTable
        The same rows in the same order. A hidden row has value and interval NaN, ``n`` 0 (the count is hidden too) and
        the note ``suppressed``.

    Notes
    -----
    When exactly one row of an agency would be hidden while others of it are shown, it could be computed from the
    agency's total and the others. Then the next smallest row is hidden too (the first in the table among equals). A
    table without groups (elements, grades) has no such total, so only the rows below the threshold are hidden. Rows
    with ``n`` 0 hide nobody and stay as they are.
    """
    frame = table.frame
    hide = _small(frame, below) | _hidden_before(frame)
    if table.groups:
        for rows in _siblings(table):
            hide[rows] = _with_partner(frame.loc[rows], hide[rows])
    return _hidden(table, hide)


def suppress_nested(
    parents: EstimateTable, children: EstimateTable, *, below: int,
) -> tuple[EstimateTable, EstimateTable]:
    """Hide small rows in a table of totals and in the table of their parts, so that neither gives away the other.

    Parameters
    ----------
    parents : EstimateTable
        By ``(..., "agency")``.
    children : EstimateTable
        By the same columns and one more.
    below : int
        As for ``suppress``.

    Returns
    -------
    parents, children : EstimateTable
        As from ``suppress``, and moreover: an agency that is hidden has at least one hidden unit, else its total could
        be summed up from its units.
    """
    parents, children = suppress(parents, below=below), suppress(children, below=below)
    keys = [*parents.groups, "label"]
    closed = set(map(tuple, parents.frame.loc[_hidden_before(parents.frame), keys].astype(str).to_numpy()))
    frame, hide = children.frame, _hidden_before(children.frame)
    for rows in _siblings(children):
        key = tuple(frame.loc[rows[0], keys].astype(str))
        if key in closed and not hide[rows].any():
            sizes = frame.loc[rows, "n"].to_numpy()
            some = np.flatnonzero(sizes > 0)
            if some.size:
                hide[rows[some[np.argmin(sizes[some])]]] = True
    return parents, _hidden(children, hide)


def hidden_units(table: EstimateTable) -> frozenset[str]:
    """Units with a hidden row, from a table that went through ``suppress``."""
    return frozenset(table.frame.loc[_hidden_before(table.frame), "unit"].astype(str))


def mask_units(frame: pd.DataFrame, *, hidden: Collection[str]) -> pd.DataFrame:
    """The rows whose ``unit`` may be shown; the others are taken out, name and number.

    Parameters
    ----------
    frame : pandas.DataFrame
        Has a column ``unit``.
    hidden : collection of str
        Units to take out, e.g. from ``hidden_units``.
    """
    return frame[~frame["unit"].astype(str).isin(set(hidden))].reset_index(drop=True)


def _small(frame: pd.DataFrame, below: int) -> np.ndarray:
    sizes = frame["n"].to_numpy(dtype=float)
    return (sizes > 0) & (sizes < below)


def _hidden_before(frame: pd.DataFrame) -> np.ndarray:
    return (frame["note"] == SUPPRESSED).to_numpy(copy=True)


def _siblings(table: EstimateTable) -> list[np.ndarray]:
    """Row numbers of the rows that add up to one total, for every total."""
    keys = [*table.groups[:-1], "label"]
    return [np.asarray(rows) for rows in table.frame.groupby(keys, sort=False, observed=True, dropna=False)
            .indices.values()]


def _with_partner(rows: pd.DataFrame, hide: np.ndarray) -> np.ndarray:
    """Which rows of one total to hide: the small ones, and a second where a single one would give itself away."""
    shown = ~hide & (rows["n"] > 0).to_numpy()
    if hide.sum() != 1 or not shown.any():
        return hide
    sizes = np.where(shown, rows["n"].to_numpy(dtype=float), np.inf)
    out = hide.copy()
    out[int(np.argmin(sizes))] = True
    return out


def _hidden(table: EstimateTable, hide: np.ndarray) -> EstimateTable:
    frame = table.frame.copy()
    frame.loc[hide, ["value", "low", "high"]] = np.nan
    frame.loc[hide, "n"] = 0
    frame.loc[hide, "note"] = SUPPRESSED
    return replace(table, frame=frame)
