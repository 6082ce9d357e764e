"""An indicator: what is measured, how, in which direction, by whom, against which targets."""

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.options import CapRule, DownFormula, IndicatorLevel, Polarity, ZeroRule

__all__ = [
    "Access", "AchievementRule", "Aggregation", "Component", "Confidence", "Criterion", "GapRule", "Indicator",
    "IndicatorKind", "PeriodTarget", "Realisation", "Retirement", "Revision",
]

_CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")


class IndicatorKind(StrEnum):
    """What sort of number it is (ukuran)."""

    COUNT = "count"
    PERCENTAGE = "percentage"
    RATIO = "ratio"
    RATE = "rate"
    AVERAGE = "average"
    INDEX = "index"


class Aggregation(StrEnum):
    """How values of several periods or units become one (jenis konsolidasi).

    ``recompute`` goes back to the columns of the formula: a percentage of two districts is no mean of two percentages.
    """

    RECOMPUTE = "recompute"
    SUM = "sum"
    MEAN = "mean"
    LAST = "last"
    NONE = "none"


class GapRule(StrEnum):
    """What a formula gives where it has no number: a zero divisor, or nothing to add up."""

    MISSING = "missing"
    ZERO = "zero"
    ERROR = "error"


class Access(StrEnum):
    """Who may read the values."""

    PUBLIC = "public"
    INTERNAL = "internal"


