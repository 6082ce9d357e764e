"""How reliable is the sum of the items at least? Guttman's lambdas, the greatest lower bound, splits, and the SEM."""

import numpy as np

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.numeric.lower_bounds import all_splits
from kinerja_lab.numeric.moments import Moments, coefficient_interval, correlation_of
from kinerja_lab.psychometrics.coefficients import BOUNDS, SPLIT_BOUNDS, alpha_of, splits_allowed
from kinerja_lab.psychometrics.sheets import pattern_moments

__all__ = ["coefficient_estimate", "lower_bounds", "measurement_error", "split_halves"]

EXTREME = ("lambda4", "lambda5", "glb", "split_worst")
"""The largest or smallest of many: it makes use of chance, so no interval is given."""


def coefficient_estimate(
    moments: Moments, *, label: str, coefficient, method: str, level: float, unit: str = "coefficient",
    scale: str = "complement",
) -> Estimate:
    """A coefficient of the covariance matrix as an estimate.

    Parameters
    ----------
    moments : Moments
        From ``sheets.pattern_moments`` or ``sheets.clustered``.
    label : str
        What it is called in tables.
    coefficient : callable
        Takes a covariance matrix, gives a number.
    method : str
        Name of the method in the field's terms.
    level : float
        Confidence level, between 0 and 1.
    unit : str
        Unit code.
    scale : str
        As in ``numeric.moments.coefficient_interval``.

    Returns
    -------
    Estimate
        ``items_cancel`` without a value where the sum does not vary; ``perfect_agreement`` where it is 1.

    Raises
    ------
    KinerjaError
        ``bad_level``.
    """
    if moments.covariance.sum() <= 1e-12 * np.trace(moments.covariance):
        value, low, high, note = np.nan, np.nan, np.nan, "items_cancel"
    else:
        value, low, high = coefficient_interval(coefficient, moments, level=level, scale=scale)
        note = "perfect_agreement" if np.isnan(low) else ""
    how = "delta method" if moments.df == moments.n - 1 else "delta method over clusters"
    return Estimate(label=label, value=value, low=low, high=high, level=level, n=moments.n, method=f"{method}, {how}",
                    unit=unit, note=note)


def lower_bounds(patterns: ResponsePatterns, *, level: float, standardised: bool = False) -> EstimateTable:
    """Guttman's lambda 1 to 6, the greatest lower bound, and the worst and the mean of all splits.

    Parameters
    ----------
    patterns : ResponsePatterns
        Complete sheets of at least two items that vary.
    level : float
        Confidence level, between 0 and 1.
    standardised : bool
        Whether the items are brought to the same variance first (as psych does).

    Returns
    -------
    EstimateTable
        Labels ``"lambda1"`` to ``"lambda6"``, ``"glb"``, ``"split_worst"``, ``"split_mean"``. The largest or smallest
        of many has no interval (``instrument_extreme``); a bound that tries all splits is left out beyond 20 items.

    Raises
    ------
    KinerjaError
        ``patterns_incomplete`` or ``bad_level``.
    NotApplicable
        ``too_few_items``, ``too_few_sheets``, ``constant_items``, ``all_items_constant``, ``items_cancel``.

    Notes
    -----
    All are computed on one covariance matrix. ``lambda3`` is alpha. In small samples ``glb`` and ``lambda4`` are too
    high: they pick the best of many. Intervals of the others by the distribution-free delta method.

    References
    ----------
    Guttman, L. (1945). A basis for analyzing test-retest reliability. Psychometrika 10, 255-282.
    Revelle, W. (1979). Hierarchical cluster analysis and the internal structure of tests. Multivariate Behavioral
    Research 14, 57-74 (the worst split: beta).
    """
    moments = pattern_moments(patterns)
    require_sum(moments)
    names = [name for name in BOUNDS if name not in SPLIT_BOUNDS or _can_split(len(patterns.items))]
    rows = []
    for name in names:
        function = _scaled(BOUNDS[name], standardised)
        if name in EXTREME:
            rows.append(Estimate(
                label=name, value=float(function(moments.covariance)), low=np.nan, high=np.nan, level=level,
                n=moments.n, method=_NAMES[name], unit="coefficient", note="instrument_extreme"))
        else:
            rows.append(coefficient_estimate(moments, label=name, coefficient=function, method=_NAMES[name],
                                             level=level))
    return EstimateTable.from_estimates(rows)


