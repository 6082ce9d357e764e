"""Which part of the survey goes with which outcome, before and after case mix, within and between regions?"""

from collections.abc import Sequence
from html import escape

import numpy as np
import pandas as pd

from kinerja_lab.calibration.item_outcomes import PARTS, ItemOutcomes, item_outcomes
from kinerja_lab.core.options import Polarity
from kinerja_lab.core.outcome import OutcomeData
from kinerja_lab.core.survey import SurveyData
from kinerja_lab.io.places import studies_root
from kinerja_lab.io.sources import open_source
from kinerja_lab.io.study import load_study
from kinerja_lab.io.study_values import Study
from kinerja_lab.plot.words import element_names
from kinerja_lab.report.case_columns import outcome_case_mix
from kinerja_lab.report.show import html
from kinerja_lab.report.tables import table_html
from kinerja_lab.text.catalogue import Catalogue, catalogue

__all__ = ["dimension_html", "dimension_looks", "dimension_sentences", "outcome_table", "pair_names",
           "show_outcome_table"]


def dimension_looks(
    survey: SurveyData, outcomes: OutcomeData, *, measures: Sequence[str], level: float,
) -> ItemOutcomes:
    """Every survey item with every outcome, over all units given.

    Parameters
    ----------
    survey : SurveyData
        Answers; an item's score of a unit is their plain mean.
    outcomes : OutcomeData
        Outcomes of the same period.
    measures : sequence of str
        Codes of outcomes.
    level : float
        Confidence level, between 0 and 1.

    Raises
    ------
    KinerjaError
        ``unknown_measure``.
    NotApplicable
        ``no_looks``.
    """
    items = [item.code for item in survey.instrument.items]
    scores = survey.frame[["region", "unit", *items]].groupby(["region", "unit"], observed=True).mean().reset_index()
    sides = {}
    for measure in measures:
        right = outcomes.by_unit(measure)[["unit", "value"]].rename(columns={"value": "outcome"})
        sides[measure] = right.merge(outcome_case_mix(outcomes, measure=measure), on="unit", how="left")
    return item_outcomes(scores, items=items, outcomes=sides, level=level)


def outcome_table(study: str, *, measures: Sequence[str], period: str = "", level: float = 0.95) -> pd.DataFrame:
    """Rank correlation of every survey item with every outcome, over all regions of a study.

    Parameters
    ----------
    study : str
        Name of a study folder.
    measures : sequence of str
        Codes of outcomes.
    period : str
        Period; empty means the study's last.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    pandas.DataFrame
        ``item, criterion``, then an ``Estimate`` in each of ``all_units, beyond_case_mix, within_regions,
        between_regions``, ``n`` (units), ``q`` (of ``all_units``; Benjamini-Hochberg over all four parts of all rows,
        regions as clusters where there are eight or more) and ``q_<part>`` of the others. Pairs without an answer are
        left out.

    Raises
    ------
    KinerjaError
        What ``load_study`` and ``open_source`` raise; ``unknown_measure``.
    """
    return _wide(_of_study(study, measures=measures, period=period, level=level)[1])


def show_outcome_table(study: str, *, measures: Sequence[str], language: str, period: str = "", level: float = 0.95):
    """The same as sentences and a table for a notebook.

    Parameters
    ----------
    study, measures, period, level
        As for ``outcome_table``.
    language : str
        ``"id"`` or ``"en"``.
    """
    loaded, looks = _of_study(study, measures=measures, period=period, level=level)
    lines = "".join(f"<p>{escape(line)}</p>" for line in dimension_sentences(looks, study=loaded, language=language))
    return html(lines + dimension_html(looks, study=loaded, language=language))


