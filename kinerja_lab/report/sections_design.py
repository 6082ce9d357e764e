"""What does the report show of the survey's design: what it can tell apart, and the numbers of small units?"""

from collections.abc import Iterator
from html import escape

import pandas as pd

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.evidence.design_results import DesignResults, SizePlan, SmallUnits
from kinerja_lab.evidence.reading import target_step
from kinerja_lab.report import pictures, show
from kinerja_lab.report.pictures import Picture, headers_for, words_for
from kinerja_lab.report.reasons import reason_html
from kinerja_lab.report.session import Report
from kinerja_lab.report.tables import estimate_spec, table_html
from kinerja_lab.report.unit_names import region_names
from kinerja_lab.text.catalogue import catalogue
from kinerja_lab.text.numbers import MISSING_MARK, number

__all__ = ["SHOWN_UNITS", "design_pictures", "design_rows", "design_section"]

MOST_TABLED = 200
"""Rows of the table of small units: those with the fewest answers."""
SHOWN_UNITS = 12
"""Units in the picture of small units: those with the fewest answers."""


def design_section(report: Report) -> None:
    """Heading, two pictures and two tables, or the reason why there are none."""
    from IPython.display import display

    found, words = report.results.design, catalogue(report.language)
    head = f"<h2>{escape(words.text('section.design'))}</h2>"
    if isinstance(found, NotApplicable):
        display(show.html(head + reason_html(found, lang=report.language)))
        return
    display(show.html(head + f"<p>{escape(words.text('sentence.design'))}</p>"))
    for picture in design_pictures(report):
        if isinstance(picture.draw, NotApplicable):
            display(show.html(reason_html(picture.draw, lang=report.language, section=picture.name)))
        else:
            alt, caption = pictures.caption_of(picture, report.language)
            show.picture(picture.draw().figure, alt=alt, caption=caption)
    display(show.html("\n".join(_tables(report, found))))


def design_pictures(report: Report) -> Iterator[Picture]:
    """The curve of sample sizes and the chart of small units.

    Parameters
    ----------
    report : Report
        From ``prepare``.
    """
    from kinerja_lab.plot.design import fewest_first, sample_size_curve, small_unit_chart
    from kinerja_lab.plot.style import blank_axes, row_axes

    found, lang = report.results.design, report.language
    level = report.results.setting.level
    plan, small = found.plan, found.small
    if isinstance(plan, NotApplicable):
        yield Picture(name="sample_size", draw=plan, params={})
    else:
        marks = [(row.rule, int(row.answers)) for row in plan.sizes.itertuples() if row.rule != "mean"]
        yield Picture(name="sample_size", params={"n": plan.n, "margin": plan.margin, "detectable": plan.detectable},
                      draw=lambda: sample_size_curve(plan.curve, n=plan.n, level=level, power=plan.power, lang=lang,
                                                     marks=marks, step=_step(report), axes=blank_axes(height=5.0)))
    if isinstance(small, NotApplicable):
        yield Picture(name="small_units", draw=small, params={})
        return
    rows, left_out = fewest_first(small.rows, limit=SHOWN_UNITS)
    setting = report.results.setting
    word = setting.region_word if small.by == "region" else setting.unit_word
    yield Picture(name="small_units", params={"n": len(rows), "unit_word": word},
                  draw=lambda: small_unit_chart(rows, lang=lang, names=_area_names(report, small), level=level,
                                                left_out=left_out, axes=row_axes(len(rows) + 4), area=word))


def design_rows(found: DesignResults | NotApplicable) -> Iterator[tuple[str, Estimate | EstimateTable]]:
    """Every estimate of the design under the name of its section, for ``result.json``.

    Parameters
    ----------
    found : DesignResults or NotApplicable
        As it stands in the results.
    """
    if isinstance(found, NotApplicable):
        return
    yield "design.effects", found.effects
    if isinstance(found.plan, SizePlan):
        yield "design.spread", found.plan.sd
    if isinstance(found.small, SmallUnits):
        yield "design.small_units", _small_table(found.small)
        yield "design.between_units", found.small.between


