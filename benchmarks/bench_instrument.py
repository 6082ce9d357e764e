"""How long do the instrument's methods take, and does their cost grow with respondents?

    python benchmarks/bench_instrument.py

The G study is compared with lme4 in the same run (where R has it) up to a hundred thousand respondents, and with
statsmodels' MixedLM on the smallest size it can bear; both must agree first. Reliability, parallel analysis and omega
are timed after the distinct sheets are counted. CPU seconds, best of three. lme4 takes minutes at the largest size.
"""

import time
import warnings

import numpy as np
import pandas as pd
from peers import NO_R, FromR, ask_r, ratio, timed

from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.numeric.nested import nested_crossed, reml_components
from kinerja_lab.psychometrics.coefficients import alpha_of
from kinerja_lab.psychometrics.dimensionality import parallel_analysis
from kinerja_lab.psychometrics.gstudy import UNIT_DESIGN, g_study, g_study_units
from kinerja_lab.psychometrics.ordinal_factor import ordinal_model
from kinerja_lab.psychometrics.reliability_bounds import lower_bounds
from kinerja_lab.psychometrics.reliability_choices import reliability_choices
from kinerja_lab.psychometrics.reliability_intervals import bootstrap

ITEMS = 9
UNITS = 500
CUTS = np.array([-1.6, -0.9, 0.4])
FROM_R = """
for (v in c("unit", "id", "item")) d[[v]] <- factor(d[[v]])
if (have("lme4")) {
  took("lme4", function() lmer(y ~ (1|unit) + (1|id) + (1|item) + (1|unit:item), d))
  v <- as.data.frame(VarCorr(.last))
  said("lme4", v$vcov[match(c("unit", "id", "item", "unit:item", "Residual"), v$grp)])
  said("loglik", logLik(.last))
}
"""


