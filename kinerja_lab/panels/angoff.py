"""How would the barely acceptable unit do on each item? Angoff: yes/no, probability, or expected points."""

from collections.abc import Mapping, Sequence

import numpy as np
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.message import Message
from kinerja_lab.core.panel import JudgePanel, Question
from kinerja_lab.core.standard import StandardPlan
from kinerja_lab.numeric.intervals import fisher_z, t_interval
from kinerja_lab.panels.cut_scores import StandardSetting, judge_rows, settle
from kinerja_lab.panels.generalisability import panel_error, panel_error_over_occasions
from kinerja_lab.panels.reading import Ratings, read_ratings

__all__ = ["angoff", "angoff_against_difficulty", "angoff_rounds"]


def angoff(
    panel: JudgePanel, *, questions: Sequence[str], round: int, plan: StandardPlan, items: str,
    points: Mapping[str, float] | None = None, occasions: Sequence[int] = (),
) -> StandardSetting:
    """Cut scores by Angoff's method.

    Parameters
    ----------
    panel : JudgePanel
        Every judge judged every item; at least two judges and two items. The question's scale says which form it is: 0
        or 1 as whole numbers (yes/no), 0 to 1 (modified), 0 to the most points of an item (extended).
    questions : sequence of str
        One question a cut, lowest cut first.
    round : int
        The round that counts.
    plan : StandardPlan
        Scale and bands; all items fully right is ``plan.high``, none is ``plan.low``.
    items : str
        ``"fixed"``: the standard is for these items; ``"random"``: for items like these.
    points : mapping of str to float, optional
        Most points of each item; the top of the question's scale where it is not given.
    occasions : sequence of int
        Rounds to be averaged as repeats; empty (the usual case) takes ``round`` alone.

    Returns
    -------
    StandardSetting
        ``components`` on the scale of one judgement.

    Raises
    ------
    KinerjaError
        ``no_such_question``, ``no_such_round``, ``panel_unknown_items``, ``angoff_scale`` (the scale does not begin at
        0),
        ``panel_points_exceeded``, ``panel_bad_points``, ``standard_bands``, ``cuts_not_increasing`` or
        ``cut_off_scale``.
    NotApplicable
        ``panel_too_few_judges``, ``panel_too_few_items``, ``panel_items_unrated``, ``panel_incomplete`` or
        ``panel_judges_differ``.

    Notes
    -----
    A judge's cut is the sum of his judgements over the sum of points, on the plan's scale; the cut is the mean over
    judges. The error is generalisability theory's (see ``panel_error``).

    References
    ----------
    Angoff, W. H. (1971). Scales, norms, and equivalent scores. In Thorndike, R. L. (ed.), Educational measurement, 2nd
    ed. American Council on Education.
    Impara, J. C., Plake, B. S. (1997). Standard setting: an alternative approach. Journal of Educational Measurement
    34, 353-366 (yes/no).
    Hambleton, R. K., Plake, B. S. (1995). Using an extended Angoff procedure to set standards on complex performance
    assessments. Applied Measurement in Education 8, 41-55.
    Brennan, R. L., Lockwood, R. E. (1980). A comparison of the Nedelsky and Angoff cutting score procedures using
    generalizability theory. Applied Psychological Measurement 4, 219-240.
    """
    rounds = tuple(occasions) or (round,)
    values, errors, freedom, count, parts, keys, per_judge = [], [], [], [], [], [], []
    first: Ratings | None = None
    for place, code in enumerate(questions):
        read = [read_ratings(panel.of(code, number), least_items=2, complete=True) for number in rounds]
        for each in read:
            first = _same_judges(first, each)
        tops = _tops(read, points)
        scale = (plan.high - plan.low) / tops.sum()
        table = np.stack([each.values for each in read], axis=2)
        found = (panel_error(table[:, :, 0], items=items, level=plan.level) if len(rounds) == 1
                 else panel_error_over_occasions(table, items=items, level=plan.level))
        values.append(plan.low + scale * table.mean(axis=(0, 2)).sum())
        errors.append(scale * table.shape[1] * found.se)
        freedom.append(found.df)
        count.append(table.size)
        parts += found.components
        keys += [(plan.bands[min(place + 1, len(plan.bands) - 1)],)] * len(found.components)
        per_judge.append(plan.low + scale * table.mean(axis=2).sum(axis=1))
    form = _form(first.question)
    conventions = [Message(f"convention.angoff_{form}"), Message(f"convention.items_{items}"),
                   Message("convention.mean_of_judges"),
                   Message("convention.rounds_used", {"rounds": ", ".join(map(str, rounds))})]
    method = f"Angoff ({form})"
    standard = settle(values, errors=errors, freedom=freedom, n=count, plan=plan, method=method,
                      conventions=conventions)
    return StandardSetting(
        standard=standard, silent=first.silent,
        components=EstimateTable.from_estimates(parts, groups=("cut",), keys=keys),
        judges=judge_rows(np.array(per_judge).T, first.judges, plan=plan, method=method, n=len(first.items)))


