"""A formula is read into a checked tree, never run, and gives the number that a person gets by hand."""

import ibis
import pandas as pd
import pyarrow as pa
import pytest

from kinerja_lab.core.errors import InputFaults, KinerjaError
from kinerja_lab.core.indicator import GapRule
from kinerja_lab.drafting.formula import columns_of, evaluate, evaluate_groups, parse_formula, same_formula
from kinerja_lab.drafting.formula_tree import Aggregate, Arithmetic, Column, Number
from kinerja_lab.io.formula_sql import compile_formula, compute
from kinerja_lab.io.relations import fetch, quiet
from kinerja_lab.text.catalogue import LANGUAGES, catalogue

MISSING, ZERO, ERROR = GapRule.MISSING, GapRule.ZERO, GapRule.ERROR
ROWS = pd.DataFrame({
    "tepat": [8.0, 9.0, None, 0.0], "berkas": [10.0, 10.0, 5.0, 0.0], "menit": [30.0, 60.0, 90.0, None],
    "jenis": ["ktp", "kk", "ktp", None], "unit": ["A", "A", "B", "B"]})


def by_hand(text, *, zero=MISSING, empty=MISSING, rows=ROWS):
    return evaluate(parse_formula(text), rows, zero=zero, empty=empty)


def table():
    backend = ibis.duckdb.connect()
    backend.con.register("rows", pa.Table.from_pandas(ROWS))
    with quiet():
        return backend.table("rows")


def codes(text) -> list[str]:
    with pytest.raises(InputFaults) as caught:
        parse_formula(text)
    for lang in LANGUAGES:
        assert all(catalogue(lang).fault(fault) for fault in caught.value.faults)
    return [fault.message.code.removeprefix("fault.") for fault in caught.value.faults]


def test_the_tree_of_a_plain_percentage():
    total = {name: Aggregate(function="sum", part=Column(name=name)) for name in ("tepat", "berkas")}
    assert parse_formula(" 100 * tepat / berkas ").root == Arithmetic(
        sign="/", left=Arithmetic(sign="*", left=Number(value=100.0), right=total["tepat"]), right=total["berkas"])


def test_columns_come_in_order_and_once():
    assert columns_of(parse_formula("b / (a + b) + count(where(jenis == 'x'))")) == ("b", "a", "jenis")


def test_a_formula_over_two_lines_is_one():
    assert same_formula(parse_formula("100 * tepat\n  / berkas"), right=parse_formula("(100*sum(tepat)) / sum(berkas)"))
    assert not same_formula(parse_formula("tepat / berkas"), right=parse_formula("berkas / tepat"))


@pytest.mark.parametrize(("text", "value"), [
    ("100 * tepat / berkas", 100 * (8 + 9 + 0) / (10 + 10 + 5 + 0)),
    ("mean(menit)", (30 + 60 + 90) / 3),
    ("median(menit)", 60),
    ("count()", 4), ("count(menit)", 3), ("count(jenis)", 3),
    ("100 * count(where(menit <= 60)) / count()", 100 * 2 / 4),
    ("count(where(not menit <= 60))", 1),  # the row without minutes is neither
    ("count(where(jenis != 'ktp'))", 1),
    ("sum(where(jenis == 'ktp', berkas, 1))", 10 + 1 + 5),
    ("sum(where(jenis == 'ktp' or menit > 30, berkas))", 10 + 10 + 5),
    ("count(where(30 < menit <= 90))", 2),
    ("mean(tepat / berkas)", (8 / 10 + 9 / 10) / 2),
    ("-(berkas - 5) * 2", -(25 - 5) * 2),
])
def test_values_by_hand_on_both_engines(text, value):
    assert by_hand(text) == pytest.approx(value)
    assert compute(parse_formula(text), table(), zero=MISSING, empty=MISSING)["value"].iloc[0] == pytest.approx(value)


@pytest.mark.parametrize(("text", "rule", "value"), [
    ("tepat / (berkas - 25)", ZERO, 0.0), ("5 - tepat / (berkas - 25)", ZERO, 5.0),
    ("mean(tepat / berkas)", ZERO, (8 / 10 + 9 / 10 + 0) / 3)])
def test_a_zero_divisor_counts_as_the_rule_says(text, rule, value):
    assert by_hand(text, zero=rule) == pytest.approx(value)
    assert compute(parse_formula(text), table(), zero=rule, empty=MISSING)["value"].iloc[0] == pytest.approx(value)
    if not text.startswith("mean"):
        assert pd.isna(by_hand(text, zero=MISSING))
    for call in (lambda: by_hand(text, zero=ERROR),
                 lambda: compute(parse_formula(text), table(), zero=ERROR, empty=ZERO)):
        with pytest.raises(KinerjaError) as caught:
            call()
        assert caught.value.message.code == "error.formula_zero_divisor"


def test_an_empty_group_counts_as_the_rule_says():
    text = "mean(where(jenis == 'akta', menit))"
    assert pd.isna(by_hand(text))
    assert by_hand(text, empty=ZERO) == 0
    assert compute(parse_formula(text), table(), zero=MISSING, empty=ZERO)["value"].iloc[0] == 0
    for call in (lambda: by_hand(text, empty=ERROR),
                 lambda: compute(parse_formula(text), table(), zero=ZERO, empty=ERROR)):
        with pytest.raises(KinerjaError) as caught:
            call()
        assert caught.value.message.code == "error.formula_empty_group"


