"""What holds for any data: order, units and reflection do not change an answer."""

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from kinerja_lab.calibration.anchored_cut import anchored_cut
from kinerja_lab.calibration.association_parts import association_parts
from kinerja_lab.calibration.attainable import quantile_targets
from kinerja_lab.calibration.outcome_curve import outcome_curve
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.options import Polarity


def draw(seed, n=30):
    rng = np.random.default_rng(seed)
    x = rng.normal(75, 6, n)
    return x, 40 - 0.8 * (x - 75) + rng.normal(0, 3, n)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.1, 50), st.floats(-100, 100))
def test_ranked_parts_do_not_depend_on_order_or_unit_of_measurement(seed, scale, shift):
    x, y = draw(seed)
    frame = pd.DataFrame({"unit": np.arange(30), "region": np.arange(30) % 3, "indicator": x, "outcome": y})
    first = association_parts(frame, level=0.95, ranked=True).frame["value"]
    other = frame.assign(outcome=shift + scale * y).sample(frac=1, random_state=seed)
    assert np.allclose(first, association_parts(other, level=0.95, ranked=True).frame["value"], equal_nan=True)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.5, 20), st.floats(-50, 50))
def test_a_cut_moves_with_the_scale_of_the_score(seed, scale, shift):
    x, y = draw(seed)
    first = anchored_cut(outcome_curve(x, y, level=0.9), target=float(np.mean(y)))
    other = anchored_cut(outcome_curve(shift + scale * x, y, level=0.9), target=float(np.mean(y)))
    for end in ("value", "low", "high"):
        assert np.isclose(getattr(other, end), shift + scale * getattr(first, end), rtol=1e-6, atol=1e-5)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_a_target_seen_from_the_other_side_is_its_mirror(seed):
    x, _ = draw(seed)
    tables = [EstimateTable.from_estimates([
        Estimate(label="v", value=v, low=v - 2, high=v + 2, n=9, method="t", unit="%") for v in values])
        for values in (x, -x)]
    up, down = (quantile_targets(table, polarity=side).row("best_units_true").value
                for table, side in zip(tables, (Polarity.MAXIMISE, Polarity.MINIMISE), strict=True))
    assert np.isclose(up, -down)
