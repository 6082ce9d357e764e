"""What does a YAML file say, and on which line? Plain data only: no tags, anchors, repeated keys or bombs."""

from dataclasses import dataclass
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent, CollectionStartEvent, NodeEvent, ScalarEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from kinerja_lab.core.errors import InputFault, InputFaults
from kinerja_lab.core.message import Message

__all__ = ["YamlText", "read_yaml"]

MAX_BYTES = 2_000_000
MAX_DEPTH = 20

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

    def fault(self, code: str, path: Path_, *, value: object = "", **params: object) -> InputFault:
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
        ``yaml_deep`` or ``repeated_key``.
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
    try:
        faults = _unsafe(text, name)
        if faults:
            raise InputFaults(faults)
        yaml = YAML(typ="safe", pure=True)
        node = yaml.compose(text)
        built = _Builder(yaml, name)
        data = built.build(node, ()) if node is not None else {}
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else None
        raise InputFaults([InputFault(message=Message("fault.yaml_syntax"), file=name, line=line)]) from None
    except (YAMLError, ValueError):
        raise InputFaults([InputFault(message=Message("fault.yaml_syntax"), file=name)]) from None
    if built.faults:
        raise InputFaults(built.faults)
    return YamlText(file=name, data=data, lines=built.lines)


def _unsafe(text: str, name: str) -> list[InputFault]:
    """Tags, anchors and depth are refused while reading events, before anything is built from them."""
    faults, depth = [], 0
    for event in YAML(typ="safe", pure=True).parse(text):
        line = event.start_mark.line + 1
        if isinstance(event, AliasEvent) or (isinstance(event, NodeEvent) and event.anchor):
            faults.append(InputFault(message=Message("fault.yaml_anchor"), file=name, line=line,
                                     value=str(event.anchor)))
        tag = getattr(event, "tag", None)
        if isinstance(event, ScalarEvent | CollectionStartEvent) and tag is not None and tag != "!":
            faults.append(InputFault(message=Message("fault.yaml_tag"), file=name, line=line, value=str(tag)))
        if isinstance(event, CollectionStartEvent):
            depth += 1
            if depth > MAX_DEPTH:
                fault = InputFault(message=Message("fault.yaml_deep", {"limit": MAX_DEPTH}), file=name, line=line)
                return [*faults, fault]
        elif type(event).__name__ in ("MappingEndEvent", "SequenceEndEvent"):
            depth -= 1
    return faults


class _Builder:
    """Plain data from nodes, remembering lines and repeated keys."""

    def __init__(self, yaml: YAML, name: str) -> None:
        self.yaml, self.name = yaml, name
        self.lines: dict[Path_, int] = {}
        self.faults: list[InputFault] = []

    def build(self, node: Node, path: Path_) -> object:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if isinstance(node, ScalarNode):
            return self.yaml.constructor.construct_object(node, deep=True)
        if isinstance(node, SequenceNode):
            return [self.build(child, (*path, position)) for position, child in enumerate(node.value)]
        if isinstance(node, MappingNode):
            return self._mapping(node, path)
        raise ValueError(type(node).__name__)

    def _mapping(self, node: MappingNode, path: Path_) -> dict[str, object]:
        out: dict[str, object] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            key = key_node.value if isinstance(key_node, ScalarNode) else str(key_node.tag)
            if key in out:
                self.faults.append(InputFault(
                    message=Message("fault.repeated_key", {"key": key}), file=self.name, line=line,
                    column=".".join(map(str, (*path, key)))))
            self.lines[(*path, key)] = line
            out[key] = self.build(value_node, (*path, key))
        return out
