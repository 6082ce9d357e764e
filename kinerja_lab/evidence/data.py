"""Can the data carry the indicator: are answers and months there, do they differ, are there enough of them?"""

from collections.abc import Iterator
from math import isfinite, isnan

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.message import Message, Words
from kinerja_lab.core.options import Family, MeasureKind, Status
from kinerja_lab.core.outcome import Measure
from kinerja_lab.evidence.check import Answer, Case, Check
from kinerja_lab.evidence.reading import (
    at_most,
    element_words,
    listing,
    need,
    need_interval,
    need_rows,
    worst,
)
from kinerja_lab.evidence.results import SurveyResults

__all__ = [
    "CHECKS", "GAPS_CONCERN", "GAPS_FAILED", "MIN_RESPONDENTS", "MISSING_LIMIT", "STRAIGHT_CONCERN", "STRAIGHT_FAILED",
    "ZERO_CHANCE",
]

MISSING_LIMIT = 0.05
"""Share of missing answers per item below which they hardly matter (Schafer 1999, Stat Methods Med Res 8:3-15)."""

STRAIGHT_CONCERN = 0.20
"""Share of sheets with one answer throughout that is still expected of content people (house convention)."""

STRAIGHT_FAILED = 0.50
"""Share from which most sheets carry no more than one answer (house convention)."""

MIN_RESPONDENTS = 30
"""Sheets below which the interval of a region leans on the normal curve (house convention)."""

GAPS_CONCERN = 0.05
GAPS_FAILED = 0.20
"""Shares of missing unit-periods of an outcome (house convention)."""

ZERO_CHANCE = 0.01
"""Chance of one false alarm in a whole table under which a zero is called "not reported" (house convention)."""

_ZERO_SPREADS = 3.0
_ZERO_MIN_OTHERS = 3
_MAD_TO_SD = 1.4826


def _missing_answers(case: Case) -> Answer:
    """DAT001: what is missing from this very table is known; an item without a gap passes however few the sheets."""
    survey = case.results.survey
    rows = need_rows(survey.missing)
    verdicts = {row.label: Status.PASSED if row.value == 0 else at_most(row, MISSING_LIMIT) for row in rows}
    status = worst(verdicts.values())
    top = max(rows, key=lambda row: row.value)
    named = [label for label, verdict in verdicts.items() if verdict is status]
    return Answer(
        status=status, numbers={"largest": top.value, "items": len(named)},
        params={"items": element_words(named, survey=survey), "largest": top, "limit": MISSING_LIMIT,
                "item": element_words([top.label], survey=survey)},
    )


def _straightlining(case: Case) -> Answer:
    """DAT002: published scores of a unit are no answer sheet, so equal ones say nothing about care."""
    if case.results.setting.row_is_unit:
        raise NotApplicable("rows_are_units")
    share = need_interval(case.results.survey.straightlining)
    return Answer(
        status=at_most(share, STRAIGHT_CONCERN, failed_above=STRAIGHT_FAILED),
        params={"share": share, "usual": STRAIGHT_CONCERN, "most": STRAIGHT_FAILED},
        numbers={"share": share.value, "low": share.low, "high": share.high},
    )


def _constant_items(case: Case) -> Answer:
    """DAT003: failed when the grade hangs on elements in which nobody differs, or when nobody differs at all."""
    survey = case.results.survey
    items = element_words(survey.constant_items, survey=survey)
    if not survey.constant_items:
        return Answer(status=Status.PASSED, params={"n": len(survey.patterns.items)})
    if len(survey.constant_items) == len(survey.patterns.items):
        part = Message("finding_part.all_constant", {"index": survey.index})
        return Answer(status=Status.FAILED, params={"items": items, "what": part},
                      numbers={"constant": len(survey.constant_items), "index": survey.index.value})
    without = need(survey.index_varying)
    if isnan(without.value) or isnan(survey.index.value):
        raise NotApplicable("no_index")
    params = {"with": survey.index, "without": without, "difference": abs(survey.index.value - without.value)}
    status, code = Status.CONCERN, "constant_without"
    if survey.ruleset.bands:
        here, there = (survey.ruleset.band_of(value) for value in (survey.index.value, without.value))
        params |= {"grade": here.code, "grade_without": there.code}
        code = "constant_same_grade"
        if here.code != there.code:
            status, code = Status.FAILED, "constant_other_grade"
    return Answer(
        status=status, params={"items": items, "what": Message(f"finding_part.{code}", params)},
        numbers={"index": survey.index.value, "without": without.value, "constant": len(survey.constant_items)},
    )


