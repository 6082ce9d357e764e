"""Which pictures does a report show, with which description? Each is drawn, or the reason stands in its place."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.core.indicator import Indicator
from kinerja_lab.evidence.criterion import FALSE_DISCOVERY
from kinerja_lab.evidence.results import CriterionLook, SurveyResults
from kinerja_lab.report.disclosure import hidden_units, mask_units, suppress
from kinerja_lab.report.session import Report
from kinerja_lab.report.unit_names import region_names
from kinerja_lab.text.catalogue import catalogue

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["Picture", "achievement_pictures", "outcome_pictures", "headers_for", "region_picture", "survey_pictures",
           "words_for"]

REGION_LIMIT = 60
"""Regions drawn in one picture: the highest and the lowest; the table has them all."""
SCATTER_LIMIT = 6
"""Claims drawn in one report; the others stand in the table."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Picture:
    """One picture to be drawn.

    Parameters
    ----------
    name : str
        Section under ``[picture]`` of the catalogues: ``alt``, ``caption`` and ``title``.
    draw : callable or NotApplicable
        Draws on new axes and returns them; or why there is no picture.
    params : dict
        Values for the alt text and the caption.
    """

    name: str
    draw: "Callable[[], Axes] | NotApplicable"
    params: dict[str, object]


def words_for(report: Report) -> dict[str, dict[str, str]]:
    """Words for codes, by column, in the report's language."""
    lang, study = report.language, report.study
    english = lang == "en"
    items = study.instrument.items if study.instrument else ()
    return {
        "agency": {code: names[lang] for code, names in study.agencies.items()},
        "unit": dict(report.results.unit_names),
        "measure": {m.code: (m.name_en if english else "") or m.name for m in study.measures},
        "indicator": {i.code: (i.name_en if english else "") or i.name for i in study.indicators},
        "item": {item.code: (item.text_en if english else "") or item.text for item in items},
    }


def headers_for(report: Report) -> dict[str, str]:
    """What the study calls an agency and a unit, as heads of columns."""
    study, lang = report.study, report.language
    return {"agency": study.agency_word[lang].capitalize(), "unit": study.unit_word[lang].capitalize()}


def survey_pictures(report: Report) -> Iterator[Picture]:
    """Elements, grade, units and raters."""
    from kinerja_lab.plot.outcomes import rater_spread
    from kinerja_lab.plot.style import blank_axes, row_axes
    from kinerja_lab.plot.survey import element_profile, grade_strip, unit_caterpillar

    survey, lang, names = report.results.survey, report.language, words_for(report)
    if isinstance(survey, NotApplicable):
        yield Picture(name="survey", draw=survey, params={})
        return
    rule, n, setting = survey.ruleset, survey.survey.n, report.results.setting
    who = setting.unit_word if setting.row_is_unit else catalogue(lang).text("unit.respondents")
    if len(survey.elements) > 1:
        k = len(survey.elements)
        yield Picture(name="elements", params={"n": n, "who": who, "k": k}, draw=lambda: element_profile(
            survey.elements, ruleset=rule, lang=lang, names=names["item"], axes=row_axes(k)))
    if rule.bands:
        yield Picture(name="grades", params={"index": survey.index}, draw=_or(survey.grades, lambda: grade_strip(
            survey.grades, ruleset=rule, lang=lang, axes=blank_axes(height=1.7))))
    shown = _shown(survey.units)
    yield Picture(name="units", params={"n": shown, "unit_word": report.results.setting.unit_word},
                  draw=_units_drawing(survey, lambda: unit_caterpillar(
                      survey.units, lang=lang, overall=survey.index, names={**names["agency"], **names["unit"]},
                      ruleset=_banded(rule),
                      axes=row_axes(min(shown, 60)))))
    if report.study.rater_column:
        yield Picture(name="raters", params={}, draw=_or(survey.raters, lambda: rater_spread(
            survey.raters, lang=lang, axes=blank_axes(height=3.4))))


