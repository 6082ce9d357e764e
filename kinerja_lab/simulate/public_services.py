"""What does a whole made-up study look like, with its truth beside it?"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kinerja_lab.simulate.outcomes import (
    ATTENDANCE_ONLY,
    LOCAL_SD,
    MISSING_SHARE,
    NOISE_ONLY,
    QUALITY_EFFECTS,
    UNREPORTED,
    simulate_outcomes,
)
from kinerja_lab.simulate.surveys import ITEMS, RESPONDENTS, STRAIGHT_SHARE, simulate_survey
from kinerja_lab.simulate.units import simulate_units

__all__ = ["SimulatedStudy", "simulate_public_services"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SimulatedStudy:
    """Made-up public services of four cities and two years.

    Parameters
    ----------
    survey : pandas.DataFrame
        One row a respondent.
    outcomes : pandas.DataFrame
        One row a unit, month and measure.
    units : pandas.DataFrame
        Names and case mix of the units, without the truth.
    truth : dict
        What was put in: true qualities, item parameters, the item with DIF, which measures follow nothing or
        attendance only.
    """

    survey: pd.DataFrame
    outcomes: pd.DataFrame
    units: pd.DataFrame
    truth: dict[str, object]


def simulate_public_services(
    *, rng: np.random.Generator, regions: Mapping[str, float] | None = None, most_units: int | None = None,
    respondents: float = RESPONDENTS,
) -> SimulatedStudy:
    """Draw the study ``layanan-publik``, or one like it of other regions.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness; the same state gives the same study.
    regions : mapping of str to float or None
        Region codes and their share in the true quality; the four cities where None.
    most_units : int or None
        Units of an agency in one region at most; None sets no limit.
    respondents : float
        Of a typical unit in a year.

    Examples
    --------
    >>> study = simulate_public_services(rng=np.random.default_rng(1))
    >>> study.units.groupby("agency").size().to_dict()
    {'dinkes': 44, 'disdik': 96, 'dishub': 24, 'dukcapil': 32, 'rsud': 32}
    """
    units = simulate_units(rng=rng, regions=regions, most=most_units)
    survey = simulate_survey(units, rng=rng, respondents=respondents)
    outcomes = simulate_outcomes(units, rng=rng)
    hidden = ["discipline", "quality_2024", "quality_2025"]
    return SimulatedStudy(survey=survey, outcomes=outcomes, units=units.drop(columns=hidden), truth=_truth(units))


def _truth(units: pd.DataFrame) -> dict[str, object]:
    dif = next(item for item in ITEMS if item.dif)
    return {
        "items": {item.code: {"slope": item.slope, "thresholds": list(item.thresholds), "missing": item.missing}
                  for item in ITEMS},
        "dif": {"item": dif.code, "column": "sex", "group": "P", "shift": dif.dif},
        "person_sd": 1.0,
        "straight_share": STRAIGHT_SHARE,
        "missing_month_share": MISSING_SHARE,
        "quality_effects": dict(QUALITY_EFFECTS),
        "local_sd": LOCAL_SD,
        "noise_measure": NOISE_ONLY,
        "attendance_only_measure": ATTENDANCE_ONLY,
        "zero_means_unreported": dict(UNREPORTED),
        "units": {row.unit: {"2024": round(row.quality_2024, 6), "2025": round(row.quality_2025, 6),
                             "discipline": round(row.discipline, 6)} for row in units.itertuples()},
    }
