"""An indicator is a file: how is it read, checked, changed, revised and retired?"""

import os
import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from shutil import copymode

from kinerja_lab.core.errors import InputFault, InputFaults, KinerjaError, closest
from kinerja_lab.core.indicator import Indicator, Retirement, Revision
from kinerja_lab.core.message import Message
from kinerja_lab.drafting.revision import recorded_retirement, recorded_revision
from kinerja_lab.io.indicator_fields import FIELD_ORDER
from kinerja_lab.io.indicator_text import append_item, set_fields
from kinerja_lab.io.indicator_values import as_indicator
from kinerja_lab.io.specs import IndicatorSpec, read_spec
from kinerja_lab.io.yaml_text import read_yaml, yaml_files

__all__ = [
    "check_file", "check_folder", "read_folder", "read_indicator", "retire", "revise", "write_field",
]

_FIXED = ("code", "revisions", "retired")
"""Keys that ``revise`` does not take: another code is another indicator, the others are records."""


def read_indicator(path: Path, *, name: str = "") -> Indicator:
    """Read one indicator file and check all of it.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    name : str
        How faults call it; its own name when empty.

    Raises
    ------
    InputFaults
        Every fault with its line, key, value and cure.
    """
    text = read_yaml(path, name=name)
    spec, faults = read_spec(IndicatorSpec, text)
    if spec is None:
        raise InputFaults(faults)
    indicator, faults = as_indicator(spec, text)
    if indicator is None or faults:
        raise InputFaults(faults)
    return indicator


def check_file(path: Path) -> tuple[InputFault, ...]:
    """Every fault of an indicator file; none when it is sound.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    """
    try:
        read_indicator(path)
    except InputFaults as error:
        return error.faults
    return ()


def check_folder(folder: Path) -> tuple[InputFault, ...]:
    """Every fault of all indicator files of a folder and those below it, also codes that stand in two files.

    Parameters
    ----------
    folder : pathlib.Path
        The folder.
    """
    return _read_all(folder)[1]


def read_folder(folder: Path) -> tuple[Indicator, ...]:
    """All indicators of a folder and those below it, in the order of their files.

    Parameters
    ----------
    folder : pathlib.Path
        The folder.

    Raises
    ------
    InputFaults
        Every fault of every file; ``indicator_twice``; ``no_indicators`` when there is none.
    """
    found, faults = _read_all(folder)
    if faults:
        raise InputFaults(faults)
    return found


def _read_all(folder: Path) -> tuple[tuple[Indicator, ...], tuple[InputFault, ...]]:
    found, faults, seen = [], [], {}
    files = yaml_files(folder, below=True)
    if not files:
        return (), (InputFault(message=Message("fault.no_indicators"), file=str(folder), value=str(folder)),)
    for path in files:
        name = path.relative_to(folder).as_posix()
        try:
            indicator = read_indicator(path, name=name)
        except InputFaults as error:
            faults += error.faults
            continue
        if indicator.code in seen:
            twice = Message("fault.indicator_twice", {"first": seen[indicator.code]})
            faults.append(InputFault(message=twice, file=name, column="code", value=indicator.code))
        seen.setdefault(indicator.code, name)
        found.append(indicator)
    return tuple(found), tuple(faults)


def write_field(path: Path, key: str, value: object) -> Indicator:
    """Change one field of a file and nothing else in it; remarks, order and spacing stay.

    Parameters
    ----------
    path : pathlib.Path
        The file, which must be sound before and after.
    key : str
        The field.
    value : object
        Its new value; None takes it out.

    Notes
    -----
    No record is written: use ``revise`` for an indicator in use.

    Raises
    ------
    InputFaults
        Faults of the file before or after; then nothing is written.
    KinerjaError
        ``unknown_field``.
    """
    _known_fields([key])
    read_indicator(path)
    return _write(path, set_fields(_source(path), {key: value}))


def revise(path: Path, changes: Mapping[str, object], *, by: str, reason: str, on: date) -> Revision:
    """Change fields of an indicator and record who, when and why in the same file.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    changes : mapping of str to object
        Field -> new value; None takes a field out.
    by : str
        Office that changes it.
    reason : str
        Why.
    on : datetime.date
        Day of the change.

    Returns
    -------
    Revision
        The record, with the fields that changed and whether the series breaks.

    Raises
    ------
    InputFaults
        Faults of the file before or after the change; then nothing is written.
    KinerjaError
        ``unknown_field``, ``fixed_field``, and those of ``drafting.revision.recorded_revision``.
    """
    _known_fields(changes)
    for key in changes:
        if key in _FIXED:
            raise KinerjaError("fixed_field", field=key)
    old = read_indicator(path)
    text = set_fields(_source(path), changes)
    record = recorded_revision(old, new=_candidate(path, text), by=by, reason=reason, on=on)
    _write(path, append_item(text, "revisions", _as_item(record)))
    return record


def retire(path: Path, *, by: str, reason: str, on: date) -> Retirement:
    """End an indicator: the file stays, with who, when and why.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    by, reason, on
        As in ``revise``.

    Raises
    ------
    InputFaults, KinerjaError
        As ``revise``.
    """
    record = recorded_retirement(read_indicator(path), by=by, reason=reason, on=on)
    item = {"on": record.on, "by": record.by, "reason": record.reason}
    text = set_fields(_source(path), {"retired": item})
    _write(path, append_item(text, "revisions", {**item, "changed": ["retired"]}))
    return record


def _known_fields(keys: Mapping[str, object] | list[str]) -> None:
    for key in keys:
        if key not in FIELD_ORDER:
            raise KinerjaError("unknown_field", value=key, choices=", ".join(FIELD_ORDER),
                               nearest=closest(key, FIELD_ORDER) or "-")


def _as_item(record: Revision) -> dict[str, object]:
    item = {"on": record.on, "by": record.by, "reason": record.reason, "changed": list(record.changed)}
    return {**item, "breaks_series": True} if record.breaks_series else item


def _source(path: Path) -> str:
    with Path(path).open(encoding="utf-8-sig", newline="") as file:
        return file.read()


def _candidate(path: Path, text: str) -> Indicator:
    """The indicator that a text would be, read from a file beside the real one; the real one is not touched."""
    beside = _write_beside(path, text)
    try:
        return read_indicator(beside, name=Path(path).name)
    finally:
        beside.unlink()


def _write(path: Path, text: str) -> Indicator:
    """Check the text and put it in place whole, or not at all."""
    beside = _write_beside(path, text)
    try:
        indicator = read_indicator(beside, name=Path(path).name)
        copymode(path, beside)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    return indicator


def _write_beside(path: Path, text: str) -> Path:
    handle, name = tempfile.mkstemp(dir=Path(path).parent, prefix=".", suffix=".tmp")
    with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
        file.write(text)
    return Path(name)
