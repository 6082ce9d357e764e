"""What is known about one region's indicators as guides to outcomes: every result, or the reason why there is none."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pandas as pd

from kinerja_lab.calibration.anchored_cut import CutComparison
from kinerja_lab.calibration.drift import Drift
from kinerja_lab.calibration.gain import PredictiveGain
from kinerja_lab.calibration.gaming import DigitPreference, Heaping
from kinerja_lab.calibration.item_outcomes import ItemOutcomes
from kinerja_lab.calibration.outcome_curve import OutcomeCurve
from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.estimation.grade_risk import GradeRisk

__all__ = ["CalibrationResults", "ClaimLook", "CutLook", "GamingLook", "TargetLook"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClaimLook:
    """One claim taken apart.

    Parameters
    ----------
    indicator, criterion : str
        Codes.
    sign : int
        Direction that is claimed.
    parts : EstimateTable or NotApplicable
        Rank correlations, labels of ``association_parts`` and ``"without_noise"``.
    slope : EstimateTable or NotApplicable
        Outcome a point of the indicator at equal case mix, CR2.
    slope_mixed : EstimateTable or NotApplicable
        The same from a model with a random intercept of the region.
    gain : PredictiveGain or NotApplicable
        Over a base line that knows the case mix.
    gain_q : float
        q-value of the gain over all claims of the report; NaN where there is none.
    drift : Drift or NotApplicable
        Against the previous period.
    """

    indicator: str
    criterion: str
    sign: int
    parts: EstimateTable | NotApplicable
    slope: EstimateTable | NotApplicable
    gain: PredictiveGain | NotApplicable
    gain_q: float
    drift: Drift | NotApplicable
    slope_mixed: EstimateTable | NotApplicable = field(default_factory=lambda: NotApplicable("no_slope"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CutLook:
    """The score at which an outcome meets its own target, beside the legal cut.

    Parameters
    ----------
    indicator, criterion : str
        Codes.
    target : float
        Target of the outcome, in its unit.
    curve : OutcomeCurve or NotApplicable
        Outcome as a function of the index.
    shown_scale : float
        What the curve's values are multiplied with to stand in the outcome's unit.
    cut : Estimate or NotApplicable
        From outcomes.
    legal_band : str
        Band that begins at the legal cut.
    legal_cut : float
        Where it begins.
    beside : CutComparison or NotApplicable
        Legal cut less anchored cut.
    points : pandas.DataFrame
        ``unit, agency, region, indicator, outcome``.
    panel : Estimate or NotApplicable
        Where a panel has put the cut of the same band.
    beside_panel : CutComparison or NotApplicable
        The panel's cut less the anchored cut.
    """

    indicator: str
    criterion: str
    target: float
    curve: OutcomeCurve | NotApplicable
    shown_scale: float
    cut: Estimate | NotApplicable
    legal_band: str
    legal_cut: float
    beside: CutComparison | NotApplicable
    points: pd.DataFrame
    panel: Estimate | NotApplicable = NotApplicable("no_panel_standard")
    beside_panel: CutComparison | NotApplicable = NotApplicable("no_panel_standard")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GamingLook:
    """Signals that numbers may be made to fit.

    Parameters
    ----------
    heaping : Heaping or NotApplicable
        Units just on the good side of the target.
    on_target : Estimate or NotApplicable
        Share of years whose realisation equals the target.
    digits : DigitPreference or NotApplicable
        Last digits of the monthly numbers.
    jumps : pandas.DataFrame or NotApplicable
        Changes far out of a unit's own.
    months : int
        Monthly changes that were looked at for jumps.
    """

    heaping: Heaping | NotApplicable
    on_target: Estimate | NotApplicable
    digits: DigitPreference | NotApplicable
    jumps: pd.DataFrame | NotApplicable
    months: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TargetLook:
    """A target beside what units reach.

    Parameters
    ----------
    target : float
        The indicator's latest target.
    period : str
        Its period.
    options : EstimateTable or NotApplicable
        ``quantile_targets`` of the units.
    trend : EstimateTable or NotApplicable
        ``trend_target`` of the region.
    chances : EstimateTable or NotApplicable
        ``chance_to_reach`` of each unit; small units are hidden.
    benchmark : Estimate or NotApplicable
        The achievable benchmark, which stands among the options too, or why there is none.
    shares : EstimateTable or NotApplicable
        ``reach_shares`` of the target (label ``"target"``) and of every option.
    """

    target: float
    period: str
    options: EstimateTable | NotApplicable
    trend: EstimateTable | NotApplicable
    chances: EstimateTable | NotApplicable
    benchmark: Estimate | NotApplicable = field(default_factory=lambda: NotApplicable("benchmark_needs_shares"))
    shares: EstimateTable | NotApplicable = field(default_factory=lambda: NotApplicable("no_target"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CalibrationResults:
    """Everything of this area.

    Parameters
    ----------
    case_mix : tuple of str
        Columns held constant, as the tables name them.
    claims : tuple of ClaimLook
        Every claim of every indicator, in the order of the report's looks.
    cuts : tuple of CutLook
        Claims of the survey index whose outcome has a target of its own in the study.
    risk : GradeRisk or NotApplicable
        Of the region's letter.
    unit_answers : EstimateTable or NotApplicable
        Groups ``("agency", "unit")``; label ``"wrong"`` (chance that the printed letter is wrong) and ``"answers"``
        (answers in all that would settle it).
    gaming : mapping of str to GamingLook
        By indicator code.
    targets : mapping of str to (TargetLook or NotApplicable)
        By indicator code.
    dimensions : ItemOutcomes or NotApplicable
        Every part of the survey with every outcome that the survey claims, in the summary of all regions.
    """

    case_mix: tuple[str, ...]
    claims: tuple[ClaimLook, ...]
    cuts: tuple[CutLook, ...]
    risk: GradeRisk | NotApplicable
    unit_answers: EstimateTable | NotApplicable
    gaming: Mapping[str, GamingLook] = field(default_factory=dict)
    targets: Mapping[str, TargetLook | NotApplicable] = field(default_factory=dict)
    dimensions: ItemOutcomes | NotApplicable = field(default_factory=lambda: NotApplicable("dimensions_national"))
