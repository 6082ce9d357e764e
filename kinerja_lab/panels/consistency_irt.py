"""Would the same unit land in the same band again, when items have known parameters? Rudner and Lee."""

import numpy as np
from scipy import special

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.standard import Standard
from kinerja_lab.numeric.intervals import t_interval
from kinerja_lab.panels.consistency import Consistency

__all__ = ["lee", "logistic_probabilities", "rudner", "item_information"]


def logistic_probabilities(
    theta: np.ndarray, *, slopes: np.ndarray, locations: np.ndarray, guessing: np.ndarray | None = None,
    scaling: float = 1.0,
) -> np.ndarray:
    """Probability of each answer to yes/no items.

    Parameters
    ----------
    theta : numpy.ndarray, shape (units,)
        Places on the latent scale.
    slopes, locations : numpy.ndarray, shape (items,)
        a (positive) and b.
    guessing : numpy.ndarray, shape (items,), optional
        c, 0 to below 1; 0 where not given.
    scaling : float
        D: 1, or 1.7 where slopes are on the normal scale.

    Returns
    -------
    numpy.ndarray, shape (units, items, 2)
        No and yes.

    Raises
    ------
    KinerjaError
        ``irt_parameters``.

    Notes
    -----
    c + (1 - c) / (1 + exp(-D a (theta - b))).
    """
    a, b = np.asarray(slopes, dtype=float), np.asarray(locations, dtype=float)
    c = np.zeros(len(b)) if guessing is None else np.asarray(guessing, dtype=float)
    if not (len(a) == len(b) == len(c) > 0 and np.isfinite([a, b, c]).all() and (a > 0).all() and (c >= 0).all()
            and (c < 1).all() and scaling > 0):
        raise KinerjaError("irt_parameters", n=len(b))
    yes = c + (1 - c) * special.expit(scaling * a * (np.asarray(theta, dtype=float)[:, None] - b))
    return np.stack([1 - yes, yes], axis=2)


def item_information(
    theta: np.ndarray, *, slopes: np.ndarray, locations: np.ndarray, guessing: np.ndarray | None = None,
    scaling: float = 1.0,
) -> np.ndarray:
    """Fisher information of yes/no items at each place.

    Parameters
    ----------
    theta : numpy.ndarray, shape (units,)
        Places on the latent scale.
    slopes, locations : numpy.ndarray, shape (items,)
        a and b.
    guessing : numpy.ndarray, shape (items,), optional
        c; 0 where not given.
    scaling : float
        D.

    Returns
    -------
    numpy.ndarray, shape (units,)
        The standard error of a place is one over its root.

    Raises
    ------
    KinerjaError
        ``irt_parameters``.

    Notes
    -----
    Sum of D^2 a^2 (q/p) ((p - c)/(1 - c))^2.
    """
    yes = logistic_probabilities(theta, slopes=slopes, locations=locations, guessing=guessing, scaling=scaling)[:, :, 1]
    c = np.zeros(yes.shape[1]) if guessing is None else np.asarray(guessing, dtype=float)
    return ((scaling * np.asarray(slopes)) ** 2 * (1 - yes) / yes * ((yes - c) / (1 - c)) ** 2).sum(axis=1)


def rudner(theta: np.ndarray, se: np.ndarray, *, standard: Standard, level: float) -> Consistency:
    """Accuracy and consistency of bands on the latent scale.

    Parameters
    ----------
    theta : numpy.ndarray, shape (units,)
        Place of each unit.
    se : numpy.ndarray, shape (units,)
        Its standard error, positive.
    standard : Standard
        Cuts on the latent scale.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    Consistency
        Intervals over units (Student's t); the item parameters are held fixed.

    Raises
    ------
    KinerjaError
        ``score_not_finite``, ``irt_errors`` or ``bad_level``.
    NotApplicable
        ``consistency_too_few``.

    Notes
    -----
    A second estimate of a unit is normal around its place. The band of the place itself counts as the true one.

    References
    ----------
    Rudner, L. M. (2001). Computing the expected proportions of misclassified examinees. Practical Assessment, Research
    and Evaluation 7(14).
    """
    theta, se = np.asarray(theta, dtype=float), np.asarray(se, dtype=float)
    true = standard.positions(theta)
    if len(se) != len(theta) or not (np.isfinite(se).all() and (se > 0).all()):
        raise KinerjaError("irt_errors", n=len(theta))
    below = special.ndtr((standard.values[None, :] - theta[:, None]) / se[:, None])
    edges = np.hstack([np.zeros((len(theta), 1)), below, np.ones((len(theta), 1))])
    return _over_units(np.diff(edges, axis=1), true, "Rudner", level)


