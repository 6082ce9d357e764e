"""Do the answers follow the factors the instrument claims, and do they mean the same in every group?"""

from collections.abc import Callable
from typing import TypeVar

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.instrument import Instrument
from kinerja_lab.evidence.reading import need
from kinerja_lab.evidence.results import SurveyResults
from kinerja_lab.evidence.structure_results import AlignedLook, StructureResults
from kinerja_lab.numeric.false_discovery import q_values
from kinerja_lab.psychometrics.alignment import AlignedGroups, align
from kinerja_lab.psychometrics.confirmatory_ordinal import OrdinalFactors, confirm_ordinal
from kinerja_lab.psychometrics.design_sheets import LEAST_CLUSTERS, DesignSheets, design_sheets
from kinerja_lab.psychometrics.group_lines import group_parameters
from kinerja_lab.psychometrics.invariance_ordinal import MOST_GROUPS, Invariance, invariance_ladder
from kinerja_lab.psychometrics.polychoric import polychoric
from kinerja_lab.report.reasons import or_reason

__all__ = ["aligned_look", "structure_results"]

LEAST_SHEETS = 150
"""Complete sheets a group needs to be compared (house convention)."""

MOST_ALIGNED = 100
"""Groups put on one scale at most, the largest first: the work grows with the cube of their number."""

SEED = 20260131
"""Of the starts of the alignment."""

_SPARSE = 0.25
"""An item in which nobody differs in more than this share of groups is left out; else those groups are."""

_STARTS = 4
_ONE = "F"
_LEAST_ITEMS = 3
Answer = TypeVar("Answer")


def structure_results(survey: SurveyResults | NotApplicable, *, level: float, row_is_unit: bool,
                      suppress_below: int = 0) -> StructureResults | NotApplicable:
    """Factors and invariance of one region's questionnaire.

    Parameters
    ----------
    survey : SurveyResults or NotApplicable
        The survey's part of the results.
    level : float
        Confidence level, 0 to 1.
    row_is_unit : bool
        Whether a row is a unit with published scores: then there are no answer sheets to look at.
    suppress_below : int
        Groups with fewer complete sheets are not shown.
    """
    if isinstance(survey, NotApplicable):
        return survey
    if row_is_unit:
        return NotApplicable("rows_are_units")
    column, groups = _groups(survey)
    invariance, left_out, clustered = _ladder(survey, column, groups, level)
    return StructureResults(model=or_reason(lambda: _model(survey, level)), invariance=invariance, column=column,
                            left_out=left_out, clustered=clustered,
                            aligned=or_reason(lambda: aligned_look(survey, level=level, suppress_below=suppress_below)))


def aligned_look(survey: SurveyResults, *, level: float, suppress_below: int = 0) -> AlignedLook:
    """Many groups on one scale: regions, else agencies, else the agencies of every region.

    Parameters
    ----------
    survey : SurveyResults
        The survey's part of the results.
    level : float
        Confidence level, 0 to 1.
    suppress_below : int
        Groups with fewer complete sheets are not looked at, nor those with fewer than ``LEAST_SHEETS``.

    Raises
    ------
    NotApplicable
        ``alignment_ladder`` where there are no more than twelve groups, or as the methods.
    """
    columns, names, beyond = _many_groups(survey, max(LEAST_SHEETS, suppress_below))
    items, bare = survey.patterns.items, _flat_items(survey, names)
    left_out = tuple(item for item in items if sum(item in own for own in bare.values()) > _SPARSE * len(bare))
    if len(items) - len(left_out) < _LEAST_ITEMS:
        raise NotApplicable("too_few_items", n=len(items) - len(left_out), least=_LEAST_ITEMS)
    kept = [name for name, own in bare.items() if not own - set(left_out)]

    units = survey.survey.frame["unit"].groupby(names.to_numpy()).nunique()
    clustered = bool((units[kept] >= LEAST_CLUSTERS).all())
    parameters, refused = group_parameters({
        name: design_sheets(survey.survey.where(names == name), cluster="unit" if clustered else "", leave_out=left_out)
        for name in kept})
    result = align(parameters, level=level, rng=np.random.default_rng(SEED), starts=_STARTS,
                   factor=survey.ruleset.index_factor)
    return AlignedLook(
        result=result, columns=columns, q=_chance(result), items_left_out=left_out, clustered=clustered, beyond=beyond,
        groups_left_out=(*(name for name in bare if name not in kept), *refused))


def _many_groups(survey: SurveyResults, least: int) -> tuple[tuple[str, ...], pd.Series, int]:
    """What divides the groups, the group of each respondent (empty: too small), and how many are beyond the most."""
    frame = survey.survey.frame
    whole = ~np.isnan(survey.survey.answers()).any(axis=1)
    for columns in (("region",), ("agency",), ("region", "agency")):
        names = frame[columns[0]].astype(str)
        for column in columns[1:]:
            names = names + "/" + frame[column].astype(str)
        sizes = names[whole].value_counts()
        enough = sizes.index[sizes >= least]
        kept = enough[:MOST_ALIGNED]
        if len(kept) > MOST_GROUPS and frame[list(columns)].nunique().min() > 1:
            return columns, names.where(names.isin(kept), ""), len(enough) - len(kept)
    raise NotApplicable("alignment_ladder", most=MOST_GROUPS)


