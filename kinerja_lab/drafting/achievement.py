"""How far was the target reached? One formula, cap and zero rule, and what the rival formulas would have said."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import isnan
from types import MappingProxyType

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.indicator import AchievementRule, Indicator
from kinerja_lab.core.options import CapRule, DownFormula, Polarity, ZeroRule

__all__ = ["CAP_LIMITS", "Achievement", "achievement", "achievements", "rival_formulas", "uncapped"]

CAP_LIMITS = MappingProxyType({
    CapRule.NONE: float("inf"), CapRule.CAP_100: 100.0, CapRule.CAP_120: 120.0, CapRule.CAP_200: 200.0,
})
"""Highest percentage under each cap."""

Range = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Achievement:
    """Achievement of one period.

    Parameters
    ----------
    indicator, period : str
        Code of the indicator, and the period.
    percent : float
        After the cap.
    raw : float
        Before the cap.
    capped : bool
        Whether the cap changed it.
    formula : str
        ``"up"``, ``"down_linear"``, ``"down_ratio"``, ``"range_linear"``, ``"range_ratio"``, ``"in_target_range"``
        (the target is a range and was met) or ``"zero_target"``.
    rivals : mapping of str to float
        Uncapped percentages of every formula of the same polarity that is defined here, the one used among them.
    """

    indicator: str
    period: str
    percent: float
    raw: float
    capped: bool
    formula: str
    rivals: Mapping[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rivals", MappingProxyType(dict(self.rivals)))

    def __reduce__(self):
        return (_rebuild, (self.indicator, self.period, self.percent, self.raw, self.capped, self.formula,
                           dict(self.rivals)))


def _rebuild(indicator, period, percent, raw, capped, formula, rivals) -> Achievement:
    return Achievement(indicator=indicator, period=period, percent=percent, raw=raw, capped=capped, formula=formula,
                       rivals=rivals)


def achievement(
    target: float, realisation: float, *, polarity: Polarity, rule: AchievementRule, stable_range: Range | None = None,
    target_range: Range | None = None,
) -> float:
    """Percentage of the target that was reached, after the cap.

    Parameters
    ----------
    target, realisation : float
        In the indicator's unit. ``target`` is not used where a range is to be kept or is the target.
    polarity : Polarity
        Which way is better.
    rule : AchievementRule
        Formula for "lower is better", cap and zero rule.
    stable_range : tuple of float or None
        Ends of the good range; needed for ``Polarity.STABILISE``.
    target_range : tuple of float or None
        Ends of the target where it is a range ("80-90 %") and one way is better all the same.

    Returns
    -------
    float
        Per cent. The linear formula goes below 0 where the realisation is more than twice the target.

    Raises
    ------
    NotApplicable
        ``achievement_missing``, ``zero_target``, ``negative_target`` or ``zero_realisation`` (ratio formula).
    KinerjaError
        ``range_missing``.

    Notes
    -----
    Up: R/T. Down: (2T - R)/T or T/R. Range: 100 inside; below it R/low, above it the down formula with the upper end.
    Under ``HUNDRED_IF_MET`` a target of 0 gives 100 when met and 0 when not. A target that is a range: 100 inside it;
    above it the upper end is T, below it the lower end, in the formula of the polarity.

    References
    ----------
    Peraturan Menteri PANRB 8/2021 prints the linear formula and the rule for a target that is a range; T/R and the caps
    are conventions seen in use.

    Examples
    --------
    >>> round(achievement(93, 160.1, polarity=Polarity.MINIMISE, rule=AchievementRule()), 2)
    27.85
    >>> achievement(80, 100, polarity=Polarity.MAXIMISE, rule=AchievementRule(cap=CapRule.CAP_120))
    120.0
    >>> achievement(float("nan"), 70, polarity=Polarity.MAXIMISE, rule=AchievementRule(), target_range=(80, 90))
    87.5
    """
    raw, _ = uncapped(target, realisation, polarity=polarity, rule=rule, stable_range=stable_range,
                      target_range=target_range)
    return min(raw, CAP_LIMITS[rule.cap])


def achievements(indicator: Indicator) -> tuple[Achievement | NotApplicable, ...]:
    """Achievement of every period of an indicator's series.

    Parameters
    ----------
    indicator : Indicator
        With its series, polarity and rule.

    Returns
    -------
    tuple of (Achievement or NotApplicable)
        One for each entry, in order; the reason stands where there is no percentage.

    Notes
    -----
    See ``achievement``.
    """
    results: list[Achievement | NotApplicable] = []
    for entry in indicator.series:
        pair = (entry.target, entry.realisation)
        ranges = {"stable_range": indicator.stable_range, "target_range": indicator.target_range(entry.period)}
        try:
            raw, formula = uncapped(*pair, polarity=indicator.polarity, rule=indicator.rule, **ranges)
        except NotApplicable as reason:
            results.append(reason)
            continue
        percent = min(raw, CAP_LIMITS[indicator.rule.cap])
        rivals = rival_formulas(*pair, polarity=indicator.polarity, **ranges)
        results.append(Achievement(indicator=indicator.code, period=entry.period, percent=percent, raw=raw,
                                   capped=percent < raw, formula=formula, rivals=rivals))
    return tuple(results)


def rival_formulas(
    target: float, realisation: float, *, polarity: Polarity, stable_range: Range | None = None,
    target_range: Range | None = None,
) -> Mapping[str, float]:
    """What each formula in use for a polarity would give, uncapped.

    Parameters
    ----------
    target, realisation : float
        In the indicator's unit.
    polarity : Polarity
        Which way is better.
    stable_range, target_range : tuple of float or None
        See ``achievement``.

    Returns
    -------
    mapping of str to float
        By formula code; formulas that are not defined here are absent.

    Raises
    ------
    KinerjaError
        ``range_missing``.

    Notes
    -----
    See ``achievement``.

    Examples
    --------
    >>> {code: round(value, 1) for code, value in rival_formulas(93, 160.1, polarity=Polarity.MINIMISE).items()}
    {'down_linear': 27.8, 'down_ratio': 58.1}
    """
    found = {}
    for down in DownFormula:
        try:
            raw, formula = uncapped(target, realisation, polarity=polarity, rule=AchievementRule(down=down),
                                    stable_range=stable_range, target_range=target_range)
        except NotApplicable:
            continue
        found[formula] = raw
    return MappingProxyType(found)


def uncapped(
    target: float, realisation: float, *, polarity: Polarity, rule: AchievementRule, stable_range: Range | None = None,
    target_range: Range | None = None,
) -> tuple[float, str]:
    """Percentage before the cap, and the formula that gave it.

    Parameters
    ----------
    target, realisation, polarity, rule, stable_range, target_range
        See ``achievement``; the cap of the rule is not applied.

    Returns
    -------
    tuple of (float, str)
        Per cent, and the formula as ``Achievement.formula`` names it.

    Raises
    ------
    NotApplicable
        As ``achievement``.
    KinerjaError
        ``range_missing``.
    """
    if polarity is Polarity.STABILISE:
        return _range(realisation, rule.down, stable_range)
    if target_range is not None:
        low, high = target_range
        if low <= realisation <= high:
            return 100.0, "in_target_range"
        target = low if realisation < low else high
    if isnan(target) or isnan(realisation):
        raise NotApplicable("achievement_missing")
    if target == 0:
        if rule.zero is ZeroRule.UNDEFINED:
            raise NotApplicable("zero_target")
        met = realisation >= 0 if polarity is Polarity.MAXIMISE else realisation <= 0
        return (100.0 if met else 0.0), "zero_target"
    if target < 0:
        raise NotApplicable("negative_target", target=target)
    if polarity is Polarity.MAXIMISE:
        return 100 * realisation / target, "up"
    return _down(target, realisation, rule.down), f"down_{rule.down.value}"


def _down(target: float, realisation: float, formula: DownFormula) -> float:
    if formula is DownFormula.LINEAR:
        return 100 * (2 * target - realisation) / target
    if realisation <= 0:
        raise NotApplicable("zero_realisation", realisation=realisation)
    return 100 * target / realisation


def _range(realisation: float, formula: DownFormula, stable_range: Range | None) -> tuple[float, str]:
    if stable_range is None:
        raise KinerjaError("range_missing")
    if isnan(realisation):
        raise NotApplicable("achievement_missing")
    low, high = stable_range
    code = f"range_{formula.value}"
    if low <= realisation <= high:
        return 100.0, code
    bound = low if realisation < low else high
    if bound <= 0:
        raise NotApplicable("negative_target", target=bound)
    if realisation < low:
        return 100 * realisation / low, code
    return _down(high, realisation, formula), code