def dimension_sentences(looks: ItemOutcomes, *, study: Study, language: str) -> list[str]:
    """What an official reads first: how many pairs go the good way at equal case mix, and where regions mislead.

    Parameters
    ----------
    looks : ItemOutcomes
        From ``dimension_looks``.
    study : Study
        Knows the names, and which way is better.
    language : str
        ``"id"`` or ``"en"``.
    """
    words, names = catalogue(language), pair_names(study, language=language)
    good_way = {measure.code: {Polarity.MAXIMISE: 1, Polarity.MINIMISE: -1}.get(measure.polarity, 0)
                for measure in study.measures}
    label = "beyond_case_mix" if looks.part("beyond_case_mix")["value"].notna().any() else "all_units"
    rows = looks.part(label)
    good = rows["value"] * rows["measure"].map(good_way)
    held = rows["held"]
    params = {"pairs": len(rows), "good": int((held & (good > 0)).sum()), "bad": int((held & (good < 0)).sum()),
              "items": rows["item"].nunique(), "measures": rows["measure"].nunique(), "looks": looks.looks,
              "fdr": looks.rate, "unit": study.unit_word[language], "region": study.region_word[language]}
    params["rest"] = params["pairs"] - params["good"] - params["bad"]
    lines = [words.text(f"sentence.dimensions_{'equal' if label == 'beyond_case_mix' else 'plain'}", **params)]
    if params["good"]:
        best = looks.table.estimates()[int(looks.table.frame.index[looks.table.frame["label"] == label][
            int(np.nanargmax(np.where(held, good, np.nan)))])]
        key = rows.iloc[int(np.nanargmax(np.where(held, good, np.nan)))]
        lines.append(words.text("sentence.dimensions_closest", item=names["item"][key["item"]], rank=best,
                                outcome=names["criterion"][key["measure"]]))
    within, between = looks.part("within_regions"), looks.part("between_regions")
    if between["value"].notna().any():
        sure = within["held"] & between["held"]
        flips = int((sure & (within["value"] * between["value"] < 0)).sum())
        lines.append(words.text(f"sentence.dimensions_{'flips' if flips else 'same_way'}", flips=flips,
                                sure=int(sure.sum()), region=params["region"], unit=params["unit"]))
    return lines


def dimension_html(looks: ItemOutcomes, *, study: Study, language: str) -> str:
    """A row a pair: the four parts with their intervals, and which of them hold.

    Parameters
    ----------
    looks, study, language
        As for ``dimension_sentences``.
    """
    words = catalogue(language)
    headers = {name: words.text(f"calibration_column.{name}") for name in PARTS}
    headers["holds"] = words.text("calibration_column.holds")
    frame = _wide(looks)
    frame["holds"] = [_holding(row, looks.rate, words) for row in frame.to_dict("records")]
    kept = [part for part in PARTS if not all(np.isnan(cell.value) for cell in frame[part])]
    caption = words.text("caption.calibration_dimensions", looks=looks.looks, fdr=looks.rate)
    return table_html(frame[["item", "criterion", *kept, "n", "holds"]], lang=language, headers=headers,
                      caption=caption, names=pair_names(study, language=language))


def _of_study(study: str, *, measures: Sequence[str], period: str, level: float) -> tuple[Study, ItemOutcomes]:
    loaded = load_study(studies_root() / study)
    source, period = open_source(loaded), period or loaded.periods[-1]
    survey, outcomes = source.survey(period=period), source.outcomes(period=period)
    return loaded, dimension_looks(survey, outcomes, measures=measures, level=level)


def _wide(looks: ItemOutcomes) -> pd.DataFrame:
    cells: dict[tuple[str, str], dict[str, object]] = {}
    keys = looks.table.frame[["item", "measure"]].itertuples(index=False, name=None)
    for (item, measure), estimate, q in zip(keys, looks.table.estimates(), looks.q, strict=True):
        row = cells.setdefault((item, measure), {"item": item, "criterion": measure})
        row[estimate.label] = estimate
        row["q" if estimate.label == "all_units" else f"q_{estimate.label}"] = float(q)
        if estimate.label == "all_units":
            row["n"] = estimate.n
    columns = ["item", "criterion", *PARTS, "n", "q", *(f"q_{part}" for part in PARTS[1:])]
    return pd.DataFrame(list(cells.values()), columns=columns)


def _holding(row: dict, rate: float, words: Catalogue) -> str:
    held = [words.text(f"calibration_column.{part}").lower() for part in PARTS
            if row["q" if part == "all_units" else f"q_{part}"] <= rate]
    return ", ".join(held) or words.text("sentence.dimensions_none")


def pair_names(study: Study, *, language: str) -> dict[str, dict[str, str]]:
    """Short names of items (those of the rule's elements where it has them) and names of outcomes.

    Parameters
    ----------
    study : Study
        Holds the rule, the instrument and the measures.
    language : str
        ``"id"`` or ``"en"``.
    """
    english = language == "en"
    texts = {item.code: (item.text_en if english else "") or item.text for item in study.instrument.items}
    elements = element_names(study.ruleset, lang=language) if study.ruleset is not None else {}
    return {"item": {code: elements.get(code, text) for code, text in texts.items()},
            "criterion": {one.code: (one.name_en if english else "") or one.name for one in study.measures}}
