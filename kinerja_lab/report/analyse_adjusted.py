"""What is left of each unit's score after strict raters, hard cases and chance? Computed once for a report."""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from kinerja_lab.calibration.rater_changes import RaterChanges, rater_changes
from kinerja_lab.calibration.raters import RaterEffects
from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.options import MeasureKind, Polarity
from kinerja_lab.core.outcome import Measure
from kinerja_lab.evidence.results import SurveyResults
from kinerja_lab.evidence.standing_results import AdjustedLook, UnitStanding
from kinerja_lab.profiling.adjusted import adjusted_scores, rater_adjusted_scores
from kinerja_lab.report.disclosure import hidden_units
from kinerja_lab.report.reasons import or_reason

__all__ = ["adjusted_looks", "raters_look"]

RATER_WAY = "mixed_model"
"""The model that the severity of raters is shown by, so that a unit has one adjusted score everywhere."""


def raters_look(survey: SurveyResults | NotApplicable, *, level: float) -> RaterChanges | NotApplicable:
    """What freeing units from their raters changes, or why that is not known.

    Parameters
    ----------
    survey : SurveyResults or NotApplicable
        With ``raters``.
    level : float
        Confidence level, between 0 and 1.
    """
    if isinstance(survey, NotApplicable) or isinstance(survey.raters, NotApplicable):
        return survey if isinstance(survey, NotApplicable) else survey.raters
    return or_reason(lambda: rater_changes(survey.raters, level=level, way=RATER_WAY))


def adjusted_looks(
    survey: SurveyResults | NotApplicable, *, measures: tuple[Measure, ...],
    by_unit: Mapping[str, pd.DataFrame | NotApplicable], looks: Mapping[str, UnitStanding | NotApplicable],
    level: float,
) -> dict[str, AdjustedLook | NotApplicable]:
    """Adjusted scores of the survey, where it knows its raters, and of every measure with stated expectations.

    Parameters
    ----------
    survey : SurveyResults or NotApplicable
        With ``raters`` and the table of units (hidden ones stay hidden).
    measures : tuple of Measure
        Measures of the study.
    by_unit : mapping of str to (pandas.DataFrame or NotApplicable)
        ``OutcomeData.by_unit`` of every measure.
    looks : mapping of str to (UnitStanding or NotApplicable)
        Units by every measure; whether expectations come true stands there.
    level : float
        Confidence level, between 0 and 1.

    Notes
    -----
    Shares and rates: the standard error is that under the stated expectation (pooled share or rate where that is
    contradicted), widened by the variation within units: it does not depend on the unit's own luck, so chance does not
    decide how much a unit counts. Limits of raw numbers are those of the unit's own rate.
    """
    found: dict[str, AdjustedLook | NotApplicable] = {}
    if not isinstance(survey, NotApplicable) and not isinstance(survey.raters, NotApplicable):
        found["survey"] = or_reason(lambda: _of_survey(survey, survey.raters))
    for measure in measures:
        table, look = by_unit[measure.code], looks.get(measure.code)
        if measure.kind is not MeasureKind.MEAN and isinstance(look, UnitStanding) and _stated(table):
            found[measure.code] = or_reason(lambda m=measure, t=table, s=look: _of_measure(m, t, s, level))
    return found


def _of_survey(survey: SurveyResults, raters: RaterEffects) -> AdjustedLook:
    hidden = frozenset() if isinstance(survey.units, NotApplicable) else hidden_units(survey.units)
    scale = survey.survey.instrument
    scores = rater_adjusted_scores(raters.units, mean=raters.mean, tau2=raters.components.row("unit").value,
                                   bounds=(float(scale.low), float(scale.high)))
    return AdjustedLook(code="survey", polarity=Polarity.MAXIMISE, scores=scores, hidden=hidden)


def _stated(table: pd.DataFrame | NotApplicable) -> bool:
    return not isinstance(table, NotApplicable) and len(table) > 0 and bool(table["expected"].notna().all())


def _of_measure(measure: Measure, table: pd.DataFrame, look: UnitStanding, level: float) -> AdjustedLook:
    rates = look.rates.frame.assign(unit=lambda frame: frame["unit"].astype(str)).set_index("unit")
    table = table.assign(unit=table["unit"].astype(str)).set_index("unit").loc[rates.index]
    size, expected = (table[name].to_numpy(dtype=float) for name in ("denominator", "expected"))
    events = table["events"].to_numpy(dtype=float)
    share, cases = expected / size, _cases(look)
    typical = np.full(len(size), events.sum() / size.sum()) if cases == "contradicted" else share
    proportion = measure.kind is MeasureKind.PROPORTION
    if not (typical > 0).all() or (proportion and not (typical < 1).all()):
        raise NotApplicable("expected_at_the_end")
    chance = typical * (1 - typical) / size if proportion else typical / size
    scores = adjusted_scores(
        rates["value"].to_numpy(dtype=float), measure.scale * np.sqrt(chance * look.dispersion),
        units=rates.index.to_numpy(), level=level, expected=None if cases == "contradicted" else measure.scale * share,
        n=rates["n"].to_numpy(), unit=measure.unit, bounds=(0.0, measure.scale if proportion else np.inf),
        limits=(rates["low"].to_numpy(dtype=float), rates["high"].to_numpy(dtype=float)))
    return AdjustedLook(code=measure.code, polarity=measure.polarity, scores=scores, cases=cases, hidden=look.hidden)


def _cases(look: UnitStanding) -> str:
    """Whether stated expectations come true: the interval of the calibration slope decides."""
    if isinstance(look.case_mix, NotApplicable) or look.case_mix.source != "given":
        return "unproven"
    slope = look.case_mix.calibration.slope
    if not slope.has_interval:
        return "unproven"
    if slope.low > 1 or slope.high < 1:
        return "contradicted"
    return "unproven" if slope.low <= 0 else "allowed"
