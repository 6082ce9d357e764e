"""Do this region's indicators follow the outcomes, where is the bar, and can the targets be reached?"""

from collections.abc import Callable, Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from kinerja_lab.calibration.anchored_cut import against_cut, anchored_cut
from kinerja_lab.calibration.association_parts import association_parts, association_slope, corrected_association
from kinerja_lab.calibration.criterion import LEAST_REGIONS
from kinerja_lab.calibration.drift import Drift, drift, judged_together
from kinerja_lab.calibration.gain import PredictiveGain, predictive_gain
from kinerja_lab.calibration.gaming import digit_preference, heaping_at_target, on_target, sudden_jumps
from kinerja_lab.calibration.item_outcomes import ItemOutcomes
from kinerja_lab.calibration.mixed_slope import mixed_slope
from kinerja_lab.calibration.outcome_curve import OutcomeCurve, outcome_curve, share_curve
from kinerja_lab.calibration.unit_rows import need_once
from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.indicator import Criterion, Indicator
from kinerja_lab.core.options import MeasureKind
from kinerja_lab.core.outcome import OutcomeData
from kinerja_lab.core.standard import Standard
from kinerja_lab.estimation.grade_risk import grade_risk, unit_grade_risk
from kinerja_lab.estimation.satisfaction import satisfaction_index
from kinerja_lab.evidence.calibration_results import (
    CalibrationResults,
    ClaimLook,
    CutLook,
    GamingLook,
)
from kinerja_lab.evidence.reading import need
from kinerja_lab.evidence.results import CriterionLook, Setting, SurveyResults
from kinerja_lab.evidence.standing_results import StandingResults
from kinerja_lab.io.sources import StudySource
from kinerja_lab.io.study_values import Study
from kinerja_lab.numeric.false_discovery import q_values
from kinerja_lab.report.analyse_targets import latest_target, shown_scale, target_look
from kinerja_lab.report.case_columns import outcome_case_mix
from kinerja_lab.report.outcome_table import dimension_looks
from kinerja_lab.report.parameters import ALL_REGIONS
from kinerja_lab.report.reasons import or_reason

__all__ = ["calibrate"]

Survey = SurveyResults | NotApplicable
Outcomes = OutcomeData | NotApplicable
ByUnit = Mapping[str, pd.DataFrame | NotApplicable]


def calibrate(
    study: Study, source: StudySource, *, survey: Survey, outcomes: Outcomes, by_unit: ByUnit,
    looks: tuple[CriterionLook, ...], setting: Setting, standing: StandingResults,
) -> CalibrationResults:
    """Every result of this area for one region.

    Parameters
    ----------
    study : Study
        The study as loaded.
    source : StudySource
        Its source; read for the previous period.
    survey : SurveyResults or NotApplicable
        The region's survey; small units are hidden already.
    outcomes : OutcomeData or NotApplicable
        The region's outcomes of the period.
    by_unit : mapping of str to (pandas.DataFrame or NotApplicable)
        Outcomes summed by unit, by measure code.
    looks : tuple of CriterionLook
        The claims with the units' pairs.
    setting : Setting
        Which report this is.
    standing : StandingResults
        Its achievable benchmarks stand beside the other targets.
    """
    mixes = {measure.code: outcome_case_mix(outcomes, measure=measure.code) for measure in study.measures}
    before = _previous(study, source, setting)
    claims = _claims(study, survey, looks, mixes, before, setting.level)
    used = [name for mix in mixes.values() for name in mix.columns[1:]]
    return CalibrationResults(
        case_mix=tuple(dict.fromkeys(_family(name) for name in used)), claims=claims,
        cuts=_cuts(study, survey, outcomes, by_unit, looks, setting),
        risk=or_reason(lambda: _risk(survey)), unit_answers=or_reason(lambda: _unit_answers(survey)),
        gaming={item.code: _gaming(item, outcomes, by_unit, setting) for item in study.indicators},
        targets={item.code: or_reason(lambda i=item: target_look(
                i, survey=survey, outcomes=outcomes, setting=setting, standing=standing))
                 for item in study.indicators},
        dimensions=or_reason(lambda: _dimensions(study, survey, outcomes, setting)))


