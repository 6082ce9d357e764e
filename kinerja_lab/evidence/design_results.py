"""What does the way a region's survey was drawn say: its effective size, what it can tell apart, its small units?"""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable

__all__ = ["DesignResults", "SizePlan", "SmallUnits"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SizePlan:
    """How many answers each rule asks for, and what this survey can tell apart.

    Parameters
    ----------
    n : int
        Answers there are.
    population : float
        What the weights add up to; infinite where there are no weights to count with.
    sd : Estimate
        Spread between respondents of their own index.
    deff : float
        Design effect the plan allows for.
    margin : float
        Half the interval of the index.
    detectable : float
        Smallest change between two surveys like this one that is seen with the chance ``power``.
    power : float
        That chance.
    sizes : pandas.DataFrame
        ``rule, promise, answers``: the rules that are in use, each under its own name.
    curve : pandas.DataFrame
        ``n, margin, detectable, margin_simple``: what other sizes would give, in index points; the last column is a
        simple random sample.
    """

    n: int
    population: float
    sd: Estimate
    deff: float
    margin: float
    detectable: float
    power: float
    sizes: pd.DataFrame
    curve: pd.DataFrame


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SmallUnits:
    """Direct and small-area numbers of units, and which of them is printed.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``agency, unit, n, direct, direct_low, direct_high, shrunken, small_area, small_low, small_high, own_share,
        printed, reason``, one row a unit. ``n`` and the direct number are missing where the unit is hidden.
        ``printed`` is ``"direct"``, ``"small_area"`` or ``"synthetic"``; ``reason`` says why.
    widest : float
        Half an interval above this is too wide for the direct number to be printed.
    level : float
        Confidence level.
    by_agency : bool
        Whether the regression tells agencies apart.
    between : Estimate
        Variance of units' true numbers around the regression.
    mse_formula : str
        Convention of the mean squared error.
    unit : str
        Unit of the numbers.
    by : str
        What an area is: ``"unit"``, or ``"region"`` (its code then stands in the column ``unit``).
    """

    rows: pd.DataFrame
    widest: float
    level: float
    by_agency: bool
    between: Estimate
    mse_formula: str
    unit: str
    by: str = "unit"

    @property
    def printed(self) -> Mapping[str, int]:
        """How many units get which number."""
        return self.rows["printed"].value_counts().to_dict()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DesignResults:
    """What the design says of a region's survey. Any field may be the reason why there is no such result.

    Parameters
    ----------
    effects : EstimateTable or NotApplicable
        Labels ``design_effect``, ``weighting_effect`` and ``effective_n``.
    strata, clusters, lonely : int
        Strata, clusters (respondents where there are none) and strata of a single cluster.
    weighted : bool
        Whether the survey has weights.
    plan : SizePlan or NotApplicable
        Sample sizes.
    small : SmallUnits or NotApplicable
        Small-area numbers of units.
    """

    effects: EstimateTable | NotApplicable
    strata: int
    clusters: int
    lonely: int
    weighted: bool
    plan: SizePlan | NotApplicable
    small: SmallUnits | NotApplicable
