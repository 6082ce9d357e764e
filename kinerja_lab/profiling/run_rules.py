"""Which patterns in a series are too orderly for chance? Named rules: Nelson, Western Electric, Anhoej."""

from dataclasses import dataclass

import numpy as np
from scipy import special

__all__ = ["RULES", "Signal", "crossings_least", "longest_run_most", "signals_of"]

RULES = ("anhoej", "western_electric", "nelson", "limits")
"""Sets of rules. All hold "a point beyond three standard deviations"; ``"limits"`` holds nothing else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """One rule that fired.

    Parameters
    ----------
    rule : str
        Its code under ``[run_rule]`` of the catalogues.
    places : tuple of int
        Points that it names, from 0; for a rule about the whole series the points of the longest run, or none.
    side : str
        ``"high"``, ``"low"`` or empty.
    """

    rule: str
    places: tuple[int, ...]
    side: str = ""


def longest_run_most(useful: int) -> int:
    """Longest run on one side of the centre that chance allows, for so many points that are not on it.

    Parameters
    ----------
    useful : int
        Points off the centre line.

    References
    ----------
    Anhoej, J., Olesen, A. V. (2014). Run charts revisited: a simulation study of run chart rules for detection of
    non-random variation in health care processes. PLoS ONE 9, e113825.

    Examples
    --------
    >>> longest_run_most(24)
    8
    """
    return round(np.log2(useful) + 3) if useful > 0 else 0


def crossings_least(useful: int) -> int:
    """Fewest crossings of the centre that chance allows: the lower 5 % point of a binomial with chance a half.

    Parameters
    ----------
    useful : int
        Points off the centre line.

    References
    ----------
    Chen, Z. (2010). A note on the runs test. Model Assisted Statistics and Applications 5, 73-77.

    Examples
    --------
    >>> crossings_least(24)
    8
    """
    if useful < 2:
        return 0
    crossings = np.arange(useful)
    return int(np.argmax(special.bdtr(crossings, useful - 1, 0.5) >= 0.05))


def signals_of(
    values: np.ndarray, *, centre: np.ndarray, low: np.ndarray, high: np.ndarray, rules: str,
) -> tuple[Signal, ...]:
    """Every rule of a set that fires on a series.

    Parameters
    ----------
    values : numpy.ndarray, shape (points,)
        The series in time order.
    centre, low, high : numpy.ndarray, shape (points,)
        Centre line and limits at three standard deviations; a limit cut at the end of the scale counts the same
        distance as the other.
    rules : str
        One of ``RULES``.

    Returns
    -------
    tuple of Signal
        In the order of the rules.

    Notes
    -----
    Western Electric: beyond 3 sd; two of three beyond 2 sd on a side; four of five beyond 1 sd on a side; eight in a
    row on a side. Nelson: beyond 3 sd; nine in a row on a side; six in a row rising or falling; fourteen in a row up
    and down in turn; two of three beyond 2 sd; four of five beyond 1 sd; fifteen in a row within 1 sd; eight in a row
    beyond 1 sd on either side. Anhoej: beyond 3 sd; longest run above round(log2 n + 3); crossings below the 5 % point
    of B(n - 1, 1/2); points on the centre count for neither of the last two.

    References
    ----------
    Western Electric Company (1956). Statistical quality control handbook, pp. 23-28.
    Nelson, L. S. (1984). The Shewhart control chart: tests for special causes. Journal of Quality Technology 16,
    237-239.
    Anhoej, J. (2015). Diagnostic value of run chart analysis. PLoS ONE 10, e0121349.
    """
    sd = np.maximum(high - centre, centre - low) / 3
    z = (values - centre) / np.where(sd > 0, sd, np.inf)
    beyond = [Signal(rule="beyond_limits", places=tuple(np.flatnonzero(out).tolist()), side=side)
              for side, out in (("high", values > high), ("low", values < low)) if out.any()]
    if rules == "limits":
        return tuple(beyond)
    if rules == "anhoej":
        return (*beyond, *_anhoej(values - centre))
    long = 8 if rules == "western_electric" else 9
    found = [*beyond, *_sided("run_on_a_side", z, long, long, 0.0)]
    if rules == "nelson":
        found += [*_trend(values, 6), *_turns(values, 14)]
    found += [*_sided("two_of_three", z, 3, 2, 2.0), *_sided("four_of_five", z, 5, 4, 1.0)]
    if rules == "nelson":
        found += [*_windows("within_one", np.abs(z) < 1, 15, 15), *_windows("beyond_one", np.abs(z) > 1, 8, 8)]
    return tuple(found)


def _sided(rule: str, z: np.ndarray, window: int, least: int, distance: float) -> list[Signal]:
    return [*_windows(rule, z > distance, window, least, side="high"),
            *_windows(rule, z < -distance, window, least, side="low")]


def _windows(rule: str, hit: np.ndarray, window: int, least: int, *, side: str = "") -> list[Signal]:
    """Points hit inside any window with enough of them."""
    if len(hit) < window:
        return []
    counts = np.convolve(hit, np.ones(window, dtype=int), mode="valid")
    starts = np.flatnonzero(counts >= least)
    places = {place for start in starts for place in range(start, start + window) if hit[place]}
    return [Signal(rule=rule, places=tuple(sorted(int(place) for place in places)), side=side)] if places else []


def _trend(values: np.ndarray, length: int) -> list[Signal]:
    """Points in a row, each higher (lower) than the one before."""
    found = []
    for side, sign in (("high", 1), ("low", -1)):
        steps = sign * np.diff(values) > 0
        if len(steps) < length - 1:
            continue
        starts = np.flatnonzero(np.convolve(steps, np.ones(length - 1, dtype=int), mode="valid") == length - 1)
        places = sorted({int(place) for start in starts for place in range(start, start + length)})
        if places:
            found.append(Signal(rule="trend", places=tuple(places), side=side))
    return found


def _turns(values: np.ndarray, length: int) -> list[Signal]:
    steps = np.sign(np.diff(values))
    turned = steps[1:] * steps[:-1] < 0
    if len(turned) < length - 2:
        return []
    starts = np.flatnonzero(np.convolve(turned, np.ones(length - 2, dtype=int), mode="valid") == length - 2)
    places = sorted({int(place) for start in starts for place in range(start, start + length)})
    return [Signal(rule="alternating", places=tuple(places))] if places else []


def _anhoej(away: np.ndarray) -> list[Signal]:
    off = np.flatnonzero(np.abs(away) > 1e-12 * (1 + np.abs(away).max(initial=0.0)))
    if len(off) < 2:
        return []
    sides = np.sign(away[off])
    cuts = np.flatnonzero(np.diff(sides) != 0) + 1
    runs = np.split(np.arange(len(off)), cuts)
    longest = max(runs, key=len)
    found = []
    if len(longest) > longest_run_most(len(off)):
        found.append(Signal(rule="long_run", places=tuple(off[longest].tolist()),
                            side="high" if sides[longest[0]] > 0 else "low"))
    if len(cuts) < crossings_least(len(off)):
        found.append(Signal(rule="few_crossings", places=()))
    return found
