"""Does a formula add like with like, and does it give the unit that the indicator prints?"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from kinerja_lab.core.errors import InputFault, InputFaults
from kinerja_lab.core.message import Message
from kinerja_lab.drafting.formula_tree import (
    Aggregate,
    Arithmetic,
    Column,
    Comparison,
    Formula,
    Logic,
    Negative,
    Node,
    Number,
    Text,
    Where,
)

__all__ = ["PERCENT_UNITS", "PURE_UNITS", "measure_units", "unit_faults", "unit_text"]

PERCENT_UNITS = ("%", "persen", "percent")
"""Printed units of a percentage."""

PURE_UNITS = (*PERCENT_UNITS, "rasio", "ratio", "bagian", "share")
"""Printed units of a number without a unit of its own."""

Powers = Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unit:
    """Powers of units; ``literal`` for a bare number, which takes the unit of what it is compared with."""

    powers: tuple[tuple[str, int], ...] = ()
    literal: bool = False


def measure_units(formula: Formula, *, units: Mapping[str, str], row_unit: str = "") -> str:
    """The unit of a formula's value.

    Parameters
    ----------
    formula : Formula
        The formula.
    units : mapping of str to str
        Column -> unit. A unit is a word or words, joined by ``/`` and ``*``: ``"pasien"``, ``"smp/jam"``; ``"1"`` for a
        number without unit.
    row_unit : str
        What one row is; ``count`` counts these.

    Returns
    -------
    str
        The unit in the same notation, ``"1"`` for a number without unit.

    Raises
    ------
    InputFaults
        ``unit_missing`` (a column without a unit), ``unit_rows`` (``count`` and no ``row_unit``), ``unit_add``
        (adding or subtracting unlike things), ``unit_compare`` (comparing them).

    Examples
    --------
    >>> from kinerja_lab.drafting.formula import parse_formula
    >>> measure_units(parse_formula("volume / kapasitas"), units={"volume": "smp/jam", "kapasitas": "smp/jam"})
    '1'
    >>> measure_units(parse_formula("100000 * meninggal / penduduk"), units={"meninggal": "korban", "penduduk": "jiwa"})
    'korban/jiwa'
    """
    meter = _Meter(formula, units, row_unit)
    unit = meter.measure(formula.root)
    if meter.faults:
        raise InputFaults(meter.faults)
    return _written(unit.powers)


def unit_faults(
    formula: Formula, *, units: Mapping[str, str], unit: str, rate: str = "", row_unit: str = "",
) -> tuple[InputFault, ...]:
    """What is wrong between a formula and the unit that an indicator prints.

    Parameters
    ----------
    formula, units, row_unit
        As in ``measure_units``.
    unit : str
        Unit as printed, e.g. ``"%"``, ``"menit"``, ``"per 100.000 kelahiran hidup"``.
    rate : str
        The formula's unit where it is a declared rate of two unlike things, e.g. ``"kematian/kelahiran hidup"``.

    Returns
    -------
    tuple of InputFault
        Those of ``measure_units``, ``unit_percent`` (numerator and denominator unlike), ``unit_factor`` (a percentage
        that nothing multiplies by 100), ``unit_rate`` (the declared rate is another), ``unit_differs``.
    """
    try:
        measured = measure_units(formula, units=units, row_unit=row_unit)
    except InputFaults as error:
        return error.faults
    printed = " ".join(unit.casefold().split())
    if printed in PERCENT_UNITS:
        if measured == "%":
            return ()
        if measured != "1" and (not rate or unit_text(rate) != measured):
            return (_fault(formula, "unit_percent", measured=measured),)
        if _factor(formula.root) == 1:
            return (_fault(formula, "unit_factor"),)
        return ()
    if rate:
        same = unit_text(rate) == measured
        return () if same else (_fault(formula, "unit_rate", measured=measured, rate=rate),)
    expected = "1" if printed in PURE_UNITS else unit_text(unit)
    return () if measured == expected else (_fault(formula, "unit_differs", measured=measured, unit=unit),)


def unit_text(unit: str) -> str:
    """A unit in one notation: lower case, sorted, cancelled.

    Parameters
    ----------
    unit : str
        The unit as somebody wrote it.

    Examples
    --------
    >>> unit_text("Pasien * hari / hari")
    'pasien'
    """
    return _written(_powers(unit))


def _fault(formula: Formula, code: str, **params: object) -> InputFault:
    return InputFault(message=Message(f"fault.{code}", params), column="formula", value=formula.text[:120])


def _powers(unit: str) -> tuple[tuple[str, int], ...]:
    found: dict[str, int] = {}
    sign = 1
    for part in re.split(r"([/*])", unit.casefold()):
        word = " ".join(part.split())
        word = "%" if word in PERCENT_UNITS else word
        if word in ("/", "*"):
            sign = -1 if word == "/" else 1
        elif word and word != "1":
            found[word] = found.get(word, 0) + sign
    return _sorted(found)


def _sorted(found: Mapping[str, int]) -> tuple[tuple[str, int], ...]:
    return tuple(sorted((word, power) for word, power in found.items() if power))


def _written(powers: tuple[tuple[str, int], ...]) -> str:
    above = [word for word, power in powers for _ in range(power)]
    below = [word for word, power in powers for _ in range(-power)]
    return "/".join(["*".join(above) or "1", *below])


def _factor(node: Node) -> float:
    """What the bare numbers of a formula multiply it with; NaN where its parts differ in that."""
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Negative):
        return -_factor(node.part)
    if isinstance(node, Arithmetic) and node.sign in "*/":
        left, right = _factor(node.left), _factor(node.right)
        return left * right if node.sign == "*" else left / right
    if isinstance(node, Arithmetic):
        left, right = _factor(node.left), _factor(node.right)
        return left if left == right else float("nan")
    if isinstance(node, Aggregate):
        return _factor(node.part) if node.part is not None and node.function != "count" else 1.0
    return 1.0 if isinstance(node, Column | Where) else float("nan")


class _Meter:
    """Measures every part of a tree and collects what does not fit."""

    def __init__(self, formula: Formula, units: Mapping[str, str], row_unit: str) -> None:
        self.formula, self.units, self.row_unit = formula, units, row_unit
        self.faults: list[InputFault] = []

    def wrong(self, code: str, **params: object) -> None:
        fault = _fault(self.formula, code, **params)
        if fault not in self.faults:
            self.faults.append(fault)

    def measure(self, node: Node) -> _Unit:
        if isinstance(node, Number):
            return _Unit(literal=True)
        if isinstance(node, Column):
            return self._column(node)
        if isinstance(node, Negative):
            return self.measure(node.part)
        if isinstance(node, Aggregate):
            return self._aggregate(node)
        if isinstance(node, Where):
            self._condition(node.condition)
            value = self.measure(node.value)
            if node.otherwise is None:
                return value
            return self._alike(value, self.measure(node.otherwise), "unit_add")
        left, right = self.measure(node.left), self.measure(node.right)
        if node.sign in "+-":
            return self._alike(left, right, "unit_add", zero=_is_zero(node.left) or _is_zero(node.right))
        sign = 1 if node.sign == "*" else -1
        powers = dict(left.powers)
        for word, power in right.powers:
            powers[word] = powers.get(word, 0) + sign * power
        return _Unit(powers=_sorted(powers), literal=left.literal and right.literal)

    def _column(self, node: Column) -> _Unit:
        if not self.units.get(node.name, "").strip():
            self.wrong("unit_missing", column=node.name)
            return _Unit(literal=True)
        return _Unit(powers=_powers(self.units[node.name]))

    def _aggregate(self, node: Aggregate) -> _Unit:
        if node.function != "count":
            return self.measure(node.part)
        if node.part is not None and not isinstance(node.part, Column):
            self.measure(node.part)
        if not self.row_unit.strip():
            self.wrong("unit_rows")
            return _Unit(literal=True)
        return _Unit(powers=_powers(self.row_unit))

    def _condition(self, node: Node) -> None:
        if isinstance(node, Logic):
            for part in node.parts:
                self._condition(part)
        elif isinstance(node, Comparison) and not isinstance(node.left, Text) and not isinstance(node.right, Text):
            left, right = self.measure(node.left), self.measure(node.right)
            if not (left.literal or right.literal):
                self._alike(left, right, "unit_compare")

    def _alike(self, left: _Unit, right: _Unit, code: str, *, zero: bool = False) -> _Unit:
        if zero or (left.literal and right.literal):
            return right if left.literal else left
        percent = (("%", 1),) in (left.powers, right.powers) and (left.literal or right.literal)
        if left.powers != right.powers and not percent:
            self.wrong(code, left=_written(left.powers), right=_written(right.powers))
        return _Unit(powers=left.powers if not left.literal else right.powers)


def _is_zero(node: Node) -> bool:
    return isinstance(node, Number) and node.value == 0
