"""What is known about one region: every method of the path, called once, in order.

Nothing is decided or worded here. A method that has no answer says why; that reason stands where its result would have
stood, so that a report can always ask and never meets ``None``.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from kinerja_lab.calibration.criterion import association
from kinerja_lab.calibration.raters import RaterEffects, adjust_for_raters
from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.indicator import Criterion, Indicator
from kinerja_lab.core.outcome import Measure
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.core.ruleset import Ruleset
from kinerja_lab.core.survey import SurveyData
from kinerja_lab.drafting.achievement import achievements
from kinerja_lab.estimation.satisfaction import (
    constant_items,
    element_scores,
    grade_probabilities,
    grade_table,
    index_change,
    satisfaction_index,
)
from kinerja_lab.evidence.reading import need
from kinerja_lab.evidence.results import CriterionLook, RegionResults, Setting, SurveyResults
from kinerja_lab.io.rulesets import load_ruleset
from kinerja_lab.io.sources import StudySource
from kinerja_lab.io.study_values import Study
from kinerja_lab.io.wording_rules import load_wording_rules
from kinerja_lab.numeric.false_discovery import q_values
from kinerja_lab.profiling.funnel import Funnel, flags_together, funnel
from kinerja_lab.psychometrics.items import ceiling_share, missing_share, straightlining
from kinerja_lab.psychometrics.reliability import alpha, item_rest
from kinerja_lab.psychometrics.unit_reliability import UnitReliability, unit_reliability
from kinerja_lab.report.analyse_calibration import calibrate
from kinerja_lab.report.analyse_design import design_results
from kinerja_lab.report.analyse_instrument import analyse_instrument
from kinerja_lab.report.analyse_irt import fairness_results
from kinerja_lab.report.analyse_regions import regions_results
from kinerja_lab.report.analyse_standing import standing_results
from kinerja_lab.report.analyse_structure import structure_results
from kinerja_lab.report.disclosure import suppress_nested
from kinerja_lab.report.parameters import ALL_REGIONS
from kinerja_lab.report.reasons import or_reason
from kinerja_lab.report.unit_names import with_regions

__all__ = ["analyse", "setting_of"]

SCALE = "permendagri-86-2017"
"""Achievement scale that names the categories."""

ByUnit = Mapping[str, pd.DataFrame | NotApplicable]


def setting_of(study: Study, *, region: str, period: str, language: str, level: float) -> Setting:
    """Which report this is, in the words of the study.

    Parameters
    ----------
    study : Study
        The study as loaded.
    region : str
        Region code of the study, or ``ALL_REGIONS``.
    period : str
        One of the study's periods; empty where it has none.
    language : str
        ``"id"`` or ``"en"``.
    level : float
        Confidence level, 0 to 1.

    Raises
    ------
    KinerjaError
        ``unknown_region``.
    """
    before = [earlier for earlier in study.periods if earlier < period]
    name, shown = study.title[language], ""
    if region != ALL_REGIONS:
        place = study.region(region)
        name, shown = place.name, place.shown_name
    return Setting(
        study=study.code, region=region, region_name=name, shown_name=shown,
        region_word=study.region_word[language], unit_word=study.unit_word[language], period=period,
        previous=before[-1] if before else "", level=level, suppress_below=study.suppress_below,
        synthetic=study.synthetic, row_is_unit=study.row_is_unit,
    )


def analyse(study: Study, source: StudySource, *, setting: Setting) -> RegionResults:
    """Every result of one region and period.

    Parameters
    ----------
    study : Study
        The study as loaded.
    source : StudySource
        Its opened source; only the region's rows are read.
    setting : Setting
        From ``setting_of``.

    Returns
    -------
    RegionResults
        Groups below the suppression threshold are hidden already.
    """
    region = None if setting.region == ALL_REGIONS else setting.region
    survey = or_reason(lambda: _survey_results(study, source, region, setting))
    outcomes = or_reason(lambda: source.outcomes(region=region, period=setting.period or None))
    by_unit = {measure.code: outcomes if isinstance(outcomes, NotApplicable) else outcomes.by_unit(measure.code)
               for measure in study.measures}
    looks = _looks(study, survey, by_unit, setting)
    standing = standing_results(setting=setting, survey=survey, outcomes=outcomes, by_unit=by_unit,
                                measures=study.measures, history=lambda: source.outcomes(region=region))
    return RegionResults(
        setting=setting, survey=survey, outcomes=outcomes,
        funnels=flags_together({measure.code: or_reason(lambda m=measure: _funnel(by_unit[m.code], m, setting))
                                for measure in study.measures}),
        looks=looks,
        achievements={indicator.code: achievements(indicator) for indicator in study.indicators},
        scale=load_ruleset(SCALE), unit_names=_unit_names(study, source, survey, outcomes, setting),
        wording=load_wording_rules(), peers=study.indicators, statements=study.statements,
        design=design_results(survey, setting=setting),
        instrument=survey if isinstance(survey, NotApplicable) else or_reason(
            lambda: analyse_instrument(survey, setting=setting)),
        structure=structure_results(survey, level=setting.level, row_is_unit=setting.row_is_unit,
                                    suppress_below=setting.suppress_below),
        calibration=calibrate(study, source, survey=survey, outcomes=outcomes, by_unit=by_unit, looks=looks,
                              setting=setting, standing=standing),
        standing=standing,
        fairness=fairness_results(survey, level=setting.level, suppress_below=setting.suppress_below,
                                  row_is_unit=setting.row_is_unit),
        regions=regions_results(source, setting=setting),
    )


def _unit_names(study: Study, source: StudySource, survey, outcomes, setting: Setting) -> Mapping[str, str]:
    """Names of units; with their region where all regions stand on one page, as the same name may occur in each."""
    if setting.region != ALL_REGIONS:
        return source.unit_names()
    homes = (table if isinstance(table, NotApplicable) else table.frame for table in (
        survey if isinstance(survey, NotApplicable) else survey.survey, outcomes))
    return with_regions(source.unit_names(), study=study, homes=homes, unit_word=setting.unit_word)


def _survey_results(study: Study, source: StudySource, region: str | None, setting: Setting) -> SurveyResults:
    survey = source.survey(region=region, period=setting.period or None)
    rule, level = study.ruleset, setting.level
    patterns = ResponsePatterns.from_survey(survey)
    constant = constant_items(survey)
    varying = tuple(code for code in patterns.items if code not in constant)
    complete = (patterns.only(varying) if varying else patterns).complete()
    index = satisfaction_index(survey, ruleset=rule, level=level).row("index")
    agencies, units = suppress_nested(
        *(satisfaction_index(survey, ruleset=rule, level=level, by=by) for by in (("agency",), ("agency", "unit"))),
        below=setting.suppress_below,
    )
    return SurveyResults(
        survey=survey, patterns=patterns, ruleset=rule, index=index,
        index_varying=or_reason(lambda: _index_varying(survey, rule, level, constant)),
        constant_items=constant,
        elements=element_scores(survey, ruleset=rule, level=level),
        grades=or_reason(lambda: _graded(rule, lambda: grade_probabilities(index, ruleset=rule))),
        change=or_reason(lambda: _change(source, survey, rule, region, setting)),
        agencies=agencies, units=units,
        unit_grades=or_reason(lambda: _graded(rule, lambda: grade_table(units, ruleset=rule))),
        missing=missing_share(patterns, level=level), ceiling=ceiling_share(patterns, level=level),
        straightlining=or_reason(lambda: straightlining(patterns, level=level)),
        alpha=or_reason(lambda: alpha(complete, level=level)),
        item_rest=or_reason(lambda: item_rest(complete, level=level)),
        unit_reliability=or_reason(lambda: _unit_reliability(survey, level)),
        raters=or_reason(lambda: _raters(survey, study.rater_column, level)),
    )


def _graded(rule: Ruleset, grades: Callable[[], EstimateTable]) -> EstimateTable:
    if not rule.bands:
        raise NotApplicable("no_grades", ruleset=rule.title)
    return grades()


def _index_varying(survey: SurveyData, rule: Ruleset, level: float, constant: tuple[str, ...]) -> Estimate:
    if not constant:
        raise NotApplicable("no_constant_items")
    if len(constant) == len(survey.instrument.items):
        raise NotApplicable("all_items_constant", items=", ".join(constant))
    without = satisfaction_index(survey, ruleset=rule, level=level, exclude=constant).row("index")
    return replace(without, label="index_varying")


def _change(source: StudySource, survey: SurveyData, rule: Ruleset, region: str | None, setting: Setting) -> Estimate:
    if not setting.previous:
        raise NotApplicable("no_previous_period")
    before = source.survey(region=region, period=setting.previous)
    return index_change(before, survey, ruleset=rule, level=setting.level)


def _person_scores(survey: SurveyData) -> tuple[np.ndarray, np.ndarray]:
    """Mean of each respondent's answers, and who gave any."""
    answers = survey.answers()
    given = ~np.isnan(answers)
    some = given.any(axis=1)
    return np.where(given, answers, 0.0)[some].sum(axis=1) / given[some].sum(axis=1), some


