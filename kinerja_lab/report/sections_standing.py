"""What does a report show about where units stand? Tiers, a table of units, one of measures, and a control chart."""

from collections.abc import Iterator
from html import escape

import pandas as pd

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.evidence.standing_results import RegionChart, StandingResults, UnitStanding
from kinerja_lab.profiling.ranking import Ranking
from kinerja_lab.report import show
from kinerja_lab.report.pictures import Picture, caption_of, headers_for, words_for
from kinerja_lab.report.reasons import reason_html
from kinerja_lab.report.sections_adjusted import adjusted, adjusted_estimates, measure_name, measure_unit
from kinerja_lab.report.session import Report
from kinerja_lab.report.tables import CHANCE, table_html
from kinerja_lab.text.catalogue import catalogue
from kinerja_lab.text.numbers import number

__all__ = ["chart_picture", "standing", "standing_estimates", "standing_pictures", "tier_picture", "tier_sentences",
           "unit_table"]

_MOST_ROWS = 40
_MOST_TABLED = 200


def standing(report: Report) -> None:
    """Tiers of the units in a sentence, a picture and a table; every measure in one table; the months of the region."""
    from IPython.display import display

    found, words = report.results.standing, catalogue(report.language)
    head = f"<h2>{escape(words.text('section.standing'))}</h2>"
    if isinstance(found, NotApplicable):
        display(show.html(head + reason_html(found, lang=report.language)))
        return
    shown = _featured(found)
    parts = [head, *(f"<p>{escape(line)}</p>" for line in tier_sentences(report, shown))]
    display(show.html("".join(parts)))
    for picture in standing_pictures(report):
        alt, caption = caption_of(picture, report.language)
        show.picture(picture.draw().figure, alt=alt, caption=caption)
    tables = [unit_table(report, shown), _measure_table(report, found)]
    display(show.html("\n".join(table for table in tables if table)))
    adjusted(report)


def standing_pictures(report: Report) -> Iterator[Picture]:
    """Units by tier, and the region's measure whose months are most unusual."""
    found = report.results.standing
    if isinstance(found, NotApplicable):
        return
    shown = _featured(found)
    if isinstance(shown, UnitStanding) and not isinstance(shown.ranking, NotApplicable):
        yield tier_picture(report, shown)
    look = _unusual(found)
    if look is not None:
        yield chart_picture(report, look)


def tier_picture(report: Report, look: UnitStanding) -> Picture:
    """Units by tier; the look must have a ranking."""
    from kinerja_lab.plot.standing import tier_rows
    from kinerja_lab.plot.style import row_axes

    rows, (tiers, ranks) = _open_rows(look), _places(look.ranking)
    return Picture(
        name="standing_units", draw=lambda: tier_rows(
            rows, tiers=tiers, ranks=ranks, lang=report.language, names=words_for(report)["unit"],
            axes=row_axes(min(len(rows), _MOST_ROWS)), limit=_MOST_ROWS),
        params={"n": len(rows), "tiers": look.ranking.tier_count, "measure": measure_name(report, look.code)})


def chart_picture(report: Report, look: RegionChart) -> Picture:
    """The months of the region for one measure."""
    from kinerja_lab.plot.standing import control_chart
    from kinerja_lab.plot.style import blank_axes

    label = measure_name(report, look.code)
    return Picture(name="standing_chart", params={"measure": label}, draw=lambda: control_chart(
        look.chart, lang=report.language, axes=blank_axes(height=3.6), name=label,
        unit=measure_unit(report, look.code)))


def standing_estimates(report: Report) -> Iterator[tuple[str, Estimate | EstimateTable]]:
    """Every estimate of this part under the name of its section, for ``result.json``."""
    found = report.results.standing
    if isinstance(found, NotApplicable):
        return
    shown = _featured(found)
    for look in (found.survey, *found.measures.values()):
        if isinstance(look, NotApplicable):
            continue
        section = f"standing.{look.code}"
        if look is shown:
            for name, table in (("ranks", look.ranking), ("fifths", look.fifths)):
                if not isinstance(table, NotApplicable):
                    yield f"{section}.{name}", _open_table(table.ranks if name == "ranks" else table, look)
        if not isinstance(look.ranking, NotApplicable):
            yield f"{section}.separable", look.ranking.separable
        if not isinstance(look.shrunken, NotApplicable):
            yield f"{section}.volume", look.shrunken.volume
        if not isinstance(look.benchmark, NotApplicable):
            yield f"{section}.benchmark", look.benchmark.benchmark
        if not isinstance(look.case_mix, NotApplicable):
            yield f"{section}.case_mix.slope", look.case_mix.calibration.slope
            yield f"{section}.case_mix.moved", look.case_mix.moved
    yield from adjusted_estimates(found)


def _featured(found: StandingResults) -> UnitStanding | NotApplicable:
    """What is shown unit by unit: the survey, else the measure that tells most pairs apart."""
    if isinstance(found.survey, UnitStanding) and isinstance(found.survey.ranking, Ranking):
        return found.survey
    looks = [look for look in found.measures.values()
             if isinstance(look, UnitStanding) and isinstance(look.ranking, Ranking)]
    return max(looks, key=lambda look: look.ranking.separable.value, default=found.survey)


