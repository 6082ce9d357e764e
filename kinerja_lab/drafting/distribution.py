"""How are predicates spread over a unit, does that deviate from the guide, and what would another spread change?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, nan

import pandas as pd

from kinerja_lab.core.errors import KinerjaError, NotApplicable, closest
from kinerja_lab.core.estimate import MEASURED_IN, EstimateTable
from kinerja_lab.core.message import Message, Words
from kinerja_lab.drafting.employees import Named, PredicateRule, Ratings, plain

__all__ = [
    "ALL_UNITS", "Deviation", "DistributionGuide", "GuidePattern", "GuideRule", "Move", "WhatIf", "cell_counts",
    "guide_deviations", "predicate_shares", "what_if",
]

ALL_UNITS = "*"
"""Stands for all units together."""

_SLACK = 1e-12
Cells = Mapping[tuple[str, str], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class GuideRule:
    """One bound on the share of employees with one of some predicates.

    Parameters
    ----------
    predicates : tuple of str
        Codes whose employees are counted together.
    kind : str
        ``"more_than"``, ``"at_least"``, ``"at_most"`` (shares) or ``"at_least_people"``.
    bound : float
        A share between 0 and 1, or a number of people.
    firm : bool
        Whether the text of the guide can only be read this way.
    """

    predicates: tuple[str, ...]
    kind: str
    bound: float
    firm: bool = True

    def people(self, n: int) -> int:
        """Smallest (or for ``at_most`` largest) number of people that keeps the bound in a group of ``n``."""
        if self.kind == "at_most":
            return floor(self.bound * n + _SLACK)
        if self.kind == "at_least_people":
            return int(self.bound)
        return floor(self.bound * n + _SLACK) + 1 if self.kind == "more_than" else ceil(self.bound * n - _SLACK)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuidePattern:
    """The spread that the guide gives for one predicate of the organisation."""

    organisation: Named
    rules: tuple[GuideRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionGuide:
    """A guide to the spread of predicates.

    Parameters
    ----------
    code, title, title_en, source, confidence : str
        As for a ruleset.
    patterns : tuple of GuidePattern
        One for each predicate of the organisation.
    synonyms : mapping of str to tuple of str
        Other spellings of the organisation's predicate, by code.
    """

    code: str
    title: str
    title_en: str = ""
    source: str
    confidence: str
    patterns: tuple[GuidePattern, ...]
    synonyms: Mapping[str, tuple[str, ...]]

    def pattern(self, organisation: str) -> GuidePattern:
        """The pattern for a predicate of the organisation, by any spelling.

        Raises
        ------
        KinerjaError
            ``unknown_organisation_predicate``.
        """
        for pattern in self.patterns:
            named = pattern.organisation
            if plain(organisation) in {plain(word) for word in (named.code, named.name,
                                                                *self.synonyms.get(named.code, ()))}:
                return pattern
        names = [pattern.organisation.name for pattern in self.patterns]
        raise KinerjaError("unknown_organisation_predicate", value=organisation, choices=", ".join(names),
                           nearest=closest(organisation, names) or "-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Deviation:
    """One bound of the guide that a group does not keep.

    Parameters
    ----------
    rule : GuideRule
        The bound.
    share : float
        Share of the group, between 0 and 1.
    people, needed : int
        Employees counted, and the number that would just keep the bound.
    message : Message
        Says "deviates from the guide"; a guide is no prohibition.
    """

    rule: GuideRule
    share: float
    people: int
    needed: int
    message: Message


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A number of employees who would get other ratings; it never says who."""

    from_result: str
    from_behaviour: str
    to_result: str
    to_behaviour: str
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """A group before and after some moves.

    Parameters
    ----------
    before, after : mapping of str to int
        Employees by predicate, every predicate of the rule.
    credit_before, credit_after : float
        Mean percentage of the base credit over the group.
    deviations_before, deviations_after : tuple of Deviation
        Against the guide; empty where no guide was given.
    """

    before: Mapping[str, int]
    after: Mapping[str, int]
    credit_before: float
    credit_after: float
    deviations_before: tuple[Deviation, ...] = ()
    deviations_after: tuple[Deviation, ...] = ()