def angoff_rounds(
    panel: JudgePanel, *, question: str, plan: StandardPlan, points: Mapping[str, float] | None = None,
    scores: np.ndarray | None = None,
) -> EstimateTable:
    """The cut, the spread of the experts and the impact, round by round.

    Parameters
    ----------
    panel : JudgePanel
        Every judge who answered in a round judged every item of it.
    question : str
        Code of the question.
    plan : StandardPlan
        Scale; only its ends and level are used.
    points : mapping of str to float, optional
        Most points of each item; the top of the question's scale where it is not given.
    scores : numpy.ndarray, shape (units,), optional
        Scores of units on the plan's scale, for the impact.

    Returns
    -------
    EstimateTable
        Groups ``("round",)``; labels ``"cut"``, ``"sd_between_judges"`` and, with scores, ``"share_below"`` (limits:
        the shares at the ends of the cut's interval).

    Raises
    ------
    KinerjaError
        ``no_such_question``, ``score_not_finite``, ``angoff_scale``, ``panel_bad_points`` or ``panel_points_exceeded``.
    NotApplicable
        ``panel_too_few_judges``, ``panel_too_few_items``, ``panel_items_unrated`` or ``panel_incomplete``.

    Notes
    -----
    Limits of the cut by Student's t over judges, of the sd by chi-square. Spread that falls while the cut moves with
    the feedback is agreement that was taught, not found.

    References
    ----------
    Hambleton, R. K., Pitoniak, M. J. (2006). Setting performance standards. In Brennan, R. L. (ed.), Educational
    measurement, 4th ed. Praeger.
    """
    panel.question(question)
    held = panel.frame[panel.frame["question"] == question]
    if scores is not None and not np.isfinite(scores).all():
        raise KinerjaError("score_not_finite", value=str(scores[~np.isfinite(scores)][0]))
    rows, keys = [], []
    for number in sorted(set(held["round"])):
        ratings = read_ratings(panel.of(question, int(number)), least_items=2, complete=True)
        share = ratings.values.sum(axis=1) / _tops([ratings], points).sum()
        cuts = plan.low + (plan.high - plan.low) * share
        found = _round_rows(cuts, plan, scores)
        rows += found
        keys += [(int(number),)] * len(found)
    return EstimateTable.from_estimates(rows, groups=("round",), keys=keys)


