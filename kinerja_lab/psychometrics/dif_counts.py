"""How often does each group give each answer at each level of the scale? The counts that every look for DIF reads.

DIF (differential item functioning): people who stand equally high on the scale, but belong to different groups, answer
an item differently.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.patterns import MISSING, ResponsePatterns

__all__ = ["LEAST_ITEMS", "GroupSheets", "MatchedCounts", "group_sheets", "matched_counts"]

LEAST_GROUP = 50
"""Complete sheets below which a group is left out: its curve is not seen (house convention)."""
LEAST_ITEMS = 3
"""Items below which there is nothing to match on."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupSheets:
    """Complete sheets of all groups in one list.

    Parameters
    ----------
    items : tuple of str
        Item codes.
    groups : tuple of str
        Groups with enough sheets.
    left_out : tuple of (str, int)
        Groups with too few, and how many sheets they have.
    values : array of int, shape (sheets, items)
        Answers.
    group : array of int, shape (sheets,)
        Number of the group.
    counts : array of float, shape (sheets,)
        Respondents.
    dropped : int
        Incomplete sheets.
    """

    items: tuple[str, ...]
    groups: tuple[str, ...]
    left_out: tuple[tuple[str, int], ...]
    values: np.ndarray
    group: np.ndarray
    counts: np.ndarray
    dropped: int

    @property
    def n(self) -> int:
        """Complete sheets of the groups kept."""
        return int(self.counts.sum())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MatchedCounts:
    """Counts of one item.

    Parameters
    ----------
    scores : array of float, shape (scores,)
        Levels of the matching score that occur.
    answers : array of int or float, shape (answers,)
        Answers that occur (of joined answers the mean of those who gave them).
    table : array of float, shape (scores, groups, answers)
        Respondents.
    """

    scores: np.ndarray
    answers: np.ndarray
    table: np.ndarray


def group_sheets(groups: Mapping[str, ResponsePatterns]) -> GroupSheets:
    """Put the complete sheets of several groups in one list.

    Parameters
    ----------
    groups : mapping of str to ResponsePatterns
        Sheets by group; incomplete ones are counted and left out, since they have no total.

    Raises
    ------
    KinerjaError
        ``groups_differ``.
    NotApplicable
        ``too_few_items``, ``too_few_groups`` (fewer than two groups of 50 complete sheets), ``constant_items`` or
        ``all_items_constant``.
    """
    complete = {name: own.complete() for name, own in groups.items()}
    kept = tuple(name for name, own in complete.items() if own.n >= LEAST_GROUP)
    left_out = tuple((name, own.n) for name, own in complete.items() if name not in kept)
    if len(kept) < 2:
        raise NotApplicable("too_few_groups", n=len(kept), least=LEAST_GROUP)
    first = complete[kept[0]]
    for name in kept:
        own = complete[name]
        if (own.items, own.low, own.high) != (first.items, first.low, first.high):
            raise KinerjaError("groups_differ", group=name)
    if len(first.items) < LEAST_ITEMS:
        raise NotApplicable("too_few_items", n=len(first.items), least=LEAST_ITEMS)
    values = np.concatenate([complete[name].values for name in kept]).astype(np.int64)
    flat = [code for code, column in zip(first.items, values.T, strict=True) if column.min() == column.max()]
    if flat:
        code = "all_items_constant" if len(flat) == len(first.items) else "constant_items"
        raise NotApplicable(code, items=", ".join(flat))
    dropped = sum(int(groups[name].counts[(groups[name].values == MISSING).any(axis=1)].sum()) for name in kept)
    return GroupSheets(
        items=first.items, groups=kept, left_out=left_out, values=values, dropped=dropped,
        group=np.repeat(np.arange(len(kept)), [len(complete[name].counts) for name in kept]),
        counts=np.concatenate([complete[name].counts for name in kept]).astype(float))


def matched_counts(sheets: GroupSheets, *, item: int, score: np.ndarray) -> MatchedCounts:
    """Counts of an item by matching score, group and answer.

    Parameters
    ----------
    sheets : GroupSheets
        The sheets.
    item : int
        Number of the item.
    score : array, shape (sheets,)
        Matching score of each sheet.
    """
    scores, at = _levels(score)
    answers, which = _levels(sheets.values[:, item])
    shape = (len(scores), len(sheets.groups), len(answers))
    place = (at * shape[1] + sheets.group) * shape[2] + which
    table = np.bincount(place, weights=sheets.counts, minlength=int(np.prod(shape))).reshape(shape)
    return MatchedCounts(scores=scores.astype(float), answers=answers, table=table)


def _levels(column: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Values that occur, rising, and which of them each is; whole numbers need no sorting."""
    if not np.issubdtype(column.dtype, np.integer):
        return np.unique(column, return_inverse=True)
    low = int(column.min())
    held = np.bincount(column - low) > 0
    return np.flatnonzero(held) + low, (np.cumsum(held) - 1)[column - low]
