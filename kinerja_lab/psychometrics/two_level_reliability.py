"""How reliable is a sum of items for a person within his unit, and for a unit?"""

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.numeric.mixed import OneWay, ratio_interval
from kinerja_lab.numeric.two_level_moments import TwoLevelTable, two_level_table
from kinerja_lab.psychometrics.two_level_model import LevelForm, TwoLevelFit, fit_two_levels, unit_influence

__all__ = ["item_shares", "level_reliability"]

_NONE = 1e-9


def item_shares(table: TwoLevelTable, free: TwoLevelFit, *, items: tuple[str, ...], level: float) -> EstimateTable:
    """Share of each item's variance that lies between units (ICC).

    Parameters
    ----------
    table : TwoLevelTable
        Sums of the units.
    free : TwoLevelFit
        Both covariance matrices without a form.
    items : tuple of str
        Item codes.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable
        By ``item``, label ``icc``: the joint maximum likelihood value (lavaan's ``"icc"``) with Wald's exact limits,
        widened where the value lies outside.
    """
    inside, outside = np.diag(free.within), np.diag(free.between)
    rows = []
    for place, item in enumerate(items):
        value = float(outside[place] / (outside[place] + inside[place]))
        low, high = (ratio / (1 + ratio) for ratio in ratio_interval(
            OneWay(sizes=table.sizes, means=table.means[:, place], within=float(table.pooled[place, place])),
            level=level))
        rows.append({"item": item, "label": "icc", "value": value, "low": min(low, value), "high": max(high, value),
                     "level": level, "n": table.n, "method": "two-level ML, exact F limits", "unit": "coefficient",
                     "note": ""})
    return EstimateTable(frame=pd.DataFrame(rows), groups=("item",))


def level_reliability(table: TwoLevelTable, fit: TwoLevelFit, free: TwoLevelFit, *, level: float) -> EstimateTable:
    """Composite reliability of the plain sum of items on each side.

    Parameters
    ----------
    table : TwoLevelTable
        Sums of the units.
    fit, free : TwoLevelFit
        The model, and both covariance matrices without a form.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable
        ``omega_within``: of a respondent's distance from his unit. ``omega_between_latent``: of the unit's true mean,
        items as the only error. ``mean_of_unit``: share of the variance of observed unit means that is not sampling
        of respondents (semTools' IRR). ``omega_between``: of the observed unit mean, both errors; the one to read
        beside a league table. Without a factor between units the two omegas between have no value.

    Notes
    -----
    With c the variance of the sum that the factors explain, w and b its variance within and between (of the free
    matrices, as semTools' ``obs.var``), and m the harmonic mean of the sizes: c_W / w, c_B / b, b / (b + w / m) and
    c_B / (b + w / m). Limits of the omegas by the delta method on log(1 - value), over units, with Student's t; those
    of ``mean_of_unit`` are Wald's exact ones.

    References
    ----------
    Lai, M. H. C. (2021). Composite reliability of multilevel data: it's about observed scores and construct meanings.
    Psychological Methods 26, 90-102.
    """
    size = table.groups / float((1 / table.sizes).sum())
    w, b = float(free.within.sum()), float(free.between.sum())
    score = two_level_table(table.sizes, table.means.sum(axis=1)[:, None],
                            table.products.sum(axis=(1, 2))[:, None, None])
    pull = _pulls(table, fit, score)
    rows = [_omega("omega_within", _explained(fit, 0), w, pull[0], pull[2], table, level,
                   "distance from the unit")]
    method = f"mean of {size:.1f} respondents (harmonic mean)"
    share = b / (b + w / size)
    low, high = (size * ratio / (1 + size * ratio) for ratio in ratio_interval(
        OneWay(sizes=table.sizes, means=score.means[:, 0], within=float(score.pooled[0, 0])), level=level))
    rows.append(_row("mean_of_unit", share, (min(low, share), max(high, share)), table, level,
                     f"two-level ML, exact F limits, {method}", ""))
    common = _explained(fit, 1)
    for label, total, slope, how in (("omega_between_latent", b, pull[3], "true mean of the unit"),
                                     ("omega_between", b + w / size, _mixed(pull, size), method)):
        rows.append(_omega(label, common, total, pull[1], slope, table, level, how))
    return EstimateTable(frame=pd.DataFrame(rows))


def _explained(fit: TwoLevelFit, place: int) -> float:
    """Variance of the sum of items by the factors; NaN without factors."""
    form = fit.forms[place]
    if form.kind != "factors":
        return np.nan
    loadings, between, _ = form.split(fit.points[place])
    total = loadings.sum(axis=0)
    return float(total @ between @ total)


def _pulls(table: TwoLevelTable, fit: TwoLevelFit, score: TwoLevelTable) -> list[np.ndarray | None]:
    """What each unit adds to the explained variances and to both variances of the sum; None where there is no slope."""
    k, own, out = len(fit.mean), unit_influence(table, fit), []
    start = k
    for form, point in zip(fit.forms, fit.points, strict=True):
        part, start = own[:, start:start + form.size], start + form.size
        if form.kind != "factors":
            out.append(None)
            continue
        steps = point + 1e-30j * np.eye(form.size)
        loadings, between, _ = form.split(steps)
        total = loadings.sum(axis=-2)
        slope = np.imag(np.einsum("pf,pfg,pg->p", total, between, total)) / 1e-30
        out.append(part @ slope)
    form = LevelForm(kind="unrestricted", items=1)
    found = fit_two_levels(score, (form, form))
    roots = [abs(float(point[0])) for point in found.points]
    if not found.converged or roots[1] <= 1e-4 * roots[0]:
        return [*out, None, None]
    alone = unit_influence(score, found)
    return [*out, *(alone[:, 1 + place] * 2 * float(found.points[place][0]) for place in (0, 1))]


def _mixed(pull: list[np.ndarray | None], size: float) -> np.ndarray | None:
    return None if pull[2] is None or pull[3] is None else pull[3] + pull[2] / size


def _omega(label: str, common: float, total: float, up: np.ndarray | None, down: np.ndarray | None,
           table: TwoLevelTable, level: float, how: str) -> dict:
    method = f"two-level ML, factors over the free variance, {how}"
    if np.isnan(common):
        return _row(label, np.nan, (np.nan, np.nan), table, level, method, "levels_no_factor")
    if total <= _NONE:
        return _row(label, np.nan, (np.nan, np.nan), table, level, method, "no_unit_differences")
    value = common / total
    if up is None or down is None or not value < 1:
        return _row(label, value, (np.nan, np.nan), table, level, method,
                    "no_unit_differences" if value < 1 else "levels_above_one")
    moved = up / total - value * down / total
    half = float(special.stdtrit(table.groups - 1, (1 + level) / 2)) * np.sqrt(float(moved @ moved)) / (1 - value)
    ends = 1 - (1 - value) * np.exp(half), 1 - (1 - value) * np.exp(-half)
    return _row(label, value, ends, table, level, method, "")


def _row(label: str, value: float, ends: tuple[float, float], table: TwoLevelTable, level: float, method: str,
         note: str) -> dict:
    return {"label": label, "value": value, "low": ends[0], "high": ends[1], "level": level, "n": table.n,
            "method": method, "unit": "coefficient", "note": note}
