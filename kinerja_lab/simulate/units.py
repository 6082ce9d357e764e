"""Which units serve people, how good are they really, and how hard is their work?"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

__all__ = ["AGENCIES", "CITIES", "YEARS", "AgencyShape", "simulate_units"]

YEARS = ("2024", "2025")


@dataclass(frozen=True, slots=True, kw_only=True)
class AgencyShape:
    """What the units of an agency look like.

    Parameters
    ----------
    units : int
        Units in each city.
    prefix : str
        Part of the unit's id.
    word : str
        Part of the unit's name.
    services : tuple of str
        Services that visitors come for.
    visitors : float
        Typical visitors in a year.
    quality : float
        Mean of the true quality of its units (latent scale).
    free : float
        Share of units whose service is free by law.
    """

    units: int
    prefix: str
    word: str
    services: tuple[str, ...]
    visitors: float
    quality: float
    free: float


CITIES = {"52.71": 0.05, "62.71": 0.15, "36.73": -0.10, "53.71": -0.05}
"""Region code to the city's share in the true quality."""

AGENCIES = {
    "dinkes": AgencyShape(units=11, prefix="PKM", word="Puskesmas", visitors=9000, quality=0.05, free=0.5,
                          services=("pemeriksaan umum", "imunisasi", "kesehatan ibu dan anak", "gigi")),
    "disdik": AgencyShape(units=24, prefix="SKL", word="Sekolah", visitors=900, quality=0.10, free=1.0,
                          services=("penerimaan siswa", "surat keterangan", "konsultasi orang tua")),
    "dishub": AgencyShape(units=6, prefix="DHB", word="Seksi Perhubungan", visitors=4000, quality=-0.15, free=0.0,
                          services=("uji kendaraan", "izin trayek", "parkir")),
    "dukcapil": AgencyShape(units=8, prefix="DKC", word="Loket Dukcapil", visitors=12000, quality=0.0, free=1.0,
                            services=("KTP elektronik", "kartu keluarga", "akta kelahiran", "pindah datang")),
    "rsud": AgencyShape(units=8, prefix="RSU", word="Instalasi RSUD", visitors=15000, quality=-0.05, free=0.0,
                        services=("rawat jalan", "gawat darurat", "farmasi", "laboratorium")),
}
UNIT_SD = 0.45
CHANGE_MEAN, CHANGE_SD = 0.10, 0.20


def simulate_units(
    *, rng: np.random.Generator, regions: Mapping[str, float] | None = None, most: int | None = None,
) -> pd.DataFrame:
    """Units of all regions with their true quality in each year.

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of randomness.
    regions : mapping of str to float or None
        Region codes and their share in the true quality; the four cities where None.
    most : int or None
        Units of an agency in one region at most; None sets no limit.

    Returns
    -------
    pandas.DataFrame
        One row a unit: ``region, agency, unit, name, services, free`` (free by law), ``visitors`` (a year),
        ``workload`` (relative to the typical unit), ``complex_share`` (share of hard cases, 0 to 1), ``discipline``
        (attendance habit, unrelated to quality), ``quality_2024``, ``quality_2025`` (latent scale, mean about 0).
    """
    rows = []
    for region, city in (CITIES if regions is None else regions).items():
        for agency, shape in AGENCIES.items():
            for number in range(1, min(shape.units, most or shape.units) + 1):
                quality = city + shape.quality + UNIT_SD * rng.standard_normal()
                change = CHANGE_MEAN + CHANGE_SD * rng.standard_normal()
                rows.append({
                    "region": region, "agency": agency,
                    "unit": f"{region.replace('.', '')}-{shape.prefix}-{number:02d}",
                    "name": f"{shape.word} {number}", "free": number <= round(shape.free * shape.units),
                    "visitors": int(shape.visitors * np.exp(0.45 * rng.standard_normal())),
                    "workload": float(np.exp(0.25 * rng.standard_normal())), "complex_share": float(rng.beta(4, 9)),
                    "discipline": float(rng.standard_normal()), "quality_2024": quality,
                    "quality_2025": quality + change,
                })
    return pd.DataFrame(rows)
