"""Claims about where units stand, both ways: the right interval covers, the naive one does not. Rates are printed."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy import special

from kinerja_lab.core.estimate import Estimate
from kinerja_lab.core.options import MeasureKind, Polarity
from kinerja_lab.core.outcome import Measure
from kinerja_lab.core.ruleset import Band, Ruleset
from kinerja_lab.estimation.grade_risk import grade_risk
from kinerja_lab.numeric.mixed import one_way
from kinerja_lab.profiling.adjusted import adjusted_scores, between_variance, drawn_in
from kinerja_lab.profiling.benchmark import achievable_benchmark
from kinerja_lab.profiling.case_mix import case_mix
from kinerja_lab.profiling.charts import individuals_chart, proportion_chart
from kinerja_lab.profiling.funnel import funnel
from kinerja_lab.profiling.ranking import fifth_chances, rank_units
from kinerja_lab.profiling.shrinkage import shrink_means, shrink_rates, shrink_shares
from kinerja_lab.profiling.small_shifts import cusum_chart, ewma_chart
from kinerja_lab.profiling.standardise import direct_rates
from kinerja_lab.profiling.watch import watch_units

pytestmark = pytest.mark.slow
Z = 1.959964


def shrunken(found):
    frame = found.units.frame
    raw, best = (frame[frame["label"] == label].reset_index(drop=True) for label in ("raw", "shrunken"))
    return raw, best


def held(rows, truth):
    return ((rows["low"] <= truth) & (truth <= rows["high"])).to_numpy()


class Tally:
    """Shares of how often something held."""

    def __init__(self):
        self.seen = {}

    def add(self, **hits):
        for name, hit in hits.items():
            self.seen.setdefault(name, []).append(np.mean(hit))

    def __getattr__(self, name):
        return float(np.mean(self.seen[name]))

    def __str__(self):
        return ", ".join(f"{name} {100 * np.mean(values):.1f} %" for name, values in self.seen.items())


def drawn_case(kind, rng, units, noise):
    """Shrunken units of one kind, the truth, and a plug-in interval that takes the spread as known."""
    if kind == "means":
        codes = np.repeat(np.arange(units), rng.integers(4, 20, units))
        spread = 1 / np.sqrt(12 * noise)
        truth = rng.normal(0, spread, units)
        values = truth[codes] + rng.normal(size=len(codes))
        found = shrink_means(values, codes, level=0.95)
        layout = one_way(values, codes, count=units)
        sd = np.sqrt(found.reliability.frame["value"] * layout.mean_square_within / layout.sizes)
    elif kind == "shares":
        n, weight = rng.integers(30, 120, units), 75 * noise
        truth = rng.beta(0.1 * weight, 0.9 * weight, units)
        found = shrink_shares(rng.binomial(n, truth), n, units=np.arange(units), level=0.95)
        sd = np.sqrt(found.mean * (1 - found.mean) / (found.weight + n + 1))
    else:
        expected, weight = rng.uniform(3, 12, units), 7.5 * noise
        truth = rng.gamma(weight, 1 / weight, units)
        found = shrink_rates(rng.poisson(expected * truth), expected, units=np.arange(units), level=0.95)
        sd = np.sqrt(found.mean / (found.weight + expected))
    raw, best = shrunken(found)
    plug = SimpleNamespace(low=best["value"] - Z * sd, high=best["value"] + Z * sd)
    return raw, best, truth, (plug.low <= truth) & (truth <= plug.high), found


@pytest.mark.parametrize("kind", ["means", "shares", "rates"])
@pytest.mark.parametrize(("units", "runs"), [(8, 250), (30, 80)])
def test_shrunken_values_cover_and_those_of_a_known_spread_do_not(kind, units, runs):
    """Also of the best-looking unit, for which the raw interval is wrong because it was picked for its luck."""
    rng, tally = np.random.default_rng(20261125 + units), Tally()
    for _ in range(runs):
        raw, best, truth, plug, _ = drawn_case(kind, rng, units, noise=1.0)
        top = int(raw["value"].to_numpy().argmax())
        inside = held(best, truth)
        own = held(raw, truth)
        tally.add(shrunken=inside, known_spread=plug, picked=inside[top], raw=own, picked_raw=own[top])
    print(f"{kind}, {units} units: {tally}")
    assert 0.93 <= tally.shrunken <= 0.985
    assert tally.picked >= 0.92
    assert tally.known_spread < (0.88 if units == 8 else 0.925)
    assert tally.picked_raw < tally.raw - 0.02


@pytest.mark.parametrize("noise", [0.25, 1.0, 3.0])
def test_values_with_known_errors_cover(noise):
    rng, tally = np.random.default_rng(3), Tally()
    for _ in range(300):
        se = np.sqrt(noise * rng.uniform(0.4, 1.6, 15))
        truth = rng.normal(80, 1, 15)
        values = truth + se * rng.normal(size=15)
        best, sd, _, mean = drawn_in(values, se)
        tau2 = between_variance(values, se)
        kept = tau2 / (tau2 + se**2)
        plug = Z * np.sqrt(kept) * se
        rows = adjusted_scores(values, se, units=np.arange(15), level=0.95).units.frame
        tally.add(drawn=np.abs(best - truth) <= Z * sd, known=np.abs(mean + kept * (values - mean) - truth) <= plug,
                  adjusted=held(rows[rows["label"] == "adjusted"].reset_index(drop=True), truth))
    print(f"errors {noise:g} times the differences: {tally}")
    assert 0.93 <= tally.drawn <= 0.985 and tally.adjusted == pytest.approx(tally.drawn, abs=1e-3)
    assert tally.known < tally.drawn and (noise < 1 or tally.known < 0.90)


@pytest.mark.parametrize(("kind", "least", "most"), [("means", 0.93, 0.975), ("shares", 0.92, 0.98),
                                                     ("rates", 0.92, 0.98)])
def test_the_least_volume_is_inside_its_limits(kind, least, most):
    """True weights: 3 (means), 18.75 cases and 1.875 expected events; a reliability of .70 needs 7/3 times as many."""
    rng, inside, none = np.random.default_rng(11), [], 0
    truth = 7 / 3 * {"means": 3.0, "shares": 18.75, "rates": 1.875}[kind]
    for _ in range(150):
        volume = drawn_case(kind, rng, 25, noise=0.25)[-1].volume
        none += bool(volume.note)
        inside.append(not volume.note and volume.low <= truth <= volume.high)
    print(f"{kind}: least volume covered {np.mean(inside):.3f}, no limits {none}")
    assert none <= 2 and least <= np.mean(inside) <= most


def ranks_of(truth):
    """Best and worst rank of each unit when equal units share ranks."""
    above = (truth > truth[:, None]).sum(axis=1)
    below = (truth < truth[:, None]).sum(axis=1)
    return 1 + above, len(truth) - below


@pytest.mark.parametrize("stepdown", [False, True])
@pytest.mark.parametrize("spread", [0.0, 1.0])
def test_all_rank_intervals_hold_at_once_and_tiers_are_right(spread, stepdown):
    rng, tally = np.random.default_rng(17), Tally()
    for _ in range(300):
        se = rng.uniform(0.5, 1.5, 25)
        truth = rng.normal(0, 1.5, 25) * spread
        values = truth + se * rng.normal(size=25)
        found = rank_units(values, se, units=np.arange(25), polarity=Polarity.MAXIMISE, level=0.95, rng=rng, draws=400,
                           stepdown=stepdown)
        low, high = ranks_of(truth)
        frame = found.ranks.frame
        together, alone = (frame[frame["label"] == label] for label in ("rank", "rank_own"))
        gap = (values[:, None] - values) / np.sqrt(se[:, None] ** 2 + se**2)
        wrong = truth[:, None] <= truth
        # every unit below the first tier is surely worse than one of the tier before: that order must be true
        tiers = found.tiers
        ordered = all(((tiers == tiers[unit] - 1) & (truth > truth[unit])).any() for unit in np.flatnonzero(tiers > 1))
        tally.add(together=((together["low"] <= low) & (high <= together["high"])).all(), tiers=ordered,
                  alone=((alone["low"] <= low) & (high <= alone["high"])), no_false_order=not (
                      (gap > found.limit) & wrong).any(), pairwise=not ((gap > Z) & wrong).any(),
                  pairwise_alone=1 - ((np.abs(gap) > Z) & wrong & wrong.T).any(axis=1)[None] if spread == 0 else 1.0)
    print(f"spread {spread:g}, {'stepdown' if stepdown else 'one step'}: {tally}")
    assert tally.together >= 0.93 and tally.no_false_order >= 0.93 and tally.tiers >= tally.no_false_order - 1e-9
    assert tally.alone >= 0.93 and tally.pairwise < (0.6 if spread else 0.05)
    if spread == 0:
        # with equal units the limits are exact: neither too wide nor too narrow
        assert tally.together <= 0.97 and tally.alone <= 0.97 and tally.pairwise_alone < 0.75


def test_the_chance_of_the_worst_fifth_comes_true_and_that_of_raw_values_does_not():
    rng, said = np.random.default_rng(19), {"drawn": [], "raw": []}
    for _ in range(200):
        truth = rng.normal(0, 1, 20)
        se = rng.uniform(0.6, 1.6, 20)
        values = truth + se * rng.normal(size=20)
        worst = truth <= np.sort(truth)[3]
        best, sd, _, _ = drawn_in(values, se)
        for name, centre, width in (("drawn", best, sd), ("raw", values, se)):
            frame = fifth_chances(centre, width, units=np.arange(20), polarity=Polarity.MAXIMISE, level=0.95, rng=rng,
                                  draws=400).frame
            chance = frame.loc[frame["label"] == "worst_fifth", "value"].to_numpy()
            said[name].append(np.column_stack([chance, worst]))
    table = {name: np.vstack(parts) for name, parts in said.items()}
    sure = {name: part[part[:, 0] >= 0.6].mean(axis=0) for name, part in table.items()}
    unsure = {name: part[(part[:, 0] >= 0.2) & (part[:, 0] < 0.4)].mean(axis=0) for name, part in table.items()}
    print(f"said and true, from 60 %: {sure}; 20-40 %: {unsure}")
    assert abs(np.subtract(*sure["drawn"])) < 0.07 and abs(np.subtract(*unsure["drawn"])) < 0.06
    assert np.subtract(*sure["raw"]) > 0.10


@pytest.mark.parametrize("kind", [MeasureKind.RATE, MeasureKind.PROPORTION])
def test_a_funnel_under_chance_alone_flags_as_rarely_as_promised(kind):
    """0.2 % outside by chance; normal limits of small counts accuse several times as many."""
    rng, flags, plain, runs = np.random.default_rng(23), 0, 0, 80
    measure = Measure(code="m", name="m", kind=kind, unit="", polarity=Polarity.MINIMISE)
    expected = np.geomspace(0.5, 60, 80)
    size = np.round(expected * 20) if kind is MeasureKind.PROPORTION else expected * 20
    for _ in range(runs):
        events = rng.binomial(size.astype(int), 0.05) if kind is MeasureKind.PROPORTION else rng.poisson(size * 0.05)
        table = pd.DataFrame({"agency": "a", "unit": np.arange(80).astype(str), "events": events.astype(float),
                              "denominator": size, "expected": np.nan})
        flags += len(funnel(table, measure=measure, level=0.95).flags)
        mean = size * events.sum() / size.sum()
        plain += (np.abs(events - mean) > 3.0902 * np.sqrt(mean)).sum()
    print(f"{kind}: flagged {flags / runs / 80:.4%}, by normal limits {plain / runs / 80:.4%}")
    assert flags / runs / 80 <= 0.003
    assert plain / runs / 80 > 2 * max(flags / runs / 80, 0.001)


def test_funnel_limits_of_units_that_vary_hold_as_many_as_they_say():
    """95 and 99.8 % of units of the ordinary kind lie inside, where limits of chance alone hold far fewer."""
    rng, inside, sharp = np.random.default_rng(29), [], []
    measure = Measure(code="m", name="m", kind=MeasureKind.RATE, unit="", polarity=Polarity.MINIMISE)
    expected = np.geomspace(20, 400, 50)
    for _ in range(80):
        events = rng.poisson(expected * np.exp(rng.normal(0, 0.2, 50))).astype(float)
        table = pd.DataFrame({"agency": "a", "unit": np.arange(50).astype(str), "events": events,
                              "denominator": expected * 10, "expected": expected})
        limits = funnel(table, measure=measure, level=0.95).limits
        ratio = events / expected
        inside.append([((np.interp(expected, limits["expected"], limits[f"low_{level}"]) <= ratio)
                        & (ratio <= np.interp(expected, limits["expected"], limits[f"high_{level}"]))).mean()
                       for level in ("95", "998")])
        sharp.append((np.abs(ratio - 1) * np.sqrt(expected) <= Z).mean())
    held95, held998 = np.mean(inside, axis=0)
    print(f"inside 95 %: {held95:.3f}, inside 99.8 %: {held998:.4f}; by chance alone {np.mean(sharp):.3f}")
    assert 0.93 <= held95 <= 0.97 and 0.99 <= held998 <= 1 and np.mean(sharp) < 0.75


def test_dobsons_limits_cover_the_standardised_rate_and_normal_ones_less():
    rng, tally = np.random.default_rng(31), Tally()
    rates, standard = np.array([0.002, 0.006, 0.02, 0.06]), pd.Series([400.0, 300.0, 200.0, 100.0], index=list("abcd"))
    truth = float(rates @ standard / standard.sum())
    size = np.array([300.0, 150.0, 60.0, 20.0])
    for _ in range(30):
        events = rng.poisson(np.tile(rates * size, (40, 1)))
        table = pd.DataFrame({"unit": np.repeat(np.arange(40).astype(str), 4), "age": np.tile(list("abcd"), 40),
                              "events": events.ravel().astype(float), "denominator": np.tile(size, 40)})
        rows = direct_rates(table, standard=standard, strata=("age",), level=0.95).frame
        weight = standard.to_numpy() / standard.sum()
        spread = np.sqrt((weight**2 * events / size**2).sum(axis=1))
        value = (weight * events / size).sum(axis=1)
        known = (rows.set_index("unit").loc[np.arange(40).astype(str), "note"] == "").to_numpy()
        ordered = rows.set_index("unit").loc[np.arange(40).astype(str)]
        tally.add(dobson=held(ordered, truth)[known], normal=(np.abs(value - truth) <= Z * spread)[known])
    print(tally)
    assert 0.93 <= tally.dobson <= 0.985 and tally.normal < 0.93


def test_the_benchmark_of_small_units_is_less_luck_than_the_best_tenth():
    """All units are alike: whatever lies above their common share is luck."""
    rng, luck = np.random.default_rng(37), []
    for _ in range(200):
        n = rng.integers(5, 100, 40).astype(float)
        events = rng.binomial(n.astype(int), 0.6).astype(float)
        pared = achievable_benchmark(events, n, units=np.arange(40), polarity=Polarity.MAXIMISE).benchmark.value
        luck.append([pared - 0.6, np.sort(events / n)[-4:].mean() - 0.6])
    pared, tenth = np.mean(luck, axis=0)
    print(f"above the truth: pared mean {pared:.3f}, mean of the best tenth of units {tenth:.3f}")
    assert 0 < pared < 0.75 * tenth


def test_control_limits_rarely_cry_wolf_and_prime_limits_know_restless_months():
    rng, tally, periods = np.random.default_rng(41), Tally(), np.arange(24)
    for _ in range(150):
        n = rng.integers(150, 400, 24)
        calm = rng.binomial(n, 0.2)
        restless = rng.binomial(n, rng.beta(0.2 * 60, 0.8 * 60, 24))
        charts = {"p": proportion_chart(calm, n, periods=periods, rules="limits"),
                  "p_restless": proportion_chart(restless, n, periods=periods, rules="limits"),
                  "prime_restless": proportion_chart(restless, n, periods=periods, rules="limits", prime=True),
                  "xmr": individuals_chart(rng.normal(size=24), periods=periods, rules="limits")}
        tally.add(**{name: len(found.flagged) / 24 for name, found in charts.items()})
    print(f"months flagged: {tally}")
    assert tally.p <= 0.005 and tally.prime_restless <= 0.012 and tally.xmr <= 0.012
    assert tally.p_restless > 0.08


def test_cusum_and_ewma_wait_as_long_as_the_tables_say():
    """Mean points to the first false alarm about 465 (k = .5, h = 5) and 500-600 (weight .2, 3 sd); with a shift of one
    sd about ten, where single points beyond three sd take 44."""
    rng = np.random.default_rng(43)
    periods = np.arange(6000)
    waits = {"cusum": [], "ewma": [], "cusum_shift": [], "ewma_shift": [], "single_shift": []}
    for _ in range(60):
        values = rng.normal(size=6000)
        for shift in ("", "_shift"):
            moved = (values[:600] + 1) if shift else values
            for name, make in (("cusum", cusum_chart), ("ewma", ewma_chart)):
                found = make(moved, periods=periods[:len(moved)], centre=0.0, sd=1.0).flagged
                waits[name + shift].append(int(found[0]) + 1 if found else len(moved))
        beyond = np.flatnonzero(np.abs(values[:600] + 1) > 3)
        waits["single_shift"].append(beyond[0] + 1 if len(beyond) else 600)
    mean = {name: float(np.mean(part)) for name, part in waits.items()}
    print(mean)
    assert 340 <= mean["cusum"] <= 620 and 400 <= mean["ewma"] <= 760
    assert 8 <= mean["cusum_shift"] <= 13 and 7 <= mean["ewma_shift"] <= 12 and mean["single_shift"] > 25


def test_watched_months_are_false_as_rarely_as_promised():
    """Silent series: a flag in at most about 5 % of them; two sd of chance flag in nearly all."""
    rng, some, naive, false, flagged = np.random.default_rng(47), 0, 0, 0, 0
    runs, units, months = 100, 20, 12
    frame = pd.DataFrame({"unit": np.repeat(np.arange(units).astype(str), months),
                          "period": np.tile([f"2025-{month:02d}" for month in range(1, 13)], units)})
    for _ in range(runs):
        size = rng.integers(60, 200, units * months).astype(float)
        chance = np.repeat(rng.uniform(0.15, 0.3, units), months)
        own = np.clip(chance + rng.normal(0, 0.03, len(chance)), 0.01, 0.99)
        quiet = frame.assign(denominator=size, events=rng.binomial(size.astype(int), own).astype(float))
        some += len(watch_units(quiet, kind=MeasureKind.PROPORTION).flagged) > 0
        sums = quiet.groupby("unit")[["events", "denominator"]].transform("sum")
        centre = sums["events"] / sums["denominator"]
        plain = np.abs(quiet["events"] / size - centre) > Z * np.sqrt(centre * (1 - centre) / size)
        naive += bool(plain.any())
        planted = rng.choice(len(frame), 10, replace=False)
        loud = quiet.copy()
        loud.loc[planted, "events"] = np.round(0.75 * size[planted])
        found = watch_units(loud, kind=MeasureKind.PROPORTION).flagged
        keys = set(zip(frame["unit"].iloc[planted], frame["period"].iloc[planted], strict=True))
        hits = sum((row.unit, row.period) in keys for row in found.itertuples())
        false, flagged = false + len(found) - hits, flagged + len(found)
    print(f"any flag in silent data {some / runs:.3f} (2 sd of chance: {naive / runs:.3f}); false share "
          f"{false / flagged:.3f} of {flagged}")
    assert some / runs <= 0.11 and naive / runs > 0.95
    assert false / flagged <= 0.07 and flagged >= 0.85 * 10 * runs


def test_coefficients_of_a_case_mix_model_cover_where_units_differ_and_those_of_chance_do_not():
    """Units differ beyond their cases; the sandwich over units knows, the plain model error does not."""
    from statsmodels.genmod.families import Binomial
    from statsmodels.genmod.generalized_linear_model import GLM

    rng, tally = np.random.default_rng(59), Tally()
    for _ in range(150):
        age = rng.normal(size=60)
        age = (age - age.mean()) / age.std()
        size = rng.integers(60, 300, 60).astype(float)
        chance = special.expit(-1 + 0.4 * age + rng.normal(0, 0.4, 60))
        events = rng.binomial(size.astype(int), chance).astype(float)
        table = pd.DataFrame({"unit": np.arange(60).astype(str), "events": events, "denominator": size, "age": age})
        model = case_mix(table, kind=MeasureKind.PROPORTION, columns=("age",), level=0.95, rng=rng)
        row = model.coefficients.row("age")
        plain = GLM(np.column_stack([events, size - events]), np.column_stack([np.ones(60), age]),
                    family=Binomial()).fit()
        # the spread of units pulls the average slope on the log-odds a little towards 0
        truth = 0.4 / np.sqrt(1 + 0.346 * 0.4**2)
        tally.add(sandwich=row.low <= truth <= row.high,
                  plain=abs(plain.params[1] - truth) <= Z * plain.bse[1])
    print(tally)
    assert 0.91 <= tally.sandwich <= 0.985 and tally.plain < 0.75


def test_the_planned_answers_settle_a_letter_about_as_often_as_they_should():
    """After the planned answers a new sample prints the true letter nine times in ten, after a fourth of them less."""
    rule = Ruleset(code="r", title="R", source="-", confidence="high",
                   bands=(Band(code="B", name="B", lower=0.0), Band(code="A", name="A", lower=80.0)))
    rng, tally = np.random.default_rng(61), Tally()
    edge, truth, sd = 80.0 - 0.005, 81.5, 15.0
    index = Estimate(label="index", value=truth, low=truth - Z * sd / 10, high=truth + Z * sd / 10, n=100, method="t",
                     level=0.95)
    planned = int(grade_risk(index, ruleset=rule, sure=0.90).answers.value)
    for n, name in ((planned, "planned"), (planned // 4, "fourth")):
        tally.add(**{name: (truth + rng.normal(0, sd, (4000, n))).mean(axis=1) >= edge})
    print(f"{planned} answers: {tally}")
    assert 0.88 <= tally.planned <= 0.92 and tally.fourth < 0.80
