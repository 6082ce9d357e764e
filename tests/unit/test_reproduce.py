"""Which rule gives a printed ratio: is the true one found, and is nothing made up?"""

import csv
from collections import defaultdict

import pytest

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.indicator import Realisation
from kinerja_lab.core.options import CapRule, Polarity
from kinerja_lab.drafting.reproduce import reproduce, reproduce_series

UP, DOWN, KEEP = Polarity.MAXIMISE, Polarity.MINIMISE, Polarity.STABILISE


def first(target, realisation, printed, polarity, **more):
    return reproduce(
        Realisation(period="2024", target=target, realisation=realisation, printed=printed), polarity=polarity, **more
    )


@pytest.mark.parametrize(
    ("target", "realisation", "printed", "polarity", "formula", "operands"),
    [
        (80, 88, 88 / 80 * 100, UP, "up", "as_shown"),
        (93, 120, round((2 * 93 - 120) / 93 * 100, 2), DOWN, "down_linear", "as_shown"),
        (93, 120, round(93 / 120 * 100, 2), DOWN, "down_ratio", "as_shown"),
        (5.1, 9.8, round((2 * 5.0612 - 9.8) / 5.0612 * 100, 2), DOWN, "down_linear", "target_rounded"),
        (100, 100, 65.93, UP, "up", "realisation_lost"),
    ],
)
def test_the_rule_is_found(target, realisation, printed, polarity, formula, operands):
    found = first(target, realisation, printed, polarity)[0]
    assert (found.formula, found.operands, found.fits_polarity, found.cap) == (formula, operands, True, CapRule.NONE)


@pytest.mark.parametrize(("limit", "cap"), [(100, CapRule.CAP_100), (120, CapRule.CAP_120), (200, CapRule.CAP_200)])
def test_a_cap_is_found(limit, cap):
    assert first(25, 62, limit, UP)[0].cap is cap  # 62/25 = 248 per cent


def test_the_formula_of_the_other_direction_is_found_and_marked():
    found = first(93, 120, round(120 / 93 * 100, 2), DOWN)[0]
    assert (found.formula, found.fits_polarity) == ("up", False)


def test_a_negative_ratio_printed_as_zero_is_found():
    found = first(10, 25, 0, DOWN)[0]
    assert found.formula == "down_linear" and found.floored and found.value == pytest.approx((20 - 25) / 10 * 100)


def test_what_was_lost_is_computed_back():
    assert first(100, 100, 65.93, UP)[0].assumed == pytest.approx(65.93)
    lost = first(10, 10, 40.0, DOWN)[0]
    assert (2 * 10 - lost.assumed) / 10 * 100 == pytest.approx(40)


def test_a_slipped_row_is_found_with_the_target_it_used():
    entries = [
        Realisation(period="2023", target=80, realisation=84, printed=105.0),
        Realisation(period="2024", target=90, realisation=85, printed=85 / 80 * 100),
    ]
    found = reproduce_series(entries, polarity=UP)["2024"][0]
    assert (found.operands, found.assumed) == ("other_target", 80)


def test_a_whole_target_is_not_bent_to_explain():
    assert all(item.operands != "target_rounded" for item in first(100, 100, 100.36, UP))


def test_an_inexplicable_ratio_has_no_explanation():
    assert first(95, 162.1, 31.15, DOWN) == ()


def test_a_range_is_tried_for_what_must_stay_in_it():
    found = first(70, 92, 100.0, KEEP, stable_range=(60, 95))
    assert found and all(item.formula.startswith("range") for item in found)


def test_no_printed_ratio_and_no_numbers_are_no_answer():
    with pytest.raises(NotApplicable, match="no_printed_ratio"):
        first(80, 88, float("nan"), UP)
    with pytest.raises(NotApplicable, match="achievement_missing"):
        first(float("nan"), 88, 100.0, UP)
    with pytest.raises(KinerjaError, match="bad_decimals"):
        first(80, 88, 110.0, UP, decimals=-1)


def test_a_zero_target_explains_nothing():
    assert first(0, 5, 100.0, UP) == ()


def test_the_real_plan(shared):
    groups = defaultdict(list)
    with (shared / "data/renstra-banyuwangi/capaian_2020_2024.csv").open(encoding="utf-8") as handle:
        for row in csv.DictReader(handle):
            numbers = [
                float(row[name]) if row[name] else float("nan") for name in ("target", "realisasi", "rasio_laporan")
            ]
            groups[row["indikator"], row["polaritas"]].append(
                Realisation(period=row["tahun"], target=numbers[0], realisation=numbers[1], printed=numbers[2])
            )
    operands = defaultdict(int)
    for (_, polarity), entries in groups.items():
        for found in reproduce_series(entries, polarity=UP if polarity == "naik" else DOWN).values():
            operands[found[0].operands if found else "none"] += 1
            assert all(item.fits_polarity for item in found[:1])
    assert dict(operands) == {
        "as_shown": 106,
        "realisation_lost": 11,
        "target_rounded": 2,
        "realisation_rounded": 1,
        "none": 1,
    }