def _small_table(small: SmallUnits) -> EstimateTable:
    """The small-area numbers; a hidden unit has that of the regression, and no count."""
    rows = small.rows
    frame = pd.DataFrame({
        "agency": rows["agency"], "unit": rows["unit"], "label": "small_area", "value": rows["small_area"],
        "low": rows["small_low"], "high": rows["small_high"], "level": small.level,
        "n": rows["n"].fillna(0).astype(int), "method": "Fay-Herriot, REML",
        "measured_in": small.unit, "note": rows["reason"],
    })
    if small.by == "region":
        frame = frame.drop(columns="agency").rename(columns={"unit": "region", "measured_in": "unit"})
        return EstimateTable(frame=frame, groups=("region",))
    return EstimateTable(frame=frame, groups=("agency", "unit"))


def _area_names(report: Report, small: SmallUnits) -> dict[str, str]:
    return region_names(report.study) if small.by == "region" else words_for(report)["unit"]


def _step(report: Report) -> float:
    """Change that the survey indicator's target promises."""
    for indicator in report.study.indicators:
        if indicator.survey:
            try:
                return target_step(indicator, report.results.setting.period)[0]
            except NotApplicable:
                continue
    return float("nan")


def _tables(report: Report, found: DesignResults) -> Iterator[str]:
    words = catalogue(report.language)
    if isinstance(found.effects, NotApplicable):
        yield reason_html(found.effects, lang=report.language, section="design")
    else:
        yield table_html(found.effects, lang=report.language, caption=words.text("caption.design_effects"))
    if isinstance(found.plan, SizePlan):
        rows = [{"size_rule": words.name("size_rule", row.rule), "promise": words.name("promise", row.promise),
                 "answers": int(row.answers)} for row in found.plan.sizes.itertuples()]
        yield table_html(pd.DataFrame(rows), lang=report.language, caption=words.text("caption.sample_sizes"))
    if isinstance(found.small, SmallUnits):
        yield _small_html(report, found.small)


def _small_html(report: Report, small: SmallUnits) -> str:
    words, lang, names = catalogue(report.language), report.language, _area_names(report, small)
    spec = estimate_spec(report.results.survey.index.unit)

    def interval(value: float, low: float, high: float) -> str:
        if pd.isna(value):
            return MISSING_MARK
        text = number(float(value), lang=lang, spec=spec)
        if pd.isna(low):
            return text
        ends = {"low": number(float(low), lang=lang, spec=spec), "high": number(float(high), lang=lang, spec=spec)}
        return f"{text} ({words.text('table.interval', **ends)})"

    rows = [{
        "unit": row.unit, "n": MISSING_MARK if pd.isna(row.n) else number(int(row.n), lang=lang, spec="d"),
        "direct": interval(row.direct, row.direct_low, row.direct_high),
        "small_area": interval(row.small_area, row.small_low, row.small_high),
        "own_share": number(float(row.own_share), lang=lang, spec=".0%"),
        "to_print": words.name("printed", row.printed), "reason": words.name("note", row.reason),
    } for row in small.rows.sort_values(["n", "unit"], na_position="first").itertuples()]
    caption = words.text("caption.small_units", mse=small.mse_formula, widest=small.widest)
    if len(rows) > MOST_TABLED:
        caption = f"{caption}. {words.text('caption.small_left_out', n=len(rows) - MOST_TABLED)}"
        rows = rows[:MOST_TABLED]
    headers = headers_for(report)
    if small.by == "region":
        headers = {**headers, "unit": report.results.setting.region_word.capitalize()}
    return table_html(pd.DataFrame(rows), lang=lang, names={"unit": names}, headers=headers,
                      caption=caption)

