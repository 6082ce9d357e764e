"""Achievement: every formula, cap and zero rule, and reasons where there is no percentage."""

import math
import pickle

import pytest

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.indicator import AchievementRule, Indicator, PeriodTarget, Realisation
from kinerja_lab.core.options import CapRule, DownFormula, IndicatorLevel, Polarity, ZeroRule
from kinerja_lab.drafting.achievement import achievement, achievements, rival_formulas

UP, DOWN, KEEP = Polarity.MAXIMISE, Polarity.MINIMISE, Polarity.STABILISE
LINEAR, RATIO = AchievementRule(), AchievementRule(down=DownFormula.RATIO)


@pytest.mark.parametrize(("target", "realisation", "polarity", "rule", "expected"), [
    (80, 60, UP, LINEAR, 100 * 60 / 80),
    (93, 160.1, DOWN, LINEAR, 100 * (2 * 93 - 160.1) / 93),
    (93, 160.1, DOWN, RATIO, 100 * 93 / 160.1),
    (10, 25, DOWN, LINEAR, -50),
    (10, 0, DOWN, LINEAR, 200),
    (50, 100, UP, AchievementRule(cap=CapRule.CAP_100), 100),
    (50, 100, UP, AchievementRule(cap=CapRule.CAP_120), 120),
    (50, 150, UP, AchievementRule(cap=CapRule.CAP_200), 200),
    (50, 150, UP, LINEAR, 300),
    (0, 5, UP, AchievementRule(zero=ZeroRule.HUNDRED_IF_MET), 100),
    (0, 0, DOWN, AchievementRule(zero=ZeroRule.HUNDRED_IF_MET), 100),
    (0, 3, DOWN, AchievementRule(zero=ZeroRule.HUNDRED_IF_MET), 0),
])
def test_formulas(target, realisation, polarity, rule, expected):
    assert achievement(target, realisation, polarity=polarity, rule=rule) == pytest.approx(expected)


@pytest.mark.parametrize(("realisation", "rule", "expected"), [
    (60, LINEAR, 100), (85, LINEAR, 100), (72, LINEAR, 100), (30, LINEAR, 100 * 30 / 60),
    (102, LINEAR, 100 * (2 * 85 - 102) / 85), (102, RATIO, 100 * 85 / 102),
])
def test_a_range_measures_from_the_nearer_end(realisation, rule, expected):
    found = achievement(math.nan, realisation, polarity=KEEP, rule=rule, stable_range=(60, 85))
    assert found == pytest.approx(expected)


@pytest.mark.parametrize(("ends", "realisation", "polarity", "rule", "expected"), [
    ((80, 90), 92, UP, LINEAR, 100 * 92 / 90), ((80, 90), 70, UP, LINEAR, 87.5), ((80, 90), 85, UP, LINEAR, 100),
    ((80, 90), 80, UP, LINEAR, 100), ((80, 90), 90, UP, LINEAR, 100),
    ((7, 8), 6.5, DOWN, LINEAR, 100 * (2 * 7 - 6.5) / 7), ((7, 8), 9, DOWN, LINEAR, 87.5),
    ((7, 8), 9, DOWN, RATIO, 100 * 8 / 9), ((7, 8), 7.5, DOWN, RATIO, 100),
    ((80, 90), 108, UP, AchievementRule(cap=CapRule.CAP_100), 100),
])
def test_a_target_that_is_a_range_counts_from_its_nearer_end(ends, realisation, polarity, rule, expected):
    """PermenPANRB 8/2021 prints 87.5, 107 and 87.5 % of these; for 92 it prints 113, which its rule does not give."""
    found = achievement(math.nan, realisation, polarity=polarity, rule=rule, target_range=ends)
    assert found == pytest.approx(expected)


def test_a_series_finds_the_range_of_its_year():
    one = indicator(polarity=UP,
                    series=(Realisation(period="2024", target=math.nan, realisation=92.0),
                            Realisation(period="2025", target=math.nan, realisation=85.0),
                            Realisation(period="2026", target=math.nan, realisation=85.0)),
                    targets=(PeriodTarget(period="2024", low=80, high=90), PeriodTarget(period="2025", low=80, high=90),
                             PeriodTarget(period="2026-TW1", low=80, high=90)))
    first, second, third = achievements(one)
    assert (first.percent, first.formula, dict(first.rivals)) == (100 * 92 / 90, "up", {"up": 100 * 92 / 90})
    assert (second.percent, second.formula) == (100, "in_target_range")
    assert third.message.code == "not_applicable.achievement_missing"


def test_a_range_around_zero_has_a_percentage_above_it_only():
    found = achievement(math.nan, 8, polarity=KEEP, rule=LINEAR, stable_range=(-5, 5))
    assert found == pytest.approx(100 * (2 * 5 - 8) / 5)
    with pytest.raises(NotApplicable, match="negative_target"):
        achievement(math.nan, -8, polarity=KEEP, rule=LINEAR, stable_range=(-5, 5))


@pytest.mark.parametrize(("target", "realisation", "polarity", "rule", "code"), [
    (0, 5, UP, LINEAR, "zero_target"), (0, 0, DOWN, RATIO, "zero_target"), (-2, -1, UP, LINEAR, "negative_target"),
    (math.nan, 5, UP, LINEAR, "achievement_missing"), (5, math.nan, DOWN, LINEAR, "achievement_missing"),
    (5, 0, DOWN, RATIO, "zero_realisation"),
])
def test_no_percentage_with_a_reason(target, realisation, polarity, rule, code):
    with pytest.raises(NotApplicable, match=code):
        achievement(target, realisation, polarity=polarity, rule=rule)


def test_a_range_is_needed_to_keep_one():
    with pytest.raises(KinerjaError, match="range_missing"):
        achievement(1, 1, polarity=KEEP, rule=LINEAR)


def test_rivals_of_each_polarity():
    assert dict(rival_formulas(93, 160.1, polarity=DOWN)) == pytest.approx(
        {"down_linear": 100 * 25.9 / 93, "down_ratio": 100 * 93 / 160.1})
    assert dict(rival_formulas(80, 60, polarity=UP)) == {"up": 75}
    assert set(rival_formulas(5, 0, polarity=DOWN)) == {"down_linear"}
    assert dict(rival_formulas(0, 5, polarity=UP)) == {}
    assert set(rival_formulas(math.nan, 99, polarity=KEEP, stable_range=(60, 85))) == {"range_linear", "range_ratio"}


def indicator(**options):
    return Indicator(**{"code": "aki", "name": "AKI", "question": "q", "why": "w", "numerator": "n", "unit": "kasus",
                        "polarity": DOWN, "level": IndicatorLevel.OUTCOME, "source": "s", "owner": "a",
                        "checker": "b"} | options)


def test_achievements_follow_the_series():
    rows = (("2020", 93, 160.1), ("2021", 0, 1), ("2022", 90, 45))
    series = tuple(Realisation(period=period, target=target, realisation=value) for period, target, value in rows)
    first, second, third = achievements(indicator(series=series, rule=AchievementRule(cap=CapRule.CAP_120)))
    assert (first.period, first.formula, first.capped) == ("2020", "down_linear", False)
    assert isinstance(second, NotApplicable) and second.message.code == "not_applicable.zero_target"
    assert (third.percent, third.raw, third.capped) == (120, 150, True)
    assert dict(third.rivals) == {"down_linear": 150, "down_ratio": 200}
    assert pickle.loads(pickle.dumps(third)) == third


def test_no_series_no_achievements():
    assert achievements(indicator()) == ()
