"""Noise is called noise and the true indicator is found; intervals of calibration cover, naive ones do not."""

import numpy as np
import pandas as pd
import pytest
from scipy import special

from kinerja_lab.calibration.anchored_cut import anchored_cut
from kinerja_lab.calibration.association_parts import association_parts, association_slope, corrected_association
from kinerja_lab.calibration.attainable import chance_to_reach, quantile_targets, trend_target
from kinerja_lab.calibration.conformal import new_unit_interval
from kinerja_lab.calibration.cut_fairness import cut_fairness
from kinerja_lab.calibration.cut_points import data_cut
from kinerja_lab.calibration.drift import drift
from kinerja_lab.calibration.gain import predictive_gain
from kinerja_lab.calibration.gaming import digit_preference, heaping_at_target
from kinerja_lab.calibration.many_looks import many_looks
from kinerja_lab.calibration.outcome_curve import outcome_curve, share_curve
from kinerja_lab.calibration.probability_calibration import probability_calibration
from kinerja_lab.calibration.rising_steps import rising_steps
from kinerja_lab.core.estimate import MEASURED_IN, Estimate, EstimateTable
from kinerja_lab.core.options import Polarity
from kinerja_lab.simulate.outcomes import NOISE_ONLY, simulate_outcomes
from kinerja_lab.simulate.units import simulate_units

pytestmark = pytest.mark.slow

CLAIMS = ((NOISE_ONLY, "pengaduan_selesai"), ("dokumen_tepat_waktu", "pengaduan_selesai"))


def pairs(seed):
    """Units of four cities in 2025 with a noise indicator, a true one, and the outcome both claim."""
    rng = np.random.default_rng(seed)
    months = simulate_outcomes(simulate_units(rng=rng), rng=rng)
    year = months[months["period"].str.startswith("2025")]
    means = year.groupby(["measure", "region", "unit"], observed=True)["value"].mean().reset_index()
    wide = means.pivot(index=["region", "unit"], columns="measure", values="value").reset_index()
    return [wide[["region", "unit"]].assign(indicator=wide[x], outcome=wide[y], claim=x) for x, y in CLAIMS]


def test_noise_is_called_noise_and_the_true_indicator_is_found_in_100_seeds():
    found = dict.fromkeys(dict(CLAIMS), 0)
    helps = dict.fromkeys(dict(CLAIMS), 0)
    for seed in range(100):
        parts = pairs(seed)
        looks = many_looks(pd.concat(parts).assign(region="all"), level=0.95)
        for row, q in zip(looks.table.frame.itertuples(), looks.q, strict=True):
            found[row.claim] += q <= 0.05
        for part in parts:
            helps[part["claim"].iloc[0]] += predictive_gain(part, level=0.95).gain.low > 0
    print(f"found: {found}; gain above 0: {helps} (of 100)")
    # at most 5 expected; 11 is the 99.6 % point of Binomial(100, .05)
    assert found[NOISE_ONLY] <= 11 and helps[NOISE_ONLY] <= 5
    assert found["dokumen_tepat_waktu"] >= 99 and helps["dokumen_tepat_waktu"] >= 65


def test_slope_under_clusters_covers_and_the_naive_one_does_not():
    rng = np.random.default_rng(20261125)
    right = wrong = 0
    for _ in range(600):
        region = np.repeat(np.arange(30), 6)
        x = rng.normal(0, 1, 30)[region] + 0.5 * rng.normal(0, 1, 180)
        y = 0.5 * x + rng.normal(0, 1, 30)[region] + rng.normal(0, 1, 180)
        frame = pd.DataFrame({"unit": np.arange(180), "region": region, "indicator": x, "outcome": y})
        row = association_slope(frame, level=0.95).row("indicator")
        naive = association_slope(frame.assign(region="one"), level=0.95).row("indicator")
        right += row.low <= 0.5 <= row.high
        wrong += naive.low <= 0.5 <= naive.high
    print(f"slope covers {right / 600:.3f}, naive {wrong / 600:.3f}")
    assert 0.93 <= right / 600 <= 0.98 and wrong / 600 < 0.80


