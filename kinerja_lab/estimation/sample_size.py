"""How many people must be asked, and what can a survey of that size tell apart? Each rule under its own name."""

from dataclasses import dataclass
from math import ceil, floor, inf, isfinite, sqrt

from scipy import special

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.numeric.intervals import normal_quantile

__all__ = [
    "CHI_SQUARE_PRINTED", "SampleSize", "cochran", "detectable_difference", "krejcie_morgan",
    "margin_of_mean", "sample_size_difference", "sample_size_mean", "slovin",
]

CHI_SQUARE_PRINTED = 3.841
"""Chi-square of one degree of freedom at 95 %, as Krejcie and Morgan print it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSize:
    """How many must answer and how many must be asked.

    Parameters
    ----------
    rule : str
        ``"krejcie_morgan"``, ``"slovin"``, ``"cochran"``, ``"mean"`` or ``"difference"``.
    answers : int
        Answers needed (in each of the two groups for ``"difference"``).
    asked : int
        People to ask, when only a share of them answers.
    population : float
        People there are; infinite when unknown or large.
    margin : float
        What the rule promises: half the interval, or the difference to be told.
    level : float
        Confidence level; NaN for Slovin's formula, which has none.
    deff : float
        Design effect that is allowed for.
    response : float
        Share expected to answer.
    """

    rule: str
    answers: int
    asked: int
    population: float
    margin: float
    level: float
    deff: float = 1.0
    response: float = 1.0

    def __str__(self) -> str:
        return f"{self.rule}: {self.answers} answers, {self.asked} asked"


def krejcie_morgan(population: float, *, margin: float = 0.05, share: float = 0.5) -> SampleSize:
    """Krejcie and Morgan's table: a share, drawn at random from a finite population, at 95 %.

    Parameters
    ----------
    population : float
        People there are, at least 1.
    margin : float
        Half the interval of the share, above 0 and below 1 (the table: 0.05).
    share : float
        Share in the population (the table: 0.5).

    Returns
    -------
    SampleSize
        Rounded to the nearest whole as in the table, never above the population.

    Raises
    ------
    KinerjaError
        ``number_out_of_range``.

    Notes
    -----
    X^2 N P (1-P) / (d^2 (N-1) + X^2 P (1-P)), X^2 = 3.841. The printed table has 384 at N = 100,000; the formula
    gives 383. It is about one share of a simple random sample: it says nothing of a mean of means, of clusters or of
    telling two years apart.

    References
    ----------
    Krejcie, R. V., Morgan, D. W. (1970). Determining sample size for research activities. Educational and Psychological
    Measurement 30, 607-610.

    Examples
    --------
    >>> krejcie_morgan(1000).answers
    278
    """
    _within("population", population, 1, inf)
    _within("margin", margin, 0, 1, open_ends=True)
    _within("share", share, 0, 1, open_ends=True)
    spread = CHI_SQUARE_PRINTED * share * (1 - share)
    exact = spread / margin**2 if population == inf else spread * population / (margin**2 * (population - 1) + spread)
    n = min(floor(exact + 0.5), population)
    return SampleSize(rule="krejcie_morgan", answers=max(int(n), 1), asked=max(int(n), 1), population=population,
                      margin=margin, level=0.95)


def slovin(population: float, *, margin: float) -> SampleSize:
    """The formula known as Slovin's (or Yamane's).

    Parameters
    ----------
    population : float
        People there are, at least 1 and finite.
    margin : float
        "Tolerated error" e, above 0 and below 1.

    Returns
    -------
    SampleSize
        Rounded up; ``level`` is NaN, because the formula names none.

    Raises
    ------
    KinerjaError
        ``number_out_of_range``.

    Notes
    -----
    N / (1 + N e^2). It equals a share of one half with z = 2 (95.45 %), but for N - 1 in place of N. It is often
    printed under Krejcie and Morgan's name; it is not theirs.

    References
    ----------
    Yamane, T. (1967). Statistics: an introductory analysis, 2nd ed., p. 886. Harper and Row.

    Examples
    --------
    >>> slovin(1000, margin=0.05).answers
    286
    """
    _within("population", population, 1, 1e15)
    _within("margin", margin, 0, 1, open_ends=True)
    n = min(ceil(population / (1 + population * margin**2) - 1e-9), ceil(population))
    return SampleSize(rule="slovin", answers=n, asked=n, population=population, margin=margin, level=float("nan"))


def cochran(
    population: float, *, margin: float, level: float, share: float = 0.5, deff: float = 1.0, response: float = 1.0,
) -> SampleSize:
    """Cochran's size for a share, at any level, with finite population, design effect and nonresponse.

    Parameters
    ----------
    population : float
        People there are, at least 1; ``math.inf`` when unknown.
    margin : float
        Half the interval of the share, above 0 and below 1.
    level : float
        Confidence level, between 0 and 1.
    share : float
        Expected share; 0.5 is the careful choice.
    deff : float
        Design effect, above 0; 1 for a simple random sample.
    response : float
        Share expected to answer, above 0 and at most 1.

    Returns
    -------
    SampleSize
        Rounded up.

    Raises
    ------
    KinerjaError
        ``number_out_of_range`` or ``bad_level``.

    Notes
    -----
    n0 = deff z^2 p (1-p) / d^2; n = n0 / (1 + (n0 - 1)/N); asked = n / response.

    References
    ----------
    Cochran, W. G. (1977). Sampling techniques, 3rd ed., section 4.4 (4.1, 4.2). Wiley.

    Examples
    --------
    >>> cochran(float("inf"), margin=0.05, level=0.95).answers
    385
    """
    _within("margin", margin, 0, 1, open_ends=True)
    _within("share", share, 0, 1, open_ends=True)
    first = normal_quantile(level) ** 2 * share * (1 - share) / margin**2
    return _sized("cochran", first, population, margin, level, deff, response, corrected=1)


def sample_size_mean(
    sd: float, *, margin: float, level: float, population: float = inf, deff: float = 1.0, response: float = 1.0,
) -> SampleSize:
    """Size for a mean, such as the index: a mean of means is the mean of each respondent's own mean.

    Parameters
    ----------
    sd : float
        Spread between respondents of their own mean, in the unit of ``margin``; above 0.
    margin : float
        Half the interval, above 0.
    level : float
        Confidence level, between 0 and 1.
    population : float
        People there are; infinite when unknown.
    deff : float
        Design effect, above 0.
    response : float
        Share expected to answer, above 0 and at most 1.

    Returns
    -------
    SampleSize
        Rounded up.

    Raises
    ------
    KinerjaError
        ``number_out_of_range`` or ``bad_level``.

    Notes
    -----
    n0 = deff (z sd / d)^2; n = n0 / (1 + n0/N). Element spreads must not be used: answers of one person go together, so
    the spread of a person's mean is not theirs divided by the number of elements.

    References
    ----------
    Cochran, W. G. (1977). Sampling techniques, 3rd ed., section 4.6. Wiley.

    Examples
    --------
    Spread 10 points, half an interval of 2 points: (1.96 * 10 / 2)^2 = 96.04.

    >>> sample_size_mean(10.0, margin=2.0, level=0.95).answers
    97
    """
    _within("sd", sd, 0, inf, open_ends=True)
    _within("margin", margin, 0, inf, open_ends=True)
    first = (normal_quantile(level) * sd / margin) ** 2
    return _sized("mean", first, population, margin, level, deff, response, corrected=0)


def sample_size_difference(
    sd: float, *, difference: float, level: float, power: float, population: float = inf, deff: float = 1.0,
    response: float = 1.0, correlation: float = 0.0,
) -> SampleSize:
    """Size of each of two groups (two periods, two units) so that a true difference is seen.

    Parameters
    ----------
    sd : float
        Spread between respondents within a group; above 0.
    difference : float
        True difference that must be seen, above 0.
    level : float
        Confidence level of the interval that must leave out zero, between 0 and 1.
    power : float
        Chance of seeing it, above 0 and below 1.
    population : float
        People in each group; infinite when unknown.
    deff : float
        Design effect, above 0.
    response : float
        Share expected to answer, above 0 and at most 1.
    correlation : float
        Between the two numbers of one respondent when the same people are asked twice; 0 for different people.

    Returns
    -------
    SampleSize
        Of each group, rounded up.

    Raises
    ------
    KinerjaError
        ``number_out_of_range`` or ``bad_level``.

    Notes
    -----
    n0 = 2 deff (1 - correlation) ((z + z_power) sd / difference)^2; n = n0 / (1 + n0/N).

    References
    ----------
    Cochran, W. G. (1977). Sampling techniques, 3rd ed., section 4.6. Wiley.

    Examples
    --------
    2 * ((1.96 + 0.8416) * 10 / 2)^2 = 392.4:

    >>> sample_size_difference(10.0, difference=2.0, level=0.95, power=0.8).answers
    393
    """
    _within("sd", sd, 0, inf, open_ends=True)
    _within("difference", difference, 0, inf, open_ends=True)
    first = 2 * (1 - _correlated(correlation)) * (_reach(level, power) * sd / difference) ** 2
    return _sized("difference", first, population, difference, level, deff, response, corrected=0)


def margin_of_mean(sd: float, *, n: float, level: float, population: float = inf, deff: float = 1.0) -> float:
    """Half the interval of a mean of n answers.

    Parameters
    ----------
    sd : float
        Spread between respondents, above 0.
    n : float
        Answers, at least 1.
    level : float
        Confidence level, between 0 and 1.
    population : float
        People there are; infinite when unknown.
    deff : float
        Design effect, above 0.

    Raises
    ------
    KinerjaError
        ``number_out_of_range`` or ``bad_level``.

    Examples
    --------
    >>> round(margin_of_mean(10.0, n=100, level=0.95), 2)
    1.96
    """
    _within("sd", sd, 0, inf, open_ends=True)
    _within("n", n, 1, population)
    _within("deff", deff, 0, inf, open_ends=True)
    return normal_quantile(level) * sd * sqrt(deff / n * (1 - n / population))


def detectable_difference(
    sd: float, *, n_first: float, n_second: float, level: float, power: float, deff: float = 1.0,
    correlation: float = 0.0,
) -> float:
    """Smallest true difference of two groups that is seen with the given chance.

    Parameters
    ----------
    sd : float
        Spread between respondents within a group, above 0.
    n_first, n_second : float
        Answers in each group, at least 1.
    level : float
        Confidence level, between 0 and 1.
    power : float
        Chance of seeing it, above 0 and below 1.
    deff : float
        Design effect, above 0.
    correlation : float
        As for ``sample_size_difference``.

    Raises
    ------
    KinerjaError
        ``number_out_of_range`` or ``bad_level``.

    Examples
    --------
    >>> round(detectable_difference(10.0, n_first=393, n_second=393, level=0.95, power=0.8), 2)
    2.0
    """
    _within("sd", sd, 0, inf, open_ends=True)
    _within("n_first", n_first, 1, inf)
    _within("n_second", n_second, 1, inf)
    _within("deff", deff, 0, inf, open_ends=True)
    return _reach(level, power) * sd * sqrt(deff * (1 - _correlated(correlation)) * (1 / n_first + 1 / n_second))


def _sized(rule, first, population, margin, level, deff, response, *, corrected: int) -> SampleSize:
    _within("population", population, 1, inf)
    _within("deff", deff, 0, inf, open_ends=True)
    _within("response", response, 1e-6, 1)
    needed = deff * first
    if isfinite(population):
        needed = min(needed / (1 + (needed - corrected) / population), population)
    answers = max(ceil(needed - 1e-9), 1)
    return SampleSize(rule=rule, answers=answers, asked=ceil(answers / response - 1e-9), population=population,
                      margin=margin, level=level, deff=deff, response=response)


def _reach(level: float, power: float) -> float:
    _within("power", power, 0, 1, open_ends=True)
    return normal_quantile(level) + float(special.ndtri(power))


def _correlated(correlation: float) -> float:
    _within("correlation", correlation, -1, 1)
    if correlation == 1:
        raise KinerjaError("number_out_of_range", name="correlation", value="1", low="-1", high="1")
    return correlation


def _within(name: str, value: float, low: float, high: float, *, open_ends: bool = False) -> None:
    inside = low < value < high if open_ends else low <= value <= high
    if not inside:
        raise KinerjaError("number_out_of_range", name=name, value=f"{value:g}", low=f"{low:g}", high=f"{high:g}")
