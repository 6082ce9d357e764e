"""The command line: words, exit codes, nothing written on a fault, never a traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kinerja_lab.cli.console import language
from kinerja_lab.cli.doctor import package_faults
from kinerja_lab.cli.report import _failure_table
from kinerja_lab.report.jobs import JobFailure, JobOutcome
from kinerja_lab.text.catalogue import catalogue

ROOT = Path(__file__).resolve().parents[2]


def written(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_help_is_fast_to_load_and_in_two_languages():
    heavy = ("pandas", "numpy", "papermill", "matplotlib", "duckdb", "ibis", "nbconvert", "pydantic")
    code = f"import sys, kinerja_lab.cli; print([name for name in {heavy!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
    for lang, word in (("id", "Periksa satu studi"), ("en", "Check one study")):
        done = subprocess.run([sys.executable, "-m", "kinerja_lab", "--help"], capture_output=True, text=True,
                              check=True, env={**os.environ, "KINERJA_LANG": lang})
        assert word in done.stdout


def test_version(kinerja):
    code, out, _ = kinerja("--version")
    assert code == 0
    assert out.startswith("kinerja_lab 0.")


@pytest.mark.parametrize(("words", "part"), [
    (("raport",), "raport"), (("report", "--lnag", "id"), "--lnag"), (("report", "--jobs", "nol"), "--jobs"),
    (("report", "--jobs", "0"), "--jobs"), (("check",), "STUDY"),
])
def test_a_wrong_command_is_exit_code_2(kinerja, words, part):
    code, out, err = kinerja(*words)
    assert (code, out) == (2, "")
    assert err.startswith("Perintah tidak dapat dijalankan")
    assert part.lower() in err.lower()
    assert "Traceback" not in err


@pytest.mark.parametrize(("words", "parts"), [
    (("report", "layanan-publk"), ("layanan-publk", "layanan-publik")),
    (("report", "layanan-publik", "--regions", "5371,62.71,52.7"), ("5371", "53.71", "52.7")),
    (("report", "layanan-publik", "--period", "2052"), ("2052", "2025")),
    (("report", "layanan-publik", "--level", "95"), ("level", "95")),
    (("report", "layanan-publik", "--engine", "frok"), ("frok", "fork, kernel")),
    (("report", "layanan-publik", "--lang", "jv"), ("jv", "id, en")),
    (("report", "layanan-publik", "--today", "31/01/2026"), ("31/01/2026",)),
    (("check", "tidak-ada"), ("tidak-ada",)),
    (("import", "cms-vpb"), ("cms-vpb", "cms-vbp")),
])
def test_a_fault_of_the_input_is_named_and_nothing_is_written(kinerja, tmp_path, words, parts):
    out_folder = tmp_path / "out"
    options = ("--out", str(out_folder)) if words[0] == "report" else ()
    code, out, err = kinerja(*words, *options)
    assert code == 2
    for part in parts:
        assert part in err
    assert "Traceback" not in err
    assert not out_folder.exists()


def test_one_faulty_study_stops_the_others_before_they_begin(kinerja, tmp_path):
    code, _, err = kinerja("report", "layanan-publik", "tidak-ada", "--out", str(tmp_path / "out"))
    assert code == 2
    assert "tidak-ada" in err
    assert not (tmp_path / "out").exists()


def test_english_on_request_and_by_environment(kinerja, monkeypatch):
    assert kinerja("check", "nowhere", "--lang", "en")[2].startswith("There is no study")
    monkeypatch.setenv("KINERJA_LANG", "en")
    assert kinerja("raport")[2].startswith("The command cannot be run")


@pytest.mark.parametrize(("argv", "environment", "expected"), [
    ((), "", "id"), ((), "en", "en"), ((), "jv", "id"), (("--lang", "en"), "", "en"), (("--lang=en",), "id", "en"),
    (("--lang",), "en", "en"), (("--lang", "jv"), "en", "en"),
])
def test_which_language(monkeypatch, argv, environment, expected):
    monkeypatch.setenv("KINERJA_LANG", environment)
    assert language(None, argv=argv) == expected


def test_a_fault_of_ours_is_one_line_and_a_file(kinerja, monkeypatch, tmp_path):
    def break_down(request):
        raise RuntimeError("rusak")

    monkeypatch.setattr("kinerja_lab.cli.report.make_reports", break_down)
    code, out, err = kinerja("report")
    assert (code, out) == (3, "")
    assert err.count("\n") == 1
    details = next(tmp_path.glob("kinerja-kesalahan-*.txt"))
    assert str(details) in err
    assert "RuntimeError: rusak" in details.read_text(encoding="utf-8")


def test_ctrl_c_is_130(kinerja, monkeypatch):
    def interrupt(request):
        raise KeyboardInterrupt

    monkeypatch.setattr("kinerja_lab.cli.report.make_reports", interrupt)
    code, _, err = kinerja("report")
    assert code == 130
    assert err.startswith("Dihentikan")


def test_check_says_that_a_study_is_in_order(kinerja):
    code, out, _ = kinerja("check", "layanan-publik")
    assert code == 0
    assert "Wilayah: 4" in out


def test_failures_of_one_cause_are_one_row(capsys):
    def failed(region, error):
        failure = JobFailure(region=region, name=f"Kota {region}", cell=4, error=error, cure=f"buka [{region}]")
        return JobOutcome(job=None, state="failed", failure=failure)

    _failure_table([*(failed(str(number), "sama") for number in range(9)), failed("x", "[lain]")], "id")
    err = capsys.readouterr().err
    assert "Wilayah yang gagal: 10" in err
    assert "dan 4" in err
    assert "Kota 7" not in err
    assert "[lain]" in err
    assert "buka [0]" in err


def test_what_the_doctor_says_about_packages():
    assert package_faults(["numpy>=1.0", "numpy"]) == []
    assert package_faults(["tidak-ada-paket>=1", "numpy>=999", "lain>=2 ; extra == 'test'"])[0] == "tidak-ada-paket (–)"
    assert len(package_faults(["tidak-ada-paket>=1", "numpy>=999", "lain>=2 ; extra == 'test'"])) == 2


def test_the_doctor_finds_a_broken_part_and_its_cure(kinerja, monkeypatch):
    def broken():
        raise OSError("kaput")

    monkeypatch.setattr("kinerja_lab.cli.doctor._read_parquet", broken)
    monkeypatch.setattr("kinerja_lab.cli.doctor._fork", lambda: (False, "platform"))
    monkeypatch.setattr("kinerja_lab.cli.doctor._run_kernel", lambda kind: kind)
    code, out, _ = kinerja("doctor")
    assert code == 1
    assert "OSError: kaput" in out
    assert catalogue("id").text("doctor.cure.duckdb") in out
    assert catalogue("id").text("doctor.verdict_broken", n=1) in out


def test_every_remark_of_the_doctor_has_a_name_and_a_cure():
    source = (ROOT / "kinerja_lab" / "cli" / "doctor.py").read_text(encoding="utf-8")
    for lang in ("id", "en"):
        keys = catalogue(lang).keys
        names = {key.removeprefix("doctor.name.") for key in keys if key.startswith("doctor.name.")}
        assert names == {key.removeprefix("doctor.cure.") for key in keys if key.startswith("doctor.cure.")}
        assert all(f'"{name}"' in source for name in names)
