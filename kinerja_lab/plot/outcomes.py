"""Does the indicator follow the outcome, and which units stand apart, as pictures."""

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from kinerja_lab.calibration.criterion import CriterionResult
from kinerja_lab.calibration.raters import RaterEffects
from kinerja_lab.plot.style import (
    BLUE,
    GREY,
    MARKERS,
    PALETTE,
    SKY,
    SMALL,
    TEXT,
    calm,
    named,
    number_axis,
    title,
)
from kinerja_lab.plot.words import level_text, words

__all__ = ["criterion_scatter", "rater_spread"]

_MANY = 400
_SHORT_NAME = 24
"""Letters of an agency's name that leave room for three names beside each other."""


def criterion_scatter(
    frame: pd.DataFrame, *, lang: str, axes: Axes, labels: tuple[str, str], result: CriterionResult,
    names: Mapping[str, str] | None = None,
) -> Axes:
    """Indicator against outcome, one mark a unit, with the rank correlation and what was claimed.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``unit, agency, indicator, outcome``; units that must stay hidden are taken out before.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw.
    labels : tuple of str
        Names of the indicator (x) and of the outcome (y), with their units.
    result : CriterionResult
        The association that the picture shows.
    names : mapping of str to str or None
        Names of agencies.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    agencies = sorted(set(frame["agency"].astype(str))) if "agency" in frame else []
    styled = 1 < len(agencies) <= len(PALETTE)
    many = len(frame) > _MANY
    look = {"s": 9 if many else 30, "alpha": 0.45 if many else 0.8, "linewidths": 0.5, "edgecolors": "white"}
    for place, code in enumerate(agencies if styled else [None]):
        part = frame[frame["agency"].astype(str) == code] if styled else frame
        axes.scatter(part["indicator"], part["outcome"], color=PALETTE[place], marker=MARKERS[place],
                     label=named(code, names) if styled else None, **look)
    calm(axes, keep=("left", "bottom"))
    number_axis(axes, lang=lang)
    number_axis(axes, lang=lang, which="y")
    axes.set_xlabel(labels[0], fontsize=TEXT)
    axes.set_ylabel(labels[1], fontsize=TEXT)
    direction = "higher" if result.expected_sign > 0 else "lower"
    found = [words(lang, "criterion_scatter.rank", rank=result.rank), words(lang, "criterion_scatter.n", n=result.n)]
    lines = [words(lang, f"criterion_scatter.claim_{direction}"), "   ·   ".join(found)]
    title(axes, words(lang, "criterion_scatter.title", outcome=labels[1], indicator=labels[0]), below="\n".join(lines))
    if styled:
        longest = max(len(named(code, names)) for code in agencies)
        axes.figure.legend(loc="outside lower center", ncols=3 if longest <= _SHORT_NAME else 2, fontsize=SMALL,
                           frameon=False)
    return axes


def rater_spread(raters: RaterEffects, *, lang: str, axes: Axes) -> Axes:
    """Every rater's severity with its interval, from the strictest to the mildest.

    Parameters
    ----------
    raters : RaterEffects
        ``raters.severity`` has one row a rater: points below the average rater, positive for a strict one.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    frame = raters.severity.frame.dropna(subset=["value"]).sort_values("value", ascending=False, kind="stable")
    place = range(1, len(frame) + 1)
    axes.fill_between(place, frame["low"], frame["high"], color=SKY, alpha=0.35, linewidth=0)
    axes.plot(place, frame["value"], color=BLUE, linewidth=2, marker="o" if len(frame) <= 40 else "", markersize=4)
    axes.axhline(0, color=GREY, linewidth=1, linestyle=(0, (4, 3)))
    calm(axes, keep=("left", "bottom"))
    number_axis(axes, lang=lang, which="x")
    number_axis(axes, lang=lang, which="y")
    axes.set_xlim(1, max(len(frame), 2))
    axes.set_xlabel(words(lang, "rater_spread.x", n=len(frame)), fontsize=TEXT)
    axes.set_ylabel(words(lang, "rater_spread.y"), fontsize=TEXT)
    title(axes, words(lang, "rater_spread.title", level=level_text(raters.severity, lang=lang)))
    return axes

