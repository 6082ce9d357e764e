"""Which rule does a survey or a scale follow? Regulations as data files, found by code, with their years and source."""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path

from kinerja_lab.core.errors import InputFault, InputFaults, KinerjaError, closest
from kinerja_lab.core.message import Message
from kinerja_lab.core.ruleset import Band, Element, Ruleset
from kinerja_lab.io.specs import RulesetSpec, read_spec
from kinerja_lab.io.yaml_text import read_yaml

__all__ = ["load_ruleset", "match_elements", "ruleset_codes"]

FOLDER = Path(__file__).with_name("rulesets")


@cache
def ruleset_codes() -> tuple[str, ...]:
    """Codes of all rulesets, in alphabetical order."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.yml")))


@cache
def load_ruleset(code: str) -> Ruleset:
    """A ruleset by its code.

    Parameters
    ----------
    code : str
        One of ``ruleset_codes()``.

    Raises
    ------
    KinerjaError
        ``unknown_ruleset`` with the choices and the nearest one.

    Examples
    --------
    >>> load_ruleset("skm-2017").band_of(76.61).code
    'B'
    """
    spec = _spec(code)
    return Ruleset(
        code=spec.code, title=spec.title, title_en=spec.title_en, source=spec.source, confidence=spec.confidence,
        valid_from=spec.valid_from, valid_to=spec.valid_to, scale_low=spec.scale_low, scale_high=spec.scale_high,
        index_factor=spec.index_factor, decimals=spec.decimals,
        elements=tuple(Element(code=item.code, name=item.name, name_en=item.name_en) for item in spec.elements),
        bands=tuple(Band(code=item.code, name=item.name, name_en=item.name_en, lower=item.lower)
                    for item in spec.bands),
    )


def match_elements(columns: Iterable[str], *, ruleset: str, file: str = "") -> Mapping[str, str]:
    """Which column holds which element, by name; never by position.

    Parameters
    ----------
    columns : iterable of str
        Column names of a table; those that name no element are left alone.
    ruleset : str
        Code of the ruleset.
    file : str
        Table, for the faults.

    Returns
    -------
    mapping of str to str
        Element code to column name, for all elements.

    Raises
    ------
    InputFaults
        ``ambiguous_element`` (``U8`` and ``U9`` stand for different elements in the list and in the questionnaire of
        the same regulation), ``element_twice`` and ``element_missing``, all of them at once.

    Notes
    -----
    Compared without case, spaces and punctuation.
    """
    spec = _spec(ruleset)
    known = {_plain(name): item.code for item in spec.elements for name in (item.code, item.name, *item.aliases)}
    ambiguous = {_plain(name) for name in spec.ambiguous}
    found: dict[str, str] = {}
    faults = []
    for column in columns:
        plain = _plain(column)
        if plain in ambiguous:
            faults.append(InputFault(message=Message("fault.ambiguous_element", {"column": column}), file=file,
                                     column=column))
        elif plain in known:
            code = known[plain]
            if code in found:
                faults.append(InputFault(
                    message=Message("fault.element_twice", {"element": code, "first": found[code]}), file=file,
                    column=column))
            found.setdefault(code, column)
    if not any(fault.message.code == "fault.ambiguous_element" for fault in faults):
        faults += [InputFault(message=Message("fault.element_missing", {"element": item.code, "name": item.name}),
                              file=file) for item in spec.elements if item.code not in found]
    if faults:
        raise InputFaults(faults)
    return found


@cache
def _spec(code: str) -> RulesetSpec:
    if code not in ruleset_codes():
        raise KinerjaError("unknown_ruleset", value=code, choices=", ".join(ruleset_codes()),
                           nearest=closest(code, ruleset_codes()) or "-")
    spec, faults = read_spec(RulesetSpec, read_yaml(FOLDER / f"{code}.yml"))
    if spec is None:
        raise InputFaults(faults)
    return spec


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "", name.casefold())
