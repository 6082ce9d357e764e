"""How fast are polychorics and WLSMV? Seconds beside the plain way, which goes through respondents; ratios.

The plain way computes the same numbers from all rows: tables by counting rows, and the covariance matrix of the
statistics as the product of every respondent's scores. Both must agree before a ratio is printed. Run with
OMP_NUM_THREADS=1. Times of the R peers on a machine of two cores stand in docs/methods; here nothing of them is timed
unless Rscript with lavaan is installed.
"""

from shutil import which
from subprocess import run
from tempfile import TemporaryDirectory
from time import perf_counter

import numpy as np

from kinerja_lab.numeric.normal_table_errors import row_covariance, table_influence
from kinerja_lab.psychometrics.confirmatory_ordinal import confirm_ordinal
from kinerja_lab.psychometrics.design_sheets import plain_sheets
from kinerja_lab.psychometrics.polychoric import polychoric
from kinerja_lab.simulate.item_answers import count_sheets

ITEMS = tuple("abcdefghi")
LAVAAN = """
suppressMessages(library(lavaan)); x <- read.csv(commandArgs(TRUE)[1])
m <- paste("F =~", paste(names(x), collapse=" + "))
t <- system.time(f <- cfa(m, x, ordered=TRUE, std.lv=TRUE))[["elapsed"]]
cat(t, fitMeasures(f, "chisq.scaled"))
"""


def answers(n: int, rng: np.random.Generator) -> np.ndarray:
    """Nine items of one factor with ceilings."""
    latent = rng.normal(size=(n, 1)) + rng.normal(size=(n, 9))
    return 1 + (latent[:, :, None] > np.array([-2.2, -1.2, 0.6])).sum(axis=2)


def best(call, repeats: int = 3):
    """Shortest of some runs, and the result."""
    shortest, result = np.inf, None
    for _ in range(repeats):
        start = perf_counter()
        result = call()
        shortest = min(shortest, perf_counter() - start)
    return shortest, result


def row_wise(values: np.ndarray) -> np.ndarray:
    """Covariance matrix of thresholds and correlations with a row a respondent."""
    codes = values - 1
    influence = table_influence(codes, np.ones(len(codes)), sizes=(4,) * 9).influence
    return row_covariance(influence, np.ones(len(codes))) * len(codes) / (len(codes) - 1)


def lavaan_seconds(values: np.ndarray) -> tuple[float, float] | None:
    """Seconds and scaled chi-square of lavaan, where R has it."""
    if not which("Rscript"):
        return None
    with TemporaryDirectory() as folder:
        path = f"{folder}/x.csv"
        np.savetxt(path, values, fmt="%d", delimiter=",", header=",".join(ITEMS), comments="")
        done = run(["Rscript", "-e", LAVAAN, path], capture_output=True, text=True, check=False)
    return tuple(map(float, done.stdout.split())) if done.returncode == 0 else None


def main() -> None:
    """Run and print."""
    rng, ours = np.random.default_rng(1), {}
    print("respondents   patterns   count s   polychoric + errors s   WLSMV s   all rows s   ratio   lavaan s   ratio")
    for n in (1_000, 10_000, 100_000, 1_000_000):
        values = answers(n, rng)
        counting, patterns = best(lambda v=values: count_sheets(v, low=1, high=4, items=ITEMS), 1)
        first, source = best(lambda p=patterns: polychoric(plain_sheets(p), level=0.95))
        second, model = best(lambda s=source: confirm_ordinal(s, factors={"F": ITEMS}, level=0.95))
        plain, covariance = best(lambda v=values: row_wise(v), 1)
        if not np.allclose(covariance, source.covariance, rtol=1e-8, atol=1e-14):
            raise SystemExit("the two ways disagree")
        ours[n] = first + second
        peer = lavaan_seconds(values) if n <= 100_000 else None
        beside = "-" if peer is None else f"{peer[0]:.2f}"
        if peer is not None and abs(peer[1] / model.test.statistic - 1) > 1e-3:
            raise SystemExit(f"lavaan disagrees: {peer[1]} {model.test.statistic}")
        faster = "-" if peer is None else f"{peer[0] / ours[n]:.0f}"
        print(f"{n:>11,} {len(patterns.counts):>10,} {counting:>9.3f} {first:>23.3f} {second:>9.3f} {plain:>12.3f} "
              f"{plain / first:>7.1f} {beside:>10} {faster:>7}")
    print(f"1,000,000 respondents take {ours[1_000_000] / ours[100_000]:.2f} times as long as 100,000, once counted")


if __name__ == "__main__":
    main()
