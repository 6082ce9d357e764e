"""Are contradictions between printed numbers found, and honest numbers left alone?"""

import pytest

from kinerja_lab.core.errors import InputFaults, KinerjaError, NotApplicable
from kinerja_lab.core.indicator import Indicator, Realisation
from kinerja_lab.core.options import IndicatorLevel, Polarity
from kinerja_lab.core.ruleset import Band, Ruleset
from kinerja_lab.drafting.scales import category, rival_categories, scales_that_disagree
from kinerja_lab.drafting.targets import (
    Quantity,
    Statement,
    conflicts,
    constant_value,
    equal_ended_ranges,
    overwritten,
    same_measure,
    statements_of,
    suspicious_zeros,
    value_of,
)
from kinerja_lab.io.rulesets import load_ruleset
from kinerja_lab.io.statements import read_statements

NAN = float("nan")


def series(*values, target=80.0, printed=NAN):
    return tuple(
        Realisation(period=str(2020 + place), target=target, realisation=value, printed=printed)
        for place, value in enumerate(values)
    )


def statement(text, *, place="Tabel 1", quantity="target", period="2025", indicator="ikm", agency=""):
    return Statement(
        indicator=indicator, agency=agency, quantity=Quantity(quantity), period=period, text=text, place=place
    )


def indicator(name, unit, **more):
    return Indicator(
        code="kode",
        name=name,
        question="q",
        why="w",
        numerator="n",
        unit=unit,
        polarity=Polarity.MAXIMISE,
        level=IndicatorLevel.OUTCOME,
        source="s",
        owner="A",
        checker="B",
        **more,
    )


@pytest.mark.parametrize(
    ("text", "low", "high", "ranged"),
    [
        ("93,8", 93.8, 93.8, False),
        ("93.8", 93.8, 93.8, False),
        ("1.234,5", 1234.5, 1234.5, False),
        ("1,234.5", 1234.5, 1234.5, False),
        ("1.234.567", 1234567, 1234567, False),
        ("80-90 %", 80, 90, True),
        ("93.8-93.8", 93.8, 93.8, True),
        ("0.818:0.818", 0.818, 0.818, True),
        ("7 s.d. 8 bulan", 7, 8, True),
        ("≥ 80", 80, 80, False),
        ("100%", 100, 100, False),
        ("0.818", 0.818, 0.818, False),
        ("-2,5", -2.5, -2.5, False),
        ("80 sampai dengan 90", 80, 90, True),
    ],
)
def test_numbers_and_ranges_are_read_as_printed(text, low, high, ranged):
    value = value_of(text)
    assert (value.low, value.high, value.ranged) == (low, high, ranged)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "stated_number"),
        ("baik", "stated_number"),
        ("1 2 3", "stated_number"),
        ("1.234", "stated_number_ambiguous"),
    ],
)
def test_what_cannot_be_read_surely_is_refused(text, code):
    with pytest.raises(KinerjaError, match=f"{code}\\("):
        value_of(text)


def test_three_values_for_one_target_are_one_conflict():
    found = conflicts(
        [statement("96,5", place="Tabel 3.2"), statement("96", place="Tabel 4.5"), statement("91", place="Gambar 2")]
    )
    assert [(item.quantity, item.period, len(item.statements)) for item in found] == [(Quantity.TARGET, "2025", 3)]


def test_other_periods_agencies_quantities_and_spellings_do_not_contradict():
    assert (
        conflicts(
            [
                statement("90"),
                statement("93,8", period="2026"),
                statement("81", quantity="baseline"),
                statement("70", agency="B"),
                statement("90,0", place="Tabel 9"),
            ]
        )
        == ()
    )


def test_statements_are_found_by_code_or_name():
    subject = indicator("Indeks Kepuasan", "indeks")
    mine = [statement("1", indicator=subject.code), statement("2", indicator="indeks kepuasan ")]
    assert statements_of([*mine, statement("3", indicator="lain")], indicator=subject) == tuple(mine)


def test_equal_ended_ranges_of_two_agencies():
    found = equal_ended_ranges(
        [statement("93.8-93.8"), statement("0.818:0.818"), statement("80-90"), statement("93.8")]
    )
    assert [item.text for item in found] == ["93.8-93.8", "0.818:0.818"]


def test_an_overwritten_realisation_is_told_from_a_met_target():
    entries = (
        Realisation(period="2022", target=100, realisation=100, printed=65.93),
        Realisation(period="2023", target=100, realisation=100, printed=100.0),
        Realisation(period="2024", target=100, realisation=66, printed=65.93),
        Realisation(period="2025", target=100, realisation=100),
    )
    assert [entry.period for entry in overwritten(entries)] == ["2022"]


