"""Charts, run rules and watched months on series that can be checked by hand."""

import numpy as np
import pandas as pd
import pytest

from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.options import MeasureKind
from kinerja_lab.profiling.charts import individuals_chart, proportion_chart, rate_chart
from kinerja_lab.profiling.run_rules import crossings_least, longest_run_most, signals_of
from kinerja_lab.profiling.small_shifts import cusum_chart, ewma_chart
from kinerja_lab.profiling.watch import watch_units, within_dispersion


def fired(values, rules, sd=1.0):
    values = np.asarray(values, dtype=float)
    zero = np.zeros(len(values))
    return {signal.rule: signal.places
            for signal in signals_of(values, centre=zero, low=zero - 3 * sd, high=zero + 3 * sd, rules=rules)}


def test_p_chart_by_hand():
    events, n = np.array([10, 12, 8, 10, 11, 9, 10, 10, 40]), np.full(9, 100)
    base = np.arange(9) < 8
    found = proportion_chart(events, n, periods=np.arange(9), base=base)
    point = found.points.iloc[0]
    assert (point["centre"], point["high"]) == (0.10, pytest.approx(0.10 + 3 * np.sqrt(0.09 / 100)))
    assert found.flagged == ("8",) and not found.points["base"].iloc[8]
    # the jump inside the base line moves the limits that should show it
    assert proportion_chart(events, n, periods=np.arange(9)).points["centre"].iloc[0] == pytest.approx(120 / 900)


def test_prime_limits_are_wider_where_months_wander():
    rng = np.random.default_rng(1)
    n = np.full(24, 10_000)
    events = rng.binomial(n, np.clip(0.2 + 0.02 * rng.standard_normal(24), 0, 1))
    plain, prime = (proportion_chart(events, n, periods=np.arange(24), rules="limits", prime=prime)
                    for prime in (False, True))
    assert len(plain.flagged) > 5 and prime.flagged == ()
    assert prime.kind == "p'" and prime.sigma_z > 3 and plain.sigma_z == 1


@pytest.mark.parametrize(("make", "code"), [
    (lambda: proportion_chart(np.full(9, 11), np.full(9, 10), periods=np.arange(9)), "chart_bad_counts"),
    (lambda: proportion_chart(np.zeros(9), np.full(9, 10), periods=np.arange(9)), "chart_flat"),
    (lambda: proportion_chart(np.ones(5), np.full(5, 10), periods=np.arange(5)), "chart_few_points"),
    (lambda: rate_chart(np.ones(9), np.zeros(9), periods=np.arange(9)), "chart_bad_counts"),
    (lambda: individuals_chart(np.ones(9), periods=np.arange(9)), "chart_flat"),
    (lambda: individuals_chart(np.arange(9.0), periods=[1, 1, *range(7)]), "chart_periods"),
    (lambda: individuals_chart(np.arange(9.0), periods=np.arange(9), rules="nelsen"), "unknown_option"),
    (lambda: individuals_chart(np.array([np.nan, *range(8)]), periods=np.arange(9)), "scores_not_finite"),
    (lambda: cusum_chart(np.arange(3.0), periods=np.arange(3), centre=0.0, sd=0.0), "shift_bad_sd"),
    (lambda: ewma_chart(np.arange(3.0), periods=np.arange(3), centre=0.0, sd=1.0, weight=0), "shift_bad_constant"),
])
def test_charts_refuse(make, code):
    with pytest.raises(KinerjaError) as error:
        make()
    assert error.value.message.code.endswith(code)


def test_screening_leaves_the_jump_out_of_its_own_limits():
    values = np.array([5, 6, 5, 6, 5, 6, 5, 6, 13, 6, 5, 6], dtype=float)
    assert individuals_chart(values, periods=np.arange(12), rules="limits", screened=True).flagged == ("8",)
    kept = individuals_chart(values, periods=np.arange(12), screened=False).points
    assert kept["high"].iloc[0] > individuals_chart(values, periods=np.arange(12)).points["high"].iloc[0]


@pytest.mark.parametrize(("rule", "values", "places"), [
    ("run_on_a_side", [-0.5] + [0.5] * 9, tuple(range(1, 10))),
    ("trend", [0, 1, -1, -0.6, -0.2, 0.2, 0.6, 0.9], tuple(range(2, 8))),
    ("alternating", [0.5, -0.5] * 7, tuple(range(14))),
    ("two_of_three", [0, 2.1, 0.1, 2.2, 0, -0.1], (1, 3)),
    ("four_of_five", [0, 1.1, 1.2, -0.1, 1.3, 1.4, 0], (1, 2, 4, 5)),
    ("within_one", [0.5, -0.4, 0.3] * 5, tuple(range(15))),
    ("beyond_one", [1.1, -1.2] * 4, tuple(range(8))),
    ("beyond_limits", [0, 3.1, 0, 0], (1,)),
])
def test_nelson_rules(rule, values, places):
    assert fired(values, "nelson")[rule] == places


