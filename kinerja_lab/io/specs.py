"""Which keys may a study's files have? Strict models; every departure becomes a fault with its cure."""

import datetime
from enum import StrEnum
from typing import Annotated, Literal, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag, ValidationError

from kinerja_lab.core.errors import InputFault, closest
from kinerja_lab.core.options import CapRule, DownFormula, IndicatorLevel, MeasureKind, Polarity, ZeroRule
from kinerja_lab.io.indicator_fields import IndicatorFields
from kinerja_lab.io.yaml_text import YamlText

__all__ = [
    "FromDataSpec", "IndicatorSpec", "InstrumentSpec", "PlanTableSpec", "RulesetSpec", "StudySpec", "TableSpec",
    "read_spec",
]

Text = Annotated[str, Field(min_length=1, max_length=4000)]
Code = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
Name = Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[a-z][a-z0-9_]*$")]
File = Annotated[str, Field(min_length=1, max_length=300)]
Year = Annotated[str, Field(pattern=r"^[0-9]{4}$")]


class _Spec(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class Words(_Spec):
    """A text in both languages."""

    id: Text
    en: Text


class RegionSpec(_Spec):
    """One region of a study."""

    code: Code
    name: Text
    level: Text
    shows: str = ""


class FromDataSpec(_Spec):
    """Regions are whatever codes occur in the survey; ``names`` says what they are called."""

    from_data: Literal[True]
    level: Text
    name_prefix: str = ""
    names: dict[str, Text] = {}


# Pydantic would report the faults of both alternatives; what stands in the file decides which one was meant.
_LISTED, _FROM_DATA = "@listed", "@from_data"
Regions = Annotated[
    Annotated[list[RegionSpec], Tag(_LISTED)] | Annotated[FromDataSpec, Tag(_FROM_DATA)],
    Discriminator(lambda value: _FROM_DATA if isinstance(value, dict) else _LISTED),
]


class TableSpec(_Spec):
    """One table: a file of the study or a table of a database, and what its columns are called there."""

    file: str = ""
    external: str = ""
    address: str = ""
    address_env: str = ""
    table: str = ""
    columns: dict[str, Text] = {}
    constants: dict[str, str] = {}
    items: dict[str, Text] = {}
    extra: list[Text] = []
    weight: str = ""
    stratum: str = ""
    cluster: str = ""
    rater: str = ""
    row: Literal["respondent", "unit"] = "respondent"


class MeasureSpec(_Spec):
    """One outcome measure."""

    code: Name
    name: Text
    name_en: Text
    kind: Annotated[MeasureKind, Field(strict=False)]
    unit: Text
    polarity: Annotated[Polarity, Field(strict=False)]
    scale: Annotated[float, Field(gt=0)] = 1.0
    agencies: list[Code] = []


class PlanNotebookSpec(_Spec):
    """Which notebooks make the reports."""

    notebook: Name
    summary: str = ""


class PlanNameSpec(_Spec):
    """An indicator that a plan names outside the table."""

    agency: Code
    name: Text
    unit: Text
    polarity: Annotated[Polarity, Field(strict=False)]
    level: Annotated[IndicatorLevel, Field(strict=False)]


class PlanTableSpec(_Spec):
    """Indicators taken from a table of targets and realisations instead of single files."""

    external: File
    columns: dict[str, Text]
    polarity_words: dict[str, Annotated[Polarity, Field(strict=False)]]
    levels: dict[str, Annotated[IndicatorLevel, Field(strict=False)]] = {}
    level: Annotated[IndicatorLevel, Field(strict=False)]
    numerator: Text
    checker: Text
    source: Text
    frequency: Text
    also: list[PlanNameSpec] = []


class StudySpec(_Spec):
    """``study.yml``."""

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,39}$")]
    title: Words
    note: Words
    synthetic: bool
    scheme: Literal["kemendagri", "us-state", "own"]
    region_word: Words
    unit_word: Words
    agency_word: Words = Words(id="dinas", en="agency")
    suppress_below: Annotated[int, Field(ge=1, le=1000)] = 10
    suppress_reason: str = ""
    regions: Regions
    periods: list[Year] = []
    ruleset: str = ""
    instrument: str = ""
    indicators: str = ""
    indicators_from: PlanTableSpec | None = None
    statements: str = ""
    standards: list[str] = []
    agencies: dict[str, Words] = {}
    measures: list[MeasureSpec] = []
    survey: TableSpec | None = None
    outcomes: TableSpec | None = None
    units: TableSpec | None = None
    plan: PlanNotebookSpec
    source_note: Words
    limits: Words | None = None


class ItemSpec(_Spec):
    """One question."""

    code: Name
    text: Text
    text_en: str = ""
    options: list[Text] = []
    reverse: bool = False
    subscale: str = ""


class InstrumentSpec(_Spec):
    """``instrument.yml``."""

    code: Code
    title: Text
    title_en: Text
    low: Annotated[int, Field(ge=0)]
    high: Annotated[int, Field(ge=1)]
    ruleset: Text
    items: Annotated[list[ItemSpec], Field(min_length=1)]


class RuleSpec(_Spec):
    """How achievement is computed."""

    down: Annotated[DownFormula, Field(strict=False)] = DownFormula.LINEAR
    cap: Annotated[CapRule, Field(strict=False)] = CapRule.NONE
    zero: Annotated[ZeroRule, Field(strict=False)] = ZeroRule.UNDEFINED


class SeriesSpec(_Spec):
    """One year; without a target where that is a range, which stands in ``targets``."""

    period: Year
    target: float | None = None
    realisation: float | None = None
    printed: float | None = None


