"""What does a YAML file say, and on which line? Plain data only: no tags, anchors, repeated keys or bombs."""

from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
)
from ruamel.yaml.nodes import ScalarNode

from kinerja_lab.core.errors import InputFault, InputFaults
from kinerja_lab.core.message import Message

__all__ = ["YamlText", "read_yaml", "yaml_files"]

MAX_BYTES = 500_000
MAX_DEPTH = 20
MAX_FAULTS = 30
"""Faults after which a file is not read on: a bomb of references would give a list as long as the bomb."""

_SUFFIXES = (".yml", ".yaml")

Path_ = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlText:
    """Data of a YAML file with the line of every value.

    Parameters
    ----------
    file : str
        File as the user knows it.
    data : object
        Dicts, lists, texts, numbers, booleans, dates.
    lines : dict
        Line (from 1) of each value, by its path of keys and positions.
    """

    file: str
    data: object
    lines: dict[Path_, int]

    def line(self, path: Path_) -> int | None:
        """Line of a value, or of the nearest part of the file that holds it."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return None

    def fault(self, code: str, path: Path_, /, *, value: object = "", **params: object) -> InputFault:
        """A fault at a place of this file; ``code`` stands under ``[fault]``."""
        shown = "" if value == "" else str(value)[:120]
        return InputFault(message=Message(f"fault.{code}", params), file=self.file, line=self.line(path),
                          column=".".join(str(part) for part in path), value=shown)


def read_yaml(path: Path, *, name: str = "") -> YamlText:
    """Read one YAML file as plain data.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    name : str
        How faults call the file; its own name when empty.

    Raises
    ------
    InputFaults
        ``file_missing``, ``file_too_big``, ``not_utf8``, ``yaml_syntax``, ``yaml_tag``, ``yaml_anchor``,
        ``yaml_deep``, ``yaml_value``, ``yaml_documents`` or ``repeated_key``.
    """
    name = name or path.name
    if not path.is_file():
        raise InputFaults([InputFault(message=Message("fault.file_missing", {"file": name}), file=name)])
    raw = path.read_bytes()
    if len(raw) > MAX_BYTES:
        raise InputFaults([InputFault(message=Message("fault.file_too_big", {"limit": MAX_BYTES}), file=name)])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise InputFaults([InputFault(message=Message("fault.not_utf8"), file=name, line=line)]) from None
    yaml = YAML(typ="safe", pure=True)
    try:
        built = _Builder(yaml, name)
        for event in yaml.parse(text):
            built.take(event)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise InputFaults([InputFault(message=Message("fault.yaml_syntax"), file=name, line=line)]) from None
    except (YAMLError, ValueError):
        raise InputFaults([InputFault(message=Message("fault.yaml_syntax"), file=name)]) from None
    if built.faults:
        raise InputFaults(built.faults)
    return YamlText(file=name, data={} if built.root is _NOTHING else built.root, lines=built.lines)


def yaml_files(folder: Path, *, below: bool = False) -> tuple[Path, ...]:
    """The YAML files of a folder in the order of their names, whichever way their ending is written.

    Parameters
    ----------
    folder : pathlib.Path
        The folder; none are found where it is absent.
    below : bool
        Whether those of the folders below it count too.
    """
    found = Path(folder).rglob("*") if below else Path(folder).glob("*")
    return tuple(sorted(path for path in found if path.suffix.casefold() in _SUFFIXES and path.is_file()))


_NOTHING = object()


class _Builder:
    """Plain data from the parser's events in one pass; tags, anchors and depth are refused before anything is built."""

    def __init__(self, yaml: YAML, name: str) -> None:
        self.resolver, self.constructor, self.name = yaml.resolver, yaml.constructor, name
        self.root: object = _NOTHING
        self.lines: dict[Path_, int] = {}
        self.faults: list[InputFault] = []
        # Open collections: what is being filled, its path, and (mappings) the key that waits for its value.
        self.open: list[list] = []

    def take(self, event: Event) -> None:
        line = event.start_mark.line + 1
        if isinstance(event, DocumentStartEvent) and self.root is not _NOTHING:
            self._fault("yaml_documents", line)
        if isinstance(event, NodeEvent) and event.anchor:
            self._fault("yaml_anchor", line, value=str(event.anchor))
        if isinstance(event, ScalarEvent | CollectionStartEvent) and event.tag not in (None, "!"):
            self._fault("yaml_tag", line, value=str(event.tag))
        if isinstance(event, ScalarEvent):
            self._put(self._scalar(event), line)
        elif isinstance(event, CollectionStartEvent):
            if len(self.open) >= MAX_DEPTH:
                raise InputFaults([*self.faults, InputFault(message=Message("fault.yaml_deep", {"limit": MAX_DEPTH}),
                                                            file=self.name, line=line)])
            path = self._put({} if isinstance(event, MappingStartEvent) else [], line)
            self.open.append([self._last, path, _NOTHING])
        elif isinstance(event, CollectionEndEvent):
            self.open.pop()
        elif isinstance(event, AliasEvent):
            self._put(None, line)

    def _scalar(self, event: ScalarEvent) -> object:
        if self.open and isinstance(self.open[-1][0], dict) and self.open[-1][2] is _NOTHING:
            return event.value  # keys are text, whatever they look like
        if event.tag is not None:
            return event.value  # a fault already; "!" alone asks for text
        tag = self.resolver.resolve(ScalarNode, event.value, event.implicit)
        try:
            return self.constructor.construct_object(ScalarNode(tag, event.value, event.start_mark, event.end_mark))
        except ValueError:  # looks like a date or a number and is none, e.g. 2024-13-45
            self._fault("yaml_value", event.start_mark.line + 1, value=event.value[:60])
            return event.value

    def _put(self, value: object, line: int) -> Path_:
        """Place a value (or a key) where the parser stands, and say where that is."""
        self._last = value
        if not self.open:
            self.root, path = value, ()
        elif isinstance(self.open[-1][0], list):
            into, above, _ = self.open[-1]
            path = (*above, len(into))
            into.append(value)
        elif self.open[-1][2] is _NOTHING:
            key = value if isinstance(value, str) else "?"
            path = (*self.open[-1][1], key)
            if key in self.open[-1][0]:
                self._fault("repeated_key", line, column=".".join(map(str, path)), key=key)
            self.open[-1][2] = key
        else:
            into, above, key = self.open[-1]
            path = (*above, key)
            into[key], self.open[-1][2] = value, _NOTHING
        self.lines.setdefault(path, line)
        return path

    def _fault(self, code: str, line: int, *, value: str = "", column: str = "", **params: object) -> None:
        self.faults.append(InputFault(message=Message(f"fault.{code}", params), file=self.name, line=line, value=value,
                                      column=column))
        if len(self.faults) >= MAX_FAULTS:
            raise InputFaults(self.faults)
