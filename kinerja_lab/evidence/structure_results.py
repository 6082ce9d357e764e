"""What is known about the factors behind the answers in one region, and whether they are the same in all groups?"""

from dataclasses import dataclass

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.psychometrics.confirmatory_ordinal import OrdinalFactors
from kinerja_lab.psychometrics.invariance_ordinal import Invariance

__all__ = ["StructureResults"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StructureResults:
    """Factors and invariance. Any field may be the reason why there is no such result.

    Parameters
    ----------
    model : OrdinalFactors or NotApplicable
        The factors the instrument claims, on the items that vary.
    invariance : Invariance or NotApplicable
        The ladder between groups.
    column : str
        What divides the groups (``"agency"`` or ``"region"``).
    left_out : tuple of str
        Items that a group hardly varies in, so that they could not be compared.
    clustered : bool
        Whether the ladder's errors are those of units; else units in a group were too few, and respondents count as
        independent.
    """

    model: OrdinalFactors | NotApplicable
    invariance: Invariance | NotApplicable
    column: str
    left_out: tuple[str, ...] = ()
    clustered: bool = False
