"""The run as a whole: what is redone, what is recorded, what the pages and tables say."""

import json
import re
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest
from made_up import EMIT, PARAMETERS, REGIONS, make_jobs, make_plan, write_notebook

from kinerja_lab.core.errors import InputFaults, KinerjaError
from kinerja_lab.report import run
from kinerja_lab.report.engine import Engine, NotebookFailure
from kinerja_lab.report.files import locked
from kinerja_lab.report.index import write_front_page, write_index
from kinerja_lab.report.jobs import is_current
from kinerja_lab.report.run import run_jobs

FAILING = EMIT + "\nif region == '1e3':\n    raise ValueError('salah <script>alert(1)</script>')\n"
PRINTING = """
import sys, warnings
print('keluaran biasa')
warnings.warn('peringatan rahasia')
print('galat', file=sys.stderr)
"""
FILES = ["done.json", "index.html", "notebook.ipynb", "result.json"]


class Shared:
    """The warm engine of the session as ``run_jobs`` sees it; notes what is executed and how often it starts."""

    kind, fallback = "fork", ""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.executed, self.starts = engine, [], 0

    def start(self) -> None:
        self.starts += 1

    def stop(self) -> None:
        return

    def execute(self, book, *, parameters, timeout):
        self.executed.append(parameters["region"])
        return self.engine.execute(book, parameters=parameters, timeout=timeout)


@pytest.fixture
def quick(warm) -> Shared:
    """An engine that is warm already."""
    return Shared(warm)


def states(engine, jobs, **options) -> list[str]:
    return [outcome.state for outcome in run_jobs(jobs, engine=engine, workers=2, lang="id", **options)]


def test_reports_are_whole_and_a_second_run_does_nothing(quick, tmp_path, notebook, result_of):
    jobs = make_jobs(tmp_path / "coba", notebook(EMIT))
    assert states(quick, jobs) == ["made"] * 4
    assert sorted(quick.executed) == sorted(REGIONS)
    for job in jobs:
        assert sorted(path.name for path in job.target.iterdir()) == FILES
        assert result_of(job)["region"]["code"] == job.region
        assert result_of(job)["estimates"][1]["value"] is None
    assert not (tmp_path / "coba" / ".sedang-dibuat").exists()
    quick.executed.clear()
    assert states(quick, jobs) == ["kept"] * 4
    assert quick.executed == []


def test_a_second_run_starts_no_engine(quick, tmp_path, notebook):
    jobs = make_jobs(tmp_path / "coba", notebook(EMIT), REGIONS[:1])
    states(quick, jobs)
    assert quick.starts == 1
    assert states(quick, jobs) == ["kept"]
    assert quick.starts == 1
    assert states(quick, jobs, force=True) == ["made"]
    assert quick.starts == 2


@pytest.mark.parametrize("change", ["data", "cell", "parameter", "file", "missing file", "force"])
def test_what_makes_a_report_be_redone(quick, tmp_path, notebook, change):
    book = notebook(EMIT)
    jobs = make_jobs(tmp_path / "coba", book, REGIONS[:2])
    states(quick, jobs)
    quick.executed.clear()
    if change == "data":
        jobs = (*make_jobs(tmp_path / "coba", book, REGIONS[:1], data="2"), jobs[1])
    elif change == "cell":
        write_notebook(book, EMIT + "\n1 + 1")
        jobs = (*make_jobs(tmp_path / "coba", book, REGIONS[:1]), jobs[1])
    elif change == "parameter":
        jobs = (replace(jobs[0], parameters={**jobs[0].parameters, "level": 0.8}, key="other"), jobs[1])
    elif change == "file":
        (jobs[0].target / "result.json").write_text("{}", encoding="utf-8")
    elif change == "missing file":
        (jobs[0].target / "index.html").unlink()
    assert states(quick, jobs, force=change == "force") == (["made", "made"] if change == "force" else ["made", "kept"])
    assert sorted(quick.executed) == sorted(REGIONS[:2] if change == "force" else REGIONS[:1])
    assert is_current(jobs[0])


