"""The same formula gives the same number on pandas and in DuckDB, whatever the data and the holes in them."""

import ibis
import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kinerja_lab.core.errors import InputFaults, KinerjaError
from kinerja_lab.core.indicator import GapRule
from kinerja_lab.drafting.formula import evaluate, evaluate_groups, parse_formula
from kinerja_lab.io.formula_sql import compute
from kinerja_lab.io.relations import quiet

NUMBERS = ("a", "b", "c")
GROUPS = ["U1", "U2", "U3"]


@pytest.fixture(scope="module")
def duck():
    return ibis.duckdb.connect()


def rows():
    number = st.one_of(st.none(), st.integers(-3, 3).map(float), st.floats(-1e4, 1e4).map(lambda x: round(x, 3)))
    one = st.fixed_dictionaries({**dict.fromkeys(NUMBERS, number), "k": st.sampled_from([None, "x", "y", "é"]),
                                 "g": st.sampled_from(GROUPS)})
    return st.lists(one, max_size=12)


def row_parts():
    leaf = st.one_of(st.sampled_from(NUMBERS), st.integers(0, 9).map(str), st.just("0.5"))
    condition = st.recursive(
        st.one_of(st.tuples(st.sampled_from(NUMBERS), st.sampled_from(["<", "<=", ">", ">=", "==", "!="]), leaf)
                  .map(" ".join), st.sampled_from(["k == 'x'", "k != 'y'", "'é' == k", "0 <= a <= 2"])),
        lambda inner: st.one_of(
            st.tuples(inner, st.sampled_from([" and ", " or "]), inner).map("({0[0]}{0[1]}{0[2]})".format),
            inner.map("not ({})".format)), max_leaves=3)
    return st.recursive(leaf, lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map("({0[0]} {0[1]} {0[2]})".format),
        inner.map("-({})".format),
        condition.map("where({})".format),
        st.tuples(condition, inner).map("where({0[0]}, {0[1]})".format),
        st.tuples(condition, inner, inner).map("where({0[0]}, {0[1]}, {0[2]})".format)), max_leaves=4)


def formulas():
    names = st.sampled_from(["sum", "mean", "median", "count"])
    total = st.one_of(st.tuples(names, row_parts()).map("{0[0]}({0[1]})".format),
                      st.sampled_from([*NUMBERS, "count()", "count(k)"]))
    return st.recursive(total, lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from("+-*/"), inner).map("({0[0]} {0[1]} {0[2]})".format),
        inner.map("-({})".format), inner.map("100 * {}".format)), max_leaves=3)


def frame_of(records: list[dict]) -> pd.DataFrame:
    frame = pd.DataFrame(records, columns=[*NUMBERS, "k", "g"])
    return frame.astype({**dict.fromkeys(NUMBERS, float), "k": object, "g": object})


def table_of(duck, frame: pd.DataFrame):
    schema = pa.schema([*((name, pa.float64()) for name in NUMBERS), ("k", pa.string()), ("g", pa.string())])
    duck.con.register("rows", pa.Table.from_pandas(frame, schema=schema))
    with quiet():
        return duck.table("rows")


def outcome(call):
    """The answer, or the code of the error."""
    try:
        return call()
    except KinerjaError as error:
        return error.message.code


def same(left: float, right: float) -> bool:
    # Sums of cancelling terms differ by rounding; a quotient of two such sums is the one thing that may blow it up.
    return (np.isnan(left) and np.isnan(right)) or abs(left - right) <= 1e-6 * max(1.0, abs(left), abs(right))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(records=rows(), text=formulas(), zero=st.sampled_from(GapRule), empty=st.sampled_from(GapRule))
def test_pandas_and_duckdb_agree(duck, records, text, zero, empty):
    try:
        formula = parse_formula(text)
    except InputFaults:
        return  # a literal zero divisor, or a formula without a column
    frame = frame_of(records)
    table = table_of(duck, frame)
    left = outcome(lambda: evaluate(formula, frame, zero=zero, empty=empty))
    right = outcome(lambda: float(compute(formula, table, zero=zero, empty=empty)["value"].iloc[0]))
    if isinstance(left, str) or isinstance(right, str):
        # Which of two stops is met first is the engine's business; that it stops is not.
        assert isinstance(left, str) and isinstance(right, str), (text, left, right)
    else:
        assert same(left, right), (text, left, right)


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(records=rows().filter(len), zero=st.sampled_from([GapRule.MISSING, GapRule.ZERO]))
@pytest.mark.parametrize("text", ["100 * a / b", "mean(where(k == 'x', a))", "100 * count(where(a > b)) / count()"])
def test_groups_agree_row_by_row(duck, records, zero, text):
    frame = frame_of(records)
    formula = parse_formula(text)
    left = evaluate_groups(formula, frame, by=["g"], zero=zero, empty=GapRule.MISSING)
    right = compute(formula, table_of(duck, frame), by=["g"], zero=zero, empty=GapRule.MISSING)
    assert left["g"].tolist() == right["g"].tolist()
    assert left["rows"].tolist() == right["rows"].tolist()
    assert left["incomplete"].tolist() == right["incomplete"].tolist()
    assert all(map(same, left["value"], right["value"]))


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet="abc019+-*/()., '\"<>=!_\t\n[]{}:@#é", max_size=60))
def test_any_text_gives_a_formula_or_faults_that_name_a_place(text):
    try:
        formula = parse_formula(text)
    except InputFaults as error:
        assert all(1 <= fault.message.params["position"] <= len(text) + 1 for fault in error.faults)
    else:
        assert formula.text == text.strip()
