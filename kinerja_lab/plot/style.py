"""How does every picture look? Colours, letter sizes, number axes and long names, in one place."""

from collections.abc import Mapping, Sequence
from textwrap import wrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import Formatter, LogLocator, NullLocator

from kinerja_lab.core.ruleset import Ruleset
from kinerja_lab.text.numbers import number

__all__ = [
    "BLUE", "GREEN", "GREY", "INK", "LOW_TO_HIGH", "MARKERS", "ORANGE", "PALETTE", "PURPLE", "SKY", "SMALL", "TEXT",
    "TIGHT", "VERMILLION", "EachTick", "ReaderTicks", "blank_axes", "calm", "draw_bands", "fit_name", "named",
    "number_axis", "row_axes", "title",
]

INK, GREY = "#1a1a1a", "#6b6b6b"
BLUE, SKY, VERMILLION, ORANGE, GREEN, PURPLE = "#0072B2", "#56B4E9", "#D55E00", "#E69F00", "#009E73", "#CC79A7"
PALETTE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
"""Okabe and Ito's colours, darkest first."""
LOW_TO_HIGH = ("#5E2A00", "#B85C00", "#E69F00", "#8CC6EC", "#D9ECF8")
"""From the lowest band to the highest: dark to light, so that the order survives a grey printer."""
MARKERS = ("o", "s", "^", "D", "v", "P")
"""One marker beside each colour: a picture must survive a grey printer."""
SMALL, TEXT, HEAD = 9.0, 9.5, 11.0
WIDTH_INCHES = 7.0
TIGHT = 54
"""Letters in a title line where row names leave the axes narrow."""

_TWO_LINES_UP_TO = 25
_NAME_WIDTH = 30
_OWN_WIDTH, _PLACED_WIDTH = 19, 35
"""Letters of a unit's own name, and of it with its place behind, in a long list."""


def blank_axes(*, height: float = 4.0) -> Axes:
    """Axes on a figure of their own, 7 in wide, without any global state of matplotlib.

    Parameters
    ----------
    height : float
        Inches, above 0.

    Examples
    --------
    >>> blank_axes(height=3).figure.get_size_inches().tolist()
    [7.0, 3.0]
    """
    figure = Figure(figsize=(WIDTH_INCHES, height), layout="constrained", facecolor="white")
    return figure.add_subplot()


def row_axes(rows: int) -> Axes:
    """Axes for a picture with one row a thing: the figure grows with the rows so that letters keep their size.

    Parameters
    ----------
    rows : int
        Rows that will be drawn, 0 or more.
    """
    inches = 0.36 if rows <= _TWO_LINES_UP_TO else 0.21
    return blank_axes(height=1.1 + inches * max(rows, 1))


class ReaderTicks(Formatter):
    """Tick labels with the comma of the language and as many decimals as the ticks need.

    Parameters
    ----------
    lang : str
        ``"id"`` or ``"en"``.
    percent : bool
        Whether the axis holds shares that are written as percentages.
    """

    def __init__(self, lang: str, *, percent: bool = False) -> None:
        self._lang, self._percent = lang, percent

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        """All labels with the same number of decimals, the fewest that tell the ticks apart."""
        shown = np.asarray(values, dtype=float) * (100 if self._percent else 1)
        decimals = next((d for d in range(4) if np.allclose(shown, np.round(shown, d), rtol=0, atol=1e-9)), 4)
        spec = f".{decimals}%" if self._percent else f".{decimals}f"
        return [number(float(value), lang=self._lang, spec=spec) for value in values]

    def __call__(self, x: float, pos: int | None = None) -> str:
        return self.format_ticks([x])[0]


class EachTick(ReaderTicks):
    """As ``ReaderTicks``, but each label with the decimals it needs itself: 0,5 and 100 on one logarithmic axis."""

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        """Labels one by one."""
        return [label for value in values for label in super(EachTick, self).format_ticks([value])]


def number_axis(axes: Axes, *, lang: str, which: str = "x", percent: bool = False) -> None:
    """Give an axis tick labels in the reader's language."""
    axis = axes.xaxis if which == "x" else axes.yaxis
    if axis.get_scale() == "log":
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(EachTick(lang, percent=percent))
        axis.set_minor_locator(NullLocator())
    else:
        axis.set_major_formatter(ReaderTicks(lang, percent=percent))


