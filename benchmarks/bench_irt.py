"""How fast are item response models and DIF on patterns? Prints seconds and ratios; run it with OMP_NUM_THREADS=1.

Graded response model of nine items with standard errors, and 27 proportional-odds fits (nine items, three models),
from a thousand to a million respondents. Beside them the plain way in the same run: the same likelihood and the same
regressions over all rows; both are first checked to agree. R mirt and rms are run where Rscript has them.
"""

import shutil
import subprocess
from time import perf_counter, process_time

import numpy as np
from scipy import optimize

from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.numeric.category_curves import GRADED, category_curves
from kinerja_lab.numeric.ordinal_logit import ordinal_logit
from kinerja_lab.numeric.quadrature import normal_grid
from kinerja_lab.psychometrics.dif import logistic_dif
from kinerja_lab.psychometrics.irt import item_response
from kinerja_lab.simulate.item_answers import count_sheets, simulate_graded

SLOPES = np.array([1.6, 1.9, 2.3, 1.2, 2.0, 2.6, 2.4, 1.5, 1.1])
STEPS = np.array([[-3.2, -2.0, 0.9], [-3.0, -1.8, 1.0], [-2.8, -1.6, 0.8], [-3.4, -2.2, 0.2], [-2.9, -1.7, 1.1],
                  [-2.7, -1.5, 0.9], [-2.8, -1.6, 0.8], [-3.1, -1.9, 0.6], [-2.5, -1.2, 1.2]])
NODES = 61
METHODS_SECONDS = {"mirt graded with SE": {10_000: 2.2, 100_000: 5.28, 1_000_000: 16.4},
                   "rms lrm, 27 fits": {10_000: 0.782, 100_000: 5.18, 1_000_000: 58.9}}
"""Measured on another machine of this kind (METHODS, section 8): for orientation, not part of a ratio."""


def timed(call, repeats: int = 3) -> tuple[float, float, object]:
    """Best elapsed and CPU seconds of some runs, and the result."""
    best, cpu, result = np.inf, np.inf, None
    for _ in range(repeats):
        start, used = perf_counter(), process_time()
        result = call()
        best, cpu = min(best, perf_counter() - start), min(cpu, process_time() - used)
    return best, cpu, result


def rows_graded(values: np.ndarray, start: np.ndarray) -> float:
    """Log likelihood at the top of the graded model over all rows (L-BFGS with exact gradient), without errors."""
    nodes, weights = normal_grid(NODES)
    hot = np.zeros((len(values), 36), dtype=np.float32)
    hot[np.arange(len(values))[:, None], np.arange(9) * 4 + values] = 1.0

    def minus(flat: np.ndarray) -> tuple[float, np.ndarray]:
        point = flat.reshape(9, 4)
        curves = category_curves(GRADED, point[:, 0], point[:, 1:], np.full(9, 4), nodes)
        if curves is None:
            return 1e12, np.zeros(36)
        joint = np.exp(hot @ curves.log_p.reshape(36, -1)) * weights
        row = joint.sum(axis=1)
        counts = (hot.T @ (joint / row[:, None])).reshape(9, 4, -1)
        return -float(np.log(row).sum()), -np.einsum("jck,jckq->jq", counts, curves.change).ravel()

    found = optimize.minimize(minus, start.ravel(), jac=True, method="L-BFGS-B",
                              options={"maxiter": 200, "ftol": 1e-12, "gtol": 1e-4})
    return -float(found.fun)


def rows_dif(values: np.ndarray, group: np.ndarray) -> list[float]:
    """Chi-square of every item from proportional-odds fits in which each respondent is a cell."""
    score, out = values.sum(axis=1).astype(float), []
    for item in range(9):
        cells = np.eye(4)[values[:, item]]
        columns = np.column_stack([score, group, score * group])
        fits = [ordinal_logit(cells, columns[:, :used]) for used in (1, 2, 3)]
        out.append(2 * (fits[2].log_likelihood - fits[0].log_likelihood))
    return out


