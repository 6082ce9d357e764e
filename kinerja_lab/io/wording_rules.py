"""Which rules about wording are there? The shipped table, read and checked."""

from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from kinerja_lab.core.errors import InputFaults
from kinerja_lab.core.message import Words
from kinerja_lab.core.options import IndicatorLevel
from kinerja_lab.drafting.wording_rules import RuleKind, WordingRule, WordingRules, parse_pattern
from kinerja_lab.io.specs import read_spec
from kinerja_lab.io.yaml_text import read_yaml

__all__ = ["load_wording_rules", "read_wording_rules"]

SHIPPED = Path(__file__).with_name("rules") / "wording.yml"

Text = Annotated[str, Field(min_length=1, max_length=400)]
Level = Annotated[IndicatorLevel, Field(strict=False)]


class _Spec(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _WordsSpec(_Spec):
    id: Text
    en: Text


class _RuleSpec(_Spec):
    code: Annotated[str, Field(pattern=r"^[A-Z]{3}[0-9]{3}$")]
    kind: Annotated[RuleKind, Field(strict=False)]
    fields_: Annotated[list[Text], Field(alias="fields")] = ["name"]
    patterns: list[Text] = []
    unless: list[Text] = []
    failed_at: list[Level] = []
    concern_at: list[Level] = []
    failed_when_first: bool = False
    silent_with_threshold: bool = False
    lists: dict[str, list[Text]] = {}
    before: _WordsSpec
    after: _WordsSpec


class _TableSpec(_Spec):
    version: Text
    rules: Annotated[list[_RuleSpec], Field(min_length=1)]


@cache
def load_wording_rules() -> WordingRules:
    """The rules that ship with the package.

    Examples
    --------
    >>> load_wording_rules().rule("WRD001").kind.value
    'pattern'
    """
    return read_wording_rules(SHIPPED)


def read_wording_rules(path: Path) -> WordingRules:
    """Rules from a file of the same form as the shipped one (an office may keep its own).

    Parameters
    ----------
    path : pathlib.Path
        A YAML file.

    Raises
    ------
    InputFaults
        Everything that is wrong with the file.
    KinerjaError
        ``wording_pattern`` or ``wording_rule_twice``.
    """
    spec, faults = read_spec(_TableSpec, read_yaml(path))
    if spec is None:
        raise InputFaults(faults)
    return WordingRules(version=spec.version, rules=tuple(_rule(item) for item in spec.rules))


def _rule(spec: _RuleSpec) -> WordingRule:
    return WordingRule(
        code=spec.code, kind=spec.kind, fields=tuple(spec.fields_),
        patterns=tuple(map(parse_pattern, spec.patterns)), unless=tuple(map(parse_pattern, spec.unless)),
        failed_at=tuple(spec.failed_at), concern_at=tuple(spec.concern_at), failed_when_first=spec.failed_when_first,
        silent_with_threshold=spec.silent_with_threshold,
        lists={name: tuple(word.strip() for word in words) for name, words in spec.lists.items()},
        before=Words(id=spec.before.id, en=spec.before.en), after=Words(id=spec.after.id, en=spec.after.en),
    )
