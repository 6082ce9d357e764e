"""Where does each unit stand by one measure? The steps of a profile, each a cell of a notebook."""

from html import escape
from math import isinf

import pandas as pd

from kinerja_lab.core.errors import KinerjaError, NotApplicable, closest
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.core.options import Family, MeasureKind, Status
from kinerja_lab.core.outcome import Measure
from kinerja_lab.evidence.standing_results import CaseMixLook, UnitStanding
from kinerja_lab.profiling.case_mix import CaseMix
from kinerja_lab.profiling.case_mix import case_mix as fitted
from kinerja_lab.profiling.shrinkage import Shrunken
from kinerja_lab.report import pictures, show
from kinerja_lab.report.analyse_standing import profile_rng, unit_cases
from kinerja_lab.report.answers import sentences_html
from kinerja_lab.report.pictures import Picture, caption_of, headers_for, words_for
from kinerja_lab.report.reasons import or_reason, reason_html
from kinerja_lab.report.sections_adjusted import adjusted, measure_name
from kinerja_lab.report.sections_standing import chart_picture, tier_picture, tier_sentences, unit_table
from kinerja_lab.report.session import Report
from kinerja_lab.report.tables import CHANCE, table_html
from kinerja_lab.text.catalogue import catalogue
from kinerja_lab.text.numbers import number

__all__ = ["adjusted_score", "benchmark", "case_mix", "case_mix_held_out", "fifths", "funnel", "measures", "months",
           "shrinkage", "standing_by", "tiers", "verdicts"]

_COUNTED = {MeasureKind.PROPORTION: "volume_cases", MeasureKind.RATE: "volume_expected",
            MeasureKind.MEAN: "volume_months"}
_MOST_ROWS = 40
_WORTH_NAMING = 0.10
"""A unit whose chance of the worst fifth is below this is not listed."""


def measures(report: Report):
    """The measures that can be profiled, with the code by which a cell names one."""
    found, words = report.results.standing, catalogue(report.language)
    rows = []
    for measure in report.study.measures:
        look = found if isinstance(found, NotApplicable) else found.measures[measure.code]
        known = isinstance(look, UnitStanding)
        rows.append({"measure": measure_name(report, measure.code), "measure_code": measure.code,
                     "units_count": number(len(look.rates), lang=report.language, spec="d") if known else "–",
                     "note": "" if known else words.sentence(look.message)})
    return show.html(table_html(pd.DataFrame(rows), lang=report.language, caption=words.text("unit_profile.measures")))


def standing_by(report: Report, *, measure: str) -> UnitStanding | NotApplicable:
    """All that is known of the units by one measure, or why it is not known.

    Parameters
    ----------
    report : Report
        From ``prepare``.
    measure : str
        Code of a measure of the study.

    Raises
    ------
    KinerjaError
        ``unknown_option`` with the measures there are.
    """
    codes = tuple(one.code for one in report.study.measures)
    if measure not in codes:
        raise KinerjaError("unknown_option", name="measure", value=measure, choices=", ".join(codes),
                           nearest=closest(measure, codes) or "-")
    found = report.results.standing
    return found if isinstance(found, NotApplicable) else found.measures[measure]


def case_mix(report: Report, *, measure: str) -> None:
    """Whether what was expected of units with their cases came true, in a sentence and a picture."""
    look = _field(standing_by(report, measure=measure), "case_mix")
    if isinstance(look, NotApplicable):
        _say(report, look)
        return
    words, slope = catalogue(report.language), look.calibration.slope
    wrong = slope.high < 1 or slope.low > 1
    verdict = "cases_wrong" if wrong else "cases_unsure" if slope.low <= 0 else "cases_right"
    if look.source == "model" and not look.explained > 0:
        verdict = "cases_explain_nothing"
    _say(report, words.text(f"unit_profile.cases_{look.source}"), words.text(f"finding_part.{verdict}"),
         words.text("unit_profile.slope", slope=slope), words.text("unit_profile.moved", moved=look.moved.value))
    _draw(report, _fifths_picture(report, look.calibration.groups, "expected"))


def case_mix_held_out(report: Report, *, measure: str) -> CaseMix | NotApplicable:
    """A model of the study's case columns, judged on units that it did not see: shown, and given back.

    Parameters
    ----------
    report : Report
        From ``prepare``.
    measure : str
        Code of a measure with counts.
    """
    model = or_reason(lambda: _modelled(report, measure))
    if isinstance(model, NotApplicable):
        _say(report, model)
        return model
    words = catalogue(report.language)
    share = number(model.explained, lang=report.language, spec=".0%")
    said = words.text("unit_profile.explained", share=share) if model.explained > 0 else words.text(
        "finding_part.cases_explain_nothing")
    _say(report, words.text("unit_profile.held_out", units=len(model.units)), said,
         words.text("unit_profile.slope", slope=model.calibration.slope))
    columns = {name: words.text(f"case_mix.{name}") for name in model.coefficients.frame["label"]
               if words.has(f"case_mix.{name}")}
    _table(report, model.coefficients, caption=words.text("unit_profile.coefficients"), names={"label": columns})
    _draw(report, _fifths_picture(report, model.calibration.groups, "held_out"))
    return model


