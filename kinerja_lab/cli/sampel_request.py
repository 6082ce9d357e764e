"""What did the user type after ``kinerja sampel``? Every fault is found at once."""

import re
from dataclasses import dataclass, field
from math import isfinite

from kinerja_lab.core.errors import InputFault, InputFaults, KinerjaError
from kinerja_lab.core.message import Message
from kinerja_lab.drafting.targets import value_of

__all__ = ["SampelRequest", "Wishes", "wishes_of"]

MOST_PEOPLE = 10_000_000_000
_GROUPED = re.compile(r"\d{1,3}([., ]\d{3})+|\d+")
_NAMED = re.compile(r"\s*(?P<name>[^=;]*[^=;\s])\s*=\s*(?P<size>[^=;]+?)\s*")


@dataclass(frozen=True, slots=True, kw_only=True)
class SampelRequest:
    """Options as typed; empty where not given.

    Parameters
    ----------
    study, region, period : str
        Where spread, design effect and units come from.
    population, sd, deff, margin, precision, difference, power, response, level, sure, index, total, least : str
        Numbers with decimal comma or point; percentages with or without their sign.
    units : str
        ``"Puskesmas A=1.200; Puskesmas B=300"``.
    lang : str
        ``"id"`` or ``"en"``.
    """

    study: str = ""
    region: str = ""
    period: str = ""
    population: str = ""
    sd: str = ""
    deff: str = ""
    margin: str = ""
    precision: str = ""
    difference: str = ""
    power: str = ""
    response: str = ""
    level: str = ""
    sure: str = ""
    index: str = ""
    units: str = ""
    total: str = ""
    least: str = ""
    lang: str = "id"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """The same as numbers; ``None`` where the study or a default is to say it.

    Parameters
    ----------
    population, sd, deff, precision, difference, index, total : float or None
        People; points; a ratio; points; points; points; answers.
    margin, power, response, level, sure : float
        Shares.
    least : int
        Answers of each unit.
    sizes : dict of str to float
        People of each unit.
    """

    population: float | None = None
    sd: float | None = None
    deff: float | None = None
    precision: float | None = None
    difference: float | None = None
    index: float | None = None
    total: int | None = None
    margin: float = 0.05
    power: float = 0.80
    response: float = 1.0
    level: float = 0.95
    sure: float = 0.90
    least: int = 10
    sizes: dict[str, float] = field(default_factory=dict)


_POINTS = {"sd": (0.01, 100.0), "deff": (0.05, 100.0), "precision": (0.01, 50.0), "difference": (0.01, 100.0),
           "index": (0.0, 100.0)}
_PERCENT = {"margin": (0.5, 50.0), "response": (1.0, 100.0), "power": (50.0, 99.9), "level": (50.0, 99.9),
            "sure": (51.0, 99.9)}
_WHOLE = {"population": (1, MOST_PEOPLE), "total": (1, 1_000_000), "least": (0, 100_000)}
_ALSO_SHARES = ("power", "level", "sure")
"""Never below a half, so that 0,95 can only mean 95 %."""


def wishes_of(request: SampelRequest) -> Wishes:
    """Read every option.

    Parameters
    ----------
    request : SampelRequest
        As typed.

    Raises
    ------
    InputFaults
        ``sampel_number``, ``sampel_whole``, ``sampel_between``, ``sampel_percent``, ``sampel_units``,
        ``sampel_unit_twice`` or ``sampel_needs_study``, all at once.

    Examples
    --------
    >>> wishes_of(SampelRequest(population="444.661", margin="2,5", level="0.99")).margin
    0.025
    """
    faults: list[InputFault] = []
    found: dict[str, object] = {}
    for kind, ranges in ((_number, _POINTS), (_share, _PERCENT), (_count, _WHOLE)):
        for name, limits in ranges.items():
            typed = getattr(request, name)
            if typed.strip():
                _keep(found, faults, name, typed, lambda n=name, t=typed, k=kind, r=limits: k(n, t, r))
    if request.units.strip():
        _keep(found, faults, "sizes", request.units, lambda: _sizes(request.units))
    for name in ("region", "period"):
        if getattr(request, name) and not request.study:
            faults.append(_fault(name, getattr(request, name), "sampel_needs_study"))
    if faults:
        raise InputFaults(faults)
    return Wishes(**found)


class _Unread(Exception):
    """One option that cannot be read; the code and values of its sentence."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        self.code, self.params = code, params


def _keep(found: dict, faults: list, name: str, typed: str, read) -> None:
    try:
        found[name] = read()
    except _Unread as error:
        faults.append(_fault("units" if name == "sizes" else name, typed, error.code, **error.params))


def _fault(name: str, typed: str, code: str, **params: object) -> InputFault:
    return InputFault(message=Message(f"fault.{code}", params), column=f"--{name}", value=typed)


def _read(typed: str) -> float:
    try:
        stated = value_of(typed)
    except KinerjaError:
        raise _Unread("sampel_number") from None
    if stated.low != stated.high or not isfinite(stated.low):
        raise _Unread("sampel_number")
    return stated.low


def _within(value: float, limits: tuple[float, float]) -> float:
    if not limits[0] <= value <= limits[1]:
        low, high = (int(end) if end == int(end) else end for end in limits)
        raise _Unread("sampel_between", low=low, high=high)
    return value


def _number(name: str, typed: str, limits: tuple[float, float]) -> float:
    return _within(_read(typed), limits)


def _share(name: str, typed: str, limits: tuple[float, float]) -> float:
    value = _read(typed)
    if 0 < value < 1 and "%" not in typed:
        if name not in _ALSO_SHARES:
            if value < limits[0] or name == "response":
                raise _Unread("sampel_percent")
        else:
            value *= 100
    return _within(round(value, 10), limits) / 100


def _count(name: str, typed: str, limits: tuple[float, float]) -> int:
    if not _GROUPED.fullmatch(typed.strip()):
        raise _Unread("sampel_whole")
    return int(_within(int(re.sub(r"\D", "", typed)), limits))


def _sizes(typed: str) -> dict[str, float]:
    sizes: dict[str, float] = {}
    for part in filter(str.strip, typed.split(";")):
        match = _NAMED.fullmatch(part)
        if match is None:
            raise _Unread("sampel_units")
        if match["name"] in sizes:
            raise _Unread("sampel_unit_twice", unit=match["name"])
        sizes[match["name"]] = float(_count("units", match["size"], _WHOLE["population"]))
    if not sizes:
        raise _Unread("sampel_units")
    return sizes
