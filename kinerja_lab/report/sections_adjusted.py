"""What does a report show of adjusted scores: who moved, by how much, step by step, and what raters do?"""

from collections.abc import Iterator
from dataclasses import replace
from html import escape

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.options import Polarity
from kinerja_lab.evidence.standing_results import AdjustedLook, StandingResults
from kinerja_lab.report import show
from kinerja_lab.report.pictures import Picture, caption_of, headers_for, words_for
from kinerja_lab.report.reasons import reason_html
from kinerja_lab.report.session import Report
from kinerja_lab.report.tables import estimate_spec, table_html
from kinerja_lab.text.catalogue import catalogue
from kinerja_lab.text.numbers import number

__all__ = ["adjusted", "adjusted_estimates", "chosen_look", "measure_name", "measure_unit"]

_PICTURED = 3
_MOST_ROWS = 200
_TRUST = ("contradicted", "unproven", "", "allowed")
"""What the shown measure is chosen by first: the last is best."""


def adjusted(report: Report, *, measure: str = "") -> None:
    """Sentences, waterfalls, a table of units and one of measures; nothing where nothing can be allowed for.

    Parameters
    ----------
    report : Report
        From ``prepare``.
    measure : str
        The measure shown (``"survey"`` for the survey); chosen by its expectations when empty.
    """
    from IPython.display import display

    found = report.results.standing
    if isinstance(found, NotApplicable) or not found.adjusted:
        return
    words, look = catalogue(report.language), chosen_look(found, measure)
    head = f"<h3>{escape(words.text('section.standing_adjusted'))}</h3>"
    if isinstance(look, NotApplicable):
        display(show.html(head + reason_html(look, lang=report.language)))
        return
    wide = _wide(look)
    display(show.html(head + "".join(f"<p>{escape(line)}</p>" for line in _sentences(report, look, wide))))
    if len(wide):
        picture = _picture(report, look, wide.index[:_PICTURED].tolist())
        alt, caption = caption_of(picture, report.language)
        show.picture(picture.draw().figure, alt=alt, caption=caption)
    parts = [_unit_table(report, look, wide), "" if measure else _measure_table(report, found), _raters(report, found)]
    display(show.html("\n".join(part for part in parts if part)))


def chosen_look(found: StandingResults, measure: str = "") -> AdjustedLook | NotApplicable:
    """The adjusted scores of a measure; of the one with the best expectations and most units when none is named."""
    if measure:
        return found.adjusted.get(measure, NotApplicable("adjusted_nothing_known"))
    looks = [look for look in found.adjusted.values() if isinstance(look, AdjustedLook)]
    return max(looks, key=lambda look: (_TRUST.index(look.cases), _count(look)),
               default=next(iter(found.adjusted.values()), NotApplicable("adjusted_nothing_known")))


def _picture(report: Report, look: AdjustedLook, units: list[str]) -> Picture:
    """Waterfalls of the units that change most."""
    from kinerja_lab.plot.adjusted import waterfall, waterfall_axes

    name = measure_name(report, look.code)
    return Picture(name="standing_adjusted", params={
        "n": len(units), "measure": name, "unit_word": report.study.unit_word[report.language]}, draw=lambda: waterfall(
        look.scores, units=units, lang=report.language, axes=waterfall_axes(look.scores, units=len(units)),
        names={unit: _called(report, unit) for unit in units}, measure=_measured(report, look.code)))


def adjusted_estimates(found: StandingResults) -> Iterator[tuple[str, Estimate | EstimateTable]]:
    """Every estimate of this part under the name of its section: all units of the shown measure, totals of the others.

    Parameters
    ----------
    found : StandingResults
        As it stands in the results.
    """
    shown = chosen_look(found)
    for look in found.adjusted.values():
        if isinstance(look, NotApplicable):
            continue
        if look is shown:
            table = look.scores.units
            frame = table.frame[~table.frame["unit"].astype(str).isin(look.hidden)]
            yield f"standing.{look.code}.adjusted", EstimateTable(groups=table.groups, frame=frame)
        yield f"standing.{look.code}.adjusted.moved", look.scores.moved
    if not isinstance(found.raters, NotApplicable):
        for estimate in (found.raters.largest, found.raters.typical, found.raters.regraded):
            if not isinstance(estimate, NotApplicable):
                yield f"standing.raters.{estimate.label}", estimate


