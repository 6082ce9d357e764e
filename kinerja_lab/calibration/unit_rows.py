"""Which rows of a table of units can be used, and are they one a unit?"""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from kinerja_lab.calibration.criterion import LEAST_UNITS
from kinerja_lab.core.errors import KinerjaError, NotApplicable

__all__ = ["need_columns", "need_once", "unit_rows"]


def need_columns(frame: pd.DataFrame, names: Sequence[str]) -> None:
    """Refuse a table without these columns (``missing_columns``).

    Parameters
    ----------
    frame : pandas.DataFrame
        The table.
    names : sequence of str
        Columns that must be there.
    """
    missing = [name for name in names if name not in frame.columns]
    if missing:
        raise KinerjaError("missing_columns", columns=", ".join(missing))


def need_once(frame: pd.DataFrame) -> None:
    """Refuse a table in which a unit stands twice (``units_repeated``).

    Parameters
    ----------
    frame : pandas.DataFrame
        Has a column ``unit``.
    """
    twice = frame["unit"].duplicated()
    if twice.any():
        raise KinerjaError("units_repeated", unit=str(frame.loc[twice, "unit"].iloc[0]))


def unit_rows(
    frame: pd.DataFrame, *, case_mix: Sequence[str] = (),
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Indicator, outcome, case mix and region code of every unit that has them all.

    Parameters
    ----------
    frame : pandas.DataFrame
        ``unit, region, indicator, outcome`` and the case-mix columns.
    case_mix : sequence of str
        Columns of numbers.

    Returns
    -------
    tuple of numpy.ndarray
        Shapes (n,), (n,), (n, columns) and (n,), the last with codes 0, 1, ...

    Raises
    ------
    KinerjaError
        ``missing_columns`` or ``units_repeated``.
    NotApplicable
        ``too_few_common_units`` or ``constant_side``.
    """
    need_columns(frame, ("unit", "region", "indicator", "outcome", *case_mix))
    need_once(frame)
    kept = frame.dropna(subset=["indicator", "outcome", *case_mix])
    if len(kept) < LEAST_UNITS:
        raise NotApplicable("too_few_common_units", n=len(kept), least=LEAST_UNITS)
    x, y = (kept[name].to_numpy(dtype=float) for name in ("indicator", "outcome"))
    for side, values in (("indicator", x), ("outcome", y)):
        if np.ptp(values) <= 1e-12 * (1 + np.abs(values).max()):
            raise NotApplicable("constant_side", side=side)
    return x, y, kept[list(case_mix)].to_numpy(dtype=float), pd.factorize(kept["region"])[0]
