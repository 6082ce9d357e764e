"""Do the numbers of a plan agree with each other, and were they ever measured?"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from math import isclose, isfinite
from statistics import median

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.indicator import Indicator, Realisation

__all__ = [
    "HUNDRED_TOLERANCE", "Conflict", "Quantity", "StatedValue", "Statement", "conflicts", "constant_value",
    "equal_ended_ranges", "overwritten", "path_of", "same_measure", "statements_of", "suspicious_zeros", "value_of",
]

HUNDRED_TOLERANCE = 0.05
"""Percentage points by which a printed ratio may differ from 100 where realisation and target are the same number."""

_SAME = 1e-9
_NUMBER = re.compile(r"\d[\d.,]*")
_RANGE = re.compile(r"(?P<low>\d[\d.,]*)\s*%?\s*(?:-|–|—|:|s\.?\s?d\.?|sampai(?: dengan)?|hingga)"
                    r"\s*(?P<high>\d[\d.,]*)", re.IGNORECASE)
_SATISFACTION = re.compile(r"\bikm\b|\bskm\b|\b(?:indeks|nilai|survei) kepuasan (?!pegawai|karyawan|kerja)",
                           re.IGNORECASE)
_UNIT_WORDS = {"persen": "%", "percent": "%", "prosen": "%"}


class Quantity(StrEnum):
    """What a statement states; a path is a row of targets in the order printed, with ``;`` between them."""

    BASELINE = "baseline"
    TARGET = "target"
    REALISATION = "realisation"
    TARGET_PATH = "target_path"


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedValue:
    """A number or a range as printed.

    Parameters
    ----------
    low, high : float
        Ends; equal for a single number.
    ranged : bool
        Whether a range was printed, even one with two equal ends.
    """

    low: float
    high: float
    ranged: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One number as one place of a plan prints it.

    Parameters
    ----------
    indicator : str
        Code or name of the indicator.
    agency : str
        Agency, empty when the plan has one only.
    quantity : Quantity
        Baseline, target, realisation, or a row of targets.
    period : str
        Year it holds for; empty when the place names none.
    text : str
        The number as printed, e.g. ``"93.8-93.8"``.
    place : str
        Where it stands, e.g. ``"Tabel 2.1"``.
    """

    indicator: str
    agency: str = ""
    quantity: Quantity
    period: str = ""
    text: str
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """Places that print different numbers for the same thing.

    Parameters
    ----------
    indicator, agency, period : str
        Whose number it is.
    quantity : Quantity
        Which number.
    statements : tuple of Statement
        All places, in the order given.
    """

    indicator: str
    agency: str
    quantity: Quantity
    period: str
    statements: tuple[Statement, ...]


def value_of(text: str) -> StatedValue:
    """Read a number or a range as plans print it, with decimal comma or point.

    Parameters
    ----------
    text : str
        E.g. ``"93,8"``, ``"1.234,5"``, ``"80-90 %"``, ``"0.818:0.818"``.

    Raises
    ------
    KinerjaError
        ``stated_number`` when there is no number, or ``stated_number_ambiguous`` ("1.234": thousands or decimals?).

    Examples
    --------
    >>> value_of("93.8-93.8").ranged, value_of("1.234,5").low
    (True, 1234.5)
    """
    found = _RANGE.search(text)
    if found:
        return StatedValue(low=_number(found["low"], text), high=_number(found["high"], text), ranged=True)
    plain = _NUMBER.findall(text)
    if len(plain) != 1:
        raise KinerjaError("stated_number", value=text)
    value = _number(plain[0], text) * (-1 if re.search(r"[-−]\s*" + re.escape(plain[0]), text) else 1)
    return StatedValue(low=value, high=value)


def _number(digits: str, text: str) -> float:
    digits = digits.rstrip(".,")
    if "," in digits and "." in digits:
        decimal = max(digits.rfind(","), digits.rfind("."))
        whole = re.sub(r"[.,]", "", digits[:decimal])
        return float(f"{whole}.{digits[decimal + 1:]}")
    mark = "," if "," in digits else "."
    if digits.count(mark) > 1:
        return float(digits.replace(mark, ""))
    # A single point with three digits behind it is 1234 to one reader and 1,234 to another; "0.818" is not.
    if mark == "." and re.fullmatch(r"[1-9]\d{0,2}\.\d{3}", digits):
        raise KinerjaError("stated_number_ambiguous", value=text)
    return float(digits.replace(",", "."))


def statements_of(statements: Iterable[Statement], *, indicator: Indicator) -> tuple[Statement, ...]:
    """Statements about an indicator, by its code or its name.

    Parameters
    ----------
    statements : iterable of Statement
        All that was read from the plan.
    indicator : Indicator
        The indicator meant.
    """
    names = {indicator.code.casefold(), indicator.name.strip().casefold()}
    return tuple(item for item in statements if item.indicator.strip().casefold() in names
                 and (not item.agency or not indicator.agencies or item.agency in indicator.agencies))


