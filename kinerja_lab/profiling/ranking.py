"""Which places may a unit have, and which units cannot be told apart? Rank intervals, tiers, best and worst fifth."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import MEASURED_IN, Estimate, EstimateTable
from kinerja_lab.core.options import Polarity
from kinerja_lab.numeric.intervals import normal_quantile, wilson
from kinerja_lab.numeric.rank_distance import order_limit, own_limits

__all__ = ["Ranking", "fifth_chances", "rank_units"]

LEAST_UNITS = 2
DRAWS = 1000
FIFTH = 0.2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ranking:
    """Where each unit stands among the others, and how surely.

    Parameters
    ----------
    ranks : EstimateTable
        Groups ``("unit",)``, in the order given; labels ``"rank"`` (interval for all units at once) and ``"rank_own"``
        (interval for this unit alone); 1 is best.
    tiers : numpy.ndarray of int, shape (units,)
        Tier of each unit, 1 best: no two units of a tier can be told apart, and every unit below the first tier is
        surely worse than some unit of the tier before its own.
    surely_better, surely_worse : numpy.ndarray of int, shape (units,)
        How many units are surely better, and surely worse, than this one.
    separable : Estimate
        Share of all pairs whose order is sure.
    limit : float
        Standardised difference from which an order is called.
    method : str
        The conventions used.
    """

    ranks: EstimateTable
    tiers: np.ndarray
    surely_better: np.ndarray
    surely_worse: np.ndarray
    separable: Estimate
    limit: float
    method: str

    @property
    def tier_count(self) -> int:
        """Tiers found; 1 means that no unit is surely better than any other."""
        return int(self.tiers.max())

    def alike(self, unit: str) -> tuple[str, ...]:
        """Units of the same tier, without the unit itself.

        Raises
        ------
        KinerjaError
            ``no_such_row`` when there is no such unit.
        """
        names = self.ranks.frame.loc[self.ranks.frame["label"] == "rank", "unit"].astype(str).to_numpy()
        place = np.flatnonzero(names == unit)
        if len(place) != 1:
            raise KinerjaError("no_such_row", label=unit, n=len(place))
        same = self.tiers == self.tiers[place[0]]
        return tuple(name for name in names[same].tolist() if name != unit)


def rank_units(
    values: np.ndarray, se: np.ndarray, *, units: np.ndarray, polarity: Polarity, level: float,
    rng: np.random.Generator, n: np.ndarray | None = None, draws: int = DRAWS, stepdown: bool = True,
    own: bool = True,
) -> Ranking:
    """Ranks with intervals, and tiers, of independent estimates with known standard errors.

    Parameters
    ----------
    values, se : numpy.ndarray, shape (units,)
        Estimates, on a scale on which their errors are about normal, and their positive standard errors.
    units : numpy.ndarray, shape (units,)
        Names, each once.
    polarity : Polarity
        ``maximise`` (rank 1 is the highest) or ``minimise``.
    level : float
        Chance that all intervals of ``"rank"`` hold at once (of each alone, for ``"rank_own"``), between 0 and 1.
    rng : numpy.random.Generator
        Draws the errors whose largest difference sets the limit.
    n : numpy.ndarray or None, shape (units,)
        Cases behind each estimate; 0 where not given.
    draws : int
        How many, at least 200.
    stepdown : bool
        Whether pairs whose order is sure are set aside and the limit found anew.
    own : bool
        Whether the intervals of each unit alone are wanted too.

    Returns
    -------
    Ranking

    Raises
    ------
    KinerjaError
        ``lengths_differ``, ``scores_not_finite``, ``ranking_bad_se``, ``units_repeated``, ``ranking_few_draws`` or
        ``bad_level``.
    NotApplicable
        ``too_few_units`` or ``polarity_stabilise``.

    Notes
    -----
    Unit j is surely better than k when their difference over its standard error passes a limit that the largest of all
    such differences passes by chance with 1 - level. A rank's lower limit is 1 + the units surely better, its upper
    limit the number of units less those surely worse. "Surely better" is transitive, since the error of a difference
    is at most the sum of the errors of two differences between; so the tier of a unit is the length of the longest
    chain of units that ends in it. Ties in the estimate share the better rank.

    References
    ----------
    Mogstad, M., Romano, J. P., Shaikh, A. M., Wilhelm, D. (2024). Inference for ranks with applications to mobility
    across neighbourhoods and academic achievement across countries. Review of Economic Studies 91, 476-518.

    Examples
    --------
    >>> import numpy as np
    >>> found = rank_units(np.array([9.0, 5.0, 4.9]), np.array([0.5, 0.5, 0.5]), units=np.array(["a", "b", "c"]),
    ...                    polarity=Polarity.MAXIMISE, level=0.95, rng=np.random.default_rng(1))
    >>> found.tiers.tolist(), found.alike("b")
    ([1, 2, 2], ('c',))
    """
    values, se, names = _checked(values, se, units, polarity, level, draws)
    better = values if polarity is Polarity.MAXIMISE else -values
    errors = _draws(rng, draws, se, better, names)
    limit = order_limit(better, se, level=level, draws=errors, stepdown=stepdown)
    gap = (better[:, None] - better) / np.sqrt(se[:, None] ** 2 + se**2)
    above = gap > limit
    rank = 1 + (better > better[:, None]).sum(axis=1)
    counted = np.zeros(len(values), dtype=np.int64) if n is None else np.asarray(n, dtype=np.int64)
    pairs = len(values) * (len(values) - 1) // 2
    method = (f"largest standardised difference, {draws} draws{', stepdown' if stepdown else ''};"
              " one unit alone: exact by quadrature")
    limits = {"rank": (1 + above.sum(axis=0), len(values) - above.sum(axis=1))}
    if own:
        far = np.abs(gap) > own_limits(se, level=level)[:, None]
        limits["rank_own"] = (1 + (far & (gap < 0)).sum(axis=1), len(values) - (far & (gap > 0)).sum(axis=1))
    frame = pd.concat([pd.DataFrame({
        "unit": names, "label": label, "value": rank.astype(float), "low": np.minimum(low, rank).astype(float),
        "high": np.maximum(high, rank).astype(float), "level": level, "n": counted, "method": method,
        MEASURED_IN: "rank", "note": ""}) for label, (low, high) in limits.items()], ignore_index=True)
    return Ranking(
        ranks=EstimateTable(groups=("unit",), frame=frame), tiers=_tiers(better, above),
        surely_better=above.sum(axis=0), surely_worse=above.sum(axis=1), limit=limit, method=method,
        separable=Estimate(label="separable", value=float(above.sum()) / pairs, low=np.nan, high=np.nan, level=level,
                           n=pairs, method=method, unit="share", note="pairs_no_interval"),
    )


def _draws(rng: np.random.Generator, times: int, spread, centre, names) -> np.ndarray:
    """Standard normal errors that go with the unit, not with the place of its row."""
    errors = np.empty((times, len(names)))
    errors[:, np.lexsort((names, centre, spread))] = rng.standard_normal(errors.shape)
    return errors


def _checked(values, se, units, polarity, level, draws):
    values, se, names = np.asarray(values, dtype=float), np.asarray(se, dtype=float), np.asarray(units).astype(str)
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    if not len(values) == len(se) == len(names):
        raise KinerjaError("lengths_differ", first=len(values), second=min(len(se), len(names)))
    if polarity is Polarity.STABILISE:
        raise NotApplicable("polarity_stabilise")
    if len(values) < LEAST_UNITS:
        raise NotApplicable("too_few_units", n=len(values), least=LEAST_UNITS)
    if not np.isfinite(values).all():
        raise KinerjaError("scores_not_finite", n=int((~np.isfinite(values)).sum()))
    bad = ~(np.isfinite(se) & (se > 0))
    if bad.any():
        raise KinerjaError("ranking_bad_se", n=int(bad.sum()), unit=str(names[bad][0]))
    again = pd.Series(names).duplicated()
    if again.any():
        raise KinerjaError("units_repeated", unit=str(names[again][0]))
    if draws < 200:
        raise KinerjaError("ranking_few_draws", value=draws)
    return values, se, names


def _tiers(better: np.ndarray, above: np.ndarray) -> np.ndarray:
    """Length of the longest chain of surely better units that ends in each."""
    tiers = np.ones(len(better), dtype=np.int64)
    for unit in np.argsort(-better, kind="stable"):
        over = tiers[above[:, unit]]
        tiers[unit] = 1 + over.max() if over.size else 1
    return tiers


def fifth_chances(
    means: np.ndarray, sd: np.ndarray, *, units: np.ndarray, polarity: Polarity, level: float,
    rng: np.random.Generator, draws: int = 2000, share: float = FIFTH,
) -> EstimateTable:
    """Chance that a unit truly belongs to the best, and to the worst, fifth.

    Parameters
    ----------
    means, sd : numpy.ndarray, shape (units,)
        Mean and standard deviation of what is known of each unit (shrunken estimates; 0 is allowed).
    units : numpy.ndarray, shape (units,)
        Names.
    polarity : Polarity
        ``maximise`` or ``minimise``.
    level : float
        Level of the interval, which is that of the drawing, not of the data.
    rng : numpy.random.Generator
        Draws true values.
    draws : int
        How many, at least 200.
    share : float
        Size of the best and of the worst group, above 0 up to a half; rounded to whole units, at least one.

    Returns
    -------
    EstimateTable
        Groups ``("unit",)``, labels ``"best_fifth"`` and ``"worst_fifth"``; ``n`` is the number of draws.

    Raises
    ------
    KinerjaError
        ``lengths_differ``, ``scores_not_finite``, ``ranking_few_draws``, ``bad_share`` or ``bad_level``.
    NotApplicable
        ``too_few_units`` (fewer than five) or ``polarity_stabilise``.

    References
    ----------
    Laird, N. M., Louis, T. A. (1989). Empirical Bayes ranking methods. Journal of Educational Statistics 14, 29-46.
    """
    means, sd, names = np.asarray(means, dtype=float), np.asarray(sd, dtype=float), np.asarray(units).astype(str)
    normal_quantile(level)
    if not len(means) == len(sd) == len(names):
        raise KinerjaError("lengths_differ", first=len(means), second=min(len(sd), len(names)))
    if polarity is Polarity.STABILISE:
        raise NotApplicable("polarity_stabilise")
    if len(means) < 5:
        raise NotApplicable("too_few_units", n=len(means), least=5)
    broken = ~(np.isfinite(means) & np.isfinite(sd) & (sd >= 0))
    if broken.any():
        raise KinerjaError("scores_not_finite", n=int(broken.sum()))
    if draws < 200:
        raise KinerjaError("ranking_few_draws", value=draws)
    if not 0 < share <= 0.5:
        raise KinerjaError("bad_share", value=share)
    count = len(means)
    size = max(round(share * count), 1)
    sign = -1.0 if polarity is Polarity.MAXIMISE else 1.0
    best, worst = np.zeros(count), np.zeros(count)
    block = max(1, 2_000_000 // count)
    for start in range(0, draws, block):
        times = min(block, draws - start)
        true = sign * (means + sd * _draws(rng, times, sd, means, names))
        order = np.argpartition(true, (size - 1, count - size), axis=1)
        best += np.bincount(order[:, :size].ravel(), minlength=count)
        worst += np.bincount(order[:, count - size:].ravel(), minlength=count)
    parts = []
    for label, hits in (("best_fifth", best), ("worst_fifth", worst)):
        low, high = wilson(hits, np.full(count, draws), level=level)
        parts.append(pd.DataFrame({
            "unit": names, "label": label, "value": hits / draws, "low": low, "high": high, "level": level, "n": draws,
            "method": f"{draws} draws from the shrunken estimates; interval of the drawing",
            MEASURED_IN: "probability", "note": ""}))
    return EstimateTable(groups=("unit",), frame=pd.concat(parts, ignore_index=True))

