"""Which rule gives the ratio that a report printed?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import product
from math import isfinite, isnan

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.indicator import Realisation
from kinerja_lab.core.options import CapRule, Polarity
from kinerja_lab.drafting.achievement import CAP_LIMITS, rival_formulas
from kinerja_lab.drafting.targets import HUNDRED_TOLERANCE

__all__ = ["Explanation", "OPERANDS", "reproduce", "reproduce_series"]

OPERANDS = ("as_shown", "target_rounded", "realisation_rounded", "both_rounded", "other_target", "realisation_lost")
"""What must be assumed of target and realisation, from nothing to most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One way to arrive at a printed ratio.

    Parameters
    ----------
    formula : str
        As ``rival_formulas`` names it.
    fits_polarity : bool
        Whether the formula is one for the indicator's polarity.
    cap : CapRule
        Cap that was applied; ``floored`` says that a negative value was printed as 0.
    operands : str
        One of ``OPERANDS``.
    value : float
        The ratio by this rule from the numbers as shown (NaN where they are assumed to be other numbers).
    low, high : float
        All ratios that the rule allows, the unrounded operands being unknown.
    assumed : float
        Target or realisation that must have been used; NaN where the numbers shown suffice.
    """

    formula: str
    fits_polarity: bool
    cap: CapRule = CapRule.NONE
    floored: bool = False
    operands: str
    value: float
    low: float
    high: float
    assumed: float = float("nan")


def reproduce(
    entry: Realisation, *, polarity: Polarity, decimals: int = 2, stable_range: tuple[float, float] | None = None,
    other_targets: Sequence[float] = (),
) -> tuple[Explanation, ...]:
    """Every rule that gives the printed ratio, the one that assumes least first.

    Parameters
    ----------
    entry : Realisation
        Target, realisation and the printed ratio.
    polarity : Polarity
        Which way is better; formulas of the other polarity are tried too and marked.
    decimals : int
        Decimals with which the ratio was printed, 0 or more.
    stable_range : tuple of float or None
        Range, where one is to be kept.
    other_targets : sequence of float
        Targets of other periods: rows slip.

    Returns
    -------
    tuple of Explanation
        Empty when no rule gives it.

    Raises
    ------
    NotApplicable
        ``no_printed_ratio`` or ``achievement_missing``.
    KinerjaError
        ``bad_decimals``.

    Notes
    -----
    A number shown as 5.1 stands for anything from 5.05 to 5.15; a whole number is taken as meant. All formulas are
    monotone in target and in realisation, so their range over such a box is taken at its corners. The printed ratio
    fits when it lies within half a unit of its last decimal from that range.

    Examples
    --------
    >>> entry = Realisation(period="2024", target=5.1, realisation=9.8, printed=6.37)
    >>> found = reproduce(entry, polarity=Polarity.MINIMISE)[0]
    >>> found.formula, found.operands
    ('down_linear', 'target_rounded')
    """
    if decimals < 0:
        raise KinerjaError("bad_decimals", value=decimals)
    if not isfinite(entry.printed):
        raise NotApplicable("no_printed_ratio")
    if not (isfinite(entry.target) and isfinite(entry.realisation)):
        raise NotApplicable("achievement_missing")
    half = 0.5 * 10.0 ** -decimals + 1e-9
    found = []
    for operands in OPERANDS[:4]:
        for formula, (value, low, high) in _ranges(entry, operands, polarity, stable_range).items():
            found += _caps(entry.printed, half, formula, polarity, operands, value, low, high)
    found += _other_target(entry, half, polarity, stable_range, other_targets)
    found += _lost_realisation(entry, polarity)
    return tuple(sorted(_least(found), key=_assumes))


def reproduce_series(
    series: Sequence[Realisation], *, polarity: Polarity, decimals: int = 2,
    stable_range: tuple[float, float] | None = None,
) -> Mapping[str, tuple[Explanation, ...] | NotApplicable]:
    """``reproduce`` for every period, with the targets of the other periods tried too.

    Parameters
    ----------
    series : sequence of Realisation
        Periods of one indicator.
    polarity, decimals, stable_range
        See ``reproduce``.
    """
    out: dict[str, tuple[Explanation, ...] | NotApplicable] = {}
    for entry in series:
        others = [item.target for item in series if item.period != entry.period and item.target != entry.target]
        try:
            out[entry.period] = reproduce(entry, polarity=polarity, decimals=decimals, stable_range=stable_range,
                                          other_targets=others)
        except NotApplicable as reason:
            out[entry.period] = reason
    return out


def _ranges(
    entry: Realisation, operands: str, polarity: Polarity, stable_range: tuple[float, float] | None,
) -> dict[str, tuple[float, float, float]]:
    """Value as shown and the range over the unrounded operands, by formula."""
    targets = _box(entry.target) if operands in ("target_rounded", "both_rounded") else (entry.target,)
    reached = _box(entry.realisation) if operands in ("realisation_rounded", "both_rounded") else (entry.realisation,)
    shown = _formulas(entry.target, entry.realisation, polarity, stable_range)
    corners = [_formulas(target, value, polarity, stable_range) for target, value in product(targets, reached)]
    out = {}
    for formula, value in shown.items():
        values = [corner[formula] for corner in corners if formula in corner]
        if len(values) == len(corners):
            out[formula] = (value, min(values), max(values))
    return out


def _formulas(
    target: float, realisation: float, polarity: Polarity, stable_range: tuple[float, float] | None,
) -> dict[str, float]:
    """Every formula that is defined here, also those of the other polarity."""
    out: dict[str, float] = {}
    tried = (polarity,) if polarity is Polarity.STABILISE else (Polarity.MAXIMISE, Polarity.MINIMISE)
    for way in tried:
        try:
            rivals = rival_formulas(target, realisation, polarity=way, stable_range=stable_range)
        except NotApplicable:
            continue
        out.update({name: value for name, value in rivals.items() if not isnan(value)})
    return out


def _box(value: float) -> tuple[float, float]:
    """Ends of what a number with decimals may stand for; a whole number was meant as it stands."""
    exponent = int(Decimal(repr(value)).normalize().as_tuple().exponent)
    half = 0.5 * 10.0 ** exponent if exponent < 0 else 0.0
    return value - half, value + half


def _fits_polarity(formula: str, polarity: Polarity) -> bool:
    starts = {Polarity.MAXIMISE: "up", Polarity.MINIMISE: "down", Polarity.STABILISE: "range"}
    return formula.startswith(starts[polarity])


def _caps(printed, half, formula, polarity, operands, value, low, high) -> list[Explanation]:
    out = []
    for cap, limit in CAP_LIMITS.items():
        floored = high < 0 and abs(printed) <= half
        capped = low > limit and abs(printed - limit) <= half
        plain = cap is CapRule.NONE and (low - half <= printed <= high + half or floored)
        if plain or capped:
            out.append(Explanation(formula=formula, fits_polarity=_fits_polarity(formula, polarity), cap=cap,
                                   floored=floored and plain, operands=operands, value=value, low=low, high=high))
    return out


def _other_target(entry, half, polarity, stable_range, others) -> list[Explanation]:
    out = []
    for target in others:
        for formula, value in _formulas(target, entry.realisation, polarity, stable_range).items():
            if abs(value - entry.printed) <= half:
                out.append(Explanation(formula=formula, fits_polarity=_fits_polarity(formula, polarity),
                                       operands="other_target", value=float("nan"), low=value, high=value,
                                       assumed=target))
    return out


def _lost_realisation(entry: Realisation, polarity: Polarity) -> list[Explanation]:
    """The realisation shown is the target, but the ratio was computed from another one."""
    same = entry.realisation == entry.target and abs(entry.printed - 100) > HUNDRED_TOLERANCE
    if not same or polarity is Polarity.STABILISE:
        return []
    up = polarity is Polarity.MAXIMISE
    share = entry.printed / 100
    return [Explanation(formula="up" if up else "down_linear", fits_polarity=True, operands="realisation_lost",
                        value=float("nan"), low=entry.printed, high=entry.printed,
                        assumed=entry.target * (share if up else 2 - share))]


def _least(found: Sequence[Explanation]) -> list[Explanation]:
    """Each formula and cap once, with what it must assume at least."""
    kept: dict[tuple[str, CapRule, bool], Explanation] = {}
    for item in sorted(found, key=_assumes):
        kept.setdefault((item.formula, item.cap, item.floored), item)
    return list(kept.values())


def _assumes(item: Explanation) -> tuple[int, bool, bool, str]:
    return (OPERANDS.index(item.operands), not item.fits_polarity, item.cap is not CapRule.NONE, item.formula)
