"""Which further keys may an indicator file have, and do its formula, columns and units fit together?"""

import datetime
from collections import Counter
from dataclasses import replace
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from kinerja_lab.core.errors import InputFault, InputFaults
from kinerja_lab.core.indicator import (
    Access,
    Aggregation,
    Component,
    Confidence,
    GapRule,
    IndicatorKind,
    PeriodTarget,
    Retirement,
)
from kinerja_lab.drafting.formula import columns_of, parse_formula
from kinerja_lab.drafting.formula_units import PERCENT_UNITS, unit_faults
from kinerja_lab.drafting.formula_values import number_columns
from kinerja_lab.io.yaml_text import YamlText

__all__ = ["FIELD_ORDER", "IndicatorFields", "extra_values", "field_faults"]

FIELD_ORDER = (
    "code", "name", "name_en", "objective", "level", "question", "why", "concept", "definition", "interpretation",
    "kind", "unit", "rate", "polarity", "stable_range", "numerator", "denominator", "formula", "components", "row_unit",
    "zero_division", "empty_group", "time_aggregation", "unit_aggregation", "survey", "measure", "source", "method",
    "provider", "frequency", "baseline", "baseline_year", "baseline_source", "series", "targets", "rule", "agencies",
    "criteria", "disaggregation", "ruleset", "access", "evidence", "owner", "checker", "reviewed", "next_review",
    "definition_source", "confidence", "revisions", "retired",
)
"""Keys of an indicator file in the order of a manual IKU."""

Line = Annotated[str, Field(min_length=1, max_length=4000)]
Column = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z][A-Za-z0-9_]*$")]
Period = Annotated[str, Field(pattern=r"^[0-9]{4}(-(TW[1-4]|S[12]|0[1-9]|1[0-2]))?$")]


