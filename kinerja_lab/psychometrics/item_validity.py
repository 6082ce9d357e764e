"""Is r hitung above r tabel? The line that Indonesian reviewers expect, beside what it does not show."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.numeric.intervals import fisher_z
from kinerja_lab.psychometrics.sheets import covariance

__all__ = ["ItemValidity", "item_validity", "r_table"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ItemValidity:
    """Product-moment correlations of items with the total that holds them.

    Parameters
    ----------
    r : EstimateTable
        Label the item: r hitung, limits by Fisher's z.
    critical : float
        r tabel, two-sided 5 %.
    noise : EstimateTable
        Label the item: the r hitung that an item of pure noise with the same spread would have in its place, because
        the total holds the item itself.
    n : int
        Respondents.
    """

    r: EstimateTable
    critical: float
    noise: EstimateTable
    n: int

    @property
    def passed(self) -> tuple[str, ...]:
        """Items with r hitung above r tabel."""
        frame = self.r.frame
        return tuple(frame.loc[frame["value"] > self.critical, "label"])

    @property
    def noise_passes(self) -> tuple[str, ...]:
        """Items in whose place pure noise would be above r tabel too."""
        frame = self.noise.frame
        return tuple(frame.loc[frame["value"] > self.critical, "label"])


def r_table(n: int, *, alpha: float) -> float:
    """The smallest correlation that differs from zero, as tables of r print it.

    Parameters
    ----------
    n : int
        Respondents, at least 3.
    alpha : float
        Two-sided level of the test, between 0 and 1; printed tables use 0.05.

    Returns
    -------
    float

    Raises
    ------
    KinerjaError
        ``instrument_bad_r_table``.

    Notes
    -----
    t / sqrt(n - 2 + t^2), t the quantile of Student's t with n - 2 degrees of freedom.

    References
    ----------
    Fisher, R. A., Yates, F. (1963). Statistical tables, 6th ed., table VII. Oliver and Boyd.

    Examples
    --------
    The tryout of thirty:

    >>> round(r_table(30, alpha=0.05), 3)
    0.361
    """
    if n < 3 or not 0 < alpha < 1:
        raise KinerjaError("instrument_bad_r_table", n=n, alpha=str(alpha))
    t = float(special.stdtrit(n - 2, 1 - alpha / 2))
    return t / float(np.sqrt(n - 2 + t**2))


def item_validity(patterns: ResponsePatterns, *, level: float) -> ItemValidity:
    """r hitung against r tabel, and what pure noise would reach.

    Parameters
    ----------
    patterns : ResponsePatterns
        Complete sheets of at least two items that vary.
    level : float
        Confidence level of the intervals, between 0 and 1.

    Returns
    -------
    ItemValidity

    Raises
    ------
    KinerjaError
        ``patterns_incomplete`` or ``bad_level``.
    NotApplicable
        ``too_few_items``, ``too_few_sheets``, ``constant_items`` or ``all_items_constant``.

    Notes
    -----
    r hitung = cov(item, sum) / (sd item sd sum), the item inside the sum. For an item unrelated to the others this is
    sd item / sqrt(var item + var rest), not 0: with few items noise passes. ``reliability.item_rest`` leaves the item
    out. The test says nothing about content, about one dimension, or about units.

    References
    ----------
    Henrysson, S. (1963). Correction of item-total correlations in item analysis. Psychometrika 28, 211-218.
    """
    matrix = covariance(patterns)
    own, with_sum, total = np.diag(matrix), matrix.sum(axis=0), matrix.sum()
    if total <= 1e-12 * own.sum():
        r = np.full(len(own), np.nan)
    else:
        r = np.clip(with_sum / np.sqrt(own * total), -1, 1)
        r = np.where(np.abs(np.abs(r) - 1) < 1e-12, np.sign(r), r)
    low, high = fisher_z(np.nan_to_num(r), patterns.n, level=level)
    note = np.select([np.isnan(r), np.abs(r) == 1, np.isnan(low)],
                     ["items_cancel", "perfect_agreement", "too_few_respondents"], default="")
    rest = np.maximum(total - 2 * with_sum + own, 0.0)
    common = {"label": patterns.items, "level": level, "n": patterns.n, "unit": "correlation"}
    return ItemValidity(
        r=EstimateTable(frame=pd.DataFrame({
            **common, "value": r, "low": np.where(note == "", low, np.nan), "high": np.where(note == "", high, np.nan),
            "method": "item-total product moment, Fisher z", "note": note})),
        noise=EstimateTable(frame=pd.DataFrame({
            **common, "value": np.sqrt(own / (own + rest)), "low": np.nan, "high": np.nan,
            "method": "item-total product moment of an unrelated item", "note": "instrument_expected"})),
        critical=r_table(patterns.n, alpha=0.05), n=patterns.n)
