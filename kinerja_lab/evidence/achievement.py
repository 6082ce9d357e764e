"""Do targets and achievements hold: can the ratio be recomputed, was the target a target, does the formula decide?"""

from itertools import pairwise
from math import inf, isclose, isfinite, isnan

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.indicator import Indicator, Realisation
from kinerja_lab.core.message import Message, Words
from kinerja_lab.core.options import Family, Polarity, Status
from kinerja_lab.core.ruleset import Band, Ruleset
from kinerja_lab.drafting.achievement import Achievement
from kinerja_lab.evidence.check import Answer, Case, Check
from kinerja_lab.evidence.reading import better_by, finite, listing, words

__all__ = ["CHECKS", "FAR_ABOVE", "HIGH_ABOVE", "MIN_PERIODS", "RATIO_TOLERANCE"]

RATIO_TOLERANCE = 0.5
"""Percentage points by which a printed ratio may differ (house convention: one rounding of the printed operands)."""

MIN_PERIODS = 3
"""Periods from which a repeated coincidence of target and realisation is called a pattern (house convention)."""

HIGH_ABOVE = 150.0
"""Achievement in percent, before any cap, from which the target was too easy or mistyped (house convention)."""

FAR_ABOVE = 200.0
"""Achievement in percent beyond the highest cap in use (200): the target says nothing (house convention)."""

_SAME = 1e-9
_CAPS = (100.0, 120.0, 200.0)


def _pairs(case: Case) -> list[tuple[Realisation, Achievement | None]]:
    """Entries of the series with their achievement, ``None`` where it is undefined."""
    answers = case.results.achievements.get(case.indicator.code, ())
    if len(answers) != len(case.indicator.series):
        raise NotApplicable("no_achievements")
    return [(entry, None if isinstance(answer, NotApplicable) else answer)
            for entry, answer in zip(case.indicator.series, answers, strict=True)]


def _achieved(case: Case) -> list[Achievement]:
    found = [answer for _, answer in _pairs(case) if answer is not None]
    if not found:
        raise NotApplicable("no_achievements")
    return found


def _ratio_not_reproducible(case: Case) -> Answer:
    """ACH001: a concern when a rival formula or the uncapped ratio explains every difference, failed otherwise."""
    printed = [(entry, answer) for entry, answer in _pairs(case) if isfinite(entry.printed)]
    if not printed:
        raise NotApplicable("no_printed_ratio")
    parts, explained, largest = [], [], 0.0
    for entry, answer in printed:
        recomputed = answer.percent if answer is not None else float("nan")
        if abs(entry.printed - recomputed) <= RATIO_TOLERANCE + _SAME:
            continue
        rivals = () if answer is None else _ways_to_print(answer)
        explained.append(any(abs(entry.printed - rival) <= RATIO_TOLERANCE + _SAME for rival in rivals))
        largest = max(largest, 0.0 if isnan(recomputed) else abs(entry.printed - recomputed))
        parts.append(Message("finding_part.ratio", {
            "period": entry.period, "printed": entry.printed, "recomputed": recomputed}))
    params = {"wrong": len(parts), "total": len(printed), "parts": listing(parts), "tolerance": RATIO_TOLERANCE}
    numbers = {"wrong": len(parts), "total": len(printed), "largest_difference": largest}
    if not parts:
        return Answer(status=Status.PASSED, params=params, numbers=numbers)
    return Answer(status=Status.CONCERN if all(explained) else Status.FAILED, params=params, numbers=numbers)


def _ways_to_print(answer: Achievement) -> list[float]:
    """The achievement by every formula and with every cap or floor that is in use."""
    raw = [answer.raw, *answer.rivals.values()]
    return [*raw, *(max(0.0, value) for value in raw), *(min(value, cap) for value in raw for cap in _CAPS)]


def _realisation_is_target(case: Case) -> Answer:
    """ACH002: failed when every period coincides, a concern when at least ``MIN_PERIODS`` do."""
    known = [entry for entry in case.indicator.series if finite(entry.target, entry.realisation)]
    if len(known) < MIN_PERIODS:
        raise NotApplicable("too_few_periods", n=len(known), needed=MIN_PERIODS)
    same = [entry.period for entry in known if isclose(entry.target, entry.realisation, rel_tol=_SAME, abs_tol=_SAME)]
    params = {"same": len(same), "total": len(known), "periods": words(same)}
    status = Status.PASSED
    if len(same) >= MIN_PERIODS:
        status = Status.FAILED if len(same) == len(known) else Status.CONCERN
    return Answer(status=status, params=params, numbers={"same": len(same), "total": len(known)})


def _soft_target(case: Case) -> Answer:
    """ACH003: failed when more than half of the targets ask for less than was reached before."""
    parts, compared, reached = [], 0, float("nan")
    for entry in case.indicator.series:
        target = _best_target(case.indicator, entry)
        if finite(reached, target):
            compared += 1
            if better_by(target, than=reached, polarity=case.indicator.polarity) < -_slack(reached):
                parts.append(Message("finding_part.soft" if isfinite(entry.target) else "finding_part.soft_range", {
                    "period": entry.period, "target": target, "reached": reached}))
        if isfinite(entry.realisation):
            reached = entry.realisation
    if not compared:
        raise NotApplicable("too_few_periods", n=len(case.indicator.series), needed=2)
    params = {"soft": len(parts), "total": compared, "parts": listing(parts)}
    status = Status.PASSED
    if parts:
        status = Status.FAILED if 2 * len(parts) > compared else Status.CONCERN
    return Answer(status=status, params=params, numbers={"soft": len(parts), "total": compared})


