"""Which bar would an outcome draw, is the legal bar fair to every region, and what may a new unit expect?"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from kinerja_lab.calibration.association_parts import association_parts, lagged_pairs
from kinerja_lab.calibration.conformal import new_unit_interval
from kinerja_lab.calibration.cut_fairness import CutFairness, cut_fairness
from kinerja_lab.calibration.cut_points import RULES, DataCut, consequences, data_cut
from kinerja_lab.calibration.outcome_curve import outcome_curve, share_curve
from kinerja_lab.calibration.probability_calibration import ProbabilityCalibration, probability_calibration
from kinerja_lab.calibration.rising_steps import rising_steps
from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.core.options import MeasureKind, Polarity
from kinerja_lab.core.outcome import Measure
from kinerja_lab.estimation.satisfaction import satisfaction_index
from kinerja_lab.io.places import studies_root
from kinerja_lab.io.sources import StudySource, open_source
from kinerja_lab.io.study import load_study
from kinerja_lab.report.reasons import or_reason

__all__ = ["CutStory", "cut_story", "scored_units"]

FOLDS = 10
LEAST_REGIONS = 4
"""Regions from which a forecast leaves whole regions out; with fewer it leaves out tenths of the units."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CutStory:
    """One outcome seen from the survey index of its units, all regions together.

    Parameters
    ----------
    study, measure : str
        Codes.
    target : float
        What is wanted of the outcome, in its unit.
    band : str
        Band of the rule whose lower bound is judged.
    legal_cut : float
        Where it begins.
    points : pandas.DataFrame
        ``unit, region, score, outcome, good``, one row a unit.
    cuts : mapping of str to DataCut or NotApplicable
        By rule: ``"youden"``, ``"cost"``, ``"sensitivity"``.
    at_legal : EstimateTable
        What the legal cut does to the units at hand.
    fairness : CutFairness or NotApplicable
        The legal cut region by region.
    foretold : ProbabilityCalibration or NotApplicable
        Foretold chance of a good outcome against what came, for units left out of the fit.
    new_unit : EstimateTable or NotApplicable
        Groups ``("score",)``: outcome that a new unit of that index may have (conformal).
    steps : EstimateTable or NotApplicable
        Groups ``("score",)``: mean outcome at the same indices, isotonic.
    later : EstimateTable or NotApplicable
        Index of the period before against this period's outcome at an equal earlier outcome.
    """

    study: str
    measure: str
    target: float
    band: str
    legal_cut: float
    points: pd.DataFrame
    cuts: Mapping[str, DataCut | NotApplicable]
    at_legal: EstimateTable
    fairness: CutFairness | NotApplicable
    foretold: ProbabilityCalibration | NotApplicable
    new_unit: EstimateTable | NotApplicable
    steps: EstimateTable | NotApplicable
    later: EstimateTable | NotApplicable


def cut_story(
    study: str, *, measure: str, target: float, rng: np.random.Generator, period: str = "", level: float = 0.95,
) -> CutStory:
    """Everything that an outcome says about the bar of the index.

    Parameters
    ----------
    study : str
        Name of a study folder with a survey, a ruleset with bands, and outcomes.
    measure : str
        Code of the outcome.
    target : float
        What is wanted of the outcome, in its unit: at least this much, or at most where less is better.
    rng : numpy.random.Generator
        Source of resamples.
    period : str
        Period; empty means the study's last.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    CutStory

    Raises
    ------
    KinerjaError
        What ``load_study`` and ``open_source`` raise; ``unknown_measure``.
    NotApplicable
        ``no_grades`` (the rule has no bands), ``no_survey``, ``no_outcomes`` or ``too_few_common_units``.
    """
    loaded = load_study(studies_root() / study)
    if loaded.ruleset is None or len(loaded.ruleset.bands) < 2:
        raise NotApplicable("no_grades", ruleset=loaded.ruleset.code if loaded.ruleset else "-")
    source, period = open_source(loaded), period or loaded.periods[-1]
    known = next((item for item in loaded.measures if item.code == measure), None)
    if known is None:
        raise KinerjaError("unknown_measure", measures=measure)
    points = scored_units(source, measure=known, target=target, period=period, level=level)
    band = loaded.ruleset.good_band
    scores, good = points["score"].to_numpy(dtype=float), points["good"].to_numpy(dtype=bool)
    regions = points["region"].to_numpy() if points["region"].nunique() > 1 else None
    grid = np.unique(np.round(np.quantile(scores, [0.05, 0.25, 0.5, 0.75, 0.95])))
    grid = grid[(grid >= scores.min()) & (grid <= scores.max())]
    return CutStory(
        study=study, measure=measure, target=target, band=band.code, legal_cut=band.lower, points=points,
        cuts={rule: or_reason(lambda r=rule: data_cut(scores, good, level=level, rng=rng, rule=r, regions=regions
                                                      if regions is not None and len(set(regions)) >= 8 else None))
              for rule in RULES},
        at_legal=consequences(scores, good, cut=band.lower, level=level),
        fairness=or_reason(lambda: cut_fairness(points, cut=band.lower, level=level)),
        foretold=or_reason(lambda: _foretold(points, level)),
        new_unit=or_reason(lambda: _new_unit(points, known, grid, level)),
        steps=or_reason(lambda: rising_steps(
            scores, points["outcome"].to_numpy(dtype=float), level=level, rng=rng, unit=known.unit,
            rising=known.polarity is not Polarity.MINIMISE).at(grid)),
        later=or_reason(lambda: _later(source, points, measure=known, target=target, period=period, level=level)),
    )


