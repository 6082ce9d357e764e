"""What does the design say of a region's survey? Effective size, what it can tell apart, numbers of small units."""

from dataclasses import replace
from math import inf

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.instrument import Instrument
from kinerja_lab.core.ruleset import Ruleset
from kinerja_lab.core.survey import SurveyData
from kinerja_lab.estimation.area_level import AreaEstimates, area_estimates
from kinerja_lab.estimation.domains import DomainEstimates, domain_means
from kinerja_lab.estimation.sample import Sample, sample_of
from kinerja_lab.estimation.sample_size import (
    cochran,
    detectable_difference,
    krejcie_morgan,
    sample_size_mean,
    slovin,
)
from kinerja_lab.estimation.satisfaction import satisfaction_index
from kinerja_lab.estimation.weighting import weighting_effect
from kinerja_lab.evidence.design_results import DesignResults, SizePlan, SmallUnits
from kinerja_lab.evidence.reading import need
from kinerja_lab.evidence.results import Setting, SurveyResults
from kinerja_lab.report.disclosure import suppress
from kinerja_lab.report.parameters import ALL_REGIONS
from kinerja_lab.report.reasons import or_reason

__all__ = ["POWER", "design_results", "known_error", "one_point", "people_counted", "person_index", "sample_with",
           "within_groups"]

POWER = 0.80
"""Chance with which a change is to be seen (house convention)."""

NORMED = 2.0
"""Weights that add up to less than this many times the answers are taken as normed: they do not count people."""

WIDE_SHARE = 0.08
"""Half an interval, as a share of the scale, above which a unit's number is too wide where the rule has no bands (about
what the bands of the SKM give)."""

LEAST_REGIONS = 20
"""Regions on one page from which they, and not their units, are the small areas."""

SPARE = 10
"""Units beyond the agencies from which the regression tells agencies apart."""


def design_results(survey: SurveyResults | NotApplicable, *, setting: Setting) -> DesignResults | NotApplicable:
    """Everything the design says.

    Parameters
    ----------
    survey : SurveyResults or NotApplicable
        The region's survey; its units have gone through ``disclosure``.
    setting : Setting
        Which report this is.

    Returns
    -------
    DesignResults or NotApplicable
        ``rows_are_units`` where a row is no respondent.
    """
    if isinstance(survey, NotApplicable):
        return survey
    if setting.row_is_unit:
        return NotApplicable("rows_are_units")
    scores, some = person_index(survey.survey, survey.ruleset)
    sample = sample_with(survey.survey, some)
    strata = pd.Series(np.zeros(sample.n, dtype=int) if sample.strata is None else sample.strata)
    clusters = pd.Series(np.arange(sample.n) if sample.clusters is None else sample.clusters)
    sizes = clusters.groupby(strata).nunique()
    found = or_reason(lambda: domain_means(sample, scores, level=setting.level, unit=survey.index.unit))
    return DesignResults(
        effects=or_reason(lambda: _effects(found, sample, setting.level)), strata=len(sizes),
        clusters=int(sizes.sum()), lonely=int((sizes == 1).sum()), weighted=bool(survey.survey.design.weight),
        plan=or_reason(lambda: _plan(found, survey, sample, setting.level)),
        small=or_reason(lambda: _small(survey, sample, scores, some, setting)),
    )


def person_index(survey: SurveyData, ruleset: Ruleset) -> tuple[np.ndarray, np.ndarray]:
    """Each respondent's own index, and who gave any answer.

    Parameters
    ----------
    survey : SurveyData
        Answers.
    ruleset : Ruleset
        Its ``index_factor`` scales the mean of a respondent's answers.
    """
    answers, instrument = survey.answers(), survey.instrument
    turned = np.array([item.reverse for item in instrument.items])
    answers = np.where(turned, instrument.low + instrument.high - answers, answers)
    given = ~np.isnan(answers)
    some = given.any(axis=1)
    if not some.any():
        return np.zeros(0), some
    return ruleset.index_factor * np.nansum(answers[some], axis=1) / given[some].sum(axis=1), some


def sample_with(survey: SurveyData, some: np.ndarray) -> Sample:
    """The sample of those who answered, with the design of the survey."""
    sample = sample_of(survey)
    parts = {name: None if getattr(sample, name) is None else getattr(sample, name)[some]
             for name in ("strata", "clusters")}
    return replace(sample, weights=sample.weights[some], **parts)


def people_counted(sample: Sample) -> float:
    """People that the weights add up to; infinite where the weights are normed and count nobody."""
    total = float(sample.weights.sum())
    return total if total >= NORMED * sample.n else inf


def known_error(found: DomainEstimates | NotApplicable) -> tuple[Estimate, float, float]:
    """The mean, its standard error and its design effect; raises the reason where it has none."""
    found = need(found)
    row = found.table.estimates()[0]
    if not row.has_interval or not np.isfinite(found.deff[0]) or found.deff[0] <= 0:
        raise NotApplicable("no_interval")
    return row, float(found.se[0]), float(found.deff[0])