def _unusual(found: StandingResults) -> RegionChart | None:
    """The region's chart with most points that a rule names."""
    looks = [look for look in found.charts.values() if isinstance(look, RegionChart)]
    best = max(looks, key=lambda look: (len(look.chart.signals), len(look.chart.flagged)), default=None)
    return best if best is not None and best.chart.signals else (looks[0] if looks else None)


def _places(ranking: Ranking) -> tuple[dict[str, int], dict[str, float]]:
    rows = ranking.ranks.frame[ranking.ranks.frame["label"] == "rank"]
    names = rows["unit"].astype(str).tolist()
    return (dict(zip(names, (int(tier) for tier in ranking.tiers), strict=True)),
            dict(zip(names, rows["value"].tolist(), strict=True)))


def _open_table(table: EstimateTable, look: UnitStanding) -> EstimateTable:
    """The rows of units that may be named."""
    frame = table.frame[~table.frame["unit"].astype(str).isin(look.hidden)]
    return EstimateTable(groups=table.groups, frame=frame)


def _open_rows(look: UnitStanding) -> EstimateTable:
    return _open_table(look.rates, look)


def tier_sentences(report: Report, shown: UnitStanding | NotApplicable) -> Iterator[str]:
    """How many tiers there are, and what that means; or why it is not known."""
    words = catalogue(report.language)
    if isinstance(shown, NotApplicable):
        yield words.sentence(shown.message)
        return
    if isinstance(shown.ranking, NotApplicable):
        yield words.sentence(shown.ranking.message)
        return
    ranking = shown.ranking
    key = "sentence.standing_intro" if ranking.tier_count > 1 else "sentence.standing_one_tier"
    yield words.text(key, level=ranking.separable.level, units=len(ranking.tiers), tiers=ranking.tier_count,
                     measure=measure_name(report, shown.code))
    if shown.hidden:
        yield words.text("sentence.standing_hidden", n=len(shown.hidden))


def unit_table(report: Report, look: UnitStanding | NotApplicable) -> str:
    """Tier, possible places and chances, a row a unit."""
    if isinstance(look, NotApplicable) or isinstance(look.ranking, NotApplicable):
        return ""
    tiers, order = _places(look.ranking)
    ranks = look.ranking.ranks.frame
    ranks = ranks[ranks["label"] == "rank"].assign(unit=lambda frame: frame["unit"].astype(str)).set_index("unit")
    chances = {}
    if not isinstance(look.fifths, NotApplicable):
        frame = look.fifths.frame
        chances = {label: frame[frame["label"] == label].set_index("unit")["value"].to_dict()
                   for label in ("best_fifth", "worst_fifth")}
    rows = [{
        "unit": unit, "tier": tiers[unit], "places": f"{ranks.loc[unit, 'low']:.0f}–{ranks.loc[unit, 'high']:.0f}",
        **{column: chances[label].get(unit, float("nan")) for column, label in (
            ("best_chance", "best_fifth"), ("worst_chance", "worst_fifth")) if chances},
    } for unit in sorted(tiers, key=lambda unit: (tiers[unit], order[unit])) if unit not in look.hidden]
    if not rows:
        return ""
    words, left_out = catalogue(report.language), max(len(rows) - _MOST_TABLED, 0)
    caption = words.text("caption.standing_units")
    if left_out:  # thousands of units would make the page of all regions too heavy to open
        rows = [*rows[:_MOST_TABLED // 2], *rows[-(_MOST_TABLED // 2):]]
        caption = f"{caption}. {words.text('caption.standing_left_out', n=left_out)}"
    return table_html(pd.DataFrame(rows), lang=report.language, names=words_for(report), headers=headers_for(report),
                      caption=caption,
                      specs={"tier": "d", "best_chance": CHANCE, "worst_chance": CHANCE})


def _measure_table(report: Report, found: StandingResults) -> str:
    """One row a measure: tiers, sure pairs, cases needed, benchmark, months that stand out."""
    names, lang = words_for(report), report.language
    rows = []
    for measure in report.study.measures:
        look = found.measures.get(measure.code)
        if not isinstance(look, UnitStanding):
            continue
        ranked = isinstance(look.ranking, Ranking)
        volume = None if isinstance(look.shrunken, NotApplicable) else look.shrunken.volume
        sizes = look.rates.frame["n"]
        watch = found.watches.get(measure.code)
        rows.append({
            "measure": names["measure"][measure.code], "units_count": len(look.rates),
            "tiers": number(look.ranking.tier_count, lang=lang, spec="d") if ranked else "–",
            "pairs_sure": look.ranking.separable.value if ranked else None, "least_volume": volume,
            "below_volume": "–" if volume is None else number(int((sizes < volume.value).sum()), lang=lang, spec="d"),
            "reached_by_best": None if isinstance(look.benchmark, NotApplicable) else look.benchmark.benchmark.value,
            "months_flagged": "–" if watch is None or isinstance(watch, NotApplicable) else number(
                len(watch.flagged), lang=lang, spec="d"),
        })
    if not rows:
        return ""
    return table_html(pd.DataFrame(rows), lang=lang, caption=catalogue(lang).text("caption.standing_measures"),
                      specs={"units_count": "d", "pairs_sure": ".0%", "least_volume": ".0f",
                             "reached_by_best": ".1%"})
