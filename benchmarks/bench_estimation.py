"""How fast are all regions at once, and small areas? Beside svy, R survey and a plain way, same machine, same run.

Nine elements by 514 regions over a million respondents with strata, clusters and weights in DuckDB. svy estimates one
element (it takes each element and region anew, so that nine take nine times as long); all must agree first. R survey
takes 10^5 rows and one element (a million by 514 regions would take many minutes), and is left out where R is not here.
Arguments: rows (a million), and ``--no-peers`` for ours alone.
"""

import contextlib
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
from peers import NO_R, ask_r, timed

from kinerja_lab.estimation.area_level import area_estimates
from kinerja_lab.estimation.cluster_totals import index_from_totals, means_from_totals
from kinerja_lab.io.cluster_totals import cluster_totals
from kinerja_lab.io.relations import open_table
from kinerja_lab.io.study_values import TableSource

ITEMS = tuple(f"u{place}" for place in range(1, 10))
REGIONS, STRATA = 514, 34


def respondents(n: int, *, seed: int = 2026) -> pd.DataFrame:
    """Answers of people in service units, units in regions, regions in provinces."""
    rng = np.random.default_rng(seed)
    units = 20 * REGIONS
    unit = np.sort(rng.integers(0, units, n))
    region = unit // 20
    stratum = np.sort(rng.integers(0, STRATA, REGIONS))[region]
    theta = rng.normal(0, 0.35, units)[unit] + rng.normal(0, 0.25, REGIONS)[region] + rng.normal(size=n)
    answers = {item: 1 + (0.8 * theta[:, None] + rng.normal(0, 0.6, (n, 1)) > [-1.9, -0.8, 0.9]).sum(axis=1)
               for item in ITEMS}
    return pd.DataFrame({"stratum": stratum, "region": region, "unit": unit, "w": np.exp(rng.normal(3, 0.5, n)),
                         **answers})


SURVEY = """
if (have("survey")) {
  took("survey", function() {
    svyby(~u1, ~region, svydesign(ids = ~unit, strata = ~stratum, weights = ~w, data = rows), svymean)
  })
  said("se", .last$se)
}
"""

DENSE = """
y <- areas$y; D <- areas$D; X <- cbind(1, areas$a, areas$b); m <- length(y)
fit <- function() {
  A <- median(D)
  repeat {
    V <- diag(1 / (A + D)); XV <- t(X) %*% V; P <- V - t(XV) %*% solve(XV %*% X) %*% XV; Py <- P %*% y
    move <- (sum(Py^2) - sum(diag(P))) / sum(P * P); A <- max(A + move, 0); if (abs(move) < 1e-10) break
  }
  V <- diag(1 / (A + D)); Q <- solve(t(X) %*% V %*% X); B <- D / (A + D)
  mse <- numeric(m)
  for (i in 1:m) mse[i] <- A * B[i] + B[i]^2 * X[i, ] %*% Q %*% X[i, ] + 2 * D[i]^2 / (A + D[i])^3 * 2 / sum(diag(V)^2)
  c(A, mse)
}
took("dense", fit); said("found", .last)
"""


def peak() -> float:
    """Most memory since ``forget_peak``, in MB; NaN where the system does not say."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return float("nan")
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM")), float("nan"))


def forget_peak() -> None:
    """Start counting the most memory from here."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")


def ours_of(path: Path):
    """Nine elements and the index of all regions from a file."""
    table = open_table(TableSource(name="bench/rows", path=path, columns={}))
    totals = cluster_totals(table, domain="region", items=ITEMS, cluster="unit", weight="w", stratum="stratum")
    return (means_from_totals(totals, level=0.95, ends=(1, 4)),
            index_from_totals(totals, level=0.95, factor=25.0, ends=(25, 100)))


def against_r(n: int = 100_000) -> None:
    """One element of all regions by R survey, and the same rows by ours."""
    frame = respondents(n)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        frame.to_parquet(path)
        took, (means, _) = timed(lambda: ours_of(path))
    columns = {name: frame[name].to_numpy() for name in ("stratum", "region", "unit", "w", "u1")}
    peer = ask_r(SURVEY, tables={"rows": columns})
    if peer is None or "survey" not in peer.took:
        print(NO_R)
        return
    worst = float(np.abs(means.se[::len(ITEMS)] / peer.said["se"] - 1).max())
    assert worst < 1e-9, worst
    theirs = peer.took["survey"]
    print(f"R survey {peer.versions['survey']}, {n:,} rows, design and one element of {REGIONS} regions: "
          f"{theirs.elapsed:.1f} s (cpu {theirs.cpu:.1f}); ours, nine elements and the index: {took.elapsed:.3f} s "
          f"(cpu {took.cpu:.3f}); standard errors agree to {worst:.0e}; an element "
          f"{theirs.cpu / took.cpu * len(ITEMS):.0f} times faster")


