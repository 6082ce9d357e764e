"""What does a cascade file say? Nodes, their parents and indicators, and the levels they may have."""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from kinerja_lab.core.errors import InputFaults
from kinerja_lab.core.message import Words
from kinerja_lab.core.options import IndicatorLevel
from kinerja_lab.drafting.cascade import (
    Cascade,
    CascadeIndicator,
    CascadeLevel,
    CascadeNode,
    CascadeRules,
    build_cascade,
)
from kinerja_lab.io.specs import read_spec
from kinerja_lab.io.yaml_text import read_yaml

__all__ = ["load_cascade_rules", "read_cascade", "read_cascade_rules"]

SHIPPED = Path(__file__).with_name("rules") / "cascade-levels.yml"

Text = Annotated[str, Field(min_length=1, max_length=2000)]


class _Spec(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _LevelSpec(_Spec):
    code: Text
    name: Text
    name_en: Text
    parents: list[Text] = []
    root: bool = False
    results: bool = False


class _RulesSpec(_Spec):
    code: Text
    title: Text
    title_en: Text
    source: Text
    confidence: Literal["high", "medium", "low", "mem"]
    levels: Annotated[list[_LevelSpec], Field(min_length=1)]


class _IndicatorSpec(_Spec):
    code: Text
    name: Text
    level: Annotated[IndicatorLevel, Field(strict=False)]


class _NodeSpec(_Spec):
    code: Text
    level: Text
    name: Text
    agency: str = ""
    parents: list[Text] = []
    indicators: list[_IndicatorSpec] = []
    crosscutting: bool = False
    partners: list[Text] = []


class _CascadeSpec(_Spec):
    nodes: Annotated[list[_NodeSpec], Field(min_length=1, max_length=20_000)]


@cache
def load_cascade_rules() -> CascadeRules:
    """The levels that ship with the package.

    Examples
    --------
    >>> load_cascade_rules().level("sasaran").parents
    ('tujuan', 'misi', 'sasaran')
    """
    return read_cascade_rules(SHIPPED)


def read_cascade_rules(path: Path) -> CascadeRules:
    """Levels from a file of the same form as the shipped one.

    Parameters
    ----------
    path : pathlib.Path
        A YAML file.

    Raises
    ------
    InputFaults
        Everything that is wrong with it.
    """
    spec, faults = read_spec(_RulesSpec, read_yaml(path))
    if spec is None:
        raise InputFaults(faults)
    levels = tuple(CascadeLevel(code=item.code, name=Words(id=item.name, en=item.name_en), parents=tuple(item.parents),
                                root=item.root, results=item.results) for item in spec.levels)
    return CascadeRules(code=spec.code, title=spec.title, title_en=spec.title_en, source=spec.source,
                        confidence=spec.confidence, levels=levels)


def read_cascade(path: Path, *, rules: CascadeRules | None = None) -> Cascade:
    """A cascade from a YAML file with a list ``nodes``.

    Parameters
    ----------
    path : pathlib.Path
        The file.
    rules : CascadeRules or None
        Levels; the shipped ones when ``None``.

    Raises
    ------
    InputFaults
        Everything that is wrong with the file or with the cascade.
    """
    spec, faults = read_spec(_CascadeSpec, read_yaml(path))
    if spec is None:
        raise InputFaults(faults)
    nodes = [CascadeNode(
        code=item.code, level=item.level, name=item.name, agency=item.agency, parents=tuple(item.parents),
        crosscutting=item.crosscutting, partners=tuple(item.partners),
        indicators=tuple(CascadeIndicator(code=one.code, name=one.name, level=one.level) for one in item.indicators),
    ) for item in spec.nodes]
    return build_cascade(nodes, rules=rules or load_cascade_rules(), file=path.name)
