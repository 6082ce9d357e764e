"""Where does the bar stand, who put it there, and how sure were they?"""

from dataclasses import dataclass
from datetime import date as Date
from itertools import pairwise

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.message import Message

__all__ = ["Standard", "StandardPlan"]

_DECIMALS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class StandardPlan:
    """What is settled before the panel sits: scale, bands, people, and how sure one wants to be.

    Parameters
    ----------
    name : str
        What the standard is for (an indicator's code or title).
    unit : str
        Unit code of the scale.
    low, high : float
        Ends of the scale on which the cuts stand.
    bands : tuple of str
        Names of the bands, lowest first; one cut fewer.
    panel : str
        How the minutes call the panel.
    date : datetime.date
        Day of the decision.
    level : float
        Confidence level of the cuts, between 0 and 1.
    measurement_error : float or None
        Standard error of measurement of a unit's score, in units of the scale; None when it is not known.

    Raises
    ------
    KinerjaError
        ``plan_scale``, ``plan_bands``, ``bad_level`` or ``plan_measurement_error``.
    """

    name: str
    unit: str
    low: float
    high: float
    bands: tuple[str, ...]
    panel: str
    date: Date
    level: float = 0.95
    measurement_error: float | None = None

    def __post_init__(self) -> None:
        if not (np.isfinite(self.low) and np.isfinite(self.high) and self.low < self.high):
            raise KinerjaError("plan_scale", name=self.name, low=str(self.low), high=str(self.high))
        if len(self.bands) < 2 or len(set(self.bands)) < len(self.bands):
            raise KinerjaError("plan_bands", name=self.name, bands=", ".join(self.bands) or "-")
        if not 0 < self.level < 1:
            raise KinerjaError("bad_level", value=str(self.level))
        error = self.measurement_error
        if error is not None and not (np.isfinite(error) and error >= 0):
            raise KinerjaError("plan_measurement_error", name=self.name, value=str(error))


@dataclass(frozen=True, slots=True, kw_only=True)
class Standard:
    """Cut scores with what they rest on.

    Parameters
    ----------
    plan : StandardPlan
        Scale, bands, people and date.
    cuts : tuple of Estimate
        Strictly increasing; the interval is the panel's own error: where another panel like this one would put the bar.
    zones : tuple of Estimate
        The same cuts; the interval adds the measurement error of a score: inside it a unit's score cannot be told from
        the cut. Empty when the plan knows no measurement error.
    errors : tuple of float
        Standard error of each cut (panel); NaN where it is not known.
    freedom : tuple of float
        Degrees of freedom of each error.
    method : str
        Name of the method in the field's terms.
    conventions : tuple of Message
        Every choice that could have been made otherwise, under ``[convention]`` of the catalogues.

    Raises
    ------
    KinerjaError
        ``standard_bands`` (not one band more than cuts), ``cuts_not_increasing`` or ``cut_off_scale``.
    """

    plan: StandardPlan
    cuts: tuple[Estimate, ...]
    zones: tuple[Estimate, ...] = ()
    errors: tuple[float, ...]
    freedom: tuple[float, ...]
    method: str
    conventions: tuple[Message, ...] = ()

    def __post_init__(self) -> None:
        if len(self.plan.bands) != len(self.cuts) + 1:
            raise KinerjaError("standard_bands", name=self.plan.name, bands=len(self.plan.bands), cuts=len(self.cuts))
        values = [cut.value for cut in self.cuts]
        if any(not later > earlier for earlier, later in pairwise(values)):
            raise KinerjaError("cuts_not_increasing", name=self.plan.name,
                               cuts=", ".join(f"{value:.4g}" for value in values))
        outside = [value for value in values if not self.plan.low <= value <= self.plan.high]
        if outside:
            raise KinerjaError("cut_off_scale", name=self.plan.name, value=float(outside[0]), low=float(self.plan.low),
                               high=float(self.plan.high))

    @property
    def values(self) -> np.ndarray:
        """Cut scores, rising."""
        return np.array([cut.value for cut in self.cuts])

    def band_of(self, score: float) -> str:
        """The band of a score: a score on the cut belongs to the higher band.

        Raises
        ------
        KinerjaError
            ``score_not_finite``.
        """
        return self.plan.bands[int(self.positions(np.array([score]))[0])]

    def positions(self, scores: np.ndarray) -> np.ndarray:
        """Number of the band of each score, 0 for the lowest.

        A mean of floats may land a hair below the cut it equals; ten decimals are settled first, so that such noise can
        never cost a grade.

        Raises
        ------
        KinerjaError
            ``score_not_finite``.
        """
        scores = np.asarray(scores, dtype=float)
        if not np.isfinite(scores).all():
            raise KinerjaError("score_not_finite", value=str(scores[~np.isfinite(scores)][0]))
        return np.searchsorted(np.round(self.values, _DECIMALS), np.round(scores, _DECIMALS), side="right")

    def table(self) -> EstimateTable:
        """Groups ``("error",)``: the cuts with the panel's error, then with measurement error."""
        rows = [*self.cuts, *self.zones]
        keys = [("panel",)] * len(self.cuts) + [("panel_and_measurement",)] * len(self.zones)
        return EstimateTable.from_estimates(rows, groups=("error",), keys=keys)

    def to_frame(self) -> pd.DataFrame:
        """One row a cut and kind of error, unrounded."""
        return self.table().to_frame()

    def __str__(self) -> str:
        return f"{self.plan.name}: " + "; ".join(map(str, self.cuts))

    def _repr_html_(self) -> str:
        return self.to_frame().to_html(index=False)
