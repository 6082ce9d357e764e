"""Where do the units of a region stand: by the survey and by every measure, or why is it not known?"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from kinerja_lab.calibration.rater_changes import RaterChanges
from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.indicator import Indicator
from kinerja_lab.core.options import Polarity
from kinerja_lab.profiling.adjusted import AdjustedScores
from kinerja_lab.profiling.benchmark import Benchmark
from kinerja_lab.profiling.case_mix import Calibration
from kinerja_lab.profiling.charts import ControlChart
from kinerja_lab.profiling.ranking import Ranking
from kinerja_lab.profiling.shrinkage import Shrunken
from kinerja_lab.profiling.watch import Watch

__all__ = ["AdjustedLook", "CaseMixLook", "RegionChart", "StandingResults", "UnitStanding", "standing_of"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CaseMixLook:
    """What allowing for cases changes.

    Parameters
    ----------
    calibration : Calibration
        Whether the expectations come true.
    moved : Estimate
        Share of units whose place moves by more than a tenth of the list once cases are allowed for.
    source : str
        ``"given"`` (the data state expected events) or ``"model"`` (fitted here).
    explained : float
        Share of the deviance explained in units the model did not see; NaN where expectations are given.
    method : str
        The conventions used.
    columns : tuple of str
        What the model knows of the cases; empty where expectations are given.
    """

    calibration: Calibration
    moved: Estimate
    source: str
    explained: float
    method: str
    columns: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class UnitStanding:
    """Units of one measure (or of the survey) among each other.

    Parameters
    ----------
    code : str
        Measure; ``"survey"`` for the index.
    polarity : Polarity
        Which way is better.
    rates : EstimateTable
        Groups ``("unit",)``: each unit's own number, label ``"unit_rate"``.
    ranking : Ranking or NotApplicable
        Ranks and tiers of the units, against what was expected of them where that is stated.
    fifths : EstimateTable or NotApplicable
        Chance of each unit to be in the best and in the worst fifth.
    shrunken : Shrunken or NotApplicable
        Units drawn in, reliability and least volume.
    benchmark : Benchmark or NotApplicable
        What the best reach.
    case_mix : CaseMixLook or NotApplicable
        What allowing for cases changes.
    dispersion : float
        Variation of a unit's own periods over chance; NaN where it does not apply.
    method : str
        Scale and errors that ranks rest on.
    hidden : frozenset of str
        Units that must not be named: too few cases.
    """

    code: str
    polarity: Polarity
    rates: EstimateTable
    ranking: Ranking | NotApplicable
    fifths: EstimateTable | NotApplicable
    shrunken: Shrunken | NotApplicable
    benchmark: Benchmark | NotApplicable
    case_mix: CaseMixLook | NotApplicable
    dispersion: float
    method: str
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RegionChart:
    """One measure of the whole region over the months.

    Parameters
    ----------
    code : str
        Measure.
    chart : ControlChart
        In the unit of the measure.
    """

    code: str
    chart: ControlChart


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AdjustedLook:
    """One adjusted score a unit, in the unit of the measure.

    Parameters
    ----------
    code : str
        Measure; ``"survey"`` for the index.
    polarity : Polarity
        Which way is better.
    scores : AdjustedScores
        Raw, the effect of every step, adjusted.
    cases : str
        What became of expectations that the data state: ``"allowed"`` (they come true), ``"unproven"`` (allowed for,
        but whether they come true is not sure), ``"contradicted"`` (left out: they do not come true) or ``""`` (none).
    hidden : frozenset of str
        Units that must not be named: too few cases.
    """

    code: str
    polarity: Polarity
    scores: AdjustedScores
    cases: str = ""
    hidden: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StandingResults:
    """All that is known of the standing of units.

    Parameters
    ----------
    survey : UnitStanding or NotApplicable
        By the index of the survey.
    measures : mapping of str to (UnitStanding or NotApplicable)
        By measure code.
    watches : mapping of str to (Watch or NotApplicable)
        Months of units, by measure code.
    charts : mapping of str to (RegionChart or NotApplicable)
        Months of the region, by measure code.
    adjusted : mapping of str to (AdjustedLook or NotApplicable)
        By measure code, and ``"survey"``: only where raters or stated expectations can be allowed for.
    raters : RaterChanges or NotApplicable
        What freeing units from the severity of their raters changes.
    """

    survey: UnitStanding | NotApplicable
    measures: Mapping[str, UnitStanding | NotApplicable] = field(default_factory=dict)
    watches: Mapping[str, Watch | NotApplicable] = field(default_factory=dict)
    charts: Mapping[str, RegionChart | NotApplicable] = field(default_factory=dict)
    adjusted: Mapping[str, AdjustedLook | NotApplicable] = field(default_factory=dict)
    raters: RaterChanges | NotApplicable = field(default_factory=lambda: NotApplicable("raters_unknown"))


def standing_of(standing: StandingResults, indicator: Indicator) -> UnitStanding | NotApplicable:
    """The standing of units by what an indicator measures.

    Parameters
    ----------
    standing : StandingResults
        Everything computed.
    indicator : Indicator
        Measured by the survey or by an outcome measure.
    """
    if indicator.survey:
        return standing.survey
    if not indicator.measure:
        return NotApplicable("indicator_without_data")
    return standing.measures.get(indicator.measure, NotApplicable("no_funnel"))
