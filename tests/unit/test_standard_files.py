"""A standard travels through a file: the same to the last digit, and what is wrong in a file is said with its line."""

from datetime import date
from math import inf, isnan, nan

import numpy as np
import pytest

from kinerja_lab.core.errors import InputFaults, KinerjaError
from kinerja_lab.core.message import Message
from kinerja_lab.core.standard import StandardPlan
from kinerja_lab.io.standard_files import read_standard, write_standard
from kinerja_lab.panels.angoff import angoff
from kinerja_lab.panels.cut_scores import settle
from kinerja_lab.simulate.panels import simulate_angoff
from kinerja_lab.text.catalogue import catalogue


def plan(**changes):
    fields = {"name": "ikm: loket", "unit": "percent", "low": 0, "high": 100, "bands": ("Belum", "Memadai"),
              "panel": "panel", "date": date(2026, 11, 2)}
    return StandardPlan(**{**fields, **changes})


@pytest.fixture
def standard():
    made = simulate_angoff(judges=9, items=8, cut=0.7, judge_sd=0.05, item_sd=0.1, noise_sd=0.05,
                           rng=np.random.default_rng(1))
    return angoff(made.panel, questions=("angoff",), round=1, plan=plan(measurement_error=2.5), items="random").standard


def test_it_comes_back_the_same_to_the_last_digit(standard, tmp_path):
    path = tmp_path / "standar.yml"
    write_standard(path, standard, remark="Baris satu\nbaris dua")
    assert read_standard(path) == standard
    assert path.read_text(encoding="utf-8").startswith("# Baris satu\n# baris dua\n")


@pytest.mark.parametrize(("errors", "freedom"), [((1.5, 2.0), (8.0, inf)), ((0.0, 2.0), (8.0, 5.5))])
def test_two_cuts_numbers_of_numpy_and_a_cut_without_interval(tmp_path, errors, freedom):
    said = (Message("convention.hofstee_staircase", {"share": np.float64(0.25)}),
            Message("convention.rounds_used", {"rounds": "1, 2"}))
    made = settle((40.0, 70.0), errors=errors, freedom=freedom, n=(9, 9), method="x", conventions=said,
                  plan=plan(bands=("A", "B", "C")))
    write_standard(tmp_path / "s.yml", made)
    back = read_standard(tmp_path / "s.yml")
    assert [(cut.label, cut.value, cut.note) for cut in back.cuts] == [
        (cut.label, cut.value, cut.note) for cut in made.cuts]
    assert [cut.has_interval for cut in back.cuts] == [cut.has_interval for cut in made.cuts] == [errors[0] > 0, True]
    assert back.conventions == made.conventions and back.zones == ()
    np.testing.assert_equal(back.errors, made.errors)
    assert back.freedom[1] == freedom[1]
    words = catalogue("id")
    assert [words.sentence(message) for message in back.conventions] == [words.sentence(m) for m in made.conventions]


def test_an_unknown_error_stays_unknown(tmp_path):
    made = settle((40.0,), errors=(nan,), freedom=(nan,), n=(9,), plan=plan(), method="x", conventions=())
    write_standard(tmp_path / "s.yml", made)
    back = read_standard(tmp_path / "s.yml")
    assert isnan(back.errors[0]) and isnan(back.freedom[0]) and back.cuts[0].note == "panel_no_spread"


@pytest.mark.parametrize(("old", "new", "code", "column"), [
    ("level: 0.95", "level: tinggi", "fault.expected_number", "level"),
    ("standard_file: 1", "standard_file: 2", "fault.unknown_choice", "standard_file"),
    ("panel: panel", "panell: panel", "fault.unknown_key", "panell"),
    ("date: 2026-11-02", "date: kemarin", "fault.expected_date", "date"),
    ("  - band: Memadai", "  - band: Baik", "fault.standard_cut_band", "cuts.0.band"),
])
def test_what_is_wrong_in_a_file_is_said_with_its_line(standard, tmp_path, old, new, code, column):
    path = tmp_path / "s.yml"
    write_standard(path, standard)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputFaults) as caught:
        read_standard(path)
    found = {fault.message.code: fault for fault in caught.value.faults}
    assert found[code].column == column and found[code].line


@pytest.mark.parametrize(("old", "new", "code"), [
    ("high: 100\n", "high: -1\n", "plan_scale"), ("  - Belum\n", "", "plan_bands"),
    ("level: 0.95", "level: 1.5", "bad_level"), ("high: 100\n", "high: 60\n", "cut_off_scale"),
])
def test_values_that_cannot_be_a_standard_are_refused(standard, tmp_path, old, new, code):
    path = tmp_path / "s.yml"
    write_standard(path, standard)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(KinerjaError) as caught:
        read_standard(path)
    assert caught.value.message.code == f"error.{code}"
