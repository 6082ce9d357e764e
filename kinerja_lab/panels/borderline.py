"""What do units score that the experts find just acceptable? Borderline group and borderline regression."""

from collections.abc import Mapping

import numpy as np

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.message import Message
from kinerja_lab.core.panel import JudgePanel
from kinerja_lab.core.standard import StandardPlan
from kinerja_lab.panels.cut_scores import StandardSetting, judge_rows, scores_of, settle
from kinerja_lab.panels.reading import Ratings, on_scale, read_ratings

__all__ = ["borderline_group", "borderline_regression", "regression_cut"]

SUMMARIES = ("mean", "median")


def regression_cut(scores: np.ndarray, ratings: np.ndarray, borderline: float) -> tuple[float, float]:
    """Score predicted for the borderline rating, and its classical standard error.

    Parameters
    ----------
    scores, ratings : numpy.ndarray, shape (n,)
        Score and global rating of each unit; the ratings vary, n is at least 3.
    borderline : float
        The rating that means "just acceptable".

    Returns
    -------
    tuple of float

    Notes
    -----
    Least squares of score on rating; s sqrt(1/n + (borderline - mean)^2 / Sxx), n - 2 degrees of freedom.

    References
    ----------
    Kramer, A., Muijtjens, A., Jansen, K., et al. (2003). Comparison of a rational and an empirical standard setting
    procedure for an OSCE. Medical Education 37, 132-139.
    """
    n, centre = len(scores), ratings.mean()
    sxx = ((ratings - centre) ** 2).sum()
    slope = ((ratings - centre) * scores).sum() / sxx
    value = scores.mean() + slope * (borderline - centre)
    left = scores - scores.mean() - slope * (ratings - centre)
    se = np.sqrt((left**2).sum() / (n - 2) * (1 / n + (borderline - centre) ** 2 / sxx))
    return float(value), float(se)


def borderline_regression(
    panel: JudgePanel, *, question: str, round: int, borderline: float, scores: Mapping[str, float], plan: StandardPlan,
) -> StandardSetting:
    """One cut score by borderline regression.

    Parameters
    ----------
    panel : JudgePanel
        Its items are units; a rating is the global judgement of a unit. At least two judges; a unit need not be rated
        by all of them.
    question : str
        Code of the question.
    round : int
        The round that counts.
    borderline : float
        The rating that means "just acceptable".
    scores : mapping of str to float
        Score of each unit, on the plan's scale.
    plan : StandardPlan
        Scale and two bands.

    Returns
    -------
    StandardSetting
        A judge with fewer than three units or one rating throughout has no row of his own.

    Raises
    ------
    KinerjaError
        ``no_such_question``, ``no_such_round``, ``panel_threshold_off_scale``, ``panel_scores_missing`` or
        ``cut_off_scale``.
    NotApplicable
        ``panel_too_few_judges``, ``panel_too_few_items``, ``panel_items_unrated``, ``panel_scores_constant``,
        ``panel_constant`` or ``borderline_wrong_way`` (better ratings go with lower scores).

    Notes
    -----
    Score on rating by least squares, all ratings together; the cut is the line's height at the borderline. The variance
    adds what judges and what units contribute and takes off what is counted twice (two-way clusters, each with its
    small sample factor g/(g-1)); degrees of freedom: the fewer of judges and units, less one.

    References
    ----------
    Kramer, A., Muijtjens, A., Jansen, K., et al. (2003). Comparison of a rational and an empirical standard setting
    procedure for an OSCE. Medical Education 37, 132-139.
    Cameron, A. C., Gelbach, J. B., Miller, D. L. (2011). Robust inference with multiway clustering. Journal of Business
    and Economic Statistics 29, 238-249.
    """
    ratings, known, bar = _read(panel, question, round, borderline, scores)
    judge, unit = np.nonzero(~np.isnan(ratings.values))
    given, score = ratings.values[judge, unit], known[unit]
    if np.ptp(given) == 0:
        raise NotApplicable("panel_constant", n=len(given))
    if not np.cov(given, score)[0, 1] > 0:
        raise NotApplicable("borderline_wrong_way", n=len(given))
    value = regression_cut(score, given, bar)[0]
    influence = _influence(score, given, bar)
    variance = _two_way(influence, judge, unit)
    method = "borderline regression"
    standard = settle([value], errors=[np.sqrt(variance)], n=[len(given)], plan=plan, method=method,
                      freedom=[min(len(ratings.judges), ratings.values.shape[1]) - 1.0], conventions=[
                          Message("convention.borderline_rating", {"rating": float(bar)}),
                          Message("convention.judges_and_units"),
                          Message("convention.rounds_used", {"rounds": str(round)})])
    names, own = [], []
    for place, name in enumerate(ratings.judges):
        mine = judge == place
        if mine.sum() >= 3 and np.ptp(given[mine]) > 0:
            names.append(name)
            own.append(regression_cut(score[mine], given[mine], bar)[0])
    return StandardSetting(standard=standard, silent=ratings.silent, judges=judge_rows(
        np.array(own).reshape(-1, 1), names, plan=plan, method=method, n=ratings.values.shape[1]))


