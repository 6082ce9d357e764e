"""Fixtures of the runner's tests; the made-up study is in ``made_up.py`` beside this."""

import json
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from made_up import Job, write_notebook

from kinerja_lab.report.engine import Engine, fork_possible


@pytest.fixture
def notebook(tmp_path: Path) -> Callable[..., Path]:
    """``notebook(*cells, parameters=...)`` writes a notebook and gives its path."""
    made: list[Path] = []

    def make(*cells: str, **options: str) -> Path:
        made.append(write_notebook(tmp_path / "buku" / f"{len(made)}.ipynb", *cells, **options))
        return made[-1]

    return make


@pytest.fixture
def result_of() -> Callable[[Job], Mapping]:
    """The ``result.json`` of a job."""
    return lambda job: json.loads((job.target / "result.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def warm() -> Iterator[Engine]:
    """An engine with forked kernels, shared by the tests that only execute notebooks."""
    if not fork_possible():
        pytest.skip("needs Linux with pidfd: kernels cannot be forked here")
    with Engine("fork") as engine:
        engine.start()
        assert engine.kind == "fork", engine.fallback
        yield engine


@pytest.fixture(scope="session")
def plain() -> Iterator[Engine]:
    """An engine with ordinary kernels."""
    with Engine("kernel") as engine:
        engine.start()
        yield engine