def _dimensions(study: Study, survey: Survey, outcomes: Outcomes, setting: Setting) -> ItemOutcomes:
    """Of all regions together, with the outcomes that the survey claims to go with."""
    if setting.region != ALL_REGIONS:
        raise NotApplicable("dimensions_national")
    claimed = dict.fromkeys(claim.measure for item in study.indicators if item.survey for claim in item.criteria)
    return dimension_looks(need(survey).survey, need(outcomes), measures=tuple(claimed), level=setting.level)


def _family(column: str) -> str:
    return column.split("=")[0]


def _previous(study: Study, source: StudySource, setting: Setting) -> Callable[[Indicator, str], pd.DataFrame]:
    """Pairs of the period before, read when the first claim asks for them."""
    region = None if setting.region == ALL_REGIONS else setting.region
    kept: dict[str, object] = {}

    def outcomes() -> OutcomeData:
        if "*outcomes" not in kept:
            kept["*outcomes"] = or_reason(lambda: source.outcomes(region=region, period=setting.previous))
        return need(kept["*outcomes"])

    def index() -> pd.DataFrame:
        if "*index" not in kept:
            answers = source.survey(region=region, period=setting.previous)
            table = satisfaction_index(answers, ruleset=study.ruleset, level=setting.level, by=("region", "unit"))
            kept["*index"] = table.frame[["region", "unit", "value"]].dropna()
        return kept["*index"]

    def values(measure: str) -> pd.DataFrame:
        if measure not in kept:
            kept[measure] = outcomes().by_unit(measure)[["region", "unit", "value"]]
        return kept[measure]

    def pairs(indicator: Indicator, measure: str) -> pd.DataFrame:
        if not setting.previous:
            raise NotApplicable("no_previous_period")
        if not indicator.survey and not indicator.measure:
            raise NotApplicable("indicator_without_data")
        left = (index() if indicator.survey else values(indicator.measure)).rename(columns={"value": "indicator"})
        right = values(measure)
        need_once(right)
        return left.assign(outcome=left["unit"].map(right.set_index("unit")["value"]))

    return pairs


def _claims(study, survey, looks, mixes, before, level: float) -> tuple[ClaimLook, ...]:
    by_code = {item.code: item for item in study.indicators}
    signs = {(item.code, claim.measure): claim.sign for item in study.indicators for claim in item.criteria}
    found = []
    for look in looks:
        indicator = by_code[look.indicator]
        sign = signs[look.indicator, look.criterion]
        points = look.points.merge(mixes[look.criterion], on="unit", how="left") if len(look.points) else look.points
        mix = tuple(mixes[look.criterion].columns[1:]) if len(look.points) else ()
        refusal = look.result if isinstance(look.result, NotApplicable) else None
        found.append(ClaimLook(
            indicator=look.indicator, criterion=look.criterion, sign=sign, gain_q=float("nan"),
            parts=refusal or or_reason(lambda i=indicator, p=points, m=mix: _parts(i, p, m, survey, level)),
            slope=refusal or or_reason(lambda i=indicator, p=points, m=mix: _slope(i, p, m, level)),
            slope_mixed=refusal or or_reason(lambda p=points, m=mix: _mixed(p, m, level)),
            gain=refusal or or_reason(lambda p=points, m=mix: _gain(p, m, level)),
            drift=refusal or or_reason(lambda i=indicator, k=look, s=sign: _drift(i, k, s, before, level))))
    q = q_values(np.array([item.gain.p if isinstance(item.gain, PredictiveGain) else np.nan for item in found]))
    drifts = iter(judged_together([item.drift for item in found if isinstance(item.drift, Drift)]))
    return tuple(replace(item, gain_q=float(value), drift=next(drifts) if isinstance(item.drift, Drift) else item.drift)
                 for item, value in zip(found, q, strict=True))


