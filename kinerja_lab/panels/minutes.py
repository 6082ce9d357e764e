"""What must the minutes of a standard-setting meeting say so that the decision can be defended later?"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pandas as pd

from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.core.message import Message
from kinerja_lab.core.panel import JudgePanel
from kinerja_lab.panels.consistency import Consistency
from kinerja_lab.panels.cut_scores import StandardSetting

__all__ = ["Minutes", "answers_given", "minutes"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Minutes:
    """The record of a meeting, as messages and tables; the words come from the catalogue.

    Parameters
    ----------
    statements : tuple of Message
        In order, under ``[minutes]``: what for, who, when, how, the cuts, what is not known.
    conventions : tuple of Message
        Every choice that could have been made otherwise, under ``[convention]``.
    tables : mapping of str to pandas.DataFrame
        ``"cuts"``, ``"judges"``, ``"answers"`` (by round and question) and, where they were given, ``"components"``,
        ``"impact"``, ``"consistency"``.
    """

    statements: tuple[Message, ...]
    conventions: tuple[Message, ...]
    tables: Mapping[str, pd.DataFrame] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", MappingProxyType(dict(self.tables)))


def minutes(
    setting: StandardSetting, *, panel: JudgePanel, impact: EstimateTable | None = None,
    consistency: Consistency | None = None,
) -> Minutes:
    """The minutes of a standard.

    Parameters
    ----------
    setting : StandardSetting
        The standard and the judgements behind it.
    panel : JudgePanel
        The panel that set it.
    impact : EstimateTable, optional
        Shares of units by band.
    consistency : Consistency, optional
        Decision accuracy and consistency.

    Returns
    -------
    Minutes
        What was not given is stated as not examined, so that silence is impossible.

    References
    ----------
    Hambleton, R. K., Pitoniak, M. J. (2006). Setting performance standards. In Brennan, R. L. (ed.), Educational
    measurement, 4th ed. Praeger (what to document).
    """
    standard, plan = setting.standard, setting.standard.plan
    answered = panel.frame[panel.frame["value"].notna()]
    spoke = answered["judge"].nunique()
    said = [
        Message("minutes.purpose", {"name": plan.name, "panel": plan.panel, "date": plan.date}),
        Message("minutes.people", {"invited": len(panel.judges), "spoke": int(spoke)}),
        Message("minutes.material", {"items": len(panel.items), "rounds": len(panel.rounds)}),
        Message("minutes.method", {"method": standard.method}),
    ]
    if setting.silent:
        said.append(Message("minutes.silent", {"n": len(setting.silent)}))
    for cut in standard.cuts:
        named = {"band": cut.label, "cut": cut}
        said.append(Message("minutes.cut", named) if cut.has_interval
                    else Message("minutes.cut_bare", {**named, "why": Message(f"note.{cut.note}")}))
    for zone in standard.zones:
        if zone.has_interval:
            said.append(Message("minutes.zone", {"band": zone.label, "zone": zone}))
    if not standard.zones:
        said.append(Message("minutes.no_measurement_error"))
    tables = {"cuts": standard.to_frame(), "judges": setting.judges.to_frame(), "answers": answers_given(panel)}
    if setting.components is not None:
        tables["components"] = setting.components.to_frame()
    for name, table in (("impact", impact), ("consistency", consistency.indices if consistency else None)):
        if table is None:
            said.append(Message(f"minutes.no_{name}"))
            continue
        tables[name] = table.to_frame()
        for row in table.estimates():
            if name == "impact":
                said.append(Message("minutes.impact", {"band": row.label, "share": row.value}))
            elif row.label in ("accuracy", "consistency") and not np.isnan(row.value):
                said.append(Message(f"minutes.{row.label}", {"share": row.value}))
    return Minutes(statements=tuple(said), conventions=standard.conventions, tables=tables)


def answers_given(panel: JudgePanel) -> pd.DataFrame:
    """Answers given, by question and round, of those that could have been.

    Parameters
    ----------
    panel : JudgePanel
        The panel.

    Returns
    -------
    pandas.DataFrame
        ``question, round, judges, answers, possible``.
    """
    given = panel.frame[panel.frame["value"].notna()]
    grouped = given.groupby(["question", "round"])
    table = grouped.agg(judges=("judge", "nunique"), answers=("value", "size")).reset_index()
    table["possible"] = len(panel.judges) * len(panel.items)
    return table
