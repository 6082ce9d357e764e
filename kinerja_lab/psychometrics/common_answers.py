"""Which answers occur in every group? An answer that a group lacks is counted with its neighbour, and that is said."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.psychometrics.design_sheets import DesignSheets

__all__ = ["common_answers"]

LEAST = 5
"""Respondents a group needs with an answer for its threshold to mean anything (house convention)."""


def common_answers(
    groups: Mapping[str, DesignSheets], *, least: int = LEAST,
) -> tuple[dict[str, DesignSheets], tuple[tuple[str, int, int], ...]]:
    """The same sheets with rare answers counted with the next higher one (the highest with the next lower).

    Parameters
    ----------
    groups : mapping of str to DesignSheets
        On the same items and scale.
    least : int
        Respondents with an answer that every group must have, at least 1.

    Returns
    -------
    groups : dict of str to DesignSheets
        With changed answers; sheets that become equal stay apart.
    merged : tuple of (str, int, int)
        Item, answer, and the answer it is counted with.

    Raises
    ------
    KinerjaError
        ``groups_differ`` when items or scale differ.
    NotApplicable
        ``invariance_few_answers`` when fewer than two answers are left of an item.
    """
    first = next(iter(groups.values())).patterns
    for name, own in groups.items():
        if (own.patterns.items, own.patterns.low, own.patterns.high) != (first.items, first.low, first.high):
            raise KinerjaError("groups_differ", group=name)
    scale = np.arange(first.low, first.high + 1)
    merged, maps = [], []
    for item, code in enumerate(first.items):
        counts = np.array([[own.patterns.counts[own.patterns.values[:, item] == answer].sum() for answer in scale]
                           for own in groups.values()])
        to = _merged(counts, least)
        if len(set(to)) < 2:
            raise NotApplicable("invariance_few_answers", items=code)
        merged += [(code, int(scale[answer]), int(scale[target])) for answer, target in enumerate(to)
                   if answer != target and counts[:, answer].sum()]
        maps.append(scale[to])
    out = {}
    for name, own in groups.items():
        values = np.stack([maps[item][own.patterns.values[:, item] - first.low] for item in range(len(maps))], axis=1)
        out[name] = replace(own, patterns=replace(own.patterns, values=values.astype(np.int16)))
    return out, tuple(merged)


def _merged(counts: np.ndarray, least: int) -> list[int]:
    """For each answer the one it is counted with."""
    blocks = [[answer] for answer in range(counts.shape[1])]
    place = 0
    while place < len(blocks):
        if counts[:, blocks[place]].sum(axis=1).min() >= least or len(blocks) == 1:
            place += 1
        elif place + 1 < len(blocks):
            rare = blocks.pop(place)
            blocks[place] = rare + blocks[place]
        else:
            last = blocks.pop()
            blocks[-1] = blocks[-1] + last
            place = len(blocks) - 1
    to, total = [0] * counts.shape[1], counts.sum(axis=0)
    for block in blocks:
        for answer in block:
            to[answer] = max(block, key=lambda held: total[held])  # the block keeps the name of its commonest answer
    return to
