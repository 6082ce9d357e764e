"""Do the questions measure one thing, as the instrument claims, and the same thing in every group?"""

import pandas as pd

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.message import Message
from kinerja_lab.core.options import Family, Status
from kinerja_lab.evidence.check import Answer, Case, Check
from kinerja_lab.evidence.reading import at_most, element_words, need
from kinerja_lab.evidence.structure_results import AlignedLook
from kinerja_lab.psychometrics.confirmatory_ordinal import OrdinalFactors
from kinerja_lab.psychometrics.invariance_model import STEPS
from kinerja_lab.psychometrics.invariance_ordinal import Invariance

__all__ = ["CHECKS", "CLEAR_FIRST", "EFFECT_POINTS", "MOST_DIFFERENT", "RMSEA_CONCERN", "RMSEA_FAILED"]

CLEAR_FIRST = 3.0
"""How many times the second dimension the first must be to stand clear of it (house convention)."""

RMSEA_CONCERN, RMSEA_FAILED = 0.08, 0.10
"""Above the first the model fits only moderately, above the second poorly (MacCallum, Browne, Sugawara 1996,
Psychological Methods 1, 134)."""

EFFECT_POINTS = 1.0
"""Index points by which a group's index may differ because questions work differently there (house convention)."""

MOST_DIFFERENT = 0.25
"""Share of parameters that differ above which an alignment is not to be trusted (Muthen and Asparouhov 2014, Frontiers
in Psychology 5, 978)."""


def _one_dimension(case: Case) -> Answer:
    """MEA006."""
    parallel = need(need(case.results.instrument).parallel)
    structure = case.results.structure
    model = structure if isinstance(structure, NotApplicable) else structure.model
    claimed = 1 if isinstance(model, NotApplicable) else len(model.factors)
    first, second = (float(value) for value in parallel.components[:2])
    ratio = first / second
    status = Status.PASSED if parallel.n_factors <= claimed else (
        Status.CONCERN if ratio >= CLEAR_FIRST else Status.FAILED)
    return Answer(status=status, numbers={"factors": parallel.n_factors, "claimed": claimed, "ratio": ratio}, params={
        "factors": parallel.n_factors, "claimed": claimed, "ratio": ratio, "clear": CLEAR_FIRST, "n": parallel.n,
        "draws": parallel.draws})


def _fits(case: Case) -> Answer:
    """MEA007."""
    model = need(need(case.results.structure).model)
    rmsea = next(row for row in _family(model, "scaled") if row.label == "rmsea")
    if rmsea.note:
        raise NotApplicable("model_saturated")
    value = model.fit.frame.set_index(["family", "label"])["value"]
    numbers = {f"{label}_{family}": float(value[family, label]) for family in ("plain", "scaled", "robust")
               for label in ("cfi", "rmsea") if (family, label) in value.index}
    numbers["srmr"] = float(value["all", "srmr"])
    residuals = model.residuals
    worst = residuals.loc[residuals["residual"].abs().idxmax()]
    survey = case.results.survey
    return Answer(
        status=at_most(rmsea, RMSEA_CONCERN, failed_above=RMSEA_FAILED), numbers=numbers,
        params={"rmsea": rmsea, "fair": RMSEA_CONCERN, "poor": RMSEA_FAILED, "cfi": numbers["cfi_scaled"],
                "robust": Message("finding_part.structure_robust", {
                    "cfi": numbers["cfi_robust"], "rmsea": numbers["rmsea_robust"]})
                if "cfi_robust" in numbers else Message("finding_part.structure_no_robust"),
                "srmr": numbers["srmr"], "n": model.test.n,
                "pair": element_words([worst["item"], worst["other"]], survey=survey)})


def _family(model: OrdinalFactors, family: str):
    table = model.fit
    keep = (table.frame["family"] == family).to_numpy()
    return [row for row, kept in zip(table.estimates(), keep, strict=True) if kept]


def _same_everywhere(case: Case) -> Answer:
    """MEA008."""
    structure = need(case.results.structure)
    if isinstance(structure.invariance, NotApplicable) and not isinstance(structure.aligned, NotApplicable):
        return _same_on_one_scale(structure.aligned)
    ladder = need(structure.invariance)
    reached = STEPS.index(ladder.reached) >= STEPS.index("intercepts")
    freed = tuple(dict.fromkeys(item for step in ladder.steps if step.holds for item in step.freed))
    largest, status = _largest(ladder), Status.PASSED
    whole = ladder.effects.frame
    whole = whole[whole["item"] == "all"]
    if not reached:
        status = Status.CONCERN
    elif ((whole["low"] > EFFECT_POINTS) | (whole["high"] < -EFFECT_POINTS)).any():
        status = Status.FAILED
    elif ((whole["low"] < -EFFECT_POINTS) | (whole["high"] > EFFECT_POINTS)).any():
        status = Status.CONCERN
    part = "stopped" if not reached else "freed" if freed else "all"
    stopped = next((step for step in ladder.steps if not step.holds), ladder.steps[-1])
    what = Message(f"finding_part.structure_{part}", {
        "items": element_words(freed, survey=case.results.survey), "largest": largest,
        "step": Message(f"ladder_step.{stopped.step}")})
    return Answer(status=status, numbers={"groups": len(ladder.groups), "freed": len(freed), "largest": largest},
                  params={"groups": len(ladder.groups), "column": Message(f"group_column.{structure.column}"),
                          "what": what, "limit": EFFECT_POINTS})


def _same_on_one_scale(look: AlignedLook) -> Answer:
    """MEA008 where groups are too many for the ladder."""
    gap = need(look.result.points).frame.query("label == 'difference'")
    low, high, share = gap["low"], gap["high"], look.result.share.row("all").value
    groups, largest, status = len(look.result.groups), float(gap["value"].abs().max()), Status.PASSED
    if share > MOST_DIFFERENT:
        status = Status.CONCERN
    elif ((low > EFFECT_POINTS) | (high < -EFFECT_POINTS)).any():
        status = Status.FAILED
    elif ((low < -EFFECT_POINTS) | (high > EFFECT_POINTS)).any():
        status = Status.CONCERN
    what = Message(f"finding_part.structure_aligned{'_much' if share > MOST_DIFFERENT else ''}",
                   {"largest": largest, "share": MOST_DIFFERENT})
    return Answer(status=status, numbers={"groups": groups, "largest": largest, "share": share}, params={
        "groups": groups, "column": Message(f"group_column.{'_'.join(look.columns)}"), "what": what,
        "limit": EFFECT_POINTS})


def _largest(ladder: Invariance) -> float:
    """Largest change of a group's index by all freed items together; 0 where none is free."""
    whole: pd.DataFrame = ladder.effects.frame
    whole = whole[whole["item"] == "all"]
    return float(whole["value"].abs().max()) if len(whole) else 0.0


CHECKS = (
    Check(code="MEA006", family=Family.MEASUREMENT, scope="survey", judge=_one_dimension),
    Check(code="MEA007", family=Family.MEASUREMENT, scope="survey", judge=_fits),
    Check(code="MEA008", family=Family.MEASUREMENT, scope="survey", judge=_same_everywhere),
)
"""Checks of the factors, in the order of a dossier."""
