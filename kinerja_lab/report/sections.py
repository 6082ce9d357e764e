"""What does each part of a report show? One function a cell of the template notebooks; nothing is computed here."""

from collections.abc import Iterable
from html import escape
from math import isnan

import pandas as pd

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.drafting.achievement import Achievement
from kinerja_lab.report import pictures, screens, show
from kinerja_lab.report.pictures import Picture, headers_for, words_for
from kinerja_lab.report.reasons import reason_html
from kinerja_lab.report.result import RECOMPUTED_WITHIN, result_of
from kinerja_lab.report.session import Report
from kinerja_lab.report.tables import table_html
from kinerja_lab.text.catalogue import catalogue

__all__ = ["achievement_pictures", "findings", "first_screen", "method", "mismatches", "outcome_pictures", "results",
           "survey_pictures", "tables"]


def first_screen(report: Report):
    """What holds, what does not, what to do."""
    return show.html(screens.first_screen(
        report.results, report.dossiers, lang=report.language, source_note=report.study.source_note[report.language]))


def survey_pictures(report: Report) -> None:
    """What citizens said."""
    _draw(report, "survey", pictures.survey_pictures(report))


def outcome_pictures(report: Report) -> None:
    """Where units stand, and whether the indicators follow the outcomes."""
    _draw(report, "outcomes", pictures.outcome_pictures(report))


def achievement_pictures(report: Report) -> None:
    """Achievement of every indicator by period."""
    _draw(report, "achievement", pictures.achievement_pictures(report))


def tables(report: Report):
    """The same numbers as tables."""
    survey, names = report.results.survey, words_for(report)
    parts = [_heading(report, "tables")]
    if isinstance(survey, NotApplicable):
        parts.append(reason_html(survey, lang=report.language, section="survey"))
    else:
        items = {"label": names["item"]} if not survey.ruleset.elements else {}
        for section in ("elements", "agencies", "units", "unit_grades", "missing", "ceiling", "item_rest"):
            if section != "agencies" or len(report.study.agencies) > 1:
                parts.append(_table(report, section, getattr(survey, section), names={**names, **items}))
        parts.insert(1, _stacked(report, "headline", [survey.index, survey.index_varying, survey.change]))
        parts.append(_reliability(report))
    parts.append(_claims(report))
    return show.html("\n".join(part for part in parts if part)) if parts else show.html("")


def mismatches(report: Report):
    """Printed ratios that cannot be recomputed, row by row."""
    rows = []
    for dossier in report.dossiers:
        answers = report.results.achievements[dossier.indicator.code]
        for entry, answer in zip(dossier.indicator.series, answers, strict=True):
            if isnan(entry.printed):
                continue
            percent = answer.percent if isinstance(answer, Achievement) else float("nan")
            if isnan(percent) or abs(percent - entry.printed) > RECOMPUTED_WITHIN:
                rows.append({"agency": ", ".join(dossier.indicator.agencies), "indicator": dossier.indicator.code,
                             "period": entry.period, "target": entry.target, "realisation": entry.realisation,
                             "printed": entry.printed, "percent": percent})
    head = _heading(report, "mismatches")
    if not rows:
        return show.html(head + f"<p>{escape(_text(report, 'sentence.no_mismatch', within=RECOMPUTED_WITHIN))}</p>")
    sentence = _text(report, "sentence.mismatches", n=len(rows), within=RECOMPUTED_WITHIN)
    table = table_html(pd.DataFrame(rows), lang=report.language, names=words_for(report), headers=headers_for(report),
                       caption=_text(report, "caption.mismatches"))
    return show.html(f"{head}<p>{escape(sentence)}</p>{table}")


def findings(report: Report):
    """Every check's answer for every indicator."""
    return show.html(screens.findings_table(report.dossiers, lang=report.language))


def method(report: Report):
    """What every number rests on."""
    study, lang = report.study, report.language
    notes = [study.source_note[lang], study.limits.get(lang, "")]
    return show.html(screens.method_section(
        report.results, report.dossiers, lang=lang, source_note=" ".join(filter(None, notes))))


def results(report: Report) -> None:
    """Hand all numbers to the runner."""
    show.emit_results(result_of(report))


def _draw(report: Report, section: str, todo: Iterable[Picture]) -> None:
    from IPython.display import display

    display(show.html(_heading(report, section)))
    for picture in todo:
        if isinstance(picture.draw, NotApplicable):
            display(show.html(reason_html(picture.draw, lang=report.language, section=picture.name)))
        else:
            alt, caption = pictures.caption_of(picture, report.language)
            show.picture(picture.draw().figure, alt=alt, caption=caption)


def _table(report: Report, section: str, table: EstimateTable | NotApplicable, *, names: dict) -> str:
    if isinstance(table, NotApplicable):
        return reason_html(table, lang=report.language, section=section)
    caption = _text(report, f"caption.{section}", agency=report.study.agency_word[report.language],
                    unit=report.study.unit_word[report.language])
    return table_html(table, lang=report.language, names=names, headers=headers_for(report), caption=caption)


def _reliability(report: Report) -> str:
    survey, unit = report.results.survey, report.results.survey.unit_reliability
    found = [survey.alpha, survey.straightlining]
    if not isinstance(unit, NotApplicable):
        found += [unit.reliability, unit.icc1, *unit.needed.estimates(), unit.separable]
    return _stacked(report, "reliability", found)


def _stacked(report: Report, section: str, estimates: list[Estimate | NotApplicable]) -> str:
    """Single estimates as one table; what does not apply is left to the checks, which give its reason."""
    kept = [estimate for estimate in estimates if not isinstance(estimate, NotApplicable)]
    return _table(report, section, EstimateTable.from_estimates(kept), names={}) if kept else ""


def _claims(report: Report) -> str:
    """Claim by claim: what was expected, what was found, with its interval and the q-value over all looks."""
    names, words = words_for(report), catalogue(report.language)
    rows = []
    for look in report.results.looks:
        tested = not isinstance(look.result, NotApplicable)
        rows.append({
            "indicator": names["indicator"][look.indicator], "criterion": names["measure"][look.criterion],
            "rank": look.result.rank if tested else "", "linear": look.result.linear if tested else "",
            "n": look.result.n if tested else 0, "q": look.q,
            "note": "" if tested else words.sentence(look.result.message),
        })
    if not rows:
        return ""
    return table_html(pd.DataFrame(rows), lang=report.language, caption=_text(report, "caption.claims"))


def _heading(report: Report, section: str) -> str:
    return f"<h2>{escape(_text(report, f'section.{section}'))}</h2>"



def _text(report: Report, key: str, **params: object) -> str:
    return catalogue(report.language).text(key, **params)
