"""Does one cut treat the units of every region alike?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.calibration.unit_rows import need_columns, need_once
from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.numeric.false_discovery import q_values
from kinerja_lab.numeric.intervals import wilson

__all__ = ["CutFairness", "cut_fairness"]

LEAST_UNITS = 5
"""Units of a kind in a region below which its share is not judged (house convention)."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CutFairness:
    """One cut seen region by region.

    Parameters
    ----------
    table : EstimateTable
        Groups ``("region",)``; labels ``"sensitivity"`` (units with a good outcome that the cut calls good) and
        ``"specificity"`` (others that it does not).
    q : numpy.ndarray
        Benjamini-Hochberg q-value, over all rows, of "as in all other regions"; NaN where it is not judged.
    apart : tuple of (str, str)
        Region and label of the rows with q at most ``rate``.
    rate : float
        False discovery rate allowed.
    """

    table: EstimateTable
    q: np.ndarray
    apart: tuple[tuple[str, str], ...]
    rate: float


def cut_fairness(frame: pd.DataFrame, *, cut: float, level: float, rate: float = 0.05) -> CutFairness:
    """Share of right verdicts by region at equal outcome.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a unit: ``unit, region, score, good`` (whether the outcome is as wanted); rows without a value are left
        out.
    cut : float
        Units at or above it are called good.
    level : float
        Confidence level, between 0 and 1.
    rate : float
        False discovery rate over all regions and both shares.

    Returns
    -------
    CutFairness
        Regions with fewer than five units of a kind are shown but not judged.

    Raises
    ------
    KinerjaError
        ``missing_columns``, ``units_repeated`` or ``bad_level``.
    NotApplicable
        ``few_regions_judged`` when fewer than two can be judged.

    Notes
    -----
    Units with the same outcome should have the same chance of a verdict wherever they are ("equalised odds"). Each
    region against all others by Fisher's exact test, two-sided.

    References
    ----------
    Hardt, M., Price, E., Srebro, N. (2016). Equality of opportunity in supervised learning. NeurIPS 29.
    """
    need_columns(frame, ("unit", "region", "score", "good"))
    need_once(frame)
    kept = frame.dropna(subset=["region", "score", "good"])
    good, called = kept["good"].to_numpy(dtype=bool), kept["score"].to_numpy(dtype=float) >= cut
    codes, regions = pd.factorize(kept["region"].astype(str), sort=True)
    rows, p_values = [], []
    for label, kind, right in (("sensitivity", good, called), ("specificity", ~good, ~called)):
        n = np.bincount(codes[kind], minlength=len(regions))
        events = np.bincount(codes[kind & right], minlength=len(regions))
        low, high = wilson(events, n, level=level)
        rows.append(pd.DataFrame({
            "region": regions, "label": label, "value": np.where(n > 0, events / np.maximum(n, 1), np.nan), "low": low,
            "high": high, "level": level, "n": n, "method": "Wilson", "unit": "share",
            "note": np.where(n > 0, "", "no_answers")}))
        p_values.append(np.where((n >= LEAST_UNITS) & (n.sum() - n >= LEAST_UNITS), _exact(events, n), np.nan))
    p = np.concatenate(p_values)
    if np.isfinite(p).sum() < 2:
        raise NotApplicable("few_regions_judged", n=int(np.isfinite(p).sum()), least=2)
    q = q_values(p)
    table = EstimateTable(frame=pd.concat(rows, ignore_index=True), groups=("region",))
    keys = table.frame[["region", "label"]].to_numpy()
    return CutFairness(table=table, q=q, rate=rate,
                       apart=tuple((str(region), str(label)) for (region, label), value in zip(keys, q, strict=True)
                                   if value <= rate))


def _exact(events: np.ndarray, n: np.ndarray) -> np.ndarray:
    """Fisher's exact p of each region against the rest: sum of the chances not above the one seen."""
    total, good = int(n.sum()), int(events.sum())
    out = np.ones(len(n))
    for place, (seen, size) in enumerate(zip(events, n, strict=True)):
        possible = np.arange(max(0, good - (total - size)), min(size, good) + 1)
        log = _log_choose(size, possible) + _log_choose(total - size, good - possible)
        chance = np.exp(log - log.max())
        own = chance[int(seen) - possible[0]]
        out[place] = min(chance[chance <= own * (1 + 1e-9)].sum() / chance.sum(), 1.0)
    return out


def _log_choose(n, k) -> np.ndarray:
    return special.gammaln(n + 1) - special.gammaln(k + 1) - special.gammaln(n - k + 1)