def _parts(indicator: Indicator, points, mix, survey: Survey, level: float) -> EstimateTable:
    parts = association_parts(points, level=level, case_mix=mix, ranked=True)
    if not indicator.survey or isinstance(survey, NotApplicable) or isinstance(survey.unit_reliability, NotApplicable):
        return parts
    rows = list(parts.estimates())
    clean = or_reason(lambda: corrected_association(rows[0], reliabilities=[survey.unit_reliability.reliability]))
    return parts if isinstance(clean, NotApplicable) else EstimateTable.from_estimates([*rows, clean])


def _slope(indicator: Indicator, points, mix, level: float) -> EstimateTable:
    if not indicator.survey and points["region"].nunique() == 1:
        raise NotApplicable("not_survey_indicator")
    return association_slope(points, level=level, case_mix=mix)


def _mixed(points, mix, level: float) -> EstimateTable:
    regions = points["region"].nunique()
    if regions < LEAST_REGIONS:
        raise NotApplicable("few_regions_mixed", n=regions, least=LEAST_REGIONS)
    return mixed_slope(points, level=level, case_mix=mix)


def _gain(points, mix, level: float) -> PredictiveGain:
    """Case mix is left out of the base line where there are too few units for it."""
    few = len(points) < 5 * (len(mix) + 2)
    return predictive_gain(points, level=level, case_mix=() if few else mix)


def _drift(indicator: Indicator, look: CriterionLook, sign: int, before, level: float) -> Drift:
    return drift(before(indicator, look.criterion), look.points, sign=sign, level=level)


def _cuts(
    study: Study, survey: Survey, outcomes: Outcomes, by_unit: ByUnit, looks, setting: Setting,
) -> tuple[CutLook, ...]:
    if isinstance(survey, NotApplicable) or isinstance(outcomes, NotApplicable) or len(survey.ruleset.bands) < 2:
        return ()
    owners = {item.measure: item for item in study.indicators if item.measure and not item.survey}
    claims = {(item.code, claim.measure): claim for item in study.indicators if item.survey for claim in item.criteria}
    band = survey.ruleset.good_band
    panels = {item.plan.name: item for item in study.standards}
    found = []
    for look in looks:
        owner, claim = owners.get(look.criterion), claims.get((look.indicator, look.criterion))
        if owner is None or claim is None or not len(look.points):
            continue
        target = or_reason(lambda o=owner: latest_target(o, period=setting.period)[0])
        if isinstance(target, NotApplicable):
            continue
        scale = shown_scale(outcomes, measure=look.criterion)
        curve = or_reason(lambda k=look: _curve(k, outcomes, by_unit, setting.level))
        cut = or_reason(lambda c=curve, t=target / scale, m=claim: _cut(c, t, m))
        panel = or_reason(lambda k=look: _panel_cut(panels, k.indicator, band=band.code, level=setting.level))
        scores = look.points["indicator"].to_numpy(dtype=float)
        beside, beside_panel = (
            or_reason(lambda c=cut, o=other, x=scores: against_cut(need(c), other=need(o), scores=x))
            for other in (band.lower, panel))
        found.append(CutLook(indicator=look.indicator, criterion=look.criterion, target=target, curve=curve, cut=cut,
                             shown_scale=scale, legal_band=band.code, legal_cut=band.lower, beside=beside,
                             points=look.points, panel=panel, beside_panel=beside_panel))
    return tuple(found)


def _panel_cut(panels: Mapping[str, Standard], indicator: str, *, band: str, level: float) -> Estimate:
    """The cut at which a panel lets a band begin."""
    if indicator not in panels:
        raise NotApplicable("no_panel_standard")
    standard = panels[indicator]
    if band not in standard.plan.bands[1:] or standard.plan.level != level:
        raise NotApplicable("panel_standard_other", band=band, bands=", ".join(standard.plan.bands))
    return standard.cuts[standard.plan.bands.index(band) - 1]


