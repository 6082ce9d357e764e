"""How far were targets reached, as pictures: one indicator over its periods, or a whole plan at a glance."""

from collections.abc import Mapping, Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.indicator import Indicator
from kinerja_lab.core.ruleset import Ruleset
from kinerja_lab.drafting.achievement import Achievement
from kinerja_lab.plot.style import BLUE, GREY, INK, LOW_TO_HIGH, SMALL, TEXT, calm, fit_name, number_axis, title
from kinerja_lab.plot.words import band_word, value_text, words

__all__ = ["achievement_bars", "achievement_heat"]


def achievement_bars(
    series: Sequence[Achievement | NotApplicable], *, indicator: Indicator, lang: str, axes: Axes,
) -> Axes:
    """Achievement of one indicator by period, with the line of 100 %.

    Parameters
    ----------
    series : sequence of Achievement or NotApplicable
        One for each entry of ``indicator.series``, in order.
    indicator : Indicator
        Whose achievement it is.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw; ``style.row_axes(len(series))`` has the right height.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    periods = [entry.period for entry in indicator.series]
    axes.axvline(100, color=INK, linewidth=1.2, linestyle=(0, (4, 3)), zorder=3)
    for row, item in enumerate(series):
        if isinstance(item, NotApplicable):
            axes.text(1, row, words(lang, "achievement.none"), va="center", fontsize=SMALL, color=GREY, style="italic")
            continue
        axes.barh(row, item.percent, height=0.62, color=BLUE, zorder=2)
        text = value_text(item.percent, unit="percent", lang=lang) + "%"
        if item.capped:
            text += " " + words(lang, "achievement.capped", raw=value_text(item.raw, unit="percent", lang=lang))
        axes.annotate(text, (max(item.percent, 0.0), row), xytext=(5, 0), textcoords="offset points", va="center",
                      fontsize=TEXT, color=INK, annotation_clip=False, zorder=4,
                      bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8})
    drawn = [item.percent for item in series if isinstance(item, Achievement)]
    axes.set_xlim(min([0.0, *drawn]) * 1.05, max([105.0, *drawn]) * 1.18)
    axes.set_ylim(len(periods) - 0.4, -0.6)
    axes.set_yticks(range(len(periods)), periods)
    calm(axes)
    number_axis(axes, lang=lang)
    axes.set_xlabel(words(lang, "achievement.x"), fontsize=TEXT)
    title(axes, words(lang, "achievement.bars_title", indicator=_name(indicator, lang)))
    return axes


def achievement_heat(
    achievements: Mapping[str, Sequence[Achievement | NotApplicable]], *, indicators: Sequence[Indicator],
    scale: Ruleset | None, lang: str, axes: Axes,
) -> Axes:
    """Indicator by period: the percentage in each cell, shaded by the category of the scale.

    Parameters
    ----------
    achievements : mapping of str to sequence of (Achievement or NotApplicable)
        By indicator code, one for each entry of the indicator's series.
    indicators : sequence of Indicator
        Rows, in this order.
    scale : Ruleset or None
        Achievement scale; without it cells are not shaded.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw; ``style.row_axes(len(indicators) + 2)`` has the right height.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    periods = sorted({entry.period for indicator in indicators for entry in indicator.series})
    for row, indicator in enumerate(indicators):
        for entry, item in zip(indicator.series, achievements.get(indicator.code, ()), strict=False):
            _cell(axes, row=row, column=periods.index(entry.period), item=item, scale=scale, lang=lang)
    axes.set_xlim(-0.5, max(len(periods), 1) - 0.5)
    axes.set_ylim(max(len(indicators), 1) - 0.5, -0.5)
    axes.set_xticks(range(len(periods)), periods)
    axes.xaxis.tick_top()
    axes.set_yticks(range(len(indicators)), [fit_name(_name(item, lang), rows=len(indicators)) for item in indicators])
    calm(axes, keep=())
    if len(indicators) > 25:
        axes.tick_params(axis="y", labelsize=SMALL)
    title(axes, words(lang, "achievement.heat_title"), width=58, room=16)
    if scale and scale.bands:
        _key(axes, scale=scale, lang=lang)
    return axes


def _cell(
    axes: Axes, *, row: int, column: int, item: Achievement | NotApplicable, scale: Ruleset | None, lang: str,
) -> None:
    fill, ink, text = "none", GREY, words(lang, "achievement.none_short")
    if isinstance(item, Achievement):
        text = value_text(item.percent, unit="percent", lang=lang)
        fill, ink = _shade(item.percent, scale)
    axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, facecolor=fill, edgecolor="white", linewidth=1.5))
    axes.text(column, row, text, ha="center", va="center", fontsize=SMALL, color=ink)


def _shade(percent: float, scale: Ruleset | None) -> tuple[str, str]:
    """Fill and ink of a category, dark for the lowest, light for the highest."""
    if not scale or not scale.bands:
        return "none", INK
    try:
        place = [band.code for band in scale.bands].index(scale.band_of(percent).code)
    except KinerjaError:  # below the first band: as dark as the lowest
        place = 0
    return _tone(place, len(scale.bands))


def _tone(place: int, count: int) -> tuple[str, str]:
    step = round(place * (len(LOW_TO_HIGH) - 1) / max(count - 1, 1))
    return LOW_TO_HIGH[step], "white" if step < 2 else INK


def _key(axes: Axes, *, scale: Ruleset, lang: str) -> None:
    for place, band in enumerate(scale.bands):
        fill, _ = _tone(place, len(scale.bands))
        axes.plot([], [], marker="s", linestyle="none", markersize=9, color=fill, markeredgecolor=GREY,
                  markeredgewidth=0.5, label=band_word(band.code, ruleset=scale, lang=lang))
    axes.figure.legend(loc="outside lower center", ncols=len(scale.bands), fontsize=SMALL, frameon=False,
                       handletextpad=0.2, columnspacing=1.2)


def _name(indicator: Indicator, lang: str) -> str:
    return (indicator.name_en if lang == "en" else "") or indicator.name
