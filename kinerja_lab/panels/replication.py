"""Would another panel, or another sample, put this unit in the same band?"""

from collections.abc import Mapping

import numpy as np
from scipy import stats

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.standard import Standard

__all__ = ["same_decision"]

SOURCES = ("panel", "sample", "both")
_NODES = 61


def same_decision(
    scores: Mapping[str, float], *, standard: Standard, source: str, errors: Mapping[str, float] | None = None,
) -> EstimateTable:
    """Probability that each unit keeps its band when the judging or the measuring is done again.

    Parameters
    ----------
    scores : mapping of str to float
        Score of each unit on the standard's scale.
    standard : Standard
        The cuts, with the panel's errors.
    source : str
        ``"panel"``: another panel of the same make; ``"sample"``: another sample of the same unit; ``"both"``.
    errors : mapping of str to float, optional
        Standard error of each unit's score, not negative; needed for ``"sample"`` and ``"both"``.

    Returns
    -------
    EstimateTable
        Groups ``("unit",)``; label ``"same_band"``, and the mean of all units under the unit ``"*"``. A probability
        that follows from the errors has no interval of its own (``panel_probability_no_interval``). ``n`` is the
        number of judgements behind the first cut.

    Raises
    ------
    KinerjaError
        ``panel_unknown_source``, ``score_not_finite`` or ``replication_errors``.
    NotApplicable
        ``replication_no_units`` or ``cut_without_error`` (a panel that does not disagree, or a median, tells nothing
        about another).

    Notes
    -----
    Another panel's cut less ours has twice our variance: cut + sqrt(2) se t, with the error's degrees of freedom;
    errors of different cuts are taken as independent. Another sample's score likewise, normal. Both: Gauss-Hermite
    over the score. The promise is right on average over units spread evenly around a cut; for a unit known to lie at
    the true cut it is too high, as our cut then lies on one side of it by chance.

    References
    ----------
    Brennan, R. L. (2001). Generalizability theory, chapter 2. Springer (randomly parallel panels).
    """
    if source not in SOURCES:
        raise KinerjaError("panel_unknown_source", value=str(source), choices=", ".join(SOURCES))
    names = list(scores)
    if not names:
        raise NotApplicable("replication_no_units")
    place = np.array([float(scores[name]) for name in names])
    band = standard.positions(place)
    spread = np.zeros(len(names))
    if source != "panel":
        spread = np.array([float((errors or {}).get(name, np.nan)) for name in names])
        if not (np.isfinite(spread).all() and (spread >= 0).all()):
            bad = [name for name, one in zip(names, spread, strict=True) if not one >= 0 or not np.isfinite(one)]
            raise KinerjaError("replication_errors", units=", ".join(bad[:5]), n=len(bad))
    if source != "sample" and np.isnan(standard.errors).any():
        raise NotApplicable("cut_without_error", method=standard.method)
    chance = _chance(place, band, spread, standard, source)
    common = {"label": "same_band", "low": np.nan, "high": np.nan, "level": standard.plan.level, "unit": "probability",
              "n": standard.cuts[0].n, "method": f"repeat of the {source}", "note": "panel_probability_no_interval"}
    rows = [Estimate(value=float(value), **common) for value in (*chance, chance.mean())]
    return EstimateTable.from_estimates(rows, groups=("unit",), keys=[(name,) for name in (*names, "*")])


def _chance(place, band, spread, standard: Standard, source: str) -> np.ndarray:
    edges = np.concatenate([[-np.inf], standard.values, [np.inf]])
    # an error far below the scale's last digit is none
    spread = np.where(spread > 1e-12 * (standard.plan.high - standard.plan.low), spread, 0.0)
    if source == "sample":
        wide = np.where(spread > 0, np.sqrt(2) * spread, 1.0)
        moved = stats.norm.cdf((edges[band + 1] - place) / wide) - stats.norm.cdf((edges[band] - place) / wide)
        return np.where(spread > 0, moved, 1.0)
    nodes, weights = np.polynomial.hermite_e.hermegauss(_NODES) if source == "both" else (np.zeros(1), np.ones(1))
    weights = weights / weights.sum()
    again = place[:, None] + np.sqrt(2) * spread[:, None] * nodes[None, :]
    total = np.ones(again.shape)
    for number, value in enumerate(standard.values):
        wide = np.sqrt(2) * standard.errors[number]
        above = stats.t.cdf((again - value) / wide, standard.freedom[number])
        # only the two cuts around the band decide
        total *= np.where((band == number + 1)[:, None], above, np.where((band == number)[:, None], 1 - above, 1.0))
    return total @ weights
