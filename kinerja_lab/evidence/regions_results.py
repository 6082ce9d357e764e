"""How do all regions stand beside each other, and which of them changed, or why is it not known?"""

from collections.abc import Mapping
from dataclasses import dataclass

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.profiling.ranking import Ranking

__all__ = ["RegionsResults"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RegionsResults:
    """All regions of a study in one period; regions with too few respondents are hidden already.

    Parameters
    ----------
    index, elements : EstimateTable
        By ``("region",)``.
    grades : EstimateTable or NotApplicable
        Probability of each letter, by ``("region",)``.
    ranking : Ranking or NotApplicable
        Tiers and rank intervals of the regions that are shown and have an interval.
    changes : EstimateTable or NotApplicable
        Index now less index in the period before, by ``("region",)``.
    q : mapping of str to float
        Benjamini-Hochberg q-value of each region's change over all regions; absent where the change has no interval.
    hidden : int
        Regions that are not shown.
    """

    index: EstimateTable
    elements: EstimateTable
    grades: EstimateTable | NotApplicable
    ranking: Ranking | NotApplicable
    changes: EstimateTable | NotApplicable
    q: Mapping[str, float]
    hidden: int

    def moved(self, *, rate: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Regions whose index surely rose, and those where it surely fell, over all looks.

        Parameters
        ----------
        rate : float
            Share of false calls that is accepted among those named.
        """
        if isinstance(self.changes, NotApplicable):
            return (), ()
        rows = self.changes.frame
        sure = rows[[self.q.get(region, 1.0) <= rate for region in rows["region"]]]
        return tuple(sure.loc[sure["value"] > 0, "region"]), tuple(sure.loc[sure["value"] < 0, "region"])
