"""How do all regions stand beside each other? Index, letters, tiers and changes of all of them from one question."""

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import EstimateTable, fixed_columns
from kinerja_lab.core.options import Polarity
from kinerja_lab.estimation.grades import grade_table
from kinerja_lab.estimation.region_estimates import RegionEstimates
from kinerja_lab.evidence.regions_results import RegionsResults
from kinerja_lab.evidence.results import Setting
from kinerja_lab.io.sources import StudySource
from kinerja_lab.numeric.false_discovery import q_values
from kinerja_lab.numeric.intervals import normal_quantile
from kinerja_lab.profiling.ranking import Ranking, rank_units
from kinerja_lab.report.analyse_standing import profile_rng
from kinerja_lab.report.disclosure import SUPPRESSED, suppress
from kinerja_lab.report.parameters import ALL_REGIONS
from kinerja_lab.report.reasons import or_reason

__all__ = ["regions_results"]

BY = ("region",)


def regions_results(source: StudySource, *, setting: Setting) -> RegionsResults | NotApplicable:
    """All regions of a study in the period of the report, and their changes since the one before.

    Parameters
    ----------
    source : StudySource
        Opened source; the database makes the sums, no row is read.
    setting : Setting
        Which report this is.

    Returns
    -------
    RegionsResults or NotApplicable
        ``one_region_page`` on the page of a single region; ``no_survey`` or ``no_rows`` where nobody was asked.
    """
    if setting.region != ALL_REGIONS:
        return NotApplicable("one_region_page")
    found = or_reason(lambda: source.region_estimates(level=setting.level))
    if isinstance(found, NotApplicable):
        return found
    whole = _of(found.index, setting.period)
    if not len(whole):
        return NotApplicable("no_rows", region="-", period=setting.period or "-")
    index = suppress(whole, below=setting.suppress_below)
    hidden = frozenset(index.frame.loc[index.frame["note"] == SUPPRESSED, "region"])
    changes, q = _changes(found, setting, hidden)
    rule = source.study.ruleset
    return RegionsResults(
        index=index, elements=_without(_of(found.elements, setting.period), hidden), hidden=len(hidden),
        grades=grade_table(index, ruleset=rule) if rule.bands else NotApplicable("no_grades", ruleset=rule.title),
        ranking=or_reason(lambda: _ranked(index, setting.level)), changes=changes, q=q)


def _of(table: EstimateTable, period: str) -> EstimateTable:
    """The rows of a period, by region alone."""
    rows = table.frame[table.frame["period"] == period].reset_index(drop=True)
    return EstimateTable(frame=rows[[*BY, *fixed_columns(BY)]], groups=BY)


def _without(table: EstimateTable, hidden: frozenset[str]) -> EstimateTable:
    return EstimateTable(frame=table.frame[~table.frame["region"].isin(hidden)].reset_index(drop=True), groups=BY)


def _ranked(index: EstimateTable, level: float) -> Ranking:
    rows = index.frame.dropna(subset=["value", "low", "high"])
    half = np.maximum(rows["high"] - rows["value"], rows["value"] - rows["low"]).to_numpy(dtype=float)
    return rank_units(
        rows["value"].to_numpy(dtype=float), half / normal_quantile(level), units=rows["region"].to_numpy(),
        polarity=Polarity.MAXIMISE, level=level, rng=profile_rng(), n=rows["n"].to_numpy(), own=False)


def _changes(found: RegionEstimates, setting: Setting, hidden: frozenset[str]):
    """Changes of the regions that are shown in both periods, and q-values over all that have an interval."""
    if isinstance(found.changes, NotApplicable):
        return found.changes, {}
    if not setting.previous or setting.previous not in set(found.index.frame["period"]):
        return NotApplicable("no_previous_period"), {}
    before = suppress(_of(found.index, setting.previous), below=setting.suppress_below).frame
    closed = hidden | frozenset(before.loc[before["note"] == SUPPRESSED, "region"])
    rows = found.changes.frame.assign(_p=found.p)
    rows = rows[(rows["period"] == setting.period) & ~rows["region"].isin(closed)].reset_index(drop=True)
    q = pd.Series(q_values(rows["_p"].to_numpy(dtype=float)), index=rows["region"])
    return EstimateTable(frame=rows[[*BY, *fixed_columns(BY)]], groups=BY), q.dropna().to_dict()
