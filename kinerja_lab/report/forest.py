"""How do the regions' headline numbers lie beside each other? A drawing without a picture library."""

from collections.abc import Sequence
from html import escape
from math import floor, log10

from kinerja_lab.text.numbers import number

__all__ = ["forest_svg", "round_ticks"]

_ROW, _TOP, _BOTTOM = 24, 12, 34
_LABELS, _WIDTH, _VALUES = 220, 640, 170


def forest_svg(rows: Sequence[tuple[str, float, float | None, float | None]], *, title: str, lang: str) -> str:
    """Points with their intervals, one line a region, in the order given.

    Parameters
    ----------
    rows : sequence of (name, value, low, high)
        ``low`` and ``high`` are ``None`` where there is no interval: an open circle is drawn then.
    title : str
        What the picture shows; read by screen readers.
    lang : str
        ``"id"`` or ``"en"``.
    """
    ends = [end for _, value, low, high in rows for end in (value, low, high) if end is not None]
    ticks = round_ticks(min(ends), max(ends))
    left, right = min(ticks[0], min(ends)), max(ticks[-1], max(ends))
    span = (right - left) or 1.0
    height = _TOP + _ROW * len(rows) + _BOTTOM
    base = _TOP + _ROW * len(rows)

    def x(value: float) -> str:
        return f"{_LABELS + (value - left) / span * (_WIDTH - _LABELS - _VALUES):.1f}"

    decimals = 0 if ticks[1] - ticks[0] >= 1 else min(4, -floor(log10(ticks[1] - ticks[0])))
    parts = [f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(title)}" width="{_WIDTH}" '
             f'xmlns="http://www.w3.org/2000/svg" font-family="inherit" font-size="13" fill="#1b1f24">']
    for tick in ticks:
        parts.append(f'<line x1="{x(tick)}" x2="{x(tick)}" y1="{_TOP - 4}" y2="{base}" stroke="#c9d1d9"/>'
                     f'<text x="{x(tick)}" y="{base + 18}" text-anchor="middle" fill="#57606a">'
                     f'{number(tick, lang=lang, spec=f".{decimals}f")}</text>')
    for position, (name, value, low, high) in enumerate(rows):
        y = _TOP + _ROW * position + _ROW / 2
        parts.append(f'<text x="{_LABELS - 10}" y="{y + 4}" text-anchor="end">{escape(_short(name))}</text>')
        written = number(value, lang=lang, spec=".2f")
        if low is not None and high is not None:
            parts.append(f'<line x1="{x(low)}" x2="{x(high)}" y1="{y}" y2="{y}" stroke="#0072b2" stroke-width="3"/>'
                         f'<circle cx="{x(value)}" cy="{y}" r="5" fill="#0072b2"/>')
            written += f' ({number(low, lang=lang, spec=".2f")} – {number(high, lang=lang, spec=".2f")})'
        else:
            parts.append(f'<circle cx="{x(value)}" cy="{y}" r="5" fill="#ffffff" stroke="#0072b2" stroke-width="2"/>')
        parts.append(f'<text x="{_WIDTH - _VALUES + 14}" y="{y + 4}" font-size="12">{written}</text>')
    parts.append("</svg>")
    return "".join(parts)


def round_ticks(low: float, high: float) -> list[float]:
    """Three to seven round numbers that cover an interval.

    Examples
    --------
    >>> round_ticks(76.2, 88.9)
    [75.0, 80.0, 85.0, 90.0]
    """
    span = (high - low) or abs(high) or 1.0
    power = 10.0 ** floor(log10(span / 4))
    step = next(step * power for step in (1, 2, 5, 10) if span / (step * power) <= 5)
    first = floor(low / step + 1e-9)
    ticks = [first * step]
    while ticks[-1] < high - 1e-9 * span:
        first += 1
        ticks.append(first * step)
    return [round(tick, 10) for tick in ticks] if len(ticks) > 1 else [ticks[0], ticks[0] + step]


def _short(name: str, most: int = 30) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"
