"""Ten measured facts about executing notebooks, each as a test that fails when the fact no longer holds."""

import json
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from made_up import EMIT, is_running, processes_below

from kinerja_lab.report.engine import Engine, NotebookFailure
from kinerja_lab.report.zygote import ask_for_fork

VALUES = {"study": "coba", "region": "0101", "period": "2025", "language": "id", "level": 0.9}
LEAK = """
import builtins, decimal, os, random, sys, warnings
import matplotlib.pyplot as plt, numpy, pandas
planted = {
    "global": globals().get("left_over"), "module": sys.modules.get("left_over"),
    "builtin": getattr(builtins, "left_over", None),
    "environ": os.environ.get("LEFT_OVER"), "path": "/left/over" in sys.path or None,
    "rcParams": plt.rcParams["font.size"] == 33.0 or None, "pandas": pandas.get_option("display.max_rows") == 7 or None,
    "decimal": decimal.getcontext().prec == 5 or None, "errstate": numpy.geterr()["divide"] == "raise" or None,
    "patch": getattr(pandas.DataFrame, "left_over", None), "cwd": os.getcwd() == "/" or None,
    "warnings": any(entry[0] == "error" and entry[4] == 987 for entry in warnings.filters)
    or None, "modules": sys.modules.get("polars_left_over"),
    "setswitch": sys.getswitchinterval() == 0.25 or None, "random": random.getstate()[1][:2] == (12, 34) or None,
}
print(sorted(name for name, value in planted.items() if value is not None))
left_over = 1
sys.modules["left_over"] = sys.modules["polars_left_over"] = os
builtins.left_over = 1
os.environ["LEFT_OVER"] = "1"
sys.path.append("/left/over")
plt.rcParams["font.size"] = 33
pandas.set_option("display.max_rows", 7)
decimal.getcontext().prec = 5
numpy.seterr(divide="raise")
pandas.DataFrame.left_over = 1
warnings.simplefilter("error", lineno=987)
random.setstate((3, (12, 34, *random.getstate()[1][2:]), None))
sys.setswitchinterval(0.25)
os.chdir("/")
"""


def outputs(executed) -> list[dict]:
    assert isinstance(executed, str), executed
    return [output for cell in json.loads(executed)["cells"] for output in cell.get("outputs", [])]


def printed(executed) -> str:
    return "".join("".join(output["text"]) for output in outputs(executed) if output["output_type"] == "stream")


@pytest.mark.parametrize("region", ["0101", "1101", "1e3", "NaN", "true", "None", "-1", "51.71", "a'b\"c\\"])
def test_region_code_stays_text(warm, notebook, region):
    executed = warm.execute(notebook("print(type(region).__name__, ascii(region))"), timeout=60,
                            parameters={**VALUES, "region": region})
    assert printed(executed).strip() == f"str {ascii(region)}"


def test_picture_reaches_the_notebook_from_a_forked_kernel(warm, notebook):
    executed = warm.execute(notebook("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()"), timeout=60,
                            parameters=VALUES)
    shown = [output for output in outputs(executed) if output["output_type"] == "display_data"]
    assert len(shown) == 1
    assert shown[0]["data"]["image/png"].startswith("iVBOR")


def test_no_state_passes_from_one_region_to_the_next(warm, notebook):
    book = notebook(LEAK)
    first, second = (warm.execute(book, parameters=VALUES, timeout=60) for _ in range(2))
    assert printed(first).strip() == printed(second).strip() == "[]"


def test_the_leak_probe_itself_sees_a_leak(warm, notebook):
    executed = warm.execute(notebook(LEAK, LEAK), parameters=VALUES, timeout=60)
    assert set(eval(printed(executed).splitlines()[1])) >= {
        "global", "module", "builtin", "environ", "path", "rcParams", "pandas", "decimal", "errstate", "patch", "cwd",
        "modules", "setswitch", "random", "warnings"}


