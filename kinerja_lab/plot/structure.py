"""How strongly does each element belong to what is measured, as a picture?"""

from collections.abc import Mapping

from matplotlib.axes import Axes

from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.plot.rows import draw_rows
from kinerja_lab.plot.style import INK, MARKERS, PALETTE, SMALL, TIGHT, named, title
from kinerja_lab.plot.words import level_text, words

__all__ = ["factor_loadings"]


def factor_loadings(
    loadings: EstimateTable, *, lang: str, axes: Axes, names: Mapping[str, str] | None = None,
) -> Axes:
    """Loadings with their intervals, a row an element, one colour and marker a factor.

    Parameters
    ----------
    loadings : EstimateTable
        By ``("factor", "item")``, as ``OrdinalFactors.loadings``.
    lang : str
        ``"id"`` or ``"en"``.
    axes : matplotlib.axes.Axes
        Where to draw; ``style.row_axes(len(loadings))`` has the right height.
    names : mapping of str to str or None
        Names of items.

    Returns
    -------
    matplotlib.axes.Axes
        The axes given.
    """
    frame = loadings.frame.sort_values(["factor", "value"], ascending=[True, False], kind="stable")
    order = {factor: place % len(PALETTE) for place, factor in enumerate(dict.fromkeys(frame["factor"]))}
    kinds = [order[factor] for factor in frame["factor"]]
    draw_rows(axes, frame, names=[named(item, names) for item in frame["item"]], lang=lang,
              colours=[PALETTE[kind] for kind in kinds], markers=[MARKERS[kind] for kind in kinds])
    axes.set_xlim(min(0.0, axes.get_xlim()[0]), 1.0)
    title(axes, words(lang, "structure.loadings", level=level_text(loadings, lang=lang)), width=TIGHT)
    axes.set_xlabel(words(lang, "structure.loading"), fontsize=SMALL, color=INK)
    return axes
