"""Is the indicator defined so that two people count alike and nobody mistakes busyness for benefit?"""

import re
from functools import partial
from math import isnan

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.indicator import Indicator
from kinerja_lab.core.message import Message
from kinerja_lab.core.options import Family, IndicatorLevel, Status
from kinerja_lab.evidence.check import Answer, Case, Check
from kinerja_lab.evidence.wording import judge_wording

__all__ = ["CHECKS"]

_RESULT_LEVELS = (IndicatorLevel.OUTCOME, IndicatorLevel.IMPACT)

_COUNT = re.compile(r"\b(jumlah|banyaknya|number of|count of)\b", re.IGNORECASE)
_COUNT_UNITS = frozenset({
    "orang", "jiwa", "kali", "dokumen", "kegiatan", "laporan", "berkas", "paket", "buah", "unit", "pasien", "peserta",
    "siswa", "kasus", "kejadian", "layanan", "persons", "people", "documents", "activities", "reports", "patients",
    "cases", "events",
})
_DIVIDED = re.compile(r"/|\s:\s|%|\bdibagi\b|\bdivided by\b|\brata-rata\b|\bmedian\b|\bmean\b|\baverage\b"
                      r"|\bpersentase\b|\bpersen\b|\bpercent\b|\brasio\b|\bratio\b|\bper\b", re.IGNORECASE)
# "per year" says how often it is counted, "and/or" is prose: neither is a denominator.
_NO_DIVISION = re.compile(r"\bdan/atau\b|\band/or\b|(?:\bper\b|/)\s*(?:tahun|bulan|hari|minggu|triwulan|semester"
                          r"|year|month|day|week|quarter)\b", re.IGNORECASE)


def _plain_count(indicator: Indicator) -> bool:
    """Whether the value is a count that nothing divides."""
    if indicator.survey or indicator.denominator.strip():
        return False
    text = f"{indicator.name} {indicator.numerator}"
    counted = bool(_COUNT.search(text)) or indicator.unit.strip().casefold() in _COUNT_UNITS
    return counted and not _DIVIDED.search(_NO_DIVISION.sub(" ", f"{text} {indicator.unit}"))


def _count_without_denominator(case: Case) -> Answer:
    """DEF001."""
    indicator = case.indicator
    params = {"name": indicator.name, "numerator": indicator.numerator, "level": _level(indicator)}
    if not _plain_count(indicator):
        return Answer(status=Status.PASSED, params=params)
    failed = indicator.level in _RESULT_LEVELS
    return Answer(status=Status.FAILED if failed else Status.CONCERN, params=params)


def _defined(case: Case) -> Indicator:
    """The indicator, unless it comes from a table that has no place for what is asked."""
    if case.indicator.table_only:
        raise NotApplicable("plan_table_has_no_definition")
    return case.indicator


def _review_overdue(case: Case) -> Answer:
    """DEF002."""
    indicator, today = _defined(case), case.today
    if indicator.next_review is not None and indicator.next_review < today:
        days = (today - indicator.next_review).days
        return Answer(status=Status.FAILED, numbers={"days_overdue": days},
                      params={"due": indicator.next_review, "today": today, "days": days, "owner": indicator.owner})
    if indicator.reviewed is None or indicator.reviewed > today or indicator.next_review is None:
        return Answer(status=Status.CONCERN, params={"today": today, "owner": indicator.owner})
    return Answer(status=Status.PASSED, params={"reviewed": indicator.reviewed, "due": indicator.next_review})


def _baseline_missing(case: Case) -> Answer:
    """DEF003."""
    indicator = _defined(case)
    if isnan(indicator.baseline):
        return Answer(status=Status.FAILED, params={"unit": indicator.unit})
    params = {"baseline": indicator.baseline, "unit": indicator.unit}
    if indicator.baseline_year is None:
        return Answer(status=Status.CONCERN, params=params, numbers={"baseline": indicator.baseline})
    return Answer(status=Status.PASSED, params={**params, "year": str(indicator.baseline_year)},
                  numbers={"baseline": indicator.baseline})


def _level(indicator: Indicator) -> Message:
    return Message(f"finding_part.level_{indicator.level.value}")


CHECKS = (
    Check(code="DEF001", family=Family.DEFINITION, scope="indicator", judge=_count_without_denominator),
    Check(code="DEF002", family=Family.DEFINITION, scope="indicator", judge=_review_overdue),
    Check(code="DEF003", family=Family.DEFINITION, scope="indicator", judge=_baseline_missing),
    Check(code="DEF004", family=Family.DEFINITION, scope="indicator", judge=partial(judge_wording, code="DEF004")),
    Check(code="DEF005", family=Family.DEFINITION, scope="indicator", judge=partial(judge_wording, code="DEF005")),
)
"""Checks of the definition, in the order of a dossier."""