def angoff_against_difficulty(
    panel: JudgePanel, *, question: str, round: int, difficulty: Mapping[str, float], level: float,
) -> EstimateTable:
    """Do an expert's judgements follow how hard the items are in fact?

    Parameters
    ----------
    panel : JudgePanel
        At least two judges and four items.
    question : str
        Code of the question; judgements are probabilities.
    round : int
        The round.
    difficulty : mapping of str to float
        Share of units that achieve each item, 0 to 1.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable
        Groups ``("judge",)``; labels ``"correlation"`` (``panel_judge_constant`` without one) and ``"rmse"`` (root mean
        square difference; ``rmse_no_interval``).

    Raises
    ------
    KinerjaError
        ``no_such_question``, ``no_such_round``, ``panel_scores_missing`` or ``bad_level``.
    NotApplicable
        ``panel_too_few_judges``, ``panel_too_few_items``, ``panel_items_unrated``, ``panel_incomplete`` or
        ``panel_difficulty_constant``.

    References
    ----------
    van der Linden, W. J. (1982). A latent trait method for determining intrajudge inconsistency in the Angoff and
    Nedelsky techniques of standard setting. Journal of Educational Measurement 19, 295-308 (the question asked).
    """
    ratings = read_ratings(panel.of(question, round), least_items=4, complete=True)
    missing = [item for item in ratings.items if not np.isfinite(difficulty.get(item, np.nan))]
    if missing:
        raise KinerjaError("panel_scores_missing", n=len(missing), items=", ".join(missing[:5]))
    truth = np.array([difficulty[item] for item in ratings.items], dtype=float)
    if np.ptp(truth) == 0:
        raise NotApplicable("panel_difficulty_constant", n=len(truth))
    rows, keys = [], []
    for judge, own in zip(ratings.judges, ratings.values, strict=True):
        common = {"level": level, "n": len(truth)}
        r = float(np.corrcoef(own, truth)[0, 1]) if np.ptp(own) > 0 else np.nan
        low, high = fisher_z(np.nan_to_num(r), len(truth), level=level)
        note = "panel_judge_constant" if np.isnan(r) else "panel_full_agreement" if np.isnan(low) else ""
        rows.append(Estimate(label="correlation", value=r, low=np.nan if note else float(low),
                             high=np.nan if note else float(high), method="correlation, Fisher z", unit="correlation",
                             note=note, **common))
        rows.append(Estimate(label="rmse", value=float(np.sqrt(((own - truth) ** 2).mean())), low=np.nan, high=np.nan,
                             method="root mean square difference", unit="probability",
                             note="rmse_no_interval", **common))
        keys += [(judge,)] * 2
    return EstimateTable.from_estimates(rows, groups=("judge",), keys=keys)


def _round_rows(cuts: np.ndarray, plan: StandardPlan, scores: np.ndarray | None) -> list[Estimate]:
    n, cut, sd = len(cuts), float(cuts.mean()), float(cuts.std(ddof=1))
    flat = sd <= 1e-12 * (1 + abs(cut))
    note, level = "panel_no_spread" if flat else "", plan.level
    ends = (np.nan, np.nan) if flat else tuple(map(float, t_interval(cut, sd / np.sqrt(n), n - 1, level=level)))
    tail = (1 - level) / 2
    wide = [np.nan if flat else sd * np.sqrt((n - 1) / special.chdtri(n - 1, end)) for end in (tail, 1 - tail)]
    common = {"level": level, "n": n}
    rows = [Estimate(label="cut", value=cut, low=ends[0], high=ends[1], method="mean of judges, t", unit=plan.unit,
                     note=note, **common),
            Estimate(label="sd_between_judges", value=sd, low=float(wide[0]), high=float(wide[1]), unit=plan.unit,
                     method="standard deviation, chi-square", note=note, **common)]
    if scores is not None:
        settled = np.round(np.asarray(scores, dtype=float), 10)
        below = [np.nan if np.isnan(end) else float((settled < np.round(end, 10)).mean()) for end in (cut, *ends)]
        rows.append(Estimate(label="share_below", value=below[0], low=below[1], high=below[2], level=level, note=note,
                             n=len(settled), method="share of units below the cut", unit="share"))
    return rows


def _tops(read: Sequence[Ratings], points: Mapping[str, float] | None) -> np.ndarray:
    """Most points of each item."""
    question, items = read[0].question, read[0].items
    if question.low != 0:
        raise KinerjaError("angoff_scale", question=question.code, low=str(question.low))
    if points is None:
        return np.full(len(items), question.high)
    tops = np.array([float(points.get(item, np.nan)) for item in items])
    if not (np.isfinite(tops) & (tops > 0)).all():
        raise KinerjaError("panel_bad_points", items=", ".join(
            item for item, top in zip(items, tops, strict=True) if not top > 0))
    over = [item for item, worst, top in zip(items, np.max([each.values.max(axis=0) for each in read], axis=0), tops,
                                             strict=True) if worst > top + 1e-12]
    if over:
        raise KinerjaError("panel_points_exceeded", items=", ".join(over))
    return tops


def _form(question: Question) -> str:
    if question.high > 1:
        return "extended"
    return "yes_no" if question.whole else "modified"


def _same_judges(first: Ratings | None, other: Ratings) -> Ratings:
    if first is not None and (first.judges != other.judges or first.items != other.items):
        raise NotApplicable("panel_judges_differ", first=len(first.judges), second=len(other.judges))
    return first or other
