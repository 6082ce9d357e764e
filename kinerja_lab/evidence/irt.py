"""Is the questionnaire fair to all groups, does unfairness reach the published number, and where does it measure?"""

from math import isnan

import numpy as np

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.message import Message
from kinerja_lab.core.options import Family, Status
from kinerja_lab.core.ruleset import Ruleset
from kinerja_lab.evidence.check import Answer, Case, Check
from kinerja_lab.evidence.irt_results import FairnessResults, GroupLook
from kinerja_lab.evidence.reading import at_least, element_words, listing, need, need_interval, worst
from kinerja_lab.psychometrics.dif_published import ALL_ITEMS

__all__ = ["CHECKS", "DIFFERENCE_SHARE", "MEASURED_SHARE", "RANK_SHARE"]

DIFFERENCE_SHARE = 1 / 15
"""Share of the answer scale that groups may differ by at equal satisfaction: 0.2 point of 1 to 4 (house convention)."""

RANK_SHARE = 0.10
"""Share of the list by which a unit may move (at least two places; house convention)."""

MEASURED_SHARE = 0.50
"""Share of respondents whose place on the scale should be known with reliability 0.70 (house convention)."""

_LEAST_MOVE = 2


def _fair(case: Case) -> Answer:
    """MEA013."""
    fairness, survey = need(case.results.fairness), case.results.survey
    looks = _looks(fairness)
    limit, named, statuses, largest = DIFFERENCE_SHARE * fairness.scale_width, [], [], 0.0
    for look in looks:
        status, items, most = _unlike(look, limit)
        statuses.append(status)
        largest = max(largest, most)
        if items:
            named.append(Message("finding_part.unlike", {
                "groups": _column(look), "items": element_words(items, survey=survey), "largest": most}))
    status = worst(statuses)
    return Answer(status=status, numbers={"largest": largest, "looks": len(looks)}, params={
        "groups": listing([_column(look) for look in looks]), "limit": limit, "n": max(look.dif.n for look in looks),
        "what": listing(named) if named else Message("finding_part.unlike_none")})


def _unlike(look: GroupLook, limit: float) -> tuple[Status, list[str], float]:
    """How an element that was flagged differs between groups: only the whole interval decides."""
    status, items, most = Status.PASSED, [], 0.0
    for code in look.dif.flagged:
        rows = look.dif.effects.frame
        own = rows[rows["item"] == code]
        inside = (own["high"] <= limit) & (own["low"] >= -limit)
        beyond = (own["low"] > limit) | (own["high"] < -limit)
        if beyond.any():
            status = Status.FAILED
        elif not inside.all() and status is Status.PASSED:
            status = Status.CONCERN
        if not inside.all():
            items.append(code)
            most = max(most, float(own["value"].abs().max()))
    return status, items, most


def _published(case: Case) -> Answer:
    """MEA014."""
    fairness, survey = need(case.results.fairness), case.results.survey
    statuses, named, grades, moved, largest = [], [], 0, 0, 0.0
    for look in _looks(fairness):
        if isinstance(look.published, NotApplicable):
            if look.published.message.code == "not_applicable.no_flagged_items":
                statuses.append(Status.PASSED)
            continue
        status, found = _moves(look, survey.ruleset)
        statuses.append(status)
        grades, moved = max(grades, found["grades"]), max(moved, found["moved"])
        largest = max(largest, found["largest"])
        if status is not Status.PASSED:
            named.append(Message("finding_part.published", {"groups": _column(look), **found}))
    if not statuses:
        raise next(look.published for look in fairness.looks if isinstance(look.published, NotApplicable))
    return Answer(status=worst(statuses), numbers={"grades": grades, "moved": moved, "largest": largest}, params={
        "what": listing(named) if named else Message("finding_part.published_none"), "largest": largest,
        "moved": moved, "unit_word": case.results.setting.unit_word})


def _moves(look: GroupLook, rule: Ruleset) -> tuple[Status, dict]:
    """Units whose letter or rank is another one without the effects; a letter is sure when both ends agree on it."""
    units, change = look.published.units, look.published.change.frame
    own, ends = units[units["item"] == ALL_ITEMS], change[change["item"] == ALL_ITEMS]
    other = own["grade"] != own["grade_without"]
    sure = other.to_numpy().copy()
    for end in ("low", "high"):
        index = own["index"].to_numpy() + ends[end].to_numpy()
        letters = np.array([_letter(rule, value) for value in index])
        sure &= (letters != "") & (letters != own["grade"].to_numpy())
    step = int((own["rank"] - own["rank_without"]).abs().max())
    far = step >= max(_LEAST_MOVE, RANK_SHARE * len(own))
    status = Status.FAILED if sure.any() else Status.CONCERN if other.any() or far else Status.PASSED
    return status, {"grades": int(other.sum()), "moved": step, "units": len(own),
                    "largest": float(ends["value"].abs().max())}


def _letter(rule: Ruleset, value: float) -> str:
    """The letter of an index; empty where there is none to give."""
    return rule.band_of(max(value, rule.bands[0].lower)).code if rule.bands and not isnan(value) else ""


def _reach(case: Case) -> Answer:
    """MEA015."""
    fairness = need(case.results.fairness)
    measured, above = need_interval(fairness.measured), need_interval(fairness.above)
    reliability = need(fairness.reliability)
    return Answer(
        status=at_least(measured, MEASURED_SHARE),
        numbers={"measured": measured.value, "low": measured.low, "high": measured.high, "above": above.value},
        params={"measured": measured, "enough": MEASURED_SHARE, "above": above, "reliability": reliability.value,
                "n": measured.n})


def _looks(fairness: FairnessResults) -> tuple[GroupLook, ...]:
    """Looks with an answer, or the reason of the first without."""
    if fairness.judged:
        return fairness.judged
    reasons = [look.dif for look in fairness.looks if isinstance(look.dif, NotApplicable)]
    if reasons:
        need(reasons[0])
    raise NotApplicable("no_groups")


def _column(look: GroupLook) -> Message:
    return Message(f"group_column.{look.column}")


CHECKS = (
    Check(code="MEA013", family=Family.MEASUREMENT, scope="survey", judge=_fair),
    Check(code="MEA014", family=Family.MEASUREMENT, scope="survey", judge=_published),
    Check(code="MEA015", family=Family.MEASUREMENT, scope="survey", judge=_reach),
)
"""Checks of fairness and reach, in the order of a dossier."""
