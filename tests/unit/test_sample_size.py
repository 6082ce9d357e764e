"""Sample sizes: each rule by hand, and what they refuse."""

from math import inf, isnan

import pytest

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.estimation.allocation import allocation
from kinerja_lab.estimation.sample_size import (
    cochran,
    detectable_difference,
    krejcie_morgan,
    margin_of_mean,
    sample_size_difference,
    sample_size_mean,
    slovin,
)


def test_the_three_rules_differ_and_carry_their_names():
    found = [krejcie_morgan(1000), slovin(1000, margin=0.05), cochran(1000, margin=0.05, level=0.95)]
    assert [item.rule for item in found] == ["krejcie_morgan", "slovin", "cochran"]
    assert [item.answers for item in found] == [278, 286, 278]
    assert isnan(found[1].level)


def test_kupang_needed_384_where_270_were_asked():
    assert krejcie_morgan(444_661).answers == krejcie_morgan(404_120).answers == 384
    assert krejcie_morgan(900).answers == 269


def test_an_index_needs_far_fewer_or_far_more_than_the_table():
    """Spread 0.4 on the scale 1-4, so 10 points of the index: the example of the domain notes."""
    assert margin_of_mean(10.0, n=270, level=0.95) == pytest.approx(1.19, abs=0.005)
    assert margin_of_mean(10.0, n=150, level=0.95) == pytest.approx(1.60, abs=0.005)
    assert sample_size_difference(10.0, difference=0.1, level=0.95, power=0.8).answers == 156_978


def test_design_effect_nonresponse_and_population():
    plain = sample_size_mean(10.0, margin=1.0, level=0.95)
    assert plain.answers == 385
    assert sample_size_mean(10.0, margin=1.0, level=0.95, deff=2.0).answers == 769
    assert sample_size_mean(10.0, margin=1.0, level=0.95, response=0.5).asked == 770
    assert sample_size_mean(10.0, margin=1.0, level=0.95, population=385).answers == 193
    assert sample_size_mean(10.0, margin=0.001, level=0.95, population=385).answers == 385


def test_size_and_difference_are_inverse():
    n = sample_size_difference(13.0, difference=1.7, level=0.9, power=0.75, deff=1.4, correlation=0.3).answers
    back = detectable_difference(13.0, n_first=n, n_second=n, level=0.9, power=0.75, deff=1.4, correlation=0.3)
    assert back <= 1.7 < back * (1 + 1 / n)


@pytest.mark.parametrize("wrong", [
    lambda: krejcie_morgan(0), lambda: krejcie_morgan(100, margin=0), lambda: krejcie_morgan(100, share=1),
    lambda: slovin(inf, margin=0.05), lambda: slovin(100, margin=5), lambda: cochran(inf, margin=0.05, level=1.0),
    lambda: sample_size_mean(0, margin=1, level=0.95), lambda: sample_size_mean(1, margin=-1, level=0.95),
    lambda: sample_size_mean(1, margin=1, level=0.95, response=0),
    lambda: sample_size_mean(1, margin=1, level=0.95, deff=0),
    lambda: sample_size_difference(1, difference=0, level=0.95, power=0.8),
    lambda: sample_size_difference(1, difference=1, level=0.95, power=1),
    lambda: sample_size_difference(1, difference=1, level=0.95, power=0.8, correlation=1),
    lambda: margin_of_mean(1, n=10, level=0.95, population=5),
    lambda: sample_size_mean(float("nan"), margin=1, level=0.95),
])
def test_impossible_questions_are_refused(wrong):
    with pytest.raises(KinerjaError):
        wrong()


def test_allocation_by_size_by_spread_and_with_a_least():
    sizes = {"a": 800.0, "b": 150.0, "c": 50.0}
    assert allocation(sizes, total=100)["n"].tolist() == [80, 15, 5]
    assert allocation(sizes, total=100, least=20)["n"].tolist() == [60, 20, 20]
    assert allocation({"a": 500.0, "b": 500.0}, total=100, spreads={"a": 3.0, "b": 1.0})["n"].tolist() == [75, 25]
    assert allocation({"a": 5.0, "b": 100.0}, total=60, least=10)["n"].tolist() == [5, 55]


def test_allocation_refuses_what_does_not_fit():
    with pytest.raises(NotApplicable):
        allocation({"a": 50.0, "b": 50.0}, total=10, least=10)
    with pytest.raises(NotApplicable):
        allocation({"a": 5.0}, total=10)
    with pytest.raises(KinerjaError):
        allocation({}, total=10)