def test_the_real_plan_has_eleven_overwritten_rows_in_2024(shared):
    import csv

    with (shared / "data/renstra-banyuwangi/capaian_2020_2024.csv").open(encoding="utf-8") as handle:
        rows = [
            Realisation(
                period=row["tahun"],
                target=float(row["target"]),
                realisation=float(row["realisasi"]),
                printed=float(row["rasio_laporan"]),
            )
            for row in csv.DictReader(handle)
            if row["realisasi"] and row["rasio_laporan"]
        ]
    assert [entry.period for entry in overwritten(rows)] == ["2024"] * 11


def test_constant_values():
    assert constant_value(series(100, 100, 100), at_least=3) == 100
    assert constant_value(series(100, 100, 99.9), at_least=3) is None
    assert constant_value(series(100, 100, NAN), at_least=3) is None
    assert constant_value((), at_least=0) is None


def test_zeros_among_values_are_doubtful_but_a_way_down_is_not():
    assert [entry.period for entry in suspicious_zeros(series(80, 82, 0, 85), at_least=3)] == ["2022"]
    assert suspicious_zeros(series(8, 4, 1, 0), at_least=3) == ()
    assert suspicious_zeros(series(80, 0, 85), at_least=3) == ()
    assert suspicious_zeros(series(80, 82, 83, 85), at_least=3) == ()


def test_the_satisfaction_index_under_four_units():
    names = [
        ("Indeks Kepuasan Masyarakat", "%"),
        ("Nilai IKM Kecamatan", "Angka"),
        ("IKM", "Indeks"),
        ("Indeks kepuasan pelanggan", "Nilai"),
        ("Angka kematian", "per 1.000"),
    ]
    subjects = [indicator(name, unit) for name, unit in names]
    assert [peer.unit for peer in same_measure(subjects, indicator=subjects[0])] == ["Angka", "Indeks", "Nilai"]
    assert same_measure(subjects, indicator=subjects[4]) == ()


def test_satisfaction_with_another_service_is_the_same_index_but_that_of_staff_is_not():
    health = indicator("Indeks Kepuasan Masyarakat", "indeks 25-100")
    transport = indicator("Indeks Kepuasan Layanan Perhubungan", "indeks 0-100")
    staff = indicator("Indeks Kepuasan Pegawai", "skor")
    assert same_measure([health, transport, staff], indicator=health) == (transport,)


def test_persen_and_the_sign_are_one_unit():
    subjects = [indicator("Akta kelahiran", "%"), indicator("Akta  kelahiran", "persen")]
    assert same_measure(subjects, indicator=subjects[0]) == ()


def test_categories_of_rival_formulas_on_the_shipped_scales():
    scales = [load_ruleset(code) for code in ("permendagri-86-2017", "traffic-light", "akip-like")]
    linear, ratio = (2 * 93 - 160.1) / 93 * 100, 93 / 160.1 * 100
    table = rival_categories({"down_linear": linear, "down_ratio": ratio}, scales=scales)
    bands = {(row.formula, row.scale): row.band for row in table.itertuples()}
    assert bands["down_linear", "permendagri-86-2017"] == "sangat_rendah"
    assert bands["down_ratio", "permendagri-86-2017"] == "rendah"
    assert scales_that_disagree(table) == ("permendagri-86-2017", "akip-like")


def test_caps_make_rows_only_where_they_bite():
    scale = load_ruleset("permendagri-86-2017")
    table = rival_categories({"up": 150.0, "none": NAN}, scales=[scale])
    assert list(table["percent"]) == [150.0, 100.0, 120.0]
    assert scales_that_disagree(table) == ()


def test_no_scale_has_a_hole_and_infinite_or_negative_percentages_have_a_category():
    scale = load_ruleset("permendagri-86-2017")
    assert [category(value, scale=scale).code for value in (90.5, 90.995, -300, float("inf"))] == [
        "tinggi",
        "sangat_tinggi",
        "sangat_rendah",
        "sangat_tinggi",
    ]
    low = Ruleset(code="x", title="x", source="-", confidence="high", bands=(Band(code="a", name="a", lower=0.0),))
    assert category(-5, scale=low).code == "a"
    with pytest.raises(NotApplicable):
        category(NAN, scale=scale)


def test_a_table_of_statements_reports_every_fault(tmp_path):
    file = tmp_path / "angka.csv"
    file.write_text(
        'indicator,agency,quantity,period,text,place\nikm,,target,2025,"93,8",Tabel 1\n,,tujuan,2025,1.234,\n',
        encoding="utf-8",
    )
    with pytest.raises(InputFaults) as caught:
        read_statements(file)
    assert [(fault.line, fault.column) for fault in caught.value.faults] == [
        (3, "indicator"),
        (3, "place"),
        (3, "quantity"),
        (3, "text"),
    ]
    file.write_text("indicator;agency;quantity;period;text;place\nikm;;target;2025;93,8;Tabel 1\n", encoding="utf-8")
    assert read_statements(file)[0].text == "93,8"
