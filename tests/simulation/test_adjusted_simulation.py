"""The adjusted score covers the truth as often as it says; the raw score of units with hard cases does not."""

import numpy as np
import pytest

from kinerja_lab.calibration.raters import adjust_for_raters
from kinerja_lab.profiling.adjusted import adjusted_scores, rater_adjusted_scores

pytestmark = pytest.mark.slow

Z = 1.959964


def rated(rng, *, sorted_out):
    """40 units, 20 raters, three raters a unit with three ratings each; coverage and squared errors.

    Raters meet units by chance, or the stricter ones meet the first half of the units.
    """
    truth, severity = rng.normal(3.0, 0.5, 40), np.sort(rng.normal(0, 0.6, 20))
    pools = (range(8, 20), range(12)) if sorted_out else (range(20), range(20))
    panels = np.array([rng.choice(list(pools[place >= 20]), 3, replace=False) for place in range(40)])
    unit, rater = np.repeat(np.arange(40), 9), np.repeat(panels.ravel(), 3)
    found = adjust_for_raters(truth[unit] - severity[rater] + rng.normal(0, 0.8, len(unit)), unit, rater, level=0.95)
    steps = rater_adjusted_scores(found.units, mean=found.mean, tau2=found.components.row("unit").value)
    frame, out = steps.units.frame, []
    for label in ("adjusted", "raw"):
        rows = frame[frame["label"] == label]
        rows = rows.assign(unit=rows["unit"].astype(int)).sort_values("unit")
        out += [((rows["low"] <= truth) & (truth <= rows["high"])).mean(), ((rows["value"] - truth) ** 2).mean()]
    return out


def many(seed, *, sorted_out):
    rng = np.random.default_rng(seed)
    hits, error, naive, plain = np.mean([rated(rng, sorted_out=sorted_out) for _ in range(300)], axis=0)
    print(f"adjusted covers {hits:.3f}, raw {naive:.3f}; mean squared error {error:.3f}, raw {plain:.3f}")
    return hits, error, naive, plain


def test_raters_who_meet_units_by_chance():
    hits, error, naive, plain = many(20261125, sorted_out=False)
    assert 0.93 <= hits <= 0.97
    assert naive < 0.90
    assert error < 0.6 * plain


def test_strict_raters_sent_to_the_same_units():
    """The model takes raters to meet units by chance; where they do not, intervals are a little too short."""
    hits, error, naive, plain = many(20261127, sorted_out=True)
    assert 0.90 <= hits <= 0.97 and naive < 0.80
    assert error < 0.7 * plain


def test_units_with_hard_cases():
    """60 units of 30 to 300 cases: what a unit adds to its cases is covered; the raw share is far from it."""
    rng, hits, naive, small = np.random.default_rng(20261126), [], [], []
    for _ in range(300):
        n, own = rng.integers(30, 301, 60), rng.normal(0, 0.05, 60)
        expected = rng.uniform(0.55, 0.85, 60)
        truth = expected + own  # true share of the unit with its own cases
        events = rng.binomial(n, np.clip(truth, 0.01, 0.99))
        raw = 100 * events / n
        found = adjusted_scores(raw, 100 * np.sqrt(expected * (1 - expected) / n), units=np.arange(60), level=0.95,
                                expected=100 * expected, bounds=(0.0, 100.0))
        wanted = 100 * (own + expected.mean())
        rows = found.units.frame
        rows = rows[rows["label"] == "adjusted"]
        inside = ((rows["low"] <= wanted) & (wanted <= rows["high"])).to_numpy()
        hits.append(inside.mean())
        small.append(inside[n < 100].mean())
        half = Z * 100 * np.sqrt(raw * (100 - raw) / 1e4 / n)
        naive.append((np.abs(raw - wanted) <= half).mean())
    print(f"adjusted covers {np.mean(hits):.3f} (units below 100 cases {np.mean(small):.3f}), raw {np.mean(naive):.3f}")
    assert 0.93 <= np.mean(hits) <= 0.97
    assert 0.92 <= np.mean(small) <= 0.98
    assert np.mean(naive) < 0.75
