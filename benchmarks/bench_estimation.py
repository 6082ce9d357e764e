"""How fast are all regions at once, and small areas? Beside svy and a plain way, same machine, same run.

Nine elements by 514 regions over a million respondents with strata, clusters and weights in DuckDB. svy estimates one
element (it takes each element and region anew, so that nine take nine times as long); both must agree first.
"""

import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

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


def timed(question, *, times: int = 3):
    """Median of the seconds, and the last answer."""
    seconds = []
    for _ in range(times):
        start = time.perf_counter()
        answer = question()
        seconds.append(time.perf_counter() - start)
    return float(np.median(seconds)), answer


def regions(n: int) -> None:
    """All regions at once against svy."""
    import polars as pl
    import svy

    frame = respondents(n)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "rows.parquet"
        frame.to_parquet(path)

        def ours():
            table = open_table(TableSource(name="bench/rows", path=path, columns={}))
            totals = cluster_totals(table, domain="region", items=ITEMS, cluster="unit", weight="w", stratum="stratum")
            return (means_from_totals(totals, level=0.95, ends=(1, 4)),
                    index_from_totals(totals, level=0.95, factor=25.0, ends=(25, 100)))

        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        seconds, (means, _) = timed(ours)
        grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    sample = svy.Sample(pl.from_pandas(frame), svy.Design(stratum="stratum", psu="unit", wgt="w"))
    peer_seconds, peer = timed(lambda: sample.estimation.mean("u1", by="region"), times=1)
    expected = peer.to_polars().sort("region")
    worst = float(np.abs(means.se[::len(ITEMS)] / expected["se"].to_numpy() - 1).max())
    assert worst < 1e-12, worst
    per_item = seconds / len(ITEMS)
    print(f"{n:,} respondents, {REGIONS} regions, 9 elements and the index, from Parquet by DuckDB: {seconds:.2f} s, "
          f"peak memory +{grown:.0f} MB")
    print(f"svy {svy.__version__ if hasattr(svy, '__version__') else '0.35'}, one element: {peer_seconds:.2f} s; "
          f"standard errors agree to {worst:.0e}")
    print(f"an element: {peer_seconds / per_item:.0f} times faster than svy")


def small_areas() -> None:
    """Fay-Herriot with mean squared errors against the plain matrix way."""
    rng = np.random.default_rng(1)
    x = rng.normal(size=(REGIONS, 2))
    errors = rng.uniform(0.5, 8, REGIONS)
    direct = 70 + x @ [2, 1] + rng.normal(0, 2.2, REGIONS) + rng.normal(size=REGIONS) * np.sqrt(errors)

    def ours():
        return area_estimates(direct, errors, areas=np.arange(REGIONS), n=np.ones(REGIONS), level=0.95, covariates=x,
                              names=("a", "b"))

    seconds, found = timed(ours, times=9)
    design = np.column_stack([np.ones(REGIONS), x])
    peer_seconds, peer = timed(lambda: _plain(direct, design, errors), times=1)
    assert abs(found.between.value / peer - 1) < 1e-6
    print(f"Fay-Herriot, {REGIONS} areas with mean squared errors: {1000 * seconds:.1f} ms; full matrices, the "
          f"variance alone: {1000 * peer_seconds:.0f} ms ({peer_seconds / seconds:.0f} times)")


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
    regions(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
    small_areas()
