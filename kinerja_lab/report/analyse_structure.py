"""Do the answers follow the factors the instrument claims, and do they mean the same in every group?"""

from collections.abc import Callable
from typing import TypeVar

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.instrument import Instrument
from kinerja_lab.evidence.results import SurveyResults
from kinerja_lab.evidence.structure_results import StructureResults
from kinerja_lab.psychometrics.confirmatory_ordinal import OrdinalFactors, confirm_ordinal
from kinerja_lab.psychometrics.design_sheets import DesignSheets, design_sheets
from kinerja_lab.psychometrics.invariance_ordinal import MOST_GROUPS, Invariance, invariance_ladder
from kinerja_lab.psychometrics.polychoric import polychoric
from kinerja_lab.report.reasons import or_reason

__all__ = ["structure_results"]

LEAST_SHEETS = 150
"""Complete sheets a group needs to be compared (house convention)."""

_ONE = "F"
_LEAST_ITEMS = 3
Answer = TypeVar("Answer")


def structure_results(survey: SurveyResults | NotApplicable, *, level: float, row_is_unit: bool,
                      ) -> StructureResults | NotApplicable:
    """Factors and invariance of one region's questionnaire.

    Parameters
    ----------
    survey : SurveyResults or NotApplicable
        The survey's part of the results.
    level : float
        Confidence level, 0 to 1.
    row_is_unit : bool
        Whether a row is a unit with published scores: then there are no answer sheets to look at.
    """
    if isinstance(survey, NotApplicable):
        return survey
    if row_is_unit:
        return NotApplicable("rows_are_units")
    column, groups = _groups(survey)
    invariance, left_out, clustered = _ladder(survey, column, groups, level)
    return StructureResults(model=or_reason(lambda: _model(survey, level)), invariance=invariance, column=column,
                            left_out=left_out, clustered=clustered)


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
    """Regions where there are several, else agencies, each with enough sheets."""
    frame = survey.survey.frame
    for column in ("region", "agency"):
        sizes = frame[column].value_counts()
        kept = tuple(str(name) for name in sizes.index[sizes >= LEAST_SHEETS])
        if 2 <= len(kept) <= MOST_GROUPS:
            return column, kept
    return "agency", ()


def _ladder(survey: SurveyResults, column: str, groups: tuple[str, ...], level: float,
            ) -> tuple[Invariance | NotApplicable, tuple[str, ...], bool]:
    left_out = tuple(survey.constant_items)
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
