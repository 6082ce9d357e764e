"""Is a word traced back to the root it was built from, and to no other?"""

import pytest

from kinerja_lab.drafting.morphology import analyses, is_built_from


@pytest.mark.parametrize(
    ("word", "root"),
    [
        ("meningkatnya", "tingkat"),
        ("peningkatan", "tingkat"),
        ("ditingkatkan", "tingkat"),
        ("meningkatkan", "tingkat"),
        ("penurunan", "turun"),
        ("menurun", "turun"),
        ("mengurangi", "kurang"),
        ("pengurangan", "kurang"),
        ("berkurangnya", "kurang"),
        ("penambahan", "tambah"),
        ("membaik", "baik"),
        ("perbaikan", "baik"),
        ("mempercepat", "cepat"),
        ("percepatan", "cepat"),
        ("terlaksananya", "laksana"),
        ("pelaksanaan", "laksana"),
        ("menyusun", "susun"),
        ("penyusunan", "susun"),
        ("tersusunnya", "susun"),
        ("pemenuhan", "penuh"),
        ("terpenuhinya", "penuh"),
        ("penyediaan", "sedia"),
        ("mengecat", "cat"),
        ("belajar", "ajar"),
        ("kehadiran", "hadir"),
        ("memproses", "proses"),
        ("pengelolaan", "kelola"),
        ("pelatihan-pelatihan", "latih"),
        ("Meningkatnya", "tingkat"),
    ],
)
def test_affixes_are_taken_off(word, root):
    assert is_built_from(word, root)


@pytest.mark.parametrize(
    ("word", "root"),
    [
        ("tingkat", "tingkat"),
        ("peringkat", "tingkat"),
        ("kekurangan", "turun"),
        ("menteri", "turun"),
        ("hadiah", "hadir"),
        ("tingkatnya", "tingkat"),
    ],
)
def test_bare_roots_and_neighbours_are_no_derivations(word, root):
    assert not is_built_from(word, root)


def test_a_prefix_and_a_suffix_can_be_asked_for():
    assert is_built_from("perbaikan", "baik", prefix="per", suffix="an")
    assert not is_built_from("membaik", "baik", prefix="per")
    assert not is_built_from("perbaikan", "baik", suffix="kan")
    assert is_built_from("memperluas", "luas", prefix="me")


def test_the_bare_root_counts_when_asked():
    assert is_built_from("tingkat", "tingkat", derived=False)


def test_every_word_is_an_analysis_of_itself_and_short_words_do_no_harm():
    for word in ("di", "a", "", "meng", "peny", "nya"):
        assert any(item.root == word for item in analyses(word)), word
