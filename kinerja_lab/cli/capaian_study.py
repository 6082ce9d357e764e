"""``kinerja capaian STUDY``: what was reached of every target of a study, and which rule gives each printed ratio?"""

from collections.abc import Iterator
from decimal import Decimal
from math import isfinite, isnan

from kinerja_lab.cli.capaian import SCALES, explanation_text, percent_text
from kinerja_lab.cli.columns import columns
from kinerja_lab.cli.console import say, words
from kinerja_lab.core.errors import KinerjaError, NotApplicable, closest
from kinerja_lab.core.indicator import Indicator, Realisation
from kinerja_lab.drafting.achievement import CAP_LIMITS, Achievement, achievements
from kinerja_lab.drafting.reproduce import reproduce_series
from kinerja_lab.drafting.scales import category
from kinerja_lab.io.rulesets import load_ruleset
from kinerja_lab.io.study import load_study, studies_root
from kinerja_lab.text.catalogue import Catalogue
from kinerja_lab.text.numbers import MISSING_MARK, number

__all__ = ["show_study"]

_DECIMALS = 2


def show_study(name: str, *, indicator: str, period: str, rival: bool, printed: bool, lang: str) -> int:
    """Say what was reached of every target, or of those of one indicator or period."""
    study = load_study(studies_root() / name)
    chosen = _chosen(study.indicators, indicator)
    text = words(lang)
    rows = [(item, entry, answer) for item in chosen
            for entry, answer in zip(item.series, achievements(item), strict=True) if period in ("", entry.period)]
    if not rows:
        raise KinerjaError("capaian_nothing", study=study.code, indicator=indicator or "-", period=period or "-")
    if printed:
        _show_printed(rows, text)
    else:
        _show_achievements(rows, rival, text)
    return 0


Row = tuple[Indicator, Realisation, Achievement | NotApplicable]


def _chosen(indicators: tuple[Indicator, ...], wanted: str) -> tuple[Indicator, ...]:
    if not wanted:
        return indicators
    found = tuple(item for item in indicators if wanted.casefold() in (item.code, item.name.casefold()))
    if not found:
        codes = [item.code for item in indicators]
        raise KinerjaError("capaian_indicator", value=wanted, nearest=closest(wanted.casefold(), codes) or "-",
                           choices=", ".join(codes))
    return found


def _show_achievements(rows: list[Row], rival: bool, text: Catalogue) -> None:
    """One line a target; with rivals, the other formulas and whether one of them leads to another category."""
    scale = load_ruleset(SCALES[0])
    shown, changed, compared = [], 0, 0
    for item, entry, answer in rows:
        ends = item.target_range(entry.period) or (entry.target,)
        line = [item.name, entry.period, "–".join(_as_written(end, text.lang) for end in ends),
                _as_written(entry.realisation, text.lang)]
        if isinstance(answer, NotApplicable):
            shown.append([*line, MISSING_MARK, text.sentence(answer.message), *[""] * (2 * rival)])
            continue
        own = category(answer.percent, scale=scale)
        line += [percent_text(answer.percent, text.lang), own.name_en if text.lang == "en" else own.name]
        if rival:
            others = {name: min(value, CAP_LIMITS[item.rule.cap]) for name, value in answer.rivals.items()
                      if name != answer.formula and not isnan(value)}
            bands = {name: category(value, scale=scale) for name, value in others.items()}
            differs = any(band.code != own.code for band in bands.values())
            compared += bool(others)
            changed += differs
            line += ["; ".join(percent_text(value, text.lang) for value in others.values()) or MISSING_MARK,
                     "; ".join(band.name_en if text.lang == "en" else band.name for band in bands.values())
                     + (" ≠" if differs else "")]
        shown.append(line)
    names = ("indicator", "period", "target", "realisation", "percent", "band", *(("rival", "rival_band") * rival))
    head = [text.text(f"capaian.{name}") for name in names]
    for line in columns(head, shown, right=[2, 3, 4, 6][:3 + rival], cut=[0]):
        say(line)
    if rival:
        say(text.text("capaian.summary", changed=changed, compared=compared, total=len(rows),
                      scale=scale.title_en if text.lang == "en" else scale.title))


def _as_written(value: float, lang: str) -> str:
    """With all its decimals: a ratio of 0.345 is not 0.34."""
    decimals = max(-int(Decimal(repr(value)).as_tuple().exponent), 0) if isfinite(value) else 0
    return number(value, lang=lang, spec=f".{decimals if value % 1 else 0}f")


def _show_printed(rows: list[Row], text: Catalogue) -> None:
    """One line a printed ratio: recomputed, and the rule that assumes least and gives it."""
    counts = {"as_shown": 0, "assumed": 0, "unexplained": 0}
    shown = []
    for item, entry, answer, found in _explained(rows):
        if isinstance(found, NotApplicable):
            continue
        kind = "unexplained" if not found else "as_shown" if found[0].operands == "as_shown" else "assumed"
        counts[kind] += 1
        recomputed = MISSING_MARK if isinstance(answer, NotApplicable) else percent_text(answer.percent, text.lang)
        shown.append([item.name, entry.period, percent_text(entry.printed, text.lang), recomputed])
        plain = kind == "as_shown" and not isinstance(answer, NotApplicable) and found[0].formula == answer.formula
        shown[-1].append(text.text("capaian.fits") if plain else
                         explanation_text(found[0], text) if found else text.text("capaian.no_rule"))
    head = [text.text(f"capaian.{name}") for name in ("indicator", "period", "printed", "recomputed", "rule")]
    lines = columns(head[:-1], [row[:-1] for row in shown], right=[2, 3], cut=[0])
    for line, last in zip(lines, [head[-1], *(row[-1] for row in shown)], strict=True):
        say(f"{line}  {last}")
    say(text.text("capaian.printed_summary", total=len(shown), **counts))


def _explained(rows: list[Row]) -> Iterator[tuple]:
    cache: dict[str, dict] = {}
    for item, entry, answer in rows:
        if item.code not in cache:
            cache[item.code] = dict(reproduce_series(item.series, polarity=item.polarity, decimals=_DECIMALS,
                                                     stable_range=item.stable_range))
        yield item, entry, answer, cache[item.code][entry.period]