def outcome_pictures(report: Report) -> Iterator[Picture]:
    """Funnels of the measures with counts, and the claims that could be tested."""
    from kinerja_lab.plot.funnel import funnel_plot
    from kinerja_lab.plot.outcomes import criterion_scatter
    from kinerja_lab.plot.style import blank_axes

    results, lang, names = report.results, report.language, words_for(report)
    if isinstance(results.outcomes, NotApplicable):
        yield Picture(name="outcomes", draw=results.outcomes, params={})
        return
    for measure, funnel in results.funnels.items():
        if not isinstance(funnel, NotApplicable):
            yield Picture(name="funnel" if funnel.flags else "funnel_quiet", params={
                "measure": names["measure"][measure], "n": len(funnel.units), "flags": len(funnel.flags),
                "kept": len(funnel.kept_flags(FALSE_DISCOVERY)), "looks": funnel.looks},
                draw=lambda f=funnel, m=measure: funnel_plot(
                    f, lang=lang, axes=blank_axes(height=4.2), name=names["measure"][m], names=names["unit"],
                    rate=FALSE_DISCOVERY, hidden=hidden_units(suppress(f.units, below=results.setting.suppress_below))))
    for look in _tested(results.looks):
        labels = (names["indicator"][look.indicator], names["measure"][look.criterion])
        yield Picture(
            name="criterion", params={"indicator": labels[0], "measure": labels[1], "n": look.result.n,
                                      "rank": look.result.rank},
            draw=lambda k=look, t=labels: criterion_scatter(
                _points(k, results.survey), lang=lang, axes=blank_axes(height=4.4), labels=t, result=k.result,
                names=names["agency"]))


def region_picture(report: Report, regions: EstimateTable) -> Picture:
    """Every region's index with its interval."""
    from kinerja_lab.plot.style import row_axes
    from kinerja_lab.plot.survey import region_forest

    survey = report.results.survey
    return Picture(name="regions", params={"n": len(regions), "region_word": report.results.setting.region_word},
                   draw=lambda: region_forest(regions, lang=report.language, names=region_names(report.study),
                                              overall=survey.index, ruleset=_banded(survey.ruleset),
                                              axes=row_axes(min(len(regions), REGION_LIMIT)), limit=REGION_LIMIT))


def achievement_pictures(report: Report) -> Iterator[Picture]:
    """Achievement of every indicator by period, one picture an agency."""
    from kinerja_lab.plot.achievement import achievement_heat
    from kinerja_lab.plot.style import row_axes

    names = words_for(report)["agency"]
    for agency in report.study.agencies:
        chosen: list[Indicator] = [i for i in report.study.indicators if agency in i.agencies and i.series]
        if chosen:
            yield Picture(name="achievement", params={"agency": names[agency], "n": len(chosen)},
                          draw=lambda c=tuple(chosen): achievement_heat(
                              report.results.achievements, indicators=c, scale=report.results.scale,
                              lang=report.language, axes=row_axes(len(c) + 2)))


def caption_of(picture: Picture, lang: str) -> tuple[str, str]:
    """Alt text and caption of a picture."""
    words = catalogue(lang)
    return (words.text(f"picture.{picture.name}.alt", **picture.params),
            words.text(f"picture.{picture.name}.caption", **picture.params))


def _or(result: object, draw: "Callable[[], Axes]") -> "Callable[[], Axes] | NotApplicable":
    return result if isinstance(result, NotApplicable) else draw


def _units_drawing(survey: SurveyResults, draw: "Callable[[], Axes]") -> "Callable[[], Axes] | NotApplicable":
    if isinstance(survey.units, NotApplicable):
        return survey.units
    if not survey.units.frame["low"].notna().any():
        return NotApplicable("one_answer_a_unit")
    return draw


def _shown(units: EstimateTable | NotApplicable) -> int:
    return 0 if isinstance(units, NotApplicable) else int(units.frame["value"].notna().sum())


def _banded(rule):
    return rule if rule.bands else None


def _tested(looks: tuple[CriterionLook, ...]) -> list[CriterionLook]:
    """The claims with a result, the strongest first."""
    tested = [look for look in looks if not isinstance(look.result, NotApplicable)]
    return sorted(tested, key=lambda look: look.result.p)[:SCATTER_LIMIT]


def _points(look: CriterionLook, survey: SurveyResults | NotApplicable):
    if isinstance(survey, NotApplicable) or isinstance(survey.units, NotApplicable):
        return look.points
    return mask_units(look.points, hidden=hidden_units(survey.units))
