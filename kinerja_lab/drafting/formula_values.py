"""Which number does a formula give for these rows? Missing values are left out, as SQL leaves them out."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

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
    walk,
)

__all__ = ["evaluate", "evaluate_groups", "incomplete_rows", "number_columns", "text_columns"]

_COMPARE = {"==": np.equal, "!=": np.not_equal, "<": np.less, "<=": np.less_equal, ">": np.greater,
            ">=": np.greater_equal}


def text_columns(formula: Formula) -> frozenset[str]:
    """Columns that the formula compares with words.

    Parameters
    ----------
    formula : Formula
        The formula.
    """
    found = set()
    for node in walk(formula.root):
        if isinstance(node, Comparison) and (isinstance(node.left, Text) or isinstance(node.right, Text)):
            found |= {side.name for side in (node.left, node.right) if isinstance(side, Column)}
    return frozenset(found)


def number_columns(formula: Formula) -> frozenset[str]:
    """Columns that must hold numbers: all but those compared with words or only counted.

    Parameters
    ----------
    formula : Formula
        The formula.
    """
    counted = {id(node.part) for node in walk(formula.root)
               if isinstance(node, Aggregate) and node.function == "count" and isinstance(node.part, Column)}
    used = {node.name for node in walk(formula.root) if isinstance(node, Column) and id(node) not in counted}
    return frozenset(used - text_columns(formula))


def evaluate(formula: Formula, frame: pd.DataFrame, *, zero: GapRule, empty: GapRule) -> float:
    """The formula's value for one group of rows.

    Parameters
    ----------
    formula : Formula
        The formula.
    frame : pandas.DataFrame
        Its columns, one row a case or a unit and period. NaN, None and NA are missing.
    zero : GapRule
        What a quotient with a zero divisor counts as.
    empty : GapRule
        What ``sum``, ``mean`` and ``median`` of nothing (no rows, or all missing) count as. ``count`` of nothing is 0.

    Returns
    -------
    float
        NaN where the rules say missing.

    Raises
    ------
    KinerjaError
        ``formula_columns``, ``formula_column_twice``, ``formula_column_type``, ``formula_infinite``;
        ``formula_zero_divisor`` and ``formula_empty_group`` where the rule is ``error``.

    Notes
    -----
    Missing values are skipped by ``sum``, ``mean``, ``median`` and ``count``; a comparison with a missing value is
    neither true nor false (Kleene's logic, as in SQL).

    Examples
    --------
    >>> from kinerja_lab.drafting.formula import parse_formula
    >>> rows = pd.DataFrame({"tepat": [8, 9], "lengkap": [10, 10]})
    >>> evaluate(parse_formula("100 * tepat / lengkap"), rows, zero=GapRule.MISSING, empty=GapRule.MISSING)
    85.0
    """
    missing = [name for name in columns_of(formula) if name not in frame.columns]
    twice = [name for name in columns_of(formula) if list(frame.columns).count(name) > 1]
    if twice:
        raise KinerjaError("formula_column_twice", columns=", ".join(twice))
    if missing:
        choices = [str(name) for name in frame.columns]
        raise KinerjaError("formula_columns", columns=", ".join(missing), choices=", ".join(choices[:20]),
                           nearest=closest(missing[0], choices) or "-")
    with np.errstate(over="ignore"):  # an overflow is infinite, and infinity is refused
        value = float(_Calculation(formula, frame, zero, empty).total(formula.root))
    if np.isinf(value):
        raise KinerjaError("formula_infinite", columns=", ".join(columns_of(formula)))
    return value


def evaluate_groups(
    formula: Formula, frame: pd.DataFrame, *, by: Sequence[str], zero: GapRule, empty: GapRule,
) -> pd.DataFrame:
    """The formula's value for each group.

    Parameters
    ----------
    formula, frame, zero, empty
        As in ``evaluate``.
    by : sequence of str
        Group columns, e.g. ``("unit", "period")``. A group is recomputed from its own rows, never averaged from others.

    Returns
    -------
    pandas.DataFrame
        The group columns, ``value``, ``rows`` and ``incomplete`` (see ``incomplete_rows``), ordered by group.
    """
    by = list(by)
    rows = []
    for key, group in frame.groupby(by, sort=True, dropna=False, observed=True):
        rows.append([*key, evaluate(formula, group, zero=zero, empty=empty), len(group),
                     incomplete_rows(formula, group)])
    return pd.DataFrame(rows, columns=[*by, "value", "rows", "incomplete"])


def incomplete_rows(formula: Formula, frame: pd.DataFrame) -> int:
    """Rows that have some of the formula's columns and lack others.

    Parameters
    ----------
    formula : Formula
        The formula.
    frame : pandas.DataFrame
        Its columns.

    Notes
    -----
    A month with a denominator and no numerator lowers a percentage without anybody having served less; this counts such
    rows so that a report can say so.
    """
    absent = frame[list(columns_of(formula))].isna()
    return int((absent.any(axis=1) & ~absent.all(axis=1)).sum())


class _Calculation:
    """One pass over the tree: totals are floats, rows are float arrays, conditions are (true, false) pairs."""

    def __init__(self, formula: Formula, frame: pd.DataFrame, zero: GapRule, empty: GapRule) -> None:
        self.frame, self.zero, self.empty = frame, zero, empty
        self.columns = {name: self._numbers(name) for name in number_columns(formula)}
        self.words = {name: self._words(name) for name in text_columns(formula)}

    def _numbers(self, name: str) -> np.ndarray:
        column = self.frame[name]
        plain = pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_complex_dtype(column)
        if not (plain or column.isna().all()):
            raise KinerjaError("formula_column_type", column=name, wanted="0-9", found=str(column.dtype))
        values = column.to_numpy(dtype=float, na_value=np.nan)
        if np.isinf(values).any():
            raise KinerjaError("formula_infinite", columns=name)
        return values

    def _words(self, name: str) -> pd.Series:
        column = self.frame[name]
        if pd.api.types.is_numeric_dtype(column) and not column.isna().all():
            raise KinerjaError("formula_column_type", column=name, wanted="a-z", found=str(column.dtype))
        return column

    def total(self, node: Node) -> float:
        if isinstance(node, Number):
            return node.value
        if isinstance(node, Negative):
            return -self.total(node.part)
        if isinstance(node, Arithmetic):
            left, right = self.total(node.left), self.total(node.right)
            return float(self._join(node.sign, np.array([left]), np.array([right]))[0])
        return self._aggregate(node)

    def _aggregate(self, node: Aggregate) -> float:
        if node.part is None:
            return float(len(self.frame))
        if node.function == "count" and isinstance(node.part, Column):
            return float(self.frame[node.part.name].notna().sum())
        values = self.rows(node.part)
        given = values[~np.isnan(values)]
        if node.function == "count":
            return float(given.size)
        if not given.size:
            if self.empty is GapRule.ERROR:
                raise KinerjaError("formula_empty_group", function=node.function)
            return 0.0 if self.empty is GapRule.ZERO else float("nan")
        return float({"sum": np.sum, "mean": np.mean, "median": np.median}[node.function](given))

    def rows(self, node: Node) -> np.ndarray:
        if isinstance(node, Number):
            return np.full(len(self.frame), node.value)
        if isinstance(node, Column):
            return self.columns[node.name]
        if isinstance(node, Negative):
            return -self.rows(node.part)
        if isinstance(node, Arithmetic):
            return self._join(node.sign, self.rows(node.left), self.rows(node.right))
        true, false = self._condition(node.condition)
        value = self.rows(node.value)
        otherwise = np.full(len(self.frame), np.nan) if node.otherwise is None else self.rows(node.otherwise)
        return np.where(true, value, np.where(false, otherwise, np.nan))

    def _join(self, sign: str, left: np.ndarray, right: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            if sign != "/":
                return {"+": np.add, "-": np.subtract, "*": np.multiply}[sign](left, right)
            none = (right == 0) & ~np.isnan(left)
            if none.any() and self.zero is GapRule.ERROR:
                raise KinerjaError("formula_zero_divisor", n=int(none.sum()))
            filler = 0.0 if self.zero is GapRule.ZERO else np.nan
            return np.where(none, filler, left / np.where(right == 0, np.nan, right))

    def _condition(self, node: Node) -> tuple[np.ndarray, np.ndarray]:
        if isinstance(node, Comparison):
            return self._comparison(node)
        pairs = [self._condition(part) for part in node.parts]
        if node.word == "not":
            return pairs[0][1], pairs[0][0]
        trues, falses = ([pair[side] for pair in pairs] for side in (0, 1))
        if node.word == "and":
            return np.logical_and.reduce(trues), np.logical_or.reduce(falses)
        return np.logical_or.reduce(trues), np.logical_and.reduce(falses)

    def _comparison(self, node: Comparison) -> tuple[np.ndarray, np.ndarray]:
        sides = (node.left, node.right)
        if any(isinstance(side, Text) for side in sides):
            word = next(side.value for side in sides if isinstance(side, Text))
            column = self.words[next(side.name for side in sides if isinstance(side, Column))]
            known = column.notna().to_numpy()
            hit = (column.astype(object) == word).to_numpy(dtype=bool) & known
        else:
            left, right = self.rows(node.left), self.rows(node.right)
            known = ~(np.isnan(left) | np.isnan(right))
            hit = _COMPARE["==" if node.sign in ("==", "!=") else node.sign](left, right) & known
        if node.sign == "!=":
            hit = known & ~hit
        return hit, known & ~hit
