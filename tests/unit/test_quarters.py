"""Quarters: added up and by the last value, with cap and zero rule, and reasons where there is no percentage."""

import math

import pytest

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.indicator import AchievementRule, Aggregation, Realisation
from kinerja_lab.core.options import CapRule, DownFormula, Polarity, ZeroRule
from kinerja_lab.drafting.quarters import quarter_achievements

UP, DOWN, KEEP = Polarity.MAXIMISE, Polarity.MINIMISE, Polarity.STABILISE


def year(*pairs):
    return [Realisation(period=f"TW{place}", target=target, realisation=reached)
            for place, (target, reached) in enumerate(pairs, start=1)]


def percents(quarters, way, polarity=UP, rule=None, **options):
    found = quarter_achievements(quarters, aggregation=way, polarity=polarity, rule=rule or AchievementRule(),
                                 **options)
    return [item.message.code.split(".")[1] if isinstance(item, NotApplicable) else item.percent for item in found]


def test_added_up():
    found = percents(year((10, 12), (30, 18), (20, 30)), Aggregation.SUM)
    assert found == pytest.approx([100 * 12 / 10, 100 * 30 / 40, 100 * 60 / 60])


def test_by_the_last_value_against_the_year():
    quarters = year((10, 12), (30, 18), (60, 66))
    assert percents(quarters, Aggregation.LAST, annual_target=60) == pytest.approx([20, 30, 110])
    capped = AchievementRule(cap=CapRule.CAP_100)
    assert percents(quarters, Aggregation.LAST, rule=capped, annual_target=60)[-1] == 100


def test_where_lower_is_better_the_formula_of_the_rule_decides():
    quarters = year((10, 8), (10, 16))
    assert percents(quarters, Aggregation.SUM, DOWN) == pytest.approx([100 * (20 - 8) / 10, 100 * (40 - 24) / 20])
    ratio = AchievementRule(down=DownFormula.RATIO)
    assert percents(quarters, Aggregation.SUM, DOWN, ratio) == pytest.approx([100 * 10 / 8, 100 * 20 / 24])


def test_a_quarter_without_a_target_follows_the_zero_rule():
    quarters = year((0, 3), (10, 4))
    assert percents(quarters, Aggregation.SUM) == ["zero_target", pytest.approx(70)]
    met = AchievementRule(zero=ZeroRule.HUNDRED_IF_MET)
    assert percents(quarters, Aggregation.SUM, rule=met) == pytest.approx([100, 70])


def test_a_hole_makes_every_later_sum_undefined_but_not_the_last_value():
    quarters = year((10, 12), (10, math.nan), (10, 15))
    assert percents(quarters, Aggregation.SUM) == [120, "quarter_gap", "quarter_gap"]
    found = quarter_achievements(quarters, aggregation=Aggregation.LAST, polarity=UP, rule=AchievementRule(),
                                 annual_target=30)
    assert [item.known_at for item in found] == ["TW1", "TW1", "TW3"]
    assert [item.percent for item in found] == pytest.approx([40, 40, 50])


def test_nothing_reported_yet():
    assert percents(year((10, math.nan)), Aggregation.LAST, annual_target=10) == ["achievement_missing"]


def test_a_range_is_kept_by_the_last_value():
    found = percents(year((math.nan, 70), (math.nan, 30)), Aggregation.LAST, KEEP, stable_range=(60, 85))
    assert found == pytest.approx([100, 100 * 30 / 60])


@pytest.mark.parametrize(("way", "polarity", "code"), [
    (Aggregation.MEAN, UP, "quarter_aggregation"), (Aggregation.SUM, KEEP, "quarter_range_sum"),
    (Aggregation.LAST, UP, "quarter_annual_target"), (Aggregation.LAST, KEEP, "range_missing"),
])
def test_what_cannot_be_asked_is_refused(way, polarity, code):
    with pytest.raises(KinerjaError, match=code):
        percents(year((1, 1)), way, polarity)
