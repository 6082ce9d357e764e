"""Do the plan's numbers agree with each other, and were they measured at all?"""

from itertools import pairwise
from math import isfinite

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.indicator import Indicator, Realisation
from kinerja_lab.core.message import Message, Words
from kinerja_lab.core.options import Family, Polarity, Status
from kinerja_lab.drafting.targets import (
    Quantity,
    Statement,
    conflicts,
    constant_value,
    equal_ended_ranges,
    overwritten,
    path_of,
    same_measure,
    statements_of,
    suspicious_zeros,
    value_of,
)
from kinerja_lab.evidence.check import Answer, Case, Check
from kinerja_lab.evidence.reading import better_by, listing, words

__all__ = ["MIN_SAME", "TARGET_CHECKS"]

MIN_SAME = 3
"""Periods from which a realisation that never moves, or a zero among values, is a pattern (house convention)."""

_PERCENT = ("%", "persen", "percent")
_SAME = 1e-9


def _contradicted(case: Case) -> Answer:
    """TGT001: failed when two places print different numbers, or the baseline is not that year's realisation."""
    indicator = case.indicator
    stated = statements_of(case.results.statements, indicator=indicator)
    own = _baseline_year(indicator)
    if len(stated) < 2 and own is None:
        raise NotApplicable("nothing_to_compare")
    found = conflicts(stated)
    parts = [Message("finding_part.conflict" if item.period else "finding_part.conflict_undated", {
        "quantity": Message(f"finding_part.quantity_{item.quantity.value}"), "period": item.period,
        "places": words(f"{one.text} ({one.place})" for one in item.statements)}) for item in found]
    # A baseline that differs from its year's realisation is certain; where it is that year's target, we can say why.
    if own is not None and abs(own.realisation - indicator.baseline) > _SAME * (1 + abs(indicator.baseline)):
        is_target = isfinite(own.target) and abs(own.target - indicator.baseline) <= _SAME * (1 + abs(own.target))
        parts.append(Message("finding_part.baseline_is_target" if is_target else "finding_part.baseline_differs", {
            "baseline": indicator.baseline, "realisation": own.realisation, "period": own.period}))
    params = {"parts": listing(parts), "n": len(parts), "places": len(stated)}
    return Answer(status=Status.FAILED if parts else Status.PASSED, params=params, numbers={"conflicts": len(parts)})


def _baseline_year(indicator: Indicator) -> Realisation | None:
    """The series entry of the baseline's year, where both are numbers."""
    if indicator.baseline_year is None or not isfinite(indicator.baseline):
        return None
    return next((entry for entry in indicator.series if entry.period == str(indicator.baseline_year)
                 and isfinite(entry.realisation)), None)


def _overwritten(case: Case) -> Answer:
    """TGT002."""
    known = [entry for entry in case.indicator.series if isfinite(entry.printed) and isfinite(entry.realisation)]
    if not known:
        raise NotApplicable("no_printed_ratio")
    found = overwritten(known)
    parts = [Message("finding_part.overwritten", {"period": entry.period, "value": entry.realisation,
                                                  "printed": entry.printed}) for entry in found]
    params = {"parts": listing(parts), "n": len(found), "total": len(known)}
    return Answer(status=Status.FAILED if found else Status.PASSED, params=params,
                  numbers={"overwritten": len(found), "total": len(known)})


def _constant(case: Case) -> Answer:
    """TGT003: failed when it stands at 100 per cent, the top of the scale; a concern at any other value."""
    known = [entry for entry in case.indicator.series if isfinite(entry.realisation)]
    if len(known) < MIN_SAME:
        raise NotApplicable("too_few_periods", n=len(known), needed=MIN_SAME)
    value = constant_value(known, at_least=MIN_SAME)
    params = {"value": 0.0 if value is None else value, "n": len(known), "unit": case.indicator.unit}
    if value is None:
        return Answer(status=Status.PASSED, params=params)
    at_top = case.indicator.unit.strip().casefold() in _PERCENT and abs(value - 100) <= _SAME * 100
    return Answer(status=Status.FAILED if at_top else Status.CONCERN, params=params, numbers={"value": value})


def _unit_differs(case: Case) -> Answer:
    """TGT004."""
    others = [peer for peer in case.results.peers if peer != case.indicator]
    if not others:
        raise NotApplicable("no_peers")
    found = same_measure(others, indicator=case.indicator)
    params = {"unit": case.indicator.unit, "n": len(found),
              "others": words(Words(id=f"{peer.name}: {peer.unit}", en=f"{peer.name_en or peer.name}: {peer.unit}")
                              for peer in found)}
    return Answer(status=Status.CONCERN if found else Status.PASSED, params=params, numbers={"others": len(found)})