def lee(probabilities: np.ndarray, *, standard: Standard, level: float) -> Consistency:
    """Accuracy and consistency of bands on the sum of the items, item parameters known.

    Parameters
    ----------
    probabilities : numpy.ndarray, shape (units, items, answers)
        Probability of each number of points, 0 upwards, for each unit; answers an item does not have are 0.
    standard : Standard
        Cuts on the sum score; ``plan.low`` is 0.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    Consistency
        Intervals over units (Student's t); the item parameters are held fixed.

    Raises
    ------
    KinerjaError
        ``lee_probabilities``, ``lee_scale`` or ``bad_level``.
    NotApplicable
        ``consistency_too_few``.

    Notes
    -----
    The distribution of a unit's sum by Lord and Wingersky's recursion; the band of its expected sum counts as the true
    one.

    References
    ----------
    Lee, W.-C. (2010). Classification consistency and accuracy for complex assessments using item response theory.
    Journal of Educational Measurement 47, 1-17.
    Lord, F. M., Wingersky, M. S. (1984). Comparison of IRT true-score and equipercentile observed-score equatings.
    Applied Psychological Measurement 8, 453-461.
    """
    table = np.asarray(probabilities, dtype=float)
    if table.ndim != 3 or not np.isfinite(table).all() or (table < 0).any() or not np.allclose(table.sum(axis=2), 1):
        raise KinerjaError("lee_probabilities", shape=str(table.shape))
    if standard.plan.low != 0:
        raise KinerjaError("lee_scale", low=str(standard.plan.low))
    units, items, answers = table.shape
    sums = np.zeros((units, items * (answers - 1) + 1))
    sums[:, 0] = 1.0
    for item in range(items):
        longer = np.zeros_like(sums)
        for points in range(answers):
            longer[:, points:] += sums[:, :sums.shape[1] - points] * table[:, item, points, None]
        sums = longer
    true = standard.positions((table * np.arange(answers)).sum(axis=(1, 2)))
    seen = standard.positions(np.arange(sums.shape[1]).astype(float))
    shares = np.stack([sums[:, seen == band].sum(axis=1) for band in range(len(standard.plan.bands))], axis=1)
    return _over_units(shares, true, "Lee", level)


def _over_units(shares: np.ndarray, true: np.ndarray, method: str, level: float) -> Consistency:
    """Averages over units; ``shares`` is the chance of each band, shape (units, bands)."""
    units, bands = shares.shape
    if units < 10:
        raise NotApplicable("consistency_too_few", n=units, least=10)
    if not 0 < level < 1:
        raise KinerjaError("bad_level", value=str(level))
    place = np.arange(bands)
    right = shares[np.arange(units), true]
    up = (shares * (place[None, :] > true[:, None])).sum(axis=1)
    same = (shares**2).sum(axis=1)
    marginal = shares.mean(axis=0)
    chance = float((marginal**2).sum())
    parts = {"accuracy": right, "false_up": up, "false_down": np.maximum(1 - right - up, 0.0), "consistency": same}
    rows = [_mean(label, values, method, level) for label, values in parts.items()]
    if 1 - chance < 1e-12:
        rows.append(Estimate(label="kappa", value=np.nan, low=np.nan, high=np.nan, level=level, n=units, method=method,
                             unit="coefficient", note="one_band_only"))
    else:
        # kappa as a function of two means: its slope turns each unit's share into an influence
        value = (same.mean() - chance) / (1 - chance)
        pull = (same - same.mean()) / (1 - chance) + (same.mean() - 1) / (1 - chance) ** 2 * 2 * (
            (shares - marginal) @ marginal)
        rows.append(_mean("kappa", value + pull, method, level, unit="coefficient"))
    confusion = np.stack([shares[true == band].sum(axis=0) for band in place]) / units
    return Consistency(indices=EstimateTable.from_estimates(rows), confusion=confusion,
                       repeat=shares.T @ shares / units, method=method)


def _mean(label: str, values: np.ndarray, method: str, level: float, *, unit: str = "share") -> Estimate:
    n, value = len(values), float(values.mean())
    se = values.std(ddof=1) / np.sqrt(n)
    common = {"label": label, "value": value, "level": level, "n": n, "method": f"{method}, t over units", "unit": unit}
    if not se > 1e-12:
        return Estimate(low=np.nan, high=np.nan, note="panel_units_alike", **common)
    low, high = t_interval(value, se, n - 1, level=level)
    floor = 0.0 if unit == "share" else -1.0
    return Estimate(low=min(max(float(low), floor), value), high=max(min(float(high), 1.0), value), **common)
