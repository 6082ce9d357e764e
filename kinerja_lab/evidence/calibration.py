"""Does the indicator foretell outcomes, does it still, where is its bar, and are its targets and numbers believable?"""

from collections.abc import Iterator
from math import isfinite

import numpy as np

from kinerja_lab.calibration.gain import PredictiveGain
from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.message import Message, Words
from kinerja_lab.core.options import Family, Status
from kinerja_lab.evidence.calibration_results import CalibrationResults, ClaimLook, GamingLook
from kinerja_lab.evidence.check import Answer, Case, Check
from kinerja_lab.evidence.criterion import FALSE_DISCOVERY
from kinerja_lab.evidence.reading import listing, need

__all__ = ["ACHIEVEMENT_CHECKS", "CRITERION_CHECKS", "LEAST_FOR_NO", "NO_GAIN", "REACH_FEW", "RISK", "STANDARD_CHECKS",
           "TOLERANCE"]

NO_GAIN = 0.01
"""Share of the squared error below which a gain has no practical weight: the square of a correlation of 0.10."""
LEAST_FOR_NO = 50
"""Units from which "no gain" is a finding: with fewer, estimating hides a small gain (house convention)."""
RISK = 0.10
"""Chance of a wrong letter up to which it is certain enough (house convention; 1 less PRO002's)."""
TOLERANCE = 5.0
"""Points of the index within which a legal cut agrees with outcomes (house convention)."""
STEADY = 5
"""Years from which "realisation equals target in all of them" is a strong sign (house convention)."""
REACH_FEW, REACH_ALL = 0.10, 0.90
"""Shares of units that are likelier to reach the target than not, below and above which it is out of reach or idle."""
_ROUND = 0.20


def _found(case: Case) -> CalibrationResults:
    return need(case.results.calibration)


def _outcome(case: Case, code: str) -> Words:
    if not isinstance(case.results.outcomes, NotApplicable):
        for measure in case.results.outcomes.measures:
            if measure.code == code:
                return Words(id=measure.name, en=measure.name_en)
    return Words(id=code)


def _own(case: Case) -> list[ClaimLook]:
    own = [claim for claim in _found(case).claims if claim.indicator == case.indicator.code]
    if not own:
        raise NotApplicable("no_looks")
    return own


def _gain(case: Case) -> Answer:
    """CRI003: failed when the interval leaves no practical gain and there are units enough to say so."""
    own = _own(case)
    claims = [claim for claim in own if isinstance(claim.gain, PredictiveGain)]
    if not claims:
        need(own[0].gain)
    readings, parts, numbers = [], [], {}
    for place, claim in enumerate(claims, start=1):
        gain = claim.gain.gain
        reading = "unsure"
        if gain.low > 0 and claim.gain_q <= FALSE_DISCOVERY:
            reading = "helps"
        elif gain.high < NO_GAIN and gain.n >= LEAST_FOR_NO:
            reading = "none"
        readings.append(reading)
        parts.append(Message(f"finding_part.gain_{reading}", {
            "outcome": _outcome(case, claim.criterion), "gain": gain.value, "low": gain.low, "high": gain.high,
            "units": gain.n}))
        numbers |= {f"gain_{place}": gain.value, f"low_{place}": gain.low, f"high_{place}": gain.high,
                    f"q_{place}": claim.gain_q}
    status = Status.FAILED if "none" in readings else Status.CONCERN if "unsure" in readings else Status.PASSED
    return Answer(status=status, numbers=numbers, params={
        "helps": readings.count("helps"), "total": len(claims), "parts": listing(parts), "fdr": FALSE_DISCOVERY})


def _drift(case: Case) -> Answer:
    """CRI004: failed when an association has weakened for certain and what is left may be nothing."""
    own = _own(case)
    claims = [claim for claim in own if not isinstance(claim.drift, NotApplicable)]
    if not claims:
        need(own[0].drift)
    parts, numbers = [], {}
    for place, claim in enumerate(claims, start=1):
        table = claim.drift.table
        rows = {label: table.row(label) for label in ("rank_before", "rank_now", "rank_change", "level_shift")}
        parts.append((claim.drift.repair, Message(f"finding_part.drift_{claim.drift.repair}", {
            "outcome": _outcome(case, claim.criterion), "before": rows["rank_before"].value,
            "now": rows["rank_now"].value, "shift": rows["level_shift"].value})))
        numbers |= {f"{label}_{place}": row.value for label, row in rows.items()}
    repairs = [repair for repair, _ in parts]
    status = Status.FAILED if "stopped" in repairs else Status.PASSED if set(repairs) == {"none"} else Status.CONCERN
    named = {Status.FAILED: ("stopped",), Status.CONCERN: ("intercept", "slope"), Status.PASSED: ("none",)}[status]
    return Answer(status=status, numbers=numbers, params={
        "total": len(claims), "previous": case.results.setting.previous,
        "parts": listing([part for repair, part in parts if repair in named])})


def _signals(look: GamingLook, case: Case) -> Iterator[tuple[str, Message | None, bool]]:
    """What was looked at, the signal if there is one, and whether it is a strong one."""
    if not isinstance(look.heaping, NotApplicable):
        near = look.heaping.good_side
        yield "heaping", Message("finding_part.signal_heaping", {"good": near.value, "n": near.n}) if (
            near.low > 0.5) else None, True
    if not isinstance(look.on_target, NotApplicable):
        same, n = round(look.on_target.value * look.on_target.n), look.on_target.n
        some = Message("finding_part.signal_on_target", {"same": same, "n": n}) if same >= 2 and same > n / 2 else None
        yield "on_target", some, same == n >= STEADY
    if not isinstance(look.digits, NotApplicable):
        share = look.digits.round_share
        yield "digits", Message("finding_part.signal_digits", {"share": share.value, "n": share.n}) if (
            share.low > _ROUND and look.digits.uniform.p < 0.01) else None, False
    if not isinstance(look.jumps, NotApplicable):
        yield "jumps", _jump(look, case), False


