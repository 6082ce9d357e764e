"""How is one field of an indicator file changed without touching the rest of it?"""

import re
from collections.abc import Mapping
from datetime import date
from enum import Enum
from functools import lru_cache
from io import StringIO

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from ruamel.yaml.scalarstring import LiteralScalarString

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.io.indicator_fields import FIELD_ORDER

__all__ = ["append_item", "new_text", "read_value", "set_fields", "yaml_block"]


def set_fields(text: str, changes: Mapping[str, object]) -> str:
    """A YAML text with some top-level keys changed; every other line stays as it was, byte by byte.

    Parameters
    ----------
    text : str
        The file. It was read without faults before.
    changes : mapping of str to object
        Key -> new value (plain values, lists and dicts); None takes the key out.

    Notes
    -----
    A remark behind a one-line value stays. Remarks inside a list that is replaced go with the list; a new key is put
    where ``FIELD_ORDER`` has it.
    """
    for key, value in changes.items():
        lines = text.splitlines(keepends=True)
        ending = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
        places = _places(text)
        block = [] if value is None else yaml_block(key, value).replace("\n", ending).splitlines(keepends=True)
        if key in places:
            start, end, remark = places[key]
            if remark and len(block) == 1:
                block[0] = f"{block[0].rstrip()}  {remark}{ending}"
        else:
            start = end = _place_for(key, places, len(lines))
            if start and lines[start - 1:start] and not lines[start - 1].endswith("\n"):
                lines[start - 1] += ending
        text = "".join([*lines[:start], *block, *lines[end:]])
        if YAML(typ="safe", pure=True).load(text).get(key) != _plain(value):
            raise ValueError(f"{key} could not be written so that it reads back the same")
    return text


def append_item(text: str, key: str, item: Mapping[str, object]) -> str:
    """A YAML text with one entry more at the end of a top-level list; the entries before it stay as they were.

    Parameters
    ----------
    text : str
        The file.
    key : str
        The list, made when it is not there.
    item : mapping of str to object
        The new entry.
    """
    node = next((value for name, value in _pairs(text) if name.value == key), None)
    if not isinstance(node, SequenceNode) or not node.value or node.flow_style:
        earlier = YAML(typ="safe", pure=True).load(text).get(key) or []
        return set_fields(text, {key: [*earlier, dict(item)]})
    lines = text.splitlines(keepends=True)
    ending = "\r\n" if lines[0].endswith("\r\n") else "\n"
    _, end, _ = _places(text)[key]
    if not lines[end - 1].endswith("\n"):
        lines[end - 1] += ending
    # The entries' dash, two characters left of their first key, gives the depth of the list.
    depth = node.value[0].start_mark.column - 2
    block = yaml_block(key, [dict(item)]).splitlines()[1:]
    shift = len(block[0]) - len(block[0].lstrip())
    fresh = [" " * depth + line[shift:] + ending for line in block]
    return "".join([*lines[:end], *fresh, *lines[end:]])


def read_value(text: str) -> object:
    """A value as somebody types it behind a key: text, number, date, or a list in square brackets; None when empty.

    Parameters
    ----------
    text : str
        The value in YAML.

    Raises
    ------
    KinerjaError
        ``indicator_setting`` when it cannot be read as plain data.
    """
    try:
        for event in YAML(typ="safe", pure=True).parse(text):
            if getattr(event, "anchor", None) or getattr(event, "tag", None) not in (None, "!"):
                raise KinerjaError("indicator_setting", value=text)
        return YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError):
        raise KinerjaError("indicator_setting", value=text) from None


def yaml_block(key: str, value: object) -> str:
    """One key and its value as YAML lines.

    Parameters
    ----------
    key : str
        The key.
    value : object
        Text, number, date, option, list or mapping.
    """
    simple = isinstance(value, str | int | float | date)
    return _simple_block(key, type(value), value) if simple else _block(key, value)


@lru_cache(maxsize=512)
def _simple_block(key: str, kind: type, value: object) -> str:
    """A form writes all its fields anew at each letter typed; ``kind`` tells 1 from True and 1.0."""
    return _block(key, value)


def _block(key: str, value: object) -> str:
    yaml = YAML()
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.width = 4096
    yaml.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    yaml.dump({key: _plain(value)}, out)
    return out.getvalue()


def new_text(
    values: Mapping[str, object], *, help: Mapping[str, str], required: tuple[str, ...], schema: str = "",
) -> str:
    """A new indicator file with a remark above each key.

    Parameters
    ----------
    values : mapping of str to object
        What is known already.
    help : mapping of str to str
        Key -> remark, in the reader's language.
    required : tuple of str
        Keys that must be filled in; the others stand as remarks until somebody needs them.
    schema : str
        Address of the JSON Schema, for editors that complete keys.
    """
    parts = [f"# yaml-language-server: $schema={schema}\n"] if schema else []
    for key in FIELD_ORDER:
        parts += [f"# {line}\n" for line in help.get(key, "").splitlines()]
        if key in values or key in required:
            parts.append(yaml_block(key, values.get(key, "")))
        else:
            parts.append(f"# {key}:\n")
        parts.append("\n")
    return "".join(parts).rstrip("\n") + "\n"


def _plain(value: object) -> object:
    if isinstance(value, str) and "\n" in value and not isinstance(value, Enum):
        return LiteralScalarString(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, Mapping):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    return value


def _pairs(text: str) -> list[tuple[Node, Node]]:
    node = YAML(typ="safe", pure=True).compose(text)
    return list(node.value) if isinstance(node, MappingNode) else []


def _places(text: str) -> dict[str, tuple[int, int, str]]:
    """Key -> first line, line after its last, and the remark behind a one-line value (lines from 0)."""
    lines = text.splitlines()
    out = {}
    for key, value in _pairs(text):
        start, end, remark = key.start_mark.line, value.end_mark.line, ""
        literal = isinstance(value, ScalarNode) and value.style in ("|", ">")
        if literal or (not isinstance(value, ScalarNode) and not value.flow_style):
            # The end of a block is marked where the next one begins; empty lines and remarks between belong to neither.
            end = min(end if value.end_mark.column == 0 else end + 1, len(lines))
            while end > start + 1 and (not lines[end - 1].strip() or (lines[end - 1].startswith("#") and not literal)):
                end -= 1
        else:
            end += 1
            if end == start + 1:
                found = re.match(r"\s+(#.*)$", lines[start][value.end_mark.column:])
                remark = found.group(1) if found else ""
        out[key.value] = (start, end, remark)
    return out


def _place_for(key: str, places: Mapping[str, tuple[int, int, str]], last: int) -> int:
    """Line before which a new key goes: behind the nearest key that comes before it in a manual."""
    if key not in FIELD_ORDER:
        return last
    earlier = FIELD_ORDER[: FIELD_ORDER.index(key)]
    return next((places[name][1] for name in reversed(earlier) if name in places), last)
