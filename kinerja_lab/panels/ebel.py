"""How relevant and how hard is each item, and what should a barely acceptable unit achieve in each cell? Ebel."""

from collections.abc import Mapping

import numpy as np

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.message import Message
from kinerja_lab.core.panel import JudgePanel
from kinerja_lab.core.standard import StandardPlan
from kinerja_lab.panels.cut_scores import StandardSetting, judge_rows, over_judges, settle
from kinerja_lab.panels.reading import read_ratings

__all__ = ["ebel"]


def ebel(
    panel: JudgePanel, *, relevance: str, difficulty: str, round: int, grid: Mapping[tuple[float, float], float],
    plan: StandardPlan, judge_grids: Mapping[str, Mapping[tuple[float, float], float]] | None = None,
) -> StandardSetting:
    """One cut score by Ebel's method.

    Parameters
    ----------
    panel : JudgePanel
        Every judge placed every item on both questions; at least two judges and one item.
    relevance, difficulty : str
        Codes of the two questions.
    round : int
        The round that counts.
    grid : mapping of (relevance rating, difficulty rating) to float
        Share of the items of a cell that the barely acceptable unit achieves, 0 to 1.
    plan : StandardPlan
        Scale and two bands.
    judge_grids : mapping of str to such mappings, optional
        Each judge's own grid, where each filled in one; ``grid`` holds for judges who have none.

    Returns
    -------
    StandardSetting

    Raises
    ------
    KinerjaError
        ``no_such_question``, ``no_such_round``, ``ebel_cell_missing``, ``ebel_share`` or ``standard_bands``.
    NotApplicable
        ``panel_too_few_judges``, ``panel_items_unrated``, ``panel_incomplete`` or ``panel_judges_differ``.

    Notes
    -----
    A judge's cut is the mean over items of the share of the item's cell, on the plan's scale; the cut is the mean over
    judges, its error sd / sqrt(judges). Where all share one grid the error holds the grid fixed.

    References
    ----------
    Ebel, R. L. (1972). Essentials of educational measurement, chapter 19. Prentice-Hall.

    Examples
    --------
    Six items at .95 and four at .70 give (6 x .95 + 4 x .70) / 10 = .85.
    """
    place, hard = (read_ratings(panel.of(code, round), complete=True) for code in (relevance, difficulty))
    if place.judges != hard.judges:
        raise NotApplicable("panel_judges_differ", first=len(place.judges), second=len(hard.judges))
    shares = np.empty(place.values.shape)
    for row, judge in enumerate(place.judges):
        own = (judge_grids or {}).get(judge, grid)
        for column in range(shares.shape[1]):
            shares[row, column] = _share(own, (place.values[row, column], hard.values[row, column]))
    cuts = (plan.low + (plan.high - plan.low) * shares.mean(axis=1))[:, None]
    value, error, freedom = over_judges(cuts)
    method = "Ebel"
    standard = settle(value, errors=error, freedom=freedom, n=[shares.size], plan=plan, method=method, conventions=[
        Message("convention.ebel_grid_by_judge" if judge_grids else "convention.ebel_grid_shared"),
        Message("convention.mean_of_judges"), Message("convention.rounds_used", {"rounds": str(round)})])
    return StandardSetting(standard=standard, silent=place.silent, judges=judge_rows(
        cuts, place.judges, plan=plan, method=method, n=shares.shape[1]))


def _share(grid: Mapping[tuple[float, float], float], cell: tuple[float, float]) -> float:
    if cell not in grid:
        raise KinerjaError("ebel_cell_missing", relevance=f"{cell[0]:g}", difficulty=f"{cell[1]:g}")
    if not 0 <= grid[cell] <= 1:
        raise KinerjaError("ebel_share", relevance=f"{cell[0]:g}", difficulty=f"{cell[1]:g}", value=str(grid[cell]))
    return float(grid[cell])
