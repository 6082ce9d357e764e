"""How does a standard last until next year, with everything it rests on? One YAML file, written and read back."""

import datetime
from dataclasses import fields
from math import inf, isfinite, nan
from pathlib import Path
from typing import Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from kinerja_lab.core.errors import InputFault, InputFaults
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.core.message import Message
from kinerja_lab.core.standard import Standard, StandardPlan
from kinerja_lab.io.indicator_text import yaml_block
from kinerja_lab.io.specs import read_spec
from kinerja_lab.io.whole_files import write_whole
from kinerja_lab.io.yaml_text import YamlText, read_yaml

__all__ = ["read_standard", "write_standard"]

_FORM = 1


class _Spec(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class _CutSpec(_Spec):
    """One cut, or the same cut with measurement error."""

    band: str = Field(min_length=1)
    value: float
    low: float | None = None
    high: float | None = None
    n: int = Field(ge=0)
    method: str
    note: str = ""
    error: float | None = None
    freedom: float | None = None


class _ConventionSpec(_Spec):
    """A choice that could have been made otherwise."""

    code: str = Field(pattern=r"^convention\.[a-z0-9_]+$")
    values: dict[str, str | int | float] = {}


class _StandardSpec(_Spec):
    """The keys of a standard's file."""

    standard_file: Literal[1]
    name: str = Field(min_length=1)
    unit: str
    low: float
    high: float
    bands: list[str]
    panel: str = Field(min_length=1)
    date: datetime.date
    level: float
    measurement_error: float | None = None
    method: str = Field(min_length=1)
    cuts: list[_CutSpec]
    zones: list[_CutSpec] = []
    conventions: list[_ConventionSpec] = []


def write_standard(path: Path, standard: Standard, *, remark: str = "") -> None:
    """Write a standard so that ``read_standard`` gives back the same values to the last digit.

    Parameters
    ----------
    path : pathlib.Path
        File to write (``.yml``); it appears whole or not at all.
    standard : Standard
        The standard.
    remark : str
        Lines to stand at the top as a remark, in the reader's language.
    """
    plan = standard.plan
    held = {"standard_file": _FORM}
    held |= {item.name: getattr(plan, item.name) for item in fields(StandardPlan)}
    held["bands"] = list(plan.bands)
    held["method"] = standard.method
    held["cuts"] = [_row(cut, error, freedom) for cut, error, freedom in
                    zip(standard.cuts, standard.errors, standard.freedom, strict=True)]
    held["zones"] = [_row(zone) for zone in standard.zones]
    held["conventions"] = [{"code": said.code, **({"values": {key: _plain(value) for key, value in said.params.items()}}
                                                  if said.params else {})} for said in standard.conventions]
    lines = [f"# {line}\n" for line in remark.splitlines()]
    lines += [yaml_block(key, _plain(value)) for key, value in held.items() if value is not None and value != []]
    write_whole(Path(path), "".join(lines))


def read_standard(path: Path) -> Standard:
    """Read a standard that ``write_standard`` wrote, or that somebody typed in the same form.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Returns
    -------
    Standard

    Raises
    ------
    InputFaults
        Every fault of the file, with its line.
    KinerjaError
        What the values themselves refuse: ``plan_scale``, ``plan_bands``, ``standard_bands``, ``cuts_not_increasing``,
        ``cut_off_scale``, ``bad_estimate``.
    """
    text = read_yaml(Path(path))
    spec, faults = read_spec(_StandardSpec, text)
    if faults:
        raise InputFaults(faults)
    plan = StandardPlan(name=spec.name, unit=spec.unit, low=spec.low, high=spec.high, bands=tuple(spec.bands),
                        panel=spec.panel, date=spec.date, level=spec.level, measurement_error=spec.measurement_error)
    faults = _band_faults(spec, text)
    if faults:
        raise InputFaults(faults)
    return Standard(
        plan=plan, method=spec.method, cuts=tuple(_estimate(row, plan) for row in spec.cuts),
        zones=tuple(_estimate(row, plan) for row in spec.zones),
        errors=tuple(nan if row.error is None else row.error for row in spec.cuts),
        freedom=tuple(_freedom(row) for row in spec.cuts),
        conventions=tuple(Message(said.code, said.values) for said in spec.conventions))


def _band_faults(spec: _StandardSpec, text: YamlText) -> list[InputFault]:
    """Cuts that are not called after the band that begins at them: a cut under another's name is a wrong number."""
    faults = []
    for key, rows in (("cuts", spec.cuts), ("zones", spec.zones)):
        for place, row in enumerate(rows):
            wanted = spec.bands[place + 1] if place + 1 < len(spec.bands) else "-"
            if row.band != wanted:
                faults.append(text.fault("standard_cut_band", (key, place, "band"), value=row.band, wanted=wanted))
    return faults


def _freedom(row: _CutSpec) -> float:
    """Degrees of freedom; an error that is known without any stands for infinitely many."""
    if row.freedom is None:
        return nan if row.error is None else inf
    return row.freedom


def _row(cut: Estimate, error: float = nan, freedom: float = nan) -> dict[str, object]:
    numbers = {"value": cut.value, "low": cut.low, "high": cut.high, "n": int(cut.n), "method": cut.method,
               "note": cut.note or None, "error": error, "freedom": freedom}
    return {"band": cut.label, **{key: _plain(value) for key, value in numbers.items()
                                  if value is not None and not (isinstance(value, float) and not isfinite(value))}}


def _estimate(row: _CutSpec, plan: StandardPlan) -> Estimate:
    low, high = (nan if end is None else end for end in (row.low, row.high))
    return Estimate(label=row.band, value=row.value, low=low, high=high, level=plan.level, n=row.n, method=row.method,
                    unit=plan.unit, note=row.note)


def _plain(value: object) -> object:
    """Numbers of numpy become Python's own, which the YAML writer knows."""
    return value.item() if isinstance(value, np.generic) else value