def predicate_shares(ratings: Ratings, *, rule: PredicateRule, suppress_below: int) -> EstimateTable:
    """Share of each predicate by unit and over all units; small groups hidden.

    Parameters
    ----------
    ratings : Ratings
        Employees without names.
    rule : PredicateRule
        Names the predicates.
    suppress_below : int
        Groups with fewer employees are hidden, at least 2.

    Returns
    -------
    EstimateTable
        Groups ``("unit",)``, ``label`` the predicate. There is no interval: all employees are counted (note
        ``census_of_employees``). Hidden rows carry the note ``group_suppressed``.

    Raises
    ------
    KinerjaError
        ``suppression_too_low``.

    Notes
    -----
    Hidden units can be found by subtracting the shown ones from the total. So the next smallest units are hidden too,
    until the hidden ones together are no small group.
    """
    if suppress_below < 2:
        raise KinerjaError("suppression_too_low", value=suppress_below)
    sizes = ratings.frame["unit"].value_counts().sort_index().sort_values(kind="stable")
    hidden = _hidden(sizes, suppress_below)
    rows = []
    for unit in [*sorted(sizes.index), ALL_UNITS]:
        group = ratings.frame if unit == ALL_UNITS else ratings.frame[ratings.frame["unit"] == unit]
        out = unit in hidden or len(group) < suppress_below
        counts = group["predicate"].value_counts()
        for item in rule.predicates:
            share = nan if out else counts.get(item.code, 0) / len(group)
            rows.append({"unit": unit, "label": item.code, "value": share, "low": nan, "high": nan, "level": 0.95,
                         "n": 0 if out else len(group), "method": "count", MEASURED_IN: "share",
                         "note": "group_suppressed" if out else "census_of_employees"})
    return EstimateTable(frame=pd.DataFrame(rows), groups=("unit",))


def _hidden(sizes: pd.Series, suppress_below: int) -> set[str]:
    """Units whose spread is not shown; ``sizes`` from the smallest to the largest."""
    hidden = [unit for unit, n in sizes.items() if n < suppress_below]
    for unit in sizes.index[len(hidden):]:
        if not hidden or sizes[hidden].sum() >= suppress_below:
            break
        hidden.append(unit)
    return set(hidden)


def cell_counts(ratings: Ratings) -> dict[tuple[str, str], int]:
    """Employees by (result, behaviour).

    Parameters
    ----------
    ratings : Ratings
        With both ratings.

    Raises
    ------
    NotApplicable
        ``ratings_without_pair`` when the file gives the predicate only.
    """
    frame = ratings.frame
    if ((frame["result"] == "") | (frame["behaviour"] == "")).any():
        raise NotApplicable("ratings_without_pair")
    return {(str(one), str(other)): int(n) for (one, other), n in frame.groupby(["result", "behaviour"]).size().items()}


def guide_deviations(
    counts: Mapping[str, int], *, organisation: str, guide: DistributionGuide, rule: PredicateRule, suppress_below: int,
) -> tuple[Deviation, ...]:
    """Where the spread of a group deviates from the guide.

    Parameters
    ----------
    counts : mapping of str to int
        Employees by predicate.
    organisation : str
        Predicate of the organisation, any spelling.
    guide : DistributionGuide
        The guide.
    rule : PredicateRule
        Names the predicates.
    suppress_below : int
        Smaller groups are not judged.

    Returns
    -------
    tuple of Deviation
        Empty when the spread follows the guide. A deviation is a question to the assessor, never a fault of an
        employee.

    Raises
    ------
    NotApplicable
        ``employee_group_small``.
    KinerjaError
        ``unknown_organisation_predicate``.
    """
    n = sum(counts.values())
    if n < max(suppress_below, 1):
        raise NotApplicable("employee_group_small", needed=suppress_below)
    pattern = guide.pattern(organisation)
    out = []
    for bound in pattern.rules:
        people = sum(counts.get(code, 0) for code in bound.predicates)
        needed = bound.people(n)
        if people > needed if bound.kind == "at_most" else people < needed:
            out.append(Deviation(rule=bound, share=people / n, people=people, needed=needed,
                                 message=_message(bound, people / n, needed, n, pattern, guide, rule)))
    return tuple(out)


