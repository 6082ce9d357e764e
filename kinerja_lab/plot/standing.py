"""Where do units stand and how do the months run, as pictures: tiers, control chart, small shifts."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.plot.rows import draw_rows, extremes
from kinerja_lab.plot.style import (
    BLUE,
    GREY,
    INK,
    MARKERS,
    PALETTE,
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
from kinerja_lab.plot.words import level_text, words
from kinerja_lab.profiling.charts import ControlChart
from kinerja_lab.profiling.small_shifts import ShiftChart

__all__ = ["control_chart", "expected_fifths", "shift_chart", "shrunken_rows", "tier_rows"]

_MOST_TICKS = 12


def tier_rows(
    units: EstimateTable, *, tiers: Mapping[str, int], ranks: Mapping[str, float], lang: str, axes: Axes,
    names: Mapping[str, str] | None = None, limit: int = 40,
) -> Axes:
    """Units from best to worst with their intervals; a line and a word where a new tier begins.

    Parameters
    ----------
    units : EstimateTable
        Groups ``("unit",)``, one row a unit.
    tiers : mapping of str to int
        Tier of each unit, 1 best.
    ranks : mapping of str to float
        Rank of each unit, 1 best: the order within a tier.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw; ``style.row_axes(min(len(units), limit))`` has the right height.
    names : mapping of str to str or None
        Names of units.
    limit : int
        When there are more units, only the best and the worst are drawn and the picture says so.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    frame = units.frame[units.frame["unit"].astype(str).isin(set(tiers))].dropna(subset=["value"])
    keys = frame["unit"].astype(str)
    frame = frame.assign(_tier=keys.map(tiers), _rank=keys.map(ranks)).sort_values(["_tier", "_rank"], kind="stable")
    rows, left_out = extremes(frame, limit=limit)
    places = rows["_tier"].to_numpy(dtype=int)
    gap = limit // 2 if left_out else None
    draw_rows(
        axes, rows, lang=lang, names=[f"{tier}   {fit_name(named(code, names), rows=99)}"
                                      for tier, code in zip(places, rows["unit"], strict=True)],
        colours=[PALETTE[(tier - 1) % len(PALETTE)] for tier in places],
        markers=[MARKERS[(tier - 1) % len(MARKERS)] for tier in places], gap_after=gap,
        gap_text=words(lang, "tiers.left_out", n=left_out) if left_out else "")
    for row in range(len(places)):
        if row == 0 or places[row] != places[row - 1]:
            height = row + (1 if gap is not None and row >= gap else 0) - 0.5
            if row:
                axes.axhline(height, color=GREY, linewidth=0.9, zorder=1)
            free = _freer_side(axes, float(rows["value"].iloc[row]))
            axes.text(0.008 if free == "left" else 0.992, height + 0.08,
                      words(lang, "tiers.tier", tier=int(places[row])), va="top", ha=free, fontsize=SMALL, color=GREY,
                      transform=axes.get_yaxis_transform(), style="italic", zorder=1)
    title(axes, words(lang, "tiers.title", level=level_text(units, lang=lang)), width=TIGHT)
    axes.set_xlabel(words(lang, "tiers.x"), fontsize=SMALL, color=INK)
    return axes


def _freer_side(axes: Axes, value: float) -> str:
    """The side on which a word covers no number: the one away from the row's value."""
    left, right = axes.get_xlim()
    return "left" if (value - left) / (right - left) >= 0.5 else "right"


def expected_fifths(groups: EstimateTable, *, lang: str, axes: Axes) -> Axes:
    """Observed over expected events of units with low, middling and high expectations; 1 is right.

    Parameters
    ----------
    groups : EstimateTable
        As ``Calibration.groups``: labels ``"1"`` (lowest expectation) and up.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw; ``style.row_axes(len(groups) + 1)`` has the right height.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    frame = groups.frame
    ends = ("lowest", *[""] * (len(frame) - 2), "highest")
    draw_rows(axes, frame, lang=lang, names=[words(lang, f"expected_fifths.{end or 'middle'}", place=label, n=int(n))
                                             for end, label, n in zip(ends, frame["label"], frame["n"], strict=True)])
    axes.axvline(1.0, color=INK, linewidth=1.1, linestyle=(0, (4, 3)), zorder=1)
    left, right = axes.get_xlim()
    axes.set_xlim(min(left, 0.95), max(right, 1.05))
    axes.set_xlabel(words(lang, "expected_fifths.x"), fontsize=SMALL, color=INK)
    title(axes, words(lang, "expected_fifths.title", level=level_text(groups, lang=lang)), width=TIGHT)
    return axes


def shrunken_rows(
    units: EstimateTable, *, mean: float, lang: str, axes: Axes, names: Mapping[str, str] | None = None,
    limit: int = 40, percent: bool = False,
) -> Axes:
    """Each unit's own number and the one drawn towards the mean, with the interval of the latter.

    Parameters
    ----------
    units : EstimateTable
        As ``Shrunken.units``: labels ``"raw"`` and ``"shrunken"``.
    mean : float
        Mean of all, which units are drawn to.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw; ``style.row_axes(min(units, limit))`` has the right height.
    names : mapping of str to str or None
        Names of units.
    limit : int
        When there are more units, only those drawn in most are shown and the picture says so.
    percent : bool
        Whether values are shares, written as percentages.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    frame = units.frame.assign(unit=units.frame["unit"].astype(str))
    raw = frame[frame["label"] == "raw"].set_index("unit")["value"]
    rows = frame[frame["label"] == "shrunken"].assign(_raw=lambda part: part["unit"].map(raw)).dropna(subset=["value"])
    rows = rows.assign(_moved=(rows["value"] - rows["_raw"]).abs())
    rows = rows.sort_values("_moved", ascending=False, kind="stable")
    left_out = max(len(rows) - limit, 0)
    rows = rows.head(limit)
    place = np.arange(len(rows))
    draw_rows(axes, rows, lang=lang, names=[named(code, names) for code in rows["unit"]])
    axes.hlines(place, rows["_raw"], rows["value"], color=GREY, linewidth=1.0, zorder=1)
    axes.plot(rows["_raw"], place, marker="o", markersize=5.5, color=VERMILLION, markerfacecolor="white", zorder=4,
              linestyle="none", label=words(lang, "shrunken_rows.raw"))
    axes.plot([], [], marker="o", markersize=6, color=BLUE, linewidth=2.2, label=words(lang, "shrunken_rows.shrunken"))
    axes.axvline(mean, color=INK, linewidth=1.1, linestyle=(0, (4, 3)), zorder=1,
                 label=words(lang, "shrunken_rows.mean"))
    drawn = np.r_[axes.get_xlim(), rows["_raw"]]
    axes.set_xlim(drawn.min(), drawn.max() + 0.01 * (drawn.max() - drawn.min()))
    number_axis(axes, lang=lang, percent=percent)
    axes.figure.legend(loc="outside lower center", ncols=3, fontsize=SMALL, frameon=False)
    below = words(lang, "shrunken_rows.left_out", n=left_out) if left_out else ""
    title(axes, words(lang, "shrunken_rows.title"), width=TIGHT, below=below)
    return axes