def answers(n: int, *, ordinal: bool, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Made-up answers of respondents in units; ordinal ones on 1 to 4."""
    rng = np.random.default_rng(seed)
    units = rng.integers(0, UNITS, n)
    units[:UNITS] = np.arange(UNITS)
    latent = (0.35 * rng.standard_normal(UNITS)[units, None] + 0.6 * rng.standard_normal((n, 1))
              + 0.3 * rng.standard_normal(ITEMS) + 0.2 * rng.standard_normal((UNITS, ITEMS))[units]
              + 0.7 * rng.standard_normal((n, ITEMS)))
    return (np.searchsorted(CUTS, latent) + 1 if ordinal else latent), units


def best(call, *, times: int = 3) -> tuple[float, object]:
    """Least CPU seconds of a few calls, and what the last gave."""
    spent, result = timed(call, times=times)
    return spent.cpu, result


def lmer(table: np.ndarray, units: np.ndarray) -> FromR | None:
    """lme4's seconds and components; None without R."""
    n = len(table)
    return ask_r(FROM_R, tables={"d": {
        "y": table.ravel(), "unit": np.repeat(units, ITEMS), "id": np.repeat(np.arange(n), ITEMS),
        "item": np.tile(np.arange(ITEMS), n)}})


def mixed_lm(table: np.ndarray, units: np.ndarray) -> tuple[float, np.ndarray]:
    """statsmodels' CPU seconds for the same model with all units in one group (it has no crossed facets otherwise)."""
    import statsmodels.formula.api as smf

    n = len(table)
    long = pd.DataFrame({"y": table.ravel(), "unit": np.repeat(units, ITEMS), "person": np.repeat(np.arange(n), ITEMS),
                         "item": np.tile(np.arange(ITEMS), n), "all": 1})
    long["cell"] = long["unit"] * ITEMS + long["item"]
    parts = {"unit": "0 + C(unit)", "person": "0 + C(person)", "item": "0 + C(item)", "cell": "0 + C(cell)"}
    start = time.process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        fit = smf.mixedlm("y ~ 1", long, groups="all", vc_formula=parts, re_formula="0").fit(reml=True)
    seconds = time.process_time() - start
    found = dict(zip(fit.model.exog_vc.names, fit.vcomp, strict=True))
    return seconds, np.array([found["unit"], found["person"], found["item"], found["cell"], fit.scale])


def g_studies() -> None:
    """G study of respondents in units, crossed with items."""
    print("G study, 500 units, 9 items (CPU s)")
    for n in (10**3, 10**4, 10**5, 10**6):
        table, units = answers(n, ordinal=False)
        spent, study = timed(lambda t=table, u=units: g_study_units(t, units=u, level=0.95))
        print(f"  n {n:>9,}  REML with intervals {spent.cpu:8.3f}", end="")
        peer = lmer(table, units) if n <= 10**5 else None
        if peer is not None and "lme4" in peer.took:
            below = -reml_components(nested_crossed(table, units, count=UNITS)).deviance / 2 - peer.said["loglik"][0]
            gap = np.abs(study.components.frame["value"].to_numpy() / peer.said["lme4"] - 1).max()
            if below < -1e-3 or (below < 1e-3 and gap > 2e-3):  # ours lower, or as high somewhere else
                raise SystemExit(f"lme4 differs: {peer.said} {study.components.frame}")
            print(f"  lme4 {peer.versions['lme4']} {ratio(peer, 'lme4', spent)}  largest difference {gap:.1e}, lme4's "
                  f"log likelihood is {below:.1e} below", end="")
        elif n <= 10**5:
            print(f"  {NO_R}", end="")
        print(flush=True)
    rng = np.random.default_rng(2)
    units = np.repeat(np.arange(8), 6)
    table = (0.6 * rng.standard_normal(8)[units, None] + 0.6 * rng.standard_normal((48, 1))
             + 0.4 * rng.standard_normal(ITEMS) + 0.4 * rng.standard_normal((8, ITEMS))[units]
             + 0.7 * rng.standard_normal((48, ITEMS)))
    slow, theirs = mixed_lm(table, units)
    fast, study = best(lambda: g_study_units(table, units=units, level=0.95))
    ours = study.components.frame["value"].to_numpy()
    print(f"  48 respondents in 8 units: statsmodels MixedLM {slow:.2f}, ours {fast:.4f}, ratio {slow / fast:.0f}, "
          f"largest difference {np.abs(ours - theirs).max():.1e}")
    n = 10**5
    table, units = answers(n, ordinal=False)
    long = {"unit": np.repeat(units, ITEMS), "person": np.repeat(np.arange(n), ITEMS),
            "item": np.tile(np.arange(ITEMS), n)}
    seconds, _ = best(lambda: g_study(table.ravel(), facets=long, design=UNIT_DESIGN, level=0.95), times=1)
    print(f"  any design by mean squares, n 100,000: {seconds:.2f}")


def sheets(n: int) -> ResponsePatterns:
    """Distinct answer sheets of n respondents."""
    table, _ = answers(n, ordinal=True)
    values, counts = np.unique(table.astype(np.int16) @ 4 ** np.arange(ITEMS), return_counts=True)
    rows = np.stack([(values - (4**ITEMS - 1) // 3) // 4**item % 4 + 1 for item in range(ITEMS)], axis=1)
    return ResponsePatterns(items=tuple(f"u{item}" for item in range(ITEMS)), values=rows.astype(np.int16),
                            counts=counts, weights=counts.astype(float), low=1, high=4)


def flat() -> None:
    """Methods on distinct sheets: what they cost once the sheets are counted."""
    print("after counting (CPU s):  distinct   bounds  choices  bootstrap(200)  polychoric  parallel(100)")
    for n in (10**3, 10**4, 10**5, 10**6):
        own = sheets(n)
        model_time, model = best(lambda p=own: ordinal_model(p))
        row = [
            best(lambda p=own: lower_bounds(p, level=0.95))[0],
            best(lambda p=own, m=model: reliability_choices(p, factors=(3, 2), level=0.95, ordinal=m))[0],
            best(lambda p=own: bootstrap(p, coefficient=alpha_of, label="alpha", draws=200, level=0.95,
                                         rng=np.random.default_rng(1)), times=1)[0],
            model_time,
            best(lambda m=model, k=n: parallel_analysis(m.correlation, n=k, draws=100,
                                                        rng=np.random.default_rng(1)))[0],
        ]
        print(f"  n {n:>9,}  {len(own.counts):>15,} " + " ".join(f"{seconds:9.3f}" for seconds in row))


if __name__ == "__main__":
    g_studies()
    flat()
