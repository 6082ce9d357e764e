"""Do groups that are equally satisfied answer an item alike? Ordinal logistic regression on counts."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse, special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.numeric.false_discovery import q_values
from kinerja_lab.numeric.intervals import normal_quantile
from kinerja_lab.numeric.ordinal_logit import OrdinalLogit, ordinal_logit
from kinerja_lab.psychometrics.dif_counts import GroupSheets, MatchedCounts, group_sheets, matched_counts
from kinerja_lab.psychometrics.dif_trait import merge_rare_answers, trait_scores

__all__ = ["LARGE_CHANGE", "MODERATE_CHANGE", "LogisticDif", "logistic_dif"]

MODERATE_CHANGE = 0.035
LARGE_CHANGE = 0.070
"""Nagelkerke R2 changes from which DIF is moderate and large (Jodoin & Gierl 2001, Appl. Meas. Educ. 14:329-349)."""

LEAST_ANCHORS = 2
LEAST_ANSWERS = 5
MOST_ROUNDS = 10
MOST_DENSE = 10
_MATCHES = ("total", "rest", "trait")
_CRITERIA = ("false_discovery", "any_test")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LogisticDif:
    """DIF of every item.

    Parameters
    ----------
    tests : pandas.DataFrame
        ``item, chi2_uniform, df_uniform, p_uniform, chi2_nonuniform, df_nonuniform, p_nonuniform, chi2, df, p, q,
        r2_nagelkerke, r2_mcfadden, r2_coxsnell`` (changes from no DIF to uniform), ``r2_nagelkerke_all`` (to
        non-uniform), ``size`` (negligible, moderate, large), ``flagged``, ``note``.
    effects : EstimateTable
        By ``("item", "group")``: ``difference``, points of the answer scale by which the group answers higher than all
        groups together at equal score.
    log_odds : EstimateTable
        By ``("item", "group")``: ``log_odds`` against the first group.
    effect_errors : mapping of str to array
        By item: covariance of its differences over groups.
    anchors : tuple of str
        Items in the matching score in the last round (with ``"trait"``: those with one curve for all groups).
    rounds : int
        Times that all items were looked at.
    groups : tuple of str
        Groups compared, the first is the reference.
    left_out : tuple of (str, int)
        Groups with too few complete sheets.
    n, dropped : int
        Complete sheets compared, and incomplete ones left out.
    match : str
        ``"total"``, ``"rest"`` or ``"trait"``.
    settled : bool
        Whether the last round flagged what the round before it had set apart; otherwise the list goes round in a
        circle, and the last one is given.
    """

    tests: pd.DataFrame
    effects: EstimateTable
    log_odds: EstimateTable
    effect_errors: Mapping[str, np.ndarray]
    anchors: tuple[str, ...]
    rounds: int
    groups: tuple[str, ...]
    left_out: tuple[tuple[str, int], ...]
    n: int
    dropped: int
    match: str
    settled: bool

    @property
    def flagged(self) -> tuple[str, ...]:
        """Items with DIF by the criterion asked for."""
        return tuple(self.tests.loc[self.tests["flagged"], "item"])


def logistic_dif(
    groups: Mapping[str, ResponsePatterns], *, level: float, rate: float = 0.05, match: str = "total",
    purify: bool = True, at_once: bool = False, criterion: str = "false_discovery", least_answers: int = LEAST_ANSWERS,
) -> LogisticDif:
    """Test every item for uniform and non-uniform DIF between two or many groups.

    Parameters
    ----------
    groups : mapping of str to ResponsePatterns
        Sheets by group, two to some hundred groups; the first is the reference. Sheets are counted, not weighted: given
        the score the sampling weight says little.
    level : float
        Confidence level of the effects, between 0 and 1.
    rate : float
        False discovery rate over the items (or the p-value of ``"any_test"``), between 0 and 1.
    match : str
        ``"total"``: the score holds the item itself (no DIF elsewhere looks like none). ``"rest"``: it does not.
        ``"trait"``: place on the scale of a graded response model, as the programme lordif does.
    purify : bool
        Whether the item with the largest flagged statistic leaves the score of the others (with ``"trait"``: gets
        curves of its own in every group) and all is done again, until no other item is flagged. One item that works
        very differently makes all others look different too.
    at_once : bool
        With ``"trait"`` only: all flagged items get curves of their own at once, until the list stays, as lordif does.
        Among many respondents one very different item then takes all others with it (``dif_no_anchor``).
    criterion : str
        ``"false_discovery"``: q of the test of both kinds below ``rate``. ``"any_test"``: one of the three p-values of
        an item at most ``rate``, as lordif does; of many items without DIF more than ``rate`` are then flagged.
    least_answers : int
        With ``"trait"`` only: answers that some group gives fewer times are joined to the next one, at least 1. An item
        that would be left with one answer keeps all and stays out of the match.

    Returns
    -------
    LogisticDif
        Where a group gives one answer only, its log odds have no value (note ``separated``); the error of its
        difference in points comes from the rule of three.

    Raises
    ------
    KinerjaError
        ``unknown_option``, ``bad_level``, ``groups_differ``.
    NotApplicable
        ``too_few_items``, ``too_few_groups``, ``constant_items``, ``all_items_constant``, ``dif_no_anchor``; with
        ``"trait"`` also ``dif_rare_answers`` and what ``item_response`` raises.

    Notes
    -----
    Three proportional-odds models: score; score + group; score * group. Twice the gain from the first to the second is
    the test of uniform DIF, from the second to the third of non-uniform DIF, from the first to the third of both. The
    difference in points averages the second model's expected answers over the scores of all respondents; interval by
    the delta method. Errors of the score itself are not in it.

    References
    ----------
    Swaminathan, H., Rogers, H. J. (1990). JEM 27, 361-370. Zumbo, B. D. (1999). A handbook on the theory and methods of
    differential item functioning. Crane, P. K. et al. (2006). Medical Care 44, S115-S123. Hanley, J. A., Lippman-Hand,
    A. (1983). JAMA 249, 1743-1745 (rule of three). Choi, S. W., Gibbons, L. E., Crane, P. K. (2011). lordif. Journal of
    Statistical Software 39(8), 1-30 (match by trait).
    """
    for name, value, choices in (("match", match, _MATCHES), ("criterion", criterion, _CRITERIA)):
        if value not in choices:
            raise KinerjaError("unknown_option", name=name, value=value, choices=", ".join(choices), nearest="-")
    if not 0 < rate < 1:
        raise KinerjaError("bad_level", value=str(rate))
    quantile, sheets = normal_quantile(level), group_sheets(groups)
    if match == "trait":
        rounds = _by_trait(sheets, rate, criterion, purify, at_once, max(least_answers, 1))
    else:
        rounds = _by_sum(sheets, rate, criterion, purify, match)
    return _result(sheets, rounds, level=level, quantile=quantile, match=match)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rounds:
    """The last look at all items."""

    looks: list[dict]
    q: np.ndarray
    found: list[int]
    left: list[int]
    rounds: int
    settled: bool = True


def _by_sum(sheets: GroupSheets, rate: float, criterion: str, purify: bool, match: str) -> _Rounds:
    """The worst flagged item leaves the sum, again and again."""
    left: list[int] = []
    items = range(len(sheets.items))
    while True:
        looks, base = [], sheets.values[:, [item for item in items if item not in left]].sum(axis=1)
        for item in items:
            own, score = sheets.values[:, item], base
            if match == "total" and item in left:
                score = base + own
            elif match == "rest" and item not in left:
                score = base - own
            looks.append(_look(sheets, matched_counts(sheets, item=item, score=score)))
        q, found = _found(looks, rate, criterion)
        worst = _worst(looks, found, left)
        if not purify or worst is None:
            return _Rounds(looks=looks, q=q, found=found, left=left, rounds=len(left) + 1)
        left = _without(sheets, [*left, worst], found)


def _by_trait(sheets: GroupSheets, rate: float, criterion: str, purify: bool, at_once: bool, least: int) -> _Rounds:
    """The worst flagged item, or all of them, get curves of their own in every group, again and again."""
    merged, worth, joined = merge_rare_answers(sheets, least=least)
    out = tuple(np.flatnonzero(~joined).tolist())
    seen: list[list[int]] = [[]]
    while True:
        score, looks = trait_scores(merged, own=tuple(seen[-1]), out=out), []
        for item in range(len(sheets.items)):
            counts = matched_counts(merged, item=item, score=score)
            looks.append(_look(sheets, replace(counts, answers=worth[item])))
        q, found = _found(looks, rate, criterion)
        more = [item for item in found if item not in out]
        worst = _worst(looks, more, seen[-1])
        settled = more == seen[-1] if at_once else worst is None
        if not purify or settled or (at_once and (more in seen or len(seen) == MOST_ROUNDS)):
            return _Rounds(looks=looks, q=q, found=found, left=[*seen[-1], *out], rounds=len(seen),
                           settled=settled or not purify)
        seen.append(more if at_once else sorted([*seen[-1], worst]))
        _without(sheets, [*seen[-1], *out], found)


def _found(looks: list[dict], rate: float, criterion: str) -> tuple[np.ndarray, list[int]]:
    q = q_values(np.array([look["p"] for look in looks]))
    if criterion == "false_discovery":
        return q, np.flatnonzero(q < rate).tolist()
    least = np.array([np.min([look["p"], look.get("p_uniform", np.nan), look.get("p_nonuniform", np.nan)])
                      for look in looks])
    return q, np.flatnonzero(least <= rate).tolist()


def _worst(looks: list[dict], found: list[int], left: list[int]) -> int | None:
    """The flagged item with the largest statistic that has not left yet."""
    return max((item for item in found if item not in left), key=lambda item: looks[item]["chi2"], default=None)


def _without(sheets: GroupSheets, left: list[int], found: list[int]) -> list[int]:
    if len(sheets.items) - len(left) < LEAST_ANCHORS:
        raise NotApplicable("dif_no_anchor", n=len(found))
    return left


def _look(sheets: GroupSheets, counts: MatchedCounts) -> dict:
    """The three models of one item."""
    cells = counts.table.reshape(-1, len(counts.answers))
    some = cells.sum(axis=1) > 0
    score = np.repeat((counts.scores - counts.scores.mean()) / max(np.ptp(counts.scores), 1.0), len(sheets.groups))
    group = np.tile(np.arange(len(sheets.groups)), len(counts.scores))
    columns = _columns(score[some], group[some], len(sheets.groups))
    models: list[OrdinalLogit] = []
    for used in (1, len(sheets.groups), 2 * len(sheets.groups) - 1):
        models.append(ordinal_logit(cells[some], columns[:, :used], start=models[-1] if models else None))
    return {"counts": counts, "models": models, **_tests(models, len(sheets.groups) - 1, sheets.n)}


def _columns(score: np.ndarray, group: np.ndarray, groups: int) -> np.ndarray | sparse.csr_array:
    """Score, whether in each group after the first, and their products."""
    if groups <= MOST_DENSE:
        member = np.eye(groups)[group, 1:]
        return np.column_stack([score, member, score[:, None] * member])
    row = np.flatnonzero(group > 0)
    rows, places = np.concatenate([np.arange(len(score)), row, row]), group[row]
    columns = np.concatenate([np.zeros(len(score), dtype=int), places, places + groups - 1])
    values = np.concatenate([score, np.ones(len(row)), score[row]])
    return sparse.csr_array((values, (rows, columns)), shape=(len(score), 2 * groups - 1))


def _tests(models: list[OrdinalLogit], more: int, n: int) -> dict:
    if not all(model.done for model in models) or models[1].endless[0]:
        return {"p": np.nan, "chi2": np.nan, "note": "no_top"}
    first, second, third = (model.log_likelihood for model in models)
    null = models[0].null_log_likelihood
    top = 1 - np.exp(2 * null / n)
    gains = {"uniform": (max(2 * (second - first), 0.0), more), "nonuniform": (max(2 * (third - second), 0.0), more)}
    out = {"chi2": max(2 * (third - first), 0.0), "df": 2 * more}
    out["note"] = "separated" if models[1].endless.any() else ""
    out["p"] = float(special.chdtrc(out["df"], out["chi2"]))
    for name, (chi2, df) in gains.items():
        out |= {f"chi2_{name}": chi2, f"df_{name}": df, f"p_{name}": float(special.chdtrc(df, chi2))}
    coxsnell = [1 - np.exp(-2 * (value - null) / n) for value in (first, second, third)]
    return out | {"r2_coxsnell": coxsnell[1] - coxsnell[0], "r2_nagelkerke": (coxsnell[1] - coxsnell[0]) / top,
                  "r2_nagelkerke_all": (coxsnell[2] - coxsnell[0]) / top, "r2_mcfadden": (first - second) / null}


def _result(sheets: GroupSheets, done: _Rounds, *, level, quantile, match) -> LogisticDif:
    looks = done.looks
    tests = pd.DataFrame([{"item": code, **{name: value for name, value in look.items()
                                            if name not in ("counts", "models")}}
                          for code, look in zip(sheets.items, looks, strict=True)])
    for name in ("r2_nagelkerke", "r2_nagelkerke_all"):
        tests[name] = tests.get(name, np.nan)
    tests["q"] = done.q
    tests["flagged"] = [item in done.found for item in range(len(sheets.items))]
    largest = tests["r2_nagelkerke_all"].fillna(0.0)
    tests["size"] = np.select([largest >= LARGE_CHANGE, largest >= MODERATE_CHANGE], ["large", "moderate"],
                              default="negligible")
    effects, odds, errors = [], [], {}
    sizes = np.array([sheets.counts[sheets.group == number].sum() for number in range(len(sheets.groups))])
    for code, look in zip(sheets.items, looks, strict=True):
        value, spread = _difference(look["counts"], look["models"][1], sizes)
        errors[code] = spread
        lost = "no_top" if look["note"] == "no_top" else ""
        effects.append((code, sheets.groups, value, spread, np.full(len(sizes), lost), sizes))
        count = len(look["models"][1].steps)
        place = slice(count + 1, count + len(sheets.groups))
        note = np.where(look["models"][1].endless[1:], "separated", lost)
        odds.append((code, sheets.groups[1:], look["models"][1].slopes[1:], look["models"][1].covariance[place, place],
                     note, sizes[1:]))
    shared = {"level": level, "method": "proportional odds on counts, delta method"}
    return LogisticDif(
        tests=tests, effects=_table(effects, quantile, label="difference", unit="scale_points", **shared),
        log_odds=_table(odds, quantile, label="log_odds", unit="log_odds", **shared), effect_errors=errors,
        anchors=tuple(code for item, code in enumerate(sheets.items) if item not in done.left), rounds=done.rounds,
        groups=sheets.groups, left_out=sheets.left_out, n=sheets.n, dropped=sheets.dropped, match=match,
        settled=done.settled)


def _difference(counts: MatchedCounts, model: OrdinalLogit, sizes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Expected answer of each group minus that of all, over the scores of all respondents; and its covariance."""
    share, groups, steps = sizes / sizes.sum(), len(sizes), len(model.steps)
    at = (counts.scores - counts.scores.mean()) / max(np.ptp(counts.scores), 1.0)
    weight = counts.table.sum(axis=(1, 2)) / counts.table.sum()
    logit = at[:, None] * model.slopes[0] + np.concatenate([[0.0], model.slopes[1:]])
    above = special.expit(model.steps + logit[:, :, None])
    jump = np.diff(counts.answers).astype(float)
    mean = np.einsum("s,sgm,m->g", weight, above, jump)
    bend = np.einsum("s,sgm,m->sgm", weight, above * (1 - above), jump)
    lean = np.zeros((groups, steps + groups))
    lean[:, :steps] = bend.sum(axis=0)
    lean[:, steps] = np.einsum("sgm,s->g", bend, at)
    lean[1:, steps + 1:] = np.diag(bend.sum(axis=(0, 2))[1:])
    spread = lean @ model.covariance @ lean.T
    alone = np.flatnonzero(model.endless[1:]) + 1  # one answer only: rule of three for the others' share
    spread[alone, alone] += (3 * jump.sum() / sizes[alone] / 1.96) ** 2
    away = np.eye(groups) - share
    return away @ mean, away @ spread @ away.T


def _table(parts: list[tuple], quantile: float, *, label: str, **shared: object) -> EstimateTable:
    """Rows from (item, groups, values, covariance, notes, sizes)."""
    note = np.concatenate([part[4] for part in parts])
    value = np.where(note == "", np.concatenate([part[2] for part in parts]), np.nan)
    se = np.concatenate([np.sqrt(np.diag(part[3])) for part in parts])
    counts = [len(groups) for _, groups, _, _, _, _ in parts]
    return EstimateTable(groups=("item", "group"), frame=pd.DataFrame({
        "item": np.repeat([part[0] for part in parts], counts), "group": np.concatenate([part[1] for part in parts]),
        "label": label, "value": value, "low": value - quantile * se, "high": value + quantile * se,
        "n": np.concatenate([part[5] for part in parts]).astype(int),
        "note": note, **shared}))
