"""Which cut is neither too high nor too low, and fails neither too many nor too few? Hofstee's compromise."""

from dataclasses import dataclass

import numpy as np

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.message import Message
from kinerja_lab.core.panel import JudgePanel
from kinerja_lab.core.standard import StandardPlan
from kinerja_lab.panels.cut_scores import StandardSetting, judge_rows, settle
from kinerja_lab.panels.reading import read_ratings

__all__ = ["HofsteeBox", "hofstee", "hofstee_point"]

SUMMARIES = ("mean", "median")


@dataclass(frozen=True, slots=True, kw_only=True)
class HofsteeBox:
    """The four judgements.

    Parameters
    ----------
    least_cut, most_cut : float
        Lowest and highest cut that is acceptable, on the plan's scale.
    least_fail, most_fail : float
        Smallest and largest share below the cut that is acceptable, 0 to 1.

    Raises
    ------
    KinerjaError
        ``hofstee_box`` when a pair is not in order or a share is not one.
    """

    least_cut: float
    most_cut: float
    least_fail: float
    most_fail: float

    def __post_init__(self) -> None:
        if not (self.least_cut < self.most_cut and 0 <= self.least_fail < self.most_fail <= 1):
            raise KinerjaError("hofstee_box", least_cut=str(self.least_cut), most_cut=str(self.most_cut),
                               least_fail=str(self.least_fail), most_fail=str(self.most_fail))


def hofstee_point(box: HofsteeBox, scores: np.ndarray) -> tuple[float, float]:
    """Where the curve of the shares below a cut meets the diagonal of the box.

    Parameters
    ----------
    box : HofsteeBox
        The judgements.
    scores : numpy.ndarray, shape (units,)
        Finite scores on the same scale.

    Returns
    -------
    tuple of float
        The cut, and the share of units below it.

    Raises
    ------
    KinerjaError
        ``score_not_finite``.
    NotApplicable
        ``hofstee_no_crossing``: the curve passes outside the box.

    Notes
    -----
    The diagonal falls from (least cut, most failing) to (most cut, least failing). The curve is a staircase; the cut
    is the lowest at which the share of scores below it reaches the diagonal. Where a step crosses the diagonal that is
    the score at the step, and the share given is the one just above it.

    References
    ----------
    Hofstee, W. K. B. (1983). The case for compromise in educational selection and grading. In Anderson, S. B.,
    Helmick, J. S. (eds.), On educational testing. Jossey-Bass.
    """
    scores = np.sort(np.asarray(scores, dtype=float))
    if not len(scores) or not np.isfinite(scores).all():
        raise KinerjaError("score_not_finite", value="-" if not len(scores) else str(scores[~np.isfinite(scores)][0]))
    slope = (box.least_fail - box.most_fail) / (box.most_cut - box.least_cut)
    steps = np.unique(scores[(scores >= box.least_cut) & (scores < box.most_cut)])
    starts = np.concatenate([[box.least_cut], steps])
    stops = np.concatenate([steps, [box.most_cut]])
    # just above a score, and up to and including the next, the share below is that of the scores up to it
    shares = np.searchsorted(scores, starts, side="right") / len(scores)
    shares[0] = np.searchsorted(scores, box.least_cut, side="left") / len(scores)
    if shares[0] > box.most_fail + 1e-12:
        raise NotApplicable("hofstee_no_crossing", at=float(box.least_cut), share=float(shares[0]),
                            allowed=float(box.most_fail))
    for start, stop, share in zip(starts, stops, shares, strict=True):
        meets = box.least_cut + (share - box.most_fail) / slope
        if meets <= stop:
            return float(max(meets, start)), float(share)
    raise NotApplicable("hofstee_no_crossing", at=float(box.most_cut), share=float(shares[-1]),
                        allowed=float(box.least_fail))