def test_random_numbers_differ_between_kernels(warm, notebook):
    book = notebook("import numpy, random\nprint(numpy.random.random(), random.random())")
    first, second = (printed(warm.execute(book, parameters=VALUES, timeout=60)).split() for _ in range(2))
    assert first[0] != second[0]
    assert first[1] != second[1]


def test_forked_and_ordinary_kernel_show_the_same(warm, plain, notebook):
    book = notebook("import pandas, matplotlib.pyplot as plt\nplt.bar([1, 2], [3, 4])\nplt.show()",
                    "pandas.DataFrame({'a': [0.1 + 0.2]})", "print(set('kinerja'))")
    forked, ordinary = (engine.execute(book, parameters=VALUES, timeout=120) for engine in (warm, plain))
    assert outputs(forked) == outputs(ordinary)


def test_two_kernels_at_once(warm, notebook):
    """Each waits until the other has started, so they can only end together."""
    book = notebook(
        "import pathlib, time\nfolder = pathlib.Path(period)\n(folder / region).touch()\n"
        "until = time.monotonic() + 30\n"
        "while len(list(folder.iterdir())) < 2 and time.monotonic() < until:\n    time.sleep(0.02)\n"
        "print(len(list(folder.iterdir())))")
    meeting = book.parent / "temu"
    meeting.mkdir()
    with ThreadPoolExecutor(2) as pool:
        done = list(pool.map(lambda region: warm.execute(
            book, parameters={**VALUES, "region": region, "period": str(meeting)}, timeout=60), ["a", "b"]))
    assert [printed(each).strip() for each in done] == ["2", "2"]


def test_eight_starts_at_the_same_instant(plain, notebook):
    """TCP ports are picked before they are bound, so kernels starting together can collide; named sockets cannot."""
    book = notebook("print(region)")
    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda region: plain.execute(book, parameters={**VALUES, "region": region}, timeout=120),
                             "abcdefgh"))
    assert [printed(each).strip() for each in done] == list("abcdefgh")


@pytest.mark.parametrize("engine", ["warm", "plain"])
def test_an_exception_leaves_the_notebook_and_the_cell(engine, notebook, request):
    book = notebook("1 + 1", "raise ValueError('satu\\ndua')", "print('never')")
    failure = request.getfixturevalue(engine).execute(book, parameters=VALUES, timeout=60)
    assert (failure.cell, failure.name, failure.text) == (4, "ValueError", "satu\ndua")
    assert "never" not in printed(failure.notebook)
    counts = [cell.get("execution_count") for cell in json.loads(failure.notebook)["cells"]]
    assert [count for count in counts if count] == [1, 2, 3, 4]


@pytest.mark.parametrize("engine", ["warm", "plain"])
def test_a_killed_kernel_is_one_failure(engine, notebook, request):
    running = request.getfixturevalue(engine)
    book = notebook("print('ada')", "import os\nos.kill(os.getpid(), 9)")
    failure = running.execute(book, parameters=VALUES, timeout=60)
    assert (failure.cell, failure.name) == (4, "kernel_died")
    assert "ada" in printed(failure.notebook)
    assert printed(running.execute(notebook("print('lagi')"), parameters=VALUES, timeout=60)).strip() == "lagi"


def test_a_timeout_is_recorded_in_the_notebook_and_ends_the_kernel(warm, notebook):
    book = notebook("import os\nprint(os.getpid(), flush=True)", "import time\ntime.sleep(0.1)\ntime.sleep(600)")
    failure = warm.execute(book, parameters=VALUES, timeout=4)
    assert isinstance(failure, NotebookFailure)
    assert (failure.cell, failure.name) == (4, "timeout")
    errors = [output for output in outputs(failure.notebook) if output["output_type"] == "error"]
    assert [error["ename"] for error in errors] == ["timeout"]
    pid = int(printed(failure.notebook).split()[0])
    gone = time.monotonic() + 10
    while is_running(pid) and time.monotonic() < gone:
        time.sleep(0.05)
    assert not is_running(pid)


