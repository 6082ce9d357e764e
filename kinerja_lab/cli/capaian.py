"""``kinerja capaian``: how far was a target reached, by which formula, and does the category hang on the formula?"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import nan

from kinerja_lab.cli.columns import columns
from kinerja_lab.cli.console import say, words
from kinerja_lab.core.errors import KinerjaError, NotApplicable, closest
from kinerja_lab.core.indicator import AchievementRule, Realisation
from kinerja_lab.core.message import Words
from kinerja_lab.core.options import CapRule, DownFormula, Polarity, ZeroRule, as_option
from kinerja_lab.core.ruleset import Ruleset
from kinerja_lab.drafting.achievement import CAP_LIMITS, rival_formulas, uncapped
from kinerja_lab.drafting.quarters import QUARTER_WAYS, quarter_achievements
from kinerja_lab.drafting.reproduce import Explanation, reproduce
from kinerja_lab.drafting.scales import category, rival_categories, scales_that_disagree
from kinerja_lab.drafting.targets import value_of
from kinerja_lab.io.rulesets import load_ruleset
from kinerja_lab.text.catalogue import Catalogue
from kinerja_lab.text.numbers import MISSING_MARK, number

__all__ = ["SCALES", "PairRequest", "explanation_text", "percent_text", "polarity_of", "rule_of", "show_pair"]

SCALES = ("permendagri-86-2017", "akip-like", "traffic-light")
"""Achievement scales in use; the first one names the category where one is named."""

_POLARITY = {"naik": Polarity.MAXIMISE, "turun": Polarity.MINIMISE, "rentang": Polarity.STABILISE}
_BETWEEN = ";"


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRequest:
    """What the user typed about one target; numbers are still text, with decimal comma or point.

    Parameters
    ----------
    target, realisation : str
        One number, or the quarters of a year with ``;`` between them.
    polarity : str
        A ``Polarity``, or ``naik``, ``turun``, ``rentang``.
    stable_range : str
        E.g. ``"60-85"``; empty when none.
    rule : AchievementRule
        Formula, cap and zero rule.
    annual : str
        Target of the year, for quarters.
    rival : bool
        Whether every formula, cap and scale is shown.
    printed : str
        Ratio to be reproduced; empty when none.
    lang : str
        ``"id"`` or ``"en"``.
    """

    target: str
    realisation: str
    polarity: str = "maximise"
    stable_range: str = ""
    rule: AchievementRule = AchievementRule()
    annual: str = ""
    rival: bool = False
    printed: str = ""
    lang: str = "id"

    @property
    def target_ends(self) -> tuple[float, float] | None:
        """Ends of the target, where a range was typed."""
        stated = value_of(self.target) if self.target.strip() else None
        return (stated.low, stated.high) if stated is not None and stated.low < stated.high else None

    def ranges(self, polarity: Polarity) -> dict[str, tuple[float, float] | None]:
        """The range that is to be kept, and the range that is the target, as ``drafting.achievement`` takes them."""
        if polarity is not Polarity.STABILISE:
            return {"target_range": self.target_ends}
        stated = value_of(self.stable_range) if self.stable_range else None
        return {"stable_range": self.target_ends if stated is None else (stated.low, stated.high)}


def rule_of(*, formula: str, cap: str, zero: str) -> AchievementRule:
    """The rule that three options name.

    Parameters
    ----------
    formula, cap, zero : str
        Values of ``DownFormula``, ``CapRule`` and ``ZeroRule``.

    Raises
    ------
    KinerjaError
        ``unknown_option``.
    """
    return AchievementRule(down=as_option(DownFormula, formula), cap=as_option(CapRule, cap),
                           zero=as_option(ZeroRule, zero))


def polarity_of(text: str) -> Polarity:
    """The polarity that a word names, in either language.

    Parameters
    ----------
    text : str
        ``naik``, ``turun``, ``rentang``, or a ``Polarity``.

    Raises
    ------
    KinerjaError
        ``unknown_option``.
    """
    known = _POLARITY | {option.value: option for option in Polarity}
    if text not in known:
        raise KinerjaError("unknown_option", name="polarity", value=text, choices=", ".join(known),
                           nearest=closest(text, list(known)) or "-")
    return known[text]


def show_pair(request: PairRequest) -> int:
    """Say what was reached of one target, or after each quarter of a year."""
    polarity, text = polarity_of(request.polarity), words(request.lang)
    if _BETWEEN in request.target + request.realisation:
        return _show_quarters(request, polarity, text)
    if polarity is Polarity.STABILISE and request.ranges(polarity)["stable_range"] is None:
        raise KinerjaError("range_missing")
    target = nan if request.target_ends else _number(request.target)
    reached, printed = _number(request.realisation), _number(request.printed)
    say(text.text("capaian.pair", target=request.target or MISSING_MARK, realisation=request.realisation,
                  polarity=text.text(f"capaian.{polarity.value}")))
    if request.rival:
        _show_rivals(target, reached, request, polarity, text)
    else:
        _show_one(target, reached, request, polarity, text)
    if request.printed:
        entry = Realisation(period="", target=target, realisation=reached, printed=printed)
        _show_explanations(entry, request, polarity, text)
    return 0


def _number(text: str) -> float:
    if not text.strip():
        return nan
    stated = value_of(text)
    if stated.low != stated.high:
        raise KinerjaError("capaian_one_number", value=text)
    return stated.low


def _show_one(target: float, reached: float, request: PairRequest, polarity: Polarity, text: Catalogue) -> None:
    try:
        raw, formula = uncapped(target, reached, polarity=polarity, rule=request.rule, **request.ranges(polarity))
    except NotApplicable as reason:
        say(text.sentence(reason.message))
        return
    scale = load_ruleset(SCALES[0])
    percent = min(raw, CAP_LIMITS[request.rule.cap])
    say(text.text("capaian.one", percent=percent, formula=text.text(f"formula.{formula}"),
                  band=_band(percent, scale), scale=_title(scale), code=scale.code))
    if percent < raw:
        say(text.text("capaian.was_capped", raw=raw, cap=CAP_LIMITS[request.rule.cap]))
    rivals = {name: value for name, value in rival_formulas(target, reached, polarity=polarity,
                                                            **request.ranges(polarity)).items() if name != formula}
    bands = {category(min(value, CAP_LIMITS[request.rule.cap]), scale=scale).code for value in rivals.values()}
    if bands - {category(percent, scale=scale).code}:
        say(text.text("capaian.hangs"))


def _show_rivals(target: float, reached: float, request: PairRequest, polarity: Polarity, text: Catalogue) -> None:
    """Every formula, cap and scale side by side."""
    rivals = dict(rival_formulas(target, reached, polarity=polarity, **request.ranges(polarity)))
    if target == 0 and polarity is not Polarity.STABILISE:
        met = AchievementRule(zero=ZeroRule.HUNDRED_IF_MET)
        raw, formula = uncapped(target, reached, polarity=polarity, rule=met)
        say(text.text("capaian.zero_target", percent=raw, formula=text.text(f"formula.{formula}")))
        return
    if not rivals:
        _show_one(target, reached, request, polarity, text)
        return
    scales = [load_ruleset(code) for code in SCALES]
    table = rival_categories(rivals, scales=scales)
    rows = []
    for (formula, cap), part in table.groupby(["formula", "cap"], sort=False):
        bands = dict(zip(part["scale"], part["band"], strict=True))
        names = [_band_name(scale, bands[scale.code]).of(text.lang) for scale in scales]
        rows.append([text.text(f"formula.{formula}"), _cap_text(cap, text),
                     percent_text(part["percent"].iloc[0], text.lang), *names])
    head = [text.text(f"capaian.{name}") for name in ("formula", "cap", "percent")]
    for line in columns([*head, *SCALES], rows, right=[2]):
        say(line)
    disagree = scales_that_disagree(table)
    for scale in scales:
        key = "changes" if scale.code in disagree else "stays"
        bands = dict.fromkeys(table[table["scale"] == scale.code]["band"])
        say(text.text(f"capaian.{key}", code=scale.code, scale=_title(scale),
                      bands=" / ".join(_band_name(scale, code).of(text.lang) for code in bands)))


def _show_quarters(request: PairRequest, polarity: Polarity, text: Catalogue) -> int:
    """Both ways of the quarters side by side: they tell different stories of the same work."""
    targets, reached = ([part.strip() for part in side.split(_BETWEEN)]
                        for side in (request.target, request.realisation))
    count = max(len(targets), len(reached))
    targets, reached = ([*side, *[""] * (count - len(side))] for side in (targets, reached))
    quarters = [Realisation(period=f"TW{place}", target=_number(one), realisation=_number(other))
                for place, (one, other) in enumerate(zip(targets, reached, strict=True), start=1)]
    sides, reasons = [], []
    for way in QUARTER_WAYS:
        try:
            found = quarter_achievements(quarters, aggregation=way, polarity=polarity, rule=request.rule,
                                         annual_target=_number(request.annual), stable_range=_kept(request, polarity))
        except KinerjaError as error:
            sides.append([MISSING_MARK] * count)
            reasons += text.error(error)
            continue
        sides.append([MISSING_MARK if isinstance(item, NotApplicable) else percent_text(item.percent, text.lang)
                      for item in found])
        reasons += [text.sentence(item.message) for item in found if isinstance(item, NotApplicable)]
    head = [text.text(f"capaian.{name}") for name in ("quarter", "target", "realisation", "sum", "last")]
    rows = [[quarter.period, one or MISSING_MARK, other or MISSING_MARK, added, last]
            for quarter, one, other, added, last in zip(quarters, targets, reached, *sides, strict=True)]
    for line in columns(head, rows, right=[1, 2, 3, 4]):
        say(line)
    for reason in dict.fromkeys(reasons):
        say(reason)
    return 0


def _kept(request: PairRequest, polarity: Polarity) -> tuple[float, float] | None:
    """The range that quarters keep; one of them is no range of the year."""
    if polarity is not Polarity.STABILISE:
        return None
    if not request.stable_range:
        raise KinerjaError("range_missing")
    return request.ranges(polarity)["stable_range"]


def _show_explanations(entry: Realisation, request: PairRequest, polarity: Polarity, text: Catalogue) -> None:
    ends = request.target_ends or (entry.target,)
    first = min(ends, key=lambda end: abs(end - entry.realisation))
    kept = None if polarity is not Polarity.STABILISE else request.ranges(polarity)["stable_range"]
    found = reproduce(replace(entry, target=first), polarity=polarity, decimals=_decimals(request.printed),
                      stable_range=kept, other_targets=[end for end in ends if end != first])
    key = "reproduced" if found else "not_reproduced"
    say(text.text(f"capaian.{key}", printed=request.printed, n=len(found)))
    for place, item in enumerate(found, start=1):
        say(f"{place}. {explanation_text(item, text)}")


def _decimals(text: str) -> int:
    """Decimals as typed: "31,15" was printed with two."""
    digits = text.strip().rstrip("% ")
    return max(len(digits) - 1 - max(digits.rfind(","), digits.rfind(".")), 0) if {",", "."} & set(digits) else 0


def explanation_text(item: Explanation, text: Catalogue) -> str:
    """One way to arrive at a printed ratio, in words."""
    parts = [text.text(f"formula.{item.formula}")]
    if not item.fits_polarity:
        parts.append(text.text("capaian.other_polarity"))
    if item.cap is not CapRule.NONE:
        parts.append(_cap_text(CAP_LIMITS[item.cap], text))
    if item.floored:
        parts.append(text.text("capaian.floored"))
    parts.append(text.text(f"capaian.operands_{item.operands}", assumed=item.assumed))
    return "; ".join(parts) + "."


def percent_text(value: float, lang: str) -> str:
    """A percentage with two decimals."""
    return f"{number(value, lang=lang)}%"


def _cap_text(cap: float, text: Catalogue) -> str:
    return text.text("capaian.no_cap") if cap == CAP_LIMITS[CapRule.NONE] else text.text("capaian.cap_at", cap=cap)


def _band(percent: float, scale: Ruleset) -> Words:
    band = category(percent, scale=scale)
    return Words(id=band.name, en=band.name_en)


def _band_name(scale: Ruleset, code: str) -> Words:
    names: Mapping[str, Words] = {band.code: Words(id=band.name, en=band.name_en) for band in scale.bands}
    return names[code]


def _title(scale: Ruleset) -> Words:
    return Words(id=scale.title, en=scale.title_en)
