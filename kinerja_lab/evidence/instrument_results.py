"""What is known about the instrument of a survey in one region: items, reliability, units, dimensions?"""

from dataclasses import dataclass

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.psychometrics.dimensionality import ParallelAnalysis
from kinerja_lab.psychometrics.gstudy import DStudy, GStudy
from kinerja_lab.psychometrics.item_validity import ItemValidity
from kinerja_lab.psychometrics.items_careless import Copies, Misfit
from kinerja_lab.psychometrics.reliability_choices import ReliabilityChoices
from kinerja_lab.psychometrics.unit_card import UnitCard

__all__ = ["InstrumentResults"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class InstrumentResults:
    """Everything about the instrument. Any field may be the reason why there is no such result.

    Parameters
    ----------
    shares : EstimateTable
        Share of each answer, group ``answer``, label the item.
    floor, difficulty : EstimateTable
        Share of lowest answers, and mean answer as a share of the scale; label the item.
    validity : ItemValidity or NotApplicable
        r hitung against r tabel, of the items that vary.
    alpha_clustered, error : Estimate or NotApplicable
        Alpha with limits over units, and the standard error of measurement.
    choices : ReliabilityChoices or NotApplicable
        Reliability under every choice.
    missing, gaps : EstimateTable or NotApplicable
        Which items are left empty together, and whether those who do so judge differently.
    runs : Estimate or NotApplicable
        Share of sheets with the same answer to at least two thirds of the items in a row.
    misfit : Misfit or NotApplicable
        Sheets that fit no careful respondent.
    copies : Copies or NotApplicable
        Equal sheets inside and between units.
    card : UnitCard or NotApplicable
        Whether units can be ranked.
    study : GStudy or NotApplicable
        Where answers differ.
    decision : DStudy or NotApplicable
        Reliability for ranking with the respondents and items there are.
    needed : float
        Respondents a unit for a reliability of 0.80 with these items; NaN where there is no study.
    parallel : ParallelAnalysis or NotApplicable
        Dimensions above chance.
    adequacy : EstimateTable or NotApplicable
        Kaiser-Meyer-Olkin measure.
    """

    shares: EstimateTable
    floor: EstimateTable
    difficulty: EstimateTable
    validity: ItemValidity | NotApplicable
    alpha_clustered: Estimate | NotApplicable
    error: Estimate | NotApplicable
    choices: ReliabilityChoices | NotApplicable
    missing: EstimateTable | NotApplicable
    gaps: EstimateTable | NotApplicable
    runs: Estimate | NotApplicable
    misfit: Misfit | NotApplicable
    copies: Copies | NotApplicable
    card: UnitCard | NotApplicable
    study: GStudy | NotApplicable
    decision: DStudy | NotApplicable
    needed: float
    parallel: ParallelAnalysis | NotApplicable
    adequacy: EstimateTable | NotApplicable
