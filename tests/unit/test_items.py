"""Shares of missing answers, of answers at the top, and of straight lines."""

import numpy as np
import pytest

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.patterns import MISSING, ResponsePatterns
from kinerja_lab.numeric.intervals import wilson
from kinerja_lab.psychometrics.items import ceiling_share, missing_share, straightlining


def patterns(values, counts):
    values = np.asarray(values, dtype=np.int16)
    return ResponsePatterns(items=tuple(f"q{item}" for item in range(values.shape[1])), values=values,
                            counts=np.asarray(counts, dtype=np.int64), weights=np.asarray(counts, dtype=float), low=1,
                            high=4)


SHEETS = patterns([[4, 4, 4], [3, 4, 3], [2, 4, MISSING], [1, 4, 2]], [10, 5, 3, 2])


def test_missing_share_counts_sheets():
    found = missing_share(SHEETS, level=0.9).row("q2")
    assert (found.value, found.n) == (3 / 20, 20)
    assert (found.low, found.high) == tuple(map(float, wilson(3, 20, level=0.9)))


def test_ceiling_share_is_among_those_who_answered():
    found = ceiling_share(SHEETS, level=0.95)
    assert (found.row("q0").value, found.row("q2").value) == (10 / 20, 10 / 17)
    assert found.row("q2").n == 17
    assert (found.row("q1").value, found.row("q1").high) == (1, 1)


def test_straight_lines_leave_constant_items_out():
    found = straightlining(SHEETS, level=0.95)
    assert found.n == 17, "sheets complete on q0 and q2"
    assert found.value == (10 + 5) / 17, "the sheet 3 4 3 is a straight line but for the free item"


def test_nobody_answered():
    empty = patterns([[MISSING, 1], [MISSING, 2]], [2, 2])
    assert missing_share(empty, level=0.95).row("q0").value == 1
    assert ceiling_share(empty, level=0.95).row("q0").note == "no_answers"
    with pytest.raises(NotApplicable, match="too_few_items"):
        straightlining(empty, level=0.95)


def test_no_sheets_at_all():
    none = patterns(np.zeros((0, 2)), [])
    assert set(missing_share(none, level=0.95).frame["note"]) == {"no_answers"}
    with pytest.raises(NotApplicable, match="too_few_items"):
        straightlining(none, level=0.95)


def test_no_sheet_complete_on_the_varying_items():
    with pytest.raises(NotApplicable, match="too_few_sheets"):
        straightlining(patterns([[1, MISSING], [2, MISSING], [MISSING, 1], [MISSING, 2]], [1, 1, 1, 1]), level=0.95)