def scored_units(
    source: StudySource, *, measure: Measure, target: float, period: str, level: float,
) -> pd.DataFrame:
    """The index of every unit beside its outcome, and whether the outcome is as wanted.

    Parameters
    ----------
    source : StudySource
        Opened source of a study with a survey, a ruleset and outcomes.
    measure : Measure
        The outcome.
    target : float
        In the unit of the outcome.
    period : str
        One of the study's periods.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        ``unit, region, score, outcome, good``; units without one of both are left out.
    """
    survey, rule = source.survey(period=period), source.study.ruleset
    index = satisfaction_index(survey, ruleset=rule, level=level, by=("region", "unit"))
    left = index.frame[["region", "unit", "value"]].dropna().rename(columns={"value": "score"})
    right = source.outcomes(period=period).by_unit(measure.code)[["unit", "value"]].rename(columns={"value": "outcome"})
    both = left.merge(right, on="unit").reset_index(drop=True)
    wanted = both["outcome"] <= target if measure.polarity is Polarity.MINIMISE else both["outcome"] >= target
    return both.assign(good=wanted)


def _left_out(points: pd.DataFrame) -> np.ndarray:
    """Which part of the units each is forecast with: its region, or a tenth of all units."""
    if points["region"].nunique() >= LEAST_REGIONS:
        return pd.factorize(points["region"])[0]
    return np.arange(len(points)) % FOLDS


def _forecast(points: pd.DataFrame, fit) -> np.ndarray:
    """What the curve of all other parts says of each unit; an index outside theirs is moved to their edge."""
    parts, scores = _left_out(points), points["score"].to_numpy(dtype=float)
    out = np.full(len(points), np.nan)
    for part in np.unique(parts):
        own = parts == part
        curve = fit(points[~own])
        out[own] = curve.band(np.clip(scores[own], *curve.span))[0]
    return out


def _foretold(points: pd.DataFrame, level: float) -> ProbabilityCalibration:
    def fit(rest: pd.DataFrame):
        return share_curve(rest["score"].to_numpy(dtype=float), rest["good"].to_numpy(dtype=float), np.ones(len(rest)),
                           level=level)
    return probability_calibration(_forecast(points, fit), points["good"].to_numpy(dtype=float), level=level, classes=5)


def _new_unit(points: pd.DataFrame, measure: Measure, grid: np.ndarray, level: float) -> EstimateTable:
    def fit(rest: pd.DataFrame):
        return outcome_curve(rest["score"].to_numpy(dtype=float), rest["outcome"].to_numpy(dtype=float), level=level,
                             unit=measure.unit)
    outcome = points["outcome"].to_numpy(dtype=float)
    reach = new_unit_interval(outcome, _forecast(points, fit), level=level, unit=measure.unit)
    around = list(reach.around(fit(points).band(grid)[0]).estimates())
    if measure.kind is MeasureKind.PROPORTION:  # a share cannot leave 0 to its scale, so nothing is lost by the cut
        around = [replace(row, low=max(row.low, 0.0), high=min(row.high, measure.scale)) for row in around]
    return EstimateTable.from_estimates(around, groups=("score",), keys=[(float(x),) for x in grid])


def _later(source: StudySource, points: pd.DataFrame, *, measure: Measure, target: float, period: str, level: float):
    before = [earlier for earlier in source.study.periods if earlier < period]
    if not before:
        raise NotApplicable("no_previous_period")
    past = scored_units(source, measure=measure, target=target, period=before[-1], level=level)
    rows = pd.concat([past.assign(period=before[-1]), points.assign(period=period)], ignore_index=True)
    pairs = lagged_pairs(rows.rename(columns={"score": "value"}), rows.rename(columns={"outcome": "value"}),
                         before=before[-1], now=period)
    return association_parts(pairs, level=level, case_mix=("outcome_before",), ranked=True)
