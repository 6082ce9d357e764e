"""One row a thing: how is a list of estimates with intervals drawn, whatever the things are?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kinerja_lab.plot.style import BLUE, GREY, INK, SMALL, TEXT, calm, fit_name, number_axis
from kinerja_lab.plot.words import note_text, value_text

__all__ = ["draw_rows", "extremes"]


def extremes(frame: pd.DataFrame, *, limit: int) -> tuple[pd.DataFrame, int]:
    """The rows of a sorted list that fit: all, or as many from the top as from the bottom.

    Returns
    -------
    rows : pandas.DataFrame
        At most ``limit`` rows.
    left_out : int
        Rows of the middle that are not drawn.
    """
    if len(frame) <= limit:
        return frame, 0
    top = limit // 2
    return pd.concat([frame.iloc[:top], frame.iloc[len(frame) - (limit - top):]]), len(frame) - limit


def draw_rows(
    axes: Axes, frame: pd.DataFrame, *, names: Sequence[str], lang: str, colours: Sequence[str] | None = None,
    markers: Sequence[str] | None = None, span: tuple[float, float] | None = None, gap_after: int | None = None,
    gap_text: str = "",
) -> Axes:
    """Draw a dot and an interval a row, the first row on top.

    Parameters
    ----------
    frame : pandas.DataFrame
        The fixed columns of an ``EstimateTable``. A row without a value shows its note instead of a dot; a row without
        an interval has a hollow dot.
    names : sequence of str
        Row names.
    colours, markers : sequence of str or None
        One a row.
    span : tuple of float or None
        Ends of the scale: the axis never goes beyond.
    gap_after : int or None
        Leave one row's room after this many rows, with ``gap_text`` in it.
    """
    count = len(frame)
    place = np.arange(count, dtype=float)
    if gap_after is not None:
        place[gap_after:] += 1.0
    value, low, high = (frame[name].to_numpy(dtype=float) for name in ("value", "low", "high"))
    units, notes = frame["unit"].tolist(), frame["note"].tolist()
    axes.set_xlim(*_limits(value, low, high, span))
    axes.set_ylim((place[-1] if count else 0) + 0.6, -0.6)
    for row in range(count):
        colour = colours[row] if colours else BLUE
        if np.isnan(value[row]):
            axes.text(0.01, place[row], note_text(notes[row], lang=lang), transform=axes.get_yaxis_transform(),
                      va="center", fontsize=SMALL, color=GREY, style="italic")
            continue
        bare = np.isnan(low[row])
        if not bare:
            axes.plot([low[row], high[row]], [place[row]] * 2, color=colour, linewidth=2.2, solid_capstyle="butt",
                      zorder=2)
        axes.plot(value[row], place[row], marker=markers[row] if markers else "o", markersize=6, color=colour,
                  markerfacecolor="white" if bare else colour, markeredgewidth=1.3, linestyle="none", zorder=3)
        axes.text(1.012, place[row], value_text(value[row], unit=units[row], lang=lang), va="center", ha="left",
                  transform=axes.get_yaxis_transform(), fontsize=TEXT, color=INK)
    if gap_after is not None:
        axes.text(0.5, gap_after, gap_text, transform=axes.get_yaxis_transform(), ha="center", va="center",
                  fontsize=SMALL, color=GREY, style="italic")
    axes.set_yticks(place, [fit_name(name, rows=count) for name in names])
    calm(axes)
    axes.tick_params(axis="y", labelsize=SMALL if count > 25 else TEXT)
    number_axis(axes, lang=lang)
    axes.grid(axis="x", color=GREY, alpha=0.25, linewidth=0.6)
    axes.set_axisbelow(True)
    return axes


def _limits(
    value: np.ndarray, low: np.ndarray, high: np.ndarray, span: tuple[float, float] | None,
) -> tuple[float, float]:
    """Ends of the axis: all that is drawn, a little air, never beyond the scale."""
    drawn = np.concatenate([value, low, high])
    drawn = drawn[np.isfinite(drawn)]
    if not drawn.size:
        return span or (0.0, 1.0)
    air = 0.08 * (drawn.max() - drawn.min()) or 0.05 * (1 + abs(drawn.max()))
    left, right = drawn.min() - air, drawn.max() + air
    if span:
        edge = 0.01 * (span[1] - span[0])  # a dot at the very end of the scale must not be cut in half
        left, right = max(left, span[0] - edge), min(right, span[1] + edge)
    return float(left), float(right)
