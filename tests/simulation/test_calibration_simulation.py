"""Noise is called noise and the true indicator is found; intervals of calibration cover, naive ones do not."""

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.calibration.anchored_cut import anchored_cut
from kinerja_lab.calibration.association_parts import association_slope
from kinerja_lab.calibration.conformal import new_unit_interval
from kinerja_lab.calibration.gain import predictive_gain
from kinerja_lab.calibration.many_looks import many_looks
from kinerja_lab.calibration.outcome_curve import outcome_curve
from kinerja_lab.simulate.outcomes import NOISE_ONLY, simulate_outcomes
from kinerja_lab.simulate.units import simulate_units

pytestmark = pytest.mark.slow

CLAIMS = ((NOISE_ONLY, "pengaduan_selesai"), ("dokumen_tepat_waktu", "pengaduan_selesai"))


def pairs(seed):
    """Units of four cities in 2025 with a noise indicator, a true one, and the outcome both claim."""
    rng = np.random.default_rng(seed)
    months = simulate_outcomes(simulate_units(rng=rng), rng=rng)
    year = months[months["period"].str.startswith("2025")]
    means = year.groupby(["measure", "region", "unit"], observed=True)["value"].mean().reset_index()
    wide = means.pivot(index=["region", "unit"], columns="measure", values="value").reset_index()
    return [wide[["region", "unit"]].assign(indicator=wide[x], outcome=wide[y], claim=x) for x, y in CLAIMS]


def test_noise_is_called_noise_and_the_true_indicator_is_found_in_100_seeds():
    found = dict.fromkeys(dict(CLAIMS), 0)
    helps = dict.fromkeys(dict(CLAIMS), 0)
    for seed in range(100):
        parts = pairs(seed)
        looks = many_looks(pd.concat(parts).assign(region="all"), level=0.95)
        for row, q in zip(looks.table.frame.itertuples(), looks.q, strict=True):
            found[row.claim] += q <= 0.05
        for part in parts:
            helps[part["claim"].iloc[0]] += predictive_gain(part, level=0.95).gain.low > 0
    print(f"found: {found}; gain above 0: {helps} (of 100)")
    # at most 5 expected; 11 is the 99.6 % point of Binomial(100, .05)
    assert found[NOISE_ONLY] <= 11 and helps[NOISE_ONLY] <= 5
    assert found["dokumen_tepat_waktu"] >= 99 and helps["dokumen_tepat_waktu"] >= 65


def test_slope_under_clusters_covers_and_the_naive_one_does_not():
    rng = np.random.default_rng(20261125)
    right = wrong = 0
    for _ in range(600):
        region = np.repeat(np.arange(30), 6)
        x = rng.normal(0, 1, 30)[region] + 0.5 * rng.normal(0, 1, 180)
        y = 0.5 * x + rng.normal(0, 1, 30)[region] + rng.normal(0, 1, 180)
        frame = pd.DataFrame({"unit": np.arange(180), "region": region, "indicator": x, "outcome": y})
        row = association_slope(frame, level=0.95).row("indicator")
        naive = association_slope(frame.assign(region="one"), level=0.95).row("indicator")
        right += row.low <= 0.5 <= row.high
        wrong += naive.low <= 0.5 <= naive.high
    print(f"slope covers {right / 600:.3f}, naive {wrong / 600:.3f}")
    assert 0.93 <= right / 600 <= 0.98 and wrong / 600 < 0.80


def test_anchored_cut_covers_the_true_score():
    rng = np.random.default_rng(20261126)
    inside = 0
    for _ in range(600):
        x = rng.normal(75, 6, 60)
        y = 40 - 0.5 * (x - 75) + rng.normal(0, 4, 60)
        cut = anchored_cut(outcome_curve(x, y, level=0.95), target=40.0)
        inside += cut.low <= 75 <= cut.high
    print(f"anchored cut covers {inside / 600:.3f}")
    assert 0.93 <= inside / 600 <= 0.975


def test_a_new_unit_falls_inside_as_often_as_promised_where_the_normal_interval_does_not():
    rng = np.random.default_rng(20261127)
    held = normal = 0
    for _ in range(2000):
        seen, new = rng.exponential(1.0, 59) ** 2, rng.exponential(1.0) ** 2
        reach = new_unit_interval(seen, np.zeros(59), level=0.95).reach[""]
        held += new <= reach
        normal += abs(new - seen.mean()) <= seen.std(ddof=1)  # a one-sigma band sold as 68 %
    print(f"conformal holds {held / 2000:.3f}; one-sigma band holds {normal / 2000:.3f}")
    assert 0.935 <= held / 2000 <= 0.965 and normal / 2000 > 0.85
