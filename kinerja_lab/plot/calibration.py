"""Where does the outcome meet its target, how sure are letters, forecasts and targets, as pictures?"""

from collections.abc import Mapping
from textwrap import wrap

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from kinerja_lab.calibration.outcome_curve import OutcomeCurve
from kinerja_lab.calibration.probability_calibration import ProbabilityCalibration
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.ruleset import Ruleset
from kinerja_lab.plot.style import (
    BLUE,
    GREY,
    INK,
    LOW_TO_HIGH,
    MARKERS,
    SKY,
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
from kinerja_lab.plot.words import band_word, words
from kinerja_lab.text.numbers import number

__all__ = ["anchored_cut_picture", "calibration_curve", "grade_chances", "item_outcome_cells", "target_chances"]


def anchored_cut_picture(
    curve: OutcomeCurve, *, points: pd.DataFrame, cut: Estimate, target: float, legal: tuple[str, float], scale: float,
    lang: str, axes: Axes, outcome: str,
) -> Axes:
    """Outcome by index with its band, the target, the cut from outcomes with its interval, and the legal cut.

    Parameters
    ----------
    curve : OutcomeCurve
        Outcome as a function of the index.
    points : pandas.DataFrame
        ``indicator, outcome`` of the units that may be shown.
    cut : Estimate
        Index at which the target is met.
    target : float
        In the unit of the outcome.
    legal : tuple of (str, float)
        Band that begins at the legal cut, and where.
    scale : float
        What the curve's values are multiplied with to stand in the unit of the outcome.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw.
    outcome : str
        Name of the outcome.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    grid = np.linspace(*curve.span, 201)
    value, low, high = (scale * part for part in curve.band(grid))
    axes.scatter(points["indicator"], points["outcome"], s=18, color=GREY, alpha=0.6, linewidths=0, zorder=1)
    axes.fill_between(grid, low, high, color=SKY, alpha=0.35, linewidth=0)
    axes.plot(grid, value, color=BLUE, linewidth=2.2, zorder=3)
    axes.axhline(target, color=INK, linewidth=0.9, linestyle=(0, (1, 2)))
    axes.axvline(cut.value, color=VERMILLION, linewidth=1.8, zorder=2)
    axes.axvline(legal[1], color=INK, linewidth=1.4, linestyle=(0, (5, 3)), zorder=2)
    bottom = min(points["outcome"].min(), np.nanmin(low))
    top = max(points["outcome"].max(), np.nanmax(high))
    room = 0.08 * (top - bottom)
    axes.set_ylim(bottom - 1.4 * room, top + 0.5 * room)
    ends = np.clip([cut.low, cut.high], *curve.span)
    axes.plot(ends, [bottom - 0.7 * room] * 2, color=VERMILLION, linewidth=5, solid_capstyle="butt", alpha=0.75)
    axes.annotate(words(lang, "anchored_cut.target", value=number(target, lang=lang, spec=".1f")),
                  (curve.span[1], target), xytext=(-2, 3), textcoords="offset points", ha="right", fontsize=SMALL)
    right = cut.value >= legal[1]
    for place, text, side in (
            (cut.value, words(lang, "anchored_cut.cut", value=number(cut.value, lang=lang, spec=".1f")), right),
            (legal[1], words(lang, "anchored_cut.legal", band=legal[0], value=number(legal[1], lang=lang, spec=".2f")),
             not right)):
        axes.annotate(text, (place, 1), xycoords=("data", "axes fraction"), xytext=(3 if side else -3, 3),
                      fontsize=SMALL, textcoords="offset points", ha="left" if side else "right", va="bottom",
                      color=VERMILLION if place == cut.value else INK)
    calm(axes, keep=("left", "bottom"))
    number_axis(axes, lang=lang)
    number_axis(axes, lang=lang, which="y")
    axes.set_xlabel(words(lang, "anchored_cut.x"), fontsize=TEXT)
    axes.set_ylabel(outcome, fontsize=TEXT)
    title(axes, words(lang, "anchored_cut.title", outcome=outcome), room=14)
    return axes


def grade_chances(
    grades: EstimateTable, *, ruleset: Ruleset, lang: str, axes: Axes, names: Mapping[str, str] | None = None,
) -> Axes:
    """One bar a unit, cut into the chances of its letters.

    Parameters
    ----------
    grades : EstimateTable
        Groups ``("agency", "unit")``, label the band; only the units to be drawn, in order from the top.
    ruleset : Ruleset
        Order and names of the bands.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw.
    names : mapping of str to str or None
        Names of units.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    units = list(dict.fromkeys(grades.frame["unit"].astype(str)))
    share = {(str(row.unit), row.label): float(row.value) for row in grades.frame.itertuples()}
    bands = [band for band in ruleset.bands if any(share.get((unit, band.code), 0) >= 0.005 for unit in units)]
    for place, unit in enumerate(units):
        start = 0.0
        for band in bands:
            width = share.get((unit, band.code), 0.0)
            rank = [item.code for item in ruleset.bands].index(band.code)
            colour = LOW_TO_HIGH[round(rank * (len(LOW_TO_HIGH) - 1) / max(len(ruleset.bands) - 1, 1))]
            axes.barh(place, width, left=start, height=0.78, color=colour, edgecolor="white", linewidth=1.0)
            if width >= 0.12:
                axes.text(start + width / 2, place, f"{band.code} {number(width, lang=lang, spec='.0%')}", ha="center",
                          va="center", fontsize=SMALL, color="white" if colour in LOW_TO_HIGH[:2] else INK)
            start += width
    axes.set_xlim(0, 1)
    axes.set_ylim(len(units) - 0.4, -0.6)
    axes.set_yticks(range(len(units)), [fit_name(named(unit, names), rows=len(units)) for unit in units])
    calm(axes, keep=())
    number_axis(axes, lang=lang, percent=True)
    below = "   ".join(f"{band.code}: {band_word(band.code, ruleset=ruleset, lang=lang)}" for band in bands)
    axes.set_xlabel(f"{words(lang, 'grade_chances.x')}   ({below})", fontsize=TEXT)
    title(axes, words(lang, "grade_chances.title"), width=TIGHT)
    return axes


def calibration_curve(result: ProbabilityCalibration, *, lang: str, axes: Axes) -> Axes:
    """Share of events against foretold probability, one mark a class with its interval.

    Parameters
    ----------
    result : ProbabilityCalibration
        From ``probability_calibration``.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    frame = result.curve.frame
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=1, linestyle=(0, (4, 3)))
    axes.annotate(words(lang, "calibration_curve.right"), (0.86, 0.86), xytext=(8, -8), textcoords="offset points",
                  ha="left", fontsize=SMALL, color=GREY)
    axes.vlines(frame["foretold"], frame["low"], frame["high"], color=BLUE, linewidth=1.6)
    axes.scatter(frame["foretold"], frame["value"], s=16 + 120 * frame["n"] / frame["n"].max(), color=BLUE,
                 edgecolors="white", zorder=3)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    calm(axes, keep=("left", "bottom"))
    number_axis(axes, lang=lang, percent=True)
    number_axis(axes, lang=lang, which="y", percent=True)
    axes.set_xlabel(words(lang, "calibration_curve.x"), fontsize=TEXT)
    axes.set_ylabel(words(lang, "calibration_curve.y"), fontsize=TEXT)
    title(axes, words(lang, "calibration_curve.title"))
    return axes


def target_chances(
    chances: EstimateTable, *, target: float, lang: str, axes: Axes, names: Mapping[str, str] | None = None,
) -> Axes:
    """Chance of each unit to reach a target: its true value, and its next measured value.

    Parameters
    ----------
    chances : EstimateTable
        From ``chance_to_reach``.
    target : float
        The target.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw.
    names : mapping of str to str or None
        Names of units.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    wide = chances.frame.dropna(subset=["value"]).pivot(index="unit", columns="label", values="value")
    wide = wide.sort_values("reach_true", ascending=False)
    place = np.arange(len(wide))
    for column, colour, marker, key in (("reach_true", BLUE, MARKERS[0], "true"),
                                        ("reach_measured", VERMILLION, MARKERS[1], "measured")):
        axes.scatter(wide[column], place, s=34, color=colour, marker=marker, zorder=3,
                     label=words(lang, f"target_chances.{key}"))
    axes.hlines(place, wide.min(axis=1), wide.max(axis=1), color=GREY, linewidth=1)
    axes.axvline(0.5, color=GREY, linewidth=0.9, linestyle=(0, (4, 3)))
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(len(wide) - 0.4, -0.6)
    axes.set_yticks(place, [fit_name(named(unit, names), rows=len(wide)) for unit in wide.index])
    calm(axes, keep=("bottom",))
    number_axis(axes, lang=lang, percent=True)
    axes.set_xlabel(words(lang, "target_chances.x"), fontsize=TEXT)
    title(axes, words(lang, "target_chances.title", target=number(target, lang=lang, spec=".1f")), width=TIGHT)
    axes.figure.legend(loc="outside lower center", ncols=2, fontsize=SMALL, frameon=False)
    return axes


def item_outcome_cells(
    rows: pd.DataFrame, *, lang: str, axes: Axes, names: Mapping[str, str] | None = None,
) -> Axes:
    """Item by outcome: the correlation in each cell, shaded by its size, bold where it holds.

    Parameters
    ----------
    rows : pandas.DataFrame
        ``ItemOutcomes.part``: ``item, measure, value, held``.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw; ``style.row_axes(items + 6)`` has the right height.
    names : mapping of str to str or None
        Names of items and outcomes.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    items, measures = (list(dict.fromkeys(rows[name])) for name in ("item", "measure"))
    top = max(float(rows["value"].abs().max()), 0.1)
    for row in rows.itertuples():
        at, size = (measures.index(row.measure), items.index(row.item)), abs(row.value) / top
        known = np.isfinite(row.value)
        axes.add_patch(Rectangle((at[0] - 0.5, at[1] - 0.5), 1, 1, facecolor=BLUE if known else "none",
                                 alpha=0.55 * size if known else 1.0, edgecolor="white", linewidth=1.5))
        axes.text(*at, number(row.value, lang=lang, spec=".2f"), ha="center", va="center", fontsize=TEXT,
                  color=INK if row.held else GREY, fontweight="bold" if row.held else "normal")
    present = set(zip(rows["item"], rows["measure"], strict=True))
    for column, row in ((column, row) for column, measure in enumerate(measures) for row, item in enumerate(items)
                        if (item, measure) not in present):
        axes.text(column, row, "–", ha="center", va="center", fontsize=TEXT, color=GREY)
    axes.set_xlim(-0.5, len(measures) - 0.5)
    axes.set_ylim(len(items) - 0.5, -0.5)
    axes.set_xticks(range(len(measures)), ["\n".join(wrap(named(code, names), 26)) for code in measures], rotation=40,
                    ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(items)), [fit_name(named(code, names), rows=len(items)) for code in items])
    calm(axes, keep=())
    axes.tick_params(axis="x", labelsize=SMALL)
    title(axes, words(lang, "item_outcomes.title"), width=TIGHT)
    return axes
