"""Which column of somebody's kamus is which field? The mapping file says it; nothing is guessed."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from kinerja_lab.core.errors import InputFault, InputFaults, closest
from kinerja_lab.io.dictionary_words import DictionaryWords
from kinerja_lab.io.indicator_fields import FIELD_ORDER
from kinerja_lab.io.specs import read_spec
from kinerja_lab.io.yaml_text import YamlText, read_yaml

__all__ = ["CELL_FIELDS", "CHOICES", "DictionaryMapping", "own_mapping", "read_mapping"]

CHOICES = {
    "level": ("input", "process", "output", "outcome", "impact"),
    "polarity": ("maximise", "minimise", "stabilise"),
    "kind": ("count", "percentage", "ratio", "rate", "average", "index"),
    "zero_division": ("missing", "zero", "error"),
    "empty_group": ("missing", "zero", "error"),
    "time_aggregation": ("recompute", "sum", "mean", "last", "none"),
    "unit_aggregation": ("recompute", "sum", "mean", "last", "none"),
    "access": ("public", "internal"),
    "confidence": ("high", "medium", "low", "mem"),
}
"""Fields that take one of a closed list."""

CELL_FIELDS = tuple(name for name in FIELD_ORDER if name not in (
    "series", "targets", "rule", "criteria", "agencies", "revisions", "retired", "survey", "measure"))
"""Fields that one cell can hold; targets by year have their own place in the mapping."""

Heading = Annotated[str, Field(min_length=1, max_length=300)]
Year = Annotated[str, Field(pattern=r"^[0-9]{4}$")]


class DictionaryMapping(BaseModel):
    """The mapping file.

    Parameters
    ----------
    sheet : str
        Sheet; the first one when empty.
    header_row, header_rows : int
        First row of the headings and how many rows they take.
    columns : dict
        Heading -> field.
    fill_down : list
        Headings whose value holds for the rows below, as the goals of a SAKIP table; their merged cells are read.
    constants : dict
        Field -> value for every row.
    values : dict
        Field -> words of the table -> choice.
    targets, realisations : dict
        Heading -> year.
    decimal_mark : str
        ``","`` or ``"."`` where numbers are typed as text; empty refuses those that can be read two ways.
    code_from_name : bool
        Whether a code is made from the name where the table has none.
    """

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True)

    sheet: str = ""
    header_row: Annotated[int, Field(ge=1, le=100)] = 1
    header_rows: Annotated[int, Field(ge=1, le=5)] = 1
    columns: Annotated[dict[Heading, str], Field(min_length=1)]
    fill_down: list[Heading] = []
    constants: dict[str, str] = {}
    values: dict[str, dict[Heading, str]] = {}
    targets: dict[Heading, Year] = {}
    realisations: dict[Heading, Year] = {}
    decimal_mark: Literal["", ",", "."] = ""
    code_from_name: bool = False


def read_mapping(path: Path) -> DictionaryMapping:
    """Read a mapping file.

    Parameters
    ----------
    path : pathlib.Path
        The file.

    Raises
    ------
    InputFaults
        Every fault with its line and cure; ``book_field`` where a field is none that one cell can hold, ``book_choice``
        where a choice is not on the list.
    """
    text = read_yaml(path)
    spec, faults = read_spec(DictionaryMapping, text)
    if spec is not None:
        faults = _mapping_faults(spec, text)
    if faults:
        raise InputFaults(faults)
    return spec


def own_mapping(words: DictionaryWords) -> DictionaryMapping:
    """The mapping of a kamus that ``write_dictionary_xlsx`` wrote in the same language.

    Parameters
    ----------
    words : DictionaryWords
        Words of that language.
    """
    return DictionaryMapping(
        sheet=words.text("dictionary.sheet"), decimal_mark=words.decimal_mark,
        columns={words.text(f"indicator_field.{name}"): name for name in CELL_FIELDS},
        values={field: {words.text(f"indicator_option.{choice}"): choice for choice in choices}
                for field, choices in CHOICES.items()},
    )


def _mapping_faults(spec: DictionaryMapping, text: YamlText) -> list[InputFault]:
    faults = []
    named = [*((("columns", heading), field) for heading, field in spec.columns.items()),
             *((("constants", field), field) for field in spec.constants)]
    for path, field in named:
        if field not in CELL_FIELDS:
            faults.append(text.fault("book_field", path, field=field, nearest=closest(field, CELL_FIELDS) or "-",
                                     choices=", ".join(CELL_FIELDS)))
    fields = list(spec.columns.values())
    for position, (heading, field) in enumerate(spec.columns.items()):
        if field in fields[:position]:
            faults.append(text.fault("book_field_twice", ("columns", heading), field=field))
    for field, words in spec.values.items():
        if field not in CHOICES:
            faults.append(text.fault("book_field", ("values", field), field=field, choices=", ".join(CHOICES),
                                     nearest=closest(field, tuple(CHOICES)) or "-"))
            continue
        for word, choice in words.items():
            if choice not in CHOICES[field]:
                faults.append(text.fault("unknown_choice", ("values", field, word), value=choice,
                                         choices=", ".join(CHOICES[field]),
                                         nearest=closest(choice, CHOICES[field]) or "-"))
    headings = {*spec.columns, *spec.targets, *spec.realisations}
    for position, heading in enumerate(spec.fill_down):
        if heading not in headings:
            faults.append(text.fault("unknown_choice", ("fill_down", position), value=heading,
                                     choices=", ".join(sorted(headings)),
                                     nearest=closest(heading, sorted(headings)) or "-"))
    return faults
