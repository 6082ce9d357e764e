"""Does the category of an achievement depend on the formula, the cap or the scale?"""

from collections.abc import Mapping, Sequence
from math import isinf, isnan

import pandas as pd

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.ruleset import Band, Ruleset

__all__ = ["RIVAL_COLUMNS", "category", "rival_categories", "scales_that_disagree"]

RIVAL_COLUMNS = ("formula", "cap", "percent", "scale", "band")
"""Columns of ``rival_categories``; ``band`` is the code of the category."""


def category(percent: float, *, scale: Ruleset) -> Band:
    """The category of an achievement; below a scale is its lowest category.

    Parameters
    ----------
    percent : float
        Achievement in percent.
    scale : Ruleset
        Scale with bands.

    Raises
    ------
    NotApplicable
        ``achievement_missing`` for NaN, ``no_scale`` for a rule without bands.
    """
    if isnan(percent):
        raise NotApplicable("achievement_missing")
    if not scale.bands:
        raise NotApplicable("no_scale")
    if isinf(percent):
        return scale.bands[-1 if percent > 0 else 0]
    return scale.bands[0] if scale.round(percent) < scale.bands[0].lower else scale.band_of(percent)


def rival_categories(
    rivals: Mapping[str, float], *, scales: Sequence[Ruleset],
    caps: Sequence[float] = (float("inf"), 100.0, 120.0, 200.0),
) -> pd.DataFrame:
    """One row for every formula, cap and scale.

    Parameters
    ----------
    rivals : mapping of str to float
        Uncapped percentages by formula, as ``rival_formulas`` gives them; NaN where a formula has no answer.
    scales : sequence of Ruleset
        Achievement scales.
    caps : sequence of float
        Highest percentages, infinity for none. A cap that changes nothing makes no row.

    Returns
    -------
    pandas.DataFrame
        ``RIVAL_COLUMNS``.

    Examples
    --------
    >>> from kinerja_lab.core.ruleset import Band, Ruleset
    >>> scale = Ruleset(code="dua", title="-", source="-", confidence="high",
    ...                 bands=(Band(code="rendah", name="Rendah", lower=-1e9),
    ...                        Band(code="tinggi", name="Tinggi", lower=50)))
    >>> list(rival_categories({"down_linear": 27.8, "down_ratio": 58.1}, scales=[scale])["band"])
    ['rendah', 'tinggi']
    """
    rows = []
    for formula, value in rivals.items():
        if isnan(value):
            continue
        for cap in caps:
            if not isinf(cap) and value <= cap:
                continue
            percent = min(value, cap)
            rows += [(formula, cap, percent, scale.code, category(percent, scale=scale).code) for scale in scales]
    return pd.DataFrame(rows, columns=list(RIVAL_COLUMNS))


def scales_that_disagree(table: pd.DataFrame) -> tuple[str, ...]:
    """Scales on which the formulas and caps of a table lead to more than one category.

    Parameters
    ----------
    table : pandas.DataFrame
        As ``rival_categories`` gives it.
    """
    counts = table.groupby("scale", sort=False)["band"].nunique()
    return tuple(str(code) for code in counts[counts > 1].index)