def _effects(found, sample: Sample, level: float) -> EstimateTable:
    row, _, deff = known_error(found)
    kish = weighting_effect(sample.weights)

    def bare(label: str, value: float, method: str, unit: str, note: str = "deff_no_interval") -> Estimate:
        return Estimate(label=label, value=value, low=np.nan, high=np.nan, level=level, n=row.n, method=method,
                        unit=unit, note=note)

    return EstimateTable.from_estimates([
        bare("design_effect", deff, "variance over that of a simple random sample", "ratio"),
        bare("weighting_effect", kish, "Kish", "ratio"),
        bare("effective_n", row.n / deff, "n over the design effect", "respondents"),
    ])


def _plan(found, survey: SurveyResults, sample: Sample, level: float) -> SizePlan:
    row, se, deff = known_error(found)
    n = row.n
    sd = float(se * np.sqrt(n / deff))
    population = people_counted(sample) if survey.survey.design.weight else inf
    margin = se * float(special.ndtri((1 + level) / 2))
    point = one_point(survey.ruleset, survey.survey.instrument)
    sizes = [("krejcie_morgan", "share_5", krejcie_morgan(population).answers)]
    if population < inf:
        sizes.append(("slovin", "error_5", slovin(population, margin=0.05).answers))
    sizes += [("cochran", "share_5", cochran(population, margin=0.05, level=level).answers),
              ("mean", "index_1", sample_size_mean(sd, margin=point, level=level, deff=deff,
                                                   population=population).answers)]
    grid = np.unique(np.round(np.geomspace(20, max(5000, 4 * n), 80))).astype(float)
    grid = grid[grid <= population]
    z = float(special.ndtri((1 + level) / 2))
    curve = pd.DataFrame({
        "n": grid, "margin": z * sd * np.sqrt(deff / grid), "margin_simple": z * sd / np.sqrt(grid),
        "detectable": [detectable_difference(sd, n_first=k, n_second=k, level=level, power=POWER, deff=deff)
                       for k in grid]})
    return SizePlan(
        n=n, population=population, deff=deff, margin=margin, power=POWER, curve=curve, sd=_spread(sd, n, level, row),
        sizes=pd.DataFrame(sizes, columns=["rule", "promise", "answers"]),
        detectable=detectable_difference(sd, n_first=n, n_second=n, level=level, power=POWER, deff=deff),
    )


def one_point(ruleset: Ruleset, instrument: Instrument) -> float:
    """One point of an index of 100, as a share of the scale elsewhere."""
    return 1.0 if ruleset.index_factor == 25 else 0.01 * ruleset.index_factor * (instrument.high - instrument.low)


def _scale(survey: SurveyResults) -> float:
    instrument = survey.survey.instrument
    return survey.ruleset.index_factor * (instrument.high - instrument.low)


def _spread(sd: float, n: int, level: float, row: Estimate) -> Estimate:
    return Estimate(label="respondent_spread", value=sd, low=np.nan, high=np.nan, level=level, n=n,
                    method="weighted standard deviation", unit=row.unit, note="spread_no_interval")


def _widest(survey: SurveyResults) -> float:
    """Half an interval that still leaves the narrowest closed band recognisable."""
    starts = [band.lower for band in survey.ruleset.bands]
    inner = np.diff(starts)[1:] if len(starts) > 2 else np.array([])
    return float(inner.min() / 2) if inner.size else WIDE_SHARE * _scale(survey)


def _small(survey: SurveyResults, sample: Sample, scores, some, setting: Setting) -> SmallUnits:
    """Fay-Herriot over the units of the report (over regions, where there are many of them on one page).

    What is hidden takes no part and gets the regression's number alone.
    """
    rows, by = _areas(survey, setting)
    errors = _errors(survey, sample, scores, some, rows, by)
    direct = rows["value"].to_numpy(dtype=float)
    usable = np.isfinite(direct) & np.isfinite(errors)
    direct, errors = np.where(usable, direct, np.nan), np.where(usable, errors, 1.0)
    agencies, by_agency = _agencies(rows, usable)

    def fit(covariates, names) -> AreaEstimates:
        return area_estimates(direct, errors, areas=rows["unit"].to_numpy(), n=rows["n"].to_numpy(), names=names,
                              level=setting.level, covariates=covariates, unit=survey.index.unit)

    plain = fit(None, ())
    found = fit(agencies.to_numpy(dtype=float), tuple(agencies.columns)) if by_agency else plain
    widest = _widest(survey)
    return SmallUnits(rows=_printed(rows, usable, plain, found, widest, _ends(survey)), widest=widest,
                      level=setting.level, by_agency=by_agency, between=found.between, mse_formula=found.mse_formula,
                      unit=survey.index.unit, by=by)


