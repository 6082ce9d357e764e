"""Do the intervals cover under clusters, where the naive ones do not; and how often does the ladder cry wolf?"""

import numpy as np
import pytest
from scipy import sparse, special

from kinerja_lab.core.errors import NotApplicable
from kinerja_lab.numeric.normal_tables import bivariate_normal
from kinerja_lab.psychometrics.confirmatory_ordinal import confirm_ordinal
from kinerja_lab.psychometrics.design_sheets import DesignSheets, plain_sheets
from kinerja_lab.psychometrics.invariance_ordinal import invariance_ladder
from kinerja_lab.psychometrics.polychoric import polychoric
from kinerja_lab.simulate.item_answers import count_sheets

STEPS = np.array([-1.2, -0.4, 0.8])
LOADINGS = np.array([0.8, 0.75, 0.7, 0.65, 0.6])
ITEMS = tuple("abcde")
UNITS, EACH, ICC = 60, 30, 0.15


def clustered_sheets(rng):
    """One factor; units differ in the level of the factor and in the level of every item."""
    unit = np.repeat(np.arange(UNITS), EACH)
    factor = np.sqrt(1 - ICC) * rng.normal(size=len(unit)) + np.sqrt(ICC) * rng.normal(size=UNITS)[unit]
    own = np.sqrt(1 - ICC) * rng.normal(size=(len(unit), 5)) + np.sqrt(ICC) * rng.normal(size=(UNITS, 5))[unit]
    answers = factor[:, None] * LOADINGS + own * np.sqrt(1 - LOADINGS**2)
    values = 1 + (answers[:, :, None] > STEPS).sum(axis=2)
    distinct, place = np.unique(values, axis=0, return_inverse=True)
    patterns = count_sheets(values, low=1, high=4, items=ITEMS)
    order = np.lexsort(distinct.T[::-1])
    assert np.array_equal(distinct[order], patterns.values[np.lexsort(patterns.values.T[::-1])])
    back = np.empty_like(order)
    back[order] = np.lexsort(patterns.values.T[::-1])
    totals = sparse.csr_array((np.ones(len(unit)), (unit, back[place.ravel()])), shape=(UNITS, len(distinct)))
    return DesignSheets(patterns=patterns, squares=patterns.weights, totals=totals)


@pytest.mark.slow
def test_intervals_over_units_cover_and_naive_ones_do_not():
    """Thresholds need the clusters (naive intervals cover far too seldom); loadings hardly do."""
    rng, runs = np.random.default_rng(20), 300
    hits = {(kind, what): 0 for kind in ("clusters", "naive") for what in ("threshold", "loading", "correlation")}
    for _ in range(runs):
        sheets = clustered_sheets(rng)
        for kind, own in (("clusters", sheets), ("naive", plain_sheets(sheets.patterns))):
            source = polychoric(own, level=0.95)
            cuts = source.table.frame[source.table.frame["kind"] == "threshold"]
            truth = np.tile(STEPS, 5)
            hits[kind, "threshold"] += ((cuts["low"] <= truth) & (truth <= cuts["high"])).mean()
            between = source.table.frame[source.table.frame["kind"] == "correlation"]
            left, right = np.tril_indices(5, -1)
            r = LOADINGS[left] * LOADINGS[right]
            hits[kind, "correlation"] += ((between["low"] <= r) & (r <= between["high"])).mean()
            frame = confirm_ordinal(source, factors={"F": ITEMS}, level=0.95).loadings.frame
            hits[kind, "loading"] += ((frame["low"] <= LOADINGS) & (frame["high"] >= LOADINGS)).mean()
    share = {key: value / runs for key, value in hits.items()}
    print(share)
    for what in ("threshold", "loading", "correlation"):
        assert 0.92 <= share["clusters", what] <= 0.97
    assert share["naive", "threshold"] < 0.80
    assert share["naive", "loading"] > 0.88


@pytest.mark.slow
def test_the_test_of_fit_keeps_its_level_under_clusters():
    """Exact fit is rejected in about 5 % of samples; without the clusters in more."""
    rng, runs = np.random.default_rng(21), 300
    wrong = {"clusters": 0, "naive": 0}
    for _ in range(runs):
        sheets = clustered_sheets(rng)
        for kind, own in (("clusters", sheets), ("naive", plain_sheets(sheets.patterns))):
            model = confirm_ordinal(polychoric(own, level=0.95), factors={"F": ITEMS}, level=0.95)
            wrong[kind] += model.test.p < 0.05
    share = {kind: count / runs for kind, count in wrong.items()}
    print(share)
    assert share["clusters"] <= 0.09


def group(rng, *, shift=0.0, n=500):
    answers = rng.normal(size=(n, 1)) * LOADINGS + rng.normal(size=(n, 5)) * np.sqrt(1 - LOADINGS**2)
    answers[:, 0] += shift
    return plain_sheets(count_sheets(1 + (answers[:, :, None] > STEPS).sum(axis=2), low=1, high=4, items=ITEMS))


@pytest.mark.slow
def test_ladder_false_alarms_and_effect_coverage():
    """Each step alarms in about 5 % of samples where nothing differs; the effect of a moved item is covered."""
    rng, runs, alarms, steps = np.random.default_rng(22), 200, 0, 0
    for _ in range(runs):
        ladder = invariance_ladder({"x": group(rng), "y": group(rng)}, level=0.95)
        alarms += sum(bool(step.freed) or not step.holds for step in ladder.steps[1:])
        steps += len(ladder.steps) - 1
    print("alarms", alarms / steps)
    assert 0.02 <= alarms / steps <= 0.08
    truth = 25 / 5 * sum(special.ndtr(0.6 - cut) - special.ndtr(-cut) for cut in STEPS)
    hits = found = 0
    for _ in range(runs):
        try:
            ladder = invariance_ladder({"x": group(rng, n=1001), "y": group(rng, shift=0.6, n=1000)}, level=0.95)
        except NotApplicable:
            continue
        own = ladder.effects.frame.query("item == 'a'")
        if len(own) and tuple(step.freed for step in ladder.steps if step.freed) == (("a",),):
            found += 1
            hits += bool(own["low"].iloc[0] <= truth <= own["high"].iloc[0])
    print("found", found / runs, "covered", hits / found)
    assert found / runs > 0.8 and 0.91 <= hits / found <= 0.985


@pytest.mark.slow
def test_the_normal_integral_holds_at_the_edges():
    grid = np.linspace(-3, 3, 13)
    h, k = (x.ravel() for x in np.meshgrid(grid, grid))
    for r in (-0.99, -0.5, 0.5, 0.99):
        direct = bivariate_normal(h, k, np.full(len(h), r))
        turned = special.ndtr(h) - bivariate_normal(h, -k, np.full(len(h), -r))
        np.testing.assert_allclose(direct, turned, atol=1e-9)
