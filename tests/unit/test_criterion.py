"""Association of an indicator with an outcome: one region, few regions, many regions, and no answer."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from kinerja_lab.calibration.criterion import association
from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.numeric.false_discovery import q_values


def side(values, regions=1):
    n = len(values)
    return pd.DataFrame({"unit": [f"u{number:03d}" for number in range(n)],
                         "region": [f"r{number % regions}" for number in range(n)], "value": values})


def related(x, y, *, regions=1, level=0.95, sign=1):
    return association(side(x, regions), side(y, regions), indicator_code="ikm", criterion="waktu", expected_sign=sign,
                       level=level)


RNG = np.random.default_rng(21)
X = RNG.normal(size=64)
Y = 0.5 * X + RNG.normal(size=64)


def test_one_region_by_hand():
    found = related(X, Y)
    r, rho = stats.pearsonr(X, Y).statistic, stats.spearmanr(X, Y).statistic
    z = 1.959963984540054
    assert found.linear.value == pytest.approx(r)
    assert found.linear.low == pytest.approx(np.tanh(np.arctanh(r) - z / np.sqrt(61)))
    assert found.rank.value == pytest.approx(rho)
    assert found.rank.high == pytest.approx(np.tanh(np.arctanh(rho) + z * np.sqrt((1 + rho**2 / 2) / 61)))
    assert (found.n, found.clusters, found.rank.n) == (64, 1, 64)


@pytest.mark.parametrize("regions", [1, 4, 16])
def test_p_is_below_5_percent_exactly_when_the_interval_leaves_zero_out(regions):
    found = related(X, Y, regions=regions)
    at_p = related(X, Y, regions=regions, level=1 - found.p)
    nearest = at_p.rank.low if found.rank.value > 0 else at_p.rank.high
    assert nearest == pytest.approx(0, abs=1e-9)


def test_few_regions_compare_units_within_regions_only():
    shift = np.arange(64) % 4 * 100.0
    confounded = related(X + shift, Y - shift, regions=4)
    assert stats.pearsonr(X + shift, Y - shift).statistic < -0.99
    plain = related(X, Y, regions=4)
    assert confounded.rank.value == pytest.approx(plain.rank.value)
    assert confounded.linear.value == pytest.approx(plain.linear.value)
    z = 1.959963984540054
    assert plain.linear.low == pytest.approx(np.tanh(np.arctanh(plain.linear.value) - z / np.sqrt(64 - 3 - 3)))
    assert "within 4 regions" in plain.method


def test_many_regions_by_the_jackknife():
    found = related(X, Y, regions=16)
    left = [np.arctanh(np.corrcoef(X[np.arange(64) % 16 != out], Y[np.arange(64) % 16 != out])[0, 1])
            for out in range(16)]
    se = np.sqrt(15 / 16 * ((left - np.mean(left)) ** 2).sum())
    assert found.linear.low == pytest.approx(np.tanh(np.arctanh(found.linear.value) - stats.t.ppf(0.975, 15) * se))
    assert found.clusters == 16


def test_units_that_move_together_in_a_region_count_as_one():
    shift = np.repeat(np.random.default_rng(3).normal(size=(2, 12)), 10, axis=1)
    noise = np.random.default_rng(4).normal(0, 0.1, (2, 120))
    frame = side(shift[0] + noise[0]).assign(region=np.repeat(np.arange(12), 10).astype(str))
    clustered = association(frame, frame.assign(value=shift[1] + noise[1]), indicator_code="a", criterion="b",
                            expected_sign=1, level=0.95)
    alone = related(shift[0] + noise[0], shift[1] + noise[1])
    assert clustered.rank.high - clustered.rank.low > 2 * (alone.rank.high - alone.rank.low)


def test_units_are_joined_by_name_and_gaps_left_out():
    shuffled = side(Y).sample(frac=1, random_state=1)
    found = association(side(X), shuffled.assign(value=shuffled["value"].where(shuffled["unit"] != "u005")),
                        indicator_code="a", criterion="b", expected_sign=-1, level=0.95)
    keep = np.arange(64) != 5
    assert found.n == 63
    assert found.linear.value == pytest.approx(np.corrcoef(X[keep], Y[keep])[0, 1])


def test_a_perfect_association_has_no_interval_and_the_exact_p():
    found = related(np.arange(9.0), -np.arange(9.0) ** 3)
    assert found.rank.value == -1 and found.rank.note == "perfect_agreement"
    assert found.p == pytest.approx(2 / 362880)
    assert found.linear.has_interval


def test_a_perfect_order_within_pairs_is_no_proof():
    """Four pairs in order: 2 of 2^4 orders agree so well."""
    found = related(np.arange(8.0), np.arange(8.0), regions=4)
    assert found.rank.value == 1 and found.p == pytest.approx(2 / 2**4)


@pytest.mark.parametrize(("x", "y", "regions", "code"), [
    (np.arange(7.0), np.arange(7.0), 1, "too_few_common_units"),
    (np.ones(20), np.arange(20.0), 1, "constant_side"),
    (np.arange(20.0), np.full(20, 0.1 + 0.2), 1, "constant_side"),
    (np.arange(20.0), np.repeat([0.0, 1.0], 10), 10, None),
    (np.arange(9.0), np.arange(9.0), 6, "too_few_common_units"),
    (np.arange(16.0), np.eye(16)[0], 16, "association_unstable"),
])
def test_no_answer_with_a_reason(x, y, regions, code):
    if code is None:
        assert related(x, y, regions=regions).n == 20
        return
    with pytest.raises(NotApplicable, match=code):
        related(x, y, regions=regions)


def test_regions_with_a_single_unit_say_nothing_within_regions():
    frame = side(X[:20], 2)
    frame.loc[0, "region"] = "alone"
    found = association(frame, side(Y[:20]), indicator_code="a", criterion="b", expected_sign=1, level=0.95)
    assert (found.n, found.clusters) == (19, 2)


def test_bad_input_is_refused():
    twice = pd.concat([side(X), side(X[:1])])
    with pytest.raises(KinerjaError, match="units_repeated"):
        association(twice, side(Y), indicator_code="a", criterion="b", expected_sign=1, level=0.95)
    with pytest.raises(KinerjaError, match="criterion_sign"):
        related(X, Y, sign=0)
    with pytest.raises(KinerjaError, match="missing_columns"):
        association(side(X).drop(columns="region"), side(Y), indicator_code="a", criterion="b", expected_sign=1,
                    level=0.95)


def test_false_discovery_equals_scipy():
    p = RNG.uniform(size=40) ** 2
    np.testing.assert_allclose(q_values(p), stats.false_discovery_control(p))
    assert len(q_values(np.array([]))) == 0
    undone = np.insert(p, 7, np.nan)  # a test that could not be done is not counted among the looks
    np.testing.assert_allclose(np.delete(q_values(undone), 7), stats.false_discovery_control(p))
    assert np.isnan(q_values(undone)[7])
    for wrong in (-0.1, 1.2):
        with pytest.raises(KinerjaError, match="bad_p"):
            q_values(np.array([0.1, wrong]))
