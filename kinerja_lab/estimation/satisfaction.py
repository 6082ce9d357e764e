"""What did citizens say, and how sure are we? Element scores, the index, its grade and its change."""

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError, NotApplicable, closest
from kinerja_lab.core.estimate import MEASURED_IN, Estimate, EstimateTable
from kinerja_lab.core.options import WeightMode, as_option
from kinerja_lab.core.ruleset import Ruleset
from kinerja_lab.core.survey import SurveyData
from kinerja_lab.estimation.design import Answers, Groups, answers_of, design_labels, group_rows
from kinerja_lab.estimation.grades import grade_probabilities, grade_table
from kinerja_lab.numeric.intervals import t_interval
from kinerja_lab.numeric.linearisation import DomainVariance, domain_plan, domain_variances

__all__ = [
    "constant_items", "element_scores", "grade_probabilities", "grade_table", "index_change", "index_unit",
    "satisfaction_index",
]

METHOD = "Taylor linearisation, t"

_PRINTED = {WeightMode.PRINTED_2: 0.11, WeightMode.PRINTED_3: 0.111}
_FLAT = 1e-10
"""A standard error below this share of the value is rounding noise: nobody differed."""


def element_scores(
    survey: SurveyData, *, ruleset: Ruleset, level: float, by: tuple[str, ...] = (),
) -> EstimateTable:
    """Mean answer per element (NRR), each over those who answered it.

    Parameters
    ----------
    survey : SurveyData
        Answers of respondents.
    ruleset : Ruleset
        The rule whose elements are scored; items are matched by name.
    level : float
        Confidence level, between 0 and 1.
    by : tuple of str
        Group columns; none means all respondents together.

    Returns
    -------
    EstimateTable
        ``label`` is the item code; ``n`` counts the answers to that item. Without an interval ``note`` is
        ``element_unanswered``, ``too_few_respondents``, ``one_cluster`` or ``no_variation``.

    Raises
    ------
    KinerjaError
        ``elements_differ``, ``scale_differs``, ``missing_columns`` or ``bad_level``.

    Notes
    -----
    NRR_u = sum of w y / sum of w over respondents with an answer; variance by Taylor linearisation of the ratio, t with
    clusters minus strata degrees of freedom, limits cut at the ends of the scale. Groups are samples of their own.

    References
    ----------
    Wolter, K. M. (2007). Introduction to variance estimation, 2nd ed., chapter 6. Springer.
    """
    answers = answers_of(survey, ruleset=ruleset)
    groups = group_rows(survey.frame, by=by)
    strata, clusters = design_labels(survey)
    plan = domain_plan(groups.codes, count=groups.count, strata=strata, clusters=clusters)
    weights = survey.weights()
    tables = []
    for position, code in enumerate(answers.codes):
        given, mean, total = _mean(answers.values[:, position], weights, groups.codes, groups.count)
        scores = _scores(answers.values[:, position], given, weights, mean, total, groups.codes)
        spread = plan.variances(scores, present=given)
        n = np.bincount(groups.codes, weights=given, minlength=groups.count).astype(int)
        tables.append(_table(groups, code, _columns(
            mean, spread, n, level=level, ends=(answers.low, answers.high), unit=answers.unit)))
    return _stacked(tables, groups.names)


def satisfaction_index(
    survey: SurveyData, *, ruleset: Ruleset, level: float, by: tuple[str, ...] = (),
    weight_mode: WeightMode = WeightMode.EXACT, exclude: tuple[str, ...] = (),
) -> EstimateTable:
    """The index of a survey (IKM where the rule is the SKM), for all groups in one pass.

    Parameters
    ----------
    survey : SurveyData
        Answers of respondents.
    ruleset : Ruleset
        The rule; its ``index_factor`` scales the mean of element means.
    level : float
        Confidence level, between 0 and 1.
    by : tuple of str
        Group columns; none means all respondents together.
    weight_mode : WeightMode
        Exact 1/x, or a printed weight to reproduce an old report (nine elements only).
    exclude : tuple of str
        Elements left out; the weights of the others become 1/(number left).

    Returns
    -------
    EstimateTable
        ``label`` is ``"index"``; ``n`` counts respondents with at least one answer. The value is NaN, never a mean of
        fewer elements, where nobody in the group answered an element (``element_unanswered``).

    Raises
    ------
    KinerjaError
        ``elements_differ``, ``scale_differs``, ``unknown_element``, ``printed_weight``, ``missing_columns``.
    NotApplicable
        ``no_elements_left``.

    Notes
    -----
    index = factor * sum_u w_u NRR_u. The variance is that of the linearised mean of ratios, so that the covariance of
    the elements is in it; t with clusters minus strata degrees of freedom; limits cut at the ends of the scale.

    References
    ----------
    Peraturan Menteri PANRB 14/2017 (formula and weights).
    Wolter, K. M. (2007). Introduction to variance estimation, 2nd ed., chapter 6. Springer.
    """
    answers = _without(answers_of(survey, ruleset=ruleset), exclude)
    factor = ruleset.index_factor * _element_weight(len(answers.codes), as_option(WeightMode, weight_mode))
    groups = group_rows(survey.frame, by=by)
    value, scores, some = _index(answers, survey.weights(), groups.codes, groups.count, factor)
    strata, clusters = design_labels(survey)
    spread = domain_variances(scores, domains=groups.codes, count=groups.count, strata=strata, clusters=clusters,
                              present=some)
    n = np.bincount(groups.codes, weights=some, minlength=groups.count).astype(int)
    ends = (factor * len(answers.codes) * answers.low, factor * len(answers.codes) * answers.high)
    columns = _columns(value, spread, n, level=level, ends=ends, unit=index_unit(ruleset))
    return _stacked([_table(groups, "index", columns)], groups.names)