class CriterionSpec(_Spec):
    """An outcome the indicator claims to go with."""

    measure: Name
    sign: Literal[-1, 1]


class IndicatorSpec(IndicatorFields, _Spec):
    """``indicators/*.yml``: what a study needs of an indicator; the other keys stand in ``IndicatorFields``."""

    code: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{1,39}$")]
    name: Text
    name_en: Text
    question: Text
    why: Text
    numerator: Text
    denominator: str = ""
    survey: bool = False
    measure: str = ""
    unit: Text
    polarity: Annotated[Polarity, Field(strict=False)]
    stable_range: Annotated[list[float], Field(min_length=2, max_length=2)] | None = None
    level: Annotated[IndicatorLevel, Field(strict=False)]
    agencies: list[Code] = []
    source: Text
    frequency: str = ""
    baseline: float | None = None
    baseline_year: int | None = None
    rule: RuleSpec = RuleSpec()
    series: list[SeriesSpec] = []
    criteria: list[CriterionSpec] = []
    owner: Text
    checker: Text
    reviewed: datetime.date | None = None
    next_review: datetime.date | None = None


class ElementSpec(_Spec):
    """One element of a ruleset."""

    code: Name
    name: Text
    name_en: Text
    aliases: list[Text] = []


class BandSpec(_Spec):
    """One grade."""

    code: Text
    name: Text
    name_en: Text
    lower: float


class RulesetSpec(_Spec):
    """``rulesets/*.yml``."""

    code: Code
    title: Text
    title_en: Text
    source: Text
    confidence: Literal["high", "medium", "low", "mem"]
    valid_from: int | None = None
    valid_to: int | None = None
    scale_low: float = 0.0
    scale_high: float = 0.0
    index_factor: float = 1.0
    decimals: Annotated[int, Field(ge=0, le=6)] = 2
    elements: list[ElementSpec] = []
    ambiguous: list[Text] = []
    bands: list[BandSpec] = []


Spec = TypeVar("Spec", bound=_Spec)


def read_spec(kind: type[Spec], text: YamlText) -> tuple[Spec | None, list[InputFault]]:
    """The model of a file, or every fault in it.

    Parameters
    ----------
    kind : type
        One of the models of this module.
    text : YamlText
        The file as read.
    """
    if not isinstance(text.data, dict):
        return None, [text.fault("expected_mapping", ())]
    try:
        return kind.model_validate(text.data), []
    except ValidationError as error:
        found = [_as_fault(kind, text, item) for item in error.errors(include_url=False)]
        return None, sorted(found, key=lambda fault: fault.line or 0)


_UNION_PARTS = (_LISTED, _FROM_DATA)
"""Pydantic puts the alternative's name into its location; it is no place in the file."""

_EXPECTED = {
    "string_type": "expected_text", "bool_type": "expected_bool", "int_type": "expected_whole",
    "int_from_float": "expected_whole", "float_type": "expected_number", "list_type": "expected_list",
    "dict_type": "expected_mapping", "model_type": "expected_mapping", "model_attributes_type": "expected_mapping",
    "date_type": "expected_date", "date_from_datetime_inexact": "expected_date",
}


def _as_fault(kind: type[_Spec], text: YamlText, item: dict) -> InputFault:
    path = tuple(part for part in item["loc"] if part not in _UNION_PARTS)
    found, type_ = item.get("input", ""), item["type"]
    context = item.get("ctx", {})
    if type_ == "missing":
        return text.fault("missing_key", path[:-1], key=str(path[-1]))
    if type_ == "extra_forbidden":
        choices = _keys_at(kind, item["loc"][:-1])
        return text.fault("unknown_key", path, key=str(path[-1]), nearest=closest(str(path[-1]), choices) or "-",
                          choices=", ".join(choices))
    if type_ == "string_type" and isinstance(found, int | float) and not isinstance(found, bool):
        return text.fault("needs_quotes", path, value=found)
    if type_ in _EXPECTED:
        return text.fault(_EXPECTED[type_], path, value=found)
    if type_ in ("enum", "literal_error"):
        choices = [part.strip(" '") for part in str(context.get("expected", "")).replace(" or ", ", ").split(",")]
        if found in ("", None):
            return text.fault("empty_choice", path, choices=", ".join(choices))
        return text.fault("unknown_choice", path, value=found, choices=", ".join(choices),
                          nearest=closest(str(found), choices) or "-")
    if type_ == "string_pattern_mismatch":
        code = kind is IndicatorSpec and path == ("code",)
        return text.fault("bad_indicator_code" if code else "bad_form", path, value=found)
    if type_ in ("string_too_short", "too_short"):
        return text.fault("empty_value", path)
    bound = next((context[name] for name in ("ge", "gt", "le", "lt") if name in context), None)
    if bound is not None:
        return text.fault("out_of_range", path, value=found, bound=str(bound))
    return text.fault("bad_value", path, value=found)


def _keys_at(kind: type[_Spec], path: tuple[str | int, ...]) -> list[str]:
    """Keys that would have been accepted where an unknown one stands."""
    here: object = kind
    for part in path:
        model = _model_of(here)
        if model is not None and isinstance(part, str) and part in model.model_fields:
            here = model.model_fields[part].annotation
        elif part in _UNION_PARTS:
            here = RegionSpec if part == _LISTED else FromDataSpec
    model = _model_of(here)
    return list(model.model_fields) if model is not None else []


def _model_of(annotation: object) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return None
    for part in get_args(annotation):
        found = _model_of(part)
        if found is not None:
            return found
    return None
