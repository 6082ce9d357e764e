"""Where does each unit stand? Every method of profiling, called once for the survey and for each measure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import MEASURED_IN, Estimate, EstimateTable
from kinerja_lab.core.options import MeasureKind, Polarity
from kinerja_lab.core.outcome import OUTCOME_COLUMNS, Measure, OutcomeData
from kinerja_lab.evidence.reading import need
from kinerja_lab.evidence.results import Setting, SurveyResults
from kinerja_lab.evidence.standing_results import CaseMixLook, RegionChart, StandingResults, UnitStanding
from kinerja_lab.numeric.intervals import normal_quantile
from kinerja_lab.numeric.overdispersion import arcsine_scores, log_ratio_scores
from kinerja_lab.profiling.adjusted import drawn_in
from kinerja_lab.profiling.benchmark import Benchmark, achievable_benchmark
from kinerja_lab.profiling.case_mix import case_mix, expected_calibration
from kinerja_lab.profiling.charts import individuals_chart, proportion_chart, rate_chart
from kinerja_lab.profiling.ranking import Ranking, fifth_chances, rank_units
from kinerja_lab.profiling.shrinkage import shrink_means, shrink_rates, shrink_shares
from kinerja_lab.profiling.standardise import unit_rates
from kinerja_lab.profiling.watch import Watch, watch_units, within_dispersion
from kinerja_lab.report.analyse_adjusted import adjusted_looks, raters_look
from kinerja_lab.report.disclosure import hidden_units, suppress
from kinerja_lab.report.reasons import or_reason

__all__ = ["profile_rng", "standing_results", "unit_cases"]

SEED = 20240817
"""Of the draws behind ranks and chances: the same report twice gives the same numbers."""
SHIFT = 0.10
LEAST_UNITS = 5
MOST_RANKED = 6000
"""Units whose pairs still fit into memory (their number squared, eight bytes each, several times)."""
BASE_MONTHS = 8



@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Scores:
    """Units on a scale on which errors are about normal; higher is more of what is measured."""

    units: np.ndarray
    values: np.ndarray
    se: np.ndarray
    n: np.ndarray
    method: str


def standing_results(
    *, setting: Setting, survey: SurveyResults | NotApplicable, outcomes: OutcomeData | NotApplicable,
    by_unit: Mapping[str, pd.DataFrame | NotApplicable], measures: tuple[Measure, ...],
    history: Callable[[], OutcomeData],
) -> StandingResults:
    """Ranks, tiers, least volume, benchmark, case mix and months of every measure of a region.

    Parameters
    ----------
    setting : Setting
        Which report this is.
    survey : SurveyResults or NotApplicable
        Its table of units.
    outcomes : OutcomeData or NotApplicable
        Outcomes of the period.
    by_unit : mapping of str to (pandas.DataFrame or NotApplicable)
        ``OutcomeData.by_unit`` of every measure.
    measures : tuple of Measure
        Measures of the study.
    history : callable
        Reads the outcomes of all periods; raises ``NotApplicable`` where there are none.

    Returns
    -------
    StandingResults
    """
    before = or_reason(history)
    looks = {measure.code: or_reason(lambda m=measure: _measure(m, outcomes, by_unit[m.code], setting))
             for measure in measures}
    months = {measure.code: or_reason(lambda m=measure: _months(before, m, setting)) for measure in measures}
    return StandingResults(
        survey=or_reason(lambda: _survey(survey, setting)), measures=looks,
        watches={m.code: or_reason(lambda m=m: _watch(months[m.code], m, setting)) for m in measures},
        charts={m.code: or_reason(lambda m=m: _chart(months[m.code], m, setting)) for m in measures},
        adjusted=adjusted_looks(survey, measures=measures, by_unit=by_unit, looks=looks, level=setting.level),
        raters=raters_look(survey, level=setting.level),
    )


def profile_rng() -> np.random.Generator:
    """The draws of every profile: the same page twice gives the same numbers."""
    return np.random.default_rng(SEED)


def _ranked(scores: _Scores, polarity: Polarity, level: float, *, own: bool = False) -> Ranking:
    if len(scores.units) > MOST_RANKED:
        raise NotApplicable("too_many_to_rank", n=len(scores.units), most=MOST_RANKED)
    return rank_units(scores.values, scores.se, units=scores.units, polarity=polarity, level=level, rng=profile_rng(),
                      n=scores.n, own=own)


def _fifths(scores: _Scores, polarity: Polarity, level: float) -> EstimateTable:
    if len(scores.units) < LEAST_UNITS:
        raise NotApplicable("too_few_units", n=len(scores.units), least=LEAST_UNITS)
    best, sd, _, _ = drawn_in(scores.values, scores.se)
    return fifth_chances(best, sd, units=scores.units, polarity=polarity, level=level, rng=profile_rng())


def _survey(survey: SurveyResults | NotApplicable, setting: Setting) -> UnitStanding:
    """By the index: standard errors are half the interval over the normal quantile, a little wide for small units."""
    found = need(survey)
    table = need(found.units).frame
    hidden = hidden_units(found.units)
    rows = table.dropna(subset=["value", "low", "high"])
    rows = rows[rows["high"] > rows["low"]].drop_duplicates("unit", keep=False)
    if len(rows) < 2:
        raise NotApplicable("one_answer_a_unit")
    half = np.maximum(rows["high"] - rows["value"], rows["value"] - rows["low"]).to_numpy(dtype=float)
    scores = _Scores(units=rows["unit"].astype(str).to_numpy(), values=rows["value"].to_numpy(dtype=float),
                     se=half / normal_quantile(setting.level), n=rows["n"].to_numpy(dtype=np.int64), method="index")
    ranking = or_reason(lambda: _ranked(scores, Polarity.MAXIMISE, setting.level, own=True))
    return UnitStanding(
        code="survey", polarity=Polarity.MAXIMISE, rates=_labelled(rows), ranking=ranking,
        fifths=or_reason(lambda: _fifths(scores, Polarity.MAXIMISE, setting.level)),
        shrunken=NotApplicable("volume_of_survey"), benchmark=NotApplicable("benchmark_needs_shares"),
        case_mix=NotApplicable("case_mix_no_columns"), dispersion=float("nan"), method=scores.method, hidden=hidden)


def _labelled(rows: pd.DataFrame) -> EstimateTable:
    frame = rows.drop(columns=[name for name in ("agency", "region") if name in rows.columns])
    return EstimateTable(groups=("unit",), frame=frame.assign(label="unit_rate"))


def _measure(measure: Measure, outcomes: OutcomeData | NotApplicable, table: pd.DataFrame | NotApplicable,
             setting: Setting) -> UnitStanding:
    rows, table = need(outcomes).of(measure.code), need(table)
    if table["unit"].duplicated().any() or not len(table):
        raise NotApplicable("no_units")
    if measure.kind is MeasureKind.MEAN:
        return _mean_standing(measure, rows, table, setting)
    return _count_standing(measure, rows, table, setting)


def _count_standing(measure: Measure, rows: pd.DataFrame, table: pd.DataFrame, setting: Setting) -> UnitStanding:
    level, proportion = setting.level, measure.kind is MeasureKind.PROPORTION
    table = table[table["denominator"] > 0].dropna(subset=["events"]).reset_index(drop=True)
    if not len(table):
        raise NotApplicable("no_units")
    events, size = table["events"].to_numpy(dtype=float), table["denominator"].to_numpy(dtype=float)
    pooled = size * events.sum() / size.sum()
    if events.sum() <= 0 or (proportion and (events >= size).all()):
        raise NotApplicable("rates_no_events" if events.sum() <= 0 else "rates_all_events")
    given = table["expected"].to_numpy(dtype=float)
    stated = bool(np.isfinite(given).all() and (given > 0).all() and not (proportion and (given >= size).any()))
    dispersion = within_dispersion(rows, kind=measure.kind)
    expected = given if stated else pooled
    values, se = arcsine_scores(events, size, expected) if proportion else log_ratio_scores(events, expected)
    crude = values if not stated else (
        arcsine_scores(events, size, pooled) if proportion else log_ratio_scores(events, pooled))[0]
    scale = "asin sqrt" if proportion else "log"
    scores = _Scores(units=table["unit"].astype(str).to_numpy(), values=values, se=se * np.sqrt(dispersion),
                     n=np.round(size).astype(np.int64),
                     method=f"{scale}, observed against {'stated' if stated else 'pooled'} expectation")
    shrink = shrink_shares if proportion else shrink_rates
    rates = unit_rates(table, measure=measure, level=level, dispersion=dispersion)
    return UnitStanding(
        code=measure.code, polarity=measure.polarity, rates=rates,
        ranking=or_reason(lambda: _ranked(scores, measure.polarity, level)),
        fifths=or_reason(lambda: _fifths(scores, measure.polarity, level)),
        shrunken=or_reason(lambda: shrink(events, size if proportion else expected, units=scores.units, level=level,
                                           dispersion=dispersion)),
        benchmark=or_reason(lambda: _benchmark(measure, events, size, scores.units)),
        case_mix=or_reason(lambda: _cases(measure, rows, table, crude, values, stated, level)),
        dispersion=dispersion, method=scores.method,
        hidden=hidden_units(suppress(rates, below=setting.suppress_below)))


def _benchmark(measure: Measure, events: np.ndarray, size: np.ndarray, units: np.ndarray) -> Benchmark:
    if measure.kind is not MeasureKind.PROPORTION:
        raise NotApplicable("benchmark_needs_shares")
    return achievable_benchmark(events, size, units=units, polarity=measure.polarity)


def _cases(measure, rows, table, crude, adjusted, stated: bool, level: float) -> CaseMixLook:
    """Stated expectations as they are; else a model of the case columns, which is shown but does not enter ranks."""
    if stated:
        return CaseMixLook(calibration=expected_calibration(table, kind=measure.kind, level=level), source="given",
                           moved=_moved(crude, adjusted, level), explained=float("nan"), method="stated expectation")
    joined, columns = unit_cases(rows, table)
    model = case_mix(joined, kind=measure.kind, columns=columns, level=level, rng=profile_rng())
    share = measure.kind is MeasureKind.PROPORTION
    merged = joined[["unit"]].astype(str).merge(model.units, on="unit", how="left", validate="one_to_one")
    events, size, expected = (merged[name].to_numpy(dtype=float) for name in ("events", "denominator", "expected"))
    after = arcsine_scores(events, size, expected)[0] if share else log_ratio_scores(events, expected)[0]
    return CaseMixLook(calibration=model.calibration, source="model", moved=_moved(crude, after, level),
                       explained=model.explained, method=model.method, columns=tuple(columns))


def unit_cases(rows: pd.DataFrame, table: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Units with what describes their cases: the study's own columns of numbers, averaged over periods.

    Parameters
    ----------
    rows : pandas.DataFrame
        Outcomes of one measure, a row a unit and period.
    table : pandas.DataFrame
        One row a unit.

    Returns
    -------
    pandas.DataFrame, list of str
        The table with the columns, and their names; a column that never differs is left out.

    Raises
    ------
    NotApplicable
        ``case_mix_no_columns``.
    """
    columns = [name for name in rows.columns if name not in OUTCOME_COLUMNS
               and pd.api.types.is_numeric_dtype(rows[name]) and rows[name].notna().any()]
    if not columns:
        raise NotApplicable("case_mix_no_columns")
    cases = rows.groupby("unit", as_index=False)[columns].mean()
    joined = table.merge(cases, on="unit", how="left", validate="one_to_one")
    return joined, [name for name in columns if joined[name].std() > 0]


