"""A number that can defend itself: value, interval, level, n and method."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from math import isnan

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import KinerjaError

__all__ = ["FIXED_COLUMNS", "MEASURED_IN", "Estimate", "EstimateTable", "fixed_columns"]

FIXED_COLUMNS = ("label", "value", "low", "high", "level", "n", "method", "unit", "note")
"""Columns of every table of estimates, in this order; group columns stand before them."""

MEASURED_IN = "measured_in"
"""Stands for ``unit`` in a table whose groups are units: there ``unit`` is the office, and a column has one meaning."""

_SLACK = 1e-9


def fixed_columns(groups: Sequence[str]) -> tuple[str, ...]:
    """The fixed columns of a table with these groups: ``MEASURED_IN`` instead of ``unit`` where a group has that name.

    Examples
    --------
    >>> fixed_columns(("agency", "unit"))[-2:]
    ('measured_in', 'note')
    """
    return tuple(MEASURED_IN if name == "unit" and name in groups else name for name in FIXED_COLUMNS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """One number with its interval.

    Parameters
    ----------
    label : str
        What is estimated (a code or a name; not a sentence).
    value, low, high : float
        ``low <= value <= high``. Without an interval ``low`` and ``high`` are NaN and ``note`` says why.
    level : float
        Confidence level, between 0 and 1 (both excluded).
    n : int
        Cases the number rests on.
    method : str
        Name of the method in the field's terms, e.g. ``"Feldt"``.
    unit : str
        Unit code, e.g. ``"index_100"``, ``"percent"``, ``"correlation"``.
    note : str
        Why there is no interval, or why the value is hidden: a code under ``[note]`` of the catalogues.

    Raises
    ------
    KinerjaError
        ``bad_estimate`` when the interval does not hold the value, or is missing without a reason.
    """

    label: str
    value: float
    low: float
    high: float
    level: float = 0.95
    n: int
    method: str
    unit: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.level < 1:
            raise KinerjaError("bad_level", value=str(self.level))
        if _row_is_bad(self.value, self.low, self.high, self.note):
            raise KinerjaError(
                "bad_estimate", label=self.label, value=str(self.value), low=str(self.low), high=str(self.high),
            )

    @property
    def has_interval(self) -> bool:
        """Whether the number comes with an interval."""
        return not isnan(self.low)

    def to_frame(self) -> pd.DataFrame:
        """One row with the fixed columns, unrounded."""
        return pd.DataFrame([{name: getattr(self, name) for name in FIXED_COLUMNS}])

    def __str__(self) -> str:
        inside = f" [{self.low:.6g}, {self.high:.6g}]" if self.has_interval else f" ({self.note})"
        return f"{self.label} = {self.value:.6g}{inside} {self.unit} n={self.n} {self.method}"

    def _repr_html_(self) -> str:
        return self.to_frame().to_html(index=False)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EstimateTable:
    """Estimates in long form: group columns, then the fixed columns.

    Parameters
    ----------
    frame : pandas.DataFrame
        One row an estimate, with ``fixed_columns(groups)``. Rows without an interval carry a ``note``; rows whose value
        is NaN too.
    groups : tuple of str
        Names of the group columns, in order.

    Raises
    ------
    KinerjaError
        ``missing_columns`` or ``bad_estimate`` (naming the first row and how many).
    """

    frame: pd.DataFrame
    groups: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        frame = self.frame if "note" in self.frame.columns else self.frame.assign(note="")
        wanted = [*self.groups, *fixed_columns(self.groups)]
        missing = [name for name in wanted if name not in frame.columns]
        if missing:
            raise KinerjaError("missing_columns", columns=", ".join(missing))
        frame = (frame if list(frame.columns) == wanted else frame[wanted]).reset_index(drop=True)
        frame["note"] = frame["note"].fillna("").astype(str)
        for name in ("value", "low", "high", "level"):
            if frame[name].dtype != np.float64:
                frame[name] = frame[name].astype(float)
        value, low, high = (frame[name].to_numpy() for name in ("value", "low", "high"))
        bare = np.isnan(low) | np.isnan(high) | np.isnan(value)
        slack = _SLACK * (1 + np.abs(np.nan_to_num(value)))
        bad = ~bare & ((low > value + slack) | (value > high + slack))
        if bare.any():
            bad |= bare & (frame["note"] == "").to_numpy()
        if bad.any():
            first = frame[bad].iloc[0]
            raise KinerjaError(
                "bad_estimate", label=str(first["label"]), value=str(first["value"]), low=str(first["low"]),
                high=str(first["high"]),
            )
        object.__setattr__(self, "frame", frame)
        object.__setattr__(self, "groups", tuple(self.groups))

    @classmethod
    def from_estimates(
        cls, estimates: Iterable[Estimate], *, groups: Sequence[str] = (), keys: Iterable[Sequence[object]] = (),
    ) -> "EstimateTable":
        """Stack estimates; ``keys`` gives the values of the group columns, one tuple an estimate."""
        rows = [[getattr(item, name) for name in FIXED_COLUMNS] for item in estimates]
        frame = pd.DataFrame(rows, columns=list(fixed_columns(groups)))
        keys = list(keys)
        for position, name in enumerate(groups):
            frame[name] = [key[position] for key in keys]
        return cls(frame=frame, groups=tuple(groups))

    def __len__(self) -> int:
        return len(self.frame)

    def row(self, label: str) -> Estimate:
        """The estimate of a label that stands in the table exactly once.

        Raises
        ------
        KinerjaError
            ``no_such_row`` when the label is absent or not unique.
        """
        found = np.flatnonzero((self.frame["label"] == label).to_numpy())
        if len(found) != 1:
            raise KinerjaError("no_such_row", label=label, n=len(found))
        return _as_estimates(self.frame, slice(found[0], found[0] + 1))[0]

    def estimates(self) -> tuple[Estimate, ...]:
        """Every row as an ``Estimate``, in order."""
        return _as_estimates(self.frame, slice(None))

    def to_frame(self) -> pd.DataFrame:
        """A copy of the rows, unrounded."""
        return self.frame.copy()

    def __str__(self) -> str:
        return f"EstimateTable of {len(self.frame)} rows by {', '.join(self.groups) or 'label'}"

    def _repr_html_(self) -> str:
        return self.frame.to_html(index=False)


def _as_estimates(frame: pd.DataFrame, rows: slice) -> tuple[Estimate, ...]:
    """Rows as estimates, column by column: a table of mixed types is slow to read row by row."""
    measured_in = MEASURED_IN if MEASURED_IN in frame.columns else "unit"
    columns = [frame[measured_in if name == "unit" else name].to_numpy()[rows].tolist() for name in FIXED_COLUMNS]
    return tuple(Estimate(**{**dict(zip(FIXED_COLUMNS, row, strict=True)), "n": int(row[FIXED_COLUMNS.index("n")])})
                 for row in zip(*columns, strict=True))



def _row_is_bad(value: float, low: float, high: float, note: str) -> bool:
    if isnan(low) or isnan(high) or isnan(value):
        return not note
    slack = _SLACK * (1 + abs(value))
    return low > value + slack or value > high + slack
