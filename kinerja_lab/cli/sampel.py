"""``kinerja sampel``: how many must answer, by which rule, and what does each rule promise and presume?"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import inf, isfinite, sqrt
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kinerja_lab.cli.columns import columns
from kinerja_lab.cli.console import say, words
from kinerja_lab.cli.sampel_request import SampelRequest, Wishes, wishes_of
from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.ruleset import Ruleset
from kinerja_lab.estimation.allocation import allocation
from kinerja_lab.estimation.grade_risk import grade_risk, unit_grade_risk
from kinerja_lab.estimation.sample_size import (
    cochran,
    krejcie_morgan,
    margin_of_mean,
    sample_size_difference,
    sample_size_mean,
    slovin,
)
from kinerja_lab.io.rulesets import load_ruleset
from kinerja_lab.io.study import load_study, studies_root
from kinerja_lab.numeric.intervals import normal_quantile
from kinerja_lab.report.parameters import ALL_REGIONS
from kinerja_lab.text.catalogue import Catalogue
from kinerja_lab.text.numbers import MISSING_MARK, number

if TYPE_CHECKING:
    from kinerja_lab.report.sample_plan import SampleBasis

__all__ = ["show_plan"]

RULESET = "skm-2017"
"""Whose letters are meant where no study is named."""
_FEW = 2
"""Answers from which a plan starts to count."""
_STEPS = (0.5, 1.0, 2.0, 3.0, 5.0)
_NOTABLE = 0.05
"""Share of the people from which the finite number of them is worth a word."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Plan:
    """What is known before anything is shown; numbers the user typed stand before those of the study."""

    wishes: Wishes
    text: Catalogue
    basis: "SampleBasis | None"
    sd: float
    within: float
    deff: float
    group_deff: float
    population: float
    point: float
    ruleset: Ruleset
    index: Estimate | None

    def whole(self, value: float) -> str:
        """A count as the language writes it."""
        return number(value, lang=self.text.lang, spec="d") if isfinite(value) else MISSING_MARK

    def plain(self, value: float) -> str:
        """A number with as many decimals as it needs, up to two."""
        spec = next((f".{d}f" for d in range(2) if abs(value - round(value, d)) < 1e-9), ".2f")
        return number(value, lang=self.text.lang, spec=spec)

    def percent(self, value: float) -> str:
        """A share as a percentage."""
        spec = ".0%" if abs(100 * value - round(100 * value)) < 1e-9 else ".1%"
        return number(value, lang=self.text.lang, spec=spec)

    def asked(self, answers: float) -> str:
        """How many to ask so that so many answer."""
        return self.whole(np.ceil(answers / self.wishes.response - 1e-9))


def show_plan(request: SampelRequest) -> int:
    """Print the plan, a part a question.

    Parameters
    ----------
    request : SampelRequest
        As typed.

    Returns
    -------
    int
        Exit code.

    Raises
    ------
    InputFaults
        Everything that cannot be read, at once.
    KinerjaError
        ``sampel_nothing``, or what loading the study raises.
    """
    plan = _planned(request)
    parts = [_known(plan), _shares(plan)]
    if isfinite(plan.sd):
        parts += [_index(plan), _differences(plan), _letter(plan), _units(plan)]
    else:
        parts.append(iter([plan.text.text("sampel.no_spread")]))
        if plan.wishes.sizes and plan.wishes.total:
            parts.append(_units(plan))
    for place, part in enumerate(parts):
        lines = list(part)
        if lines and place:
            say()
        for line in lines:
            say(line)
    return 0


def _planned(request: SampelRequest) -> _Plan:
    wishes, text = wishes_of(request), words(request.lang)
    basis = _basis(request, wishes)
    if basis is None and wishes.population is None and wishes.sd is None and not wishes.sizes:
        raise KinerjaError("sampel_nothing")
    known = sum(wishes.sizes.values()) or (inf if basis is None else basis.population)
    sd = wishes.sd or (float("nan") if basis is None else basis.sd)
    plan = _Plan(
        wishes=wishes, text=text, basis=basis, sd=sd, within=wishes.sd or (sd if basis is None else basis.within),
        deff=wishes.deff or (1.0 if basis is None else basis.deff),
        group_deff=1.0 if basis is None else basis.group_deff,
        population=wishes.population or known,
        point=1.0 if basis is None else basis.point, index=None if basis is None else basis.index,
        ruleset=load_ruleset(RULESET) if basis is None else basis.ruleset)
    if wishes.index is not None and isfinite(sd):
        half = normal_quantile(wishes.level) * sd * sqrt(plan.deff / _FEW)
        return replace(plan, index=Estimate(label="index", value=wishes.index, low=wishes.index - half,
                                            high=wishes.index + half, level=wishes.level, n=_FEW, method="planned"))
    return plan