def test_anchored_cut_covers_the_true_score():
    rng = np.random.default_rng(20261126)
    inside = 0
    for _ in range(600):
        x = rng.normal(75, 6, 60)
        y = 40 - 0.5 * (x - 75) + rng.normal(0, 4, 60)
        cut = anchored_cut(outcome_curve(x, y, level=0.95), target=40.0)
        inside += cut.low <= 75 <= cut.high
    print(f"anchored cut covers {inside / 600:.3f}")
    assert 0.93 <= inside / 600 <= 0.975


def test_a_new_unit_falls_inside_as_often_as_promised_where_the_normal_interval_does_not():
    rng = np.random.default_rng(20261127)
    held = normal = 0
    for _ in range(2000):
        seen, new = rng.exponential(1.0, 59) ** 2, rng.exponential(1.0) ** 2
        reach = new_unit_interval(seen, np.zeros(59), level=0.95).reach[""]
        held += new <= reach
        normal += abs(new - seen.mean()) <= seen.std(ddof=1)  # a one-sigma band sold as 68 %
    print(f"conformal holds {held / 2000:.3f}; one-sigma band holds {normal / 2000:.3f}")
    assert 0.935 <= held / 2000 <= 0.965 and normal / 2000 > 0.85


def inside(row, truth):
    return bool(row.low <= truth <= row.high)


def test_a_cut_of_youden_is_held_by_resampling_about_as_often_as_promised():
    """Two normal kinds of units, cut half-way: percentile limits hold it; an interval as if it were a mean does not."""
    rng, held, naive, runs = np.random.default_rng(20261128), 0, 0, 250
    for _ in range(runs):
        bad, good = rng.normal(0, 1, 60), rng.normal(1.5, 1, 60)
        scores, kind = np.concatenate([bad, good]), np.arange(120) >= 60
        cut = data_cut(scores, kind, level=0.95, rng=rng, draws=300).cut
        held += inside(cut, 0.75)
        naive += abs(cut.value - 0.75) <= 1.96 * scores.std(ddof=1) / np.sqrt(120)
    print(f"Youden cut held {held / runs:.3f}, as if it were a mean {naive / runs:.3f}")
    assert 0.91 <= held / runs <= 0.99 and naive / runs < 0.75


@pytest.mark.parametrize("n", [200, 600])
def test_calibration_of_foretold_probabilities(n):
    """Slope, intercept and Brier score cover; the interval of the expected calibration error never says too little,
    while its bare value is above 0 even where every probability is right."""
    rng, runs, hits = np.random.default_rng(20261129), 150, dict.fromkeys(("slope", "level", "brier", "ece", "none"), 0)
    bare = []
    for _ in range(runs):
        said = rng.beta(2, 3, n) * 0.96 + 0.02
        odds = special.logit(said)
        true = special.expit(0.3 + 0.8 * odds)
        found = probability_calibration(said, rng.uniform(size=n) < true, level=0.95).summary
        place = np.clip((said * 10).astype(int), 0, 9)
        gap = np.abs(np.bincount(place, weights=said - true, minlength=10)).sum() / n
        hits["slope"] += inside(found.row("calibration_slope"), 0.8)
        hits["ece"] += inside(found.row("ece"), gap)
        right = probability_calibration(said, rng.uniform(size=n) < said, level=0.95).summary
        hits["level"] += inside(right.row("calibration_intercept"), 0.0)
        hits["brier"] += inside(right.row("brier"), float((said * (1 - said)).mean()))
        hits["none"] += right.row("ece").low == 0
        bare.append(right.row("ece").value)
    print(f"n {n}: {({name: hit / runs for name, hit in hits.items()})}, bare ECE of right probabilities "
          f"{np.mean(bare):.3f}")
    assert all(0.92 <= hits[name] / runs <= 0.98 for name in ("slope", "level", "brier"))
    assert hits["ece"] / runs >= 0.95 and hits["none"] / runs >= 0.93 and np.mean(bare) > 0.02