def split_halves(patterns: ResponsePatterns, *, level: float, standardised: bool = False) -> EstimateTable:
    """Best, worst, mean and odd-even split, by both formulas.

    Parameters
    ----------
    patterns : ResponsePatterns
        Complete sheets of 2 to 20 items that vary.
    level : float
        Confidence level, between 0 and 1.
    standardised : bool
        Whether the items are brought to the same variance first.

    Returns
    -------
    EstimateTable
        Groups ``formula`` (``"guttman"``, ``"spearman_brown"``); labels ``"split_best"``, ``"split_worst"``,
        ``"split_mean"``, ``"split_odd_even"``. Only odd-even, which is chosen beforehand, has an interval. Two items
        have one split only.

    Raises
    ------
    KinerjaError
        ``patterns_incomplete`` or ``bad_level``.
    NotApplicable
        ``too_few_items``, ``too_few_sheets``, ``constant_items``, ``all_items_constant``, ``items_cancel`` or
        ``instrument_too_many_splits``.

    Notes
    -----
    Guttman: 4 cov(A, B) / var(A + B); Spearman-Brown: 2 r / (1 + r), equal only where the halves vary alike. With an
    odd number of items the halves differ by one item and every such split is tried (psych 2.2.9 tries half of them).

    References
    ----------
    Guttman, L. (1945). A basis for analyzing test-retest reliability. Psychometrika 10, 255-282.
    """
    moments = pattern_moments(patterns)
    require_sum(moments)
    splits_allowed(len(patterns.items))
    covariance = correlation_of(moments.covariance) if standardised else moments.covariance
    found = all_splits(covariance)
    rows, keys = [], []
    for formula, values in (("guttman", found.guttman), ("spearman_brown", found.spearman_brown)):
        usable = values[np.isfinite(values)]
        for label, pick in (("split_best", np.max), ("split_worst", np.min), ("split_mean", np.mean)):
            value = float(pick(usable)) if usable.size else np.nan
            rows.append(Estimate(label=label, value=value, low=np.nan, high=np.nan, level=level, n=moments.n,
                                 method=f"all {len(found.sides)} splits", unit="coefficient",
                                 note="instrument_extreme" if usable.size else "items_cancel"))
        rows.append(coefficient_estimate(
            moments, label="split_odd_even", coefficient=_scaled(_odd_even(formula), standardised),
            method="odd against even items", level=level))
        keys += [(formula,)] * 4
    return EstimateTable.from_estimates(rows, groups=("formula",), keys=keys)


def measurement_error(patterns: ResponsePatterns, *, level: float) -> Estimate:
    """Standard error of measurement of one respondent's mean answer.

    Parameters
    ----------
    patterns : ResponsePatterns
        Complete sheets of at least two items that vary.
    level : float
        Confidence level, between 0 and 1.

    Returns
    -------
    Estimate
        In points of the answer scale.

    Raises
    ------
    KinerjaError
        ``patterns_incomplete`` or ``bad_level``.
    NotApplicable
        ``too_few_items``, ``too_few_sheets``, ``constant_items``, ``all_items_constant``, ``items_cancel``.

    Notes
    -----
    sd of the mean answer times sqrt(1 - alpha). It is about one person's answers, not about the mean of a unit: that
    has a standard error of its own (``estimation``).

    References
    ----------
    Lord, F. M., Novick, M. R. (1968). Statistical theories of mental test scores, section 3.3. Addison-Wesley.
    """
    moments = pattern_moments(patterns)
    require_sum(moments)

    def error(covariance: np.ndarray) -> float:
        return float(np.sqrt(max(covariance.sum() * (1 - alpha_of(covariance)), 0.0)) / len(covariance))

    return coefficient_estimate(moments, label="sem", coefficient=error, method="sd sqrt(1 - alpha)", level=level,
                                unit="scale_points", scale="log")


def require_sum(moments: Moments) -> None:
    """Refuse items whose sum does not vary.

    Parameters
    ----------
    moments : Moments
        Of the items.

    Raises
    ------
    NotApplicable
        ``items_cancel``.
    """
    if moments.covariance.sum() <= 1e-12 * np.trace(moments.covariance):
        raise NotApplicable("items_cancel")


def _odd_even(formula: str):
    def coefficient(covariance: np.ndarray) -> float:
        odd = np.arange(len(covariance)) % 2 == 0
        first, second = covariance[np.ix_(odd, odd)].sum(), covariance[np.ix_(~odd, ~odd)].sum()
        between = covariance[np.ix_(odd, ~odd)].sum()
        if formula == "guttman":
            return float(4 * between / (first + second + 2 * between))
        r = between / np.sqrt(first * second)
        return float(2 * r / (1 + r))

    return coefficient


def _scaled(function, standardised: bool):
    return (lambda covariance: function(correlation_of(covariance))) if standardised else function


def _can_split(items: int) -> bool:
    try:
        splits_allowed(items)
    except NotApplicable:
        return False
    return True


_NAMES = {"lambda1": "Guttman lambda 1", "lambda2": "Guttman lambda 2", "lambda3": "Guttman lambda 3 (alpha)",
          "lambda4": "Guttman lambda 4 (best split)", "lambda5": "Guttman lambda 5", "lambda6": "Guttman lambda 6",
          "glb": "greatest lower bound", "split_worst": "worst split (beta)", "split_mean": "mean of all splits"}
