"""Which units do the experts call acceptable, and which score parts them? Contrasting groups and body of work."""

from collections.abc import Callable, Mapping

import numpy as np

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.message import Message
from kinerja_lab.core.panel import JudgePanel
from kinerja_lab.core.standard import StandardPlan
from kinerja_lab.panels.cut_scores import StandardSetting, judge_rows, over_judges, scores_of, settle
from kinerja_lab.panels.logistic_cut import logistic_cut, separated
from kinerja_lab.panels.reading import on_scale, read_ratings

__all__ = ["body_of_work", "contrasting_groups"]

RULES = ("midpoint", "logistic")
UNITS = ("fixed", "random")
LEAST_JACKKNIFE = 3


def contrasting_groups(
    panel: JudgePanel, *, question: str, round: int, acceptable: float, scores: Mapping[str, float], rule: str,
    units: str, plan: StandardPlan,
) -> StandardSetting:
    """One cut score between the units each expert called acceptable and the others.

    Parameters
    ----------
    panel : JudgePanel
        Its items are units, judged without their score being seen; at least two judges, each with both kinds.
    question : str
        Code of the question.
    round : int
        The round that counts.
    acceptable : float
        Lowest rating that calls a unit acceptable.
    scores : mapping of str to float
        Score of each unit, on the plan's scale.
    rule : str
        ``"midpoint"`` of the two groups' means, or ``"logistic"`` (probability one half).
    units : str
        ``"fixed"``: the error is that of other judges on these units; ``"random"``: of other judges and other units.
    plan : StandardPlan
        Scale and two bands.

    Returns
    -------
    StandardSetting

    Raises
    ------
    KinerjaError
        ``no_such_question``, ``no_such_round``, ``panel_unknown_rule``, ``panel_unknown_units``,
        ``panel_threshold_off_scale``, ``panel_scores_missing``, ``standard_bands`` or ``cut_off_scale``.
    NotApplicable
        ``panel_too_few_judges``, ``panel_too_few_items``, ``panel_items_unrated``, ``panel_scores_constant``,
        ``groups_one_kind`` (a judge called all units the same), ``groups_separated`` (no logistic curve) or
        ``groups_wrong_way`` (units called acceptable score lower).

    Notes
    -----
    A cut for each judge; the standard is their mean, its error sd / sqrt(judges). The error of having judged these
    units and no others is in every judge's cut alike and so not in that spread: with random units the jackknife over
    units is added to the variance (a little too much, as what belongs to both is in both), degrees of freedom by
    Satterthwaite. The midpoint lies between the cut a judge means and the mean of all units: choose units that lie
    around the cut.

    References
    ----------
    Livingston, S. A., Zieky, M. J. (1982). Passing scores. Educational Testing Service.
    """
    if rule not in RULES:
        raise KinerjaError("panel_unknown_rule", value=str(rule), choices=", ".join(RULES))
    _check_units(units)
    ratings = read_ratings(panel.of(question, round), least_items=4)
    known = scores_of(ratings.items, scores)
    acceptable = on_scale(acceptable, ratings.question, name="acceptable")

    def each(chosen: np.ndarray) -> np.ndarray:
        cuts = []
        for judge, own in zip(ratings.judges, ratings.values[:, chosen], strict=True):
            rated = ~np.isnan(own)
            cuts.append(_between(known[chosen][rated], own[rated] >= acceptable, rule, judge))
        return np.array(cuts)

    table = each(np.arange(len(known)))[:, None]
    value, error, freedom = over_judges(table)
    if units == "random":
        error, freedom = _with_units(error, freedom, lambda chosen: each(chosen).mean()[None], len(known))
    method = f"contrasting groups ({rule})"
    standard = settle(value, errors=error, freedom=freedom, n=[ratings.n], plan=plan, method=method, conventions=[
        Message(f"convention.groups_{rule}"), Message("convention.mean_of_judges"),
        Message(f"convention.units_{units}"), Message("convention.rounds_used", {"rounds": str(round)})])
    return StandardSetting(standard=standard, silent=ratings.silent, judges=judge_rows(
        table, ratings.judges, plan=plan, method=method, n=ratings.values.shape[1]))


