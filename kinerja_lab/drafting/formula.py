"""What does a formula say? A small language over columns, read into a checked tree and never executed."""

import ast
import re
import warnings
from enum import Enum
from operator import add, mul, sub, truediv

from kinerja_lab.core.errors import InputFault, InputFaults, closest
from kinerja_lab.core.message import Message
from kinerja_lab.drafting.formula_tree import (
    AGGREGATES,
    FUNCTIONS,
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
    columns_of,
    same_formula,
    walk,
)
from kinerja_lab.drafting.formula_values import evaluate, evaluate_groups

__all__ = ["Formula", "columns_of", "evaluate", "evaluate_groups", "parse_formula", "same_formula"]

MAX_LENGTH = 500
MAX_DEPTH = 40
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")
_NUMBER = re.compile(r"\d{1,12}(\.\d{1,9})?")
_OUTSIDE_TEXT = re.compile(r"[A-Za-z0-9_+\-*/().,<>=!\s]")
_ARITHMETIC = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}
_COMPARISONS = {ast.Eq: "==", ast.NotEq: "!=", ast.Lt: "<", ast.LtE: "<=", ast.Gt: ">", ast.GtE: ">="}
_PARTS = {
    ast.Attribute: "attribute", ast.Subscript: "subscript", ast.Lambda: "lambda", ast.ListComp: "comprehension",
    ast.SetComp: "comprehension", ast.DictComp: "comprehension", ast.GeneratorExp: "comprehension",
    ast.JoinedStr: "f_string", ast.NamedExpr: "assignment", ast.IfExp: "if_else", ast.List: "list", ast.Dict: "list",
    ast.Set: "list", ast.Starred: "star", ast.keyword: "keyword", ast.Await: "other", ast.Yield: "other",
}


class _Place(Enum):
    TOTAL = "outside an aggregate"
    ROW = "inside an aggregate"


def parse_formula(text: str) -> Formula:
    """Read a formula.

    Parameters
    ----------
    text : str
        Numbers, column names, ``+ - * /``, brackets, and ``sum``, ``mean``, ``median``, ``count``,
        ``where(condition, value, otherwise)``; at most 500 characters, 40 levels deep. Conditions
        (``== != < <= > >= and or not``, words in quotes) stand only inside ``where``, and ``where`` only inside an
        aggregate. A column outside an aggregate stands for its total.

    Returns
    -------
    Formula
        A checked tree.

    Raises
    ------
    InputFaults
        Every fault with the character at which it stands: ``formula_empty``, ``formula_long``, ``formula_character``,
        ``formula_syntax``, ``formula_comma``, ``formula_number``, ``formula_name``, ``formula_reserved``,
        ``formula_operator``, ``formula_function``, ``formula_arguments``, ``formula_construct``, ``formula_text``,
        ``formula_condition``, ``formula_condition_place``, ``formula_where_place``, ``formula_nested``,
        ``formula_deep``, ``formula_zero``, ``formula_constant``, ``formula_mixed``.

    Notes
    -----
    Python's own grammar reads the text; only a fixed list of parts is then taken over. Nothing is compiled or run.

    Examples
    --------
    >>> parse_formula("100 * tepat_waktu / berkas_lengkap").root.sign
    '/'
    """
    faults = _text_faults(text)
    if faults:
        raise InputFaults(faults)
    lead = len(text) - len(text.lstrip())
    flat = re.sub(r"\s", " ", text.strip())
    try:
        tree = _read(flat)
    except SyntaxError as error:
        raise InputFaults([_fault(text, "formula_syntax", lead + (error.offset or 1))]) from None
    except (ValueError, RecursionError, MemoryError):
        raise InputFaults([_fault(text, "formula_deep", 1, limit=MAX_DEPTH)]) from None
    reader = _Reader(text, flat, lead)
    root = reader.read(tree, _Place.TOTAL, 1)
    if not reader.faults:
        reader.whole(root)
    if reader.faults:
        raise InputFaults(reader.faults)
    return Formula(text=text.strip(), root=root)