def _basis(request: SampelRequest, wishes: Wishes) -> "SampleBasis | None":
    if not request.study:
        return None
    from kinerja_lab.io.sources import open_source
    from kinerja_lab.report.sample_plan import sample_basis

    study = load_study(studies_root() / request.study)
    region = request.region or (study.regions[0].code if len(study.regions) == 1 else ALL_REGIONS)
    if region != ALL_REGIONS:
        study.region(region)
    period = request.period or (study.periods[-1] if study.periods else "")
    if period not in (study.periods or ("",)):
        raise KinerjaError("sampel_period", value=period, choices=", ".join(study.periods) or "-")
    return sample_basis(study, open_source(study), region=region, period=period, level=wishes.level)


def _known(plan: _Plan) -> Iterator[str]:
    """What the numbers rest on."""
    text, basis = plan.text, plan.basis
    if basis is not None:
        when = f", {basis.period}" if basis.period else ""
        yield text.text("sampel.from_study", place=basis.place, when=when, index=basis.index, n=basis.index.n)
    people = plan.whole(plan.population) if isfinite(plan.population) else text.text("sampel.unknown")
    yield text.text("sampel.people", people=people)
    if isfinite(plan.sd):
        key = "sampel.spread" if basis is not None and plan.wishes.sd is None else "sampel.spread_given"
        yield text.text(key, sd=plan.sd, deff=plan.deff)
    if plan.wishes.response < 1:
        yield text.text("sampel.response", response=plan.percent(plan.wishes.response))


def _shares(plan: _Plan) -> Iterator[str]:
    """The three rules in use, each with what it presumes."""
    text, wishes, margin = plan.text, plan.wishes, plan.wishes.margin
    level = plan.percent(wishes.level)
    rows = [("krejcie_morgan", krejcie_morgan(plan.population, margin=margin).answers, "95%")]
    if isfinite(plan.population):
        rows.append(("slovin", slovin(plan.population, margin=margin).answers, MISSING_MARK))
    else:
        rows.append(("slovin", inf, MISSING_MARK))
    rows.append(("cochran", cochran(plan.population, margin=margin, level=wishes.level).answers, level))
    if plan.deff != 1:
        rows.append(("cochran_deff", cochran(plan.population, margin=margin, level=wishes.level,
                                             deff=plan.deff).answers, level))
    yield text.text("sampel.shares", margin=plan.plain(100 * margin))
    head = [text.text(f"sampel.{name}") for name in ("rule", "answers", "asked", "level", "presumes")]
    yield from columns(head, [
        [text.text(f"sampel.rule_{rule}"), plan.whole(n), plan.asked(n), sure,
         text.text(f"sampel.presumes_{rule}" if isfinite(n) else "sampel.needs_people", deff=plan.deff)]
        for rule, n, sure in rows], right=[1, 2, 3])
    yield text.text("sampel.shares_note")


def _index(plan: _Plan) -> Iterator[str]:
    """A mean of means within so many points."""
    text, wishes = plan.text, plan.wishes
    steps = [wishes.precision] if wishes.precision else [plan.point * step for step in _STEPS[:3]]
    rows = [(step, _answers_for(plan, step)) for step in steps]
    yield text.text("sampel.index", level=plan.percent(wishes.level))
    head = [text.text(f"sampel.{name}") for name in ("within", "answers", "asked")]
    yield from columns(head, [[f"± {plan.plain(step)}", plan.whole(n), plan.asked(n)] for step, n in rows],
                       right=[0, 1, 2])
    yield text.text("sampel.index_note", deff=plan.deff)
    if isfinite(plan.population) and max(n for _, n in rows) > _NOTABLE * plan.population:
        yield text.text("sampel.finite_note")


def _answers_for(plan: _Plan, precision: float) -> int:
    return sample_size_mean(plan.sd, margin=precision, level=plan.wishes.level, deff=plan.deff,
                            population=plan.population).answers


def _differences(plan: _Plan) -> Iterator[str]:
    """Two periods of the whole, and two units."""
    text, wishes = plan.text, plan.wishes
    steps = [wishes.difference] if wishes.difference else [plan.point * step for step in _STEPS]
    rows = []
    for step in steps:
        how = {"difference": step, "level": wishes.level, "power": wishes.power}
        periods = sample_size_difference(plan.sd, deff=plan.deff, population=plan.population, **how).answers
        units = sample_size_difference(plan.within, deff=plan.group_deff, **how).answers
        rows.append([plan.plain(step), plan.whole(periods), plan.asked(periods), plan.whole(units), plan.asked(units)])
    yield text.text("sampel.difference", power=plan.percent(wishes.power), level=plan.percent(wishes.level))
    group = _group(plan)
    head = [text.text("sampel.points"), text.text("sampel.each_period"), text.text("sampel.asked"),
            text.text("sampel.each_unit", unit=group), text.text("sampel.asked")]
    yield from columns(head, rows, right=[0, 1, 2, 3, 4])
    yield text.text("sampel.difference_note", unit=group, deff=plan.group_deff)


