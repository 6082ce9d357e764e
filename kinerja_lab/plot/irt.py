"""How do elements work along the scale, where are respondents, and how do groups differ, as pictures?"""

from collections.abc import Mapping, Sequence
from textwrap import shorten

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.plot.rows import draw_rows
from kinerja_lab.plot.style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    MARKERS,
    PALETTE,
    SMALL,
    TEXT,
    TIGHT,
    VERMILLION,
    calm,
    named,
    number_axis,
    title,
)
from kinerja_lab.plot.words import level_text, words
from kinerja_lab.text.numbers import number

__all__ = ["answer_curve_plot", "dif_effects", "information_plot", "item_person_map"]

_NAME = 34
_LINES = ("solid", "dashed", "dashdot", "dotted", (0, (5, 1, 1, 1, 1, 1)))


def dif_effects(
    effects: EstimateTable, *, limit: float, group: str, lang: str, axes: Axes,
    names: Mapping[str, str] | None = None, group_names: Mapping[str, str] | None = None,
) -> Axes:
    """Difference of each group from all groups at equal satisfaction, a row an element and group.

    Parameters
    ----------
    effects : EstimateTable
        By ``("item", "group")``, as ``LogisticDif.effects``; only the rows to draw.
    limit : float
        Differences up to this are shaded as too small to matter.
    group : str
        What divides the groups, in words.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw; ``style.row_axes(len(effects))`` has the right height.
    names, group_names : mapping of str to str or None
        Names of items and of groups.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    frame = effects.frame
    rows = [f"{shorten(named(item, names), _NAME, placeholder='…')}: {named(own, group_names)}"
            for item, own in zip(frame["item"], frame["group"], strict=True)]
    order = {item: place for place, item in enumerate(dict.fromkeys(frame["item"]))}
    kinds = [order[item] % len(PALETTE) for item in frame["item"]]
    draw_rows(axes, frame, names=rows, lang=lang, colours=[PALETTE[kind] for kind in kinds],
              markers=[MARKERS[kind] for kind in kinds])
    left, right = axes.get_xlim()
    axes.set_xlim(min(left, -1.3 * limit), max(right, 1.3 * limit))
    axes.axvspan(-limit, limit, color="#000000", alpha=0.08, linewidth=0, zorder=0)
    axes.axvline(0.0, color=INK, linewidth=0.9, zorder=1)
    for place in np.flatnonzero(frame["item"].to_numpy()[1:] != frame["item"].to_numpy()[:-1]):
        axes.axhline(place + 0.5, color=GREY, linewidth=0.5, alpha=0.6)
    title(axes, words(lang, "dif_effects.title", group=group, level=level_text(effects, lang=lang)), width=TIGHT)
    axes.set_xlabel(words(lang, "dif_effects.x", limit=number(limit, lang=lang)), fontsize=SMALL, color=INK)
    return axes


def item_person_map(
    scores: tuple[np.ndarray, np.ndarray], *, thresholds: np.ndarray, items: Sequence[str],
    reliability: tuple[np.ndarray, np.ndarray], enough: float, lang: str, axes: Axes,
    names: Mapping[str, str] | None = None,
) -> Axes:
    """Respondents above, thresholds of each element in the middle, precision below, on one scale.

    Parameters
    ----------
    scores : tuple of array
        Points of the scale and the share of respondents near each.
    thresholds : array of float, shape (items, steps)
        Where answers rise by one; NaN for none.
    items : sequence of str
        Codes of the rows of ``thresholds``.
    reliability : tuple of array
        Points of the scale and the reliability there, 0 to 1.
    enough : float
        Reliability from which the place of a respondent counts as known.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw; 5 in high is enough.
    names : mapping of str to str or None
        Names of items.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    points, share = scores
    count = len(items)
    low = float(min(np.nanmin(thresholds), points[share.cumsum() > 0.001][0])) - 0.3
    high = float(max(np.nanmax(thresholds), points[share.cumsum() < 0.999][-1])) + 0.3
    low, high = max(low, -5.5), min(high, 5.5)
    tall, floor = 2.6, -2.0
    axes.fill_between(points, floor - tall * share / share.max(), floor, color=BLUE, alpha=0.45, linewidth=0, zorder=2)
    for row in range(count):
        axes.hlines(row, low, high, color=GREY, linewidth=0.4, alpha=0.6, zorder=1)
        for step, value in enumerate(thresholds[row]):
            if low <= value <= high:
                kind = step % len(MARKERS)
                axes.plot(value, row, marker=MARKERS[kind], color=PALETTE[(step + 1) % len(PALETTE)], markersize=6.5,
                          zorder=3)
    at, held = reliability
    base = count + 3.6
    axes.plot(at, base - tall * held, color=INK, linewidth=1.4, zorder=3)
    axes.hlines(base - tall * enough, low, high, color=VERMILLION, linewidth=1.0, linestyle="dashed", zorder=2)
    axes.fill_between(at, base - tall * held, base, where=held >= enough, color=GREEN, alpha=0.25, linewidth=0)
    axes.text(1.012, base - tall * enough, words(lang, "item_person_map.enough", value=number(enough, lang=lang)),
              ha="left", va="center", fontsize=SMALL, color=VERMILLION, transform=axes.get_yaxis_transform())
    for text, place in (("people", floor - tall - 0.3), ("items", -1.0), ("precision", base - tall - 0.3)):
        axes.text(low, place, words(lang, f"item_person_map.{text}"), ha="left", va="center", fontsize=TEXT, color=INK,
                  weight="bold")
    axes.set_xlim(low, high)
    axes.set_ylim(base + 0.2, floor - tall - 0.9)
    axes.set_yticks(range(count), [shorten(named(code, names), _NAME, placeholder="…") for code in items])
    calm(axes)
    number_axis(axes, lang=lang)
    axes.set_xlabel(words(lang, "item_person_map.x"), fontsize=SMALL, color=INK)
    return axes


