"""Administrative outcomes: one row a unit, period and measure."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError
from kinerja_lab.core.message import Words
from kinerja_lab.core.options import MeasureKind, Polarity

__all__ = ["OUTCOME_COLUMNS", "Measure", "OutcomeData"]

OUTCOME_COLUMNS = ("region", "agency", "unit", "period", "measure", "value", "events", "denominator", "expected")
"""Columns of every outcome frame. ``value`` is in the measure's unit; ``events``, ``denominator`` and ``expected`` are
NaN where the measure is a plain mean."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One outcome measure.

    Parameters
    ----------
    code : str
        Name used in indicators and tables.
    name, name_en : str
        How a report calls it.
    kind : MeasureKind
        ``proportion``: events of a denominator; ``rate``: events against an exposure; ``mean``: a plain value.
    unit : str
        Unit as printed.
    polarity : Polarity
        Which way is better.
    scale : float
        What events / denominator is multiplied with to give ``value`` (100 for a percentage).
    agencies : tuple of str
        Agencies that report it; empty means all.
    """

    code: str
    name: str
    name_en: str = ""
    kind: MeasureKind
    unit: str
    polarity: Polarity
    scale: float = 1.0
    agencies: tuple[str, ...] = ()

    @property
    def words(self) -> Words:
        """Its name in both languages, as a sentence takes it."""
        return Words(id=self.name, en=self.name_en)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OutcomeData:
    """Outcomes of units.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``OUTCOME_COLUMNS``, and case-mix columns where the study has them.
    measures : tuple of Measure
        The measures that occur.

    Raises
    ------
    KinerjaError
        ``missing_columns``, ``duplicate_unit_period``, ``events_above_denominator`` or ``unknown_measure``.
    """

    frame: pd.DataFrame
    measures: tuple[Measure, ...]

    def __post_init__(self) -> None:
        missing = [name for name in OUTCOME_COLUMNS if name not in self.frame.columns]
        if missing:
            raise KinerjaError("missing_columns", columns=", ".join(missing))
        twice = self.frame.duplicated(["unit", "period", "measure"])
        if twice.any():
            row = self.frame[twice].iloc[0]
            raise KinerjaError("duplicate_unit_period", unit=row["unit"], period=row["period"],
                               measure=row["measure"], n=int(twice.sum()))
        known = {measure.code for measure in self.measures}
        unknown = sorted(set(self.frame["measure"]) - known)
        if unknown:
            raise KinerjaError("unknown_measure", measures=", ".join(unknown))
        share = {measure.code for measure in self.measures if measure.kind is MeasureKind.PROPORTION}
        frame = self.frame[self.frame["measure"].isin(share)]
        above = frame["events"].to_numpy(dtype=float) > frame["denominator"].to_numpy(dtype=float)
        if above.any():
            row = frame[above].iloc[0]
            raise KinerjaError("events_above_denominator", unit=row["unit"], period=row["period"],
                               measure=row["measure"], events=float(row["events"]),
                               denominator=float(row["denominator"]))

    def measure(self, code: str) -> Measure:
        """The measure of a code."""
        for measure in self.measures:
            if measure.code == code:
                return measure
        raise KinerjaError("unknown_measure", measures=code)

    def of(self, measure: str) -> pd.DataFrame:
        """Rows of one measure."""
        self.measure(measure)
        return self.frame[self.frame["measure"] == measure].reset_index(drop=True)

    def by_unit(self, measure: str) -> pd.DataFrame:
        """One row a unit over all its periods: events and denominators summed, means weighted by the denominator.

        Returns
        -------
        pandas.DataFrame
            ``region, agency, unit, value, events, denominator, expected, n`` (``n``: periods with a value).
            ``expected`` is NaN unless every counted period states it.
        """
        measure_ = self.measure(measure)
        rows = self.of(measure).dropna(subset=["value"])
        keys = ["region", "agency", "unit"]
        heavy = rows["denominator"].where(rows["denominator"].notna(), 1.0)
        rows = rows.assign(_weight=heavy, _product=heavy * rows["value"], n=1, _stated=rows["expected"].notna())
        summed = ["events", "denominator", "expected", "_weight", "_product", "n", "_stated"]
        out = rows.groupby(keys, sort=True, observed=True)[summed].sum()
        if measure_.kind is MeasureKind.MEAN:
            out["value"] = out["_product"] / out["_weight"]
            out[["events", "denominator", "expected"]] = np.nan
        else:
            out["value"] = measure_.scale * out["events"] / out["denominator"].where(out["denominator"] > 0)
            out["expected"] = out["expected"].where(out["_stated"] == out["n"])
        columns = [*keys, "value", "events", "denominator", "expected", "n"]
        return out.reset_index()[columns].dropna(subset=["value"]).reset_index(drop=True)

    def __str__(self) -> str:
        return f"OutcomeData of {self.frame['unit'].nunique()} units, {len(self.measures)} measures"
