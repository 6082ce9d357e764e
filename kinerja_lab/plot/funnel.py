"""Which units stand apart from what is expected of their size, as a picture?"""

from collections.abc import Collection, Mapping

import numpy as np
from matplotlib.axes import Axes

from kinerja_lab.plot.style import BLUE, GREY, INK, SMALL, TEXT, VERMILLION, calm, fit_name, named, number_axis, title
from kinerja_lab.plot.words import words
from kinerja_lab.profiling.funnel import Funnel

__all__ = ["funnel_plot"]

_LABELS = 8
_DECADE = 20.0
_PAPER = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.6}


def funnel_plot(
    funnel: Funnel, *, lang: str, axes: Axes, name: str = "", names: Mapping[str, str] | None = None,
    hidden: Collection[str] = (), rate: float = 1.0,
) -> Axes:
    """Observed over expected against the expected events, with the limits of the funnel.

    Parameters
    ----------
    funnel : Funnel
        Units, limits and flags. A unit without a value is not drawn.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw.
    name : str
        Name of the measure; its code when empty.
    names : mapping of str to str or None
        Names of units.
    hidden : collection of str
        Units that are drawn but not named.
    rate : float
        False discovery rate; flags whose q-value is above it are drawn open and not named.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.

    Raises
    ------
    ValueError
        When the funnel does not say how many events were expected of each unit.
    """
    frame = funnel.units.frame
    if len(funnel.expected) != len(frame):
        raise ValueError("the funnel has no expected events for its units")
    units = frame["unit"].astype(str).to_numpy()
    x, y = np.asarray(funnel.expected, dtype=float), frame["value"].to_numpy(dtype=float)
    outside = np.isin(units, [str(unit) for unit, _, _ in funnel.flags])
    _limits(axes, funnel, lang=lang)
    axes.scatter(x[~outside], y[~outside], s=28, color=BLUE, alpha=0.75, linewidths=0.5, edgecolors="white", zorder=3,
                 label=words(lang, "funnel.inside"))
    maybe = outside & (np.isin(units, [unit for unit, q in funnel.flag_q().items() if q > rate]))
    for part, face, edge, word in ((outside & ~maybe, VERMILLION, "white", "outside"),
                                   (maybe, "white", VERMILLION, "maybe")):
        if part.any():
            axes.scatter(x[part], y[part], s=58, facecolors=face, edgecolors=edge, marker="D", zorder=4,
                         linewidths=0.8 if word == "outside" else 1.5, label=words(lang, f"funnel.{word}"))
    if x.max() / x.min() > _DECADE:
        axes.set_xscale("log")
    _name_flags(axes, funnel, dict(zip(units, zip(x, y, strict=True), strict=True)), names=names,
                hidden={*hidden, *units[maybe]})
    calm(axes, keep=("left", "bottom"))
    number_axis(axes, lang=lang)
    number_axis(axes, lang=lang, which="y")
    axes.set_xlabel(words(lang, "funnel.x"), fontsize=TEXT)
    axes.set_ylabel(words(lang, "funnel.y"), fontsize=TEXT)
    title(axes, words(lang, "funnel.title", measure=name or funnel.measure))
    axes.figure.legend(loc="outside lower center", ncols=4, fontsize=SMALL, frameon=False)
    return axes


def _limits(axes: Axes, funnel: Funnel, *, lang: str) -> None:
    grid = funnel.limits
    for level, style, colour in (("95", (0, (4, 3)), GREY), ("998", "-", INK)):
        for side in ("low", "high"):
            axes.plot(grid["expected"], grid[f"{side}_{level}"], color=colour, linewidth=1.2, linestyle=style,
                      label=words(lang, f"funnel.limit_{level}") if side == "low" else None, zorder=2)
    axes.axhline(funnel.target, color=GREY, linewidth=1, zorder=1)
    axes.set_ylim(*_heights(funnel))


def _heights(funnel: Funnel) -> tuple[float, float]:
    """Heights that hold every unit; the limits of the tiniest units may leave the picture."""
    values = funnel.units.frame["value"].to_numpy(dtype=float)
    values = values[np.isfinite(values)]
    reach = float(np.nanmedian(funnel.limits["high_998"]))
    top = max([reach, *values]) if len(values) else reach
    bottom = min([float(np.nanmedian(funnel.limits["low_998"])), *values]) if len(values) else 0.0
    air = 0.08 * (top - bottom) or 0.1
    return max(bottom - air, -air), top + air


def _name_flags(
    axes: Axes, funnel: Funnel, places: Mapping[str, tuple[float, float]], *, names: Mapping[str, str] | None,
    hidden: Collection[str],
) -> None:
    """Name the flagged units that lie furthest out; more names than a few could not be read."""
    farthest = sorted(funnel.flags, key=lambda flag: -abs(flag[2]))
    shown = [unit for unit, _, _ in farthest if unit in places and unit not in hidden][:_LABELS]
    for unit in shown:
        x, y = places[unit]
        # Seen from the frame of the axes, whatever their scale: a name in the right half runs to the left.
        across = axes.transAxes.inverted().transform(axes.transData.transform((x, y)))[0]
        axes.annotate(fit_name(named(unit, names), rows=99), (x, y), xytext=(-8 if across > 0.5 else 8, 0),
                      textcoords="offset points", ha="right" if across > 0.5 else "left", va="center", fontsize=SMALL,
                      color=INK, zorder=2.6, bbox=_PAPER)
