"""Can this panel be used at all? The rating table of one question and round, or the reason why not."""

from dataclasses import dataclass

import numpy as np

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.panel import JudgePanel, Question

__all__ = ["Ratings", "read_ratings"]

LEAST_JUDGES = 2


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ratings:
    """The answers of those who answered.

    Parameters
    ----------
    values : numpy.ndarray, shape (judges, items)
        NaN where there is no answer; no judge and no item is empty.
    judges, items : tuple of str
        Names of rows and columns.
    silent : tuple of str
        Judges who answered nothing; they are left out.
    question : Question
        The scale.
    """

    values: np.ndarray
    judges: tuple[str, ...]
    items: tuple[str, ...]
    silent: tuple[str, ...]
    question: Question

    @property
    def complete(self) -> bool:
        """Whether every judge rated every item."""
        return not np.isnan(self.values).any()

    @property
    def n(self) -> int:
        """Ratings."""
        return int((~np.isnan(self.values)).sum())


def read_ratings(
    panel: JudgePanel, *, least_judges: int = LEAST_JUDGES, least_items: int = 1, complete: bool = False,
) -> Ratings:
    """The rating table of a panel of one question and one round.

    Parameters
    ----------
    panel : JudgePanel
        As ``panel.of(question, round)`` gives it.
    least_judges, least_items : int
        Fewest that the method needs.
    complete : bool
        Whether the method needs every judge to have rated every item.

    Returns
    -------
    Ratings
        Without judges who answered nothing (named in ``silent``).

    Raises
    ------
    KinerjaError
        ``panel_not_single``.
    NotApplicable
        ``panel_too_few_judges``, ``panel_too_few_items``, ``panel_items_unrated`` (an item nobody rated) or
        ``panel_incomplete``.
    """
    values = panel.matrix()
    answered = ~np.isnan(values)
    spoke = answered.any(axis=1)
    silent = tuple(name for name, some in zip(panel.judges, spoke, strict=True) if not some)
    judges = tuple(name for name, some in zip(panel.judges, spoke, strict=True) if some)
    if len(judges) < least_judges:
        raise NotApplicable("panel_too_few_judges", n=len(judges), least=least_judges, invited=len(panel.judges))
    if len(panel.items) < least_items:
        raise NotApplicable("panel_too_few_items", n=len(panel.items), least=least_items)
    unrated = [name for name, some in zip(panel.items, answered.any(axis=0), strict=True) if not some]
    if unrated:
        raise NotApplicable("panel_items_unrated", items=", ".join(unrated))
    values = values[spoke]
    if complete and np.isnan(values).any():
        raise NotApplicable("panel_incomplete", n=int(np.isnan(values).sum()), total=values.size)
    return Ratings(values=values, judges=judges, items=panel.items, silent=silent, question=panel.questions[0])


def whole_scale(ratings: Ratings, *, least: int, most: int) -> int:
    """Number of points of a rating scale; refuses probabilities and scales of another length."""
    count = len(ratings.question.points)
    if not least <= count <= most:
        raise KinerjaError("panel_scale_points", question=ratings.question.code, n=count, least=least, most=most)
    return count


def on_scale(value: float, question: Question, *, name: str) -> float:
    """A threshold that lies on the question's scale."""
    if not question.low <= value <= question.high:
        raise KinerjaError("panel_threshold_off_scale", name=name, value=str(value), question=question.code,
                           low=str(question.low), high=str(question.high))
    return float(value)