def funnel(report: Report, *, measure: str) -> None:
    """Units against what chance and ordinary variation explain."""
    found = report.results.funnels.get(measure, NotApplicable("no_funnel"))
    if isinstance(found, NotApplicable):
        _say(report, found)
        return
    name = words_for(report)["measure"][measure]
    drawn = (one for one in pictures.outcome_pictures(report)
             if one.name.startswith("funnel") and one.params.get("measure") == name)
    _draw(report, next(drawn))


def shrinkage(report: Report, *, measure: str) -> None:
    """How much each unit's number is its own, how many cases it would need, and the best guess for it."""
    from kinerja_lab.plot.standing import shrunken_rows
    from kinerja_lab.plot.style import row_axes

    standing = standing_by(report, measure=measure)
    found = _field(standing, "shrunken")
    if isinstance(found, NotApplicable):
        _say(report, found)
        return
    _say(report, *_volume(report, found, measure))
    table = EstimateTable(groups=("unit",), frame=_open(found.units.frame, standing))
    percent = _measure(report, measure).kind is MeasureKind.PROPORTION
    count = table.frame["unit"].nunique()
    _draw(report, Picture(
        name="unit_shrunken", params={"n": count, "measure": measure_name(report, measure)},
        draw=lambda: shrunken_rows(table, mean=found.mean, lang=report.language, percent=percent,
                                   names=words_for(report)["unit"], axes=row_axes(min(count, _MOST_ROWS)))))
    trusted = _open(found.reliability.frame, standing).sort_values("value", kind="stable")
    _table(report, EstimateTable(groups=("unit",), frame=trusted),
           caption=catalogue(report.language).text("unit_profile.reliability"))


def tiers(report: Report, *, measure: str) -> None:
    """Groups that can be told apart, instead of places."""
    look = standing_by(report, measure=measure)
    found = report.results.standing
    given = not isinstance(found, NotApplicable) and measure in found.adjusted
    _say(report, *tier_sentences(report, look), *(
        [catalogue(report.language).text("unit_profile.tiers_expected")] if given else []))
    if not isinstance(_field(look, "ranking"), NotApplicable):
        _draw(report, tier_picture(report, look))
        show_html(unit_table(report, look))


def fifths(report: Report, *, measure: str) -> None:
    """Each unit's chance to be in the worst fifth, the most likely first."""
    look = standing_by(report, measure=measure)
    found = _field(look, "fifths")
    if isinstance(found, NotApplicable):
        _say(report, found)
        return
    words = catalogue(report.language)
    wide = _open(found.frame, look).pivot(index="unit", columns="label", values="value").reset_index()
    rows = wide.rename(columns={"worst_fifth": "worst_chance", "best_fifth": "best_chance"})
    rows = rows.sort_values("worst_chance", ascending=False, kind="stable")[["unit", "worst_chance", "best_chance"]]
    some = rows[rows["worst_chance"] >= _WORTH_NAMING]
    _say(report, words.text("unit_profile.fifths", units=len(look.rates), size=round(len(look.rates) / 5)))
    _table(report, some, caption=words.text("unit_profile.fifths_table", least=_WORTH_NAMING),
           specs={"worst_chance": CHANCE, "best_chance": CHANCE})


def benchmark(report: Report, *, measure: str) -> None:
    """What the best units have reached already."""
    look = standing_by(report, measure=measure)
    found = _field(look, "benchmark")
    if isinstance(found, NotApplicable):
        _say(report, found)
        return
    names = words_for(report)["unit"]
    best = [names.get(unit, unit) for unit in found.units if unit not in look.hidden]
    key = "unit_profile.benchmark" if best else "unit_profile.benchmark_hidden"
    _say(report, catalogue(report.language).text(key, value=found.benchmark.value, overall=found.overall,
                                                 **({"units": ", ".join(best)} if best else {})))


def months(report: Report, *, measure: str) -> None:
    """The months of the region, and months of single units that ordinary variation does not explain."""
    look, found, words = standing_by(report, measure=measure), report.results.standing, catalogue(report.language)
    if isinstance(found, NotApplicable):
        _say(report, found)
        return
    chart = found.charts[measure]
    if isinstance(chart, NotApplicable):
        _say(report, chart)
    else:
        _draw(report, chart_picture(report, chart))
    watch = found.watches[measure]
    if isinstance(watch, NotApplicable):
        _say(report, watch)
        return
    flagged = _open(watch.flagged, look)
    known = {"months": int(watch.points["judged"].sum()), "units": watch.points["unit"].nunique()}
    _say(report, words.text("unit_profile.months", n=len(watch.flagged), rate=watch.rate, **known)
         if len(watch.flagged) else words.text("unit_profile.no_months", **known))
    if len(flagged):
        scale = _measure(report, measure).scale if _measure(report, measure).kind is not MeasureKind.MEAN else 1.0
        rows = flagged[["unit", "period"]].assign(
            value=scale * flagged["value"], usual=scale * flagged["centre"],
            side=[words.text(f"unit_profile.{side}") for side in flagged["side"]])
        _table(report, rows.head(_MOST_ROWS), caption=words.text("unit_profile.months_table"))


