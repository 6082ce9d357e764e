"""Is the predicate the matrix's, the guide only a guide, and nobody recognisable?"""

from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.errors import InputFaults, KinerjaError, NotApplicable
from kinerja_lab.drafting.distribution import (
    ALL_UNITS,
    Move,
    cell_counts,
    guide_deviations,
    predicate_shares,
    what_if,
)
from kinerja_lab.drafting.employees import (
    credit_points,
    matrix_mismatches,
    predicate,
    ratings_from_frame,
    read_predicate,
    read_rating,
)
from kinerja_lab.io.employee_rules import load_distribution_guide, load_predicate_rule, read_ratings
from kinerja_lab.text.catalogue import LANGUAGES, catalogue

RULE = load_predicate_rule("skp-2022")
GUIDE = load_distribution_guide("se-3-2023")
CODES = ("sangat_baik", "baik", "butuh_perbaikan", "kurang", "sangat_kurang")


def table(**columns):
    return pd.DataFrame(columns)


def faults(frame):
    with pytest.raises(InputFaults) as caught:
        ratings_from_frame(frame, rule=RULE, file="nilai.csv")
    for lang in LANGUAGES:
        assert all("{" not in line for line in catalogue(lang).error(caught.value))
    return caught.value.faults


def deviations(organisation, *counts):
    return guide_deviations(
        dict(zip(CODES, counts, strict=True)), organisation=organisation, guide=GUIDE, rule=RULE, suppress_below=5
    )


@pytest.mark.parametrize(
    ("result", "row"),
    [
        ("di atas", ("sangat_baik", "baik", "kurang")),
        ("sesuai", ("baik", "baik", "kurang")),
        ("di bawah", ("butuh_perbaikan", "butuh_perbaikan", "sangat_kurang")),
    ],
)
def test_the_nine_cells(result, row):
    assert tuple(predicate(result, behaviour, rule=RULE) for behaviour in ("di atas", "sesuai", "di bawah")) == row


@pytest.mark.parametrize("text", ["diatas ekspektasi", "Di Atas Ekspektasi", "DI  ATAS", "di-atas", "di_atas"])
def test_spellings_of_a_rating(text):
    assert read_rating(text, rule=RULE) == "di_atas"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Cukup", "butuh_perbaikan"),
        ("Kurang/Misconduct", "kurang"),
        ("Kurang / Misconduct", "kurang"),
        ("SANGAT KURANG", "sangat_kurang"),
        ("sangatbaik", "sangat_baik"),
        ("Kurang", "kurang"),
    ],
)
def test_spellings_of_a_predicate(text, code):
    assert read_predicate(text, rule=RULE) == code


@pytest.mark.parametrize("text", ["", "atas", "ekspektasi", "di atas rata-rata", "Baik"])
def test_a_part_of_a_rating_is_no_rating(text):
    with pytest.raises(KinerjaError, match="unknown_rating"):
        read_rating(text, rule=RULE)


def test_a_word_with_two_meanings_is_asked_about():
    with pytest.raises(KinerjaError, match="ambiguous_predicate"):
        read_predicate("Buruk", rule=RULE)


@pytest.mark.parametrize(
    ("code", "printed"),
    [
        ("sangat_baik", "5.63"),
        ("baik", "3.75"),
        ("butuh_perbaikan", "2.81"),
        ("kurang", "1.88"),
        ("sangat_kurang", "0.94"),
    ],
)
def test_credit_points_of_a_base_of_three_and_three_quarters(code, printed):
    points = credit_points(3.75, predicate=code, rule=RULE)
    assert Decimal(str(points)).quantize(Decimal("0.01"), rounding=ROUND_HALF_UP) == Decimal(printed)
    assert credit_points(12.5, predicate="sangat_baik", rule=RULE) == 18.75
    with pytest.raises(KinerjaError, match="negative_base"):
        credit_points(-1, predicate=code, rule=RULE)


@pytest.mark.parametrize(
    "column", ["Nama", "NIP", "nip_baru", "Nama Pegawai", "email", "NIK", "Jabatan", "employee_id"]
)
def test_a_column_that_names_people_is_refused(column):
    found = faults(table(**{"unit": ["A"], "predikat": ["Baik"], column: ["x"]}))
    assert [(fault.message.code, fault.column) for fault in found] == [("fault.personal_column", column)]


def test_a_number_of_a_person_is_refused_and_not_repeated():
    [fault] = faults(table(unit=["19820425 200902 2 002"], predikat=["Baik"]))
    assert fault.message.code == "fault.personal_value" and fault.line == 2 and "1982" not in str(fault)


