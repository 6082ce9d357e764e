"""Notebooks are small, stored without outputs, agree with the runner's parameters, and run in a real kernel."""

import ast
import re
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parents[2]
NOTEBOOKS = sorted((ROOT / "notebooks").rglob("*.ipynb"))
TEMPLATES = [path for path in NOTEBOOKS if path.parent.name == "templates"]


def cells(path, kind):
    return [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == kind]


def named(path):
    return str(path.relative_to(ROOT / "notebooks"))


def test_there_are_notebooks():
    assert len(TEMPLATES) >= 3


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_stored_without_outputs(path):
    assert all(not cell.outputs and cell.execution_count is None for cell in cells(path, "code"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_small_and_free_of_programming(path):
    code = [cell.source for cell in cells(path, "code")]
    assert len(code) <= 12
    assert sum(len(source.splitlines()) for source in code) <= 60
    for source in code:
        tree = ast.parse(source)
        assert not [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.For)]
        assert "sys.path" not in source


@pytest.mark.parametrize("path", NOTEBOOKS, ids=named)
def test_prose_stands_between_the_cells(path):
    kinds = [cell.cell_type for cell in nbformat.read(path, as_version=4).cells]
    together = sum(a == b == "code" for a, b in zip(kinds, kinds[1:], strict=False))
    assert together <= 3
    assert kinds[0] == "markdown"


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_template_parameters_are_those_the_runner_passes(path):
    from kinerja_lab.report.parameters import ReportParameters, check_names

    check_names(path, tuple(ReportParameters.model_fields))


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_no_equals_sign_in_a_parameter_comment(path):
    # papermill parses parameters with a regular expression that stumbles over it (papermill issue 772)
    tagged = [cell for cell in cells(path, "code") if "parameters" in cell.metadata.get("tags", ())]
    assert len(tagged) == 1
    assert not [line for line in tagged[0].source.splitlines() if re.search(r"#.*=", line)]


@pytest.mark.xdist_group("nbval")
def test_the_notebooks_of_an_official_run_as_shipped_in_a_real_kernel():
    """nbval runs the stored notebooks in ordinary kernels; an exception in a cell fails it."""
    import subprocess
    import sys

    names = ("00_mulai.ipynb", "01_susun_indikator.ipynb", "uji_indikator.ipynb")
    command = [sys.executable, "-m", "pytest", "--nbval-lax", "-q", "-p", "no:cacheprovider", "-c", "/dev/null",
               *(str(ROOT / "notebooks" / name) for name in names)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    assert re.search(r"\b4 passed", done.stdout)
