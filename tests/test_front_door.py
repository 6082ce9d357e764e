"""environment.yml, pyproject.toml and the lock file say the same; the Makefile and CI call what they promise."""

import re
import tomllib
from pathlib import Path

import pytest
from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]
CONDA_NAME = {
    "duckdb": ["python-duckdb"], "ibis-framework": ["ibis-duckdb", "ibis-postgres"], "matplotlib": ["matplotlib-base"],
}
"""PyPI name -> conda-forge names, where they differ."""


def split(requirement: str) -> tuple[str, str]:
    """Name (lower case, no extras) and bound."""
    name, _, bound = re.match(r"([A-Za-z0-9._-]+)(\[[^]]*\])?(.*)", requirement).groups()
    return name.lower().replace("_", "-"), bound


@pytest.fixture(scope="module")
def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


@pytest.fixture(scope="module")
def wanted(project) -> dict[str, str]:
    return dict(split(r) for r in [*project["dependencies"], *project["optional-dependencies"]["test"]])


@pytest.fixture(scope="module")
def conda() -> dict[str, str]:
    table = YAML(typ="safe").load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    plain = [item for item in table["dependencies"] if isinstance(item, str)]
    pip = next(item for item in table["dependencies"] if isinstance(item, dict))["pip"]
    return dict(split(item) for item in [*plain, *(item for item in pip if not item.startswith("--"))])


@pytest.fixture(scope="module")
def lock() -> dict[str, str]:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    return {split(line)[0]: line.split("==")[1] for line in lines if line and not line.startswith("#")}


def test_conda_environment_equals_pyproject(wanted, conda):
    expected = {name: bound for pypi, bound in wanted.items() for name in CONDA_NAME.get(pypi, [pypi])}
    given = {name: bound for name, bound in conda.items() if name not in ("python", "pip")}
    assert given == expected


def test_conda_python_is_one_the_project_accepts(project, conda):
    assert tuple(map(int, conda["python"].strip("=").split("."))) >= (3, 11)
    assert project["requires-python"] == ">=3.11"


def test_lock_pins_every_dependency_within_its_bound(wanted, lock):
    def numbers(version):
        return tuple(int(part) for part in re.findall(r"\d+", version)[:3])

    assert set(wanted) <= set(lock)
    low = {name: bound for name, bound in wanted.items() if numbers(lock[name]) < numbers(bound)}
    assert low == {}


def test_lock_has_versions_only():
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    odd = [line for line in lines if not re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.+!]+", line)]
    assert odd == []


def test_readme_names_the_two_commands_and_every_make_target_exists():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, flags=re.M))
    assert {"report", "test", "slow", "lint", "lab", "bench", "reference", "clean"} <= targets
    named = set(re.findall(r"(?:^|`)make ([a-z]+)", readme, flags=re.M))
    assert {"report", "test"} <= named <= targets


def test_ci_calls_make_test():
    assert re.search(r"^make test$", (ROOT / ".ci/run").read_text(encoding="utf-8"), flags=re.M)


def test_no_address_or_machine_path_in_the_project():
    pattern = re.compile("index" + "-url|extra" + r"-index|(^|[^.A-Za-z0-9_])/(work|root|home)/")
    suffixes = {".py", ".toml", ".yml", ".yaml", ".md", ".lock", ".txt", ".cfg", ".json", ".ipynb", ".css"}
    bad = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in ROOT.rglob("*")
        if path.suffix in suffixes and not {".venv", "out", ".git", "external", ".hypothesis"} & set(path.parts)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if path.name != "test_front_door.py" and pattern.search(line)
    ]
    assert bad == []


def test_every_dependency_earns_a_line(wanted):
    page = (ROOT / "docs/decisions/0002-dependencies.md").read_text(encoding="utf-8").lower()
    assert [name for name in wanted if f"| {name} |" not in page] == []
