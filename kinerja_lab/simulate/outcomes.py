"""What would the registers show if the true quality of every unit were known? Monthly counts and means."""

import numpy as np
import pandas as pd

from kinerja_lab.simulate.units import YEARS

__all__ = ["ATTENDANCE_ONLY", "LOCAL_SD", "NOISE_ONLY", "QUALITY_EFFECTS", "UNREPORTED", "simulate_outcomes"]

QUALITY_EFFECTS = {
    "dokumen_tepat_waktu": 0.7, "waktu_tunggu": -0.25, "kehadiran_siswa": 0.4, "nilai_ujian": 4.0, "kecelakaan": -0.35,
    "pengaduan_selesai": 0.8, "kehadiran_pegawai": 0.0, "skor_inovasi": 0.0, "indeks_disiplin": 0.0,
}
"""True effect of one unit of latent quality, on log-odds (shares), log (minutes, rates) or points (means)."""

NOISE_ONLY = "skor_inovasi"
ATTENDANCE_ONLY = "indeks_disiplin"
UNREPORTED = {"unit": "5371-PKM-07", "measure": "pengaduan_selesai", "first": "2025-03", "last": "2025-08"}
"""A unit that sent no report; somebody typed zero."""

MISSING_SHARE = 0.02
LOCAL_SD = 0.4
"""What each unit has of its own in each measure, beside quality and case mix (latent scale)."""
_LEVEL = {"dokumen_tepat_waktu": 1.3, "kehadiran_siswa": 2.6, "pengaduan_selesai": 1.0, "kehadiran_pegawai": 2.4}
_COLUMNS = ["region", "agency", "unit", "period", "measure", "value", "events", "denominator", "expected", "workload",
            "complex_share"]


def simulate_outcomes(units: pd.DataFrame, *, rng: np.random.Generator) -> pd.DataFrame:
    """Outcomes of all units, month by month (exams twice a year, innovation scores every quarter).

    Parameters
    ----------
    units : pandas.DataFrame
        From ``simulate_units``.
    rng : numpy.random.Generator
        Source of randomness.

    Returns
    -------
    pandas.DataFrame
        ``region, agency, unit, period`` (``2024-05``), ``measure, value, events, denominator, expected`` and the case
        mix ``workload, complex_share``. Some months are absent, counts vary more than chance alone, and one unit has
        zeros that mean "not reported".
    """
    months = [f"{year}-{month:02d}" for year in YEARS for month in range(1, 13)]
    grid = units.loc[units.index.repeat(len(months))].reset_index(drop=True)
    grid["period"] = np.tile(months, len(units))
    grid["quality"] = np.where(grid["period"].str[:4] == YEARS[0], grid["quality_2024"], grid["quality_2025"])
    attendance = _share(grid, "kehadiran_pegawai", 30 * 22, rng, own=0.5 * grid["discipline"].to_numpy())
    parts = [
        _share(_of(grid, "dukcapil", "dishub", "dinkes"), "dokumen_tepat_waktu", None, rng, case_mix=-1.2),
        _waiting(_of(grid, "dinkes", "rsud", "dukcapil", "dishub"), rng), attendance,
        _share(_of(grid, "disdik"), "kehadiran_siswa", 300 * 22, rng),
        _exams(_of(grid, "disdik"), rng), _accidents(_of(grid, "dishub"), rng),
        _share(grid, "pengaduan_selesai", None, rng),
        _innovation(grid, rng), _discipline(attendance, rng),
    ]
    frame = pd.concat([part[_COLUMNS] for part in parts], ignore_index=True)
    frame = frame[rng.random(len(frame)) >= MISSING_SHARE].reset_index(drop=True)
    silent = ((frame["unit"] == UNREPORTED["unit"]) & (frame["measure"] == UNREPORTED["measure"])
              & frame["period"].between(UNREPORTED["first"], UNREPORTED["last"]))
    frame.loc[silent, ["events", "value"]] = 0.0
    return frame.sort_values(["measure", "region", "agency", "unit", "period"], ignore_index=True)


