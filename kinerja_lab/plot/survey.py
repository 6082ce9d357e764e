"""What did citizens say, as pictures: elements, the grade, units and regions."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.ruleset import Ruleset
from kinerja_lab.plot.rows import draw_rows, extremes
from kinerja_lab.plot.style import (
    BLUE,
    INK,
    LOW_TO_HIGH,
    MARKERS,
    PALETTE,
    SMALL,
    TEXT,
    TIGHT,
    calm,
    draw_bands,
    named,
    title,
)
from kinerja_lab.plot.words import band_word, element_names, level_text, value_text, words

__all__ = ["element_profile", "grade_strip", "region_forest", "unit_caterpillar"]

_LETTERS = 14.0
"""Points above a row picture for the letters of the bands."""
_LEGEND_LETTERS = 70
"""Letters that three entries of a legend may have side by side."""
_STRIP_LETTERS = 85
"""Letters that fit below the strip."""
_INSIDE = 0.13
"""A segment narrower than this share of the strip is named below it instead of inside."""


def element_profile(
    elements: EstimateTable, *, ruleset: Ruleset, lang: str, axes: Axes, names: Mapping[str, str] | None = None,
) -> Axes:
    """Score of every element with its interval, in the order of the rule, bands of the rule behind.

    Parameters
    ----------
    elements : EstimateTable
        One row an element; ``label`` is the element's code, the unit is the answer scale.
    ruleset : Ruleset
        Gives order, names, scale and bands.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw; ``style.row_axes(len(elements))`` has the right height.
    names : mapping of str to str or None
        Names of items that the rule does not name.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    order = {element.code: place for place, element in enumerate(ruleset.elements)}
    frame = elements.frame.assign(_place=[order.get(code, len(order)) for code in elements.frame["label"]])
    frame = frame.sort_values("_place", kind="stable")
    known = {**(names or {}), **element_names(ruleset, lang=lang)}
    scale = (ruleset.scale_low, ruleset.scale_high) if ruleset.scale_high > ruleset.scale_low else None
    draw_rows(axes, frame, names=[named(code, known) for code in frame["label"]], lang=lang, span=scale)
    draw_bands(axes, ruleset=ruleset, lang=lang, factor=ruleset.index_factor)
    title(axes, words(lang, "element_profile.title", level=level_text(elements, lang=lang)), width=TIGHT, room=_LETTERS)
    key = "element_profile.x_bands" if ruleset.bands else "element_profile.x"
    lines = [words(lang, key, low=_end(scale[0]), high=_end(scale[1]))] if scale else []
    axes.set_xlabel("\n".join([*lines, *_bare(frame, lang)]), fontsize=SMALL, color=INK)
    return axes


def grade_strip(grades: EstimateTable, *, ruleset: Ruleset, lang: str, axes: Axes) -> Axes:
    """One bar from the lowest band to the highest; the length of a piece is the probability of that grade.

    Parameters
    ----------
    grades : EstimateTable
        One row a band; ``label`` is the band's code, ``value`` its probability, 0 to 1.
    ruleset : Ruleset
        Gives order and names of the bands.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw; 1.6 in high is enough.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    share = dict(zip(grades.frame["label"], grades.frame["value"], strict=True))
    bands = [band for band in ruleset.bands if band.code in share]
    start, below = 0.0, []
    for place, band in enumerate(bands):
        width = float(share[band.code])
        word = band_word(band.code, ruleset=ruleset, lang=lang)
        full = band.code if word == band.code else f"{band.code} ({word})"
        if not width > 0:
            below.append(f"{full}: {_probability(width, lang)}")
            continue
        colour = LOW_TO_HIGH[round(place * (len(LOW_TO_HIGH) - 1) / max(len(bands) - 1, 1))]
        axes.barh(0, width, left=start, height=0.8, color=colour, edgecolor="white", linewidth=1.5)
        if width >= _INSIDE:
            text = f"{band.code if width < 0.3 else full}\n{_probability(width, lang)}"
            ink = "white" if colour in LOW_TO_HIGH[:2] else INK
            axes.text(start + width / 2, 0, text, ha="center", va="center", fontsize=TEXT, color=ink, linespacing=1.3)
        else:
            below.append(f"{full}: {_probability(width, lang)}")
        start += width
    axes.set_xlim(0, 1)
    joined = "     ".join(below)
    if len(joined) > _STRIP_LETTERS:
        joined = "     ".join(below[:-1]) + f"\n{below[-1]}"
    axes.set_ylim(-1.2 if "\n" in joined else -0.9, 0.45)
    axes.text(0, -0.5, joined, ha="left", va="top", fontsize=SMALL, color=INK, linespacing=1.4)
    calm(axes, keep=())
    axes.set_xticks([])
    axes.set_yticks([])
    title(axes, words(lang, "grade_strip.title"))
    return axes


def unit_caterpillar(
    units: EstimateTable, *, lang: str, axes: Axes, names: Mapping[str, str] | None = None,
    ruleset: Ruleset | None = None, overall: Estimate | None = None, limit: int = 60,
) -> Axes:
    """Units from the highest value to the lowest, each with its interval.

    Parameters
    ----------
    units : EstimateTable
        Groups end with ``unit``; an ``agency`` group gives each agency its own colour and marker. Hidden units (no
        value) are counted below the picture, not drawn.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw; ``style.row_axes(min(len(units), limit))`` has the right height.
    names : mapping of str to str or None
        Names of units and agencies.
    ruleset : Ruleset or None
        Its bands are drawn behind.
    overall : Estimate or None
        A value of all units together, drawn as a vertical line.
    limit : int
        When there are more units, only the highest and the lowest are drawn and the picture says so.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    frame = units.frame
    shown = frame.dropna(subset=["value"]).sort_values("value", ascending=False, kind="stable")
    rows, left_out = extremes(shown, limit=limit)
    agencies = list(dict.fromkeys(frame["agency"])) if "agency" in units.groups else []
    styled = 1 < len(agencies) <= len(PALETTE)
    style = {code: (PALETTE[i], MARKERS[i]) for i, code in enumerate(agencies)} if styled else {}
    own = [style.get(code, (BLUE, "o")) for code in rows["agency"]] if styled else [(BLUE, "o")] * len(rows)
    draw_rows(
        axes, rows, names=[named(code, names) for code in rows["unit"]], lang=lang, colours=[c for c, _ in own],
        markers=[m for _, m in own], gap_after=limit // 2 if left_out else None,
        gap_text=words(lang, "unit_caterpillar.left_out", n=left_out) if left_out else "",
    )
    if ruleset:
        draw_bands(axes, ruleset=ruleset, lang=lang)
    if overall is not None:
        axes.axvline(overall.value, color=INK, linewidth=1.1, linestyle=(0, (4, 3)), zorder=1)
    title(axes, words(lang, "unit_caterpillar.title", level=level_text(units, lang=lang)), width=TIGHT, room=_LETTERS)
    few = [words(lang, "unit_caterpillar.hidden", n=len(frame) - len(shown))] if len(shown) < len(frame) else []
    axes.set_xlabel("\n".join([*_overall(overall, lang), *_bare(rows, lang), *few]), fontsize=SMALL, color=INK)
    if styled:
        for code, (colour, marker) in style.items():
            axes.plot([], [], color=colour, marker=marker, markersize=6, linewidth=2, label=named(code, names))
        wide = sum(sorted(len(named(code, names)) for code in style)[-3:]) > _LEGEND_LETTERS
        axes.figure.legend(loc="outside lower center", ncols=2 if wide else 3, fontsize=SMALL, frameon=False)
    return axes


