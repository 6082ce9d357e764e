"""Can answer sheets of units carry a model of two levels? What it needs of them, and when its answer cannot be read."""

from collections.abc import Mapping

import numpy as np

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.numeric.two_level_moments import TwoLevelTable, two_level_table
from kinerja_lab.psychometrics.design_sheets import DesignSheets
from kinerja_lab.psychometrics.sheets import require_complete
from kinerja_lab.psychometrics.two_level_model import LevelForm, TwoLevelFit

__all__ = ["LEAST_UNITS", "level_form", "on_edge", "settled", "two_level_sheets"]

LEAST_UNITS = 10
"""Units without which variances between units say nothing (house convention); more than there are items in any case."""

_EDGE = 1e-6


def two_level_sheets(sheets: DesignSheets) -> TwoLevelTable:
    """Size, mean and cross-products of each unit from its distinct answer sheets.

    Parameters
    ----------
    sheets : DesignSheets
        Complete sheets with units and equal weights.

    Raises
    ------
    KinerjaError
        ``levels_units_missing``, or as ``psychometrics.sheets.require_complete``.
    NotApplicable
        ``levels_weights``, ``too_few_units``, ``one_respondent_each``, ``too_few_sheets``, ``levels_flat`` or
        ``instrument_collinear``.
    """
    patterns = sheets.patterns
    require_complete(patterns)
    if sheets.totals is None:
        raise KinerjaError("levels_units_missing")
    one = patterns.weights.sum() / patterns.n
    if not (np.allclose(patterns.weights, one * patterns.counts, rtol=1e-9)
            and np.allclose(sheets.squares, one**2 * patterns.counts, rtol=1e-9)):
        raise NotApplicable("levels_weights")
    k, counts = len(patterns.items), sheets.totals / one
    sizes = np.rint(np.asarray(counts.sum(axis=1)).ravel())
    counts, sizes = counts[sizes > 0], sizes[sizes > 0]
    if len(sizes) < max(LEAST_UNITS, k + 1):
        raise NotApplicable("too_few_units", n=len(sizes), least=max(LEAST_UNITS, k + 1))
    if patterns.n == len(sizes):
        raise NotApplicable("one_respondent_each", n=len(sizes))
    if patterns.n - len(sizes) <= k:
        raise NotApplicable("too_few_sheets", n=patterns.n, least=len(sizes) + k + 1)
    # shifting first keeps the digits
    values = patterns.values - patterns.weights @ patterns.values / patterns.weights.sum()
    means = counts @ values / sizes[:, None]
    left, right = np.tril_indices(k)
    sums = counts @ (values[:, left] * values[:, right])
    products = np.zeros((len(sizes), k, k))
    products[:, left, right] = sums - sizes[:, None] * means[:, left] * means[:, right]
    products[:, right, left] = products[:, left, right]
    table = two_level_table(sizes, means, products)
    spread = np.diag(table.pooled) / np.maximum((values**2 * patterns.counts[:, None]).sum(axis=0), 1e-300)
    if (spread < 1e-9).any():
        raise NotApplicable("levels_flat", items=", ".join(np.array(patterns.items)[spread < 1e-9]))
    scale = np.sqrt(np.diag(table.pooled))
    if np.linalg.eigvalsh(table.pooled / np.outer(scale, scale))[0] < 1e-9:
        raise NotApplicable("instrument_collinear")
    return table


def level_form(items: tuple[str, ...], factors: Mapping[str, tuple[str, ...]] | None) -> LevelForm:
    """The covariance matrix of a level with named factors; free where there are none.

    Parameters
    ----------
    items : tuple of str
        Item codes.
    factors : mapping of str to tuple of str, or None
        Items of each factor.

    Raises
    ------
    KinerjaError
        ``factor_items``.
    NotApplicable
        ``factor_not_identified``.
    """
    if factors is None:
        return LevelForm(kind="unrestricted", items=len(items))
    used = [code for own in factors.values() for code in own]
    unknown, bare = [code for code in used if code not in items], [code for code in items if code not in used]
    if unknown or bare:
        raise KinerjaError("factor_items", unknown=", ".join(unknown) or "-", bare=", ".join(bare) or "-")
    form = LevelForm(kind="factors", items=len(items), factors=len(factors),
                     free=tuple((items.index(code), f) for f, own in enumerate(factors.values()) for code in own))
    # two items alone identify a factor only through its correlations with other factors
    least = 3 if len(factors) == 1 else 2
    small = [name for name, own in factors.items() if len(own) < least]
    if small or form.size > len(items) * (len(items) + 1) // 2:
        raise NotApplicable("factor_not_identified", factors=", ".join(small) or ", ".join(factors))
    return form


def settled(fit: TwoLevelFit, items: tuple[str, ...], factors: tuple[Mapping, Mapping]) -> TwoLevelFit:
    """A fit that converged, with most loadings of each factor above 0.

    Parameters
    ----------
    fit : TwoLevelFit
        The fit.
    items : tuple of str
        Item codes.
    factors : tuple of mapping
        Factors within and between, for the reason.

    Raises
    ------
    NotApplicable
        ``factor_not_converged``: how far it came.
    """
    if not fit.converged:
        raise NotApplicable("factor_not_converged", steps=fit.steps, slope=fit.gain)
    points = tuple(_turned(form, point) for form, point in zip(fit.forms, fit.points, strict=True))
    return TwoLevelFit(forms=fit.forms, mean=fit.mean, points=points, deviance=fit.deviance, steps=fit.steps,
                       parameters=fit.parameters, gain=fit.gain, converged=True)


def on_edge(between: np.ndarray) -> bool:
    """Whether some mix of items does not differ between units."""
    size = np.diag(between)
    if not (size > 0).all():
        return True
    return bool(np.linalg.eigvalsh(between / np.sqrt(np.outer(size, size)))[0] < _EDGE)


def _turned(form: LevelForm, point: np.ndarray) -> np.ndarray:
    if form.kind != "factors":
        return point
    turn = np.ones(form.factors)
    for factor in range(form.factors):
        own = [place for place, (_, f) in enumerate(form.free) if f == factor]
        turn[factor] = -1.0 if point[own].sum() < 0 else 1.0
    out = point.copy()
    out[:len(form.free)] *= turn[[f for _, f in form.free]]
    for place, (a, b) in enumerate(form.crossed):
        out[len(form.free) + place] *= turn[a] * turn[b]
    return out
