"""Does the instrument measure, as pictures: answers, units, dimensions, formulas, respondents needed."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.plot.rows import draw_rows
from kinerja_lab.plot.style import (
    BLUE,
    GREY,
    INK,
    LOW_TO_HIGH,
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
from kinerja_lab.plot.words import level_text, value_text, words
from kinerja_lab.psychometrics.dimensionality import ParallelAnalysis
from kinerja_lab.psychometrics.unit_card import SCALE, UnitCard

__all__ = ["answer_profile", "loading_rows", "ranking_card", "reliability_curve", "reliability_rows", "scree"]

_INSIDE = 0.07
"""A piece narrower than this share of the bar carries no number."""


def answer_profile(shares: EstimateTable, *, lang: str, axes: Axes, names: Mapping[str, str] | None = None) -> Axes:
    """Share of each answer, one bar an item, the lowest answer darkest.

    Parameters
    ----------
    shares : EstimateTable
        Group ``answer``, label the item (``items_profile.answer_shares``).
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw; ``style.row_axes`` of the number of items has the right height.
    names : mapping of str to str or None
        Names of items.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    frame = shares.frame
    items, answers = list(dict.fromkeys(frame["label"])), sorted(set(frame["answer"]))
    place = np.arange(len(items), dtype=float)
    start = np.zeros(len(items))
    for rank, answer in enumerate(answers):
        width = frame[frame["answer"] == answer].set_index("label")["value"].reindex(items).to_numpy(dtype=float)
        colour = LOW_TO_HIGH[round(rank * (len(LOW_TO_HIGH) - 1) / max(len(answers) - 1, 1))]
        width = np.nan_to_num(width)
        axes.barh(place, width, left=start, height=0.72, color=colour, edgecolor="white", linewidth=1.0,
                  label=_answer_word(answer, answers, lang))
        for row in np.flatnonzero(width >= _INSIDE):
            axes.text(start[row] + width[row] / 2, place[row], value_text(width[row], unit="share", lang=lang),
                      ha="center", va="center", fontsize=SMALL, color="white" if colour in LOW_TO_HIGH[:2] else INK)
        start += width
    axes.set_xlim(0, 1)
    axes.set_ylim(len(items) - 0.4, -0.6)
    axes.set_yticks(place, [fit_name(named(code, names), rows=len(items)) for code in items])
    calm(axes)
    number_axis(axes, lang=lang, percent=True)
    axes.set_xlabel(words(lang, "instrument.shares_x"), fontsize=SMALL, color=INK)
    title(axes, words(lang, "instrument.shares_title"), width=TIGHT)
    axes.figure.legend(loc="outside lower center", ncols=len(answers), fontsize=SMALL, frameon=False)
    return axes


def _answer_word(answer: int, answers: Sequence[int], lang: str) -> str:
    if answer == answers[0]:
        return words(lang, "instrument.shares_lowest", answer=int(answer))
    if answer == answers[-1]:
        return words(lang, "instrument.shares_highest", answer=int(answer))
    return str(int(answer))


def ranking_card(
    card: UnitCard, *, bar: float, lang: str, axes: Axes, names: Mapping[str, str] | None = None,
) -> Axes:
    """Reliability of a unit's mean for the scale and each item, with the share of pairs told apart.

    Parameters
    ----------
    card : UnitCard
        Whether units can be ranked.
    bar : float
        Reliability from which they may.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw; ``style.row_axes(len(card.reliability))`` has the right height.
    names : mapping of str to str or None
        Names of items; ``"scale"`` for the whole.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    frame = card.reliability.frame
    first = frame["label"] == SCALE
    draw_rows(axes, frame, names=[named(code, names) for code in frame["label"]], lang=lang, span=(0.0, 1.0),
              colours=np.where(first, VERMILLION, BLUE).tolist(), markers=np.where(first, "s", "o").tolist())
    axes.set_xlim(-0.01, 1.01)
    axes.axvline(bar, color=INK, linewidth=1.1, linestyle=(0, (4, 3)), zorder=1)
    pairs = dict(zip(card.separable.frame["label"], card.separable.frame["value"], strict=True))
    for place, code in enumerate(frame["label"]):
        axes.text(1.13, place, value_text(pairs.get(code, float("nan")), unit="share", lang=lang), va="center",
                  ha="left", transform=axes.get_yaxis_transform(), fontsize=TEXT, color=INK)
    axes.text(1.13, 1.0, words(lang, "instrument.card_pairs"), transform=axes.transAxes, va="bottom", ha="left",
              fontsize=SMALL, color=GREY, linespacing=1.1)
    axes.set_xlabel(words(lang, "instrument.card_x", bar=value_text(bar, unit="coefficient", lang=lang)),
                    fontsize=SMALL, color=INK)
    title(axes, words(lang, "instrument.card_title", level=level_text(card.reliability, lang=lang)), width=TIGHT,
          room=10.0)
    return axes


def reliability_rows(
    table: EstimateTable, *, bar: float, lang: str, axes: Axes, names: Mapping[str, str],
) -> Axes:
    """Reliability by formula, with the bar.

    Parameters
    ----------
    table : EstimateTable
        Of ``reliability_choices``.
    bar : float
        Drawn as a dashed line.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw; ``style.row_axes(len(table))`` has the right height.
    names : mapping of str to str
        Names of the coefficients.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    frame = table.frame.sort_values("value", ascending=False, kind="stable")
    own = (frame["kind"] == "sum").to_numpy()
    draw_rows(axes, frame, names=[named(code, names) for code in frame["label"]], lang=lang,
              colours=np.where(own, BLUE, GREY).tolist(), markers=np.where(own, "o", "D").tolist())
    left, right = axes.get_xlim()
    axes.set_xlim(min(left, bar - 0.02), max(right, bar + 0.02))
    axes.axvline(bar, color=INK, linewidth=1.1, linestyle=(0, (4, 3)), zorder=1)
    axes.set_xlabel(words(lang, "instrument.card_x", bar=value_text(bar, unit="coefficient", lang=lang)) + "\n"
                    + words(lang, "bare"), fontsize=SMALL, color=INK)
    title(axes, words(lang, "instrument.choices_title", level=level_text(table, lang=lang)), width=TIGHT)
    return axes