def _equal_ends(case: Case) -> Answer:
    """TGT005."""
    stated = statements_of(case.results.statements, indicator=case.indicator)
    if not stated:
        raise NotApplicable("no_statements")
    found = equal_ended_ranges(stated)
    params = {"n": len(found), "places": words(f"\"{item.text}\" ({item.place})" for item in found)}
    return Answer(status=Status.CONCERN if found else Status.PASSED, params=params, numbers={"ranges": len(found)})


def _zeros(case: Case) -> Answer:
    """TGT006: a concern, for where lower is better a zero may be the best news of all."""
    known = [entry for entry in case.indicator.series if isfinite(entry.realisation)]
    if len(known) < MIN_SAME + 1:
        raise NotApplicable("too_few_periods", n=len(known), needed=MIN_SAME + 1)
    found = suspicious_zeros(known, at_least=MIN_SAME)
    others = [entry.realisation for entry in known if entry.realisation != 0]
    params = {"n": len(found), "periods": words(entry.period for entry in found),
              "low": min(others, default=0.0), "high": max(others, default=0.0)}
    lower_is_better = case.indicator.polarity is Polarity.MINIMISE
    status = Status.PASSED if not found else Status.CONCERN if lower_is_better else Status.FAILED
    return Answer(status=status, params=params, numbers={"zeros": len(found)})


def _stated_direction(case: Case) -> Answer:
    """TGT007: failed when a printed row of targets ends worse than it began, a concern when only some step does."""
    indicator = case.indicator
    stated = statements_of(case.results.statements, indicator=indicator)
    rows = [item for item in stated if item.quantity is Quantity.TARGET_PATH]
    start = _one_baseline(stated)
    paths = [(item, [*start, *path_of(item.text)]) for item in rows]
    paths = [(item, [value.low for value in path]) for item, path in paths if len(path) > 1]
    if not paths:
        raise NotApplicable("no_target_path")
    worse, steps = [], []
    for item, path in paths:
        if better_by(path[-1], than=path[0], polarity=indicator.polarity) < -_SAME * (1 + abs(path[0])):
            worse.append(item)
        elif any(better_by(after, than=before, polarity=indicator.polarity) < -_SAME * (1 + abs(before))
                 for before, after in pairwise(path)):
            steps.append(item)
    found = worse or steps
    params = {"paths": words(_path_text(item, stated, bool(start)) for item in found or rows), "n": len(found),
              "direction": Message(f"finding_part.polarity_{indicator.polarity.value}")}
    status = Status.FAILED if worse else Status.CONCERN if steps else Status.PASSED
    return Answer(status=status, params=params, numbers={"worse": len(worse), "steps": len(steps)})


def _one_baseline(stated: tuple[Statement, ...]) -> list:
    """The stated baseline, where all places agree on it."""
    values = [value_of(item.text) for item in stated if item.quantity is Quantity.BASELINE]
    return values[:1] if len({(value.low, value.high) for value in values}) == 1 else []


def _path_text(item: Statement, stated: tuple[Statement, ...], with_start: bool) -> str:
    start = next((f"({one.text}) → " for one in stated if one.quantity is Quantity.BASELINE), "") if with_start else ""
    return f"{start}{' → '.join(part.strip() for part in item.text.split(';'))} ({item.place})"


TARGET_CHECKS = (
    Check(code="TGT001", family=Family.ACHIEVEMENT, scope="indicator", judge=_contradicted),
    Check(code="TGT002", family=Family.ACHIEVEMENT, scope="series", judge=_overwritten),
    Check(code="TGT003", family=Family.ACHIEVEMENT, scope="series", judge=_constant),
    Check(code="TGT004", family=Family.ACHIEVEMENT, scope="indicator", judge=_unit_differs),
    Check(code="TGT005", family=Family.ACHIEVEMENT, scope="indicator", judge=_equal_ends),
    Check(code="TGT006", family=Family.ACHIEVEMENT, scope="series", judge=_zeros),
    Check(code="TGT007", family=Family.ACHIEVEMENT, scope="indicator", judge=_stated_direction),
)
"""Checks of targets and stated numbers, in the order of a dossier."""
