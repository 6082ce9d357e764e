"""How does a unit's raw score become its adjusted score, as a picture: a waterfall a unit?"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kinerja_lab.plot.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    SKY,
    SMALL,
    TEXT,
    TIGHT,
    blank_axes,
    calm,
    fit_name,
    named,
    number_axis,
    title,
)
from kinerja_lab.plot.words import value_text, words
from kinerja_lab.profiling.adjusted import AdjustedScores

__all__ = ["waterfall", "waterfall_axes"]

_GAP = 1.25
"""Room between two units, in rows; the unit's name stands in it."""


def waterfall_axes(scores: AdjustedScores, *, units: int) -> Axes:
    """Axes of the right height for the waterfalls of so many units."""
    rows = units * (len(scores.steps) + 2 + _GAP)
    return blank_axes(height=1.0 + 0.27 * rows)


def waterfall(
    scores: AdjustedScores, *, units: Sequence[str], lang: str, axes: Axes, names: Mapping[str, str] | None = None,
    measure: str = "",
) -> Axes:
    """The way of some units from raw to adjusted score: a dot with its interval, a bar a step, a dot with its interval.

    Parameters
    ----------
    scores : AdjustedScores
        Every unit's steps.
    units : sequence of str
        The units shown, the first on top.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw; ``waterfall_axes`` has the right height.
    names : mapping of str to str or None
        Names of units.
    measure : str
        What the scores are, beside the axis.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.

    Raises
    ------
    KeyError
        When there is no such unit.
    """
    frame = scores.units.frame.assign(unit=scores.units.frame["unit"].astype(str))
    steps = ["raw", *scores.steps, "adjusted"]
    blocks = {unit: frame[frame["unit"] == unit].set_index("label") for unit in units}
    absent = [unit for unit, rows in blocks.items() if rows.empty]
    if absent:
        raise KeyError(absent[0])
    axes.set_xlim(*_ends(blocks.values(), steps))
    ticks, labels, top = [], [], 0.0
    for unit, rows in blocks.items():
        axes.text(0.0, top, fit_name(named(unit, names), rows=99), transform=axes.get_yaxis_transform(), va="center",
                  ha="left", fontsize=TEXT, color=INK, fontweight="bold")
        places = top + _GAP - 0.25 + np.arange(len(steps))
        _block(axes, rows, steps, places, lang)
        ticks += places.tolist()
        labels += [words(lang, f"waterfall.{step}") for step in steps]
        top = places[-1] + _GAP
    axes.set_ylim(ticks[-1] + 0.7, -0.6)
    axes.set_yticks(ticks, labels)
    calm(axes)
    axes.tick_params(axis="y", labelsize=SMALL)
    number_axis(axes, lang=lang)
    axes.grid(axis="x", color=GREY, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    axes.set_xlabel(measure or words(lang, "waterfall.x"), fontsize=SMALL, color=INK)
    title(axes, words(lang, "waterfall.title"), width=TIGHT)
    return axes


def _block(axes: Axes, rows: pd.DataFrame, steps: list[str], places: np.ndarray, lang: str) -> None:
    at = float(rows.loc["raw", "value"])
    for place, step in zip(places, steps, strict=True):
        value = float(rows.loc[step, "value"])
        if step in ("raw", "adjusted"):
            at = value
            if np.isfinite(rows.loc[step, "low"]):
                axes.hlines(place, rows.loc[step, "low"], rows.loc[step, "high"], color=BLUE, linewidth=2.2, zorder=3)
            axes.plot([value], [place], marker="o", markersize=7, color=BLUE, zorder=4,
                      markerfacecolor=BLUE if step == "adjusted" else "white", markeredgewidth=1.5)
            text = value_text(value, unit="", lang=lang)
        else:
            axes.barh(place, value, left=at, height=0.55, color=SKY if value >= 0 else ORANGE, edgecolor=INK,
                      linewidth=0.6, hatch="" if value >= 0 else "////", zorder=3)
            at += value
            text = f"{'+' if value > 0 else ''}{value_text(value, unit='', lang=lang)}"
        axes.text(1.012, place, text, transform=axes.get_yaxis_transform(), va="center", ha="left", fontsize=SMALL,
                  color=INK, fontweight="bold" if step == "adjusted" else "normal")
        if step != "adjusted":
            axes.plot([at, at], [place, place + 1], color=GREY, linewidth=0.9, zorder=2)


def _ends(blocks, steps: list[str]) -> tuple[float, float]:
    """All values, sums after a step and limits, with a little air."""
    drawn = []
    for rows in blocks:
        values = [float(rows.loc[step, "value"]) for step in steps]
        drawn += [*np.cumsum(values[:-1]), values[-1]]
        drawn += rows.loc[["raw", "adjusted"], ["low", "high"]].to_numpy(dtype=float).ravel().tolist()
    held = np.array(drawn)[np.isfinite(drawn)]
    air = 0.06 * (held.max() - held.min()) or 1.0
    return float(held.min() - air), float(held.max() + air)