def _flat_items(survey: SurveyResults, names: pd.Series) -> dict[str, set[str]]:
    """Items in which nobody differs, by group."""
    answers = pd.DataFrame(survey.survey.answers(), columns=list(survey.survey.instrument.item_codes))
    answers = answers[~answers.isna().any(axis=1)]
    groups = names.to_numpy()[answers.index]
    flat = answers.groupby(groups).nunique() <= 1
    return {name: set(flat.columns[flat.loc[name]]) for name in flat.index if name}


def _chance(result: AlignedGroups) -> dict[str, float]:
    """q-values of the differences between plain and aligned."""
    gap = need(result.points).frame.query("label == 'difference'")
    half = ((gap["high"] - gap["low"]) / 2).to_numpy()
    reach = special.ndtri((1 + gap["level"].to_numpy()) / 2)
    # the interval is Student's where errors are over units: reading it as normal keeps p on the careful side
    p = 2 * special.ndtr(-np.abs(gap["value"].to_numpy()) / np.maximum(half, 1e-12) * reach)
    return dict(zip(gap["group"], q_values(p).tolist(), strict=True))


def _model(survey: SurveyResults, level: float) -> OrdinalFactors:
    """Errors over units where there are enough of them."""
    def fitted(cluster: str) -> OrdinalFactors:
        sheets = design_sheets(survey.survey, cluster=cluster, leave_out=survey.constant_items)
        if len(sheets.patterns.items) <= _LEAST_ITEMS:
            raise NotApplicable("too_few_items", n=len(sheets.patterns.items), least=_LEAST_ITEMS + 1)
        factors = _claimed(survey.survey.instrument, sheets.patterns.items)
        return confirm_ordinal(polychoric(sheets, level=level), factors=factors, level=level)
    return _clustered_first(fitted)[0]


def _clustered_first(make: Callable[[str], Answer]) -> tuple[Answer, bool]:
    try:
        return make("unit"), True
    except NotApplicable as reason:
        if reason.message.code.split(".")[-1] not in ("too_few_clusters", "too_few_units"):
            raise
        return make(""), False


def _claimed(instrument: Instrument, items: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The subscales of the instrument as factors; one factor where it has none."""
    factors: dict[str, tuple[str, ...]] = {}
    for item in instrument.items:
        if item.code in items:
            name = item.subscale or _ONE
            factors[name] = (*factors.get(name, ()), item.code)
    return factors


def _groups(survey: SurveyResults) -> tuple[str, tuple[str, ...]]:
    """Regions where there are several, else agencies, each with enough sheets; the longer list where neither fits."""
    frame, longest = survey.survey.frame, ("agency", ())
    for column in ("region", "agency"):
        sizes = frame[column].value_counts()
        kept = tuple(str(name) for name in sizes.index[sizes >= LEAST_SHEETS])
        if 2 <= len(kept) <= MOST_GROUPS:
            return column, kept
        longest = max(longest, (column, kept), key=lambda pair: len(pair[1]))
    return longest


def _ladder(survey: SurveyResults, column: str, groups: tuple[str, ...], level: float,
            ) -> tuple[Invariance | NotApplicable, tuple[str, ...], bool]:
    left_out = tuple(survey.constant_items)
    if not 2 <= len(groups) <= MOST_GROUPS:
        return NotApplicable("invariance_groups", n=len(groups), most=MOST_GROUPS), left_out, False
    factor = survey.ruleset.index_factor
    while len(survey.patterns.items) - len(left_out) >= _LEAST_ITEMS:
        try:
            found, clustered = _clustered_first(lambda cluster, out=left_out: invariance_ladder(
                _sheets(survey, column, groups, cluster, out), level=level, factor=factor))
        except NotApplicable as reason:
            scarce = str(reason.message.params.get("items", "")).split(", ")
            fresh = [code for code in scarce if code in survey.patterns.items and code not in left_out]
            if not fresh:
                return reason, left_out, False
            left_out = (*left_out, *fresh)
            continue
        return found, left_out, clustered
    left = len(survey.patterns.items) - len(left_out)
    return NotApplicable("too_few_items", n=left, least=_LEAST_ITEMS), left_out, False


def _sheets(survey: SurveyResults, column: str, groups: tuple[str, ...], cluster: str, left_out: tuple[str, ...],
            ) -> dict[str, DesignSheets]:
    names = survey.survey.frame[column].astype(str)
    return {name: design_sheets(survey.survey.where(names == name), cluster=cluster, leave_out=left_out)
            for name in groups}
