"""Which reliability, under which choice? All coefficients of one scale side by side, and the most different one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.psychometrics.ordinal_factor import OrdinalModel
from kinerja_lab.psychometrics.reliability import alpha
from kinerja_lab.psychometrics.reliability_bounds import lower_bounds
from kinerja_lab.psychometrics.reliability_factor import categorical_omega, omega, omega_one_factor, ordinal_alpha
from kinerja_lab.psychometrics.reliability_intervals import alpha_standardised
from kinerja_lab.psychometrics.sheets import covariance

__all__ = ["KINDS", "ReliabilityChoices", "reliability_choices"]

KINDS = {
    "alpha": "sum", "lambda2": "sum", "lambda6": "sum", "split_mean": "sum", "omega_observed": "sum",
    "omega_implied": "sum", "omega_total": "sum", "omega_categorical": "sum",
    "lambda4": "best", "glb": "best", "split_worst": "general", "omega_hierarchical": "general",
    "alpha_standardised": "other", "alpha_ordinal": "other",
}
"""What each coefficient is about: the printed sum, the best case, the general factor, or a score nobody prints."""

_SEVERAL = ("omega_total", "omega_hierarchical")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReliabilityChoices:
    """Reliability of one scale under every choice.

    Parameters
    ----------
    table : EstimateTable
        Group ``kind`` (``"sum"``, ``"best"``, ``"general"``, ``"other"``), label the coefficient.
    lowest, highest : Estimate
        Of kind ``"sum"``.
    extreme : Estimate
        The one of all that lies farthest from the median of kind ``"sum"``.
    absent : mapping of str to NotApplicable
        Coefficients that have no value here, with the reason.
    """

    table: EstimateTable
    lowest: Estimate
    highest: Estimate
    extreme: Estimate
    absent: Mapping[str, NotApplicable]

    def crosses(self, bar: float) -> bool:
        """Whether the choice among coefficients of the printed sum decides on which side of a bar the scale stands."""
        return self.lowest.value < bar <= self.highest.value


def reliability_choices(
    patterns: ResponsePatterns, *, factors: Sequence[int], level: float, ordinal: OrdinalModel | NotApplicable,
) -> ReliabilityChoices:
    """Every coefficient of reliability of one scale.

    Parameters
    ----------
    patterns : ResponsePatterns
        Complete sheets of at least two items that vary.
    factors : sequence of int
        Group factors of omega total and hierarchical: the first number that the items can carry is taken, and named in
        the row's method.
    level : float
        Confidence level, between 0 and 1.
    ordinal : OrdinalModel or NotApplicable
        For ordinal alpha and categorical omega; the reason where there is none.

    Returns
    -------
    ReliabilityChoices

    Raises
    ------
    KinerjaError
        ``patterns_incomplete`` or ``bad_level``.
    NotApplicable
        ``too_few_items``, ``too_few_sheets``, ``constant_items``, ``all_items_constant`` or ``items_cancel``.

    Notes
    -----
    A coefficient of the printed sum (alpha, lambda 2 and 6, the mean split, the omegas over the sum) estimates what the
    published score has; the best of many splits, the general factor, and sums that nobody prints are about something
    else and are shown beside it, not among it.

    References
    ----------
    Revelle, W., Condon, D. M. (2019). Reliability from alpha to omega: a tutorial. Psychological Assessment 31,
    1395-1411.
    """
    first = alpha(patterns, level=level)
    absent: dict[str, NotApplicable] = {}

    def some(names: Sequence[str], answer: Callable[[], Sequence[Estimate]]) -> list[Estimate]:
        try:
            return [row for row in answer() if row.label in KINDS]
        except NotApplicable as reason:
            absent.update(dict.fromkeys(names, reason))
        except KinerjaError as stopped:
            absent.update(dict.fromkeys(names, NotApplicable(
                "instrument_no_solution", reason=stopped.message)))
        return []

    rows = [first, alpha_standardised(patterns, level=level), *(
        row for row in lower_bounds(patterns, level=level).estimates() if row.label in KINDS)]
    rows += some(("omega_observed", "omega_implied"), lambda: omega_one_factor(patterns, level=level).estimates())
    for count in factors:
        omegas = some(_SEVERAL, lambda count=count: omega(
            patterns, factors=count, level=level).estimates())
        if omegas:
            absent = {name: reason for name, reason in absent.items() if name not in _SEVERAL}
            rows += omegas
            break
    rows += some(("omega_categorical", "alpha_ordinal"), lambda: _ordinal(patterns, ordinal, level))
    table = EstimateTable.from_estimates(rows, groups=("kind",), keys=[(KINDS[row.label],) for row in rows])
    own = [row for row in rows if KINDS[row.label] == "sum" and np.isfinite(row.value)]
    middle = float(np.median([row.value for row in own]))
    known = [row for row in rows if np.isfinite(row.value)]
    return ReliabilityChoices(
        table=table, lowest=min(own, key=lambda row: row.value), highest=max(own, key=lambda row: row.value),
        extreme=max(known, key=lambda row: abs(row.value - middle)), absent=absent)


def _ordinal(patterns: ResponsePatterns, model: OrdinalModel | NotApplicable, level: float) -> list[Estimate]:
    if isinstance(model, NotApplicable):
        raise NotApplicable(model.message.code.split(".", 1)[1], **model.message.params)
    variance = float(covariance(patterns).sum())
    return [
        categorical_omega(model.loadings, thresholds=model.thresholds, scores=model.scores, variance=variance,
                          n=patterns.n, level=level),
        ordinal_alpha(model.correlation, n=patterns.n, level=level),
    ]