def _jump(look: GamingLook, case: Case) -> Message | None:
    if look.jumps.empty:
        return None
    first = look.jumps.iloc[0]
    unit = str(first["unit"])
    return Message("finding_part.signal_jumps", {
        "n": len(look.jumps), "unit": case.results.unit_names.get(unit, unit), "period": str(first["period"]),
        "before": float(first["before"]), "after": float(first["after"])})


def _gaming(case: Case) -> Answer:
    """CRI005: heaping at the target and years on end exactly on it are strong signs; digits and jumps are signs."""
    look = _found(case).gaming.get(case.indicator.code)
    looked = list(_signals(look, case)) if look is not None else []
    if not looked:
        raise NotApplicable("no_signals")
    signs = [(message, strong) for _, message, strong in looked if message is not None]
    status = Status.FAILED if any(strong for _, strong in signs) else Status.CONCERN if signs else Status.PASSED
    names = listing([Message(f"finding_part.look_{name}") for name, _, _ in looked])
    return Answer(status=status, numbers={"looked": len(looked), "signs": len(signs)}, params={
        "looked": len(looked), "names": names, "parts": listing([message for message, _ in signs])})


def _unit_letters(case: Case) -> Answer:
    """STD001: failed when more than half of the units have a letter that may be wrong."""
    frame = need(_found(case).unit_answers).frame
    wrong = frame[(frame["label"] == "wrong") & np.isfinite(frame["value"])]
    if wrong.empty:
        raise NotApplicable("no_interval")
    unsure = wrong[wrong["value"] > RISK]
    keys = set(unsure["unit"].astype(str))
    answers = frame[(frame["label"] == "answers") & frame["unit"].astype(str).isin(keys)]["value"].fillna(np.inf)
    median = float(np.median(answers)) if len(answers) else 0.0
    plan = Message("finding_part.answers_never") if not isfinite(median) else Message(
        "finding_part.answers_median", {"median": median, "sure": 1 - RISK})
    status = Status.PASSED
    if len(unsure):
        status = Status.FAILED if len(unsure) > len(wrong) / 2 else Status.CONCERN
    return Answer(status=status, numbers={"units": len(wrong), "unsure": len(unsure), "median_answers": median},
                  params={"units": len(wrong), "unsure": len(unsure), "limit": RISK, "plan": plan})


def _beside_outcomes(case: Case) -> Answer:
    """STD002: failed when an interval of the difference leaves out 0 by more than rounding."""
    cuts = [cut for cut in _found(case).cuts if cut.indicator == case.indicator.code]
    if not cuts:
        raise NotApplicable("no_outcome_target")
    known = [cut for cut in cuts if not isinstance(cut.beside, NotApplicable)]
    if not known:
        need(cuts[0].beside)
    readings, parts, numbers = [], [], {}
    for place, look in enumerate(known, start=1):
        gap = look.beside.difference
        apart = gap.low > 0 or gap.high < 0
        near = gap.low >= -TOLERANCE and gap.high <= TOLERANCE
        readings.append("passed" if near else "failed" if apart else "open")
        parts.append(Message("finding_part.cut_beside", {
            "outcome": _outcome(case, look.criterion), "target": look.target, "cut": look.cut.value,
            "low": look.cut.low, "high": look.cut.high, "between": look.beside.between.value}))
        numbers |= {f"cut_{place}": look.cut.value, f"difference_{place}": gap.value}
    status = Status.FAILED if "failed" in readings else Status.CONCERN if "open" in readings else Status.PASSED
    return Answer(status=status, numbers=numbers, params={
        "band": known[0].legal_band, "legal": known[0].legal_cut, "tolerance": TOLERANCE, "parts": listing(parts)})


def _attainable(case: Case) -> Answer:
    """TGT008: by the share of units that are likelier than not to have a true value at the target next period."""
    look = need(_found(case).targets.get(case.indicator.code, NotApplicable("no_target")))
    chances = need(look.chances).frame
    known = chances[(chances["label"] == "reach_true") & np.isfinite(chances["value"])]
    if known.empty:
        raise NotApplicable("no_interval")
    share = float((known["value"] > 0.5).mean())
    best = need(look.options).row("best_units_true").value
    status = Status.FAILED if share < REACH_FEW else Status.CONCERN if share > REACH_ALL else Status.PASSED
    return Answer(status=status, numbers={"share": share, "target": look.target, "best_units_true": best},
                  params={"target": look.target, "share": share, "units": len(known), "best": best})


CRITERION_CHECKS = (
    Check(code="CRI003", family=Family.CRITERION, scope="claim", judge=_gain),
    Check(code="CRI004", family=Family.CRITERION, scope="claim", judge=_drift),
    Check(code="CRI005", family=Family.CRITERION, scope="indicator", judge=_gaming),
)
STANDARD_CHECKS = (
    Check(code="STD001", family=Family.PROFILE, scope="survey", judge=_unit_letters),
    Check(code="STD002", family=Family.PROFILE, scope="survey", judge=_beside_outcomes),
)
ACHIEVEMENT_CHECKS = (
    Check(code="TGT008", family=Family.ACHIEVEMENT, scope="indicator", judge=_attainable),
)
"""Checks of calibration, each in the place of its family."""