def region_forest(
    headlines: EstimateTable, *, lang: str, axes: Axes, names: Mapping[str, str] | None = None,
    ruleset: Ruleset | None = None, overall: Estimate | None = None, limit: int = 60,
) -> Axes:
    """The headline number of every region with its interval, from the highest to the lowest.

    Parameters
    ----------
    headlines : EstimateTable
        One row a region; the group ``region`` holds its code or name (``label`` where there is no such group).
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw; ``style.row_axes(min(len(headlines), limit))`` has the right height.
    names : mapping of str to str or None
        Names of regions.
    ruleset : Ruleset or None
        Its bands are drawn behind.
    overall : Estimate or None
        All regions together, drawn as a vertical line.
    limit : int
        When there are more regions, only the highest and the lowest are drawn and the picture says so.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    column = "region" if "region" in headlines.groups else "label"
    frame = headlines.frame.sort_values("value", ascending=False, kind="stable", na_position="last")
    if len(frame) > limit:
        frame = frame.dropna(subset=["value"])
    frame, left_out = extremes(frame, limit=limit)
    draw_rows(axes, frame, names=[named(code, names) for code in frame[column]], lang=lang,
              gap_after=limit // 2 if left_out else None,
              gap_text=words(lang, "region_forest_many.left_out", n=left_out) if left_out else "")
    if ruleset:
        draw_bands(axes, ruleset=ruleset, lang=lang)
    if overall is not None:
        axes.axvline(overall.value, color=INK, linewidth=1.1, linestyle=(0, (4, 3)), zorder=1)
    axes.set_xlabel("\n".join([*_overall(overall, lang), *_bare(frame, lang)]), fontsize=SMALL, color=INK)
    title(axes, words(lang, "region_forest.title", level=level_text(headlines, lang=lang)), width=TIGHT, room=_LETTERS)
    return axes


def _overall(overall: Estimate | None, lang: str) -> list[str]:
    if overall is None:
        return []
    return [words(lang, "overall", value=value_text(overall.value, unit=overall.unit, lang=lang))]


def _bare(frame: pd.DataFrame, lang: str) -> list[str]:
    """What a hollow dot means, where there is one."""
    return [words(lang, "bare")] if (frame["value"].notna() & frame["low"].isna()).any() else []


def _probability(value: float, lang: str) -> str:
    """A probability that is not certain is never written as 0 % or 100 %."""
    if value < 0.001:
        return words(lang, "under", value=value_text(0.001, unit="probability", lang=lang))
    if value > 0.999:
        return words(lang, "over", value=value_text(0.999, unit="probability", lang=lang))
    return value_text(value, unit="probability", lang=lang)


def _end(value: float) -> int | float:
    return int(value) if float(value).is_integer() else value
