"""An indicator: what is measured, how, in which direction, by whom, against which targets."""

import re
from dataclasses import dataclass
from datetime import date

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.options import CapRule, DownFormula, IndicatorLevel, Polarity, ZeroRule

__all__ = ["AchievementRule", "Criterion", "Indicator", "Realisation", "Revision"]

_CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")


@dataclass(frozen=True, slots=True, kw_only=True)
class AchievementRule:
    """How a realisation is turned into a percentage of its target; nothing is left implicit (DOMAIN 3.5)."""

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
    """Target and realisation of one period, with the ratio as it was printed (NaN where none was)."""

    period: str
    target: float
    realisation: float
    printed: float = float("nan")


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One recorded change of the definition."""

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

    def __post_init__(self) -> None:
        if not _CODE.fullmatch(self.code):
            raise KinerjaError("indicator_code", value=self.code)
        if not self.numerator:
            raise KinerjaError("indicator_formula", indicator=self.code)
        if self.owner.strip().casefold() == self.checker.strip().casefold():
            raise KinerjaError("indicator_owner", indicator=self.code, owner=self.owner)
        if self.polarity is Polarity.STABILISE and not (self.stable_range and self.stable_range[0] < self.stable_range[1]):
            raise KinerjaError("indicator_range", indicator=self.code, value=str(self.stable_range))

    def __str__(self) -> str:
        return f"{self.code} ({self.name})"
