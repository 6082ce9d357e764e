"""What is known about one region in one period: every method's result, or the reason why there is none.

Computed once (``report.analyse``) and then read by checks, tables and pictures, so that a sentence, a table and a
picture in one report can never disagree.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from kinerja_lab.calibration.criterion import CriterionResult
from kinerja_lab.calibration.raters import RaterEffects
from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.indicator import Indicator
from kinerja_lab.core.outcome import OutcomeData
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.core.ruleset import Ruleset
from kinerja_lab.core.survey import SurveyData
from kinerja_lab.drafting.achievement import Achievement
from kinerja_lab.drafting.targets import Statement
from kinerja_lab.drafting.wording_rules import WordingRules
from kinerja_lab.evidence.calibration_results import CalibrationResults
from kinerja_lab.evidence.design_results import DesignResults
from kinerja_lab.evidence.instrument_results import InstrumentResults
from kinerja_lab.evidence.irt_results import FairnessResults
from kinerja_lab.evidence.regions_results import RegionsResults
from kinerja_lab.evidence.standing_results import StandingResults
from kinerja_lab.evidence.structure_results import StructureResults
from kinerja_lab.profiling.funnel import Funnel
from kinerja_lab.psychometrics.unit_reliability import UnitReliability

__all__ = ["CriterionLook", "RegionResults", "Setting", "SurveyResults"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Which report this is.

    Parameters
    ----------
    study, region, region_name : str
        Codes and name as the study gives them; ``region`` is ``"*"`` for all regions together.
    shown_name : str
        Name of the region whose units are shown, where it is another one (a kecamatan without dinas); else empty.
    region_word, unit_word : str
        What a region and a unit are called in this study, in the report's language (``"provinsi"``, ``"rumah sakit"``).
    period, previous : str
        Period reported, and the one before it in the study (empty when there is none).
    level : float
        Confidence level.
    suppress_below : int
        Groups with fewer respondents are hidden.
    synthetic : bool
        Whether the data are made up.
    row_is_unit : bool
        Whether a row of the survey is a unit with its published scores, not a respondent.
    """

    study: str
    region: str
    region_name: str
    shown_name: str = ""
    region_word: str
    unit_word: str
    period: str
    previous: str = ""
    level: float
    suppress_below: int
    synthetic: bool = False
    row_is_unit: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurveyResults:
    """All that the survey of a region says. Any field may be the reason why there is no such result.

    Parameters
    ----------
    survey : SurveyData
        The region's answers in the period.
    patterns : ResponsePatterns
        Their distinct answer sheets.
    ruleset : Ruleset
        The rule the index follows.
    index : Estimate
        The index of the region (IKM where the ruleset is the SKM).
    index_varying : Estimate or NotApplicable
        The index without the elements in which nobody differs (``constant_items``).
    constant_items : tuple of str
        Elements without variance in this region and period.
    elements : EstimateTable
        Score per element; ``label`` is the item code.
    grades : EstimateTable or NotApplicable
        Probability of each grade; ``label`` is the band code.
    change : Estimate or NotApplicable
        Index now minus index in the previous period.
    agencies, units : EstimateTable or NotApplicable
        Index by ``("agency",)`` and by ``("agency", "unit")``, label ``"index"``.
    unit_grades : EstimateTable or NotApplicable
        Probability of each grade by ``("agency", "unit")``.
    missing, ceiling : EstimateTable
        Shares per item; ``label`` is the item code.
    straightlining : Estimate or NotApplicable
        Share of complete sheets with all answers equal.
    alpha : Estimate or NotApplicable
        Of the varying items, on complete sheets.
    item_rest : EstimateTable or NotApplicable
        Item-rest correlations of the varying items.
    unit_reliability : UnitReliability or NotApplicable
        Whether the survey can tell units apart.
    raters : RaterEffects or NotApplicable
        Severity of raters where the study knows who rated.
    """

    survey: SurveyData
    patterns: ResponsePatterns
    ruleset: Ruleset
    index: Estimate
    index_varying: Estimate | NotApplicable
    constant_items: tuple[str, ...]
    elements: EstimateTable
    grades: EstimateTable | NotApplicable
    change: Estimate | NotApplicable
    agencies: EstimateTable | NotApplicable
    units: EstimateTable | NotApplicable
    unit_grades: EstimateTable | NotApplicable
    missing: EstimateTable
    ceiling: EstimateTable
    straightlining: Estimate | NotApplicable
    alpha: Estimate | NotApplicable
    item_rest: EstimateTable | NotApplicable
    unit_reliability: UnitReliability | NotApplicable
    raters: RaterEffects | NotApplicable


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CriterionLook:
    """One look at one claim: an indicator against an outcome.

    Parameters
    ----------
    indicator, criterion : str
        Codes.
    result : CriterionResult or NotApplicable
        The association.
    q : float
        Benjamini-Hochberg q-value over all looks of this report; NaN where there is no result.
    points : pandas.DataFrame
        ``unit, agency, region, indicator, outcome``: what the picture shows; empty where there is no result.
    """

    indicator: str
    criterion: str
    result: CriterionResult | NotApplicable
    q: float
    points: pd.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RegionResults:
    """Everything computed for one report.

    Parameters
    ----------
    setting : Setting
        Which report this is.
    survey : SurveyResults or NotApplicable
        The survey's part.
    outcomes : OutcomeData or NotApplicable
        The outcomes of the period.
    funnels : mapping of str to (Funnel or NotApplicable)
        By measure code, for every measure of the study.
    looks : tuple of CriterionLook
        Every claim of every indicator.
    achievements : mapping of str to tuple of (Achievement or NotApplicable)
        By indicator code, one for each entry of its series, in order.
    scale : Ruleset or None
        The achievement scale used to name categories.
    unit_names : mapping of str to str
        Names of units by code; a unit without one is called by its code.
    wording : WordingRules or None
        Rules about the wording of indicators.
    peers : tuple of Indicator
        All indicators of the study, to compare units with.
    statements : tuple of Statement
        Numbers as the study's plans print them, with the place.
    design : DesignResults or NotApplicable
        What the way the sample was drawn says.
    instrument : InstrumentResults or NotApplicable
        Items, reliability, dimensions, and whether units can be ranked.
    fairness : FairnessResults or NotApplicable
        Whether elements work alike in all groups, and where on the scale they measure.
    structure : StructureResults or NotApplicable
        Factors behind the answers, and whether they are the same in all groups.
    standing : StandingResults or NotApplicable
        Ranks, tiers, least volume, case mix and months of units.
    calibration : CalibrationResults or NotApplicable
        Claims taken apart, drift, cuts from outcomes, risk of letters, gaming signals and attainable targets.
    """

    setting: Setting
    survey: SurveyResults | NotApplicable
    outcomes: OutcomeData | NotApplicable
    funnels: Mapping[str, Funnel | NotApplicable] = field(default_factory=dict)
    looks: tuple[CriterionLook, ...] = ()
    achievements: Mapping[str, tuple[Achievement | NotApplicable, ...]] = field(default_factory=dict)
    scale: Ruleset | None = None
    unit_names: Mapping[str, str] = field(default_factory=dict)
    wording: WordingRules | None = None
    peers: tuple[Indicator, ...] = ()
    statements: tuple[Statement, ...] = ()
    design: DesignResults | NotApplicable = field(default_factory=lambda: NotApplicable("design_not_computed"))
    instrument: InstrumentResults | NotApplicable = field(
        default_factory=lambda: NotApplicable("instrument_not_computed"))
    fairness: FairnessResults | NotApplicable = field(default_factory=lambda: NotApplicable("fairness_not_computed"))
    structure: StructureResults | NotApplicable = field(default_factory=lambda: NotApplicable("structure_not_computed"))
    calibration: CalibrationResults | NotApplicable = field(
        default_factory=lambda: NotApplicable("calibration_not_computed"))
    standing: StandingResults | NotApplicable = field(default_factory=lambda: NotApplicable("standing_not_computed"))
    regions: RegionsResults | NotApplicable = field(default_factory=lambda: NotApplicable("regions_not_computed"))