class _Part(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class ComponentSpec(_Part):
    """One column of the formula."""

    column: Column
    unit: str = ""
    meaning: str = ""


class PeriodTargetSpec(_Part):
    """One target of a quarter, half-year or month, or a range."""

    period: Period
    low: float
    high: float | None = None


class RetirementSpec(_Part):
    """The act that ended the indicator."""

    on: datetime.date
    by: Line
    reason: Line


class RevisionSpec(_Part):
    """One recorded change."""

    on: datetime.date
    by: Line
    reason: Line
    changed: list[Line] = []
    breaks_series: bool = False


class IndicatorFields(_Part):
    """Keys beyond those that a study needs; all may be left out."""

    objective: str = ""
    concept: str = ""
    definition: str = ""
    interpretation: str = ""
    kind: Annotated[IndicatorKind, Field(strict=False)] | None = None
    formula: str = ""
    components: list[ComponentSpec] = []
    row_unit: str = ""
    rate: str = ""
    zero_division: Annotated[GapRule, Field(strict=False)] = GapRule.MISSING
    empty_group: Annotated[GapRule, Field(strict=False)] = GapRule.MISSING
    time_aggregation: Annotated[Aggregation, Field(strict=False)] | None = None
    unit_aggregation: Annotated[Aggregation, Field(strict=False)] | None = None
    method: str = ""
    provider: str = ""
    baseline_source: str = ""
    targets: list[PeriodTargetSpec] = []
    disaggregation: list[Line] = []
    ruleset: str = ""
    access: Annotated[Access, Field(strict=False)] | None = None
    evidence: list[Line] = []
    definition_source: str = ""
    confidence: Annotated[Confidence, Field(strict=False)] | None = None
    revisions: list[RevisionSpec] = []
    retired: RetirementSpec | None = None


_PLAIN = (
    "objective", "concept", "definition", "interpretation", "kind", "formula", "row_unit", "rate", "zero_division",
    "empty_group", "time_aggregation", "unit_aggregation", "method", "provider", "baseline_source", "ruleset", "access",
    "definition_source", "confidence",
)


def extra_values(spec: IndicatorFields) -> dict[str, object]:
    """The values of these keys as ``core.indicator.Indicator`` takes them.

    Parameters
    ----------
    spec : IndicatorFields
        A model without faults.
    """
    retired = spec.retired
    return {
        **{name: getattr(spec, name) for name in _PLAIN},
        "components": tuple(Component(**item.model_dump()) for item in spec.components),
        "targets": tuple(
            PeriodTarget(period=item.period, low=item.low, high=item.low if item.high is None else item.high)
            for item in spec.targets),
        "disaggregation": tuple(spec.disaggregation), "evidence": tuple(spec.evidence),
        "retired": None if retired is None else Retirement(on=retired.on, by=retired.by, reason=retired.reason),
    }


def field_faults(spec: IndicatorFields, text: YamlText) -> list[InputFault]:
    """Faults between the keys of one indicator file.

    Parameters
    ----------
    spec : IndicatorFields
        The file's model (an ``IndicatorSpec``).
    text : YamlText
        The file, for lines.
    """
    return [*_formula_faults(spec, text), *_target_faults(spec, text), *_word_faults(spec, text)]


def _formula_faults(spec: IndicatorFields, text: YamlText) -> list[InputFault]:
    faults = []
    names = Counter(item.column for item in spec.components)
    for position, item in enumerate(spec.components):
        if names[item.column] > 1:
            faults.append(text.fault("component_twice", ("components", position, "column"), value=item.column))
    if not spec.formula:
        if spec.components:
            faults.append(text.fault("components_alone", ("components",)))
        return faults
    try:
        formula = parse_formula(spec.formula)
    except InputFaults as error:
        return faults + [_placed(fault, text) for fault in error.faults]
    needed = columns_of(formula)
    for position, item in enumerate(spec.components):
        if item.column not in needed:
            faults.append(text.fault("component_unused", ("components", position, "column"), value=item.column))
    lacking = [name for name in needed if name not in names]
    if lacking:
        return [*faults, text.fault("component_missing", ("components",), columns=", ".join(lacking))]
    units = {item.column: item.unit for item in spec.components}
    unlike = unit_faults(formula, units={name: units[name] for name in number_columns(formula)}, unit=spec.unit,
                         rate=spec.rate, row_unit=spec.row_unit)
    return faults + [_placed(fault, text) for fault in unlike]


def _placed(fault: InputFault, text: YamlText) -> InputFault:
    return replace(fault, file=text.file, line=text.line(("formula",)))


def _target_faults(spec: IndicatorFields, text: YamlText) -> list[InputFault]:
    faults = []
    seen: set[str] = set()
    stated = {item.period: (item.low, item.low if item.high is None else item.high) for item in spec.targets}
    for position, item in enumerate(spec.series):
        ends = stated.get(item.period)
        if item.target is None and ends is None:
            faults.append(text.fault("series_no_target", ("series", position, "period"), value=item.period))
        elif item.target is not None and ends is not None and ends != (item.target, item.target):
            faults.append(text.fault("series_other_target", ("series", position, "target"), value=item.target,
                                     low=ends[0], high=ends[1]))
    for position, item in enumerate(spec.targets):
        if item.period in seen:
            faults.append(text.fault("target_twice", ("targets", position, "period"), value=item.period))
        seen.add(item.period)
        if item.high is not None and item.low > item.high:
            faults.append(text.fault("target_ends", ("targets", position, "low"), value=item.low, high=str(item.high)))
    return faults


def _word_faults(spec: IndicatorFields, text: YamlText) -> list[InputFault]:
    """Choices that contradict each other."""
    faults = []
    percent = spec.unit.strip().casefold() in PERCENT_UNITS
    if spec.kind is not None and percent != (spec.kind is IndicatorKind.PERCENTAGE):
        faults.append(text.fault("kind_unit", ("kind",), value=spec.kind.value, unit=spec.unit))
    if spec.kind not in (None, IndicatorKind.COUNT):
        for key in ("time_aggregation", "unit_aggregation"):
            if getattr(spec, key) is Aggregation.SUM:
                faults.append(text.fault("sum_of_shares", (key,), value="sum", kind=spec.kind.value))
    for key in ("time_aggregation", "unit_aggregation"):
        if getattr(spec, key) is Aggregation.RECOMPUTE and not spec.formula:
            faults.append(text.fault("recompute_formula", (key,), value="recompute"))
    if spec.confidence not in (None, Confidence.MEM) and not spec.definition_source.strip():
        faults.append(text.fault("source_needed", ("confidence",), value=spec.confidence.value))
    return faults
