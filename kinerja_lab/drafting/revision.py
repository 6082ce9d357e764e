"""What changed between two versions of an indicator, and can values before and after still be compared?"""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum

from kinerja_lab.core.errors import InputFaults, KinerjaError
from kinerja_lab.core.indicator import Indicator, Realisation, Retirement, Revision
from kinerja_lab.drafting.formula import parse_formula, same_formula
from kinerja_lab.drafting.formula_units import unit_text

__all__ = ["FieldChange", "SeriesEffect", "diff_indicators", "recorded_retirement", "recorded_revision"]

_BREAKING = frozenset({
    "code", "numerator", "denominator", "formula", "components", "row_unit", "rate", "unit", "kind", "polarity",
    "stable_range", "survey", "measure", "source", "method", "zero_division", "empty_group", "time_aggregation",
    "unit_aggregation", "ruleset",
})
"""Another calculation, another direction or another source: the old values are values of another indicator."""

_DOUBTFUL = frozenset({
    "concept", "definition", "agencies", "frequency", "provider", "baseline", "baseline_year", "rule",
})
"""A change of words may or may not change what is counted; only a person can tell."""

MIN_REASON = 10
"""Letters that a reason must have at least; "ok" explains nothing to the next reader."""


class SeriesEffect(StrEnum):
    """What a change does to the series of values."""

    NONE = "none"
    CHECK = "check"
    BREAKS = "breaks"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field of an indicator in two versions.

    Parameters
    ----------
    field : str
        Name of the field.
    old, new : object
        Its values.
    effect : SeriesEffect
        What the change does to the series.
    """

    field: str
    old: object
    new: object
    effect: SeriesEffect

    def __str__(self) -> str:
        return f"{self.field}: {self.old!s} -> {self.new!s} ({self.effect})"


def diff_indicators(old: Indicator, *, new: Indicator) -> tuple[FieldChange, ...]:
    """Every field that differs, in the order of the fields.

    Parameters
    ----------
    old, new : Indicator
        The two versions.

    Returns
    -------
    tuple of FieldChange
        The revision history itself is left out.

    Notes
    -----
    A break: another formula, unit, polarity, denominator, source or method. Spaces and capitals in a text, and a
    formula written differently that is the same calculation, break nothing. A changed definition in words, baseline or
    achievement rule, and a target or realisation that was already there, are marked ``check``.
    """
    out = []
    for item in fields(Indicator):
        before, after = getattr(old, item.name), getattr(new, item.name)
        if item.name == "revisions" or _same(before, after):
            continue
        out.append(FieldChange(field=item.name, old=before, new=after, effect=_effect(item.name, before, after)))
    return tuple(out)


def recorded_revision(old: Indicator, *, new: Indicator, by: str, reason: str, on: date) -> Revision:
    """The record of a change.

    Parameters
    ----------
    old, new : Indicator
        The two versions.
    by : str
        Office that changes it.
    reason : str
        Why, in at least ten letters.
    on : datetime.date
        Day of the change, not before the last one recorded.

    Raises
    ------
    KinerjaError
        ``revision_nothing``, ``revision_by``, ``revision_reason``, ``revision_order``, ``revision_retired``.
    """
    changes = diff_indicators(old, new=new)
    if not changes:
        raise KinerjaError("revision_nothing", indicator=old.code)
    _check_act(old, by, reason, on)
    return Revision(on=on, by=by.strip(), reason=reason.strip(), changed=tuple(change.field for change in changes),
                    breaks_series=any(change.effect is SeriesEffect.BREAKS for change in changes))


def recorded_retirement(indicator: Indicator, *, by: str, reason: str, on: date) -> Retirement:
    """The record that ends an indicator.

    Parameters
    ----------
    indicator : Indicator
        The indicator.
    by, reason, on
        As in ``recorded_revision``.

    Raises
    ------
    KinerjaError
        As ``recorded_revision``.
    """
    _check_act(indicator, by, reason, on)
    return Retirement(on=on, by=by.strip(), reason=reason.strip())


def _check_act(indicator: Indicator, by: str, reason: str, on: date) -> None:
    if indicator.retired is not None:
        raise KinerjaError("revision_retired", indicator=indicator.code, on=indicator.retired.on)
    if not by.strip():
        raise KinerjaError("revision_by", indicator=indicator.code)
    if sum(sign.isalpha() for sign in reason) < MIN_REASON:
        raise KinerjaError("revision_reason", indicator=indicator.code, reason=reason.strip() or "-", least=MIN_REASON)
    last = max((revision.on for revision in indicator.revisions), default=on)
    if on < last:
        raise KinerjaError("revision_order", indicator=indicator.code, on=on, last=last)


def _same(before: object, after: object) -> bool:
    if isinstance(before, float) and isinstance(after, float):
        return before == after or (before != before and after != after)
    if isinstance(before, tuple) and before and isinstance(before[0], Realisation):
        return len(before) == len(after) and all(
            left.period == right.period and _same_numbers(left, right)
            for left, right in zip(before, after, strict=True))
    return before == after


def _same_numbers(left: Realisation, right: Realisation) -> bool:
    return all(_same(getattr(left, name), getattr(right, name)) for name in ("target", "realisation", "printed"))


def _effect(field: str, before: object, after: object) -> SeriesEffect:
    if field in ("series", "targets"):
        return _series_effect(before, after)
    if isinstance(before, str) and isinstance(after, str) and before.casefold().split() == after.casefold().split():
        return SeriesEffect.NONE
    if field == "unit" and unit_text(str(before)) == unit_text(str(after)):
        return SeriesEffect.NONE
    if field == "formula" and _same_calculation(str(before), str(after)):
        return SeriesEffect.NONE
    # A field filled in for the first time describes what was done all along; it needs a look, it is no break by itself.
    if field in _BREAKING:
        return SeriesEffect.BREAKS if before not in ("", None, ()) else SeriesEffect.CHECK
    return SeriesEffect.CHECK if field in _DOUBTFUL else SeriesEffect.NONE


def _same_calculation(before: str, after: str) -> bool:
    try:
        return same_formula(parse_formula(before), right=parse_formula(after))
    except InputFaults:
        return False


def _series_effect(before: Iterable, after: Iterable) -> SeriesEffect:
    kept = {item.period: item for item in after}
    for item in before:
        other = kept.get(item.period)
        if other is None:
            return SeriesEffect.CHECK
        if isinstance(item, Realisation):
            # A realisation entered later fills a hole; only a number that was there and changed needs a look.
            pairs = ((item.target, other.target), (item.realisation, other.realisation), (item.printed, other.printed))
            if any(old == old and not _same(old, new) for old, new in pairs):
                return SeriesEffect.CHECK
        elif item != other:
            return SeriesEffect.CHECK
    return SeriesEffect.NONE
