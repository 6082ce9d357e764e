"""What is known about the fairness and the reach of the questionnaire in one region, or why it is not known?"""

from dataclasses import dataclass

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.psychometrics.dif import LogisticDif
from kinerja_lab.psychometrics.dif_published import PublishedChange
from kinerja_lab.psychometrics.irt_information import InformationCurves
from kinerja_lab.psychometrics.irt_model import IrtModel

__all__ = ["FairnessResults", "GroupLook"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GroupLook:
    """One way to divide respondents, and whether the elements work alike across it.

    Parameters
    ----------
    column : str
        Column of the survey that names the groups.
    dif : LogisticDif or NotApplicable
        Tests and effects of every element.
    published : PublishedChange or NotApplicable
        What the flagged elements change in index, letter and rank of the units.
    """

    column: str
    dif: LogisticDif | NotApplicable
    published: PublishedChange | NotApplicable


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FairnessResults:
    """Whether elements work alike in all groups, and where on the scale they measure.

    Parameters
    ----------
    looks : tuple of GroupLook
        One for each way to divide respondents that the study knows.
    scale_width : float
        Length of the answer scale in points.
    model : IrtModel or NotApplicable
        Graded response model of the elements that vary.
    information : InformationCurves or NotApplicable
        Information along the scale.
    reliability : Estimate or NotApplicable
        Marginal reliability of scores of respondents.
    measured : Estimate or NotApplicable
        Share of respondents who stand where a score has reliability 0.70 or more.
    above : Estimate or NotApplicable
        Share of respondents who stand above all such places: too high to be told apart.
    scores : tuple of array or NotApplicable
        Points of the scale and the share of respondents near each, for the picture.
    """

    looks: tuple[GroupLook, ...]
    scale_width: float
    model: IrtModel | NotApplicable
    information: InformationCurves | NotApplicable
    reliability: Estimate | NotApplicable
    measured: Estimate | NotApplicable
    above: Estimate | NotApplicable
    scores: tuple | NotApplicable

    @property
    def judged(self) -> tuple[GroupLook, ...]:
        """Looks with an answer."""
        return tuple(look for look in self.looks if not isinstance(look.dif, NotApplicable))
