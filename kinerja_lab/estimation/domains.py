"""What is the mean, total or ratio, for everybody and for each part, given how the sample was drawn?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.estimation.sample import Sample
from kinerja_lab.numeric.intervals import t_interval
from kinerja_lab.numeric.linearisation import DomainVariance, domain_variances

__all__ = ["METHOD", "DomainEstimates", "domain_difference", "domain_means", "domain_ratios", "domain_totals"]

METHOD = "Taylor linearisation, t"
_FLAT = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DomainEstimates:
    """Estimates of domains with what a table of intervals does not hold.

    Parameters
    ----------
    table : EstimateTable
        One row a domain, by ``("domain",)``; a single row without groups where no domains were given.
    se, df : numpy.ndarray, shape (domains,)
        Standard errors (NaN where there is none) and degrees of freedom: clusters minus strata met in the domain.
    deff : numpy.ndarray, shape (domains,)
        Design effect: the variance over that of a simple random sample of the same size drawn with replacement. NaN
        for a ratio, which has no such sample to compare with.
    deff_without : numpy.ndarray, shape (domains,)
        The same against a sample drawn without replacement from the population that the weights add up to.
    """

    table: EstimateTable
    se: np.ndarray
    df: np.ndarray
    deff: np.ndarray
    deff_without: np.ndarray

    @property
    def effective_n(self) -> np.ndarray:
        """Respondents of a simple random sample that would tell as much."""
        n = self.table.frame["n"].to_numpy(dtype=float)
        return n / np.where(self.deff > 0, self.deff, np.nan)


def domain_means(
    sample: Sample, values: np.ndarray, *, level: float, domains: np.ndarray | None = None, unit: str = "scale_points",
) -> DomainEstimates:
    """Mean of everybody, or of each domain.

    Parameters
    ----------
    sample : Sample
        How the respondents were drawn.
    values : numpy.ndarray of float, shape (n,)
        One value a respondent; who has NaN is outside the domain, as under R's ``na.rm``.
    level : float
        Confidence level, between 0 and 1.
    domains : numpy.ndarray or None, shape (n,)
        Label of the domain of each respondent; None means one domain of all.
    unit : str
        Unit of the values.

    Returns
    -------
    DomainEstimates
        ``n`` counts respondents with a value. Without an interval ``note`` is ``no_answers``, ``too_few_respondents``,
        ``one_cluster`` or ``no_variation``.

    Raises
    ------
    KinerjaError
        ``lengths_differ``, ``bad_level`` or ``population_too_small``.
    NotApplicable
        ``lonely_strata`` where the sample says ``lonely="fail"``; ``empty_sample`` for an empty sample.

    Notes
    -----
    sum of w y / sum of w. The variance is that of the total of w (y - mean) / sum of w over clusters within strata, the
    clusters without a member of the domain counting as zeros: a domain is a part of the sample that was drawn.

    References
    ----------
    Wolter, K. M. (2007). Introduction to variance estimation, 2nd ed., chapter 6. Springer.
    Lumley, T. (2010). Complex surveys, section 2.3 (domains). Wiley.

    Examples
    --------
    The mean of 1, 2, 3 has variance s^2/n = 1/3:

    >>> found = domain_means(Sample(weights=np.ones(3)), np.array([1.0, 2.0, 3.0]), level=0.95)
    >>> round(float(found.se[0] ** 2), 6), int(found.df[0])
    (0.333333, 2)
    """
    values = _checked(sample, values)
    parts = _domains(sample, domains)
    given = ~np.isnan(values)
    return _ratio(sample, np.where(given, values, 0.0), given.astype(float), parts, level=level, unit=unit,
                  label="mean", values=values)


def domain_ratios(
    sample: Sample, numerator: np.ndarray, denominator: np.ndarray, *, level: float,
    domains: np.ndarray | None = None, unit: str = "ratio",
) -> DomainEstimates:
    """Total of one value over the total of another.

    Parameters
    ----------
    sample : Sample
        How the respondents were drawn.
    numerator, denominator : numpy.ndarray of float, shape (n,)
        Who lacks either is outside the domain.
    level : float
        Confidence level, between 0 and 1.
    domains : numpy.ndarray or None, shape (n,)
        Label of the domain of each respondent; None means one domain of all.
    unit : str
        Unit of the ratio.

    Returns
    -------
    DomainEstimates
        A domain whose denominators add up to zero has no value (``zero_denominator``).

    Raises
    ------
    KinerjaError
        As ``domain_means``.
    NotApplicable
        As ``domain_means``.

    Notes
    -----
    r = sum of w y / sum of w x; scores w (y - r x) / sum of w x.

    References
    ----------
    Wolter, K. M. (2007). Introduction to variance estimation, 2nd ed., chapter 6. Springer.
    """
    top, bottom = _checked(sample, numerator), _checked(sample, denominator)
    parts = _domains(sample, domains)
    given = ~(np.isnan(top) | np.isnan(bottom))
    top, bottom = (np.where(given, side, 0.0) for side in (top, bottom))
    return _ratio(sample, top, bottom, parts, level=level, unit=unit, label="ratio", values=None, given=given)


def domain_totals(
    sample: Sample, values: np.ndarray, *, level: float, domains: np.ndarray | None = None, unit: str = "scale_points",
) -> DomainEstimates:
    """Total in the population.

    Parameters
    ----------
    sample : Sample
        How the respondents were drawn; weights must add up to the population.
    values : numpy.ndarray of float, shape (n,)
        Who has NaN counts as outside.
    level : float
        Confidence level, between 0 and 1.
    domains : numpy.ndarray or None, shape (n,)
        Label of the domain of each respondent; None means one domain of all.
    unit : str
        Unit of the values.

    Returns
    -------
    DomainEstimates

    Raises
    ------
    KinerjaError
        As ``domain_means``.
    NotApplicable
        As ``domain_means``.

    Notes
    -----
    sum of w y. Under ``lonely="centre"`` a lonely stratum is centred at the mean of all cluster totals, as R survey 4.5
    does; 4.1 centred it otherwise, so its errors of totals differ.

    References
    ----------
    Wolter, K. M. (2007). Introduction to variance estimation, 2nd ed., chapter 6. Springer.
    """
    values = _checked(sample, values)
    parts = _domains(sample, domains)
    given = ~np.isnan(values)
    scores = np.where(given, sample.weights * np.where(given, values, 0.0), 0.0)
    value = np.bincount(parts.codes, weights=scores, minlength=parts.count)
    return _finished(sample, value, scores, given, parts, level=level, unit=unit, label="total", values=values,
                     of_total=True)


def domain_difference(
    sample: Sample, values: np.ndarray, *, first: np.ndarray, second: np.ndarray, level: float,
    unit: str = "scale_points",
) -> Estimate:
    """Mean of one domain minus mean of another.

    Parameters
    ----------
    sample : Sample
        How the respondents were drawn. Two periods are two domains of one sample: stack them, with strata told apart by
        period unless the same clusters were visited twice.
    values : numpy.ndarray of float, shape (n,)
        Who has NaN is outside both.
    first, second : numpy.ndarray of bool, shape (n,)
        Members; nobody may be in both.
    level : float
        Confidence level, between 0 and 1.
    unit : str
        Unit of the values.

    Returns
    -------
    Estimate
        ``label`` is ``"difference"``: first minus second.

    Raises
    ------
    KinerjaError
        ``domains_overlap``; as ``domain_means``.
    NotApplicable
        ``empty_domain`` when one side has no answers; ``lonely_strata``.

    Notes
    -----
    The scores of the second mean are taken off those of the first, so the covariance that shared clusters bring is in
    the variance; t with the clusters minus strata that both domains together meet.

    References
    ----------
    Lumley, T. (2010). Complex surveys, section 2.3. Wiley.
    """
    values = _checked(sample, values)
    first, second = (np.asarray(side, dtype=bool) & ~np.isnan(values) for side in (first, second))
    if (first & second).any():
        raise KinerjaError("domains_overlap", n=int((first & second).sum()))
    if not (first.any() and second.any()):
        raise NotApplicable("empty_domain")
    filled = np.where(np.isnan(values), 0.0, values)
    means, scores = [], np.zeros(sample.n)
    for side, sign in ((first, 1.0), (second, -1.0)):
        heavy = np.where(side, sample.weights, 0.0)
        mean = heavy @ filled / heavy.sum()
        scores += sign * heavy * (filled - mean) / heavy.sum()
        means.append(mean)
    spread = domain_variances(sample.settled(scores), domains=np.zeros(sample.n, dtype=np.int64), count=1,
                              present=first | second if sample.auxiliary is None else None, lonely=sample.lonely,
                              whole=True, **sample.labels)
    value, se, n = means[0] - means[1], float(np.sqrt(spread.variance[0])), int((first | second).sum())
    note = _note(np.array([value]), np.array([se]), np.array([min(first.sum(), second.sum())]), spread)[0]
    bare = note not in ("", "lonely_stratum")
    low, high = t_interval(value, se, spread.df[0], level=level)
    return Estimate(label="difference", value=float(value), low=np.nan if bare else float(low),
                    high=np.nan if bare else float(high), level=level, n=n, method=METHOD, unit=unit, note=str(note))


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    codes: np.ndarray
    names: np.ndarray | None

    @property
    def count(self) -> int:
        return 1 if self.names is None else len(self.names)


def _checked(sample: Sample, values: np.ndarray) -> np.ndarray:
    values = np.asarray(values, dtype=float)
    if values.shape != sample.weights.shape:
        raise KinerjaError("lengths_differ", first=len(values), second=sample.n)
    if not sample.n:
        raise NotApplicable("empty_sample")
    if np.isinf(values).any():
        raise KinerjaError("scores_not_finite", n=int(np.isinf(values).sum()))
    return values


def _domains(sample: Sample, domains: np.ndarray | None) -> _Parts:
    if domains is None:
        return _Parts(np.zeros(sample.n, dtype=np.int64), None)
    if len(domains) != sample.n:
        raise KinerjaError("lengths_differ", first=sample.n, second=len(domains))
    codes, names = pd.factorize(np.asarray(domains), sort=True, use_na_sentinel=False)
    return _Parts(codes, np.asarray(names))


def _ratio(sample, top, bottom, parts: _Parts, *, level, unit, label, values, given=None) -> DomainEstimates:
    given = bottom > 0 if given is None else given
    over, under = (np.bincount(parts.codes, weights=sample.weights * side, minlength=parts.count)
                   for side in (top, bottom))
    usable = under != 0
    value = np.where(usable, over / np.where(usable, under, 1.0), np.nan)
    scale = np.where(usable, under, 1.0)[parts.codes]
    scores = np.where(given, sample.weights * (top - np.nan_to_num(value)[parts.codes] * bottom) / scale, 0.0)
    return _finished(sample, value, scores, given, parts, level=level, unit=unit, label=label, values=values)


def _finished(
    sample: Sample, value, scores, given, parts: _Parts, *, level, unit, label, values, of_total=False,
) -> DomainEstimates:
    """Errors, intervals, notes and design effects of a statistic with these scores."""
    spread = _spread(sample, scores, given, parts)
    n = np.bincount(parts.codes, weights=given, minlength=parts.count).astype(int)
    se = np.sqrt(spread.variance)
    note = _note(value, se, n, spread, zero="zero_denominator" if label == "ratio" else "no_answers")
    if of_total:
        note = np.where(n == 0, "no_answers", note)
        value = np.where(n == 0, np.nan, value)
    bare = ~np.isin(note, ("", "lonely_stratum"))
    low, high = t_interval(value, se, np.where(bare, 1, spread.df), level=level)
    frame = pd.DataFrame({"label": label, "value": value, "low": np.where(bare, np.nan, low),
                          "high": np.where(bare, np.nan, high), "level": level, "n": n, "method": METHOD,
                          "unit": unit, "note": note})
    groups = ()
    if parts.names is not None:
        frame.insert(0, "domain", parts.names)
        groups = ("domain",)
    deff, without = _design_effects(sample, values, given, parts, spread.variance, of_total=of_total)
    return DomainEstimates(table=EstimateTable(frame=frame, groups=groups), se=np.where(np.isnan(value), np.nan, se),
                           df=spread.df, deff=deff, deff_without=without)


def _spread(sample: Sample, scores, given, parts: _Parts) -> DomainVariance:
    if sample.auxiliary is None:
        return domain_variances(scores, domains=parts.codes, count=parts.count, present=given, lonely=sample.lonely,
                                whole=True, **sample.labels)
    # calibration ties everybody together: what a domain's total owes to the auxiliaries is spread over all respondents
    every = np.zeros(sample.n, dtype=np.int64)
    one_by_one = [domain_variances(sample.settled(np.where(parts.codes == code, scores, 0.0)), domains=every, count=1,
                                   lonely=sample.lonely, whole=True, **sample.labels) for code in range(parts.count)]
    return DomainVariance(**{name: np.concatenate([getattr(item, name) for item in one_by_one])
                             for name in ("variance", "clusters", "strata", "lonely")})


def _note(value, se, n, spread: DomainVariance, *, zero: str = "no_answers") -> np.ndarray:
    reasons = [("no_answers", n == 0), (zero, np.isnan(value)), ("too_few_respondents", n < 2),
               ("one_cluster", (spread.clusters < 2) | (spread.df < 1)),
               ("no_variation", se <= _FLAT * (1 + np.abs(np.nan_to_num(value)))),
               ("lonely_stratum", spread.lonely > 0)]
    return np.select([mask for _, mask in reasons], [code for code, _ in reasons], default="").astype(object)


def _design_effects(sample, values, given, parts: _Parts, variance, *, of_total) -> tuple[np.ndarray, np.ndarray]:
    if values is None:
        return np.full(parts.count, np.nan), np.full(parts.count, np.nan)
    heavy = np.where(given, sample.weights, 0.0)
    filled = np.where(given, values, 0.0)
    n, total, first = (np.bincount(parts.codes, weights=item, minlength=parts.count)
                       for item in (given, heavy, heavy * filled))
    mean = np.where(total > 0, first / np.where(total > 0, total, 1.0), 0.0)
    square = np.bincount(parts.codes, weights=heavy * (filled - mean[parts.codes]) ** 2, minlength=parts.count)
    usable = (n > 1) & (total > 0) & (square > 0)
    safe_n, safe_total = np.where(usable, n, 2.0), np.where(usable, total, 1.0)
    plain = np.where(usable, square / safe_total / (safe_n - 1), np.nan)
    if of_total:
        plain = plain * total**2
    left = np.where(safe_total > safe_n, (safe_total - safe_n) / safe_total, np.nan)
    return variance / plain, variance / (plain * left)
