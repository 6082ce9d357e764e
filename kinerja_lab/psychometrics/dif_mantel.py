"""Do groups with the same score answer an item alike? Mantel, generalised Mantel-Haenszel, mean difference."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.numeric.false_discovery import q_values
from kinerja_lab.numeric.intervals import normal_quantile
from kinerja_lab.psychometrics.dif_counts import MatchedCounts, group_sheets, matched_counts

__all__ = ["MantelDif", "mantel_dif"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MantelDif:
    """DIF of every item between two groups, without a model.

    Parameters
    ----------
    tests : pandas.DataFrame
        ``item, mantel, p, q, gmh, gmh_df, gmh_p, note``.
    difference : EstimateTable
        By ``("item",)``: ``smd``, points by which the focal group answers higher at equal score.
    standardised : EstimateTable
        By ``("item",)``: the same in standard deviations of the item (interval scaled alike).
    odds_ratio : EstimateTable
        By ``("item",)``: common odds ratio of the higher answer, reference against focal, for items with two answers;
        others have no value.
    groups : tuple of str
        Reference and focal group.
    n : int
        Complete sheets.
    """

    tests: pd.DataFrame
    difference: EstimateTable
    standardised: EstimateTable
    odds_ratio: EstimateTable
    groups: tuple[str, str]
    n: int


def mantel_dif(groups: Mapping[str, ResponsePatterns], *, level: float, match: str = "total", continuity: bool = False,
               ) -> MantelDif:
    """Compare two groups at every score.

    Parameters
    ----------
    groups : mapping of str to ResponsePatterns
        Two groups; the second is the focal one.
    level : float
        Confidence level, between 0 and 1.
    match : str
        ``"total"`` or ``"rest"`` score.
    continuity : bool
        Whether half a case is taken off before squaring (as R difR does for items with two answers).

    Returns
    -------
    MantelDif
        Scores that only one group has are not used.

    Raises
    ------
    KinerjaError
        ``two_groups_only``, ``unknown_option``.
    NotApplicable
        Those of ``group_sheets``.

    Notes
    -----
    Mantel: (F - E(F))^2 / V(F), F the sum of the focal group's answers. Generalised: all answers at once, with
    answers - 1 degrees of freedom; ``gmh_singular`` where an answer is missing in too many scores. Mean difference:
    weighted by the focal group's scores, its variance from the same permutation distribution.

    References
    ----------
    Mantel, N. (1963). JASA 58, 690-700. Zwick, R., Donoghue, J. R., Grima, A. (1993). JEM 30, 233-251. Robins, J.,
    Breslow, N., Greenland, S. (1986). Biometrics 42, 311-323 (variance of the odds ratio).
    """
    if match not in ("total", "rest"):
        raise KinerjaError("unknown_option", name="match", value=match, choices="total, rest", nearest="-")
    quantile, sheets = normal_quantile(level), group_sheets(groups)
    if len(groups) != 2:
        raise KinerjaError("two_groups_only", n=len(groups))
    total, rows = sheets.values.sum(axis=1), []
    for item, code in enumerate(sheets.items):
        score = total - sheets.values[:, item] if match == "rest" else total
        rows.append({"item": code, **_item(matched_counts(sheets, item=item, score=score), continuity)})
    frame = pd.DataFrame(rows)
    frame["q"] = q_values(frame["p"].to_numpy())
    tables = {}
    for name, unit, scale in (("smd", "scale_points", 1.0), ("smd_sd", "standard_deviation", 1 / frame["sd"])):
        value, half = frame["smd"] * scale, quantile * frame["smd_se"] * scale
        tables[name] = _table(frame, name, value, value - half, value + half, unit, frame["unmatched"], level, sheets.n)
    log, half = frame["log_odds"], quantile * frame["log_odds_se"]
    odds = _table(frame, "odds_ratio", np.exp(log), np.exp(log - half), np.exp(log + half), "ratio",
                  np.where(log.isna(), "not_two_answers", ""), level, sheets.n)
    tests = frame[["item", "mantel", "p", "q", "gmh", "gmh_df", "gmh_p", "note"]]
    return MantelDif(tests=tests, difference=tables["smd"], standardised=tables["smd_sd"], odds_ratio=odds,
                     groups=sheets.groups, n=sheets.n)


def _table(frame, label, value, low, high, unit, note, level, n) -> EstimateTable:
    return EstimateTable(groups=("item",), frame=pd.DataFrame({
        "item": frame["item"], "label": label, "value": value, "low": low, "high": high, "level": level, "n": n,
        "method": "Mantel, stratified by score", "unit": unit, "note": note}))


def _item(counts: MatchedCounts, continuity: bool) -> dict:
    sizes = counts.table.sum(axis=2)
    both = (sizes > 0).all(axis=1)
    sd = _pooled(counts)
    empty = {"mantel": np.nan, "p": np.nan, "gmh": np.nan, "gmh_df": np.nan, "gmh_p": np.nan, "smd": np.nan,
             "smd_se": np.nan, "sd": sd, "log_odds": np.nan, "log_odds_se": np.nan, "note": "unmatched",
             "unmatched": "unmatched"}
    if not both.any():
        return empty
    table, sizes = counts.table[both], sizes[both]
    reference, focal = sizes.T
    n = reference + focal
    answers = counts.answers.astype(float)
    all_sum, all_square = (table.sum(axis=1) @ answers**power for power in (1, 2))
    seen = (table[:, 1] @ answers).sum()
    gap = abs(seen - (focal / n * all_sum).sum())
    spread = reference * focal / (n**2 * np.maximum(n - 1, 1)) * (n * all_square - all_sum**2)
    if spread.sum() <= 0:
        return empty
    statistic = float(max(gap - 0.5 * continuity, 0.0) ** 2 / spread.sum())
    means = table @ answers / sizes
    share = focal / focal.sum()
    log, log_se = _odds(table) if len(answers) == 2 else (np.nan, np.nan)
    gmh, df = _generalised(table, n, reference, focal)
    return {"mantel": statistic, "p": float(special.chdtrc(1, statistic)), "gmh": gmh, "gmh_df": df,
            "gmh_p": float(special.chdtrc(df, gmh)) if df else np.nan, "sd": sd,
            "smd": float(share @ (means[:, 1] - means[:, 0])),
            "smd_se": float(np.sqrt((share**2 * (1 / reference + 1 / focal) ** 2 * spread).sum())),
            "log_odds": log, "log_odds_se": log_se, "note": "" if df else "gmh_singular", "unmatched": ""}


def _pooled(counts: MatchedCounts) -> float:
    by_group, answers = counts.table.sum(axis=0), counts.answers.astype(float)
    n = by_group.sum(axis=1)
    mean = by_group @ answers / n
    square = by_group @ answers**2 - n * mean**2
    return float(np.sqrt(square.sum() / (n.sum() - 2)))


def _generalised(table, n, reference, focal) -> tuple[float, int]:
    by_answer = table.sum(axis=1)
    keep = by_answer.sum(axis=0) > 0
    gap = (table[:, 1] - focal[:, None] / n[:, None] * by_answer).sum(axis=0)[keep][1:]
    scale = reference * focal / (n**2 * np.maximum(n - 1, 1))
    spread = np.diag(by_answer.T @ (scale * n)) - (by_answer * scale[:, None]).T @ by_answer
    spread = spread[np.ix_(keep, keep)][1:, 1:]
    if not len(gap) or np.linalg.matrix_rank(spread) < len(spread):
        return np.nan, 0
    return float(gap @ np.linalg.solve(spread, gap)), len(gap)


def _odds(table: np.ndarray) -> tuple[float, float]:
    """Logarithm of the common odds ratio (reference against focal, higher answer) and its standard error."""
    a, b, c, d = table[:, 0, 1], table[:, 0, 0], table[:, 1, 1], table[:, 1, 0]
    n = a + b + c + d
    r, s, p, q = a * d / n, b * c / n, (a + d) / n, (b + c) / n
    if not (r.sum() > 0 and s.sum() > 0):
        return np.nan, np.nan
    variance = ((p * r).sum() / (2 * r.sum() ** 2) + (p * s + q * r).sum() / (2 * r.sum() * s.sum())
                + (q * s).sum() / (2 * s.sum() ** 2))
    return float(np.log(r.sum() / s.sum())), float(np.sqrt(variance))