def _too_few_respondents(case: Case) -> Answer:
    """DAT004: small units are counted, never named."""
    if case.results.setting.row_is_unit:
        raise NotApplicable("rows_are_units")
    survey, below = case.results.survey, case.results.setting.suppress_below
    small, units = _small_units(survey, below)
    n = survey.index.n
    params = {"n": n, "recommended": MIN_RESPONDENTS, "below": below, "small": small, "units": units}
    status = Status.PASSED
    if n < MIN_RESPONDENTS or small:
        status = Status.FAILED if n < max(below, 2) or 2 * small > units else Status.CONCERN
    return Answer(status=status, params=params, numbers={"n": n, "small_units": small, "units": units})


def _small_units(survey: SurveyResults, below: int) -> tuple[int, int]:
    if isinstance(survey.units, NotApplicable):
        return 0, 0
    sizes = survey.units.frame["n"]
    return int((sizes < below).sum()), len(sizes)


def _gaps_and_zeros(case: Case) -> Answer:
    """DAT005: a zero that the unit's other months make next to impossible was most likely never reported."""
    outcomes, code = case.results.outcomes, case.indicator.measure
    measure, rows = outcomes.measure(code), outcomes.of(code)
    units, periods = rows["unit"].nunique(), rows["period"].nunique()
    cells = units * periods
    if not cells or rows["value"].isna().all():
        raise NotApplicable("no_outcome_rows", measure=Words(id=measure.name, en=measure.name_en))
    gaps = cells - int(rows["value"].notna().sum())
    names = case.results.unit_names
    zeros = [Message("finding_part.zero", {"unit": names.get(unit, unit), "period": period})
             for unit, period in _unlikely_zeros(rows, measure, cells)]
    share = gaps / cells
    status = Status.PASSED
    if zeros or share > GAPS_CONCERN:
        status = Status.FAILED if zeros or share > GAPS_FAILED else Status.CONCERN
    params = {"gaps": gaps, "cells": cells, "share": share, "units": units, "periods": periods, "zeros": len(zeros),
              "limit": GAPS_CONCERN,
              "what": Message("finding_part.zeros", {"n": len(zeros), "parts": listing(zeros)}) if zeros
              else Message("finding_part.no_zeros")}
    return Answer(status=status, params=params, numbers={"gaps": gaps, "cells": cells, "zeros": len(zeros)})


def _unlikely_zeros(rows: pd.DataFrame, measure: Measure, cells: int) -> Iterator[tuple[str, str]]:
    known = rows.dropna(subset=["value"])
    with_zero = known.loc[known["value"] == 0, "unit"].unique()
    for unit, own in known[known["unit"].isin(with_zero)].groupby("unit", sort=True, observed=True):
        zero = (own["value"] == 0).to_numpy()
        if (~zero).sum() < _ZERO_MIN_OTHERS:
            continue
        others = own[~zero]
        if measure.kind is MeasureKind.MEAN:
            suspect = zero & _far_from_zero(others["value"].to_numpy(dtype=float))
        else:
            suspect = zero & (_zero_chance(own, others, measure) < ZERO_CHANCE / cells)
        for period in own["period"][suspect]:
            yield str(unit), str(period)


def _far_from_zero(values: np.ndarray) -> bool:
    """Whether zero lies beyond three robust spreads of a unit's other values and none of them has the other sign."""
    centre = float(np.median(values))
    spread = max(_MAD_TO_SD * float(np.median(np.abs(values - centre))), 0.01 * abs(centre))
    one_sided = bool((values > 0).all() or (values < 0).all())
    return one_sided and abs(centre) > _ZERO_SPREADS * spread


def _zero_chance(own: pd.DataFrame, others: pd.DataFrame, measure: Measure) -> np.ndarray:
    """Chance of no event in each period at the rate of the unit's other periods."""
    denominator = own["denominator"].to_numpy(dtype=float)
    total = float(others["denominator"].sum())
    rate = float(others["events"].sum()) / total if total > 0 else float("nan")
    if not isfinite(rate):
        return np.ones(len(own))
    if measure.kind is MeasureKind.PROPORTION:
        chance = np.power(max(0.0, 1 - rate), denominator)
    else:
        chance = np.exp(-rate * denominator)
    return np.nan_to_num(chance, nan=1.0)


CHECKS = (
    Check(code="DAT001", family=Family.DATA, scope="survey", judge=_missing_answers),
    Check(code="DAT002", family=Family.DATA, scope="survey", judge=_straightlining),
    Check(code="DAT003", family=Family.DATA, scope="survey", judge=_constant_items),
    Check(code="DAT004", family=Family.DATA, scope="survey", judge=_too_few_respondents),
    Check(code="DAT005", family=Family.DATA, scope="outcome", judge=_gaps_and_zeros),
)
"""Checks of the data, in the order of a dossier."""
