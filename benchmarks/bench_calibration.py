"""Many looks, resampled cuts and drawn-in units in one pass, beside the plain way; both must agree first.

CPU seconds decide the ratios, since a shared machine lengthens the elapsed ones.
"""

import numpy as np
import pandas as pd
from peers import timed
from scipy import stats

from kinerja_lab.calibration.cut_points import data_cut
from kinerja_lab.calibration.many_looks import many_looks
from kinerja_lab.numeric.unsure_spread import known_error_moments


def looks() -> None:
    rng = np.random.default_rng(1)
    regions, claims, units = 50, 20, 60
    n = regions * claims * units
    x = rng.normal(size=n)
    frame = pd.DataFrame({
        "region": np.repeat(np.arange(regions), claims * units), "claim": np.tile(np.repeat(np.arange(claims), units),
                                                                                  regions),
        "unit": np.tile(np.arange(units), regions * claims), "indicator": x, "outcome": 0.2 * x + rng.normal(size=n)})
    fast, ours = timed(lambda: many_looks(frame, level=0.95))
    slow, plain = timed(lambda: [stats.spearmanr(part["indicator"], part["outcome"]).statistic
                                 for _, part in frame.groupby(["region", "claim"])], times=1)
    assert np.allclose(ours.table.frame["value"], plain, atol=1e-12)
    print(f"{regions} regions x {claims} claims x {units} units: ours {fast.cpu:.3f} s, "
          f"loop of scipy.spearmanr {slow.cpu:.3f} s, ratio {slow.cpu / fast.cpu:.1f} (CPU)")


def plain_cut(scores: np.ndarray, good: np.ndarray) -> float:
    """Youden cut, the middle one of equals, candidate by candidate."""
    places = np.unique(scores)
    candidates = (places[1:] + places[:-1]) / 2
    gain = np.array([(scores[good] >= cut).mean() - (scores[~good] >= cut).mean() for cut in candidates])
    best = np.flatnonzero(gain >= gain.max() - 1e-12)
    return float(candidates[best[(len(best) + 1) // 2 - 1]])


def cuts() -> None:
    rng = np.random.default_rng(2)
    scores = np.round(rng.normal(75, 6, 514), 1)
    good = rng.uniform(size=514) < 1 / (1 + np.exp(-(scores - 75) / 4))
    draws = 1000
    fast, ours = timed(lambda: data_cut(scores, good, level=0.95, rng=np.random.default_rng(3), draws=draws))
    assert ours.cut.value == plain_cut(scores, good)

    def loop() -> None:
        for _ in range(50):
            chosen = rng.integers(0, 514, 514)
            plain_cut(scores[chosen], good[chosen])

    slow = timed(loop, times=1)[0].cpu * draws / 50
    print(f"Youden cut of 514 units, {draws} resamples: ours {fast.cpu:.3f} s, loop {slow:.1f} s (50 run, scaled), "
          f"ratio {slow / fast.cpu:.0f} (CPU)")


def plain_moments(values: np.ndarray, errors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance of true values, with full matrices at each of many variances between units."""
    grid = np.geomspace(1e-4, 1e3, 400)
    parts = []
    for between in grid:
        inverse = np.linalg.inv(np.diag(errors + between))
        weight = inverse.sum()
        mean = (inverse @ values).sum() / weight
        rest = values - mean
        log = -rest @ inverse @ rest / 2 - np.log(errors + between).sum() / 2 - np.log(weight) / 2
        keep = between / (between + errors)
        parts.append((log, mean + keep * rest, keep * errors + (1 - keep) ** 2 / weight))
    log, middle, spread = (np.array([part[place] for part in parts]) for place in range(3))
    chance = np.exp(log - log.max()) * np.gradient(grid)
    chance /= chance.sum()
    return chance @ middle, chance @ (spread + (middle - chance @ middle) ** 2)


def doubts() -> None:
    rng = np.random.default_rng(4)
    errors = rng.uniform(0.5, 2.0, 514)
    values = rng.normal(75, 1, 514) + np.sqrt(errors) * rng.normal(size=514)
    fast, ours = timed(lambda: known_error_moments(values, np.ones((514, 1)), errors))
    slow, plain = timed(lambda: plain_moments(values, errors), times=1)
    np.testing.assert_allclose(ours[0], plain[0], rtol=1e-4)
    np.testing.assert_allclose(ours[1], plain[1], rtol=0.01)
    print(f"doubt about 514 true values with the spread averaged over: ours {1000 * fast.cpu:.1f} ms, full matrices on "
          f"a grid {slow.cpu:.1f} s, ratio {slow.cpu / fast.cpu:.0f} (CPU)")


if __name__ == "__main__":
    looks()
    cuts()
    doubts()
