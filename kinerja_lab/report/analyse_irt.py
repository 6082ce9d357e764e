"""Do the elements work alike in all groups, what does it change in the index, and where do they measure at all?"""

from collections.abc import Callable
from typing import TypeVar

import numpy as np

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.core.ruleset import Ruleset
from kinerja_lab.core.survey import SurveyData
from kinerja_lab.evidence.irt_results import FairnessResults, GroupLook
from kinerja_lab.evidence.results import SurveyResults
from kinerja_lab.numeric.intervals import wilson
from kinerja_lab.psychometrics.dif import LogisticDif, logistic_dif
from kinerja_lab.psychometrics.dif_published import ItemEffects, PublishedChange, published_change
from kinerja_lab.psychometrics.irt import item_response
from kinerja_lab.psychometrics.irt_errors import LEAST_CLUSTERS
from kinerja_lab.psychometrics.irt_information import information, marginal_reliability, reliability_at
from kinerja_lab.psychometrics.irt_model import IrtModel
from kinerja_lab.psychometrics.irt_scores import sheet_posterior
from kinerja_lab.psychometrics.irt_sheets import patterns_by
from kinerja_lab.report.reasons import or_reason

__all__ = ["GROUP_COLUMNS", "MANY_GROUPS", "MEASURED_ENOUGH", "fairness_results"]

GROUP_COLUMNS = ("region", "agency", "sex", "jenis_kelamin", "channel", "kanal", "age_group", "kelompok_umur")
"""Columns by which respondents are divided, where a study has them."""
MEASURED_ENOUGH = 0.70
"""Reliability of a single score from which a respondent counts as measured (the same bar as alpha)."""

MANY_GROUPS = 10
"""Groups above which the match is by trait: many regions differ in level, and the sum is too rough a match for that."""

_MOST_GROUPS = 60
_POINTS = np.linspace(-4.0, 4.0, 81)
_NODES = 41

Answer = TypeVar("Answer")


def fairness_results(survey: SurveyResults | NotApplicable, *, level: float, suppress_below: int, row_is_unit: bool,
                     ) -> FairnessResults | NotApplicable:
    """Everything about fairness and reach of one region's questionnaire.

    Parameters
    ----------
    survey : SurveyResults or NotApplicable
        The survey's part of the results.
    level : float
        Confidence level, 0 to 1.
    suppress_below : int
        Units with fewer respondents are not shown.
    row_is_unit : bool
        Whether a row is a unit with published scores: then there are no answer sheets to look at.
    """
    if isinstance(survey, NotApplicable):
        return survey
    if row_is_unit:
        return NotApplicable("rows_are_units")
    data = survey.survey
    varying = tuple(code for code in survey.patterns.items if code not in survey.constant_items)
    looks = tuple(_look(survey, column, varying, level, suppress_below) for column in GROUP_COLUMNS
                  if column in data.frame.columns and 2 <= data.frame[column].nunique() <= _MOST_GROUPS)
    model = or_reason(lambda: _model(survey, varying, level))
    measured, above, scores = _reach(model, survey, varying, level)
    return FairnessResults(
        looks=looks, scale_width=float(survey.patterns.high - survey.patterns.low), model=model, measured=measured,
        above=above, scores=scores, information=_of(model, lambda found: information(found, at=_POINTS, level=level)),
        reliability=_of(model, lambda found: marginal_reliability(found, level=level)))


def _of(model: IrtModel | NotApplicable, answer: Callable[[IrtModel], Answer]) -> Answer | NotApplicable:
    return model if isinstance(model, NotApplicable) else or_reason(lambda: answer(model))


def _look(survey: SurveyResults, column: str, varying: tuple[str, ...], level: float, below: int) -> GroupLook:
    dif = or_reason(lambda: _dif(survey.survey, column, varying, level))
    published = dif if isinstance(dif, NotApplicable) else or_reason(
        lambda: _published(survey.survey, survey.ruleset, column, dif, level, below))
    return GroupLook(column=column, dif=dif, published=published)


def _dif(survey: SurveyData, column: str, varying: tuple[str, ...], level: float) -> LogisticDif:
    if not varying:
        raise NotApplicable("too_few_items", n=0, least=3)
    groups = {name: own.only(varying) for name, own in patterns_by(survey, column=column).items()}
    return logistic_dif(groups, level=level, match="trait" if len(groups) > MANY_GROUPS else "total")


