"""What must the minutes say about items that a panel kept, doubted or rejected? With every rule named that decided."""

from dataclasses import dataclass
from datetime import date as Date

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.message import Message
from kinerja_lab.core.panel import JudgePanel
from kinerja_lab.panels.appropriateness import MANUAL_RULE, appropriateness
from kinerja_lab.panels.content_validity import aiken_v, item_validity, scale_validity
from kinerja_lab.panels.delphi import StoppingRule, delphi_change
from kinerja_lab.panels.experts_needed import CviRule, experts_needed
from kinerja_lab.panels.minutes import Minutes, answers_given

__all__ = ["Meeting", "item_minutes"]

WAYS = ("content_validity", "rand_ucla")
_NINE = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """Which meeting the minutes are of.

    Parameters
    ----------
    name : str
        What was judged, e.g. the name of a set of indicators.
    panel : str
        How the minutes call the panel.
    date : datetime.date
        Day of the decision.
    """

    name: str
    panel: str
    date: Date


def item_minutes(
    panel: JudgePanel, *, meeting: Meeting, question: str, round: int, way: str, favourable: float, level: float,
    rule: CviRule | None = None, stopping: StoppingRule | None = None,
    percentiles: tuple[float, float] = MANUAL_RULE, percentile_type: str = "interpolated",
) -> Minutes:
    """The minutes of a panel's verdict on items.

    Parameters
    ----------
    panel : JudgePanel
        The whole panel; earlier rounds of the same question are told as change of opinion.
    meeting : Meeting
        What, who, when.
    question : str
        Question that decided.
    round : int
        Round that decided.
    way : str
        ``"content_validity"`` (I-CVI, kappa, S-CVI, Aiken) or ``"rand_ucla"`` (median and disagreement).
    favourable : float
        Lowest rating that counts in favour of an item; content validity only.
    level : float
        Confidence level, between 0 and 1.
    rule : CviRule, optional
        What keeps an item; full agreement up to five experts and .78 above by default.
    stopping : StoppingRule, optional
        When opinions count as settled; 15 % and one point by default.
    percentiles, percentile_type
        As in ``appropriateness``; 30 and 70 is the manual's rule, not 10 and 90.

    Returns
    -------
    Minutes
        Tables ``"items"``, ``"answers"`` and, where an earlier round asked the same, ``"change"``; for content validity
        also ``"outlook"``, ``"scale"`` and, on 3 to 7 points, ``"aiken"``.

    Raises
    ------
    KinerjaError
        ``panel_unknown_way``, ``no_such_question``, ``no_such_round`` and those of the methods.
    NotApplicable
        Those of the methods.

    References
    ----------
    Polit, D. F., Beck, C. T., Owen, S. V. (2007). Is the CVI an acceptable indicator of content validity? Research in
    Nursing and Health 30, 459-467.
    Fitch, K., Bernstein, S. J., Aguilar, M. D., et al. (2001). The RAND/UCLA appropriateness method user's manual.
    RAND.
    """
    if way not in WAYS:
        raise KinerjaError("panel_unknown_way", value=str(way), choices=", ".join(WAYS))
    held = panel.of(question, round)
    spoke = held.frame.loc[held.frame["value"].notna(), "judge"].nunique()
    said = [Message("minutes.item_purpose", {"name": meeting.name, "panel": meeting.panel, "date": meeting.date}),
            Message("minutes.people", {"invited": len(panel.judges), "spoke": int(spoke)}),
            Message("minutes.material", {"items": len(panel.items), "rounds": len(panel.rounds)})]
    if way == "content_validity":
        parts = _content(held, favourable, rule or CviRule(), level)
    else:
        parts = _appropriate(held, percentiles, percentile_type, level)
    moved = _moved(panel, question, round, stopping or StoppingRule(), level)
    tables = {**parts[2], **moved[2], "answers": answers_given(panel)}
    used = Message("convention.rounds_used", {"rounds": str(round)})
    return Minutes(statements=(*said, *parts[0], *moved[0]), conventions=(*parts[1], *moved[1], used), tables=tables)


