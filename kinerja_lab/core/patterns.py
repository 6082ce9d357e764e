"""Distinct answer sheets and how often each occurs: what every psychometric method takes instead of raw rows."""

from dataclasses import dataclass, replace

import numpy as np

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.survey import SurveyData

__all__ = ["MISSING", "ResponsePatterns"]

MISSING = -1
"""Stands for no answer in a pattern; every scale starts at 0 or above."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ResponsePatterns:
    """Distinct response vectors with counts.

    Parameters
    ----------
    items : tuple of str
        Item codes, in the order of the columns.
    values : numpy.ndarray of int16, shape (patterns, items)
        Answers, ``MISSING`` where there is none.
    counts : numpy.ndarray of int64, shape (patterns,)
        Respondents with that pattern, positive.
    weights : numpy.ndarray of float, shape (patterns,)
        Sum of their weights, positive.
    low, high : int
        Ends of the answer scale.
    dropped : int
        Respondents left out before (see ``complete``).

    Raises
    ------
    KinerjaError
        ``bad_patterns``.
    """

    items: tuple[str, ...]
    values: np.ndarray
    counts: np.ndarray
    weights: np.ndarray
    low: int
    high: int
    dropped: int = 0

    def __post_init__(self) -> None:
        shape_ok = self.values.ndim == 2 and self.values.shape == (len(self.counts), len(self.items))
        if not shape_ok or len(self.weights) != len(self.counts):
            raise KinerjaError("bad_patterns", items=len(self.items), shape=str(self.values.shape))
        given = self.values[self.values != MISSING]
        if given.size and (given.min() < self.low or given.max() > self.high):
            raise KinerjaError("bad_patterns", items=len(self.items), shape=f"{given.min()}..{given.max()}")
        if (self.counts <= 0).any() or not (self.weights > 0).all():
            raise KinerjaError("bad_patterns", items=len(self.items), shape="counts")

    @classmethod
    def from_survey(cls, survey: SurveyData) -> "ResponsePatterns":
        """Count the distinct answer sheets of a survey; reversed items are turned so that high is good."""
        instrument = survey.instrument
        turn = np.array([item.reverse for item in instrument.items])
        answers = np.where(turn, instrument.low + instrument.high - survey.answers(), survey.answers())
        sheets = np.where(np.isnan(answers), MISSING, answers).astype(np.int16)
        if not len(sheets):
            empty = np.zeros((0, len(instrument.items)), dtype=np.int16)
            return cls(items=instrument.item_codes, values=empty, counts=np.zeros(0, dtype=np.int64),
                       weights=np.zeros(0), low=instrument.low, high=instrument.high)
        values, where, counts = _distinct(sheets, steps=instrument.high + 2)
        weights = np.bincount(where.ravel(), weights=survey.weights(), minlength=len(counts))
        return cls(items=instrument.item_codes, values=values, counts=counts, weights=weights,
                   low=instrument.low, high=instrument.high)

    @property
    def n(self) -> int:
        """Respondents, unweighted."""
        return int(self.counts.sum())

    def complete(self) -> "ResponsePatterns":
        """Only sheets without a missing answer; the others are counted in ``dropped``."""
        keep = (self.values != MISSING).all(axis=1)
        return replace(
            self, values=self.values[keep], counts=self.counts[keep], weights=self.weights[keep],
            dropped=self.dropped + int(self.counts[~keep].sum()),
        )

    def only(self, items: tuple[str, ...]) -> "ResponsePatterns":
        """The same respondents on fewer items; sheets that become equal are merged."""
        columns = [self.items.index(code) for code in items]
        values, where, _ = _distinct(self.values[:, columns], steps=self.high + 2)
        where = where.ravel()
        return replace(
            self, items=tuple(items), values=values,
            counts=np.bincount(where, weights=self.counts, minlength=len(values)).astype(np.int64),
            weights=np.bincount(where, weights=self.weights, minlength=len(values)),
        )

    def __str__(self) -> str:
        return f"ResponsePatterns: {len(self.counts)} distinct sheets of {self.n} respondents, {len(self.items)} items"


def _distinct(sheets: np.ndarray, *, steps: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distinct rows in order, the row each sheet is, and how often each occurs.

    A sheet is written as one whole number in base ``steps``, which sorts ten times faster than rows do; scales too long
    for 63 bits are sorted as rows.
    """
    if steps ** sheets.shape[1] >= 2**63:
        return np.unique(sheets, axis=0, return_inverse=True, return_counts=True)
    places = steps ** np.arange(sheets.shape[1] - 1, -1, -1, dtype=np.int64)
    _, first, where, counts = np.unique(
        (sheets.astype(np.int64) + 1) @ places, return_index=True, return_inverse=True, return_counts=True)
    return sheets[first], where, counts
