"""``kinerja indicator`` says what it did, in the reader's language, and refuses with a reason."""

import pytest

from kinerja_lab.cli.indicator import indicator_app
from kinerja_lab.core.errors import InputFaults, KinerjaError
from kinerja_lab.text.catalogue import catalogue


@pytest.fixture
def run(capsys):
    def call(*argv) -> str:
        indicator_app([str(word) for word in argv], standalone_mode=False)
        return capsys.readouterr().out

    return call


@pytest.fixture
def library(root):
    return root / "data/library/indicators"


def test_the_path_of_an_indicator_from_library_to_retirement(run, library, tmp_path):
    file = tmp_path / "bor.yml"
    file.write_bytes((library / "rsud/bor.yml").read_bytes())
    assert "1 indikator" in run("check", file)
    out = run("revise", file, "--set", "stable_range=[60, 80]",
              "--set", "formula=100 * hari_perawatan / sum(tempat_tidur*hari)",
              "--by", "Direktur RSUD", "--reason", "rentang disesuaikan", "--on", "2026-01-02")
    assert "Rentang Baik" in out and catalogue("id").text("series_effect.breaks") in out
    assert "lama: 60 sampai 85" in run("diff", library / "rsud/bor.yml", file)
    assert "2026-01-02  Direktur RSUD: rentang disesuaikan" in run("history", file)
    act = ("--by", "Direktur RSUD", "--reason", "diganti indikator baru")
    assert "retired" in run("retire", file, *act, "--lang", "en")
    with pytest.raises(KinerjaError, match="revision_retired"):
        run("retire", file, *act)


def test_out_to_a_kamus_and_back(run, library, tmp_path):
    assert "17" in run("export", library / "rsud", tmp_path / "kamus.xlsx")
    assert "17" in run("import", tmp_path / "kamus.xlsx", tmp_path / "hasil")
    assert "17" in run("check", tmp_path / "hasil")
    assert (tmp_path / "hasil/bor.yml").read_text(encoding="utf-8").startswith("# Kode")
    run("export", tmp_path / "hasil/bor.yml", tmp_path / "bor.docx")
    with pytest.raises(KinerjaError, match="dictionary_suffix"):
        run("export", library, tmp_path / "kamus.pdf")


def test_a_new_file_and_the_schema(run, tmp_path, root):
    run("new", "waktu_tunggu", "--folder", tmp_path)
    with pytest.raises(InputFaults):
        run("check", tmp_path / "waktu_tunggu.yml")
    run("schema", tmp_path / "s.json")
    assert (tmp_path / "s.json").read_bytes() == (root / "data/library/indicator.schema.json").read_bytes()


@pytest.mark.parametrize(("setting", "code"), [
    ("unit", "indicator_setting"), ("unit=!!python/name:os.system", "indicator_setting"),
    ("unit=&a [*a]", "indicator_setting"), ("unti=menit", "unknown_field")])
def test_a_setting_that_cannot_be_read(run, library, tmp_path, setting, code):
    file = tmp_path / "bor.yml"
    file.write_bytes((library / "rsud/bor.yml").read_bytes())
    before = file.read_bytes()
    with pytest.raises(KinerjaError, match=code):
        run("revise", file, "--set", setting, "--by", "Direktur RSUD", "--reason", "mencoba isian")
    assert file.read_bytes() == before
