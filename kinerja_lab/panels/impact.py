"""What share of units would fall in each band, and how does that shift with the cut?"""

import numpy as np
import pandas as pd
from scipy import stats

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.standard import Standard
from kinerja_lab.numeric.intervals import wilson

__all__ = ["impact", "impact_shift"]


def impact(
    scores: np.ndarray, *, standard: Standard, census: bool, weights: np.ndarray | None = None, level: float,
) -> EstimateTable:
    """Share of units in each band.

    Parameters
    ----------
    scores : numpy.ndarray, shape (units,) or (units, draws)
        Scores on the standard's scale; several columns are plausible values of the same units.
    standard : Standard
        The cuts, taken as they are.
    census : bool
        Whether these are all units there are: then nothing was sampled and there is no interval
        (``census_no_interval``; see ``impact_shift`` for the panel's error).
    weights : numpy.ndarray, shape (units,), optional
        Positive weights.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable
        Label is the band; ``n`` counts units.

    Raises
    ------
    KinerjaError
        ``score_not_finite``, ``impact_weights`` or ``bad_level``.
    NotApplicable
        ``impact_too_few_units``: fewer than two.

    Notes
    -----
    Weighted share, averaged over plausible values. Score interval with Kish's effective number (sum w)^2 / sum w^2;
    between draws the variance (1 + 1/m) B is added by lowering that number (Rubin), with the t quantile where it
    matters.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. JASA 22, 209-212.
    Rubin, D. B. (1987). Multiple imputation for nonresponse in surveys, chapter 3. Wiley.
    """
    table = np.asarray(scores, dtype=float)
    table = table[:, None] if table.ndim == 1 else table
    n = len(table)
    if n < 2:
        raise NotApplicable("impact_too_few_units", n=n, least=2)
    weights = np.ones(n) if weights is None else np.asarray(weights, dtype=float)
    if len(weights) != n or not (np.isfinite(weights).all() and (weights > 0).all()):
        raise KinerjaError("impact_weights", n=n, weights=len(weights))
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    bands = standard.positions(table)
    effective = weights.sum() ** 2 / (weights**2).sum()
    rows = []
    for place, band in enumerate(standard.plan.bands):
        draws = weights @ (bands == place) / weights.sum()
        share = float(draws.mean())
        common = {"label": band, "value": share, "level": level, "n": n, "unit": "share"}
        if census:
            rows.append(Estimate(low=np.nan, high=np.nan, method="share of units", note="census_no_interval", **common))
            continue
        low, high = _limits(draws, share, float(effective), level)
        rows.append(Estimate(low=min(low, share), high=max(high, share), method="share of units, Wilson", **common))
    return EstimateTable.from_estimates(rows)


def impact_shift(
    scores: np.ndarray, *, standard: Standard, shifts: tuple[float, ...] = (), weights: np.ndarray | None = None,
) -> EstimateTable:
    """Share of units below each cut, and how it moves when the cut moves.

    Parameters
    ----------
    scores : numpy.ndarray, shape (units,)
        Scores on the standard's scale.
    standard : Standard
        The cuts.
    shifts : tuple of float
        Further cuts to look at, as distances from each cut on the scale.
    weights : numpy.ndarray, shape (units,), optional
        Positive weights.

    Returns
    -------
    EstimateTable
        Groups ``("cut", "shift")``; label ``"share_below"``. At shift 0 the limits are the shares below the ends of the
        cut's interval: what another panel like this one could have meant. Rows of other shifts carry
        ``shifted_cut_no_interval``; a cut without interval ``panel_part_without_interval``.

    Raises
    ------
    KinerjaError
        ``score_not_finite`` or ``impact_weights``.

    Examples
    --------
    With scores 1 to 10 and a cut of 6 (interval 5 to 8) the share below is .5, between .4 and .7.
    """
    scores = np.asarray(scores, dtype=float)
    standard.positions(scores)
    weights = np.ones(len(scores)) if weights is None else np.asarray(weights, dtype=float)
    if len(weights) != len(scores) or not (np.isfinite(weights).all() and (weights > 0).all()):
        raise KinerjaError("impact_weights", n=len(scores), weights=len(weights))
    settled = np.round(scores, 10)

    def below(cut: float) -> float:
        return float(weights[settled < np.round(cut, 10)].sum() / weights.sum())

    rows = []
    for cut in standard.cuts:
        for shift in sorted({0.0, *map(float, shifts)}):
            value = below(cut.value + shift)
            plain = shift == 0 and cut.has_interval
            note = "" if plain else "panel_part_without_interval" if shift == 0 else "shifted_cut_no_interval"
            rows.append({"cut": cut.label, "shift": shift, "label": "share_below", "value": value,
                         "low": below(cut.low) if plain else np.nan, "high": below(cut.high) if plain else np.nan,
                         "level": cut.level, "n": len(scores), "method": "share below the cut, at its limits",
                         "unit": "share", "note": note})
    return EstimateTable(frame=pd.DataFrame(rows), groups=("cut", "shift"))


def _limits(draws: np.ndarray, share: float, effective: float, level: float) -> tuple[float, float]:
    """Score interval; the spread between plausible values lowers the effective number."""
    m = len(draws)
    within = share * (1 - share) / effective
    between = (1 + 1 / m) * draws.var(ddof=1) if m > 1 else 0.0
    number, wide = effective, level
    if between > 0 and within > 0:
        number = effective * within / (within + between)
        df = (m - 1) * (1 + within / between) ** 2
        # the t quantile as the normal level that has the same one
        wide = 2 * stats.norm.cdf(stats.t.ppf((1 + level) / 2, df)) - 1
    low, high = wilson(share * number, number, level=float(wide))
    return float(low), float(high)