def _published(survey: SurveyData, rule: Ruleset, column: str, dif: LogisticDif, level: float, below: int,
               ) -> PublishedChange:
    """The index of every unit as the rule publishes it, and without the effects of the groups."""
    items, units, unit = survey.instrument.item_codes, *np.unique(
        survey.frame["unit"].to_numpy().astype(str), return_inverse=True)
    answers, weights = survey.answers(), survey.weights()
    given = ~np.isnan(answers)
    heavy = weights[:, None] * given
    total = np.stack([np.bincount(unit, weights=one, minlength=len(units)) for one in heavy.T], axis=1)
    summed = np.stack([np.bincount(unit, weights=one, minlength=len(units))
                       for one in (heavy * np.nan_to_num(answers)).T], axis=1)
    n = np.bincount(unit, weights=given.any(axis=1), minlength=len(units)).astype(int)
    kept = (n >= max(below, 1)) & (total > 0).all(axis=1)
    if kept.sum() < 2:
        raise NotApplicable("too_few_units", n=int(kept.sum()), least=2)
    effects = _effects(dif)
    group = survey.frame[column].astype("string").to_numpy(dtype=object)
    shares = np.zeros((len(units), len(effects.items), len(effects.groups)))
    for place, code in enumerate(effects.items):
        item = items.index(code)
        for number, name in enumerate(effects.groups):
            held = np.bincount(unit, weights=heavy[:, item] * (group == name), minlength=len(units))
            shares[:, place, number] = held / np.where(total[:, item] > 0, total[:, item], 1.0)
    return published_change(
        (summed / np.where(total > 0, total, 1.0))[kept], units=list(units[kept]), items=items, effects=effects,
        shares=shares[kept], formula=lambda means: rule.index_factor * means.mean(axis=1), n=list(n[kept]),
        grade=lambda value: _letter(rule, value), level=level)


def _letter(rule: Ruleset, value: float) -> str:
    """The letter; a mean pushed below the scale by a correction stays in the lowest band."""
    return rule.band_of(max(value, rule.bands[0].lower)).code if rule.bands else ""


def _effects(dif: LogisticDif) -> ItemEffects:
    if not dif.flagged:
        raise NotApplicable("no_flagged_items")
    frame = dif.effects.frame.set_index(["item", "group"])["value"]
    value = np.array([[frame[code, group] for group in dif.groups] for code in dif.flagged])
    return ItemEffects(items=dif.flagged, groups=dif.groups, value=value,
                       covariance=np.stack([dif.effect_errors[code] for code in dif.flagged]))


def _model(survey: SurveyResults, varying: tuple[str, ...], level: float) -> IrtModel:
    """Graded response model with errors over units; without the weights where units are too few for such errors."""
    if not varying:
        raise NotApplicable("too_few_items", n=0, least=3)
    patterns = survey.patterns.only(varying)
    units = patterns_by(survey.survey, column="unit")
    if len(units) >= LEAST_CLUSTERS:
        clusters = {name: own.only(varying) for name, own in units.items()}
        return item_response(patterns, model="graded", level=level, clusters=clusters, nodes=_NODES)
    plain = type(patterns)(items=patterns.items, values=patterns.values, counts=patterns.counts,
                           weights=patterns.counts.astype(float), low=patterns.low, high=patterns.high)
    return item_response(plain, model="graded", level=level, nodes=_NODES)


def _reach(model: IrtModel | NotApplicable, survey: SurveyResults, varying: tuple[str, ...], level: float):
    """Shares of respondents measured well and too high to be told apart, and where respondents stand."""
    if isinstance(model, NotApplicable):
        return model, model, model
    patterns = survey.patterns.only(varying)
    points, share = sheet_posterior(model, patterns)
    known = reliability_at(model, at=points) >= MEASURED_ENOUGH
    top = points[known].max() if known.any() else model.mean[0]
    answered = (patterns.values >= patterns.low).any(axis=1)
    n, shares = int(patterns.counts[answered].sum()), {}
    for label, held in (("measured", known), ("above", ~known & (points > top))):
        events = float(patterns.counts[answered] @ share[answered][:, held].sum(axis=1))
        low, high = (float(end) for end in wilson(np.array(events), np.array(n), level=level))
        shares[label] = Estimate(label=label, value=events / n, low=low, high=high, level=level, n=n, unit="share",
                                 method="posterior share where I/(I+1) reaches 0.70, Wilson")
    density = patterns.weights[answered] @ share[answered]
    return shares["measured"], shares["above"], (points, density / density.sum())
