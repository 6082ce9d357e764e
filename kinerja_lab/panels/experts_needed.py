"""How firm is the verdict on an item: would one more expert flip it, and how many more would settle it?"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
from scipy import stats

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.panel import JudgePanel
from kinerja_lab.panels.content_validity import aiken_p, critical_cvr
from kinerja_lab.panels.reading import on_scale, read_ratings, whole_scale

__all__ = ["AikenRule", "CviRule", "CvrRule", "ItemRule", "experts_needed"]


class ItemRule(Protocol):
    """A rule that keeps or drops an item: ``top`` is what one expert can give at most (1 for yes and no)."""

    top: int

    def keeps(self, points: int, n: int) -> bool:
        """Whether an item with these points from n experts is kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CvrRule:
    """Kept when Lawshe's ratio passes the exact binomial test.

    Parameters
    ----------
    alpha : float
        One-sided error allowed, between 0 and 1.
    top : int
        Points of one expert; 1.
    """

    alpha: float
    top: int = 1

    def keeps(self, points: int, n: int) -> bool:
        """Whether ``points`` of n experts are beyond chance."""
        try:
            return points >= critical_cvr(n, alpha=self.alpha).least
        except NotApplicable:
            return False


@dataclass(frozen=True, slots=True, kw_only=True)
class CviRule:
    """Kept when the share of experts reaches a line that depends on the size of the panel.

    Parameters
    ----------
    small_panel : int
        Panels up to this size must agree fully.
    line : float
        Share that larger panels must reach.
    top : int
        Points of one expert; 1.

    References
    ----------
    Lynn, M. R. (1986). Determination and quantification of content validity. Nursing Research 35, 382-385.
    Polit, D. F., Beck, C. T., Owen, S. V. (2007). Is the CVI an acceptable indicator of content validity? Research in
    Nursing and Health 30, 459-467 (.78 for three or more experts).
    """

    small_panel: int = 5
    line: float = 0.78
    top: int = 1

    def keeps(self, points: int, n: int) -> bool:
        """Whether the share is high enough."""
        return points == n if n <= self.small_panel else points >= self.line * n - 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class AikenRule:
    """Kept when Aiken's V passes its exact test.

    Parameters
    ----------
    alpha : float
        One-sided error allowed, between 0 and 1.
    top : int
        Points of one expert: points of the scale less one.
    """

    alpha: float
    top: int

    def keeps(self, points: int, n: int) -> bool:
        """Whether the sum of points is beyond chance."""
        return aiken_p(points, n, points=self.top + 1) <= self.alpha * (1 + 1e-12)


def experts_needed(
    panel: JudgePanel, *, favourable: float, rule: ItemRule, assurance: float, most: int,
) -> pd.DataFrame:
    """What more experts could do to the verdict on each item.

    Parameters
    ----------
    panel : JudgePanel
        One question and round, at least two judges.
    favourable : float
        Lowest rating that counts as a yes for a rule with ``top`` 1; not used by rules on the whole scale.
    rule : CvrRule, CviRule, AikenRule
        What keeps an item.
    assurance : float
        Probability wanted that the item is kept in the end, between 0 and 1.
    most : int
        Largest number of further experts considered, at least 1.

    Returns
    -------
    pandas.DataFrame
        One row an item: ``item, n, points, kept``; ``flips`` (one more expert can turn the verdict) and ``flip_points``
        (the answer nearest the verdict so far that does it, as points; NaN where none does); ``more_for`` (fewest
        further experts, all with the best answer, after whom the item is kept; 0 if it is) and ``more_against`` (all
        with the worst answer, after whom it is dropped); ``more_needed`` (fewest further experts after whom it is kept
        with the assurance if they answer like those so far). NaN where ``most`` is not enough.

    Raises
    ------
    KinerjaError
        ``panel_not_single``, ``panel_threshold_off_scale``, ``panel_scale_points``, ``panel_bad_assurance`` or
        ``panel_bad_most``.
    NotApplicable
        ``panel_too_few_judges`` or ``panel_items_unrated``.

    Notes
    -----
    Further answers follow the predictive distribution of the answers so far: yes and no with a Jeffreys prior
    (beta-binomial), ratings as the binomial number of points with the same prior. Exact tests move in steps, so one
    more expert can also take a kept item out.

    References
    ----------
    Ayre, C., Scally, A. J. (2014). Critical values for Lawshe's content validity ratio. Measurement and Evaluation in
    Counseling and Development 47, 79-86 (the exact rule; the look ahead is this package's own).
    """
    ratings = read_ratings(panel)
    if not 0 < assurance < 1:
        raise KinerjaError("panel_bad_assurance", value=str(assurance))
    if most < 1:
        raise KinerjaError("panel_bad_most", value=str(most))
    if rule.top == 1:
        points = (ratings.values >= on_scale(favourable, ratings.question, name="favourable")).sum(axis=0)
    else:
        whole_scale(ratings, least=rule.top + 1, most=rule.top + 1)
        points = np.nansum(ratings.values - ratings.question.low, axis=0).astype(int)
    counts = (~np.isnan(ratings.values)).sum(axis=0)
    rows = [{"item": item, **_outlook(int(sum_), int(n), rule, assurance, most)}
            for item, sum_, n in zip(ratings.items, points, counts, strict=True)]
    return pd.DataFrame(rows)


def _outlook(points: int, n: int, rule: ItemRule, assurance: float, most: int) -> dict[str, object]:
    kept = rule.keeps(points, n)
    # the mildest answer that turns the verdict: the highest that drops a kept item, the lowest that keeps another
    answers = range(rule.top, -1, -1) if kept else range(rule.top + 1)
    turning = [answer for answer in answers if rule.keeps(points + answer, n + 1) != kept]
    further = range(1, most + 1)
    return {
        "n": n, "points": points, "kept": kept, "flips": bool(turning),
        "flip_points": float(turning[0]) if turning else np.nan,
        "more_for": 0.0 if kept else _first(m for m in further if rule.keeps(points + m * rule.top, n + m)),
        "more_against": 0.0 if not kept else _first(m for m in further if not rule.keeps(points, n + m)),
        "more_needed": 0.0 if kept else _first(
            m for m in further if _chance_kept(points, n, m, rule) >= assurance),
    }


def _first(found) -> float:
    return float(next(found, np.nan))


def _chance_kept(points: int, n: int, more: int, rule: ItemRule) -> float:
    """Predictive probability that the item is kept after so many further experts."""
    outcomes = np.arange(more * rule.top + 1)
    weights = stats.betabinom.pmf(outcomes, more * rule.top, points + 0.5, n * rule.top - points + 0.5)
    keeps = np.array([rule.keeps(points + int(extra), n + more) for extra in outcomes])
    return float(weights[keeps].sum())
