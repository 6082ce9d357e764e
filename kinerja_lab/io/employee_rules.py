"""Which rules about the predicates of employees are there? Matrix and guide as data files, and a table of ratings."""

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from kinerja_lab.core.errors import InputFault, InputFaults, KinerjaError
from kinerja_lab.core.message import Message
from kinerja_lab.drafting.distribution import DistributionGuide, GuidePattern, GuideRule
from kinerja_lab.drafting.employees import Named, PredicateRule, Ratings, ratings_from_frame
from kinerja_lab.io.specs import read_spec
from kinerja_lab.io.yaml_text import read_yaml

__all__ = ["load_distribution_guide", "load_predicate_rule", "read_ratings"]

FOLDER = Path(__file__).with_name("rules")
PREDICATE_RULES = ("skp-2022",)
GUIDES = ("se-3-2023",)

Text = Annotated[str, Field(min_length=1, max_length=2000)]
Share = Annotated[float, Field(ge=0, le=1)]


class _Spec(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)


class _NamedSpec(_Spec):
    code: Text
    name: Text
    name_en: Text


class _PredicateSpec(_NamedSpec):
    credit_percent: Annotated[float, Field(ge=0)]


class _HeadSpec(_Spec):
    code: Text
    title: Text
    title_en: Text
    source: Text
    confidence: Literal["high", "medium", "low", "mem"]


class _MatrixSpec(_HeadSpec):
    ratings: Annotated[list[_NamedSpec], Field(min_length=1)]
    predicates: Annotated[list[_PredicateSpec], Field(min_length=1)]
    matrix: list[list[Text]]
    rating_synonyms: dict[str, list[Text]] = {}
    predicate_synonyms: dict[str, list[Text]] = {}
    ambiguous: list[Text] = []


class _BoundSpec(_Spec):
    predicates: Annotated[list[Text], Field(min_length=1)]
    more_than: Share | None = None
    at_least: Share | None = None
    at_most: Share | None = None
    at_least_people: Annotated[int, Field(ge=1)] | None = None
    firm: bool = True


class _PatternSpec(_NamedSpec):
    rules: Annotated[list[_BoundSpec], Field(min_length=1)]


class _GuideSpec(_HeadSpec):
    organisation: Annotated[list[_PatternSpec], Field(min_length=1)]
    synonyms: dict[str, list[Text]] = {}


@cache
def load_predicate_rule(code: str) -> PredicateRule:
    """A matrix of predicates by its code.

    Parameters
    ----------
    code : str
        E.g. ``"skp-2022"``.

    Raises
    ------
    KinerjaError
        ``unknown_employee_rule``.

    Examples
    --------
    >>> from kinerja_lab.drafting.employees import predicate
    >>> predicate("Diatas Ekspektasi", "sesuai", rule=load_predicate_rule("skp-2022"))
    'baik'
    """
    spec = _read(_MatrixSpec, code, PREDICATE_RULES)
    ratings = [item.code for item in spec.ratings]
    cells = {(result, behaviour): cell for result, row in zip(ratings, spec.matrix, strict=True)
             for behaviour, cell in zip(ratings, row, strict=True)}
    return PredicateRule(
        code=spec.code, title=spec.title, title_en=spec.title_en, source=spec.source, confidence=spec.confidence,
        ratings=tuple(map(_named, spec.ratings)), predicates=tuple(map(_named, spec.predicates)), cells=cells,
        credit_percent={item.code: item.credit_percent for item in spec.predicates},
        rating_synonyms={name: tuple(words) for name, words in spec.rating_synonyms.items()},
        predicate_synonyms={name: tuple(words) for name, words in spec.predicate_synonyms.items()},
        ambiguous=tuple(spec.ambiguous),
    )


@cache
def load_distribution_guide(code: str) -> DistributionGuide:
    """A guide to the spread of predicates by its code.

    Parameters
    ----------
    code : str
        E.g. ``"se-3-2023"``.

    Raises
    ------
    KinerjaError
        ``unknown_employee_rule``.
    """
    spec = _read(_GuideSpec, code, GUIDES)
    patterns = tuple(GuidePattern(organisation=_named(item), rules=tuple(map(_bound, item.rules)))
                     for item in spec.organisation)
    return DistributionGuide(code=spec.code, title=spec.title, title_en=spec.title_en, source=spec.source,
                             confidence=spec.confidence, patterns=patterns,
                             synonyms={name: tuple(words) for name, words in spec.synonyms.items()})


def read_ratings(path: Path, *, rule: PredicateRule) -> Ratings:
    """A CSV table of ratings, without anything that tells who somebody is.

    Parameters
    ----------
    path : pathlib.Path
        Comma or semicolon separated, UTF-8, one row an employee.
    rule : PredicateRule
        The matrix.

    Raises
    ------
    InputFaults
        ``file_missing``, ``ratings_unreadable``, or the faults of ``ratings_from_frame``.
    """
    if not path.is_file():
        raise InputFaults([InputFault(message=Message("fault.file_missing", {"file": path.name}), file=path.name)])
    try:
        frame = pd.read_csv(path, dtype=str, sep=None, engine="python", keep_default_na=False, encoding="utf-8-sig")
    except (ValueError, pd.errors.ParserError, UnicodeDecodeError) as error:
        fault = InputFault(message=Message("fault.ratings_unreadable"), file=path.name)
        raise InputFaults([fault]) from error
    return ratings_from_frame(frame, rule=rule, file=path.name)


def _read(kind: type[_HeadSpec], code: str, choices: tuple[str, ...]):
    if code not in choices:
        raise KinerjaError("unknown_employee_rule", value=code, choices=", ".join(choices))
    spec, faults = read_spec(kind, read_yaml(FOLDER / f"{code}.yml"))
    if spec is None:
        raise InputFaults(faults)
    return spec


def _named(spec: _NamedSpec) -> Named:
    return Named(code=spec.code, name=spec.name, name_en=spec.name_en)


def _bound(spec: _BoundSpec) -> GuideRule:
    given = {name: value for name in ("more_than", "at_least", "at_most", "at_least_people")
             if (value := getattr(spec, name)) is not None}
    if len(given) != 1:
        raise KinerjaError("guide_bound", predicates=", ".join(spec.predicates))
    [(kind, bound)] = given.items()
    return GuideRule(predicates=tuple(spec.predicates), kind=kind, bound=float(bound), firm=spec.firm)