def _unit_reliability(survey: SurveyData, level: float) -> UnitReliability:
    scores, some = _person_scores(survey)
    return unit_reliability(scores, survey.frame["unit"].to_numpy()[some], level=level)


def _raters(survey: SurveyData, column: str, level: float) -> RaterEffects:
    if not column:
        raise NotApplicable("raters_unknown")
    scores, some = _person_scores(survey)
    frame = survey.frame[some]
    return adjust_for_raters(scores, frame["unit"].to_numpy(), frame[column].to_numpy(), level=level)


def _funnel(units: pd.DataFrame | NotApplicable, measure: Measure, setting: Setting) -> Funnel:
    if isinstance(units, NotApplicable):
        raise units
    return funnel(units, measure=measure, level=setting.level)


def _looks(study: Study, survey: SurveyResults | NotApplicable, by_unit: ByUnit, setting: Setting,
           ) -> tuple[CriterionLook, ...]:
    """Every claim of every indicator, with the false discovery rate controlled over all of them."""
    claims = [(indicator, criterion) for indicator in study.indicators for criterion in indicator.criteria]
    points = [or_reason(lambda i=i, c=c: _points(i, c, survey, by_unit)) for i, c in claims]
    results = [or_reason(lambda i=i, c=c, p=p: _association(i, c, p, setting.level))
               for (i, c), p in zip(claims, points, strict=True)]
    p_values = np.array([np.nan if isinstance(result, NotApplicable) else result.p for result in results])
    empty = pd.DataFrame(columns=["unit", "agency", "region", "indicator", "outcome"])
    return tuple(
        CriterionLook(indicator=indicator.code, criterion=criterion.measure, result=result, q=float(q),
                      points=empty if isinstance(result, NotApplicable) else pairs)
        for (indicator, criterion), pairs, result, q in zip(claims, points, results, q_values(p_values), strict=True)
    )


