"""Random intercepts: degrees of freedom known by hand, least squares without regions, reasons for no answer."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from kinerja_lab.calibration.association_parts import association_slope
from kinerja_lab.calibration.mixed_slope import mixed_slope
from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.numeric.nested_df import satterthwaite_df
from kinerja_lab.numeric.nested_errors import nested_fit, nested_sums


def frame(regions=12, each=6, *, spread=1.0, seed=1, slope=0.5):
    rng = np.random.default_rng(seed)
    region = np.repeat(np.arange(regions), each)
    x = rng.normal(size=regions * each)
    y = 3 + slope * x + rng.normal(0, spread, regions)[region] + rng.normal(0, 1, regions * each)
    return pd.DataFrame({"unit": np.arange(len(x)).astype(str), "region": region.astype(str), "indicator": x,
                         "outcome": y, "size": rng.normal(size=len(x))})


def test_degrees_of_freedom_of_a_balanced_layout():
    """A column that varies between groups only rests on groups - 2, one that varies within only on n - groups - 1."""
    rng = np.random.default_rng(5)
    groups, each = 10, 6
    codes = np.repeat(np.arange(groups), each)
    between = rng.normal(size=groups)[codes]
    within = np.tile(rng.normal(size=each), groups)
    within = within - within.mean()
    y = between + within + rng.normal(0, 1.5, groups)[codes] + rng.normal(size=groups * each)
    sums = nested_sums(y, np.column_stack([np.ones(len(y)), between, within]), codes, count=groups)
    fit = nested_fit(sums)
    assert fit.between > 0
    np.testing.assert_allclose(satterthwaite_df(sums, fit), [groups - 2, groups - 2, groups * each - groups - 1],
                               rtol=1e-5)


def test_without_variation_between_regions_it_is_least_squares():
    rows = frame(spread=0.0, seed=2)
    rows["outcome"] -= rows.groupby("region")["outcome"].transform("mean")
    rows["indicator"] -= rows.groupby("region")["indicator"].transform("mean")
    found = mixed_slope(rows, level=0.95).row("indicator")
    plain = stats.linregress(rows["indicator"], rows["outcome"])
    reach = stats.t.ppf(0.975, len(rows) - 2) * plain.stderr
    assert (found.value, found.low, found.high) == pytest.approx(
        (plain.slope, plain.slope - reach, plain.slope + reach))
    assert "no variation between 12 regions" in found.method


def test_units_and_shifts_do_not_matter():
    rows = frame()
    first = mixed_slope(rows, level=0.9, case_mix=("size",)).frame
    second = mixed_slope(rows.assign(outcome=rows["outcome"] * 1000 + 5, indicator=rows["indicator"] / 100 + 70),
                         level=0.9, case_mix=("size",)).frame
    np.testing.assert_allclose(second.loc[0, ["value", "low", "high"]].astype(float),
                               first.loc[0, ["value", "low", "high"]].astype(float) * 1e5, rtol=1e-6)
    np.testing.assert_allclose(second.loc[1, ["value", "low", "high"]].astype(float),
                               first.loc[1, ["value", "low", "high"]].astype(float) * 1000, rtol=1e-6)


def test_it_stands_beside_the_cluster_robust_slope():
    rows = frame(regions=20, spread=2.0, seed=4)
    mixed, robust = (slope(rows, level=0.95).row("indicator") for slope in (mixed_slope, association_slope))
    assert mixed.n == robust.n == 120 and mixed.unit == robust.unit == "slope"
    assert mixed.high - mixed.low < robust.high - robust.low


@pytest.mark.parametrize(("rows", "code"), [
    (frame(regions=7), "few_regions_mixed"),
    (frame(regions=40, each=1), "one_unit_each_region"),
    (frame().assign(indicator=1.0), "constant_side"),
    (frame().head(7), "too_few_common_units"),
])
def test_no_answer_with_a_reason(rows, code):
    with pytest.raises(NotApplicable, match=code):
        mixed_slope(rows, level=0.95)


def test_columns_that_decide_each_other_and_lines_without_noise():
    rows = frame().assign(twin=lambda f: 2 * f["indicator"], flat=4.0)
    for column in ("twin", "flat"):
        with pytest.raises(NotApplicable, match="columns_not_independent"):
            mixed_slope(rows, level=0.95, case_mix=(column,))
    with pytest.raises(NotApplicable, match="perfect_line"):
        mixed_slope(rows.assign(outcome=lambda f: 2 * f["indicator"] + 1), level=0.95)


def test_misuse_is_refused():
    with pytest.raises(KinerjaError, match="missing_columns"):
        mixed_slope(frame().drop(columns="region"), level=0.95)
    with pytest.raises(KinerjaError, match="units_repeated"):
        mixed_slope(frame().assign(unit="a"), level=0.95)
    with pytest.raises(KinerjaError, match="bad_level"):
        mixed_slope(frame(), level=95)