def _areas(survey: SurveyResults, setting: Setting) -> tuple[pd.DataFrame, str]:
    """One row an area: units, or regions where a page holds so many that units would be thousands."""
    if setting.region == ALL_REGIONS and survey.survey.frame["region"].nunique() >= LEAST_REGIONS:
        table = satisfaction_index(survey.survey, ruleset=survey.ruleset, level=setting.level, by=("region",))
        frame = suppress(table, below=setting.suppress_below).frame
        return frame.assign(agency="", unit=frame["region"]).reset_index(drop=True), "region"
    return need(survey.units).frame.reset_index(drop=True), "unit"


def _errors(survey: SurveyResults, sample: Sample, scores, some, rows: pd.DataFrame, by: str) -> np.ndarray:
    """Error variance of each area's number, smoothed: a spread within areas common to all, over the effective size.

    A region is no simple sample: its variances are raised by what the design costs all regions together.
    """
    frame, pooled = within_groups(survey.survey.frame[by].astype(str).to_numpy()[some], sample.weights, scores)
    variance = pooled * frame["square"] / frame["weight"] ** 2
    found = variance.reindex(rows["unit"].astype(str)).to_numpy(dtype=float)
    if by == "unit":
        return found
    half = np.maximum(rows["high"] - rows["value"], rows["value"] - rows["low"]).to_numpy(dtype=float)
    own = (half / special.ndtri((1 + survey.index.level) / 2)) ** 2
    both = np.isfinite(own) & np.isfinite(found)
    return found * (own[both].sum() / found[both].sum()) if both.any() else found


def within_groups(groups: np.ndarray, weights: np.ndarray, scores: np.ndarray) -> tuple[pd.DataFrame, float]:
    """What respondents of a group differ by.

    Parameters
    ----------
    groups : numpy.ndarray, shape (n,)
        Group of each respondent.
    weights, scores : numpy.ndarray, shape (n,)
        Weight and own index of each.

    Returns
    -------
    frame : pandas.DataFrame
        ``weight, square, n, within`` by group: sums of weights and of their squares, respondents, and the variance of
        the scores (over n).
    pooled : float
        Variance within groups, common to all (over n - 1).

    Raises
    ------
    NotApplicable
        ``one_respondent_each`` or ``scores_constant``.
    """
    codes, names = pd.factorize(groups, sort=True)
    weight, square, product, n = (np.bincount(codes, weights=item, minlength=len(names)) for item in (
        weights, weights**2, weights * scores, np.ones(len(codes))))
    mean = product / weight
    within = np.bincount(codes, weights=weights * (scores - mean[codes]) ** 2, minlength=len(names)) / weight
    several = n > 1
    if not several.any():
        raise NotApplicable("one_respondent_each", n=len(names))
    pooled = float((n * within)[several].sum() / (n - 1)[several].sum())
    if pooled <= 1e-12 * (1 + float((scores**2).mean())):
        raise NotApplicable("scores_constant")
    return pd.DataFrame({"weight": weight, "square": square, "n": n, "within": within}, index=names), pooled


def _agencies(rows: pd.DataFrame, usable: np.ndarray) -> tuple[pd.DataFrame, bool]:
    known = set(rows.loc[usable, "agency"])
    dummies = pd.get_dummies(rows["agency"].astype(str), drop_first=True)
    enough = len(known) > 1 and set(rows["agency"]) == known and usable.sum() >= dummies.shape[1] + 1 + SPARE
    return dummies, bool(enough)


def _ends(survey: SurveyResults) -> tuple[float, float]:
    factor, instrument = survey.ruleset.index_factor, survey.survey.instrument
    return factor * instrument.low, factor * instrument.high


def _printed(rows, usable, plain: AreaEstimates, found: AreaEstimates, widest: float, ends) -> pd.DataFrame:
    small = found.areas.frame
    half = np.maximum(rows["high"] - rows["value"], rows["value"] - rows["low"]).to_numpy()
    bare = ~np.isfinite(half)
    direct = usable & ~bare & (half <= widest)
    reason = np.select([~usable, direct, bare], ["unit_hidden", "direct_narrow", "direct_without_interval"],
                       default="direct_wide")
    low, high = np.clip(small["low"], *ends), np.clip(small["high"], *ends)
    value = np.clip(small["value"], *ends)
    shown = np.where(usable, 1.0, np.nan)
    return pd.DataFrame({
        "agency": rows["agency"], "unit": rows["unit"], "n": rows["n"].to_numpy() * shown,
        "direct": rows["value"] * shown, "direct_low": rows["low"] * shown, "direct_high": rows["high"] * shown,
        "shrunken": plain.areas.frame["value"].to_numpy(), "small_area": value, "small_low": np.minimum(low, value),
        "small_high": np.maximum(high, value), "own_share": found.own_share,
        "printed": np.select([~usable, direct], ["synthetic", "direct"], default="small_area"), "reason": reason,
    })