def _curve(look: CriterionLook, outcomes: OutcomeData, by_unit: ByUnit, level: float) -> OutcomeCurve:
    measure, points = outcomes.measure(look.criterion), look.points
    scores, regions = points["indicator"].to_numpy(dtype=float), points["region"].to_numpy()
    if measure.kind is MeasureKind.PROPORTION:
        counts = points[["unit"]].merge(need(by_unit[look.criterion]), on="unit", how="left")
        return share_curve(scores, counts["events"].to_numpy(dtype=float), counts["denominator"].to_numpy(dtype=float),
                           level=level, regions=regions)
    return outcome_curve(scores, points["outcome"].to_numpy(dtype=float), level=level, regions=regions,
                         unit=measure.unit)


def _cut(curve: OutcomeCurve | NotApplicable, target: float, claim: Criterion) -> Estimate:
    """Only from a curve that goes the claimed way for certain: the cut of a flat line means nothing."""
    curve = need(curve)
    slope, se = curve.coef[1], float(np.sqrt(curve.covariance[1, 1]))
    if not slope * claim.sign > 2 * se:
        raise NotApplicable("curve_not_certain")
    return anchored_cut(curve, target=target)


def _risk(survey: Survey):
    survey = need(survey)
    return grade_risk(survey.index, ruleset=survey.ruleset)


def _unit_answers(survey: Survey) -> EstimateTable:
    survey = need(survey)
    return unit_grade_risk(need(survey.units), ruleset=survey.ruleset)


def _gaming(indicator: Indicator, outcomes: Outcomes, by_unit: ByUnit, setting: Setting) -> GamingLook:
    level = setting.level

    monthly = or_reason(lambda: _monthly(indicator, outcomes))

    def near() -> object:
        if not indicator.measure:
            raise NotApplicable("not_outcome_indicator")
        return heaping_at_target(need(by_unit[indicator.measure])["value"].to_numpy(dtype=float),
                                 target=latest_target(indicator, period=setting.period)[0], polarity=indicator.polarity,
                                 level=level)

    def digits() -> object:
        rows = need(monthly)
        if rows.empty or outcomes.measure(indicator.measure).kind is not MeasureKind.MEAN:
            raise NotApplicable("digits_not_free")
        values = rows["value"].to_numpy(dtype=float)
        decimals = _decimals(values)
        return digit_preference(values, decimals=decimals, level=level)

    def series() -> Estimate:
        known = [entry for entry in indicator.series if not setting.period or entry.period <= setting.period]
        return on_target(np.array([entry.target for entry in known]),
                         np.array([entry.realisation for entry in known]), level=level)

    months = 0 if isinstance(monthly, NotApplicable) else int(monthly["value"].notna().sum()
                                                              - monthly["unit"].nunique())
    return GamingLook(heaping=or_reason(near), on_target=or_reason(series), digits=or_reason(digits),
                      jumps=or_reason(lambda: sudden_jumps(_large(need(monthly), setting.suppress_below))),
                      months=max(months, 0))


def _monthly(indicator: Indicator, outcomes: Outcomes) -> pd.DataFrame:
    if not indicator.measure:
        raise NotApplicable("not_outcome_indicator")
    return need(outcomes).of(indicator.measure)


def _large(rows: pd.DataFrame, below: int) -> pd.DataFrame:
    """Months with cases enough to be named, or without a count of cases."""
    cases = rows["denominator"].to_numpy(dtype=float)
    return rows[np.isnan(cases) | (cases >= below)]


def _decimals(values: np.ndarray) -> int:
    """Decimals with which the numbers were written, at most two; more means that they were computed."""
    known = values[np.isfinite(values)]
    for decimals in range(3):
        if np.allclose(known, np.round(known, decimals), rtol=0, atol=1e-9):
            return decimals
    raise NotApplicable("digits_not_free")
