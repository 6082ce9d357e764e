"""In which words does a picture speak? The only module of this folder that reads the text catalogues."""

from kinerja_lab.core.estimate import EstimateTable
from kinerja_lab.core.ruleset import Ruleset
from kinerja_lab.text.catalogue import catalogue
from kinerja_lab.text.numbers import number

__all__ = ["band_word", "element_names", "level_text", "note_text", "value_text", "words"]

_DECIMALS = {"index_100": ".2f", "scale_1_4": ".2f", "scale_points": ".2f", "percent": ".1f", "share": ".1%",
             "probability": ".1%"}


def words(lang: str, key: str, **params: object) -> str:
    """A text of a picture: ``plot.<key>``."""
    return catalogue(lang).text(f"plot.{key}", **params)


def value_text(value: float, *, unit: str, lang: str) -> str:
    """A value as it is written beside its point."""
    return number(value, lang=lang, spec=_DECIMALS.get(unit, ".2f"))


def note_text(note: str, *, lang: str) -> str:
    """Why a value or an interval is not shown."""
    return catalogue(lang).name("note", note)


def level_text(table: EstimateTable, *, lang: str) -> str:
    """The confidence level of a table, e.g. ``95%``; every level that occurs."""
    levels = sorted(set(table.frame["level"]))
    return "/".join(number(level, lang=lang, spec=".0%") for level in levels)


def band_word(code: str, *, ruleset: Ruleset, lang: str) -> str:
    """The name of a band in the language, the code where the rule gives no name."""
    for band in ruleset.bands:
        if band.code == code:
            return (band.name_en if lang == "en" else "") or band.name
    return code


def element_names(ruleset: Ruleset, *, lang: str) -> dict[str, str]:
    """Names of the elements of a rule by code."""
    known = catalogue(lang)
    return {element.code: (element.name_en if lang == "en" else "") or
            (known.name("element", element.code) if lang == "en" else element.name) for element in ruleset.elements}