def index_change(before: SurveyData, after: SurveyData, *, ruleset: Ruleset, level: float) -> Estimate:
    """Index of the later survey minus index of the earlier one.

    Parameters
    ----------
    before, after : SurveyData
        Surveys of two periods with the same items and design columns.
    ruleset : Ruleset
        The rule both indices follow.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    Estimate
        ``label`` is ``"change"``; without an interval the ``note`` says why.

    Raises
    ------
    KinerjaError
        ``surveys_differ`` when designs differ; those of ``satisfaction_index``.
    NotApplicable
        ``change_unanswered`` when an element has no answer in one of the periods.

    Notes
    -----
    The two periods are domains of one design: a cluster surveyed in both (same label) has one total, so the covariance
    it brings is in the variance. Without clusters the samples are independent and strata are taken within a period.

    References
    ----------
    Wolter, K. M. (2007). Introduction to variance estimation, 2nd ed., chapter 6. Springer.
    """
    if before.design != after.design:
        raise KinerjaError("surveys_differ", before=str(before.design), after=str(after.design))
    parts = [answers_of(survey, ruleset=ruleset) for survey in (before, after)]
    factor = ruleset.index_factor / len(parts[0].codes)
    pieces = [_index(part, survey.weights(), np.zeros(survey.n, dtype=np.int64), 1, factor)
              for part, survey in zip(parts, (before, after), strict=True)]
    values = [float(piece[0][0]) for piece in pieces]
    if np.isnan(values).any():
        raise NotApplicable("change_unanswered")
    period = np.repeat([0, 1], [before.n, after.n])
    strata, clusters = _joint_labels(before, after, period)
    spread = domain_variances(
        np.concatenate([-pieces[0][1], pieces[1][1]]), domains=np.zeros(len(period), dtype=np.int64), count=1,
        strata=strata, clusters=clusters, present=np.concatenate([pieces[0][2], pieces[1][2]]),
    )
    sizes = [int(piece[2].sum()) for piece in pieces]
    width = factor * len(parts[0].codes) * (parts[0].high - parts[0].low)
    columns = _columns(np.array([values[1] - values[0]]), spread, np.array([sum(sizes)]), level=level,
                       ends=(-width, width), unit=index_unit(ruleset))
    if min(sizes) < 2:
        columns |= {"low": [np.nan], "high": [np.nan], "note": ["too_few_respondents"]}
    return Estimate(label="change", **{name: column if isinstance(column, str | float) else column[0]
                                       for name, column in columns.items()})


def constant_items(survey: SurveyData) -> tuple[str, ...]:
    """Items that everyone who answered them answered alike.

    Parameters
    ----------
    survey : SurveyData
        Answers of respondents.

    Returns
    -------
    tuple of str
        Item codes in the order of the instrument; an item without any answer is not among them.
    """
    values = survey.answers()
    given = ~np.isnan(values)
    low, high = np.where(given, values, np.inf), np.where(given, values, -np.inf)
    if not len(values):
        return ()
    alike = given.any(axis=0) & (low.min(axis=0) == high.max(axis=0))
    return tuple(code for code, flat in zip(survey.instrument.item_codes, alike, strict=True) if flat)


def _mean(values: np.ndarray, weights: np.ndarray, codes: np.ndarray, count: int):
    """Who answered, weighted mean per group (NaN where nobody did) and the sum of weights behind it."""
    given = ~np.isnan(values)
    heavy = np.where(given, weights, 0.0)
    total = np.bincount(codes, weights=heavy, minlength=count)
    product = np.bincount(codes, weights=heavy * np.where(given, values, 0.0), minlength=count)
    return given, np.where(total > 0, product / np.where(total > 0, total, 1.0), np.nan), total


