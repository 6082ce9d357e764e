"""How fast is it to say where 514 units stand? Beside lme4, statsmodels and plain loops, same machine, same run.

Rank intervals against the plain way that compares all pairs in every draw; a random intercept of 10^5 rows against lme4
(by Rscript, where R is) and statsmodels; limits and watched months of 514 units by 24 months against a loop over units.
Both ways must agree first. Wall clock and CPU seconds are printed, because a shared machine makes the first unreliable.
``--statsmodels`` adds statsmodels, which takes many seconds.
"""

import resource
import sys

import numpy as np
import pandas as pd
from peers import NO_R, Timed, ask_r, timed
from scipy import special, stats

from kinerja_lab.core.options import MeasureKind, Polarity
from kinerja_lab.core.outcome import Measure
from kinerja_lab.numeric.mixed import one_way, reml_ratio
from kinerja_lab.numeric.overdispersion import consistent_variance, log_ratio_scores
from kinerja_lab.profiling.funnel import funnel
from kinerja_lab.profiling.ranking import rank_units
from kinerja_lab.profiling.shrinkage import shrink_means
from kinerja_lab.profiling.watch import watch_units

UNITS, ROWS, MONTHS, DRAWS = 514, 100_000, 24, 1000

LME4 = """
if (have("lme4")) {
  rows$unit <- factor(rows$unit)
  tight <- lmerControl(optCtrl = list(xtol_abs = 1e-12, ftol_abs = 1e-12, maxeval = 10000))
  f <- lmer(value ~ 1 + (1 | unit), rows, control = tight)
  v <- as.data.frame(VarCorr(f))$vcov
  said("found", c(fixef(f)[1], v[1] / v[2], coef(f)$unit[1, 1]))
  took("lme4", function() ranef(lmer(value ~ 1 + (1 | unit), rows), condVar = FALSE), times = 3)
}
"""


def shown(took: Timed) -> str:
    """Elapsed and CPU seconds."""
    return f"{1000 * took.elapsed:.1f} ms (cpu {1000 * took.cpu:.1f})"


def all_pairs(values: np.ndarray, se: np.ndarray, draws: np.ndarray) -> tuple[float, np.ndarray]:
    """The limit and the rank intervals, every pair in every draw."""
    distance = np.sqrt(se[:, None] ** 2 + se**2)
    largest = np.empty(len(draws))
    for place, errors in enumerate(draws):
        gap = (se * errors)[:, None] - se * errors
        largest[place] = (gap / distance).max()
    limit = float(np.quantile(largest, 0.95, method="inverted_cdf"))
    above = (values[:, None] - values) / distance > limit
    return limit, np.column_stack([1 + above.sum(axis=0), len(values) - above.sum(axis=1)])


def ranks() -> None:
    """Rank intervals for all units at once."""
    rng = np.random.default_rng(1)
    se = rng.uniform(0.5, 2, UNITS)
    values = rng.normal(75, 3, UNITS) + se * rng.normal(size=UNITS)
    options = {"units": np.arange(UNITS), "polarity": Polarity.MAXIMISE, "level": 0.95, "draws": DRAWS}

    def ours(stepdown: bool = False, own: bool = False):
        return rank_units(values, se, rng=np.random.default_rng(2), stepdown=stepdown, own=own, **options)

    took, found = timed(ours)
    draws = np.empty((DRAWS, UNITS))
    draws[:, np.argsort(se)] = np.random.default_rng(2).standard_normal((DRAWS, UNITS))
    plain, (limit, interval) = timed(lambda: all_pairs(values, se, draws), times=1)
    assert found.limit == limit
    np.testing.assert_array_equal(found.ranks.frame[["low", "high"]].to_numpy(), interval)
    print(f"rank intervals of {UNITS} units, {DRAWS} draws: ours {shown(took)}, all pairs in every draw "
          f"{shown(plain)}, ratio {plain.cpu / took.cpu:.0f}; same limit, same ranks")
    for name, how in (("stepdown", {"stepdown": True}), ("stepdown and each unit alone", {"stepdown": True,
                                                                                           "own": True})):
        print(f"  {name}: {shown(timed(lambda how=how: ours(**how))[0])}")
    print("  csranks is not here; quoted from an earlier run of its own: 43-55 s one step, 90-121 s stepdown")