def test_the_time_limit_is_for_the_whole_notebook(warm, notebook):
    """Ten cells of half a second each stay below a limit per cell, but not below one for the notebook."""
    failure = warm.execute(notebook(*["import time\ntime.sleep(0.5)"] * 10), parameters=VALUES, timeout=3)
    assert failure.name == "timeout"


def test_the_users_start_up_files_do_not_run_in_a_report(warm, notebook, monkeypatch, tmp_path):
    start = tmp_path / "ipython" / "profile_default" / "startup"
    start.mkdir(parents=True)
    (start / "00.py").write_text("planted = 1", encoding="utf-8")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    executed = warm.execute(notebook("print('planted' in globals())"), parameters=VALUES, timeout=60)
    assert printed(executed).strip() == "False"


def test_the_warm_process_has_one_thread_and_no_picture_backend(warm, notebook):
    book = notebook("import os\nprint(os.getppid(), len(os.listdir(f'/proc/{os.getppid()}/task')))")
    parent, threads = printed(warm.execute(book, parameters=VALUES, timeout=60)).split()
    assert (int(parent), int(threads)) == (warm._zygote.pid, 1)


def test_no_fork_when_the_warm_process_has_threads(warm, notebook, tmp_path, monkeypatch):
    """A zygote with a second thread is refused as a whole, and the engine falls back to ordinary kernels."""
    (tmp_path / "kinerja_thread_probe.py").write_text(
        "import threading, time\nthreading.Thread(target=time.sleep, args=(600,), daemon=True).start()\n",
        encoding="utf-8")
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\nif 'kinerja_lab.report.zygote' in ' '.join(sys.orig_argv):\n    import kinerja_thread_probe\n",
        encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with Engine("fork") as engine:
        engine.start()
        assert (engine.kind, engine.fallback) == ("kernel", "2 threads")
        assert printed(engine.execute(notebook("print(1)"), parameters=VALUES, timeout=120)).strip() == "1"
        with pytest.raises(RuntimeError, match="2 threads"):
            ask_for_fork(str(engine._folder / "z"), argv=[], env=dict(os.environ), cwd="/")


def test_a_dead_zygote_is_a_failure_not_a_hang(notebook):
    with Engine("fork") as engine:
        engine.start()
        if engine.kind != "fork":
            pytest.skip("kernels cannot be forked here")
        os.kill(engine._zygote.pid, signal.SIGKILL)
        engine._zygote.wait()
        failure = engine.execute(notebook("print(1)"), parameters=VALUES, timeout=60)
    assert (failure.name, failure.notebook) == ("kernel_start", "")


def test_nothing_is_left_when_the_engine_ends(notebook):
    threads = threading.active_count()
    with Engine("fork") as engine:
        engine.start()
        folder, pid = engine._folder, engine._zygote.pid if engine._zygote else 0
        engine.execute(notebook(EMIT), parameters=VALUES, timeout=60)
        assert folder.is_dir()
    assert not folder.exists()
    assert not (pid and is_running(pid))
    assert threading.active_count() <= threads + 1


def test_the_folder_of_a_killed_run_is_swept(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    dead = tmp_path / "kinerja-4194305-x"  # above the largest process number
    alive = tmp_path / f"kinerja-{os.getpid()}-x"
    dead.mkdir()
    alive.mkdir()
    with Engine("kernel") as engine:
        engine.start()
        assert (dead.exists(), alive.exists()) == (False, True)


def test_an_engine_that_was_not_started_or_has_stopped_refuses(notebook):
    with Engine("kernel") as engine:
        before = engine.execute(notebook("1"), parameters=VALUES, timeout=5)
        engine.start()
        engine.stop()
        after = engine.execute(notebook("1"), parameters=VALUES, timeout=5)
    assert before.name == after.name == "kernel_start"


def test_kernels_that_ended_are_collected(warm, notebook):
    for _ in range(3):
        warm.execute(notebook("print(1)"), parameters=VALUES, timeout=60)
    time.sleep(1.2)
    assert processes_below(warm._zygote.pid) == set()
