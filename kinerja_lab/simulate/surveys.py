"""What would visitors answer if the true quality of every unit were known? A graded-response survey."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from kinerja_lab.simulate.units import AGENCIES, YEARS

__all__ = ["ITEMS", "RESPONDENTS", "GradedItem", "graded_answers", "simulate_survey"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GradedItem:
    """One item of the graded-response model.

    Parameters
    ----------
    code : str
        Element.
    slope : float
        How strongly the answer follows the latent satisfaction, positive.
    thresholds : tuple of float
        Increasing; where answers 2, 3, 4 become more likely than not.
    dif : float
        Shift of all thresholds for women (uniform DIF).
    missing : float
        Share of answers left blank.
    """

    code: str
    slope: float
    thresholds: tuple[float, float, float]
    dif: float = 0.0
    missing: float = 0.026


ITEMS = (
    GradedItem(code="persyaratan", slope=1.9, thresholds=(-3.0, -1.5, 0.9)),
    GradedItem(code="prosedur", slope=2.3, thresholds=(-2.8, -1.3, 0.8)),
    GradedItem(code="waktu", slope=2.0, thresholds=(-2.4, -0.9, 1.1)),
    GradedItem(code="biaya", slope=0.9, thresholds=(-3.4, -1.8, 0.8)),
    GradedItem(code="produk", slope=2.1, thresholds=(-3.0, -1.4, 0.9)),
    GradedItem(code="kompetensi", slope=2.2, thresholds=(-3.1, -1.6, 0.7), dif=0.5),
    GradedItem(code="perilaku", slope=2.6, thresholds=(-2.9, -1.6, 0.5)),
    GradedItem(code="pengaduan", slope=1.3, thresholds=(-3.2, -1.7, 0.6), missing=0.06),
    GradedItem(code="sarana", slope=1.6, thresholds=(-2.7, -1.0, 1.2)),
)
"""The nine elements of the SKM with their true parameters; ``kompetensi`` is harder for women at equal satisfaction."""

STRAIGHT_SHARE = 0.04
RESPONDENTS = 44


def graded_answers(latent: np.ndarray, *, item: GradedItem, shift: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Answers 1 to 4 to one item.

    Parameters
    ----------
    latent : numpy.ndarray, shape (n,)
        Satisfaction of each respondent.
    item : GradedItem
        Slope and thresholds.
    shift : numpy.ndarray, shape (n,)
        Added to all thresholds of a respondent.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    numpy.ndarray of float, shape (n,)

    Notes
    -----
    ``P(answer >= k) = 1 / (1 + exp(-slope * (latent - threshold_k - shift)))``; one uniform draw decides all
    thresholds.

    References
    ----------
    Samejima, F. (1969), Estimation of latent ability using a response pattern of graded scores, Psychometrika
    Monograph 17.
    """
    distance = latent[:, None] - np.asarray(item.thresholds)[None, :] - shift[:, None]
    reached = 1.0 / (1.0 + np.exp(-item.slope * distance)) > rng.random(len(latent))[:, None]
    return 1.0 + reached.sum(axis=1)


def simulate_survey(
    units: pd.DataFrame, *, rng: np.random.Generator, respondents: float = RESPONDENTS,
) -> pd.DataFrame:
    """Respondents of all units in both years.

    Parameters
    ----------
    units : pandas.DataFrame
        From ``simulate_units``.
    rng : numpy.random.Generator
        Source of randomness.
    respondents : float
        Of a typical unit in a year; a unit has at least 12, or this many where it is fewer.

    Returns
    -------
    pandas.DataFrame
        ``region, agency, unit, service, date, sex, age_group, weight`` and one column an element (1 to 4, NaN for
        blank). The weight is the unit's visitors of the year over its respondents: every unit is surveyed, units are
        the strata.
    """
    frame = pd.concat([_respondents(units, year, rng, respondents) for year in YEARS], ignore_index=True)
    latent = frame.pop("quality").to_numpy() + rng.standard_normal(len(frame))
    woman = (frame["sex"] == "P").to_numpy(dtype=float)
    free = frame.pop("free").to_numpy(dtype=bool)
    answers = {item.code: graded_answers(latent, item=item, shift=item.dif * woman, rng=rng) for item in ITEMS}
    straight = rng.random(len(frame)) < STRAIGHT_SHARE
    same = np.where(rng.random(len(frame)) < 0.7, 3.0, 4.0)
    for item in ITEMS:
        given = np.where(straight, same, answers[item.code])
        if item.code == "biaya":
            given = np.where(free, 4.0, given)  # "Gratis" is the only honest answer where the law says so
        frame[item.code] = np.where(rng.random(len(frame)) < item.missing, np.nan, given)
    order = ["region", "agency", "unit", "date"]
    return frame.sort_values(order, kind="stable", ignore_index=True)


def _respondents(units: pd.DataFrame, year: str, rng: np.random.Generator, typical: float) -> pd.DataFrame:
    busy = (units["visitors"] / units["visitors"].mean()) ** 0.15
    counts = np.maximum(min(12, int(typical)), rng.poisson(typical * busy))
    place = np.repeat(np.arange(len(units)), counts)
    chosen = units.iloc[place].reset_index(drop=True)
    n = len(chosen)
    start = np.datetime64(f"{year}-01-01")
    services = [AGENCIES[agency].services for agency in chosen["agency"]]
    pick = rng.random(n)
    return pd.DataFrame({
        "region": chosen["region"], "agency": chosen["agency"], "unit": chosen["unit"],
        "service": [names[int(share * len(names))] for names, share in zip(services, pick, strict=True)],
        "date": (start + rng.integers(0, 365, n)).astype("datetime64[ms]"),
        "sex": np.where(rng.random(n) < 0.54, "P", "L"),
        "age_group": rng.choice(["17-24", "25-34", "35-44", "45-54", "55+"], size=n, p=[0.15, 0.28, 0.26, 0.19, 0.12]),
        "weight": (chosen["visitors"] / counts[place]).round(4),
        "quality": chosen[f"quality_{year}"], "free": chosen["free"],
    })
