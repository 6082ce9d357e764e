"""What the runner does when the disk, an old record or a damaged notebook is in its way."""

import json
import os
import stat
from types import SimpleNamespace

import pytest

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.io import whole_files
from kinerja_lab.io.whole_files import write_whole
from kinerja_lab.report import files, looked_over
from kinerja_lab.report.files import folder_name, publish_folder, remove_staging
from kinerja_lab.report.forest import round_ticks
from kinerja_lab.report.jobs import Job, content_key, is_current
from kinerja_lab.report.payload import read_results
from kinerja_lab.report.plan import notebook_path
from kinerja_lab.report.show import RESULTS_MIME

ROW = {"label": "index", "value": 88.0, "low": 87.0, "high": 89.0, "level": 0.95, "n": 10, "method": "m", "unit": "u",
       "note": ""}
RESULTS = {"schema": 1, "study": "s", "region": {"code": "0101", "name": "A"}, "period": "2025", "language": "id",
           "level": 0.95, "fingerprints": {}, "headline": ROW, "verdicts": {"passed": 1}, "findings": [],
           "estimates": [ROW]}


def executed(results: dict) -> dict:
    return {"cells": [{"outputs": [{"data": {RESULTS_MIME: results}}]}]}


def test_a_write_that_fails_leaves_the_old_file_and_no_part(tmp_path, monkeypatch):
    target = tmp_path / "a.txt"
    write_whole(target, "lama")

    def full(descriptor):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(whole_files.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_whole(target, "baru")
    assert [path.name for path in tmp_path.iterdir()] == ["a.txt"]
    assert target.read_text(encoding="utf-8") == "lama"


def test_a_folder_that_fails_half_way_is_not_there(tmp_path, monkeypatch):
    publish_folder(tmp_path / "r", {"a": "lama"}, root=tmp_path)
    original, calls = files.write_whole, []

    def second_fails(path, content):
        calls.append(path)
        if len(calls) == 2:
            raise OSError("kaput")
        original(path, content)

    monkeypatch.setattr(files, "write_whole", second_fails)
    with pytest.raises(OSError, match="kaput"):
        publish_folder(tmp_path / "r", {"a": "baru", "b": "baru"}, root=tmp_path)
    remove_staging(tmp_path)
    assert [path.name for path in tmp_path.rglob("*")] == ["r", "a"]
    assert (tmp_path / "r" / "a").read_text(encoding="utf-8") == "lama"


def test_a_new_folder_replaces_every_file_of_the_old(tmp_path):
    publish_folder(tmp_path / "r", {"a": "1", "b": "1"}, root=tmp_path)
    publish_folder(tmp_path / "r", {"a": "2"}, root=tmp_path)
    assert sorted(path.name for path in (tmp_path / "r").iterdir()) == ["a"]


@pytest.mark.skipif(os.name != "posix", reason="modes are POSIX's")
def test_others_may_read_what_the_umask_lets_them_read(tmp_path):
    before = os.umask(0o022)
    try:
        publish_folder(tmp_path / "r", {"a": "1"}, root=tmp_path)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "r" / "a").stat().st_mode) == 0o644
    assert stat.S_IMODE((tmp_path / "r").stat().st_mode) == 0o755


@pytest.mark.parametrize("code", ["../x", "a/b", "..", ".", "a\\b", "C:x", "", "é", "a b"])
def test_a_region_code_never_leaves_the_folder(code):
    name = folder_name(code)
    assert name not in ("", ".", "..")
    assert not set(name) & set("/\\: ")
    assert not name.startswith(".")


def test_different_codes_have_different_folders():
    codes = ["../a", "..a", "a", ".a", "a/b", "a_b", "a b", "a\\b"]
    assert len({folder_name(code) for code in codes}) == len(codes)


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"key": "k"}', '{"key": "k", "files": {"x": "0"}}',
                                     '{"key": "k", "files": 3}'])
