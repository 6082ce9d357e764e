"""A target that is a range: better is never less, and nothing jumps at its ends."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinerja_lab.core.indicator import AchievementRule
from kinerja_lab.core.options import DownFormula, Polarity
from kinerja_lab.drafting.achievement import achievement

NUMBERS = st.floats(0.5, 1e4)


@settings(max_examples=30)
@given(ends=st.tuples(NUMBERS, NUMBERS).filter(lambda pair: pair[0] < pair[1]), pair=st.tuples(NUMBERS, NUMBERS),
       polarity=st.sampled_from([Polarity.MAXIMISE, Polarity.MINIMISE]), down=st.sampled_from(DownFormula))
def test_a_target_range_is_monotone_and_meets_100_at_both_ends(ends, pair, polarity, down):
    def percent(value):
        return achievement(math.nan, value, polarity=polarity, rule=AchievementRule(down=down), target_range=ends)

    worse, better = sorted(pair, reverse=polarity is Polarity.MINIMISE)
    assert percent(worse) <= percent(better) + 1e-9
    for end in ends:
        assert percent(end) == 100
        assert percent(end * (1 + 1e-9)) == pytest.approx(100, abs=1e-5)
        assert percent(end * (1 - 1e-9)) == pytest.approx(100, abs=1e-5)


@settings(max_examples=20)
@given(target=NUMBERS, value=NUMBERS, polarity=st.sampled_from([Polarity.MAXIMISE, Polarity.MINIMISE]),
       down=st.sampled_from(DownFormula))
def test_outside_it_is_the_plain_formula_with_the_nearer_end(target, value, polarity, down):
    rule = AchievementRule(down=down)
    plain = achievement(target, value, polarity=polarity, rule=rule)
    wide = (target, 2e4) if value < target else (target / 10, target)
    assert achievement(math.nan, value, polarity=polarity, rule=rule, target_range=wide) == pytest.approx(
        plain if value < target or value > target else 100)
