"""How was each item answered? Answer shares, difficulty, the bottom of the scale, and who left items empty."""

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.core.patterns import MISSING, ResponsePatterns
from kinerja_lab.numeric.intervals import t_interval
from kinerja_lab.psychometrics.items import share_table

__all__ = ["answer_shares", "constant_codes", "difficulty", "floor_share", "missing_and_score", "missing_patterns"]

LEAST_EACH = 5
"""Sheets on either side of a comparison."""


def answer_shares(patterns: ResponsePatterns, *, level: float) -> EstimateTable:
    """Share of each answer, per item, among those who answered it.

    Parameters
    ----------
    patterns : ResponsePatterns
        All sheets, incomplete ones too.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable
        Group ``answer`` (a whole number of the scale), label the item; answers that nobody gave have the value 0.

    Raises
    ------
    KinerjaError
        ``bad_level``.

    Notes
    -----
    Sheets are counted, not weighted; Wilson limits.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. JASA 22, 209-212.
    """
    given = patterns.counts @ (patterns.values != MISSING)
    answers = range(patterns.low, patterns.high + 1)
    events = np.concatenate([patterns.counts @ (patterns.values == answer) for answer in answers])
    table = share_table(patterns.items * len(answers), events, np.tile(given, len(answers)), level=level)
    return EstimateTable(frame=table.frame.assign(answer=np.repeat(answers, len(patterns.items))), groups=("answer",))


def floor_share(patterns: ResponsePatterns, *, level: float) -> EstimateTable:
    """Share of answers at the bottom of the scale, per item, among those who answered it.

    Parameters
    ----------
    patterns : ResponsePatterns
        All sheets, incomplete ones too.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable
        ``label`` is the item; ``no_answers`` where nobody answered.

    Raises
    ------
    KinerjaError
        ``bad_level``.

    Notes
    -----
    As ``items.ceiling_share``, at the lower end.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. JASA 22, 209-212.
    """
    events = patterns.counts @ (patterns.values == patterns.low)
    return share_table(patterns.items, events, patterns.counts @ (patterns.values != MISSING), level=level)


def difficulty(patterns: ResponsePatterns, *, level: float) -> EstimateTable:
    """Mean answer of each item as a share of the scale: 0 when all are at the bottom, 1 when all are at the top.

    Parameters
    ----------
    patterns : ResponsePatterns
        All sheets, incomplete ones too.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable
        ``label`` is the item, unit ``"share"``. Without an interval: ``no_answers``, ``too_few_respondents`` or
        ``no_variation``.

    Raises
    ------
    KinerjaError
        ``bad_level``.

    Notes
    -----
    (mean - low) / (high - low), weighted; limits by Student's t. In tests of knowledge it is called difficulty though a
    high value means easy.

    References
    ----------
    Crocker, L., Algina, J. (1986). Introduction to classical and modern test theory, chapter 5. Holt.
    """
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    given = patterns.values != MISSING
    n = patterns.counts @ given
    weight = np.where(given, patterns.weights[:, None], 0.0)
    total = np.where(n > 0, weight.sum(axis=0), 1.0)
    values = np.where(given, (patterns.values - patterns.low) / (patterns.high - patterns.low), 0.0)
    mean = (weight * values).sum(axis=0) / total
    spread = (weight * np.where(given, values - mean, 0.0) ** 2).sum(axis=0) / total
    se = np.sqrt(spread / np.maximum(n - 1, 1))
    low, high = t_interval(mean, np.where(se > 0, se, np.nan), np.maximum(n - 1, 1), level=level)
    note = np.select([n == 0, n < 2, spread <= 1e-15], ["no_answers", "too_few_respondents", "no_variation"],
                     default="")
    return EstimateTable(frame=pd.DataFrame({
        "label": patterns.items, "value": np.where(n > 0, mean, np.nan),
        "low": np.where(note == "", np.maximum(low, 0.0), np.nan),
        "high": np.where(note == "", np.minimum(high, 1.0), np.nan), "level": level, "n": n,
        "method": "mean answer as a share of the scale, Student t", "unit": "share", "note": note}))


def constant_codes(patterns: ResponsePatterns) -> tuple[str, ...]:
    """Items that everyone who answered them answered alike, or that nobody answered.

    Parameters
    ----------
    patterns : ResponsePatterns
        All sheets, incomplete ones too.
    """
    given = patterns.values != MISSING
    return tuple(code for place, code in enumerate(patterns.items)
                 if len(np.unique(patterns.values[given[:, place], place])) < 2)