def _letter(plan: _Plan) -> Iterator[str]:
    """Answers after which the letter is sure."""
    text, sure = plan.text, plan.wishes.sure
    if plan.index is None:
        yield text.text("sampel.letter_needs_index")
        return
    yield text.text("sampel.letter", sure=plan.percent(sure))
    try:
        found = grade_risk(_as_of_few(plan.index), ruleset=plan.ruleset, sure=sure)
    except NotApplicable as reason:
        yield text.sentence(reason.message)
        return
    params = {"index": plan.plain(plan.index.value), "letter": found.printed, "sure": plan.percent(sure)}
    needed, have = found.answers.value, plan.index.n
    if found.more is None:
        yield text.text("sampel.letter_never", **params)
    elif plan.wishes.index is not None:
        yield text.text("sampel.letter_planned", n=plan.whole(needed), **params)
    else:
        key = "sampel.letter_more" if needed > have else "sampel.letter_enough"
        yield text.text(key, have=plan.whole(have), n=plan.whole(needed), more=plan.whole(needed - have), **params)


def _as_of_few(index: Estimate) -> Estimate:
    """The same index as a survey of very few answers would give it, so that the least number is found from there up."""
    if not index.has_interval or index.n <= _FEW:
        return index
    half = max(index.value - index.low, index.high - index.value) * sqrt(index.n / _FEW)
    return replace(index, low=index.value - half, high=index.value + half, n=_FEW)


def _group(plan: _Plan) -> str:
    return plan.text.text("sampel.unit") if plan.basis is None else plan.basis.word.of(plan.text.lang)


def _units(plan: _Plan) -> Iterator[str]:
    """How the answers are spread over units, and what each unit's number is then worth."""
    text, wishes, basis = plan.text, plan.wishes, plan.basis
    if wishes.sizes:
        rows = pd.DataFrame({"name": list(wishes.sizes), "size": list(wishes.sizes.values()),
                             "spread": plan.within if isfinite(plan.within) else 1.0})
        counted = True
    elif basis is not None and len(basis.groups):
        rows, counted = basis.groups, basis.counted
    else:
        yield text.text("sampel.no_units")
        return
    total = wishes.total or _answers_for(plan, wishes.precision or plan.point)
    yield text.text("sampel.units", total=plan.whole(total), unit=_group(plan).upper())
    keys = [str(place) for place in range(len(rows))]
    room = 1.0 if counted else 1e6  # sizes that are only proportions set no upper limit
    sizes = dict(zip(keys, rows["size"] * room, strict=True))
    try:
        plain = allocation(sizes, total=total, least=wishes.least)["n"].tolist()
        neyman = allocation(sizes, total=total, least=wishes.least,
                            spreads=dict(zip(keys, rows["spread"], strict=True)))["n"].tolist()
    except NotApplicable as reason:
        yield text.sentence(reason.message)
        return
    yield from _unit_rows(plan, rows, plain, neyman, counted=counted)
    yield text.text("sampel.units_note" if counted else "sampel.units_note_answers", least=wishes.least)
    if basis is not None and basis.hidden and not wishes.sizes:
        yield text.text("sampel.units_hidden", n=basis.hidden)


def _unit_rows(plan: _Plan, rows: pd.DataFrame, plain: list[int], neyman: list[int], *, counted: bool) -> Iterator[str]:
    text, letters, spread = plan.text, _unit_letters(plan), isfinite(plan.within)
    head = [_group(plan), text.text("sampel.size" if counted else "sampel.size_answers"), text.text("sampel.by_size"),
            text.text("sampel.within"), text.text("sampel.by_spread"),
            *([text.text("sampel.sure_at", sure=plan.percent(plan.wishes.sure))] if letters else [])]
    table = []
    for place, row in enumerate(rows.itertuples()):
        half = margin_of_mean(plan.within, n=plain[place], level=plan.wishes.level,
                              deff=plan.group_deff) if plain[place] and spread else inf
        shown = f"± {number(half, lang=text.lang, spec='.1f')}" if isfinite(half) else MISSING_MARK
        table.append([row.name, plan.whole(round(row.size)), plan.whole(plain[place]), shown, plan.whole(neyman[place]),
                      *([letters[place]] if letters else [])])
    yield from columns(head, table, right=range(1, len(head)), cut=[0])


def _unit_letters(plan: _Plan) -> list[str]:
    """Of every unit of a study: its letter and the answers after which it is sure."""
    if plan.basis is None or plan.wishes.sizes or not plan.ruleset.bands:
        return []
    few = EstimateTable.from_estimates([_as_of_few(row) for row in plan.basis.indices.estimates()])
    frame = unit_grade_risk(few, ruleset=plan.ruleset, sure=plan.wishes.sure).frame
    needed = frame.loc[frame["label"] == "answers", "value"].to_numpy()
    starts = np.array([band.lower for band in plan.ruleset.bands[1:]]) - 0.5 * 10.0**-plan.ruleset.decimals
    places = np.searchsorted(starts, plan.basis.indices.frame["value"], side="right")
    return [f"{plan.ruleset.bands[place].code}: {plan.whole(n) if isfinite(n) else plan.text.text('sampel.never')}"
            for place, n in zip(places, needed, strict=True)]