def test_rising_steps_are_a_guide_where_the_outcome_rises_and_too_narrow_where_it_is_flat():
    rng, runs, places = np.random.default_rng(20261130), 150, np.array([0.25, 0.5, 0.75])
    held, flat, line = [], [], []
    scores = np.linspace(0, 1, 80)
    for _ in range(runs):
        noise = rng.normal(0, 0.7, 80)
        for outcome, truth, hits in ((2 * scores, 2 * places, held), (0 * scores, 0 * places, flat)):
            rows = rising_steps(scores, outcome + noise, level=0.95, rng=rng, draws=100).at(places).frame
            hits.append(((rows["low"] <= truth) & (truth <= rows["high"])).mean())
        rows = outcome_curve(scores, 2 * scores + noise, level=0.95).at(places).frame
        line.append(((rows["low"] <= 2 * places) & (2 * places <= rows["high"])).mean())
    print(f"steps held {np.mean(held):.3f} where it rises, {np.mean(flat):.3f} where flat; line {np.mean(line):.3f}")
    assert 0.85 <= np.mean(held) <= 0.99 and 0.92 <= np.mean(line) <= 0.98


def table_of(values, se, label="value"):
    return EstimateTable(groups=("unit",), frame=pd.DataFrame({
        "unit": np.arange(len(values)).astype(str), "label": label, "value": values, "low": values - 1.959964 * se,
        "high": values + 1.959964 * se, "level": 0.95, "n": 10, "method": "t", MEASURED_IN: "%", "note": ""}))


@pytest.mark.parametrize(("units", "spread"), [(20, 1.0), (60, 1.0)])
def test_what_the_best_units_truly_reach(units, spread):
    """The quantile of true values is held; limits of the measured quantile hold that of measured values, not of true
    ones."""
    rng, runs, hits, none = np.random.default_rng(20261201), 400, np.zeros(3), 0
    truth = 75 + spread * special.ndtri(0.8)
    for _ in range(runs):
        se = rng.uniform(0.8, 1.2, units)
        values = rng.normal(75, spread, units) + se * rng.normal(size=units)
        found = quantile_targets(table_of(values, se), polarity=Polarity.MAXIMISE)
        seen, true = found.row("best_units"), found.row("best_units_true")
        none += bool(true.note)
        measured = 75 + special.ndtri(0.8) * np.sqrt(spread**2 + 1.0133)
        hits += [true.has_interval and inside(true, truth), inside(seen, measured), inside(seen, truth)]
    true, measured, wrong = hits / runs
    print(f"{units} units: true quantile {true:.3f} (none {none}), measured {measured:.3f}, true by it {wrong:.3f}")
    assert 0.91 <= true <= 0.985 and 0.94 <= measured <= 1.0 and (units < 50 or wrong < measured - 0.15)


def test_the_chance_to_reach_a_target_comes_true_where_raw_values_promise_too_much():
    rng, said, promised = np.random.default_rng(20261202), [], []
    for _ in range(300):
        truth, se = rng.normal(75, 2, 15), rng.uniform(1.0, 2.5, 15)
        values = truth + se * rng.normal(size=15)
        frame = chance_to_reach(table_of(values, se), target=77.0, polarity=Polarity.MAXIMISE).frame
        true, next_one = (frame.loc[frame["label"] == label, "value"].to_numpy() for label in
                          ("reach_true", "reach_measured"))
        said.append(np.column_stack([true, truth >= 77, next_one, truth + se * rng.normal(size=15) >= 77]))
        promised.append(np.column_stack([special.ndtr((values - 77) / se), truth >= 77]))
    said, promised = np.vstack(said), np.vstack(promised)
    sure, next_sure = said[said[:, 0] > 0.5], said[said[:, 2] > 0.5]
    raw = promised[promised[:, 0] > 0.5]
    print(f"said, came: true {sure[:, :2].mean(axis=0)}, next {next_sure[:, 2:].mean(axis=0)}, raw {raw.mean(axis=0)}")
    assert abs(np.subtract(*sure[:, :2].mean(axis=0))) < 0.07
    assert abs(np.subtract(*next_sure[:, 2:].mean(axis=0))) < 0.07
    assert np.subtract(*raw.mean(axis=0)) > 0.15


