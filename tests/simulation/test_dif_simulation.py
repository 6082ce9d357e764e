"""DIF over fifty groups: false alarms and power, by sum and by trait, with false discovery control."""

import numpy as np
import pytest

from kinerja_lab.psychometrics.dif import logistic_dif
from kinerja_lab.simulate.item_answers import count_sheets, simulate_graded

pytestmark = pytest.mark.slow

GROUPS = 50
SLOPES = np.array([1.6, 1.9, 2.3, 1.2, 2.0, 2.6, 2.4, 1.5, 1.1])
STEPS = np.array([[-3.2, -2.0, 0.9], [-3.0, -1.8, 1.0], [-2.8, -1.6, 0.8], [-3.4, -2.2, 0.2], [-2.9, -1.7, 1.1],
                  [-2.7, -1.5, 0.9], [-2.8, -1.6, 0.8], [-3.1, -1.9, 0.6], [-2.5, -1.2, 1.2]])


def drawn(rng, *, each, spread, shift=0.0):
    """Sheets of fifty groups whose levels differ by ``spread``; the third item moves by ``shift`` in one of them."""
    group = np.repeat(np.arange(GROUPS), each)
    place = rng.normal(spread * rng.standard_normal(GROUPS)[group], 1.0)
    values = simulate_graded(place, slopes=SLOPES, thresholds=STEPS, rng=rng)
    if shift:
        moved = STEPS.copy()
        moved[2] += shift
        other = simulate_graded(place, slopes=SLOPES, thresholds=moved, rng=rng)
        values[group == 7] = other[group == 7]
    return {f"g{number:02d}": count_sheets(values[group == number], low=1, high=4) for number in range(GROUPS)}


def looked(runs, *, seed, match, **drawing):
    """Share of p-values below 0.05 (of both kinds of DIF, and of uniform DIF), and of runs with any flag."""
    both, uniform, any_flag = [], [], 0
    for run in range(runs):
        found = logistic_dif(drawn(np.random.default_rng([seed, run]), **drawing), level=0.95, match=match,
                             purify=False, least_answers=1)
        both += (found.tests["p"] < 0.05).tolist()
        uniform += (found.tests["p_uniform"] < 0.05).tolist()
        any_flag += bool(found.flagged)
    return float(np.mean(both)), float(np.mean(uniform)), any_flag / runs


def test_groups_that_stand_alike_give_about_five_in_a_hundred():
    """By sum only for uniform DIF: the score's effect on the logit is not a straight line, which looks non-uniform."""
    both, uniform, any_flag = looked(12, seed=9, match="trait", each=200, spread=0.0)
    assert 0.01 < both < 0.11 and uniform < 0.11 and any_flag <= 0.25
    _, uniform, _ = looked(12, seed=9, match="total", each=200, spread=0.0)
    assert 0.01 < uniform < 0.11


def test_where_regions_differ_in_level_the_trait_keeps_the_rate_and_the_sum_does_not():
    by_trait, _, runs_by_trait = looked(10, seed=2, match="trait", each=200, spread=0.3)
    by_sum, _, runs_by_sum = looked(10, seed=2, match="total", each=200, spread=0.3)
    assert by_trait < 0.12 and runs_by_trait <= 0.3
    assert by_sum > 0.15 and by_sum > 1.5 * by_trait and runs_by_sum > 0.3


def test_a_planted_item_is_found_among_fifty_regions_and_hardly_another():
    """One logit in one region of 200, against a test with 98 degrees of freedom."""
    right = others = 0
    for run in range(6):
        found = logistic_dif(drawn(np.random.default_rng([3, run]), each=200, spread=0.3, shift=1.0), level=0.95,
                             match="trait", least_answers=1)
        right += "i3" in found.flagged
        others += len(set(found.flagged) - {"i3"})
    assert right >= 5 and others <= 2
