"""Many items with many outcomes: the numbers of one at a time, q-values over all, sentences that say directions."""

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from kinerja_lab.calibration.association_parts import association_parts, part_looks
from kinerja_lab.calibration.item_outcomes import PARTS, item_outcomes
from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.numeric.left_out import left_out_correlations

ITEMS = ("q1", "q2", "noise")


def drawn(regions=12, each=20, seed=1):
    rng = np.random.default_rng(seed)
    region = np.repeat(np.arange(regions), each)
    n = len(region)
    quality = rng.normal(size=n) + rng.normal(0, 0.5, regions)[region]
    unit = [f"u{place}" for place in range(n)]
    scores = pd.DataFrame({"unit": unit, "region": region, "q1": quality + rng.normal(size=n),
                           "q2": quality + rng.normal(0, 2, n), "noise": rng.normal(size=n)})
    size = rng.normal(size=n)
    good = pd.DataFrame({"unit": unit, "outcome": quality + size + rng.normal(size=n), "size": size})
    late = pd.DataFrame({"unit": unit, "outcome": -quality + rng.normal(size=n)})
    return scores, {"good": good, "late": late}


def test_each_pair_is_that_of_association_parts():
    scores, outcomes = drawn()
    found = item_outcomes(scores, items=ITEMS, outcomes=outcomes, level=0.9)
    assert found.table.groups == ("item", "measure") and len(found.table) == 3 * 2 * len(PARTS)
    pairs = scores.rename(columns={"q2": "indicator"}).merge(outcomes["good"], on="unit")
    alone = association_parts(pairs, level=0.9, case_mix=("size",), ranked=True)
    rows = found.table.frame[(found.table.frame["item"] == "q2") & (found.table.frame["measure"] == "good")]
    for row in rows.itertuples():
        one = alone.row(row.label)
        np.testing.assert_allclose([row.value, row.low, row.high], [one.value, one.low, one.high])


def test_q_counts_every_look_once_and_rows_without_an_answer_not_at_all():
    scores, outcomes = drawn()
    found = item_outcomes(scores, items=ITEMS, outcomes=outcomes, level=0.95)
    bare = (found.table.frame["label"] == "beyond_case_mix") & (found.table.frame["measure"] == "late")
    assert np.isnan(found.q[bare]).all() and bare.sum() == 3 and found.looks == 24 - 3
    known = ~np.isnan(found.p)
    np.testing.assert_allclose(found.q[known], stats.false_discovery_control(found.p[known]))
    assert found.part("all_units").set_index(["item", "measure"])["held"].to_dict() == {
        (item, measure): item != "noise" for measure in ("good", "late") for item in ITEMS}


def test_p_and_interval_agree_at_the_level():
    scores, outcomes = drawn(seed=3)
    pairs = scores.rename(columns={"q2": "indicator"}).merge(outcomes["good"], on="unit")
    for look in part_looks(pairs, level=0.95, case_mix=("size",), ranked=True):
        again = {other.estimate.label: other for other in part_looks(pairs, level=1 - look.p, case_mix=("size",),
                                                                    ranked=True)}[look.estimate.label].estimate
        assert min(abs(again.low), abs(again.high)) == pytest.approx(0, abs=1e-8)


def test_a_look_that_cannot_be_is_left_out():
    scores, outcomes = drawn()
    found = item_outcomes(scores.assign(q2=3.0), items=ITEMS, outcomes=outcomes, level=0.95)
    assert set(found.table.frame["item"]) == {"q1", "noise"}
    with pytest.raises(NotApplicable, match="no_looks"):
        item_outcomes(scores.head(5), items=ITEMS, outcomes=outcomes, level=0.95)


def test_misuse_is_refused():
    scores, outcomes = drawn()
    with pytest.raises(KinerjaError, match="discovery_rate"):
        item_outcomes(scores, items=ITEMS, outcomes=outcomes, level=0.95, rate=0)
    with pytest.raises(KinerjaError, match="missing_columns"):
        item_outcomes(scores, items=("q9",), outcomes=outcomes, level=0.95)
    with pytest.raises(KinerjaError, match="units_repeated"):
        item_outcomes(pd.concat([scores, scores]), items=ITEMS, outcomes=outcomes, level=0.95)


def test_left_out_correlations_are_those_of_the_remaining_rows():
    rng = np.random.default_rng(6)
    codes = rng.integers(0, 9, 80)
    x, others = rng.normal(size=80) + 100, np.column_stack([rng.normal(size=80), codes == 3])
    y = 0.5 * x + others[:, 0] + rng.normal(size=80)
    found = left_out_correlations(x, y, others, codes=codes)
    for group in range(9):
        keep = codes != group
        frame = pd.DataFrame({"x": x[keep], "y": y[keep], "c": codes[keep]})
        means = frame.groupby("c")[["x", "y"]].transform("mean")
        assert found.total[group] == pytest.approx(np.corrcoef(x[keep], y[keep])[0, 1], abs=1e-12)
        inner = frame[["x", "y"]] - means
        assert found.within[group] == pytest.approx(np.corrcoef(inner["x"], inner["y"])[0, 1], abs=1e-12)
        assert found.means[group] == pytest.approx(np.corrcoef(means["x"], means["y"])[0, 1], abs=1e-12)
        design = np.column_stack([np.ones(keep.sum()), others[keep]])
        rest = [side[keep] - design @ np.linalg.lstsq(design, side[keep], rcond=None)[0] for side in (x, y)]
        assert found.partial[group] == pytest.approx(np.corrcoef(*rest)[0, 1], abs=1e-10)


def test_a_side_that_stops_varying_without_a_group_has_no_answer():
    codes = np.repeat(np.arange(4), 3)
    x = np.where(codes == 2, np.arange(12.0), 1.0)
    found = left_out_correlations(x, np.arange(12.0) ** 2, np.zeros((12, 0)), codes=codes)
    assert np.isnan(found.total[2]) and np.isfinite(found.total[[0, 1, 3]]).all()