def test_next_year_falls_inside_the_trend_where_an_interval_of_the_line_would_not_hold_it():
    rng, held, runs = np.random.default_rng(20261203), 0, 600
    now = Estimate(label="index", value=80.0, low=78.0, high=82.0, n=400, method="t", unit="index_100")
    for _ in range(runs):
        values = 70 + 1.5 * np.arange(7) + rng.normal(0, 1, 7)
        row = trend_target(np.arange(2019, 2025), values[:6], now=now, polarity=Polarity.MAXIMISE).row("trend_target")
        held += inside(row, values[6])
    print(f"next year inside {held / runs:.3f}")
    assert 0.93 <= held / runs <= 0.97


def test_changes_of_an_association_cover_when_units_return():
    """The same units in both years share their lasting traits; taking the years as two samples is far too careful."""
    rng, runs, hits, apart = np.random.default_rng(20261204), 100, np.zeros(3), 0
    for _ in range(runs):
        trait, fate = rng.normal(size=60), rng.normal(0, 1, 60)
        frames = []
        for _ in range(2):
            x = trait + rng.normal(0, 0.3, 60)
            frames.append(pd.DataFrame({"unit": np.arange(60), "region": "one", "indicator": x,
                                        "outcome": 0.8 * trait + fate + rng.normal(0, 0.3, 60)}))
        found = drift(*frames, sign=1, level=0.95).table
        hits += [inside(found.row(label), 0.0) for label in found.frame["label"].iloc[2:]]
        other = drift(frames[0], frames[1].assign(unit=frames[1]["unit"] + 1000), sign=1, level=0.95).table
        apart += inside(other.row(found.frame["label"].iloc[2]), 0.0)
    print(f"no change held {hits / runs}, as two samples {apart / runs:.3f}")
    assert ((hits / runs >= 0.92) & (hits / runs <= 0.985)).all() and apart / runs > 0.985


def test_noise_taken_out_of_an_association_covers_where_the_raw_one_does_not():
    """True correlation .5; the indicator has reliability .6, which is estimated from 4 askings a unit."""
    rng, runs, right, raw = np.random.default_rng(20261205), 400, 0, 0
    noise = np.sqrt(4 * (1 - 0.6) / 0.6)
    for _ in range(runs):
        truth = rng.normal(size=80)
        outcome = 0.5 * truth + np.sqrt(0.75) * rng.normal(size=80)
        asked = truth[:, None] + noise * rng.normal(size=(80, 4))
        frame = pd.DataFrame({"unit": np.arange(80), "region": "one", "indicator": asked.mean(axis=1),
                              "outcome": outcome})
        seen = association_parts(frame, level=0.95).frame.iloc[0]
        pearson = Estimate(**{name: seen[name] for name in ("label", "value", "low", "high", "level", "method", "unit",
                                                            "note")}, n=int(seen["n"]))
        ratio = 4 * asked.mean(axis=1).var(ddof=1) / asked.var(axis=1, ddof=1).mean()
        ends = ratio / special.fdtri(79, 240, [0.975, 0.025])
        rel = Estimate(label="reliability", value=1 - 1 / ratio, low=1 - 1 / ends[0], high=1 - 1 / ends[1], n=80,
                       method="F", unit="share")
        right += inside(corrected_association(pearson, reliabilities=[rel]), 0.5)
        raw += inside(pearson, 0.5)
    print(f"without noise {right / runs:.3f}, raw {raw / runs:.3f}")
    assert 0.93 <= right / runs <= 0.98 and raw / runs < 0.90