def test_rules_stay_silent_one_point_short():
    assert "run_on_a_side" not in fired([-0.5] + [0.5] * 8, "nelson")
    assert "run_on_a_side" in fired([-0.5] + [0.5] * 8, "western_electric")
    assert "trend" not in fired([-1, -0.6, -0.2, 0.2, 0.6], "nelson")
    assert fired([0.5] * 12, "limits") == {}


def test_anhoej_limits_of_the_paper():
    assert [longest_run_most(n) for n in (10, 12, 16, 20, 24)] == [6, 7, 7, 7, 8]
    assert [crossings_least(n) for n in (10, 12, 16, 20, 24)] == [2, 3, 4, 6, 8]
    shift = fired([-0.5] * 12 + [0.5] * 12, "anhoej")
    assert shift["long_run"] == tuple(range(12)) and "few_crossings" in shift
    # a point on the centre neither breaks a run nor adds to it
    assert "long_run" not in fired([0.5] * 4 + [0.0] * 4 + [0.5] * 2 + [-0.5, 0.5] * 6, "anhoej")


def test_cusum_sees_a_small_lasting_shift():
    values = np.r_[np.zeros(10), np.full(14, 1.0)]
    found = cusum_chart(values, periods=np.arange(24), centre=0.0, sd=1.0)
    # half a standard deviation is gathered a point: 5 is passed at the eleventh
    assert found.flagged[0] == "20" and found.points["up"].iloc[-1] == pytest.approx(7.0)
    smooth = ewma_chart(values, periods=np.arange(24), centre=0.0, sd=1.0)
    assert smooth.points["value"].iloc[10] == pytest.approx(0.2)
    assert smooth.points["high"].iloc[0] == pytest.approx(0.6)


def months(shares, *, n=200, seed=3, names=None):
    rng = np.random.default_rng(seed)
    rows = [(name, f"2024-{month:02d}", rng.binomial(n, share), n)
            for name, share in zip(names or [f"u{i}" for i in range(len(shares))], shares, strict=True)
            for month in range(1, 13)]
    return pd.DataFrame(rows, columns=["unit", "period", "events", "denominator"])


def test_a_silent_month_is_found_among_many_units():
    table = months(np.full(20, 0.7))
    table.loc[(table["unit"] == "u7") & (table["period"] == "2024-05"), "events"] = 0
    found = watch_units(table, kind=MeasureKind.PROPORTION)
    assert found.flagged[["unit", "period", "side"]].to_numpy().tolist() == [["u7", "2024-05", "low"]]
    assert len(found.points) == 240 and found.units_left_out == 0
    later = table["period"] >= "2024-09"
    frozen = watch_units(table, kind=MeasureKind.PROPORTION, base=~later.to_numpy())
    assert frozen.points["judged"].sum() == 80 and frozen.flagged.empty


def test_watch_of_means_and_of_short_series():
    table = months(np.full(3, 0.5)).assign(value=lambda rows: rows["events"].astype(float))
    table.loc[5, "value"] = 400.0
    assert watch_units(table, kind=MeasureKind.MEAN).flagged["period"].tolist() == ["2024-06"]
    with pytest.raises(NotApplicable):
        watch_units(table[table["period"] < "2024-04"], kind=MeasureKind.MEAN)
    with pytest.raises(NotApplicable):
        watch_units(table.assign(value=1.0), kind=MeasureKind.MEAN)


def test_watch_refuses_doubled_rows_and_impossible_counts():
    table = months(np.full(2, 0.5))
    with pytest.raises(KinerjaError) as error:
        watch_units(pd.concat([table, table.head(1)]), kind=MeasureKind.PROPORTION)
    assert error.value.message.code == "error.duplicate_unit_period"
    with pytest.raises(KinerjaError) as error:
        watch_units(table.assign(events=500), kind=MeasureKind.PROPORTION)
    assert error.value.message.code == "error.rates_bad_counts"


def test_dispersion_within_units():
    assert within_dispersion(months(np.full(40, 0.5)), kind=MeasureKind.PROPORTION) == pytest.approx(1.0, abs=0.2)
    rng = np.random.default_rng(2)
    wild = months(np.full(40, 0.5), n=400)
    wild["events"] = rng.binomial(400, np.clip(0.5 + 0.1 * rng.standard_normal(len(wild)), 0, 1))
    # chance 1, plus 400 x 0.01 / 0.25 of the wandering
    assert within_dispersion(wild, kind=MeasureKind.PROPORTION) == pytest.approx(17, rel=0.25)
    assert within_dispersion(months([0.5]).head(1), kind=MeasureKind.PROPORTION) == 1.0