def _sentences(report: Report, look: AdjustedLook, wide: pd.DataFrame) -> Iterator[str]:
    words, scores = catalogue(report.language), look.scores
    units, moved = _count(look), round(scores.moved.value * _count(look))
    steps = [words.text(f"adjusted_step.{step}") for step in scores.steps]
    listed = steps[0] if len(steps) == 1 else words.text("adjusted_step.last", before=", ".join(steps[:-1]),
                                                          last=steps[-1])
    yield words.text("sentence.adjusted_intro" if moved else "sentence.adjusted_none_moved", steps=listed, units=units,
                     measure=measure_name(report, look.code), unit_word=report.study.unit_word[report.language], **(
                         {"moved": moved} if moved else {}))
    if len(wide):
        row, unit = wide.iloc[0], wide.index[0]
        parts = "; ".join(f"{words.text('adjusted_step.' + step)} {_signed(report, row[step])}"
                          for step in scores.steps)
        before, after = (_written(report, row[label], look.code) for label in ("raw", "adjusted"))
        yield words.text("sentence.adjusted_largest", unit=_called(report, unit), parts=parts,
                         before=before, after=after)
    yield " ".join(words.text(f"sentence.adjusted_why_{step}") for step in scores.steps)
    if look.cases in ("unproven", "contradicted"):
        yield words.text(f"sentence.adjusted_cases_{look.cases}")


def _unit_table(report: Report, look: AdjustedLook, wide: pd.DataFrame) -> str:
    """Raw, every step, adjusted, and the place before and after; those that change most first."""
    words, lang = catalogue(report.language), report.language
    if not len(wide):
        return ""
    shown, steps = wide.iloc[:_MOST_ROWS], look.scores.steps
    frame = pd.DataFrame({
        "unit": shown.index, "raw_value": shown["raw"].to_numpy(), "raw_interval": _spans(report, shown, "raw"),
        **{f"step_{step}": [_signed(report, value) for value in shown[step]] for step in steps},
        "adjusted_value": shown["adjusted"].to_numpy(), "adjusted_interval": _spans(report, shown, "adjusted"),
        "places_before_after": [f"{before:.0f} → {after:.0f}" for before, after in zip(
            shown["_before"], shown["_after"], strict=True)]})
    if look.polarity is Polarity.STABILISE:  # neither end is the best place
        frame = frame.drop(columns="places_before_after")
    key = "caption.standing_adjusted" if len(shown) == len(wide) else "caption.standing_adjusted_first"
    count = {} if len(shown) == len(wide) else {"shown": len(shown), "n": len(wide)}
    note = words.text("sentence.adjusted_table", level=look.scores.moved.level)
    return f"<p>{escape(note)}</p>" + table_html(
        frame, lang=lang, names=words_for(report), headers=headers_for(report),
        caption=words.text(key, measure=_measured(report, look.code), **count))


def _measure_table(report: Report, found: StandingResults) -> str:
    """One row a measure, where more than one can be adjusted."""
    words, lang, rows = catalogue(report.language), report.language, []
    for code, look in found.adjusted.items():
        row = {"measure": measure_name(report, code), "units_count": "–", "steps_taken": "", "moved_far": "–",
               "largest_move": "–"}
        if isinstance(look, NotApplicable):
            rows.append({**row, "steps_taken": words.sentence(look.message)})
            continue
        changes, units = _changes(look), _count(look)
        rows.append({**row, "units_count": number(units, lang=lang, spec="d"),
                     "steps_taken": ", ".join(words.text(f"adjusted_step.{step}") for step in look.scores.steps),
                     "moved_far": number(round(look.scores.moved.value * units), lang=lang, spec="d"),
                     "largest_move": _signed(report, changes.loc[changes.abs().idxmax()]) if len(changes) else "–"})
    if len(rows) < 2:
        return ""
    return table_html(pd.DataFrame(rows), lang=lang, caption=words.text("caption.standing_adjusted_all"))


