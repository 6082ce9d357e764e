"""Both languages say the same things, and numbers are written as the reader writes them."""

import ast
import re
from datetime import date
from pathlib import Path
from string import Formatter

import pytest

from kinerja_lab.core.errors import InputFault, InputFaults, KinerjaError
from kinerja_lab.core.estimate import Estimate
from kinerja_lab.core.message import Message
from kinerja_lab.text.catalogue import LANGUAGES, catalogue
from kinerja_lab.text.numbers import date_text, number

PACKAGE = Path(__file__).resolve().parents[2] / "kinerja_lab"
RAISERS = {"KinerjaError": "error", "NotApplicable": "not_applicable"}


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def codes_raised() -> dict[str, str]:
    """Every literal code in the package -> where."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
                first = node.args[0].value
                if name in RAISERS and isinstance(first, str):
                    found[f"{RAISERS[name]}.{first}"] = f"{path.name}:{node.lineno}"
                elif name == "Message" and isinstance(first, str) and "." in first:
                    found[first] = f"{path.name}:{node.lineno}"
    return found


def test_both_languages_have_the_same_keys():
    assert catalogue("id").keys == catalogue("en").keys


def test_both_languages_name_the_same_values():
    different = [key for key in sorted(catalogue("id").keys)
                 if placeholders(catalogue("id").template(key)) != placeholders(catalogue("en").template(key))]
    assert different == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_code_in_the_package_has_a_sentence(lang):
    missing = {code: where for code, where in codes_raised().items() if code not in catalogue(lang).keys}
    assert missing == {}


def test_the_search_for_codes_finds_some():
    assert "error.bad_estimate" in codes_raised()


def test_indonesian_is_not_english():
    same = [key for key in catalogue("id").keys if len(catalogue("id").template(key)) > 60
            and catalogue("id").template(key) == catalogue("en").template(key)]
    assert same == []


@pytest.mark.parametrize(("value", "lang", "spec", "text"), [
    (83.3249, "id", ".2f", "83,32"), (83.3249, "en", ".2f", "83.32"), (73421, "id", "d", "73.421"),
    (73421, "en", "d", "73,421"), (0.953, "id", ".0%", "95%"), (float("nan"), "id", ".2f", "–"),
    (-0.001, "id", ".2f", "0,00"), (-1.5, "id", ".1f", "-1,5"), (float("inf"), "en", ".1f", "∞")])
def test_numbers(value, lang, spec, text):
    assert number(value, lang=lang, spec=spec) == text


def test_dates():
    assert date_text(date(2026, 8, 17), lang="id") == "17 Agustus 2026"


def test_an_estimate_is_written_with_its_interval():
    value = Estimate(label="x", value=83.3, low=82.1, high=84.5, n=270, method="m")
    for lang, comma in (("id", ","), ("en", ".")):
        text = catalogue(lang).text("number.interval", value="v", level="95%", low="l", high="h")
        assert re.sub("v|l|h", "", text)
        field = catalogue(lang)._formatter.vformat("{x:.1f}", (), {"x": value})
        assert f"83{comma}3" in field and f"82{comma}1" in field and "95%" in field


@pytest.mark.parametrize("lang", LANGUAGES)
def test_where_nothing_is_near_nothing_is_suggested(lang):
    words = catalogue(lang)
    for key in ("fault.unknown_key", "error.unknown_option"):
        params = dict.fromkeys(("key", "name", "value", "choices"), "abc")
        near, far = (words.sentence(Message(key, {"nearest": nearest, **params})) for nearest in ("abd", "-"))
        assert "abd" in near and near.count("abc") == far.count("abc")
        assert len(far) < len(near) - 10 and not far.endswith(" ") and ": -" not in far and "mean" not in far


def test_unknown_language_is_refused_with_choices():
    with pytest.raises(KinerjaError):
        catalogue("jv")


def test_faults_are_listed_one_by_one_with_place_and_value():
    faults = InputFaults([
        InputFault(message=Message("error.bad_p", {"value": "2"}), file="study.yml", line=7, column="p", value="2"),
        InputFault(message=Message("error.bad_p", {"value": "3"}), file="study.yml", line=9, column="p", value="3")])
    lines = catalogue("id").error(faults)
    assert len(lines) == 3
    assert "study.yml" in lines[1] and "7" in lines[1] and "9" in lines[2]
