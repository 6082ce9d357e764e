"""Would two people read the indicator alike, and does it name a result? One check for each rule about wording."""

from functools import partial

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import Family, Status
from kinerja_lab.drafting.wording import Draft, judge_rule, wording_params
from kinerja_lab.evidence.check import Answer, Case, Check

__all__ = ["WORDING_CHECKS", "WORDING_CODES", "judge_wording"]

WORDING_CODES = ("WRD001", "WRD002", "WRD003", "WRD004", "WRD005", "WRD006", "WRD007", "WRD008", "WRD009")
"""Codes of the checks; the rule of each has the same code."""


def judge_wording(case: Case, *, code: str) -> Answer:
    """What the rule of a code says of an indicator.

    Parameters
    ----------
    case : Case
        The indicator, and the rules in its results.
    code : str
        Code of the rule.

    Raises
    ------
    NotApplicable
        ``no_wording_rules`` where the report was made without rules, ``wording_level`` where the rule does not judge
        the indicator's level (an activity is an honest process indicator).
    """
    if case.results.wording is None:
        raise NotApplicable("no_wording_rules")
    draft, rule = Draft.of(case.indicator), case.results.wording.rule(code)
    if draft.level not in (*rule.failed_at, *rule.concern_at):
        raise NotApplicable("wording_level", level=wording_params(draft)["level"])
    hit = judge_rule(draft, rule=rule)
    if hit is None:
        return Answer(status=Status.PASSED, params=wording_params(draft))
    return Answer(status=hit.status, params=hit.message.params)


def _check(code: str) -> Check:
    return Check(code=code, family=Family.DEFINITION, scope="indicator", judge=partial(judge_wording, code=code))


WORDING_CHECKS = tuple(_check(code) for code in WORDING_CODES)
"""Checks of the wording, in the order of a dossier."""
