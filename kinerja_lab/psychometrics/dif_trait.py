"""Where does each respondent stand, when some items work differently in some groups? Scores that DIF is matched on."""

from dataclasses import replace

import numpy as np

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.numeric.latent_rows import distinct_rows
from kinerja_lab.psychometrics.dif_counts import LEAST_ITEMS, GroupSheets
from kinerja_lab.psychometrics.irt import item_response
from kinerja_lab.psychometrics.irt_model import ItemModel
from kinerja_lab.psychometrics.irt_scores import sheet_posterior

__all__ = ["merge_rare_answers", "trait_scores"]

MOST_LEVELS = 1000
FINEST = 0.01
"""Scores are counted as they are up to this many levels, else rounded to this share of the respondents' spread: a
thirtieth of the error of a score from nine items, so that the cost does not grow with respondents."""


def merge_rare_answers(sheets: GroupSheets, *, least: int,
                       ) -> tuple[GroupSheets, tuple[np.ndarray, ...], np.ndarray]:
    """Join answers that some group hardly ever gives to the answer below (at the bottom of the scale: above).

    Parameters
    ----------
    sheets : GroupSheets
        The sheets.
    least : int
        Respondents of every group that an answer needs to stand alone; at least 1.

    Returns
    -------
    sheets : GroupSheets
        Answers numbered from 0.
    worth : tuple of array of float
        By item: mean of the old answers of those who gave the new one. An item that would keep fewer than two answers
        (some group gives one answer only) keeps all of them, and ``joined`` is false.
    joined : array of bool, shape (items,)
        Items that can be used for scores.

    Raises
    ------
    NotApplicable
        ``dif_rare_answers`` when fewer than three items are left for scores.

    References
    ----------
    Choi, S. W., Gibbons, L. E., Crane, P. K. (2011). lordif. Journal of Statistical Software 39(8), section 2.3.
    """
    values, worth, joined = np.empty_like(sheets.values), [], np.ones(len(sheets.items), dtype=bool)
    for item in range(len(sheets.items)):
        answers, which = np.unique(sheets.values[:, item], return_inverse=True)
        table = np.zeros((len(sheets.groups), len(answers)))
        np.add.at(table, (sheets.group, which.ravel()), sheets.counts)
        number = np.maximum(np.cumsum((table >= least).all(axis=0)) - 1, 0)
        if number[-1] < 1:
            joined[item], number = False, np.arange(len(answers))
        values[:, item] = number[which.ravel()]
        total = table.sum(axis=0)
        worth.append(np.bincount(number, total * answers) / np.bincount(number, total))
    if joined.sum() < LEAST_ITEMS:
        raise NotApplicable("dif_rare_answers", n=int(joined.sum()), need=LEAST_ITEMS, least=least)
    return replace(sheets, values=values), tuple(worth), joined


def trait_scores(sheets: GroupSheets, *, own: tuple[int, ...], out: tuple[int, ...] = ()) -> np.ndarray:
    """Expected place of each sheet on the scale of a graded response model.

    Parameters
    ----------
    sheets : GroupSheets
        Answers numbered from 0.
    own : tuple of int
        Items with curves of their own in every group; at least one item is left to tie the groups together.
    out : tuple of int
        Items left out of the scores.

    Returns
    -------
    array of float, shape (sheets,)
        Respondents of all groups together have mean 0 and spread 1.

    Raises
    ------
    NotApplicable
        What ``item_response`` raises.

    Notes
    -----
    One normal distribution for all respondents, not one a group: a score that leaned towards the mean of the group
    would bring the group into the match.
    """
    part = sheets.group if own else np.zeros_like(sheets.group)  # without own curves the groups are one
    kept = [item for item in range(len(sheets.items)) if item not in out]
    items, values = tuple(sheets.items[item] for item in kept), sheets.values[:, kept]
    longest, patterns, where = int(values.max()), {}, {}
    for number in range(part.max() + 1):
        held, name = np.flatnonzero(part == number), sheets.groups[number]
        distinct, place = distinct_rows(values[held], categories=longest + 1)
        counts = np.bincount(place, weights=sheets.counts[held])
        patterns[name] = ResponsePatterns(items=items, values=distinct.astype(np.int16), low=0, high=longest,
                                          counts=counts.astype(int), weights=counts)
        where[name] = (held, place)
    model = item_response(patterns, model=ItemModel.GRADED, level=0.95, one_population=True,
                          free=tuple(sheets.items[item] for item in own))
    score = np.empty(len(part))
    for name, (held, place) in where.items():
        points, share = sheet_posterior(model, patterns[name], group=name)
        score[held] = (share @ points)[place]
    return score if len(np.unique(score)) <= MOST_LEVELS else np.round(score / FINEST) * FINEST