def control_chart(chart: ControlChart, *, lang: str, axes: Axes, name: str, unit: str = "") -> Axes:
    """A series with its centre line, its limits, and the points that a rule names.

    Parameters
    ----------
    chart : ControlChart
        Points and signals.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw.
    name : str
        What is measured.
    unit : str
        Unit as printed beside the axis.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    points = chart.points
    x, value = np.arange(len(points)), points["value"].to_numpy(dtype=float)
    axes.step(x, points["low"], where="mid", color=GREY, linestyle=(0, (4, 3)), linewidth=1.3,
              label=words(lang, "control_chart.limits"))
    axes.step(x, points["high"], where="mid", color=GREY, linestyle=(0, (4, 3)), linewidth=1.3)
    axes.plot(x, points["centre"], color=INK, linewidth=1.1, label=words(lang, "control_chart.centre"))
    axes.plot(x, value, color=BLUE, linewidth=1.4, marker="o", markersize=4.5, zorder=3)
    named_points = np.isin(points["period"], chart.flagged)
    if named_points.any():
        axes.plot(x[named_points], value[named_points], linestyle="none", marker="D", markersize=8, color=VERMILLION,
                  markeredgecolor="white", zorder=4, label=words(lang, "control_chart.signal"))
    base = points["base"].to_numpy(dtype=bool)
    if base.any() and not base.all():
        last = int(np.flatnonzero(base)[-1])
        axes.axvline(last + 0.5, color=GREY, linewidth=0.9)
        axes.annotate(words(lang, "control_chart.base"), (last + 0.5, 0), xycoords=("data", "axes fraction"),
                      xytext=(-4, 4), textcoords="offset points", ha="right", va="bottom", fontsize=SMALL, color=INK,
                      bbox={"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 0.6})
    _periods(axes, points["period"].tolist())
    _finish(axes, lang=lang, unit=unit)
    title(axes, words(lang, "control_chart.title", name=name))
    axes.figure.legend(loc="outside lower center", ncols=3, fontsize=SMALL, frameon=False)
    return axes


def shift_chart(chart: ShiftChart, *, lang: str, axes: Axes) -> Axes:
    """CUSUM or EWMA with its limits.

    Parameters
    ----------
    chart : ShiftChart
        From ``cusum_chart`` or ``ewma_chart``.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    points = chart.points
    x = np.arange(len(points))
    lines = ("up", "down") if chart.kind == "cusum" else ("value",)
    for place, line in enumerate(lines):
        axes.plot(x, points[line], color=BLUE, marker=MARKERS[place], markersize=4.5, linewidth=1.4, zorder=3)
    ends = [points["limit"], -points["limit"]] if chart.kind == "cusum" else [points["low"], points["high"]]
    for place, end in enumerate(ends):
        axes.step(x, end, where="mid", color=GREY, linestyle=(0, (4, 3)), linewidth=1.3,
                  label=None if place else words(lang, "shift_chart.limit"))
    out = np.isin(points["period"], chart.flagged)
    for line in lines:
        far = out & ((points[line] > ends[1 if chart.kind == "ewma" else 0])
                     | (points[line] < ends[0 if chart.kind == "ewma" else 1])).to_numpy()
        axes.plot(x[far], points[line].to_numpy()[far], linestyle="none", marker="D", markersize=8, color=VERMILLION,
                  markeredgecolor="white", zorder=4)
    _periods(axes, points["period"].tolist())
    _finish(axes, lang=lang)
    title(axes, words(lang, f"shift_chart.{chart.kind}"))
    axes.figure.legend(loc="outside lower center", fontsize=SMALL, frameon=False)
    return axes


def _periods(axes: Axes, periods: list[str]) -> None:
    step = -(-len(periods) // _MOST_TICKS)
    axes.set_xticks(np.arange(0, len(periods), step), periods[::step])
    axes.set_xlim(-0.6, len(periods) - 0.4)


def _finish(axes: Axes, *, lang: str, unit: str = "") -> None:
    calm(axes, keep=("left", "bottom"))
    axes.tick_params(axis="x", labelsize=SMALL, rotation=30)
    number_axis(axes, lang=lang, which="y")
    if unit:
        axes.set_ylabel(unit, fontsize=TEXT)
