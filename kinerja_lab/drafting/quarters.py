"""How far was a target reached after each quarter: by adding up, or by the last value known?"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import fsum, isfinite, isnan, nan

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.indicator import AchievementRule, Aggregation, Realisation
from kinerja_lab.core.options import Polarity
from kinerja_lab.drafting.achievement import CAP_LIMITS, uncapped

__all__ = ["QUARTER_WAYS", "QuarterAchievement", "quarter_achievements"]

QUARTER_WAYS = (Aggregation.SUM, Aggregation.LAST)
"""Ways in which quarters lead to one percentage."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuarterAchievement:
    """Achievement after one quarter.

    Parameters
    ----------
    period : str
        The quarter.
    aggregation : Aggregation
        ``SUM`` (added up to this quarter) or ``LAST`` (last value known against the target of the year).
    target, realisation : float
        The two numbers that were compared.
    known_at : str
        Quarter of the last value that is in the realisation; an earlier one where this quarter reported nothing.
    percent, raw : float
        After and before the cap.
    capped : bool
        Whether the cap changed it.
    formula : str
        As in ``Achievement``.
    """

    period: str
    aggregation: Aggregation
    target: float
    realisation: float
    known_at: str
    percent: float
    raw: float
    capped: bool
    formula: str


def quarter_achievements(
    quarters: Sequence[Realisation], *, aggregation: Aggregation, polarity: Polarity, rule: AchievementRule,
    annual_target: float = nan, stable_range: tuple[float, float] | None = None,
) -> tuple[QuarterAchievement | NotApplicable, ...]:
    """Achievement after each quarter of a year.

    Parameters
    ----------
    quarters : sequence of Realisation
        Quarters of one year in order; NaN where nothing was reported. ``LAST`` does not look at their targets.
    aggregation : Aggregation
        ``SUM`` or ``LAST``.
    polarity, rule, stable_range
        As in ``achievement``: formula, cap and zero rule hold for quarters too.
    annual_target : float
        Target of the year, needed for ``LAST`` (not where a range is to be kept).

    Returns
    -------
    tuple of (QuarterAchievement or NotApplicable)
        One for each quarter; the reason stands where there is no percentage: ``quarter_gap`` (a sum with a hole in it
        would call work that was not reported work that was not done), ``achievement_missing``, and those of
        ``achievement``.

    Raises
    ------
    KinerjaError
        ``quarter_aggregation`` for another way, ``quarter_range_sum`` for a range that is to be kept by a sum,
        ``quarter_annual_target`` when ``LAST`` has no target, ``range_missing``.

    Notes
    -----
    Sum: achievement of (sum of R) against (sum of T), both up to the quarter. Last: achievement of the last R known
    against the target of the year. With quarterly targets that rise to the target of the year, the two tell different
    stories of the same work: state which one is meant.

    Examples
    --------
    >>> quarters = [Realisation(period="TW1", target=10, realisation=12),
    ...             Realisation(period="TW2", target=30, realisation=18)]
    >>> options = {"polarity": Polarity.MAXIMISE, "rule": AchievementRule(), "annual_target": 60}
    >>> [found.percent for found in quarter_achievements(quarters, aggregation=Aggregation.SUM, **options)]
    [120.0, 75.0]
    >>> [found.percent for found in quarter_achievements(quarters, aggregation=Aggregation.LAST, **options)]
    [20.0, 30.0]
    """
    if aggregation not in QUARTER_WAYS:
        raise KinerjaError("quarter_aggregation", value=str(aggregation), choices=", ".join(QUARTER_WAYS))
    keeps = polarity is Polarity.STABILISE
    if keeps and aggregation is Aggregation.SUM:
        raise KinerjaError("quarter_range_sum")
    if keeps and stable_range is None:
        raise KinerjaError("range_missing")
    if aggregation is Aggregation.LAST and isnan(annual_target) and not keeps:
        raise KinerjaError("quarter_annual_target")
    out: list[QuarterAchievement | NotApplicable] = []
    for place, quarter in enumerate(quarters, start=1):
        try:
            pair = _summed(quarters[:place]) if aggregation is Aggregation.SUM else _last(quarters[:place])
            target = pair[0] if aggregation is Aggregation.SUM else annual_target
            raw, formula = uncapped(target, pair[1], polarity=polarity, rule=rule, stable_range=stable_range)
        except NotApplicable as reason:
            out.append(reason)
            continue
        percent = min(raw, CAP_LIMITS[rule.cap])
        out.append(QuarterAchievement(period=quarter.period, aggregation=aggregation, target=target,
                                      realisation=pair[1], known_at=pair[2], percent=percent, raw=raw,
                                      capped=percent < raw, formula=formula))
    return tuple(out)


def _summed(quarters: Sequence[Realisation]) -> tuple[float, float, str]:
    for quarter in quarters:
        if not (isfinite(quarter.target) and isfinite(quarter.realisation)):
            raise NotApplicable("quarter_gap", period=quarter.period)
    return (fsum(quarter.target for quarter in quarters), fsum(quarter.realisation for quarter in quarters),
            quarters[-1].period)


def _last(quarters: Sequence[Realisation]) -> tuple[float, float, str]:
    for quarter in reversed(quarters):
        if isfinite(quarter.realisation):
            return nan, quarter.realisation, quarter.period
    raise NotApplicable("achievement_missing")
