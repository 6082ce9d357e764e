"""What does a study's last survey say for planning the next one: spread, design effect, units and letters?"""

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.message import Words
from kinerja_lab.core.ruleset import Ruleset
from kinerja_lab.estimation.domains import domain_means
from kinerja_lab.estimation.satisfaction import satisfaction_index
from kinerja_lab.io.sources import StudySource
from kinerja_lab.io.study_values import Study
from kinerja_lab.report.analyse_design import (
    known_error,
    one_point,
    people_counted,
    person_index,
    sample_with,
    within_groups,
)
from kinerja_lab.report.disclosure import SUPPRESSED, suppress
from kinerja_lab.report.parameters import ALL_REGIONS
from kinerja_lab.report.unit_names import region_names

__all__ = ["SampleBasis", "sample_basis"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SampleBasis:
    """What planning needs of a survey that was made.

    Parameters
    ----------
    place : Words
        Name of the region, or the study's title for all regions together.
    period : str
        Period of the survey.
    index : Estimate
        Its index.
    sd : float
        Spread between respondents of their own index.
    within : float
        The same within a group (a service unit; a region where all regions are taken together).
    deff, group_deff : float
        Design effect of the index, and of a group's index (that of the weights within a unit; that of the whole where
        regions are the groups).
    population : float
        What the weights add up to; infinite where they count nobody.
    groups : pandas.DataFrame
        ``name, size, spread`` of the groups that may be shown; sizes are sums of weights, or answers where
        ``counted`` is false.
    counted : bool
        Whether sizes count people.
    hidden : int
        Groups that are not shown, because too few answered.
    indices : EstimateTable
        Index of every group, in the order of ``groups``.
    ruleset : Ruleset
        The rule of the survey, with its bands.
    word : Words
        What a group is called.
    point : float
        One point of an index of 100, or as much of another scale.
    """

    place: Words
    period: str
    index: Estimate
    sd: float
    within: float
    deff: float
    group_deff: float
    population: float
    groups: pd.DataFrame
    counted: bool
    hidden: int
    indices: EstimateTable
    ruleset: Ruleset
    word: Words
    point: float


def sample_basis(study: Study, source: StudySource, *, region: str, period: str, level: float) -> SampleBasis:
    """The planning numbers of one region's survey, the same as in its report.

    Parameters
    ----------
    study : Study
        The study as loaded.
    source : StudySource
        Its opened source.
    region : str
        Region code of the study, or ``ALL_REGIONS``.
    period : str
        One of its periods; empty where it has none.
    level : float
        Confidence level, between 0 and 1.

    Raises
    ------
    KinerjaError
        ``unknown_region``.
    NotApplicable
        ``rows_are_units``, ``no_survey``, ``no_rows``, ``one_respondent_each``, ``scores_constant`` or
        ``no_interval``.
    """
    if study.row_is_unit:
        raise NotApplicable("rows_are_units")
    together = region == ALL_REGIONS
    called = study.title if together else dict.fromkeys(("id", "en"), study.region(region).name)
    word = study.region_word if together else study.unit_word
    survey = source.survey(region=None if together else region, period=period or None)
    scores, some = person_index(survey, study.ruleset)
    sample = sample_with(survey, some)
    index = satisfaction_index(survey, ruleset=study.ruleset, level=level).row("index")
    row, se, deff = known_error(domain_means(sample, scores, level=level, unit=index.unit))
    by = "region" if together else "unit"
    spread, pooled = within_groups(survey.frame[by].astype(str).to_numpy()[some], sample.weights, scores)
    unequal = spread["n"] * spread["square"] / spread["weight"] ** 2
    population = people_counted(sample) if survey.design.weight else inf
    table = suppress(satisfaction_index(survey, ruleset=study.ruleset, level=level, by=(by,)),
                     below=study.suppress_below)
    shown = table.frame[(table.frame["note"] != SUPPRESSED) & (table.frame["n"] > 0)].reset_index(drop=True)
    codes = shown[by].astype(str)
    found = spread.reindex(codes)
    several = (found["n"] > 1).to_numpy()
    own = np.sqrt((found["within"] * found["n"] / (found["n"] - 1).clip(lower=1)).to_numpy())
    names = region_names(study) if together else source.unit_names()
    return SampleBasis(
        place=Words(id=called["id"], en=called["en"]), word=Words(id=word["id"], en=word["en"]), period=period,
        index=index, sd=float(se * sqrt(row.n / deff)), within=sqrt(pooled),
        deff=deff, group_deff=deff if together else float(np.average(unequal, weights=spread["n"])),
        population=population, counted=population < inf, hidden=len(table) - len(shown),
        groups=pd.DataFrame({
            "name": [names.get(code, code) for code in codes],
            "size": found["weight" if population < inf else "n"].to_numpy(dtype=float),
            "spread": np.where(several & (own > 0), own, sqrt(pooled))}),
        indices=EstimateTable(frame=shown, groups=(by,)), ruleset=study.ruleset,
        point=one_point(study.ruleset, study.instrument),
    )
