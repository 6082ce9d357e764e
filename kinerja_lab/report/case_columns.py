"""Which circumstances of a unit does a report hold constant? Columns of numbers beside an outcome."""

import numpy as np
import pandas as pd

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.core.outcome import OUTCOME_COLUMNS, OutcomeData

__all__ = ["outcome_case_mix"]

Outcomes = OutcomeData | NotApplicable


def outcome_case_mix(outcomes: Outcomes, *, measure: str) -> pd.DataFrame:
    """Numbers by unit that an outcome may owe to circumstance: the study's own, the expected share, the agency.

    Parameters
    ----------
    outcomes : OutcomeData or NotApplicable
        Outcomes of the units.
    measure : str
        Code of the outcome.

    Returns
    -------
    pandas.DataFrame
        ``unit``, then one column of numbers each; an agency is a column ``agency=<code>`` of 0 and 1.
    """
    if isinstance(outcomes, NotApplicable):
        return pd.DataFrame(columns=["unit"])
    rows = outcomes.of(measure)
    extra = [name for name in rows.columns if name not in OUTCOME_COLUMNS and rows[name].notna().any()
             and pd.api.types.is_numeric_dtype(rows[name])]
    by_unit = rows.groupby("unit", sort=True, observed=True)
    mix = by_unit[extra].mean()
    sums = by_unit[["expected", "denominator"]].sum(min_count=1)
    if sums.notna().all().all() and (sums["denominator"] > 0).all() and len(sums):
        mix["expected_share"] = sums["expected"] / sums["denominator"]
    agency = by_unit["agency"].first().astype(str)
    sizes = agency.value_counts()
    for name in sorted(sizes[sizes > 1].index)[1:]:
        mix[f"agency={name}"] = (agency == name).astype(float)
    mix = mix.loc[:, [bool(np.ptp(mix[name].dropna()) > 1e-9) if mix[name].notna().any() else False
                      for name in mix.columns]]
    return mix.reset_index()
