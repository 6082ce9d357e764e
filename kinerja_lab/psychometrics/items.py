"""How were the items answered? Missing answers, answers at the top of the scale, sheets with one answer throughout."""

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.patterns import MISSING, ResponsePatterns
from kinerja_lab.numeric.intervals import wilson

__all__ = ["ceiling_share", "missing_share", "share_table", "straightlining"]

LEAST_ITEMS = 2
_METHOD = "share of sheets, Wilson"


def missing_share(patterns: ResponsePatterns, *, level: float) -> EstimateTable:
    """Share of sheets without an answer, per item.

    Parameters
    ----------
    patterns : ResponsePatterns
        All sheets, incomplete ones too.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable
        ``label`` is the item, value 0 to 1; sheets are counted, not weighted. ``no_answers`` where there is no sheet.

    Raises
    ------
    KinerjaError
        ``bad_level``.

    Notes
    -----
    Missing / sheets; Wilson limits.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. JASA 22, 209-212.
    """
    missing = patterns.counts @ (patterns.values == MISSING)
    return share_table(patterns.items, missing, np.full(len(patterns.items), patterns.n), level=level)


def ceiling_share(patterns: ResponsePatterns, *, level: float) -> EstimateTable:
    """Share of answers at the top of the scale, per item, among those who answered it.

    Parameters
    ----------
    patterns : ResponsePatterns
        All sheets, incomplete ones too.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable
        ``label`` is the item, value 0 to 1, ``n`` its answers; ``no_answers`` where nobody answered.

    Raises
    ------
    KinerjaError
        ``bad_level``.

    Notes
    -----
    Answers equal to the upper end / answers; sheets are counted, not weighted; Wilson limits.

    References
    ----------
    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference. JASA 22, 209-212.
    """
    top = patterns.counts @ (patterns.values == patterns.high)
    return share_table(patterns.items, top, patterns.counts @ (patterns.values != MISSING), level=level)


def straightlining(patterns: ResponsePatterns, *, level: float) -> Estimate:
    """Share of sheets with the same answer to every item that varies.

    Parameters
    ----------
    patterns : ResponsePatterns
        All sheets, incomplete ones too.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    Estimate
        Label ``"straightlining"``, value 0 to 1; ``n`` counts the sheets that are complete on the items used.

    Raises
    ------
    NotApplicable
        ``too_few_items`` when fewer than two items vary, ``too_few_sheets`` when no sheet is complete on them.

    Notes
    -----
    Items that everyone answered alike (a fee that is free for all) are left out first: they would hide a straight line
    on the others. An honest respondent may answer alike throughout, so this is a sign, not a proof.

    References
    ----------
    Leiner, D. J. (2019). Too fast, too straight, too weird. Survey Research Methods 13, 229-248.
    """
    given = patterns.values != MISSING
    low = np.where(given, patterns.values, np.iinfo(np.int16).max).min(axis=0, initial=np.iinfo(np.int16).max)
    high = np.where(given, patterns.values, MISSING).max(axis=0, initial=MISSING)
    varying = high > low
    if varying.sum() < LEAST_ITEMS:
        raise NotApplicable("too_few_items", n=int(varying.sum()), least=LEAST_ITEMS)
    whole = given[:, varying].all(axis=1)
    n = int(patterns.counts[whole].sum())
    if not n:
        raise NotApplicable("too_few_sheets", n=0, least=1)
    sheets = patterns.values[whole][:, varying]
    alike = int(patterns.counts[whole][(sheets == sheets[:, :1]).all(axis=1)].sum())
    bounds = wilson(alike, n, level=level)
    return Estimate(label="straightlining", value=alike / n, low=float(bounds[0]), high=float(bounds[1]), level=level,
                    n=n, method=_METHOD, unit="share")


def share_table(labels: tuple[str, ...], events: np.ndarray, n: np.ndarray, *, level: float) -> EstimateTable:
    """Shares of sheets with Wilson's limits.

    Parameters
    ----------
    labels : tuple of str
        What each share is about.
    events, n : numpy.ndarray of int, shape (labels,)
        Sheets counted, out of how many; ``no_answers`` where n is 0.
    level : float
        Confidence level, between 0 and 1.

    Raises
    ------
    KinerjaError
        ``bad_level``.
    """
    low, high = wilson(events, n, level=level)
    some = n > 0
    return EstimateTable(frame=pd.DataFrame({
        "label": labels, "value": np.where(some, events / np.where(some, n, 1), np.nan), "low": low, "high": high,
        "level": level, "n": n, "method": _METHOD, "unit": "share", "note": np.where(some, "", "no_answers"),
    }))
