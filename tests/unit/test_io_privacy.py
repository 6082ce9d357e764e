"""Personal numbers are found in text and in numbers, with the row and without the value."""

import pandas as pd
import pytest

from kinerja_lab.core.errors import InputFaults
from kinerja_lab.io.personal import mask, personal_data_faults
from kinerja_lab.io.privacy import check_study
from kinerja_lab.io.study import load_study

NIK = "5271034107900001"
NIP = "198001012005011001"


def found(frame):
    return [(fault.message.code.removeprefix("fault.personal_"), fault.column, fault.line)
            for fault in personal_data_faults(frame, file="data.csv")]


@pytest.mark.parametrize(("cell", "kind"), [
    (NIK, "nik"), (f"NIK saya {NIK}.", "nik"), ("5271 0341 0790 0001", "nik"), ("5271.0341.0790.0001", "nik"),
    (NIP, "nip"), ("NIP. 19800101 200501 1 001", "nip"),
    ("0812-3456-7890", "phone"), ("+62 812 3456 7890", "phone"), ("hubungi 081234567890 ya", "phone"),
    ("+62 370 631234", "phone"), ("(0812) 3456 7890", "phone"),
    ("(0380) 123456", "phone"), ("0380-823456", "phone"), ("0380 823 456", "phone"), ("hubungi 0370631234", "phone"),
    ("021-55512345", "phone"), ("Telp. (021) 555 1234 / fax", "phone"), ("kantor 0536 - 3221234.", "phone"),
    ("budi.s@contoh.go.id", "email"),
])
def test_personal_data_in_text(cell, kind):
    assert found(pd.DataFrame({"catatan": ["baik", cell, None]})) == [(kind, "catatan", 3)]


@pytest.mark.parametrize("cell", [
    "5371-PKM-03", "nomor antrean 12", "2024-05-01 10:30", "1234567890123456", "9999999999999999", "Rp 8.123.456.789",
    "199913322005011001", "a@b", "18.634 responden, 26.559 baris", "0812", "3.14159265358979",
    "0380123456", "jam 0730-1530", "0274-2024-0501", "02-05-2024 sampai 03-06-2024", "0271/12345/2024", "0,380 234567",
    "kode 0380-12345678901", "0101 234567", "1.0380 823456", "0.0380 823456", "0380-823456-01", "hotel 0380823456",
    "0380823456, 0380823457",
])
def test_what_only_looks_like_it_is_let_through(cell):
    assert found(pd.DataFrame({"catatan": [cell]})) == []


def test_a_nik_stored_as_a_number_is_found():
    whole = pd.DataFrame({"id": [1, int(NIK), 3]})
    real = pd.DataFrame({"id": [1.0, float(NIK), float("nan")]})
    assert found(whole) == [("nik", "id", 3)]
    assert found(real) == [("nik", "id", 3)]


def test_telephone_numbers_that_lost_their_zero_fill_a_column():
    phones = [81234567890, 82123456789, 85712345678]
    assert found(pd.DataFrame({"hp": phones})) == [("phone", "hp", row) for row in (2, 3, 4)]
    assert found(pd.DataFrame({"anggaran": [*phones, *range(100)]})) == []


def test_landlines_without_any_mark_count_where_the_column_is_called_so():
    lines = ["0380823456", "021 5551234", None]
    assert found(pd.DataFrame({"no_telp": lines})) == [("phone", "no_telp", 2), ("phone", "no_telp", 3)]
    assert found(pd.DataFrame({"kode": ["0380823456", "0380823457"], "hotel": ["0380823456", "0380823457"]})) == []
    assert found(pd.DataFrame({"telepon": ["12", "1250", "0"], "kontak_per_hari": [1, 250, 0]})) == []


def test_the_value_is_masked():
    (fault,) = personal_data_faults(pd.DataFrame({"x": [f"ini {NIK} punya saya"]}), file="a.csv")
    assert fault.value == NIK[:4] + "*" * 10 + NIK[-2:]
    assert NIK not in str(fault)
    assert mask("081234567890") == "0812******90"
    assert mask("short") == "*****"


def test_every_row_of_a_repeated_value_is_named_up_to_the_cap():
    faults = personal_data_faults(pd.DataFrame({"x": [NIK] * 120}), file="a.csv")
    assert [fault.line for fault in faults[:50]] == list(range(2, 52))
    assert faults[50].message.params["n"] == 120 - 50


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("value", [NIK, int(NIK)], ids=["text", "int64"])
def test_a_planted_nik_stops_the_study_even_in_a_column_it_does_not_use(mini_study, kind, value):
    def plant(frame):
        frame["tambahan"] = pd.Series([None] * len(frame), dtype="Int64" if isinstance(value, int) else "object")
        frame.loc[4, "tambahan"] = value

    folder = mini_study(kind=kind, change=plant)
    with pytest.raises(InputFaults) as caught:
        check_study(load_study(folder))
    (fault,) = caught.value.faults
    assert (fault.message.code, fault.line, fault.column) == ("fault.personal_nik", 4 + 2, "tambahan")
    assert fault.value == "5271**********01"


def test_a_clean_study_passes(mini_study):
    check_study(load_study(mini_study(kind="csv")))
