"""What is a check: one question about an indicator, with a stable code and one answer?"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.finding import Finding
from kinerja_lab.core.indicator import Indicator
from kinerja_lab.core.message import Message
from kinerja_lab.core.options import Family, Status
from kinerja_lab.evidence.reading import need
from kinerja_lab.evidence.results import RegionResults

__all__ = ["Answer", "Case", "Check", "Scope"]

Scope = Literal["indicator", "survey", "outcome", "series", "claim"]
"""What a check needs of an indicator: nothing but its definition, that its value is the survey index, that an outcome
measure holds its values, that it has targets and realisations, or that it claims to go with an outcome."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One indicator, all that was computed for the region, and the day on which it is judged.

    Parameters
    ----------
    indicator : Indicator
        The indicator judged.
    results : RegionResults
        Everything computed for the report.
    today : datetime.date
        Review dates are compared with it; never read from the clock here.
    """

    indicator: Indicator
    results: RegionResults
    today: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a check says, before it is a finding.

    Parameters
    ----------
    status : Status
        Passed, concern or failed.
    params : mapping of str to object
        Values for the sentence and for the advice.
    numbers : mapping of str to float
        The numbers behind the sentence, unrounded.
    """

    status: Status
    params: Mapping[str, object] = field(default_factory=dict)
    numbers: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One question with a stable code.

    Parameters
    ----------
    code : str
        E.g. ``"MEA001"``: the sentences stand under ``finding.<code>``, the manual page is ``docs/checks/<code>.md``.
    family : Family
        Where it stands in the dossier.
    scope : Scope
        What it needs of the indicator; an indicator without it gets "not applicable" with that reason.
    judge : callable
        Takes the ``Case`` and gives the ``Answer``; raises ``NotApplicable`` where it has none.
    """

    code: str
    family: Family
    scope: Scope
    judge: Callable[[Case], Answer]

    def run(self, case: Case) -> Finding:
        """The finding for a case; ``NotApplicable`` becomes a status, any other error is a fault and is not hidden.

        Parameters
        ----------
        case : Case
            The indicator and the results.
        """
        try:
            _require_scope(self.scope, case)
            answer = self.judge(case)
        except NotApplicable as reason:
            return Finding(code=self.code, family=self.family, status=Status.NOT_APPLICABLE, message=reason.message)
        advice = None
        if answer.status in (Status.CONCERN, Status.FAILED):
            advice = Message(f"advice.{self.code}.text", answer.params)
        return Finding(
            code=self.code, family=self.family, status=answer.status, advice=advice,
            message=Message(f"finding.{self.code}.{answer.status.value}", answer.params),
            numbers={name: float(value) for name, value in answer.numbers.items()},
        )


def _require_scope(scope: Scope, case: Case) -> None:
    indicator, results = case.indicator, case.results
    if scope == "survey":
        if not indicator.survey:
            raise NotApplicable("not_survey_indicator")
        need(results.survey)
    elif scope == "outcome":
        if not indicator.measure:
            raise NotApplicable("not_outcome_indicator")
        need(results.outcomes)
    elif scope == "series" and not indicator.series:
        raise NotApplicable("no_series")
    elif scope == "claim" and not indicator.criteria:
        raise NotApplicable("no_criteria")