def answer_curve_plot(curves: pd.DataFrame, *, item: str, name: str, lang: str, axes: Axes) -> Axes:
    """Chance of each answer to one element along the scale.

    Parameters
    ----------
    curves : pandas.DataFrame
        ``item, answer, at, p``, as ``psychometrics.irt_information.answer_curves`` gives.
    item : str
        Code of the element.
    name : str
        Its name.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    own = curves[curves["item"] == item]
    for place, (answer, rows) in enumerate(own.groupby("answer", sort=True)):
        axes.plot(rows["at"], rows["p"], color=PALETTE[place % len(PALETTE)], linestyle=_LINES[place % len(_LINES)],
                  linewidth=1.8)
        top = int(rows["p"].to_numpy().argmax())
        x, y = float(rows["at"].iloc[top]), float(rows["p"].iloc[top])
        side = "left" if top < 0.1 * len(rows) else "right" if top > 0.9 * len(rows) else "center"
        axes.text(x, y + 0.02, words(lang, "answer_curves.answer", answer=int(answer)), ha=side, va="bottom",
                  fontsize=SMALL, color=PALETTE[place % len(PALETTE)])
    axes.set_ylim(0, 1.09)
    axes.set_xlim(float(own["at"].min()), float(own["at"].max()))
    calm(axes, keep=("bottom", "left"))
    number_axis(axes, lang=lang)
    number_axis(axes, lang=lang, which="y", percent=True)
    title(axes, words(lang, "answer_curves.title", item=name))
    axes.set_xlabel(words(lang, "answer_curves.x"), fontsize=SMALL, color=INK)
    axes.set_ylabel(words(lang, "answer_curves.y"), fontsize=SMALL, color=INK)
    return axes


def information_plot(test: EstimateTable, *, enough: float, lang: str, axes: Axes) -> Axes:
    """Information along the scale with its interval, and the height that a reliability needs.

    Parameters
    ----------
    test : EstimateTable
        By ``("at",)``, as ``InformationCurves.test``.
    enough : float
        Information that the reliability of 0.70 needs, on this scale.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    frame = test.frame
    at = frame["at"].to_numpy(dtype=float)
    if frame["low"].notna().any():
        axes.fill_between(at, frame["low"], frame["high"], color=BLUE, alpha=0.25, linewidth=0)
    axes.plot(at, frame["value"], color=BLUE, linewidth=1.8)
    axes.axhline(enough, color=VERMILLION, linestyle="dashed", linewidth=1.1)
    axes.text(at[-1], enough, words(lang, "information.enough"), ha="right", va="bottom", fontsize=SMALL,
              color=VERMILLION)
    axes.set_xlim(at[0], at[-1])
    axes.set_ylim(bottom=0)
    calm(axes, keep=("bottom", "left"))
    number_axis(axes, lang=lang)
    number_axis(axes, lang=lang, which="y")
    title(axes, words(lang, "information.title", level=level_text(test, lang=lang)))
    axes.set_xlabel(words(lang, "information.x"), fontsize=SMALL, color=INK)
    axes.set_ylabel(words(lang, "information.y", value=number(enough, lang=lang)), fontsize=SMALL, color=INK)
    return axes