def _message(
    bound: GuideRule, share: float, needed: int, n: int, pattern: GuidePattern, guide: DistributionGuide,
    rule: PredicateRule,
) -> Message:
    names = [rule.words(code) for code in bound.predicates]
    joined = Words(id=" + ".join(name.of("id") for name in names), en=" + ".join(name.of("en") for name in names))
    reading = Message("employees.reading_firm" if bound.firm else "employees.reading_uncertain")
    return Message(f"employees.deviation_{bound.kind}", {
        "predicates": joined, "share": share, "bound": bound.bound, "needed": needed, "n": n, "reading": reading,
        "organisation": pattern.organisation.words, "guide": Words(id=guide.title, en=guide.title_en)})


def what_if(
    cells: Cells, moves: Sequence[Move] = (), *, rule: PredicateRule, suppress_below: int,
    guide: DistributionGuide | None = None, organisation: str = "",
) -> WhatIf:
    """What other ratings would change in the spread, the credit and against the guide.

    Parameters
    ----------
    cells : mapping of (str, str) to int
        Employees by (result, behaviour), as ``cell_counts`` gives them: counts, never persons.
    moves : sequence of Move
        Done one after the other.
    rule : PredicateRule
        The matrix and the credit percentages.
    suppress_below : int
        Smaller groups are refused.
    guide, organisation
        The guide and the organisation's predicate, to compare with; both or neither.

    Raises
    ------
    NotApplicable
        ``employee_group_small``.
    KinerjaError
        ``move_too_many`` when a cell has fewer employees than a move takes from it, ``move_unknown`` for a pair that is
        no cell of the matrix.

    Notes
    -----
    Mean credit = sum of employees x percentage / employees. It assumes the same base for everybody.
    """
    n = sum(cells.values())
    if n < max(suppress_below, 1):
        raise NotApplicable("employee_group_small", needed=suppress_below)
    after = dict(cells)
    for move in moves:
        start, end = (move.from_result, move.from_behaviour), (move.to_result, move.to_behaviour)
        if start not in rule.cells or end not in rule.cells or move.people < 0:
            raise KinerjaError("move_unknown", start=" / ".join(start), end=" / ".join(end), people=move.people)
        if after.get(start, 0) < move.people:
            raise KinerjaError("move_too_many", start=" / ".join(start), people=move.people, there=after.get(start, 0))
        after[start] = after.get(start, 0) - move.people
        after[end] = after.get(end, 0) + move.people
    spread = (_spread(cells, rule), _spread(after, rule))
    judged: list[tuple[Deviation, ...]] = [(), ()]
    if guide is not None:
        judged = [guide_deviations(counts, organisation=organisation, guide=guide, rule=rule,
                                   suppress_below=suppress_below)
                  for counts in spread]
    credit = [sum(rule.credit_percent[code] * people for code, people in counts.items()) / n for counts in spread]
    return WhatIf(before=spread[0], after=spread[1], credit_before=credit[0], credit_after=credit[1],
                  deviations_before=judged[0], deviations_after=judged[1])


def _spread(cells: Cells, rule: PredicateRule) -> dict[str, int]:
    """Employees by predicate, every predicate of the rule."""
    out = {item.code: 0 for item in rule.predicates}
    for pair, people in cells.items():
        out[rule.cells[pair]] += people
    return out
