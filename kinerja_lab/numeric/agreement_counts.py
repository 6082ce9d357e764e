"""Do several classifications of the same rows agree beyond chance? Coefficients from counts of rows by categories."""

from dataclasses import dataclass

import numpy as np

__all__ = ["ChanceCorrected", "brennan_prediger", "distance_weights", "fleiss", "gwet", "krippendorff",
           "ordinal_distance_weights", "plain_agreement"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChanceCorrected:
    """A coefficient with its linearised standard error.

    Parameters
    ----------
    value, se : float
        Coefficient and standard error over rows; NaN for ``se`` with fewer than two rows.
    observed, expected : float
        Agreement seen, and expected by chance; 0 to 1.
    rows : int
        Rows that the standard error is taken over.
    """

    value: float
    se: float
    observed: float
    expected: float
    rows: int


def distance_weights(categories: np.ndarray, *, kind: str) -> np.ndarray:
    """Weights of partial agreement between categories.

    Parameters
    ----------
    categories : numpy.ndarray, shape (q,)
        Rising values.
    kind : str
        ``"nominal"``, ``"linear"``, ``"quadratic"``, ``"ordinal"`` (pairs of ranks spanned) or ``"ratio"``.

    Returns
    -------
    numpy.ndarray, shape (q, q)
        1 on the diagonal, 0 for the farthest pair (nominal: every pair).

    Notes
    -----
    Linear 1 - |d|/max, quadratic 1 - d^2/max, ordinal 1 - C(m, 2)/max with m the ranks spanned, ratio 1 -
    ((a-b)/(a+b))^2 over its maximum (0 for two zeros).

    References
    ----------
    Gwet, K. L. (2014). Handbook of inter-rater reliability, 4th ed., chapter 3. Advanced Analytics.
    """
    values = np.asarray(categories, dtype=float)
    gap = np.abs(values[:, None] - values[None, :])
    if kind == "nominal":
        apart = (gap > 0).astype(float)
    elif kind == "linear":
        apart = gap
    elif kind == "quadratic":
        apart = gap**2
    elif kind == "ordinal":
        spanned = np.abs(np.subtract.outer(np.arange(len(values)), np.arange(len(values)))) + 1
        apart = spanned * (spanned - 1) / 2
    elif kind == "ratio":
        total = np.abs(values[:, None] + values[None, :])
        apart = np.divide(gap, total, out=np.zeros_like(gap), where=total > 0) ** 2
    else:
        raise ValueError(kind)
    return _scaled(apart)


def ordinal_distance_weights(counts: np.ndarray) -> np.ndarray:
    """Weights of Krippendorff's ordinal metric, which depends on how often each category was used.

    Parameters
    ----------
    counts : numpy.ndarray, shape (rows, q)
        Uses of each category per row; rows with fewer than two are passed over.

    Returns
    -------
    numpy.ndarray, shape (q, q)

    Notes
    -----
    d(c, k) = sum of n_g from c to k, less (n_c + n_k)/2; squared.

    References
    ----------
    Krippendorff, K. (2004). Content analysis, 2nd ed., chapter 11. Sage.
    """
    used = counts[counts.sum(axis=1) >= 2].sum(axis=0).astype(float)
    middle = np.cumsum(used) - used / 2
    return _scaled(np.abs(middle[:, None] - middle[None, :]) ** 2)


def _scaled(apart: np.ndarray) -> np.ndarray:
    top = apart.max()
    return 1 - apart / top if top > 0 else np.ones_like(apart)


def _parts(counts: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Uses per row, and weighted agreement per row (0 where fewer than two)."""
    used = counts.sum(axis=1)
    pairs = used * (used - 1)
    hits = (counts * (counts @ weights.T - 1)).sum(axis=1)
    return used, np.divide(hits, pairs, out=np.zeros(len(used)), where=pairs > 0)


def _over_rows(row_values: np.ndarray, value: float) -> float:
    n = len(row_values)
    return float(np.sqrt(((row_values - value) ** 2).sum() / (n * (n - 1)))) if n > 1 else np.nan


def _coefficient(counts, weights, expected, row_expected) -> ChanceCorrected:
    """(observed - expected) / (1 - expected) and its error, for chance terms that are quadratic in the shares."""
    used, seen = _parts(counts, weights)
    several = used >= 2
    share = len(used) / several.sum()
    observed = float(seen[several].mean())
    value = (observed - expected) / (1 - expected)
    rows = share * (seen - expected * several) / (1 - expected)
    rows = rows - 2 * (1 - value) * (row_expected - expected) / (1 - expected)
    return ChanceCorrected(value=value, se=_over_rows(rows, value), observed=observed, expected=float(expected),
                           rows=len(used))


def plain_agreement(counts: np.ndarray, weights: np.ndarray) -> ChanceCorrected:
    """Share of agreeing pairs, not corrected for chance.

    Parameters
    ----------
    counts : numpy.ndarray, shape (rows, q)
        Uses of each category per row, at least one per row and two in some row.
    weights : numpy.ndarray, shape (q, q)
        Partial agreement.

    Returns
    -------
    ChanceCorrected
        With ``expected`` 0.
    """
    return _coefficient(counts, weights, 0.0, np.zeros(len(counts)))


def brennan_prediger(counts: np.ndarray, weights: np.ndarray) -> ChanceCorrected:
    """Agreement beyond uniform chance.

    Parameters
    ----------
    counts : numpy.ndarray, shape (rows, q)
        Uses of each category per row.
    weights : numpy.ndarray, shape (q, q)
        Partial agreement.

    Returns
    -------
    ChanceCorrected

    References
    ----------
    Brennan, R. L., Prediger, D. J. (1981). Coefficient kappa: some uses, misuses, and alternatives. Educational and
    Psychological Measurement 41, 687-699.
    """
    chance = float(weights.mean())
    return _coefficient(counts, weights, chance, np.full(len(counts), chance))


def fleiss(counts: np.ndarray, weights: np.ndarray) -> ChanceCorrected:
    """Fleiss' generalised kappa.

    Parameters
    ----------
    counts : numpy.ndarray, shape (rows, q)
        Uses of each category per row; more than one category used.
    weights : numpy.ndarray, shape (q, q)
        Partial agreement.

    Returns
    -------
    ChanceCorrected

    Notes
    -----
    Chance agreement is the weighted product of the mean shares; variance by Gwet's linearisation, which holds whether
    or not the coefficient is zero.

    References
    ----------
    Fleiss, J. L. (1971). Measuring nominal scale agreement among many raters. Psychological Bulletin 76, 378-382.
    Gwet, K. L. (2014). Handbook of inter-rater reliability, 4th ed., chapter 5. Advanced Analytics.
    """
    used = counts.sum(axis=1)
    shares = (counts / used[:, None]).mean(axis=0)
    expected = float(shares @ weights @ shares)
    rows = counts @ ((weights @ shares + weights.T @ shares) / 2) / used
    return _coefficient(counts, weights, expected, rows)


def gwet(counts: np.ndarray, weights: np.ndarray) -> ChanceCorrected:
    """Gwet's AC1 (nominal weights) or AC2.

    Parameters
    ----------
    counts : numpy.ndarray, shape (rows, q)
        Uses of each category per row; q counts every category of the scale, used or not.
    weights : numpy.ndarray, shape (q, q)
        Partial agreement.

    Returns
    -------
    ChanceCorrected

    References
    ----------
    Gwet, K. L. (2008). Computing inter-rater reliability and its variance in the presence of high agreement. British
    Journal of Mathematical and Statistical Psychology 61, 29-48.
    """
    used, q = counts.sum(axis=1), counts.shape[1]
    shares = (counts / used[:, None]).mean(axis=0)
    factor = weights.sum() / (q * (q - 1))
    rows = factor * (counts @ (1 - shares)) / used
    return _coefficient(counts, weights, float(factor * (shares * (1 - shares)).sum()), rows)


def krippendorff(counts: np.ndarray, weights: np.ndarray) -> ChanceCorrected:
    """Krippendorff's alpha.

    Parameters
    ----------
    counts : numpy.ndarray, shape (rows, q)
        Uses of each category per row; rows with fewer than two are passed over.
    weights : numpy.ndarray, shape (q, q)
        Partial agreement, 1 less the scaled squared distance.

    Returns
    -------
    ChanceCorrected
        Weights that depend on the counts are held fixed in the standard error.

    References
    ----------
    Krippendorff, K. (2004). Content analysis, 2nd ed., chapter 11. Sage.
    Gwet, K. L. (2014). Handbook of inter-rater reliability, 4th ed., chapter 5. Advanced Analytics.
    """
    counts = counts[counts.sum(axis=1) >= 2]
    used = counts.sum(axis=1)
    n, mean_used = len(used), used.mean()
    shares = counts.sum(axis=0) / (n * mean_used)
    expected = float(shares @ weights @ shares)
    hits = (counts * (counts @ weights.T - 1)).sum(axis=1) / (mean_used * (used - 1))
    small = 1 / (n * mean_used)
    observed = (1 - small) * float(hits.mean()) + small
    value = (observed - expected) / (1 - expected)
    tilt = (used - mean_used) / mean_used
    rows = (hits - observed * tilt - expected) / (1 - expected)
    chance = counts @ ((weights @ shares + weights.T @ shares) / 2) / mean_used - expected * tilt
    # the small-sample term is a constant of order 1/n: Gwet's error is that of the coefficient without it
    bare = (float(hits.mean()) - expected) / (1 - expected)
    rows = rows - 2 * (1 - bare) * (chance - expected) / (1 - expected)
    return ChanceCorrected(value=value, se=_over_rows(rows, bare), observed=observed, expected=expected, rows=n)
