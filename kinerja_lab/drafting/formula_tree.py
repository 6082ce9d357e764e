"""Which parts can a formula have? A tree of frozen values; nothing in it can be executed."""

from collections.abc import Iterator
from dataclasses import dataclass, fields

__all__ = [
    "AGGREGATES", "FUNCTIONS", "Aggregate", "Arithmetic", "Column", "Comparison", "Formula", "Logic", "Negative",
    "Node", "Number", "Text", "Where", "columns_of", "same_formula", "walk",
]

AGGREGATES = ("sum", "mean", "median", "count")
"""Functions that turn the rows of a group into one number."""

FUNCTIONS = (*AGGREGATES, "where")
"""Every function of the language."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """A number written in the formula."""

    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """A word to compare a column with."""

    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column of the table. Outside an aggregate it stands for its total, ``sum(name)``."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Negative:
    """Minus in front of a part."""

    part: "Node"


@dataclass(frozen=True, slots=True, kw_only=True)
class Arithmetic:
    """Two parts and one of ``+ - * /``."""

    sign: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two parts and one of ``== != < <= > >=``."""

    sign: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True, kw_only=True)
class Logic:
    """Conditions joined by ``and`` or ``or``, or one condition after ``not``."""

    word: str
    parts: tuple["Node", ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """A row's value where a condition holds; otherwise another value, or missing.

    Where the condition cannot be told because a value is missing, the result is missing too.
    """

    condition: "Node"
    value: "Node"
    otherwise: "Node | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Aggregate:
    """One number out of the rows of a group; missing values are left out. ``count()`` counts the rows themselves."""

    function: str
    part: "Node | None"


Node = Number | Text | Column | Negative | Arithmetic | Comparison | Logic | Where | Aggregate
"""Any part of a formula."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Formula:
    """A formula whose every part was checked; ``drafting.formula.parse_formula`` makes it.

    Parameters
    ----------
    text : str
        As it was written.
    root : Node
        The tree. Columns outside an aggregate are already wrapped in ``sum``.
    """

    text: str
    root: Node

    def __str__(self) -> str:
        return self.text


def walk(node: Node) -> Iterator[Node]:
    """Every part of a tree, the outermost first.

    Parameters
    ----------
    node : Node
        Where to begin.
    """
    yield node
    for item in fields(node):
        inside = getattr(node, item.name)
        for part in inside if isinstance(inside, tuple) else (inside,):
            if isinstance(part, Node):
                yield from walk(part)


def columns_of(formula: Formula) -> tuple[str, ...]:
    """Columns that a formula needs, in the order in which they appear.

    Parameters
    ----------
    formula : Formula
        The formula.

    Examples
    --------
    >>> from kinerja_lab.drafting.formula import parse_formula
    >>> columns_of(parse_formula("100 * tepat_waktu / berkas_lengkap"))
    ('tepat_waktu', 'berkas_lengkap')
    """
    return tuple(dict.fromkeys(node.name for node in walk(formula.root) if isinstance(node, Column)))


def same_formula(left: Formula, *, right: Formula) -> bool:
    """Whether two formulas are the same calculation, however they are spaced and bracketed.

    Parameters
    ----------
    left, right : Formula
        The formulas. ``a / b`` and ``sum(a) / sum(b)`` are the same; ``100 * a / b`` and
        ``a / b * 100`` are not taken as the same, because only the tree is compared.
    """
    return left.root == right.root
