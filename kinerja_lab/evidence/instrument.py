"""Does the instrument measure: can units be ranked, were sheets filled in with care, who leaves gaps, which
reliability?"""

from math import isfinite, isnan

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.core.message import Message
from kinerja_lab.core.options import Family, Status
from kinerja_lab.evidence.check import Answer, Case, Check
from kinerja_lab.evidence.instrument_results import InstrumentResults
from kinerja_lab.evidence.measurement import UNITS_ENOUGH
from kinerja_lab.evidence.reading import at_least, at_most, element_words, need, need_interval, need_rows
from kinerja_lab.psychometrics.unit_card import SCALE

__all__ = [
    "CHECKS", "COPIES_MANY", "GAP_LARGE", "MISFIT_CONCERN", "MISFIT_FAILED", "PAIRS_ENOUGH", "RELIABILITY_BAR",
    "ranking_verdict",
]

PAIRS_ENOUGH = 0.50
"""Share of pairs of units that must be told apart before places in a row mean something (house convention)."""

RELIABILITY_BAR = 0.70
"""Reliability that the choice of formula must not decide (the bar of MEA001)."""

MISFIT_CONCERN = 0.05
MISFIT_FAILED = 0.15
"""Shares of odd sheets: one in a hundred is chance; above the first a look, above the second an alarm (house)."""

COPIES_MANY = 10.0
"""How many times as frequent equal sheets inside a unit are before copying is suspected (house convention)."""

GAP_LARGE = 0.25
"""Difference in points of the answer scale between those who leave an item empty and the others (house convention)."""


def _found(case: Case) -> InstrumentResults:
    return need(case.results.instrument)


def _ranking(case: Case) -> Answer:
    """MEA009."""
    card = need(_found(case).card)
    reliability = need_interval(card.reliability.row(SCALE))
    rows = [row for row in card.reliability.estimates() if row.label != SCALE and not isnan(row.low)]
    weak = [row.label for row in rows if at_least(row, UNITS_ENOUGH) is not Status.PASSED]
    pairs = card.separable.row(SCALE)
    status = ranking_verdict(reliability, pairs=pairs.value)
    return Answer(
        status=status,
        params={"reliability": reliability, "enough": UNITS_ENOUGH, "pairs": pairs.value,
                "elements": _elements(weak, len(rows), case),
                "needed": _needed(reliability, card.scale.needed.row("0.70"))},
        numbers={"reliability": reliability.value, "low": reliability.low, "high": reliability.high,
                 "pairs": pairs.value, "weak_elements": len(weak), "elements": len(rows)},
    )


def ranking_verdict(reliability: Estimate, *, pairs: float) -> Status:
    """Whether units may be put in a row: reliable means, and most pairs told apart.

    Parameters
    ----------
    reliability : Estimate
        Of a unit's mean, with an interval.
    pairs : float
        Share of pairs of units that can be told apart, 0 to 1.

    Examples
    --------
    >>> row = Estimate(label="scale", value=0.9, low=0.85, high=0.94, n=500, method="exact F")
    >>> ranking_verdict(row, pairs=0.2).value
    'concern'
    """
    status = at_least(reliability, UNITS_ENOUGH)
    return Status.CONCERN if status is Status.PASSED and pairs < PAIRS_ENOUGH else status


def _elements(weak: list[str], count: int, case: Case) -> Message:
    if not weak and count:
        return Message("finding_part.card_all_elements")
    if len(weak) == count:
        return Message("finding_part.card_no_elements")
    return Message("finding_part.card_weak_elements", {"items": element_words(weak, survey=case.results.survey)})


def _needed(reliability: Estimate, row: Estimate) -> Message:
    if reliability.low >= UNITS_ENOUGH:
        return Message("finding_part.card_too_close")
    if not isfinite(row.value):
        return Message("finding_part.needed_unknown")
    return Message("finding_part.card_needed", {"needed": row, "enough": UNITS_ENOUGH})


def _care(case: Case) -> Answer:
    """MEA010."""
    found = _found(case)
    misfit = need(found.misfit)
    share = need_interval(misfit.share)
    status = at_most(share, MISFIT_CONCERN, failed_above=MISFIT_FAILED)
    ratio = float("nan") if isinstance(found.copies, NotApplicable) else found.copies.ratio
    if ratio >= COPIES_MANY and status is Status.PASSED:
        status = Status.CONCERN
    return Answer(
        status=status, numbers={"share": share.value, "low": share.low, "high": share.high, "copies": ratio},
        params={"share": share, "expected": misfit.expected, "copies": _copies(ratio)})


def _copies(ratio: float) -> Message:
    if isnan(ratio):
        return Message("finding_part.copies_unknown")
    return Message("finding_part.copies_many" if ratio >= COPIES_MANY else "finding_part.copies", {"ratio": ratio})


def _gaps(case: Case) -> Answer:
    """MEA011."""
    rows = need_rows(_found(case).gaps)
    apart = [row for row in rows if row.low > 0 or row.high < 0]
    far = [row for row in apart if row.low > GAP_LARGE or row.high < -GAP_LARGE]
    status = Status.FAILED if far else Status.CONCERN if apart else Status.PASSED
    most = max(far or apart or rows, key=lambda row: abs(row.value))
    survey = case.results.survey
    return Answer(
        status=status, numbers={"items": len(apart), "largest": most.value, "low": most.low, "high": most.high},
        params={"items": element_words([row.label for row in far or apart], survey=survey), "gap": most,
                "item": element_words([most.label], survey=survey), "items_n": len(rows)})


def _choices(case: Case) -> Answer:
    """MEA012."""
    found = need(_found(case).choices)
    lowest, highest, extreme = found.lowest, found.highest, found.extreme
    if lowest.value >= RELIABILITY_BAR:
        status = Status.PASSED
    else:
        status = Status.CONCERN if highest.value >= RELIABILITY_BAR else Status.FAILED
    return Answer(
        status=status,
        numbers={"lowest": lowest.value, "highest": highest.value, "extreme": extreme.value},
        params={"bar": RELIABILITY_BAR, "lowest": lowest.value, "highest": highest.value, "extreme": extreme.value,
                "lowest_name": _name(lowest), "highest_name": _name(highest), "extreme_name": _name(extreme)})


def _name(row: Estimate) -> Message:
    return Message(f"label.{row.label}")


CHECKS = (
    Check(code="MEA009", family=Family.MEASUREMENT, scope="survey", judge=_ranking),
    Check(code="MEA010", family=Family.MEASUREMENT, scope="survey", judge=_care),
    Check(code="MEA011", family=Family.MEASUREMENT, scope="survey", judge=_gaps),
    Check(code="MEA012", family=Family.MEASUREMENT, scope="survey", judge=_choices),
)
"""Checks of the instrument, in the order of a dossier."""
