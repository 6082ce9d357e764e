"""What a caller may rely on: documented names, keyword-only arguments, frozen values."""

import dataclasses
import importlib
import inspect
import pkgutil

import pytest

import kinerja_lab

METHOD_FOLDERS = ("drafting", "panels", "estimation", "psychometrics", "composite", "profiling", "calibration",
                  "simulate")


def public_modules():
    for info in pkgutil.walk_packages(kinerja_lab.__path__, "kinerja_lab."):
        if info.name.endswith("__main__") or ".template" in info.name:
            continue
        module = importlib.import_module(info.name)
        if hasattr(module, "__all__"):
            yield module


MODULES = list(public_modules())
NAMES = [(module.__name__, name) for module in MODULES for name in module.__all__]


@pytest.mark.parametrize(("module", "name"), NAMES, ids=[f"{m}.{n}" for m, n in NAMES])
def test_public_name_exists_and_is_documented(module, name):
    value = getattr(importlib.import_module(module), name)
    if inspect.isfunction(value) or inspect.isclass(value):
        assert inspect.getdoc(value), "no docstring"


@pytest.mark.parametrize(("module", "name"), [
    (m, n) for m, n in NAMES if inspect.isfunction(getattr(importlib.import_module(m), n))
    and m.split(".")[1] in METHOD_FOLDERS
])
def test_methods_take_the_subject_first_and_the_rest_by_keyword(module, name):
    function = getattr(importlib.import_module(module), name)
    positional = [p for p in inspect.signature(function).parameters.values()
                  if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    assert len(positional) <= 3, f"{name} takes {len(positional)} positional arguments"
    doc = inspect.getdoc(function)
    for parameter in inspect.signature(function).parameters:
        assert parameter in doc, f"{name}: parameter {parameter} is not in the docstring"
    assert all(p.default is p.empty for p in inspect.signature(function).parameters.values() if p.name == "rng")


@pytest.mark.parametrize("module", MODULES, ids=lambda module: module.__name__)
def test_dataclasses_are_frozen(module):
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.isclass(value) and dataclasses.is_dataclass(value):
            assert value.__dataclass_params__.frozen, name


def test_no_class_is_named_test():
    assert [name for _, name in NAMES if name.startswith("Test")] == []
