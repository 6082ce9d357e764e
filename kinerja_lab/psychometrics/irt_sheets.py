"""Are these answer sheets fit for an item response model, and where does its climb begin?"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.patterns import MISSING, ResponsePatterns
from kinerja_lab.core.survey import SurveyData
from kinerja_lab.numeric.category_curves import GRADED
from kinerja_lab.numeric.latent_rows import distinct_rows

__all__ = ["ONE_GROUP", "PreparedSheets", "Sheets", "patterns_by", "prepare_sheets", "start_values"]

Sheets = ResponsePatterns | Mapping[str, ResponsePatterns]
"""Sheets of one group, or of several by name."""

ONE_GROUP = ""
LEAST_SHEETS = 100
"""Sheets below which parameters are not estimated: their errors rest on large samples (house convention)."""
_ALIKE = 1 - 1e-9
_SAME_WEIGHT = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PreparedSheets:
    """Sheets with answers numbered from 0 by what occurs.

    Parameters
    ----------
    items : tuple of str
        Item codes.
    groups : tuple of str
        Group names.
    values : tuple of array of int, shape (sheets, items)
        One a group: number of the answer, -1 for none.
    weights : tuple of array of float
        One a group.
    counts : tuple of array of int
        One a group.
    levels : tuple of tuple of int
        By item: answers that occur.
    unused : tuple of tuple of (str, int)
        Answers on the scale that nobody gave.
    weighted : bool
        Whether respondents count unequally.
    """

    items: tuple[str, ...]
    groups: tuple[str, ...]
    values: tuple[np.ndarray, ...]
    weights: tuple[np.ndarray, ...]
    counts: tuple[np.ndarray, ...]
    levels: tuple[tuple[int, ...], ...]
    unused: tuple[tuple[str, int], ...]
    weighted: bool

    @property
    def n(self) -> int:
        """Sheets with at least one answer."""
        return int(sum(counts.sum() for counts in self.counts))

    @property
    def sizes(self) -> np.ndarray:
        """Answers of each item that occur."""
        return np.array([len(held) for held in self.levels])


def patterns_by(survey: SurveyData, *, column: str, least: int = 1) -> dict[str, ResponsePatterns]:
    """Answer sheets of each group of a survey.

    Parameters
    ----------
    survey : SurveyData
        Answers of respondents.
    column : str
        Column of the survey frame that names the group; rows without a name are left out.
    least : int
        Groups with fewer respondents are left out.

    Returns
    -------
    dict of str to ResponsePatterns
        In the order of the names.

    Raises
    ------
    KinerjaError
        ``missing_columns``.
    """
    if column not in survey.frame.columns:
        raise KinerjaError("missing_columns", columns=column)
    instrument, names = survey.instrument, survey.frame[column].astype("string")
    codes, labels = pd.factorize(names, sort=True)
    turn = np.array([item.reverse for item in instrument.items])
    answers = np.where(turn, instrument.low + instrument.high - survey.answers(), survey.answers())
    sheets = np.where(np.isnan(answers), MISSING, answers).astype(np.int16)
    distinct, where = distinct_rows(sheets, categories=instrument.high + 1)
    place, first = np.unique(codes.astype(np.int64) * len(distinct) + where, return_inverse=True)
    counts = np.bincount(first, minlength=len(place))
    weights = np.bincount(first, weights=survey.weights(), minlength=len(place))
    group, sheet = place // len(distinct), place % len(distinct)
    out = {}
    for number, name in enumerate(labels):
        rows = slice(*np.searchsorted(group, [number, number + 1]))
        if counts[rows].sum() >= least:
            out[str(name)] = ResponsePatterns(
                items=instrument.item_codes, values=distinct[sheet[rows]], counts=counts[rows], weights=weights[rows],
                low=instrument.low, high=instrument.high)
    return out


def prepare_sheets(sheets: Sheets, *, least_items: int) -> PreparedSheets:
    """Number the answers of each item from 0 and refuse what no model can be fitted to.

    Parameters
    ----------
    sheets : ResponsePatterns or mapping of str to ResponsePatterns
        Sheets, incomplete ones too; sheets without any answer are left out.
    least_items : int
        Items that the model needs.

    Raises
    ------
    KinerjaError
        ``groups_differ`` when groups have other items or another scale.
    NotApplicable
        ``no_groups``, ``too_few_items``, ``all_items_constant``, ``constant_items`` or ``irt_few_sheets``.
    """
    named = {ONE_GROUP: sheets} if isinstance(sheets, ResponsePatterns) else dict(sheets)
    if not named:
        raise NotApplicable("no_groups")
    first = next(iter(named.values()))
    for name, own in named.items():
        if (own.items, own.low, own.high) != (first.items, first.low, first.high):
            raise KinerjaError("groups_differ", group=name)
    kept = {name: (own.values != MISSING).any(axis=1) for name, own in named.items()}
    levels = _levels(named, first)
    flat = [code for code, held in zip(first.items, levels, strict=True) if len(held) < 2]
    if len(first.items) < least_items:
        raise NotApplicable("too_few_items", n=len(first.items), least=least_items)
    if flat:
        code = "all_items_constant" if len(flat) == len(first.items) else "constant_items"
        raise NotApplicable(code, items=", ".join(flat))
    n = int(sum(own.counts[kept[name]].sum() for name, own in named.items()))
    if n < LEAST_SHEETS:
        raise NotApplicable("irt_few_sheets", n=n, least=LEAST_SHEETS)
    number = _numbers(levels, first)
    values = tuple(np.where(own.values[kept[name]] == MISSING, -1, number[
        np.arange(len(first.items)), np.maximum(own.values[kept[name]] - first.low, 0)])
        for name, own in named.items())
    ratio = np.concatenate([own.weights[kept[name]] / own.counts[kept[name]] for name, own in named.items()])
    unused = tuple((code, answer) for code, held in zip(first.items, levels, strict=True)
                   for answer in range(first.low, first.high + 1) if answer not in held)
    return PreparedSheets(
        items=first.items, groups=tuple(named), values=values, levels=levels, unused=unused,
        weights=tuple(own.weights[kept[name]] for name, own in named.items()),
        counts=tuple(own.counts[kept[name]] for name, own in named.items()),
        weighted=bool(np.ptp(ratio) > _SAME_WEIGHT * ratio.max()))


def start_values(prepared: PreparedSheets, *, kind: str) -> np.ndarray:
    """Slopes and intercepts near the top, shape (items, answers): from item correlations and answer shares.

    Parameters
    ----------
    prepared : PreparedSheets
        The sheets.
    kind : str
        Curves, as in ``numeric.category_curves``.

    Raises
    ------
    NotApplicable
        ``items_identical`` when two items say the same about everybody: their slopes have no end.
    """
    values, weights = np.concatenate(prepared.values), np.concatenate(prepared.weights)
    loading = _loadings(values, weights, prepared.items)
    slopes = 1.7 * loading / np.sqrt(1 - loading**2)
    if kind != GRADED:
        slopes = slopes / np.maximum(1, (prepared.sizes - 1) / 1.5)
    longest = int(prepared.sizes.max())
    out = np.full((len(prepared.items), longest), np.nan)
    out[:, 0] = slopes
    for item, size in enumerate(prepared.sizes):
        shares = np.bincount(values[:, item][values[:, item] >= 0], minlength=size,
                             weights=weights[values[:, item] >= 0])
        shares = (shares + 0.5) / (shares + 0.5).sum()
        if kind == GRADED:
            above = np.cumsum(shares[::-1])[::-1][1:]
            out[item, 1:size] = np.log(above / (1 - above)) * np.sqrt(1 + 0.35 * slopes[item] ** 2)
        else:
            out[item, 1:size] = np.log(shares[1:] / shares[:-1])
    return out


def _levels(named, first: ResponsePatterns) -> tuple[tuple[int, ...], ...]:
    held = np.zeros((len(first.items), first.high - MISSING + 1), dtype=bool)
    for own in named.values():
        for item in range(len(first.items)):
            held[item] |= np.bincount(own.values[:, item] - MISSING, minlength=held.shape[1]) > 0
    return tuple(tuple((np.flatnonzero(some[1:]) + MISSING + 1).tolist()) for some in held)


def _numbers(levels, first: ResponsePatterns) -> np.ndarray:
    number = np.zeros((len(levels), first.high - first.low + 1), dtype=np.int16)
    for item, held in enumerate(levels):
        for place, answer in enumerate(held):
            number[item, answer - first.low] = place
    return number


def _loadings(values: np.ndarray, weights: np.ndarray, items: tuple[str, ...]) -> np.ndarray:
    """Loadings on the first principal component of the item correlations (pairwise where answers are missing)."""
    given = (values >= 0).astype(float)
    heavy = given * weights[:, None]
    mean = (heavy * values).sum(axis=0) / heavy.sum(axis=0)
    centred = np.where(given > 0, values - mean, 0.0)
    product = (centred * weights[:, None]).T @ centred
    square = (centred**2 * weights[:, None]).T @ given  # of the row's item among those who answered the column's too
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.nan_to_num(product / np.sqrt(square * square.T))
    np.fill_diagonal(r, 0.0)
    if (np.abs(r) > _ALIKE).any():
        one, two = np.argwhere(np.abs(r) > _ALIKE)[0]
        raise NotApplicable("items_identical", first=items[one], second=items[two])
    np.fill_diagonal(r, 1.0)
    size, vector = np.linalg.eigh(r)
    loading = vector[:, -1] * np.sqrt(max(size[-1], 0.1))
    loading = loading if loading.sum() >= 0 else -loading
    loading = np.where(np.abs(loading) < 0.1, 0.1 * np.where(loading < 0, -1, 1), loading)
    return np.clip(loading, -0.9, 0.9)