def calm(axes: Axes, *, keep: Sequence[str] = ("bottom",)) -> None:
    """Remove what carries no information: frame lines that are not kept, tick marks, and set the letter size."""
    for side, spine in axes.spines.items():
        spine.set_visible(side in keep)
        spine.set_color(GREY)
    axes.tick_params(labelsize=TEXT, length=0, colors=INK, pad=4)
    axes.set_facecolor("none")


def title(axes: Axes, text: str, *, width: int = 76, below: str = "", room: float = 0.0) -> None:
    """A left-aligned title, broken so that it stays inside the figure.

    Parameters
    ----------
    width : int
        Letters in a line.
    below : str
        Lines in small letters between the title and the picture.
    room : float
        Points to leave free above the picture for labels that stand there.
    """
    lines = below.count("\n") + 1 if below else 0
    axes.set_title("\n".join(wrap(text, width)), loc="left", fontsize=HEAD, color=INK, pad=8 + room + 13 * lines)
    if below:
        axes.annotate(below, (0, 1), xytext=(0, 5), xycoords="axes fraction", textcoords="offset points",
                      fontsize=SMALL, color=INK, va="bottom", linespacing=1.25)


def fit_name(name: str, *, rows: int) -> str:
    """A long name in the room a row has: two lines in a short list, the middle cut out in a long one.

    Examples
    --------
    >>> fit_name("Puskesmas Sikumana", rows=3)
    'Puskesmas Sikumana'
    >>> fit_name("Sekolah Menengah Pertama Negeri Terbuka Nomor 14", rows=40)
    'Sekolah Menen…Terbuka Nomor 14'
    >>> fit_name("Loket Dukcapil 5 (Kota Palangka Raya)", rows=40)
    'Loket Dukcapil 5 (Kota Palangka R…)'
    """
    name = " ".join(str(name).split())
    own, mark, place = name.partition(" (")
    if mark and len(name) > _PLACED_WIDTH and rows > _TWO_LINES_UP_TO and name.endswith(")"):
        own = _without_middle(own, _OWN_WIDTH)  # the number of a unit tells more than the last letters of its place
        place, room = place[:-1], _PLACED_WIDTH - len(own) - 3
        return f"{own} ({place if len(place) <= room else place[:room - 1].rstrip() + '…'})"
    lines = wrap(name, _NAME_WIDTH)
    if len(lines) <= 1 or (mark and rows > _TWO_LINES_UP_TO and name.endswith(")")):
        return name
    if rows <= _TWO_LINES_UP_TO and len(lines) == 2:
        return "\n".join(lines)
    room = 2 * _NAME_WIDTH if rows <= _TWO_LINES_UP_TO else _NAME_WIDTH
    cut = _without_middle(name, room)
    return "\n".join(wrap(cut, room // 2 + 2)[:2]) if rows <= _TWO_LINES_UP_TO else cut


def _without_middle(name: str, room: int) -> str:
    head = room // 2 - 2
    tail = room - head - 1
    return f"{name[:head].rstrip()}…{name[-tail:]}" if len(name) > room else name


def draw_bands(axes: Axes, *, ruleset: Ruleset, lang: str, factor: float = 1.0) -> None:
    """Shade the bands of a rule behind the x axis and write their letters above; the limits of x must be set.

    Parameters
    ----------
    ruleset : Ruleset
        Its bands; nothing is drawn when it has none.
    factor : float
        What the axis is multiplied with to stand on the scale of the bands (25 where the axis is the score 1-4).
    """
    if not ruleset.bands:
        return
    left, right = axes.get_xlim()
    starts = [band.lower / factor for band in ruleset.bands]
    ends = [*starts[1:], float("inf")]
    for place, (band, start, end) in enumerate(zip(ruleset.bands, starts, ends, strict=True)):
        start, end = max(start, left), min(end, right)
        if place == 0:
            start = left
        share = (end - start) / (right - left)
        if share <= 0:
            continue
        axes.axvspan(start, end, color="#000000", alpha=0.085 if place % 2 else 0.03, linewidth=0, zorder=0)
        word = band.name_en if lang == "en" and band.name_en else band.name
        text = f"{band.code} ({word})" if share > 0.22 and word != band.code else band.code
        if share > 0.03:
            axes.text((start + end) / 2, 1.0, text, transform=axes.get_xaxis_transform(), ha="center", va="bottom",
                      fontsize=SMALL, color=GREY)


def named(code: object, names: Mapping[str, str] | None) -> str:
    """The name of a code, the code itself where it has none."""
    return (names or {}).get(str(code), str(code))