def test_a_damaged_record_means_that_the_report_is_made_again(tmp_path, content):
    job = Job(region="a", name="A", notebook=tmp_path, parameters={}, key="k", root=tmp_path)
    job.target.mkdir()
    (job.target / "done.json").write_text(content, encoding="utf-8")
    assert not is_current(job)


def test_the_key_knows_text_from_number(tmp_path):
    book = tmp_path / "a.ipynb"
    book.write_text(json.dumps({"cells": []}), encoding="utf-8")
    keys = {content_key(notebook=book, parameters={"region": value}, fingerprints={}) for value in ("0101", "101", 101)}
    assert len(keys) == 3


@pytest.mark.parametrize("value", [float("nan"), "nan", "inf", None])
def test_a_number_that_is_none_needs_a_reason(value):
    row = {**ROW, "value": value, "low": value, "high": value}
    with pytest.raises(KinerjaError, match="results_bad"):
        read_results(executed({**RESULTS, "estimates": [row]}), expected={})
    good = read_results(executed({**RESULTS, "estimates": [{**row, "note": "suppressed"}]}), expected={})
    assert good["estimates"][0]["value"] is None


@pytest.mark.parametrize("change", [
    {"value": 90.0}, {"low": 88.5}, {"value": True}, {"value": "88"}, {"label": 3}, {"high": None},
])
def test_a_bad_estimate_is_refused(change):
    with pytest.raises(KinerjaError, match="results_bad"):
        read_results(executed({**RESULTS, "estimates": [{**ROW, **change}]}), expected={})


def test_a_label_that_reads_nan_stays_text():
    good = read_results(executed({**RESULTS, "estimates": [{**ROW, "label": "nan"}]}), expected={})
    assert good["estimates"][0]["label"] == "nan"


@pytest.mark.parametrize(("name", "value"), [("region", "101"), ("study", "t"), ("period", "2024"), ("language", "en"),
                                             ("level", 0.9)])
def test_results_of_another_report_are_refused(name, value):
    with pytest.raises(KinerjaError, match="results_of_another"):
        read_results(executed(RESULTS), expected={name: value})


def test_a_template_that_is_not_there_is_named():
    with pytest.raises(KinerjaError, match="notebook_absent.*tidak_ada.ipynb"):
        notebook_path("tidak_ada")


@pytest.fixture
def small_study(tmp_path):
    """The little that ``look_over`` asks of a study: two tables, one of them a file of its own."""
    table = tmp_path / "survei.csv"
    table.write_text("unit\nA\n", encoding="utf-8")
    return SimpleNamespace(survey=SimpleNamespace(path=table), outcomes=None, external_files=(),
                           fingerprints=lambda: {"study": "1"})


@pytest.mark.parametrize(("change", "looks"), [("", 1), ("data", 2), ("spec", 2), ("database", 2), ("no mark", 2)])
def test_tables_are_looked_over_again_only_when_something_changed(small_study, tmp_path, monkeypatch, change, looks):
    seen = []
    monkeypatch.setattr(looked_over, "check_study", seen.append)
    looked_over.look_over(small_study, root=tmp_path / "out")
    assert not (tmp_path / "out").exists()
    if change == "database":
        small_study.survey.path = None
    if change != "no mark":
        looked_over.note_looked_over(small_study, root=tmp_path / "out")
    if change == "data":
        (tmp_path / "survei.csv").write_text("unit\nB\n", encoding="utf-8")
    if change == "spec":
        small_study.fingerprints = lambda: {"study": "2"}
    looked_over.look_over(small_study, root=tmp_path / "out")
    assert len(seen) == looks


@pytest.mark.parametrize(("low", "high"), [(0, 0), (5, 5), (-3, -3), (0.001, 0.0012), (-1, 1), (76.2, 88.9), (0, 1e9)])
def test_ticks_cover_the_numbers(low, high):
    ticks = round_ticks(low, high)
    assert ticks[0] <= low + 1e-9
    assert ticks[-1] >= high - 1e-9 * (high - low or 1)
    assert 2 <= len(ticks) <= 8
