"""Flags after many looks, and slopes with region levels: right ones hold what they promise, naive ones do not."""

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.calibration.mixed_slope import mixed_slope
from kinerja_lab.core.options import MeasureKind, Polarity
from kinerja_lab.core.outcome import Measure
from kinerja_lab.profiling.funnel import flags_together, funnel

pytestmark = pytest.mark.slow

MEASURE = Measure(code="m", name="m", kind=MeasureKind.RATE, unit="", polarity=Polarity.MINIMISE)


def drawn(rng, units=80, bad=0, spread=0.2, factor=3.0):
    """Units that vary in the ordinary way, the first ``bad`` of them far worse."""
    expected = np.exp(rng.uniform(np.log(20), np.log(400), units))
    quality = np.exp(rng.normal(0, spread, units))
    quality[:bad] *= factor
    events = rng.poisson(expected * quality).astype(float)
    table = pd.DataFrame({"agency": "a", "unit": [f"u{place:03d}" for place in range(units)], "events": events,
                          "denominator": expected * 10, "expected": expected})
    return funnel(table, measure=MEASURE, level=0.95)


def test_reports_of_ordinary_units_rarely_hold_a_flag_and_often_draw_one():
    """A report of five measures and 80 units: with no unit truly apart, a kept flag is a false alarm."""
    rng = np.random.default_rng(41)
    some_flag = some_kept = 0
    for _ in range(150):
        found = flags_together({str(place): drawn(rng) for place in range(5)}).values()
        some_flag += any(each.flags for each in found)
        some_kept += any(each.kept_flags(0.05) for each in found)
    assert some_kept / 150 <= 0.08
    assert some_flag / 150 > 0.20


def test_far_off_units_are_kept_and_few_others():
    rng = np.random.default_rng(42)
    true = false = planted = 0
    for _ in range(60):
        found = flags_together({str(place): drawn(rng, bad=3) for place in range(5)}).values()
        for each in found:
            names = [unit for unit, _, _ in each.kept_flags(0.05)]
            true += sum(int(name[1:]) < 3 for name in names)
            false += sum(int(name[1:]) >= 3 for name in names)
            planted += 3
    assert true / planted > 0.75
    assert false / max(true + false, 1) <= 0.05


def test_the_interval_of_a_mixed_slope_covers_and_plain_least_squares_does_not():
    """The indicator has a part that is common to a region, and regions have levels of their own."""
    rng = np.random.default_rng(43)
    covered = naive = 0
    for _ in range(1000):
        region = np.repeat(np.arange(12), 15)
        x = rng.normal(0, 1, 12)[region] + rng.normal(0, 0.5, 180)
        y = 0.5 * x + rng.normal(0, 0.7, 12)[region] + rng.normal(0, 1, 180)
        frame = pd.DataFrame({"unit": np.arange(180).astype(str), "region": region.astype(str), "indicator": x,
                              "outcome": y})
        row = mixed_slope(frame, level=0.95).row("indicator")
        covered += row.low <= 0.5 <= row.high
        design = np.column_stack([np.ones(180), x])
        coef, rest = np.linalg.lstsq(design, y, rcond=None)[:2]
        se = np.sqrt(rest[0] / 178 * np.linalg.inv(design.T @ design)[1, 1])
        naive += abs(coef[1] - 0.5) <= 1.973 * se
    assert 0.93 <= covered / 1000 <= 0.97
    assert naive / 1000 < 0.75
