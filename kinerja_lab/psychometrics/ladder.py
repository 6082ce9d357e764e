"""Does the next step of a ladder hold, and which items must be set free so that it does?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.estimate import EstimateTable, fixed_columns
from kinerja_lab.core.hypothesis import HypothesisTest
from kinerja_lab.core.message import Message
from kinerja_lab.numeric.weighted_structure import AdjustedChi2

__all__ = ["Climber", "LadderStep", "climb", "effect_table", "empty_table"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LadderStep:
    """One step of the ladder.

    Parameters
    ----------
    step : str
        Its name.
    chi2 : AdjustedChi2
        Of the model.
    test : HypothesisTest or None
        Against the step before; None at the first.
    freed : tuple of str
        Items set free at this step so that the rest holds.
    holds : bool
        Whether the step holds, with its freed items.
    fit : EstimateTable or None
        Measures of fit, where they were computed.
    """

    step: str
    chi2: AdjustedChi2
    test: HypothesisTest | None
    freed: tuple[str, ...]
    holds: bool
    fit: EstimateTable | None = None


class Climber(Protocol):
    """What a ladder needs of the data and the way they are fitted; models and fits are the climber's own."""

    items: tuple[str, ...]
    n: int
    method: str

    def narrow(self, model, fit, *, step: str, freed: frozenset[tuple[str, int]]):
        """The model at a step with items free, and its fit from where the wider one ended."""

    def difference(self, wide, wide_fit, narrow, narrow_fit) -> AdjustedChi2:
        """What the restriction costs."""

    def gain(self, model, fit, *, step: str, item: int) -> float:
        """Score test of setting one item free, for each parameter that it frees."""

    def may_free(self, step: str, freed: frozenset[tuple[str, int]]) -> list[int]:
        """Items that may still be set free at a step, beside those that are, without losing identification."""

    def describe(self, model, fit) -> dict:
        """``chi2`` and ``fit`` of a step."""


def climb(data: Climber, model, fit, *, step: str, freed: frozenset[tuple[str, int]], alpha: float):
    """The next step with as many items free as it needs.

    Parameters
    ----------
    data : Climber
        The data.
    model, fit
        The step before.
    step : str
        The step to climb.
    freed : frozenset of (str, int)
        What was set free before.
    alpha : float
        A step whose difference test has a smaller p does not hold as it is.

    Returns
    -------
    LadderStep, and the model, its fit and all that is free.

    Notes
    -----
    While the difference test fails, the item with the largest gain is set free; with half of the items free, or none
    left that may be, the step does not hold.
    """
    free: list[int] = []
    while True:
        now = freed | {(step, item) for item in free}
        narrow, found = data.narrow(model, fit, step=step, freed=now)
        # an item set free here was free at the step before, so the models stay nested
        cost = data.difference(model, fit, narrow, found)
        p = 1.0 if cost.df <= 0 else float(special.chdtrc(cost.df, cost.adjusted))
        test = HypothesisTest(statistic=float(cost.adjusted), df=float(cost.df), p=p, n=data.n, distribution="chi2",
                              null=Message(f"null.same_{step}"), method=data.method)
        left = data.may_free(step, now) if len(free) < len(data.items) // 2 else []
        if p >= alpha or not left:
            done = LadderStep(step=step, test=test, freed=tuple(data.items[item] for item in free), holds=p >= alpha,
                              **data.describe(narrow, found))
            return done, narrow, found, now
        gains = [data.gain(narrow, found, step=step, item=item) for item in left]
        free.append(left[int(np.argmax(gains))])


def empty_table(keys: tuple[str, ...]) -> EstimateTable:
    """A table without rows.

    Parameters
    ----------
    keys : tuple of str
        Its group columns.
    """
    return EstimateTable(frame=pd.DataFrame(columns=[*keys, *fixed_columns(keys)]), groups=keys)


def effect_table(values: np.ndarray, reach: np.ndarray, *, sizes: Mapping[str, int], items: tuple[str, ...],
                 level: float) -> EstimateTable:
    """What freed items add to the index of each group but the reference, and their sum.

    Parameters
    ----------
    values, reach : numpy.ndarray, shape (groups - 1, items + 1)
        Index points and half the width of their intervals; the last column is the sum over items.
    sizes : mapping of str to int
        Respondents of each group, the reference first.
    items : tuple of str
        Freed items.
    level : float
        Confidence level of the intervals.
    """
    labels = [(name, item) for name in list(sizes)[1:] for item in (*items, "all")]
    centre, half = np.ravel(values), np.ravel(reach)
    frame = pd.DataFrame(labels, columns=["group", "item"]).assign(
        label="effect", value=centre, low=centre - half, high=centre + half, level=level,
        n=[sizes[name] for name, _ in labels], unit="index_100", note="",
        method="partial invariance, delta method")
    return EstimateTable(frame=frame, groups=("group", "item"))
