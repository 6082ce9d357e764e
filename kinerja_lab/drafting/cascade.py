"""Does every promise hang under a larger one, and does every branch measure a result somewhere?"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from kinerja_lab.core.errors import InputFault, InputFaults, closest
from kinerja_lab.core.message import Message, Words
from kinerja_lab.core.options import IndicatorLevel

__all__ = [
    "Cascade", "CascadeFinding", "CascadeIndicator", "CascadeKind", "CascadeLevel", "CascadeNode", "CascadeRules",
    "build_cascade", "cascade_findings", "outline",
]

_RESULTS = (IndicatorLevel.OUTCOME, IndicatorLevel.IMPACT)


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeLevel:
    """One level of the cascade.

    Parameters
    ----------
    code : str
        E.g. ``"sasaran"``.
    name : Words
        How a reader calls it.
    parents : tuple of str
        Levels under which it may hang.
    root : bool
        Whether it may stand without a parent.
    results : bool
        Whether it promises a result to the public.
    """

    code: str
    name: Words
    parents: tuple[str, ...] = ()
    root: bool = False
    results: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeRules:
    """The levels, from the top, as a versioned rule."""

    code: str
    title: str
    title_en: str = ""
    source: str
    confidence: str
    levels: tuple[CascadeLevel, ...]

    def level(self, code: str) -> CascadeLevel | None:
        """The level of a code, or ``None``."""
        return next((level for level in self.levels if level.code == code), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeIndicator:
    """An indicator as it hangs at a node."""

    code: str
    name: str
    level: IndicatorLevel


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeNode:
    """One promise.

    Parameters
    ----------
    code : str
        Unique in the cascade.
    level : str
        Code of its level.
    name : str
        As in the plan.
    agency : str
        Who answers for it.
    parents : tuple of str
        Codes of the nodes it serves; more than one where it serves several.
    indicators : tuple of CascadeIndicator
        What measures it.
    crosscutting : bool
        Whether it needs other agencies.
    partners : tuple of str
        Codes of their nodes.
    """

    code: str
    level: str
    name: str
    agency: str = ""
    parents: tuple[str, ...] = ()
    indicators: tuple[CascadeIndicator, ...] = ()
    crosscutting: bool = False
    partners: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Cascade:
    """A checked cascade; make it with ``build_cascade``.

    Parameters
    ----------
    rules : CascadeRules
        Its levels.
    nodes : tuple of CascadeNode
        In the order of the plan; codes unique, parents known, no cycle.
    """

    rules: CascadeRules
    nodes: tuple[CascadeNode, ...]

    def node(self, code: str) -> CascadeNode:
        """The node of a code, which must exist."""
        return next(node for node in self.nodes if node.code == code)

    def children(self) -> Mapping[str, tuple[CascadeNode, ...]]:
        """Nodes that hang under each node, by its code."""
        out: dict[str, list[CascadeNode]] = defaultdict(list)
        for node in self.nodes:
            for parent in node.parents:
                out[parent].append(node)
        return {code: tuple(nodes) for code, nodes in out.items()}


class CascadeKind(StrEnum):
    """What can be found in a cascade that is well-formed."""

    ORPHAN = "orphan"
    OUTPUT_ONLY = "output_only"
    TWO_PLACES = "two_places"
    NO_PARTNER = "no_partner"


@dataclass(frozen=True, slots=True, kw_only=True)
class CascadeFinding:
    """Something in a cascade that deserves a question.

    Parameters
    ----------
    kind : CascadeKind
        What was found.
    codes : tuple of str
        Nodes concerned.
    message, advice : Message
        The sentence and the cure, under ``[cascade]``.
    """

    kind: CascadeKind
    codes: tuple[str, ...]
    message: Message
    advice: Message = field(default_factory=lambda: Message("cascade.advice"))


def build_cascade(nodes: Sequence[CascadeNode], *, rules: CascadeRules, file: str = "") -> Cascade:
    """Check that the nodes form a cascade.

    Parameters
    ----------
    nodes : sequence of CascadeNode
        In the order of the plan.
    rules : CascadeRules
        Levels and allowed parents.
    file : str
        For the faults.

    Raises
    ------
    InputFaults
        ``cascade_duplicate``, ``cascade_level``, ``cascade_parent``, ``cascade_parent_level``, ``cascade_cycle``: all
        of them at once.
    """
    by_code: dict[str, CascadeNode] = {}
    faults = []
    for node in nodes:
        if node.code in by_code:
            faults.append(_fault("cascade_duplicate", file, node.code, first=by_code[node.code].name))
        by_code.setdefault(node.code, node)
        if rules.level(node.level) is None:
            choices = [level.code for level in rules.levels]
            faults.append(_fault("cascade_level", file, node.code, value=node.level, choices=", ".join(choices),
                                 nearest=closest(node.level, choices) or "-"))
    for node in nodes:
        faults += _parent_faults(node, by_code, rules, file)
    faults += [_fault("cascade_cycle", file, path[0], path=" → ".join(path)) for path in _cycles(by_code)]
    if faults:
        raise InputFaults(faults)
    return Cascade(rules=rules, nodes=tuple(nodes))


def _fault(code: str, file: str, node: str, **params: object) -> InputFault:
    return InputFault(message=Message(f"fault.{code}", {"node": node, **params}), file=file, column=node)


def _parent_faults(
    node: CascadeNode, by_code: Mapping[str, CascadeNode], rules: CascadeRules, file: str,
) -> list[InputFault]:
    out, level = [], rules.level(node.level)
    for parent in node.parents:
        if parent not in by_code:
            out.append(_fault("cascade_parent", file, node.code, parent=parent,
                              nearest=closest(parent, list(by_code)) or "-"))
        elif level is not None and by_code[parent].level not in level.parents and rules.level(by_code[parent].level):
            out.append(_fault("cascade_parent_level", file, node.code, parent=parent, level=level.name,
                              parent_level=rules.level(by_code[parent].level).name))
    return out


def _cycles(by_code: Mapping[str, CascadeNode]) -> list[tuple[str, ...]]:
    """Each cycle once, as the codes on its way round; without recursion, so that a long chain is no danger."""
    done: set[str] = set()
    found = []
    for start in by_code:
        path: list[str] = []
        stack = [(start, iter(by_code[start].parents))] if start not in done else []
        path += [start] if stack else []
        while stack:
            code, parents = stack[-1]
            parent = next((item for item in parents if item in by_code), None)
            if parent is None:
                done.add(code)
                stack.pop()
                path.pop()
            elif parent in path:
                found.append((*path[path.index(parent):], parent))
            elif parent not in done:
                path.append(parent)
                stack.append((parent, iter(by_code[parent].parents)))
    return found


def cascade_findings(cascade: Cascade) -> tuple[CascadeFinding, ...]:
    """What deserves a question in a cascade.

    Parameters
    ----------
    cascade : Cascade
        As ``build_cascade`` gives it.

    Returns
    -------
    tuple of CascadeFinding
        Orphans, branches that promise a result and measure none, indicators in two places, shared work without
        a partner.
    """
    return (*_orphans(cascade), *_output_only(cascade), *_two_places(cascade), *_no_partner(cascade))


def _orphans(cascade: Cascade) -> Iterable[CascadeFinding]:
    for node in cascade.nodes:
        if not node.parents and not cascade.rules.level(node.level).root:
            yield _finding(CascadeKind.ORPHAN, cascade, node)


def _output_only(cascade: Cascade) -> Iterable[CascadeFinding]:
    """The highest node of each branch that has indicators, but not one of a result."""
    children = cascade.children()
    poor = {node.code for node in cascade.nodes if _measures_no_result(node, children)}
    for node in cascade.nodes:
        promises = cascade.rules.level(node.level).results
        above = any(parent in poor and cascade.rules.level(cascade.node(parent).level).results
                    for parent in node.parents)
        if promises and node.code in poor and not above:
            yield _finding(CascadeKind.OUTPUT_ONLY, cascade, node)


def _measures_no_result(node: CascadeNode, children: Mapping[str, tuple[CascadeNode, ...]]) -> bool:
    levels = {indicator.level for part in _branch(node, children) for indicator in part.indicators}
    return bool(levels) and not levels & set(_RESULTS)


def _branch(node: CascadeNode, children: Mapping[str, tuple[CascadeNode, ...]]) -> Iterable[CascadeNode]:
    seen, left = {node.code}, [node]
    while left:
        here = left.pop()
        yield here
        for child in children.get(here.code, ()):
            if child.code not in seen:
                seen.add(child.code)
                left.append(child)


def _two_places(cascade: Cascade) -> Iterable[CascadeFinding]:
    places: dict[str, list[tuple[CascadeNode, CascadeIndicator]]] = defaultdict(list)
    for node in cascade.nodes:
        for indicator in node.indicators:
            places[" ".join(indicator.name.casefold().split())].append((node, indicator))
    for found in places.values():
        codes = tuple(dict.fromkeys(node.code for node, _ in found))
        if len(codes) > 1:
            params = {"indicator": found[0][1].name, "places": ", ".join(codes)}
            yield CascadeFinding(kind=CascadeKind.TWO_PLACES, codes=codes,
                                 message=Message("cascade.two_places", params),
                                 advice=Message("cascade.two_places_advice", params))


def _no_partner(cascade: Cascade) -> Iterable[CascadeFinding]:
    known = {node.code: node for node in cascade.nodes}
    for node in cascade.nodes:
        others = [known[code] for code in node.partners if code in known and code != node.code]
        if node.crosscutting and not any(other.agency != node.agency for other in others):
            yield _finding(CascadeKind.NO_PARTNER, cascade, node)


def _finding(kind: CascadeKind, cascade: Cascade, node: CascadeNode) -> CascadeFinding:
    params = {"node": node.code, "name": node.name, "level": cascade.rules.level(node.level).name,
              "agency": node.agency or "-"}
    return CascadeFinding(kind=kind, codes=(node.code,), message=Message(f"cascade.{kind.value}", params),
                          advice=Message(f"cascade.{kind.value}_advice", params))


def outline(cascade: Cascade) -> tuple[tuple[int, CascadeNode], ...]:
    """The nodes as an outline: depth and node, each node once, under the first of its parents.

    Parameters
    ----------
    cascade : Cascade
        As ``build_cascade`` gives it.
    """
    first: dict[str, list[CascadeNode]] = defaultdict(list)
    for node in cascade.nodes:
        first[node.parents[0] if node.parents else ""].append(node)
    out, left = [], [(0, node) for node in reversed(first[""])]
    while left:
        depth, node = left.pop()
        out.append((depth, node))
        left += [(depth + 1, child) for child in reversed(first[node.code])]
    return tuple(out)
