"""How fast are polychorics and WLSMV, beside R's psych and lavaan in the same run? CPU seconds and ratios.

Agreement is checked before a ratio is printed: with psych and lavaan, and with the plain way (the covariance matrix as
the product of every respondent's scores). Ours is timed from counted sheets and the counting beside it; ratios take
both together, since R reads rows. Run with OMP_NUM_THREADS=1.
"""

import numpy as np
from peers import NO_R, ask_r, ratio, timed

from kinerja_lab.numeric.normal_table_errors import row_covariance, table_influence
from kinerja_lab.psychometrics.confirmatory_ordinal import confirm_ordinal
from kinerja_lab.psychometrics.design_sheets import plain_sheets
from kinerja_lab.psychometrics.polychoric import polychoric
from kinerja_lab.simulate.item_answers import count_sheets

ITEMS = tuple("abcdefghi")
FROM_R = """
if (have("psych")) {
  took("psych", function() psych::polychoric(x, correct = 0), TIMES)
  said("psych", .last$rho[upper.tri(.last$rho)])
}
if (have("lavaan")) {
  took("lavcor", function() lavCor(x, ordered = names(x)), TIMES); said("lavcor", .last[upper.tri(.last)])
  m <- paste("F =~", paste(names(x), collapse = " + "))
  took("wlsmv", function() cfa(m, x, ordered = TRUE, std.lv = TRUE), TIMES)
  said("wlsmv", fitMeasures(.last, "chisq.scaled"))
}
"""


def answers(n: int, rng: np.random.Generator) -> np.ndarray:
    """Nine items of one factor with ceilings."""
    latent = rng.normal(size=(n, 1)) + rng.normal(size=(n, 9))
    return 1 + (latent[:, :, None] > np.array([-2.2, -1.2, 0.6])).sum(axis=2)


def row_wise(values: np.ndarray) -> np.ndarray:
    """Covariance matrix of thresholds and correlations with a row a respondent."""
    codes = values - 1
    influence = table_influence(codes, np.ones(len(codes)), sizes=(4,) * 9).influence  # a row a respondent
    return row_covariance(influence, np.ones(len(codes))) * len(codes) / (len(codes) - 1)


def agree(peer, source, model) -> None:
    """psych's optimiser stops at some 2e-5 of a correlation, lavaan's at 1e-5."""
    ours = source.correlation[np.tril_indices(9, -1)]  # R's upper triangle, column by column
    for name, most in (("psych", 1e-4), ("lavcor", 1e-5)):
        if name in peer.said and not np.allclose(ours, peer.said[name], rtol=0, atol=most):
            raise SystemExit(f"{name} disagrees: {np.abs(ours - peer.said[name]).max()}")
    if "wlsmv" in peer.said and abs(peer.said["wlsmv"][0] / model.test.statistic - 1) > 1e-3:
        raise SystemExit(f"lavaan disagrees: {peer.said['wlsmv']} {model.test.statistic}")


def main() -> None:
    """Run and print."""
    rng, ours, shown = np.random.default_rng(1), {}, False
    print("respondents  patterns  count s  polychoric s  WLSMV s  all rows s  ratio | psych s, ratio    lavCor s, ratio"
          "    lavaan WLSMV s, ratio")
    for n in (1_000, 10_000, 100_000, 1_000_000):
        values = answers(n, rng)
        counting, patterns = timed(lambda v=values: count_sheets(v, low=1, high=4, items=ITEMS))
        first, source = timed(lambda p=patterns: polychoric(plain_sheets(p), level=0.95), times=5)
        second, model = timed(lambda s=source: confirm_ordinal(s, factors={"F": ITEMS}, level=0.95), times=5)
        plain, covariance = timed(lambda v=values: row_wise(v), times=1)
        if not np.allclose(covariance, source.covariance, rtol=1e-7, atol=1e-14):
            raise SystemExit("the two ways disagree")
        ours[n] = first.cpu + second.cpu
        peer = None
        if n <= 100_000:
            peer = ask_r(FROM_R.replace("TIMES", "3" if n < 100_000 else "1"),
                         tables={"x": dict(zip(ITEMS, values.T, strict=True))})
        if peer is not None:
            agree(peer, source, model)
        print(f"{n:>11,} {len(patterns.counts):>9,} {counting.cpu:>8.3f} {first.cpu:>13.3f} {second.cpu:>8.3f} "
              f"{plain.cpu:>11.3f} {plain.cpu / (counting.cpu + first.cpu):>6.1f} | "
              f"{ratio(peer, 'psych', counting, first)} {ratio(peer, 'lavcor', counting, first)} "
              f"{ratio(peer, 'wlsmv', counting, first, second)}", flush=True)
        shown = shown or peer is not None
        if peer is not None and n == 1_000:
            print(f"{'':>11} {peer.versions}")
    if not shown:
        print(NO_R)
    print(f"1,000,000 respondents take {ours[1_000_000] / ours[100_000]:.2f} times as long as 100,000, once counted")


if __name__ == "__main__":
    main()
