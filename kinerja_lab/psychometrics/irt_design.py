"""Which item parameters are free, which are shared between items or groups, and which are held fixed?"""

from dataclasses import dataclass

import numpy as np

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.psychometrics.irt_model import IrtModel, ItemModel
from kinerja_lab.psychometrics.irt_sheets import PreparedSheets

__all__ = ["ItemDesign", "item_design"]

LEAST_ANCHORS = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ItemDesign:
    """Slopes and intercepts of every group as linear functions of free parameters.

    Parameters
    ----------
    matrix : tuple of array of float, shape (items * answers, parameters)
        One a group.
    offset : tuple of array of float, shape (items * answers,)
        One a group.
    start : array of float, shape (parameters,)
        Where to begin.
    anchored : bool
        Whether items are held fixed, so that every group's mean and spread is free.
    """

    matrix: tuple[np.ndarray, ...]
    offset: tuple[np.ndarray, ...]
    start: np.ndarray
    anchored: bool


def item_design(prepared: PreparedSheets, *, model: ItemModel, free: tuple[str, ...], anchors: IrtModel | None,
                start: np.ndarray) -> ItemDesign:
    """The design of a model.

    Parameters
    ----------
    prepared : PreparedSheets
        The sheets.
    model : ItemModel
        Which model.
    free : tuple of str
        Items with parameters of their own in every group.
    anchors : IrtModel or None
        A model whose items are held fixed.
    start : array of float, shape (items, answers)
        From ``start_values``.

    Raises
    ------
    NotApplicable
        ``too_few_anchors`` or ``anchor_answers``.
    """
    fixed = _anchored(prepared, anchors)
    columns: list[tuple[int | None, np.ndarray, float]] = []  # group (None: all), column, start
    items, longest = start.shape
    if model.equal_slopes and anchors is None:
        columns.append((None, _unit(items, longest, [(item, 0) for item in range(items)]),
                        float(np.clip(np.median(np.abs(start[:, 0])), 0.3, 3.0))))
    if model is ItemModel.RATING_SCALE and anchors is None:
        columns += _rating_scale(start)
    else:
        columns += _steps(prepared, model, free, fixed, start, slopes=not model.equal_slopes)
    groups = len(prepared.groups)
    matrix = np.zeros((groups, items * longest, len(columns)))
    for place, (group, column, _) in enumerate(columns):
        matrix[slice(None) if group is None else group, :, place] = column
    offset = np.zeros((items, longest))
    for item, own in fixed.items():
        offset[item, :len(own)] = own
    if model.equal_slopes and anchors is not None:
        offset[:, 0] = 1.0
    return ItemDesign(matrix=tuple(matrix), offset=(offset.ravel(),) * groups,
                      start=np.array([column[2] for column in columns]), anchored=anchors is not None)


def _steps(prepared, model, free, fixed, start, *, slopes: bool):
    """Slopes (where free) and steps of all items that are not held fixed."""
    items, longest = start.shape
    columns = []
    for item, size in enumerate(prepared.sizes):
        if item in fixed:
            continue
        own = range(len(prepared.groups)) if prepared.items[item] in free else (None,)
        for group in own:
            if slopes:
                columns.append((group, _unit(items, longest, [(item, 0)]), float(start[item, 0])))
            columns += [(group, _unit(items, longest, [(item, step)]), float(start[item, step]))
                        for step in range(1, size)]
    return columns


def _rating_scale(start: np.ndarray):
    """One place an item and distances between steps that all items share (the first distance is the origin)."""
    items, longest = start.shape
    middle = start[:, 1:].mean(axis=1)
    shared = (start[:, 1:] - middle[:, None]).mean(axis=0)
    columns = [(None, _unit(items, longest, [(item, step) for step in range(1, longest)]), float(middle[item]))
               for item in range(items)]
    for step in range(1, longest - 1):  # the last distance is minus the sum of the others
        column = _unit(items, longest, [(item, step) for item in range(items)])
        column -= _unit(items, longest, [(item, longest - 1) for item in range(items)])
        columns.append((None, column, float(shared[step - 1])))
    return columns


def _anchored(prepared: PreparedSheets, anchors: IrtModel | None) -> dict[int, np.ndarray]:
    if anchors is None:
        return {}
    out = {}
    for item, (code, held) in enumerate(zip(prepared.items, prepared.levels, strict=True)):
        if code not in anchors.items:
            continue
        place = anchors.items.index(code)
        if not set(held) <= set(anchors.levels[place]):
            raise NotApplicable("anchor_answers", item=code)
        if held != anchors.levels[place]:
            raise NotApplicable("anchor_answers", item=code)
        steps = anchors.intercepts[0, place]
        out[item] = np.concatenate([[anchors.slopes[0, place]], steps[np.isfinite(steps)]])
    if len(out) < LEAST_ANCHORS:
        raise NotApplicable("too_few_anchors", n=len(out), least=LEAST_ANCHORS)
    return out


def _unit(items: int, longest: int, cells: list[tuple[int, int]]) -> np.ndarray:
    column = np.zeros((items, longest))
    for cell in cells:
        column[cell] = 1.0
    return column.ravel()
