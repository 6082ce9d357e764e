"""Do the items hang together? Cronbach's alpha, item-rest correlations and alpha without each item."""

import numpy as np
import pandas as pd
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.numeric.intervals import fisher_z
from kinerja_lab.psychometrics.coefficients import alpha_of
from kinerja_lab.psychometrics.sheets import LEAST_ITEMS
from kinerja_lab.psychometrics.sheets import covariance as covariance_of

__all__ = ["alpha", "alpha_if_dropped", "item_rest"]

_ZERO = 1e-12


def alpha(patterns: ResponsePatterns, *, level: float) -> Estimate:
    """Cronbach's alpha of a sum of items.

    Parameters
    ----------
    patterns : ResponsePatterns
        Complete sheets of at least two items that vary.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    Estimate
        Unit ``"coefficient"``; ``n`` counts the sheets. When all sheets agree perfectly there is no interval
        (``perfect_agreement``).

    Raises
    ------
    KinerjaError
        ``patterns_incomplete``: call ``patterns.complete()`` first, so that the drop is on record.
    NotApplicable
        ``too_few_items``, ``too_few_sheets``, ``constant_items``, ``all_items_constant`` or ``items_cancel``.

    Notes
    -----
    k/(k-1) (1 - sum of variances / variance of the sum), from covariances weighted by the respondents' weights. Limits:
    1 - (1 - alpha) F with n-1 and (n-1)(k-1) degrees of freedom, n the number of sheets.

    References
    ----------
    Cronbach, L. J. (1951). Coefficient alpha and the internal structure of tests. Psychometrika 16, 297-334.
    Feldt, L. S., Woodruff, D. J., Salih, F. A. (1987). Statistical inference for coefficient alpha. Applied
    Psychological Measurement 11, 93-103.

    Examples
    --------
    Covariance matrix [[1, 0.5], [0.5, 1]], so alpha = 2 (1 - 2/3):

    >>> import numpy as np
    >>> values = np.array([[1, 1], [2, 3], [3, 2]], dtype=np.int16)
    >>> sheets = ResponsePatterns(items=("a", "b"), values=values, counts=np.ones(3, dtype=np.int64),
    ...                           weights=np.ones(3), low=1, high=3)
    >>> round(alpha(sheets, level=0.95).value, 4)
    0.6667
    """
    covariance = covariance_of(patterns)
    value = alpha_of(covariance)
    if np.isnan(value):
        raise NotApplicable("items_cancel")
    low, high, note = _feldt(np.array([value]), patterns.n, len(patterns.items), level)
    return Estimate(label="alpha", value=value, low=float(low[0]), high=float(high[0]), level=level, n=patterns.n,
                    method="Cronbach alpha, Feldt", unit="coefficient", note=str(note[0]))


def item_rest(patterns: ResponsePatterns, *, level: float) -> EstimateTable:
    """Correlation of each item with the sum of the others.

    Parameters
    ----------
    patterns : ResponsePatterns
        Complete sheets of at least two items that vary.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable
        ``label`` is the item. Without an interval ``note`` is ``perfect_agreement``, ``too_few_respondents`` or, where
        the others' sum does not vary, ``items_cancel`` (value NaN).

    Raises
    ------
    KinerjaError
        ``patterns_incomplete``.
    NotApplicable
        ``too_few_items``, ``too_few_sheets``, ``constant_items`` or ``all_items_constant``.

    Notes
    -----
    (cov(item, sum) - var(item)) / sqrt(var(item) var(rest)); limits by Fisher's z.

    References
    ----------
    Nunnally, J. C., Bernstein, I. H. (1994). Psychometric theory, 3rd ed., chapter 8. McGraw-Hill.
    """
    covariance = covariance_of(patterns)
    own, with_sum = np.diag(covariance), covariance.sum(axis=0)
    rest = covariance.sum() - 2 * with_sum + own
    usable = rest > _ZERO * own.sum()
    r = np.where(usable, (with_sum - own) / np.sqrt(own * np.where(usable, rest, 1.0)), np.nan)
    r = np.where(np.abs(np.abs(r) - 1) < 1e-12, np.sign(r), r)
    low, high = fisher_z(np.nan_to_num(r), patterns.n, level=level)
    note = np.select([~usable, np.abs(r) == 1, np.isnan(low)], ["items_cancel", "perfect_agreement",
                                                                "too_few_respondents"], default="")
    return EstimateTable(frame=pd.DataFrame({
        "label": patterns.items, "value": r, "low": np.where(note == "", low, np.nan),
        "high": np.where(note == "", high, np.nan), "level": level, "n": patterns.n,
        "method": "item-rest correlation, Fisher z", "unit": "correlation", "note": note,
    }))


def alpha_if_dropped(patterns: ResponsePatterns, *, level: float) -> EstimateTable:
    """Alpha of the others when one item is left out.

    Parameters
    ----------
    patterns : ResponsePatterns
        Complete sheets of at least three items that vary.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    EstimateTable
        ``label`` is the item left out. Where the others' sum does not vary the value is NaN (``items_cancel``).

    Raises
    ------
    KinerjaError
        ``patterns_incomplete``.
    NotApplicable
        ``too_few_items``, ``too_few_sheets``, ``constant_items`` or ``all_items_constant``.

    Notes
    -----
    ``alpha`` of the covariance matrix without the item's row and column.

    References
    ----------
    Cronbach, L. J. (1951). Coefficient alpha and the internal structure of tests. Psychometrika 16, 297-334.
    """
    covariance = covariance_of(patterns, least=LEAST_ITEMS + 1)
    items = len(patterns.items)
    value = np.array([alpha_of(np.delete(np.delete(covariance, item, axis=0), item, axis=1)) for item in range(items)])
    low, high, note = _feldt(value, patterns.n, items - 1, level)
    return EstimateTable(frame=pd.DataFrame({
        "label": patterns.items, "value": value, "low": low, "high": high, "level": level, "n": patterns.n,
        "method": "Cronbach alpha without the item, Feldt", "unit": "coefficient", "note": note,
    }))


def _feldt(value: np.ndarray, n: int, k: int, level: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    tail, df = (1 - level) / 2, (n - 1, (n - 1) * (k - 1))
    low = 1 - (1 - value) * special.fdtri(*df, 1 - tail)
    high = 1 - (1 - value) * special.fdtri(*df, tail)
    perfect = value > 1 - 1e-12
    note = np.select([np.isnan(value), perfect], ["items_cancel", "perfect_agreement"], default="")
    return np.where(perfect, np.nan, low), np.where(perfect, np.nan, high), note
