"""How probable is each letter, given how sure we are of the index?"""

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import MEASURED_IN, Estimate, EstimateTable
from kinerja_lab.core.ruleset import Ruleset

__all__ = ["grade_probabilities", "grade_table"]

METHOD = "normal approximation around the estimate"


def grade_probabilities(index: Estimate, *, ruleset: Ruleset) -> EstimateTable:
    """Probability that the true index, rounded as the rule does, falls in each band.

    Parameters
    ----------
    index : Estimate
        The index with its interval.
    ruleset : Ruleset
        The rule with the bands.

    Returns
    -------
    EstimateTable
        ``label`` is the band code, in the rule's order; the values sum to 1. ``note`` is ``probability_no_interval``.

    Raises
    ------
    NotApplicable
        ``no_grades`` when the rule has no bands, ``grade_without_interval`` when the index has no interval.

    Notes
    -----
    Normal around the estimate. The standard error is the longer arm of the interval over the normal quantile of its
    level: an arm cut at the end of the scale is not used, and the heavier tail of a t interval widens the normal. A
    band begins half a rounding unit below its lower bound, since the rule rounds half up before it looks.

    Examples
    --------
    >>> from kinerja_lab.core.ruleset import Band
    >>> rule = Ruleset(code="r", title="R", source="-", confidence="high",
    ...                bands=(Band(code="B", name="B", lower=0.0), Band(code="A", name="A", lower=50.0)))
    >>> index = Estimate(label="index", value=49.995, low=47.0, high=52.99, n=100, method="t")
    >>> [round(value, 6) for value in grade_probabilities(index, ruleset=rule).frame["value"]]
    [0.5, 0.5]
    """
    if not ruleset.bands:
        raise NotApplicable("no_grades", ruleset=ruleset.title)
    if not index.has_interval:
        raise NotApplicable("grade_without_interval")
    return grade_table(EstimateTable.from_estimates([index]), ruleset=ruleset)


def grade_table(index: EstimateTable, *, ruleset: Ruleset) -> EstimateTable:
    """Probability of each band for many indices.

    Parameters
    ----------
    index : EstimateTable
        Indices with their intervals, one row a group.
    ruleset : Ruleset
        The rule with the bands.

    Returns
    -------
    EstimateTable
        One row a group and band, groups kept. Where the index has no interval the value is NaN with the note
        ``grade_without_interval``, else the note is ``probability_no_interval``.

    Raises
    ------
    NotApplicable
        ``no_grades`` when the rule has no bands.

    Notes
    -----
    See ``grade_probabilities``.
    """
    if not ruleset.bands:
        raise NotApplicable("no_grades", ruleset=ruleset.title)
    frame = index.frame
    value, low, high = (frame[name].to_numpy(dtype=float) for name in ("value", "low", "high"))
    quantile = special.ndtri((1 + frame["level"].to_numpy(dtype=float)) / 2) if len(frame) else np.zeros(0)
    se = np.maximum(value - low, high - value) / quantile
    bare = np.isnan(se)
    edges = np.array([band.lower for band in ruleset.bands[1:]]) - 0.5 * 10.0 ** -ruleset.decimals
    sharp = np.where(bare | (se <= 0), 1.0, se)
    below = special.ndtr((edges[None, :] - np.where(bare, 0.0, value)[:, None]) / sharp[:, None])
    below = np.where((se <= 0)[:, None], edges[None, :] > value[:, None], below)
    steps = np.column_stack([np.zeros(len(frame)), below, np.ones(len(frame))])
    share = np.where(bare[:, None], np.nan, np.diff(steps, axis=1))
    bands = len(ruleset.bands)
    rows = frame.loc[np.repeat(frame.index, bands), list(index.groups)].reset_index(drop=True)
    note = np.where(np.repeat(bare, bands), "grade_without_interval", "probability_no_interval")
    rows = rows.assign(
        label=np.tile([band.code for band in ruleset.bands], len(frame)), value=share.ravel(), low=np.nan, high=np.nan,
        level=np.repeat(frame["level"].to_numpy(), bands), n=np.repeat(frame["n"].to_numpy(), bands), method=METHOD,
        note=note,
    )
    rows[MEASURED_IN if "unit" in index.groups else "unit"] = "probability"
    return EstimateTable(frame=pd.DataFrame(rows), groups=index.groups)
