"""Every key that code asks the catalogues for, by its literal name, is there."""

import ast
import re
from pathlib import Path

import pytest

from kinerja_lab.text.catalogue import LANGUAGES, catalogue

PACKAGE = Path(__file__).resolve().parents[2] / "kinerja_lab"
KEY = re.compile(r"[a-z_]+(\.[a-z0-9_]+)+")


def keys_asked_for() -> dict[str, str]:
    """Dotted literals of the folders that name keys in full; one that ends in an underscore is a beginning."""
    sections = {key.split(".")[0] for key in catalogue("id").keys}
    found = {}
    for path in (*PACKAGE.glob("report/*.py"), *PACKAGE.glob("cli/*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and KEY.fullmatch(node.value):
                head = node.value.split(".")[0]
                if head in sections and not node.value.endswith(("_", ".toml", ".yml", ".html", ".parquet", ".json")):
                    found[node.value] = f"{path.name}:{node.lineno}"
    return found


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_literal_key_is_in_the_catalogue(lang):
    known = catalogue(lang).keys
    heads = {key.rsplit(".", 1)[0] for key in known}
    missing = {key: where for key, where in keys_asked_for().items() if key not in known and key not in heads
               and key.rsplit(".", 1)[0] in heads}
    assert missing == {}


def test_the_search_finds_keys():
    assert "screen.interval_units" in keys_asked_for()