def test_an_anchored_cut_of_shares_in_regions_covers_and_one_that_forgets_regions_does_not():
    rng, runs, right, wrong = np.random.default_rng(20261206), 250, 0, 0
    region = np.repeat(np.arange(24), 6)
    for _ in range(runs):
        scores = 75 + rng.normal(0, 5, 24)[region] + rng.normal(0, 2, 144)
        trials = rng.integers(40, 120, 144)
        chance = special.expit(0.12 * (scores - 75) + rng.normal(0, 0.5, 24)[region])
        events = rng.binomial(trials, chance)
        mine, bare = (anchored_cut(share_curve(scores, events, trials, level=0.95, regions=where), target=0.5)
                      for where in (region, None))
        right += inside(mine, 75)
        wrong += inside(bare, 75)
    print(f"anchored cut with regions {right / runs:.3f}, without {wrong / runs:.3f}")
    assert 0.91 <= right / runs <= 0.985 and wrong / runs < 0.85


def test_a_fair_cut_is_called_unfair_as_rarely_as_promised_and_an_unfair_one_is_found():
    rng, runs, alarms, plain, found = np.random.default_rng(20261207), 200, 0, 0, 0
    region = np.repeat(np.arange(12), 25)
    for _ in range(runs):
        good = rng.uniform(size=300) < 0.6
        scores = 70 + 8 * good + rng.normal(0, 6, 300)
        frame = pd.DataFrame({"unit": np.arange(300), "region": region, "score": scores, "good": good})
        judged = cut_fairness(frame, cut=74.0, level=0.95)
        alarms += bool(judged.apart)
        rows = judged.table.frame
        everywhere = rows.groupby("label")["value"].transform("mean")
        plain += bool(((rows["low"] > everywhere) | (rows["high"] < everywhere)).any())
        hard = frame.assign(score=np.where(region == 3, scores - 12, scores))
        found += ("3", "sensitivity") in cut_fairness(hard, cut=74.0, level=0.95).apart
    print(f"fair cut called unfair {alarms / runs:.3f} (by single intervals {plain / runs:.3f}), unfair found "
          f"{found / runs:.3f}")
    assert alarms / runs <= 0.08 and plain / runs > 0.3 and found / runs > 0.8


def test_signs_of_gaming_are_rare_in_honest_numbers_and_seen_in_others():
    rng, runs, counts = np.random.default_rng(20261208), 400, np.zeros(4)
    for _ in range(runs):
        values = rng.normal(80, 6, 300)
        pushed = np.where((values > 78.5) & (values < 80) & (rng.uniform(size=300) < 0.6), 80.2, values)
        rounded = np.where(rng.uniform(size=300) < 0.4, np.round(values), np.round(values, 1))
        counts += [heaping_at_target(values, target=80.0, polarity=Polarity.MAXIMISE, level=0.95).p < 0.05,
                   heaping_at_target(pushed, target=80.0, polarity=Polarity.MAXIMISE, level=0.95).p < 0.05,
                   digit_preference(np.round(values, 1), decimals=1, level=0.95).uniform.p < 0.05,
                   digit_preference(rounded, decimals=1, level=0.95).uniform.p < 0.05]
    print(f"heaping: honest {counts[0] / runs:.3f}, pushed {counts[1] / runs:.3f}; digits: honest "
          f"{counts[2] / runs:.3f}, rounded {counts[3] / runs:.3f}")
    assert counts[0] / runs <= 0.07 and counts[1] / runs > 0.8 and counts[2] / runs <= 0.08 and counts[3] / runs > 0.9
