"""What may be said of a unit, a grade, a change or a target, given how sure the numbers are?"""

from collections.abc import Mapping
from math import isfinite, isnan, sqrt

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.message import Message
from kinerja_lab.core.options import Family, Polarity, Status
from kinerja_lab.evidence.check import Answer, Case, Check
from kinerja_lab.evidence.criterion import FALSE_DISCOVERY
from kinerja_lab.evidence.reading import need, need_interval, target_step, words
from kinerja_lab.profiling.funnel import Funnel

__all__ = ["CHECKS", "GRADE_LIKELY", "GRADE_SURE", "funnel_looks"]

GRADE_SURE = 0.90
"""Probability of the printed grade from which it is called certain (house convention)."""

GRADE_LIKELY = 0.50
"""Probability below which another grade, or the others together, are likelier than the printed one."""


def funnel_looks(funnels: Mapping[str, Funnel | NotApplicable]) -> tuple[int, int, int]:
    """Values of units that the funnels of a report looked at, flags among them, and flags that hold after all looks.

    Parameters
    ----------
    funnels : mapping of str to (Funnel or NotApplicable)
        From ``flags_together``.
    """
    drawn = [found for found in funnels.values() if isinstance(found, Funnel)]
    return (max((found.looks for found in drawn), default=0), sum(len(found.flags) for found in drawn),
            sum(len(found.kept_flags(FALSE_DISCOVERY)) for found in drawn))


def _outside_funnel(case: Case) -> Answer:
    """PRO001: failed when a unit on the worse side holds after all looks; small units are counted, never named."""
    found = need(case.results.funnels.get(case.indicator.measure, NotApplicable("no_funnel")))
    polarity = case.results.outcomes.measure(case.indicator.measure).polarity
    sizes = found.units.frame.set_index("unit")["n"].to_dict()
    below, known = case.results.setting.suppress_below, case.results.unit_names
    worse_side = {Polarity.MAXIMISE: "low", Polarity.MINIMISE: "high"}.get(polarity)
    held = {unit for unit, _, _ in found.kept_flags(FALSE_DISCOVERY)}
    sides = {str(unit): "worse" if worse_side in (side, None) else "better" for unit, side, _ in found.flags}
    groups = {name: [unit for unit, side in sides.items() if side == name and unit in held]
              for name in ("worse", "better")} | {"maybe": [unit for unit in sides if unit not in held]}
    shown = {name: _names([known.get(unit, unit) for unit in group if sizes.get(unit, 0) >= below])
             for name, group in groups.items()}
    looks, flags, kept = funnel_looks(case.results.funnels)
    counts = {name: len(groups[name]) for name in ("worse", "better")}
    after = Message("finding_part.funnel_looks", {
        "looks": looks, "flags": flags, "kept": kept, "fdr": FALSE_DISCOVERY})
    if groups["maybe"]:
        after = Message("finding_part.funnel_maybe", {"maybe": shown["maybe"], "looks": after})
    what = after if sides and not held else Message("finding_part.funnel", {
        "worse": shown["worse"], "better": shown["better"], "looks": after})
    status = Status.FAILED if counts["worse"] else Status.CONCERN if sides else Status.PASSED
    outside = {name: sum(side == name for side in sides.values()) for name in ("worse", "better")}
    return Answer(
        status=status, params={"units": len(found.units), **counts, "what": what},
        numbers={**outside, "worse_kept": counts["worse"], "better_kept": counts["better"], "looks": looks,
                 "phi": found.phi, "tau2": found.tau2})


def _names(units: list[str]) -> Message | object:
    return words(units) if units else Message("finding_part.nobody")


def _grade_uncertain(case: Case) -> Answer:
    """PRO002."""
    survey = case.results.survey
    grades = need(survey.grades).frame
    if not survey.ruleset.bands:
        raise NotApplicable("no_grades", ruleset=survey.ruleset.title)
    if isnan(survey.index.value):
        raise NotApplicable("no_index")
    printed = survey.ruleset.band_of(survey.index.value)
    chances = {str(label): float(value) for label, value in zip(grades["label"], grades["value"], strict=True)
               if isfinite(value)}
    if printed.code not in chances:
        raise NotApplicable("no_interval")
    chance = chances.pop(printed.code)
    rival = max(chances, key=chances.__getitem__, default="")
    params = {"index": survey.index, "grade": printed.code, "chance": chance, "sure": GRADE_SURE, "rival": rival,
              "rival_chance": chances.get(rival, 0.0)}
    status = Status.PASSED if chance >= GRADE_SURE else Status.CONCERN if chance >= GRADE_LIKELY else Status.FAILED
    return Answer(status=status, params=params,
                  numbers={"index": survey.index.value, "probability": chance})


def _change_is_noise(case: Case) -> Answer:
    """PRO003: failed only when the fall is certain; an interval that holds zero allows no claim either way."""
    change, setting = need_interval(case.results.survey.change), case.results.setting
    status = Status.CONCERN
    if change.low > 0:
        status = Status.PASSED
    elif change.high < 0:
        status = Status.FAILED
    return Answer(
        status=status, params={"change": change, "previous": setting.previous, "period": setting.period},
        numbers={"change": change.value, "low": change.low, "high": change.high},
    )


def _target_too_fine(case: Case) -> Answer:
    """PRO004: compares the yearly step of the target with the half width of the interval of a change."""
    survey, setting = case.results.survey, case.results.setting
    step, before, after = target_step(case.indicator, setting.period)
    measured = not isinstance(survey.change, NotApplicable) and isfinite(survey.change.low)
    if measured:
        width = (survey.change.high - survey.change.low) / 2
    else:
        # Two surveys as large as this one: their errors add up in squares.
        index = need_interval(survey.index)
        width = sqrt(2) * (index.high - index.low) / 2
    status = Status.PASSED
    if step < width:
        status = Status.FAILED if measured else Status.CONCERN
    return Answer(status=status, params={"step": step, "width": width, "before": before, "after": after},
                  numbers={"step": step, "half_width": width})


CHECKS = (
    Check(code="PRO001", family=Family.PROFILE, scope="outcome", judge=_outside_funnel),
    Check(code="PRO002", family=Family.PROFILE, scope="survey", judge=_grade_uncertain),
    Check(code="PRO003", family=Family.PROFILE, scope="survey", judge=_change_is_noise),
    Check(code="PRO004", family=Family.PROFILE, scope="survey", judge=_target_too_fine),
)
"""Checks of what may be said of units, grades and changes, in the order of a dossier."""