class Confidence(StrEnum):
    """How well the source of a definition was checked; ``mem`` is from memory and never printed as a citation."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    MEM = "mem"


@dataclass(frozen=True, slots=True, kw_only=True)
class AchievementRule:
    """How a realisation is turned into a percentage of its target; nothing is left implicit."""

    down: DownFormula = DownFormula.LINEAR
    cap: CapRule = CapRule.NONE
    zero: ZeroRule = ZeroRule.UNDEFINED


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """An outcome that the indicator claims to go with.

    Parameters
    ----------
    measure : str
        Outcome measure of the study.
    sign : int
        +1 when a higher indicator should go with a higher outcome, -1 when with a lower one.
    """

    measure: str
    sign: int

    def __post_init__(self) -> None:
        if self.sign not in (-1, 1):
            raise KinerjaError("criterion_sign", measure=self.measure, value=self.sign)


@dataclass(frozen=True, slots=True, kw_only=True)
class Realisation:
    """Target and realisation of one period, with the ratio as it was printed (NaN where none was).

    The target is NaN where it is a range; the range then stands among the indicator's ``targets``.
    """

    period: str
    target: float
    realisation: float
    printed: float = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodTarget:
    """A target finer than a year, or a range; a range has ``low < high``, a single number ``low == high``.

    Parameters
    ----------
    period : str
        ``"2025"``, ``"2025-TW1"`` to ``"2025-TW4"`` (quarters), ``"2025-S1"``, ``"2025-S2"`` (half-years) or
        ``"2025-01"`` (months).
    low, high : float
        Ends of the range, in the indicator's unit.
    """

    period: str
    low: float
    high: float

    def __post_init__(self) -> None:
        if not self.low <= self.high:
            raise KinerjaError("target_range", period=self.period, low=str(self.low), high=str(self.high))


@dataclass(frozen=True, slots=True, kw_only=True)
class Component:
    """A column that the formula uses (variabel pembangun).

    Parameters
    ----------
    column : str
        Name in the formula and in the table.
    unit : str
        What is counted or measured, e.g. ``"pasien"``, ``"menit"``, ``"smp/jam"``; empty for a column of words.
    meaning : str
        What the column holds.
    """

    column: str
    unit: str = ""
    meaning: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One recorded change of the definition.

    Parameters
    ----------
    on : datetime.date
        Day of the change.
    by : str
        Office that changed it.
    reason : str
        Why.
    changed : tuple of str
        Fields that changed.
    breaks_series : bool
        Whether values before and after cannot be compared.
    """

    on: date
    by: str
    reason: str
    changed: tuple[str, ...] = ()
    breaks_series: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Retirement:
    """The recorded act that ended an indicator."""

    on: date
    by: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Indicator:
    """One indicator.

    Parameters
    ----------
    code : str
        Lower-case letters, digits and underscores, 2 to 40, starting with a letter.
    name, name_en : str
        As it stands in the plan.
    question : str
        The question it answers.
    why : str
        Why it matters.
    numerator, denominator : str
        The formula in words or columns; ``denominator`` empty for a plain count or a survey index.
    survey : bool
        Whether its value is the index of the study's survey.
    measure : str
        Outcome measure of the study that holds its values; empty for a survey index or a plan indicator.
    unit : str
        Unit as printed, e.g. ``"%"``.
    polarity : Polarity
        Which way is better; ``STABILISE`` needs ``stable_range``.
    stable_range : tuple of float or None
        Lower and upper end of the good range.
    level : IndicatorLevel
        Place in the results chain.
    agencies : tuple of str
        Agencies it applies to; empty means all.
    source, frequency : str
        Where values come from and how often.
    baseline : float
        Starting value, NaN when none is stated; ``baseline_year`` its year.
    rule : AchievementRule
        How achievement is computed.
    series : tuple of Realisation
        Targets and realisations by period.
    criteria : tuple of Criterion
        Outcomes it claims to go with.
    owner, checker : str
        Offices (never persons) that answer for it; they must differ.
    reviewed, next_review : datetime.date or None
        Last and next review.
    revisions : tuple of Revision
        History.
    objective : str
        The goal (tujuan or sasaran) it measures.
    concept, definition, interpretation : str
        The idea behind it, its operational definition, and how to read a value.
    kind : IndicatorKind or None
        What sort of number it is; None where the file does not say.
    formula : str
        The formula over columns (``drafting.formula``); ``numerator`` and ``denominator`` say it in words.
    components : tuple of Component
        Columns of the formula with their units.
    row_unit : str
        What one row of the table is, for ``count()``.
    rate : str
        Unit of the formula where it is a declared rate of two things, e.g. ``"kematian/kelahiran hidup"``.
    zero_division, empty_group : GapRule
        What a zero divisor gives, and what an aggregate over nothing gives.
    time_aggregation, unit_aggregation : Aggregation or None
        How periods and units are brought together.
    method, provider : str
        How values are collected, and who delivers them.
    baseline_source : str
        Where the baseline was read.
    targets : tuple of PeriodTarget
        Targets by quarter or month, and range targets.
    disaggregation : tuple of str
        Groups by which it is shown.
    ruleset : str
        The rule that defines it, with version, e.g. ``"skm-2017"``.
    access : Access or None
        Who may read the values.
    evidence : tuple of str
        Documents that prove a value (bukti dukung).
    definition_source : str
        Where this definition was taken from.
    confidence : Confidence or None
        How well that was checked; ``MEM`` is never printed as a citation.
    retired : Retirement or None
        Set when the indicator is no longer used.
    table_only : bool
        Whether it was read from a table of targets and realisations. Such a table has no place for a review date or a
        baseline, so their absence says nothing about the indicator.

    Raises
    ------
    KinerjaError
        ``indicator_code``, ``indicator_formula``, ``indicator_owner`` or ``indicator_range``.
    """

    code: str
    name: str
    name_en: str = ""
    question: str
    why: str
    numerator: str
    denominator: str = ""
    survey: bool = False
    measure: str = ""
    unit: str
    polarity: Polarity
    stable_range: tuple[float, float] | None = None
    level: IndicatorLevel
    agencies: tuple[str, ...] = ()
    source: str
    frequency: str = ""
    baseline: float = float("nan")
    baseline_year: int | None = None
    rule: AchievementRule = AchievementRule()
    series: tuple[Realisation, ...] = ()
    criteria: tuple[Criterion, ...] = ()
    owner: str
    checker: str
    reviewed: date | None = None
    next_review: date | None = None
    revisions: tuple[Revision, ...] = ()
    objective: str = ""
    concept: str = ""
    definition: str = ""
    interpretation: str = ""
    kind: IndicatorKind | None = None
    formula: str = ""
    components: tuple[Component, ...] = ()
    row_unit: str = ""
    rate: str = ""
    zero_division: GapRule = GapRule.MISSING
    empty_group: GapRule = GapRule.MISSING
    time_aggregation: Aggregation | None = None
    unit_aggregation: Aggregation | None = None
    method: str = ""
    provider: str = ""
    baseline_source: str = ""
    targets: tuple[PeriodTarget, ...] = ()
    disaggregation: tuple[str, ...] = ()
    ruleset: str = ""
    access: Access | None = None
    evidence: tuple[str, ...] = ()
    definition_source: str = ""
    confidence: Confidence | None = None
    retired: Retirement | None = None
    table_only: bool = False

    def __post_init__(self) -> None:
        if not _CODE.fullmatch(self.code):
            raise KinerjaError("indicator_code", value=self.code)
        if not self.numerator:
            raise KinerjaError("indicator_formula", indicator=self.code)
        if self.owner.strip().casefold() == self.checker.strip().casefold():
            raise KinerjaError("indicator_owner", indicator=self.code, owner=self.owner)
        ordered = self.stable_range is not None and self.stable_range[0] < self.stable_range[1]
        if self.polarity is Polarity.STABILISE and not ordered:
            raise KinerjaError("indicator_range", indicator=self.code, value=str(self.stable_range))

    def __str__(self) -> str:
        return f"{self.code} ({self.name})"

    def target_range(self, period: str) -> tuple[float, float] | None:
        """Ends of a period's target where it is a range, otherwise ``None``."""
        return next(((item.low, item.high) for item in self.targets
                     if item.period == period and item.low < item.high), None)
