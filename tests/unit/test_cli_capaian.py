"""``kinerja capaian``, ``cascade`` and ``skp`` say what they computed and refuse with a cure."""

import re

import pytest

from kinerja_lab.cli.columns import WIDEST, columns

TREE = """
nodes:
  - {code: T1, level: tujuan, name: Meningkatnya derajat kesehatan, agency: Bupati,
     indicators: [{code: uhh, name: Umur harapan hidup, level: impact}]}
  - {code: S1, level: sasaran, name: Turunnya kematian ibu, agency: Dinkes, parents: [T1],
     indicators: [{code: rapat, name: Jumlah rapat, level: output}]}
  - {code: K9, level: kegiatan, name: Kegiatan tanpa induk, agency: Dinkes}
"""


def pair(target, realisation, *more):
    return ("capaian", "--target", target, "--realisation", realisation, *more)


def test_one_target_with_its_formula_and_category(kinerja):
    code, out, _ = kinerja(*pair("93", "160,1", "--polarity", "turun"))
    assert code == 0
    assert "27,85%" in out and "Sangat Rendah" in out and "--rival" in out
    english = kinerja(*pair("93", "160.1", "--polarity", "minimise", "--lang", "en"))[1]
    assert "27.85%" in english and "Very low" in english


def test_rivals_side_by_side_and_whether_the_category_changes(kinerja):
    out = kinerja(*pair("93", "160,1", "--polarity", "turun", "--rival"))[1]
    rows = {line.split("  ")[0]: line for line in out.splitlines()}
    assert re.search(r"27,85%\s+Sangat Rendah", rows["(2 × target − realisasi) dibagi target"])
    assert re.search(r"58,09%\s+Rendah", rows["target dibagi realisasi"])
    assert "permendagri-86-2017" in out and out.count("BERUBAH") == 2, "the traffic light is red both ways"
    same = kinerja(*pair("100", "95", "--rival"))[1]
    assert "BERUBAH" not in same


def test_caps_are_rivals_too(kinerja):
    out = kinerja(*pair("25", "62", "--rival"))[1]
    assert [part for part in ("248,00%", "100,00%", "120,00%", "200,00%") if part not in out] == []
    assert "dibatasi 120%" in out
    assert "120,00%" in kinerja(*pair("25", "62", "--cap", "cap_120"))[1]


def test_a_range_and_a_zero_target(kinerja):
    assert "94,12%" in kinerja("capaian", "--realisation", "90", "--polarity", "rentang", "--range", "60-85")[1]
    code, out, _ = kinerja(*pair("0", "3"))
    assert code == 0 and "%" not in out.splitlines()[1], "no percentage, with a reason"
    assert "100%" in kinerja(*pair("0", "3", "--zero", "hundred_if_met"))[1]
    assert "aturan saja" in kinerja(*pair("0", "3", "--rival"))[1]


def test_a_target_that_is_a_range_is_compared_with_its_nearer_end(kinerja):
    over = kinerja(*pair("80-90", "92", "--rival"))[1]
    assert "102,22%" in over and "115" not in over
    assert "87,50%" in kinerja(*pair("80-90", "70"))[1] and "100,00%" in kinerja(*pair("80-90", "85"))[1]
    assert "107,14%" in kinerja(*pair("7-8", "6,5", "--polarity", "turun"))[1]
    assert "94,12%" in kinerja(*pair("60-85", "90", "--polarity", "rentang"))[1]
    assert "target periode lain (80,00)" in kinerja(*pair("80-90", "92", "--reproduce", "115"))[1]
    for words in (pair("80", "70-75"), pair("10-20;20", "8;25", "--annual", "80")):
        code, _, err = kinerja(*words)
        assert code == 2 and "berupa rentang" in err


def test_quarters_both_ways(kinerja):
    out = kinerja(*pair("10;30;20", "12;18", "--annual", "60"))[1]
    lines = [line.split() for line in out.splitlines()]
    assert lines[1] == ["TW1", "10", "12", "120,00%", "20,00%"]
    assert lines[2] == ["TW2", "30", "18", "75,00%", "30,00%"]
    assert lines[3] == ["TW3", "20", "–", "–", "30,00%"] and "TW3 kosong" in out
    assert "--annual" in kinerja(*pair("10;30", "12;18"))[1]