def adjusted_score(report: Report, *, measure: str) -> None:
    """One score after case mix and chance, with its steps."""
    standing_by(report, measure=measure)
    found = report.results.standing
    if isinstance(found, NotApplicable) or measure not in found.adjusted:
        _say(report, NotApplicable("adjusted_nothing_known"))
        return
    adjusted(report, measure=measure)


def verdicts(report: Report, *, measure: str) -> None:
    """What every check of profiles says about the indicators that the measure feeds."""
    words = catalogue(report.language)
    found = [finding for dossier in report.dossiers if dossier.indicator.measure == measure
             for finding in dossier.findings if finding.family is Family.PROFILE]
    if not found:
        _say(report, words.text("unit_profile.no_indicator"))
        return
    judged = [finding for finding in found if finding.status is not Status.NOT_APPLICABLE]
    show_html(sentences_html(judged, words=words))
    rest = sorted({finding.code for finding in found} - {finding.code for finding in judged})
    if rest:
        _say(report, words.text("unit_profile.not_applicable", codes=", ".join(rest)))


def show_html(text: str) -> None:
    """Show what was already escaped."""
    from IPython.display import display

    display(show.html(text))


def _field(look: UnitStanding | NotApplicable, name: str) -> CaseMixLook | Shrunken | EstimateTable | NotApplicable:
    return look if isinstance(look, NotApplicable) else getattr(look, name)


def _open(frame: pd.DataFrame, look: UnitStanding | NotApplicable) -> pd.DataFrame:
    """Rows of units that may be named."""
    hidden = frozenset() if isinstance(look, NotApplicable) else look.hidden
    return frame[~frame["unit"].astype(str).isin(hidden)].reset_index(drop=True)


def _measure(report: Report, code: str) -> Measure:
    return next(measure for measure in report.study.measures if measure.code == code)


def _modelled(report: Report, code: str) -> CaseMix:
    outcomes, measure = report.results.outcomes, _measure(report, code)
    if isinstance(outcomes, NotApplicable):
        raise outcomes
    table = outcomes.by_unit(code).dropna(subset=["events", "denominator"])
    joined, columns = unit_cases(outcomes.of(code), table[table["denominator"] > 0].reset_index(drop=True))
    return fitted(joined, kind=measure.kind, columns=columns, level=report.results.setting.level, rng=profile_rng())


def _volume(report: Report, found: Shrunken, measure: str) -> list[str]:
    words = catalogue(report.language)
    if isinf(found.volume.value):
        return [words.sentence(NotApplicable("units_do_not_differ").message)]
    sizes = found.reliability.frame["n"]
    below = int((sizes < found.volume.value).sum())
    what = words.text(f"finding_part.{_COUNTED[_measure(report, measure).kind]}")
    return [words.text("unit_profile.volume", volume=found.volume, what=what),
            words.text("unit_profile.below", below=below, units=len(sizes)) if below else
            words.text("unit_profile.none_below", units=len(sizes))]


def _fifths_picture(report: Report, groups: EstimateTable, name: str) -> Picture:
    from kinerja_lab.plot.standing import expected_fifths
    from kinerja_lab.plot.style import row_axes

    return Picture(name=f"unit_cases_{name}", params={"k": len(groups)}, draw=lambda: expected_fifths(
        groups, lang=report.language, axes=row_axes(len(groups) + 1)))


def _draw(report: Report, picture: Picture) -> None:
    if isinstance(picture.draw, NotApplicable):
        _say(report, picture.draw)
        return
    alt, caption = caption_of(picture, report.language)
    show.picture(picture.draw().figure, alt=alt, caption=caption)


def _say(report: Report, *said: str | NotApplicable) -> None:
    show_html("".join(reason_html(line, lang=report.language) if isinstance(line, NotApplicable)
                      else f"<p>{escape(line)}</p>" for line in said))


def _table(report: Report, table: EstimateTable | pd.DataFrame, *, caption: str, names=None, specs=None) -> None:
    show_html(table_html(table, lang=report.language, names={**words_for(report), **(names or {})}, caption=caption,
                         headers={**headers_for(report), "usual": catalogue(report.language).text("unit_profile.usual"),
                                  "side": catalogue(report.language).text("unit_profile.side")}, specs=specs))