def peers(values: np.ndarray, group: np.ndarray) -> str:
    """Seconds of R mirt and rms, or why there are none."""
    if shutil.which("Rscript") is None:
        return "Rscript is not here: R mirt and rms were not run"
    np.savetxt("/tmp/bench_irt.csv", np.column_stack([values, group]), fmt="%d", delimiter=",")
    script = ("x <- read.csv('/tmp/bench_irt.csv', header=FALSE); g <- factor(x$V10); x <- x[,1:9];"
              "if (requireNamespace('mirt', quietly=TRUE)) cat('mirt', system.time(mirt::mirt(x, 1, 'graded', SE=TRUE,"
              "SE.type='Oakes', verbose=FALSE))[['elapsed']], '\\n');"
              "if (requireNamespace('rms', quietly=TRUE)) cat('rms', system.time(for (v in 1:9) {m <- rowSums(x);"
              "y <- factor(x[[v]]); rms::lrm(y ~ m); rms::lrm(y ~ m + g); rms::lrm(y ~ m * g)})[['elapsed']], '\\n')")
    done = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "Rscript is here, mirt and rms are not"


def sheets(values: np.ndarray) -> ResponsePatterns:
    """Counted sheets of answers 1 to 4."""
    return count_sheets(values + 1, low=1, high=4)


def main() -> None:
    """Run and print."""
    start = np.column_stack([np.full(9, 1.5), np.tile([3.5, 2.0, -1.5], (9, 1))])
    print("rows      count  patterns | graded+SE  (cpu)  plain rows  ratio | 27 fits  (cpu)  plain rows  ratio")
    ours = {}
    for n in (1_000, 10_000, 100_000, 1_000_000):
        rng = np.random.default_rng(20261121)
        group = rng.integers(0, 2, n)
        values = simulate_graded(rng.normal(0.1 * group, 1.0), slopes=SLOPES, thresholds=STEPS, rng=rng, low=0)
        counting, _, patterns = timed(lambda held=values: sheets(held), 2)
        by_group = {str(name): sheets(values[group == name]) for name in (0, 1)}
        few = 5 if n < 100_000 else 3
        seconds, cpu, model = timed(
            lambda held=patterns: item_response(held, model="graded", level=0.95, nodes=NODES), few)
        dif_seconds, dif_cpu, dif = timed(lambda held=by_group: logistic_dif(held, level=0.95, purify=False), few)
        ours[n] = (cpu, dif_cpu)
        line = f"{n:>9,} {counting:5.2f} {len(patterns.counts):>8,} | {seconds:9.3f} {cpu:6.3f}"
        if n <= 100_000:
            plain, _, level = timed(lambda held=values: rows_graded(held, start), 1)
            if not abs(level - model.log_likelihood) < 1e-3 * max(1.0, n / 10_000):
                raise SystemExit(f"the two ways differ: {level} and {model.log_likelihood}")
            plain_dif, _, chi2 = timed(lambda v=values, g=group: rows_dif(v, g), 1)
            if not np.allclose(chi2, dif.tests["chi2"], rtol=1e-4, atol=1e-3):
                raise SystemExit(f"the two ways differ: {chi2} and {dif.tests['chi2'].tolist()}")
            print(f"{line} {plain:11.2f} {plain / seconds:6.0f} | {dif_seconds:7.3f} {dif_cpu:6.3f} {plain_dif:11.2f} "
                  f"{plain_dif / dif_seconds:6.0f}")
        else:
            print(f"{line}           -      - | {dif_seconds:7.3f} {dif_cpu:6.3f}           -      -")
        if n == 100_000:
            print(f"  peers at {n:,}: {peers(values, group)}")
    for place, name in enumerate(("graded with SE", "27 fits")):
        print(f"{name}: CPU of 1,000,000 over 100,000: {ours[1_000_000][place] / ours[100_000][place]:.2f}")
    print(f"on another machine (METHODS): {METHODS_SECONDS}")


if __name__ == "__main__":
    main()