def test_outputs_alone_do_not_change_the_key(tmp_path, notebook):
    book = notebook(EMIT)
    before = make_jobs(tmp_path, book, REGIONS[:1])[0].key
    content = json.loads(book.read_text(encoding="utf-8"))
    content["cells"][1]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x"}]
    content["cells"][1]["execution_count"] = 7
    book.write_text(json.dumps(content), encoding="utf-8")
    assert make_jobs(tmp_path, book, REGIONS[:1])[0].key == before


def test_one_region_fails_and_the_others_go_on(quick, tmp_path, notebook):
    jobs = make_jobs(tmp_path / "coba", notebook(FAILING))
    outcomes = run_jobs(jobs, engine=quick, workers=2, lang="id")
    assert [outcome.state for outcome in outcomes] == ["made", "failed", "made", "made"]
    failure = outcomes[1].failure
    assert (failure.region, failure.cell, failure.error) == ("1e3", 3, "ValueError: salah <script>alert(1)</script>")
    assert "failed/1e3.ipynb" in failure.cure
    assert not jobs[1].target.exists()
    record = json.loads(jobs[1].failure_record.read_text(encoding="utf-8"))
    assert record["cell"] == 3
    assert "ValueError" in jobs[1].failure_record.with_suffix(".ipynb").read_text(encoding="utf-8")
    quick.executed.clear()
    assert states(quick, jobs) == ["kept", "failed", "kept", "kept"]
    assert quick.executed == ["1e3"]


def test_an_old_report_does_not_look_current_after_a_failure_and_success_clears_the_record(quick, tmp_path, notebook):
    book = notebook(EMIT)
    root = tmp_path / "coba"
    jobs = make_jobs(root, book)
    states(quick, jobs)
    write_notebook(book, FAILING)
    changed = make_jobs(root, book)
    assert states(quick, changed) == ["made", "failed", "made", "made"]
    page = write_index(make_plan(root, changed)).read_text(encoding="utf-8")
    row = re.search(r'<tr data-words="1e3.*?</tr>', page, re.DOTALL)[0]
    assert "Pembuatan terakhir gagal." in row
    assert "Laporan lama" in row
    assert "88,25" not in row
    assert (jobs[1].target / "index.html").exists()
    # With the old notebook back the old key fits again; the failure on record still makes it run once more.
    write_notebook(book, EMIT)
    assert not is_current(jobs[1])
    assert states(quick, make_jobs(root, book)) == ["made"] * 4
    assert not list((root / "failed").iterdir())
    assert "Pembuatan terakhir gagal." not in write_index(make_plan(root, jobs)).read_text(encoding="utf-8")


@pytest.mark.parametrize(("parameters", "code"), [
    (PARAMETERS.replace("region", "regoin"), {"fault.parameter_unknown", "fault.parameter_missing"}),
    (PARAMETERS + "extra = 1\n", {"fault.parameter_missing"}),
    (PARAMETERS.replace("level = 0.95\n", ""), {"fault.parameter_unknown"}),
    ("", {"fault.parameters_cell_absent"}),
])
def test_parameters_that_are_not_the_notebooks_are_refused_first(quick, tmp_path, notebook, parameters, code):
    jobs = make_jobs(tmp_path / "coba", notebook(EMIT, parameters=parameters))
    with pytest.raises(InputFaults) as caught:
        states(quick, jobs)
    assert {fault.message.code for fault in caught.value.faults} == code
    assert quick.executed == []
    assert not (tmp_path / "coba").exists()


def test_an_unknown_parameter_name_gets_the_one_probably_meant(quick, tmp_path, notebook):
    jobs = make_jobs(tmp_path / "coba", notebook(EMIT, parameters=PARAMETERS.replace("region", "regoin")))
    with pytest.raises(InputFaults) as caught:
        states(quick, jobs)
    unknown = next(fault for fault in caught.value.faults if fault.message.code == "fault.parameter_unknown")
    assert (unknown.message.params["name"], unknown.message.params["nearest"]) == ("region", "regoin")


def test_two_runs_do_not_work_in_one_folder(quick, tmp_path, notebook):
    jobs = make_jobs(tmp_path / "coba", notebook(EMIT), REGIONS[:1])
    with locked(tmp_path / "coba"), pytest.raises(KinerjaError, match="run_locked"):
        states(quick, jobs)


