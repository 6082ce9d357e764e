"""``kinerja skp``: how are predicates spread, does that deviate from the guide, and what would another spread change?

It counts. It never names, ranks or judges a person, and groups too small to hide a person are not shown.
"""

import re
from math import isnan
from pathlib import Path

from kinerja_lab.cli.columns import columns
from kinerja_lab.cli.console import say, words
from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.drafting.distribution import (
    ALL_UNITS,
    Deviation,
    Move,
    WhatIf,
    cell_counts,
    guide_deviations,
    predicate_shares,
    what_if,
)
from kinerja_lab.drafting.employees import PredicateRule, Ratings, matrix_mismatches, read_rating
from kinerja_lab.io.employee_rules import load_distribution_guide, load_predicate_rule, read_ratings
from kinerja_lab.text.catalogue import Catalogue
from kinerja_lab.text.numbers import MISSING_MARK, number

__all__ = ["parse_move", "show_ratings"]

_MOVE = re.compile(r"([^/>]+)/([^/>]+)>([^/>]+)/([^/>:]+):\s*(\d{1,6})\s*")


def show_ratings(file: Path, *, organisation: str, moves: tuple[str, ...], below: int, lang: str) -> int:
    """Print the spread, deviations from the guide where the organisation's predicate is given, and the what-if."""
    rule, text = load_predicate_rule("skp-2022"), words(lang)
    ratings = read_ratings(file, rule=rule)
    _show_shares(ratings, rule, below, text)
    different = matrix_mismatches(ratings)
    if different:
        say(text.text("skp.mismatches", n=different, rule=rule.title_en if lang == "en" else rule.title))
    guide = load_distribution_guide("se-3-2023") if organisation else None
    if guide is not None:
        counts = {item.code: int((ratings.frame["predicate"] == item.code).sum()) for item in rule.predicates}
        try:
            found = guide_deviations(counts, organisation=organisation, guide=guide, rule=rule, suppress_below=below)
        except NotApplicable as reason:
            say(text.sentence(reason.message))
        else:
            _show_deviations(found, text)
    if moves:
        result = what_if(cell_counts(ratings), [parse_move(move, rule=rule) for move in moves], rule=rule,
                         suppress_below=below, guide=guide, organisation=organisation)
        _show_what_if(result, rule, guide is not None, text)
    say(text.text("skp.no_verdict"))
    return 0


def parse_move(text: str, *, rule: PredicateRule) -> Move:
    """A move as typed: ``"di atas/sesuai > sesuai/sesuai: 5"`` (result/behaviour, from and to, and how many).

    Parameters
    ----------
    text : str
        As typed.
    rule : PredicateRule
        Knows the spellings.

    Raises
    ------
    KinerjaError
        ``skp_move``, or ``unknown_rating``.
    """
    found = _MOVE.fullmatch(text.strip())
    if found is None:
        raise KinerjaError("skp_move", value=text)
    ratings = [read_rating(part, rule=rule) for part in found.groups()[:4]]
    return Move(from_result=ratings[0], from_behaviour=ratings[1], to_result=ratings[2], to_behaviour=ratings[3],
                people=int(found[5]))


def _show_shares(ratings: Ratings, rule: PredicateRule, below: int, text: Catalogue) -> None:
    frame = predicate_shares(ratings, rule=rule, suppress_below=below).frame
    rows = []
    for unit, part in frame.groupby("unit", sort=False):
        shares = dict(zip(part["label"], part["value"], strict=True))
        hidden = part["note"].iloc[0] == "group_suppressed"
        if unit == ALL_UNITS and not hidden and frame["unit"].nunique() > 1:
            rows.append([""] * (2 + len(rule.predicates)))
        name = text.text("skp.all_units") if unit == ALL_UNITS else str(unit) or text.text("skp.no_unit")
        n = text.text("skp.hidden") if hidden else number(int(part["n"].iloc[0]), lang=text.lang, spec="d")
        parts = [shares[item.code] for item in rule.predicates]
        rows.append([name, n, *(MISSING_MARK if isnan(share) else number(share, lang=text.lang, spec=".1%")
                                for share in parts)])
    head = [text.text("skp.unit"), text.text("skp.n"), *(item.words.of(text.lang) for item in rule.predicates)]
    for line in columns(head, rows, right=range(1, len(head))):
        say(line)
    if (frame["note"] == "group_suppressed").any():
        say(text.text("skp.suppressed", below=below))
    say(text.text("skp.census"))


def _show_deviations(found: tuple[Deviation, ...], text: Catalogue) -> None:
    say(text.text("skp.deviations" if found else "skp.no_deviation", n=len(found)))
    for item in found:
        say(f"- {text.sentence(item.message)}")


def _show_what_if(result: WhatIf, rule: PredicateRule, guided: bool, text: Catalogue) -> None:
    say()
    say(text.text("skp.what_if"))
    rows = [[rule.words(code).of(text.lang), *(number(int(side[code]), lang=text.lang, spec="d")
                                               for side in (result.before, result.after)),
             number(rule.credit_percent[code], lang=text.lang, spec=".0f") + "%"] for code in result.before]
    head = [text.text(f"skp.{name}") for name in ("predicate", "before", "after", "credit")]
    for line in columns(head, rows, right=[1, 2, 3]):
        say(line)
    say(text.text("skp.credit_mean", before=result.credit_before, after=result.credit_after))
    if guided:
        _show_deviations(result.deviations_after, text)
