"""Achievement against the ratios of a real plan (Renstra Banyuwangi 2025-2029), recomputed there to two decimals."""

import pandas as pd
import pytest

from kinerja_lab.core.indicator import AchievementRule
from kinerja_lab.core.options import Polarity
from kinerja_lab.drafting.achievement import achievement

POLARITY = {"naik": Polarity.MAXIMISE, "turun": Polarity.MINIMISE}


def test_every_recomputed_ratio(shared):
    rows = pd.read_csv(shared / "data/renstra-banyuwangi/capaian_2020_2024.csv")
    found = [achievement(row.target, row.realisasi, polarity=POLARITY[row.polaritas], rule=AchievementRule())
             for row in rows.itertuples()]
    assert len(found) == 121
    assert (pd.Series(found) - rows["rasio_hitung_ulang"]).abs().max() <= 0.005 + 1e-9


def test_the_printed_ratio_that_does_not_follow(shared):
    rows = pd.read_csv(shared / "data/renstra-banyuwangi/capaian_2020_2024.csv")
    worst = rows.loc[(rows["rasio_laporan"] - rows["rasio_hitung_ulang"]).abs().idxmax()]
    polarity = POLARITY[worst["polaritas"]]
    found = achievement(worst["target"], worst["realisasi"], polarity=polarity, rule=AchievementRule())
    assert found - worst["rasio_laporan"] == pytest.approx(-worst["selisih"], abs=0.01)
