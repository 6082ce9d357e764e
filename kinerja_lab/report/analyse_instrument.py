"""What is known about the instrument of a region: every method of items, reliability, units and dimensions, once."""


import numpy as np

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.evidence.instrument_results import InstrumentResults
from kinerja_lab.evidence.reading import need
from kinerja_lab.evidence.results import Setting, SurveyResults
from kinerja_lab.numeric.moments import correlation_of
from kinerja_lab.psychometrics.dimensionality import ParallelAnalysis, kmo, normal_information, parallel_analysis
from kinerja_lab.psychometrics.gstudy import DStudy, GStudy, d_study, g_study_units, needed
from kinerja_lab.psychometrics.item_validity import item_validity
from kinerja_lab.psychometrics.items_careless import Copies, Misfit, copied_sheets, long_runs, misfitting_sheets
from kinerja_lab.psychometrics.items_profile import (
    answer_shares,
    constant_codes,
    difficulty,
    floor_share,
    missing_and_score,
    missing_patterns,
)
from kinerja_lab.psychometrics.ordinal_factor import OrdinalModel, ordinal_model
from kinerja_lab.psychometrics.reliability_bounds import measurement_error
from kinerja_lab.psychometrics.reliability_choices import reliability_choices
from kinerja_lab.psychometrics.reliability_intervals import alpha_clustered
from kinerja_lab.psychometrics.sheets import covariance
from kinerja_lab.psychometrics.unit_card import unit_card
from kinerja_lab.report.reasons import or_reason

__all__ = ["SEED", "analyse_instrument"]

SEED = 20261101
"""Of every draw in a report, so that it can be made again."""

_CHANCE_DRAWS = 100
_SHEET_DRAWS = 5000
_FACTORS = (3, 2)



def analyse_instrument(survey: SurveyResults, *, setting: Setting) -> InstrumentResults:
    """Every result about the instrument.

    Parameters
    ----------
    survey : SurveyResults
        What the survey says; its answers and distinct sheets are read.
    setting : Setting
        Which report this is.

    Returns
    -------
    InstrumentResults

    Raises
    ------
    NotApplicable
        ``instrument_row_is_unit`` where a row is no respondent, ``instrument_too_small`` below the suppression
        threshold.
    """
    if setting.row_is_unit:
        raise NotApplicable("instrument_row_is_unit")
    if survey.patterns.n < setting.suppress_below:
        raise NotApplicable("instrument_too_small", least=setting.suppress_below)
    level, patterns = setting.level, survey.patterns
    varying = tuple(code for code in patterns.items if code not in constant_codes(patterns))
    sheets = (patterns.only(varying) if varying else patterns).complete()
    answers, units = _oriented(survey), survey.survey.frame["unit"].to_numpy()
    columns = [patterns.items.index(code) for code in varying]
    whole = ~np.isnan(answers[:, columns]).any(axis=1)
    inside, inside_units = answers[np.ix_(whole, columns)], units[whole]
    model = or_reason(lambda: ordinal_model(sheets))
    study = or_reason(lambda: g_study_units(inside, units=inside_units, level=level))
    return InstrumentResults(
        shares=answer_shares(patterns, level=level), floor=floor_share(patterns, level=level),
        difficulty=difficulty(patterns, level=level),
        validity=or_reason(lambda: item_validity(sheets, level=level)),
        alpha_clustered=or_reason(lambda: alpha_clustered(inside, clusters=inside_units, items=varying, level=level)),
        error=or_reason(lambda: measurement_error(sheets, level=level)),
        choices=or_reason(lambda: reliability_choices(sheets, factors=_FACTORS, level=level,
                                                       ordinal=model)),
        missing=or_reason(lambda: missing_patterns(patterns, level=level)),
        gaps=or_reason(lambda: missing_and_score(patterns, level=level)),
        runs=or_reason(lambda: long_runs(patterns, at_least=max(2, -(-2 * len(patterns.items) // 3)), level=level)),
        misfit=or_reason(lambda: _misfit(sheets, model, level)),
        copies=or_reason(lambda: _copies(sheets, inside, inside_units, level)),
        card=or_reason(lambda: unit_card(answers[:, columns], units=units, items=varying, level=level)),
        study=study, decision=or_reason(lambda: _decision(study)), needed=_needed(study),
        parallel=or_reason(lambda: _parallel(sheets, model)),
        adequacy=or_reason(lambda: _adequacy(sheets, model, level)),
    )


def _oriented(survey: SurveyResults) -> np.ndarray:
    """Answers with reversed items turned, so that high is good everywhere."""
    instrument, answers = survey.survey.instrument, survey.survey.answers()
    turn = np.array([item.reverse for item in instrument.items])
    return np.where(turn, instrument.low + instrument.high - answers, answers)


def _misfit(sheets: ResponsePatterns, model: OrdinalModel | NotApplicable, level: float) -> Misfit:
    return misfitting_sheets(sheets, loadings=need(model).loadings, draws=_SHEET_DRAWS, level=level,
                             rng=np.random.default_rng(SEED))


def _copies(sheets: ResponsePatterns, answers: np.ndarray, units: np.ndarray, level: float) -> Copies:
    rows, where = np.unique(answers.astype(np.int16), axis=0, return_inverse=True)
    order = np.lexsort(sheets.values.T[::-1])
    if not np.array_equal(rows, sheets.values[order]):
        raise NotApplicable("instrument_not_computed")
    names, codes = np.unique(units.astype(str), return_inverse=True)
    table = np.zeros((len(rows), len(names)), dtype=np.int64)
    np.add.at(table, (where.ravel(), codes.ravel()), 1)
    back = np.empty_like(order)
    back[order] = np.arange(len(order))
    return copied_sheets(sheets, by_unit=table[back], level=level)


def _decision(study: GStudy | NotApplicable) -> DStudy:
    study = need(study)
    return d_study(study, objects=("unit",), sizes=study.sizes, fixed=("item",))


def _needed(study: GStudy | NotApplicable) -> float:
    try:
        study = need(study)
        return needed(study, objects=("unit",), facet="person", sizes=study.sizes, target=0.80, fixed=("item",))
    except NotApplicable:
        return float("nan")


def _parallel(sheets: ResponsePatterns, model: OrdinalModel | NotApplicable) -> ParallelAnalysis:
    """On polychoric correlations where chance is known for them, else on Pearson's; the result says which."""
    try:
        matrix = need(model).correlation
        return _above_chance(matrix, sheets, np.array([normal_information(cuts) for cuts in model.thresholds]))
    except NotApplicable:
        return _above_chance(correlation_of(covariance(sheets)), sheets, None)


def _above_chance(matrix: np.ndarray, sheets: ResponsePatterns, information: np.ndarray | None) -> ParallelAnalysis:
    return parallel_analysis(matrix, n=sheets.n, draws=_CHANCE_DRAWS, rng=np.random.default_rng(SEED),
                             information=information)


def _adequacy(sheets: ResponsePatterns, model: OrdinalModel | NotApplicable, level: float) -> EstimateTable:
    return kmo(need(model).correlation, items=sheets.items, n=sheets.n, level=level)