def _moved(before: np.ndarray, after: np.ndarray, level: float) -> Estimate:
    ranks = [pd.Series(np.round(values, 12)).rank().to_numpy() for values in (before, after)]
    share = float((np.abs(ranks[0] - ranks[1]) > SHIFT * len(before)).mean())
    return Estimate(label="moved", value=share, low=np.nan, high=np.nan, level=level, n=len(before), unit="share",
                    method="rank before and after allowing for cases", note="ranks_no_interval")


def _mean_standing(measure: Measure, rows: pd.DataFrame, table: pd.DataFrame, setting: Setting) -> UnitStanding:
    """Means by unit as printed elsewhere (weighted by the denominator); errors from its months, pooled over units."""
    rows = rows.dropna(subset=["value"])
    months = shrink_means(rows["value"].to_numpy(dtype=float), rows["unit"].astype(str).to_numpy(),
                          level=setting.level, unit=measure.unit)
    heavy = rows["denominator"].where(rows["denominator"].notna(), 1.0)
    grouped = rows.assign(_w=heavy, _w2=heavy**2, _n=1).groupby(rows["unit"].astype(str))[["_w", "_w2", "_n"]].sum()
    raw = rows["value"] - rows.groupby("unit")["value"].transform("mean")
    df = len(rows) - len(grouped)
    table = table.assign(unit=table["unit"].astype(str)).set_index("unit").loc[grouped.index]
    se = np.sqrt(float((raw**2).sum()) / df * (grouped["_w2"] / grouped["_w"] ** 2)).to_numpy()
    value, z = table["value"].to_numpy(dtype=float), normal_quantile(setting.level)
    counted = grouped["_n"].to_numpy(dtype=np.int64)
    scores = _Scores(units=grouped.index.to_numpy(), values=value, se=se, n=counted,
                     method="means, errors from the months within units, pooled")
    rates = EstimateTable(groups=("unit",), frame=pd.DataFrame({
        "unit": scores.units, "label": "unit_rate", "value": value, "low": value - z * se, "high": value + z * se,
        "level": setting.level, "n": counted, "method": scores.method, MEASURED_IN: measure.unit, "note": ""}))
    return UnitStanding(
        code=measure.code, polarity=measure.polarity, rates=rates, shrunken=months,
        ranking=or_reason(lambda: _ranked(scores, measure.polarity, setting.level)),
        fifths=or_reason(lambda: _fifths(scores, measure.polarity, setting.level)),
        benchmark=NotApplicable("benchmark_needs_shares"),
        case_mix=NotApplicable("case_mix_needs_counts", measure=measure.words),
        dispersion=float("nan"), method=scores.method)


