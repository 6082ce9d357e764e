"""Which predicate does the matrix give for a pair of ratings, and what is it worth? No names, no verdicts."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from kinerja_lab.core.errors import InputFault, InputFaults, KinerjaError, closest
from kinerja_lab.core.message import Message, Words

__all__ = [
    "RATING_COLUMNS", "Named", "PredicateRule", "Ratings", "credit_points", "matrix_mismatches", "plain", "predicate",
    "ratings_from_frame", "read_predicate", "read_rating",
]

RATING_COLUMNS = {"unit": ("unit", "unit kerja"), "period": ("period", "periode", "tahun", "triwulan"),
                  "result": ("result", "hasil kerja", "hasil"),
                  "behaviour": ("behaviour", "perilaku", "perilaku kerja"),
                  "predicate": ("predicate", "predikat", "predikat kinerja")}
"""The only columns that a table of ratings may have, and what they may be called."""

_PERSONAL = ("nama", "name", "nip", "nik", "nuptk", "nrp", "npwp", "email", "surel", "telepon", "hp", "alamat", "lahir",
             "pegawai", "employee", "jabatan", "foto", "id")
_NUMBER_OF_A_PERSON = re.compile(r"\d{16}|\d{18}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """A rating or a predicate with its names."""

    code: str
    name: str
    name_en: str = ""

    @property
    def words(self) -> Words:
        """The name in both languages."""
        return Words(id=self.name, en=self.name_en)


@dataclass(frozen=True, slots=True, kw_only=True)
class PredicateRule:
    """A regulation's matrix of predicates.

    Parameters
    ----------
    code, title, title_en, source, confidence : str
        As for a ruleset.
    ratings : tuple of Named
        From the highest to the lowest; for result and behaviour alike.
    predicates : tuple of Named
        From the best to the worst.
    cells : mapping of (str, str) to str
        Predicate by (result, behaviour); every pair must be there.
    credit_percent : mapping of str to float
        Percentage of the yearly base credit, by predicate.
    rating_synonyms, predicate_synonyms : mapping of str to tuple of str
        Other spellings, by code.
    ambiguous : tuple of str
        Words that must be asked about.

    Raises
    ------
    KinerjaError
        ``predicate_matrix`` when a pair is missing or a cell names no predicate.
    """

    code: str
    title: str
    title_en: str = ""
    source: str
    confidence: str
    ratings: tuple[Named, ...]
    predicates: tuple[Named, ...]
    cells: Mapping[tuple[str, str], str]
    credit_percent: Mapping[str, float]
    rating_synonyms: Mapping[str, tuple[str, ...]]
    predicate_synonyms: Mapping[str, tuple[str, ...]]
    ambiguous: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        known = {item.code for item in self.predicates}
        pairs = {(one.code, other.code) for one in self.ratings for other in self.ratings}
        if set(self.cells) != pairs or not set(self.cells.values()) <= known or set(self.credit_percent) != known:
            raise KinerjaError("predicate_matrix", rule=self.code)

    def words(self, code: str) -> Words:
        """Name of a rating or predicate."""
        for item in (*self.predicates, *self.ratings):
            if item.code == code:
                return item.words
        raise KinerjaError("unknown_predicate", value=code, choices=", ".join(item.name for item in self.predicates),
                           nearest="-")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Ratings:
    """Ratings of employees without a word that tells who they are; make it with ``ratings_from_frame``.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row an employee: ``unit, result, behaviour, predicate, stated``; codes of the rule. ``predicate`` is the
        matrix's, ``stated`` the file's own (empty where it has none). ``result`` and ``behaviour`` are empty where the
        file gives the predicate only.
    """

    frame: pd.DataFrame

    @property
    def n(self) -> int:
        """Employees."""
        return len(self.frame)


def predicate(result: str, behaviour: str, *, rule: PredicateRule) -> str:
    """The predicate of the matrix.

    Parameters
    ----------
    result, behaviour : str
        Ratings of hasil kerja and perilaku: codes of the rule or any spelling it knows.
    rule : PredicateRule
        The matrix.

    Returns
    -------
    str
        Code of the predicate.

    Raises
    ------
    KinerjaError
        ``unknown_rating``.
    """
    return rule.cells[read_rating(result, rule=rule), read_rating(behaviour, rule=rule)]


def read_rating(text: str, *, rule: PredicateRule) -> str:
    """The rating that a spelling stands for ("diatas ekspektasi", "Di Atas").

    Parameters
    ----------
    text : str
        As written in a file.
    rule : PredicateRule
        Knows the spellings.

    Raises
    ------
    KinerjaError
        ``unknown_rating`` with the choices.
    """
    return _read(text, rule.ratings, rule.rating_synonyms, (), "unknown_rating")


def read_predicate(text: str, *, rule: PredicateRule) -> str:
    """The predicate that a spelling stands for ("Cukup", "Kurang/Misconduct").

    Parameters
    ----------
    text : str
        As written in a file.
    rule : PredicateRule
        Knows the spellings.

    Raises
    ------
    KinerjaError
        ``unknown_predicate``, or ``ambiguous_predicate`` for a word that means different predicates in different
        places.
    """
    return _read(text, rule.predicates, rule.predicate_synonyms, rule.ambiguous, "unknown_predicate")


def plain(text: str) -> str:
    """A spelling without case, spaces and punctuation.

    Parameters
    ----------
    text : str
        As written.

    Examples
    --------
    >>> plain("Di atas  Ekspektasi") == plain("diatas ekspektasi")
    True
    """
    return re.sub(r"[^a-z0-9]+", "", text.casefold())


def _read(
    text: str, choices: Sequence[Named], synonyms: Mapping[str, Sequence[str]], ambiguous: Sequence[str], fault: str,
) -> str:
    wanted = plain(str(text))
    if wanted and wanted in {plain(word) for word in ambiguous}:
        raise KinerjaError("ambiguous_predicate", value=text, choices=", ".join(item.name for item in choices))
    for item in choices:
        if wanted in {plain(word) for word in (item.code, item.name, *synonyms.get(item.code, ()))}:
            return item.code
    names = [item.name for item in choices]
    raise KinerjaError(fault, value=text, choices=", ".join(names), nearest=closest(str(text), names) or "-")


def credit_points(base: float, *, predicate: str, rule: PredicateRule) -> float:
    """Credit points of a year.

    Parameters
    ----------
    base : float
        Yearly base of the position's level, 0 or more.
    predicate : str
        Code of the predicate.
    rule : PredicateRule
        Holds the percentages.

    Raises
    ------
    KinerjaError
        ``unknown_predicate`` or ``negative_base``.

    Notes
    -----
    base x percentage / 100, unrounded.
    """
    if not base >= 0:
        raise KinerjaError("negative_base", value=str(base))
    return base * rule.credit_percent[read_predicate(predicate, rule=rule)] / 100


def ratings_from_frame(frame: pd.DataFrame, *, rule: PredicateRule, file: str = "") -> Ratings:
    """Take a table of ratings in, and refuse everything that could tell who somebody is.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row an employee; columns of ``RATING_COLUMNS`` and no others. Needed: result and behaviour, or the
        predicate.
    rule : PredicateRule
        The matrix.
    file : str
        Table, for the faults.

    Raises
    ------
    InputFaults
        ``personal_column``, ``personal_value``, ``ratings_column``, ``ratings_missing``, ``rating_unknown``,
        ``predicate_unknown``: all of them at once.
    """
    names, faults = _columns(frame, file)
    if not ({"result", "behaviour"} <= set(names) or "predicate" in names):
        faults.append(InputFault(message=Message("fault.ratings_missing"), file=file))
    if faults:
        raise InputFaults(faults)
    text = pd.DataFrame({name: frame[column].fillna("").astype(str).str.strip() for name, column in names.items()})
    rows = []
    for position, row in enumerate(text.to_dict("records"), start=2):
        read, wrong = _row(row, rule, file, position, names)
        rows.append(read)
        faults += wrong
    if faults:
        raise InputFaults(faults)
    return Ratings(frame=pd.DataFrame(rows, columns=["unit", "result", "behaviour", "predicate", "stated"]))


def _columns(frame: pd.DataFrame, file: str) -> tuple[dict[str, str], list[InputFault]]:
    """Column of the file by our name."""
    known = {plain(alias): name for name, aliases in RATING_COLUMNS.items() for alias in aliases}
    names, faults = {}, []
    for column in map(str, frame.columns):
        name = known.get(plain(column))
        if name is not None and name not in names:
            names[name] = column
            continue
        personal = any(part in _PERSONAL for part in re.split(r"[^a-z]+", column.casefold()))
        code = "fault.personal_column" if personal else "fault.ratings_column"
        allowed = Words(id=", ".join(aliases[1] for aliases in RATING_COLUMNS.values()), en=", ".join(RATING_COLUMNS))
        faults.append(InputFault(message=Message(code, {"columns": allowed}), file=file, line=1, column=column))
    return names, faults


def _row(
    row: Mapping[str, str], rule: PredicateRule, file: str, line: int, names: Mapping[str, str],
) -> tuple[dict[str, str], list[InputFault]]:
    out = {"unit": row.get("unit", ""), "result": "", "behaviour": "", "predicate": "", "stated": ""}
    faults = []
    for name, value in row.items():
        if _NUMBER_OF_A_PERSON.fullmatch(re.sub(r"[\s.]", "", value)):
            faults.append(InputFault(message=Message("fault.personal_value"), file=file, line=line, column=names[name],
                                     value="*" * 12))
    for name, code in (("result", "fault.rating_unknown"), ("behaviour", "fault.rating_unknown"),
                       ("predicate", "fault.predicate_unknown")):
        if name not in row or (name == "predicate" and not row[name] and "result" in row):
            continue
        try:
            read = read_predicate(row[name], rule=rule) if name == "predicate" else read_rating(row[name], rule=rule)
        except KinerjaError as error:
            shown = "" if any(character.isdigit() for character in row[name]) else row[name][:40]
            params = {"choices": error.message.params["choices"]}
            faults.append(InputFault(message=Message(code, params), file=file, line=line, column=names[name],
                                     value=shown))
        else:
            out["stated" if name == "predicate" else name] = read
    if not faults:
        pair = (out["result"], out["behaviour"])
        out["predicate"] = rule.cells[pair] if all(pair) else out["stated"]
    return out, faults


def matrix_mismatches(ratings: Ratings) -> int:
    """How many employees carry another predicate in the file than the matrix gives for their two ratings.

    Parameters
    ----------
    ratings : Ratings
        With both ratings and the file's own predicate.
    """
    frame = ratings.frame
    both = (frame["stated"] != "") & (frame["result"] != "") & (frame["behaviour"] != "")
    return int((both & (frame["stated"] != frame["predicate"])).sum())