def scree(found: ParallelAnalysis, *, lang: str, axes: Axes) -> Axes:
    """Eigenvalues of the factors against those of chance.

    Parameters
    ----------
    found : ParallelAnalysis
        Seen and chance.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw; 3.6 in high is enough.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    number = np.arange(1, len(found.factors) + 1)
    axes.plot(number, found.factors, color=BLUE, marker="o", linewidth=2, label=words(lang, "instrument.scree_seen"))
    axes.plot(number, found.chance_factors, color=VERMILLION, marker="s", linewidth=1.6, linestyle=(0, (5, 3)),
              markerfacecolor="white", label=words(
                  lang, "instrument.scree_chance", quantile=value_text(found.quantile, unit="", lang=lang),
                  draws=found.draws))
    axes.set_xticks(number)
    axes.set_xlabel(words(lang, "instrument.scree_x"), fontsize=SMALL, color=INK)
    axes.set_ylabel(words(lang, "instrument.scree_y"), fontsize=SMALL, color=INK)
    calm(axes, keep=("bottom", "left"))
    number_axis(axes, lang=lang, which="y")
    axes.grid(axis="y", color=GREY, alpha=0.25, linewidth=0.6)
    title(axes, words(lang, "instrument.scree_title"), below=words(lang, "instrument.scree_count", n=found.n_factors))
    axes.legend(fontsize=SMALL, frameon=False)
    return axes


def reliability_curve(
    sizes: Sequence[float], *, values: Sequence[float], now: float, bars: Sequence[float], lang: str, axes: Axes,
) -> Axes:
    """Reliability for ranking by the number of respondents a unit.

    Parameters
    ----------
    sizes, values : sequence of float
        Respondents, and reliability at that number (``gstudy.d_study``).
    now : float
        Respondents a unit has today.
    bars : sequence of float
        Reliabilities drawn as lines.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw; 3.4 in high is enough.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    axes.plot(sizes, values, color=BLUE, linewidth=2.2)
    for bar in bars:
        axes.axhline(bar, color=INK, linewidth=1.0, linestyle=(0, (4, 3)))
        axes.text(1.005, bar, value_text(bar, unit="coefficient", lang=lang), transform=axes.get_yaxis_transform(),
                  va="center", fontsize=SMALL, color=INK)
    axes.axvline(now, color=VERMILLION, linewidth=1.4)
    axes.text(now, 0.02, " " + words(lang, "instrument.study_now", n=round(now)), transform=axes.get_xaxis_transform(),
              fontsize=SMALL, color=INK, va="bottom")
    axes.set_ylim(0, 1)
    axes.set_xlim(0, max(sizes))
    axes.set_xlabel(words(lang, "instrument.study_x"), fontsize=SMALL, color=INK)
    axes.set_ylabel(words(lang, "instrument.study_y"), fontsize=SMALL, color=INK)
    calm(axes, keep=("bottom", "left"))
    number_axis(axes, lang=lang)
    number_axis(axes, lang=lang, which="y")
    title(axes, words(lang, "instrument.study_title"))
    return axes


def loading_rows(loadings: EstimateTable, *, lang: str, axes: Axes, names: Mapping[str, str] | None = None) -> Axes:
    """Loadings of the items, one marker a factor.

    Parameters
    ----------
    loadings : EstimateTable
        Group ``factor``, label the item (``exploratory.explore``).
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw; ``style.row_axes`` of the number of items has the right height.
    names : mapping of str to str or None
        Names of items.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    frame = loadings.frame
    items, factors = list(dict.fromkeys(frame["label"])), list(dict.fromkeys(frame["factor"]))
    place = np.arange(len(items), dtype=float)
    for rank, factor in enumerate(factors):
        value = frame[frame["factor"] == factor].set_index("label")["value"].reindex(items).to_numpy(dtype=float)
        axes.plot(value, place, linestyle="none", marker=MARKERS[rank % len(MARKERS)], markersize=7, label=str(factor),
                  color=PALETTE[rank % len(PALETTE)])
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set_xlim(min(-0.2, float(frame["value"].min()) - 0.05), max(1.0, float(frame["value"].max()) + 0.05))
    axes.set_ylim(len(items) - 0.4, -0.6)
    axes.set_yticks(place, [fit_name(named(code, names), rows=len(items)) for code in items])
    calm(axes)
    number_axis(axes, lang=lang)
    axes.grid(color=GREY, alpha=0.2, linewidth=0.6)
    title(axes, words(lang, "instrument.loadings_title"), width=TIGHT)
    axes.figure.legend(loc="outside lower center", ncols=len(factors), fontsize=SMALL, frameon=False)
    return axes
