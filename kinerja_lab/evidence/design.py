"""Does the way the sample was drawn carry the claims: is it large enough, even enough, large enough in each unit?"""

from math import isfinite

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.message import Message
from kinerja_lab.core.options import Family, Status
from kinerja_lab.estimation.sample_size import sample_size_difference
from kinerja_lab.evidence.check import Answer, Case, Check
from kinerja_lab.evidence.design_results import DesignResults, SizePlan
from kinerja_lab.evidence.reading import need, target_step

__all__ = ["CHECKS", "DEFF_CONCERN", "EFFECTIVE_LEAST"]

DEFF_CONCERN = 2.0
"""Design effect from which half of the answers or more are lost (house convention)."""

EFFECTIVE_LEAST = 30
"""Effective answers below which the interval of a region leans on the normal curve (house convention, as DAT004)."""


def _large_enough(case: Case) -> Answer:
    """DAT006: what the target promises decides; where it promises no change, the table of Krejcie and Morgan does."""
    plan = need(_design(case).plan)
    rules = {row.rule: int(row.answers) for row in plan.sizes.itertuples()}
    try:
        step = target_step(case.indicator, case.results.setting.period)[0]
    except NotApplicable:
        step = float("nan")
    params = {"n": plan.n, "table": rules["krejcie_morgan"], "rules": _rules(rules, plan)}
    seen = {"detectable": plan.detectable, "power": plan.power}
    if not isfinite(step):
        status = Status.PASSED if plan.n >= rules["krejcie_morgan"] else Status.CONCERN
        params["what"] = Message("finding_part.size_no_step", seen)
        return Answer(status=status, params=params, numbers={"n": plan.n, "detectable": plan.detectable})
    needed = sample_size_difference(plan.sd.value, difference=step, level=case.results.setting.level, power=plan.power,
                                    deff=plan.deff).answers
    status = Status.CONCERN if plan.n >= rules["krejcie_morgan"] else Status.FAILED
    if plan.n >= needed:
        status = Status.PASSED
    params["what"] = Message("finding_part.size_step", {**seen, "step": step, "needed": needed})
    return Answer(status=status, params=params, numbers={
        "n": plan.n, "needed": needed, "step": step, "detectable": plan.detectable,
        **{rule: rules[rule] for rule in ("krejcie_morgan", "cochran", "slovin") if rule in rules}})


def _rules(rules: dict[str, int], plan: SizePlan) -> Message:
    names = {"table": rules["krejcie_morgan"], "cochran": rules["cochran"]}
    if "slovin" not in rules:
        return Message("finding_part.size_rules_unknown", names)
    return Message("finding_part.size_rules", {**names, "slovin": rules["slovin"], "population": int(plan.population)})


def _even_enough(case: Case) -> Answer:
    """DAT007: unequal weights and clusters cost answers; a stratum of one cluster shows no spread at all."""
    design = _design(case)
    effects = {row.label: row.value for row in need(design.effects).estimates()}
    n = need(design.effects).estimates()[0].n
    effective = effects["effective_n"]
    lonely = Message("finding_part.lonely", {"lonely": design.lonely, "strata": design.strata}) if design.lonely else (
        Message("finding_part.not_lonely"))
    status = Status.PASSED
    if effects["design_effect"] > DEFF_CONCERN or design.lonely:
        status = Status.CONCERN
    if effective < EFFECTIVE_LEAST or 2 * design.lonely > design.strata:
        status = Status.FAILED
    params = {"n": n, "effective": int(effective), "deff": effects["design_effect"], "lonely": lonely,
              "weighting": effects["weighting_effect"], "least": EFFECTIVE_LEAST}
    return Answer(status=status, params=params, numbers={
        "deff": effects["design_effect"], "weighting_effect": effects["weighting_effect"], "effective_n": effective,
        "lonely_strata": design.lonely, "strata": design.strata})


def _small_units(case: Case) -> Answer:
    """DAT008: units are counted, never named."""
    small = need(_design(case).small)
    counts = {kind: small.printed.get(kind, 0) for kind in ("direct", "small_area", "synthetic")}
    units = len(small.rows)
    apart = units - counts["direct"]
    status = Status.PASSED
    if apart:
        status = Status.FAILED if 2 * apart > units else Status.CONCERN
    return Answer(status=status, numbers={"units": units, **counts},
                  params={"area": case.results.setting.region_word if small.by == "region" else "unit",
                          "units": units, "direct": counts["direct"], "small": counts["small_area"],
                          "hidden": counts["synthetic"], "widest": small.widest})


def _design(case: Case) -> DesignResults:
    return need(case.results.design)


CHECKS = (
    Check(code="DAT006", family=Family.DATA, scope="survey", judge=_large_enough),
    Check(code="DAT007", family=Family.DATA, scope="survey", judge=_even_enough),
    Check(code="DAT008", family=Family.DATA, scope="survey", judge=_small_units),
)
"""Checks of the sample, in the order of a dossier."""
