"""Does the survey measure: do the items go together, is there room at the top, can units and raters be told apart?"""

from math import isnan

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.message import Message
from kinerja_lab.core.options import Family
from kinerja_lab.evidence.check import Answer, Case, Check
from kinerja_lab.evidence.reading import at_least, at_most, element_words, need, need_interval, need_rows, worst

__all__ = [
    "ALPHA_ENOUGH", "CEILING_CONCERN", "CEILING_FAILED", "CHECKS", "ITEM_REST_ENOUGH", "RATER_CONCERN", "RATER_FAILED",
    "UNITS_ENOUGH",
]

ALPHA_ENOUGH = 0.70
"""Alpha from which a score is used for groups (Nunnally 1978, Psychometric Theory, 2nd ed., p. 245)."""

ITEM_REST_ENOUGH = 0.30
"""Correlation of an item with the sum of the others from which it counts as belonging (house convention)."""

CEILING_CONCERN = 0.50
CEILING_FAILED = 0.80
"""Shares of top answers: above the first an item has little room to rise, above the second none (house convention)."""

UNITS_ENOUGH = 0.70
"""Reliability of a unit's mean from which units may be compared (the same bar as alpha; house convention)."""

RATER_CONCERN = 0.10
RATER_FAILED = 0.25
"""Shares of the variance that lie in the severity of raters (house convention)."""


def _alpha(case: Case) -> Answer:
    """MEA001."""
    alpha = need_interval(case.results.survey.alpha)
    return Answer(status=at_least(alpha, ALPHA_ENOUGH), params={"alpha": alpha, "enough": ALPHA_ENOUGH, "n": alpha.n},
                  numbers={"alpha": alpha.value, "low": alpha.low, "high": alpha.high})


def _item_rest(case: Case) -> Answer:
    """MEA002."""
    survey = case.results.survey
    rows = need_rows(survey.item_rest)
    verdicts = {row.label: at_least(row, ITEM_REST_ENOUGH) for row in rows}
    status = worst(verdicts.values())
    named = [label for label, verdict in verdicts.items() if verdict is status]
    lowest = min(rows, key=lambda row: row.value)
    return Answer(
        status=status, numbers={"lowest": lowest.value, "items": len(named)},
        params={"items": element_words(named, survey=survey), "enough": ITEM_REST_ENOUGH, "lowest": lowest,
                "item": element_words([lowest.label], survey=survey)},
    )


def _ceiling(case: Case) -> Answer:
    """MEA003: elements in which nobody differs belong to DAT003 and are not judged twice."""
    survey = case.results.survey
    if set(survey.constant_items) >= set(survey.patterns.items):
        raise NotApplicable("all_items_constant", items=", ".join(survey.constant_items))
    rows = need_rows(survey.ceiling, leave_out=survey.constant_items)
    verdicts = {row.label: at_most(row, CEILING_CONCERN, failed_above=CEILING_FAILED) for row in rows}
    status = worst(verdicts.values())
    named = [label for label, verdict in verdicts.items() if verdict is status]
    top = max(rows, key=lambda row: row.value)
    return Answer(
        status=status, numbers={"largest": top.value, "items": len(named)},
        params={"items": element_words(named, survey=survey), "largest": top, "room": CEILING_CONCERN,
                "full": CEILING_FAILED, "item": element_words([top.label], survey=survey)},
    )


def _units_apart(case: Case) -> Answer:
    """MEA004."""
    found = need(case.results.survey.unit_reliability)
    reliability = need_interval(found.reliability)
    needed = _row(found.needed, f"{UNITS_ENOUGH:.2f}")
    part = Message("finding_part.needed_unknown") if needed is None else Message(
        "finding_part.needed", {"needed": needed})
    return Answer(
        status=at_least(reliability, UNITS_ENOUGH),
        params={"reliability": reliability, "enough": UNITS_ENOUGH, "units": found.units, "needed": part,
                "typical": found.n / found.units},
        numbers={"reliability": reliability.value, "low": reliability.low, "high": reliability.high,
                 "needed": float("nan") if needed is None else needed.value},
    )


def _row(table: EstimateTable, label: str) -> Estimate | None:
    """A row of a table, ``None`` where it is absent or empty."""
    try:
        row = table.row(label)
    except KinerjaError:
        return None
    return None if isnan(row.value) else row


def _rater_severity(case: Case) -> Answer:
    """MEA005."""
    raters = need(case.results.survey.raters)
    share = need_interval(raters.rater_share)
    return Answer(
        status=at_most(share, RATER_CONCERN, failed_above=RATER_FAILED),
        params={"share": share, "small": RATER_CONCERN, "large": RATER_FAILED, "moved": Message(
            "finding_part.moved", {"share": raters.rank_shift})},
        numbers={"share": share.value, "low": share.low, "high": share.high, "moved": raters.rank_shift.value},
    )


CHECKS = (
    Check(code="MEA001", family=Family.MEASUREMENT, scope="survey", judge=_alpha),
    Check(code="MEA002", family=Family.MEASUREMENT, scope="survey", judge=_item_rest),
    Check(code="MEA003", family=Family.MEASUREMENT, scope="survey", judge=_ceiling),
    Check(code="MEA004", family=Family.MEASUREMENT, scope="survey", judge=_units_apart),
    Check(code="MEA005", family=Family.MEASUREMENT, scope="survey", judge=_rater_severity),
)
"""Checks of the measurement, in the order of a dossier."""