def test_a_lock_of_a_run_that_ended_does_not_hold(tmp_path):
    with locked(tmp_path):
        pass
    with locked(tmp_path):
        assert (tmp_path / ".kunci").exists()


@pytest.mark.parametrize(("change", "code"), [
    ("", None),
    ("'region': {'code': region,|'region': {'code': '0102',", "0102"),
    ("'schema': 1|'schema': 2", "schema"),
    ("'verdicts': {|'verdicts': {'baik': 1, ", "verdicts"),
    ("'low': 86.5|'low': 89.5", "89.5"),
    ("'note': 'suppressed'|'note': ''", "note"),
    ("'findings': [],|", "findings"),
    ("'study': study|'study': study, 'nik': '1'", "nik"),
    ("display({'app|({'app", "0"),
])
def test_results_are_checked_before_anything_is_written(quick, tmp_path, notebook, change, code):
    source = EMIT.replace('"', "'")
    if change:
        old, new = change.split("|")
        assert old in source
        source = source.replace(old, new)
        source = source.replace(", raw=True)", ")") if code == "0" else source
    jobs = make_jobs(tmp_path / "coba", notebook(source), REGIONS[:1])
    outcome = run_jobs(jobs, engine=quick, workers=1, lang="id")[0]
    assert outcome.state == ("failed" if code else "made")
    assert jobs[0].target.exists() == (code is None)
    if code:
        assert code in outcome.failure.error


def test_results_handed_over_twice_are_refused(quick, tmp_path, notebook):
    jobs = make_jobs(tmp_path / "coba", notebook(EMIT, EMIT), REGIONS[:1])
    assert "2" in run_jobs(jobs, engine=quick, workers=1, lang="id")[0].failure.error


def test_a_coded_error_in_the_notebook_becomes_a_sentence(quick, tmp_path, notebook):
    raising = ("from kinerja_lab.core.errors import KinerjaError\n"
               "raise KinerjaError('run_locked', folder='/a, b=c/d')")
    jobs = make_jobs(tmp_path / "coba", notebook(raising), REGIONS[:1])
    indonesian = run_jobs(jobs, engine=quick, workers=1, lang="id")[0].failure
    english = run_jobs(jobs, engine=quick, workers=1, lang="en")[0].failure
    assert indonesian.error.startswith("Folder /a sedang dikerjakan") or "/a, b=c/d" in indonesian.error
    assert english.error.startswith("The folder /a")
    assert "run_locked" not in indonesian.error


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags, self.attributes, self.text = [], [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, name, value or "") for name, value in attrs]

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize("lang", ["id", "en"])
def test_the_page_has_no_code_no_streams_no_network(quick, tmp_path, notebook, lang):
    draw = "import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"
    book = notebook(PRINTING, EMIT, draw, "'nilai telanjang'")
    job = make_jobs(tmp_path / "coba", book, REGIONS[:1])[0]
    job = replace(job, parameters={**job.parameters, "language": lang})
    assert states(quick, [job]) == ["made"]
    text = (job.target / "index.html").read_text(encoding="utf-8")
    page = Page(text)
    assert ("html", "lang", lang) in page.attributes
    assert "Kota 0101 – coba – 2025" in re.search("<title>(.*?)</title>", text)[1]
    assert page.tags.count("h1") == 1
    assert "script" not in page.tags
    assert any("default-src 'none'" in value for _, name, value in page.attributes if name == "content")
    for word in ("matplotlib", "import sys", "keluaran biasa", "peringatan rahasia", "galat",
                 "Penjelasan untuk pengembang", "nilai telanjang"):
        assert word not in page.text, word
    assert "peringatan rahasia" in (job.target / "notebook.ipynb").read_text(encoding="utf-8")
    addresses = [value for _, name, value in page.attributes if name in ("src", "href")]
    assert all(value.startswith(("data:image/png;base64,", "#", "../index.html")) for value in addresses)
    assert sum(value.startswith("data:") for value in addresses) == 1
    assert len(text.encode()) < 2_000_000


