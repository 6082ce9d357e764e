"""What does a report show about the fairness and the reach of the questionnaire? Nothing is computed here."""

from collections.abc import Iterator
from html import escape

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.evidence.irt import DIFFERENCE_SHARE
from kinerja_lab.evidence.irt_results import FairnessResults, GroupLook
from kinerja_lab.psychometrics.dif_counts import LEAST_GROUP
from kinerja_lab.psychometrics.dif_published import ALL_ITEMS
from kinerja_lab.psychometrics.irt_information import reliability_at
from kinerja_lab.report import show
from kinerja_lab.report.analyse_irt import MEASURED_ENOUGH
from kinerja_lab.report.pictures import Picture, caption_of, words_for
from kinerja_lab.report.reasons import reason_html
from kinerja_lab.report.sections_instrument import item_names
from kinerja_lab.report.session import Report
from kinerja_lab.report.tables import table_html
from kinerja_lab.text.catalogue import catalogue

__all__ = ["fairness", "fairness_estimates", "fairness_pictures"]

_SHOWN_UNITS = 12
_SHOWN_ROWS = 24
_PICTURES = 1
"""Looks drawn in one report: the one whose elements differ most; the others stand in the tables."""


def fairness(report: Report) -> None:
    """Elements that groups answer differently, what it changes in the published number, and where elements measure."""
    from IPython.display import display

    found, words = report.results.fairness, catalogue(report.language)
    head = f"<h2>{escape(words.text('section.fairness'))}</h2>"
    if isinstance(found, NotApplicable):
        display(show.html(head + reason_html(found, lang=report.language)))
        return
    display(show.html(f"{head}<p>{escape(words.text('sentence.fairness_intro'))}</p>"))
    for picture in fairness_pictures(report):
        alt, caption = caption_of(picture, report.language)
        show.picture(picture.draw().figure, alt=alt, caption=caption)
    parts = [part for look in found.looks for part in _look(report, look)]
    parts += _reach(report, found)
    display(show.html("\n".join(parts)))


def fairness_pictures(report: Report) -> Iterator[Picture]:
    """The differences of the look in which elements differ most, and the map of respondents and elements."""
    from kinerja_lab.plot.irt import dif_effects, item_person_map
    from kinerja_lab.plot.style import blank_axes, row_axes

    found, lang, names = report.results.fairness, report.language, words_for(report)
    if isinstance(found, NotApplicable):
        return
    limit = DIFFERENCE_SHARE * found.scale_width
    items = item_names(report)
    flagged = sorted((look for look in found.judged if look.dif.flagged), key=_largest, reverse=True)
    for look in flagged[:_PICTURES]:
        rows = _flagged_rows(look)
        group = _column(report, look)
        yield Picture(name="dif_effects", params={"group": group, "n": len(look.dif.flagged)},
                      draw=lambda r=rows, g=group, k=look: dif_effects(
                          r, limit=limit, group=g, lang=lang, axes=row_axes(len(r)), names=items,
                          group_names=names.get(k.column)))
    if not isinstance(found.model, NotApplicable):
        model, at = found.model, found.information.at
        yield Picture(name="item_person_map", params={"measured": found.measured.value},
                      draw=lambda: item_person_map(
                          found.scores, thresholds=model.thresholds(), items=model.items, names=items,
                          reliability=(at, reliability_at(model, at=at)), enough=MEASURED_ENOUGH, lang=lang,
                          axes=blank_axes(height=5.4)))


def fairness_estimates(report: Report) -> Iterator[tuple[str, Estimate | EstimateTable]]:
    """Every estimate of this part under the name of its section, for ``result.json``."""
    found = report.results.fairness
    if isinstance(found, NotApplicable):
        return
    for look in found.judged:
        yield f"fairness.{look.column}.effects", look.dif.effects
        if not isinstance(look.published, NotApplicable):
            yield f"fairness.{look.column}.published", look.published.change
    for name in ("reliability", "measured", "above"):
        value = getattr(found, name)
        if not isinstance(value, NotApplicable):
            yield f"fairness.{name}", value
    if not isinstance(found.model, NotApplicable):
        yield "fairness.item_parameters", found.model.parameters


