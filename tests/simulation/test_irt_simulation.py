"""Intervals of item parameters cover, under clusters only the right ones do; DIF tests flag at the rate they claim."""

import numpy as np
import pytest

from kinerja_lab.psychometrics.dif import logistic_dif
from kinerja_lab.psychometrics.dif_irt import irt_dif
from kinerja_lab.psychometrics.irt import item_response
from kinerja_lab.psychometrics.irt_item_fit import item_fit
from kinerja_lab.psychometrics.irt_model_fit import model_fit
from kinerja_lab.simulate.item_answers import count_sheets, simulate_graded, simulate_partial_credit

pytestmark = pytest.mark.slow

SLOPES = np.array([1.2, 1.8, 0.9, 1.5, 2.0])
STEPS = np.array([[-1.8, -0.6, 1.0], [-1.6, -0.4, 1.1], [-2.0, -0.9, 0.8], [-1.4, -0.1, 1.3], [-1.7, -0.7, 0.9]])
NODES = 31


def sheets(places, rng, *, model="graded", steps=STEPS):
    draw = simulate_graded if model == "graded" else simulate_partial_credit
    return draw(places, slopes=SLOPES, thresholds=steps, rng=rng)


def counted(values):
    return count_sheets(values, low=1, high=4)


def covered(table, truth):
    frame = table.frame
    return ((frame["low"] <= truth) & (truth <= frame["high"])).to_numpy()


@pytest.mark.parametrize("model", ["graded", "generalised_partial_credit"])
def test_parameters_are_recovered_and_intervals_cover(model):
    rng, truth, held, values = np.random.default_rng(20), np.column_stack([SLOPES, STEPS]).ravel(), [], []
    for _ in range(200):
        found = item_response(counted(sheets(rng.normal(size=1200), rng, model=model)), model=model, level=0.95,
                              nodes=NODES)
        held.append(covered(found.parameters, truth))
        values.append(found.parameters.frame["value"].to_numpy())
    assert 0.93 < np.mean(held) < 0.97
    assert np.mean(held, axis=0).min() > 0.90
    assert np.abs(np.mean(values, axis=0) - truth).max() < 0.05


def test_spread_of_the_rasch_family_is_covered():
    rng, held = np.random.default_rng(21), []
    for _ in range(200):
        values = simulate_partial_credit(rng.normal(0, 1.4, 800), slopes=np.ones(5), thresholds=STEPS, rng=rng)
        row = item_response(counted(values), model="partial_credit", level=0.95, nodes=NODES).distribution.row("sd")
        held.append(row.low < 1.4 < row.high)
    assert 0.91 < np.mean(held) < 0.985


def test_under_clusters_only_errors_over_units_cover_thresholds():
    rng, truth = np.random.default_rng(22), np.column_stack([SLOPES, STEPS]).ravel()
    naive, robust = [], []
    for _ in range(120):
        unit = np.repeat(np.arange(50), 24)
        places = np.sqrt(0.15) * rng.normal(size=50)[unit] + np.sqrt(0.85) * rng.normal(size=len(unit))
        values = sheets(places, rng)
        clusters = {str(number): counted(values[unit == number]) for number in range(50)}
        naive.append(covered(item_response(counted(values), model="graded", level=0.95, nodes=NODES).parameters, truth))
        robust.append(covered(item_response(counted(values), model="graded", level=0.95, nodes=NODES,
                                            clusters=clusters).parameters, truth))
    steps = np.tile([False, True, True, True], 5)
    assert 0.92 < np.mean(np.array(robust)[:, steps]) < 0.975
    assert np.mean(np.array(naive)[:, steps]) < 0.88
    assert np.mean(np.array(naive)[:, ~steps]) > 0.90  # slopes hardly feel the units


def test_fit_statistics_have_their_distribution():
    rng, statistic, flagged, df = np.random.default_rng(23), [], [], 0
    for _ in range(200):
        held = counted(sheets(rng.normal(size=1000), rng, model="generalised_partial_credit"))
        found = item_response(held, model="generalised_partial_credit", level=0.95, nodes=NODES)
        fit = model_fit(found, held)
        statistic.append(fit.test.statistic)
        df = fit.test.df
        flagged += (item_fit(found, held)["p"] < 0.05).tolist()
    assert np.mean(statistic) == pytest.approx(df, abs=4 * np.sqrt(2 * df / 200))
    assert 0.03 < np.mean(flagged) < 0.08


def test_logistic_regression_flags_five_in_a_hundred_when_groups_stand_alike():
    rng, p = np.random.default_rng(24), []
    for _ in range(200):
        held = {name: counted(sheets(rng.normal(size=600), rng)) for name in "ab"}
        p += logistic_dif(held, level=0.95, purify=False).tests["p_uniform"].tolist()
    assert 0.035 < np.mean(np.array(p) < 0.05) < 0.065


def test_where_groups_differ_in_level_only_the_model_keeps_the_rate():
    """The sum of five items is a rough match: logistic regression flags too often, the likelihood ratio does not; the
    size that logistic regression gives stays negligible, which is why the size decides."""
    rng, rough, model, sizes = np.random.default_rng(25), [], [], []
    for _ in range(100):
        held = {"a": counted(sheets(rng.normal(size=700), rng)), "b": counted(sheets(rng.normal(-0.7, 1, 700), rng))}
        found = logistic_dif(held, level=0.95, purify=False)
        rough += found.tests["p"].tolist()
        sizes += found.effects.frame["value"].abs().tolist()
        model += irt_dif(held, model="graded", level=0.95, items=("i1", "i5"), nodes=NODES).tests["p"].tolist()
    assert 0.02 < np.mean(np.array(model) < 0.05) < 0.085
    assert np.mean(np.array(rough) < 0.05) > 0.10
    assert np.quantile(sizes, 0.95) < 0.10


def test_effects_in_points_are_covered():
    """Groups alike but for one item: the difference on it, known from 800,000 sheets, lies in 95 of 100 intervals."""
    moved = STEPS.copy()
    moved[2] += 0.4
    rng = np.random.default_rng(26)
    many = {name: counted(sheets(rng.normal(size=400_000), rng, steps=steps)) for name, steps in
            (("a", STEPS), ("b", moved))}
    truth = effect_of(many)
    held = []
    for _ in range(250):
        found = effect_of({name: counted(sheets(rng.normal(size=500), rng, steps=steps)) for name, steps in
                           (("a", STEPS), ("b", moved))})
        held.append(found["low"] < truth["value"] < found["high"])
    assert 0.92 < np.mean(held) < 0.98


def effect_of(groups):
    frame = logistic_dif(groups, level=0.95, purify=False).effects.frame
    return frame[(frame["item"] == "i3") & (frame["group"] == "b")].iloc[0]
