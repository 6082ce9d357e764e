"""What hangs under what, and which promise measures a result: the cascade as an outline that a person can read."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from textwrap import wrap

from matplotlib.axes import Axes

from kinerja_lab.core.options import IndicatorLevel
from kinerja_lab.drafting.cascade import Cascade, CascadeFinding, CascadeNode, outline
from kinerja_lab.plot.style import BLUE, GREY, INK, ORANGE, SMALL, TEXT, VERMILLION, blank_axes, title
from kinerja_lab.plot.words import words

__all__ = ["cascade_axes", "cascade_tree"]

_RESULTS = (IndicatorLevel.OUTCOME, IndicatorLevel.IMPACT)
_INDENT = 0.042
_DEEPEST = 9
_LINE_INCHES = 0.165
_GAP_INCHES = 0.11
_KEY_INCHES = 0.34
_WIDTH = 88


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    node: CascadeNode
    depth: int
    head: str
    names: tuple[str, ...]
    also: tuple[str, ...]
    marks: tuple[str, ...]

    @property
    def inches(self) -> float:
        return _LINE_INCHES * (1 + len(self.names) + len(self.also) + len(self.marks)) + _GAP_INCHES


def cascade_axes(cascade: Cascade, *, findings: Iterable[CascadeFinding] = (), lang: str) -> Axes:
    """Axes as tall as the outline needs, so that letters keep their size.

    Parameters
    ----------
    cascade : Cascade
        What will be drawn.
    findings : iterable of CascadeFinding
        What was found in it.
    lang : str
        ``"id"`` or ``"en"``.
    """
    return blank_axes(height=0.6 + _KEY_INCHES + sum(row.inches for row in _rows(cascade, findings, lang)))


def cascade_tree(cascade: Cascade, *, findings: Iterable[CascadeFinding] = (), lang: str, axes: Axes) -> Axes:
    """Draw the cascade as an indented outline with connectors.

    Parameters
    ----------
    cascade : Cascade
        A checked cascade.
    findings : iterable of CascadeFinding
        Shown under the node they concern.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw; ``cascade_axes`` has the right height.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.

    Notes
    -----
    A node with several parents stands once, under the first; the others are named below it.
    """
    rows = _rows(cascade, findings, lang)
    axes.set_xlim(0, 1)
    axes.set_ylim(_KEY_INCHES + sum(row.inches for row in rows), 0)
    axes.axis("off")
    _key(axes, lang)
    tops: dict[str, float] = {}
    here = _KEY_INCHES
    for row in rows:
        _draw(axes, row, here)
        tops[row.node.code] = here + _LINE_INCHES / 2
        here += row.inches
    _connect(axes, rows, tops)
    title(axes, words(lang, "cascade.title", n=len(cascade.nodes)))
    return axes


def _rows(cascade: Cascade, findings: Iterable[CascadeFinding], lang: str) -> tuple[_Row, ...]:
    marks: dict[str, list[str]] = {}
    for finding in findings:
        for code in finding.codes:
            marks.setdefault(code, []).append(words(lang, f"cascade.{finding.kind.value}"))
    out = []
    for depth, node in outline(cascade):
        shown = min(depth, _DEEPEST)
        level = cascade.rules.level(node.level).name.of(lang)
        head = "  ·  ".join(part for part in (level.upper(), node.code, node.agency) if part)
        room = _WIDTH - 4 * shown
        also = words(lang, "cascade.also", parents=", ".join(node.parents[1:])) if len(node.parents) > 1 else ""
        found = [line for text in dict.fromkeys(marks.get(node.code, ())) for line in wrap(text, room)]
        out.append(_Row(node=node, depth=shown, head=head, names=tuple(wrap(" ".join(node.name.split()), room)),
                        also=tuple(wrap(also, room)), marks=tuple(found)))
    return tuple(out)


def _kind(node: CascadeNode) -> str:
    if not node.indicators:
        return "none"
    return "result" if any(indicator.level in _RESULTS for indicator in node.indicators) else "output"


def _mark(kind: str) -> tuple[str, str, str]:
    """Marker, fill and edge: shape and colour say the same, for a grey printer."""
    return {"result": ("o", BLUE, BLUE), "output": ("s", ORANGE, ORANGE), "none": ("o", "white", GREY)}[kind]


def _key(axes: Axes, lang: str) -> None:
    for place, name in enumerate(("result", "output", "none")):
        marker, fill, edge = _mark(name)
        left = 0.012 + 0.34 * place
        axes.plot(left, 0.06, marker=marker, markersize=7, markerfacecolor=fill, markeredgecolor=edge, linestyle="none",
                  clip_on=False)
        axes.text(left + 0.02, 0.06, words(lang, f"cascade.key_{name}"), fontsize=SMALL, color=GREY, va="center")


def _draw(axes: Axes, row: _Row, top: float) -> None:
    left = 0.012 + _INDENT * row.depth
    marker, fill, edge = _mark(_kind(row.node))
    axes.plot(left, top + _LINE_INCHES / 2, marker=marker, markersize=7, markerfacecolor=fill, markeredgecolor=edge,
              linestyle="none", zorder=3, clip_on=False)
    lines = [(row.head, SMALL, GREY, "normal"), *((name, TEXT, INK, "normal") for name in row.names),
             *((text, SMALL, GREY, "normal") for text in row.also),
             *((mark, SMALL, VERMILLION, "bold") for mark in row.marks)]
    for place, (text, size, colour, weight) in enumerate(lines):
        axes.text(left + 0.02, top + _LINE_INCHES * (place + 0.5), text, fontsize=size, color=colour, weight=weight,
                  va="center", ha="left", clip_on=False)


def _connect(axes: Axes, rows: Sequence[_Row], tops: dict[str, float]) -> None:
    """Elbows from each node to its first parent."""
    depth = {row.node.code: row.depth for row in rows}
    for row in rows:
        if not row.node.parents or row.node.parents[0] not in tops or depth[row.node.parents[0]] >= row.depth:
            continue
        start = 0.012 + _INDENT * depth[row.node.parents[0]]
        end = 0.012 + _INDENT * row.depth
        here = tops[row.node.code]
        axes.plot([start, start, end], [tops[row.node.parents[0]], here, here], color=GREY, linewidth=0.8, zorder=1)
