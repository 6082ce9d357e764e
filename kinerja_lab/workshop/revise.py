"""How does a panel's verdict become a recorded change of an indicator's file, with the numbers that it rests on?"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path

from kinerja_lab.core.errors import KinerjaError, closest
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.indicator import Revision
from kinerja_lab.io.indicator_files import read_indicator, revise
from kinerja_lab.text.catalogue import catalogue
from kinerja_lab.workshop.plan import item_sheet
from kinerja_lab.workshop.questions import QUESTIONS, ItemSheet
from kinerja_lab.workshop.reading import panel_of, snapshot
from kinerja_lab.workshop.results import RELEVANT, item_estimates
from kinerja_lab.workshop.schema import reading

__all__ = ["revise_after_workshop"]


def revise_after_workshop(
    path: Path, changes: Mapping[str, object], *, workshop: Path, question: str, round: int, by: str, why: str,
    on: date, level: float = 0.95,
) -> Revision:
    """Change an indicator's file because of what a panel answered, and record both in the file.

    Parameters
    ----------
    path : pathlib.Path
        The indicator's file.
    changes : mapping of str to object
        Field -> new value, all changes at once; None takes a field out.
    workshop : pathlib.Path
        The workshop file.
    question : str
        Question whose answers are the reason, e.g. ``"clarity"``.
    round : int
        Round in which it was asked; it must be closed.
    by : str
        Office that changes it.
    why : str
        Reason in words; the panel's numbers are added to it.
    on : datetime.date
        Day of the change.
    level : float
        Confidence level of the interval that is recorded, between 0 and 1.

    Returns
    -------
    Revision
        The record, which stands in the file too.

    Raises
    ------
    KinerjaError
        ``workshop_item_not_judged``, ``workshop_sheet_changed`` (the file says something else than the panel read),
        ``workshop_no_such_round``, ``workshop_round_not_closed``, ``workshop_not_asked``, and those of
        ``io.indicator_files.revise``.
    NotApplicable
        What keeps the agreement from being computed.
    """
    indicator = read_indicator(Path(path))
    with reading(Path(workshop)) as db:
        found = snapshot(db, now=datetime.now(tz=UTC).timestamp())
        panel = panel_of(db)
    sheets = {sheet.code: sheet for sheet in found.items}
    if indicator.code not in sheets:
        raise KinerjaError("workshop_item_not_judged", indicator=indicator.code, choices=", ".join(sheets),
                           nearest=closest(indicator.code, list(sheets)) or "-")
    differs = _differs(sheets[indicator.code], item_sheet(indicator))
    if differs:
        words = catalogue(found.lang)
        raise KinerjaError("workshop_sheet_changed", indicator=indicator.code,
                           fields=", ".join(words.text(f"indicator_field.{field}") for field in differs))
    if not 1 <= round <= len(found.rounds):
        raise KinerjaError("workshop_no_such_round", value=str(round),
                           choices=", ".join(str(status.number) for status in found.rounds))
    status = found.round(round)
    if status.state != "closed":
        raise KinerjaError("workshop_round_not_closed", round=str(round))
    if question not in {asked.code for asked in status.required}:
        raise KinerjaError("workshop_not_asked", question=question, round=str(round),
                           choices=", ".join(asked.code for asked in status.required))
    table = item_estimates(panel, asked=QUESTIONS[question], round=round, level=level)
    if not isinstance(table, EstimateTable):
        raise table
    if indicator.code not in set(table.frame["label"]):
        raise KinerjaError("workshop_item_unanswered", indicator=indicator.code, question=question, round=str(round))
    evidence = _evidence(table.row(indicator.code), question, round, found.name, found.lang)
    return revise(Path(path), changes, by=by, reason=f"{why.strip()} {evidence}", on=on)


def _differs(seen: ItemSheet, now: ItemSheet) -> list[str]:
    """Fields of the definition that are not as the panel read them."""
    parts = [("name", seen.names.get("id"), now.names.get("id"))]
    before, after = (sheet.definition.get("id", {}) for sheet in (seen, now))
    parts += [(field, before.get(field), after.get(field)) for field in dict.fromkeys((*before, *after))]
    return [field for field, left, right in parts if left != right]


def _evidence(value: Estimate, question: str, round: int, name: str, lang: str) -> str:
    words = catalogue(lang)
    key = "evidence_share" if value.unit == "probability" else "evidence_rating"
    return words.text(f"workshop.{key}", workshop=name, round=str(round), n=value.n, value=value,
                      question=words.text(f"workshop_short.{question}"), relevant=RELEVANT)
