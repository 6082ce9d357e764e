"""Is the indicator defined so that two people count alike and nobody mistakes busyness for benefit?"""

import re
from math import isnan

from kinerja_lab.core.indicator import Indicator
from kinerja_lab.core.message import Message
from kinerja_lab.core.options import Family, IndicatorLevel, Status
from kinerja_lab.evidence.check import Answer, Case, Check

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

# Nominalised directions: the goal, not the thing measured. "Pertumbuhan" and "perbaikan jalan" are things measured.
_DIRECTION = re.compile(
    r"\b(meningkat(?:nya|kan)?|menurun(?:nya|kan)?|peningkatan|penurunan|pengurangan|penambahan|berkurang(?:nya)?"
    r"|mengurangi|bertambah(?:nya)?|membaik(?:nya)?|terwujud(?:nya)?|turunnya|naiknya|increas(?:e|ed|ing)"
    r"|decreas(?:e|ed|ing)|reduc(?:tion|ed|ing)|improv(?:ement|ed|ing))\b", re.IGNORECASE)

# What staff do or attend, or money spent. Attendance of pupils is a service reached, not busyness of the office.
_STAFF = (r"(?:pegawai|asn|pns|aparatur|petugas|staf|karyawan|tenaga kesehatan|nakes|guru|dosen|staff|employees?"
          r"|officers?)")
_ACTIVITY = re.compile(
    rf"\b((?:tingkat )?kehadiran {_STAFF}|absensi(?: {_STAFF})?|jam kerja|(?:kepatuhan )?jam masuk|apel(?: pagi)?"
    rf"|disiplin {_STAFF}|indeks disiplin|jumlah (?:rapat|kegiatan|pelatihan|sosialisasi|kunjungan kerja|surat|laporan"
    r"|bimbingan teknis|bimtek|koordinasi|peserta)|(?:serapan|realisasi|penyerapan) anggaran"
    rf"|(?:staff|employee|officer) (?:attendance|discipline)|attendance of {_STAFF}|working hours"
    r"|number of (?:meetings|activities|trainings|letters|reports)|budget absorption|discipline index)\b",
    re.IGNORECASE)


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


def _review_overdue(case: Case) -> Answer:
    """DEF002."""
    indicator, today = case.indicator, case.today
    if indicator.next_review is not None and indicator.next_review < today:
        days = (today - indicator.next_review).days
        return Answer(status=Status.FAILED, numbers={"days_overdue": days},
                      params={"due": indicator.next_review, "today": today, "days": days, "owner": indicator.owner})
    if indicator.reviewed is None or indicator.reviewed > today or indicator.next_review is None:
        return Answer(status=Status.CONCERN, params={"today": today, "owner": indicator.owner})
    return Answer(status=Status.PASSED, params={"reviewed": indicator.reviewed, "due": indicator.next_review})


def _baseline_missing(case: Case) -> Answer:
    """DEF003."""
    indicator = case.indicator
    if isnan(indicator.baseline):
        return Answer(status=Status.FAILED, params={"unit": indicator.unit})
    params = {"baseline": indicator.baseline, "unit": indicator.unit}
    if indicator.baseline_year is None:
        return Answer(status=Status.CONCERN, params=params, numbers={"baseline": indicator.baseline})
    return Answer(status=Status.PASSED, params={**params, "year": str(indicator.baseline_year)},
                  numbers={"baseline": indicator.baseline})


def _direction_in_name(case: Case) -> Answer:
    """DEF004: failed when the name begins with the direction, for then it is a goal and not a measure."""
    name = case.indicator.name.strip()
    found = _DIRECTION.search(name)
    if found is None:
        return Answer(status=Status.PASSED, params={"name": name})
    status = Status.FAILED if found.start() == 0 else Status.CONCERN
    return Answer(status=status, params={"name": name, "word": found.group(0)})


def _activity_as_performance(case: Case) -> Answer:
    """DEF005: honest as an input or process indicator, a concern as output, failed as outcome."""
    indicator = case.indicator
    found = None if indicator.survey else _ACTIVITY.search(indicator.name) or _ACTIVITY.search(indicator.numerator)
    params = {"name": indicator.name, "level": _level(indicator)}
    if found is None or indicator.level in (IndicatorLevel.INPUT, IndicatorLevel.PROCESS):
        return Answer(status=Status.PASSED, params=params)
    status = Status.FAILED if indicator.level in _RESULT_LEVELS else Status.CONCERN
    return Answer(status=status, params={**params, "word": found.group(0)})


def _level(indicator: Indicator) -> Message:
    return Message(f"finding_part.level_{indicator.level.value}")


CHECKS = (
    Check(code="DEF001", family=Family.DEFINITION, scope="indicator", judge=_count_without_denominator),
    Check(code="DEF002", family=Family.DEFINITION, scope="indicator", judge=_review_overdue),
    Check(code="DEF003", family=Family.DEFINITION, scope="indicator", judge=_baseline_missing),
    Check(code="DEF004", family=Family.DEFINITION, scope="indicator", judge=_direction_in_name),
    Check(code="DEF005", family=Family.DEFINITION, scope="indicator", judge=_activity_as_performance),
)
"""Checks of the definition, in the order of a dossier."""