def body_of_work(
    panel: JudgePanel, *, question: str, round: int, scores: Mapping[str, float], units: str, plan: StandardPlan,
) -> StandardSetting:
    """Cut scores from experts who put whole dossiers into bands.

    Parameters
    ----------
    panel : JudgePanel
        Its items are units (dossiers); a rating is the number of the band, from the question's lowest. At least three
        judges.
    question : str
        Code of the question; its scale has one point a band.
    round : int
        The round that counts.
    scores : mapping of str to float
        Score of each unit, on the plan's scale.
    units : str
        ``"fixed"``: the error is that of other judges on these units; ``"random"``: of other judges and other units.
    plan : StandardPlan
        Scale and bands.

    Returns
    -------
    StandardSetting
        A judge whose own answers give no curve has no row.

    Raises
    ------
    KinerjaError
        ``no_such_question``, ``no_such_round``, ``body_of_work_scale``, ``panel_unknown_units``,
        ``panel_scores_missing``, ``cuts_not_increasing`` or ``cut_off_scale``.
    NotApplicable
        ``panel_too_few_judges``, ``panel_too_few_items``, ``panel_items_unrated``, ``panel_scores_constant``,
        ``bands_one_kind``, ``bands_separated`` or ``bands_wrong_way``.

    Notes
    -----
    For each cut a logistic curve of "this band or higher" on the score, all judges' ratings together; the cut is where
    it is one half. Error: jackknife over judges, judges - 1 degrees of freedom; with random units the jackknife over
    units is added, degrees of freedom by Satterthwaite.

    References
    ----------
    Kingston, N. M., Kahl, S. R., Sweeney, K. P., Bay, L. (2001). Setting performance standards using the body of work
    method. In Cizek, G. J. (ed.), Setting performance standards. Erlbaum.
    """
    _check_units(units)
    ratings = read_ratings(panel.of(question, round), least_judges=LEAST_JACKKNIFE, least_items=4)
    points = ratings.question.points
    if len(points) != len(plan.bands):
        raise KinerjaError("body_of_work_scale", points=len(points), bands=len(plan.bands))
    known = scores_of(ratings.items, scores)

    def cuts(rows: np.ndarray, chosen: np.ndarray) -> np.ndarray:
        return np.array([_pooled(ratings.values[np.ix_(rows, chosen)], known[chosen], bar, band)
                         for bar, band in zip(points[1:], plan.bands[1:], strict=True)])

    judges, everyone, everything = len(ratings.judges), np.arange(len(ratings.judges)), np.arange(len(known))
    values = cuts(everyone, everything)
    error = _jackknife(lambda rows: cuts(rows, everything), judges)
    freedom = np.full(len(values), judges - 1.0)
    if units == "random":
        error, freedom = _with_units(error, freedom, lambda chosen: cuts(everyone, chosen), len(known))
    method = "body of work (logistic)"
    standard = settle(values, errors=error, freedom=freedom, n=[ratings.n] * len(values),
                      plan=plan, method=method, conventions=[
                          Message("convention.body_of_work_pooled"), Message(f"convention.units_{units}"),
                          Message("convention.rounds_used", {"rounds": str(round)})])
    names, own = [], []
    for judge, row in zip(ratings.judges, ratings.values, strict=True):
        try:
            own.append([_pooled(row[None, :], known, bar, judge) for bar in points[1:]])
            names.append(judge)
        except NotApplicable:
            continue  # too few dossiers of his own for a curve; his ratings count in the pooled one
    return StandardSetting(standard=standard, silent=ratings.silent, judges=judge_rows(
        np.array(own).reshape(-1, len(values)), names, plan=plan, method=method, n=ratings.values.shape[1]))


def _check_units(units: str) -> None:
    if units not in UNITS:
        raise KinerjaError("panel_unknown_units", value=str(units), choices=", ".join(UNITS))


def _jackknife(cuts: Callable[[np.ndarray], np.ndarray], count: int) -> np.ndarray:
    """Standard error of cuts that are computed anew without each one in turn."""
    left = np.array([cuts(np.delete(np.arange(count), gone)) for gone in range(count)])
    return np.sqrt((count - 1) / count * ((left - left.mean(axis=0)) ** 2).sum(axis=0))


def _with_units(
    error: np.ndarray, freedom: np.ndarray, cuts: Callable[[np.ndarray], np.ndarray], count: int,
) -> tuple[np.ndarray, np.ndarray]:
    """The judges' error with that of the units added."""
    judges, units = error**2, _jackknife(cuts, count) ** 2
    total = judges + units
    split = judges**2 / freedom + units**2 / (count - 1)
    return np.sqrt(total), np.divide(total**2, split, out=freedom.astype(float), where=split > 0)


def _between(scores: np.ndarray, passed: np.ndarray, rule: str, judge: str) -> float:
    if passed.all() or not passed.any():
        raise NotApplicable("groups_one_kind", judge=judge, n=len(passed))
    upper, lower = scores[passed].mean(), scores[~passed].mean()
    if not upper > lower:
        raise NotApplicable("groups_wrong_way", judge=judge)
    if rule == "midpoint":
        return float((upper + lower) / 2)
    if separated(scores, passed):
        raise NotApplicable("groups_separated", judge=judge)
    return logistic_cut(scores, passed)[0]


def _pooled(values: np.ndarray, scores: np.ndarray, bar: float, band: str) -> float:
    rows, columns = np.nonzero(~np.isnan(values))
    passed, known = values[rows, columns] >= bar, scores[columns]
    if passed.all() or not passed.any():
        raise NotApplicable("bands_one_kind", band=band)
    if not known[passed].mean() > known[~passed].mean():
        raise NotApplicable("bands_wrong_way", band=band)
    if separated(known, passed):
        raise NotApplicable("bands_separated", band=band)
    return logistic_cut(known, passed)[0]