def _led(grid: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """True quality of the year plus what the unit has of its own in this measure, the same in all its months."""
    codes, _ = pd.factorize(grid["unit"])
    return grid["quality"].to_numpy() + LOCAL_SD * rng.standard_normal(codes.max() + 1)[codes]


def _of(grid: pd.DataFrame, *agencies: str) -> pd.DataFrame:
    return grid[grid["agency"].isin(agencies)].reset_index(drop=True)


def _sized(grid: pd.DataFrame, measure: str, rng: np.random.Generator) -> np.ndarray:
    """Cases of the month: a part of the visitors for documents, few for complaints."""
    monthly = grid["visitors"].to_numpy() / 12
    mean = monthly * 0.4 if measure == "dokumen_tepat_waktu" else 4 + monthly / 120
    return 1 + rng.poisson(mean)


def _share(
    grid: pd.DataFrame, measure: str, cases: int | None, rng: np.random.Generator, *, case_mix: float = 0.0,
    own: np.ndarray | float = 0.0,
) -> pd.DataFrame:
    n = len(grid)
    total = _sized(grid, measure, rng) if cases is None else rng.poisson(cases, n)
    hard = case_mix * (grid["complex_share"].to_numpy() - 0.3)
    base = _LEVEL[measure] + hard
    wobble = 0.25 * rng.standard_normal(n)
    log_odds = base + QUALITY_EFFECTS[measure] * _led(grid, rng) + own + wobble
    events = rng.binomial(total, 1 / (1 + np.exp(-log_odds)))
    expected = total / (1 + np.exp(-base)) if case_mix else np.nan
    return grid.assign(measure=measure, events=events.astype(float), denominator=total.astype(float), expected=expected,
                       value=100.0 * events / total)


def _waiting(grid: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    log_minutes = (np.log(35) + QUALITY_EFFECTS["waktu_tunggu"] * _led(grid, rng)
                   + 0.2 * np.log(grid["workload"].to_numpy()) + 0.15 * rng.standard_normal(len(grid)))
    visitors = 1 + rng.poisson(grid["visitors"].to_numpy() / 12)
    return grid.assign(measure="waktu_tunggu", value=np.exp(log_minutes).round(1), events=np.nan,
                       denominator=visitors.astype(float), expected=np.nan)


def _exams(grid: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    grid = grid[grid["period"].str[5:].isin(("06", "12"))].reset_index(drop=True)
    score = (62 + QUALITY_EFFECTS["nilai_ujian"] * _led(grid, rng) - 12 * (grid["complex_share"] - 0.3)
             + 2.0 * rng.standard_normal(len(grid)))
    return grid.assign(measure="nilai_ujian", value=score.clip(0, 100).round(2), events=np.nan,
                       denominator=40.0 + rng.integers(0, 80, len(grid)), expected=np.nan)


def _accidents(grid: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    vehicles = 8000.0 + rng.integers(0, 12000, len(grid))
    expected = 6e-4 * vehicles * np.exp(0.8 * (grid["complex_share"].to_numpy() - 0.3))
    mean = expected * np.exp(QUALITY_EFFECTS["kecelakaan"] * _led(grid, rng))
    events = rng.poisson(mean * rng.gamma(12, 1 / 12, len(grid))).astype(float)
    return grid.assign(measure="kecelakaan", events=events, denominator=vehicles, expected=expected,
                       value=1e4 * events / vehicles)


def _innovation(grid: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    grid = grid[grid["period"].str[5:].isin(("03", "06", "09", "12"))].reset_index(drop=True)
    score = (60 + 12 * rng.standard_normal(len(grid))).clip(0, 100).round(1)
    return grid.assign(measure=NOISE_ONLY, value=score, events=np.nan, denominator=np.nan, expected=np.nan)


def _discipline(attendance: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    score = 40 + 0.55 * attendance["value"].to_numpy() + 1.5 * rng.standard_normal(len(attendance))
    return attendance.assign(measure=ATTENDANCE_ONLY, value=score.clip(0, 100).round(1), events=np.nan,
                             denominator=np.nan, expected=np.nan)
