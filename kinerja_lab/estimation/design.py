"""Which rows belong together, and do the questions fit the rule? What every survey estimate needs first."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError, closest
from kinerja_lab.core.instrument import Instrument
from kinerja_lab.core.ruleset import Ruleset
from kinerja_lab.core.survey import SurveyData

__all__ = ["Answers", "Groups", "answers_of", "design_labels", "element_order", "group_rows", "item_unit"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Groups:
    """Group of each row.

    Parameters
    ----------
    codes : numpy.ndarray of int, shape (rows,)
        Group number of each row.
    keys : pandas.DataFrame
        Values of the group columns, one row a group, sorted.
    names : tuple of str
        Group columns.
    """

    codes: np.ndarray
    keys: pd.DataFrame
    names: tuple[str, ...]

    @property
    def count(self) -> int:
        """Number of groups."""
        return len(self.keys)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Answers:
    """Answers turned so that high is good, in the order of the rule's elements.

    Parameters
    ----------
    codes : tuple of str
        Item codes.
    values : numpy.ndarray, shape (rows, items)
        NaN for no answer.
    low, high : int
        Ends of the scale.
    unit : str
        Unit of an item's mean.
    """

    codes: tuple[str, ...]
    values: np.ndarray
    low: int
    high: int
    unit: str


def group_rows(frame: pd.DataFrame, *, by: tuple[str, ...]) -> Groups:
    """Number the groups of a frame.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row a respondent.
    by : tuple of str
        Group columns; none means one group of all rows.

    Returns
    -------
    Groups
        Sorted by the keys.

    Raises
    ------
    KinerjaError
        ``missing_columns``.
    """
    missing = [name for name in by if name not in frame.columns]
    if missing:
        raise KinerjaError("missing_columns", columns=", ".join(missing))
    if not by:
        return Groups(codes=np.zeros(len(frame), dtype=np.int64), keys=pd.DataFrame(index=range(1)), names=())
    codes = np.zeros(len(frame), dtype=np.int64)
    for name in by:
        level, values = pd.factorize(frame[name], sort=True, use_na_sentinel=False)
        codes = codes * max(len(values), 1) + level
        # renumber at each step, so that many columns cannot overflow
        found, codes = np.unique(codes, return_inverse=True)
        codes = codes.ravel()
    first = np.full(len(found), len(frame), dtype=np.int64)
    np.minimum.at(first, codes, np.arange(len(frame)))
    keys = frame[list(by)].iloc[first].reset_index(drop=True)
    return Groups(codes=codes, keys=keys, names=tuple(by))


def design_labels(survey: SurveyData) -> tuple[np.ndarray | None, np.ndarray | None]:
    """Strata and clusters of each respondent as integers, ``None`` where the design has no such part.

    Parameters
    ----------
    survey : SurveyData
        Answers with their design.

    Returns
    -------
    tuple of numpy.ndarray or None
        Strata, clusters.
    """
    return tuple(
        pd.factorize(survey.frame[name], use_na_sentinel=False)[0] if name else None
        for name in (survey.design.stratum, survey.design.cluster)
    )


def element_order(instrument: Instrument, *, ruleset: Ruleset) -> tuple[str, ...]:
    """Items in the order of a rule's elements (the instrument's where the rule names none).

    Parameters
    ----------
    instrument : Instrument
        The questionnaire.
    ruleset : Ruleset
        The rule; where it names elements, the instrument's items must be exactly those, in any order.

    Raises
    ------
    KinerjaError
        ``elements_differ`` or ``scale_differs``.
    """
    wanted = tuple(element.code for element in ruleset.elements) or instrument.item_codes
    absent = [code for code in wanted if code not in instrument.item_codes]
    foreign = [code for code in instrument.item_codes if code not in wanted]
    if absent or foreign:
        near = [f"{code} -> {closest(code, absent)}" for code in foreign if closest(code, absent)]
        raise KinerjaError("elements_differ", ruleset=ruleset.code, absent=", ".join(absent) or "-",
                           foreign=", ".join(foreign) or "-", nearest=", ".join(near) or "-")
    scaled = ruleset.scale_low < ruleset.scale_high
    if scaled and (ruleset.scale_low, ruleset.scale_high) != (instrument.low, instrument.high):
        raise KinerjaError("scale_differs", ruleset=ruleset.code, rule_low=ruleset.scale_low,
                           rule_high=ruleset.scale_high, low=instrument.low, high=instrument.high)
    return wanted


def item_unit(instrument: Instrument) -> str:
    """Unit of an item's mean.

    Parameters
    ----------
    instrument : Instrument
        Knows the ends of the answer scale.
    """
    return "scale_1_4" if (instrument.low, instrument.high) == (1, 4) else "scale_points"


def answers_of(survey: SurveyData, *, ruleset: Ruleset) -> Answers:
    """The answers a rule works on, matched by name.

    Parameters
    ----------
    survey : SurveyData
        Answers of respondents.
    ruleset : Ruleset
        The rule; where it names elements, the instrument's items must be exactly those, in any order.

    Returns
    -------
    Answers
        In the order of the rule's elements (the instrument's where the rule names none); reversed items are turned.

    Raises
    ------
    KinerjaError
        ``elements_differ`` or ``scale_differs``.
    """
    instrument = survey.instrument
    wanted = element_order(instrument, ruleset=ruleset)
    values = survey.answers()
    for position, item in enumerate(instrument.items):
        if item.reverse:
            values[:, position] = instrument.low + instrument.high - values[:, position]
    order = [instrument.item_codes.index(code) for code in wanted]
    if order != list(range(len(order))):
        values = values[:, order]
    return Answers(codes=wanted, values=values, low=instrument.low, high=instrument.high, unit=item_unit(instrument))