def test_index_tables_and_front_page(quick, tmp_path, notebook):
    root = tmp_path / "coba"
    jobs = make_jobs(root, notebook(FAILING))
    states(quick, jobs)
    plan = make_plan(root, jobs)
    path = write_index(plan)
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    links = [value for tag, name, value in page.attributes if tag == "a" and name == "href"]
    assert [link for link in links if link.endswith("index.html") and not link.startswith("..")] == [
        "0101/index.html", "NaN/index.html", "53.71/index.html"]
    assert "ValueError: salah <script>alert(1)</script>" in page.text
    assert page.tags.count("script") == 1
    assert "88,25" in page.text
    assert "sintetis" in page.text
    assert text.count("<svg") == 1
    assert "Kota 1e3" not in re.search("<svg.*?</svg>", text, re.DOTALL)[0]

    frame = pd.read_parquet(root / "summary.parquet")
    assert list(frame.columns[:3]) == ["region", "region_name", "section"]
    assert sorted(frame["region"].unique()) == ["0101", "53.71", "NaN"]
    assert len(frame) == 3 * 2
    sheet = pd.read_excel(root / "summary.xlsx", dtype={"region": str}, keep_default_na=False, na_values=[""])
    assert sorted(sheet["region"].unique()) == ["0101", "53.71", "NaN"]
    assert set(sheet["label"]) == {"index", "=1+1"}

    front = write_front_page(tmp_path, skipped=[("cms", "tidak ada <data>")], lang="id").read_text(encoding="utf-8")
    assert "tidak ada &lt;data&gt;" in front
    assert 'href="coba/index.html"' in front


def test_the_workbook_holds_no_formula(quick, tmp_path, notebook):
    from openpyxl import load_workbook

    root = tmp_path / "coba"
    jobs = make_jobs(root, notebook(EMIT), REGIONS[:1])
    states(quick, jobs)
    write_index(make_plan(root, jobs))
    cells = [cell for row in load_workbook(root / "summary.xlsx").active.iter_rows() for cell in row]
    assert "=1+1" in [cell.value for cell in cells]
    assert {cell.data_type for cell in cells if cell.value == "=1+1"} == {"s"}
    assert "f" not in {cell.data_type for cell in cells if cell.value != "=1+1"}


def test_the_index_is_not_rewritten_when_nothing_changed(quick, tmp_path, notebook):
    root = tmp_path / "coba"
    jobs = make_jobs(root, notebook(EMIT), REGIONS[:2])
    states(quick, jobs)
    first = write_index(make_plan(root, jobs)).stat().st_mtime_ns
    assert write_index(make_plan(root, jobs)).stat().st_mtime_ns == first
    assert write_index(replace(make_plan(root, jobs), title="Lain")).stat().st_mtime_ns > first


def test_a_region_without_a_report_is_listed(quick, tmp_path, notebook):
    root = tmp_path / "coba"
    jobs = make_jobs(root, notebook(EMIT))
    states(quick, jobs[:1])
    assert write_index(make_plan(root, jobs)).read_text(encoding="utf-8").count("Belum dibuat") == 3


def test_a_notebook_that_could_not_start_is_a_recorded_failure(tmp_path, notebook, monkeypatch, quick):
    jobs = make_jobs(tmp_path / "coba", notebook(EMIT), REGIONS[:1])
    monkeypatch.setattr(quick, "execute", lambda book, **options: NotebookFailure(
        cell=None, name="kernel_start", text="kaput"))
    outcome = run_jobs(jobs, engine=quick, workers=1, lang="id")[0]
    assert "kaput" in outcome.failure.error
    assert not jobs[0].failure_record.with_suffix(".ipynb").exists()


def test_a_fault_of_ours_stops_the_run_and_ends_the_kernels(tmp_path, notebook, monkeypatch):
    jobs = make_jobs(tmp_path / "coba", notebook(EMIT), REGIONS[:2])
    monkeypatch.setattr(run, "publish_report", lambda *args: 1 / 0)
    engine = Engine("kernel")
    with pytest.raises(ZeroDivisionError):
        run_jobs(jobs, engine=engine, workers=2, lang="id")
    assert engine._folder is None
    assert not any(job.target.exists() for job in jobs)
