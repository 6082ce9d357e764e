"""The layer rule, the module sizes and the cheap import hold."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "kinerja_lab"
LAYERS = {
    "core": 1, "numeric": 2,
    "drafting": 3, "panels": 3, "estimation": 3, "psychometrics": 3, "composite": 3, "profiling": 3, "calibration": 3,
    "simulate": 3, "text": 3,
    "io": 4, "evidence": 4, "plot": 4,
    "report": 5, "workshop": 5,
    "cli": 6, "__main__": 7,
}
OPENERS = {"open", "read_text", "write_text", "read_bytes", "write_bytes", "read_csv", "read_parquet", "read_excel",
           "to_csv", "to_parquet", "to_excel", "savefig"}


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def folder_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0].removesuffix(".py")


def imports(tree: ast.AST) -> list[tuple[int, str, int]]:
    """(line, module, relative level) of each import."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name, 0) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found.append((node.lineno, node.module or "", node.level))
    return found


def layer_faults(folder: str, source: str, name: str) -> list[str]:
    """What is wrong with the imports of one module of a folder."""
    faults = []
    for line, module, level in imports(ast.parse(source)):
        if level:
            faults.append(f"{name}:{line} imports relatively")
        elif module == "kinerja_lab" and folder not in ("cli", "report"):
            faults.append(f"{name}:{line} imports the package root")
        elif module.startswith("kinerja_lab."):
            other = module.split(".")[1]
            if other != folder and LAYERS[other] >= LAYERS[folder]:
                faults.append(f"{name}:{line} {folder} (layer {LAYERS[folder]}) imports {other} ({LAYERS[other]})")
        elif folder == "core" and module.split(".")[0] not in {*sys.stdlib_module_names, "numpy", "pandas"}:
            faults.append(f"{name}:{line} core imports {module}")
        elif folder == "numeric" and module.split(".")[0] not in {*sys.stdlib_module_names, "numpy", "scipy"}:
            faults.append(f"{name}:{line} numeric imports {module}")
    return faults


def test_every_folder_has_a_layer_and_no_folder_is_empty():
    folders = {path.name for path in PACKAGE.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders <= set(LAYERS)
    for folder in folders:
        assert list((PACKAGE / folder).glob("*.py")), folder


def test_a_folder_imports_only_lower_layers():
    faults = [fault for path in modules() if path.parent != PACKAGE or path.stem in LAYERS
              for fault in layer_faults(folder_of(path), path.read_text(encoding="utf-8"), path.name)]
    assert faults == []


@pytest.mark.parametrize(("folder", "line"), [
    ("profiling", "from kinerja_lab.estimation.satisfaction import element_scores"),
    ("core", "from kinerja_lab.numeric import intervals"),
    ("core", "import scipy"),
    ("numeric", "import pandas"),
    ("io", "from kinerja_lab.evidence import check"),
    ("evidence", "from kinerja_lab import __version__"),
    ("plot", "from .axes import x"),
])
def test_the_layer_rule_catches(folder, line):
    assert len(layer_faults(folder, line, "probe")) == 1


def test_no_module_is_over_400_lines_and_no_function_over_60():
    long = []
    for path in modules():
        source = path.read_text(encoding="utf-8")
        if source.count("\n") > 400:
            long.append(f"{path.name}: {source.count(chr(10))} lines")
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                body = node.body
                start = body[1].lineno if ast.get_docstring(node) and len(body) > 1 else body[0].lineno
                if node.end_lineno - start + 1 > 60:
                    long.append(f"{path.name}:{node.name} {node.end_lineno - start + 1} lines")
    assert long == []


def test_only_cli_prints_and_only_io_report_workshop_open_files():
    faults = []
    for path in modules():
        folder = folder_of(path)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                if name == "print" and folder not in ("cli", "__main__"):
                    faults.append(f"{path.name}:{node.lineno} prints")
                if name in OPENERS and folder not in ("io", "report", "workshop", "text", "cli"):
                    faults.append(f"{path.name}:{node.lineno} calls {name}")
    assert faults == []


def test_no_assert_as_validation_and_no_swallowed_exception():
    faults = []
    for path in modules():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Assert):
                faults.append(f"{path.name}:{node.lineno} assert")
            if isinstance(node, ast.ExceptHandler) and all(isinstance(item, ast.Pass) for item in node.body):
                kind = ast.unparse(node.type) if node.type else "everything"
                if kind in ("everything", "Exception", "BaseException"):
                    faults.append(f"{path.name}:{node.lineno} swallows {kind}")
    assert faults == []


def test_importing_the_package_is_cheap():
    heavy = ["matplotlib", "statsmodels", "sklearn", "ibis", "duckdb", "IPython", "jupyter_client", "papermill",
             "pandas"]
    code = f"import sys, kinerja_lab; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_methods_do_not_import_heavy_display_libraries():
    code = ("import sys; import kinerja_lab.estimation.satisfaction, kinerja_lab.psychometrics.reliability, "
            "kinerja_lab.profiling.funnel, kinerja_lab.calibration.criterion; "
            "print([m for m in ('matplotlib', 'ibis', 'IPython', 'sklearn', 'statsmodels') if m in sys.modules])")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_every_module_says_what_it_answers():
    bare = [path.name for path in modules() if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert bare == []