def shrinkage(*, with_statsmodels: bool) -> None:
    """A random intercept of many rows."""
    rng = np.random.default_rng(1)
    unit = rng.integers(0, UNITS, ROWS)
    values = 75 + rng.normal(0, 2, UNITS)[unit] + rng.normal(0, 8, ROWS)

    def bare():
        layout = one_way(values, unit, count=UNITS)
        ratio = reml_ratio(layout)
        heavy = layout.sizes / (1 + layout.sizes * ratio)
        mean = heavy @ layout.means / heavy.sum()
        return ratio, mean + heavy * ratio * (layout.means - mean)

    took, found = timed(lambda: shrink_means(values, unit, level=0.95), times=9)
    bare_took, (ratio, predicted) = timed(bare, times=9)
    drawn = found.units.frame.query("label == 'shrunken'")["value"].to_numpy()
    np.testing.assert_allclose(predicted, drawn, rtol=1e-12)
    print(f"random intercept, {ROWS:,} rows, {UNITS} units: with values, intervals, reliability and least volume "
          f"{shown(took)}; fit and predicted units alone {shown(bare_took)}")
    peer = ask_r(LME4, tables={"rows": {"unit": unit, "value": values}})
    if peer is None or "lme4" not in peer.took:
        print("  " + NO_R)
    else:
        worst = float(np.abs(np.array([found.mean, ratio, drawn[0]]) / peer.said["found"] - 1).max())
        assert worst < 1e-6, worst
        theirs = peer.took["lme4"]
        print(f"  lme4 {peer.versions['lme4']}: {shown(theirs)}; mean, variance ratio and predicted unit agree to "
              f"{worst:.0e}; ratio {theirs.cpu / bare_took.cpu:.0f} for the same, {theirs.cpu / took.cpu:.0f} with "
              "intervals and tables")
    if with_statsmodels:
        from statsmodels.regression.mixed_linear_model import MixedLM

        theirs, fit = timed(lambda: MixedLM(values, np.ones((ROWS, 1)), groups=unit).fit(reml=True), times=1)
        assert abs(fit.fe_params[0] / found.mean - 1) < 1e-6
        print(f"  statsmodels MixedLM: {shown(theirs)}, ratio {theirs.cpu / bare_took.cpu:.0f} for the same")


def plain_scores(events: np.ndarray, expected: np.ndarray, between: float) -> np.ndarray:
    """Scores of a funnel unit by unit: the smaller of the normal and the exact one."""
    out = np.zeros(len(events))
    for place, (seen, mean) in enumerate(zip(events, expected, strict=True)):
        low, high = stats.poisson.cdf(seen, mean), stats.poisson.sf(seen - 1, mean)
        exact = min(special.ndtri(low), 0.0) if seen < mean else max(-special.ndtri(high), 0.0)
        scores, se = log_ratio_scores(np.array([seen]), np.array([mean]))
        normal = float(scores[0] / np.sqrt(se[0] ** 2 + between))
        out[place] = exact if abs(exact) < abs(normal) else normal
    return out


def months() -> None:
    """Funnel of all units, and every month of every unit against its own level."""
    rng = np.random.default_rng(3)
    size = rng.integers(40, 400, (UNITS, MONTHS)).astype(float)
    events = rng.binomial(size.astype(int), rng.beta(12, 48, (UNITS, 1))).astype(float)
    table = pd.DataFrame({"agency": "a", "unit": np.arange(UNITS).astype(str), "events": events.sum(axis=1),
                          "denominator": size.sum(axis=1), "expected": np.nan})
    measure = Measure(code="m", name="m", kind=MeasureKind.RATE, unit="", polarity=Polarity.MINIMISE)
    took, found = timed(lambda: funnel(table, measure=measure, level=0.95))
    expected = (table["denominator"] * table["events"].sum() / table["denominator"].sum()).to_numpy()

    def loop():
        scores, se = log_ratio_scores(table["events"].to_numpy(), expected)
        return plain_scores(table["events"].to_numpy(), expected, consistent_variance(scores, se, share=0.10))

    plain, scores = timed(loop, times=1)
    wanted = sorted(table["unit"][np.abs(scores) > 3.0902323].astype(str))
    assert wanted == [flag[0] for flag in found.flags], "the two ways disagree"
    print(f"funnel of {UNITS} units with intervals and curves: {shown(took)}; scores alone in a loop over units "
          f"{shown(plain)}, ratio {plain.cpu / took.cpu:.1f}; same {len(wanted)} flags")
    watched = pd.DataFrame({"unit": np.repeat(np.arange(UNITS).astype(str), MONTHS),
                            "period": np.tile([f"{2024 + month // 12}-{month % 12 + 1:02d}" for month in range(MONTHS)],
                                              UNITS), "events": events.ravel(), "denominator": size.ravel()})
    took, found = timed(lambda: watch_units(watched, kind=MeasureKind.PROPORTION))
    plain, z = timed(lambda: plain_months(watched), times=1)
    np.testing.assert_allclose(found.points["z"], z, rtol=1e-9, atol=1e-12)
    print(f"{UNITS * MONTHS:,} months of {UNITS} units: {shown(took)}; a loop over units {shown(plain)}, ratio "
          f"{plain.cpu / took.cpu:.1f}; same scores")


def plain_months(rows: pd.DataFrame) -> np.ndarray:
    """Score of every month against its unit's own level, a unit at a time."""
    parts, squares, df = [], 0.0, 0
    for _, part in rows.groupby("unit", sort=True):
        part = part.sort_values("period")
        level = part["events"].sum() / part["denominator"].sum()
        chance = level * (1 - level) / part["denominator"]
        gap = part["events"] / part["denominator"] - level
        squares, df = squares + float((gap**2 / chance).sum()), df + len(part) - 1
        parts.append(gap / np.sqrt(chance * (1 - part["denominator"] / part["denominator"].sum())))
    return np.concatenate(parts) / np.sqrt(max(squares / df, 1.0))


if __name__ == "__main__":
    start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ranks()
    shrinkage(with_statsmodels="--statsmodels" in sys.argv)
    months()
    print(f"peak memory +{(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - start) / 1024:.0f} MB "
          "(the plain ways included)")
