"""How fast are continuous factors with robust errors? CPU seconds beside all rows and beside lavaan (MLR); ratios.

Nine items of three correlated factors. "All rows" makes the same moments and their fourth-order spread from every
respondent. lavaan is timed where Rscript has it (see peers); else a dash stands there: plain way only.
The numbers must agree before a ratio is printed. Run with OMP_NUM_THREADS=1.
"""

import numpy as np
from peers import ask_r, ratio, timed

from kinerja_lab.psychometrics.confirmatory import FactorModel, confirmatory
from kinerja_lab.psychometrics.design_sheets import plain_sheets
from kinerja_lab.psychometrics.item_moments import answer_moments, item_moments
from kinerja_lab.simulate.item_answers import count_sheets

ITEMS = tuple("abcdefghi")
FACTORS = {"X": ITEMS[:3], "Y": ITEMS[3:6], "Z": ITEMS[6:]}
LAVAAN = """
if (have("lavaan")) {
  m <- "X =~ a+b+c\nY =~ d+e+f\nZ =~ g+h+i"
  took("lavaan", function() cfa(m, x, estimator = "MLR", std.lv = TRUE))
  said("lavaan", c(fitMeasures(.last, "chisq.scaled"), parameterEstimates(.last)$se[1]))
}
"""


def answers(n: int, rng: np.random.Generator) -> np.ndarray:
    """Four-point answers with ceilings."""
    factor = rng.normal(size=(n, 3)) @ np.linalg.cholesky(np.eye(3) * 0.5 + 0.5).T
    latent = np.repeat(factor, 3, axis=1) + rng.normal(size=(n, 9))
    return 1 + (latent[:, :, None] > np.array([-2.2, -1.2, 0.6])).sum(axis=2)


def fitted(source) -> FactorModel:
    """The model of three factors."""
    return confirmatory(source, factors=FACTORS, level=0.95)


def agree(model: FactorModel, said: np.ndarray) -> bool:
    """Whether lavaan's scaled chi-square and first standard error are ours."""
    ours = np.array([model.test.statistic, np.sqrt(model.spread[0, 0])])
    return bool(np.allclose(said, ours, rtol=1e-3))


def main() -> None:
    """Run and print."""
    rng, ours = np.random.default_rng(1), {}
    print("respondents   patterns   count s   moments + fit s   all rows s   ratio     lavaan s  ratio")
    for n in (1_000, 10_000, 100_000, 1_000_000):
        values = answers(n, rng)
        counting, patterns = timed(lambda v=values: count_sheets(v, low=1, high=4, items=ITEMS), times=1)
        own, model = timed(lambda p=patterns: fitted(item_moments(plain_sheets(p))))
        rows, plain = timed(lambda v=values: fitted(answer_moments(v, items=ITEMS)), times=1)
        if not np.allclose(plain.spread, model.spread, rtol=1e-5, atol=1e-14):
            raise SystemExit("the two ways disagree")
        peer = ask_r(LAVAAN, tables={"x": dict(zip(ITEMS, values.T, strict=True))})
        if peer is not None and "lavaan" in peer.said and not agree(model, peer.said["lavaan"]):
            raise SystemExit(f"lavaan disagrees: {peer.said} {model.test.statistic} {np.sqrt(model.spread[0, 0])}")
        ours[n] = own
        print(f"{n:>11,} {len(patterns.counts):>10,} {counting.cpu:>9.3f} {own.cpu:>17.3f} {rows.cpu:>12.3f} "
              f"{rows.cpu / own.cpu:>7.1f}  {ratio(peer, 'lavaan', own)}")
    many = ours[1_000_000].cpu / ours[100_000].cpu
    print(f"1,000,000 respondents take {many:.2f} times as long as 100,000, once counted")


if __name__ == "__main__":
    main()