def _look(report: Report, look: GroupLook) -> list[str]:
    """One way to divide respondents, as sentences and tables."""
    words, group = catalogue(report.language), _column(report, look)
    if isinstance(look.dif, NotApplicable):
        return [reason_html(look.dif, lang=report.language, head=group)]
    parts = []
    if look.dif.left_out:
        parts.append(words.text("sentence.fairness_left_out", group=group, n=len(look.dif.left_out), least=LEAST_GROUP))
    if not look.dif.flagged:
        parts.append(words.text("sentence.fairness_none", group=group, n=look.dif.n))
    parts = [f"<p>{escape(part)}</p>" for part in parts]
    if not look.dif.flagged:
        return parts
    names = {"item": item_names(report), "group": words_for(report).get(look.column, {})}
    parts.append(table_html(_flagged_rows(look), lang=report.language, names=names,
                            caption=words.text("caption.dif", group=group),
                            columns=["item", "group", "value", "interval", "n"]))
    if isinstance(look.published, NotApplicable):
        return [*parts, reason_html(look.published, lang=report.language)]
    return [*parts, _published(report, look)]


def _published(report: Report, look: GroupLook) -> str:
    """The units whose published index moves most."""
    words = catalogue(report.language)
    units, change = look.published.units, look.published.change.frame
    own = units[units["item"] == ALL_ITEMS].reset_index(drop=True)
    rows = change[change["item"] == ALL_ITEMS].reset_index(drop=True)
    moved = (own["grade"] != own["grade_without"]).to_numpy()
    order = np.lexsort((-rows["value"].abs().to_numpy(), ~moved))[:_SHOWN_UNITS]
    table = pd.DataFrame({
        "unit": own["unit"], "index": own["index"], "without": own["without"], "index_change": rows["value"],
        "low": rows["low"], "high": rows["high"], "grade": own["grade"], "grade_without": own["grade_without"],
        "rank_place": own["rank"], "rank_without": own["rank_without"]}).loc[order]
    if not (own["grade"] != "").any():
        table = table.drop(columns=["grade", "grade_without"])
    group, whole = _column(report, look), look.published.items.set_index("item").loc[ALL_ITEMS]
    sentence = words.text("sentence.fairness_units", group=group, grades=int(whole["grades"]), units=int(
        whole["units"]), ranks=int(whole["ranks"]), largest=float(whole["largest"]))
    return f"<p>{escape(sentence)}</p>" + table_html(
        table, lang=report.language, names={"unit": words_for(report)["unit"]},
        caption=words.text("caption.dif_published", group=group))


def _reach(report: Report, found: FairnessResults) -> list[str]:
    words = catalogue(report.language)
    if isinstance(found.model, NotApplicable):
        return [reason_html(found.model, lang=report.language, section="item_parameters")]
    kept = [value for value in (found.measured, found.above, found.reliability)
            if not isinstance(value, NotApplicable)]
    return [
        table_html(EstimateTable.from_estimates(kept), lang=report.language, caption=words.text("caption.reach")),
        table_html(found.model.parameters, lang=report.language, names={"item": item_names(report)},
                   caption=words.text("caption.item_parameters")),
    ]


def _flagged_rows(look: GroupLook) -> EstimateTable:
    """Effects of flagged items, those with the largest differences first, as many as can be read."""
    frame = look.dif.effects.frame
    frame = frame[frame["item"].isin(look.dif.flagged)]
    size = frame["value"].abs().groupby(frame["item"]).transform("max")
    frame = frame.assign(_size=size).sort_values("_size", ascending=False, kind="stable").drop(columns="_size")
    return EstimateTable(frame=frame.head(_SHOWN_ROWS), groups=look.dif.effects.groups)


def _largest(look: GroupLook) -> float:
    frame = look.dif.effects.frame
    return float(np.nanmax(frame.loc[frame["item"].isin(look.dif.flagged), "value"].abs()))


def _column(report: Report, look: GroupLook) -> str:
    return catalogue(report.language).name("group_column", look.column)