def _association(indicator: Indicator, criterion: Criterion, points: pd.DataFrame | NotApplicable, level: float):
    if isinstance(points, NotApplicable):
        raise points
    sides = [points.rename(columns={side: "value"})[["unit", "region", "value"]] for side in ("indicator", "outcome")]
    return association(*sides, indicator_code=indicator.code, criterion=criterion.measure,
                       expected_sign=criterion.sign, level=level)


def _points(
    indicator: Indicator, criterion: Criterion, survey: SurveyResults | NotApplicable, by_unit: ByUnit,
) -> pd.DataFrame:
    """Indicator and outcome of every unit that has both."""
    right = by_unit[criterion.measure]
    if isinstance(right, NotApplicable):
        raise right
    left = _indicator_by_unit(indicator, survey, by_unit)
    right = right[["unit", "value"]].rename(columns={"value": "outcome"})
    return left.merge(right, on="unit", how="inner", validate="one_to_one")


def _indicator_by_unit(
    indicator: Indicator, survey: SurveyResults | NotApplicable, by_unit: ByUnit,
) -> pd.DataFrame:
    columns = ["unit", "agency", "region", "indicator"]
    if not indicator.survey:
        if not indicator.measure:
            raise NotApplicable("indicator_without_data")
        return need(by_unit[indicator.measure]).rename(columns={"value": "indicator"})[columns]
    survey = need(survey)
    units = survey.units.frame.dropna(subset=["value"]).rename(columns={"value": "indicator"})
    homes = survey.survey.frame[["unit", "region"]].drop_duplicates("unit")
    return units.merge(homes, on="unit", how="left", validate="one_to_one")[columns]
