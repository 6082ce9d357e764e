"""What does freeing scores from the severity of raters change for units: values, letters, places?"""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from kinerja_lab.calibration.raters import RaterEffects
from kinerja_lab.core.errors import KinerjaError, NotApplicable, closest
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.core.standard import Standard
from kinerja_lab.numeric.intervals import wilson

__all__ = ["RaterChanges", "rater_changes"]

WAYS = {"least_squares": ("adjusted_fixed", "least squares, units and raters"),
        "mixed_model": ("rater_free", "crossed random effects, REML; predicted raters taken out")}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RaterChanges:
    """Units before and after the severity of their raters is taken out.

    Parameters
    ----------
    units : pandas.DataFrame
        ``unit, raw, adjusted, change, band_before, band_after``, largest change first; bands are empty without a
        standard. ``adjusted`` is not drawn towards the mean, so the change is the raters' alone.
    largest : Estimate
        Largest change of a unit, in points, without an interval (``largest_of_units``).
    typical : Estimate
        Half of the units change by no more than this, in points, without an interval (``changes_no_interval``).
    regraded : Estimate or NotApplicable
        Share of units whose band changes.
    """

    units: pd.DataFrame
    largest: Estimate
    typical: Estimate
    regraded: Estimate | NotApplicable


def rater_changes(
    effects: RaterEffects, *, standard: Standard | None = None, level: float = 0.95, way: str = "least_squares",
) -> RaterChanges:
    """What an adjustment for raters changes.

    Parameters
    ----------
    effects : RaterEffects
        From ``adjust_for_raters``.
    standard : Standard, optional
        Cuts on the scale of the scores.
    level : float
        Confidence level of the share, between 0 and 1.
    way : str
        ``"least_squares"`` (units and raters both free; needs units that are connected through raters) or
        ``"mixed_model"`` (the predicted effects of raters are taken out; for raters with few ratings they are small,
        and units of separate groups are compared as if their raters came from one population).

    Returns
    -------
    RaterChanges

    Raises
    ------
    KinerjaError
        ``unknown_option``.
    NotApplicable
        ``raters_not_connected`` when no unit has a least-squares value.
    """
    if way not in WAYS:
        raise KinerjaError("unknown_option", name="way", value=way, choices=", ".join(WAYS),
                           nearest=closest(way, tuple(WAYS)) or "-")
    column, method = WAYS[way]
    wide = effects.units.frame.pivot(index="unit", columns="label", values="value")
    wide = wide.dropna(subset=["raw"])
    both = wide.dropna(subset=[column]) if column in wide else wide.iloc[:0]
    if both.empty:
        raise NotApplicable("raters_not_connected")
    raw, adjusted = both["raw"].to_numpy(dtype=float), both[column].to_numpy(dtype=float)
    frame = pd.DataFrame({"unit": both.index.astype(str), "raw": raw, "adjusted": adjusted, "change": adjusted - raw,
                          "band_before": "", "band_after": ""})
    regraded: Estimate | NotApplicable = NotApplicable("no_standard")
    if standard is not None:
        names = np.array(standard.plan.bands, dtype=object)
        frame["band_before"], frame["band_after"] = (names[standard.positions(side)] for side in (raw, adjusted))
        moved = int((frame["band_before"] != frame["band_after"]).sum())
        low, high = wilson(moved, len(frame), level=level)
        regraded = Estimate(label="regraded", value=moved / len(frame), low=float(low), high=float(high), level=level,
                            n=len(frame), method="Wilson", unit="share")
    order = np.argsort(-np.abs(frame["change"].to_numpy()), kind="stable")
    frame = frame.iloc[order].reset_index(drop=True)
    largest = Estimate(label="largest_change", value=float(np.abs(frame["change"].iloc[0])), low=np.nan, high=np.nan,
                       level=level, n=len(frame), method=method, unit="scale_points",
                       note="largest_of_units")
    typical = replace(largest, label="typical_change", value=float(np.median(np.abs(frame["change"]))),
                      note="changes_no_interval")
    return RaterChanges(units=frame, largest=largest, typical=typical, regraded=regraded)