def _raters(report: Report, found: StandingResults) -> str:
    """What the severity of raters changes: a sentence and its numbers; the reason where the study knows its raters."""
    if not report.study.rater_column:
        return ""
    words, changes = catalogue(report.language), found.raters
    head = f"<h3>{escape(words.text('section.standing_raters'))}</h3>"
    if isinstance(changes, NotApplicable):
        return head + reason_html(changes, lang=report.language)
    effects, look = report.results.survey.raters, found.adjusted.get("survey")
    hidden = look.hidden if isinstance(look, AdjustedLook) else frozenset()
    unit, lang = changes.units.iloc[0], report.language
    params = {name: number(estimate.value, lang=lang, spec=".2f")
              for name, estimate in (("largest", changes.largest), ("typical", changes.typical))}
    params |= {"share": effects.rater_share, "units": len(changes.units), "unit_word": report.study.unit_word[lang]}
    key = "sentence.adjusted_raters_hidden"
    if unit["unit"] not in hidden:
        key = "sentence.adjusted_raters"
        params |= {"unit": _called(report, unit["unit"]), **{
            name: number(float(unit[column]), lang=lang, spec=".2f")
            for name, column in (("before", "raw"), ("after", "adjusted"))}}
    rows = [replace(effects.rater_share, label="rater_share"), changes.largest, changes.typical, changes.regraded]
    table = EstimateTable.from_estimates([row for row in rows if not isinstance(row, NotApplicable)])
    return (f"{head}<p>{escape(words.text(key, **params))}</p>"
            + table_html(table, lang=lang, caption=words.text("caption.standing_raters")))


def _changes(look: AdjustedLook) -> pd.Series:
    """Adjusted less raw score of every unit that may be named."""
    frame = look.scores.units.frame
    raw, final = (frame[frame["label"] == label].set_index("unit")["value"] for label in ("raw", "adjusted"))
    return (final - raw)[~raw.index.astype(str).isin(look.hidden)]


def _wide(look: AdjustedLook) -> pd.DataFrame:
    """One row a unit that may be named, with its places among all, largest change first."""
    frame = look.scores.units.frame.assign(unit=lambda rows: rows["unit"].astype(str))
    wide = frame.pivot(index="unit", columns="label", values="value")
    for label in ("raw", "adjusted"):
        own = frame[frame["label"] == label].set_index("unit")
        wide[f"{label}_low"], wide[f"{label}_high"] = own["low"], own["high"]
    for place, label in (("_before", "raw"), ("_after", "adjusted")):
        wide[place] = wide[label].round(12).rank(ascending=look.polarity is Polarity.MINIMISE, method="min")
    wide = wide[~wide.index.isin(look.hidden)]
    order = np.argsort(-(wide["adjusted"] - wide["raw"]).abs().to_numpy(), kind="stable")
    return wide.iloc[order]


def _called(report: Report, unit: str) -> str:
    """The name of a unit; what the study calls a unit stands before one that has a code only."""
    return words_for(report)["unit"].get(unit) or f"{report.study.unit_word[report.language]} {unit}"


def _count(look: AdjustedLook) -> int:
    return look.scores.moved.n


def measure_name(report: Report, code: str) -> str:
    """The name of a measure, or of the survey's index."""
    return words_for(report)["measure"].get(code) or catalogue(report.language).text("sentence.standing_survey")


def measure_unit(report: Report, code: str) -> str:
    """The unit of a measure as printed; empty for the survey."""
    return next((measure.unit for measure in report.study.measures if measure.code == code), "")


def _measured(report: Report, code: str) -> str:
    """The measure's name with its unit."""
    unit = measure_unit(report, code)
    return f"{measure_name(report, code)} ({unit})" if unit else measure_name(report, code)


def _written(report: Report, value: float, code: str) -> str:
    text, unit = number(value, lang=report.language, spec=estimate_spec("")), measure_unit(report, code)
    return f"{text}{unit}" if unit == "%" else text


def _signed(report: Report, value: float) -> str:
    return f"{'+' if value > 0 else ''}{number(value, lang=report.language, spec=estimate_spec(''))}"


def _spans(report: Report, rows: pd.DataFrame, label: str) -> list[str]:
    words, lang, spec = catalogue(report.language), report.language, estimate_spec("")
    return ["–" if np.isnan(low) else words.text("table.interval", low=number(low, lang=lang, spec=spec),
                                                  high=number(high, lang=lang, spec=spec))
            for low, high in zip(rows[f"{label}_low"], rows[f"{label}_high"], strict=True)]
