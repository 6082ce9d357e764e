"""Which target can an indicator reach? The target set, what units reach, the trend and the benchmark, with chances."""

from dataclasses import replace
from math import isfinite

import numpy as np

from kinerja_lab.calibration.attainable import chance_to_reach, quantile_targets, reach_shares, trend_target
from kinerja_lab.calibration.unit_values import unit_values
from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.indicator import Indicator
from kinerja_lab.core.options import MeasureKind, Polarity
from kinerja_lab.core.outcome import OutcomeData
from kinerja_lab.evidence.calibration_results import TargetLook
from kinerja_lab.evidence.reading import need
from kinerja_lab.evidence.results import Setting, SurveyResults
from kinerja_lab.evidence.standing_results import StandingResults
from kinerja_lab.report.disclosure import suppress
from kinerja_lab.report.reasons import or_reason

__all__ = ["latest_target", "shown_scale", "target_look"]

Survey = SurveyResults | NotApplicable
Outcomes = OutcomeData | NotApplicable


def latest_target(indicator: Indicator, *, period: str) -> tuple[float, str]:
    """The last target up to a period, and the period it was set for.

    Parameters
    ----------
    indicator : Indicator
        With its series.
    period : str
        Empty means any.

    Raises
    ------
    NotApplicable
        ``no_target``.
    """
    known = [entry for entry in indicator.series if isfinite(entry.target) and (not period or entry.period <= period)]
    if not known:
        raise NotApplicable("no_target")
    return known[-1].target, known[-1].period


def shown_scale(outcomes: OutcomeData, *, measure: str) -> float:
    """What a share is multiplied with to stand in the unit of its measure; 1 for everything else.

    Parameters
    ----------
    outcomes : OutcomeData
        Knows the measure.
    measure : str
        Its code.
    """
    known = outcomes.measure(measure)
    return known.scale if known.kind is MeasureKind.PROPORTION else 1.0


def target_look(
    indicator: Indicator, *, survey: Survey, outcomes: Outcomes, setting: Setting, standing: StandingResults,
) -> TargetLook:
    """An indicator's latest target beside the alternatives, with how many units stand at each.

    Parameters
    ----------
    indicator : Indicator
        With its series.
    survey : SurveyResults or NotApplicable
        Its units, for an index.
    outcomes : OutcomeData or NotApplicable
        Its units, for a measure.
    setting : Setting
        Which report this is.
    standing : StandingResults
        Holds the achievable benchmarks.

    Raises
    ------
    NotApplicable
        ``polarity_stabilise``, ``no_target``, or why there are no units.
    """
    if indicator.polarity is Polarity.STABILISE:
        raise NotApplicable("polarity_stabilise")
    target, period = latest_target(indicator, period=setting.period)
    units = _unit_table(indicator, survey, outcomes, setting)
    now = or_reason(lambda: _now(indicator, survey))
    known = [entry for entry in indicator.series if not setting.period or entry.period <= setting.period]
    years = np.array([float(entry.period) if entry.period.isdigit() else np.nan for entry in known])
    small = bool((units.frame["n"] < setting.suppress_below).any())
    chances = or_reason(lambda: chance_to_reach(units, target=target, polarity=indicator.polarity))
    if small and not isinstance(chances, NotApplicable):
        chances = suppress(chances, below=setting.suppress_below)
    best = or_reason(lambda: _benchmark(indicator, outcomes, standing))
    options = or_reason(lambda: quantile_targets(units, polarity=indicator.polarity,
                                                 benchmark=None if isinstance(best, NotApplicable) else best))
    trend = or_reason(lambda: trend_target(years, np.array([entry.realisation for entry in known]),
                                           now=need(now), polarity=indicator.polarity))
    rows = [row for table in (options, trend) if not isinstance(table, NotApplicable) for row in table.estimates()]
    return TargetLook(
        target=target, period=period, chances=chances, options=options, trend=trend, benchmark=best,
        shares=or_reason(lambda: reach_shares(
            units, targets={"target": target, **{row.label: row.value for row in rows}}, polarity=indicator.polarity)))


def _benchmark(indicator: Indicator, outcomes: Outcomes, standing: StandingResults) -> Estimate:
    """The achievable benchmark in the unit of the measure."""
    if indicator.survey or not indicator.measure:
        raise NotApplicable("benchmark_needs_shares")
    measure = need(outcomes).measure(indicator.measure)
    found = need(need(standing.measures.get(indicator.measure, NotApplicable("benchmark_needs_shares"))).benchmark)
    if measure.polarity is not indicator.polarity:
        raise NotApplicable("benchmark_other_way")
    return replace(found.benchmark, value=found.benchmark.value * shown_scale(outcomes, measure=indicator.measure),
                   unit=measure.unit)


def _unit_table(indicator: Indicator, survey: Survey, outcomes: Outcomes, setting: Setting) -> EstimateTable:
    if indicator.survey:
        return need(need(survey).units)
    if not indicator.measure:
        raise NotApplicable("indicator_without_data")
    return unit_values(need(outcomes), measure=indicator.measure, level=setting.level)


def _now(indicator: Indicator, survey: Survey) -> Estimate:
    if not indicator.survey:
        raise NotApplicable("not_survey_indicator")
    return need(survey).index