_Parts = tuple[list[Message], list[Message], dict[str, pd.DataFrame]]


def _content(held: JudgePanel, favourable: float, rule: CviRule, level: float) -> _Parts:
    items = item_validity(held, relevant=favourable, level=level)
    outlook = experts_needed(held, favourable=favourable, rule=rule, assurance=0.8, most=20)
    scale = scale_validity(held, relevant=favourable, level=level)
    tables = {"items": items.to_frame(), "outlook": outlook, "scale": scale.to_frame()}
    kept = outlook["kept"].to_numpy(dtype=bool)
    said = [Message("minutes.items_kept", {"n": int(kept.sum()), "total": len(kept)}),
            *_named("items_not_kept", outlook.loc[~kept, "item"]),
            *_named("items_flip", outlook.loc[outlook["flips"].to_numpy(dtype=bool), "item"]),
            Message("minutes.s_cvi", {"value": scale.row("s_cvi_ave")})]
    question = held.questions[0]
    conventions = [
        Message("convention.favourable", {"point": f"{favourable:g}", "low": f"{question.low:g}",
                                          "high": f"{question.high:g}"}),
        Message("convention.cvi_rule", {"small": rule.small_panel, "line": rule.line}),
        Message("convention.modified_kappa"), Message("convention.score_interval", {"level": level}),
        Message("convention.s_cvi_interval")]
    try:
        tables["aiken"] = aiken_v(held, level=level)[0].to_frame()
        conventions.append(Message("convention.aiken"))
    except KinerjaError as reason:  # another scale than 3 to 7 points: said, not left out in silence
        said.append(Message("minutes.no_aiken", {"why": reason.message}))
    return said, conventions, tables


def _appropriate(held: JudgePanel, percentiles: tuple[float, float], percentile_type: str, level: float) -> _Parts:
    estimates, verdicts = appropriateness(held, percentiles=percentiles, percentile_type=percentile_type, level=level)
    counts = verdicts["verdict"].value_counts()
    said = [Message("minutes.rand_counts", {name: int(counts.get(name, 0))
                                            for name in ("appropriate", "uncertain", "inappropriate")}),
            *_named("rand_disagreement", verdicts.loc[verdicts["disagreement"].to_numpy(dtype=bool), "item"])]
    lower, upper = percentiles
    conventions = [
        Message("convention.percentiles", {"lower": f"{lower:g}", "upper": f"{upper:g}",
                                           "kind": Message(f"convention.percentile_{percentile_type}")}),
        Message("convention.percentiles_manual" if (lower, upper) == MANUAL_RULE else "convention.percentiles_other"),
        Message("convention.ipras")]
    question = held.questions[0]
    points = int(np.rint(question.high - question.low)) + 1
    if points != _NINE:
        conventions.append(Message("convention.stretched", {"points": points}))
    return said, conventions, {"items": verdicts, "medians": estimates.to_frame()}


def _moved(panel: JudgePanel, question: str, round: int, rule: StoppingRule, level: float) -> _Parts:
    earlier = [number for number in sorted(set(panel.frame.loc[panel.frame["question"] == question, "round"]))
               if number < round]
    if not earlier:
        return [Message("minutes.no_earlier_round")], [], {}
    try:
        change = delphi_change(panel, question=question, before=earlier[-1], after=round, rule=rule, level=level)
    except NotApplicable as reason:
        return [Message("minutes.no_change", {"why": reason.message})], [], {}
    moving = change.spread.loc[change.spread["verdict"] == "moving", "item"]
    said = [*_named("items_moving", moving), *([Message("minutes.settled")] if change.stop else [])]
    named = {"share": rule.stable_share, "width": rule.consensus_width}
    return said, [Message("convention.stopping", named)], {"change": change.spread}


def _named(code: str, items: pd.Series) -> list[Message]:
    """A statement that names items; nothing where there are none."""
    return [Message(f"minutes.{code}", {"n": len(items), "names": ", ".join(items)})] if len(items) else []
