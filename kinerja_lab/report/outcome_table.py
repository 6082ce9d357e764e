"""Which part of the survey goes with which outcome, before and after case mix, within and between regions?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from kinerja_lab.calibration.association_parts import association_parts
from kinerja_lab.calibration.many_looks import many_looks
from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.io.places import studies_root
from kinerja_lab.io.sources import open_source
from kinerja_lab.io.study import load_study
from kinerja_lab.report.analyse_calibration import outcome_case_mix
from kinerja_lab.report.show import html
from kinerja_lab.report.tables import table_html
from kinerja_lab.text.catalogue import catalogue

__all__ = ["outcome_table", "show_outcome_table"]

LABELS = ("all_units", "beyond_case_mix", "within_regions", "between_regions")


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
        between_regions``, ``n`` (units) and ``q`` (Benjamini-Hochberg over all rows; regions are not clusters in it,
        the intervals are the ones that know them). Pairs without an answer are left out.

    Raises
    ------
    KinerjaError
        What ``load_study`` and ``open_source`` raise; ``unknown_measure``.
    """
    loaded = load_study(studies_root() / study)
    source, period = open_source(loaded), period or loaded.periods[-1]
    survey, outcomes = source.survey(period=period), source.outcomes(period=period)
    items = [item.code for item in survey.instrument.items]
    scores = survey.frame[["region", "unit", *items]].groupby(["region", "unit"], observed=True).mean().reset_index()
    rows, points = [], []
    for measure in measures:
        right = outcomes.by_unit(measure)[["unit", "value"]].rename(columns={"value": "outcome"})
        mix = outcome_case_mix(outcomes, measure=measure)
        both = scores.merge(right, on="unit").merge(mix, on="unit", how="left")
        for item in items:
            pairs = both.rename(columns={item: "indicator"})
            try:
                parts = association_parts(pairs, level=level, case_mix=tuple(mix.columns[1:]), ranked=True)
            except NotApplicable:
                continue
            rows.append({"item": item, "criterion": measure, **{label: parts.row(label) for label in LABELS},
                         "n": parts.row("all_units").n})
            points.append(pairs[["unit", "indicator", "outcome"]].assign(region="*", claim=f"{item} {measure}"))
    found = pd.DataFrame(rows, columns=["item", "criterion", *LABELS, "n"])
    return found.assign(q=many_looks(pd.concat(points), level=level).q if points else np.zeros(0))


def show_outcome_table(study: str, *, measures: Sequence[str], language: str, period: str = "", level: float = 0.95):
    """The same as a table for a notebook.

    Parameters
    ----------
    study, measures, period, level
        As for ``outcome_table``.
    language : str
        ``"id"`` or ``"en"``.
    """
    words, loaded = catalogue(language), load_study(studies_root() / study)
    english = language == "en"
    names = {"item": {item.code: (item.text_en if english else "") or item.text for item in loaded.instrument.items},
             "criterion": {one.code: (one.name_en if english else "") or one.name for one in loaded.measures}}
    frame = outcome_table(study, measures=measures, period=period, level=level)
    headers = {name: words.text(f"calibration_column.{name}") for name in LABELS}
    return html(table_html(frame, lang=language, names=names, headers=headers,
                           caption=words.text("caption.calibration_claims")))
