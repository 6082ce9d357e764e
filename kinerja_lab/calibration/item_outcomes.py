"""Which part of a survey goes with which outcome, before and after case mix, within and between regions, at once?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kinerja_lab.calibration.association_parts import part_looks
from kinerja_lab.calibration.unit_rows import need_columns, need_once
from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.numeric.false_discovery import q_values

__all__ = ["PARTS", "ItemOutcomes", "item_outcomes"]

PARTS = ("all_units", "beyond_case_mix", "within_regions", "between_regions")
"""Parts of an association that are looked at, as ``association_parts`` names them."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ItemOutcomes:
    """Rank correlations of items and outcomes in four parts.

    Parameters
    ----------
    table : EstimateTable
        Groups ``("item", "measure")``, labels ``PARTS``.
    p, q : numpy.ndarray
        Of each row: two-sided p-value, and Benjamini-Hochberg q-value over all rows that have one; NaN elsewhere.
    rate : float
        False discovery rate that is allowed.
    """

    table: EstimateTable
    p: np.ndarray
    q: np.ndarray
    rate: float

    @property
    def looks(self) -> int:
        """Looks that had an answer."""
        return int(np.isfinite(self.q).sum())

    @property
    def held(self) -> np.ndarray:
        """Whether each row holds after the cap."""
        return np.where(np.isfinite(self.q), self.q, 1.0) <= self.rate

    def part(self, label: str) -> pd.DataFrame:
        """Rows of one part: ``item, measure, value, low, high, n, q, held``."""
        frame = self.table.frame.assign(q=self.q, held=self.held)
        return frame[frame["label"] == label].reset_index(drop=True)


def item_outcomes(
    scores: pd.DataFrame, *, items: Sequence[str], outcomes: Mapping[str, pd.DataFrame], level: float,
    rate: float = 0.05,
) -> ItemOutcomes:
    """Every item with every outcome.

    Parameters
    ----------
    scores : pandas.DataFrame
        One row a unit: ``unit, region`` and a column an item.
    items : sequence of str
        Columns of items.
    outcomes : mapping of str to pandas.DataFrame
        By measure: ``unit, outcome``, and columns of numbers that ``beyond_case_mix`` holds constant.
    level : float
        Confidence level, between 0 and 1.
    rate : float
        False discovery rate, between 0 and 1.

    Returns
    -------
    ItemOutcomes
        Pairs without enough units, or with a side that does not vary, are left out.

    Raises
    ------
    KinerjaError
        ``missing_columns``, ``units_repeated``, ``discovery_rate`` or ``bad_level``.
    NotApplicable
        ``no_looks`` when no pair can be looked at.

    Notes
    -----
    Spearman; intervals and p-values as ``part_looks``: with eight regions or more a jackknife over regions, so that
    units of one region do not count as independent. The four parts of a pair share their data; Benjamini and Hochberg's
    cap holds for such positive dependence.

    References
    ----------
    Benjamini, Y., Yekutieli, D. (2001). The control of the false discovery rate in multiple testing under dependency.
    Annals of Statistics 29, 1165-1188.
    """
    if not 0 < rate < 1:
        raise KinerjaError("discovery_rate", value=str(rate))
    need_columns(scores, ("unit", "region", *items))
    need_once(scores)
    estimates, keys, p = [], [], []
    for measure, outcome in outcomes.items():
        need_columns(outcome, ("unit", "outcome"))
        mix = tuple(str(name) for name in outcome.columns if name not in ("unit", "outcome"))
        both = scores[["unit", "region", *items]].merge(outcome, on="unit", validate="one_to_one")
        for item in items:
            pairs = both[["unit", "region", item, "outcome", *mix]].rename(columns={item: "indicator"})
            try:
                looks = part_looks(pairs, level=level, case_mix=mix, ranked=True)
            except NotApplicable:
                continue
            for look in looks:
                if look.estimate.label in PARTS:
                    estimates.append(look.estimate)
                    keys.append((item, measure))
                    p.append(look.p)
    if not estimates:
        raise NotApplicable("no_looks")
    table = EstimateTable.from_estimates(estimates, groups=("item", "measure"), keys=keys)
    return ItemOutcomes(table=table, p=np.array(p), q=q_values(np.array(p)), rate=rate)