def borderline_group(
    panel: JudgePanel, *, question: str, round: int, borderline: float, scores: Mapping[str, float], summary: str,
    plan: StandardPlan,
) -> StandardSetting:
    """One cut score: the middle of the units that were called just acceptable.

    Parameters
    ----------
    panel : JudgePanel
        Its items are units; a rating is the global judgement of a unit. At least two judges.
    question : str
        Code of the question.
    round : int
        The round that counts.
    borderline : float
        The rating that means "just acceptable".
    scores : mapping of str to float
        Score of each unit, on the plan's scale.
    summary : str
        ``"mean"`` or ``"median"`` of the scores.
    plan : StandardPlan
        Scale and two bands.

    Returns
    -------
    StandardSetting
        With the median there is no interval (``median_no_interval``).

    Raises
    ------
    KinerjaError
        ``no_such_question``, ``no_such_round``, ``panel_unknown_summary``, ``panel_threshold_off_scale``,
        ``panel_scores_missing`` or ``cut_off_scale``.
    NotApplicable
        ``panel_too_few_judges``, ``panel_too_few_items``, ``panel_items_unrated``, ``panel_scores_constant`` or
        ``borderline_group_small`` (fewer than two judges or two units in the group).

    Notes
    -----
    Every rating "just acceptable" puts its unit's score in the group once. Variance as in ``borderline_regression``.

    References
    ----------
    Livingston, S. A., Zieky, M. J. (1982). Passing scores. Educational Testing Service.
    """
    if summary not in SUMMARIES:
        raise KinerjaError("panel_unknown_summary", value=str(summary), choices=", ".join(SUMMARIES))
    ratings, known, bar = _read(panel, question, round, borderline, scores)
    judge, unit = np.nonzero(ratings.values == bar)
    judges, units = len(np.unique(judge)), len(np.unique(unit))
    if min(judges, units) < 2:
        raise NotApplicable("borderline_group_small", judges=judges, units=units)
    group = known[unit]
    value = float(group.mean() if summary == "mean" else np.median(group))
    error = np.nan
    if summary == "mean":
        error = np.sqrt(_two_way((group - value) / len(group), judge, unit))
    method = f"borderline group ({summary})"
    standard = settle([value], errors=[error], freedom=[min(judges, units) - 1.0], n=[len(group)], plan=plan,
                      method=method, note="median_no_interval" if summary == "median" else "panel_no_spread",
                      conventions=[
                          Message("convention.borderline_rating", {"rating": float(bar)}),
                          Message("convention.judges_and_units"),
                          Message("convention.rounds_used", {"rounds": str(round)})])
    found = [place for place in range(len(ratings.judges)) if (judge == place).any()]
    own = [[group[judge == place].mean() if summary == "mean" else np.median(group[judge == place])] for place in found]
    return StandardSetting(standard=standard, silent=ratings.silent, judges=judge_rows(
        np.array(own), [ratings.judges[place] for place in found], plan=plan, method=method, n=ratings.values.shape[1]))


def _read(panel, question, round, borderline, scores) -> tuple[Ratings, np.ndarray, float]:
    ratings = read_ratings(panel.of(question, round), least_items=4)
    return ratings, scores_of(ratings.items, scores), on_scale(borderline, ratings.question, name="borderline")


def _influence(scores: np.ndarray, ratings: np.ndarray, borderline: float) -> np.ndarray:
    """What each observation adds to the error of the line's height at the borderline."""
    centre = ratings.mean()
    sxx = ((ratings - centre) ** 2).sum()
    slope = ((ratings - centre) * scores).sum() / sxx
    left = scores - scores.mean() - slope * (ratings - centre)
    return left * (1 / len(scores) + (borderline - centre) * (ratings - centre) / sxx)


def _two_way(influence: np.ndarray, judge: np.ndarray, unit: np.ndarray) -> float:
    """Variance with judges and units as crossed clusters; never below that of the larger side alone."""
    def one(codes: np.ndarray) -> float:
        sums = np.bincount(np.unique(codes, return_inverse=True)[1], weights=influence)
        groups = len(sums)
        return float((sums**2).sum() * groups / (groups - 1))

    sides = one(judge), one(unit)
    n = len(influence)
    return max(sum(sides) - float((influence**2).sum()) * n / (n - 1), *sides)
