"""Can these units be ranked? For the scale and for each item: reliability, respondents needed, pairs told apart."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.psychometrics.unit_reliability import UnitReliability, unit_figures, unit_reliability

__all__ = ["SCALE", "UnitCard", "unit_card"]

SCALE = "scale"
"""Label of the scale as a whole."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnitCard:
    """Whether units can be ranked.

    Parameters
    ----------
    reliability : EstimateTable
        Label ``"scale"``, then the items: reliability of the mean of a unit of typical size.
    needed : EstimateTable
        Group ``target`` (``"0.70"``, ``"0.80"``), labels as above: respondents per unit.
    separable : EstimateTable
        Labels as above: share of pairs of units that can be told apart.
    scale : UnitReliability
        All of the scale, with the reliability of each unit.
    absent : dict of str to NotApplicable
        Items without an answer, with the reason.
    smallest, typical, largest : float
        Respondents of a unit: fewest, harmonic mean, most.
    """

    reliability: EstimateTable
    needed: EstimateTable
    separable: EstimateTable
    scale: UnitReliability
    absent: dict[str, NotApplicable]
    smallest: float
    typical: float
    largest: float

    def enough(self, bar: float) -> int:
        """Units whose own mean reaches a reliability, by the lower limit of its interval."""
        frame = self.scale.by_unit.frame
        return int((frame["low"] >= bar).sum())


def unit_card(answers: np.ndarray, *, units: np.ndarray, items: tuple[str, ...], level: float) -> UnitCard:
    """The card: can these units be ranked?

    Parameters
    ----------
    answers : numpy.ndarray, shape (n, items)
        One row a respondent, high is good; NaN where there is no answer.
    units : numpy.ndarray, shape (n,)
        Unit of each respondent.
    items : tuple of str
        Item codes, in the order of the columns.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    UnitCard

    Raises
    ------
    KinerjaError
        ``lengths_differ`` or ``bad_level``.
    NotApplicable
        That of the scale: ``too_few_units``, ``one_respondent_each``, ``scores_constant``, or ``too_few_sheets`` when
        nobody answered.

    Notes
    -----
    The scale is the mean of a respondent's answers. Each row is ``unit_reliability`` of its own answers: mean squares,
    Wald's exact limits, Holm over all pairs.

    References
    ----------
    Bliese, P. D. (2000). Within-group agreement, non-independence, and reliability. In Klein, Kozlowski (eds.),
    Multilevel theory, research, and methods in organizations, 349-381. Jossey-Bass.
    """
    answers, units = np.asarray(answers, dtype=float), np.asarray(units)
    if answers.shape != (len(units), len(items)):
        raise KinerjaError("lengths_differ", first=len(answers), second=len(units))
    given = ~np.isnan(answers)
    some = given.any(axis=1)
    if not some.any():
        raise NotApplicable("too_few_sheets", n=0, least=1)
    mean = np.where(given, answers, 0.0)[some].sum(axis=1) / given[some].sum(axis=1)
    scale = unit_reliability(mean, units[some], level=level)
    found = {SCALE: (scale.reliability, scale.needed.estimates(), scale.separable)}
    absent: dict[str, NotApplicable] = {}
    for place, code in enumerate(items):
        own = given[:, place]
        try:
            figures = unit_figures(answers[own, place], units[own], level=level)
            found[code] = (figures.reliability, figures.needed, figures.separable)
        except NotApplicable as reason:
            absent[code] = reason
    sizes = pd.Series(units[some]).value_counts().to_numpy(dtype=float)
    needs = [(row.label, label, row) for label, (_, rows, _) in found.items() for row in rows]
    return UnitCard(
        reliability=EstimateTable.from_estimates(_named(label, row) for label, (row, _, _) in found.items()),
        needed=EstimateTable.from_estimates([_named(label, row) for _, label, row in needs], groups=("target",),
                                            keys=[(target,) for target, _, _ in needs]),
        separable=EstimateTable.from_estimates(_named(label, row) for label, (_, _, row) in found.items()),
        scale=scale, absent=absent, smallest=float(sizes.min()), typical=len(sizes) / float((1 / sizes).sum()),
        largest=float(sizes.max()))


def _named(label: str, estimate: Estimate) -> Estimate:
    return replace(estimate, label=label)
