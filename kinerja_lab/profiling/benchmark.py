"""What do the best reach? The achievable benchmark of care: the pooled rate of the best tenth of all cases."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.core.options import Polarity

__all__ = ["Benchmark", "achievable_benchmark"]

LEAST_UNITS = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Benchmark:
    """A level that others reach already.

    Parameters
    ----------
    benchmark : Estimate
        Pooled share of the best units, between 0 and 1; ``n`` is their cases. It has no interval
        (``benchmark_chosen``): the units were chosen for their result.
    overall : float
        Pooled share of all units.
    units : tuple of str
        The best units, best first.
    adjusted_share : numpy.ndarray, shape (units,)
        (x + 1) / (d + 2) of every unit, in the order given: what they were ordered by.
    """

    benchmark: Estimate
    overall: float
    units: tuple[str, ...]
    adjusted_share: np.ndarray


def achievable_benchmark(
    events: np.ndarray, n: np.ndarray, *, units: np.ndarray, polarity: Polarity, share: float = 0.10,
    adjusted: bool = True,
) -> Benchmark:
    """The pared mean: best units are added until they hold a tenth of all cases; their pooled share is the benchmark.

    Parameters
    ----------
    events, n : numpy.ndarray, shape (units,)
        Events and denominators, 0 <= events <= n, n > 0.
    units : numpy.ndarray, shape (units,)
        Names, each once.
    polarity : Polarity
        ``maximise`` or ``minimise``.
    share : float
        Share of all cases, above 0 up to 1.
    adjusted : bool
        Order by (x + 1) / (d + 2), so that a unit with 3 of 3 does not lead; else by x / d.

    Returns
    -------
    Benchmark

    Raises
    ------
    KinerjaError
        ``lengths_differ``, ``shrink_bad_counts``, ``units_repeated`` or ``bad_share``.
    NotApplicable
        ``too_few_units``, ``polarity_stabilise`` or ``scores_constant`` (all units have the same share).

    Notes
    -----
    Units with equal shares are taken in the order of their size, larger first, then by name.

    References
    ----------
    Kiefe, C. I., Weissman, N. W., Allison, J. J., Farmer, R., Weaver, M., Williams, O. D. (1998). Identifying
    achievable benchmarks of care. International Journal for Quality in Health Care 10, 443-447.
    Weissman, N. W. et al. (1999). Achievable benchmarks of care: the ABCs of benchmarking. Journal of Evaluation in
    Clinical Practice 5, 269-281.

    Examples
    --------
    >>> import numpy as np
    >>> found = achievable_benchmark(np.array([9.0, 50.0, 3.0]), np.array([10.0, 100.0, 3.0]),
    ...                              units=np.array(["a", "b", "c"]), polarity=Polarity.MAXIMISE)
    >>> found.units, round(found.benchmark.value, 4)
    (('a', 'c'), 0.9231)
    """
    events, n, names = np.asarray(events, dtype=float), np.asarray(n, dtype=float), np.asarray(units).astype(str)
    if not len(events) == len(n) == len(names):
        raise KinerjaError("lengths_differ", first=len(events), second=min(len(n), len(names)))
    if not 0 < share <= 1:
        raise KinerjaError("bad_share", value=share)
    bad = ~(np.isfinite(events) & np.isfinite(n) & (events >= 0) & (n > 0) & (events <= n))
    if bad.any():
        raise KinerjaError("shrink_bad_counts", n=int(bad.sum()), unit=str(names[bad][0]))
    again = pd.Series(names).duplicated()
    if again.any():
        raise KinerjaError("units_repeated", unit=str(names[again][0]))
    if polarity is Polarity.STABILISE:
        raise NotApplicable("polarity_stabilise")
    if len(names) < LEAST_UNITS:
        raise NotApplicable("too_few_units", n=len(names), least=LEAST_UNITS)
    if np.ptp(events / n) <= 1e-12:
        raise NotApplicable("scores_constant")
    # what counts as good, so that the highest is best; 'not an event' for minimise
    good = events if polarity is Polarity.MAXIMISE else n - events
    fraction = (good + 1) / (n + 2)
    order = np.lexsort((names, -n, -np.round(fraction if adjusted else good / n, 12)))
    held = np.cumsum(n[order])
    taken = order[:int(np.searchsorted(held, share * n.sum() * (1 - 1e-12))) + 1]
    value = float(events[taken].sum() / n[taken].sum())
    method = f"pared mean, best {share:.0%} of cases, {'(x + 1) / (d + 2)' if adjusted else 'x / d'}"
    return Benchmark(
        benchmark=Estimate(label="benchmark", value=value, low=np.nan, high=np.nan, n=int(round(n[taken].sum())),
                           method=method, unit="share", note="benchmark_chosen"),
        overall=float(events.sum() / n.sum()), units=tuple(names[taken].tolist()),
        adjusted_share=fraction if polarity is Polarity.MAXIMISE else 1 - fraction)
