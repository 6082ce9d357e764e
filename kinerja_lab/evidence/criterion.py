"""Does the indicator go with the outcomes that it claims to serve, and never against them?"""

from dataclasses import dataclass
from math import isnan
from typing import Literal

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.core.message import Message, Words
from kinerja_lab.core.options import Family, Status
from kinerja_lab.evidence.check import Answer, Case, Check
from kinerja_lab.evidence.reading import listing, need, words

__all__ = ["CHECKS", "FALSE_DISCOVERY", "NEGLIGIBLE"]

FALSE_DISCOVERY = 0.05
"""False discovery rate over all looks of a report (Benjamini & Hochberg 1995, J R Stat Soc B 57:289-300)."""

NEGLIGIBLE = 0.10
"""Correlation below which a relation has no practical weight ("small" in Cohen 1988, Statistical Power Analysis)."""

Reading = Literal["supported", "undecided", "absent", "reversed"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Look:
    """One claim with its correlation turned so that positive is the claimed direction."""

    name: Words
    rank: Estimate
    low: float
    high: float
    q: float
    units: int

    @property
    def reading(self) -> Reading:
        if self.high < 0:
            return "reversed"
        if self.high < NEGLIGIBLE:
            return "absent"
        return "supported" if self.low > 0 and self.q <= FALSE_DISCOVERY else "undecided"


def _looks(case: Case) -> list[_Look]:
    """Looks with an interval; the first reason is raised when there is none."""
    own = [look for look in case.results.looks if look.indicator == case.indicator.code]
    found = []
    for look in own:
        if isinstance(look.result, NotApplicable) or isnan(look.result.rank.low) or isnan(look.result.rank.high):
            continue
        rank, sign = look.result.rank, look.result.expected_sign
        low, high = (rank.low, rank.high) if sign > 0 else (-rank.high, -rank.low)
        found.append(_Look(name=_measure_name(case, look.criterion), rank=rank, low=low, high=high, q=look.q,
                           units=look.result.n))
    if not found:
        for look in own:
            need(look.result)
        raise NotApplicable("no_interval" if own else "no_looks")
    return found


def _measure_name(case: Case, code: str) -> Words:
    if not isinstance(case.results.outcomes, NotApplicable):
        for measure in case.results.outcomes.measures:
            if measure.code == code:
                return Words(id=measure.name, en=measure.name_en)
    return Words(id=code)


def _numbers(looks: list[_Look]) -> dict[str, float]:
    """Correlations and q-values by claim, in the order of the indicator's claims."""
    out: dict[str, float] = {"looks": len(looks)}
    for position, look in enumerate(looks, start=1):
        out |= {f"rank_{position}": look.rank.value, f"low_{position}": look.rank.low,
                f"high_{position}": look.rank.high, f"q_{position}": look.q}
    return out


def _goes_with(case: Case) -> Answer:
    """CRI001: failed when an interval leaves no more than a negligible relation in the claimed direction."""
    looks = _looks(case)
    readings = [look.reading for look in looks]
    status = Status.PASSED
    if {"absent", "reversed"} & set(readings):
        status = Status.FAILED
    elif "undecided" in readings:
        status = Status.CONCERN
    parts = [Message(f"finding_part.claim_{look.reading}", {
        "outcome": look.name, "rank": look.rank, "units": look.units}) for look in looks]
    return Answer(
        status=status, numbers=_numbers(looks),
        params={"supported": readings.count("supported"), "total": len(looks), "claims": len(case.indicator.criteria),
                "parts": listing(parts), "fdr": FALSE_DISCOVERY},
    )


def _wrong_way(case: Case) -> Answer:
    """CRI002: failed when an interval lies wholly on the other side, passed when that side is at most negligible."""
    looks = _looks(case)
    wrong = [look for look in looks if look.high < 0]
    unsure = [look for look in looks if look.high >= 0 and look.low < -NEGLIGIBLE]
    status = Status.FAILED if wrong else Status.CONCERN if unsure else Status.PASSED
    named = wrong or unsure or looks
    parts = [Message("finding_part.claim", {"outcome": look.name, "rank": look.rank, "units": look.units})
             for look in named]
    return Answer(
        status=status, numbers={**_numbers(looks), "wrong": len(wrong)},
        params={"outcomes": words(look.name for look in named), "parts": listing(parts), "total": len(looks),
                "negligible": NEGLIGIBLE},
    )


CHECKS = (
    Check(code="CRI001", family=Family.CRITERION, scope="claim", judge=_goes_with),
    Check(code="CRI002", family=Family.CRITERION, scope="claim", judge=_wrong_way),
)
"""Checks of the relation to outcomes, in the order of a dossier."""