def regions(n: int, *, peers: bool) -> None:
    """All regions at once against svy."""
    frame = respondents(n)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        frame.to_parquet(path)

        before = peak()
        forget_peak()
        took, (means, _) = timed(lambda: ours_of(path))
        most = peak()
    print(f"{n:,} respondents, {REGIONS} regions, 9 elements and the index, from Parquet by DuckDB: "
          f"{took.elapsed:.2f} s (cpu {took.cpu:.2f}); peak memory {most:.0f} MB with the rows themselves in memory, "
          f"{before:.0f} MB to make them")
    if not peers:
        return
    import polars as pl
    import svy

    sample = svy.Sample(pl.from_pandas(frame), svy.Design(stratum="stratum", psu="unit", wgt="w"))
    theirs, peer = timed(lambda: sample.estimation.mean("u1", by="region"), times=1)
    expected = peer.to_polars().sort("region")
    worst = float(np.abs(means.se[::len(ITEMS)] / expected["se"].to_numpy() - 1).max())
    assert worst < 1e-12, worst
    print(f"svy {svy.__version__ if hasattr(svy, '__version__') else '0.35'}, one element: {theirs.elapsed:.2f} s (cpu "
          f"{theirs.cpu:.2f}); standard errors agree to {worst:.0e}; an element "
          f"{theirs.cpu / took.cpu * len(ITEMS):.0f} times faster than svy")


def small_areas(*, peers: bool) -> None:
    """Fay-Herriot with mean squared errors against the plain matrix way."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(REGIONS, 2))
    errors = rng.uniform(0.5, 8, REGIONS)
    direct = 70 + x @ [2, 1] + rng.normal(0, 2.2, REGIONS) + rng.normal(size=REGIONS) * np.sqrt(errors)

    def ours():
        return area_estimates(direct, errors, areas=np.arange(REGIONS), n=np.ones(REGIONS), level=0.95, covariates=x,
                              names=("a", "b"))

    took, found = timed(ours, times=9)
    design = np.column_stack([np.ones(REGIONS), x])
    theirs, peer = timed(lambda: _plain(direct, design, errors), times=1)
    assert abs(found.between.value / peer - 1) < 1e-6
    print(f"Fay-Herriot, {REGIONS} areas with mean squared errors and limits: {1000 * took.elapsed:.1f} ms (cpu "
          f"{1000 * took.cpu:.1f}); full matrices in numpy, the variance alone: {1000 * theirs.elapsed:.0f} ms (cpu "
          f"{1000 * theirs.cpu:.0f}), {theirs.cpu / took.cpu:.0f} times")
    if not peers:
        return
    plain = ask_r(DENSE, tables={"areas": {"y": direct, "D": errors, "a": x[:, 0], "b": x[:, 1]}})
    if plain is None:
        print(NO_R)
    else:
        np.testing.assert_allclose(np.r_[found.between.value, found.mse], plain.said["found"], rtol=1e-6)
        theirs = plain.took["dense"]
        print(f"  full matrices in R as the formulas are printed (sae itself is not here): {theirs.elapsed:.2f} s (cpu "
              f"{theirs.cpu:.2f}), {theirs.cpu / took.cpu:.0f} times; variance and mean squared errors agree to 1e-6")
    print("  sae is quoted from an earlier run of its own: 0.39-1.96 s")


def _plain(y, x, errors) -> float:
    """REML by Fisher scoring with full matrices, as the formula is printed."""
    value = float(np.median(errors))
    for _ in range(100):
        sharp = np.diag(1 / (value + errors))
        project = sharp - sharp @ x @ np.linalg.inv(x.T @ sharp @ x) @ x.T @ sharp
        move = (y @ project @ project @ y - np.trace(project)) / np.trace(project @ project)
        value = max(value + move, 0.0)
        if abs(move) < 1e-10:
            break
    return value


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    peers = "--no-peers" not in sys.argv
    regions(numbers[0] if numbers else 1_000_000, peers=peers)
    if peers:
        against_r()
    small_areas(peers=peers)