def conflicts(statements: Sequence[Statement]) -> tuple[Conflict, ...]:
    """Things for which two places print different numbers.

    Parameters
    ----------
    statements : sequence of Statement
        Of one plan or of several.

    Raises
    ------
    KinerjaError
        ``stated_number`` or ``stated_number_ambiguous``.

    Notes
    -----
    A baseline is compared within its year: two baselines of different years do not contradict each other.

    Examples
    --------
    >>> a = Statement(indicator="kecelakaan", quantity=Quantity.BASELINE, period="2024", text="2,8", place="Tabel 2.1")
    >>> b = Statement(indicator="kecelakaan", quantity=Quantity.BASELINE, period="2024", text="1,7", place="Tabel 3.4")
    >>> len(conflicts([a, b])), len(conflicts([a, a]))
    (1, 0)
    """
    def key(item: Statement) -> tuple[str, str, str, str]:
        return (item.agency, item.indicator.strip().casefold(), item.quantity.value, item.period)

    found = []
    for _, group in groupby(sorted(statements, key=key), key=key):
        same = tuple(group)
        values = [path_of(item.text) for item in same]
        if any(not _equal(value, values[0]) for value in values[1:]):
            found.append(Conflict(indicator=same[0].indicator, agency=same[0].agency, quantity=same[0].quantity,
                                  period=same[0].period, statements=same))
    return tuple(found)


def path_of(text: str) -> tuple[StatedValue, ...]:
    """Read a row of numbers as plans print it; a single number is a row of one.

    Parameters
    ----------
    text : str
        E.g. ``"3,2; 3,7; 4"``.

    Raises
    ------
    KinerjaError
        As ``value_of``, for the first part that is no number.

    Examples
    --------
    >>> [value.low for value in path_of("3,2; 3,7; 4")]
    [3.2, 3.7, 4.0]
    """
    return tuple(value_of(part) for part in text.split(";"))


def _equal(one: Sequence[StatedValue], other: Sequence[StatedValue]) -> bool:
    return len(one) == len(other) and all(
        _close(left.low, right.low) and _close(left.high, right.high) for left, right in zip(one, other, strict=True))


def _close(one: float, other: float) -> bool:
    return isclose(one, other, rel_tol=_SAME, abs_tol=_SAME)


def equal_ended_ranges(statements: Iterable[Statement]) -> tuple[Statement, ...]:
    """Ranges whose two ends are the same number ("93.8-93.8"): a range was promised and none was given.

    Parameters
    ----------
    statements : iterable of Statement
        As printed.
    """
    out = []
    for item in statements:
        if any(value.ranged and _close(value.low, value.high) for value in path_of(item.text)):
            out.append(item)
    return tuple(out)


def overwritten(series: Iterable[Realisation]) -> tuple[Realisation, ...]:
    """Periods whose realisation is the target although the printed ratio says something else.

    Parameters
    ----------
    series : iterable of Realisation
        With the printed ratio in percent.

    Notes
    -----
    The printed ratio was computed from a realisation that no longer stands in the table.
    """
    return tuple(entry for entry in series
                 if isfinite(entry.printed) and isfinite(entry.target) and _close(entry.target, entry.realisation)
                 and abs(entry.printed - 100) > HUNDRED_TOLERANCE)


def constant_value(series: Iterable[Realisation], *, at_least: int) -> float | None:
    """The realisation that never changed, or ``None``.

    Parameters
    ----------
    series : iterable of Realisation
        In any order.
    at_least : int
        Periods from which sameness is a pattern.
    """
    values = [entry.realisation for entry in series if isfinite(entry.realisation)]
    if len(values) < max(at_least, 1) or any(not _close(value, values[0]) for value in values):
        return None
    return values[0]


def suspicious_zeros(series: Iterable[Realisation], *, at_least: int) -> tuple[Realisation, ...]:
    """Zero realisations among values that never come near zero: most likely "not reported".

    Parameters
    ----------
    series : iterable of Realisation
        In any order.
    at_least : int
        Values other than zero that must be there to judge by.

    Notes
    -----
    A zero is doubtful when the smallest other value is at least half of the median of the others; a quantity that comes
    down to zero step by step is not.
    """
    entries = [entry for entry in series if isfinite(entry.realisation)]
    others = [entry.realisation for entry in entries if entry.realisation != 0]
    if len(others) < max(at_least, 1) or min(others) <= 0 or min(others) < median(others) / 2:
        return ()
    return tuple(entry for entry in entries if entry.realisation == 0)


def same_measure(indicators: Iterable[Indicator], *, indicator: Indicator) -> tuple[Indicator, ...]:
    """Indicators that measure the same thing under another unit.

    Parameters
    ----------
    indicators : iterable of Indicator
        All indicators of the study.
    indicator : Indicator
        The one compared.

    Notes
    -----
    The same thing is the same name, or for both the satisfaction index (IKM, SKM) of whatever service. "Persen" and "%"
    are one unit.
    """
    wanted, unit = _measure(indicator), _unit(indicator)
    return tuple(other for other in indicators
                 if other is not indicator and _measure(other) == wanted and _unit(other) != unit)


def _measure(indicator: Indicator) -> str:
    if indicator.survey or _SATISFACTION.search(indicator.name):
        return "satisfaction"
    return " ".join(indicator.name.casefold().split())


def _unit(indicator: Indicator) -> str:
    unit = " ".join(indicator.unit.casefold().split())
    return _UNIT_WORDS.get(unit, unit)
