"""How are weights made to fit what is known of the population, without a few respondents speaking for everybody?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.estimation.sample import Sample
from kinerja_lab.numeric.calibrate import calibrate_factors, worst_reachable
from kinerja_lab.numeric.intervals import wilson

__all__ = [
    "CalibratedWeights", "Margin", "ResponseWeights", "TrimmedWeights", "calibrate_weights", "nonresponse_weights",
    "trim_weights", "weighting_effect",
]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Margin:
    """One thing that is known of the population.

    Parameters
    ----------
    name : str
        As the user knows it: "jenis kelamin".
    values : numpy.ndarray, shape (n,)
        Category, or number, of each respondent; none may be missing.
    totals : mapping of category to float, or float
        How many of the population are in each category; or the total of the number.
    """

    name: str
    values: np.ndarray
    totals: Mapping[object, float] | float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CalibratedWeights:
    """Calibrated weights with what was done to get them.

    Parameters
    ----------
    sample : Sample
        The sample with the new weights; every estimate from it knows that they were calibrated.
    factors : numpy.ndarray, shape (n,)
        New weight over old.
    margins : pandas.DataFrame
        ``margin, category, wanted, before, after``.
    distance : str
        Which distance was kept small.
    bounds : tuple of float or None
        Least and greatest factor allowed.
    steps : int
        Newton steps.
    weighting_effect_before, weighting_effect_after : float
        Kish's loss by unequal weights; see ``weighting_effect``.
    at_bounds : int
        Respondents whose factor lies on a bound.
    """

    sample: Sample
    factors: np.ndarray
    margins: pd.DataFrame
    distance: str
    bounds: tuple[float, float] | None
    steps: int
    weighting_effect_before: float
    weighting_effect_after: float
    at_bounds: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ResponseWeights:
    """Weights of those who answered, carrying those who did not.

    Parameters
    ----------
    weights : numpy.ndarray, shape (respondents,)
        Of those who answered, in their order.
    classes : pandas.DataFrame
        ``class, drawn, answered, rate, low, high, factor``: weighted response rate with its Wilson interval on the
        number drawn.
    level : float
        Confidence level of the rates.
    """

    weights: np.ndarray
    classes: pd.DataFrame
    level: float


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrimmedWeights:
    """Trimmed weights and how much was moved.

    Parameters
    ----------
    weights : numpy.ndarray, shape (n,)
        Their sum is that of the weights given.
    trimmed : int
        Weights that lay beyond a limit.
    moved : float
        Share of the sum of weights that was moved to others.
    rounds : int
        Times the trimming was repeated.
    """

    weights: np.ndarray
    trimmed: int
    moved: float
    rounds: int


def weighting_effect(weights: np.ndarray) -> float:
    """Factor by which unequal weights alone enlarge the variance of a mean.

    Parameters
    ----------
    weights : numpy.ndarray of float, shape (n,)
        Positive.

    Returns
    -------
    float
        1 or more.

    Raises
    ------
    KinerjaError
        ``bad_weights``.

    Notes
    -----
    n sum of w^2 / (sum of w)^2.

    References
    ----------
    Kish, L. (1965). Survey sampling, section 11.7. Wiley.

    Examples
    --------
    >>> weighting_effect([1.0, 1.0, 2.0])
    1.125
    """
    weights = np.asarray(weights, dtype=float)
    if not len(weights) or not (np.isfinite(weights) & (weights > 0)).all():
        raise KinerjaError("bad_weights", n=int((~(weights > 0)).sum()))
    return float(len(weights) * (weights**2).sum() / weights.sum() ** 2)


def calibrate_weights(
    sample: Sample, margins: Sequence[Margin], *, distance: str = "raking", bounds: tuple[float, float] | None = None,
) -> CalibratedWeights:
    """Weights that add up to every margin and stay as close as possible to those the sample was drawn with.

    Parameters
    ----------
    sample : Sample
        As drawn.
    margins : sequence of Margin
        At least one. Margins of categories must add up to the same population.
    distance : str
        ``"raking"`` (never negative), ``"linear"`` (cut at the bounds) or ``"logit"`` (needs bounds).
    bounds : tuple of float or None
        Least and greatest factor, around 1.

    Returns
    -------
    CalibratedWeights

    Raises
    ------
    KinerjaError
        ``margin_value_missing``, ``margin_category_unknown`` (a respondent in a category without a total),
        ``margins_disagree`` (totals of two margins add up differently), ``bad_bounds``, ``unknown_option``,
        ``no_margins``, ``bad_margin_total``.
    NotApplicable
        ``margin_category_empty`` (a total but no respondent), ``margins_infeasible`` (no weights within the bounds meet
        the margins; names the margin that stays furthest off and by how much), ``negative_weights`` (linear distance
        without bounds gave weights at or below zero).

    Notes
    -----
    See ``numeric.calibrate.calibrate_factors``. Raking by categories gives what iterative proportional fitting
    converges to. Post-stratification is one margin.

    References
    ----------
    Deville, J.-C., Sarndal, C.-E. (1992). Calibration estimators in survey sampling. JASA 87, 376-382.
    """
    if not margins:
        raise KinerjaError("no_margins")
    columns, totals, names = [], [], []
    for margin in margins:
        for category, column, total in _columns(margin, sample.n):
            columns.append(column)
            totals.append(total)
            names.append((margin.name, category))
    _same_population(margins)
    x, wanted = np.column_stack(columns), np.array(totals)
    found = calibrate_factors(x, sample.weights, wanted, distance=distance, bounds=bounds)
    if not found.converged:
        raise _infeasible(x, sample.weights, wanted, names, bounds, distance)
    weights = sample.weights * found.factors
    if (weights <= 0).any():
        raise NotApplicable("negative_weights", n=int((weights <= 0).sum()))
    at_bounds = 0 if bounds is None else int(np.isclose(found.factors[:, None], bounds, rtol=0, atol=1e-9).any(1).sum())
    table = pd.DataFrame(names, columns=["margin", "category"]).assign(
        wanted=wanted, before=sample.weights @ x, after=found.reached)
    return CalibratedWeights(
        sample=replace(sample, weights=weights, auxiliary=x, drawn_weights=sample.weights), factors=found.factors,
        margins=table, distance=distance, bounds=bounds, steps=found.steps, at_bounds=at_bounds,
        weighting_effect_before=weighting_effect(sample.weights), weighting_effect_after=weighting_effect(weights),
    )


def nonresponse_weights(
    weights: np.ndarray, answered: np.ndarray, classes: np.ndarray, *, level: float, least: int = 1,
) -> ResponseWeights:
    """Let those who answered stand in for those of the same class who did not.

    Parameters
    ----------
    weights : numpy.ndarray of float, shape (n,)
        Of everybody drawn; positive.
    answered : numpy.ndarray of bool, shape (n,)
        Who answered.
    classes : numpy.ndarray, shape (n,)
        Class of everybody drawn, known also for those who did not answer.
    level : float
        Confidence level of the response rates, between 0 and 1.
    least : int
        A class with fewer answers is refused: join it with a like one first.

    Returns
    -------
    ResponseWeights

    Raises
    ------
    KinerjaError
        ``bad_weights`` or ``lengths_differ``.
    NotApplicable
        ``class_too_few_answers`` naming the class.

    Notes
    -----
    Factor of a class: sum of weights drawn over sum of weights answered. Right when, within a class, answering has
    nothing to do with the answer.

    References
    ----------
    Little, R. J. A. (1986). Survey nonresponse adjustments for estimates of means. International Statistical Review
    54, 139-157.
    """
    weights, answered = np.asarray(weights, dtype=float), np.asarray(answered, dtype=bool)
    if not (np.isfinite(weights) & (weights > 0)).all():
        raise KinerjaError("bad_weights", n=int((~(weights > 0)).sum()))
    if len(answered) != len(weights) or len(classes) != len(weights):
        raise KinerjaError("lengths_differ", first=len(weights), second=min(len(answered), len(classes)))
    codes, names = pd.factorize(np.asarray(classes), sort=True, use_na_sentinel=False)
    drawn, some, heavy, kept = (np.bincount(codes, weights=item, minlength=len(names)) for item in
                                (np.ones(len(weights)), answered, weights, weights * answered))
    few = np.flatnonzero(some < max(least, 1))
    if few.size:
        raise NotApplicable("class_too_few_answers", name=str(names[few[0]]), n=int(some[few[0]]), least=max(least, 1))
    factor, rate = heavy / kept, kept / heavy
    low, high = wilson(rate * drawn, drawn, level=level)
    table = pd.DataFrame({"class": names, "drawn": drawn.astype(int), "answered": some.astype(int), "rate": rate,
                          "low": low, "high": high, "factor": factor})
    return ResponseWeights(weights=(weights * factor[codes])[answered], classes=table, level=level)


def trim_weights(
    weights: np.ndarray, *, lower: float = 0.0, upper: float = float("inf"), strict: bool = True,
) -> TrimmedWeights:
    """Pull in weights beyond limits and give what was taken to the others in equal parts.

    Parameters
    ----------
    weights : numpy.ndarray of float, shape (n,)
        Positive.
    lower, upper : float
        Limits of a weight.
    strict : bool
        Whether to repeat until no weight lies beyond a limit; otherwise once, after which some may.

    Returns
    -------
    TrimmedWeights

    Raises
    ------
    KinerjaError
        ``bad_weights`` or ``bad_limits`` (lower not below upper).
    NotApplicable
        ``trimming_impossible`` when what was taken finds no place between the limits.

    Notes
    -----
    As R survey 4.5: each round, what all trimmed weights lost or gained is divided over those within the limits. A
    weight that has once been trimmed stays at its limit. Version 4.1 did it otherwise under ``strict``.

    References
    ----------
    Lumley, T. (2026). survey: analysis of complex survey samples, R package version 4.5, ``trimWeights``.

    Examples
    --------
    >>> trim_weights([1.0, 1.0, 4.0], upper=3.0).weights.tolist()
    [1.5, 1.5, 3.0]
    """
    weights = np.asarray(weights, dtype=float)
    if not (np.isfinite(weights) & (weights > 0)).all():
        raise KinerjaError("bad_weights", n=int((~(weights > 0)).sum()))
    if not lower < upper:
        raise KinerjaError("bad_limits", low=str(lower), high=str(upper))
    total, found = weights.sum(), weights.copy()
    if not lower * len(weights) <= total <= upper * len(weights):
        raise _no_room(total, len(weights), lower, upper)
    outside = np.zeros(len(found), dtype=bool)
    rounds = 0
    while ((found < lower - 1e-12) | (found > upper + 1e-12)).any() and (strict or rounds == 0):
        rounds += 1
        outside |= (found < lower) | (found > upper)
        if outside.all():
            raise _no_room(total, len(weights), lower, upper)
        cut = np.clip(found, lower, upper)
        cut[~outside] += (found - cut).sum() / (~outside).sum()
        found = cut
    beyond = (weights < lower) | (weights > upper)
    return TrimmedWeights(weights=found, trimmed=int(beyond.sum()), rounds=rounds,
                          moved=float(np.abs(weights - found)[beyond].sum() / total))


def _no_room(total: float, n: int, lower: float, upper: float) -> NotApplicable:
    return NotApplicable("trimming_impossible", mean=float(total / n), low=float(lower), high=float(min(upper, 1e12)))


def _columns(margin: Margin, n: int):
    """Category, column and total of each thing a margin says."""
    values = np.asarray(margin.values)
    if len(values) != n:
        raise KinerjaError("lengths_differ", first=n, second=len(values))
    missing = int(pd.isna(values).sum())
    if missing:
        raise KinerjaError("margin_value_missing", margin=margin.name, n=missing)
    if not isinstance(margin.totals, Mapping):
        _total(margin.totals, margin.name, "")
        yield "", values.astype(float), float(margin.totals)
        return
    known = set(margin.totals)
    strange = sorted({str(value) for value in pd.unique(values) if value not in known})
    if strange:
        raise KinerjaError("margin_category_unknown", margin=margin.name, value=", ".join(strange),
                           choices=", ".join(map(str, margin.totals)))
    for category, total in margin.totals.items():
        inside = values == category
        _total(total, margin.name, str(category))
        if not inside.any():
            raise NotApplicable("margin_category_empty", margin=margin.name, category=str(category))
        yield str(category), inside.astype(float), float(total)


def _total(total: float, name: str, category: str) -> None:
    if not np.isfinite(total) or (category and total <= 0):
        raise KinerjaError("bad_margin_total", margin=name, category=category or "-", value=str(total))


def _same_population(margins: Sequence[Margin]) -> None:
    sums = [(margin.name, float(sum(margin.totals.values()))) for margin in margins
            if isinstance(margin.totals, Mapping)]
    for name, total in sums[1:]:
        if abs(total - sums[0][1]) > 1e-9 * sums[0][1]:
            raise KinerjaError("margins_disagree", first=sums[0][0], second=name, first_total=sums[0][1],
                               second_total=total)


def _infeasible(x, weights, wanted, names, bounds, distance) -> NotApplicable:
    limits = bounds or ((0.0, np.inf) if distance != "linear" else (-1e6, 1e6))
    miss = worst_reachable(x, weights, wanted, bounds=limits)
    worst = int(np.nanargmax(np.abs(miss) / np.maximum(np.abs(wanted), 1e-9))) if not np.isnan(miss).all() else 0
    margin, category = names[worst]
    by, goal = float(np.nan_to_num(miss[worst])), float(wanted[worst])
    return NotApplicable("margins_infeasible", margin=margin, category=category or "-", wanted=goal, reached=goal + by,
                         miss=by)
