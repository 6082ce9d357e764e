"""From what each expert says to a standard: cuts with the panel's error, and with the error of measurement added."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.message import Message
from kinerja_lab.core.standard import Standard, StandardPlan
from kinerja_lab.numeric.intervals import t_interval

__all__ = ["StandardSetting", "judge_rows", "over_judges", "scores_of", "settle"]

_FLAT = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class StandardSetting:
    """A standard with the judgements that it was made from.

    Parameters
    ----------
    standard : Standard
        The cuts.
    judges : EstimateTable
        Groups ``("cut", "judge")``: where each expert alone would put the bar (``judge_cut_no_interval``).
    components : EstimateTable or None
        Groups ``("cut",)``: what the spread of the judgements is made of; None where the method has no such model.
    silent : tuple of str
        Judges who answered nothing.
    """

    standard: Standard
    judges: EstimateTable
    components: EstimateTable | None = None
    silent: tuple[str, ...] = ()


def over_judges(cuts: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean of the experts' cuts, its standard error and degrees of freedom.

    Parameters
    ----------
    cuts : numpy.ndarray, shape (judges, cuts)
        At least two judges.

    Returns
    -------
    tuple of numpy.ndarray
        Each of shape (cuts,).

    Notes
    -----
    sd / sqrt(judges), judges - 1.
    """
    judges = len(cuts)
    return cuts.mean(axis=0), cuts.std(axis=0, ddof=1) / np.sqrt(judges), np.full(cuts.shape[1], judges - 1.0)


def settle(
    values: Sequence[float], *, errors: Sequence[float], freedom: Sequence[float], n: Sequence[int], plan: StandardPlan,
    method: str, conventions: Sequence[Message], note: str = "panel_no_spread",
) -> Standard:
    """The standard of these cuts and errors.

    Parameters
    ----------
    values : sequence of float
        Cuts on the plan's scale, rising.
    errors, freedom : sequence of float
        Standard errors and degrees of freedom; an error of 0 or NaN gives a cut without interval.
    n : sequence of int
        Judgements behind each cut.
    plan : StandardPlan
        Scale, bands, people.
    method : str
        Name of the method.
    conventions : sequence of Message
        Every choice that could have been made otherwise.
    note : str
        Why there is no interval where there is none.

    Returns
    -------
    Standard
        Limits are cut at the ends of the scale. Zones join the panel's error and the measurement error as independent:
        sqrt(error^2 + measurement^2), degrees of freedom by Satterthwaite.

    Raises
    ------
    KinerjaError
        ``standard_bands``, ``cuts_not_increasing`` or ``cut_off_scale``.
    """
    cuts, zones, known = [], [], []
    for place, value in enumerate(values):
        error, df = float(errors[place]), float(freedom[place])
        usable = np.isfinite(error) and error > _FLAT * (1 + abs(value)) and df > 0
        known.append(error if usable else np.nan)
        common = {"label": plan.bands[min(place + 1, len(plan.bands) - 1)], "value": float(value),
                  "n": int(n[place]), "level": plan.level, "unit": plan.unit}
        cuts.append(_bounded(common, error, df, plan, method, "" if usable else note))
        if plan.measurement_error is not None:
            both = float(np.hypot(error if usable else 0.0, plan.measurement_error))
            joint = both**4 / (error**4 / df) if usable else np.inf
            zones.append(_bounded(common, both, joint, plan, f"{method}, with measurement error",
                                  "" if usable and both > 0 else note))
    conventions = (*conventions, Message("convention.on_the_cut_is_above"))
    return Standard(plan=plan, cuts=tuple(cuts), zones=tuple(zones), errors=tuple(known),
                    freedom=tuple(map(float, freedom)), method=method, conventions=tuple(conventions))


def _bounded(common: dict, error: float, df: float, plan: StandardPlan, method: str, note: str) -> Estimate:
    if note:
        return Estimate(low=np.nan, high=np.nan, method=method, note=note, **common)
    if np.isfinite(df):
        low, high = (float(end) for end in t_interval(common["value"], error, df, level=plan.level))
    else:
        half = float(special.ndtri((1 + plan.level) / 2)) * error
        low, high = common["value"] - half, common["value"] + half
    inside = (min(max(low, plan.low), common["value"]), max(min(high, plan.high), common["value"]))
    return Estimate(low=inside[0], high=inside[1], method=method, **common)


def judge_rows(cuts: np.ndarray, judges: Sequence[str], *, plan: StandardPlan, method: str, n: int) -> EstimateTable:
    """Where each expert alone would put each bar.

    Parameters
    ----------
    cuts : numpy.ndarray, shape (judges, cuts)
        On the plan's scale.
    judges : sequence of str
        Their names.
    plan : StandardPlan
        Names the bands: a cut is called after the band that begins at it.
    method : str
        Name of the method.
    n : int
        Judgements of each expert.

    Returns
    -------
    EstimateTable
        Groups ``("cut", "judge")``, label ``"judge_cut"``.
    """
    rows, keys = [], []
    for column in range(cuts.shape[1]):
        for place, judge in enumerate(judges):
            rows.append(Estimate(label="judge_cut", value=float(cuts[place, column]), low=np.nan, high=np.nan,
                                 level=plan.level, n=n, method=method, unit=plan.unit, note="judge_cut_no_interval"))
            keys.append((plan.bands[column + 1], judge))
    return EstimateTable.from_estimates(rows, groups=("cut", "judge"), keys=keys)


def scores_of(items: Sequence[str], scores: Mapping[str, float]) -> np.ndarray:
    """The scores of the units that were judged, in order.

    Parameters
    ----------
    items : sequence of str
        Units.
    scores : mapping of str to float
        Score of each.

    Returns
    -------
    numpy.ndarray

    Raises
    ------
    KinerjaError
        ``panel_scores_missing`` naming units without a finite score.
    NotApplicable
        ``panel_scores_constant``.
    """
    missing = [item for item in items if not np.isfinite(scores.get(item, np.nan))]
    if missing:
        raise KinerjaError("panel_scores_missing", n=len(missing), items=", ".join(missing[:5]))
    found = np.array([float(scores[item]) for item in items])
    if np.ptp(found) == 0:
        raise NotApplicable("panel_scores_constant", n=len(found))
    return found