def _scores(values, given, weights, mean, total, codes) -> np.ndarray:
    """Linearised scores of a weighted mean: w (y - mean) / sum of w, 0 for no answer."""
    scale = np.where(total > 0, total, 1.0)
    return np.where(given, weights * (values - mean[codes]) / scale[codes], 0.0)


def _index(answers: Answers, weights: np.ndarray, codes: np.ndarray, count: int, factor: float):
    """Index per group, linearised scores and who gave any answer."""
    value, scores = np.zeros(count), np.zeros(len(codes))
    some = np.zeros(len(codes), dtype=bool)
    for column in answers.values.T:
        given, mean, total = _mean(column, weights, codes, count)
        scores += _scores(column, given, weights, mean, total, codes)
        value += mean
        some |= given
    return factor * value, factor * scores, some


def _columns(value, spread: DomainVariance, n, *, level: float, ends: tuple[float, float], unit: str) -> dict:
    """The fixed columns of a table, with a note wherever there is no interval."""
    se = np.sqrt(spread.variance)
    flat = se <= _FLAT * (1 + np.abs(np.nan_to_num(value)))
    reasons = [("element_unanswered", np.isnan(value)), ("too_few_respondents", n < 2),
               ("one_cluster", (spread.clusters < 2) | (spread.df < 1)), ("no_variation", flat)]
    note = np.select([mask for _, mask in reasons], [code for code, _ in reasons], default="").astype(object)
    bare = note != ""
    note[~bare & (spread.lonely > 0)] = "lonely_stratum"
    low, high = t_interval(value, se, np.where(bare, 1, spread.df), level=level)
    # a sum of floats may end a hair beyond the scale
    low, high = np.minimum(np.maximum(low, ends[0]), value), np.maximum(np.minimum(high, ends[1]), value)
    return {"value": value, "low": np.where(bare, np.nan, low), "high": np.where(bare, np.nan, high), "level": level,
            "n": n, "method": METHOD, "unit": unit, "note": note}


def _table(groups: Groups, label: str, columns: dict) -> pd.DataFrame:
    """Keys and fixed columns; where a group is called unit, the unit of measurement steps aside."""
    named = {MEASURED_IN if name == "unit" and name in groups.names else name: column
             for name, column in columns.items()}
    return groups.keys.assign(label=label, **named)


def _stacked(tables: list[pd.DataFrame], names: tuple[str, ...]) -> EstimateTable:
    """Tables of one label each, interleaved so that the labels of a group stand together."""
    frame = pd.concat(tables, ignore_index=True)
    order = np.arange(len(frame)).reshape(len(tables), -1).T.ravel()
    return EstimateTable(frame=frame.iloc[order], groups=names)


def _without(answers: Answers, exclude: tuple[str, ...]) -> Answers:
    unknown = [code for code in exclude if code not in answers.codes]
    if unknown:
        raise KinerjaError("unknown_element", value=", ".join(unknown), choices=", ".join(answers.codes),
                           nearest=closest(unknown[0], answers.codes) or "-")
    keep = [position for position, code in enumerate(answers.codes) if code not in exclude]
    if not keep:
        raise NotApplicable("no_elements_left")
    if len(keep) == len(answers.codes):
        return answers
    return Answers(codes=tuple(answers.codes[position] for position in keep), values=answers.values[:, keep],
                   low=answers.low, high=answers.high, unit=answers.unit)


def _element_weight(elements: int, mode: WeightMode) -> float:
    if mode is WeightMode.EXACT:
        return 1 / elements
    if elements != 9:
        raise KinerjaError("printed_weight", weight=_PRINTED[mode], elements=elements)
    return _PRINTED[mode]


def index_unit(ruleset: Ruleset) -> str:
    """Unit of the index: points of 100 under the factor of the SKM.

    Parameters
    ----------
    ruleset : Ruleset
        The rule.
    """
    return "index_100" if ruleset.index_factor == 25 else "scale_points"


def _joint_labels(before: SurveyData, after: SurveyData, period: np.ndarray):
    design = before.design
    columns = [pd.concat([before.frame[name], after.frame[name]], ignore_index=True) if name else None
               for name in (design.stratum, design.cluster)]
    strata, clusters = (None if column is None else pd.factorize(column, use_na_sentinel=False)[0]
                        for column in columns)
    if clusters is None:
        strata = period if strata is None else 2 * strata + period
    return strata, clusters
