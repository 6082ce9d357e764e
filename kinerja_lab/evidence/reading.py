"""How are results read: which part of an interval decides, what is unreadable, how is a list put into a sentence?"""

from collections.abc import Iterable, Sequence
from math import isfinite, isnan
from typing import TypeVar

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.indicator import Indicator
from kinerja_lab.core.message import Message, Words
from kinerja_lab.core.options import Polarity, Status
from kinerja_lab.evidence.results import SurveyResults

__all__ = [
    "at_least", "at_most", "better_by", "element_words", "finite", "listing", "need", "need_interval", "need_rows",
    "target_step", "words", "worst",
]

Result = TypeVar("Result")

_LONGEST = 6
_LONGEST_NAME = 60
_SEVERITY = {Status.PASSED: 0, Status.CONCERN: 1, Status.FAILED: 2}


def need(result: Result | NotApplicable) -> Result:
    """The result, or its reason raised.

    Parameters
    ----------
    result : a result or NotApplicable
        As it stands in ``RegionResults``.

    Raises
    ------
    NotApplicable
        The reason that stands where the result would have stood.
    """
    if isinstance(result, NotApplicable):
        _, code = result.message.code.split(".", 1)
        # A new one: the stored reason is shared by many checks and must not collect their tracebacks.
        raise NotApplicable(code, **result.message.params)
    return result


def need_interval(result: Estimate | NotApplicable) -> Estimate:
    """The estimate, if there is an interval that can decide.

    Parameters
    ----------
    result : Estimate or NotApplicable
        As it stands in ``RegionResults``.

    Raises
    ------
    NotApplicable
        ``no_interval`` when the value or an end of the interval is missing.
    """
    estimate = need(result)
    if isnan(estimate.value) or isnan(estimate.low) or isnan(estimate.high):
        raise NotApplicable("no_interval")
    return estimate


def need_rows(result: EstimateTable | NotApplicable, *, leave_out: Sequence[str] = ()) -> tuple[Estimate, ...]:
    """Rows whose interval can decide.

    Parameters
    ----------
    result : EstimateTable or NotApplicable
        As it stands in ``RegionResults``.
    leave_out : sequence of str
        Labels that are not judged.

    Raises
    ------
    NotApplicable
        ``no_interval`` when no row is left.
    """
    rows = tuple(row for row in need(result).estimates()
                 if row.label not in leave_out and not (isnan(row.value) or isnan(row.low) or isnan(row.high)))
    if not rows:
        raise NotApplicable("no_interval")
    return rows


def at_least(estimate: Estimate, threshold: float) -> Status:
    """Whether a number reaches a threshold: only the whole interval on one side decides.

    Parameters
    ----------
    estimate : Estimate
        With an interval.
    threshold : float
        In the unit of the estimate.

    Examples
    --------
    >>> alpha = Estimate(label="alpha", value=0.75, low=0.68, high=0.81, n=90, method="Feldt")
    >>> at_least(alpha, 0.70).value
    'concern'
    """
    if estimate.low >= threshold:
        return Status.PASSED
    return Status.FAILED if estimate.high < threshold else Status.CONCERN


def at_most(estimate: Estimate, threshold: float, *, failed_above: float | None = None) -> Status:
    """Whether a number stays under a threshold.

    Parameters
    ----------
    estimate : Estimate
        With an interval.
    threshold : float
        Passed when the whole interval is at or below it.
    failed_above : float or None
        Failed when the whole interval is above it; ``None`` means the same threshold.
    """
    if estimate.high <= threshold:
        return Status.PASSED
    limit = threshold if failed_above is None else failed_above
    return Status.FAILED if estimate.low > limit else Status.CONCERN


def worst(statuses: Iterable[Status]) -> Status:
    """The most serious of some statuses; passed when there are none.

    Parameters
    ----------
    statuses : iterable of Status
        Passed, concern or failed.
    """
    return max(statuses, key=_SEVERITY.__getitem__, default=Status.PASSED)


def better_by(value: float, *, than: float, polarity: Polarity) -> float:
    """How much better a value is than another; negative when it is worse.

    Parameters
    ----------
    value, than : float
        In the unit of the indicator.
    polarity : Polarity
        Which way is better.

    Raises
    ------
    NotApplicable
        ``polarity_stabilise`` where neither up nor down is better.

    Examples
    --------
    >>> better_by(3.0, than=5.0, polarity=Polarity.MINIMISE)
    2.0
    """
    if polarity is Polarity.STABILISE:
        raise NotApplicable("polarity_stabilise")
    return value - than if polarity is Polarity.MAXIMISE else than - value


def target_step(indicator: Indicator, period: str) -> tuple[float, float, float]:
    """Size of the latest promised change up to a period, and the two values it lies between.

    Parameters
    ----------
    indicator : Indicator
        With its targets.
    period : str
        Year of the report; empty takes all targets.

    Raises
    ------
    NotApplicable
        ``no_target_step`` when the targets promise no change.
    """
    path = [entry.target for entry in indicator.series
            if isfinite(entry.target) and (not period or entry.period <= period)]
    if len(path) == 1 and isfinite(indicator.baseline):
        path.insert(0, indicator.baseline)
    if len(path) < 2 or path[-1] == path[-2]:
        raise NotApplicable("no_target_step")
    return abs(path[-1] - path[-2]), path[-2], path[-1]


def words(names: Iterable[Words | str], *, most: int = _LONGEST) -> Words | Message:
    """Names as one list for a sentence, with "and n others" when it is long.

    Parameters
    ----------
    names : iterable of Words or str
        In the order in which they are named.
    most : int
        Names written out, at least 1.
    """
    pairs = [name if isinstance(name, Words) else Words(id=name) for name in names]
    shown = pairs[:most]
    text = Words(id=", ".join(name.of("id") for name in shown), en=", ".join(name.of("en") for name in shown))
    if len(pairs) > len(shown):
        return Message("finding_part.and_others", {"names": text, "n": len(pairs) - len(shown)})
    return text


def listing(parts: Sequence[Message], *, most: int = _LONGEST) -> Message | str:
    """Messages as one list for a sentence, with "and n others" when it is long.

    Parameters
    ----------
    parts : sequence of Message
        In the order in which they are named.
    most : int
        Messages written out, at least 1.
    """
    if not parts:
        return ""
    shown = list(parts[:most])
    text = shown[-1]
    for part in reversed(shown[:-1]):
        text = Message("finding_part.then", {"first": part, "rest": text})
    if len(parts) > most:
        return Message("finding_part.and_others", {"names": text, "n": len(parts) - most})
    return text


def element_words(codes: Iterable[str], *, survey: SurveyResults) -> Words | Message:
    """Names of items for a sentence: as the ruleset calls the element, else a short item text, else the code.

    Parameters
    ----------
    codes : iterable of str
        Item codes.
    survey : SurveyResults
        Its ruleset names the elements; where it does not, the wording of the instrument stands in.
    """
    names = {item.code: Words(id=item.text, en=item.text_en) for item in survey.survey.instrument.items
             if len(item.text) <= _LONGEST_NAME}
    names |= {element.code: Words(id=element.name, en=element.name_en) for element in survey.ruleset.elements}
    return words(names.get(code, Words(id=code)) for code in codes)


def finite(*values: float) -> bool:
    """Whether all values are numbers, neither missing nor endless.

    Parameters
    ----------
    *values : float
        Any.
    """
    return all(isfinite(value) for value in values)