@pytest.mark.parametrize(("words", "parts"), [
    (pair("95", "94", "--reproduce", "98,95"), ("1. realisasi dibagi target; dari angka seperti",)),
    (pair("5,1", "9,8", "--polarity", "turun", "--reproduce", "6,37"), ("1. (2 × target", "target yang tertulis")),
    (pair("100", "100", "--reproduce", "65,93"), ("realisasi kira-kira 65,93",)),
    (pair("95", "162,1", "--polarity", "turun", "--reproduce", "31,15"), ("Tidak ada rumus",)),
])
def test_which_rule_gives_a_printed_ratio(kinerja, words, parts):
    code, out, _ = kinerja(*words)
    assert code == 0
    assert [part for part in parts if part not in out] == []


def test_a_study_with_rivals_and_printed_ratios(kinerja, shared):
    out = kinerja("capaian", "renstra-banyuwangi", "--rival", "--indicator", "Angka Kematian Ibu")[1]
    assert re.search(r"2024 +93 +160,1 +27,85% +Sangat Rendah +58,09% +Rendah ≠", out)
    assert "3 dari 3 target" in out
    out = kinerja("capaian", "renstra-banyuwangi", "--printed")[1]
    assert "Dari 121 rasio tercetak: 106 " in out and ", 14 hanya" in out and ", 1 tidak" in out
    one = kinerja("capaian", "renstra-banyuwangi", "--period", "2024", "--indicator", "dishub_v_c_ratio_jalan_kab_kota")
    assert "0,372" in one[1] and "0,325" in one[1], "a ratio keeps its decimals"


@pytest.mark.parametrize(("words", "parts"), [
    (("capaian",), ("--target",)), (("capaian", "layanan-publik", "--realisation", "3"), ("jangan keduanya",)),
    (pair("1.234", "3"), ("1.234", "ribuan")), (pair("3", "3", "--polarity", "naek"), ("naek", "naik")),
    (pair("3", "3", "--cap", "110"), ("110", "cap_120")), (("capaian", "--realisation", "3", "--polarity", "rentang"),
                                                           ("rentang",)),
    (("capaian", "tidak-ada"), ("tidak-ada",)),
])
def test_a_wrong_question_is_refused_with_a_cure(kinerja, words, parts):
    code, out, err = kinerja(*words)
    assert (code, out) == (2, "")
    assert [part for part in parts if part not in err] == []
    assert "Traceback" not in err


def test_a_cascade_with_its_findings_and_a_picture(kinerja, tmp_path):
    file, picture = tmp_path / "pohon.yml", tmp_path / "pohon.svg"
    file.write_text(TREE, encoding="utf-8")
    code, out, _ = kinerja("cascade", file, "--out", picture)
    assert code == 0
    assert "T1  Tujuan" in out and "\n  S1  Sasaran" in out and "- Jumlah rapat: keluaran" in out
    assert "Yang perlu ditanyakan: 2" in out and "(K9) tidak berada di bawah" in out
    drawn = picture.read_text(encoding="utf-8")
    assert drawn.lstrip().startswith("<?xml") and "Turunnya kematian ibu</text>" in drawn, "letters, not outlines"
    kinerja("cascade", file, "--out", picture)
    assert picture.read_text(encoding="utf-8") == drawn
    assert "To be asked about: 2" in kinerja("cascade", file, "--lang", "en")[1]


def test_the_shipped_examples_are_read_as_they_stand(kinerja, root):
    examples = root / "data/library/contoh"
    code, out, _ = kinerja("cascade", examples / "pohon-kinerja.yml")
    assert code == 0 and "Yang perlu ditanyakan: 4" in out
    assert [code for code in ("(K3)", "(S2)", "P2, K2") if code not in out] == []
    code, out, _ = kinerja("skp", examples / "penilaian-pegawai.csv", "--organisation", "baik",
                           "--what-if", "di atas/di atas > sesuai/sesuai: 2")
    assert code == 0 and "101,8% menjadi 100,0%" in out and out.count("Menyimpang dari panduan pada 1 hal") == 2


