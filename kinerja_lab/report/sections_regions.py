"""What does the page of all regions show? A sentence, a picture and one table, in which no region gets a rank alone."""

from collections.abc import Iterator
from html import escape

import pandas as pd

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import MEASURED_IN, Estimate, EstimateTable
from kinerja_lab.evidence.criterion import FALSE_DISCOVERY
from kinerja_lab.evidence.regions_results import RegionsResults
from kinerja_lab.report import show
from kinerja_lab.report.disclosure import SUPPRESSED
from kinerja_lab.report.pictures import caption_of, region_picture
from kinerja_lab.report.reasons import reason_html
from kinerja_lab.report.session import Report
from kinerja_lab.report.tables import chance_text, estimate_spec, table_html
from kinerja_lab.report.unit_names import region_names
from kinerja_lab.text.catalogue import catalogue
from kinerja_lab.text.numbers import MISSING_MARK, number

__all__ = ["regions", "regions_estimates"]

WORTH_NAMING = 0.01
"""A letter less likely than this is not named."""


def regions(report: Report) -> None:
    """All regions side by side: tiers and changes in a sentence, a picture, and a table with every interval."""
    from IPython.display import display

    found, words = report.results.regions, catalogue(report.language)
    head = f"<h2>{escape(words.text('section.regions'))}</h2>"
    if isinstance(found, NotApplicable):
        display(show.html(head + reason_html(found, lang=report.language)))
        return
    display(show.html(head + "".join(f"<p>{escape(line)}</p>" for line in _sentences(report, found))))
    picture = region_picture(report, found.index)
    alt, caption = caption_of(picture, report.language)
    show.picture(picture.draw().figure, alt=alt, caption=caption)
    display(show.html(_table(report, found)))


def regions_estimates(report: Report) -> Iterator[tuple[str, Estimate | EstimateTable]]:
    """Every estimate of this part under the name of its section, for ``result.json``."""
    found = report.results.regions
    if isinstance(found, NotApplicable):
        return
    yield "regions.index", found.index
    yield "regions.elements", found.elements
    for name, table in (("grades", found.grades), ("changes", found.changes)):
        if not isinstance(table, NotApplicable):
            yield f"regions.{name}", table
    if found.q:
        level = report.results.setting.level
        yield "regions.changes_q", EstimateTable(groups=("region",), frame=pd.DataFrame({
            "region": list(found.q), "label": "change_q", "value": list(found.q.values()), "low": float("nan"),
            "high": float("nan"), "level": level, "n": len(found.q), "method": "Benjamini-Hochberg over regions",
            "unit": "probability", "note": "probability_no_interval"}))
    if not isinstance(found.ranking, NotApplicable):
        ranks = found.ranking.ranks.frame.rename(columns={"unit": "region", MEASURED_IN: "unit"})
        yield "regions.ranks", EstimateTable(frame=ranks, groups=("region",))
        yield "regions.separable", found.ranking.separable


def _sentences(report: Report, found: RegionsResults) -> Iterator[str]:
    words, setting = catalogue(report.language), report.results.setting
    word = setting.region_word
    if isinstance(found.ranking, NotApplicable):
        yield words.sentence(found.ranking.message)
    else:
        key = "sentence.regions_tiers" if found.ranking.tier_count > 1 else "sentence.regions_one_tier"
        yield words.text(key, level=setting.level, n=len(found.ranking.tiers), tiers=found.ranking.tier_count,
                         region_word=word)
    if isinstance(found.changes, NotApplicable):
        yield words.sentence(found.changes.message)
    elif found.q:
        rose, fell = found.moved(rate=FALSE_DISCOVERY)
        key = "sentence.regions_changes" if rose or fell else "sentence.regions_unchanged"
        yield words.text(key, previous=setting.previous, n=len(found.q), rose=len(rose),
                         fell=len(fell), rest=len(found.q) - len(rose) - len(fell), region_word=word,
                         false=FALSE_DISCOVERY)
    if found.hidden:
        yield words.text("sentence.regions_hidden", n=found.hidden, below=setting.suppress_below, region_word=word)


