"""What can a sample of this size tell, and which number of a small unit is printed, as pictures?"""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kinerja_lab.plot.style import (
    BLUE,
    GREY,
    INK,
    ORANGE,
    SMALL,
    TEXT,
    TIGHT,
    VERMILLION,
    calm,
    fit_name,
    named,
    number_axis,
    title,
)
from kinerja_lab.plot.words import words
from kinerja_lab.text.numbers import number

__all__ = ["fewest_first", "sample_size_curve", "small_unit_chart"]

_LIFT = 0.17
"""Half the distance between the two numbers of a unit."""


def sample_size_curve(
    curve: pd.DataFrame, *, n: int, level: float, power: float, lang: str, axes: Axes,
    marks: Sequence[tuple[str, int]] = (), step: float = float("nan"),
) -> Axes:
    """Precision and the smallest change that is seen, against the number of answers.

    Parameters
    ----------
    curve : pandas.DataFrame
        ``n, margin, detectable, margin_simple``, in points of the index.
    n : int
        Answers there are.
    level, power : float
        Confidence level, and the chance with which the change is seen.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw.
    marks : sequence of (str, int)
        Rules (a name of people or a code) and the answers they ask for.
    step : float
        Change that the target promises; NaN for none.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    axes.set_xscale("log")
    for column, colour, style, key in (("detectable", VERMILLION, "-", "seen"), ("margin", BLUE, "--", "margin"),
                                       ("margin_simple", GREY, ":", "simple")):
        text = words(lang, f"sample_size.{key}", power=number(power, lang=lang, spec=".0%"),
                     level=number(level, lang=lang, spec=".0%"))
        axes.plot(curve["n"], curve[column], color=colour, linestyle=style, linewidth=2.0, label=text)
    axes.set_yscale("log")
    low, high = float(curve["margin_simple"].min()) * 0.8, float(curve["detectable"].max()) * 1.1
    if np.isfinite(step):
        low, high = min(low, step * 0.8), max(high, step * 1.2)
        axes.axhline(step, color=INK, linewidth=1.0, linestyle=(0, (6, 3)))
        axes.text(float(curve["n"].min()), step, words(lang, "sample_size.step", step=number(step, lang=lang,
                  spec=".2f")), fontsize=SMALL, color=INK, va="bottom", ha="left")
    axes.set_ylim(low, high)
    axes.axvline(n, color=INK, linewidth=1.2)
    axes.text(n, high * 0.97, words(lang, "sample_size.here", n=number(n, lang=lang, spec="d")), fontsize=SMALL,
              color=INK, va="top", ha="left" if n < np.sqrt(curve["n"].min() * curve["n"].max()) else "right",
              bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5})
    _marks(axes, marks, lang)
    calm(axes, keep=("bottom", "left"))
    number_axis(axes, lang=lang)
    number_axis(axes, lang=lang, which="y")
    axes.grid(color=GREY, alpha=0.2, linewidth=0.6)
    axes.set_xlabel(words(lang, "sample_size.x"), fontsize=SMALL, color=INK)
    axes.set_ylabel(words(lang, "sample_size.y"), fontsize=SMALL, color=INK)
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=1, fontsize=SMALL, frameon=False)
    title(axes, words(lang, "sample_size.title"))
    return axes


def small_unit_chart(
    rows: pd.DataFrame, *, lang: str, axes: Axes, names: Mapping[str, str] | None = None, level: float,
    left_out: int = 0, area: str = "unit",
) -> Axes:
    """The direct, the shrunken and the small-area number of each unit; the one that is printed is filled.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``unit, n, direct, direct_low, direct_high, shrunken, small_area, small_low, small_high, printed``; the first
        row on top.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw; ``style.row_axes(len(rows) + 2)`` has the right height.
    names : mapping of str to str or None
        Names of units.
    level : float
        Confidence level of the intervals.
    left_out : int
        Units that are not drawn.
    area : str
        What an area is called.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    place = np.arange(len(rows), dtype=float)
    for prefix, lift, colour, marker, key in (("direct", -_LIFT, ORANGE, "o", "direct"),
                                              ("small", _LIFT, BLUE, "D", "small_area")):
        middle = rows["direct" if prefix == "direct" else "small_area"].to_numpy(dtype=float)
        low, high = (rows[f"{prefix}_{end}"].to_numpy(dtype=float) for end in ("low", "high"))
        held = np.isfinite(low) & np.isfinite(middle)
        axes.hlines(place[held] + lift, low[held], high[held], colors=colour, linewidth=1.8, zorder=2)
        chosen = (rows["printed"] == "direct").to_numpy() == (prefix == "direct")
        for shown, face in ((chosen, colour), (~chosen, "white")):
            axes.plot(middle[shown], place[shown] + lift, marker, color=colour, markerfacecolor=face, markersize=6,
                      markeredgewidth=1.3, zorder=3)
        axes.plot([], [], marker, color=colour, markersize=6, label=words(lang, f"small_units.{key}", area=area))
    axes.plot(rows["shrunken"], place + _LIFT, "|", color=INK, markersize=9, markeredgewidth=1.4, zorder=4,
              label=words(lang, "small_units.shrunken", area=area))
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_yticks(place, [fit_name(named(unit, names), rows=len(rows)) for unit in rows["unit"]])
    for row, (count, printed) in enumerate(zip(rows["n"], rows["printed"], strict=True)):
        text = words(lang, "small_units.hidden") if np.isnan(count) else f"n={number(int(count), lang=lang, spec='d')}"
        axes.text(1.012, row, text, transform=axes.get_yaxis_transform(), fontsize=SMALL, va="center",
                  color=GREY if printed == "direct" else INK)
    calm(axes)
    axes.tick_params(axis="y", labelsize=TEXT)
    number_axis(axes, lang=lang)
    axes.grid(axis="x", color=GREY, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    below = [words(lang, "small_units.filled")]
    if left_out:
        below.append(words(lang, "small_units.left_out", n=left_out, area=area))
    axes.set_xlabel("\n".join(below), fontsize=SMALL, color=INK)
    axes.legend(loc="lower left", bbox_to_anchor=(-0.02, 1.0), ncols=1, fontsize=SMALL, frameon=False, borderpad=0.1)
    heading = words(lang, "small_units.title", level=number(level, lang=lang, spec=".0%"), area=area)
    title(axes, heading, width=TIGHT, room=46)
    return axes


def fewest_first(rows: pd.DataFrame, *, limit: int) -> tuple[pd.DataFrame, int]:
    """The units with the fewest answers, hidden ones first, and how many are left out.

    Parameters
    ----------
    rows : pandas.DataFrame
        With ``n``, missing where the unit is hidden, and ``unit``.
    limit : int
        Most rows.
    """
    order = rows.sort_values(["n", "unit"], na_position="first", kind="stable")
    return order.head(limit), max(len(rows) - limit, 0)


def _marks(axes: Axes, marks: Sequence[tuple[str, int]], lang: str) -> None:
    """Short lines at the foot of the picture where a rule stands, rules that agree in one label."""
    groups: list[tuple[list[str], list[int]]] = []
    for name, answers in sorted(marks, key=lambda mark: mark[1]):
        if groups and answers <= groups[-1][1][0] * 1.15:
            groups[-1][0].append(name)
            groups[-1][1].append(answers)
        else:
            groups.append(([name], [answers]))
    for names, answers in groups:
        for answer in answers:
            axes.plot([answer, answer], [0, 0.05], transform=axes.get_xaxis_transform(), color=INK, linewidth=1.4)
        text = "\n".join(f"{words(lang, f'sample_size.rule_{name}')}: {number(answer, lang=lang, spec='d')}"
                         for name, answer in zip(names, answers, strict=True))
        axes.text(answers[0], 0.06, text, transform=axes.get_xaxis_transform(), fontsize=SMALL, color=INK, va="bottom",
                  ha="right" if len(groups) > 1 and names is groups[0][0] else "left",
                  bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.5})