def test_no_rows_at_all():
    assert pd.isna(by_hand("100 * tepat / berkas", rows=ROWS[:0]))
    assert by_hand("count()", rows=ROWS[:0]) == 0


def test_groups_are_recomputed_and_never_averaged():
    formula = parse_formula("100 * tepat / berkas")
    groups = evaluate_groups(formula, ROWS, by=["unit"], zero=MISSING, empty=MISSING)
    assert groups["value"].tolist() == [pytest.approx(100 * 17 / 20), pytest.approx(0.0)]
    # Unit B has a row with files and no count of those on time: the report has to know.
    assert groups["incomplete"].tolist() == [0, 1]
    database = compute(formula, table(), by=["unit"], zero=MISSING, empty=MISSING)
    pd.testing.assert_frame_equal(groups, database, check_dtype=False)


def test_the_expression_can_be_used_in_any_aggregate():
    rows = table()
    value = compile_formula(parse_formula("tepat / berkas"), rows)
    assert fetch(rows.aggregate(x=value))["x"].iloc[0] == pytest.approx(17 / 25)


@pytest.mark.parametrize(("text", "code"), [
    ("tepatt / berkas", "formula_columns"), ("sum(jenis)", "formula_column_type"),
    ("count(where(menit == 'x'))", "formula_column_type")])
def test_wrong_columns_are_named_by_both_engines(text, code):
    for call in (lambda: by_hand(text), lambda: compute(parse_formula(text), table(), zero=MISSING, empty=MISSING)):
        with pytest.raises(KinerjaError) as caught:
            call()
        assert caught.value.message.code == f"error.{code}"
    if code == "formula_columns":
        assert caught.value.message.params["nearest"] == "tepat"


def test_columns_that_are_no_plain_numbers_are_refused():
    for rows, code in ((ROWS.assign(tepat=1j), "formula_column_type"), (ROWS.assign(tepat=1e308), "formula_infinite"),
                       (ROWS.rename(columns={"menit": "tepat"}), "formula_column_twice")):
        with pytest.raises(KinerjaError) as caught:
            by_hand("tepat / berkas", rows=rows)
        assert caught.value.message.code == f"error.{code}"


def test_an_infinite_number_is_no_value():
    rows = ROWS.assign(tepat=[float("inf"), 1, 1, 1])
    with pytest.raises(KinerjaError) as caught:
        by_hand("tepat / berkas", rows=rows)
    assert caught.value.message.code == "error.formula_infinite"


@pytest.mark.parametrize(("text", "code"), [
    ("", "formula_empty"), ("   ", "formula_empty"), ("a + " * 200 + "a", "formula_long"),
    ("a / b # bagi", "formula_character"), ("a × b", "formula_character"), ("a; b", "formula_character"),
    ("a)+(b", "formula_syntax"), ("a /", "formula_syntax"), ("0,5 * a", "formula_comma"),
    ("0x10 * a", "formula_number"), ("1e400 * a", "formula_number"), ("9" * 13 + " * a", "formula_number"),
    ("1j * a", "formula_number"), ("True * a", "formula_number"), ("_a / b", "formula_name"),
    ("sum / b", "formula_reserved"),
    ("a ** b", "formula_operator"), ("a // b", "formula_operator"), ("smu(a)", "formula_function"),
    ("sum(a, b)", "formula_arguments"), ("sum()", "formula_arguments"), ("sum(where())", "formula_arguments"),
    ("sum('x')", "formula_text"), ("count(where(a > 'x'))", "formula_text"), ("count(where(a))", "formula_condition"),
    ("count(where(1 < 2))", "formula_condition"), ("a > 1", "formula_condition_place"),
    ("not a", "formula_condition_place"), ("where(a > 1)", "formula_where_place"), ("sum(mean(a))", "formula_nested"),
    ("-" * 100 + "a", "formula_deep"), ("a / 0", "formula_zero"), ("100", "formula_constant"),
    ("a / -0", "formula_zero"), ("a / (2 - 1 - 1)", "formula_zero"), ("1 / (3 * 0) * a", "formula_zero"),
    ("count(where(a > 0or a < 1))", "formula_syntax"),
    ("sum(1)", "formula_constant"),
    ("sum(where(a == 'x', a))", "formula_mixed"),
])
def test_what_is_no_formula_is_named(text, code):
    assert code in codes(text)


def test_every_fault_is_found_at_once_with_its_place():
    with pytest.raises(InputFaults) as caught:
        parse_formula("a ** 2 + smu(b) + where(c > 1)")
    found = [(fault.message.code, fault.message.params["position"]) for fault in caught.value.faults]
    assert found == [("fault.formula_operator", 1), ("fault.formula_function", 10), ("fault.formula_where_place", 19)]


def test_a_sum_of_many_columns_is_no_deep_nest():
    assert len(columns_of(parse_formula(" + ".join(f"u{i}" for i in range(30))))) == 30


@pytest.mark.parametrize("dialect", ["postgres", "duckdb"])
def test_other_databases_get_the_same_expression(dialect):
    formula = parse_formula(
        "100 * count(where(menit <= 60 and jenis != 'kk')) / count() + median(menit) - mean(tepat / berkas)")
    rows = ibis.table({"menit": "float64", "jenis": "string", "tepat": "int64", "berkas": "int64"}, name="rows")
    sql = str(ibis.to_sql(rows.aggregate(x=compile_formula(formula, rows)), dialect=dialect))
    assert "60" in sql and "kk" in sql and sql.upper().count("SELECT") >= 1
