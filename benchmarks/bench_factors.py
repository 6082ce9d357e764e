"""How fast are continuous factors with robust errors? CPU seconds beside all rows and beside lavaan (MLR); ratios.

Nine items of three correlated factors. "All rows" makes the same moments and their fourth-order spread from every
respondent. lavaan is timed where Rscript has it (its own CPU time, without reading the file); else a dash stands there:
R not here, plain way only. The numbers must agree before a ratio is printed. Run with OMP_NUM_THREADS=1.
"""

from shutil import which
from subprocess import run
from tempfile import TemporaryDirectory
from time import process_time

import numpy as np

from kinerja_lab.psychometrics.confirmatory import FactorModel, confirmatory
from kinerja_lab.psychometrics.design_sheets import plain_sheets
from kinerja_lab.psychometrics.item_moments import answer_moments, item_moments
from kinerja_lab.simulate.item_answers import count_sheets

ITEMS = tuple("abcdefghi")
FACTORS = {"X": ITEMS[:3], "Y": ITEMS[3:6], "Z": ITEMS[6:]}
LAVAAN = """
suppressMessages(library(lavaan)); x <- read.csv(commandArgs(TRUE)[1])
m <- "X =~ a+b+c\nY =~ d+e+f\nZ =~ g+h+i"
t <- system.time(f <- cfa(m, x, estimator="MLR", std.lv=TRUE))
cat(sum(t[1:2]), fitMeasures(f, "chisq.scaled"), parameterEstimates(f)$se[1])
"""


def answers(n: int, rng: np.random.Generator) -> np.ndarray:
    """Four-point answers with ceilings."""
    factor = rng.normal(size=(n, 3)) @ np.linalg.cholesky(np.eye(3) * 0.5 + 0.5).T
    latent = np.repeat(factor, 3, axis=1) + rng.normal(size=(n, 9))
    return 1 + (latent[:, :, None] > np.array([-2.2, -1.2, 0.6])).sum(axis=2)


def spent(call, repeats: int = 3):
    """Least CPU seconds of some runs, and the result."""
    least, result = np.inf, None
    for _ in range(repeats):
        start = process_time()
        result = call()
        least = min(least, process_time() - start)
    return least, result


def fitted(source) -> FactorModel:
    """The model of three factors."""
    return confirmatory(source, factors=FACTORS, level=0.95)


def lavaan(values: np.ndarray) -> tuple[float, float, float] | None:
    """CPU seconds, scaled chi-square and one standard error of lavaan, where R has it."""
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
    print("respondents   patterns   count s   moments + fit s   all rows s   ratio   lavaan s   ratio")
    for n in (1_000, 10_000, 100_000, 1_000_000):
        values = answers(n, rng)
        counting, patterns = spent(lambda v=values: count_sheets(v, low=1, high=4, items=ITEMS), 1)
        ours[n], model = spent(lambda p=patterns: fitted(item_moments(plain_sheets(p))))
        rows, plain = spent(lambda v=values: fitted(answer_moments(v, items=ITEMS)), 1)
        if not np.allclose(plain.spread, model.spread, rtol=1e-5, atol=1e-14):
            raise SystemExit("the two ways disagree")
        peer = lavaan(values)
        if peer is not None:
            error = np.sqrt(model.spread[0, 0])
            if abs(peer[1] / model.test.statistic - 1) > 1e-3 or abs(peer[2] / error - 1) > 1e-3:
                raise SystemExit(f"lavaan disagrees: {peer} {model.test.statistic} {error}")
        beside, faster = ("-", "-") if peer is None else (f"{peer[0]:.2f}", f"{peer[0] / ours[n]:.1f}")
        print(f"{n:>11,} {len(patterns.counts):>10,} {counting:>9.3f} {ours[n]:>17.3f} {rows:>12.3f} "
              f"{rows / ours[n]:>7.1f} {beside:>10} {faster:>7}")
    print(f"1,000,000 respondents take {ours[1_000_000] / ours[100_000]:.2f} times as long as 100,000, once counted")


if __name__ == "__main__":
    main()
