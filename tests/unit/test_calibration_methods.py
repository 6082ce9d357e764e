"""Calibration methods: numbers that can be checked by hand, and what they refuse."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from kinerja_lab.calibration.anchored_cut import against_cut, anchored_cut
from kinerja_lab.calibration.association_parts import (
    association_parts,
    association_slope,
    corrected_association,
    lagged_pairs,
)
from kinerja_lab.calibration.attainable import chance_to_reach, quantile_targets, trend_target
from kinerja_lab.calibration.conformal import new_unit_interval
from kinerja_lab.calibration.criterion import association
from kinerja_lab.calibration.cut_fairness import cut_fairness
from kinerja_lab.calibration.cut_points import consequences, data_cut
from kinerja_lab.calibration.drift import drift, judged_together
from kinerja_lab.calibration.gain import predictive_gain
from kinerja_lab.calibration.gaming import digit_preference, heaping_at_target, on_target, sudden_jumps
from kinerja_lab.calibration.many_looks import many_looks
from kinerja_lab.calibration.outcome_curve import outcome_curve, share_curve
from kinerja_lab.calibration.probability_calibration import probability_calibration
from kinerja_lab.calibration.rater_changes import rater_changes
from kinerja_lab.calibration.raters import adjust_for_raters
from kinerja_lab.calibration.unit_values import unit_values
from kinerja_lab.core.errors import KinerjaError, NotApplicable
from kinerja_lab.core.estimate import Estimate, EstimateTable
from kinerja_lab.core.options import MeasureKind, Polarity
from kinerja_lab.core.outcome import OUTCOME_COLUMNS, Measure, OutcomeData
from kinerja_lab.core.ruleset import Band, Ruleset
from kinerja_lab.estimation.grade_risk import grade_risk, unit_grade_risk
from kinerja_lab.numeric.false_discovery import q_values

RULE = Ruleset(code="r", title="R", source="-", confidence="high", bands=tuple(
    Band(code=code, name=code, lower=lower) for code, lower in (("D", 25.0), ("C", 65.0), ("B", 76.61), ("A", 88.31))))


def code_of(error):
    return error.value.message.code


def units(n=60, regions=1, seed=1, slope=-0.6, noise=3.0):
    rng = np.random.default_rng(seed)
    x = rng.normal(75, 5, n)
    mix = rng.normal(0, 1, n)
    return pd.DataFrame({"unit": np.arange(n).astype(str), "region": (np.arange(n) % regions).astype(str),
                         "indicator": x, "outcome": 40 + slope * (x - 75) + 2 * mix + rng.normal(0, noise, n),
                         "mix": mix})


def index(value, half, n=100, label="index"):
    return Estimate(label=label, value=value, low=value - half, high=value + half, n=n, method="t", unit="index_100")


def table_of(values, halves):
    rows = [index(value, half) for value, half in zip(values, halves, strict=True)]
    keys = [("a", f"u{place}") for place in range(len(rows))]
    return EstimateTable.from_estimates(rows, groups=("agency", "unit"), keys=keys)




def test_partial_correlation_is_that_of_residuals():
    frame = units()
    row = association_parts(frame, level=0.95, case_mix=("mix",)).row("beyond_case_mix")
    left = [side - np.polyval(np.polyfit(frame["mix"], side, 1), frame["mix"])
            for side in (frame["indicator"], frame["outcome"])]
    r = np.corrcoef(*left)[0, 1]
    half = stats.norm.ppf(0.975) / np.sqrt(60 - 1 - 3)
    assert row.value == pytest.approx(r, abs=1e-12)
    assert (row.low, row.high) == pytest.approx((np.tanh(np.arctanh(r) - half), np.tanh(np.arctanh(r) + half)))


def test_association_refuses_bad_tables():
    frame = units()
    with pytest.raises(KinerjaError) as error:
        association_parts(pd.concat([frame, frame.iloc[:1]]), level=0.95)
    assert code_of(error) == "error.units_repeated"
    with pytest.raises(KinerjaError):
        association_parts(frame.drop(columns="region"), level=0.95)
    with pytest.raises(NotApplicable) as error:
        association_parts(frame.assign(outcome=1.0), level=0.95)
    assert code_of(error) == "not_applicable.constant_side"
    with pytest.raises(NotApplicable):
        association_parts(frame.iloc[:7], level=0.95)
    with pytest.raises(NotApplicable) as error:
        association_slope(frame.assign(copy=frame["indicator"]), level=0.95, case_mix=("copy",))
    assert code_of(error) == "not_applicable.columns_not_independent"


def test_case_mix_that_equals_the_indicator_leaves_nothing():
    frame = units()
    parts = association_parts(frame.assign(copy=frame["indicator"]), level=0.95, case_mix=("copy",))
    assert parts.row("beyond_case_mix").note == "no_variation"
    assert association_parts(frame, level=0.95).row("beyond_case_mix").note == "no_case_mix"


def test_correction_stays_honest():
    r = Estimate(label="all_units", value=0.6, low=0.4, high=0.75, n=60, method="Pearson", unit="correlation")
    weak = Estimate(label="r", value=0.3, low=0.1, high=0.5, n=60, method="-", unit="share")
    assert corrected_association(r, reliabilities=[weak]).note == "correction_above_one"
    open_ = Estimate(label="r", value=0.5, low=-0.1, high=0.7, n=60, method="-", unit="share")
    assert corrected_association(r, reliabilities=[open_]).note == "reliability_reaches_zero"
    exact = Estimate(label="r", value=1.0, low=1.0, high=1.0, n=60, method="-", unit="share")
    same = corrected_association(r, reliabilities=[exact])
    assert (same.value, same.low, same.high) == pytest.approx((0.6, 0.4, 0.75))
    with pytest.raises(NotApplicable):
        corrected_association(r, reliabilities=[])


def test_lag_needs_order_and_single_rows():
    rows = pd.DataFrame({"unit": ["a", "b"], "region": "r", "period": "2024", "value": [1.0, 2.0]})
    later = rows.assign(period="2025", value=[3.0, 4.0])
    both = pd.concat([rows, later])
    found = lagged_pairs(rows, both, before="2024", now="2025")
    assert found[["indicator", "outcome", "outcome_before"]].to_numpy().tolist() == [[1, 3, 1], [2, 4, 2]]
    with pytest.raises(KinerjaError) as error:
        lagged_pairs(rows, both, before="2025", now="2024")
    assert code_of(error) == "error.periods_in_order"
    with pytest.raises(KinerjaError):
        lagged_pairs(pd.concat([rows, rows]), both, before="2024", now="2025")


@pytest.mark.parametrize("regions", [1, 12])
def test_gain_equals_fitting_again_without_each(regions):
    frame = units(regions=regions)
    found = predictive_gain(frame, level=0.95, case_mix=("mix",))
    groups = frame["region"] if regions > 1 else frame["unit"]
    squares = {"base": 0.0, "full": 0.0}
    for left in groups.unique():
        inside = (groups != left).to_numpy()
        for name, columns in (("base", ["mix"]), ("full", ["mix", "indicator"])):
            design = np.column_stack([np.ones(len(frame)), frame[columns]])
            beta = np.linalg.lstsq(design[inside], frame["outcome"][inside], rcond=None)[0]
            squares[name] += ((frame["outcome"][~inside] - design[~inside] @ beta) ** 2).sum()
    assert found.gain.value == pytest.approx(1 - squares["full"] / squares["base"], abs=1e-10)
    assert found.base_error == pytest.approx(np.sqrt(squares["base"] / len(frame)), abs=1e-10)
    assert found.left_out == ("region" if regions > 1 else "unit")


def test_many_looks_equal_one_at_a_time_and_cap_false_findings():
    frame = pd.concat([units(n=20, seed=seed).assign(region=f"r{seed}", claim="c") for seed in range(5)])
    frame = pd.concat([frame, frame[frame["region"] == "r0"].iloc[:7].assign(region="few"),
                       frame[frame["region"] == "r1"].assign(region="flat", outcome=1.0)])
    found = many_looks(frame, level=0.95)
    for place, row in enumerate(found.table.frame.itertuples()):
        part = frame[frame["region"] == row.region]
        if row.region in ("few", "flat"):
            assert np.isnan(row.value) and row.note
            continue
        one = association(*(part.rename(columns={side: "value"}) for side in ("indicator", "outcome")),
                          indicator_code="i", criterion="c", expected_sign=1, level=0.95)
        assert (row.value, row.low, row.high) == pytest.approx((one.rank.value, one.rank.low, one.rank.high))
        assert found.p[place] == pytest.approx(one.p) and row.n == one.n
    assert found.looks == 5
    with pytest.raises(KinerjaError):
        many_looks(pd.concat([frame, frame.iloc[:1]]), level=0.95)


def test_curves_and_the_cut_of_a_line_is_fiellers():
    frame = units(n=80)
    x, y = frame["indicator"].to_numpy(), frame["outcome"].to_numpy()
    curve = outcome_curve(x, y, level=0.95)
    slope, constant = np.polyfit(x, y, 1)
    cut = anchored_cut(curve, target=41.0)
    assert cut.value == pytest.approx((41.0 - constant) / slope, abs=1e-9)
    for end, side in ((cut.low, 1), (cut.high, 2)):
        assert curve.band(np.array([end]))[side][0] == pytest.approx(41.0, abs=1e-8)
    assert curve.at([x.mean(), 200.0]).frame["note"].tolist() == ["", "outside_scores"]
    with pytest.raises(NotApplicable) as error:
        anchored_cut(curve, target=400.0)
    assert code_of(error) == "not_applicable.target_not_crossed"
    near = anchored_cut(outcome_curve(x, y, level=0.999), target=float(curve.band(np.array([x.max() - 0.01]))[0][0]))
    assert near.high == np.inf


def test_share_curve_refuses_what_has_no_answer():
    x = np.arange(20.0)
    with pytest.raises(NotApplicable) as error:
        share_curve(x, (x > 9).astype(float), np.ones(20), level=0.95)
    assert code_of(error) == "not_applicable.glm_separated"
    with pytest.raises(NotApplicable):
        share_curve(x, np.ones(20), np.ones(20), level=0.95)
    with pytest.raises(KinerjaError) as error:
        share_curve(x, np.full(20, 3.0), np.full(20, 2.0), level=0.95)
    assert code_of(error) == "error.events_of_trials"
    with pytest.raises(KinerjaError):
        outcome_curve(x, x, level=0.95, shape="wiggle")


def test_spline_is_straight_beyond_its_knots():
    frame = units(n=80)
    curve = outcome_curve(frame["indicator"].to_numpy(), frame["outcome"].to_numpy(), level=0.95, shape="spline")
    grid = np.linspace(curve.knots[-1], curve.span[1], 5)
    assert np.diff(curve.line(grid)[0], 2) == pytest.approx(np.zeros(3), abs=1e-8)


def test_two_cuts_side_by_side():
    anchored = Estimate(label="a", value=70.0, low=67.0, high=74.0, n=60, method="-", unit="score")
    panel = Estimate(label="p", value=73.0, low=70.0, high=77.0, n=9, method="-", unit="score")
    found = against_cut(anchored, other=panel, scores=np.array([69.0, 71.0, 72.0, 80.0]))
    assert (found.difference.low, found.difference.high) == pytest.approx((3 - 5, 3 + 5))
    assert found.between.value == 0.5
    with pytest.raises(KinerjaError):
        against_cut(anchored, other=Estimate(label="p", value=73.0, low=70.0, high=77.0, level=0.9, n=9, method="-"),
                    scores=np.array([1.0]))


@pytest.mark.parametrize("rule", ["youden", "cost", "sensitivity"])
def test_data_cut_is_the_best_of_all_candidates(rule):
    rng = np.random.default_rng(4)
    scores = np.round(rng.normal(75, 6, 150), 1)
    good = rng.uniform(size=150) < 1 / (1 + np.exp(-(scores - 75) / 3))
    found = data_cut(scores, good, level=0.95, rng=rng, rule=rule, cost_ratio=2.0, draws=100)
    places = np.unique(scores)
    best = {}
    for cut in (places[1:] + places[:-1]) / 2:
        hit, false = (scores[good] >= cut).mean(), (scores[~good] >= cut).mean()
        best[cut] = {"youden": hit - false, "sensitivity": cut if hit >= 0.9 else -np.inf,
                     "cost": -(2.0 * (scores[~good] >= cut).sum() + (scores[good] < cut).sum())}[rule]
    assert best[min(best, key=lambda cut: abs(cut - found.cut.value))] == pytest.approx(max(best.values()))
    assert found.cut.low <= found.cut.value <= found.cut.high


def test_consequences_by_hand_and_refusals():
    found = consequences(np.array([60.0, 70, 80, 90]), np.array([False, True, False, True]), cut=75.0, level=0.95)
    assert found.frame.set_index("label")["value"].to_dict() == {
        "called_good": 0.5, "sensitivity": 0.5, "specificity": 0.5, "right_if_good": 0.5, "right_if_not": 0.5,
        "wrong": 0.5}
    rng = np.random.default_rng(1)
    with pytest.raises(NotApplicable) as error:
        data_cut(np.arange(30.0), np.arange(30) < 5, level=0.95, rng=rng)
    assert code_of(error) == "not_applicable.too_few_each"
    with pytest.raises(NotApplicable):
        data_cut(np.ones(30), np.arange(30) < 15, level=0.95, rng=rng)
    with pytest.raises(KinerjaError):
        data_cut(np.arange(30.0), np.arange(30) < 15, level=0.95, rng=rng, rule="best")


def test_fairness_p_values_are_fishers_and_an_unfair_region_is_named():
    rng = np.random.default_rng(3)
    frame = pd.DataFrame({"unit": np.arange(400), "region": np.repeat(list("abcd"), 100),
                          "score": rng.normal(75, 5, 400), "good": rng.uniform(size=400) < 0.6})
    frame.loc[frame["region"] == "d", "score"] -= 6
    found = cut_fairness(frame, cut=75.0, level=0.95)
    assert ("d", "sensitivity") in found.apart
    good, first = frame[frame["good"]], frame[frame["good"]]["region"] == "a"
    called = good["score"] >= 75
    peer = stats.fisher_exact([[(called & first).sum(), (~called & first).sum()],
                               [(called & ~first).sum(), (~called & ~first).sum()]]).pvalue
    assert found.q[0] >= peer - 1e-12
    with pytest.raises(NotApplicable):
        cut_fairness(frame[frame["region"] == "a"], cut=75.0, level=0.95)


def test_foretold_probabilities_are_refused_when_few_or_absolute():
    with pytest.raises(NotApplicable) as error:
        probability_calibration(np.full(50, 0.4), np.arange(50) % 2, level=0.95)
    assert code_of(error) == "not_applicable.too_few_cases"
    with pytest.raises(KinerjaError) as error:
        probability_calibration(np.linspace(0, 1, 200), np.arange(200) % 2, level=0.95)
    assert code_of(error) == "error.foretold_value"


def test_conformal_by_group():
    outcome = np.concatenate([np.arange(1.0, 20.0), 10 * np.arange(1.0, 6.0)])
    groups = np.array(["a"] * 19 + ["b"] * 5)
    found = new_unit_interval(outcome, np.zeros(24), level=0.95, groups=groups)
    rows = found.around([0.0, 0.0, 0.0], groups=np.array(["a", "b", "new"])).frame
    assert rows["high"].iloc[0] == 19.0 and rows["note"].tolist() == ["", "group_too_small", "group_too_small"]
    with pytest.raises(NotApplicable) as error:
        new_unit_interval(np.arange(5.0), np.zeros(5), level=0.95)
    assert code_of(error) == "not_applicable.too_few_for_level"


def test_drift_names_the_repair():
    before = units()
    rng = np.random.default_rng(9)
    now = before.assign(outcome=before["outcome"] + rng.normal(0, 1, len(before)))
    assert drift(before, now, sign=-1, level=0.95).repair == "none"
    assert drift(before, now.assign(outcome=now["outcome"] + 4), sign=-1, level=0.95).repair == "intercept"
    turned = now.assign(outcome=40 - 1.6 * (now["indicator"] - 75) + rng.normal(0, 3, len(now)))
    assert drift(before, turned, sign=-1, level=0.95).repair == "slope"
    gone = drift(before, now.assign(outcome=rng.normal(40, 3, len(now))), sign=-1, level=0.95)
    assert gone.repair == "stopped"
    change = gone.table.row("rank_change")
    ranks = [stats.spearmanr(frame["indicator"], frame["outcome"]).statistic for frame in (before,)]
    assert gone.table.row("rank_before").value == pytest.approx(ranks[0])
    assert change.value == pytest.approx(gone.table.row("rank_now").value - ranks[0])
    with pytest.raises(KinerjaError):
        drift(before, pd.concat([now, now]), sign=-1, level=0.95)
    with pytest.raises(NotApplicable):
        drift(before, now.assign(outcome=1.0), sign=-1, level=0.95)


def test_what_never_worked_has_not_stopped_working():
    rng = np.random.default_rng(3)
    before = units().assign(outcome=rng.normal(40, 3, len(units())))
    now = before.assign(outcome=40 + 1.5 * (before["indicator"] - 75) + rng.normal(0, 1, len(before)))
    found = drift(before, now, sign=-1, level=0.95)
    assert max(found.q[0], found.p[0]) < 0.05 and found.table.row("rank_before").low < 0 < found.table.row(
        "rank_before").high
    assert found.repair == "slope"


def test_changes_of_many_claims_are_judged_together():
    found = drift(units(), units().assign(outcome=units()["outcome"] + 0.1), sign=-1, level=0.95)
    claims = [replace(found, p=(0.9, p, 0.8)) for p in [0.012] + [0.7] * 30]
    alone, together = judged_together(claims[:1])[0], judged_together(claims)
    assert alone.repair == "intercept" and together[0].repair == "none"
    assert alone.q == pytest.approx((0.9, 0.036, 0.9))
    flat = q_values(np.array([claim.p for claim in claims]).ravel())
    assert [value for claim in together for value in claim.q] == pytest.approx(flat.tolist())
    assert judged_together([]) == ()


def test_heaping_is_the_exact_binomial():
    values = np.concatenate([np.full(3, 74.5), np.full(12, 75.5), [50.0, 99.0]])
    found = heaping_at_target(values, target=75.0, polarity=Polarity.MAXIMISE, level=0.95, width=1.0)
    assert found.good_side.value == 12 / 15 and found.p == pytest.approx(stats.binomtest(
        12, 15, alternative="greater").pvalue)
    worse = heaping_at_target(values, target=75.0, polarity=Polarity.MINIMISE, level=0.95, width=1.0)
    assert worse.good_side.value == 3 / 15
    with pytest.raises(NotApplicable):
        heaping_at_target(values, target=20.0, polarity=Polarity.MAXIMISE, level=0.95, width=1.0)


def test_digits_and_targets():
    rng = np.random.default_rng(1)
    honest = digit_preference(rng.integers(300, 900, 500) / 10, decimals=1, level=0.95)
    rounded = digit_preference(rng.integers(60, 180, 500) / 2, decimals=1, level=0.95)
    assert honest.uniform.p > 0.001 and rounded.round_share.value == 1.0 and rounded.uniform.p < 1e-10
    with pytest.raises(NotApplicable):
        digit_preference(np.full(60, 3.1), decimals=1, level=0.95)
    with pytest.raises(KinerjaError):
        digit_preference(np.full(60, 3.14), decimals=1, level=0.95)
    with pytest.raises(NotApplicable):
        on_target(np.array([np.nan]), np.array([1.0]), level=0.95)


def test_jumps_are_found_where_they_are():
    rng = np.random.default_rng(2)
    frame = pd.DataFrame({"unit": np.repeat(["a", "b"], 24), "period": [f"{m:02d}" for m in range(24)] * 2,
                          "value": rng.normal(50, 1, 48)})
    assert sudden_jumps(frame).empty
    frame.loc[30, "value"] = 95.0
    found = sudden_jumps(frame)
    assert set(found["unit"]) == {"b"} and set(found["period"]) == {"06", "07"}
    with pytest.raises(KinerjaError):
        sudden_jumps(pd.concat([frame, frame.iloc[:1]]))
    with pytest.raises(NotApplicable):
        sudden_jumps(frame[frame["period"] < "04"])


def test_luck_is_taken_out_of_the_best():
    rng = np.random.default_rng(5)
    truth = rng.normal(75, 3, 200)
    measured = truth + rng.normal(0, 3, 200)
    table = table_of(measured, np.full(200, 1.96 * 3))
    found = quantile_targets(table, polarity=Polarity.MAXIMISE)
    best, clean = found.row("best_units").value, found.row("best_units_true")
    wanted = 75 + stats.norm.ppf(0.8) * 3
    assert clean.low < wanted < clean.high < best
    down = quantile_targets(table, polarity=Polarity.MINIMISE)
    assert down.row("best_units_true").value < 75
    with pytest.raises(NotApplicable):
        quantile_targets(table_of(measured[:5], np.ones(5)), polarity=Polarity.MAXIMISE)
    with pytest.raises(NotApplicable):
        quantile_targets(table, polarity=Polarity.STABILISE)


def test_chances_are_those_of_the_shrunken_value():
    table = table_of(np.linspace(70, 80, 40), np.full(40, 1.96))
    found = chance_to_reach(table, target=75.0, polarity=Polarity.MAXIMISE).frame
    true = found[found["label"] == "reach_true"]["value"].to_numpy()
    assert (np.diff(true) > 0).all() and true[0] < 0.01 and true[-1] > 0.99
    assert (true + true[::-1]) == pytest.approx(np.ones(40))
    other = chance_to_reach(table, target=75.0, polarity=Polarity.MINIMISE).frame
    assert other[other["label"] == "reach_true"]["value"].to_numpy() == pytest.approx(1 - true)


def test_trend_needs_three_years():
    with pytest.raises(NotApplicable):
        trend_target(np.array([2024, 2025]), np.array([1.0, 2.0]), now=index(80, 2), polarity=Polarity.MAXIMISE)


def test_answers_needed_by_hand():
    risk = grade_risk(index(78.0, 1.96 * 2, n=50), ruleset=RULE)
    # one-sided: 78 is 1.395 above the edge 76.605; 2 sqrt(50/n) z(.9) = 1.395
    n = 50 * (2 * stats.norm.ppf(0.9) / (78 - 76.605)) ** 2
    assert risk.printed == "B" and risk.answers.value == int(np.ceil(n)) and risk.more == int(np.ceil(n)) - 50
    assert risk.cuts.row("B").value == pytest.approx(stats.norm.sf((78 - 76.605) / 2), abs=1e-4)
    both = unit_grade_risk(EstimateTable.from_estimates([index(78.0, 1.96 * 2, n=50)], groups=("unit",), keys=[("u",)]),
                           ruleset=RULE).frame
    assert both["value"].tolist() == pytest.approx([risk.wrong.value, risk.answers.value])
    on_edge = grade_risk(index(76.605, 2.0), ruleset=RULE)
    assert on_edge.more is None and on_edge.answers.note == "at_the_cut"
    with pytest.raises(NotApplicable):
        grade_risk(Estimate(label="i", value=78.0, low=np.nan, high=np.nan, n=3, method="t", note="no_variation"),
                   ruleset=RULE)


def test_unit_values_are_ratios_over_months():
    rows = [("r", "a", "u1", f"2025-{m:02d}", "m", 100.0 * e / d, e, d, np.nan)
            for m, (e, d) in enumerate([(5, 10), (6, 10), (20, 40), (9, 20), (4, 10), (8, 10)], start=1)]
    rows += [("r", "a", "u2", "2025-01", "m", 50.0, 5.0, 10.0, np.nan)]
    data = OutcomeData(frame=pd.DataFrame(rows, columns=list(OUTCOME_COLUMNS)), measures=(Measure(
        code="m", name="m", kind=MeasureKind.PROPORTION, unit="%", scale=100.0, polarity=Polarity.MAXIMISE),))
    found = unit_values(data, measure="m", level=0.95).frame.set_index("unit")
    assert found.loc["u1", "value"] == pytest.approx(100 * 52 / 100) and found.loc["u1", "n"] == 100
    events, cases = np.array([5, 6, 20, 9, 4, 8]), np.array([10, 10, 40, 20, 10, 10])
    se = np.sqrt(6 / 5 * ((100 * events - 52.0 * cases) ** 2).sum()) / 100
    assert found.loc["u1", "high"] - 52 == pytest.approx(stats.t.ppf(0.975, 5) * se)
    assert found.loc["u2", "method"] == "Wilson"


def test_what_raters_change():
    rng = np.random.default_rng(7)
    severity = np.array([0.0, 0.0, 0.0, 6.0])
    unit, rater = np.repeat(np.arange(12), 3), np.array([(i + k) % 4 for i in range(12) for k in range(3)])
    scores = 75 + rng.normal(0, 3, 12)[unit] - severity[rater] + rng.normal(0, 0.5, 36)
    found = rater_changes(adjust_for_raters(scores, unit, rater, level=0.95))
    assert found.largest.value > 1 and isinstance(found.regraded, NotApplicable)
