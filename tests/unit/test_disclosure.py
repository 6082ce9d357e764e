"""No number that rests on too few people is shown, nor can it be computed back."""

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.estimate import MEASURED_IN, EstimateTable
from kinerja_lab.report.disclosure import SUPPRESSED, hidden_units, mask_units, suppress, suppress_nested


def by_unit(rows, *, label="index"):
    """rows: (agency, unit, n)."""
    frame = pd.DataFrame(rows, columns=["agency", "unit", "n"]).assign(
        label=label, value=80.0, low=78.0, high=82.0, level=0.95, method="m", note="", **{MEASURED_IN: "index_100"})
    return EstimateTable(frame=frame, groups=("agency", "unit"))


def by_agency(rows):
    frame = pd.DataFrame(rows, columns=["agency", "n"]).assign(
        label="index", value=80.0, low=78.0, high=82.0, level=0.95, method="m", note="", unit="index_100")
    return EstimateTable(frame=frame, groups=("agency",))


def hidden(table):
    column = "unit" if "unit" in table.groups else "agency"
    return sorted(table.frame.loc[table.frame["note"] == SUPPRESSED, column])


def test_nothing_is_hidden_at_or_above_the_threshold():
    table = by_unit([("a", "u1", 10), ("a", "u2", 11)])
    pd.testing.assert_frame_equal(suppress(table, below=10).frame, table.frame)


def test_a_hidden_row_keeps_no_number():
    out = suppress(by_unit([("a", "u1", 9), ("a", "u2", 8), ("a", "u3", 40)]), below=10)
    assert hidden(out) == ["u1", "u2"]
    row = out.frame.iloc[0]
    assert np.isnan([row["value"], row["low"], row["high"]]).all()
    assert row["n"] == 0
    assert out.frame["value"].iloc[2] == 80.0


def test_a_single_hidden_unit_takes_the_next_smallest_with_it():
    out = suppress(by_unit([("a", "u1", 9), ("a", "u2", 30), ("a", "u3", 20), ("b", "u4", 50)]), below=10)
    assert hidden(out) == ["u1", "u3"]


def test_among_equals_the_first_is_hidden_and_row_order_stays():
    out = suppress(by_unit([("a", "u1", 30), ("a", "u2", 9), ("a", "u3", 30)]), below=10)
    assert hidden(out) == ["u1", "u2"]
    assert list(out.frame["unit"]) == ["u1", "u2", "u3"]


def test_an_agency_of_one_small_unit_hides_only_that_unit():
    assert hidden(suppress(by_unit([("a", "u1", 9), ("b", "u2", 50), ("b", "u3", 50)]), below=10)) == ["u1"]


def test_a_unit_nobody_answered_for_hides_nobody():
    out = suppress(by_unit([("a", "u1", 0), ("a", "u2", 30), ("a", "u3", 9), ("a", "u4", 8)]), below=10)
    assert hidden(out) == ["u3", "u4"]


def test_hiding_twice_is_hiding_once():
    once = suppress(by_unit([("a", "u1", 9), ("a", "u2", 30), ("a", "u3", 20)]), below=10)
    pd.testing.assert_frame_equal(suppress(once, below=10).frame, once.frame)


def test_every_label_of_a_unit_has_its_own_partner():
    frame = pd.concat([by_unit([("a", "u1", 9), ("a", "u2", 30), ("a", "u3", 20)], label=label).frame
                       for label in ("waktu", "biaya")])
    out = suppress(EstimateTable(frame=frame, groups=("agency", "unit")), below=10)
    assert hidden(out) == ["u1", "u1", "u3", "u3"]


def test_a_table_without_groups_has_no_total_that_gives_a_row_away():
    frame = by_agency([("x", 9), ("y", 30)]).frame.drop(columns="agency").assign(label=["waktu", "biaya"])
    out = suppress(EstimateTable(frame=frame), below=10)
    assert list(out.frame["note"]) == [SUPPRESSED, ""]


@pytest.mark.parametrize("below", [0, 1])
def test_no_threshold_hides_nothing(below):
    assert hidden(suppress(by_unit([("a", "u1", 1), ("a", "u2", 30)]), below=below)) == []


def test_the_input_is_untouched():
    table = by_unit([("a", "u1", 1), ("a", "u2", 30)])
    suppress(table, below=10)
    assert list(table.frame["n"]) == [1, 30]


def test_an_agency_hidden_as_partner_cannot_be_summed_up_from_its_units():
    agencies = by_agency([("a", 9), ("b", 60), ("c", 300)])
    units = by_unit([("a", "u1", 9), ("b", "u2", 35), ("b", "u3", 25), ("c", "u4", 300)])
    closed, parts = suppress_nested(agencies, units, below=10)
    assert hidden(closed) == ["a", "b"]
    assert hidden(parts) == ["u1", "u3"]
    assert hidden(suppress(units, below=10)) == ["u1"]  # what the plain rule would leave open


def test_masked_units_leave_the_points():
    out = suppress(by_unit([("a", "u1", 9), ("a", "u2", 30), ("a", "u3", 20)]), below=10)
    points = pd.DataFrame({"unit": ["u1", "u2", "u3"], "indicator": [1.0, 2.0, 3.0]})
    assert hidden_units(out) == {"u1", "u3"}
    assert list(mask_units(points, hidden=hidden_units(out))["unit"]) == ["u2"]
    assert len(points) == 3
