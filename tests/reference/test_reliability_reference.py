"""Alpha, Feldt limits, item-rest and alpha without an item against psych 2.2.9 (R)."""

import json

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.psychometrics.reliability import alpha, alpha_if_dropped, item_rest


@pytest.fixture(params=["science7", "science4"])
def case(request, shared):
    folder = shared / "refs/validation"
    content = json.loads((folder / f"cases/reliability_{request.param}.json").read_text(encoding="utf-8"))
    frame = pd.read_csv(folder / content["data"])
    values, counts = np.unique(frame.to_numpy(), axis=0, return_counts=True)
    patterns = ResponsePatterns(items=tuple(frame.columns), values=values.astype(np.int16), counts=counts,
                                weights=counts.astype(float), low=1, high=4)
    numbers = next(result["numbers"] for result in content["results"] if "na.omit" in result["call"])
    return patterns, numbers


def test_alpha_with_both_ends_and_n(case):
    patterns, numbers = case
    found = alpha(patterns, level=0.95)
    assert found.value == pytest.approx(numbers["raw_alpha"], abs=1e-10)
    assert found.low == pytest.approx(numbers["feldt_ci_lower"], abs=1e-10)
    assert found.high == pytest.approx(numbers["feldt_ci_upper"], abs=1e-10)
    assert found.n == numbers["n"]


def test_item_rest(case):
    patterns, numbers = case
    table = item_rest(patterns, level=0.95)
    for item, value in numbers["item_rest_r_drop"].items():
        assert table.row(item).value == pytest.approx(value, abs=1e-10)
        assert table.row(item).n == numbers["n"]


def test_alpha_if_dropped(case):
    patterns, numbers = case
    table = alpha_if_dropped(patterns, level=0.95)
    for item, value in numbers["alpha_if_dropped"].items():
        assert table.row(item).value == pytest.approx(value, abs=1e-10)
