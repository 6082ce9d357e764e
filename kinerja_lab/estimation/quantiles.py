"""Below which value does a given share of the people lie? Quantiles of a sample with a design."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.estimation.domains import domain_means
from kinerja_lab.estimation.sample import Sample
from kinerja_lab.numeric.intervals import t_interval

__all__ = ["quantiles"]

METHOD = "smallest value reaching the share, Woodruff"


def quantiles(
    sample: Sample, values: np.ndarray, *, shares: Sequence[float], level: float, unit: str = "scale_points",
) -> EstimateTable:
    """Quantiles of a value in the population.

    Parameters
    ----------
    sample : Sample
        How the respondents were drawn.
    values : numpy.ndarray of float, shape (n,)
        Who has NaN is outside.
    shares : sequence of float
        Each above 0 and below 1; 0.5 is the median.
    level : float
        Confidence level, between 0 and 1.
    unit : str
        Unit of the values.

    Returns
    -------
    EstimateTable
        ``label`` is the share as text (``"0.5"``). Where the interval of the share leaves 0 to 1 the limit is unknown,
        so there is no interval (``quantile_beyond_sample``).

    Raises
    ------
    KinerjaError
        ``bad_quantile_share``, ``lengths_differ`` or ``bad_level``.
    NotApplicable
        ``empty_sample`` or ``lonely_strata``.

    Notes
    -----
    The estimate is the smallest value whose cumulative weighted share reaches p (R's rule "math"; peers that
    interpolate differ by a fraction of the gap to the next value). Limits: the share at or below the estimate is a
    mean; its t limits are turned back into values by the same rule.

    References
    ----------
    Woodruff, R. S. (1952). Confidence intervals for medians and other position measures. JASA 47, 635-646.
    Lumley, T. (2010). Complex surveys, section 2.4. Wiley.

    Examples
    --------
    >>> found = quantiles(Sample(weights=np.ones(5)), np.array([1.0, 2.0, 3.0, 4.0, 5.0]), shares=(0.5,), level=0.5)
    >>> float(found.frame["value"][0])
    3.0
    """
    shares = [float(share) for share in shares]
    if not shares or not all(0 < share < 1 for share in shares):
        raise KinerjaError("bad_quantile_share", value=", ".join(map(str, shares)) or "-")
    values = np.asarray(values, dtype=float)
    if values.shape != sample.weights.shape:
        raise KinerjaError("lengths_differ", first=len(values), second=sample.n)
    known = ~np.isnan(values)
    if not known.any():
        raise NotApplicable("empty_sample")
    order = np.argsort(values[known], kind="stable")
    ranked = values[known][order]
    reached = np.cumsum(sample.weights[known][order])
    reached /= reached[-1]
    rows = [_row(sample, values, known, share, (ranked, reached), level=level, unit=unit) for share in shares]
    return EstimateTable(frame=pd.DataFrame(rows))


def _row(sample, values, known, share: float, curve, *, level: float, unit: str) -> dict:
    value = _turned(share, curve)
    below = np.where(known, (values <= value).astype(float), np.nan)
    found = domain_means(sample, below, level=level)
    estimate = found.table.estimates()[0]
    low = high = np.nan
    note = estimate.note
    if note in ("", "lonely_stratum"):
        ends = [float(end) for end in t_interval(estimate.value, found.se[0], found.df[0], level=level)]
        if ends[0] <= 0 or ends[1] > 1:
            note = "quantile_beyond_sample"
        else:
            low, high = (_turned(end, curve) for end in ends)
            low, high = min(low, value), max(high, value)
    return {"label": f"{share:g}", "value": value, "low": low, "high": high, "level": level, "n": estimate.n,
            "method": METHOD, "unit": unit, "note": note}


def _turned(share: float, curve: tuple[np.ndarray, np.ndarray]) -> float:
    """The smallest value whose cumulative share reaches ``share``, but for rounding."""
    ranked, reached = curve
    place = int(np.searchsorted(reached, share - 1e-12, side="left"))
    return float(ranked[min(place, len(ranked) - 1)])