def test_a_cascade_that_goes_round_or_a_picture_of_no_kind_is_refused(kinerja, tmp_path):
    file = tmp_path / "pohon.yml"
    file.write_text(TREE.replace("level: tujuan,", "level: tujuan, parents: [S1],"), encoding="utf-8")
    code, _, err = kinerja("cascade", file)
    assert code == 2 and "T1" in err
    file.write_text(TREE, encoding="utf-8")
    code, _, err = kinerja("cascade", file, "--out", tmp_path / "pohon.bmp")
    assert code == 2 and ".svg" in err and not (tmp_path / "pohon.bmp").exists()


def ratings(tmp_path, *groups, head="unit kerja,hasil kerja,perilaku"):
    rows = [",".join(row) for n, *row in groups for _ in range(n)]
    path = tmp_path / "penilaian.csv"
    path.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return path


def test_the_spread_of_predicates_without_a_name(kinerja, tmp_path):
    path = ratings(tmp_path, (12, "Puskesmas A", "diatas ekspektasi", "di atas"),
                   (8, "Puskesmas A", "sesuai", "sesuai"), (30, "Puskesmas B", "sesuai", "sesuai"),
                   (4, "UPT C", "di bawah", "di bawah"))
    code, out, _ = kinerja("skp", path, "--organisation", "baik")
    assert code == 0
    lines = {line.split("  ")[0]: line for line in out.splitlines()}
    assert "disembunyikan" in lines["UPT C"]
    assert "disembunyikan" in lines["Puskesmas A"], "the next smallest is hidden too"
    assert "30" in lines["Puskesmas B"] and "100,0%" in lines["Puskesmas B"]
    assert "22,2%" in lines["semua unit"], "12 of 54"
    assert "tidak menilai siapa pun" in out


def test_what_another_spread_would_change(kinerja, tmp_path):
    path = ratings(tmp_path, (10, "A", "di atas", "di atas"), (10, "A", "sesuai", "sesuai"))
    out = kinerja("skp", path, "--what-if", "di atas/di atas > sesuai/sesuai: 4")[1]
    before, after = (10 * 150 + 10 * 100) / 20, (6 * 150 + 14 * 100) / 20
    assert f"{before:.1f}".replace(".", ",") in out and f"{after:.1f}".replace(".", ",") in out
    assert re.search(r"Sangat Baik +10 +6 +150%", out)


@pytest.mark.parametrize(("head", "options", "part"), [
    ("nama,hasil kerja,perilaku", (), "siapa orangnya"), ("unit,hasil,perilaku", ("--what-if", "naik 3"), "naik 3"),
    ("unit,hasil,perilaku", ("--what-if", "sesuai/sesuai > di atas/sesuai: 99"), "10"),
    ("unit,hasil,perilaku", ("--organisation", "hebat"), "hebat"), ("unit,hasil,perilaku", ("--below", "1"), "below"),
])
def test_a_table_with_names_or_an_impossible_move_is_refused(kinerja, tmp_path, head, options, part):
    path = ratings(tmp_path, (10, "A", "sesuai", "sesuai"), head=head)
    code, _, err = kinerja("skp", path, *options)
    assert code == 2 and part in err and "Traceback" not in err


def test_indicator_commands_are_reached_and_loaded_only_then(kinerja, root):
    code, out, _ = kinerja("indicator", "check", root / "data/library/indicators/rsud")
    assert code == 0 and "tidak ada kesalahan" in out
    assert "revise" in kinerja("indicator")[1] and "revise" in kinerja("indicator", "--help")[1]
    assert kinerja("indicator", "nope")[0] == 2


def test_columns_cut_only_what_may_be_cut():
    long = "x" * (WIDEST + 9)
    assert columns(["a", "b"], [[long, long]], cut=[0])[1] == f"{'x' * (WIDEST - 1)}…  {long}"
