"""What is known about the factors behind the answers in one region, and whether they are the same in all groups?"""

from collections.abc import Mapping
from dataclasses import dataclass

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.psychometrics.alignment import AlignedGroups
from kinerja_lab.psychometrics.confirmatory_ordinal import OrdinalFactors
from kinerja_lab.psychometrics.invariance_ordinal import Invariance

__all__ = ["AlignedLook", "StructureResults"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AlignedLook:
    """Many groups on one scale, beside their plain means.

    Parameters
    ----------
    result : AlignedGroups
        The alignment; a group is named by its codes, joined by ``"/"``.
    columns : tuple of str
        What divides the groups (``"region"``, ``"agency"``).
    q : mapping of str to float
        By group: q-value of its difference between plain and aligned.
    groups_left_out : tuple of str
        Groups with enough sheets in which one factor could not be fitted.
    items_left_out : tuple of str
        Items in which nobody differs in too many groups.
    clustered : bool
        Whether errors are those of units.
    beyond : int
        Groups with enough sheets that were not looked at, because there were too many.
    """

    result: AlignedGroups
    columns: tuple[str, ...]
    q: Mapping[str, float]
    groups_left_out: tuple[str, ...] = ()
    items_left_out: tuple[str, ...] = ()
    clustered: bool = False
    beyond: int = 0


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
    aligned : AlignedLook or NotApplicable
        Many groups on one scale, where the ladder would have too many.
    """

    model: OrdinalFactors | NotApplicable
    invariance: Invariance | NotApplicable
    column: str
    left_out: tuple[str, ...] = ()
    clustered: bool = False
    aligned: AlignedLook | NotApplicable = NotApplicable("structure_not_computed")