def missing_patterns(patterns: ResponsePatterns, *, level: float) -> EstimateTable:
    """Which items are left empty together, and how often.

    Parameters
    ----------
    patterns : ResponsePatterns
        All sheets, incomplete ones too.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable
        One row a set of empty items, the most frequent first; ``label`` joins their codes with ``+`` and is
        ``complete`` where none is empty.

    Raises
    ------
    KinerjaError
        ``bad_level``.
    NotApplicable
        ``too_few_sheets`` when there is none.

    Notes
    -----
    Share of all sheets; Wilson limits.

    References
    ----------
    Little, R. J. A., Rubin, D. B. (2002). Statistical analysis with missing data, 2nd ed., section 1.2. Wiley.
    """
    if not patterns.n:
        raise NotApplicable("too_few_sheets", n=0, least=1)
    empty = patterns.values == MISSING
    kinds, where = np.unique(empty, axis=0, return_inverse=True)
    counts = np.bincount(where.ravel(), weights=patterns.counts).astype(np.int64)
    order = np.argsort(-counts, kind="stable")
    labels = ["+".join(np.array(patterns.items)[kinds[row]]) or "complete" for row in order]
    return share_table(tuple(labels), counts[order], np.full(len(order), patterns.n), level=level)


def missing_and_score(patterns: ResponsePatterns, *, level: float) -> EstimateTable:
    """Do those who leave an item empty judge the rest differently from those who answer it?

    Parameters
    ----------
    patterns : ResponsePatterns
        All sheets, incomplete ones too.
    level : float
        Confidence level of all intervals together, between 0 and 1.

    Returns
    -------
    EstimateTable
        One row an item that some left empty: mean of the other items among those who left it empty minus the same among
        those who answered, in points of the answer scale. Below five sheets on a side: no value
        (``too_few_respondents``).

    Raises
    ------
    KinerjaError
        ``bad_level``.
    NotApplicable
        ``too_few_items`` or ``instrument_nothing_missing``.

    Notes
    -----
    A difference means that sheets with gaps are not a random part of all: leaving them out moves the index. Welch's
    limits, level 1 - (1 - level)/items so that all hold together (Bonferroni). Sheets are counted, not weighted. That
    no difference is seen does not prove that there is none.

    References
    ----------
    Little, R. J. A. (1988). A test of missing completely at random for multivariate data with missing values. JASA 83,
    1198-1202 (the idea, variable by variable).
    Welch, B. L. (1947). The generalization of Student's problem when several different population variances are
    involved. Biometrika 34, 28-35.
    """
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    if len(patterns.items) < 2:
        raise NotApplicable("too_few_items", n=len(patterns.items), least=2)
    empty = patterns.values == MISSING
    compared = [item for item in range(len(patterns.items)) if patterns.counts @ empty[:, item] > 0]
    if not compared:
        raise NotApplicable("instrument_nothing_missing")
    each = 1 - (1 - level) / len(compared)
    rows = [_gap(patterns, item, empty, each) for item in compared]
    frame = pd.DataFrame(rows, columns=["value", "low", "high", "n", "note"])
    return EstimateTable(frame=frame.assign(
        label=[patterns.items[item] for item in compared], level=level, unit="scale_points",
        method=f"difference of means, Welch, Bonferroni over {len(compared)} items"))


def _gap(patterns: ResponsePatterns, item: int, empty: np.ndarray, level: float) -> tuple:
    others = np.delete(~empty, item, axis=1)
    some = others.any(axis=1)
    sums = np.where(others, np.delete(patterns.values, item, axis=1), 0).sum(axis=1)
    score = sums / np.maximum(others.sum(axis=1), 1)
    sides = [_moments(score[side], patterns.counts[side]) for side in (empty[:, item] & some, ~empty[:, item] & some)]
    n = sides[0][0] + sides[1][0]
    if min(sides[0][0], sides[1][0]) < LEAST_EACH:
        return np.nan, np.nan, np.nan, n, "too_few_respondents"
    value = sides[0][1] - sides[1][1]
    parts = [variance / count for count, _, variance in sides]
    if sum(parts) <= 0:
        return value, np.nan, np.nan, n, "no_variation"
    df = sum(parts) ** 2 / sum(part**2 / (count - 1) for part, (count, _, _) in zip(parts, sides, strict=True))
    half = float(special.stdtrit(df, (1 + level) / 2)) * np.sqrt(sum(parts))
    return value, value - half, value + half, n, ""


def _moments(score: np.ndarray, counts: np.ndarray) -> tuple[int, float, float]:
    n = int(counts.sum())
    if n < 2:
        return n, np.nan, np.nan
    mean = float(counts @ score / n)
    return n, mean, float(counts @ (score - mean) ** 2 / (n - 1))

