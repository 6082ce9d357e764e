"""How fast are two-level factors and the alignment of many groups, beside lavaan in the same run? CPU seconds.

The log likelihood must agree with lavaan's before a ratio is printed. Two-level factors are timed with the counting of
sheets, since R reads rows; the alignment has no peer here, so its growth with groups is shown. Run with
OMP_NUM_THREADS=1.
"""

import numpy as np
from peers import NO_R, ask_r, ratio, timed
from scipy import sparse

from kinerja_lab.core.patterns import ResponsePatterns
from kinerja_lab.numeric.latent_rows import distinct_rows
from kinerja_lab.psychometrics.alignment import align
from kinerja_lab.psychometrics.design_sheets import DesignSheets, plain_sheets
from kinerja_lab.psychometrics.group_lines import group_parameters
from kinerja_lab.psychometrics.two_level_factors import two_level_factors
from kinerja_lab.simulate.item_answers import count_sheets

ITEMS = tuple("abcdefghi")
UNITS = 100
FROM_R = """
if (have("lavaan")) {
  all <- paste(setdiff(names(x), "unit"), collapse = " + ")
  m <- paste0("level: 1\\nW =~ ", all, "\\nlevel: 2\\nB =~ ", all)
  took("lavaan", function() suppressWarnings(cfa(m, x, cluster = "unit", std.lv = TRUE)), 1)
  said("lavaan", logLik(.last))
}
"""


def answers(n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Nine items of four answers in a hundred units, and the unit of each respondent."""
    unit = rng.integers(0, UNITS, size=n)
    high = 0.5 * rng.normal(size=(UNITS, 1)) + 0.3 * rng.normal(size=(UNITS, 9))
    latent = high[unit] + rng.normal(size=(n, 1)) + rng.normal(size=(n, 9))
    return 1 + (latent[:, :, None] > np.array([-2.2, -1.2, 0.6])).sum(axis=2), unit


def counted(values: np.ndarray, unit: np.ndarray) -> DesignSheets:
    """Distinct sheets and how often each unit has them."""
    distinct, place = distinct_rows(values.astype(np.int16), categories=5)
    counts = np.bincount(place, minlength=len(distinct))
    patterns = ResponsePatterns(items=ITEMS, values=distinct, counts=counts, weights=counts.astype(float), low=1,
                                high=4)
    totals = sparse.csr_array((np.ones(len(unit)), (unit, place)), shape=(UNITS, len(distinct)))
    return DesignSheets(patterns=patterns, squares=counts.astype(float), totals=totals)


def two_levels(rng: np.random.Generator) -> None:
    """One factor on each level; lavaan up to 10,000 rows."""
    ours, shown, factors = {}, False, {"F": ITEMS}
    print("respondents  patterns  count s  two-level s | lavaan s, ratio")
    for n in (1_000, 10_000, 100_000, 1_000_000):
        values, unit = answers(n, rng)
        counting, sheets = timed(lambda v=values, u=unit: counted(v, u), times=1)
        fitting, found = timed(lambda s=sheets: two_level_factors(
            s, within=factors, between=factors, level=0.95, errors="observed"))
        ours[n] = fitting.cpu
        peer = None
        if n <= 10_000:
            peer = ask_r(FROM_R, tables={"x": {**dict(zip(ITEMS, values.T, strict=True)), "unit": unit}})
        if peer is not None and "lavaan" in peer.said and abs(peer.said["lavaan"][0] - found.log_likelihood) > 0.01:
            raise SystemExit(f"lavaan disagrees: {peer.said['lavaan']} {found.log_likelihood}")
        print(f"{n:>11,} {len(sheets.patterns.counts):>9,} {counting.cpu:>8.3f} {fitting.cpu:>12.3f} | "
              f"{ratio(peer, 'lavaan', counting, fitting)}", flush=True)
        shown = shown or peer is not None
    if not shown:
        print(NO_R)
    print(f"1,000,000 respondents take {ours[1_000_000] / ours[100_000]:.2f} times as long as 100,000, once counted")


def many_groups(rng: np.random.Generator) -> None:
    """Groups of 300 respondents on nine items."""
    print("groups  one factor each s  alignment s, 3 starts  starts that agree")
    for groups in (10, 25, 50, 100):
        sheets = {}
        for name in range(groups):
            latent = 0.4 * rng.normal() + rng.normal(size=(300, 1)) + rng.normal(size=(300, 9))
            values = 1 + (latent[:, :, None] > np.array([-2.2, -1.2, 0.6])).sum(axis=2)
            sheets[str(name)] = plain_sheets(count_sheets(values, low=1, high=4, items=ITEMS))
        first, (parameters, _) = timed(lambda s=sheets: group_parameters(s), times=1)
        second, found = timed(lambda p=parameters: align(p, level=0.95, rng=np.random.default_rng(1), starts=3,
                                                         factor=25.0), times=1)
        print(f"{groups:>6} {first.cpu:>18.2f} {second.cpu:>22.2f} {found.search.agreeing:>18}", flush=True)


def main() -> None:
    """Run and print."""
    rng = np.random.default_rng(1)
    two_levels(rng)
    many_groups(rng)


if __name__ == "__main__":
    main()
