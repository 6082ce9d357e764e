"""Which number does the database give for a formula? The same tree as on pandas, as one ibis expression."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kinerja_lab.core.errors import KinerjaError, closest
from kinerja_lab.core.indicator import GapRule
from kinerja_lab.drafting.formula_tree import (
    Aggregate,
    Arithmetic,
    Column,
    Comparison,
    Formula,
    Negative,
    Node,
    Number,
    Text,
    columns_of,
)
from kinerja_lab.drafting.formula_values import number_columns, text_columns
from kinerja_lab.io.relations import fetch

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pandas as pd

__all__ = ["compile_formula", "compute"]


def compile_formula(
    formula: Formula, table: ir.Table, *, zero: GapRule = GapRule.MISSING, empty: GapRule = GapRule.MISSING,
) -> ir.FloatingScalar:
    """A formula as one aggregated expression of a table.

    Parameters
    ----------
    formula : Formula
        The formula.
    table : ibis Table
        Its columns; nothing is read.
    zero, empty : GapRule
        As in ``drafting.formula.evaluate``. SQL cannot stop in the middle of a query: under ``error`` the
        expression gives NULL, and ``compute`` is what raises.

    Returns
    -------
    ibis scalar
        For ``table.aggregate`` or ``table.group_by(...).aggregate``.

    Raises
    ------
    KinerjaError
        ``formula_columns`` or ``formula_column_type``.
    """
    return _Compiler(formula, table, zero, empty).total(formula.root)


def compute(
    formula: Formula, table: ir.Table, *, by: Sequence[str] = (), zero: GapRule, empty: GapRule,
) -> pd.DataFrame:
    """The formula's value for each group, computed where the data lie.

    Parameters
    ----------
    formula, table, zero, empty
        As in ``compile_formula``.
    by : sequence of str
        Group columns; none for one value of the whole table.

    Returns
    -------
    pandas.DataFrame
        The group columns, ``value``, ``rows`` and ``incomplete``, ordered by group: what
        ``drafting.formula.evaluate_groups`` gives.

    Raises
    ------
    KinerjaError
        Those of ``compile_formula``; ``formula_zero_divisor``, ``formula_empty_group``, ``formula_infinite``.
    """
    compiler = _Compiler(formula, table, zero, empty)
    value = compiler.total(formula.root)
    absent = [compiler.bare(name).isnull() for name in columns_of(formula)]
    some = (_any(absent) & ~_all(absent)).cast("int64").sum().coalesce(0) if absent else _total([])
    infinite = [table[name].cast("float64").abs() == float("inf") for name in sorted(number_columns(formula))]
    wanted = {
        "value": value, "rows": table.count(), "incomplete": some,
        "zero_divisors": _total(compiler.zero_divisors), "empty_parts": _total(compiler.empty_parts),
        "infinite": _total([item.cast("int64").sum().coalesce(0) for item in infinite]),
    }
    grouped = table.group_by(list(by)).aggregate(**wanted).order_by(list(by)) if by else table.aggregate(**wanted)
    frame = fetch(grouped)
    if (frame["infinite"] > 0).any() or (frame["value"].abs() == float("inf")).any():
        raise KinerjaError("formula_infinite", columns=", ".join(columns_of(formula)))
    if zero is GapRule.ERROR and (frame["zero_divisors"] > 0).any():
        raise KinerjaError("formula_zero_divisor", n=int(frame["zero_divisors"].sum()))
    if empty is GapRule.ERROR and (frame["empty_parts"] > 0).any():
        raise KinerjaError("formula_empty_group", function=", ".join(compiler.functions))
    return frame[[*by, "value", "rows", "incomplete"]].astype({"value": float, "rows": int, "incomplete": int})


class _Compiler:
    """Walks the tree once; beside the value it keeps expressions that count zero divisors and empty aggregates."""

    def __init__(self, formula: Formula, table: ir.Table, zero: GapRule, empty: GapRule) -> None:
        self.table, self.zero, self.empty = table, zero, empty
        self.zero_divisors: list[ir.Value] = []
        self.empty_parts: list[ir.Value] = []
        self.functions: list[str] = []
        missing = [name for name in columns_of(formula) if name not in table.columns]
        if missing:
            raise KinerjaError("formula_columns", columns=", ".join(missing), choices=", ".join(table.columns[:20]),
                               nearest=closest(missing[0], table.columns) or "-")
        for names, wanted in ((number_columns(formula), "0-9"), (text_columns(formula), "a-z")):
            for name in sorted(names):
                kind = table[name].type()
                fits = kind.is_numeric() or kind.is_boolean() if wanted == "0-9" else kind.is_string()
                if not (fits or kind.is_null()):
                    raise KinerjaError("formula_column_type", column=name, wanted=wanted, found=str(kind))

    def bare(self, name: str) -> ir.Column:
        """A column; a NaN, which some tables hold for missing, becomes NULL."""
        column = self.table[name]
        return column.nullif(_literal(float("nan"))) if column.type().is_floating() else column

    def total(self, node: Node) -> ir.Value:
        if isinstance(node, Number):
            return _literal(node.value)
        if isinstance(node, Negative):
            return -self.total(node.part)
        if isinstance(node, Arithmetic):
            return self._join(node.sign, self.total(node.left), self.total(node.right), rows=False)
        return self._aggregate(node)

    def _aggregate(self, node: Aggregate) -> ir.Value:
        if node.part is None:
            return self.table.count().cast("float64")
        if node.function == "count":
            part = self.bare(node.part.name) if isinstance(node.part, Column) else self.row(node.part)
            return part.count().cast("float64")
        part = self.row(node.part)
        given = part.count()
        self.functions.append(node.function)
        self.empty_parts.append((given == 0).cast("int64"))
        value = getattr(part, node.function)().cast("float64")
        return value.coalesce(0.0) if self.empty is GapRule.ZERO else value

    def row(self, node: Node) -> ir.Value:
        import ibis

        if isinstance(node, Number):
            return _literal(node.value)
        if isinstance(node, Column):
            return self.bare(node.name).cast("float64")
        if isinstance(node, Negative):
            return -self.row(node.part)
        if isinstance(node, Arithmetic):
            return self._join(node.sign, self.row(node.left), self.row(node.right), rows=True)
        condition = self._condition(node.condition)
        otherwise = _null() if node.otherwise is None else self.row(node.otherwise)
        return ibis.cases((condition, self.row(node.value)), (~condition, otherwise), else_=_null())

    def _join(self, sign: str, left: ir.Value, right: ir.Value, *, rows: bool) -> ir.Value:
        import ibis

        if sign == "+":
            return left + right
        if sign == "-":
            return left - right
        if sign == "*":
            return left * right
        none = (right == 0) & left.notnull()
        count = none.cast("int64")
        if not rows:
            self.zero_divisors.append(count.coalesce(0))
        elif hasattr(count, "sum"):
            self.zero_divisors.append(count.sum().coalesce(0))
        else:  # a quotient of written numbers only: the same in every row
            self.zero_divisors.append(count.coalesce(0) * self.table.count())
        quotient = left / right.nullif(_literal(0.0))
        return ibis.cases((none, _literal(0.0)), else_=quotient) if self.zero is GapRule.ZERO else quotient

    def _condition(self, node: Node) -> ir.BooleanValue:
        if isinstance(node, Comparison):
            return self._comparison(node)
        parts = [self._condition(part) for part in node.parts]
        if node.word == "not":
            return ~parts[0]
        return _all(parts) if node.word == "and" else _any(parts)

    def _comparison(self, node: Comparison) -> ir.BooleanValue:
        words = isinstance(node.left, Text) or isinstance(node.right, Text)
        left, right = (self._side(side, words) for side in (node.left, node.right))
        return {"==": left == right, "!=": left != right, "<": left < right, "<=": left <= right, ">": left > right,
                ">=": left >= right}[node.sign]

    def _side(self, node: Node, words: bool) -> ir.Value:
        import ibis

        if isinstance(node, Text):
            return ibis.literal(node.value, type="string")
        return self.table[node.name].cast("string") if words else self.row(node)


def _literal(value: float) -> ir.FloatingScalar:
    import ibis

    return ibis.literal(value, type="float64")


def _null() -> ir.Scalar:
    import ibis

    return ibis.null("float64")


def _all(parts: list[ir.BooleanValue]) -> ir.BooleanValue:
    out = parts[0]
    for part in parts[1:]:
        out = out & part
    return out


def _any(parts: list[ir.BooleanValue]) -> ir.BooleanValue:
    out = parts[0]
    for part in parts[1:]:
        out = out | part
    return out


def _total(parts: list[ir.Value]) -> ir.Value:
    import ibis

    out = ibis.literal(0, type="int64")
    for part in parts:
        out = out + part
    return out