def test_other_columns_are_refused_too_and_all_faults_come_at_once():
    found = faults(table(unit=["A"], predikat=["Baik"], catatan=["x"], Nama=["y"]))
    assert [fault.message.code for fault in found] == ["fault.ratings_column", "fault.personal_column"]
    found = faults(table(hasil=["bagus", "sesuai"], perilaku=["sesuai", "???"]))
    assert [(fault.line, fault.column, fault.value) for fault in found] == [
        (2, "hasil", "bagus"),
        (3, "perilaku", "???"),
    ]
    assert [fault.message.code for fault in faults(table(unit=["A"]))] == ["fault.ratings_missing"]


def test_the_file_s_own_predicate_is_compared_with_the_matrix():
    frame = table(
        **{"hasil kerja": ["di atas", "sesuai"], "Perilaku": ["di bawah", "sesuai"], "Predikat": ["Baik", "Baik"]}
    )
    ratings = ratings_from_frame(frame, rule=RULE)
    assert list(ratings.frame["predicate"]) == ["kurang", "baik"] and matrix_mismatches(ratings) == 1


def group(unit, **cells):
    return [(unit, code) for code, n in cells.items() for _ in range(n)]


def shares(*groups, suppress_below=10):
    frame = pd.DataFrame([row for part in groups for row in part], columns=["unit", "predikat"])
    return predicate_shares(ratings_from_frame(frame, rule=RULE), rule=RULE, suppress_below=suppress_below).frame


def test_shares_and_why_there_is_no_interval():
    found = shares(group("A", baik=15, kurang=5))
    mine = found[found["unit"] == "A"].set_index("label")
    assert (
        mine.loc["baik", "value"] == 15 / 20 and mine.loc["kurang", "value"] == 5 / 20 and mine.loc["baik", "n"] == 20
    )
    assert set(found["note"]) == {"census_of_employees"}


def test_a_small_group_is_hidden_and_cannot_be_found_by_subtraction():
    found = shares(group("A", baik=12), group("B", baik=20), group("C", kurang=3))
    hidden = set(found.loc[found["note"] == "group_suppressed", "unit"])
    assert hidden == {"A", "C"}
    assert np.isnan(found.loc[found["unit"].isin(hidden), "value"]).all()
    assert (found.loc[found["unit"].isin(hidden), "n"] == 0).all()


def test_two_small_groups_that_are_small_together_take_a_third_with_them():
    found = shares(group("A", baik=12), group("B", baik=20), group("C", kurang=3), group("D", baik=4))
    assert set(found.loc[found["note"] == "group_suppressed", "unit"]) == {"A", "C", "D"}


def test_a_single_small_group_hides_the_total_too():
    found = shares(group("A", baik=4))
    assert set(found["note"]) == {"group_suppressed"} and ALL_UNITS in set(found["unit"])
    with pytest.raises(KinerjaError, match="suppression_too_low"):
        shares(group("A", baik=4), suppress_below=1)


@pytest.mark.parametrize(
    ("organisation", "counts"),
    [
        ("Istimewa", (12, 5, 3, 0, 0)),
        ("Baik", (3, 13, 4, 0, 0)),
        ("Butuh Perbaikan", (2, 4, 12, 2, 0)),
        ("Cukup", (2, 4, 12, 2, 0)),
        ("Kurang", (2, 4, 2, 12, 0)),
        ("Sangat Kurang", (0, 4, 1, 2, 13)),
    ],
)
def test_a_spread_after_the_guide_has_no_deviation(organisation, counts):
    assert deviations(organisation, *counts) == ()


@pytest.mark.parametrize(
    ("organisation", "counts", "kinds"),
    [
        ("Istimewa", (10, 10, 0, 0, 0), ["more_than"]),  # exactly half is not most
        ("Istimewa", (20, 0, 0, 0, 0), ["at_most"]),
        ("Baik", (6, 14, 0, 0, 0), ["at_least_people"]),
        ("Baik", (0, 20, 0, 0, 0), ["at_most", "at_least_people"]),
        ("Butuh Perbaikan", (3, 6, 11, 0, 0), ["at_least", "at_most"]),
        ("Kurang", (0, 7, 1, 12, 0), ["at_least"]),
        ("Sangat Kurang", (1, 4, 1, 2, 12), ["at_most"]),
    ],
)
def test_deviations_from_the_guide(organisation, counts, kinds):
    found = deviations(organisation, *counts)
    assert [item.rule.kind for item in found] == kinds
    for lang, phrase in (("id", "enyimpang dari panduan"), ("en", "eviates from the guide")):
        for item in found:
            text = catalogue(lang).sentence(item.message)
            assert phrase in text and "{" not in text
            assert not any(word in text.casefold() for word in ("ilegal", "illegal", "melanggar", "dilarang"))


