"""Survey answers as they are used: one row a respondent, the design, and a log of what was left out and why."""

from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.instrument import Instrument
from kinerja_lab.core.message import Message

__all__ = ["SURVEY_COLUMNS", "Design", "Drop", "SurveyData"]

SURVEY_COLUMNS = ("region", "agency", "unit", "period")
"""Columns every survey frame has, whatever the source called them; all text. Items and the design stand beside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Which columns of the survey frame hold the design; empty means the design has no such part.

    Parameters
    ----------
    weight : str
        Positive sampling weights.
    stratum : str
        Strata.
    cluster : str
        Primary sampling units; empty means each respondent is one.
    """

    weight: str = ""
    stratum: str = ""
    cluster: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drop:
    """Rows left out: how many and why (a message under ``[drop]``)."""

    reason: Message
    n: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurveyData:
    """Answers of respondents.

    Parameters
    ----------
    frame : pandas.DataFrame
        Columns ``SURVEY_COLUMNS``, one column an item (floats, NaN for no answer), the design's columns, and any others
        the study names (service, date, rater, case mix).
    instrument : Instrument
        Items and scale.
    design : Design
        Weights, strata, clusters.
    drops : tuple of Drop
        Rows left out on the way here.

    Raises
    ------
    KinerjaError
        ``missing_columns``, ``answer_off_scale`` or ``bad_weights``. The importer reports such faults row by row; these
        are the last line of defence.
    """

    frame: pd.DataFrame
    instrument: Instrument
    design: Design = field(default_factory=Design)
    drops: tuple[Drop, ...] = ()

    def __post_init__(self) -> None:
        named = [name for name in (self.design.weight, self.design.stratum, self.design.cluster) if name]
        wanted = [*SURVEY_COLUMNS, *self.instrument.item_codes, *named]
        missing = [name for name in wanted if name not in self.frame.columns]
        if missing:
            raise KinerjaError("missing_columns", columns=", ".join(missing))
        answers = self.answers()
        off = ~np.isnan(answers) & ((answers < self.instrument.low) | (answers > self.instrument.high)
                                    | (answers != np.floor(answers)))
        if off.any():
            row, column = np.argwhere(off)[0]
            raise KinerjaError(
                "answer_off_scale", row=int(row) + 1, item=self.instrument.item_codes[column],
                value=str(answers[row, column]), low=self.instrument.low, high=self.instrument.high,
            )
        weights = self.weights()
        if not (np.isfinite(weights).all() and (weights > 0).all()):
            raise KinerjaError("bad_weights", n=int((~(weights > 0)).sum()))

    @property
    def n(self) -> int:
        """Respondents."""
        return len(self.frame)

    def answers(self) -> np.ndarray:
        """Answers as floats, shape (respondents, items), NaN for no answer; the caller's own copy."""
        return self.frame[list(self.instrument.item_codes)].to_numpy(dtype=float, copy=True)

    def weights(self) -> np.ndarray:
        """Weights, shape (respondents,); ones where the design has none."""
        if not self.design.weight:
            return np.ones(len(self.frame))
        return self.frame[self.design.weight].to_numpy(dtype=float)

    def where(self, mask: np.ndarray | pd.Series, *, reason: Message | None = None) -> "SurveyData":
        """The respondents of a mask; a ``reason`` records the others as dropped (none for a plain subset)."""
        mask = np.asarray(mask, dtype=bool)
        drops = self.drops
        if reason is not None and (~mask).any():
            drops = (*drops, Drop(reason=reason, n=int((~mask).sum())))
        return replace(self, frame=self.frame[mask].reset_index(drop=True), drops=drops)

    def __str__(self) -> str:
        return f"SurveyData of {self.n} respondents, {len(self.instrument.items)} items ({self.instrument.code})"
