"""One row a thing: how is a list of estimates with intervals drawn, whatever the things are?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from kinerja_lab.core.estimate import MEASURED_IN
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
    units = frame[MEASURED_IN if MEASURED_IN in frame.columns else "unit"].tolist()
    notes = frame["note"].tolist()
    axes.set_xlim(*_limits(value, low, high, span))
    axes.set_ylim((place[-1] if count else 0) + 0.6, -0.6)
    ink, shape = np.array(list(colours or [BLUE] * count)), np.array(list(markers or ["o"] * count))
    _marks(axes, value, low, high, place, ink=ink, shape=shape)
    for row in range(count):
        if np.isnan(value[row]):
            axes.text(0.01, place[row], note_text(notes[row], lang=lang), transform=axes.get_yaxis_transform(),
                      va="center", fontsize=SMALL, color=GREY, style="italic")
        else:
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


def _marks(
    axes: Axes, value: np.ndarray, low: np.ndarray, high: np.ndarray, place: np.ndarray, *, ink: np.ndarray,
    shape: np.ndarray,
) -> None:
    """Intervals as one collection and dots by style: a list of sixty rows must not cost sixty artists twice."""
    held = np.isfinite(low) & np.isfinite(value)
    axes.hlines(place[held], low[held], high[held], colors=ink[held], linewidth=2.2, zorder=2)
    drawn = np.isfinite(value)
    for colour, marker, bare in sorted(set(zip(ink[drawn], shape[drawn], ~held[drawn], strict=True))):
        same = drawn & (ink == colour) & (shape == marker) & (~held == bare)
        axes.plot(value[same], place[same], marker=str(marker), markersize=6, color=str(colour), linestyle="none",
                  markerfacecolor="white" if bare else str(colour), markeredgewidth=1.3, zorder=3)


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