def test_seventy_per_cent_is_marked_as_a_reading():
    assert [item.rule.firm for item in deviations("Istimewa", 20, 0, 0, 0, 0)] == [False]


def test_bounds_are_exact_at_their_ends():
    assert deviations("Butuh Perbaikan", 2, 6, 12, 0, 0) == ()  # 10 and 60 per cent exactly
    assert deviations("Istimewa", 14, 6, 0, 0, 0) == ()  # 70 per cent exactly
    assert deviations("Sangat Kurang", 0, 6, 1, 1, 12) == ()  # 60 and 10 per cent exactly


def test_small_groups_and_unknown_predicates_are_not_judged():
    with pytest.raises(NotApplicable, match="employee_group_small"):
        deviations("Baik", 1, 1, 1, 1, 0)
    with pytest.raises(KinerjaError, match="unknown_organisation_predicate"):
        deviations("Bagus", 5, 5, 5, 5, 5)


def test_what_if_moves_people_and_their_credit():
    cells = {("sesuai", "sesuai"): 18, ("di_atas", "di_atas"): 2}
    move = Move(from_result="sesuai", from_behaviour="sesuai", to_result="di_bawah", to_behaviour="sesuai", people=4)
    found = what_if(cells, [move], rule=RULE, suppress_below=10, guide=GUIDE, organisation="Baik")
    assert dict(found.before) == {"sangat_baik": 2, "baik": 18, "butuh_perbaikan": 0, "kurang": 0, "sangat_kurang": 0}
    assert dict(found.after) == {"sangat_baik": 2, "baik": 14, "butuh_perbaikan": 4, "kurang": 0, "sangat_kurang": 0}
    assert found.credit_before == pytest.approx((2 * 150 + 18 * 100) / 20)
    assert found.credit_after == pytest.approx((2 * 150 + 14 * 100 + 4 * 75) / 20)
    assert [item.rule.kind for item in found.deviations_before] == ["at_most", "at_least_people"]
    assert found.deviations_after == ()
    assert cells == {("sesuai", "sesuai"): 18, ("di_atas", "di_atas"): 2}


def test_behaviour_below_sinks_every_result():
    assert {predicate(result, "di bawah", rule=RULE) for result in ("di atas", "sesuai", "di bawah")} == {
        "kurang",
        "sangat_kurang",
    }


def test_a_move_needs_people_and_known_cells():
    cells = {("sesuai", "sesuai"): 12}
    too_many = Move(
        from_result="sesuai", from_behaviour="sesuai", to_result="di_atas", to_behaviour="sesuai", people=13
    )
    with pytest.raises(KinerjaError, match="move_too_many"):
        what_if(cells, [too_many], rule=RULE, suppress_below=10)
    unknown = Move(from_result="sesuai", from_behaviour="sesuai", to_result="hebat", to_behaviour="sesuai", people=1)
    with pytest.raises(KinerjaError, match="move_unknown"):
        what_if(cells, [unknown], rule=RULE, suppress_below=10)
    with pytest.raises(NotApplicable, match="employee_group_small"):
        what_if({("sesuai", "sesuai"): 3}, rule=RULE, suppress_below=10)


def test_cells_are_counted_and_a_table_of_predicates_has_none():
    ratings = ratings_from_frame(table(hasil=["sesuai", "sesuai"], perilaku=["di atas", "di atas"]), rule=RULE)
    assert cell_counts(ratings) == {("sesuai", "di_atas"): 2}
    with pytest.raises(NotApplicable, match="ratings_without_pair"):
        cell_counts(ratings_from_frame(table(predikat=["Baik"]), rule=RULE))


def test_a_csv_is_read_with_either_separator(tmp_path):
    file = tmp_path / "nilai.csv"
    file.write_text("unit kerja;hasil kerja;perilaku\nA;Diatas Ekspektasi;Sesuai Ekspektasi\n", encoding="utf-8")
    assert list(read_ratings(file, rule=RULE).frame["predicate"]) == ["baik"]
    with pytest.raises(InputFaults):
        read_ratings(tmp_path / "tiada.csv", rule=RULE)


def test_no_rating_of_a_person_is_printed_with_a_name():
    ratings = ratings_from_frame(table(unit=["A"], predikat=["Baik"]), rule=RULE)
    assert list(ratings.frame.columns) == ["unit", "result", "behaviour", "predicate", "stated"]


def test_unknown_rules_are_named():
    with pytest.raises(KinerjaError, match="unknown_employee_rule"):
        load_predicate_rule("skp-2030")