def hofstee(
    panel: JudgePanel, *, questions: tuple[str, str, str, str], round: int, scores: np.ndarray, plan: StandardPlan,
    summary: str,
) -> StandardSetting:
    """One cut score by Hofstee's compromise.

    Parameters
    ----------
    panel : JudgePanel
        One item (the standard itself), at least three judges who answered all four questions.
    questions : tuple of four str
        Codes of: lowest cut, highest cut (plan's scale), smallest and largest share below the cut (0 to 1).
    round : int
        The round that counts.
    scores : numpy.ndarray, shape (units,)
        Scores of units on the plan's scale.
    plan : StandardPlan
        Scale and two bands.
    summary : str
        ``"mean"`` or ``"median"`` of the judges.

    Returns
    -------
    StandardSetting
        With the median there is no interval (``median_no_interval``). A judge whose own box the curve misses has no
        row.

    Raises
    ------
    KinerjaError
        ``no_such_question``, ``no_such_round``, ``panel_unknown_summary``, ``hofstee_items``, ``hofstee_box`` or
        ``score_not_finite``.
    NotApplicable
        ``panel_too_few_judges``, ``panel_judges_differ`` or ``hofstee_no_crossing`` (also when leaving out one judge).

    Notes
    -----
    The box is the mean (median) of each answer. The error is the jackknife over judges: each is left out in turn; the
    scores are held fixed.

    References
    ----------
    Hofstee, W. K. B. (1983). The case for compromise in educational selection and grading. In Anderson, S. B.,
    Helmick, J. S. (eds.), On educational testing. Jossey-Bass.
    """
    if summary not in SUMMARIES:
        raise KinerjaError("panel_unknown_summary", value=str(summary), choices=", ".join(SUMMARIES))
    read = [read_ratings(panel.of(code, round), least_judges=3, complete=True) for code in questions]
    if len(panel.items) != 1:
        raise KinerjaError("hofstee_items", n=len(panel.items))
    if any(each.judges != read[0].judges for each in read):
        raise NotApplicable("panel_judges_differ", first=len(read[0].judges), second=min(len(e.judges) for e in read))
    answers = np.stack([each.values[:, 0] for each in read], axis=1)
    judges = len(answers)
    value, share = hofstee_point(_box(answers, summary), scores)
    error, note = np.nan, "median_no_interval"
    if summary == "mean":
        left = np.array([hofstee_point(_box(np.delete(answers, row, axis=0), summary), scores)[0]
                         for row in range(judges)])
        error = float(np.sqrt((judges - 1) / judges * ((left - left.mean()) ** 2).sum()))
        note = "panel_no_spread"
    method = f"Hofstee ({summary})"
    standard = settle([value], errors=[error], freedom=[judges - 1], n=[judges], plan=plan, method=method, note=note,
                      conventions=[Message("convention.hofstee_staircase", {"share": share}),
                                   Message(f"convention.{summary}_of_judges"),
                                   Message("convention.rounds_used", {"rounds": str(round)})])
    names, own = _own_cuts(answers, read[0].judges, scores)
    return StandardSetting(standard=standard, silent=read[0].silent, judges=judge_rows(
        np.array(own).reshape(-1, 1), names, plan=plan, method="Hofstee (own box)", n=4))


def _box(answers: np.ndarray, summary: str) -> HofsteeBox:
    middle = answers.mean(axis=0) if summary == "mean" else np.median(answers, axis=0)
    return HofsteeBox(least_cut=float(middle[0]), most_cut=float(middle[1]), least_fail=float(middle[2]),
                      most_fail=float(middle[3]))


def _own_cuts(answers: np.ndarray, judges: tuple[str, ...], scores: np.ndarray) -> tuple[list[str], list[float]]:
    names, cuts = [], []
    for judge, row in zip(judges, answers, strict=True):
        try:
            cuts.append(hofstee_point(_box(row[None, :], "mean"), scores)[0])
            names.append(judge)
        except KinerjaError:
            continue  # his own box holds no crossing; the panel's may
    return names, cuts