def _months(history: OutcomeData | NotApplicable, measure: Measure, setting: Setting) -> pd.DataFrame:
    """Rows of all periods up to the reported one, with the earlier ones marked as base line where they suffice."""
    rows = need(history).of(measure.code).dropna(subset=["value"])
    last = setting.period or rows["period"].max()
    rows = rows[(rows["period"] <= last) | rows["period"].str.startswith(last)].reset_index(drop=True)
    now = rows["period"].str.startswith(setting.period) if setting.period else pd.Series(True, index=rows.index)
    frozen = rows.loc[~now, "period"].nunique() >= BASE_MONTHS and bool(now.any())
    return rows.assign(_base=~now if frozen else True)


def _watch(months: pd.DataFrame | NotApplicable, measure: Measure, setting: Setting) -> Watch:
    rows = need(months)
    frozen = not rows["_base"].all()
    return watch_units(rows, kind=measure.kind, base=rows["_base"].to_numpy() if frozen else None)


def _chart(months: pd.DataFrame | NotApplicable, measure: Measure, setting: Setting) -> RegionChart:
    rows = need(months)
    heavy = rows["denominator"].where(rows["denominator"].notna(), 1.0)
    summed = rows.assign(_w=heavy, _x=heavy * rows["value"]).groupby("period")[["events", "denominator", "_w", "_x"]]
    total = summed.sum(min_count=1)
    base = rows.groupby("period")["_base"].all().to_numpy()
    periods = total.index.to_numpy()
    if measure.kind is MeasureKind.MEAN:
        chart = individuals_chart((total["_x"] / total["_w"]).to_numpy(), periods=periods, base=base)
    else:
        make = proportion_chart if measure.kind is MeasureKind.PROPORTION else rate_chart
        chart = make(total["events"].to_numpy(), total["denominator"].to_numpy(), periods=periods, prime=True,
                     base=base)
        columns = ["value", "centre", "low", "high"]
        points = chart.points.assign(**{name: measure.scale * chart.points[name] for name in columns})
        chart = replace(chart, points=points)
    return RegionChart(code=measure.code, chart=chart)