def _table(report: Report, found: RegionsResults) -> str:
    """One row a region; the letters and the tier only where the study has them."""
    words, lang, setting = catalogue(report.language), report.language, report.results.setting
    names, order = region_names(report.study), found.index.frame.sort_values(
        "value", ascending=False, kind="stable", na_position="last")
    parts = {**_letters(found, words), **_tiers(found), **_moves(report, found)}
    unit = str(order["unit"].iloc[0])
    rows = [{
        "region": names.get(row.region, row.region), "value": float(row.value),
        "interval_of": _interval(row, lang, unit), "respondents": float(row.n) if row.n else float("nan"),
        **{name: cells.get(row.region, float("nan") if name == "tier" else MISSING_MARK)
           for name, cells in parts.items()},
        "note": words.name("note", row.note) if row.note else "",
    } for row in order.itertuples()]
    frame = pd.DataFrame(rows)
    if not (frame["note"] != "").any():
        frame = frame.drop(columns="note")
    headers = {
        "region": setting.region_word.capitalize(),
        "value": words.name("label", "index"), "respondents": words.text("column.n"),
        "interval_of": words.text("column.interval", level=number(setting.level, lang=lang, spec=".0%")),
        "change": words.text("column.change_since", previous=setting.previous)}
    caption = words.text("caption.regions_all", level=setting.level, region_word=setting.region_word)
    if "sure_change" in frame:
        caption = words.text("caption.regions_all_changes", caption=caption)
    return table_html(frame, lang=lang, headers=headers, caption=caption,
                      specs={"value": estimate_spec(unit), "respondents": "d", "tier": "d"})


def _number(value: float, lang: str, unit: str) -> str:
    return number(float(value), lang=lang, spec=estimate_spec(unit))


def _interval(row, lang: str, unit: str) -> str:
    if pd.isna(row.low):
        return MISSING_MARK
    return catalogue(lang).text("table.interval", low=_number(row.low, lang, unit), high=_number(row.high, lang, unit))


def _tiers(found: RegionsResults) -> dict[str, dict[str, object]]:
    if isinstance(found.ranking, NotApplicable):
        return {}
    ranks = found.ranking.ranks.frame
    return {"tier": {region: float(tier) for region, tier in zip(ranks["unit"], found.ranking.tiers, strict=True)},
            "places": {row.unit: f"{row.low:.0f}" if row.low == row.high else f"{row.low:.0f}–{row.high:.0f}"
                       for row in ranks.itertuples()}}


def _letters(found: RegionsResults, words) -> dict[str, dict[str, str]]:
    """Every letter that is likely enough to be named, the likeliest first."""
    if isinstance(found.grades, NotApplicable):
        return {}
    out = {}
    for region, rows in found.grades.frame.dropna(subset=["value"]).groupby("region", sort=False):
        likely = rows[rows["value"] >= WORTH_NAMING].sort_values("value", ascending=False, kind="stable")
        out[region] = "; ".join(f"{row.label} {chance_text(row.value, words=words)}" for row in likely.itertuples())
    return {"letters": out}


def _moves(report: Report, found: RegionsResults) -> dict[str, dict[str, str]]:
    """Change with its interval, and whether it is sure over all looks."""
    if isinstance(found.changes, NotApplicable):
        return {}
    words, lang = catalogue(report.language), report.language
    rose, fell = found.moved(rate=FALSE_DISCOVERY)
    sure = {**dict.fromkeys(rose, "rose"), **dict.fromkeys(fell, "fell")}
    change, verdict = {}, {}
    for row in found.changes.frame.itertuples():
        if pd.isna(row.value) or row.note == SUPPRESSED:
            change[row.region] = words.name("note", row.note) if row.note else MISSING_MARK
            continue
        text = ("+" if row.value > 0 else "") + _number(row.value, lang, row.unit)
        held = pd.notna(row.low)
        why = _interval(row, lang, row.unit) if held else words.name("note", row.note)
        change[row.region] = f"{text} ({why})"
        verdict[row.region] = words.text(f"region_change.{sure.get(row.region, 'unsure')}") if held else MISSING_MARK
    return {"change": change, "sure_change": verdict}
