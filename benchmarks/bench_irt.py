"""How fast are item response models and DIF on patterns, beside R in the same run? Run it with OMP_NUM_THREADS=1.

Graded response model of nine items with standard errors, 27 proportional-odds fits (nine items, three models), and DIF
over 50 groups, from a thousand to a million respondents. Beside them the plain way (the same likelihood and the same
regressions over all rows) and rms (27 fits) and mirt (graded model) where R has them; all are first checked to agree.
CPU seconds; ours from counted sheets, the counting beside it and in every ratio.
"""

import numpy as np
from peers import NO_R, Timed, ask_r, ratio, timed
from scipy import optimize

from kinerja_lab.core.errors import NotApplicable
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
GROUPS = 50
FROM_R = """
g <- factor(x$g); x <- x[, 1:9]
if (have("rms")) {
  m <- rowSums(x); p <- numeric(0)
  took("rms", function() for (v in 1:9) {
    y <- factor(x[[v]])
    a <- rms::lrm(y ~ m); b <- rms::lrm(y ~ m + g); d <- rms::lrm(y ~ m * g); p[v] <<- a$deviance[2] - d$deviance[2]
  })
  said("rms", p)
}
if (have("mirt")) {
  took("mirt", function() mirt::mirt(x, 1, "graded", SE = TRUE, verbose = FALSE))
  said("mirt", mirt::extract.mirt(.last, "logLik"))
}
"""


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


def sheets(values: np.ndarray) -> ResponsePatterns:
    """Counted sheets of answers 1 to 4."""
    return count_sheets(values + 1, low=1, high=4)


def two_groups() -> None:
    """Graded model and 27 fits."""
    start = np.column_stack([np.full(9, 1.5), np.tile([3.5, 2.0, -1.5], (9, 1))])
    print("rows       count  patterns | graded+SE  plain rows ratio       mirt s, ratio | 27 fits  plain rows ratio"
          "        rms s, ratio")
    ours: dict[int, tuple[float, float]] = {}
    peer = None
    for n in (1_000, 10_000, 100_000, 1_000_000):
        rng = np.random.default_rng(20261121)
        group = rng.integers(0, 2, n)
        values = simulate_graded(rng.normal(0.1 * group, 1.0), slopes=SLOPES, thresholds=STEPS, rng=rng, low=0)
        counting, patterns = timed(lambda held=values: sheets(held))
        halves, by_group = timed(lambda v=values, g=group: {str(name): sheets(v[g == name]) for name in (0, 1)})
        graded, model = timed(lambda held=patterns: item_response(held, model="graded", level=0.95, nodes=NODES))
        fits, dif = timed(lambda held=by_group: logistic_dif(held, level=0.95, purify=False), times=5)
        ours[n] = (graded.cpu, fits.cpu)
        line = f"{n:>9,} {counting.cpu:6.3f} {len(patterns.counts):>8,} | {graded.cpu:9.3f}"
        if n > 100_000:
            print(f"{line} {'-':>11} {'-':>5} {ratio(None, '')} | {fits.cpu:7.3f}")
            continue
        plain, level = timed(lambda held=values: rows_graded(held, start), times=1)
        if not abs(level - model.log_likelihood) < 1e-3 * max(1.0, n / 10_000):
            raise SystemExit(f"the two ways differ: {level} and {model.log_likelihood}")
        rows, chi2 = timed(lambda v=values, g=group: rows_dif(v, g), times=1)
        columns = {f"q{item}": values[:, item] for item in range(9)} | {"g": group}
        peer = ask_r(FROM_R, tables={"x": columns})
        said = {} if peer is None else peer.said
        for name, theirs in (("plain", chi2), ("rms", said.get("rms", chi2))):
            if not np.allclose(theirs, dif.tests["chi2"], rtol=1e-4, atol=1e-3):
                raise SystemExit(f"{name} differs: {theirs} and {dif.tests['chi2'].tolist()}")
        print(f"{line} {plain.cpu:11.2f} {plain.cpu / (counting.cpu + graded.cpu):5.0f} "
              f"{ratio(peer, 'mirt', counting, graded)} | {fits.cpu:7.3f} {rows.cpu:11.2f} "
              f"{rows.cpu / (halves.cpu + fits.cpu):5.0f} {ratio(peer, 'rms', halves, fits)}", flush=True)
    print(NO_R if peer is None else f"peers: {peer.versions}" + ("" if "mirt" in peer.took else ", mirt is not here"))
    for place, name in enumerate(("graded with SE", "27 fits")):
        print(f"{name}: CPU of 1,000,000 over 100,000: {ours[1_000_000][place] / ours[100_000][place]:.2f}")


def fifty_groups() -> None:
    """One planted item in one of 50 groups that also differ in level; by sum and by trait."""
    print(f"DIF over {GROUPS} groups   count  patterns | by sum, once  purified | by trait, purified: seconds, flagged")
    moved = STEPS.copy()
    moved[2] -= 0.7
    ours: dict[int, Timed] = {}
    for n in (5_000, 10_000, 100_000, 1_000_000):
        rng = np.random.default_rng(3)
        group = np.arange(n) % GROUPS
        place = rng.normal(0.3 * rng.standard_normal(GROUPS)[group], 1.0)
        values = simulate_graded(place, slopes=SLOPES, thresholds=STEPS, rng=rng, low=0)
        other = simulate_graded(place, slopes=SLOPES, thresholds=moved, rng=rng, low=0)
        values[group == 7] = other[group == 7]
        counting, held = timed(lambda v=values, g=group: {
            f"g{number:02d}": sheets(v[g == number]) for number in range(GROUPS)}, times=1)
        once, _ = timed(lambda h=held: logistic_dif(h, level=0.95, purify=False), times=3)
        ours[n] = once
        purified = said = "-"
        try:
            spent, _ = timed(lambda h=held: logistic_dif(h, level=0.95), times=1)
            purified = f"{spent.cpu:.2f}"
        except NotApplicable as reason:
            purified = reason.message.code.split(".")[1]
        if n <= 100_000:
            spent, found = timed(lambda h=held: logistic_dif(h, level=0.95, match="trait", least_answers=1), times=1)
            said = f"{spent.cpu:.2f}, {', '.join(found.flagged) or 'none'}"
        print(f"{n:>18,} {counting.cpu:7.2f} {sum(len(own.counts) for own in held.values()):>9,} | {once.cpu:12.3f} "
              f"{purified:>9} | {said}", flush=True)
    print(f"{GROUPS} groups, by sum: CPU of 1,000,000 over 100,000: {ours[1_000_000].cpu / ours[100_000].cpu:.2f}")


if __name__ == "__main__":
    two_groups()
    fifty_groups()
