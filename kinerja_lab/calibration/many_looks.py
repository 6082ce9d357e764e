"""Which of a thousand looks hold when all were taken? Every region and claim at once, false discoveries capped."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.calibration.criterion import LEAST_UNITS
from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.numeric.false_discovery import q_values
from kinerja_lab.numeric.intervals import fisher_z

__all__ = ["ManyLooks", "many_looks"]

GROUPS = ("region", "claim")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ManyLooks:
    """Rank correlations of many regions and claims.

    Parameters
    ----------
    table : EstimateTable
        Groups ``("region", "claim")``; a look without an answer has a note.
    p, q : numpy.ndarray
        p-value and Benjamini-Hochberg q-value of each row; NaN where there is no answer.
    rate : float
        False discovery rate that is allowed.
    """

    table: EstimateTable
    p: np.ndarray
    q: np.ndarray
    rate: float

    @property
    def looks(self) -> int:
        """Looks that had an answer: the number over which false discoveries are capped."""
        return int(np.isfinite(self.q).sum())

    @property
    def called(self) -> int:
        """Looks that hold after the cap."""
        return int((self.q <= self.rate).sum())


def many_looks(points: pd.DataFrame, *, level: float, rate: float = 0.05) -> ManyLooks:
    """Rank correlation of every claim in every region in one pass.

    Parameters
    ----------
    points : pandas.DataFrame
        ``region, claim, unit, indicator, outcome``: one row a unit of a claim; rows without a value are left out.
    level : float
        Confidence level, between 0 and 1.
    rate : float
        False discovery rate, between 0 and 1.

    Returns
    -------
    ManyLooks

    Raises
    ------
    KinerjaError
        ``missing_columns``, ``units_repeated``, ``bad_level`` or ``discovery_rate``.

    Notes
    -----
    The same number as ``association`` gives for one region: Spearman with Bonett and Wright's interval. A look needs
    eight units (``too_few_units_left``) and two sides that vary (``no_variation``).

    References
    ----------
    Benjamini, Y., Hochberg, Y. (1995). Controlling the false discovery rate. Journal of the Royal Statistical Society B
    57, 289-300.
    """
    if not 0 < rate < 1:
        raise KinerjaError("discovery_rate", value=str(rate))
    missing = [name for name in (*GROUPS, "unit", "indicator", "outcome") if name not in points.columns]
    if missing:
        raise KinerjaError("missing_columns", columns=", ".join(missing))
    twice = points.duplicated([*GROUPS, "unit"])
    if twice.any():
        raise KinerjaError("units_repeated", unit=str(points.loc[twice, "unit"].iloc[0]))
    kept = points.dropna(subset=["indicator", "outcome"])
    keys = points[list(GROUPS)].drop_duplicates(ignore_index=True)
    codes = pd.MultiIndex.from_frame(keys).get_indexer(pd.MultiIndex.from_frame(kept[list(GROUPS)]))
    n = np.bincount(codes, minlength=len(keys))
    sides = [_centred_ranks(kept[name].to_numpy(dtype=float), codes, n) for name in ("indicator", "outcome")]
    sums = [np.bincount(codes, weights=first * second, minlength=len(keys))
            for first, second in ((sides[0], sides[1]), (sides[0], sides[0]), (sides[1], sides[1]))]
    flat = (sums[1] <= 1e-9) | (sums[2] <= 1e-9)
    rho = np.where(flat, np.nan, sums[0] / np.sqrt(np.where(flat, 1.0, sums[1] * sums[2])))
    rho = np.where(np.abs(rho) > 1 - 1e-12, np.sign(rho), rho)
    rho = np.where(n < LEAST_UNITS, np.nan, rho)
    low, high = fisher_z(rho, n, level=level, variance_factor=1 + rho**2 / 2)
    p = _p(rho, n)
    note = np.select([n < LEAST_UNITS, flat, np.abs(rho) == 1], ["too_few_units_left", "no_variation",
                                                               "perfect_agreement"], "")
    frame = keys.assign(label="association", value=rho, low=low, high=high, level=level, n=n,
                        method="Spearman, Bonett-Wright", unit="correlation", note=note)
    return ManyLooks(table=EstimateTable(frame=frame, groups=GROUPS), p=p, q=q_values(p), rate=rate)


def _centred_ranks(values: np.ndarray, codes: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Mean ranks within each look, less their mean, by one sort of all rows."""
    order = np.lexsort((values, codes))
    place = np.arange(len(values)) - np.concatenate([[0], np.cumsum(n)[:-1]])[codes[order]]
    new = np.ones(len(values), dtype=bool)
    new[1:] = (np.diff(values[order]) != 0) | (np.diff(codes[order]) != 0)
    run = np.cumsum(new) - 1
    mean = np.bincount(run, weights=place) / np.bincount(run) if len(run) else np.zeros(0)
    out = np.empty(len(values))
    out[order] = mean[run] - (n[codes[order]] - 1) / 2
    return out


def _p(rho: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Two-sided, as ``association``; of all orders two agree perfectly."""
    perfect = np.abs(rho) == 1
    inside = np.where(perfect | np.isnan(rho), 0.0, rho)
    z = np.arctanh(inside) / np.sqrt((1 + inside**2 / 2) / np.maximum(n - 3, 1))
    p = np.where(perfect, np.minimum(2 * np.exp(-special.gammaln(n + 1)), 1.0), 2 * special.ndtr(-np.abs(z)))
    return np.where(np.isnan(rho), np.nan, p)