def _best_target(indicator: Indicator, entry: Realisation) -> float:
    """A period's target; of a range its better end, NaN where there is neither."""
    ends = indicator.target_range(entry.period)
    if isfinite(entry.target) or ends is None:
        return entry.target
    return ends[0] if indicator.polarity is Polarity.MINIMISE else ends[1]


def _target_path(indicator: Indicator) -> list[tuple[str, float]]:
    """Baseline, where it lies before the first period, and the targets, as (period, value)."""
    targets = [(entry.period, _best_target(indicator, entry)) for entry in indicator.series]
    path = [(period, target) for period, target in targets if isfinite(target)]
    year = indicator.baseline_year
    if path and isfinite(indicator.baseline) and year is not None and str(year) < path[0][0]:
        path.insert(0, (str(year), indicator.baseline))
    return path


def _target_direction(case: Case) -> Answer:
    """ACH004: failed when the path ends worse than it began, a concern when only some step goes the wrong way."""
    path = _target_path(case.indicator)
    if len(path) < 2:
        raise NotApplicable("too_few_periods", n=len(path), needed=2)
    polarity = case.indicator.polarity
    steps = [period for (_, before), (period, after) in pairwise(path)
             if better_by(after, than=before, polarity=polarity) < -_slack(before)]
    gain = better_by(path[-1][1], than=path[0][1], polarity=polarity)
    params = {"first": path[0][1], "first_period": path[0][0], "last": path[-1][1], "last_period": path[-1][0],
              "wrong": len(steps), "steps": len(path) - 1, "periods": words(steps),
              "direction": Message(f"finding_part.polarity_{polarity.value}")}
    status = Status.CONCERN if steps else Status.PASSED
    if gain < -_slack(path[0][1]):
        status = Status.FAILED
    return Answer(status=status, params=params, numbers={"wrong_steps": len(steps), "gain": gain})


def _rival_category(case: Case) -> Answer:
    """ACH005: failed when the category of the latest period hangs on the formula, a concern for an earlier one."""
    scale = case.results.scale
    if scale is None or not scale.bands:
        raise NotApplicable("no_scale")
    compared = [answer for answer in _achieved(case) if isfinite(answer.raw) and _other(answer)]
    if not compared:
        raise NotApplicable("no_rival_formula")
    parts, latest = [], False
    for answer in compared:
        here = _band(answer.percent, scale)
        others = {name: _band(value, scale) for name, value in _other(answer).items()}
        differing = {name: band for name, band in others.items() if band.code != here.code}
        latest = bool(differing)
        for name, band in differing.items():
            parts.append(Message("finding_part.category", {
                "period": answer.period, "percent": answer.percent, "band": _name(here),
                "rival": _other(answer)[name], "rival_band": _name(band)}))
    params = {"parts": listing(parts), "scale": Words(id=scale.title, en=scale.title_en),
              "total": len(compared)}
    status = Status.PASSED if not parts else Status.FAILED if latest else Status.CONCERN
    return Answer(status=status, params=params, numbers={"periods": len(compared), "differing": len(parts)})


def _other(answer: Achievement) -> dict[str, float]:
    """Formulas other than the indicator's own that have an answer."""
    return {name: value for name, value in answer.rivals.items() if name != answer.formula and not isnan(value)}


def _band(percent: float, scale: Ruleset) -> Band:
    """The band of an achievement; below the scale is its lowest band, without end its highest."""
    if percent == inf:
        return scale.bands[-1]
    return scale.bands[0] if percent < scale.bands[0].lower else scale.band_of(percent)


def _name(band: Band) -> Words:
    return Words(id=band.name, en=band.name_en)


def _far_above(case: Case) -> Answer:
    """ACH006."""
    found = _achieved(case)
    parts = [Message("finding_part.above", {"period": answer.period, "percent": answer.raw})
             for answer in found if answer.raw > HIGH_ABOVE]
    top = max(answer.raw for answer in found)
    params = {"parts": listing(parts), "above": len(parts), "total": len(found), "high": HIGH_ABOVE, "far": FAR_ABOVE,
              "top": top}
    status = Status.FAILED if top > FAR_ABOVE else Status.CONCERN if parts else Status.PASSED
    return Answer(status=status, params=params, numbers={"largest_percent": top, "above": len(parts)})


def _slack(value: float) -> float:
    return _SAME * (1 + abs(value))


CHECKS = (
    Check(code="ACH001", family=Family.ACHIEVEMENT, scope="series", judge=_ratio_not_reproducible),
    Check(code="ACH002", family=Family.ACHIEVEMENT, scope="series", judge=_realisation_is_target),
    Check(code="ACH003", family=Family.ACHIEVEMENT, scope="series", judge=_soft_target),
    Check(code="ACH004", family=Family.ACHIEVEMENT, scope="series", judge=_target_direction),
    Check(code="ACH005", family=Family.ACHIEVEMENT, scope="series", judge=_rival_category),
    Check(code="ACH006", family=Family.ACHIEVEMENT, scope="series", judge=_far_above),
)
"""Checks of targets and achievements, in the order of a dossier."""
