"""Have the experts stopped moving, and do they agree? Change between Delphi rounds and when to stop."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.panel import JudgePanel, Question
from kinerja_lab.numeric.intervals import t_interval, wilson

__all__ = ["DelphiChange", "StoppingRule", "delphi_change"]

LEAST_JUDGES = 2
_QUARTILES = (25, 75)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoppingRule:
    """When a further round is not worth asking for.

    Parameters
    ----------
    stable_share : float
        An item is stable when the net change of the group's histogram is at most this share of the experts, 0 to 1.
    consensus_width : float
        There is consensus when the interquartile range of the answers is at most this many points of the scale.

    References
    ----------
    Scheibe, M., Skutsch, M., Schofer, J. (1975). Experiments in Delphi methodology. In Linstone, H. A., Turoff, M.
    (eds.), The Delphi method: techniques and applications. Addison-Wesley (a change of 15 % or less is stable).
    """

    stable_share: float = 0.15
    consensus_width: float = 1.0

    def __post_init__(self) -> None:
        if not (0 <= self.stable_share <= 1 and self.consensus_width >= 0):
            raise KinerjaError("panel_bad_stopping_rule", stable=str(self.stable_share),
                               width=str(self.consensus_width))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DelphiChange:
    """What changed from one round to the next.

    Parameters
    ----------
    items : EstimateTable
        Groups ``("item",)``; labels ``"changed"`` (share of the experts who gave another answer), ``"mean_change"``
        (points of the scale) and ``"net_change"`` (share of the experts by which the group's histogram moved:
        exchanges between two experts cancel).
    spread : pandas.DataFrame
        ``item, n, median_before, median_after, width_before, width_after`` (interquartile ranges), ``verdict``:
        ``"consensus"``, ``"stable_dissent"`` or ``"moving"``.
    stop : bool
        Whether no item moves any more.
    dropped : tuple of str
        Judges who answered the first of the two rounds and not the second.
    rule : StoppingRule
        The rule that was used.
    rounds : tuple of int
        The two rounds.
    """

    items: EstimateTable
    spread: pd.DataFrame
    stop: bool
    dropped: tuple[str, ...]
    rule: StoppingRule
    rounds: tuple[int, int]


def delphi_change(
    panel: JudgePanel, *, question: str, before: int, after: int, rule: StoppingRule, level: float,
) -> DelphiChange:
    """Change of opinion between two rounds, and whether to stop.

    Parameters
    ----------
    panel : JudgePanel
        With both rounds of the question.
    question : str
        Code of the question.
    before, after : int
        The two rounds; ``before`` is the earlier.
    rule : StoppingRule
        When an item is settled.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    DelphiChange
        Each item counts the experts who answered it in both rounds. Items with fewer than two such experts have no
        values (``panel_too_few_shared``) and count as moving. The verdict follows the point values, as the rule's
        source has it: with ten experts an interval of the share that moved is too wide to ever stop on; it is shown
        beside.

    Raises
    ------
    KinerjaError
        ``no_such_question``, ``no_such_round``, ``rounds_order`` or ``bad_level``.
    NotApplicable
        ``panel_too_few_judges``: fewer than two experts answered both rounds.

    Notes
    -----
    Net change is half the sum of the absolute differences of the two histograms, over the number of experts; answers
    that may be any number are counted in tenths of the scale. Shares have score intervals, the mean change Student's t;
    quartiles by linear interpolation (type 7).

    References
    ----------
    Scheibe, M., Skutsch, M., Schofer, J. (1975). Experiments in Delphi methodology. In Linstone, H. A., Turoff, M.
    (eds.), The Delphi method: techniques and applications. Addison-Wesley. von der Gracht, H. A. (2012). Consensus
    measurement in Delphi studies. Technological Forecasting and Social Change 79, 1525-1536.
    """
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    if not before < after:
        raise KinerjaError("rounds_order", before=str(before), after=str(after))
    first, second = (panel.of(question, number).matrix() for number in (before, after))
    spoke = [(~np.isnan(table)).any(axis=1) for table in (first, second)]
    both = spoke[0] & spoke[1]
    if both.sum() < LEAST_JUDGES:
        raise NotApplicable("panel_too_few_judges", n=int(both.sum()), least=LEAST_JUDGES, invited=len(panel.judges))
    asked = panel.question(question)
    rows, keys, spread = [], [], []
    for column, item in enumerate(panel.items):
        pair = np.stack([first[:, column], second[:, column]])
        pair = pair[:, ~np.isnan(pair).any(axis=0)]
        rows += _changes(pair, asked, level)
        keys += [(item,)] * 3
        spread.append({"item": item, **_spread(pair, asked, rule)})
    table = pd.DataFrame(spread)
    dropped = tuple(judge for judge, gone in zip(panel.judges, spoke[0] & ~spoke[1], strict=True) if gone)
    return DelphiChange(
        items=EstimateTable.from_estimates(rows, groups=("item",), keys=keys), spread=table,
        stop=bool((table["verdict"] != "moving").all()), dropped=dropped, rule=rule, rounds=(before, after),
    )


def _changes(pair: np.ndarray, asked: Question, level: float) -> list[Estimate]:
    n = pair.shape[1]
    kinds = {"changed": ("share of experts, Wilson", "share"),
             "mean_change": ("mean of differences, t", "scale_points"),
             "net_change": ("half the change of the histogram", "share")}
    if n < LEAST_JUDGES:
        return [Estimate(label=label, value=np.nan, low=np.nan, high=np.nan, level=level, n=n, method=method, unit=unit,
                         note="panel_too_few_shared") for label, (method, unit) in kinds.items()]
    gap = pair[1] - pair[0]
    moved = int((np.abs(gap) > 1e-9).sum())
    low, high = wilson(moved, n, level=level)
    se = gap.std(ddof=1) / np.sqrt(n)
    ends = t_interval(gap.mean(), se, n - 1, level=level) if se > 0 else (np.nan, np.nan)
    values = {"changed": (moved / n, float(low), float(high), ""),
              "mean_change": (float(gap.mean()), float(ends[0]), float(ends[1]), "" if se > 0 else "panel_no_spread"),
              "net_change": (_net_change(pair, asked), np.nan, np.nan, "net_change_no_interval")}
    return [Estimate(label=label, value=value, low=low, high=high, level=level, n=n, method=kinds[label][0],
                     unit=kinds[label][1], note=note) for label, (value, low, high, note) in values.items()]


def _net_change(pair: np.ndarray, asked: Question) -> float:
    if not asked.whole:
        tenths = np.floor(np.round(10 * (pair - asked.low) / (asked.high - asked.low), 9))
        pair = np.minimum(tenths, 9)
    answers = np.unique(pair)
    before, after = ((side[:, None] == answers).sum(axis=0) for side in pair)
    return float(np.abs(after - before).sum() / 2 / pair.shape[1])


def _spread(pair: np.ndarray, asked: Question, rule: StoppingRule) -> dict[str, object]:
    n = pair.shape[1]
    if n < LEAST_JUDGES:
        return {"n": n, "median_before": np.nan, "median_after": np.nan, "width_before": np.nan, "width_after": np.nan,
                "verdict": "moving"}
    widths = [float(np.subtract(*np.percentile(side, _QUARTILES[::-1]))) for side in pair]
    stable = _net_change(pair, asked) <= rule.stable_share + 1e-12
    narrow = widths[1] <= rule.consensus_width + 1e-12
    verdict = ("consensus" if narrow else "stable_dissent") if stable else "moving"
    return {"n": n, "median_before": float(np.median(pair[0])), "median_after": float(np.median(pair[1])),
            "width_before": widths[0], "width_after": widths[1], "verdict": verdict}