def _read(flat: str) -> ast.expr:
    """Python's tree; what Python only warns of ("0or a") is no syntax here, in whatever version."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        return ast.parse(flat, mode="eval").body


def _fault(text: str, code: str, position: int, **params: object) -> InputFault:
    return InputFault(message=Message(f"fault.{code}", {"position": position, **params}), column="formula",
                      value=text.strip()[:120])


def _text_faults(text: str) -> list[InputFault]:
    """Faults that are seen before reading: emptiness, length, characters outside the language."""
    if not text.strip():
        return [_fault(text, "formula_empty", 1)]
    if len(text) > MAX_LENGTH:
        return [_fault(text, "formula_long", MAX_LENGTH + 1, length=len(text), limit=MAX_LENGTH)]
    faults, quote = [], ""
    for position, sign in enumerate(text, start=1):
        if quote:
            quote = "" if sign == quote else quote
            bad = sign in "\\\n\r\0"
        elif sign in "'\"":
            quote, bad = sign, False
        else:
            bad = not (sign.isascii() and _OUTSIDE_TEXT.fullmatch(sign))
        if bad:
            faults.append(_fault(text, "formula_character", position, sign=sign if sign.isprintable() else repr(sign)))
    return faults


def _written_value(node: Node) -> float | None:
    """The value of a part that has written numbers only; None for any other, or where it divides by zero itself."""
    if isinstance(node, Number):
        return node.value
    if isinstance(node, Negative):
        value = _written_value(node.part)
        return None if value is None else -value
    if not isinstance(node, Arithmetic):
        return None
    left, right = _written_value(node.left), _written_value(node.right)
    if left is None or right is None or (node.sign == "/" and right == 0):
        return None
    return {"+": add, "-": sub, "*": mul, "/": truediv}[node.sign](left, right)


class _Reader:
    """Takes over the parts of the language and collects everything that is not one."""

    def __init__(self, text: str, flat: str, lead: int) -> None:
        self.text, self.flat, self.lead = text, flat, lead
        self.bytes = flat.encode()
        self.faults: list[InputFault] = []

    def wrong(self, code: str, node: ast.AST, **params: object) -> Number:
        """Note a fault; the number returned only keeps the reading going."""
        before = self.bytes[: getattr(node, "col_offset", 0)].decode(errors="replace")
        self.faults.append(_fault(self.text, code, self.lead + len(before) + 1, **params))
        return Number(value=1.0)

    def read(self, node: ast.expr, place: _Place, depth: int) -> Node:
        if depth > MAX_DEPTH:
            return self.wrong("formula_deep", node, limit=MAX_DEPTH)
        if isinstance(node, ast.Constant):
            return self._number(node)
        if isinstance(node, ast.Name):
            column = self._column(node)
            return Aggregate(function="sum", part=column) if place is _Place.TOTAL else column
        if isinstance(node, ast.BinOp):
            return self._arithmetic(node, place, depth)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            part = self.read(node.operand, place, depth + 1)
            return Negative(part=part) if isinstance(node.op, ast.USub) else part
        if isinstance(node, ast.Call):
            return self._call(node, place, depth)
        if isinstance(node, ast.Compare | ast.BoolOp | ast.UnaryOp):  # of unary signs, "not" and "~" are left
            return self.wrong("formula_condition_place", node)
        if isinstance(node, ast.Tuple):
            return self.wrong("formula_comma", node)
        return self._refuse(node)

    def _refuse(self, node: ast.AST) -> Node:
        what = _PARTS.get(type(node), "other")
        return self.wrong("formula_construct", node, what=Message(f"formula_part.{what}"))

    def _number(self, node: ast.Constant) -> Node:
        if isinstance(node.value, str):
            return self.wrong("formula_text", node)
        written = self.bytes[node.col_offset: node.end_col_offset].decode()
        if not _NUMBER.fullmatch(written):
            return self.wrong("formula_number", node, number=written[:40])
        return Number(value=float(written))

    def _column(self, node: ast.Name) -> Column:
        if node.id in FUNCTIONS:
            self.wrong("formula_reserved", node, name=node.id)
        elif not _NAME.fullmatch(node.id):
            self.wrong("formula_name", node, name=node.id[:60])
        return Column(name=node.id)

    def _arithmetic(self, node: ast.BinOp, place: _Place, depth: int) -> Node:
        sign = _ARITHMETIC.get(type(node.op))
        if sign is None:
            self.wrong("formula_operator", node)
        left, right = (self.read(part, place, depth + 1) for part in (node.left, node.right))
        if sign == "/" and _written_value(right) == 0:
            self.wrong("formula_zero", node.right)
        return Arithmetic(sign=sign or "+", left=left, right=right)

    def _call(self, node: ast.Call, place: _Place, depth: int) -> Node:
        if not isinstance(node.func, ast.Name):
            return self._refuse(node.func)
        name = node.func.id
        if name not in FUNCTIONS:
            return self.wrong("formula_function", node, name=name[:60], choices=", ".join(FUNCTIONS),
                              nearest=closest(name, FUNCTIONS) or "-")
        odd = [*node.keywords, *(part for part in node.args if isinstance(part, ast.Starred))]
        if odd:
            return self._refuse(odd[0])
        low, high = {"where": (1, 3), "count": (0, 1)}.get(name, (1, 1))
        if not low <= len(node.args) <= high:
            return self.wrong("formula_arguments", node, name=name, n=len(node.args), low=low, high=high)
        if name == "where":
            return self._where(node, place, depth)
        if place is _Place.ROW:
            return self.wrong("formula_nested", node, name=name)
        part = self.read(node.args[0], _Place.ROW, depth + 1) if node.args else None
        if part is not None and not any(isinstance(inner, Column) for inner in walk(part)):
            return self.wrong("formula_constant", node)
        return Aggregate(function=name, part=part)

    def _where(self, node: ast.Call, place: _Place, depth: int) -> Node:
        if place is _Place.TOTAL:
            return self.wrong("formula_where_place", node, choices=", ".join(AGGREGATES))
        condition = self._condition(node.args[0], depth + 1)
        value, otherwise = Number(value=1.0), None
        if len(node.args) > 1:
            value = self.read(node.args[1], place, depth + 1)
        if len(node.args) > 2:
            otherwise = self.read(node.args[2], place, depth + 1)
        return Where(condition=condition, value=value, otherwise=otherwise)

    def _condition(self, node: ast.expr, depth: int) -> Node:
        if depth > MAX_DEPTH:
            return self.wrong("formula_deep", node, limit=MAX_DEPTH)
        if isinstance(node, ast.BoolOp):
            word = "and" if isinstance(node.op, ast.And) else "or"
            return Logic(word=word, parts=tuple(self._condition(part, depth + 1) for part in node.values))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return Logic(word="not", parts=(self._condition(node.operand, depth + 1),))
        if not isinstance(node, ast.Compare):
            return self.wrong("formula_condition", node)
        ends = [node.left, *node.comparators]
        pairs = [self._comparison(node, sign, left, right, depth + 1)
                 for sign, left, right in zip(node.ops, ends, ends[1:], strict=False)]
        return pairs[0] if len(pairs) == 1 else Logic(word="and", parts=tuple(pairs))

    def _comparison(self, whole: ast.Compare, sign: ast.cmpop, left: ast.expr, right: ast.expr, depth: int) -> Node:
        written = _COMPARISONS.get(type(sign))
        if written is None:
            return self.wrong("formula_operator", whole)
        sides = [Text(value=side.value) if isinstance(side, ast.Constant) and isinstance(side.value, str)
                 else self.read(side, _Place.ROW, depth) for side in (left, right)]
        words = [isinstance(side, Text) for side in sides]
        if any(words) and (written not in ("==", "!=") or all(words) or not any(isinstance(s, Column) for s in sides)):
            return self.wrong("formula_text", left if words[0] else right)
        if not any(isinstance(part, Column) for side in sides for part in walk(side)):
            return self.wrong("formula_condition", whole)
        return Comparison(sign=written, left=sides[0], right=sides[1])

    def whole(self, root: Node) -> None:
        """Faults of the formula as a whole."""
        parts = list(walk(root))
        if not any(isinstance(part, Aggregate) for part in parts):
            self.faults.append(_fault(self.text, "formula_constant", 1))
        compared = [part for part in parts if isinstance(part, Comparison)
                    and (isinstance(part.left, Text) or isinstance(part.right, Text))]
        words = {side.name for part in compared for side in (part.left, part.right) if isinstance(side, Column)}
        skip = {id(side) for part in compared for side in (part.left, part.right)}
        skip |= {id(part.part) for part in parts if isinstance(part, Aggregate) and part.function == "count"}
        numbers = {part.name for part in parts if isinstance(part, Column) and id(part) not in skip}
        for name in sorted(words & numbers):
            self.faults.append(_fault(self.text, "formula_mixed", self.text.find(name) + 1, column=name))
